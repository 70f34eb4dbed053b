#include "servers.h"
#include "vantage.h"
#include "snapshot.h"

/* 4096 VPN sessions are two hours of a dial-in a second or two; 8192 others are what an undeclared server is found in. */
enum { VPN_RING = 4096, OTHER_RING = 8192, FLOWS = 16384, ENDS = 16384, DIALS = 1024, STEPS = 256 };

struct flow_key {
	struct addr client, server;
	uint16_t cport, sport, seg;
};
struct end_key {
	struct addr addr;
	uint8_t end;
	uint16_t seg;
};
struct ring {
	struct session *v;
	uint32_t cap;
	uint64_t n;
};
struct sessions {
	struct ring ring[2]; /* 0: others, 1: to VPN servers */
	struct table flows, ends, dials;
	struct session *now;
	uint8_t news;
};

static const struct table_spec spec_flows = { "TLS flows", sizeof(struct flow_key), sizeof(uint64_t), FLOWS,
					      2 * TS_HOUR };
static const struct table_spec spec_ends = { "TLS ends", sizeof(struct end_key), sizeof(uint64_t), ENDS,
					     TS_DAY };
static const struct table_spec spec_dials = { "VPN dials", sizeof(uint64_t), sizeof(struct dial), DIALS, 0 };

size_t
sessions_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct sessions)) + align16(table_bytes(&spec_flows)) +
	       align16(table_bytes(&spec_ends)) + align16(table_bytes(&spec_dials)) +
	       (VPN_RING + OTHER_RING) * sizeof(struct session);
}

static char *
open_at(struct engine *e, struct table *t, const struct table_spec *spec, char *p)
{
	table_open(t, spec, p, e->key);
	return p + align16(table_bytes(spec));
}

void
sessions_open(struct engine *e, void *mem)
{
	struct sessions *s = mem;
	char *p = (char *)mem + align16(sizeof(struct sessions));

	e->sessions = s;
	p = open_at(e, &s->flows, &spec_flows, p);
	p = open_at(e, &s->ends, &spec_ends, p);
	p = open_at(e, &s->dials, &spec_dials, p);
	s->ring[0] = (struct ring){ .v = (struct session *)(void *)p, .cap = OTHER_RING };
	s->ring[1] = (struct ring){ .v = s->ring[0].v + OTHER_RING, .cap = VPN_RING };
}

/* ---- places in the rings: 0 is none ---- */
static uint64_t
place_of(unsigned ring, uint64_t n)
{
	return (n + 1) << 1 | ring;
}

static struct session *
session_at(struct engine *e, uint64_t place)
{
	struct ring *r = &e->sessions->ring[place & 1];
	uint64_t n = (place >> 1) - 1;

	return place && n < r->n && r->n - n <= r->cap ? &r->v[n % r->cap] : NULL;
}

static uint64_t *
end_place(struct engine *e, uint16_t seg, enum session_end end, struct addr a, bool make)
{
	struct end_key k;

	memset(&k, 0, sizeof(k));
	k.addr = a;
	k.end = (uint8_t)end;
	k.seg = seg;
	return make ? table_get(&e->sessions->ends, &k, e->now, NULL)
		    : table_find(&e->sessions->ends, &k, e->now);
}

struct session *
session_next(struct engine *e, uint16_t seg, enum session_end end, struct addr a, const struct session *prev)
{
	uint64_t place;

	if (prev) {
		place = end == END_CLIENT ? prev->prev_client : prev->prev_server;
	} else {
		const uint64_t *head = end_place(e, seg, end, a, false);
		place = head ? *head : 0;
	}
	struct session *s = session_at(e, place);
	/* a place that was written over belongs to somebody else */
	if (s == NULL || s->seg != seg || !addr_eq(end == END_CLIENT ? s->client : s->server, a) ||
	    (prev && s->start > prev->start))
		return NULL;
	return s;
}

struct session *
session_vpn_at(struct engine *e, uint64_t i)
{
	struct ring *r = &e->sessions->ring[1];

	return i < r->n && i < r->cap ? &r->v[(r->n - 1 - i) % r->cap] : NULL;
}

