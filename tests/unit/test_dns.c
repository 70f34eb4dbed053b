/* DNS by hand, from RFC 1035: what is read, what is damage, and what is no DNS at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dissector.h"

extern const struct dissector dissector_dns;

enum { UDP = 17, TCP = 6 };

static struct obs obs;
static struct pkt pkt;
static struct stream stream; /* of the direction, over TCP */
static char text[1 << 20];

static enum said
dissect(const void *p, size_t n, size_t wire, uint8_t proto, uint16_t dport)
{
	struct cursor c = cur_init(bytes_of(p, n), wire);

	memset(&obs, 0, sizeof(obs));
	memset(&pkt, 0, sizeof(pkt));
	pkt.ends.ipproto = proto;
	pkt.ends.sport = 40000;
	pkt.ends.dport = dport;
	stream = (struct stream){ .first = true };
	pkt.stream = proto == TCP ? &stream : NULL;
	return dissector_dns.dissect(&c, &pkt, &obs);
}

static const char *
json(void)
{
	struct out o = out_init(text, sizeof(text) - 1);

	field_json(&o, dissector_dns.fields, dissector_dns.nfields, &obs.u.dns);
	assert_true(out_ok(&o));
	text[o.n] = '\0';
	return text;
}

static unsigned
records(struct dns_rr *last)
{
	struct field_it it = { .rec = &obs.u.dns };
	struct dns_rr rr;

	while (dns_rr_next(&it, &rr)) {
		it.i++;
		if (last)
			*last = rr;
	}
	return it.i;
}

/* A message under construction, in memory of exactly its size when it is read. */
struct message {
	uint8_t b[70000];
	size_t n;
};

static struct message m;

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
	put16(0x1234); /* id */
	put16(flags);
	put16(qd);
	put16(an);
	put16(ns);
	put16(ar);
}

static enum said
udp(void)
{
	return dissect(m.b, m.n, m.n, UDP, 53);
}

enum { QUERY = 0x0100, ANSWER = 0x8180, NXDOMAIN = 0x8183, UPDATE = 0x2800 };

static const char wpad_a[] = "\4wpad\4corp\3lab\0"
			     "\0\1"
			     "\0\1"; /* name, type A, class IN */
#define WPAD_A (sizeof(wpad_a) - 1)

static void
test_query(void **state)
{
	(void)state;
	header(QUERY, 1, 0, 0, 0);
	put(wpad_a, WPAD_A);
	assert_int_equal(udp(), SAID_OK);
	assert_string_equal(
		json(), ",\"service\":\"dns\",\"l4\":\"udp\",\"id\":\"0x1234\",\"response\":0,\"opcode\":0,"
			"\"q\":[[\"wpad.corp.lab\",1]]");
	assert_int_equal(obs.u.dns.qdcount, 1);
	assert_int_equal(obs.u.dns.msg.n, m.n);
}

