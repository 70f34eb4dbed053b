/* VPN interception (DETECTIONS.md 8): each row of its table, the path fact, P from declarations and from a baseline, which
 * session an event is about; and IP-HTTPS servers (section 7).  Observations are built here: what a TLS reader would say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "vpn.h"
#include "world.h"

static const struct mac SERVER_MAC = { { 2, 0, 0, 0, 0, 0x30 } }, ROUTER_MAC = { { 2, 0, 0, 0, 0, 0x01 } };
static const char VPN[] = "vpn.corp.example";
static const ts_t FAR = INT64_C(2000000000) * TS_SEC;

/* ---- what is declared ---- */
static uint8_t good_leaf[32], blue_leaf[32];
static struct bytes leaves[2];
static struct addr vpn_ip[2];
static struct auth_vpn vpn;
static struct auth_server router;
static struct mac router_mac;
static struct auth_site site;
static struct authority declared = { &site, 1 };

/* A certificate's hashes are its one byte, repeated. */
static void
declare(size_t nleaf)
{
	memset(good_leaf, 0xa1, sizeof(good_leaf));
	memset(blue_leaf, 0xb1, sizeof(blue_leaf));
	leaves[0] = bytes_of(good_leaf, 32);
	leaves[1] = bytes_of(blue_leaf, 32);
	vpn_ip[0] = addr4(10, 0, 0, 30);
	vpn = (struct auth_vpn){
		.sni = bytes_str(VPN), .ip = vpn_ip, .nip = 1, .leaf_sha256 = leaves, .nleaf = nleaf
	};
	router_mac = ROUTER_MAC;
	router = (struct auth_server){ .mac = &router_mac, .nmac = 1 };
	site = (struct auth_site){ .vpn_servers = { true, &vpn, 1 }, .routers = { true, &router, 1 } };
}

static void
open_world(struct world *w, bool with_authority, size_t nleaf)
{
	declare(nleaf);
	world_open(w);
	if (with_authority)
		w->conf.authority = &declared;
	world_frame(w, SERVER_MAC, addr4(10, 0, 0, 30), WORLD_START);
}

/* ---- TLS messages ---- */
struct conn {
	struct mac client_mac, server_mac;
	struct addr client, server;
	uint16_t cport, sport;
	const char *sni, *issuer;
	uint8_t leaf, random, session, ttl; /* leaf 0: none is shown */
	bool tls13, ticket;
	ts_t not_before;
};

static uint64_t digests;

static struct obs
message(const struct conn *c, bool by_client, ts_t at)
{
	struct obs o;

	memset(&o, 0, sizeof(o));
	o.ts = at;
	o.kind = OBS_TLS;
	o.digest = ++digests;
	o.outer.smac = by_client ? c->client_mac : c->server_mac;
	o.outer.dmac = by_client ? c->server_mac : c->client_mac;
	o.outer.src = by_client ? c->client : c->server;
	o.outer.dst = by_client ? c->server : c->client;
	o.outer.sport = by_client ? c->cport : c->sport;
	o.outer.dport = by_client ? c->sport : c->cport;
	o.outer.ipproto = 6;
	o.outer.hop_limit = by_client || c->ttl == 0 ? 64 : c->ttl;
	o.inner = o.outer;
	o.u.tls.client = by_client;
	o.u.tls.content = TLS_HANDSHAKE;
	return o;
}

static void
client_hello(struct world *w, const struct conn *c, ts_t at)
{
	struct obs o = message(c, true, at);
	static const uint8_t suites[] = { 0xc0, 0x2f, 0x00, 0x02 };
	uint8_t random[32], session[32];

	memset(random, c->random, sizeof(random));
	memset(session, c->session, sizeof(session));
	o.u.tls.hs_type = TLS_CLIENT_HELLO;
	o.u.tls.sni = bytes_str(c->sni);
	o.u.tls.random = bytes_of(random, sizeof(random));
	o.u.tls.session_id = c->session ? bytes_of(session, sizeof(session)) : (struct bytes){ NULL, 0 };
	o.u.tls.ciphers = bytes_of(suites, sizeof(suites));
	o.u.tls.ticket = c->ticket;
	engine_obs(w->engine, &o);
}

static void
server_hello(struct world *w, const struct conn *c, ts_t at, uint8_t session)
{
	struct obs o = message(c, false, at);
	uint8_t id[32];

	memset(id, session, sizeof(id));
	o.u.tls.hs_type = TLS_SERVER_HELLO;
	o.u.tls.version = 0x0303;
	o.u.tls.cipher = 0xc02f;
	if (session)
		o.u.tls.session_id = bytes_of(id, sizeof(id));
	if (c->tls13) {
		o.u.tls.set |= UINT64_C(1) << TLSH_NEGOTIATED;
		o.u.tls.negotiated = 0x0304;
	}
	engine_obs(w->engine, &o);
}

static void
certificate(struct world *w, const struct conn *c, ts_t at)
{
	struct obs o = message(c, false, at);
	struct tls *t = &o.u.tls;

	t->hs_type = TLS_CERTIFICATE;
	t->set = UINT64_C(1) << TLSH_CERTS | UINT64_C(1) << TLSH_LEAF | UINT64_C(1) << TLSH_NOT_BEFORE |
		 UINT64_C(1) << TLSH_NOT_AFTER;
	memset(t->leaf.sha1, c->leaf, sizeof(t->leaf.sha1));
	memset(t->leaf.sha256, c->leaf, sizeof(t->leaf.sha256));
	t->leaf.issuer = bytes_str(c->issuer ? c->issuer : "CN=Corp CA");
	t->leaf.not_before = c->not_before;
	t->leaf.not_after = FAR;
	engine_obs(w->engine, &o);
}

static void
data(struct world *w, const struct conn *c, bool by_client, ts_t at)
{
	struct obs o = message(c, by_client, at);

	o.u.tls.content = TLS_DATA;
	o.u.tls.data_len[0] = 200;
	engine_obs(w->engine, &o);
}

