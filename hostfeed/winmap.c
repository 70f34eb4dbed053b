/* One row per Windows event: what it is called, which fields its manifest declares, in order, and where each goes.
 * Beside each row: what the typed slots mean there; everything else stays in `fields`.  Classic events have unnamed
 * data, called param1.. here; a manifest's event that arrives with unnamed data gets its names by position. */
#include "decode.h"
#include "text.h"

enum slot {
	S_NONE, /* kept as a field only */
	S_NO_ADDR,
	S_NO_CODE, /* the same, but it is an address or a code: in a message it may be taken for another field's */
	S_ADDR,	  /* addr: text, a u32 in memory order as decimal number, or 4 or 16 bytes in hex */
	S_PEER,	  /* peer: the same */
	S_ROUTER, /* router: the same; text that is no address goes to name */
	S_SOCK,	  /* addr: text, or a sockaddr or address in hex */
	S_ADDRS,  /* addr and more: every address of a list; v4-mapped ones as IPv4 */
	S_PEERS,  /* peer and more: every address of free text */
	S_SCOPE, /* addr: the first address in the text (a subnet, a prefix); name: a text that is more than it */
	S_HOST,	  /* peer where it is an address, else name */
	S_TUNNEL, /* addr: as given; more: the IPv4 that an ISATAP or 6to4 address embeds */
	S_MAC,
	S_DUID, /* duid: its bytes in hex */
	S_NAME,
	S_IFACE,
	S_ERROR,
	S_PERCENT,
	S_LEFT,
	S_FLAG1,
	S_FLAG2,
	S_ERROR_M, /* error; the event's id says flag1, which its fields leave out */
	S_ERROR_O, /* error; the same for flag2 */
	S_COID,	   /* coid: the part in braces */
	S_SHA1,
	S_SHA256,
	S_NTLM, /* flag1: the authentication package is NTLM's */
	S_WAS,	/* was, is: a time (RFC 3339) */
	S_IS,
	S_DIALLED, /* name, or peer where it is an address: what follows the first "=" of the device's text */
};

struct field_row {
	const char *name;
	uint8_t slot;
};

struct event_row {
	struct winmap_row row;
	const struct field_row *fields; /* ends with a NULL name */
};

static const char iphlpsvc[] = "Microsoft-Windows-Iphlpsvc", dhcp_server[] = "Microsoft-Windows-DHCP-Server",
		  ras_sstp[] = "Microsoft-Windows-RasSstp", dhcp_client[] = "Microsoft-Windows-Dhcp-Client",
		  dhcp6_client[] = "Microsoft-Windows-DHCPv6-Client",
		  dns_client[] = "Microsoft-Windows-DNS-Client", ras_client[] = "RasClient",
		  remote_access[] = "RemoteAccess", security[] = "Microsoft-Windows-Security-Auditing",
		  tcpip[] = "Tcpip", audit4[] = "DHCP-Server-AuditLog-v4",
		  audit6[] = "DHCP-Server-AuditLog-v6", kernel_general[] = "Microsoft-Windows-Kernel-General",
		  time_service[] = "Microsoft-Windows-Time-Service",
		  network_profile[] = "Microsoft-Windows-NetworkProfile", ndis[] = "Microsoft-Windows-NDIS",
		  eventlog[] = "Microsoft-Windows-Eventlog", eventlog_classic[] = "EventLog";

/* Names as feeds write them, and the manifest's.  The first twelve have events with rows; the others tell of clocks and
 * lost logs. */
static const struct provider_row {
	const char *seen, *manifest;
} providers[] = {
	{ iphlpsvc, iphlpsvc },
	{ dhcp_server, dhcp_server },
	{ ras_sstp, ras_sstp },
	{ dhcp_client, dhcp_client },
	{ dhcp6_client, dhcp6_client },
	{ dns_client, dns_client },
	{ ras_client, ras_client },
	{ remote_access, remote_access },
	{ security, security },
	{ tcpip, tcpip },
	{ audit4, audit4 },
	{ audit6, audit6 },
	{ "DhcpServer", dhcp_server }, /* classic sources, also the manifest's eventSourceName */
	{ "RasSstp", ras_sstp },
	{ "Dhcp", dhcp_client },
	{ "Dhcpv6", dhcp6_client },
	{ kernel_general, kernel_general },
	{ time_service, time_service },
	{ network_profile, network_profile },
	{ ndis, ndis },
	{ eventlog, eventlog },
	{ eventlog_classic, eventlog_classic },
};

/* clang-format off */
#define END_FIELDS { NULL, S_NONE }
#define NO_FIELDS  (const struct field_row[]){ END_FIELDS }
#define ROW(provider, id, kind, ...) \
	{ { provider, id, kind }, (const struct field_row[]){ __VA_ARGS__, END_FIELDS } }
/* Shared by many rows of one provider. */
#define COID_TEXT  { "CoId", S_COID }, { "ErrorMessage", S_NONE }
#define TEXT_ONLY  { "ErrorMessage", S_NONE }
#define IF_STATUS  { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR }
#define HW_STATUS  { "HWLength", S_NONE }, { "HWAddress", S_MAC }, { "StatusCode", S_ERROR }
#define AUDIT_HEAD { "ID", S_NONE }, { "Date", S_NONE }, { "Time", S_NONE }, { "Description", S_NONE }
#define AUDIT4(at) \
	AUDIT_HEAD, { "IP Address", at }, { "Host Name", S_NAME }, { "MAC Address", S_MAC }, { "User Name", S_NONE }, \
		{ "TransactionID", S_NONE }, { "QResult", S_NONE }, { "Probationtime", S_NONE }, \
		{ "CorrelationID", S_NONE }, { "Dhcid", S_NONE }, { "VendorClass(Hex)", S_NONE }, \
		{ "VendorClass(ASCII)", S_NONE }, { "UserClass(Hex)", S_NONE }, { "UserClass(ASCII)", S_NONE }, \
		{ "RelayAgentInformation", S_NONE }, { "DnsRegError", S_NONE }
#define AUDIT6 \
	AUDIT_HEAD, { "IPv6 Address", S_ADDR }, { "Host Name", S_NAME }, { "Error Code", S_ERROR }, \
		{ "Duid Length", S_NONE }, { "Duid Bytes(Hex)", S_DUID }, { "User Name", S_NONE }, { "Dhcid", S_NONE }, \
		{ "Subnet Prefix", S_NONE }
/* 11009 is about a subnet, which either column may hold. */
#define AUDIT6_SCOPE \
	AUDIT_HEAD, { "IPv6 Address", S_ADDR }, { "Host Name", S_NAME }, { "Error Code", S_ERROR }, \
		{ "Duid Length", S_NONE }, { "Duid Bytes(Hex)", S_DUID }, { "User Name", S_NONE }, { "Dhcid", S_NONE }, \
		{ "Subnet Prefix", S_SCOPE }
#define DNS_SERVER { "QueryName", S_NAME }, { "AddressLength", S_NONE }, { "Address", S_SOCK }
/* clang-format on */

