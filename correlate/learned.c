#include "learned.h"
#include "d6state.h"
#include "hypothesis.h"
#include "ledger.h"
#include "rastate.h"
#include "resolvers.h"
#include "servers.h"

struct collect {
	struct engine *e;
	struct learned *v;
	size_t max, n; /* n: of all, also of those that found no room */
};

/* ---- what an open hypothesis touches ---- */
static bool
mac_open(struct engine *e, uint16_t seg, struct mac m)
{
	for (const struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (h->seg == seg && h->actor.has_mac && mac_eq(h->actor.mac, m) &&
		    (hyp_open(h) || h->lifted))
			return true;
	return false;
}

static bool
addr_open(struct engine *e, uint16_t seg, struct addr a)
{
	for (const struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (h->seg == seg && (hyp_open(h) || h->lifted) && hyp_actor_has(e, h, a))
			return true;
	return false;
}

/* Floods and rogue servers forge whom they speak for: then relays are told by what came through them alone. */
static bool
dhcp_under_attack(struct engine *e, uint16_t seg)
{
	const uint32_t families =
		UINT32_C(1) << FAM_D4_ROGUE | UINT32_C(1) << FAM_D4_FLOOD | UINT32_C(1) << FAM_D4_STARVATION;

	for (const struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (h->seg == seg && (families >> h->family & 1) && hyp_open(h))
			return true;
	return false;
}

/* ---- the list ---- */
static int
order(const struct learned *a, const struct learned *b)
{
	if (a->seg != b->seg)
		return a->seg < b->seg ? -1 : 1;
	if (a->role != b->role)
		return a->role < b->role ? -1 : 1;
	int by_ip = memcmp(&a->ip[0], &b->ip[0], sizeof(a->ip[0]));
	return by_ip ? by_ip : memcmp(a->mac.b, b->mac.b, sizeof(a->mac.b));
}

static void
put(struct collect *c, const struct learned *l)
{
	size_t at = c->n < c->max ? c->n : c->max;

	c->n++;
	while (at > 0 && order(l, &c->v[at - 1]) < 0)
		at--;
	if (at == c->max)
		return;
	size_t tail = (c->n < c->max ? c->n - 1 : c->max - 1) - at;
	memmove(c->v + at + 1, c->v + at, tail * sizeof(*l));
	c->v[at] = *l;
}

static struct learned
entry(struct collect *c, uint16_t seg, enum learned_role role)
{
	const struct segment *s = c->e->segment_at[seg];

	return (struct learned){ .seg = seg,
				 .iface = s->iface,
				 .segment = s->name,
				 .role = (uint8_t)role,
				 .first = TS_NONE,
				 .last = TS_NONE };
}

static struct learned *
entry_of_mac(struct collect *c, uint16_t seg, enum learned_role role, struct mac m)
{
	size_t n = c->n < c->max ? c->n : c->max;

	for (size_t i = 0; i < n; i++)
		if (c->v[i].seg == seg && c->v[i].role == role && c->v[i].has_mac && mac_eq(c->v[i].mac, m))
			return &c->v[i];
	return NULL;
}

static bool
add_ip(struct learned *l, struct addr a)
{
	for (size_t i = 0; i < l->nip; i++)
		if (addr_eq(l->ip[i], a))
			return true;
	if (l->nip == LEARNED_IPS)
		return false;
	l->ip[l->nip++] = a;
	return true;
}

/* ---- DHCPv4 ---- */
static bool
speaks_for(struct engine *e, uint16_t seg, struct mac m)
{
	struct d4_seen at;

	for (const struct d4_server *s = ledger_server_next(e, NULL, &at); s;
	     s = ledger_server_next(e, s, &at))
		if (at.seg == seg && mac_eq(at.mac, m) && !s->contradicted)
			return true;
	return false;
}

/* Two stations that answer under one identity: a pair of network cards, or a forger; nothing here tells which. */
static bool
shared_id(struct engine *e, const struct d4_seen *of)
{
	struct d4_seen at;

	for (const struct d4_server *s = ledger_server_next(e, NULL, &at); s;
	     s = ledger_server_next(e, s, &at)) {
		const struct host *h = host_find(e, e->segment_at[at.seg], at.mac);
		if (at.seg == of->seg && addr_eq(at.id, of->id) && !mac_eq(at.mac, of->mac) &&
		    !(h && h->relays4))
			return true;
	}
	return false;
}

static bool
listed(struct collect *c, uint16_t seg, enum learned_role role, struct addr a)
{
	size_t n = c->n < c->max ? c->n : c->max;

	for (size_t i = 0; i < n; i++)
		if (c->v[i].seg == seg && c->v[i].role == role && c->v[i].nip && addr_eq(c->v[i].ip[0], a))
			return true;
	return false;
}

static void
dhcp4(struct collect *c)
{
	struct d4_seen at;

	for (const struct d4_server *s = ledger_server_next(c->e, NULL, &at); s;
	     s = ledger_server_next(c->e, s, &at)) {
		const struct segment *seg = c->e->segment_at[at.seg];
		const struct host *h = host_find(c->e, seg, at.mac);
		bool pxe = !s->served && s->proxied, relay = h && h->relays4;
		enum learned_role role = pxe ? LEARNED_PXE : LEARNED_DHCP4;
		if (!s->served && !pxe)
			continue;
		if (auth_declared(c->e, seg, pxe ? SVC_PXE : SVC_DHCP4) || s->contradicted ||
		    mac_open(c->e, at.seg, at.mac) || addr_open(c->e, at.seg, at.id) ||
		    (!relay && shared_id(c->e, &at)) || listed(c, at.seg, role, at.id))
			continue;
		struct learned l = entry(c, at.seg, role);
		l.has_mac = !relay; /* a server behind its relay is known by its identifier */
		l.mac = relay ? (struct mac){ { 0 } } : at.mac;
		add_ip(&l, at.id);
		l.first = s->first;
		l.last = s->last;
		l.answers = s->acks;
		for (uint64_t b = s->clients; b; b &= b - 1)
			l.clients++;
		l.enough = s->learned;
		put(c, &l);
	}
}

static void
relays(struct collect *c)
{
	for (struct host *h = table_next(&c->e->hosts, NULL); h; h = table_next(&c->e->hosts, h)) {
		struct host_at at = host_key_of(c->e, h);
		const struct segment *s = c->e->segment_at[at.seg];
		bool v6 = d6_is_relay(c->e, s, at.mac);
		if ((!h->relays4 && !v6) || auth_declared(c->e, s, SVC_RELAY) ||
		    mac_open(c->e, at.seg, at.mac))
			continue;
		if (!v6 && !speaks_for(c->e, at.seg, at.mac) && dhcp_under_attack(c->e, at.seg))
			continue;
		struct learned l = entry(c, at.seg, LEARNED_RELAY);
		l.has_mac = true;
		l.mac = at.mac;
		l.first = h->first;
		l.last = h->last;
		put(c, &l);
	}
}

/* ---- DHCPv6, routers, resolvers ---- */
static void
dhcp6(struct collect *c)
{
	struct d6_seen s;

	for (const void *v = d6_server_next(c->e, NULL, &s); v; v = d6_server_next(c->e, v, &s)) {
		const struct segment *seg = c->e->segment_at[s.seg];
		struct learned *known = entry_of_mac(c, s.seg, LEARNED_DHCP6, s.mac);
		if (s.standing == ST_UNAUTHORISED || auth_declared(c->e, seg, SVC_DHCP6) ||
		    d6_is_relay(c->e, seg, s.mac) || mac_open(c->e, s.seg, s.mac))
			continue; /* behind a relay the MAC is the relay's */
		if (known) {
			known->first = s.first < known->first ? s.first : known->first;
			known->last = s.last > known->last ? s.last : known->last;
			known->answers += s.replies;
			known->enough |= s.learned;
			continue;
		}
		struct learned l = entry(c, s.seg, LEARNED_DHCP6);
		l.answers = s.replies;
		l.enough = s.learned;
		l.has_mac = true;
		l.mac = s.mac;
		l.first = s.first;
		l.last = s.last;
		put(c, &l);
	}
}

static void
routers(struct collect *c)
{
	struct key_seen k;

	for (const void *v = key_next(c->e, NULL, &k); v; v = key_next(c->e, v, &k)) {
		const struct segment *s = c->e->segment_at[k.seg];
		const struct binding *b = binding_find(c->e, s, k.addr);
		if (!(k.roles & (KEY_ROUTER | KEY_GATEWAY4)) || b == NULL || b->contested ||
		    auth_declared(c->e, s, SVC_ROUTER) || mac_open(c->e, k.seg, b->mac))
			continue;
		struct learned *known = entry_of_mac(c, k.seg, LEARNED_ROUTER, b->mac);
		const struct ra_source *ra = ra_source_of(c->e, s, b->mac);
		if (known) {
			add_ip(known, k.addr);
			continue;
		}
		struct learned l = entry(c, k.seg, LEARNED_ROUTER);
		l.has_mac = true;
		l.mac = b->mac;
		l.first = ra ? ra->first : b->first;
		l.last = ra && ra->last > b->last ? ra->last : b->last;
		l.enough = ra && ra->learned;
		add_ip(&l, k.addr);
		put(c, &l);
	}
}

static void
resolvers(struct collect *c)
{
	struct resolver_seen r;

	for (const void *v = resolver_next(c->e, NULL, &r); v; v = resolver_next(c->e, v, &r)) {
		const struct segment *s = c->e->segment_at[r.seg];
		const struct binding *b = binding_find(c->e, s, r.addr);
		struct mac by;
		unsigned good = 0;
		for (unsigned i = 0; resolver_by(c->e, s, r.addr, i, &by); i++)
			good += !mac_open(c->e, r.seg, by);
		if (good == 0 || addr_open(c->e, r.seg, r.addr) ||
		    auth_resolver(c->e, s, r.addr, (struct mac){ { 0 } }) != ST_UNKNOWN ||
		    (b && mac_open(c->e, r.seg, b->mac)))
			continue;
		struct learned l = entry(c, r.seg, LEARNED_RESOLVER);
		add_ip(&l, r.addr);
		l.last = r.last;
		l.answers = good;
		put(c, &l);
	}
}

/* ---- VPN servers: SSTP was read behind them, and they showed a certificate ---- */
static void
vpn_servers(struct collect *c)
{
	struct leaf_seen x;

	for (const void *v = server_leaf_next(c->e, NULL, &x); v; v = server_leaf_next(c->e, v, &x)) {
		struct learned l = { 0 };
		bool any = false;
		for (size_t i = 0; i < x.n; i++) {
			const struct leaf_shown *s = &x.leaf[i];
			if (s->suspect || !s->leaf.has_sha256 || mac_open(c->e, s->seg, s->mac) ||
			    addr_open(c->e, s->seg, x.addr) ||
			    auth_vpn_declared(c->e, c->e->segment_at[s->seg]) || (any && s->seg != l.seg))
				continue;
			if (!any) {
				l = entry(c, s->seg, LEARNED_VPN);
				add_ip(&l, x.addr);
				l.first = s->first;
				l.last = s->last;
				l.enough = true;
			}
			any = true;
			l.first = s->first < l.first ? s->first : l.first;
			l.last = s->last > l.last ? s->last : l.last;
			l.clients = s->clients > l.clients ? s->clients : l.clients;
			l.enough &= s->baseline;
			memcpy(l.leaf[l.nleaf++], s->leaf.sha256, sizeof(l.leaf[0]));
		}
		if (any)
			put(c, &l);
	}
}

size_t
learned_collect(struct engine *e, struct learned *v, size_t max)
{
	struct collect c = { .e = e, .v = v, .max = max };

	dhcp4(&c);
	dhcp6(&c);
	routers(&c);
	relays(&c);
	resolvers(&c);
	vpn_servers(&c);
	return c.n;
}
