/* The table of detections (CONTRACT.md 3): one row for each hypothesis family and chain.  Signature ids are constant for
 * ever and never used again. */
#include "detector.h"

/* clang-format off */
static const struct detection detections[FAMILIES] = {
	[FAM_D4_ROGUE] = { "dhcpv4-rogue-server", 9100101, "Rogue DHCPv4 server", "Adversary-in-the-Middle", "T1557.003",
		"A station answers DHCPv4 clients without being a declared server, or contradicts the server of the "
			"segment. Whoever "
		"accepts its lease takes router, resolver, routes and proxy from it. Benign causes: a home router "
			"plugged in backwards, "
		"Internet connection sharing on a laptop, a new server that nobody declared.",
		"Find the switch port of the actor's MAC and shut it\nRenew the leases of the listed victims\nIf the "
			"server is yours, declare it under authority.dhcp4_servers" },
	[FAM_D4_FLOOD] = { "dhcp-discover-flood", 9100102, "DHCP discover flood", "Denial of Service", "T1499.002",
		"Client keys that nobody uses ask for leases faster than this segment ever did. Benign causes: a boot "
			"storm after a power "
		"cut (its hosts show signs of life), cloned images, a boot ROM that repeats its transaction id.",
		"Find the switch port of the actor; forged source addresses need the port counters\nEnable DHCP "
			"snooping rate limits there\nCheck the free leases of the subnet" },
	[FAM_D4_STARVATION] = { "dhcp-starvation", 9100103, "DHCP starvation", "Denial of Service", "T1498",
		"Leases are taken that no host uses: the pool runs dry and a rogue server can answer in its place. "
			"Benign causes: sleeping "
		"desktop templates, very long leases on a guest network.",
		"Find the switch port of the actor\nRelease the ghost leases on the server\nWatch for a rogue server "
			"in the next 30 minutes" },
	[FAM_D4_AUTHKILL] = { "dhcp-authorisation-kill", 9100104, "DHCP authorisation kill", "Service Stop", "T1489",
		"A station answered a Windows DHCP server's question for other servers with a domain name (option 43, "
			"sub-option 0x5F), "
		"which makes the asking server stop serving.",
		"Restart the service on the asking server and check events 1045 and 1046\nFind the answering station" },
	[FAM_D6_ROGUE] = { "dhcpv6-rogue-server", 9100105, "Rogue DHCPv6 server", "Adversary-in-the-Middle", "T1557.003",
		"A station answers DHCPv6 clients without authority. Windows prefers IPv6 and asks for it at every "
			"boot, so the answer "
		"also names the resolver that the host will use. Benign causes: the first roll-out of DHCPv6, a small "
			"router that does "
		"DHCPv6 and DNS in one box.",
		"Find the switch port of the actor's MAC and shut it\nOn the victims: ipconfig /release6, then check "
			"the DNS servers of each interface\nEnable DHCPv6 guard on access ports" },
	[FAM_D6_FLOOD] = { "dhcpv6-solicit-flood", 9100106, "DHCPv6 solicit flood", "Denial of Service", "T1499.002",
		"Solicits of many client identifiers that no host stands behind load the DHCPv6 servers of the "
			"segment. Benign cause: "
		"many hosts that start at once; they show duplicate address detection and other traffic.",
		"Find the switch port; forged source addresses need the port counters\nEnable DHCPv6 rate limits on "
			"access ports" },
	[FAM_RA] = { "rogue-ra", 9100107, "Rogue router advertisement", "Adversary-in-the-Middle", "T1557",
		"A station that is no router of this segment sends router advertisements, or sends them in a shape "
			"that only an attack has. "
		"Hosts take default route, prefix, resolver or the order to ask DHCPv6 from it. Benign causes: a mesh "
			"border router, "
		"connection sharing on a laptop, a router that nobody declared.",
		"Find the switch port of the actor's MAC\nEnable RA guard, also for fragments and extension "
			"headers\nIf the router is yours, declare it under authority.routers" },
	[FAM_ND_SPOOF] = { "nd-spoof", 9100108, "Address spoofing by ARP or ND", "Adversary-in-the-Middle", "T1557.002",
		"A station claims the address of a router, resolver or server, or an address that its owner claims "
			"back. Traffic to that "
		"address then goes to the actor. Benign causes: failover pairs that nobody declared, a replaced network card.",
		"Compare the MAC with the owner's\nFind the switch port of the actor\nEnable dynamic ARP inspection "
			"or ND snooping" },
	[FAM_DNS] = { "dns-takeover", 9100109, "DNS answers poisoned", "Adversary-in-the-Middle", "T1557.001",
		"A station without authority answers name queries so that names lead to itself: wpad and isatap give "
			"it the proxy and the "
		"tunnel of every host that asks. Benign causes: a captive portal, a small gateway that answers every "
			"name with itself.",
		"Flush the resolver caches of the victims and check their DNS servers\nLook for authentication to the "
			"actor since the first answer\nReset passwords that were used towards it" },
	[FAM_AUTH] = { "credential-capture", 9100110, "Credentials given to a rogue server", "Credential Access", "T1187",
		"A host authenticated to the actor after its names or routes were taken over, or the actor passed a host's logon on "
			"to another server. What the actor holds can be cracked offline or is in use already. Benign causes: a proxy "
			"or load balancer that is not declared, a server that is suspected wrongly.",
		"Treat the accounts as known to the attacker\nSearch the servers for logons (4624, 4776) from the actor's "
			"address, the directory for new computers and changed objects (4741, 5136)\nRequire SMB and LDAP signing "
			"and channel binding" },
	[FAM_ISATAP] = { "isatap-rogue-router", 9100111, "Rogue ISATAP router", "Protocol Tunneling", "T1572",
		"A host set or solicited an ISATAP router: from then on its IPv6 traffic is tunnelled in IPv4 to that "
			"address, past the filters for IPv6. Benign cause: a router set by policy, to be listed under "
			"authority.isatap_routers.",
		"Ask who answered isatap for this host\nOn the host: netsh interface isatap show router\nDisable ISATAP "
			"by policy where it is not used\nIf the router is yours, declare it under authority.isatap_routers" },
	[FAM_TEREDO] = { "teredo-tunnel", 9100112, "Teredo tunnel", "Protocol Tunneling", "T1572",
		"Hosts keep an IPv6 tunnel in UDP open through a server that is not listed: they can be reached from the "
			"IPv6 Internet past firewall and address translation. The tunnel is the finding; the server is no "
			"attacker by this. Benign causes: game services, Windows before 1803, a DirectAccess gateway.",
		"Ask the owners of the listed hosts\nBlock UDP 3544 at the border\nDisable Teredo by policy\nIf the "
			"server is yours, declare it under authority.teredo_servers" },
	[FAM_IPHTTPS] = { "iphttps-server", 9100113, "IP-HTTPS server", "Protocol Tunneling", "T1572",
		"A host offers IP-HTTPS that is not in the DirectAccess list: IPv6 in HTTPS, past every filter that lets HTTPS "
			"out. Benign cause: a DirectAccess "
		"server that nobody listed under authority.vpn_servers.",
		"Ask the owner of the host\nOn the clients: netsh interface httpstunnel show interfaces" },
	[FAM_SSTP] = { "sstp-mitm", 9100114, "SSTP VPN interception", "Adversary-in-the-Middle", "T1557",
		"A VPN client was shown another certificate than the server's own, or the path to the server was bent: who ends its "
			"TLS reads the logon and the tunnel. Benign "
		"causes: a renewed certificate or a TLS off-loader that nobody listed under authority.vpn_servers.",
		"Compare the certificate's SHA-256 with the one on the server (netsh http show sslcert)\nFind the switch port of "
			"the station that answers, and who "
		"led the client to it: DNS answer, ARP table, DHCP lease\nUntil then keep the listed clients from dialling, and "
			"treat the credentials they used as known" },
	[FAM_FAILOVER] = { "failover-tamper", 9100115, "DHCP failover tampering", "Data Manipulation", "T1565.002",
		"The failover channel between two DHCP servers was tampered with.", "Check both partners and the path "
			"between them" },
	[FAM_SITE] = { "site-rule", 9100116, "Site rule broken", "Policy Violation", "",
		"A rule of this site's own configuration holds for a message of this station. What that means the rule's author "
			"knows; --explain with the rule's id and -c shows it.",
		"Ask who wrote the rule what to do\nIf the message is as it should be, mend the rule under `rules:`" },
	[FAM_MITM6] = { "mitm6", 9100001, "IPv6 DNS takeover", "Adversary-in-the-Middle", "T1557.001 T1557.003",
		"One station made itself resolver of IPv6 hosts by DHCPv6 or router advertisement and they ask it: "
			"every name they look up "
		"is the actor's to answer, and Windows hosts authenticate to what it answers.",
		"Isolate the actor's switch port\nOn each victim: release the DHCPv6 lease, check the DNS servers, "
			"flush the resolver cache\nTreat credentials used since the first answer as captured" },
	[FAM_STARVE_SERVE] = { "starve-then-serve", 9100002, "DHCP starvation, then a rogue server",
		"Adversary-in-the-Middle", "T1499.002 T1557.003",
		"The pool was emptied and within 30 minutes another server answered in its place.",
		"Isolate the rogue server first, then free the pool" },
	[FAM_SILENCE] = { "silence-the-server", 9100003, "DHCP server silenced, then replaced",
		"Adversary-in-the-Middle", "T1489 T1557.003",
		"A Windows DHCP server was made to stop serving and another server answered in its place.",
		"Isolate the rogue server, then restart the service" },
	[FAM_VPN_LEAK] = { "vpn-leak", 9100004, "VPN traffic routed around the tunnel", "Adversary-in-the-Middle", "T1557.003",
		"Routes of a DHCP lease (options 121, 249) are more specific than those of the VPN, so what should go through the "
			"tunnel goes to the actor in clear while the VPN looks connected (CVE-2024-3661). Benign cause: a server of "
			"the site that is not declared and sends internal routes.",
		"On the victims compare the routing table with the VPN's, then drop the lease\nFind the switch port of the "
			"actor's MAC\nLet VPN clients ignore DHCP routes, or use a firewall rule that allows the tunnel only" },
	[FAM_VPN_INTERCEPT] = { "vpn-interception", 9100005, "VPN server impersonated", "Adversary-in-the-Middle", "T1557",
		"Names or routes led VPN clients to a station that shows another certificate than the VPN server's. Who accepts it "
			"gives away the logon and everything in the tunnel. Benign cause: a TLS offloader or captive portal that is "
			"not declared.",
		"Stop the clients from connecting here\nCompare the certificate hashes with the server's\nReset the accounts "
			"that logged on since the first other certificate" },
	[FAM_TUNNEL_BACKDOOR] = { "tunnel-backdoor", 9100006, "Tunnel to an unlisted peer", "Protocol Tunneling", "T1572",
		"A host says that it set up a tunnel for IPv6, and the wire shows it in use to a peer that is public or not listed, "
			"without a name that led it there: it leaves past every filter that looks at IPv4 only. Benign cause: a "
			"DirectAccess or ISATAP server that is not listed.",
		"Ask the owner of the host\nBlock protocol 41 and UDP 3544 at the border\nList the peer under authority if it "
			"is yours" },
};
/* clang-format on */

const struct detection *
detection_at(size_t i)
{
	return i < FAMILIES ? &detections[i] : NULL;
}

const struct detector *
detector_at(size_t i)
{
	for (size_t f = 0; detector_files[f]; f++)
		for (const struct detector *d = detector_files[f]; d->id; d++)
			if (i-- == 0)
				return d;
	return NULL;
}

const struct detector *
detector_of(enum fact_id id)
{
	for (size_t f = 0; detector_files[f]; f++)
		for (const struct detector *d = detector_files[f]; d->id; d++)
			if (d->fact == id)
				return d;
	return NULL;
}