/* A whole handshake; the client goes on where `accepted`. */
static void
handshake(struct world *w, const struct conn *c, ts_t at, bool accepted)
{
	client_hello(w, c, at);
	server_hello(w, c, at + TS_MS, 0);
	if (c->leaf && !c->tls13)
		certificate(w, c, at + 2 * TS_MS);
	if (accepted)
		data(w, c, true, at + 10 * TS_MS);
	engine_tick(w->engine, at + 1100 * TS_MS);
}

static uint8_t randoms;

/* The client to the true server, and to the actor in its place. */
static struct conn
to_server(uint16_t port)
{
	return (struct conn){ .client_mac = WORLD_VICTIM,
			      .server_mac = SERVER_MAC,
			      .client = addr4(10, 0, 0, 11),
			      .server = addr4(10, 0, 0, 30),
			      .cport = port,
			      .sport = 443,
			      .sni = VPN,
			      .leaf = 0xa1,
			      .random = ++randoms,
			      .not_before = TS_SEC };
}

static struct conn
to_actor(uint16_t port)
{
	struct conn c = to_server(port);

	c.server_mac = WORLD_ACTOR;
	c.server = addr4(10, 0, 0, 66);
	c.leaf = 0xee;
	c.issuer = "CN=vpn.corp.example";
	return c;
}

/* The actor's own connection to the true server. */
static struct conn
own(uint16_t port)
{
	struct conn c = to_server(port);

	c.client_mac = WORLD_ACTOR;
	c.client = addr4(10, 0, 0, 66);
	c.sni = "10.0.0.30";
	return c;
}

/* ---- events ---- */
static char sha256_text[65], sha1_text[41];

static void
hash_text(char *text, size_t bytes, uint8_t leaf)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes; i++) {
		text[2 * i] = hex[leaf >> 4];
		text[2 * i + 1] = hex[leaf & 15];
	}
	text[2 * bytes] = 0;
}

static void
event6(struct world *w, uint8_t leaf, ts_t at)
{
	struct hostev ev;

	memset(&ev, 0, sizeof(ev));
	ev.provider = bytes_str("Microsoft-Windows-RasSstp");
	ev.event_id = 6;
	ev.kind = HE_SSTP_CERT_MISMATCH;
	hash_text(sha1_text, 20, leaf);
	hash_text(sha256_text, 32, leaf);
	ev.set = HES_SHA1 | HES_SHA256 | HES_COID;
	ev.sha1 = bytes_str(sha1_text);
	ev.sha256 = bytes_str(sha256_text);
	ev.coid = bytes_str("{0F2B6A71-5C1E-4C3B-9E62-2F3D51B7A9C4}");
	world_event(w, &ev, WORLD_VICTIM, at);
}

static void
event_plain(struct world *w, uint32_t id, struct mac host, ts_t at)
{
	struct hostev ev;

	memset(&ev, 0, sizeof(ev));
	ev.provider = bytes_str("Microsoft-Windows-RasSstp");
	ev.event_id = id;
	ev.kind = id == 1 ? HE_SSTP_NOT_SENT : HE_SSTP;
	world_event(w, &ev, host, at);
}

static void
finish(struct world *w)
{
	world_frame(w, WORLD_OTHER, addr4(10, 0, 0, 12), w->engine->now + 300 * TS_SEC);
	engine_end(w->engine);
}

static const struct told *
last(const struct world *w)
{
	return world_last(w, "sstp-mitm");
}

static void
expect(const struct world *w, enum verdict v, enum severity s, const char *what)
{
	const struct told *t = last(w);

	if (t == NULL)
		fail_msg("%s: nothing told", what);
	else if (t->verdict != v || t->severity != s)
		fail_msg("%s: %s %s", what, verdict_name(t->verdict), severity_name(t->severity));
}

static void
expect_silence(const struct world *w, const char *what)
{
	const struct told *t = last(w);

	if (t && t->verdict >= V_SUSPECTED)
		fail_msg("%s: %s", what, verdict_name(t->verdict));
}

static void
see_everything(struct world *w)
{
	for (unsigned b = 0; b < VANTAGE_BITS; b++)
		for (int i = 0; i < 20; i++)
			vantage_sample(w->engine, w->engine->segment_at[0], (enum vantage_bit)b, true);
}

static const ts_t T = WORLD_START + 100 * TS_SEC;

/* ---- the table, row by row ---- */
static void
test_table(void **state)
{
	const enum vpn_compare NO = VPN_UNKNOWN, EQ = VPN_EQUAL, NE = VPN_DIFFERS;
	const struct {
		struct vpn_case c;
		enum verdict v;
		enum severity s;
	} rows[] = {
		{ { EQ, NE, false, false }, V_CONFIRMED, SEV_CRITICAL },
		{ { EQ, NE, true, true }, V_CONFIRMED, SEV_CRITICAL },
		{ { EQ, EQ, false, false }, V_REFUTED, SEV_LOW },
		{ { EQ, EQ, true, false }, V_REFUTED, SEV_LOW },
		{ { NE, EQ, false, false }, V_CONFIRMED, SEV_CRITICAL },
		{ { NE, NE, false, false }, V_CONFIRMED, SEV_CRITICAL },
		{ { NE, NO, false, false }, V_CONFIRMED, SEV_CRITICAL },
		{ { NO, NE, false, false }, V_PROBABLE, SEV_HIGH },
		{ { NO, NE, true, false }, V_CONFIRMED, SEV_CRITICAL },
		{ { NO, EQ, false, false }, V_REFUTED, SEV_LOW },
		{ { NO, EQ, true, false }, V_REFUTED, SEV_LOW },
		{ { NO, NO, false, false }, V_HOST_ONLY, SEV_MEDIUM },
		{ { NO, NO, true, false }, V_CONFIRMED, SEV_CRITICAL },
		{ { EQ, NO, true, true }, V_CONFIRMED, SEV_CRITICAL },
		{ { EQ, NO, false, true }, V_PROBABLE, SEV_HIGH },
		{ { EQ, NO, false, false }, V_HOST_ONLY, SEV_MEDIUM },
		{ { EQ, NO, true, false }, V_HOST_ONLY, SEV_MEDIUM },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct vpn_said said = vpn_table(&rows[i].c);
		if (said.verdict != rows[i].v || said.severity != rows[i].s)
			fail_msg("row %zu: %s %s", i, verdict_name(said.verdict),
				 severity_name(said.severity));
	}
}

