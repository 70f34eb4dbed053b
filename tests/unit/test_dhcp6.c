/* DHCPv6 by hand, from RFC 8415, 3646, 4704, 6221 and 6939: messages, associations, relays, and what must not be believed
 * of a message that lies or that the capture cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dissector.h"

extern const struct dissector dissector_dhcp6;

enum { ROOM = 70000 };

static struct obs obs;
static char text[1 << 20];

struct msg {
	uint8_t b[ROOM];
	size_t n;
};

static void
put(struct msg *m, const void *p, size_t n)
{
	assert_true(m->n + n <= ROOM);
	memcpy(m->b + m->n, p, n);
	m->n += n;
}

#define PUT(m, literal) put(m, literal, sizeof(literal) - 1)

static void
opt(struct msg *m, uint16_t code, const void *p, size_t n)
{
	uint8_t tl[4] = { (uint8_t)(code >> 8), (uint8_t)code, (uint8_t)(n >> 8), (uint8_t)n };
	put(m, tl, 4);
	put(m, p, n);
}

#define OPT(m, code, literal) opt(m, code, literal, sizeof(literal) - 1)

/* Every byte behind the copy is out of bounds, so that a sanitizer sees one read too many. */
static enum said
dissect(const void *p, size_t n, size_t wire)
{
	static uint8_t *last;
	uint8_t *tight = malloc(n + (n == 0));
	struct pkt pkt;

	assert_non_null(tight);
	if (n)
		memcpy(tight, p, n);
	free(last); /* the views of the record before */
	last = tight;
	memset(&obs, 0, sizeof(obs));
	memset(&pkt, 0, sizeof(pkt));
	pkt.ends.sport = DHCP6_SERVER_PORT;
	pkt.ends.dport = DHCP6_CLIENT_PORT;
	struct cursor c = cur_init(bytes_of(tight, n), wire);
	return dissector_dhcp6.dissect(&c, &pkt, &obs);
}

static enum said
whole(const struct msg *m)
{
	return dissect(m->b, m->n, m->n);
}

static const char *
json(void)
{
	struct out o = out_init(text, sizeof(text) - 1);

	field_json(&o, dissector_dhcp6.fields, dissector_dhcp6.nfields, &obs.u.dhcp6);
	assert_true(out_ok(&o));
	text[o.n] = '\0';
	return text;
}

static void
assert_json(const char *part)
{
	if (strstr(json(), part) == NULL)
		fail_msg("%s is not in %s", part, text);
}

static void
assert_no_key(const char *key)
{
	if (strstr(json(), key) != NULL)
		fail_msg("%s is in %s", key, text);
}

static const struct dhcp6 *
d6(void)
{
	return &obs.u.dhcp6;
}

static struct msg
begin(uint8_t type)
{
	struct msg m = { .n = 0 };
	uint8_t fixed[4] = { type, 0x12, 0x34, 0x56 }; /* RFC 8415 section 8: type, transaction id */
	put(&m, fixed, sizeof(fixed));
	return m;
}

/* RFC 8415 section 9: type, hop count, link-address, peer-address. */
static struct msg
relay(uint8_t type, uint8_t hops, uint8_t link, uint8_t peer)
{
	struct msg m = { .n = 0 };
	uint8_t fixed[34] = {
		type, hops, 0x20, 0x01, 0x0d, 0xb8, [17] = link, [18] = 0xfe, 0x80, [33] = peer
	};
	if (link == 0)
		memset(fixed + 2, 0, 16);
	put(&m, fixed, sizeof(fixed));
	return m;
}

