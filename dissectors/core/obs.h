/* What the wire said: one record a message.  Lives on the stack of the walk; its views point into the packet (or the
 * walk's scratch) and die with the call: who keeps, copies.  Lists are not arrays here: iterators named in this file
 * read them again from the view that the record holds; encoder and detectors share them. */
#ifndef CROSSTAP_OBS_H
#define CROSSTAP_OBS_H

#include "field.h"
#include "time.h"

enum obs_kind {
	OBS_NONE,
	OBS_FRAME, /* every frame that had an Ethernet or IP header: who talks, no content */
	OBS_ARP, OBS_ND, OBS_DHCP4, OBS_DHCP6, OBS_DNS, OBS_NBNS, OBS_LOSS,
	OBS_TEREDO, OBS_TUNNEL6, OBS_TLS, OBS_HTTP, OBS_AUTH,
	OBS_SECOND, /* nDPI's opinion on a flow that the engine asked about */
	OBS_KINDS
};

enum obs_flag {
	OBS_CUT = 1 << 0,	 /* the snap length ended it */
	OBS_BAD = 1 << 1,	 /* its own lengths lie; see bad_off (from the start of that message or header), bad_what */
	OBS_QUOTED = 1 << 2,	 /* inside an ICMP error: not traffic of its own */
	OBS_FRAGMENTED = 1 << 3, /* reassembled from, or read in the first of, several fragments */
	OBS_EXT = 1 << 4,	 /* IPv6 extension headers before the upper layer (a fragment header alone included) */
	OBS_ATOMIC = 1 << 5,	 /* a fragment header that fragments nothing (RFC 6946) */
	OBS_SUM_BAD = 1 << 6,	 /* UDP or ICMPv6 checksum wrong; not set where the frame was cut */
	OBS_SUM_NONE = 1 << 7,	 /* UDP checksum 0: illegal over IPv6 (RFC 8200 8.1) */
	OBS_NO_ETHER = 1 << 8,	 /* the link type carries no source MAC */
	OBS_OVERLAP = 1 << 9,	 /* an overlapping fragment was dropped on the way (RFC 5722); kind may be OBS_FRAME */
	OBS_MIRRORED = 1 << 10,	 /* came inside a mirror's wrapper (ERSPAN, VXLAN, ...): the ends are those of the frame in it */
	OBS_CONFLICT = 1 << 11,	 /* the TCP stream held two versions of the same bytes: the first is what was read */
	OBS_MIDSTREAM = 1 << 12, /* the beginning of the TCP stream was not seen: it starts where we came in */
};

/* Both sides of a message.  MACs are zero where the link has none; tags from the outside. */
struct ends {
	struct mac  smac, dmac;
	uint16_t    vlan[4]; /* VLAN ids, 12 bits; priority-tagged 0 counts as a tag */
	uint8_t	    nvlan;
	uint8_t	    ipproto, hop_limit; /* upper protocol after extension headers; TTL or hop limit */
	struct addr src, dst;
	uint16_t    sport, dport; /* 0 where there are none */
};

struct frame_seen {
	uint16_t ethertype;
	uint8_t	 tcp_flags;	/* RFC 9293 3.1: FIN 1, SYN 2, RST 4, PSH 8, ACK 16 */
	uint16_t payload;	/* bytes after the transport header, as the lengths say */
	struct bytes datagram;	/* the innermost IP datagram from its header on, as captured; absent where reassembled */
};

struct arp { /* RFC 826, Ethernet and IPv4 only */
	uint16_t    op;
	struct mac  sha, tha;
	struct addr spa, tpa;
};

