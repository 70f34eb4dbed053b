/* Who is it?  A sender of the configuration that agrees with what a connection shows in everything it states. */
#ifndef CROSSTAP_TRUST_H
#define CROSSTAP_TRUST_H

#include <openssl/x509.h>
#include <sys/socket.h>

#include "conf.h"

enum { TRUST_NONE = -1 };

/* `certificate`: verified, or NULL.  The index of the first sender, TRUST_NONE for none. */
int trust_find(const struct conf *, struct addr, X509 *certificate, struct bytes token);
int trust_named(const struct conf *, struct bytes name);
/* Address of a peer; IPv4 in an IPv6 socket is IPv4, absent for a unix socket. */
struct addr trust_addr(const struct sockaddr_storage *);

#endif