/* A question and one record of each kind whose data is read; names point back to offset 12. */
static void
put_response(void)
{
	header(ANSWER | 0x0400, 1, 7, 1, 2); /* authoritative */
	put(wpad_a, WPAD_A);
	PUT("\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x11");	     /* CNAME corp.lab */
	PUT("\xc0\x11\0\1\0\1\0\0\1\0\0\4\x0a\x10\x28\x42"); /* A 10.16.40.66 */
	PUT("\xc0\x11\0\x1c\x80\1\xff\xff\xff\xff\0\x10"     /* AAAA, cache flush bit */
	    "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	PUT("\xc0\x0c\0\x0c\0\1\0\0\0\0\0\7\4host\xc0\x11");		    /* PTR host.corp.lab */
	PUT("\xc0\x0c\0\x21\0\1\0\0\0\1\0\x0c\0\1\0\2\1\xbb\3srv\xc0\x16"); /* SRV 1 2 443 srv.lab */
	PUT("\xc0\x0c\0\x10\0\1\0\0\0\2\0\3\2ab");			    /* TXT: no target */
	PUT("\xc0\x0c\0\1\0\3\0\0\0\2\0\4\1\2\3\4");			    /* A of class CHAOS: no address */
	PUT("\xc0\x16\0\6\0\1\0\0\0\3\0\x1b\2ns\xc0\x16\xc0\x0c"	    /* SOA ns.lab wpad.corp.lab */
	    "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5");		    /* serial and four times */
	PUT("\2ns\xc0\x16\0\1\0\1\0\0\0\4\0\4\1\2\3\4");		    /* A of ns.lab */
	PUT("\0\0\x29\x04\xd0\0\0\x80\0\0\0");				    /* OPT: 1232 bytes, DO */
}

static void
test_response(void **state)
{
	struct dns_rr rr;

	(void)state;
	put_response();
	assert_int_equal(udp(), SAID_OK);
	assert_string_equal(
		json(), ",\"service\":\"dns\",\"l4\":\"udp\",\"id\":\"0x1234\",\"response\":1,\"opcode\":0,"
			"\"rcode\":0,"
			"\"aa\":true,\"q\":[[\"wpad.corp.lab\",1]],"
			"\"an\":[[\"wpad.corp.lab\",5,60,\"corp.lab\"],[\"corp.lab\",1,256,\"10.16.40.66\"],"
			"[\"corp.lab\",28,4294967295,\"fe80::1\"],[\"wpad.corp.lab\",12,0,\"host.corp.lab\"],"
			"[\"wpad.corp.lab\",33,1,\"srv.lab\"],[\"wpad.corp.lab\",16,2,null],"
			"[\"wpad.corp.lab\",1,2,null]],"
			"\"ns\":[[\"lab\",6,3,\"ns.lab\"]],"
			"\"ar\":[[\"ns.lab\",1,4,\"1.2.3.4\"],[\"<Root>\",41,32768,null]]");
	assert_int_equal(records(&rr), 11);
	assert_int_equal(rr.type, RR_OPT);
	assert_int_equal(rr.section, 3);
	assert_int_equal(rr.klass, 1232);
	assert_non_null(rr.rdata.p);
	assert_int_equal(rr.rdata.n, 0);
}

static void
test_rcode_and_flags(void **state)
{
	(void)state;
	header(NXDOMAIN | 0x0200, 1, 0, 0, 0); /* truncated */
	put(wpad_a, WPAD_A);
	assert_int_equal(udp(), SAID_OK);
	assert_int_equal(obs.u.dns.rcode, DNS_RCODE_NXDOMAIN);
	assert_int_equal(obs.u.dns.tc, 1);
	assert_int_equal(obs.u.dns.aa, 0);
	header(QUERY | 3, 1, 0, 0, 0); /* an rcode in a query means nothing */
	put(wpad_a, WPAD_A);
	assert_int_equal(udp(), SAID_OK);
	assert_null(strstr(json(), "rcode"));
}

/* RFC 2136 2: zone, prerequisite, update, additional are counted where a query counts its sections. */
static void
test_update(void **state)
{
	struct field_it it = { .rec = &obs.u.dns };
	struct dns_rr rr;

	(void)state;
	header(UPDATE, 1, 1, 2, 0);
	PUT("\4corp\3lab\0\0\6\0\1");			   /* zone: SOA, IN */
	PUT("\4wpad\xc0\x0c\0\xff\0\xfe\0\0\0\0\0\0");	   /* must not exist: ANY, class NONE */
	PUT("\xc0\x1a\0\1\0\xff\0\0\0\0\0\0");		   /* delete all A: class ANY, no data */
	PUT("\xc0\x1a\0\1\0\1\0\0\4\xb0\0\4\x0a\0\0\x42"); /* add A 10.0.0.66 */
	assert_int_equal(udp(), SAID_OK);
	assert_int_equal(obs.u.dns.opcode, DNS_OPCODE_UPDATE);
	static const uint8_t sections[] = { 0, 1, 2, 2 };
	for (; dns_rr_next(&it, &rr); it.i++) {
		assert_int_equal(rr.section, sections[it.i]);
		assert_string_equal(rr.name, it.i ? "wpad.corp.lab" : "corp.lab");
		assert_int_equal(addr_set(rr.addr), it.i == 3);
	}
	assert_int_equal(it.i, 4);
}

static void
test_services(void **state)
{
	static const struct {
		uint16_t sport, dport;
		const char *name;
	} cases[] = {
		{ 40000, 53, "dns" },	  { 53, 40000, "dns" },
		{ 5353, 53, "dns" }, /* a client may bind any port */
		{ 5353, 5353, "mdns" },	  { 40000, 5353, "mdns" },
		{ 5355, 40000, "llmnr" }, { 40000, 5355, "llmnr" },
	};

	(void)state;
	header(QUERY, 1, 0, 0, 0);
	put(wpad_a, WPAD_A);
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct cursor c = cur_all(bytes_of(m.b, m.n));
		pkt.ends.ipproto = UDP;
		pkt.ends.sport = cases[i].sport;
		pkt.ends.dport = cases[i].dport;
		assert_int_equal(dissector_dns.dissect(&c, &pkt, &obs), SAID_OK);
		assert_non_null(strstr(json(), cases[i].name));
	}
}

