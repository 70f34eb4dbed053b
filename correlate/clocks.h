/* How wrong the clock of an event's computer was (DETECTIONS.md 1.3), learned from what the host and the wire both saw: the
 * DHCP messages that a server sent to its MAC, the one router advertisement of its segment.
 *
 * A pair is an event and the only message of its kind and content within CLOCK_REACH; where there are two, there is none.
 * The offset of an event is that of the CLOCK_PAIRS pairs nearest to it in time, when all of them and the next one on
 * either side agree within 2 s.  An event that says the clock was set parts them: what lies before says nothing of what
 * lies after.  How far the clock was set back tells only which times are of either side, hence of no known offset: what a
 * host says of its clock makes no time more certain, and none wrong.  The offset is worked out from the set of events
 * alone, so it is the same in any order of arrival; a pair that comes later may make it known, change it or end it, and
 * the computer's events are then judged again. */
#ifndef CROSSTAP_CLOCKS_H
#define CROSSTAP_CLOCKS_H

#include "kept.h"

enum { CLOCK_PAIRS = 5, CLOCK_PAIRS_MAX = 64 };
/* Less than the window without an offset by what the one with an offset has: what fits then fitted before. */
static const ts_t CLOCK_REACH = 298 * TS_SEC;
static const ts_t CLOCK_RANGE = TS_DAY; /* a pair further away tells nothing about an event */

struct clock_pair { ts_t event, packet; };
/* The clock was set: times up to `from` are before it, after `to` behind it, in between of either. */
struct clock_set_at { ts_t from, to; };
enum { CLOCK_STEPS_MAX = 32 };

size_t clocks_bytes(const struct engine_conf *);
void   clocks_open(struct engine *, void *mem);
/* Notes what servers and routers send to whom. */
void   clocks_learn(struct engine *, const struct obs *);
/* A key for the computer of an event: its name without case and final dot; 0 without a name. */
uint64_t clock_host(struct bytes computer);
/* Counts for the computer: the event came, perhaps a second time. */
void   clock_count(struct engine *, const struct hostev *, bool again);
/* Can events of the kind make a pair? */
bool   clock_pairs(uint16_t kind);
/* The packet time of the one message that the event tells of; TS_NONE when none or several could be meant. */
ts_t   clock_match(struct engine *, const struct kept *);
/* Works out the offset of a new event of its computer. */
void   clock_set(struct engine *, struct kept *);
/* The computer's events changed in what they pair with: works out their offsets, judges again those whose offset changed. */
void   clock_refresh(struct engine *, uint64_t host);
/* How far forward the clock was set, of an event that tells it; 0 of any other. */
int64_t clock_step(const struct hostev *);
/* Does the event tell of a step so small that pairs before and after it agree?  Time services make many. */
bool   clock_slight(const struct hostev *);
/* Pure arithmetic: the offset (event minus packet) at event time `at`, of pairs in the order of event time. */
bool   clock_offset_at(const struct clock_pair *, size_t n, ts_t at, int64_t *offset);
/* The same of those pairs that no step parts from `at`. */
bool   clock_offset_parted(const struct clock_pair *, size_t n, const struct clock_set_at *, size_t nset, ts_t at,
			   int64_t *offset);

#endif
