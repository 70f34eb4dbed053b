/* Observations and host events in, incidents out.  Pure: no I/O, no clock, no allocation; the same inputs in the same
 * order give the same incidents. */
#ifndef CROSSTAP_ENGINE_H
#define CROSSTAP_ENGINE_H

#include "authority.h"
#include "hostev.h"
#include "incident.h"
#include "obs.h"
#include "siphash.h"
#include "where.h"

enum { ENGINE_IFACES_MAX = 32, ENGINE_OFF_MAX = 16 };

struct engine_conf {
	const struct authority *authority; /* may be NULL: nothing declared */
	const char *const      *iface;	   /* names by index, for segments */
	size_t			niface;
	const struct site_rule *rule;	/* of the configuration, at most SITE_RULES */
	size_t			nrule;
	bool			feed_synced;	/* clocks of the feed are NTP-synced: eps 2 s instead of learned or 300 s */
	uint32_t		hosts;		/* tracked hosts; 0: default 65536 */
	uint32_t		leases;		/* DHCPv4 clients and leases, at most as many as hosts; 0: default 65536 */
	uint32_t		events;		/* kept host events; 0: default 16384 */
	ts_t			event_window;	/* how long facts and events stay joinable; 0: default 2 h */
	/* Called for each packet that a fact of incident `id` was found in, which may be an earlier one.  May be NULL. */
	void		      (*noted)(void *arg, uint64_t id, struct inc_ref);
	void		       *noted_arg;
	/* for tests: ids of detectors, join rows ("4100"), refutations, chains that are switched off */
	const char	       *off[ENGINE_OFF_MAX];
	size_t			noff;
};

typedef void engine_emit(void *arg, const struct incident *);

struct engine;
size_t	       engine_bytes(const struct engine_conf *);
/* `mem`: engine_bytes() zeroed bytes aligned for 16, owned by the caller; `conf` and what it points to must outlive it. */
struct engine *engine_open(const struct engine_conf *, void *mem, struct sipkey, engine_emit *, void *arg);
/* Packets come in time order (a step back is taken as the latest time). */
void engine_obs(struct engine *, const struct obs *);
/* Is it a frame of an open hypothesis' actor, whose flow a second reader shall look at?  Asked after engine_obs() with the
 * OBS_FRAME; what the reader says comes back as OBS_SECOND, with texts that outlive the engine. */
bool engine_asks(struct engine *, const struct obs *frame);
/* Host events come in any order and never move the clock; a caller that has no packets moves it with engine_tick(). */
void engine_host(struct engine *, const struct hostev *);
/* Moves the clock without input; closes windows. */
void engine_tick(struct engine *, ts_t now);
/* The end of the input: every incident gets its last record; windows still open count as not seen. */
void engine_end(struct engine *);

/* `e` was opened with what `before` knew (snapshot.h) and reads the same captures on: which packets made what is known, too. */
void engine_same_captures(struct engine *e, struct engine *before);

/* Is the packet one of those that facts of incident `id` list? */
bool engine_lists(struct engine *, uint64_t id, struct inc_ref);

struct engine_counter { const char *name, *unit, *help; uint64_t value; };
size_t engine_counters(const struct engine *, struct engine_counter *, size_t max);

/* What is known of the feed of one computer: how many events came, came twice, came over a minute after their time (and by
 * how much at most), how many numbers between the lowest and highest of a channel never came (a filter at the source leaves
 * such gaps too), and its clock's error (event minus packet) at its latest event, when it is known. */
struct engine_clock { const char *computer; uint64_t events, duplicates, late, missing; ts_t late_max; uint32_t pairs;
		      bool known; int64_t offset; };
/* The next computer; *at is NULL before the first.  false: no more. */
bool engine_clock(const struct engine *, const void **at, struct engine_clock *);

/* Tables for --list-detectors, --list-events, --explain and the documents. */
struct detector;
const struct detection *detection_at(size_t i); /* NULL past the end */
const char	       *chain_at(size_t i);	/* ids of the chains that are built, NULL past the end */
const struct detector  *detector_at(size_t i);	/* NULL past the end; see detector.h */

#endif
