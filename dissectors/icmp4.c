/* ICMP errors quote the packet that caused them (RFC 792, RFC 1122 3.2.2); nothing else in ICMP is read. */
#include "layer.h"

enum { UNREACHABLE = 3, SOURCE_QUENCH = 4, REDIRECT = 5, TIME_EXCEEDED = 11, PARAMETER_PROBLEM = 12 };

static enum said
icmp4_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	uint8_t type = cur_u8(c);

	(void)o;
	cur_skip(c, 7);
	if (!cur_ok(c))
		return layer_fail(pkt, c, "ICMP header");
	if (pkt->ends.src.fam != 4 || !cur_more(c))
		return SAID_OK;
	switch (type) {
	case UNREACHABLE:
	case SOURCE_QUENCH:
	case REDIRECT:
	case TIME_EXCEEDED:
	case PARAMETER_PROBLEM: layer_quote(pkt, c, ETHER_IPV4);
	}
	return SAID_OK;
}

const struct dissector dissector_icmp4 = {
	.claims = { { CLAIM_IPPROTO, PROTO_ICMP4 } },
	.dissect = icmp4_dissect,
};
