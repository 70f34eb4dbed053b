/* IPv6 and its extension headers, RFC 8200.  At most EXT_MAX of them: RFC 8200 knows six, real chains have one or
 * two, and long ones are how first-hop filters are evaded; what is behind is then told as unread. */
#include "layer.h"

enum { IPV6_HEADER = 40, FRAGMENT_HEADER = 8 };
enum {
	EXT_HOP_BY_HOP = 0,
	EXT_ROUTING = 43,
	EXT_FRAGMENT = 44,
	EXT_AH = 51,
	NO_NEXT = 59,
	EXT_DESTINATION = 60
};
enum { OPT_PAD1 = 0, OPT_JUMBO = 0xc2 };
enum { ROUTING_SOURCE = 0, ROUTING_MOBILE = 2, ROUTING_SEGMENTS = 4, ROUTING_FIXED = 8 };

struct chain {
	struct cursor body; /* what is left to read */
	uint32_t
		declared; /* what should be left; larger than the body where lengths lie or the capture ends */
	uint8_t next, count;
	bool jumbo, sum_unknown, reassembled;
};

static bool
is_extension(uint8_t next)
{
	return next == EXT_HOP_BY_HOP || next == EXT_ROUTING || next == EXT_FRAGMENT || next == EXT_AH ||
	       next == EXT_DESTINATION;
}

/* The jumbo payload length of RFC 2675 2, else 0. */
static uint32_t
jumbo_length(struct cursor options)
{
	while (cur_more(&options)) {
		uint8_t type = cur_u8(&options);
		if (type == OPT_PAD1)
			continue;
		struct cursor v = cur_sub8(&options);
		if (type == OPT_JUMBO && cur_left(&v) == 4)
			return cur_be32(&v);
	}
	return 0;
}

/* Where the packet is going at last: RFC 8200 8.1 puts that into the checksum.  RFC 5095 and RFC 6275 6.4 list the
 * hops in order, RFC 8754 2 the last one first. */
static void
routing(struct chain *h, struct pkt *pkt, struct cursor *c, uint32_t len)
{
	uint8_t type = cur_u8(c), left = cur_u8(c);
	size_t hops = (len - ROUTING_FIXED) / 16, last = 0;

	if (left == 0)
		return;
	cur_skip(c, 4);
	switch (type) {
	case ROUTING_SOURCE:
	case ROUTING_MOBILE: last = hops; break;
	case ROUTING_SEGMENTS: last = 1; break;
	}
	if (last == 0 || hops == 0) {
		h->sum_unknown = true;
		return;
	}
	cur_skip(c, (last - 1) * 16);
	pkt->final_dst = addr6_read(c);
}

/* RFC 7112: the whole chain and the beginning of the upper layer belong into the first fragment. */
static bool
is_headless(struct cursor c, uint8_t next)
{
	for (unsigned i = 0; i < EXT_MAX && is_extension(next); i++) {
		uint8_t this = next;
		uint32_t len;
		next = cur_u8(&c);
		len = cur_u8(&c);
		len = this == EXT_FRAGMENT ? FRAGMENT_HEADER : this == EXT_AH ? (len + 2) * 4 : (len + 1) * 8;
		cur_skip(&c, len - 2);
	}
	switch (next) {
	case NO_NEXT: break;
	case PROTO_TCP: cur_skip(&c, 20); break;
	case PROTO_UDP: cur_skip(&c, 8); break;
	case PROTO_ICMP6: cur_skip(&c, 4); break;
	default: (void)cur_u8(&c);
	}
	return !cur_ok(&c);
}

/* RFC 8200 4.5.  True: read on in h->body, which is the rest of this packet or the whole datagram. */
static bool
fragment(struct chain *h, struct pkt *pkt, enum said *answer)
{
	struct cursor *c = &h->body;
	uint8_t next = cur_u8(c);

	cur_skip(c, 1);
	uint16_t where = cur_be16(c);
	uint32_t id = cur_be32(c);
	*answer = SAID_OK;
	if (!cur_ok(c)) {
		*answer = layer_fail(pkt, c, "fragment header");
		return false;
	}
	h->next = next;
	h->declared -= h->declared < FRAGMENT_HEADER ? h->declared : FRAGMENT_HEADER;
	struct cursor view = *c;
	struct frag_piece piece = {
		.off = where & 0xfff8, .more = where & 1, .next = next, .data = cur_rest(&view)
	};
	struct frag_whole whole;
	if (piece.off == 0 && !piece.more) { /* RFC 6946: on its own, whatever else has that identification */
		pkt->flags |= OBS_ATOMIC;
		return true;
	}
	pkt->flags |= OBS_FRAGMENTED;
	pkt->ends.ipproto = next;
	if (pkt->flags & OBS_QUOTED)
		return piece.off == 0;
	if (h->reassembled) {
		*answer = layer_fail(pkt, c, "a fragment inside a fragmented datagram");
		return false;
	}
	if (piece.data.n < h->declared || h->declared == 0)
		return layer_part(pkt, c, piece.off, answer);
	piece.headless = piece.off == 0 && is_headless(cur_all(piece.data), next);
	if (!layer_fragment(pkt, c, &piece, id, 0, &whole, answer)) {
		if (piece.headless)
			layer_note(pkt, c, "first fragment without the whole header chain");
		return false;
	}
	if (whole.headless)
		layer_note(pkt, c, "first fragment without the whole header chain");
	h->next = whole.next;
	h->body = cur_all(whole.data);
	h->declared = h->body.len;
	h->reassembled = true;
	return true;
}

