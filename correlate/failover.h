/* The failover channels of DHCP servers: who is at either end, and over which way its packets come. */
#ifndef CROSSTAP_FAILOVER_H
#define CROSSTAP_FAILOVER_H

#include "state.h"

struct failover_end {
	bool	   known, here; /* here: on the link, the MAC is its own */
	bool	   acked;	/* in the connection at hand */
	uint8_t	   ttl;
	struct mac mac;
	ts_t	   last;
};
struct failover_link { struct failover_end end[2]; };

size_t failover_bytes(const struct engine_conf *);
void   failover_open(struct engine *, void *mem);
/* The channel between two addresses; *side: which end `src` is. */
struct failover_link *failover_link(struct engine *, const struct segment *, struct addr src, struct addr dst, unsigned *side);
/* What an undoubted frame of that end tells; another MAC is believed when the old one was silent for a day. */
void failover_learn(struct engine *, struct failover_end *, struct mac, uint8_t ttl, bool here);

#endif
