/* VLAN tags, IEEE 802.1Q 9.6: priority and drop bits, 12 bits of id, the next type.  All tag types in use lead
 * here; of more than four tags the outer four are kept. */
#include "layer.h"

enum { VLAN_ID = 0x0fff };

static enum said
vlan_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	uint16_t tag = cur_be16(c), type = cur_be16(c);

	(void)o;
	if (!cur_ok(c))
		return layer_fail(pkt, c, "VLAN tag");
	if (pkt->ends.nvlan < NELEM(pkt->ends.vlan))
		pkt->ends.vlan[pkt->ends.nvlan++] = tag & VLAN_ID;
	return layer_ether(pkt, c, type);
}

const struct dissector dissector_vlan = {
	.claims = { { CLAIM_ETHER, ETHER_TAG },	       /* 802.1Q */
		    { CLAIM_ETHER, ETHER_TAG_AD },     /* 802.1ad */
		    { CLAIM_ETHER, ETHER_TAG_9100 },   /* before 802.1ad */
		    { CLAIM_ETHER, ETHER_TAG_9200 } }, /* the same, other vendors */
	.dissect = vlan_dissect,
};
