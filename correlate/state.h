/* What the engine knows.  Private to correlate/: detectors, joins, verdict.  Every table has a capacity, a lifetime
 * and counters; nothing allocates after engine_open(). */
#ifndef CROSSTAP_STATE_H
#define CROSSTAP_STATE_H

#include "detector.h"
#include "table.h"

/* Slices of the one memory block start at multiples of 16. */
static inline size_t
align16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

/* ---- segments: (interface, VLAN stack) ---- */
enum { SEGMENTS_MAX = 256, SEGMENT_NAME = 64 };
struct segment {
	uint16_t ix, iface, vlan[4];
	uint8_t	 nvlan;
	char	 name[SEGMENT_NAME]; /* "eth1/100.12" */
	ts_t	 first, last;
};

/* A station that sent nothing for so long may have left. */
static const ts_t HOST_SILENT = 10 * TS_MIN;

/* ---- hosts: (segment, MAC), what a station on the wire was seen to do ---- */
enum { HOST_IPS = 2 };
struct host {
	ts_t	    first, last;
	ts_t	    last_alive;	 /* last frame that is no DHCP: a sign of life (DETECTIONS.md 4) */
	ts_t	    last_ip6;	 /* last IPv6 frame */
	ts_t	    gap_from, gap_to; /* the last time that it was silent for longer than HOST_SILENT; 0: never */
	struct addr ip[HOST_IPS]; /* newest first; the others are in host_more: host_ip() reads both */
	uint8_t	    nip;
	bool	    sent_other; /* a frame that is no router advertisement */
	bool	    relays4 /* sent a DHCPv4 request with a giaddr, or a server message from afar */;
	bool	    ra_live; /* sent a router advertisement with a lifetime > 0 */
	bool	    has_more;
};
/* What few stations have, in a table of its own: more addresses, a service.  Under pressure the least used go. */
struct host_more {
	struct addr ip[INC_ADDRS_MAX - HOST_IPS];
	ts_t	    ra_first; /* first router advertisement, 0: none */
	ts_t	    dhcp4_server_last, dhcp6_server_last; /* 0: never served */
};

/* ---- bindings: (segment, address) -> MAC ---- */
enum bind_src { BIND_IP = 1 /* source of an on-link packet */, BIND_ND, BIND_ARP, BIND_DHCP };
struct binding {
	struct mac mac, prev;	  /* prev: the former owner, zero if none */
	ts_t	   first, last;	  /* of mac */
	ts_t	   prev_last;
	uint8_t	   src;		  /* strongest enum bind_src of mac */
	bool	   contested;	  /* the former owner claimed it back within 60 s */
};

/* ---- the engine ---- */
struct hyp;
struct engine {
	const struct engine_conf *conf;
	engine_emit		 *emit;
	void			 *emit_arg;
	struct sipkey		  key;
	ts_t			  now, last_tick;
	uint64_t		  ra_frame; /* number of the last frame that held a router advertisement */
	/* the input at hand */
	const struct obs *o;
	struct segment	 *seg;
	uint32_t	 *unasked; /* the note beside the stations of the frame (recent.h); NULL: none is kept */
	bool		  restored; /* out of a snapshot, and no packet came since */
	struct table	  segments, hosts, more, bindings;
	struct segment	 *segment_at[SEGMENTS_MAX];
	uint16_t	  nsegment;
	struct dup	 *dup;
	struct recent	 *recent;
	struct ledger	 *ledger;  /* DHCPv4: leases, transactions, servers (ledger.h) */
	struct rates	 *rates;   /* DHCPv4 flood and starvation statistics (rates.h) */
	struct d6state	 *d6;	   /* DHCPv6: transactions, servers (d6state.h) */
	struct rastate	 *ra;	   /* on-link prefixes, routers, RA and Solicit floods (rastate.h) */
	struct resolvers *resolvers; /* who advertises which resolver (resolvers.h) */
	struct answers	 *answers; /* DNS: who answers what (answers.h) */
	struct auths	 *auths;   /* who authenticated to whom (auths.h) */
	struct routes	 *routes;  /* routes that a suspect's lease gave (routes.h) */
	struct sessions	 *sessions; /* TLS connections (sessions.h) */
	struct failover	 *failover; /* channels of DHCP servers (failover.h) */
	struct servers	 *servers;  /* TLS servers, who shows which certificate (servers.h) */
	struct outcomes	 *outcomes; /* how connections and questions ended (outcome.h) */
	struct tunnels	 *tunnels; /* who tunnels to whom (tunnels.h) */
	struct mutes	 *mutes;   /* what is not told (mute.h) */
	struct site	 *site;	   /* rules of the configuration by kind of message (site.h) */
	struct hyps	 *hyps;	   /* hypotheses (hypothesis.h) */
	struct identity	 *identity; /* whose name is whose (identity.h) */
	struct clocks	 *clocks;  /* errors of host clocks (clocks.h) */
	struct feed	 *feed;	   /* kept host events (kept.h) */
	struct vantage	 *vantage; /* vantage.h */
	uint64_t	  lost;	   /* packets dropped so far */
	ts_t		  cause;	  /* of the packet or event that is being worked on: time of a revision */
	struct incident	 *record;  /* scratch for the one record being told */
	char		 *text;	   /* scratch for its texts */
	struct flows	 *flows;
	struct snap	 *snap;	   /* what a restart left (snapshot.h) */
	struct asks	 *asks;	   /* whose flows a second opinion is asked about (asks.h) */
	uint32_t	  nasked;  /* hypotheses of those */
	const struct detector *by_kind[OBS_KINDS][48];
	uint8_t		  nby_kind[OBS_KINDS];
	uint64_t	  observations, duplicates, events, incidents;
	bool		  ending;  /* engine_end: what is still open counts as not seen */
};

