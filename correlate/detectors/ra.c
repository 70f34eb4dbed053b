/* Router advertisement and address claim detections (DETECTIONS.md 6). */
#include "d6state.h"
#include "kept.h"
#include "rastate.h"

/* As in the host store. */
struct host_key {
	uint16_t seg;
	struct mac mac;
};

enum {
	SCAN_MAX = 8192, /* hosts looked at for one suspect and second */
	PRF_RESERVED = 2,
	PRF_HIGH = 1 /* RFC 4191 2.1 */
};
#define FOLLOW_WITHIN (5 * TS_SEC)
#define EXPOSED_SINCE (10 * TS_MIN)

static bool
trusted(enum standing st)
{
	return st == ST_AUTHORISED || st == ST_TOLERATED;
}

/* ---- exposure: who heard the RA (DETECTIONS.md 6, victims) ---- */
static bool
can_be_victim(struct engine *e, const struct segment *s, struct mac m, const struct host *h)
{
	const struct host_more *more = host_more(e, h);

	if (more->ra_first || more->dhcp4_server_last || more->dhcp6_server_last || auth_any_role(e, s, m) ||
	    ra_is_source(e, s, m))
		return false;
	for (size_t i = 0; i < h->nip; i++)
		if (key_roles(e, s, host_ip(e, h, i)))
			return false;
	return true;
}

static bool
expose_one(struct engine *e, struct hyp *h, struct mac m, const struct host *host)
{
	uint32_t before = h->victims_total;
	struct hyp_victim *v = NULL;
	size_t i = 0;

	do
		v = hyp_victim_get(h, true, m, i < host->nip ? host_ip(e, host, i) : (struct addr){ 0 },
				   e->now);
	while (v && ++i < host->nip && i < HYP_IPS);
	bool news = h->victims_total != before;
	if (v && v->grade < E1) {
		v->grade = E1;
		news = true;
	}
	return news;
}

/* Hosts of the segment with an IPv6 frame since the last look; the host store is in order of last use. */
static void
expose(struct engine *e, struct ra_suspect *x)
{
	struct segment *s = e->segment_at[x->seg];
	struct actor a = { .has_mac = x->has_mac, .mac = x->mac };
	struct hyp *h = hyp_find(e, FAM_RA, s, &a);
	unsigned seen = 0;
	bool news = false;

	if (h == NULL || !hyp_open(h))
		return;
	for (struct host *host = table_next(&e->hosts, NULL); host && seen++ < SCAN_MAX;
	     host = table_next(&e->hosts, host)) {
		const struct host_key *k = table_key(&e->hosts, host);
		if (table_used_at(&e->hosts, host) < x->scanned)
			break;
		if (k->seg != x->seg || host->last_ip6 == TS_NONE || host->last_ip6 < x->scanned)
			continue;
		if ((!x->has_mac || !mac_eq(k->mac, x->mac)) && can_be_victim(e, s, k->mac, host))
			news |= expose_one(e, h, k->mac, host);
	}
	x->scanned = e->now;
	if (news) {
		events_rejoin(e, h);
		hyp_touch(e, h);
	}
}

static void
expose_tick(struct engine *e, ts_t now)
{
	struct ra_suspect *x;

	for (unsigned i = 0; (x = ra_suspect_at(e, i)); i++)
		if (x->used && now <= x->until)
			expose(e, x);
}

/* ---- facts about the RA at hand ---- */
static const char *
tool_hint(const struct obs *o)
{
	const struct nd *n = &o->u.nd;
	struct field_it pi = { .rec = n }, ri = { .rec = n };
	struct nd_prefix p;
	struct nd_rdnss r;
	bool mo = n->m && n->o;

	if (mo && n->options.n == 0 && n->router_lifetime == 0 && n->prf == PRF_HIGH && n->cur_hop_limit == 0)
		return "mitm6";
	if (mo && n->prf == PRF_HIGH && n->router_lifetime == 300)
		return "inveigh";
	if (nd_prefix_next(&pi, &p) && p.prefix.b[0] == 0xd0 && p.prefix.b[1] == 0x0d &&
	    n->router_lifetime == 10)
		return "bettercap";
	bool rdnss = nd_rdnss_next(&ri, &r);
	if (rdnss && n->slla.n == 6 && (r.lifetime == 180 || r.lifetime == 0) && n->router_lifetime == 0)
		return "pretender";
	if (rdnss && r.lifetime == 1800 && n->cur_hop_limit == 64 && !n->m && !n->o && n->prf == 0 &&
	    n->router_lifetime == 0)
		return "responder";
	if (o->flags & (OBS_FRAGMENTED | OBS_ATOMIC | OBS_EXT))
		return "thc-ipv6";
	return NULL;
}

