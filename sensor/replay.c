/* A replay: packets of all inputs in time order, host events between them, incidents out.  A pure function of its
 * inputs: nothing here reads a clock but the progress display. */
#include "run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "emit.h"
#include "engine.h"
#include "eventsrc.h"
#include "learned_yaml.h"
#include "log.h"
#include "opinion.h"
#include "progress.h"
#include "statefile.h"
#include "summary.h"

enum { WAIT_MS = 100 };
static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

struct replay {
	const struct opts *o;
	const struct conf *c;
	struct inputs *in;
	struct eventsrc *events;
	struct emit emit;
	struct engine_conf ec;
	struct engine *engine;
	struct asking asking;
	struct walk *walk;
	void *engine_mem, *walk_mem;
	struct summary sum;
	struct statefile state;
};

static void
on_host(void *arg, const struct hostev *e)
{
	struct replay *r = arg;
	ts_t ts = e->ts != TS_NONE ? e->ts : e->seen;
	if (r->o->nread == 0 && ts != TS_NONE) {
		if (r->sum.first == TS_NONE || ts < r->sum.first)
			r->sum.first = ts;
		if (r->sum.last == TS_NONE || ts > r->sum.last)
			r->sum.last = ts;
		engine_tick(r->engine, ts); /* events alone are the clock */
	}
	engine_host(r->engine, e);
}

static const char *
file_name(void *arg, uint32_t ix)
{
	return inputs_file(arg, ix);
}

/* Everything is opened before anything is read: what cannot be opened ends the run with nothing processed. */
static int
open_inputs(struct replay *r)
{
	r->in = run_open_inputs(r->o);
	if (r->in == NULL)
		return EXIT_USAGE;
	r->events = eventsrc_new(inputs_patient(r->in), r->c->event_window);
	if (r->events == NULL)
		return EXIT_INTERNAL;
	if (r->c->feed_zone.given)
		eventsrc_zone(r->events, r->c->feed_zone.seconds);
	for (size_t i = 0; i < r->o->nevents; i++)
		if (!eventsrc_add(r->events, r->o->events[i]))
			return EXIT_USAGE;
	return EXIT_OK;
}

static int
open_outputs(struct replay *r)
{
	r->emit.env = (struct encode_env){
		.sensor = r->c->sensor.p ? (const char *)r->c->sensor.p : "replay",
		.sd_id = (const char *)r->c->sd_id.p,
		.file = file_name,
		.file_arg = r->in,
	};
	r->emit.env.iface = inputs_ifaces(r->in, &r->emit.env.niface);
	r->emit.flush = !inputs_patient(r->in);
	r->emit.findings = findings_new();
	if (r->emit.findings == NULL)
		return EXIT_INTERNAL;
	if (r->o->learned)
		return EXIT_OK; /* standard output is for that */
	r->emit.sinks = sinks_open(r->c, r->o->log_dir, r->o->continuous);
	if (r->emit.sinks == NULL)
		return EXIT_USAGE;
	if (r->c->evidence_folder.n)
		r->emit.evidence = evidence_open(r->c, &r->emit.env);
	return r->emit.evidence || r->c->evidence_folder.n == 0 ? EXIT_OK : EXIT_USAGE;
}

static int
open_engine(struct replay *r)
{
	r->ec = (struct engine_conf){
		.authority = r->c->authority.nsite ? &r->c->authority : NULL,
		.rule = r->c->rule,
		.nrule = r->c->nrule,
		.feed_synced = r->c->feed_synced,
		.hosts = r->c->hosts,
		.leases = r->c->leases,
		.events = r->c->events,
		.event_window = r->c->event_window,
	};
	r->ec.iface = inputs_ifaces(r->in, &r->ec.niface);
	for (; r->ec.noff < r->o->noff && r->ec.noff < ENGINE_OFF_MAX; r->ec.noff++)
		r->ec.off[r->ec.noff] = r->o->off[r->ec.noff];
	evidence_conf(r->emit.evidence, &r->ec);
	size_t n = engine_bytes(&r->ec);
	log_detail("state: %zu MiB", n >> 20);
	r->engine_mem = run_alloc(n);
	if (r->engine_mem == NULL)
		return EXIT_INTERNAL;
	/* files that follow each other have pauses between packets as any other place */
	r->state = (struct statefile){ .path = r->o->state, .gap = TS_MIN };
	r->engine = statefile_open(&r->state, &r->ec, r->engine_mem, n, run_key(), emit_incident, &r->emit);
	run_mutes(r->engine, r->c);
	asking_init(&r->asking, r->engine, r->o->off, r->o->noff);
	evidence_engine(r->emit.evidence, r->engine);
	r->asking.evidence = r->emit.evidence;
	r->walk = run_open_walk(r->c, false, &r->walk_mem);
	return r->engine && r->walk ? EXIT_OK : EXIT_INTERNAL;
}

