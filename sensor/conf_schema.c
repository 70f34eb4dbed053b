/* The one option table. */
#include "conf_node.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): members of offsetof() take none */
#define AT(type, member)    .off = offsetof(type, member)
#define LIST(type, v, n, t) .off = offsetof(type, v), .off_n = offsetof(type, n), .item = sizeof(t)
#define SUB(table)	    .sub = (table), .nsub = NELEM(table)
#define DECLARED(type, m)   .declared = offsetof(type, m) + 1
#define SERVERS(type, list)                                                                                  \
	.kind = K_LIST, .off = offsetof(type, list.v), .off_n = offsetof(type, list.n),                      \
	.item = sizeof(struct auth_server), .declared = offsetof(type, list.declared) + 1, SUB(server),      \
	.check = check_server
#define ADDRESSES(type, list)                                                                                \
	.kind = K_ADDRS, .off = offsetof(type, list.v), .off_n = offsetof(type, list.n),                     \
	.item = sizeof(struct addr), .declared = offsetof(type, list.declared) + 1
/* NOLINTEND(bugprone-macro-parentheses) */

enum { PATH_LENGTH = 4095, HOST_LENGTH = 255, SD_ID_LENGTH = 32 };

static const char *
check_server(const struct conf *c, const void *item)
{
	const struct auth_server *s = item;
	(void)c;
	return s->nip || s->nmac || s->nserver_id || s->nduid
		       ? NULL
		       : "found a server without ip, mac, server_id and duid, expected at least one of them";
}

static const char *
check_host(const struct conf *c, const void *item)
{
	const struct auth_host *h = item;
	(void)c;
	if (h->name.n == 0)
		return "found a host without a name, expected one";
	return h->has_mac || h->nip ? NULL : "found a host without mac and ip, expected at least one of them";
}

static const char *
check_vpn(const struct conf *c, const void *item)
{
	const struct auth_vpn *v = item;
	(void)c;
	return v->sni.n || v->nip || v->nleaf
		       ? NULL
		       : "found a server without sni, ip and leaf_sha256, expected one of them";
}

static const char *
check_site(const struct conf *c, const void *item)
{
	const struct auth_site *s = item;
	for (size_t i = 0; i < s->nfailover; i++)
		if (addr_eq(s->failover[i].a, s->failover[i].b))
			return "found a failover pair of the same address twice, expected two servers";
	for (const struct auth_site *other = c->authority.site; other && other < s; other++)
		if (s->name.n && bytes_eq(other->name, s->name))
			return "found the name of an earlier site, expected names that differ";
	return NULL;
}

static const char *
check_output(const struct conf *c, const void *item)
{
	const struct conf_output *o = item;
	bool file = o->type == OUT_FILE, net = o->type == OUT_SYSLOG;
	if (file && o->path.n == 0)
		return "found type file without path, expected one";
	if (net && o->host.n == 0)
		return "found type syslog without host, expected one";
	if (!file && o->path.n)
		return "found path, expected it with type file only";
	if (!net && o->host.n)
		return "found host, expected it with type syslog only";
	for (const struct conf_output *other = c->output; other && other < o; other++)
		if (file && other->type == OUT_FILE && bytes_eq(other->path, o->path))
			return "found the path of an earlier output, expected paths that differ";
	return NULL;
}

static const struct conf_node server[] = {
	{ "ip", K_ADDRS, LIST(struct auth_server, ip, nip, struct addr), .help = "its addresses" },
	{ "mac", K_MACS, LIST(struct auth_server, mac, nmac, struct mac),
	  .help = "its MAC addresses, one or a list" },
	{ "server_id", K_ADDRS, LIST(struct auth_server, server_id, nserver_id, struct addr),
	  .help = "DHCPv4 option 54 where it differs from ip" },
	{ "duid", K_DUIDS, LIST(struct auth_server, duid, nduid, struct bytes),
	  .help = "DHCPv6 server identifiers in hex" },
};

