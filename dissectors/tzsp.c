/* TZSP, TaZmen Sniffer Protocol, as routers mirror with it: version, type, what is inside, tagged fields, the frame.
 * There is no standard; the layout is that of its authors' description and of Wireshark. */
#include "layer.h"

enum { TZSP = 37008, TZSP_VERSION = 1, TO_SEND = 1, INNER_ETHERNET = 1 };
enum { TAG_PADDING = 0, TAG_END = 1, TAG_ORIGINAL_LENGTH = 41 };

static enum said
tzsp_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	uint8_t version = cur_u8(c), type = cur_u8(c), tag = TAG_PADDING;
	uint16_t inner = cur_be16(c), original = 0;

	(void)o;
	if (cur_end(c) == CUR_CUT)
		return layer_fail(pkt, c, "TZSP header");
	if (!cur_ok(c) || version != TZSP_VERSION || type > TO_SEND || inner != INNER_ETHERNET)
		return SAID_NO;
	while (cur_ok(c) && tag != TAG_END) {
		tag = cur_u8(c);
		if (tag == TAG_PADDING || tag == TAG_END)
			continue;
		struct cursor v = cur_sub8(c);
		if (tag == TAG_ORIGINAL_LENGTH)
			original = cur_be16(&v);
	}
	if (!cur_ok(c))
		return layer_fail(pkt, c, "TZSP tags");
	if (original > cur_left(c))
		c->cut = true;
	return layer_frame(pkt, c, 0);
}

const struct dissector dissector_tzsp = {
	.bpf = "udp port 37008",
	.claims = { { CLAIM_UDP, TZSP } },
	.dissect = tzsp_dissect,
};
