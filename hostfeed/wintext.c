/* Events as lines of text: what syslog carries (RFC 3164, RFC 5424: JSON, XML, structured data, Snare, EventReporter),
 * Snare without syslog, and Splunk's key=value form.  These have no named fields, or few: winmap.c takes addresses and
 * hashes from the message. */
#include "decode.h"
#include "text.h"

/* --- small parts --------------------------------------------------------------------------------------------------- */

static bool
at(struct cursor c, const char *text)
{
	struct bytes head = cur_take(&c, strlen(text));
	return head.p != NULL && memcmp(head.p, text, head.n) == 0;
}

/* What stands before the next `end`, which is passed; the cursor fails where there is none. */
static struct bytes
until(struct cursor *c, uint8_t end)
{
	struct cursor look = *c, from = *c;
	struct bytes rest = cur_rest(&look);
	const void *at_end = rest.n ? memchr(rest.p, end, rest.n) : NULL;
	if (at_end == NULL) {
		cur_fail(c, CUR_BAD);
		return (struct bytes){ NULL, 0 };
	}
	size_t n = (size_t)((const uint8_t *)at_end - rest.p);
	cur_skip(c, n + 1);
	return cur_take(&from, n);
}

/* Behind the next `text`; false where there is none. */
static bool
find(struct cursor *c, const char *text)
{
	for (struct cursor look = *c; cur_more(&look); cur_skip(&look, 1))
		if (at(look, text)) {
			cur_skip(&look, strlen(text));
			*c = look;
			return true;
		}
	return false;
}

/* "N/A" and a dash say that there is nothing. */
static struct bytes
or_none(struct bytes v)
{
	v = text_trim(v);
	bool none = v.n == 0 || text_eq_nocase(v, bytes_str("N/A")) || text_eq_nocase(v, bytes_str("-"));
	return none ? (struct bytes){ NULL, 0 } : v;
}

static void
set_ctime(struct hostfeed *f, struct bytes v)
{
	ts_t ts;
	if (text_ctime(v, f->zone, &ts))
		event_time_is(f, ts, false);
	else
		event_lost(&f->ev, "time"); /* localised day and month names, or cut off */
	event_lost(&f->ev, "fraction of the second");
}

/* --- Snare: fields between tabs ------------------------------------------------------------------------------------ */

enum snare {
	SN_CRITICALITY,
	SN_CHANNEL,
	SN_COUNTER,
	SN_TIME,
	SN_ID,
	SN_SOURCE,
	SN_USER,
	SN_SID,
	SN_TYPE,
	SN_COMPUTER,
	SN_CATEGORY,
	SN_DATA,
	SN_MESSAGE,
	SN_FIELDS
};

/* `c` stands behind "MSWinEventLog" and its tab. */
static void
snare(struct sink *s, struct cursor *c)
{
	struct bytes v[SN_FIELDS];
	const char *what = NULL;
	for (size_t i = 0; i < SN_FIELDS; i++) {
		struct cursor last = *c;
		v[i] = until(c, '\t');
		if (!cur_ok(c) && i + 1 == SN_FIELDS)
			v[i] = cur_rest(&last);
	}
	struct hostev *ev = event_begin(s->feed, "snare");
	ev->channel = bytes_text(or_none(v[SN_CHANNEL]));
	ev->provider = bytes_text(v[SN_SOURCE]);
	ev->computer = bytes_text(or_none(v[SN_COMPUTER]));
	ev->user = bytes_text(or_none(v[SN_USER]));
	s->feed->message = v[SN_MESSAGE];
	(void)event_id(ev, v[SN_ID], &what);
	set_ctime(s->feed, v[SN_TIME]);
	event_lost(ev, "record_id"); /* the counter is the agent's own */
	event_done(s, what);
}

/* --- EventReporter: `[INF] Wed Mar 11 10:14:22 2026: HOST/SOURCE (ID) - "message"` ---------------------------------- */

enum { CTIME_TEXT = 24 };

