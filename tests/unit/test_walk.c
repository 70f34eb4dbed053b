/* walk.c and the layers: what a frame says about its ends, who gets to read it, and that no length is believed. */
#include "rig.h"

enum { MF = 0x2000, PROTO_NONE = 59 };

static bool
is_mac(struct mac m, uint8_t last)
{
	return mac_eq(m, (struct mac){ { 2, 0, 0, 0, 0, last } });
}

static bool
is_addr(struct addr a, const uint8_t *b, uint8_t fam)
{
	return a.fam == fam && memcmp(a.b, b, fam == 4 ? 4 : 16) == 0;
}

static struct build
tcp_frame(size_t payload)
{
	struct build b = build_empty();

	for (size_t i = 0; i < payload; i++)
		PUT(&b, 'x');
	put_tcp(&b, 40000, 5001, 0x12);
	put_ip4(&b, 6, 1, 0);
	put_eth(&b, 0x0800);
	return b;
}

static struct build
query_frame(void)
{
	struct build b = build_empty();

	put_query(&b);
	put_udp4(&b, 1025, 53);
	put_ip4(&b, 17, 1, 0);
	put_eth(&b, 0x0800);
	return b;
}

static struct build
ns_frame(void)
{
	struct build b = build_empty();

	put_ns(&b, ALL_NODES);
	put_ip6(&b, 58, ALL_NODES);
	put_eth(&b, 0x86dd);
	return b;
}

/* ---- who was seen ---- */

static void
test_bulk(void **state)
{
	struct build b = tcp_frame(100);

	(void)state;
	r.now = 77;
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(r.n, 1); /* nobody reads port 5001 */
	const struct obs *o = rig_seen(&r);
	assert_int_equal(o->ts, 77);
	assert_int_equal(o->frame, 1);
	assert_int_equal(o->flags, 0);
	assert_int_equal(o->depth, 0);
	assert_null(o->bad_what);
	assert_int_equal(o->u.seen.ethertype, 0x0800);
	assert_int_equal(o->u.seen.tcp_flags, 0x12);
	assert_int_equal(o->u.seen.payload, 100);
	assert_true(is_mac(o->inner.smac, 1) && is_mac(o->inner.dmac, 2));
	assert_true(is_addr(o->inner.src, V4A, 4) && is_addr(o->inner.dst, V4B, 4));
	assert_int_equal(o->inner.sport, 40000);
	assert_int_equal(o->inner.dport, 5001);
	assert_int_equal(o->inner.ipproto, 6);
	assert_int_equal(o->inner.hop_limit, 64);
	assert_int_equal(o->inner.nvlan, 0);
	assert_memory_equal(&o->inner, &o->outer, sizeof(o->inner));
}

static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % below;
}

/* A frame of bulk: IPv4 or IPv6, behind so many tags; `flags` of the TCP header. */
static struct build
bulk_frame(uint16_t sport, bool four, unsigned tags, size_t payload, uint8_t flags)
{
	static const uint16_t types[] = { 0x8100, 0x88a8, 0x8100 };
	uint16_t type = four ? 0x0800 : 0x86dd;
	struct build b = build_empty();

	for (size_t i = 0; i < payload; i++)
		PUT(&b, 'x');
	put_tcp(&b, sport, 5001, flags);
	if (four)
		put_ip4(&b, 6, 1, 0x4000);
	else
		put_ip6(&b, 6, FAR6);
	for (unsigned i = 0; i < tags; i++, type = types[i - 1])
		put_vlan(&b, (uint16_t)(0x2064 + i), type);
	put_eth(&b, type);
	return b;
}

/* Bulk is read in one go, a segment that opens something layer by layer: both must say the same of the same bytes, cut or
 * damaged as they may be. */
static void
bulk_compare(struct rig *slow, struct build *b, size_t flags_at, size_t n)
{
	struct build opens = *b;

	r.n = slow->n = 0;
	enum said said = rig_read(&r, at(b, 0), n, build_len(b), rig_note, &r);
	if (flags_at < build_len(b))
		*at(&opens, flags_at) |= 2;
	assert_int_equal(rig_read(slow, at(&opens, 0), n, build_len(b), rig_note, slow), said);
	assert_int_equal(r.n, slow->n);
	if (r.n == 0)
		return;
	const struct obs *x = &r.seen[r.n - 1], *y = &slow->seen[slow->n - 1];
	assert_memory_equal(&x->inner, &y->inner, sizeof(x->inner));
	assert_memory_equal(&x->outer, &y->outer, sizeof(x->outer));
	assert_true(x->kind == y->kind && x->flags == y->flags && x->depth == y->depth && x->by == y->by);
	assert_true(x->bad_what == y->bad_what && x->bad_off == y->bad_off && x->digest == y->digest);
	if (x->kind != OBS_FRAME)
		return;
	assert_int_equal(x->u.seen.ethertype, y->u.seen.ethertype);
	assert_int_equal(x->u.seen.payload, y->u.seen.payload);
	assert_int_equal(x->u.seen.datagram.n, y->u.seen.datagram.n);
	assert_int_equal(x->u.seen.tcp_flags | 2, y->u.seen.tcp_flags | 2);
}

