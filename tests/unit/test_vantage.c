/* What was in view at which time (DETECTIONS.md 1.2): asked for a time that is past, the answer is the one it would have had then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "world.h"

enum { HOURS = 30, MINUTES_MODELLED = HOURS * 60, REMEMBERED = 25 * 60 };

static struct segment *
seg(const struct world *w)
{
	return w->engine->segment_at[0];
}

static void
samples(struct world *w, enum vantage_bit b, unsigned seen, unsigned unseen)
{
	for (unsigned i = 0; i < seen + unseen; i++)
		vantage_sample(w->engine, seg(w), b, i < seen);
}

static void
answer_of_its_own_time(void **state)
{
	struct world w;
	ts_t at = WORLD_START + TS_HOUR;

	(void)state;
	world_open(&w);
	engine_tick(w.engine, at);
	samples(&w, VB_U, 20, 0);
	assert_true(vantage_has(w.engine, seg(&w), VB_U));
	assert_true(vantage_had(w.engine, seg(&w), VB_U, at));
	engine_tick(w.engine, at + 2 * TS_HOUR); /* an hour without a sample: unknown */
	assert_false(vantage_has(w.engine, seg(&w), VB_U));
	assert_true(vantage_had(w.engine, seg(&w), VB_U, at));
	assert_true(vantage_had(w.engine, seg(&w), VB_U, at + 59 * TS_MIN));
	assert_false(vantage_had(w.engine, seg(&w), VB_U, at + 60 * TS_MIN));
	assert_false(vantage_had(w.engine, seg(&w), VB_U, at - TS_MIN));
	samples(&w, VB_U, 1, 30);
	engine_tick(w.engine, at + 6 * TS_HOUR);
	assert_true(vantage_had(w.engine, seg(&w), VB_U, at));
	assert_false(vantage_had(w.engine, seg(&w), VB_U, at + 2 * TS_HOUR));
	engine_tick(w.engine, at + 40 * TS_HOUR); /* further back than is remembered */
	assert_false(vantage_had(w.engine, seg(&w), VB_U, at));
	assert_false(vantage_had(w.engine, seg(&w), VB_S4, at));
	world_close(&w);
}

/* Against a count of every sample: at least 90 % of at least 20 in the 60 minutes that end with the one asked for. */
static void
any_minute(void **state)
{
	static unsigned all[MINUTES_MODELLED], seen[MINUTES_MODELLED];
	struct world w;
	uint32_t r = 12345;
	unsigned had = 0, not = 0;

	(void)state;
	world_open(&w);
	for (int m = 0; m < MINUTES_MODELLED; m++) {
		r = r * 1664525u + 1013904223u;
		bool quiet = m / 97 % 3 == 2;
		unsigned n = quiet ? 0 : r >> 30,
			 miss = (r >> 20 & 15) == 0 && n ? 1 + (unsigned)m / 400 % 2 : 0;
		miss = miss < n ? miss : n;
		engine_tick(w.engine, WORLD_START + m * TS_MIN);
		samples(&w, VB_ARP, n - miss, miss);
		all[m] = n;
		seen[m] = n - miss;
	}
	for (int m = 0; m < MINUTES_MODELLED; m++) {
		unsigned n = 0, s = 0;
		for (int i = m - 59; i <= m; i++) {
			n += i >= 0 ? all[i] : 0;
			s += i >= 0 ? seen[i] : 0;
		}
		bool want = n >= 20 && s * 10 >= n * 9;
		bool got = vantage_had(w.engine, seg(&w), VB_ARP, WORLD_START + m * TS_MIN);
		if (m >= MINUTES_MODELLED - REMEMBERED)
			assert_int_equal(got, want);
		else if (got)
			assert_true(want); /* forgotten at most */
		had += got;
		not += !want;
	}
	assert_true(had > 100 && not > 100);
	world_close(&w);
}

/* The audit log of the server tells of leases whose answers the mirror missed: for the hour that is asked about, and only then. */
static void
a_log_that_comes_late(void **state)
{
	struct world w;
	struct hostev ev;
	ts_t at = WORLD_START + TS_HOUR;

	(void)state;
	world_open(&w);
	engine_tick(w.engine, at);
	samples(&w, VB_S4, 17, 2);
	vantage_sample(w.engine, seg(&w), VB_S4, false);
	vantage_unanswered(w.engine, seg(&w), VB_S4, WORLD_VICTIM, 0, at);
	assert_false(vantage_has(w.engine, seg(&w), VB_S4));
	engine_tick(w.engine, at + 3 * TS_HOUR);
	assert_false(vantage_had(w.engine, seg(&w), VB_S4, at));
	memset(&ev, 0, sizeof(ev));
	ev.kind = HE_DHCP_LEASED;
	ev.event_id = 10;
	ev.record_id = 1;
	ev.provider = bytes_str("DHCP-Server-AuditLog-v4");
	ev.set = HES_MAC;
	ev.mac = WORLD_VICTIM;
	ev.ts = at + TS_SEC;
	engine_host(w.engine, &ev);
	assert_true(vantage_had(w.engine, seg(&w), VB_S4, at));
	assert_true(vantage_had(w.engine, seg(&w), VB_S4, at + 59 * TS_MIN));
	assert_false(vantage_had(w.engine, seg(&w), VB_S4, at + 60 * TS_MIN));
	assert_false(vantage_has(w.engine, seg(&w), VB_S4));
	world_close(&w);
}

