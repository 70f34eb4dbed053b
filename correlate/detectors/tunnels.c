/* ISA-*, TER-*, TUN-NEST: IPv6 that leaves the segment inside IPv4 (DETECTIONS.md 7). */
#include "tunnels.h"
#include "answers.h"
#include "hypothesis.h"

#define ADVERTISERS (UINT32_C(1) << FAM_D4_ROGUE | UINT32_C(1) << FAM_D6_ROGUE | UINT32_C(1) << FAM_RA)

enum { DNS_PORT = 53, NEST_DEPTH = 2, ANSWERS_MAX = 32, SAME_FRAME = 8 };

/* ---- who is at the ends ---- */

/* The station behind an address of the link; a router's MAC stands for everybody behind it and is nobody's. */
static struct actor
actor_of(struct engine *e, enum family family, struct addr a)
{
	const struct binding *b = binding_find(e, e->seg, a);
	struct actor actor = { .addr = a };

	if (b && !b->contested && !(b->src == BIND_IP && auth_router_mac(e, e->seg, b->mac))) {
		actor.has_mac = true;
		actor.mac = b->mac;
		if (actor_open(e, e->seg, b->mac, UINT32_MAX))
			return actor;
	}
	if (!tunnel_may_name(e, family == FAM_TEREDO ? TUNNEL_TEREDO : TUNNEL_ISATAP, a, actor.has_mac))
		return (struct actor){ 0 };
	return actor;
}

static struct mac
station_mac(struct engine *e, struct mac m)
{
	return mac_group(m) || auth_router_mac(e, e->seg, m) ? (struct mac){ { 0 } } : m;
}

static struct fact
fact_of(struct engine *e, enum fact_id id, enum family family, struct addr actor, struct mac victim,
	struct addr victim_addr)
{
	return (struct fact){ .id = (uint8_t)id,
			      .family = (uint8_t)family,
			      .actor = actor_of(e, family, actor),
			      .has_victim = true,
			      .victim = station_mac(e, victim),
			      .victim_addr = victim_addr,
			      .key = actor };
}

/* Bulk traffic breaks a rule in every packet: once a second for each pair of ends is enough. */
static bool
due(struct engine *e, struct tunnel_use *u, enum tunnel_told what)
{
	if (u == NULL || (u->told[what] != 0 && e->now - u->told[what] < TS_SEC))
		return false;
	u->told[what] = e->now;
	return true;
}

static bool
host_address(struct addr a)
{
	return a.fam == 4 && !addr_zero(a) && !addr_multicast(a) && !addr_broadcast4(a) && !addr_loopback(a);
}

/* DETECTIONS.md 7: interface identifiers 0000:5efe, whatever their universal and group bits say. */
static struct addr
isatap_inside(struct addr a)
{
	struct bytes b = bytes_of(a.b, sizeof(a.b));

	if (a.fam != 6 || (bytes_be32(b, 8) & 0xfcffffff) != 0x00005efe)
		return (struct addr){ 0 };
	return addr_of(bytes_of(a.b + 12, 4));
}

/* ---- names that lead to an endpoint ---- */
static bool
label_is_isatap(struct bytes name)
{
	static const char label[] = "isatap";
	size_t n = sizeof(label) - 1;

	for (size_t i = 0; i < n; i++)
		if ((bytes_u8(name, i) | 0x20) != label[i])
			return false;
	return name.n == n || bytes_u8(name, n) == '.' || bytes_u8(name, n) == '<';
}

/* The DNS-NAME fact that this very message raised for the address; its hypothesis in *h. */
static const struct evidence *
name_fact(struct engine *e, const struct obs *o, struct addr a, const struct hyp **h)
{
	const struct hyps *s = e->hyps;

	*h = hyp_of(e, FAM_DNS, e->seg, o->outer.smac);
	uint64_t at = *h ? (*h)->last_evidence : 0;
	for (int i = 0; i < SAME_FRAME && at && s->ring_n - at < s->ring_cap; i++) {
		const struct evidence *v = &s->ring[(at - 1) % s->ring_cap];
		if (v->hyp != (*h)->id || v->ref.frame != o->frame || v->ref.file != o->file)
			return NULL;
		if (v->fact == F_DNS_NAME && addr_eq(v->key, a))
			return v;
		at = v->prev;
	}
	return NULL;
}