/* What says where the TCP header is: types, IP's version and length of header, its fragment, its protocol. */
static bool
moves_tcp(size_t where, size_t ip, bool four)
{
	return (where >= 12 && where <= ip) || where == ip + (four ? 9 : 6) ||
	       (four && (where == ip + 6 || where == ip + 7));
}

static void
test_bulk_like_layers(void **state)
{
	struct rig slow;
	uint64_t seed = 7;

	(void)state;
	rig_open(&slow);
	for (unsigned i = 0; i < 40000; i++) {
		bool four = draw(&seed, 2);
		unsigned tags = draw(&seed, 4);
		size_t payload = draw(&seed, 3) * 50;
		uint8_t flags = draw(&seed, 8) ? 0x10 : 0x11;
		/* a port of its own: no stream goes on */
		struct build b = bulk_frame((uint16_t)(10000 + i), four, tags, payload, flags);
		size_t ip = 14 + 4 * tags, flags_at = ip + (four ? 20 : 40) + 13, n = build_len(&b);
		for (uint32_t flips = draw(&seed, 3); flips > 0; flips--) {
			uint32_t where = draw(&seed, (uint32_t)n);
			uint8_t value = (uint8_t)draw(&seed, 256);
			if (where == flags_at || moves_tcp(where, ip, four))
				continue; /* then the flags are elsewhere, and the two frames differ in more */
			*at(&b, where) = value;
		}
		bulk_compare(&slow, &b, flags_at, draw(&seed, 3) ? n : draw(&seed, (uint32_t)n + 1));
	}
	free(slow.mem);
}

/* A short frame is filled up to 60 bytes: the length of the datagram decides. */
static void
test_padding(void **state)
{
	struct build tcp = tcp_frame(0), query = query_frame(), b = build_empty();

	(void)state;
	PUT(&b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
	struct build padded = b;
	put(&padded, at(&tcp, 0), build_len(&tcp));
	rig_frame(&r, &padded);
	assert_int_equal(rig_seen(&r)->u.seen.payload, 0);
	put(&b, at(&query, 0), build_len(&query));
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, 0);
}

static void
test_vlan_tags(void **state)
{
	static const uint16_t types[] = { 0x8100, 0x88a8, 0x9100, 0x9200 };

	(void)state;
	for (size_t i = 0; i < NELEM(types); i++) {
		struct build b = build_empty();
		put_ns(&b, ALL_NODES);
		put_ip6(&b, 58, ALL_NODES);
		put_vlan(&b, 0xe00c, 0x86dd); /* priority 7, id 12 */
		put_eth(&b, types[i]);
		rig_frame(&r, &b);
		const struct obs *o = rig_only(&r, OBS_ND);
		assert_int_equal(o->inner.nvlan, 1);
		assert_int_equal(o->inner.vlan[0], 12);
		assert_int_equal(rig_seen(&r)->u.seen.ethertype, 0x86dd);
	}
	struct build b = build_empty();
	put_ns(&b, ALL_NODES);
	put_ip6(&b, 58, ALL_NODES);
	put_vlan(&b, 6, 0x86dd);
	put_vlan(&b, 5, 0x8100);
	put_vlan(&b, 4, 0x8100);
	put_vlan(&b, 0x2000, 0x8100); /* a priority tag: id 0, and it counts */
	put_vlan(&b, 0x0fff, 0x8100);
	put_eth(&b, 0x88a8);
	rig_frame(&r, &b);
	const struct obs *o = rig_only(&r, OBS_ND);
	assert_int_equal(o->inner.nvlan, 4);
	assert_int_equal(o->inner.vlan[0], 0xfff);
	assert_int_equal(o->inner.vlan[1], 0);
	assert_int_equal(o->inner.vlan[3], 5);
}

static void
test_too_many_layers(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_ns(&b, ALL_NODES);
	put_ip6(&b, 58, ALL_NODES);
	put_vlan(&b, 1, 0x86dd);
	for (int i = 0; i < 40; i++)
		put_vlan(&b, 1, 0x8100);
	put_eth(&b, 0x8100);
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	assert_int_equal(r.n, 1);
	assert_int_equal(rig_seen(&r)->flags, OBS_BAD);
	assert_non_null(rig_seen(&r)->bad_what);
}

/* IEEE 802.3 with LLC and SNAP, RFC 1042; everything else is just a frame. */
static void
test_length_frames(void **state)
{
	static const struct {
		uint8_t llc[8];
		bool read;
	} cases[] = {
		{ { 0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd }, true },
		{ { 0xaa, 0xaa, 3, 0, 0, 0xf8, 0x86, 0xdd }, true },
		{ { 0xaa, 0xaa, 3, 0, 0, 0x0c, 0x86, 0xdd }, false }, /* a vendor's own numbers */
		{ { 0x42, 0x42, 3, 0, 0, 0, 0x86, 0xdd }, false },    /* spanning tree */
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = build_empty();
		put_ns(&b, ALL_NODES);
		put_ip6(&b, 58, ALL_NODES);
		put(&b, cases[i].llc, 8);
		put_eth(&b, (uint16_t)build_len(&b));
		assert_int_equal(rig_frame(&r, &b), SAID_OK);
		assert_int_equal(r.n, cases[i].read ? 2 : 1);
	}
}

