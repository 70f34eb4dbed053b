/* TCP, RFC 9293 3.1.  The checksum is not verified: nothing here rests on a single segment. */
#include "layer.h"

enum { TCP_HEADER = 20, TCP_PORTS = 4 };

static enum said
tcp_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct cursor all = *c;
	uint16_t sport = cur_be16(c), dport = cur_be16(c);

	(void)o;
	if (!cur_ok(c))
		return layer_fail(pkt, c, "TCP ports");
	pkt->ends.sport = sport;
	pkt->ends.dport = dport;
	struct bytes h = cur_take(c, TCP_HEADER - TCP_PORTS);
	if (h.p == NULL)
		return layer_fail(pkt, c, "TCP header");
	uint32_t head = (bytes_u8(h, 12 - TCP_PORTS) >> 4) * 4u;
	pkt->tcp_seq = bytes_be32(h, 4 - TCP_PORTS);
	pkt->tcp_ack = bytes_be32(h, 8 - TCP_PORTS);
	pkt->tcp_flags = bytes_u8(h, 13 - TCP_PORTS);
	if (head < TCP_HEADER)
		return layer_fail(pkt, c, "TCP data offset");
	cur_skip(&all, head);
	if (!cur_ok(&all))
		return layer_fail(pkt, &all, "TCP options");
	size_t payload = pkt->sum_len > head ? pkt->sum_len - head : pkt->sum_len ? 0 : cur_left(&all);
	pkt->payload = payload > UINT16_MAX ? UINT16_MAX : (uint16_t)payload;
	layer_segment(pkt, &all, payload);
	return SAID_OK;
}

const struct dissector dissector_tcp = {
	.claims = { { CLAIM_IPPROTO, PROTO_TCP } },
	.dissect = tcp_dissect,
};
