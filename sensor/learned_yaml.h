/* What was learned, as `authority:` of a configuration: each line with its evidence as a comment.  For --learned now, and for
 * whoever answers a request of the control socket. */
#ifndef CROSSTAP_LEARNED_YAML_H
#define CROSSTAP_LEARNED_YAML_H

#include "learned.h"
#include "out.h"

/* Called for each line, without its end; false when there was no memory (nothing was written then). */
typedef void learned_line(void *arg, struct bytes line);
bool learned_yaml(struct engine *, learned_line *, void *arg);
/* The parts of a line, for --setup: the key of `authority:`, the item of its list, and the words of the comment. */
const char *learned_role_key(enum learned_role);
void learned_item(struct out *, const struct learned *);
void learned_evidence(struct out *, const struct learned *);

#endif
