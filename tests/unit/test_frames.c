/* The rings of frames: what was put is found byte for byte, what is overwritten is gone, and what a fact points to outlives a
 * flood of others as long as it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "frames.h"

enum { MEMORY = 2 << 20, STANDING = 200, FLOOD = 20000 };

static uint8_t data[FRAMES_LARGEST + 64];

/* Length and bytes follow from the number. */
static struct frame
frame_of(uint32_t file, uint64_t number)
{
	uint32_t n = (uint32_t)(60 + number * 7919 % 1454);
	memset(data, (int)(number % 251), n);
	memcpy(data, &number, sizeof(number));
	return (struct frame){ .ts = (ts_t)number,
			       .number = number,
			       .file = file,
			       .iface = (uint16_t)file,
			       .linktype = 1,
			       .p = data,
			       .caplen = n,
			       .wirelen = n + 4 };
}

static bool
is_there(const struct frames *f, uint32_t file, uint64_t number)
{
	struct frame got, want = frame_of(file, number);
	if (!frames_find(f, (struct inc_ref){ file, number }, &got))
		return false;
	assert_int_equal(got.caplen, want.caplen);
	assert_int_equal(got.wirelen, want.wirelen);
	assert_int_equal(got.ts, want.ts);
	assert_int_equal(got.iface, want.iface);
	assert_memory_equal(got.p, want.p, want.caplen);
	return true;
}

static void
put(struct frames *f, uint32_t file, uint64_t number)
{
	struct frame in = frame_of(file, number);
	frames_put(f, &in);
}

/* Facts of incident 1 point to the first frames, nobody's to others. */
static bool
first_stand(void *arg, uint64_t id, struct inc_ref ref)
{
	(void)arg;
	return id == 1 && ref.frame <= STANDING;
}

static void
test_the_latest_are_there(void **state)
{
	struct frames *f = frames_new(MEMORY, first_stand, NULL);
	size_t found = 0, bytes = 0;

	(void)state;
	for (uint64_t n = 1; n <= FLOOD; n++) {
		put(f, (uint32_t)(n % 3), n);
		assert_true(is_there(f, (uint32_t)(n % 3), n));
		assert_false(is_there(f, (uint32_t)(n % 3) + 1, n));
	}
	for (uint64_t n = FLOOD; n > 0 && is_there(f, (uint32_t)(n % 3), n); n--) {
		found++;
		bytes += frame_of(0, n).caplen;
	}
	/* half of the memory, less heads and what does not fit at its end */
	assert_in_range(bytes, MEMORY / 2 * 8 / 10, MEMORY / 2);
	for (uint64_t n = 1; n + found <= FLOOD; n++)
		assert_false(is_there(f, (uint32_t)(n % 3), n));
	frames_free(f);
}

static void
test_what_stands_outlives_a_flood(void **state)
{
	struct frames *f = frames_new(MEMORY, first_stand, NULL);

	(void)state;
	for (uint64_t n = 1; n <= FLOOD; n++) {
		put(f, 0, n);
		frames_keep(f, n <= STANDING ? 1 : 2, (struct inc_ref){ 0, n });
	}
	for (uint64_t n = 1; n <= STANDING; n++)
		assert_true(is_there(f, 0, n));
	assert_false(is_there(f, 0, STANDING + 1));
	assert_true(is_there(f, 0, FLOOD));
	frames_free(f);
}

static bool
all_stand(void *arg, uint64_t id, struct inc_ref ref)
{
	(void)arg, (void)id, (void)ref;
	return true;
}

/* More stands than fits: it ends, the newest is there, and nothing is found wrong. */
static void
test_too_much_stands(void **state)
{
	struct frames *f = frames_new(MEMORY, all_stand, NULL);
	size_t found = 0;

	(void)state;
	for (uint64_t n = 1; n <= FLOOD; n++) {
		put(f, 0, n);
		frames_keep(f, 1, (struct inc_ref){ 0, n });
		assert_true(is_there(f, 0, n));
	}
	for (uint64_t n = 1; n <= FLOOD; n++)
		found += is_there(f, 0, n);
	assert_in_range(found, MEMORY / 2 / 1600, FLOOD / 2);
	frames_free(f);
}

static void
test_largest_and_empty(void **state)
{
	struct frames *f = frames_new(MEMORY, all_stand, NULL);
	struct frame got, large = { .number = 1, .p = data, .caplen = sizeof(data), .wirelen = sizeof(data) };

	(void)state;
	for (uint64_t n = 1; n <= 40; n++) {
		struct frame empty = { .number = 1000 + n, .p = data };
		large.number = n;
		frames_put(f, &large);
		frames_put(f, &empty);
		frames_keep(f, 1, (struct inc_ref){ 0, n });
		assert_true(frames_find(f, (struct inc_ref){ 0, n }, &got));
		assert_int_equal(got.caplen, FRAMES_LARGEST);
		assert_true(frames_find(f, (struct inc_ref){ 0, 1000 + n }, &got));
		assert_int_equal(got.caplen, 0);
	}
	frames_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_latest_are_there),
		cmocka_unit_test(test_what_stands_outlives_a_flood),
		cmocka_unit_test(test_too_much_stands),
		cmocka_unit_test(test_largest_and_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
