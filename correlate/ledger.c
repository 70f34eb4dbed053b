#include "ledger.h"
#include "rates.h"
#include "vantage.h"
#include "snapshot.h"

/* How long things are remembered.  A client key that was not seen for 30 days counts as new (DETECTIONS.md 1.1). */
#define XACT_LIFE     (10 * TS_MIN)
#define CLIENT_LIFE   (30 * TS_DAY)
#define SAID_LIFE     (7 * TS_DAY)
#define LEASE_DEFAULT TS_HOUR /* an ACK without option 51 */

enum {
	SCOPES_PER_HOSTS = 64,
	CLIENTS_DEFAULT = 65536,
	CLIENTS_LEAST = 64,
	SILENT_DISCOVERS = 10,
	SETTLED = 10 /* messages of a server that contradicted nobody: it is no newcomer any more */
};

struct server_key {
	uint16_t seg;
	struct mac mac;
	struct addr id;
};
struct scope_key {
	uint16_t seg;
	uint8_t len;
	struct addr net;
};
struct lease_key {
	uint16_t seg;
	struct addr addr;
};
struct station_key {
	uint16_t seg;
	struct mac mac;
};
struct xact_key {
	uint32_t xid;
	uint16_t seg;
	uint8_t hlen, chaddr[16];
};

/* One server's word for one subnet. */
struct offerer {
	struct mac mac;
	struct addr id;
	ts_t since, last; /* since: its first message on the segment */
	struct d4_items items;
	bool used, trusted;
};
struct scope {
	struct offerer o[D4_OFFERERS];
};

/* What one MAC stands for: as chaddr for keys and leases, as L2 source for vouches. */
struct station {
	uint64_t cid; /* of its newest client key */
	uint32_t keys;
	struct {
		struct addr addr;
		ts_t expires;
	} lease[2]; /* the two that last longest */
	uint8_t vouched;
	ts_t vouched_since;
};

enum { SPECS = 6 };
uint32_t
ledger_clients(const struct engine_conf *conf)
{
	uint32_t hosts = conf->hosts ? conf->hosts : CLIENTS_DEFAULT;
	uint32_t n = conf->leases ? conf->leases : CLIENTS_DEFAULT;

	n = n < hosts ? n : hosts;
	return n < CLIENTS_LEAST ? CLIENTS_LEAST : n;
}

static void
specs(const struct engine_conf *conf, struct table_spec s[SPECS])
{
	uint32_t n = ledger_clients(conf);

	/* A transaction is asked about for 30 s; a quarter of the clients holds a flood of 500 a second for that long. */
	s[0] = (struct table_spec){ "dhcp4 transactions", sizeof(struct xact_key), sizeof(struct d4_xact),
				    n / 4, XACT_LIFE };
	s[1] = (struct table_spec){ "dhcp4 clients", sizeof(struct d4_client_key), sizeof(struct d4_client),
				    n, CLIENT_LIFE };
	s[2] = (struct table_spec){ "dhcp4 leases", sizeof(struct lease_key), sizeof(struct d4_lease), n, 0 };
	s[3] = (struct table_spec){ "dhcp4 servers", sizeof(struct server_key), sizeof(struct d4_server),
				    1024, CLIENT_LIFE };
	s[4] = (struct table_spec){ "dhcp4 subnets", sizeof(struct scope_key), sizeof(struct scope),
				    1 + n / SCOPES_PER_HOSTS, CLIENT_LIFE };
	s[5] = (struct table_spec){ "dhcp4 stations", sizeof(struct station_key), sizeof(struct station), n,
				    CLIENT_LIFE };
}

size_t
ledger_bytes(const struct engine_conf *conf)
{
	struct table_spec s[SPECS];
	size_t n = align16(sizeof(struct ledger));

	specs(conf, s);
	for (size_t i = 0; i < SPECS; i++)
		n += align16(table_bytes(&s[i]));
	return n;
}

static struct station *
station_get(struct engine *e, uint16_t seg, struct mac m)
{
	struct station_key k;

	memset(&k, 0, sizeof(k));
	k.seg = seg;
	k.mac = m;
	return table_get(&e->ledger->stations, &k, e->now, NULL);
}

static void
client_dropped(void *arg, const void *key, void *value)
{
	struct ledger *l = arg;
	const struct d4_client_key *k = key;
	const struct d4_client *c = value;
	struct station_key sk;

	memset(&sk, 0, sizeof(sk));
	sk.seg = k->seg;
	sk.mac = c->mac;
	struct station *s = table_peek(&l->stations, &sk);
	if (s && s->keys)
		s->keys--;
}

/* Takes a lease out of the counts that make each frame's look-up worth while. */
static void
unwatch(struct ledger *l, const struct d4_lease *lease)
{
	if (lease->tested && !lease->alive && l->watched)
		l->watched--;
	if (lease->excess && !lease->alive && l->excess)
		l->excess--;
}

static void
lease_dropped(void *arg, const void *key, void *value)
{
	(void)key;
	unwatch(arg, value);
}

void
ledger_open(struct engine *e, void *mem)
{
	struct table_spec s[SPECS];
	struct ledger *l = mem;
	char *p = (char *)mem + align16(sizeof(*l));

	e->ledger = l;
	l->engine = e;
	specs(e->conf, s);
	struct table *const t[SPECS] = { &l->xacts,   &l->clients, &l->leases,
					 &l->servers, &l->scopes,  &l->stations };
	for (size_t i = 0; i < SPECS; i++) {
		table_open(t[i], &s[i], p, e->key);
		p += align16(table_bytes(&s[i]));
	}
	l->clients.on_drop = client_dropped;
	l->leases.on_drop = lease_dropped;
	l->clients.arg = l->leases.arg = l;
}

/* ---- look-ups ---- */
bool
ledger_key_eq(const struct d4_client_key *a, const struct d4_client_key *b)
{
	return a->cid == b->cid && a->seg == b->seg && a->hlen == b->hlen &&
	       memcmp(a->chaddr, b->chaddr, sizeof(a->chaddr)) == 0;
}

struct d4_client *
ledger_client(struct engine *e, const struct d4_client_key *k)
{
	return table_peek(&e->ledger->clients, k);
}

struct d4_client *
ledger_client_by_mac(struct engine *e, const struct segment *s, struct mac m)
{
	struct station_key sk;
	struct d4_client_key k;

	memset(&sk, 0, sizeof(sk));
	sk.seg = s->ix;
	sk.mac = m;
	const struct station *st = table_peek(&e->ledger->stations, &sk);
	if (st == NULL)
		return NULL;
	memset(&k, 0, sizeof(k));
	k.cid = st->cid;
	k.seg = s->ix;
	k.hlen = sizeof(m.b);
	memcpy(k.chaddr, m.b, sizeof(m.b));
	return ledger_client(e, &k);
}

