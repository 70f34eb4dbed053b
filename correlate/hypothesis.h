/* Hypotheses: one for each (family, segment, actor or scope), with the facts, victims and host events that speak for it.
 * A latent one holds facts that are no accusation yet; verdict.c decides, incident.c tells. */
#ifndef CROSSTAP_HYPOTHESIS_H
#define CROSSTAP_HYPOTHESIS_H

#include "state.h"

enum { HYPS = 512, HYP_FACTS = 20, HYP_IPS = 4, REFS_FIRST = 16 };

struct hyp_fact {
	uint8_t	       id, grade;
	uint16_t       flags;
	uint32_t       count;
	ts_t	       first, last;
	struct inc_ref *ref; /* INC_REFS_MAX of them: first 16, then a ring of the last 48 */
};
struct hyp_victim {
	struct mac  mac;
	bool	    has_mac, uses; /* uses: DNS-USE, it asked the actor's resolver */
	bool	    denies; /* its host says that it refused what was offered: seen, not accepted */
	uint8_t	    grade, nip;
	uint8_t	    raised; /* the grade that joined events show: they may be taken off again */
	struct addr ip[HYP_IPS];
	ts_t	    first, last;
};
/* What wire and events show. */
static inline uint8_t
hyp_victim_best(const struct hyp_victim *v)
{
	return v->raised > v->grade ? v->raised : v->grade;
}
/* An offer that the host refused was seen, not accepted. */
static inline uint8_t
hyp_victim_grade(const struct hyp_victim *v)
{
	uint8_t best = hyp_victim_best(v);
	return v->denies && best == E2 ? E1 : best;
}
/* A joined host event.  Kept sorted by (time, computer, record): the list is the same in any order of arrival. */
struct hyp_event {
	uint64_t serial; /* of the kept event */
	ts_t	 time;
	uint8_t	 role;
	bool	 echo;	 /* the host's copy of a message: H only beside a hard fact */
	bool	 names;	 /* its key holds an address of the actor */
	bool	 impact; /* flood and starvation */
	bool	 withdrawn; /* with the clock's error known, the times do not fit: context */
	bool	 shared; /* it speaks here because it names the actor, beside no fact of its own */
	uint8_t	 row;	 /* of joins.c */
	bool	 lone;	 /* it found no fact in its window: facts that came after that are none of its */
	int64_t	 offset; /* event minus the wire fact, ns */
	uint8_t	 severity; /* of the join row when confirmed */
};

/* What is looked at in every hypothesis when one changes stands in front, and what is large behind: a look over all of them
 * must not fetch all of their memory. */
struct hyp {
	uint64_t	  id;
	uint8_t		  family;
	uint8_t		  nfact, nmember, nrefuted, nsecond;
	/* what was told last */
	uint8_t		  verdict, grade, severity, confidence;
	bool		  shown, alert, closed, dirty, quiet_change;
	bool		  asked; /* open, its flows are asked about (asks.h) */
	bool		  waits; /* a repeated fact came since: the next tick looks */
	bool		  gives_resolver; /* a message of the actor named a resolver */
	bool		  lifted; /* a confirmed chain proved the actor */
	uint8_t		  host_row;	/* 1 + row of joins.c that made a hypothesis without a wire fact */
	uint8_t		  host_fate;	/* enum verdict that join_decide() found for it */
	bool		  muted, mute_told; /* held back now (mute.h); said so in a record */
	uint32_t	  outgrew; /* the mute whose verdict it rose above, 0: none */
	uint16_t	  seg, nip;
	uint16_t	  missing;	/* vantage bits that were missing */
	uint32_t	  rev;
	uint32_t	  nvictim, victims_total, nevent, events_total;
	ts_t		  first, last;
	ts_t		  told;	/* time of the last revision */
	uint64_t	  content; /* a digest of what it said */
	ts_t		  looked, looked_all; /* when its events were last joined again, and when all of them */
	uint64_t	  folded; /* one of the forged sources of that flood: it has no story of its own */
	uint64_t	  last_evidence; /* 1 + its place in the ring, 0: none */
	ts_t		  fresh_from, fresh_to; /* of the evidence since the last look, when `fresh` */
	ts_t		  lag; /* how much later than its packet a fact was told, at most */
	bool		  fresh;
	struct actor	  actor;
	struct hyp_fact	  fact[HYP_FACTS];
	struct mac	  victim_mac[INC_LIST_MAX]; /* of victim[], zero where unknown */
	/* sketches of the victims beyond the list and of the events, so that each is counted about once */
	uint64_t	  spill[8], spill_event[64];
	struct inc_flow	  flow; /* of the first E1 */
	struct addr	  actor_ip[INC_ADDRS_MAX]; /* addresses the actor used in its own messages */
	const char	 *host_why;	/* what the wire had to say to it, or NULL */
	const char	 *hint;
	uint64_t	  member[INC_MEMBERS_MAX]; /* chains */
	const char	 *refuted_by[4];
	struct inc_second second[INC_SECOND_MAX]; /* one for each application that its flows were said to be */
	struct hyp_victim victim[INC_LIST_MAX];
	struct hyp_event  event[INC_LIST_MAX];
	struct inc_ref	  ref[HYP_FACTS][INC_REFS_MAX];
};

