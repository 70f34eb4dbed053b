/* DHCPv4 by hand, from RFC 2131, 2132, 3046, 3396, 3397, 3442 and 4702: what is read, from which area, and what a
 * message that lies or that the capture cut must not make us believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dissector.h"
#include "walk.h"

extern const struct dissector dissector_dhcp4;

enum { HEADER = 236, OPTIONS = 240, SNAME = 44, FILE_AT = 108, ROOM = 20000 };

static struct obs obs;
static char text[1 << 18];
static void *walk_mem;

struct msg {
	uint8_t b[ROOM];
	size_t n;
};

/* RFC 2131 section 2, figure 1. */
static const uint8_t head[SNAME] = {
	0x02,								 /* op: reply */
	0x01,								 /* htype: Ethernet */
	0x06,								 /* hlen */
	0x01,								 /* hops */
	0x3d, 0x1d, 0xc0, 0xde,						 /* xid */
	0x00, 0x07,							 /* secs */
	0x80, 0x00,							 /* flags: broadcast */
	0x00, 0x00, 0x00, 0x00,						 /* ciaddr */
	0xc0, 0xa8, 0x01, 0x64,						 /* yiaddr 192.168.1.100 */
	0xc0, 0xa8, 0x01, 0x02,						 /* siaddr 192.168.1.2 */
	0xc0, 0xa8, 0x01, 0x01,						 /* giaddr 192.168.1.1 */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 /* chaddr, padded */
};

static struct msg
begin(void)
{
	struct msg m = { .n = OPTIONS };
	memcpy(m.b, head, sizeof(head));
	memcpy(m.b + HEADER, "\x63\x82\x53\x63", 4); /* RFC 2131 section 3: 99, 130, 83, 99 */
	return m;
}

static void
put(struct msg *m, const void *p, size_t n)
{
	assert_true(m->n + n <= ROOM);
	memcpy(m->b + m->n, p, n);
	m->n += n;
}

#define PUT(m, literal) put(m, literal, sizeof(literal) - 1)

static void
opt(struct msg *m, uint8_t code, const void *p, size_t n)
{
	uint8_t tl[2] = { code, (uint8_t)n };
	put(m, tl, 2);
	put(m, p, n);
}

#define OPT(m, code, literal) opt(m, code, literal, sizeof(literal) - 1)

/* Every byte behind the copy is out of bounds, so that a sanitizer sees one read too many. */
static enum said
dissect(const void *p, size_t n, size_t wire)
{
	static const struct walk_limits few = { .datagrams = 1, .bytes = 576 };
	struct pkt pkt;
	uint8_t *tight = malloc(n + (n == 0));
	static uint8_t *last;

	assert_non_null(tight);
	if (n)
		memcpy(tight, p, n);
	if (walk_mem == NULL)
		walk_mem = malloc(walk_bytes(&few));
	assert_non_null(walk_mem);
	free(last); /* the views of the record before */
	last = tight;
	memset(&obs, 0, sizeof(obs));
	memset(&pkt, 0, sizeof(pkt));
	pkt.w = walk_open(&few, walk_mem, (struct sipkey){ { 1, 2 } });
	pkt.ends.sport = DHCP4_SERVER_PORT;
	pkt.ends.dport = DHCP4_CLIENT_PORT;
	struct cursor c = cur_init(bytes_of(tight, n), wire);
	return dissector_dhcp4.dissect(&c, &pkt, &obs);
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

	field_json(&o, dissector_dhcp4.fields, dissector_dhcp4.nfields, &obs.u.dhcp4);
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

static void
assert_bytes(struct bytes b, const char *want)
{
	assert_non_null(b.p);
	assert_int_equal(b.n, strlen(want));
	assert_memory_equal(b.p, want, b.n);
}

static const struct dhcp4 *
d4(void)
{
	return &obs.u.dhcp4;
}

/* The options of a full offer. */
static struct msg
offer(void)
{
	struct msg m = begin();
	OPT(&m, 53, "\x02");				/* DHCPOFFER */
	OPT(&m, 54, "\xc0\xa8\x01\x02");		/* server 192.168.1.2 */
	OPT(&m, 51, "\x00\x00\x0e\x10");		/* lease 3600 s */
	OPT(&m, 58, "\x00\x00\x07\x08");		/* T1 1800 s */
	OPT(&m, 59, "\x00\x00\x0c\x4e");		/* T2 3150 s */
	OPT(&m, 1, "\xff\xff\xff\x00");			/* mask */
	OPT(&m, 28, "\xc0\xa8\x01\xff");		/* broadcast */
	OPT(&m, 3, "\xc0\xa8\x01\x01");			/* router */
	OPT(&m, 6, "\x01\x01\x01\x01\x09\x09\x09\x09"); /* two resolvers */
	OPT(&m, 15, "corp.lab");			/* domain */
	OPT(&m, 42, "\xc0\xa8\x01\x03");		/* NTP */
	OPT(&m, 44, "\xc0\xa8\x01\x04");		/* WINS */
	OPT(&m, 252, "http://wpad/p.dat\0");		/* with the NUL that Windows servers append */
	OPT(&m, 121, "\x08\x0a\xc0\xa8\x01\x01\x00\xc0\xa8\x01\xfe"); /* 10/8 via .1, 0/0 via .254 */
	OPT(&m, 249, "\x20\x0a\x01\x02\x03\xc0\xa8\x01\x01");	      /* 10.1.2.3/32 via .1 */
	OPT(&m, 33, "\x0a\x00\x00\x01\xc0\xa8\x01\x01");	      /* 10.0.0.1 via .1 */
	OPT(&m, 119,
	    "\x04"
	    "corp\x03"
	    "lab\x00\x03"
	    "dev\xc0\x00"); /* corp.lab, dev.corp.lab */
	OPT(&m, 82,
	    "\x01\x02"
	    "p1\x02\x03\x00\x01\x02\x97\x01"
	    "v"); /* circuit, remote, 151 */
	OPT(&m, 114, "https://portal/");
	OPT(&m, 66, "tftp");
	OPT(&m, 67, "boot.img");
	OPT(&m, 56, "hello");
	PUT(&m, "\xff");
	return m;
}

static void
test_offer(void **state)
{
	struct msg m = offer();
	(void)state;
	memcpy(m.b + SNAME, "srv", 3);
	memcpy(m.b + FILE_AT, "pxelinux.0", 10);
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->msg_type, D4_OFFER);
	assert_int_equal(d4()->anomalies, 0);
	assert_json(",\"op\":2,\"htype\":1,\"hlen\":6,\"hops\":1,\"xid\":\"0x3d1dc0de\",\"secs\":7,\"flags\":"
		    "\"0x8000\","
		    "\"ciaddr\":\"0.0.0.0\",\"yiaddr\":\"192.168.1.100\",\"siaddr\":\"192.168.1.2\","
		    "\"giaddr\":\"192.168.1.1\",\"chaddr\":\"02:00:5e:10:00:05\",\"sname\":\"srv\","
		    "\"file\":\"pxelinux.0\",\"msg_type\":2,\"msg\":\"offer\",\"o\":[[53,\"02\"],[54,"
		    "\"c0a80102\"]");
	assert_json("\"server_id\":\"192.168.1.2\",\"subnet_mask\":\"255.255.255.0\"");
	assert_json("\"domain\":\"corp.lab\"");
	assert_json("\"broadcast\":\"192.168.1.255\"");
	assert_json("\"lease\":3600,\"renewal\":1800,\"rebinding\":3150");
	assert_json(
		"\"routers\":[\"192.168.1.1\"],\"dns\":[\"1.1.1.1\",\"9.9.9.9\"],\"ntp\":[\"192.168.1.3\"],"
		"\"nbns\":[\"192.168.1.4\"],\"domain_search\":[\"corp.lab\",\"dev.corp.lab\"]");
	assert_json("\"wpad\":\"http://wpad/p.dat\",\"wpad_hex\":\"687474703a2f2f777061642f702e64617400\"");
	assert_json("\"routes121\":[\"10.0.0.0/8 via 192.168.1.1\",\"0.0.0.0/0 via 192.168.1.254\"]");
	assert_json("\"routes249\":[\"10.1.2.3/32 via 192.168.1.1\"],\"routes33\":[\"10.0.0.1/32 via "
		    "192.168.1.1\"]");
	assert_json("\"relay_agent\":{\"circuit_id\":\"7031\",\"remote_id\":\"000102\",\"sub151\":\"76\"}");
	assert_json("\"message\":\"hello\",\"tftp_server\":\"tftp\",\"bootfile\":\"boot.img\"");
	assert_json("\"captive_portal\":\"https://portal/\"");
	assert_no_key("\"anomalies\"");
}

