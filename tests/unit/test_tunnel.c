/* IPv6 in IPv4: Teredo (RFC 4380, 6081) and protocol 41 (RFC 4213, 3056, 5214), written by hand from the RFCs, then damaged. */
#include "rig.h"

enum { PEER_A = 50000, PEER_B = 50001 };

static char json[2048];

/* 2001:0:c000:201:0:3caf:34ff:8ef4: server 192.0.2.1, client 203.0.113.11 port 50000 (RFC 4380 4). */
static const uint8_t TEREDO_A[16] = { 0x20, 1, 0, 0, 192, 0, 2, 1, 0, 0, 0x3c, 0xaf, 0x34, 0xff, 0x8e, 0xf4 };
static const uint8_t SIX_TO_FOUR[16] = { 0x20, 2, 192, 0, 2, 11, [15] = 1 };
static const uint8_t ISATAP_A[16] = { 0xfe, 0x80, [8] = 0, 0, 0x5e, 0xfe, 10, 0, 0, 1 };
static const uint8_t ISATAP_U[16] = { 0xfe, 0x80, [8] = 2, 0, 0x5e, 0xfe, 192, 0, 2, 66 };

static void
print(void *arg, const struct obs *o)
{
	rig_note(arg, o);
	if (o->kind != OBS_TEREDO && o->kind != OBS_TUNNEL6)
		return;
	struct out out = out_init(json, sizeof(json) - 1);
	field_json(&out, o->by->fields, o->by->nfields, &o->u);
	assert_true(out_ok(&out));
	json[out.n] = '\0';
}

static enum said
read_tunnel(struct build *b, size_t captured)
{
	r.n = 0;
	json[0] = '\0';
	return rig_read(&r, at(b, 0), captured, build_len(b), print, &r);
}

/* An IPv6 header in front of what is there, which it may lie about. */
static void
put_inner(struct build *b, uint8_t next, const uint8_t *src, const uint8_t *dst, int lie)
{
	size_t n = (size_t)((int)build_len(b) + lie);

	put(b, dst, 16);
	put(b, src, 16);
	PUT(b, 0x60, 0, 0, 0, HI(n), LO(n), next, 64);
}

static void
put_echo(struct build *b)
{
	PUT(b, 128, 0, 0, 0, 0, 7, 0, 1);
}

static void
outside(struct build *b, uint16_t sport, uint16_t dport)
{
	put_udp4(b, sport, dport);
	put_ip4(b, 17, 1, 0);
	put_eth(b, 0x0800);
}

static const struct obs *
kind_of(enum obs_kind k)
{
	for (size_t i = 0; i < r.n; i++)
		if (r.seen[i].kind == k)
			return &r.seen[i];
	return NULL;
}

/* ---- addresses ---- */
static struct addr
six(const uint8_t *b)
{
	return addr_of(bytes_of(b, 16));
}

static void
test_addresses(void **state)
{
	struct teredo_address t;

	(void)state;
	assert_true(teredo_address(six(TEREDO_A), &t));
	assert_true(addr_eq(t.server, addr4(192, 0, 2, 1)));
	assert_true(addr_eq(t.mapped, addr4(203, 0, 113, 11)));
	assert_int_equal(t.mapped_port, PEER_A);
	assert_false(teredo_address(six(FAR6), &t)); /* 2001:db8:: is not 2001:0:: */
	assert_false(teredo_address(addr4(0x20, 1, 0, 0), &t));
	assert_true(addr_eq(addr_6to4(six(SIX_TO_FOUR)), addr4(192, 0, 2, 11)));
	assert_false(addr_set(addr_6to4(six(TEREDO_A))));
	assert_false(addr_set(addr_6to4(addr4(0x20, 2, 1, 1))));
}

/* ---- Teredo ---- */
static void
put_auth(struct build *b, uint8_t id, uint8_t au)
{
	PUT(b, 1, 2, 3, 4, 5, 6, 7, 8, 1);
	for (unsigned i = 0; i < (unsigned)id + au; i++)
		PUT(b, (uint8_t)('a' + i % 26));
	PUT(b, 0, 1, id, au);
}

