/* FO-TAMPER: somebody else in the failover channel of two DHCP servers (DETECTIONS.md 7). */
#include "failover.h"
#include "hypothesis.h"

enum { FAILOVER_PORT = 647, SYN = 2, RST = 4, ACK = 16, TTL_SLACK = 2 };

/* One frame of the channel, seen from its sender. */
struct said {
	struct engine *e;
	const struct obs *o;
	struct failover_link *link;
	unsigned side; /* of the sender */
	bool here;     /* its MAC is its own */
};

static void
tamper_raise(const struct said *s, uint16_t flags)
{
	const struct ends *n = &s->o->inner;
	struct actor a = { .addr = n->src };
	const struct failover_end *was = &s->link->end[s->side];
	bool routed = mac_group(s->o->outer.dmac) || auth_router_mac(s->e, s->e->seg, s->o->outer.dmac);

	/* a forged frame that came through a router, or by the partner's own MAC, names nobody on the link */
	a.has_mac = s->here && !(was->known && mac_eq(was->mac, s->o->outer.smac));
	if (a.has_mac)
		a.mac = s->o->outer.smac;
	fact_raise(s->e, &(struct fact){ .id = F_FO_TAMPER,
					 .family = FAM_FAILOVER,
					 .grade = E1,
					 .flags = flags,
					 .actor = a,
					 .has_victim = true,
					 .victim = routed ? (struct mac){ { 0 } } : s->o->outer.dmac,
					 .victim_addr = n->dst,
					 .key = n->src });
}

/* Declared partners talk to each other only. */
static bool
stranger(struct engine *e, struct addr a, struct addr b)
{
	const struct authority *au = e->conf->authority;
	bool declared = false;

	for (size_t i = 0; au && i < au->nsite; i++)
		for (size_t k = 0; k < au->site[i].nfailover; k++) {
			const struct auth_pair *p = &au->site[i].failover[k];
			bool has_a = addr_eq(p->a, a) || addr_eq(p->b, a);
			bool has_b = addr_eq(p->a, b) || addr_eq(p->b, b);
			if (has_a && has_b)
				return false;
			declared |= has_a || has_b;
		}
	return declared;
}

/* The stranger is the end that no pair lists; the fact is told of the frame that it sent. */
static bool
listed(struct engine *e, struct addr a)
{
	const struct authority *au = e->conf->authority;

	for (size_t i = 0; au && i < au->nsite; i++)
		for (size_t k = 0; k < au->site[i].nfailover; k++)
			if (addr_eq(au->site[i].failover[k].a, a) || addr_eq(au->site[i].failover[k].b, a))
				return true;
	return false;
}

static void
second_host(const struct said *s)
{
	const struct ends *n = &s->o->inner;

	/* both have acknowledged the other: the handshake is complete */
	if (s->link->end[0].acked && s->link->end[1].acked && !listed(s->e, n->src) &&
	    stranger(s->e, n->src, n->dst))
		tamper_raise(s, FF_HARD);
}

static void
tamper_detect(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;
	uint8_t f = o->u.seen.tcp_flags;

	if (n->ipproto != 6 || (n->sport != FAILOVER_PORT && n->dport != FAILOVER_PORT) || o->depth ||
	    (o->flags & OBS_NO_ETHER))
		return;
	struct said s = { .e = e, .o = o };
	s.link = failover_link(e, e->seg, n->src, n->dst, &s.side);
	if (s.link == NULL)
		return;
	struct failover_end *end = &s.link->end[s.side];
	s.here = !auth_router_mac(e, e->seg, o->outer.smac) &&
		 (n->hop_limit == 64 || n->hop_limit == 128 || n->hop_limit == 255);
	bool moved = end->known && end->here && s.here && !mac_eq(end->mac, o->outer.smac);
	int ttl = (int)n->hop_limit - (int)end->ttl;

	bool ok;
	bool hard = auth_mac_for(e, e->seg, n->src, o->outer.smac, &ok) && !ok;

	if (moved)
		tamper_raise(&s, hard ? FF_HARD : 0);
	else if ((f & RST) && end->known && end->acked && (ttl > TTL_SLACK || ttl < -TTL_SLACK))
		tamper_raise(&s, 0);
	if (moved || (f & RST))
		return; /* nothing to learn from it */
	failover_learn(e, end, o->outer.smac, n->hop_limit, s.here);
	if (f & ACK)
		end->acked = true;
	else if (f & SYN)
		s.link->end[0].acked = s.link->end[1].acked = false; /* a new connection */
	second_host(&s);
}

const struct detector detectors_failover[] = {
	{ .id = "FO-TAMPER",
	  .fact = F_FO_TAMPER,
	  .family = FAM_FAILOVER,
	  .grade = E1,
	  .about = ABOUT_SOURCE,
	  .attack = "T1565.002",
	  .on = ON(OBS_FRAME),
	  .detect = tamper_detect,
	  .explain = "The failover channel of two DHCP servers (TCP 647) was answered by another MAC, opened "
		     "by a host that "
		     "is no declared partner, or reset by a packet that travelled another way than the "
		     "partner's. Check: the "
		     "partner's events 20255 and 20256 and its switch port. Benign: a replaced network card, "
		     "a partner that "
		     "is missing from authority.failover." },
	{ 0 },
};