static struct fact
ra_fact(struct engine *e, const struct obs *o, enum fact_id id, enum grade g, unsigned flags)
{
	struct fact f = {
		.id = (uint8_t)id, .family = FAM_RA, .grade = (uint8_t)g, .flags = (uint16_t)flags
	};

	if (!ra_at(e)->nameless)
		f.actor = (struct actor){ .has_mac = true, .mac = o->inner.smac, .addr = o->inner.src };
	if (!mac_group(o->inner.dmac)) {
		f.has_victim = true;
		f.victim = o->inner.dmac;
		if (!addr_multicast(o->inner.dst))
			f.victim_addr = o->inner.dst;
	}
	if (o->u.nd.type == ND_RA)
		f.hint = tool_hint(o);
	return f;
}

/* Raises it; an E1 makes its sender a suspect whose listeners are victims. */
static void
ra_raise(struct engine *e, const struct obs *o, const struct fact *f)
{
	const struct ra_message *m = ra_at(e);
	struct ra_suspect *x;

	fact_raise(e, f);
	if (f->grade < E1 || !m->valid || !m->accepted || trusted(m->st))
		return;
	ra_suspect_note(e, e->seg, &f->actor, m, &o->u.nd);
	if (!mac_group(o->inner.dmac))
		return;
	for (unsigned i = 0; (x = ra_suspect_at(e, i)); i++)
		if (x->used && x->seg == e->seg->ix && x->last == e->now && e->now - x->scanned >= TS_SEC)
			expose(e, x);
}

/* The RA of somebody without standing. */
static const struct ra_message *
suspect_ra(struct engine *e, const struct obs *o)
{
	const struct ra_message *m = ra_at(e);
	bool ra = o->u.nd.type == ND_RA && m->valid;
	return ra && !trusted(m->st) ? m : NULL;
}

static bool
gives_names(const struct nd *n)
{
	return n->has_rdnss || n->has_dnssl || n->has_pref64 || n->has_dnr;
}

/* A declared resolver that only advertises itself. */
static bool
resolver_host(const struct ra_message *m, const struct nd *n)
{
	return m->rdnss_good && n->router_lifetime == 0 && !n->m && !n->o && m->npio == 0 && m->nrio == 0;
}

/* Thread and other home meshes: no default router, their own small networks only. */
static bool
mesh_router(const struct ra_message *m, const struct nd *n)
{
	return n->router_lifetime == 0 && (m->npio || m->nrio) && !n->m && !n->o && !gives_names(n) &&
	       !m->odd_pio && !m->odd_rio;
}

static void
rogue_detect(struct engine *e, const struct obs *o)
{
	const struct ra_message *m = suspect_ra(e, o);
	const struct nd *n = &o->u.nd;
	struct fact f;

	if (m == NULL || resolver_host(m, n))
		return;
	if (mesh_router(m, n))
		f = ra_fact(e, o, F_RA_ROGUE, E0, m->src->live ? 0 : FF_OPENS);
	else if (m->st == ST_UNAUTHORISED)
		f = ra_fact(e, o, F_RA_ROGUE, E1, FF_HARD);
	else if (m->after_silence)
		f = ra_fact(e, o, F_RA_ROGUE, E1, 0);
	else
		f = ra_fact(e, o, F_RA_ROGUE, E0, n->router_lifetime == 0 && !m->src->live ? FF_OPENS : 0);
	ra_raise(e, o, &f);
}

