/* A host event that found no fact: what the wire says of it all the same (column W and R of DETECTIONS.md 10). */
#ifndef CROSSTAP_HALVES_H
#define CROSSTAP_HALVES_H

#include "joins.h"

struct half_case {
	struct engine *e;
	const struct segment *seg;
	const struct join *j;
	const struct kept *k;
	const struct place *place;
	size_t nplace;
	ts_t from, to; /* the row's window, widened by the clock's error */
	bool blind;    /* absence shows nothing: not in view, packets were lost, or the input ended */
};
struct half {
	enum verdict verdict; /* confirmed, refuted, or info: the wire says nothing either way */
	uint8_t severity;     /* 0: the row's */
	const char *why;
	bool by_reporter;     /* the reporter itself is the one */
};
struct half half_of(const struct half_case *);
/* RasSstp 1, 2 whose session was not seen. */
struct half half_outage(const struct half_case *);
/* Every server that the event lists is a declared one. */
bool peers_known(struct engine *, const struct segment *, const struct kept *);
/* Did that station open a TLS session to the computer between the times, on the segment? */
bool reporter_served(const struct half_case *, uint16_t seg, struct mac client);
/* The address that a reporter is named by, absent where none is known. */
struct addr reporter_address(struct engine *, const struct kept *, const struct place *, size_t nplace);

#endif
