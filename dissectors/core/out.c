/* The writer: every piece is formatted aside and put whole, so that what does not fit leaves no half number. */
#include "out.h"

static const char hex_digits[] = "0123456789abcdef";
static const char pairs[] =
	"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
	"505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697989"
	"9";

/* Two digits of a number below 100. */
/*@ requires \valid(p + (0 .. 1)) && v < 100;
    assigns p[0 .. 1];
    ensures \result == p + 2; */
static char *
two(char *p, unsigned v)
{
	memcpy(p, pairs + 2 * (size_t)v, 2);
	return p + 2;
}

void
out_u64(struct out *o, uint64_t v)
{
	char text[20]; /* 2^64 - 1 has 20 digits */
	size_t at = sizeof(text);

	/*@ loop invariant
	      (at == 20 && v <= 18446744073709551615) || (at == 18 && v <= 184467440737095516) ||
	      (at == 16 && v <= 1844674407370955) || (at == 14 && v <= 18446744073709) ||
	      (at == 12 && v <= 184467440737) || (at == 10 && v <= 1844674407) ||
	      (at == 8 && v <= 18446744) || (at == 6 && v <= 184467) ||
	      (at == 4 && v <= 1844) || (at == 2 && v <= 18);
	    loop assigns v, at, text[0 .. 19];
	    loop variant v; */
	for (; v >= 100; v /= 100)
		two(text + (at -= 2), (unsigned)(v % 100));
	if (v >= 10)
		two(text + (at -= 2), (unsigned)v);
	else
		text[--at] = (char)('0' + v);
	out_put(o, text + at, sizeof(text) - at);
}

