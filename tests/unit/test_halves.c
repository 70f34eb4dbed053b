/* Host events whose wire half is missing, and the same with the vantage removed or a benign explanation present: the rows
 * of joins.c that speak alone (DETECTIONS.md 2, 10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "world.h"

static const ts_t EVENT_AT = WORLD_START + 2 * TS_DAY;

/* Everything a row could want to have seen. */
static void
full_vantage(struct world *w)
{
	for (unsigned b = 0; b < VANTAGE_BITS; b++)
		for (int i = 0; i < 20; i++)
			vantage_sample(w->engine, w->engine->segment_at[0], (enum vantage_bit)b, true);
}

static struct hostev
event_of(const struct join *j)
{
	struct hostev ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = j->kind;
	ev.event_id = j->event_id ? j->event_id : 7;
	ev.provider = bytes_str(j->provider);
	ev.set = HES_ADDR | HES_PEER | HES_ROUTER;
	ev.router = addr4(10, 0, 0, 98);
	ev.peer = addr4(10, 0, 0, 99);
	/* an address that no DHCPv6 server may assign, for the rows that speak alone only of such */
	if (j->kind == HE_D6_ADVERTISE || j->kind == HE_D6_REPLY)
		assert_true(addr_parse(bytes_str("fe80::1:2"), &ev.addr));
	else
		ev.addr = addr4(10, 0, 0, 99);
	return ev;
}

struct set_up {
	bool vantage, loss, cut_short;
	struct authority *authority;
	const struct hostev *ev;
};

/* The verdict that a lone event ends with. */
static struct told
alone(const struct join *j, const struct set_up *s)
{
	struct world w;
	struct hostev ev = s->ev ? *s->ev : event_of(j);
	struct told t = { .verdict = VERDICTS };

	world_open(&w);
	w.conf.authority = s->authority;
	engine_tick(w.engine, EVENT_AT - 60 * TS_SEC);
	if (s->vantage)
		full_vantage(&w);
	if (s->loss) {
		engine_tick(w.engine, EVENT_AT);
		vantage_loss(w.engine, &(struct loss){ .packets = 10,
						       .total = 1000,
						       .since = EVENT_AT - TS_MIN,
						       .until = EVENT_AT });
	}
	world_event(&w, &ev, WORLD_VICTIM, EVENT_AT);
	if (!s->cut_short && j->to >= 3600) { /* sight is of the last hour */
		engine_tick(w.engine, EVENT_AT + j->to * TS_SEC);
		if (s->vantage)
			full_vantage(&w);
	}
	if (!s->cut_short)
		world_frame(&w, WORLD_OTHER, addr4(10, 0, 0, 12), EVENT_AT + j->to * TS_SEC + 1000 * TS_SEC);
	engine_end(w.engine);
	const struct told *last = world_last(&w, detection_at(j->alone)->id);
	if (last)
		t = *last;
	world_close(&w);
	return t;
}

static bool
speaks(const struct join *j)
{
	return j->alone != FAMILIES;
}

/* The rows about a foreign server speak alone only where servers are declared. */
static struct auth_server server;
static struct addr server_ip;
static struct auth_site site;
static struct authority declared = { &site, 1 };

static void
declare(struct addr ip)
{
	server_ip = ip;
	server = (struct auth_server){ .ip = &server_ip, .nip = 1 };
	site = (struct auth_site){ .dhcp4_servers = { true, &server, 1 } };
}

/* Where absence itself refutes: a watched and clean window without the cause does so. */
static bool
absence_refutes(const struct join *j)
{
	static const uint8_t rules[] = { R_NO_FLOOD, R_ADDRESS_QUIET, R_SERVER_SEEN,   R_NO_ROUTES,
					 R_FLOODED,  R_BOUND,	      R_NOT_AUTHORISED };

	for (size_t i = 0; i < NELEM(rules); i++)
		if (j->refute == rules[i])
			return true;
	return false;
}

static void
test_host_half_alone(void **state)
{
	const struct join *j;
	unsigned rows = 0;

	(void)state;
	declare(addr4(10, 0, 0, 2));
	for (size_t i = 0; (j = join_at(i)); i++) {
		if (!speaks(j))
			continue;
		struct told t = alone(j, &(struct set_up){ .vantage = true, .authority = &declared });
		enum verdict want = absence_refutes(j) ? V_REFUTED : V_HOST_ONLY;
		if (t.verdict != want)
			fail_msg("%s: %s", j->id,
				 t.verdict == VERDICTS ? "nothing told" : verdict_name(t.verdict));
		if (want == V_HOST_ONLY && t.severity > j->sev_alone)
			fail_msg("%s: severity %s above its row", j->id, severity_name(t.severity));
		rows++;
	}
	print_message("%u rows speak alone\n", rows);
}

