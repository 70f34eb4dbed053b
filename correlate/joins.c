/* Host-event rows, and the one function that compares a row with the wire. */
#include "halves.h"
#include "ledger.h"
#include "outcome.h"
#include "leaselog.h"
#include "vpn.h"

#define FAM(f)	(UINT32_C(1) << FAM_##f)
#define FACT(f) (UINT64_C(1) << F_##f)

#define DHCP4_FACTS                                                                                          \
	(FACT(D4_ROGUE) | FACT(D4_SPOOF) | FACT(D4_RACE) | FACT(D4_OPT) | FACT(D4_ROUTE) | FACT(D4_WPAD) |   \
	 FACT(D4_NAK) | FACT(D4_ACCEPT))
#define FLOODS (FAM(D4_FLOOD) | FAM(D4_STARVATION))
#define PLAIN  .alone = FAMILIES
#define IPH    "Microsoft-Windows-Iphlpsvc"
#define DS     "Microsoft-Windows-DHCP-Server"
#define D4C    "Microsoft-Windows-Dhcp-Client"
#define D6C    "Microsoft-Windows-DHCPv6-Client"
#define DNSC   "Microsoft-Windows-DNS-Client"
#define SSTP   "Microsoft-Windows-RasSstp"
#define SEC    "Microsoft-Windows-Security-Auditing"

static const ts_t UNSERVED = 6 * TS_SEC; /* after a question without an answer its client is told refused */
static const ts_t FLOOD_BEGAN =
	TS_MIN;			 /* before its first fact: some must have come until they are counted */
enum { ERROR_DISABLED = 0x490 }; /* of 4202: IPv6 was disabled by policy */

