/* Shapes of JSON events.  Most are a row of `layouts`: what tells the shape, and the path of each part.  A path is
 * "a.b.c", several are separated by "|" and the first that is there counts.  Carriers (an array of records, a text that
 * holds a document) are functions that come back here for what they carry, FEED_INNER_MAX deep. */
#include "shapes.h"
#include "text.h"

struct layout {
	const char *name;
	const char *sign; /* paths that must all be there, separated by "&" */
	const char *provider, *id, *record, *channel, *computer, *user, *time, *seen, *message;
	const char *data;    /* object of named fields, or list of unnamed ones; text is read as JSON */
	const char *inserts; /* unnamed ones, where `data` has none */
	const char *joined;  /* unnamed ones in one text, separated by ", " */
	const char *address; /* of the host that the agent runs on */
	bool flat;	     /* fields stand beside the system's own keys */
	bool coarse;	     /* times in whole seconds */
};

/* Elastic's two differ in what stands beside `winlog`; the first row whose sign is there has the document. */
static const struct layout layouts[] = {
#define BEATS                                                                                                \
	.provider = "winlog.provider_name|event.provider", .id = "winlog.event_id|event.code",               \
	.record = "winlog.record_id", .channel = "winlog.channel",                                           \
	.computer = "winlog.computer_name|host.hostname|host.name",                                          \
	.user = "winlog.user.identifier|winlog.user.name", .time = "winlog.time_created|@timestamp",         \
	.seen = "event.created|event.ingested", .message = "message", .data = "winlog.event_data"
	{ "elastic-agent", "winlog&elastic_agent", BEATS },
	{ "elastic-agent", "winlog&data_stream", BEATS },
	{ "winlogbeat", "winlog", BEATS },
#define WAZUH(under)                                                                                         \
	.provider = under "system.providerName", .id = under "system.eventID",                               \
	.record = under "system.eventRecordID", .channel = under "system.channel",                           \
	.computer = under "system.computer", .user = under "system.userID",                                  \
	.time = under "system.systemTime", .message = under "system.message", .data = under "eventdata",     \
	.joined = under "eventdata.data"
	{ "wazuh", "win.system", WAZUH("win.") },
	{ "wazuh", "data.win.system", WAZUH("data.win."), .seen = "timestamp", .address = "agent.ip" },
	{ "nxlog", "EventTime&SourceName&EventID", .provider = "SourceName", .id = "EventID",
	  .record = "RecordNumber", .channel = "Channel", .computer = "Hostname",
	  .user = "UserID|AccountName", .time = "EventTime", .seen = "EventReceivedTime",
	  .message = "Message", .flat = true },
	{ "fluentbit", "ProviderName&TimeCreated&EventRecordID", .provider = "ProviderName", .id = "EventID",
	  .record = "EventRecordID", .channel = "Channel", .computer = "Computer", .user = "UserID",
	  .time = "TimeCreated", .seen = "date", .message = "Message", .inserts = "StringInserts",
	  .coarse = true },
	{ "vector", "provider_name&event_id&timestamp", .provider = "provider_name", .id = "event_id",
	  .record = "record_id", .channel = "channel", .computer = "computer|host", .user = "user_id",
	  .time = "timestamp", .message = "message", .data = "event_data", .inserts = "string_inserts" },
	{ "osquery", "columns.provider_name", .provider = "columns.provider_name", .id = "columns.eventid",
	  .channel = "columns.channel|columns.source", .computer = "columns.computer_name|hostIdentifier",
	  .time = "columns.datetime", .seen = "columns.time|unixTime", .data = "columns.data" },
	{ "cribl", "ProviderName&LogName&MachineName", .provider = "ProviderName", .id = "Id",
	  .record = "RecordId", .channel = "LogName", .computer = "MachineName", .user = "UserId",
	  .time = "TimeCreated", .message = "Message" },
};

/* Keys of the flat shape that are never an event's own field. */
static const char *const flat_keys[] = {
	"EventTime",
	"Hostname",
	"Keywords",
	"EventType",
	"SeverityValue",
	"Severity",
	"EventID",
	"SourceName",
	"ProviderGuid",
	"Version",
	"Task",
	"TaskValue",
	"OpcodeValue",
	"RecordNumber",
	"ActivityID",
	"RelatedActivityID",
	"ProcessID",
	"ThreadID",
	"ExecutionProcessID",
	"ExecutionThreadID",
	"Channel",
	"Domain",
	"AccountName",
	"UserID",
	"AccountType",
	"Message",
	"Category",
	"Opcode",
	"EventReceivedTime",
	"SourceModuleName",
	"SourceModuleType",
};

/* --- values -------------------------------------------------------------------------------------------------------- */

