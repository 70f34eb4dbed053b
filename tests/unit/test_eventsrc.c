/* When host events enter: paced by the packet clock, late feeds, events from the future, several files, and documents
 * that cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "eventsrc.h"

enum { GOT_MAX = 1024, FILES = 3, WINDOW_MIN = 10 };

static char path[FILES][64];
static FILE *file[FILES];
static struct eventsrc *src;
static uint64_t got[GOT_MAX]; /* record ids in the order they entered */
static size_t ngot;

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path[i], sizeof(path[i]), "/tmp/crosstap-eventsrc-XXXXXX");
		int fd = mkstemp(path[i]);
		assert_true(fd >= 0);
		file[i] = fdopen(fd, "w");
	}
	ngot = 0;
	src = eventsrc_new(true, WINDOW_MIN * TS_MIN);
	return src ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	eventsrc_free(src);
	for (size_t i = 0; i < FILES; i++) {
		if (file[i])
			fclose(file[i]);
		unlink(path[i]);
	}
	return 0;
}

/* Minute `m` of 2026-01-01; the time is part of the text, so m < 60. */
static void
event_text(char *to, size_t cap, unsigned m, unsigned record)
{
	snprintf(to, cap,
		 "{\"@timestamp\":\"2026-01-01T00:%02u:00.000Z\",\"winlog\":{\"provider_name\":\"Microsoft-"
		 "Windows-Iphlpsvc\","
		 "\"event_id\":\"4100\",\"record_id\":%u,\"channel\":\"System\",\"computer_name\":\"ws\","
		 "\"event_data\":"
		 "{\"IsatapRouter\":\"10.0.0.1\",\"ErrorCode\":\"0\"}}}",
		 m, record);
}

static void
put(size_t f, unsigned m, unsigned record)
{
	char text[512];
	event_text(text, sizeof(text), m, record);
	fprintf(file[f], "%s\n", text);
}

static void
ready(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fclose(file[i]);
		file[i] = NULL;
		assert_true(eventsrc_add(src, path[i]));
	}
}

static ts_t
minute(unsigned m)
{
	return ts_days(2026, 1, 1) * TS_DAY + m * TS_MIN;
}

static void
on_event(void *arg, const struct hostev *e)
{
	(void)arg;
	assert_true(ngot < GOT_MAX);
	assert_memory_equal(e->computer.p, "ws", 2); /* views are alive, in a copy too */
	got[ngot++] = e->record_id;
}

static void
due(unsigned m)
{
	eventsrc_due(src, minute(m), on_event, NULL);
}

static void
expect(size_t n, const uint64_t *want)
{
	assert_int_equal(ngot, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(got[i], want[i]);
}

#define EXPECT(...)                                                                                          \
	expect(sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), (const uint64_t[]){ __VA_ARGS__ })

static void
test_paced(void **state)
{
	(void)state;
	put(0, 1, 11);
	put(0, 2, 12);
	put(0, 3, 13);
	ready(1);
	due(1);
	assert_int_equal(ngot, 0); /* a packet of the same time goes first */
	due(2);
	EXPECT(11);
	due(2);
	EXPECT(11);
	due(3);
	EXPECT(11, 12);
	eventsrc_rest(src, on_event, NULL);
	EXPECT(11, 12, 13);
	assert_false(eventsrc_damaged(src));
	assert_int_equal(eventsrc_counts(src).events, 3);
}

/* What comes after a later event in its file was late: nothing is sorted. */
static void
test_shuffled_file_is_late(void **state)
{
	(void)state;
	put(0, 5, 15);
	put(0, 1, 11);
	put(0, 3, 13);
	put(0, 6, 16);
	ready(1);
	due(4);
	assert_int_equal(ngot, 0);
	due(6);
	EXPECT(15, 11, 13);
	due(7);
	EXPECT(15, 11, 13, 16);
}

static void
test_from_the_future(void **state)
{
	(void)state;
	put(0, 40, 40); /* more than the window ahead: set aside, what follows is not held up */
	put(0, 1, 11);
	put(0, 2, 12);
	ready(1);
	due(3);
	EXPECT(11, 12);
	assert_int_equal(eventsrc_counts(src).set_aside, 1);
	due(40);
	assert_int_equal(ngot, 2);
	due(41);
	EXPECT(11, 12, 40);
}

static void
test_future_that_never_comes(void **state)
{
	(void)state;
	put(0, 50, 50);
	put(0, 45, 45);
	put(0, 1, 11);
	ready(1);
	due(2);
	EXPECT(11);
	eventsrc_rest(src, on_event, NULL);
	EXPECT(11, 45, 50); /* in the order of their times */
}

/* No room for more: it enters at once instead of holding the file up. */
static void
test_aside_is_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300; i++)
		put(0, 30, 1000 + i);
	put(0, 1, 11);
	ready(1);
	due(2);
	assert_int_equal(eventsrc_counts(src).set_aside, 256);
	assert_int_equal(ngot, 300 - 256 + 1);
	assert_int_equal(got[0], 1256);
	assert_int_equal(got[ngot - 1], 11);
	eventsrc_rest(src, on_event, NULL);
	assert_int_equal(ngot, 301);
}

static void
test_files_are_merged(void **state)
{
	(void)state;
	put(0, 1, 1);
	put(0, 4, 4);
	put(1, 2, 2);
	put(1, 3, 3);
	put(2, 3, 33);
	put(2, 2, 32); /* late in its file: enters with 33 */
	ready(3);
	due(3);
	EXPECT(1, 2);
	due(9);
	EXPECT(1, 2, 3, 33, 32, 4);
}

static void
test_files_as_they_stand(void **state)
{
	(void)state;
	put(0, 9, 1);
	put(0, 1, 2);
	put(1, 5, 3);
	ready(2);
	eventsrc_given(src, on_event, NULL);
	EXPECT(1, 2, 3);
}

/* Without packets the events are the clock. */
static void
test_events_alone(void **state)
{
	(void)state;
	put(0, 1, 1);
	put(0, 50, 50); /* ahead of what was read so far */
	put(0, 2, 2);
	ready(1);
	eventsrc_rest(src, on_event, NULL);
	EXPECT(1, 2, 50);
}

static void
test_what_cannot_be_read(void **state)
{
	(void)state;
	put(0, 1, 1);
	fputs("{\"@timestamp\": \n", file[0]);
	fputs("{\"long\": \"", file[0]);
	for (int i = 0; i < 300000; i++)
		fputc('x', file[0]);
	fputs("\"}\n\n", file[0]);
	put(0, 2, 2);
	char text[512];
	event_text(text, sizeof(text), 3, 3);
	fputs(text, file[0]); /* no end of line */
	ready(1);
	due(9);
	EXPECT(1, 2, 3);
	assert_true(eventsrc_damaged(src));
	assert_int_equal(eventsrc_counts(src).refused, 2);
}

static void
test_cannot_be_opened(void **state)
{
	(void)state;
	assert_false(eventsrc_add(src, "/nonexistent/file"));
	assert_false(eventsrc_add(src, "/"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_paced),
		TEST(test_shuffled_file_is_late),
		TEST(test_from_the_future),
		TEST(test_future_that_never_comes),
		TEST(test_aside_is_bounded),
		TEST(test_files_are_merged),
		TEST(test_files_as_they_stand),
		TEST(test_events_alone),
		TEST(test_what_cannot_be_read),
		TEST(test_cannot_be_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
