/* Host events from the edge: starts it, decodes what it hands on, lets every sender speak for its own hosts only, counts,
 * and confirms.  What is confirmed was given to the engine. */
#ifndef CROSSTAP_FEEDSRC_H
#define CROSSTAP_FEEDSRC_H

#include "conf.h"
#include "hostev.h"
#include "ipc.h"
#include "siphash.h"

struct feedsrc;
/* Has the first process (supervise.h) start the edge where feed.listen, feed.follow, control.socket or metrics.listen are
 * configured, and waits until it listens.  NULL (told) on failure.  `fn` gets every event that is accepted. */
struct feedsrc *feedsrc_open(const struct conf *, struct sipkey, hostev_fn *, void *arg);
/* What to poll for reading, -1: nothing. */
int feedsrc_fd(const struct feedsrc *);
/* Takes some of what waits; never waits itself. */
void feedsrc_take(struct feedsrc *);
/* Once a second: the edge is started again, silence is told. */
void feedsrc_second(struct feedsrc *);
/* Another configuration, which must outlive the feed or the next call.  The edge loads its certificates again; with `again` it
 * ends when all it has is taken, and one that reads the configuration anew is started. */
void feedsrc_reload(struct feedsrc *, const struct conf *, bool again);
/* No more from outside: what was taken from senders that will not send it again is taken over, at most some seconds. */
void feedsrc_stop(struct feedsrc *);
/* The counters of every sender on standard error. */
void feedsrc_tell(const struct feedsrc *);
void feedsrc_free(struct feedsrc *);

/* Requests of the control socket and of the metrics endpoint; each wants one feedsrc_answer() with its number. */
typedef void feedsrc_ask(void *arg, uint32_t number, struct bytes request);
void feedsrc_asked(struct feedsrc *, feedsrc_ask *, void *arg);
void feedsrc_answer(struct feedsrc *, uint32_t number, struct bytes answer);

struct feedsrc_sender {
	const char *name;
	struct ipc_counts counts;
	bool silent;
	int64_t heard; /* clock_ms of the last document, 0: never */
};
/* The process in front: whether it shall run, listens now, how often it was started again; documents taken, not confirmed. */
struct feedsrc_edge { bool wanted, listens; uint64_t restarts, owed; };
struct feedsrc_edge feedsrc_edge(const struct feedsrc *);
/* The i-th of feed.listen as the edge counted last, since that was started; false past the end. */
struct feedsrc_listener { const char *address; struct ipc_listener counts; };
bool feedsrc_listener_at(const struct feedsrc *, size_t i, struct feedsrc_listener *);
/* The i-th sender; false past the end. */
bool feedsrc_at(const struct feedsrc *, size_t i, struct feedsrc_sender *);

#endif
