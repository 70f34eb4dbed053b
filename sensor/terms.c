#include "terms.h"

#include "joins.h"

static const struct term verdicts[] = {
	[V_INFO] = { "info", "An anomaly with many benign causes, or a server of unknown standing that does "
			     "what servers do. Nobody need act." },
	[V_REFUTED] = { "refuted",
			"The benign explanation was positively seen, or what the event needs on the wire was "
			"not there although it would have been seen. Told once, closed." },
	[V_UNVERIFIABLE] = { "unverifiable",
			     "A host says it, and this tap could not have seen the other half, or packets "
			     "were lost. vantage.missing names what to mirror." },
	[V_HOST_ONLY] = { "host-only", "A host says it, the tap would have shown a cause and showed none. "
				       "The severity is at most that of the event alone." },
	[V_SUSPECTED] = { "suspected",
			  "A message that breaks a rule, where nobody has declared or learned who may send "
			  "it; also every site rule. Declare the authority to know more." },
	[V_PROBABLE] = { "probable", "It contradicts declared or learned authority, or a victim accepted it, "
				     "or two independent rules were broken." },
	[V_CONFIRMED] = { "confirmed",
			  "A broken rule, and the victim depends on it, was poisoned or captured; or a host "
			  "event agrees in key, direction and time; or it proves itself." },
};
static const struct term vantage[] = {
	[VB_B4] = { "V_B4", "Client DHCPv4 broadcasts are seen. Needed to refute 1020, 1063 and 1338." },
	[VB_S4] = { "V_S4", "At least 90 % of DISCOVERs by known clients later show an OFFER or an ACK. "
			    "Needed to say that no other server answered. A mirror of one access port lacks "
			    "the unicast answers." },
	[VB_M6] = { "V_M6", "DHCPv6 Solicits are seen. Snooping switches may prune ff02::1:2." },
	[VB_S6] = { "V_S6", "At least 90 % of the IPv6 leases acquired show their Advertise or Reply. Needed "
			    "for every claim that no DHCPv6 answer came." },
	[VB_DAD] = { "V_DAD", "At least 90 % of new IPv6 addresses show their duplicate-address probe. "
			      "Needed to call an IPv6 lease unused; snooping switches often hide it." },
	[VB_ARP] = { "V_ARP", "At least 90 % of leases to known clients show a sign of life in time. Needed "
			      "to call a lease a ghost." },
	[VB_U] = { "V_U", "At least 90 % of TCP connections are seen in both directions. Needed for claims "
			  "that no name, logon, TLS session or flow was there." },
	[VB_LEAF] = { "V_LEAF", "Server certificates of VPN sessions can be read. TLS 1.3 and resumed "
				"sessions hide them." },
};
static const struct term refutations[] = {
	[R_ISATAP] = { "R-ISATAP", "Refuted where the router that the event names is declared, loopback or "
				   "empty, or the event tells that setting it failed." },
	[R_TEREDO] = { "R-TEREDO", "Refuted where the computer is a declared Teredo server." },
	[R_PEER_AUTHORISED] = { "R-PEER-AUTHORISED", "Every server that the event names is declared: Windows "
						     "lists its authorised partners too." },
	[R_NO_FLOOD] = { "R-NO-FLOOD", "The new clients of the subnet are known or show signs of life, and "
				       "no flood was seen: the scope grew full by itself. Of 1338: no second "
				       "brought more DISCOVERs "
				       "than the queue holds." },
	[R_ADDRESS_QUIET] = { "R-ADDRESS-QUIET", "No other station claimed the address in the window." },
	[R_VPN] = { "R-VPN", "The session that the event is about went to the server's own certificate: the "
			     "cause is the server's or the network's." },
	[R_LISTENS] = { "R-LISTENS", "Refuted where port 443 of the reporter answers; confirmed where it "
				     "refuses connections or stays silent." },
	[R_SHOWS] = { "R-SHOWS", "Refuted where the reporter shows its own certificate; confirmed where its "
				 "port refuses, stays silent or handshakes fail." },
	[R_SHOWS_4] = { "R-SHOWS-4",
			"Confirmed where the reporter shows another certificate over IPv4, or its port "
			"refuses, stays silent or handshakes fail; nothing refutes it." },
	[R_SHOWS_6] = { "R-SHOWS-6",
			"Confirmed where the reporter shows another certificate over IPv6, or its port "
			"refuses, stays silent or handshakes fail; nothing refutes it." },
	[R_SHOWS_OTHER] = { "R-SHOWS-OTHER",
			    "Refuted where the reporter shows its own certificate; confirmed where it shows "
			    "another one, or its port refuses, stays silent or handshakes fail." },
	[R_SHOWS_NONE] = { "R-SHOWS-NONE",
			   "Confirmed where the reporter shows another certificate, or its port refuses, "
			   "stays silent or handshakes fail; nothing refutes it." },
	[R_FLOODED] = { "R-FLOODED", "Refuted where nobody floods port 443 of the reporter; confirmed where "
				     "somebody does." },
	[R_HASH] = { "R-HASH", "Confirmed where a client refused the server's own certificate later that day "
			       "(event 6); nothing refutes it." },
	[R_TEREDO_FAILED] = { "R-TEREDO-FAILED", "Confirmed where the host's Teredo port is closed or stays "
						 "silent; nothing refutes it." },
	[R_TEREDO_STOPPED] = { "R-TEREDO-STOPPED", "Confirmed where the Teredo port answered before the "
						   "event and not after it; nothing refutes it." },
	[R_TEREDO_NAME] = { "R-TEREDO-NAME", "A resolver in good standing did not know the Teredo server's "
					     "name, or did not answer." },
	[R_TUNNEL_UP] = { "R-TUNNEL-UP", "Refuted where the tunnel has a link-local address only and no "
					 "router answered it." },
	[R_TUNNEL_DOWN] = { "R-TUNNEL-DOWN", "Confirmed where the tunnel carried traffic before the event "
					     "and none after it; nothing refutes it." },
	[R_DISABLED] = { "R-DISABLED",
			 "Refuted where the event's error code says that policy disabled the protocol." },
	[R_SITE] = { "R-SITE", "Confirmed where clients connected to the site before the event and none "
			       "after it; nothing refutes it." },
	[R_IPHTTPS_UP] = { "R-IPHTTPS-UP", "Refuted where the server is declared; confirmed where clients "
					   "connect to a listener that nobody declared." },
	[R_IPHTTPS_FAILED] = { "R-IPHTTPS-FAILED", "Confirmed where the port refuses connections or "
						   "handshakes fail; nothing refutes it." },
	[R_IPHTTPS_STOPPED] = { "R-IPHTTPS-STOPPED", "Confirmed where the port refuses connections or stays "
						     "silent after the event; nothing refutes it." },
	[R_BOUND] = { "R-BOUND", "Refuted (and medium: log and flows do not agree) where no session of the "
				 "client was seen although all connections are in view; confirmed by the "
				 "session, and high where one client is bound from two outer addresses." },
	[R_UNBOUND] = { "R-UNBOUND", "Confirmed where the client's session ended; nothing refutes it." },
	[R_DNS64] = { "R-DNS64",
		      "The address that was to be translated comes from a resolver in good standing." },
	[R_VPN_NAME] = { "R-VPN-NAME", "A resolver in good standing said that the VPN server's name does not "
				       "exist, or did not answer." },
	[R_DIRECTORY] = { "R-DIRECTORY",
			  "Refuted where the directory server fails everybody, or a declared resolver "
			  "answered and the directory itself refuses, or the directory answers the reporter; "
			  "confirmed where a resolver that may not answer told where the directory is, or "
			  "only the reporter's queries or connections fail." },
	[R_ROGUE_CHECK] = { "R-ROGUE-CHECK", "The answer to the server's authorisation query came from a "
					     "declared server of the domain: the reporter is misplaced." },
	[R_NOT_AUTHORISED] = { "R-NOT-AUTHORISED", "The reporter never answered a client." },
	[R_DOMAIN] = { "R-DOMAIN",
		       "The server that the event names is declared: the reporter is the one out of place." },
	[R_PARTNER] = { "R-PARTNER", "Refuted where the failover partner sends nothing at all: it is down; "
				     "confirmed where its failover port refuses or resets connections." },
	[R_SERVER_SEEN] = { "R-SERVER-SEEN",
			    "Refuted where every server that the event lists is declared, or no server of "
			    "that address was heard although it would have been seen." },
	[R_NO_ROUTES] = { "R-NO-ROUTES", "No lease gave the host a route." },
	[R_SECRET] = { "R-SECRET", "Every failover message fails since one moment and the MACs are stable: "
				   "the shared secret was changed on one side." },
	[R_CONFIG] = { "R-CONFIG", "Refuted where every accusation is other options or a second answer, and "
				   "within the day "
				   "before a declared DHCP server told of a changed scope there, or that the "
				   "answering server is "
				   "its failover partner. It makes nobody a declared server." },
	[R_PROXY] = { "R-PROXY", "Refuted where a declared proxy wanted the logon." },
};

