/* Leases that a DHCP server's audit log tells of, where the mirror missed the ACK or Reply (DETECTIONS.md 10).  Each is a
 * question to the kept events, never a store of its own: what is known does not depend on when a log arrives.  Only logs that
 * count are asked: those that name a declared server of that service, and files without a name, which the operator handed
 * over.  What any other host tells must not help a suspect (DETECTIONS.md 1, rule 7). */
#ifndef CROSSTAP_LEASELOG_H
#define CROSSTAP_LEASELOG_H

#include "kept.h"

/* Is the event's log one that counts? */
bool leaselog_counts(struct engine *, const struct kept *);
/* Did a log lease or renew something to that client within 5 s of `asked`?  `duid`: of a DHCPv6 client (d6_duid_key), else 0 and
 * `mac` decides. */
bool leaselog_answered(struct engine *, struct mac, uint64_t duid, ts_t asked);
/* By the logs two clients held the address (`addr`) that the event says is contested: leased to a second one within a day before
 * it and not given back, deleted or run out between. */
bool leaselog_twice(struct engine *, const struct kept *);
/* How many addresses the scope of the subnet has at most, by what a declared server told in the week before; 0: nothing told. */
uint32_t leaselog_pool(struct engine *, struct prefix subnet);
/* The station on the segment that the row is about: its MAC, the client that the wire showed with that DUID and address, or the
 * MAC in the DUID (RFC 8415 11.2, 11.4; another adapter's, or a template's: grade C).  False where the segment knows none. */
bool leaselog_station(struct engine *, const struct segment *, const struct kept *, struct mac *);

#endif
