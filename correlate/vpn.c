#include "vpn.h"

enum {
	SAME_FLOW_SEC = 60,
	SYNCED_SEC = 2,
	STEPS = 256,
	SSTP_PORT = 443,
	EVENT_HASHES = 6,
	EVENT_BOUND = 32,
	EVENT_FAMILIES = 24
};

/* ---- section 8's table ---- */
enum { ANY = 2 }; /* of a yes or no */
static const struct vpn_row {
	uint8_t w_h, h_p, path, other_leaf; /* h_p: a set of enum vpn_compare */
	struct vpn_said said;
} rows[] = {
/* clang-format off */
#define P(is)	(1u << (is))
#define P_ANY	(P(VPN_UNKNOWN) | P(VPN_EQUAL) | P(VPN_DIFFERS))
	{ VPN_DIFFERS, P_ANY, ANY, ANY, { V_CONFIRMED, SEV_CRITICAL,
		"The certificate on the wire is not the one the client saw: something between tap and client changed it." } },
	{ VPN_EQUAL, P(VPN_DIFFERS), ANY, ANY, { V_CONFIRMED, SEV_CRITICAL,
		"The wire shows the certificate that the client saw, and it is not the server's: an interception, or a "
		"TLS off-loader that nobody declared." } },
	{ VPN_EQUAL, P(VPN_EQUAL), ANY, ANY, { V_REFUTED, SEV_LOW,
		"the client saw the server's own certificate; the hash configured on the server is wrong (its events "
		"18, 19, 21, 24, 25, 32)" } },
	{ VPN_EQUAL, P(VPN_UNKNOWN), true, true, { V_CONFIRMED, SEV_CRITICAL,
		"Another station showed another certificate for that server before, and the one that answered here opened "
		"its own connection to it." } },
	{ VPN_EQUAL, P(VPN_UNKNOWN), false, true, { V_PROBABLE, SEV_HIGH,
		"Another station showed another certificate for that server before." } },
	{ VPN_EQUAL, P(VPN_UNKNOWN), ANY, false, { V_HOST_ONLY, SEV_MEDIUM,
		"The wire shows the certificate that the client saw; what the server's own is, is not known." } },
	{ VPN_UNKNOWN, P(VPN_EQUAL), ANY, ANY, { V_REFUTED, SEV_LOW, "the client saw the server's own certificate" } },
	{ VPN_UNKNOWN, P(VPN_DIFFERS), true, ANY, { V_CONFIRMED, SEV_CRITICAL,
		"The client saw another certificate than the server's, and the path to the server was bent." } },
	{ VPN_UNKNOWN, P(VPN_DIFFERS), false, ANY, { V_PROBABLE, SEV_HIGH,
		"The client saw another certificate than the server's." } },
	{ VPN_UNKNOWN, P(VPN_UNKNOWN), true, ANY, { V_CONFIRMED, SEV_CRITICAL, "The path to the server was bent." } },
	{ VPN_UNKNOWN, P(VPN_UNKNOWN), false, ANY, { V_HOST_ONLY, SEV_MEDIUM,
		"The certificate was not seen on the wire, and what the server's own is, is not known." } },
#undef P
#undef P_ANY
	/* clang-format on */
};

static bool
row_is(const struct vpn_row *r, const struct vpn_case *c)
{
	return r->w_h == c->w_h && (r->h_p >> c->h_p & 1) && (r->path == ANY || r->path == c->path) &&
	       (r->other_leaf == ANY || r->other_leaf == c->other_leaf);
}

/* The rows are all there is: the last one takes what no other does. */
struct vpn_said
vpn_table(const struct vpn_case *c)
{
	size_t i = 0;

	while (i + 1 < NELEM(rows) && !row_is(&rows[i], c))
		i++;
	return rows[i].said;
}

/* ---- which session ---- */
static bool
has_hash(const struct kept *k)
{
	return k->leaf.has_sha1 || k->leaf.has_sha256;
}

static bool
shows_hash(const struct kept *k, const struct session *s)
{
	return has_hash(k) && (s->flags & SES_LEAF) && leaf_same(&s->leaf, &k->leaf);
}

static bool
dialled(const struct dial *d, const struct session *s)
{
	return (d->name && d->name == s->sni) || (addr_set(d->addr) && addr_eq(d->addr, s->server));
}