static void
test_request(void **state)
{
	struct msg m = begin();
	(void)state;
	m.b[0] = 1;
	OPT(&m, 53, "\x03");			     /* DHCPREQUEST */
	OPT(&m, 61, "\x01\x02\x00\x5e\x10\x00\x05"); /* client identifier: type 1, MAC */
	OPT(&m, 50, "\xc0\xa8\x01\x64");	     /* requested address */
	OPT(&m, 12, "ws-acc-11");
	OPT(&m, 60, "MSFT 5.0");
	OPT(&m, 57, "\x05\xdc"); /* 1500 */
	OPT(&m, 55, "\x01\x03\x06\xf9\xfc");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_json("\"msg_type\":3,\"msg\":\"request\"");
	assert_json("\"client_id\":\"0102005e100005\"");
	assert_json("\"requested_ip\":\"192.168.1.100\",\"hostname\":\"ws-acc-11\",\"vendor_class\":\"MSFT "
		    "5.0\"");
	assert_json("\"max_size\":1500,\"params\":[1,3,6,249,252]");
	assert_no_key("\"lease\"");
	assert_no_key("\"server_id\"");
	assert_no_key("\"relay_agent\"");
	assert_no_key("\"sname\"");
}

static bool
addr_same_or_none(struct addr got, struct addr want)
{
	return !addr_set(got) || addr_eq(got, want);
}

static bool
view_same_or_none(struct bytes got, struct bytes want)
{
	return got.p == NULL || (want.p != NULL && bytes_eq(got, want));
}

/* What a cut message says, the whole one says too. */
static void
assert_within(const struct dhcp4 *got, const struct dhcp4 *full)
{
	assert_int_equal(got->set & ~full->set, 0);
	for (uint16_t i = 0; i < got->nopt; i++) {
		struct bytes v = dhcp4_opt(full, got->opt[i].code);
		assert_non_null(v.p);
		assert_true(v.n >= got->opt[i].v.n);
		assert_memory_equal(got->opt[i].v.p, v.p, got->opt[i].v.n);
	}
	assert_true(addr_same_or_none(got->ciaddr, full->ciaddr));
	assert_true(addr_same_or_none(got->yiaddr, full->yiaddr));
	assert_true(addr_same_or_none(got->siaddr, full->siaddr));
	assert_true(addr_same_or_none(got->giaddr, full->giaddr));
	assert_true(addr_same_or_none(got->server_id, full->server_id));
	assert_true(addr_same_or_none(got->subnet_mask, full->subnet_mask));
	assert_true(view_same_or_none(got->chaddr, full->chaddr));
	assert_true(view_same_or_none(got->sname, full->sname));
	assert_true(view_same_or_none(got->file, full->file));
	assert_true(view_same_or_none(got->domain, full->domain));
	assert_true(view_same_or_none(got->wpad, full->wpad));
	if (got->set >> D4H_KIND & 1)
		assert_int_equal(got->msg_type, full->msg_type);
	assert_int_equal(got->anomalies & ~full->anomalies, 0);
}

