/* What was learned, as `authority:` of a configuration: each line with its evidence as a comment.  For --learned now, and for
 * whoever answers a request of the control socket. */
#ifndef CROSSTAP_LEARNED_YAML_H
#define CROSSTAP_LEARNED_YAML_H

#include "engine.h"

/* Called for each line, without its end; false when there was no memory (nothing was written then). */
typedef void learned_line(void *arg, struct bytes line);
bool learned_yaml(struct engine *, learned_line *, void *arg);

#endif
