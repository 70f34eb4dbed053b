/* Composite incidents (DETECTIONS.md 10.1).  A chain is built anew from its members each time one of them changes, so it
 * never depends on the order in which facts and events came. */
#include "kept.h"
#include "verdict.h"

enum { WINDOW_MIN = 30 };

static bool
within(ts_t a, ts_t b, ts_t window)
{
	return a > b ? a - b <= window : b - a <= window;
}

static struct hyp *
member(struct engine *e, uint8_t family, const struct hyp *of)
{
	struct hyp *h = of->actor.has_mac
				? hyp_of(e, (enum family)family, e->segment_at[of->seg], of->actor.mac)
				: NULL;
	return h && hyp_open(h) ? h : NULL;
}

static void
merge_fact(struct hyp *c, const struct hyp_fact *f)
{
	struct hyp_fact *mine = (struct hyp_fact *)(uintptr_t)hyp_fact_of(c, (enum fact_id)f->id);

	if (mine == NULL && c->nfact == HYP_FACTS)
		return;
	if (mine == NULL)
		hyp_fact_set(c, c->nfact++, f);
	else if (f->count > mine->count)
		hyp_fact_set(c, (size_t)(mine - c->fact), f);
}

static void
merge_member(struct hyp *c, const struct hyp *m)
{
	if (c->nmember == INC_MEMBERS_MAX)
		return;
	c->member[c->nmember++] = m->id;
	c->first = m->first < c->first ? m->first : c->first;
	c->last = m->last > c->last ? m->last : c->last;
	for (int pass = 0; pass < 2; pass++) /* what accuses first: the list is bounded */
		for (size_t i = 0; i < m->nfact; i++)
			if ((m->fact[i].grade >= E1) == (pass == 0))
				merge_fact(c, &m->fact[i]);
	for (size_t i = 0; i < m->nevent; i++)
		(void)hyp_event_add(c, &m->event[i]);
	for (size_t i = 0; i < m->nip; i++)
		hyp_actor_ip(c, m->actor_ip[i]);
	if (!c->hint)
		c->hint = m->hint;
	if (!c->flow.src.fam)
		c->flow = m->flow;
}

/* Starts a chain over: identity, revisions and what was told stay. */
static struct hyp *
chain_begin(struct engine *e, uint8_t family, const struct hyp *of)
{
	struct hyp *c = hyp_get(e, family, e->segment_at[of->seg], &of->actor);

	if (c == NULL)
		return NULL;
	c->nfact = c->nmember = 0;
	c->nvictim = c->victims_total = c->nevent = c->events_total = 0;
	memset(c->spill_event, 0, sizeof(c->spill_event));
	c->first = of->first;
	return c;
}

static void
chain_end(struct engine *e, struct hyp *c, enum verdict v)
{
	c->host_fate = (uint8_t)v;
	hyp_touch(e, c);
	if (v != V_CONFIRMED)
		return;
	for (size_t i = 0; i < c->nmember; i++) {
		struct hyp *m = hyp_by_id(e, c->member[i]);
		if (m == NULL || m->lifted || !hyp_open(m))
			continue;
		m->lifted = true;
		hyp_touch(e, m);
	}
}

/* The victim's best grade over the members. */
static uint8_t
victim_grade(struct hyp *const *m, size_t n, struct mac v)
{
	uint8_t g = 0;

	for (size_t i = 0; i < n; i++) {
		const struct hyp_victim *x = m[i] ? hyp_victim_of(m[i], v) : NULL;
		if (x && hyp_victim_grade(x) > g)
			g = hyp_victim_grade(x);
	}
	return g;
}

static bool
gives_resolver(const struct hyp *h)
{
	return h && (hyp_holds(h, F_D6_DNS) || hyp_holds(h, F_RA_DNS) || hyp_holds(h, F_D6_INFO) ||
		     h->gives_resolver);
}

/* Is the host on the path: it accepted the actor's message or asked its resolver? */
static bool
on_path(const struct hyp *adv, const struct hyp *dns, struct mac v)
{
	const struct hyp_victim *a = adv ? hyp_victim_of((struct hyp *)(uintptr_t)adv, v) : NULL;
	const struct hyp_victim *d = dns ? hyp_victim_of((struct hyp *)(uintptr_t)dns, v) : NULL;

	return (a && hyp_victim_grade(a) >= E2) || (a && d && d->uses);
}