struct session *
session_now(struct engine *e, uint8_t *news)
{
	*news = e->sessions->news;
	return e->sessions->now;
}

/* ---- learning ---- */
static uint64_t
hash_of(struct bytes b)
{
	static const struct sipkey fixed = { { 7, 8 } };
	return b.n ? siphash(&fixed, b.p, b.n) | 1 : 0;
}

static bool
on_link(struct engine *e, const struct obs *o, struct addr a, struct mac m)
{
	uint8_t ttl = o->inner.hop_limit;

	if (o->depth || (o->flags & OBS_NO_ETHER) || mac_zero(m) || mac_group(m) ||
	    auth_router_mac(e, e->seg, m))
		return false;
	/* what senders start with: a routed packet has less */
	return ttl == 64 || ttl == 128 || ttl == 255 || binding_is(e, e->seg, a, m);
}

/* The two ends of a TLS or HTTP message, client first, whoever sent it. */
struct sides {
	struct addr client, server;
	uint16_t cport, sport;
	struct mac client_mac, server_mac;
	bool by_client;
};

static struct sides
sides_of(const struct obs *o, bool by_client)
{
	const struct ends *n = &o->inner;
	struct sides s = { .client = by_client ? n->src : n->dst,
			   .server = by_client ? n->dst : n->src,
			   .cport = by_client ? n->sport : n->dport,
			   .sport = by_client ? n->dport : n->sport,
			   .client_mac = by_client ? o->outer.smac : o->outer.dmac,
			   .server_mac = by_client ? o->outer.dmac : o->outer.smac,
			   .by_client = by_client };
	return s;
}

static uint64_t *
flow_place(struct engine *e, const struct sides *x, bool make)
{
	struct flow_key k;

	memset(&k, 0, sizeof(k));
	k.client = x->client;
	k.server = x->server;
	k.cport = x->cport;
	k.sport = x->sport;
	k.seg = e->seg->ix;
	return make ? table_get(&e->sessions->flows, &k, e->now, NULL)
		    : table_find(&e->sessions->flows, &k, e->now);
}

static struct session *
session_find(struct engine *e, const struct sides *x)
{
	const uint64_t *place = flow_place(e, x, false);
	struct session *s = place ? session_at(e, *place) : NULL;

	if (s == NULL || s->seg != e->seg->ix || s->cport != x->cport || s->sport != x->sport ||
	    !addr_eq(s->client, x->client) || !addr_eq(s->server, x->server))
		return NULL;
	return s;
}

static struct session *
session_make(struct engine *e, const struct sides *x, uint64_t sni)
{
	struct session s = { .start = e->now,
			     .client = x->client,
			     .server = x->server,
			     .cport = x->cport,
			     .sport = x->sport,
			     .seg = e->seg->ix,
			     .client_mac = x->client_mac,
			     .sni = sni,
			     .not_before = TS_NONE,
			     .not_after = TS_NONE };
	unsigned ring = session_vpn(e, &s);
	struct ring *r = &e->sessions->ring[ring];
	uint64_t place = place_of(ring, r->n);
	uint64_t *flow = flow_place(e, x, true), *of_client, *of_server;

	if ((of_client = end_place(e, s.seg, END_CLIENT, x->client, true))) {
		s.prev_client = *of_client;
		*of_client = place;
	}
	if ((of_server = end_place(e, s.seg, END_SERVER, x->server, true))) {
		s.prev_server = *of_server;
		*of_server = place;
	}
	if (flow)
		*flow = place;
	struct session *at = &r->v[r->n++ % r->cap];
	*at = s;
	return at;
}

/* NULL suites of RFC 5246 A.5 and 4492 6; the signalling values RFC 5746 3.3 and 7507 are no suites. */
static bool
only_null(struct bytes ciphers)
{
	static const uint16_t none[] = { 0x0001, 0x0002, 0x003b, 0xc001, 0xc006, 0xc00b, 0xc010, 0xc015 };
	size_t n = 0;

	for (size_t i = 0; i + 1 < ciphers.n && i < 512; i += 2) {
		uint16_t c = bytes_be16(ciphers, i);
		bool is = false;
		if (c == 0x00ff || c == 0x5600)
			continue;
		for (size_t k = 0; k < NELEM(none); k++)
			is |= none[k] == c;
		if (!is)
			return false;
		n++;
	}
	return n > 0;
}