static void
event_reporter(struct sink *s, struct cursor *c)
{
	const char *what = NULL;
	(void)until(c, ' ');
	struct bytes time = cur_take(c, CTIME_TEXT);
	cur_skip(c, 2);
	struct bytes host = until(c, '/'), source = until(c, '('), id = until(c, ')');
	struct hostev *ev = event_begin(s->feed, "eventreporter");
	ev->provider = bytes_text(text_trim(source));
	ev->computer = bytes_text(text_trim(host));
	if (!cur_ok(c))
		what = "a line of EventReporter that is not whole";
	else
		(void)event_id(ev, id, &what);
	s->feed->message = cur_rest(c);
	set_ctime(s->feed, time);
	event_lost(ev, "record_id");
	event_lost(ev, "channel");
	event_done(s, what);
}

/* --- syslog -------------------------------------------------------------------------------------------------------- */

/* A value of structured data without its escapes (RFC 5424 6.3.3); the cursor is behind the closing quote. */
static struct bytes
sd_value(struct cursor *c, struct out *text)
{
	size_t start = text->n;
	while (cur_more(c)) {
		uint8_t b = cur_u8(c);
		if (b == '"')
			return out_ok(text) ? bytes_of(text->p + start, text->n - start)
					    : (struct bytes){ NULL, 0 };
		if (b == '\\' && cur_more(c) && strchr("\"\\]", cur_peek_u8(c)) != NULL)
			b = cur_u8(c);
		out_chr(text, (char)b);
	}
	cur_fail(c, CUR_BAD);
	return (struct bytes){ NULL, 0 };
}

/* Names of structured data, for the two agents that put events there; anything else is a field of the event. */
enum sd { SD_FIELD, SD_NONE, SD_ID, SD_RECORD, SD_CHANNEL, SD_USER, SD_SOURCE };
static const struct {
	const char *name;
	uint8_t is;
} sd_names[] = {
	{ "EventID", SD_ID },
	{ "EVENT_ID", SD_ID },
	{ "RecordNumber", SD_RECORD },
	{ "EVENT_REC_NUM", SD_RECORD },
	{ "Channel", SD_CHANNEL },
	{ "EVENT_NAME", SD_CHANNEL },
	{ "UserID", SD_USER },
	{ "EVENT_SID", SD_USER },
	{ "EVENT_SOURCE", SD_SOURCE },
	{ "SourceName", SD_SOURCE },
	{ "Keywords", SD_NONE },
	{ "EventType", SD_NONE },
	{ "ProviderGuid", SD_NONE },
	{ "Version", SD_NONE },
	{ "Task", SD_NONE },
	{ "TaskValue", SD_NONE },
	{ "OpcodeValue", SD_NONE },
	{ "ProcessID", SD_NONE },
	{ "ThreadID", SD_NONE },
	{ "Domain", SD_NONE },
	{ "AccountName", SD_NONE },
	{ "ActivityID", SD_NONE },
	{ "AccountType", SD_NONE },
	{ "Opcode", SD_NONE },
	{ "EventReceivedTime", SD_NONE },
	{ "Category", SD_NONE },
	{ "SourceModuleName", SD_NONE },
	{ "SourceModuleType", SD_NONE },
	{ "EVENT_TYPE", SD_NONE },
	{ "EVENT_USERNAME", SD_NONE },
	{ "SeverityValue", SD_NONE },
	{ "Severity", SD_NONE },
	{ "Message", SD_NONE },
	{ "RelatedActivityID", SD_NONE },
	{ "ExecutionProcessID", SD_NONE },
	{ "ExecutionThreadID", SD_NONE },
};

static void
sd_param(struct hostev *ev, struct bytes name, struct bytes v, struct bytes *id)
{
	uint8_t is = SD_FIELD;
	for (size_t i = 0; i < NELEM(sd_names); i++)
		if (text_eq_nocase(name, bytes_str(sd_names[i].name)))
			is = sd_names[i].is;
	switch ((enum sd)is) {
	case SD_FIELD: event_field(ev, name, v); break;
	case SD_ID: *id = v; break;
	case SD_RECORD: (void)text_u64(v, &ev->record_id); break;
	case SD_CHANNEL: ev->channel = bytes_text(v); break;
	case SD_USER: ev->user = bytes_text(or_none(v)); break;
	case SD_SOURCE: ev->provider = bytes_text(v); break;
	case SD_NONE: break;
	}
}

/* What stands before the structured data. */
struct header {
	struct bytes time, host, app;
	bool rfc5424;
};