/* The advertise of a takeover: a link-local address and itself as resolver. */
static const uint8_t advertise[] = {
	0x02, 0x11, 0x22, 0x33,					    /* ADVERTISE, transaction 112233 */
	0x00, 0x01, 0x00, 0x0e,					    /* client identifier, 14 bytes */
	0x00, 0x01, 0x00, 0x01, 0x22, 0x15, 0xbb, 0xa2,		    /*   LLT, Ethernet, time */
	0x02, 0x00, 0x00, 0x00, 0x00, 0xbb,			    /*   MAC */
	0x00, 0x02, 0x00, 0x0a,					    /* server identifier, 10 bytes */
	0x00, 0x03, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0xaa, /*   LL, Ethernet, MAC */
	0x00, 0x17, 0x00, 0x10,					    /* resolvers */
	0xfe, 0x80, 0,	  0,	0,    0,    0,	  0,	0,    0,    0,	  0,
	0,    0,    0x00, 0xaa,							/*   fe80::aa */
	0x00, 0x18, 0x00, 0x0c,							/* search list */
	0x04, 'c',  'o',  'r',	'p',  0x05, 'l',  'o',	'c',  'a',  'l',  0x00, /*   corp.local. */
	0x00, 0x03, 0x00, 0x28,							/* IA_NA, 40 bytes */
	0x03, 0x00, 0x0c, 0x29,							/*   IAID */
	0x00, 0x00, 0x00, 0xc8, 0x00, 0x00, 0x00, 0xfa,				/*   T1 200, T2 250 */
	0x00, 0x05, 0x00, 0x18,							/*   IAADDR, 24 bytes */
	0xfe, 0x80, 0,	  0,	0,    0,    0,	  0,	0x19, 0x20, 0x01, 0x68,
	0x01, 0x00, 0x00, 0x01,				/* fe80::1920:168:100:1 */
	0x00, 0x00, 0x01, 0x2c, 0x00, 0x00, 0x01, 0x2c, /*     preferred and valid 300 */
};

static void
test_advertise(void **state)
{
	struct mac mac;
	struct field_it it;
	struct dhcp6_ia ia;
	struct dhcp6_addr a;
	(void)state;
	assert_int_equal(dissect(advertise, sizeof(advertise), sizeof(advertise)), SAID_OK);
	assert_int_equal(d6()->msg_type, D6_ADVERTISE);
	assert_int_equal(d6()->anomalies, 0);
	assert_string_equal(
		json(),
		",\"msg_type\":2,\"msg\":\"advertise\",\"xid\":\"0x112233\",\"opts\":[1,2,23,24,3],"
		"\"client_duid\":\"000100012215bba20200000000bb\",\"server_duid\":\"000300010200000000aa\","
		"\"ia_na\":[{\"iaid\":\"03000c29\",\"t1\":200,\"t2\":250,"
		"\"addrs\":[{\"addr\":\"fe80::1920:168:100:1\",\"preferred\":300,\"valid\":300}]}],"
		"\"dns\":[\"fe80::aa\"],\"domains\":[\"corp.local.\"]");
	assert_true(duid_mac(d6()->server_duid, &mac));
	assert_memory_equal(mac.b, "\x02\0\0\0\0\xaa", 6);
	assert_true(duid_mac(d6()->client_duid, &mac));
	assert_memory_equal(mac.b, "\x02\0\0\0\0\xbb", 6);
	it = (struct field_it){ .rec = d6() };
	assert_true(dhcp6_ia_next(&it, &ia));
	assert_int_equal(ia.code, D6O_IA_NA);
	struct field_it in = { .rec = &ia };
	assert_true(dhcp6_addr_next(&in, &a));
	assert_int_equal(a.valid, 300);
	in.i++;
	assert_false(dhcp6_addr_next(&in, &a));
	it.i++;
	assert_false(dhcp6_ia_next(&it, &ia));
}

static void
test_solicit(void **state)
{
	struct msg m = begin(D6_SOLICIT);
	(void)state;
	OPT(&m, 8, "\xff\xff"); /* elapsed: RFC 8415 section 21.9, "or more" */
	OPT(&m, 1, "\x00\x03\x00\x01\x02\x00\x5e\x10\x00\x05");		/* DUID-LL */
	OPT(&m, 14, "");						/* rapid commit */
	OPT(&m, 3, "\x0e\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"); /* infinite T1 and T2 */
	OPT(&m, 39, "\x01\x06WS-ACC");					/* flags S, partial name */
	OPT(&m, 16, "\x00\x00\x01\x37\x00\x08MSFT 5.0");		/* enterprise 311 */
	OPT(&m, 15,
	    "\x00\x02"
	    "ab");
	OPT(&m, 6, "\x00\x18\x00\x17\x00\x11\x00\x27");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d6()->anomalies, 0);
	assert_json("\"msg_type\":1,\"msg\":\"solicit\",\"xid\":\"0x123456\",\"opts\":[8,1,14,3,39,16,15,6]");
	assert_json("\"ia_na\":[{\"iaid\":\"0e000000\",\"t1\":4294967295,\"t2\":4294967295}],\"oro\":[24,23,"
		    "17,39]");
	assert_json("\"elapsed\":65535");
	assert_json("\"rapid_commit\":true,\"user_class\":\"00026162\",\"vendor_enterprise\":311,"
		    "\"vendor_class\":\"MSFT 5.0\"");
	assert_json("\"fqdn\":\"WS-ACC\",\"fqdn_flags\":\"0x01\"");
	assert_no_key("\"hops\"");
	assert_no_key("\"preference\"");
	assert_no_key("\"dns\"");
}