struct d4_lease *
ledger_lease(struct engine *e, const struct segment *s, struct addr a)
{
	struct lease_key k;

	memset(&k, 0, sizeof(k));
	k.seg = s->ix;
	k.addr = a;
	return table_peek(&e->ledger->leases, &k);
}

/* Any frame but DHCP from the MAC, at most a day before `from`. */
static bool
mac_alive(struct engine *e, const struct segment *s, struct mac m, ts_t from)
{
	struct host *h = mac_zero(m) ? NULL : host_find(e, s, m);
	return h && h->last_alive != TS_NONE && h->last_alive >= from - TS_DAY;
}

bool
ledger_client_alive(struct engine *e, const struct segment *s, const struct d4_client *c)
{
	struct station *st = station_get(e, s->ix, c->mac);
	return mac_alive(e, s, c->mac, c->first) && (st == NULL || st->keys < D4_MANY_KEYS);
}

static bool
holds_other(struct engine *e, uint16_t seg, struct mac m, struct addr a)
{
	struct station *st = station_get(e, seg, m);

	for (size_t i = 0; st && i < NELEM(st->lease); i++)
		if (addr_set(st->lease[i].addr) && !addr_eq(st->lease[i].addr, a) &&
		    st->lease[i].expires > e->now)
			return true;
	return false;
}

static void
lease_revive(struct engine *e, struct d4_lease *lease)
{
	unwatch(e->ledger, lease);
	lease->alive = true;
	rates_revived(e, lease, true);
	lease->ghost = lease->unused = lease->excess = false;
}

bool
ledger_alive(struct engine *e, struct d4_lease *lease)
{
	struct segment *s = e->segment_at[lease->seg];

	if (!lease->alive && mac_alive(e, s, lease->mac, lease->acked) &&
	    !holds_other(e, lease->seg, lease->mac, lease->addr))
		lease_revive(e, lease);
	return lease->alive;
}

/* ---- signs of life ---- */
/* One L2 source vouches for few leases: who answers for everybody answers for nobody.  A day later it may again. */
static bool
may_vouch(struct engine *e, struct mac l2)
{
	struct station *st = station_get(e, e->seg->ix, l2);

	if (st == NULL)
		return false;
	if (e->now - st->vouched_since > TS_DAY) {
		st->vouched = 0;
		st->vouched_since = e->now;
	}
	if (st->vouched >= D4_VOUCH)
		return false;
	st->vouched++;
	return true;
}

static void
address_seen(struct engine *e, struct addr a, struct mac l2)
{
	struct d4_lease *lease = ledger_lease(e, e->seg, a);

	if (lease == NULL || lease->alive || !lease->tested)
		return;
	if (lease->excess) {
		if (lease->ip_in && lease->ip_out)
			lease_revive(e, lease);
	} else if (may_vouch(e, l2)) {
		lease_revive(e, lease);
	} else {
		lease->excess = true;
		e->ledger->excess++;
		rates_revived(e, lease, false);
		lease->ghost = false;
	}
}

/* Spares most frames of bulk traffic the look-up. */
static bool
leased_range(const struct rates_seg *rs, struct addr a)
{
	return memcmp(a.b, rs->low.b, 4) >= 0 && memcmp(a.b, rs->high.b, 4) <= 0;
}

static void
learn_frame(struct engine *e, const struct obs *o)
{
	struct ledger *l = e->ledger;
	const struct ends *n = &o->outer;

	if (l->watched == 0 || n->src.fam != 4 || (n->ipproto == 17 && (n->dport == 67 || n->dport == 68)))
		return;
	const struct rates_seg *rs = rates_of(e, e->seg);
	struct d4_lease *from = leased_range(rs, n->src) ? ledger_lease(e, e->seg, n->src) : NULL;
	if (from && !from->alive) {
		from->ip_out = true;
		address_seen(e, n->src, n->smac);
	}
	struct d4_lease *to = l->excess && leased_range(rs, n->dst) ? ledger_lease(e, e->seg, n->dst) : NULL;
	if (to && !to->alive && to->excess) {
		to->ip_in = true;
		address_seen(e, n->dst, n->smac);
	}
}

static void
learn_arp(struct engine *e, const struct obs *o)
{
	const struct arp *a = &o->u.arp;
	struct rates_seg *rs = rates_of(e, e->seg);
	bool any;

	if (rs->own.a.fam == 0 && !addr_zero(a->spa))
		(void)auth_prefix(e, e->seg, a->spa, &rs->own, &any);
	if (e->ledger->watched)
		address_seen(e, addr_zero(a->spa) ? a->tpa : a->spa, o->outer.smac);
}

/* ---- what a server says ---- */
/* Lists of addresses come in any order (servers rotate them): a sum of hashes; everything else as it stands. */
static uint64_t
value_hash(struct engine *e, struct bytes v, bool list)
{
	uint64_t h = 0;
	struct cursor c = cur_all(v);

	if (!list || v.n % 4)
		h = siphash13(&e->key, v.p, v.n);
	else
		while (cur_more(&c)) {
			struct bytes one = cur_take(&c, 4);
			h += siphash13(&e->key, one.p, one.n);
		}
	return h ? h : 1;
}

static const struct {
	uint8_t code;
	bool list;
} item_of[D4_ITEMS] = {
	[DI_ROUTER] = { D4O_ROUTER, true },  [DI_DNS] = { D4O_DNS, true },
	[DI_ROUTES] = { D4O_ROUTES, false }, [DI_ROUTES_MS] = { D4O_ROUTES_MS, false },
	[DI_WPAD] = { D4O_WPAD, false },     [DI_MASK] = { D4O_MASK, false },
	[DI_DOMAIN] = { D4O_DOMAIN, false }, [DI_SEARCH] = { D4O_DOMAIN_SEARCH, false },
	[DI_TFTP] = { D4O_TFTP, false },     [DI_BOOTFILE] = { D4O_BOOTFILE, false },
	[DI_NTP] = { D4O_NTP, true },	     [DI_NBNS] = { D4O_NBNS, true },
};

static void
items_read(struct engine *e, const struct dhcp4 *d, uint16_t asked, struct d4_items *it)
{
	for (unsigned i = 0; i < D4_ITEMS; i++) {
		struct bytes v = item_of[i].code ? dhcp4_opt(d, item_of[i].code) : (struct bytes){ NULL, 0 };
		if (i == DI_SIADDR && addr_set(d->siaddr) && !addr_zero(d->siaddr))
			v = bytes_of(d->siaddr.b, 4);
		if (v.p) {
			it->hash[i] = value_hash(e, v, item_of[i].list);
			it->have |= (uint16_t)(1u << i);
		} else if (asked >> i & 1) {
			it->missing |= (uint16_t)(1u << i);
		}
	}
}

