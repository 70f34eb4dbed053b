/* Where the next document of a stream of bytes ends: a line, an XML element, JSON's outermost brackets, as many bytes as
 * an octet count says (RFC 6587 3.4.1), or the block that follows a date line (Splunk). */
#include "decode.h"
#include "text.h"

static bool
at(struct cursor c, const char *text)
{
	size_t n = strlen(text);
	struct bytes head = cur_take(&c, n);
	return head.p != NULL && memcmp(head.p, text, n) == 0;
}

/* Behind the next `text`; false where there is none, and the cursor is at the end. */
static bool
pass(struct cursor *c, const char *text)
{
	while (cur_more(c)) {
		if (at(*c, text)) {
			cur_skip(c, strlen(text));
			return true;
		}
		cur_skip(c, 1);
	}
	return false;
}

/* Behind the tag's ">", or before a "<" that a broken tag runs into; false where the bytes end in it. */
static bool
pass_tag(struct cursor *c, bool *empty)
{
	uint8_t quote = 0, prev = 0;
	cur_skip(c, 1);
	while (cur_more(c)) {
		uint8_t b = cur_peek_u8(c);
		if (b == '<')
			return true;
		cur_skip(c, 1);
		if (quote == 0 && b == '>') {
			*empty = prev == '/';
			return true;
		}
		if (quote != 0)
			quote = b == quote ? 0 : quote;
		else if (b == '"' || b == '\'')
			quote = b;
		prev = b;
	}
	return false;
}

static bool
starts_tag(struct cursor c, const char *name)
{
	if (!at(c, name))
		return false;
	cur_skip(&c, strlen(name));
	uint8_t b = cur_u8(&c);
	return cur_ok(&c) && (b == '>' || b == '/' || b == ' ' || (b >= '\t' && b <= '\r'));
}

/* What may stand between tags and is none. */
static const struct {
	const char *open, *close;
} asides[] = {
	{ "<!--", "-->" },
	{ "<![CDATA[", "]]>" },
	{ "<?", "?>" },
};

/* Passes an aside at the cursor: 1 done, 0 there is none, -1 the bytes end in it. */
static int
pass_aside(struct cursor *c)
{
	for (size_t i = 0; i < NELEM(asides); i++)
		if (at(*c, asides[i].open))
			return pass(c, asides[i].close) ? 1 : -1;
	return 0;
}

/* Behind the element at the cursor; an <Event> inside an <Event> means that the first was cut off: it ends there. */
static bool
pass_element(struct cursor *c)
{
	bool event = starts_tag(*c, "<Event");
	unsigned depth = 0;
	while (cur_more(c)) {
		if (cur_peek_u8(c) != '<') {
			cur_skip(c, 1);
			continue;
		}
		int aside = pass_aside(c);
		if (aside < 0)
			return false;
		if (aside > 0)
			continue;
		if (event && depth > 0 && starts_tag(*c, "<Event"))
			return true;
		bool end = at(*c, "</"), empty = false;
		if (!pass_tag(c, &empty))
			return false;
		if (!end && !empty)
			depth++;
		if (end && depth > 0)
			depth--;
		if (depth == 0)
			return true;
	}
	return false;
}

static bool
pass_line(struct cursor *c)
{
	struct cursor look = *c;
	struct bytes rest = cur_rest(&look);
	const void *end = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
	cur_skip(c, end != NULL ? (size_t)((const uint8_t *)end - rest.p) : rest.n);
	return end != NULL;
}

/* Behind the JSON value at the cursor.  One that begins on a line of its own ({ or [ and nothing more) may span lines; any
 * other ends with its line, so that a line that was cut off takes none of its neighbours along. */
static bool
pass_json(struct cursor *c)
{
	unsigned depth = 0;
	bool in_string = false, spans = true;
	struct cursor look = *c, line = *c;
	while (cur_more(&look)) { /* only brackets and blanks up to the first line's end? */
		uint8_t b = cur_u8(&look);
		if (b == '\n' || !(b == '{' || b == '[' || b == ' ' || (b >= '\t' && b <= '\r'))) {
			spans = b == '\n';
			break;
		}
	}
	/* a line of a size that is read holds its documents; only a longer one must be taken apart */
	if (!spans && pass_line(&line) && cur_off(&line) - cur_off(c) <= HOSTFEED_DOC_MAX) {
		*c = line;
		return true;
	}
	while (cur_more(c)) {
		uint8_t b = cur_peek_u8(c);
		if (b == '\n' && !spans)
			return true;
		cur_skip(c, 1);
		if (in_string) {
			if (b == '\\' && cur_more(c) && cur_peek_u8(c) != '\n')
				cur_skip(c, 1);
			in_string = b != '"';
		} else if (b == '"') {
			in_string = true;
		} else if (b == '{' || b == '[') {
			depth++;
		} else if ((b == '}' || b == ']') && --depth == 0) {
			return true;
		}
	}
	return false;
}