struct segment *segment_look(struct engine *, const struct obs *);
/* Mostly the same as before; tags behind the last one are zero on both sides. */
static inline struct segment *
segment_of(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->outer;

	if (e->seg && e->seg->iface == o->iface && e->seg->nvlan == n->nvlan &&
	    memcmp(e->seg->vlan, n->vlan, sizeof(n->vlan)) == 0)
		return e->seg;
	return segment_look(e, o);
}
/* Where events belong when there is no packet at all: "feed/0". */
struct segment *segment_of_feed(struct engine *);

/* The host of a MAC on a segment; host_get() makes it.  Pointers live until the next host_get(). */
struct host *host_get(struct engine *, const struct segment *, struct mac, bool *fresh);
struct host *host_find(struct engine *, const struct segment *, struct mac);
/* The i-th of its h->nip addresses, newest first; absent where it was forgotten. */
struct addr host_ip(const struct engine *, const struct host *, size_t i);
/* Told by the hosts' table before one goes. */
void host_forget(void *engine, const void *key, void *host);
/* What else is known of it: all zero where nothing is.  host_more_of() makes it. */
const struct host_more *host_more(const struct engine *, const struct host *);
struct host_more *host_more_of(struct engine *, struct host *);
/* Where a host is, for who goes through all. */
struct host_at { uint16_t seg; struct mac mac; };
struct host_at host_key_of(const struct engine *, const struct host *);
struct bind_at { uint16_t seg; struct addr addr; };
struct bind_at bind_key_of(const struct engine *, const struct binding *);
/* The binding of an address, NULL when unknown. */
struct binding *binding_find(struct engine *, const struct segment *, struct addr);
/* True when the address is bound to that MAC now. */
bool binding_is(struct engine *, const struct segment *, struct addr, struct mac);
/* The same, and nobody else had it in the ten minutes before it came to that MAC: who takes an address over is not its owner. */
bool binding_settled(struct engine *, const struct segment *, struct addr, struct mac);
void binding_learn(struct engine *, const struct segment *, struct addr, struct mac, enum bind_src);
/* Learns hosts and bindings from one observation; called before any detector. */
void state_learn(struct engine *, const struct obs *);

/* ---- authority (DETECTIONS.md 3) ---- */
enum service { SVC_DHCP4, SVC_DHCP6, SVC_ROUTER, SVC_RELAY, SVC_PXE };
enum standing { ST_UNKNOWN, ST_AUTHORISED, ST_TOLERATED, ST_UNAUTHORISED };
/* What is declared for the service on the segment (or holds everywhere)?  false: the list is absent everywhere. */
bool auth_declared(struct engine *, const struct segment *, enum service);
/* What is learned where nothing is declared (DETECTIONS.md 3): a day of service, 20 transactions, 5 clients. */
enum { LEARN_TIMES = 20, LEARN_CLIENTS = 5 };
/* Standing of (MAC, address or server-id, DUID) as that service.  `addr` and `duid` may be absent: then the other keys
 * decide.  A declared entry with MACs needs one of them; with ids (ip, server_id) it needs one where `addr` is given. */
