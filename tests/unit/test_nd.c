/* Neighbour Discovery: messages written by hand from RFC 4861, 4191, 8106, 8781, 8910 and 3971, then damaged. */
#include "rig.h"

enum { ICMP_AT = 14 + 40, RA_OPTIONS = ICMP_AT + 16 };

static char json[8192];
static struct nd last; /* views in it are dead */

/* Prints while the views live. */
static void
print(void *arg, const struct obs *o)
{
	rig_note(arg, o);
	if (o->kind != OBS_ND)
		return;
	struct out out = out_init(json, sizeof(json) - 1);
	field_json(&out, o->by->fields, o->by->nfields, &o->u);
	assert_true(out_ok(&out));
	json[out.n] = '\0';
	last = o->u.nd;
}

static enum said
read_nd(struct build *b, size_t captured)
{
	r.n = 0;
	json[0] = '\0';
	memset(&last, 0, sizeof(last));
	return rig_read(&r, at(b, 0), captured, build_len(b), print, &r);
}

static struct build
framed(struct build body, uint8_t type, uint8_t code)
{
	put_icmp6(&body, type, code, ALL_NODES);
	put_ip6(&body, 58, ALL_NODES);
	put_eth(&body, 0x86dd);
	return body;
}

/* After a lie about the message, its checksum again. */
static void
sum_again(struct build *b)
{
	struct build m = *b;

	m.from += ICMP_AT;
	set16(&m, 2, 0);
	set16(b, ICMP_AT + 2, build_sum(&m, LL1, ALL_NODES, 16, 58));
}

static void
ra_head(struct build *b)
{
	PUT(b, 64,	       /* hop limit for hosts */
	    0xfc,	       /* M, O, H, preference low (11), proxy */
	    0x07, 0x08,	       /* 1800 s */
	    0, 0, 0x75, 0x30,  /* reachable 30000 ms */
	    0, 0, 0x03, 0xe8); /* retransmit 1000 ms */
}

