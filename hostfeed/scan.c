/* Which documents are worth parsing: a look at the raw bytes for the names of providers.  Of each name four bytes are looked
 * for that are rare in ordinary text; they cover every third position with one of their three pairs, so that one load in a
 * table of pairs decides for three bytes.  A name can hide in no other way than behind an escape: JSON's \u00xx (all letters
 * of the names are ASCII) and XML's &#; a document with one is worth it. */
#include "decode.h"
#include "text.h"

enum { STRIDE = NEEDLE_HEAD - 1 };

static const char escape[] = "\\u00";

/* What is rare in names that share the rest with many words; of any other name the first four bytes are looked for. */
static const char *const rare[] = { "hlps", "dhcp", "ssst", "ns-c", "ascl", "eacc", "y-au",
				    "tcpi", "l-ge", "e-se", "rkpr", "ndis", "tlog" };

static uint8_t
fold(uint8_t c)
{
	return c | 0x20; /* letters to lower case; what else falls together costs a comparison */
}

/* Two bytes as an index, in whichever order the machine loads them. */
static uint32_t
pair(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v | 0x2020u;
}

static uint32_t
four(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v | 0x20202020u;
}

static uint32_t
hash(uint32_t v)
{
	return v * UINT32_C(0x9e3779b1) >> (32 - NEEDLE_HASH_BITS);
}

static void
look_for(struct hostfeed *f, struct bytes name, size_t from)
{
	struct needle *n = &f->needle[f->nneedle++];

	n->name = name;
	n->from = from;
	n->four = four(name.p + from);
	f->four[hash(n->four)] = true;
	for (size_t i = 0; i < STRIDE; i++)
		f->pair[pair(name.p + from + i)] |= (uint8_t)(1u << i);
}

/* Where in the name something rare stands, else 0. */
static size_t
rare_at(struct bytes name)
{
	for (size_t r = 0; r < NELEM(rare); r++)
		for (size_t i = 0; i + NEEDLE_HEAD <= name.n; i++)
			if (text_eq_nocase(bytes_of(name.p + i, NEEDLE_HEAD), bytes_str(rare[r])))
				return i;
	return 0;
}

void
scan_open(struct hostfeed *f)
{
	const char *name;

	memset(f->pair, 0, sizeof(f->pair));
	memset(f->four, 0, sizeof(f->four));
	f->nneedle = 0;
	look_for(f, bytes_str(escape), 0);
	for (size_t i = 0; (name = winmap_provider(i)) != NULL; i++)
		look_for(f, bytes_str(name), rare_at(bytes_str(name)));
}

static bool
is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (fold(c) >= 'a' && fold(c) <= 'z') || c == '_' || c == '-' ||
	       c >= 0x80;
}

/* Does the name stand at `at`, as a word of its own?  What is before and behind the document is no word. */
static bool
stands(struct bytes doc, size_t at, struct bytes name)
{
	struct cursor c = cur_all(doc), here = cur_at(&c, at), before = cur_at(&c, at ? at - 1 : 0);

	if (name.n == NEEDLE_HEAD && memcmp(name.p, escape, NEEDLE_HEAD) == 0)
		return true;
	if (at > 0 && is_word(cur_u8(&before)))
		return false;
	return text_eq_nocase(cur_take(&here, name.n), name) &&
	       !(cur_more(&here) && is_word(cur_peek_u8(&here)));
}

/* Do a needle's four bytes stand at `at`, and its name around them? */
static bool
needle_at(const struct hostfeed *f, struct bytes doc, size_t at, uint32_t v)
{
	for (size_t n = 0; n < f->nneedle; n++) {
		const struct needle *x = &f->needle[n];
		if (x->four == v && at >= x->from && stands(doc, at - x->from, x->name))
			return true;
	}
	return false;
}

/* A pair at `at` that may be pair number 0, 1 or 2 of the four bytes of some name (bits of `which`). */
static bool
found(const struct hostfeed *f, struct bytes doc, size_t at, unsigned which)
{
	for (size_t i = 0; i < STRIDE; i++) {
		if (!(which >> i & 1) || at < i || doc.n - (at - i) < NEEDLE_HEAD)
			continue;
		uint32_t v = four(doc.p + at - i);
		if (f->four[hash(v)] && needle_at(f, doc, at - i, v))
			return true;
	}
	return false;
}

/* "&#" anywhere: a reference to a character by number. */
static bool
has_reference(struct bytes doc)
{
	struct cursor c = cur_all(doc);

	while (cur_more(&c)) {
		struct cursor look = c;
		struct bytes rest = cur_rest(&look);
		const uint8_t *amp = rest.p ? memchr(rest.p, '&', rest.n) : NULL;
		if (amp == NULL)
			return false;
		cur_skip(&c, (size_t)(amp - rest.p) + 1);
		if (cur_more(&c) && cur_peek_u8(&c) == '#')
			return true;
	}
	return false;
}

/* "<13>", and somewhere the date of a row of a DHCP audit log, which names no provider: ",03/". */
static bool
has_audit_row(struct bytes doc)
{
	struct cursor c = cur_all(doc), priority = c;

	uint8_t open = cur_u8(&priority), digit = cur_u8(&priority);
	if (open != '<' || digit < '0')
		return false;
	for (size_t comma = 0, at = 0; cur_more(&c); at++) {
		uint8_t b = cur_u8(&c);
		if (b == ',')
			comma = at + 1;
		else if (b == '/' && comma && at - comma <= 2)
			return true;
	}
	return false;
}

bool
hostfeed_scan(const struct hostfeed *f, struct bytes doc)
{
	struct bytes text = text_trim(doc);
	uint8_t first = text.n ? text.p[0] : 0;

	/* lines of text cost little; anything that is no UTF-8 text is told as such */
	if (first != '{' && first != '[' && first != '<')
		return true;
	for (size_t i = 0; i + 1 < doc.n; i += STRIDE) {
		uint8_t which = f->pair[pair(doc.p + i)];
		if (which && found(f, doc, i, which))
			return true;
	}
	return has_reference(doc) || has_audit_row(text);
}
