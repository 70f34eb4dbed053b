#include "asks.h"

/* 512 hypotheses with a MAC and 8 addresses each are more than are kept: then the newest are not asked about. */
enum { SLOTS = 4096, USED_MAX = SLOTS / 2, HINTS = 1 << 15 };

struct ask_key {
	uint16_t seg;
	struct mac mac;
	struct addr addr;
};
struct ask_slot {
	uint64_t hash, id; /* id: of the hypothesis; its memory may be another's when it has gone */
	struct hyp *hyp;   /* NULL: free */
};
struct asks {
	struct ask_slot slot[SLOTS];
	uint64_t hint[HINTS /
		      64]; /* a bit for each key: most frames are nobody's, and need no hash to know it */
	uint32_t used;
	uint32_t edition; /* changes whenever somebody is added: an answer of no holds until then */
};

size_t
asks_bytes(void)
{
	return sizeof(struct asks);
}

void
asks_open(struct engine *e, void *mem)
{
	e->asks = mem;
	e->asks->edition = 1;
}

static uint32_t
hint_of(struct engine *e, const struct mac *m, const struct addr *a)
{
	uint64_t w[2] = { 0, 0 };

	if (m)
		memcpy(w, m->b, sizeof(m->b));
	else
		memcpy(w, a->b, sizeof(a->b));
	uint64_t h = (w[0] ^ e->key.k[0]) * UINT64_C(0x9e3779b97f4a7c15);
	h ^= h >> 32;
	h = (h ^ w[1] ^ e->key.k[1]) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(h >> 40) % HINTS;
}

static bool
hinted(struct engine *e, const struct mac *m, const struct addr *a)
{
	uint32_t bit = hint_of(e, m, a);
	return e->asks->hint[bit / 64] >> (bit % 64) & 1;
}

static uint64_t
hash_of(struct engine *e, uint16_t seg, const struct mac *m, const struct addr *a)
{
	struct ask_key k;

	memset(&k, 0, sizeof(k));
	k.seg = seg;
	if (m)
		k.mac = *m;
	else
		k.addr = *a;
	return siphash13(&e->key, &k, sizeof(k));
}

static void
put(struct engine *e, struct hyp *h, const struct mac *m, const struct addr *a)
{
	struct asks *s = e->asks;
	uint64_t hash = hash_of(e, h->seg, m, a);
	uint32_t i = (uint32_t)(hash % SLOTS), bit = hint_of(e, m, a);

	for (; s->slot[i].hyp; i = (i + 1) % SLOTS)
		if (s->slot[i].hash == hash && s->slot[i].hyp == h && s->slot[i].id == h->id)
			return;
	if (s->used == USED_MAX)
		return;
	s->slot[i] = (struct ask_slot){ hash, h->id, h };
	s->hint[bit / 64] |= UINT64_C(1) << (bit % 64);
	s->used++;
	s->edition += s->edition == UINT32_MAX ? 2 : 1; /* 0 is a note that nobody made */
}

static void
put_actor(struct engine *e, struct hyp *h)
{
	if (h->actor.has_mac)
		put(e, h, &h->actor.mac, NULL);
	else if (addr_set(h->actor.addr) && !h->actor.scope.a.fam)
		put(e, h, NULL, &h->actor.addr);
	for (size_t i = 0; i < h->nip; i++)
		put(e, h, NULL, &h->actor_ip[i]);
}

/* From nothing: oldest first, so that what does not fit is always the newest. */
static void
rebuild(struct engine *e)
{
	struct hyp *open[USED_MAX];
	size_t n = 0;

	for (struct hyp *h = hyp_next(e, NULL); h && n < NELEM(open); h = hyp_next(e, h))
		if (h->asked)
			open[n++] = h;
	memset(e->asks, 0, offsetof(struct asks, edition));
	while (n > 0)
		put_actor(e, open[--n]);
}

