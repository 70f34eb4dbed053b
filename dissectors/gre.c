/* GRE (RFC 2784, RFC 2890) and what comes in it: bare IP and labels, whole Ethernet frames (transparent Ethernet
 * bridging, NVGRE of RFC 7637), PPP (RFC 2637) and ERSPAN, Cisco's mirror sessions (draft-foschiano-erspan-03). */
#include "layer.h"

enum { HAS_SUM = 0x8000, HAS_ROUTES = 0x4000, HAS_KEY = 0x2000, HAS_SEQUENCE = 0x1000, HAS_ACK = 0x0080 };
enum { VERSION = 0x0007, VERSION_PPTP = 1 };
enum { BRIDGED = 0x6558, PPTP_PPP = 0x880b, ERSPAN2 = 0x88be, ERSPAN3 = 0x22eb };
enum {
	ERSPAN2_VERSION = 1,
	ERSPAN3_VERSION = 2,
	ERSPAN_VLAN = 0x0fff,
	ERSPAN_TRUNCATED = 0x0400,
	ERSPAN3_FRAME_TYPE = 0x7c00,
	ERSPAN3_ETHERNET = 0,
	ERSPAN3_IP = 2 << 10,
	ERSPAN3_SUBHEADER = 1
};

/* Section 4.2 of the draft: version and VLAN, class, encapsulation, truncated, session; then reserved and port. */
static enum said
erspan2(struct pkt *pkt, struct cursor *c)
{
	uint16_t first = cur_be16(c), second = cur_be16(c);

	cur_skip(c, 4);
	if (!cur_ok(c) || first >> 12 != ERSPAN2_VERSION)
		return layer_fail(pkt, c, "ERSPAN header");
	if (second & ERSPAN_TRUNCATED)
		c->cut = true;
	return layer_frame(pkt, c, first & ERSPAN_VLAN);
}

/* Section 4.3: the same begin; then a timestamp, a group tag, and bits that say what the frame is and whether 8 more
 * bytes follow. */
static enum said
erspan3(struct pkt *pkt, struct cursor *c)
{
	uint16_t first = cur_be16(c), second = cur_be16(c);

	cur_skip(c, 6);
	uint16_t bits = cur_be16(c);
	if (bits & ERSPAN3_SUBHEADER)
		cur_skip(c, 8);
	if (!cur_ok(c) || first >> 12 != ERSPAN3_VERSION)
		return layer_fail(pkt, c, "ERSPAN header");
	if (second & ERSPAN_TRUNCATED)
		c->cut = true;
	switch (bits & ERSPAN3_FRAME_TYPE) {
	case ERSPAN3_ETHERNET: return layer_frame(pkt, c, first & ERSPAN_VLAN);
	case ERSPAN3_IP: return layer_version(pkt, c);
	default: return SAID_OK;
	}
}

/* Version 1, RFC 2637 4.1: the key is a payload length and a call; PPP in it, where it is not encrypted. */
static enum said
pptp(struct pkt *pkt, struct cursor *c, uint16_t flags, uint16_t type)
{
	uint16_t len = cur_be16(c);

	cur_skip(c, 2);
	if (flags & HAS_SEQUENCE)
		cur_skip(c, 4);
	if (flags & HAS_ACK)
		cur_skip(c, 4);
	if (!cur_ok(c))
		return layer_fail(pkt, c, "GRE header");
	if (type != PPTP_PPP || len == 0)
		return SAID_OK;
	struct cursor body = cur_clip(c, len);
	if (body.len < len && !body.cut)
		layer_note(pkt, c, "GRE payload length");
	return layer_ppp(pkt, &body, false);
}

static enum said
gre_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	uint16_t flags = cur_be16(c), type = cur_be16(c);

	(void)o;
	if (cur_ok(c) && (flags & VERSION) == VERSION_PPTP)
		return pptp(pkt, c, flags, type);
	if (flags & (HAS_SUM | HAS_ROUTES))
		cur_skip(c, 4);
	if (flags & HAS_KEY)
		cur_skip(c, 4);
	if (flags & HAS_SEQUENCE)
		cur_skip(c, 4);
	if (!cur_ok(c))
		return layer_fail(pkt, c, "GRE header");
	/* RFC 2784 2.3: a receiver discards source routes and other versions. */
	if (flags & (HAS_ROUTES | VERSION))
		return layer_fail(pkt, c, "GRE version or source route");
	switch (type) {
	case BRIDGED: return layer_frame(pkt, c, 0);
	case ERSPAN2: return flags & HAS_SEQUENCE ? erspan2(pkt, c) : layer_frame(pkt, c, 0);
	case ERSPAN3: return erspan3(pkt, c);
	case ETHER_IPV4:
	case ETHER_IPV6:
	case ETHER_MPLS:
	case ETHER_MPLS_MULTICAST:
	case ETHER_SGT: layer_next(pkt, c, CLAIM_ETHER, type);
	}
	return SAID_OK;
}

const struct dissector dissector_gre = {
	.bpf = "ip proto 47 or ip6 proto 47",
	.claims = { { CLAIM_IPPROTO, PROTO_GRE } },
	.dissect = gre_dissect,
};
