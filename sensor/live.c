/* Live capture: the engine of a live sensor, libpcap, until TERM or INT. */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "emit.h"
#include "engine.h"
#include "eventsrc.h"
#include "feedsrc.h"
#include "ipc.h"
#include "log.h"
#include "opinion.h"
#include "reload.h"
#include "sandbox.h"
#include "statefile.h"
#include "taps.h"

enum { BATCH = 512, TICK_MS = 1000, HOST_MAX = 256, POLL_MAX = 33 + EVENTS_SOURCES_MAX };

#define CLOCK_STEP (2 * TS_SEC) /* NTP slews below half a second */

struct live {
	const struct opts *o;
	const struct conf *c;
	struct taps taps;
	uint64_t unread[OPTS_READ_MAX];
	struct eventsrc *events;
	struct feedsrc *feed;
	struct control control;
	char *answer; /* CONTROL_ANSWER_MAX bytes */
	struct emit emit;
	struct engine_conf ec[2]; /* of the engine, and of the next one while both are there */
	size_t now;		  /* which is the engine's */
	struct conf *own;	  /* what c is since a reload; NULL: that of the start */
	struct engine *engine;
	struct asking asking;
	struct walk *walk;
	void *engine_mem, *walk_mem;
	char host[HOST_MAX];
	struct statefile state;
	int64_t save_at;    /* clock_ms() */
	ts_t ahead;	    /* of the clock before clock_ms(), a second ago */
	bool failed, renew; /* renew: a new engine is to open what is back */
};

static volatile sig_atomic_t stop, reopen, tell;

static void
on_signal(int sig)
{
	if (sig == SIGHUP)
		reopen = 1;
	else if (sig == SIGUSR1)
		tell = 1;
	else
		stop = 1;
}

static void
on_host(void *arg, const struct hostev *e)
{
	engine_host(((struct live *)arg)->engine, e);
}

static bool
on_good(void *arg, char *first, size_t cap)
{
	return reload_check(((const struct live *)arg)->o, first, cap);
}

/* Counters of a capture that was opened again begin anew. */
static size_t
taps_told(const struct live *l, struct control_tap *to)
{
	for (size_t i = 0; i < l->taps.n; i++) {
		struct tap_counts n = tap_counts(&l->taps.tap[i]);
		to[i] = (struct control_tap){ .name = l->o->iface[i],
					      .frames = l->taps.tap[i].frames,
					      .dropped = n.dropped,
					      .iface_dropped = n.missed };
	}
	return l->taps.n;
}

static void
on_ask(void *arg, uint32_t number, struct bytes request)
{
	struct live *l = arg;
	struct control *c = &l->control;
	struct control_tap taps[OPTS_READ_MAX];
	struct out o = out_init(l->answer, CONTROL_ANSWER_MAX);
	c->engine = l->engine;
	c->feed = l->feed;
	c->sinks = l->emit.sinks;
	c->evidence = l->emit.evidence;
	c->now = clock_wall();
	c->now_ms = clock_ms();
	c->tap = taps;
	c->ntap = taps_told(l, taps);
	c->records = l->emit.records;
	control_answer(c, request, &o);
	if (c->said[0])
		log_say("control: %s", c->said);
	reopen |= c->reload;
	c->reload = false;
	feedsrc_answer(l->feed, number, out_bytes(&o));
}

static void
on_frame(void *arg, const struct frame *f)
{
	struct live *l = arg;
	evidence_frame(l->emit.evidence, f);
	if (walk_frame(l->walk, f, asking_obs, &l->asking) != SAID_NO)
		return;
	if (l->unread[f->iface]++ == 0)
		log_say("%s: link type %u is not read, its frames are only counted", l->o->iface[f->iface],
			f->linktype);
}

static void
on_loss(void *arg, const struct obs *o)
{
	engine_obs(((struct live *)arg)->engine, o);
}

/* Where there is no room the next one tells. */
static void
progress(const char *text)
{
	ipc_send(ROLE_FD, IPC_PROGRESS, 0, bytes_str(text));
}

/* The watchdog is fed from here and nowhere else: packets were taken and a tick has passed through the engine. */
static void
tell_progress(const struct live *l)
{
	char text[160];
	struct out o = out_init(text, sizeof(text) - 1);
	out_str(&o, "WATCHDOG=1\nSTATUS=");
	out_u64(&o, taps_frames(&l->taps));
	out_str(&o, " frames, ");
	out_u64(&o, l->taps.lost);
	out_str(&o, " lost, ");
	out_u64(&o, l->emit.records);
	out_str(&o, " incident records");
	text[o.n] = 0;
	progress(text);
}

static void
name_sensor(struct live *l)
{
	l->emit.env = (struct encode_env){
		.sensor = l->c->sensor.p ? (const char *)l->c->sensor.p : l->host,
		.sd_id = (const char *)l->c->sd_id.p,
		.iface = l->o->iface,
		.niface = l->o->niface,
		.procid = (uint32_t)getpid(),
	};
}

