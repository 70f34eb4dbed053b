/* Host events that are kept for the join window. */
#ifndef CROSSTAP_KEPT_H
#define CROSSTAP_KEPT_H

#include "hypothesis.h"
#include "identity.h"
#include "sessions.h"

enum { KEPT_MACS = HE_MACS_MAX, KEPT_IPS = 8, KEPT_MORE = 6, SEEN = 256 };

struct kept {
	uint64_t    serial; /* hash of computer, provider, id, record and the second: the same in any order of arrival */
	uint64_t    host;   /* key of the computer (clocks.h), 0 without a name */
	ts_t	    ts;	    /* by the host's clock */
	int64_t	    offset; /* that clock's error at that time, when clock_known; else 0 */
	ts_t	    wire;   /* of the message that it tells of, TS_NONE where that is not known */
	uint16_t    kind;
	uint32_t    event_id, set, error;
	uint64_t    record_id, name;
	char	    provider[48], computer[INC_NAME_MAX], text[INC_NAME_MAX]; /* text: name as given */
	struct addr addr, peer, router;
	struct mac  mac, duid_mac; /* duid_mac: in a DUID that is made of one, else zero */
	uint32_t    pool;	   /* addresses that the event's scope has at most; 0: not told */
	uint64_t    duid;	   /* d6_duid_key() of a DHCPv6 client, 0: none */
	int64_t	    step; /* HE_CLOCK_STEP: how far forward the clock was set; 0 where that is not told */
	bool	    flag1, flag2, joined, decided, clock_known;
	bool	    more_macs; /* its host may have more than host_mac[] */
	struct mac  host_mac[KEPT_MACS];
	struct addr host_ip[KEPT_IPS];
	struct addr more[KEPT_MORE]; /* further addresses of the list that `peer` or `addr` began */
	uint8_t	    nmac, nip, nmore;
	uint64_t    coid; /* RasSstp, RasClient: hash of the correlation id, 0 none */
	struct leaf leaf, bound; /* RasSstp 6: the certificate the client saw; 32: configured, and bound */
};

size_t events_bytes(const struct engine_conf *);
void   events_open(struct engine *, void *mem);
/* Keeps the event, joins it with every hypothesis it fits. */
void   events_event(struct engine *, const struct hostev *);
/* Notes what servers and routers send. */
void   events_learn(struct engine *, const struct obs *);
/* Joins the kept events again with one hypothesis that has changed: what it is accused of, who was harmed. */
void   events_rejoin(struct engine *, struct hyp *);
/* The same for the events whose windows hold the evidence that came since the last look: nothing else has changed. */
void   events_rejoin_fresh(struct engine *, struct hyp *);
/* Decides events whose windows have closed (`at_end`: the input is over, open windows count as not seen). */
void   events_tick(struct engine *, bool at_end);
/* The input is over: learns once more what events tell of names, now that every station is known. */
void   events_identify(struct engine *);
/* Looks for the messages that events tell of, once their times have passed (`at_end`: all), and learns clocks from them. */
void   events_pair(struct engine *, bool at_end);
/* The i-th kept event of the computer in the order of time; NULL past the last. */
struct kept *event_of_host(struct engine *, uint64_t host, uint32_t i);
const struct kept *event_find(struct engine *, uint64_t serial);
/* The latest event of the kind by the computer behind that MAC between the times, widened by its clock's
 * error; NULL when there is none. */
const struct kept *event_by(struct engine *, uint16_t kind, uint16_t seg, struct mac, ts_t from, ts_t to);
/* The next kept event of the kind between the times, from *i = 0 on; NULL at the end. */
const struct kept *event_next(struct engine *, size_t *i, uint16_t kind, ts_t from, ts_t to);
uint64_t    events_duplicates(const struct engine *);

/* ---- for joins.c ---- */
/* How far the time may be wrong while the clock's error is not known, and when it is. */
ts_t	     event_eps(struct engine *, const struct kept *);
/* When an event is decided that has joined nothing: its windows have closed by then, and the minute with them, so that what was in
 * view is told by whole minutes and is the same however late the event comes. */
ts_t	     event_due(struct engine *, const struct kept *);
enum { EVENT_EPS_SEC = 2 };
#define ROUTER_BEFORE (10 * TS_MIN) /* 4100 before 4200 of the same host */
#define EVENT_EPS_MAX (300 * TS_SEC) /* while it is not known (DETECTIONS.md 1.3) */
/* Did a router other than `but` send an RA on the segment between the times, with these flags (mask selects M 2, O 1)? */
bool	     other_ra(struct engine *, uint16_t seg, struct mac but, ts_t from, ts_t to, uint8_t flags, uint8_t mask);

/* Did a DHCPv6 server other than `but` send this client a Reply between the times? */
bool	     other_reply6(struct engine *, uint16_t seg, struct mac client, struct mac but, ts_t from, ts_t to);

/* joins.c: tries every row for this pair; true when something was joined. */
bool join_try(struct engine *, struct kept *, struct hyp *);
/* joins.c: the clock of its computer was learned, or is doubted: takes it off where it was joined, and tries again. */
void join_again(struct engine *, struct kept *);
/* joins.c: more is known of what it is about: the same, and where it was decided alone, that too. */
void join_renew(struct engine *, struct kept *);
/* joins.c: the window is over and nothing was joined: host-only, refuted or unverifiable, where the row says so. */
void join_decide(struct engine *, struct kept *, bool at_end);
/* joins.c: judges again the decided events that an audit log which came since may explain: the mirror was missing (V_S4, V_S6),
 * or the row asks for leases. */
void join_review(struct engine *, bool at_end);
struct join_index;
const struct join_index *events_index(const struct engine *); /* joins.h */

#endif
