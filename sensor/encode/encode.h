/* Records to bytes: pure functions of the record, no I/O, no clock.  Each writes one line without its end, and is asked
 * with out_ok() whether it fitted. */
#ifndef CROSSTAP_ENCODE_H
#define CROSSTAP_ENCODE_H

#include "hostev.h"
#include "incident.h"
#include "obs.h"

/* A datagram of 1400 bytes has room for the sequence number, which the sink puts in. */
enum { EVE_MAX = 16384, SYSLOG_SHORT_MAX = 1368, SYSLOG_LONG_MAX = EVE_MAX + 4096, OBS_LINE_MAX = 1 << 20, SCHEMA_MAX = 1 << 18 };

/* Where the frames of an incident lie, NULL: nowhere; and how many of them this run does not have (any more). */
struct encode_evidence {
	const char *path;
	uint64_t gone;
};

/* What an incident record names but does not hold. */
struct encode_env {
	const char *sensor, *sd_id;
	const char *const *iface;
	size_t niface;
	const char *(*file)(void *arg, uint32_t ix); /* last path component; NULL live */
	void *file_arg;
	uint32_t procid; /* 0: none, as in a replay */
	struct encode_evidence evidence; /* of the record at hand */
};

/* CONTRACT.md 6. */
void encode_obs(struct out *, const struct obs *);
/* CONTRACT.md 5. */
void encode_hostev(struct out *, const struct hostev *);
/* CONTRACT.md 3; never over EVE_MAX bytes, cut in the order given there. */
void encode_eve(struct out *, const struct encode_env *, const struct incident *);
/* ArcSight CEF 0, and OCSF Detection Finding (class 2004, at most EVE_MAX bytes). */
void encode_cef(struct out *, const struct encode_env *, const struct incident *);
void encode_ocsf(struct out *, const struct encode_env *, const struct incident *);
/* What stands behind the structured data.  The brief ones are at most SYSLOG_SHORT_MAX bytes in all. */
enum syslog_message { MESSAGE_EVE, MESSAGE_TITLE_BRIEF, MESSAGE_CEF, MESSAGE_CEF_BRIEF, MESSAGE_OCSF };
/* RFC 5424. */
void encode_rfc5424(struct out *, const struct encode_env *, const struct incident *, enum syslog_message);
/* JSON Schema of incidents, and under `$defs` of host events, OCSF findings and observations; SCHEMA_MAX is enough. */
void encode_schema(struct out *);
/* Community ID version 1 with seed 0; false where the flow has no addresses, or is ICMP without a type. */
bool community_id(struct out *, const struct inc_flow *);

#endif
