/* Windows events as JSON.  The text is looked through once before jansson sees it: brackets nested too deep are
 * refused there, and what would make jansson refuse an event for one bad character or a long number is repaired.
 * A shape is a row of `shapes`: the key only it has, and a function that fills in the record. */
#include "decode.h"
#include "text.h"

#include <jansson.h>

/* --- before the parser --------------------------------------------------------------------------------------------- */

struct scan {
	struct cursor in;
	struct out *out;  /* NULL: only tell whether a repair is needed */
	const char *what; /* why the document is refused */
	size_t at;
	unsigned line, depth;
	bool in_string, changed;
};

static void
copy(struct scan *s, struct bytes b)
{
	if (s->out != NULL)
		out_view(s->out, b);
}

static void
replace(struct scan *s, const char *text)
{
	s->changed = true;
	copy(s, bytes_str(text));
}

static uint32_t
hex4(struct cursor c)
{
	uint8_t b[2];
	size_t n;
	return text_hex(cur_take(&c, 4), b, sizeof(b), &n) && n == 2 ? (uint32_t)(b[0] << 8 | b[1]) : 0;
}

/* RFC 8259 section 7: half of a surrogate pair is no character; jansson would refuse the document. */
static void
scan_escape(struct scan *s)
{
	struct cursor c = s->in;
	cur_skip(&c, 1);
	uint8_t kind = cur_u8(&c);
	uint32_t u = kind == 'u' ? hex4(c) : 0;
	if (u < 0xd800 || u > 0xdfff) {
		copy(s, cur_take(&s->in, cur_left(&s->in) < 2 ? 1 : 2));
		return;
	}
	cur_skip(&c, 4);
	uint32_t low = cur_be16(&c) == ('\\' << 8 | 'u') ? hex4(c) : 0;
	if (u < 0xdc00 && low >= 0xdc00 && low <= 0xdfff) {
		copy(s, cur_take(&s->in, 12));
		return;
	}
	cur_skip(&s->in, 6);
	replace(s, "\\ufffd");
}

static bool
is_number_char(uint8_t b)
{
	return (b >= '0' && b <= '9') || b == '-' || b == '+' || b == '.' || b == 'e' || b == 'E';
}

/* Integers that may not fit 63 bits become text, so that none loses digits or its document. */
static void
scan_number(struct scan *s)
{
	enum { SAFE_DIGITS = 18 };
	struct cursor look = s->in;
	size_t n = 0;
	bool integer = true;
	for (; cur_more(&look) && is_number_char(cur_peek_u8(&look)); n++) {
		uint8_t b = cur_u8(&look);
		integer = integer && ((b >= '0' && b <= '9') || (b == '-' && n == 0));
	}
	bool quote = integer && n > SAFE_DIGITS;
	if (quote)
		replace(s, "\"");
	copy(s, cur_take(&s->in, n));
	if (quote)
		replace(s, "\"");
}

static void
scan_structure(struct scan *s, uint8_t b)
{
	if (b == '{' || b == '[') {
		if (s->depth++ == HOSTFEED_DEPTH_MAX && s->what == NULL) {
			s->what = "JSON nested deeper than 16";
			s->at = cur_off(&s->in);
		}
	} else if ((b == '}' || b == ']') && s->depth > 0) {
		s->depth--;
	} else if (b == '"') {
		s->in_string = true;
	}
	if (b == '\n' && s->what == NULL)
		s->line++;
	copy(s, cur_take(&s->in, 1));
}

static void
scan_control(struct scan *s, uint8_t b)
{
	cur_skip(&s->in, 1);
	replace(s, b == '\t' ? "\\t" : b == '\n' ? "\\n" : b == '\r' ? "\\r" : "\xef\xbf\xbd");
}

