/* Fingerprints of TLS hellos: JA3 and JA3S (Salesforce, 2017), JA4 (FoxIO, JA4.md). */
#ifndef CROSSTAP_JA_H
#define CROSSTAP_JA_H

#include "walk.h"

/* What the fingerprints take from the extensions of a client hello: lists without their lengths, absent where there is none. */
struct ja_lists {
	struct bytes groups, formats, signatures; /* of supported_groups, ec_point_formats, signature_algorithms */
};

/* RFC 8701 2: values that clients send so that nobody relies on them being known. */
static inline bool
ja_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* Of a hello that was read whole.  Texts that do not fit into the scratch of `w` are absent, and their digests too. */
void ja_client(struct tls *, const struct ja_lists *, struct walk *w);
void ja_server(struct tls *, struct walk *w);

#endif