static const struct event_row events[] = {
	/* Iphlpsvc */
	{ { iphlpsvc, 4000, HE_TEREDO_SERVER_UP }, NO_FIELDS },
	ROW(iphlpsvc, 4001, HE_TEREDO_SERVER_FAILED, { "ErrorCode", S_ERROR },
	    { "TeredoReasonCode", S_NONE }),
	/* addr: the host's primary IPv4, which the field called Interface holds */
	ROW(iphlpsvc, 4002, HE_PRIMARY_IPV4_INVALID, { "Interface", S_ADDR }, { "ErrorCode", S_ERROR }),
	/* name: the Teredo server's */
	ROW(iphlpsvc, 4003, HE_TEREDO_NAME_INVALID, { "ServerName", S_NAME }, { "ErrorCode", S_ERROR }),
	ROW(iphlpsvc, 4004, HE_TEREDO_INIT_FAILED, { "ErrorCode", S_ERROR }),
	{ { iphlpsvc, 4005, HE_TEREDO_SERVER_STOPPED }, NO_FIELDS },
	/* router: where the host will tunnel to */
	ROW(iphlpsvc, 4100, HE_ISATAP_ROUTER, { "IsatapRouter", S_ROUTER }, { "ErrorCode", S_ERROR }),
	/* addr: the tunnel interface's IPv6; more: the IPv4 inside */
	ROW(iphlpsvc, 4200, HE_TUNNEL_UP, { "ProtocolType", S_NONE }, { "Interface", S_IFACE },
	    { "Address", S_TUNNEL }),
	ROW(iphlpsvc, 4201, HE_TUNNEL_DOWN, { "ProtocolType", S_NONE }, { "Interface", S_IFACE }),
	ROW(iphlpsvc, 4202, HE_ADDRESS_UPDATE_FAILED, { "ProtocolType", S_NONE }, { "Interface", S_IFACE },
	    { "UpdateType", S_NONE }, { "ErrorCode", S_ERROR }),
	/* name: the URL */
	ROW(iphlpsvc, 4300, HE_IPHTTPS_UP, { "ServerUrl", S_NAME }),
	{ { iphlpsvc, 4301, HE_IPHTTPS_STOPPED }, NO_FIELDS },
	ROW(iphlpsvc, 4302, HE_IPHTTPS_FAILED, { "ErrorCode", S_ERROR }, { "IpHTTPSReasonCode", S_NONE }),
	/* name: the client; addr and peer: one is its outer address, one the inner: their labels are not trusted */
	ROW(iphlpsvc, 4303, HE_IPHTTPS_BOUND, { "ClientMachineName", S_NAME }, { "TunnelSourceIP", S_ADDR },
	    { "RemoteIP", S_PEER }),
	ROW(iphlpsvc, 4304, HE_IPHTTPS_UNBOUND, { "ClientMachineName", S_NAME }, { "TunnelSourceIP", S_ADDR },
	    { "RemoteIP", S_PEER }),
	/* addr: the client that asked; name: for what; peer: the IPv4 that was the answer */
	ROW(iphlpsvc, 4400, HE_DNS64_NO_PREFIX, { "AddrLength", S_NONE }, { "ClientIP", S_SOCK },
	    { "QuestionName", S_NAME }, { "TranslatedIPv4Address", S_PEER }),
	ROW(iphlpsvc, 4500, HE_DA_SITE_ADDED, { "SiteName", S_NAME }),
	ROW(iphlpsvc, 4501, HE_DA_SITE_REMOVED, { "SiteName", S_NAME }),

	/* RasSstp; coid joins client and server events; name: URL or certificate; error: the HTTP code of 4 */
	ROW(ras_sstp, 1, HE_SSTP_NOT_SENT, COID_TEXT),
	ROW(ras_sstp, 2, HE_SSTP, COID_TEXT),
	ROW(ras_sstp, 3, HE_SSTP, { "CoId", S_COID }, { "__binLength", S_NONE }, { "binary", S_NONE }),
	ROW(ras_sstp, 4, HE_SSTP, { "CoId", S_COID }, { "HTTPResponseCode", S_ERROR }),
	ROW(ras_sstp, 5, HE_SSTP, COID_TEXT),
	/* sha1, sha256: of the certificate the client saw */
	ROW(ras_sstp, 6, HE_SSTP_CERT_MISMATCH, { "CoId", S_COID }, { "SHA1CertificateHash", S_SHA1 },
	    { "SHA256CertificateHash", S_SHA256 }),
	ROW(ras_sstp, 7, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 8, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 9, HE_SSTP, { "Url", S_NAME }, { "ErrorMessage", S_NONE }),
	ROW(ras_sstp, 10, HE_SSTP, { "Url", S_NAME }, { "ErrorMessage", S_NONE }),
	{ { ras_sstp, 11, HE_SSTP }, NO_FIELDS },
	ROW(ras_sstp, 12, HE_SSTP, { "ErrorMessage", S_NONE }, { "CertificateName", S_NAME }),
	ROW(ras_sstp, 13, HE_SSTP, { "ErrorMessage", S_NONE }, { "CertificateName", S_NAME }),
	ROW(ras_sstp, 14, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 15, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 16, HE_SSTP, COID_TEXT),
	ROW(ras_sstp, 17, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 18, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 19, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 20, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 21, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 22, HE_SSTP, TEXT_ONLY),
	ROW(ras_sstp, 23, HE_SSTP, COID_TEXT),
	{ { ras_sstp, 24, HE_SSTP }, NO_FIELDS },
	{ { ras_sstp, 25, HE_SSTP }, NO_FIELDS },
	/* configured hash in param1, bound hash in param2: either may be SHA-1 or SHA-256, so both stay fields */
	ROW(ras_sstp, 32, HE_SSTP, { "param1", S_NONE }, { "param2", S_NONE }),
	ROW(ras_sstp, 33, HE_SSTP, COID_TEXT),

	/* DHCP-Server; addr: scope, or what the client has; peer and more: other servers; name: domain, scope, host */
	ROW(dhcp_server, 1020, HE_SCOPE_LOW, { "param1", S_SCOPE }, { "param2", S_PERCENT },
	    { "param3", S_LEFT }),
	ROW(dhcp_server, 1042, HE_DHCP_SERVER_SEEN, { "param1", S_PEERS }),
	{ { dhcp_server, 1045, HE_DHCP_STOPPED_WORKGROUP }, NO_FIELDS },
	ROW(dhcp_server, 1046, HE_DHCP_STOPPED_DOMAIN, { "param1", S_NONE }, { "param2", S_NAME }),
	ROW(dhcp_server, 1051, HE_DHCP_NOT_AUTHORISED, { "param1", S_NONE }, { "param2", S_NAME }),
	ROW(dhcp_server, 1052, HE_WORKGROUP_SAW_DOMAIN, { "param1", S_PEERS }, { "param2", S_NAME }),
	ROW(dhcp_server, 1053, HE_DOMAIN_SAW_SERVER, { "param1", S_PEERS }, { "param2", S_NAME }),
	{ { dhcp_server, 1059, HE_DHCP_NO_DIRECTORY }, NO_FIELDS },
	ROW(dhcp_server, 1063, HE_SCOPE_FULL, { "param1", S_SCOPE }),
	{ { dhcp_server, 1338, HE_DELAYED_OFFER_QUEUE }, NO_FIELDS },
	ROW(dhcp_server, 20255, HE_FAILOVER_LOST, { "param1", S_HOST }, { "param2", S_NONE }),
	ROW(dhcp_server, 20256, HE_FAILOVER_DIGEST, { "param1", S_HOST }, { "param2", S_NONE }),
	ROW(dhcp_server, 1011, HE_DHCP_CLIENT, { "param1", S_ADDR }, { "param2", S_MAC }),
	ROW(dhcp_server, 1012, HE_DHCP_CLIENT, { "param1", S_ADDR }, { "param2", S_MAC }),
	ROW(dhcp_server, 1013, HE_DHCP_CLIENT, { "param1", S_ADDR }, { "param2", S_MAC }),
	{ { dhcp_server, 1043, HE_DHCP_CONFIG }, NO_FIELDS },
	ROW(dhcp_server, 1044, HE_DHCP_CONFIG, { "param1", S_NONE }, { "param2", S_NAME }),
	{ { dhcp_server, 1339, HE_DELAYED_OFFER_QUEUE_OK }, NO_FIELDS },
	ROW(dhcp_server, 1341, HE_SCOPE_FULL, { "param1", S_NONE }, { "param2", S_SCOPE }),
	ROW(dhcp_server, 1342, HE_SCOPE_FULL, { "param1", S_SCOPE }),
	ROW(dhcp_server, 1343, HE_SCOPE_LOW, { "param1", S_SCOPE }, { "param2", S_NONE },
	    { "param3", S_NONE }, { "param4", S_NONE }),
	ROW(dhcp_server, 1376, HE_SCOPE_LOW, { "param1", S_SCOPE }, { "param2", S_NONE },
	    { "param3", S_NONE }),
	ROW(dhcp_server, 1377, HE_SCOPE_LOW, { "param1", S_SCOPE }, { "param2", S_NONE },
	    { "param3", S_NONE }, { "param4", S_NONE }),
	ROW(dhcp_server, 10003, HE_SCOPE6_LOW, { "param1", S_SCOPE }),
	ROW(dhcp_server, 10005, HE_SCOPE6_LOW, { "param1", S_SCOPE }, { "param2", S_NONE },
	    { "param3", S_NONE }),
	{ { dhcp_server, 10009, HE_SCOPE6_REQUEST_OTHER_SERVER }, NO_FIELDS },
	ROW(dhcp_server, 20096, HE_DHCP_DROPPED, { "param1", S_MAC }, { "param2", S_NAME },
	    { "param3", S_NONE }, { "param4", S_NONE }),
	ROW(dhcp_server, 20097, HE_DHCP_DROPPED, { "param1", S_MAC }, { "param2", S_NAME },
	    { "param3", S_NONE }),
	ROW(dhcp_server, 20100, HE_DHCP_DROPPED, { "param1", S_MAC }, { "param2", S_NAME },
	    { "param3", S_NONE }),
	ROW(dhcp_server, 20287, HE_DHCP_DROPPED, { "param1", S_MAC }, { "param2", S_SCOPE }),
	ROW(dhcp_server, 20251, HE_DHCP_PARTNER, { "param1", S_HOST }, { "param2", S_NONE },
	    { "param3", S_NONE }, { "param4", S_NONE }),
	ROW(dhcp_server, 20252, HE_DHCP_PARTNER, { "param1", S_HOST }, { "param2", S_NONE },
	    { "param3", S_NONE }, { "param4", S_NONE }),
	ROW(dhcp_server, 20254, HE_DHCP_PARTNER, { "param1", S_HOST }, { "param2", S_NONE }),
	ROW(dhcp_server, 71, HE_DHCP_CONFIG, { "IP_ScopeName", S_SCOPE }, { "ClientName", S_NONE }),
	ROW(dhcp_server, 76, HE_DHCP_CONFIG, { "IP_ScopeName", S_SCOPE }, { "OptionName", S_NONE },
	    { "ClientName", S_NONE }),
	ROW(dhcp_server, 135, HE_DHCP_CONFIG, { "param1", S_SCOPE }, { "param2", S_NONE },
	    { "param3", S_NONE }),

	/* DHCPv6-Client; addr: what was offered or given; mac: the host's own; flag1 M, flag2 O of the last RA */
	ROW(dhcp6_client, 51007, HE_D6_ADVERTISE, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR },
	    { "Address", S_ADDR }),
	ROW(dhcp6_client, 51010, HE_D6_REPLY, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR },
	    { "Address", S_ADDR }),
	ROW(dhcp6_client, 51039, HE_D6_REPLY, { "Address", S_ADDR }, { "InterfaceId", S_IFACE },
	    { "StatusCode", S_ERROR }),
	ROW(dhcp6_client, 51061, HE_D6_REPLY, { "Address", S_ADDR }, { "InterfaceId", S_IFACE }),
	ROW(dhcp6_client, 51013, HE_D6_RENEWED, IF_STATUS),
	ROW(dhcp6_client, 51016, HE_D6_RENEWED, IF_STATUS),
	ROW(dhcp6_client, 51026, HE_D6_INFO_REPLY, IF_STATUS),
	ROW(dhcp6_client, 51008, HE_D6_REFUSED, IF_STATUS),
	ROW(dhcp6_client, 51011, HE_D6_REFUSED, IF_STATUS),
	ROW(dhcp6_client, 51027, HE_D6_REFUSED, IF_STATUS),
	ROW(dhcp6_client, 51036, HE_D6_REFUSED, IF_STATUS),
	ROW(dhcp6_client, 1006, HE_RA_FLAGS, { "InterfaceId", S_IFACE }, { "Flag1", S_FLAG1 },
	    { "Flag2", S_FLAG2 }),
	ROW(dhcp6_client, 51032, HE_RA_FLAGS, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR_M }),
	ROW(dhcp6_client, 51033, HE_RA_FLAGS, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR_M }),
	ROW(dhcp6_client, 51034, HE_RA_FLAGS, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR_O },
	    { "Dword1", S_NONE }, { "Dword2", S_NONE }),
	ROW(dhcp6_client, 1000, HE_D6_NO_LEASE, { "InterfaceGUID", S_IFACE }, { "HWLength", S_NONE },
	    { "HWAddress", S_MAC }),
	ROW(dhcp6_client, 1003, HE_D6_NO_LEASE, HW_STATUS),
	ROW(dhcp6_client, 51062, HE_D6_NO_LEASE, HW_STATUS),
	ROW(dhcp6_client, 1005, HE_D6_CONFLICT, { "InterfaceGUID", S_IFACE }, { "HWLength", S_NONE },
	    { "HWAddress", S_MAC }),
	ROW(dhcp6_client, 51019, HE_D6_CONFLICT, IF_STATUS),

	/* Dhcp-Client; addr: offered, given or lost (Address1); peer: the server (Address2); mac: the host's own */
	ROW(dhcp_client, 50010, HE_D4_OFFER, { "InterfaceId", S_IFACE }, { "Address1", S_ADDR },
	    { "Address2", S_PEER }),
	ROW(dhcp_client, 50013, HE_D4_ACK, { "InterfaceId", S_IFACE }, { "Address1", S_ADDR },
	    { "Address2", S_PEER }),
	ROW(dhcp_client, 60001, HE_D4_ACK, { "InterfaceGuid", S_NONE }, { "InterfaceId", S_IFACE },
	    { "Address1", S_ADDR }, { "Address2", S_PEER }),
	ROW(dhcp_client, 1002, HE_D4_NAK, { "Address1", S_ADDR }, { "HWLength", S_NONE },
	    { "HWAddress", S_MAC }, { "Address2", S_PEER }),
	ROW(dhcp_client, 50011, HE_D4_REFUSED, IF_STATUS),
	ROW(dhcp_client, 50014, HE_D4_REFUSED, IF_STATUS),
	ROW(dhcp_client, 50044, HE_D4_INFORM_ACK, { "InterfaceId", S_IFACE }),
	ROW(dhcp_client, 1001, HE_D4_NO_LEASE, HW_STATUS),
	ROW(dhcp_client, 1003, HE_D4_NO_LEASE, HW_STATUS),
	ROW(dhcp_client, 1007, HE_D4_NO_LEASE, { "HWLength", S_NONE }, { "HWAddress", S_MAC },
	    { "Address", S_ADDR }),
	ROW(dhcp_client, 50023, HE_D4_NO_LEASE, { "InterfaceId", S_IFACE }),
	ROW(dhcp_client, 1005, HE_D4_CONFLICT, { "Address", S_ADDR }, { "HWLength", S_NONE },
	    { "HWAddress", S_MAC }),
	ROW(dhcp_client, 50017, HE_D4_CONFLICT, IF_STATUS),

	/* Tcpip; addr: the contested address; mac: who else claims it */
	ROW(tcpip, 4198, HE_ARP_CONFLICT, { "param1", S_NONE }, { "param2", S_ADDR }, { "param3", S_MAC }),
	ROW(tcpip, 4199, HE_ARP_CONFLICT, { "param1", S_NONE }, { "param2", S_ADDR }, { "param3", S_MAC }),

	/* DNS-Client; name: what was asked; addr: the DNS server, but in 3008 and 3020 the first result, more the others */
	ROW(dns_client, 1018, HE_DNS_LINKLOCAL, { "QueryName", S_NAME }, { "AddressLength", S_NONE },
	    { "Address", S_NONE }, { "DnsAddressLength", S_NONE }, { "DnsAddress", S_SOCK }),
	ROW(dns_client, 3008, HE_DNS_ANSWER, { "QueryName", S_NAME }, { "QueryType", S_NONE },
	    { "QueryOptions", S_NONE }, { "QueryStatus", S_ERROR }, { "QueryResults", S_ADDRS }),
	ROW(dns_client, 3020, HE_DNS_ANSWER, { "QueryName", S_NAME }, { "QueryType", S_NONE },
	    { "NetworkIndex", S_NONE }, { "InterfaceIndex", S_IFACE }, { "Status", S_ERROR },
	    { "QueryResults", S_ADDRS }),
	ROW(dns_client, 1001, HE_DNS_SERVER, { "Interface", S_IFACE }, { "TotalServerCount", S_NONE },
	    { "Index", S_NONE }, { "DynamicAddress", S_NONE }, { "AddressLength", S_NONE },
	    { "Address", S_SOCK }),
	ROW(dns_client, 1002, HE_DNS_SERVER, { "Interface", S_IFACE }, { "AddressLength", S_NONE },
	    { "Address", S_SOCK }),
	ROW(dns_client, 3009, HE_DNS_SERVER, { "QueryName", S_NAME }, { "IsParallelNetworkQuery", S_NONE },
	    { "NetworkIndex", S_NONE }, { "InterfaceCount", S_NONE }, { "AdapterName", S_IFACE },
	    { "LocalAddress", S_NO_ADDR }, { "DNSServerAddress", S_ADDRS }),
	ROW(dns_client, 3010, HE_DNS_SERVER, { "QueryName", S_NAME }, { "QueryType", S_NONE },
	    { "DnsServerIpAddress", S_SOCK }),
	ROW(dns_client, 3011, HE_DNS_SERVER, { "QueryName", S_NAME }, { "QueryType", S_NONE },
	    { "DnsServerIpAddress", S_SOCK }, { "ResponseStatus", S_ERROR }),
	ROW(dns_client, 1024, HE_DNS_TROUBLE, DNS_SERVER),
	ROW(dns_client, 1025, HE_DNS_TROUBLE, DNS_SERVER),
	ROW(dns_client, 1026, HE_DNS_TROUBLE, { "QueryName", S_NAME }, { "ResponseQuestion", S_NONE },
	    { "AddressLength", S_NONE }, { "Address", S_SOCK }),
	ROW(dns_client, 1013, HE_DNS_TROUBLE, DNS_SERVER),
	ROW(dns_client, 1014, HE_DNS_TROUBLE, DNS_SERVER),

	/* RasClient; name or peer: the VPN server dialled; error of 20227: the dialling error */
	ROW(ras_client, 20222, HE_RAS_DIAL, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE },
	    { "param4", S_DIALLED }),
	ROW(ras_client, 20227, HE_RAS_DIAL, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE },
	    { "param4", S_ERROR }),

	/* RemoteAccess; name: the user; addr: where the connection of 20271 came from, what 20274 assigned */
	ROW(remote_access, 20271, HE_RAS_SERVER, { "param1", S_COID }, { "param2", S_NAME },
	    { "param3", S_ADDRS }, { "param4", S_NONE }),
	ROW(remote_access, 20274, HE_RAS_SERVER, { "param1", S_COID }, { "param2", S_NAME },
	    { "param3", S_NONE }, { "param4", S_ADDRS }),

	/* Security; name: the account or object; addr: where the logon came from; flag1: NTLM */
	ROW(security, 4624, HE_LOGON, { "SubjectUserSid", S_NONE }, { "SubjectUserName", S_NONE },
	    { "SubjectDomainName", S_NONE }, { "SubjectLogonId", S_NONE }, { "TargetUserSid", S_NONE },
	    { "TargetUserName", S_NAME }, { "TargetDomainName", S_NONE }, { "TargetLogonId", S_NONE },
	    { "LogonType", S_NONE }, { "LogonProcessName", S_NONE }, { "AuthenticationPackageName", S_NTLM },
	    { "WorkstationName", S_NONE }, { "LogonGuid", S_NONE }, { "TransmittedServices", S_NONE },
	    { "LmPackageName", S_NTLM }, { "KeyLength", S_NONE }, { "ProcessId", S_NONE },
	    { "ProcessName", S_NONE }, { "IpAddress", S_ADDR }, { "IpPort", S_NONE }),
	ROW(security, 4625, HE_LOGON, { "SubjectUserSid", S_NONE }, { "SubjectUserName", S_NONE },
	    { "SubjectDomainName", S_NONE }, { "SubjectLogonId", S_NO_CODE }, { "TargetUserSid", S_NONE },
	    { "TargetUserName", S_NAME }, { "TargetDomainName", S_NONE }, { "Status", S_ERROR },
	    { "FailureReason", S_NONE }, { "SubStatus", S_NONE }, { "LogonType", S_NONE },
	    { "LogonProcessName", S_NONE }, { "AuthenticationPackageName", S_NTLM },
	    { "WorkstationName", S_NONE }, { "TransmittedServices", S_NONE }, { "LmPackageName", S_NTLM },
	    { "KeyLength", S_NONE }, { "ProcessId", S_NONE }, { "ProcessName", S_NONE },
	    { "IpAddress", S_ADDR }, { "IpPort", S_NONE }),
	ROW(security, 4776, HE_LOGON, { "PackageName", S_NTLM }, { "TargetUserName", S_NAME },
	    { "Workstation", S_NONE }, { "Status", S_ERROR }),
	ROW(security, 4741, HE_DIRECTORY_CHANGE, { "TargetUserName", S_NAME }, { "TargetDomainName", S_NONE },
	    { "TargetSid", S_NONE }, { "SubjectUserSid", S_NONE }, { "SubjectUserName", S_NONE },
	    { "SubjectDomainName", S_NONE }, { "SubjectLogonId", S_NONE }, { "PrivilegeList", S_NONE },
	    { "SamAccountName", S_NONE }, { "DisplayName", S_NONE }, { "UserPrincipalName", S_NONE },
	    { "HomeDirectory", S_NONE }, { "HomePath", S_NONE }, { "ScriptPath", S_NONE },
	    { "ProfilePath", S_NONE }, { "UserWorkstations", S_NONE }, { "PasswordLastSet", S_NONE },
	    { "AccountExpires", S_NONE }, { "PrimaryGroupId", S_NONE }, { "AllowedToDelegateTo", S_NONE },
	    { "OldUacValue", S_NONE }, { "NewUacValue", S_NONE }, { "UserAccountControl", S_NONE },
	    { "UserParameters", S_NONE }, { "SidHistory", S_NONE }, { "LogonHours", S_NONE },
	    { "DnsHostName", S_NONE }, { "ServicePrincipalNames", S_NONE }),
	ROW(security, 5136, HE_DIRECTORY_CHANGE, { "OpCorrelationID", S_NONE },
	    { "AppCorrelationID", S_NONE }, { "SubjectUserSid", S_NONE }, { "SubjectUserName", S_NONE },
	    { "SubjectDomainName", S_NONE }, { "SubjectLogonId", S_NONE }, { "DSName", S_NONE },
	    { "DSType", S_NONE }, { "ObjectDN", S_NAME }, { "ObjectGUID", S_NONE }, { "ObjectClass", S_NONE },
	    { "AttributeLDAPDisplayName", S_NONE }, { "AttributeSyntaxOID", S_NONE },
	    { "AttributeValue", S_NONE }, { "OperationType", S_NONE }),

	/* DHCP audit logs: the rows that the join table names; addr: the lease, of 62 peer: the other server; of 14 and 22 the
	 * subnet that had none left */
	ROW(audit4, 10, HE_DHCP_LEASED, AUDIT4(S_ADDR)),
	ROW(audit4, 11, HE_DHCP_LEASED, AUDIT4(S_ADDR)),
	ROW(audit4, 12, HE_DHCP_CLIENT, AUDIT4(S_ADDR)),
	ROW(audit4, 13, HE_DHCP_CLIENT, AUDIT4(S_ADDR)),
	ROW(audit4, 14, HE_SCOPE_FULL, AUDIT4(S_ADDR)),
	ROW(audit4, 15, HE_DHCP_CLIENT, AUDIT4(S_ADDR)),
	ROW(audit4, 16, HE_DHCP_LEASE_END, AUDIT4(S_ADDR)),
	ROW(audit4, 17, HE_DHCP_LEASE_END, AUDIT4(S_ADDR)),
	ROW(audit4, 18, HE_DHCP_LEASE_END, AUDIT4(S_ADDR)),
	ROW(audit4, 20, HE_DHCP_LEASED, AUDIT4(S_ADDR)),
	ROW(audit4, 21, HE_DHCP_LEASED, AUDIT4(S_ADDR)),
	ROW(audit4, 22, HE_SCOPE_FULL, AUDIT4(S_ADDR)),
	ROW(audit4, 51, HE_DHCP_CONFIG, AUDIT4(S_ADDR)),
	ROW(audit4, 53, HE_DHCP_CONFIG, AUDIT4(S_ADDR)),
	ROW(audit4, 55, HE_DHCP_CONFIG, AUDIT4(S_ADDR)),
	ROW(audit4, 62, HE_DHCP_SERVER_SEEN, AUDIT4(S_PEER)),
	ROW(audit6, 11002, HE_DHCP_LEASED, AUDIT6),
	ROW(audit6, 11004, HE_DHCP_LEASED, AUDIT6),
	ROW(audit6, 11005, HE_DHCP_LEASED, AUDIT6),
	ROW(audit6, 11006, HE_DHCP6_CLIENT, AUDIT6),
	ROW(audit6, 11007, HE_DHCP_LEASE_END, AUDIT6),
	ROW(audit6, 11009, HE_SCOPE6_LOW, AUDIT6_SCOPE),
	ROW(audit6, 11014, HE_DHCP6_CLIENT, AUDIT6),
	ROW(audit6, 11015, HE_DHCP6_CLIENT, AUDIT6),
	ROW(audit6, 11016, HE_DHCP_LEASE_END, AUDIT6),
	ROW(audit6, 11018, HE_DHCP_LEASE_END, AUDIT6),
	ROW(audit6, 11019, HE_DHCP_LEASE_END, AUDIT6),

	/* The rest of the catalogue: no join asks for them; names and slots as above.  Of a logon addr: where it came from; of
	 * 5156 addr and peer: source and destination; of network profiles name: the network */
	ROW(dhcp_server, 1033, HE_OTHER, { "param1", S_NONE }),
	ROW(dhcp_server, 1034, HE_OTHER, { "param1", S_NONE }),
	{ { dhcp_server, 1041, HE_OTHER }, NO_FIELDS },
	ROW(dhcp_server, 1050, HE_OTHER, { "param1", S_NONE }, { "param2", S_NONE }, { "param3", S_ERROR }),
	{ { dhcp_server, 1054, HE_OTHER }, NO_FIELDS },
	ROW(dhcp_server, 1064, HE_OTHER, { "param1", S_SCOPE }),
	{ { dhcp_server, 1144, HE_OTHER }, NO_FIELDS },
	ROW(dhcp_server, 10004, HE_OTHER, { "param1", S_ADDR }, { "param2", S_NONE }),
	{ { dhcp_server, 10008, HE_OTHER }, NO_FIELDS },
	{ { dhcp_server, 10012, HE_OTHER }, NO_FIELDS },
	ROW(dhcp_server, 10023, HE_OTHER, { "param1", S_NONE }),
	ROW(dhcp_server, 20090, HE_OTHER, { "param1", S_NONE }),
	ROW(dhcp_server, 20253, HE_OTHER, { "param1", S_HOST }, { "param2", S_NONE }, { "param3", S_NONE }),
	ROW(dhcp6_client, 51005, HE_OTHER, { "InterfaceId", S_IFACE }, { "DwordVal1", S_NONE },
	    { "DwordVal2", S_NONE }),
	ROW(dhcp6_client, 51006, HE_OTHER, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR }),
	ROW(dhcp6_client, 51009, HE_OTHER, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR }),
	ROW(dhcp6_client, 51025, HE_OTHER, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR }),
	ROW(dhcp6_client, 51040, HE_OTHER, { "Address", S_ADDR }, { "InterfaceId", S_IFACE },
	    { "StatusCode", S_ERROR }),
	{ { dhcp6_client, 51046, HE_OTHER }, NO_FIELDS },
	ROW(dhcp6_client, 51047, HE_OTHER, { "DwordVal", S_NONE }),
	ROW(dhcp_client, 50007, HE_OTHER, { "InterfaceId", S_IFACE }),
	ROW(dhcp_client, 50009, HE_OTHER, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR }),
	ROW(dhcp_client, 50012, HE_OTHER, { "InterfaceId", S_IFACE }, { "StatusCode", S_ERROR }),
	ROW(dhcp_client, 50015, HE_OTHER, { "InterfaceId", S_IFACE }),
	ROW(dhcp_client, 50024, HE_OTHER, { "InterfaceId", S_IFACE }),
	ROW(dhcp_client, 50028, HE_OTHER, { "Address", S_ADDR }, { "InterfaceId", S_IFACE },
	    { "StatusCode", S_ERROR }),
	ROW(dhcp_client, 50029, HE_OTHER, { "Address", S_ADDR }, { "InterfaceId", S_IFACE },
	    { "StatusCode", S_ERROR }),
	{ { dhcp_client, 50036, HE_OTHER }, NO_FIELDS },
	ROW(dhcp_client, 50037, HE_OTHER, { "DwordVal", S_NONE }),
	ROW(dhcp_client, 50055, HE_OTHER, { "Address", S_ADDR }, { "InterfaceId", S_IFACE }),
	ROW(dhcp_client, 50067, HE_OTHER, { "NetworkHintString", S_NONE }, { "NetworkHint", S_NONE },
	    { "HWLength", S_NONE }, { "HWAddress", S_MAC }),
	ROW(dns_client, 1016, HE_OTHER, { "QueryName", S_NAME }, { "AddressLength", S_NONE },
	    { "Address", S_SOCK }),
	ROW(dns_client, 3006, HE_OTHER, { "QueryName", S_NAME }, { "QueryType", S_NONE },
	    { "QueryOptions", S_NONE }, { "ServerList", S_ADDRS }, { "IsNetworkQuery", S_NONE },
	    { "NetworkQueryIndex", S_NONE }, { "InterfaceIndex", S_NONE }, { "IsAsyncQuery", S_NONE }),
	ROW(network_profile, 10000, HE_OTHER, { "Name", S_NAME }, { "Description", S_NONE },
	    { "Guid", S_NONE }, { "Type", S_NONE }, { "State", S_NONE }, { "Category", S_NONE }),
	ROW(network_profile, 10001, HE_OTHER, { "Name", S_NAME }, { "Description", S_NONE },
	    { "Guid", S_NONE }, { "Type", S_NONE }, { "State", S_NONE }, { "Category", S_NONE }),
	ROW(network_profile, 10002, HE_OTHER, { "Name", S_NAME }, { "Description", S_NONE },
	    { "Guid", S_NONE }, { "Type", S_NONE }, { "State", S_NONE }, { "Category", S_NONE }),
	ROW(ndis, 10317, HE_OTHER, { "IfGuid", S_IFACE }, { "IfIndex", S_NONE }, { "IfLuid", S_NONE },
	    { "AdapterName", S_NONE }, { "MiniportEventEnum", S_NONE }),
	ROW(security, 4648, HE_OTHER, { "SubjectUserSid", S_NONE }, { "SubjectUserName", S_NONE },
	    { "SubjectDomainName", S_NONE }, { "SubjectLogonId", S_NONE }, { "LogonGuid", S_NONE },
	    { "TargetUserName", S_NAME }, { "TargetDomainName", S_NONE }, { "TargetLogonGuid", S_NONE },
	    { "TargetServerName", S_NONE }, { "TargetInfo", S_NONE }, { "ProcessId", S_NONE },
	    { "ProcessName", S_NONE }, { "IpAddress", S_ADDR }, { "IpPort", S_NONE }),
	ROW(security, 4768, HE_OTHER, { "TargetUserName", S_NAME }, { "TargetDomainName", S_NONE },
	    { "TargetSid", S_NONE }, { "ServiceName", S_NONE }, { "ServiceSid", S_NONE },
	    { "TicketOptions", S_NONE }, { "Status", S_ERROR }, { "TicketEncryptionType", S_NONE },
	    { "PreAuthType", S_NONE }, { "IpAddress", S_ADDR }, { "IpPort", S_NONE },
	    { "CertIssuerName", S_NONE }, { "CertSerialNumber", S_NONE }, { "CertThumbprint", S_NONE }),
	ROW(security, 4769, HE_OTHER, { "TargetUserName", S_NAME }, { "TargetDomainName", S_NONE },
	    { "ServiceName", S_NONE }, { "ServiceSid", S_NONE }, { "TicketOptions", S_NONE },
	    { "TicketEncryptionType", S_NONE }, { "IpAddress", S_ADDR }, { "IpPort", S_NONE },
	    { "Status", S_ERROR }, { "LogonGuid", S_NONE }, { "TransmittedServices", S_NONE }),
	ROW(security, 5156, HE_OTHER, { "ProcessID", S_NONE }, { "Application", S_NONE },
	    { "Direction", S_NONE }, { "SourceAddress", S_ADDR }, { "SourcePort", S_NONE },
	    { "DestAddress", S_PEER }, { "DestPort", S_NONE }, { "Protocol", S_NONE },
	    { "FilterRTID", S_NONE }, { "LayerName", S_NONE }, { "LayerRTID", S_NONE },
	    { "RemoteUserID", S_NONE }, { "RemoteMachineID", S_NONE }),
	ROW(security, 4616, HE_CLOCK_STEP, { "SubjectUserSid", S_NONE }, { "SubjectUserName", S_NONE },
	    { "SubjectDomainName", S_NONE }, { "SubjectLogonId", S_NONE }, { "PreviousTime", S_WAS },
	    { "NewTime", S_IS }, { "ProcessId", S_NONE }, { "ProcessName", S_NONE }),
	ROW(ras_client, 20220, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE }),
	ROW(ras_client, 20221, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }),
	ROW(ras_client, 20223, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE }),
	ROW(ras_client, 20224, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE }),
	ROW(ras_client, 20225, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE }),
	ROW(ras_client, 20226, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE }),
	ROW(remote_access, 20272, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE },
	    { "param4", S_NONE }),
	ROW(remote_access, 20275, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE },
	    { "param4", S_NONE }),
	ROW(remote_access, 20255, HE_OTHER, { "param1", S_COID }, { "param2", S_NONE }, { "param3", S_NONE },
	    { "param4", S_NONE }),
	ROW(kernel_general, 1, HE_CLOCK_STEP, { "NewTime", S_IS }, { "OldTime", S_WAS }),
	ROW(time_service, 35, HE_OTHER, { "TimeSource", S_NAME }),
	ROW(time_service, 37, HE_OTHER, { "TimeSource", S_NAME }),
	ROW(time_service, 50, HE_CLOCK_STEP, { "TimeDifferenceMilliseconds", S_NONE },
	    { "TimeSampleSeconds", S_NONE }),
	ROW(time_service, 52, HE_CLOCK_STEP, { "TimeOffsetSeconds", S_NONE }),
	ROW(eventlog, 104, HE_OTHER, { "SubjectUserName", S_NONE }, { "Channel", S_NONE }),
	ROW(eventlog, 1101, HE_OTHER, { "Reason", S_NONE }),
	ROW(eventlog, 1102, HE_OTHER, { "SubjectUserName", S_NONE }),
	{ { eventlog_classic, 6005, HE_OTHER }, NO_FIELDS },
	ROW(audit4, 0, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 1, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 2, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 23, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 24, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 25, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 30, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 31, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 32, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 33, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 34, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 35, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 36, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 50, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 54, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 56, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 57, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 58, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 59, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 60, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 61, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 63, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit4, 64, HE_OTHER, AUDIT4(S_ADDR)),
	ROW(audit6, 11000, HE_OTHER, AUDIT6),
	ROW(audit6, 11001, HE_OTHER, AUDIT6),
	ROW(audit6, 11003, HE_OTHER, AUDIT6),
	ROW(audit6, 11008, HE_OTHER, AUDIT6),
	ROW(audit6, 11010, HE_OTHER, AUDIT6),
	ROW(audit6, 11011, HE_OTHER, AUDIT6),
	ROW(audit6, 11012, HE_OTHER, AUDIT6),
	ROW(audit6, 11013, HE_OTHER, AUDIT6),
	ROW(audit6, 11017, HE_OTHER, AUDIT6),
	ROW(audit6, 11020, HE_OTHER, AUDIT6),
	ROW(audit6, 11021, HE_OTHER, AUDIT6),
	ROW(audit6, 11022, HE_OTHER, AUDIT6),
	ROW(audit6, 11023, HE_OTHER, AUDIT6),
	ROW(audit6, 11024, HE_OTHER, AUDIT6),
	ROW(audit6, 11028, HE_OTHER, AUDIT6),
	ROW(audit6, 11029, HE_OTHER, AUDIT6),
	ROW(audit6, 11030, HE_OTHER, AUDIT6),
	ROW(audit6, 11031, HE_OTHER, AUDIT6),
	ROW(audit6, 11032, HE_OTHER, AUDIT6),
	ROW(audit6, 1103, HE_OTHER, AUDIT6),
};

