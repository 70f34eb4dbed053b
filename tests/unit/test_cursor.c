/* The cursor's promises: it never leaves its view, fails once and for good, and knows whether the capture or the packet
 * is to blame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "cursor.h"

static const uint8_t ten[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static struct cursor
full(void)
{
	return cur_all(bytes_of(ten, sizeof(ten)));
}

static void
test_integers(void **state)
{
	struct cursor c = full();
	(void)state;
	assert_int_equal(cur_u8(&c), 0);
	assert_int_equal(cur_be16(&c), 0x0102);
	assert_int_equal(cur_be24(&c), 0x030405);
	assert_int_equal(cur_be32(&c), 0x06070809);
	assert_false(cur_more(&c));
	assert_true(cur_ok(&c)); /* the end is no failure, reading past it is */
	c = full();
	assert_true(cur_be64(&c) == 0x0001020304050607);
	assert_int_equal(cur_off(&c), 8);
	assert_int_equal(cur_left(&c), 2);
}

static void
test_order(void **state)
{
	struct cursor c = full();
	(void)state;
	cur_skip(&c, 1);
	assert_true(cur_order(&c, 4, false) == 0x04030201);
	assert_true(cur_order(&c, 4, true) == 0x05060708);
	assert_true(cur_order(&c, 4, true) == 0);
	assert_int_equal(cur_end(&c), CUR_BAD);
}

/* Each reader on a view one byte too short: zero or nothing, and the cursor stays where it was. */
static void
test_failure_moves_nothing(void **state)
{
	uint8_t dst[8];
	(void)state;
	for (int reader = 0; reader < 10; reader++) {
		static const uint8_t need[] = { 1, 2, 3, 4, 8, 5, 6, 7, 1, 2 };
		struct cursor c = cur_all(bytes_of(ten + 1, need[reader] - 1u));
		uint64_t v = 0;
		memset(dst, 0xff, sizeof(dst));
		switch (reader) {
		case 0: v = cur_u8(&c); break;
		case 1: v = cur_be16(&c); break;
		case 2: v = cur_be24(&c); break;
		case 3: v = cur_be32(&c); break;
		case 4: v = cur_be64(&c); break;
		case 5: v = cur_take(&c, 5).p != NULL; break;
		case 6: v = cur_copy(&c, dst, 6) || dst[0] || dst[5] || dst[6] != 0xff; break;
		case 7: cur_skip(&c, 7); break;
		case 8: v = cur_peek_u8(&c); break;
		case 9: v = cur_peek_be16(&c); break;
		}
		assert_true(v == 0);
		assert_int_equal(cur_off(&c), 0);
		assert_int_equal(cur_end(&c), CUR_BAD);
		assert_int_equal(cur_left(&c), 0);
	}
}

static void
test_failure_is_for_good(void **state)
{
	struct cursor c = full();
	(void)state;
	cur_skip(&c, 11);
	assert_int_equal(cur_u8(&c), 0);
	assert_null(cur_take(&c, 0).p); /* not even nothing */
	assert_null(cur_rest(&c).p);
	assert_false(cur_more(&c));
	cur_fail(&c, CUR_CUT); /* the first reason stays */
	assert_int_equal(cur_end(&c), CUR_BAD);
	c = full();
	cur_fail(&c, CUR_CUT);
	cur_fail(&c, CUR_BAD);
	assert_int_equal(cur_end(&c), CUR_CUT);
}

static void
test_cut_or_bad(void **state)
{
	(void)state;
	for (size_t wire = sizeof(ten); wire < sizeof(ten) + 2; wire++) {
		struct cursor c = cur_init(bytes_of(ten, sizeof(ten)), wire);
		cur_skip(&c, 10);
		assert_true(cur_ok(&c));
		(void)cur_u8(&c);
		assert_int_equal(cur_end(&c), wire > sizeof(ten) ? CUR_CUT : CUR_BAD);
	}
}

static void
test_huge_lengths(void **state)
{
	static const size_t huge[] = { 11, UINT32_MAX, (size_t)UINT32_MAX + 1, SIZE_MAX - 9, SIZE_MAX };
	(void)state;
	for (size_t i = 0; i < NELEM(huge); i++) {
		struct cursor c = full();
		cur_skip(&c, 10);
		assert_null(cur_take(&c, huge[i]).p);
		assert_int_equal(cur_off(&c), 10);
		c = full();
		assert_null(cur_sub(&c, huge[i]).base);
		assert_int_equal(cur_end(&c), CUR_BAD);
		c = full();
		struct cursor clip = cur_clip(&c, huge[i]);
		assert_int_equal(cur_left(&clip), 10);
	}
}

