/* IPv4, RFC 791.  The header checksum is not verified: a sender's own offload leaves it empty, and a router would
 * have dropped what is wrong. */
#include "layer.h"

enum { IPV4_HEADER = 20, MORE_FRAGMENTS = 0x2000, FRAGMENT_OFFSET = 0x1fff };
enum { OPT_END = 0, OPT_NOP = 1, OPT_LOOSE_ROUTE = 131, OPT_STRICT_ROUTE = 137 };

/* Behind a source route the checksum covers the last hop (RFC 1122 4.1.3.4), which the header may not show. */
static bool
source_routed(struct bytes options)
{
	struct cursor c = cur_all(options);

	while (cur_more(&c)) {
		uint8_t type = cur_u8(&c);
		if (type == OPT_END)
			break;
		if (type == OPT_NOP)
			continue;
		if (type == OPT_LOOSE_ROUTE || type == OPT_STRICT_ROUTE)
			return true;
		uint8_t len = cur_u8(&c);
		if (len < 2)
			break;
		cur_skip(&c, len - 2u);
	}
	return false;
}

/* RFC 791 3.2; only whole pieces that keep their length are put together.  True: read on in `body`. */
static bool
fragment(struct pkt *pkt, struct cursor *body, size_t declared, uint16_t where, uint16_t id,
	 enum said *answer)
{
	struct cursor view = *body;
	struct frag_piece piece = { .off = (where & FRAGMENT_OFFSET) * 8u, .more = where & MORE_FRAGMENTS };
	struct frag_whole whole;

	*answer = SAID_OK;
	pkt->flags |= OBS_FRAGMENTED;
	if (pkt->flags & OBS_QUOTED)
		return piece.off == 0;
	piece.data = cur_rest(&view);
	if (piece.data.n < declared)
		return layer_part(pkt, body, piece.off, answer);
	if (!layer_fragment(pkt, body, &piece, id, pkt->ends.ipproto, &whole, answer))
		return false;
	*body = cur_all(whole.data);
	return true;
}

static enum said
ipv4_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct bytes h = cur_take(c, IPV4_HEADER);

	(void)o;
	if (h.p == NULL)
		return layer_fail(pkt, c, "IPv4 header");
	uint8_t vhl = bytes_u8(h, 0);
	uint32_t head = (vhl & 15) * 4u;
	uint16_t total = bytes_be16(h, 2), id = bytes_be16(h, 4), where = bytes_be16(h, 6);
	if (vhl >> 4 != 4 || head < IPV4_HEADER)
		return layer_fail(pkt, c, "IPv4 version or header length");
	if (!layer_ip(pkt))
		return layer_fail(pkt, c, "more IP headers inside each other than are read");
	pkt->ends.hop_limit = bytes_u8(h, 8);
	pkt->ends.ipproto = bytes_u8(h, 9);
	pkt->ends.src = pkt->ends.dst = (struct addr){ .fam = 4 };
	bytes_copy(h, 12, pkt->ends.src.b, 4);
	bytes_copy(h, 16, pkt->ends.dst.b, 4);
	struct bytes options = cur_take(c, head - IPV4_HEADER);
	if (!cur_ok(c))
		return layer_fail(pkt, c, "IPv4 options");
	if (total != 0 && total < head)
		return layer_fail(pkt, c, "IPv4 total length");

	/* A sender's segmentation offload leaves the total length 0: take what is there. */
	size_t declared = total ? total - head : cur_left(c);
	struct cursor body = cur_clip(c, declared);
	if (body.len < declared && !body.cut)
		layer_note(pkt, c, "IPv4 total length");
	pkt->dgram_head = h;
	if (options.n > 0) {
		struct cursor again = cur_at(c, cur_off(c) - body.len - head);
		pkt->dgram_head = cur_take(&again, head);
	}
	pkt->dgram_body = bytes_of(body.base, body.len);
	enum said answer;
	if ((where & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) != 0) {
		if (!fragment(pkt, &body, declared, where, id, &answer))
			return answer;
		declared = body.len;
	}
	pkt->sum_len = source_routed(options) || declared > UINT16_MAX ? 0 : (uint16_t)declared;
	layer_next(pkt, &body, CLAIM_IPPROTO, pkt->ends.ipproto);
	return SAID_OK;
}

const struct dissector dissector_ipv4 = {
	.bpf = "ip proto 4 or ip6 proto 4",
	.claims = { { CLAIM_ETHER, ETHER_IPV4 }, { CLAIM_IPPROTO, PROTO_IPV4 } }, /* RFC 2003, RFC 2473 */
	.dissect = ipv4_dissect,
};
