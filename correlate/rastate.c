/* Router advertisements and address claims: what was seen.  See rastate.h. */
#include "rastate.h"
#include "vantage.h"
#include "snapshot.h"

enum {
	SOURCES = 4096, /* RA senders; a flood turns them over */
	KEYS = 2048,
	CLAIMS = 2048,
	DUE = 32,	   /* conflicts that wait for proof */
	ITEMS_MAX = 256,   /* options of one kind read of one message: 64 KiB could hold 8,000 */
	UNKNOWN_FACES = 3, /* RA senders without another frame in 10 s that are accused one by one */
	SOLICITS_MIN = 10  /* silence baseline, DETECTIONS.md 3 */
};
#define FLOOD_WINDOW (10 * TS_SEC)
#define FLOOD_HOLD   (60 * TS_SEC)
#define BACK_WITHIN  (60 * TS_SEC) /* ND-SPOOF: the former owner claims it back */
#define BACK_STEP    (10 * TS_SEC) /* two that fight take turns faster than a device changes its MAC */
#define OWNER_FRESH  (10 * TS_MIN)

struct mac_key {
	uint16_t seg;
	struct mac mac;
};
struct addr_key {
	uint16_t seg;
	struct addr addr;
	uint8_t pad;
};

struct on_link {
	struct prefix p;
	struct mac mac;
	ts_t last, until;
	uint32_t n;
	bool delegated;
};
struct key_addr {
	uint8_t roles;
};
/* An address that two MACs claimed: who had it, who took it. */
struct claim {
	struct mac owner, taker, by; /* by: the L2 source of the taker's claim */
	ts_t at, back;
	bool key, told, proven;
	struct mac victim;
	bool has_victim;
};
struct claim_due {
	uint16_t seg;
	bool used;
	struct addr addr;
	struct mac owner, taker;
	ts_t back, taker_at;
};

/* Per segment. */
struct ra_segment {
	struct on_link prefix[RA_PREFIXES];
	struct ra_seen source[RA_WINDOW];
	uint8_t nsource, mo;
	bool authorised_seen, two_clients, had_ra;
	ts_t flood_until, first_rs;
	uint32_t solicits;
	struct mac client;
	ts_t learned; /* since when a router is; 0: never */
};

struct rastate {
	struct ra_message at;
	struct table sources, keys, claims;
	struct ra_segment seg[SEGMENTS_MAX];
	struct ra_suspect suspect[RA_SUSPECTS];
	uint8_t nsuspect;
	struct claim_due due[DUE];
	uint32_t ndue;
};

static const struct table_spec specs[] = {
	{ "ra-sources", sizeof(struct mac_key), sizeof(struct ra_source), SOURCES, 30 * TS_DAY },
	{ "key-addresses", sizeof(struct addr_key), sizeof(struct key_addr), KEYS, TS_DAY },
	{ "address-claims", sizeof(struct addr_key), sizeof(struct claim), CLAIMS, TS_HOUR },
};

size_t
rastate_bytes(const struct engine_conf *conf)
{
	size_t n = align16(sizeof(struct rastate));

	(void)conf;
	for (size_t i = 0; i < NELEM(specs); i++)
		n += align16(table_bytes(&specs[i]));
	return n;
}

void
rastate_open(struct engine *e, void *mem)
{
	struct rastate *r = mem;
	struct table *t[] = { &r->sources, &r->keys, &r->claims };
	char *p = (char *)mem + align16(sizeof(*r));

	e->ra = r;
	for (size_t i = 0; i < NELEM(specs); i++) {
		table_open(t[i], &specs[i], p, e->key);
		p += align16(table_bytes(&specs[i]));
	}
}

const struct ra_message *
ra_at(struct engine *e)
{
	return &e->ra->at;
}

bool
sender_of(const struct obs *o, struct mac *m)
{
	*m = o->inner.smac;
	/* inside an IP tunnel the link header is the tunnel's */
	bool tunnelled = o->depth > 0 && mac_eq(o->inner.smac, o->outer.smac);
	return !(o->flags & OBS_NO_ETHER) && !tunnelled && !mac_zero(*m) && !mac_group(*m);
}

/* ---- prefixes ---- */
static bool
prefix_eq(struct prefix a, struct prefix b)
{
	return a.len == b.len && addr_eq(a.a, b.a);
}

/* The slot of the prefix; else one that is over, else the least often announced: a flood must not push out a router's. */
static struct on_link *
prefix_slot(struct engine *e, struct ra_segment *g, struct prefix p)
{
	struct on_link *worst = &g->prefix[0];

	for (size_t i = 0; i < RA_PREFIXES; i++) {
		struct on_link *x = &g->prefix[i];
		if (x->n && prefix_eq(x->p, p))
			return x;
		bool over = x->until <= e->now, worst_over = worst->until <= e->now;
		if ((over && !worst_over) || (over == worst_over && x->n < worst->n))
			worst = x;
	}
	*worst = (struct on_link){ .p = p };
	return worst;
}

