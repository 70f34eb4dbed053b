/* The frames of the last moments: bulk traffic between two stations says the same thing thousands of times a second, and
 * once in 100 ms is enough for who is there and alive.  Keyed by a fixed hash, so that a replay never depends on a key; who
 * forges collisions only makes the sensor look at his frames one by one. */
#ifndef CROSSTAP_RECENT_H
#define CROSSTAP_RECENT_H

#include "state.h"

size_t recent_bytes(void);
void   recent_open(struct engine *, void *mem);
/* True for a frame that tells nothing new: same stations, addresses and protocol, no connection that begins or ends, no
 * message of two DHCP servers, each of which counts.  e->unasked is the note kept beside those stations: of which asks
 * (asks.h) it was found that nobody asks about them. */
bool   recent_seen(struct engine *, const struct obs *);

#endif
