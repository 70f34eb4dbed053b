/* TLS to a receiver (RFC 5425): 1.2 and later, its certificate always checked against `ca` and its name. */
#ifndef CROSSTAP_TLSCLIENT_H
#define CROSSTAP_TLSCLIENT_H

#include <openssl/ssl.h>

#include "conf.h"

/* NULL (told): a file cannot be used. */
SSL_CTX *tlsclient_open(const struct conf_output *);
/* A client on a socket that expects `name` (DNS name or address); NULL without memory. */
SSL *tlsclient_new(SSL_CTX *, int fd, const char *name);
/* Why the last call failed: the certificate, the protocol, or the socket. */
const char *tlsclient_why(SSL *, char *to, size_t cap);

#endif