/* One wire fact as joins see it: kept for the join window in one ring. */
struct evidence {
	ts_t	    ts;
	uint64_t    hyp, prev; /* prev: 1 + place of this hypothesis's evidence before it */
	uint64_t    jump;      /* further back, so that a time is found in few steps (Myers 1983, "random-access stack") */
	uint32_t    depth;     /* how many of this hypothesis there were before */
	ts_t	    reach;     /* latest `ts` of it and all before it */
	struct mac  victim;
	struct addr victim_addr, key;
	uint64_t    name;
	uint8_t	    fact, grade;
	uint8_t	    has_victim;
	uint8_t	    ra_flags; /* M 2 | O 1 of an RA */
	struct inc_ref ref;
};

enum { HYP_MACS = 4096 };
struct hyps {
	struct table	 table;
	struct table	 told; /* which revision was told last, by id: it goes on from there */
	struct evidence *ring;
	uint32_t	 ring_cap;
	uint64_t	 ring_n; /* ever written */
	struct hyp	*dirty[64];
	uint8_t		 ndirty;
	bool		 all_dirty; /* more than fit */
	const struct hyp *listed; /* which engine_lists() was asked about last: a flood asks for one again and again */
	uint32_t	 of_family[FAMILIES]; /* how many there are */
	uint16_t	 family_first[FAMILIES], family_next[HYPS], family_prev[HYPS]; /* 1 + slot; 0: none */
	uint32_t	 of_mac[HYP_MACS];    /* how many whose actor's MAC mixes to the slot: mostly none */
};

size_t hyps_bytes(const struct engine_conf *);
void   hyps_open(struct engine *, void *mem);
/* Finds or makes; NULL only when every slot is pinned. */
struct hyp *hyp_get(struct engine *, uint8_t family, const struct segment *, const struct actor *);
void	    hyp_remember(struct hyps *, const struct hyp *, ts_t now); /* its revision */
struct hyp *hyp_find(struct engine *, uint8_t family, const struct segment *, const struct actor *);
struct hyp *hyp_by_id(struct engine *, uint64_t id);
struct hyp *hyp_next(struct engine *, const struct hyp *); /* newest first; NULL starts, NULL ends */
/* All of one family, in no order. */
struct hyp *hyp_next_of(struct engine *, uint8_t family, const struct hyp *);
void	    hyp_touch(struct engine *, struct hyp *);	   /* marks it for a new verdict */
void	    hyp_look(struct engine *, struct hyp *);	   /* joins all events with it again and marks it */
void	    hyp_look_fresh(struct engine *, struct hyp *); /* joins those that its new evidence can bring, and marks it */
/* 1 + place of the newest evidence that may be as old as `to`; 0: none.  From there `prev` leads back. */
uint64_t    evidence_upto(const struct engine *, const struct hyp *, ts_t to);
const struct hyp_fact *hyp_fact_of(const struct hyp *, enum fact_id);
enum grade  hyp_grade(const struct hyp *); /* highest of its facts, uses without an E1 left out */
struct hyp_victim *hyp_victim_get(struct hyp *, bool has_mac, struct mac, struct addr, ts_t now);
struct hyp_victim *hyp_victim_of(struct hyp *, struct mac);
/* Makes it the fact at that place, packets included. */
void	    hyp_fact_set(struct hyp *, size_t at, const struct hyp_fact *);
void	    hyp_actor_ip(struct hyp *, struct addr);
bool	    hyp_actor_has(struct engine *, const struct hyp *, struct addr); /* used by it or bound to it */
/* Adds (or finds) a joined event in its sorted place; true when it is new. */
bool	    hyp_event_add(struct hyp *, const struct hyp_event *);
/* The joined event, NULL when it is not in the list; takes it off. */
struct hyp_event *hyp_event_of(struct hyp *, uint64_t serial);
void	    hyp_event_drop(struct hyp *, struct hyp_event *);

#endif