static void
test_link_types(void **state)
{
	static const struct {
		uint16_t link;
		uint8_t head[20];
		size_t n;
		bool mac;
	} cases[] = {
		{ 113, { 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x86, 0xdd }, 16, true },
		{ 113,
		  { 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd },
		  16,
		  false }, /* a tun device */
		{ 276, { 0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0 }, 20, true },
		{ 0, { 30, 0, 0, 0 }, 4, false },   /* Darwin, little endian */
		{ 0, { 0, 0, 0, 28 }, 4, false },   /* FreeBSD, big endian */
		{ 0, { 10, 0, 0, 0 }, 4, false },   /* Linux */
		{ 108, { 0, 0, 0, 24 }, 4, false }, /* OpenBSD */
		{ 101, { 0 }, 0, false },
		{ 12, { 0 }, 0, false },
		{ 14, { 0 }, 0, false },
		{ 229, { 0 }, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = build_empty();
		put_ns(&b, ALL_NODES);
		put_ip6(&b, 58, ALL_NODES);
		put(&b, cases[i].head, cases[i].n);
		r.link = cases[i].link;
		assert_int_equal(rig_frame(&r, &b), SAID_OK);
		const struct obs *o = rig_only(&r, OBS_ND);
		assert_int_equal(o->flags, cases[i].mac ? 0 : OBS_NO_ETHER);
		assert_int_equal(o->u.nd.sum, 1);
		assert_int_equal(is_mac(o->inner.smac, 1), cases[i].mac);
	}
	struct build b = query_frame();
	b.from += 14;
	r.link = 228;
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_NO_ETHER);
}

/* A link type that nobody reads gives nothing, and says so. */
static void
test_unknown_link(void **state)
{
	struct build b = ns_frame();

	(void)state;
	r.link = 105;
	assert_int_equal(rig_frame(&r, &b), SAID_NO);
	assert_int_equal(r.n, 0);
}

static void
test_arp(void **state)
{
	struct build f = build_empty();

	(void)state;
	PUT(&f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* padding */
	PUT(&f, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2);
	put_eth(&f, 0x0806);
	assert_int_equal(rig_frame(&r, &f), SAID_OK);
	const struct obs *o = rig_only(&r, OBS_ARP);
	assert_int_equal(o->u.arp.op, 2);
	assert_true(is_mac(o->u.arp.sha, 1) && is_mac(o->u.arp.tha, 2));
	assert_true(is_addr(o->u.arp.spa, V4A, 4) && is_addr(o->u.arp.tpa, V4B, 4));
	assert_false(addr_set(o->inner.src));
	*at(&f, 14 + 4) = 8; /* hardware address length: not Ethernet */
	assert_int_equal(rig_frame(&r, &f), SAID_OK);
	assert_int_equal(r.n, 1);
}

/* ---- IPv4 ---- */

static void
test_ip4_lengths(void **state)
{
	static const struct {
		size_t off;
		uint8_t v;
		enum said said;
		uint16_t flags;
		size_t n;
	} cases[] = {
		{ 0, 0x45, SAID_OK, 0, 2 },	   { 0, 0x44, SAID_BAD, OBS_BAD, 1 }, /* header of 16 bytes */
		{ 0, 0x55, SAID_BAD, OBS_BAD, 1 },				      /* version 5 */
		{ 3, 19, SAID_BAD, OBS_BAD, 1 },   /* total length inside the header */
		{ 3, 20, SAID_BAD, OBS_BAD, 1 },   /* no room for UDP */
		{ 3, 200, SAID_OK, OBS_BAD, 2 },   /* more than there is: read what is there */
		{ 0, 0x4f, SAID_BAD, OBS_BAD, 1 }, /* options over the end */
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = query_frame();
		*at(&b, 14 + cases[i].off) = cases[i].v;
		assert_int_equal(rig_frame(&r, &b), cases[i].said);
		assert_int_equal(r.n, cases[i].n);
		assert_int_equal(rig_seen(&r)->flags & (OBS_BAD | OBS_CUT), cases[i].flags);
	}
	struct build b = query_frame();
	set16(&b, 14 + 2, 0); /* a sender's segmentation offload */
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, 0);
}

static void
test_ip4_options(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_query(&b);
	put_udp4(&b, 1025, 53);
	PUT(&b, 1, 1, 1, 0);
	put_ip4(&b, 17, 1, 0);
	*at(&b, 0) = 0x46;
	put_eth(&b, 0x0800);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, 0);
	*at(&b, 14 + 20) = 131; /* a source route: the checksum covers an address that cannot be known */
	*at(&b, 14 + 21) = 3;
	*at(&b, 14 + 20 + 4 + 8) ^= 1;
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, 0);
}