void
out_i64(struct out *o, int64_t v)
{
	char text[21];
	struct out t = out_init(text, sizeof(text));

	if (v < 0)
		out_chr(&t, '-');
	out_u64(&t, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
	out_view(o, out_bytes(&t));
}

void
out_hex(struct out *o, struct bytes b)
{
	if (o->full || b.n > (o->cap - o->n) / 2) {
		o->full = true;
		return;
	}
	/*@ loop invariant i <= b.n && o->n == \at(o->n, Pre) + 2 * i;
	    loop assigns i, o->n, o->p[\at(o->n, Pre) .. o->cap - 1];
	    loop variant b.n - i; */
	for (size_t i = 0; i < b.n; i++) {
		o->p[o->n++] = hex_digits[b.p[i] >> 4];
		o->p[o->n++] = hex_digits[b.p[i] & 15];
	}
}

void
out_hexn(struct out *o, uint64_t v, unsigned digits)
{
	char text[16];

	if (digits > sizeof(text))
		digits = sizeof(text);
	/*@ loop invariant i <= digits;
	    loop assigns i, v, text[0 .. 15];
	    loop variant i; */
	for (unsigned i = digits; i > 0; i--, v >>= 4)
		text[i - 1] = hex_digits[v & 15];
	out_put(o, text, digits);
}

void
out_be(struct out *o, uint64_t v, unsigned nbytes)
{
	uint8_t raw[8];

	if (nbytes > sizeof(raw))
		nbytes = sizeof(raw);
	/*@ loop invariant i <= nbytes;
	    loop assigns i, v, raw[0 .. 7];
	    loop variant i; */
	for (unsigned i = nbytes; i > 0; i--, v >>= 8)
		raw[i - 1] = (uint8_t)v;
	out_put(o, raw, nbytes);
}

void
out_mac(struct out *o, struct mac m)
{
	char text[17];

	/*@ loop invariant i <= 6;
	    loop assigns i, text[0 .. 16];
	    loop variant 6 - i; */
	for (size_t i = 0; i < 6; i++) {
		text[3 * i] = hex_digits[m.b[i] >> 4];
		text[3 * i + 1] = hex_digits[m.b[i] & 15];
		if (i < 5)
			text[3 * i + 2] = ':';
	}
	out_put(o, text, sizeof(text));
}

/* At most 15 bytes. */
/*@ requires \valid(p + (0 .. 14)) && \valid_read(b + (0 .. 3)) && \separated(p + (0 .. 14), b + (0 .. 3));
    assigns p[0 .. 14];
    ensures \base_addr(\result) == \base_addr(p) && 0 <= \result - p <= 15; */
static char *
dotted(char *p, const uint8_t *b)
{
	/*@ loop invariant i <= 4 && \base_addr(p) == \base_addr(\at(p, Pre));
	    loop invariant 0 <= p - \at(p, Pre) <= (i == 0 ? 0 : 4 * i - 1);
	    loop assigns i, p, \at(p, Pre)[0 .. 14];
	    loop variant 4 - i; */
	for (size_t i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		if (b[i] >= 100)
			*p++ = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			*p++ = (char)('0' + b[i] / 10 % 10);
		*p++ = (char)('0' + b[i] % 10);
	}
	return p;
}

/* At most 4 bytes. */
/*@ requires \valid(p + (0 .. 3));
    assigns p[0 .. 3];
    ensures \base_addr(\result) == \base_addr(p) && 0 <= \result - p <= 4; */
static char *
hex_group(char *p, unsigned v)
{
	/*@ loop invariant shift == 0 || shift == 4 || shift == 8 || shift == 12;
	    loop invariant \base_addr(p) == \base_addr(\at(p, Pre)) && 0 <= p - \at(p, Pre) <= 3 - shift / 4;
	    loop assigns shift, p, \at(p, Pre)[0 .. 3];
	    loop variant shift; */
	for (unsigned shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0;; shift -= 4) {
		*p++ = hex_digits[v >> shift & 15];
		if (shift == 0)
			return p;
	}
}

/* RFC 5952 section 4: no leading zeros, the longest run of two or more zero groups (the first of equals) as "::",
 * lower case; section 5: the last 32 bits dotted under the IPv4 prefixes of RFC 4291 2.5.5, of which ::/96 only where
 * the upper half of the IPv4 address is not zero (::1 is no such address). */
/*@ requires \valid(p + (0 .. 45)) && \valid_read(b + (0 .. 15)) && \separated(p + (0 .. 45), b + (0 .. 15));
    assigns p[0 .. 45];
    ensures \base_addr(\result) == \base_addr(p) && 0 <= \result - p <= 46; */
static char *
colons(char *p, const uint8_t *b)
{
	unsigned group[8];
	size_t best = 8, longest = 1;

	/*@ loop invariant i <= 8;
	    loop assigns i, group[0 .. 7];
	    loop variant 8 - i; */
	for (size_t i = 0; i < 8; i++)
		group[i] = (unsigned)(b[2 * i] << 8 | b[2 * i + 1]);
	/*@ loop invariant i <= 9 && ((best == 8 && longest == 1) || (longest >= 2 && best + longest <= 8));
	    loop assigns i, best, longest;
	    loop variant 9 - i; */
	for (size_t i = 0; i < 8;) {
		size_t run = 0;
		/*@ loop invariant i + run <= 8;
		    loop assigns run;
		    loop variant 8 - run; */
		while (i + run < 8 && group[i + run] == 0)
			run++;
		if (run > longest) {
			best = i;
			longest = run;
		}
		i += run + 1;
	}
	bool v4 = best == 0 && (longest == 6 || (longest == 5 && group[5] == 0xffff));
	/*@ loop invariant i <= (v4 ? 6 : 8) && \base_addr(p) == \base_addr(\at(p, Pre));
	    loop invariant 0 <= p - \at(p, Pre) <= 5 * i;
	    loop assigns i, p, \at(p, Pre)[0 .. 45];
	    loop variant 8 - i; */
	for (size_t i = 0; i < (v4 ? 6 : 8);) {
		if (i == best) {
			*p++ = ':';
			*p++ = ':';
			i += longest;
			continue;
		}
		if (i && i != best + longest)
			*p++ = ':';
		p = hex_group(p, group[i++]);
	}
	if (!v4)
		return p;
	if (longest == 5)
		*p++ = ':';
	return dotted(p, b + 12);
}

void
out_addr(struct out *o, struct addr a)
{
	char text[48], *end = text;

	if (a.fam == 4)
		end = dotted(text, a.b);
	else if (a.fam == 6)
		end = colons(text, a.b);
	out_put(o, text, (size_t)(end - text));
}

/* A day since 1970 as year, month and day: the inverse of ts_days(), in eras of 400 years that begin in March. */
/*@ requires \valid(p + (0 .. 9)) && -106752 <= days <= 106751;
    assigns p[0 .. 9];
    ensures \result == p + 10; */
static char *
date(char *p, int64_t days)
{
	unsigned from_era =
		(unsigned)(days + 719468); /* 1970-01-01 counted from 0000-03-01; ts_t spans 1677 to 2262 */
	unsigned era = from_era / 146097, doe = from_era % 146097;
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;
	unsigned month = mp < 10 ? mp + 3 : mp - 9;

	unsigned year = era * 400 + yoe + (month <= 2);

	p = two(two(p, year / 100), year % 100);
	*p++ = '-';
	p = two(p, month);
	*p++ = '-';
	return two(p, doy - (153 * mp + 2) / 5 + 1);
}

/* RFC 3339 section 5.6, UTC; what is finer than the digits asked for is cut off, not rounded. */
void
out_ts(struct out *o, ts_t ts, unsigned fraction_digits)
{
	char text[40], *p = text;
	int64_t day = ts / TS_DAY - (ts % TS_DAY < 0);
	uint64_t ns = (uint64_t)(ts % TS_DAY < 0 ? ts % TS_DAY + TS_DAY : ts % TS_DAY);
	unsigned sec = (unsigned)(ns / (uint64_t)TS_SEC), fraction = (unsigned)(ns % (uint64_t)TS_SEC);

	if (fraction_digits > 9)
		fraction_digits = 9;
	p = date(p, day);
	*p++ = 'T';
	p = two(p, sec / 3600);
	*p++ = ':';
	p = two(p, sec / 60 % 60);
	*p++ = ':';
	p = two(p, sec % 60);
	if (fraction_digits) {
		*p++ = '.';
		p[8] = (char)('0' + fraction % 10);
		two(two(two(two(p, fraction / 10000000), fraction / 100000 % 100), fraction / 1000 % 100),
		    fraction / 10 % 100);
		p += fraction_digits;
	}
	*p++ = 'Z';
	out_put(o, text, (size_t)(p - text));
}

/* Bytes of the well-formed UTF-8 sequence at the start of n bytes, 0 where there is none: RFC 3629 section 4, whose
 * ranges of the second byte keep out overlong forms, surrogates and what lies above U+10FFFF. */
static size_t
utf8_len(const uint8_t *p, size_t n)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	switch (p[0]) {
	case 0xe0: low = 0xa0; break;
	case 0xed: high = 0x9f; break;
	case 0xf0: low = 0x90; break;
	case 0xf4: high = 0x8f; break;
	}
	if (n < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

/* C0, DEL and C1 (as UTF-8 C2 80 to C2 9F): what a terminal may act on. */
static bool
is_control(const uint8_t *p, size_t len)
{
	return (len == 1 && (p[0] < 0x20 || p[0] == 0x7f)) || (len == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* The top bit of each byte that is zero, and perhaps of some above one: the test of the whole word is exact. */
static uint64_t
zero_bytes(uint64_t word)
{
	return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* How many bytes at the start need no look: whole words of printable ASCII without quote, backslash and `also`. */
static size_t
plain_words(const uint8_t *p, size_t n, uint8_t also)
{
	size_t i = 0;

	for (uint64_t w; n - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		uint64_t low = (w - EACH_BYTE(0x20)) & ~w & EACH_BYTE(0x80);
		if ((w & EACH_BYTE(0x80)) | low | zero_bytes(w ^ EACH_BYTE(0x7f)) |
		    zero_bytes(w ^ EACH_BYTE('"')) | zero_bytes(w ^ EACH_BYTE('\\')) |
		    zero_bytes(w ^ EACH_BYTE(also)))
			break;
	}
	return i;
}

typedef void out_escape(struct out *, uint8_t c, bool control);

/* Runs that need no escape are put at once; `also` is escaped beside the quote and the backslash. */
static void
text_escaped(struct out *o, struct bytes b, uint8_t also, out_escape *escape)
{
	size_t from = 0, i = 0;

	while (i < b.n && !o->full) {
		i += plain_words(b.p + i, b.n - i, also);
		if (i == b.n)
			break;
		uint8_t c = b.p[i];
		bool special = c == '"' || c == '\\' || c == also;
		if (c >= 0x20 && c < 0x7f && !special) {
			i++;
			continue;
		}
		size_t len = utf8_len(b.p + i, b.n - i);
		bool control = len && is_control(b.p + i, len);
		if (len && !control && !special) {
			i += len;
			continue;
		}
		out_put(o, b.p + from, i - from);
		if (len == 0)
			out_put(o, "\xef\xbf\xbd", 3);
		else
			escape(o, b.p[i + len - 1], control);
		i += len ? len : 1;
		from = i;
	}
	if (b.n)
		out_put(o, b.p + from, i - from);
}

/* RFC 8259 section 7. */
static void
json_escape(struct out *o, uint8_t c, bool control)
{
	static const char short_of[] = "\bb\ff\nn\rr\tt";
	char text[6] = { '\\', (char)c };
	struct out t = out_init(text, sizeof(text));

	t.n = 2;
	if (control) {
		t.n = 1;
		for (const char *s = short_of; *s; s += 2)
			if ((uint8_t)*s == c)
				out_chr(&t, s[1]);
		if (t.n == 1) {
			out_str(&t, "u00");
			out_hexn(&t, c, 2);
		}
	}
	out_view(o, out_bytes(&t));
}

void
out_json_text(struct out *o, struct bytes b)
{
	text_escaped(o, b, '\\', json_escape);
}

void
out_json_str(struct out *o, struct bytes b)
{
	out_chr(o, '"');
	out_json_text(o, b);
	out_chr(o, '"');
}

/* RFC 5424 section 6.3.3. */
static void
sd_escape(struct out *o, uint8_t c, bool control)
{
	char text[2] = { '\\', (char)c };

	if (control)
		out_chr(o, ' ');
	else
		out_put(o, text, sizeof(text));
}

void
out_sd_value(struct out *o, struct bytes b)
{
	out_chr(o, '"');
	text_escaped(o, b, ']', sd_escape);
	out_chr(o, '"');
}
