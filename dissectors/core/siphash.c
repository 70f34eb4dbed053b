#include "siphash.h"
#include "mhash.h"

static uint64_t
rotl(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

/* Little-endian, whatever the machine is; compilers make one load of it. */
static uint64_t
le64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

/* Section 2 of the paper, with `each` rounds a word and `last` at the end: constants, so that loops vanish. */
static inline uint64_t
sip(const struct sipkey *key, const void *p, size_t n, unsigned each, unsigned last)
{
	uint64_t v[4] = {
		key->k[0] ^ UINT64_C(0x736f6d6570736575),
		key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		key->k[0] ^ UINT64_C(0x6c7967656e657261),
		key->k[1] ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *b = p;
	uint64_t tail = (uint64_t)n << 56;
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		uint64_t m = le64(b + i);
		v[3] ^= m;
		for (unsigned r = 0; r < each; r++)
			sip_round(v);
		v[0] ^= m;
	}
	for (unsigned shift = 0; i < n; i++, shift += 8)
		tail |= (uint64_t)b[i] << shift;
	v[3] ^= tail;
	for (unsigned r = 0; r < each; r++)
		sip_round(v);
	v[0] ^= tail;

	v[2] ^= 0xff;
	for (unsigned r = 0; r < last; r++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
siphash(const struct sipkey *key, const void *p, size_t n)
{
	return sip(key, p, n, 2, 4);
}

uint64_t
siphash13(const struct sipkey *key, const void *p, size_t n)
{
	return sip(key, p, n, 1, 3);
}

uint64_t
nhash(const struct nhash *h, struct bytes head, struct bytes body)
{
	const uint32_t *of_body = h->k + NHASH_HEAD / 4;
	size_t n = body.n < NHASH_BLOCK ? body.n : NHASH_BLOCK;
	uint64_t sum = nhash_sum(h->k, head.p, head.n) + nhash_sum(of_body, body.p, n) +
		       nhash_product(of_body + NHASH_BLOCK / 4, (uint64_t)head.n << 32 | (uint32_t)body.n);

	for (size_t at = n; at < body.n; at += n) {
		n = body.n - at < NHASH_BLOCK ? body.n - at : NHASH_BLOCK;
		uint64_t block = nhash_sum(of_body, body.p + at, n);
		uint8_t chain[2 * HASH_WORD];
		memcpy(chain, &sum, sizeof(sum));
		memcpy(chain + HASH_WORD, &block, sizeof(block));
		sum = siphash13(&h->key, chain, sizeof(chain));
	}
	return sum;
}