static struct session *
client_hello(struct engine *e, const struct obs *o, const struct sides *x)
{
	const struct tls *t = &o->u.tls;
	uint64_t random = hash_of(t->random);
	struct session *s = session_find(e, x);

	/* the second hello after a HelloRetryRequest repeats the random (RFC 8446 4.1.2); another one is a new connection */
	if (s == NULL || (s->random && s->random != random))
		s = session_make(e, x, t->sni.n ? name_hash(t->sni) : 0);
	if (s->sni == 0 && t->sni.n) /* the answer came first */
		s->sni = name_hash(t->sni);
	s->random = random;
	s->offered = hash_of(t->session_id);
	s->client_mac = x->client_mac;
	if (t->ticket)
		s->flags |= SES_TICKET;
	if (only_null(t->ciphers))
		s->flags |= SES_NULL_OFFER;
	return s;
}

static void
server_hello(struct engine *e, const struct obs *o, const struct sides *x, struct session *s)
{
	const struct tls *t = &o->u.tls;
	uint64_t id = hash_of(t->session_id);

	if (t->hello_retry)
		return;
	s->server_mac = x->server_mac;
	s->flags |= SES_SERVER;
	if (on_link(e, o, s->server, s->server_mac))
		s->flags |= SES_SERVER_HERE;
	s->version = t->set >> TLSH_NEGOTIATED & 1 ? t->negotiated : t->version;
	s->cipher = t->cipher;
	if (s->version >= 0x0304) {
		s->flags |= SES_HIDDEN;
		if (session_vpn(e, s))
			vantage_sample(e, e->seg, VB_LEAF, false);
	} else if (id && id == s->offered) /* RFC 5246 7.4.1.3: the same id is a resumption */
		s->flags |= SES_RESUMED;
	if ((s->flags & SES_NULL_OFFER) && (t->cipher == 0x0002 || t->cipher == 0x003b))
		s->flags |= SES_NULL;
	server_answered(e, s);
}

/* The certificate of the session that this one resumes: only who holds its keys can resume it. */
static bool
reuse_leaf(struct engine *e, struct session *s)
{
	const struct session *old = s;

	for (unsigned i = 0; i < STEPS; i++) {
		old = session_next(e, s->seg, END_CLIENT, s->client, old);
		if (old == NULL)
			return false;
		if (!(old->flags & SES_LEAF) || !addr_eq(old->server, s->server) || old->sport != s->sport ||
		    old->sni != s->sni)
			continue;
		s->leaf = old->leaf;
		s->not_before = old->not_before;
		s->not_after = old->not_after;
		s->issuer = old->issuer;
		s->eku = old->eku;
		s->flags |= SES_LEAF | SES_REUSED;
		return true;
	}
	return false;
}

static bool
certificate(struct engine *e, const struct obs *o, struct session *s)
{
	const struct tls *t = &o->u.tls;

	if (!(t->set >> TLSH_LEAF & 1) || (s->flags & (SES_LEAF | SES_HIDDEN)))
		return false;
	memcpy(s->leaf.sha1, t->leaf.sha1, sizeof(s->leaf.sha1));
	memcpy(s->leaf.sha256, t->leaf.sha256, sizeof(s->leaf.sha256));
	s->leaf.has_sha1 = s->leaf.has_sha256 = true;
	s->not_before = t->set >> TLSH_NOT_BEFORE & 1 ? t->leaf.not_before : TS_NONE;
	s->not_after = t->set >> TLSH_NOT_AFTER & 1 ? t->leaf.not_after : TS_NONE;
	s->issuer = hash_of(t->leaf.issuer);
	s->eku = t->set >> TLSH_EKU & 1 ? t->leaf.eku : 0;
	s->flags |= SES_LEAF;
	if (session_vpn(e, s))
		vantage_sample(e, e->seg, VB_LEAF, true);
	/* seen before it is judged, so that a renewal is known; what it is called then stays with it */
	server_showed(e, s, false);
	if (session_standing(e, s).is != LEAF_OTHER)
		return true;
	s->flags |= SES_FOREIGN;
	server_showed(e, s, true);
	return true;
}

