/* The ring of lines that wait: order, numbers, what goes when it is full, what is sent again, and what a kill, a foreign hand
 * and a lock leave of its file.  The numbering of lines and the telling of gaps. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "frame.h"

enum { LINE_MAX_BYTES = 5000, KILLS = 40 };

static char path[64];

/* A line whose bytes all follow from its number: torn ones show. */
static struct bytes
line_of(uint32_t number, char *to)
{
	size_t n = 20 + number * 7919U % (LINE_MAX_BYTES - 40);
	int head = snprintf(to, LINE_MAX_BYTES, "%u ", number);
	memset(to + head, 'a' + (int)(number % 26), n);
	return bytes_of(to, n + (size_t)head);
}

static void
put(struct spool *s)
{
	char text[LINE_MAX_BYTES];
	uint32_t number = spool_number(s);
	spool_put(s, number, line_of(number, text));
}

/* Takes the next and checks it; its number, 0: none. */
static uint32_t
take(struct spool *s)
{
	char text[LINE_MAX_BYTES];
	struct bytes got;
	uint32_t number;
	if (!spool_next(s, &got, &number))
		return 0;
	assert_true(bytes_eq(got, line_of(number, text)));
	spool_sent(s);
	return number;
}

static int
fresh(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_spool.XXXXXX");
	int fd = mkstemp(path);
	return fd < 0 || close(fd) != 0;
}

static int
gone(void **state)
{
	(void)state;
	return unlink(path);
}

static void
test_order(void **state)
{
	(void)state;
	struct spool *s = spool_open("t", NULL, 1);
	for (uint32_t i = 1, at = 1; i < 20000; i++) {
		put(s);
		if (i % 3 == 0)
			for (int k = 0; k < 3; k++)
				assert_int_equal(take(s), at++);
		if (i % 30 == 0)
			spool_free_to(s, spool_place(s));
	}
	assert_int_equal(spool_lost(s), 0);
	spool_close(s);
}

/* Full: the oldest go, exactly those that are told. */
static void
test_full(void **state)
{
	(void)state;
	struct spool *s = spool_open("t", NULL, 1);
	enum { LINES = 3000 };
	for (int i = 0; i < LINES; i++) {
		put(s);
		assert_true(spool_used(s) <= spool_size(s));
	}
	struct spool_loss loss = spool_loss(s);
	assert_true(loss.lines > 0 && loss.first == 1 && loss.last == loss.lines);
	assert_int_equal(spool_waiting(s) + loss.lines, LINES);
	for (uint32_t n = loss.last + 1; n <= LINES; n++)
		assert_int_equal(take(s), n);
	assert_int_equal(take(s), 0);
	assert_true(spool_used(s) > spool_size(s) / 2); /* not thrown away more than needed */
	spool_loss_told(s, spool_loss(s));
	assert_int_equal(spool_loss(s).lines, 0);
	/* what is lost while a loss is being told is told next */
	struct spool_loss told = { 1, 7, 7 };
	spool_lose(s, 7);
	spool_lose(s, 8);
	spool_loss_told(s, told);
	loss = spool_loss(s);
	assert_true(loss.lines == 1 && loss.first == 8 && loss.last == 8);
	spool_loss_told(s, loss);
	/* what was sent already goes without being a loss */
	put(s);
	put(s);
	put(s);
	assert_int_equal(spool_loss(s).lines, 0);
	spool_close(s);
}

static void
test_again(void **state)
{
	(void)state;
	struct spool *s = spool_open("t", NULL, 1);
	for (int i = 0; i < 10; i++)
		put(s);
	for (uint32_t n = 1; n <= 4; n++)
		assert_int_equal(take(s), n);
	uint64_t four = spool_place(s);
	for (uint32_t n = 5; n <= 7; n++)
		assert_int_equal(take(s), n);
	spool_free_to(s, four);
	spool_again(s);
	assert_int_equal(spool_waiting(s), 6);
	for (uint32_t n = 5; n <= 10; n++)
		assert_int_equal(take(s), n);
	spool_close(s);
}

static void
test_too_long(void **state)
{
	(void)state;
	static char huge[1 << 20];
	struct spool *s = spool_open("t", NULL, 1);
	put(s);
	spool_put(s, spool_number(s), bytes_of(huge, sizeof(huge)));
	put(s);
	assert_int_equal(take(s), 1);
	assert_int_equal(take(s), 3);
	assert_int_equal(spool_loss(s).lines, 1);
	assert_int_equal(spool_loss(s).first, 2);
	spool_close(s);
}

