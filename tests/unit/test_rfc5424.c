/* Syslog lines: RFC 5424 header and structured data, the short form's limit, and text that would break out of either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "record.h"

static const struct detection detection = {
	.id = "mitm6",
	.signature_id = 9100001,
	.signature = "s",
	.category = "c",
};
static const char *const ifaces[] = { "eth1" };
static struct encode_env env;
static struct incident r;
static char line[SYSLOG_LONG_MAX + 1];

static void
fill(void)
{
	env = (struct encode_env){
		.sensor = "s1", .sd_id = "incident@32473", .iface = ifaces, .niface = 1, .procid = 812
	};
	r = record_of(&detection, "IPv6 DNS takeover: confirmed");
}

static size_t
encode(bool brief)
{
	struct out o = out_init(line, SYSLOG_LONG_MAX);
	encode_rfc5424(&o, &env, &r, brief ? MESSAGE_TITLE_BRIEF : MESSAGE_EVE);
	assert_true(out_ok(&o));
	line[o.n] = 0;
	return o.n;
}

static void
test_short_form(void **state)
{
	(void)state;
	fill();
	encode(true);
	assert_string_equal(
		line, "<132>1 2026-11-20T22:41:07.412000Z s1 crosstap 812 mitm6 [incident@32473 "
		      "id=\"00000000000000ab\" "
		      "rev=\"2\" sev=\"high\" verdict=\"confirmed\" grade=\"E4\" conf=\"95\" "
		      "actor=\"00:0c:29:47:a1:a6\" actor_ip=\"10.16.40.66\" victims=\"1\" victim=\"WS-1\" "
		      "state=\"update\" segment=\"eth1/0\" attack=\"T1557.001 T1557.003\"] IPv6 DNS "
		      "takeover: confirmed");
}

static void
test_long_form_carries_the_record(void **state)
{
	(void)state;
	fill();
	env.procid = 0;
	size_t n = encode(false);
	assert_memory_equal(line, "<132>1 2026-11-20T22:41:07.412000Z s1 crosstap - mitm6 [incident@32473 ",
			    71);
	assert_non_null(strstr(line, "] {\"timestamp\":\"2026-11-20T22:41:07.412000Z\","));
	assert_int_equal(line[n - 1], '}');
}

/* Facility local0 is 16; severities of RFC 5424 6.2.1. */
static void
test_priorities(void **state)
{
	static const char *const want[SEVERITIES] = { "<134>", "<134>", "<133>", "<132>", "<130>" };
	(void)state;
	for (int s = 0; s < SEVERITIES; s++) {
		fill();
		r.severity = (enum severity)s;
		encode(true);
		assert_memory_equal(line, want[s], 5);
	}
}

static void
test_hostile_text(void **state)
{
	(void)state;
	fill();
	env.sensor = "a b\n\xc3\xa9";
	memcpy(r.victim[0].name, "x\"] [evil@1 a=\"\\", 17);
	r.title = "line\nbreak\x7f<134>1 - - - - - -";
	encode(true);
	assert_non_null(strstr(line, " a?b??? crosstap "));
	assert_non_null(strstr(line, "victim=\"x\\\"\\] [evil@1 a=\\\"\\\\\" "));
	assert_non_null(strstr(line, "] line break <134>1"));
	assert_null(strchr(line, '\n'));
}

/* Whatever is in it, the short form is one datagram, and what matters stands in its first 480 bytes. */
static void
test_short_form_is_short(void **state)
{
	static char long_text[8000], name[400];
	(void)state;
	fill();
	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i + 1 < sizeof(long_text) - 1; i += 2)
		memcpy(long_text + i, "\xc3\xa9", 2);
	memset(name, 'n', sizeof(name) - 1);
	env.sensor = name;
	r.title = long_text;
	r.nvictim = INC_LIST_MAX;
	r.victims_total = 5000;
	for (size_t i = 0; i < INC_LIST_MAX; i++)
		memset(r.victim[i].name, 0xff, INC_NAME_MAX - 1);
	size_t n = encode(true);
	assert_true(n <= SYSLOG_SHORT_MAX);
	assert_true(n > SYSLOG_SHORT_MAX - 4); /* filled up to a whole character */
	const char *victims = strstr(line, "victims=\"5000\"");
	assert_non_null(victims);
	assert_true(victims - line < 480);
	assert_true((line[n - 1] & 0xc0) == 0x80 && (line[n - 2] & 0xe0) == 0xc0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_form),
		cmocka_unit_test(test_long_form_carries_the_record),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_short_form_is_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
