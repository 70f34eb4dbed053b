/* One capture file or pipe, pcap or pcapng, told apart by its first byte. */
#ifndef CROSSTAP_CAPTURE_H
#define CROSSTAP_CAPTURE_H

#include <stdbool.h>
#include <stdio.h>

#include "dissector.h"

enum capture_said { CAPTURE_FRAME, CAPTURE_LOSS, CAPTURE_END, CAPTURE_BAD, CAPTURE_WAIT };

struct capture;
/* Takes the stream over.  NULL only without memory; a file of no known format says so at the first capture_next(). */
struct capture *capture_open(FILE *);
void capture_close(struct capture *);
/* Is it still written to?  Then CAPTURE_WAIT stands where it ends for now, be it inside a record, and reading goes on there. */
void capture_grows(struct capture *, bool);
/* Fills ts, number, linktype and the view, which is valid until the next call.  After CAPTURE_BAD, *what and *offset say
 * what and where; reading may go on: CAPTURE_END follows where it cannot. */
enum capture_said capture_next(struct capture *, struct frame *, struct loss *, const char **what,
			       uint64_t *offset);
uint64_t capture_offset(const struct capture *);

#endif
