/* A detection: a short function over the stores and one input.  It raises graded facts; it never decides a verdict,
 * formats text or sees a packet.  Data describes it: id, grade, what it means. */
#ifndef CROSSTAP_DETECTOR_H
#define CROSSTAP_DETECTOR_H

#include "engine.h"

/* Hypothesis families and chains: CONTRACT.md 3, `detection`.  The table is in detections.c. */
enum family {
	FAM_D4_ROGUE, FAM_D4_FLOOD, FAM_D4_STARVATION, FAM_D4_AUTHKILL, FAM_D6_ROGUE, FAM_D6_FLOOD, FAM_RA, FAM_ND_SPOOF,
	FAM_DNS, FAM_AUTH, FAM_ISATAP, FAM_TEREDO, FAM_IPHTTPS, FAM_SSTP, FAM_FAILOVER, FAM_SITE,
	FAM_MITM6, FAM_STARVE_SERVE, FAM_SILENCE, FAM_VPN_LEAK, FAM_VPN_INTERCEPT, FAM_TUNNEL_BACKDOOR,
	FAMILIES, FAM_CHAINS = FAM_MITM6
};

/* Facts.  The order is free; names are given by the detector rows. */
enum fact_id {
	F_NONE,
	/* DHCPv4 */
	F_D4_ROGUE, F_D4_SPOOF, F_D4_RACE, F_D4_OPT, F_D4_ROUTE, F_D4_WPAD, F_D4_NAK, F_D4_REL, F_D4_AUTHKILL, F_D4_FANOUT,
	F_D4_CIRCUIT, F_D4_BADMAC, F_D4_XID, F_D4_GHOST, F_D4_STOCK, F_D4_RATE, F_D4_NOOFFER, F_D4_DECL, F_D4_EXHAUSTED,
	F_D4_ACCEPT /* E2: REQUEST naming that server */, F_D4_LEAK /* E3: traffic that goes where D4-ROUTE sent it */,
	/* DHCPv6 */
	F_D6_ROGUE, F_D6_ADDR, F_D6_FOREIGN, F_D6_DNS, F_D6_SRVID, F_D6_RACE, F_D6_TIMES, F_D6_DUID, F_D6_RECONF, F_D6_INFO,
	F_D6_FLOOD, F_D6_DECL, F_D6_ACCEPT /* E2: Request/Renew with the actor's DUID, DAD of the offered address */,
	/* RA, ND */
	F_RA_ROGUE, F_RA_DNS, F_RA_PREF, F_RA_MO, F_RA_KILL, F_RA_EVADE, F_RA_FLOOD, F_RA_BADOPT, F_RA_FOLLOW /* E2 */,
	F_ND_SPOOF,
	/* names */
	F_DNS_USE, F_DNS_LL, F_DNS_NAME, F_DNS_DIFF, F_DNS_UPD,
	/* authentication */
	F_AUTH_LURE, F_AUTH_RELAY,
	/* tunnels */
	F_ISA_ROUTER, F_ISA_SPOOF, F_ISA_RA, F_TER_SRV, F_TER_ADDR, F_TUN_NEST,
	/* TLS and what runs in it */
	F_IPH_SRV, F_SSTP_CERT, F_SSTP_PATH /* E1: the path to a VPN server was bent (DETECTIONS.md 8) */, F_FO_TAMPER,
	F_DHCP_QUIET /* boot storm explained: >= 90 % of the counted keys known or alive */,
	/* from here on no row of joins.c or chains.c names them: a set of the others is one word */
	F_SITE, /* a rule of the configuration (where.h) */
	F_ID_CONFLICT, /* two live stations claim one name (DETECTIONS.md 9) */
	FACTS
};
_Static_assert(F_SITE <= 64, "a set of facts is one word");

static inline bool
fact_in(uint64_t set, unsigned id)
{
	return id < F_SITE && (set >> id & 1);
}

enum fact_flag {
	FF_HARD = 1 << 0,    /* contradicts declared or learned authority, or a rule marked hard */
	FF_SP = 1 << 1,	     /* self-proving */
	FF_USE = 1 << 2,     /* mere acceptance or use (E2, E3): never opens a hypothesis, counts only beside an E1 */
	FF_OPENS = 1 << 3,   /* an E0 that is worth an incident of its own with verdict info */
	FF_EXPLAINS = 1 << 4, /* a benign explanation: refutes, see refute.c */
	FF_RESTS = 1 << 5,   /* an E4 or E5 that rests on another open hypothesis */
	FF_IMPACT = 1 << 6,  /* flood and starvation: impact */
	FF_LATENT = 1 << 8,  /* with FF_USE: kept from the start, for an accusation that may follow */
	FF_NO_VICTIM = 1 << 7, /* the victim named is touched, not harmed: joins may use it, the list does not show it */
};

/* Who did it.  MAC where the wire shows one; else an address or a scope (subnet) as key; else the segment alone. */
struct actor {
	bool	      has_mac;
	struct mac    mac;
	struct addr   addr;  /* key when has_mac is false; else one of its addresses, or absent */
	struct prefix scope; /* of flood and starvation: the subnet; a.fam == 0 otherwise */
	uint16_t      rule;  /* of FAM_SITE: 1 + which rule, each has incidents of its own; 0 otherwise */
};

struct detector;
struct fact {
	uint8_t	     id;     /* enum fact_id */
	uint8_t	     family; /* enum family */
	uint8_t	     grade;
	uint16_t     flags; /* enum fact_flag */
	struct actor actor;
	bool	     has_victim;
	struct mac   victim;	  /* zero: only the address is known */
	struct addr  victim_addr; /* absent: unknown */
	struct addr  key;	  /* the address given, claimed or used: what host events are joined on */
	uint64_t     name;	  /* name_hash() of the name asked for; 0: none */
	const char  *hint;	  /* tool hint (DETECTIONS.md 12) or NULL: attribution only */
};

#define ON(kind) (UINT32_C(1) << (kind))

struct engine;
struct detector {
	const char *id;	    /* "D6-DNS" */
	uint8_t	    fact;   /* enum fact_id; 0 for a row that only watches */
	uint8_t	    family; /* of the hypothesis it feeds by default */
	uint8_t	    grade;  /* usual grade, for the lists */
	uint16_t    flags;  /* usual flags, for the lists */
	uint8_t	    about;  /* enum about: facts about the same fields of one message are not independent */
	const char *attack; /* technique */
	uint32_t    on;	    /* ON(OBS_...) it subscribes to */
	void (*detect)(struct engine *, const struct obs *); /* NULL: raised by another row's function */
	void (*tick)(struct engine *, ts_t now);	     /* each second of packet time and at the end; or NULL */
	const char *explain; /* for the analyst: what, why it matters, how to check, known benign causes */
	bool (*wanted)(const struct engine *, unsigned kind); /* asked once, when the engine opens; NULL: always */
};

enum about { ABOUT_SOURCE, ABOUT_ADDRESS, ABOUT_RESOLVER, ABOUT_ROUTE, ABOUT_FLAGS, ABOUT_TIMES, ABOUT_SHAPE, ABOUT_RATE,
	     ABOUT_NAME, ABOUT_TRANSACTION, ABOUT_ACCEPT, ABOUT_CLAIM };

/* Detector files give arrays of rows, ended by { 0 }; correlate/CMakeLists.txt lists the files, the registry is generated. */
extern const struct detector *const detector_files[];
const struct detector *detector_of(enum fact_id);

#endif
