/* What the readers of framing.h share. */
#ifndef CROSSTAP_FRAMING_PARTS_H
#define CROSSTAP_FRAMING_PARTS_H

#include "framing.h"

/* Documents one after the other in a window that moves on (hostfeed_frame). */
struct stream {
	bool dropping; /* inside a document that was too long, up to its newline */
};

/* The next document: its bytes in *doc, false where the window holds none.  *used grows by what is done with either way,
 * *skipped by what was dropped. */
bool stream_next(struct stream *, struct bytes have, bool eof, size_t *used, struct bytes *doc, uint64_t *skipped);

struct framing_pool {
	uint8_t scratch[FRAMING_SCRATCH];
};

struct framing {
	struct framing_pool *pool;
	enum framing_said (*next)(struct framing *, struct bytes have, bool eof, struct framing_item *);
	union {
		struct stream stream;
	} u;
};

#endif
