/* Host events of a run: files, pipes, standard input, in the order of arrival.  An event enters when the packet clock
 * has passed the latest event time read so far from its file, so a shuffled file is a late feed and nothing is sorted.
 * An event further ahead of the clock than the join window is set aside and holds nobody up; when there is no room for
 * that, it enters at once.  A document at a time is in memory. */
#ifndef CROSSTAP_EVENTSRC_H
#define CROSSTAP_EVENTSRC_H

#include "hostev.h"

enum { EVENTS_SOURCES_MAX = 64 };

struct pollfd;
struct eventsrc;
/* `patient`: wait for pipes; else take what is there.  NULL (told) without memory. */
struct eventsrc *eventsrc_new(bool patient, ts_t window);
/* Another window, from now on. */
void eventsrc_window(struct eventsrc *, ts_t);
/* The zone of times that say none; else UTC. */
void eventsrc_zone(struct eventsrc *, int32_t seconds_east);
void eventsrc_free(struct eventsrc *);
/* Opens; false (told) where it cannot be. */
bool eventsrc_add(struct eventsrc *, const char *path);
/* Hands over what is due before a packet of time `clock`. */
void eventsrc_due(struct eventsrc *, ts_t clock, hostev_fn *, void *arg);
/* Hands over everything that is left, in the order of event times between the files. */
void eventsrc_rest(struct eventsrc *, hostev_fn *, void *arg);
/* Hands over everything as it stands, file after file. */
void eventsrc_given(struct eventsrc *, hostev_fn *, void *arg);
/* Documents that could not be read, told on standard error as they came (the first few of each file). */
bool eventsrc_damaged(const struct eventsrc *);
/* Tells how many more there were than were told.  Once, at the end. */
void eventsrc_close(struct eventsrc *);
struct eventsrc_counts {
	uint64_t events, documents, refused, ignored, set_aside;
};
struct eventsrc_counts eventsrc_counts(const struct eventsrc *);
/* Descriptors to wait for, live; the number. */
size_t eventsrc_poll(const struct eventsrc *, struct pollfd *, size_t max);

#endif