static void
cut_everywhere(const struct msg *m)
{
	static struct dhcp4 full;
	uint8_t *keep = malloc(m->n); /* the whole one's views outlive the next call */

	assert_non_null(keep);
	(void)whole(m);
	full = obs.u.dhcp4;
	const uint8_t *from = full.area[0].p - OPTIONS;
	memcpy(keep, from, m->n);
	struct bytes *views[] = { &full.chaddr, &full.sname, &full.file, &full.domain, &full.wpad };
	for (size_t i = 0; i < NELEM(views); i++)
		if (views[i]->p)
			views[i]->p = keep + (views[i]->p - from);
	for (uint16_t i = 0; i < full.nopt; i++)
		full.opt[i].v.p = keep + (full.opt[i].v.p - from);
	for (size_t n = 0; n < m->n; n++) {
		assert_int_equal(dissect(m->b, n, m->n), SAID_CUT);
		assert_within(d4(), &full);
		(void)json();
	}
	free(keep);
}

static void
test_cut_at_each_byte(void **state)
{
	struct msg m = offer();
	(void)state;
	memcpy(m.b + SNAME, "srv", 3);
	memcpy(m.b + FILE_AT, "pxelinux.0", 10);
	cut_everywhere(&m);
	PUT(&m, "\0\0\0\0\0\0"); /* padding behind END is part of the message too */
	cut_everywhere(&m);
}

/* Cut before option 52, sname may hold options: it must not be told as a name. */
static void
test_cut_overload(void **state)
{
	struct msg m = begin();
	(void)state;
	memcpy(m.b + SNAME, "\x06\x04\x06\x06\x06\x06\xff", 7);
	OPT(&m, 53, "\x02");
	OPT(&m, 52, "\x02");
	PUT(&m, "\xff");
	for (size_t n = 0; n < m.n; n++) {
		assert_int_equal(dissect(m.b, n, m.n), SAID_CUT);
		assert_null(d4()->sname.p);
		assert_null(
			dhcp4_opt(d4(), 6).p); /* the first part of a split value may be in what was cut */
	}
	assert_int_equal(dissect(m.b, m.n, m.n), SAID_OK);
	assert_json("\"dns\":[\"6.6.6.6\"]");
}

/* A message whose option 53 the capture did not show is not BOOTP. */
static void
test_cut_is_not_bootp(void **state)
{
	struct msg m = begin();
	(void)state;
	OPT(&m, 61, "\x01\x02\x00\x5e\x10\x00\x05");
	OPT(&m, 53, "\x01");
	PUT(&m, "\xff");
	assert_int_equal(dissect(m.b, OPTIONS + 9, m.n), SAID_CUT);
	assert_no_key("\"msg\"");
	assert_no_key("\"msg_type\"");
	assert_json("\"client_id\"");
	assert_int_equal(dissect(m.b, HEADER, m.n), SAID_CUT);
	assert_no_key("\"msg\"");
}

static void
test_lengths_perturbed(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 63, 64, 127, 128, 192, 254, 255 };
	const struct msg m = offer();
	(void)state;
	for (size_t at = OPTIONS; at < m.n; at++)
		for (size_t i = 0; i < NELEM(values) + 2; i++) {
			struct msg bad = m;
			bad.b[at] = i < NELEM(values)	 ? values[i]
				    : i == NELEM(values) ? (uint8_t)(m.b[at] + 1)
							 : (uint8_t)(m.b[at] - 1);
			enum said s = whole(&bad);
			assert_true(s == SAID_OK || s == SAID_BAD);
			assert_int_equal(s == SAID_BAD, (d4()->anomalies & D4A_OPTION_PAST_END) != 0);
			(void)json();
		}
}

static void
test_noise(void **state)
{
	static uint8_t noise[1500];
	uint32_t x = 1;
	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t n = OPTIONS + (unsigned)round % 300;
		for (size_t i = 0; i < n; i++)
			noise[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		memcpy(noise, head, round & 1 ? 3 : 1);
		memcpy(noise + HEADER, "\x63\x82\x53\x63", 4);
		if (round & 2)
			memcpy(noise + OPTIONS, "\x34\x01\x03", 3);
		assert_true(dissect(noise, n, n + (round & 4)) != SAID_NO);
		(void)json();
	}
}

/* RFC 2132 section 9.3, RFC 3396 section 5: options, file, sname; END ends its own area only. */
static void
test_overload_order(void **state)
{
	struct msg m = begin();
	(void)state;
	memcpy(m.b + FILE_AT,
	       "\x0c\x02"
	       "cd\xff\x0f\x01"
	       "x",
	       8); /* what stands behind END is no option */
	memcpy(m.b + SNAME,
	       "\x0c\x02"
	       "ef\x0f\x03"
	       "lab\xff",
	       10);
	OPT(&m, 53, "\x02");
	OPT(&m, 52, "\x03");
	OPT(&m, 12, "ab");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, 0);
	assert_json("\"hostname\":\"abcdef\"");
	assert_json("\"domain\":\"lab\"");
	assert_json(
		"\"o\":[[53,\"02\"],[52,\"03\"],[12,\"6162\"],[12,\"6364\"],[12,\"6566\"],[15,\"6c6162\"]]");
	assert_no_key("\"sname\"");
	assert_no_key("\"file\"");
}

