/* DHCPv6 detections (DETECTIONS.md 5): rogue servers by any tool, floods, induced declines. */
#include "d6state.h"
#include "rastate.h"
#include "vantage.h"

enum { VALID_MIN = 120, D6O_DOMAIN_SEARCH = D6O_DOMAINS };

/* ---- facts about the server message at hand ---- */
static const char *tool_hint(const struct d6_message *, const struct obs *);

static struct fact
server_fact(struct engine *e, const struct d6_message *m, enum fact_id id, enum grade g, unsigned flags)
{
	struct fact f = {
		.id = (uint8_t)id, .family = FAM_D6_ROGUE, .grade = (uint8_t)g, .flags = (uint16_t)flags
	};

	f.actor = (struct actor){ .has_mac = m->has_actor, .mac = m->mac, .addr = e->o->inner.src };
	f.has_victim = m->has_client;
	f.victim = m->client_mac;
	f.victim_addr = m->client_addr;
	if (m->ngiven)
		f.key = m->given[0].addr;
	f.hint = tool_hint(m, e->o);
	return f;
}

static bool
trusted(enum standing st)
{
	return st == ST_AUTHORISED || st == ST_TOLERATED;
}

/* A server message by somebody whom nobody declared. */
static const struct d6_message *
suspect_message(struct engine *e)
{
	const struct d6_message *m = d6_at(e);
	return m->valid && m->server && !trusted(m->st) ? m : NULL;
}

static void
rogue_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = suspect_message(e);
	struct fact f;

	(void)o;
	if (m == NULL)
		return;
	if (m->st == ST_UNAUTHORISED) {
		f = server_fact(e, m, F_D6_ROGUE, E1, FF_HARD);
	} else if (m->first_after_silence) {
		f = server_fact(e, m, F_D6_ROGUE, E1, 0);
	} else {
		struct host *h = host_find(e, e->seg, m->mac);
		bool router = h && h->ra_live;
		f = server_fact(e, m, F_D6_ROGUE, E0, router ? 0 : FF_OPENS);
	}
	fact_raise(e, &f);
}

/* 2001:db8::/32, RFC 3849. */
static bool
documentation(struct addr a)
{
	return a.fam == 6 && a.b[0] == 0x20 && a.b[1] == 0x01 && a.b[2] == 0x0d && a.b[3] == 0xb8;
}

static void
addr_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = d6_at(e);
	struct prefix p;
	bool any;

	(void)o;
	for (size_t i = 0; m->valid && m->server && i < m->ngiven; i++) {
		struct addr a = m->given[i].addr;
		bool ll = addr_linklocal(a), sp = ll && !trusted(m->st);
		if (m->given[i].ia == D6O_IA_PD)
			continue;
		if (documentation(a)) {
			/* laboratories and courses use it: not where it is declared or the server is */
			if (trusted(m->st) || auth_prefix(e, e->seg, a, &p, &any))
				continue;
		} else if (!ll && !addr_multicast(a) && !addr_zero(a) && !addr_loopback(a) &&
			   !addr_v4mapped(a)) {
			continue;
		}
		struct fact f = server_fact(e, m, F_D6_ADDR, E1, sp ? FF_SP : 0);
		f.key = a;
		fact_raise(e, &f);
		return;
	}
}

static bool
declared_router(struct engine *e, struct mac m)
{
	return trusted(
		auth_standing(e, e->seg, SVC_ROUTER, m, (struct addr){ 0 }, (struct bytes){ NULL, 0 }));
}

/* Has the address a place here: on-link, declared, or delegated before by a server with standing? */
static bool
foreign(struct engine *e, const struct d6_message *m, const struct d6_given *g)
{
	struct prefix p;
	struct mac nobody = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	bool on_any, conf_any;
	/* its own advertisement makes its addresses right only where it is a router */
	bool on = ra_on_link(e, e->seg, g->addr,
			     trusted(m->st) || declared_router(e, m->mac) ? nobody : m->mac, &on_any);
	bool conf = auth_prefix(e, e->seg, g->addr, &p, &conf_any);

	if (on || conf || documentation(g->addr) || addr_linklocal(g->addr) || addr_zero(g->addr) ||
	    addr_multicast(g->addr) || addr_loopback(g->addr) || addr_v4mapped(g->addr))
		return false;
	return m->st == ST_UNKNOWN ? conf_any : on_any || conf_any;
}

