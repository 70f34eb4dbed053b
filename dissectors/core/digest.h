/* Digests of things that come again and again: certificates, which servers show at each handshake.  Those of the last few
 * are kept with the bytes they were made of, which are compared whole: who shows another one gets its own digest. */
#ifndef CROSSTAP_DIGEST_H
#define CROSSTAP_DIGEST_H

#include "bytes.h"

/* 128 certificates of at most 3 KiB; longer ones are digested each time. */
enum { DIGEST_SLOTS = 128, DIGEST_BYTES = 3072, SHA1_BYTES = 20, SHA256_BYTES = 32 };

struct digest_pair { uint8_t sha1[SHA1_BYTES], sha256[SHA256_BYTES]; };
struct digest_slot {
	uint32_t	   n; /* bytes kept; 0: free */
	struct digest_pair pair;
	uint8_t		   of[DIGEST_BYTES];
};
struct digests { struct digest_slot slot[DIGEST_SLOTS]; };

/* SHA-1 and SHA-256 over the bytes.  `kept`: memory that was zeroed before its first use; NULL keeps nothing. */
struct digest_pair digest_pair(struct digests *kept, struct bytes);

#endif