static void
dns_detect(struct engine *e, const struct obs *o)
{
	const struct ra_message *m = suspect_ra(e, o);
	const struct nd *n = &o->u.nd;

	if (m == NULL || !gives_names(n) || resolver_host(m, n))
		return;
	if (m->st != ST_UNAUTHORISED &&
	    (n->router_lifetime > 0 || m->src->live || ra_known_resolver(e, e->seg, m->mac)))
		return;
	struct fact f = ra_fact(e, o, F_RA_DNS, E1, m->st == ST_UNAUTHORISED && m->rdnss_own ? FF_HARD : 0);
	ra_raise(e, o, &f);
}

static void
pref_detect(struct engine *e, const struct obs *o)
{
	const struct ra_message *m = suspect_ra(e, o);
	const struct nd *n = &o->u.nd;

	if (m == NULL || !((n->router_lifetime == 0 && n->prf != 0) || n->prf == PRF_RESERVED))
		return;
	struct fact f = ra_fact(e, o, F_RA_PREF, E0, 0);
	fact_raise(e, &f);
}

static void
mo_detect(struct engine *e, const struct obs *o)
{
	const struct ra_message *m = suspect_ra(e, o);
	const struct nd *n = &o->u.nd;
	uint8_t mo = (uint8_t)(n->m << 1 | n->o);
	bool known, bad;

	if (m == NULL || mo == 0)
		return;
	bad = m->st == ST_UNAUTHORISED;
	bool differs = bad && (mo & ~ra_authorised_mo(e, e->seg, &known)) && known;
	bool nudge = n->router_lifetime == 0 && m->npio == 0 && m->nrio == 0 && !m->src->live;
	if (!differs && !nudge)
		return;
	struct fact f = ra_fact(e, o, F_RA_MO, E1, bad ? FF_HARD : 0);
	ra_raise(e, o, &f);
}

/* No lifetime, in the name of a router that is on another MAC and announces one; this MAC never did. */
static bool
kills_another(struct engine *e, const struct obs *o, const struct ra_message *m)
{
	const struct binding *b = binding_find(e, e->seg, o->inner.src);
	struct mac other = b == NULL ? m->mac : mac_eq(b->mac, m->mac) ? b->prev : b->mac;
	const struct ra_source *owner =
		mac_eq(other, m->mac) || mac_zero(other) ? NULL : ra_source_of(e, e->seg, other);

	return owner && owner->live && o->u.nd.router_lifetime == 0 && !m->src->live && !m->nameless;
}

static void
kill_detect(struct engine *e, const struct obs *o)
{
	const struct ra_message *m = ra_at(e);
	bool ok;

	if (o->u.nd.type != ND_RA || !m->valid)
		return;
	if (!trusted(m->st) && auth_mac_for(e, e->seg, o->inner.src, m->mac, &ok) && !ok) {
		struct fact f = ra_fact(e, o, F_RA_KILL, E1, FF_SP);
		f.key = o->inner.src;
		ra_raise(e, o, &f);
		return;
	}
	if (!trusted(m->st) && kills_another(e, o, m)) {
		struct fact f = ra_fact(e, o, F_RA_KILL, E1, 0);
		f.key = o->inner.src;
		ra_raise(e, o, &f);
		return;
	}
	/* The lifetime is back within 3 s.  A router that restarts does this once and looks the same throughout. */
	if (!m->kill_repaired || m->nameless || (m->kill_same && m->src->kills < 2))
		return;
	struct fact f = ra_fact(e, o, F_RA_KILL, E1, 0);
	f.actor = (struct actor){ .addr = o->inner.src }; /* the forger used the router's own MAC */
	f.key = o->inner.src;
	f.hint = NULL;
	fact_raise(e, &f);
}