static void
test_reply(void **state)
{
	struct msg m = begin(D6_REPLY);
	(void)state;
	OPT(&m, 3,
	    "\x00\x00\x00\x01\x00\x00\x00\x0a\x00\x00\x00\x14" /* IAID 1, T1 10, T2 20 */
	    "\x00\x05\x00\x20"				       /* IAADDR, 32 bytes */
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
	    "\x00\x00\x00\x1e\xff\xff\xff\xff" /*   preferred 30, valid for ever */
	    "\x00\x0d\x00\x04\x00\x04no"       /*   status 4, NotOnLink */
	    "\x00\x0d\x00\x02\x00\x00");       /* status 0 without a text */
	OPT(&m, 4,			       /* IA_TA: no times */
	    "\x00\x00\x00\x02\x00\x0d\x00\x07\x00\x02"
	    "noadr");
	OPT(&m, 25,
	    "\x00\x00\x00\x03\x00\x00\x00\x0a\x00\x00\x00\x14"
	    "\x00\x1a\x00\x19"			   /* IAPREFIX, 25 bytes */
	    "\x00\x00\x00\x05\x00\x00\x00\x06\x38" /*   5, 6, /56 */
	    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0");
	OPT(&m, 7, "\xff");
	OPT(&m, 13,
	    "\x00\x00"
	    "fine");
	OPT(&m, 59, "http://boot/");
	OPT(&m, 103, "https://portal/");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d6()->anomalies, 0);
	assert_json(
		"\"ia_na\":[{\"iaid\":\"00000001\",\"t1\":10,\"t2\":20,\"addrs\":[{\"addr\":\"2001:db8::1\","
		"\"preferred\":30,\"valid\":4294967295,\"status\":4}],\"status\":0}]");
	assert_json("\"ia_ta\":[{\"status\":2,\"status_msg\":\"noadr\"}]");
	assert_json("\"ia_pd\":[{\"iaid\":\"00000003\",\"t1\":10,\"t2\":20,\"prefixes\":[{\"prefix\":\"2001:"
		    "db8::\","
		    "\"len\":56,\"preferred\":5,\"valid\":6}]}]");
	assert_json("\"preference\":255");
	assert_json("\"status\":0,\"status_msg\":\"fine\"");
	assert_json("\"bootfile_url\":\"http://boot/\",\"captive_portal\":\"https://portal/\"");

	struct field_it it = { .rec = d6() };
	static const uint16_t codes[] = { D6O_IA_NA, D6O_IA_TA, D6O_IA_PD };
	struct dhcp6_ia ia;
	for (; dhcp6_ia_next(&it, &ia); it.i++) {
		assert_true(it.i < NELEM(codes));
		assert_int_equal(ia.code, codes[it.i]);
	}
	assert_int_equal(it.i, NELEM(codes));
}

static bool
view_same_or_none(struct bytes got, struct bytes want)
{
	return got.p == NULL || (want.p != NULL && bytes_eq(got, want));
}