static void
prefix_note(struct engine *e, const struct segment *s, struct prefix p, struct mac by, uint32_t valid,
	    bool delegated)
{
	struct on_link *x;

	if (p.len > 128 || addr_linklocal(p.a) || addr_multicast(p.a))
		return;
	x = prefix_slot(e, &e->ra->seg[s->ix], p);
	if (x->n && !mac_eq(x->mac, by) && x->until > e->now && valid == 0)
		return; /* nobody withdraws another router's prefix */
	if (x->n == 0 || x->until <= e->now)
		x->mac = by;
	else if (!mac_eq(x->mac, by))
		x->mac = (struct mac){ { 0 } }; /* several: nobody's alone */
	x->n++;
	x->last = e->now;
	x->until = valid == UINT32_MAX ? INT64_MAX : e->now + (ts_t)valid * TS_SEC;
	x->delegated = delegated;
}

void
ra_delegated(struct engine *e, const struct segment *s, struct prefix p, struct mac by, uint32_t valid)
{
	prefix_note(e, s, p, by, valid, true);
}

bool
ra_on_link(struct engine *e, const struct segment *s, struct addr a, struct mac but, bool *any)
{
	const struct ra_segment *g = &e->ra->seg[s->ix];
	bool on = false;

	*any = false;
	for (size_t i = 0; i < RA_PREFIXES; i++) {
		const struct on_link *x = &g->prefix[i];
		if (x->n == 0 || x->until <= e->now || mac_eq(x->mac, but))
			continue;
		*any = true;
		on |= addr_in(a, x->p);
	}
	return on;
}

/* ---- windows ---- */
/* One more thing seen; the number of distinct ones within the window. */
static unsigned
window_add(struct ra_seen *v, uint8_t *n, uint64_t what, struct mac m, ts_t now)
{
	size_t i = 0, old = 0;
	unsigned fresh = 0;

	for (; i < *n && !(v[i].what == what && mac_eq(v[i].mac, m)); i++)
		if (v[i].at < v[old].at)
			old = i;
	if (i == *n && *n < RA_WINDOW)
		++*n;
	else if (i == *n)
		i = old;
	v[i] = (struct ra_seen){ what, m, now };
	for (i = 0; i < *n; i++)
		fresh += now - v[i].at <= FLOOD_WINDOW;
	return fresh;
}

bool
ra_is_source(struct engine *e, const struct segment *s, struct mac m)
{
	struct mac_key k = { s->ix, m };
	return table_peek(&e->ra->sources, &k) != NULL;
}

bool
ra_flooded(struct engine *e, const struct segment *s)
{
	return e->now < e->ra->seg[s->ix].flood_until;
}

/* ---- reading the RA at hand ---- */
static bool
ula(struct addr a)
{
	return a.fam == 6 && (a.b[0] & 0xfe) == 0xfc;
}

/* Counts without wrapping. */
static uint8_t
more(uint8_t n)
{
	return n == UINT8_MAX ? n : (uint8_t)(n + 1);
}

static void
read_prefixes(struct engine *e, struct ra_message *m, const struct nd *n)
{
	struct field_it it = { .rec = n };
	struct nd_prefix p;

	for (; it.i < ITEMS_MAX && nd_prefix_next(&it, &p); it.i++) {
		struct prefix px = { p.prefix, p.len };
		uint64_t h = siphash13(&e->key, px.a.b, sizeof(px.a.b)) ^ px.len;
		m->npio = more(m->npio);
		m->odd_pio |= !ula(p.prefix);
		if (p.a && p.valid && m->nauto < RA_SUSPECT_PREFIXES)
			m->auto_prefix[m->nauto++] = px;
		if (m->st == ST_UNAUTHORISED || m->st == ST_UNKNOWN)
			m->flood_prefix |=
				window_add(m->src->prefix, &m->src->nprefix, h, m->mac, e->now) >= RA_WINDOW;
		/* what a suspect announces makes no address right */
		if (m->accepted && m->st != ST_UNAUTHORISED && !m->nameless &&
		    !actor_open(e, e->seg, m->mac, UINT32_C(1) << FAM_RA))
			prefix_note(e, e->seg, px, m->mac, p.valid, false);
	}
}

/* A home mesh announces routes to its own small networks (RFC 4191, RFC 9663); anything else takes others' traffic. */
static void
read_routes(struct engine *e, struct ra_message *m, const struct nd *n)
{
	struct field_it it = { .rec = n };
	struct nd_route r;
	struct prefix p;
	bool any;

	for (; it.i < ITEMS_MAX && nd_route_next(&it, &r); it.i++) {
		m->nrio = more(m->nrio);
		m->odd_rio |= (!ula(r.prefix) && r.len < 48) || auth_prefix(e, e->seg, r.prefix, &p, &any);
	}
}