/* ---- DHCPv4, RFC 2131, 2132 ---- */
enum { DHCP4_SERVER_PORT = 67, DHCP4_CLIENT_PORT = 68, PXE_PORT = 4011, DHCP4_OPTS = 96 };
enum dhcp4_type {
	D4_BOOTP, D4_DISCOVER, D4_OFFER, D4_REQUEST, D4_DECLINE, D4_ACK, D4_NAK, D4_RELEASE, D4_INFORM, D4_FORCERENEW,
	D4_LEASEQUERY, D4_LEASEUNASSIGNED, D4_LEASEUNKNOWN, D4_LEASEACTIVE, D4_BULKLEASEQUERY, D4_LEASEQUERYDONE,
	D4_ACTIVELEASEQUERY, D4_LEASEQUERYSTATUS, D4_TLS
};
enum dhcp4_code { /* options that the program looks at */
	D4O_MASK = 1, D4O_ROUTER = 3, D4O_DNS = 6, D4O_HOSTNAME = 12, D4O_DOMAIN = 15, D4O_BROADCAST = 28,
	D4O_STATIC_ROUTE = 33, D4O_NTP = 42, D4O_VENDOR43 = 43, D4O_NBNS = 44, D4O_REQUESTED_IP = 50, D4O_LEASE = 51,
	D4O_OVERLOAD = 52, D4O_TYPE = 53, D4O_SERVER_ID = 54, D4O_PARAMS = 55, D4O_MESSAGE = 56, D4O_MAX_SIZE = 57,
	D4O_T1 = 58, D4O_T2 = 59, D4O_VENDOR_CLASS = 60, D4O_CLIENT_ID = 61, D4O_TFTP = 66, D4O_BOOTFILE = 67,
	D4O_FQDN = 81, D4O_RELAY_AGENT = 82, D4O_CAPTIVE_PORTAL = 114, D4O_DOMAIN_SEARCH = 119, D4O_ROUTES = 121,
	D4O_ROUTES_MS = 249, D4O_WPAD = 252
};
enum dhcp4_anomaly {
	D4A_NO_COOKIE = 1 << 0, D4A_HLEN = 1 << 1, D4A_OPTION_PAST_END = 1 << 2, D4A_NO_END = 1 << 3,
	D4A_OVERLOAD = 1 << 4,	 /* option 52 with a value other than 1..3, or repeated inside an overloaded area */
	D4A_REPEATED = 1 << 5,	 /* a fixed-length option came twice: the first is kept (RFC 3396 does not join it).  Routers too,
				  * but as the list they are they are joined */
	D4A_JOIN_LIMIT = 1 << 6, /* a joined option was longer than the limit */
	D4A_OPTION_LENGTH = 1 << 7, D4A_HOPS = 1 << 8,
	D4A_SHORT = 1 << 9,	 /* the datagram ends inside the fixed header */
	D4A_MANY = 1 << 10,	 /* more different options than DHCP4_OPTS: unknown codes were left out of opt[], not of `o` */
};
enum dhcp4_has {
	D4H_OP, D4H_HTYPE, D4H_HLEN, D4H_HOPS, D4H_XID, D4H_SECS, D4H_FLAGS, /* not cut off */
	D4H_TYPE,	/* option 53 is there */
	D4H_KIND,	/* msg_type is known: option 53 is there, or the whole message has none */
	D4H_LEASE, D4H_T1, D4H_T2, D4H_MAX_SIZE, D4H_RELAY_AGENT
};
struct dhcp4_opt { uint8_t code; struct bytes v; };
struct dhcp4 {
	uint64_t	 set;
	uint8_t		 op, htype, hlen, hops;
	uint32_t	 xid;
	uint16_t	 secs, flags;
	struct addr	 ciaddr, yiaddr, siaddr, giaddr;
	struct bytes	 chaddr;	/* hlen bytes, at most 16 */
	struct bytes	 sname, file;	/* as text; absent when an option area or empty */
	uint8_t		 msg_type;	/* enum dhcp4_type; D4_BOOTP without option 53 */
	uint32_t	 anomalies;	/* enum dhcp4_anomaly */
	struct bytes	 area[3];	/* option areas in RFC 3396 order: options, file, sname */
	uint16_t	 nopt;
	/* Decoded from opt[] for the field table; absent where the length is wrong. */
	struct addr	 server_id, subnet_mask, requested_ip, broadcast;
	struct bytes	 client_id, domain, hostname, vendor_class, message, tftp_server, bootfile, captive_portal, wpad;
	uint32_t	 lease, t1, t2;
	uint16_t	 max_size;
	char		 fqdn[256];	/* dhcp4_fqdn(), "" where there is none */
	struct dhcp4_opt opt[DHCP4_OPTS]; /* nopt, joined per RFC 3396, first occurrence order, without pad and end */
};
/* A joined option's value, p == NULL where absent.  Fixed-length options of the wrong length are given as they are. */
struct bytes dhcp4_opt(const struct dhcp4 *, uint8_t code);
/* A 4-byte option (or the first of a list) as address, absent where it is not there or too short. */
struct addr dhcp4_opt_addr(const struct dhcp4 *, uint8_t code);
/* A 32-bit option; false where absent or not 4 bytes. */
bool dhcp4_opt_u32(const struct dhcp4 *, uint8_t code, uint32_t *v);
/* Sub-options of 82 (RFC 3046) or of 43 (RFC 2132 8.4: code, length, value); p == NULL where absent. */
struct bytes dhcp4_subopt(struct bytes option, uint8_t code);
/* Option 121/249 (RFC 3442): the next route, false at the end or at damage. */
struct route4 { struct prefix dest; struct addr via; };
bool dhcp4_route_next(struct cursor *, struct route4 *);
/* Client names of option 81 (RFC 4702; E bit honoured) as text with dots; n == 0 where there is none. */
size_t dhcp4_fqdn(const struct dhcp4 *, char *buf, size_t cap);