static void
test_overload_one_area(void **state)
{
	(void)state;
	for (uint8_t which = 1; which <= 2; which++) {
		struct msg m = begin();
		memcpy(m.b + FILE_AT,
		       "\x0c\x01"
		       "f\xff",
		       4);
		memcpy(m.b + SNAME,
		       "\x0c\x01"
		       "s\xff",
		       4);
		opt(&m, 52, &which, 1);
		PUT(&m, "\xff");
		assert_int_equal(whole(&m), SAID_OK);
		assert_json(which == 1 ? "\"hostname\":\"f\"" : "\"hostname\":\"s\"");
		assert_json(which == 1 ? "\"sname\":\"" : "\"file\":\"");
		assert_no_key(which == 1 ? "\"file\"" : "\"sname\"");
	}
}

/* The clean half for those who look at one area, the other for the clients. */
static void
test_overload_evasion(void **state)
{
	struct msg m = begin();
	(void)state;
	memcpy(m.b + SNAME, "\x06\x04\xc0\xa8\x01\x42\x03\x04\xc0\xa8\x01\x42\xff", 13);
	OPT(&m, 53, "\x02");
	OPT(&m, 54, "\xc0\xa8\x01\x42");
	OPT(&m, 52, "\x02");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_true(addr_eq(dhcp4_opt_addr(d4(), D4O_DNS), addr4(192, 168, 1, 66)));
	assert_json("\"routers\":[\"192.168.1.66\"],\"dns\":[\"192.168.1.66\"]");
}

static void
test_overload_values(void **state)
{
	static const struct {
		const char *options;
		size_t n;
		uint32_t anomaly;
		bool sname;
	} rows[] = {
		{ "\x34\x01\x00\xff", 4, D4A_OVERLOAD, true },
		{ "\x34\x01\x04\xff", 4, D4A_OVERLOAD, true },
		{ "\x34\x01\xff\xff", 4, D4A_OVERLOAD, true },
		{ "\x34\x00\xff", 3, D4A_OVERLOAD | D4A_OPTION_LENGTH, true },
		{ "\x34\x02\x02\x02\xff", 5, D4A_OPTION_LENGTH, false },
		{ "\x34\x01\x02\x34\x01\x01\xff", 7, D4A_REPEATED, false }, /* the first counts */
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct msg m = begin();
		memcpy(m.b + SNAME,
		       "\x0c\x01"
		       "s\xff",
		       4);
		put(&m, rows[i].options, rows[i].n);
		assert_int_equal(whole(&m), SAID_OK);
		assert_int_equal(d4()->anomalies, rows[i].anomaly);
		assert_int_equal(d4()->sname.p != NULL, rows[i].sname);
	}
}

/* 52 inside an area that is itself overloaded opens nothing. */
static void
test_overload_inside(void **state)
{
	struct msg m = begin();
	(void)state;
	memcpy(m.b + FILE_AT, "\x34\x01\x03\xff", 4);
	memcpy(m.b + SNAME,
	       "\x0c\x01"
	       "s\xff",
	       4);
	OPT(&m, 52, "\x01");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_OVERLOAD);
	assert_null(d4()->hostname.p);
}

static void
test_overload_damage(void **state)
{
	struct msg m = begin();
	(void)state;
	memset(m.b + FILE_AT, 0, 128);
	memcpy(m.b + FILE_AT + 120,
	       "\x0c\x02"
	       "ab\x0c\x05"
	       "xy",
	       8); /* five bytes, two are left */
	OPT(&m, 52, "\x01");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_BAD);
	assert_int_equal(d4()->anomalies, D4A_OPTION_PAST_END);
	assert_json("\"hostname\":\"ab\"");
	assert_int_equal(obs.bad_off, FILE_AT + 126);
}

/* RFC 3396: what is told twice is one value; fixed-length options are not. */
static void
test_join(void **state)
{
	struct msg m = begin();
	(void)state;
	OPT(&m, 53, "\x02");
	OPT(&m, 121, "\x18\x0a\x01"); /* a route in three pieces, others between them */
	OPT(&m, 54, "\x0a\x00\x00\x01");
	OPT(&m, 121, "\x02\xc0\xa8\x01");
	OPT(&m, 6, "\x01\x01\x01\x01");
	OPT(&m, 54, "\x0a\x00\x00\x02"); /* again: the first stays */
	OPT(&m, 121, "\x01");
	OPT(&m, 6, "\x09\x09\x09\x09");
	OPT(&m, 53, "\x05");
	OPT(&m, 51, "\x00\x00\x00\x01");
	OPT(&m, 51, "\x00\x00\x00\x02");
	OPT(&m, 1, "\xff\xff\xff\x00");
	OPT(&m, 1, "\xff\x00\x00\x00");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_REPEATED);
	assert_json("\"routes121\":[\"10.1.2.0/24 via 192.168.1.1\"]");
	assert_json("\"dns\":[\"1.1.1.1\",\"9.9.9.9\"]");
	assert_json("\"server_id\":\"10.0.0.1\",\"subnet_mask\":\"255.255.255.0\"");
	assert_json("\"lease\":1");
	assert_json("\"msg_type\":2");
	assert_json("[121,\"180a01\"],[54,\"0a000001\"],[121,\"02c0a801\"]"); /* the wire as it was */
}

static void
test_join_routers(void **state)
{
	struct msg m = begin();
	(void)state;
	OPT(&m, 3, "\x0a\x00\x00\x01");
	OPT(&m, 3, "\x0a\x00\x00\x02");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_REPEATED);
	assert_json("\"routers\":[\"10.0.0.1\",\"10.0.0.2\"]");
	assert_true(addr_eq(dhcp4_opt_addr(d4(), 3), addr4(10, 0, 0, 1)));
}