static void
test_restart(void **state)
{
	(void)state;
	struct spool *s = spool_open("t", path, 1);
	assert_true(spool_on_disk(s));
	for (int i = 0; i < 5; i++)
		put(s);
	assert_int_equal(take(s), 1);
	spool_free_to(s, spool_place(s));
	assert_int_equal(take(s), 2); /* not confirmed */
	/* another process, or output, would tear it apart */
	struct spool *second = spool_open("u", path, 1);
	assert_false(spool_on_disk(second));
	spool_close(second);
	spool_close(s);
	s = spool_open("t", path, 1);
	assert_int_equal(spool_waiting(s), 4);
	put(s);
	for (uint32_t n = 2; n <= 6; n++)
		assert_int_equal(take(s), n);
	spool_close(s);
}

/* kill -9 at any moment of writing and dropping: what is left is whole, in order, and without a hole that is not told. */
static void
test_kill(void **state)
{
	(void)state;
	uint32_t highest = 0, taken = 1; /* taken: numbers that kills since the last line may have taken */
	for (int i = 0; i < KILLS; i++) {
		pid_t child = fork();
		if (child == 0)
			for (struct spool *s = spool_open("t", path, 1);;)
				put(s);
		assert_true(child > 0);
		usleep((useconds_t)(1000 + 997 * i % 5000));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		struct spool *s = spool_open("t", path, 1);
		assert_true(spool_on_disk(s));
		/* a number that the kill took between giving and writing stays empty */
		struct spool_loss loss = spool_loss(s);
		uint32_t at = highest;
		if (loss.lines) {
			assert_in_range(loss.first, at + 1, at + 1 + taken);
			assert_int_equal(loss.last - loss.first + 1, loss.lines);
			at = loss.last;
		}
		for (uint64_t n = spool_waiting(s), k = 0; k < n; k++) {
			uint32_t last = take(s);
			assert_in_range(last, at + 1, at + 1 + (k == 0 && loss.lines == 0 ? taken : 0));
			at = last;
		}
		taken = at > highest ? 1 : taken + 1;
		highest = at;
		spool_free_to(s, spool_place(s));
		spool_loss_told(s, spool_loss(s));
		spool_close(s);
	}
	assert_true(highest > 1000);
}

/* Whatever stands in the file: no crash, no line that was not written, and it goes on. */
static void
test_foreign_hand(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (int round = 0; round < 400; round++) {
		struct spool *s = spool_open("t", path, 1);
		for (int i = 0; i < 10; i++)
			put(s);
		spool_close(s);
		FILE *f = fopen(path, "r+b");
		assert_non_null(f);
		for (int i = 0; i < 4; i++) {
			seed = seed * 1103515245U + 12345U;
			assert_int_equal(fseek(f, (seed >> 8) % (round % 2 ? 64 : 60000), SEEK_SET), 0);
			seed = seed * 1103515245U + 12345U;
			fputc((int)(seed >> 16 & 0xff), f);
		}
		fclose(f);
		s = spool_open("t", path, 1);
		while (take(s) != 0)
			;
		spool_free_to(s, spool_place(s));
		uint32_t number = spool_number(s);
		char text[LINE_MAX_BYTES];
		spool_put(s, number, line_of(number, text));
		assert_int_equal(take(s), number);
		spool_close(s);
	}
}

static void
test_frame(void **state)
{
	static const char line[] = "<130>1 2026-11-20T22:41:07.412000Z s1 crosstap 812 mitm6 [incident@4711 "
				   "id=\"ab\"] {\"a\":1}";
	(void)state;
	char text[400], gap[400];
	struct out o = out_init(text, sizeof(text) - 1), g = out_init(gap, sizeof(gap) - 1);
	frame_number(&o, bytes_str(line), 7);
	text[o.n] = 0;
	assert_string_equal(text, "<130>1 2026-11-20T22:41:07.412000Z s1 crosstap 812 mitm6 [meta "
				  "sequenceId=\"7\"][incident@4711 "
				  "id=\"ab\"] {\"a\":1}");
	frame_gap(&g, out_bytes(&o), (struct spool_loss){ 3, 4, 6 });
	gap[g.n] = 0;
	assert_string_equal(
		gap,
		"<132>1 2026-11-20T22:41:07.412000Z s1 crosstap 812 gap [gap@4711 lost=\"3\" first=\"4\" "
		"last=\"6\"] 3 lines were lost before this one");
	o.n = g.n = 0;
	frame_number(&o, bytes_str("no header"), 7);
	frame_gap(&g, bytes_str("<"), (struct spool_loss){ 1, 1, 1 });
	assert_true(out_ok(&o) && out_ok(&g));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test_setup_teardown(test_restart, fresh, gone),
		cmocka_unit_test_setup_teardown(test_kill, fresh, gone),
		cmocka_unit_test_setup_teardown(test_foreign_hand, fresh, gone),
		cmocka_unit_test(test_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