static void
test_vantage_removed(void **state)
{
	static const struct set_up cases[] = { { .vantage = false },
					       { .vantage = true, .loss = true },
					       { .vantage = true, .cut_short = true } };
	const struct join *j;

	(void)state;
	declare(addr4(10, 0, 0, 2));
	for (size_t i = 0; (j = join_at(i)); i++)
		for (size_t k = 0; speaks(j) && k < NELEM(cases); k++) {
			struct set_up s = cases[k];
			s.authority = &declared;
			struct told t = alone(j, &s);
			/* no packet belongs to it: none can be missing */
			if (t.verdict != (j->vantage ? V_UNVERIFIABLE : V_HOST_ONLY))
				fail_msg("%s, case %zu: %s", j->id, k,
					 t.verdict == VERDICTS ? "nothing told" : verdict_name(t.verdict));
		}
}

static void
test_explained(void **state)
{
	const struct join *j;

	(void)state;
	for (size_t i = 0; (j = join_at(i)); i++) {
		if (!speaks(j) || (j->refute != R_ISATAP && j->refute != R_PEER_AUTHORISED))
			continue;
		struct hostev ev = event_of(j);
		struct addr router = ev.router;
		declare(ev.peer);
		if (j->kind == HE_D4_OFFER || j->kind == HE_D4_ACK)
			continue; /* naming a declared server they say nothing at all: test_echo_of_declared_server */
		site.isatap_routers = (struct auth_addrs){ true, &router, 1 };
		struct told t =
			alone(j, &(struct set_up){ .vantage = true, .authority = &declared, .ev = &ev });
		if (t.verdict != V_REFUTED)
			fail_msg("%s: %s although explained", j->id,
				 t.verdict == VERDICTS ? "nothing told" : verdict_name(t.verdict));
	}
}

static void
test_echo_of_declared_server(void **state)
{
	const struct join *j;

	(void)state;
	declare(addr4(10, 0, 0, 99));
	for (size_t i = 0; (j = join_at(i)); i++)
		if (speaks(j) && (j->kind == HE_D4_OFFER || j->kind == HE_D4_ACK))
			assert_int_equal(
				alone(j, &(struct set_up){ .vantage = true, .authority = &declared }).verdict,
				VERDICTS);
}

/* 4100 with an empty or loopback router, or an error, sets no router (DETECTIONS.md 10). */
static void
test_isatap_without_router(void **state)
{
	const struct join *j = join_at(0);

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct hostev ev = event_of(j);
		if (k == 0)
			ev.router = (struct addr){ 0 };
		else if (k == 1)
			ev.router = addr4(127, 0, 0, 1);
		else
			ev.set |= HES_ERROR, ev.error = 0x490;
		assert_int_equal(alone(j, &(struct set_up){ .vantage = true, .ev = &ev }).verdict, V_REFUTED);
	}
}

/* Nobody's own ISATAP router has a public address (DETECTIONS.md 10). */
static void
test_isatap_public(void **state)
{
	const struct join *j = join_at(0);
	struct hostev ev = event_of(j);

	(void)state;
	assert_int_equal(alone(j, &(struct set_up){ .vantage = true, .ev = &ev }).severity, SEV_MEDIUM);
	ev.router = addr4(198, 51, 100, 9);
	struct told t = alone(j, &(struct set_up){ .vantage = true, .ev = &ev });
	assert_int_equal(t.verdict, V_HOST_ONLY);
	assert_int_equal(t.severity, SEV_HIGH);
}

/* 4202 with the error of a protocol that policy switched off tells nothing of the wire. */
static void
test_disabled_by_policy(void **state)
{
	(void)state;
	for (int disabled = 0; disabled < 2; disabled++) {
		struct world w;
		struct hostev ev = { .kind = HE_ADDRESS_UPDATE_FAILED,
				     .event_id = 4202,
				     .provider = bytes_str("Microsoft-Windows-Iphlpsvc"),
				     .set = HES_ERROR,
				     .error = disabled ? 0x490 : 0x57 };
		struct fact f = { .id = F_RA_ROGUE,
				  .family = FAM_RA,
				  .grade = E1,
				  .flags = FF_HARD,
				  .actor = { .has_mac = true, .mac = WORLD_ACTOR },
				  .has_victim = true,
				  .victim = WORLD_VICTIM };
		world_open(&w);
		world_fact(&w, &f, WORLD_START + 50 * TS_SEC);
		world_event(&w, &ev, WORLD_VICTIM, WORLD_START + 51 * TS_SEC);
		engine_end(w.engine);
		const struct told *t = world_last(&w, "rogue-ra");
		assert_non_null(t);
		assert_int_equal(t->nevent, disabled ? 0 : 1);
		world_close(&w);
	}
}

