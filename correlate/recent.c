#include "recent.h"

enum { SLOTS = 4096, FIN = 1, SYN = 2, RST = 4, TCP = 6, FAILOVER_PORT = 647 };
static const ts_t WINDOW = 100 * TS_MS;

/* MACs, segment and protocol; addresses; families. */
enum { WORDS = 7 };
struct recent_slot {
	uint64_t key[WORDS];
	ts_t ts;
	uint32_t unasked;
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

static void
key_of(const struct engine *e, const struct obs *o, uint64_t key[WORDS])
{
	const struct ends *n = &o->inner;
	uint32_t high = 0;
	uint16_t low = 0, between = 0;

	memcpy(&high, o->outer.smac.b, sizeof(high));
	memcpy(&low, o->outer.smac.b + sizeof(high), sizeof(low));
	memcpy(&between, o->outer.dmac.b, sizeof(between));
	key[0] = high | (uint64_t)low << 32 | (uint64_t)between << 48;
	memcpy(&high, o->outer.dmac.b + sizeof(between), sizeof(high));
	key[1] = high | (uint64_t)e->seg->ix << 32 | (uint64_t)n->ipproto << 48;
	memcpy(key + 2, n->src.b, sizeof(n->src.b));
	memcpy(key + 4, n->dst.b, sizeof(n->dst.b));
	key[6] = (uint64_t)n->src.fam | (uint64_t)n->dst.fam << 8;
}

static uint32_t
slot_of(const uint64_t key[WORDS])
{
	uint64_t h = 0;

	for (size_t i = 0; i < WORDS; i++)
		h = mix64(h, key[i]);
	return (uint32_t)(h % SLOTS);
}

static bool
same(const uint64_t a[WORDS], const uint64_t b[WORDS])
{
	uint64_t differ = 0;

	for (size_t i = 0; i < WORDS; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

bool
recent_seen(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;
	uint64_t key[WORDS];

	e->unasked = NULL;
	if ((o->u.seen.tcp_flags & (FIN | SYN | RST)) ||
	    (n->ipproto == TCP && (n->sport == FAILOVER_PORT || n->dport == FAILOVER_PORT)))
		return false;
	key_of(e, o, key);
	struct recent_slot *s = &e->recent->slot[slot_of(key)];
	e->unasked = &s->unasked;
	if (s->ts != 0 && e->now - s->ts < WINDOW && same(s->key, key))
		return true;
	memcpy(s->key, key, sizeof(s->key));
	s->ts = e->now;
	s->unasked = 0;
	return false;
}
