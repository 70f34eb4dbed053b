/* The end of a replay in words, on standard error. */
#ifndef CROSSTAP_SUMMARY_H
#define CROSSTAP_SUMMARY_H

#include "findings.h"

struct summary {
	uint64_t frames, unread, events, refused;
	ts_t first, last; /* of packets, or of events where there were none */
	bool damaged;
};

void summary_print(const struct summary *, struct findings *);

#endif