/* Other spellings of a field in feeds. */
static const struct alias_row {
	const char *provider;
	uint32_t event_id;
	const char *seen, *manifest;
} aliases[] = {
	{ dhcp_client, 1005, "Address1", "Address" },
};

static const char *const kind_names[] = {
	[HE_OTHER] = "other",
	[HE_DHCP_PARTNER] = "dhcp_partner",
	[HE_DHCP_LEASE_END] = "dhcp_lease_end",
	[HE_DHCP6_CLIENT] = "dhcp6_client",
	[HE_DHCP_LEASED] = "dhcp_leased",
	[HE_TEREDO_SERVER_UP] = "teredo_server_up",
	[HE_TEREDO_SERVER_FAILED] = "teredo_server_failed",
	[HE_PRIMARY_IPV4_INVALID] = "primary_ipv4_invalid",
	[HE_TEREDO_NAME_INVALID] = "teredo_name_invalid",
	[HE_TEREDO_INIT_FAILED] = "teredo_init_failed",
	[HE_TEREDO_SERVER_STOPPED] = "teredo_server_stopped",
	[HE_ISATAP_ROUTER] = "isatap_router",
	[HE_TUNNEL_UP] = "tunnel_up",
	[HE_TUNNEL_DOWN] = "tunnel_down",
	[HE_ADDRESS_UPDATE_FAILED] = "address_update_failed",
	[HE_IPHTTPS_UP] = "iphttps_up",
	[HE_IPHTTPS_STOPPED] = "iphttps_stopped",
	[HE_IPHTTPS_FAILED] = "iphttps_failed",
	[HE_IPHTTPS_BOUND] = "iphttps_bound",
	[HE_IPHTTPS_UNBOUND] = "iphttps_unbound",
	[HE_DNS64_NO_PREFIX] = "dns64_no_prefix",
	[HE_DA_SITE_ADDED] = "da_site_added",
	[HE_DA_SITE_REMOVED] = "da_site_removed",
	[HE_SCOPE_LOW] = "scope_low",
	[HE_DHCP_SERVER_SEEN] = "dhcp_server_seen",
	[HE_DHCP_STOPPED_WORKGROUP] = "dhcp_stopped_workgroup",
	[HE_DHCP_STOPPED_DOMAIN] = "dhcp_stopped_domain",
	[HE_DHCP_NOT_AUTHORISED] = "dhcp_not_authorised",
	[HE_WORKGROUP_SAW_DOMAIN] = "workgroup_saw_domain",
	[HE_DOMAIN_SAW_SERVER] = "domain_saw_server",
	[HE_DHCP_NO_DIRECTORY] = "dhcp_no_directory",
	[HE_SCOPE_FULL] = "scope_full",
	[HE_DELAYED_OFFER_QUEUE] = "delayed_offer_queue",
	[HE_FAILOVER_LOST] = "failover_lost",
	[HE_FAILOVER_DIGEST] = "failover_digest",
	[HE_DELAYED_OFFER_QUEUE_OK] = "delayed_offer_queue_ok",
	[HE_SCOPE6_REQUEST_OTHER_SERVER] = "scope6_request_other_server",
	[HE_SCOPE6_LOW] = "scope6_low",
	[HE_DHCP_DROPPED] = "dhcp_dropped",
	[HE_DHCP_CONFIG] = "dhcp_config",
	[HE_SSTP] = "sstp",
	[HE_SSTP_CERT_MISMATCH] = "sstp_cert_mismatch",
	[HE_SSTP_NOT_SENT] = "sstp_not_sent",
	[HE_D4_OFFER] = "d4_offer",
	[HE_D4_ACK] = "d4_ack",
	[HE_D4_NAK] = "d4_nak",
	[HE_D4_REFUSED] = "d4_refused",
	[HE_D4_INFORM_ACK] = "d4_inform_ack",
	[HE_D4_NO_LEASE] = "d4_no_lease",
	[HE_D4_CONFLICT] = "d4_conflict",
	[HE_ARP_CONFLICT] = "arp_conflict",
	[HE_D6_ADVERTISE] = "d6_advertise",
	[HE_D6_REPLY] = "d6_reply",
	[HE_D6_RENEWED] = "d6_renewed",
	[HE_D6_INFO_REPLY] = "d6_info_reply",
	[HE_D6_REFUSED] = "d6_refused",
	[HE_RA_FLAGS] = "ra_flags",
	[HE_D6_NO_LEASE] = "d6_no_lease",
	[HE_D6_CONFLICT] = "d6_conflict",
	[HE_DNS_LINKLOCAL] = "dns_linklocal",
	[HE_DNS_ANSWER] = "dns_answer",
	[HE_DNS_SERVER] = "dns_server",
	[HE_DNS_TROUBLE] = "dns_trouble",
	[HE_RAS_DIAL] = "ras_dial",
	[HE_RAS_SERVER] = "ras_server",
	[HE_LOGON] = "logon",
	[HE_DIRECTORY_CHANGE] = "directory_change",
	[HE_DHCP_CLIENT] = "dhcp_client",
	[HE_CLOCK_STEP] = "clock_step",
};
_Static_assert(NELEM(kind_names) == HE_KINDS, "every kind has a name");

