/* DHCPv4 servers: who answers without authority, and what it says (DETECTIONS.md 3 and 4).  The ledger has worked out the
 * message at hand; here it becomes facts. */
#include "hypothesis.h"
#include "ledger.h"
#include "rates.h"
#include "vantage.h"

#define RACE_TIME   (30 * TS_SEC)
#define TRUE_ACTIVE (10 * TS_MIN)
#define PATH_ITEMS  ((1u << DI_PATH) - 1)
#define ANY_FAMILY  ((UINT32_C(1) << FAM_CHAINS) - 1)

/* Servers of section 4; leased-query answers and proxies included. */
static const struct d4_now *
server_now(struct engine *e)
{
	const struct d4_now *n = &e->ledger->now;
	return n->ok && n->server && n->s ? n : NULL;
}

static bool
gives(const struct obs *o)
{
	uint8_t t = o->u.dhcp4.msg_type;
	return t == D4_OFFER || t == D4_ACK || t == D4_BOOTP;
}

/* The MAC of who sent it; behind a router nobody is named but the address it uses. */
static struct actor
sender(const struct d4_now *n)
{
	if (n->router || n->relay)
		return (struct actor){ .addr = n->id };
	return (struct actor){ .has_mac = true, .mac = n->l2, .addr = n->id };
}

static struct fact
fact_of(const struct d4_now *n, uint8_t id, uint8_t grade, uint16_t flags)
{
	struct fact f = {
		.id = id, .family = FAM_D4_ROGUE, .grade = grade, .flags = flags, .actor = sender(n)
	};

	f.has_victim = n->has_mac && !mac_group(n->chaddr) && !mac_zero(n->chaddr);
	f.victim = n->chaddr;
	if (addr_set(n->yiaddr) && !addr_zero(n->yiaddr))
		f.key = f.victim_addr = n->yiaddr;
	return f;
}

/* The domain that a reply to a Windows server's rogue detection tells (option 43, sub-option 0x5F); 0 where none. */
static uint64_t
domain_told(const struct dhcp4 *d)
{
	struct bytes vendor = dhcp4_opt(d, D4O_VENDOR43);
	struct bytes name = vendor.p ? bytes_text(dhcp4_subopt(vendor, 0x5f)) : vendor;

	return d->msg_type == D4_ACK && name.n ? name_hash(name) : 0;
}

/* Servers that copy the options in an order of their own, without a UDP checksum, for seconds (DETECTIONS.md 12). */
static const char *
server_hint(const struct obs *o)
{
	static const uint8_t order[] = { D4O_TYPE,   D4O_SERVER_ID, D4O_LEASE, D4O_MASK,
					 D4O_DOMAIN, D4O_ROUTER,    D4O_DNS };
	const struct dhcp4 *d = &o->u.dhcp4;
	uint32_t lease;

	if (!(o->flags & OBS_SUM_NONE) || d->nopt < NELEM(order) || !dhcp4_opt_u32(d, D4O_LEASE, &lease) ||
	    lease > 20)
		return NULL;
	for (size_t i = 0; i < NELEM(order); i++)
		if (d->opt[i].code != order[i])
			return NULL;
	return "Responder";
}

static bool
accused(const struct d4_now *n)
{
	return n->st == ST_UNAUTHORISED && !n->proxy;
}

/* A learned relay that passes on a declared server with the options known of it: the list of relays is missing, that is all. */
static bool
excused_relay(struct engine *e, const struct d4_now *n)
{
	struct bytes none = { NULL, 0 };
	return n->relay && auth_id_known(e, e->seg, SVC_DHCP4, n->id, none) &&
	       !(n->against_trusted & PATH_ITEMS);
}

static bool
carries_routes(const struct dhcp4 *d)
{
	return dhcp4_opt(d, D4O_ROUTES).n > 0 || dhcp4_opt(d, D4O_ROUTES_MS).n > 0;
}

/* ---- D4-ROGUE ---- */
/* Nothing is declared, and for a day nobody served: the first server may be the first roll-out (DETECTIONS.md 3, 11). */
static bool
after_silence(struct engine *e)
{
	return e->ledger->seg[e->seg->ix].silent && !auth_declared(e, e->seg, SVC_DHCP4);
}

