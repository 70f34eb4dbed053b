/* What the administrator declares (CONTRACT.md 4, DETECTIONS.md 3).  Filled by the configuration, read-only here. */
#ifndef CROSSTAP_AUTHORITY_H
#define CROSSTAP_AUTHORITY_H

#include "addr.h"
#include "time.h"

/* A list that is absent (declared == false) means unknown, an empty one means none. */
struct auth_server {
	struct addr *ip;	 size_t nip;
	struct mac  *mac;	 size_t nmac;
	struct addr *server_id;	 size_t nserver_id; /* where it differs from ip */
	struct bytes *duid;	 size_t nduid;
};
struct auth_servers { bool declared; struct auth_server *v; size_t n; };
struct auth_addrs   { bool declared; struct addr *v; size_t n; };
struct auth_vpn	    { struct bytes sni; struct addr *ip; size_t nip; struct bytes *leaf_sha256; size_t nleaf; /* 32 bytes */ };
struct auth_vpns    { bool declared; struct auth_vpn *v; size_t n; };
struct auth_pair    { struct addr a, b; };
struct auth_change  { ts_t from, to; }; /* planned work */

struct auth_site {
	struct bytes	    name;
	struct bytes	   *segments; size_t nsegments; /* patterns, `*` matches any text; none: every segment */
	struct prefix	   *prefixes; size_t nprefixes;
	struct auth_servers dhcp4_servers, dhcp6_servers, routers, relays, pxe_servers;
	struct auth_addrs   resolvers, isatap_routers, teredo_servers;
	struct auth_addrs   proxies; /* and load balancers: they pass on what others authenticate with */
	struct auth_vpns    vpn_servers;
	struct auth_pair   *failover; size_t nfailover;
	struct mac	   *bridges; size_t nbridges;
	/* what desktops cloned from a template ask for: option 55 as "1,3,6,15", or the vendor class (option 60) */
	struct bytes	   *vdi_templates; size_t nvdi_templates;
	bool		    changes_declared;
	struct auth_change *changes; size_t nchanges;
	/* static inventory: which computer has which MAC and addresses (grade A of DETECTIONS.md 9) */
	struct auth_host { struct bytes name; struct mac mac; bool has_mac; struct addr *ip; size_t nip; } *hosts; size_t nhosts;
};

struct authority { struct auth_site *site; size_t nsite; };

#endif
