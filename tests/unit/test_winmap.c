/* Event rows: against the catalog of events beside the tree, and what each kind's slots become. */
#include "events.h"

#include <jansson.h>

#include "decode.h"

/* The 57 events that everything is about, and the neighbours of DETECTIONS.md 10. */
static const struct wanted {
	const char *provider;
	uint16_t ids[48];
} seeds[] = {
	{ "Microsoft-Windows-Iphlpsvc",
	  { 4000, 4001, 4002, 4003, 4004, 4005, 4100, 4200, 4201, 4202, 4300, 4301, 4302, 4303, 4304, 4400, 4500,
	    4501 } },
	{ "Microsoft-Windows-DHCP-Server",
	  { 1020, 1042, 1045, 1046, 1051, 1052, 1053, 1059, 1063, 1338, 20255, 20256 } },
	{ "Microsoft-Windows-RasSstp", { 1,  2,	 3,  4,	 5,  6,	 7,  8,	 9,  10, 11, 12, 13, 14,
					 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 32, 33 } },
}, neighbours[] = {
	{ "Microsoft-Windows-DHCPv6-Client",
	  { 51007, 51010, 51039, 51061, 51013, 51016, 51026, 51008, 51011, 51027, 51036, 1006, 51032, 51033, 51034,
	    1000, 1003, 51062, 1005, 51019 } },
	{ "Microsoft-Windows-Dhcp-Client",
	  { 50010, 50013, 60001, 1002, 50011, 50014, 50044, 1001, 1003, 1007, 50023, 1005, 50017 } },
	{ "Tcpip", { 4198, 4199 } },
	{ "Microsoft-Windows-DHCP-Server",
	  { 1341, 1342, 1343, 1376, 1377, 10009, 10003, 10005, 20096, 20097, 20100, 20287, 1011, 1012, 1013,
	    1339, 71, 76, 135, 20251, 20252, 20254, 1043, 1044 } },
	{ "Microsoft-Windows-DNS-Client",
	  { 1018, 3008, 3020, 1001, 1002, 3009, 3010, 3011, 1024, 1025, 1026, 1013, 1014 } },
	{ "RasClient", { 20222, 20227 } },
	{ "RemoteAccess", { 20271, 20274 } },
	{ "Microsoft-Windows-Security-Auditing", { 4624, 4625, 4776, 4741, 5136 } },
	{ "DHCP-Server-AuditLog-v4", { 10, 11, 12, 13, 14, 15, 20, 21, 22, 51, 53, 55, 62 } },
	{ "DHCP-Server-AuditLog-v6", { 11002, 11004, 11005, 11006, 11009, 11014, 11015 } },
};

/* The rest of the catalogue: named and typed, joined with nothing. */
static const struct wanted others[] = {
	{ "Microsoft-Windows-DHCP-Server",
	  { 1033, 1034, 1041, 1050, 1054, 1064, 1144, 10004, 10008, 10012, 10023, 20090, 20253 } },
	{ "Microsoft-Windows-DHCPv6-Client", { 51005, 51006, 51009, 51025, 51040, 51046, 51047 } },
	{ "Microsoft-Windows-Dhcp-Client",
	  { 50007, 50009, 50012, 50015, 50024, 50028, 50029, 50036, 50037, 50055, 50067 } },
	{ "Microsoft-Windows-DNS-Client", { 1016, 3006 } },
	{ "Microsoft-Windows-NetworkProfile", { 10000, 10001, 10002 } },
	{ "Microsoft-Windows-NDIS", { 10317 } },
	{ "Microsoft-Windows-Security-Auditing", { 4648, 4768, 4769, 5156, 4616 } },
	{ "RasClient", { 20220, 20221, 20223, 20224, 20225, 20226 } },
	{ "RemoteAccess", { 20272, 20275, 20255 } },
	{ "Microsoft-Windows-Kernel-General", { 1 } },
	{ "Microsoft-Windows-Time-Service", { 35, 37, 50, 52 } },
	{ "Microsoft-Windows-Eventlog", { 104, 1101, 1102 } },
	{ "EventLog", { 6005 } },
	{ "DHCP-Server-AuditLog-v4",
	  { 1, 2, 16, 17, 18, 23, 24, 25, 30, 31, 32, 33, 34, 35, 36, 50, 54, 56, 57, 58, 59, 60, 61 } },
	{ "DHCP-Server-AuditLog-v4", { 63, 64 } },
	{ "DHCP-Server-AuditLog-v6",
	  { 11000, 11001, 11003, 11007, 11008, 11010, 11011, 11012, 11013, 11016, 11017, 11018,
	    11019, 11020, 11021, 11022, 11023, 11024, 11028, 11029, 11030, 11031, 11032, 1103 } },
};

