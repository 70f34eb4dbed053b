/* Which computer of a host event is which station on the wire (DETECTIONS.md 9).  A name is a claim by who sends it: each
 * claim has a grade and a time to live, and two live stations that claim one name join nothing. */
#ifndef CROSSTAP_IDENTITY_H
#define CROSSTAP_IDENTITY_H

#include "state.h"

/* How sure a claim is; the next weaker grade is one step away. */
enum bind_grade { BIND_A = 1, BIND_B, BIND_C, BIND_D };
enum { WHO_CLAIMS = 4, PLACES = 8 };

/* Where a computer is: one of its network interfaces on a segment. */
struct place { uint16_t seg; struct mac mac; uint8_t grade; ts_t first; /* since when the name is known for it */ };

struct kept;

size_t identity_bytes(const struct engine_conf *);
void   identity_open(struct engine *, void *mem);
/* Learns names from the wire. */
void   identity_learn(struct engine *, const struct obs *);
/* Learns the name of the event's computer from what its agent says of its addresses. */
void   identity_agent(struct engine *, const struct kept *);
/* The places of the event's computer, best grade only; 0 when unknown or contested. */
size_t event_places(struct engine *, const struct kept *, struct place out[PLACES]);
/* The name of a station; NULL when nobody told one. */
const char *station_name(struct engine *, const struct segment *, struct mac);

#endif
