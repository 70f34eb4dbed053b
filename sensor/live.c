/* Live capture: the engine of a live sensor, libpcap, until TERM or INT. */
#include "live.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "edge.h"
#include "emit.h"
#include "engine.h"
#include "eventsrc.h"
#include "feedsrc.h"
#include "ipc.h"
#include "log.h"
#include "opinion.h"
#include "run.h"
#include "sandbox.h"
#include "statefile.h"

enum { TIMEOUT_MS = 100, BATCH = 512, TICK_MS = 1000, HOST_MAX = 256, POLL_MAX = 33 + EVENTS_SOURCES_MAX };

/* Offsets in the IPv4 header: flags and fragment offset; in the IPv6 header: next header.  RFC 8200 4: hop-by-hop 0,
 * routing 43, fragment 44, destination options 60; authentication 51, mobility 135. */
static const char evasions[] =
	"(ip[6:2] & 0x3fff != 0) or (ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or "
	"ip6[6] = 51 or ip6[6] = 60 or ip6[6] = 135))";

static void
plain_form(struct out *o)
{
	out_str(o, evasions);
	for (size_t i = 0; dissectors[i]; i++) {
		if (dissectors[i]->bpf == NULL)
			continue;
		out_str(o, " or (");
		out_str(o, dissectors[i]->bpf);
		out_chr(o, ')');
	}
}

void
live_filter(struct out *o)
{
	/* `vlan` moves the offsets of everything behind it, hence the nesting. */
	plain_form(o);
	out_str(o, " or (vlan and (");
	plain_form(o);
	out_str(o, " or (vlan and (");
	plain_form(o);
	out_str(o, "))))");
}

struct tap {
	pcap_t *pcap;
	int fd;
	uint16_t linktype;
	uint64_t frames, unread, lost;
	struct pcap_stat told;
};

struct live {
	const struct opts *o;
	const struct conf *c;
	struct tap tap[OPTS_READ_MAX];
	size_t n;
	struct eventsrc *events;
	struct feedsrc *feed;
	struct control control;
	char *answer; /* CONTROL_ANSWER_MAX bytes */
	struct emit emit;
	struct engine_conf ec;
	struct engine *engine;
	struct asking asking;
	struct walk *walk;
	void *engine_mem, *walk_mem;
	char host[HOST_MAX];
	struct statefile state;
	int64_t save_at; /* clock_ms() */
	bool failed;
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
	engine_host(arg, e);
}