/* Does an event of a path victim's own computer, or a server's that names nobody's host, count as H? */
static bool
victim_speaks(struct engine *e, struct hyp *c)
{
	for (size_t i = 0; i < c->nevent; i++) {
		const struct kept *k = event_find(e, c->event[i].serial);
		struct place place[PLACES];
		if (k == NULL || !event_counts(c, &c->event[i]))
			continue;
		if (k->kind == HE_SCOPE6_REQUEST_OTHER_SERVER || k->kind == HE_DHCP_NO_DIRECTORY)
			return true;
		size_t n = event_places(e, k, place);
		for (size_t p = 0; p < n; p++)
			if (place[p].seg == c->seg && hyp_victim_of(c, place[p].mac))
				return true;
	}
	return false;
}

/* (c): it asks the actor's resolver (E3), was poisoned (E4) or authenticated to it (E5); renewed by each message of the
 * actor to the host or query of it. */
static uint8_t
depends_on(struct hyp *dns, struct hyp *auth, const struct hyp_victim *v)
{
	const struct hyp_victim *d = dns ? hyp_victim_of(dns, v->mac) : NULL;
	const struct hyp_victim *a = auth ? hyp_victim_of(auth, v->mac) : NULL;
	uint8_t grade = E0;

	if (d && within(d->last, v->last, WINDOW_MIN * TS_MIN))
		grade = d->grade >= E4 ? d->grade : d->uses ? E3 : E0;
	if (a && hyp_victim_grade(a) > grade && within(a->last, v->last, WINDOW_MIN * TS_MIN))
		grade = hyp_victim_grade(a);
	return grade;
}

/* Chain 1: a resolver given by DHCPv6 or RA, hosts that took it, and what they asked it. */
static void
ipv6_dns_takeover(struct engine *e, struct hyp *changed)
{
	struct hyp *m[] = { member(e, FAM_D6_ROGUE, changed), member(e, FAM_RA, changed),
			    changed->actor.has_mac
				    ? hyp_of(e, FAM_DNS, e->segment_at[changed->seg], changed->actor.mac)
				    : NULL,
			    member(e, FAM_AUTH, changed) };
	bool any = false, poisoned = false;

	if (off(e, "chain/mitm6") || (!gives_resolver(m[0]) && !gives_resolver(m[1])) ||
	    (m[2] == NULL && m[3] == NULL))
		return;
	struct hyp *c = NULL;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; m[k] && i < m[k]->nvictim; i++) {
			const struct hyp_victim *v = &m[k]->victim[i];
			if (!v->has_mac || !(on_path(m[0], m[2], v->mac) || on_path(m[1], m[2], v->mac)))
				continue;
			uint8_t depends = depends_on(m[2], m[3], v);
			if (depends == E0)
				continue;
			if (c == NULL && (c = chain_begin(e, FAM_MITM6, changed)) == NULL)
				return;
			any = true;
			poisoned |= depends >= E4;
		}
	if (!any)
		return;
	for (size_t i = 0; i < NELEM(m); i++)
		if (m[i] && (i != 2 || hyp_open(m[i]) || m[i]->nfact))
			merge_member(c, m[i]);
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; m[k] && i < m[k]->nvictim; i++) {
			const struct hyp_victim *v = &m[k]->victim[i];
			if (!v->has_mac || !(on_path(m[0], m[2], v->mac) || on_path(m[1], m[2], v->mac)))
				continue;
			struct hyp_victim *mine = hyp_victim_get(
				c, true, v->mac, v->nip ? v->ip[0] : (struct addr){ 0 }, v->last);
			if (mine)
				mine->grade = victim_grade(m, NELEM(m), v->mac);
		}
	chain_end(e, c, poisoned || victim_speaks(e, c) ? V_CONFIRMED : V_PROBABLE);
}

/* Copies a victim of a member, with its grade there. */
static void
take_victim(struct hyp *c, const struct hyp_victim *v)
{
	struct hyp_victim *mine =
		hyp_victim_get(c, v->has_mac, v->mac, v->nip ? v->ip[0] : (struct addr){ 0 }, v->last);
	if (mine && hyp_victim_best(v) > mine->grade)
		mine->grade = hyp_victim_best(v);
}