static void
read_resolvers(struct engine *e, struct ra_message *m, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.nd };
	struct nd_rdnss r;
	unsigned all = 0, good = 0;

	for (; it.i < ITEMS_MAX && nd_rdnss_next(&it, &r); it.i++) {
		struct field_it ai = { .rec = &r };
		struct addr a;
		m->nrdnss = more(m->nrdnss);
		for (; ai.i < RA_PREFIXES && nd_addr_next(&ai, &a); ai.i++) {
			bool own = addr_eq(a, o->inner.src) || binding_is(e, e->seg, a, m->mac);
			m->rdnss_own |= own;
			all++;
			good += auth_resolver(e, e->seg, a, m->mac) == ST_AUTHORISED;
			if (r.lifetime == 0 || !m->accepted)
				continue;
			resolver_note(e, e->seg, a, m->mac);
			if (m->st != ST_UNAUTHORISED && !actor_open(e, e->seg, m->mac, UINT32_C(1) << FAM_RA))
				key_note(e, e->seg, a, KEY_RESOLVER);
		}
	}
	m->rdnss_good = all && good == all && m->rdnss_own;
}

/* What a router keeps when it stops: RFC 4861 6.2.5 changes the lifetime, some deprecate their prefixes too. */
static uint32_t
shape_of(const struct nd *n)
{
	return (uint32_t)(n->options.n & 0xffff) << 16 | (uint32_t)n->cur_hop_limit << 8 |
	       (uint32_t)(n->m << 1 | n->o);
}

/* Did somebody else take this router's lifetime away?  It comes back within 3 s of an RA that said 0. */
static void
lifetime_follow(struct engine *e, struct ra_message *m, const struct nd *n)
{
	struct ra_source *s = m->src;
	uint32_t shape = shape_of(n);

	if (n->router_lifetime == 0) {
		if (s->live && s->zero_at == 0) {
			s->zero_at = e->now;
			s->shape_zero = shape;
		}
		return;
	}
	if (s->zero_at && e->now - s->zero_at <= 3 * TS_SEC) {
		m->kill_repaired = true;
		m->kill_same = s->shape_zero == s->shape;
		if (e->now - s->kill_at > 10 * TS_MIN)
			s->kills = 0;
		s->kill_at = e->now;
		s->kills = more(s->kills);
	}
	s->zero_at = 0;
	s->shape = shape;
	s->lifetime = n->router_lifetime;
	s->live = true;
}

/* A sender that was seen only through its RAs may be forged. */
static bool
only_advertises(struct engine *e, struct ra_source *s, struct mac m, bool fresh)
{
	const struct host *h = host_find(e, e->seg, m);

	if (h && (h->first < host_more(e, h)->ra_first ||
		  (!fresh && h->last_alive != TS_NONE && h->last_alive > s->last)))
		s->other = true;
	return !s->other;
}

/* Stations with IPv6 on the segment that were seen in the last day, the router not counted; stops at `most`. */
static unsigned
hosts6(struct engine *e, struct mac but, unsigned most)
{
	unsigned n = 0;

	for (const struct host *h = table_next(&e->hosts, NULL); h && n < most;
	     h = table_next(&e->hosts, h)) {
		struct host_at at = host_key_of(e, h);
		n += at.seg == e->seg->ix && h->last_ip6 != TS_NONE && e->now - h->last_ip6 < TS_DAY &&
		     !mac_eq(at.mac, but);
	}
	return n;
}

/* DETECTIONS.md 3: only where nothing is declared, never after a silence, and a change of its word begins anew.  A router's
 * clients are the hosts that hear it. */
static void
router_settle(struct engine *e, const struct ra_message *m, const struct nd *n)
{
	const uint32_t against = UINT32_C(1) << FAM_D6_ROGUE | UINT32_C(1) << FAM_RA |
				 UINT32_C(1) << FAM_DNS | UINT32_C(1) << FAM_AUTH |
				 UINT32_C(1) << FAM_ND_SPOOF;
	struct ra_source *s = m->src;

	if (s->learned || m->st != ST_UNKNOWN || !m->accepted || n->router_lifetime == 0)
		return;
	if (s->since == 0 || (s->live && s->shape != shape_of(n))) {
		s->since = e->now;
		s->times = 0;
	}
	s->times++;
	if (s->silence || auth_declared(e, e->seg, SVC_ROUTER) || e->now - s->since < TS_DAY ||
	    s->times < LEARN_TIMES || actor_open(e, e->seg, m->mac, against) ||
	    (s->counted && e->now - s->counted < TS_HOUR))
		return;
	s->counted = e->now;
	if (hosts6(e, m->mac, LEARN_CLIENTS) < LEARN_CLIENTS)
		return;
	s->learned = true;
	if (e->ra->seg[e->seg->ix].learned == 0)
		e->ra->seg[e->seg->ix].learned = e->now;
}

/* Where nothing is declared: who is learned is tolerated, who came after that is not. */
static enum standing
standing_undeclared(struct engine *e, const struct ra_message *m)
{
	const struct ra_segment *g = &e->ra->seg[e->seg->ix];

	if (g->learned == 0)
		return ST_UNKNOWN;
	if (m->src->learned || mac_virtual_router(m->mac))
		return ST_TOLERATED;
	return m->src->first <= g->learned ? ST_UNKNOWN : ST_UNAUTHORISED;
}