/* clang-format off */
static const struct join joins[] = {
	/* Iphlpsvc */
	{ "4100", IPH, 0, HE_ISATAP_ROUTER, FAM(DNS) | FAM(ISATAP), FACT(DNS_NAME) | FACT(DNS_LL) | FACT(DNS_DIFF) |
		FACT(ISA_ROUTER) | FACT(ISA_RA),
		K_HOST | K_ROUTER, JF_NAMES,
	  -120, 60, E4, FAM_ISATAP, SEV_MEDIUM, SEV_CRITICAL, 1 << VB_U, R_ISATAP, "T1557.001 T1572",
	  "a router set by policy has no DNS answer: the configured list decides" },
	{ "4200", IPH, 0, HE_TUNNEL_UP, FAM(ISATAP), FACT(ISA_ROUTER) | FACT(ISA_RA), K_TUNNEL, JF_SELF, -60, 300, 0, FAM_ISATAP,
		SEV_INFO, SEV_HIGH, 1 << VB_U, R_TUNNEL_UP, "T1572", "normal on old servers at every link-up" },
	{ "4201", IPH, 0, HE_TUNNEL_DOWN, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 60, 0, FAM_ISATAP, SEV_INFO, SEV_INFO,
		1 << VB_U, R_TUNNEL_DOWN, NULL, "closes 4200" },
	{ "4202", IPH, 0, HE_ADDRESS_UPDATE_FAILED, FAM(D6_ROGUE) | FAM(RA), 0, K_HOST | K_ENABLED, JF_SELF, -60, 10, 0,
		FAM_ISATAP, SEV_INFO, SEV_LOW, 1 << VB_S6, R_DISABLED, NULL, "server core upgrades log it once" },
	{ "4000", IPH, 0, HE_TEREDO_SERVER_UP, FAM(TEREDO), FACT(TER_SRV), 0, JF_OWN | JF_REPORTER, -5, 3600, 0,
		FAM_TEREDO, SEV_MEDIUM, SEV_HIGH,
	  1 << VB_U, R_TEREDO, "T1572", "DirectAccess gateway role" },
	{ "4001", IPH, 0, HE_TEREDO_SERVER_FAILED, 0, 0, 0, JF_SELF | JF_REPORTER, -30, 60, 0, FAM_TEREDO, SEV_INFO, SEV_LOW,
	  1 << VB_U, R_TEREDO_FAILED, NULL, "second public IPv4 missing" },
	{ "4003", IPH, 0, HE_TEREDO_NAME_INVALID, FAM(DNS) | FAM(TEREDO), 0, K_HOST | K_NAME, JF_SELF, -60, 5, 0, FAM_TEREDO,
		SEV_INFO, SEV_MEDIUM, 1 << VB_U, R_TEREDO_NAME, "T1557", "DNS outage" },
	{ "4004", IPH, 0, HE_TEREDO_INIT_FAILED, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 0, 0, FAM_TEREDO, SEV_INFO, SEV_INFO,
	  0, R_NONE, NULL, "no packet belongs to it" },
	{ "4005", IPH, 0, HE_TEREDO_SERVER_STOPPED, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 600, 0, FAM_TEREDO, SEV_INFO, SEV_INFO,
	  1 << VB_U, R_TEREDO_STOPPED, NULL, "closes 4000" },
	{ "4002", IPH, 0, HE_PRIMARY_IPV4_INVALID, FAM(ND_SPOOF), FACT(ND_SPOOF), K_ADDR, 0, -120, 10, 0, FAM_ND_SPOOF,
		SEV_INFO, SEV_MEDIUM, 1 << VB_ARP, R_ADDRESS_QUIET, "T1557.002", "typo in the configured address" },
	/* DHCP-Server */
	{ "1020", DS, 0, HE_SCOPE_LOW, FLOODS, 0, K_SCOPE, JF_IMPACT | JF_REPORTER, -1800, 300, 0, FAM_D4_STARVATION,
		SEV_LOW, SEV_HIGH,
	  1 << VB_B4 | 1 << VB_ARP, R_NO_FLOOD, "T1498 T1499.002", "organic growth, long leases" },
	{ "1063", DS, 0, HE_SCOPE_FULL, FLOODS, 0, K_SCOPE, JF_IMPACT | JF_REPORTER, -3600, 300, 0,
		FAM_D4_STARVATION, SEV_MEDIUM, SEV_HIGH,
	  1 << VB_B4 | 1 << VB_ARP, R_NO_FLOOD, "T1498 T1499.002", "organic growth" },
	{ "1338", DS, 0, HE_DELAYED_OFFER_QUEUE, FLOODS, 0, K_SCOPE | K_QUEUE, JF_IMPACT | JF_REPORTER, -120, 30, 0,
		FAM_D4_FLOOD, SEV_MEDIUM, SEV_HIGH,
	  1 << VB_B4, R_NO_FLOOD, "T1499.002", "a partner outage makes the delayed server answer everyone" },
	{ "1042", DS, 0, HE_DHCP_SERVER_SEEN, FAM(D4_ROGUE), 0, K_PEER_ACTOR, JF_NAMES | JF_REPORTER, -60, 10, 0,
		FAM_D4_ROGUE, SEV_LOW, SEV_HIGH,
	  1 << VB_S4, R_SERVER_SEEN, "T1557.003", "the routine hourly check lists peers" },
	{ "1052", DS, 0, HE_WORKGROUP_SAW_DOMAIN, FAM(D4_ROGUE) | FAM(D4_AUTHKILL), 0, K_PEER_ACTOR | K_DOMAIN,
		JF_NAMES | JF_REPORTER, -120, 10, 0,
	  FAM_D4_ROGUE, SEV_MEDIUM, SEV_HIGH, 1 << VB_S4, R_DOMAIN, "T1557.003", "lab migration" },
	{ "1052/own", DS, 0, HE_WORKGROUP_SAW_DOMAIN, FAM(D4_ROGUE), 0, K_PEER_KNOWN, JF_OWN | JF_REPORTER, -120, 10, 0, PLAIN,
		.sev_confirmed = SEV_HIGH, .attack = "T1557.003", .trap = "lab migration" },
	{ "1051", DS, 0, HE_DHCP_NOT_AUTHORISED, FAM(D4_ROGUE), 0, 0, JF_OWN | JF_REPORTER, -86400, 60, 0,
		FAM_D4_ROGUE, SEV_MEDIUM, SEV_HIGH, 1 << VB_S4, R_NOT_AUTHORISED, "T1557.003", "new server pending authorisation" },
	{ "1053", DS, 0, HE_DOMAIN_SAW_SERVER, FAM(D4_ROGUE) | FAM(D4_AUTHKILL), 0, K_PEER_ACTOR,
		JF_NAMES | JF_REPORTER, -120, 10, 0,
	  FAM_D4_ROGUE, SEV_MEDIUM, SEV_HIGH, 1 << VB_S4, R_PEER_AUTHORISED, "T1557.003", "stale partner" },
	{ "1045", DS, 0, HE_DHCP_STOPPED_WORKGROUP, FAM(D4_AUTHKILL), FACT(D4_AUTHKILL), K_HOST, JF_REPORTER, -120,
		30, E2, FAM_D4_AUTHKILL,
	  SEV_MEDIUM, SEV_CRITICAL, 1 << VB_S4, R_ROGUE_CHECK, "T1489 T1557.003", "VM resume" },
	{ "1046", DS, 0, HE_DHCP_STOPPED_DOMAIN, FAM(D4_AUTHKILL), FACT(D4_AUTHKILL), K_HOST, JF_REPORTER, -300, 30,
		E2, FAM_D4_AUTHKILL,
	  SEV_MEDIUM, SEV_CRITICAL, 1 << VB_S4, R_ROGUE_CHECK, "T1489", "rebuild, subnet move" },
	{ "1046/dc", DS, 0, HE_DHCP_STOPPED_DOMAIN, FAM(ND_SPOOF), FACT(ND_SPOOF), K_HOST, JF_REPORTER, -300, 30, 0, PLAIN,
		.sev_confirmed = SEV_CRITICAL, .attack = "T1489", .trap = "rebuild, subnet move" },
	{ "1059", DS, 0, HE_DHCP_NO_DIRECTORY, FAM(DNS) | FAM(ND_SPOOF), 0, K_HOST, JF_REPORTER | JF_SELF, -300, 30, 0,
		FAM_D4_AUTHKILL, SEV_LOW, SEV_HIGH, 1 << VB_U, R_DIRECTORY, "T1557 T1489", "boot order" },
	{ "10009", DS, 0, HE_SCOPE6_REQUEST_OTHER_SERVER, FAM(D6_ROGUE), FACT(D6_ACCEPT), K_SEGMENT, JF_REPORTER,
		-10, 2, 0, PLAIN,
	  .sev_confirmed = SEV_HIGH, .attack = "T1557.003" },
	{ "10003", DS, 0, HE_SCOPE6_LOW, FAM(D6_FLOOD), 0, K_SUBNET6, JF_IMPACT | JF_REPORTER, -1800, 300, 0, PLAIN,
		.sev_confirmed = SEV_HIGH,
	  .attack = "T1499.002", .trap = "organic" },
	{ "20096", DS, 0, HE_DHCP_DROPPED, FAM(D4_FLOOD), FACT(D4_FANOUT) | FACT(D4_RATE) | FACT(D4_BADMAC), K_FLOODER,
		JF_REPORTER, -60, 5, 0, PLAIN, .attack = "T1499.002", .trap = "a client that is on the deny list" },
	/* a declared server's administrator worked, or its partner answers: it explains, and tells no authority */
	{ "76", DS, 0, HE_DHCP_CONFIG, FAM(D4_ROGUE), FACT(D4_OPT) | FACT(D4_RACE), K_SCOPE_FACT | K_SERVER,
		JF_REPORTER | JF_EXPLAINS, 0, 86400, 0, PLAIN, .refute = R_CONFIG },
	{ "20254", DS, 0, HE_DHCP_PARTNER, FAM(D4_ROGUE), FACT(D4_OPT) | FACT(D4_RACE), K_PARTNER | K_SERVER,
		JF_REPORTER | JF_EXPLAINS, 0, 86400, 0, PLAIN, .refute = R_CONFIG },
	/* Dhcp-Client: Address2 is the server, Address1 the lease */
	{ "50010", D4C, 0, HE_D4_OFFER, FAM(D4_ROGUE), DHCP4_FACTS, K_HOST | K_PEER_ACTOR, JF_ECHO | JF_NAMES, -60,
		10, 0, FAM_D4_ROGUE,
	  SEV_MEDIUM, 0, 1 << VB_S4, R_PEER_AUTHORISED, "T1557.003", "a unicast ACK that the mirror missed" },
	{ "50010/spoof", D4C, 0, HE_D4_OFFER, FAM(D4_ROGUE), FACT(D4_SPOOF), K_HOST | K_ADDR, JF_ECHO, -60, 10, 0,
		PLAIN, .attack = "T1557.003" },
	{ "50013", D4C, 0, HE_D4_ACK, FAM(D4_ROGUE), DHCP4_FACTS, K_HOST | K_PEER_ACTOR, JF_ECHO | JF_NAMES, -60, 10,
		E2, FAM_D4_ROGUE,
	  SEV_MEDIUM, 0, 1 << VB_S4, R_PEER_AUTHORISED, "T1557.003", "a unicast ACK that the mirror missed" },
	{ "50013/spoof", D4C, 0, HE_D4_ACK, FAM(D4_ROGUE), FACT(D4_SPOOF), K_HOST | K_ADDR, JF_ECHO, -60, 10, E2,
		PLAIN, .attack = "T1557.003" },
	{ "1002", D4C, 0, HE_D4_NAK, FAM(D4_ROGUE), DHCP4_FACTS, K_HOST | K_PEER_ACTOR, JF_ECHO | JF_NAMES, -60, 10,
		0, PLAIN, .attack = "T1557.003" },
	{ "50011", D4C, 0, HE_D4_REFUSED, FAM(D4_ROGUE), DHCP4_FACTS, K_HOST, JF_DENIES | JF_CONTEXT, -60, 10, 0, PLAIN,
		.attack = "T1557.003" },
	{ "1011", DS, 0, HE_DHCP_CLIENT, FAM(D4_ROGUE) | FAM(D4_STARVATION), FACT(D4_NAK) | FACT(D4_DECL) | FACT(D4_REL),
		K_CLIENT, JF_ECHO | JF_REPORTER, -60, 5, 0, PLAIN, .attack = "T1499.002" },
	{ "audit-13", "DHCP-Server-AuditLog-v4", 13, HE_DHCP_CLIENT, FAM(ND_SPOOF), FACT(ND_SPOOF), K_ADDR, JF_ECHO | JF_REPORTER,
		-60, 5, 0, PLAIN, .attack = "T1557.002", .trap = "a station with a static address" },
	{ "11006", "DHCP-Server-AuditLog-v6", 0, HE_DHCP6_CLIENT, FAM(D6_ROGUE) | FAM(ND_SPOOF), FACT(D6_DECL) | FACT(ND_SPOOF),
		K_CLIENT, JF_ECHO | JF_REPORTER, -60, 5, 0, PLAIN, .attack = "T1499.002" },
	{ "50044", D4C, 0, HE_D4_INFORM_ACK, FAM(D4_ROGUE), FACT(D4_WPAD), K_HOST, JF_ECHO, -5, 2, E2, PLAIN,
		.attack = "T1557.003" },
	{ "1001", D4C, 0, HE_D4_NO_LEASE, FLOODS, 0, K_VICTIM, 0, -300, 5, 0, PLAIN, .sev_confirmed = SEV_HIGH,
		.attack = "T1499.002" },
	{ "50017", D4C, 50017, HE_D4_CONFLICT, FAM(ND_SPOOF), FACT(ND_SPOOF), K_TAKEN, 0, -60, 5, 0, FAM_ND_SPOOF, SEV_LOW,
		SEV_MEDIUM, 1 << VB_ARP,
	  R_ADDRESS_QUIET, "T1557.002", "address leased twice by authorised servers" },
	{ "1005", D4C, 1005, HE_D4_CONFLICT, FAM(ND_SPOOF), FACT(ND_SPOOF), K_ADDR, 0, -60, 5, 0, FAM_ND_SPOOF, SEV_LOW,
		SEV_MEDIUM, 1 << VB_ARP,
	  R_ADDRESS_QUIET, "T1557.002", "address leased twice by authorised servers" },
	{ "4198", "Tcpip", 0, HE_ARP_CONFLICT, FAM(ND_SPOOF), FACT(ND_SPOOF), K_ADDR | K_MAC_ACTOR, 0, -60, 5, 0, FAM_ND_SPOOF,
		SEV_LOW, SEV_MEDIUM, 1 << VB_ARP,
	  R_ADDRESS_QUIET, "T1557.002", "address leased twice by authorised servers" },
	/* DHCPv6-Client */
	{ "51007", D6C, 0, HE_D6_ADVERTISE, FAM(D6_ROGUE), 0, K_HOST | K_ADDR, JF_ECHO, -10, 5, 0, FAM_D6_ROGUE,
		SEV_MEDIUM, 0, 1 << VB_S6, R_NONE,
	  "T1557", "address of an authorised server" },
	{ "51039", D6C, 51039, HE_D6_REPLY, FAM(D6_ROGUE), 0, K_HOST | K_ADDR, JF_ECHO, -60, 5, E2, FAM_D6_ROGUE,
		SEV_MEDIUM, 0, 1 << VB_S6, R_NONE,
	  "T1557", "address of an authorised server" },
	{ "51010", D6C, 0, HE_D6_REPLY, FAM(D6_ROGUE), 0, K_HOST | K_ADDR, JF_ECHO, -10, 5, E2, FAM_D6_ROGUE,
		SEV_MEDIUM, 0, 1 << VB_S6, R_NONE,
	  "T1557", "address of an authorised server" },
	{ "51013", D6C, 0, HE_D6_RENEWED, FAM(D6_ROGUE), 0, K_HOST | K_LATEST, JF_ECHO, -5, 2, E2, PLAIN, .attack = "T1557" },
	{ "51026", D6C, 0, HE_D6_INFO_REPLY, FAM(D6_ROGUE), FACT(D6_INFO), K_HOST | K_LATEST, JF_ECHO, -5, 2, E2,
		PLAIN, .attack = "T1557" },
	{ "51008", D6C, 0, HE_D6_REFUSED, FAM(D6_ROGUE), 0, K_HOST, JF_ECHO | JF_DENIES, -5, 2, 0, PLAIN, .attack = "T1557" },
	{ "1006", D6C, 1006, HE_RA_FLAGS, FAM(RA), 0, K_SEGMENT | K_RA, JF_ECHO | JF_M | JF_O, -5, 2, 0, PLAIN, .attack = "T1557",
	  .trap = "every boot under M or O logs it" },
	{ "51034", D6C, 51034, HE_RA_FLAGS, FAM(RA), 0, K_SEGMENT | K_RA, JF_ECHO | JF_O, -5, 2, 0, PLAIN, .attack = "T1557" },
	{ "51032", D6C, 0, HE_RA_FLAGS, FAM(RA), 0, K_SEGMENT | K_RA, JF_ECHO | JF_M, -5, 2, 0, PLAIN, .attack = "T1557" },
	{ "51019", D6C, 0, HE_D6_CONFLICT, FAM(D6_ROGUE) | FAM(ND_SPOOF), FACT(D6_DECL) | FACT(ND_SPOOF),
		K_TAKEN, 0, -30, 5, 0, PLAIN,
	  .sev_confirmed = SEV_MEDIUM, .attack = "T1557" },
	/* DNS-Client */
	{ "1018", DNSC, 0, HE_DNS_LINKLOCAL, FAM(DNS), FACT(DNS_LL) | FACT(DNS_NAME), K_HOST | K_ADDR_ACTOR, JF_NAMES, -10,
		5, E4, PLAIN,
	  .sev_confirmed = SEV_HIGH, .attack = "T1557.001" },
	{ "3008", DNSC, 0, HE_DNS_ANSWER, FAM(DNS), FACT(DNS_LL) | FACT(DNS_NAME) | FACT(DNS_DIFF), K_HOST | K_NAME,
		JF_NAMES, -10, 5, E4, PLAIN,
	  .sev_confirmed = SEV_HIGH, .attack = "T1557.001" },
	{ "3009", DNSC, 0, HE_DNS_SERVER, FAM(DNS), FACT(DNS_USE), K_HOST | K_ADDR, JF_ECHO, -60, 60, E3, PLAIN,
		.attack = "T1557" },
	{ "20255", DS, 0, HE_FAILOVER_LOST, FAM(FAILOVER), FACT(FO_TAMPER), K_SEGMENT, JF_REPORTER | JF_PLANNED, -600, 120, 0, FAM_FAILOVER,
	  SEV_LOW, SEV_HIGH, 1 << VB_U, R_PARTNER, "T1498 T1557", "patching" },
	{ "20256", DS, 0, HE_FAILOVER_DIGEST, FAM(FAILOVER), FACT(FO_TAMPER), K_SEGMENT, JF_REPORTER, -60, 10, 0, FAM_FAILOVER,
	  SEV_MEDIUM, SEV_CRITICAL, 1 << VB_U, R_SECRET, "T1557 T1565.002", "the secret was changed on one side" },
	/* RasSstp, RasClient, RemoteAccess: DETECTIONS.md 8 decides */
	{ "6", SSTP, 0, HE_SSTP_CERT_MISMATCH, FAM(SSTP), 0, K_SESSION, 0, -90, 5, E5, FAM_SSTP, SEV_MEDIUM, SEV_CRITICAL,
	  1 << VB_U, R_VPN, "T1557", "TLS off-loader, renewal, wrong hash in the registry" },
	{ "1", SSTP, 0, HE_SSTP_NOT_SENT, FAM(SSTP), 0, K_SESSION, 0, -90, 5, 0, FAM_SSTP, SEV_INFO, SEV_HIGH, 1 << VB_U, R_VPN,
	  "T1557", "captive portal" },
	{ "2", SSTP, 2, HE_SSTP, FAM(SSTP), 0, K_SESSION, 0, -120, 5, 0, FAM_SSTP, SEV_INFO, SEV_MEDIUM, 1 << VB_U, R_VPN,
	  "T1557", "server outage" },
	{ "3", SSTP, 3, HE_SSTP, FAM(SSTP), 0, K_SESSION, 0, -60, 5, 0, FAM_SSTP, SEV_INFO, SEV_MEDIUM, 1 << VB_U, R_VPN,
	  NULL, "middlebox; the content is encrypted" },
	{ "4", SSTP, 4, HE_SSTP, FAM(SSTP), 0, K_SESSION, 0, -60, 5, 0, FAM_SSTP, SEV_INFO, SEV_MEDIUM, 1 << VB_U, R_VPN,
	  NULL, "no free ports" },
	{ "5", SSTP, 5, HE_SSTP, FAM(SSTP), 0, K_SESSION, 0, -120, 5, 0, FAM_SSTP, SEV_LOW, SEV_MEDIUM, 1 << VB_U, R_VPN,
	  NULL, "PPP or NPS policy" },
	{ "16", SSTP, 16, HE_SSTP, FAM(SSTP), 0, K_SESSION, 0, -60, 5, 0, FAM_SSTP, SEV_LOW, SEV_HIGH, 1 << VB_U, R_VPN,
	  "T1557", "a certificate issued for another use" },
	{ "24", SSTP, 24, HE_SSTP, 0, 0, 0, JF_REPORTER, -86400, 86400, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 1 << VB_U, R_VPN,
	  NULL, "half-done renewal" },
	{ "32", SSTP, 32, HE_SSTP, 0, 0, 0, JF_REPORTER, -86400, 86400, 0, FAM_SSTP, SEV_LOW, SEV_HIGH, 1 << VB_U, R_VPN,
	  "T1557", "load balancer" },
	/* RasSstp on servers: what their port shows */
	{ "7", SSTP, 7, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 0, 0, FAM_SSTP, SEV_INFO, SEV_INFO, 0, R_NONE,
	  NULL, "no packet belongs to it" },
	{ "8", SSTP, 8, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 300, 0, FAM_SSTP, SEV_INFO, SEV_LOW, 1 << VB_U, R_LISTENS,
	  NULL, "port clash" },
	{ "9", SSTP, 9, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 0, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 0, R_NONE,
	  NULL, "other software reserved the URL" },
	{ "10", SSTP, 10, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 0, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 0, R_NONE,
	  NULL, "other software reserved the URL" },
	{ "11", SSTP, 11, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 600, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 1 << VB_U, R_SHOWS,
	  NULL, "expiry" },
	{ "12", SSTP, 12, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 600, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 1 << VB_U, R_SHOWS_4,
	  NULL, "half-done configuration" },
	{ "13", SSTP, 13, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 600, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 1 << VB_U, R_SHOWS_6,
	  NULL, "half-done configuration" },
	{ "17", SSTP, 17, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 0, 0, FAM_SSTP, SEV_INFO, SEV_INFO, 0, R_NONE,
	  NULL, "no packet belongs to it" },
	{ "18", SSTP, 18, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 86400, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 0, R_HASH,
	  "T1112", "registry edit" },
	{ "19", SSTP, 19, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 86400, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 0, R_HASH,
	  "T1112", "registry edit" },
	{ "20", SSTP, 20, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, -600, 60, 0, FAM_SSTP, SEV_LOW, SEV_MEDIUM, 1 << VB_U, R_FLOODED,
	  "T1499", "a small server" },
	{ "21", SSTP, 21, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 600, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 1 << VB_U, R_SHOWS_OTHER,
	  NULL, "half-done renewal" },
	{ "22", SSTP, 22, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 600, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 1 << VB_U, R_LISTENS,
	  "T1489", "restart" },
	{ "25", SSTP, 25, HE_SSTP, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 600, 0, FAM_SSTP, SEV_LOW, SEV_LOW, 1 << VB_U, R_SHOWS_NONE,
	  NULL, "expiry" },
	{ "15", SSTP, 15, HE_SSTP, FAM(DNS), FACT(DNS_LL) | FACT(DNS_NAME) | FACT(DNS_DIFF), K_HOST | K_VPN_NAME, 0, -60, 5, E4,
		FAM_SSTP, SEV_INFO, SEV_MEDIUM, 1 << VB_U, R_VPN_NAME, "T1557", "a name that does not exist" },
	{ "33", SSTP, 33, HE_SSTP, FAM(SSTP), 0, K_SESSION, 0, -120, 120, 0, FAM_SSTP, SEV_INFO, 0, 1 << VB_U, R_VPN,
	  NULL, "its text is not documented" },
	{ "20227", "RasClient", 20227, HE_RAS_DIAL, FAM(SSTP), 0, K_SESSION, 0, -90, 5, 0, PLAIN, .sev_confirmed = SEV_HIGH,
	  .attack = "T1557", .trap = "the text of any failure" },
	{ "20271", "RemoteAccess", 20271, HE_RAS_SERVER, FAM(SSTP), 0, K_ADDR_ACTOR, JF_NAMES | JF_REPORTER, -120, 10, 0, PLAIN,
	  .sev_confirmed = SEV_CRITICAL, .attack = "T1557", .trap = "NAT in front of the server" },
	{ "20274", "RemoteAccess", 20274, HE_RAS_SERVER, FAM(SSTP), 0, K_ONWARD, JF_REPORTER, -120, 10, 0, PLAIN,
	  .sev_confirmed = SEV_CRITICAL, .attack = "T1557", .trap = "NAT in front of the server" },
	/* Iphlpsvc on an IP-HTTPS server: its own host, so it speaks for nothing but itself */
	{ "4300", IPH, 0, HE_IPHTTPS_UP, FAM(IPHTTPS), FACT(IPH_SRV), 0, JF_OWN | JF_REPORTER, -5, 3600, 0, FAM_IPHTTPS,
		SEV_LOW, SEV_HIGH, 1 << VB_U, R_IPHTTPS_UP, "T1572", "DirectAccess maintenance" },
	{ "4301", IPH, 0, HE_IPHTTPS_STOPPED, 0, 0, 0, JF_SELF | JF_REPORTER, 0, 600, 0, FAM_IPHTTPS, SEV_INFO, SEV_LOW, 1 << VB_U,
	  R_IPHTTPS_STOPPED, NULL, "closes 4300" },
	{ "4302", IPH, 0, HE_IPHTTPS_FAILED, 0, 0, 0, JF_SELF | JF_REPORTER, -60, 60, 0, FAM_IPHTTPS, SEV_INFO, SEV_LOW, 1 << VB_U,
	  R_IPHTTPS_FAILED, NULL, "certificate expiry" },
	{ "4303", IPH, 0, HE_IPHTTPS_BOUND, 0, 0, 0, JF_SELF | JF_REPORTER, -120, 10, 0, FAM_IPHTTPS, SEV_INFO, SEV_LOW, 1 << VB_U,
	  R_BOUND, "T1133", "NAT, reverse proxy, TLS off-loader" },
	{ "4304", IPH, 0, HE_IPHTTPS_UNBOUND, 0, 0, 0, JF_SELF | JF_REPORTER, -300, 120, 0, FAM_IPHTTPS, SEV_INFO, SEV_INFO,
	  1 << VB_U, R_UNBOUND, NULL, "closes the binding" },
	{ "4400", IPH, 0, HE_DNS64_NO_PREFIX, 0, 0, 0, JF_SELF | JF_REPORTER, -10, 5, 0, FAM_DNS, SEV_LOW, SEV_HIGH, 1 << VB_U,
	  R_DNS64, "T1557", "missing NAT64 prefix" },
	{ "4500", IPH, 0, HE_DA_SITE_ADDED, 0, 0, 0, JF_SELF | JF_REPORTER | JF_PLANNED, 0, 0, 0, FAM_IPHTTPS, SEV_INFO, SEV_INFO, 0, R_NONE,
	  "T1484", "administration" },
	{ "4501", IPH, 0, HE_DA_SITE_REMOVED, 0, 0, 0, JF_SELF | JF_REPORTER | JF_PLANNED, 0, 1800, 0, FAM_IPHTTPS, SEV_LOW, SEV_MEDIUM,
	  1 << VB_U, R_SITE, "T1489", "administration" },
	{ "1024", DNSC, 1024, HE_DNS_TROUBLE, FAM(DNS), 0, K_HOST | K_NAME, 0, -10, 5, 0, PLAIN,
		.sev_confirmed = SEV_MEDIUM, .attack = "T1557" },
	{ "1025", DNSC, 1025, HE_DNS_TROUBLE, FAM(DNS), 0, K_HOST | K_NAME, 0, -10, 5, 0, PLAIN,
		.sev_confirmed = SEV_MEDIUM, .attack = "T1557" },
	{ "1026", DNSC, 1026, HE_DNS_TROUBLE, FAM(DNS), 0, K_HOST | K_NAME, 0, -10, 5, 0, PLAIN,
		.sev_confirmed = SEV_MEDIUM, .attack = "T1557" },
	{ "1013", DNSC, 0, HE_DNS_TROUBLE, FAM(DNS), FACT(DNS_USE), K_HOST | K_ADDR, JF_CONTEXT, -60, 5, 0, PLAIN, .attack = "T1557",
		.trap = "outage" },
	/* RasSstp: who led the client astray before its VPN failed */
	{ "14", SSTP, 14, HE_SSTP, FAM(D4_ROGUE), FACT(D4_ROUTE) | FACT(D4_LEAK), K_HOST, 0, -60, 60, 0,
		FAM_D4_ROGUE, SEV_LOW, SEV_HIGH,
	  1 << VB_S4, R_NO_ROUTES, "T1557.003", "local policy" },
	{ "23", SSTP, 23, HE_SSTP, FAM(D4_ROGUE) | FAM(AUTH), FACT(D4_WPAD) | FACT(AUTH_LURE), K_HOST, 0, -300, 5, 0,
		FAM_AUTH, SEV_INFO, SEV_CRITICAL,
	  1 << VB_U, R_PROXY, "T1557.001 T1187", "normal behind a corporate proxy" },
	/* Security: the server that a relayed logon reached, the directory that it changed */
	{ "4624", SEC, 0, HE_LOGON, FAM(AUTH), FACT(AUTH_LURE) | FACT(AUTH_RELAY), K_ADDR_ACTOR,
		JF_NAMES | JF_REPORTER | JF_NTLM, -10, 10, 0, PLAIN,
	  .sev_confirmed = SEV_CRITICAL, .attack = "T1557.001" },
	{ "4776", SEC, 4776, HE_LOGON, FAM(AUTH), FACT(AUTH_LURE), K_NAME, JF_REPORTER | JF_NTLM, -10, 10, 0, PLAIN,
		.sev_confirmed = SEV_CRITICAL,
	  .attack = "T1557.001", .trap = "the account logs on elsewhere at the same time" },
	{ "4741", SEC, 0, HE_DIRECTORY_CHANGE, FAM(AUTH), FACT(AUTH_RELAY), K_HOST, JF_REPORTER, -600, 5, 0, PLAIN,
		.sev_confirmed = SEV_CRITICAL,
	  .attack = "T1557.001", .trap = "change window" },
};
/* clang-format on */
_Static_assert(NELEM(joins) <= JOINS_MAX, "join_index has a place for each row");

