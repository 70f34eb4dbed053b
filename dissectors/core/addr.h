/* Network addresses as values: compared with memcmp-like functions, printed by out.h. */
#ifndef CROSSTAP_ADDR_H
#define CROSSTAP_ADDR_H

#include "bytes.h"
#include "cursor.h"

struct mac { uint8_t b[6]; };
struct addr {
	uint8_t fam;   /* 0 absent, 4, 6 */
	uint8_t b[16]; /* network order; IPv4 uses the first 4, the rest is zero */
};
struct prefix { struct addr a; uint8_t len; };

static inline bool mac_eq(struct mac a, struct mac b) { return memcmp(a.b, b.b, 6) == 0; }
static inline bool mac_zero(struct mac m) { return mac_eq(m, (struct mac){ { 0 } }); }
static inline bool mac_group(struct mac m) { return m.b[0] & 1; }
static inline bool addr_eq(struct addr a, struct addr b) { return memcmp(&a, &b, sizeof(a)) == 0; }
static inline bool addr_set(struct addr a) { return a.fam != 0; }

struct mac  mac_read(struct cursor *);	/* 6 bytes */
struct addr addr4_read(struct cursor *);	/* 4 bytes */
struct addr addr6_read(struct cursor *);	/* 16 bytes */
/* An address out of 4 or 16 bytes, else absent. */
struct addr addr_of(struct bytes);
struct addr addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

/* Text to address; false where the text is no address (whole text must match; no zone, no port).
 * IPv6 accepts every RFC 4291 2.2 form.  `m` accepts colons, dashes, dots or nothing between hex pairs. */
bool addr_parse(struct bytes text, struct addr *a);
bool mac_parse(struct bytes text, struct mac *m);
bool prefix_parse(struct bytes text, struct prefix *p);	/* "a/len"; without a length the full one */

bool addr_in(struct addr a, struct prefix p);
bool addr_zero(struct addr);		/* 0.0.0.0 or :: */
bool addr_multicast(struct addr);	/* 224/4, ff00::/8 */
bool addr_broadcast4(struct addr);	/* 255.255.255.255 */
bool addr_loopback(struct addr);	/* 127/8, ::1 */
bool addr_linklocal(struct addr);	/* 169.254/16, fe80::/10 */
bool addr_v4mapped(struct addr);	/* ::ffff:0:0/96 */
bool addr_private4(struct addr);	/* RFC 1918, 169.254/16 and 100.64/10 */
/* The IPv4 address inside an ISATAP interface identifier (RFC 5214 6.1: 0000:5efe or 0200:5efe), else absent. */
struct addr addr_isatap4(struct addr);
/* The MAC inside a modified EUI-64 interface identifier (RFC 4291 appendix A); false where there is none. */
bool addr_eui64(struct addr, struct mac *m);

/* VRRP (RFC 9568 7.3), HSRP v1 and v2, GLBP: addresses that several routers share. */
bool mac_virtual_router(struct mac);

#endif