/* Items that option 55 asks for. */
static uint16_t
asked_items(const struct dhcp4 *d, bool *any)
{
	struct cursor c = cur_all(dhcp4_opt(d, D4O_PARAMS));
	uint16_t set = 0;

	*any = cur_more(&c);
	while (cur_more(&c)) {
		uint8_t code = cur_u8(&c);
		for (unsigned i = 0; i < D4_ITEMS; i++)
			if (code && item_of[i].code == code)
				set |= (uint16_t)(1u << i);
	}
	return set;
}

struct addr
ledger_pac_host(const struct dhcp4 *d)
{
	struct bytes url = bytes_text(dhcp4_opt(d, D4O_WPAD));
	struct cursor c = cur_all(url);
	size_t start = 0, slashes = 0, end = url.n;
	struct addr a;

	/* scheme "://" host, with a port, a path or nothing behind it (RFC 3986 3.2) */
	while (cur_more(&c) && slashes < 2) {
		slashes += cur_u8(&c) == '/';
		start = cur_off(&c);
	}
	while (slashes == 2 && cur_more(&c)) {
		uint8_t ch = cur_u8(&c);
		if (ch == '/' || ch == ':' || ch <= ' ') {
			end = cur_off(&c) - 1;
			break;
		}
	}
	struct cursor host = cur_all(url);
	cur_skip(&host, start);
	struct bytes text = cur_take(&host, end - start);
	return slashes == 2 && text.p && addr_parse(text, &a) ? a : (struct addr){ 0 };
}

/* Does the message send traffic or names to its own sender? */
static bool
leads_to_self(struct engine *e, const struct dhcp4 *d, const struct d4_now *n)
{
	static const uint8_t codes[] = { D4O_ROUTER, D4O_DNS };

	for (size_t i = 0; i < NELEM(codes); i++) {
		struct cursor c = cur_all(dhcp4_opt(d, codes[i]));
		while (cur_left(&c) >= 4) {
			struct addr a = addr4_read(&c);
			if (addr_eq(a, n->id) || addr_eq(a, e->o->inner.src) ||
			    binding_is(e, e->seg, a, n->l2))
				return true;
		}
	}
	struct addr pac = ledger_pac_host(d);
	return addr_set(pac) && (addr_eq(pac, n->id) || binding_is(e, e->seg, pac, n->l2));
}

/* Where the message belongs: the declared prefix, else the /24 (a mask is the server's own claim). */
static struct scope *
scope_get(struct engine *e, struct addr a)
{
	struct scope_key k;
	struct prefix p;
	bool any;

	memset(&k, 0, sizeof(k));
	k.seg = e->seg->ix;
	if (auth_prefix(e, e->seg, a, &p, &any)) {
		k.net = p.a;
		k.len = p.len;
	} else {
		k.net = addr4(a.b[0], a.b[1], a.b[2], 0);
		k.len = 24;
	}
	return table_get(&e->ledger->scopes, &k, e->now, NULL);
}

/* Its own place, a free one, or that of the stranger that came last: who was there first stays. */
static struct offerer *
offerer_get(struct scope *s, struct mac mac, struct addr id)
{
	struct offerer *spare = NULL;

	for (size_t i = 0; i < D4_OFFERERS; i++) {
		struct offerer *o = &s->o[i];
		if (o->used && mac_eq(o->mac, mac) && addr_eq(o->id, id))
			return o;
		if (!o->used && (spare == NULL || spare->used))
			spare = o;
		else if (o->used && !o->trusted &&
			 (spare == NULL || (spare->used && o->since > spare->since)))
			spare = o;
	}
	if (spare)
		*spare = (struct offerer){ .mac = mac, .id = id };
	return spare;
}

/* Items of `b` that `a` says otherwise, or says where `b` was asked and said nothing. */
static uint16_t
items_against(const struct d4_items *a, const struct d4_items *b)
{
	uint16_t set = 0;

	for (unsigned i = 0; i < D4_ITEMS; i++)
		if (a->have >> i & 1 &&
		    ((b->have >> i & 1 && a->hash[i] != b->hash[i]) || b->missing >> i & 1))
			set |= (uint16_t)(1u << i);
	return set;
}

static void
compare_trusted(struct engine *e, const struct scope *s, struct d4_now *n)
{
	uint16_t same = 0, said = 0;

	for (size_t i = 0; i < D4_OFFERERS; i++) {
		const struct offerer *o = &s->o[i];
		if (!o->used || !o->trusted || e->now - o->last > SAID_LIFE)
			continue;
		n->trusted_known = true;
		uint16_t differs = items_against(&n->items, &o->items);
		said |= (uint16_t)(o->items.have | o->items.missing);
		same |= (uint16_t)((o->items.have | o->items.missing) & ~differs);
	}
	n->against_trusted = (uint16_t)(n->items.have & said & ~same);
}

static void
compare_earlier(struct engine *e, const struct scope *s, struct d4_now *n)
{
	if (n->s->agreed >= SETTLED && e->now - n->s->first > TS_HOUR)
		return;
	for (size_t i = 0; i < D4_OFFERERS; i++) {
		const struct offerer *o = &s->o[i];
		bool same_box = mac_eq(o->mac, n->l2) && !(n->relay && !addr_eq(o->id, n->id));
		if (!o->used || same_box || o->since >= n->s->first || e->now - o->last > SAID_LIFE ||
		    actor_open(e, e->seg, o->mac, UINT32_C(1) << FAM_D4_ROGUE))
			continue;
		n->against_earlier |= items_against(&n->items, &o->items) & ((1u << DI_PATH) - 1);
	}
}

static void
scope_learn(struct engine *e, const struct dhcp4 *d, struct d4_now *n)
{
	struct addr a = addr_zero(d->yiaddr) ? d->ciaddr : d->yiaddr;
	struct scope *s = addr_zero(a) || n->proxy ? NULL : scope_get(e, a);

	if (s == NULL)
		return;
	compare_trusted(e, s, n);
	if (n->st == ST_UNKNOWN)
		compare_earlier(e, s, n);
	struct offerer *o = offerer_get(s, n->l2, n->id);
	if (o == NULL)
		return;
	if (o->used)
		n->changed = items_against(&n->items, &o->items);
	struct d4_items keep = n->items;
	uint16_t old = (uint16_t)(o->items.have & ~n->items.have & ~n->items.missing);
	for (unsigned i = 0; i < D4_ITEMS;
	     i++) /* what this client did not ask for stays as it was said before */
		if (old >> i & 1)
			keep.hash[i] = o->items.hash[i];
	keep.have |= old;
	keep.missing |= (uint16_t)(o->items.missing & ~keep.have);
	*o = (struct offerer){ .mac = n->l2,
			       .id = n->id,
			       .since = n->s->first,
			       .last = e->now,
			       .items = keep,
			       .used = true,
			       .trusted = n->trusted };
}

