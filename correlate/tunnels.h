/* Who tunnels IPv6 to whom (DETECTIONS.md 7): which station uses which ISATAP router or Teredo server, and which names led
 * there.  Bounded; the carrier of the message at hand is noted for what is read inside it. */
#ifndef CROSSTAP_TUNNELS_H
#define CROSSTAP_TUNNELS_H

#include "state.h"

enum tunnel_kind { TUNNEL_ISATAP, TUNNEL_TEREDO };
enum tunnel_told { TOLD_SPOOF, TOLD_ADDR, TOLD_NEST, TOLD_SERVER, TOLD_USE, TUNNEL_TOLD };

/* The tunnel packet read last: what comes out of it has the same frame number. */
struct carrier {
	uint64_t    frame;
	uint32_t    file;
	uint16_t    iface, kind; /* enum obs_kind: OBS_TUNNEL6, OBS_TEREDO; 0 none */
	struct ends ends;	 /* the IPv4 ones */
};

/* One station and one endpoint of its tunnels, on one segment. */
struct tunnel_use {
	ts_t asked, answered; /* router solicitation to the endpoint, advertisement from it; 0 never */
	ts_t told[TUNNEL_TOLD]; /* when each kind of fact was raised last: bulk traffic says the same thing all the time */
};

/* An address that a name server in bad standing gave to a station. */
struct tunnel_given {
	ts_t	   ts;
	uint64_t   name;   /* name_hash() of the whole name */
	struct mac by;
	bool	   rests;  /* on another open hypothesis, or on the list of resolvers; else only nobody declared it */
	bool	   isatap; /* the answer was a DNS-NAME fact for the label isatap */
};

size_t tunnels_bytes(const struct engine_conf *);
void   tunnels_open(struct engine *, void *mem);
/* Called for every OBS_TEREDO and OBS_TUNNEL6 before any detector. */
void   tunnels_learn(struct engine *, const struct obs *);
/* The IPv4 packet that carries this message, NULL where none does. */
const struct carrier *tunnel_carrier(struct engine *, const struct obs *);
/* Makes it where there is none; NULL never.  `station` uses `endpoint`. */
struct tunnel_use *tunnel_use_of(struct engine *, enum tunnel_kind, struct addr endpoint, struct addr station);
/* Was the address solicited by anybody: does somebody take it for an ISATAP router or Teredo server? */
bool   tunnel_known(struct engine *, enum tunnel_kind, struct addr endpoint);
void   tunnel_note(struct engine *, enum tunnel_kind, struct addr endpoint);
/* May an incident be named after this endpoint?  Forged ends must not fill the table of hypotheses: the first ones of each
 * hour may, the others are told together as the segment's.  `here`: it is a station of the link; these are counted apart. */
bool   tunnel_may_name(struct engine *, enum tunnel_kind, struct addr endpoint, bool here);
/* Notes an answer; `to` zero: to whoever heard it. */
void   tunnel_give(struct engine *, struct addr, struct mac to, const struct tunnel_given *);
const struct tunnel_given *tunnel_given_to(struct engine *, struct addr, struct mac to);

#endif