static void
test_cut_at_each_byte(void **state)
{
	static struct dhcp6 full;
	struct dhcp6_ia ia;
	struct dhcp6_addr a;
	struct addr dns;
	(void)state;
	struct cursor c = cur_all(bytes_of(advertise, sizeof(advertise)));
	struct pkt pkt = { 0 };
	memset(&obs, 0, sizeof(obs));
	assert_int_equal(dissector_dhcp6.dissect(&c, &pkt, &obs), SAID_OK);
	full = obs.u.dhcp6;
	for (size_t n = 0; n < sizeof(advertise); n++) {
		assert_int_equal(dissect(advertise, n, sizeof(advertise)), SAID_CUT);
		assert_int_equal(d6()->set & ~full.set, 0);
		assert_int_equal(d6()->anomalies, 0);
		assert_true(view_same_or_none(d6()->client_duid, full.client_duid));
		assert_true(view_same_or_none(d6()->server_duid, full.server_duid));
		assert_true(view_same_or_none(d6()->dns, full.dns));
		assert_true(view_same_or_none(d6()->domains, full.domains));
		struct field_it it = { .rec = d6() }, in = { .rec = &ia }, names = { .rec = d6() };
		assert_false(dhcp6_ia_next(&it, &ia) && dhcp6_addr_next(&in, &a)); /* it is the last option */
		assert_int_equal(dhcp6_dns_next(&names, &dns), d6()->dns.p != NULL);
		(void)json();
	}
}

static void
test_lengths_perturbed(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 4, 127, 128, 255 };
	uint8_t bad[sizeof(advertise)];
	struct dhcp6 inner;
	struct addr link;
	(void)state;
	for (size_t at = 4; at < sizeof(bad); at++)
		for (size_t i = 0; i < NELEM(values) + 2; i++) {
			memcpy(bad, advertise, sizeof(bad));
			bad[at] = i < NELEM(values)    ? values[i]
				  : i == NELEM(values) ? (uint8_t)(bad[at] + 1)
						       : (uint8_t)(bad[at] - 1);
			enum said s = dissect(bad, sizeof(bad), sizeof(bad));
			assert_true(s == SAID_OK || s == SAID_BAD);
			dhcp6_innermost(d6(), &inner, &link);
			(void)json();
		}
	memcpy(bad, advertise, sizeof(bad)); /* the last option one longer than the message */
	bad[75]++;
	assert_int_equal(bad[73], D6O_IA_NA);
	assert_int_equal(dissect(bad, sizeof(bad), sizeof(bad)), SAID_BAD);
	assert_int_equal(obs.bad_off, 76);
	assert_json("\"dns\":[\"fe80::aa\"]");
	assert_no_key("\"ia_na\"");
	bad[75]--;
	bad[91]++; /* the address longer than its association */
	assert_int_equal(bad[89], D6O_IAADDR);
	assert_int_equal(dissect(bad, sizeof(bad), sizeof(bad)), SAID_BAD);
	assert_string_equal(obs.bad_what, "option past the end of an identity association");
	assert_json("\"ia_na\":[{\"iaid\":\"03000c29\",\"t1\":200,\"t2\":250}]");
}

static void
test_noise(void **state)
{
	static uint8_t noise[600];
	uint32_t x = 7;
	struct dhcp6 inner;
	struct addr link;
	(void)state;
	for (int round = 0; round < 5000; round++) {
		size_t n = 4 + (unsigned)round % 590;
		for (size_t i = 0; i < n; i++) {
			x = x * 1664525 + 1013904223;
			noise[i] = round & 1 ? (uint8_t)(x >> 24) : (uint8_t)(x >> 24) % 40;
		}
		if (round & 2)
			noise[0] = D6_RELAY_FORW;
		assert_true(dissect(noise, n, n + (round & 4)) != SAID_NO);
		dhcp6_innermost(d6(), &inner, &link);
		(void)json();
	}
}

static void
test_short(void **state)
{
	struct msg m = begin(D6_SOLICIT);
	(void)state;
	assert_int_equal(dissect("", 0, 0), SAID_NO);
	assert_int_equal(dissect("", 0, 10), SAID_CUT);
	assert_no_key("\"msg");
	assert_int_equal(dissect(m.b, 1, 1), SAID_BAD);
	assert_json("\"msg\":\"solicit\"");
	assert_no_key("\"xid\"");
	assert_int_equal(dissect(m.b, 3, 3), SAID_BAD);
	assert_no_key("\"opts\"");
	assert_int_equal(dissect(m.b, 4, 4), SAID_OK);
	assert_json("\"xid\":\"0x123456\",\"opts\":[]");
	m = relay(D6_RELAY_FORW, 0, 1, 1);
	assert_int_equal(dissect(m.b, 33, 33), SAID_BAD);
	assert_json("\"hops\":0,\"link\":\"2001:db8::1\"");
	assert_no_key("\"peer\"");
	m = begin(D6_SOLICIT);
	OPT(&m, 1, "\x00\x03\x00\x01\x02\x00\x5e\x10\x00\x05");
	PUT(&m, "\x00"); /* one byte too many: what was read stays */
	assert_int_equal(whole(&m), SAID_BAD);
	assert_json("\"opts\":[1],\"client_duid\":\"0003000102005e100005\"");
}

