/* Cisco metadata: a header of inline security group tags between the addresses and the type.  There is no standard;
 * the layout is that of Cisco's TrustSec guides and of Wireshark: version, number of options, options of 4 bytes, type. */
#include "layer.h"

enum { METADATA_VERSION = 1, OPTION = 4 };

static enum said
sgt_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	uint8_t version = cur_u8(c), options = cur_u8(c);

	(void)o;
	cur_skip(c, options * (size_t)OPTION);
	uint16_t type = cur_be16(c);
	if (!cur_ok(c) || version != METADATA_VERSION)
		return layer_fail(pkt, c, "Cisco metadata");
	return layer_ether(pkt, c, type);
}

const struct dissector dissector_sgt = {
	.bpf = "ether proto 0x8909",
	.claims = { { CLAIM_ETHER, ETHER_SGT } },
	.dissect = sgt_dissect,
};
