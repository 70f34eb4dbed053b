/* The bounded folder: whole files, the oldest removed first, and what an earlier run wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "folder.h"

enum { ROOM = 1000 };
static char path[64];
static struct folder_conf conf = { .path = path, .suffix = ".x", .bytes = ROOM };

static int
fresh(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_folder.XXXXXX");
	return mkdtemp(path) == NULL;
}

static int
gone(void **state)
{
	char name[FOLDER_PATH];
	struct folder *f = folder_open(&conf);
	(void)state;
	for (uint64_t id = 0; id < 100; id++) {
		folder_name(f, id, name);
		unlink(name);
	}
	folder_free(f);
	return rmdir(path);
}

static void
expect(struct folder *f, uint64_t id, const char *want)
{
	char name[FOLDER_PATH], got[ROOM + 1] = "";
	folder_name(f, id, name);
	FILE *in = fopen(name, "rb");
	assert_non_null(in);
	got[fread(got, 1, ROOM, in)] = 0;
	fclose(in);
	assert_string_equal(got, want);
}

static void
test_earlier_runs(void **state)
{
	struct folder *f = folder_open(&conf);
	(void)state;
	assert_true(folder_write(f, 7, bytes_str("one"), true));
	assert_true(folder_write(f, 7, bytes_str("first"), true));
	expect(f, 7, "first"); /* its own */
	folder_free(f);
	f = folder_open(&conf);
	assert_true(folder_write(f, 7, bytes_str("two"), true));
	expect(f, 7, "firsttwo");
	assert_true(folder_write(f, 7, bytes_str("second"), false));
	expect(f, 7, "firstsecond"); /* what stayed once stays */
	assert_int_equal(folder_counts(f).bytes, strlen("firstsecond"));
	folder_free(f);
	f = folder_open(&conf);
	assert_true(folder_write(f, 7, bytes_str("third"), false));
	expect(f, 7, "third"); /* nothing of before is missing in it */
	folder_free(f);
}

static void
test_room(void **state)
{
	static char big[ROOM + 1], half[ROOM / 2];
	struct folder *f = folder_open(&conf);
	(void)state;
	memset(big, 'b', sizeof(big));
	memset(half, 'h', sizeof(half));
	for (uint64_t id = 1; id <= 9; id++) {
		assert_true(folder_write(f, id, bytes_of(half, sizeof(half)), false));
		assert_true(folder_counts(f).bytes <= ROOM);
		assert_true(folder_has(f, id));
		assert_true(id < 2 || folder_has(f, id - 1));
		assert_true(id < 3 || !folder_has(f, id - 2));
	}
	assert_false(folder_write(f, 9, bytes_of(big, sizeof(big)), false));
	assert_true(folder_has(f, 9)); /* the one of before stays */
	assert_true(folder_write(f, 9, bytes_of(big, ROOM), false));
	assert_true(folder_has(f, 9) && !folder_has(f, 8));
	assert_int_equal(folder_counts(f).files, 1);
	/* what stays in front takes room too, and goes where there is none */
	folder_free(f);
	f = folder_open(&conf);
	assert_true(folder_write(f, 9, bytes_str("new"), true));
	expect(f, 9, "new");
	folder_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_earlier_runs, fresh, gone),
		cmocka_unit_test_setup_teardown(test_room, fresh, gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
