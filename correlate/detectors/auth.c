/* AUTH-*: who was brought to authenticate to a suspect, and whose authentication was passed on (DETECTIONS.md 7). */
#include "auths.h"
#include "hypothesis.h"

/* Whoever leads a host astray: by lease, route, name or another's address. */
static const enum family leads[] = { FAM_D4_ROGUE, FAM_D6_ROGUE, FAM_RA, FAM_DNS, FAM_ND_SPOOF };
#define LEADS                                                                                                \
	(UINT32_C(1) << FAM_D4_ROGUE | UINT32_C(1) << FAM_D6_ROGUE | UINT32_C(1) << FAM_RA |                 \
	 UINT32_C(1) << FAM_DNS | UINT32_C(1) << FAM_ND_SPOOF)

/* ---- AUTH-LURE ---- */
static bool
near(ts_t a, ts_t b)
{
	return (a > b ? a - b : b - a) <= LURE_MIN * TS_MIN;
}

/* The client as victim of the hypothesis: by MAC, or by address where only that is known. */
static const struct hyp_victim *
led_victim(const struct hyp *h, struct mac client, struct addr a)
{
	for (size_t i = 0; i < h->nvictim; i++) {
		const struct hyp_victim *v = &h->victim[i];
		if (v->has_mac && mac_eq(v->mac, client))
			return v;
		for (size_t k = 0; !v->has_mac && k < v->nip; k++)
			if (addr_eq(v->ip[k], a))
				return v;
	}
	return NULL;
}

static struct addr
client_addr(const struct auth_seen *a)
{
	return a->by_server ? a->ends.dst : a->ends.src;
}

static struct addr
server_addr(const struct auth_seen *a)
{
	return a->by_server ? a->ends.src : a->ends.dst;
}

/* Was the client taken in (E2 or more) by the station it spoke to, within ten minutes?  A suspect that only forwards to
 * somebody else's address is not who was spoken to. */
static bool
was_led(struct engine *e, const struct segment *s, const struct auth_pair_key *k, const struct auth_seen *a)
{
	for (size_t i = 0; i < NELEM(leads); i++) {
		struct hyp *h = hyp_of(e, leads[i], s, k->server);
		if (h == NULL || !hyp_open(h) || !hyp_actor_has(e, h, server_addr(a)))
			continue;
		const struct hyp_victim *v = led_victim(h, k->client, client_addr(a));
		if (v && v->grade >= E2 && near(v->last, a->ts))
			return true;
	}
	return false;
}

static struct fact
lure_fact(const struct auth_pair_key *k, const struct auth_seen *a)
{
	return (struct fact){ .id = F_AUTH_LURE,
			      .family = FAM_AUTH,
			      .grade = E5,
			      .flags = FF_RESTS,
			      .actor = { .has_mac = true, .mac = k->server, .addr = server_addr(a) },
			      .has_victim = true,
			      .victim = k->client,
			      .victim_addr = client_addr(a),
			      .key = server_addr(a),
			      .name = a->name };
}

/* What is told by the packet at hand, and remembered for an accusation that may follow. */
static void
lure(struct engine *e, const struct obs *o, enum auth_what what, bool by_server, uint64_t account)
{
	struct auth_seen *a = off(e, "AUTH-LURE") ? NULL : auth_note(e, o, what, by_server);

	if (a == NULL)
		return;
	if (account)
		a->name = account;
	const struct auth_pair_key *k = auth_key(e, a);
	if (!was_led(e, e->seg, k, a))
		return;
	struct fact f = lure_fact(k, a);
	f.name = account;
	a->told = true;
	fact_raise(e, &f);
}

static bool
is_lure(enum auth_what w)
{
	return w <= AW_LDAP;
}

