/* UDP, RFC 768. */
#include "layer.h"

enum { UDP_HEADER = 8 };

/* Only what somebody will read is worth the time; RFC 768 lets IPv4 senders leave it out, RFC 8200 8.1 forbids it. */
static void
checksum(struct pkt *pkt, struct cursor *all, size_t len, uint16_t sum)
{
	struct cursor msg = cur_clip(all, len);

	if (sum == 0)
		pkt->flags |= OBS_SUM_NONE;
	else if (msg.len == len && !msg.cut && !(pkt->flags & OBS_QUOTED) && pkt->sum_len != 0 &&
		 !layer_sum_ok(pkt, bytes_of(msg.base, msg.len), PROTO_UDP))
		pkt->flags |= OBS_SUM_BAD;
}

static enum said
udp_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct cursor all = *c;
	uint16_t sport = cur_be16(c), dport = cur_be16(c), len = cur_be16(c), sum = cur_be16(c);

	(void)o;
	if (cur_off(c) >= 4) { /* what an ICMP error quotes may end here */
		pkt->ends.sport = sport;
		pkt->ends.dport = dport;
	}
	if (!cur_ok(c))
		return layer_fail(pkt, c, "UDP header");
	if (len != 0 && len < UDP_HEADER)
		return layer_fail(pkt, c, "UDP length");

	/* 0: a jumbogram (RFC 2675 4) or a sender's offload. */
	size_t declared = len ? len - (size_t)UDP_HEADER : cur_left(c);
	struct cursor body = cur_clip(c, declared);
	if (body.len < declared && !body.cut)
		layer_note(pkt, c, "UDP length");
	pkt->payload = declared > UINT16_MAX ? UINT16_MAX : (uint16_t)declared;
	if ((!cur_more(&body) && !body.cut) || !layer_claimed(pkt, bytes_of(body.base, body.len)))
		return SAID_OK;
	checksum(pkt, &all, UDP_HEADER + declared, sum);
	layer_next(pkt, &body, CLAIM_UDP, dport);
	return SAID_OK;
}

const struct dissector dissector_udp = {
	.claims = { { CLAIM_IPPROTO, PROTO_UDP } },
	.dissect = udp_dissect,
};
