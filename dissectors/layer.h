/* What the layers share with each other and with the walk; leaves do not need it. */
#ifndef CROSSTAP_LAYER_H
#define CROSSTAP_LAYER_H

#include "dissector.h"
#include "frag.h"

enum { ETHER_IPV4 = 0x0800, ETHER_ARP = 0x0806, ETHER_IPV6 = 0x86dd };
enum { ETHER_MPLS = 0x8847, ETHER_MPLS_MULTICAST = 0x8848, ETHER_PPPOE = 0x8864, ETHER_SGT = 0x8909 };
enum { ETHER_TAG = 0x8100, ETHER_TAG_AD = 0x88a8, ETHER_TAG_9100 = 0x9100, ETHER_TAG_9200 = 0x9200 };
enum { PROTO_ICMP4 = 1, PROTO_IPV4 = 4, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_GRE = 47, PROTO_ICMP6 = 58 };

/* Goes on behind an Ethernet-like type field: an ethertype, or an IEEE 802.3 length with LLC.  In ether.c. */
enum said layer_ether(struct pkt *, struct cursor *, uint16_t type);
/* Starts over with the Ethernet frame inside a mirror's wrapper: its ends are the ends now.  `vlan`: the tag that the
 * wrapper says the frame had, for a frame that carries none itself; 0 is no tag.  In ether.c. */
enum said layer_frame(struct pkt *, struct cursor *, uint16_t vlan);
/* Goes on with bare IP, whose version is its first half-byte; anything else is not read.  In ether.c. */
enum said layer_version(struct pkt *, struct cursor *);
/* Goes on behind a PPP header, or behind Cisco's HDLC where `serial` says that it may be that.  In ppp.c. */
enum said layer_ppp(struct pkt *, struct cursor *, bool serial);

/* Goes on with the rest of `c`, cut where `c` is.  Field by field: copying a struct that was just written piece by piece
 * stalls the processor, and this is done for each layer of each frame. */
static inline void
layer_next(struct pkt *pkt, struct cursor *c, enum claim_kind kind, uint16_t value)
{
	struct bytes b = cur_rest(c);

	pkt->inner.cut = c->cut;
	pkt->inner.why = c->why;
	pkt->inner.base = b.p;
	pkt->inner.off = 0;
	pkt->inner.len = (uint32_t)b.n;
	pkt->next.kind = (uint16_t)kind;
	pkt->next.value = value;
}

/* Notes what is wrong (the first note stays) and sets OBS_BAD, or OBS_CUT where the capture is to blame. */
void layer_note(struct pkt *, const struct cursor *, const char *what);
/* The same as an answer: the end of the walk into this frame. */
enum said layer_fail(struct pkt *, struct cursor *, const char *what);
/* A new IP header: the ends so far are those of a tunnel.  False where there are too many inside each other. */
bool layer_ip(struct pkt *);
/* Is the sender of this packet one whose wrappers are opened (struct walk_limits)? */
bool layer_may_mirror(const struct pkt *);
/* A wrapper with a frame in it: nothing of what carries it belongs to that frame.  False where there are too many. */
bool layer_mirror(struct pkt *);
/* Goes on into the packet that an ICMP error quotes; it was shortened on purpose, so its end is no lie. */
void layer_quote(struct pkt *, struct cursor *, uint16_t ethertype);
/* One piece of a datagram; anything but FRAG_WHOLE ends the walk into this frame with what `said` says. */
bool layer_fragment(struct pkt *, struct cursor *body, const struct frag_piece *, uint32_t id, uint8_t proto,
		    struct frag_whole *, enum said *said);
/* A piece that is not all there is never put together; of a first one that the capture shortened the beginning is read
 * (true), since nothing else of that datagram will be. */
bool layer_part(struct pkt *, const struct cursor *piece, uint32_t off, enum said *said);

/* Reads a plain frame of a TCP connection in one go: fills o->inner and o->u.seen, and gives the segment's bytes as
 * captured.  False: it is no such frame, and nothing is filled in that counts.  In bulk.c. */
bool layer_bulk(const struct frame *, struct obs *, struct bytes *data);

/* Does anybody read this UDP payload: by its ports, or by what it looks like? */
bool layer_claimed(const struct pkt *, struct bytes payload);
/* Goes on with a TCP segment where its stream is read or may begin here.  `c`: behind the header; `len`: the bytes that
 * the packet's lengths put there. */
void layer_segment(struct pkt *, struct cursor *c, size_t len);

/* The checksum over a whole upper-layer message and its pseudo header (RFC 768, RFC 8200 8.1). */
bool layer_sum_ok(const struct pkt *, struct bytes msg, uint8_t proto);
/* Can it be verified at all?  Not where the message was cut, is quoted, or its length or last hop is unknown. */
bool layer_sum_known(const struct pkt *, const struct cursor *msg);

#endif
