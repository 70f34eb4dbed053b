/* VXLAN (RFC 7348) with its group policy extension (draft-smith-vxlan-group-policy), and VXLAN-GPE
 * (draft-ietf-nvo3-vxlan-gpe), whose header says what is inside.  The port alone proves nothing, since it may be
 * anybody's source port: the reserved bits must be zero, as Linux demands too. */
#include "layer.h"

enum { VXLAN = 4789, VXLAN_GPE = 4790, VXLAN_LINUX = 8472 };
enum { HEADER = 8, GROUP = 0x80, INSTANCE = 0x08, NEXT = 0x04, BUM = 0x02, OAM = 0x01, POLICY_BITS = 0x48 };
enum { NEXT_IPV4 = 1, NEXT_IPV6 = 2, NEXT_ETHERNET = 3, NEXT_MPLS = 5 };

static bool
is_ours(struct bytes h)
{
	uint8_t flags = bytes_u8(h, 0), second = bytes_u8(h, 1);

	if (h.p == NULL || bytes_u8(h, 7) != 0)
		return false;
	if (flags & NEXT)
		return (flags & ~(INSTANCE | NEXT | BUM | OAM)) == 0 && bytes_be16(h, 1) == 0;
	if (flags == INSTANCE)
		return second == 0 && bytes_be16(h, 2) == 0;
	return flags == (GROUP | INSTANCE) && (second & ~POLICY_BITS) == 0;
}

static enum said
vxlan_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct bytes h = cur_take(c, HEADER);

	(void)o;
	if (cur_end(c) == CUR_CUT)
		return layer_fail(pkt, c, "VXLAN header");
	if (!is_ours(h))
		return SAID_NO;
	if (!(bytes_u8(h, 0) & NEXT))
		return layer_frame(pkt, c, 0);
	switch (bytes_u8(h, 3)) {
	case NEXT_ETHERNET: return layer_frame(pkt, c, 0);
	case NEXT_IPV4: layer_next(pkt, c, CLAIM_ETHER, ETHER_IPV4); break;
	case NEXT_IPV6: layer_next(pkt, c, CLAIM_ETHER, ETHER_IPV6); break;
	case NEXT_MPLS: layer_next(pkt, c, CLAIM_ETHER, ETHER_MPLS); break;
	}
	return SAID_OK;
}

const struct dissector dissector_vxlan = {
	.bpf = "udp port 4789 or udp port 4790 or udp port 8472",
	.claims = { { CLAIM_UDP, VXLAN }, { CLAIM_UDP, VXLAN_GPE }, { CLAIM_UDP, VXLAN_LINUX } },
	.dissect = vxlan_dissect,
};