static void
scan_json(struct scan *s)
{
	s->line = 1;
	while (cur_more(&s->in)) {
		struct cursor was = s->in;
		uint32_t code;
		uint8_t b = cur_peek_u8(&s->in);
		if (b >= 0x80) {
			size_t n = text_utf8(&s->in, &code);
			if (n == 0)
				replace(s, "\xef\xbf\xbd");
			else
				copy(s, cur_take(&was, n));
		} else if (b < 0x20 && (s->in_string || (b != '\t' && b != '\n' && b != '\r'))) {
			scan_control(s, b);
		} else if (s->in_string && b == '\\') {
			scan_escape(s);
		} else if (s->in_string) {
			s->in_string = b != '"';
			copy(s, cur_take(&s->in, 1));
		} else if (b == '-' || (b >= '0' && b <= '9')) {
			scan_number(s);
		} else {
			scan_structure(s, b);
		}
	}
}

/* --- what the parser found ----------------------------------------------------------------------------------------- */

static const char *
why(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_out_of_memory: return "JSON that needs more memory than an event may";
	case json_error_premature_end_of_input: return "JSON ends early";
	case json_error_end_of_input_expected: return "text after the end of the JSON document";
	case json_error_duplicate_key: return "JSON with a key given twice is refused";
	case json_error_numeric_overflow: return "JSON with a number out of range";
	case json_error_null_byte_in_key: return "JSON with a NUL in a key";
	default: return "not well-formed JSON";
	}
}

static int
put_dump(const char *p, size_t n, void *out)
{
	out_put(out, p, n);
	return out_ok(out) ? 0 : -1;
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
	return out_ok(text) ? bytes_of(text->p + start, text->n - start) : (struct bytes){ NULL, 0 };
}

static const json_t *
member(const json_t *o, const char *a, const char *b)
{
	return json_object_get(json_object_get(o, a), b);
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
		return bytes_of(text->p + start, out_ok(text) ? text->n - start : 0);
	}
	return text_of(v, text);
}

static void
fields_of(const json_t *data, struct hostev *ev, struct out *text)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)data, key, value)
	{
		if (strcmp(key, "xml_name") == 0) /* in user_data: the element's, not a field */
			continue;
		struct bytes v = text_of(value, text);
		event_field(ev, bytes_str(key), v.p != NULL ? v : bytes_str(""));
	}
}