/* 20 parts of 255 bytes are more than 4 KiB: what fits is given, and told. */
static void
test_join_limit(void **state)
{
	struct msg m = begin();
	uint8_t part[255];
	(void)state;
	memset(part, 'a', sizeof(part));
	for (int i = 0; i < 20; i++)
		opt(&m, 43, part, sizeof(part));
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_true(d4()->anomalies & D4A_JOIN_LIMIT);
	assert_int_equal(dhcp4_opt(d4(), 43).n, 4096);
}

/* Parts have places; filler codes must not take those of the options that matter. */
static void
test_join_filler(void **state)
{
	struct msg m = begin();
	(void)state;
	for (int i = 0; i < 1000; i++)
		OPT(&m, 200, "x");
	for (int i = 0; i < 8; i++)
		opt(&m, 6, &"\x0a\x00\x00\x01\x0a\x00\x00\x02"[i], 1);
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_JOIN_LIMIT);
	assert_json("\"dns\":[\"10.0.0.1\",\"10.0.0.2\"]");
}

/* 300 parts of one wanted option: 256 of them behind the first, then the limit is told. */
static void
test_join_parts(void **state)
{
	struct msg m = begin();
	(void)state;
	for (int i = 0; i < 300; i++)
		OPT(&m, 12, "h");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_JOIN_LIMIT);
	assert_int_equal(d4()->hostname.n, 257);
}

/* Every other code first: those of enum dhcp4_code have their places. */
static void
test_many_options(void **state)
{
	struct msg m = begin();
	(void)state;
	for (unsigned code = 254; code > 0; code--)
		opt(&m, (uint8_t)code, "\x00\x00\x00\x01", 4);
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_true(d4()->anomalies & D4A_MANY);
	static const uint8_t wanted[] = {
		D4O_MASK,	  D4O_ROUTER,	      D4O_DNS,		 D4O_HOSTNAME, D4O_DOMAIN,
		D4O_BROADCAST,	  D4O_STATIC_ROUTE,   D4O_NTP,		 D4O_VENDOR43, D4O_NBNS,
		D4O_REQUESTED_IP, D4O_LEASE,	      D4O_OVERLOAD,	 D4O_TYPE,     D4O_SERVER_ID,
		D4O_PARAMS,	  D4O_MESSAGE,	      D4O_MAX_SIZE,	 D4O_T1,       D4O_T2,
		D4O_VENDOR_CLASS, D4O_CLIENT_ID,      D4O_TFTP,		 D4O_BOOTFILE, D4O_FQDN,
		D4O_RELAY_AGENT,  D4O_CAPTIVE_PORTAL, D4O_DOMAIN_SEARCH, D4O_ROUTES,   D4O_ROUTES_MS,
		D4O_WPAD,
	};
	for (size_t i = 0; i < NELEM(wanted); i++)
		assert_int_equal(dhcp4_opt(d4(), wanted[i]).n, 4);
	assert_true(d4()->nopt <= DHCP4_OPTS);
	assert_json("[254,\"00000001\"],[253,\"00000001\"]");
	assert_json("[2,\"00000001\"],[1,\"00000001\"]]");
}

/* Microsoft's 250 goes on with an option that was full, and only with such a one. */
static void
test_continuation(void **state)
{
	uint8_t full[255];
	(void)state;
	memset(full, 'v', sizeof(full));

	struct msg m = begin();
	opt(&m, 43, full, sizeof(full));
	PUT(&m, "\0"); /* padding between them changes nothing */
	opt(&m, 250, full, sizeof(full));
	OPT(&m, 250, "end");
	OPT(&m, 250, "own"); /* the one before was not full */
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(dhcp4_opt(d4(), 43).n, 255 + 255 + 3);
	assert_bytes(dhcp4_opt(d4(), 250), "own");

	m = begin();
	OPT(&m, 12, "short");
	OPT(&m, 250, "x");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_bytes(d4()->hostname, "short");
	assert_bytes(dhcp4_opt(d4(), 250), "x");
}

static void
test_hardware_address(void **state)
{
	static const struct {
		uint8_t htype, hlen;
		size_t n;
		enum said said;
	} rows[] = {
		{ 1, 6, 6, SAID_OK },	  { 6, 6, 6, SAID_OK },
		{ 32, 0, 0, SAID_OK }, /* RFC 4390: InfiniBand */
		{ 1, 16, 16, SAID_OK },	  { 1, 17, 16, SAID_BAD },
		{ 1, 255, 16, SAID_BAD }, { 7, 1, 1, SAID_OK },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct msg m = offer();
		m.b[1] = rows[i].htype;
		m.b[2] = rows[i].hlen;
		assert_int_equal(whole(&m), rows[i].said);
		assert_int_equal(d4()->chaddr.n, rows[i].n);
		assert_int_equal(d4()->chaddr.p != NULL, rows[i].n != 0);
		assert_int_equal(d4()->anomalies, rows[i].hlen > 16 ? D4A_HLEN : 0);
		assert_int_equal(d4()->msg_type, D4_OFFER); /* what was readable is kept */
	}
}

static void
test_header(void **state)
{
	struct msg m = offer();
	(void)state;
	m.b[8] = 5; /* secs 5, in the wrong order */
	m.b[9] = 0;
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->secs, 5);
	m.b[9] = 1;
	(void)whole(&m);
	assert_int_equal(d4()->secs, 0x0501);
	m.b[3] = 16; /* RFC 1542 section 4.1.1: more must be discarded */
	(void)whole(&m);
	assert_int_equal(d4()->anomalies, 0);
	m.b[3] = 17;
	(void)whole(&m);
	assert_int_equal(d4()->anomalies, D4A_HOPS);
}

