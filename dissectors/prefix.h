/* The first bytes of each direction of a TCP connection, in order (RFC 9293 3.4), in memory that is handed in once.
 *
 * A direction is `open` from its SYN, or from the segment where we came in, until its reader has what it wants: then it
 * holds no bytes and its segments cost one load (`live` counts the open directions whose addresses mix to a slot).  Its
 * entry stays, untouched and therefore first to go, so that bulk data is not taken for the beginning of something.
 *
 * Bytes are kept in a buffer from where it was attached until the direction is over, used up or not, because a sender that
 * says two things for one place shows itself there: the first version stays, and the direction is marked.  When buffers run
 * out the one used longest ago goes; a direction whose reader waits for bytes in it is over then (`lost`), another one
 * goes on without.
 *
 * Neither FIN nor RST nor a second SYN ends anything by itself: whoever can forge one could make us blind.  They let the
 * buffer go where all of it was read, and a SYN is remembered as the other place (`alt`) where the direction may begin;
 * the data decides.  On a direction that is over a SYN begins anew. */
#ifndef CROSSTAP_PREFIX_H
#define CROSSTAP_PREFIX_H

#include "dissector.h"
#include "table.h"

/* 16 KiB: a TLS flight with its certificates; the TLS record limit, RFC 8446 5.1.  512 buffers: as many handshakes at
 * once as a busy /20 has.  300 s: longer than HTTP and LDAP clients keep an idle connection.  1024 segments of no use:
 * the hole will not be filled any more. */
enum { PREFIX_BYTES = 16384, PREFIX_STREAMS = 8192, PREFIX_BUFFERS = 512, PREFIX_SECONDS = 300, PREFIX_USELESS = 1024 };
enum { PREFIX_STREAMS_MAX = 32767, PREFIX_BYTES_MAX = 1 << 20 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

struct prefix_limits { uint32_t streams, bytes, buffers; };

enum prefix_state { PREFIX_NONE, PREFIX_OPEN, PREFIX_DONE };
/* Places are offsets from `isn`, the sequence number of the first byte. */
struct prefix_dir {
	uint32_t	   isn, alt;
	uint32_t	   have;  /* bytes before this one came, without a hole */
	uint32_t	   read;  /* bytes before this one were used up */
	uint32_t	   need;  /* the reader wants all bytes before this one */
	uint32_t	   limit; /* nothing from here on is kept: the prefix ends, or the capture cut a segment */
	uint32_t	   mark;  /* slot in `live` */
	uint16_t	   useless, reader;
	uint8_t		   state, tried; /* tried: claimants that said no */
	bool		   syn, mid, has_alt, conflict;
	struct prefix_buf *buf;
	uint64_t	   mine[STREAM_STATE / sizeof(uint64_t)];
};
struct prefix_flow {
	struct prefix_dir dir[2]; /* 0: sent by end[0] of the key */
	uint8_t		  client; /* 1 + the side that sent a SYN, 0 not known */
	bool		  refused[2]; /* of dir[]: from its beginning on it is nobody's */
};

/* Compared as bytes: zero it first. */
struct prefix_key {
	struct addr end[2];
	uint16_t    port[2], vlan[4], iface;
	uint8_t	    nvlan, pad;
};

enum prefix_verdict { PREFIX_GOES_ON, PREFIX_OVER, PREFIX_REFUSED };

/* One segment: what came, and, filled in by prefix_find() or prefix_pick(), whose it is. */
struct prefix_seg {
	struct prefix_key   key;
	uint32_t	    seq, ack, mark;
	uint32_t	    len;  /* as the packet's lengths say */
	struct bytes	    data; /* as captured */
	uint8_t		    flags, side;
	ts_t		    now;
	struct prefix_flow *flow;
	struct prefix_dir  *dir;
	bool		    spare;   /* flow is not in the table yet */
	uint8_t		    verdict; /* enum prefix_verdict, of who read it */
	struct bytes	    fresh; /* bytes up to `have` that are not in a buffer yet */
};

struct prefixes {
	struct table	   flows, held; /* connections; buffers */
	struct prefix_limits max;
	uint8_t		  *bytes;	/* of each slot of `held`: what came (one bit a byte), then the bytes */
	uint16_t	  *live;
	uint32_t	   live_mask;
	uint64_t	   mix;
	struct prefix_flow spare;
	uint64_t	   conflicts, lost;
};

size_t prefix_bytes(struct prefix_limits);
void   prefix_open(struct prefixes *, struct prefix_limits, void *mem, struct sipkey);

/* The slot of the direction that `e` goes in.  Collisions cost time only. */
uint32_t prefix_mark(const struct prefixes *, const struct ends *e);
static inline bool
prefix_live(const struct prefixes *p, uint32_t mark)
{
	return p->live[mark] != 0;
}

/* Fills key and side. */
void prefix_key(struct prefix_seg *, const struct ends *, uint16_t iface);
/* A direction that is open, or that this SYN opens: true. */
bool prefix_find(struct prefixes *, struct prefix_seg *);
/* A direction that nobody knew begins here, for the time being: false where it is known to be over. */
bool prefix_pick(struct prefixes *, struct prefix_seg *);
/* Puts the segment's bytes in their place; true where they contradict what is there. */
bool prefix_store(struct prefixes *, struct prefix_seg *);
/* The bytes that wait to be read, of which none may be there; `last`: no more will be shown. */
struct bytes prefix_unread(const struct prefixes *, const struct prefix_seg *, bool *last);
/* After reading: keeps what must be kept. */
void prefix_settle(struct prefixes *, struct prefix_seg *);

#endif