/* From the last to the first option. */
static struct build
full_ra(void)
{
	struct build b = build_empty();

	PUT(&b, 38, 2, 0x02, 0x59, /* PREF64: lifetime 75 * 8 s, code 1 (/64) */
	    0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 7, 0,
	    7); /* 64:ff9b::, and bits behind it that count for nothing */
	PUT(&b, 37, 2, 'h', 't', 't', 'p', ':', '/', '/', 'p', 0, 0, 0, 0, 0, 0); /* captive portal */
	PUT(&b, 14, 1, 1, 2, 3, 4, 5, 6);					  /* nonce */
	PUT(&b, 200, 1, 0, 0, 0, 0, 0, 0); /* nobody knows it: skipped */
	PUT(&b, 31, 4, 0, 0, 0, 0, 0, 20,  /* search list, 20 s */
	    4, 'c', 'o', 'r', 'p', 3, 'l', 'a', 'b', 0, 1, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	PUT(&b, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
	PUT(&b, 25, 5, 0, 0, 0, 0, 0, 10, /* two resolvers, 10 s */
	    0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
	PUT(&b, 24, 2, 32, 0x08, 0, 0, 0, 60, /* route 2001:db8::/32, preference high (01), 60 s */
	    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0);
	PUT(&b, 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	PUT(&b, 3, 4, 64, 0xc0, 0, 0x27, 0x8d, 0, 0, 9, 0x3a, 0x80, 0, 0, 0,
	    0);				       /* prefix: on-link, autonomous */
	PUT(&b, 5, 1, 0, 0, 0, 0, 0x05, 0xdc); /* MTU 1500 */
	PUT(&b, 1, 1, 2, 0, 0, 0, 0, 1);       /* our link-layer address */
	ra_head(&b);
	return framed(b, 134, 0);
}

static void
test_full_advertisement(void **state)
{
	struct build b = full_ra();

	(void)state;
	assert_int_equal(read_nd(&b, build_len(&b)), SAID_OK);
	assert_string_equal(
		json,
		",\"type\":134,\"msg\":\"ra\",\"checksum_status\":1,\"code\":0,\"hop_limit\":64,\"m\":1,"
		"\"o\":1,\"h\":1,"
		"\"prf\":3,\"p\":1,\"router_lifetime\":1800,\"reachable_time\":30000,\"retrans_timer\":1000,"
		"\"slla\":\"02:00:00:00:00:01\","
		"\"prefixes\":[{\"prefix\":\"2001:db8:1::\",\"len\":64,\"l\":1,\"a\":1,\"valid\":2592000,"
		"\"preferred\":604800}],\"mtu\":1500,"
		"\"route_info\":[{\"prefix\":\"2001:db8::\",\"len\":32,\"prf\":1,\"lifetime\":60}],"
		"\"rdnss\":[{\"lifetime\":10,\"servers\":[\"fe80::1\",\"fe80::2\"]}],"
		"\"dnssl\":[{\"lifetime\":20,\"domains\":[\"corp.lab\",\"x\"]}],"
		"\"nonce\":\"010203040506\",\"captive_portal\":\"http://p\","
		"\"pref64\":[{\"prefix\":\"64:ff9b::\",\"plc\":1,\"scaled_lifetime\":75}],"
		"\"nd_opts\":[[1,1],[5,1],[3,4],[24,2],[25,5],[31,4],[200,1],[14,1],[37,2],[38,2]]");
	assert_int_equal(r.seen[0].flags, 0);
	assert_int_equal(last.anomalies, 0);
	assert_true(last.has_pio && last.has_rio && last.has_rdnss && last.has_dnssl && last.has_pref64);
	assert_false(last.has_dnr);
}

static void
test_solicitation(void **state)
{
	struct build b = build_empty();

	(void)state;
	PUT(&b, 1, 1, 2, 0, 0, 0, 0, 1);
	PUT(&b, 0, 0, 0, 0);
	b = framed(b, 133, 0);
	assert_int_equal(read_nd(&b, build_len(&b)), SAID_OK);
	assert_string_equal(json, ",\"type\":133,\"msg\":\"rs\",\"checksum_status\":1,\"code\":0,"
				  "\"slla\":\"02:00:00:00:00:01\",\"nd_opts\":[[1,1]]");
}

static void
test_neighbours(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_ns(&b, ALL_NODES);
	put_ip6(&b, 58, ALL_NODES);
	put_eth(&b, 0x86dd);
	read_nd(&b, build_len(&b));
	assert_string_equal(
		json, ",\"type\":135,\"msg\":\"ns\",\"checksum_status\":1,\"code\":0,\"target\":\"fe80::9\","
		      "\"slla\":\"02:00:00:00:00:01\",\"nd_opts\":[[1,1]]");

	b = build_empty();
	PUT(&b, 2, 1, 2, 0, 0, 0, 0, 9);
	PUT(&b, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9);
	PUT(&b, 0xa0, 0, 0, 0); /* router, override */
	b = framed(b, 136, 0);
	read_nd(&b, build_len(&b));
	assert_string_equal(
		json, ",\"type\":136,\"msg\":\"na\",\"checksum_status\":1,\"code\":0,\"target\":\"fe80::9\","
		      "\"r\":1,\"s\":0,\"o\":1,\"tlla\":\"02:00:00:00:00:09\",\"nd_opts\":[[2,1]]");

	b = build_empty();
	put(&b, FAR6, 16);
	put(&b, LL1, 16);
	PUT(&b, 0, 0, 0, 0);
	b = framed(b, 137, 0);
	read_nd(&b, build_len(&b));
	assert_string_equal(json, ",\"type\":137,\"msg\":\"redirect\",\"checksum_status\":1,\"code\":0,"
				  "\"target\":\"fe80::1\",\"destination\":\"2001:db8::5\"");
}

static void
test_checksum(void **state)
{
	struct build b = full_ra();

	(void)state;
	*at(&b, ICMP_AT + 2) ^= 1;
	assert_int_equal(read_nd(&b, build_len(&b)), SAID_OK);
	assert_int_equal(last.sum, 0);
	assert_int_equal(r.seen[0].flags, OBS_SUM_BAD);
	read_nd(&b, build_len(&b) - 1);
	assert_int_equal(last.sum, 2); /* the rest may make it right */
	assert_int_equal(r.seen[0].flags, OBS_CUT);
}

/* What hosts must drop (RFC 4861 6.1), each alone. */
static void
test_anomalies(void **state)
{
	static const struct {
		size_t off;
		uint8_t v;
		uint32_t anomaly;
		enum said said;
	} cases[] = {
		{ 14 + 7, 64, NDA_HOP_LIMIT, SAID_OK }, /* forwarded by a router */
		{ ICMP_AT + 1, 7, NDA_CODE, SAID_OK },
		{ RA_OPTIONS + 1, 0, NDA_OPT_ZERO, SAID_BAD },
		{ RA_OPTIONS + 1, 200, NDA_OPT_PAST_END, SAID_BAD },
		{ RA_OPTIONS + 16 + 1, 1, NDA_PIO_LENGTH,
		  SAID_BAD }, /* what follows is the prefix's inside: length 0 */
		{ RA_OPTIONS + 64 + 1, 4, NDA_RDNSS_LENGTH, SAID_BAD }, /* even: CVE-2020-16898 */
		{ RA_OPTIONS + 64 + 1, 1, NDA_RDNSS_LENGTH, SAID_BAD },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = full_ra();
		*at(&b, cases[i].off) = cases[i].v;
		sum_again(&b);
		assert_int_equal(read_nd(&b, build_len(&b)), cases[i].said);
		assert_true(last.anomalies & cases[i].anomaly);
		assert_int_equal(!!(r.seen[0].flags & OBS_BAD), cases[i].said == SAID_BAD);
		assert_int_equal(r.seen[0].bad_what != NULL, cases[i].said == SAID_BAD);
		assert_true(last.set & 1u << NDH_RA); /* what stood before it is there */
	}
}

static void
test_trailing_byte(void **state)
{
	struct build b = build_empty();

	(void)state;
	PUT(&b, 1, 1, 2, 0, 0, 0, 0, 1, 7);
	ra_head(&b);
	b = framed(b, 134, 0);
	assert_int_equal(read_nd(&b, build_len(&b)), SAID_BAD);
	assert_int_equal(last.anomalies, NDA_TRAILING);
	assert_int_equal(r.seen[0].bad_off, 24);
	assert_non_null(strstr(json, "\"slla\":\"02:00:00:00:00:01\""));
}

/* The offset is the one of the option that is wrong, from the type byte on. */
static void
test_bad_offset(void **state)
{
	struct build b = full_ra();

	(void)state;
	*at(&b, RA_OPTIONS + 8 + 1) = 0; /* the second option */
	read_nd(&b, build_len(&b));
	assert_int_equal(r.seen[0].bad_off, 16 + 8);
	assert_null(strstr(json, "\"mtu\""));
	assert_non_null(strstr(json, "\"nd_opts\":[[1,1],[5,0]]"));
}

/* Hosts take the first of two; so does the record. */
static void
test_first_one_counts(void **state)
{
	struct build b = build_empty();

	(void)state;
	PUT(&b, 5, 1, 0, 0, 0, 0, 0x05, 0x00);
	PUT(&b, 1, 1, 2, 0, 0, 0, 0, 7);
	PUT(&b, 5, 1, 0, 0, 0, 0, 0x05, 0xdc);
	PUT(&b, 1, 1, 2, 0, 0, 0, 0, 1);
	ra_head(&b);
	b = framed(b, 134, 0);
	read_nd(&b, build_len(&b));
	assert_non_null(strstr(json, "\"slla\":\"02:00:00:00:00:01\""));
	assert_non_null(strstr(json, "\"mtu\":1500"));
}

/* RFC 4191 2.3: 0, 8 or 16 bytes of prefix. */
static void
test_route_lengths(void **state)
{
	struct build b = build_empty();

	(void)state;
	PUT(&b, 24, 3, 128, 0x18, 0, 0, 0, 2, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5);
	PUT(&b, 24, 1, 0, 0x10, 0xff, 0xff, 0xff, 0xff);
	ra_head(&b);
	b = framed(b, 134, 0);
	assert_int_equal(read_nd(&b, build_len(&b)), SAID_OK);
	assert_non_null(strstr(
		json, "\"route_info\":[{\"prefix\":\"::\",\"len\":0,\"prf\":2,\"lifetime\":4294967295},"
		      "{\"prefix\":\"2001:db8::5\",\"len\":128,\"prf\":3,\"lifetime\":2}]"));
}

/* RFC 8106 5.2 and RFC 1035 3.1, with everything that is no name. */
static void
test_search_list(void **state)
{
	static const struct {
		uint8_t names[16];
		const char *want; /* of the list; NULL: the member is empty */
	} cases[] = {
		{ { 1, 'a', 0, 1, 'b', 0 }, "[\"a\",\"b\"]" },
		{ { 1, 'a', 0, 0, 0, 1, 'b', 0 }, "[\"a\",\"b\"]" }, /* padding between */
		{ { 1, 'a', 0, 0xc0, 0 }, "[\"a\"]" },		     /* no pointers here */
		{ { 1, 'a', 0, 40, 'x' }, "[\"a\"]" },		     /* label over the end */
		{ { 3, 'a', '.', 'b', 0 }, "[\"a\\\\046b\"]" },	     /* a dot inside a label, RFC 4343 2.1 */
		{ { 2, 0, 0xff, 0 }, "[\"\\\\000\\\\255\"]" },
		{ { 15, 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a' },
		  NULL }, /* no end */
		{ { 0 }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = build_empty();
		put(&b, cases[i].names, 16);
		PUT(&b, 31, 3, 0, 0, 0, 0, 0, 1);
		ra_head(&b);
		b = framed(b, 134, 0);
		assert_int_equal(read_nd(&b, build_len(&b)), SAID_OK);
		const char *domains = strstr(json, "\"domains\":");
		if (cases[i].want == NULL) {
			assert_true(domains == NULL || strncmp(domains, "\"domains\":[]", 12) == 0);
			continue;
		}
		assert_non_null(domains);
		assert_memory_equal(domains + 10, cases[i].want, strlen(cases[i].want));
	}
}

/* RFC 1035 2.3.4: 255 bytes are a name, one more is none. */
static void
test_longest_name(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		struct build b = build_empty();
		for (size_t i = 0; i < 8; i++)
			PUT(&b, 0);
		for (size_t i = 0; i < 61 + extra; i++)
			PUT(&b, 0xff); /* four characters each as text */
		PUT(&b, (uint8_t)(61 + extra));
		for (int l = 0; l < 3; l++) {
			for (size_t i = 0; i < 63; i++)
				PUT(&b, 0xff);
			PUT(&b, 63);
		}
		/* 3 * 64 + 62 + 1 = 255 bytes with the root; the option is 8 + 264 */
		while (build_len(&b) < 264)
			PUT(&b, 0); /* padding in front does not matter */
		PUT(&b, 31, 34, 0, 0, 0, 0, 0, 1);
		ra_head(&b);
		b = framed(b, 134, 0);
		read_nd(&b, build_len(&b));
		assert_int_equal(strstr(json, "\\\\255.\\\\255") != NULL, extra == 0);
	}
}

static void
test_other_messages(void **state)
{
	static const uint8_t types[] = { 0, 5, 128, 129, 130, 131, 132, 138, 143, 200, 255 };

	(void)state;
	for (size_t i = 0; i < NELEM(types); i++) {
		struct build b = build_empty();
		PUT(&b, 0, 1, 0, 1, 'p', 'i', 'n', 'g');
		b = framed(b, types[i], 0);
		assert_int_equal(read_nd(&b, build_len(&b)), SAID_OK);
		assert_int_equal(r.n, 1);
	}
}

/* ICMPv6 in an IPv4 packet is nobody's message. */
static void
test_wrong_family(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_ns(&b, ALL_NODES);
	put_ip4(&b, 58, 1, 0);
	put_eth(&b, 0x0800);
	read_nd(&b, build_len(&b));
	assert_int_equal(r.n, 1);
}

/* The capture may stop anywhere: CUT, and no value that is not the message's own. */
static void
test_cut_at_every_byte(void **state)
{
	struct build b = full_ra();
	struct nd full;

	(void)state;
	read_nd(&b, build_len(&b));
	full = last;
	for (size_t n = ICMP_AT + 1; n < build_len(&b); n++) {
		assert_int_equal(read_nd(&b, n), SAID_CUT);
		assert_int_equal(r.n, 2);
		assert_int_equal(r.seen[0].flags, OBS_CUT);
		assert_int_equal(last.type, 134);
		assert_int_equal(last.sum, 2);
		assert_int_equal(last.anomalies, 0);
		assert_int_equal(last.set & ~full.set, 0);
		assert_true(!(last.set & 1u << NDH_LIFETIME) || last.router_lifetime == 1800);
		assert_true(!(last.set & 1u << NDH_MTU) || last.mtu == 1500);
		assert_true(last.slla.p == NULL || last.slla.n == 6);
		assert_true(last.nonce.p == NULL || last.nonce.n == 6);
		assert_true(strstr(json, "\"prefixes\"") == NULL ||
			    strstr(json, "\"2001:db8:1::\",\"len\":64") != NULL);
	}
}

/* Every option length, lied about in every way: OK or BAD, never CUT, never more than the message holds. */
static void
test_option_lengths(void **state)
{
	struct build good = full_ra();

	(void)state;
	for (size_t off = RA_OPTIONS; off < build_len(&good); off += *at(&good, off + 1) * 8u)
		for (unsigned v = 0; v < 256; v++) {
			struct build b = good;
			*at(&b, off + 1) = (uint8_t)v;
			enum said s = read_nd(&b, build_len(&b));
			assert_true(s == SAID_OK || s == SAID_BAD);
			assert_int_equal(r.n, 2);
			if (v == 0)
				assert_true(last.anomalies & NDA_OPT_ZERO);
		}
}

/* A payload length that is too small ends the message, whatever is behind it. */
static void
test_payload_lengths(void **state)
{
	struct build good = full_ra();
	size_t n = build_len(&good) - 14 - 40;

	(void)state;
	for (size_t len = 1; len < n + 300; len++) {
		struct build b = good;
		set16(&b, 14 + 4, len);
		enum said s = read_nd(&b, build_len(&b));
		assert_int_equal(r.n, 2);
		if (len < 16)
			assert_int_equal(s, SAID_BAD);
		assert_int_equal(last.sum, len == n ? 1 : len < n ? last.sum : 2);
		if (len > n)
			assert_true(r.seen[0].flags & OBS_BAD);
		assert_true(s == SAID_OK || s == SAID_BAD);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_full_advertisement), TEST(test_solicitation),	     TEST(test_neighbours),
		TEST(test_checksum),	       TEST(test_anomalies),	     TEST(test_trailing_byte),
		TEST(test_bad_offset),	       TEST(test_first_one_counts),  TEST(test_route_lengths),
		TEST(test_search_list),	       TEST(test_longest_name),	     TEST(test_other_messages),
		TEST(test_wrong_family),       TEST(test_cut_at_every_byte), TEST(test_option_lengths),
		TEST(test_payload_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
