/* Facts to verdicts, row by row from the tables of DETECTIONS.md 2, 4 and 16. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine.h"
#include "vantage.h"
#include "verdict.h"
#include "view.h"

struct world {
	struct mac declared[1];
	struct auth_server server;
	struct auth_site site;
	struct authority authority;
	struct engine_conf conf;
	struct segment segment;
	struct engine *engine;
	struct hyp hyp;
	void *mem, *vantage;
};

static const struct mac ACTOR = { { 2, 0, 0, 0, 0, 0x66 } };

static void
no_emit(void *arg, const struct incident *i)
{
	(void)arg;
	(void)i;
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->declared[0] = (struct mac){ { 2, 0, 0, 0, 0, 2 } };
	w->server = (struct auth_server){ .mac = w->declared, .nmac = 1 };
	w->authority = (struct authority){ &w->site, 1 };
	w->conf.authority = &w->authority;
	w->conf.hosts = 64;
	w->mem = calloc(1, engine_bytes(&w->conf));
	w->engine = engine_open(&w->conf, w->mem, (struct sipkey){ { 1, 2 } }, no_emit, NULL);
	w->engine->segment_at[0] = &w->segment;
	w->engine->nsegment = 1;
	w->engine->now = 1000 * TS_SEC;
	w->vantage = calloc(1, vantage_bytes());
	vantage_open(w->engine, w->vantage);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;
	free(w->vantage);
	free(w->mem);
	free(w);
	return 0;
}

/* Which lists are declared decides whether the actor is unknown or unauthorised. */
static void
declare(struct world *w, bool yes)
{
	w->site.dhcp4_servers = w->site.dhcp6_servers = w->site.routers =
		(struct auth_servers){ yes, &w->server, yes };
}

static void
begin(struct world *w, enum family f)
{
	memset(&w->hyp, 0, sizeof(w->hyp));
	w->hyp.family = (uint8_t)f;
	w->hyp.actor = (struct actor){ .has_mac = true, .mac = ACTOR };
}

static void
fact(struct world *w, enum fact_id id, enum grade g, uint16_t flags)
{
	struct hyp *h = &w->hyp;
	h->fact[h->nfact] = (struct hyp_fact){ .id = (uint8_t)id,
					       .grade = (uint8_t)g,
					       .flags = flags,
					       .count = 1,
					       .first = (h->nfact + 1) * TS_SEC };
	h->nfact++;
}

static void
event(struct world *w, bool echo, bool names, bool impact)
{
	struct hyp *h = &w->hyp;
	h->event[h->nevent] = (struct hyp_event){ .serial = h->nevent + 1u,
						  .role = ROLE_CORROBORATES,
						  .echo = echo,
						  .names = names,
						  .impact = impact };
	h->nevent++;
}

static enum verdict
judge(struct world *w)
{
	struct judged j;
	verdict_of(w->engine, &w->hyp, &j);
	return (enum verdict)j.verdict;
}

static void
test_unknown(void **state)
{
	struct world *w = *state;

	declare(w, false);
	begin(w, FAM_D6_ROGUE);
	fact(w, F_D6_ROGUE, E0, FF_OPENS);
	assert_int_equal(judge(w), V_INFO);
	fact(w, F_D6_ACCEPT, E2, FF_USE); /* every server is obeyed */
	assert_int_equal(judge(w), V_INFO);
	event(w, true, true, false); /* an echo of a message proves nothing new */
	assert_int_equal(judge(w), V_INFO);
	fact(w, F_D6_DNS, E1, 0);
	assert_int_equal(judge(w), V_SUSPECTED);
	event(w, false, true, false); /* a free event that names the actor */
	assert_int_equal(judge(w), V_CONFIRMED);
}

static void
test_self_proving(void **state)
{
	struct world *w = *state;

	declare(w, false);
	begin(w, FAM_D6_ROGUE);
	fact(w, F_D6_ADDR, E1, FF_SP);
	assert_int_equal(judge(w), V_CONFIRMED);
	/* but never against a declared server */
	declare(w, true);
	w->declared[0] = ACTOR;
	assert_int_not_equal(judge(w), V_CONFIRMED);
}

static void
test_unauthorised(void **state)
{
	struct world *w = *state;

	declare(w, true);
	begin(w, FAM_D4_ROGUE);
	fact(w, F_D4_RACE, E1, 0);
	assert_int_equal(judge(w), V_SUSPECTED);
	fact(w, F_D4_ACCEPT, E2, FF_USE);
	assert_int_equal(judge(w), V_PROBABLE);
	event(w, true, true, false); /* an echo is H only beside a hard fact */
	assert_int_equal(judge(w), V_PROBABLE);
	fact(w, F_D4_ROGUE, E1, FF_HARD);
	assert_int_equal(judge(w), V_CONFIRMED);

	begin(w, FAM_D4_ROGUE);
	fact(w, F_D4_ROGUE, E1, FF_HARD);
	assert_int_equal(judge(w), V_PROBABLE);
	begin(w, FAM_D4_ROGUE); /* two rules about different fields of different messages */
	fact(w, F_D4_RACE, E1, 0);
	fact(w, F_D4_ROUTE, E1, 0);
	assert_int_equal(judge(w), V_PROBABLE);
	w->hyp.fact[1].first = w->hyp.fact[0].first; /* of one message: they count once */
	assert_int_equal(judge(w), V_SUSPECTED);
}

