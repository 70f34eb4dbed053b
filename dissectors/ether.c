/* What a frame begins with: Ethernet (IEEE 802.3, LLC with SNAP), Linux cooked captures, BSD loopback, bare IP.
 * LINKTYPE_ values and layouts: tcpdump.org/linktypes.html. */
#include "layer.h"

enum {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276
};
enum {
	ETHER_HEADER = 14,
	ETHERTYPE_MIN = 0x0600,
	LLC_SNAP = 0xaaaa,
	LLC_UI = 3,
	OUI_BRIDGE_TUNNEL = 0x0000f8
};
enum {
	SLL_8022 = 4,
	ARPHRD_ETHER = 1,
	ARPHRD_GRE = 778,
	ARPHRD_WLAN = 801,
	ARPHRD_WLAN_LAST = 803,
	ARPHRD_NETLINK = 824,
	ARPHRD_6LOWPAN = 825
};

/* LLC as far as it can lead to IP: SNAP with an OUI whose numbers are ethertypes (RFC 1042; IEEE 802.1H). */
static enum said
llc(struct pkt *pkt, struct cursor *c)
{
	uint16_t saps = cur_be16(c);
	uint8_t control = cur_u8(c);

	if (!cur_ok(c) || saps != LLC_SNAP || control != LLC_UI)
		return SAID_OK;
	uint32_t oui = cur_be24(c);
	uint16_t type = cur_be16(c);
	if (!cur_ok(c))
		return layer_fail(pkt, c, "SNAP header");
	if (oui != 0 && oui != OUI_BRIDGE_TUNNEL)
		return SAID_OK;
	pkt->ethertype = type;
	layer_next(pkt, c, CLAIM_ETHER, type);
	return SAID_OK;
}

enum said
layer_ether(struct pkt *pkt, struct cursor *c, uint16_t type)
{
	pkt->ethertype = type;
	if (type < ETHERTYPE_MIN) { /* a length: padding behind it is none of ours */
		struct cursor body = cur_clip(c, type);
		return llc(pkt, &body);
	}
	layer_next(pkt, c, CLAIM_ETHER, type);
	return SAID_OK;
}

static enum said
ethernet(struct cursor *c, struct pkt *pkt)
{
	struct bytes h = cur_take(c, ETHER_HEADER);

	if (h.p == NULL)
		return layer_fail(pkt, c, "Ethernet header");
	bytes_copy(h, 0, pkt->ends.dmac.b, 6);
	bytes_copy(h, 6, pkt->ends.smac.b, 6);
	pkt->seen = true;
	return layer_ether(pkt, c, bytes_be16(h, 12));
}

/* An address and a tag of its own: what the frame says counts more than what the wrapper says of it. */
enum said
layer_frame(struct pkt *pkt, struct cursor *c, uint16_t vlan)
{
	struct bytes h = cur_take(c, ETHER_HEADER);

	if (h.p == NULL)
		return layer_fail(pkt, c, "Ethernet header in a wrapper");
	if ((pkt->flags & OBS_QUOTED) || !layer_may_mirror(pkt))
		return SAID_OK; /* traffic of whoever sent it, and no more */
	if (!layer_mirror(pkt))
		return layer_fail(pkt, c, "more wrappers inside each other than are read");
	uint16_t type = bytes_be16(h, 12);
	bytes_copy(h, 0, pkt->ends.dmac.b, 6);
	bytes_copy(h, 6, pkt->ends.smac.b, 6);
	pkt->seen = true;
	bool tagged =
		type == ETHER_TAG || type == ETHER_TAG_AD || type == ETHER_TAG_9100 || type == ETHER_TAG_9200;
	if (vlan != 0 && !tagged)
		pkt->ends.vlan[pkt->ends.nvlan++] = vlan;
	return layer_ether(pkt, c, type);
}