static unsigned
rows_of(const char *provider, uint32_t id)
{
	unsigned n = 0;
	for (size_t i = 0; i < winmap_count(); i++)
		n += winmap_at(i)->event_id == id && strcmp(winmap_at(i)->provider, provider) == 0;
	return n;
}

static unsigned
assert_rows(const struct wanted *w, size_t n)
{
	unsigned count = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < NELEM(w->ids) && w[i].ids[k] != 0; k++, count++)
			if (rows_of(w[i].provider, w[i].ids[k]) != 1)
				fail_msg("%s %u has %u rows", w[i].provider, w[i].ids[k],
					 rows_of(w[i].provider, w[i].ids[k]));
	return count;
}

static void
test_every_event_has_a_row(void **state)
{
	(void)state;
	assert_int_equal(assert_rows(seeds, NELEM(seeds)), 57);
	unsigned more = assert_rows(neighbours, NELEM(neighbours));
	more += assert_rows(others, NELEM(others)) + rows_of("DHCP-Server-AuditLog-v4", 0);
	assert_int_equal(winmap_count(), 57 + more);
	assert_null(winmap_at(winmap_count()));
	assert_null(winmap_field(winmap_count(), 0));
}

static const json_t *
catalog_entry(const json_t *catalog, const struct winmap_row *row)
{
	for (size_t i = 0; i < json_array_size(catalog); i++) {
		const json_t *e = json_array_get(catalog, i);
		if (json_integer_value(json_object_get(e, "id")) == row->event_id &&
		    strcmp(json_string_value(json_object_get(e, "provider")), row->provider) == 0)
			return e;
	}
	return NULL;
}

/* Every row is an event of the catalog with exactly its fields, in their order. */
static void
test_catalog(void **state)
{
	(void)state;
	size_t n = 0;
	char *text = slurp_shared("hostevents/catalog.json", &n);
	if (text == NULL)
		skip();
	json_t *catalog = json_loadb(text, n, 0, NULL);
	free(text);
	assert_true(json_is_array(catalog));
	for (size_t i = 0; i < winmap_count(); i++) {
		const struct winmap_row *row = winmap_at(i);
		const json_t *e = catalog_entry(catalog, row);
		if (e == NULL)
			fail_msg("%s %u is not in the catalog", row->provider, row->event_id);
		const json_t *fields = json_object_get(e, "fields");
		for (size_t k = 0; k <= json_array_size(fields); k++) {
			const char *want =
				json_string_value(json_object_get(json_array_get(fields, k), "name"));
			const char *have = winmap_field(i, k);
			if ((want == NULL) != (have == NULL) || (want != NULL && strcmp(want, have) != 0))
				fail_msg("%s %u field %zu is %s, not %s", row->provider, row->event_id, k,
					 want ? want : "absent", have ? have : "absent");
		}
	}
	json_decref(catalog);
}

static void
test_kind_names(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < HE_KINDS; i++)
		for (uint16_t k = 0; k < i; k++)
			assert_string_not_equal(hostev_kind_name(i), hostev_kind_name(k));
	assert_string_equal(hostev_kind_name(HE_KINDS), "unknown");
}

/* --- data/winmap.ndjson: each line carries what it must become ----------------------------------------------------- */