/* ---- the wire alone ---- */
static void
test_foreign_certificate(void **state)
{
	struct world w;

	(void)state;
	for (int accepted = 0; accepted < 2; accepted++) {
		struct conn c = to_actor(5000);
		open_world(&w, true, 1);
		handshake(&w, &c, T, accepted);
		expect(&w, V_PROBABLE, accepted ? SEV_HIGH : SEV_MEDIUM, "W != P");
		assert_int_equal(last(&w)->victims, 1);
		assert_int_equal(last(&w)->grade, accepted ? E2 : E1);
		assert_non_null(hyp_of(w.engine, FAM_SSTP, w.engine->segment_at[0], WORLD_ACTOR));
		world_close(&w);
	}
}

static void
test_bent_and_accepted(void **state)
{
	struct world w;
	struct conn good = to_server(5000), bad = to_actor(5001), mine = own(5002);

	(void)state;
	open_world(&w, true, 1);
	handshake(&w, &good, T, true);
	expect_silence(&w, "the server itself");
	handshake(&w, &bad, T + 10 * TS_SEC, false);
	handshake(&w, &mine, T + 12 * TS_SEC, true);
	expect(&w, V_PROBABLE, SEV_MEDIUM, "shown, path bent, not accepted");
	data(&w, &bad, true, T + 13 * TS_SEC);
	expect(&w, V_CONFIRMED, SEV_CRITICAL, "a foreign certificate accepted on a bent path");
	assert_int_equal(last(&w)->grade, E5);
	world_close(&w);
}

/* Each is one thing away from test_foreign_certificate. */
static void
test_near_misses(void **state)
{
	struct world w;

	(void)state;
	for (int k = 0; k < 5; k++) {
		struct conn c = to_actor(5000);
		open_world(&w, true, k == 1 ? 2 : 1);
		if (k == 0)
			c.leaf = 0xa1; /* the declared one: a TLS off-loader that is listed */
		else if (k == 1)
			c.leaf = 0xb1; /* blue and green */
		else if (k == 2)
			c.sni = "intranet.corp.example"; /* another site */
		else if (k == 3)
			c.sport = 8443;
		else
			c.tls13 = true; /* not observable */
		handshake(&w, &c, T, true);
		if (k == 2) { /* also at the VPN server's address */
			struct conn d = to_server(5001);
			d.sni = "intranet.corp.example";
			d.leaf = 0xcc;
			handshake(&w, &d, T + 5 * TS_SEC, true);
		}
		expect_silence(&w, k == 0   ? "listed"
				   : k == 1 ? "pair"
				   : k == 2 ? "site"
				   : k == 3 ? "port"
					    : "TLS 1.3");
		world_close(&w);
	}
	/* nothing declared, nothing read in clear: TCP 443 alone opens nothing */
	struct conn c = to_actor(5000);
	open_world(&w, false, 0);
	handshake(&w, &c, T, true);
	expect_silence(&w, "undeclared");
	world_close(&w);
}

/* An undeclared renewal by the server itself: same issuer, later notBefore.  By another station it is none. */
static void
test_renewal(void **state)
{
	struct world w;

	(void)state;
	for (int by_actor = 0; by_actor < 2; by_actor++) {
		struct conn old = to_server(5000), new = by_actor ? to_actor(5001) : to_server(5001);
		open_world(&w, true, 1);
		handshake(&w, &old, T, true);
		new.leaf = 0xa2;
		new.issuer = "CN=Corp CA";
		new.not_before = 2 * TS_SEC;
		handshake(&w, &new, T + 10 * TS_SEC, true);
		if (by_actor)
			expect(&w, V_PROBABLE, SEV_HIGH, "a copied issuer");
		else
			expect_silence(&w, "a renewal");
		if (!by_actor) {
			new.cport = 5002;
			new.random = ++randoms;
			handshake(&w, &new, T + 8 * TS_DAY, true);
			expect(&w, V_PROBABLE, SEV_HIGH, "a week later it must be declared");
		}
		world_close(&w);
	}
}

/* `clients` hosts see the server for `days`; nothing says which certificate is right. */
static void
learn_baseline(struct world *w, unsigned clients, unsigned days)
{
	for (unsigned d = 0; d <= days; d++)
		for (unsigned i = 0; i < clients; i++) {
			struct conn c = to_server((uint16_t)(6000 + 10 * d + i));
			c.client = addr4(10, 0, 1, (uint8_t)(1 + i));
			c.client_mac.b[4] = (uint8_t)(1 + i);
			handshake(w, &c, WORLD_START + d * TS_DAY + (1 + i) * 10 * TS_SEC, true);
		}
}

static void
test_baseline(void **state)
{
	static const struct {
		unsigned clients, days;
		bool known;
	} cases[] = { { 3, 7, true }, { 2, 7, false }, { 3, 6, false } };
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct conn c = to_actor(5000);
		open_world(&w, true, 0); /* the server is declared, its certificate is not */
		learn_baseline(&w, cases[i].clients, cases[i].days);
		handshake(&w, &c, w.engine->now + TS_MIN, true);
		if (cases[i].known)
			expect(&w, V_SUSPECTED, SEV_HIGH, "W != baseline");
		else
			expect_silence(&w, "no baseline");
		world_close(&w);
	}
}

static void
test_baseline_renewal(void **state)
{
	struct world w;
	struct conn c = to_server(5000);

	(void)state;
	open_world(&w, true, 0);
	learn_baseline(&w, 3, 7);
	c.leaf = 0xa2;
	c.not_before = 2 * TS_SEC;
	handshake(&w, &c, w.engine->now + TS_MIN, true);
	expect_silence(&w, "a renewal of the baseline");
	c.cport++;
	c.random = ++randoms;
	c.leaf = 0xa3;
	c.issuer = "CN=Other CA";
	handshake(&w, &c, w.engine->now + TS_MIN, true);
	expect(&w, V_SUSPECTED, SEV_HIGH, "another issuer");
	world_close(&w);
	/* an older certificate is no renewal */
	struct conn old = to_server(5000);
	open_world(&w, true, 0);
	learn_baseline(&w, 3, 7);
	old.leaf = 0xa2;
	old.not_before = TS_SEC / 2;
	handshake(&w, &old, w.engine->now + TS_MIN, true);
	expect(&w, V_SUSPECTED, SEV_HIGH, "an older certificate");
	world_close(&w);
}

