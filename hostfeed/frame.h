/* Where the next document of a stream of bytes ends: a line, an XML element, JSON's outermost brackets, as many bytes as
 * an octet count says (RFC 6587 3.4.1), or the block that follows a date line (Splunk).  Each byte is looked at once,
 * however small the pieces are in which it comes. */
#ifndef CROSSTAP_FRAME_H
#define CROSSTAP_FRAME_H

#include "bytes.h"

/* The bytes behind the first n. */
static inline struct bytes
bytes_behind(struct bytes b, size_t n)
{
	return n < b.n ? bytes_of(b.p + n, b.n - n) : (struct bytes){ NULL, 0 };
}

enum frame_kind { FRAME_UNKNOWN, FRAME_LINE, FRAME_BLOCK, FRAME_JSON, FRAME_ELEMENT, FRAME_TAG, FRAME_ASIDE, FRAME_COUNT };

/* The document at the head of a window, as far as it was looked at.  All zero: nothing of it was seen yet. */
struct frame {
	uint8_t	 kind;	  /* enum frame_kind; TAG and ASIDE stand between documents and are none */
	uint8_t	 state;	  /* of an element: text, in a tag, in an aside */
	uint8_t	 aside;	  /* which */
	uint8_t	 quote, prev; /* of a tag: the quote it is in, the byte before */
	bool	 end_tag, event;
	bool	 in_string, escaped;
	uint8_t	 spans;	  /* of JSON: may it go over lines? */
	uint32_t depth;
	uint32_t apart;	  /* arrays that are open around documents, because they were too long to be one */
	bool	 apart_line; /* ... and end with their line */
	bool	 patient; /* the end is told: a line of JSON need not be taken apart before it is whole */
	size_t	 looked;  /* bytes of a line that hold no newline */
	size_t	 count;	  /* bytes that the octet count promised */
	size_t	 at;	  /* bytes of the window that were looked at */
	uint64_t dropped; /* bytes of the document that were given up before the window's first */
};

enum frame_said {
	FRAME_MORE, /* its end is not in the window; `at` says how far that was looked for */
	FRAME_LEAD, /* the first *n bytes are no document, or the rest of one that was given up; ask again behind them */
	FRAME_DOC,  /* the first *n bytes are a document */
};

/* What the head of the window is.  After MORE the window begins at the same byte again, or frame_drop() was called.  `eof`:
 * nothing follows. */
enum frame_said frame_next(struct frame *, struct bytes window, bool eof, size_t *n);
/* Gives the document up after MORE: the bytes that were looked at may go (how many), its rest will come as LEAD. */
size_t frame_drop(struct frame *);

#endif