static const struct trap traps[] = {
	{ "TRAP-SPLIT-SCOPE",
	  "Two declared servers share a scope, or a failover pair under load: both answer.", "none",
	  "authority: dhcp4_servers" },
	{ "TRAP-TWO-RELAYS", "Two relays or a VRRP pair forward the same OFFER.", "none",
	  "copies of one answer count once, by their content" },
	{ "TRAP-INFORM", "An INFORM is answered by every authorised server.", "none",
	  "INFORM makes no race" },
	{ "TRAP-PROXY-DHCP", "A PXE proxy answers beside the server, without an address.", "info",
	  "authority: pxe_servers, else what a PXE proxy may say" },
	{ "TRAP-WLC-PROXY", "A wireless controller proxies DHCP under a virtual server identifier.", "none",
	  "one server alone contradicts nobody" },
	{ "TRAP-HOME-ROUTER", "A home router is plugged in backwards, or a laptop shares its connection.",
	  "suspected", "unknown authority ends at suspected" },
	{ "TRAP-NIC-TEAM", "A server answers from the cards of a team.", "none",
	  "authority: several MACs, or ARP of the team's address" },
	{ "TRAP-POWER-RESTORE",
	  "500 hosts boot after a power cut, also where the mirror shows no unicast answers.", "refuted",
	  "signs of life of the new clients" },
	{ "TRAP-RANDOM-MACS",
	  "Guest Wi-Fi: each device has a new MAC every day, and all use what they lease.", "refuted",
	  "signs of life of the new clients" },
	{ "TRAP-VDI-CLONES", "Virtual desktops cloned from a template boot, take leases and sleep.", "none",
	  "authority: vdi_templates" },
	{ "TRAP-BRIDGE", "A repeater or hypervisor puts many hosts behind one MAC.", "none",
	  "each lease shows its own sign of life, or authority: bridges" },
	{ "TRAP-IPVLAN", "One MAC holds a dozen leases under client identifiers of their own, all in use.",
	  "none", "leases that are used are no fan-out" },
	{ "TRAP-SERVER-ROUTES", "A server in good standing sends routes or a proxy (121, 249, 252).", "info",
	  "authority, and no second server to contradict" },
	{ "TRAP-RELAY-MIRROR", "A mirror shows both sides of a relay: each answer twice, from two MACs.",
	  "none", "copies of one answer count once, by their content" },
	{ "TRAP-QUOTED", "A DHCP message is quoted in an ICMP error.", "none",
	  "what is quoted is nobody's message" },
	{ "TRAP-SERVICE-STOPS", "The DHCP service stops, and live hosts repeat their DISCOVER.", "info",
	  "clients that are alive are no flood" },
	{ "TRAP-BLANK-NIC", "A blank network card repeats a chaddr of zeros or ones.", "none",
	  "one bad chaddr is no flood" },
	{ "TRAP-SERVICE-MOVED", "The service moves to a second declared server.", "none",
	  "authority: dhcp4_servers" },
	{ "TRAP-INIT-REBOOT", "A rebooting client is ACKed by one declared server and NAKed by another.",
	  "none", "authority: dhcp4_servers" },
	{ "TRAP-LONE-SERVER", "The only server of a segment where nothing is declared.", "info",
	  "a server alone is only recorded" },
	{ "TRAP-D6-ULA",
	  "One server gives DHCPv6 and DNS with a ULA outside the advertised prefix, nothing declared.",
	  "info", "a resolver off the link is no link-local one" },
	{ "TRAP-CAPTIVE-GATEWAY", "A small gateway answers every name with itself.", "none",
	  "the resolver that was given out and is the gateway" },
	{ "TRAP-ROUTER-STOPS", "A router stops: lifetime 0 with its preference set.", "none",
	  "RA-PREF is E0, and its own last RA kills nobody" },
	{ "TRAP-RANDOM-MAC-ADDRESS", "A host with a new random MAC takes over its own address.", "none",
	  "the former owner does not claim it back" },
	{ "TRAP-D6-UNDECLARED", "DHCPv6 is not declared beside a declared DHCPv4 server.", "info",
	  "authority is asked per service" },
	{ "TRAP-D6-ROLLOUT", "The first legitimate DHCPv6 server of a site.", "suspected",
	  "authority: dhcp6_servers once it is declared" },
	{ "TRAP-HOME-DNS",
	  "A home router gives its own link-local address as resolver and is the default router.", "none",
	  "a working router may name itself" },
	{ "TRAP-MESH", "A mesh border router advertises lifetime 0 with a route.", "info",
	  "routes of the local range, lifetime 0" },
	{ "TRAP-RDNSS-ONLY", "A declared resolver host sends router advertisements with nothing but RDNSS.",
	  "none", "authority: routers" },
	{ "TRAP-D6-RELAYED", "DHCPv6 behind a relay: the DUID is not the frame's MAC.", "none",
	  "authority: relays; relayed frames accuse nobody" },
	{ "TRAP-VRRP", "VRRP changes the MAC that sends the advertisements.", "none",
	  "authority: several MACs of one router" },
	{ "TRAP-1042-PARTNER", "1042 names the failover partner.", "refuted",
	  "R-PEER-AUTHORISED, R-SERVER-SEEN" },
	{ "TRAP-PATCH-NIGHT",
	  "Domain controllers and DHCP servers are restarted in one night, and tell that no directory "
	  "answers.",
	  "refuted", "R-DIRECTORY: it fails everybody; the servers that come back are declared" },
	{ "TRAP-ABSENCE", "The sensor was restarted, or packets were dropped, while an event happened.",
	  "unverifiable", "absence shows nothing where not everything was seen" },
	{ "TRAP-TWO-MIRRORS", "Two mirrored ports show each frame twice.", "none",
	  "a second copy within 10 ms is left out" },
	{ "TRAP-LOGON",
	  "A member of the domain logs on to its server, or a proxy asks for or passes on a logon.", "none",
	  "a logon accuses nobody without an accused actor; authority: proxies" },
	{ "TRAP-DNS-UPDATE", "The first dynamic update is refused, the second is signed.", "none",
	  "a refusal by a resolver in good standing" },
	{ "TRAP-ISATAP", "An ISATAP router that is declared, or set by policy where nothing is declared.",
	  "info", "R-ISATAP; authority: isatap_routers" },
	{ "TRAP-TUNNEL-BROKER", "A configured tunnel to a broker.", "none",
	  "no ISATAP identifier, no solicitation" },
	{ "TRAP-TEREDO",
	  "Teredo by the listed server, or by any where nothing is declared; peers over a relay's port.",
	  "suspected", "authority: teredo_servers" },
	{ "TRAP-LIKE-IPV6", "UDP payloads that begin like IPv6.", "none",
	  "lengths and addresses must agree" },
	{ "TRAP-RENEWAL", "A VPN certificate is renewed, or a blue and a green one take turns.", "none",
	  "authority: several leaf_sha256; same issuer, later notBefore, same station" },
	{ "TRAP-OFFLOADER", "A TLS off-loader stands before the VPN server, and clients report its hash.",
	  "refuted", "R-VPN; authority: vpn_servers lists its certificate" },
	{ "TRAP-PORTAL", "A captive portal redirects before the VPN is reached.", "info",
	  "the session did not go to the VPN server" },
	{ "TRAP-TLS13", "VPN over TLS 1.3: the certificate cannot be seen.", "refuted",
	  "the event's hash against the declared one; V_LEAF" },
};

