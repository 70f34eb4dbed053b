/* Winlogbeat and Elastic Agent JSON: what an event becomes, and what hostile or broken text does not do. */
#include "events.h"

/* A Winlogbeat document of event 4100 with `what` in place of one of its parts. */
static const char *
with(const char *time, const char *id, const char *record, const char *data)
{
	static char doc[4096];
	print(doc, sizeof(doc),
	      "{\"@timestamp\":%s,\"winlog\":{\"provider_name\":\"Microsoft-Windows-Iphlpsvc\",\"event_"
	      "id\":%s,"
	      "\"record_id\":%s,\"computer_name\":\"pc\",\"channel\":\"System\",\"event_data\":%s}}",
	      time, id, record, data);
	return doc;
}

#define TIME "\"2026-05-04T07:30:00Z\""

static void
assert_bad(const char *doc, const char *what)
{
	assert_int_equal(decode_str(doc), HOSTEV_BAD);
	assert_int_equal(kept.n, 0);
	if (strstr(kept.err.what, what) == NULL)
		fail_msg("'%s' does not say '%s'", kept.err.what, what);
}

static void
test_shared_samples(void **state)
{
	(void)state;
	static const struct {
		const char *file, *shape;
	} files[] = {
		{ "hostevents/samples/winlogbeat.ndjson", "winlogbeat" },
		{ "hostevents/samples/elastic-agent.ndjson", "elastic-agent" },
	};
	for (size_t i = 0; i < NELEM(files); i++) {
		size_t n = 0;
		char *text = slurp_shared(files[i].file, &n);
		if (text == NULL)
			skip();
		assert_int_equal(decode_stream(bytes_of(text, n)), 0);
		assert_three(files[i].shape, 1773220462 * TS_SEC + 123 * TS_MS,
			     1773220503 * TS_SEC + 502 * TS_MS);
		assert_true(kept.ev[0].seen == 1773220463 * TS_SEC + 535 * TS_MS);
		free(text);
	}
}

/* Every event of the recordings beside the tree is read. */
static void
test_shared_recording(void **state)
{
	(void)state;
	size_t n = 0;
	char *text = slurp_shared("pcaps/lab/mitm6-default/events.jsonl", &n);
	if (text == NULL)
		skip();
	unsigned lines = 0;
	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	assert_int_equal(decode_stream(bytes_of(text, n)), 0);
	assert_int_equal(kept.n, lines);
	assert_int_equal(kept.ev[0].nhost_mac, 1);
	assert_int_equal(kept.ev[0].nhost_ip, 1);
	free(text);
}

static void
test_own_sample(void **state)
{
	(void)state;
	size_t n = 0;
	char *text = slurp("tests/unit/data/winlogbeat.ndjson", &n);
	assert_non_null(text);
	assert_int_equal(decode_stream(bytes_of(text, n)), 0);
	free(text);
	assert_int_equal(kept.n, 2); /* 7036 is nobody's */
	const struct hostev *a = &kept.ev[0], *b = &kept.ev[1];
	assert_text(a->provider, "Microsoft-Windows-Dhcp-Client");
	assert_text(a->channel, "Microsoft-Windows-Dhcp-Client/Operational");
	assert_text(a->computer, "PC7.example.org");
	assert_text(a->user, "S-1-5-19");
	assert_true(a->ts == 1777879801 * TS_SEC + 250 * TS_MS);
	assert_true(a->seen == 1777879802 * TS_SEC);
	assert_int_equal(a->record_id, 77);
	assert_int_equal(a->kind, HE_D4_OFFER);
	assert_int_equal(a->nhost_ip, 2);
	assert_addr(a->host_ip[0], "198.51.100.7");
	assert_addr(a->host_ip[1], "fe80::1");
	assert_int_equal(a->nhost_mac, 1);
	assert_memory_equal(a->host_mac[0].b, "\x02\x00\x5e\x00\x53\x07", 6);
	assert_addr(a->addr, "198.51.100.70");
	assert_addr(a->peer, "198.51.100.1");
	assert_text(b->provider, "Microsoft-Windows-DHCP-Server");
	assert_true(b->record_id == UINT64_MAX);
	assert_null(b->user.p);
	assert_int_equal(b->nfields, 2);
	assert_addr(b->peer, "198.51.100.66");
	assert_text(b->name, "evil.example");
}