/* One element, the cursor behind its "[ID". */
static void
sd_event(struct sink *s, struct cursor *c, const struct header *h, const char *shape)
{
	struct hostev *ev = event_begin(s->feed, shape);
	struct bytes id = { NULL, 0 };
	const char *what = NULL;
	while (cur_more(c) && cur_peek_u8(c) != ']') {
		if (cur_peek_u8(c) == ' ') {
			cur_skip(c, 1);
			continue;
		}
		struct bytes name = until(c, '=');
		cur_skip(c, 1);
		struct bytes v = sd_value(c, &s->feed->text);
		if (cur_ok(c))
			sd_param(ev, bytes_text(name), bytes_text(v), &id);
	}
	if (!cur_ok(c) || !out_ok(&s->feed->text))
		what = "structured data that are not whole";
	cur_skip(c, 1);
	if (ev->provider.n == 0)
		ev->provider = bytes_text(h->app);
	ev->computer = bytes_text(or_none(h->host));
	if (what == NULL && event_id(ev, id, &what))
		(void)event_time(s->feed, h->time, &what);
	if (ev->record_id == 0)
		event_lost(ev, "record_id");
	if (cur_ok(c))
		s->feed->message = cur_rest(c);
	event_done(s, what);
}

/* Elements of structured data: those that hold events are read. */
static const struct {
	const char *id, *shape;
} sd_events[] = {
	{ "[NXLOG@14506",
	  "nxlog-syslog" }, /* the enterprise number stands for the vendor, not for the site */
	{ "[EventData@18372.4", "syslog-ng" },
};

static bool
structured(struct sink *s, struct cursor c, const struct header *h)
{
	for (size_t i = 0; i < NELEM(sd_events); i++) {
		struct cursor e = c;
		if (!find(&e, sd_events[i].id))
			continue;
		sd_event(s, &e, h, sd_events[i].shape);
		return true;
	}
	return false;
}

/* Events that syslog may carry whole.  Syslog of anything else is none of ours. */
static bool
message(struct sink *s, struct cursor c)
{
	for (struct cursor look = c; cur_more(&look); cur_skip(&look, 1)) {
		struct cursor e = look;
		if (at(look, "MSWinEventLog\t")) {
			cur_skip(&e, 14);
			snare(s, &e);
			return true;
		}
		if (at(look, "EvntSLog: [")) {
			cur_skip(&e, 10);
			event_reporter(s, &e);
			return true;
		}
		if (at(look, "{\"") || at(look, "<Event")) {
			s->feed->inner++;
			feed_inner(s, cur_rest(&e));
			s->feed->inner--;
			return true;
		}
	}
	return false;
}

/* Where the message of RFC 5424 begins; `c` stands behind APP-NAME. */
static struct cursor
message_5424(struct cursor c)
{
	(void)until(&c, ' ');
	(void)until(&c, ' ');
	bool quoted = false, inside = false;
	while (cur_more(&c)) {
		uint8_t b = cur_u8(&c);
		if (quoted && b == '\\')
			cur_skip(&c, 1);
		else if (b == '"')
			quoted = inside && !quoted;
		else if (!quoted && (b == '[' || b == ']'))
			inside = b == '[';
		else if (b == ' ' && !inside)
			break;
	}
	if (at(c, "\xef\xbb\xbf")) /* RFC 5424 6.4 */
		cur_skip(&c, 3);
	return c;
}

/* What stands before the message in RFC 3164 4.1.2 and in what passes for it: a tag, with or without blanks. */
enum { TAG_WORDS = 3, TIME_3164 = 16 };

/* "Mar 11 10:14:22 HOST " or "2026-03-11T10:14:22+01:00 HOST "; `c` stands behind the priority. */
static struct bytes
host_3164(struct cursor *c)
{
	struct cursor look = *c;
	struct bytes time = cur_take(&look, TIME_3164);
	bool bsd = time.p && time.p[3] == ' ' && time.p[6] == ' ' && time.p[9] == ':' && time.p[15] == ' ';

	if (bsd)
		cur_skip(c, TIME_3164);
	else
		(void)until(c, ' ');
	return audit_begins(*c) ? (struct bytes){ NULL, 0 } : or_none(until(c, ' '));
}

