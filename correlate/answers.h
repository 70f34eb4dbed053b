/* Who answers which name with what (DETECTIONS.md 7): the memory behind the DNS-* detectors. */
#ifndef CROSSTAP_ANSWERS_H
#define CROSSTAP_ANSWERS_H

#include "state.h"

enum { ANSWER_ADDRS = 4, SUFFIXES = 4 };

/* One name on one segment: the last answer of a resolver in good standing. */
struct answer {
	struct addr good[ANSWER_ADDRS];
	uint8_t	    ngood;
	ts_t	    good_ts;
	struct mac  asker;	/* the last to ask everybody for it (mDNS); what is answered to everybody is meant for it */
	struct addr asker_addr;
	ts_t	    asked;	/* 0 never */
};

size_t answers_bytes(const struct engine_conf *);
void   answers_open(struct engine *, void *mem);
/* Notes the resolvers that DHCPv4 servers advertise (option 6); option 23 and RDNSS are noted by their own detectors. */
void   answers_learn(struct engine *, const struct obs *);
struct answer *answer_get(struct engine *, const struct segment *, uint64_t name);
/* Counts the suffixes (last two labels) for which this station answered with an address of its own; the count so far. */
unsigned answer_suffix(struct engine *, const struct segment *, struct mac, struct bytes name);

/* The name at that place of the DNS message in hand (struct dns_rec), as text and as name_hash(): read once for all who ask;
 * the view holds until the next call.  False where it is damaged. */
struct said_name { struct bytes text; uint64_t hash; };
bool answer_name(struct engine *, const struct dns *, uint16_t at, struct said_name *);

#endif
