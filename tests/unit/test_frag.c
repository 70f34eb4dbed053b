/* frag.c: every order of pieces gives the datagram back, no contradiction does, and nothing is kept for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frag.h"

enum { BYTES = 65535 };

struct rig {
	struct frag f;
	void *mem;
	struct frag_key key;
	struct frag_whole whole;
};

static void
open_rig(struct rig *r, uint32_t datagrams)
{
	memset(r, 0, sizeof(*r));
	r->mem = malloc(frag_bytes(datagrams, BYTES));
	assert_non_null(r->mem);
	memset(r->mem, 0xa5, frag_bytes(datagrams, BYTES));
	frag_open(&r->f, datagrams, BYTES, r->mem, (struct sipkey){ { 3, 4 } });
	r->key.id = 1;
}

/* A piece of `text`; it has its own copy, so that reading past its end is seen by the sanitizers. */
static enum frag_said
add(struct rig *r, const uint8_t *text, uint32_t off, size_t n, bool more, ts_t now)
{
	uint8_t *copy = malloc(n ? n : 1);
	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, text + off, n);
	struct frag_piece p = { .off = off, .more = more, .next = off ? 99 : 58, .data = { copy, n } };
	enum frag_said s = frag_add(&r->f, &r->key, &p, now, &r->whole);
	free(copy);
	return s;
}

static void
numbered(uint8_t *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text[i] = (uint8_t)(i * 7 + i / 256);
}

static void
test_three_pieces_in_every_order(void **state)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct rig r;
	uint8_t text[100];

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 4);
	for (size_t k = 0; k < NELEM(orders); k++) {
		r.key.id = (uint32_t)k;
		for (size_t i = 0; i < 3; i++) {
			uint32_t off = orders[k][i] * 40u;
			enum frag_said s = add(&r, text, off, off == 80 ? 20 : 40, off != 80, 0);
			assert_int_equal(s, i == 2 ? FRAG_WHOLE : FRAG_HELD);
		}
		assert_int_equal(r.whole.data.n, sizeof(text));
		assert_memory_equal(r.whole.data.p, text, sizeof(text));
		assert_int_equal(r.whole.next, 58); /* RFC 8200 4.5: the first piece's */
		assert_false(r.whole.overlap);
	}
	assert_int_equal(r.f.whole, 6);
	free(r.mem);
}

static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % below;
}

/* Pieces of 8 to 1024 bytes in a random order, copies between them: as long as the holes are few it comes out. */
static void
test_random_orders(void **state)
{
	static uint8_t text[BYTES];
	struct rig r;
	uint64_t seed = 7;

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 2);
	for (uint32_t round = 0; round < 500; round++) {
		uint32_t total = 1 + draw(&seed, 4000), unit = 8 * (1 + draw(&seed, 128)),
			 n = (total + unit - 1) / unit;
		uint32_t order[512];
		bool whole = false;
		if (n < 2 || n > 100)
			continue;
		for (uint32_t i = 0; i < n; i++)
			order[i] = i;
		for (uint32_t i = n - 1; i > 0; i--) {
			uint32_t k = draw(&seed, i + 1), t = order[i];
			order[i] = order[k];
			order[k] = t;
		}
		r.key.id = round;
		for (uint32_t i = 0; i < n; i++) {
			uint32_t off = order[i] * unit, len = total - off < unit ? total - off : unit;
			assert_false(whole);
			whole = add(&r, text, off, len, off + len < total, 0) == FRAG_WHOLE;
			if (!whole && draw(&seed, 3) == 0)
				assert_int_equal(add(&r, text, off, len, off + len < total, 0), FRAG_COPY);
		}
		assert_true(whole);
		assert_int_equal(r.whole.data.n, total);
		assert_memory_equal(r.whole.data.p, text, total);
	}
	free(r.mem);
}

static void
test_largest_datagram(void **state)
{
	static uint8_t text[BYTES + 8];
	struct rig r;

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 1);
	for (uint32_t off = 0; off < 65528; off += 8 * 1024)
		if (off + 8 * 1024 <= 65528)
			assert_int_equal(add(&r, text, off, 8 * 1024, true, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, 57344, 8184, true, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, 65528, 8, false, 0), FRAG_BAD); /* the ping of death: 65536 bytes */
	assert_int_equal(add(&r, text, 65528, 7, false, 0), FRAG_WHOLE);
	assert_int_equal(r.whole.data.n, BYTES);
	assert_memory_equal(r.whole.data.p, text, BYTES);
	free(r.mem);
}

