/* Wrappers: whose ends a message has behind them, what of the carrier is forgotten, and that no header is believed. */
#include "rig.h"

enum { VXLAN = 4789, GENEVE = 6081, TZSP = 37008, BRIDGED = 0x6558, ERSPAN2 = 0x88be, ERSPAN3 = 0x22eb };
enum { MF = 0x2000, VLAN_OUTSIDE = 900, VLAN_INSIDE = 12, VLAN_SAID = 77 };

/* A query in IPv4: 54 bytes with its Ethernet header. */
static struct build
ip_query(void)
{
	struct build b = build_empty();

	put_query(&b);
	put_udp4(&b, 1025, 53);
	put_ip4(&b, 17, 1, 0);
	return b;
}

static struct build
frame_query(void)
{
	struct build b = ip_query();

	put_eth(&b, 0x0800);
	return b;
}

/* The mirror's own headers: from ..:a1 to ..:a2, in a VLAN of its own. */
static void
put_outer(struct build *b, uint8_t proto)
{
	put_ip4(b, proto, 9, 0);
	put_vlan(b, VLAN_OUTSIDE, 0x0800);
	PUT(b, 2, 0, 0, 0, 0, 0xa2, 2, 0, 0, 0, 0, 0xa1, 0x81, 0);
}

static void
put_outer_udp(struct build *b, uint16_t port)
{
	put_udp4(b, 50000, port);
	put_outer(b, 17);
}

static void
put_vxlan(struct build *b)
{
	PUT(b, 8, 0, 0, 0, 0, 0, 42, 0);
	put_outer_udp(b, VXLAN);
}

static void
put_gre(struct build *b, uint16_t type)
{
	PUT(b, 0, 0, HI(type), LO(type));
	put_outer(b, 47);
}

static void
put_erspan2(struct build *b, uint16_t vlan, uint16_t bits)
{
	PUT(b, (uint8_t)(0x10 | HI(vlan)), LO(vlan), HI(bits), LO(bits), 0, 0, 0, 0);
	PUT(b, 0x10, 0, HI(ERSPAN2), LO(ERSPAN2), 0, 0, 0, 7);
	put_outer(b, 47);
}

static void
put_erspan3(struct build *b, uint16_t vlan, uint16_t bits)
{
	PUT(b, (uint8_t)(0x20 | HI(vlan)), LO(vlan), 0, 1, 0, 0, 0, 0, 0, 9, HI(bits), LO(bits));
	PUT(b, 0x10, 0, HI(ERSPAN3), LO(ERSPAN3), 0, 0, 0, 7);
	put_outer(b, 47);
}

static void
put_bridged(struct build *b)
{
	put_gre(b, BRIDGED);
}

static void
put_geneve(struct build *b)
{
	PUT(b, 1, 0, HI(BRIDGED), LO(BRIDGED), 0, 0, 42, 0, 1, 2, 0, 0);
	put_outer_udp(b, GENEVE);
}

static void
put_tzsp(struct build *b)
{
	PUT(b, 1, 0, 0, 1, 1);
	put_outer_udp(b, TZSP);
}

static void
put_erspan2_plain(struct build *b)
{
	put_erspan2(b, 0, 1);
}

static void
put_erspan3_plain(struct build *b)
{
	put_erspan3(b, 0, 0);
}

static void (*const mirrors[])(struct build *) = { put_vxlan, put_bridged,	 put_geneve,
						   put_tzsp,  put_erspan2_plain, put_erspan3_plain };

static bool
from_to(const struct ends *e, uint8_t from, uint8_t to)
{
	return mac_eq(e->smac, (struct mac){ { 2, 0, 0, 0, 0, from } }) &&
	       mac_eq(e->dmac, (struct mac){ { 2, 0, 0, 0, 0, to } });
}

/* ---- frames inside: the walk starts over ---- */