/* ---- who a server is ---- */
static bool
looks_like_proxy(const struct dhcp4 *d, const struct d4_now *n)
{
	static const uint8_t not_there[] = { D4O_ROUTER, D4O_DNS, D4O_ROUTES, D4O_ROUTES_MS, D4O_WPAD };
	struct bytes class = dhcp4_opt(d, D4O_VENDOR_CLASS);

	if (!addr_zero(d->yiaddr) || !n->x->pxe || class.n < 9 ||
	    !bytes_eq(bytes_of(class.p, 9), bytes_str("PXEClient")))
		return false;
	for (size_t i = 0; i < NELEM(not_there); i++)
		if (dhcp4_opt(d, not_there[i]).p)
			return false;
	return true;
}

/* The clients' side of a relay shows no request that it passed on, only replies: of a declared server that is not here, by the
 * station that is the giaddr. */
static bool
clients_side(struct engine *e, const struct dhcp4 *d, const struct d4_now *n)
{
	struct bytes none = { NULL, 0 };
	const struct binding *b = binding_find(e, e->seg, n->id), *g = binding_find(e, e->seg, d->giaddr);

	return !n->router && !addr_zero(d->giaddr) && !auth_declared(e, e->seg, SVC_ROUTER) &&
	       !auth_declared(e, e->seg, SVC_RELAY) && auth_id_known(e, e->seg, SVC_DHCP4, n->id, none) &&
	       (b == NULL || mac_eq(b->mac, n->l2)) && (g == NULL || mac_eq(g->mac, n->l2));
}

/* A second adapter of a declared server: it owns the address by ARP and nobody else claimed it lately. */
static bool
team_member(struct engine *e, const struct d4_now *n)
{
	struct bytes none = { NULL, 0 };
	struct binding *b = binding_find(e, e->seg, n->id);

	return auth_id_known(e, e->seg, SVC_DHCP4, n->id, none) && b && mac_eq(b->mac, n->l2) &&
	       b->src == BIND_ARP && !b->contested &&
	       (mac_zero(b->prev) || e->now - b->prev_last > 10 * TS_MIN) &&
	       !actor_open(e, e->seg, n->l2, UINT32_C(1) << FAM_ND_SPOOF | UINT32_C(1) << FAM_D4_ROGUE);
}

static enum standing
standing_undeclared(struct engine *e, const struct d4_now *n)
{
	const struct d4_segment *g = &e->ledger->seg[e->seg->ix];

	if (n->s && n->s->learned)
		return ST_TOLERATED;
	if (g->silent || (g->learned && n->s && n->s->first > g->learned))
		return ST_UNAUTHORISED;
	return ST_UNKNOWN;
}

static void
standing(struct engine *e, const struct dhcp4 *d, struct d4_now *n)
{
	struct bytes none = { NULL, 0 };
	struct mac nobody = { { 0 } };
	enum standing st = auth_standing(e, e->seg, SVC_DHCP4, n->l2, n->id, none);

	if (st != ST_AUTHORISED && n->router &&
	    auth_standing(e, e->seg, SVC_DHCP4, nobody, n->id, none) == ST_AUTHORISED)
		st = ST_AUTHORISED; /* a remote server behind its relay or router */
	if (st != ST_AUTHORISED && addr_zero(d->yiaddr) &&
	    auth_standing(e, e->seg, SVC_PXE, n->l2, n->id, none) == ST_AUTHORISED)
		st = ST_AUTHORISED;
	n->proxy = st != ST_AUTHORISED && !auth_declared(e, e->seg, SVC_PXE) && looks_like_proxy(d, n);
	if (st == ST_UNAUTHORISED && !n->router && team_member(e, n)) {
		st = ST_AUTHORISED;
		n->team = true;
	}
	if (st == ST_UNKNOWN)
		st = standing_undeclared(e, n);
	n->st = (uint8_t)st;
	n->trusted = st == ST_AUTHORISED || st == ST_TOLERATED;
}

/* DETECTIONS.md 3: only where nothing is declared, and never on a segment that used to have no server. */
static void
server_settle(struct engine *e, struct d4_now *n)
{
	struct d4_segment *g = &e->ledger->seg[e->seg->ix];
	struct d4_server *s = n->s;
	unsigned clients = 0;

	for (uint64_t b = s->clients; b; b &= b - 1)
		clients++;
	if (n->st != ST_UNKNOWN || s->learned || s->contradicted || g->silent || e->now - s->first < TS_DAY ||
	    s->acks < LEARN_TIMES || clients < LEARN_CLIENTS ||
	    actor_open(e, e->seg, n->l2, UINT32_C(1) << FAM_D4_ROGUE))
		return;
	s->learned = true;
	if (g->learned == 0)
		g->learned = e->now;
}

static void
server_learn(struct engine *e, const struct dhcp4 *d, struct d4_now *n)
{
	struct d4_server *s = n->s;

	s->last = e->now;
	if (n->against_earlier)
		s->contradicted = true;
	else if (n->items.have)
		s->agreed++;
	if (d->msg_type == D4_ACK) {
		s->acks++;
		s->clients |= UINT64_C(1) << (siphash13(&e->key, d->chaddr.p, d->chaddr.n) & 63);
	}
	s->proxied |= n->proxy;
	s->served |= !n->proxy && (d->msg_type == D4_ACK || d->msg_type == D4_OFFER);
	server_settle(e, n);
	struct host *h = host_find(e, e->seg, n->l2);
	if (h)
		host_more_of(e, h)->dhcp4_server_last = e->now;
	struct rates_seg *rs = rates_of(e, e->seg);
	if (!n->router && !n->relay && n->st != ST_UNAUTHORISED && !n->proxy &&
	    !actor_open(e, e->seg, n->l2, UINT32_C(1) << FAM_D4_ROGUE)) {
		rs->server = n->l2;
		rs->server_id = n->id;
	}
	rs->server_at = e->now;
}

/* ---- transactions ---- */
static struct d4_xact *
xact_get(struct engine *e, const struct dhcp4 *d)
{
	struct xact_key k;
	bool fresh;

	memset(&k, 0, sizeof(k));
	k.seg = e->seg->ix;
	k.xid = d->xid;
	k.hlen = (uint8_t)d->chaddr.n;
	struct cursor c = cur_all(d->chaddr);
	cur_copy(&c, k.chaddr, d->chaddr.n <= sizeof(k.chaddr) ? d->chaddr.n : 0);
	struct d4_xact *x = table_get(&e->ledger->xacts, &k, e->now, &fresh);
	if (x && fresh)
		x->first = e->now;
	if (x)
		x->last = e->now;
	return x;
}

