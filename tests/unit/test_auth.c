/* AUTH-LURE, AUTH-RELAY, DNS-UPD and D4-LEAK at the line that DETECTIONS.md 7 and 10.1 draw: each way to authenticate, each
 * near miss beside it, both orders of accusation and authentication, and the chains that need them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "world.h"
#include "auths.h"
#include "resolvers.h"
#include "routes.h"

static const struct mac SERVER = { { 2, 0, 0, 0, 0, 0x77 } };
static const ts_t T = 100100 * TS_SEC; /* 100 s after the stations were seen */

static struct addr
a4(uint8_t last)
{
	return addr4(10, 0, 0, last);
}

static void
open_world(struct world *w)
{
	world_open(w);
	world_frame(w, SERVER, a4(77), WORLD_START);
}

static const struct segment *
seg(const struct world *w)
{
	return w->engine->segment_at[0];
}

/* A hypothesis of the actor about the victim, as another detector would raise it. */
static void
accuse(struct world *w, enum family f, enum fact_id id, enum grade g, uint16_t flags, ts_t at)
{
	world_fact(w,
		   &(struct fact){ .id = (uint8_t)id,
				   .family = (uint8_t)f,
				   .grade = (uint8_t)g,
				   .flags = flags,
				   .actor = { .has_mac = true, .mac = WORLD_ACTOR, .addr = a4(66) },
				   .has_victim = true,
				   .victim = WORLD_VICTIM,
				   .victim_addr = a4(11) },
		   at);
}

static void
take_in(struct world *w, ts_t at)
{
	accuse(w, FAM_D4_ROGUE, F_D4_ROGUE, E1, FF_HARD, at);
	accuse(w, FAM_D4_ROGUE, F_D4_ACCEPT, E2, FF_USE, at);
}

static uint64_t digests;

static struct obs
packet(uint16_t kind, struct mac from, uint8_t src, uint16_t sport, struct mac to, uint8_t dst,
       uint16_t dport, ts_t at)
{
	struct obs o;

	memset(&o, 0, sizeof(o));
	o.ts = at;
	o.kind = kind;
	o.frame = ++digests;
	o.digest = digests;
	o.outer = (struct ends){ .smac = from,
				 .dmac = to,
				 .ipproto = 6,
				 .hop_limit = 64,
				 .src = a4(src),
				 .dst = a4(dst),
				 .sport = sport,
				 .dport = dport };
	o.inner = o.outer;
	return o;
}

static struct obs
from_victim(uint16_t kind, uint16_t port, ts_t at)
{
	return packet(kind, WORLD_VICTIM, 11, 50000, WORLD_ACTOR, 66, port, at);
}

static struct obs
from_actor(uint16_t kind, uint16_t port, ts_t at)
{
	return packet(kind, WORLD_ACTOR, 66, port, WORLD_VICTIM, 11, 50000, at);
}

static const struct hyp *
captured(const struct world *w)
{
	return hyp_of(w->engine, FAM_AUTH, seg(w), WORLD_ACTOR);
}

static bool
lured(const struct world *w)
{
	const struct hyp *h = captured(w);
	return h && hyp_holds(h, F_AUTH_LURE);
}

/* ---- AUTH-LURE ---- */
static struct obs
answer(uint16_t status, enum http_auth scheme, bool wpad, ts_t at)
{
	struct obs o = from_actor(OBS_HTTP, 80, at);
	o.u.http = (struct http){ .set = 1u << HTTPH_STATUS,
				  .response = true,
				  .status = status,
				  .auth = (uint8_t)scheme,
				  .wpad = wpad };
	return o;
}

static struct obs
message(enum auth_carrier carrier, enum auth_message m, bool by_server, ts_t at)
{
	struct obs o = by_server ? from_actor(OBS_AUTH, 445, at) : from_victim(OBS_AUTH, 445, at);
	o.u.auth =
		(struct auth){ .carrier = (uint8_t)carrier, .message = (uint8_t)m, .from_server = by_server };
	return o;
}