/* ---- the path fact ---- */
static void
spoof(struct world *w, struct addr a, ts_t at)
{
	struct fact f = { .id = F_ND_SPOOF,
			  .family = FAM_ND_SPOOF,
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = { .has_mac = true, .mac = WORLD_ACTOR, .addr = a },
			  .key = a };
	world_fact(w, &f, at);
}

static void
test_path_by_spoofing(void **state)
{
	struct world w;

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct conn c = to_server(5000);
		c.server_mac = WORLD_ACTOR; /* it passes everything on: the certificate is the server's */
		c.tls13 = k == 1;
		open_world(&w, true, 1);
		if (k < 2)
			spoof(&w, addr4(10, 0, 0, 30), T - 10 * TS_SEC);
		else
			spoof(&w, addr4(10, 0, 0, 77), T - 10 * TS_SEC); /* another address */
		handshake(&w, &c, T, true);
		if (k < 2)
			expect(&w, V_PROBABLE, SEV_MEDIUM, "spoofed");
		else
			expect_silence(&w, "another address is spoofed");
		world_close(&w);
	}
	/* the owner claims it back only afterwards */
	struct conn c = to_server(5000);
	c.server_mac = WORLD_ACTOR;
	open_world(&w, true, 1);
	handshake(&w, &c, T, true);
	expect_silence(&w, "not known yet");
	spoof(&w, addr4(10, 0, 0, 30), T + 40 * TS_SEC);
	expect(&w, V_PROBABLE, SEV_MEDIUM, "known later");
	world_close(&w);
}

static void
test_path_by_own_session(void **state)
{
	enum { WITHIN, LATE, PASSED_ON, FIRST_ANSWER, ONLY_AFTER, ELSEWHERE, CASES };
	struct world w;

	(void)state;
	for (int k = 0; k < CASES; k++) {
		struct conn good = to_server(5000), bad = to_actor(5001), mine = own(5002);
		bad.tls13 = true;
		open_world(&w, true, 1);
		if (k != FIRST_ANSWER && k != ONLY_AFTER)
			handshake(&w, &good, T, true);
		if (k == PASSED_ON)
			mine.random = bad.random; /* the client's own handshake, forwarded */
		if (k == ELSEWHERE)
			mine.server = addr4(10, 0, 0, 31);
		handshake(&w, &bad, T + 20 * TS_SEC, true);
		if (k == ONLY_AFTER)
			handshake(&w, &good, T + 22 * TS_SEC, true);
		handshake(&w, &mine, T + (k == LATE ? 26 : 24) * TS_SEC, true);
		if (k == WITHIN)
			expect(&w, V_PROBABLE, SEV_MEDIUM, "own session");
		else
			expect_silence(&w, k == LATE	    ? "6 s"
					   : k == PASSED_ON ? "same random"
							    : "nobody before, or elsewhere");
		world_close(&w);
	}
}

/* Behind a router nobody on the link is named: the server's address is the key, and the client is the victim. */
static void
test_behind_a_router(void **state)
{
	struct world w;

	(void)state;
	for (int listed = 0; listed < 2; listed++) {
		struct conn c = to_actor(5000);
		struct actor key = { .addr = addr4(203, 0, 113, 9) };
		c.server = key.addr;
		c.server_mac = listed ? ROUTER_MAC
				      : WORLD_OTHER; /* a router that is declared, or one that counts hops */
		c.ttl = listed ? 64 : 57;
		open_world(&w, true, 1);
		handshake(&w, &c, T, true);
		expect(&w, V_PROBABLE, SEV_HIGH, "routed");
		const struct hyp *h = hyp_find(w.engine, FAM_SSTP, w.engine->segment_at[0], &key);
		assert_non_null(h);
		assert_false(h->actor.has_mac);
		assert_int_equal(h->nvictim, 1);
		event6(&w, 0xee, T + 3 * TS_SEC);
		expect(&w, V_CONFIRMED, SEV_CRITICAL, "routed, with its event");
		world_close(&w);
	}
}

/* A declared terminator opens its own connections: no path fact. */
static void
test_path_declared_terminator(void **state)
{
	struct world w;

	(void)state;
	for (int tls13 = 0; tls13 < 2; tls13++) {
		struct conn good = to_server(5000), lb = to_actor(5001), mine = own(5002);
		open_world(&w, true, 2);
		vpn_ip[1] = addr4(10, 0, 0, 66);
		vpn.nip = 2;
		lb.leaf = 0xb1;
		lb.tls13 = tls13;
		handshake(&w, &good, T, true);
		handshake(&w, &lb, T + 10 * TS_SEC, true);
		handshake(&w, &mine, T + 11 * TS_SEC, true);
		expect_silence(&w, "declared terminator");
		world_close(&w);
	}
}

/* ---- with events ---- */
static void
test_event_rows(void **state)
{
	/* leaf on the wire (0: TLS 1.3), hash of the event, P known, verdict */
	static const struct {
		uint8_t w, h;
		bool p;
		enum verdict v;
		enum severity s;
	} rows[] = {
		{ 0xee, 0xee, true, V_CONFIRMED, SEV_CRITICAL }, /* W = H != P */
		{ 0xa1, 0xa1, true, V_REFUTED, SEV_LOW },	 /* W = H = P */
		{ 0xa1, 0xee, true, V_CONFIRMED, SEV_CRITICAL }, /* W != H */
		{ 0, 0xee, true, V_PROBABLE, SEV_HIGH },
		{ 0, 0xa1, true, V_REFUTED, SEV_LOW },
		{ 0, 0xee, false, V_HOST_ONLY, SEV_MEDIUM },
		{ 0xee, 0xee, false, V_HOST_ONLY, SEV_MEDIUM },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++)
		for (int first = 0; first < 2; first++) { /* either half may come first */
			struct conn c = to_server(5000);
			c.leaf = rows[i].w;
			c.tls13 = rows[i].w == 0;
			open_world(&w, true, rows[i].p);
			see_everything(&w);
			if (first)
				event6(&w, rows[i].h, T + 3 * TS_SEC);
			handshake(&w, &c, T, true);
			if (!first)
				event6(&w, rows[i].h, T + 3 * TS_SEC);
			finish(&w);
			char what[32] = "row 0, event last";
			what[4] = (char)('0' + i);
			expect(&w, rows[i].v, rows[i].s, what);
			assert_int_equal(last(&w)->nevent, 1);
			world_close(&w);
		}
}

