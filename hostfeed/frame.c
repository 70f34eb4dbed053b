#include "frame.h"
#include "decode.h"
#include "text.h"

enum { TEXT, TAG, ASIDE };			    /* where in an element */
enum { SPANS_UNKNOWN, SPANS, ONE_LINE };	    /* JSON over lines */
enum { DATE_LINE_MAX = 128, COUNT_DIGITS_MAX = 6 }; /* more than either ever has */

/* What may stand between tags and is none. */
static const struct {
	const char *open, *close;
} asides[] = {
	{ "<!--", "-->" },
	{ "<![CDATA[", "]]>" },
	{ "<?", "?>" },
};

static bool
is_blank(uint8_t b)
{
	return b == ' ' || (b >= '\t' && b <= '\r');
}

/* Where `c` stands at or behind `from`; b.n where it does not. */
static size_t
find(struct bytes b, size_t from, uint8_t c)
{
	const uint8_t *p = from < b.n ? memchr(b.p + from, c, b.n - from) : NULL;
	return p != NULL ? (size_t)(p - b.p) : b.n;
}

static bool
starts(struct bytes b, const char *text)
{
	size_t n = strlen(text);
	return b.p != NULL && b.n >= n && memcmp(b.p, text, n) == 0;
}

/* All that is there is the beginning of `text`. */
static bool
begins(struct bytes b, const char *text)
{
	return b.n < strlen(text) && (b.n == 0 || memcmp(b.p, text, b.n) == 0);
}

static bool
starts_tag(struct bytes b, const char *name)
{
	uint8_t next = bytes_u8(b, strlen(name));
	return starts(b, name) && (next == '>' || next == '/' || is_blank(next));
}

/* Too few bytes to tell whether this is the tag. */
static bool
may_start_tag(struct bytes b, const char *name)
{
	return begins(b, name) || (b.n == strlen(name) && starts(b, name));
}

static bool
is_date_line(struct bytes b)
{
	struct cursor c = cur_all(bytes_of(b.p, b.n < DATE_LINE_MAX ? b.n : DATE_LINE_MAX));
	ts_t ts;
	return text_us_time(&c, 0, &ts) && cur_more(&c) &&
	       (cur_peek_u8(&c) == '\n' || cur_peek_u8(&c) == '\r');
}

static bool
may_be_date_line(struct bytes b)
{
	return b.n < DATE_LINE_MAX && find(b, 0, '\n') == b.n;
}

static bool
step_line(struct frame *f, struct bytes b)
{
	f->at = find(b, f->at, '\n');
	return f->at < b.n;
}

/* The lines that follow a date line, up to the next one: their message may hold empty lines. */
static bool
step_block(struct frame *f, struct bytes b, bool eof)
{
	for (;;) {
		size_t end = find(b, f->at, '\n');
		f->at = end;
		if (end == b.n)
			return false;
		struct bytes next = bytes_behind(b, end + 1);
		if (next.n > 0 && is_date_line(next))
			return true;
		if (!eof && may_be_date_line(next))
			return false;
		f->at = end + 1;
	}
}

static bool
step_count(struct frame *f, struct bytes b)
{
	uint64_t left = f->count - f->dropped;
	f->at = left < b.n ? (size_t)left : b.n;
	return f->at == left;
}

/* One that begins on a line of its own ({ or [ and nothing more) may span lines; any other ends with its line, so that a
 * line that was cut off takes none of its neighbours along.  A line of a size that is read holds its documents; only a
 * longer one must be taken apart. */
static bool
ends_with_line(struct frame *f, struct bytes b)
{
	for (size_t i = f->at; f->spans == SPANS_UNKNOWN && i < b.n; i++)
		if (b.p[i] == '\n')
			f->spans = SPANS;
		else if (b.p[i] != '{' && b.p[i] != '[' && !is_blank(b.p[i]))
			f->spans = ONE_LINE;
	if (f->spans != ONE_LINE || f->apart > 0 || f->dropped > 0)
		return false;
	size_t end = find(b, f->looked, '\n');
	f->looked = end;
	if (end == b.n || end > HOSTFEED_DOC_MAX)
		return false;
	f->at = end;
	return true;
}

static bool
step_json(struct frame *f, struct bytes b, bool eof)
{
	if (ends_with_line(f, b))
		return true;
	if (f->patient && !eof && f->spans == ONE_LINE && f->apart == 0 && f->dropped == 0 &&
	    b.n <= HOSTFEED_DOC_MAX)
		return false;
	size_t i = f->at;
	bool done = false;
	for (; i < b.n && !done; i++) {
		uint8_t c = b.p[i];
		if (c == '\n' && f->spans == ONE_LINE)
			break;
		if (f->escaped) {
			f->escaped = false;
		} else if (f->in_string) {
			f->escaped = c == '\\';
			f->in_string = c != '"';
		} else if (c == '"') {
			f->in_string = true;
		} else if (c == '{' || c == '[') {
			f->depth++;
		} else if (c == '}' || c == ']') {
			done = --f->depth == 0;
		}
	}
	f->at = i;
	return done || i < b.n;
}