static void
rogue_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = server_now(e);

	if (n == NULL || n->trusted || (n->st == ST_UNKNOWN && n->router))
		return;
	struct fact f = fact_of(n, F_D4_ROGUE, E1, after_silence(e) ? 0 : FF_HARD);
	f.hint = server_hint(o);
	f.name = domain_told(&o->u.dhcp4);
	bool other = n->against_trusted || carries_routes(&o->u.dhcp4) || dhcp4_opt(&o->u.dhcp4, D4O_WPAD).p;
	if (!accused(n) || excused_relay(e, n) || (!n->id_given && !other)) {
		if (n->relay)
			return; /* the MAC is a relay's: nobody to name, nothing to say */
		f.grade = E0;
		f.flags = FF_OPENS;
	}
	fact_raise(e, &f);
}

/* ---- D4-SPOOF ---- */
/* Was one of the MACs that are declared for the address on the wire lately? */
static bool
true_mac_active(struct engine *e, struct addr id, struct mac not_this)
{
	const struct authority *a = e->conf->authority;

	for (size_t i = 0; a && i < a->nsite; i++) {
		const struct auth_servers *list = &a->site[i].dhcp4_servers;
		for (size_t k = 0; k < list->n; k++) {
			const struct auth_server *v = &list->v[k];
			bool has = false;
			for (size_t x = 0; x < v->nip; x++)
				has |= addr_eq(v->ip[x], id);
			for (size_t x = 0; x < v->nserver_id; x++)
				has |= addr_eq(v->server_id[x], id);
			for (size_t x = 0; has && x < v->nmac; x++) {
				struct host *h =
					mac_eq(v->mac[x], not_this) ? NULL : host_find(e, e->seg, v->mac[x]);
				if (h && h->last && e->now - h->last <= TRUE_ACTIVE)
					return true;
			}
		}
	}
	return false;
}

static void
spoof_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = server_now(e);
	struct bytes none = { NULL, 0 };

	if (n == NULL || !accused(n) || n->router || excused_relay(e, n))
		return;
	struct addr id = n->id;
	if (!auth_id_known(e, e->seg, SVC_DHCP4, id, none))
		id = o->inner.src;
	bool ok;
	if (!auth_id_known(e, e->seg, SVC_DHCP4, id, none) || !auth_mac_for(e, e->seg, id, n->l2, &ok) || ok)
		return;
	struct fact f = fact_of(n, F_D4_SPOOF, E1, true_mac_active(e, id, n->l2) ? FF_HARD | FF_SP : FF_HARD);
	f.hint = server_hint(o);
	/* the address is the true server's: it is no address of this actor */
	f.actor = (struct actor){ .has_mac = true, .mac = n->l2 };
	fact_raise(e, &f);
}

/* ---- D4-RACE ---- */
static uint8_t
path_against(const struct d4_answer *a, const struct d4_answer *b)
{
	uint8_t set = 0;

	for (unsigned i = 0; i < DI_PATH; i++)
		if (a->have >> i & 1 &&
		    ((b->have >> i & 1 && a->path[i] != b->path[i]) || b->missing >> i & 1))
			set |= (uint8_t)(1u << i);
	return set;
}

/* Nothing is declared: the one that came to the segment later contradicts the other; where both came with this very
 * transaction, the one that leads to itself while the other does not.  NULL: nobody can say. */
static const struct d4_answer *
newcomer(const struct d4_xact *x, const struct d4_answer *a, const struct d4_answer *b)
{
	if (a->since < x->first || b->since < x->first)
		return a->since > b->since ? a : b;
	if (a->self != b->self)
		return a->self ? a : b;
	return NULL;
}

static void
race_raise(struct engine *e, const struct d4_now *n, const struct d4_answer *who)
{
	struct fact f = fact_of(n, F_D4_RACE, E1, 0);

	f.actor = who->direct && !who->relay
			  ? (struct actor){ .has_mac = true, .mac = who->l2, .addr = who->id }
			  : (struct actor){ .addr = who->id };
	if (!addr_zero(who->yiaddr))
		f.key = f.victim_addr = who->yiaddr;
	fact_raise(e, &f);
}

