/* One protocol: what it claims and how it reads.  A layer sets pkt->next and pkt->inner and is walked on from; a leaf
 * fills an observation; a tunnel does both.  Nothing is logged: answers are counted by the walk. */
#ifndef CROSSTAP_DISSECTOR_H
#define CROSSTAP_DISSECTOR_H

#include "obs.h"

/* LINK: LINKTYPE_ value.  TCP: a port; SHAPE_*: any port, asked last, value 0. */
enum claim_kind {
	CLAIM_NONE, CLAIM_LINK, CLAIM_ETHER, CLAIM_IPPROTO, CLAIM_UDP, CLAIM_TCP, CLAIM_SHAPE_UDP, CLAIM_SHAPE_TCP,
	CLAIM_KINDS
};
struct claim { uint16_t kind, value; };

enum said {
	SAID_OK,
	SAID_NO,  /* not mine, and pkt is as it was: ask the next claimant */
	SAID_CUT, /* the capture ended it; what was read is delivered */
	SAID_BAD  /* its lengths lie; what was read is delivered */
};

/* A captured frame as the capture hands it over. */
struct frame {
	ts_t	       ts;
	uint64_t       number;	 /* 1-based within its file */
	uint32_t       file;	 /* index of the file it came from; live: of the run of that interface */
	uint16_t       iface;	 /* index of the capture interface */
	uint16_t       linktype; /* LINKTYPE_ value */
	const uint8_t *p;
	uint32_t       caplen, wirelen;
};

enum { LAYERS_MAX = 20, CLAIMS_MAX = 12, EXT_MAX = 8, IP_DEPTH_MAX = 4, MIRROR_MAX = 2 };

/* One direction of a TCP connection, for its reader.  The reader (a dissector that claims CLAIM_TCP or CLAIM_SHAPE_TCP) is
 * called with a cursor over the bytes that are there in order and were not used up yet, and reads one message:
 *   SAID_OK   a message, or bytes of no interest (o->kind = OBS_NONE): what the cursor moved over is used up, and it is
 *             called again while bytes are left;
 *   SAID_CUT  more bytes are needed: nothing is used up or delivered; `need` says how many from the cursor's start;
 *   SAID_NO   not mine: the next claimant is asked.  Allowed as long as `first`, that is, until the first answer that is
 *             not SAID_CUT; later it ends the direction;
 *   SAID_BAD  lengths lie: what was read is delivered, the direction is over.
 * `done` set by the reader: nothing more to read in this direction, whatever the answer.  Bytes beyond the prefix limit,
 * or behind a segment that the capture cut, are never shown: then `last` is set, and SAID_CUT delivers what was read, as
 * in a datagram, and ends the direction.  The cursor always counts as cut: running off its end is SAID_CUT. */
enum { STREAM_STATE = 96 };
struct stream {
	uint64_t from;	      /* offset in the stream of the cursor's first byte; 0 only where the SYN was seen or came in here */
	uint32_t need;
	bool	 client;      /* from the side that opened the connection, as far as known: the SYN, else the higher port */
	bool	 last, done;
	bool	 passed;      /* set with SAID_OK: what follows is another protocol's (CONNECT, StartTLS); all are asked anew,
			       * with `mine` cleared.  Not on the first call */
	bool	 first;	      /* nothing of this direction was read yet */
	void	*mine, *peer; /* STREAM_STATE bytes for each direction, aligned for uint64_t, zero at first; any reader's of
			       * that connection, so the first byte is the reader's own mark */
};

struct walk;
struct pkt {
	const struct frame *f;
	struct walk	   *w;
	struct ends	    outer, ends; /* ends: the innermost so far */
	struct claim	    next;	 /* who reads pkt->inner; CLAIM_NONE ends the walk */
	struct cursor	    inner;
	uint16_t	    flags; /* enum obs_flag, of what is inside */
	uint16_t	    ethertype;
	uint8_t		    nlayer, ipdepth, tcp_flags;
	uint8_t		    nmirror, nwhole; /* mirrors' wrappers, and datagrams put together, on the way here */
	struct addr	    final_dst; /* behind a routing header the last hop: the checksum covers it (RFC 8200 8.1) */
	uint16_t	    sum_len;   /* upper-layer length for the pseudo header, 0 where it cannot be known */
	uint16_t	    payload;
	struct bytes	    dgram_head, dgram_body; /* of the innermost datagram: what obs.digest is made of */
	const char	   *bad_what;		    /* what a layer has to say about lengths, and where in that layer */
	uint32_t	    bad_off;
	bool		    seen; /* a link or IP header was readable: there will be an OBS_FRAME */
	uint32_t	    tcp_seq, tcp_ack;
	struct stream	   *stream; /* where a TCP reader is called, else NULL */
};

struct dissector {
	const char	   *name; /* `proto` of --dissect and prefix of its fields; NULL for layers that observe nothing */
	const char	   *bpf;  /* part of the capture filter, plain form; NULL for layers */
	struct claim	    claims[CLAIMS_MAX];
	uint16_t	    kind; /* enum obs_kind; OBS_NONE for layers */
	bool		    quiet; /* observed for the engine, printed by --dissect only when named */
	bool		    late;  /* may begin behind something else, in a TCP stream that everybody refused (STARTTLS) */
	/* Before the call the walk clears what a record of `kind` needs and sets o->kind, by, flags, bad_off, bad_what
	 * (both about the message, from its first byte); it fills in the rest afterwards.  A dissector that has read a
	 * message of no interest sets o->kind to OBS_NONE and nothing is delivered. */
	enum said (*dissect)(struct cursor *, struct pkt *, struct obs *);
	/* Could a message begin with these bytes (at least one)?  Cheap, without effect, asked of every segment of a TCP
	 * connection whose beginning was not seen and, of who claims a shape, of every UDP payload: say no to all but a few
	 * in a hundred of random ones.  NULL: dissect() is asked each time. */
	bool (*starts)(struct bytes head);
	const struct field *fields;
	uint8_t		    nfields;
};

/* Generated from dissectors/CMakeLists.txt; ends with NULL. */
extern const struct dissector *const dissectors[];

/* A capture that ended between two options is cut all the same: nothing failed, but there was more. */
static inline enum said
said(const struct cursor *c)
{
	if (c->why == CUR_OK)
		return c->cut && c->off == c->len ? SAID_CUT : SAID_OK;
	return c->why == CUR_CUT ? SAID_CUT : SAID_BAD;
}

#endif