static void
expect_text(const json_t *want, const char *key, bool set, struct bytes have, unsigned line)
{
	const char *w = json_string_value(json_object_get(want, key));
	if ((w != NULL) != set)
		fail_msg("line %u: %s is %s", line, key, set ? "set" : "not set");
	if (w != NULL && !bytes_eq(have, bytes_str(w)))
		fail_msg("line %u: %s is %.*s, not %s", line, key, (int)have.n, (const char *)have.p, w);
}

static void
expect_addr(const json_t *want, const char *key, bool set, struct addr have, unsigned line)
{
	char buf[64];
	struct out o = out_init(buf, sizeof(buf));
	out_addr(&o, have);
	expect_text(want, key, set, out_bytes(&o), line);
}

static void
expect_flag(const json_t *want, const char *key, bool set, bool have, unsigned line)
{
	const json_t *w = json_object_get(want, key);
	if ((w != NULL) != set || (w != NULL && json_is_true(w) != have))
		fail_msg("line %u: %s", line, key);
}

static void
expect_slots(const json_t *want, const struct hostev *ev, unsigned line)
{
	char mac[32];
	struct out o = out_init(mac, sizeof(mac));
	out_mac(&o, ev->mac);
	expect_text(want, "kind", true, bytes_str(hostev_kind_name(ev->kind)), line);
	expect_addr(want, "addr", ev->set & HES_ADDR, ev->addr, line);
	expect_addr(want, "peer", ev->set & HES_PEER, ev->peer, line);
	expect_addr(want, "router", ev->set & HES_ROUTER, ev->router, line);
	expect_text(want, "mac", ev->set & HES_MAC, out_bytes(&o), line);
	expect_text(want, "name", ev->set & HES_NAME, ev->name, line);
	expect_text(want, "iface", ev->set & HES_IFACE, ev->iface, line);
	expect_text(want, "coid", ev->set & HES_COID, ev->coid, line);
	expect_text(want, "sha1", ev->set & HES_SHA1, ev->sha1, line);
	expect_text(want, "sha256", ev->set & HES_SHA256, ev->sha256, line);
	char hex[2 * 130 + 1];
	struct out digits = out_init(hex, sizeof(hex));
	out_hex(&digits, ev->duid);
	expect_text(want, "duid", ev->set & HES_DUID, out_bytes(&digits), line);
	expect_flag(want, "flag1", ev->set & HES_FLAG1, ev->flag1, line);
	expect_flag(want, "flag2", ev->set & HES_FLAG2, ev->flag2, line);
	const json_t *error = json_object_get(want, "error"), *more = json_object_get(want, "more");
	if ((error != NULL) != !!(ev->set & HES_ERROR) || (error && json_integer_value(error) != ev->error))
		fail_msg("line %u: error %u", line, ev->error);
	const json_t *percent = json_object_get(want, "percent"), *left = json_object_get(want, "left");
	if ((percent != NULL) != !!(ev->set & HES_PERCENT) || json_integer_value(percent) != ev->percent ||
	    (left != NULL) != !!(ev->set & HES_LEFT) || json_integer_value(left) != ev->left)
		fail_msg("line %u: %u %% used, %u left", line, ev->percent, ev->left);
	const json_t *set = json_object_get(want, "set_forward"); /* seconds */
	bool told = (ev->set & HES_WAS) && (ev->set & HES_IS);
	if ((set != NULL) != told || (told && json_real_value(set) * 1e9 != (double)(ev->is - ev->was)))
		fail_msg("line %u: set forward", line);
	assert_int_equal(json_array_size(more), ev->nmore);
	for (size_t i = 0; i < ev->nmore; i++)
		assert_addr(ev->more[i], json_string_value(json_array_get(more, i)));
}

static void
expect_fields(const json_t *want, const struct hostev *ev, unsigned line)
{
	const char *name;
	json_t *value;
	if (json_object_size(want) != ev->nfields)
		fail_msg("line %u: %u fields", line, ev->nfields);
	json_object_foreach((json_t *)(uintptr_t)want, name,
			    value) if (!bytes_eq(field(ev, name), bytes_str(json_string_value(value))))
		fail_msg("line %u: field %s", line, name);
}