static void
evade_detect(struct engine *e, const struct obs *o)
{
	const struct ra_message *m = ra_at(e);
	const struct nd *n = &o->u.nd;
	bool ra = n->type == ND_RA;
	struct mac from;

	if (n->type < ND_RS || n->type > ND_REDIRECT || !sender_of(o, &from))
		return;
	bool hides = (o->flags & (OBS_FRAGMENTED | OBS_EXT | OBS_ATOMIC)) || o->inner.hop_limit != 255 ||
		     n->code != 0 || (ra && !addr_linklocal(o->inner.src));
	bool sum = ra && (o->flags & OBS_SUM_BAD) && !trusted(m->st);
	if (!hides && !sum)
		return;
	struct fact f = ra_fact(e, o, F_RA_EVADE, hides ? E1 : E0, 0);
	ra_raise(e, o, &f);
}

static void
flood_detect(struct engine *e, const struct obs *o)
{
	const struct ra_message *m = ra_at(e);

	if (o->u.nd.type != ND_RA || !m->valid || trusted(m->st) || (!m->flood_prefix && !m->flood_sources))
		return;
	struct fact f = ra_fact(e, o, F_RA_FLOOD, E1, FF_HARD);
	ra_raise(e, o, &f);
}

static void
badopt_detect(struct engine *e, const struct obs *o)
{
	uint32_t bad = NDA_OPT_ZERO | NDA_RDNSS_LENGTH | NDA_PIO_LENGTH;
	struct mac from;

	if (!(o->flags & OBS_CUT))
		bad |= NDA_OPT_PAST_END;
	if (!(o->u.nd.anomalies & bad) || !sender_of(o, &from))
		return;
	struct fact f = ra_fact(e, o, F_RA_BADOPT, o->flags & OBS_SUM_BAD ? E0 : E1, 0);
	ra_raise(e, o, &f);
}

/* ---- who follows a suspect ---- */
static void
follow_raise(struct engine *e, const struct ra_suspect *x, struct mac victim, struct addr victim_addr,
	     struct addr key)
{
	const struct host *host = host_find(e, e->seg, victim);
	struct hyp *h = hyp_of(e, FAM_RA, e->seg, x->mac);
	struct hyp_victim *v;

	if (h == NULL || mac_eq(victim, x->mac) || (host && !can_be_victim(e, e->seg, victim, host)))
		return;
	v = hyp_victim_of(h, victim);
	if (v && hyp_victim_best(v) >= E2 && e->now - v->last < 10 * TS_SEC)
		return; /* said it already */
	struct fact f = { .id = F_RA_FOLLOW, .family = FAM_RA, .grade = E2, .flags = FF_USE };
	f.actor = (struct actor){ .has_mac = true, .mac = x->mac };
	f.has_victim = true;
	f.victim = victim;
	f.victim_addr = victim_addr;
	f.key = key;
	fact_raise(e, &f);
}

/* Duplicate address detection of an address in a prefix that no other router announced. */
static void
follow_probe(struct engine *e, const struct ra_suspect *x, const struct obs *o)
{
	bool any;

	if (o->u.nd.type != ND_NS || !addr_zero(o->inner.src) || (o->flags & OBS_SUM_BAD))
		return;
	if (ra_on_link(e, e->seg, o->u.nd.target, x->mac, &any))
		return;
	for (size_t i = 0; i < x->nprefix; i++)
		if (addr_in(o->u.nd.target, x->prefix[i])) {
			follow_raise(e, x, o->inner.smac, o->u.nd.target, o->u.nd.target);
			return;
		}
}

static void
follow_solicit(struct engine *e, const struct ra_suspect *x)
{
	const struct d6_message *m = d6_at(e);

	if (!m->valid || !m->client || m->relayed || !x->nudge || e->now - x->last > FOLLOW_WITHIN)
		return;
	if (m->type == D6_SOLICIT || m->type == D6_INFORMATION_REQUEST)
		follow_raise(e, x, m->client_mac, m->client_addr, (struct addr){ 0 });
}

static void
follow_traffic(struct engine *e, const struct ra_suspect *x, const struct obs *o)
{
	const struct ends *n = &o->inner;

	if (o->depth || n->src.fam != 6 || !mac_eq(o->outer.dmac, x->mac))
		return;
	if (addr_linklocal(n->dst) || addr_multicast(n->dst) || addr_zero(n->src) ||
	    binding_is(e, e->seg, n->dst, x->mac))
		return;
	follow_raise(e, x, o->outer.smac, n->src, n->dst);
}

