/* DHCPv6: transactions, servers, leases, floods.  See d6state.h. */
#include "d6state.h"
#include "rastate.h"
#include "vantage.h"
#include "snapshot.h"

enum {
	TXNS = 4096,	/* a client's exchange lasts seconds; a flood turns them over */
	CLIENTS = 8192, /* clients that a server answered */
	LEASES = 8192,
	SOURCES = 2048, /* L2 sources of client messages within the window of a minute */
	DUIDS = 32768,	/* what makes a DUID new */
	SERVERS = 256,
	PENDING = 512, /* leases of the last 10 s */
	DEFENDED = 64,
	ITEMS_MAX = 256,  /* IAs or addresses read of one message: a 64 KiB message could hold 16,000 */
	SOURCE_DUIDS = 12 /* D6-FLOOD asks for 10 */
};
#define WINDOW	    (60 * TS_SEC) /* D6-FLOOD */
#define LIFE_BEFORE (60 * TS_SEC)
#define LIFE_AFTER  (10 * TS_SEC)

struct txn_key {
	uint16_t seg, pad;
	uint32_t xid;
	uint64_t who;
};
struct duid_key {
	uint64_t duid;
	uint32_t seg, pad;
};
struct lease_key {
	uint16_t seg;
	struct addr addr;
	uint8_t pad;
};
struct mac_key {
	uint16_t seg;
	struct mac mac;
};
struct server_key {
	struct mac_key at;
	uint64_t duid;
};

struct ask {
	uint64_t duid;
	uint32_t iaid;
	ts_t at;
};
struct source {
	struct ask ask[SOURCE_DUIDS];
	uint8_t n;
	ts_t relay_last;
};
struct server {
	ts_t first, last;
	uint8_t standing;
	bool after_silence, learned;
	/* since it says what it says: transactions that it completed, clients as bits of a sketch, the resolvers */
	ts_t since;
	uint32_t replies;
	uint64_t clients, dns;
};
struct pending {
	uint16_t seg;
	struct addr addr;
	ts_t due;
	bool sample;
};
struct defended {
	uint16_t seg;
	bool used;
	struct mac mac;
	struct addr addr;
	ts_t at;
};

/* Per segment: silence baseline (DETECTIONS.md 3) and the burst of new DUIDs. */
struct d6_segment {
	ts_t first_solicit;
	uint32_t solicits;
	struct mac client;
	bool two_clients, had_server;
	ts_t at[64];
	struct mac mac[64];
	uint32_t n; /* ever */
	struct d6_flood_due snap;
	uint32_t unprobed;
	ts_t unprobed_since, told;
	ts_t learned; /* since when a server is; 0: never */
};

struct d6state {
	struct d6_message at;
	struct table txns, clients, leases, sources, duids, servers;
	struct d6_segment seg[SEGMENTS_MAX];
	struct pending pending[PENDING];
	uint64_t pending_head;
	uint32_t pending_n;
	struct defended defended[DEFENDED];
	uint32_t defended_n;
};

static const struct table_spec specs[] = {
	{ "d6-transactions", sizeof(struct txn_key), sizeof(struct d6_txn), TXNS, 2 * TS_MIN },
	{ "d6-clients", sizeof(struct duid_key), sizeof(struct d6_client), CLIENTS, TS_DAY },
	{ "d6-leases", sizeof(struct lease_key), sizeof(struct d6_lease), LEASES, TS_DAY },
	{ "d6-sources", sizeof(struct mac_key), sizeof(struct source), SOURCES, TS_HOUR },
	{ "d6-duids", sizeof(struct duid_key), sizeof(ts_t), DUIDS, 30 * TS_DAY },
	{ "d6-servers", sizeof(struct server_key), sizeof(struct server), SERVERS, 30 * TS_DAY },
};

size_t
d6state_bytes(const struct engine_conf *conf)
{
	size_t n = align16(sizeof(struct d6state));

	(void)conf;
	for (size_t i = 0; i < NELEM(specs); i++)
		n += align16(table_bytes(&specs[i]));
	return n;
}

void
d6state_open(struct engine *e, void *mem)
{
	struct d6state *d = mem;
	struct table *t[] = { &d->txns, &d->clients, &d->leases, &d->sources, &d->duids, &d->servers };
	char *p = (char *)mem + align16(sizeof(*d));

	e->d6 = d;
	for (size_t i = 0; i < NELEM(specs); i++) {
		table_open(t[i], &specs[i], p, e->key);
		p += align16(table_bytes(&specs[i]));
	}
}

const struct d6_message *
d6_at(struct engine *e)
{
	return &e->d6->at;
}

/* 0 is kept for "absent". */
static uint64_t
hash_of(struct engine *e, struct bytes b)
{
	uint64_t h = b.p ? siphash13(&e->key, b.p, b.n) : 0;
	return b.p && h == 0 ? 1 : h;
}

uint64_t
d6_duid_key(struct engine *e, struct bytes b)
{
	return hash_of(e, b);
}

/* ---- reading the message at hand ---- */
static void
read_addresses(struct d6_message *m, const struct dhcp6_ia *ia)
{
	struct field_it it = { .rec = ia };
	struct dhcp6_addr a;

	for (; it.i < ITEMS_MAX && dhcp6_addr_next(&it, &a); it.i++) {
		if (m->client && m->nasked < D6_GIVEN)
			m->asked[m->nasked++] = a.addr;
		/* a lifetime of 0 or an error takes an address away (RFC 8415 18.3.4): it gives none */
		bool given = m->server && a.valid != 0 && !((a.set & 1) && a.status != 0) &&
			     !((ia->set & 2) && ia->status != 0);
		if (given && m->ngiven < D6_GIVEN)
			m->given[m->ngiven++] = (struct d6_given){ a.addr,  a.len,  ia->code, a.preferred,
								   a.valid, ia->t1, ia->t2 };
	}
}

