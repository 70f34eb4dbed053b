/* What the decoders of hostfeed/ share.  A decoder fills a struct hostev with what the document says, in the shape's
 * own spelling; winmap_apply() then gives it the manifest's names, its kind and its typed slots.  To add a shape: one
 * function and one row (winjson.c), or one row (feed.c) where it is neither JSON nor XML. */
#ifndef CROSSTAP_DECODE_H
#define CROSSTAP_DECODE_H

#include "arena.h"
#include "hostev.h"
#include "out.h"

enum {
	/* Text that had to be made, not viewed: each byte of a document may become U+FFFD, plus numbers as text. */
	FEED_TEXT_MAX = 3 * HOSTFEED_DOC_MAX + 4096,
	/* 64 KiB of nothing but "{}," would take jansson 6 MiB; an event with hundreds of fields takes 200 KiB. */
	FEED_HEAP_MAX = 2 * 1024 * 1024,
	FEED_INNER_MAX = 2, /* syslog around an envelope around the event */
};

/* A provider's name as scan.c looks for it. */
enum { NEEDLE_HEAD = 4, NEEDLES_MAX = 32, NEEDLE_HASH_BITS = 10 };
struct needle {
	struct bytes name;
	size_t	     from;		/* where its four bytes stand */
	uint32_t     four;		/* letters in lower case, in whichever order the machine loads them */
};

struct hostfeed {
	uint64_t      seed;
	struct arena  arena;
	struct out    text;   /* starts anew with each event */
	struct hostev ev;
	int32_t	      zone;   /* of times that say none: seconds east of UTC */
	bool	      zoned;  /* the caller said so */
	unsigned      inner;  /* documents around this one */
	const char   *outer;  /* name of the shape around this one, NULL: its own */
	struct bytes  message; /* of the event at hand: what its fields are read from where the shape has none */
	size_t	      cleaned; /* bytes of `clean` in use by documents around this one */
	struct needle needle[NEEDLES_MAX];
	size_t	      nneedle;
	bool	      four[1 << NEEDLE_HASH_BITS]; /* hashes of needles' four bytes */
	uint8_t	      pair[UINT16_MAX + 1]; /* of scan.c: which pair of a needle two bytes may be, as bits */
	uint8_t	      clean[FEED_TEXT_MAX]; /* the document after repair, where it needed any */
	uint8_t	      words[FEED_TEXT_MAX]; /* what `text` writes to */
	_Alignas(16) uint8_t heap[FEED_HEAP_MAX];
};

/* Where the events of one document go, and the first thing that was wrong with it. */
struct sink {
	struct hostfeed	    *feed;
	hostev_fn	    *fn;
	void		    *arg;
	struct hostev_error *err;
	size_t		     base; /* where in the document the decoder's part starts */
	unsigned	     events, ignored, bad;
};

/* Notes an error; only the first of a document is kept. */
void sink_bad(struct sink *, const char *what, size_t offset, unsigned line);

/* Starts an event: an empty record in feed->ev. */
struct hostev *event_begin(struct hostfeed *, const char *shape);
void	       event_lost(struct hostev *, const char *what);
void	       event_field(struct hostev *, struct bytes name, struct bytes value);
/* The creation time; false and *what where the text is no time.  Absent: lost; without a zone: the feed's is taken. */
bool event_time(struct hostfeed *, struct bytes text, const char **what);
/* Takes the time `text_*` gave; `zoned`: the text had a zone. */
void event_time_is(struct hostfeed *, ts_t, bool zoned);
/* The numbers; an id that is none is an error, a record number that is none is lost. */
bool event_id(struct hostev *, struct bytes text, const char **what);
void event_record(struct hostev *, struct bytes text);
/* Hands over feed->ev, or counts it as ignored. */
void event_end(struct sink *);
/* The same, where a shape found nothing wrong (`what` NULL) and the record is whole; else that is told. */
void event_done(struct sink *, const char *what);

/* Decodes a document that was found inside another. */
void feed_inner(struct sink *, struct bytes doc);
/* Names, kind and slots.  False where the provider is of no interest.  `message`: where there are no fields, what only
 * they can be (addresses, hashes, identifiers; never words, which are in the host's language) is taken from it. */
bool winmap_apply(struct hostev *, struct bytes message, struct out *text);
void scan_open(struct hostfeed *);
/* Names of providers of interest as feeds write them, NULL behind the last; at least four bytes each. */
const char *winmap_provider(size_t i);
/* The manifest's name of field `k` of row `i`, NULL behind the last; for tests and documents. */
const char *winmap_field(size_t i, size_t k);

typedef void decoder(struct sink *, struct bytes doc);
decoder winjson_decode, winxml_decode, wintext_decode, audit_decode;
/* Does a row of a DHCP audit log stand there, or a line of its head?  And a row out of syslog: `host` of the header says whose
 * it is; without one it is refused. */
bool audit_begins(struct cursor);
bool audit_head(struct cursor);
void audit_syslog(struct sink *, struct cursor row, struct bytes host);

#endif