static void
test_samples(void **state)
{
	(void)state;
	size_t n = 0;
	char *text = slurp("tests/unit/data/winmap.ndjson", &n);
	bool kinds[HE_KINDS] = { false };
	assert_non_null(text);
	struct bytes rest = bytes_of(text, n);
	for (unsigned line = 1; rest.n > 0; line++) {
		size_t skip;
		size_t len = hostfeed_frame(rest, true, &skip);
		if (len == 0)
			break;
		struct bytes doc = bytes_of(rest.p + skip, len);
		rest = bytes_of(doc.p + len, rest.n - skip - len);
		if (decode(doc) != HOSTEV_OK || kept.n != 1)
			fail_msg("line %u: %s", line, kept.err.what ? kept.err.what : "no event");
		json_t *root = json_loadb((const char *)doc.p, doc.n, 0, NULL);
		const json_t *want = json_object_get(root, "expect"),
			     *fields = json_object_get(want, "fields");
		assert_non_null(want);
		expect_slots(want, &kept.ev[0], line);
		if (fields == NULL)
			fields = json_object_get(json_object_get(root, "winlog"), "event_data");
		expect_fields(fields, &kept.ev[0], line);
		kinds[kept.ev[0].kind] = true;
		json_decref(root);
	}
	free(text);
	for (uint16_t i = 0; i < HE_KINDS; i++)
		if (!kinds[i])
			fail_msg("no sample of kind %s", hostev_kind_name(i));
}

/* --- names --------------------------------------------------------------------------------------------------------- */

static void
one(const char *provider, unsigned id, const char *data)
{
	char doc[1024];
	print(doc, sizeof(doc),
	      "{\"@timestamp\":\"2026-05-04T07:30:00Z\",\"winlog\":{\"provider_name\":\"%s\",\"event_id\":"
	      "%u,"
	      "\"computer_name\":\"pc\",\"record_id\":1,\"event_data\":%s}}",
	      provider, id, data);
	assert_int_equal(decode_str(doc), HOSTEV_OK);
	assert_int_equal(kept.n, 1);
}

static void
test_provider_spellings(void **state)
{
	(void)state;
	static const struct {
		const char *seen, *manifest;
	} cases[] = {
		{ "MICROSOFT-WINDOWS-IPHLPSVC", "Microsoft-Windows-Iphlpsvc" },
		{ "DhcpServer", "Microsoft-Windows-DHCP-Server" },
		{ "microsoft-windows-dhcp-server", "Microsoft-Windows-DHCP-Server" },
		{ "RasSstp", "Microsoft-Windows-RasSstp" },
		{ "Dhcp", "Microsoft-Windows-Dhcp-Client" },
		{ "Dhcpv6", "Microsoft-Windows-DHCPv6-Client" },
		{ "TCPIP", "Tcpip" },
		{ "EventLog", "EventLog" },
	};
	for (size_t i = 0; i < NELEM(cases); i++) {
		one(cases[i].seen, 9999, "{}");
		assert_text(kept.ev[0].provider, cases[i].manifest);
		assert_int_equal(kept.ev[0].kind, HE_OTHER);
	}
}

/* Wazuh lowers the first letter; the manifest's spelling comes out. */
static void
test_field_spellings(void **state)
{
	(void)state;
	one("Microsoft-Windows-Iphlpsvc", 4100, "{\"isatapRouter\":\"192.0.2.66\",\"errorCode\":\"0x0\"}");
	assert_text(field(&kept.ev[0], "IsatapRouter"), "192.0.2.66");
	assert_text(field(&kept.ev[0], "ErrorCode"), "0x0");
	assert_addr(kept.ev[0].router, "192.0.2.66");
	assert_true(kept.ev[0].set & HES_ERROR);
	/* an older system's event with fewer unnamed data: no guess at their names */
	one("Dhcp", 1002, "{\"param1\":\"192.0.2.50\",\"param2\":\"02005E005307\",\"param3\":\"192.0.2.1\"}");
	assert_text(field(&kept.ev[0], "param3"), "192.0.2.1");
	assert_int_equal(kept.ev[0].set, 0);
}