const struct join *
join_at(size_t i)
{
	return i < NELEM(joins) ? &joins[i] : NULL;
}

static bool
row_of(const struct join *j, const struct kept *k)
{
	return j->kind == k->kind && (j->event_id == 0 || j->event_id == k->event_id);
}

static void
span_widen(struct join_span *s, const struct join *j)
{
	bool first = !s->meets;

	s->meets = true;
	s->always |= (j->keys & (K_SESSION | K_VICTIM)) != 0;
	s->from = first || j->from < s->from ? j->from : s->from;
	s->to = first || j->to > s->to ? j->to : s->to;
}

void
join_index_fill(struct join_index *x)
{
	memset(x, 0, sizeof(*x));
	for (size_t i = NELEM(joins); i-- > 0;) {
		const struct join *j = &joins[i];
		bool shared = (j->flags & JF_NAMES) && !(j->flags & JF_ECHO);
		x->next[i] = x->first[j->kind];
		x->first[j->kind] = (uint8_t)(i + 1);
		x->end[j->kind] = j->to > x->end[j->kind] ? j->to : x->end[j->kind];
		for (unsigned f = 0; f < FAM_CHAINS; f++)
			if (shared || (j->families >> f & 1))
				span_widen(&x->span[f][j->kind], j);
	}
}

