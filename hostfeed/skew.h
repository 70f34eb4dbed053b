/* How wrong a host's clock is (DETECTIONS.md 1.3).  Pure arithmetic over matched pairs of event and packet times. */
#ifndef CROSSTAP_SKEW_H
#define CROSSTAP_SKEW_H

#include "time.h"
#include <stdbool.h>
#include <stdint.h>

enum { SKEW_PAIRS = 15, SKEW_MIN_PAIRS = 5 };

struct skew {
	int64_t pair[SKEW_PAIRS]; /* event time minus packet time, the newest ones, in order of arrival */
	uint8_t n, next;
};

/* Learns from one matched pair. */
void skew_learn(struct skew *, ts_t event, ts_t packet);
/* The median offset to subtract from event times, known when there are at least SKEW_MIN_PAIRS pairs that spread over at
 * most 2 s (largest distance from the median of the closest three quarters); else false and *offset = 0. */
bool skew_offset(const struct skew *, int64_t *offset);

#endif