/* One question whose name is these bytes; then what the iterator makes of it. */
static enum said
one_name(const void *p, size_t n, struct dns_rr *rr)
{
	struct field_it it = { .rec = &obs.u.dns };

	header(QUERY, 1, 0, 0, 0);
	put(p, n);
	PUT("\0\1\0\1");
	enum said s = udp();
	memset(rr, 0, sizeof(*rr));
	if (!dns_rr_next(&it, rr))
		rr->name[0] = '\0';
	return s;
}

#define NAME(s, rr) one_name((s), sizeof(s) - 1, (rr))

static void
test_label_text(void **state)
{
	struct dns_rr rr;

	(void)state;
	assert_int_equal(NAME("\0", &rr), SAID_OK);
	assert_string_equal(rr.name, "<Root>");
	assert_int_equal(NAME("\6WPad-_\1*\0", &rr), SAID_OK);
	assert_string_equal(rr.name, "WPad-_.*");
	assert_int_equal(NAME("\3a.b\3c\\d\3 \"<\0", &rr), SAID_OK);
	assert_string_equal(rr.name, "a.b.c\\d. \"<");
	assert_int_equal(NAME("\x0c\0\1\6\7\x08\t\n\x0b\x0c\r\x1f\x7f\0", &rr), SAID_OK);
	assert_string_equal(rr.name, "\\000\\001\\006\\a\\b\\t\\n\\v\\f\\r\\037\\177");
	assert_int_equal(NAME("\3\xc3\xa9\xff\0", &rr), SAID_OK); /* high bytes stay; JSON makes them UTF-8 */
	assert_string_equal(rr.name, "\xc3\xa9\xff");
	assert_non_null(strstr(json(), "[[\"\xc3\xa9\xef\xbf\xbd\",1]]"));
}