static void
flood_follow(struct engine *e, struct ra_message *m)
{
	struct ra_segment *g = &e->ra->seg[e->seg->ix];

	if (m->st == ST_AUTHORISED || m->st == ST_TOLERATED)
		return;
	unsigned n = window_add(g->source, &g->nsource, 0, m->mac, e->now);
	if (n >= RA_WINDOW)
		g->flood_until = e->now + FLOOD_HOLD;
	m->flood_sources = m->silent && ra_flooded(e, e->seg);
	unsigned silent = 0;
	for (size_t i = 0; m->silent && i < g->nsource; i++)
		silent += e->now - g->source[i].at <= FLOOD_WINDOW;
	m->nameless = m->flood_sources || silent > UNKNOWN_FACES;
}

static void
learn_ra(struct engine *e, const struct obs *o)
{
	struct ra_message *m = &e->ra->at;
	const struct nd *n = &o->u.nd;
	struct mac_key k = { e->seg->ix, m->mac };
	struct ra_segment *g = &e->ra->seg[e->seg->ix];
	bool fresh;

	m->src = table_get(&e->ra->sources, &k, e->now, &fresh);
	if (m->src == NULL)
		return;
	m->valid = true;
	m->accepted = !(o->flags & OBS_SUM_BAD) && o->inner.hop_limit == 255 && n->code == 0 &&
		      addr_linklocal(o->inner.src) && !(n->anomalies & NDA_OPT_ZERO);
	m->st = auth_standing(e, e->seg, SVC_ROUTER, m->mac, o->inner.src, (struct bytes){ NULL, 0 });
	m->silent = only_advertises(e, m->src, m->mac, fresh);
	if (fresh) {
		m->src->first = e->now;
		m->src->silence = !g->had_ra && g->solicits >= SOLICITS_MIN && g->two_clients &&
				  e->now - g->first_rs >= TS_DAY;
	}
	if (m->st == ST_UNKNOWN && !auth_declared(e, e->seg, SVC_ROUTER))
		m->st = standing_undeclared(e, m);
	g->had_ra = true;
	m->after_silence = m->src->silence;
	m->was_live = m->src->live;
	router_settle(e, m, n);
	if (m->accepted)
		lifetime_follow(e, m, n);
	flood_follow(e, m);
	read_prefixes(e, m, n);
	read_routes(e, m, n);
	read_resolvers(e, m, o);
	m->src->last = e->now;
	if (!m->accepted)
		return;
	if (m->st == ST_AUTHORISED) {
		g->authorised_seen = true;
		g->mo |= (uint8_t)(n->m << 1 | n->o);
	}
	if (m->st != ST_UNAUTHORISED && n->router_lifetime > 0 && !m->nameless)
		key_note(e, e->seg, o->inner.src, KEY_ROUTER);
}

static void
learn_rs(struct engine *e)
{
	struct ra_segment *g = &e->ra->seg[e->seg->ix];

	if (g->solicits == 0) {
		g->first_rs = e->now;
		g->client = e->ra->at.mac;
	}
	g->solicits++;
	g->two_clients |= !mac_eq(g->client, e->ra->at.mac);
}

void
rastate_learn(struct engine *e, const struct obs *o)
{
	if (o->kind == OBS_FRAME)
		return; /* what a frame tells is asked of the host store: this is every packet */
	e->ra->at = (struct ra_message){ 0 };
	if (o->kind != OBS_ND || !sender_of(o, &e->ra->at.mac))
		return;
	if (o->u.nd.type == ND_RA)
		learn_ra(e, o);
	else if (o->u.nd.type == ND_RS)
		learn_rs(e);
}

uint8_t
ra_authorised_mo(struct engine *e, const struct segment *s, bool *known)
{
	*known = e->ra->seg[s->ix].authorised_seen;
	return e->ra->seg[s->ix].mo;
}

const struct ra_source *
ra_source_of(struct engine *e, const struct segment *s, struct mac m)
{
	struct mac_key k = { s->ix, m };

	return table_peek(&e->ra->sources, &k);
}

/* ---- addresses that matter ---- */
void
key_note(struct engine *e, const struct segment *s, struct addr a, uint8_t roles)
{
	struct addr_key k = { .seg = s->ix, .addr = a };

	if (!addr_set(a) || addr_zero(a) || addr_multicast(a) || addr_loopback(a) || addr_broadcast4(a))
		return;
	struct key_addr *v = table_get(&e->ra->keys, &k, e->now, NULL);
	if (v)
		v->roles |= roles;
}

const void *
key_next(struct engine *e, const void *at, struct key_seen *seen)
{
	const struct key_addr *v = table_next(&e->ra->keys, at);

	if (v) {
		const struct addr_key *k = table_key(&e->ra->keys, v);
		*seen = (struct key_seen){ k->seg, k->addr, v->roles };
	}
	return v;
}

uint8_t
key_roles(struct engine *e, const struct segment *s, struct addr a)
{
	struct addr_key k = { .seg = s->ix, .addr = a };
	const struct key_addr *v = table_peek(&e->ra->keys, &k);
	return v ? v->roles : 0;
}