static void
test_types(void **state)
{
	static const uint8_t unknown[] = { 0, 38, 99, 255 }, known[] = { 14, 20, 35, 36, 37 };
	(void)state;
	for (size_t i = 0; i < NELEM(unknown); i++) {
		struct msg m = begin(unknown[i]);
		assert_int_equal(whole(&m), SAID_OK);
		assert_int_equal(d6()->anomalies, D6A_TYPE);
		assert_no_key("\"msg\"");
	}
	for (size_t i = 0; i < NELEM(known); i++) {
		struct msg m = begin(known[i]);
		assert_int_equal(whole(&m), SAID_OK);
		assert_int_equal(d6()->anomalies, 0);
	}
}

static void
test_duid(void **state)
{
	uint8_t duid[131] = { 0x00, 0x02, 0x00 };
	struct mac mac;
	(void)state;
	for (size_t n = 0; n <= sizeof(duid); n++) { /* RFC 8415 section 11.1: type and 1 to 128 octets */
		struct msg m = begin(D6_SOLICIT);
		opt(&m, 1, duid, n);
		assert_int_equal(whole(&m), SAID_OK);
		assert_int_equal(d6()->anomalies, n < 3 || n > 130 ? D6A_DUID_LENGTH : 0);
		assert_int_equal(d6()->client_duid.n, n);
	}
	static const struct {
		const char *duid;
		size_t n;
		bool has;
	} rows[] = {
		{ "\0\3\0\1abcdef", 10, true },
		{ "\0\1\0\1timeabcdef", 14, true },
		{ "\0\3\0\1abcde", 9, false },
		{ "\0\3\0\1abcdefg", 11, false },
		{ "\0\3\0\6abcdef", 10, false },
		{ "\0\2\0\1timeabcdef", 14, false },
		{ "\0\4\0\1abcdef", 10, false },
		{ "\0\1\0\1abcdef", 10, false },
		{ "\0\3", 2, false },
		{ "", 0, false },
	};
	for (size_t i = 0; i < NELEM(rows); i++) {
		memset(&mac, 0, sizeof(mac));
		assert_int_equal(duid_mac(bytes_of(rows[i].duid, rows[i].n), &mac), rows[i].has);
		if (rows[i].has)
			assert_memory_equal(mac.b, "abcdef", 6);
	}
}

