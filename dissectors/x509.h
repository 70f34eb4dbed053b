/* X.509 certificates, RFC 5280, as far as one is told from another: names, validity, what it is for. */
#ifndef CROSSTAP_X509_H
#define CROSSTAP_X509_H

#include "walk.h"

/* Fills what can be read of leaf->der; the rest stays absent.  The texts are in the scratch of `w`.  `set`: the bits
 * TLSH_NOT_BEFORE, TLSH_NOT_AFTER and TLSH_EKU of what was there. */
void x509_read(struct tls_leaf *leaf, uint64_t *set, struct walk *w);
/* The next of a certificate's names, host or address; tls_san_next() for who must know which. */
bool x509_san_next(struct cursor *sans, struct bytes *name, bool *address);

#endif
