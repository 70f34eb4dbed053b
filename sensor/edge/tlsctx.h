/* TLS of a listener: 1.2 and later, the senders' certificates checked against its client_ca. */
#ifndef CROSSTAP_TLSCTX_H
#define CROSSTAP_TLSCTX_H

#include <openssl/ssl.h>

#include "conf.h"

/* Reads certificate, key and client_ca; NULL (told: file and why) where one cannot be used. */
SSL_CTX *tlsctx_open(const struct conf_listen *);

#endif
