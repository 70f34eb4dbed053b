/* Routes that a suspect's lease gave to a client (options 121 and 249, RFC 3442), for as long as the lease holds. */
#ifndef CROSSTAP_ROUTES_H
#define CROSSTAP_ROUTES_H

#include "state.h"

enum { ROUTES_MAX = 8 };

struct led { /* one client */
	struct mac    actor;
	struct route4 route[ROUTES_MAX];
	uint8_t	      n;
	ts_t	      until, told;
};

size_t	    routes_bytes(const struct engine_conf *);
void	    routes_open(struct engine *, void *mem);
struct led *routes_get(struct engine *, const struct segment *, struct mac client);
/* NULL where the client has none; costs a load while nobody has any. */
struct led *routes_find(struct engine *, const struct segment *, struct mac client);

#endif
