/* The offset of a host's clock at a time, from the pairs around it: correlate/clocks.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "clocks.h"

static const ts_t NOON = 1777896000 * TS_SEC;

/* n pairs, ten minutes apart from the minute on, by a clock that is wrong by `offset_s` */
static size_t
pairs(struct clock_pair *p, size_t at, size_t n, int minute, int offset_s)
{
	for (size_t i = 0; i < n; i++) {
		ts_t packet = NOON + (minute + 10 * (int)i) * TS_MIN;
		p[at + i] = (struct clock_pair){ packet + offset_s * TS_SEC, packet };
	}
	return at + n;
}

static bool
known(const struct clock_pair *p, size_t n, int minute, int *offset_s)
{
	int64_t offset;
	bool is = clock_offset_at(p, n, NOON + minute * TS_MIN, &offset);

	assert_true(is || offset == 0);
	*offset_s = (int)(offset / TS_SEC);
	return is;
}

static void
test_five(void **state)
{
	struct clock_pair p[8] = { { 0 } };
	int s;

	(void)state;
	assert_false(known(p, 0, 0, &s));
	assert_false(known(p, pairs(p, 0, 4, 0, 180), 15, &s));
	size_t n = pairs(p, 0, 5, 0, -240);
	/* before, between and after them */
	for (int minute = -60; minute <= 120; minute += 7) {
		assert_true(known(p, n, minute, &s));
		assert_int_equal(s, -240);
	}
}

static void
test_step(void **state)
{
	struct clock_pair p[32] = { { 0 } };
	size_t n = pairs(p, 0, 10, 0, 200); /* minutes 0 to 90 */
	int s;

	(void)state;
	n = pairs(p, n, 10, 600, -100); /* and 600 to 690 */
	assert_true(known(p, n, 30, &s));
	assert_int_equal(s, 200);
	assert_true(known(p, n, 650, &s));
	assert_int_equal(s, -100);
	/* in between, the clock may have been set before or after */
	for (int minute = 95; minute < 597; minute += 10)
		assert_false(known(p, n, minute, &s));
}

/* One pair of the new time is enough to doubt the old one from the last pair of it on. */
static void
test_first_after_step(void **state)
{
	struct clock_pair p[16] = { { 0 } };
	size_t n = pairs(p, 0, 10, 0, 60);
	int s;

	(void)state;
	assert_true(known(p, n, 200, &s));
	n = pairs(p, n, 1, 190, 0);
	assert_false(known(p, n, 200, &s));
	assert_false(known(p, n, 150, &s));
	assert_true(known(p, n, 40, &s));
	assert_int_equal(s, 60);
}

static void
test_spread(void **state)
{
	struct clock_pair p[5] = { { 0 } };
	size_t n = pairs(p, 0, 5, 0, 10);
	int s;

	(void)state;
	p[0].event -= 2 * TS_SEC;
	assert_true(known(p, n, 20, &s));
	p[0].event -= TS_MS;
	assert_false(known(p, n, 20, &s));
}

static void
test_far(void **state)
{
	struct clock_pair p[5] = { { 0 } };
	size_t n = pairs(p, 0, 5, 0, 30);
	int s;

	(void)state;
	assert_true(known(p, n, 24 * 60 - 1, &s));
	assert_false(known(p, n, 24 * 60 + 41, &s));
	assert_false(known(p, n, -24 * 60 - 1, &s));
}

/* The clock was 200 s ahead and is set back at minute 100: times of the minutes 100 to 103 are of either side. */
static void
test_set(void **state)
{
	struct clock_pair p[16] = { { 0 } };
	const struct clock_set_at set = { NOON + 100 * TS_MIN, NOON + 100 * TS_MIN + 200 * TS_SEC };
	int64_t offset;

	(void)state;
	size_t n = pairs(p, 0, 8, 20, 200); /* packets of the minutes 20 to 90 */
	n = pairs(p, n, 5, 110, 0);
	assert_false(clock_offset_at(p, n, set.from, &offset));
	assert_true(clock_offset_parted(p, n, &set, 1, set.from, &offset));
	assert_int_equal(offset, 200 * TS_SEC);
	assert_false(clock_offset_parted(p, n, &set, 1, set.from + 1, &offset));
	assert_false(clock_offset_parted(p, n, &set, 1, set.to, &offset));
	assert_int_equal(offset, 0);
	assert_true(clock_offset_parted(p, n, &set, 1, set.to + 1, &offset));
	assert_int_equal(offset, 0);
	/* four pairs behind it are too few, whatever lies before */
	assert_false(clock_offset_parted(p, n - 1, &set, 1, set.to + 1, &offset));
	assert_true(clock_offset_parted(p, n - 1, &set, 1, set.from, &offset));
	/* set twice: what lies between has no pairs of its own */
	const struct clock_set_at twice[] = { set, { NOON + 105 * TS_MIN, NOON + 105 * TS_MIN } };
	assert_false(clock_offset_parted(p, n, twice, 2, NOON + 104 * TS_MIN, &offset));
	assert_true(clock_offset_parted(p, n, twice, 2, NOON + 106 * TS_MIN, &offset));
	assert_true(clock_offset_parted(p, n, twice, 2, NOON + 99 * TS_MIN, &offset));
}

static void
test_step_told(void **state)
{
	struct hostev ev = { .kind = HE_CLOCK_STEP, .was = NOON, .is = NOON + TS_SEC, .set = HES_WAS };

	(void)state;
	assert_false(clock_slight(&ev));
	assert_int_equal(clock_step(&ev), 0);
	ev.set |= HES_IS;
	assert_true(clock_slight(&ev));
	assert_int_equal(clock_step(&ev), TS_SEC);
	ev.is = NOON - TS_SEC - 1;
	assert_false(clock_slight(&ev));
	assert_int_equal(clock_step(&ev), -TS_SEC - 1);
	ev.kind = HE_LOGON;
	assert_false(clock_slight(&ev));
	assert_int_equal(clock_step(&ev), 0);
}

static void
test_host(void **state)
{
	(void)state;
	assert_true(clock_host(bytes_str("WS-1.corp.lab")) == clock_host(bytes_str("ws-1.CORP.lab.")));
	assert_true(clock_host(bytes_str("WS-1.corp.lab")) != clock_host(bytes_str("WS-2.corp.lab")));
	assert_true(clock_host(bytes_str("")) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_five),
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_first_after_step),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_step_told),
		cmocka_unit_test(test_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