bool
key_declared(struct engine *e, const struct segment *s, struct addr a)
{
	static const enum service roles[] = { SVC_DHCP4, SVC_DHCP6, SVC_ROUTER, SVC_RELAY, SVC_PXE };
	const struct authority *au = e->conf->authority;
	const struct bytes none = { NULL, 0 };

	for (size_t i = 0; i < NELEM(roles); i++)
		if (auth_id_known(e, s, roles[i], a, none))
			return true;
	for (size_t i = 0; au && i < au->nsite; i++)
		for (size_t k = 0; k < au->site[i].vpn_servers.n; k++)
			for (size_t n = 0; n < au->site[i].vpn_servers.v[k].nip; n++)
				if (addr_eq(au->site[i].vpn_servers.v[k].ip[n], a))
					return true;
	return auth_resolver(e, s, a, (struct mac){ { 0 } }) == ST_AUTHORISED;
}

#define DOUBT (UINT32_C(1) << FAM_D4_ROGUE | UINT32_C(1) << FAM_ND_SPOOF | UINT32_C(1) << FAM_RA)

bool
ra_working_router(struct engine *e, const struct segment *s, struct mac m)
{
	const struct host *h = host_find(e, s, m);

	if (h == NULL || !h->ra_live || actor_open(e, s, m, DOUBT))
		return false;
	for (size_t i = 0; i < h->nip; i++) {
		struct binding *b;
		if (!(key_roles(e, s, host_ip(e, h, i)) & KEY_GATEWAY4))
			continue;
		b = binding_find(e, s, host_ip(e, h, i));
		if (b && mac_eq(b->mac, m) && !b->contested)
			return true;
	}
	return false;
}

bool
ra_known_resolver(struct engine *e, const struct segment *s, struct mac m)
{
	const struct host *h = host_find(e, s, m);

	if (h == NULL || actor_open(e, s, m, DOUBT))
		return false;
	for (size_t i = 0; i < h->nip; i++) {
		const struct binding *b = binding_find(e, s, host_ip(e, h, i));
		if (b && host_ip(e, h, i).fam == 4 && mac_eq(b->mac, m) && !b->contested &&
		    (key_roles(e, s, host_ip(e, h, i)) & KEY_RESOLVER))
			return true;
	}
	return false;
}

bool
ra_router_unproven(struct engine *e, const struct segment *s, struct mac m)
{
	const struct host *h = host_find(e, s, m);
	struct key_seen k;

	if (h == NULL || !h->ra_live || actor_open(e, s, m, DOUBT))
		return false;
	for (const void *at = key_next(e, NULL, &k); at; at = key_next(e, at, &k))
		if (k.seg == s->ix && (k.roles & KEY_GATEWAY4))
			return false;
	return true;
}

/* ---- suspects ---- */
struct ra_suspect *
ra_suspect_at(struct engine *e, unsigned i)
{
	return i < e->ra->nsuspect ? &e->ra->suspect[i] : NULL;
}

bool
ra_suspects_any(struct engine *e)
{
	return e->ra->nsuspect > 0;
}

/* What hosts took from an RA stays with them that long after the last one, whatever its lifetime says. */
enum { SUSPECT_MIN = 30 };

void
ra_suspect_note(struct engine *e, const struct segment *s, const struct actor *a, const struct ra_message *m,
		const struct nd *n)
{
	struct rastate *r = e->ra;
	struct ra_suspect *x = NULL, *old = &r->suspect[0];

	for (size_t i = 0; i < r->nsuspect && !x; i++) {
		struct ra_suspect *y = &r->suspect[i];
		if (y->used && y->seg == s->ix && y->has_mac == a->has_mac &&
		    (!a->has_mac || mac_eq(y->mac, a->mac)))
			x = y;
		else if (y->last < old->last)
			old = y;
	}
	if (x == NULL) {
		x = r->nsuspect < RA_SUSPECTS ? &r->suspect[r->nsuspect++] : old;
		*x = (struct ra_suspect){ .seg = s->ix,
					  .used = true,
					  .has_mac = a->has_mac,
					  .mac = a->mac,
					  .first = e->now,
					  .scanned = e->now - 10 * TS_MIN };
	}
	x->last = e->now;
	x->until = e->now + SUSPECT_MIN * TS_MIN;
	x->nudge = n->m || n->o;
	for (size_t i = 0; i < m->nauto; i++) {
		size_t k = 0;
		while (k < x->nprefix && !prefix_eq(x->prefix[k], m->auto_prefix[i]))
			k++;
		if (k == x->nprefix && x->nprefix < RA_SUSPECT_PREFIXES)
			x->prefix[x->nprefix++] = m->auto_prefix[i];
	}
}

/* ---- claims ---- */
struct said_claim {
	struct addr addr;
	struct mac mac, by; /* the MAC claimed; the L2 source, who did it */
	struct mac to;
	struct addr to_addr;
};

/* What the message makes its receivers believe: ARP of any kind (RFC 826), NA with the override flag, a solicitation
 * with a link-layer option (RFC 4861 7.2.3). */
