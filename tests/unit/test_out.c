/* The writer: what fits, what does not, and every form of text it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "out.h"

static char buffer[4096];

static struct out
fresh(void)
{
	memset(buffer, '#', sizeof(buffer));
	return out_init(buffer, sizeof(buffer));
}

/* The text written so far must be `want`, and nothing behind it touched. */
static void
expect(const struct out *o, const char *want, size_t n)
{
	assert_true(out_ok(o));
	assert_int_equal(o->n, n);
	assert_memory_equal(o->p, want, n);
	assert_int_equal(o->p[n], '#');
}

#define EXPECT(o, want) expect(&(o), (want), sizeof(want) - 1)

static void
test_full_is_sticky(void **state)
{
	char small[4] = { '#', '#', '#', '#' };
	struct out o = out_init(small, 3);

	(void)state;
	out_str(&o, "ab");
	out_str(&o, "cd"); /* would need 4 */
	assert_false(out_ok(&o));
	assert_int_equal(o.n, 2);
	out_chr(&o, 'c'); /* would fit, but one piece is missing already */
	assert_int_equal(o.n, 2);
	assert_memory_equal(small, "ab##", 4);

	o = out_init(NULL, 0);
	out_str(&o, "");
	out_view(&o, (struct bytes){ NULL, 0 });
	assert_true(out_ok(&o));
	out_chr(&o, 'x');
	assert_false(out_ok(&o));
}

/* Every writer at every size of buffer: never past the end, whole or full. */
static void
all_writers(struct out *o)
{
	static const uint8_t raw[] = { 0x00, 0xff, 'a', '"', 0xc3, 0xa9, 0x80, '\n', ']' };
	struct addr v6 = { 6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } };

	out_u64(o, UINT64_MAX);
	out_i64(o, INT64_MIN);
	out_hex(o, bytes_of(raw, sizeof(raw)));
	out_hexn(o, 0xabc, 4);
	out_be(o, 0x0102030405060708, 8);
	out_mac(o, (struct mac){ { 1, 2, 3, 4, 5, 6 } });
	out_addr(o, v6);
	out_ts(o, 0, 9);
	out_json_str(o, bytes_of(raw, sizeof(raw)));
	out_sd_value(o, bytes_of(raw, sizeof(raw)));
}

static void
test_every_capacity(void **state)
{
	struct out whole = fresh();

	(void)state;
	all_writers(&whole);
	assert_true(out_ok(&whole));
	for (size_t cap = 0; cap <= whole.n; cap++) {
		char *tight = malloc(cap ? cap : 1); /* so that the sanitizer sees a byte too many */
		assert_non_null(tight);
		struct out o = out_init(tight, cap);
		all_writers(&o);
		assert_int_equal(out_ok(&o), cap == whole.n);
		assert_true(o.n <= cap);
		assert_memory_equal(tight, buffer, o.n);
		free(tight);
	}
}

static void
test_numbers(void **state)
{
	struct out o = fresh();

	(void)state;
	out_u64(&o, 0);
	out_chr(&o, ' ');
	out_u64(&o, UINT64_MAX);
	out_chr(&o, ' ');
	out_i64(&o, INT64_MIN);
	out_chr(&o, ' ');
	out_i64(&o, -1);
	out_chr(&o, ' ');
	out_i64(&o, INT64_MAX);
	EXPECT(o, "0 18446744073709551615 -9223372036854775808 -1 9223372036854775807");

	o = fresh();
	out_hexn(&o, 0x1f, 4);
	out_chr(&o, ' ');
	out_hexn(&o, 0x12345, 4); /* higher digits are not asked for */
	out_chr(&o, ' ');
	out_hexn(&o, 7, 99); /* a 64-bit number has 16 digits */
	EXPECT(o, "001f 2345 0000000000000007");

	o = fresh();
	out_be(&o, 0x0102, 2);
	out_be(&o, 0xa0b0c0, 3);
	out_be(&o, 5, 99);
	EXPECT(o, "\x01\x02\xa0\xb0\xc0\0\0\0\0\0\0\0\x05");
}

static void
test_hex_and_mac(void **state)
{
	struct out o = fresh();
	const uint8_t raw[] = { 0x00, 0x0f, 0xf0, 0xff };

	(void)state;
	out_hex(&o, bytes_of(raw, sizeof(raw)));
	out_hex(&o, (struct bytes){ NULL, 0 });
	EXPECT(o, "000ff0ff");
	o = fresh();
	out_mac(&o, (struct mac){ { 0x00, 0x11, 0x22, 0xaa, 0xbb, 0xcc } });
	EXPECT(o, "00:11:22:aa:bb:cc");
}

