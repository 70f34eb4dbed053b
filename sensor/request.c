/* The smallest reader of JSON that a request needs: one flat object of texts, numbers and booleans. */
#include "control.h"
#include "cursor.h"

enum { KEY_MAX = 32 };

static void
blanks(struct cursor *c)
{
	while (cur_more(c)) {
		uint8_t b = c->base[c->off];
		if (b != ' ' && b != '\t' && b != '\r' && b != '\n')
			return;
		cur_skip(c, 1);
	}
}

static uint8_t
look(struct cursor *c)
{
	blanks(c);
	return cur_more(c) ? c->base[c->off] : 0;
}

/* A code point of \uXXXX; what stands for no ASCII becomes a question mark: nothing that is asked for needs it. */
static char
unicode(struct cursor *c)
{
	unsigned v = 0;
	for (int i = 0; i < 4; i++) {
		uint8_t b = cur_u8(c);
		unsigned d = 16;
		if (b >= '0' && b <= '9')
			d = b - (unsigned)'0';
		else if ((b | 0x20) >= 'a' && (b | 0x20) <= 'f')
			d = (b | 0x20u) - 'a' + 10;
		if (d == 16)
			cur_fail(c, CUR_BAD);
		v = v << 4 | (d & 15);
	}
	return v >= 0x20 && v < 0x7f ? (char)v : '?';
}

static char
escape(struct cursor *c)
{
	uint8_t b = cur_u8(c);
	switch (b) {
	case '"':
	case '\\':
	case '/': return (char)b;
	case 'u': return unicode(c);
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't': return ' ';
	default: cur_fail(c, CUR_BAD); return 0;
	}
}

static void
text(struct cursor *c, struct out *o)
{
	if (cur_u8(c) != '"')
		cur_fail(c, CUR_BAD);
	while (cur_ok(c)) {
		uint8_t b = cur_u8(c);
		if (b == '"')
			return;
		if (b < 0x20)
			cur_fail(c, CUR_BAD);
		out_chr(o, b == '\\' ? escape(c) : (char)b);
	}
}

/* A number, true, false or null. */
static void
word(struct cursor *c, struct out *o)
{
	size_t n = 0;
	while (cur_more(c)) {
		uint8_t b = c->base[c->off];
		bool in =
			(b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || b == '-' || b == '+' || b == '.';
		if (!in)
			break;
		out_chr(o, (char)cur_u8(c));
		n++;
	}
	if (n == 0)
		cur_fail(c, CUR_BAD);
}

/* Passes one member; false at the end of the object. */
static bool
member(struct cursor *c, bool first, struct out *key, struct out *value)
{
	key->n = value->n = 0;
	key->full = value->full = false;
	if (look(c) == '}')
		return false;
	if (!first && (look(c) != ',' || cur_u8(c) != ',')) {
		cur_fail(c, CUR_BAD);
		return false;
	}
	blanks(c);
	text(c, key);
	blanks(c);
	if (cur_u8(c) != ':')
		cur_fail(c, CUR_BAD);
	if (look(c) == '"')
		text(c, value);
	else
		word(c, value);
	return cur_ok(c);
}

static bool
begin(struct bytes request, struct cursor *c)
{
	*c = cur_init(request, request.n);
	return look(c) == '{' && cur_u8(c) == '{';
}

bool
request_good(struct bytes request)
{
	char name[KEY_MAX], value[CONTROL_REQUEST_MAX];
	struct out k = out_init(name, sizeof(name)), v = out_init(value, sizeof(value));
	struct cursor c;
	if (!begin(request, &c))
		return false;
	for (bool first = true; member(&c, first, &k, &v); first = false)
		if (!out_ok(&k) || !out_ok(&v))
			return false;
	if (!cur_ok(&c) || cur_u8(&c) != '}')
		return false;
	blanks(&c);
	return !cur_more(&c) && cur_ok(&c);
}

bool
request_get(struct bytes request, const char *key, char *to, size_t cap)
{
	char name[KEY_MAX];
	struct out k = out_init(name, sizeof(name)), v = out_init(to, cap - 1);
	struct cursor c;
	bool found = false;
	to[0] = 0;
	if (!begin(request, &c))
		return false;
	for (bool first = true; !found && member(&c, first, &k, &v); first = false)
		found = out_ok(&k) && out_ok(&v) && bytes_eq(out_bytes(&k), bytes_str(key));
	to[found ? v.n : 0] = 0;
	return found;
}