/* ---- DHCPv6, RFC 8415 ---- */
enum { DHCP6_CLIENT_PORT = 546, DHCP6_SERVER_PORT = 547, DHCP6_RELAY_MAX = 8 };
enum dhcp6_type {
	D6_SOLICIT = 1, D6_ADVERTISE, D6_REQUEST, D6_CONFIRM, D6_RENEW, D6_REBIND, D6_REPLY, D6_RELEASE, D6_DECLINE,
	D6_RECONFIGURE, D6_INFORMATION_REQUEST, D6_RELAY_FORW, D6_RELAY_REPL
};
enum dhcp6_code {
	D6O_CLIENTID = 1, D6O_SERVERID, D6O_IA_NA, D6O_IA_TA, D6O_IAADDR, D6O_ORO, D6O_PREFERENCE, D6O_ELAPSED,
	D6O_RELAY_MSG, D6O_AUTH = 11, D6O_UNICAST, D6O_STATUS, D6O_RAPID_COMMIT, D6O_USER_CLASS, D6O_VENDOR_CLASS,
	D6O_VENDOR_OPTS, D6O_INTERFACE_ID, D6O_RECONF_MSG, D6O_RECONF_ACCEPT, D6O_DNS = 23, D6O_DOMAINS = 24, D6O_IA_PD = 25,
	D6O_IAPREFIX = 26, D6O_REMOTE_ID = 37, D6O_FQDN = 39, D6O_BOOTFILE = 59, D6O_AFTR = 64, D6O_CLIENT_LL = 79,
	D6O_CAPTIVE_PORTAL = 103
};
enum dhcp6_has {
	D6H_XID, D6H_HOPS, D6H_PREFERENCE, D6H_STATUS, D6H_ENTERPRISE, D6H_FQDN_FLAGS, D6H_RAPID, D6H_AUTH, D6H_TYPE,
	D6H_ELAPSED, D6H_OPTIONS /* the option area was reached */
};
enum dhcp6_anomaly {
	D6A_DEPTH = 1 << 0, D6A_HOPS = 1 << 1, D6A_DUID_LENGTH = 1 << 2, D6A_REPEATED = 1 << 3, D6A_TYPE = 1 << 4,
	D6A_DNS_LENGTH = 1 << 5, D6A_OPTION_LENGTH = 1 << 6,
};
struct dhcp6 {
	uint64_t     set;		/* enum dhcp6_has */
	uint8_t	     msg_type, hops, preference, fqdn_flags;
	bool	     rapid_commit;
	uint32_t     xid;		/* 24 bits */
	uint16_t     status, elapsed;	/* elapsed: option 8, hundredths of a second, 0xffff for more */
	uint32_t     enterprise;	/* of option 16 */
	uint32_t     anomalies;
	struct addr  link, peer;	/* relay messages only */
	struct bytes options;		/* the whole option area, as far as it was captured */
	struct bytes client_duid, server_duid;	/* first occurrence */
	/* The values of the first option each; fqdn without the flags, vendor_class the first item of option 16. */
	struct bytes dns, domains, oro, fqdn, status_msg, vendor_class, user_class, interface_id, remote_id, bootfile,
		     captive_portal;
	struct bytes relay_msg;		/* option 9 */
	struct bytes client_ll;		/* option 79 (RFC 6939): link-layer type and address, as a relay saw it */
	char	     fqdn_text[256];	/* the name of option 39 with dots, a final one where it ends with the root */
};
/* The message inside `relay_msg`; false where there is none or it is no message.  Loop it, at most DHCP6_RELAY_MAX deep. */
bool dhcp6_inner(const struct dhcp6 *, struct dhcp6 *inner);
/* The innermost message and, where it was relayed, the link-address nearest to the client (else absent). */
void dhcp6_innermost(const struct dhcp6 *, struct dhcp6 *inner, struct addr *link);
struct dhcp6_ia {
	uint64_t     set;		/* bit 0: t1 and t2, bit 1: status */
	uint16_t     code;		/* D6O_IA_NA, D6O_IA_TA, D6O_IA_PD */
	struct bytes iaid, options;	/* 4 bytes */
	uint32_t     t1, t2;
	uint16_t     status;
	struct bytes status_msg;
};
struct dhcp6_addr {			/* IAADDR or IAPREFIX */
	uint64_t    set;		/* bit 0: status; bit 1: prefix length */
	struct addr addr;
	uint8_t	    len;
	uint32_t    preferred, valid;	/* seconds; 0xffffffff infinite */
	uint16_t    status;
};
field_next dhcp6_ia_next;		/* rec struct dhcp6, item struct dhcp6_ia: every IA of any kind */
field_next dhcp6_dns_next;		/* rec struct dhcp6, item struct addr: every server of every option 23 */
field_next dhcp6_addr_next;		/* rec struct dhcp6_ia, item struct dhcp6_addr: IAADDR and IAPREFIX */
/* DUID types of RFC 8415 11: the link-layer address of LLT (1) and LL (3) over Ethernet; false for others. */
bool duid_mac(struct bytes duid, struct mac *m);

