/* Router advertisements and address claims as they were seen (RFC 4861, 4191, 8106; DETECTIONS.md 6): on-link prefixes,
 * RA sources, floods, who follows a suspect, which addresses matter and who fights about them. */
#ifndef CROSSTAP_RASTATE_H
#define CROSSTAP_RASTATE_H

#include "resolvers.h"

/* 10 in 10 s is the flood of DETECTIONS.md 6; a host honours few prefixes of one router. */
enum { RA_WINDOW = 10, RA_PREFIXES = 16, RA_SUSPECTS = 16, RA_SUSPECT_PREFIXES = 4 };

struct ra_seen { uint64_t what; struct mac mac; ts_t at; };

/* One sender of RAs. */
struct ra_source {
	ts_t	       first, last, zero_at, kill_at;
	uint32_t       shape, shape_zero;     /* of the last with a lifetime, of the last without */
	uint16_t       lifetime;	      /* of the last with one, before zero_at */
	bool	       live, other;	      /* announced a lifetime; sent other frames than RAs */
	bool	       silence;		      /* the first on a segment that had none for a day */
	bool	       learned;		      /* DETECTIONS.md 3 */
	ts_t	       since, counted;	      /* says what it says since; when its hosts were counted last */
	uint32_t       times;		      /* RAs since then */
	uint8_t	       kills;
	struct ra_seen prefix[RA_WINDOW];
	uint8_t	       nprefix;
};

/* The RA at hand. */
struct ra_message {
	bool		  valid, accepted; /* accepted: no rule of RFC 4861 6.1.2 lets hosts drop it */
	enum standing	  st;
	struct mac	  mac;
	struct ra_source *src;
	bool		  was_live, silent;  /* before this one */
	bool		  flood_prefix;	     /* this source: 10 prefixes in 10 s */
	bool		  flood_sources;     /* the segment: 10 sources in 10 s, and this one may be forged */
	bool		  nameless;	     /* so many new faces at once that naming each means naming forged ones */
	bool		  kill_repaired, kill_same; /* a lifetime came back within 3 s; the RA that took it looked the same */
	bool		  after_silence;
	uint8_t		  npio, nrio, nrdnss;
	bool		  odd_pio, odd_rio;  /* not what a home mesh announces: outside fc00::/7, or the site's own */
	bool		  rdnss_own, rdnss_good; /* an address is the sender's; all are declared resolvers, one the sender's */
	struct prefix	  auto_prefix[RA_SUSPECT_PREFIXES]; uint8_t nauto;
};

/* Whose RAs hold an E1: hosts that were exposed to them, or follow. */
struct ra_suspect {
	uint16_t      seg;
	bool	      has_mac, used, nudge; /* nudge: M or O set */
	struct mac    mac;
	ts_t	      first, last, until, scanned;
	struct prefix prefix[RA_SUSPECT_PREFIXES];
	uint8_t	      nprefix;
};

/* An address claim that contradicts what was known (ARP, NA). */
struct claim_verdict {
	bool	    fires, hard;
	struct mac  actor;
	struct addr addr;
	bool	    has_victim;
	struct mac  victim;
	struct addr victim_addr;
};

enum key_role { KEY_ROUTER = 1, KEY_RESOLVER = 2, KEY_DHCP = 4, KEY_GATEWAY4 = 8 };

size_t rastate_bytes(const struct engine_conf *);
void   rastate_open(struct engine *, void *mem);
/* Called for OBS_ND, OBS_ARP and OBS_FRAME before any detector. */
void   rastate_learn(struct engine *, const struct obs *);
/* The sensor was away for so long: silence that nobody listened to is none. */
void   ra_outage(struct engine *, ts_t away);
const struct ra_message *ra_at(struct engine *);

/* Is the address on a prefix that a router announced on-link, or that a server with standing delegated?  Those of `but`
 * alone do not count.  *any: at least one such prefix is known. */
bool ra_on_link(struct engine *, const struct segment *, struct addr, struct mac but, bool *any);
void ra_delegated(struct engine *, const struct segment *, struct prefix, struct mac by, uint32_t valid);
/* Do the segment's authorised routers set M (2) or O (1)?  *known: at least one was seen. */
uint8_t ra_authorised_mo(struct engine *, const struct segment *, bool *known);
/* Announces a lifetime and is the uncontested IPv4 default gateway (DETECTIONS.md 5, D6-DNS). */
bool ra_working_router(struct engine *, const struct segment *, struct mac);
/* A DHCPv4 server in good standing gives out its address as a resolver, and nobody contests that. */
bool ra_known_resolver(struct engine *, const struct segment *, struct mac);
/* Announces a lifetime, and no server said yet which the IPv4 gateway is: a host that starts asks by IPv6 first. */
bool ra_router_unproven(struct engine *, const struct segment *, struct mac);
/* 10 or more RA sources in 10 s, a minute ago at most. */
bool ra_flooded(struct engine *, const struct segment *);
/* NULL: it sent no RA. */
const struct ra_source *ra_source_of(struct engine *, const struct segment *, struct mac);
/* Did the MAC ever send an RA, acceptable or not? */
bool ra_is_source(struct engine *, const struct segment *, struct mac);

void ra_suspect_note(struct engine *, const struct segment *, const struct actor *, const struct ra_message *, const struct nd *);
struct ra_suspect *ra_suspect_at(struct engine *, unsigned i); /* NULL past the end; may be unused */
bool		   ra_suspects_any(struct engine *);

/* Addresses that everybody depends on: a takeover of one is a fact at once. */
void    key_note(struct engine *, const struct segment *, struct addr, uint8_t roles);
uint8_t key_roles(struct engine *, const struct segment *, struct addr);
/* All of them, one after the other: NULL starts, NULL ends. */
struct key_seen { uint16_t seg; struct addr addr; uint8_t roles; };
const void *key_next(struct engine *, const void *, struct key_seen *);
bool    key_declared(struct engine *, const struct segment *, struct addr);
/* Judges the claim in the ARP or ND message at hand. */
struct claim_verdict claim_judge(struct engine *, const struct obs *);
/* Conflicts whose proof came after the packet: the former owner claimed the address back and the other is still there. */
bool claim_due(struct engine *, struct segment **, struct claim_verdict *);

/* The on-link sender of a message, false where the wire shows none (tunnelled, or no link header). */
bool sender_of(const struct obs *, struct mac *);

#endif