/* RFC 1035 2.3.4: labels 63, names 255 bytes. */
static void
test_limits(void **state)
{
	struct dns_rr rr;
	uint8_t name[300] = { 0 };

	(void)state;
	for (size_t i = 0; i < 256; i++) /* four labels of 62: 252 bytes, then one that ends at 255 or 256 */
		name[i] = i % 63 ? (uint8_t)('a' + i / 63) : 62;
	name[252] = 1;
	name[253] = 'z';
	name[254] = 0;
	assert_int_equal(one_name(name, 255, &rr), SAID_OK);
	assert_int_equal(strlen(rr.name), 4 * 62 + 4 + 1);
	name[252] = 2;
	name[254] = 'z';
	name[255] = 0;
	assert_int_equal(one_name(name, 256, &rr), SAID_BAD);
	assert_string_equal(rr.name, "");

	memset(name, 'x', sizeof(name));
	name[0] = 63;
	name[64] = 0;
	assert_int_equal(one_name(name, 65, &rr), SAID_OK);
	assert_int_equal(strlen(rr.name), 63);
	memset(name, 1, sizeof(name)); /* every byte needs four characters */
	for (size_t i = 0; i < 4; i++)
		name[64 * i] = i < 3 ? 63 : 61;
	name[254] = 0;
	assert_int_equal(one_name(name, 255, &rr), SAID_OK);
	assert_int_equal(strlen(rr.name), 4 * (63 + 63 + 63 + 61) + 3);
	assert_string_equal(obs.bad_what ? obs.bad_what : "", "");
}

/* Label types 01 and 10, and names that run off the message. */
static void
test_bad_labels(void **state)
{
	struct dns_rr rr;

	(void)state;
	assert_int_equal(NAME("\x41\3\x80\1x\0", &rr), SAID_BAD); /* bit string, RFC 2673 */
	assert_int_equal(NAME("\x80\1x\0", &rr), SAID_BAD);
	assert_int_equal(NAME("\xbf\1x\0", &rr), SAID_BAD);
	assert_int_equal(NAME("\5wpad", &rr), SAID_BAD); /* swallows the type */
	assert_string_equal(rr.name, "");
	assert_int_equal(NAME("\4wpad\x3f", &rr), SAID_BAD);
	assert_non_null(obs.bad_what);
	assert_int_equal(obs.bad_off, 12);
}

/* RFC 1035 4.1.4: a pointer leads to a prior occurrence. */
static void
test_bad_pointers(void **state)
{
	struct dns_rr rr;

	(void)state;
	assert_int_equal(NAME("\xc0\x0c", &rr), SAID_BAD);	 /* itself */
	assert_int_equal(NAME("\4wpad\xc0\x0c", &rr), SAID_BAD); /* the name that it is part of */
	assert_int_equal(NAME("\4wpad\xc0\x11", &rr), SAID_BAD); /* its own two bytes */
	assert_int_equal(NAME("\4wpad\xc0\x13", &rr), SAID_BAD); /* forward */
	assert_int_equal(NAME("\4wpad\xff\xff", &rr), SAID_BAD); /* outside */
	assert_int_equal(NAME("\xc0", &rr), SAID_BAD);		 /* swallows the type: 0xc000 */
	assert_string_equal(rr.name, "");
}

/* glibc takes any zero byte before it for the end of a name, those of the header too: what it would believe is read. */
static void
test_pointer_into_header(void **state)
{
	struct dns_rr rr;

	(void)state;
	assert_int_equal(NAME("\4wpad\xc0\x0b", &rr), SAID_OK);
	assert_string_equal(rr.name, "wpad");
}

/* Two names that point at each other cannot be written: the second pointer would lead forward. */
static void
test_loop_of_two(void **state)
{
	(void)state;
	header(QUERY, 2, 0, 0, 0);
	PUT("\1a\xc0\x12\0\1\0\1"); /* at 12: points to 18 */
	PUT("\1b\xc0\x0c\0\1\0\1"); /* at 20 */
	assert_int_equal(udp(), SAID_BAD);
	assert_int_equal(records(NULL), 0);
}

/* A record whose data holds a chain of `n` pointers, each to the one before, and a name that enters at its end. */
static enum said
pointer_chain(unsigned n)
{
	header(ANSWER, 0, 2, 0, 0);
	PUT("\0\0\x0a\0\1\0\0\0\0"); /* at 12: NULL record of the root */
	put16(3 + 2 * n);
	PUT("\1x\0"); /* at 23 */
	for (unsigned i = 0; i < n; i++)
		put16(0xc000 | (i ? 26 + 2 * (i - 1) : 23));
	put16(0xc000 | (n ? 26 + 2 * (n - 1) : 23));
	PUT("\0\1\0\1\0\0\0\0\0\4\1\2\3\4");
	return udp();
}