/* ---- Neighbour Discovery, RFC 4861 ---- */
enum nd_type { ND_RS = 133, ND_RA, ND_NS, ND_NA, ND_REDIRECT };
enum nd_opt { NDO_SLLA = 1, NDO_TLLA, NDO_PIO, NDO_REDIRECTED, NDO_MTU, NDO_NONCE = 14, NDO_RIO = 24, NDO_RDNSS = 25,
	      NDO_DNSSL = 31, NDO_CAPTIVE_PORTAL = 37, NDO_PREF64 = 38, NDO_DNR = 144 };
enum nd_has { NDH_RA, NDH_MTU, NDH_NA_FLAGS, NDH_LIFETIME, NDH_REACHABLE, NDH_RETRANS, NDH_CODE };
enum { ND_DOMAIN_TEXT = 1025 };
enum nd_anomaly {
	NDA_OPT_ZERO = 1 << 0,	  /* option length 0: RFC 4861 4.6, the message must be dropped */
	NDA_OPT_PAST_END = 1 << 1,
	NDA_RDNSS_LENGTH = 1 << 2, /* even or below 3: the shape of CVE-2020-16898 */
	NDA_PIO_LENGTH = 1 << 3, NDA_HOP_LIMIT = 1 << 4, NDA_CODE = 1 << 5, NDA_TRAILING = 1 << 6,
};
struct nd {
	uint64_t     set;
	uint8_t	     type, code, sum;	/* sum: 0 bad, 1 good, 2 not verified (cut, or a fragment) */
	uint8_t	     cur_hop_limit, m, o, h, prf, p;	/* RA; prf is the 2-bit field, p the proxy flag */
	uint16_t     router_lifetime;	/* seconds */
	uint32_t     reachable_time, retrans_timer;	/* milliseconds */
	uint8_t	     na_r, na_s, na_o;
	struct addr  target, destination;
	struct bytes slla, tlla;	/* link-layer addresses as they came */
	uint32_t     mtu, anomalies;
	struct bytes nonce, captive_portal, options;	/* options: the whole area */
	bool	     has_rdnss, has_dnssl, has_pref64, has_dnr, has_pio, has_rio;
};
struct nd_prefix { struct addr prefix; uint8_t len, l, a; uint32_t valid, preferred; };
struct nd_route { uint64_t set; struct addr prefix; uint8_t len, prf; uint32_t lifetime; };
struct nd_rdnss { uint64_t set; /* bit 0: servers, be there none */ uint32_t lifetime; struct bytes servers; /* of 16 */ };
field_next nd_prefix_next, nd_route_next, nd_rdnss_next, nd_addr_next; /* nd_addr_next: rec nd_rdnss, item struct addr */
struct nd_dnssl { uint32_t lifetime; struct bytes names; };	/* RFC 8106 5.2: uncompressed, zero padding */
struct nd_domain { char name[ND_DOMAIN_TEXT]; };		/* dots between labels, RFC 4343 2.1 escapes, no final dot */
struct nd_pref64 { struct addr prefix; uint16_t scaled_lifetime; uint8_t plc, len; uint32_t lifetime; }; /* RFC 8781 4 */
struct nd_option { uint8_t type, len; };			/* len in units of 8 bytes, as it came */
field_next nd_dnssl_next, nd_domain_next, nd_pref64_next, nd_option_next; /* nd_domain_next: rec struct nd_dnssl */