static bool
claim_in(const struct obs *o, struct said_claim *c)
{
	if (!sender_of(o, &c->by))
		return false;
	c->mac = c->by;
	c->to = o->inner.dmac;
	if (o->kind == OBS_ARP) {
		c->addr = o->u.arp.spa;
		c->to_addr = addr_eq(o->u.arp.spa, o->u.arp.tpa) ? (struct addr){ 0 } : o->u.arp.tpa;
		c->mac = o->u.arp.sha;
		return !addr_zero(c->addr);
	}
	const struct nd *n = &o->u.nd;
	struct bytes link = n->type == ND_NA ? n->tlla : n->slla;
	if (link.n == sizeof(c->mac.b))
		memcpy(c->mac.b, link.p, sizeof(c->mac.b));
	c->to_addr = addr_multicast(o->inner.dst) ? (struct addr){ 0 } : o->inner.dst;
	if ((o->flags & OBS_SUM_BAD) || o->inner.hop_limit != 255)
		return false;
	c->addr = n->type == ND_NA ? n->target : o->inner.src;
	bool tells = n->type == ND_NA
			     ? n->na_o
			     : (n->type == ND_NS || n->type == ND_RS || n->type == ND_RA) && n->slla.n == 6;
	return tells && !addr_zero(c->addr);
}

static struct claim_verdict
claim_tell(struct claim *c, struct addr a, struct mac to, struct addr to_addr, bool hard)
{
	struct claim_verdict v = { .fires = true, .hard = hard, .actor = c->by, .addr = a };

	c->told = true;
	if (!mac_group(to) && !mac_zero(to) && !mac_eq(to, c->by)) {
		v.has_victim = true;
		v.victim = to;
		v.victim_addr = to_addr;
	}
	return v;
}

/* Waits for proof that both are there; one entry an address, the oldest goes. */
static void
claim_wait(struct engine *e, struct addr a, const struct claim *c)
{
	struct rastate *r = e->ra;

	for (size_t i = 0; i < DUE; i++)
		if (r->due[i].used && r->due[i].seg == e->seg->ix && addr_eq(r->due[i].addr, a))
			return;
	r->due[r->ndue++ % DUE] = (struct claim_due){ e->seg->ix, true, a, c->owner, c->by, e->now, 0 };
}

/* The address moved with this message: `b->prev` had it until now. */
static struct claim_verdict
claim_moved(struct engine *e, const struct said_claim *s, const struct binding *b, struct claim *c,
	    bool fresh, bool declared)
{
	struct claim_verdict none = { 0 };
	bool key = declared || key_roles(e, e->seg, s->addr) || key_declared(e, e->seg, s->addr);

	if (!fresh && c->at && mac_eq(c->owner, s->mac) && e->now - c->at <= BACK_WITHIN) {
		/* The owner is back.  A device that merely changed its MAC is not there twice: see claim_due(). */
		c->back = e->now;
		claim_wait(e, s->addr, c);
		return none;
	}
	bool again = !fresh && c->at && mac_eq(c->taker, s->mac) && e->now - c->at <= OWNER_FRESH;
	if (!again)
		*c = (struct claim){ .owner = b->prev, .taker = s->mac, .by = s->by };
	else if (c->back && e->now - c->back <= (key ? BACK_WITHIN : BACK_STEP))
		c->proven = true; /* taken, claimed back, taken again */
	c->at = e->now;
	c->key = key;
	if (!mac_group(s->to)) {
		c->has_victim = true;
		c->victim = s->to;
	}
	return key || c->proven ? claim_tell(c, s->addr, s->to, s->to_addr, declared || c->proven) : none;
}

/* Proxy ARP (RFC 1027): the gateway that the servers name answers for hosts that may not hear each other.  It has been that
 * all the time, and where routers are declared only they are. */
static bool
proxies(struct engine *e, const struct obs *o, struct mac m)
{
	const struct host *h = o->kind == OBS_ARP ? host_find(e, e->seg, m) : NULL;

	if (h == NULL || auth_declared(e, e->seg, SVC_ROUTER) || actor_open(e, e->seg, m, DOUBT))
		return false;
	for (size_t i = 0; i < h->nip; i++) {
		struct addr a = host_ip(e, h, i);
		if ((key_roles(e, e->seg, a) & KEY_GATEWAY4) && binding_settled(e, e->seg, a, m))
			return true;
	}
	return false;
}

/* RFC 4291 appendix A: an address made from the adapter's own MAC is nobody else's. */
static bool
made_from(struct addr a, struct mac m)
{
	const uint8_t id[] = { m.b[0] ^ 2, m.b[1], m.b[2], 0xff, 0xfe, m.b[3], m.b[4], m.b[5] };

	return a.fam == 6 && memcmp(a.b + 8, id, sizeof(id)) == 0;
}

