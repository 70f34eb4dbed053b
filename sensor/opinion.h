/* The walk's observations to the engine, and its questions to the second reader (nDPI), which is opened when the first
 * comes. */
#ifndef CROSSTAP_OPINION_H
#define CROSSTAP_OPINION_H

#include "engine.h"
#include "evidence.h"
#include "second.h"

struct asking {
	struct engine *engine;
	struct opinion *reader;
	struct evidence_files *evidence; /* keeps what is observed; NULL: none */
	bool tried; /* opened, or cannot or shall not be */
};

/* `off`: for tests, as --test-off=ndpi: the engine's questions are not put to anybody. */
void asking_init(struct asking *, struct engine *, const char *const *off, size_t noff);
/* As `walk_obs`, with a struct asking. */
void asking_obs(void *arg, const struct obs *);
/* Before the first packet, where opening it must not hold up a capture later. */
void asking_open(struct asking *);
/* What it did, for whoever asked for more messages. */
void asking_tell(const struct asking *);
/* After engine_end(): the engine keeps texts of the reader. */
void asking_close(struct asking *);

#endif
