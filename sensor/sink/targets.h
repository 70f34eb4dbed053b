/* The addresses of an output's receivers, in the order in which they are tried. */
#ifndef CROSSTAP_TARGETS_H
#define CROSSTAP_TARGETS_H

#include <netdb.h>

#include "conf.h"

enum { RECEIVERS_MAX = 16, TARGETS_MAX = 64, HOST_NAME_MAX_BYTES = 256 };

struct targets {
	char host[RECEIVERS_MAX][HOST_NAME_MAX_BYTES], port[RECEIVERS_MAX][12];
	struct addrinfo *list[RECEIVERS_MAX];
	size_t nhost;
	struct {
		const struct addrinfo *a;
		size_t host;
	} at[TARGETS_MAX];
	size_t n;
	char name[HOST_NAME_MAX_BYTES + 32]; /* for messages: "syslog log1:6514/tls", the first of them */
};

/* False (told) where a name is not known or a text names no receiver. */
bool targets_open(struct targets *, const struct conf_output *);
void targets_close(struct targets *);

#endif
