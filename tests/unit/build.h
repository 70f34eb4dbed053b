/* Frames for tests, layer by layer from the inside out: a builder puts a header in front of what is there, with
 * lengths and checksums as the RFCs say, computed here and not by the code under test.  A test then lies with at(). */
#ifndef CROSSTAP_TEST_BUILD_H
#define CROSSTAP_TEST_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "walk.h"

enum { BUILD_MAX = 4096, SEEN_MAX = 8 };

struct build {
	uint8_t room[BUILD_MAX];
	size_t	from; /* the frame is room[from .. BUILD_MAX) */
};

static inline struct build
build_empty(void)
{
	return (struct build){ .from = BUILD_MAX };
}

static inline size_t
build_len(const struct build *b)
{
	return BUILD_MAX - b->from;
}

/* The bytes of the frame, to be changed. */
static inline uint8_t *
at(struct build *b, size_t off)
{
	assert_true(off < build_len(b));
	return b->room + b->from + off;
}

static inline void
put(struct build *b, const void *p, size_t n)
{
	assert_true(n <= b->from);
	b->from -= n;
	memcpy(b->room + b->from, p, n);
}

#define PUT(b, ...) put((b), (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define HI(v) ((uint8_t)((v) >> 8))
#define LO(v) ((uint8_t)(v))

static inline void
set16(struct build *b, size_t off, size_t v)
{
	*at(b, off) = HI(v);
	*at(b, off + 1) = LO(v);
}

/* RFC 1071 over pseudo header and message, as a loop over bytes. */
static inline uint16_t
build_sum(const struct build *b, const uint8_t *src, const uint8_t *dst, size_t alen, uint8_t proto)
{
	size_t	 n = build_len(b);
	uint32_t sum = (uint32_t)(n >> 16) + (uint32_t)(n & 0xffff) + proto;

	for (size_t i = 0; i < alen; i++)
		sum += ((uint32_t)src[i] + dst[i]) << (i % 2 ? 0 : 8);
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)b->room[b->from + i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* fe80::1 to ff02::1, and another way round the world: 2001:db8::5. */
static const uint8_t LL1[16] = { 0xfe, 0x80, [15] = 1 }, ALL_NODES[16] = { 0xff, 2, [15] = 1 };
static const uint8_t FAR6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 5 };
static const uint8_t V4A[4] = { 10, 0, 0, 1 }, V4B[4] = { 10, 0, 0, 2 };

static inline void
put_eth(struct build *b, uint16_t type)
{
	PUT(b, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, HI(type), LO(type)); /* to ..:02 from ..:01 */
}

static inline void
put_vlan(struct build *b, uint16_t tag, uint16_t type)
{
	PUT(b, HI(tag), LO(tag), HI(type), LO(type));
}

static inline void
put_ip4(struct build *b, uint8_t proto, uint16_t id, uint16_t where)
{
	size_t n = build_len(b) + 20;

	put(b, V4B, 4);
	put(b, V4A, 4);
	PUT(b, 0x45, 0, HI(n), LO(n), HI(id), LO(id), HI(where), LO(where), 64, proto, 0xbe, 0xef);
}

static inline void
put_ip6(struct build *b, uint8_t next, const uint8_t *dst)
{
	size_t n = build_len(b);

	put(b, dst, 16);
	put(b, LL1, 16);
	PUT(b, 0x60, 0, 0, 0, HI(n), LO(n), next, 255);
}

/* RFC 8200 4.5: next header, reserved, offset and M, identification. */
static inline void
put_fragment(struct build *b, uint8_t next, uint16_t where, uint8_t id)
{
	PUT(b, next, 0, HI(where), LO(where), 0, 0, 0, id);
}

static inline void
put_udp4(struct build *b, uint16_t sport, uint16_t dport)
{
	size_t n = build_len(b) + 8;

	PUT(b, HI(sport), LO(sport), HI(dport), LO(dport), HI(n), LO(n), 0, 0);
	set16(b, 6, build_sum(b, V4A, V4B, 4, 17));
}