static void
answer_note(struct engine *e, const struct dhcp4 *d, struct d4_now *n)
{
	struct d4_xact *x = n->x;
	struct d4_answer *a = NULL, *old = &x->answer[0];

	for (size_t i = 0; i < x->nanswer; i++) {
		if (mac_eq(x->answer[i].l2, n->l2) && addr_eq(x->answer[i].id, n->id))
			a = &x->answer[i];
		if (x->answer[i].at < old->at)
			old = &x->answer[i];
	}
	if (a == NULL)
		a = x->nanswer < D4_ANSWERS ? &x->answer[x->nanswer++] : old;
	*a = (struct d4_answer){ .l2 = n->l2,
				 .id = n->id,
				 .yiaddr = d->yiaddr,
				 .at = e->now,
				 .since = n->s ? n->s->first : e->now,
				 .type = d->msg_type,
				 .st = n->st,
				 .direct = !n->router,
				 .relay = n->relay,
				 .trusted = n->trusted,
				 .proxy = n->proxy,
				 .self = n->self,
				 .have = (uint8_t)(n->items.have & ((1u << DI_PATH) - 1)),
				 .missing = (uint8_t)(n->items.missing & ((1u << DI_PATH) - 1)) };
	memcpy(a->path, n->items.hash, sizeof(a->path));
	uint64_t mix[D4_ITEMS + 1];
	memcpy(mix, n->items.hash, sizeof(n->items.hash));
	mix[D4_ITEMS] =
		siphash13(&e->key, &d->yiaddr, sizeof(d->yiaddr)) ^ siphash13(&e->key, &n->id, sizeof(n->id));
	a->digest = siphash13(&e->key, mix, sizeof(mix));
	n->answer = a;
}

/* ---- leases ---- */
static void
station_lease(struct engine *e, struct mac m, struct addr a, ts_t expires)
{
	struct station *st = mac_zero(m) ? NULL : station_get(e, e->seg->ix, m);
	size_t at = 0;

	if (st == NULL)
		return;
	for (size_t i = 0; i < NELEM(st->lease); i++) {
		if (addr_eq(st->lease[i].addr, a)) {
			st->lease[i].expires = expires;
			return;
		}
		if (st->lease[i].expires < st->lease[at].expires)
			at = i;
	}
	st->lease[at].addr = a;
	st->lease[at].expires = expires;
}

static void
lease_give(struct engine *e, const struct dhcp4 *d, struct d4_now *n)
{
	struct lease_key k;
	bool fresh;
	uint32_t secs;

	memset(&k, 0, sizeof(k));
	k.seg = e->seg->ix;
	k.addr = d->yiaddr;
	struct d4_lease *lease = table_get(&e->ledger->leases, &k, e->now, &fresh);
	if (lease == NULL)
		return;
	ts_t life = dhcp4_opt_u32(d, D4O_LEASE, &secs) ? (ts_t)secs * TS_SEC : LEASE_DEFAULT;
	bool same = !fresh && lease->expires > e->now && ledger_key_eq(&lease->owner, &n->key);
	if (!same) {
		if (!fresh)
			unwatch(e->ledger, lease);
		*lease = (struct d4_lease){ .owner = n->key,
					    .mac = n->chaddr,
					    .addr = d->yiaddr,
					    .acked = e->now,
					    .seg = e->seg->ix };
		if (n->c) {
			lease->l2 = n->c->l2;
			lease->tested = (n->c->flags & D4C_TESTED) != 0;
		}
		e->ledger->watched += lease->tested;
		n->new_lease = true;
	}
	lease->expires = e->now + life;
	lease->server = n->router || n->relay ? (struct mac){ { 0 } } : n->l2;
	lease->server_id = n->id;
	n->lease = lease;
	station_lease(e, n->chaddr, d->yiaddr, lease->expires);
	struct rates_seg *rs = rates_of(e, e->seg);
	bool any;
	if (rs->own.a.fam == 0 && addr_zero(d->giaddr))
		(void)auth_prefix(e, e->seg, d->yiaddr, &rs->own, &any);
	if (rs->first_lease == 0)
		rs->first_lease = e->now;
	if (!addr_set(rs->low) || memcmp(d->yiaddr.b, rs->low.b, 4) < 0)
		rs->low = d->yiaddr;
	if (!addr_set(rs->high) || memcmp(d->yiaddr.b, rs->high.b, 4) > 0)
		rs->high = d->yiaddr;
}

/* RELEASE and DECLINE by the holder end the lease (RFC 2131 4.3.3, 4.3.4); others are left to the detectors. */
static void
lease_end(struct engine *e, struct addr a, const struct d4_now *n)
{
	struct d4_lease *lease = ledger_lease(e, e->seg, a);

	if (lease == NULL || !mac_eq(lease->mac, n->chaddr) ||
	    (!mac_eq(n->l2, lease->l2) && !mac_eq(n->l2, lease->mac)))
		return;
	if (lease->expires > e->now)
		lease->expires = e->now;
	station_lease(e, lease->mac, a, e->now);
}

/* ---- messages ---- */
static uint64_t
client_id(struct engine *e, const struct dhcp4 *d)
{
	struct bytes v = dhcp4_opt(d, D4O_CLIENT_ID);
	return v.p ? siphash13(&e->key, v.p, v.n) | 1 : 0;
}

static uint64_t
circuit_id(struct engine *e, const struct dhcp4 *d)
{
	struct bytes v = dhcp4_opt(d, D4O_RELAY_AGENT);
	struct bytes c = v.p ? dhcp4_subopt(v, 1) : v, r = v.p ? dhcp4_subopt(v, 2) : v; /* RFC 3046 2.0 */
	uint64_t mix[3] = { 0, 0, e->seg->ix };

	if (c.p == NULL)
		return 0;
	mix[0] = siphash13(&e->key, c.p, c.n);
	mix[1] = r.p ? siphash13(&e->key, r.p, r.n) : 0;
	return siphash13(&e->key, mix, sizeof(mix)) | 1;
}

/* Declared prefixes say what the segment's own subnets are; without any the network of its server does, as a /24. */
static bool
own_subnet(struct engine *e, struct addr a)
{
	struct addr server = rates_of(e, e->seg)->server_id;
	struct prefix p = { server, 24 };
	bool any;

	if (auth_prefix(e, e->seg, a, &p, &any))
		return true;
	return !any && addr_set(server) && addr_in(a, p);
}

/* Is the test for signs of life made for this request (DETECTIONS.md 4)?  Not where the L2 source or the address of a relay
 * says that the client lives elsewhere. */