static void
handshake(struct engine *e, const struct obs *o, const struct sides *x)
{
	struct sessions *all = e->sessions;
	const struct tls *t = &o->u.tls;

	switch (t->hs_type) {
	case TLS_CLIENT_HELLO:
		all->now = client_hello(e, o, x);
		all->news = NEWS_CLIENT_HELLO;
		break;
	case TLS_SERVER_HELLO:
		if ((all->now = session_find(e, x)) == NULL)
			all->now = session_make(e, x, 0);
		server_hello(e, o, x, all->now);
		all->news = NEWS_SERVER_HELLO;
		if ((all->now->flags & SES_RESUMED) && reuse_leaf(e, all->now))
			all->news |= NEWS_LEAF;
		break;
	case TLS_CERTIFICATE:
		if ((all->now = session_find(e, x)) && !x->by_client && certificate(e, o, all->now))
			all->news = NEWS_LEAF;
		break;
	default: break;
	}
}

static void
data_seen(struct engine *e, const struct sides *x)
{
	struct session *s = session_find(e, x);

	if (s == NULL)
		return;
	e->sessions->now = s;
	e->sessions->news = NEWS_DATA;
	/* a ticket that was taken shows only in that no certificate came (RFC 5077 3.1) */
	if ((s->flags & (SES_SERVER | SES_TICKET | SES_LEAF | SES_HIDDEN)) == (SES_SERVER | SES_TICKET)) {
		s->flags |= SES_RESUMED;
		if (reuse_leaf(e, s))
			e->sessions->news |= NEWS_LEAF;
	}
	if (x->by_client)
		s->flags |= SES_ACCEPTED;
}

static void
learn_tls(struct engine *e, const struct obs *o)
{
	const struct tls *t = &o->u.tls;
	bool hello = t->content == TLS_HANDSHAKE && t->hs_type == TLS_CLIENT_HELLO;
	bool answer = t->content == TLS_HANDSHAKE && t->hs_type == TLS_SERVER_HELLO;
	struct sides x = sides_of(o, hello || (t->client && !answer));

	if (t->content == TLS_HANDSHAKE) {
		handshake(e, o, &x);
	} else if (t->content == TLS_DATA) {
		data_seen(e, &x);
	} else if (t->content == TLS_ALERT && (e->sessions->now = session_find(e, &x))) {
		if (x.by_client && t->set >> TLSH_ALERT & 1)
			e->sessions->now->alert = t->alert;
	}
	struct session *s = e->sessions->now;
	if (s == NULL)
		return;
	s->last = e->now;
	if (x.by_client && on_link(e, o, s->client, s->client_mac))
		s->flags |= SES_CLIENT_HERE;
}

/* SSTP in clear: where it goes is a VPN server, where it comes from is the off-loader in front of it. */
static void
learn_http(struct engine *e, const struct obs *o)
{
	if (!o->u.http.sstp || o->u.http.response)
		return;
	server_clear(e, o->inner.dst);
	server_clear(e, o->inner.src);
}

void
sessions_learn(struct engine *e, const struct obs *o)
{
	e->sessions->now = NULL;
	e->sessions->news = 0;
	if (o->kind == OBS_TLS)
		learn_tls(e, o);
	else if (o->kind == OBS_HTTP)
		learn_http(e, o);
}

/* ---- dials ---- */
void
dial_note(struct engine *e, uint64_t coid, uint64_t name, struct addr a)
{
	struct dial *d = coid ? table_get(&e->sessions->dials, &coid, e->now, NULL) : NULL;

	if (d)
		*d = (struct dial){ name, a };
}

