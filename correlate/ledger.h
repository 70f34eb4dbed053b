/* DHCPv4 as it was seen: transactions, leases, clients, servers and what each server said for a subnet.
 * It learns and remembers; it never accuses.  detectors/dhcp4.c and detectors/rates.c read it. */
#ifndef CROSSTAP_LEDGER_H
#define CROSSTAP_LEDGER_H

#include "state.h"

/* What a server can say about a client's network.  The first ones decide where its traffic goes. */
enum d4_item {
	DI_ROUTER,
	DI_DNS,
	DI_ROUTES,
	DI_ROUTES_MS,
	DI_WPAD,
	DI_PATH,
	DI_MASK = DI_PATH,
	DI_DOMAIN,
	DI_SEARCH,
	DI_TFTP,
	DI_BOOTFILE,
	DI_SIADDR,
	DI_NTP,
	DI_NBNS,
	D4_ITEMS
};
struct d4_items {
	uint64_t hash[D4_ITEMS];
	uint16_t have, missing; /* missing: the client asked for it and it was not sent */
};

enum {
	D4_ANSWERS = 4, /* servers kept for one transaction: two make a race, the rest is repetition */
	D4_OFFERERS =
		6, /* servers kept for one subnet; the newest strangers push each other out, never the first ones */
	D4_MANY_KEYS = 5, /* a chaddr with as many client keys speaks for none of them (DETECTIONS.md 4) */
	D4_VOUCH = 4,	  /* leases that one L2 source may vouch for by ARP */
};

struct d4_answer {
	struct mac l2;
	struct addr id, yiaddr;
	ts_t at, since;	 /* since: first message of this server on the segment */
	uint64_t digest; /* of yiaddr, option 54 and all items: equal for a copy of the same message */
	uint64_t path[DI_PATH];
	uint8_t have, missing; /* of path */
	uint8_t type, st;
	bool direct, relay, trusted, proxy,
		self; /* relay: learned, nothing declared; self: the path leads to the sender itself */
};

/* (segment, xid, chaddr): servers need not echo the client identifier (DETECTIONS.md 1.1). */
struct d4_xact {
	ts_t first, last, inform;
	uint64_t cid; /* option 61 of the first client message, hashed; 0: none */
	uint16_t asked;
	struct addr asked_addr;			       /* option 50 or ciaddr of the last REQUEST */
	bool client_seen, any_asked, pxe, asks_domain; /* asks_domain: INFORM with 43/0x5e and no option 60 */
	uint8_t nanswer;
	struct d4_answer answer[D4_ANSWERS];
};

struct d4_client_key {
	uint64_t cid;
	uint16_t seg;
	uint8_t hlen, chaddr[16];
};
enum d4_client_flag {
	D4C_NEW = 1 << 0, /* was new when it came; cleared after an hour */
	D4C_OFFERED = 1 << 1,
	D4C_REQUESTED = 1 << 2,
	D4C_LEASED = 1 << 3,
	D4C_TESTED = 1 << 4, /* the test for signs of life is made for it (no relay, no bridge, Ethernet) */
	D4C_JUDGED = 1 << 5,
	D4C_UNUSED = 1 << 6,
	D4C_CLONE = 1 << 8, /* of a declared template: its unused leases are no ghosts */
	D4C_ASKED = 1 << 7, /* asked for a lease; INFORM or RELEASE alone make nobody known */
};
struct d4_client {
	ts_t first, last, seen_before; /* seen_before: when it was last seen before this message; TS_NONE */
	ts_t waiting;		       /* first DISCOVER without an answer yet, 0: none */
	ts_t answered,
		selected; /* last OFFER or ACK seen; last REQUEST that names a server: it was answered, seen or not */
	ts_t refused_at, counted_at; /* no OFFER for 5 s; counted among those that asked */
	struct mac mac, l2, server;  /* zero: none (not Ethernet; no direct server) */
	struct addr server_id, giaddr;
	uint64_t circuit; /* option 82 circuit-id and remote-id hashed; 0: none */
	uint16_t flags;
};

