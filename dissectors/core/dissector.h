/* One protocol: what it claims and how it reads.  A layer sets pkt->next and pkt->inner and is walked on from; a leaf
 * fills an observation; a tunnel does both.  Nothing is logged: answers are counted by the walk. */
#ifndef CROSSTAP_DISSECTOR_H
#define CROSSTAP_DISSECTOR_H

#include "obs.h"

enum claim_kind { CLAIM_NONE, CLAIM_LINK, CLAIM_ETHER, CLAIM_IPPROTO, CLAIM_UDP, CLAIM_TCP }; /* LINK: LINKTYPE_ value */
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
	uint32_t       file;	 /* index of the file it came from; 0 live */
	uint16_t       iface;	 /* index of the capture interface */
	uint16_t       linktype; /* LINKTYPE_ value */
	const uint8_t *p;
	uint32_t       caplen, wirelen;
};

enum { LAYERS_MAX = 12, CLAIMS_MAX = 12, EXT_MAX = 8, IP_DEPTH_MAX = 4 };

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
	struct addr	    final_dst; /* behind a routing header the last hop: the checksum covers it (RFC 8200 8.1) */
	uint16_t	    sum_len;   /* upper-layer length for the pseudo header, 0 where it cannot be known */
	uint16_t	    payload;
	struct bytes	    dgram_head, dgram_body; /* of the innermost datagram: what obs.digest is made of */
	const char	   *bad_what;		    /* what a layer has to say about lengths, and where in that layer */
	uint32_t	    bad_off;
	bool		    seen; /* a link or IP header was readable: there will be an OBS_FRAME */
};

struct dissector {
	const char	   *name; /* `proto` of --dissect and prefix of its fields; NULL for layers that observe nothing */
	const char	   *bpf;  /* part of the capture filter, plain form; NULL for layers */
	struct claim	    claims[CLAIMS_MAX];
	uint16_t	    kind; /* enum obs_kind; OBS_NONE for layers */
	bool		    quiet; /* observed for the engine, printed by --dissect only when named */
	/* Before the call the walk clears what a record of `kind` needs and sets o->kind, by, flags, bad_off, bad_what
	 * (both about the message, from its first byte); it fills in the rest afterwards.  A dissector that has read a
	 * message of no interest sets o->kind to OBS_NONE and nothing is delivered. */
	enum said (*dissect)(struct cursor *, struct pkt *, struct obs *);
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