static void
test_mirrors(void **state)
{
	struct build plain = frame_query();

	(void)state;
	rig_frame(&r, &plain);
	struct obs want = *rig_only(&r, OBS_DNS);
	for (size_t i = 0; i < NELEM(mirrors); i++) {
		struct build b = plain;
		mirrors[i](&b);
		assert_int_equal(rig_frame(&r, &b), SAID_OK);
		const struct obs *o = rig_only(&r, OBS_DNS);
		assert_int_equal(o->flags, OBS_MIRRORED);
		assert_int_equal(o->depth, 0);
		assert_memory_equal(&o->inner, &want.inner, sizeof(want.inner));
		assert_memory_equal(&o->outer, &want.outer, sizeof(want.outer));
		assert_true(o->digest == want.digest); /* the second copy of a frame is known by it */
		o = rig_seen(&r);
		assert_int_equal(o->flags, OBS_MIRRORED);
		assert_int_equal(o->u.seen.ethertype, 0x0800);
		assert_int_equal(o->u.seen.payload, 19);
		assert_memory_equal(&o->inner, &want.inner, sizeof(want.inner));
	}
}

/* What carries the frame may be broken: the frame is not. */
static void
test_carrier_forgotten(void **state)
{
	struct build b = frame_query();

	(void)state;
	put_vxlan(&b);
	set16(&b, 18 + 20 + 6, 0xdead);		    /* the wrapper's UDP checksum */
	set16(&b, 18 + 2, build_len(&b) - 18 + 40); /* more than there is */
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_MIRRORED);
	assert_null(rig_seen(&r)->bad_what);
}

static void
test_vlan(void **state)
{
	struct build plain = frame_query(), tagged = ip_query();

	(void)state;
	put_vlan(&tagged, VLAN_INSIDE, 0x0800);
	put_eth(&tagged, 0x8100);
	for (unsigned three = 0; three < 2; three++) {
		struct build said_only = plain, both = tagged;
		void (*const wrap)(struct build *, uint16_t, uint16_t) = three ? put_erspan3 : put_erspan2;
		wrap(&said_only, VLAN_SAID, 0);
		wrap(&both, VLAN_SAID, 0);
		rig_frame(&r, &said_only);
		assert_int_equal(rig_only(&r, OBS_DNS)->inner.nvlan, 1);
		assert_int_equal(r.seen[0].inner.vlan[0], VLAN_SAID);
		rig_frame(&r, &both);
		assert_int_equal(rig_only(&r, OBS_DNS)->inner.nvlan, 1);
		assert_int_equal(r.seen[0].inner.vlan[0], VLAN_INSIDE);
	}
}

/* ERSPAN type I has no header; type III may have a longer one, or bare IP behind it. */
static void
test_erspan_forms(void **state)
{
	struct build b = frame_query();

	(void)state;
	put_gre(&b, ERSPAN2);
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_MIRRORED);

	b = frame_query();
	PUT(&b, 0x30, 0, 0, 0, 0, 0, 0, 0);
	put_erspan3(&b, 0, 1);
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_MIRRORED);

	b = ip_query();
	put_erspan3(&b, 0, 2 << 10);
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->depth, 1);
	assert_true(from_to(&r.seen[0].inner, 0xa1, 0xa2));

	b = frame_query();
	put_erspan3(&b, 0, 9 << 10); /* neither frame nor packet */
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(r.n, 1);
	assert_true(from_to(&rig_seen(&r)->inner, 0xa1, 0xa2));
}

/* Where the mirrors are declared, another sender's wrapper is traffic and no more: its frame may be forged. */
static void
test_whose_mirrors(void **state)
{
	struct build plain = frame_query(), b = plain;
	struct rig mine;

	(void)state;
	put_vxlan(&b);
	struct cursor c = cur_all(bytes_of(b.room + b.from, build_len(&b)));
	cur_skip(&c, 14 + 4 + 12); /* Ethernet, the mirror's own tag, the addresses */
	struct addr src = addr4_read(&c);
	const struct prefix yes = { src, 32 }, no = { addr4(198, 51, 100, 7), 32 };
	const struct walk_limits limits[] = {
		{ .datagrams = 8, .mirrors = &yes, .nmirrors = 1, .mirrors_declared = true },
		{ .datagrams = 8, .mirrors = &no, .nmirrors = 1, .mirrors_declared = true },
		{ .datagrams = 8, .mirrors_declared = true },
	};
	for (size_t i = 0; i < NELEM(limits); i++) {
		rig_open_with(&mine, &limits[i]);
		assert_int_equal(rig_frame(&mine, &b), SAID_OK);
		const struct obs *o = rig_seen(&mine);
		assert_int_equal((o->flags & OBS_MIRRORED) != 0, i == 0);
		assert_true(i == 0 || addr_eq(o->inner.src, src));
		free(mine.mem);
	}
}

