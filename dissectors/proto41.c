/* IPv6 in IPv4, protocol 41: 6in4 (RFC 4213 3), 6to4 (RFC 3056), ISATAP (RFC 5214).  What is inside is read like any other
 * packet.  IPv6 in IPv6 (RFC 2473) comes this way too and is a layer without a record of its own. */
#include "tunnel.h"

enum { PROTO_IPV6 = 41 };

struct addr
addr_6to4(struct addr a)
{
	struct cursor c = cur_all(bytes_of(a.b, sizeof(a.b)));
	uint16_t head = cur_be16(&c);

	return a.fam == 6 && head == 0x2002 ? addr4_read(&c) : (struct addr){ 0 };
}

static void
addresses(struct tunnel6 *t, const struct ends *outer)
{
	t->src_isatap = addr_isatap4(t->src);
	t->dst_isatap = addr_isatap4(t->dst);
	t->src_6to4 = addr_6to4(t->src);
	t->dst_6to4 = addr_6to4(t->dst);
	if (addr_set(t->src_isatap)) {
		t->set |= 1u << T6H_SRC_ISATAP;
		t->src_isatap_u = isatap_u(t->src);
		t->src_embeds_outer = addr_eq(t->src_isatap, outer->src);
	}
	if (addr_set(t->dst_isatap)) {
		t->set |= 1u << T6H_DST_ISATAP;
		t->dst_isatap_u = isatap_u(t->dst);
		t->dst_embeds_outer = addr_eq(t->dst_isatap, outer->dst);
	}
	t->isatap = addr_set(t->src_isatap) || addr_set(t->dst_isatap);
}

static enum said
proto41_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct tunnel6 *t = &o->u.tunnel6;
	struct inner6 in;

	if (pkt->ends.src.fam != 4)
		o->kind = OBS_NONE;
	else
		t->outer_fragment = pkt->flags & OBS_FRAGMENTED;
	if (!inner6_peek(c, &in, &o->bad_what)) {
		layer_note(pkt, c, o->bad_what ? o->bad_what : "inner IPv6 header");
		return said(c);
	}
	size_t left = cur_left(c);
	enum said answer = left - INNER_HEADER >= in.payload ? SAID_OK : c->cut ? SAID_CUT : SAID_BAD;
	if (o->kind != OBS_NONE) {
		t->set |= 1u << T6H_INNER;
		t->src = in.src;
		t->dst = in.dst;
		t->next = in.next;
		t->payload = in.payload;
		addresses(t, &pkt->ends);
	}
	if (answer == SAID_BAD)
		o->bad_what = "inner payload length";
	layer_next(pkt, c, CLAIM_ETHER, ETHER_IPV6);
	return answer;
}

static bool
src_teredo_next(struct field_it *it, void *item)
{
	return teredo_address(((const struct tunnel6 *)it->rec)->src, item);
}

static bool
dst_teredo_next(struct field_it *it, void *item)
{
	return teredo_address(((const struct tunnel6 *)it->rec)->dst, item);
}

static const struct field fields[] = {
	TUNNEL_END(struct tunnel6, src, T6H_INNER, T6H_SRC_ISATAP),
	WALK("inner_src_teredo", F_OBJECT, src_teredo_next, teredo_address_fields,
	     .help = "parts of a Teredo address"),
	TUNNEL_END(struct tunnel6, dst, T6H_INNER, T6H_DST_ISATAP),
	WALK("inner_dst_teredo", F_OBJECT, dst_teredo_next, teredo_address_fields,
	     .help = "parts of a Teredo address"),
	TUNNEL_HEAD(struct tunnel6, T6H_INNER),
	FIELD(struct tunnel6, isatap, "isatap", F_BOOL, .has = BIT(T6H_INNER),
	      .help = "either inner address is an ISATAP one"),
	FIELD(struct tunnel6, src_embeds_outer, "src_embeds_outer", F_BOOL, .has = BIT(T6H_SRC_ISATAP),
	      .help = "the outer source is the one in the inner source"),
	FIELD(struct tunnel6, dst_embeds_outer, "dst_embeds_outer", F_BOOL, .has = BIT(T6H_DST_ISATAP),
	      .help = "the outer destination is the one in the inner destination"),
	FIELD(struct tunnel6, outer_fragment, "outer_fragment", F_BOOL,
	      .help = "the outer datagram came in fragments"),
};

const struct dissector dissector_proto41 = {
	.name = "6in4",
	.bpf = "ip proto 41 or ip6 proto 41",
	.claims = { { CLAIM_IPPROTO, PROTO_IPV6 } },
	.kind = OBS_TUNNEL6,
	.dissect = proto41_dissect,
	.fields = fields,
	.nfields = NELEM(fields),
};
