#include "recent.h"

enum { SLOTS = 4096, FIN = 1, SYN = 2, RST = 4, TCP = 6, FAILOVER_PORT = 647 };
static const ts_t WINDOW = 100 * TS_MS;

union recent_key {
	struct {
		struct mac smac, dmac;
		uint16_t seg;
		uint8_t ipproto, zero;
		uint8_t src[16], dst[16];
		uint8_t src_fam, dst_fam;
	} of;
	uint64_t word[7]; /* compared and mixed by words */
};
struct recent_slot {
	union recent_key key;
	ts_t ts;
	uint32_t unasked; /* of which asks (asks.h) it was found that nobody asks about these stations */
};
struct recent {
	struct recent_slot slot[SLOTS];
	struct recent_slot *at; /* of the frame at hand; NULL: none */
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
slot_of(const union recent_key *k)
{
	uint64_t h = 0;

	for (size_t i = 0; i < NELEM(k->word); i++)
		h = mix64(h, k->word[i]);
	return (uint32_t)(h % SLOTS);
}

static bool
same(const union recent_key *a, const union recent_key *b)
{
	uint64_t differ = 0;

	for (size_t i = 0; i < NELEM(a->word); i++)
		differ |= a->word[i] ^ b->word[i];
	return differ == 0;
}

bool
recent_seen(struct engine *e, const struct obs *o)
{
	union recent_key k = { .word = { 0 } };
	const struct ends *n = &o->inner;

	e->recent->at = NULL;
	if ((o->u.seen.tcp_flags & (FIN | SYN | RST)) ||
	    (n->ipproto == TCP && (n->sport == FAILOVER_PORT || n->dport == FAILOVER_PORT)))
		return false;
	k.of.smac = o->outer.smac;
	k.of.dmac = o->outer.dmac;
	k.of.seg = e->seg->ix;
	k.of.ipproto = n->ipproto;
	k.of.src_fam = n->src.fam;
	k.of.dst_fam = n->dst.fam;
	memcpy(k.of.src, n->src.b, sizeof(k.of.src));
	memcpy(k.of.dst, n->dst.b, sizeof(k.of.dst));
	struct recent_slot *s = e->recent->at = &e->recent->slot[slot_of(&k)];
	if (s->ts != 0 && e->now - s->ts < WINDOW && same(&s->key, &k))
		return true;
	s->key = k;
	s->ts = e->now;
	s->unasked = 0;
	return false;
}

uint32_t *
recent_note(struct engine *e)
{
	return e->recent->at ? &e->recent->at->unasked : NULL;
}