/* The examples of RFC 5952, sections 1, 2, 4 and 5: groups, and the one form they must be written in. */
static void
test_rfc5952(void **state)
{
	static const struct {
		uint16_t group[8];
		const char *text;
	} cases[] = {
		{ { 0x2001, 0xdb8, 0, 0, 1, 0, 0, 1 },
		  "2001:db8::1:0:0:1" }, /* 1 and 4.2.3: first of equals */
		{ { 0x2001, 0xdb8, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd, 0xeeee, 1 }, /* 2.1: leading zeros */
		  "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1" },
		{ { 0x2001, 0xdb8, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd, 0, 1 }, /* 2.2, 4.2.2: one group stays */
		  "2001:db8:aaaa:bbbb:cccc:dddd:0:1" },
		{ { 0x2001, 0xdb8, 0, 0, 0, 0, 0, 1 }, "2001:db8::1" },	  /* 2.2, 4.2.1: as far as it goes */
		{ { 0x2001, 0xdb8, 0, 0, 0, 0, 2, 1 }, "2001:db8::2:1" }, /* 4.2.1 */
		{ { 0x2001, 0xdb8, 0, 1, 1, 1, 1, 1 }, "2001:db8:0:1:1:1:1:1" }, /* 4.2.2 */
		{ { 0x2001, 0, 0, 1, 0, 0, 0, 1 }, "2001:0:0:1::1" },		 /* 4.2.3: the longer run */
		{ { 0x2001, 0xdb8, 0, 0, 1, 0, 0, 1 }, "2001:db8::1:0:0:1" },	 /* 4.2.3 */
		{ { 0x2001, 0xdb8, 0, 0, 0xaaaa, 0, 0, 1 }, "2001:db8::aaaa:0:0:1" }, /* 2.2 */
		{ { 0x2001, 0xdb8, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd, 0xeeee,
		    0xaaaa }, /* 2.3, 4.3: lower case */
		  "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa" },
		{ { 0x2001, 0xdb8, 0, 0, 0, 0, 0x3a, 0x4f }, "2001:db8::3a:4f" },
		{ { 0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201 }, "::ffff:192.0.2.1" }, /* 5: well-known prefix */
		{ { 0, 0, 0, 0, 0, 0, 0, 0 }, "::" },
		{ { 0, 0, 0, 0, 0, 0, 0, 1 }, "::1" },
		{ { 0, 0, 0, 0, 0, 0, 0x0d01, 0x4403 }, "::13.1.68.3" }, /* RFC 4291 2.2 */
		{ { 0, 0, 0, 0, 0, 1, 2, 3 }, "::1:2:3" },
		{ { 0, 0, 0, 0, 0xffff, 0, 0x0102, 0x0304 }, "::ffff:0:102:304" },
		{ { 1, 0, 0, 0, 0, 0, 0, 0 }, "1::" },
		{ { 1, 2, 3, 4, 5, 6, 0, 0 }, "1:2:3:4:5:6::" },
		{ { 0, 0, 3, 4, 5, 6, 7, 8 }, "::3:4:5:6:7:8" },
		{ { 0, 2, 3, 4, 5, 6, 7, 0 }, "0:2:3:4:5:6:7:0" },
		{ { 0xfe80, 0, 0, 0, 0, 0x5efe, 0x0a10, 0x2842 }, "fe80::5efe:a10:2842" },
		{ { 0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x0221 }, "64:ff9b::c000:221" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct addr a = { .fam = 6 };
		struct out o = fresh();
		for (size_t g = 0; g < 8; g++) {
			a.b[2 * g] = (uint8_t)(cases[i].group[g] >> 8);
			a.b[2 * g + 1] = (uint8_t)cases[i].group[g];
		}
		out_addr(&o, a);
		expect(&o, cases[i].text, strlen(cases[i].text));
	}
}

static void
test_addr4_and_absent(void **state)
{
	struct out o = fresh();

	(void)state;
	out_addr(&o, (struct addr){ 0 });
	EXPECT(o, "");
	out_addr(&o, (struct addr){ 4, { 255, 255, 255, 255 } });
	out_chr(&o, ' ');
	out_addr(&o, (struct addr){ 4, { 0 } });
	out_chr(&o, ' ');
	out_addr(&o, (struct addr){ 4, { 10, 16, 40, 2 } });
	out_addr(&o, (struct addr){ 9, { 1 } }); /* no such family: absent */
	EXPECT(o, "255.255.255.255 0.0.0.0 10.16.40.2");
}

/* Seconds since 1970 of known dates; times before it; the ends of the type. */
static void
test_ts(void **state)
{
	static const struct {
		ts_t ts;
		unsigned digits;
		const char *text;
	} cases[] = {
		{ 0, 6, "1970-01-01T00:00:00.000000Z" },
		{ 0, 0, "1970-01-01T00:00:00Z" },
		{ -1, 9, "1969-12-31T23:59:59.999999999Z" },
		{ -1, 6, "1969-12-31T23:59:59.999999Z" },
		{ -TS_SEC, 3, "1969-12-31T23:59:59.000Z" },
		{ -TS_DAY, 1, "1969-12-31T00:00:00.0Z" },
		{ 951782400 * TS_SEC, 0,
		  "2000-02-29T00:00:00Z" }, /* 2000 is a leap year, 1900 and 2100 are not */
		{ 951868800 * TS_SEC - 1, 3, "2000-02-29T23:59:59.999Z" },
		{ 951868800 * TS_SEC, 3, "2000-03-01T00:00:00.000Z" },
		{ -2203891200 * TS_SEC, 0, "1900-03-01T00:00:00Z" },
		{ -2203891201 * TS_SEC, 0, "1900-02-28T23:59:59Z" },
		{ 4107542399 * TS_SEC, 0, "2100-02-28T23:59:59Z" },
		{ 4107542400 * TS_SEC, 0, "2100-03-01T00:00:00Z" },
		{ 2147483647 * TS_SEC + 999999999, 9,
		  "2038-01-19T03:14:07.999999999Z" }, /* 32 bits end here */
		{ 2147483648 * TS_SEC, 6, "2038-01-19T03:14:08.000000Z" },
		{ 4294967296 * TS_SEC, 6, "2106-02-07T06:28:16.000000Z" },
		{ 1000000000 * TS_SEC + 123456789, 9, "2001-09-09T01:46:40.123456789Z" },
		{ 1000000000 * TS_SEC + 123456789, 6, "2001-09-09T01:46:40.123456Z" },
		{ 1000000000 * TS_SEC + 123456789, 12,
		  "2001-09-09T01:46:40.123456789Z" }, /* no more than nine */
		{ INT64_MAX, 9, "2262-04-11T23:47:16.854775807Z" },
		{ INT64_MIN, 9, "1677-09-21T00:12:43.145224192Z" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct out o = fresh();
		out_ts(&o, cases[i].ts, cases[i].digits);
		expect(&o, cases[i].text, strlen(cases[i].text));
	}
}

/* Each day of the range is the one that ts_days() counts, so both ways agree. */
static void
test_ts_every_day(void **state)
{
	(void)state;
	for (int64_t y = 1678; y <= 2261; y++)
		for (unsigned m = 1; m <= 12; m++) {
			struct out o = fresh();
			out_ts(&o, ts_days(y, m, 28) * TS_DAY, 0);
			assert_int_equal((buffer[0] - '0') * 1000 + (buffer[1] - '0') * 100 +
						 (buffer[2] - '0') * 10 + buffer[3] - '0',
					 y);
			assert_int_equal((buffer[5] - '0') * 10 + buffer[6] - '0', (int)m);
			assert_memory_equal(buffer + 8, "28T00:00:00Z", 12);
		}
}

#define R "\xef\xbf\xbd" /* U+FFFD */

static void
json(const char *in, size_t n, const char *want, size_t len)
{
	struct out o = fresh();

	out_json_text(&o, bytes_of(in, n));
	expect(&o, want, len);
}

#define JSON(in, want) json((in), sizeof(in) - 1, (want), sizeof(want) - 1)

static void
test_json_escapes(void **state)
{
	(void)state;
	JSON("", "");
	JSON("plain text", "plain text");
	JSON("a\"b\\c/", "a\\\"b\\\\c/");
	JSON("\b\f\n\r\t", "\\b\\f\\n\\r\\t");
	JSON("\x00\x01\x1f", "\\u0000\\u0001\\u001f");
	JSON("\x7f", "\\u007f");
	JSON("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0",
	     "\\u0080\\u009b\\u009f\xc2\xa0"); /* C1: CSI moves a terminal */

	struct out o = fresh();
	out_json_str(&o, bytes_str("x\"y"));
	EXPECT(o, "\"x\\\"y\"");
}

/* The first and last code point of each length and around the gaps: RFC 3629 section 3 and 4. */
static void
test_utf8_valid(void **state)
{
	static const char *const whole[] = {
		"\xc2\xa0",	    "\xdf\xbf",		/* U+00A0, U+07FF */
		"\xe0\xa0\x80",	    "\xef\xbf\xbf",	/* U+0800, U+FFFF */
		"\xed\x9f\xbf",	    "\xee\x80\x80",	/* U+D7FF, U+E000: beside the surrogates */
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", /* U+10000, U+10FFFF */
		"\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf", "h\xc3\xa9llo \xf0\x9f\x98\x80",
	};

	(void)state;
	for (size_t i = 0; i < NELEM(whole); i++)
		json(whole[i], strlen(whole[i]), whole[i], strlen(whole[i]));
}

static void
test_utf8_invalid(void **state)
{
	(void)state;
	JSON("\x80", R); /* a continuation alone */
	JSON("\xbf"
	     "a",
	     R "a");
	JSON("\xc0\x80", R R);			       /* overlong NUL */
	JSON("\xc1\xbf", R R);			       /* overlong U+007F */
	JSON("\xe0\x80\x80", R R R);		       /* overlong in three */
	JSON("\xe0\x9f\xbf", R R R);		       /* overlong U+07FF */
	JSON("\xf0\x80\x80\x80", R R R R);	       /* overlong in four */
	JSON("\xf0\x8f\xbf\xbf", R R R R);	       /* overlong U+FFFF */
	JSON("\xed\xa0\x80", R R R);		       /* first surrogate */
	JSON("\xed\xbf\xbf", R R R);		       /* last surrogate */
	JSON("\xed\xa0\xbd\xed\xb8\x80", R R R R R R); /* a surrogate pair, as CESU-8 writes it */
	JSON("\xf4\x90\x80\x80", R R R R);	       /* U+110000 */
	JSON("\xf5\x80\x80\x80", R R R R);
	JSON("\xf8\x88\x80\x80\x80", R R R R R); /* five bytes: not since RFC 3629 */
	JSON("\xfc\x84\x80\x80\x80\x80", R R R R R R);
	JSON("\xfe\xff", R R);
	JSON("\xc3", R); /* ends too early */
	JSON("\xe2\x82", R R);
	JSON("\xf0\x9f\x98", R R R);
	JSON("\xc3"
	     "a",
	     R "a"); /* the wrong byte follows */
	JSON("\xe2\x82"
	     "a",
	     R R "a");
	JSON("\xe2"
	     "ab",
	     R "ab");
	JSON("\xf0\x9f"
	     "ab",
	     R R "ab");
	JSON("\xf0\x9f\x98"
	     "a",
	     R R R "a");
	JSON("\xc3\"", R "\\\""); /* must not swallow the quote */
	JSON("\xe2\x82\xc3\xa9", R R "\xc3\xa9");
}

/* All pairs of bytes: what comes out is well-formed and the text's end is never lost. */
static void
test_utf8_all_pairs(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			const uint8_t in[3] = { (uint8_t)a, (uint8_t)b, 'z' };
			struct out o = fresh();
			out_json_text(&o, bytes_of(in, 3));
			assert_true(o.n >= 2 && buffer[o.n - 1] == 'z');
			for (size_t i = 0; i < o.n; i++) {
				assert_true((uint8_t)buffer[i] >= 0x20);
				assert_true(buffer[i] != '"' || buffer[i - 1] == '\\');
			}
			if (a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf && !(a == 0xc2 && b < 0xa0))
				assert_memory_equal(buffer, in, 3);
			else if (a >= 0x80 && !(a == 0xc2 && b >= 0x80 && b < 0xa0))
				assert_memory_equal(buffer, R, 3);
		}
}

static void
test_sd_value(void **state)
{
	struct out o = fresh();

	(void)state;
	out_sd_value(&o, bytes_str("a\"b\\c]d[e\n\x7f\xc2\x85\xffz"));
	EXPECT(o, "\"a\\\"b\\\\c\\]d[e   " R "z\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_is_sticky),
		cmocka_unit_test(test_every_capacity),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_hex_and_mac),
		cmocka_unit_test(test_rfc5952),
		cmocka_unit_test(test_addr4_and_absent),
		cmocka_unit_test(test_ts),
		cmocka_unit_test(test_ts_every_day),
		cmocka_unit_test(test_json_escapes),
		cmocka_unit_test(test_utf8_valid),
		cmocka_unit_test(test_utf8_invalid),
		cmocka_unit_test(test_utf8_all_pairs),
		cmocka_unit_test(test_sd_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