/* The addresses and MACs an agent reports of its host: a list, or one. */
static void
host_of(const json_t *host, struct hostev *ev, struct out *text)
{
	const json_t *ip = json_object_get(host, "ip"), *mac = json_object_get(host, "mac");
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

/* --- shapes -------------------------------------------------------------------------------------------------------- */

/* The first that is there. */
static const json_t *
either(const json_t *a, const json_t *b)
{
	return a != NULL && !json_is_null(a) ? a : b;
}

/* Winlogbeat 7 and later, and Elastic Agent: `winlog` beside ECS fields; unnamed data are param1.. in event_data. */
static const char *
beats(const json_t *doc, struct hostev *ev, struct out *text)
{
	const json_t *winlog = json_object_get(doc, "winlog"), *host = json_object_get(doc, "host");
	const char *what = NULL;
	ev->provider = text_of(
		either(json_object_get(winlog, "provider_name"), member(doc, "event", "provider")), text);
	ev->channel = text_of(json_object_get(winlog, "channel"), text);
	ev->user =
		text_of(either(member(winlog, "user", "identifier"), member(winlog, "user", "name")), text);
	ev->computer =
		text_of(either(json_object_get(winlog, "computer_name"),
			       either(json_object_get(host, "hostname"), json_object_get(host, "name"))),
			text);
	if (ev->provider.n == 0)
		return "an event without a provider";
	if (ev->computer.n == 0)
		event_lost(ev, "computer");
	const json_t *id = either(json_object_get(winlog, "event_id"), member(doc, "event", "code"));
	const json_t *time =
		either(json_object_get(winlog, "time_created"), json_object_get(doc, "@timestamp"));
	if (!event_id(ev, number_of(id, text), &what) || !event_time(ev, text_of(time, text), &what))
		return what;
	const json_t *seen = either(member(doc, "event", "created"), member(doc, "event", "ingested"));
	if (text_time(text_of(seen, text), &ev->seen) != TEXT_TIME_OK)
		ev->seen = TS_NONE;
	event_record(ev, number_of(json_object_get(winlog, "record_id"), text));
	host_of(host, ev, text);
	fields_of(json_object_get(winlog, "event_data"), ev, text);
	fields_of(json_object_get(winlog, "user_data"), ev, text);
	return NULL;
}

/* The first row whose keys are all there is the document's shape. */
static const struct shape {
	const char *name, *key, *and_key;
	const char *(*decode)(const json_t *, struct hostev *,
			      struct out *); /* says what is wrong, or NULL */
} shapes[] = {
	{ "elastic-agent", "winlog", "elastic_agent", beats },
	{ "elastic-agent", "winlog", "data_stream", beats },
	{ "winlogbeat", "winlog", "winlog", beats },
};

static void
decode_one(struct sink *s, const json_t *doc)
{
	for (size_t i = 0; i < NELEM(shapes); i++) {
		const struct shape *shape = &shapes[i];
		if (!json_is_object(json_object_get(doc, shape->key)) ||
		    json_object_get(doc, shape->and_key) == NULL)
			continue;
		struct hostev *ev = event_begin(s->feed, shape->name);
		const char *what = shape->decode(doc, ev, &s->feed->text);
		if (what == NULL && !out_ok(&s->feed->text))
			what = "an event with more text than a document may hold";
		if (what != NULL)
			sink_bad(s, what, 0, 1);
		else
			event_end(s);
		return;
	}
	sink_bad(s, "shape not known: JSON that is neither Winlogbeat's nor Elastic Agent's", 0, 1);
}

/* A line may hold several documents; most hold one. */
static void
decode_all(struct sink *s, struct bytes doc)
{
	enum { FLAGS = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK };
	struct cursor c = cur_all(doc);
	while (cur_more(&c)) {
		json_error_t e;
		size_t start = cur_off(&c);
		struct cursor look = c;
		struct bytes rest = cur_rest(&look);
		json_t *root = json_loadb((const char *)rest.p, rest.n, FLAGS, &e);
		size_t used = e.position > 0 ? (size_t)e.position : 0;
		if (root == NULL) {
			sink_bad(s, why(&e), start + used, e.line > 0 ? (unsigned)e.line : 1);
			return;
		}
		if (!json_is_array(root))
			decode_one(s, root);
		for (size_t i = 0; i < json_array_size(root); i++)
			decode_one(s, json_array_get(root, i));
		cur_skip(&c, used);
		while (cur_more(&c) && cur_peek_u8(&c) <= ' ')
			cur_skip(&c, 1);
	}
}

void
winjson_decode(struct sink *s, struct bytes doc)
{
	struct scan look = { .in = cur_all(doc) };
	scan_json(&look);
	if (look.what != NULL) {
		sink_bad(s, look.what, look.at, look.line);
		return;
	}
	struct out clean = out_init(s->feed->clean, sizeof(s->feed->clean));
	if (look.changed) {
		struct scan repair = { .in = cur_all(doc), .out = &clean };
		scan_json(&repair);
		if (!out_ok(&clean)) {
			sink_bad(s, "JSON with too many bytes that are no UTF-8", 0, 1);
			return;
		}
		doc = out_bytes(&clean);
	}
	json_malloc_t had_malloc;
	json_free_t had_free;
	json_get_alloc_funcs(&had_malloc, &had_free);
	json_set_alloc_funcs(arena_malloc, arena_free);
	json_object_seed(
		(size_t)(s->feed->seed | 1)); /* 0 would ask the kernel for one; only the first call counts */
	arena_enter(&s->feed->arena);
	decode_all(s, doc);
	arena_leave();
	json_set_alloc_funcs(had_malloc, had_free);
}