/* A unicast answer of a resolver that has no right to answer; behind a router nobody is named. */
static bool
bad_resolver(struct engine *e, const struct obs *o, bool *contested)
{
	if (o->kind != OBS_DNS || o->u.dns.service != DNS_UNICAST || o->inner.sport != DNS_PORT ||
	    auth_router_mac(e, e->seg, o->outer.smac))
		return false;
	enum standing st = auth_answer(e, e->seg, o->inner.src, o->outer.smac);
	*contested = st != ST_AUTHORISED &&
		     actor_open(e, e->seg, o->outer.smac, ADVERTISERS | UINT32_C(1) << FAM_ND_SPOOF);
	return st == ST_UNAUTHORISED || *contested;
}

/* Of the resolver that answered: asked once a message. */
enum { BAD_UNASKED, BAD_NO, BAD_YES };
struct answering {
	uint8_t bad;
	bool rests;
};

static void
note_answer(struct engine *e, const struct obs *o, const struct said_name *name, struct addr a,
	    struct answering *by)
{
	struct tunnel_given g = { .ts = e->now, .name = name->hash, .by = o->outer.smac };
	struct mac to = mac_group(o->outer.dmac) ? (struct mac){ { 0 } } : o->outer.dmac;
	const struct hyp *h;

	if (label_is_isatap(name->text)) {
		if (name_fact(e, o, a, &h) == NULL)
			return;
		g.isatap = true;
		g.rests = hyp_fact_of(h, F_DNS_NAME)->flags & (FF_RESTS | FF_HARD);
		tunnel_give(e, a, (struct mac){ { 0 } }, &g);
	} else {
		if (by->bad == BAD_UNASKED)
			by->bad = bad_resolver(e, o, &by->rests) ? BAD_YES : BAD_NO;
		if (by->bad == BAD_NO)
			return;
		g.rests = by->rests;
	}
	tunnel_give(e, a, to, &g);
}

static void
watch_dns(struct engine *e, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.dns };
	struct dns_rec rr;
	struct said_name name;
	struct answering by = { BAD_UNASKED, false };

	if (!o->u.dns.response || o->u.dns.rcode || o->u.dns.tc)
		return;
	const uint32_t end = dns_answers_end(&o->u.dns);
	for (; it.i < ANSWERS_MAX && it.i < end && dns_rec_next(&it, &rr); it.i++)
		if (rr.section == 1 && rr.type == RR_A && host_address(dns_rec_addr(&rr)) &&
		    answer_name(e, &o->u.dns, rr.name, &name))
			note_answer(e, o, &name, dns_rec_addr(&rr), &by);
}

static void
watch_nbns(struct engine *e, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.nbns };
	struct nbns_name n;
	struct answering by = { BAD_UNASKED, false };

	if (!o->u.nbns.response || o->u.nbns.rcode)
		return;
	for (; it.i < ANSWERS_MAX && nbns_name_next(&it, &n); it.i++)
		if (n.section == 1 && host_address(n.addr)) {
			struct bytes text = bytes_str(n.name);
			note_answer(e, o, &(struct said_name){ text, name_hash(text) }, n.addr, &by);
		}
}

/* ---- ISATAP ---- */

/* A router solicitation or advertisement inside protocol 41; false where it is none. */
struct discovery {
	bool solicits;
	struct addr router, station;
	struct mac station_mac;
};

static bool
discovery_of(struct engine *e, const struct obs *o, struct discovery *d)
{
	const struct carrier *c = tunnel_carrier(e, o);

	if (c == NULL || c->kind != OBS_TUNNEL6 || (o->u.nd.type != ND_RS && o->u.nd.type != ND_RA))
		return false;
	d->solicits = o->u.nd.type == ND_RS;
	d->router = d->solicits ? c->ends.dst : c->ends.src;
	d->station = d->solicits ? c->ends.src : c->ends.dst;
	d->station_mac = d->solicits ? c->ends.smac : c->ends.dmac;
	/* RFC 5214 8.3.4: solicited from an ISATAP address.  Configured tunnels have no router to be found. */
	if (d->solicits && !addr_set(isatap_inside(o->inner.src)))
		return false;
	return host_address(d->router) && host_address(d->station);
}

static void
watch_detect(struct engine *e, const struct obs *o)
{
	struct discovery d;

	if (o->kind == OBS_DNS)
		watch_dns(e, o);
	else if (o->kind == OBS_NBNS)
		watch_nbns(e, o);
	else if (discovery_of(e, o, &d)) {
		struct tunnel_use *u = tunnel_use_of(e, TUNNEL_ISATAP, d.router, d.station);
		if (d.solicits) {
			tunnel_note(e, TUNNEL_ISATAP, d.router);
			u->asked = e->now;
		} else if (u->asked != 0) {
			u->answered = e->now;
		}
	}
}