const char *
hostev_kind_name(uint16_t kind)
{
	return kind < HE_KINDS ? kind_names[kind] : "unknown";
}

size_t
winmap_count(void)
{
	return NELEM(events);
}

const struct winmap_row *
winmap_at(size_t i)
{
	return i < NELEM(events) ? &events[i].row : NULL;
}

const char *
winmap_field(size_t i, size_t k)
{
	if (i >= NELEM(events))
		return NULL;
	const struct field_row *f = events[i].fields;
	for (; f->name != NULL && k > 0; k--)
		f++;
	return f->name;
}

/* --- slots ------------------------------------------------------------------------------------------------------- */

static bool
addr_value(struct bytes v, struct addr *a)
{
	uint64_t n;
	if (text_addr(v, a))
		return true;
	if (text_u64(v, &n) && n <= UINT32_MAX) {
		*a = text_addr_u32((uint32_t)n);
		return true;
	}
	uint8_t raw[16];
	size_t len;
	if (!text_hex(v, raw, sizeof(raw), &len) || (len != 4 && len != 16))
		return false;
	*a = addr_of(bytes_of(raw, len));
	return true;
}

static void
set_addr(struct hostev *ev, uint32_t bit, struct addr *slot, const struct addr *a)
{
	if (ev->set & bit)
		return;
	*slot = *a;
	ev->set |= bit;
}