static void
foreign_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = d6_at(e);

	(void)o;
	for (size_t i = 0; m->valid && m->server && i < m->ngiven; i++) {
		const struct d6_given *g = &m->given[i];
		/* a server with standing delegates what it likes; its addresses elsewhere are worth a note */
		if ((trusted(m->st) && g->ia == D6O_IA_PD) || !foreign(e, m, g))
			continue;
		struct fact f = server_fact(e, m, F_D6_FOREIGN, trusted(m->st) ? E0 : E1, 0);
		f.key = g->addr;
		fact_raise(e, &f);
		return;
	}
}

/* Somebody else's link-local resolver is fine when that somebody is a router or server of this link. */
static bool
others_resolver(struct engine *e, struct addr a, struct mac responder)
{
	struct binding *b = binding_find(e, e->seg, a);

	if (b == NULL || mac_eq(b->mac, responder))
		return false;
	struct mac owner = b->mac;
	return auth_any_role(e, e->seg, owner) || ra_working_router(e, e->seg, owner);
}

/* What a resolver says about the server that gave it; GRADES stands for nothing. */
static enum grade
dns_grade(struct engine *e, enum standing st, struct mac mac, struct addr a, bool own, unsigned *flags)
{
	bool ll = addr_linklocal(a);
	enum standing as_resolver = auth_resolver(e, e->seg, a, mac);

	*flags = 0;
	if ((!own && !ll) || trusted(as_resolver) || declared_router(e, mac))
		return GRADES;
	if (!own && others_resolver(e, a, mac))
		return GRADES;
	if (trusted(st))
		return as_resolver == ST_UNAUTHORISED ? E0 : GRADES;
	if (st == ST_UNAUTHORISED || as_resolver == ST_UNAUTHORISED) {
		*flags = FF_HARD;
		return E1;
	}
	if (ra_working_router(e, e->seg, mac))
		return GRADES;
	if (ra_router_unproven(e, e->seg, mac) || ra_known_resolver(e, e->seg, mac))
		return E0;
	return ll && !auth_any_role(e, e->seg, mac) ? E1 : E0;
}

/* The neighbour that answers for a resolver is the server that gave it out: told once. */
static void
dns_bound(struct engine *e, const struct obs *o)
{
	const struct nd *n = &o->u.nd;
	struct addr a = n->type == ND_NA ? n->target : o->inner.src;
	struct mac m, by;
	unsigned flags, i = 0;

	if ((n->type != ND_NA && n->type != ND_NS) || !sender_of(o, &m) || !binding_is(e, e->seg, a, m))
		return;
	while (resolver_by(e, e->seg, a, i, &by) && !mac_eq(by, m))
		i++;
	struct hyp *h = hyp_of(e, FAM_D6_ROGUE, e->seg, m);
	if (!resolver_by(e, e->seg, a, i, &by) || h == NULL || hyp_holds(h, F_D6_DNS))
		return;
	enum standing st =
		auth_standing(e, e->seg, SVC_DHCP6, m, (struct addr){ 0 }, (struct bytes){ NULL, 0 });
	enum grade g = dns_grade(e, st, m, a, true, &flags);
	if (g == GRADES)
		return;
	struct fact f = { .id = F_D6_DNS,
			  .family = FAM_D6_ROGUE,
			  .grade = (uint8_t)g,
			  .flags = (uint16_t)flags,
			  .key = a };
	f.actor = (struct actor){ .has_mac = true, .mac = m, .addr = a };
	fact_raise(e, &f);
}

static void
dns_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = d6_at(e);
	enum grade best = GRADES;
	unsigned flags = 0, fl;
	struct addr key = { 0 };

	if (o->kind == OBS_ND) {
		dns_bound(e, o);
		return;
	}
	for (size_t i = 0; m->valid && m->server && i < m->ndns; i++) {
		bool own = addr_eq(m->dns[i], o->inner.src) || binding_is(e, e->seg, m->dns[i], m->mac);
		enum grade g = dns_grade(e, m->st, m->mac, m->dns[i], own, &fl);
		if (g == GRADES || (best != GRADES && (g < best || (g == best && fl <= flags))))
			continue;
		best = g;
		flags = fl;
		key = m->dns[i];
	}
	if (best == GRADES)
		return;
	struct fact f = server_fact(e, m, F_D6_DNS, best, flags);
	if (m->ngiven == 0)
		f.key = key;
	fact_raise(e, &f);
}

