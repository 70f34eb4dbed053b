/* One interface, captured through libpcap: the same for a live sensor and for --setup. */
#ifndef CROSSTAP_TAP_H
#define CROSSTAP_TAP_H

#include "conf.h"
#include "dissector.h"

enum { TAP_FILTER_MAX = 12288 };
/* The capture filter, made from the dissectors that are built in: what one of them reads, every IPv4 fragment, every IPv6
 * packet that begins with an extension header; on Ethernet untagged, behind one VLAN tag, behind two, and all with more. */
void tap_filter(struct out *, uint16_t linktype);

struct tap {
	const char *iface;
	void *pcap;	   /* NULL: not open */
	int fd;		   /* to be polled for reading; -1: not open */
	uint16_t ix;	   /* `iface` of its frames */
	uint16_t linktype; /* LINKTYPE_ value */
	bool nano;
	uint64_t frames; /* given so far */
	uint32_t run;	 /* `file` of its frames: their numbers begin anew when it is opened again, and records outlive that */
};
/* All since it was opened. */
struct tap_counts {
	uint64_t got, dropped, missed; /* frames that passed the filter; dropped for want of room; by the card */
};
typedef void tap_frame(void *arg, const struct frame *);

/* Opens the interface as `capture` of the configuration has it, without blocking; `filter` NULL: the generated one.  False
 * (told): it cannot be watched. */
bool tap_open(struct tap *, const char *iface, uint16_t ix, const struct conf *, const char *filter);
/* Hands over what waits, at most `max` frames, each valid during its call.  False (told): the interface is gone. */
bool tap_read(struct tap *, int max, tap_frame *, void *arg);
struct tap_counts tap_counts(const struct tap *);
void tap_close(struct tap *);

#endif