static void
set_text(struct hostev *ev, uint32_t bit, struct bytes *slot, struct bytes v)
{
	v = text_trim(v);
	if ((ev->set & bit) || v.n == 0)
		return;
	*slot = v;
	ev->set |= bit;
}

/* The first of the list to `slot`, the others to `more`. */
static void
set_list(struct hostev *ev, uint32_t bit, struct addr *slot, struct bytes v)
{
	struct cursor c = cur_all(v);
	struct addr a;
	while (text_addr_next(&c, &a)) {
		if (addr_v4mapped(a))
			a = addr4(a.b[12], a.b[13], a.b[14], a.b[15]);
		if (!(ev->set & bit))
			set_addr(ev, bit, slot, &a);
		else if (ev->nmore < HE_MORE_MAX)
			ev->more[ev->nmore++] = a;
	}
}

static void
set_tunnel(struct hostev *ev, struct bytes v)
{
	struct addr a;
	if (!text_addr(v, &a))
		return;
	set_addr(ev, HES_ADDR, &ev->addr, &a);
	struct addr inner = addr_isatap4(a);
	if (a.fam == 6 && a.b[0] == 0x20 && a.b[1] == 0x02) /* RFC 3056 section 2 */
		inner = addr_of(bytes_of(a.b + 2, 4));
	if (addr_set(inner) && ev->nmore < HE_MORE_MAX)
		ev->more[ev->nmore++] = inner;
}