static void
test_too_many_mirrors(void **state)
{
	struct build b = frame_query();

	(void)state;
	put_bridged(&b);
	put_vxlan(&b);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_true(from_to(&rig_only(&r, OBS_DNS)->inner, 1, 2));
	put_tzsp(&b);
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	assert_int_equal(r.n, 1);
	assert_true(from_to(&rig_seen(&r)->inner, 0xa1, 0xa2));
	assert_int_equal(r.seen[0].flags, OBS_MIRRORED | OBS_BAD);
	assert_string_equal(r.seen[0].bad_what, "more wrappers inside each other than are read");
}

/* The mirror shortened the frame and says so: not the frame's fault. */
static void
test_cut_by_mirror(void **state)
{
	struct build b = frame_query(), shorter = build_empty();

	(void)state;
	put(&shorter, at(&b, 0), build_len(&b) - 6);
	b = shorter;
	put_erspan2(&b, 0, 0x0401);
	assert_int_equal(rig_frame(&r, &b), SAID_CUT);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_MIRRORED | OBS_CUT);
	b = shorter;
	put_erspan2(&b, 0, 1);
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	assert_true(rig_only(&r, OBS_DNS)->flags & OBS_BAD);
	b = shorter;
	PUT(&b, 1, 0, 0, 1, 41, 2, 0, (uint8_t)(build_len(&shorter) + 6), 1);
	put_outer_udp(&b, TZSP);
	assert_int_equal(rig_frame(&r, &b), SAID_CUT);
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_MIRRORED | OBS_CUT);
}

/* Whatever the capture cuts, the outermost readable header says who was seen. */
static void
test_cut_by_capture(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(mirrors); i++) {
		struct build b = frame_query();
		mirrors[i](&b);
		size_t all = build_len(&b), inside = all - 61;
		for (size_t n = 14; n < all; n++) {
			r.n = 0;
			assert_int_equal(rig_read(&r, at(&b, 0), n, all, rig_note, &r), SAID_CUT);
			const struct obs *o = rig_seen(&r);
			assert_true(r.seen[0].flags & OBS_CUT); /* the message, where it was reached */
			assert_true(n < inside + 14 ? from_to(&o->inner, 0xa1, 0xa2)
						    : from_to(&o->inner, 1, 2));
		}
	}
}

/* The pieces of a frame, each in a wrapper that was itself in pieces with the same addresses and identification. */
static void
test_fragments_inside(void **state)
{
	struct build message = build_empty(), piece, part;

	(void)state;
	put_query(&message);
	put_udp4(&message, 1025, 53);
	for (unsigned i = 0; i < 2; i++) {
		size_t from = i ? 16 : 0, to = i ? build_len(&message) : 16;
		piece = build_empty();
		put(&piece, at(&message, from), to - from);
		put_ip4(&piece, 17, 9, i ? 2 : MF);
		put_eth(&piece, 0x0800);
		PUT(&piece, 8, 0, 0, 0, 0, 0, 42, 0);
		put_udp4(&piece, 50000, VXLAN);
		for (unsigned k = 0; k < 2; k++) {
			size_t a = k ? 32 : 0, z = k ? build_len(&piece) : 32;
			part = build_empty();
			put(&part, at(&piece, a), z - a);
			put_ip4(&part, 17, 9, k ? 4 : MF);
			put_eth(&part, 0x0800);
			rig_frame(&r, &part);
		}
		r.now += TS_SEC;
	}
	assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_MIRRORED | OBS_FRAGMENTED);
}

/* A quoted packet is not traffic, nor is a frame in it. */
static void
test_quoted(void **state)
{
	struct build b = frame_query();

	(void)state;
	PUT(&b, 8, 0, 0, 0, 0, 0, 42, 0);
	put_udp4(&b, 50000, VXLAN);
	put_ip4(&b, 17, 9, 0);
	PUT(&b, 3, 3, 0, 0, 0, 0, 0, 0);
	put_ip4(&b, 1, 10, 0);
	put_eth(&b, 0x0800);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(r.n, 1);
	assert_int_equal(rig_seen(&r)->flags, 0);
}

/* ---- bare IP inside: a tunnel ---- */

