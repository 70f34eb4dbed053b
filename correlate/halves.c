#include "halves.h"
#include "authority.h"
#include "leaselog.h"
#include "outcome.h"
#include "rates.h"
#include "servers.h"
#include "verdict.h"

enum {
	OWN_MAX = 16,
	STEPS = 128,
	FLOOD_A_MINUTE = 600,
	ERROR_DISABLED = 0x490 /* of 4202: IPv6 was disabled by policy */
};

/* ---- the reporter's own addresses ---- */
struct own {
	struct addr v[OWN_MAX];
	size_t n;
};

static void
own_add(struct own *o, struct addr a)
{
	for (size_t i = 0; i < o->n; i++)
		if (addr_eq(o->v[i], a))
			return;
	if (o->n < OWN_MAX && addr_set(a) && !addr_linklocal(a))
		o->v[o->n++] = a;
}

static struct own
own_of(struct engine *e, const struct kept *k, const struct place *place, size_t nplace)
{
	struct own o = { .n = 0 };

	for (size_t i = 0; i < k->nip; i++)
		own_add(&o, k->host_ip[i]);
	for (size_t i = 0; i < nplace; i++) {
		const struct host *h = host_find(e, e->segment_at[place[i].seg], place[i].mac);
		for (size_t n = 0; h && n < h->nip; n++)
			own_add(&o, host_ip(e, h, n));
	}
	return o;
}

struct addr
reporter_address(struct engine *e, const struct kept *k, const struct place *place, size_t nplace)
{
	struct own o = own_of(e, k, place, nplace);
	struct addr best = { 0 };

	/* the lowest, IPv4 before IPv6: the order in which they were learned must not decide */
	for (size_t i = 0; i < o.n; i++)
		if (!addr_set(best) || memcmp(&o.v[i], &best, sizeof(best)) < 0)
			best = o.v[i];
	return best;
}

bool
reporter_served(const struct half_case *c, uint16_t seg, struct mac client)
{
	struct own o = own_of(c->e, c->k, c->place, c->nplace);

	for (size_t i = 0; i < o.n; i++) {
		const struct session *s = NULL;
		for (unsigned n = 0; n < STEPS; n++) {
			s = session_next(c->e, seg, END_SERVER, o.v[i], s);
			if (s == NULL || s->start < c->from)
				break;
			if (s->start <= c->to && mac_eq(s->client_mac, client))
				return true;
		}
	}
	return false;
}

static struct half
nothing(void)
{
	return (struct half){ .verdict = V_INFO };
}

static struct half
confirmed(const char *why)
{
	return (struct half){ .verdict = V_CONFIRMED, .why = why };
}

static struct half
refuted(const char *why)
{
	return (struct half){ .verdict = V_REFUTED, .why = why };
}

/* fam 0: either */
static uint32_t
seen(const struct half_case *c, uint8_t fam, uint16_t port, enum outcome what, ts_t from, ts_t to)
{
	struct own o = own_of(c->e, c->k, c->place, c->nplace);
	uint32_t n = 0;

	for (size_t i = 0; i < o.n; i++)
		if (fam == 0 || o.v[i].fam == fam)
			n += outcome_seen(c->e, c->seg->ix, o.v[i], port, what, from, to);
	return n;
}

static uint32_t
in_window(const struct half_case *c, uint8_t fam, uint16_t port, enum outcome what)
{
	return seen(c, fam, port, what, c->from, c->to);
}

/* Asked and never answered: absence, so only where it would have been seen. */
static bool
silent(const struct half_case *c, uint8_t fam, uint16_t port)
{
	return !c->blind && in_window(c, fam, port, OUT_ASKED) && !in_window(c, fam, port, OUT_OPEN) &&
	       !in_window(c, fam, port, OUT_TLS);
}

