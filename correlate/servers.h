/* What each TLS server showed before: by its name and by its address the certificates, and the MACs that answered
 * (DETECTIONS.md 8).  P, the certificate that is the server's own, comes from here and from what is declared. */
#ifndef CROSSTAP_SERVERS_H
#define CROSSTAP_SERVERS_H

#include "sessions.h"

/* How a certificate stands to P (DETECTIONS.md 8). */
enum leaf_is { LEAF_NO_P, LEAF_P, LEAF_RENEWED, LEAF_OTHER };
struct leaf_standing { enum leaf_is is; bool configured; };

size_t servers_bytes(const struct engine_conf *);
void   servers_open(struct engine *, void *mem);
/* Learning: its server answered; it showed its certificate (`suspect`: not P); SSTP in clear from or to that address. */
void   server_answered(struct engine *, const struct session *);
void   server_showed(struct engine *, const struct session *, bool suspect);
void   server_clear(struct engine *, struct addr);

/* Is it a session to a VPN server: declared, or SSTP was read in clear behind it?  TCP 443 alone does not make one. */
bool session_vpn(struct engine *, const struct session *);
/* P of that server against a certificate.  `server` absent and `sni` 0: against all that are declared. */
struct leaf_standing leaf_standing(struct engine *, const struct segment *, uint64_t sni, struct addr server,
				   const struct leaf *);
struct leaf_standing session_standing(struct engine *, const struct session *);
bool leaf_same(const struct leaf *, const struct leaf *); /* by SHA-256 where both have it, else by SHA-1 */
/* Was another certificate seen before for that name or address, from another MAC of the segment? */
bool session_other_leaf(struct engine *, const struct session *);
/* The path fact, as far as known now: the answering MAC spoofs, or another MAC answered before and this one opens its own
 * TLS session to that server within 5 s. */
bool session_path(struct engine *, const struct session *);
/* The newest certificate that an address showed between the times, and the MAC that showed it; false when none did. */
bool address_leaf(struct engine *, struct addr, ts_t from, ts_t to, struct leaf *, struct mac *);
/* The addresses behind which SSTP was read in clear, with what they showed: NULL starts, NULL ends. */
enum { LEAVES_SEEN = 4 };
struct leaf_shown { struct leaf leaf; uint16_t seg; struct mac mac; ts_t first, last; uint8_t clients; bool suspect, baseline; };
struct leaf_seen { struct addr addr; struct leaf_shown leaf[LEAVES_SEEN]; uint8_t n; };
const void *server_leaf_next(struct engine *, const void *, struct leaf_seen *);

#endif
