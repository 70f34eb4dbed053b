/* Windows Event XML: what an event becomes, and what hostile or broken text does not do. */
#include "events.h"

#define OPEN "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"

/* An event 4100 with parts of System and its data replaced. */
static const char *
with(const char *system, const char *data)
{
	static char doc[8192];
	print(doc, sizeof(doc),
	      OPEN "<System><Provider Name='Microsoft-Windows-Iphlpsvc'/>%s<Channel>System</Channel>"
		   "<Computer>pc</Computer><Security/></System>%s</Event>",
	      system, data);
	return doc;
}

#define ID     "<EventID>4100</EventID>"
#define TIME   "<TimeCreated SystemTime='2026-05-04T07:30:00.0000000Z'/>"
#define RECORD "<EventRecordID>1</EventRecordID>"
#define ROUTER                                                                                               \
	"<EventData><Data Name='IsatapRouter'>192.0.2.66</Data><Data Name='ErrorCode'>0</Data></EventData>"

static void
assert_bad(const char *doc, const char *what)
{
	assert_int_equal(decode_str(doc), HOSTEV_BAD);
	if (strstr(kept.err.what, what) == NULL)
		fail_msg("'%s' does not say '%s'", kept.err.what, what);
}

static void
test_shared_samples(void **state)
{
	(void)state;
	static const char *const files[] = { "hostevents/samples/wef-rendered-event.xml",
					     "hostevents/samples/splunk-uf-xmlwineventlog.txt" };
	for (size_t i = 0; i < NELEM(files); i++) {
		size_t n = 0;
		char *text = slurp_shared(files[i], &n);
		if (text == NULL)
			skip();
		assert_int_equal(decode_stream(bytes_of(text, n)), 0);
		assert_three("xml", 1773220462 * TS_SEC + 123456700, 1773220503 * TS_SEC + 502194400);
		assert_true(kept.ev[0].seen == TS_NONE);
		/* the same as one document */
		assert_int_equal(decode(bytes_of(text, (size_t)((char *)memchr(text, '\n', n) - text))),
				 HOSTEV_OK);
		assert_int_equal(kept.n, 1);
		free(text);
	}
}

/* Values as they stand in the file, which public systems wrote. */
static void
test_real_records(void **state)
{
	(void)state;
	size_t n = 0;
	char *text = slurp_shared("hostevents/samples/real-records.xml", &n);
	if (text == NULL)
		skip();
	assert_int_equal(decode_stream(bytes_of(text, n)), 0);
	assert_int_equal(kept.n, 19); /* 20 records; NetBT is nobody's */
	const struct hostev *e = &kept.ev[0];
	assert_int_equal(e->event_id, 4200);
	assert_int_equal(e->record_id, 235);
	assert_text(e->computer, "37L4247F27-26");
	assert_text(e->iface, "isatap.{FB3E997C-4280-43C2-A3CC-65D6B7F08FCD}");
	assert_addr(e->addr, "fe80::5efe:a9fe:386f");
	assert_int_equal(e->nmore, 1);
	assert_addr(e->more[0], "169.254.56.111");
	assert_int_equal(kept.ev[3].kind, HE_TUNNEL_DOWN);
	/* 1014: a sockaddr, and a sockaddr_storage */
	assert_int_equal(kept.ev[12].event_id, 1014);
	assert_addr(kept.ev[12].addr, "127.0.0.1");
	assert_addr(kept.ev[13].addr, "192.168.2.2");
	assert_text(kept.ev[13].name, "wpad");
	/* 4624 has more fields than its manifest's first version, 1101 has UserData, 1033 is classic */
	assert_int_equal(kept.ev[15].kind, HE_LOGON);
	assert_addr(kept.ev[15].addr, "fe80::1cae:5aa4:9d8d:106a");
	assert_text(field(&kept.ev[15], "ElevatedToken"), "%%1842");
	assert_text(field(&kept.ev[16], "Reason"), "34");
	assert_text(field(&kept.ev[17], "param1"), "Der Vorgang wurde erfolgreich beendet.");
	assert_int_equal(kept.ev[17].nfields, 1);
	/* the whole wrapper as one document gives the same */
	assert_int_equal(decode(bytes_of(text, n)), HOSTEV_OK);
	assert_int_equal(kept.n, 19);
	free(text);
}