static void
read_options(struct d6_message *m)
{
	struct field_it it = { .rec = &m->in };
	struct dhcp6_ia ia;
	struct cursor c = cur_all(m->in.dns);

	for (; it.i < ITEMS_MAX && dhcp6_ia_next(&it, &ia); it.i++) {
		m->any_ia = true;
		read_addresses(m, &ia);
	}
	while (cur_left(&c) >= 16 && m->ndns < D6_DNS_MAX)
		m->dns[m->ndns++] = addr6_read(&c);
}

static bool
is_server_type(uint8_t t)
{
	return t == D6_ADVERTISE || t == D6_REPLY || t == D6_RECONFIGURE;
}

static bool
is_client_type(uint8_t t)
{
	return (t >= D6_SOLICIT && t <= D6_REBIND && t != D6_ADVERTISE) || t == D6_RELEASE ||
	       t == D6_DECLINE || t == D6_INFORMATION_REQUEST;
}

/* Type and destination port make the message, whatever the source port (RFC 8415 7.2). */
static void
classify(struct d6_message *m, const struct obs *o)
{
	const struct dhcp6 *d = &o->u.dhcp6;
	struct addr link;

	m->type = d->msg_type;
	m->in = *d;
	if ((d->msg_type == D6_RELAY_FORW || d->msg_type == D6_RELAY_REPL) &&
	    o->inner.dport == DHCP6_SERVER_PORT) {
		dhcp6_innermost(d, &m->in, &link);
		m->relayed = true;
		m->server = d->msg_type == D6_RELAY_REPL && is_server_type(m->in.msg_type);
		m->client = d->msg_type == D6_RELAY_FORW && is_client_type(m->in.msg_type);
		m->type = m->in.msg_type;
	} else if (o->inner.dport == DHCP6_CLIENT_PORT) {
		m->server = is_server_type(d->msg_type);
	} else if (o->inner.dport == DHCP6_SERVER_PORT) {
		m->client = is_client_type(d->msg_type);
	}
}

/* ---- who sent it ---- */
bool
d6_is_relay(struct engine *e, const struct segment *s, struct mac m)
{
	struct mac_key k = { s->ix, m };
	const struct source *src = table_peek(&e->d6->sources, &k);

	/* anybody can send a Relay-Forward: where relays or routers are declared, only those are */
	if (auth_declared(e, s, SVC_RELAY) || auth_declared(e, s, SVC_ROUTER))
		return false;
	return src && src->relay_last != 0;
}

/* A declared server without a DUID: behind a relay nothing tells it from others. */
static bool
declared_without_duid(struct engine *e)
{
	const struct authority *a = e->conf->authority;

	for (size_t i = 0; a && i < a->nsite; i++)
		for (size_t k = 0; k < a->site[i].dhcp6_servers.n; k++)
			if (a->site[i].dhcp6_servers.v[k].nduid == 0)
				return true;
	return false;
}

static struct server *
server_of(struct engine *e, struct mac m, uint64_t duid)
{
	struct server_key k = { .at = { e->seg->ix, m }, .duid = duid };

	return table_peek(&e->d6->servers, &k);
}

/* A server may change its DUID, but not the station that it is. */
static bool
station_learned(struct engine *e, struct mac m)
{
	const struct table *t = &e->d6->servers;

	for (const struct server *s = table_next(t, NULL); s; s = table_next(t, s)) {
		const struct server_key *k = table_key(t, s);
		if (s->learned && k->at.seg == e->seg->ix && mac_eq(k->at.mac, m))
			return true;
	}
	return false;
}

/* Where nothing is declared: who is learned is tolerated, who came after that is not. */
static enum standing
standing_undeclared(struct engine *e, const struct d6_message *m)
{
	const struct d6_segment *g = &e->d6->seg[e->seg->ix];
	const struct server *s = server_of(e, m->mac, m->server_duid);

	if (g->learned == 0)
		return ST_UNKNOWN;
	if ((s && s->learned) || (!m->relayed && station_learned(e, m->mac)))
		return ST_TOLERATED;
	return s && s->first <= g->learned ? ST_UNKNOWN : ST_UNAUTHORISED;
}

/* Behind a relay the frame is the relay's and the DUID the server's: the DUID decides (DETECTIONS.md 5). */
static void
judge_declared(struct engine *e, struct d6_message *m, const struct obs *o)
{
	const struct mac none = { { 0 } };
	const struct addr absent = { 0 };
	struct bytes duid = m->in.server_duid;

	m->has_actor = true;
	m->st = auth_standing(e, e->seg, SVC_DHCP6, m->mac, o->inner.src, duid);
	if (m->st == ST_AUTHORISED || m->st == ST_TOLERATED)
		return;
	if (!auth_router_mac(e, e->seg, m->mac) && !d6_is_relay(e, e->seg, m->mac))
		return;
	m->relayed = true;
	m->has_actor = !auth_router_mac(e, e->seg, m->mac);
	m->st = auth_standing(e, e->seg, SVC_DHCP6, none, absent, duid);
	if (m->st == ST_UNAUTHORISED && declared_without_duid(e))
		m->st = ST_UNKNOWN;
}