/* Did it answer anybody but the server that the first hypothesis is about?  Its answer to that one is no service. */
static bool
serves_beyond(const struct hyp *server, struct hyp *first)
{
	for (size_t i = 0; i < server->nvictim; i++)
		if (first->family != FAM_D4_AUTHKILL || !hyp_victim_of(first, server->victim[i].mac))
			return true;
	return false;
}

/* The open hypotheses of these families on a segment, newest first. */
static size_t
standing(struct engine *e, uint16_t seg, uint32_t families, enum verdict least, struct hyp **list)
{
	const struct table *t = &e->hyps->table;
	size_t n = 0;

	for (unsigned f = 0; f < FAMILIES; f++)
		for (struct hyp *h = families >> f & 1 ? hyp_next_of(e, (uint8_t)f, NULL) : NULL; h;
		     h = hyp_next_of(e, (uint8_t)f, h)) {
			if (h->seg != seg || h->verdict < least || !hyp_open(h))
				continue;
			size_t at = n++;
			for (; at > 0 && table_order(t, list[at - 1]) < table_order(t, h); at--)
				list[at] = list[at - 1];
			list[at] = h;
		}
	return n;
}

/* Chains 2 and 3: one hypothesis prepares, a rogue DHCPv4 server on the same segment follows within the window. */
static void
then_serve(struct engine *e, struct hyp *changed, uint8_t chain, const char *id, uint32_t first_families)
{
	struct hyp *serving[HYPS], *first[HYPS];

	if (off(e, id) || (changed->family != FAM_D4_ROGUE && !(first_families >> changed->family & 1)))
		return;
	size_t ns = standing(e, changed->seg, UINT32_C(1) << FAM_D4_ROGUE, V_SUSPECTED, serving);
	size_t np = ns ? standing(e, changed->seg, first_families, V_PROBABLE, first) : 0;
	for (size_t x = 0; x < ns; x++) {
		struct hyp *s = serving[x];
		for (size_t y = 0; y < np; y++) {
			struct hyp *p = first[y];
			/* both may live on for days: what counts is that they were active together */
			if (p->first > s->last || !serves_beyond(s, p) ||
			    !within(s->last, p->last, WINDOW_MIN * TS_MIN))
				continue;
			struct hyp *c = chain_begin(e, chain, s);
			if (c == NULL)
				return;
			merge_member(c, p);
			merge_member(c, s);
			for (size_t i = 0; i < s->nvictim; i++)
				take_victim(c, &s->victim[i]);
			chain_end(e, c,
				  p->verdict == V_CONFIRMED && s->verdict == V_CONFIRMED ? V_CONFIRMED
											 : V_PROBABLE);
			return;
		}
	}
}

/* A joined event of one of these that counts; of the victim's own computer where one is given. */
struct telling {
	uint16_t kind;
	uint32_t event_id; /* 0: any */
};

static bool
event_tells(struct engine *e, const struct hyp *h, const struct telling *t, size_t n,
	    const struct hyp_victim *of)
{
	for (size_t i = 0; i < h->nevent; i++) {
		const struct kept *k = event_find(e, h->event[i].serial);
		struct place place[PLACES];
		bool wanted = false;
		for (size_t x = 0; k && x < n; x++)
			wanted |=
				k->kind == t[x].kind && (t[x].event_id == 0 || t[x].event_id == k->event_id);
		if (!wanted || !event_counts(h, &h->event[i]))
			continue;
		if (of == NULL)
			return true;
		size_t np = event_places(e, k, place);
		for (size_t p = 0; p < np; p++)
			if (place[p].seg == h->seg && of->has_mac && mac_eq(place[p].mac, of->mac))
				return true;
	}
	return false;
}