static void
follow_detect(struct engine *e, const struct obs *o)
{
	const struct ra_suspect *x;

	if (!ra_suspects_any(e))
		return;
	for (unsigned i = 0; (x = ra_suspect_at(e, i)); i++) {
		if (!x->used || !x->has_mac || x->seg != e->seg->ix || e->now > x->until)
			continue;
		if (o->kind == OBS_FRAME)
			follow_traffic(e, x, o);
		else if (o->kind == OBS_ND)
			follow_probe(e, x, o);
		else
			follow_solicit(e, x);
	}
}

/* ---- address claims ---- */
static void
claim_raise(struct engine *e, const struct claim_verdict *v)
{
	struct fact f = {
		.id = F_ND_SPOOF, .family = FAM_ND_SPOOF, .grade = E1, .flags = v->hard ? FF_HARD : 0
	};

	f.actor = (struct actor){ .has_mac = true, .mac = v->actor };
	f.has_victim = v->has_victim;
	f.victim = v->victim;
	f.victim_addr = v->victim_addr;
	f.key = v->addr;
	fact_raise(e, &f);
}

static void
spoof_detect(struct engine *e, const struct obs *o)
{
	struct claim_verdict v = claim_judge(e, o);

	if (v.fires)
		claim_raise(e, &v);
}

static void
spoof_tick(struct engine *e, ts_t now)
{
	struct segment *was = e->seg, *s;
	struct claim_verdict v;

	(void)now;
	while (claim_due(e, &s, &v)) {
		e->seg = s;
		claim_raise(e, &v);
	}
	e->seg = was;
}

/* Which addresses matter: what a DHCPv4 server in good standing tells its clients. */
static void
keys_detect(struct engine *e, const struct obs *o)
{
	static const struct {
		uint8_t code, roles;
	} told[] = {
		{ D4O_ROUTER, KEY_ROUTER | KEY_GATEWAY4 },
		{ D4O_DNS, KEY_RESOLVER },
		{ D4O_SERVER_ID, KEY_DHCP },
	};
	const struct dhcp4 *d = &o->u.dhcp4;
	struct mac from;

	if (d->op != 2 || (d->msg_type != D4_OFFER && d->msg_type != D4_ACK) || !sender_of(o, &from))
		return;
	struct addr id = dhcp4_opt_addr(d, D4O_SERVER_ID);
	if (auth_standing(e, e->seg, SVC_DHCP4, from, id, (struct bytes){ NULL, 0 }) == ST_UNAUTHORISED ||
	    actor_open(e, e->seg, from, UINT32_C(1) << FAM_D4_ROGUE))
		return;
	for (size_t i = 0; i < NELEM(told); i++) {
		struct cursor c = cur_all(dhcp4_opt(d, told[i].code));
		for (size_t n = 0; n < 8 && cur_left(&c) >= 4; n++)
			key_note(e, e->seg, addr4_read(&c), told[i].roles);
	}
}