static void
test_event_path_rows(void **state)
{
	struct world w;

	(void)state;
	/* certificate hidden, H != P or P unknown, path bent: confirmed */
	for (size_t p = 0; p < 2; p++) {
		struct conn c = to_server(5000);
		c.server_mac = WORLD_ACTOR;
		c.tls13 = true;
		open_world(&w, true, p);
		spoof(&w, addr4(10, 0, 0, 30), T - 10 * TS_SEC);
		handshake(&w, &c, T, true);
		event6(&w, 0xee, T + 3 * TS_SEC);
		finish(&w);
		expect(&w, V_CONFIRMED, SEV_CRITICAL, "hidden, path bent");
		world_close(&w);
	}
	/* W = H, nothing declared at all: another certificate from another MAC before, with and without its own session */
	for (int bent = 0; bent < 2; bent++) {
		struct conn good = to_server(5000), bad = to_actor(5001), mine = own(5002);
		open_world(&w, false, 0);
		handshake(&w, &good, T, true);
		handshake(&w, &bad, T + 60 * TS_SEC, true);
		if (bent)
			handshake(&w, &mine, T + 61 * TS_SEC, true);
		event6(&w, 0xee, T + 63 * TS_SEC);
		finish(&w);
		expect(&w, bent ? V_CONFIRMED : V_PROBABLE, bent ? SEV_CRITICAL : SEV_HIGH,
		       "another leaf before");
		assert_int_equal(last(&w)->victims, 1);
		assert_non_null(hyp_of(w.engine, FAM_SSTP, w.engine->segment_at[0], WORLD_ACTOR));
		world_close(&w);
	}
}

/* Of several sessions the bent one is the event's, even where the true server answered later. */
static void
test_event_prefers_the_bent(void **state)
{
	struct world w;
	struct conn bad = to_server(5000), good = to_server(5001);

	(void)state;
	bad.server_mac = WORLD_ACTOR;
	bad.tls13 = good.tls13 = true;
	open_world(&w, true, 1);
	spoof(&w, addr4(10, 0, 0, 30), T - 10 * TS_SEC);
	handshake(&w, &bad, T, true);
	handshake(&w, &good, T + 5 * TS_SEC, true);
	event6(&w, 0xee, T + 7 * TS_SEC);
	expect(&w, V_CONFIRMED, SEV_CRITICAL, "the bent session");
	world_close(&w);
}

/* W != H accuses only where both are of one flow: at most 60 s apart. */
static void
test_event_of_another_flow(void **state)
{
	struct world w;

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct conn c = to_server(5000);
		open_world(&w, true, 1);
		handshake(&w, &c, T, true);
		event6(&w, 0xee, T + (k ? 75 : 55) * TS_SEC);
		finish(&w);
		expect(&w, k ? V_PROBABLE : V_CONFIRMED, k ? SEV_HIGH : SEV_CRITICAL, k ? "75 s" : "55 s");
		world_close(&w);
	}
}

/* A port that is used again is a new connection: the client's random tells. */
static void
test_port_reused(void **state)
{
	struct world w;
	struct conn good = to_server(5000), bad = to_server(5000);

	(void)state;
	bad.leaf = 0xee;
	bad.issuer = "CN=Other CA";
	open_world(&w, true, 1);
	handshake(&w, &good, T, true);
	handshake(&w, &bad, T + 30 * TS_SEC, true);
	expect(&w, V_PROBABLE, SEV_HIGH, "the second connection");
	world_close(&w);
}

static void
test_event_on_baseline(void **state)
{
	struct world w;
	struct conn c = to_actor(5000);

	(void)state;
	open_world(&w, true, 0);
	learn_baseline(&w, 3, 7);
	ts_t at = w.engine->now + TS_MIN;
	handshake(&w, &c, at, true);
	event6(&w, 0xee, at + 3 * TS_SEC);
	expect(&w, V_CONFIRMED, SEV_CRITICAL, "W = H != baseline");
	world_close(&w);
}

/* No session was seen: who was not in view proves nothing, unless what is declared decides. */
static void
test_event_without_session(void **state)
{
	static const struct {
		bool declared, vantage;
		uint8_t h;
		enum verdict v;
	} cases[] = { { false, true, 0xee, V_HOST_ONLY },
		      { false, false, 0xee, V_UNVERIFIABLE },
		      { true, false, 0xee, V_PROBABLE },
		      { true, false, 0xa1, V_REFUTED } };
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		open_world(&w, cases[i].declared, 1);
		engine_tick(w.engine, T);
		if (cases[i].vantage)
			see_everything(&w);
		event6(&w, cases[i].h, T + 100 * TS_SEC);
		finish(&w);
		assert_non_null(last(&w));
		assert_int_equal(last(&w)->verdict, cases[i].v);
		world_close(&w);
	}
}

static void
test_hidden_is_said(void **state)
{
	struct world w;
	struct conn c = to_server(5000);
	bool said = false;

	(void)state;
	c.tls13 = true;
	open_world(&w, true, 0);
	handshake(&w, &c, T, true);
	event6(&w, 0xee, T + 3 * TS_SEC);
	finish(&w);
	for (struct hyp *h = hyp_next(w.engine, NULL); h; h = hyp_next(w.engine, h))
		said |= h->family == FAM_SSTP && (h->missing >> VB_LEAF & 1);
	assert_true(said);
	world_close(&w);
}

