/* What a Windows host said: one record an event.  Lives on the stack of the decoder; its views point into the document
 * (or the decoder's arena) and die with the call: who keeps, copies.  Text is UTF-8, bytes that are not are U+FFFD. */
#ifndef CROSSTAP_HOSTEV_H
#define CROSSTAP_HOSTEV_H

#include "addr.h"
#include "bytes.h"
#include "time.h"

enum { HE_FIELDS_MAX = 48, HE_ADDRS_MAX = 16, HE_MACS_MAX = 8, HE_MORE_MAX = 15 };

/* The kinds that the join table (correlate/joins.c) has rows for.  One kind may stand for several event ids. */
enum hostev_kind {
	HE_OTHER, /* of a known provider, no row of its own */
	/* Iphlpsvc */
	HE_TEREDO_SERVER_UP, HE_TEREDO_SERVER_FAILED, HE_PRIMARY_IPV4_INVALID, HE_TEREDO_NAME_INVALID, HE_TEREDO_INIT_FAILED,
	HE_TEREDO_SERVER_STOPPED, HE_ISATAP_ROUTER, HE_TUNNEL_UP, HE_TUNNEL_DOWN, HE_ADDRESS_UPDATE_FAILED, HE_IPHTTPS_UP,
	HE_IPHTTPS_STOPPED, HE_IPHTTPS_FAILED, HE_IPHTTPS_BOUND, HE_IPHTTPS_UNBOUND, HE_DNS64_NO_PREFIX, HE_DA_SITE_ADDED,
	HE_DA_SITE_REMOVED,
	/* DHCP-Server */
	HE_SCOPE_LOW, HE_DHCP_SERVER_SEEN, HE_DHCP_STOPPED_WORKGROUP, HE_DHCP_STOPPED_DOMAIN, HE_DHCP_NOT_AUTHORISED,
	HE_WORKGROUP_SAW_DOMAIN, HE_DOMAIN_SAW_SERVER, HE_DHCP_NO_DIRECTORY, HE_SCOPE_FULL, HE_DELAYED_OFFER_QUEUE,
	HE_FAILOVER_LOST, HE_FAILOVER_DIGEST, HE_DELAYED_OFFER_QUEUE_OK, HE_SCOPE6_REQUEST_OTHER_SERVER /* 10009 */,
	HE_SCOPE6_LOW /* 10003, 10005 */, HE_DHCP_DROPPED /* 20096, 20097, 20100, 20287 */, HE_DHCP_CONFIG,
	HE_DHCP_PARTNER /* 20251, 20252, 20254: a failover partner's state */,
	/* RasSstp: the event id tells which */
	HE_SSTP,
	HE_SSTP_CERT_MISMATCH /* 6 */, HE_SSTP_NOT_SENT /* 1 */,
	/* Dhcp-Client */
	HE_D4_OFFER /* 50010 */, HE_D4_ACK /* 50013, 60001 */, HE_D4_NAK /* 1002, 50011 names nobody */,
	HE_D4_REFUSED /* 50011, 50014 */,
	HE_D4_INFORM_ACK /* 50044 */, HE_D4_NO_LEASE /* 1001, 1003, 1007, 50023 */, HE_D4_CONFLICT /* 1005, 50017 */,
	HE_ARP_CONFLICT /* Tcpip 4198, 4199 */,
	/* DHCPv6-Client */
	HE_D6_ADVERTISE /* 51007 */, HE_D6_REPLY /* 51010, 51039, 51061: Address */, HE_D6_RENEWED /* 51013, 51016 */,
	HE_D6_INFO_REPLY /* 51026 */, HE_D6_REFUSED /* 51008, 51011, 51027, 51036 */, HE_RA_FLAGS /* 1006, 51032..51034 */,
	HE_D6_NO_LEASE /* 1000, 1003, 51062 */, HE_D6_CONFLICT /* 1005, 51019 */,
	/* DNS-Client */
	HE_DNS_LINKLOCAL /* 1018 */, HE_DNS_ANSWER /* 3008, 3020 */, HE_DNS_SERVER /* 1001, 1002, 3009..3011 */, HE_DNS_TROUBLE,
	/* others */
	HE_RAS_DIAL /* RasClient 20222, 20227 */, HE_RAS_SERVER /* RemoteAccess */, HE_LOGON /* Security 4624, 4625, 4776 */,
	HE_DIRECTORY_CHANGE /* Security 4741, 5136 */,
	HE_DHCP_CLIENT /* DHCP-Server 1011..1013: NAK sent, declined, released */,
	HE_DHCP_LEASED /* audit log: an address was leased or renewed */,
	HE_DHCP_LEASE_END /* audit log: it was given back, deleted or ran out; 12 and 11006 are the client's */,
	HE_DHCP6_CLIENT /* audit log 11006, 11014, 11015: declined, bad, in use */,
	HE_CLOCK_STEP /* Kernel-General 1, Time-Service 50, 52, Security 4616: the clock was set, or is about to be */,
	HE_KINDS
};

struct hostev_field { struct bytes name, value; }; /* names of the manifest, values as text */

