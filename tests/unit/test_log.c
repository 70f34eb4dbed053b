/* A place in the program that has much to say says some of it, and how much was left out. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

enum { WINDOW_MS = 200, MOST = 3, TRIES = 1000 };

static char said[65536];

/* What the messages were while `fn` ran. */
static size_t
messages(void (*fn)(void))
{
	FILE *f = tmpfile();
	size_t lines = 0;
	assert_non_null(f);
	fflush(stderr);
	int old = dup(STDERR_FILENO);
	dup2(fileno(f), STDERR_FILENO);
	fn();
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = 0;
	fclose(f);
	for (const char *p = said; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	return lines;
}

static void
talk(void)
{
	for (int i = 0; i < TRIES; i++)
		log_say("sender %d is odd", i);
	log_say("another thing");
}

static void
nap(void)
{
	poll(NULL, 0, WINDOW_MS + 50);
}

static void
wait_and_settle(void)
{
	nap();
	log_settle();
	log_settle();
}

static void
limited(void **state)
{
	(void)state;
	log_limit(MOST, WINDOW_MS);
	assert_int_equal(messages(talk), MOST + 1);
	assert_non_null(strstr(said, "sender 2 is odd\n"));
	assert_non_null(strstr(said, "another thing\n"));
	assert_int_equal(messages(wait_and_settle), 1);
	assert_non_null(strstr(said, "sender 999 is odd (and 996 more like this in 1 s)\n"));
	assert_int_equal(messages(talk), MOST + 1);
	nap();
	assert_int_equal(messages(talk), MOST + 2); /* what was left out comes first */
	assert_non_null(strstr(said, "(and 996 more like this"));
}

static void
unlimited(void **state)
{
	(void)state;
	log_limit(0, 0);
	assert_int_equal(messages(talk), TRIES + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(limited), cmocka_unit_test(unlimited) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