static const struct tunnel_given *
isatap_name(struct engine *e, const struct discovery *d, enum standing st)
{
	const struct tunnel_given *g = tunnel_given_to(e, d->router, d->station_mac);

	if (g == NULL && st != ST_AUTHORISED) /* the answer to this host may not have passed here */
		g = tunnel_given_to(e, d->router, (struct mac){ { 0 } });
	return g && g->isatap ? g : NULL;
}

/* `grade`: of a router that the list does not hold. */
static void
router_raise(struct engine *e, const struct discovery *d, enum fact_id id, enum grade grade)
{
	enum standing st = auth_isatap_router(e, e->seg, d->router);
	const struct tunnel_given *g = isatap_name(e, d, st);
	struct fact f = fact_of(e, id, FAM_ISATAP, d->router, d->station_mac, d->station);

	if (st == ST_AUTHORISED && g == NULL)
		return;
	f.grade = st == ST_UNAUTHORISED ? (uint8_t)grade : E0;
	f.flags = st == ST_UNAUTHORISED ? FF_HARD : FF_OPENS;
	if (g) {
		f.grade = id == F_ISA_RA ? E3 : E4;
		f.flags = (uint16_t)((st == ST_UNAUTHORISED ? FF_HARD : 0) | (g->rests ? FF_RESTS : 0));
		f.name = g->name;
	}
	if (st == ST_AUTHORISED) { /* a true router that a false server named: who named it is meant */
		f.actor = (struct actor){ .has_mac = true, .mac = g->by };
		if (mac_eq(g->by, d->station_mac))
			return;
	}
	fact_raise(e, &f);
}

/* The host depends on the router once that has answered and the host goes on sending (E3). */
static void
router_used(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;
	struct discovery d = { .router = n->dst, .station = n->src, .station_mac = n->smac };

	if (!host_address(n->dst) || !host_address(n->src) || !tunnel_known(e, TUNNEL_ISATAP, n->dst))
		return;
	struct tunnel_use *u = tunnel_use_of(e, TUNNEL_ISATAP, n->dst, n->src);
	if (u->answered != 0 && u->answered < e->now && u->told[TOLD_USE] < u->answered) {
		u->told[TOLD_USE] = e->now;
		if (auth_isatap_router(e, e->seg, n->dst) == ST_UNAUTHORISED)
			router_raise(e, &d, F_ISA_ROUTER, E3);
	}
}

static void
router_detect(struct engine *e, const struct obs *o)
{
	struct discovery d;

	if (o->kind == OBS_TUNNEL6)
		router_used(e, o);
	else if (discovery_of(e, o, &d) && d.solicits)
		router_raise(e, &d, F_ISA_ROUTER, E1);
}

static void
isatap_ra_detect(struct engine *e, const struct obs *o)
{
	struct discovery d;

	if (discovery_of(e, o, &d) && !d.solicits)
		router_raise(e, &d, F_ISA_RA, E1);
}

/* RFC 5214 7.3: the source inside is the one outside, or the packet comes from a router. */
static void
isatap_spoof_detect(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;
	struct addr inside = isatap_inside(o->u.tunnel6.src);

	if (!(o->u.tunnel6.set & 1u << T6H_INNER) || !addr_set(inside) || addr_eq(inside, n->src) ||
	    !host_address(n->src))
		return;
	enum standing st = auth_isatap_router(e, e->seg, n->src);
	if (st == ST_AUTHORISED || (st == ST_UNKNOWN && tunnel_known(e, TUNNEL_ISATAP, n->src)))
		return;
	if (!due(e, tunnel_use_of(e, TUNNEL_ISATAP, n->dst, n->src), TOLD_SPOOF))
		return;
	struct fact f = fact_of(e, F_ISA_SPOOF, FAM_ISATAP, n->src, n->dmac, n->dst);
	f.grade = E1;
	f.key = inside;
	fact_raise(e, &f);
}

/* ---- Teredo ---- */
static bool
via_server(const struct ends *n, struct addr *server, struct addr *station, struct mac *m)
{
	bool asks = n->dport == TEREDO_PORT;

	if (!asks && n->sport != TEREDO_PORT)
		return false;
	*server = asks ? n->dst : n->src;
	*station = asks ? n->src : n->dst;
	*m = asks ? n->smac : n->dmac;
	return host_address(*server) && host_address(*station);
}