static void
judge_sender(struct engine *e, struct d6_message *m, const struct obs *o)
{
	judge_declared(e, m, o);
	if (m->st == ST_UNKNOWN && !auth_declared(e, e->seg, SVC_DHCP6))
		m->st = standing_undeclared(e, m);
}

static void
client_from_frame(struct engine *e, struct d6_message *m, const struct obs *o)
{
	const struct dhcp6 *outer = &o->u.dhcp6;
	struct binding *b;

	if (m->txn && m->txn->has_client) {
		m->client_mac = m->txn->client;
		m->client_addr = m->txn->client_ll;
		m->has_client = true;
		return;
	}
	m->client_addr =
		m->server ? (m->type == o->u.dhcp6.msg_type ? o->inner.dst : outer->peer) : outer->peer;
	if (m->server && !m->relayed && !mac_group(o->inner.dmac)) {
		m->client_mac = o->inner.dmac;
		m->has_client = true;
	} else if (m->client && outer->client_ll.n == 8 && outer->client_ll.p[0] == 0 &&
		   outer->client_ll.p[1] == 1) {
		memcpy(m->client_mac.b, outer->client_ll.p + 2, 6); /* RFC 6939: type 1, Ethernet */
		m->has_client = true;
	} else if ((b = binding_find(e, e->seg, m->client_addr))) {
		m->client_mac = b->mac;
		m->has_client = true;
	} else {
		m->has_client = duid_mac(m->in.client_duid, &m->client_mac) ||
				addr_eui64(m->client_addr, &m->client_mac);
	}
}

/* ---- client messages ---- */
static struct d6_txn *
txn_of(struct engine *e, const struct d6_message *m, struct addr client, bool make)
{
	struct txn_key k = { .seg = e->seg->ix, .xid = m->in.xid, .who = m->client_duid };

	if (k.who == 0)
		k.who = hash_of(e, bytes_of(client.b, sizeof(client.b)));
	return make ? table_get(&e->d6->txns, &k, e->now, NULL) : table_find(&e->d6->txns, &k, e->now);
}

static void
txn_ask(struct engine *e, struct d6_message *m)
{
	struct d6_txn *t = txn_of(e, m, m->client_addr, true);

	m->txn = t;
	if (t == NULL)
		return;
	if (t->first == 0 || t->type != m->type) {
		*t = (struct d6_txn){ .first = e->now, .type = m->type };
		t->has_client = m->has_client;
		t->client = m->client_mac;
		t->client_ll = m->client_addr;
	}
	t->has_want = m->server_duid != 0;
	t->want = m->server_duid;
}

static void
segment_silence(struct engine *e, const struct d6_message *m)
{
	struct d6_segment *g = &e->d6->seg[e->seg->ix];

	if (m->type != D6_SOLICIT)
		return;
	vantage_sample(e, e->seg, VB_M6, true);
	if (g->solicits == 0) {
		g->first_solicit = e->now;
		g->client = m->client_mac;
	}
	g->solicits++;
	g->two_clients |= !mac_eq(g->client, m->client_mac);
}

static uint32_t
first_iaid(const struct d6_message *m)
{
	struct field_it it = { .rec = &m->in };
	struct dhcp6_ia ia;

	if (!dhcp6_ia_next(&it, &ia) || ia.iaid.n != 4)
		return 0;
	struct cursor c = cur_all(ia.iaid);
	return cur_be32(&c);
}

/* Distinct DUIDs of one source within the window; those that share the IAID too. */
static void
source_count(struct engine *e, struct d6_message *m)
{
	struct mac_key k = { e->seg->ix, m->mac };
	struct source *s = table_get(&e->d6->sources, &k, e->now, NULL);
	uint32_t iaid = first_iaid(m);
	unsigned duids = 0, same = 0;
	size_t i = 0, old = 0;

	if (s == NULL)
		return;
	if (m->relayed) {
		s->relay_last = e->now;
		return;
	}
	if (m->client_duid == 0)
		return;
	for (; i < s->n && s->ask[i].duid != m->client_duid; i++)
		if (s->ask[i].at < s->ask[old].at)
			old = i;
	if (i == s->n && s->n < SOURCE_DUIDS)
		s->n++;
	else if (i == s->n)
		i = old;
	s->ask[i] = (struct ask){ m->client_duid, iaid, e->now };
	for (size_t n = 0; n < s->n; n++) {
		bool fresh = e->now - s->ask[n].at <= WINDOW;
		duids += fresh;
		same += fresh && m->any_ia && s->ask[n].iaid == iaid;
	}
	bool exempt = d6_is_relay(e, e->seg, m->mac) || auth_router_mac(e, e->seg, m->mac) ||
		      auth_bridge(e, m->mac);
	m->source_flood = !exempt && duids >= 10;
	m->iaid_flood = !exempt && same >= 5;
}

