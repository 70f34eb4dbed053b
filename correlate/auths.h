/* Who authenticated to whom in the last minutes, and which NTLM challenges went by (DETECTIONS.md 7): the memory behind
 * the AUTH-* detectors and DNS-UPD.  An authentication accuses nobody; it waits here for an accusation that may come
 * later. */
#ifndef CROSSTAP_AUTHS_H
#define CROSSTAP_AUTHS_H

#include "state.h"

enum { LURE_MIN = 10, RELAY_SEC = 5, UPDATE_SEC = 60 };

/* One for each kind, so that an HTTP session does not hide the LDAP bind after it. */
enum auth_what { AW_HTTP_ASKED, AW_PAC, AW_HTTP, AW_SMB2, AW_LDAP, AW_UPDATE_REFUSED, AW_SOA };

struct auth_pair_key { uint16_t seg; struct mac client, server; uint8_t what, zero; };
/* The latest of a client to a server.  `ends` as the packet had them: the client may be either side. */
struct auth_seen {
	ts_t	    ts;
	uint64_t    frame;
	uint32_t    file;
	struct ends ends;
	uint64_t    name;      /* AW_SOA: the primary server that the answer named; else the HTTP host asked for, 0: unknown */
	bool	    by_server; /* the server sent that packet */
	bool	    told;      /* a fact was made of it */
};

size_t auths_bytes(const struct engine_conf *);
void   auths_open(struct engine *, void *mem);
/* Notes this packet; NULL only when the store is full of newer ones.  The value keeps its `told`. */
struct auth_seen *auth_note(struct engine *, const struct obs *, enum auth_what, bool by_server);
struct auth_seen *auth_of(struct engine *, const struct segment *, struct mac client, struct mac server, enum auth_what);
/* From the newest to the oldest; NULL starts and ends. */
struct auth_seen	   *auth_next(struct engine *, const struct auth_seen *);
const struct auth_pair_key *auth_key(struct engine *, const struct auth_seen *);
/* Was anybody accused of anything since this was asked last, so that those who wait here must be looked at? */
bool auths_due(struct engine *);

/* A challenge as a station sent or received it. */
struct challenge {
	ts_t	    ts;
	uint64_t    frame;
	uint32_t    file;
	struct ends ends;
	uint8_t	    carrier; /* enum auth_carrier */
};
/* Notes the challenge of this packet for its sender and its receiver. */
void challenge_note(struct engine *, const struct obs *);
/* The same eight bytes as that station received (or sent) them, NULL where it did not in the last seconds. */
const struct challenge *challenge_of(struct engine *, const struct segment *, struct bytes challenge, struct mac, bool sent);

/* Which HTTP host the client of a connection asked for. */
void	 request_note(struct engine *, const struct obs *);
uint64_t request_host(struct engine *, const struct ends *of_answer); /* 0: not seen */

#endif