static const struct conf_node vpn[] = {
	{ "sni", K_TEXT, AT(struct auth_vpn, sni), .max = HOST_LENGTH,
	  .help = "server name that clients ask for" },
	{ "ip", K_ADDRS, LIST(struct auth_vpn, ip, nip, struct addr), .help = "its addresses" },
	{ "leaf_sha256", K_HASHES, LIST(struct auth_vpn, leaf_sha256, nleaf, struct bytes),
	  .help = "SHA-256 of its certificates (DER) in hex" },
};

static const struct conf_node host[] = {
	{ "name", K_TEXT, AT(struct auth_host, name), .max = HOST_LENGTH, .help = "computer name" },
	{ "mac", K_MAC, AT(struct auth_host, mac), DECLARED(struct auth_host, has_mac),
	  .help = "its MAC address" },
	{ "ip", K_ADDRS, LIST(struct auth_host, ip, nip, struct addr), .help = "its addresses" },
};

static const struct conf_node site[] = {
	{ "name", K_TEXT, AT(struct auth_site, name), .max = HOST_LENGTH, .help = "for people" },
	{ "segments", K_TEXTS, LIST(struct auth_site, segments, nsegments, struct bytes), .max = HOST_LENGTH,
	  .help = "where it holds, `*` for any text; absent: everywhere" },
	{ "prefixes", K_PREFIXES, LIST(struct auth_site, prefixes, nprefixes, struct prefix),
	  .help = "networks in use" },
	{ "dhcp4_servers", SERVERS(struct auth_site, dhcp4_servers), .help = "DHCPv4 servers" },
	{ "dhcp6_servers", SERVERS(struct auth_site, dhcp6_servers), .help = "DHCPv6 servers" },
	{ "routers", SERVERS(struct auth_site, routers), .help = "routers" },
	{ "relays", SERVERS(struct auth_site, relays), .help = "DHCP relay agents" },
	{ "pxe_servers", SERVERS(struct auth_site, pxe_servers), .help = "boot servers" },
	{ "resolvers", ADDRESSES(struct auth_site, resolvers), .help = "DNS servers" },
	{ "isatap_routers", ADDRESSES(struct auth_site, isatap_routers), .help = "ISATAP routers" },
	{ "teredo_servers", ADDRESSES(struct auth_site, teredo_servers),
	  .help = "Teredo servers and relays" },
	{ "proxies", ADDRESSES(struct auth_site, proxies),
	  .help = "web proxies and load balancers, which pass on what clients log on with" },
	{ "vpn_servers", K_LIST, LIST(struct auth_site, vpn_servers.v, vpn_servers.n, struct auth_vpn),
	  DECLARED(struct auth_site, vpn_servers.declared), SUB(vpn), .check = check_vpn,
	  .help = "SSTP servers" },
	{ "failover", K_PAIRS, LIST(struct auth_site, failover, nfailover, struct auth_pair),
	  .help = "pairs of DHCP servers" },
	{ "bridges", K_MACS, LIST(struct auth_site, bridges, nbridges, struct mac),
	  .help = "repeaters and hypervisors that put many clients behind one MAC" },
	{ "hosts", K_LIST, LIST(struct auth_site, hosts, nhosts, struct auth_host), SUB(host),
	  .check = check_host, .help = "inventory: which computer has which MAC and addresses" },
};

static const struct name output_types[] = {
	{ OUT_STDOUT, "stdout" }, { OUT_FILE, "file" }, { OUT_SYSLOG, "syslog" }, { 0, NULL }
};
static const struct name transports[] = { { TRANSPORT_UDP, "udp" }, { TRANSPORT_TCP, "tcp" }, { 0, NULL } };
static const struct name formats[] = { { 0, "rfc5424" }, { 0, NULL } };

static const struct conf_node output[] = {
	{ "type", K_ENUM, AT(struct conf_output, type), .names = output_types, .def = "stdout",
	  .help = "where lines go" },
	{ "path", K_TEXT, AT(struct conf_output, path), .max = PATH_LENGTH,
	  .help = "of a file: JSON lines are appended" },
	{ "host", K_TEXT, AT(struct conf_output, host), .max = HOST_LENGTH,
	  .help = "of a syslog receiver: name or address" },
	{ "port", K_U32, AT(struct conf_output, port), .min = 1, .max = UINT16_MAX, .def = "514",
	  .help = "its port" },
	{ "transport", K_ENUM, AT(struct conf_output, transport), .names = transports, .def = "udp",
	  .help = "udp: short form, one datagram; tcp: octet-counted (RFC 6587), with the JSON record" },
	{ "format", K_ENUM, AT(struct conf_output, format), .names = formats, .def = "rfc5424",
	  .help = "of a syslog receiver" },
};

