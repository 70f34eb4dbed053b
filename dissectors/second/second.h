/* A second opinion on a flow, by nDPI: which application it is and what is odd about it.  Asked by sensor/ only, about
 * flows of an open hypothesis' actor; what it says is evidence, never a verdict.  Bounded in flows, packets of each, and
 * bytes.  Not pure like the rest of dissectors/: the library allocates and keeps global state, so there is one at a time. */
#ifndef CROSSTAP_SECOND_H
#define CROSSTAP_SECOND_H

#include "obs.h"

struct second_limits {
	uint32_t flows;	  /* at once, the longest unused goes; 0: default 1024 */
	uint32_t packets; /* looked at of each flow; 0: default 16 */
	size_t	 bytes;	  /* of the library, its tables (5 MB) included; 0: default 32 MiB */
};
struct second_counts {
	uint64_t calls;	  /* packets that the library looked at */
	uint64_t flows;	  /* that were begun */
	uint64_t refused; /* packets not looked at because the bytes were used up */
};

struct opinion;
/* What is built in: "nDPI 4.2.0", or "none". */
const char     *second_version(void);
/* NULL where nothing is built in, or memory is short. */
struct opinion *second_open(const struct second_limits *);
/* `frame`: an OBS_FRAME with its datagram.  True when there is something new to say of its flow: `answer` is then an
 * OBS_SECOND of the same frame, whose texts live until second_close(). */
bool		second_packet(struct opinion *, const struct obs *frame, struct obs *answer);
struct second_counts second_counts(const struct opinion *);
void		second_close(struct opinion *);

#endif
