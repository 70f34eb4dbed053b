/* The frames that a busy link is made of, read in one go: Ethernet II with at most two tags, IPv4 without options or
 * fragments or IPv6 without extension headers, TCP that opens nothing.  Whatever is odd about one is left to the layers,
 * which say the same of it, more slowly. */
#include "layer.h"

enum { LINK_ETHERNET = 1, TAGS = 2, TAG_BYTES = 4, ETHER_HEADER = 14, VLAN_ID = 0x0fff };
enum { IPV4_HEADER = 20, IPV4_PLAIN = 0x45, IPV4_FRAGMENT = 0x3fff, IPV6_HEADER = 40, TCP_HEADER = 20 };
enum { TCP_SYN = 2 };

/* The link header; gives the ethertype, 0 for one that is none of this file's business. */
static uint16_t
link(struct cursor *c, struct ends *n)
{
	struct bytes h = cur_take(c, ETHER_HEADER);
	uint16_t type = bytes_be16(h, 12);

	if (h.p == NULL) /* asked here, no field needs to be asked about */
		return 0;
	bytes_copy(h, 0, n->dmac.b, 6);
	bytes_copy(h, 6, n->smac.b, 6);
	memset(n->vlan, 0, sizeof(n->vlan));
	for (n->nvlan = 0; n->nvlan < TAGS && (type == ETHER_TAG || type == ETHER_TAG_AD); n->nvlan++) {
		h = cur_take(c, TAG_BYTES);
		if (h.p == NULL)
			return 0;
		n->vlan[n->nvlan] = bytes_be16(h, 0) & VLAN_ID;
		type = bytes_be16(h, 2);
	}
	return type;
}

/* The IP header, and the bytes behind it as its length says; 0: not plain. */
static size_t
ip(struct cursor *c, struct ends *n, uint16_t type)
{
	n->ipproto = PROTO_TCP;
	if (type == ETHER_IPV4) {
		struct bytes h = cur_take(c, IPV4_HEADER);
		uint16_t total = bytes_be16(h, 2);
		n->src.fam = n->dst.fam = 4;
		if (h.p == NULL || bytes_u8(h, 0) != IPV4_PLAIN || bytes_u8(h, 9) != PROTO_TCP ||
		    (bytes_be16(h, 6) & IPV4_FRAGMENT) || total < IPV4_HEADER)
			return 0;
		n->hop_limit = bytes_u8(h, 8);
		memset(n->src.b, 0, sizeof(n->src.b));
		memset(n->dst.b, 0, sizeof(n->dst.b));
		bytes_copy(h, 12, n->src.b, 4);
		bytes_copy(h, 16, n->dst.b, 4);
		return total - (size_t)IPV4_HEADER;
	}
	struct bytes h = cur_take(c, IPV6_HEADER);
	n->src.fam = n->dst.fam = 6;
	if (type != ETHER_IPV6 || h.p == NULL || bytes_u8(h, 0) >> 4 != 6 || bytes_u8(h, 6) != PROTO_TCP)
		return 0;
	n->hop_limit = bytes_u8(h, 7);
	bytes_copy(h, 8, n->src.b, 16);
	bytes_copy(h, 24, n->dst.b, 16);
	return bytes_be16(h, 4);
}

bool
layer_bulk(const struct frame *f, struct obs *o, struct bytes *data)
{
	struct cursor c = cur_init(bytes_of(f->p, f->caplen), f->wirelen), all;
	struct ends *n = &o->inner;

	if (f->linktype != LINK_ETHERNET)
		return false;
	uint16_t type = link(&c, n);
	all = c;
	size_t len = ip(&c, n, type);
	struct bytes h = cur_take(&c, TCP_HEADER);
	uint32_t head = (bytes_u8(h, 12) >> 4) * 4u;
	if (h.p == NULL || len < head || head < TCP_HEADER || (bytes_u8(h, 13) & TCP_SYN))
		return false;
	cur_skip(&c, head - TCP_HEADER);
	if (!cur_ok(&c) || (len - head > cur_left(&c) && !c.cut))
		return false;
	n->sport = bytes_be16(h, 0);
	n->dport = bytes_be16(h, 2);
	o->u.seen.ethertype = type;
	o->u.seen.tcp_flags = bytes_u8(h, 13);
	o->u.seen.payload = (uint16_t)(len - head);
	*data = cur_take(&c, len - head < cur_left(&c) ? len - head : cur_left(&c));
	o->u.seen.datagram = cur_take(&all, cur_off(&c) - cur_off(&all));
	return true;
}