/* ---- RasSstp on a server: what its port shows ---- */
/* How the certificates stand that it showed in the window: the worst of its addresses. */
static enum leaf_is
leaf_shown(const struct half_case *c, uint8_t fam)
{
	struct own o = own_of(c->e, c->k, c->place, c->nplace);
	enum leaf_is is = LEAF_NO_P;
	struct leaf leaf;
	struct mac by;

	for (size_t i = 0; i < o.n; i++) {
		if ((fam && o.v[i].fam != fam) || !address_leaf(c->e, o.v[i], c->from, c->to, &leaf, &by))
			continue;
		struct leaf_standing st = leaf_standing(c->e, c->seg, 0, o.v[i], &leaf);
		is = st.is > is ? st.is : is;
	}
	return is;
}

struct server_rule {
	uint8_t refute, fam;
	bool no_tls;	 /* a connection without TLS shows the trouble */
	bool other_leaf; /* so does another certificate */
	bool fine_open;	 /* answers explain it away */
	bool fine_leaf;	 /* the server's own certificate does */
};

static struct half
server_half(const struct half_case *c)
{
	static const struct server_rule rules[] = {
		{ R_LISTENS, 0, false, false, true, false },   { R_SHOWS, 0, true, false, false, true },
		{ R_SHOWS_4, 4, true, true, false, false },    { R_SHOWS_6, 6, true, true, false, false },
		{ R_SHOWS_OTHER, 0, true, true, false, true }, { R_SHOWS_NONE, 0, true, true, false, false },
	};
	const struct server_rule *r = rules;

	while (r + 1 < rules + NELEM(rules) && r->refute != c->j->refute)
		r++;
	enum leaf_is leaf = leaf_shown(c, r->fam);
	if (r->other_leaf && leaf == LEAF_OTHER)
		return confirmed("The port shows another certificate than the server's.");
	if (in_window(c, r->fam, PORT_HTTPS, OUT_REFUSED))
		return confirmed("The port refuses connections.");
	if (silent(c, r->fam, PORT_HTTPS))
		return confirmed("Connections to the port stay without an answer.");
	if (r->no_tls && in_window(c, r->fam, PORT_HTTPS, OUT_BROKEN) &&
	    !in_window(c, r->fam, PORT_HTTPS, OUT_TLS))
		return confirmed("Handshakes at the port fail.");
	if (r->fine_open &&
	    (in_window(c, r->fam, PORT_HTTPS, OUT_TLS) || in_window(c, r->fam, PORT_HTTPS, OUT_OPEN)))
		return refuted("the port answers");
	if (r->fine_leaf && (leaf == LEAF_P || leaf == LEAF_RENEWED))
		return refuted("the port answers with the server's own certificate");
	return nothing();
}

static struct half
memory_half(const struct half_case *c)
{
	struct own o = own_of(c->e, c->k, c->place, c->nplace);

	for (size_t i = 0; i < o.n; i++)
		if (outcome_peak(c->e, c->seg->ix, o.v[i], PORT_HTTPS, OUT_ASKED, c->from, c->to) >=
		    FLOOD_A_MINUTE)
			return confirmed("The port was flooded with connections.");
	return c->blind ? nothing() : refuted("nobody floods the port");
}

/* A client saw the server's own certificate and took it for a wrong one (event 6) later that day. */
static struct half
hash_half(const struct half_case *c)
{
	size_t i = 0;
	const struct kept *k;

	while ((k = event_next(c->e, &i, HE_SSTP_CERT_MISMATCH, c->from, c->to))) {
		enum leaf_is is = leaf_standing(c->e, c->seg, 0, (struct addr){ 0 }, &k->leaf).is;
		if (is == LEAF_P || is == LEAF_RENEWED)
			return confirmed(
				"A client refused the server's own certificate after that (event 6).");
	}
	return nothing();
}

/* ---- Teredo, tunnels ---- */
static struct half
teredo_failed_half(const struct half_case *c)
{
	if (in_window(c, 4, PORT_TEREDO, OUT_REFUSED))
		return confirmed("Its Teredo port is closed: ICMP says so.");
	if (silent(c, 4, PORT_TEREDO))
		return confirmed("Solicitations to its Teredo port stay without an answer.");
	return nothing();
}