static void
test_bad_pieces(void **state)
{
	struct rig r;
	uint8_t text[64] = { 0 };

	(void)state;
	open_rig(&r, 2);
	assert_int_equal(add(&r, text, 0, 0, true, 0), FRAG_BAD);
	assert_int_equal(add(&r, text, 8, 0, false, 0), FRAG_BAD);
	assert_int_equal(add(&r, text, 0, 12, true, 0), FRAG_BAD); /* RFC 8200 4.5: not a multiple of 8 */
	assert_int_equal(r.f.bad, 3);
	assert_int_equal(r.f.table.used, 0); /* and holds no memory */
	free(r.mem);
}

/* RFC 5722: one byte that is said twice, differently or shifted, drops the datagram. */
static void
test_overlaps(void **state)
{
	static const struct {
		uint32_t off, n;
		bool more;
	} second[] = {
		{ 8, 16, true },  /* over the end of the first */
		{ 16, 24, true }, /* touches the end, reaches into the third */
		{ 0, 64, true },  /* around both */
		{ 0, 8, true },	  /* inside, other bytes */
		{ 40, 8, true },  /* inside the third, other bytes */
		{ 16, 8, false }, /* a last piece before the third */
	};
	struct rig r;
	uint8_t text[64], other[64];

	(void)state;
	numbered(text, sizeof(text));
	for (size_t i = 0; i < sizeof(other); i++)
		other[i] = (uint8_t)~text[i];
	open_rig(&r, 8);
	for (size_t k = 0; k < NELEM(second); k++) {
		r.key.id = (uint32_t)k;
		assert_int_equal(add(&r, text, 0, 16, true, 0), FRAG_HELD);
		assert_int_equal(add(&r, text, 32, 16, true, 0), FRAG_HELD);
		assert_int_equal(add(&r, other, second[k].off, second[k].n, second[k].more, 0), FRAG_OVERLAP);
		/* what would have completed the first version finds nothing any more */
		assert_int_equal(add(&r, text, 16, 16, true, 0), FRAG_HELD);
		assert_int_equal(add(&r, text, 48, 8, false, 0), FRAG_HELD);
	}
	assert_int_equal(r.f.overlaps, NELEM(second));
	free(r.mem);
}

static void
test_two_ends(void **state)
{
	struct rig r;
	uint8_t text[64];

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 2);
	assert_int_equal(add(&r, text, 32, 8, false, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, 40, 8, true, 0), FRAG_OVERLAP); /* behind the last */
	r.key.id++;
	assert_int_equal(add(&r, text, 32, 8, false, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, 16, 8, false, 0), FRAG_OVERLAP); /* another last */
	free(r.mem);
}

/* Receivers drop and start anew; so does this, and says that something was dropped. */
static void
test_after_an_overlap(void **state)
{
	struct rig r;
	uint8_t text[32], other[32];

	(void)state;
	numbered(text, sizeof(text));
	memset(other, 0, sizeof(other));
	open_rig(&r, 2);
	assert_int_equal(add(&r, other, 0, 16, true, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, 0, 16, true, 1), FRAG_OVERLAP);
	assert_int_equal(add(&r, text, 0, 16, true, 2), FRAG_HELD);
	assert_int_equal(add(&r, text, 16, 16, false, 3), FRAG_WHOLE);
	assert_true(r.whole.overlap);
	assert_memory_equal(r.whole.data.p, text, sizeof(text));
	free(r.mem);
}

/* A mirror shows each piece twice: one datagram.  The same datagram again, later: another one. */
static void
test_copies(void **state)
{
	struct rig r;
	uint8_t text[32];

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 2);
	assert_int_equal(add(&r, text, 0, 16, true, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, 0, 16, true, 1), FRAG_COPY);
	assert_int_equal(add(&r, text, 16, 16, false, 2), FRAG_WHOLE);
	assert_int_equal(add(&r, text, 16, 16, false, 3), FRAG_COPY);
	assert_int_equal(r.f.whole, 1);

	ts_t later = TS_SEC;
	assert_int_equal(add(&r, text, 0, 16, true, later), FRAG_HELD);
	assert_int_equal(add(&r, text, 16, 16, false, later), FRAG_WHOLE);

	/* the identification is used again at once, for something else */
	text[3] ^= 1;
	assert_int_equal(add(&r, text, 0, 16, true, later + 1), FRAG_HELD);
	assert_int_equal(add(&r, text, 16, 16, false, later + 1), FRAG_WHOLE);
	assert_memory_equal(r.whole.data.p, text, sizeof(text));
	assert_false(r.whole.overlap);
	free(r.mem);
}