static int
put_dump(const char *p, size_t n, void *out)
{
	out_put(out, p, n);
	return out_ok(out) ? 0 : -1;
}

/* What was written since `start`; absent where it did not fit. */
static struct bytes
since(const struct out *text, size_t start)
{
	return out_ok(text) ? bytes_of(text->p + start, text->n - start) : (struct bytes){ NULL, 0 };
}

/* A value as text; absent for null and for nothing. */
static struct bytes
text_of(const json_t *v, struct out *text)
{
	size_t start = text->n;
	switch (v != NULL ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING: return bytes_text(bytes_of(json_string_value(v), json_string_length(v)));
	case JSON_NULL: return (struct bytes){ NULL, 0 };
	case JSON_TRUE: return bytes_str("true");
	case JSON_FALSE: return bytes_str("false");
	case JSON_INTEGER: out_i64(text, json_integer_value(v)); break;
	case JSON_REAL:
	case JSON_OBJECT:
	case JSON_ARRAY: json_dump_callback(v, put_dump, text, JSON_ENCODE_ANY | JSON_COMPACT); break;
	}
	return since(text, start);
}

/* Numbers only from numbers and texts: a list or an object in their place says nothing. */
static struct bytes
number_of(const json_t *v, struct out *text)
{
	if (json_is_real(v) && json_real_value(v) >= 0 && json_real_value(v) < 9e15) {
		size_t start = text->n;
		uint64_t n = (uint64_t)json_real_value(v);
		if ((double)n < json_real_value(v))
			return bytes_str("fraction");
		out_u64(text, n);
		return since(text, start);
	}
	return text_of(v, text);
}

/* One path, up to `end`; NULL where a step is missing or the value is null. */
static const json_t *
at_one(const json_t *v, const char *path, const char *end)
{
	while (v != NULL && path < end) {
		const char *dot = memchr(path, '.', (size_t)(end - path)), *stop = dot ? dot : end;
		v = json_object_getn(v, path, (size_t)(stop - path));
		path = dot ? dot + 1 : end;
	}
	return json_is_null(v) ? NULL : v;
}

/* The first of several paths that leads to a value. */
static const json_t *
at(const json_t *v, const char *paths)
{
	const json_t *found = NULL;
	while (paths != NULL && found == NULL) {
		const char *bar = strchr(paths, '|');
		found = at_one(v, paths, bar ? bar : paths + strlen(paths));
		paths = bar ? bar + 1 : NULL;
	}
	return found;
}

static bool
has_sign(const json_t *doc, const char *sign)
{
	for (;;) {
		const char *amp = strchr(sign, '&'), *end = amp ? amp : sign + strlen(sign);
		if (at_one(doc, sign, end) == NULL)
			return false;
		if (amp == NULL)
			return true;
		sign = amp + 1;
	}
}

/* --- one event ----------------------------------------------------------------------------------------------------- */

/* Unnamed data are called param1.. here. */
static void
add_param(struct hostev *ev, size_t i, struct bytes v, struct out *text)
{
	size_t start = text->n;
	out_str(text, "param");
	out_u64(text, i + 1);
	event_field(ev, since(text, start), v.p != NULL ? v : bytes_str(""));
}

static void
add_list(const json_t *list, struct hostev *ev, struct out *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		add_param(ev, i, text_of(json_array_get(list, i), text), text);
}

static void
add_object(const json_t *data, struct hostev *ev, struct out *text, const struct layout *l)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)data, key, value)
	{
		bool own = strcmp(key, "xml_name") != 0; /* in user_data: the element's, not a field */
		for (size_t i = 0; l->flat && own && i < NELEM(flat_keys); i++)
			own = strcmp(key, flat_keys[i]) != 0;
		if (l->joined && strcmp(key, "data") == 0)
			own = false;
		struct bytes v = own ? text_of(value, text) : (struct bytes){ NULL, 0 };
		if (own)
			event_field(ev, bytes_str(key), v.p != NULL ? v : bytes_str(""));
	}
}

/* Several unnamed data in one text: told apart only where their number is what the manifest says. */
static void
add_joined(struct bytes v, struct hostev *ev, struct out *text)
{
	struct cursor c = cur_all(v), from = c;
	size_t n = 0, i = 0;
	if (v.n == 0)
		return;
	while (cur_more(&c)) {
		if (cur_peek_be16(&c) != (',' << 8 | ' ')) {
			c.why = CUR_OK; /* the last byte has no second one to look at */
			cur_skip(&c, 1);
			n++;
			continue;
		}
		add_param(ev, i++, cur_take(&from, n), text);
		cur_skip(&c, 2);
		from = c;
		n = 0;
	}
	add_param(ev, i, cur_take(&from, n), text);
}

