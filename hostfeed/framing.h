/* What the bytes of one connection of a feed are: documents, replies, an end.  Pure state machines over a window of bytes
 * that the caller keeps; nothing here knows a socket, a clock or a document's inside.  A reader holds no view of the window
 * between two calls.
 *
 * Acknowledgement: FRAMING_REPLY with `after` set must not be sent before every document of this connection that came out
 * earlier was handed on.  What was replied to is the receiver's; what was not is sent again by the sender. */
#ifndef CROSSTAP_FRAMING_H
#define CROSSTAP_FRAMING_H

#include "bytes.h"

enum framing_protocol {
	FRAMING_STREAM,	    /* documents one after the other: newline or octet count (RFC 6587), told apart by the bytes */
	FRAMING_LUMBERJACK, /* lumberjack v2 (Beats, Elastic Agent, Logstash) */
	FRAMING_HTTP,	    /* HTTP/1.1 POST: NDJSON, arrays, HEC envelopes, OTLP/JSON */
};

enum {
	FRAMING_WINDOW_MAX = 128 * 1024,  /* bytes that a reader may need at once: the caller's buffer of a connection */
	FRAMING_SCRATCH = 512 * 1024,	  /* replies, and documents that had to be made: one scratch a process */
	FRAMING_INFLATE_RATIO = 256,	  /* more than this is a bomb, counted after the first 64 KiB */
	FRAMING_BODY_MAX = 64 * 1024 * 1024, /* of one HTTP request, before and after inflation */
	FRAMING_HEAD_MAX = 16 * 1024,	  /* request line and header fields */
	FRAMING_REPLY_MAX = 4096,	  /* of one reply item; an answer may take several */
};

enum framing_said {
	FRAMING_MORE,  /* nothing more in these bytes; `used` of them may be dropped */
	FRAMING_DOC,   /* `bytes` is a document: a view into the window, the pool or the reader, good until the pool's next use */
	FRAMING_REPLY, /* `bytes` is to be sent back, in this order; a view as above */
	FRAMING_CLOSE, /* the connection is over, in order: send what waits, close */
	FRAMING_BAD,   /* `what` says why; what came before is good; send what waits, close */
};

struct framing_item {
	struct bytes bytes;
	size_t used;	   /* bytes of the window that are done with, whatever was said */
	bool after;	   /* of a reply: only after the documents before it were handed on */
	struct bytes token; /* of a document: what the sender showed in its HTTP Authorization, absent elsewhere */
	const char *what;
	uint32_t too_long; /* documents over 64 KiB that ended since the last item; their bytes are gone */
	uint64_t skipped;  /* ... and how many bytes those were */
};

struct framing; /* one connection */
/* Shared by all connections of a process: the scratch and the inflater. */
struct framing_pool;

size_t framing_pool_bytes(void);
struct framing_pool *framing_pool_open(void *mem);
size_t framing_bytes(enum framing_protocol);
/* `mem`: framing_bytes() bytes aligned for 16, owned by the caller; the pool must outlive it. */
struct framing *framing_open(void *mem, struct framing_pool *, enum framing_protocol);
/* Frees what zlib took. */
void framing_close(struct framing *);
/* The sender of what came last (by its token) is not known: HTTP answers 401 or 403, the others just end. */
void framing_refuse(struct framing *);
/* Next item of the window `have`, whose first byte is the first that was not used yet.  `eof`: nothing follows.  Called
 * again with the rest until it says MORE, CLOSE or BAD. */
enum framing_said framing_next(struct framing *, struct bytes have, bool eof, struct framing_item *);

#endif