static struct engine_conf
engine_conf_of(const struct live *l, const struct conf *c)
{
	struct engine_conf ec = {
		.authority = c->authority.nsite ? &c->authority : NULL,
		.iface = l->o->iface,
		.niface = l->o->niface,
		.rule = c->rule,
		.nrule = c->nrule,
		.feed_synced = c->feed_synced,
		.hosts = c->hosts,
		.leases = c->leases,
		.events = c->events,
		.event_window = c->event_window,
	};
	evidence_conf(l->emit.evidence, &ec);
	return ec;
}

/* The engine with the new configuration takes over what the one of before knows; frames wait in the ring meanwhile. */
static bool
change_engine(struct live *l, const struct conf *c)
{
	size_t next = 1 - l->now;
	void *mem;
	l->ec[next] = engine_conf_of(l, c);
	struct engine *e = reload_engine(l->engine, &l->ec[next], &mem, emit_incident, &l->emit);
	if (e == NULL)
		return false;
	if (!sinks_change(l->emit.sinks, l->c, c)) {
		log_say("reload: an output cannot be opened (a folder that none had at the start wants a "
			"restart); "
			"the configuration of before stays");
		free(mem);
		return false;
	}
	free(l->engine_mem);
	l->engine_mem = mem;
	l->engine = l->asking.engine = e;
	evidence_engine(l->emit.evidence, e);
	l->now = next;
	return true;
}

static void
reload(struct live *l)
{
	int64_t began = clock_ms();
	struct conf *c = reload_read(l->o);
	struct reload_change change = { 0 };
	if (c)
		change = reload_compare(l->c, c);
	if (!change.any || !change_engine(l, c)) {
		reload_free(c);
		sinks_reopen(l->emit.sinks);
		feedsrc_reload(l->feed, l->c, false);
		return;
	}
	reload_free(l->own);
	l->c = l->control.conf = l->own = c;
	run_mutes(l->engine, c);
	name_sensor(l);
	walk_set_ja(l->walk, run_asks_for_ja(c));
	eventsrc_window(l->events, c->event_window);
	feedsrc_reload(l->feed, c, change.edge);
	log_say("reload: done in %" PRId64 " ms, nothing forgotten", clock_ms() - began);
}

/* Windows and offsets of hosts are in the time of the clock: who reads them must know that it jumped. */
static void
look_at_clock(struct live *l, ts_t now)
{
	ts_t ahead = ts_sub(now, (ts_t)clock_ms() * TS_MS), step = ts_sub(ahead, l->ahead);
	bool first = l->ahead == 0;
	l->ahead = ahead;
	if (first || (step < CLOCK_STEP && step > -CLOCK_STEP))
		return;
	log_say("the clock was set by %+" PRId64
		" s: packets and events around this time may not find each other",
		step / TS_SEC);
}

static void
each_second(struct live *l)
{
	ts_t now = clock_wall();
	look_at_clock(l, now);
	if (taps_look(&l->taps, now, on_loss, l))
		l->renew = true;
	engine_tick(l->engine, now);
	if (reopen) {
		reopen = 0;
		reload(l);
	}
	if (tell) {
		tell = 0;
		feedsrc_tell(l->feed);
	}
	feedsrc_second(l->feed);
	sinks_work(l->emit.sinks);
	evidence_work(l->emit.evidence);
	if (l->state.path && clock_ms() >= l->save_at) {
		statefile_begin(&l->state, l->engine);
		statefile_finish(&l->state, l->engine);
		l->save_at = clock_ms() + l->c->state_every / TS_MS;
	}
	log_settle();
	tell_progress(l);
}

static void
loop(struct live *l)
{
	int64_t next = clock_ms() + TICK_MS;
	while (!stop && !l->renew) {
		struct pollfd p[POLL_MAX];
		size_t n = taps_poll(&l->taps, p);
		n += eventsrc_poll(l->events, p + n, POLL_MAX - 1 - n);
		if (feedsrc_fd(l->feed) >= 0)
			p[n++] = (struct pollfd){ .fd = feedsrc_fd(l->feed), .events = POLLIN };
		int64_t wait = next - clock_ms();
		if (poll(p, n, wait > 0 ? (int)wait : 0) < 0 && errno != EINTR)
			break;
		if (!taps_read(&l->taps, BATCH, on_frame, l)) {
			l->failed = true;
			break;
		}
		eventsrc_given(l->events, on_host, l);
		feedsrc_take(l->feed);
		if (clock_ms() >= next) {
			next = clock_ms() + TICK_MS;
			each_second(l);
		}
	}
}

static int
open_all(struct live *l)
{
	l->events = eventsrc_new(false, l->c->event_window);
	if (l->events == NULL)
		return EXIT_INTERNAL;
	if (l->c->feed_zone.given)
		eventsrc_zone(l->events, l->c->feed_zone.seconds);
	for (size_t i = 0; i < l->o->nevents; i++)
		if (!eventsrc_add(l->events, l->o->events[i]))
			return EXIT_USAGE;
	if (!taps_open(&l->taps, l->o, l->c, l->o->again))
		return EXIT_USAGE;
	gethostname(l->host, sizeof(l->host) - 1);
	name_sensor(l);
	l->emit.flush = true;
	l->emit.sinks = sinks_open(l->c, l->o->log_dir, true);
	if (l->emit.sinks == NULL)
		return EXIT_USAGE;
	if (l->c->evidence_folder.n)
		l->emit.evidence = evidence_open(l->c, &l->emit.env);
	return l->emit.evidence || l->c->evidence_folder.n == 0 ? EXIT_OK : EXIT_USAGE;
}

