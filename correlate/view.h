/* What the engine knows, for a person who asks.  Nothing here changes a verdict; texts and records are valid until the next
 * call into the engine. */
#ifndef CROSSTAP_VIEW_H
#define CROSSTAP_VIEW_H

#include "engine.h"

enum { VIEW_BITS = 8, VIEW_REASONS = 12 };

/* The table stores, in a fixed order; false past the end. */
struct view_table { const char *name; uint32_t used, capacity; uint64_t inserted, hit, expired, evicted, refused; };
bool view_table(struct engine *, size_t i, struct view_table *);

/* A segment and how much of it the sensor sees: percent over the last hour, of that many samples.  `has`: enough to rest a
 * claim of absence on. */
struct view_bit { const char *name; unsigned share; uint32_t samples; bool has; };
struct view_segment { const char *name; ts_t first, last; struct view_bit bit[VIEW_BITS]; };
bool view_segment(struct engine *, size_t i, struct view_segment *);

/* Addresses and who has them, newest first; *at is NULL before the first. */
struct view_binding { const char *segment, *source, *name /* NULL: unknown */; struct addr addr; struct mac mac, prev;
		      ts_t first, last; bool contested; };
bool view_binding(struct engine *, const void **at, struct view_binding *);

/* Stations that served, once for each service; both members of `at` are zero before the first. */
struct view_at { const void *host; unsigned service; };
struct view_server { const char *segment, *service, *standing, *name /* NULL: unknown */; struct mac mac; struct addr ip; ts_t last; };
bool view_server(struct engine *, struct view_at *, struct view_server *);

/* Incidents as they stand now, newest first; *at is NULL before the first; NULL at the end. */
const struct incident *view_incident(struct engine *, const void **at);
const struct incident *view_incident_by(struct engine *, uint64_t id);
/* How many are open with each verdict. */
void view_verdicts(struct engine *, uint32_t count[VERDICTS]);

/* What was asked about an incident before it was called what it is called, and what the answer was: every refutation that was
 * tried, whether it held or not.  How many there are; 0: no such incident. */
struct view_reason { const char *asked, *answer; uint64_t n; bool counted /* n belongs to the answer */; };
size_t view_reasons(struct engine *, uint64_t id, struct view_reason *, size_t max);

/* The engine's clock: of the latest packet; TS_NONE before the first. */
ts_t view_now(const struct engine *);

#endif
