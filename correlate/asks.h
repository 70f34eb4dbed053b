/* Whose flows a second opinion is asked about: the MACs and addresses of open hypotheses' actors, found by hash.  While
 * nothing is open the question costs one load (engine_asks()). */
#ifndef CROSSTAP_ASKS_H
#define CROSSTAP_ASKS_H

#include "hypothesis.h"

size_t asks_bytes(void);
void   asks_open(struct engine *, void *mem);
/* A revision was told: its actor is asked about from now on, or no more. */
void   asks_told(struct engine *, struct hyp *, bool open);
/* Each second: addresses that actors have come to use. */
void   asks_tick(struct engine *);
/* Notes what was said of a flow with every hypothesis whose actor is in it. */
void   asks_answer(struct engine *, const struct obs *);

#endif