/* What was there before the event and not after it; where the row looks back, it went away no earlier than that. */
static struct half
stopped(const struct half_case *c, uint8_t fam, uint16_t port, enum outcome what, const char *why,
	const char *goes_on)
{
	ts_t eps = event_eps(c->e, c->k);
	ts_t from = c->j->from < 0 ? c->from : c->k->ts - TS_HOUR;
	bool before = seen(c, fam, port, what, from, c->k->ts + eps) != 0;

	if (seen(c, fam, port, what, c->k->ts + eps + 1, c->to))
		return goes_on ? refuted(goes_on) : nothing();
	return before && !c->blind ? confirmed(why) : nothing();
}

/* fe80::5efe:own alone, and no router answered: the interface came up and nothing else (RFC 5214). */
static struct half
tunnel_up_half(const struct half_case *c)
{
	if (in_window(c, 4, PORT_TUNNEL, OUT_OPEN) || in_window(c, 4, PORT_TUNNEL, OUT_ASKED))
		return nothing(); /* whose router it uses is what 4100 and the wire's own facts are about */
	return addr_linklocal(c->k->addr) && !c->blind
		       ? refuted("a link-local tunnel address, and no router answered it")
		       : nothing();
}

/* ---- IP-HTTPS ---- */
/* The port of a URL; 443 where it names none. */
static uint16_t
url_port(const char *url)
{
	const char *p = strstr(url, "://");
	uint32_t port = 0;

	p = p ? p + 3 : url;
	p += *p == '[' ? strcspn(p, "]") : 0;
	p += strcspn(p, ":/");
	for (p += *p == ':'; *p >= '0' && *p <= '9' && port <= UINT16_MAX; p++)
		port = port * 10 + (uint32_t)(*p - '0');
	return port > 0 && port <= UINT16_MAX ? (uint16_t)port : PORT_HTTPS;
}

static bool
vpn_listed(const struct half_case *c)
{
	struct own o = own_of(c->e, c->k, c->place, c->nplace);
	const struct auth_vpn *v;

	for (size_t i = 0; (v = auth_vpn_at(c->e, c->seg, i)); i++)
		for (size_t n = 0; n < v->nip; n++)
			for (size_t a = 0; a < o.n; a++)
				if (addr_eq(v->ip[n], o.v[a]))
					return true;
	return false;
}

static struct half
iphttps_up_half(const struct half_case *c)
{
	uint16_t port = url_port(c->k->text);

	if (vpn_listed(c))
		return refuted("the server is declared");
	if (in_window(c, 0, port, OUT_TLS)) {
		struct half h = confirmed("Clients connect to the listener, and nobody declared it.");
		h.by_reporter = true;
		return h;
	}
	return nothing();
}

static struct half
iphttps_failed_half(const struct half_case *c)
{
	if (in_window(c, 0, PORT_HTTPS, OUT_REFUSED) || in_window(c, 0, PORT_HTTPS, OUT_BROKEN))
		return confirmed("The port refuses connections, or handshakes at it fail.");
	return nothing();
}

static struct half
iphttps_stopped_half(const struct half_case *c)
{
	ts_t after = c->k->ts;

	if (seen(c, 0, PORT_HTTPS, OUT_REFUSED, after, c->to) ||
	    seen(c, 0, PORT_HTTPS, OUT_BROKEN, after, c->to))
		return confirmed("The port refuses connections since.");
	return silent(c, 0, PORT_HTTPS) ? confirmed("Connections to the port stay without an answer since.")
					: nothing();
}

/* The client's session with the reporter: which of the two addresses is the outer one is told by the wire alone. */
static const struct session *
bound_session(const struct half_case *c, ts_t from, ts_t to)
{
	struct own o = own_of(c->e, c->k, c->place, c->nplace);
	const struct addr outer[2] = { c->k->addr, c->k->peer };

	for (size_t i = 0; i < NELEM(outer); i++) {
		const struct session *s = NULL;
		for (unsigned n = 0; n < STEPS && addr_set(outer[i]); n++) {
			s = session_next(c->e, c->seg->ix, END_CLIENT, outer[i], s);
			if (s == NULL)
				break;
			if (s->start > to || s->last < from)
				continue;
			for (size_t a = 0; a < o.n; a++)
				if (addr_eq(s->server, o.v[a]))
					return s;
		}
	}
	return NULL;
}

