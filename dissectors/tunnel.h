/* What the readers of IPv6 inside IPv4 share: the head of the inner packet, and what its addresses say by themselves. */
#ifndef CROSSTAP_TUNNEL_H
#define CROSSTAP_TUNNEL_H

#include "layer.h"

enum { INNER_HEADER = 40, INNER_VERSION = 6, INNER_NO_NEXT = 59 };

struct inner6 {
	struct addr src, dst;
	uint8_t	    next;
	uint16_t    payload;
};

/* The IPv6 header (RFC 8200 3) at the cursor, which does not move.  False where it is not all there, or no IPv6: then
 * `c` has failed, and *what says why. */
static inline bool
inner6_peek(struct cursor *c, struct inner6 *in, const char **what)
{
	struct cursor look = *c;
	uint8_t	      version = cur_peek_u8(c) >> 4;

	if (cur_ok(c) && version != INNER_VERSION) {
		cur_fail(c, CUR_BAD);
		*what = "inner IP version";
		return false;
	}
	cur_skip(&look, 4);
	in->payload = cur_be16(&look);
	in->next = cur_u8(&look);
	cur_skip(&look, 1);
	in->src = addr6_read(&look);
	in->dst = addr6_read(&look);
	if (!cur_ok(&look)) {
		cur_fail(c, cur_end(&look));
		*what = NULL;
		return false;
	}
	return true;
}

/* The universal bit of an ISATAP interface identifier (RFC 5214 6.1). */
static inline uint8_t
isatap_u(struct addr a)
{
	return bytes_u8(bytes_of(a.b, sizeof(a.b)), 8) >> 1 & 1;
}

/* Rows that every tunnel of IPv6 has, in a record with the members of struct tunnel6. */
#define TUNNEL_END(rec, side, has_inner, has_isatap)                                                                 \
	FIELD(rec, side, "inner_" #side, F_ADDR, .has = BIT(has_inner), .help = "inner IPv6 address"),               \
	FIELD(rec, side##_isatap, "inner_" #side "_isatap_v4", F_ADDR, .help = "IPv4 address in an ISATAP one"),     \
	FIELD(rec, side##_isatap_u, "inner_" #side "_isatap_u", F_U8, .has = BIT(has_isatap),                        \
	      .help = "universal bit of an ISATAP address: 0200:5efe"),                                              \
	FIELD(rec, side##_6to4, "inner_" #side "_6to4_v4", F_ADDR, .help = "IPv4 address in a 6to4 one")
#define TUNNEL_HEAD(rec, has_inner)                                                                                  \
	FIELD(rec, next, "inner_nxt", F_U8, .has = BIT(has_inner), .help = "next header of the inner packet"),       \
	FIELD(rec, payload, "inner_plen", F_U16, .has = BIT(has_inner), .help = "payload length of the inner packet")

extern const struct field teredo_address_fields[4];

#endif