static bool
is_date_line(struct cursor c)
{
	ts_t ts;
	return text_us_time(&c, 0, &ts) && cur_more(&c) &&
	       (cur_peek_u8(&c) == '\n' || cur_peek_u8(&c) == '\r');
}

/* Behind the lines that follow a date line, up to the next one: their message may hold empty lines. */
static bool
pass_block(struct cursor *c)
{
	while (pass_line(c)) {
		struct cursor next = *c;
		cur_skip(&next, 1);
		if (is_date_line(next))
			return true;
		*c = next;
	}
	return false;
}

/* "LEN SP" before a syslog message; LEN, or 0 where there is none. */
static size_t
octet_count(struct cursor *c)
{
	struct cursor look = *c;
	size_t n = 0, digits = 0;
	for (; digits < 6 && cur_more(&look) && cur_peek_u8(&look) >= '0' && cur_peek_u8(&look) <= '9';
	     digits++)
		n = n * 10 + (size_t)(cur_u8(&look) - '0');
	if (digits == 0 || cur_u8(&look) != ' ' || cur_peek_u8(&look) != '<')
		return 0;
	*c = look;
	return n;
}

/* Passes one thing that comes before documents; 0 where there is none, -1 where the bytes end in it. */
static int
pass_lead(struct cursor *c)
{
	bool empty = false;
	if (!cur_more(c))
		return 0;
	uint8_t b = cur_peek_u8(c);
	if (b == ' ' || (b >= '\t' && b <= '\r')) {
		cur_skip(c, 1);
		return 1;
	}
	if (at(*c, "\xef\xbb\xbf")) {
		cur_skip(c, 3);
		return 1;
	}
	if (at(*c, "<!--") || at(*c, "<?"))
		return pass_aside(c);
	if (starts_tag(*c, "<Events") || starts_tag(*c, "</Events"))
		return pass_tag(c, &empty) ? 1 : -1;
	return 0;
}

static bool
is_element(struct cursor c)
{
	uint8_t lt = cur_u8(&c), b = cur_u8(&c);
	return lt == '<' && ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '_' || b >= 0x80);
}

/* Too few bytes to tell a wrapper's tag or a mark from the start of a document. */
static bool
undecided(struct cursor c)
{
	static const char *const leads[] = { "\xef\xbb\xbf", "<!--", "<?", "<Events", "</Events" };
	size_t n = cur_left(&c);
	struct bytes b = cur_rest(&c);
	for (size_t i = 0; i < NELEM(leads); i++)
		if (n <= strlen(leads[i]) && (b.p == NULL || memcmp(b.p, leads[i], n) == 0))
			return true;
	return false;
}

size_t
hostfeed_frame(struct bytes buf, bool eof, size_t *skip)
{
	struct cursor c = cur_all(buf), doc = c;
	int lead;
	*skip = 0;
	if (buf.n == 0)
		return 0;
	do {
		*skip = cur_off(&c);
		lead = pass_lead(&c);
	} while (lead > 0);
	cur_skip(&doc, *skip);
	size_t left = cur_left(&doc), start = *skip;
	if (left == 0)
		return 0;
	bool done = false;
	c = doc;
	size_t count = octet_count(&c);
	if (count > 0) {
		start = *skip = cur_off(&c);
		done = cur_left(&c) >= count;
		left = cur_left(&c);
		cur_skip(&c, done ? count : left);
	} else if (lead == 0 && (eof || !undecided(c))) {
		uint8_t b = cur_peek_u8(&c);
		done = is_element(c)	      ? pass_element(&c)
		       : b == '{' || b == '[' ? pass_json(&c)
		       : is_date_line(c)      ? pass_block(&c)
					      : pass_line(&c);
	}
	if (!done && !eof)
		return 0;
	return done ? cur_off(&c) - start : left;
}
