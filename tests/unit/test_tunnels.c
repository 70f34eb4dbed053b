/* Who tunnels to whom: grades, actors and bounds of ISA-*, TER-* and TUN-NEST (DETECTIONS.md 7).  What each says of packets:
 * tests/scenario/fires.py and traps.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hypothesis.h"
#include "resolvers.h"
#include "tunnels.h"
#include "world.h"

static const struct mac GATEWAY = { { 2, 0, 0, 0, 0, 1 } };
static struct world w;
static uint64_t frame;

static int
setup(void **state)
{
	(void)state;
	frame = 0;
	return 0;
}

static struct obs
packet(enum obs_kind kind, struct mac from, struct mac to, struct addr src, struct addr dst)
{
	struct obs o;

	memset(&o, 0, sizeof(o));
	o.ts = w.engine->now == TS_NONE ? WORLD_START : w.engine->now + TS_SEC;
	o.frame = ++frame;
	o.kind = (uint16_t)kind;
	o.digest = frame;
	o.outer = (struct ends){ .smac = from, .dmac = to, .src = src, .dst = dst, .hop_limit = 64 };
	o.inner = o.outer;
	return o;
}

static struct addr
six(const char *text)
{
	struct addr a;

	assert_true(addr_parse(bytes_str(text), &a));
	return a;
}

/* The message inside the carrier that engine_obs() was given last, in the same frame. */
static void
inside(struct obs o, uint8_t type, const char *src)
{
	struct ends outer = o.outer;

	o.kind = OBS_ND;
	o.depth = 1;
	o.inner.src = six(src);
	o.inner.dst = six("ff02::2");
	o.inner.hop_limit = 255;
	o.outer = outer;
	memset(&o.u, 0, sizeof(o.u));
	o.u.nd.type = type;
	o.digest += 1000000;
	engine_obs(w.engine, &o);
}

static void
isatap(uint8_t type, struct mac from, struct mac to, struct addr src, struct addr dst)
{
	struct obs o = packet(OBS_TUNNEL6, from, to, src, dst);

	o.u.tunnel6.set = 1u << T6H_INNER;
	o.u.tunnel6.src = six("fe80::5efe:10.0.0.11");
	if (type == ND_RA)
		memcpy(o.u.tunnel6.src.b + 12, src.b, 4);
	engine_obs(w.engine, &o);
	if (type)
		inside(o, type, type == ND_RA ? "fe80::5efe:10.0.0.66" : "fe80::5efe:10.0.0.11");
}

static void
teredo_rs(struct mac from, struct mac to, struct addr src, struct addr dst)
{
	struct obs o = packet(OBS_TEREDO, from, to, src, dst);

	o.outer.ipproto = o.inner.ipproto = 17;
	o.outer.sport = o.inner.sport = 50000;
	o.outer.dport = o.inner.dport = TEREDO_PORT;
	o.u.teredo.set = 1u << TERH_INNER;
	o.u.teredo.src = six("fe80::8000:ffff:ffff:fffd");
	o.u.teredo.dst = six("ff02::2");
	engine_obs(w.engine, &o);
	inside(o, ND_RS, "fe80::8000:ffff:ffff:fffd");
}

/* RFC 1035 4.1: the answer "<name> A <addr>" of the actor to the victim; `name` in labels. */
static void
answer(struct mac to, const char *labels, size_t n, struct addr a)
{
	uint8_t msg[128] = { 0, 7, 0x81, 0x80, 0, 0, 0, 1 };
	struct out out = out_init(msg + 12, sizeof(msg) - 12);
	struct obs o = packet(OBS_DNS, WORLD_ACTOR, to, addr4(10, 0, 0, 66), addr4(10, 0, 0, 11));

	out_put(&out, labels, n);
	out_be(&out, 0, 1);
	out_be(&out, 1, 2);
	out_be(&out, 1, 2);
	out_be(&out, 60, 4);
	out_be(&out, 4, 2);
	out_put(&out, a.b, 4);
	o.outer.sport = o.inner.sport = 53;
	o.outer.dport = o.inner.dport = 50001;
	o.u.dns = (struct dns){ .response = 1, .ancount = 1, .msg = bytes_of(msg, 12 + out.n) };
	engine_obs(w.engine, &o);
}
#define ANSWER(to, labels, a) answer(to, labels, sizeof(labels) - 1, a)

/* The actor has given itself as resolver: an accusation that an answer can rest on. */
static void
rogue(void)
{
	struct fact f = { .id = F_D4_ROGUE,
			  .family = FAM_D4_ROGUE,
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = { .has_mac = true, .mac = WORLD_ACTOR, .addr = addr4(10, 0, 0, 66) },
			  .has_victim = true,
			  .victim = WORLD_VICTIM };
	world_fact(&w, &f, w.engine->now + TS_SEC);
	resolver_note(w.engine, w.engine->segment_at[0], addr4(10, 0, 0, 66), WORLD_ACTOR);
}

