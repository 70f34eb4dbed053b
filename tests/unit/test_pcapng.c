/* pcapng block by block: both byte orders, times, simple and old packets, statistics, and lengths that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "pcapng.h"

enum { ETHERNET = 1, RAW = 101 };

/* A block in the making. */
struct block {
	uint8_t p[512];
	size_t n;
	bool big;
};

static void
put(struct block *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		b->p[b->n + i] = (uint8_t)(v >> 8 * (b->big ? n - 1 - i : i));
	b->n += n;
}

static struct block
begin(uint32_t type, bool big)
{
	struct block b = { .big = big };
	put(&b, type, 4);
	put(&b, 0, 4);
	return b;
}

static void
bytes(struct block *b, const void *p, size_t n)
{
	memcpy(b->p + b->n, p, n);
	b->n += (n + 3) / 4 * 4;
}

static void
finish(struct block *b)
{
	size_t len = b->n + 4;
	put(b, len, 4);
	b->n = 4;
	put(b, len, 4);
	b->n = len;
}

static struct block
section(bool big)
{
	struct block b = begin(0x0a0d0d0a, big);
	put(&b, 0x1a2b3c4d, 4);
	put(&b, 1, 2);
	put(&b, 0, 2);
	put(&b, UINT64_MAX, 8);
	finish(&b);
	return b;
}

/* An interface with a time resolution (0: no option). */
static struct block
interface(bool big, uint16_t linktype, uint32_t snaplen, uint8_t tsresol, int64_t offset)
{
	struct block b = begin(1, big);
	put(&b, linktype, 2);
	put(&b, 0, 2);
	put(&b, snaplen, 4);
	if (tsresol) {
		put(&b, 9, 2);
		put(&b, 1, 2);
		bytes(&b, &tsresol, 1);
	}
	if (offset) {
		put(&b, 14, 2);
		put(&b, 8, 2);
		put(&b, (uint64_t)offset, 8);
	}
	finish(&b);
	return b;
}

static struct block
packet(bool big, uint32_t iface, uint64_t ticks, const void *p, uint32_t caplen, uint32_t wirelen)
{
	struct block b = begin(6, big);
	put(&b, iface, 4);
	put(&b, ticks >> 32, 4);
	put(&b, ticks & UINT32_MAX, 4);
	put(&b, caplen, 4);
	put(&b, wirelen, 4);
	bytes(&b, p, caplen < 64 ? caplen : 64);
	finish(&b);
	return b;
}

static struct frame frame;
static struct loss loss;
static const char *what;
static struct pcapng ng;

static enum pcapng_said
read_block(const struct block *b)
{
	what = NULL;
	return pcapng_block(&ng, bytes_of(b->p, b->n), &frame, &loss, &what);
}

static void
start(bool big)
{
	memset(&ng, 0, sizeof(ng));
	struct block b = section(big);
	assert_int_equal(read_block(&b), PCAPNG_SKIP);
}

static void
test_packets(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		start(big);
		struct block b = interface(big, ETHERNET, 65535, 0, 0);
		assert_int_equal(read_block(&b), PCAPNG_SKIP);
		b = interface(big, RAW, 100, 9, 0);
		assert_int_equal(read_block(&b), PCAPNG_SKIP);
		b = packet(big, 0, UINT64_C(1700000000123456), "abcde", 5,
			   70); /* microseconds without an option */
		assert_int_equal(read_block(&b), PCAPNG_FRAME);
		assert_int_equal(frame.linktype, ETHERNET);
		assert_int_equal(frame.caplen, 5);
		assert_int_equal(frame.wirelen, 70);
		assert_memory_equal(frame.p, "abcde", 5);
		assert_true(frame.ts == INT64_C(1700000000123456000));
		b = packet(big, 1, UINT64_C(1700000000123456789), "xyz", 3, 3);
		assert_int_equal(read_block(&b), PCAPNG_FRAME);
		assert_int_equal(frame.linktype, RAW);
		assert_true(frame.ts == INT64_C(1700000000123456789));
	}
}

static void
test_section_starts_over(void **state)
{
	(void)state;
	start(false);
	struct block b = interface(false, ETHERNET, 0, 0, 0);
	read_block(&b);
	b = section(true);
	assert_int_equal(read_block(&b), PCAPNG_SKIP);
	b = packet(true, 0, 1, "a", 1, 1);
	assert_int_equal(read_block(&b), PCAPNG_BROKEN);
	assert_string_equal(what, "packet of an interface that was not declared");
}