enum standing auth_standing(struct engine *, const struct segment *, enum service, struct mac, struct addr, struct bytes duid);
/* Is the id (address, server_id or DUID) declared for the service, whatever the MAC? */
bool auth_id_known(struct engine *, const struct segment *, enum service, struct addr, struct bytes duid);
/* Declared router or relay MAC, or a virtual router MAC. */
bool auth_router_mac(struct engine *, const struct segment *, struct mac);
/* Any declared role at all (server, router, relay, PXE) for this MAC. */
bool auth_any_role(struct engine *, const struct segment *, struct mac);
bool auth_pattern(struct bytes pattern, struct bytes text); /* `*` stands for any text */
bool auth_bridge(struct engine *, struct mac); /* `bridges` */
/* `vdi_templates`: clones that boot and sleep again, so that an unused lease of theirs is no news (DETECTIONS.md 4). */
bool auth_vdi_template(struct engine *, const struct segment *, struct bytes params, struct bytes vendor_class);
bool auth_passes_on(struct engine *, const struct segment *, struct addr); /* `proxies`, and what stands before VPN servers */
/* `changes`: was work announced for that time, give or take `eps`?  *declared: there is such a list. */
bool auth_planned(struct engine *, const struct segment *, ts_t, ts_t eps, bool *declared);
/* Resolvers: ST_UNKNOWN where none are declared.  A declared address from a MAC that a server or router entry with that
 * address contradicts is ST_UNAUTHORISED. */
enum standing auth_resolver(struct engine *, const struct segment *, struct addr, struct mac);
/* The same of a MAC that answered as that resolver: where the declaration names no MAC, a station that claims others'
 * addresses (an open ND-SPOOF) answers over a stolen path, and is ST_UNAUTHORISED. */
enum standing auth_answer(struct engine *, const struct segment *, struct addr resolver, struct mac by);
/* `isatap_routers`, `teredo_servers`: ST_UNKNOWN where there is no such list. */
enum standing auth_isatap_router(struct engine *, const struct segment *, struct addr);
enum standing auth_teredo_server(struct engine *, const struct segment *, struct addr);
/* The MACs that a declared entry of any role gives for this address: true and *ok = whether `m` is among them; false when
 * nothing declares a MAC for it. */
bool auth_mac_for(struct engine *, const struct segment *, struct addr, struct mac m, bool *ok);
/* The declared prefix that holds the address; false where none does.  *any: whether prefixes of that family are declared. */
bool auth_prefix(struct engine *, const struct segment *, struct addr, struct prefix *, bool *any);
/* The VPN servers declared for the segment, one after the other; NULL past the end. */
const struct auth_vpn *auth_vpn_at(struct engine *, const struct segment *, size_t n);
bool auth_vpn_declared(struct engine *, const struct segment *);

/* ---- facts and hypotheses, for detectors ---- */
void fact_raise(struct engine *, const struct fact *);
/* A fact that an earlier packet showed, but that nobody could judge then: told with that packet's time, place and flow. */
void fact_raise_then(struct engine *, const struct fact *, const struct obs *then, struct segment *);
/* The hypothesis of a MAC (open or latent), NULL when there is none. */
struct hyp *hyp_of(struct engine *, enum family, const struct segment *, struct mac);
bool	    hyp_holds(const struct hyp *, enum fact_id);
bool	    hyp_hard(const struct hyp *);		/* holds a hard or self-proving fact */
bool	    hyp_open(const struct hyp *);		/* holds an E1 or above that is no mere use, and is not refuted */
/* No wire fact accuses: what host events say by themselves is all there is. */
bool	    hyp_alone(const struct hyp *);
/* Is the MAC the actor of any open hypothesis on the segment?  Families as a bit set of UINT32_C(1) << family. */
bool	    actor_open(struct engine *, const struct segment *, struct mac, uint32_t families);
uint64_t    name_hash(struct bytes name); /* case-insensitive, final dot ignored; fixed key, never 0 */
bool	    off(const struct engine *, const char *id); /* switched off for tests */

#endif