static struct addr listed[1];
static struct mac router_mac[1];
static struct auth_server router[1];
static struct auth_site site;
static struct authority authority = { &site, 1 };

/* Lists that name 192.0.2.1, or none at all. */
static void
begin(bool lists)
{
	world_open(&w);
	listed[0] = addr4(192, 0, 2, 1);
	router_mac[0] = GATEWAY;
	router[0] = (struct auth_server){ .mac = router_mac, .nmac = 1 };
	site = (struct auth_site){ .routers = { true, router, 1 } };
	if (lists)
		site.isatap_routers = site.teredo_servers = (struct auth_addrs){ true, listed, 1 };
	w.conf.authority = &authority;
}

static const struct hyp *
by_addr(enum family f, struct addr a)
{
	struct actor actor = { .addr = a };

	return hyp_find(w.engine, (uint8_t)f, w.engine->segment_at[0], &actor);
}

static const struct hyp *
by_mac(enum family f, struct mac m)
{
	return hyp_of(w.engine, f, w.engine->segment_at[0], m);
}

/* ---- ISATAP ---- */
static void
test_router_grades(void **state)
{
	static const struct {
		bool lists, answered;
		uint8_t grade;
		enum verdict verdict;
	} cases[] = { { false, false, E0, V_INFO },
		      { false, true, E0, V_INFO },
		      { true, false, E1, V_PROBABLE },
		      { true, true, E3, V_CONFIRMED } };
	struct addr host = addr4(10, 0, 0, 11), to = addr4(10, 0, 0, 66);

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		begin(cases[i].lists);
		isatap(ND_RS, WORLD_VICTIM, WORLD_ACTOR, host, to);
		if (cases[i].answered)
			isatap(ND_RA, WORLD_ACTOR, WORLD_VICTIM, to, host);
		isatap(0, WORLD_VICTIM, WORLD_ACTOR, host, to);
		const struct hyp *h = by_mac(FAM_ISATAP, WORLD_ACTOR);
		assert_non_null(h);
		assert_int_equal(hyp_fact_of(h, F_ISA_ROUTER)->grade, cases[i].grade);
		assert_int_equal(h->verdict, cases[i].verdict);
		assert_int_equal(h->nvictim, 1);
		assert_memory_equal(&h->victim[0].mac, &WORLD_VICTIM, 6);
		world_close(&w);
	}
}

/* Off the link the router has no MAC here; a public one is high (DETECTIONS.md 7). */
static void
test_router_abroad(void **state)
{
	static const struct {
		struct addr to;
		enum severity severity;
	} cases[] = { { { 4, { 10, 9, 9, 9 } }, SEV_MEDIUM }, { { 4, { 198, 51, 100, 9 } }, SEV_HIGH } };

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		begin(true);
		isatap(ND_RS, WORLD_VICTIM, GATEWAY, addr4(10, 0, 0, 11), cases[i].to);
		const struct hyp *h = by_addr(FAM_ISATAP, cases[i].to);
		assert_non_null(h);
		assert_false(h->actor.has_mac);
		assert_int_equal(h->severity, cases[i].severity);
		world_close(&w);
	}
}

/* E4 where a name server without standing gave the address to this host; without a list to anybody. */
static void
test_router_by_name(void **state)
{
	(void)state;
	for (int lists = 0; lists < 2; lists++)
		for (int other = 0; other < 2; other++) {
			begin(lists);
			rogue();
			ANSWER(other ? WORLD_OTHER : WORLD_VICTIM, "\6isatap\4corp", addr4(10, 0, 0, 66));
			isatap(ND_RS, WORLD_VICTIM, WORLD_ACTOR, addr4(10, 0, 0, 11), addr4(10, 0, 0, 66));
			const struct hyp *h = by_mac(FAM_ISATAP, WORLD_ACTOR);
			assert_non_null(h);
			assert_int_equal(hyp_fact_of(h, F_ISA_ROUTER)->grade, E4);
			assert_int_equal(h->verdict, V_CONFIRMED);
			world_close(&w);
		}
}

/* The true router, named by a false server: the server is meant, and only by the host it told. */
static void
test_true_router_by_name(void **state)
{
	(void)state;
	for (int other = 0; other < 2; other++) {
		begin(true);
		rogue();
		ANSWER(other ? WORLD_OTHER : WORLD_VICTIM, "\6isatap\4corp", addr4(192, 0, 2, 1));
		isatap(ND_RS, WORLD_VICTIM, GATEWAY, addr4(10, 0, 0, 11), addr4(192, 0, 2, 1));
		assert_null(by_addr(FAM_ISATAP, addr4(192, 0, 2, 1)));
		assert_null(by_mac(FAM_ISATAP, GATEWAY));
		const struct hyp *h = by_mac(FAM_ISATAP, WORLD_ACTOR);
		assert_int_equal(h != NULL, !other);
		world_close(&w);
	}
}