static void
test_own_sample(void **state)
{
	(void)state;
	size_t n = 0;
	char *text = slurp("tests/unit/data/events.xml", &n);
	assert_non_null(text);
	for (unsigned whole = 0; whole < 2; whole++) {
		if (whole)
			assert_int_equal(decode(bytes_of(text, n)), HOSTEV_OK);
		else
			assert_int_equal(decode_stream(bytes_of(text, n)), 0);
		assert_int_equal(kept.n, 2);
		const struct hostev *a = &kept.ev[0], *b = &kept.ev[1];
		assert_text(a->provider, "Microsoft-Windows-Dhcp-Client");
		assert_text(a->channel, "Microsoft-Windows-Dhcp-Client/Operational");
		assert_text(a->computer, "PC7.example.org");
		assert_text(a->user, "S-1-5-19");
		assert_true(a->ts == 1777879801 * TS_SEC + 250123400);
		assert_int_equal(a->record_id, 77);
		assert_int_equal(a->nfields, 3);
		assert_addr(a->addr, "198.51.100.70");
		assert_addr(a->peer, "198.51.100.1");
		assert_text(b->provider, "Microsoft-Windows-DHCP-Server");
		assert_true(b->record_id == UINT64_MAX);
		assert_int_equal(b->nfields, 2);
		assert_addr(b->peer, "198.51.100.66");
		assert_text(field(b, "param2"), "evil.example");
		assert_string_equal(b->shape, "xml");
	}
	free(text);
}

static void
test_parts(void **state)
{
	(void)state;
	assert_int_equal(decode_str(with(ID TIME RECORD, ROUTER)), HOSTEV_OK);
	assert_addr(kept.ev[0].router, "192.0.2.66");
	assert_null(kept.ev[0].user.p);
	/* a character that is escaped, CDATA, a comment between */
	assert_int_equal(decode_str(with(ID TIME RECORD,
					 "<EventData><Data Name='a&amp;b'>&lt;1&#x32;<!-- no --><![CDATA["
					 "<&3]]></Data></EventData>")),
			 HOSTEV_OK);
	assert_text(field(&kept.ev[0], "a&b"), "<12<&3");
	/* what is inside a value is not the value */
	assert_int_equal(decode_str(with(ID TIME RECORD,
					 "<EventData><Data Name='x'>1<b>2<EventID>9</EventID></b>3</Data>"
					 "<Data/><ComplexData>4</ComplexData></EventData>")),
			 HOSTEV_OK);
	assert_text(field(&kept.ev[0], "x"), "13");
	assert_int_equal(kept.ev[0].nfields, 2);
	assert_text(field(&kept.ev[0], "param2"), "");
	assert_int_equal(kept.ev[0].event_id, 4100);
	/* System values elsewhere are none: RenderingInfo repeats some */
	assert_int_equal(decode_str(with(ID TIME RECORD,
					 ROUTER "<RenderingInfo><Channel>x</Channel><Provider>y</Provider>"
						"<System><EventID>6</EventID></System></RenderingInfo>")),
			 HOSTEV_OK);
	assert_text(kept.ev[0].channel, "System");
	assert_int_equal(kept.ev[0].event_id, 4100);
}

static void
test_losses(void **state)
{
	(void)state;
	assert_int_equal(
		decode_str("<Event><System><Provider EventSourceName='RasSstp'/><EventID>6</EventID></System>"
			   "</Event>"),
		HOSTEV_OK);
	const struct hostev *e = &kept.ev[0];
	assert_text(e->provider, "Microsoft-Windows-RasSstp");
	assert_true(e->ts == TS_NONE);
	assert_int_equal(e->nlost, 3);
	assert_string_equal(e->lost[0], "computer");
	assert_string_equal(e->lost[1], "time");
	assert_string_equal(e->lost[2], "record_id");
}