static void
test_times(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		ts_t ts; /* TS_NONE: refused */
	} cases[] = {
		{ "2026-05-04T07:30:01Z", 1777879801 * TS_SEC },
		{ "2026-05-04T07:30:01.250Z", 1777879801250 * TS_MS },
		{ "2026-05-04T07:30:01.250123Z", 1777879801250123 * TS_US },
		{ "2026-05-04T07:30:01.2501234Z", 1777879801250123400 },
		{ "2026-05-04T07:30:01.250123456Z", 1777879801250123456 },
		{ "2026-05-04T07:30:01.250123456789Z", 1777879801250123456 },
		{ "2026-05-04t07:30:01z", 1777879801 * TS_SEC },
		{ "2026-05-04 07:30:01", 1777879801 * TS_SEC },
		{ "2026-05-04T09:30:01.25+02:00", 1777879801250 * TS_MS },
		{ "2026-05-04 09:30:01 +0200", 1777879801 * TS_SEC },
		{ "2026-05-03T23:30:01-08", 1777879801 * TS_SEC },
		{ "2024-02-29T00:00:00Z", 1709164800 * TS_SEC },
		{ "2016-12-31T23:59:60Z", 1483228800 * TS_SEC },
		{ "2023-02-29T00:00:00Z", TS_NONE },
		{ "0000-00-00T00:00:00Z", TS_NONE },
		{ "0001-01-01T00:00:00Z", TS_NONE },
		{ "1601-01-01T00:00:00Z", TS_NONE },
		{ "9999-12-31T23:59:59.9999999Z", TS_NONE },
		{ "12026-05-04T07:30:01Z", TS_NONE },
		{ "2026-13-04T07:30:01Z", TS_NONE },
		{ "2026-05-32T07:30:01Z", TS_NONE },
		{ "2026-05-04T24:30:01Z", TS_NONE },
		{ "2026-05-04T07:60:01Z", TS_NONE },
		{ "2026-05-04T07:30:61Z", TS_NONE },
		{ "2026-05-04T07:30:01.Z", TS_NONE },
		{ "2026-05-04T07:30:01+25:00", TS_NONE },
		{ "2026-05-04T07:30:01Zulu", TS_NONE },
		{ "2026-05-04T07:30", TS_NONE },
		{ "2026-05-04", TS_NONE },
		{ "-026-05-04T07:30:01Z", TS_NONE },
		{ "NaN", TS_NONE },
		{ "1777879801", TS_NONE },
	};
	for (size_t i = 0; i < NELEM(cases); i++) {
		char quoted[64];
		print(quoted, sizeof(quoted), "\"%s\"", cases[i].text);
		enum hostev_said said = decode_str(with(quoted, "4100", "1", "{}"));
		if (cases[i].ts == TS_NONE) {
			if (said != HOSTEV_BAD || strstr(kept.err.what, "time") == NULL)
				fail_msg("%s: taken", cases[i].text);
		} else if (said != HOSTEV_OK || kept.ev[0].ts != cases[i].ts) {
			fail_msg("%s: %lld", cases[i].text, (long long)kept.ev[0].ts);
		}
	}
	assert_bad(with("NaN", "4100", "1", "{}"), "not well-formed");
	assert_bad(with("1e999", "4100", "1", "{}"), "out of range");
	assert_bad(with("[]", "4100", "1", "{}"), "time");
	/* none at all is a loss, not an error */
	assert_int_equal(decode_str(with("null", "4100", "1", "{}")), HOSTEV_OK);
	assert_true(kept.ev[0].ts == TS_NONE);
	assert_int_equal(kept.ev[0].nlost, 1);
	assert_string_equal(kept.ev[0].lost[0], "time");
}

