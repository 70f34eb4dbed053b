/* Windows events as JSON.  The text is looked through once before jansson sees it: brackets nested too deep are
 * refused there, and what would make jansson refuse an event for one bad character or a long number is repaired.
 * What the documents mean: winshapes.c. */
#include "shapes.h"
#include "text.h"

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
			shapes_decode(s, root);
		for (size_t i = 0; i < json_array_size(root); i++)
			shapes_decode(s, json_array_get(root, i));
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
	/* What is carried inside another document came out of jansson or a header: it shares the room with its carrier. */
	struct out clean =
		out_init(s->feed->clean + s->feed->cleaned, sizeof(s->feed->clean) - s->feed->cleaned);
	size_t had = s->feed->cleaned;
	if (look.changed) {
		struct scan repair = { .in = cur_all(doc), .out = &clean };
		scan_json(&repair);
		if (!out_ok(&clean)) {
			sink_bad(s, "JSON with too many bytes that are no UTF-8", 0, 1);
			return;
		}
		doc = out_bytes(&clean);
		s->feed->cleaned += clean.n;
	}
	json_malloc_t had_malloc;
	json_free_t had_free;
	json_get_alloc_funcs(&had_malloc, &had_free);
	json_set_alloc_funcs(arena_malloc, arena_free);
	json_object_seed(
		(size_t)(s->feed->seed | 1)); /* 0 would ask the kernel for one; only the first call counts */
	struct arena_mark mark = arena_enter(&s->feed->arena);
	decode_all(s, doc);
	arena_leave(mark);
	json_set_alloc_funcs(had_malloc, had_free);
	s->feed->cleaned = had;
}