/* Candidates of one event, and the best so far. */
struct search {
	struct engine *e;
	const struct kept *k;
	const struct dial *dial;
	ts_t from, at, to; /* `at`: of the event; what started later is taken where nothing did before */
	const struct session *hash, *path, *last; /* with W = H; with a path fact; the last to a VPN server */
	unsigned n;				  /* to VPN servers */
	bool differ;
};

/* The last one before the event, else the first one after it. */
static bool
nearer(const struct search *x, const struct session *s, const struct session *than)
{
	if (than == NULL)
		return true;
	bool after = s->start > x->at, than_after = than->start > x->at;
	if (after != than_after)
		return than_after;
	return after ? s->start < than->start : s->start > than->start;
}

static bool
agree(const struct session *a, const struct session *b)
{
	bool la = a->flags & SES_LEAF, lb = b->flags & SES_LEAF;

	return a->seg == b->seg && addr_eq(a->server, b->server) && mac_eq(a->server_mac, b->server_mac) &&
	       la == lb && (!la || leaf_same(&a->leaf, &b->leaf));
}

static void
consider(struct search *x, const struct session *s)
{
	bool path = session_path(x->e, s);

	if (s->sport != SSTP_PORT || !(s->flags & SES_SERVER) || s->start < x->from || s->start > x->to)
		return;
	if (x->dial && !dialled(x->dial, s))
		return;
	if (shows_hash(x->k, s) && nearer(x, s, x->hash))
		x->hash = s;
	if (path && nearer(x, s, x->path))
		x->path = s;
	if (!x->dial && !session_vpn(x->e, s))
		return;
	x->n++;
	x->differ |= x->last && !agree(s, x->last);
	if (nearer(x, s, x->last))
		x->last = s;
}

/* `m` zero: the agent told only the address. */
static void
search_from(struct search *x, uint16_t seg, struct addr a, struct mac m)
{
	const struct session *s = NULL;

	for (unsigned steps = 0; steps < STEPS; steps++) {
		s = session_next(x->e, seg, END_CLIENT, a, s);
		if (s == NULL || s->start < x->from)
			return;
		if (mac_zero(m) || mac_eq(m, s->client_mac) || !(s->flags & SES_CLIENT_HERE))
			consider(x, s);
	}
}

struct vpn_pick
vpn_pick(struct engine *e, const struct join *j, const struct kept *k, const struct place *place,
	 size_t nplace)
{
	ts_t eps = event_eps(e, k);
	struct search x = { .e = e,
			    .k = k,
			    .dial = dial_of(e, k->coid),
			    .from = k->ts + j->from * TS_SEC - eps,
			    .at = k->ts + eps,
			    .to = k->ts + j->to * TS_SEC + eps };

	for (size_t i = 0; i < nplace; i++) {
		const struct host *h = host_find(e, e->segment_at[place[i].seg], place[i].mac);
		for (size_t n = 0; h && n < h->nip; n++)
			search_from(&x, place[i].seg, host_ip(e, h, n), place[i].mac);
	}
	/* behind a router the host has no place on a segment; its own agent knows its addresses */
	for (size_t i = 0; nplace == 0 && i < k->nip; i++)
		for (uint16_t seg = 0; seg < e->nsegment; seg++)
			search_from(&x, seg, k->host_ip[i], (struct mac){ { 0 } });
	if (x.hash)
		return (struct vpn_pick){ x.hash, false };
	if (x.path)
		return (struct vpn_pick){ x.path, false };
	if (x.n > 1 && x.differ && eps > SYNCED_SEC * TS_SEC)
		return (struct vpn_pick){ NULL, true };
	return (struct vpn_pick){ x.last, false };
}

static enum vpn_compare
against_p(struct leaf_standing st)
{
	switch (st.is) {
	case LEAF_P:
	case LEAF_RENEWED: return VPN_EQUAL;
	case LEAF_OTHER: return VPN_DIFFERS;
	case LEAF_NO_P: break;
	}
	return VPN_UNKNOWN;
}