static void
test_pointer_chain(void **state)
{
	struct dns_rr rr;

	(void)state;
	assert_int_equal(pointer_chain(0), SAID_OK);
	assert_int_equal(records(&rr), 2);
	assert_string_equal(rr.name, "x");
	assert_int_equal(pointer_chain(127), SAID_OK); /* 128 jumps in all */
	assert_int_equal(records(&rr), 2);
	assert_string_equal(rr.name, "x");
	(void)pointer_chain(128);
	assert_int_equal(records(&rr), 1);
}

/* The sum of labels counts, not where they stand: pointers must not get around 255 bytes. */
static void
test_expansion_limit(void **state)
{
	struct dns_rr rr;

	(void)state;
	header(QUERY, 5, 0, 0, 0);
	for (unsigned i = 0, prior = 0; i < 5; i++) { /* each name: 62 letters and the name before */
		unsigned at = (unsigned)m.n;
		uint8_t label[63];
		memset(label, 'a' + (int)i, sizeof(label));
		label[0] = 62;
		put(label, sizeof(label));
		if (i)
			put16(0xc000 | prior);
		else
			PUT("\0");
		PUT("\0\1\0\1");
		prior = at;
	}
	assert_int_equal(udp(), SAID_OK);  /* no name was expanded yet */
	assert_int_equal(records(&rr), 4); /* 4 * 63 + 1 = 253, the fifth would be 316 */
	assert_int_equal(strlen(rr.name), 4 * 62 + 3);
}

/* Damage inside the data of a record costs its target, not the records behind it. */
static void
test_damaged_data(void **state)
{
	struct dns_rr rr;

	(void)state;
	header(ANSWER, 1, 3, 0, 0);
	put(wpad_a, WPAD_A);
	PUT("\xc0\x0c\0\5\0\1\0\0\0\0\0\2\xff\xff");   /* CNAME that points outside */
	PUT("\xc0\x0c\0\5\0\1\0\0\0\0\0\3\5ab");       /* a label longer than the data */
	PUT("\xc0\x0c\0\1\0\1\0\0\0\0\0\5\1\2\3\4\5"); /* A of five bytes */
	assert_int_equal(udp(), SAID_OK);
	assert_int_equal(records(&rr), 4);
	assert_non_null(strstr(json(), "\"an\":[[\"wpad.corp.lab\",5,0,null],[\"wpad.corp.lab\",5,0,null],"
				       "[\"wpad.corp.lab\",1,0,null]]"));
}

/* Cut at each byte by the capture: CUT, and of the records those that were whole. */
static void
test_cut_everywhere(void **state)
{
	(void)state;
	put_response();
	assert_int_equal(udp(), SAID_OK);
	unsigned all = records(NULL), before = 0;
	for (size_t n = 0; n < m.n; n++) {
		uint8_t *tight = malloc(n ? n : 1);
		assert_non_null(tight);
		memcpy(tight, m.b, n);
		assert_int_equal(dissect(tight, n, m.n, UDP, 53), SAID_CUT);
		unsigned now = records(NULL);
		assert_true(now >= before && now <= before + 1 && now < all);
		before = now;
		(void)json();
		free(tight);
	}
	assert_int_equal(before, all - 1);
}

/* The same bytes as a datagram that ends there: damage, or too little to be called DNS; never OK. */
static void
test_short_everywhere(void **state)
{
	(void)state;
	put_response();
	for (size_t n = 0; n < m.n; n++) {
		uint8_t *tight = malloc(n ? n : 1);
		assert_non_null(tight);
		memcpy(tight, m.b, n);
		enum said s = dissect(tight, n, n, UDP, 53);
		assert_int_equal(s, n < 12 ? SAID_NO : n < 31 ? s : SAID_BAD);
		assert_true(s == SAID_BAD || s == SAID_NO);
		if (s == SAID_BAD)
			(void)json();
		free(tight);
	}
}

