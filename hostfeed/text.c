#include "text.h"

enum { YEAR_MIN = 1970, YEAR_MAX = 2261, ADDR_TEXT_MAX = 64, WIN_AF_INET = 2, WIN_AF_INET6 = 23 };

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(uint8_t c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '-' || c >= 0x80;
}

bool
text_eq_nocase(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return false;
	struct cursor ca = cur_all(a), cb = cur_all(b);
	while (cur_more(&ca))
		if (lower(cur_u8(&ca)) != lower(cur_u8(&cb)))
			return false;
	return true;
}

bool
text_starts_nocase(struct bytes text, const char *with)
{
	struct bytes w = bytes_str(with);
	struct cursor c = cur_all(text);
	struct bytes head = cur_take(&c, w.n);
	return cur_ok(&c) && text_eq_nocase(head, w);
}

struct bytes
text_trim(struct bytes b)
{
	while (b.n > 0 && is_space(b.p[b.n - 1]))
		b.n--;
	if (b.n == 0)
		return b;
	struct cursor c = cur_all(b);
	while (cur_more(&c) && is_space(cur_peek_u8(&c)))
		cur_skip(&c, 1);
	return cur_rest(&c);
}

bool
text_u64(struct bytes b, uint64_t *v)
{
	struct cursor c = cur_all(text_trim(b));
	uint64_t n = 0;
	if (!cur_more(&c))
		return false;
	while (cur_more(&c)) {
		uint8_t d = cur_u8(&c);
		if (!is_digit(d) || n > (UINT64_MAX - (d - '0')) / 10)
			return false;
		n = n * 10 + (d - '0');
	}
	*v = n;
	return true;
}

static bool
u32_hex(struct cursor *c, uint32_t *v)
{
	uint32_t n = 0;
	if (!cur_more(c) || cur_left(c) > 8)
		return false;
	while (cur_more(c)) {
		int d = hex_digit(cur_u8(c));
		if (d < 0)
			return false;
		n = n << 4 | (uint32_t)d;
	}
	*v = n;
	return true;
}

bool
text_u32(struct bytes b, uint32_t *v)
{
	b = text_trim(b);
	struct cursor c = cur_all(b);
	uint64_t n;
	if (text_starts_nocase(b, "0x")) {
		cur_skip(&c, 2);
		return u32_hex(&c, v);
	}
	bool minus = cur_more(&c) && cur_peek_u8(&c) == '-';
	cur_skip(&c, minus);
	if (!text_u64(cur_rest(&c), &n) || n > (minus ? 0x80000000u : UINT32_MAX))
		return false;
	*v = minus ? (uint32_t)(0u - (uint32_t)n) : (uint32_t)n;
	return true;
}

bool
text_bool(struct bytes b, bool *v)
{
	uint32_t n;
	b = text_trim(b);
	if (text_eq_nocase(b, bytes_str("true")))
		*v = true;
	else if (text_eq_nocase(b, bytes_str("false")))
		*v = false;
	else if (text_u32(b, &n))
		*v = n != 0;
	else
		return false;
	return true;
}

bool
text_hex(struct bytes b, uint8_t *dst, size_t cap, size_t *n)
{
	b = text_trim(b);
	struct cursor c = cur_all(b);
	if (text_starts_nocase(b, "0x"))
		cur_skip(&c, 2);
	size_t count = cur_left(&c) / 2;
	if (count == 0 || cur_left(&c) % 2 != 0 || count > cap)
		return false;
	for (size_t i = 0; i < count; i++) {
		int hi = hex_digit(cur_u8(&c)), lo = hex_digit(cur_u8(&c));
		if (hi < 0 || lo < 0)
			return false;
		dst[i] = (uint8_t)(hi << 4 | lo);
	}
	*n = count;
	return true;
}

static unsigned
digits(struct cursor *c, unsigned n)
{
	unsigned v = 0;
	for (; n > 0; n--) {
		uint8_t d = cur_u8(c);
		if (!is_digit(d))
			cur_fail(c, CUR_BAD);
		v = v * 10 + (cur_ok(c) ? (unsigned)(d - '0') : 0);
	}
	return v;
}

static void
expect(struct cursor *c, const char *one_of)
{
	uint8_t b = cur_u8(c);
	if (b == 0 || strchr(one_of, b) == NULL)
		cur_fail(c, CUR_BAD);
}

/* Nanoseconds of ".123456789"; digits beyond the ninth are read and dropped. */
static ts_t
fraction(struct cursor *c)
{
	ts_t ns = 0;
	unsigned n = 0;
	if (!cur_more(c) || (cur_peek_u8(c) != '.' && cur_peek_u8(c) != ','))
		return 0;
	cur_skip(c, 1);
	for (; cur_more(c) && is_digit(cur_peek_u8(c)); n++) {
		uint8_t d = cur_u8(c);
		if (n < 9)
			ns = ns * 10 + (d - '0');
	}
	if (n == 0)
		cur_fail(c, CUR_BAD);
	for (; n < 9; n++)
		ns *= 10;
	return ns;
}

