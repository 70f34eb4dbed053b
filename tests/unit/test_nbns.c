/* NetBIOS name service by hand, from RFC 1001 and 1002. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dissector.h"

extern const struct dissector dissector_nbns;

static struct obs obs;
static struct pkt pkt;
static char text[1 << 18];

static enum said
dissect(const void *p, size_t n, size_t wire)
{
	struct cursor c = cur_init(bytes_of(p, n), wire);

	memset(&obs, 0, sizeof(obs));
	memset(&pkt, 0, sizeof(pkt));
	pkt.ends.ipproto = 17;
	pkt.ends.sport = pkt.ends.dport = 137;
	return dissector_nbns.dissect(&c, &pkt, &obs);
}

static const char *
json(void)
{
	struct out o = out_init(text, sizeof(text) - 1);

	field_json(&o, dissector_nbns.fields, dissector_nbns.nfields, &obs.u.nbns);
	assert_true(out_ok(&o));
	text[o.n] = '\0';
	return text;
}

static unsigned
names(struct nbns_name *last)
{
	struct field_it it = { .rec = &obs.u.nbns };
	struct nbns_name n = { 0 };

	while (nbns_name_next(&it, &n)) {
		it.i++;
		if (last)
			*last = n;
	}
	return it.i;
}

static struct {
	uint8_t b[70000];
	size_t n;
} m;

static void
put(const void *p, size_t n)
{
	assert_true(m.n + n <= sizeof(m.b));
	memcpy(m.b + m.n, p, n);
	m.n += n;
}

#define PUT(s) put((s), sizeof(s) - 1)

static void
put16(unsigned v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };
	put(b, 2);
}

static void
header(unsigned flags, unsigned qd, unsigned an, unsigned ns, unsigned ar)
{
	m.n = 0;
	put16(0xb2e1);
	put16(flags);
	put16(qd);
	put16(an);
	put16(ns);
	put16(ar);
}

/* RFC 1001 14.1: each half of each of 16 bytes as a letter from A on. */
static void
put_name(const char raw[16])
{
	PUT("\x20");
	for (size_t i = 0; i < 16; i++) {
		const char pair[2] = { (char)('A' + ((uint8_t)raw[i] >> 4)), (char)('A' + (raw[i] & 15)) };
		put(pair, 2);
	}
}

static enum said
whole(void)
{
	return dissect(m.b, m.n, m.n);
}

enum { QUERY = 0x0110, REGISTRATION = 0x2910, POSITIVE = 0x8500, NEGATIVE = 0x8583, STATUS = 0x8400 };

static void
test_query(void **state)
{
	struct nbns_name n = { 0 };

	(void)state;
	header(QUERY, 1, 0, 0, 0);
	/* "WPAD", eleven blanks, suffix 00, written out: W is 57, so FH; the blank is 20, so CA */
	PUT("\x20"
	    "FHFAEBEECACACACACACACACACACACAAA"
	    "\0"
	    "\0\x20"
	    "\0\1");
	assert_int_equal(whole(), SAID_OK);
	assert_string_equal(json(),
			    ",\"id\":\"0xb2e1\",\"response\":0,\"opcode\":0,\"names\":[\"WPAD<00>\"]");
	assert_int_equal(names(&n), 1);
	assert_int_equal(n.suffix, 0);
	assert_int_equal(n.section, 0);
	assert_int_equal(n.type, 0x20);
	assert_int_equal(addr_set(n.addr), 0);
}

/* RFC 1002 4.2.2: the question, and in the additional section the address to register, its name a pointer. */
static void
test_registration(void **state)
{
	struct nbns_name n = { 0 };

	(void)state;
	header(REGISTRATION, 1, 0, 0, 1);
	put_name("ISATAP         ");
	PUT("\0\0\x20\0\1");
	PUT("\xc0\x0c\0\x20\0\1\0\4\x93\xe0\0\6\0\0\x0a\x10\x28\x42");
	assert_int_equal(whole(), SAID_OK);
	assert_string_equal(json(), ",\"id\":\"0xb2e1\",\"response\":0,\"opcode\":5,"
				    "\"names\":[\"ISATAP<00>\",\"ISATAP<00>\"],\"addrs\":[\"10.16.40.66\"]");
	assert_int_equal(names(&n), 2);
	assert_int_equal(n.section, 3);
	assert_int_equal(n.ttl, 300000);
	assert_false(n.group);
	assert_true(addr_eq(n.addr, addr4(10, 16, 40, 66)));
	m.b[m.n - 6] = 0x80; /* the group flag of NB_FLAGS */
	assert_int_equal(whole(), SAID_OK);
	assert_int_equal(names(&n), 2);
	assert_true(n.group);
}