/* Typed slots that rows of winmap.c fill. */
enum hostev_set {
	HES_ADDR = 1 << 0, HES_PEER = 1 << 1, HES_ROUTER = 1 << 2, HES_MAC = 1 << 3, HES_NAME = 1 << 4, HES_SHA1 = 1 << 5,
	HES_SHA256 = 1 << 6, HES_COID = 1 << 7, HES_ERROR = 1 << 8, HES_FLAG1 = 1 << 9, HES_FLAG2 = 1 << 10, HES_IFACE = 1 << 11,
	HES_DUID = 1 << 12,
	HES_WAS = 1 << 13, HES_IS = 1 << 14, HES_PERCENT = 1 << 15, HES_LEFT = 1 << 16,
};

struct hostev {
	ts_t	     ts;	/* the host's clock, when the event was made; TS_NONE where the shape has none */
	ts_t	     seen;	/* read or sent by the forwarder, on its clock; TS_NONE where unknown */
	uint16_t     kind;	/* enum hostev_kind */
	uint32_t     event_id;
	uint64_t     record_id;
	struct bytes provider, channel, computer, user; /* provider in the manifest's spelling where it is known */
	/* what the agent says of its own host (grade A once the wire binds one of them) */
	struct addr  host_ip[HE_ADDRS_MAX];
	struct mac   host_mac[HE_MACS_MAX];
	uint8_t	     nhost_ip, nhost_mac;
	uint32_t     set;	/* enum hostev_set */
	struct addr  addr, peer, router; /* what each means: the row in winmap.c */
	struct mac   mac;
	struct bytes name, coid;
	struct bytes sha1, sha256; /* hex digits as text, 40 and 64 */
	struct bytes duid; /* a DHCPv6 client's identifier as on the wire (RFC 8415 11) */
	uint32_t     error;
	uint32_t     percent, left; /* of a scope's addresses: used, rounded down; how many are free */
	bool	     flag1, flag2;
	ts_t	     was, is;	/* HES_WAS, HES_IS: the host's clock before and after it was set */
	struct bytes iface;	/* HES_IFACE: name, GUID or index of the interface, as the event has it */
	struct addr  more[HE_MORE_MAX]; /* further addresses of a list whose first is `addr` or `peer` */
	uint8_t	     nmore;
	struct hostev_field fields[HE_FIELDS_MAX];
	uint8_t	     nfields;
	const char  *shape;	/* "winlogbeat", "xml", ... */
	const char  *lost[8];	/* what the shape could not carry */
	uint8_t	     nlost;
};

/* "isatap_router" etc., for --host-events and documents. */
const char *hostev_kind_name(uint16_t kind);

enum hostev_said { HOSTEV_OK, HOSTEV_IGNORED /* a well-formed event of no provider of interest, or a blank line */,
		   HOSTEV_BAD };

/* Why a document was refused, for one message: constant text and where (byte offset in the document, 1-based line). */
struct hostev_error { const char *what; size_t offset; unsigned line; };

typedef void hostev_fn(void *arg, const struct hostev *);

/* A decoder for documents of any shape, told apart by content.  One line of JSON or XML is a document; XML may span
 * lines and hold several <Event> elements (an <Events> wrapper included).  `mem`: hostfeed_bytes() bytes, owned by the
 * caller; everything jansson and expat allocate comes from there and is gone with the next document.
 * Documents over 64 KiB, depth over 16, DOCTYPE and entity declarations are refused. */
struct hostfeed;
enum { HOSTFEED_DOC_MAX = 65536, HOSTFEED_DEPTH_MAX = 16 };
size_t		 hostfeed_bytes(void);
struct hostfeed *hostfeed_open(void *mem, uint64_t hash_seed);
/* The zone of times that say none (NXLog CE, Snare, DHCP audit logs): UTC until this is called, and then told as lost. */
void		 hostfeed_zone(struct hostfeed *, int32_t seconds_east);
/* Calls `fn` for each event of the document; the views die with the call of `fn`. */
enum hostev_said hostfeed_document(struct hostfeed *, struct bytes doc, hostev_fn *, void *arg, struct hostev_error *);
/* Could the document hold an event of a provider of interest?  A look at the raw bytes, many times cheaper than decoding
 * and never wrong when it says no; it says yes to anything it is not sure of. */
bool		 hostfeed_scan(const struct hostfeed *, struct bytes doc);
/* How long the next document at the head of `buf` is: 0 when more bytes are needed (`eof` tells there are none: then the
 * rest is one document).  JSON: up to the newline; XML: up to the end tag of its outermost element, or the newline
 * after one.  `skip` bytes of white space, byte-order mark or wrapper tags come first; they may be dropped also when 0
 * is returned.  A document that is too long is measured like any other, and hostfeed_document refuses it; a caller whose
 * full buffer holds no end drops what it has. */
size_t hostfeed_frame(struct bytes buf, bool eof, size_t *skip);

/* The event table, for --list-events and the documents. */
struct winmap_row { const char *provider; uint32_t event_id; uint16_t kind; };
size_t winmap_count(void);
const struct winmap_row *winmap_at(size_t i);

#endif