static bool
testable(struct engine *e, const struct dhcp4 *d, const struct d4_now *n)
{
	struct bytes none = { NULL, 0 };
	struct mac nobody = { { 0 } };

	if (n->router || n->relay || !n->has_mac || auth_bridge(e, n->l2) || !addr_zero(d->ciaddr))
		return false;
	if (addr_zero(d->giaddr))
		return true;
	if (!auth_declared(e, e->seg, SVC_DHCP4) && !auth_declared(e, e->seg, SVC_RELAY) &&
	    !auth_declared(e, e->seg, SVC_ROUTER))
		return false;
	return auth_standing(e, e->seg, SVC_RELAY, nobody, d->giaddr, none) != ST_AUTHORISED &&
	       auth_standing(e, e->seg, SVC_ROUTER, nobody, d->giaddr, none) != ST_AUTHORISED &&
	       own_subnet(e, d->giaddr);
}

static void
key_of(struct engine *e, const struct dhcp4 *d, uint64_t cid, struct d4_client_key *k)
{
	memset(k, 0, sizeof(*k));
	k->cid = cid;
	k->seg = e->seg->ix;
	k->hlen = (uint8_t)d->chaddr.n;
	struct cursor c = cur_all(d->chaddr);
	cur_copy(&c, k->chaddr, d->chaddr.n <= sizeof(k->chaddr) ? d->chaddr.n : 0);
}

static void
client_learn(struct engine *e, const struct dhcp4 *d, struct d4_now *n)
{
	bool fresh;
	struct d4_client *c = table_get(&e->ledger->clients, &n->key, e->now, &fresh);

	if ((n->c = c) == NULL)
		return;
	c->seen_before = fresh ? TS_NONE : c->last;
	if (fresh) {
		c->first = e->now;
		c->mac = n->chaddr;
		struct station *st = n->has_mac ? station_get(e, e->seg->ix, n->chaddr) : NULL;
		if (st) {
			st->keys++;
			st->cid = n->key.cid;
		}
	}
	bool counts = d->msg_type == D4_DISCOVER || (d->msg_type == D4_REQUEST && addr_zero(d->ciaddr));
	if (counts && !(c->flags & (D4C_ASKED | D4C_LEASED))) {
		n->new_client = true;
		c->first = e->now;
		c->flags = D4C_NEW | D4C_ASKED | (testable(e, d, n) ? D4C_TESTED : 0);
		if (auth_vdi_template(e, e->seg, dhcp4_opt(d, D4O_PARAMS),
				      bytes_text(dhcp4_opt(d, D4O_VENDOR_CLASS))))
			c->flags |= D4C_CLONE;
		c->circuit = circuit_id(e, d);
	} else if (!fresh && e->now - c->first > TS_HOUR) {
		c->flags &= (uint16_t)~D4C_NEW;
	}
	/* the client's own frame tells more of it than the relay's copy */
	if (mac_zero(c->l2) || addr_zero(d->giaddr)) {
		c->l2 = n->l2;
		c->giaddr = d->giaddr;
	}
	c->last = e->now;
	if (d->msg_type == D4_REQUEST)
		c->flags |= D4C_REQUESTED;
	if (d->msg_type == D4_REQUEST && n->id_given) {
		c->selected = e->now;
		c->waiting = 0;
	}
}

static void
client_message(struct engine *e, const struct dhcp4 *d, struct d4_now *n)
{
	struct d4_segment *g = &e->ledger->seg[e->seg->ix];
	struct bytes class = dhcp4_opt(d, D4O_VENDOR_CLASS);
	struct d4_xact *x = n->x;
	struct addr meant = addr_zero(d->ciaddr) ? dhcp4_opt_addr(d, D4O_REQUESTED_IP) : d->ciaddr;

	if (!x->client_seen) {
		x->client_seen = true;
		x->cid = client_id(e, d);
	}
	if (dhcp4_opt(d, D4O_PARAMS).p)
		x->asked = asked_items(d, &x->any_asked);
	x->pxe |= class.n >= 9 && bytes_eq(bytes_of(class.p, 9), bytes_str("PXEClient"));
	if (d->msg_type == D4_INFORM) {
		x->inform = e->now;
		struct bytes vendor = dhcp4_opt(d, D4O_VENDOR43);
		x->asks_domain |= vendor.p && class.p == NULL && dhcp4_subopt(vendor, 0x5e).p != NULL;
	}
	key_of(e, d, x->cid, &n->key);
	client_learn(e, d, n);
	struct d4_lease *lease = addr_set(meant) ? ledger_lease(e, e->seg, meant) : NULL;
	if (lease) {
		n->had_lease = true;
		n->before = *lease;
	}
	if (d->msg_type == D4_RELEASE || d->msg_type == D4_DECLINE)
		lease_end(e, meant, n);
	if (d->msg_type == D4_DISCOVER) {
		g->discovers++;
		if (g->first_discover == 0)
			g->first_discover = e->now;
		if (mac_zero(g->discoverer[0]))
			g->discoverer[0] = n->chaddr;
		else if (!mac_eq(g->discoverer[0], n->chaddr))
			g->discoverer[1] = n->chaddr;
	} else if (d->msg_type == D4_REQUEST) {
		g->server_seen = true; /* somebody served this client, seen or not */
		x->asked_addr = meant;
	}
	if (addr_zero(d->giaddr) == false && !mac_eq(n->l2, n->chaddr)) {
		struct host *h = host_get(e, e->seg, n->l2, NULL);
		if (h)
			h->relays4 = true;
	}
	if (mac_group(e->o->outer.dmac))
		vantage_sample(e, e->seg, VB_B4, true);
}

static void
server_message(struct engine *e, const struct dhcp4 *d, struct d4_now *n)
{
	struct d4_segment *g = &e->ledger->seg[e->seg->ix];
	struct server_key k;
	bool fresh;

	if (!g->server_seen) {
		g->silent = g->first_discover && e->now - g->first_discover >= TS_DAY &&
			    g->discovers >= SILENT_DISCOVERS && !mac_zero(g->discoverer[1]);
		g->server_seen = true;
	}
	memset(&k, 0, sizeof(k));
	k.seg = e->seg->ix;
	k.mac = n->l2;
	k.id = n->id;
	n->s = table_get(&e->ledger->servers, &k, e->now, &fresh);
	if (n->s && fresh)
		n->s->first = e->now;
	standing(e, d, n);
	key_of(e, d, n->x->client_seen ? n->x->cid : client_id(e, d), &n->key);
	n->c = table_find(&e->ledger->clients, &n->key, e->now);
	struct addr meant = d->msg_type == D4_NAK ? (struct addr){ 0 } : d->yiaddr;
	struct d4_lease *lease = addr_set(meant) && !addr_zero(meant) ? ledger_lease(e, e->seg, meant) : NULL;
	if (lease) {
		n->had_lease = true;
		n->before = *lease;
	}
	if (n->s == NULL)
		return;
	n->self = leads_to_self(e, d, n);
	bool gives = d->msg_type == D4_OFFER || d->msg_type == D4_ACK || d->msg_type == D4_BOOTP;
	if (gives) {
		items_read(e, d, n->x->any_asked ? n->x->asked : 0, &n->items);
		scope_learn(e, d, n);
	}
	server_learn(e, d, n);
	answer_note(e, d, n);
	if (!gives || n->c == NULL)
		return;
	n->c->flags |= d->msg_type == D4_OFFER ? D4C_OFFERED : 0;
	n->c->answered = e->now;
	n->c->waiting = 0;
	if (n->st != ST_UNAUTHORISED && !n->proxy && !n->router && !n->relay) {
		n->c->server = n->l2;
		n->c->server_id = n->id;
	}
	if (d->msg_type == D4_ACK && !addr_zero(d->yiaddr)) {
		lease_give(e, d, n);
		n->c->flags |= D4C_LEASED;
	}
}