static void
test_repeated(void **state)
{
	struct msg m = begin(D6_REPLY);
	struct addr a;
	(void)state;
	OPT(&m, 2, "\x00\x03\x00\x01\x02\x00\x00\x00\x00\xaa");
	OPT(&m, 2, "\x00\x03\x00\x01\x02\x00\x00\x00\x00\xbb");
	OPT(&m, 23, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x35");
	OPT(&m, 23, "");
	OPT(&m, 23, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\xaa\xfe"); /* one byte too many */
	OPT(&m, 24,
	    "\x01"
	    "a\x00");
	OPT(&m, 24,
	    "\x01"
	    "b\x00");
	OPT(&m, 23, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\xbb");
	OPT(&m, 23, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x35"); /* the first one again says nothing new */
	OPT(&m, 24,
	    "\x01"
	    "a\x00");
	OPT(&m, 7, "\x01");
	OPT(&m, 7, "\x02");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d6()->anomalies, D6A_REPEATED | D6A_DNS_LENGTH);
	assert_json("\"server_duid\":\"000300010200000000aa\"");
	assert_json("\"preference\":1");
	assert_json("\"dns\":[\"2001:db8::35\",\"fe80::aa\",\"fe80::bb\"],\"domains\":[\"a.\",\"b.\"]");
	assert_int_equal(d6()->dns.n, 16);

	m = begin(D6_REPLY); /* the broken one first: the other must not hide behind it */
	OPT(&m, 23, "\xfe");
	OPT(&m, 23, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\xbb");
	assert_int_equal(whole(&m), SAID_OK);
	assert_json("\"dns\":[\"fe80::bb\"]");
	struct field_it it = { .rec = d6() };
	assert_true(dhcp6_dns_next(&it, &a));
	it.i++;
	assert_false(dhcp6_dns_next(&it, &a));
}

static void
test_lengths(void **state)
{
	static const struct {
		uint16_t code;
		size_t n;
		uint32_t anomaly;
	} rows[] = {
		{ 3, 12, 0 },
		{ 3, 11, D6A_OPTION_LENGTH },
		{ 3, 0, D6A_OPTION_LENGTH },
		{ 4, 4, 0 },
		{ 4, 3, D6A_OPTION_LENGTH },
		{ 25, 12, 0 },
		{ 25, 4, D6A_OPTION_LENGTH },
		{ 6, 0, 0 },
		{ 6, 3, D6A_OPTION_LENGTH },
		{ 7, 1, 0 },
		{ 7, 0, D6A_OPTION_LENGTH },
		{ 8, 2, 0 },
		{ 8, 4, D6A_OPTION_LENGTH },
		{ 11, 10, D6A_OPTION_LENGTH },
		{ 11, 11, 0 },
		{ 13, 2, 0 },
		{ 13, 1, D6A_OPTION_LENGTH },
		{ 14, 0, 0 },
		{ 14, 1, D6A_OPTION_LENGTH },
		{ 16, 4, 0 },
		{ 16, 3, D6A_OPTION_LENGTH },
		{ 23, 0, D6A_DNS_LENGTH },
		{ 23, 15, D6A_DNS_LENGTH },
		{ 23, 16, 0 },
		{ 23, 17, D6A_DNS_LENGTH },
		{ 23, 32, 0 },
		{ 37, 3, D6A_OPTION_LENGTH },
		{ 39, 0, D6A_OPTION_LENGTH },
		{ 39, 1, 0 },
		{ 79, 1, D6A_OPTION_LENGTH },
		{ 250, 0, 0 },
	};
	static const uint8_t zero[32];
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct msg m = begin(D6_REPLY);
		opt(&m, rows[i].code, zero, rows[i].n);
		assert_int_equal(whole(&m), SAID_OK);
		assert_int_equal(d6()->anomalies, rows[i].anomaly);
		(void)json();
	}
	struct msg m = begin(D6_REPLY); /* an address too short for its fixed part */
	OPT(&m, 3, "\0\0\0\1\0\0\0\0\0\0\0\0\x00\x05\x00\x02\x20\x01");
	OPT(&m, 3, "x");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d6()->anomalies, D6A_OPTION_LENGTH);
	assert_json("\"ia_na\":[{\"iaid\":\"00000001\",\"t1\":0,\"t2\":0},{}]");
}

static void
test_names(void **state)
{
	static const struct {
		const char *v;
		size_t n;
		const char *fqdn, *domains;
	} rows[] = {
		{ "\x02"
		  "ws\x04"
		  "corp\x00",
		  9, "ws.corp.", "\"domains\":[\"ws.corp.\"]" },
		{ "\x02"
		  "ws",
		  3, "ws", "\"domains\":[\"ws\"]" }, /* RFC 4704 section 4.2: a partial name */
		{ "\x00", 1, "", NULL },
		{ "", 0, "", NULL },
		{ "\x05"
		  "ws",
		  3, "", NULL }, /* past the end */
		{ "\x02"
		  "ws\xc0\x00",
		  5, "", NULL }, /* RFC 8415 section 10: no compression */
		{ "\x01"
		  "a\x00\x02"
		  "bc\x00",
		  7, "a.", "\"domains\":[\"a.\",\"bc.\"]" },
		{ "\x01"
		  "a\x00\x09"
		  "b",
		  5, "a.", "\"domains\":[\"a.\"]" },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct msg m = begin(D6_REPLY);
		uint8_t v[16] = { 0 };
		memcpy(v + 1, rows[i].v, rows[i].n);
		opt(&m, 39, v, rows[i].n + 1);
		opt(&m, 24, rows[i].v, rows[i].n);
		assert_int_equal(whole(&m), SAID_OK);
		assert_string_equal(d6()->fqdn_text, rows[i].fqdn);
		assert_int_equal(d6()->fqdn.n, rows[i].n);
		if (rows[i].domains)
			assert_json(rows[i].domains);
		else
			assert_no_key("\"domains\"");
	}
	struct msg m = begin(D6_REPLY); /* 256 bytes of labels are more than a name may have */
	uint8_t label[64] = { 63 };
	memset(label + 1, 'x', 63);
	uint8_t v[4 * 64 + 1] = { 0 };
	for (size_t i = 0; i < 4; i++)
		memcpy(v + 1 + 64 * i, label, 64);
	opt(&m, 39, v, sizeof(v));
	assert_int_equal(whole(&m), SAID_OK);
	assert_string_equal(d6()->fqdn_text, "");
	memset(v + 64 * 3 + 1, 0, 64); /* three labels and the root fit */
	m = begin(D6_REPLY);
	opt(&m, 39, v, 1 + 64 * 3 + 1);
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(strlen(d6()->fqdn_text), 3 * 64);
}

static void
test_vendor_class(void **state)
{
	struct msg m = begin(D6_SOLICIT);
	(void)state;
	OPT(&m, 16,
	    "\x00\x00\x01\x37\x00\x09"
	    "ab"); /* an item past the end */
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d6()->enterprise, 311);
	assert_null(d6()->vendor_class.p);
	m = begin(D6_SOLICIT);
	OPT(&m, 16,
	    "\x00\x00\x01\x37\x00\x02"
	    "ab\x00\x02"
	    "cd");
	OPT(&m, 16,
	    "\x00\x00\x00\x09\x00\x02"
	    "ef"); /* another enterprise is no repetition */
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d6()->anomalies, 0);
	assert_json("\"vendor_enterprise\":311,\"vendor_class\":\"ab\"");
}

