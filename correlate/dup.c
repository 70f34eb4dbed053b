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
	uint64_t mac = 0;

	memcpy(&mac, o->outer.smac.b, sizeof(o->outer.smac.b));
	/* the digest is keyed: who cannot foresee it cannot make this collide either */
	uint64_t h = mix64(mix64(o->digest, mac), o->kind);
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