static void
test_refused(void **state)
{
	(void)state;
	assert_bad(with(TIME RECORD, ROUTER), "without an id");
	assert_bad(with("<EventID>x</EventID>" TIME RECORD, ROUTER), "no number");
	assert_bad(with("<EventID>70000</EventID>" TIME RECORD, ROUTER), "65535");
	assert_bad(with(ID ID TIME RECORD, ROUTER), "twice");
	assert_bad(with(ID TIME TIME RECORD, ROUTER), "twice");
	assert_bad(with(ID "<TimeCreated SystemTime='9999-12-31T23:59:59.9999999Z'/>" RECORD, ROUTER),
		   "no date between");
	assert_bad(with(ID "<TimeCreated SystemTime='0000-00-00T00:00:00Z'/>" RECORD, ROUTER),
		   "no date between");
	assert_bad(with(ID "<TimeCreated SystemTime='1601-01-01T00:00:00.0000000Z'/>" RECORD, ROUTER),
		   "no date between");
	assert_bad(with(ID "<TimeCreated SystemTime='NaN'/>" RECORD, ROUTER), "RFC 3339");
	assert_bad("<Event><System><EventID>1</EventID></System></Event>", "provider");
	assert_bad("<Event></Event>", "provider");
	assert_bad("<Event/>", "provider");
	assert_bad("<Evening/>", "shape not known");
	assert_bad("<Eventful><Event/></Eventful>", "without an Event element");
	assert_bad("<html><body/></html>", "shape not known");
	assert_bad("<Event><System></Event>", "end tag");
	assert_bad("<Event><System>", "early");
	assert_bad("<Event><Data a='1' a='2'/></Event>", "twice");
	assert_bad("<Event/><Event/>", "provider");
	assert_int_equal(decode_str("<Events/>"), HOSTEV_IGNORED);
	assert_int_equal(decode_str("<Events><!-- none --></Events>"), HOSTEV_IGNORED);
}

/* RFC-less, but old: declarations can make one document read another or grow without end. */
static void
test_declarations(void **state)
{
	(void)state;
	assert_bad("<!DOCTYPE Event [<!ENTITY a 'b'>]><Event/>", "DOCTYPE");
	assert_bad("<?xml version='1.0'?>\n<!DOCTYPE Event SYSTEM 'file:///etc/passwd'>\n<Event/>",
		   "DOCTYPE");
	assert_true(kept.err.offset >= 22);
	assert_int_equal(kept.err.line, 2);
	assert_bad("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x \"&y;&y;\"><!ENTITY y "
		   "\"zz\">]><Event>&x;</Event>",
		   "DOCTYPE");
	assert_bad(with(ID TIME RECORD, "<EventData><Data>&xxe;</Data></EventData>"), "entity");
	assert_int_equal(kept.n, 0);
	/* a stream with one drops it and reads on */
	char stream[8192];
	print(stream, sizeof(stream), "<!DOCTYPE x [\n<!ENTITY a 'b'>]>\n%s\n", with(ID TIME RECORD, ROUTER));
	assert_true(decode_stream(bytes_str(stream)) > 0);
	assert_int_equal(kept.n, 1);
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
		  "b" },
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a\x01\x1f", "a\xef\xbf\xbd\xef\xbf\xbd" },
		{ "&#x1;&#0;&#xFFFE;&#55296;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xef\xbf\xbf", "\xef\xbf\xbd" },
		{ "&#9;x&#x1F600;", "\tx\xf0\x9f\x98\x80" },
		{ "\xc3\xa9", "\xc3\xa9" },
	};
	for (size_t i = 0; i < NELEM(cases); i++) {
		char data[256];
		print(data, sizeof(data), "<EventData><Data Name='x'>%s</Data></EventData>", cases[i].raw);
		if (decode_str(with(ID TIME RECORD, data)) != HOSTEV_OK)
			fail_msg("case %zu: %s", i, kept.err.what);
		assert_text(field(&kept.ev[0], "x"), cases[i].becomes);
	}
}

