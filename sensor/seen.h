/* Which events came before, and which record numbers were left out, as far as two bounded tables remember. */
#ifndef CROSSTAP_SEEN_H
#define CROSSTAP_SEEN_H

#include "hostev.h"
#include "siphash.h"

struct seen;
/* From malloc; NULL without memory.  Freed by free(). */
struct seen *seen_new(struct sipkey);
/* Was the very same event (computer, provider, channel, id, record number, time) here before?  Without a record number
 * nobody can tell: no. */
bool seen_event(struct seen *, const struct hostev *);
/* How many record numbers are missing before this one in a channel that belongs to its provider alone; elsewhere other
 * providers' events, which nobody sends here, have the numbers between: 0. */
uint64_t seen_gap(struct seen *, const struct hostev *);

#endif
