/* SSTP-CERT, SSTP-PATH: another certificate or a bent path between a client and its VPN server (DETECTIONS.md 8).
 * IPH-SRV: an IP-HTTPS server that nobody declared (DETECTIONS.md 7). */
#include "hypothesis.h"
#include "servers.h"

/* A spoofed address may be proven only when its owner claims it back; fronts are looked for as long as for an event. */
enum { LOOK_BACK_SEC = 90, OWN_SEC = 5, LOOK_MAX = 256 };

/* Behind a router nobody on the link is named: the server's address is the key. */
static struct actor
actor_of(const struct session *s)
{
	struct actor a = { .addr = s->server };

	a.has_mac = s->flags & SES_SERVER_HERE;
	if (a.has_mac)
		a.mac = s->server_mac;
	return a;
}

static struct fact
fact_about(const struct session *s, enum fact_id id, enum family family, enum grade g, uint16_t flags)
{
	return (struct fact){ .id = (uint8_t)id,
			      .family = (uint8_t)family,
			      .grade = (uint8_t)g,
			      .flags = flags,
			      .actor = actor_of(s),
			      .has_victim = true,
			      .victim = s->flags & SES_CLIENT_HERE ? s->client_mac : (struct mac){ { 0 } },
			      .victim_addr = s->client,
			      .key = s->server,
			      .name = s->sni };
}

static void
raise_about(struct engine *e, const struct session *s, enum fact_id id, enum grade g, uint16_t flags)
{
	struct segment *was = e->seg;
	struct fact f = fact_about(s, id, FAM_SSTP, g, flags);

	e->seg = e->segment_at[s->seg];
	fact_raise(e, &f);
	e->seg = was;
}

/* ---- SSTP-CERT ---- */
static void
cert_detect(struct engine *e, const struct obs *o)
{
	uint8_t news;
	struct session *s = session_now(e, &news);

	(void)o;
	if (s == NULL || !(s->flags & SES_FOREIGN) || !session_vpn(e, s))
		return;
	bool hard = session_standing(e, s).configured;
	if ((news & NEWS_LEAF) && !(s->flags & SES_CERT_TOLD)) {
		s->flags |= SES_CERT_TOLD;
		raise_about(e, s, F_SSTP_CERT, E1, hard ? FF_HARD : 0);
	}
	if (!(s->flags & SES_ACCEPTED) || (s->flags & SES_ACCEPT_TOLD))
		return;
	/* The client took it and sent its request: a foreign certificate accepted.  Without a bent path it may still be the
	 * server's own new one. */
	s->flags |= SES_ACCEPT_TOLD;
	raise_about(e, s, F_SSTP_CERT, s->flags & SES_PATH ? E5 : E2, hard ? FF_HARD : 0);
}

/* ---- SSTP-PATH ---- */
static void
path_look(struct engine *e, struct session *s)
{
	if ((s->flags & SES_PATH_TOLD) || !session_path(e, s))
		return;
	s->flags |= SES_PATH;
	if (!session_vpn(e, s) || off(e, "SSTP-PATH"))
		return;
	s->flags |= SES_PATH_TOLD;
	raise_about(e, s, F_SSTP_PATH, E1, FF_HARD);
	if ((s->flags & (SES_FOREIGN | SES_ACCEPTED)) == (SES_FOREIGN | SES_ACCEPTED) && !off(e, "SSTP-CERT"))
		raise_about(e, s, F_SSTP_CERT, E5, session_standing(e, s).configured ? FF_HARD : 0);
}

/* The sessions that the station answered just before it opened this one. */
static void
fronts_look(struct engine *e, const struct session *own)
{
	const struct host *h = host_find(e, e->segment_at[own->seg], own->client_mac);
	struct session *front;

	for (size_t i = 0; h && i < h->nip; i++) {
		front = NULL;
		for (unsigned steps = 0; steps < LOOK_MAX; steps++) {
			front = session_next(e, own->seg, END_SERVER, host_ip(e, h, i), front);
			if (front == NULL || front->start < own->start - OWN_SEC * TS_SEC)
				break;
			if (front != own && mac_eq(front->server_mac, own->client_mac))
				path_look(e, front);
		}
	}
}

static void
path_detect(struct engine *e, const struct obs *o)
{
	uint8_t news;
	struct session *s = session_now(e, &news);

	(void)o;
	if (s == NULL || !(news & (NEWS_SERVER_HELLO | NEWS_LEAF | NEWS_DATA)))
		return;
	path_look(e, s);
	if (news & NEWS_SERVER_HELLO)
		fronts_look(e, s);
}

