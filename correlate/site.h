/* The site rules of the configuration, by the kind of message that they are about; see where.h. */
#ifndef CROSSTAP_SITE_H
#define CROSSTAP_SITE_H

#include "state.h"

size_t site_bytes(const struct engine_conf *);
void   site_open(struct engine *, void *mem);
/* The rule of an actor's hypothesis; NULL where it is none of FAM_SITE. */
const struct site_rule *site_rule_of(const struct engine *, const struct actor *);

#endif
