/* Addresses: what text is one and what is not (RFC 4291 2.2), and what kind an address is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "out.h"

static struct addr
parsed(const char *text)
{
	struct addr a = { 0 };
	if (!addr_parse(bytes_str(text), &a))
		fail_msg("%s is an address", text);
	return a;
}

static void
test_good(void **state)
{
	static const struct {
		const char *text, *shown; /* RFC 5952 */
	} rows[] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "10.16.40.1", "10.16.40.1" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "2001:db8::8:800:200c:417a", "2001:db8::8:800:200c:417a" },
		{ "2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a" },
		{ "FF01::101", "ff01::101" },
		{ "fe80:0000:0000:0000:0000:0000:0000:00aa", "fe80::aa" },
		{ "::13.1.68.3", "::13.1.68.3" },
		{ "0:0:0:0:0:FFFF:129.144.52.38", "::ffff:129.144.52.38" },
		{ "::ffff:8190:3426", "::ffff:129.144.52.38" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		char text[64];
		struct out o = out_init(text, sizeof(text) - 1);
		out_addr(&o, parsed(rows[i].text));
		text[o.n] = '\0';
		assert_string_equal(text, rows[i].shown);
	}
}

static void
test_bad(void **state)
{
	static const char *const rows[] = {
		"",
		"1",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.",
		".1.2.3.4",
		"1.2.3.256",
		"1.2.3.0004",
		"01.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.-4",
		"1..3.4",
		"0x1.2.3.4",
		":",
		":::",
		"1:::2",
		"1::2::3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::",
		"::1:2:3:4:5:6:7:8",
		"12345::",
		"g::",
		":1::2",
		"1:",
		"1:2:3:4:5:6:7:",
		"fe80::1%eth0",
		"::1/64",
		"[::1]",
		"::1.2.3",
		"::1.2.3.4:5",
		"1.2.3.4::",
		"1:2:3:4:5:6:7:1.2.3.4",
		"::ffff:1.2.3.400",
		"1 ::",
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct addr a = addr4(9, 9, 9, 9);
		if (addr_parse(bytes_str(rows[i]), &a))
			fail_msg("%s is no address", rows[i]);
		assert_true(addr_eq(a, addr4(9, 9, 9, 9))); /* written on success only */
	}
	struct addr a;
	assert_false(addr_parse(bytes_of("1.2.3.4\0", 8), &a));
	assert_false(addr_parse((struct bytes){ NULL, 0 }, &a));
}

static void
test_mac(void **state)
{
	static const char *const good[] = { "00:0c:29:47:a1:a6", "00-0C-29-47-A1-A6", "000c.2947.a1a6",
					    "000c2947a1a6" };
	static const char *const bad[] = { "",
					   "00:0c:29:47:a1",
					   "00:0c:29:47:a1:a6:00",
					   "00:0c:29:47:a1:a",
					   "00:0c:29:47:a1:a6 ",
					   ":000c2947a1a6",
					   "0:0c:29:47:a1:a6",
					   "00::0c:29:47:a1:a6",
					   "00:0c:29:47:a1:g6",
					   "000c2947a1a6:" };
	struct mac m;
	(void)state;
	for (size_t i = 0; i < NELEM(good); i++) {
		memset(&m, 0, sizeof(m));
		assert_true(mac_parse(bytes_str(good[i]), &m));
		assert_memory_equal(m.b, "\x00\x0c\x29\x47\xa1\xa6", 6);
	}
	for (size_t i = 0; i < NELEM(bad); i++)
		assert_false(mac_parse(bytes_str(bad[i]), &m));
	assert_true(mac_zero((struct mac){ { 0 } }));
	assert_false(mac_zero(m));
	assert_true(mac_group((struct mac){ { 0x33, 0x33, 0, 1, 0, 2 } }));
	assert_false(mac_group((struct mac){ { 0x02, 0xff, 0xff, 0xff, 0xff, 0xff } }));
}

static void
test_prefix(void **state)
{
	static const struct {
		const char *prefix, *addr;
		bool in;
	} rows[] = {
		{ "10.16.40.0/24", "10.16.40.255", true },
		{ "10.16.40.0/24", "10.16.41.0", false },
		{ "10.16.40.0/21", "10.16.47.1", true },
		{ "10.16.40.0/21", "10.16.48.1", false },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "0.0.0.0/0", "::", false },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
		{ "10.0.0.0/31", "10.0.0.1", true },
		{ "10.0.0.0/32", "10.0.0.1", false },
		{ "fd74:852c:7a::/64", "fd74:852c:7a::1", true },
		{ "fd74:852c:7a::/64", "fd74:852c:7a:1::1", false },
		{ "::/0", "fe80::1", true },
		{ "::/0", "1.2.3.4", false },
		{ "fe80::/10", "febf::1", true },
		{ "fe80::/10", "fec0::1", false },
		{ "::1", "::1", true },
		{ "::1/127", "::2", false },
	};
	static const char *const bad[] = { "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ",
					   "10.0.0.0/08", "/8",	       "::/129",      "::/1280",
					   "10.0.0.0//8", "10.0.0/8" };
	struct prefix p;
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_true(prefix_parse(bytes_str(rows[i].prefix), &p));
		assert_int_equal(addr_in(parsed(rows[i].addr), p), rows[i].in);
	}
	for (size_t i = 0; i < NELEM(bad); i++)
		assert_false(prefix_parse(bytes_str(bad[i]), &p));
	p = (struct prefix){ { 0 }, 0 };
	assert_false(addr_in((struct addr){ 0 }, p)); /* nothing is in nothing */
	p = (struct prefix){ addr4(10, 0, 0, 0), 200 };
	assert_false(addr_in(addr4(10, 0, 0, 0), p));
}

