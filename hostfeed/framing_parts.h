/* What the readers of framing.h share. */
#ifndef CROSSTAP_FRAMING_PARTS_H
#define CROSSTAP_FRAMING_PARTS_H

#include <zlib.h>

#include "frame.h"
#include "framing.h"
#include "out.h"

/* One step of a reader: FRAMING_MORE where it needs bytes that `have` does not hold.  item->used is what it took. */
typedef enum framing_said framing_step(struct framing *, struct bytes have, bool eof, struct framing_item *);

struct framing_pool {
	uint64_t acks; /* ids of HEC's acknowledgements given out */
	uint8_t	 scratch[FRAMING_SCRATCH];
};

/* Bytes that do not lie in the window as they are to be read: pieces of an HTTP body, or what was inflated.  Taken from
 * malloc() while a connection is inside such bytes, about 140 KiB with what zlib takes. */
enum { GATHER_MAX = 96 * 1024 };
struct gather {
	bool	 inflating, ended; /* ended: the end of the compressed bytes was seen */
	z_stream z;
	const char *what; /* is wrong with them */
	uint64_t in, out;
	size_t	 off, n; /* buf[off..n) is unread */
	uint8_t	 buf[GATHER_MAX];
};

/* NULL where there is no memory. */
struct gather *gather_open(bool inflate);
void	       gather_close(struct gather *);
struct bytes   gather_unread(const struct gather *);
void	       gather_take(struct gather *, size_t n);
/* Adds what fits; *used of `in` is done with.  NULL, or what is wrong with the compressed bytes. */
const char *gather_add(struct gather *, struct bytes in, size_t *used);

struct lumberjack {
	uint32_t window;	/* documents that are still to come in it */
	uint32_t seq;		/* of the last document */
	uint32_t unacked;	/* documents since the last acknowledgement */
	bool	 ack;		/* one is due */
	uint64_t passing;	/* bytes still to come of what is too long to be a document */
	uint64_t passed;	/* ... and gone */
	uint64_t texts;		/* of such a key-value frame: keys and values still to come */
	bool	 too_long;	/* inside one */
	size_t	 want;		/* bytes that the key-value frame at hand has at least */
	struct gather *inner;	/* inside a compressed frame */
	uint32_t inner_left;	/* compressed bytes of it still to come */
};

enum { HTTP_TOKEN_MAX = 256 };
struct http {
	uint8_t	 state;		/* enum http_state, http1.c */
	uint8_t	 route;		/* index of what the request's path means */
	bool	 get, keep, chunked, compressed, expect, channel, has_token;
	bool	 answered;	/* before the body's end */
	bool	 raw_end;	/* the whole body has come */
	size_t	 seen;		/* bytes of the head that were looked through */
	uint64_t left;		/* bytes still to come: of the body, or of a chunk */
	uint64_t body;		/* bytes of it so far */
	size_t	 trailer;	/* bytes of it so far */
	uint32_t documents, too_long;
	uint32_t items, told;	/* of an answer that names each document: how many, and how many were named */
	uint16_t status;	/* of the reply */
	const char *what;	/* why it is an error */
	struct gather *gather;	/* of a body that is chunked or compressed */
	struct frame frame;
	size_t	 token_n;
	uint8_t	 token[HTTP_TOKEN_MAX];
};

struct framing {
	struct framing_pool *pool;
	framing_step *next;
	struct frame frame; /* FRAMING_STREAM */
	bool refused;
	union {
		struct lumberjack lumberjack;
		struct http http;
	} u;
};

/* The next document of a window, which is item->bytes; false where it holds none.  item->used and what was too long grow. */
bool stream_next(struct frame *, struct bytes have, bool eof, struct framing_item *);
framing_step stream_step, lumberjack_step, http_step;
void lumberjack_close(struct lumberjack *);
void http_start(struct http *); /* for the next request */
void http_close(struct http *);
enum framing_said framing_bad(struct framing_item *, const char *what);

#endif
