/* Files, folders and their merge: the order of frames, their numbers and files, and what is told of damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "input.h"

enum { FILES_MAX = 16, MAGIC_MICRO = 0xa1b2c3d4, MAGIC_NANO = 0xa1b23c4d, ETHERNET = 1 };

static char dir[64], made[FILES_MAX][128];
static size_t nmade;
static struct inputs *in;

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/crosstap-input-XXXXXX");
	nmade = 0;
	in = inputs_new();
	return mkdtemp(dir) && in ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	inputs_free(in);
	while (nmade > 0)
		remove(made[--nmade]);
	return rmdir(dir);
}

static const char *
name(const char *base)
{
	assert_true(nmade < FILES_MAX);
	snprintf(made[nmade], sizeof(made[0]), "%s/%s", dir, base);
	return made[nmade++];
}

static void
put32(FILE *f, uint32_t v, bool big)
{
	for (int i = 0; i < 4; i++)
		putc((int)(v >> 8 * (big ? 3 - i : i) & 0xff), f);
}

static FILE *
pcap(const char *path, uint32_t magic, uint32_t linktype, bool big)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	put32(f, magic, big);
	put32(f, big ? 0x00020004 : 0x00040002, big);
	put32(f, 0, big);
	put32(f, 0, big);
	put32(f, 65535, big);
	put32(f, linktype, big);
	return f;
}

static void
frame(FILE *f, uint32_t seconds, uint32_t fraction, bool big)
{
	put32(f, seconds, big);
	put32(f, fraction, big);
	put32(f, 14, big);
	put32(f, 60, big);
	for (int i = 0; i < 14; i++)
		putc(i, f);
}

/* A capture with one frame at each of the given seconds, ended by 0. */
static const char *
capture(const char *base, const uint32_t *seconds)
{
	const char *path = name(base);
	FILE *f = pcap(path, MAGIC_MICRO, ETHERNET, false);
	while (*seconds)
		frame(f, *seconds++, 0, false);
	fclose(f);
	return path;
}

static struct frame
next(void)
{
	const struct input_item *item;
	assert_int_equal(inputs_next(in, &item), INPUT_FRAME);
	return item->f;
}

static void
expect(uint32_t seconds, uint16_t iface, const char *file, uint64_t number)
{
	struct frame f = next();
	assert_true(f.ts == seconds * TS_SEC);
	assert_int_equal(f.iface, iface);
	assert_string_equal(inputs_file(in, f.file), file);
	assert_int_equal(f.number, number);
}

static void
expect_end(void)
{
	const struct input_item *item;
	assert_int_equal(inputs_next(in, &item), INPUT_END);
	assert_int_equal(inputs_next(in, &item), INPUT_END);
}

static void
test_merge(void **state)
{
	(void)state;
	assert_true(inputs_add(in, NULL, capture("a.pcap", (const uint32_t[]){ 1, 4, 4, 0 })));
	assert_true(inputs_add(in, "eth1", capture("b.pcap", (const uint32_t[]){ 2, 4, 9, 0 })));
	expect(1, 0, "a.pcap", 1);
	expect(2, 1, "b.pcap", 1);
	expect(4, 0, "a.pcap", 2); /* equal times in the order of -r */
	expect(4, 0, "a.pcap", 3);
	expect(4, 1, "b.pcap", 2);
	expect(9, 1, "b.pcap", 3);
	expect_end();
	assert_false(inputs_damaged(in));
	assert_true(inputs_patient(in));
	size_t n;
	const char *const *ifaces = inputs_ifaces(in, &n);
	assert_int_equal(n, 2);
	assert_string_equal(ifaces[0], "cap0");
	assert_string_equal(ifaces[1], "eth1");
	assert_int_equal(inputs_read(in), inputs_size(in));
}

static void
test_folder(void **state)
{
	(void)state;
	capture("z.pcap", (const uint32_t[]){ 1, 2, 0 }); /* the names are in another order than the times */
	capture("m.pcap", (const uint32_t[]){ 5, 0 });
	capture("a.pcap", (const uint32_t[]){ 8, 0 });
	capture("b.pcap", (const uint32_t[]){ 5, 0 });
	capture(".hidden", (const uint32_t[]){ 3, 0 });
	assert_int_equal(mkdir(name("inside"), 0700), 0);
	assert_true(inputs_add(in, NULL, dir));
	expect(1, 0, "z.pcap", 1);
	expect(2, 0, "z.pcap", 2);
	expect(5, 0, "b.pcap", 1);
	expect(5, 0, "m.pcap", 1);
	expect(8, 0, "a.pcap", 1);
	expect_end();
	assert_false(inputs_damaged(in));
}

