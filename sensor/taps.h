/* All interfaces of a live sensor: opened and read together, and what could not be seen through them. */
#ifndef CROSSTAP_TAPS_H
#define CROSSTAP_TAPS_H

#include "nic.h"
#include "opts.h"
#include "tap.h"

struct pollfd;
struct taps {
	struct tap tap[OPTS_READ_MAX];		/* one that went away is not open */
	struct tap_counts told[OPTS_READ_MAX]; /* what was handed on of its losses */
	struct nic nic[OPTS_READ_MAX];		/* at the last look */
	bool blind[OPTS_READ_MAX];		/* at the last look nothing could be seen */
	bool saw[OPTS_READ_MAX];		/* it had a carrier once: before, nobody counts on it */
	ts_t looked;
	size_t n;
	uint64_t lost; /* frames, of all */
};
typedef void taps_loss(void *arg, const struct obs *);

/* False (told): one cannot be opened; with `some`: none can. */
bool taps_open(struct taps *, const struct opts *, const struct conf *, bool some);
/* Fills one entry an interface; those that are not open wait for nothing. */
size_t taps_poll(const struct taps *, struct pollfd *);
/* Hands over at most `max` frames of each.  False: the last one went away.  Each is told. */
bool taps_read(struct taps *, int max, tap_frame *, void *arg);
/* Once a second, and at the end: what was lost since (OBS_LOSS), frames, or the sight of an interface that is down, without
 * carrier or gone.  True (told): one can be opened again, which a process without privileges cannot do. */
bool taps_look(struct taps *, ts_t now, taps_loss *, void *arg);
uint64_t taps_frames(const struct taps *);
void taps_tell(const struct taps *);
void taps_close(struct taps *);

#endif