static bool
is_server_type(uint8_t t)
{
	return t == D4_BOOTP || t == D4_OFFER || t == D4_ACK || t == D4_NAK || t == D4_FORCERENEW ||
	       (t >= D4_LEASEQUERY && t <= D4_TLS);
}

static void
learn_dhcp4(struct engine *e, const struct obs *o)
{
	const struct dhcp4 *d = &o->u.dhcp4;
	struct d4_now *n = &e->ledger->now;

	*n = (struct d4_now){ .l2 = o->outer.smac, .yiaddr = d->yiaddr };
	if (d->chaddr.n > 16 || (d->op == 2 && !is_server_type(d->msg_type)))
		return;
	if (d->chaddr.n == 6 && d->htype == 1) {
		struct cursor c = cur_all(d->chaddr);
		cur_copy(&c, n->chaddr.b, 6);
		n->has_mac = true;
	}
	n->server = d->op == 2;
	n->x = xact_get(e, d);
	if (n->x == NULL)
		return;
	struct host *h = host_find(e, e->seg, n->l2);
	n->router = (o->flags & OBS_NO_ETHER) || auth_router_mac(e, e->seg, n->l2);
	n->relay = !n->router && h && h->relays4 && !auth_declared(e, e->seg, SVC_ROUTER) &&
		   !auth_declared(e, e->seg, SVC_RELAY);
	n->id = dhcp4_opt_addr(d, D4O_SERVER_ID);
	n->id_given = addr_set(n->id) && !addr_zero(n->id);
	n->relay |= n->server && clients_side(e, d, n);
	if (n->server && !n->id_given)
		n->id = o->inner.src;
	n->ok = true;
	if (n->server)
		server_message(e, d, n);
	else
		client_message(e, d, n);
}

void
ledger_learn(struct engine *e, const struct obs *o)
{
	switch (o->kind) {
	case OBS_FRAME: learn_frame(e, o); break;
	case OBS_ARP: learn_arp(e, o); break;
	case OBS_DHCP4: learn_dhcp4(e, o); break;
	default: break;
	}
}

const struct d4_server *
ledger_server_next(struct engine *e, const struct d4_server *s, struct d4_seen *at)
{
	s = table_next(&e->ledger->servers, s);
	if (s) {
		const struct server_key *k = table_key(&e->ledger->servers, s);
		*at = (struct d4_seen){ k->seg, k->mac, k->id };
	}
	return s;
}

