/* The second copy of a frame: a mirror of several ports shows a broadcast once for each of them. */
#ifndef CROSSTAP_DUP_H
#define CROSSTAP_DUP_H

#include "state.h"

size_t dup_bytes(void);
void   dup_open(struct engine *, void *mem);
/* True when the same datagram came from the same source MAC within the last 10 ms (DETECTIONS.md 11).  A copy that a
 * router or relay sent on has another source MAC and is no duplicate. */
bool   dup_seen(struct engine *, const struct obs *);

#endif