/* EvtRender's own text is UTF-16 and says so after it has become UTF-8. */
static void
test_encoding(void **state)
{
	(void)state;
	char doc[8192];
	print(doc, sizeof(doc), "\xef\xbb\xbf<?xml version='1.0' encoding='UTF-16'?>\r\n%s",
	      with(ID TIME RECORD, ROUTER));
	assert_int_equal(decode_str(doc), HOSTEV_OK);
	assert_addr(kept.ev[0].router, "192.0.2.66");
}

static void
test_depth(void **state)
{
	(void)state;
	for (unsigned depth = 1; depth < 60; depth++) {
		char doc[1024] = "<Event>";
		size_t n = strlen(doc);
		for (unsigned i = 1; i < depth; i++)
			n += print(doc + n, sizeof(doc) - n, "<a>");
		for (unsigned i = 1; i < depth; i++)
			n += print(doc + n, sizeof(doc) - n, "</a>");
		print(doc + n, sizeof(doc) - n, "</Event>");
		assert_bad(doc, depth > HOSTFEED_DEPTH_MAX ? "deeper than 16" : "provider");
		if (depth > HOSTFEED_DEPTH_MAX)
			assert_int_equal(kept.err.offset, 7 + 3 * 15);
	}
}

/* As much of one thing as fits 64 KiB: it is read or refused, in bounded memory. */
static void
test_bulk(void **state)
{
	(void)state;
	static const struct {
		const char *head, *unit, *tail;
	} cases[] = {
		{ "<Event>", "<a/>", "</Event>" },
		{ "<Event a='", "&lt;", "'/>" },
		{ "<Event><EventData>", "<Data/>", "</EventData></Event>" },
		{ "<Event><EventData><Data>", "&#1;", "</Data></EventData></Event>" },
		{ "<Event><EventData><Data>", "\xff", "</Data></EventData></Event>" },
		{ "<Events>", "<Event/>", "</Events>" },
		{ "", "<Event>", "" },
		{ "<Event", " ", "/>" },
		{ "<Event>", "]]>", "" },
		{ "<!--", "-", "" },
		{ "<Event>", "<![CDATA[", "" },
		{ "<Event><", "a", "/></Event>" },
	};
	char *doc = malloc(HOSTFEED_DOC_MAX + 1);
	assert_non_null(doc);
	for (size_t i = 0; i < NELEM(cases); i++) {
		size_t n = strlen(cases[i].head), unit = strlen(cases[i].unit), tail = strlen(cases[i].tail);
		memcpy(doc, cases[i].head, n);
		for (; n + unit + tail <= HOSTFEED_DOC_MAX; n += unit)
			memcpy(doc + n, cases[i].unit, unit);
		memcpy(doc + n, cases[i].tail, tail);
		assert_int_equal(decode(bytes_of(doc, n + tail)), HOSTEV_BAD);
		(void)decode_stream(bytes_of(doc, n + tail));
	}
	/* many attributes, each of its own name */
	size_t n = print(doc, HOSTFEED_DOC_MAX, "<Event");
	for (unsigned i = 0; n < HOSTFEED_DOC_MAX - 20; i++)
		n += print(doc + n, HOSTFEED_DOC_MAX - n, " a%u=''", i);
	n += print(doc + n, HOSTFEED_DOC_MAX - n, "/>");
	assert_int_equal(decode(bytes_of(doc, n)), HOSTEV_BAD);
	memset(doc, ' ', HOSTFEED_DOC_MAX + 1);
	memcpy(doc, "<Event/>", 8);
	assert_int_equal(decode(bytes_of(doc, HOSTFEED_DOC_MAX + 1)), HOSTEV_BAD);
	assert_non_null(strstr(kept.err.what, "64 KiB"));
	free(doc);
	assert_int_equal(decode_str(with(ID TIME RECORD, ROUTER)), HOSTEV_OK);
}