/* A burst of new DUIDs is put aside until its senders have had their time to show a sign of life. */
static void
segment_count(struct engine *e, struct d6_message *m)
{
	struct duid_key k = { .duid = m->client_duid, .seg = e->seg->ix };
	struct d6_segment *g = &e->d6->seg[e->seg->ix];
	bool fresh;
	ts_t *first = m->client_duid ? table_get(&e->d6->duids, &k, e->now, &fresh) : NULL;

	if (first == NULL || !fresh || m->relayed)
		return;
	*first = e->now;
	g->at[g->n % NELEM(g->at)] = e->now;
	g->mac[g->n % NELEM(g->at)] = m->mac;
	g->n++;
	if (g->n < 50 || e->now - g->at[(g->n - 50) % NELEM(g->at)] > WINDOW)
		return;
	m->segment_flood = true;
	if (g->snap.open)
		return;
	g->snap = (struct d6_flood_due){ .due = e->now + LIFE_AFTER, .open = true };
	uint32_t from = g->n > NELEM(g->at) ? g->n - (uint32_t)NELEM(g->at) : 0;
	for (uint32_t i = from; i < g->n; i++) {
		if (e->now - g->at[i % NELEM(g->at)] > WINDOW)
			continue;
		g->snap.mac[g->snap.n] = g->mac[i % NELEM(g->at)];
		g->snap.at[g->snap.n++] = g->at[i % NELEM(g->at)];
	}
}

/* V_S6: a client that asks a server by name must have been answered by it before, where the mirror shows it. */
static void
sample_answer(struct engine *e, const struct d6_message *m)
{
	const struct d6_client *c;

	if (m->type != D6_REQUEST || m->relayed || actor_open(e, e->seg, m->mac, UINT32_C(1) << FAM_D6_FLOOD))
		return;
	c = d6_client_of(e, e->seg, m->client_duid);
	if (c && c->n && actor_open(e, e->seg, c->offer[0].mac, UINT32_C(1) << FAM_D6_ROGUE))
		return;
	bool seen = c && c->n && e->now - c->offer[0].at <= TS_MIN;
	vantage_sample(e, e->seg, VB_S6, seen);
	if (!seen && m->client_duid)
		vantage_unanswered(e, e->seg, VB_S6, (struct mac){ { 0 } }, m->client_duid, e->now);
}

static void
learn_client(struct engine *e, struct d6_message *m, const struct obs *o)
{
	if (!m->relayed) {
		m->client_mac = m->mac;
		m->client_addr = o->inner.src;
		m->has_client = true;
	} else {
		client_from_frame(e, m, o);
	}
	txn_ask(e, m);
	segment_silence(e, m);
	source_count(e, m);
	segment_count(e, m);
	sample_answer(e, m);
}

/* ---- server messages ---- */
static void
responder_add(struct engine *e, struct d6_message *m, const struct obs *o)
{
	struct d6_txn *t = m->txn;
	uint8_t i = 0;
	bool any, any6;
	struct prefix p;

	m->responder = D6_RESPONDERS;
	if (t == NULL || m->type == D6_RECONFIGURE)
		return;
	while (i < t->n && !(mac_eq(t->by[i].mac, m->mac) && t->by[i].duid == m->server_duid))
		i++;
	if (i == D6_RESPONDERS)
		return;
	if (i == t->n) {
		t->n++;
		t->by[i] = (struct d6_responder){ .mac = m->mac, .duid = m->server_duid };
	}
	struct d6_responder *r = &t->by[i];
	r->at = e->now;
	r->standing = (uint8_t)m->st;
	r->relayed = m->relayed;
	r->src = o->inner.src;
	r->dns = hash_of(e, m->in.dns);
	r->off_link = r->own = false;
	for (size_t n = 0; n < m->ngiven; n++) {
		struct addr a = m->given[n].addr;
		if (m->given[n].ia == D6O_IA_PD)
			continue;
		r->given = a;
		bool on = ra_on_link(e, e->seg, a, m->mac, &any) || auth_prefix(e, e->seg, a, &p, &any6);
		r->off_link |= !on && (any || any6);
	}
	for (size_t n = 0; n < m->ndns; n++)
		r->own |= addr_eq(m->dns[n], o->inner.src) || binding_is(e, e->seg, m->dns[n], m->mac);
	m->responder = i;
}

static void
offer_add(struct engine *e, const struct d6_message *m, const struct obs *o)
{
	struct duid_key k = { .duid = m->client_duid, .seg = e->seg->ix };
	struct d6_client *c = m->client_duid ? table_get(&e->d6->clients, &k, e->now, NULL) : NULL;
	size_t i = 0;

	if (c == NULL)
		return;
	while (i < c->n && !(mac_eq(c->offer[i].mac, m->mac) && c->offer[i].duid == m->server_duid))
		i++;
	struct d6_offer old = i < c->n ? c->offer[i] : (struct d6_offer){ 0 };
	if (i == c->n) {
		if (c->n < D6_OFFERS)
			c->n++;
		else
			i--;
	}
	memmove(c->offer + 1, c->offer, i * sizeof(c->offer[0]));
	c->offer[0] = (struct d6_offer){ m->mac,     m->server_duid, e->now,  (uint8_t)m->st,
					 m->relayed, o->inner.src,   old.addr };
	for (size_t n = m->ngiven; n-- > 0;)
		c->offer[0].addr = m->given[n].addr;
}

static void
pending_add(struct engine *e, struct addr a, bool sample)
{
	struct d6state *d = e->d6;

	if (d->pending_n == PENDING)
		return; /* a burst: the sample is large enough */
	d->pending[(d->pending_head + d->pending_n++) % PENDING] =
		(struct pending){ e->seg->ix, a, e->now + LIFE_AFTER, sample };
}

