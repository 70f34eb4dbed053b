/* Names as DNS and NetBIOS put them on the wire: labels, and pointers back into the message (RFC 1035 4.1.4). */
#ifndef CROSSTAP_DNSNAME_H
#define CROSSTAP_DNSNAME_H

#include "cursor.h"
#include "out.h"

struct labels {
	struct cursor *c; /* the name's place: moved behind it at its end, failed where it is damaged */
	struct cursor at;
	size_t message, run; /* offsets in `c`: of the message, and of the labels read now */
	unsigned wire, jumps;
	bool jumped;
};

/* `message`: the offset in `c` that pointers count from. */
void labels_begin(struct labels *, struct cursor *c, size_t message);
/* False at the end of the name and at damage: cur_ok(c) tells which. */
bool labels_next(struct labels *, struct bytes *label);
/* Moves behind a name without reading what its pointer points at. */
void name_skip(struct cursor *c, size_t message);
/* Printable text as it is, controls as \n or \ooo, bytes over 0x7f as they are. */
void label_text(struct out *, struct bytes label);

#endif