static struct obs
request(enum http_auth scheme, ts_t at)
{
	struct obs o = from_victim(OBS_HTTP, 80, at);
	o.u.http = (struct http){ .auth = (uint8_t)scheme };
	return o;
}

static void
test_ways(void **state)
{
	const struct {
		const char *what;
		struct obs o;
		bool fires;
	} ways[] = {
		{ "401 NTLM", answer(401, HTTP_AUTH_NTLM, false, T), true },
		{ "407 Negotiate", answer(407, HTTP_AUTH_NEGOTIATE, false, T), true },
		{ "401 Basic", answer(401, HTTP_AUTH_BASIC, false, T), false },
		{ "200 NTLM", answer(200, HTTP_AUTH_NTLM, false, T), false },
		{ "a proxy configuration", answer(200, HTTP_AUTH_NONE, true, T), true },
		{ "no proxy configuration", answer(404, HTTP_AUTH_NONE, true, T), false },
		{ "Authorization: NTLM", request(HTTP_AUTH_NTLM, T), true },
		{ "Authorization: Basic", request(HTTP_AUTH_BASIC, T), false },
		{ "SMB2, type 1", message(AUTH_SMB2, AUTH_NEGOTIATE, false, T), true },
		{ "SMB2, type 2 alone", message(AUTH_SMB2, AUTH_CHALLENGE, true, T), true },
		{ "SMB2, Kerberos", message(AUTH_SMB2, AUTH_SPNEGO, false, T), true },
		{ "LDAP, type 3", message(AUTH_LDAP, AUTH_AUTHENTICATE, false, T), true },
		{ "LDAP, simple", message(AUTH_LDAP, AUTH_SIMPLE, false, T), true },
		{ "AS-REQ", message(AUTH_KERBEROS, AUTH_AS_REQ, false, T), false },
		{ "TKEY", message(AUTH_DNS, AUTH_TKEY, false, T), false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(ways); i++)
		for (int late = 0; late < 2; late++) {
			struct world w;
			open_world(&w);
			if (!late)
				take_in(&w, T - 60 * TS_SEC);
			engine_obs(w.engine, &ways[i].o);
			if (late) {
				assert_false(lured(&w)); /* nobody is accused of anything yet */
				take_in(&w, T + 60 * TS_SEC);
			}
			engine_tick(w.engine, T + 90 * TS_SEC);
			if (lured(&w) != ways[i].fires)
				fail_msg("%s, accused %s: %s", ways[i].what, late ? "later" : "before",
					 ways[i].fires ? "silent" : "heard");
			if (ways[i].fires) {
				const struct told *t = world_last(&w, "credential-capture");
				const struct hyp_fact *f = hyp_fact_of(captured(&w), F_AUTH_LURE);
				assert_int_equal(t->verdict, V_CONFIRMED);
				assert_int_equal(t->grade, E5);
				assert_int_equal(t->severity, SEV_CRITICAL);
				assert_int_equal(t->victims, 1);
				/* the packet that shows it, and its time, whenever it was understood */
				assert_int_equal(f->ref[0].frame, ways[i].o.frame);
				assert_true(f->first == T);
			}
			world_close(&w);
		}
}

/* The ten minutes, before and after; who must be accused of what, and by whom it was spoken to. */
static void
test_near_misses(void **state)
{
	static const struct {
		const char *what;
		ts_t accused; /* relative to the authentication */
		enum family family;
		enum fact_id fact;
		enum grade grade;
		uint16_t flags;
		bool accept, fires;
	} rows[] = {
		{ "ten minutes before", -600 * TS_SEC, FAM_D4_ROGUE, F_D4_ROGUE, E1, FF_HARD, true, true },
		{ "more than that", -602 * TS_SEC, FAM_D4_ROGUE, F_D4_ROGUE, E1, FF_HARD, true, false },
		{ "nine minutes after", 540 * TS_SEC, FAM_D4_ROGUE, F_D4_ROGUE, E1, FF_HARD, true, true },
		{ "eleven minutes after", 660 * TS_SEC, FAM_D4_ROGUE, F_D4_ROGUE, E1, FF_HARD, true, false },
		{ "an offer that was not taken", -60 * TS_SEC, FAM_D4_ROGUE, F_D4_ROGUE, E1, FF_HARD, false,
		  false },
		{ "nobody is accused", -60 * TS_SEC, FAM_D4_ROGUE, F_D4_ROGUE, E0, FF_OPENS, true, false },
		{ "a poisoned name", -60 * TS_SEC, FAM_DNS, F_DNS_NAME, E4, 0, false, true },
		{ "a flood", -60 * TS_SEC, FAM_D4_FLOOD, F_D4_FANOUT, E2, FF_HARD, false, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world w;
		ts_t auth = T + 700 * TS_SEC, at = auth + rows[i].accused;
		struct obs o = message(AUTH_SMB2, AUTH_NEGOTIATE, false, auth);
		open_world(&w);
		if (rows[i].accused > 0)
			engine_obs(w.engine, &o);
		/* world_fact() ends 1.1 s after the time given: the last fact is at `at` */
		engine_tick(w.engine, at - 2 * TS_SEC);
		fact_raise(w.engine, &(struct fact){ .id = (uint8_t)rows[i].fact,
						     .family = (uint8_t)rows[i].family,
						     .grade = (uint8_t)rows[i].grade,
						     .flags = rows[i].flags,
						     .actor = { .has_mac = true, .mac = WORLD_ACTOR },
						     .has_victim = true,
						     .victim = WORLD_VICTIM });
		if (rows[i].accept)
			accuse(&w, rows[i].family, F_D4_ACCEPT, E2, FF_USE | FF_LATENT, at);
		if (rows[i].accused < 0)
			engine_obs(w.engine, &o);
		engine_tick(w.engine, T + 3600 * TS_SEC);
		if (lured(&w) != rows[i].fires)
			fail_msg("%s: %s", rows[i].what, rows[i].fires ? "silent" : "heard");
		world_close(&w);
	}
}

/* A member of the domain that logs on to its file server, and a proxy that asks for a logon: no actor, no fact.  A suspect
 * that forwards to an address that is not its own was not spoken to. */
static void
test_innocent(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	take_in(&w, T - 60 * TS_SEC);
	struct obs o = packet(OBS_AUTH, WORLD_VICTIM, 11, 50000, SERVER, 77, 445, T);
	o.u.auth = (struct auth){ .carrier = AUTH_SMB2, .message = AUTH_NEGOTIATE };
	engine_obs(w.engine, &o);
	o = packet(OBS_HTTP, SERVER, 77, 8080, WORLD_VICTIM, 11, 50001, T);
	o.u.http = (struct http){ .response = true, .status = 407, .auth = HTTP_AUTH_NTLM };
	engine_obs(w.engine, &o);
	o = packet(OBS_AUTH, WORLD_VICTIM, 11, 50002, WORLD_ACTOR, 200, 445, T);
	o.u.auth = (struct auth){ .carrier = AUTH_SMB2, .message = AUTH_NEGOTIATE };
	engine_obs(w.engine, &o);
	o = packet(OBS_AUTH, WORLD_OTHER, 12, 50000, WORLD_ACTOR, 66, 445, T); /* took nothing from it */
	o.u.auth = (struct auth){ .carrier = AUTH_SMB2, .message = AUTH_NEGOTIATE };
	engine_obs(w.engine, &o);
	engine_tick(w.engine, T + 60 * TS_SEC);
	assert_null(captured(&w));
	assert_null(hyp_of(w.engine, FAM_AUTH, seg(&w), SERVER));
	world_close(&w);
}

/* An old logon that is told late stands behind a younger one in the list of evidence: an event of the younger one finds it
 * all the same. */
static void
test_late_evidence(void **state)
{
	struct world w;
	struct hostev ev = { .kind = HE_LOGON,
			     .event_id = 4624,
			     .provider = bytes_str("Microsoft-Windows-Security-Auditing"),
			     .set = HES_ADDR,
			     .addr = a4(66),
			     .flag1 = true };

	(void)state;
	open_world(&w);
	struct obs o = packet(OBS_AUTH, WORLD_OTHER, 12, 50000, WORLD_ACTOR, 66, 445, T);
	o.u.auth = (struct auth){ .carrier = AUTH_SMB2, .message = AUTH_NEGOTIATE };
	engine_obs(w.engine, &o);
	take_in(&w, T + 100 * TS_SEC);
	o = message(AUTH_SMB2, AUTH_NEGOTIATE, false, T + 200 * TS_SEC);
	engine_obs(w.engine, &o);
	world_fact(&w,
		   &(struct fact){ .id = F_D4_ACCEPT,
				   .family = FAM_D4_ROGUE,
				   .grade = E2,
				   .flags = FF_USE,
				   .actor = { .has_mac = true, .mac = WORLD_ACTOR },
				   .has_victim = true,
				   .victim = WORLD_OTHER },
		   T + 300 * TS_SEC);
	assert_int_equal(captured(&w)->nvictim, 2);
	world_event(&w, &ev, SERVER, T + 205 * TS_SEC);
	assert_int_equal(captured(&w)->nevent, 1);
	ev.flag1 = false; /* Kerberos */
	world_event(&w, &ev, SERVER, T + 205 * TS_SEC);
	assert_int_equal(captured(&w)->nevent, 1);
	world_close(&w);
}

/* More clients than the store holds: the oldest go, nothing grows. */
static void
test_flood(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	for (unsigned i = 0; i < 5000; i++) {
		struct mac m = { { 2, 9, 0, 0, (uint8_t)(i >> 8), (uint8_t)i } };
		struct obs o = packet(OBS_AUTH, m, 99, 50000, WORLD_ACTOR, 66, 445, T);
		o.u.auth = (struct auth){ .carrier = AUTH_SMB2, .message = AUTH_NEGOTIATE };
		engine_obs(w.engine, &o);
	}
	struct obs o = message(AUTH_SMB2, AUTH_NEGOTIATE, false, T + TS_SEC);
	engine_obs(w.engine, &o);
	take_in(&w, T + 60 * TS_SEC);
	engine_tick(w.engine, T + 90 * TS_SEC);
	assert_true(lured(&w));
	world_close(&w);
}

/* ---- AUTH-RELAY ---- */
static const uint8_t CHALLENGE[8] = { 0x5f, 0x1c, 0x8e, 0x22, 0x90, 0xab, 0x03, 0x7d };

struct leg { /* one connection as the challenge crosses it */
	struct mac from, to;
	uint8_t src, dst;
	enum auth_carrier carrier;
	const char *host; /* what was asked for on it */
};

static void
cross(struct world *w, const struct leg *l, ts_t at, uint8_t first)
{
	uint16_t port = l->carrier == AUTH_HTTP ? 80 : l->carrier == AUTH_LDAP ? 389 : 445;
	uint8_t challenge[8];
	struct obs o;

	if (l->host) {
		o = packet(OBS_HTTP, l->to, l->dst, 51000, l->from, l->src, port, at - TS_MS);
		o.u.http = (struct http){ .host = bytes_str(l->host) };
		engine_obs(w->engine, &o);
	}
	memcpy(challenge, CHALLENGE, 8);
	challenge[0] = first;
	o = packet(OBS_AUTH, l->from, l->src, port, l->to, l->dst, 51000, at);
	o.u.auth = (struct auth){ .carrier = (uint8_t)l->carrier,
				  .message = AUTH_CHALLENGE,
				  .from_server = true,
				  .challenge = bytes_of(challenge, 8) };
	engine_obs(w->engine, &o);
}

static struct auth_site site;
static struct authority authority = { &site, 1 };

static void
test_relay(void **state)
{
	const struct leg in = { SERVER, WORLD_ACTOR, 77, 66, AUTH_SMB2, NULL };
	const struct leg out = { WORLD_ACTOR, WORLD_VICTIM, 66, 11, AUTH_HTTP, NULL };
	const struct leg smb = { WORLD_ACTOR, WORLD_VICTIM, 66, 11, AUTH_SMB2, NULL };
	const struct leg web_in = { SERVER, WORLD_ACTOR, 77, 66, AUTH_HTTP, "intranet.corp.example" };
	const struct leg web_out = { WORLD_ACTOR, WORLD_VICTIM, 66, 11, AUTH_HTTP, "intranet.corp.example" };
	const struct leg other_out = { WORLD_ACTOR, WORLD_VICTIM, 66, 11, AUTH_HTTP, "wpad.corp.example" };
	/* the same packet on both sides of a router; one side translated; the server's side translated */
	const struct leg routed = { WORLD_ACTOR, WORLD_VICTIM, 77, 11, AUTH_SMB2, NULL },
			 router_in = { SERVER, WORLD_ACTOR, 77, 11, AUTH_SMB2, NULL },
			 nat_out = { WORLD_ACTOR, WORLD_VICTIM, 77, 11, AUTH_SMB2, NULL },
			 forward_in = { SERVER, WORLD_ACTOR, 77, 11, AUTH_SMB2, NULL };
	/* a translator between the families: neither address on the client's side is its own */
	const struct leg translated = { WORLD_ACTOR, WORLD_VICTIM, 201, 11, AUTH_SMB2, NULL };
	struct addr proxy[] = { a4(66) };
	const struct {
		const char *what;
		const struct leg *first, *second;
		ts_t apart;
		uint8_t other; /* first byte of the second challenge */
		bool declared, led, fires;
		enum verdict verdict;
	} rows[] = {
		{ "SMB to HTTP", &in, &out, TS_SEC, 1, false, false, true, V_CONFIRMED },
		{ "SMB to SMB", &in, &smb, TS_SEC, 1, false, false, true, V_CONFIRMED },
		{ "the mirror gives the second first", &out, &in, TS_MS, 1, false, false, true, V_CONFIRMED },
		{ "HTTP to HTTP, another host", &web_in, &other_out, TS_SEC, 1, false, false, true,
		  V_CONFIRMED },
		{ "five seconds", &in, &out, 5 * TS_SEC, 1, false, false, true, V_CONFIRMED },
		{ "more than that", &in, &out, 5 * TS_SEC + TS_MS, 1, false, false, false, 0 },
		{ "another challenge", &in, &out, TS_SEC, 2, false, false, false, 0 },
		{ "a router", &router_in, &routed, TS_MS, 1, false, false, false, 0 },
		{ "a client's address translated", &in, &nat_out, TS_MS, 1, false, false, false, 0 },
		{ "a server's address translated", &forward_in, &smb, TS_MS, 1, false, false, false, 0 },
		{ "families translated", &in, &translated, TS_MS, 1, false, false, false, 0 },
		{ "a declared proxy", &in, &out, TS_SEC, 1, true, false, false, 0 },
		{ "a proxy, nothing declared", &web_in, &web_out, TS_SEC, 1, false, false, false, 0 },
		{ "a suspect as proxy", &web_in, &web_out, TS_SEC, 1, false, true, true, V_CONFIRMED },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world w;
		memset(&site, 0, sizeof(site));
		if (rows[i].declared)
			site.proxies = (struct auth_addrs){ true, proxy, 1 };
		open_world(&w);
		w.conf.authority = &authority;
		if (rows[i].led)
			take_in(&w, T - 60 * TS_SEC);
		cross(&w, rows[i].first, T, 1);
		cross(&w, rows[i].second, T + rows[i].apart, rows[i].other);
		engine_tick(w.engine, T + 60 * TS_SEC);
		const struct hyp *h = captured(&w);
		bool fired = h && hyp_holds(h, F_AUTH_RELAY);
		if (fired != rows[i].fires)
			fail_msg("%s: %s", rows[i].what, rows[i].fires ? "silent" : "heard");
		if (fired) {
			const struct told *t = world_last(&w, "credential-capture");
			const struct hyp_fact *f = hyp_fact_of(h, F_AUTH_RELAY);
			assert_int_equal(t->verdict, rows[i].verdict);
			assert_int_equal(t->severity, SEV_CRITICAL);
			assert_int_equal(t->victims,
					 1); /* the client, not the server that was logged on to */
			assert_non_null(hyp_victim_of((struct hyp *)(uintptr_t)h, WORLD_VICTIM));
			assert_int_equal(f->count, 2); /* both packets */
			assert_true(f->first == T);
		}
		world_close(&w);
	}
}

/* ---- DNS-UPD ---- */
static void
contest(struct world *w)
{
	accuse(w, FAM_D6_ROGUE, F_D6_DNS, E1, FF_HARD, T - 60 * TS_SEC);
	resolver_note(w->engine, seg(w), a4(66), WORLD_ACTOR);
}

static struct obs
refusal(ts_t at, uint8_t rcode)
{
	struct obs o = from_actor(OBS_DNS, 53, at);
	o.u.dns = (struct dns){ .response = 1, .opcode = DNS_OPCODE_UPDATE, .rcode = rcode };
	return o;
}

/* RFC 2930 2: the question of a key exchange, here for the name "k", class ANY. */
static const uint8_t TKEY_QUERY[] = { 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'k', 0, 0, 249, 0, 255 };

static struct obs
key_question(ts_t at)
{
	struct obs o = from_victim(OBS_DNS, 53, at);
	o.u.dns = (struct dns){ .tcp = 1, .qdcount = 1, .msg = bytes_of(TKEY_QUERY, sizeof(TKEY_QUERY)) };
	return o;
}

static enum grade
updated(const struct world *w)
{
	const struct hyp *h = hyp_of(w->engine, FAM_DNS, seg(w), WORLD_ACTOR);
	const struct hyp_fact *f = h ? hyp_fact_of(h, F_DNS_UPD) : NULL;
	return f ? (enum grade)f->grade : E0;
}

static void
test_update(void **state)
{
	static const struct {
		const char *what;
		bool contested, refused, key, by_auth;
		ts_t apart;
		enum grade grade;
	} rows[] = {
		{ "refused", true, true, false, false, 0, E4 },
		{ "refused, then a key over TCP", true, true, true, false, 60 * TS_SEC, E5 },
		{ "refused, then a key as told by its reader", true, true, true, true, TS_SEC, E5 },
		{ "a key after more than a minute", true, true, true, false, 61 * TS_SEC, E4 },
		{ "a key, and nothing was refused", true, false, true, false, TS_SEC, E0 },
		{ "the zone's own server refuses the first attempt", false, true, true, false, TS_SEC, E0 },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world w;
		open_world(&w);
		if (rows[i].contested)
			contest(&w);
		struct obs o = refusal(T, rows[i].refused ? DNS_RCODE_REFUSED : 0);
		engine_obs(w.engine, &o);
		if (rows[i].key) {
			o = rows[i].by_auth ? message(AUTH_DNS, AUTH_TKEY, false, T + rows[i].apart)
					    : key_question(T + rows[i].apart);
			engine_obs(w.engine, &o);
		}
		if (updated(&w) != rows[i].grade)
			fail_msg("%s: E%d, not E%d", rows[i].what, (int)updated(&w), (int)rows[i].grade);
		world_close(&w);
	}
}

/* RFC 1035 3.3.13: the zone "z" has the primary server "dc"; the glue's last byte is filled in. */
static const uint8_t SOA_ANSWER[] = {
	0,    7,   0x84, 0, 0, 1,   0,	  1,  0, 0,  0, 1, /* header: one question, answer, additional record */
	1,    'z', 0,	 0, 6, 0,   1,			   /* z SOA IN */
	0xc0, 12,  0,	 6, 0, 1,   0,	  0,  0, 60, 0, 28, /* z SOA IN 60, 28 bytes: */
	2,    'd', 'c',	 0, 1, 'h', 0xc0, 12,		    /* mname dc, rname h.z */
	0,    0,   0,	 1, 0, 0,   0,	  2,  0, 0,  0, 3,  0, 0, 0,  4, 0, 0, 0, 5, /* serial to minimum */
	2,    'd', 'c',	 0, 0, 1,   0,	  1,  0, 0,  0, 60, 0, 4, 10, 0, 0, 0,	     /* dc A IN 60 */
};

static void
test_primary(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct world w;
		uint8_t msg[sizeof(SOA_ANSWER)];
		memcpy(msg, SOA_ANSWER, sizeof(msg));
		msg[sizeof(msg) - 1] = i == 1 ? 77 : 66;
		open_world(&w);
		if (i != 2)
			contest(&w);
		struct obs o = from_actor(OBS_DNS, 53, T);
		o.u.dns = (struct dns){ .response = 1,
					.aa = 1,
					.qdcount = 1,
					.ancount = 1,
					.arcount = 1,
					.msg = bytes_of(msg, sizeof(msg)) };
		engine_obs(w.engine, &o);
		/* itself; another host; itself, and nobody contests its right to say so */
		assert_int_equal(updated(&w), i == 0 ? E4 : E0);
		world_close(&w);
	}
}

/* ---- chains ---- */
/* An E5 on a path victim stands for the query that was not seen. */
static void
test_takeover_by_logon(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	accuse(&w, FAM_D6_ROGUE, F_D6_DNS, E1, FF_HARD, T - 60 * TS_SEC);
	accuse(&w, FAM_D6_ROGUE, F_D6_ACCEPT, E2, FF_USE, T - 50 * TS_SEC);
	assert_null(world_last(&w, "mitm6"));
	struct obs o = message(AUTH_SMB2, AUTH_NEGOTIATE, false, T);
	engine_obs(w.engine, &o);
	const struct told *t = world_last(&w, "mitm6");
	assert_non_null(t);
	assert_int_equal(t->verdict, V_CONFIRMED);
	assert_int_equal(t->grade, E5);
	world_close(&w);
}

static struct hostev
event(const char *provider, uint32_t id, uint16_t kind)
{
	return (struct hostev){ .kind = kind, .event_id = id, .provider = bytes_str(provider) };
}

static void
test_vpn_leak(void **state)
{
	static const struct {
		const char *what;
		bool accept, event, traffic;
		uint16_t port;
		bool fires;
	} rows[] = {
		{ "event 14", true, true, false, 0, true },
		{ "event 14, lease refused", false, true, false, 0, false },
		{ "clear traffic", true, false, true, 3389, true },
		{ "traffic of a tunnel", true, false, true, 4500, false },
		{ "neither", true, false, false, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world w;
		open_world(&w);
		accuse(&w, FAM_D4_ROGUE, F_D4_ROGUE, E1, FF_HARD, T);
		accuse(&w, FAM_D4_ROGUE, F_D4_ROUTE, E1, 0, T + 2 * TS_SEC);
		if (rows[i].accept)
			accuse(&w, FAM_D4_ROGUE, F_D4_ACCEPT, E2, FF_USE, T + 4 * TS_SEC);
		struct led *l = routes_get(w.engine, seg(&w), WORLD_VICTIM);
		*l = (struct led){ .actor = WORLD_ACTOR, .n = 1, .until = T + 3600 * TS_SEC };
		l->route[0] = (struct route4){ { addr4(172, 16, 0, 0), 12 }, a4(66) };
		if (rows[i].event) {
			struct hostev ev = event("Microsoft-Windows-RasSstp", 14, HE_SSTP);
			world_event(&w, &ev, WORLD_VICTIM, T + 20 * TS_SEC);
		}
		if (rows[i].traffic) {
			struct obs o = from_victim(OBS_FRAME, rows[i].port, T + 20 * TS_SEC);
			o.outer.dst = o.inner.dst = addr4(192, 168, 1, 1); /* not routed */
			engine_obs(w.engine, &o);
			assert_null(world_last(&w, "vpn-leak"));
			o.outer.dst = o.inner.dst = addr4(172, 16, 9, 9);
			o.ts += TS_SEC;
			engine_obs(w.engine, &o);
		}
		engine_tick(w.engine, T + 60 * TS_SEC);
		const struct told *t = world_last(&w, "vpn-leak");
		if ((t != NULL) != rows[i].fires)
			fail_msg("%s: %s", rows[i].what, rows[i].fires ? "silent" : "heard");
		if (t) {
			assert_int_equal(t->verdict, V_CONFIRMED);
			assert_int_equal(t->victims, 1);
		}
		world_close(&w);
	}
}

static void
test_vpn_interception(void **state)
{
	(void)state;
	for (int named = 0; named < 2; named++) {
		struct world w;
		open_world(&w);
		if (named)
			accuse(&w, FAM_DNS, F_DNS_LL, E4, FF_SP, T);
		accuse(&w, FAM_SSTP, F_SSTP_PATH, E1, FF_HARD, T + 5 * TS_SEC);
		const struct told *t = world_last(&w, "vpn-interception");
		assert_true((t != NULL) == named);
		if (t)
			assert_int_equal(t->verdict, V_PROBABLE); /* nobody has seen the certificate yet */
		accuse(&w, FAM_SSTP, F_SSTP_CERT, E5, FF_HARD, T + 6 * TS_SEC);
		t = world_last(&w, "vpn-interception");
		assert_true((t != NULL) == named);
		if (t)
			assert_int_equal(t->verdict, V_CONFIRMED);
		world_close(&w);
	}
}

/* A server that is not listed, as the wire shows it and as its own computer says; half of that is no chain, neither is an
 * endpoint that a poisoned name gave. */
static void
test_tunnel_backdoor(void **state)
{
	static const struct {
		const char *what;
		enum family family;
		enum fact_id fact;
		const char *provider;
		uint32_t id;
		uint16_t kind;
		bool event, named, fires;
	} rows[] = {
		{ "a Teredo server", FAM_TEREDO, F_TER_SRV, "Microsoft-Windows-Iphlpsvc", 4000,
		  HE_TEREDO_SERVER_UP, true, false, true },
		{ "its flows alone", FAM_TEREDO, F_TER_SRV, "Microsoft-Windows-Iphlpsvc", 4000,
		  HE_TEREDO_SERVER_UP, false, false, false },
		{ "one that a name led to", FAM_TEREDO, F_TER_SRV, "Microsoft-Windows-Iphlpsvc", 4000,
		  HE_TEREDO_SERVER_UP, true, true, false },
		{ "an IP-HTTPS server", FAM_IPHTTPS, F_IPH_SRV, "Microsoft-Windows-Iphlpsvc", 4300,
		  HE_IPHTTPS_UP, true, false, true },
		{ "another tunnel's event", FAM_TEREDO, F_TER_SRV, "Microsoft-Windows-Iphlpsvc", 4300,
		  HE_IPHTTPS_UP, true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world w;
		open_world(&w);
		struct hostev ev = event(rows[i].provider, rows[i].id, rows[i].kind);
		if (rows[i].event)
			world_event(&w, &ev, WORLD_ACTOR, T);
		if (rows[i].named)
			accuse(&w, FAM_DNS, F_DNS_NAME, E4, FF_HARD, T);
		accuse(&w, rows[i].family, rows[i].fact, E1, FF_HARD, T + 2 * TS_SEC);
		engine_end(w.engine);
		const struct told *t = world_last(&w, "tunnel-backdoor");
		if ((t != NULL) != rows[i].fires)
			fail_msg("%s: %s", rows[i].what, rows[i].fires ? "silent" : "heard");
		if (t) {
			assert_int_equal(t->verdict, V_CONFIRMED);
			assert_int_equal(t->victims, 1);
			assert_int_equal(t->nevent, 1);
			assert_int_equal(t->role, ROLE_CORROBORATES);
		}
		world_close(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_innocent),
		cmocka_unit_test(test_late_evidence),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_primary),
		cmocka_unit_test(test_takeover_by_logon),
		cmocka_unit_test(test_vpn_leak),
		cmocka_unit_test(test_vpn_interception),
		cmocka_unit_test(test_tunnel_backdoor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