static void
race_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = server_now(e);
	const struct d4_answer *a = n ? n->answer : NULL;

	if (a == NULL || !gives(o) || a->proxy)
		return;
	for (size_t i = 0; i < n->x->nanswer; i++) {
		const struct d4_answer *b = &n->x->answer[i];
		bool copy = b->digest == a->digest && addr_eq(b->id, a->id) && addr_eq(b->yiaddr, a->yiaddr);
		if (b == a || b->proxy || copy || e->now - b->at > RACE_TIME || b->type == D4_NAK ||
		    (a->trusted && b->trusted))
			continue;
		if (a->st == ST_UNKNOWN && b->st == ST_UNKNOWN) {
			const struct d4_answer *who =
				path_against(a, b) || path_against(b, a) ? newcomer(n->x, a, b) : NULL;
			if (who && !(mac_eq(a->l2, b->l2) && !a->relay))
				race_raise(e, n, who);
			continue;
		}
		if (a->st == ST_UNAUTHORISED && !excused_relay(e, n))
			race_raise(e, n, a);
		if (b->st == ST_UNAUTHORISED && a->trusted && !(b->relay && !path_against(b, a)))
			race_raise(e, n, b);
	}
}

/* ---- D4-OPT ---- */
static void
opt_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = server_now(e);

	if (n == NULL || !gives(o) || n->proxy)
		return;
	struct fact f = fact_of(n, F_D4_OPT, E1, 0);
	if (accused(n)) {
		if (n->against_trusted || (n->self && !excused_relay(e, n)))
			fact_raise(e, &f);
	} else if (n->st == ST_UNKNOWN) {
		if (n->against_earlier)
			fact_raise(e, &f);
	} else if (n->against_trusted &&
		   !n->router) { /* the administrator changed something, or somebody else did */
		f.grade = E0;
		f.flags = FF_NO_VICTIM;
		fact_raise(e, &f);
	}
}

/* ---- D4-ROUTE, D4-WPAD ---- */
/* A declared server that newly sends clients to the actor of an open hypothesis: that actor's doing, not the server's. */
static bool
leads_to_open(struct engine *e, struct addr a, struct mac *m)
{
	struct binding *b = addr_set(a) ? binding_find(e, e->seg, a) : NULL;

	if (b == NULL || !actor_open(e, e->seg, b->mac, ANY_FAMILY))
		return false;
	*m = b->mac;
	return true;
}

static void
route_detect(struct engine *e, const struct obs *o)
{
	static const uint8_t codes[] = { D4O_ROUTES, D4O_ROUTES_MS };
	const struct d4_now *n = server_now(e);

	if (n == NULL || !gives(o) || !carries_routes(&o->u.dhcp4))
		return;
	struct fact f = fact_of(n, F_D4_ROUTE, E1, 0);
	if (accused(n)) {
		fact_raise(e, &f);
		return;
	}
	for (size_t i = 0; i < NELEM(codes) && n->trusted; i++) {
		unsigned item = codes[i] == D4O_ROUTES ? DI_ROUTES : DI_ROUTES_MS;
		struct cursor c = cur_all(dhcp4_opt(&o->u.dhcp4, codes[i]));
		struct route4 r;
		struct mac m;
		while (n->changed >> item & 1 && dhcp4_route_next(&c, &r))
			if (leads_to_open(e, r.via, &m)) {
				f.actor = (struct actor){ .has_mac = true, .mac = m, .addr = r.via };
				fact_raise(e, &f);
			}
	}
}

static void
wpad_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = server_now(e);
	struct mac m;

	if (n == NULL || !gives(o) || dhcp4_opt(&o->u.dhcp4, D4O_WPAD).p == NULL)
		return;
	struct fact f = fact_of(n, F_D4_WPAD, E1, 0);
	struct addr host = ledger_pac_host(&o->u.dhcp4);
	if (accused(n)) {
		fact_raise(e, &f);
	} else if ((!n->trusted || n->changed >> DI_WPAD & 1) && leads_to_open(e, host, &m)) {
		f.actor = (struct actor){ .has_mac = true, .mac = m, .addr = host };
		fact_raise(e, &f);
	}
}

/* ---- D4-NAK ---- */
static bool
owns(const struct d4_lease *l, const struct d4_now *n)
{
	return mac_eq(l->server, n->l2) || addr_eq(l->server_id, n->id);
}

static void
nak_raise(struct engine *e, const struct d4_now *n, const struct d4_answer *who)
{
	struct fact f = fact_of(n, F_D4_NAK, E1, 0);

	if (who)
		f.actor = who->direct && !who->relay
				  ? (struct actor){ .has_mac = true, .mac = who->l2, .addr = who->id }
				  : (struct actor){ .addr = who->id };
	fact_raise(e, &f);
}