static void
lease_add(struct engine *e, const struct d6_message *m, const struct d6_given *g, const struct obs *o)
{
	struct lease_key k = { .seg = e->seg->ix, .addr = g->addr };
	bool fresh, reply = m->type == D6_REPLY;
	struct d6_lease *l = table_get(&e->d6->leases, &k, e->now, &fresh);

	if (l == NULL || (!fresh && l->replied && !reply && !mac_eq(l->server, m->mac)))
		return;
	if (fresh || l->duid != m->client_duid)
		*l = (struct d6_lease){ .duid = m->client_duid };
	bool again = l->replied;
	l->server = m->mac;
	l->server_ll = o->inner.src;
	l->client = m->client_mac;
	l->has_client = m->has_client;
	l->standing = (uint8_t)m->st;
	l->relayed = !m->has_actor;
	l->at = e->now;
	l->replied |= reply;
	if (reply && !again && !l->dad && !m->relayed)
		pending_add(e, g->addr, !actor_open(e, e->seg, m->mac, UINT32_C(1) << FAM_D6_ROGUE));
}

/* DETECTIONS.md 3: only where nothing is declared, never after a silence, and a change of its word begins anew. */
static void
server_settle(struct engine *e, const struct d6_message *m, struct server *s)
{
	const uint32_t against = UINT32_C(1) << FAM_D6_ROGUE | UINT32_C(1) << FAM_RA |
				 UINT32_C(1) << FAM_DNS | UINT32_C(1) << FAM_AUTH |
				 UINT32_C(1) << FAM_ND_SPOOF;
	uint64_t dns = m->in.dns.n ? hash_of(e, m->in.dns) : 0;
	unsigned clients = 0;

	if (m->type != D6_REPLY || m->st != ST_UNKNOWN || s->learned)
		return;
	if (s->since == 0 || (dns && s->dns && dns != s->dns)) {
		s->since = e->now;
		s->replies = 0;
		s->clients = 0;
	}
	s->dns = dns ? dns : s->dns;
	s->replies++;
	s->clients |= UINT64_C(1) << (m->client_duid & 63);
	for (uint64_t b = s->clients; b; b &= b - 1)
		clients++;
	if (s->after_silence || auth_declared(e, e->seg, SVC_DHCP6) || e->now - s->since < TS_DAY ||
	    s->replies < LEARN_TIMES || clients < LEARN_CLIENTS || actor_open(e, e->seg, m->mac, against))
		return;
	s->learned = true;
	if (e->d6->seg[e->seg->ix].learned == 0)
		e->d6->seg[e->seg->ix].learned = e->now;
}

/* First server message after a day in which clients asked in vain (DETECTIONS.md 3). */
static void
server_seen(struct engine *e, struct d6_message *m)
{
	struct server_key k = { .at = { e->seg->ix, m->mac }, .duid = m->server_duid };
	struct d6_segment *g = &e->d6->seg[e->seg->ix];
	bool fresh;
	struct server *s = table_get(&e->d6->servers, &k, e->now, &fresh);
	struct host *h = host_get(e, e->seg, m->mac, NULL);

	if (h && !m->relayed)
		host_more_of(e, h)->dhcp6_server_last = e->now;
	if (s && fresh) {
		s->first = e->now;
		s->after_silence = !g->had_server && g->solicits >= 10 && g->two_clients &&
				   e->now - g->first_solicit >= TS_DAY;
	}
	g->had_server = true;
	if (s == NULL)
		return;
	s->last = e->now;
	s->standing = (uint8_t)m->st;
	server_settle(e, m, s);
	m->first_after_silence = s->after_silence;
}

static void
learn_server(struct engine *e, struct d6_message *m, const struct obs *o)
{
	judge_sender(e, m, o);
	m->txn = txn_of(e, m, o->inner.dst, false);
	client_from_frame(e, m, o);
	server_seen(e, m);
	responder_add(e, m, o);
	offer_add(e, m, o);
	for (size_t i = 0; i < m->ngiven; i++) {
		struct d6_given *g = &m->given[i];
		if (g->ia != D6O_IA_PD)
			lease_add(e, m, g, o);
		else if (m->type == D6_REPLY && m->st == ST_AUTHORISED && g->len <= 128)
			ra_delegated(e, e->seg, (struct prefix){ g->addr, g->len }, m->mac, g->valid);
	}
	for (size_t i = 0; i < m->ndns; i++) {
		resolver_note(e, e->seg, m->dns[i], m->mac);
		if (m->st != ST_UNAUTHORISED && !actor_open(e, e->seg, m->mac, UINT32_C(1) << FAM_D6_ROGUE))
			key_note(e, e->seg, m->dns[i], KEY_RESOLVER);
	}
	if (m->st != ST_UNAUTHORISED && !m->relayed &&
	    !actor_open(e, e->seg, m->mac, UINT32_C(1) << FAM_D6_ROGUE))
		key_note(e, e->seg, o->inner.src, KEY_DHCP);
}

void
d6state_learn(struct engine *e, const struct obs *o)
{
	struct d6_message *m = &e->d6->at;

	*m = (struct d6_message){ .responder = D6_RESPONDERS };
	if (!sender_of(o, &m->mac))
		return;
	classify(m, o);
	if (!m->server && !m->client)
		return;
	m->valid = true;
	m->client_duid = hash_of(e, m->in.client_duid);
	m->server_duid = hash_of(e, m->in.server_duid);
	read_options(m);
	if (m->server)
		learn_server(e, m, o);
	else
		learn_client(e, m, o);
}

/* ---- questions ---- */
struct d6_client *
d6_client_of(struct engine *e, const struct segment *s, uint64_t duid)
{
	struct duid_key k = { .duid = duid, .seg = s->ix };
	return duid ? table_find(&e->d6->clients, &k, e->now) : NULL;
}