static void
path_tick(struct engine *e, ts_t now)
{
	struct session *s;

	for (uint64_t i = 0; i < LOOK_MAX && (s = session_vpn_at(e, i)); i++) {
		if (s->start < now - LOOK_BACK_SEC * TS_SEC)
			break;
		path_look(e, s);
	}
}

/* ---- IPH-SRV ---- */
static bool
directaccess_listed(struct engine *e, const struct segment *seg, struct addr server, uint64_t sni)
{
	const struct auth_vpn *v;

	for (size_t i = 0; (v = auth_vpn_at(e, seg, i)); i++) {
		if (sni && v->sni.n && name_hash(v->sni) == sni)
			return true;
		for (size_t k = 0; k < v->nip; k++)
			if (addr_eq(v->ip[k], server))
				return true;
	}
	return false;
}

static void
iphttps_raise(struct engine *e, const struct session *s)
{
	const struct segment *seg = e->segment_at[s->seg];

	if (directaccess_listed(e, seg, s->server, s->sni))
		return;
	struct fact f = fact_about(s, F_IPH_SRV, FAM_IPHTTPS, E1, auth_vpn_declared(e, seg) ? FF_HARD : 0);
	fact_raise(e, &f);
}

/* The clear POST behind an off-loader. */
static void
iphttps_post(struct engine *e, const struct obs *o)
{
	struct session s = { .client = o->inner.src, .server = o->inner.dst, .seg = e->seg->ix };

	if (!o->u.http.iphttps || o->u.http.response)
		return;
	s.server_mac = o->outer.dmac;
	if (o->depth == 0 && !auth_router_mac(e, e->seg, s.server_mac) &&
	    binding_is(e, e->seg, s.server, s.server_mac))
		s.flags |= SES_SERVER_HERE;
	iphttps_raise(e, &s);
}

static void
iphttps_detect(struct engine *e, const struct obs *o)
{
	uint8_t news;
	const struct session *s = session_now(e, &news);

	if (o->kind == OBS_HTTP)
		iphttps_post(e, o);
	else if (s && (news & NEWS_SERVER_HELLO) && (s->flags & SES_NULL))
		iphttps_raise(e, s);
}

const struct detector detectors_sstp[] = {
	{ .id = "SSTP-PATH",
	  .fact = F_SSTP_PATH,
	  .family = FAM_SSTP,
	  .grade = E1,
	  .flags = FF_HARD,
	  .about = ABOUT_CLAIM,
	  .attack = "T1557",
	  .on = ON(OBS_TLS),
	  .detect = path_detect,
	  .tick = path_tick,
	  .explain = "The path to a VPN server was bent: the station that answers spoofs the server's "
		     "address, or "
		     "another one answered for that name or address before and this one opens its own TLS "
		     "session to it "
		     "while it serves the client. Check: arp -a and the DNS answer on the client against the "
		     "server. "
		     "Benign: a load balancer that ends TLS and opens it again; declare its address and "
		     "certificate "
		     "under authority.vpn_servers." },
	{ .id = "SSTP-CERT",
	  .fact = F_SSTP_CERT,
	  .family = FAM_SSTP,
	  .grade = E5,
	  .flags = FF_HARD,
	  .about = ABOUT_SHAPE,
	  .attack = "T1557",
	  .on = ON(OBS_TLS),
	  .detect = cert_detect,
	  .explain =
		  "A VPN server's name or address showed another certificate than the declared one, or than "
		  "the one "
		  "it showed three clients for a week: E1 when it was shown, E2 when the client went on, E5 "
		  "when the "
		  "path was bent as well. Check: compare the hashes with the server's own. Benign: a renewed "
		  "certificate or a TLS off-loader that is missing from authority.vpn_servers." },
	{ .id = "IPH-SRV",
	  .fact = F_IPH_SRV,
	  .family = FAM_IPHTTPS,
	  .grade = E1,
	  .about = ABOUT_SHAPE,
	  .attack = "T1572",
	  .on = ON(OBS_TLS) | ON(OBS_HTTP),
	  .detect = iphttps_detect,
	  .explain = "A client offered NULL cipher suites only and the server took one, or POST /IPHTTPS was "
		     "read in "
		     "clear: IPv6 in HTTPS, to a server that is not declared. Check: netsh interface "
		     "httpstunnel show "
		     "interfaces on the client. Benign: a DirectAccess server that is missing from "
		     "authority.vpn_servers." },
	{ 0 },
};