/* osquery gives the data as JSON inside a text: {"EventData":{...}} or {"EventData":[...]}. */
static const json_t *
unfold(const json_t *data)
{
	json_error_t e;
	if (!json_is_string(data))
		return data;
	const json_t *in = json_loadb(json_string_value(data), json_string_length(data), JSON_ALLOW_NUL, &e);
	const json_t *inner = at(in, "EventData|UserData");
	return inner ? inner : in;
}

static void
add_fields(const json_t *doc, const struct layout *l, struct hostev *ev, struct out *text)
{
	const json_t *data = l->data ? unfold(at(doc, l->data)) : NULL;
	if (json_is_array(data))
		add_list(data, ev, text);
	else if (data)
		add_object(data, ev, text, l);
	if (l->flat)
		add_object(doc, ev, text, l);
	add_object(at(doc, "winlog.user_data"), ev, text, l);
	if (ev->nfields == 0)
		add_list(at(doc, l->inserts), ev, text);
	const json_t *joined = at(doc, l->joined);
	if (json_is_array(joined))
		add_list(joined, ev, text);
	else if (joined)
		add_joined(text_of(joined, text), ev, text);
}

/* The addresses and MACs an agent reports of its host: a list, or one. */
static void
add_host(const json_t *ip, const json_t *mac, struct hostev *ev, struct out *text)
{
	size_t n = json_is_array(ip) ? json_array_size(ip) : 1;
	for (size_t i = 0; i < n && ev->nhost_ip < HE_ADDRS_MAX; i++)
		if (text_addr(text_of(json_is_array(ip) ? json_array_get(ip, i) : ip, text),
			      &ev->host_ip[ev->nhost_ip]))
			ev->nhost_ip++;
	n = json_is_array(mac) ? json_array_size(mac) : 1;
	for (size_t i = 0; i < n && ev->nhost_mac < HE_MACS_MAX; i++)
		if (mac_parse(text_of(json_is_array(mac) ? json_array_get(mac, i) : mac, text),
			      &ev->host_mac[ev->nhost_mac]))
			ev->nhost_mac++;
}

/* When the event was read: a time as text, or seconds since 1970. */
static ts_t
seen_of(const json_t *v, struct hostfeed *f)
{
	ts_t ts;
	bool zoned;
	uint64_t s;
	if (json_is_number(v)) {
		double d = json_number_value(v);
		return d >= 0 && d < 9e9 ? (ts_t)(d * 1e6) * 1000 : TS_NONE;
	}
	struct bytes t = text_of(v, &f->text);
	if (text_u64(t, &s))
		return s < UINT64_C(9000000000) ? (ts_t)s * TS_SEC : TS_NONE;
	return text_time_local(t, f->zone, &ts, &zoned) == TEXT_TIME_OK ? ts : TS_NONE;
}

static void
decode_layout(struct sink *s, const json_t *doc, const struct layout *l)
{
	struct hostfeed *f = s->feed;
	struct hostev *ev = event_begin(f, l->name);
	struct out *text = &f->text;
	const char *what = NULL;

	ev->provider = text_of(at(doc, l->provider), text);
	ev->channel = text_of(at(doc, l->channel), text);
	ev->user = text_of(at(doc, l->user), text);
	if (ev->user.n == 0)
		ev->user = (struct bytes){ NULL, 0 };
	ev->computer = text_of(at(doc, l->computer), text);
	f->message = text_of(at(doc, l->message), text);
	if (ev->computer.n == 0)
		event_lost(ev, "computer");
	if (ev->provider.n == 0)
		what = "an event without a provider";
	else if (event_id(ev, number_of(at(doc, l->id), text), &what))
		(void)event_time(f, text_of(at(doc, l->time), text), &what);
	ev->seen = seen_of(at(doc, l->seen), f);
	event_record(ev, number_of(at(doc, l->record), text));
	if (l->coarse)
		event_lost(ev, "fraction of the second");
	add_host(l->address ? at(doc, l->address) : at(doc, "host.ip"), at(doc, "host.mac"), ev, text);
	add_fields(doc, l, ev, text);
	event_done(s, what);
}

/* --- carriers ------------------------------------------------------------------------------------------------------ */

/* A document inside a text, or an object in place of it. */
static void
carried(struct sink *s, const json_t *v, const char *name)
{
	if (s->feed->inner == FEED_INNER_MAX) {
		sink_bad(s, "a document inside a document inside another", 0, 1);
		return;
	}
	const char *outer = s->feed->outer;
	s->feed->inner++;
	s->feed->outer = outer ? outer : name;
	if (json_is_string(v))
		feed_inner(s, bytes_of(json_string_value(v), json_string_length(v)));
	else
		shapes_decode(s, v);
	s->feed->outer = outer;
	s->feed->inner--;
}