/* RFC 791 3.2; the lone first fragment is not read, the completing one brings the message. */
static void
test_ip4_fragments(void **state)
{
	struct build whole = build_empty();

	(void)state;
	put_query(&whole);
	put_udp4(&whole, 1025, 53);
	struct build first = build_empty(), last = build_empty();
	put(&first, at(&whole, 0), 16);
	put_ip4(&first, 17, 9, MF);
	put_eth(&first, 0x0800);
	put(&last, at(&whole, 16), build_len(&whole) - 16);
	put_ip4(&last, 17, 9, 16 / 8);
	put_eth(&last, 0x0800);

	rig_frame(&r, &first);
	assert_int_equal(r.n, 1);
	assert_int_equal(rig_seen(&r)->flags, OBS_FRAGMENTED);
	assert_int_equal(rig_seen(&r)->inner.dport, 0);
	rig_frame(&r, &last);
	const struct obs *o = rig_only(&r, OBS_DNS);
	assert_int_equal(o->flags, OBS_FRAGMENTED); /* and the checksum over both is right */
	assert_int_equal(o->frame, 2);
	assert_int_equal(o->inner.dport, 53);
	assert_int_equal(o->u.dns.id, 0x1234);
	rig_frame(&r, &last); /* the mirror's copy */
	assert_int_equal(r.n, 1);

	/* the same pair, the second one shifted by 8: dropped whole */
	r.now = TS_SEC;
	set16(&last, 14 + 6, 8 / 8);
	rig_frame(&r, &first);
	assert_int_equal(rig_frame(&r, &last), SAID_BAD);
	assert_int_equal(r.n, 1);
	assert_int_equal(rig_seen(&r)->flags, OBS_FRAGMENTED | OBS_OVERLAP | OBS_BAD);
}

/* ---- UDP and TCP ---- */

static void
test_udp_lengths(void **state)
{
	static const struct {
		uint8_t len;
		enum said said;
		uint16_t flags;
		size_t n;
	} cases[] = {
		{ 27, SAID_OK, 0, 2 },		/* 8 and the 19 bytes of the query */
		{ 0, SAID_OK, OBS_SUM_BAD, 2 }, /* RFC 2675 4: the length field is part of the sum */
		{ 7, SAID_BAD, OBS_BAD, 1 },	/* inside its own header */
		{ 8, SAID_OK, 0, 1 },		/* empty: nothing to read */
		{ 255, SAID_OK, OBS_BAD, 2 },	/* past the datagram: read what is there */
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = query_frame();
		*at(&b, 14 + 20 + 5) = cases[i].len;
		assert_int_equal(rig_frame(&r, &b), cases[i].said);
		assert_int_equal(r.n, cases[i].n);
		assert_int_equal(r.seen[0].flags, cases[i].flags);
	}
}

static void
test_udp_checksum(void **state)
{
	struct build b = query_frame();

	(void)state;
	*at(&b, 14 + 20 + 8 + 1) ^= 0x40; /* one bit of the message */
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_SUM_BAD);
	set16(&b, 14 + 20 + 6, 0); /* RFC 768: not computed */
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_SUM_NONE);

	b = build_empty();
	put_query(&b);
	put_udp6(&b, 1025, 53, FAR6);
	put_ip6(&b, 17, FAR6);
	put_eth(&b, 0x86dd);
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, 0);
	*at(&b, 14 + 39) ^= 1; /* the destination is part of it */
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_SUM_BAD);
}

/* The source port claims as well: an answer comes from it. */
static void
test_source_port(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_query(&b);
	put_udp4(&b, 53, 1025);
	put_ip4(&b, 17, 1, 0);
	put_eth(&b, 0x0800);
	rig_frame(&r, &b);
	rig_only(&r, OBS_DNS);
}

static void
test_tcp(void **state)
{
	struct build b = tcp_frame(10);
	size_t offsets = 14 + 20 + 12;

	(void)state;
	*at(&b, offsets) = 0x40; /* header of 16 bytes */
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	*at(&b, offsets) = 0xf0; /* options over the end */
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	*at(&b, offsets) = 0x60;
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(rig_seen(&r)->u.seen.payload, 6);

	b = build_empty();
	put_query(&b);
	PUT(&b, 0, 19); /* RFC 1035 4.2.2 */
	put_tcp(&b, 1025, 53, 0x18);
	put_ip4(&b, 6, 1, 0);
	put_eth(&b, 0x0800);
	rig_frame(&r, &b);
	assert_true(rig_only(&r, OBS_DNS)->u.dns.tcp);
	b = build_empty();
	put_tcp(&b, 1025, 53, 0x10); /* a bare acknowledgement is nobody's message */
	put_ip4(&b, 6, 1, 0);
	put_eth(&b, 0x0800);
	rig_frame(&r, &b);
	assert_int_equal(r.n, 1);
}

/* ---- IPv6 and its extension headers ---- */

