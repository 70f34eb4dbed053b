/* CEF and OCSF: what each says of a record, text that would break out, and records too large for a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>

#include "record.h"

static const struct detection detection = {
	.id = "mitm6",
	.signature_id = 9100001,
	.signature = "DNS | take\\over",
	.category = "Adversary-in-the-Middle",
};
static const char *const ifaces[] = { "eth1" };
static const struct encode_env env = {
	.sensor = "s1", .sd_id = "incident@32473", .iface = ifaces, .niface = 1
};
static struct incident r;
static char line[SYSLOG_LONG_MAX + 1];

static void
fill(void)
{
	r = record_of(&detection, "a=b");
}

static void
cef(void)
{
	struct out o = out_init(line, SYSLOG_LONG_MAX);
	encode_cef(&o, &env, &r);
	assert_true(out_ok(&o));
	line[o.n] = 0;
}

static json_t *
ocsf(void)
{
	struct out o = out_init(line, SYSLOG_LONG_MAX);
	encode_ocsf(&o, &env, &r);
	assert_true(out_ok(&o));
	assert_true(o.n < EVE_MAX);
	json_t *j = json_loadb(line, o.n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	return j;
}

static void
test_cef(void **state)
{
	(void)state;
	fill();
	cef();
	/* the version of the program stands between the third and fourth bar */
	assert_memory_equal(line, "CEF:0|crosstap|crosstap|", 24);
	assert_string_equal(strchr(line + 24, '|'),
			    "|9100001|DNS \\| take\\\\over|8|externalId=00000000000000ab cs1Label=verdict "
			    "cs1=confirmed cs2Label=grade cs2=E4 cat=mitm6 smac=00:0c:29:47:a1:a6 "
			    "src=10.16.40.66 dhost=WS-1 cn1Label=victims cn1=1 cn2Label=confidence cn2=95 "
			    "cn3Label=revision cn3=2 outcome=update rt=1795214467412 start=1795214467412 "
			    "end=1795214467412 dvchost=s1 deviceInboundInterface=eth1 cs3Label=segment "
			    "cs3=eth1/0 cs4Label=attack cs4=T1557.001 T1557.003 cs5Label=victims cs5=WS-1 "
			    "deviceEventCategory=alert msg=a\\=b cs6Label=explain cs6=why");
}

static void
test_cef_hostile(void **state)
{
	(void)state;
	fill();
	r.title = "x\nCEF:0|evil|\r=\\\t\x7f\xff\xc3\xa9\"";
	cef();
	assert_non_null(strstr(line, " msg=x\\nCEF:0|evil|\\r\\=\\\\  \xef\xbf\xbd\xc3\xa9\" cs6Label="));
	assert_null(strchr(line, '\n'));
	assert_null(strchr(line, '\r'));
}

/* In a datagram: keys are whole or absent, and what matters stands first. */
static void
test_cef_brief(void **state)
{
	static char text[9000];
	(void)state;
	fill();
	memset(text, '=', sizeof(text) - 1);
	r.explain = r.title = text;
	struct out o = out_init(line, SYSLOG_LONG_MAX);
	encode_rfc5424(&o, &env, &r, MESSAGE_CEF_BRIEF);
	assert_true(out_ok(&o) && o.n <= SYSLOG_SHORT_MAX);
	line[o.n] = 0;
	assert_non_null(strstr(line, "] CEF:0|crosstap|"));
	assert_non_null(strstr(line, " deviceEventCategory=alert"));
	assert_null(strstr(line, " msg="));
}

static void
test_ocsf(void **state)
{
	(void)state;
	const char *uid, *mac, *victim, *technique, *verdict, *severity;
	json_int_t class, type, ms, severity_id, status;
	fill();
	json_t *j = ocsf();
	assert_int_equal(
		json_unpack(j,
			    "{s:I,s:I,s:I,s:I,s:s,s:I,s:{s:s,s:[{s:{s:s}}]},s:[{s:{s:s}}],s:[{s:s}],s:{s:s}}",
			    "class_uid", &class, "type_uid", &type, "time", &ms, "severity_id", &severity_id,
			    "severity", &severity, "status_id", &status, "finding_info", "uid", &uid,
			    "attacks", "technique", "uid", &technique, "evidences", "src_endpoint", "mac",
			    &mac, "resources", "name", &victim, "unmapped", "verdict", &verdict),
		0);
	assert_int_equal(class, 2004);
	assert_int_equal(type, 200402);
	assert_int_equal(ms, INT64_C(1795214467412));
	assert_int_equal(severity_id, 4);
	assert_string_equal(severity, "High");
	assert_int_equal(status, 2);
	assert_string_equal(uid, "00000000000000ab");
	assert_string_equal(technique, "T1557.001");
	assert_string_equal(mac, "00:0c:29:47:a1:a6");
	assert_string_equal(victim, "WS-1");
	assert_string_equal(verdict, "confirmed");
	json_decref(j);
}

/* Everything at its limit and of bytes that swell: still one whole object of a line. */
static void
test_ocsf_large(void **state)
{
	static char text[20000];
	(void)state;
	fill();
	memset(text, 1, sizeof(text) - 1);
	r.explain = text;
	r.nvictim = INC_LIST_MAX;
	r.victims_total = 5000;
	for (size_t i = 0; i < INC_LIST_MAX; i++) {
		memset(r.victim[i].name, 0xff, INC_NAME_MAX - 1);
		r.victim[i].nip = INC_ADDRS_MAX;
		for (size_t k = 0; k < INC_ADDRS_MAX; k++)
			r.victim[i].ip[k] = addr4(255, 255, 255, 255);
	}
	r.nfact = INC_LIST_MAX;
	for (size_t i = 0; i < INC_LIST_MAX; i++)
		r.fact[i].id = "D6-ROGUE";
	json_t *j = ocsf();
	json_int_t total;
	assert_int_equal(json_unpack(j, "{s:{s:I}}", "unmapped", "victims_total", &total), 0);
	assert_int_equal(total, 5000);
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cef),	   cmocka_unit_test(test_cef_hostile),
		cmocka_unit_test(test_cef_brief),  cmocka_unit_test(test_ocsf),
		cmocka_unit_test(test_ocsf_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
