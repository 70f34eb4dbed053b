/* Records to bytes: pure functions of the record, no I/O, no clock.  Each writes one line without its end, and is asked
 * with out_ok() whether it fitted. */
#ifndef CROSSTAP_ENCODE_H
#define CROSSTAP_ENCODE_H

#include "hostev.h"
#include "incident.h"
#include "obs.h"

enum { EVE_MAX = 16384, SYSLOG_SHORT_MAX = 1400, SYSLOG_LONG_MAX = EVE_MAX + 4096, OBS_LINE_MAX = 1 << 20 };

/* What an incident record names but does not hold. */
struct encode_env {
	const char *sensor, *sd_id;
	const char *const *iface;
	size_t niface;
	const char *(*file)(void *arg, uint32_t ix); /* last path component; NULL live */
	void *file_arg;
	uint32_t procid; /* 0: none, as in a replay */
};

/* CONTRACT.md 6. */
void encode_obs(struct out *, const struct obs *);
/* CONTRACT.md 5. */
void encode_hostev(struct out *, const struct hostev *);
/* CONTRACT.md 3; never over EVE_MAX bytes, cut in the order given there. */
void encode_eve(struct out *, const struct encode_env *, const struct incident *);
/* RFC 5424, with the JSON record as message, or short: the title as message and at most SYSLOG_SHORT_MAX bytes. */
void encode_rfc5424(struct out *, const struct encode_env *, const struct incident *, bool brief);
/* Community ID version 1 with seed 0; false where the flow has no addresses, or is ICMP without a type. */
bool community_id(struct out *, const struct inc_flow *);

#endif
