/* HUP: the configuration that the command line names is read again.  Nothing changes before all of it is good. */
#ifndef CROSSTAP_RELOAD_H
#define CROSSTAP_RELOAD_H

#include "conf.h"
#include "engine.h"
#include "opts.h"

/* Everything that was given, in its order; the number of problems. */
size_t conf_given(struct conf *, const struct opts *, conf_say *, void *arg);
/* A configuration of its own, freed by reload_free(); NULL: it is bad, and all problems were told. */
struct conf *reload_read(const struct opts *);
void reload_free(struct conf *);
/* Is it good?  False: `first` holds the first problem. */
bool reload_check(const struct opts *, char *first, size_t cap);

/* What differs between what runs and what shall, each option told by its name. */
struct reload_change {
	bool any, edge;
};
struct reload_change reload_compare(const struct conf *now, const struct conf *next);
/* An engine with another configuration that knows what `now` knows; `*mem` is its memory, freed by free().  NULL (told), and
 * `now` goes on. */
struct engine *reload_engine(struct engine *now, const struct engine_conf *, void **mem, engine_emit *, void *arg);

#endif