/* ---- DNS, mDNS, LLMNR: RFC 1035, 6762, 4795 ---- */
enum dns_service { DNS_UNICAST, DNS_MDNS, DNS_LLMNR };
enum dns_rrtype { RR_A = 1, RR_NS = 2, RR_CNAME = 5, RR_SOA = 6, RR_PTR = 12, RR_TXT = 16, RR_AAAA = 28, RR_SRV = 33, RR_OPT = 41,
		  RR_TKEY = 249, RR_ANY = 255 };
enum { DNS_OPCODE_UPDATE = 5, DNS_RCODE_NXDOMAIN = 3, DNS_RCODE_REFUSED = 5, DNS_NAME_TEXT = 1025 };
enum dns_has { DNSH_RCODE /* of responses only */, DNSH_ID, DNSH_FLAGS };
struct dns {
	uint64_t     set;		/* enum dns_has */
	uint8_t	     service, tcp, response, opcode, rcode, aa, tc;
	uint16_t     id, flags, qdcount, ancount, nscount, arcount;
	struct bytes msg;		/* whole message from the id on: names may point back into it */
};
struct dns_rr {
	char	     name[DNS_NAME_TEXT]; /* as text, dots between labels, no final dot; root is "<Root>" as tshark shows it */
	uint16_t     type, klass;
	uint32_t     ttl;
	uint8_t	     section;		/* 0 question, 1 answer, 2 authority, 3 additional */
	struct bytes rdata;
	struct addr  addr;		/* A, AAAA */
	char	     target[DNS_NAME_TEXT]; /* CNAME, NS, PTR, SRV target, SOA mname; else empty */
};
/* Records before this one are questions and answers: who wants no others stops there. */
static inline uint32_t dns_answers_end(const struct dns *d) { return (uint32_t)d->qdcount + d->ancount; }
field_next dns_rr_next;			/* rec struct dns, item struct dns_rr: every record of every section in order */
/* A record without its texts, for who looks at many and wants the names of few; `name`: where in `msg` its first label
 * stands, the same for all names that point there. */
