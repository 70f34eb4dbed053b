/* The modes of the program; each gives an exit status (opts.h). */
#ifndef CROSSTAP_RUN_H
#define CROSSTAP_RUN_H

#include "conf.h"
#include "engine.h"
#include "input.h"
#include "opts.h"
#include "walk.h"

int run_dissect(const struct opts *, const struct conf *);
int run_host_events(const struct opts *, const struct conf *);
int run_replay(const struct opts *, const struct conf *);
int run_live(const struct opts *, const struct conf *);
int run_edge(const struct opts *, const struct conf *);
/* "address", "text", ...: what a field holds. */
const char *lists_type_name(const struct field *);
int run_list(const struct opts *, const struct conf *);

/* Opens all -r; NULL after telling. */
struct inputs *run_open_inputs(const struct opts *);
/* Does a site rule ask for a fingerprint of TLS hellos? */
bool run_asks_for_ja(const struct conf *);
/* The walk with memory of its own, freed by free(); NULL without memory.  `printed`: every field of what it reads is. */
struct walk *run_open_walk(const struct conf *, bool printed, void **mem);
/* The hash key: fixed in a replay, which must give the same bytes again; random live. */
struct sipkey run_key(void);
struct sipkey run_random_key(void);
/* Memory for state, zeroed, aligned for 16; told and NULL where there is none.  Freed by free(). */
void *run_alloc(size_t n);
/* Gives the configured mutes to the engine and tells each: nothing is muted unsaid. */
void run_mutes(struct engine *, const struct conf *);
/* Flushes standard output; false (told) when something was lost. */
bool run_flush(void);

#endif