/* Type fields of hardware types whose "protocol" is no ethertype are not believed. */
static enum said
cooked(struct cursor *c, struct pkt *pkt, uint16_t hardware, struct bytes address, uint16_t type)
{
	if (!cur_ok(c))
		return layer_fail(pkt, c, "cooked header");
	pkt->seen = true;
	if (hardware == ARPHRD_ETHER && address.n == 6) {
		struct cursor a = cur_all(address);
		pkt->ends.smac = mac_read(&a);
	} else {
		pkt->flags |= OBS_NO_ETHER;
	}
	if (hardware == ARPHRD_NETLINK || (hardware >= ARPHRD_WLAN && hardware <= ARPHRD_WLAN_LAST) ||
	    hardware == ARPHRD_6LOWPAN)
		return SAID_OK;
	if (type == SLL_8022) {
		pkt->ethertype = type;
		return llc(pkt, c);
	}
	if (type < ETHERTYPE_MIN) {
		pkt->ethertype = type;
		return SAID_OK;
	}
	return layer_ether(pkt, c, type);
}

static struct bytes
sll_address(struct bytes field, size_t n)
{
	return bytes_of(field.p, n < field.n ? n : field.n);
}

/* Packet type, hardware type, address length, address in 8 bytes, protocol. */
static enum said
sll(struct cursor *c, struct pkt *pkt)
{
	cur_skip(c, 2);
	uint16_t hardware = cur_be16(c), len = cur_be16(c);
	struct bytes address = cur_take(c, 8);
	uint16_t type = cur_be16(c);

	return cooked(c, pkt, hardware, sll_address(address, len), type);
}

/* Protocol, reserved, interface index, hardware type, packet type, address length, address in 8 bytes. */
static enum said
sll2(struct cursor *c, struct pkt *pkt)
{
	uint16_t type = cur_be16(c);

	cur_skip(c, 6);
	uint16_t hardware = cur_be16(c);
	cur_skip(c, 1);
	uint8_t len = cur_u8(c);
	struct bytes address = cur_take(c, 8);
	return cooked(c, pkt, hardware, sll_address(address, len), type);
}

static enum said
bare(struct cursor *c, struct pkt *pkt, uint16_t type)
{
	pkt->flags |= OBS_NO_ETHER;
	pkt->ethertype = type;
	layer_next(pkt, c, CLAIM_ETHER, type);
	return SAID_OK;
}

/* The address family in the byte order of the machine that captured; AF_INET6 is a different number on each BSD. */
static enum said
loopback(struct cursor *c, struct pkt *pkt)
{
	uint32_t family = cur_be32(c);

	if (!cur_ok(c))
		return layer_fail(pkt, c, "loopback header");
	if (family > 0xffff)
		family = family >> 24 | (family >> 8 & 0xff00);
	switch (family) {
	case 2: return bare(c, pkt, ETHER_IPV4);
	case 10:
	case 24:
	case 28:
	case 30: return bare(c, pkt, ETHER_IPV6);
	}
	pkt->flags |= OBS_NO_ETHER;
	return SAID_OK;
}

enum said
layer_version(struct pkt *pkt, struct cursor *c)
{
	uint8_t version = cur_peek_u8(c) >> 4;

	if (!cur_ok(c))
		return layer_fail(pkt, c, "IP version");
	if (version != 4 && version != 6)
		return SAID_OK;
	return layer_ether(pkt, c, version == 4 ? ETHER_IPV4 : ETHER_IPV6);
}

static enum said
ether_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	(void)o;
	switch (pkt->f->linktype) {
	case LINK_ETHERNET: return ethernet(c, pkt);
	case LINK_SLL: return sll(c, pkt);
	case LINK_SLL2: return sll2(c, pkt);
	case LINK_NULL:
	case LINK_LOOP: return loopback(c, pkt);
	case LINK_IPV4: return bare(c, pkt, ETHER_IPV4);
	case LINK_IPV6: return bare(c, pkt, ETHER_IPV6);
	default: pkt->flags |= OBS_NO_ETHER; return layer_version(pkt, c);
	}
}

const struct dissector dissector_ether = {
	.claims = { { CLAIM_LINK, LINK_ETHERNET },
		    { CLAIM_LINK, LINK_SLL },
		    { CLAIM_LINK, LINK_SLL2 },
		    { CLAIM_LINK, LINK_NULL },
		    { CLAIM_LINK, LINK_LOOP },
		    { CLAIM_LINK, LINK_RAW },
		    { CLAIM_LINK, LINK_RAW_BSD },
		    { CLAIM_LINK, LINK_RAW_OPENBSD },
		    { CLAIM_LINK, LINK_IPV4 },
		    { CLAIM_LINK, LINK_IPV6 } },
	.dissect = ether_dissect,
};