/* Every byte set to each of a few values, every pair of bytes to the largest number: nothing is read outside, and
 * counts that lie give no more records than there are. */
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
			enum said s = dissect(copy, m.n, m.n, UDP, 53);
			if (s == SAID_NO)
				continue;
			assert_true(records(NULL) <= (m.n - 12) / 5);
			(void)json();
		}
	free(copy);
}

/* Each of the four counts one too high, one too low and as high as it goes: a good message with a lie in it. */
static void
test_counts(void **state)
{
	(void)state;
	for (size_t i = 4; i < 12; i += 2) {
		put_response();
		m.b[i + 1]++;
		assert_int_equal(udp(), SAID_BAD);
		put_response();
		m.b[i + 1]--;
		assert_int_not_equal(udp(), SAID_NO);
		put_response();
		m.b[i] = m.b[i + 1] = 0xff;
		assert_int_equal(udp(), SAID_BAD);
		assert_true(records(NULL) <= 13);
	}
}

static void
test_not_dns(void **state)
{
	static const char http[] = "GET /wpad.dat HTTP/1.1\r\nHost: wpad.corp.lab\r\n\r\n";
	static const char stun[] = "\0\1\0\x08\x21\x12\xa4\x42"
				   "abcdefghijkl"
				   "\0\6\0\4user";
	uint8_t noise[256];
	uint32_t seed = 1;
	unsigned claimed = 0;

	(void)state;
	assert_int_equal(dissect(http, sizeof(http) - 1, sizeof(http) - 1, UDP, 53), SAID_NO);
	assert_int_equal(dissect(http, sizeof(http) - 1, sizeof(http) - 1, TCP, 53), SAID_NO);
	assert_int_equal(dissect(stun, sizeof(stun) - 1, sizeof(stun) - 1, UDP, 53), SAID_NO);
	assert_int_equal(dissect("", 0, 0, UDP, 53), SAID_NO);
	assert_int_equal(dissect("", 0, 1, TCP, 53), SAID_CUT);
	for (unsigned i = 0; i < 10000; i++) {
		for (size_t k = 0; k < sizeof(noise); k++) {
			seed = seed * 1664525 + 1013904223;
			noise[k] = (uint8_t)(seed >> 24);
		}
		claimed += dissect(noise, sizeof(noise), sizeof(noise), UDP, 53) != SAID_NO;
		assert_int_equal(dissect(noise, sizeof(noise), sizeof(noise), TCP, 53), SAID_NO);
	}
	assert_true(claimed <= 100); /* one class of a first record in 7000 is a known one by chance */
}

/* RFC 1035 4.2.2: two bytes of length before each message. */
static void
tcp_segment(unsigned messages)
{
	uint8_t one[600];
	size_t n;

	put_response();
	n = m.n;
	memcpy(one, m.b, n);
	m.n = 0;
	for (unsigned i = 0; i < messages; i++) {
		put16((unsigned)n);
		put(one, n);
	}
}

static void
test_tcp(void **state)
{
	(void)state;
	tcp_segment(1);
	assert_int_equal(dissect(m.b, m.n, m.n, TCP, 53), SAID_OK);
	assert_int_equal(obs.u.dns.tcp, 1);
	assert_int_equal(records(NULL), 11);
	assert_non_null(strstr(json(), "\"l4\":\"tcp\""));
	assert_int_equal(pkt.next.kind, CLAIM_NONE);
	assert_int_equal(dissect(m.b, m.n, m.n, TCP, 5355), SAID_OK);
	assert_int_equal(obs.u.dns.service, DNS_LLMNR);
}

