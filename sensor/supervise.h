/* The first process of a live sensor: it starts the engine (run.h: run_live), and again when that ends by itself: the state
 * comes from the snapshot.  It starts the edge (edge.h) whenever the engine asks for one, so that who reads packets starts
 * nothing.  It reads no packet and no event. */
#ifndef CROSSTAP_SUPERVISE_H
#define CROSSTAP_SUPERVISE_H

#include "opts.h"

/* Runs the command line as an engine until TERM or INT; HUP and USR1 are passed on.  An exit status of opts.h: the engine's,
 * where it never got ready or ended after TERM. */
int supervise(const struct opts *, int argc, char **argv);

#endif
