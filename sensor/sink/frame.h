/* What a sink adds to a finished syslog line.  It looks at the header only, whose six fields hold no blank. */
#ifndef CROSSTAP_FRAME_H
#define CROSSTAP_FRAME_H

#include "out.h"
#include "spool.h"

/* The line with its number in front of the other structured data: [meta sequenceId="7"] (RFC 5424 7.3.1). */
void frame_number(struct out *, struct bytes line, uint32_t number);
/* A line that tells of lost ones, with the header of `like`, the line that comes after the gap. */
void frame_gap(struct out *, struct bytes like, struct spool_loss);

#endif