static void
test_simple_and_old_packets(void **state)
{
	(void)state;
	start(true);
	struct block b = begin(3, true);
	put(&b, 4, 4);
	bytes(&b, "abcd", 4);
	finish(&b);
	assert_int_equal(read_block(&b), PCAPNG_BROKEN); /* no interface yet */
	struct block i = interface(true, ETHERNET, 3, 0, 0);
	read_block(&i);
	assert_int_equal(read_block(&b), PCAPNG_FRAME);
	assert_int_equal(frame.caplen, 3); /* the interface's snap length: the block does not say */
	assert_int_equal(frame.wirelen, 4);
	b = begin(2, true);
	put(&b, 0, 2);
	put(&b, 7, 2); /* drops */
	put(&b, 0, 4);
	put(&b, 2000000, 4);
	put(&b, 2, 4);
	put(&b, 2, 4);
	bytes(&b, "hi", 2);
	finish(&b);
	assert_int_equal(read_block(&b), PCAPNG_FRAME);
	assert_true(frame.ts == 2 * TS_SEC);
	assert_memory_equal(frame.p, "hi", 2);
}

static void
test_times(void **state)
{
	(void)state;
	struct pcapng_if f = { .tsresol = 0 };
	assert_true(pcapng_time(&f, 5) == 5 * TS_SEC);
	f.tsresol = 3;
	assert_true(pcapng_time(&f, 1234) == INT64_C(1234000000));
	f.tsresol = 12;
	assert_true(pcapng_time(&f, UINT64_C(1500000000999)) == INT64_C(1500000000));
	f.tsresol = 0x80 | 10; /* 1/1024 s */
	assert_true(pcapng_time(&f, 1024 + 512) == INT64_C(1500000000));
	f.tsresol = 0x80 | 63;
	assert_true(pcapng_time(&f, UINT64_C(1) << 62) == INT64_C(500000000));
	f.tsresol = 6;
	f.tsoffset = -1;
	assert_true(pcapng_time(&f, 2500000) == INT64_C(1500000000));
	f.tsoffset = INT64_MAX;
	ts_t most = pcapng_time(&f, UINT64_MAX);
	assert_true(most > 0 && most < INT64_MAX);
	f.tsoffset = INT64_MIN;
	assert_true(pcapng_time(&f, 0) < 0);
	for (unsigned r = 0; r < 256; r++) {
		f.tsresol = (uint8_t)r;
		f.tsoffset = 0;
		assert_true(pcapng_time(&f, UINT64_MAX) >= 0);
	}
}

static void
test_statistics(void **state)
{
	(void)state;
	start(false);
	struct block b = interface(false, ETHERNET, 0, 0, 0);
	read_block(&b);
	for (int round = 1; round <= 2; round++) {
		b = begin(5, false);
		put(&b, 0, 4);
		put(&b, 0, 8);
		put(&b, 4, 2);
		put(&b, 8, 2);
		put(&b, 1000u * (unsigned)round, 8);
		put(&b, 5, 2);
		put(&b, 8, 2);
		put(&b, 10u * (unsigned)round, 8);
		put(&b, 0, 4);
		finish(&b);
		assert_int_equal(read_block(&b), PCAPNG_LOSS);
		assert_int_equal(loss.packets, 10);
		assert_int_equal(loss.total, 1000);
	}
	assert_int_equal(read_block(&b), PCAPNG_SKIP); /* nothing new */
}

static void
test_lengths_that_lie(void **state)
{
	(void)state;
	memset(&ng, 0, sizeof(ng));
	struct block b = interface(false, ETHERNET, 0, 0, 0);
	assert_int_equal(read_block(&b), PCAPNG_BAD);
	assert_string_equal(what, "no section header");
	start(false);
	read_block(&b);
	struct block p = packet(false, 0, 1, "abcd", 4, 4);
	p.p[20] = 0xff; /* captured length */
	assert_int_equal(read_block(&p),
			 PCAPNG_BROKEN); /* the block's own length is good: the next can be read */
	assert_string_equal(what, "packet longer than its block");
	p = packet(false, 0, 1, "abcd", 4, 4);
	p.p[p.n - 1] = 1; /* length at the end */
	assert_int_equal(read_block(&p), PCAPNG_BAD);
	static const uint32_t lengths[] = { 0, 8, 11, 13, (1u << 24) + 4, UINT32_MAX };
	for (size_t i = 0; i < NELEM(lengths); i++) {
		p = begin(6, false);
		p.n = 4;
		put(&p, lengths[i], 4);
		put(&p, 0, 4);
		what = NULL;
		assert_int_equal(pcapng_length(&ng, bytes_of(p.p, 12), &what), 0);
		assert_non_null(what);
	}
	/* Every cut of a block, copied so that a read past the end is seen. */
	p = packet(false, 0, 1, "abcd", 4, 4);
	for (size_t n = 0; n < p.n; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		memcpy(copy, p.p, n);
		assert_int_equal(pcapng_block(&ng, bytes_of(copy, n), &frame, &loss, &what), PCAPNG_BAD);
		free(copy);
	}
}

static void
test_too_many_interfaces(void **state)
{
	(void)state;
	start(false);
	struct block b = interface(false, ETHERNET, 0, 0, 0);
	for (size_t i = 0; i < PCAPNG_IFS_MAX; i++)
		assert_int_equal(read_block(&b), PCAPNG_SKIP);
	assert_int_equal(read_block(&b), PCAPNG_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_section_starts_over),
		cmocka_unit_test(test_simple_and_old_packets),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_too_many_interfaces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
