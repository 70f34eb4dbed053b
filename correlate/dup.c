#include "dup.h"

enum { SETS = 2048, WAYS = 4 };
static const ts_t WINDOW = 10 * TS_MS;

struct dup_entry {
	uint64_t key;
	ts_t ts;
};
struct dup {
	struct dup_entry entry[SETS][WAYS];
};

size_t
dup_bytes(void)
{
	return sizeof(struct dup);
}

void
dup_open(struct engine *e, void *mem)
{
	e->dup = mem;
}

bool
dup_seen(struct engine *e, const struct obs *o)
{
	struct {
		uint64_t digest;
		struct mac m;
		uint16_t kind;
	} k;

	memset(&k, 0, sizeof(k));
	k.digest = o->digest;
	k.m = o->outer.smac;
	k.kind = o->kind;
	uint64_t h = siphash(&e->key, &k, sizeof(k));
	struct dup_entry *set = e->dup->entry[h % SETS], *old = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == h && set[i].ts != 0 && e->now - set[i].ts <= WINDOW) {
			set[i].ts = e->now;
			return true;
		}
		if (set[i].ts < old->ts)
			old = &set[i];
	}
	*old = (struct dup_entry){ h, e->now };
	return false;
}
