/* Who is on the wire: segments, hosts and address bindings.  Learns from every observation before any detector runs. */
#include "state.h"
#include "hypothesis.h"
#include "out.h"
#include "vantage.h"
#include "snapshot.h"

struct host_key {
	uint16_t seg;
	struct mac mac;
};
struct bind_key {
	uint16_t seg;
	uint8_t pad;
	struct addr addr;
};
struct segment_key {
	uint16_t iface, nvlan, vlan[4];
};

/* A claim as old as this no longer protects an address against a weaker one (DETECTIONS.md 6, ND-SPOOF). */
enum { BIND_FRESH_MIN = 10, CLAIM_BACK_SEC = 60 };
enum { FEED_IFACE = 0xffff };

/* The name of a segment: interface, slash, tags from the outside (CONTRACT.md 3). */
static void
name_segment(struct engine *e, struct segment *s)
{
	struct out out = out_init(s->name, sizeof(s->name) - 1);

	out_str(&out, s->iface < e->conf->niface ? e->conf->iface[s->iface]
		      : s->iface == FEED_IFACE	 ? "feed"
						 : "cap");
	out_chr(&out, '/');
	for (size_t i = 0; i < s->nvlan; i++) {
		if (i)
			out_chr(&out, '.');
		out_u64(&out, s->vlan[i]);
	}
	if (s->nvlan == 0)
		out_chr(&out, '0');
}

static struct segment *
segment_get(struct engine *e, const struct segment_key *k)
{
	struct segment *s = table_find(&e->segments, k, e->now);

	if (s)
		return s;
	if (e->nsegment == SEGMENTS_MAX)
		return e->segment_at[SEGMENTS_MAX - 1]; /* forged tags: the last segment takes the rest */
	s = table_get(&e->segments, k, e->now, NULL);
	s->ix = e->nsegment;
	s->iface = k->iface;
	s->nvlan = (uint8_t)k->nvlan;
	memcpy(s->vlan, k->vlan, sizeof(s->vlan));
	s->first = e->now;
	name_segment(e, s);
	e->segment_at[e->nsegment++] = s;
	return s;
}

struct segment *
segment_look(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->outer;
	struct segment_key k = { .iface = o->iface, .nvlan = n->nvlan };
	memcpy(k.vlan, n->vlan, k.nvlan * sizeof(k.vlan[0]));
	return segment_get(e, &k);
}

struct segment *
segment_of_feed(struct engine *e)
{
	struct segment_key k = { .iface = FEED_IFACE };
	return segment_get(e, &k);
}

struct host *
host_get(struct engine *e, const struct segment *s, struct mac m, bool *fresh)
{
	struct host_key k = { s->ix, m };
	bool is_new;
	struct host *h = table_get(&e->hosts, &k, e->now, &is_new);

	if (h && is_new) {
		h->first = e->now;
		h->last_alive = h->last_ip6 = TS_NONE;
	}
	if (fresh)
		*fresh = is_new;
	return h;
}

struct host_at
host_key_of(const struct engine *e, const struct host *h)
{
	const struct host_key *k = table_key(&e->hosts, h);

	return (struct host_at){ k->seg, k->mac };
}

struct bind_at
bind_key_of(const struct engine *e, const struct binding *b)
{
	const struct bind_key *k = table_key(&e->bindings, b);

	return (struct bind_at){ k->seg, k->addr };
}

struct host *
host_find(struct engine *e, const struct segment *s, struct mac m)
{
	struct host_key k = { s->ix, m };
	return table_find(&e->hosts, &k, e->now);
}

const struct host_more *
host_more(const struct engine *e, const struct host *h)
{
	static const struct host_more none;
	const struct host_more *m = h->has_more ? table_peek(&e->more, table_key(&e->hosts, h)) : NULL;

	return m ? m : &none;
}

struct host_more *
host_more_of(struct engine *e, struct host *h)
{
	h->has_more = true;
	return table_get(&e->more, table_key(&e->hosts, h), e->now, NULL); /* nothing is pinned there */
}

struct addr
host_ip(const struct engine *e, const struct host *h, size_t i)
{
	return i < HOST_IPS ? h->ip[i] : host_more(e, h)->ip[i - HOST_IPS];
}