static void
test_numbers(void **state)
{
	(void)state;
	static const char *const ids[] = { "4100", "\"4100\"", "4100.0", "\" 4100 \"" };
	for (size_t i = 0; i < NELEM(ids); i++) {
		assert_int_equal(decode_str(with(TIME, ids[i], "1", "{}")), HOSTEV_OK);
		assert_int_equal(kept.ev[0].event_id, 4100);
		assert_int_equal(kept.ev[0].kind, HE_ISATAP_ROUTER);
	}
	static const char *const no_ids[] = { "[4100]",	    "{\"id\":4100}", "-4100",
					      "4100.5",	    "true",	     "\"\"",
					      "\"4100x\"",  "65536",	     "99999999999999999999999",
					      "\"0x1004\"", "null" };
	for (size_t i = 0; i < NELEM(no_ids); i++)
		assert_bad(with(TIME, no_ids[i], "1", "{}"), "id");
	static const struct {
		const char *text;
		uint64_t id;
	} records[] = {
		{ "0", 0 },
		{ "\"88213\"", 88213 },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", (uint64_t)INT64_MAX + 1 },
		{ "18446744073709551615", UINT64_MAX },
		{ "\"18446744073709551615\"", UINT64_MAX },
		{ "4503599627370497.0", 4503599627370497 },
	};
	for (size_t i = 0; i < NELEM(records); i++) {
		assert_int_equal(decode_str(with(TIME, "4100", records[i].text, "{}")), HOSTEV_OK);
		assert_true(kept.ev[0].record_id == records[i].id);
		assert_int_equal(kept.ev[0].nlost, 0);
	}
	static const char *const no_records[] = { "-1",	  "[]", "18446744073709551616", "\"x\"", "1.5",
						  "null", "{}" };
	for (size_t i = 0; i < NELEM(no_records); i++) {
		assert_int_equal(decode_str(with(TIME, "4100", no_records[i], "{}")), HOSTEV_OK);
		assert_string_equal(kept.ev[0].lost[0], "record_id");
		assert_true(kept.ev[0].record_id == 0);
	}
}

/* Values of event_data are text, whatever they were. */
static void
test_values(void **state)
{
	(void)state;
	assert_int_equal(decode_str(with(TIME, "4100", "1",
					 "{\"IsatapRouter\":null,\"ErrorCode\":-5,\"a\":true,\"b\":1.5,"
					 "\"c\":[1,\"x\"],\"d\":{\"e\":0},\"f\":12345678901234567890123}")),
			 HOSTEV_OK);
	assert_text(field(&kept.ev[0], "IsatapRouter"), "");
	assert_text(field(&kept.ev[0], "ErrorCode"), "-5");
	assert_true(kept.ev[0].error == 0xfffffffb);
	assert_text(field(&kept.ev[0], "a"), "true");
	assert_text(field(&kept.ev[0], "b"), "1.5");
	assert_text(field(&kept.ev[0], "c"), "[1,\"x\"]");
	assert_text(field(&kept.ev[0], "d"), "{\"e\":0}");
	assert_text(field(&kept.ev[0], "f"), "12345678901234567890123");
	assert_int_equal(decode_str(with(TIME, "4100", "1", "[1,2]")), HOSTEV_OK);
	assert_int_equal(kept.ev[0].nfields, 2); /* unnamed data, as osquery gives them */
	assert_text(field(&kept.ev[0], "ErrorCode"), "2");
	assert_int_equal(decode_str(with(TIME, "4100", "1", "\"text\"")), HOSTEV_OK);
	assert_int_equal(kept.ev[0].nfields, 0);
}

static void
test_too_many_fields(void **state)
{
	(void)state;
	char data[2048] = "{";
	size_t n = 1;
	for (unsigned i = 0; i < HE_FIELDS_MAX + 20; i++)
		n += print(data + n, sizeof(data) - n, "%s\"f%u\":\"\"", i ? "," : "", i);
	print(data + n, sizeof(data) - n, "}");
	assert_int_equal(decode_str(with(TIME, "4100", "1", data)), HOSTEV_OK);
	assert_int_equal(kept.ev[0].nfields, HE_FIELDS_MAX);
	assert_int_equal(kept.ev[0].nlost, 1);
	assert_string_equal(kept.ev[0].lost[0], "fields");
}

/* What Elastic Agent and older agents put elsewhere. */
static void
test_other_places(void **state)
{
	(void)state;
	assert_int_equal(
		decode_str("{\"@timestamp\":" TIME ",\"event\":{\"code\":\"4100\",\"provider\":"
			   "\"Microsoft-Windows-Iphlpsvc\",\"ingested\":\"2026-05-04T07:31:00Z\"},"
			   "\"host\":{\"name\":\"pc\",\"ip\":\"192.0.2.1\",\"mac\":\"02:00:5e:00:53:07\"},"
			   "\"winlog\":{\"user\":{\"name\":\"ann\"},\"user_data\":{\"xml_name\":\"E\","
			   "\"IsatapRouter\":\"192.0.2.66\"}},\"data_stream\":{}}"),
		HOSTEV_OK);
	const struct hostev *e = &kept.ev[0];
	assert_string_equal(e->shape, "elastic-agent");
	assert_text(e->computer, "pc");
	assert_text(e->user, "ann");
	assert_true(e->seen == e->ts + 60 * TS_SEC);
	assert_int_equal(e->nhost_ip, 1);
	assert_int_equal(e->nhost_mac, 1);
	assert_int_equal(e->nfields, 1);
	assert_addr(e->router, "192.0.2.66");
}

