/* --setup -i: libpcap for a while, with the same filter as the live sensor. */
#include "setup.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>

#include "clock.h"
#include "log.h"
#include "tap.h"

enum { TIMEOUT_MS = 100, BATCH = 512, TICK_MS = 1000 };

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void
on_frame(void *arg, const struct frame *f)
{
	setup_frame(arg, f, NULL);
}

/* False where an interface failed; what was seen until then is printed all the same. */
static bool
listen_for(struct setup *s, struct tap *tap, size_t n)
{
	int64_t end = clock_ms() + s->o->listen_for / TS_MS;
	bool ok = true;
	for (int64_t next = 0; ok && !stop && clock_ms() < end;) {
		struct pollfd p[OPTS_READ_MAX];
		for (size_t i = 0; i < n; i++)
			p[i] = (struct pollfd){ .fd = tap[i].fd, .events = POLLIN };
		if (poll(p, n, TIMEOUT_MS) < 0 && errno != EINTR)
			return false;
		for (size_t i = 0; ok && i < n; i++)
			ok = tap_read(&tap[i], BATCH, on_frame, s);
		if (clock_ms() < next)
			continue;
		next = clock_ms() + TICK_MS;
		engine_tick(s->engine, clock_wall());
	}
	for (size_t i = 0; i < n; i++) {
		struct tap_counts count = tap_counts(&tap[i]);
		s->lost += count.dropped + count.missed;
	}
	return ok;
}

struct setup *
setup_listen(const struct opts *o, const struct conf *c, int *status)
{
	struct tap tap[OPTS_READ_MAX];
	struct setup *s = setup_open(o, c, o->iface, o->niface, status);
	struct sigaction act = { .sa_handler = on_signal };
	size_t n = 0;
	while (s && n < o->niface && tap_open(&tap[n], o->iface[n], (uint16_t)n, c, o->filter))
		n++;
	if (s && n == o->niface) {
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		log_say("--setup: listening for %" PRId64 " s on %zu interface%s; INT ends it",
			o->listen_for / TS_SEC, n, n == 1 ? "" : "s");
		*status = listen_for(s, tap, n) ? EXIT_OK : EXIT_INTERNAL;
	} else if (s) {
		*status = EXIT_USAGE;
		setup_close(s);
		s = NULL;
	}
	for (size_t i = 0; i < n; i++)
		tap_close(&tap[i]);
	return s;
}
