/* Addresses: read from the wire, parsed from text, classified.  Printing is in out.c. */
#include "addr.h"

struct mac
mac_read(struct cursor *c)
{
	struct mac m;
	cur_copy(c, m.b, sizeof(m.b));
	return m;
}

static struct addr
addr_read(struct cursor *c, uint8_t fam, size_t n)
{
	struct addr a = { 0 };
	struct bytes b = cur_take(c, n);
	if (b.p == NULL)
		return a;
	a.fam = fam;
	memcpy(a.b, b.p, n);
	return a;
}

struct addr
addr4_read(struct cursor *c)
{
	return addr_read(c, 4, 4);
}

struct addr
addr6_read(struct cursor *c)
{
	return addr_read(c, 6, 16);
}

struct addr
addr_of(struct bytes b)
{
	struct cursor c = cur_all(b);
	return b.n == 4 ? addr4_read(&c) : b.n == 16 ? addr6_read(&c) : (struct addr){ 0 };
}

struct addr
addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct addr){ .fam = 4, .b = { a, b, c, d } };
}

/* A decimal number of at most three digits up to `max`, without leading zeros: "010" is octal for some readers and
 * ten for others, so it is no number here. */
static bool
small_decimal(struct cursor *c, unsigned max, uint8_t *value)
{
	unsigned v = 0, digits = 0;
	while (cur_more(c) && digits < 4) {
		uint8_t d = cur_peek_u8(c);
		if (d < '0' || d > '9')
			break;
		v = v * 10 + (d - '0');
		cur_skip(c, 1);
		if (++digits > 1 && v < 10)
			return false;
	}
	*value = (uint8_t)v;
	return digits > 0 && digits < 4 && v <= max;
}

static bool
dotted_quad(struct bytes text, uint8_t *b)
{
	struct cursor c = cur_all(text);
	for (int i = 0; i < 4; i++) {
		if (i > 0 && cur_u8(&c) != '.')
			return false;
		if (!small_decimal(&c, 255, &b[i]))
			return false;
	}
	return cur_ok(&c) && !cur_more(&c);
}

/* One group of up to four hex digits. */
static bool
hex_group(struct cursor *c, uint16_t *group)
{
	unsigned v = 0, digits = 0;
	while (cur_more(c) && digits < 5) {
		int d = hex_digit(cur_peek_u8(c));
		if (d < 0)
			break;
		v = v << 4 | (unsigned)d;
		cur_skip(c, 1);
		digits++;
	}
	*group = (uint16_t)v;
	return digits > 0 && digits < 5;
}

/* RFC 4291 2.2: groups, one "::" for one or more groups of zeros, and a dotted quad as the last four bytes. */
struct v6_text {
	uint8_t b[16];
	size_t n;   /* bytes so far */
	size_t gap; /* where the zeros go; SIZE_MAX for nowhere */
};

static bool
v6_groups(struct cursor *c, struct v6_text *v)
{
	while (cur_more(c)) {
		struct cursor quad = *c;
		uint16_t group;
		if (v->n <= 12 && dotted_quad(cur_rest(&quad), v->b + v->n)) {
			v->n += 4;
			return true;
		}
		if (v->n >= 16 || !hex_group(c, &group))
			return false;
		v->b[v->n++] = (uint8_t)(group >> 8);
		v->b[v->n++] = (uint8_t)group;
		if (!cur_more(c))
			return true;
		if (cur_u8(c) != ':' || !cur_more(c))
			return false;
		if (cur_peek_u8(c) == ':') {
			if (v->gap != SIZE_MAX)
				return false;
			v->gap = v->n;
			cur_skip(c, 1);
		}
	}
	return true;
}

static bool
v6_parse(struct bytes text, uint8_t *b)
{
	struct v6_text v = { .gap = SIZE_MAX };
	struct cursor c = cur_all(text);

	if (text.n < 2)
		return false;
	if (text.p[0] == ':') {
		if (cur_be16(&c) != (':' << 8 | ':'))
			return false;
		v.gap = 0;
	}
	if (!v6_groups(&c, &v) || (v.gap == SIZE_MAX ? v.n != 16 : v.n > 14))
		return false;
	size_t head = v.gap == SIZE_MAX ? 16 : v.gap, tail = v.n - head;
	memset(b, 0, 16);
	memcpy(b, v.b, head);
	memcpy(b + 16 - tail, v.b + head, tail);
	return true;
}

bool
addr_parse(struct bytes text, struct addr *a)
{
	struct addr got = { 0 };
	if (text.n == 0)
		return false;
	if (dotted_quad(text, got.b))
		got.fam = 4;
	else if (v6_parse(text, got.b))
		got.fam = 6;
	else
		return false;
	*a = got;
	return true;
}