struct d6_lease *
d6_lease_of(struct engine *e, const struct segment *s, struct addr a)
{
	struct lease_key k = { .seg = s->ix, .addr = a };
	return table_find(&e->d6->leases, &k, e->now);
}

struct d6_lease *
d6state_nd(struct engine *e, const struct obs *o, bool *probe)
{
	const struct nd *n = &o->u.nd;
	struct mac from;

	*probe = n->type == ND_NS && addr_zero(o->inner.src); /* RFC 4862 5.4.2 */
	if ((!*probe && n->type != ND_NA) || !sender_of(o, &from) || (o->flags & OBS_SUM_BAD))
		return NULL;
	struct d6_lease *l = d6_lease_of(e, e->seg, n->target);
	if (l == NULL || e->now - l->at > TS_HOUR)
		return NULL;
	if (*probe) {
		bool again = l->dad;
		l->dad = true;
		if (!l->has_client) {
			l->client = from;
			l->has_client = true;
		}
		return again ? NULL : l;
	}
	if (l->has_client && !mac_eq(l->client, from) && e->now - l->at <= TS_MIN) {
		l->defender = from;
		l->has_defender = true;
	}
	return NULL;
}

bool
d6_flood_tell(struct engine *e, const struct segment *s)
{
	struct d6_segment *g = &e->d6->seg[s->ix];

	if (g->told && e->now - g->told < TS_SEC)
		return false;
	g->told = e->now;
	return true;
}

struct segment *
d6_flood_due(struct engine *e, unsigned *sources, unsigned *silent)
{
	for (uint16_t i = 0; i < e->nsegment; i++) {
		struct d6_flood_due *f = &e->d6->seg[i].snap;
		if (!f->open || e->now < f->due)
			continue;
		f->open = false;
		*sources = *silent = 0;
		for (size_t k = 0; k < f->n; k++) {
			size_t same = 0;
			while (!mac_eq(f->mac[same], f->mac[k]))
				same++;
			if (same < k)
				continue;
			struct host *h = host_find(e, e->segment_at[i], f->mac[k]);
			++*sources;
			*silent += h == NULL || h->last_alive == TS_NONE ||
				   h->last_alive < f->at[k] - LIFE_BEFORE;
		}
		return e->segment_at[i];
	}
	return NULL;
}

/* Enough unprobed leases in a minute to be worth a word. */
enum { UNPROBED_MIN = 10 };

unsigned
d6_unprobed(struct engine *e, struct segment **seg)
{
	struct d6state *d = e->d6;

	for (; d->pending_n && d->pending[d->pending_head].due <= e->now; d->pending_n--) {
		struct pending *p = &d->pending[d->pending_head];
		struct segment *s = e->segment_at[p->seg];
		struct d6_segment *g = &d->seg[p->seg];
		struct d6_lease *l = d6_lease_of(e, s, p->addr);

		d->pending_head = (d->pending_head + 1) % PENDING;
		if (l == NULL)
			continue;
		bool had = vantage_has(e, s, VB_DAD);
		if (p->sample)
			vantage_sample(e, s, VB_DAD, l->dad);
		if (l->dad || !had)
			continue;
		if (e->now - g->unprobed_since > WINDOW) {
			g->unprobed = 0;
			g->unprobed_since = e->now;
		}
		if (++g->unprobed >= UNPROBED_MIN) {
			unsigned n = g->unprobed;
			g->unprobed = 0;
			d->pending_n--;
			*seg = s;
			return n;
		}
	}
	return 0;
}

unsigned
d6_defended(struct engine *e, const struct segment *s, struct mac defender, struct addr a)
{
	struct d6state *d = e->d6;
	unsigned n = 0;
	bool known = false;

	for (size_t i = 0; i < DEFENDED; i++) {
		struct defended *x = &d->defended[i];
		if (!x->used || x->seg != s->ix || !mac_eq(x->mac, defender) || e->now - x->at > 10 * TS_MIN)
			continue;
		n++;
		known |= addr_eq(x->addr, a);
	}
	if (known)
		return n;
	d->defended[d->defended_n++ % DEFENDED] = (struct defended){ s->ix, true, defender, a, e->now };
	return n + 1;
}

bool
d6_server_at(struct engine *e, const struct segment *s, unsigned i, struct mac *m)
{
	for (struct server *v = table_next(&e->d6->servers, NULL); v; v = table_next(&e->d6->servers, v)) {
		const struct server_key *k = table_key(&e->d6->servers, v);
		if (k->at.seg != s->ix || v->standing == ST_UNAUTHORISED || auth_router_mac(e, s, k->at.mac))
			continue;
		if (i-- == 0) {
			*m = k->at.mac;
			return true;
		}
	}
	return false;
}

const void *
d6_server_next(struct engine *e, const void *at, struct d6_seen *seen)
{
	const struct server *s = table_next(&e->d6->servers, at);

	if (s) {
		const struct server_key *k = table_key(&e->d6->servers, s);
		*seen = (struct d6_seen){ k->at.seg,  k->at.mac,   s->first,  s->last,
					  s->replies, s->standing, s->learned };
	}
	return s;
}

