/* Reassembly of IPv4 (RFC 791 3.2) and IPv6 (RFC 8200 4.5) fragments, in memory that is handed in once.
 *
 * A datagram is a buffer and a sorted list of the byte ranges that are there; ranges that touch become one.  A piece
 * that lies wholly in a range and says the same bytes is a copy and changes nothing; any other overlap empties the
 * datagram (RFC 5722, which this applies to IPv4 too) and the next piece starts it anew: that is what receivers do,
 * so a sensor that went on refusing could be blinded by one forged piece.  When there is no room the datagram that
 * waited longest for a piece goes. */
#ifndef CROSSTAP_FRAG_H
#define CROSSTAP_FRAG_H

#include "addr.h"
#include "table.h"

/* 64 ranges: a sender of ordinary fragments in any order needs at most 52 (65535 bytes over 1280).  30 s: longer
 * than Windows and Linux IPv4 wait.  100 ms: how far apart a mirror's copies are at most; a copy that comes later is
 * a datagram of its own. */
enum { FRAG_RANGES = 64, FRAG_SECONDS = 30, FRAG_COPY_MS = 100 };

/* Compared as bytes: zero it first. */
struct frag_key {
	struct addr src, dst;
	uint8_t	    proto; /* IPv4 only: RFC 8200 4.5 leaves it out */
	uint8_t	    nvlan;
	uint32_t    id;
	uint16_t    iface, vlan[4];
	uint16_t    nwhole; /* datagrams around this one that were put together: its bytes lie in the last of them */
};

struct frag_piece {
	uint32_t     off; /* bytes */
	bool	     more;
	uint8_t	     next;     /* next header: the one of the first piece counts */
	bool	     headless; /* a first piece without the whole header chain (RFC 7112) */
	struct bytes data;     /* as captured whole */
};

struct frag_whole {
	struct bytes data; /* valid until the next call */
	uint8_t	     next;
	bool	     headless, overlap;
};

enum frag_said {
	FRAG_HELD,
	FRAG_WHOLE,   /* complete now */
	FRAG_COPY,    /* seen before */
	FRAG_OVERLAP, /* contradicts what is there: all of it is dropped */
	FRAG_MANY,    /* more holes than are kept: all of it is dropped */
	FRAG_BAD      /* empty, too long, or not a multiple of 8 bytes with more to come */
};

struct frag_range { uint32_t from, to; };
struct frag_entry {
	ts_t		  first, done; /* TS_NONE: not yet */
	uint32_t	  total;       /* UINT32_MAX: the last piece is missing */
	uint16_t	  n;
	uint8_t		  next;
	bool		  headless, overlap;
	struct frag_range range[FRAG_RANGES];
};

struct frag {
	struct table table;
	uint8_t	    *data; /* `bytes` for each slot of the table */
	uint32_t     bytes;
	uint64_t     whole, copies, overlaps, bad, late;
};

size_t	       frag_bytes(uint32_t datagrams, uint32_t bytes);
void	       frag_open(struct frag *, uint32_t datagrams, uint32_t bytes, void *mem, struct sipkey);
enum frag_said frag_add(struct frag *, const struct frag_key *, const struct frag_piece *, ts_t now, struct frag_whole *);

#endif
