/* pcapng (draft-ietf-opsawg-pcapng): reads one block at a time out of bytes that the caller has.  libpcap 1.10 refuses
 * files whose interfaces differ in link type or snap length; this does not.  No I/O, no allocation. */
#ifndef CROSSTAP_PCAPNG_H
#define CROSSTAP_PCAPNG_H

#include "dissector.h"

enum {
	PCAPNG_HEAD = 12,	    /* bytes that pcapng_length() needs */
	PCAPNG_BLOCK_MAX = 1 << 24, /* the largest block believed; libpcap's limit */
	PCAPNG_IFS_MAX = 1024,	    /* interfaces of a section; merged captures have dozens */
};

struct pcapng_if {
	uint16_t linktype;
	uint32_t snaplen;	    /* 0: no limit */
	uint8_t tsresol;	    /* as in the option: power of 10, or of 2 with the top bit */
	int64_t tsoffset;	    /* seconds */
	uint64_t received, dropped; /* the last statistics told */
	ts_t counted;		    /* when they were; TS_NONE: never */
};

/* The section being read. */
struct pcapng {
	bool in_section, big;
	ts_t first; /* of the section's first packet, TS_NONE before it */
	ts_t last; /* of the latest packet: a simple packet has no time of its own */
	uint32_t nif;
	struct pcapng_if ifs[PCAPNG_IFS_MAX];
};

enum pcapng_said {
	PCAPNG_FRAME,  /* a packet: p, lengths, link type and time are filled */
	PCAPNG_LOSS,   /* statistics that count drops */
	PCAPNG_SKIP,   /* read, or nothing for us */
	PCAPNG_EVENT,  /* a block that other readers number as a frame: journal entry, system call, custom */
	PCAPNG_BROKEN, /* its content lies, but the next block can be read */
	PCAPNG_BAD,    /* nothing behind it can be read */
};

/* The length of the block whose first PCAPNG_HEAD bytes these are; 0 and *what where it is none. */
uint32_t pcapng_length(const struct pcapng *, struct bytes head, const char **what);
/* Reads one whole block.  The frame's view points into it. */
enum pcapng_said pcapng_block(struct pcapng *, struct bytes block, struct frame *, struct loss *,
			      const char **what);
/* Ticks of an interface to nanoseconds since 1970, saturating. */
ts_t pcapng_time(const struct pcapng_if *, uint64_t ticks);

#endif