/* The accusation came after the authentication. */
static void
lure_tick(struct engine *e, ts_t now)
{
	if (!auths_due(e))
		return;
	for (struct auth_seen *a = auth_next(e, NULL); a; a = auth_next(e, a)) {
		const struct auth_pair_key *k = auth_key(e, a);
		struct segment *s = e->segment_at[k->seg];
		if (a->told || !is_lure((enum auth_what)k->what) || !near(a->ts, now) || !was_led(e, s, k, a))
			continue;
		struct obs then;
		memset(&then, 0, sizeof(then));
		then.ts = a->ts;
		then.frame = a->frame;
		then.file = a->file;
		then.kind = OBS_AUTH;
		then.outer = then.inner = a->ends;
		struct fact f = lure_fact(k, a);
		a->told = true;
		fact_raise_then(e, &f, &then, s);
	}
}

static bool
windows_scheme(uint8_t scheme)
{
	return scheme == HTTP_AUTH_NTLM || scheme == HTTP_AUTH_NEGOTIATE;
}

static void
http_detect(struct engine *e, const struct obs *o)
{
	const struct http *h = &o->u.http;

	if (!h->response) {
		request_note(e, o);
		if (windows_scheme(h->auth))
			lure(e, o, AW_HTTP, false, 0);
		return;
	}
	if ((h->status == 401 || h->status == 407) && windows_scheme(h->auth))
		lure(e, o, AW_HTTP_ASKED, true, 0);
	else if (h->status / 100 == 2 && h->wpad)
		lure(e, o, AW_PAC, true, 0);
}

static bool
carried_by(const struct auth *a, enum auth_what *what)
{
	switch ((enum auth_carrier)a->carrier) {
	case AUTH_HTTP: *what = AW_HTTP; return true;
	case AUTH_SMB2: *what = AW_SMB2; return true;
	case AUTH_LDAP: *what = AW_LDAP; return true;
	case AUTH_KERBEROS:
	case AUTH_DNS:
	case AUTH_CLDAP: break;
	}
	return false;
}

/* ---- AUTH-RELAY ---- */
struct relayed { /* one challenge: as the actor had it from a server, and as it gave it to a client */
	struct ends in, out;
	uint8_t in_carrier, out_carrier;
	const struct challenge *then; /* the one of the two that is not the packet at hand */
	bool in_then;		      /* it is the one that came in */
};

/* A proxy passes the challenge on in the answer to the very request that it passed on before. */
static bool
same_request(struct engine *e, const struct relayed *r)
{
	uint64_t host = request_host(e, &r->in);

	return r->in_carrier == AUTH_HTTP && r->out_carrier == AUTH_HTTP && host != 0 &&
	       host == request_host(e, &r->out);
}

/* Two connections, and the station in the middle is the end of both.  Who routes or translates one side keeps the address
 * of the other: the same packet on its way. */
static bool
two_ends(struct engine *e, const struct relayed *r)
{
	struct mac actor = r->out.smac;

	return mac_eq(r->in.dmac, actor) && !mac_eq(r->in.smac, actor) && !mac_eq(r->out.dmac, actor) &&
	       !addr_eq(r->in.src, r->out.src) && !addr_eq(r->in.dst, r->out.dst) &&
	       binding_is(e, e->seg, r->in.dst, actor) && binding_is(e, e->seg, r->out.src, actor);
}

static bool
may_pass_on(struct engine *e, const struct relayed *r)
{
	return auth_any_role(e, e->seg, r->out.smac) || auth_bridge(e, r->out.smac) ||
	       auth_passes_on(e, e->seg, r->in.dst) || auth_passes_on(e, e->seg, r->out.src);
}

static struct mac
on_link(struct engine *e, struct addr a, struct mac m)
{
	return binding_is(e, e->seg, a, m) ? m : (struct mac){ { 0 } };
}

