/* SipHash-2-4 (Aumasson, Bernstein 2012): keyed, because hash keys come from the network. */
#ifndef CROSSTAP_SIPHASH_H
#define CROSSTAP_SIPHASH_H

#include "bytes.h"

struct sipkey { uint64_t k[2]; };

uint64_t siphash(const struct sipkey *, const void *p, size_t n);
/* SipHash-1-3, half the work: for what never leaves the program and is none of mhash.h.  Its authors know no
 * attack on it, and Rust's and Linux' hash tables rest on it or less. */
uint64_t siphash13(const struct sipkey *, const void *p, size_t n);

/* One word more into a running mix: a multiplication, for what is done to every frame or compared with its own last value.
 * Whoever wants can make collisions: only where they cost time and nothing else. */
static inline uint64_t
mix64(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

#endif
