/* What the system says of an interface, beside what libpcap counts: /sys/class/net, read anew at each look. */
#ifndef CROSSTAP_NIC_H
#define CROSSTAP_NIC_H

#include <stdbool.h>
#include <stdint.h>

struct nic {
	bool there;	  /* false for `any`, too, and where there is no /sys */
	bool up, carrier; /* administratively; a link partner */
	uint64_t index;	  /* another one: it was made anew */
	uint64_t downs;	  /* how often the carrier was lost */
};
struct nic nic_look(const char *iface);
/* Nothing could be seen at some time between the two looks. */
bool nic_blind(const struct nic *before, const struct nic *now);
/* It can be opened now, and could not be before, or only as another one. */
bool nic_back(const struct nic *before, const struct nic *now);

#endif
