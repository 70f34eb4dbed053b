/* Hashes of proven quality for who never sees them: a multiplication for each two words instead of SipHash's rounds.
 * Over a random secret key any two different inputs of one length fall together with the probability that stands at each
 * function, whoever chose them; so chains are as short as random ones, and a flood of chosen keys is a flood of any keys.
 * Unlike SipHash's their values must not be shown: who sees some can compute the key.  The buckets of a table and the
 * digest that finds a mirror's copies never leave the program. */
#ifndef CROSSTAP_MHASH_H
#define CROSSTAP_MHASH_H

#include "siphash.h"

enum { MHASH_BYTES = 64, HASH_WORD = 8 };

static inline uint64_t
hash_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* MULTILINEAR-HM (Lemire and Kaser 2014, "Strongly universal string hashing is fast", theorem 3.1): of inputs of 8 to
 * MHASH_BYTES bytes, all of one length.  Each of its 32 bits is as good as a coin: 2^-b for any b of them. */
struct mhash { uint64_t k[MHASH_BYTES / 4 + 1]; };

static inline void
mhash_open(struct mhash *m, const struct sipkey *key)
{
	for (uint64_t i = 0; i < NELEM(m->k); i++)
		m->k[i] = siphash(key, &i, sizeof(i));
}

/* What is no whole word at the end is read with what stands before it. */
static inline uint32_t
mhash(const struct mhash *m, const uint8_t *p, size_t n)
{
	const uint64_t *k = m->k + 1;
	uint64_t sum = m->k[0];
	size_t i = 0;

	for (; n - i > HASH_WORD; i += HASH_WORD, k += 2) {
		uint64_t w = hash_word(p + i);
		sum += (k[0] + (uint32_t)w) * (k[1] + (w >> 32));
	}
	uint64_t w = hash_word(p + n - HASH_WORD);
	sum += (k[0] + (uint32_t)w) * (k[1] + (w >> 32));
	return (uint32_t)(sum >> 32);
}

/* NH (Black et al. 1999, "UMAC", theorem 4.2.2) over a head and a body: two different pairs fall together with 2^-31, and
 * as much again for each block behind the first.  The head may have NHASH_HEAD bytes. */
enum { NHASH_HEAD = 64, NHASH_BLOCK = 512 };
struct nhash { struct sipkey key; uint32_t k[(NHASH_HEAD + NHASH_BLOCK + HASH_WORD) / 4]; };

static inline void
nhash_open(struct nhash *h, const struct sipkey *key)
{
	h->key = *key;
	for (uint32_t i = 0; i < NELEM(h->k); i += 2) {
		uint64_t two = siphash(key, &i, sizeof(i));
		memcpy(&h->k[i], &two, sizeof(two));
	}
}

static inline uint64_t
nhash_product(const uint32_t *k, uint64_t w)
{
	return (uint64_t)((uint32_t)w + k[0]) * (uint32_t)((uint32_t)(w >> 32) + k[1]);
}

/* A part of a word counts as one with zeros behind. */
static inline uint64_t
nhash_sum(const uint32_t *k, const uint8_t *p, size_t n)
{
	uint64_t sum = 0, w = 0;
	size_t i = 0;

	for (; n - i >= HASH_WORD; i += HASH_WORD, k += 2)
		sum += nhash_product(k, hash_word(p + i));
	if (i == n)
		return sum;
	memcpy(&w, p + i, n - i);
	return sum + nhash_product(k, w);
}

uint64_t nhash(const struct nhash *, struct bytes head, struct bytes body);

#endif