/* ---- Teredo ---- */
static void
test_server_grades(void **state)
{
	static const struct {
		bool lists, named;
		uint8_t grade;
		enum verdict verdict;
	} cases[] = { { false, false, E1, V_SUSPECTED },
		      { true, false, E1, V_PROBABLE },
		      { false, true, E4, V_CONFIRMED },
		      { true, true, E4, V_CONFIRMED } };
	struct addr server = addr4(198, 51, 100, 1);

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		begin(cases[i].lists);
		if (cases[i].named) {
			rogue();
			ANSWER(WORLD_VICTIM, "\6teredo\7example\3net", server);
		}
		teredo_rs(WORLD_VICTIM, GATEWAY, addr4(10, 0, 0, 11), server);
		const struct hyp *h = by_addr(FAM_TEREDO, server);
		assert_non_null(h);
		assert_int_equal(hyp_fact_of(h, F_TER_SRV)->grade, cases[i].grade);
		assert_int_equal(h->verdict, cases[i].verdict);
		world_close(&w);
	}
	begin(true);
	teredo_rs(WORLD_VICTIM, GATEWAY, addr4(10, 0, 0, 11), addr4(192, 0, 2, 1));
	assert_null(by_addr(FAM_TEREDO, addr4(192, 0, 2, 1)));
	world_close(&w);
}

/* 4003 of the host names the server that the false resolver gave: it joins both families. */
static void
test_name_invalid(void **state)
{
	struct hostev ev = { .kind = HE_TEREDO_NAME_INVALID,
			     .event_id = 4003,
			     .provider = bytes_str("Microsoft-Windows-Iphlpsvc"),
			     .set = HES_NAME,
			     .name = bytes_str("teredo.example.net") };

	(void)state;
	begin(false);
	rogue();
	ANSWER(WORLD_VICTIM, "\6teredo\7example\3net", addr4(198, 51, 100, 1));
	teredo_rs(WORLD_VICTIM, GATEWAY, addr4(10, 0, 0, 11), addr4(198, 51, 100, 1));
	world_event(&w, &ev, WORLD_VICTIM, w.engine->now + TS_SEC);
	const struct hyp *h = by_addr(FAM_TEREDO, addr4(198, 51, 100, 1));
	assert_int_equal(h->nevent, 1);
	ev.name = bytes_str("other.example.net");
	world_event(&w, &ev, WORLD_VICTIM, w.engine->now + TS_SEC);
	assert_int_equal(h->nevent, 1);
	world_close(&w);
}

static void
bubble(struct addr src, uint16_t sport, struct addr dst, uint16_t dport, const char *from, const char *to,
       struct addr origin)
{
	struct obs o = packet(OBS_TEREDO, WORLD_VICTIM, GATEWAY, src, dst);

	o.inner.sport = sport;
	o.inner.dport = dport;
	o.outer = o.inner;
	o.u.teredo.set = 1u << TERH_INNER;
	if (addr_set(origin)) {
		o.u.teredo.set |= 1u << TERH_ORIGIN;
		o.u.teredo.origin = origin;
		o.u.teredo.origin_port = 50000;
	}
	o.u.teredo.src = six(from);
	o.u.teredo.dst = six(to);
	o.u.teredo.bubble = true;
	engine_obs(w.engine, &o);
}

/* Clients 203.0.113.11:50000 and .12:50001 of the servers 192.0.2.1 and 198.51.100.1 (RFC 4380 4, 5.2.4). */
#define A6 "2001:0:c000:201:0:3caf:34ff:8ef4"
#define B6 "2001:0:c633:6401:0:3cae:34ff:8ef3"
static void
test_addresses(void **state)
{
	const struct addr a = addr4(203, 0, 113, 11), b = addr4(203, 0, 113, 12), none = { 0 };
	const struct addr sa = addr4(192, 0, 2, 1), sb = addr4(198, 51, 100, 1), x = addr4(203, 0, 113, 99);
	const struct {
		const char *what;
		struct addr src, dst;
		uint16_t sport, dport;
		const char *from, *to;
		struct addr origin;
		bool lies;
	} cases[] = {
		{ "to the peer", a, b, 50000, 50001, A6, B6, none, false },
		{ "to the peer's server", a, sb, 50000, 3544, A6, B6, none, false },
		{ "from there", sb, b, 3544, 50001, A6, B6, a, false },
		{ "before the translator", addr4(10, 0, 0, 11), b, 4242, 50001, A6, B6, none, false },
		{ "to its own server", a, sa, 50000, 3544, A6, "2001:db8::1", none, false },
		{ "another sender", x, b, 50000, 50001, A6, B6, none, true },
		{ "another port", a, b, 50002, 50001, A6, B6, none, true },
		{ "another origin", sb, b, 3544, 50001, A6, B6, x, true },
		{ "a server of neither", a, x, 50000, 3544, A6, B6, none, true },
		{ "from a server of another client", sa, b, 3544, 50001, A6, B6, a, true },
		{ "a private client", addr4(10, 0, 0, 11), b, 50000, 50001,
		  "2001:0:c000:201:0:3caf:f5ff:fff4", B6, none, true },
		{ "a client in a multicast group", a, addr4(10, 0, 0, 9), 50000, 50001, A6,
		  "2001:0:c000:201:0:3caf:1fff:fffe", none, true },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		begin(false);
		bubble(cases[i].src, cases[i].sport, cases[i].dst, cases[i].dport, cases[i].from, cases[i].to,
		       cases[i].origin);
		bool lies = false;
		for (struct hyp *h = hyp_next(w.engine, NULL); h; h = hyp_next(w.engine, h))
			lies |= hyp_holds(h, F_TER_ADDR);
		if (lies != cases[i].lies)
			fail_msg("%s", cases[i].what);
		world_close(&w);
	}
}

