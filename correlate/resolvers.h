/* Who advertises which resolver on a segment: DHCPv4 option 6, DHCPv6 option 23, RDNSS.  A resolver that only a suspect
 * advertises is contested (DETECTIONS.md 7). */
#ifndef CROSSTAP_RESOLVERS_H
#define CROSSTAP_RESOLVERS_H

#include "state.h"

size_t resolvers_bytes(const struct engine_conf *);
void   resolvers_open(struct engine *, void *mem);
/* `by` advertised the address now. */
void resolver_note(struct engine *, const struct segment *, struct addr, struct mac by);
/* False where nobody did.  *by: the latest advertiser; *also_by_other: it is not the only one. */
bool resolver_advertised(struct engine *, const struct segment *, struct addr resolver, struct mac *by, bool *also_by_other);
/* The i-th advertiser, latest first; false past the end.  One that forges MACs advertises as several: ask for each. */
bool resolver_by(struct engine *, const struct segment *, struct addr resolver, unsigned i, struct mac *by);
/* All of them, one after the other: NULL starts, NULL ends.  last: when it was advertised last. */
struct resolver_seen { uint16_t seg; struct addr addr; ts_t last; };
const void *resolver_next(struct engine *, const void *, struct resolver_seen *);

#endif
