/* One connection to a receiver, plain or TLS; never waits but where it is told how long. */
#ifndef CROSSTAP_LINK_H
#define CROSSTAP_LINK_H

#include <netdb.h>
#include <openssl/ssl.h>

#include "bytes.h"

enum link_said { LINK_OK, LINK_WAIT, LINK_BROKEN /* `why` tells; it is closed */ };

struct link {
	int fd; /* -1: none */
	SSL *ssl;
	bool connected, want_read;
	uint64_t written; /* bytes given to the kernel */
	char why[256];
};

/* `ctx` NULL: plain; `name`: what its certificate must hold. */
enum link_said link_dial(struct link *, const struct addrinfo *, SSL_CTX *ctx, const char *name);
/* Goes on with connection and handshake; waits for at most so long. */
enum link_said link_connect(struct link *, int wait_ms);
/* `done`: how many bytes went. */
enum link_said link_write(struct link *, struct bytes, size_t *done);
/* A receiver never speaks: what can be read is the end of the connection. */
enum link_said link_look(struct link *);
void link_wait(struct link *, int wait_ms);
/* Of `written`, how many bytes the other end's kernel has confirmed. */
uint64_t link_confirmed(const struct link *);
/* Ends our half and waits (so long) for the other to end his: then he has read everything. */
void link_finish(struct link *, int wait_ms);
void link_close(struct link *);

#endif