static void
test_lists_of_hosts(void **state)
{
	(void)state;
	char doc[4096];
	size_t n = print(doc, sizeof(doc),
			 "{\"@timestamp\":" TIME ",\"winlog\":{\"provider_name\":\"RasSstp\",\"event_id\":6},"
			 "\"host\":{\"mac\":[null,7,\"x\",[]],\"ip\":[null,{},\"nothing\"");
	for (unsigned i = 0; i < 100; i++)
		n += print(doc + n, sizeof(doc) - n, ",\"192.0.2.%u\"", i);
	print(doc + n, sizeof(doc) - n, "]}}");
	assert_int_equal(decode_str(doc), HOSTEV_OK);
	assert_int_equal(kept.ev[0].nhost_ip, HE_ADDRS_MAX);
	assert_int_equal(kept.ev[0].nhost_mac, 0);
	assert_addr(kept.ev[0].host_ip[15], "192.0.2.15");
}

static void
test_several_in_one(void **state)
{
	(void)state;
	char doc[8192];
	char one[1024];
	print(one, sizeof(one), "%s", with(TIME, "4100", "1", "{}"));
	print(doc, sizeof(doc), "[%s,%s]", one, one);
	assert_int_equal(decode_str(doc), HOSTEV_OK);
	assert_int_equal(kept.n, 2);
	print(doc, sizeof(doc), "%s %s\r\n", one, one);
	assert_int_equal(decode_str(doc), HOSTEV_OK);
	assert_int_equal(kept.n, 2);
	print(doc, sizeof(doc), "[%s,{\"winlog\":{}},%s]", one, one);
	assert_int_equal(decode_str(doc), HOSTEV_BAD);
	assert_int_equal(kept.n, 2);
	assert_int_equal(decode_str("[]"), HOSTEV_IGNORED);
}

/* A mark in front, blanks around, nothing but blanks. */
static void
test_around(void **state)
{
	(void)state;
	char doc[8192];
	print(doc, sizeof(doc), "\xef\xbb\xbf \t%s\r\n", with(TIME, "4100", "1", "{}"));
	assert_int_equal(decode_str(doc), HOSTEV_OK);
	assert_int_equal(decode_str(""), HOSTEV_IGNORED);
	assert_int_equal(decode_str(" \r\n"), HOSTEV_IGNORED);
	assert_int_equal(decode_str("\xef\xbb\xbf"), HOSTEV_IGNORED);
	assert_int_equal(hostfeed_document(kept.feed, (struct bytes){ NULL, 0 }, keep_event, NULL, NULL),
			 HOSTEV_IGNORED);
	assert_int_equal(hostfeed_document(kept.feed, bytes_str("x"), keep_event, NULL, NULL), HOSTEV_BAD);
}