/* RFC 4380 5.2: who qualifies with a server, or sends and gets bubbles through one, has a tunnel to it. */
static void
server_detect(struct engine *e, const struct obs *o)
{
	const struct carrier *c = tunnel_carrier(e, o);
	const struct ends *n = o->kind == OBS_TEREDO ? &o->inner : c ? &c->ends : NULL;
	struct addr server, station;
	struct mac m;

	if (o->kind == OBS_TEREDO
		    ? !o->u.teredo.bubble
		    : c == NULL || c->kind != OBS_TEREDO || (o->u.nd.type != ND_RS && o->u.nd.type != ND_RA))
		return;
	if (!via_server(n, &server, &station, &m))
		return;
	enum standing st = auth_teredo_server(e, e->seg, server);
	if (st == ST_AUTHORISED || !due(e, tunnel_use_of(e, TUNNEL_TEREDO, server, station), TOLD_SERVER))
		return;
	struct fact f = fact_of(e, F_TER_SRV, FAM_TEREDO, server, m, station);
	const struct tunnel_given *g = tunnel_given_to(e, server, m);
	f.grade = g ? E4 : E1;
	f.flags = (uint16_t)((st == ST_UNAUTHORISED ? FF_HARD : 0) | (g && g->rests ? FF_RESTS : 0));
	f.name = g ? g->name : 0;
	fact_raise(e, &f);
}

/* RFC 4380 4: the mapped address is the client's as the Internet sees it. */
static bool
impossible_client(const struct teredo_address *t)
{
	return addr_private4(t->mapped) || !host_address(t->mapped);
}

static bool
mapped_is(const struct teredo_address *t, struct addr a, uint16_t port)
{
	return addr_eq(t->mapped, a) && t->mapped_port == port;
}

static bool
is_public(struct addr a)
{
	return host_address(a) && !addr_private4(a);
}

/* Does the sender's address contradict what was seen of it: by the server that indicates the origin, else by us where we
 * stand on the public side? */
static bool
sender_lies(const struct teredo *t, const struct ends *n, const struct teredo_address *src)
{
	if (t->set & 1u << TERH_ORIGIN)
		return is_public(t->origin) && !mapped_is(src, t->origin, t->origin_port);
	return n->sport != TEREDO_PORT && is_public(n->src) && !mapped_is(src, n->src, n->sport);
}

/* Only servers indicate an origin, and only clients of a server or who look for their peers ask one (RFC 4380 5.2.4). */
static bool
server_lies(const struct teredo *t, const struct ends *n, const struct teredo_address *src,
	    const struct teredo_address *dst)
{
	if (dst == NULL)
		return false;
	if (n->sport == TEREDO_PORT)
		return (t->set & 1u << TERH_ORIGIN) && !addr_eq(dst->server, n->src);
	return n->dport == TEREDO_PORT && !addr_eq(dst->server, n->dst) && !addr_eq(dst->mapped, n->dst) &&
	       !(src && addr_eq(src->server, n->dst));
}

static void
address_detect(struct engine *e, const struct obs *o)
{
	const struct teredo *t = &o->u.teredo;
	const struct ends *n = &o->inner;
	struct teredo_address src, dst;

	if (!(t->set & 1u << TERH_INNER))
		return;
	bool from = teredo_address(t->src, &src), to = teredo_address(t->dst, &dst);
	bool lies = (from && (impossible_client(&src) || sender_lies(t, n, &src))) ||
		    (to && impossible_client(&dst)) ||
		    server_lies(t, n, from ? &src : NULL, to ? &dst : NULL);
	if (!lies || !due(e, tunnel_use_of(e, TUNNEL_TEREDO, n->dst, n->src), TOLD_ADDR))
		return;
	struct fact f = fact_of(e, F_TER_ADDR, FAM_TEREDO, n->src, n->dmac, n->dst);
	f.grade = E1;
	f.key = from ? src.mapped : dst.mapped;
	fact_raise(e, &f);
}

/* ---- nests ---- */
static void
nest_detect(struct engine *e, const struct obs *o)
{
	const struct carrier *c;
	const struct ends *n = &o->outer;

	if (o->depth < NEST_DEPTH || !due(e, tunnel_use_of(e, TUNNEL_ISATAP, n->dst, n->src), TOLD_NEST))
		return;
	c = tunnel_carrier(e, o);
	enum family family = c && c->kind == OBS_TEREDO ? FAM_TEREDO : FAM_ISATAP;
	struct fact f = fact_of(e, F_TUN_NEST, family, n->src, n->dmac, n->dst);
	f.grade = E0;
	f.flags = FF_OPENS | FF_NO_VICTIM;
	fact_raise(e, &f);
}