/* A resumed session shows no certificate: it is that of the session it resumes (RFC 5246 7.3, RFC 5077). */
static void
test_resumption(void **state)
{
	struct world w;

	(void)state;
	for (int k = 0; k < 4; k++) { /* by id, by ticket, of nothing that was seen, at another server */
		struct conn full = to_actor(5000), again = to_actor(5001);
		open_world(&w, true, 1);
		full.leaf = again.leaf = 0xee;
		if (k != 2)
			handshake(&w, &full, T, false);
		if (k == 3)
			again.server = addr4(10, 0, 0, 67);
		again.session = k == 0 ? 7 : 0;
		again.ticket = k == 1 || k == 3;
		client_hello(&w, &again, T + 10 * TS_SEC);
		server_hello(&w, &again, T + 10 * TS_SEC + TS_MS, k == 0 ? 7 : 0);
		data(&w, &again, true, T + 11 * TS_SEC);
		const struct session *s = session_next(w.engine, 0, END_CLIENT, addr4(10, 0, 0, 11), NULL);
		assert_non_null(s);
		assert_int_equal((s->flags & SES_REUSED) != 0, k < 2);
		assert_int_equal((s->flags & SES_LEAF) != 0, k < 2);
		world_close(&w);
	}
}

/* RasSstp 1 and its like carry no hash: they speak only for the station that their own session went to. */
static void
test_plain_events(void **state)
{
	static const uint32_t ids[] = { 1, 2, 3, 4, 5, 16 };
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(ids); i++) {
		struct conn bad = to_actor(5000), good = to_server(5001);
		open_world(&w, true, 1);
		see_everything(&w);
		handshake(&w, &bad, T, false);
		event_plain(&w, ids[i], WORLD_VICTIM, T + TS_SEC);
		assert_int_equal(last(&w)->verdict, V_CONFIRMED);
		assert_int_equal(last(&w)->nevent, 1);
		/* another host fails at the true server: no victim of it */
		good.client_mac = WORLD_OTHER;
		good.client = addr4(10, 0, 0, 12);
		handshake(&w, &good, T + 10 * TS_SEC, false);
		event_plain(&w, ids[i], WORLD_OTHER, T + 11 * TS_SEC);
		finish(&w);
		const struct hyp *h = hyp_of(w.engine, FAM_SSTP, w.engine->segment_at[0], WORLD_ACTOR);
		assert_int_equal(h->nevent, 1);
		assert_int_equal(h->nvictim, 1);
		world_close(&w);
	}
	/* behind a router two stations share an address: who got the server's own certificate is no victim */
	struct conn bad = to_server(5000), fine = to_server(5001);
	bad.ttl = fine.ttl = 57;
	bad.server = fine.server = addr4(203, 0, 113, 9);
	bad.server_mac = fine.server_mac = ROUTER_MAC;
	bad.leaf = 0xee;
	fine.client = addr4(10, 0, 0, 12);
	fine.client_mac = WORLD_OTHER;
	open_world(&w, true, 1);
	handshake(&w, &bad, T, false);
	handshake(&w, &fine, T + 5 * TS_SEC, false);
	event_plain(&w, 1, WORLD_OTHER, T + 6 * TS_SEC);
	expect(&w, V_PROBABLE, SEV_MEDIUM, "not its session");
	event_plain(&w, 1, WORLD_VICTIM, T + 7 * TS_SEC);
	expect(&w, V_CONFIRMED, SEV_HIGH, "its session");
	world_close(&w);
	/* alone: the true server answered */
	struct conn good = to_server(5001);
	open_world(&w, true, 1);
	handshake(&w, &good, T, false);
	event_plain(&w, 1, WORLD_VICTIM, T + TS_SEC);
	finish(&w);
	expect(&w, V_REFUTED, SEV_LOW, "the server's own certificate");
	world_close(&w);
	/* alone: no session at all, a captive portal before the VPN */
	open_world(&w, true, 1);
	engine_tick(w.engine, T - 95 * TS_SEC);
	see_everything(&w);
	event_plain(&w, 1, WORLD_VICTIM, T + TS_SEC);
	finish(&w);
	expect(&w, V_HOST_ONLY, SEV_INFO, "no session");
	world_close(&w);
}

/* Two servers within the window and a clock that may be off by minutes: which one the event is about is not known, unless
 * RasClient named it. */
static void
test_several_sessions(void **state)
{
	struct world w;

	(void)state;
	for (int k = 0; k < 3; k++) { /* clock synced; not; not, and dialled */
		struct conn a = to_server(5000), b = to_server(5001);
		b.server = addr4(10, 0, 0, 31);
		b.server_mac.b[5] = 0x31;
		b.leaf = 0xb1;
		open_world(&w, true, 1);
		w.conf.feed_synced = k == 0;
		vpn_ip[1] = b.server;
		vpn.nip = 2;
		vpn.sni = (struct bytes){ NULL, 0 };
		a.sni = b.sni = NULL;
		a.tls13 = b.tls13 = true;
		handshake(&w, &a, T, true);
		handshake(&w, &b, T + 5 * TS_SEC, true);
		if (k == 2) {
			struct hostev dial;
			memset(&dial, 0, sizeof(dial));
			dial.provider = bytes_str("RasClient");
			dial.event_id = 20222;
			dial.kind = HE_RAS_DIAL;
			dial.set = HES_COID | HES_PEER;
			dial.coid = bytes_str("{0F2B6A71-5C1E-4C3B-9E62-2F3D51B7A9C4}");
			dial.peer = b.server;
			world_event(&w, &dial, WORLD_VICTIM, T + 4 * TS_SEC);
		}
		event6(&w, 0xee, T + 7 * TS_SEC);
		world_frame(&w, WORLD_OTHER, addr4(10, 0, 0, 12), T + 1000 * TS_SEC);
		engine_end(w.engine);
		assert_non_null(last(&w));
		assert_int_equal(last(&w)->verdict, k == 1 ? V_UNVERIFIABLE : V_PROBABLE);
		world_close(&w);
	}
}