/* The rows of a kind; NULL ends. */
static const struct join *
row_next(const struct join_index *x, const struct kept *k, const struct join *j)
{
	uint8_t at = j ? x->next[j - joins] : x->first[k->kind];

	while (at && !row_of(&joins[at - 1], k))
		at = x->next[at - 1];
	return at ? &joins[at - 1] : NULL;
}

/* One event against one hypothesis: what the comparison needs, worked out once. */
struct pair {
	struct engine *e;
	struct kept *k;
	struct hyp *h;
	struct place place[PLACES];
	size_t nplace;
	ts_t at, eps; /* the event's time and how far that may be wrong */
	bool late; /* its clock's error is known, and by that it does not fit: it is context, and no lone event */
	struct evidence own; /* K_SESSION: the event's own session; K_VICTIM: since when it is one */
};

/* An event of the suspect's own host proves nothing about the suspect (DETECTIONS.md 1, rule 7). */
static bool
own_host(const struct pair *p)
{
	for (size_t i = 0; !p->h->actor.has_mac && i < p->k->nip; i++)
		if (addr_set(p->h->actor.addr) && addr_eq(p->k->host_ip[i], p->h->actor.addr))
			return true;
	if (!p->h->actor.has_mac)
		return false;
	for (size_t i = 0; i < p->nplace; i++)
		if (mac_eq(p->place[i].mac, p->h->actor.mac))
			return true;
	for (size_t i = 0; i < p->k->nmac; i++)
		if (mac_eq(p->k->host_mac[i], p->h->actor.mac))
			return true;
	return false;
}