static void
set_scope(struct hostev *ev, struct bytes v)
{
	struct cursor c = cur_all(v);
	struct addr a;
	if (text_addr_next(&c, &a))
		set_addr(ev, HES_ADDR, &ev->addr, &a);
	if (!text_addr(v, &a))
		set_text(ev, HES_NAME, &ev->name, v);
}

static void
set_host(struct hostev *ev, struct bytes v)
{
	struct addr a;
	if (text_addr(v, &a))
		set_addr(ev, HES_PEER, &ev->peer, &a);
	else
		set_text(ev, HES_NAME, &ev->name, v);
}

/* "Server address/Phone Number = vpn.corp.example", in the host's language: the value of the first line with one. */
static void
set_dialled(struct hostev *ev, struct bytes v)
{
	struct cursor c = cur_all(v);
	while (cur_more(&c) && cur_u8(&c) != '=')
		;
	struct cursor line = c;
	size_t n = 0;
	for (; cur_more(&c); n++) {
		uint8_t b = cur_u8(&c);
		if (b == '\r' || b == '\n')
			break;
	}
	set_host(ev, cur_take(&line, n));
}

/* DETECTIONS.md 8: drop everything but hex digits, lower-case; another length is no hash. */
static void
set_hash(struct hostev *ev, uint32_t bit, struct bytes *slot, struct bytes v, size_t want, struct out *text)
{
	struct cursor c = cur_all(v);
	size_t start = text->n;
	while (cur_more(&c)) {
		uint8_t b = cur_u8(&c);
		if (b >= 'A' && b <= 'F')
			b |= 0x20;
		if ((b >= '0' && b <= '9') || (b >= 'a' && b <= 'f'))
			out_chr(text, (char)b);
	}
	if (out_ok(text) && text->n - start == want)
		set_text(ev, bit, slot, bytes_of(text->p + start, want));
}