/* To behind the tag's ">", or before a "<" that a broken tag runs into. */
static bool
step_tag(struct frame *f, struct bytes b, bool *empty)
{
	size_t i = f->at;
	for (; i < b.n; i++) {
		uint8_t c = b.p[i];
		if (c == '<' && f->prev != 0)
			break;
		if (c == '>' && f->quote == 0) {
			*empty = f->prev == '/';
			f->at = i + 1;
			return true;
		}
		if (f->quote != 0)
			f->quote = c == f->quote ? 0 : f->quote;
		else if (c == '"' || c == '\'')
			f->quote = c;
		f->prev = c == 0 ? ' ' : c; /* 0: at the tag's own "<" */
	}
	f->at = i;
	return i < b.n;
}

static bool
step_aside(struct frame *f, struct bytes b)
{
	const char *close = asides[f->aside].close;
	for (;;) {
		f->at = find(b, f->at, (uint8_t)close[0]);
		struct bytes rest = bytes_behind(b, f->at);
		if (begins(rest, close))
			return false;
		if (starts(rest, close)) {
			f->at += strlen(close);
			return true;
		}
		f->at++;
	}
}

/* At the "<" of whatever it is; false where too few bytes are there to tell. */
static bool
enter(struct frame *f, struct bytes b, bool eof)
{
	if (!eof && begins(b, "</"))
		return false;
	uint8_t state = TAG;
	for (size_t i = 0; i < NELEM(asides); i++) {
		if (!eof && begins(b, asides[i].open))
			return false;
		if (starts(b, asides[i].open)) {
			state = ASIDE;
			f->aside = (uint8_t)i;
		}
	}
	f->state = state;
	f->quote = f->prev = 0;
	f->end_tag = starts(b, "</");
	return true;
}

/* An <Event> inside an <Event> means that the first was cut off: it ends there. */
static bool
step_element(struct frame *f, struct bytes b, bool eof)
{
	for (;;) {
		bool empty = false;
		if (f->state == ASIDE && !step_aside(f, b))
			return false;
		if (f->state == TAG) {
			if (!step_tag(f, b, &empty))
				return false;
			if (!f->end_tag && !empty)
				f->depth++;
			if (f->end_tag && f->depth > 0)
				f->depth--;
			if (f->depth == 0)
				return true;
		}
		f->state = TEXT;
		f->at = find(b, f->at, '<');
		struct bytes rest = bytes_behind(b, f->at);
		if (rest.n == 0)
			return false;
		if (f->event && f->depth > 0) {
			if (!eof && may_start_tag(rest, "<Event"))
				return false;
			if (starts_tag(rest, "<Event"))
				return true;
		}
		if (!enter(f, rest, eof))
			return false;
	}
}

/* "LEN SP" before a syslog message: its length, 0 where there is none, and the bytes do not tell yet with *wait. */
static size_t
octet_count(struct bytes b, size_t *count, bool *wait)
{
	size_t digits = 0;
	*count = 0;
	for (; digits < COUNT_DIGITS_MAX && bytes_u8(b, digits) >= '0' && bytes_u8(b, digits) <= '9';
	     digits++)
		*count = *count * 10 + (size_t)(b.p[digits] - '0');
	*wait = b.n == digits || (b.n == digits + 1 && b.p[digits] == ' ');
	bool is = digits > 0 && *count > 0 && bytes_u8(b, digits) == ' ' && bytes_u8(b, digits + 1) == '<';
	return is ? digits + 1 : 0;
}

static bool
start_at_digit(struct frame *f, struct bytes b, bool eof, size_t *lead)
{
	bool wait = false;
	size_t count;
	*lead = octet_count(b, &count, &wait);
	if (*lead > 0) {
		f->kind = FRAME_COUNT;
		f->count = count;
		return true;
	}
	if (!eof && wait)
		return false;
	f->kind = is_date_line(b) ? FRAME_BLOCK : FRAME_LINE;
	return eof || f->kind == FRAME_BLOCK || !may_be_date_line(b);
}