struct claim_verdict
claim_judge(struct engine *e, const struct obs *o)
{
	struct claim_verdict none = { 0 };
	struct said_claim s;
	bool ok = false, fresh;

	if (!claim_in(o, &s))
		return none;
	struct binding *b = binding_find(e, e->seg, s.addr);
	/* an address that virtual routers share moves between them; where the routers are declared a stranger is none */
	if (b == NULL || !mac_eq(b->mac, s.mac) ||
	    (mac_virtual_router(b->prev) && !auth_mac_for(e, e->seg, s.addr, s.mac, &ok)))
		return none;
	struct addr_key k = { .seg = e->seg->ix, .addr = s.addr };
	bool moved = b->first == e->now && !mac_zero(b->prev) && b->first - b->prev_last <= OWNER_FRESH;
	bool known = auth_mac_for(e, e->seg, s.addr, s.mac, &ok), declared = known && !ok;
	struct claim *c = table_find(&e->ra->claims, &k, e->now);
	ok |= auth_router_mac(e, e->seg, s.mac) || auth_bridge(e, s.by);
	if (ok || proxies(e, o, s.mac) || (made_from(s.addr, s.mac) && mac_eq(s.mac, s.by))) {
		if (c && !mac_eq(c->taker, s.mac))
			c->back = e->now;
		return none;
	}
	if (!moved && !declared) {
		bool goes_on = c && c->told && mac_eq(c->taker, s.mac);
		return goes_on ? claim_tell(c, s.addr, s.to, s.to_addr, c->proven) : none;
	}
	c = table_get(&e->ra->claims, &k, e->now, &fresh);
	if (c == NULL)
		return none;
	if (moved)
		return claim_moved(e, &s, b, c, fresh, declared);
	if (fresh || !mac_eq(c->taker, s.mac))
		*c = (struct claim){ .taker = s.mac, .by = s.by };
	c->at = e->now; /* a declared owner that was never seen here still owns it */
	return claim_tell(c, s.addr, s.to, s.to_addr, true);
}

/* After the owner's claim the taker is seen, then the owner again. */
static bool
both_there(struct engine *e, const struct segment *s, struct claim_due *d)
{
	const struct host *taker = host_find(e, s, d->taker), *owner = host_find(e, s, d->owner);

	if (d->taker_at == 0 && taker && taker->last > d->back)
		d->taker_at = taker->last;
	if (e->now - (d->taker_at ? d->taker_at : d->back) > BACK_STEP)
		d->used = false;
	return d->taker_at && owner && owner->last > d->taker_at;
}

bool
claim_due(struct engine *e, struct segment **seg, struct claim_verdict *v)
{
	for (size_t i = 0; i < DUE; i++) {
		struct claim_due *d = &e->ra->due[i];
		struct addr_key k = { .seg = d->seg, .addr = d->addr };
		if (!d->used)
			continue;
		struct segment *s = e->segment_at[d->seg];
		struct claim *c = table_find(&e->ra->claims, &k, e->now);
		/* routers that hand an address to and fro are both there: on a key address only a third move proves */
		if (c == NULL || c->proven || c->key || !mac_eq(c->by, d->taker)) {
			d->used = false;
			continue;
		}
		if (!both_there(e, s, d))
			continue;
		d->used = false;
		c->proven = true;
		*seg = s;
		*v = claim_tell(c, d->addr, c->victim, (struct addr){ 0 }, true);
		v->has_victim &= c->has_victim;
		return true;
	}
	return false;
}