/* Where no session was seen: the server that was dialled, else all that are declared. */
static struct vpn_case
compare(struct engine *e, const struct segment *seg, const struct kept *k, const struct session *s)
{
	const struct dial *d = dial_of(e, k->coid);
	uint64_t sni = s ? s->sni : d ? d->name : 0;
	struct addr server = s ? s->server : d ? d->addr : (struct addr){ 0 };
	struct vpn_case c = { .path = s && session_path(e, s),
			      .other_leaf = s && (s->flags & SES_LEAF) && session_other_leaf(e, s) };

	if (s && (s->flags & SES_LEAF))
		c.w_h = leaf_same(&s->leaf, &k->leaf) ? VPN_EQUAL : VPN_DIFFERS;
	/* a certificate that was changed behind the tap: the flow must be the event's (60 s) */
	if (c.w_h == VPN_DIFFERS && k->ts - s->start > SAME_FLOW_SEC * TS_SEC + event_eps(e, k))
		c.w_h = VPN_UNKNOWN;
	c.h_p = against_p(leaf_standing(e, s ? e->segment_at[s->seg] : seg, sni, server, &k->leaf));
	return c;
}

static bool
true_server(struct engine *e, const struct session *s)
{
	return against_p(session_standing(e, s)) == VPN_EQUAL && !session_path(e, s);
}

const struct session *
vpn_joins(struct engine *e, const struct join *j, const struct kept *k, const struct place *place,
	  size_t nplace, const struct hyp *h)
{
	struct vpn_pick p = vpn_pick(e, j, k, place, nplace);
	const struct session *s = p.s;

	if (s == NULL || s->seg != h->seg)
		return NULL;
	bool here = s->flags & SES_SERVER_HERE;
	if (h->actor.has_mac ? !(here && mac_eq(s->server_mac, h->actor.mac))
			     : here || !addr_eq(s->server, h->actor.addr))
		return NULL;
	if (has_hash(k)) {
		struct vpn_case c = compare(e, e->segment_at[s->seg], k, s);
		return vpn_table(&c).verdict == V_REFUTED ? NULL : s;
	}
	return true_server(e, s) ? NULL : s;
}

/* ---- an event that joined nothing ---- */
static struct actor
answers(const struct session *s)
{
	struct actor a = { .addr = s->server };

	a.has_mac = s->flags & SES_SERVER_HERE;
	if (a.has_mac)
		a.mac = s->server_mac;
	return a;
}

static struct vpn_alone
hashes_alone(struct engine *e, const struct segment *seg, const struct kept *k, const struct session *s,
	     bool blind)
{
	struct vpn_case c = compare(e, seg, k, s);
	struct vpn_said said = vpn_table(&c);
	const struct dial *d = dial_of(e, k->coid);
	struct vpn_alone a = { .verdict = said.verdict, .severity = said.severity, .why = said.why, .s = s };

	if (s)
		a.actor = answers(s);
	else if (d)
		a.actor.addr = d->addr;
	a.hidden = s && !(s->flags & SES_LEAF);
	if (a.verdict == V_HOST_ONLY && s == NULL && blind)
		a.verdict = V_UNVERIFIABLE;
	return a;
}

static struct vpn_alone
client_alone(struct engine *e, const struct join *j, const struct session *s, bool blind)
{
	struct vpn_alone a = { .verdict = V_HOST_ONLY, .severity = (enum severity)j->sev_alone, .s = s };

	if (s == NULL) {
		a.verdict = blind ? V_UNVERIFIABLE : V_HOST_ONLY;
		return a;
	}
	a.hidden = !(s->flags & SES_LEAF);
	if (true_server(e, s)) {
		a.verdict = V_REFUTED;
		a.severity = SEV_LOW;
		a.why = "the server's own certificate was shown in that session";
	} else if (session_path(e, s) || (s->flags & SES_FOREIGN)) {
		a.actor = answers(s);
		a.why = "The session went to a station that is not the server's usual one.";
	}
	/* the client's own event says that it was a VPN's: the path fact counts as to a known server */
	if (a.verdict == V_HOST_ONLY && session_path(e, s)) {
		bool other = (s->flags & SES_LEAF) && session_other_leaf(e, s);
		a.verdict = other ? V_CONFIRMED : V_PROBABLE;
		a.severity = other ? SEV_CRITICAL : SEV_HIGH;
	}
	return a;
}

/* Certificates that the reporter's own addresses showed, a day around the event: 4, then 6. */
struct shown_by {
	struct leaf leaf[2];
	struct mac by[2];
	bool has[2];
};

