/* ARP over Ethernet for IPv4, RFC 826. */
#include "layer.h"

enum { ARP_ETHERNET = 1, ARP_SIZES = 0x0604 };

static const struct name arp_ops[] = { { 1, "request" }, { 2, "reply" }, { 0, NULL } };

static enum said
arp_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct arp *a = &o->u.arp;
	struct cursor all = *c;
	uint16_t hardware = cur_be16(c), protocol = cur_be16(c), sizes = cur_be16(c);

	if (!cur_ok(c)) {
		o->kind = OBS_NONE;
		return layer_fail(pkt, c, "ARP header");
	}
	if (hardware != ARP_ETHERNET || protocol != ETHER_IPV4 || sizes != ARP_SIZES)
		return SAID_NO;
	a->op = cur_be16(c);
	a->sha = mac_read(c);
	a->spa = addr4_read(c);
	a->tha = mac_read(c);
	a->tpa = addr4_read(c);
	pkt->dgram_body = cur_take(&all, cur_off(c)); /* without the padding of a short frame */
	return said(c);
}

static const struct field arp_fields[] = {
	FIELD(struct arp, op, "op", F_U16, .help = "operation: 1 request, 2 reply"),
	FIELD(struct arp, op, "msg", F_NAME16, .names = arp_ops, .help = "operation as text"),
	FIELD(struct arp, sha, "sender_mac", F_MAC, .help = "sender's hardware address, as it says itself"),
	FIELD(struct arp, spa, "sender_ip", F_ADDR, .help = "sender's protocol address"),
	FIELD(struct arp, tha, "target_mac", F_MAC, .help = "target's hardware address; zero in a request"),
	FIELD(struct arp, tpa, "target_ip", F_ADDR, .help = "address asked for, or answered to"),
};

const struct dissector dissector_arp = {
	.name = "arp",
	.bpf = "arp",
	.claims = { { CLAIM_ETHER, ETHER_ARP } },
	.kind = OBS_ARP,
	.quiet = true,
	.dissect = arp_dissect,
	.fields = arp_fields,
	.nfields = NELEM(arp_fields),
};