static void
set_coid(struct hostev *ev, struct bytes v)
{
	struct cursor c = cur_all(v);
	while (cur_more(&c) && cur_peek_u8(&c) != '{')
		cur_skip(&c, 1);
	struct cursor guid = c;
	size_t n = 0;
	while (cur_more(&c)) {
		n++;
		if (cur_u8(&c) == '}') {
			set_text(ev, HES_COID, &ev->coid, cur_take(&guid, n));
			return;
		}
	}
}

static void
set_flag(struct hostev *ev, uint32_t bit, bool *slot, struct bytes v)
{
	if (!(ev->set & bit) && text_bool(v, slot))
		ev->set |= bit;
}

static void
set_ntlm(struct hostev *ev, struct bytes v)
{
	ev->set |= HES_FLAG1;
	ev->flag1 = ev->flag1 || text_starts_nocase(v, "NTLM") ||
		    text_starts_nocase(v, "MICROSOFT_AUTHENTICATION_PACKAGE");
}

static void
set_mac(struct hostev *ev, struct bytes v)
{
	struct mac m;
	v = text_trim(v);
	if (text_starts_nocase(v, "0x")) {
		struct cursor c = cur_all(v);
		cur_skip(&c, 2);
		v = cur_rest(&c);
	}
	if ((ev->set & HES_MAC) || !mac_parse(v, &m))
		return;
	ev->mac = m;
	ev->set |= HES_MAC;
}

/* At least the type and one byte, at most 130 (RFC 8415 11.1). */
static void
set_duid(struct hostev *ev, struct bytes v, struct out *text)
{
	enum { DUID_LEAST = 3, DUID_MOST = 130 };
	uint8_t b[DUID_MOST];
	size_t n;

	if ((ev->set & HES_DUID) || !text_hex(text_trim(v), b, sizeof(b), &n) || n < DUID_LEAST)
		return;
	size_t start = text->n;
	out_put(text, b, n);
	if (!out_ok(text))
		return;
	ev->duid = bytes_of(text->p + start, n);
	ev->set |= HES_DUID;
}

static void
set_time(struct hostev *ev, uint32_t bit, ts_t *slot, struct bytes v)
{
	if (!(ev->set & bit) && text_time(text_trim(v), slot) == TEXT_TIME_OK)
		ev->set |= bit;
}

static void
set_number(struct hostev *ev, uint32_t bit, uint32_t *slot, struct bytes v)
{
	uint64_t n;

	if ((ev->set & bit) || !text_u64(text_trim(v), &n) || n > UINT32_MAX)
		return;
	*slot = (uint32_t)n;
	ev->set |= bit;
}

static void
set_error(struct hostev *ev, struct bytes v)
{
	if (!(ev->set & HES_ERROR) && text_u32(v, &ev->error))
		ev->set |= HES_ERROR;
}

static void
fill(struct hostev *ev, enum slot slot, struct bytes v, struct out *text)
{
	struct addr a;
	switch (slot) {
	case S_ADDR:
		if (addr_value(v, &a))
			set_addr(ev, HES_ADDR, &ev->addr, &a);
		break;
	case S_PEER:
		if (addr_value(v, &a))
			set_addr(ev, HES_PEER, &ev->peer, &a);
		break;
	case S_ROUTER:
		if (addr_value(v, &a))
			set_addr(ev, HES_ROUTER, &ev->router, &a);
		else
			set_text(ev, HES_NAME, &ev->name, v);
		break;
	case S_SOCK:
		if (text_addr(v, &a) || text_addr_hex(v, &a))
			set_addr(ev, HES_ADDR, &ev->addr, &a);
		break;
	case S_ADDRS: set_list(ev, HES_ADDR, &ev->addr, v); break;
	case S_PEERS: set_list(ev, HES_PEER, &ev->peer, v); break;
	case S_SCOPE: set_scope(ev, v); break;
	case S_HOST: set_host(ev, v); break;
	case S_TUNNEL: set_tunnel(ev, v); break;
	case S_MAC: set_mac(ev, v); break;
	case S_DUID: set_duid(ev, v, text); break;
	case S_NAME: set_text(ev, HES_NAME, &ev->name, v); break;
	case S_IFACE: set_text(ev, HES_IFACE, &ev->iface, v); break;
	case S_ERROR: set_error(ev, v); break;
	case S_PERCENT: set_number(ev, HES_PERCENT, &ev->percent, v); break;
	case S_LEFT: set_number(ev, HES_LEFT, &ev->left, v); break;
	case S_ERROR_M:
		set_error(ev, v);
		set_flag(ev, HES_FLAG1, &ev->flag1, bytes_str("true"));
		break;
	case S_ERROR_O:
		set_error(ev, v);
		set_flag(ev, HES_FLAG2, &ev->flag2, bytes_str("true"));
		break;
	case S_FLAG1: set_flag(ev, HES_FLAG1, &ev->flag1, v); break;
	case S_FLAG2: set_flag(ev, HES_FLAG2, &ev->flag2, v); break;
	case S_COID: set_coid(ev, v); break;
	case S_SHA1: set_hash(ev, HES_SHA1, &ev->sha1, v, 40, text); break;
	case S_SHA256: set_hash(ev, HES_SHA256, &ev->sha256, v, 64, text); break;
	case S_NTLM: set_ntlm(ev, v); break;
	case S_WAS: set_time(ev, HES_WAS, &ev->was, v); break;
	case S_IS: set_time(ev, HES_IS, &ev->is, v); break;
	case S_DIALLED: set_dialled(ev, v); break;
	case S_NONE:
	case S_NO_ADDR:
	case S_NO_CODE: break;
	}
}

