/* BER as LDAP and Kerberos use it: definite lengths, tags of one byte (X.690 8.1; RFC 4511 5.1, RFC 4120 5). */
#ifndef CROSSTAP_BER_H
#define CROSSTAP_BER_H

#include "cursor.h"

enum {
	BER_BOOLEAN = 0x01, BER_INTEGER = 0x02, BER_OCTETS = 0x04, BER_ENUMERATED = 0x0a, BER_SEQUENCE = 0x30,
	BER_APPLICATION = 0x60, /* constructed; + number */
	BER_CONTEXT = 0xa0,	/* constructed; + number */
	BER_CONTEXT_PLAIN = 0x80
};
/* Four bytes of length: more than any message here. */
enum { BER_LENGTH_MAX = 4, BER_TAG_LONG = 0x1f };

/* A tag and the length behind it; a form that is not used here fails the cursor. */
static inline uint8_t
ber_head(struct cursor *c, uint32_t *length)
{
	uint8_t tag = cur_u8(c), first = cur_u8(c);

	*length = first;
	if (first & 0x80) {
		if ((first & 0x7f) == 0 || (first & 0x7f) > BER_LENGTH_MAX)
			cur_fail(c, CUR_BAD);
		*length = (uint32_t)cur_be(c, first & 0x7f);
	}
	if ((tag & BER_TAG_LONG) == BER_TAG_LONG)
		cur_fail(c, CUR_BAD);
	return cur_ok(c) ? tag : 0;
}

/* The next element: its tag (0 at the end and at damage) and its content.  An element that is not all there is given as far
 * as it is, and fails the cursor. */
static inline uint8_t
ber_next(struct cursor *c, struct cursor *content)
{
	uint32_t length = 0;
	uint8_t	 tag = cur_more(c) ? ber_head(c, &length) : 0;
	bool	 all = length <= cur_left(c);

	*content = cur_clip(c, length);
	if (!all)
		cur_fail(c, c->cut ? CUR_CUT : CUR_BAD);
	return tag;
}

/* The element that must come next, else an empty one that failed. */
static inline struct cursor
ber_into(struct cursor *c, uint8_t tag)
{
	struct cursor content;

	if (ber_next(c, &content) != tag)
		return (struct cursor){ .why = cur_ok(c) ? CUR_BAD : c->why };
	return content;
}

/* What went wrong in the content is wrong with the whole. */
static inline void
ber_leave(struct cursor *c, const struct cursor *content)
{
	if (!cur_ok(content))
		cur_fail(c, cur_end(content));
}

#endif
