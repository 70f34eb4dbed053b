/* PPP (RFC 1661) on links of its own, in PPPoE sessions (RFC 2516) and in GRE; Cisco's HDLC (RFC 1547 4.3.1), which
 * shares a link type with it. */
#include "layer.h"

enum {
	LINK_PPP = 9,
	LINK_PPP_SERIAL = 50,
	LINK_PPP_ETHER = 51,
	LINK_C_HDLC = 104,
	LINK_PPP_WITH_DIRECTION = 204
};
enum { HDLC_PPP = 0xff03, HDLC_UNICAST = 0x0f, HDLC_MULTICAST = 0x8f };
enum { PPPOE_VERSION_TYPE = 0x11, PPPOE_SESSION = 0 };

static const struct {
	uint16_t protocol, ethertype;
} protocols[] = {
	{ 0x0021, ETHER_IPV4 },		  /* RFC 1332 */
	{ 0x0057, ETHER_IPV6 },		  /* RFC 5072 */
	{ 0x0281, ETHER_MPLS },		  /* RFC 3032 4.3 */
	{ 0x0283, ETHER_MPLS_MULTICAST }, /* the same */
};

/* The first byte of a protocol number is even and the second odd, so one that begins odd was compressed (RFC 1661 6.5);
 * address and control may be left out (6.6). */
enum said
layer_ppp(struct pkt *pkt, struct cursor *c, bool serial)
{
	struct cursor look = *c;
	uint16_t first = cur_be16(&look);
	uint8_t address = (uint8_t)(first >> 8);

	if (serial && cur_ok(&look) && (address == HDLC_UNICAST || address == HDLC_MULTICAST)) {
		uint16_t type = cur_be16(&look);
		return cur_ok(&look) ? layer_ether(pkt, &look, type) : layer_fail(pkt, &look, "HDLC header");
	}
	if (cur_ok(&look) && first == HDLC_PPP)
		cur_skip(c, 2);
	uint16_t protocol = cur_u8(c);
	if (!(protocol & 1))
		protocol = (uint16_t)(protocol << 8 | cur_u8(c));
	if (!cur_ok(c))
		return layer_fail(pkt, c, "PPP header");
	for (size_t i = 0; i < NELEM(protocols); i++)
		if (protocols[i].protocol == protocol)
			return layer_ether(pkt, c, protocols[i].ethertype);
	return SAID_OK;
}

/* RFC 2516 4; what pads a short Ethernet frame is behind the length. */
static enum said
session(struct pkt *pkt, struct cursor *c)
{
	uint8_t version = cur_u8(c), code = cur_u8(c);

	cur_skip(c, 2);
	uint16_t len = cur_be16(c);
	if (!cur_ok(c) || version != PPPOE_VERSION_TYPE)
		return layer_fail(pkt, c, "PPPoE header");
	if (code != PPPOE_SESSION)
		return SAID_OK;
	struct cursor body = cur_clip(c, len);
	if (body.len < len && !body.cut)
		layer_note(pkt, c, "PPPoE length");
	return layer_ppp(pkt, &body, false);
}

static enum said
ppp_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	(void)o;
	if (pkt->nlayer > 1)
		return session(pkt, c);
	pkt->flags |= OBS_NO_ETHER;
	switch (pkt->f->linktype) {
	case LINK_PPP_ETHER: return session(pkt, c);
	case LINK_PPP_WITH_DIRECTION: cur_skip(c, 1); break;
	}
	return layer_ppp(pkt, c, pkt->f->linktype == LINK_PPP_SERIAL || pkt->f->linktype == LINK_C_HDLC);
}

const struct dissector dissector_ppp = {
	.bpf = "ether proto 0x8864",
	.claims = { { CLAIM_ETHER, ETHER_PPPOE },
		    { CLAIM_LINK, LINK_PPP },
		    { CLAIM_LINK, LINK_PPP_SERIAL },
		    { CLAIM_LINK, LINK_PPP_ETHER },
		    { CLAIM_LINK, LINK_C_HDLC },
		    { CLAIM_LINK, LINK_PPP_WITH_DIRECTION } },
	.dissect = ppp_dissect,
};