/* The offset from UTC in seconds: Z, +hh:mm, +hhmm, +hh, or nothing: then `without`. */
static int64_t
zone_of(struct cursor *c, int64_t without, bool *zoned)
{
	while (cur_more(c) && cur_peek_u8(c) == ' ')
		cur_skip(c, 1);
	*zoned = cur_more(c);
	if (!*zoned)
		return without;
	uint8_t sign = cur_u8(c);
	if (lower(sign) == 'z')
		return 0;
	if (sign != '+' && sign != '-')
		cur_fail(c, CUR_BAD);
	unsigned hours = digits(c, 2), minutes = 0;
	if (cur_more(c)) {
		if (cur_peek_u8(c) == ':')
			cur_skip(c, 1);
		minutes = digits(c, 2);
	}
	if (hours > 18 || minutes > 59)
		cur_fail(c, CUR_BAD);
	int64_t s = (int64_t)hours * 3600 + (int64_t)minutes * 60;
	return sign == '-' ? -s : s;
}

static bool
date_exists(unsigned y, unsigned m, unsigned d)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (m < 1 || m > 12 || d < 1)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return d <= days[m - 1] + (m == 2 && leap ? 1u : 0u);
}

bool
text_date_ts(const struct text_date *d, int32_t zone, ts_t *t)
{
	if (d->year < YEAR_MIN || d->year > YEAR_MAX || !date_exists(d->year, d->month, d->day) ||
	    d->hour > 23 || d->minute > 59 || d->second > 60)
		return false;
	int64_t secs = ts_days(d->year, d->month, d->day) * 86400 + (int64_t)d->hour * 3600 +
		       (int64_t)d->minute * 60 + d->second - zone;
	*t = secs * TS_SEC;
	return true;
}

static void
clock_time(struct cursor *c, struct text_date *d)
{
	d->hour = digits(c, 2);
	expect(c, ":");
	d->minute = digits(c, 2);
	expect(c, ":");
	d->second = digits(c, 2);
}

enum text_time
text_time_local(struct bytes b, int32_t zone, ts_t *t, bool *zoned)
{
	struct cursor c = cur_all(text_trim(b));
	struct text_date d = { .year = digits(&c, 4) };
	expect(&c, "-");
	d.month = digits(&c, 2);
	expect(&c, "-");
	d.day = digits(&c, 2);
	expect(&c, "Tt ");
	clock_time(&c, &d);
	ts_t ns = fraction(&c);
	int64_t off = zone_of(&c, zone, zoned);
	if (!cur_ok(&c) || cur_more(&c))
		return TEXT_TIME_SYNTAX;
	if (!text_date_ts(&d, (int32_t)off, t))
		return TEXT_TIME_RANGE;
	*t += ns;
	return TEXT_TIME_OK;
}

enum text_time
text_time(struct bytes b, ts_t *t)
{
	bool zoned;
	return text_time_local(b, 0, t, &zoned);
}

static unsigned
month_of(struct bytes name)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	struct cursor c = cur_all(bytes_str(names));
	for (unsigned m = 1; m <= 12; m++)
		if (text_eq_nocase(name, cur_take(&c, 3)))
			return m;
	return 0;
}

bool
text_ctime(struct bytes b, int32_t zone, ts_t *t)
{
	struct cursor c = cur_all(text_trim(b));
	struct text_date d = { 0 };
	cur_skip(&c, 4);
	d.month = month_of(cur_take(&c, 3));
	expect(&c, " ");
	if (cur_more(&c) && cur_peek_u8(&c) == ' ')
		cur_skip(&c, 1);
	d.day = digits(&c, 1);
	if (cur_more(&c) && cur_peek_u8(&c) != ' ')
		d.day = d.day * 10 + digits(&c, 1);
	expect(&c, " ");
	clock_time(&c, &d);
	expect(&c, " ");
	d.year = digits(&c, 4);
	return cur_ok(&c) && !cur_more(&c) && text_date_ts(&d, zone, t);
}

/* Between the time and AM or PM there is one blank. */
static void
half_day(struct cursor *c, struct text_date *d)
{
	struct cursor look = *c;
	if (cur_u8(&look) != ' ')
		return;
	struct bytes half = cur_take(&look, 2);
	bool am = text_eq_nocase(half, bytes_str("am")), pm = text_eq_nocase(half, bytes_str("pm"));
	if (!am && !pm)
		return;
	*c = look;
	if (d->hour < 1 || d->hour > 12)
		cur_fail(c, CUR_BAD);
	d->hour = d->hour % 12 + (pm ? 12 : 0);
}