/* RFC 8415 16: a server must discard what names another server; its answer is no mistake of a client. */
static void
srvid_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = d6_at(e);
	const struct d6_txn *t = m->txn;

	(void)o;
	if (!m->valid || !m->server || m->type != D6_REPLY || m->relayed || t == NULL || !t->has_want)
		return;
	bool names_server = t->type == D6_REQUEST || t->type == D6_RENEW || t->type == D6_RELEASE ||
			    t->type == D6_DECLINE;
	if (!names_server || m->server_duid == 0 || m->client_duid == 0 || t->want == m->server_duid)
		return;
	bool ok = trusted(m->st);
	struct fact f = server_fact(e, m, F_D6_SRVID, ok ? E0 : E1, ok ? 0 : FF_SP);
	fact_raise(e, &f);
}

/* ---- races ---- */
static bool
odd(const struct d6_responder *a, const struct d6_responder *b)
{
	return (a->off_link && !b->off_link) || (a->own && !b->own);
}

/* Does the answer of `b` to the same transaction accuse `a`? */
static bool
race_accuses(const struct d6_responder *a, const struct d6_responder *b)
{
	if (mac_eq(a->mac, b->mac) || trusted((enum standing)a->standing))
		return false;
	/* the same message twice: both sides of a relay, or two ports of one server */
	if (a->duid == b->duid && a->dns == b->dns && addr_eq(a->given, b->given))
		return false;
	if (a->standing == ST_UNAUTHORISED)
		return true;
	return b->standing == ST_UNKNOWN && a->dns != b->dns && odd(a, b) && !odd(b, a);
}

static void
race_accuse(struct engine *e, const struct d6_message *m, struct d6_responder *r)
{
	if (r->accused)
		return;
	r->accused = true;
	struct fact f = server_fact(e, m, F_D6_RACE, E1, 0);
	f.actor.mac = r->mac;
	f.actor.addr = r->src;
	f.actor.has_mac = !auth_router_mac(e, e->seg, r->mac);
	f.key = r->given;
	fact_raise(e, &f);
	if (r->standing != ST_UNKNOWN || !r->off_link || off(e, "D6-FOREIGN"))
		return;
	f.id = F_D6_FOREIGN;
	fact_raise(e, &f);
}

static void
race_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = d6_at(e);
	struct d6_txn *t = m->txn;

	(void)o;
	if (!m->valid || !m->server || t == NULL || m->responder >= t->n)
		return;
	struct d6_responder *r = &t->by[m->responder];
	for (size_t i = 0; i < t->n; i++) {
		struct d6_responder *x = &t->by[i];
		if (x == r || e->now - x->at > 30 * TS_SEC)
			continue;
		if (race_accuses(r, x))
			race_accuse(e, m, r);
		if (race_accuses(x, r))
			race_accuse(e, m, x);
	}
}

/* ---- anomalies ---- */
static bool
odd_times(const struct d6_given *g)
{
	bool t_bad = g->t2 > 0 && g->t1 > g->t2;
	return t_bad || g->t2 > g->valid || g->preferred > g->valid || g->valid < VALID_MIN;
}

static void
times_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = suspect_message(e);

	(void)o;
	for (size_t i = 0; m && i < m->ngiven; i++)
		if (odd_times(&m->given[i])) {
			struct fact f = server_fact(e, m, F_D6_TIMES, E0, 0);
			fact_raise(e, &f);
			return;
		}
}

/* DUID-LLT: type, hardware type, seconds since 2000-01-01 (RFC 8415 11.2). */
static bool
odd_duid(struct engine *e, const struct d6_message *m)
{
	struct cursor c = cur_all(m->in.server_duid);
	uint16_t type = cur_be16(&c);
	struct mac mac;

	if (!duid_mac(m->in.server_duid, &mac))
		return false;
	if (!mac_eq(mac, m->mac))
		return true;
	if (type != 1)
		return false;
	cur_skip(&c, 2);
	uint32_t made = cur_be32(&c);
	int64_t now = (e->now - ts_days(2000, 1, 1) * TS_DAY) / TS_SEC;
	return cur_ok(&c) && (made == 0 || made > now + 86400);
}