/* 203.0.113.11:50000 with every bit turned (RFC 4380 5.1.1) */
static void
put_origin(struct build *b)
{
	PUT(b, 0, 0, 0x3c, 0xaf, 0x34, 0xff, 0x8e, 0xf4);
}

static void
test_authentication(void **state)
{
	static const uint8_t lengths[][2] = { { 0, 0 }, { 4, 0 }, { 0, 16 }, { 255, 255 } };

	(void)state;
	for (size_t i = 0; i < NELEM(lengths); i++)
		for (int with_origin = 0; with_origin < 2; with_origin++) {
			struct build b = build_empty();
			put_echo(&b);
			put_inner(&b, 58, LL1, ALL_NODES, 0);
			if (with_origin)
				put_origin(&b);
			put_auth(&b, lengths[i][0], lengths[i][1]);
			outside(&b, 3544, 3544);
			assert_int_equal(read_tunnel(&b, build_len(&b)), SAID_OK);
			const struct obs *o = kind_of(OBS_TEREDO);
			assert_non_null(o);
			assert_int_equal(o->u.teredo.id_len, lengths[i][0]);
			assert_int_equal(o->u.teredo.au_len, lengths[i][1]);
			assert_non_null(strstr(json, "\"nonce\":\"0102030405060708\",\"conf\":\"01\"}"));
			assert_int_equal(o->u.teredo.set >> TERH_ORIGIN & 1, with_origin);
			if (with_origin)
				assert_non_null(strstr(
					json, "\"origin\":{\"addr\":\"203.0.113.11\",\"port\":50000}"));
			assert_int_equal(o->depth, 0);
			assert_int_equal(rig_seen(&r)->depth, 1);
			assert_true(addr_eq(rig_seen(&r)->inner.src, six(LL1)));
			assert_int_equal(rig_seen(&r)->outer.src.fam, 4);
		}
}

/* Twice the same encapsulation, or the origin first: no such message (RFC 4380 5.1.1). */
static void
test_wrong_order(void **state)
{
	(void)state;
	for (int twice = 0; twice < 2; twice++) {
		struct build b = build_empty();
		put_echo(&b);
		put_inner(&b, 58, LL1, ALL_NODES, 0);
		put_auth(&b, 0, 0);
		if (twice)
			put_auth(&b, 0, 0);
		else
			put_origin(&b);
		outside(&b, PEER_A, 3544);
		assert_int_equal(read_tunnel(&b, build_len(&b)), SAID_BAD);
		assert_string_equal(kind_of(OBS_TEREDO)->bad_what, "inner IP version");
		assert_int_equal(rig_seen(&r)->depth, 0);
	}
}

static void
test_auth_lies(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_echo(&b);
	put_inner(&b, 58, LL1, ALL_NODES, 0);
	put_auth(&b, 0, 0);
	outside(&b, PEER_A, 3544);
	*at(&b, 14 + 20 + 8 + 2) = 200;
	assert_int_equal(read_tunnel(&b, build_len(&b)), SAID_BAD);
	const struct obs *o = kind_of(OBS_TEREDO);
	assert_true(o->u.teredo.anomalies & TERA_AUTH_LENGTH);
	assert_false(o->u.teredo.set & 1u << TERH_INNER);
}