/* --- names ------------------------------------------------------------------------------------------------------- */

_Static_assert(NELEM(providers) < NEEDLES_MAX, "scan.c looks for all of them");

const char *
winmap_provider(size_t i)
{
	return i < NELEM(providers) ? providers[i].seen : NULL;
}

static const char *
provider_of(struct bytes seen)
{
	for (size_t i = 0; i < NELEM(providers); i++)
		if (text_eq_nocase(seen, bytes_str(providers[i].seen)))
			return providers[i].manifest;
	return NULL;
}

static const struct event_row *
event_of(const char *provider, uint32_t id)
{
	for (size_t i = 0; i < NELEM(events); i++)
		if (events[i].row.event_id == id && events[i].row.provider == provider)
			return &events[i];
	return NULL;
}

/* The number of "param<n>", else 0. */
static uint32_t
position_of(struct bytes name)
{
	uint32_t n;
	if (!text_starts_nocase(name, "param"))
		return 0;
	struct cursor c = cur_all(name);
	cur_skip(&c, 5);
	return text_u32(cur_rest(&c), &n) ? n : 0;
}

static size_t
count_fields(const struct event_row *e)
{
	size_t n = 0;
	while (e->fields[n].name != NULL)
		n++;
	return n;
}

static const struct field_row *
field_by_name(const struct event_row *e, struct bytes name)
{
	for (size_t i = 0; i < NELEM(aliases); i++)
		if (aliases[i].event_id == e->row.event_id && aliases[i].provider == e->row.provider &&
		    text_eq_nocase(name, bytes_str(aliases[i].seen)))
			name = bytes_str(aliases[i].manifest);
	for (const struct field_row *f = e->fields; f->name != NULL; f++)
		if (text_eq_nocase(name, bytes_str(f->name)))
			return f;
	return NULL;
}

/* Unnamed data of an event with named fields: by position, if all are there.  Older Windows versions logged fewer, in
 * another order. */
static bool
all_by_position(const struct hostev *ev, const struct event_row *e)
{
	size_t n = 0;
	for (size_t i = 0; i < ev->nfields; i++)
		n += position_of(ev->fields[i].name) > 0;
	return n > 0 && n == count_fields(e);
}

/* A classic event's raw bytes are no field of any manifest; RasSstp 3 has a field of that name. */
static void
drop_binary(struct hostev *ev, const struct event_row *e)
{
	uint8_t n = 0;
	for (uint8_t i = 0; i < ev->nfields; i++)
		if (!text_eq_nocase(ev->fields[i].name, bytes_str("Binary")) ||
		    (e != NULL && field_by_name(e, ev->fields[i].name) != NULL))
			ev->fields[n++] = ev->fields[i];
	ev->nfields = n;
}

/* --- messages -------------------------------------------------------------------------------------------------------- */

/* Is this slot one that only an address can fill? */
static bool
is_address(enum slot slot)
{
	switch (slot) {
	case S_ADDR:
	case S_PEER:
	case S_ROUTER:
	case S_SOCK:
	case S_ADDRS:
	case S_PEERS:
	case S_SCOPE:
	case S_HOST:
	case S_TUNNEL:
	case S_NO_ADDR: return true;
	default: return false;
	}
}

/* The next word of `want` hex digits, or of any number of them behind "0x" where want is 0. */
static struct bytes
hex_word(struct cursor c, size_t want)
{
	bool boundary = true;
	while (cur_more(&c)) {
		struct cursor from = c, look = c;
		size_t n = 0;
		if (want == 0 && cur_left(&look) > 2 && cur_peek_be16(&look) == ('0' << 8 | 'x')) {
			cur_skip(&look, 2);
			n = 2;
		}
		size_t prefix = n;
		for (; cur_more(&look); n++) {
			uint8_t b = cur_peek_u8(&look);
			bool digit = (b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'f');
			if (!digit)
				break;
			cur_skip(&look, 1);
		}
		if (boundary && (want ? n == want : prefix == 2 && n > 2 && n <= 10))
			return cur_take(&from, n);
		uint8_t b = cur_u8(&c);
		boundary = !((b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z'));
	}
	return (struct bytes){ NULL, 0 };
}

/* The next address of the text as it stands there, with the parentheses around it. */
static struct bytes
address_word(struct bytes message)
{
	struct cursor c = cur_all(message);
	struct addr a;
	if (!text_addr_next(&c, &a))
		return (struct bytes){ NULL, 0 };
	size_t end = cur_off(&c), start = end;
	for (struct cursor back; start > 0; start--) {
		back = cur_at(&c, start - 1);
		uint8_t b = cur_u8(&back);
		if (!((b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'f') || b == '.' ||
		      b == ':'))
			break;
	}
	struct cursor from = cur_at(&c, start), before = cur_at(&c, start ? start - 1 : 0),
		      after = cur_at(&c, end);
	if (start > 0 && cur_u8(&before) == '(' && cur_u8(&after) == ')') {
		from = cur_at(&c, start - 1);
		return cur_take(&from, end - start + 2);
	}
	struct bytes word = cur_take(&from, end - start);
	while (word.n > 0 && word.p[word.n - 1] == '.') /* the end of a sentence */
		word.n--;
	return word;
}

static struct cursor
behind(struct bytes message, struct bytes word)
{
	struct cursor c = cur_all(message);
	cur_skip(&c, (size_t)(word.p - message.p) + word.n);
	return c;
}

static struct bytes
from_message(struct bytes message, enum slot slot, struct out *text)
{
	struct cursor c = cur_all(message);
	uint32_t code;
	switch (slot) {
	case S_SHA1: return hex_word(c, 40);
	case S_SHA256: return hex_word(c, 64);
	case S_COID: {
		struct hostev found = { 0 };
		set_coid(&found, message);
		return found.coid;
	}
	case S_ERROR: {
		size_t start = text->n;
		struct bytes word = hex_word(c, 0);
		if (!text_u32(word, &code) || hex_word(behind(message, word), 0).n) /* one of several codes */
			return (struct bytes){ NULL, 0 };
		out_u64(text, code);
		return out_ok(text) ? bytes_of(text->p + start, text->n - start) : (struct bytes){ NULL, 0 };
	}
	default: return is_address(slot) ? address_word(message) : (struct bytes){ NULL, 0 };
	}
}

/* The fields of an event that came with its message only.  Two addresses or codes cannot be told apart: their order is the
 * language's. */
static void
read_message(struct hostev *ev, const struct event_row *e, struct bytes message, struct out *text)
{
	size_t addresses = 0, codes = 0;
	bool any = false;
	for (const struct field_row *f = e->fields; f->name != NULL; f++)
		addresses += is_address((enum slot)f->slot);
	for (const struct field_row *f = e->fields; f->name != NULL; f++)
		codes += f->slot == S_ERROR || f->slot == S_NO_CODE;
	for (const struct field_row *f = e->fields; f->name != NULL; f++) {
		if ((is_address((enum slot)f->slot) && addresses > 1) || (f->slot == S_ERROR && codes > 1))
			continue;
		struct bytes v = from_message(message, (enum slot)f->slot, text);
		if (v.n > 0)
			event_field(ev, bytes_str(f->name), v);
		any |= v.n > 0;
	}
	event_lost(ev, any ? "fields (taken from the message)" : "fields");
}

bool
winmap_apply(struct hostev *ev, struct bytes message, struct out *text)
{
	const char *provider = provider_of(text_trim(ev->provider));
	if (provider == NULL)
		return false;
	ev->provider = bytes_str(provider);
	const struct event_row *e = event_of(provider, ev->event_id);
	drop_binary(ev, e);
	if (e == NULL)
		return true;
	ev->kind = e->row.kind;
	size_t declared = count_fields(e);
	if (ev->nfields == 0 && declared > 0 && message.n > 0)
		read_message(ev, e, message, text);
	bool by_position = all_by_position(ev, e);
	for (size_t i = 0; i < ev->nfields; i++) {
		const struct field_row *f = field_by_name(e, ev->fields[i].name);
		uint32_t at = by_position ? position_of(ev->fields[i].name) : 0;
		if (f == NULL && at > 0 && at <= declared)
			f = &e->fields[at - 1];
		if (f == NULL)
			continue;
		ev->fields[i].name = bytes_str(f->name);
		fill(ev, (enum slot)f->slot, ev->fields[i].value, text);
	}
	return true;
}