/* Two facts, one for each packet: what came in touches the server, what went out harms the client. */
static void
relay_judge(struct engine *e, const struct relayed *r)
{
	bool proxy = same_request(e, r);
	struct obs then;

	if (!two_ends(e, r) || may_pass_on(e, r) || (proxy && !actor_open(e, e->seg, r->out.smac, LEADS)))
		return;
	struct fact in = { .id = F_AUTH_RELAY,
			   .family = FAM_AUTH,
			   .grade = E5,
			   .flags = proxy ? FF_RESTS : FF_SP,
			   .actor = { .has_mac = true, .mac = r->out.smac, .addr = r->in.dst },
			   .has_victim = true,
			   .key = r->in.dst };
	struct fact out = in;
	in.flags |= FF_NO_VICTIM;
	in.victim = on_link(e, r->in.src, r->in.smac);
	in.victim_addr = r->in.src;
	out.actor.addr = r->out.src;
	out.victim = on_link(e, r->out.dst, r->out.dmac);
	out.victim_addr = r->out.dst;
	memset(&then, 0, sizeof(then));
	then.ts = r->then->ts;
	then.frame = r->then->frame;
	then.file = r->then->file;
	then.kind = OBS_AUTH;
	then.outer = then.inner = r->then->ends;
	fact_raise_then(e, r->in_then ? &in : &out, &then, e->seg);
	fact_raise(e, r->in_then ? &out : &in);
}

static void
relay_detect(struct engine *e, const struct obs *o)
{
	const struct auth *a = &o->u.auth;
	struct ends now = o->inner;

	if (a->message != AUTH_CHALLENGE || !a->from_server || a->challenge.n != 8)
		return;
	now.smac = o->outer.smac;
	now.dmac = o->outer.dmac;
	const struct challenge *in = challenge_of(e, e->seg, a->challenge, o->outer.smac, false);
	const struct challenge *out = challenge_of(e, e->seg, a->challenge, o->outer.dmac, true);
	if (in)
		relay_judge(e, &(struct relayed){ in->ends, now, in->carrier, a->carrier, in, true });
	else if (out)
		relay_judge(e, &(struct relayed){ now, out->ends, a->carrier, out->carrier, out, false });
	challenge_note(e, o);
}

static void
auth_detect(struct engine *e, const struct obs *o)
{
	const struct auth *a = &o->u.auth;
	enum auth_what what;

	if (!carried_by(a, &what) || (a->from_server && a->message != AUTH_CHALLENGE))
		return;
	lure(e, o, what, a->from_server, a->user.n ? name_hash(a->user) : 0);
}

/* clang-format off */
const struct detector detectors_auth[] = {
	{ .id = "AUTH-LURE", .fact = F_AUTH_LURE, .family = FAM_AUTH, .grade = E5, .flags = FF_RESTS, .about = ABOUT_ACCEPT,
	  .attack = "T1557.001 T1187", .on = ON(OBS_AUTH), .detect = auth_detect, .tick = lure_tick,
	  .explain = "A host that took lease, route or name from a suspect authenticated to it: it asked for a logon over HTTP and "
		"the host was to answer with NTLM or Negotiate, it served a proxy configuration, or the host opened an SMB "
		"session or bound to it by LDAP. Treat the account as known to the suspect. Benign: a server that is "
		"suspected wrongly; declare it." },
	{ .id = "AUTH-HTTP", .family = FAM_AUTH, .on = ON(OBS_HTTP), .about = ABOUT_ACCEPT, .detect = http_detect,
	  .explain = "Watches only: HTTP requests and the answers that ask for a logon; AUTH-LURE is what it finds." },
	{ .id = "AUTH-RELAY", .fact = F_AUTH_RELAY, .family = FAM_AUTH, .grade = E5, .flags = FF_SP, .about = ABOUT_TRANSACTION,
	  .attack = "T1557.001", .on = ON(OBS_AUTH), .detect = relay_detect,
	  .explain = "The challenge that a station gave to a client is the one that another server had given to it within five "
		"seconds: the client's answer logs the station on there. Search that server for logons from the station's "
		"address. Benign: a proxy or load balancer that is not declared under authority.proxies." },
	{ 0 },
};
/* clang-format on */