void
host_forget(void *arg, const void *key, void *value)
{
	struct engine *e = arg;
	const struct host *h = value;
	struct host_more *m = h->has_more ? table_peek(&e->more, key) : NULL;

	if (m)
		table_drop(&e->more, m);
}

/* Newest first; the oldest falls off. */
static void
host_note_ip(struct engine *e, struct host *h, struct addr a)
{
	size_t i = 0;

	while (i < h->nip && i < HOST_IPS && !addr_eq(h->ip[i], a))
		i++;
	if (i == HOST_IPS) {
		struct addr *more = host_more_of(e, h)->ip;
		size_t k = 0, n = h->nip - (size_t)HOST_IPS;
		while (k < n && !addr_eq(more[k], a))
			k++;
		if (k == n && h->nip < INC_ADDRS_MAX)
			h->nip++;
		else if (k == n)
			k--;
		memmove(more + 1, more, k * sizeof(more[0]));
		more[0] = h->ip[HOST_IPS - 1];
		i = HOST_IPS - 1;
	} else if (i == h->nip) {
		h->nip++;
	}
	memmove(h->ip + 1, h->ip, i * sizeof(h->ip[0]));
	h->ip[0] = a;
}

struct binding *
binding_find(struct engine *e, const struct segment *s, struct addr a)
{
	struct bind_key k = { .seg = s->ix, .addr = a };
	return table_find(&e->bindings, &k, e->now);
}

bool
binding_is(struct engine *e, const struct segment *s, struct addr a, struct mac m)
{
	struct binding *b = binding_find(e, s, a);
	return b && mac_eq(b->mac, m);
}

bool
binding_settled(struct engine *e, const struct segment *s, struct addr a, struct mac m)
{
	const struct binding *b = binding_find(e, s, a);

	return b && mac_eq(b->mac, m) && !b->contested &&
	       (mac_zero(b->prev) || b->first - b->prev_last > BIND_FRESH_MIN * TS_MIN);
}

static void
binding_move(struct engine *e, struct binding *b, struct mac m, enum bind_src src)
{
	b->contested = mac_eq(b->prev, m) && e->now - b->first <= CLAIM_BACK_SEC * TS_SEC;
	b->prev = b->mac;
	b->prev_last = b->last;
	b->mac = m;
	b->src = (uint8_t)src;
	b->first = b->last = e->now;
}

void
binding_learn(struct engine *e, const struct segment *s, struct addr a, struct mac m, enum bind_src src)
{
	struct bind_key k = { .seg = s->ix, .addr = a };
	bool fresh;

	if (!addr_set(a) || addr_zero(a) || addr_multicast(a) || addr_broadcast4(a) || mac_group(m) ||
	    mac_zero(m))
		return;
	struct binding *b = table_get(&e->bindings, &k, e->now, &fresh);
	if (b == NULL)
		return;
	if (fresh) {
		b->mac = m;
		b->first = b->last = e->now;
		b->src = (uint8_t)src;
	} else if (mac_eq(b->mac, m)) {
		b->last = e->now;
		if (src > b->src)
			b->src = (uint8_t)src;
	} else if (src >= BIND_ND || b->src == BIND_IP || e->now - b->last > BIND_FRESH_MIN * TS_MIN) {
		binding_move(e, b, m, src);
	} else {
		return;
	}
	struct host *h = host_get(e, s, m, NULL);
	if (h)
		host_note_ip(e, h, a);
}

static void
learn_arp(struct engine *e, const struct arp *a)
{
	if (mac_zero(a->sha) || addr_zero(a->spa))
		return; /* an RFC 5227 probe claims nothing yet */
	binding_learn(e, e->seg, a->spa, a->sha, BIND_ARP);
}

static struct mac
ll_mac(struct bytes ll, struct mac otherwise)
{
	struct mac m = otherwise;
	if (ll.n == 6)
		memcpy(m.b, ll.p, 6);
	return m;
}