static bool
two_outer(const struct half_case *c)
{
	size_t i = 0;
	const struct kept *k;

	while ((k = event_next(c->e, &i, HE_IPHTTPS_BOUND, c->from, c->to)))
		if (k->serial != c->k->serial && k->name && k->name == c->k->name &&
		    !addr_eq(k->addr, c->k->addr) && !addr_eq(k->addr, c->k->peer) &&
		    !addr_eq(k->peer, c->k->addr))
			return true;
	return false;
}

static struct half
bound_half(const struct half_case *c)
{
	if (two_outer(c)) {
		struct half h = confirmed("One client is bound from two outer addresses at a time.");
		h.severity = SEV_HIGH;
		return h;
	}
	if (bound_session(c, c->from, c->to))
		return confirmed("The client's TLS session with the server was seen.");
	if (c->blind)
		return nothing();
	struct half h = refuted("no TLS session of that client with the server: log and flows do not agree");
	h.severity = SEV_MEDIUM;
	return h;
}

static struct half
unbound_half(const struct half_case *c)
{
	const struct session *s = bound_session(c, c->from, c->to);

	return s && s->last <= c->to ? confirmed("The client's TLS session ended.") : nothing();
}

/* ---- names ---- */
static bool
of_open_actor(struct engine *e, struct addr a)
{
	for (const struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (h->family < FAM_SITE && h->nfact && hyp_open(h) && h->verdict >= V_SUSPECTED &&
		    hyp_actor_has(e, h, a))
			return true;
	return false;
}

/* What one station was answered to one name in the window: who may not answer, or what points at a suspect, tells most. */
struct name_said {
	bool bad, good, nothing; /* nothing: the good answer holds no address, or nobody answered */
};

static void
name_look(const struct half_case *c, struct addr client, uint64_t name, struct addr want,
	  struct name_said *said)
{
	const struct name_answer *a;

	for (unsigned i = 0; (a = name_answer_at(c->e, c->seg->ix, client, name, i)); i++) {
		if (a->ts < c->from || a->ts > c->to)
			continue;
		if (addr_set(want) && a->answered && !addr_eq(a->addr, want))
			continue;
		enum standing st = auth_answer(c->e, c->seg, a->resolver, a->by);
		if (!a->answered) {
			said->nothing |= st == ST_AUTHORISED && !c->blind;
			continue;
		}
		bool bad = st == ST_UNAUTHORISED || (addr_set(a->addr) && of_open_actor(c->e, a->addr));
		said->bad |= bad && addr_set(a->addr);
		said->good |= !bad && st == ST_AUTHORISED;
		said->nothing |=
			!bad && st == ST_AUTHORISED && (!addr_set(a->addr) || a->rcode == DNS_RCODE_NXDOMAIN);
	}
}

static struct name_said
name_said(const struct half_case *c, uint64_t name, struct addr want)
{
	struct own o = own_of(c->e, c->k, c->place, c->nplace);
	struct name_said said = { false, false, false };

	for (size_t i = 0; i < o.n; i++)
		name_look(c, o.v[i], name, want, &said);
	return said;
}

static struct half
teredo_name_half(const struct half_case *c)
{
	struct name_said s = name_said(c, c->k->name, (struct addr){ 0 });

	if (s.bad)
		return confirmed("A resolver that may not answered the name of the Teredo server.");
	return s.nothing ? refuted("the declared resolver knows no such name, or did not answer") : nothing();
}

static struct half
dns64_half(const struct half_case *c)
{
	struct name_said s = name_said(c, c->k->name, c->k->peer);

	name_look(c, c->k->addr, c->k->name, c->k->peer, &s);
	if (s.bad || (addr_set(c->k->peer) && of_open_actor(c->e, c->k->peer)))
		return confirmed("The address that was to be translated comes from a resolver that may not "
				 "answer, or is a "
				 "suspect's.");
	return s.good ? refuted("the declared resolver gave that address") : nothing();
}

/* The names of the servers that are declared, and the one that was dialled. */
static struct half
vpn_name_half(const struct half_case *c)
{
	const struct dial *d = dial_of(c->e, c->k->coid);
	struct name_said s = { false, false, false };
	const struct auth_vpn *v;

	if (d && d->name)
		s = name_said(c, d->name, (struct addr){ 0 });
	for (size_t i = 0; (v = auth_vpn_at(c->e, c->seg, i)); i++) {
		struct name_said more = { false, false, false };
		if (v->sni.n)
			more = name_said(c, name_hash(v->sni), (struct addr){ 0 });
		s.bad |= more.bad;
		s.nothing |= more.nothing;
	}
	if (s.bad)
		return confirmed("A resolver that may not answered the name of the VPN server.");
	return s.nothing ? refuted("the declared resolver knows no such name") : nothing();
}

/* ---- DHCP servers ---- */
/* How connections to the directory went: the reporter's, and everybody's. */
struct directory {
	uint32_t own_open, own_refused, own_asked, open, refused, asked;
};

/* When its own connections failed, give or take a minute: how others fared is asked of that time, for the window of a clock
 * that is not synchronised holds better days too. */
static void
directory_failed(const struct half_case *c, const struct own *o, ts_t *from, ts_t *to)
{
	static const enum outcome bad[] = { OUT_REFUSED, OUT_BROKEN, OUT_ASKED };
	ts_t first = 0, last = 0, f, l;
	bool any = false;

	for (size_t w = 0; w < NELEM(bad) && !(any && bad[w] == OUT_ASKED); w++)
		for (size_t i = 0; i < o->n; i++) {
			if (!outcome_when(c->e, c->seg->ix, o->v[i], PORT_DIRECTORY, bad[w], c->from, c->to,
					  &f, &l))
				continue;
			first = any && first < f ? first : f;
			last = any && last > l ? last : l;
			any = true;
		}
	*from = any && first - TS_MIN > c->from ? first - TS_MIN : c->from;
	*to = any && last + TS_MIN < c->to ? last + TS_MIN : c->to;
}

static struct directory
directory_seen(const struct half_case *c)
{
	struct own o = own_of(c->e, c->k, c->place, c->nplace);
	const struct addr all = { 0 };
	struct directory d = { 0 };
	ts_t from, to;

	directory_failed(c, &o, &from, &to);
#define N(who, port, what) outcome_times(c->e, c->seg->ix, who, port, what, from, to)
	for (size_t i = 0; i < o.n; i++) {
		d.own_open += N(o.v[i], PORT_DIRECTORY, OUT_OPEN);
		d.own_refused +=
			N(o.v[i], PORT_DIRECTORY, OUT_REFUSED) + N(o.v[i], PORT_DIRECTORY, OUT_BROKEN);
		d.own_asked += N(o.v[i], PORT_DIRECTORY, OUT_ASKED);
	}
	d.open = N(all, PORT_DIRECTORIES, OUT_OPEN);
	d.refused = N(all, PORT_DIRECTORIES, OUT_REFUSED);
	d.asked = N(all, PORT_DIRECTORIES, OUT_ASKED);
#undef N
	return d;
}

static struct half
directory_half(const struct half_case *c)
{
	const struct directory d = directory_seen(c);
	const struct name_said s = name_said(c, 0, (struct addr){ 0 });
	bool lost = c->j->kind == HE_DHCP_NO_DIRECTORY;
	bool fails = d.own_refused || (!c->blind && d.own_asked && !d.own_open);
	struct half h = nothing();

	if (s.bad)
		return confirmed("A resolver that may not answered where the directory is.");
	if (lost && !d.open && (d.refused || (!c->blind && d.asked > d.own_asked)))
		return refuted("the directory fails everybody: maintenance, and nobody in between");
	if (lost && s.good && d.own_refused)
		return refuted("the declared resolver answered, and the directory itself refuses");
	if (!lost && d.own_open && !fails)
		return refuted("the directory answers it: it is not on the list of authorised servers");
	if (fails && !d.own_open)
		h = confirmed("Its connections to the directory fail, others' do not.");
	else if (lost && s.nothing)
		h = confirmed("Its queries for the directory fail.");
	h.severity = c->j->sev_alone; /* an outage is none of a suspect's doing by itself */
	return h;
}

static struct half
rogue_check_half(const struct half_case *c)
{
	for (size_t i = 0; i < c->nplace; i++) {
		const struct segment *s = c->e->segment_at[c->place[i].seg];
		const struct rogue_check *r = rogue_check_of(c->e, s->ix, c->place[i].mac);
		if (r == NULL || r->told == TS_NONE || r->told < c->from || r->told > c->to)
			continue;
		enum standing st =
			auth_standing(c->e, s, SVC_DHCP4, r->by, r->by_addr, (struct bytes){ NULL, 0 });
		if (st == ST_AUTHORISED)
			return refuted("a declared server told it the domain: it stands in the wrong place");
		struct half h = confirmed("A stranger answered its rogue detection with a domain.");
		h.severity = st == ST_UNAUTHORISED ? SEV_CRITICAL : SEV_MEDIUM;
		return h;
	}
	return c->j->kind == HE_DHCP_STOPPED_DOMAIN ? directory_half(c) : nothing();
}

static bool
reporter_serves(const struct half_case *c)
{
	for (size_t i = 0; i < c->nplace; i++) {
		const struct segment *s = c->e->segment_at[c->place[i].seg];
		const struct host *h = host_find(c->e, s, c->place[i].mac);
		ts_t served = h ? host_more(c->e, h)->dhcp4_server_last : 0;
		if (served && served >= c->from && served <= c->to)
			return true;
	}
	return false;
}

static struct half
not_authorised_half(const struct half_case *c)
{
	if (reporter_serves(c)) {
		struct half h = confirmed("The reporter served clients without being authorised.");
		h.by_reporter = true;
		return h;
	}
	return c->blind ? nothing() : refuted("the reporter never answered a client");
}

/* Every server that the event lists is a declared one. */
bool
peers_known(struct engine *e, const struct segment *s, const struct kept *k)
{
	const struct bytes none = { NULL, 0 };

	for (size_t i = 0; i < k->nmore; i++)
		if (!auth_id_known(e, s, SVC_DHCP4, k->more[i], none))
			return false;
	return addr_set(k->peer) && auth_id_known(e, s, SVC_DHCP4, k->peer, none);
}

static bool
listed_known(const struct half_case *c)
{
	return peers_known(c->e, c->seg, c->k);
}

/* 1042: a list of declared servers is the routine check; another one must have been heard. */
static struct half
server_seen_half(const struct half_case *c)
{
	struct half h = nothing();

	if (listed_known(c))
		return refuted("every server that it lists is declared");
	if (!c->blind)
		return refuted("no server of that address was heard");
	h.severity = auth_declared(c->e, c->seg, SVC_DHCP4) ? SEV_MEDIUM : 0;
	return h;
}

/* Did a server that the event lists tell the reporter the domain that the event names? */
static bool
told_domain(const struct half_case *c)
{
	for (size_t i = 0; i < c->nplace; i++) {
		const struct rogue_check *r = rogue_check_of(c->e, c->place[i].seg, c->place[i].mac);
		if (r && r->told != TS_NONE && r->told >= c->from && r->told <= c->to &&
		    addr_eq(r->by_addr, c->k->peer) && (c->k->name == 0 || r->domain == c->k->name))
			return true;
	}
	return false;
}

/* A workgroup server met one of the domain's: where that one is declared, the reporter is the intruder. */
static struct half
domain_half(const struct half_case *c)
{
	struct half h = nothing();

	if (!listed_known(c))
		return h;
	if (reporter_serves(c))
		h = confirmed("The server that it met is declared: the reporter is the intruder, and served "
			      "clients.");
	else if (told_domain(c))
		h = confirmed(
			"A declared server told the reporter its domain: the reporter is the intruder.");
	h.by_reporter = true;
	h.why = h.why ? h.why : "The server that it met is declared: the reporter is the one out of place.";
	return h;
}

/* No frame at all of the partner since then: it is down.  Else its port tells why the contact was lost. */
static struct half
partner_half(const struct half_case *c)
{
	ts_t eps = event_eps(c->e, c->k);
	const struct addr partner = c->k->peer;
	struct half h = nothing();

	for (uint16_t i = 0; i < c->e->nsegment; i++) {
		const struct segment *s = c->e->segment_at[i];
		const struct binding *b = addr_set(partner) ? binding_find(c->e, s, partner) : NULL;
		const struct host *host = b && !b->contested ? host_find(c->e, s, b->mac) : NULL;
		if (host && !c->blind && host->last <= c->k->ts + eps)
			return refuted("the partner is down: it sends nothing at all");
		if (!addr_set(partner))
			continue;
		if (outcome_seen(c->e, i, partner, PORT_FAILOVER, OUT_REFUSED, c->from, c->to) ||
		    outcome_seen(c->e, i, partner, PORT_FAILOVER, OUT_BROKEN, c->from, c->to))
			h = confirmed("The partner's failover port refuses or resets connections.");
	}
	h.severity = c->j->sev_alone;
	return h;
}

/* Updates come, from a partner whose MAC is the old one (no fact says otherwise): where none of them is acknowledged any
 * more, the two secrets differ; where some are, somebody changes them on the way. */
static struct half
secret_half(const struct half_case *c)
{
	ts_t eps = event_eps(c->e, c->k);
	bool updates = in_window(c, 0, PORT_BINDINGS, OUT_ASKED) != 0;
	bool accepted = seen(c, 0, PORT_BINDINGS, OUT_OPEN, c->k->ts + eps, c->to) != 0;
	struct half h = nothing();

	if (!updates)
		return h;
	if (!accepted && !c->blind)
		return refuted(
			"every update fails since then, and no MAC has changed: the secret differs on one "
			"side");
	h.severity = accepted ? SEV_HIGH : 0;
	h.why = accepted ? "Some updates of the partner are acknowledged, others fail." : NULL;
	return h;
}

/* Who wanted a logon of the client: declared proxies alone, or others. */
static struct half
proxy_half(const struct half_case *c)
{
	if (in_window(c, 0, PORT_PROXY, OUT_OPEN) && !in_window(c, 0, PORT_PROXY, OUT_ASKED))
		return refuted("a declared proxy wanted the logon");
	return nothing();
}

/* Noted of the whole segment. */
static bool
seen_by_all(const struct half_case *c, uint16_t port)
{
	return outcome_seen(c->e, c->seg->ix, (struct addr){ 0 }, port, OUT_ASKED, c->from, c->to) != 0;
}

/* Organic growth: the new clients are alive.  Those that are not are too few for a fact, and no explanation. */
static struct half
no_flood_half(const struct half_case *c)
{
	struct half h = nothing();
	bool queue = c->j->kind == HE_DELAYED_OFFER_QUEUE;

	if (queue && seen_by_all(c, PORT_QUEUE)) {
		h.why = "More DISCOVERs came in a second than a delayed server's queue holds.";
		return h;
	}
	if (queue && rates_quiet(c->e, c->seg, c->from, c->to))
		return refuted("DISCOVERs came at a rate that fills no queue: a partner's outage makes a "
			       "delayed server "
			       "answer everybody");
	if (rates_quiet(c->e, c->seg, c->from, c->to))
		return refuted("no flood, and the clients are known or alive");
	h.why = "No flood was found, but of the new clients more than one in ten show no sign of life.";
	return h;
}

/* The server's own doing, or nobody's. */
static struct half
address_half(const struct half_case *c)
{
	if (leaselog_twice(c->e, c->k))
		return refuted("by the log of a declared server the address was leased to two clients");
	return c->blind ? nothing() : refuted("no other station claimed the address");
}

static struct half
half_by_rule(const struct half_case *c)
{
	switch ((enum refute_rule)c->j->refute) {
	case R_LISTENS:
	case R_SHOWS:
	case R_SHOWS_4:
	case R_SHOWS_6:
	case R_SHOWS_OTHER:
	case R_SHOWS_NONE: return server_half(c);
	case R_FLOODED: return memory_half(c);
	case R_HASH: return hash_half(c);
	case R_TEREDO_FAILED: return teredo_failed_half(c);
	case R_TEREDO_STOPPED:
		return stopped(c, 4, PORT_TEREDO, OUT_OPEN, "Its Teredo port answers no more.", NULL);
	case R_TUNNEL_UP: return tunnel_up_half(c);
	case R_TUNNEL_DOWN:
		return stopped(c, 4, PORT_TUNNEL, OUT_ASKED, "The host's tunnel carries nothing more.", NULL);
	case R_SITE:
		return stopped(c, 0, PORT_HTTPS, OUT_TLS, "No client connects to the site any more.", NULL);
	case R_IPHTTPS_UP: return iphttps_up_half(c);
	case R_IPHTTPS_FAILED: return iphttps_failed_half(c);
	case R_IPHTTPS_STOPPED: return iphttps_stopped_half(c);
	case R_BOUND: return bound_half(c);
	case R_UNBOUND: return unbound_half(c);
	case R_TEREDO_NAME: return teredo_name_half(c);
	case R_DNS64: return dns64_half(c);
	case R_VPN_NAME: return vpn_name_half(c);
	case R_DIRECTORY: return directory_half(c);
	case R_ROGUE_CHECK: return rogue_check_half(c);
	case R_NOT_AUTHORISED: return not_authorised_half(c);
	case R_DOMAIN: return domain_half(c);
	case R_PARTNER: return partner_half(c);
	case R_PEER_AUTHORISED:
		return listed_known(c) ? refuted("every server that it lists is declared") : nothing();
	case R_SERVER_SEEN: return server_seen_half(c);
	case R_SECRET: return secret_half(c);
	case R_PROXY: return proxy_half(c);
	case R_NO_ROUTES: return c->blind ? nothing() : refuted("no lease gave the host a route");
	case R_DISABLED:
		return (c->k->set & HES_ERROR) && c->k->error == ERROR_DISABLED
			       ? refuted("policy disabled the protocol")
			       : nothing();
	case R_NO_FLOOD: return !c->blind ? no_flood_half(c) : nothing();
	case R_ADDRESS_QUIET: return address_half(c);
	default: return nothing();
	}
}

/* RasSstp 1 and 2 without a session: a server that is silent to everybody. */
static struct half
outage_half(const struct half_case *c)
{
	const struct auth_vpn *v;
	uint32_t asked = 0, open = 0;

	for (size_t i = 0; (v = auth_vpn_at(c->e, c->seg, i)); i++)
		for (size_t n = 0; n < v->nip; n++) {
			asked += outcome_seen(c->e, c->seg->ix, v->ip[n], PORT_HTTPS, OUT_ASKED, c->from,
					      c->to);
			open += outcome_seen(c->e, c->seg->ix, v->ip[n], PORT_HTTPS, OUT_OPEN, c->from,
					     c->to);
		}
	return asked && !open && !c->blind ? refuted("the VPN server answers nobody: an outage") : nothing();
}

struct half
half_of(const struct half_case *c)
{
	return half_by_rule(c);
}

struct half
half_outage(const struct half_case *c)
{
	return c->k->event_id == 1 || c->k->event_id == 2 ? outage_half(c) : nothing();
}