static bool
start_at_tag(struct frame *f, struct bytes b, bool eof)
{
	uint8_t c = bytes_u8(b, 1);
	if (!eof &&
	    (b.n < 2 || begins(b, "<!--") || may_start_tag(b, "<Events") || may_start_tag(b, "</Events")))
		return false;
	if (starts(b, "<!--") || starts(b, "<?")) {
		f->kind = FRAME_ASIDE;
		f->aside = starts(b, "<?") ? 2 : 0;
	} else if (starts_tag(b, "<Events") || starts_tag(b, "</Events")) {
		f->kind = FRAME_TAG;
	} else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80) {
		f->kind = FRAME_ELEMENT;
		f->event = starts_tag(b, "<Event");
	} else {
		f->kind = FRAME_LINE;
	}
	return true;
}

/* What comes before documents and is decided at once: bytes of it. */
static size_t
lead_bytes(struct frame *f, struct bytes b)
{
	size_t n = 0;
	while (n < b.n && is_blank(b.p[n])) {
		if (b.p[n] == '\n' && f->apart_line)
			f->apart = 0;
		n++;
	}
	uint8_t c = bytes_u8(b, n);
	if (n > 0)
		return n;
	if (starts(b, "\xef\xbb\xbf"))
		return 3;
	if (f->apart > 0 && (c == '[' || c == ']' || c == ',')) {
		f->apart += c == '[';
		f->apart -= c == ']';
		return 1;
	}
	return 0;
}

/* What kind of thing begins here; false where more bytes must tell. */
static bool
start(struct frame *f, struct bytes b, bool eof, size_t *lead)
{
	static const char mark[] = "\xef\xbb\xbf";
	*lead = lead_bytes(f, b);
	if (*lead > 0)
		return true;
	if (!eof && begins(b, mark))
		return false;
	uint8_t c = bytes_u8(b, 0);
	if (c >= '0' && c <= '9')
		return start_at_digit(f, b, eof, lead);
	if (c == '<')
		return start_at_tag(f, b, eof);
	f->kind = c == '{' || c == '[' ? FRAME_JSON : FRAME_LINE;
	f->spans = f->apart == 0 ? SPANS_UNKNOWN : f->apart_line ? ONE_LINE : SPANS;
	return true;
}

static bool
step(struct frame *f, struct bytes b, bool eof)
{
	bool empty;
	switch ((enum frame_kind)f->kind) {
	case FRAME_UNKNOWN: return false;
	case FRAME_LINE: return step_line(f, b);
	case FRAME_BLOCK: return step_block(f, b, eof);
	case FRAME_JSON: return step_json(f, b, eof);
	case FRAME_ELEMENT: return step_element(f, b, eof);
	case FRAME_TAG: return step_tag(f, b, &empty);
	case FRAME_ASIDE: return step_aside(f, b);
	case FRAME_COUNT: return step_count(f, b);
	}
	return false;
}

/* An array that is too long to be a document is a wrapper of documents: goes into it. */
static bool
take_apart(struct frame *f, struct bytes b, size_t *n)
{
	if (f->kind != FRAME_JSON || f->at <= HOSTFEED_DOC_MAX || f->dropped > 0 || b.p[0] != '[')
		return false;
	*f = (struct frame){ .apart = 1, .apart_line = f->spans == ONE_LINE, .patient = f->patient };
	*n = 1;
	return true;
}

enum frame_said
frame_next(struct frame *f, struct bytes b, bool eof, size_t *n)
{
	size_t lead = 0;
	bool fresh = f->kind == FRAME_UNKNOWN;
	if (b.n == 0)
		return FRAME_MORE;
	if (fresh) {
		bool known = start(f, b, eof, &lead);
		if (!known)
			f->kind = FRAME_UNKNOWN;
		if (lead > 0) {
			*n = lead;
			return FRAME_LEAD;
		}
		if (!known)
			return FRAME_MORE;
	}
	bool done = step(f, b, eof);
	if (take_apart(f, b, n))
		return FRAME_LEAD;
	if (!done && !eof)
		return FRAME_MORE;
	*n = done ? f->at : b.n;
	bool is_doc = f->dropped == 0 && (!done || (f->kind != FRAME_TAG && f->kind != FRAME_ASIDE));
	*f = (struct frame){ .apart = f->apart, .apart_line = f->apart_line, .patient = f->patient };
	return is_doc ? FRAME_DOC : FRAME_LEAD;
}

size_t
frame_drop(struct frame *f)
{
	size_t n = f->at;
	f->dropped += n;
	f->at = 0;
	return n;
}

size_t
hostfeed_frame(struct bytes buf, bool eof, size_t *skip)
{
	struct frame f = { 0 };
	enum frame_said said;
	size_t n = 0;
	*skip = 0;
	do {
		*skip += n;
		n = 0;
		said = frame_next(&f, bytes_behind(buf, *skip), eof, &n);
	} while (said == FRAME_LEAD);
	return said == FRAME_DOC ? n : 0;
}