static void
one_item(struct replay *r, enum input_said said, const struct input_item *item)
{
	if (said == INPUT_LOSS) {
		struct obs o = {
			.ts = item->f.ts, .kind = OBS_LOSS, .iface = item->f.iface, .file = item->f.file
		};
		o.u.loss = item->loss;
		engine_obs(r->engine, &o);
		return;
	}
	evidence_frame(r->emit.evidence, &item->f);
	if (walk_frame(r->walk, &item->f, asking_obs, &r->asking) == SAID_NO)
		inputs_unknown_link(r->in, &item->f);
	r->sum.frames++;
	if (progress_due())
		progress_show(inputs_read(r->in), r->sum.frames);
}

static void
on_learned(void *arg, struct bytes line)
{
	(void)arg;
	fwrite(line.p, 1, line.n, stdout);
	putchar('\n');
}

static void
loop(struct replay *r)
{
	const struct input_item *item;
	bool paced = r->o->pacing == PACE_CLOCK && r->o->nevents > 0;
	if (r->o->pacing == PACE_FIRST)
		eventsrc_given(r->events, on_host, r);
	for (enum input_said said; !stop && (said = inputs_next(r->in, &item)) != INPUT_END;) {
		if (said == INPUT_WAIT) { /* the clock stands still as well: it is the packets' */
			inputs_wait(r->in, WAIT_MS);
			continue;
		}
		if (r->sum.first == TS_NONE)
			r->sum.first = r->sum.last = item->f.ts;
		if (item->f.ts > r->sum.last)
			r->sum.last = item->f.ts;
		if (paced)
			eventsrc_due(r->events, r->sum.last, on_host, r);
		one_item(r, said, item);
	}
	if (r->o->pacing == PACE_LAST)
		eventsrc_given(r->events, on_host, r);
	else if (r->o->pacing == PACE_CLOCK)
		eventsrc_rest(r->events, on_host, r);
	statefile_begin(&r->state, r->engine);
	engine_end(r->engine);
	progress_clear();
	if (r->o->learned && !learned_yaml(r->engine, on_learned, NULL))
		log_say("out of memory for what was learned");
}

/* What the engine counted, for whoever asked for more messages. */
static void
tell_counters(const struct engine *e)
{
	struct engine_counter c[32];
	size_t n = engine_counters(e, c, sizeof(c) / sizeof(c[0]));

	for (size_t i = 0; i < n; i++)
		if (c[i].value)
			log_detail("%s %" PRIu64 ": %s", c[i].name, c[i].value, c[i].help);

	struct engine_clock k;
	for (const void *at = NULL; engine_clock(e, &at, &k);) {
		char clock[64] = "unknown";
		if (k.known)
			snprintf(clock, sizeof(clock), "%+.3f s", (double)k.offset / 1e9);
		log_detail("host events of %s: %" PRIu64 ", twice %" PRIu64 ", late %" PRIu64
			   " (by up to %" PRId64 " s), missing %" PRIu64 "; clock %s (%" PRIu32 " pairs)",
			   k.computer, k.events, k.duplicates, k.late, (int64_t)(k.late_max / TS_SEC),
			   k.missing, clock, k.pairs);
	}
}

static int
finish(struct replay *r)
{
	tell_counters(r->engine);
	asking_tell(&r->asking);
	evidence_tell(r->emit.evidence);
	bool damaged = inputs_damaged(r->in) || eventsrc_damaged(r->events);
	eventsrc_close(r->events);
	bool written = sinks_close(r->emit.sinks);
	struct eventsrc_counts n = eventsrc_counts(r->events);
	r->emit.sinks = NULL;
	r->sum.unread = inputs_unread(r->in);
	r->sum.events = n.events;
	r->sum.refused = n.refused;
	r->sum.damaged = damaged;
	if (!r->o->quiet)
		summary_print(&r->sum, r->emit.findings);
	if (!statefile_finish(&r->state, r->engine) || !written)
		return EXIT_INTERNAL;
	if (r->o->fail && findings_stand(r->emit.findings, r->o->fail_on))
		return EXIT_FOUND;
	return damaged ? EXIT_DAMAGED : EXIT_OK;
}

int
run_replay(const struct opts *o, const struct conf *c)
{
	struct replay r = { .o = o, .c = c, .sum = { .first = TS_NONE, .last = TS_NONE } };
	int status = open_inputs(&r);
	if (status == EXIT_OK)
		status = open_outputs(&r);
	if (status == EXIT_OK)
		status = open_engine(&r);
	if (status == EXIT_OK) {
		if (o->continuous) {
			struct sigaction act = { .sa_handler = on_signal };
			sigaction(SIGTERM, &act, NULL);
			sigaction(SIGINT, &act, NULL);
		}
		progress_start(!o->quiet, inputs_size(r.in));
		loop(&r);
		status = finish(&r);
	}
	if (r.emit.sinks)
		sinks_close(r.emit.sinks);
	findings_free(r.emit.findings);
	asking_close(&r.asking);
	evidence_free(r.emit.evidence);
	free(r.engine_mem);
	free(r.walk_mem);
	eventsrc_free(r.events);
	inputs_free(r.in);
	return status;
}
