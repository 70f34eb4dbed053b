/* What VPN clients and servers report, against the TLS sessions of the wire (DETECTIONS.md 8). */
#ifndef CROSSTAP_VPN_H
#define CROSSTAP_VPN_H

#include "joins.h"
#include "servers.h"

/* The session that an event is about: the client's, to a VPN server, started in the row's window; the last before the event,
 * else the first after it. */
struct vpn_pick {
	const struct session *s; /* NULL: none was seen */
	bool		      unsure; /* several, and they do not agree */
};
struct vpn_pick vpn_pick(struct engine *, const struct join *, const struct kept *, const struct place *, size_t nplace);

/* One line of section 8's table.  H: hash of the event, W: certificate on the wire, P: the server's own. */
enum vpn_compare { VPN_UNKNOWN, VPN_EQUAL, VPN_DIFFERS };
struct vpn_case {
	enum vpn_compare w_h, h_p; /* w_h unknown: no certificate on the wire */
	bool		 path, other_leaf;
};
struct vpn_said {
	enum verdict  verdict;
	enum severity severity;
	const char   *why; /* for the analyst */
};
struct vpn_said vpn_table(const struct vpn_case *);

/* The session of the event, where it speaks for that hypothesis; NULL where it does not: it went elsewhere, the true server
 * answered it, or the table explains it. */
const struct session *vpn_joins(struct engine *, const struct join *, const struct kept *, const struct place *,
				size_t nplace, const struct hyp *);

/* An event that joined nothing.  `blind`: what would show a session was not in view, or packets were lost. */
struct vpn_alone {
	struct actor  actor;
	enum verdict  verdict;
	enum severity severity;
	bool	      hidden; /* the certificate cannot be seen: TLS 1.3, or a resumption of a session that was not seen */
	const char   *why;
	const struct session *s; /* NULL: none was seen */
};
struct vpn_alone vpn_alone(struct engine *, const struct segment *, const struct join *, const struct kept *,
			   const struct place *, size_t nplace, bool blind);

#endif