static void
test_kinds(void **state)
{
	static const struct {
		const char *text,
			*kinds; /* z zero, m multicast, b broadcast, l loopback, k link-local, 4 mapped, p private */
	} rows[] = {
		{ "0.0.0.0", "z" },
		{ "::", "z" },
		{ "224.0.0.1", "m" },
		{ "239.255.255.255", "m" },
		{ "240.0.0.1", "" },
		{ "223.255.255.255", "" },
		{ "ff02::1", "m" },
		{ "255.255.255.255", "b" },
		{ "127.9.9.9", "l" },
		{ "::1", "l" },
		{ "::2", "" },
		{ "169.254.1.1", "kp" },
		{ "fe80::1", "k" },
		{ "febf::1", "k" },
		{ "fec0::1", "" },
		{ "::ffff:10.0.0.1", "4" },
		{ "::fffe:10.0.0.1", "" },
		{ "10.255.0.1", "p" },
		{ "172.16.0.1", "p" },
		{ "172.31.255.255", "p" },
		{ "172.32.0.1", "" },
		{ "172.15.0.1", "" },
		{ "192.168.1.1", "p" },
		{ "100.64.0.1", "p" },
		{ "100.127.255.1", "p" },
		{ "100.128.0.1", "" },
		{ "fd00::1", "" },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct addr a = parsed(rows[i].text);
		const char *k = rows[i].kinds;
		assert_int_equal(addr_zero(a), strchr(k, 'z') != NULL);
		assert_int_equal(addr_multicast(a), strchr(k, 'm') != NULL);
		assert_int_equal(addr_broadcast4(a), strchr(k, 'b') != NULL);
		assert_int_equal(addr_loopback(a), strchr(k, 'l') != NULL);
		assert_int_equal(addr_linklocal(a), strchr(k, 'k') != NULL);
		assert_int_equal(addr_v4mapped(a), strchr(k, '4') != NULL);
		assert_int_equal(addr_private4(a), strchr(k, 'p') != NULL);
	}
	struct addr none = { 0 };
	assert_false(addr_zero(none) || addr_multicast(none) || addr_broadcast4(none) ||
		     addr_loopback(none) || addr_linklocal(none) || addr_v4mapped(none) ||
		     addr_private4(none));
}

static void
test_embedded(void **state)
{
	struct mac m;
	(void)state;
	assert_true(addr_eq(addr_isatap4(parsed("fe80::5efe:10.16.40.66")), addr4(10, 16, 40, 66)));
	assert_true(addr_eq(addr_isatap4(parsed("2001:db8::200:5efe:c000:201")), addr4(192, 0, 2, 1)));
	assert_false(addr_set(addr_isatap4(parsed("fe80::100:5efe:10.0.0.1"))));
	assert_false(addr_set(addr_isatap4(parsed("fe80::1"))));
	assert_false(addr_set(addr_isatap4(addr4(0, 0, 0x5e, 0xfe))));

	assert_true(addr_eui64(parsed("fe80::20c:29ff:fe47:a1a6"), &m));
	assert_memory_equal(m.b, "\x00\x0c\x29\x47\xa1\xa6", 6);
	assert_false(addr_eui64(parsed("fe80::4398:1"), &m));
	assert_false(addr_eui64(parsed("fe80::20c:29ff:ff47:a1a6"), &m));
}

static void
test_virtual_router(void **state)
{
	static const struct {
		const char *mac;
		bool shared;
	} rows[] = {
		{ "00:00:5e:00:01:0a", true },	{ "00:00:5e:00:02:ff", true },
		{ "00:00:5e:00:03:01", false }, { "00:00:0c:07:ac:01", true },
		{ "00:00:0c:07:ad:01", false }, { "00:00:0c:9f:f0:01", true },
		{ "00:00:0c:9f:ff:ff", true },	{ "00:00:0c:9f:e0:01", false },
		{ "00:05:73:a0:00:01", true },	{ "00:05:73:a0:0f:ff", true },
		{ "00:05:73:a0:10:01", false }, { "00:07:b4:00:01:02", true },
		{ "00:07:b4:01:01:02", false }, { "00:0c:29:47:a1:a6", false },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct mac m;
		assert_true(mac_parse(bytes_str(rows[i].mac), &m));
		assert_int_equal(mac_virtual_router(m), rows[i].shared);
	}
}

static void
test_wire(void **state)
{
	static const uint8_t raw[16] = { 0xfe, 0x80, [15] = 0xaa };
	struct cursor c = cur_all(bytes_of(raw, sizeof(raw)));
	(void)state;
	assert_true(addr_eq(addr6_read(&c), parsed("fe80::aa")));
	assert_false(addr_set(addr4_read(&c)));
	assert_int_equal(cur_end(&c), CUR_BAD);
	c = cur_all(bytes_of(raw, 5));
	assert_true(mac_zero(mac_read(&c)));
	assert_int_equal(cur_end(&c), CUR_BAD);
	for (size_t n = 0; n <= 16; n++)
		assert_int_equal(addr_of(bytes_of(raw, n)).fam, n == 4 ? 4 : n == 16 ? 6 : 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_embedded),
		cmocka_unit_test(test_virtual_router),
		cmocka_unit_test(test_wire),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
