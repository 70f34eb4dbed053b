/* Copies of frames, for evidence: a ring of those that were observed lately, and a ring of those that facts were found in.
 * All memory is taken at start; an overwritten frame is gone.  What a fact that still stands points to is kept as long as
 * there is room for it. */
#ifndef CROSSTAP_FRAMES_H
#define CROSSTAP_FRAMES_H

#include "dissector.h"
#include "incident.h"

enum { FRAMES_LARGEST = 262144 }; /* bytes of a frame: libpcap's largest snap length */

struct frames;
/* Does the fact still point to the frame?  `id`: of its incident. */
typedef bool frames_stands(void *arg, uint64_t id, struct inc_ref);

/* `bytes`: of both rings together, at least 2 MiB.  NULL without memory. */
struct frames *frames_new(size_t bytes, frames_stands *, void *arg);
void frames_free(struct frames *);
/* Once for each frame. */
void frames_put(struct frames *, const struct frame *);
/* A fact of incident `id` was found in it. */
void frames_keep(struct frames *, uint64_t id, struct inc_ref);
/* False when it is gone.  The view is good until the next call of one of the two above. */
bool frames_find(const struct frames *, struct inc_ref, struct frame *);

#endif