/* A row of a DHCP audit log as the message. */
static bool
audit_row(struct sink *s, struct cursor c, const struct header *h)
{
	struct bytes host = h->host;

	if (h->rfc5424) {
		c = message_5424(c);
	} else if (!audit_begins(c)) {
		host = host_3164(&c);
		for (size_t i = 0; i < TAG_WORDS && !audit_begins(c); i++)
			(void)until(&c, ' ');
	}
	if (!cur_ok(&c))
		return false;
	if (audit_begins(c))
		audit_syslog(s, c, or_none(host));
	else if (audit_head(c))
		s->ignored++;
	else
		return false;
	return true;
}

/* RFC 5424 6: "<PRI>1 TIME HOST APP PROCID MSGID SD MSG"; RFC 3164 4.1 has no structured data. */
static void
syslog(struct sink *s, struct bytes doc)
{
	struct cursor c = cur_all(doc);
	struct header h = { .rfc5424 = false };
	(void)until(&c, '>');
	if (at(c, "1 ")) {
		struct cursor t = c;
		cur_skip(&t, 2);
		h = (struct header){
			.time = until(&t, ' '), .host = until(&t, ' '), .app = until(&t, ' '), .rfc5424 = true
		};
		if (cur_ok(&t))
			c = t;
	}
	if (audit_row(s, c, &h) || (h.rfc5424 && structured(s, c, &h)))
		return;
	if (!message(s, c))
		s->ignored++;
}

/* --- Splunk: a date line, then key=value lines; Message= is the last and may span lines ------------------------------ */

static void
splunk(struct sink *s, struct cursor *c, ts_t ts)
{
	struct hostev *ev = event_begin(s->feed, "splunk-text");
	struct bytes id = { NULL, 0 };
	const char *what = NULL;
	event_time_is(s->feed, ts, false);
	if (ts % TS_SEC == 0)
		event_lost(ev, "fraction of the second");
	while (cur_more(c)) {
		struct cursor line = *c;
		struct bytes all = until(c, '\n');
		if (!cur_ok(c)) {
			struct cursor rest = line;
			all = cur_rest(&rest);
		}
		if (text_starts_nocase(all, "Message=")) {
			cur_skip(&line, 8);
			s->feed->message = cur_rest(&line);
			break;
		}
		struct cursor pair = cur_all(all);
		struct bytes key = until(&pair, '='), v = bytes_text(text_trim(cur_rest(&pair)));
		if (text_eq_nocase(key, bytes_str("EventCode")))
			id = v;
		else if (text_eq_nocase(key, bytes_str("LogName")))
			ev->channel = v;
		else if (text_eq_nocase(key, bytes_str("ComputerName")))
			ev->computer = v;
		else if (text_eq_nocase(key, bytes_str("SourceName")))
			ev->provider = v;
		else if (text_eq_nocase(key, bytes_str("RecordNumber")))
			(void)text_u64(v, &ev->record_id);
		else if (text_eq_nocase(key, bytes_str("Sid")))
			ev->user = or_none(v);
	}
	if (ev->record_id == 0)
		event_lost(ev, "record_id");
	(void)event_id(ev, id, &what);
	event_done(s, what);
}

/* "<14>": RFC 5424 6.2.1. */
static bool
is_priority(struct cursor c)
{
	bool open = cur_u8(&c) == '<';
	size_t n = 0;
	for (; n < 3 && cur_more(&c) && cur_peek_u8(&c) >= '0' && cur_peek_u8(&c) <= '9'; n++)
		cur_skip(&c, 1);
	return open && n > 0 && cur_u8(&c) == '>';
}

void
wintext_decode(struct sink *s, struct bytes doc)
{
	struct cursor c = cur_all(doc), us = c;
	ts_t ts;
	struct cursor first = c;
	struct bytes word = until(&first, '\t');
	if (s->feed->inner == FEED_INNER_MAX) {
		sink_bad(s, "a document inside a document inside another", 0, 1);
		return;
	}
	if (is_priority(c)) {
		syslog(s, doc);
	} else if (word.n > 0 && at(first, "MSWinEventLog\t")) {
		cur_skip(&first, 14);
		snare(s, &first);
	} else if (text_us_time(&us, s->feed->zone, &ts) && cur_more(&us) && cur_peek_u8(&us) <= '\r') {
		cur_skip(&us, 1);
		splunk(s, &us, ts);
	} else {
		audit_decode(s, doc);
	}
}
