/* Names of computers as they are compared: DETECTIONS.md 9.  Case, final dots, the `$` of computer accounts and the blanks of
 * NetBIOS names make no difference; a label that is UTF-8 beyond ASCII is its A-label (RFC 5890), other bytes stay as they
 * are, because option 12 may be in any code page. */
#ifndef CROSSTAP_HOSTNAME_H
#define CROSSTAP_HOSTNAME_H

#include "bytes.h"

enum { NETBIOS_NAME = 15 /* bytes of a NetBIOS name without its suffix, RFC 1001 14.1 */ };

struct hostname {
	char	 head[NETBIOS_NAME + 1]; /* the first bytes of the leftmost label, padded with zeros */
	uint64_t label;			 /* hash of the leftmost label */
	uint64_t full;			 /* hash of all labels; 0 where there is one only */
	bool	 longer;		 /* the label is longer than a NetBIOS name */
};

/* false: no name of a computer (empty, digits only, longer than 255). */
bool hostname_read(struct bytes text, struct hostname *);

#endif