struct dns_rec {
	uint16_t     type, klass, name;
	uint8_t	     section;
	struct bytes rdata;
};
field_next dns_rec_next;		/* rec struct dns, item struct dns_rec: as dns_rr_next */
struct addr dns_rec_addr(const struct dns_rec *);	/* of A and AAAA, else absent */
/* The name there as in struct dns_rr: its length, 0 where it is damaged. */
size_t dns_name(const struct dns *, uint16_t at, char text[DNS_NAME_TEXT]);
/* Its bytes in the message with the final zero, where they are in one piece: no pointer among the labels.  Else absent. */
struct bytes dns_name_raw(const struct dns *, uint16_t at);

/* ---- NetBIOS name service, RFC 1002 ---- */
enum { NBNS_NAME_TEXT = 960 };		/* 16 bytes of name and 220 of scope, each as "<xx>" or "\ooo" at worst */
enum nbns_has { NBNSH_RCODE /* of responses only */, NBNSH_ID, NBNSH_FLAGS };
struct nbns {
	uint64_t     set;		/* enum nbns_has */
	uint8_t	     response, opcode, rcode;
	uint16_t     id, flags, qdcount, ancount, nscount, arcount;
	struct bytes msg;
};
/* name: "WPAD<00>", trailing blanks left out, ".scope" behind it where there is one; suffix: the 16th byte;
 * group: an NB record's group flag (RFC 1002 4.2.1.3), nobody's own name. */
struct nbns_name {
	char name[NBNS_NAME_TEXT]; uint8_t suffix, section; uint16_t type; uint32_t ttl; struct addr addr; bool group;
};
field_next nbns_name_next;		/* rec struct nbns; addr: the first address of an answer's NB record */

/* ---- Teredo: RFC 4380, 6081 ---- */
enum { TEREDO_PORT = 3544 };
/* How sure a dissector is that a message is its own: by the port, by bytes that could only be its own, by the answer too. */
enum sure { SURE_PORT, SURE_SHAPE, SURE_BOTH_WAYS };
enum teredo_has { TERH_AUTH, TERH_ORIGIN, TERH_INNER /* the inner IPv6 header was readable */, TERH_SRC_ISATAP,
		  TERH_DST_ISATAP };
enum teredo_anomaly {
	TERA_AUTH_LENGTH = 1 << 0,	/* authentication lengths run past the end */
	TERA_INNER_LENGTH = 1 << 1,	/* inner payload length and UDP length disagree */
	TERA_TRAILER = 1 << 2,		/* a trailer (RFC 6081 4) that runs past the end */
};
struct teredo {
	uint64_t     set;		/* enum teredo_has */
	uint8_t	     sure;		/* enum sure */
	uint8_t	     id_len, au_len, confirmation;
	struct bytes client_id, auth_value, nonce, confirm; /* of the authentication encapsulation; nonce 8 bytes */
	struct addr  origin;		/* origin indication, un-obfuscated */
	uint16_t     origin_port;
	struct addr  src, dst;		/* of the inner IPv6 header */
	uint8_t	     next;		/* its next header */
	uint16_t     payload;		/* its payload length */
	struct addr  src_isatap, dst_isatap, src_6to4, dst_6to4; /* as struct tunnel6 */
	uint8_t	     src_isatap_u, dst_isatap_u;
	bool	     bubble;		/* next header 59 and nothing in it */
	struct bytes trailers;		/* RFC 6081 4, as they came */
	uint32_t     anomalies;
};
struct teredo_address { struct addr server, mapped; uint16_t flags, mapped_port; };	/* RFC 4380 4, un-obfuscated */
bool teredo_address(struct addr, struct teredo_address *);	/* false outside 2001::/32 */

/* ---- IPv6 in IPv4, protocol 41: 6in4 (RFC 4213), 6to4 (RFC 3056), ISATAP (RFC 5214) ---- */
enum tunnel6_has { T6H_INNER, T6H_SRC_ISATAP, T6H_DST_ISATAP };
struct tunnel6 {
	uint64_t    set;		/* enum tunnel6_has */
	struct addr src, dst;		/* inner; the outer ones are the observation's ends */
	uint8_t	    next;
	uint16_t    payload;
	struct addr src_isatap, dst_isatap, src_6to4, dst_6to4;	/* the IPv4 addresses inside; absent where there is none */
	uint8_t	    src_isatap_u, dst_isatap_u;	/* the universal bit: 0200:5efe */
	bool	    isatap;		/* either address is one */
	bool	    src_embeds_outer, dst_embeds_outer;
	bool	    outer_fragment;	/* the outer IPv4 datagram came in fragments */
};
struct addr addr_6to4(struct addr);	/* RFC 3056 2: the IPv4 address in 2002::/16, else absent */

