/* The one option table. */
#include "conf_node.h"
#include "mute.h"

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
check_change(const struct conf *c, const void *item)
{
	const struct auth_change *x = item;
	(void)c;
	if (x->from == 0 || x->to == 0)
		return "found planned work without from or to, expected both";
	return x->from < x->to ? NULL
			       : "found planned work that is over before it begins, expected to after from";
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

/* What belongs to TLS, and to receivers that can be away. */
static const char *
check_receiver(const struct conf_output *o)
{
	bool tls = o->type == OUT_SYSLOG && o->transport == TRANSPORT_TLS;
	bool stream = tls || (o->type == OUT_SYSLOG && o->transport == TRANSPORT_TCP);
	if (!tls && (o->ca.n || o->certificate.n || o->key.n || o->name.n))
		return "found ca, name, certificate or key, expected them with transport tls only";
	if ((o->certificate.n == 0) != (o->key.n == 0))
		return "found one of certificate and key, expected both or none";
	if (!stream && o->spool.n)
		return "found spool, expected it with transport tcp or tls only";
	if (o->type == OUT_SYSLOG && !stream && o->format == FORMAT_OCSF)
		return "found format ocsf over udp, expected transport tcp or tls: a finding does not fit "
		       "into a "
		       "datagram";
	return NULL;
}

static const char *
check_output(const struct conf *c, const void *item)
{
	const struct conf_output *o = item;
	bool file = o->type == OUT_FILE, net = o->type == OUT_SYSLOG;
	if (file && o->path.n == 0)
		return "found type file without path, expected one";
	if (net && (o->host.n == 0) == (o->nhosts == 0))
		return o->nhosts ? "found host and hosts, expected one of them"
				 : "found type syslog without host, expected one";
	if (!file && o->path.n)
		return "found path, expected it with type file only";
	if (!net && (o->host.n || o->nhosts))
		return "found host, expected it with type syslog only";
	for (const struct conf_output *other = c->output; other && other < o; other++) {
		if (file && other->type == OUT_FILE && bytes_eq(other->path, o->path))
			return "found the path of an earlier output, expected paths that differ";
		if (o->spool.n && bytes_eq(other->spool, o->spool))
			return "found the spool of an earlier output, expected files that differ";
	}
	return check_receiver(o);
}

static const char *
check_listen(const struct conf *c, const void *item)
{
	const struct conf_listen *l = item;
	struct addr a;
	uint16_t port;
	const char *path;
	(void)c;
	if (!conf_endpoint(l->address, &a, &port, &path))
		return "found no address, expected one like \"[::]:6514\", \"192.0.2.1:6514\" or "
		       "\"unix:/path\"";
	if (path && l->protocol == PROTOCOL_SYSLOG_UDP)
		return "found syslog-udp on a unix socket, expected ADDRESS:PORT";
	if (path && l->sender.n == 0)
		return "found a unix socket without sender, expected the name of one of feed.senders";
	if (!path && l->sender.n)
		return "found sender, expected it with a unix socket only: elsewhere certificate, address or "
		       "token tell";
	if (path)
		return l->certificate.n ? "found certificate, expected no TLS on a unix socket" : NULL;
	if (l->protocol == PROTOCOL_SYSLOG_UDP && !l->plain)
		return "found syslog-udp, expected plain: true with it (UDP has no TLS, anybody can forge "
		       "its sender)";
	if (l->plain)
		return l->certificate.n ? "found plain: true and certificate, expected one of them" : NULL;
	if (l->certificate.n == 0 || l->key.n == 0)
		return "found a listener without certificate and key, expected both (or plain: true: no TLS)";
	if (l->mutual && l->client_ca.n == 0)
		return "found no client_ca, expected the CA of the senders' certificates (or mutual: false)";
	return NULL;
}

static const char *
check_follow(const struct conf *c, const void *item)
{
	const struct conf_follow *f = item;
	if (f->path.n == 0 || f->computer.n == 0)
		return "found a followed file without path and computer, expected both";
	for (const struct conf_follow *other = c->follow; other && other < f; other++)
		if (bytes_eq(other->path, f->path))
			return "found the path of an earlier followed file, expected paths that differ";
	return NULL;
}

static const char *
check_sender(const struct conf *c, const void *item)
{
	const struct conf_sender *s = item;
	if (s->name.n == 0)
		return "found a sender without name, expected one";
	if (s->ncomputer == 0)
		return "found a sender without computers, expected the names it may speak for (\"*\": any)";
	for (const struct conf_sender *other = c->sender; other && other < s; other++)
		if (bytes_eq(other->name, s->name))
			return "found the name of an earlier sender, expected names that differ";
	return NULL;
}

/* "T1557" or "T1557.003", separated by blanks. */
static bool
is_attack(struct bytes t)
{
	struct cursor c = cur_init(t, t.n);
	while (cur_more(&c)) {
		size_t digits = 0;
		if (cur_u8(&c) != 'T')
			return false;
		for (uint8_t b; cur_more(&c) && (b = cur_u8(&c)) != ' '; digits++)
			if (digits == 4 ? b != '.' : b < '0' || b > '9')
				return false;
		if (digits != 4 && digits != 8)
			return false;
	}
	return true;
}

static const char *
check_rule(const struct conf *c, const void *item)
{
	const struct site_rule *r = item;
	if (!site_id_good(r->id))
		return "found a rule without an id like SITE-7, expected `SITE-` and letters, digits or "
		       "dashes";
	if (site_rule_named(c->rule, c->nrule - 1, r->id))
		return "found the id of an earlier rule, expected ids that differ";
	if (c->nrule > SITE_RULES)
		return "found more than 256 rules, expected fewer";
	if (r->on == NULL)
		return "found a rule without `on`, expected the protocol that it is about, like dhcpv4";
	if (r->nwhere == 0)
		return "found a rule without `where`, expected at least one predicate";
	for (size_t i = 0; i < r->nwhere; i++)
		if (r->where[i].by && r->where[i].by != r->on)
			return "found a field of another protocol in `where`, expected fields of the one "
			       "that `on` names";
	return is_attack(r->attack) ? NULL
				    : "found an attack that is no technique, expected ids like T1557.003";
}

static const char *
check_mute(const struct conf *c, const void *item)
{
	const struct conf_mute *m = item;
	struct mute none;
	if (m->detection.n == 0 && !m->has_mac && m->segment.n == 0)
		return "found a mute without detection, actor and segment, expected at least one of them";
	if (m->detection.n && !site_id_good(m->detection) &&
	    !mute_detection(&none, c->rule, c->nrule, m->detection))
		return "found an unknown detection, expected one of --list-detectors or the id of a site "
		       "rule";
	if (m->until == 0)
		return "found a mute without until, expected when it ends, like 2026-12-24T00:00:00Z";
	return m->reason.n ? NULL : "found a mute without reason, expected why nobody shall hear of it";
}

static const char *
check_control(const struct conf *c, const void *item)
{
	size_t n = c->control_mode.n;
	(void)item;
	for (size_t i = 0; i < n; i++)
		if (c->control_mode.p[i] < '0' || c->control_mode.p[i] > '7' || n > 4)
			return "found a mode that is none, expected octal digits like \"0660\"";
	return NULL;
}

static const char *
check_metrics(const struct conf *c, const void *item)
{
	struct addr a;
	uint16_t port;
	const char *path;
	(void)item;
	if (c->metrics_listen.n && (!conf_endpoint(c->metrics_listen, &a, &port, &path) || path))
		return "found no address in listen, expected one like \"127.0.0.1:9669\"";
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

static const struct conf_node change[] = {
	{ "from", K_WHEN, AT(struct auth_change, from),
	  .help = "when the work begins, like 2026-11-20T22:00:00+01:00" },
	{ "to", K_WHEN, AT(struct auth_change, to), .help = "when it is over" },
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
	{ "vdi_templates", K_TEXTS, LIST(struct auth_site, vdi_templates, nvdi_templates, struct bytes),
	  .max = 4 * HOST_LENGTH,
	  .help = "virtual desktops cloned from a template, which take leases and sleep: what they ask for "
		  "in "
		  "DHCP option 55 like \"1,3,6,15\", or their vendor class (option 60)" },
	{ "changes", K_LIST, LIST(struct auth_site, changes, nchanges, struct auth_change),
	  DECLARED(struct auth_site, changes_declared), SUB(change), .check = check_change,
	  .help = "planned work: what servers tell of their own services then is explained by it" },
	{ "hosts", K_LIST, LIST(struct auth_site, hosts, nhosts, struct auth_host), SUB(host),
	  .check = check_host, .help = "inventory: which computer has which MAC and addresses" },
};

static const struct name output_types[] = {
	{ OUT_STDOUT, "stdout" }, { OUT_FILE, "file" }, { OUT_SYSLOG, "syslog" }, { 0, NULL }
};
static const struct name transports[] = {
	{ TRANSPORT_UDP, "udp" }, { TRANSPORT_TCP, "tcp" }, { TRANSPORT_TLS, "tls" }, { 0, NULL }
};
static const struct name formats[] = {
	{ FORMAT_JSON, "rfc5424" }, { FORMAT_CEF, "cef" }, { FORMAT_OCSF, "ocsf" }, { 0, NULL }
};

static const struct conf_node output[] = {
	{ "type", K_ENUM, AT(struct conf_output, type), .names = output_types, .def = "stdout",
	  .help = "where lines go" },
	{ "path", K_TEXT, AT(struct conf_output, path), .max = PATH_LENGTH,
	  .help = "of a file: JSON lines are appended" },
	{ "host", K_TEXT, AT(struct conf_output, host), .max = HOST_LENGTH,
	  .help = "of a syslog receiver: name or address" },
	{ "hosts", K_TEXTS, LIST(struct conf_output, hosts, nhosts, struct bytes), .max = HOST_LENGTH,
	  .help = "instead of host, several: \"log1\", \"log1:6514\" or \"[2001:db8::1]:6514\"; the first "
		  "that "
		  "can be "
		  "reached gets the lines" },
	{ "port", K_U32, AT(struct conf_output, port), .max = UINT16_MAX, .def = "0",
	  .help = "its port; 0: 514, with tls 6514" },
	{ "transport", K_ENUM, AT(struct conf_output, transport), .names = transports, .def = "udp",
	  .help = "udp: short form, one datagram; tcp: octet-counted (RFC 6587), with the whole record; tls: "
		  "RFC 5425" },
	{ "format", K_ENUM, AT(struct conf_output, format), .names = formats, .def = "rfc5424",
	  .help = "rfc5424: the JSON record; cef: ArcSight CEF; ocsf: Detection Finding (class 2004). In a "
		  "file these alone, to a syslog receiver as message of RFC 5424" },
	{ "ca", K_TEXT, AT(struct conf_output, ca), .max = PATH_LENGTH,
	  .help = "tls: PEM file, who signs the receivers' certificates; absent: whom this system trusts" },
	{ "name", K_TEXT, AT(struct conf_output, name), .max = HOST_LENGTH,
	  .help = "tls: the DNS name in their certificates; absent: the host as it stands here" },
	{ "certificate", K_TEXT, AT(struct conf_output, certificate), .max = PATH_LENGTH,
	  .help = "tls: PEM file, the sensor's own certificate, the chain behind it" },
	{ "key", K_TEXT, AT(struct conf_output, key), .max = PATH_LENGTH,
	  .help = "tls: its private key, PEM file" },
	{ "spool", K_TEXT, AT(struct conf_output, spool), .max = PATH_LENGTH,
	  .help = "tcp and tls: file in which lines wait for a receiver, over restarts too; absent: 1 MiB of "
		  "memory" },
	{ "spool_mib", K_U32, AT(struct conf_output, spool_mib), .min = 1, .max = 65536, .def = "64",
	  .help = "its size, MiB, taken at start; when it is full the oldest lines go, and that is told" },
	{ "rate", K_U32, AT(struct conf_output, rate), .max = 1000000, .def = "0",
	  .help = "lines a second that a syslog receiver gets at most; 0: no limit" },
};

static const struct name severities[] = { { SEV_INFO, "info" },		{ SEV_LOW, "low" },
					  { SEV_MEDIUM, "medium" },	{ SEV_HIGH, "high" },
					  { SEV_CRITICAL, "critical" }, { 0, NULL } };

static const struct conf_node rule[] = {
	{ "id", K_NAME, AT(struct site_rule, id), .max = SITE_ID_MAX,
	  .help = "SITE- and what you like; stays the same for ever" },
	{ "on", K_PROTO, AT(struct site_rule, on),
	  .help = "the protocol whose messages it is asked of, as in --list-fields" },
	{ "where", K_WHERE, LIST(struct site_rule, where, nwhere, struct where_pred),
	  .help = "predicates that must all hold: [field, operator, value or list of values]. Operators: eq, "
		  "ne, in, not-in, "
		  "lt, gt, prefix (an address in a network), contains, exists, absent. Of a list any item "
		  "will do; an absent "
		  "field fulfils absent only; texts without regard to case" },
	{ "severity", K_ENUM, AT(struct site_rule, severity), .names = severities, .def = "medium",
	  .help = "of its incidents, whose verdict is suspected" },
	{ "title", K_TEXT, AT(struct site_rule, title), .max = SITE_TITLE_MAX,
	  .help = "what an incident says of it" },
	{ "attack", K_TEXT, AT(struct site_rule, attack), .max = SITE_TITLE_MAX,
	  .help = "ATT&CK techniques, separated by blanks" },
};

static const struct name verdicts[] = {
	{ V_SUSPECTED, "suspected" }, { V_PROBABLE, "probable" }, { V_CONFIRMED, "confirmed" }, { 0, NULL }
};

static const struct conf_node mute[] = {
	{ "detection", K_NAME, AT(struct conf_mute, detection), .max = SITE_ID_MAX,
	  .help = "the key `detection` of the incidents, or the id of a site rule; absent: every one" },
	{ "actor", K_MAC, AT(struct conf_mute, mac), DECLARED(struct conf_mute, has_mac),
	  .help = "MAC address of who does it; absent: everybody" },
	{ "segment", K_TEXT, AT(struct conf_mute, segment), .max = MUTE_SEGMENT - 1,
	  .help = "where, `*` for any text; absent: everywhere" },
	{ "verdict", K_ENUM, AT(struct conf_mute, verdict), .names = verdicts, .def = "probable",
	  .help = "the highest that it covers: an incident that rises above it is told, and from then on "
		  "heard to its end" },
	{ "until", K_WHEN, AT(struct conf_mute, until),
	  .help = "required: when it ends, in the time of packets" },
	{ "reason", K_TEXT, AT(struct conf_mute, reason), .max = MUTE_REASON - 1,
	  .help = "required: for who comes after you" },
};

static const struct conf_node sensor[] = {
	{ "name", K_NAME, AT(struct conf, sensor), .max = HOST_LENGTH,
	  .help = "the sensor's name in every record; absent: `replay`, live the host's name" },
};
static const struct name protocols[] = { { PROTOCOL_STREAM, "stream" },
					 { PROTOCOL_LUMBERJACK, "lumberjack" },
					 { PROTOCOL_HTTP, "http" },
					 { PROTOCOL_SYSLOG_UDP, "syslog-udp" },
					 { 0, NULL } };

static const struct conf_node listen_nodes[] = {
	{ "address", K_TEXT, AT(struct conf_listen, address), .max = PATH_LENGTH,
	  .help = "\"[::]:6514\" (IPv4 too), \"192.0.2.1:6514\" or \"unix:/path\"" },
	{ "protocol", K_ENUM, AT(struct conf_listen, protocol), .names = protocols, .def = "stream",
	  .help = "stream: syslog, newline or octet-counted; lumberjack: Beats; http: POST" },
	{ "plain", K_BOOL, AT(struct conf_listen, plain), .def = "false",
	  .help = "no TLS: anybody on the way reads and forges" },
	{ "mutual", K_BOOL, AT(struct conf_listen, mutual), .def = "true",
	  .help = "a sender must show a certificate of client_ca" },
	{ "certificate", K_TEXT, AT(struct conf_listen, certificate), .max = PATH_LENGTH,
	  .help = "PEM file, the chain behind it" },
	{ "key", K_TEXT, AT(struct conf_listen, key), .max = PATH_LENGTH,
	  .help = "its private key, PEM file" },
	{ "client_ca", K_TEXT, AT(struct conf_listen, client_ca), .max = PATH_LENGTH,
	  .help = "PEM file: who signs the senders' certificates" },
	{ "sender", K_TEXT, AT(struct conf_listen, sender), .max = HOST_LENGTH,
	  .help = "of a unix socket: which of feed.senders speaks there" },
};

static const struct conf_node follow_nodes[] = {
	{ "path", K_TEXT, AT(struct conf_follow, path), .max = PATH_LENGTH,
	  .help = "read from its beginning, then as it grows, is renamed or begun again" },
	{ "computer", K_TEXT, AT(struct conf_follow, computer), .max = HOST_LENGTH,
	  .help = "whose events these are: audit logs do not say" },
};

static const struct conf_node sender_nodes[] = {
	{ "name", K_NAME, AT(struct conf_sender, name), .max = HOST_LENGTH,
	  .help = "in messages and counters" },
	{ "certificate", K_TEXT, AT(struct conf_sender, certificate), .max = HOST_LENGTH,
	  .help = "DNS name or, without any, common name of its certificate; \".corp.lab\": any that ends "
		  "so" },
	{ "address", K_PREFIXES, LIST(struct conf_sender, address, naddress, struct prefix),
	  .help = "it speaks from these addresses or networks" },
	{ "token", K_TEXT, AT(struct conf_sender, token), .max = HOST_LENGTH,
	  .help = "it shows this as HTTP Authorization" },
	{ "computers", K_TEXTS, LIST(struct conf_sender, computer, ncomputer, struct bytes),
	  .max = HOST_LENGTH,
	  .help = "whose events it may bring: names, \".corp.lab\" for all that end so, \"*\" for any" },
};

static const struct conf_node feed[] = {
	{ "synced", K_BOOL, AT(struct conf, feed_synced), .def = "false",
	  .help = "the hosts' clocks are NTP-synchronised: two seconds of tolerance instead of a learned or "
		  "large one" },
	{ "zone", K_ZONE, .change = CHANGE_START, AT(struct conf, feed_zone),
	  .help = "offset from UTC of event times that say none (NXLog CE, Snare, DHCP audit logs), like "
		  "+01:00; "
		  "absent: UTC, and each such event says that its zone is lost" },
	{ "event_window", K_TIME, AT(struct conf, event_window), .min = 60, .max = 86400, .def = "2h",
	  .help = "how long packets and host events wait for each other" },
	{ "listen", K_LIST, .change = CHANGE_EDGE, LIST(struct conf, listen, nlisten, struct conf_listen),
	  SUB(listen_nodes), .check = check_listen, .help = "live: sockets that host events come in on" },
	{ "follow", K_LIST, .change = CHANGE_EDGE, LIST(struct conf, follow, nfollow, struct conf_follow),
	  SUB(follow_nodes), .check = check_follow,
	  .help = "live: files that grow, DHCP server audit logs among them" },
	{ "senders", K_LIST, .change = CHANGE_EDGE, LIST(struct conf, sender, nsender, struct conf_sender),
	  SUB(sender_nodes), .check = check_sender,
	  .help = "who may send; the first that agrees in everything it states; nobody else is heard" },
	{ "connections", K_U32, .change = CHANGE_EDGE, AT(struct conf, connections), .min = 8, .max = 65536,
	  .def = "1024", .help = "of all senders at once" },
	{ "sender_connections", K_U32, .change = CHANGE_EDGE, AT(struct conf, sender_connections), .min = 1,
	  .max = 65536, .def = "256", .help = "of one sender at once" },
	{ "idle", K_TIME, .change = CHANGE_EDGE, AT(struct conf, feed_idle), .min = 1, .max = 86400,
	  .def = "1h", .help = "a connection that says nothing for so long is closed" },
	{ "silent_after", K_TIME, AT(struct conf, feed_silent), .min = 1, .max = 604800, .def = "10m",
	  .help = "a sender is told as silent after three of its usual intervals, at the earliest after "
		  "this" },
};
static const struct conf_node state[] = {
	{ "snapshot", K_TEXT, .change = CHANGE_START, AT(struct conf, state), .max = PATH_LENGTH,
	  .help = "file in which what was learned, and the open incidents, outlive a restart; absent: "
		  "nothing does" },
	{ "every", K_TIME, AT(struct conf, state_every), .min = 10, .max = 86400, .def = "5m",
	  .help = "how often it is written live" },
};
static const struct conf_node limits[] = {
	{ "hosts", K_U32, AT(struct conf, hosts), .min = 64, .max = 1048576, .def = "65536",
	  .help = "hosts tracked" },
	{ "leases", K_U32, AT(struct conf, leases), .min = 64, .max = 1048576, .def = "65536",
	  .help = "DHCPv4 clients and leases tracked, at most as many as hosts" },
	{ "events", K_U32, AT(struct conf, events), .min = 64, .max = 262144, .def = "16384",
	  .help = "host events kept for joining" },
	{ "datagrams", K_U32, .change = CHANGE_START, AT(struct conf, datagrams), .min = 16, .max = 4096,
	  .def = "256", .help = "fragmented datagrams reassembled at once, 64 KiB each" },
};
static const struct conf_node capture[] = {
	{ "snaplen", K_U32, AT(struct conf, snaplen), .min = 128, .max = 262144, .def = "65535",
	  .help = "bytes of a frame that are captured" },
	{ "buffer_mib", K_U32, AT(struct conf, buffer_mib), .min = 1, .max = 1024, .def = "16",
	  .help = "kernel buffer of an interface, MiB" },
	{ "timeout_ms", K_U32, AT(struct conf, timeout_ms), .min = 1, .max = 1000, .def = "20",
	  .help = "frames are handed over in blocks of 256 KiB, full or after so many milliseconds; four "
		  "times buffer_mib of these is how long the sensor may be held up without loss" },
	{ "immediate", K_BOOL, AT(struct conf, immediate), .def = "false",
	  .help = "hand over each frame at once. The buffer then has a slot for each, as large as the "
		  "longest "
		  "frame: switch off what joins segments (ethtool -K IFACE gro off gso off tso off lro off), "
		  "else a slot takes snaplen bytes and few fit" },
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

static const struct conf_node evidence_nodes[] = {
	{ "folder", K_TEXT, AT(struct conf, evidence_folder), .max = 4000,
	  .help = "folder for a pcapng file of each incident told as an alert, called by its id: the frames "
		  "that its facts list, the record as comment; absent: none" },
	{ "mib", K_U32, AT(struct conf, evidence_mib), .min = 1, .max = 1048576, .def = "256",
	  .help = "all its files, MiB; the one written longest ago goes first" },
	{ "age", K_TIME, AT(struct conf, evidence_age), .max = 315360000, .def = "30d",
	  .help = "a file goes so long after it was written last; 0: never" },
	{ "memory_mib", K_U32, AT(struct conf, evidence_memory_mib), .min = 2, .max = 4096, .def = "16",
	  .help = "memory for frames, MiB, half for those observed lately and half for those of facts; a "
		  "record says how many of its frames were overwritten before" },
};
static const struct conf_node control_nodes[] = {
	{ "socket", K_TEXT, AT(struct conf, control_socket), .max = 107,
	  .help = "unix socket for crosstapctl, like /run/crosstap/control; absent: none. Whoever may write "
		  "to it may ask, mute and reload" },
	{ "mode", K_TEXT, AT(struct conf, control_mode), .max = 4, .def = "0660",
	  .help = "its mode, in quotes; its group is the sensor's" },
};
static const struct conf_node metrics_nodes[] = {
	{ "listen", K_TEXT, AT(struct conf, metrics_listen), .max = HOST_LENGTH,
	  .help = "\"127.0.0.1:9669\": OpenMetrics at /metrics, for everybody who reaches it; absent: "
		  "none" },
};

static const struct conf_node top[] = {
	{ "sensor", K_MAP, SUB(sensor), .help = "this sensor" },
	{ "authority", K_LIST, LIST(struct conf, authority.site, authority.nsite, struct auth_site),
	  SUB(site), .check = check_site,
	  .help = "what is supposed to be there, a list of sites; an absent list is unknown, [] is none" },
	{ "rules", K_LIST, LIST(struct conf, rule, nrule, struct site_rule), SUB(rule), .check = check_rule,
	  .help = "rules of this site over the fields of messages" },
	{ "mutes", K_LIST, LIST(struct conf, mute, nmute, struct conf_mute), SUB(mute), .check = check_mute,
	  .help = "what nobody wants to hear of for a while: such an incident is judged and counted, stands "
		  "in the JSON lines "
		  "once, as `incident` with `muted`, and nowhere else" },
	{ "feed", K_MAP, SUB(feed), .help = "host events" },
	{ "output", K_LIST, LIST(struct conf, output, noutput, struct conf_output), SUB(output),
	  .check = check_output, .help = "where incidents go; none: standard output" },
	{ "syslog", K_MAP, SUB(syslog_nodes), .help = "all syslog outputs" },
	{ "capture", K_MAP, .change = CHANGE_START, SUB(capture), .help = "live capture" },
	{ "state", K_MAP, SUB(state), .help = "what outlives a restart of a live sensor" },
	{ "evidence", K_MAP, .change = CHANGE_START, SUB(evidence_nodes),
	  .help = "the frames behind an incident" },
	{ "control", K_MAP, .change = CHANGE_EDGE, SUB(control_nodes), .check = check_control,
	  .help = "what crosstapctl talks to, live" },
	{ "metrics", K_MAP, .change = CHANGE_EDGE, SUB(metrics_nodes), .check = check_metrics,
	  .help = "counters for Prometheus, live" },
	{ "limits", K_MAP, SUB(limits), .help = "memory: all of it is taken at start" },
};

const struct conf_node conf_root = { .kind = K_MAP, SUB(top) };