void
ledger_outage(struct engine *e, ts_t away)
{
	for (size_t i = 0; i < e->nsegment; i++)
		if (e->ledger->seg[i].first_discover)
			e->ledger->seg[i].first_discover += away;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field d4_key_rows[] = {
	SNAP(struct d4_client_key, cid),
	SNAP_SEG(struct d4_client_key, seg),
	SNAP_UPTO(struct d4_client_key, hlen, 16),
	SNAP_ARRAY(struct d4_client_key, chaddr, chaddr[0]),
};
static const struct snap_rec d4_key_rec = SNAP_REC(struct d4_client_key, d4_key_rows);
static const struct snap_field items_rows[] = {
	SNAP_ARRAY(struct d4_items, hash, hash[0]),
	SNAP(struct d4_items, have),
	SNAP(struct d4_items, missing),
};
static const struct snap_rec items_rec = SNAP_REC(struct d4_items, items_rows);
static const struct snap_field answer_rows[] = {
	SNAP(struct d4_answer, l2),
	SNAP(struct d4_answer, id),
	SNAP(struct d4_answer, yiaddr),
	SNAP(struct d4_answer, at),
	SNAP(struct d4_answer, since),
	SNAP(struct d4_answer, digest),
	SNAP_ARRAY(struct d4_answer, path, path[0]),
	SNAP(struct d4_answer, have),
	SNAP(struct d4_answer, missing),
	SNAP(struct d4_answer, type),
	SNAP_UPTO(struct d4_answer, st, ST_UNAUTHORISED),
	SNAP(struct d4_answer, direct),
	SNAP(struct d4_answer, relay),
	SNAP(struct d4_answer, trusted),
	SNAP(struct d4_answer, proxy),
	SNAP(struct d4_answer, self),
};
static const struct snap_rec answer_rec = SNAP_REC(struct d4_answer, answer_rows);
static const struct snap_field xact_key_rows[] = {
	SNAP(struct xact_key, xid),
	SNAP_SEG(struct xact_key, seg),
	SNAP_UPTO(struct xact_key, hlen, 16),
	SNAP_ARRAY(struct xact_key, chaddr, chaddr[0]),
};
static const struct snap_rec xact_key_rec = SNAP_REC(struct xact_key, xact_key_rows);
static const struct snap_field xact_rows[] = {
	SNAP(struct d4_xact, first),
	SNAP(struct d4_xact, last),
	SNAP(struct d4_xact, inform),
	SNAP(struct d4_xact, cid),
	SNAP(struct d4_xact, asked),
	SNAP(struct d4_xact, asked_addr),
	SNAP(struct d4_xact, client_seen),
	SNAP(struct d4_xact, any_asked),
	SNAP(struct d4_xact, pxe),
	SNAP(struct d4_xact, asks_domain),
	SNAP_UPTO(struct d4_xact, nanswer, D4_ANSWERS),
	SNAP_SOME_SUBS(struct d4_xact, answer, answer[0], nanswer, answer_rec),
};
static const struct snap_rec xact_rec = SNAP_REC(struct d4_xact, xact_rows);
static const struct snap_field client_rows[] = {
	SNAP(struct d4_client, first),
	SNAP(struct d4_client, last),
	SNAP(struct d4_client, seen_before),
	SNAP(struct d4_client, waiting),
	SNAP(struct d4_client, answered),
	SNAP(struct d4_client, selected),
	SNAP(struct d4_client, refused_at),
	SNAP(struct d4_client, counted_at),
	SNAP(struct d4_client, mac),
	SNAP(struct d4_client, l2),
	SNAP(struct d4_client, server),
	SNAP(struct d4_client, server_id),
	SNAP(struct d4_client, giaddr),
	SNAP(struct d4_client, circuit),
	SNAP(struct d4_client, flags),
};
static const struct snap_rec client_rec = SNAP_REC(struct d4_client, client_rows);
static const struct snap_field lease_key_rows[] = {
	SNAP_SEG(struct lease_key, seg),
	SNAP(struct lease_key, addr),
};
static const struct snap_rec lease_key_rec = SNAP_REC(struct lease_key, lease_key_rows);
static const struct snap_field lease_rows[] = {
	SNAP_SUB(struct d4_lease, owner, d4_key_rec),
	SNAP(struct d4_lease, mac),
	SNAP(struct d4_lease, l2),
	SNAP(struct d4_lease, server),
	SNAP(struct d4_lease, addr),
	SNAP(struct d4_lease, server_id),
	SNAP(struct d4_lease, acked),
	SNAP(struct d4_lease, expires),
	SNAP_SEG(struct d4_lease, seg),
	SNAP(struct d4_lease, tested),
	SNAP(struct d4_lease, alive),
	SNAP(struct d4_lease, ip_out),
	SNAP(struct d4_lease, ip_in),
	SNAP(struct d4_lease, excess),
	SNAP(struct d4_lease, ghost),
	SNAP(struct d4_lease, unused),
};
static const struct snap_rec lease_rec = SNAP_REC(struct d4_lease, lease_rows);
static const struct snap_field server_key_rows[] = {
	SNAP_SEG(struct server_key, seg),
	SNAP(struct server_key, mac),
	SNAP(struct server_key, id),
};
static const struct snap_rec server_key_rec = SNAP_REC(struct server_key, server_key_rows);
static const struct snap_field server_rows[] = {
	SNAP(struct d4_server, first),
	SNAP(struct d4_server, last),
	SNAP(struct d4_server, acks),
	SNAP(struct d4_server, agreed),
	SNAP(struct d4_server, clients),
	SNAP(struct d4_server, contradicted),
	SNAP(struct d4_server, learned),
	SNAP(struct d4_server, served),
	SNAP(struct d4_server, proxied),
};
static const struct snap_rec server_rec = SNAP_REC(struct d4_server, server_rows);
static const struct snap_field scope_key_rows[] = {
	SNAP_SEG(struct scope_key, seg),
	SNAP(struct scope_key, len),
	SNAP(struct scope_key, net),
};
static const struct snap_rec scope_key_rec = SNAP_REC(struct scope_key, scope_key_rows);
static const struct snap_field offerer_rows[] = {
	SNAP(struct offerer, mac),
	SNAP(struct offerer, id),
	SNAP(struct offerer, since),
	SNAP(struct offerer, last),
	SNAP_SUB(struct offerer, items, items_rec),
	SNAP(struct offerer, used),
	SNAP(struct offerer, trusted),
};
static const struct snap_rec offerer_rec = SNAP_REC(struct offerer, offerer_rows);
static const struct snap_field scope_rows[] = {
	SNAP_SUBS(struct scope, o, o[0], offerer_rec),
};
static const struct snap_rec scope_rec = SNAP_REC(struct scope, scope_rows);
static const struct snap_field station_key_rows[] = {
	SNAP_SEG(struct station_key, seg),
	SNAP(struct station_key, mac),
};
static const struct snap_rec station_key_rec = SNAP_REC(struct station_key, station_key_rows);
static const struct snap_field station_lease_rows[] = {
	SNAP_IN(struct station, lease, lease[0], addr),
	SNAP_IN(struct station, lease, lease[0], expires),
};
static const struct snap_rec station_lease_rec = { station_lease_rows, NELEM(station_lease_rows), sizeof(SNAP_AT(struct station, lease[0])) };
static const struct snap_field station_rows[] = {
	SNAP(struct station, cid),
	SNAP(struct station, keys),
	SNAP_SUBS(struct station, lease, lease[0], station_lease_rec),
	SNAP(struct station, vouched),
	SNAP(struct station, vouched_since),
};
static const struct snap_rec station_rec = SNAP_REC(struct station, station_rows);
static const struct snap_field d4_segment_rows[] = {
	SNAP(struct d4_segment, first_discover),
	SNAP(struct d4_segment, learned),
	SNAP(struct d4_segment, discovers),
	SNAP_ARRAY(struct d4_segment, discoverer, discoverer[0]),
	SNAP(struct d4_segment, server_seen),
	SNAP(struct d4_segment, silent),
};
static const struct snap_rec d4_segment_rec = SNAP_REC(struct d4_segment, d4_segment_rows);

/* Counts of what is in the tables. */
static bool
ledger_loaded(struct engine *e)
{
	struct ledger *l = e->ledger;

	for (const struct d4_lease *x = table_next(&l->leases, NULL); x; x = table_next(&l->leases, x)) {
		l->watched += x->tested && !x->alive;
		l->excess += x->excess && !x->alive;
	}
	return true;
}

const struct snap_store snap_ledger[] = {
	{ .name = "dhcp4 transactions", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ledger), .member = offsetof(struct ledger, xacts),
	  .key = &xact_key_rec, .value = &xact_rec },
	{ .name = "dhcp4 clients", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ledger), .member = offsetof(struct ledger, clients),
	  .key = &d4_key_rec, .value = &client_rec },
	{ .name = "dhcp4 leases", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ledger), .member = offsetof(struct ledger, leases),
	  .key = &lease_key_rec, .value = &lease_rec, .loaded = ledger_loaded },
	{ .name = "dhcp4 servers", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ledger), .member = offsetof(struct ledger, servers),
	  .key = &server_key_rec, .value = &server_rec },
	{ .name = "dhcp4 subnets", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ledger), .member = offsetof(struct ledger, scopes),
	  .key = &scope_key_rec, .value = &scope_rec },
	{ .name = "dhcp4 stations", .kind = SNAP_TABLE, .owner = offsetof(struct engine, ledger), .member = offsetof(struct ledger, stations),
	  .key = &station_key_rec, .value = &station_rec },
	{ .name = "dhcp4 segments", .kind = SNAP_SEGMENTS, .owner = offsetof(struct engine, ledger), .member = offsetof(struct ledger, seg),
	  .key = &snap_no_key, .value = &d4_segment_rec },
	{ 0 },
};
/* clang-format on */