static void
splunk_hec(struct sink *s, const json_t *doc)
{
	carried(s, at(doc, "event"), "splunk-hec");
}

static void
cribl(struct sink *s, const json_t *doc)
{
	carried(s, at(doc, "_raw"), "cribl");
}

static void
osquery_tls(struct sink *s, const json_t *doc)
{
	const json_t *list = at(doc, "data");
	for (size_t i = 0; i < json_array_size(list); i++)
		carried(s, json_array_get(list, i), "osquery");
}

/* OTLP's values carry their type (opentelemetry-proto, common.proto AnyValue): {"stringValue":..}, {"intValue":"1"}. */
static const json_t *
any_value(const json_t *v)
{
	return at(v, "stringValue|intValue|doubleValue|boolValue|kvlistValue.values|arrayValue.values");
}

/* A list of key and value by key. */
static const json_t *
kv(const json_t *list, const char *key)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i), *k = at(e, "key");
		if (json_is_string(k) && strcmp(json_string_value(k), key) == 0)
			return any_value(at(e, "value"));
	}
	return NULL;
}

static void
otlp_fields(const json_t *data, struct hostev *ev, struct out *text)
{
	for (size_t i = 0; i < json_array_size(data); i++) {
		const json_t *e = json_array_get(data, i), *k = at(e, "key");
		struct bytes v = text_of(any_value(json_is_string(k) ? at(e, "value") : e), text);
		if (!json_is_string(k))
			add_param(ev, i, v, text);
		else if (strcmp(json_string_value(k), "binary") != 0)
			event_field(ev, bytes_str(json_string_value(k)), v.p != NULL ? v : bytes_str(""));
	}
}

/* Nanoseconds since 1970 as text or number; 0 is none. */
static ts_t
otlp_time(const json_t *v, struct out *text)
{
	uint64_t ns;
	return text_u64(number_of(v, text), &ns) && ns > 0 && ns <= INT64_MAX ? (ts_t)ns : TS_NONE;
}

static void
otlp_record(struct sink *s, const json_t *rec)
{
	struct hostfeed *f = s->feed;
	const json_t *body = any_value(at(rec, "body")), *id = kv(body, "event_id");
	const char *what = NULL;
	if (json_is_string(body)) {
		carried(s, body, "otlp");
		return;
	}
	struct hostev *ev = event_begin(f, "otlp");
	struct out *text = &f->text;
	ev->provider = text_of(kv(kv(body, "provider"), "name"), text);
	ev->channel = text_of(kv(body, "channel"), text);
	ev->computer = text_of(kv(body, "computer"), text);
	ev->user = text_of(kv(kv(body, "security"), "user_id"), text);
	f->message = text_of(kv(body, "message"), text);
	if (ev->computer.n == 0)
		event_lost(ev, "computer");
	if (ev->provider.n == 0)
		what = "an event without a provider";
	else if (event_id(ev, number_of(json_is_array(id) ? kv(id, "id") : id, text), &what))
		(void)event_time(f, text_of(kv(body, "system_time"), text), &what);
	if (ev->ts == TS_NONE)
		ev->ts = otlp_time(at(rec, "timeUnixNano"), text);
	ev->seen = otlp_time(at(rec, "observedTimeUnixNano"), text);
	event_record(ev, number_of(kv(body, "record_id"), text));
	otlp_fields(kv(body, "event_data"), ev, text);
	event_done(s, what);
}

static void
otlp(struct sink *s, const json_t *doc)
{
	const json_t *resources = at(doc, "resourceLogs");
	for (size_t r = 0; r < json_array_size(resources); r++) {
		const json_t *scopes = at(json_array_get(resources, r), "scopeLogs");
		for (size_t c = 0; c < json_array_size(scopes); c++) {
			const json_t *recs = at(json_array_get(scopes, c), "logRecords");
			for (size_t i = 0; i < json_array_size(recs); i++)
				otlp_record(s, json_array_get(recs, i));
		}
	}
}

static const struct carrier {
	const char *sign;
	void (*decode)(struct sink *, const json_t *);
} carriers[] = {
	{ "resourceLogs", otlp },	    { "_raw", cribl },
	{ "log_type&data", osquery_tls },   { "event&source", splunk_hec },
	{ "event&sourcetype", splunk_hec },
};

void
shapes_decode(struct sink *s, const json_t *doc)
{
	for (size_t i = 0; i < NELEM(layouts); i++)
		if (has_sign(doc, layouts[i].sign)) {
			decode_layout(s, doc, &layouts[i]);
			return;
		}
	for (size_t i = 0; i < NELEM(carriers); i++)
		if (has_sign(doc, carriers[i].sign)) {
			carriers[i].decode(s, doc);
			return;
		}
	sink_bad(s, "shape not known: JSON of none of the forwarders that are read", 0, 1);
}