/* An NS behind one header of each kind; the checksum does not see them. */
static void
test_extensions(void **state)
{
	(void)state;
	struct build b = build_empty();
	put_ns(&b, ALL_NODES);
	PUT(&b, 58, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* authentication header: (1 + 2) * 4 bytes */
	PUT(&b, 51, 0, 1, 4, 0, 0, 0, 0);	      /* destination options: PadN */
	PUT(&b, 60, 0, 0, 0, 0, 0, 0, 0);	      /* routing, no segments left */
	PUT(&b, 43, 1, 5, 2, 0, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0); /* hop-by-hop: router alert, PadN */
	put_ip6(&b, 0, ALL_NODES);
	put_eth(&b, 0x86dd);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	const struct obs *o = rig_only(&r, OBS_ND);
	assert_int_equal(o->flags, OBS_EXT);
	assert_int_equal(o->inner.ipproto, 58);
	assert_int_equal(o->u.nd.sum, 1);
	assert_null(o->bad_what);
}

static struct build
chain_frame(unsigned headers)
{
	struct build b = build_empty();

	put_ns(&b, ALL_NODES);
	for (unsigned i = 0; i < headers; i++)
		PUT(&b, i ? 60 : 58, 0, 1, 4, 0, 0, 0, 0);
	put_ip6(&b, headers ? 60 : 58, ALL_NODES);
	put_eth(&b, 0x86dd);
	return b;
}

static void
test_extension_limit(void **state)
{
	struct build b = chain_frame(EXT_MAX);

	(void)state;
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	rig_only(&r, OBS_ND);
	b = chain_frame(EXT_MAX + 1);
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	assert_int_equal(r.n, 1);
	assert_int_equal(rig_seen(&r)->flags, OBS_EXT | OBS_BAD);
	b = chain_frame(1);
	*at(&b, 14 + 40 + 1) = 200; /* a header longer than the packet */
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	assert_int_equal(r.n, 1);
}

static void
test_hop_by_hop_not_first(void **state)
{
	struct build b = chain_frame(2);

	(void)state;
	*at(&b, 14 + 40) = 0; /* the second one is hop-by-hop: RFC 8200 4.1 */
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	const struct obs *o = rig_only(&r, OBS_ND);
	assert_int_equal(o->flags, OBS_EXT | OBS_BAD);
	assert_non_null(o->bad_what);
}

/* RFC 8200 8.1: with segments left the pseudo header has the last hop. */
static void
test_routing_header_checksum(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 6; type++) {
		struct build b = build_empty();
		put_ns(&b, FAR6);
		if (type == 4) { /* RFC 8754 2: segment list from the last to the first */
			put(&b, ALL_NODES, 16);
			put(&b, FAR6, 16);
		} else {
			put(&b, FAR6, 16);
			put(&b, ALL_NODES, 16);
		}
		PUT(&b, 58, 4, (uint8_t)type, 1, 0, 0, 0, 0);
		put_ip6(&b, 43, LL1);
		put_eth(&b, 0x86dd);
		rig_frame(&r, &b);
		const struct obs *o = rig_only(&r, OBS_ND);
		bool known = type == 0 || type == 2 || type == 4;
		assert_int_equal(o->u.nd.sum, known ? 1 : 2); /* of the others nobody knows */
		assert_int_equal(o->flags, OBS_EXT);
	}
}

static void
test_jumbo(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_ns(&b, ALL_NODES);
	PUT(&b, 58, 0, 0xc2, 4, 0, 1, 0, 0); /* RFC 2675 2: 65536 bytes */
	put_ip6(&b, 0, ALL_NODES);
	set16(&b, 4, 0);
	put_eth(&b, 0x86dd);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(rig_only(&r, OBS_ND)->u.nd.sum, 2);

	b = ns_frame();
	set16(&b, 14 + 4, 0); /* without the option: no payload */
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	assert_int_equal(r.n, 1);
}

static void
test_no_next_header(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_ns(&b, ALL_NODES);
	put_ip6(&b, PROTO_NONE, ALL_NODES);
	put_eth(&b, 0x86dd);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(r.n, 1);
	assert_int_equal(rig_seen(&r)->flags, 0);
}

static struct build
piece(const struct build *whole, size_t off, size_t n, bool more, uint8_t next, uint8_t id)
{
	struct build b = build_empty(), copy = *whole;

	put(&b, at(&copy, off), n);
	put_fragment(&b, next, (uint16_t)(off | more), id);
	put_ip6(&b, 44, ALL_NODES);
	put_eth(&b, 0x86dd);
	return b;
}

/* RFC 6946: a fragment that is all of it, while another datagram has the same identification. */
static void
test_atomic_fragment(void **state)
{
	struct build ns = build_empty();

	(void)state;
	put_ns(&ns, ALL_NODES);
	struct build held = piece(&ns, 0, 16, true, 58, 7),
		     atomic = piece(&ns, 0, build_len(&ns), false, 58, 7);
	rig_frame(&r, &held);
	assert_int_equal(rig_frame(&r, &atomic), SAID_OK);
	assert_int_equal(rig_only(&r, OBS_ND)->flags, OBS_EXT | OBS_ATOMIC);
	struct build last = piece(&ns, 16, build_len(&ns) - 16, false, 58, 7);
	rig_frame(&r, &last);
	assert_int_equal(rig_only(&r, OBS_ND)->flags, OBS_EXT | OBS_FRAGMENTED);
}