static void
test_names(void **state)
{
	struct world *w = *state;

	declare(w, false);
	begin(w, FAM_DNS);
	fact(w, F_DNS_USE, E3, FF_USE | FF_LATENT);
	assert_int_equal(judge(w), V_INFO);
	fact(w, F_DNS_NAME, E4, FF_RESTS);
	assert_int_equal(judge(w), V_CONFIRMED);
	begin(w, FAM_DNS); /* an E4 of its own: LLMNR answer for wpad */
	fact(w, F_DNS_NAME, E4, 0);
	assert_int_equal(judge(w), V_SUSPECTED);
	begin(w, FAM_DNS); /* a resolver that the user chose */
	fact(w, F_DNS_LL, E1, FF_HARD);
	assert_int_equal(judge(w), V_PROBABLE);
}

static void
test_flood(void **state)
{
	static const struct {
		enum fact_id a, b;
		bool impact, arp;
		enum verdict v;
	} rows[] = {
		{ F_D4_RATE, F_NONE, false, true, V_INFO },
		{ F_D4_RATE, F_NONE, true, true, V_SUSPECTED },
		{ F_D4_FANOUT, F_NONE, false, true, V_PROBABLE },
		{ F_D4_BADMAC, F_NONE, false, true, V_PROBABLE },
		{ F_D4_XID, F_NONE, false, true, V_PROBABLE },
		{ F_D4_FANOUT, F_NONE, true, true, V_CONFIRMED },
		{ F_D4_FANOUT, F_D4_GHOST, false, true, V_PROBABLE },
		{ F_D4_FANOUT, F_D4_XID, false, true, V_CONFIRMED },
		{ F_D4_BADMAC, F_D4_XID, false, false, V_CONFIRMED },
		{ F_D4_GHOST, F_NONE, false, false, V_SUSPECTED },
		{ F_D4_STOCK, F_NONE, false, false, V_SUSPECTED },
		{ F_D4_GHOST, F_NONE, true, false, V_PROBABLE },
		{ F_D4_STOCK, F_NONE, true, false, V_CONFIRMED },
		{ F_D4_GHOST, F_NONE, false, true, V_PROBABLE },
	};

	for (size_t i = 0; i < NELEM(rows); i++) {
		struct world *w = *state;
		memset(w->vantage, 0, vantage_bytes());
		vantage_open(w->engine, w->vantage);
		for (int k = 0; rows[i].arp && k < 20; k++)
			vantage_sample(w->engine, &w->segment, VB_ARP, true);
		begin(w, FAM_D4_STARVATION);
		fact(w, rows[i].a, rows[i].a == F_D4_RATE ? E0 : E1,
		     rows[i].a == F_D4_RATE ? FF_OPENS : FF_HARD);
		if (rows[i].b)
			fact(w, rows[i].b, E1, FF_HARD);
		if (rows[i].impact)
			event(w, false, false, true);
		if (judge(w) != rows[i].v)
			fail_msg("row %zu: %s instead of %s", i, verdict_name(judge(w)),
				 verdict_name(rows[i].v));
	}
}

static void
test_boot_storm_is_refuted_unless_hard(void **state)
{
	struct world *w = *state;

	begin(w, FAM_D4_FLOOD);
	fact(w, F_D4_RATE, E0, FF_OPENS);
	fact(w, F_DHCP_QUIET, E0, FF_EXPLAINS);
	assert_int_equal(judge(w), V_REFUTED);
	fact(w, F_D4_FANOUT, E1, FF_HARD);
	assert_int_equal(judge(w), V_PROBABLE);
}

static void
test_attempt_stays_medium(void **state)
{
	struct world *w = *state;
	struct judged j;

	declare(w, true);
	begin(w, FAM_D6_ROGUE);
	fact(w, F_D6_ADDR, E1, FF_SP);
	w->hyp.victims_total = 5;
	verdict_of(w->engine, &w->hyp, &j);
	assert_int_equal(j.verdict, V_CONFIRMED);
	assert_int_equal(j.severity, SEV_MEDIUM);
	fact(w, F_D6_ACCEPT, E2, FF_USE);
	verdict_of(w->engine, &w->hyp, &j);
	assert_int_equal(j.severity, SEV_CRITICAL); /* high, and one step for three victims or more */
	assert_in_range(j.confidence, 90, 99);
}

/* Resolvers are declared and the actor is none: an E4 and a free event that names it confirm (DETECTIONS.md 2, 16). */
static void
test_resolvers_declared(void **state)
{
	struct world *w = *state;
	static const enum family families[] = { FAM_DNS, FAM_ISATAP };

	for (size_t i = 0; i < NELEM(families); i++) {
		declare(w, false);
		w->site.resolvers.declared = false;
		begin(w, families[i]);
		fact(w, F_DNS_NAME, E4, 0);
		event(w, false, true, false);
		assert_int_equal(judge(w), V_SUSPECTED);
		w->site.resolvers.declared = true;
		assert_int_equal(judge(w), V_CONFIRMED);
	}
	begin(w, FAM_D6_ROGUE); /* resolvers say nothing about who may serve DHCPv6 */
	fact(w, F_DNS_NAME, E4, 0);
	event(w, false, true, false);
	assert_int_equal(judge(w), V_SUSPECTED);
}