/* Chain 4: a lease with routes was accepted, and then the VPN client cannot set its own, or traffic goes the lease's way. */
static void
vpn_leak(struct engine *e, struct hyp *h)
{
	static const struct telling route_failed[] = { { HE_SSTP, 14 } };
	struct hyp *c = NULL;

	if (off(e, "chain/vpn-leak") || h->family != FAM_D4_ROGUE || !hyp_open(h) ||
	    !hyp_holds(h, F_D4_ROUTE) || h->verdict < V_PROBABLE)
		return;
	for (size_t i = 0; i < h->nvictim; i++) {
		const struct hyp_victim *v = &h->victim[i];
		bool leaks = hyp_victim_best(v) >= E3 && hyp_holds(h, F_D4_LEAK);
		if (hyp_victim_best(v) < E2 ||
		    !(leaks || event_tells(e, h, route_failed, NELEM(route_failed), v)))
			continue;
		if (c == NULL) {
			if ((c = chain_begin(e, FAM_VPN_LEAK, h)) == NULL)
				return;
			merge_member(c, h);
		}
		take_victim(c, v);
	}
	if (c)
		chain_end(e, c, h->verdict == V_CONFIRMED ? V_CONFIRMED : V_PROBABLE);
}

/* The hypothesis by which the client was led to the actor, before it spoke TLS there. */
static struct hyp *
led_by(struct engine *e, const struct hyp *sstp, const struct hyp_victim *v)
{
	static const uint8_t names[] = { FAM_DNS, FAM_D6_ROGUE, FAM_D4_ROGUE };

	for (size_t i = 0; i < NELEM(names); i++) {
		struct hyp *h = member(e, names[i], sstp);
		const struct hyp_victim *n = h ? hyp_victim_of(h, v->mac) : NULL;
		if (n && hyp_victim_best(n) >= (names[i] == FAM_DNS ? E4 : E2) && n->first <= v->last &&
		    within(n->last, v->last, WINDOW_MIN * TS_MIN))
			return h;
	}
	return NULL;
}

/* Chain 5: the actor names the VPN server, shows another certificate, and the client says so. */
static void
vpn_interception(struct engine *e, struct hyp *changed)
{
	static const struct telling refused[] = { { HE_SSTP_CERT_MISMATCH, 0 },
						  { HE_SSTP, 16 },
						  { HE_SSTP_NOT_SENT, 0 } };
	struct hyp *s = member(e, FAM_SSTP, changed), *c = NULL;

	if (off(e, "chain/vpn-interception") || s == NULL || s->verdict < V_SUSPECTED)
		return;
	for (size_t i = 0; i < s->nvictim; i++) {
		const struct hyp_victim *v = &s->victim[i];
		struct hyp *by = v->has_mac ? led_by(e, s, v) : NULL;
		if (by == NULL)
			continue;
		if (c == NULL) {
			if ((c = chain_begin(e, FAM_VPN_INTERCEPT, s)) == NULL)
				return;
			merge_member(c, s);
		}
		bool listed = false;
		for (size_t k = 0; k < c->nmember; k++)
			listed |= c->member[k] == by->id;
		if (!listed)
			merge_member(c, by);
		take_victim(c, v);
	}
	if (c)
		chain_end(e, c,
			  s->verdict == V_CONFIRMED || event_tells(e, s, refused, NELEM(refused), NULL)
				  ? V_CONFIRMED
				  : V_PROBABLE);
}

/* ---- chain 6 ---- */
/* An address of the Internet: no private, local or special one. */
static bool
is_public(struct addr a)
{
	return a.fam == 4 && !addr_private4(a) && !addr_zero(a) && !addr_loopback(a) && !addr_multicast(a) &&
	       !addr_broadcast4(a);
}

/* The peer was given by a name that the actor answered: then it is a takeover of names, not somebody's own tunnel. */
static bool
named_by_dns(struct engine *e, const struct hyp *h)
{
	for (size_t i = 0; i < h->nfact; i++)
		if (h->fact[i].grade >= E4)
			return true;
	return member(e, FAM_DNS, h) != NULL;
}

/* A server tells of itself (4000, 4300): its host is the tunnel's end, so this speaks in the chain and not in the member,
 * where a suspect never speaks for or against itself.  Rows 4000 and 4300: the flow from 5 s before it to an hour after. */
static bool
server_tells(struct engine *e, struct hyp *c, const struct hyp *h, uint16_t kind)
{
	const struct kept *k = kind && h->actor.has_mac ? event_by(e, kind, h->seg, h->actor.mac,
								   h->first - TS_HOUR, h->last + 5 * TS_SEC)
							: NULL;

	if (k && c)
		(void)hyp_event_add(c, &(struct hyp_event){ .serial = k->serial,
							    .time = k->ts,
							    .role = ROLE_CORROBORATES,
							    .severity = SEV_HIGH,
							    .offset = k->ts - h->first });
	return k != NULL;
}

