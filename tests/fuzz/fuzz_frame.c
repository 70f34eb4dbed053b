/* Whole frames through one walk, so that fragments meet: the input is a byte that chooses the link type, then frames
 * of two bytes of length, one byte of how much the capture cut off, and that many bytes. */
#include "fuzz.h"

#include <stdlib.h>

enum { LINKS_MAX = 64, UNKNOWN_LINK = 65000 };

/* Every link type that somebody claims, and one that nobody does. */
static size_t
links(uint16_t value[LINKS_MAX])
{
	size_t n = 0;

	for (size_t d = 0; dissectors[d]; d++)
		for (size_t i = 0; i < CLAIMS_MAX && dissectors[d]->claims[i].kind != CLAIM_NONE; i++)
			if (dissectors[d]->claims[i].kind == CLAIM_LINK && n < LINKS_MAX - 1)
				value[n++] = dissectors[d]->claims[i].value;
	value[n++] = UNKNOWN_LINK;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct cursor c = cur_all(bytes_of(p, n));
	uint16_t value[LINKS_MAX];
	size_t nlinks = links(value);
	uint16_t link = value[cur_u8(&c) % nlinks];
	struct walk *w = fuzz_walk();

	for (uint64_t number = 1; cur_left(&c) >= 3; number++) {
		size_t len = cur_be16(&c), cut = cur_u8(&c);
		struct cursor frame = cur_clip(&c, len);
		struct bytes b = cur_rest(&frame);
		fuzz_frame(w, link, number, b.p, b.n, cut);
	}
	return 0;
}
