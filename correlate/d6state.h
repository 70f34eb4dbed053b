/* DHCPv6 as it was seen (RFC 8415): transactions, servers, what they gave to whom, and who asks how often.  The message
 * at hand is read once by d6state_learn(); detectors look at `at`. */
#ifndef CROSSTAP_D6STATE_H
#define CROSSTAP_D6STATE_H

#include "resolvers.h"

/* More addresses than a client can use say nothing new; resolvers: Windows takes 3, resolv.conf 3. */
enum { D6_GIVEN = 8, D6_DNS_MAX = 8, D6_RESPONDERS = 4, D6_OFFERS = 4 };

struct d6_given {
	struct addr addr;
	uint8_t	    len; /* of a delegated prefix */
	uint16_t    ia;	 /* D6O_IA_NA, D6O_IA_TA, D6O_IA_PD */
	uint32_t    preferred, valid, t1, t2;
};

/* Who answered a transaction, and with what. */
struct d6_responder {
	struct mac    mac;
	uint64_t      duid, dns; /* hashes; dns: of option 23, 0 without it */
	ts_t	      at;
	uint8_t	      standing;	 /* enum standing */
	bool	      off_link, own; /* its address is off every known prefix; its resolver is itself */
	bool	      accused, relayed;
	struct addr   src, given;
};

struct d6_txn {
	ts_t		    first;
	uint8_t		    type; /* of the client's message */
	bool		    has_want, has_client, accepted;
	uint64_t	    want; /* hash of the server identifier in it */
	struct mac	    client;
	struct addr	    client_ll;
	struct d6_responder by[D6_RESPONDERS];
	uint8_t		    n;
};

/* What a client was offered last, latest first. */
struct d6_offer {
	struct mac  mac;
	uint64_t    duid;
	ts_t	    at;
	uint8_t	    standing;
	bool	    relayed;
	struct addr src, addr;
};
struct d6_client { struct d6_offer offer[D6_OFFERS]; uint8_t n; };

/* An address that a server gave. */
struct d6_lease {
	struct mac  server, client, defender; /* defender: answered for it while the client still probed it */
	struct addr server_ll;
	uint64_t    duid; /* of the client */
	ts_t	    at;
	uint8_t	    standing; /* of the server */
	bool	    dad, has_client, has_defender, replied, relayed;
};

/* The message at hand. */
struct d6_message {
	bool		valid, server, client;
	bool		relayed;     /* the frame is a relay's, or the message is for one */
	bool		has_actor;
	uint8_t		type;
	enum standing	st;
	struct mac	mac;	     /* L2 source */
	bool		has_client;
	struct mac	client_mac;
	struct addr	client_addr;
	struct dhcp6	in;	     /* innermost message */
	uint64_t	client_duid, server_duid; /* hashes, 0 where absent */
	struct d6_txn  *txn;
	struct d6_given given[D6_GIVEN]; uint8_t ngiven;
	struct addr	asked[D6_GIVEN]; uint8_t nasked; /* addresses in a client's message */
	struct addr	dns[D6_DNS_MAX]; uint8_t ndns;
	bool		any_ia, first_after_silence;
	uint8_t		responder;   /* index into txn->by */
	/* what the client's message adds to a flood */
	bool		source_flood, iaid_flood, segment_flood;
};

struct d6_flood_due { struct mac mac[64]; ts_t at[64]; uint8_t n; ts_t due; bool open; };

size_t d6state_bytes(const struct engine_conf *);
void   d6state_open(struct engine *, void *mem);
/* A DUID as it is compared: a hash, never 0 where there is one. */
uint64_t d6_duid_key(struct engine *, struct bytes);
/* Called for every OBS_DHCP6 before any detector. */
void   d6state_learn(struct engine *, const struct obs *);
/* The sensor was away for so long: silence that nobody listened to is none. */
void   d6_outage(struct engine *, ts_t away);
/* The message that d6state_learn() read last; `valid` is false where it was none on this link. */
const struct d6_message *d6_at(struct engine *);
struct d6_lease	 *d6_lease_of(struct engine *, const struct segment *, struct addr);
struct d6_client *d6_client_of(struct engine *, const struct segment *, uint64_t duid);
/* Looks for a duplicate-address probe or its answer about a given address; NULL when the message is neither. */
struct d6_lease *d6state_nd(struct engine *, const struct obs *, bool *probe);
/* At most once a second: is it time to tell a flood's victims again? */
bool d6_flood_tell(struct engine *, const struct segment *);
/* Burst of new client DUIDs whose senders have had their time to show a sign of life: the flood of a segment that is due
 * now.  Gives its segment or NULL; *silent of *sources sent nothing but DHCPv6. */
struct segment *d6_flood_due(struct engine *, unsigned *sources, unsigned *silent);
/* Leases whose client has had 10 s to probe them: calls the vantage; counts those without a probe on *seg. */
unsigned d6_unprobed(struct engine *, struct segment **seg);
/* One more address that the MAC defended against a client that declined it; the number of them in 10 minutes. */
unsigned d6_defended(struct engine *, const struct segment *, struct mac defender, struct addr);
/* DHCPv6 servers seen on the segment, unauthorised ones left out: the i-th, false past the end. */
bool d6_server_at(struct engine *, const struct segment *, unsigned i, struct mac *);
/* All servers seen, one after the other: NULL starts, NULL ends. */
struct d6_seen { uint16_t seg; struct mac mac; ts_t first, last; uint32_t replies; uint8_t standing; bool learned; };
const void *d6_server_next(struct engine *, const void *, struct d6_seen *);
/* Sends Relay-Forward, where nobody declared who may. */
bool d6_is_relay(struct engine *, const struct segment *, struct mac);

#endif