static void
learn_nd(struct engine *e, const struct obs *o)
{
	const struct nd *n = &o->u.nd;
	struct mac from = o->inner.smac;

	if (n->type == ND_RA)
		e->ra_frame = o->frame;
	if (o->depth > 0 && mac_eq(from, o->outer.smac))
		return; /* inside a tunnel: the link header is the tunnel's */
	if ((o->flags & OBS_SUM_BAD) || o->inner.hop_limit != 255)
		return;
	/* RFC 4861 7.2.5, 6.3.4: without the override flag or the link-layer option nobody changes what he knows */
	if (n->type == ND_NA)
		binding_learn(e, e->seg, n->target, ll_mac(n->tlla, from), n->na_o ? BIND_ND : BIND_IP);
	else if (!addr_zero(o->inner.src))
		binding_learn(e, e->seg, o->inner.src, ll_mac(n->slla, from),
			      n->slla.n == 6 ? BIND_ND : BIND_IP);
	if (n->type != ND_RA)
		return;
	struct host *h = host_get(e, e->seg, from, NULL);
	if (h == NULL)
		return;
	struct host_more *more = host_more_of(e, h);
	if (more->ra_first == 0)
		more->ra_first = e->now;
	h->ra_live |= n->router_lifetime > 0;
}

static void
learn_dhcp4(struct engine *e, const struct obs *o)
{
	const struct dhcp4 *d = &o->u.dhcp4;
	struct mac m;

	if (d->op != 2 || d->msg_type != D4_ACK || d->chaddr.n != 6 || d->htype != 1 || addr_zero(d->yiaddr))
		return;
	memcpy(m.b, d->chaddr.p, 6);
	binding_learn(e, e->seg, d->yiaddr, m, BIND_DHCP);
}

/* A TTL that nobody has counted down yet: the sender is on this link.  Senders start at one of these (RFC 1700 and the
 * defaults of every common stack); a routed packet has one less. */
static bool
ttl_fresh(uint8_t ttl)
{
	return ttl == 64 || ttl == 128 || ttl == 255;
}

static bool
is_dhcp(const struct ends *n)
{
	return n->ipproto == 17 && (n->dport == 67 || n->dport == 68 || n->dport == 546 || n->dport == 547);
}

static void
learn_frame(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;

	if ((o->flags & OBS_NO_ETHER) || mac_group(o->outer.smac) || mac_zero(o->outer.smac))
		return;
	struct host *h = host_get(e, e->seg, o->outer.smac, NULL);
	if (h == NULL)
		return;
	if (h->last && e->now - h->last > HOST_SILENT) {
		h->gap_from = h->last;
		h->gap_to = e->now;
	}
	h->last = e->now;
	h->sent_other |= o->frame != e->ra_frame;
	if (o->depth == 0 && is_dhcp(n))
		return;
	h->last_alive = e->now;
	if (n->src.fam == 6)
		h->last_ip6 = e->now;
	if (mac_group(o->outer.dmac))
		vantage_broadcast(e, e->seg, o->outer.smac);
	if (o->depth == 0 && addr_set(n->src) && (addr_linklocal(n->src) || ttl_fresh(n->hop_limit)))
		binding_learn(e, e->seg, n->src, o->outer.smac, BIND_IP);
}

/* The packet around a tunnel is one like any other: its OBS_FRAME speaks of what is inside. */
static void
learn_carrier(struct engine *e, const struct obs *o)
{
	if (o->depth == 0 && !(o->flags & OBS_NO_ETHER) && ttl_fresh(o->inner.hop_limit))
		binding_learn(e, e->seg, o->inner.src, o->outer.smac, BIND_IP);
}