static int
open_engine(struct live *l)
{
	l->ec[l->now] = engine_conf_of(l, l->c);
	size_t n = engine_bytes(&l->ec[l->now]);
	l->engine_mem = run_alloc(n);
	if (l->engine_mem == NULL)
		return EXIT_INTERNAL;
	l->state.path = l->o->state ? l->o->state : (const char *)l->c->state.p;
	l->save_at = clock_ms() + l->c->state_every / TS_MS;
	l->engine = statefile_open(&l->state, &l->ec[l->now], l->engine_mem, n, run_random_key(),
				   emit_incident, &l->emit);
	run_mutes(l->engine, l->c);
	asking_init(&l->asking, l->engine, l->o->off, l->o->noff);
	evidence_engine(l->emit.evidence, l->engine);
	l->asking.evidence = l->emit.evidence;
	asking_open(&l->asking);
	l->walk = run_open_walk(l->c, false, &l->walk_mem);
	log_say("watching %zu interface%s, state %zu MiB", l->taps.n, l->taps.n == 1 ? "" : "s", n >> 20);
	return l->engine && l->walk ? EXIT_OK : EXIT_INTERNAL;
}

/* What is written to after the start: files that HUP opens again, the state. */
static bool
close_doors(const struct live *l)
{
	struct sandbox s = { .read_anywhere = true };
	for (size_t i = 0; i < l->c->noutput; i++) {
		sandbox_beside(&s, l->c->output[i].path, true);
		sandbox_beside(&s, l->c->output[i].spool, true);
	}
	if (l->o->log_dir)
		sandbox_folder(&s, l->o->log_dir, true);
	if (l->c->evidence_folder.n)
		sandbox_folder(&s, (const char *)l->c->evidence_folder.p, true);
	sandbox_beside(&s, bytes_str(l->state.path), true);
	return sandbox_enter(&s, "engine") && sandbox_calls(SANDBOX_ENGINE);
}

static void
goodbye(struct live *l)
{
	taps_tell(&l->taps);
	struct eventsrc_counts n = eventsrc_counts(l->events);
	log_say("%" PRIu64 " host events, %" PRIu64 " documents refused, %" PRIu64 " incident records",
		n.events, n.refused, l->emit.records);
	feedsrc_tell(l->feed);
	asking_tell(&l->asking);
	evidence_tell(l->emit.evidence);
}

int
run_live(const struct opts *o, const struct conf *c)
{
	struct live l = { .o = o, .c = c };
	struct sigaction act = { .sa_handler = on_signal };
	int status = open_all(&l);
	if (status == EXIT_OK)
		status = open_engine(&l);
	if (status == EXIT_OK) {
		l.feed = feedsrc_open(c, run_random_key(), on_host, &l);
		status = l.feed ? EXIT_OK : EXIT_USAGE;
	}
	if (status == EXIT_OK && !close_doors(&l))
		status = EXIT_INTERNAL;
	if (status == EXIT_OK) {
		l.answer = run_alloc(CONTROL_ANSWER_MAX);
		l.control = (struct control){ .conf = c,
					      .env = &l.emit.env,
					      .started = clock_wall(),
					      .good = on_good,
					      .good_arg = &l };
		status = l.answer ? EXIT_OK : EXIT_INTERNAL;
		feedsrc_asked(l.feed, on_ask, &l);
	}
	if (status == EXIT_OK) {
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		sigaction(SIGHUP, &act, NULL);
		sigaction(SIGUSR1, &act, NULL);
		signal(SIGPIPE, SIG_IGN);
		log_limit(LOG_MOST, LOG_WINDOW_MS);
		progress("READY=1");
		loop(&l);
		progress("STOPPING=1");
		taps_look(&l.taps, clock_wall(), on_loss, &l);
		feedsrc_stop(l.feed);
		statefile_begin(&l.state, l.engine);
		/* with its state the next engine goes on in a second: nothing ends */
		if (!l.renew || l.state.path == NULL)
			engine_end(l.engine);
		l.failed |= !statefile_finish(&l.state, l.engine);
		eventsrc_close(l.events);
		goodbye(&l);
		status = l.failed || (l.renew && !stop) ? EXIT_INTERNAL : EXIT_OK;
	}
	if (l.emit.sinks && !sinks_close(l.emit.sinks))
		status = EXIT_INTERNAL;
	taps_close(&l.taps);
	asking_close(&l.asking);
	evidence_free(l.emit.evidence);
	free(l.answer);
	free(l.engine_mem);
	free(l.walk_mem);
	eventsrc_free(l.events);
	feedsrc_free(l.feed);
	reload_free(l.own);
	return status;
}