void
asks_told(struct engine *e, struct hyp *h, bool open)
{
	if (open == h->asked)
		return;
	h->asked = open;
	if (open) {
		e->nasked++;
		put_actor(e, h);
	} else {
		e->nasked--; /* its slots go with the next tick */
	}
}

void
asks_tick(struct engine *e)
{
	if (e->asks->used)
		rebuild(e);
}

/* The next slot that holds the key; `i` NULL starts. */
static struct ask_slot *
next(struct engine *e, uint64_t hash, const struct ask_slot *from)
{
	struct asks *s = e->asks;
	uint32_t i = from ? (uint32_t)(from - s->slot + 1) % SLOTS : (uint32_t)(hash % SLOTS);

	for (; s->slot[i].hyp; i = (i + 1) % SLOTS)
		if (s->slot[i].hash == hash && s->slot[i].hyp->asked && s->slot[i].hyp->id == s->slot[i].id)
			return &s->slot[i];
	return NULL;
}

enum { ENDS = 8 };

/* Everybody a frame touches who may be asked about. */
static size_t
ends_of(struct engine *e, const struct obs *o, uint64_t *hash)
{
	const struct ends *both[] = { &o->outer, &o->inner };
	uint16_t seg = segment_of(e, o)->ix;
	size_t n = 0;

	for (size_t i = 0; i < (o->depth ? 2U : 1U); i++) {
		const struct ends *x = both[i];
		const struct mac *macs[] = { &x->smac, &x->dmac };
		const struct addr *addrs[] = { &x->src, &x->dst };
		for (size_t k = 0; k < 2; k++) {
			if (hinted(e, macs[k], NULL))
				hash[n++] = hash_of(e, seg, macs[k], NULL);
			if (addr_set(*addrs[k]) && hinted(e, NULL, addrs[k]))
				hash[n++] = hash_of(e, seg, NULL, addrs[k]);
		}
	}
	return n;
}

static bool
asked(struct engine *e, const struct obs *o)
{
	uint64_t hash[ENDS];
	size_t n = ends_of(e, o, hash);

	for (size_t i = 0; i < n; i++)
		if (next(e, hash[i], NULL))
			return true;
	return false;
}

bool
engine_asks(struct engine *e, const struct obs *o)
{
	if (e->nasked == 0 || (o->flags & OBS_QUOTED))
		return false;
	/* of a tunnel only the inner stations are kept there */
	uint32_t *note = o->depth == 0 ? e->unasked : NULL;
	if (note && *note == e->asks->edition)
		return false;
	bool yes = asked(e, o);
	if (note && !yes)
		*note = e->asks->edition;
	return yes;
}

static void
note(struct hyp *h, const struct obs *o)
{
	const struct second *said = &o->u.second;
	const struct ends *n = &o->inner;
	struct inc_second *s = h->second;

	while (s < h->second + h->nsecond && strcmp(s->proto, said->proto) != 0)
		s++;
	if (s == h->second + NELEM(h->second))
		return;
	if (s == h->second + h->nsecond) {
		h->nsecond++;
		*s = (struct inc_second){ .proto = said->proto,
					  .flow = { n->src, n->dst, n->sport, n->dport, n->ipproto },
					  .ref = { o->file, o->frame } };
	}
	for (size_t i = 0; i < said->nrisk; i++) {
		size_t k = 0;
		while (k < s->nrisk && strcmp(s->risk[k], said->risk[i]) != 0)
			k++;
		if (k == s->nrisk && k < NELEM(s->risk))
			s->risk[s->nrisk++] = said->risk[i];
	}
	h->quiet_change |= h->shown && !h->closed;
}

void
asks_answer(struct engine *e, const struct obs *o)
{
	uint64_t hash[ENDS];

	if (e->nasked == 0 || o->u.second.proto == NULL)
		return;
	size_t n = ends_of(e, o, hash);
	for (size_t i = 0; i < n; i++)
		for (struct ask_slot *s = next(e, hash[i], NULL); s; s = next(e, hash[i], s))
			note(s->hyp, o);
}