bool
mac_parse(struct bytes text, struct mac *m)
{
	struct mac got = { { 0 } };
	struct cursor c = cur_all(text);

	for (unsigned nibble = 0; nibble < 12; nibble++) {
		uint8_t ch = cur_u8(&c);
		bool mark = ch == ':' || ch == '-' || ch == '.';
		if (mark && nibble > 0 && nibble % 2 == 0)
			ch = cur_u8(&c);
		int d = hex_digit(ch);
		if (d < 0)
			return false;
		got.b[nibble / 2] = (uint8_t)(got.b[nibble / 2] << 4 | d);
	}
	if (!cur_ok(&c) || cur_more(&c))
		return false;
	*m = got;
	return true;
}

bool
prefix_parse(struct bytes text, struct prefix *p)
{
	const uint8_t *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	struct prefix got = { { 0 }, 0 };
	size_t head = slash ? (size_t)(slash - text.p) : text.n;

	if (!addr_parse(bytes_of(text.p, head), &got.a))
		return false;
	uint8_t full = got.a.fam == 4 ? 32 : 128;
	got.len = full;
	if (slash) {
		struct cursor c = cur_all(text);
		cur_skip(&c, head + 1);
		if (!small_decimal(&c, full, &got.len) || cur_more(&c))
			return false;
	}
	*p = got;
	return true;
}

static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	size_t whole = bits / 8;
	unsigned rest = bits % 8;
	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool
addr_in(struct addr a, struct prefix p)
{
	if (a.fam == 0 || a.fam != p.a.fam || p.len > (a.fam == 4 ? 32 : 128))
		return false;
	return bits_equal(a.b, p.a.b, p.len);
}

bool
addr_zero(struct addr a)
{
	static const uint8_t zero[16];
	return a.fam != 0 && memcmp(a.b, zero, sizeof(zero)) == 0;
}

bool
addr_multicast(struct addr a)
{
	return (a.fam == 4 && a.b[0] >> 4 == 0xe) || (a.fam == 6 && a.b[0] == 0xff);
}

bool
addr_broadcast4(struct addr a)
{
	return addr_eq(a, addr4(255, 255, 255, 255));
}

bool
addr_loopback(struct addr a)
{
	return a.fam == 4 ? a.b[0] == 127 : addr_eq(a, (struct addr){ .fam = 6, .b = { [15] = 1 } });
}

bool
addr_linklocal(struct addr a)
{
	if (a.fam == 4)
		return a.b[0] == 169 && a.b[1] == 254;
	return a.fam == 6 && a.b[0] == 0xfe && a.b[1] >> 6 == 2;
}

bool
addr_v4mapped(struct addr a)
{
	return addr_in(a, (struct prefix){ { .fam = 6, .b = { [10] = 0xff, [11] = 0xff } }, 96 });
}

bool
addr_private4(struct addr a)
{
	static const struct prefix ranges[] = {
		{ { .fam = 4, .b = { 10 } }, 8 },	 { { .fam = 4, .b = { 172, 16 } }, 12 },
		{ { .fam = 4, .b = { 192, 168 } }, 16 }, { { .fam = 4, .b = { 169, 254 } }, 16 },
		{ { .fam = 4, .b = { 100, 64 } }, 10 },
	};
	for (size_t i = 0; i < NELEM(ranges); i++)
		if (addr_in(a, ranges[i]))
			return true;
	return false;
}

struct addr
addr_isatap4(struct addr a)
{
	bool u = a.b[8] == 0x02 || a.b[8] == 0x00;
	if (a.fam != 6 || !u || a.b[9] != 0 || a.b[10] != 0x5e || a.b[11] != 0xfe)
		return (struct addr){ 0 };
	return addr4(a.b[12], a.b[13], a.b[14], a.b[15]);
}

bool
addr_eui64(struct addr a, struct mac *m)
{
	if (a.fam != 6 || a.b[11] != 0xff || a.b[12] != 0xfe)
		return false;
	*m = (struct mac){ { a.b[8] ^ 0x02, a.b[9], a.b[10], a.b[13], a.b[14], a.b[15] } };
	return true;
}

bool
mac_virtual_router(struct mac m)
{
	static const struct shared {
		uint64_t value;
		uint8_t bits;
	} shared[] = {
		{ 0x00005e0001, 40 }, /* VRRP and CARP over IPv4 */
		{ 0x00005e0002, 40 }, /* VRRP over IPv6 */
		{ 0x00000c07ac, 40 }, /* HSRP version 1 */
		{ 0x00000c9ff, 36 },  /* HSRP version 2 over IPv4 */
		{ 0x000573a00, 36 },  /* HSRP version 2 over IPv6 */
		{ 0x0007b400, 32 },   /* GLBP */
	};
	struct bytes b = bytes_of(m.b, sizeof(m.b));
	uint64_t mac = (uint64_t)bytes_be16(b, 0) << 32 | bytes_be32(b, 2);

	for (size_t i = 0; i < NELEM(shared); i++)
		if (mac >> (48 - shared[i].bits) == shared[i].value)
			return true;
	return false;
}