static void
duid_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = suspect_message(e);

	(void)o;
	if (m == NULL || m->relayed || !odd_duid(e, m))
		return;
	struct fact f = server_fact(e, m, F_D6_DUID, E0, 0);
	fact_raise(e, &f);
}

/* RFC 8415 20.4: a client must discard a Reconfigure that is not authenticated. */
static void
reconf_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = suspect_message(e);

	(void)o;
	if (m == NULL || m->type != D6_RECONFIGURE || (m->in.set >> D6H_AUTH & 1))
		return;
	struct fact f = server_fact(e, m, F_D6_RECONF, m->st == ST_UNAUTHORISED ? E1 : E0, 0);
	fact_raise(e, &f);
}

/* 23 resolvers, 24 search list, 64 AFTR name, 103 captive portal. */
static bool
configures(const struct d6_message *m)
{
	struct cursor c = cur_all(m->in.options);

	while (cur_more(&c)) {
		uint16_t code = cur_be16(&c);
		(void)cur_sub16(&c);
		if (cur_ok(&c) && (code == D6O_DNS || code == D6O_DOMAIN_SEARCH || code == D6O_AFTR ||
				   code == D6O_CAPTIVE_PORTAL))
			return true;
	}
	return false;
}

static void
info_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = suspect_message(e);

	(void)o;
	if (m == NULL || m->type != D6_REPLY || m->any_ia)
		return;
	if ((m->txn && m->txn->type != D6_INFORMATION_REQUEST) || !configures(m))
		return;
	bool bad = m->st == ST_UNAUTHORISED;
	struct fact f = server_fact(e, m, F_D6_INFO, bad ? E1 : E0, bad ? FF_HARD : 0);
	if (m->ndns)
		f.key = m->dns[0];
	fact_raise(e, &f);
}

/* ---- acceptance ---- */
static void
accept_raise(struct engine *e, struct mac server, struct addr server_ll, struct mac client,
	     struct addr client_ll, struct addr key)
{
	struct fact f = {
		.id = F_D6_ACCEPT, .family = FAM_D6_ROGUE, .grade = E2, .flags = FF_USE | FF_LATENT
	};

	f.actor = (struct actor){ .has_mac = true, .mac = server, .addr = server_ll };
	f.has_victim = true;
	f.victim = client;
	f.victim_addr = client_ll;
	f.key = key;
	fact_raise(e, &f);
}

static bool
asks_for(const struct d6_message *m, struct addr a)
{
	for (size_t i = 0; i < m->nasked; i++)
		if (addr_eq(m->asked[i], a))
			return true;
	return false;
}

/* The client names a server.  Where several claim that identifier, the address it asks for tells whose offer it took. */
static void
accept_request(struct engine *e, const struct d6_message *m)
{
	const struct d6_client *c = d6_client_of(e, e->seg, m->client_duid);
	bool by_addr = false;

	if (m->server_duid == 0 || c == NULL || m->relayed)
		return;
	for (size_t i = 0; i < c->n; i++)
		by_addr |= c->offer[i].duid == m->server_duid && asks_for(m, c->offer[i].addr);
	for (size_t i = 0; i < c->n; i++) {
		const struct d6_offer *of = &c->offer[i];
		if (of->duid != m->server_duid || (by_addr && !asks_for(m, of->addr)))
			continue;
		if (m->txn)
			m->txn->accepted = true;
		if (!trusted((enum standing)of->standing) && !of->relayed)
			accept_raise(e, of->mac, of->src, m->client_mac, m->client_addr, of->addr);
	}
}

/* The lease is older than the capture: the server answers to its own identifier. */
static void
accept_reply(struct engine *e, const struct d6_message *m)
{
	struct d6_txn *t = m->txn;

	if (trusted(m->st) || m->relayed || t == NULL || t->accepted || !t->has_want ||
	    t->want != m->server_duid)
		return;
	if (m->type != D6_REPLY || (t->type != D6_REQUEST && t->type != D6_RENEW) || !m->has_client)
		return;
	t->accepted = true;
	accept_raise(e, m->mac, e->o->inner.src, m->client_mac, m->client_addr,
		     m->ngiven ? m->given[0].addr : (struct addr){ 0 });
}