/* A relay on the edge, one on layer 2 behind it (RFC 6221: link-address unspecified). */
static void
test_relay(void **state)
{
	struct msg in = begin(D6_SOLICIT), mid = relay(D6_RELAY_FORW, 0, 0, 5),
		   out = relay(D6_RELAY_FORW, 1, 1, 5);
	struct dhcp6 inner;
	struct addr link;
	(void)state;
	OPT(&in, 8, "\x00\x01");
	OPT(&in, 1, "\x00\x03\x00\x01\x02\x00\x5e\x10\x00\x05");
	opt(&mid, 9, in.b, in.n);
	OPT(&mid, 18, "Fa1/1");
	OPT(&mid, 79, "\x00\x01\x02\x00\x5e\x10\x00\x05"); /* RFC 6939 */
	opt(&out, 9, mid.b, mid.n);
	OPT(&out, 37, "\x00\x00\x00\x09r1");
	assert_int_equal(whole(&out), SAID_OK);
	assert_int_equal(d6()->anomalies, 0);
	assert_string_equal(
		json(), ",\"msg_type\":12,\"msg\":\"relay-forw\",\"hops\":1,\"link\":\"2001:db8::1\","
			"\"peer\":\"fe80::5\","
			"\"opts\":[9,37],\"remote_id\":\"000000097231\","
			"\"relayed\":{\"msg_type\":12,\"msg\":\"relay-forw\",\"hops\":0,\"link\":\"::\","
			"\"peer\":\"fe80::5\","
			"\"opts\":[9,18,79],\"interface_id\":\"4661312f31\","
			"\"relayed\":{\"msg_type\":1,\"msg\":\"solicit\",\"xid\":\"0x123456\",\"opts\":[8,1],"
			"\"client_duid\":\"0003000102005e100005\"}}");
	dhcp6_innermost(d6(), &inner, &link);
	assert_int_equal(inner.msg_type, D6_SOLICIT);
	assert_int_equal(inner.xid, 0x123456);
	assert_true(addr_eq(link, (struct addr){ .fam = 6, .b = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } }));

	assert_true(dhcp6_inner(d6(), &inner));
	assert_int_equal(inner.client_ll.n, 8);
	assert_int_equal(whole(&in), SAID_OK); /* not relayed */
	assert_false(dhcp6_inner(d6(), &inner));
	dhcp6_innermost(d6(), &inner, &link);
	assert_int_equal(inner.msg_type, D6_SOLICIT);
	assert_false(addr_set(link));
}