static bool
is_host(const struct pair *p, struct mac m, struct addr a)
{
	for (size_t i = 0; i < p->nplace; i++) {
		/* names are attacker-writable: one first seen after the hypothesis opened joins it by grade A or B only */
		if (p->place[i].grade >= BIND_C && p->place[i].first > p->h->first)
			continue;
		if (p->place[i].seg == p->h->seg && mac_eq(p->place[i].mac, m))
			return true;
	}
	for (size_t i = 0; mac_zero(m) && addr_set(a) && i < p->k->nip; i++)
		if (addr_eq(p->k->host_ip[i], a))
			return true;
	return false;
}

static bool
on_segment(const struct pair *p)
{
	for (size_t i = 0; i < p->nplace; i++)
		if (p->place[i].seg == p->h->seg)
			return true;
	return false;
}

static bool
scope_fits(const struct pair *p)
{
	const struct prefix *s = &p->h->actor.scope;

	if (s->a.fam == 4 && s->len > 0 && (p->k->set & HES_ADDR))
		return addr_in(p->k->addr, *s);
	struct prefix subnet;
	bool any = false;
	if ((p->k->set & HES_ADDR) && p->k->addr.fam == 4 &&
	    !auth_prefix(p->e, p->e->segment_at[p->h->seg], p->k->addr, &subnet, &any) && any)
		return false; /* none of the segment's */
	if ((p->k->set & HES_MAC) && host_find(p->e, p->e->segment_at[p->h->seg], p->k->mac))
		return true; /* an audit log names the client that was refused */
	return on_segment(p) || (p->nplace == 0 && p->e->nsegment == 1);
}

static bool
subnet6_fits(const struct pair *p)
{
	struct prefix subnet;
	bool any = false;
	bool in = (p->k->set & HES_ADDR) &&
		  auth_prefix(p->e, p->e->segment_at[p->h->seg], p->k->addr, &subnet, &any);

	return any ? in : on_segment(p) || (p->nplace == 0 && p->e->nsegment == 1);
}

/* `first` or another address of the list that it began. */
static bool
actor_listed(const struct pair *p, struct addr first)
{
	for (size_t i = 0; i < p->k->nmore; i++)
		if (hyp_actor_has(p->e, p->h, p->k->more[i]))
			return true;
	return hyp_actor_has(p->e, p->h, first);
}

static bool
names_actor(const struct pair *p, const struct join *j)
{
	const struct kept *k = p->k;

	if (j->kind == HE_ISATAP_ROUTER)
		return hyp_actor_has(p->e, p->h, k->router);
	if (j->keys & K_PEER_ACTOR)
		return actor_listed(p, k->peer);
	return (k->set & HES_ADDR) && hyp_actor_has(p->e, p->h, k->addr);
}

/* A client that nobody served is told some seconds after it asked: the window begins with its question. */
static bool
is_victim(struct pair *p, const struct join *j)
{
	for (size_t i = 0; i < p->nplace; i++) {
		const struct hyp_victim *v = hyp_victim_of(p->h, p->place[i].mac);
		if (v && p->place[i].seg == p->h->seg &&
		    v->first <= p->at + j->to * TS_SEC + p->eps + UNSERVED &&
		    v->last >= p->at + j->from * TS_SEC - p->eps) {
			p->own.ts = v->first;
			return true;
		}
	}
	return false;
}

/* The client that the event names had asked by then: in a frame of the actor, or, where the sources are forged and nobody is
 * named, as one that came with the flood and never showed a sign of life. */
static bool
is_flooder(const struct pair *p, const struct join *j)
{
	const struct d4_client *c =
		p->k->set & HES_MAC ? ledger_client_by_mac(p->e, p->e->segment_at[p->h->seg], p->k->mac)
				    : NULL;

	if (c == NULL || c->first > p->at + j->to * TS_SEC + p->eps ||
	    c->last < p->at + j->from * TS_SEC - p->eps)
		return false;
	if (p->h->actor.has_mac)
		return mac_eq(c->l2, p->h->actor.mac) || mac_eq(c->mac, p->h->actor.mac);
	return (c->flags & D4C_UNUSED) && c->first >= p->h->first - FLOOD_BEGAN && c->first <= p->h->last;
}

/* The actor went on to the computer that tells: a session of its own in the window. */
static bool
went_on(const struct pair *p, const struct join *j)
{
	const struct half_case c = { .e = p->e,
				     .k = p->k,
				     .place = p->place,
				     .nplace = p->nplace,
				     .from = p->at + j->from * TS_SEC - p->eps,
				     .to = p->at + j->to * TS_SEC + p->eps };

	return p->h->actor.has_mac && reporter_served(&c, p->h->seg, p->h->actor.mac);
}

static bool
is_partner(const struct pair *p)
{
	struct kept named = *p->k;
	struct place place[PLACES];

	if (p->k->set & HES_PEER)
		return hyp_actor_has(p->e, p->h, p->k->peer);
	if (!(p->k->set & HES_NAME) || !p->h->actor.has_mac)
		return false;
	memcpy(named.computer, p->k->text, sizeof(named.computer));
	named.nmac = named.nip = 0;
	named.more_macs = false;
	size_t n = event_places(p->e, &named, place);
	for (size_t i = 0; i < n; i++)
		if (mac_eq(place[i].mac, p->h->actor.mac))
			return true;
	return false;
}

/* Keys that the event and the hypothesis decide, whatever the packet. */
static bool
static_keys(struct pair *p, const struct join *j)
{
	if (j->keys & K_SESSION) {
		const struct session *s = vpn_joins(p->e, j, p->k, p->place, p->nplace, p->h);
		if (s == NULL)
			return false;
		if (s->start < p->at + j->from * TS_SEC - p->eps ||
		    s->start > p->at + j->to * TS_SEC + p->eps)
			return false;
		p->own.ts = s->start;
	}
	if ((j->keys & K_PEER_ACTOR) && !actor_listed(p, p->k->peer))
		return false;
	if ((j->keys & K_ADDR_ACTOR) && !((p->k->set & HES_ADDR) && hyp_actor_has(p->e, p->h, p->k->addr)))
		return false;
	if ((j->keys & K_ENABLED) && (p->k->set & HES_ERROR) && p->k->error == ERROR_DISABLED)
		return false;
	if ((j->keys & K_PEER_KNOWN) && !peers_known(p->e, p->e->segment_at[p->h->seg], p->k))
		return false;
	if ((j->flags & JF_NTLM) && !p->k->flag1)
		return false;
	if ((j->keys & K_MAC_ACTOR) && (p->k->set & HES_MAC) && p->h->actor.has_mac &&
	    !mac_eq(p->k->mac, p->h->actor.mac))
		return false;
	if ((j->keys & K_VICTIM) && !is_victim(p, j))
		return false;
	if ((j->keys & K_QUEUE) &&
	    !outcome_seen(p->e, p->h->seg, (struct addr){ 0 }, PORT_QUEUE, OUT_ASKED,
			  p->at + j->from * TS_SEC - p->eps, p->at + j->to * TS_SEC + p->eps))
		return false;
	if ((j->keys & K_FLOODER) && !is_flooder(p, j))
		return false;
	if ((j->keys & K_ONWARD) && !went_on(p, j))
		return false;
	if ((j->keys & K_SCOPE) && !scope_fits(p))
		return false;
	if ((j->keys & K_SUBNET6) && !subnet6_fits(p))
		return false;
	if ((j->keys & K_SERVER) && !(p->k->computer[0] && leaselog_counts(p->e, p->k)))
		return false;
	if ((j->keys & K_PARTNER) && !is_partner(p))
		return false;
	return !(j->keys & K_SEGMENT) || on_segment(p);
}

static bool
ra_fits(const struct pair *p, const struct join *j, const struct evidence *v)
{
	uint8_t mask = (uint8_t)((j->flags & JF_M ? 2 : 0) | (j->flags & JF_O ? 1 : 0));
	uint8_t want = (uint8_t)(p->k->flag1 << 1 | p->k->flag2);

	if ((v->ra_flags & mask) != (want & mask))
		return false;
	return !other_ra(p->e, p->h->seg, p->h->actor.mac, p->at + j->from * TS_SEC - p->eps,
			 p->at + j->to * TS_SEC + p->eps, want, mask);
}

