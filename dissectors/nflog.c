/* What Linux netfilter logs (LINKTYPE_NFLOG, tcpdump.org/linktypes/LINKTYPE_NFLOG.html): address family, version,
 * resource id, then attributes with length and type in the byte order of the machine that captured. */
#include "layer.h"

enum { LINK_NFLOG = 239, NFLOG_VERSION = 0, FAMILY_IPV4 = 2, FAMILY_IPV6 = 10 };
enum { ATTRIBUTE = 4, PAYLOAD = 9, HARDWARE_ADDRESS = 8, TYPE_MASK = 0x7fff };

/* Length of the address, padding, the address in 8 bytes; that of the sender, on the way in. */
static void
sender(struct pkt *pkt, struct cursor v)
{
	uint16_t len = cur_be16(&v);

	cur_skip(&v, 2);
	struct mac m = mac_read(&v);
	if (len != sizeof(m.b) || !cur_ok(&v))
		return;
	pkt->ends.smac = m;
	pkt->flags &= (uint16_t)~OBS_NO_ETHER;
}

static enum said
nflog_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	uint8_t family = cur_u8(c), version = cur_u8(c);
	bool big = false;

	(void)o;
	cur_skip(c, 2);
	if (!cur_ok(c) || version != NFLOG_VERSION)
		return layer_fail(pkt, c, "NFLOG header");
	pkt->flags |= OBS_NO_ETHER;
	for (bool first = true; cur_more(c); first = false) {
		struct cursor look = *c;
		cur_skip(&look, 2);
		if (first) /* no type is 0 or above 255 */
			big = cur_peek_u8(&look) == 0;
		size_t len = cur_order(c, 2, big);
		uint16_t type = cur_order(c, 2, big) & TYPE_MASK;
		if (!cur_ok(c) || len < ATTRIBUTE)
			return layer_fail(pkt, c, "NFLOG attribute");
		struct cursor v = cur_clip(c, len - ATTRIBUTE);
		if (v.len < len - ATTRIBUTE && !v.cut)
			layer_note(pkt, c, "NFLOG attribute length");
		if (type == HARDWARE_ADDRESS)
			sender(pkt, v);
		if (type == PAYLOAD && (family == FAMILY_IPV4 || family == FAMILY_IPV6))
			return layer_ether(pkt, &v, family == FAMILY_IPV4 ? ETHER_IPV4 : ETHER_IPV6);
		size_t padding = -len % ATTRIBUTE;
		cur_skip(c, padding < cur_left(c) ? padding : cur_left(c));
	}
	return said(c);
}

const struct dissector dissector_nflog = {
	.claims = { { CLAIM_LINK, LINK_NFLOG } },
	.dissect = nflog_dissect,
};
