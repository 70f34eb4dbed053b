/* At most so many lines a second, a second's worth at once. */
#ifndef CROSSTAP_RATE_H
#define CROSSTAP_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

struct rate {
	uint32_t lines; /* a second; 0: no limit */
	int64_t at, left; /* thousandths of a line */
};

/* Takes one; false: not yet. */
static inline bool
rate_take(struct rate *r)
{
	enum { WHOLE = 1000 };
	if (r->lines == 0)
		return true;
	int64_t now = clock_ms(), most = (int64_t)r->lines * WHOLE;
	r->left = r->at == 0 || now - r->at >= WHOLE ? most : r->left + (now - r->at) * r->lines;
	if (r->left > most)
		r->left = most;
	r->at = now;
	if (r->left < WHOLE)
		return false;
	r->left -= WHOLE;
	return true;
}

#endif
