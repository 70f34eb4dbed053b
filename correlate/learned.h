/* What serves on each segment and nothing speaks against: a proposal for `authority:`.  It is no authority by itself; a
 * person reads it and declares what is right.  Left out are the actors of open hypotheses of any kind, what only they
 * advertise, who contradicted a server before it, who answers under another's identity, and what is declared already. */
#ifndef CROSSTAP_LEARNED_H
#define CROSSTAP_LEARNED_H

#include "engine.h"

enum learned_role { LEARNED_DHCP4, LEARNED_DHCP6, LEARNED_ROUTER, LEARNED_RELAY, LEARNED_PXE, LEARNED_RESOLVER,
		    LEARNED_VPN, LEARNED_ROLES };
enum { LEARNED_IPS = 8, LEARNED_LEAVES = 4 };

struct learned {
	uint16_t    seg, iface;
	const char *segment; /* its name; lives as long as the engine */
	uint8_t	    role;    /* enum learned_role */
	bool	    has_mac; struct mac mac;
	struct addr ip[LEARNED_IPS]; uint8_t nip;
	uint8_t	    leaf[LEARNED_LEAVES][32]; uint8_t nleaf; /* SHA-256 of a VPN server's certificates */
	/* the evidence */
	ts_t	    first, last;
	uint32_t    answers; /* DHCPv4: ACKs; resolvers: stations that advertise it; 0: not counted */
	uint32_t    clients; /* that got them, about; certificates: that were shown it, 3 at most */
	bool	    enough;  /* as long and as often as DETECTIONS.md 3 or 8 asks of what is learned */
};

/* Fills at most `max`, in the order of segment, role, address and MAC; the number of all. */
size_t learned_collect(struct engine *, struct learned *, size_t max);

#endif