const struct detector detectors_tunnels[] = {
	{ .id = "TUNNELS",
	  .family = FAM_ISATAP,
	  .on = ON(OBS_ND) | ON(OBS_DNS) | ON(OBS_NBNS),
	  .about = ABOUT_SOURCE,
	  .detect = watch_detect,
	  .explain =
		  "Watches only: who solicits which ISATAP router, and which answers of name servers in bad "
		  "standing led there." },
	{ .id = "ISA-ROUTER",
	  .fact = F_ISA_ROUTER,
	  .family = FAM_ISATAP,
	  .grade = E1,
	  .flags = FF_HARD,
	  .about = ABOUT_ROUTE,
	  .attack = "T1572",
	  .on = ON(OBS_ND) | ON(OBS_TUNNEL6),
	  .detect = router_detect,
	  .explain =
		  "A host solicits an ISATAP router that is not listed, or whose address a name server "
		  "without "
		  "authority gave it. All IPv6 of the host that has no better route then goes to that "
		  "address "
		  "inside IPv4, past the filters for IPv6. Check: netsh interface isatap show router on the "
		  "host, and who answers the name isatap. Benign: a router set by policy that is missing "
		  "from "
		  "authority.isatap_routers; without a list this is told as information only." },
	{ .id = "ISA-RA",
	  .fact = F_ISA_RA,
	  .family = FAM_ISATAP,
	  .grade = E1,
	  .flags = FF_HARD,
	  .about = ABOUT_SOURCE,
	  .attack = "T1572",
	  .on = ON(OBS_ND),
	  .detect = isatap_ra_detect,
	  .explain =
		  "A router advertisement came inside protocol 41 from an address that is no listed ISATAP "
		  "router: the host takes prefix and default route from it. Benign: a tunnel broker on a "
		  "site "
		  "that lists only its own routers." },
	{ .id = "ISA-SPOOF",
	  .fact = F_ISA_SPOOF,
	  .family = FAM_ISATAP,
	  .grade = E1,
	  .about = ABOUT_ADDRESS,
	  .attack = "T1572",
	  .on = ON(OBS_TUNNEL6),
	  .detect = isatap_spoof_detect,
	  .explain = "The IPv4 address inside an ISATAP source is not the one that sent the packet, and the "
		     "sender is no ISATAP router: the receiver would drop it (RFC 5214 7.3) or be deceived. "
		     "Benign: "
		     "a router that nobody solicited yet, an address translator in the way." },
	{ .id = "TER-SRV",
	  .fact = F_TER_SRV,
	  .family = FAM_TEREDO,
	  .grade = E1,
	  .about = ABOUT_SOURCE,
	  .attack = "T1572",
	  .on = ON(OBS_ND) | ON(OBS_TEREDO),
	  .detect = server_detect,
	  .explain =
		  "Hosts hold a Teredo tunnel open through a server that is not listed: they can be reached "
		  "from the IPv6 Internet past the firewall. The tunnel is the finding; the server is no "
		  "attacker by this. Check: netsh interface teredo show state. Benign: game consoles and "
		  "their "
		  "services, Windows before 1803." },
	{ .id = "TER-ADDR",
	  .fact = F_TER_ADDR,
	  .family = FAM_TEREDO,
	  .grade = E1,
	  .about = ABOUT_ADDRESS,
	  .attack = "T1572",
	  .on = ON(OBS_TEREDO),
	  .detect = address_detect,
	  .explain =
		  "A Teredo address says another server, or another address and port of its client, than the "
		  "packet that carries it, or a client address that cannot be on the Internet. Benign: a "
		  "symmetric translator, behind which each peer sees another port (RFC 6081 3.1)." },
	{ .id = "TUN-NEST",
	  .fact = F_TUN_NEST,
	  .family = FAM_TEREDO,
	  .grade = E0,
	  .flags = FF_OPENS,
	  .about = ABOUT_SHAPE,
	  .attack = "T1572",
	  .on = ON(OBS_FRAME),
	  .detect = nest_detect,
	  .explain = "A tunnel inside a tunnel: few filters look that deep. Benign: a VPN over a transition "
		     "tunnel, a laboratory." },
	{ 0 },
};