/* One bad character does not cost the event. */
static void
test_bad_characters(void **state)
{
	(void)state;
	static const struct {
		const char *raw, *becomes;
	} cases[] = {
		{ "a\xff"
		  "b",
		  "a\xef\xbf\xbd"
		  "b" },						    /* no UTF-8 */
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },		    /* overlong */
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
		{ "\xf5\x80", "\xef\xbf\xbd\xef\xbf\xbd" },		    /* beyond U+10FFFF */
		{ "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },		    /* cut off */
		{ "\xc3\xa9\xf0\x9f\x98\x80", "\xc3\xa9\xf0\x9f\x98\x80" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		{ "\\ud83d", "\xef\xbf\xbd" }, /* half of a pair */
		{ "\\ude00x", "\xef\xbf\xbdx" },
		{ "\\ud83d\\u0041", "\xef\xbf\xbd"
				    "A" },
		{ "\\\\ud83d", "\\ud83d" },	    /* an escaped backslash */
		{ "a\tb\x01", "a\tb\xef\xbf\xbd" }, /* raw controls */
		{ "a\\u0000b", "a" },		    /* a text ends at its NUL */
	};
	for (size_t i = 0; i < NELEM(cases); i++) {
		char data[256];
		print(data, sizeof(data), "{\"IsatapRouter\":\"%s\"}", cases[i].raw);
		if (decode_str(with(TIME, "4100", "1", data)) != HOSTEV_OK)
			fail_msg("case %zu: %s", i, kept.err.what);
		assert_text(field(&kept.ev[0], "IsatapRouter"), cases[i].becomes);
	}
}

static void
test_refused(void **state)
{
	(void)state;
	assert_bad("{\"winlog\":{\"event_id\":1,\"event_id\":2}}", "twice");
	assert_bad("{\"winlog\":{},\"winlog\":{}}", "twice");
	assert_bad("{\"winlog\":{\"event_id\":1}", "early");
	assert_bad("{\"winlog\":{}}", "provider");
	assert_bad("{\"winlog\":[]}", "provider");
	assert_bad("{\"a\\u0000\":1}", "NUL in a key");
	assert_bad("{} x", "shape not known");
	assert_bad("{'winlog':1}", "well-formed");
	assert_bad("[1,2,3]", "shape not known");
	assert_bad("\xff\xfe{\0}\0", "UTF-16");
	assert_bad("\xfe\xff", "UTF-16");
	assert_bad("<14>Mar 11 10:14:22 WS01 x[1]: {\"EventID\":4100}", "shape not known");
	assert_bad("WS01\tMSWinEventLog\t1\tSystem", "without an id");
	assert_bad("{\"EventTime\":\"2026-03-11 10:14:22\",\"EventID\":\"x\",\"SourceName\":\"x\"}",
		   "no number");
}

static void
test_depth(void **state)
{
	(void)state;
	char doc[256];
	for (unsigned depth = 1; depth <= 60; depth++) {
		memset(doc, '[', depth);
		memset(doc + depth, ']', depth);
		doc[2 * depth] = 0;
		enum hostev_said said = decode_str(doc);
		if (depth <= HOSTFEED_DEPTH_MAX) {
			assert_true(said == HOSTEV_IGNORED || strstr(kept.err.what, "deeper") == NULL);
		} else {
			assert_int_equal(said, HOSTEV_BAD);
			assert_non_null(strstr(kept.err.what, "deeper than 16"));
			assert_int_equal(kept.err.offset, HOSTFEED_DEPTH_MAX);
		}
	}
	/* brackets inside a string are none */
	assert_int_equal(decode_str(with(TIME, "4100", "1", "{\"x\":\"[[[[[[[[[[[[[[[[[[[[{{{{{{{\\\"[[\"}")),
			 HOSTEV_OK);
}

static void
test_size(void **state)
{
	(void)state;
	size_t n = HOSTFEED_DOC_MAX;
	char *doc = malloc(n + 1);
	assert_non_null(doc);
	memset(doc, ' ', n + 1);
	const char *event = with(TIME, "4100", "1", "{}");
	memcpy(doc, event, strlen(event));
	assert_int_equal(decode(bytes_of(doc, n)), HOSTEV_OK);
	assert_int_equal(decode(bytes_of(doc, n + 1)), HOSTEV_BAD);
	assert_non_null(strstr(kept.err.what, "64 KiB"));
	free(doc);
}

/* As much of one thing as fits 64 KiB: it is read or refused, in bounded memory. */
static void
test_bulk(void **state)
{
	(void)state;
	static const struct {
		const char *head, *unit, *tail;
	} cases[] = {
		{ "[", "{},", "{}]" },	 { "[", "[],", "[]]" },
		{ "[", "0,", "0]" },	 { "[", "\"\",", "0]" },
		{ "[", "\xff", "]" },	 { "{\"winlog\":{\"event_data\":\"", "\xff", "\"}}" },
		{ "", "{}", "" },	 { "", "1 ", "" },
		{ "[", "\\", "]" },	 { "[\"", "\\ud800", "\"]" },
		{ "[", "-", "]" },	 { "[", "1111111111111111111,", "1]" },
		{ "[", "1.5e3,", "1]" }, { "", "\"", "" },
	};
	char *doc = malloc(HOSTFEED_DOC_MAX);
	assert_non_null(doc);
	for (size_t i = 0; i < NELEM(cases); i++) {
		size_t n = strlen(cases[i].head), unit = strlen(cases[i].unit), tail = strlen(cases[i].tail);
		memcpy(doc, cases[i].head, n);
		for (; n + unit + tail <= HOSTFEED_DOC_MAX; n += unit)
			memcpy(doc + n, cases[i].unit, unit);
		memcpy(doc + n, cases[i].tail, tail);
		(void)decode(bytes_of(doc, n + tail));
	}
	free(doc);
	assert_int_equal(decode_str(with(TIME, "4100", "1", "{}")), HOSTEV_OK); /* nothing stays behind */
}

/* Cut at each byte, and each byte changed: read or refused, never invented, never a crash. */
static void
test_cut_and_changed(void **state)
{
	(void)state;
	size_t n = 0;
	char *text = slurp("tests/unit/data/winlogbeat.ndjson", &n);
	assert_non_null(text);
	for (size_t line = 0; line < n;) {
		const char *nl = memchr(text + line, '\n', n - line);
		size_t len = nl ? (size_t)(nl - (text + line)) : n - line;
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(decode(bytes_of(text + line, cut)),
					 cut ? HOSTEV_BAD : HOSTEV_IGNORED);
		for (size_t i = 0; i < len; i++) {
			static const char other[] = { '"', '\\', '{', '}', 0, (char)0xff, '9', ',' };
			char was = text[line + i];
			for (size_t k = 0; k < sizeof(other); k++) {
				text[line + i] = other[k];
				(void)decode(bytes_of(text + line, len));
			}
			text[line + i] = was;
		}
		line += len + 1;
	}
	free(text);
}

static void
test_frames(void **state)
{
	(void)state;
	size_t skip = 9;
	assert_int_equal(hostfeed_frame(bytes_str("{\"a\":1}\n{"), false, &skip), 7);
	assert_int_equal(skip, 0);
	assert_int_equal(hostfeed_frame(bytes_str("\n{"), false, &skip), 0);
	assert_int_equal(skip, 1);
	assert_int_equal(hostfeed_frame(bytes_str("\n{"), true, &skip), 1);
	assert_int_equal(skip, 1);
	assert_int_equal(hostfeed_frame(bytes_str("\xef\xbb\xbf{}\r\n"), false, &skip),
			 3); /* CR is white space */
	assert_int_equal(skip, 3);
	assert_int_equal(hostfeed_frame(bytes_str("\xef\xbb"), false, &skip), 0);
	assert_int_equal(hostfeed_frame(bytes_str(" \n\n"), true, &skip), 0);
	assert_int_equal(skip, 3);
	assert_int_equal(hostfeed_frame((struct bytes){ NULL, 0 }, true, &skip), 0);
	/* too long: measured whole, refused whole, and the next one is read */
	enum { BIG = 2 * HOSTFEED_DOC_MAX };
	char *big = malloc(BIG + 3);
	assert_non_null(big);
	memset(big, 'x', BIG);
	assert_int_equal(hostfeed_frame(bytes_of(big, BIG), false, &skip), 0);
	assert_int_equal(hostfeed_frame(bytes_of(big, BIG), true, &skip), BIG);
	memcpy(big + BIG, "\n{}", 3);
	assert_int_equal(hostfeed_frame(bytes_of(big, BIG + 3), false, &skip), BIG);
	assert_int_equal(decode(bytes_of(big, BIG)), HOSTEV_BAD);
	assert_non_null(strstr(kept.err.what, "64 KiB"));
	free(big);
}

/* Byte by byte, as a pipe may give it, the same documents come out. */
static void
test_frames_any_pieces(void **state)
{
	(void)state;
	static const char *const files[] = { "tests/unit/data/winlogbeat.ndjson",
					     "tests/unit/data/events.xml" };
	for (size_t f = 0; f < NELEM(files); f++) {
		size_t n = 0, whole[16], nwhole = 0, off = 0, skip;
		char *text = slurp(files[f], &n);
		assert_non_null(text);
		while (off < n && nwhole < NELEM(whole)) {
			size_t len = hostfeed_frame(bytes_of(text + off, n - off), true, &skip);
			off += skip + len;
			if (len > 0)
				whole[nwhole++] = off;
			else
				break;
		}
		assert_int_equal(nwhole, 3);
		size_t start = 0, k = 0;
		for (size_t end = 0; end <= n; end++) {
			size_t len = hostfeed_frame(bytes_of(text + start, end - start), end == n, &skip);
			start += skip;
			if (len > 0) {
				start += len;
				assert_true(k < nwhole);
				assert_int_equal(start, whole[k++]);
			}
		}
		assert_int_equal(k, nwhole);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_samples),
		cmocka_unit_test(test_shared_recording),
		cmocka_unit_test(test_own_sample),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_other_places),
		cmocka_unit_test(test_lists_of_hosts),
		cmocka_unit_test(test_several_in_one),
		cmocka_unit_test(test_around),
		cmocka_unit_test(test_bad_characters),
		cmocka_unit_test(test_refused),

		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_cut_and_changed),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_frames_any_pieces),
	};
	return cmocka_run_group_tests(tests, events_setup, events_teardown);
}