/* Counters of a capture that was opened again begin anew. */
static size_t
taps_told(const struct live *l, struct control_tap *to)
{
	for (size_t i = 0; i < l->n; i++) {
		struct pcap_stat s = { 0 };
		pcap_stats(l->tap[i].pcap, &s);
		to[i] = (struct control_tap){ .name = l->o->iface[i],
					      .frames = l->tap[i].frames,
					      .dropped = s.ps_drop,
					      .iface_dropped = s.ps_ifdrop };
	}
	return l->n;
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

static bool
tap_wrong(const char *iface, const char *what, const char *why)
{
	log_say("%s: %s%s%s", iface, what, why && *why ? ": " : "", why ? why : "");
	return false;
}

static bool
tap_filter(struct live *l, struct tap *t, const char *iface)
{
	char text[LIVE_FILTER_MAX];
	struct out o = out_init(text, sizeof(text) - 1);
	struct bpf_program program;
	if (l->o->filter)
		out_str(&o, l->o->filter);
	else if (!l->c->all_frames)
		live_filter(&o);
	text[o.n] = 0;
	if (!out_ok(&o))
		return tap_wrong(iface, "the filter is too long", NULL);
	if (o.n == 0)
		return true;
	if (pcap_compile(t->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return tap_wrong(iface, "filter", pcap_geterr(t->pcap));
	bool ok = pcap_setfilter(t->pcap, &program) == 0;
	log_detail("%s: filter of %u instructions", iface, program.bf_len);
	pcap_freecode(&program);
	return ok || tap_wrong(iface, "filter", pcap_geterr(t->pcap));
}

static bool
tap_open(struct live *l, struct tap *t, const char *iface)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	t->pcap = pcap_create(iface, error);
	if (t->pcap == NULL)
		return tap_wrong(iface, "cannot be opened", error);
	pcap_set_snaplen(t->pcap, (int)l->c->snaplen);
	pcap_set_promisc(t->pcap, l->c->promisc);
	/* Not in immediate mode: its ring has slots of the snap length, 256 of them in 16 MiB. */
	pcap_set_timeout(t->pcap, TIMEOUT_MS);
	pcap_set_buffer_size(t->pcap, (int)(l->c->buffer_mib << 20));
	pcap_set_tstamp_precision(t->pcap, PCAP_TSTAMP_PRECISION_NANO);
	int rc = pcap_activate(t->pcap);
	if (rc < 0)
		return tap_wrong(iface, pcap_statustostr(rc), pcap_geterr(t->pcap));
	if (rc > 0)
		log_say("%s: %s", iface, pcap_statustostr(rc));
	int dlt = pcap_datalink(t->pcap);
	t->linktype = (uint16_t)(dlt == DLT_RAW ? 101 : dlt);
	t->fd = pcap_get_selectable_fd(t->pcap);
	if (t->fd < 0 || pcap_setnonblock(t->pcap, 1, error) != 0)
		return tap_wrong(iface, "cannot be waited for", error);
	return tap_filter(l, t, iface);
}

static void
on_frame(struct live *l, struct tap *t, const struct pcap_pkthdr *h, const u_char *p)
{
	bool nano = pcap_get_tstamp_precision(t->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	struct frame f = {
		.ts = (ts_t)h->ts.tv_sec * TS_SEC + (ts_t)h->ts.tv_usec * (nano ? 1 : TS_US),
		.number = ++t->frames,
		.iface = (uint16_t)(t - l->tap),
		.linktype = t->linktype,
		.p = p,
		.caplen = h->caplen,
		.wirelen = h->len > h->caplen ? h->len : h->caplen,
	};
	if (walk_frame(l->walk, &f, asking_obs, &l->asking) != SAID_NO)
		return;
	if (t->unread++ == 0)
		log_say("%s: link type %u is not read, its frames are only counted", l->o->iface[f.iface],
			t->linktype);
}

static void
tap_read(struct live *l, struct tap *t)
{
	struct pcap_pkthdr *h;
	const u_char *p;
	int rc = 0;
	for (int i = 0; i < BATCH && (rc = pcap_next_ex(t->pcap, &h, &p)) == 1; i++)
		on_frame(l, t, h, p);
	if (rc >= 0)
		return;
	log_say("%s: %s", l->o->iface[t - l->tap], pcap_geterr(t->pcap));
	l->failed = true;
	stop = 1;
}

/* Drops are told to the engine as they grow: absence proves nothing in a window that lost packets. */
static void
tap_loss(struct live *l, struct tap *t, ts_t now)
{
	struct pcap_stat s;
	if (pcap_stats(t->pcap, &s) != 0)
		return;
	uint32_t got = s.ps_recv - t->told.ps_recv;
	uint32_t lost = s.ps_drop - t->told.ps_drop + (s.ps_ifdrop - t->told.ps_ifdrop);
	t->told = s;
	if (lost == 0)
		return;
	t->lost += lost;
	struct obs o = { .ts = now, .kind = OBS_LOSS, .iface = (uint16_t)(t - l->tap) };
	o.u.loss = (struct loss){ .packets = lost, .total = (uint64_t)got + lost };
	engine_obs(l->engine, &o);
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
	uint64_t frames = 0, lost = 0;
	for (size_t i = 0; i < l->n; i++) {
		frames += l->tap[i].frames;
		lost += l->tap[i].lost;
	}
	struct out o = out_init(text, sizeof(text) - 1);
	out_str(&o, "WATCHDOG=1\nSTATUS=");
	out_u64(&o, frames);
	out_str(&o, " frames, ");
	out_u64(&o, lost);
	out_str(&o, " lost, ");
	out_u64(&o, l->emit.records);
	out_str(&o, " incident records");
	text[o.n] = 0;
	progress(text);
}

static void
each_second(struct live *l)
{
	ts_t now = clock_wall();
	for (size_t i = 0; i < l->n; i++)
		tap_loss(l, &l->tap[i], now);
	engine_tick(l->engine, now);
	if (reopen) {
		reopen = 0;
		sinks_reopen(l->emit.sinks);
		feedsrc_signal(l->feed, SIGHUP);
	}
	if (tell) {
		tell = 0;
		feedsrc_signal(l->feed, SIGUSR1);
	}
	feedsrc_second(l->feed);
	sinks_work(l->emit.sinks);
	if (l->state.path && clock_ms() >= l->save_at) {
		statefile_begin(&l->state, l->engine);
		statefile_finish(&l->state, l->engine);
		l->save_at = clock_ms() + l->c->state_every / TS_MS;
	}
	tell_progress(l);
}

static void
loop(struct live *l)
{
	int64_t next = clock_ms() + TICK_MS;
	while (!stop) {
		struct pollfd p[POLL_MAX];
		size_t n = 0;
		for (; n < l->n; n++)
			p[n] = (struct pollfd){ .fd = l->tap[n].fd, .events = POLLIN };
		n += eventsrc_poll(l->events, p + n, POLL_MAX - 1 - n);
		if (feedsrc_fd(l->feed) >= 0)
			p[n++] = (struct pollfd){ .fd = feedsrc_fd(l->feed), .events = POLLIN };
		int64_t wait = next - clock_ms();
		if (poll(p, n, wait > 0 ? (int)wait : 0) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < l->n; i++)
			tap_read(l, &l->tap[i]);
		eventsrc_given(l->events, on_host, l->engine);
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
	for (; l->n < l->o->niface; l->n++)
		if (!tap_open(l, &l->tap[l->n], l->o->iface[l->n]))
			return EXIT_USAGE;
	gethostname(l->host, sizeof(l->host) - 1);
	l->emit.env = (struct encode_env){
		.sensor = l->c->sensor.p ? (const char *)l->c->sensor.p : l->host,
		.sd_id = (const char *)l->c->sd_id.p,
		.iface = l->o->iface,
		.niface = l->o->niface,
		.procid = (uint32_t)getpid(),
	};
	l->emit.flush = true;
	l->emit.sinks = sinks_open(l->c, l->o->log_dir, true);
	return l->emit.sinks ? EXIT_OK : EXIT_USAGE;
}

static int
open_engine(struct live *l)
{
	l->ec = (struct engine_conf){
		.authority = l->c->authority.nsite ? &l->c->authority : NULL,
		.iface = l->o->iface,
		.niface = l->o->niface,
		.rule = l->c->rule,
		.nrule = l->c->nrule,
		.feed_synced = l->c->feed_synced,
		.hosts = l->c->hosts,
		.leases = l->c->leases,
		.events = l->c->events,
		.event_window = l->c->event_window,
	};
	size_t n = engine_bytes(&l->ec);
	l->engine_mem = run_alloc(n);
	if (l->engine_mem == NULL)
		return EXIT_INTERNAL;
	l->state.path = l->o->state ? l->o->state : (const char *)l->c->state.p;
	l->save_at = clock_ms() + l->c->state_every / TS_MS;
	l->engine = statefile_open(&l->state, &l->ec, l->engine_mem, n, run_random_key(), emit_incident,
				   &l->emit);
	run_mutes(l->engine, l->c);
	asking_init(&l->asking, l->engine, l->o->off, l->o->noff);
	asking_open(&l->asking);
	l->walk = run_open_walk(l->c, false, &l->walk_mem);
	log_say("watching %zu interface%s, state %zu MiB", l->n, l->n == 1 ? "" : "s", n >> 20);
	return l->engine && l->walk ? EXIT_OK : EXIT_INTERNAL;
}

/* What is written to after the start: files that HUP opens again, the state.  The edge is started again and needs what it reads
 * and the folders of its sockets. */
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
	sandbox_beside(&s, bytes_str(l->state.path), true);
	edge_folders(&s, l->c);
	return sandbox_enter(&s, "engine", l->c->nlisten > 0);
}

static void
goodbye(struct live *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct pcap_stat s = { 0 };
		pcap_stats(l->tap[i].pcap, &s);
		log_say("%s: %" PRIu64 " frames, %u dropped by the kernel, %u by the interface",
			l->o->iface[i], l->tap[i].frames, s.ps_drop, s.ps_ifdrop);
	}
	struct eventsrc_counts n = eventsrc_counts(l->events);
	log_say("%" PRIu64 " host events, %" PRIu64 " documents refused, %" PRIu64 " incident records",
		n.events, n.refused, l->emit.records);
	feedsrc_tell(l->feed);
	asking_tell(&l->asking);
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
		l.feed = feedsrc_open(o, c, run_random_key(), on_host, l.engine);
		status = l.feed ? EXIT_OK : EXIT_USAGE;
	}
	if (status == EXIT_OK && !close_doors(&l))
		status = EXIT_INTERNAL;
	if (status == EXIT_OK) {
		l.answer = run_alloc(CONTROL_ANSWER_MAX);
		l.control = (struct control){ .conf = c, .env = &l.emit.env, .started = clock_wall() };
		status = l.answer ? EXIT_OK : EXIT_INTERNAL;
		feedsrc_asked(l.feed, on_ask, &l);
	}
	if (status == EXIT_OK) {
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		sigaction(SIGHUP, &act, NULL);
		sigaction(SIGUSR1, &act, NULL);
		signal(SIGPIPE, SIG_IGN);
		progress("READY=1");
		loop(&l);
		progress("STOPPING=1");
		for (size_t i = 0; i < l.n; i++)
			tap_loss(&l, &l.tap[i], clock_wall());
		feedsrc_stop(l.feed);
		statefile_begin(&l.state, l.engine);
		engine_end(l.engine);
		l.failed |= !statefile_finish(&l.state, l.engine);
		eventsrc_close(l.events);
		goodbye(&l);
		status = l.failed ? EXIT_INTERNAL : EXIT_OK;
	}
	if (l.emit.sinks && !sinks_close(l.emit.sinks))
		status = EXIT_INTERNAL;
	for (size_t i = 0; i < OPTS_READ_MAX; i++)
		if (l.tap[i].pcap)
			pcap_close(l.tap[i].pcap);
	asking_close(&l.asking);
	free(l.answer);
	free(l.engine_mem);
	free(l.walk_mem);
	eventsrc_free(l.events);
	feedsrc_free(l.feed);
	return status;
}