static void
test_cut_and_changed(void **state)
{
	(void)state;
	size_t n = 0;
	char *text = slurp("tests/unit/data/events.xml", &n);
	assert_non_null(text);
	for (size_t cut = 1; cut < n - 1; cut++) {
		/* what came whole before the cut is kept, and the cut is said */
		assert_int_equal(decode(bytes_of(text, cut)), HOSTEV_BAD);
		assert_true(kept.n <= 2);
	}
	static const char other[] = { '<', '>', '&', '\'', 0, (char)0xff, '/' };
	for (size_t i = 0; i < n; i++) {
		char was = text[i];
		for (size_t k = 0; k < sizeof(other); k++) {
			text[i] = other[k];
			(void)decode(bytes_of(text, n));
		}
		text[i] = was;
	}
	free(text);
}

/* An event cut off in the middle costs itself, not the next one. */
static void
test_frame_after_a_cut_event(void **state)
{
	(void)state;
	const char *good = with(ID TIME RECORD, ROUTER);
	for (size_t cut = 8; cut < strlen(good); cut += 7) {
		char stream[16384];
		print(stream, sizeof(stream), "%.*s\n%s\n%s", (int)cut, good, good, good);
		assert_int_equal(decode_stream(bytes_str(stream)), 1);
		if (kept.n != 2)
			fail_msg("cut at %zu: %u events", cut, kept.n);
	}
}

static void
test_frames(void **state)
{
	(void)state;
	size_t skip;
	static const struct {
		const char *text;
		bool eof;
		size_t skip, len;
	} cases[] = {
		{ "<Event><a/></Event><Event>", false, 0, 19 },
		{ "<Event/>x", false, 0, 8 },
		{ "<Event", false, 0, 0 },
		{ "<Event", true, 0, 6 },
		{ "<Events xmlns='>'>\n <Event/>", false, 20, 8 },
		{ "<Events", false, 0, 0 },
		{ "</Events>\n", true, 10, 0 },
		{ "<?xml version='1.0'?><!-- <Event/> --><Event a='/>'></Event>", false, 38, 22 },
		{ "<!-- never", false, 0, 0 },
		{ "<!-- never", true, 0, 10 },
		{ "<Event><![CDATA[</Event>]]></Event>", false, 0, 35 },
		{ "<Event><!-- </Event> --></Event>", false, 0, 32 },
		{ "<Event><Event>", false, 0, 7 },
		{ "<14>Mar 11 x\n", false, 0, 12 },
		{ "<!DOCTYPE x>\n<Event/>", false, 0, 12 },
		{ "</Event>\n", false, 0, 8 },
		{ "<", false, 0, 0 },
		{ "<x><Event></Event></x>", false, 0, 22 },
	};
	for (size_t i = 0; i < NELEM(cases); i++) {
		size_t len = hostfeed_frame(bytes_str(cases[i].text), cases[i].eof, &skip);
		if (len != cases[i].len || skip != cases[i].skip)
			fail_msg("%s: %zu after %zu", cases[i].text, len, skip);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_samples), cmocka_unit_test(test_real_records),
		cmocka_unit_test(test_own_sample),     cmocka_unit_test(test_parts),
		cmocka_unit_test(test_losses),	       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_declarations),   cmocka_unit_test(test_bad_characters),
		cmocka_unit_test(test_encoding),       cmocka_unit_test(test_depth),
		cmocka_unit_test(test_bulk),	       cmocka_unit_test(test_cut_and_changed),
		cmocka_unit_test(test_frames),	       cmocka_unit_test(test_frame_after_a_cut_event),
	};
	return cmocka_run_group_tests(tests, events_setup, events_teardown);
}