/* NAK and ACK in one transaction, whichever came first. */
static void
nak_race(struct engine *e, const struct d4_now *n)
{
	const struct d4_answer *a = n->answer;

	for (size_t i = 0; a && i < n->x->nanswer; i++) {
		const struct d4_answer *b = &n->x->answer[i];
		bool pair =
			(a->type == D4_NAK && b->type == D4_ACK) || (a->type == D4_ACK && b->type == D4_NAK);
		if (b == a || !pair || e->now - b->at > RACE_TIME || (a->trusted && b->trusted) ||
		    (mac_eq(a->l2, b->l2) && addr_eq(a->id, b->id)))
			continue;
		if (a->st == ST_UNKNOWN && b->st == ST_UNKNOWN) {
			const struct d4_answer *who = newcomer(n->x, a, b);
			nak_raise(e, n, who ? who : a->type == D4_NAK ? a : b);
		} else {
			nak_raise(e, n, a->trusted ? b : a);
		}
	}
}

static void
nak_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = server_now(e);
	uint8_t type = o->u.dhcp4.msg_type;

	if (n == NULL || (type != D4_NAK && type != D4_ACK))
		return;
	nak_race(e, n);
	if (type != D4_NAK || n->trusted)
		return;
	/* what the client asked for is in the transaction's lease: look for one that another server gave it */
	const struct d4_lease *l =
		n->c && addr_set(n->x->asked_addr) ? ledger_lease(e, e->seg, n->x->asked_addr) : NULL;
	if (l && l->expires > e->now && mac_eq(l->mac, n->chaddr) && !owns(l, n))
		nak_raise(e, n, NULL);
}

/* ---- D4-AUTHKILL ---- */
static void
authkill_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = server_now(e);
	uint64_t domain = domain_told(&o->u.dhcp4);

	if (n == NULL || n->trusted || !n->x->asks_domain || domain == 0)
		return;
	/* where nothing is declared: the servers of a domain answer each other so every hour (DETECTIONS.md 15) */
	bool strange = auth_declared(e, e->seg, SVC_DHCP4) || n->s->agreed == 0 || n->s->contradicted ||
		       actor_open(e, e->seg, n->l2, UINT32_C(1) << FAM_D4_ROGUE);
	/* that it never served counts where service would have been seen */
	bool sp = strange && (auth_declared(e, e->seg, SVC_DHCP4) || vantage_has(e, e->seg, VB_S4));
	struct fact f = fact_of(n, F_D4_AUTHKILL, strange ? E1 : E0, sp ? FF_SP : 0);
	f.family = FAM_D4_AUTHKILL;
	f.name = domain;
	if (!addr_set(f.victim_addr) && addr_set(o->u.dhcp4.ciaddr) && !addr_zero(o->u.dhcp4.ciaddr))
		f.victim_addr = o->u.dhcp4.ciaddr;
	fact_raise(e, &f);
}

/* ---- D4-ACCEPT ---- */
static void
accept_raise(struct engine *e, const struct d4_now *n, struct actor a, struct addr key)
{
	struct fact f = {
		.id = F_D4_ACCEPT, .family = FAM_D4_ROGUE, .grade = E2, .flags = FF_USE, .actor = a
	};

	f.has_victim = n->has_mac;
	f.victim = n->chaddr;
	f.key = f.victim_addr = key;
	fact_raise(e, &f);
}

/* SELECTING names the server (RFC 2131 4.3.2); two that use one id are told apart by the address that was offered. */
static void
accept_offer(struct engine *e, const struct d4_now *n, struct addr want)
{
	const struct d4_answer *best = NULL;

	for (size_t i = 0; i < n->x->nanswer; i++) {
		const struct d4_answer *b = &n->x->answer[i];
		if (!addr_eq(b->id, n->id))
			continue;
		if (best == NULL || (addr_eq(b->yiaddr, want) && !addr_eq(best->yiaddr, want)))
			best = b;
	}
	if (best == NULL || best->trusted || best->proxy)
		return;
	accept_raise(e, n,
		     best->direct && !best->relay ? (struct actor){ .has_mac = true, .mac = best->l2 }
						  : (struct actor){ .addr = best->id },
		     want);
}