/* Nobody else sent the host such a message in the widened window. */
static bool
latest_fits(const struct pair *p, const struct join *j, const struct evidence *v)
{
	return !other_reply6(p->e, p->h->seg, v->victim, p->h->actor.mac, p->at + j->from * TS_SEC - p->eps,
			     p->at + j->to * TS_SEC + p->eps);
}

/* The address of the tunnel's interface is made of the IPv4 address that its packets come from (RFC 5214 6.1). */
static bool
tunnel_fits(const struct pair *p, const struct evidence *v)
{
	for (size_t i = 0; i < p->k->nmore; i++)
		if (v->has_victim && addr_set(v->victim_addr) && addr_eq(v->victim_addr, p->k->more[i]))
			return true;
	return false;
}

/* The name of a VPN server: a declared one, or the one that this client dialled. */
static bool
vpn_name_fits(const struct pair *p, const struct evidence *v)
{
	const struct dial *d = dial_of(p->e, p->k->coid);
	const struct auth_vpn *a;

	if (v->name == 0)
		return false;
	for (size_t i = 0; (a = auth_vpn_at(p->e, p->e->segment_at[p->h->seg], i)); i++)
		if (a->sni.n && name_hash(a->sni) == v->name)
			return true;
	return d && d->name == v->name;
}

/* The packet touched the event's computer; a router advertisement to all nodes touches whom it reached. */
static bool
touched(const struct pair *p, const struct evidence *v)
{
	if (v->has_victim || p->h->family != FAM_RA)
		return v->has_victim && is_host(p, v->victim, v->victim_addr);
	for (size_t i = 0; i < p->nplace; i++)
		if (p->place[i].seg == p->h->seg && hyp_victim_of(p->h, p->place[i].mac))
			return true;
	return false;
}

/* The address that the packet claimed is one of the computer's: by its agent, or by who had it on the wire. */
static bool
taken_from(const struct pair *p, const struct evidence *v)
{
	const struct binding *b =
		addr_set(v->key) ? binding_find(p->e, p->e->segment_at[p->h->seg], v->key) : NULL;

	for (size_t i = 0; addr_set(v->key) && i < p->k->nip; i++)
		if (addr_eq(p->k->host_ip[i], v->key))
			return true;
	for (size_t i = 0; b && i < p->nplace; i++)
		if (p->place[i].seg == p->h->seg &&
		    (mac_eq(b->mac, p->place[i].mac) || mac_eq(b->prev, p->place[i].mac)))
			return true;
	return touched(p, v);
}

/* The scope is told as its network; how long that is the configuration says, else the /24 that a server's word is kept for. */
static bool
scope_has(const struct pair *p, const struct evidence *v)
{
	struct prefix scope = { p->k->addr, 24 };
	bool any;

	if (!(p->k->set & HES_ADDR))
		return on_segment(p);
	(void)auth_prefix(p->e, p->e->segment_at[p->h->seg], p->k->addr, &scope, &any);
	return p->k->addr.fam == 4 && addr_set(v->key) && addr_in(v->key, scope);
}

static bool
client_fits(const struct pair *p, const struct evidence *v)
{
	const struct kept *k = p->k;
	struct mac m;

	if (k->set & HES_MAC)
		return v->has_victim && mac_eq(v->victim, k->mac);
	if (k->duid && v->has_victim && leaselog_station(p->e, p->e->segment_at[p->h->seg], k, &m) &&
	    mac_eq(v->victim, m))
		return true;
	return (k->set & HES_ADDR) && (addr_eq(v->key, k->addr) || addr_eq(v->victim_addr, k->addr));
}

static bool
evidence_fits(const struct pair *p, const struct join *j, const struct evidence *v)
{
	if (j->facts && !fact_in(j->facts, v->fact))
		return false;
	if ((j->keys & K_HOST) && !touched(p, v))
		return false;
	if ((j->keys & K_ADDR) && !(addr_set(v->key) && addr_eq(v->key, p->k->addr)))
		return false;
	if ((j->keys & K_ROUTER) && !(addr_set(v->key) && addr_eq(v->key, p->k->router)))
		return false;
	if ((j->keys & K_NAME) && !(v->name && v->name == p->k->name))
		return false;
	if ((j->keys & K_DOMAIN) && v->name && p->k->name && v->name != p->k->name)
		return false;
	if ((j->keys & K_LATEST) && !latest_fits(p, j, v))
		return false;
	if ((j->keys & K_TUNNEL) && !tunnel_fits(p, v))
		return false;
	if ((j->keys & K_VPN_NAME) && !vpn_name_fits(p, v))
		return false;
	if ((j->keys & K_TAKEN) && !taken_from(p, v))
		return false;
	if ((j->keys & K_SCOPE_FACT) && !scope_has(p, v))
		return false;
	if ((j->keys & K_CLIENT) && !client_fits(p, v))
		return false;
	return !(j->keys & K_RA) || ra_fits(p, j, v);
}

/* The fitting wire fact nearest to the event inside the window, NULL when there is none. */
static const struct evidence *
evidence_for(const struct pair *p, const struct join *j)
{
	const struct hyps *s = p->e->hyps;
	ts_t from = p->at + j->from * TS_SEC - p->eps, to = p->at + j->to * TS_SEC + p->eps;
	const struct evidence *best = NULL;
	ts_t best_d = INT64_MAX;

	for (uint64_t at = evidence_upto(p->e, p->h, to); at && s->ring_n - at < s->ring_cap;) {
		const struct evidence *v = &s->ring[(at - 1) % s->ring_cap];
		if (v->hyp != p->h->id || v->reach < from)
			break;
		ts_t d = v->ts > p->at ? v->ts - p->at : p->at - v->ts;
		if (v->ts >= from && v->ts <= to && d < best_d && evidence_fits(p, j, v)) {
			best = v;
			best_d = d;
		}
		at = v->prev;
	}
	return best;
}

/* What a joined event shows of the victims that are its computer; true when that is new. */
static bool
raise_victims(const struct pair *p, const struct join *j, bool shared)
{
	bool raises = j->raises && !shared && !(j->flags & JF_REPORTER), news = false;

	for (size_t i = 0; ((j->flags & JF_DENIES) || raises) && i < p->nplace; i++) {
		struct hyp_victim *v = hyp_victim_of(p->h, p->place[i].mac);
		if (v == NULL)
			continue;
		bool may = j->raises <= E2 || (j->keys & K_SESSION) || hyp_victim_best(v) >= E2;
		if (raises && may && hyp_victim_best(v) < j->raises) {
			v->raised = j->raises;
			news = true;
		}
		news |= (j->flags & JF_DENIES) && !v->denies;
		v->denies |= (j->flags & JF_DENIES) != 0;
	}
	return news;
}

static uint8_t
role_of(const struct join *j, bool late)
{
	if (late || (j->flags & JF_CONTEXT))
		return ROLE_CONTEXT;
	return j->flags & JF_EXPLAINS ? ROLE_REFUTES : ROLE_CORROBORATES;
}

bool
join_explains(struct engine *e, const struct hyp_event *ev, const struct hyp_fact *f)
{
	const struct join *j = &joins[ev->row];
	const struct kept *k = event_find(e, ev->serial);
	bool exact = k && k->clock_known && !e->conf->feed_synced;
	ts_t at = exact ? k->ts - k->offset : ev->time,
	     eps = exact ? EVENT_EPS_SEC * TS_SEC : event_eps(e, k);

	return ev->role == ROLE_REFUTES && !ev->withdrawn && fact_in(j->facts, f->id) &&
	       f->first >= at + j->from * TS_SEC - eps && f->last <= at + j->to * TS_SEC + eps;
}

static bool
attach(const struct pair *p, const struct join *j, const struct evidence *v, bool shared)
{
	struct hyp_event ev = { .serial = p->k->serial,
				.time = p->k->ts,
				.role = role_of(j, p->late),
				.echo = j->flags & JF_ECHO,
				.impact = j->flags & JF_IMPACT,
				.withdrawn = p->late,
				.shared = shared,
				.row = (uint8_t)(j - joins),
				.severity = j->sev_confirmed,
				.names = (j->keys & K_SESSION) || (j->flags & JF_OWN) ||
					 ((j->flags & JF_NAMES) && names_actor(p, j)) };

	ev.offset = v ? p->k->ts - v->ts : 0;
	if (ev.echo && v == NULL)
		return false;
	bool news = hyp_event_add(p->h, &ev);
	p->k->joined = true;
	return (!p->late && raise_victims(p, j, shared)) || news;
}

/* An event whose key is an address of the actor speaks in the actor's other hypotheses that list its host as victim
 * (DETECTIONS.md 10.1). */