/* Any port, when an address is a Teredo one and all lengths agree; else nothing (DETECTIONS.md 14). */
static void
test_shape(void **state)
{
	static const struct {
		const char *what;
		const uint8_t *src, *dst;
		int lie;
		uint16_t dport;
		bool is;
	} cases[] = {
		{ "source", TEREDO_A, FAR6, 0, PEER_B, true },
		{ "destination", FAR6, TEREDO_A, 0, PEER_B, true },
		{ "link-local", LL1, TEREDO_A, 0, PEER_B, true },
		{ "no Teredo address", FAR6, LL1, 0, PEER_B, false },
		{ "longer than the datagram", TEREDO_A, FAR6, 1, PEER_B, false },
		{ "no trailer fits the rest", TEREDO_A, FAR6, -1, PEER_B, false },
		{ "on its port lengths may lie", TEREDO_A, FAR6, 1, 3544, true },
		{ "native addresses on its port", FAR6, FAR6, 0, 3544, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = build_empty();
		put_echo(&b);
		put_inner(&b, 58, cases[i].src, cases[i].dst, cases[i].lie);
		outside(&b, PEER_A, cases[i].dport);
		(void)read_tunnel(&b, build_len(&b));
		const struct obs *o = kind_of(OBS_TEREDO);
		if ((o != NULL) != cases[i].is)
			fail_msg("%s", cases[i].what);
		if (o)
			assert_int_equal(o->u.teredo.sure, cases[i].dport == 3544 ? SURE_PORT : SURE_SHAPE);
	}
}

/* RFC 6081 4: trailers; a bubble may carry anything. */
static void
test_trailers(void **state)
{
	static const struct {
		uint8_t bytes[6];
		size_t n;
		bool bubble;
		enum said want;
	} cases[] = {
		{ { 1, 0 }, 2, false, SAID_OK },
		{ { 1, 4, 1, 2, 3, 4 }, 6, false, SAID_OK },
		{ { 1, 1, 9, 3, 1, 9 }, 6, false, SAID_OK },
		{ { 1 }, 1, false, SAID_BAD },
		{ { 1, 5, 1, 2, 3, 4 }, 6, false, SAID_BAD },
		{ { 1, 2, 3, 4, 5, 6 }, 6, true, SAID_OK },
		{ { 9 }, 1, true, SAID_OK },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = build_empty();
		int lie = -(int)cases[i].n;
		put(&b, cases[i].bytes, cases[i].n);
		if (!cases[i].bubble)
			put_echo(&b);
		put_inner(&b, cases[i].bubble ? 59 : 58, TEREDO_A, FAR6, lie);
		outside(&b, PEER_A, 3544);
		assert_int_equal(read_tunnel(&b, build_len(&b)), cases[i].want);
		const struct obs *o = kind_of(OBS_TEREDO);
		assert_non_null(o);
		assert_int_equal(o->u.teredo.bubble, cases[i].bubble);
		assert_int_equal(o->u.teredo.trailers.n, cases[i].n);
		assert_int_equal(!!(o->u.teredo.anomalies & TERA_TRAILER), cases[i].want == SAID_BAD);
	}
}

static void
test_others_on_the_port(void **state)
{
	static const uint8_t text[] = "GET / HTTP/1.0";
	struct build b = build_empty();

	(void)state;
	put(&b, text, sizeof(text));
	outside(&b, PEER_A, 3544);
	assert_int_equal(read_tunnel(&b, build_len(&b)), SAID_OK);
	assert_null(kind_of(OBS_TEREDO));
}

/* ---- protocol 41 ---- */
static void
test_ends(void **state)
{
	static const struct {
		const uint8_t *src, *dst;
		const char *say[3];
	} cases[] = {
		{ SIX_TO_FOUR, FAR6, { "\"inner_src_6to4_v4\":\"192.0.2.11\"", "\"isatap\":false", NULL } },
		{ ISATAP_A,
		  ISATAP_U,
		  { "\"inner_src_isatap_v4\":\"10.0.0.1\",\"inner_src_isatap_u\":0",
		    "\"inner_dst_isatap_v4\":\"192.0.2.66\",\"inner_dst_isatap_u\":1",
		    "\"isatap\":true,\"src_embeds_outer\":true,\"dst_embeds_outer\":false" } },
		{ TEREDO_A,
		  FAR6,
		  { "\"inner_src_teredo\":{\"server\":\"192.0.2.1\",\"flags\":\"0x0000\",\"mapped_port\":"
		    "50000,"
		    "\"mapped_addr\":\"203.0.113.11\"}",
		    "\"inner_nxt\":58,\"inner_plen\":8", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = build_empty();
		put_echo(&b);
		put_inner(&b, 58, cases[i].src, cases[i].dst, 0);
		put_ip4(&b, 41, 1, 0);
		put_eth(&b, 0x0800);
		assert_int_equal(read_tunnel(&b, build_len(&b)), SAID_OK);
		const struct obs *o = kind_of(OBS_TUNNEL6);
		assert_non_null(o);
		assert_int_equal(o->inner.src.fam, 4);
		for (size_t k = 0; k < 3 && cases[i].say[k]; k++)
			if (strstr(json, cases[i].say[k]) == NULL)
				fail_msg("no %s in %s", cases[i].say[k], json);
		assert_int_equal(rig_seen(&r)->depth, 1);
	}
}

static void
test_lengths41(void **state)
{
	(void)state;
	for (int lie = -1; lie <= 1; lie++) {
		struct build b = build_empty();
		put_echo(&b);
		put_inner(&b, 58, LL1, ALL_NODES, lie);
		put_ip4(&b, 41, 1, 0);
		put_eth(&b, 0x0800);
		assert_int_equal(read_tunnel(&b, build_len(&b)), lie > 0 ? SAID_BAD : SAID_OK);
		assert_int_equal(!!(kind_of(OBS_TUNNEL6)->flags & OBS_BAD), lie > 0);
	}
	struct build b = build_empty();
	put_echo(&b);
	put_inner(&b, 58, LL1, ALL_NODES, 0);
	put_ip4(&b, 41, 1, 0);
	put_eth(&b, 0x0800);
	*at(&b, 34) = 0x45; /* IPv4 is protocol 4 */
	assert_int_equal(read_tunnel(&b, build_len(&b)), SAID_BAD);
	assert_false(kind_of(OBS_TUNNEL6)->u.tunnel6.set & 1u << T6H_INNER);
	assert_int_equal(rig_seen(&r)->depth, 0);
}

/* IPv6 in IPv6 is no 6in4, but is read; four IP headers are the limit. */
static void
test_depth(void **state)
{
	(void)state;
	for (unsigned deep = 1; deep <= 5; deep++) {
		struct build b = build_empty();
		put_echo(&b);
		for (unsigned i = 0; i < deep; i++)
			put_inner(&b, i == 0 ? 58 : 41, LL1, FAR6, 0);
		put_ip4(&b, 41, 1, 0);
		put_eth(&b, 0x0800);
		assert_int_equal(read_tunnel(&b, build_len(&b)), deep <= 3 ? SAID_OK : SAID_BAD);
		assert_int_equal(rig_seen(&r)->depth, deep <= 3 ? deep : 3);
	}
	struct build b = build_empty();
	put_echo(&b);
	put_inner(&b, 58, LL1, FAR6, 0);
	put_inner(&b, 41, LL1, FAR6, 0);
	put_eth(&b, 0x86dd);
	assert_int_equal(read_tunnel(&b, build_len(&b)), SAID_OK);
	assert_null(kind_of(OBS_TUNNEL6));
	assert_int_equal(rig_seen(&r)->depth, 1);
}

/* ---- cut at every byte: says so, and never more than the whole ---- */
static void
test_cut(void **state)
{
	struct build b = build_empty(), c = build_empty();

	(void)state;
	put_echo(&b);
	put_inner(&b, 58, TEREDO_A, FAR6, 0);
	put_origin(&b);
	put_auth(&b, 2, 3);
	outside(&b, 3544, PEER_A);
	put_echo(&c);
	put_inner(&c, 58, ISATAP_A, ISATAP_U, 0);
	put_ip4(&c, 41, 1, 0);
	put_eth(&c, 0x0800);
	for (size_t n = 14 + 20 + 1; n < build_len(&b); n++) {
		(void)read_tunnel(&b, n);
		const struct obs *o = kind_of(OBS_TEREDO);
		if (o && n < build_len(&b))
			assert_true(o->flags & OBS_CUT);
		assert_true(n < 14 + 20 + 8 + 2 || o != NULL);
	}
	for (size_t n = 14 + 20 + 1; n < build_len(&c); n++) {
		(void)read_tunnel(&c, n);
		assert_non_null(kind_of(OBS_TUNNEL6));
		assert_true(kind_of(OBS_TUNNEL6)->flags & OBS_CUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_authentication),
		cmocka_unit_test(test_wrong_order),
		cmocka_unit_test(test_auth_lies),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_trailers),
		cmocka_unit_test(test_others_on_the_port),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_lengths41),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_cut),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