static void
test_ip6_fragments(void **state)
{
	struct build ns = build_empty();

	(void)state;
	put_ns(&ns, ALL_NODES);
	size_t n = build_len(&ns);
	struct build first = piece(&ns, 0, 8, true, 58, 1), last = piece(&ns, 8, n - 8, false, 6, 1);
	rig_frame(&r, &last);
	assert_int_equal(r.n, 1);
	assert_int_equal(rig_seen(&r)->flags, OBS_EXT | OBS_FRAGMENTED);
	rig_frame(&r, &first);
	const struct obs *o = rig_only(&r, OBS_ND); /* the next header of the first piece, not of the other */
	assert_int_equal(o->flags, OBS_EXT | OBS_FRAGMENTED);
	assert_int_equal(o->u.nd.sum, 1);
	assert_int_equal(o->frame, 2);

	/* RFC 5722 */
	struct build over = piece(&ns, 8, 16, true, 58, 2), again = piece(&ns, 16, n - 16, false, 58, 2);
	first = piece(&ns, 0, 8, true, 58, 2);
	rig_frame(&r, &over);
	assert_int_equal(rig_frame(&r, &again), SAID_BAD);
	assert_int_equal(rig_seen(&r)->flags, OBS_EXT | OBS_FRAGMENTED | OBS_OVERLAP | OBS_BAD);
	rig_frame(&r, &first);
	assert_int_equal(r.n, 1);

	/* RFC 8200 4.5: with more to come a multiple of 8 */
	struct build odd = piece(&ns, 0, 12, true, 58, 3);
	assert_int_equal(rig_frame(&r, &odd), SAID_BAD);
	assert_int_equal(r.n, 1);
	/* a piece that the capture shortened can never be put together: the first is read as far as it goes */
	r.n = 0;
	first = piece(&ns, 0, 24, true, 58, 4);
	assert_int_equal(rig_read(&r, at(&first, 0), build_len(&first) - 2, build_len(&first), rig_note, &r),
			 SAID_CUT);
	o = rig_only(&r, OBS_ND);
	assert_int_equal(o->flags, OBS_EXT | OBS_FRAGMENTED | OBS_CUT);
	assert_int_equal(o->u.nd.sum, 2);
	r.n = 0;
	last = piece(&ns, 24, n - 24, false, 58, 4);
	assert_int_equal(rig_read(&r, at(&last, 0), build_len(&last) - 1, build_len(&last), rig_note, &r),
			 SAID_CUT);
	assert_int_equal(r.n, 1);
}

/* RFC 7112: the first piece ends before the upper layer begins.  The datagram is read all the same, and says so. */
static void
test_headless_fragment(void **state)
{
	struct build whole = build_empty();

	(void)state;
	put_ns(&whole, ALL_NODES);
	PUT(&whole, 58, 0, 1, 4, 0, 0, 0, 0);
	struct build first = piece(&whole, 0, 8, true, 60, 1),
		     last = piece(&whole, 8, build_len(&whole) - 8, false, 60, 1);
	rig_frame(&r, &first);
	assert_int_equal(r.n, 1);
	assert_int_equal(rig_seen(&r)->flags, OBS_EXT | OBS_FRAGMENTED | OBS_BAD);
	assert_non_null(rig_seen(&r)->bad_what);
	rig_frame(&r, &last);
	const struct obs *o = rig_only(&r, OBS_ND);
	assert_int_equal(o->flags, OBS_EXT | OBS_FRAGMENTED | OBS_BAD);
	assert_string_equal(o->bad_what, rig_seen(&r)->bad_what);
	assert_int_equal(o->u.nd.sum, 1);
}

static void
test_fragment_in_fragment(void **state)
{
	struct build whole = build_empty();

	(void)state;
	put_ns(&whole, ALL_NODES);
	put_fragment(&whole, 58, 1, 9); /* more to come, inside */
	struct build first = piece(&whole, 0, 16, true, 44, 1),
		     last = piece(&whole, 16, build_len(&whole) - 16, false, 44, 1);
	rig_frame(&r, &first);
	assert_int_equal(rig_frame(&r, &last), SAID_BAD);
	assert_int_equal(r.n, 1);
}

/* ---- ICMP errors ---- */

static void
test_quoted(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_ns(&b, ALL_NODES);
	put_ip6(&b, 58, ALL_NODES);
	PUT(&b, 0, 0, 0, 0);
	put_icmp6(&b, 1, 3, FAR6); /* destination unreachable: address */
	put_ip6(&b, 58, FAR6);
	put_eth(&b, 0x86dd);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	const struct obs *o = rig_only(&r, OBS_ND);
	assert_int_equal(o->flags, OBS_QUOTED);
	assert_int_equal(o->u.nd.sum, 2);
	assert_true(is_addr(o->inner.dst, ALL_NODES, 6));
	assert_true(is_addr(o->outer.dst, FAR6, 6));
	o = rig_seen(&r); /* who talked is who sent the error */
	assert_int_equal(o->flags, 0);
	assert_int_equal(o->depth, 0);
	assert_true(is_addr(o->inner.dst, FAR6, 6));

	b = build_empty();
	put_query(&b);
	put_udp4(&b, 1025, 53);
	put_ip4(&b, 17, 1, 0);
	PUT(&b, 3, 3, 0, 0, 0, 0, 0, 0); /* port unreachable */
	put_ip4(&b, 1, 2, 0);
	put_eth(&b, 0x0800);
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_QUOTED);
	assert_int_equal(rig_seen(&r)->inner.ipproto, 1);
	assert_int_equal(rig_seen(&r)->inner.sport, 0);
}

