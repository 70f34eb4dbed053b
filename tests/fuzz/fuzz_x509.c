/* A certificate by itself: whatever the bytes, the texts are bounded and every name of it can be read. */
#include "fuzz.h"
#include "x509.h"

#include <stdlib.h>

enum { TEXT_MAX = 2048 };

static volatile uint32_t sum;

static void
touch(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		sum += b.p[i];
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);
	struct tls_leaf leaf = { .not_before = TS_NONE, .not_after = TS_NONE };
	struct field_it it = { .rec = &leaf };
	struct bytes name;
	uint64_t set = 0;

	if (exact == NULL)
		abort();
	if (n)
		memcpy(exact, p, n);
	leaf.der = bytes_of(exact, n);
	x509_read(&leaf, &set, fuzz_walk());
	if (leaf.subject.n > TEXT_MAX || leaf.issuer.n > TEXT_MAX ||
	    (leaf.not_before != TS_NONE) != (set >> TLSH_NOT_BEFORE & 1) ||
	    (leaf.not_after != TS_NONE) != (set >> TLSH_NOT_AFTER & 1) ||
	    (leaf.eku != 0) != (set >> TLSH_EKU & 1))
		abort();
	touch(leaf.subject);
	touch(leaf.issuer);
	for (; tls_san_next(&it, &name); it.i++)
		touch(name);
	if (it.i > n)
		abort();
	free(exact);
	return 0;
}