/* The walk asks again for what is left. */
static void
test_tcp_several(void **state)
{
	(void)state;
	tcp_segment(3);
	size_t each = m.n / 3;
	struct cursor c = cur_init(bytes_of(m.b, m.n), m.n + 1);
	(void)dissect(m.b, m.n, m.n + 1, TCP, 53);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(dissector_dns.dissect(&c, &pkt, &obs), SAID_OK);
		assert_int_equal(records(NULL), 11);
		assert_int_equal(obs.u.dns.msg.n, each - 2);
		assert_int_equal(cur_off(&c), i * each);
		stream.first = false;
	}
}

/* More bytes are to come, as many as the length says; the middle of a message is nobody's. */
static void
test_tcp_pieces(void **state)
{
	(void)state;
	tcp_segment(1);
	for (size_t n = 0; n < m.n; n++) {
		assert_int_equal(dissect(m.b, n, n + 1, TCP, 53), SAID_CUT);
		assert_int_equal(stream.need, n < 2 ? 0 : m.n);
		(void)json();
	}
	for (size_t from = 1; from + 14 < m.n; from++) {
		enum said s = dissect(m.b + from, m.n - from, m.n - from + 1, TCP, 53);
		assert_true(s == SAID_NO || (s == SAID_CUT && stream.need > m.n - from));
	}
	tcp_segment(1);
	m.b[0] = m.b[1] = 0; /* length 0 */
	assert_int_equal(dissect(m.b, m.n, m.n + 1, TCP, 53), SAID_NO);
	m.b[1] = 40; /* shorter than its records */
	assert_int_equal(dissect(m.b, m.n, m.n + 1, TCP, 53), SAID_NO);
}

/* What is wrong inside a message ends with it: its length says where the next one is. */
static void
test_tcp_damaged(void **state)
{
	(void)state;
	tcp_segment(1);
	m.b[2 + 7]++; /* one answer more than there is */
	stream.first = false;
	struct cursor c = cur_init(bytes_of(m.b, m.n), m.n + 1);
	(void)dissect(m.b, m.n, m.n + 1, TCP, 53);
	stream.first = false;
	obs.flags = 0;
	assert_int_equal(dissector_dns.dissect(&c, &pkt, &obs), SAID_OK);
	assert_int_equal(obs.flags, OBS_BAD);
	assert_non_null(obs.bad_what);
	assert_int_equal(cur_off(&c), m.n);
}

/* The largest message of the smallest records: every count at its limit, and the work is bounded by the bytes. */
static void
test_many_records(void **state)
{
	(void)state;
	header(QUERY, 13000, 0, 0, 0);
	PUT("\1a\0\0\1\0\1");
	while (m.n + 6 <= 65535)
		PUT("\xc0\x0c\0\1\0\1");
	assert_int_equal(udp(), SAID_BAD);
	assert_int_equal(records(NULL), (m.n - 12 - 7) / 6 + 1);
}

/* The fields of a record that a caller asks for again start from the beginning. */
static void
test_iterators_restart(void **state)
{
	(void)state;
	put_response();
	assert_int_equal(udp(), SAID_OK);
	assert_int_equal(records(NULL), 11);
	assert_int_equal(records(NULL), 11);
	for (size_t i = 0; i < dissector_dns.nfields; i++)
		if (dissector_dns.fields[i].type == F_ROWS)
			assert_true(field_present(&dissector_dns.fields[i], &obs.u.dns));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_rcode_and_flags),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_label_text),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bad_labels),
		cmocka_unit_test(test_bad_pointers),
		cmocka_unit_test(test_pointer_into_header),
		cmocka_unit_test(test_loop_of_two),
		cmocka_unit_test(test_pointer_chain),
		cmocka_unit_test(test_expansion_limit),
		cmocka_unit_test(test_damaged_data),
		cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_short_everywhere),
		cmocka_unit_test(test_every_byte_wrong),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_not_dns),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_several),
		cmocka_unit_test(test_tcp_pieces),
		cmocka_unit_test(test_tcp_damaged),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_iterators_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