/* RFC 792 asks for 8 bytes behind the header: what is missing then is no lie. */
static void
test_quoted_short(void **state)
{
	struct build q = query_frame(), b = build_empty();

	(void)state;
	put(&b, at(&q, 14), 28);
	PUT(&b, 11, 0, 0, 0, 0, 0, 0, 0);
	put_ip4(&b, 1, 2, 0);
	put_eth(&b, 0x0800);
	rig_frame(&r, &b);
	for (size_t i = 0; i < r.n; i++)
		assert_int_equal(r.seen[i].flags & OBS_BAD, 0);
	assert_int_equal(rig_seen(&r)->flags, 0);
}

/* A datagram in pieces, quoted: never put together, or an error could plant bytes in somebody's datagram. */
static void
test_quoted_fragment(void **state)
{
	struct build ns = build_empty();

	(void)state;
	put_ns(&ns, ALL_NODES);
	struct build first = piece(&ns, 0, 8, true, 58, 1),
		     last = piece(&ns, 8, build_len(&ns) - 8, false, 58, 1);
	struct build b = build_empty();
	put(&b, at(&first, 14), build_len(&first) - 14);
	PUT(&b, 0, 0, 0, 0);
	put_icmp6(&b, 3, 1, FAR6); /* reassembly time exceeded */
	put_ip6(&b, 58, FAR6);
	put_eth(&b, 0x86dd);
	rig_frame(&r, &b);
	rig_frame(&r, &last);
	assert_int_equal(r.n, 1);
}

static void
test_errors_about_errors(void **state)
{
	struct build b = build_empty();

	(void)state;
	put_ns(&b, ALL_NODES);
	for (int i = 0; i < 20; i++) {
		put_ip6(&b, 58, FAR6);
		PUT(&b, 0, 0, 0, 0);
		put_icmp6(&b, 1, 0, FAR6);
	}
	put_ip6(&b, 58, FAR6);
	put_eth(&b, 0x86dd);
	rig_frame(&r, &b);
	assert_int_equal(r.n, 1);
}

/* ---- copies, counters, scratch ---- */

static uint64_t
digest(const struct build *b)
{
	rig_frame(&r, b);
	assert_int_equal(r.n, 2);
	return r.seen[0].digest;
}

static void
test_digest(void **state)
{
	struct build b = query_frame();
	uint64_t d = digest(&b);

	(void)state;
	*at(&b, 0) ^= 4;	 /* another MAC: routed */
	*at(&b, 14 + 8) = 63;	 /* one hop on */
	*at(&b, 14 + 11) ^= 0xf; /* so the header checksum differs */
	assert_true(digest(&b) == d);
	struct build tagged = build_empty();
	put(&tagged, at(&b, 14), build_len(&b) - 14);
	put_vlan(&tagged, 9, 0x0800);
	put_eth(&tagged, 0x8100);
	assert_true(digest(&tagged) == d);
	*at(&b, 14 + 5) ^= 1; /* another identification: sent again, no copy */
	assert_true(digest(&b) != d);
	b = query_frame();
	*at(&b, 14 + 20 + 8 + 13) = 'b';
	assert_true(digest(&b) != d);

	b = ns_frame();
	d = digest(&b);
	*at(&b, 14 + 7) = 254;
	assert_true(digest(&b) == d);
	*at(&b, build_len(&b) - 1) ^= 1;
	assert_true(digest(&b) != d);
}

static void
test_counts(void **state)
{
	struct build b = ns_frame();
	size_t i = 0;

	(void)state;
	while (dissectors[i] && !(dissectors[i]->name && strcmp(dissectors[i]->name, "icmpv6") == 0))
		i++;
	assert_non_null(dissectors[i]);
	rig_frame(&r, &b);
	r.n = 0;
	rig_read(&r, at(&b, 0), build_len(&b) - 1, build_len(&b), rig_note, &r);
	*at(&b, build_len(&b) - 7) = 9; /* the option is longer than the message */
	rig_frame(&r, &b);
	assert_int_equal(walk_counts(r.w)[i].said[SAID_OK], 1);
	assert_int_equal(walk_counts(r.w)[i].said[SAID_CUT], 1);
	assert_int_equal(walk_counts(r.w)[i].said[SAID_BAD], 1);
}