/* ---- bounds ---- */

/* One packet a millisecond says the same thing once a second. */
static void
test_bulk(void **state)
{
	(void)state;
	begin(true);
	for (int i = 0; i < 3000; i++) {
		struct obs o = packet(OBS_TUNNEL6, WORLD_ACTOR, WORLD_VICTIM, addr4(10, 0, 0, 66),
				      addr4(10, 0, 0, 11));
		o.ts = WORLD_START + 10 * TS_SEC + i * TS_MS;
		o.u.tunnel6.set = 1u << T6H_INNER;
		o.u.tunnel6.src = six("2001:db8::5efe:10.0.0.12");
		engine_obs(w.engine, &o);
	}
	const struct hyp *h = by_mac(FAM_ISATAP, WORLD_ACTOR);
	assert_non_null(h);
	assert_in_range(hyp_fact_of(h, F_ISA_SPOOF)->count, 2, 4);
	world_close(&w);
}

/* Forged ends push each other out; what is there goes on working. */
static void
test_flood(void **state)
{
	(void)state;
	begin(false);
	for (unsigned i = 0; i < 5000; i++) {
		struct addr host = addr4(10, 1, (uint8_t)(i >> 8), (uint8_t)i);
		struct addr to = addr4(10, (uint8_t)(2 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i);
		isatap(ND_RS, WORLD_OTHER, GATEWAY, host, to);
		teredo_rs(WORLD_OTHER, GATEWAY, host, to);
	}
	world_frame(&w, WORLD_ACTOR, addr4(10, 0, 0, 66), w.engine->now + TS_SEC);
	isatap(ND_RS, WORLD_VICTIM, WORLD_ACTOR, addr4(10, 0, 0, 11), addr4(10, 0, 0, 66));
	assert_true(tunnel_known(w.engine, TUNNEL_ISATAP, addr4(10, 0, 0, 66)));
	assert_non_null(by_mac(FAM_ISATAP, WORLD_ACTOR));
	unsigned told = 0;
	for (struct hyp *h = hyp_next(w.engine, NULL); h; h = hyp_next(w.engine, h))
		told += h->shown && !h->closed;
	assert_in_range(told, 3, 300); /* of 5000 forged servers and routers */
	assert_non_null(by_addr(FAM_TEREDO, (struct addr){ 0 }));
	world_close(&w);
}

/* A message of another frame did not come out of the carrier read last. */
static void
test_carrier(void **state)
{
	struct obs o;

	(void)state;
	begin(true);
	o = packet(OBS_TUNNEL6, WORLD_VICTIM, WORLD_ACTOR, addr4(10, 0, 0, 11), addr4(10, 0, 0, 66));
	engine_obs(w.engine, &o);
	o.frame++;
	inside(o, ND_RS, "fe80::5efe:10.0.0.11");
	assert_null(by_mac(FAM_ISATAP, WORLD_ACTOR));
	o.frame--;
	o.digest++;
	inside(o, ND_RS, "fe80::5efe:10.0.0.11");
	assert_non_null(by_mac(FAM_ISATAP, WORLD_ACTOR));
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_router_grades, setup),
		cmocka_unit_test_setup(test_router_abroad, setup),
		cmocka_unit_test_setup(test_router_by_name, setup),
		cmocka_unit_test_setup(test_true_router_by_name, setup),
		cmocka_unit_test_setup(test_server_grades, setup),
		cmocka_unit_test_setup(test_name_invalid, setup),
		cmocka_unit_test_setup(test_addresses, setup),
		cmocka_unit_test_setup(test_bulk, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_carrier, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
