/* SipHash-2-4 (Aumasson, Bernstein 2012): keyed, because hash keys come from the network. */
#ifndef CROSSTAP_SIPHASH_H
#define CROSSTAP_SIPHASH_H

#include "bytes.h"

struct sipkey { uint64_t k[2]; };

uint64_t siphash(const struct sipkey *, const void *p, size_t n);

#endif