#define RA .family = FAM_RA, .on = ON(OBS_ND)
const struct detector detectors_ra[] = {
	{ .id = "KEY-ADDRESSES",
	  .family = FAM_ND_SPOOF,
	  .on = ON(OBS_DHCP4),
	  .about = ABOUT_CLAIM,
	  .detect = keys_detect,
	  .explain = "Watches only: learns which addresses are gateways, resolvers and servers from what "
		     "DHCPv4 servers tell." },
	{ RA, .id = "RA-ROGUE", .fact = F_RA_ROGUE, .grade = E1, .flags = FF_HARD, .about = ABOUT_SOURCE,
	  .attack = "T1557", .detect = rogue_detect, .tick = expose_tick,
	  .explain = "A host that is no declared router advertises itself as one. Every host of the segment "
		     "listens. Compare with "
		     "the declared routers; phones sharing their connection and home routers do this by "
		     "accident." },
	{ RA, .id = "RA-DNS", .fact = F_RA_DNS, .grade = E1, .flags = FF_HARD, .about = ABOUT_RESOLVER,
	  .attack = "T1557", .detect = dns_detect,
	  .explain = "A router advertisement by a host that is no router gives resolvers, a search list, a "
		     "NAT64 prefix or an "
		     "encrypted resolver. Name lookups of every listener may go there." },
	{ RA, .id = "RA-PREF", .fact = F_RA_PREF, .grade = E0, .about = ABOUT_FLAGS, .attack = "T1557",
	  .detect = pref_detect,
	  .explain = "Preference set although the lifetime is 0, or the reserved value (RFC 4191 section "
		     "2.2). Routers that stop "
		     "send this too." },
	{ RA, .id = "RA-MO", .fact = F_RA_MO, .grade = E1, .flags = FF_HARD, .about = ABOUT_FLAGS,
	  .attack = "T1557", .detect = mo_detect,
	  .explain =
		  "An advertisement sends hosts to DHCPv6 although the routers of this segment do not, or "
		  "does nothing but "
		  "that: no lifetime, no prefix, no route. It prepares an answer by a rogue DHCPv6 server." },
	{ RA, .id = "RA-KILL", .fact = F_RA_KILL, .grade = E1, .flags = FF_SP, .about = ABOUT_CLAIM,
	  .attack = "T1557 T1489", .detect = kill_detect,
	  .explain = "Somebody advertises in the name of a router: from another MAC, or with a lifetime of 0 "
		     "that the router "
		     "takes back at once. Hosts lose their default route." },
	{ RA, .id = "RA-EVADE", .fact = F_RA_EVADE, .grade = E1, .about = ABOUT_SHAPE, .attack = "T1557",
	  .detect = evade_detect,
	  .explain = "Neighbour discovery inside fragments or behind extension headers, with a hop limit "
		     "other than 255, a code, or "
		     "a source that is not link-local: forbidden (RFC 6980, RFC 4861) and the way around RA "
		     "Guard (RFC 7113)." },
	{ RA, .id = "RA-FLOOD", .fact = F_RA_FLOOD, .grade = E1, .flags = FF_HARD, .about = ABOUT_RATE,
	  .attack = "T1499", .detect = flood_detect,
	  .explain = "Ten or more prefixes of one sender, or ten or more senders, in ten seconds. Hosts "
		     "spend all their time on "
		     "configuring addresses. With many senders the MACs are forged and the switch port is "
		     "not on the wire." },
	{ RA, .id = "RA-BADOPT", .fact = F_RA_BADOPT, .grade = E1, .about = ABOUT_SHAPE, .attack = "T1203",
	  .detect = badopt_detect,
	  .explain = "A neighbour discovery option whose length is impossible (CVE-2020-16898 is one): an "
		     "attempt to exploit a "
		     "parser, or a broken sender." },
	{ .family = FAM_RA,
	  .on = ON(OBS_ND) | ON(OBS_DHCP6) | ON(OBS_FRAME),
	  .id = "RA-FOLLOW",
	  .fact = F_RA_FOLLOW,
	  .grade = E2,
	  .flags = FF_USE,
	  .about = ABOUT_ACCEPT,
	  .attack = "T1557",
	  .detect = follow_detect,
	  .explain = "A host acts on the suspect's advertisement: takes an address of its prefix, asks "
		     "DHCPv6 within five "
		     "seconds, or sends traffic through it." },
	{ .family = FAM_ND_SPOOF,
	  .on = ON(OBS_ND) | ON(OBS_ARP),
	  .id = "ND-SPOOF",
	  .fact = F_ND_SPOOF,
	  .grade = E1,
	  .flags = FF_HARD,
	  .about = ABOUT_CLAIM,
	  .attack = "T1557.002",
	  .detect = spoof_detect,
	  .tick = spoof_tick,
	  .explain = "A host claims an address that belongs to another: that of a router, resolver or "
		     "server, or one whose owner "
		     "claims it back. Replaced adapters and failover without a virtual MAC look the same "
		     "once, not repeatedly." },
	{ 0 },
};