/* A multi-homed owner answers with several addresses; a group flag of one says nothing of the next. */
static void
test_several_addresses(void **state)
{
	struct nbns_name n = { 0 };

	(void)state;
	header(POSITIVE, 0, 2, 0, 0);
	put_name("WPAD           ");
	PUT("\0\0\x20\0\1\0\0\0\0\0\x0c\0\0\1\2\3\4\x80\0\5\6\7\x08");
	put_name("OTHER          ");
	PUT("\0\0\x20\0\1\0\0\0\0\0\x08\0\0\x09\x0a\x0b\x0c\0\0"); /* two bytes over: no address */
	assert_int_equal(whole(), SAID_OK);
	assert_string_equal(json(), ",\"id\":\"0xb2e1\",\"response\":1,\"opcode\":0,\"rcode\":0,"
				    "\"names\":[\"WPAD<00>\",\"OTHER<00>\"],"
				    "\"addrs\":[\"1.2.3.4\",\"5.6.7.8\",\"9.10.11.12\"]");
	assert_int_equal(names(&n), 2);
	assert_true(addr_eq(n.addr, addr4(9, 10, 11, 12)));
}

/* RFC 1002 4.2.14 and 4.2.18: a negative answer with a NULL record, a status answer whose data are no addresses. */
static void
test_other_answers(void **state)
{
	(void)state;
	header(NEGATIVE, 0, 1, 0, 0);
	put_name("WPAD           ");
	PUT("\0\0\x0a\0\1\0\0\0\0\0\0");
	assert_int_equal(whole(), SAID_OK);
	assert_string_equal(
		json(),
		",\"id\":\"0xb2e1\",\"response\":1,\"opcode\":0,\"rcode\":3,\"names\":[\"WPAD<00>\"]");

	header(STATUS, 0, 1, 0, 0);
	put_name("*\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	PUT("\0\0\x21\0\1\0\0\0\0\0\x13\1WORKSTATION    \0\4\0");
	assert_int_equal(whole(), SAID_OK);
	assert_non_null(strstr(
		json(), "\"names\":[\"*<00><00><00><00><00><00><00><00><00><00><00><00><00><00><00>\"]"));
	assert_null(strstr(json(), "addrs"));
}

/* One question with this name; the text of it, or "" where there is none. */
static const char *
name_of_bytes(const void *p, size_t n, enum said want)
{
	static struct nbns_name name;
	struct field_it it = { .rec = &obs.u.nbns };

	header(QUERY, 1, 0, 0, 0);
	put(p, n);
	PUT("\0\x20\0\1");
	assert_int_equal(whole(), want);
	return nbns_name_next(&it, &name) ? name.name : "";
}

static const char *
name_of_raw(const char raw[16])
{
	uint8_t wire[34] = { 32 };

	for (size_t i = 0; i < 16; i++) {
		wire[1 + 2 * i] = (uint8_t)('A' + ((uint8_t)raw[i] >> 4));
		wire[2 + 2 * i] = (uint8_t)('A' + (raw[i] & 15));
	}
	return name_of_bytes(wire, sizeof(wire), SAID_OK);
}

static void
test_name_text(void **state)
{
	(void)state;
	assert_string_equal(name_of_raw("wpad  x        \x1b"), "wpad  x<1b>");
	assert_string_equal(name_of_raw("WP\0\1\x1f\x7f         "), "WP<00><01><1f><7f><00>");
	assert_string_equal(name_of_raw("WP\xe9\xc3\xa9          "), "WP<e9><c3><a9><00>");
	assert_string_equal(name_of_raw("\1\2__MSBROWSE__\2\1"), "<01><02>__MSBROWSE__<02><01>");
	assert_string_equal(name_of_raw("A\"\\<>&         \x20"), "A\"\\<>&<20>");
	assert_string_equal(name_of_raw("123456789012345\xff"), "123456789012345<ff>");
	assert_string_equal(name_of_raw("               \x20"),
			    "               <20>"); /* nothing but blanks stays */
	assert_string_equal(name_of_raw("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
			    "<ff><ff><ff><ff><ff><ff><ff><ff><ff><ff><ff><ff><ff><ff><ff><ff>");
}

#define WPAD_ENCODED                                                                                         \
	"\x20"                                                                                               \
	"FHFAEBEECACACACACACACACACACACAAA"
#define NAME(s, want) name_of_bytes((s), sizeof(s) - 1, (want))

/* RFC 1001 14: the scope follows as ordinary labels. */
static void
test_scope(void **state)
{
	char long_name[300] = WPAD_ENCODED, want[1000] = "WPAD<00>";

	(void)state;
	assert_string_equal(NAME(WPAD_ENCODED "\4corp\3lab\0", SAID_OK), "WPAD<00>.corp.lab");
	assert_string_equal(NAME(WPAD_ENCODED "\2\1\n\0", SAID_OK), "WPAD<00>.\\001\\n");

	/* 33 + 3 * 64 + 29 + 1 = 255: as long as a name may be, each byte of the scope in four characters */
	for (size_t at = 33, label = 0; label < 4; label++) {
		size_t len = label < 3 ? 63 : 28;
		long_name[at] = (char)len;
		memset(long_name + at + 1, 1, len);
		at += 1 + len;
		strcat(want, ".");
		for (size_t i = 0; i < len; i++)
			strcat(want, "\\001");
	}
	assert_true(strlen(want) < NBNS_NAME_TEXT);
	assert_string_equal(name_of_bytes(long_name, 255, SAID_OK), want);
	long_name[33 + 3 * 64] = 29; /* one more */
	memset(long_name + 33 + 3 * 64 + 1, 1, 29);
	long_name[255] = 0;
	assert_string_equal(name_of_bytes(long_name, 256, SAID_BAD), "");
}

/* Names that are none give no item; the lengths around them are right, so the message itself is not damaged. */
static void
test_no_first_level(void **state)
{
	(void)state;
	assert_string_equal(NAME("\0", SAID_OK), "");
	assert_string_equal(NAME("\4WPAD\0", SAID_OK), "");
	assert_string_equal(NAME("\x1e"
				 "FHFAEBEECACACACACACACACACACACA\0",
				 SAID_OK),
			    "");
	assert_string_equal(NAME("\x21"
				 "FHFAEBEECACACACACACACACACACACAAAA\0",
				 SAID_OK),
			    "");
	assert_string_equal(NAME("\x20"
				 "FHFAEBEECACACACACACACACACACACAA@\0",
				 SAID_OK),
			    ""); /* below A */
	assert_string_equal(NAME("\x20"
				 "FHFAEBEECACACACACACACACACACACAQA\0",
				 SAID_OK),
			    ""); /* Q is 16 */
	assert_string_equal(NAME("\x20"
				 "fhFAEBEECACACACACACACACACACACAAA\0",
				 SAID_OK),
			    ""); /* lower case */
}

static void
test_bad_names(void **state)
{
	(void)state;
	assert_string_equal(NAME("\xc0\x0c", SAID_BAD), "");		  /* itself */
	assert_string_equal(NAME(WPAD_ENCODED "\xc0\x0c", SAID_BAD), ""); /* its own beginning */
	assert_string_equal(NAME(WPAD_ENCODED "\xc0\x2f", SAID_BAD), ""); /* forward */
	assert_string_equal(NAME("\x40"
				 "FHFAEBEECACACACACACACACACACACAAA\0",
				 SAID_BAD),
			    ""); /* label type 01 */
	assert_string_equal(NAME("\x3f"
				 "FHFAEBEECACACACACACACACACACACAAA\0",
				 SAID_BAD),
			    ""); /* past the end */
	assert_non_null(obs.bad_what);
	assert_int_equal(obs.bad_off, 12);
}

/* A message of several records in which everything below can go wrong. */
static void
put_response(void)
{
	header(0x8580, 1, 1, 1, 1);
	put_name("WPAD           ");
	PUT("\4corp\0\0\x20\0\1");
	PUT("\xc0\x0c\0\x20\0\1\0\0\0\x3c\0\x0c\0\0\1\2\3\4\x80\0\5\6\7\x08");
	PUT("\xc0\x0c\0\2\0\1\0\0\0\x3c\0\2\xc0\x0c");	 /* NS: who to ask */
	PUT("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1"); /* and its address */
}

static void
test_cut_everywhere(void **state)
{
	(void)state;
	put_response();
	assert_int_equal(whole(), SAID_OK);
	assert_int_equal(names(NULL), 4);
	unsigned before = 0;
	for (size_t n = 0; n < m.n; n++) {
		uint8_t *tight = malloc(n ? n : 1);
		assert_non_null(tight);
		memcpy(tight, m.b, n);
		assert_int_equal(dissect(tight, n, m.n), SAID_CUT);
		unsigned now = names(NULL);
		assert_true(now >= before && now <= before + 1 && now < 4);
		before = now;
		(void)json();
		enum said s = dissect(tight, n, n); /* not the capture's fault */
		assert_true(n < 12 ? s == SAID_NO : s == SAID_BAD || s == SAID_NO);
		assert_true(n < 56 || s == SAID_BAD);
		free(tight);
	}
	assert_int_equal(before, 3);
}

static void
test_every_byte_wrong(void **state)
{
	static const uint8_t xors[] = { 0x01, 0x80, 0xff, 0xc0, 0x40, 0x3f };

	(void)state;
	put_response();
	uint8_t *copy = malloc(m.n);
	assert_non_null(copy);
	for (size_t i = 0; i < m.n; i++)
		for (size_t k = 0; k < NELEM(xors) + 1; k++) {
			memcpy(copy, m.b, m.n);
			copy[i] = (uint8_t)(copy[i] ^ xors[k % NELEM(xors)]);
			if (k == NELEM(xors) && i + 1 < m.n)
				copy[i] = copy[i + 1] = 0xff;
			if (dissect(copy, m.n, m.n) == SAID_NO)
				continue;
			assert_true(names(NULL) <= (m.n - 12) / 6);
			(void)json();
		}
	free(copy);
	for (size_t i = 4; i < 12; i += 2) { /* each count one too high, and as high as it goes */
		put_response();
		m.b[i + 1]++;
		assert_int_equal(whole(), SAID_BAD);
		m.b[i] = m.b[i + 1] = 0xff;
		assert_int_equal(whole(), SAID_BAD);
	}
}

static void
test_not_nbns(void **state)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: wpad\r\n\r\n";
	uint8_t noise[128];
	uint32_t seed = 7;
	unsigned claimed = 0;

	(void)state;
	assert_int_equal(dissect(http, sizeof(http) - 1, sizeof(http) - 1), SAID_NO);
	assert_int_equal(dissect("", 0, 0), SAID_NO);
	for (unsigned i = 0; i < 10000; i++) {
		for (size_t k = 0; k < sizeof(noise); k++) {
			seed = seed * 1664525 + 1013904223;
			noise[k] = (uint8_t)(seed >> 24);
		}
		claimed += dissect(noise, sizeof(noise), sizeof(noise)) != SAID_NO;
	}
	assert_int_equal(claimed, 0);
}

/* As many addresses as a hostile answer can hold: the list stops where RFC 1002's own datagrams would. */
static void
test_many_addresses(void **state)
{
	struct field_it it = { .rec = &obs.u.nbns };
	struct addr a;

	(void)state;
	header(POSITIVE, 0, 1, 0, 0);
	put_name("WPAD           ");
	PUT("\0\0\x20\0\1\0\0\0\0");
	put16(60000);
	for (unsigned i = 0; i < 10000; i++)
		PUT("\0\0\x0a\0\0\1");
	assert_int_equal(whole(), SAID_OK);
	for (size_t f = 0; f < dissector_nbns.nfields; f++)
		if (strcmp(dissector_nbns.fields[f].name, "addrs") == 0)
			while (dissector_nbns.fields[f].next(&it, &a))
				it.i++;
	assert_int_equal(it.i, 85);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_registration),
		cmocka_unit_test(test_several_addresses),
		cmocka_unit_test(test_other_answers),
		cmocka_unit_test(test_name_text),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_no_first_level),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_every_byte_wrong),
		cmocka_unit_test(test_not_nbns),
		cmocka_unit_test(test_many_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
