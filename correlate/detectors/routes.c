/* D4-LEAK: does a client send where the routes of a suspect's lease lead (DETECTIONS.md 4, D4-ROUTE; 10.1, chain 4)? */
#include "hypothesis.h"
#include "ledger.h"
#include "routes.h"

/* ---- the lease ---- */
/* Whose doing a route is: the sender's, or that of the suspect which a declared server newly names as next hop. */
static bool
blamed(struct engine *e, struct mac sender, struct addr via, struct mac *actor)
{
	const struct binding *b = addr_zero(via) ? NULL : binding_find(e, e->seg, via);
	const struct mac who[] = { sender, b ? b->mac : sender };

	for (size_t i = 0; i < NELEM(who); i++) {
		const struct hyp *h = hyp_of(e, FAM_D4_ROGUE, e->seg, who[i]);
		if (h && hyp_open(h) && hyp_holds(h, F_D4_ROUTE)) {
			*actor = who[i];
			return true;
		}
	}
	return false;
}

/* The default route is no route around a tunnel: the tunnel's own is as good or better (RFC 3442, CVE-2024-3661). */
static void
lease_learn(struct engine *e, const struct obs *o)
{
	static const uint8_t codes[] = { D4O_ROUTES, D4O_ROUTES_MS };
	const struct d4_now *n = &e->ledger->now;
	struct led led = { .n = 0 };
	uint32_t lease = 3600;

	if (!n->ok || !n->server || o->u.dhcp4.msg_type != D4_ACK || !n->has_mac)
		return;
	for (size_t i = 0; i < NELEM(codes); i++) {
		struct cursor c = cur_all(dhcp4_opt(&o->u.dhcp4, codes[i]));
		struct route4 r;
		while (led.n < ROUTES_MAX && dhcp4_route_next(&c, &r))
			if (r.dest.len && blamed(e, n->l2, r.via, &led.actor))
				led.route[led.n++] = r;
	}
	(void)dhcp4_opt_u32(&o->u.dhcp4, D4O_LEASE, &lease);
	led.until = e->now + (lease > 86400 ? TS_DAY : (ts_t)lease * TS_SEC);
	struct led *mine = led.n ? routes_get(e, e->seg, n->chaddr) : routes_find(e, e->seg, n->chaddr);
	if (mine)
		*mine = led;
}

/* ---- the traffic ---- */
/* What a tunnel looks like from outside is no clear traffic: IPsec, GRE, and the usual ports of VPNs and TLS. */
static bool
tunnelled(const struct ends *n)
{
	static const uint16_t ports[] = { 443, 500, 1194, 1701, 1723, 4500, 51820 };

	if (n->ipproto == 47 || n->ipproto == 50 || n->ipproto == 51)
		return true;
	for (size_t i = 0; i < NELEM(ports); i++)
		if (n->dport == ports[i])
			return true;
	return false;
}

static bool
routed(struct engine *e, const struct led *l, const struct obs *o)
{
	for (size_t i = 0; i < l->n; i++)
		if (addr_in(o->inner.dst, l->route[i].dest) &&
		    (mac_eq(o->outer.dmac, l->actor) ||
		     binding_is(e, e->seg, l->route[i].via, o->outer.dmac)))
			return true;
	return false;
}

static void
leak_detect(struct engine *e, const struct obs *o)
{
	if (o->kind == OBS_DHCP4) {
		lease_learn(e, o);
		return;
	}
	struct led *l = o->inner.dst.fam == 4 && o->depth == 0 ? routes_find(e, e->seg, o->outer.smac) : NULL;
	if (l == NULL || l->n == 0 || e->now > l->until || e->now - l->told < TS_SEC ||
	    tunnelled(&o->inner) || !routed(e, l, o) || binding_is(e, e->seg, o->inner.dst, o->outer.dmac))
		return;
	struct hyp *h = hyp_of(e, FAM_D4_ROGUE, e->seg, l->actor);
	const struct hyp_victim *v = h ? hyp_victim_of(h, o->outer.smac) : NULL;
	if (v == NULL || v->grade < E2)
		return;
	l->told = e->now;
	fact_raise(e, &(struct fact){ .id = F_D4_LEAK,
				      .family = FAM_D4_ROGUE,
				      .grade = E3,
				      .flags = FF_USE,
				      .actor = { .has_mac = true, .mac = l->actor },
				      .has_victim = true,
				      .victim = o->outer.smac,
				      .victim_addr = o->inner.src,
				      .key = o->inner.dst });
}

const struct detector detectors_routes[] = {
	{ .id = "D4-LEAK",
	  .fact = F_D4_LEAK,
	  .family = FAM_D4_ROGUE,
	  .grade = E3,
	  .flags = FF_USE,
	  .about = ABOUT_ACCEPT,
	  .attack = "T1557.003",
	  .on = ON(OBS_DHCP4) | ON(OBS_FRAME),
	  .detect = leak_detect,
	  .explain = "A client that took the suspect's lease sends traffic in clear to a network that the "
		     "lease's "
		     "routes (option 121 or 249) lead to the suspect: it depends on the suspect, and what "
		     "should "
		     "have gone through a VPN does not. It accuses nobody by itself." },
	{ 0 },
};