static void
shown_note(struct engine *e, struct shown_by *x, const struct kept *k, struct addr a)
{
	unsigned i = a.fam == 6;
	ts_t around = TS_DAY + event_eps(e, k);

	if (addr_set(a) && !x->has[i])
		x->has[i] = address_leaf(e, a, k->ts - around, k->ts + around, &x->leaf[i], &x->by[i]);
}

static struct shown_by
shown_by(struct engine *e, const struct kept *k, const struct place *place, size_t nplace)
{
	struct shown_by x;

	memset(&x, 0, sizeof(x));
	for (size_t i = 0; i < nplace; i++) {
		const struct host *h = host_find(e, e->segment_at[place[i].seg], place[i].mac);
		for (size_t n = 0; h && n < h->nip; n++)
			shown_note(e, &x, k, host_ip(e, h, n));
	}
	for (size_t i = 0; i < k->nip; i++)
		shown_note(e, &x, k, k->host_ip[i]);
	return x;
}

static struct vpn_alone
families_alone(const struct shown_by *x, bool blind)
{
	struct vpn_alone a = { .verdict = V_HOST_ONLY, .severity = SEV_LOW };

	if (!x->has[0] || !x->has[1]) {
		a.verdict = blind ? V_UNVERIFIABLE : V_HOST_ONLY;
		a.hidden = true;
	} else if (leaf_same(&x->leaf[0], &x->leaf[1])) {
		a.verdict = V_REFUTED;
		a.why = "the server shows one certificate over IPv4 and IPv6";
	} else {
		a.verdict = V_CONFIRMED;
		a.why = "The server shows one certificate over IPv4 and another over IPv6.";
	}
	return a;
}

/* param1: the hash configured for SSTP, param2: of the certificate bound to the port. */
static struct vpn_alone
bound_alone(struct engine *e, const struct segment *seg, const struct kept *k, const struct shown_by *x,
	    const struct place *place, size_t nplace, bool blind)
{
	struct vpn_alone a = { .verdict = V_HOST_ONLY, .severity = SEV_LOW };
	unsigned i = !x->has[0];
	bool own = false, changes;

	if (!auth_planned(e, seg, k->ts, event_eps(e, k), &changes) && changes)
		a.severity = SEV_MEDIUM; /* nobody announced it */

	if (!x->has[i]) {
		a.verdict = blind ? V_UNVERIFIABLE : V_HOST_ONLY;
		a.hidden = true;
		return a;
	}
	const struct leaf *w = &x->leaf[i];
	bool p = against_p(leaf_standing(e, seg, 0, (struct addr){ 0 }, w)) == VPN_EQUAL;
	for (size_t n = 0; n < nplace; n++)
		own |= mac_eq(place[n].mac, x->by[i]);
	if (leaf_same(w, &k->leaf)) {
		a.verdict = p ? V_REFUTED : V_HOST_ONLY;
		a.why = "the server shows the configured certificate: the event is stale";
	} else if (leaf_same(w, &k->bound)) {
		a.verdict = V_CONFIRMED;
		a.severity = SEV_LOW;
		a.why = "The server shows the certificate that is bound, not the one that is configured for "
			"SSTP.";
	} else if (!p) { /* a listed one is a load balancer's */
		a.verdict = V_CONFIRMED;
		a.severity = SEV_HIGH;
		if (!own && nplace && !auth_router_mac(e, seg, x->by[i]))
			a.actor = (struct actor){ .has_mac = true, .mac = x->by[i] };
		a.why = "What ends TLS in the server's place shows a certificate that is neither configured "
			"nor "
			"bound there.";
	}
	return a;
}

struct vpn_alone
vpn_alone(struct engine *e, const struct segment *seg, const struct join *j, const struct kept *k,
	  const struct place *place, size_t nplace, bool blind)
{
	struct vpn_pick p = { NULL, false };

	if (j->event_id == EVENT_FAMILIES || j->event_id == EVENT_BOUND) {
		struct shown_by x = shown_by(e, k, place, nplace);
		return j->event_id == EVENT_FAMILIES ? families_alone(&x, blind)
						     : bound_alone(e, seg, k, &x, place, nplace, blind);
	}
	p = vpn_pick(e, j, k, place, nplace);
	if (p.unsure)
		return (struct vpn_alone){ .verdict = V_UNVERIFIABLE,
					   .severity = (enum severity)j->sev_alone };
	if (has_hash(k))
		return hashes_alone(e, seg, k, p.s, blind);
	return client_alone(e, j, p.s, blind);
}