static void
losses(void **state)
{
	struct world w;
	ts_t at = WORLD_START + TS_HOUR;

	(void)state;
	world_open(&w);
	vantage_outage(w.engine, at, at + TS_MIN);
	assert_true(vantage_clean(w.engine, at - TS_MIN, at - 1));
	assert_false(vantage_clean(w.engine, at - TS_MIN, at));
	assert_false(vantage_clean(w.engine, at + TS_MIN, at + TS_HOUR));
	assert_true(vantage_clean(w.engine, at + TS_MIN + 1, at + TS_HOUR));
	for (int i = 1; i <= 500; i++) /* one long loss, told minute by minute */
		vantage_outage(w.engine, at + i * TS_MIN, at + (i + 1) * TS_MIN);
	assert_false(vantage_clean(w.engine, at + 300 * TS_MIN, at + 300 * TS_MIN));
	assert_true(vantage_clean(w.engine, at - TS_MIN, at - 1));
	for (int i = 1; i <= 70;
	     i++) /* more of them than are remembered: what lies before the oldest is not known */
		vantage_outage(w.engine, at + i * TS_DAY, at + i * TS_DAY + TS_MIN);
	assert_false(vantage_clean(w.engine, at - TS_MIN, at - 1));
	assert_false(vantage_clean(w.engine, at + TS_DAY + TS_HOUR, at + TS_DAY + 2 * TS_HOUR));
	assert_true(vantage_clean(w.engine, at + 60 * TS_DAY + TS_HOUR, at + 60 * TS_DAY + 2 * TS_HOUR));
	world_close(&w);
}

/* A tap without carrier loses no packet that could be counted, and shows nothing all the same. */
static void
blind(void **state)
{
	struct world w;
	ts_t at = WORLD_START + TS_HOUR;
	struct obs o = { .ts = at, .kind = OBS_LOSS };

	(void)state;
	world_open(&w);
	engine_obs(w.engine, &o);
	assert_true(vantage_clean(w.engine, at - TS_MIN, at));
	o.u.loss = (struct loss){ .since = at, .until = at + TS_SEC, .blind = true };
	o.ts = at + TS_SEC;
	engine_obs(w.engine, &o);
	assert_true(vantage_clean(w.engine, at - TS_MIN, at - 1));
	assert_false(vantage_clean(w.engine, at - TS_MIN, at + TS_MS));
	assert_false(vantage_clean(w.engine, at + TS_SEC, at + TS_MIN));
	assert_true(vantage_clean(w.engine, at + TS_SEC + 1, at + TS_MIN));
	world_close(&w);
}

/* V_ARP's short form: broadcasts from at least 3 individual MACs in the last 10 minutes (DETECTIONS.md 1.2). */
static void
test_talkers(void **state)
{
	struct world w;
	const ts_t later = WORLD_START + 20 * TS_MIN;

	(void)state;
	world_open(&w);
	engine_tick(w.engine, later);
	for (uint8_t k = 0; k < 3; k++)
		vantage_broadcast(w.engine, seg(&w), (struct mac){ { 1, 0, 0x5e, 0, 0, k } });
	assert_false(vantage_arp_short(w.engine, seg(&w)));
	for (uint8_t k = 0; k < 3; k++) {
		assert_false(vantage_arp_short(w.engine, seg(&w)));
		vantage_broadcast(w.engine, seg(&w), (struct mac){ { 2, 0, 0, 0, 9, k } });
	}
	assert_true(vantage_arp_short(w.engine, seg(&w)));
	engine_tick(w.engine, later + 10 * TS_MIN);
	assert_true(vantage_arp_short(w.engine, seg(&w)));
	engine_tick(w.engine, later + 10 * TS_MIN + TS_SEC);
	assert_false(vantage_arp_short(w.engine, seg(&w)));
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_of_its_own_time), cmocka_unit_test(any_minute),
		cmocka_unit_test(a_log_that_comes_late),  cmocka_unit_test(losses),
		cmocka_unit_test(test_talkers),		  cmocka_unit_test(blind),
	};

	return cmocka_run_group_tests_name("vantage", tests, NULL, NULL);
}