/* ---- TLS handshakes: RFC 5246, 8446 ---- */
enum tls_content { TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT, TLS_HANDSHAKE, TLS_DATA };
enum tls_hs { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_CERTIFICATE = 11 };
enum tls_has { TLSH_VERSION, TLSH_CIPHER, TLSH_NEGOTIATED, TLSH_RETRY, TLSH_CERTS, TLSH_LEAF, TLSH_ALERT, TLSH_NOT_BEFORE,
	       TLSH_NOT_AFTER, TLSH_EKU, TLSH_SESSION, TLSH_CIPHERS, TLSH_EXTENSIONS, TLSH_TICKET };
enum tls_anomaly {
	TLSA_LENGTH = 1 << 0,	  /* a length inside the message lies */
	TLSA_TOO_LONG = 1 << 1,	  /* longer than the prefix that is kept: what was there is told */
	TLSA_RECORD = 1 << 2,	  /* handshake records that are empty or too long (RFC 8446 5.1) */
};
enum x509_eku { EKU_SERVER_AUTH = 1, EKU_CLIENT_AUTH = 2, EKU_ANY = 4, EKU_OTHER = 8 };
struct tls_leaf {		/* the first certificate; hashes are over its DER bytes and always there */
	struct bytes der;
	uint8_t	     sha1[20], sha256[32];
	struct bytes subject, issuer;	/* as text, "CN=..., O=..."; absent where not readable */
	struct bytes sans;		/* the content of the subjectAltName sequence: tls_san_next() */
	ts_t	     not_before, not_after;
	uint8_t	     eku;		/* enum x509_eku */
};
struct tls {
	uint64_t     set;		/* enum tls_has */
	uint8_t	     content;		/* enum tls_content: TLS_HANDSHAKE; TLS_ALERT in clear; TLS_DATA: the first four records of
					 * a direction, with data_len so far */
	uint8_t	     hs_type;		/* enum tls_hs */
	bool	     client;		/* sent by the client */
	uint16_t     record_version, version, negotiated, cipher;
	struct bytes random, session_id, ciphers, extensions;	/* views of the message; ciphers: the list without its length */
	uint8_t	     session_id_len;	/* TLSH_SESSION */
	uint16_t     nciphers;		/* TLSH_CIPHERS */
	struct bytes sni, alpn, supported_versions;	/* sni: the first host_name; the others: lists without their lengths */
	bool	     hello_retry;	/* RFC 8446 4.1.3: the server hello with that random */
	bool	     ticket;		/* the client offers a session ticket or a PSK that is not empty */
	struct bytes ja3_full, ja3s_full, ja4_r;	/* text, in the scratch */
	char	     ja3[33], ja3s[33], ja4[40];	/* "" where absent; ja3s of a server hello */
	uint16_t     ncerts;
	struct bytes certs;		/* certificate_list without its length: tls_cert_next() */
	struct tls_leaf leaf;
	uint8_t	     alert_level, alert;	/* RFC 8446 6 */
	uint16_t     data_len[4];	/* lengths of the first application data records of this direction, 0 for none */
	uint32_t     anomalies;
};
struct tls_cert { struct bytes der; uint8_t sha1[20], sha256[32]; };
field_next tls_cert_next;	/* rec struct tls, item struct tls_cert: the chain, leaf first */
field_next tls_alpn_next;	/* rec struct tls, item struct bytes */
field_next tls_version_next;	/* rec struct tls, item uint16_t: supported_versions in order */
field_next tls_extension_next;	/* rec struct tls, item uint16_t: extension types in order */
field_next tls_san_next;	/* rec struct tls_leaf, item struct bytes: dNSNames as text, iPAddress as 4 or 16 bytes */