/* One extension header that is not a fragment header; all of them begin with next header and length. */
static enum said
extension(struct chain *h, struct pkt *pkt)
{
	struct cursor look = h->body;
	uint8_t this = h->next, next = cur_u8(&look), units = cur_u8(&look);
	uint32_t len = this == EXT_AH ? (units + 2u) * 4 : (units + 1u) * 8;

	if (this == EXT_HOP_BY_HOP && h->count > 0)
		layer_note(pkt, &h->body, "hop-by-hop options that are not first");
	struct bytes all = cur_take(&h->body, len);
	if (!cur_ok(&h->body))
		return layer_fail(pkt, &h->body, "extension header");
	struct cursor c = cur_all(all);
	cur_skip(&c, 2);
	if (this == EXT_ROUTING)
		routing(h, pkt, &c, len);
	if (this == EXT_HOP_BY_HOP && h->jumbo) {
		uint32_t n = jumbo_length(c);
		if (n > UINT16_MAX)
			h->declared = n;
	}
	h->next = next;
	h->declared -= h->declared < len ? h->declared : len;
	return SAID_OK;
}

static enum said
extensions(struct chain *h, struct pkt *pkt, bool *more)
{
	enum said answer = SAID_OK;

	*more = false;
	for (; is_extension(h->next); h->count++) {
		pkt->flags |= OBS_EXT;
		if (h->count == EXT_MAX)
			return layer_fail(pkt, &h->body, "more extension headers than are read");
		if (h->next == EXT_FRAGMENT) {
			if (!fragment(h, pkt, &answer))
				return answer;
			continue;
		}
		answer = extension(h, pkt);
		if (answer != SAID_OK)
			return answer;
	}
	*more = true;
	return SAID_OK;
}

/* A payload length of 0 is a jumbogram (RFC 2675), a sender's segmentation offload where there is more than any
 * length could say, or the truth. */
static void
payload(struct chain *h, struct pkt *pkt, struct cursor *c, uint16_t plen)
{
	h->declared = plen;
	if (plen == 0 && (h->next == EXT_HOP_BY_HOP || cur_left(c) > UINT16_MAX)) {
		h->jumbo = true;
		h->declared = (uint32_t)cur_left(c);
	}
	h->body = cur_clip(c, h->declared);
	if (h->jumbo)
		h->body.cut = c->cut;
	else if (h->body.len < plen && !h->body.cut)
		layer_note(pkt, c, "IPv6 payload length");
}

static enum said
ipv6_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct bytes head = cur_take(c, IPV6_HEADER);

	(void)o;
	if (head.p == NULL)
		return layer_fail(pkt, c, "IPv6 header");
	if (bytes_u8(head, 0) >> 4 != 6)
		return layer_fail(pkt, c, "IPv6 version");
	if (!layer_ip(pkt))
		return layer_fail(pkt, c, "more IP headers inside each other than are read");
	struct chain h = { .next = bytes_u8(head, 6) };
	pkt->ends.ipproto = h.next;
	pkt->ends.hop_limit = bytes_u8(head, 7);
	pkt->ends.src.fam = pkt->ends.dst.fam = 6;
	bytes_copy(head, 8, pkt->ends.src.b, 16);
	bytes_copy(head, 24, pkt->ends.dst.b, 16);
	payload(&h, pkt, c, bytes_be16(head, 4));
	pkt->dgram_head = head;
	pkt->dgram_body = bytes_of(h.body.base, h.body.len);
	bool more;
	enum said answer = extensions(&h, pkt, &more);
	if (!more)
		return answer;
	pkt->ends.ipproto = h.next;
	pkt->sum_len = h.sum_unknown || h.declared > UINT16_MAX ? 0 : (uint16_t)h.declared;
	if (h.next != NO_NEXT)
		layer_next(pkt, &h.body, CLAIM_IPPROTO, h.next);
	return SAID_OK;
}

const struct dissector dissector_ipv6 = {
	.claims = { { CLAIM_ETHER, ETHER_IPV6 } },
	.dissect = ipv6_dissect,
};