/* RFC 951 knows no cookie and no options. */
static void
test_bootp(void **state)
{
	struct msg m = begin();
	(void)state;
	m.n = 300;
	memset(m.b + HEADER, 0, 64);
	memcpy(m.b + FILE_AT, "vmunix", 6);
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_NO_COOKIE);
	assert_json("\"file\":\"vmunix\",\"msg\":\"bootp\"");
	assert_no_key("\"msg_type\"");
	m.n = HEADER; /* without the vendor area */
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_NO_COOKIE);
	m = begin(); /* with cookie, without option 53 (RFC 1497) */
	OPT(&m, 1, "\xff\xff\xff\x00");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_json("\"msg\":\"bootp\"");
	assert_int_equal(d4()->msg_type, D4_BOOTP);
}

static void
test_not_mine(void **state)
{
	static const char http[] =
		"GET / HTTP/1.1\r\nHost: 192.168.1.1\r\nUser-Agent: something longer than it must be\r\n\r\n";
	struct msg m = offer();
	(void)state;
	assert_int_equal(dissect("", 0, 0), SAID_NO);
	assert_int_equal(dissect(http, sizeof(http) - 1, sizeof(http) - 1), SAID_NO);
	assert_int_equal(dissect(m.b, 43, 43), SAID_NO); /* no room for the addresses */
	assert_int_equal(dissect(m.b, 44, 44), SAID_BAD);
	assert_int_equal(d4()->anomalies, D4A_SHORT);
	assert_json("\"chaddr\":\"02:00:5e:10:00:05\"");
	assert_int_equal(dissect(m.b, 235, 235), SAID_BAD);
	m.b[0] = 3; /* no op of RFC 2131, but the cookie of its section 3 */
	assert_int_equal(whole(&m), SAID_BAD);
	assert_int_equal(d4()->msg_type, D4_OFFER);
	m.b[HEADER] = 0;
	assert_int_equal(whole(&m), SAID_NO);
}

static void
test_end_and_padding(void **state)
{
	struct msg m = begin();
	(void)state;
	PUT(&m, "\0\0\0");
	OPT(&m, 53, "\x01");
	PUT(&m, "\0");
	OPT(&m, 80, ""); /* RFC 4039: Rapid Commit has no value */
	OPT(&m, 12, "");
	OPT(&m, 6, "");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_NO_END | D4A_OPTION_LENGTH); /* option 6 needs an address */
	assert_int_equal(d4()->msg_type, D4_DISCOVER);
	assert_non_null(dhcp4_opt(d4(), 80).p);
	assert_json("\"hostname\":\"\"");
	assert_no_key("\"dns\"");
	PUT(&m, "\xff\x0f\x03lab"); /* behind END */
	assert_int_equal(whole(&m), SAID_OK);
	assert_no_key("\"domain\"");
}

static void
test_past_the_end(void **state)
{
	struct msg m = begin();
	(void)state;
	OPT(&m, 53, "\x01");
	PUT(&m, "\x0c\x20"
		"abc"); /* 32 promised, 3 there */
	assert_int_equal(whole(&m), SAID_BAD);
	assert_int_equal(d4()->anomalies, D4A_OPTION_PAST_END);
	assert_int_equal(d4()->msg_type, D4_DISCOVER);
	assert_null(d4()->hostname.p);
	assert_int_equal(obs.bad_off, OPTIONS + 5);
	assert_json("\"o\":[[53,\"01\"]]");

	m = begin();
	PUT(&m, "\x0c"); /* not even a length */
	assert_int_equal(whole(&m), SAID_BAD);
	assert_no_key("\"msg\""); /* nobody can tell what it was */
}

static void
test_wrong_lengths(void **state)
{
	struct msg m = begin();
	(void)state;
	OPT(&m, 53, "\x01\x02");
	OPT(&m, 54, "\x01\x02");
	OPT(&m, 51, "\0\0\1");
	OPT(&m, 57, "\x01");
	OPT(&m, 1, "\xff\xff\xff\x00\x01");
	OPT(&m, 3, "\x01\x02\x03\x04\x05");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->anomalies, D4A_OPTION_LENGTH);
	assert_json("\"msg_type\":1");
	assert_json("\"routers\":[\"1.2.3.4\"]");
	assert_no_key("\"server_id\"");
	assert_no_key("\"subnet_mask\"");
	assert_no_key("\"lease\"");
	assert_no_key("\"max_size\"");
	assert_int_equal(dhcp4_opt(d4(), 1).n, 5); /* as it is */
	assert_false(addr_set(dhcp4_opt_addr(d4(), 54)));
}

static void
test_u32(void **state)
{
	struct msg m = begin();
	uint32_t v = 7;
	(void)state;
	OPT(&m, 51, "\xff\xff\xff\xff"); /* RFC 2131 section 3.3: infinity */
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_true(dhcp4_opt_u32(d4(), D4O_LEASE, &v));
	assert_int_equal(v, UINT32_MAX);
	v = 7;
	assert_false(dhcp4_opt_u32(d4(), D4O_T1, &v));
	assert_int_equal(v, 7);
	assert_json("\"lease\":4294967295");
}