const char term_blind_spots[] =
	"What no tap shows, or not this one; a verdict of unverifiable says which of them it rests on.\n\n"
	"Certificates and names of TLS 1.3 with encrypted hello; DNS over HTTPS or TLS inside a victim. "
	"Frames "
	"between\n"
	"guests of one hypervisor switch, or behind an access switch that is not mirrored. Multicast pruned "
	"by "
	"MLD\n"
	"snooping (ff02::1:2, solicited-node groups). Unicast OFFER and ACK on a mirror of one port. "
	"Oversubscribed\n"
	"mirror ports. Switches that copy a frame twice or strip its tags. Relayed segments seen on the "
	"server's "
	"side\n"
	"only. MAC-rewriting bridges. Hosts whose events come late, under another name, or not at all. An "
	"authorised\n"
	"server that is itself compromised.\n";

_Static_assert(NELEM(verdicts) == VERDICTS, "each verdict is explained");
_Static_assert(NELEM(vantage) == VANTAGE_BITS, "each bit is explained");
_Static_assert(NELEM(refutations) == REFUTE_RULES, "each refutation is explained");

const struct term *
term_verdict_at(size_t i)
{
	return i < NELEM(verdicts) ? &verdicts[i] : NULL;
}

const struct term *
term_vantage_at(size_t i)
{
	return i < NELEM(vantage) ? &vantage[i] : NULL;
}

const struct term *
term_refutation_at(size_t i)
{
	return i + 1 < NELEM(refutations) ? &refutations[i + 1] : NULL;
}

const struct trap *
trap_at(size_t i)
{
	return i < NELEM(traps) ? &traps[i] : NULL;
}