/* Announced work explains the rows that say so, at its time, give or take the clock's error, and no other row. */
static void
test_announced_work(void **state)
{
	static const struct {
		const char *id;
		int from, to; /* minutes from the event */
		enum verdict want;
	} cases[] = {
		{ "4500", -10, 10, V_REFUTED },	   { "4500", -20, -10, V_HOST_ONLY },
		{ "4500", 10, 20, V_HOST_ONLY },   { "4501", -10, 10, V_REFUTED },
		{ "20255", -10, 10, V_REFUTED },   { "20255", 10, 20, V_HOST_ONLY },
		{ "20256", -10, 10, V_HOST_ONLY }, { "7", -10, 10, V_HOST_ONLY },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		size_t n = 0;
		const struct join *j;
		struct auth_change change = { EVENT_AT + cases[i].from * TS_MIN,
					      EVENT_AT + cases[i].to * TS_MIN };

		while ((j = join_at(n)) && strcmp(j->id, cases[i].id) != 0)
			n++;
		assert_non_null(j);
		site = (struct auth_site){ .changes_declared = true, .changes = &change, .nchanges = 1 };
		struct told t = alone(j, &(struct set_up){ .vantage = true, .authority = &declared });
		if (t.verdict != cases[i].want)
			fail_msg("case %zu, %s: %s", i, j->id, verdict_name(t.verdict));
	}
}

/* A reply to rogue detection that tells another domain than the event names is not what the event is about. */
static void
test_domain(void **state)
{
	(void)state;
	for (int k = 0; k < 3; k++) { /* the same, another, unknown */
		struct world w;
		struct hostev ev = { .kind = HE_WORKGROUP_SAW_DOMAIN,
				     .event_id = 1052,
				     .provider = bytes_str("Microsoft-Windows-DHCP-Server"),
				     .set = HES_PEER | (k < 2 ? HES_NAME : 0),
				     .peer = addr4(10, 0, 0, 66),
				     .name = bytes_str("corp.lab") };
		struct fact f = {
			.id = F_D4_AUTHKILL,
			.family = FAM_D4_AUTHKILL,
			.grade = E1,
			.flags = FF_HARD,
			.actor = { .has_mac = true, .mac = WORLD_ACTOR, .addr = addr4(10, 0, 0, 66) },
			.has_victim = true,
			.victim = WORLD_VICTIM,
			.name = name_hash(bytes_str(k == 1 ? "evil" : "CORP.LAB"))
		};
		world_open(&w);
		world_frame(&w, WORLD_ACTOR, addr4(10, 0, 0, 66), WORLD_START + TS_SEC);
		world_fact(&w, &f, WORLD_START + 50 * TS_SEC);
		world_event(&w, &ev, WORLD_VICTIM, WORLD_START + 51 * TS_SEC);
		engine_end(w.engine);
		const struct told *t = world_last(&w, "dhcp-authorisation-kill");
		assert_non_null(t);
		assert_int_equal(t->nevent, k == 1 ? 0 : 1);
		world_close(&w);
	}
}

/* 4000 of a declared Teredo server is no news. */
static void
test_teredo_declared(void **state)
{
	struct addr ip = addr4(10, 0, 0, 11);
	struct auth_site s = { .teredo_servers = { true, &ip, 1 } };
	struct authority a = { &s, 1 };
	const struct join *j;

	(void)state;
	for (size_t i = 0; (j = join_at(i)); i++) {
		if (j->refute != R_TEREDO)
			continue;
		struct hostev ev = event_of(j);
		ev.host_ip[0] = ip;
		ev.nhost_ip = 1;
		struct set_up known = { .vantage = true, .authority = &a, .ev = &ev },
			      other = { .vantage = true, .ev = &ev };
		assert_int_equal(alone(j, &known).verdict, V_REFUTED);
		assert_int_equal(alone(j, &other).verdict, V_HOST_ONLY);
	}
}

/* A late packet withdraws the verdict of a lone event: the fact joins it and the incident of the actor is confirmed. */
static void
test_wire_half_comes_late(void **state)
{
	const struct join *j = join_at(0);
	struct world w;
	struct hostev ev = event_of(j);

	(void)state;
	world_open(&w);
	ev.router = addr4(10, 0, 0, 66);
	world_event(&w, &ev, WORLD_VICTIM, WORLD_START + 100 * TS_SEC);
	assert_int_equal(w.ntold, 0); /* nobody waits, and nothing is said before the window is over */
	struct fact f = { .id = F_DNS_NAME,
			  .family = FAM_DNS,
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = { .has_mac = true, .mac = WORLD_ACTOR, .addr = addr4(10, 0, 0, 66) },
			  .has_victim = true,
			  .victim = WORLD_VICTIM,
			  .key = addr4(10, 0, 0, 66) };
	world_fact(&w, &f, WORLD_START + 101 * TS_SEC);
	engine_end(w.engine);
	const struct told *t = world_last(&w, "dns-takeover");
	assert_non_null(t);
	assert_int_equal(t->verdict, V_CONFIRMED);
	assert_int_equal(t->nevent, 1);
	assert_null(world_last(&w, "isatap-rogue-router"));
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_half_alone),
		cmocka_unit_test(test_vantage_removed),
		cmocka_unit_test(test_explained),
		cmocka_unit_test(test_echo_of_declared_server),
		cmocka_unit_test(test_isatap_without_router),
		cmocka_unit_test(test_isatap_public),
		cmocka_unit_test(test_disabled_by_policy),
		cmocka_unit_test(test_announced_work),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_teredo_declared),
		cmocka_unit_test(test_wire_half_comes_late),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