static enum severity
severity(struct world *w)
{
	struct judged j;
	verdict_of(w->engine, &w->hyp, &j);
	return (enum severity)j.severity;
}

/* Severity is impact: DETECTIONS.md 2, and the steps of section 16. */
static void
test_severity(void **state)
{
	struct world *w = *state;
	static const enum severity of_grade[] = { SEV_INFO, SEV_MEDIUM, SEV_HIGH,
						  SEV_HIGH, SEV_HIGH,	SEV_CRITICAL };

	declare(w, true);
	for (unsigned g = E0; g <= E5; g++) {
		begin(w, FAM_D6_ROGUE);
		fact(w, F_D6_ROGUE, (enum grade)g, g ? FF_HARD : 0);
		assert_int_equal(severity(w), of_grade[g]);
	}
	begin(w, FAM_D6_ROGUE);
	fact(w, F_D6_ROGUE, E2, FF_HARD);
	w->hyp.victims_total = 2;
	assert_int_equal(severity(w), SEV_HIGH);
	w->hyp.victims_total = 3;
	assert_int_equal(severity(w), SEV_CRITICAL);

	begin(w, FAM_D6_ROGUE); /* never below the previous one while open */
	fact(w, F_D6_ROGUE, E1, 0);
	w->hyp.rev = 1;
	w->hyp.severity = SEV_HIGH;
	assert_int_equal(judge(w), V_SUSPECTED);
	assert_int_equal(severity(w), SEV_HIGH);
	w->hyp.closed = true;
	assert_int_equal(severity(w), SEV_MEDIUM);

	begin(w, FAM_MITM6); /* a chain that is not confirmed */
	w->hyp.host_fate = V_PROBABLE;
	assert_int_equal(severity(w), SEV_HIGH);
	w->hyp.host_fate = V_CONFIRMED;
	assert_int_equal(severity(w), SEV_CRITICAL);
}

static void
test_refutation_says_why(void **state)
{
	struct world *w = *state;
	struct judged j;

	begin(w, FAM_D4_FLOOD);
	fact(w, F_D4_RATE, E0, FF_OPENS);
	verdict_of(w->engine, &w->hyp, &j);
	assert_int_equal(j.nrefuted, 0);
	fact(w, F_DHCP_QUIET, E0, FF_EXPLAINS);
	verdict_of(w->engine, &w->hyp, &j);
	assert_int_equal(j.verdict, V_REFUTED);
	assert_int_equal(j.severity, SEV_LOW);
	assert_int_equal(j.nrefuted, 1);
	assert_string_equal(j.refuted_by[0], "every client shows a sign of life");
}

/* What is above E1 without resting on acceptance accuses like an E1; an E4 does so only where it is hard. */
static void
test_accusing_grades(void **state)
{
	struct world *w = *state;

	declare(w, false);
	begin(w, FAM_D6_ROGUE);
	fact(w, F_D6_DNS, E2, 0);
	assert_int_equal(judge(w), V_SUSPECTED);
	begin(w, FAM_DNS);
	fact(w, F_DNS_NAME, E4, FF_HARD);
	assert_int_equal(judge(w), V_CONFIRMED);
}

static const struct view_reason *
reason(const struct view_reason *v, size_t n, const char *asked)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].asked, asked) == 0)
			return &v[i];
	return NULL;
}

/* The reasons count each event on its own side, and leave out what does not apply. */
static void
test_reasons(void **state)
{
	struct world *w = *state;
	struct view_reason v[16];
	const char *clock = "does an event fit only while its host's clock is not known?",
		   *chain = "is it part of a chain that is confirmed?";

	begin(w, FAM_D6_ROGUE);
	for (int i = 0; i < 3; i++)
		event(w, false, true, false);
	w->hyp.event[1].role = w->hyp.event[2].role = ROLE_REFUTES;
	size_t n = verdict_reasons(w->engine, &w->hyp, v, NELEM(v));
	assert_int_equal(reason(v, n, "do host events agree?")->n, 1);
	assert_int_equal(reason(v, n, "does a host event speak against it?")->n, 2);
	assert_null(reason(v, n, clock));
	assert_null(reason(v, n, chain));
	w->hyp.event[1].withdrawn = true;
	w->hyp.lifted = true;
	n = verdict_reasons(w->engine, &w->hyp, v, NELEM(v));
	assert_int_equal(reason(v, n, clock)->n, 1);
	assert_non_null(reason(v, n, chain));
	assert_int_equal(verdict_reasons(w->engine, &w->hyp, v, 1), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_self_proving, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unauthorised, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flood, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_boot_storm_is_refuted_unless_hard, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_attempt_stays_medium, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resolvers_declared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_severity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refutation_says_why, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_accusing_grades, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reasons, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