void
ra_outage(struct engine *e, ts_t away)
{
	for (size_t i = 0; i < e->nsegment; i++)
		if (e->ra->seg[i].first_rs)
			e->ra->seg[i].first_rs += away;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field mac_key_rows[] = {
	SNAP_SEG(struct mac_key, seg),
	SNAP(struct mac_key, mac),
};
static const struct snap_rec mac_key_rec = SNAP_REC(struct mac_key, mac_key_rows);
static const struct snap_field addr_key_rows[] = {
	SNAP_SEG(struct addr_key, seg),
	SNAP(struct addr_key, addr),
	SNAP_NOT(struct addr_key, pad),
};
static const struct snap_rec addr_key_rec = SNAP_REC(struct addr_key, addr_key_rows);
static const struct snap_field seen_rows[] = {
	SNAP(struct ra_seen, what),
	SNAP(struct ra_seen, mac),
	SNAP(struct ra_seen, at),
};
static const struct snap_rec seen_rec = SNAP_REC(struct ra_seen, seen_rows);
static const struct snap_field source_rows[] = {
	SNAP(struct ra_source, first),
	SNAP(struct ra_source, last),
	SNAP(struct ra_source, zero_at),
	SNAP(struct ra_source, kill_at),
	SNAP(struct ra_source, shape),
	SNAP(struct ra_source, shape_zero),
	SNAP(struct ra_source, lifetime),
	SNAP(struct ra_source, live),
	SNAP(struct ra_source, other),
	SNAP(struct ra_source, silence),
	SNAP(struct ra_source, learned),
	SNAP(struct ra_source, since),
	SNAP(struct ra_source, counted),
	SNAP(struct ra_source, times),
	SNAP(struct ra_source, kills),
	SNAP_SUBS(struct ra_source, prefix, prefix[0], seen_rec),
	SNAP_UPTO(struct ra_source, nprefix, RA_WINDOW),
};
static const struct snap_rec source_rec = SNAP_REC(struct ra_source, source_rows);
static const struct snap_field key_addr_rows[] = {
	SNAP(struct key_addr, roles),
};
static const struct snap_rec key_addr_rec = SNAP_REC(struct key_addr, key_addr_rows);
static const struct snap_field claim_rows[] = {
	SNAP(struct claim, owner),
	SNAP(struct claim, taker),
	SNAP(struct claim, by),
	SNAP(struct claim, at),
	SNAP(struct claim, back),
	SNAP(struct claim, key),
	SNAP(struct claim, told),
	SNAP(struct claim, proven),
	SNAP(struct claim, victim),
	SNAP(struct claim, has_victim),
};
static const struct snap_rec claim_rec = SNAP_REC(struct claim, claim_rows);
static const struct snap_field on_link_rows[] = {
	SNAP(struct on_link, p),
	SNAP(struct on_link, mac),
	SNAP(struct on_link, last),
	SNAP(struct on_link, until),
	SNAP(struct on_link, n),
	SNAP(struct on_link, delegated),
};
static const struct snap_rec on_link_rec = SNAP_REC(struct on_link, on_link_rows);
static const struct snap_field ra_segment_rows[] = {
	SNAP_SUBS(struct ra_segment, prefix, prefix[0], on_link_rec),
	SNAP_SUBS(struct ra_segment, source, source[0], seen_rec),
	SNAP_UPTO(struct ra_segment, nsource, RA_WINDOW),
	SNAP(struct ra_segment, mo),
	SNAP(struct ra_segment, authorised_seen),
	SNAP(struct ra_segment, two_clients),
	SNAP(struct ra_segment, had_ra),
	SNAP(struct ra_segment, flood_until),
	SNAP(struct ra_segment, first_rs),
	SNAP(struct ra_segment, solicits),
	SNAP(struct ra_segment, client),
	SNAP(struct ra_segment, learned),
};
static const struct snap_rec ra_segment_rec = SNAP_REC(struct ra_segment, ra_segment_rows);
static const struct snap_field suspect_rows[] = {
	SNAP(struct ra_suspect, seg),
	SNAP(struct ra_suspect, has_mac),
	SNAP(struct ra_suspect, used),
	SNAP(struct ra_suspect, nudge),
	SNAP(struct ra_suspect, mac),
	SNAP(struct ra_suspect, first),
	SNAP(struct ra_suspect, last),
	SNAP(struct ra_suspect, until),
	SNAP(struct ra_suspect, scanned),
	SNAP_ARRAY(struct ra_suspect, prefix, prefix[0]),
	SNAP_UPTO(struct ra_suspect, nprefix, RA_SUSPECT_PREFIXES),
};
static const struct snap_rec suspect_rec = SNAP_REC(struct ra_suspect, suspect_rows);
static const struct snap_field due_rows[] = {
	SNAP(struct claim_due, seg),
	SNAP(struct claim_due, used),
	SNAP(struct claim_due, addr),
	SNAP(struct claim_due, owner),
	SNAP(struct claim_due, taker),
	SNAP(struct claim_due, back),
	SNAP(struct claim_due, taker_at),
};
static const struct snap_rec due_rec = SNAP_REC(struct claim_due, due_rows);
static const struct snap_field ra_rows[] = {
	SNAP_NOT(struct rastate, at),
	SNAP_NOT(struct rastate, sources),
	SNAP_NOT(struct rastate, keys),
	SNAP_NOT(struct rastate, claims),
	SNAP_NOT(struct rastate, seg),
	SNAP_SUBS(struct rastate, suspect, suspect[0], suspect_rec),
	SNAP_UPTO(struct rastate, nsuspect, RA_SUSPECTS),
	SNAP_SUBS(struct rastate, due, due[0], due_rec),
	SNAP(struct rastate, ndue),
};
static const struct snap_rec ra_rec = SNAP_REC(struct rastate, ra_rows);

static bool
ra_loaded(struct engine *e)
{
	for (size_t i = 0; i < RA_SUSPECTS; i++)
		if (e->ra->suspect[i].used && e->ra->suspect[i].seg >= e->nsegment)
			return false;
	for (size_t i = 0; i < DUE; i++)
		if (e->ra->due[i].used && e->ra->due[i].seg >= e->nsegment)
			return false;
	return true;
}

const struct snap_store snap_ra[] = {
	{ .name = "ra sources", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ra), .member = offsetof(struct rastate, sources),
	  .key = &mac_key_rec, .value = &source_rec },
	{ .name = "key addresses", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ra), .member = offsetof(struct rastate, keys),
	  .key = &addr_key_rec, .value = &key_addr_rec },
	{ .name = "address claims", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ra), .member = offsetof(struct rastate, claims),
	  .key = &addr_key_rec, .value = &claim_rec },
	{ .name = "ra segments", .kind = SNAP_SEGMENTS, .owner = offsetof(struct engine, ra), .member = offsetof(struct rastate, seg),
	  .key = &snap_no_key, .value = &ra_segment_rec },
	{ .name = "ra suspects", .kind = SNAP_RECORD, .owner = offsetof(struct engine, ra),
	  .key = &snap_no_key, .value = &ra_rec, .loaded = ra_loaded },
	{ 0 },
};
/* clang-format on */
