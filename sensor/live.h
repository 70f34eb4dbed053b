/* The capture filter, made from the dissectors that are built in. */
#ifndef CROSSTAP_LIVE_H
#define CROSSTAP_LIVE_H

#include "out.h"

enum { LIVE_FILTER_MAX = 8192 };
/* ARCHITECTURE: what some dissector reads, every IPv4 fragment, every IPv6 packet that begins with an extension header;
 * all of it untagged, in one VLAN and in two. */
void live_filter(struct out *);

#endif
