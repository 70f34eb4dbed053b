#include "recent.h"

enum { SLOTS = 4096, FIN = 1, SYN = 2, RST = 4, TCP = 6, FAILOVER_PORT = 647 };
static const ts_t WINDOW = 100 * TS_MS;

struct recent_key { /* no padding: compared as bytes */
	uint16_t seg;
	struct mac smac, dmac;
	struct addr src, dst;
	uint8_t ipproto, zero;
};
struct recent_slot {
	ts_t ts;
	struct recent_key key;
};
struct recent {
	struct recent_slot slot[SLOTS];
};

size_t
recent_bytes(void)
{
	return sizeof(struct recent);
}

void
recent_open(struct engine *e, void *mem)
{
	e->recent = mem;
}

static uint32_t
slot_of(const struct recent_key *k)
{
	uint64_t word, h = k->seg;

	for (size_t at = 0; at + sizeof(word) <= sizeof(*k); at += sizeof(word)) {
		memcpy(&word, (const char *)k + at, sizeof(word));
		h = mix64(h, word);
	}
	return (uint32_t)(h % SLOTS);
}

bool
recent_seen(struct engine *e, const struct obs *o)
{
	struct recent_key k;

	const struct ends *n = &o->inner;

	if ((o->u.seen.tcp_flags & (FIN | SYN | RST)) ||
	    (n->ipproto == TCP && (n->sport == FAILOVER_PORT || n->dport == FAILOVER_PORT)))
		return false;
	memset(&k, 0, sizeof(k));
	k.smac = o->outer.smac;
	k.dmac = o->outer.dmac;
	k.src = o->inner.src;
	k.dst = o->inner.dst;
	k.seg = e->seg->ix;
	k.ipproto = o->inner.ipproto;
	struct recent_slot *s = &e->recent->slot[slot_of(&k)];
	if (s->ts != 0 && e->now - s->ts < WINDOW && memcmp(&s->key, &k, sizeof(k)) == 0)
		return true;
	s->key = k;
	s->ts = e->now;
	return false;
}