static bool
share(const struct pair *p, const struct join *j, bool *news)
{
	if (!(j->flags & JF_NAMES) || (j->flags & JF_ECHO) || !p->h->actor.has_mac || !hyp_open(p->h) ||
	    !names_actor(p, j))
		return false;
	for (size_t i = 0; i < p->nplace; i++) {
		const struct hyp_victim *v = hyp_victim_of(p->h, p->place[i].mac);
		if (v && p->place[i].seg == p->h->seg && v->first <= p->at + j->to * TS_SEC + p->eps &&
		    p->at + j->from * TS_SEC - p->eps <= v->last) {
			*news |= attach(p, j, NULL, true);
			return true;
		}
	}
	return false;
}

/* Whose computer it was costs many lookups: not before the row and the times allow a join at all.  Facts of
 * authentication may lie ten minutes before the packet that raised them. */
static bool
may_meet(const struct pair *p, const struct join *j)
{
	const ts_t late = 10 * TS_MIN;

	if (!(j->families >> p->h->family & 1) && (!(j->flags & JF_NAMES) || (j->flags & JF_ECHO)))
		return false;
	return (j->keys & K_SESSION) || (p->at + j->from * TS_SEC - p->eps <= p->h->last + late &&
					 p->at + j->to * TS_SEC + p->eps >= p->h->first - late);
}

/* The rows one after the other; true when one joined. *news: and something was new. */
static bool
try_rows(struct pair *p, bool *news)
{
	const struct join_index *x = events_index(p->e);
	bool own = false, shared = false;

	for (const struct join *j = NULL; (j = row_next(x, p->k, j));) {
		if (!may_meet(p, j) || off(p->e, j->id))
			continue;
		if (p->nplace == SIZE_MAX)
			p->nplace = event_places(p->e, p->k, p->place);
		own = own_host(p);
		if (own != ((j->flags & JF_OWN) != 0))
			continue;
		if (!(j->families >> p->h->family & 1)) {
			bool was = !p->late && share(p, j, news);
			shared |= was;
			continue;
		}
		if (!static_keys(p, j))
			continue;
		const struct evidence *v = j->keys & (K_SESSION | K_VICTIM) ? &p->own : evidence_for(p, j);
		if (v == NULL)
			continue;
		*news |= attach(p, j, v, false);
		return true;
	}
	return shared;
}

bool
join_try(struct engine *e, struct kept *k, struct hyp *h)
{
	struct pair p = { .e = e, .k = k, .h = h, .nplace = SIZE_MAX, .at = k->ts, .eps = event_eps(e, k) };
	bool news = false;

	if (h->family >= FAM_CHAINS || h->nfact == 0 || !events_index(e)->span[h->family][k->kind].meets)
		return false;
	if (k->clock_known && !e->conf->feed_synced) {
		p.at = k->ts - k->offset;
		p.eps = EVENT_EPS_SEC * TS_SEC;
		if (try_rows(&p, &news))
			return news;
		p.at = k->ts;
		p.eps = event_eps(e, k);
		p.late = true;
	}
	(void)try_rows(&p, &news);
	return news;
}

/* ---- a clock that was learned ---- */
/* Evidence that is out of memory was seen all the same: its time is known from the event that joined it. */
static void
keep_joined(const struct hyp_event *was, struct kept *k, struct hyp *h)
{
	const struct join *j = &joins[was->row];
	struct hyp_event ev = *was;
	ts_t at = k->ts - k->offset, eps = EVENT_EPS_SEC * TS_SEC, v = was->time - was->offset;

	if (was->shared || (j->keys & (K_RA | K_LATEST)))
		return;
	ev.withdrawn = k->clock_known && (v < at + j->from * TS_SEC - eps || v > at + j->to * TS_SEC + eps);
	ev.role = role_of(j, ev.withdrawn);
	k->joined = true;
	(void)hyp_event_add(h, &ev);
}

/* What the events of the list show of the victims, from the beginning. */
static void
raise_again(struct engine *e, struct hyp *h)
{
	for (size_t i = 0; i < h->nevent; i++)
		if (event_find(e, h->event[i].serial) == NULL)
			return; /* one that is out of memory has shown what nobody can work out again */
	for (size_t i = 0; i < h->nvictim; i++) {
		h->victim[i].raised = E0;
		h->victim[i].denies = false;
	}
	for (size_t i = 0; i < h->nevent; i++) {
		struct hyp_event *ev = &h->event[i];
		struct kept *k = (struct kept *)(uintptr_t)event_find(e, ev->serial);
		struct pair p = { .e = e, .k = k, .h = h };
		if (ev->lone || ev->withdrawn)
			continue;
		p.nplace = event_places(e, k, p.place);
		(void)raise_victims(&p, &joins[ev->row], ev->shared);
	}
	events_rejoin(e, h);
}

/* `keep`: what joined by evidence that is out of memory stays joined. */
static void
rejoin(struct engine *e, struct kept *k, bool keep)
{
	k->joined = false;
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h)) {
		struct hyp_event *ev = h->family < FAM_CHAINS ? hyp_event_of(h, k->serial) : NULL;
		struct hyp_event was = ev ? *ev : (struct hyp_event){ 0 };
		if (ev && ev->lone)
			continue;
		if (ev)
			hyp_event_drop(h, ev);
		bool news = join_try(e, k, h);
		if (ev && keep && hyp_event_of(h, k->serial) == NULL)
			keep_joined(&was, k, h);
		const struct hyp_event *is = hyp_event_of(h, k->serial);
		bool less = ev && !was.withdrawn && (is == NULL || is->withdrawn);
		if (less) {
			h->severity = SEV_INFO; /* what it was raised to rested on this event too */
			raise_again(e, h);
		}
		if (news || less || ev)
			hyp_touch(e, h);
	}
}

void
join_again(struct engine *e, struct kept *k)
{
	rejoin(e, k, true);
}

/* ---- an event that found nothing ---- */
static const struct segment *
where(struct engine *e, size_t nplace, const struct place *place)
{
	if (nplace)
		return e->segment_at[place[0].seg];
	return e->nsegment ? e->segment_at[0] : segment_of_feed(e);
}

static bool
isatap_explained(struct engine *e, const struct kept *k)
{
	const struct authority *a = e->conf->authority;

	if (!addr_set(k->router) || addr_loopback(k->router) || addr_zero(k->router) ||
	    ((k->set & HES_ERROR) && k->error))
		return true;
	for (size_t i = 0; a && i < a->nsite; i++)
		for (size_t r = 0; r < a->site[i].isatap_routers.n; r++)
			if (addr_eq(a->site[i].isatap_routers.v[r], k->router))
				return true;
	return false;
}

/* The computer is a Teredo server that is declared. */
static bool
teredo_explained(struct engine *e, const struct segment *s, const struct kept *k)
{
	struct place place[PLACES];
	size_t n = event_places(e, k, place);

	for (size_t i = 0; i < k->nip; i++)
		if (auth_teredo_server(e, s, k->host_ip[i]) == ST_AUTHORISED)
			return true;
	for (size_t i = 0; i < n; i++) {
		const struct host *h = host_find(e, e->segment_at[place[i].seg], place[i].mac);
		for (size_t a = 0; h && a < h->nip; a++)
			if (auth_teredo_server(e, s, host_ip(e, h, a)) == ST_AUTHORISED)
				return true;
	}
	return false;
}

/* The two lists that are looked up by what the event names. */
static struct half
listed_half(struct engine *e, const struct segment *s, const struct join *j, const struct kept *k)
{
	struct half h = { .verdict = V_INFO };

	if (j->refute == R_ISATAP ? isatap_explained(e, k) : teredo_explained(e, s, k))
		h.verdict = V_REFUTED;
	return h;
}

static struct actor
alone_actor(struct engine *e, const struct segment *s, const struct join *j, const struct kept *k,
	    const struct place *place, size_t nplace)
{
	struct actor a = { .addr = k->addr };

	if (j->flags & JF_SELF)
		return (struct actor){ .addr = reporter_address(e, k, place, nplace) };
	if (j->kind == HE_ISATAP_ROUTER)
		a.addr = k->router;
	else if (j->keys & K_PEER_ACTOR)
		a.addr = k->peer;
	if (j->keys & K_SCOPE) {
		a.scope = (struct prefix){ addr4(0, 0, 0, 0), 0 };
		return a;
	}
	if (j->kind == HE_D6_ADVERTISE || j->kind == HE_D6_REPLY)
		return (struct actor){ 0 }; /* its address is the lease: who gave it is not told */
	const struct binding *b = binding_find(e, s, a.addr);
	if (b && !b->contested) {
		a.has_mac = true;
		a.mac = b->mac;
	}
	return a;
}