static const struct conf_node sensor[] = {
	{ "name", K_NAME, AT(struct conf, sensor), .max = HOST_LENGTH,
	  .help = "the sensor's name in every record; absent: `replay`, live the host's name" },
};
static const struct conf_node feed[] = {
	{ "synced", K_BOOL, AT(struct conf, feed_synced), .def = "false",
	  .help = "the hosts' clocks are NTP-synchronised: two seconds of tolerance instead of a learned or "
		  "large one" },
	{ "zone", K_ZONE, AT(struct conf, feed_zone),
	  .help = "offset from UTC of event times that say none (NXLog CE, Snare, DHCP audit logs), like "
		  "+01:00; "
		  "absent: UTC, and each such event says that its zone is lost" },
	{ "event_window", K_TIME, AT(struct conf, event_window), .min = 60, .max = 86400, .def = "2h",
	  .help = "how long packets and host events wait for each other" },
};
static const struct conf_node limits[] = {
	{ "hosts", K_U32, AT(struct conf, hosts), .min = 64, .max = 1048576, .def = "65536",
	  .help = "hosts tracked" },
	{ "events", K_U32, AT(struct conf, events), .min = 64, .max = 262144, .def = "16384",
	  .help = "host events kept for joining" },
	{ "datagrams", K_U32, AT(struct conf, datagrams), .min = 16, .max = 4096, .def = "256",
	  .help = "fragmented datagrams reassembled at once, 64 KiB each" },
};
static const struct conf_node capture[] = {
	{ "snaplen", K_U32, AT(struct conf, snaplen), .min = 128, .max = 262144, .def = "65535",
	  .help = "bytes of a frame that are captured" },
	{ "buffer_mib", K_U32, AT(struct conf, buffer_mib), .min = 1, .max = 1024, .def = "16",
	  .help = "kernel buffer of an interface, MiB" },
	{ "mirrors", K_PREFIXES, LIST(struct conf, mirrors, nmirrors, struct prefix),
	  DECLARED(struct conf, mirrors_declared),
	  .help = "who may send ERSPAN, VXLAN and other wrappers with frames in them: addresses or networks; "
		  "absent: "
		  "anybody, and then anybody can forge frames that way; []: nobody" },
	{ "promisc", K_BOOL, AT(struct conf, promisc), .def = "true", .help = "promiscuous mode" },
	{ "all_frames", K_BOOL, AT(struct conf, all_frames), .def = "false",
	  .help = "no kernel filter: every frame is a sign of life of its sender, at the price of every "
		  "frame" },
};
static const struct conf_node syslog_nodes[] = {
	{ "sd_id", K_NAME, AT(struct conf, sd_id), .max = SD_ID_LENGTH, .def = "incident@32473",
	  .help = "structured-data id; 32473 is the number reserved for documentation (RFC 5612)" },
};

static const struct conf_node top[] = {
	{ "sensor", K_MAP, SUB(sensor), .help = "this sensor" },
	{ "authority", K_LIST, LIST(struct conf, authority.site, authority.nsite, struct auth_site),
	  SUB(site), .check = check_site,
	  .help = "what is supposed to be there, a list of sites; an absent list is unknown, [] is none" },
	{ "feed", K_MAP, SUB(feed), .help = "host events" },
	{ "output", K_LIST, LIST(struct conf, output, noutput, struct conf_output), SUB(output),
	  .check = check_output, .help = "where incidents go; none: standard output" },
	{ "syslog", K_MAP, SUB(syslog_nodes), .help = "all syslog outputs" },
	{ "capture", K_MAP, SUB(capture), .help = "live capture" },
	{ "limits", K_MAP, SUB(limits), .help = "memory: all of it is taken at start" },
};

const struct conf_node conf_root = { .kind = K_MAP, SUB(top) };