struct d4_lease {
	struct d4_client_key owner;
	struct mac mac, l2, server;
	struct addr addr, server_id;
	ts_t acked, expires;
	uint16_t seg;
	bool tested, alive, ip_out, ip_in;
	bool excess;	    /* its L2 source vouched for too many: not known */
	bool ghost, unused; /* counted as a ghost; counted as unused by FANOUT */
};

/* (segment, L2 source, option 54). */
struct d4_server {
	ts_t first, last;
	uint32_t acks, agreed; /* agreed: messages that contradicted no earlier server */
	uint64_t clients;      /* one bit each, hashed: enough to know that there are five */
	bool contradicted, learned;
	bool served, proxied; /* gave leases or answered INFORM; spoke as a PXE proxy */
};

/* The DHCPv4 message at hand; pointers live until the next one. */
struct d4_now {
	bool ok;
	bool server; /* op 2 and a server's type (DETECTIONS.md 4) */
	bool router; /* the L2 source is a declared router or relay, or a learned relay where none are declared */
	bool relay;   /* learned only: the MAC is not the sender's, but nobody vouches for it either */
	bool has_mac; /* chaddr is an Ethernet address */
	bool id_given, trusted, proxy, self, team;
	uint8_t st; /* enum standing of (L2 source, id) */
	struct mac l2, chaddr;
	struct addr id, yiaddr;
	struct d4_xact *x;
	struct d4_client *c;
	struct d4_server *s;
	struct d4_answer *answer; /* this message inside x */
	struct d4_client_key key;
	struct d4_items items;
	uint16_t against_trusted; /* items that differ from what authorised servers sent for the subnet */
	bool trusted_known;	  /* an authorised server was heard for the subnet in 7 days */
	uint16_t against_earlier; /* path items that contradict the server heard first (nothing declared) */
	uint16_t changed;	  /* items that this server said otherwise before for the subnet */
	struct d4_lease before;	  /* the lease of the address meant, as it stood before this message */
	bool had_lease, new_client, new_lease;
	struct d4_lease *lease;
};

struct d4_segment {
	ts_t first_discover, learned; /* learned: since when a server is; 0: never */
	uint32_t discovers;
	struct mac discoverer[2];
	bool server_seen, silent; /* silent: there was no server for a day when the first one came */
};

struct ledger {
	struct table xacts, clients, leases, servers, scopes, stations;
	struct d4_now now;
	struct d4_segment seg[SEGMENTS_MAX];
	uint32_t watched; /* leases under test without a sign of life */
	uint32_t excess;
	struct engine *engine;
};

/* How many clients and leases are kept. */
uint32_t ledger_clients(const struct engine_conf *);
size_t ledger_bytes(const struct engine_conf *);
void ledger_open(struct engine *, void *mem);
void ledger_learn(struct engine *, const struct obs *);
/* The sensor was away for so long: silence that nobody listened to is none. */
void ledger_outage(struct engine *, ts_t away);

/* Keys are made in one place, with their padding zeroed: a table compares them as bytes. */
bool ledger_key_eq(const struct d4_client_key *, const struct d4_client_key *);
struct d4_client *ledger_client(struct engine *, const struct d4_client_key *);
/* The client of an Ethernet address, by its newest client key; NULL when unknown. */
struct d4_client *ledger_client_by_mac(struct engine *, const struct segment *, struct mac chaddr);
/* The lease of an address on a segment, expired ones too; NULL when unknown. */
struct d4_lease *ledger_lease(struct engine *, const struct segment *, struct addr);
/* Does the lease show a sign of life by now?  `excess`: one L2 source vouches for too many, nothing is known. */
bool ledger_alive(struct engine *, struct d4_lease *);
/* A frame that is no DHCP from the client's MAC, unless the MAC stands for too many client keys. */
bool ledger_client_alive(struct engine *, const struct segment *, const struct d4_client *);
/* Servers seen, one after the other: NULL starts, NULL ends. */
struct d4_seen {
	uint16_t seg;
	struct mac mac;
	struct addr id;
};
const struct d4_server *ledger_server_next(struct engine *, const struct d4_server *, struct d4_seen *);
struct addr ledger_pac_host(
	const struct dhcp4 *); /* the address in a proxy URL of option 252; absent for names */

#endif