/* The session lies in the row's own window; the last one before the event comes first, then the first one after it. */
static void
test_rows_windows(void **state)
{
	static const struct {
		uint32_t id;
		int at; /* seconds of the event after the session */
		bool joins;
	} cases[] = {
		{ 1, 91, true },    { 1, 93, false },	 { 1, -6, true },   { 1, -8, false },
		{ 2, 121, true },   { 2, 123, false },	 { 3, 61, true },   { 3, 63, false },
		{ 5, 121, true },   { 16, 63, false },	 { 33, 121, true }, { 33, 123, false },
		{ 33, -121, true }, { 33, -123, false },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct conn bad = to_actor(5000);
		open_world(&w, true, 1);
		w.conf.feed_synced = true;
		see_everything(&w);
		handshake(&w, &bad, T, false);
		event_plain(&w, cases[i].id, WORLD_VICTIM, T + cases[i].at * TS_SEC);
		finish(&w);
		const struct hyp *h = hyp_of(w.engine, FAM_SSTP, w.engine->segment_at[0], WORLD_ACTOR);
		if (h->nevent != cases[i].joins)
			fail_msg("event %u, %d s after the session", cases[i].id, cases[i].at);
		world_close(&w);
	}
	/* the server's own certificate before the event, another one after it */
	for (int k = 0; k < 2; k++) {
		struct conn good = to_server(5000), bad = to_actor(5001);
		open_world(&w, true, 1);
		w.conf.feed_synced = true;
		see_everything(&w);
		if (k == 0)
			handshake(&w, &good, T, false);
		handshake(&w, &bad, T + 20 * TS_SEC, false);
		event_plain(&w, 33, WORLD_VICTIM, T + 10 * TS_SEC);
		finish(&w);
		const struct hyp *h = hyp_of(w.engine, FAM_SSTP, w.engine->segment_at[0], WORLD_ACTOR);
		assert_int_equal(h->nevent, k);
		world_close(&w);
	}
}

/* The sensor compares what people paste: everything but hex digits is dropped; another length is no hash. */
static void
test_hash_text(void **state)
{
	static const struct {
		const char *form;
		enum verdict v;
	} forms[] = {
		{ "EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE EE "
		  "EE EE",
		  V_CONFIRMED },
		{ "ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:ee:"
		  "ee:ee",
		  V_CONFIRMED },
		{ "eeee", V_HOST_ONLY },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(forms); i++) {
		struct hostev ev;
		struct conn c = to_server(5000);
		c.tls13 = true;
		c.server_mac = WORLD_ACTOR;
		open_world(&w, true, 1);
		see_everything(&w);
		if (forms[i].v == V_CONFIRMED)
			spoof(&w, addr4(10, 0, 0, 30), T - 10 * TS_SEC);
		handshake(&w, &c, T, true);
		memset(&ev, 0, sizeof(ev));
		ev.provider = bytes_str("Microsoft-Windows-RasSstp");
		ev.event_id = 6;
		ev.kind = HE_SSTP_CERT_MISMATCH;
		ev.set = HES_SHA256;
		ev.sha256 = bytes_str(forms[i].form);
		world_event(&w, &ev, WORLD_VICTIM, T + 3 * TS_SEC);
		finish(&w);
		assert_int_equal(last(&w)->verdict, forms[i].v);
		world_close(&w);
	}
}

/* RemoteAccess 20271: the server saw the client come from the actor's address. */
static void
test_server_side(void **state)
{
	struct world w;

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct hostev ev;
		struct conn c = to_actor(5000);
		open_world(&w, true, 1);
		handshake(&w, &c, T, true);
		memset(&ev, 0, sizeof(ev));
		ev.provider = bytes_str("RemoteAccess");
		ev.event_id = 20271;
		ev.kind = HE_RAS_SERVER;
		ev.set = HES_ADDR;
		ev.addr = k ? addr4(10, 0, 0, 11) : addr4(10, 0, 0, 66);
		world_event(&w, &ev, SERVER_MAC, T + 5 * TS_SEC);
		assert_int_equal(last(&w)->verdict, k ? V_PROBABLE : V_CONFIRMED);
		world_close(&w);
	}
}

/* RasSstp 32 and 24 are the server's: its own addresses' certificates decide. */
static void
test_server_events(void **state)
{
	static const struct {
		uint8_t wire, set, bound;
		bool by_actor;
		enum verdict v;
		enum severity s;
	} rows[] = {
		{ 0xa1, 0xcc, 0xa1, false, V_CONFIRMED, SEV_LOW },  /* misbinding */
		{ 0xa1, 0xa1, 0xcc, false, V_REFUTED, SEV_LOW },    /* stale */
		{ 0xee, 0xa1, 0xcc, true, V_CONFIRMED, SEV_HIGH },  /* something else ends TLS */
		{ 0xee, 0xa1, 0xcc, false, V_CONFIRMED, SEV_HIGH }, /* on the server itself */
		{ 0xa1, 0xcc, 0xdd, true, V_HOST_ONLY, SEV_LOW },   /* a declared one */
	};
	char set[65], bound[65];
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct hostev ev;
		struct conn c = to_server(5000);
		open_world(&w, true, 1);
		c.leaf = rows[i].wire;
		c.sport = 4443; /* not SSTP's own: this is about the events, not about the fact */
		if (rows[i].by_actor)
			c.server_mac = WORLD_ACTOR;
		handshake(&w, &c, T, true);
		memset(&ev, 0, sizeof(ev));
		ev.provider = bytes_str("Microsoft-Windows-RasSstp");
		ev.event_id = 32;
		ev.kind = HE_SSTP;
		hash_text(set, 32, rows[i].set);
		hash_text(bound, 32, rows[i].bound);
		ev.fields[0] = (struct hostev_field){ bytes_str("param1"), bytes_str(set) };
		ev.fields[1] = (struct hostev_field){ bytes_str("param2"), bytes_str(bound) };
		ev.nfields = 2;
		world_event(&w, &ev, SERVER_MAC, T + 10 * TS_SEC);
		engine_tick(w.engine, T + 2 * TS_DAY);
		assert_non_null(last(&w));
		assert_int_equal(last(&w)->verdict, rows[i].v);
		assert_int_equal(last(&w)->severity, rows[i].s);
		world_close(&w);
	}
}

