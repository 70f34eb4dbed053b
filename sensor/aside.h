/* Host events that are too far ahead of the clock, copied into a fixed number of slots until their time has come. */
#ifndef CROSSTAP_ASIDE_H
#define CROSSTAP_ASIDE_H

#include "hostev.h"

struct aside;
struct aside *aside_new(void);
void aside_free(struct aside *);
/* False where there is no room, or the event is too large for a slot. */
bool aside_put(struct aside *, const struct hostev *, ts_t);
/* Hands over what lies before `clock`, in time order, equal times in the order they came; how many. */
size_t aside_due(struct aside *, ts_t clock, hostev_fn *, void *arg);

#endif
