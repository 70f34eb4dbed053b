/* The command line: what it means, and what contradicts what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "opts.h"

static struct opts o;

/* Arguments separated by blanks; they stay where the views of `o` can point. */
static bool
parse(const char *line)
{
	static char text[512];
	static char *argv[32];
	int argc = 1;
	snprintf(text, sizeof(text), "%s", line);
	argv[0] = text + sizeof(text) - 1;
	for (char *p = strtok(text, " "); p && argc < 31; p = strtok(NULL, " "))
		argv[argc++] = p;
	argv[argc] = NULL;
	return opts_parse(&o, argc, argv);
}

static void
test_replay(void **state)
{
	(void)state;
	assert_true(parse("-r a.pcap -e x -e - -c c.yaml -q"));
	assert_int_equal(o.action, ACT_REPLAY);
	assert_int_equal(o.nread, 1);
	assert_null(o.read[0].name);
	assert_string_equal(o.read[0].path, "a.pcap");
	assert_int_equal(o.nevents, 2);
	assert_true(o.quiet);
	assert_true(parse("-e x"));
	assert_true(parse("-r eth1=a.pcap -r dir/b=c.pcap"));
	assert_string_equal(o.read[0].name, "eth1");
	assert_string_equal(o.read[0].path, "a.pcap");
	assert_null(o.read[1].name); /* a slash is part of a path, not of a name */
	assert_string_equal(o.read[1].path, "dir/b=c.pcap");
}

static void
test_modes(void **state)
{
	(void)state;
	assert_true(parse("-r a --dissect"));
	assert_int_equal(o.action, ACT_DISSECT);
	assert_null(o.protos);
	assert_true(parse("--dissect=dns,dhcpv4 -r a"));
	assert_string_equal(o.protos, "dns,dhcpv4");
	assert_true(parse("-e a --host-events"));
	assert_int_equal(o.action, ACT_HOST_EVENTS);
	assert_true(parse("-i eth0 -c c"));
	assert_int_equal(o.action, ACT_LIVE);
	assert_true(parse("-T -c c"));
	assert_true(parse("--explain mitm6"));
	assert_string_equal(o.explain, "mitm6");
	assert_true(parse("--help"));
	assert_true(parse("-r a --test-off=D6-DNS --test-off=4100 --events-as-given=last"));
	assert_int_equal(o.noff, 2);
	assert_int_equal(o.pacing, PACE_LAST);
	assert_true(parse("-r a --fail-on probable"));
	assert_int_equal(o.fail_on, V_PROBABLE);
}

static void
test_wrong(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"",
		"-c x",
		"-r a -i eth0 -c c",
		"-i eth0",
		"-r - -e -",
		"--dissect",
		"--dissect -r a -e b",
		"--host-events -r a",
		"--dissect --host-events -r a",
		"-T",
		"-r a stray",
		"-r",
		"--nonsense",
		"-r a --fail-on often",
		"-r a --events-as-given=sometimes",
	};
	for (size_t i = 0; i < NELEM(lines); i++)
		if (parse(lines[i]))
			fail_msg("accepted: %s", lines[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
