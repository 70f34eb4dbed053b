/* Geneve, RFC 8926 3.4: the options are passed over. */
#include "layer.h"

enum { GENEVE = 6081, HEADER = 8, BRIDGED = 0x6558, VERSION = 0xc0, OPTIONS = 0x3f, RESERVED = 0x3f };

static enum said
geneve_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct bytes h = cur_take(c, HEADER);
	uint16_t type = bytes_be16(h, 2);

	(void)o;
	if (cur_end(c) == CUR_CUT)
		return layer_fail(pkt, c, "Geneve header");
	if (h.p == NULL || (bytes_u8(h, 0) & VERSION) != 0 || (bytes_u8(h, 1) & RESERVED) != 0 ||
	    bytes_u8(h, 7) != 0 || (type != BRIDGED && type != ETHER_IPV4 && type != ETHER_IPV6))
		return SAID_NO; /* somebody's source port, or nothing that is read */
	cur_skip(c, (bytes_u8(h, 0) & OPTIONS) * 4u);
	if (!cur_ok(c))
		return layer_fail(pkt, c, "Geneve options");
	if (type == BRIDGED)
		return layer_frame(pkt, c, 0);
	layer_next(pkt, c, CLAIM_ETHER, type);
	return SAID_OK;
}

const struct dissector dissector_geneve = {
	.bpf = "udp port 6081",
	.claims = { { CLAIM_UDP, GENEVE } },
	.dissect = geneve_dissect,
};