/* The first of two spellings of one field counts. */
static void
test_field_twice(void **state)
{
	(void)state;
	one("Microsoft-Windows-Iphlpsvc", 4100,
	    "{\"IsatapRouter\":\"192.0.2.1\",\"isatapRouter\":\"192.0.2.66\"}");
	assert_addr(kept.ev[0].router, "192.0.2.1");
}

/* Values that are no address, MAC, number or hash leave their slot unset and stay as fields. */
static void
test_values_that_are_none(void **state)
{
	(void)state;
	static const char *const junk[] = { "",
					    "-",
					    "x",
					    "::",
					    "256.1.1.1",
					    "1.2.3",
					    "zz:zz",
					    "[",
					    "[]",
					    "%",
					    "{",
					    "0x",
					    "99999999999999999999",
					    "-99999999999",
					    "0xfffffffff" };
	for (size_t i = 0; i < NELEM(junk); i++) {
		char data[512];
		print(data, sizeof(data),
		      "{\"Address1\":\"%s\",\"HWLength\":\"%s\",\"HWAddress\":\"%s\",\"Address2\":\"%s\"}",
		      junk[i], junk[i], junk[i], junk[i]);
		one("Microsoft-Windows-Dhcp-Client", 1002, data);
		assert_int_equal(kept.ev[0].nfields, 4);
		/* "::" is the unspecified address as whole text */
		assert_int_equal(
			kept.ev[0].set & ~(uint32_t)(strcmp(junk[i], "::") ? 0 : HES_ADDR | HES_PEER), 0);
		print(data, sizeof(data),
		      "{\"CoId\":\"%s\",\"SHA1CertificateHash\":\"%s\",\"SHA256CertificateHash\":\"%s\"}",
		      junk[i], junk[i], junk[i]);
		one("Microsoft-Windows-RasSstp", 6, data);
		assert_int_equal(kept.ev[0].set, 0);
		print(data, sizeof(data), "{\"param1\":\"(%s)\"}", junk[i]);
		one("Microsoft-Windows-DHCP-Server", 1042, data);
		assert_int_equal(kept.ev[0].set, 0);
	}
}

/* Free text names many addresses; the record holds so many. */
static void
test_many_addresses(void **state)
{
	(void)state;
	char data[1024];
	size_t n = print(data, sizeof(data), "{\"param1\":\"");
	for (unsigned i = 1; i <= 40; i++)
		n += print(data + n, sizeof(data) - n, "(192.0.2.%u) ", i);
	print(data + n, sizeof(data) - n, "\"}");
	one("Microsoft-Windows-DHCP-Server", 1042, data);
	assert_addr(kept.ev[0].peer, "192.0.2.1");
	assert_int_equal(kept.ev[0].nmore, HE_MORE_MAX);
	assert_addr(kept.ev[0].more[HE_MORE_MAX - 1], "192.0.2.16");
}

/* What is no address, next to what is. */
static void
test_addresses_in_text(void **state)
{
	(void)state;
	one("Microsoft-Windows-DHCP-Server", 1042,
	    "{\"param1\":\"version 10.0.17763.1 of srv-10.1.1.1, host10.2.2.2, 10.3.3.3x std::x: "
	    "2001:db8::5.\"}");
	assert_addr(kept.ev[0].peer, "2001:db8::5");
	assert_int_equal(kept.ev[0].nmore, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_event_has_a_row),
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_kind_names),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_provider_spellings),
		cmocka_unit_test(test_field_spellings),
		cmocka_unit_test(test_field_twice),
		cmocka_unit_test(test_values_that_are_none),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_addresses_in_text),
	};
	return cmocka_run_group_tests(tests, events_setup, events_teardown);
}