/* ---- off-loaders, IP-HTTPS ---- */
static void
clear_post(struct world *w, struct mac from, struct addr src, struct addr dst, bool iphttps, ts_t at)
{
	struct obs o;

	memset(&o, 0, sizeof(o));
	o.ts = at;
	o.kind = OBS_HTTP;
	o.digest = ++digests;
	o.outer.smac = from;
	o.outer.dmac = SERVER_MAC;
	o.outer.src = src;
	o.outer.dst = dst;
	o.outer.ipproto = 6;
	o.outer.hop_limit = 64;
	o.outer.sport = 40000;
	o.outer.dport = 8080;
	o.inner = o.outer;
	o.u.http.sstp = !iphttps;
	o.u.http.iphttps = iphttps;
	engine_obs(w->engine, &o);
}

static void
test_recognised_in_clear(void **state)
{
	struct world w;
	struct conn c = to_actor(5000), vpn_like = to_actor(5001);

	(void)state;
	open_world(&w, false, 0);
	handshake(&w, &c, T, true);
	const struct session *s = session_next(w.engine, 0, END_CLIENT, c.client, NULL);
	assert_false(session_vpn(w.engine, s));
	clear_post(&w, WORLD_ACTOR, addr4(10, 0, 0, 66), addr4(10, 0, 0, 30), false, T + 5 * TS_SEC);
	handshake(&w, &vpn_like, T + 10 * TS_SEC, true);
	s = session_next(w.engine, 0, END_CLIENT, c.client, NULL);
	assert_true(session_vpn(w.engine, s));
	expect_silence(&w, "an off-loader");
	world_close(&w);
}

static void
null_session(struct world *w, const struct conn *c, bool only_null, uint16_t cipher, ts_t at)
{
	static const uint8_t null_suites[] = { 0x00, 0x02, 0x00, 0x3b, 0x00, 0xff },
			     mixed[] = { 0x00, 0x02, 0xc0, 0x2f };
	struct obs o = message(c, true, at);

	o.u.tls.hs_type = TLS_CLIENT_HELLO;
	o.u.tls.sni = bytes_str(c->sni);
	o.u.tls.ciphers =
		only_null ? bytes_of(null_suites, sizeof(null_suites)) : bytes_of(mixed, sizeof(mixed));
	engine_obs(w->engine, &o);
	o = message(c, false, at + TS_MS);
	o.u.tls.hs_type = TLS_SERVER_HELLO;
	o.u.tls.version = 0x0303;
	o.u.tls.cipher = cipher;
	engine_obs(w->engine, &o);
}

static void
test_iphttps(void **state)
{
	static const struct {
		bool declared, only_null, listed;
		uint16_t cipher;
		enum verdict v; /* VERDICTS: nothing */
	} cases[] = { { true, true, false, 0x0002, V_PROBABLE },   { true, true, false, 0x003b, V_PROBABLE },
		      { false, true, false, 0x0002, V_SUSPECTED }, { true, false, false, 0x0002, VERDICTS },
		      { true, true, false, 0xc02f, VERDICTS },	   { true, true, true, 0x0002, VERDICTS } };
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct conn c = cases[i].listed ? to_server(5000) : to_actor(5000);
		if (!cases[i].listed)
			c.sni = "da.other.example";
		open_world(&w, cases[i].declared, 1);
		null_session(&w, &c, cases[i].only_null, cases[i].cipher, T);
		engine_tick(w.engine, T + 2 * TS_SEC);
		const struct told *t = world_last(&w, "iphttps-server");
		assert_int_equal(t ? t->verdict : VERDICTS, cases[i].v);
		world_close(&w);
	}
	/* read in clear behind an off-loader */
	open_world(&w, false, 0);
	clear_post(&w, WORLD_OTHER, addr4(10, 0, 0, 12), addr4(10, 0, 0, 30), true, T);
	engine_tick(w.engine, T + 2 * TS_SEC);
	assert_non_null(world_last(&w, "iphttps-server"));
	world_close(&w);
}

/* The rings are bounded: a flood of connections leaves the VPN's own in place and every chain ends. */
static void
test_flood(void **state)
{
	struct world w;
	struct conn first = to_server(4999);

	(void)state;
	open_world(&w, true, 1);
	handshake(&w, &first, T, true);
	for (unsigned i = 0; i < 30000; i++) {
		struct conn c = to_server((uint16_t)(i % 50000 + 1024));
		c.sni = "www.example.com";
		c.server = addr4(198, 51, 100, (uint8_t)(1 + i % 8));
		c.client = addr4(10, 0, 0, (uint8_t)(100 + i % 8));
		client_hello(&w, &c, T + 2 * TS_SEC + i * TS_MS);
		server_hello(&w, &c, T + 2 * TS_SEC + i * TS_MS, 0);
	}
	const struct session *s = session_next(w.engine, 0, END_CLIENT, first.client, NULL);
	assert_non_null(s);
	assert_true(s->flags & SES_LEAF);
	unsigned n = 0;
	for (s = NULL; (s = session_next(w.engine, 0, END_CLIENT, addr4(10, 0, 0, 100), s));)
		assert_true(++n <= 8192);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_foreign_certificate),
		cmocka_unit_test(test_bent_and_accepted),
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_renewal),
		cmocka_unit_test(test_baseline),
		cmocka_unit_test(test_baseline_renewal),
		cmocka_unit_test(test_path_by_spoofing),
		cmocka_unit_test(test_path_by_own_session),
		cmocka_unit_test(test_behind_a_router),
		cmocka_unit_test(test_path_declared_terminator),
		cmocka_unit_test(test_event_rows),
		cmocka_unit_test(test_event_path_rows),
		cmocka_unit_test(test_event_prefers_the_bent),
		cmocka_unit_test(test_event_of_another_flow),
		cmocka_unit_test(test_port_reused),
		cmocka_unit_test(test_event_on_baseline),
		cmocka_unit_test(test_event_without_session),
		cmocka_unit_test(test_hidden_is_said),
		cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_plain_events),
		cmocka_unit_test(test_several_sessions),
		cmocka_unit_test(test_rows_windows),
		cmocka_unit_test(test_hash_text),
		cmocka_unit_test(test_server_side),
		cmocka_unit_test(test_server_events),
		cmocka_unit_test(test_recognised_in_clear),
		cmocka_unit_test(test_iphttps),
		cmocka_unit_test(test_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