static void
accept_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = &e->ledger->now;
	const struct dhcp4 *d = &o->u.dhcp4;

	if (!n->ok || n->server || d->msg_type != D4_REQUEST)
		return;
	if (n->id_given) {
		accept_offer(e, n, dhcp4_opt_addr(d, D4O_REQUESTED_IP));
		return;
	}
	/* RENEWING: unicast to the server that gave the lease */
	struct mac to = o->outer.dmac;
	if (addr_zero(d->ciaddr) || mac_group(to) || !n->had_lease || !mac_eq(n->before.server, to) ||
	    !mac_eq(n->before.mac, n->chaddr))
		return;
	accept_raise(e, n, (struct actor){ .has_mac = true, .mac = to }, d->ciaddr);
}

#define ROW(id_, fact_, grade_, flags_, about_, attack_, ...)                                                \
	{                                                                                                    \
		.id = id_, .fact = fact_, .family = FAM_D4_ROGUE, .grade = grade_, .flags = flags_,          \
		.about = about_, .attack = attack_, .on = ON(OBS_DHCP4), __VA_ARGS__                         \
	}

/* clang-format off */
const struct detector detectors_dhcp4[] = {
	ROW("D4-ROGUE", F_D4_ROGUE, E1, FF_HARD, ABOUT_SOURCE, "T1557.003", .detect = rogue_detect,
	    .explain = "A station answers as DHCPv4 server and is not among the declared ones. Its clients may get a "
		"gateway, resolver or"
		       " proxy of its choosing. Find the switch port of the MAC; known benign: a home router or a "
			"laptop with connection"
		       " sharing plugged in by mistake, a new server that was not declared yet. Where nothing is "
			"declared it is only noted."),
	ROW("D4-SPOOF", F_D4_SPOOF, E1, FF_SP, ABOUT_ADDRESS, "T1557.003", .detect = spoof_detect,
	    .explain = "A message carries the identity of a declared DHCPv4 server and comes from another MAC while "
		"the true one is on the"
		       " wire. Known benign: a second adapter of the server that is not declared and answers no ARP "
			"for the address."),
	ROW("D4-RACE", F_D4_RACE, E1, 0, ABOUT_TRANSACTION, "T1557.003", .detect = race_detect,
	    .explain = "Two servers answer one transaction and at least one has no authority; the client takes the "
		"faster one. Known"
		       " benign: split scopes and failover pairs, which say the same and are declared."),
	ROW("D4-OPT", F_D4_OPT, E1, 0, ABOUT_RESOLVER, "T1557.003", .detect = opt_detect,
	    .explain = "Gateway, resolver, domain, proxy or boot options differ from what the authorised servers sent "
		"for this subnet, or"
		       " lead to the sender itself. From an authorised server it is a change of configuration to be confirmed."),
	ROW("D4-ROUTE", F_D4_ROUTE, E1, 0, ABOUT_ROUTE, "T1557.003", .detect = route_detect,
	    .explain = "Option 121 or 249 of a server without authority installs routes on the client that beat a "
		"VPN's (CVE-2024-3661)."
		       " Compare the client's routing table. Known benign: declared servers that send internal routes."),
	ROW("D4-WPAD", F_D4_WPAD, E1, 0, ABOUT_NAME, "T1557.003", .detect = wpad_detect,
	    .explain = "Option 252 of a server without authority names a proxy configuration: the client's web "
		"traffic and credentials"
		       " go where it says. Look at the URL and at the proxy in use on the client."),
	ROW("D4-NAK", F_D4_NAK, E1, 0, ABOUT_TRANSACTION, "T1557.003", .detect = nak_detect,
	    .explain = "A server refuses a lease that another one gave and still stands for: the client starts over "
		"and can be served by"
		       " an intruder. Known benign: an authoritative server attached to the wrong VLAN."),
	{ .id = "D4-AUTHKILL", .fact = F_D4_AUTHKILL, .family = FAM_D4_AUTHKILL, .grade = E1, .flags = FF_SP,
		.about = ABOUT_SOURCE,
	  .attack = "T1489", .on = ON(OBS_DHCP4), .detect = authkill_detect,
	  .explain = "A station answers the authorisation query of a Windows DHCP server with a domain name: the "
		"server believes that it"
		     " stands in a foreign domain and stops serving (events 1045, 1046). Known benign: a declared "
			"Windows DHCP server." },
	ROW("D4-ACCEPT", F_D4_ACCEPT, E2, FF_USE, ABOUT_ACCEPT, "T1557.003", .detect = accept_detect,
	    .explain = "The client asked this server for its lease or renewed it there: it took the offer. Says "
		"nothing alone, for every"
		       " server, right or wrong, is obeyed."),
	{ 0 },
};
/* clang-format on */