static void
test_scratch(void **state)
{
	static uint8_t big[5000];
	struct bytes parts[] = { { (const uint8_t *)"ab", 2 }, { NULL, 0 }, { (const uint8_t *)"cde", 3 } };
	bool too_long;

	(void)state;
	struct bytes a = walk_scratch_join(r.w, parts, 3, &too_long);
	struct bytes b = walk_scratch_join(r.w, parts, 1, &too_long);
	assert_false(too_long);
	assert_int_equal(a.n, 5);
	assert_memory_equal(a.p, "abcde", 5); /* the second join left the first alone */
	assert_int_equal(b.n, 2);
	parts[1] = bytes_of(big, sizeof(big));
	a = walk_scratch_join(r.w, parts, 3, &too_long);
	assert_true(too_long);
	assert_true(a.n < sizeof(big));
	for (int i = 0; i < 100; i++)
		(void)walk_scratch_join(r.w, parts, 3, &too_long);
	assert_true(too_long);
	struct build f = ns_frame();
	rig_frame(&r, &f); /* the next frame has all of it again */
	a = walk_scratch_join(r.w, parts, 1, &too_long);
	assert_false(too_long);
	assert_int_equal(a.n, 2);
}

/* ---- hostile input ---- */

static struct build
sample(unsigned k)
{
	struct build ns = build_empty();

	put_ns(&ns, ALL_NODES);
	switch (k) {
	case 0: return tcp_frame(30);
	case 1: return query_frame();
	case 2: return ns_frame();
	case 3: return chain_frame(3);
	case 4: return piece(&ns, 0, 8, true, 58, 1);
	case 5: return piece(&ns, 8, build_len(&ns) - 8, false, 58, 1);
	}
	put_ip6(&ns, 58, ALL_NODES);
	PUT(&ns, 0, 0, 0, 0);
	put_icmp6(&ns, 4, 0, FAR6);
	put_ip6(&ns, 58, FAR6);
	put_vlan(&ns, 3, 0x86dd);
	put_eth(&ns, 0x8100);
	return ns;
}

/* Wherever the capture stops it is the capture's fault, and what was read so far stands. */
static void
test_cut_at_every_byte(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 7; k++) {
		struct build b = sample(k);
		for (size_t n = 0; n < build_len(&b); n++) {
			r.n = 0;
			enum said s = rig_read(&r, at(&b, 0), n, build_len(&b), rig_note, &r);
			bool bulk = k == 0 && n >= 14 + 20 + 20;      /* nobody needed the rest */
			bool quoted = k == 6 && n >= 14 + 4 + 40 + 8; /* nor the rest of that */
			if (!quoted)
				assert_int_equal(s, bulk ? SAID_OK : SAID_CUT);
			assert_int_equal(r.n > 0, n >= 14);
			for (size_t i = 0; i < r.n; i++)
				assert_int_equal(r.seen[i].flags & OBS_BAD, 0);
		}
	}
}

static void
ignore(void *arg, const struct obs *o)
{
	uint64_t *sum = arg;

	*sum += o->flags + o->digest + (o->bad_what ? strlen(o->bad_what) : 0);
}

/* No crash, and twice the same: the walk has no state but fragments. */
static void
test_random_damage(void **state)
{
	static const uint16_t links[] = {
		1, 113, 276, 0, 108, 101, 228, 229, 12, 14, 9, 50, 51, 104, 204, 239
	};
	uint64_t sums[2] = { 0, 0 };

	(void)state;
	for (unsigned run = 0; run < 2; run++) {
		uint64_t seed = 99;
		free(r.mem);
		rig_open(&r);
		for (unsigned step = 0; step < 60000; step++) {
			struct build b = sample(draw(&seed, 7));
			for (uint32_t flips = draw(&seed, 6); flips > 0; flips--)
				*at(&b, draw(&seed, (uint32_t)build_len(&b))) = (uint8_t)draw(&seed, 256);
			size_t n = draw(&seed, 4) ? build_len(&b) : draw(&seed, (uint32_t)build_len(&b) + 1);
			r.link = draw(&seed, 8) ? 1 : links[draw(&seed, NELEM(links))];
			r.now += draw(&seed, 3) ? TS_MS : -TS_SEC;
			size_t skip = r.link == 1 || n < 14 ? 0 : 14;
			rig_read(&r, at(&b, 0) + skip, n - skip,
				 draw(&seed, 2) ? n - skip : build_len(&b) - skip, ignore, &sums[run]);
		}
	}
	assert_true(sums[0] == sums[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bulk),
		TEST(test_bulk_like_layers),
		TEST(test_padding),
		TEST(test_vlan_tags),
		TEST(test_too_many_layers),
		TEST(test_length_frames),
		TEST(test_link_types),
		TEST(test_unknown_link),
		TEST(test_arp),
		TEST(test_ip4_lengths),
		TEST(test_ip4_options),
		TEST(test_ip4_fragments),
		TEST(test_udp_lengths),
		TEST(test_udp_checksum),
		TEST(test_source_port),
		TEST(test_tcp),
		TEST(test_extensions),
		TEST(test_extension_limit),
		TEST(test_hop_by_hop_not_first),
		TEST(test_routing_header_checksum),
		TEST(test_jumbo),
		TEST(test_no_next_header),
		TEST(test_atomic_fragment),
		TEST(test_ip6_fragments),
		TEST(test_headless_fragment),
		TEST(test_fragment_in_fragment),
		TEST(test_quoted),
		TEST(test_quoted_short),
		TEST(test_quoted_fragment),
		TEST(test_errors_about_errors),
		TEST(test_digest),
		TEST(test_counts),
		TEST(test_scratch),
		TEST(test_cut_at_every_byte),
		TEST(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