/* Chain 6: a host says that it set up a tunnel, the wire shows it in use, and the peer is public or not listed. */
static void
tunnel_backdoor(struct engine *e, struct hyp *h)
{
	static const struct {
		uint8_t family, n;
		uint64_t flows;	      /* bit set of enum fact_id */
		struct telling up[2]; /* by a client */
		uint16_t server;      /* by the server itself; 0: none */
	} kinds[] = {
		{ FAM_ISATAP,
		  2,
		  UINT64_C(1) << F_ISA_ROUTER,
		  { { HE_ISATAP_ROUTER, 0 }, { HE_TUNNEL_UP, 0 } },
		  0 },
		{ FAM_TEREDO, 0, UINT64_C(1) << F_TER_SRV, { { 0, 0 } }, HE_TEREDO_SERVER_UP },
		{ FAM_IPHTTPS, 0, UINT64_C(1) << F_IPH_SRV, { { 0, 0 } }, HE_IPHTTPS_UP },
	};

	if (off(e, "chain/tunnel-backdoor") || h->verdict == V_REFUTED || named_by_dns(e, h) ||
	    !(hyp_open(h) || is_public(h->actor.addr)))
		return;
	for (size_t i = 0; i < NELEM(kinds); i++) {
		bool flows = false;
		for (size_t f = 0; f < h->nfact; f++)
			flows |= fact_in(kinds[i].flows, h->fact[f].id);
		if (h->family != kinds[i].family || !flows ||
		    !(event_tells(e, h, kinds[i].up, kinds[i].n, NULL) ||
		      server_tells(e, NULL, h, kinds[i].server)))
			continue;
		struct hyp *c = chain_begin(e, FAM_TUNNEL_BACKDOOR, h);
		if (c == NULL)
			return;
		merge_member(c, h);
		(void)server_tells(e, c, h, kinds[i].server);
		for (size_t v = 0; v < h->nvictim; v++)
			take_victim(c, &h->victim[v]);
		chain_end(e, c, h->verdict == V_CONFIRMED || hyp_hard(h) ? V_CONFIRMED : V_PROBABLE);
	}
}

/* A flood of forged routers is one incident: those that sent nothing but router advertisements are no stations. */
static void
fold_forged_routers(struct engine *e, const struct hyp *flood)
{
	const struct segment *s = e->segment_at[flood->seg];

	if (flood->family != FAM_RA || flood->actor.has_mac || !hyp_holds(flood, F_RA_FLOOD))
		return;
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h)) {
		if (h->family != FAM_RA || h->seg != flood->seg || !h->actor.has_mac || h->folded ||
		    h->closed)
			continue;
		const struct host *host = host_find(e, s, h->actor.mac);
		if (host == NULL || host->sent_other)
			continue;
		h->folded = flood->id;
		hyp_touch(e, h);
	}
}

static const char *const built[] = { "mitm6",	 "starve-then-serve", "silence-the-server",
				     "vpn-leak", "vpn-interception",  "tunnel-backdoor" };

const char *
chain_at(size_t i)
{
	return i < NELEM(built) ? built[i] : NULL;
}

void
chains_update(struct engine *e, struct hyp *h)
{
	const uint32_t starve = UINT32_C(1) << FAM_D4_STARVATION | UINT32_C(1) << FAM_D4_FLOOD;

	if (h->family >= FAM_CHAINS)
		return;
	if (h->family == FAM_D6_ROGUE || h->family == FAM_RA || h->family == FAM_DNS || h->family == FAM_AUTH)
		ipv6_dns_takeover(e, h);
	fold_forged_routers(e, h);
	then_serve(e, h, FAM_STARVE_SERVE, "chain/starve-then-serve", starve);
	vpn_leak(e, h);
	vpn_interception(e, h);
	tunnel_backdoor(e, h);
	then_serve(e, h, FAM_SILENCE, "chain/silence-the-server", UINT32_C(1) << FAM_D4_AUTHKILL);
}
