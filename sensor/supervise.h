/* The first process of a live sensor: it starts the engine (run.h: run_live), which starts the edge, and starts it again when
 * it ends by itself: the state comes from the snapshot.  It reads no packet and no event. */
#ifndef CROSSTAP_SUPERVISE_H
#define CROSSTAP_SUPERVISE_H

/* Runs the command line as an engine until TERM or INT; HUP and USR1 are passed on.  An exit status of opts.h: the engine's,
 * where it never got ready or ended after TERM. */
int supervise(int argc, char **argv);

#endif