static void
test_formats(void **state)
{
	(void)state;
	static const struct {
		uint32_t magic, fraction;
		bool big;
		ts_t want;
	} rows[] = {
		{ MAGIC_MICRO, 123456, false, 7 * TS_SEC + 123456000 },
		{ MAGIC_MICRO, 123456, true, 7 * TS_SEC + 123456000 },
		{ MAGIC_NANO, 123456789, false, 7 * TS_SEC + 123456789 },
		{ MAGIC_NANO, 123456789, true, 7 * TS_SEC + 123456789 },
	};
	char base[] = "0.pcap";
	for (size_t i = 0; i < NELEM(rows); i++) {
		base[0] = (char)('0' + i);
		FILE *f = pcap(name(base), rows[i].magic, ETHERNET, rows[i].big);
		frame(f, 7, rows[i].fraction, rows[i].big);
		fclose(f);
		assert_true(inputs_add(in, NULL, made[nmade - 1]));
	}
	size_t seen = 0;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct frame f = next();
		assert_true(f.ts == rows[f.iface].want);
		assert_int_equal(f.caplen, 14);
		assert_int_equal(f.wirelen, 60);
		seen |= (size_t)1 << f.iface;
	}
	assert_int_equal(seen, 15);
	expect_end();
}

/* Seconds are unsigned in the file. */
static void
test_late_times(void **state)
{
	(void)state;
	assert_true(inputs_add(in, NULL, capture("a.pcap", (const uint32_t[]){ 4000000000u, 0 })));
	assert_true(next().ts == INT64_C(4000000000) * TS_SEC);
}

/* Raw IP has other numbers inside libpcap than in files. */
static void
test_linktypes(void **state)
{
	(void)state;
	static const uint16_t types[] = { 1, 101, 113, 228, 276 };
	char base[] = "0.pcap";
	for (size_t i = 0; i < NELEM(types); i++) {
		base[0] = (char)('0' + i);
		FILE *f = pcap(name(base), MAGIC_MICRO, types[i], false);
		frame(f, 1, 0, false);
		fclose(f);
		assert_true(inputs_add(in, NULL, made[nmade - 1]));
	}
	for (size_t i = 0; i < NELEM(types); i++)
		assert_int_equal(next().linktype, types[i]);
}

static void
test_damage(void **state)
{
	(void)state;
	const char *path = capture("a.pcap", (const uint32_t[]){ 1, 2, 0 });
	assert_int_equal(truncate(path, 24 + 30 + 20), 0); /* inside the second frame */
	assert_true(inputs_add(in, NULL, path));
	assert_true(inputs_add(in, NULL, capture("b.pcap", (const uint32_t[]){ 3, 0 })));
	expect(1, 0, "a.pcap", 1);
	expect(3, 1, "b.pcap", 1); /* the others go on */
	expect_end();
	assert_true(inputs_damaged(in));
}

static void
test_no_capture(void **state)
{
	static const char *const texts[] = {
		"", "\n", "\x1f\x8b\x08", "snoop", "hello, I am a text", "\xd4\xc3\xb2\xa1"
	};
	(void)state;
	char base[] = "0.pcap";
	for (size_t i = 0; i < NELEM(texts); i++) {
		base[0] = (char)('0' + i);
		FILE *f = fopen(name(base), "wb");
		fputs(texts[i], f);
		fclose(f);
		assert_true(inputs_add(in, NULL, made[nmade - 1])); /* it can be opened */
	}
	expect_end();
	assert_true(inputs_damaged(in));
}

static void
test_cannot_be_opened(void **state)
{
	(void)state;
	assert_false(inputs_add(in, NULL, "/nonexistent/file"));
	assert_true(inputs_add(in, NULL, dir)); /* an empty folder is damage, not failure */
	assert_true(inputs_damaged(in));
	expect_end();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_merge),     TEST(test_folder), TEST(test_formats),	TEST(test_late_times),
		TEST(test_linktypes), TEST(test_damage), TEST(test_no_capture), TEST(test_cannot_be_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