/* ---- HTTP/1 heads in clear (RFC 9112): as much as tells who was lured where ---- */
enum http_has { HTTPH_STATUS };
enum http_auth { HTTP_AUTH_NONE, HTTP_AUTH_NEGOTIATE, HTTP_AUTH_NTLM, HTTP_AUTH_BASIC, HTTP_AUTH_OTHER };
struct http {
	uint64_t     set;		/* enum http_has */
	bool	     response;
	struct bytes method, target, host, user_agent;	/* of a request */
	uint16_t     status;		/* of a response */
	uint8_t	     auth;		/* enum http_auth: (Proxy-)Authorization sent, or (Proxy-)Authenticate asked for */
	bool	     wpad;		/* asks for a wpad.dat, or answers such a request */
	bool	     connect;		/* CONNECT, or the answer to one */
	bool	     sstp;		/* SSTP_DUPLEX_POST to the URI of MS-SSTP 3.2.4.1 */
	bool	     iphttps;		/* POST to the IPHTTPS URI of MS-IPHTTPS 3.1.4 */
};

/* ---- who authenticates to whom: NTLM (MS-NLMP) in HTTP, SMB2, LDAP; Kerberos AS-REQ (RFC 4120) ---- */
enum auth_carrier { AUTH_HTTP, AUTH_SMB2, AUTH_LDAP, AUTH_KERBEROS, AUTH_DNS, AUTH_CLDAP };
enum auth_message {
	AUTH_NEGOTIATE = 1, AUTH_CHALLENGE, AUTH_AUTHENTICATE, /* NTLM types 1 to 3 */
	AUTH_SPNEGO,	   /* a negotiation token without NTLM in it: Kerberos */
	AUTH_SIMPLE,	   /* LDAP simple bind with a name */
	AUTH_AS_REQ,
	AUTH_TKEY,	   /* GSS-API key exchange over DNS (RFC 3645) */
	AUTH_PING	   /* a client looks for a domain controller (MS-ADTS 6.3.3): nobody authenticates yet */
};
struct auth {
	uint64_t     set;
	uint8_t	     carrier;		/* enum auth_carrier */
	uint8_t	     message;		/* enum auth_message */
	bool	     from_server;
	struct bytes challenge;		/* the 8-byte ServerChallenge of type 2 */
	struct bytes user, domain, workstation;	/* UTF-8, in the scratch or the packet; of AS-REQ cname and realm */
	struct addr  address;		/* HostAddresses of AS-REQ, the first IPv4 or IPv6 one */
	struct bytes netbios;		/* HostAddresses type 20, without padding */
};

/* ---- a second opinion (nDPI) ---- */
enum { SECOND_RISKS = 8 };
struct second {
	const char *proto;			/* "SMBv23" */
	const char *risk[SECOND_RISKS];
	uint8_t	    nrisk;
};

struct loss {
	uint64_t packets, total; /* dropped, and all, between these times */
	ts_t	 since, until;
	bool	 blind; /* nothing could be seen: no carrier, no interface */
};

struct dissector;
struct obs {
	ts_t			ts;
	uint64_t		frame; /* 1-based number in its file; of a reassembled message the frame that completes it */
	uint32_t		file;  /* as struct frame */
	uint16_t		kind, flags, iface;
	uint8_t			depth; /* tunnels around it */
	uint64_t		digest; /* of the innermost datagram without TTL, checksum and link header: a mirror's copy */
	struct ends		outer, inner; /* the same unless tunnelled */
	uint32_t		bad_off;
	const char	       *bad_what;
	const struct dissector *by;
	union {
		struct frame_seen seen;
		struct arp	  arp;
		struct nd	  nd;
		struct dhcp4	  dhcp4;
		struct dhcp6	  dhcp6;
		struct dns	  dns;
		struct nbns	  nbns;
		struct teredo	  teredo;
		struct tunnel6	  tunnel6;
		struct tls	  tls;
		struct http	  http;
		struct auth	  auth;
		struct second	  second;
		struct loss	  loss;
	} u;
};

#endif
