/* What the packet targets share: a walk of their own, and every observation printed to its last list item. */
#ifndef CROSSTAP_FUZZ_H
#define CROSSTAP_FUZZ_H

#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* An empty walk in memory that lives for the whole run; small, so that opening it for each input is cheap. */
struct walk *fuzz_walk(void);
/* One frame, in memory of exactly its size. */
void fuzz_frame(struct walk *, uint16_t linktype, uint64_t number, const uint8_t *p, size_t n, size_t cut);

#endif
