/* What the carriers of authentication share: each reads one message of its protocol from a cursor, as `struct stream` says. */
#ifndef CROSSTAP_AUTH_H
#define CROSSTAP_AUTH_H

#include "dissector.h"

extern const struct dissector dissector_auth;

/* A body of no interest is stepped over as it comes. */
struct auth_stream {
	uint8_t	 mark;
	uint64_t skip;
};

enum said smb_read(struct cursor *, struct pkt *, struct obs *);
enum said ldap_read(struct cursor *, struct pkt *, struct obs *);
enum said kerberos_read(struct cursor *, struct pkt *, struct obs *);
/* Could a message of theirs begin so?  One byte or more. */
bool smb_starts(struct bytes head);
bool ldap_starts(struct bytes head);
bool kerberos_starts(struct bytes head);

/* Steps over `n` bytes, of which some may still have to come. */
enum said auth_pass(struct cursor *, struct pkt *, struct obs *, uint64_t n);
/* Nothing more can be made of this direction: not this protocol, or not any more. */
enum said auth_lost(struct pkt *, struct obs *);
/* The first `n` bytes are there, or none will follow.  Otherwise they are asked for: SAID_CUT. */
bool auth_has(const struct cursor *, struct pkt *, uint64_t n);
/* Reads the token of a message whose length was right. */
enum said auth_token(struct cursor *token, struct pkt *, struct obs *, enum auth_carrier, bool from_server);

#endif