static void
test_lifetime(void **state)
{
	struct rig r;
	uint8_t text[48];

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 2);
	assert_int_equal(add(&r, text, 0, 16, true, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, 16, 16, true, 20 * TS_SEC), FRAG_HELD);
	/* 30 s count from the first piece, however often another one comes */
	assert_int_equal(add(&r, text, 32, 16, false, 31 * TS_SEC), FRAG_HELD);
	assert_int_equal(r.f.late, 1);
	assert_int_equal(add(&r, text, 0, 16, true, 32 * TS_SEC), FRAG_HELD);
	assert_int_equal(add(&r, text, 16, 16, true, 33 * TS_SEC), FRAG_WHOLE);
	free(r.mem);
}

static void
test_holes_are_bounded(void **state)
{
	static uint8_t text[8 * 4 * FRAG_RANGES];
	struct rig r;

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 1);
	for (uint32_t i = 0; i < FRAG_RANGES; i++)
		assert_int_equal(add(&r, text, 16 * i, 8, true, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, 16 * FRAG_RANGES, 8, true, 0), FRAG_MANY);
	/* tiny pieces in order are one range, however many they are */
	r.key.id++;
	for (uint32_t off = 0; off + 8 < sizeof(text); off += 8)
		assert_int_equal(add(&r, text, off, 8, true, 0), FRAG_HELD);
	assert_int_equal(add(&r, text, sizeof(text) - 8, 8, false, 0), FRAG_WHOLE);
	assert_memory_equal(r.whole.data.p, text, sizeof(text));
	free(r.mem);
}

static void
test_datagrams_are_bounded(void **state)
{
	struct rig r;
	uint8_t text[32];

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 4);
	for (uint32_t id = 0; id < 100; id++) {
		r.key.id = id;
		assert_int_equal(add(&r, text, 0, 16, true, (ts_t)id), FRAG_HELD);
	}
	assert_int_equal(r.f.table.used, 4);
	assert_int_equal(r.f.table.evicted, 96);
	r.key.id = 96; /* the oldest of those that are left */
	assert_int_equal(add(&r, text, 16, 16, false, 100), FRAG_WHOLE);
	r.key.id = 95;
	assert_int_equal(add(&r, text, 16, 16, false, 100), FRAG_HELD);
	free(r.mem);
}

/* Everything of the key counts. */
static void
test_keys(void **state)
{
	static const struct frag_key keys[] = {
		{ .id = 1 },
		{ .id = 2 },
		{ .id = 1, .proto = 17 },
		{ .id = 1, .iface = 1 },
		{ .id = 1, .nvlan = 1 },
		{ .id = 1, .nvlan = 1, .vlan = { 5 } },
		{ .id = 1, .src = { 4, { 10, 0, 0, 1 } } },
		{ .id = 1, .dst = { 4, { 10, 0, 0, 1 } } },
		{ .id = 1, .src = { 6, { 10, 0, 0, 1 } } },
	};
	struct rig r;
	uint8_t text[16];

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 16);
	for (size_t i = 0; i < NELEM(keys); i++) {
		r.key = keys[i];
		assert_int_equal(add(&r, text, 8, 8, false, 0), FRAG_HELD);
	}
	for (size_t i = 0; i < NELEM(keys); i++) {
		r.key = keys[i];
		assert_int_equal(add(&r, text, 0, 8, true, 0), FRAG_WHOLE);
	}
	free(r.mem);
}

static void
test_wild_times(void **state)
{
	struct rig r;
	uint8_t text[32];

	(void)state;
	numbered(text, sizeof(text));
	open_rig(&r, 2);
	assert_int_equal(add(&r, text, 0, 16, true, INT64_MIN), FRAG_HELD);
	assert_int_equal(add(&r, text, 16, 16, false, INT64_MAX), FRAG_HELD);
	assert_int_equal(add(&r, text, 0, 16, true, INT64_MIN), FRAG_WHOLE); /* going back is no age */
	free(r.mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_pieces_in_every_order),
		cmocka_unit_test(test_random_orders),
		cmocka_unit_test(test_largest_datagram),
		cmocka_unit_test(test_bad_pieces),
		cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_two_ends),
		cmocka_unit_test(test_after_an_overlap),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_holes_are_bounded),
		cmocka_unit_test(test_datagrams_are_bounded),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_wild_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