/* MS-DHCPE: 43/0x5e asks who is authorised, 43/0x5f with a domain answers; the asking server then stops. */
static void
test_authorisation_kill(void **state)
{
	struct msg m = begin();
	(void)state;
	m.b[0] = 1;
	PUT(&m, "\x35\x01\x08\x2b\x02\x5e\x00\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->msg_type, D4_INFORM);
	struct bytes ask = dhcp4_subopt(dhcp4_opt(d4(), D4O_VENDOR43), 0x5e);
	assert_non_null(ask.p);
	assert_int_equal(ask.n, 0);
	assert_null(dhcp4_subopt(dhcp4_opt(d4(), D4O_VENDOR43), 0x5f).p);

	m = begin();
	PUT(&m, "\x35\x01\x05\x36\x04\xc0\xa8\x01\x42\x2b\x08\x5f\x06"
		"evil1\0\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_int_equal(d4()->msg_type, D4_ACK);
	struct bytes domain = dhcp4_subopt(dhcp4_opt(d4(), D4O_VENDOR43), 0x5f);
	assert_int_equal(domain.n, 6);
	assert_memory_equal(domain.p, "evil1", 6);
}

static void
test_suboptions(void **state)
{
	struct bytes v = bytes_of("\x00\x00\x01\x01"
				  "a\x05\x00\xff\x06\x01"
				  "b",
				  11);
	(void)state;
	assert_bytes(dhcp4_subopt(v, 1), "a");
	assert_int_equal(dhcp4_subopt(v, 5).n, 0);
	assert_non_null(dhcp4_subopt(v, 5).p);
	assert_null(dhcp4_subopt(v, 6).p); /* behind the end */
	assert_null(dhcp4_subopt(bytes_of("\x01\x05"
					  "ab",
					  4),
				 1)
			    .p); /* longer than the option */
	assert_null(dhcp4_subopt((struct bytes){ NULL, 0 }, 1).p);
}

static void
test_relay_agent(void **state)
{
	static const struct {
		const char *v;
		size_t n;
		const char *want;
	} rows[] = {
		{ "\x05\x04\x0a\x00\x00\x00\x0b\x04\x0a\x00\x00\x01\x09\x02\x01\x02\x06\x01s", 19,
		  "\"relay_agent\":{\"link_selection\":\"0a000000\",\"server_id_override\":\"0a000001\","
		  "\"vendor\":\"0102\",\"subscriber_id\":\"73\"}" },
		{ "\x01\x01"
		  "a\x01\x01"
		  "b\x02\x00",
		  8, "\"relay_agent\":{\"circuit_id\":\"61\",\"remote_id\":\"\"}" },
		{ "\x01\x01"
		  "a\x02\x09"
		  "b",
		  6, "\"relay_agent\":{\"circuit_id\":\"61\"}" },
		{ "\x00\x01"
		  "a\xff\x01"
		  "b",
		  6, "\"relay_agent\":{\"sub0\":\"61\",\"sub255\":\"62\"}" },
		{ "", 0, "\"relay_agent\":{}" },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct msg m = begin();
		opt(&m, 82, rows[i].v, rows[i].n);
		PUT(&m, "\xff");
		assert_int_equal(whole(&m), SAID_OK);
		assert_json(rows[i].want);
	}
}

static void
test_fqdn(void **state)
{
	static const struct {
		const char *v;
		size_t n;
		const char *want;
	} rows[] = {
		{ "\x00\x00\x00ws1.corp.lab.", 16, "ws1.corp.lab." }, /* ASCII, deprecated */
		{ "\x04\x00\x00\x03ws1\x04"
		  "corp\x00",
		  13, "ws1.corp" },			  /* E: as in DNS */
		{ "\x04\x00\x00\x03ws1", 7, "ws1" },	  /* partial: no root */
		{ "\x04\xff\xff\x00", 4, "" },		  /* rcodes mean nothing; no name */
		{ "\x04\x00\x00\x05ws", 6, "" },	  /* a label past the end */
		{ "\x04\x00\x00\x03ws1\xc0\x03", 9, "" }, /* no compression here */
		{ "\x00\x00\x00ws\0evil", 10, "ws" },	  /* a text ends at its NUL */
		{ "\x00\x00\x00", 3, "" },
		{ "\x04\x00", 2, "" },
		{ "", 0, "" },
	};
	char small[4], none[1] = { 'x' };
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct msg m = begin();
		opt(&m, 81, rows[i].v, rows[i].n);
		PUT(&m, "\xff");
		assert_int_equal(whole(&m), SAID_OK);
		assert_string_equal(d4()->fqdn, rows[i].want);
	}
	struct msg m = begin();
	OPT(&m, 81, "\x00\x00\x00ws1.corp");
	PUT(&m, "\xff");
	(void)whole(&m);
	assert_int_equal(dhcp4_fqdn(d4(), small, sizeof(small)), 3);
	assert_string_equal(small, "ws1");
	assert_int_equal(dhcp4_fqdn(d4(), none, 0), 0);
	assert_int_equal(none[0], 'x');
}

/* RFC 3397: pointers count from the start of the joined option and lead back. */
static void
test_domain_search(void **state)
{
	static const struct {
		const char *v;
		size_t n;
		const char *want;
	} rows[] = {
		{ "\x03"
		  "eng\x05"
		  "apple\x03"
		  "com\x00\x09"
		  "marketing\xc0\x04",
		  27,
		  "\"domain_search\":[\"eng.apple.com\",\"marketing.apple.com\"]" }, /* the RFC's own example */
		{ "\x01"
		  "a\x00\x01"
		  "b\xc0\x06",
		  7, "\"domain_search\":[\"a\"]" }, /* points at itself */
		{ "\x01"
		  "a\x00\x01"
		  "b\xc0\x03",
		  7, "\"domain_search\":[\"a\"]" }, /* into the name itself */
		{ "\x01"
		  "a\x00\xc0\x30",
		  5, "\"domain_search\":[\"a\"]" }, /* forward, outside */
		{ "\x01"
		  "a\x00\xc0\x00",
		  5, "\"domain_search\":[\"a\",\"a\"]" },
		{ "\x01"
		  "a\x00\xc0",
		  4, "\"domain_search\":[\"a\"]" }, /* half a pointer */
		{ "\x01"
		  "a\x00\x50"
		  "b",
		  5, "\"domain_search\":[\"a\"]" }, /* label type 01 */
		{ "\x00\x01"
		  "a",
		  3, "\"domain_search\":[\"<Root>\",\"a\"]" },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct msg m = begin();
		opt(&m, 119, rows[i].v, rows[i].n / 2); /* in two parts */
		opt(&m, 119, rows[i].v + rows[i].n / 2, rows[i].n - rows[i].n / 2);
		PUT(&m, "\xff");
		assert_int_equal(whole(&m), SAID_OK);
		assert_json(rows[i].want);
	}
}

/* Chains of pointers and names that are too long end. */
static void
test_domain_search_guards(void **state)
{
	struct msg m = begin();
	uint8_t chain[254] = { 1, 'a', 0 };
	(void)state;
	for (size_t i = 4; i + 1 < sizeof(chain); i += 2) { /* each to the one before */
		chain[i] = 0xc0;
		chain[i + 1] = (uint8_t)(i == 4 ? 0 : i - 2);
	}
	chain[3] = 0;
	opt(&m, 119, chain, sizeof(chain));
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_json("\"domain_search\":[\"a\",\"<Root>\",\"a\",\"a\"");

	m = begin();
	uint8_t label[64] = { 63 };
	memset(label + 1, 'x', 63);
	for (int i = 0; i < 5; i++) /* 320 bytes in one name */
		opt(&m, 119, label, sizeof(label));
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_no_key("\"domain_search\"");
}

static void
test_routes(void **state)
{
	(void)state;
	for (uint8_t width = 0; width <= 33; width++) { /* RFC 3442: as many octets as the mask has */
		uint8_t v[9] = { width, 10, 1, 2, 3 };
		size_t n = 1 + (width + 7u) / 8;
		memcpy(v + n, "\xc0\xa8\x01\x01", n + 4 <= sizeof(v) ? 4 : 0);
		struct cursor c = cur_all(bytes_of(v, n + 4 <= sizeof(v) ? n + 4 : sizeof(v)));
		struct route4 r;
		bool good = dhcp4_route_next(&c, &r);
		assert_int_equal(good, width <= 32);
		if (!good) {
			assert_int_equal(cur_end(&c), CUR_BAD);
			continue;
		}
		assert_int_equal(r.dest.len, width);
		assert_memory_equal(r.dest.a.b, v + 1, n - 1);
		assert_true(addr_eq(r.via, addr4(192, 168, 1, 1)));
		assert_false(dhcp4_route_next(&c, &r));
		assert_true(cur_ok(&c));
	}
	struct msg m = begin();
	OPT(&m, 121, "\x18\x0a\x01\x02\x0a\x00\x00\x01\x00\x0a\x00\x00\x02\x21");
	OPT(&m, 249, "\x18\x0a\x01");
	OPT(&m, 33, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a");
	PUT(&m, "\xff");
	assert_int_equal(whole(&m), SAID_OK);
	assert_json("\"routes121\":[\"10.1.2.0/24 via 10.0.0.1\",\"0.0.0.0/0 via 10.0.0.2\",\"bad@13\"]");
	assert_json("\"routes249\":[\"bad@0\"],\"routes33\":[\"1.2.3.4/32 via 5.6.7.8\",\"bad@9\"]");
}

/* RFC 4388: answers to lease queries are server messages, but no offers. */
static void
test_types(void **state)
{
	static const struct {
		uint8_t type;
		const char *want;
	} rows[] = {
		{ 4, "\"msg\":\"decline\"" },	   { 6, "\"msg\":\"nak\"" },
		{ 7, "\"msg\":\"release\"" },	   { 9, "\"msg\":\"forcerenew\"" },
		{ 13, "\"msg\":\"leaseactive\"" }, { 18, "\"msg\":\"tls\"" },
		{ 99, "\"msg_type\":99,\"o\":" },  { 0, "\"msg_type\":0,\"o\":" },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct msg m = begin();
		opt(&m, 53, &rows[i].type, 1);
		PUT(&m, "\xff");
		assert_int_equal(whole(&m), SAID_OK);
		assert_json(rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_cut_at_each_byte),
		cmocka_unit_test(test_cut_overload),
		cmocka_unit_test(test_cut_is_not_bootp),
		cmocka_unit_test(test_lengths_perturbed),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_overload_order),
		cmocka_unit_test(test_overload_one_area),
		cmocka_unit_test(test_overload_evasion),
		cmocka_unit_test(test_overload_values),
		cmocka_unit_test(test_overload_inside),
		cmocka_unit_test(test_overload_damage),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_join_routers),
		cmocka_unit_test(test_join_limit),
		cmocka_unit_test(test_join_filler),
		cmocka_unit_test(test_join_parts),
		cmocka_unit_test(test_many_options),
		cmocka_unit_test(test_continuation),
		cmocka_unit_test(test_hardware_address),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_bootp),
		cmocka_unit_test(test_not_mine),
		cmocka_unit_test(test_end_and_padding),
		cmocka_unit_test(test_past_the_end),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_u32),
		cmocka_unit_test(test_authorisation_kill),
		cmocka_unit_test(test_suboptions),
		cmocka_unit_test(test_relay_agent),
		cmocka_unit_test(test_fqdn),
		cmocka_unit_test(test_domain_search),
		cmocka_unit_test(test_domain_search_guards),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
