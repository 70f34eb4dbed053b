/* The join table: which host event speaks for which hypothesis (DETECTIONS.md 10).  A row is data. */
#ifndef CROSSTAP_JOINS_H
#define CROSSTAP_JOINS_H

#include "kept.h"
#include "vantage.h"

enum join_key {
	K_HOST = 1 << 0,	 /* the wire fact touched the event's computer */
	K_ADDR = 1 << 1,	 /* the fact's address is the event's `addr` */
	K_ROUTER = 1 << 2,	 /* the fact's address is the event's `router` */
	K_NAME = 1 << 3,	 /* the fact's name is the event's name */
	K_RA = 1 << 4,		 /* the fact is an RA with the flags that the event tells, and no other router sent such a one */
	K_PEER_ACTOR = 1 << 5,	 /* the event's `peer` is an address of the actor */
	K_ADDR_ACTOR = 1 << 6,	 /* the event's `addr` is an address of the actor */
	K_SCOPE = 1 << 7,	 /* the event's scope is the actor's, its client or its reporter stands on the segment */
	K_SEGMENT = 1 << 8,	 /* the computer stands on the segment */
	K_FLOODER = 1 << 9,	 /* the client whose MAC the event tells asked by then, in the actor's frames or as one of its forged sources */
	K_LATEST = 1 << 10,	 /* no other server sent the host such a message */
	K_SESSION = 1 << 11,	 /* the event's own TLS session goes to the actor (vpn.h) */
	K_TUNNEL = 1 << 12,	 /* the tunnel address that the event tells embeds the IPv4 address of the station */
	K_ENABLED = 1 << 13,	 /* the event's error is not that policy disabled the protocol */
	K_VPN_NAME = 1 << 14,	 /* the fact's name is that of a VPN server: declared, or dialled by that client */
	K_PEER_KNOWN = 1 << 15,	 /* every server that the event lists is a declared one */
	K_CLIENT = 1 << 16,	 /* the fact touched the client whose MAC the event tells; without one, its DUID or its address */
	K_TAKEN = 1 << 18,	 /* the fact's address is one of the event's computer, or the fact touched it */
	K_VICTIM = 1 << 19,	 /* the computer is a victim of the hypothesis, since a time in the window */
	K_MAC_ACTOR = 1 << 20,	 /* the MAC that the event tells is the actor's, where both are known */
	K_ONWARD = 1 << 21,	 /* the actor opened a TLS session of its own to the event's computer, in the window */
	K_SCOPE_FACT = 1 << 22,	 /* the fact's address is of the subnet that the event names; one that names none: K_SEGMENT */
	K_PARTNER = 1 << 23,	 /* the server that the event names, by address or name, is the actor */
	K_SUBNET6 = 1 << 25,	 /* the prefix that the event names is one of the segment's, where they are declared; else K_SEGMENT */
	K_SERVER = 1 << 24,	 /* the computer is a declared DHCPv4 server */
	K_QUEUE = 1 << 26,	 /* more DISCOVERs came in a second of the window than the queue of a delayed server holds */
	K_DOMAIN = 1 << 17,	 /* no other domain was told than the event's, where both are known */
};
enum join_flag { JF_ECHO = 1, JF_IMPACT = 2, JF_NAMES = 4 /* its key holds an address of the actor: it may be shared */,
		 JF_M = 8, JF_O = 16, JF_REPORTER = 32 /* the computer is no victim: a server that tells */,
		 JF_NTLM = 64 /* the event tells of a logon by NTLM (its flag1) */,
		 JF_OWN = 128 /* the computer is the actor: what it offers is the finding, nobody is accused */,
		 JF_SELF = 256 /* alone it is about the computer itself, by whose address it is named */,
		 JF_DENIES = 512 /* the host refused what it was offered: as a victim it stays E1 */,
		 JF_CONTEXT = 1024 /* it proves nothing */,
		 JF_EXPLAINS = 4096 /* it refutes a hypothesis whose every accusation is one of its facts in its window */,
		 JF_PLANNED = 2048 /* work that was announced (authority.changes) explains it */ };
/* What the wire says of an event that joined nothing; without a comment: halves.c. */
enum refute_rule {
	R_NONE, R_ISATAP, R_TEREDO, R_PEER_AUTHORISED, R_NO_FLOOD, R_ADDRESS_QUIET, R_VPN /* vpn.h */,
	R_LISTENS /* its port 443 answers */, R_SHOWS /* with its own certificate */, R_SHOWS_4, R_SHOWS_6, R_SHOWS_OTHER,
	R_SHOWS_NONE, R_FLOODED, R_HASH, R_TEREDO_FAILED, R_TEREDO_STOPPED, R_TEREDO_NAME, R_TUNNEL_UP, R_TUNNEL_DOWN, R_DISABLED,
	R_SITE, R_IPHTTPS_UP, R_IPHTTPS_FAILED, R_IPHTTPS_STOPPED, R_BOUND, R_UNBOUND, R_DNS64, R_VPN_NAME, R_DIRECTORY,
	R_ROGUE_CHECK, R_NOT_AUTHORISED, R_DOMAIN, R_PARTNER, R_SERVER_SEEN, R_NO_ROUTES, R_SECRET, R_PROXY, R_CONFIG,
	REFUTE_RULES /* each is explained in sensor/terms.c */
};

struct join {
	const char *id;	       /* event id as text, for --list-events and for switching it off */
	const char *provider;
	uint32_t    event_id;  /* 0: every event of the kind */
	uint16_t    kind;
	uint32_t    families;  /* bit set of enum family */
	uint64_t    facts;     /* bit set of enum fact_id; 0: any fact of the family */
	uint32_t    keys;      /* enum join_key; all must hold */
	uint16_t    flags;     /* enum join_flag */
	int32_t	    from, to;  /* seconds of the packet relative to the event */
	uint8_t	    raises;    /* grade that the host is raised to, where it is listed as victim */
	uint8_t	    alone;     /* family that it appears under alone; FAMILIES: it does not */
	uint8_t	    sev_alone, sev_confirmed;
	uint16_t    vantage;   /* bits needed to conclude from absence */
	uint8_t	    refute;    /* enum refute_rule */
	const char *attack, *trap;
};

const struct join *join_at(size_t i); /* NULL past the end */
/* Does the fact lie in the window of the event that explains it, and is it one that its row explains? */
bool join_explains(struct engine *, const struct hyp_event *, const struct hyp_fact *);

/* ---- which rows and times can matter at all: the table, sorted for the questions that every packet asks ---- */
enum { JOINS_MAX = 128 };
/* When a fact may lie, relative to an event of the kind, for hypotheses of the family; widened by nothing. */
struct join_span { int32_t from, to; bool meets, always; /* always: the row has a key of its own in place of the time */ };
struct join_index {
	uint8_t		 first[HE_KINDS], next[JOINS_MAX]; /* 1 + row: the rows of a kind in the table's order, 0 ends */
	struct join_span span[FAM_CHAINS][HE_KINDS];
	int32_t		 end[HE_KINDS]; /* latest `to` of the kind's rows, s */
};
void join_index_fill(struct join_index *);

#endif