/* Neighbour events alone raise at most what their row says, and only where it says so. */
static bool
speaks_alone(struct engine *e, const struct segment *s, const struct join *j, const struct kept *k)
{
	if (j->alone == FAMILIES)
		return false;
	if (j->kind == HE_D6_ADVERTISE ||
	    j->kind == HE_D6_REPLY) /* an address that no server may assign: D6-ADDR */
		return addr_linklocal(k->addr) || addr_multicast(k->addr) || addr_loopback(k->addr) ||
		       addr_v4mapped(k->addr);
	if (j->kind == HE_D4_OFFER || j->kind == HE_D4_ACK)
		return auth_declared(e, s, SVC_DHCP4) && addr_set(k->peer) &&
		       !auth_id_known(e, s, SVC_DHCP4, k->peer, (struct bytes){ NULL, 0 });
	return true;
}

/* What a row says of its event alone. */
struct lone {
	struct actor actor;
	enum verdict verdict;
	uint8_t severity;
	uint16_t missing;
	const char *why;
	struct inc_flow flow;
};

/* A VPN client's event: section 8's table, or the server is down for everybody. */
static void
lone_vpn(struct lone *l, const struct half_case *c)
{
	struct vpn_alone a = vpn_alone(c->e, c->seg, c->j, c->k, c->place, c->nplace, c->blind);

	l->actor = a.actor;
	l->verdict = a.verdict;
	l->severity = (uint8_t)a.severity;
	l->missing |= a.hidden ? 1 << VB_LEAF : 0;
	l->why = a.why;
	if (a.s)
		l->flow = (struct inc_flow){ a.s->client, a.s->server, a.s->cport, a.s->sport, 6 };
	struct half h = a.s ? (struct half){ .verdict = V_INFO } : half_outage(c);
	if (h.verdict == V_REFUTED && l->verdict <= V_HOST_ONLY) {
		l->verdict = V_REFUTED;
		l->why = h.why;
	}
	if (l->verdict == V_REFUTED && off(c->e, "refute"))
		l->verdict = V_HOST_ONLY;
}

/* Its host was told a router shortly before. */
static bool
had_router(struct engine *e, const struct kept *k)
{
	const struct kept *r;
	size_t i = 0;

	while (k->host && (r = event_next(e, &i, HE_ISATAP_ROUTER, k->ts - ROUTER_BEFORE, k->ts)))
		if (r->host == k->host)
			return true;
	return false;
}

static void
lone_half(struct lone *l, const struct half_case *c)
{
	const struct join *j = c->j;
	bool list = j->refute == R_ISATAP || j->refute == R_TEREDO;
	struct half h = list ? listed_half(c->e, c->seg, j, c->k) : half_of(c);

	bool any;

	if ((j->flags & JF_PLANNED) && auth_planned(c->e, c->seg, c->k->ts, event_eps(c->e, c->k), &any))
		h = (struct half){ .verdict = V_REFUTED, .why = "work was announced for that time" };
	l->actor = alone_actor(c->e, c->seg, j, c->k, c->place, c->nplace);
	if (((j->flags & JF_OWN) || h.by_reporter) && c->nplace)
		l->actor = (struct actor){ .has_mac = true, .mac = c->place[0].mac };
	if (h.verdict == V_REFUTED && off(c->e, "refute"))
		h = (struct half){ .verdict = V_INFO };
	l->why = h.why;
	l->severity = h.severity ? h.severity : h.verdict == V_CONFIRMED ? j->sev_confirmed : j->sev_alone;
	l->verdict = h.verdict != V_INFO ? h.verdict : c->blind ? V_UNVERIFIABLE : V_HOST_ONLY;
	if (j->refute == R_TUNNEL_UP && l->severity < SEV_LOW && had_router(c->e, c->k))
		l->severity = SEV_LOW;
	if (j->refute == R_ISATAP && addr_set(c->k->router) && !addr_private4(c->k->router) &&
	    !addr_loopback(c->k->router) && l->severity < SEV_HIGH)
		l->severity = SEV_HIGH; /* nobody's own router stands in the Internet */
}

static struct lone
lone_of(struct engine *e, const struct segment *s, const struct join *j, const struct kept *k,
	const struct place *place, size_t nplace, bool at_end)
{
	ts_t eps = event_eps(e, k), from = k->ts + j->from * TS_SEC, to = k->ts + j->to * TS_SEC;
	bool whole = !(at_end && e->now < to) && from >= s->first;
	struct half_case c = { e, s, j, k, place, nplace, from - eps, to + eps, false };
	struct lone l = { .severity = j->sev_alone };

	for (unsigned b = 0; b < VANTAGE_BITS; b++)
		if ((j->vantage >> b & 1) && !vantage_had(e, s, (enum vantage_bit)b, event_due(e, k)))
			l.missing |= (uint16_t)(1u << b);
	/* where no packet belongs to the event, none can be missing */
	c.blind = j->vantage && (l.missing || !whole || !vantage_clean(e, from, to));
	if (j->refute == R_VPN)
		lone_vpn(&l, &c);
	else
		lone_half(&l, &c);
	return l;
}

/* Several events may share a hypothesis, whatever their order: the strongest verdict is its, where no wire fact accuses.
 * Where one does, outside the event's window, the event is listed as context and decides nothing. */
static void
lone_tell(struct hyp *h, const struct join *j, const struct kept *k, const struct lone *l)
{
	bool first = h->host_row == 0;

	hyp_event_add(
		h, &(struct hyp_event){ .serial = k->serial,
					.time = k->ts,
					.severity = l->severity,
					.lone = true,
					.role = l->verdict == V_REFUTED ? ROLE_CONTEXT : ROLE_CORROBORATES });
	if (first || l->verdict > h->host_fate) {
		h->host_row = (uint8_t)(j - joins + 1);
		h->host_fate = (uint8_t)l->verdict;
		h->host_why = l->why;
	}
	if (!hyp_alone(h))
		return;
	h->missing |= l->missing;
	if (!h->flow.src.fam)
		h->flow = l->flow;
	h->last = k->ts > h->last ? k->ts : h->last;
}

void
join_decide(struct engine *e, struct kept *k, bool at_end)
{
	struct place place[PLACES];
	size_t nplace = event_places(e, k, place);
	const struct segment *s = where(e, nplace, place);

	if (k->joined)
		return;
	for (const struct join *j = NULL; (j = row_next(events_index(e), k, j));) {
		if (off(e, j->id) || !speaks_alone(e, s, j, k))
			continue;
		struct lone l = lone_of(e, s, j, k, place, nplace, at_end);
		struct hyp *h = hyp_get(e, j->alone, s, &l.actor);
		if (h == NULL)
			return;
		lone_tell(h, j, k, &l);
		hyp_touch(e, h);
		if (!hyp_alone(h))
			return;
		for (size_t p = 0; p < nplace && !(j->flags & JF_REPORTER); p++) {
			struct hyp_victim *v =
				l.actor.has_mac && mac_eq(l.actor.mac, place[p].mac)
					? NULL
					: hyp_victim_get(h, true, place[p].mac, (struct addr){ 0 }, k->ts);
			if (v && l.verdict >= V_PROBABLE && v->grade < j->raises)
				v->grade = j->raises;
		}
		return;
	}
}

/* The same hypothesis judged once more from its events; one that has forgotten an event stays as it is. */
static void
review(struct engine *e, struct hyp *h, bool at_end)
{
	uint64_t serial[INC_LIST_MAX];
	uint32_t n = h->nevent;

	for (size_t i = 0; i < n; i++) {
		const struct kept *k = event_find(e, h->event[i].serial);
		if (k == NULL || k->joined || !h->event[i].lone || h->events_total > n)
			return;
		serial[i] = h->event[i].serial;
	}
	while (h->nevent)
		hyp_event_drop(h, &h->event[h->nevent - 1]);
	h->host_row = h->host_fate = 0;
	h->host_why = NULL;
	h->missing = 0;
	for (size_t i = 0; i < n; i++)
		join_decide(e, (struct kept *)(uintptr_t)event_find(e, serial[i]), at_end);
}

void
join_renew(struct engine *e, struct kept *k)
{
	bool was = k->joined;

	rejoin(e, k, false);
	if (k->decided && was && !k->joined)
		join_decide(e, k, false);
	for (struct hyp *h = hyp_next(e, NULL); h && k->decided && !was && !k->joined; h = hyp_next(e, h)) {
		const struct hyp_event *ev = h->family < FAM_CHAINS ? hyp_event_of(h, k->serial) : NULL;
		if (ev && ev->lone) {
			review(e, h, false);
			return;
		}
	}
}

void
join_review(struct engine *e, bool at_end)
{
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (h->family < FAM_CHAINS && h->host_row && hyp_alone(h) &&
		    ((h->missing & (1u << VB_S4 | 1u << VB_S6)) ||
		     joins[h->host_row - 1].refute == R_ADDRESS_QUIET))
			review(e, h, at_end);
}