static void
accept_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = d6_at(e);
	bool probe;

	if (o->kind == OBS_ND) {
		struct d6_lease *l = d6state_nd(e, o, &probe);
		if (l && probe && !trusted((enum standing)l->standing) && !l->relayed)
			accept_raise(e, l->server, l->server_ll, o->inner.smac, (struct addr){ 0 },
				     o->u.nd.target);
		return;
	}
	if (!m->valid)
		return;
	if (m->server)
		accept_reply(e, m);
	else if (m->type == D6_REQUEST || m->type == D6_RENEW)
		accept_request(e, m);
}

/* ---- floods ---- */
enum { FLOOD_VICTIMS = 8 };

/* The declared servers of the segment, then those seen: the i-th, false past the end. */
static bool
declared_server(struct engine *e, unsigned i, struct mac *m)
{
	const struct authority *a = e->conf->authority;
	const struct bytes none = { NULL, 0 };

	for (size_t s = 0; a && s < a->nsite; s++)
		for (size_t k = 0; k < a->site[s].dhcp6_servers.n; k++) {
			const struct auth_server *v = &a->site[s].dhcp6_servers.v[k];
			for (size_t n = 0; n < v->nmac; n++) {
				/* declared for this segment, not for another site's */
				if (auth_standing(e, e->seg, SVC_DHCP6, v->mac[n], (struct addr){ 0 },
						  none) != ST_AUTHORISED ||
				    auth_router_mac(e, e->seg, v->mac[n]) ||
				    host_find(e, e->seg, v->mac[n]) == NULL)
					continue;
				if (i-- == 0) {
					*m = v->mac[n];
					return true;
				}
			}
		}
	return false;
}

static void
flood_raise(struct engine *e, const struct actor *a, enum grade g, bool victims)
{
	struct fact f = { .id = F_D6_FLOOD,
			  .family = FAM_D6_FLOOD,
			  .grade = (uint8_t)g,
			  .flags = g >= E1 ? FF_HARD : 0,
			  .actor = *a };
	bool told = false;

	for (unsigned i = 0; victims && i < FLOOD_VICTIMS; i++) {
		if (!declared_server(e, i, &f.victim) && !d6_server_at(e, e->seg, i, &f.victim))
			break;
		if (a->has_mac && mac_eq(a->mac, f.victim))
			continue;
		f.has_victim = true;
		struct host *h = host_find(e, e->seg, f.victim);
		f.victim_addr = h && h->nip ? host_ip(e, h, 0) : (struct addr){ 0 };
		fact_raise(e, &f);
		told = true;
	}
	if (!told)
		fact_raise(e, &f);
}

/* The segment itself: with forged sources nobody can be named. */
static struct actor
nobody(void)
{
	return (struct actor){ .scope = { .a = { .fam = 6 } } };
}

static void
flood_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = d6_at(e);

	if (!m->valid || !m->client || (!m->source_flood && !m->iaid_flood))
		return;
	struct actor a = { .has_mac = true, .mac = m->mac, .addr = o->inner.src };
	flood_raise(e, &a, E1, d6_flood_tell(e, e->seg));
}

static void
flood_tick(struct engine *e, ts_t now)
{
	struct segment *seg, *was = e->seg;
	unsigned sources, silent;
	struct actor a = nobody();

	(void)now;
	while ((seg = d6_flood_due(e, &sources, &silent))) {
		bool seen = vantage_has(e, seg, VB_ARP) || vantage_arp_short(e, seg);
		e->seg = seg;
		flood_raise(e, &a, seen && sources >= 10 && silent * 5 >= sources * 4 ? E1 : E0, true);
	}
	while (d6_unprobed(e, &seg)) {
		e->seg = seg;
		flood_raise(e, &a, E0, false);
	}
	e->seg = was;
}

/* A client gives an address back because somebody answered its probe: one somebody for several addresses. */
static void
decl_detect(struct engine *e, const struct obs *o)
{
	const struct d6_message *m = d6_at(e);

	(void)o;
	if (!m->valid || m->type != D6_DECLINE || m->relayed)
		return;
	for (size_t i = 0; i < m->nasked; i++) {
		struct d6_lease *l = d6_lease_of(e, e->seg, m->asked[i]);
		if (l == NULL || !l->has_defender || mac_eq(l->defender, m->mac))
			continue;
		if (d6_defended(e, e->seg, l->defender, m->asked[i]) < 3)
			continue;
		struct fact f = { .id = F_D6_DECL, .family = FAM_D6_ROGUE, .grade = E1 };
		f.actor = (struct actor){ .has_mac = true, .mac = l->defender };
		f.has_victim = true;
		f.victim = m->mac;
		f.victim_addr = o->inner.src;
		f.key = m->asked[i];
		fact_raise(e, &f);
	}
}