static void
test_tunnels(void **state)
{
	struct build b = ip_query();

	(void)state;
	put_gre(&b, 0x0800);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	const struct obs *o = rig_only(&r, OBS_DNS);
	assert_int_equal(o->flags, 0);
	assert_int_equal(o->depth, 1);
	assert_true(from_to(&o->inner, 0xa1, 0xa2) && from_to(&o->outer, 0xa1, 0xa2));
	assert_int_equal(o->outer.ipproto, 47);
	assert_int_equal(o->inner.ipproto, 17);
	assert_int_equal(o->inner.vlan[0], VLAN_OUTSIDE);

	b = ip_query();
	put_outer(&b, 4);
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->depth, 1);
	b = ip_query();
	put_ip6(&b, 4, ALL_NODES);
	put_eth(&b, 0x86dd);
	rig_frame(&r, &b);
	assert_int_equal(rig_only(&r, OBS_DNS)->depth, 1);
	assert_int_equal(r.seen[0].outer.src.fam, 6);
}

/* Four IP headers are read; a frame of its own starts counting anew. */
static void
test_depth(void **state)
{
	struct build b = ip_query();

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		put_ip4(&b, 4, 1, 0);
	struct build mirrored = b, more = b;
	put_eth(&mirrored, 0x0800);
	put_vxlan(&mirrored);
	rig_frame(&r, &mirrored);
	assert_int_equal(rig_only(&r, OBS_DNS)->depth, 3);
	put_ip4(&more, 4, 1, 0);
	put_eth(&more, 0x0800);
	assert_int_equal(rig_frame(&r, &more), SAID_BAD);
	assert_string_equal(rig_seen(&r)->bad_what, "more IP headers inside each other than are read");
}

/* ---- headers that say nothing, or lie ---- */

