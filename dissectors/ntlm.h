/* The tokens of an authentication, whatever carries them: NTLMSSP (MS-NLMP) alone or inside SPNEGO (RFC 4178). */
#ifndef CROSSTAP_NTLM_H
#define CROSSTAP_NTLM_H

#include "dissector.h"

/* Fills message, challenge and names.  False where the token tells nothing: none that is known, or one without content, such as
 * the last word of a server.  Damage fails the cursor; what was readable is there. */
bool token_read(struct cursor *token, struct walk *, struct auth *);

#endif
