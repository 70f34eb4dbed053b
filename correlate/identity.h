/* Which computer of a host event is which station on the wire (DETECTIONS.md 9).  A name is a claim by who sends it: each
 * claim has a source, a grade and a time to live, and two live stations that claim one name within one grade join nothing.
 * Whose computer an event is of depends on what had been claimed by the time of the event, so that the answer is the same
 * however late the event comes; a name that nobody had told by then may be told within IDENTITY_AFTER. */
#ifndef CROSSTAP_IDENTITY_H
#define CROSSTAP_IDENTITY_H

#include "hostname.h"
#include "state.h"

/* How sure a claim is; the next weaker grade is one step away. */
enum bind_grade { BIND_A = 1, BIND_B, BIND_C, BIND_D, BIND_GRADES };
/* Who said so.  A station has one name at a time from each of those up to ID_CLDAP: a new one ends the old. */
enum id_source {
	ID_HOSTNAME /* DHCPv4 option 12 */, ID_FQDN4 /* option 81 */, ID_FQDN6 /* DHCPv6 option 39 */, ID_KERBEROS, ID_UPDATE /* DNS */,
	ID_CLDAP, ID_SINGLE,
	ID_NTLM = ID_SINGLE, ID_BROWSER /* NetBIOS datagrams */, ID_NBNS, ID_SELF /* LLMNR, mDNS */, ID_LEAF /* TLS certificate */,
	ID_AGENT /* an event tells addresses of its own host */, ID_TUNNEL /* 4303 tells name and addresses of a client */,
	ID_LEASELOG /* a DHCP server's audit log: what the client called itself */
};
enum { ID_CLAIMS = 8, PLACES = 8 };
static const ts_t IDENTITY_AFTER = 10 * TS_MIN;

/* Where a computer is: one of its network interfaces on a segment. */
struct place { uint16_t seg; struct mac mac; uint8_t grade; ts_t first; /* since when the name is known for it */ };

/* Two live stations claim one name: told once an hour for each name, by the detector of that fact. */
struct id_conflict { bool now; struct mac newcomer, owner; uint64_t name; };

struct kept;

size_t identity_bytes(const struct engine_conf *);
void   identity_open(struct engine *, void *mem);
/* Learns names from the wire (selfnames.c). */
void   identity_learn(struct engine *, const struct obs *);
/* Learns the name of the event's computer, or of the client it tells of, from addresses in the event; of a lease in a DHCP
 * server's log, from its MAC or DUID. */
void   identity_agent(struct engine *, const struct kept *);
/* The places of the event's computer, within the error of its clock; 0 when unknown or contested. */
size_t event_places(struct engine *, const struct kept *, struct place out[PLACES]);
/* The name of a station; NULL when nobody told one. */
const char *station_name(struct engine *, const struct segment *, struct mac);
/* What the packet at hand showed, and not again. */
struct id_conflict identity_conflict(struct engine *);
/* A lease was completed, or a DHCP server's log says that one was: the name that the client gave with it is grade B now. */
void   identity_leased(struct engine *, const struct segment *, struct mac, enum id_source);

/* ---- for selfnames.c ---- */
/* The station claims the name now. */
void identity_claim(struct engine *, struct bytes name, const struct segment *, struct mac, enum bind_grade, enum id_source);
/* Was that name told to this station a moment ago?  Notes to whom it is told now. */
bool identity_passed_on(struct engine *, const struct obs *, struct bytes name);

#endif