/* Option 9 outside a relay message opens nothing. */
static void
test_relay_in_client(void **state)
{
	struct msg m = begin(D6_SOLICIT);
	struct dhcp6 inner;
	(void)state;
	OPT(&m, 9, "\x07\x00\x00\x01");
	assert_int_equal(whole(&m), SAID_OK);
	assert_false(dhcp6_inner(d6(), &inner));
	assert_no_key("\"relayed\"");
}

static void
test_relay_depth(void **state)
{
	(void)state;
	for (int relays = 1; relays <= 40; relays++) {
		struct msg m = begin(D6_SOLICIT);
		struct dhcp6 inner;
		struct addr link;
		for (int i = 0; i < relays; i++) {
			struct msg around = relay(D6_RELAY_FORW, (uint8_t)i, (uint8_t)(i + 1), 5);
			opt(&around, 9, m.b, m.n);
			m = around;
		}
		assert_int_equal(whole(&m), SAID_OK);
		assert_int_equal(d6()->anomalies & D6A_DEPTH, relays > 8 ? D6A_DEPTH : 0);
		assert_int_equal(d6()->anomalies & D6A_HOPS, relays > 9 ? D6A_HOPS : 0);
		dhcp6_innermost(d6(), &inner, &link);
		assert_int_equal(inner.msg_type, relays > 8 ? D6_RELAY_FORW : D6_SOLICIT);
		size_t nested = 0;
		for (const char *at = json(); (at = strstr(at, "\"relayed\"")) != NULL; at++)
			nested++;
		assert_int_equal(nested, relays > 8 ? 8 : relays);
		if (relays <= 8)
			assert_int_equal(link.b[15], 1); /* the one nearest to the client */
	}
}

/* A hop count that no relay would pass on hides nothing: a server answers all the same. */
static void
test_relay_hops(void **state)
{
	struct msg m = relay(D6_RELAY_FORW, 200, 1, 5), in = begin(D6_SOLICIT);
	(void)state;
	opt(&m, 9, in.b, in.n);
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d6()->anomalies, D6A_HOPS);
	assert_json("\"relayed\":{\"msg_type\":1");
	assert_json("\"anomalies\":[\"hops\"]");
}

static void
test_relay_damage(void **state)
{
	struct msg m = relay(D6_RELAY_REPL, 0, 1, 5), in = begin(D6_REPLY);
	struct dhcp6 inner;
	(void)state;
	OPT(&in, 2, "\x00\x03\x00\x01\x02\x00\x00\x00\x00\xaa");
	PUT(&in, "\x00\x17\x00\x10\xfe\x80"); /* 16 promised, 2 there */
	opt(&m, 9, in.b, in.n);
	assert_int_equal(whole(&m), SAID_BAD);
	assert_string_equal(obs.bad_what, "option past the end of a relayed message");
	assert_json("\"relayed\":{\"msg_type\":7,\"msg\":\"reply\",\"xid\":\"0x123456\",\"opts\":[2],"
		    "\"server_duid\":\"000300010200000000aa\"}");
	m = relay(D6_RELAY_REPL, 0, 1, 5);
	OPT(&m, 9, "\x07\x00"); /* too short for a message */
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d6()->anomalies, D6A_OPTION_LENGTH);
	assert_false(dhcp6_inner(d6(), &inner));
	assert_no_key("\"relayed\"");
}

/* 64 KiB of options without a value: linear, and no list grows past its output. */
static void
test_many_options(void **state)
{
	struct msg m = begin(D6_SOLICIT);
	(void)state;
	while (m.n + 8 < 65000)
		OPT(&m, 23, "");
	OPT(&m, 23, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\xbb");
	assert_int_equal(whole(&m), SAID_OK);
	assert_json("\"dns\":[\"fe80::bb\"]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_advertise),
		cmocka_unit_test(test_solicit),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_cut_at_each_byte),
		cmocka_unit_test(test_lengths_perturbed),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_duid),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_vendor_class),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_relay_in_client),
		cmocka_unit_test(test_relay_depth),
		cmocka_unit_test(test_relay_hops),
		cmocka_unit_test(test_relay_damage),
		cmocka_unit_test(test_many_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