/* ---- tool hints (DETECTIONS.md 12): attribution only, every row may rot ---- */
static bool
has_option(const struct d6_message *m, uint16_t code)
{
	struct cursor c = cur_all(m->in.options);

	while (cur_more(&c)) {
		uint16_t at = cur_be16(&c);
		(void)cur_sub16(&c);
		if (cur_ok(&c) && at == code)
			return true;
	}
	return false;
}

static bool
resolver_is(const struct d6_message *m, uint8_t first, uint8_t second, uint8_t last)
{
	return m->ndns && m->dns[0].b[0] == first && m->dns[0].b[1] == second && m->dns[0].b[15] == last;
}

/* fe80::8000:<client MAC> of pretender. */
static bool
holds_client_mac(const struct d6_message *m, struct addr a)
{
	return m->has_client && a.b[8] == 0x80 && a.b[9] == 0 && memcmp(a.b + 10, m->client_mac.b, 6) == 0;
}

static const char *
tool_hint(const struct d6_message *m, const struct obs *o)
{
	const struct d6_given *g = m->ngiven ? &m->given[0] : NULL;
	struct cursor c = cur_all(m->in.server_duid);
	uint16_t type = cur_be16(&c), hw = cur_be16(&c);
	uint32_t made = cur_be32(&c);
	bool llt = cur_ok(&c) && type == 1 && hw == 1;

	if (resolver_is(m, 0xff, 0x02, 0xfb) || (g && g->t1 == 0x7f00 && g->t2 == 0xfe00))
		return "thc-ipv6";
	if (g == NULL)
		return NULL;
	if (llt && made == 0)
		return "bettercap";
	if (holds_client_mac(m, g->addr))
		return "pretender";
	if (g->t1 == 200 && g->t2 == 250 && g->valid == 30)
		return "inveigh";
	if (g->t1 == 200 && g->t2 == 250 && type == 3 && o->inner.hop_limit == 64 &&
	    !has_option(m, D6O_PREFERENCE))
		return "mitm6";
	if (addr_linklocal(g->addr) && g->addr.b[14] == 0x02 && g->addr.b[15] == 0x54)
		return "responder";
	return NULL;
}