const struct dial *
dial_of(struct engine *e, uint64_t coid)
{
	return coid ? table_peek(&e->sessions->dials, &coid) : NULL;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field flow_key_rows[] = {
	SNAP(struct flow_key, client),
	SNAP(struct flow_key, server),
	SNAP(struct flow_key, cport),
	SNAP(struct flow_key, sport),
	SNAP_SEG(struct flow_key, seg),
};
static const struct snap_rec flow_key_rec = SNAP_REC(struct flow_key, flow_key_rows);
static const struct snap_field end_key_rows[] = {
	SNAP(struct end_key, addr),
	SNAP_UPTO(struct end_key, end, END_SERVER),
	SNAP_SEG(struct end_key, seg),
};
static const struct snap_rec end_key_rec = SNAP_REC(struct end_key, end_key_rows);
struct session_place {
	uint64_t n;
};
static const struct snap_field place_rows[] = {
	SNAP(struct session_place, n),
};
static const struct snap_rec place_rec = SNAP_REC(struct session_place, place_rows);
static const struct snap_field dial_rows[] = {
	SNAP(struct dial, name),
	SNAP(struct dial, addr),
};
static const struct snap_rec dial_rec = SNAP_REC(struct dial, dial_rows);
static const struct snap_field leaf_rows[] = {
	SNAP_ARRAY(struct leaf, sha1, sha1[0]),
	SNAP_ARRAY(struct leaf, sha256, sha256[0]),
	SNAP(struct leaf, has_sha1),
	SNAP(struct leaf, has_sha256),
};
static const struct snap_rec leaf_rec = SNAP_REC(struct leaf, leaf_rows);
static const struct snap_field session_rows[] = {
	SNAP(struct session, start),
	SNAP(struct session, last),
	SNAP(struct session, client),
	SNAP(struct session, server),
	SNAP(struct session, cport),
	SNAP(struct session, sport),
	SNAP_SEG(struct session, seg),
	SNAP(struct session, flags),
	SNAP(struct session, version),
	SNAP(struct session, cipher),
	SNAP(struct session, eku),
	SNAP(struct session, alert),
	SNAP(struct session, client_mac),
	SNAP(struct session, server_mac),
	SNAP(struct session, sni),
	SNAP(struct session, random),
	SNAP(struct session, offered),
	SNAP(struct session, issuer),
	SNAP_SUB(struct session, leaf, leaf_rec),
	SNAP(struct session, not_before),
	SNAP(struct session, not_after),
	SNAP(struct session, prev_client),
	SNAP(struct session, prev_server),
};
static const struct snap_rec session_rec = SNAP_REC(struct session, session_rows);

static struct snap_ring
other_ring(struct engine *e)
{
	struct ring *r = &e->sessions->ring[0];
	return (struct snap_ring){ .v = r->v, .cap = r->cap, .ever = &r->n };
}

static struct snap_ring
vpn_ring(struct engine *e)
{
	struct ring *r = &e->sessions->ring[1];
	return (struct snap_ring){ .v = r->v, .cap = r->cap, .ever = &r->n };
}

const struct snap_store snap_sessions[] = {
	{ .name = "TLS sessions", .kind = SNAP_RING, .ring = other_ring, .key = &snap_no_key, .value = &session_rec },
	{ .name = "VPN sessions", .kind = SNAP_RING, .ring = vpn_ring, .key = &snap_no_key, .value = &session_rec },
	{ .name = "TLS flows", .kind = SNAP_TABLE, .owner = offsetof(struct engine, sessions), .member = offsetof(struct sessions, flows),
	  .key = &flow_key_rec, .value = &place_rec },
	{ .name = "TLS ends", .kind = SNAP_TABLE, .owner = offsetof(struct engine, sessions), .member = offsetof(struct sessions, ends),
	  .key = &end_key_rec, .value = &place_rec },
	{ .name = "VPN dials", .kind = SNAP_TABLE, .owner = offsetof(struct engine, sessions), .member = offsetof(struct sessions, dials),
	  .key = &place_rec, .value = &dial_rec },
	{ 0 },
};
/* clang-format on */
