/* What this sensor would have seen (DETECTIONS.md 1.2): measured per segment over the last 60 minutes from samples that
 * the detectors give; fewer than 20 samples are `unknown`, which counts as missing.  Bits gate claims of absence only. */
#ifndef CROSSTAP_VANTAGE_H
#define CROSSTAP_VANTAGE_H

#include "state.h"

enum vantage_bit { VB_B4, VB_S4, VB_M6, VB_S6, VB_DAD, VB_ARP, VB_U,
	VB_LEAF /* server certificates of VPN sessions: TLS 1.3 encrypts them */, VANTAGE_BITS };

size_t vantage_bytes(void);
void   vantage_open(struct engine *, void *mem); /* zeroed */
/* One sample: would the sensor have seen it, yes or no.  Callers leave out samples that belong to an open hypothesis. */
void   vantage_sample(struct engine *, const struct segment *, enum vantage_bit, bool seen);
/* The last sample of V_S4 or V_S6 was no: a client asked at `asked` and the mirror showed no answer.  A lease that a DHCP
 * server's audit log tells of that MAC, or for V_S6 of that DUID (leaselog.h), makes it a yes: looked up whenever the share is
 * asked for, so that it does not matter when the log arrives.  The last 512 of all segments are remembered. */
void   vantage_unanswered(struct engine *, const struct segment *, enum vantage_bit, struct mac, uint64_t duid, ts_t asked);
/* True when known and at least 90 % (V_B4 and V_M6: seen at all, at least once). */
bool   vantage_has(struct engine *, const struct segment *, enum vantage_bit);
/* The same as it stood at the end of the minute of `at`, up to 25 hours back; further back, and before the first sample: no.  The
 * answer to an event is that of its own time, however late it comes.  A minute that has not ended is asked as it stands now. */
bool   vantage_had(struct engine *, const struct segment *, enum vantage_bit, ts_t at);
/* The share seen in percent and the number of samples of the last hour. */
unsigned    vantage_share(struct engine *, const struct segment *, enum vantage_bit, uint32_t *samples);
const char *vantage_name(enum vantage_bit); /* "V_B4" */
/* V_ARP's short form: non-DHCP broadcasts or multicasts from at least 3 individual MACs in the last 10 minutes.  It serves
 * facts, never refutations.  `vantage_broadcast` is told of each such frame by the engine. */
void   vantage_broadcast(struct engine *, const struct segment *, struct mac src);
bool   vantage_arp_short(struct engine *, const struct segment *);
/* No packet was lost between the two times (capture drops at most 0.1 %).  The last 64 windows with losses are remembered; what
 * lies before them counts as lost. */
bool   vantage_clean(struct engine *, ts_t from, ts_t to);
/* Nothing was seen between these times. */
void   vantage_outage(struct engine *, ts_t from, ts_t to);
void   vantage_loss(struct engine *, const struct loss *);

#endif