/* Put in front of a query in its frame, in `layers` of which the outermost is named. */
static void
test_refused(void **state)
{
	static const struct {
		uint16_t port; /* 0: GRE */
		uint8_t n, head[16];
		const char *what; /* NULL: nobody's, and nothing wrong */
	} cases[] = {
		{ 0, 4, { 0, 2, 0x65, 0x58 }, "GRE version or source route" },
		{ 0, 8, { 0x40, 0, 0x65, 0x58 }, "GRE version or source route" },
		{ 0, 4, { 0, 0, 0x12, 0x34 }, NULL },
		{ 0, 16, { 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x20, 0 }, "ERSPAN header" },
		{ 0, 16, { 0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x10, 0 }, "ERSPAN header" },
		{ VXLAN, 8, { 0, 0, 0, 0, 0, 0, 42, 0 }, NULL },
		{ VXLAN, 8, { 8, 1, 0, 0, 0, 0, 42, 0 }, NULL },
		{ VXLAN, 8, { 8, 0, 0, 7, 0, 0, 42, 0 }, NULL },
		{ VXLAN, 8, { 8, 0, 0, 0, 0, 0, 42, 1 }, NULL },
		{ VXLAN, 8, { 12, 0, 0, 99, 0, 0, 42, 0 }, NULL },
		{ GENEVE, 8, { 0x40, 0, 0x65, 0x58, 0, 0, 42, 0 }, NULL },
		{ GENEVE, 8, { 0, 1, 0x65, 0x58, 0, 0, 42, 0 }, NULL },
		{ GENEVE, 8, { 0, 0, 0x12, 0x34, 0, 0, 42, 0 }, NULL },
		{ GENEVE, 8, { 63, 0, 0x65, 0x58, 0, 0, 42, 0 }, "Geneve options" },
		{ TZSP, 5, { 2, 0, 0, 1, 1 }, NULL },
		{ TZSP, 5, { 1, 4, 0, 1, 1 }, NULL },
		{ TZSP, 5, { 1, 0, 0, 18, 1 }, NULL },
		{ TZSP, 6, { 1, 0, 0, 1, 9, 255 }, "TZSP tags" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = frame_query();
		put(&b, cases[i].head, cases[i].n);
		if (cases[i].port)
			put_outer_udp(&b, cases[i].port);
		else
			put_outer(&b, 47);
		assert_int_equal(rig_frame(&r, &b), cases[i].what ? SAID_BAD : SAID_OK);
		assert_int_equal(r.n, 1);
		assert_true(from_to(&rig_seen(&r)->inner, 0xa1, 0xa2));
		assert_int_equal(r.seen[0].flags, cases[i].what ? OBS_BAD : 0);
		if (cases[i].what)
			assert_string_equal(r.seen[0].bad_what, cases[i].what);
	}
}

/* Anybody may have such a port: an answer to it is read as what it is. */
static void
test_client_ports(void **state)
{
	static const uint16_t ports[] = { VXLAN, 8472, GENEVE, TZSP };

	(void)state;
	for (size_t i = 0; i < NELEM(ports); i++) {
		struct build b = build_empty();
		PUT(&b, 8, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1);
		put_udp4(&b, 53, ports[i]);
		put_ip4(&b, 17, 1, 0);
		put_eth(&b, 0x0800);
		assert_int_equal(rig_frame(&r, &b), SAID_OK);
		assert_int_equal(rig_only(&r, OBS_DNS)->u.dns.response, 1);
	}
}

/* ---- headers between link and IP ---- */

static void
test_mpls(void **state)
{
	(void)state;
	for (unsigned labels = 1; labels <= 17; labels++) {
		struct build b = ip_query();
		for (unsigned i = 0; i < labels; i++)
			PUT(&b, 0, 1, i == 0, 64);
		put_eth(&b, 0x8847);
		assert_int_equal(rig_frame(&r, &b), labels <= 16 ? SAID_OK : SAID_BAD);
		if (labels <= 16)
			assert_true(from_to(&rig_only(&r, OBS_DNS)->inner, 1, 2) && r.seen[0].depth == 0);
		else
			assert_string_equal(rig_seen(&r)->bad_what, "more MPLS labels than are read");
	}
	for (unsigned word = 0; word < 2; word++) {
		struct build b = frame_query();
		if (word)
			PUT(&b, 0, 0, 0, 9);
		PUT(&b, 0, 1, 1, 64);
		PUT(&b, 2, 0, 0, 0, 0, 0xa2, 2, 0, 0, 0, 0, 0xa1, 0x88, 0x47);
		assert_int_equal(rig_frame(&r, &b), SAID_OK);
		assert_int_equal(rig_only(&r, OBS_DNS)->flags, OBS_MIRRORED);
		assert_true(from_to(&r.seen[0].inner, 1, 2));
	}
	struct build channel = build_empty();
	PUT(&channel, 0, 1, 1, 64, 0x10, 0, 0, 7, 0x45, 0, 0, 0);
	put_eth(&channel, 0x8847);
	assert_int_equal(rig_frame(&r, &channel), SAID_OK);
	assert_int_equal(rig_seen(&r)->flags, 0);
	struct build nothing = build_empty();
	PUT(&nothing, 0, 1, 1, 64);
	put_eth(&nothing, 0x8847);
	assert_int_equal(rig_frame(&r, &nothing), SAID_BAD);
}

/* `head` stands before IPv4; `fits`: it is read, and nothing is wrong. */
static void
test_shims(void **state)
{
	static const struct {
		uint16_t link, ethertype;
		uint8_t n, head[24];
		bool fits;
	} cases[] = {
		{ 1, 0x8864, 8, { 0x11, 0, 0, 7, 0, 49, 0, 0x21 }, true },
		{ 1, 0x8864, 7, { 0x11, 0, 0, 7, 0, 48, 0x21 }, true },
		{ 1, 0x8864, 8, { 0x21, 0, 0, 7, 0, 49, 0, 0x21 }, false },
		{ 1, 0x8864, 8, { 0x11, 0xa7, 0, 7, 0, 49, 0, 0x21 }, false },
		{ 1, 0x8864, 8, { 0x11, 0, 0, 7, 0, 49, 0xc0, 0x21 }, false },
		{ 1, 0x8909, 8, { 1, 1, 0, 1, 0, 7, 8, 0 }, true },
		{ 1, 0x8909, 12, { 1, 2, 0, 1, 0, 7, 0, 2, 0, 0, 8, 0 }, true },
		{ 1, 0x8909, 8, { 2, 1, 0, 1, 0, 7, 8, 0 }, false },
		{ 9, 0, 2, { 0, 0x21 }, true },
		{ 9, 0, 4, { 0xff, 3, 0, 0x21 }, true },
		{ 9, 0, 1, { 0x21 }, true },
		{ 50, 0, 4, { 0xff, 3, 0, 0x21 }, true },
		{ 50, 0, 4, { 0x0f, 0, 8, 0 }, true },
		{ 51, 0, 8, { 0x11, 0, 0, 7, 0, 49, 0, 0x21 }, true },
		{ 104, 0, 4, { 0x8f, 0, 8, 0 }, true },
		{ 204, 0, 5, { 1, 0xff, 3, 0, 0x21 }, true },
		{ 239, 0, 8, { 2, 0, 0, 0, 51, 0, 9, 0 }, true },
		{ 239, 0, 8, { 2, 0, 0, 0, 0, 51, 0, 9 }, true },
		{ 239, 0, 16, { 2, 0, 0, 0, 5, 0, 10, 0, 0, 0, 0, 0, 51, 0, 9, 0 }, true },
		{ 239, 0, 8, { 2, 0, 0, 0, 3, 0, 9, 0 }, false },
		{ 239, 0, 8, { 2, 1, 0, 0, 51, 0, 9, 0 }, false },
		{ 239, 0, 8, { 7, 0, 0, 0, 51, 0, 9, 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct build b = ip_query();
		put(&b, cases[i].head, cases[i].n);
		if (cases[i].ethertype)
			put_eth(&b, cases[i].ethertype);
		r.link = cases[i].link;
		enum said s = rig_frame(&r, &b);
		if (!cases[i].fits) {
			assert_true(r.n == 0 || rig_seen(&r) == &r.seen[0]);
			continue;
		}
		assert_int_equal(s, SAID_OK);
		assert_int_equal(rig_only(&r, OBS_DNS)->flags, r.link == 1 ? 0 : OBS_NO_ETHER);
		assert_int_equal(r.seen[0].depth, 0);
	}
}

/* Ethernet fills a short frame: the session's length decides.  A length that promises more is a lie. */
static void
test_pppoe_length(void **state)
{
	struct build b = ip_query(), longer = ip_query();

	(void)state;
	PUT(&b, 0x11, 0, 0, 7, 0, 20, 0, 0x21);
	put_eth(&b, 0x8864);
	assert_int_equal(rig_frame(&r, &b), SAID_BAD);
	PUT(&longer, 0x11, 0, 0, 7, 0, 200, 0, 0x21);
	put_eth(&longer, 0x8864);
	rig_frame(&r, &longer);
	assert_string_equal(rig_seen(&r)->bad_what, "PPPoE length");
	assert_int_equal(r.seen[0].kind, OBS_DNS);
}

/* The sender's address that netfilter logged, where it is one. */
static void
test_nflog_sender(void **state)
{
	(void)state;
	r.link = 239;
	for (unsigned len = 6; len <= 8; len += 2) {
		struct build b = ip_query();
		PUT(&b, 51, 0, 9, 0);
		PUT(&b, 16, 0, 8, 0, 0, (uint8_t)len, 0, 0, 2, 0, 0, 0, 0, 5, 0, 0);
		PUT(&b, 2, 0, 0, 0);
		assert_int_equal(rig_frame(&r, &b), SAID_OK);
		const struct obs *o = rig_only(&r, OBS_DNS);
		assert_int_equal(o->flags, len == 6 ? 0 : OBS_NO_ETHER);
		assert_int_equal(o->inner.smac.b[5], len == 6 ? 5 : 0);
	}
}

/* PPTP (RFC 2637): what is not encrypted is read. */
static void
test_pptp(void **state)
{
	struct build b = ip_query();

	(void)state;
	PUT(&b, 0xff, 3, 0, 0x21);
	PUT(&b, 0x30, 0x81, 0x88, 0x0b, 0, 51, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1);
	put_outer(&b, 47);
	assert_int_equal(rig_frame(&r, &b), SAID_OK);
	assert_int_equal(rig_only(&r, OBS_DNS)->depth, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mirrors),	  TEST(test_carrier_forgotten), TEST(test_vlan),
		TEST(test_erspan_forms),  TEST(test_whose_mirrors),	TEST(test_too_many_mirrors),
		TEST(test_cut_by_mirror), TEST(test_cut_by_capture),	TEST(test_fragments_inside),
		TEST(test_quoted),	  TEST(test_tunnels),		TEST(test_depth),
		TEST(test_refused),	  TEST(test_client_ports),	TEST(test_mpls),
		TEST(test_shims),	  TEST(test_pppoe_length),	TEST(test_nflog_sender),
		TEST(test_pptp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