static inline void
put_udp6(struct build *b, uint16_t sport, uint16_t dport, const uint8_t *dst)
{
	size_t n = build_len(b) + 8;

	PUT(b, HI(sport), LO(sport), HI(dport), LO(dport), HI(n), LO(n), 0, 0);
	set16(b, 6, build_sum(b, LL1, dst, 16, 17));
}

static inline void
put_tcp(struct build *b, uint16_t sport, uint16_t dport, uint8_t flags)
{
	PUT(b, HI(sport), LO(sport), HI(dport), LO(dport), 0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0x20, 0, 0, 0, 0, 0);
}

/* An ICMPv6 message whose body is there already. */
static inline void
put_icmp6(struct build *b, uint8_t type, uint8_t code, const uint8_t *dst)
{
	PUT(b, type, code, 0, 0);
	set16(b, 2, build_sum(b, LL1, dst, 16, 58));
}

/* RFC 4861 4.3: who has fe80::9?  With the sender's link-layer address. */
static inline void
put_ns(struct build *b, const uint8_t *sum_dst)
{
	PUT(b, 1, 1, 2, 0, 0, 0, 0, 1);
	PUT(b, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9);
	PUT(b, 0, 0, 0, 0);
	put_icmp6(b, 135, 0, sum_dst);
}

/* RFC 1035 4.1: a query for "a", type A. */
static inline void
put_query(struct build *b)
{
	PUT(b, 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1);
}

/* ---- the walk and what it said of a frame ---- */

struct rig {
	struct walk *w;
	void	    *mem;
	uint64_t     number;
	ts_t	     now;
	uint16_t     link;
	struct obs   seen[SEEN_MAX]; /* views in them are dead */
	size_t	     n;
};

static inline void
rig_open_with(struct rig *r, const struct walk_limits *l)
{
	memset(r, 0, sizeof(*r));
	r->mem = malloc(walk_bytes(l));
	assert_non_null(r->mem);
	memset(r->mem, 0xa5, walk_bytes(l)); /* memory need not be clean */
	r->w = walk_open(l, r->mem, (struct sipkey){ { 5, 6 } });
	r->link = 1;
}

static inline void
rig_open(struct rig *r)
{
	struct walk_limits l = { .datagrams = 8 };

	rig_open_with(r, &l);
}

static inline void
rig_note(void *arg, const struct obs *o)
{
	struct rig *r = arg;

	assert_true(r->n < SEEN_MAX);
	r->seen[r->n++] = *o;
}

/* The first `captured` bytes of the frame, in memory of exactly that size. */
static inline enum said
rig_read(struct rig *r, const uint8_t *p, size_t captured, size_t wire, walk_obs *fn, void *arg)
{
	uint8_t *copy = malloc(captured ? captured : 1);

	assert_non_null(copy);
	memcpy(copy, p, captured);
	struct frame f = { .ts = r->now,
			   .number = ++r->number,
			   .linktype = r->link,
			   .p = copy,
			   .caplen = (uint32_t)captured,
			   .wirelen = (uint32_t)wire };
	enum said    s = walk_frame(r->w, &f, fn, arg);
	free(copy);
	return s;
}

static inline enum said
rig_frame(struct rig *r, const struct build *b)
{
	r->n = 0;
	return rig_read(r, b->room + b->from, build_len(b), build_len(b), rig_note, r);
}

/* The last record of a frame is who was seen. */
static inline const struct obs *
rig_seen(const struct rig *r)
{
	assert_true(r->n > 0);
	assert_int_equal(r->seen[r->n - 1].kind, OBS_FRAME);
	return &r->seen[r->n - 1];
}

static inline const struct obs *
rig_only(const struct rig *r, enum obs_kind kind)
{
	assert_int_equal(r->n, 2);
	assert_int_equal(r->seen[0].kind, kind);
	return &r->seen[0];
}

#endif
