/* Mutes as incidents ask for them; what they are is in mute.h. */
#ifndef CROSSTAP_MUTES_H
#define CROSSTAP_MUTES_H

#include "mute.h"
#include "verdict.h"

struct mute_counts { uint64_t incidents, records; /* incidents muted at some time; records not told */ };

size_t mutes_bytes(const struct engine_conf *);
void   mutes_open(struct engine *, void *mem);
/* The mute that holds for the incident as it is judged, NULL where none does.  Remembers one that it outgrew. */
const struct mute *muted_by(struct engine *, struct hyp *, const struct judged *, ts_t);
/* The same without remembering anything. */
const struct mute *mute_held(struct engine *, const struct hyp *, const struct judged *);
struct mute_counts *mute_counts(const struct engine *);

#endif