void
state_learn(struct engine *e, const struct obs *o)
{
	switch (o->kind) {
	case OBS_FRAME: learn_frame(e, o); break;
	case OBS_ARP: learn_arp(e, &o->u.arp); break;
	case OBS_ND: learn_nd(e, o); break;
	case OBS_DHCP4: learn_dhcp4(e, o); break;
	case OBS_TEREDO:
	case OBS_TUNNEL6: learn_carrier(e, o); break;
	default: break;
	}
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field segment_key_rows[] = {
	SNAP(struct segment_key, iface),
	SNAP(struct segment_key, nvlan),
	SNAP_ARRAY(struct segment_key, vlan, vlan[0]),
};
static const struct snap_rec segment_key_rec = SNAP_REC(struct segment_key, segment_key_rows);
static const struct snap_field segment_rows[] = {
	SNAP_UPTO(struct segment, ix, SEGMENTS_MAX - 1),
	SNAP(struct segment, iface),
	SNAP_ARRAY(struct segment, vlan, vlan[0]),
	SNAP_UPTO(struct segment, nvlan, 4),
	SNAP_STR(struct segment, name),
	SNAP(struct segment, first),
	SNAP(struct segment, last),
};
static const struct snap_rec segment_rec = SNAP_REC(struct segment, segment_rows);
static const struct snap_field host_key_rows[] = {
	SNAP_SEG(struct host_key, seg),
	SNAP(struct host_key, mac),
};
static const struct snap_rec host_key_rec = SNAP_REC(struct host_key, host_key_rows);
static const struct snap_field host_rows[] = {
	SNAP(struct host, first),
	SNAP(struct host, last),
	SNAP(struct host, last_alive),
	SNAP(struct host, last_ip6),
	SNAP(struct host, gap_from),
	SNAP(struct host, gap_to),
	SNAP_UPTO(struct host, nip, INC_ADDRS_MAX),
	SNAP_ARRAY(struct host, ip, ip[0]),
	SNAP(struct host, sent_other),
	SNAP(struct host, relays4),
	SNAP(struct host, ra_live),
	SNAP(struct host, has_more),
};
static const struct snap_rec host_rec = SNAP_REC(struct host, host_rows);
static const struct snap_field more_rows[] = {
	SNAP_ARRAY(struct host_more, ip, ip[0]),
	SNAP(struct host_more, ra_first),
	SNAP(struct host_more, dhcp4_server_last),
	SNAP(struct host_more, dhcp6_server_last),
};
static const struct snap_rec more_rec = SNAP_REC(struct host_more, more_rows);
static const struct snap_field bind_key_rows[] = {
	SNAP_SEG(struct bind_key, seg),
	SNAP_NOT(struct bind_key, pad),
	SNAP(struct bind_key, addr),
};
static const struct snap_rec bind_key_rec = SNAP_REC(struct bind_key, bind_key_rows);
static const struct snap_field binding_rows[] = {
	SNAP(struct binding, mac),
	SNAP(struct binding, prev),
	SNAP(struct binding, first),
	SNAP(struct binding, last),
	SNAP(struct binding, prev_last),
	SNAP(struct binding, src),
	SNAP(struct binding, contested),
};
static const struct snap_rec binding_rec = SNAP_REC(struct binding, binding_rows);

static bool
segment_added(struct engine *e, const void *key, void *value)
{
	const struct segment_key *k = key;
	struct segment *s = value;

	if (e->segment_at[s->ix] || e->nsegment == SEGMENTS_MAX || k->nvlan > NELEM(k->vlan))
		return false;
	e->segment_at[s->ix] = s;
	e->nsegment++;
	return true;
}

/* Numbered without a gap. */
static bool
segments_loaded(struct engine *e)
{
	for (size_t i = 0; i < e->nsegment; i++)
		if (e->segment_at[i] == NULL)
			return false;
	return true;
}

const struct snap_store snap_state[] = {
	{ .name = "segments", .kind = SNAP_TABLE, .in_engine = true, .member = offsetof(struct engine, segments),
	  .key = &segment_key_rec, .value = &segment_rec, .added = segment_added, .loaded = segments_loaded },
	{ .name = "hosts", .kind = SNAP_TABLE, .in_engine = true, .member = offsetof(struct engine, hosts),
	  .key = &host_key_rec, .value = &host_rec },
	{ .name = "hosts' more", .kind = SNAP_TABLE, .in_engine = true, .member = offsetof(struct engine, more),
	  .key = &host_key_rec, .value = &more_rec },
	{ .name = "bindings", .kind = SNAP_TABLE, .in_engine = true, .member = offsetof(struct engine, bindings),
	  .key = &bind_key_rec, .value = &binding_rec },
	{ 0 },
};
/* clang-format on */
