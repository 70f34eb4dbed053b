/* MPLS label stacks, RFC 3032.  Nothing says what is behind the last label but its first half-byte: RFC 4928 3 keeps
 * 4 and 6 for IP, RFC 4385 2 and 5 use 0 for a pseudowire's control word and 1 for a channel that carries none of
 * ours.  Anything else may be an Ethernet frame without a control word (RFC 4448 4.6). */
#include "layer.h"

enum { BOTTOM = 0x100, LABELS_MAX = 16, CONTROL_WORD = 4, ETHERTYPE_AT = 12, LLC_MAX = 1500 };
enum { NIBBLE_CONTROL = 0, NIBBLE_CHANNEL = 1, NIBBLE_IPV4 = 4, NIBBLE_IPV6 = 6 };

/* Does a frame begin `off` bytes from here?  Its type says so, or a length that fits. */
static bool
frame_at(const struct cursor *c, size_t off)
{
	struct cursor look = *c;

	cur_skip(&look, off + ETHERTYPE_AT);
	uint16_t type = cur_be16(&look);
	switch (type) {
	case ETHER_IPV4:
	case ETHER_IPV6:
	case ETHER_ARP:
	case ETHER_TAG:
	case ETHER_TAG_AD:
	case ETHER_PPPOE:
	case ETHER_MPLS:
	case ETHER_MPLS_MULTICAST:
	case ETHER_SGT: return cur_ok(&look);
	default: return cur_ok(&look) && type <= LLC_MAX && (type <= cur_left(&look) || look.cut);
	}
}

static enum said
behind_labels(struct cursor *c, struct pkt *pkt)
{
	uint16_t word = cur_peek_be16(c);

	if (!cur_ok(c))
		return layer_fail(pkt, c, "nothing behind MPLS labels");
	switch (word >> 12) {
	case NIBBLE_IPV4: return layer_ether(pkt, c, ETHER_IPV4);
	case NIBBLE_IPV6: return layer_ether(pkt, c, ETHER_IPV6);
	case NIBBLE_CHANNEL: return SAID_OK;
	}
	if (word == NIBBLE_CONTROL && (frame_at(c, CONTROL_WORD) || !frame_at(c, 0)))
		cur_skip(c, CONTROL_WORD);
	else if (!frame_at(c, 0)) {
		if (c->cut)
			cur_skip(c, ETHERTYPE_AT + 2);
		return cur_ok(c) ? SAID_OK : layer_fail(pkt, c, "Ethernet header behind MPLS labels");
	}
	return layer_frame(pkt, c, 0);
}

static enum said
mpls_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	(void)o;
	for (size_t i = 0; i < LABELS_MAX; i++) {
		uint32_t label = cur_be32(c);
		if (!cur_ok(c))
			return layer_fail(pkt, c, "MPLS label");
		if (label & BOTTOM)
			return behind_labels(c, pkt);
	}
	return layer_fail(pkt, c, "more MPLS labels than are read");
}

const struct dissector dissector_mpls = {
	.bpf = "ether proto 0x8847 or ether proto 0x8848",
	.claims = { { CLAIM_ETHER, ETHER_MPLS }, { CLAIM_ETHER, ETHER_MPLS_MULTICAST } },
	.dissect = mpls_dissect,
};
