/* pcapng (draft-ietf-opsawg-pcapng) written, in this machine's byte order: a section, its interfaces, their packets with a
 * comment each.  Texts longer than an option holds (65,535 bytes) are cut. */
#ifndef CROSSTAP_PCAPNG_PUT_H
#define CROSSTAP_PCAPNG_PUT_H

#include "dissector.h"
#include "out.h"

enum { PCAPNG_PACKET_ROOM = 64 }; /* most bytes around a packet and its comment */

void pcapng_put_section(struct out *, struct bytes comment, struct bytes application);
/* Times of its packets are in nanoseconds. */
void pcapng_put_interface(struct out *, uint16_t linktype, struct bytes name);
/* `interface`: its number in the order they were put, from 0. */
void pcapng_put_packet(struct out *, uint32_t interface, const struct frame *, struct bytes comment);

#endif
