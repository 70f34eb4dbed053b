/* TCP flows as far as V_U needs them: was the answer to a SYN seen?  A sample of connections, bounded. */
#ifndef CROSSTAP_FLOW_H
#define CROSSTAP_FLOW_H

#include "state.h"

size_t flows_bytes(void);
void   flows_open(struct engine *, void *mem);
void   flows_frame(struct engine *, const struct obs *);

#endif