#define D6 .family = FAM_D6_ROGUE, .on = ON(OBS_DHCP6)
const struct detector detectors_dhcp6[] = {
	{ D6, .id = "D6-ROGUE", .fact = F_D6_ROGUE, .grade = E1, .flags = FF_HARD, .about = ABOUT_SOURCE,
	  .attack = "T1557.003", .detect = rogue_detect,
	  .explain = "A host that nobody declared answers as DHCPv6 server. Windows prefers IPv6, so whoever "
		     "answers decides the "
		     "resolver and the addresses of every client. Compare MAC and DUID with the declared "
		     "servers; a new "
		     "legitimate server or a home router plugged in backwards look the same until they are "
		     "declared." },
	{ D6, .id = "D6-ADDR", .fact = F_D6_ADDR, .grade = E1, .flags = FF_SP, .about = ABOUT_ADDRESS,
	  .attack = "T1557.003", .detect = addr_detect,
	  .explain = "A DHCPv6 server hands out an address that DHCPv6 never assigns: link-local, multicast, "
		     "unspecified, "
		     "loopback, IPv4-mapped or documentation. Link-local leases are how takeover tools give "
		     "clients a "
		     "resolver on networks without IPv6. There is no benign cause for a link-local lease." },
	{ D6, .id = "D6-FOREIGN", .fact = F_D6_FOREIGN, .grade = E1, .about = ABOUT_ADDRESS,
	  .attack = "T1557.003", .detect = foreign_detect,
	  .explain = "The address or prefix given lies in no prefix that a router announces, the "
		     "configuration names or a "
		     "server delegated before. Check whether a new prefix was introduced." },
	{ .family = FAM_D6_ROGUE,
	  .on = ON(OBS_DHCP6) | ON(OBS_ND),
	  .id = "D6-DNS",
	  .fact = F_D6_DNS,
	  .grade = E1,
	  .flags = FF_HARD,
	  .about = ABOUT_RESOLVER,
	  .attack = "T1557",
	  .detect = dns_detect,
	  .explain = "A DHCPv6 server names itself, or a link-local address, as resolver though it is "
		     "neither a declared "
		     "resolver nor the router of this network. All name lookups of the clients then go to "
		     "it. Small gateways "
		     "do this legitimately for themselves; declare them as routers or resolvers." },
	{ D6, .id = "D6-SRVID", .fact = F_D6_SRVID, .grade = E1, .flags = FF_SP, .about = ABOUT_TRANSACTION,
	  .attack = "T1557.003", .detect = srvid_detect,
	  .explain = "A server answered a message that names another server. RFC 8415 section 16 has it "
		     "discarded; only a "
		     "program that answers everything does this." },
	{ D6, .id = "D6-RACE", .fact = F_D6_RACE, .grade = E1, .about = ABOUT_TRANSACTION,
	  .attack = "T1557.003", .detect = race_detect,
	  .explain = "Two servers answered one client and disagree. The one without authority, or whose "
		     "offer does not fit "
		     "this network, is named. Two declared servers may answer the same client." },
	{ D6, .id = "D6-TIMES", .fact = F_D6_TIMES, .grade = E0, .about = ABOUT_TIMES, .attack = "T1557.003",
	  .detect = times_detect,
	  .explain = "Lease times that contradict each other or are shorter than two minutes. A hint, no "
		     "proof." },
	{ D6, .id = "D6-DUID", .fact = F_D6_DUID, .grade = E0, .about = ABOUT_SHAPE, .attack = "T1557.003",
	  .detect = duid_detect,
	  .explain = "The server's DUID holds another MAC than the sender's, or a creation time of zero or "
		     "in the future. "
		     "Replaced network cards and cloned machines do the former." },
	{ D6, .id = "D6-RECONF", .fact = F_D6_RECONF, .grade = E1, .about = ABOUT_SHAPE,
	  .attack = "T1557.003", .detect = reconf_detect,
	  .explain = "A Reconfigure without authentication asks clients to fetch new settings. RFC 8415 "
		     "section 20.4 has "
		     "clients discard it; nobody sends it by mistake." },
	{ D6, .id = "D6-INFO", .fact = F_D6_INFO, .grade = E1, .flags = FF_HARD, .about = ABOUT_RESOLVER,
	  .attack = "T1557", .detect = info_detect,
	  .explain = "A client asked for settings only (stateless DHCPv6) and a host without authority gave "
		     "it resolvers, a "
		     "search list, an AFTR or a captive portal. Works without giving any address." },
	{ D6, .id = "D6-DECL", .fact = F_D6_DECL, .grade = E1, .about = ABOUT_CLAIM, .attack = "T1499.002",
	  .detect = decl_detect,
	  .explain = "Clients decline addresses because one host claims each of them during duplicate "
		     "address detection. A "
		     "broken proxy for neighbour discovery does this too." },
	{ .family = FAM_D6_ROGUE,
	  .on = ON(OBS_DHCP6) | ON(OBS_ND),
	  .id = "D6-ACCEPT",
	  .fact = F_D6_ACCEPT,
	  .grade = E2,
	  .flags = FF_USE,
	  .about = ABOUT_ACCEPT,
	  .attack = "T1557.003",
	  .detect = accept_detect,
	  .explain = "A client took what this server offered: it names the server in a Request or Renew, or "
		     "probes the address "
		     "given. Says who is affected, never that the server is wrong." },
	{ .family = FAM_D6_FLOOD,
	  .on = ON(OBS_DHCP6),
	  .id = "D6-FLOOD",
	  .fact = F_D6_FLOOD,
	  .grade = E1,
	  .flags = FF_HARD,
	  .about = ABOUT_RATE,
	  .attack = "T1498 T1499.002",
	  .detect = flood_detect,
	  .tick = flood_tick,
	  .explain = "Many DHCPv6 clients that are none: one sender with ten identities in a minute, one "
		     "IAID under five "
		     "identities, or a burst of new identities whose senders never show any other sign of "
		     "life. Declared "
		     "bridges and relays are left out." },
	{ 0 },
};
