/* --host-events: what the hosts said, normalised, file after file. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

#include "encode.h"
#include "eventsrc.h"
#include "log.h"

static void
print(void *arg, const struct hostev *ev)
{
	struct out o = out_init(arg, OBS_LINE_MAX);
	encode_hostev(&o, ev);
	out_chr(&o, '\n');
	if (out_ok(&o))
		fwrite(o.p, 1, o.n, stdout);
}

int
run_host_events(const struct opts *o, const struct conf *c)
{
	struct eventsrc *e = eventsrc_new(true, 0);
	if (e && c->feed_zone.given)
		eventsrc_zone(e, c->feed_zone.seconds);
	char *line = malloc(OBS_LINE_MAX);
	int status = e && line ? EXIT_OK : EXIT_INTERNAL;
	for (size_t i = 0; status == EXIT_OK && i < o->nevents; i++)
		if (!eventsrc_add(e, o->events[i]))
			status = EXIT_USAGE;
	if (status == EXIT_OK) {
		eventsrc_given(e, print, line);
		eventsrc_close(e);
		struct eventsrc_counts n = eventsrc_counts(e);
		log_detail("%llu documents, %llu events, %llu of no interest, %llu refused",
			   (unsigned long long)n.documents, (unsigned long long)n.events,
			   (unsigned long long)n.ignored, (unsigned long long)n.refused);
		status = !run_flush() ? EXIT_INTERNAL : eventsrc_damaged(e) ? EXIT_DAMAGED : EXIT_OK;
	}
	free(line);
	eventsrc_free(e);
	return status;
}
