/* The incident record (CONTRACT.md 3): what the engine hands to encoders.  Valid during the call; encoders copy.
 * Bounded: the totals say how many there were. */
#ifndef CROSSTAP_INCIDENT_H
#define CROSSTAP_INCIDENT_H

#include "addr.h"
#include "time.h"

enum verdict { V_INFO, V_REFUTED, V_UNVERIFIABLE, V_HOST_ONLY, V_SUSPECTED, V_PROBABLE, V_CONFIRMED, VERDICTS };
enum grade { E0, E1, E2, E3, E4, E5, GRADES };
enum severity { SEV_INFO, SEV_LOW, SEV_MEDIUM, SEV_HIGH, SEV_CRITICAL, SEVERITIES };
enum inc_state { INC_OPEN, INC_UPDATE, INC_CLOSED };
enum role { ROLE_CORROBORATES, ROLE_REFUTES, ROLE_CONTEXT };

const char *verdict_name(enum verdict);	  /* "info", "suspected", ..., "host-only" */
const char *severity_name(enum severity); /* "info" .. "critical" */
const char *inc_state_name(enum inc_state);
const char *role_name(enum role);
/* Parses a verdict's name; false where it is none. */
bool verdict_parse(struct bytes, enum verdict *);

enum { INC_LIST_MAX = 64, INC_REFS_MAX = 64, INC_ADDRS_MAX = 8, INC_MEMBERS_MAX = 16, INC_NAME_MAX = 64 };

/* One row of the table of detections: constant for ever. */
struct detection {
	const char *id;		  /* CONTRACT.md 3: `detection` */
	uint32_t    signature_id; /* never used again */
	const char *signature, *category, *attack; /* attack: technique ids separated by blanks */
	const char *explain;	  /* for the analyst: what, why it matters, how to check, known benign causes */
	const char *next;	  /* steps, separated by '\n' */
};

struct inc_ref { uint32_t file; uint64_t frame; };
struct inc_fact {
	const char    *id;
	enum grade     grade;
	uint32_t       count;
	ts_t	       first, last;
	struct inc_ref ref[INC_REFS_MAX]; /* first 16 and last 48 */
	uint8_t	       nref;
};
struct inc_victim {
	struct mac  mac; bool has_mac;
	struct addr ip[INC_ADDRS_MAX]; uint8_t nip;
	char	    name[INC_NAME_MAX]; /* empty: unknown */
	enum grade  grade;
};
struct inc_event {
	char	    computer[INC_NAME_MAX];
	const char *provider;
	uint32_t    event_id;
	uint64_t    record_id;
	ts_t	    time;
	int64_t	    offset_ms; /* event minus the wire fact it joined, clock error left in; 0 where there is none */
	enum role   role;
	bool	    withdrawn; /* it was joined, or would be, by its clock alone; that clock's error is known now, and it does not fit */
};
/* The flow of the fact that opened it, for src_ip, dest_ip, proto, community_id; src.fam == 0 where there is none. */
struct inc_flow { struct addr src, dst; uint16_t sport, dport; uint8_t ipproto; };

/* What a second reader (nDPI) said of a flow of the actor: an attribute, it decides nothing.  The texts live as long as
 * that reader. */
enum { INC_SECOND_MAX = 8, INC_RISKS_MAX = 8 };
struct inc_second {
	struct inc_flow flow;
	struct inc_ref	ref; /* the frame that settled it */
	const char     *proto, *risk[INC_RISKS_MAX];
	uint8_t		nrisk;
};

struct mute;
struct incident {
	ts_t			timestamp, first, last;
	uint64_t		id; /* 16 hex digits */
	uint32_t		rev;
	enum inc_state		state;
	bool			alert; /* was suspected, probable or confirmed at some revision */
	const struct mute      *muted; /* NULL: it is not (mute.h) */
	const struct detection *detection;
	const char	       *title;
	const char	       *attack; /* technique ids separated by blanks; empty: none */
	enum verdict		verdict;
	enum grade		grade;
	enum severity		severity;
	uint8_t			confidence; /* 0..100 */
	uint16_t		iface;
	uint16_t		vlan[4];
	uint8_t			nvlan;
	const char	       *segment; /* "eth1/100.12" */
	struct inc_flow		flow;
	struct mac		actor_mac; bool has_actor_mac;
	struct addr		actor_ip[INC_ADDRS_MAX]; uint8_t nactor_ip;
	const char	       *actor_name; /* NULL: unknown */
	uint64_t		member[INC_MEMBERS_MAX]; uint8_t nmember;
	uint32_t		nvictim, victims_total, nfact, facts_total, nevent, events_total; /* of the lists below */
	const char	       *refuted_by[8]; uint8_t nrefuted;
	const char	       *vantage_have[12], *vantage_missing[12]; uint8_t nhave, nmissing;
	struct inc_second	second[INC_SECOND_MAX]; uint8_t nsecond;
	const char	       *tool_hint; /* NULL: none */
	const char	       *explain;   /* one paragraph with this incident's names in it */
	const char	       *next;	   /* steps, separated by '\n' */
	/* 90 KB: behind the last entry counted above there is what an earlier record left */
	struct inc_victim	victim[INC_LIST_MAX];
	struct inc_fact		fact[INC_LIST_MAX];
	struct inc_event	event[INC_LIST_MAX];
};

#endif