static void
test_children(void **state)
{
	struct cursor c = full();
	(void)state;
	cur_skip(&c, 2);
	struct cursor child = cur_sub8(&c); /* two bytes: 3, 4 */
	assert_int_equal(cur_left(&child), 2);
	assert_int_equal(cur_be16(&child), 0x0304);
	(void)cur_u8(&child);
	assert_int_equal(cur_end(&child), CUR_BAD); /* its end was a promise */
	assert_true(cur_ok(&c));		    /* and the parent did not break it */
	assert_int_equal(cur_u8(&c), 5);

	child = cur_sub16(&c); /* 0x0607 bytes are not there */
	assert_int_equal(cur_end(&child), CUR_BAD);
	assert_int_equal(cur_end(&c), CUR_BAD);
	assert_int_equal(cur_u8(&child), 0);

	c = full();
	child = cur_sub24(&c); /* 0x000102 */
	assert_int_equal(cur_end(&child), CUR_BAD);

	c = full();
	child = cur_sub8(&c); /* of length 0 */
	assert_true(cur_ok(&child));
	assert_false(cur_more(&child));
	assert_non_null(cur_rest(&child).p); /* present and empty */

	c = cur_init(bytes_of(ten, sizeof(ten)), 100);
	cur_skip(&c, 9);
	child = cur_sub8(&c); /* nine bytes, cut off */
	assert_int_equal(cur_end(&child), CUR_CUT);
	assert_int_equal(cur_end(&c), CUR_CUT);
}

static void
test_clip(void **state)
{
	struct cursor c = cur_init(bytes_of(ten, sizeof(ten)), 20), child = cur_clip(&c, 4);
	(void)state;
	assert_int_equal(cur_left(&child), 4);
	cur_skip(&child, 5);
	assert_int_equal(cur_end(&child), CUR_BAD); /* whole, so a lie */
	child = cur_clip(&c, 10);		    /* six are there, the capture has the rest */
	assert_int_equal(cur_left(&child), 6);
	cur_skip(&child, 7);
	assert_int_equal(cur_end(&child), CUR_CUT);
	assert_true(cur_ok(&c));
	assert_false(cur_more(&c));

	c = full();
	child = cur_clip(&c, 11); /* the wire itself had ten */
	cur_skip(&child, 11);
	assert_int_equal(cur_end(&child), CUR_BAD);
	cur_fail(&c, CUR_BAD);
	child = cur_clip(&c, 1);
	assert_int_equal(cur_end(&child), CUR_BAD);
}

static void
test_at(void **state)
{
	struct cursor c = full(), at;
	(void)state;
	cur_skip(&c, 20);
	at = cur_at(&c, 3); /* what failed is left behind */
	assert_int_equal(cur_u8(&at), 3);
	at = cur_at(&c, 10);
	assert_true(cur_ok(&at));
	assert_false(cur_more(&at));
	at = cur_at(&c, 11);
	assert_int_equal(cur_end(&at), CUR_BAD);
}

static void
test_nothing(void **state)
{
	struct cursor c = cur_all((struct bytes){ NULL, 0 });
	(void)state;
	assert_false(cur_more(&c));
	assert_null(cur_take(&c, 0).p);
	assert_true(cur_ok(&c));
	assert_int_equal(cur_u8(&c), 0);
	assert_int_equal(cur_end(&c), CUR_BAD);
}

static void
test_bytes(void **state)
{
	(void)state;
	assert_true(bytes_eq(bytes_of("ab", 2), bytes_of("ab", 2)));
	assert_false(bytes_eq(bytes_of("ab", 2), bytes_of("ab", 1)));
	assert_true(bytes_eq(bytes_of("", 0), (struct bytes){ NULL, 0 }));
	assert_int_equal(bytes_text(bytes_of("ab\0c", 4)).n, 2);
	assert_int_equal(bytes_text(bytes_of("abc", 3)).n, 3);
	assert_int_equal(bytes_text(bytes_of("\0", 1)).n, 0);
	assert_null(bytes_text((struct bytes){ NULL, 0 }).p);
	assert_null(bytes_str(NULL).p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_failure_moves_nothing),
		cmocka_unit_test(test_failure_is_for_good),
		cmocka_unit_test(test_cut_or_bad),
		cmocka_unit_test(test_huge_lengths),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_clip),
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