void
d6_outage(struct engine *e, ts_t away)
{
	for (size_t i = 0; i < e->nsegment; i++)
		if (e->d6->seg[i].first_solicit)
			e->d6->seg[i].first_solicit += away;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field responder_rows[] = {
	SNAP(struct d6_responder, mac),
	SNAP(struct d6_responder, duid),
	SNAP(struct d6_responder, dns),
	SNAP(struct d6_responder, at),
	SNAP_UPTO(struct d6_responder, standing, ST_UNAUTHORISED),
	SNAP(struct d6_responder, off_link),
	SNAP(struct d6_responder, own),
	SNAP(struct d6_responder, accused),
	SNAP(struct d6_responder, relayed),
	SNAP(struct d6_responder, src),
	SNAP(struct d6_responder, given),
};
static const struct snap_rec responder_rec = SNAP_REC(struct d6_responder, responder_rows);
static const struct snap_field txn_key_rows[] = {
	SNAP_SEG(struct txn_key, seg),
	SNAP_NOT(struct txn_key, pad),
	SNAP(struct txn_key, xid),
	SNAP(struct txn_key, who),
};
static const struct snap_rec txn_key_rec = SNAP_REC(struct txn_key, txn_key_rows);
static const struct snap_field txn_rows[] = {
	SNAP(struct d6_txn, first),
	SNAP(struct d6_txn, type),
	SNAP(struct d6_txn, has_want),
	SNAP(struct d6_txn, has_client),
	SNAP(struct d6_txn, accepted),
	SNAP(struct d6_txn, want),
	SNAP(struct d6_txn, client),
	SNAP(struct d6_txn, client_ll),
	SNAP_UPTO(struct d6_txn, n, D6_RESPONDERS),
	SNAP_SOME_SUBS(struct d6_txn, by, by[0], n, responder_rec),
};
static const struct snap_rec txn_rec = SNAP_REC(struct d6_txn, txn_rows);
static const struct snap_field duid_key_rows[] = {
	SNAP(struct duid_key, duid),
	SNAP_SEG(struct duid_key, seg),
	SNAP_NOT(struct duid_key, pad),
};
static const struct snap_rec duid_key_rec = SNAP_REC(struct duid_key, duid_key_rows);
static const struct snap_field offer_rows[] = {
	SNAP(struct d6_offer, mac),
	SNAP(struct d6_offer, duid),
	SNAP(struct d6_offer, at),
	SNAP_UPTO(struct d6_offer, standing, ST_UNAUTHORISED),
	SNAP(struct d6_offer, relayed),
	SNAP(struct d6_offer, src),
	SNAP(struct d6_offer, addr),
};
static const struct snap_rec offer_rec = SNAP_REC(struct d6_offer, offer_rows);
static const struct snap_field client_rows[] = {
	SNAP_UPTO(struct d6_client, n, D6_OFFERS),
	SNAP_SOME_SUBS(struct d6_client, offer, offer[0], n, offer_rec),
};
static const struct snap_rec client_rec = SNAP_REC(struct d6_client, client_rows);
static const struct snap_field lease_key_rows[] = {
	SNAP_SEG(struct lease_key, seg),
	SNAP(struct lease_key, addr),
	SNAP_NOT(struct lease_key, pad),
};
static const struct snap_rec lease_key_rec = SNAP_REC(struct lease_key, lease_key_rows);
static const struct snap_field lease_rows[] = {
	SNAP(struct d6_lease, server),
	SNAP(struct d6_lease, client),
	SNAP(struct d6_lease, defender),
	SNAP(struct d6_lease, server_ll),
	SNAP(struct d6_lease, duid),
	SNAP(struct d6_lease, at),
	SNAP_UPTO(struct d6_lease, standing, ST_UNAUTHORISED),
	SNAP(struct d6_lease, dad),
	SNAP(struct d6_lease, has_client),
	SNAP(struct d6_lease, has_defender),
	SNAP(struct d6_lease, replied),
	SNAP(struct d6_lease, relayed),
};
static const struct snap_rec lease_rec = SNAP_REC(struct d6_lease, lease_rows);
static const struct snap_field mac_key_rows[] = {
	SNAP_SEG(struct mac_key, seg),
	SNAP(struct mac_key, mac),
};
static const struct snap_rec mac_key_rec = SNAP_REC(struct mac_key, mac_key_rows);
static const struct snap_field ask_rows[] = {
	SNAP(struct ask, duid),
	SNAP(struct ask, iaid),
	SNAP(struct ask, at),
};
static const struct snap_rec ask_rec = SNAP_REC(struct ask, ask_rows);
static const struct snap_field source_rows[] = {
	SNAP_SUBS(struct source, ask, ask[0], ask_rec),
	SNAP_UPTO(struct source, n, SOURCE_DUIDS),
	SNAP(struct source, relay_last),
};
static const struct snap_rec source_rec = SNAP_REC(struct source, source_rows);
struct seen_at {
	ts_t at;
};
static const struct snap_field seen_at_rows[] = {
	SNAP(struct seen_at, at),
};
static const struct snap_rec seen_at_rec = SNAP_REC(struct seen_at, seen_at_rows);
static const struct snap_field server_key_rows[] = {
	SNAP_SUB(struct server_key, at, mac_key_rec),
	SNAP(struct server_key, duid),
};
static const struct snap_rec server_key_rec = SNAP_REC(struct server_key, server_key_rows);
static const struct snap_field server_rows[] = {
	SNAP(struct server, first),
	SNAP(struct server, last),
	SNAP_UPTO(struct server, standing, ST_UNAUTHORISED),
	SNAP(struct server, after_silence),
	SNAP(struct server, learned),
	SNAP(struct server, since),
	SNAP(struct server, replies),
	SNAP(struct server, clients),
	SNAP(struct server, dns),
};
static const struct snap_rec server_rec = SNAP_REC(struct server, server_rows);
static const struct snap_field pending_rows[] = {
	SNAP_SEG(struct pending, seg),
	SNAP(struct pending, addr),
	SNAP(struct pending, due),
	SNAP(struct pending, sample),
};
static const struct snap_rec pending_rec = SNAP_REC(struct pending, pending_rows);
static const struct snap_field defended_rows[] = {
	SNAP(struct defended, seg),
	SNAP(struct defended, used),
	SNAP(struct defended, mac),
	SNAP(struct defended, addr),
	SNAP(struct defended, at),
};
static const struct snap_rec defended_rec = SNAP_REC(struct defended, defended_rows);
static const struct snap_field flood_due_rows[] = {
	SNAP_ARRAY(struct d6_flood_due, mac, mac[0]),
	SNAP_ARRAY(struct d6_flood_due, at, at[0]),
	SNAP_UPTO(struct d6_flood_due, n, 64),
	SNAP(struct d6_flood_due, due),
	SNAP(struct d6_flood_due, open),
};
static const struct snap_rec flood_due_rec = SNAP_REC(struct d6_flood_due, flood_due_rows);
static const struct snap_field d6_segment_rows[] = {
	SNAP(struct d6_segment, first_solicit),
	SNAP(struct d6_segment, solicits),
	SNAP(struct d6_segment, client),
	SNAP(struct d6_segment, two_clients),
	SNAP(struct d6_segment, had_server),
	SNAP_ARRAY(struct d6_segment, at, at[0]),
	SNAP_ARRAY(struct d6_segment, mac, mac[0]),
	SNAP(struct d6_segment, n),
	SNAP_SUB(struct d6_segment, snap, flood_due_rec),
	SNAP(struct d6_segment, unprobed),
	SNAP(struct d6_segment, unprobed_since),
	SNAP(struct d6_segment, told),
	SNAP(struct d6_segment, learned),
};
static const struct snap_rec d6_segment_rec = SNAP_REC(struct d6_segment, d6_segment_rows);
static const struct snap_field d6_rows[] = {
	SNAP_NOT(struct d6state, at),
	SNAP_NOT(struct d6state, txns),
	SNAP_NOT(struct d6state, clients),
	SNAP_NOT(struct d6state, leases),
	SNAP_NOT(struct d6state, sources),
	SNAP_NOT(struct d6state, duids),
	SNAP_NOT(struct d6state, servers),
	SNAP_NOT(struct d6state, seg),
	SNAP_NOT(struct d6state, pending),
	SNAP_NOT(struct d6state, pending_head),
	SNAP_NOT(struct d6state, pending_n),
	SNAP_SUBS(struct d6state, defended, defended[0], defended_rec),
	SNAP(struct d6state, defended_n),
};
static const struct snap_rec d6_rec = SNAP_REC(struct d6state, d6_rows);

static bool
defended_loaded(struct engine *e)
{
	for (size_t i = 0; i < DEFENDED; i++)
		if (e->d6->defended[i].used && e->d6->defended[i].seg >= e->nsegment)
			return false;
	return true;
}

static struct snap_ring
pending_ring(struct engine *e)
{
	struct d6state *d = e->d6;
	return (struct snap_ring){
		.v = d->pending, .cap = PENDING, .head = &d->pending_head, .n = &d->pending_n
	};
}
const struct snap_store snap_d6[] = {
	{ .name = "dhcp6 transactions", .kind = SNAP_TABLE, .owner = offsetof(struct engine, d6), .member = offsetof(struct d6state, txns),
	  .key = &txn_key_rec, .value = &txn_rec },
	{ .name = "dhcp6 clients", .kind = SNAP_TABLE, .owner = offsetof(struct engine, d6), .member = offsetof(struct d6state, clients),
	  .key = &duid_key_rec, .value = &client_rec },
	{ .name = "dhcp6 leases", .kind = SNAP_TABLE, .owner = offsetof(struct engine, d6), .member = offsetof(struct d6state, leases),
	  .key = &lease_key_rec, .value = &lease_rec },
	{ .name = "dhcp6 sources", .kind = SNAP_TABLE, .owner = offsetof(struct engine, d6), .member = offsetof(struct d6state, sources),
	  .key = &mac_key_rec, .value = &source_rec },
	{ .name = "dhcp6 clients known", .kind = SNAP_TABLE, .owner = offsetof(struct engine, d6), .member = offsetof(struct d6state, duids),
	  .key = &duid_key_rec, .value = &seen_at_rec },
	{ .name = "dhcp6 servers", .kind = SNAP_TABLE, .owner = offsetof(struct engine, d6), .member = offsetof(struct d6state, servers),
	  .key = &server_key_rec, .value = &server_rec },
	{ .name = "dhcp6 segments", .kind = SNAP_SEGMENTS, .owner = offsetof(struct engine, d6), .member = offsetof(struct d6state, seg),
	  .key = &snap_no_key, .value = &d6_segment_rec },
	{ .name = "dhcp6 leases due", .kind = SNAP_RING, .ring = pending_ring, .key = &snap_no_key, .value = &pending_rec },
	{ .name = "dhcp6 defended", .kind = SNAP_RECORD, .owner = offsetof(struct engine, d6),
	  .key = &snap_no_key, .value = &d6_rec, .loaded = defended_loaded },
	{ 0 },
};
/* clang-format on */