bool
text_us_time(struct cursor *c, int32_t zone, ts_t *t)
{
	struct text_date d = { .month = digits(c, 2) };
	expect(c, "/");
	d.day = digits(c, 2);
	expect(c, "/");
	d.year = digits(c, 2);
	if (cur_more(c) && is_digit(cur_peek_u8(c)))
		d.year = d.year * 100 + digits(c, 2);
	else
		d.year += 2000;
	expect(c, " ,");
	clock_time(c, &d);
	ts_t ns = cur_more(c) && cur_peek_u8(c) == '.' ? fraction(c) : 0;
	half_day(c, &d);
	if (!cur_ok(c) || !text_date_ts(&d, zone, t))
		return false;
	*t += ns;
	return true;
}

/* `b` up to the first `c`, or all of it. */
static struct bytes
before(struct bytes b, char c)
{
	const void *at = b.n ? memchr(b.p, c, b.n) : NULL;
	return at ? bytes_of(b.p, (size_t)((const uint8_t *)at - b.p)) : b;
}

bool
text_addr(struct bytes b, struct addr *a)
{
	b = text_trim(b);
	if (b.n == 0 || b.n > ADDR_TEXT_MAX)
		return false;
	struct cursor c = cur_all(b);
	if (cur_peek_u8(&c) == '[') {
		cur_skip(&c, 1);
		b = before(cur_rest(&c), ']');
	}
	b = before(b, '%');
	struct bytes host = before(b, ':');
	if (host.n < b.n && memchr(host.p, '.', host.n) != NULL)
		b = host; /* a.b.c.d:port */
	return addr_parse(b, a);
}

static bool
is_addr_char(uint8_t c)
{
	return hex_digit(c) >= 0 || c == '.' || c == ':';
}

/* A sentence may end right behind the address. */
static struct bytes
without_stop(struct bytes b)
{
	struct cursor c = cur_all(b);
	if (b.n > 1) {
		struct cursor last = cur_at(&c, b.n - 1);
		uint8_t l = cur_u8(&last);
		struct cursor prev = cur_at(&c, b.n - 2);
		if (l == '.' || (l == ':' && cur_u8(&prev) != ':'))
			return cur_take(&c, b.n - 1);
	}
	return b;
}

bool
text_addr_next(struct cursor *c, struct addr *a)
{
	uint8_t prev = ' ';
	while (cur_more(c)) {
		uint8_t b = cur_peek_u8(c);
		if (!is_addr_char(b) || is_word(prev)) {
			prev = b;
			cur_skip(c, 1);
			continue;
		}
		struct cursor word = *c;
		size_t n = 0;
		for (; cur_more(c) && is_addr_char(cur_peek_u8(c)); n++)
			prev = cur_u8(c);
		if (cur_more(c) && is_word(cur_peek_u8(c)))
			continue;
		struct bytes text = without_stop(cur_take(&word, n));
		if (text.n > 2 && text_addr(text, a))
			return true;
	}
	return false;
}

struct addr
text_addr_u32(uint32_t v)
{
	return addr4((uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24));
}

/* sockaddr_in is family, port, address, 8 bytes of padding; sockaddr_in6 family, port, flow, address, scope. */
bool
text_addr_hex(struct bytes b, struct addr *a)
{
	uint8_t raw[128] = { 0 };
	size_t n = 0;
	if (!text_hex(b, raw, sizeof(raw), &n))
		return false;
	struct cursor c = cur_all(bytes_of(raw, n));
	uint16_t family = n >= 16 ? (uint16_t)cur_order(&c, 2, false) : 0;
	bool padded = true;
	for (size_t i = 8; i < 16; i++)
		padded = padded && raw[i] == 0;
	if (family == WIN_AF_INET && padded) {
		cur_skip(&c, 2);
		*a = addr4_read(&c);
	} else if (family == WIN_AF_INET6 && n >= 24) {
		cur_skip(&c, 6);
		*a = addr6_read(&c);
	} else if (n == 4 || n == 16) {
		*a = addr_of(bytes_of(raw, n));
	} else {
		return false;
	}
	return addr_set(*a);
}

size_t
text_utf8(struct cursor *c, uint32_t *code_point)
{
	struct cursor look = *c;
	uint8_t lead = cur_u8(&look);
	size_t n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	uint32_t v = n == 1 ? lead : lead & (0xffu >> (n + 1));
	bool good = lead < 0x80 || (lead >= 0xc2 && lead <= 0xf4);
	for (size_t i = 1; good && i < n; i++) {
		uint8_t b = cur_u8(&look);
		good = cur_ok(&look) && (b & 0xc0) == 0x80;
		v = v << 6 | (b & 0x3f);
	}
	if (good && ((n == 3 && (v < 0x800 || (v >= 0xd800 && v <= 0xdfff))) ||
		     (n == 4 && (v < 0x10000 || v > 0x10ffff))))
		good = false;
	cur_skip(c, good ? n : 1);
	*code_point = v;
	return good ? n : 0;
}
