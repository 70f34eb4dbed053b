/* Learnt clock offsets: DETECTIONS.md 1.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "skew.h"

static const ts_t NOON = 1777896000 * TS_SEC;

static void
learn(struct skew *s, int64_t offset_ms)
{
	skew_learn(s, NOON + offset_ms * TS_MS, NOON);
}

static void
test_needs_five(void **state)
{
	(void)state;
	struct skew s = { { 0 }, 0, 0 };
	int64_t off = 7;
	for (unsigned i = 0; i < SKEW_MIN_PAIRS - 1; i++) {
		learn(&s, 90000);
		assert_false(skew_offset(&s, &off));
		assert_true(off == 0);
	}
	learn(&s, 90000);
	assert_true(skew_offset(&s, &off));
	assert_true(off == 90 * TS_SEC);
}

static void
test_median(void **state)
{
	(void)state;
	struct skew s = { { 0 }, 0, 0 };
	int64_t off;
	static const int64_t odd[] = { -5000, -4000, -4600, -4400, -4500 };
	for (unsigned i = 0; i < 5; i++)
		learn(&s, odd[i]);
	assert_true(skew_offset(&s, &off));
	assert_true(off == -4500 * TS_MS);
	learn(&s, -4400); /* six: between -4500 and -4400 */
	assert_true(skew_offset(&s, &off));
	assert_true(off == -4450 * TS_MS);
}

/* One of five may be a wrong match; two may not. */
static void
test_outliers(void **state)
{
	(void)state;
	struct skew s = { { 0 }, 0, 0 };
	int64_t off;
	for (unsigned i = 0; i < 4; i++)
		learn(&s, 1000);
	learn(&s, 200000);
	assert_true(skew_offset(&s, &off));
	assert_true(off == TS_SEC);
	learn(&s, -200000);
	learn(&s, -300000);
	assert_false(skew_offset(&s, &off)); /* 3 of 7 are off: the closest 6 reach too far */
	assert_true(off == 0);
}

/* Spread is 2 s at most, and exactly 2 s is still one clock. */
static void
test_spread(void **state)
{
	(void)state;
	int64_t off;
	struct skew s = { { 0 }, 0, 0 };
	static const int64_t at[] = { 0, 0, 0, 2000, 2000 };
	for (unsigned i = 0; i < 5; i++)
		learn(&s, at[i]);
	assert_true(skew_offset(&s, &off));
	struct skew t = { { 0 }, 0, 0 };
	static const int64_t beyond[] = { 0, 0, 0, 2001, 2001 };
	for (unsigned i = 0; i < 5; i++)
		learn(&t, beyond[i]);
	assert_false(skew_offset(&t, &off));
}

/* The newest 15 count: a clock that was set is learnt anew. */
static void
test_forgets(void **state)
{
	(void)state;
	struct skew s = { { 0 }, 0, 0 };
	int64_t off;
	for (unsigned i = 0; i < 40; i++)
		learn(&s, 3600000);
	for (unsigned i = 0; i < SKEW_PAIRS; i++)
		learn(&s, 10);
	assert_int_equal(s.n, SKEW_PAIRS);
	assert_true(skew_offset(&s, &off));
	assert_true(off == 10 * TS_MS);
}

/* Absent and absurd times teach nothing and overflow nothing. */
static void
test_absurd(void **state)
{
	(void)state;
	struct skew s = { { 0 }, 0, 0 };
	int64_t off;
	static const ts_t absurd[] = { TS_NONE, INT64_MAX, -1, 0 };
	for (unsigned i = 0; i < 4; i++) {
		skew_learn(&s, absurd[i], NOON);
		skew_learn(&s, NOON, absurd[i]);
	}
	assert_int_equal(s.n, 0);
	for (unsigned i = 0; i < SKEW_PAIRS; i++)
		skew_learn(&s, NOON + (i % 2 ? 300 : -300) * TS_DAY, NOON);
	assert_false(skew_offset(&s, &off));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needs_five), cmocka_unit_test(test_median),
		cmocka_unit_test(test_outliers),   cmocka_unit_test(test_spread),
		cmocka_unit_test(test_forgets),	   cmocka_unit_test(test_absurd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
