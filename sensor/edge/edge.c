/* The loop: signals, turns, what the engine confirms. */
#include "edge.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "clock.h"
#include "conn.h"
#include "ipc.h"
#include "log.h"
#include "opts.h"
#include "out.h"
#include "sandbox.h"

enum {
	TURN_BYTES = 64 * 1024,	  /* of one sender before the next */
	PUMP_BYTES = 1024 * 1024, /* before sockets are looked at again */
	GRACE_MS = 3000,	  /* for senders to notice that we stop */
	FD_SPARE = 128,
};

/* ---- turns ---- */

static size_t
take_turn(struct edge *e, struct sender *s)
{
	size_t used = 0;
	while (used < TURN_BYTES && hand_ready(&e->hand) && !TAILQ_EMPTY(&s->ready))
		used += conn_work(TAILQ_FIRST(&s->ready), TURN_BYTES - used);
	return used;
}

/* The engine's confirmations wake the loop, whatever stopped the documents. */
static void
after_pump(struct edge *e)
{
	static const struct timeval now = { 0, 0 };
	hand_flush(&e->hand);
	conns_reply(e);
	if (e->hand.held)
		event_add(&e->ipc_out, NULL);
	if (e->hand.gone)
		event_base_loopbreak(e->base);
	else if (hand_ready(&e->hand) && !TAILQ_EMPTY(&e->turn))
		event_add(&e->again, &now);
}

void
edge_pump(struct edge *e)
{
	size_t used = 0;
	struct sender *s;
	if (!e->hand.gone && !asks_pass(e)) {
		event_add(&e->ipc_out, NULL); /* and comes back here */
		return;
	}
	while (used < PUMP_BYTES && hand_ready(&e->hand) && (s = TAILQ_FIRST(&e->turn)) != NULL) {
		TAILQ_REMOVE(&e->turn, s, turn);
		s->waiting = true; /* it puts itself into the queue only once */
		used += take_turn(e, s);
		s->waiting = !TAILQ_EMPTY(&s->ready);
		if (s->waiting)
			TAILQ_INSERT_TAIL(&e->turn, s, turn);
	}
	after_pump(e);
}

/* ---- counters ---- */

static void
tell(struct edge *e)
{
	for (size_t i = 0; i <= e->nsender; i++) {
		const struct sender *s = &e->sender[i];
		if (s->documents || s->connections || s->malformed || s->over)
			log_say("edge: %s: %u connections, %" PRIu64 " documents, %" PRIu64 " bytes, %" PRIu64
				" malformed, %" PRIu64 " too long, %" PRIu64 " connections over the limit",
				s->name, s->connections, s->documents, s->bytes, s->malformed, s->too_long,
				s->over);
	}
	for (size_t i = 0; i < e->nlistener; i++) {
		const struct listener *l = &e->listener[i];
		log_say("edge: %.*s: %" PRIu64 " connections, %" PRIu64 " strangers, %" PRIu64
			" failed handshakes, %" PRIu64 " without room, %" PRIu64 " idle, %" PRIu64
			" malformed, %" PRIu64 " datagrams dropped by the kernel",
			(int)l->conf->address.n, (const char *)l->conf->address.p, l->n.connections,
			l->n.strangers, l->n.handshakes, l->n.full, l->n.idle, l->n.malformed,
			l->n.kernel_drops);
	}
}

/* ---- events ---- */

static void
stop(struct edge *e)
{
	if (e->stopping)
		return;
	e->stopping = true;
	e->until = clock_ms() + GRACE_MS;
	listen_close(e);
	ask_close(e);
	conns_stop(e);
	edge_pump(e);
}

static void
on_ipc(evutil_socket_t fd, short what, void *arg)
{
	struct edge *e = arg;
	(void)fd;
	if (what & EV_READ)
		hand_listen(&e->hand);
	if (e->hand.reload)
		listen_reload(e);
	if (e->hand.stop)
		stop(e);
	e->hand.reload = e->hand.stop = false;
	if (hand_ready(&e->hand))
		listen_resume(e);
	edge_pump(e);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	edge_pump(arg);
}

/* Everybody has noticed and everything is confirmed, or it took too long. */
static bool
done(const struct edge *e, int64_t now)
{
	return e->stopping && ((e->open == 0 && e->hand.taken == e->hand.sent) || now > e->until);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct edge *e = arg;
	int64_t now = clock_ms();
	(void)fd;
	(void)what;
	conns_second(e, now);
	ask_second(e, now);
	for (size_t i = 0; i < e->nlistener; i++)
		hand_listener(&e->hand, (uint32_t)i, &e->listener[i].n);
	log_settle();
	if (!e->stopping && hand_ready(&e->hand))
		listen_resume(e);
	edge_pump(e);
	if (done(e, now))
		event_base_loopbreak(e->base);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct edge *e = arg;
	(void)what;
	if (sig == SIGHUP)
		listen_reload(e);
	else if (sig == SIGUSR1)
		tell(e);
	else
		stop(e);
}

/* ---- begin and end ---- */

static void
name_sender(struct edge *e, size_t i, const char *name)
{
	e->sender[i] = (struct sender){ .name = name, .number = (uint32_t)i };
	TAILQ_INIT(&e->sender[i].ready);
}

static bool
announce(struct edge *e, size_t i, const struct bytes *computer, size_t n)
{
	static char text[IPC_DATA_MAX];
	struct out o = out_init(text, sizeof(text));
	out_str(&o, e->sender[i].name);
	out_chr(&o, 0);
	for (size_t k = 0; k < n; k++) {
		out_view(&o, computer[k]);
		out_chr(&o, 0);
	}
	if (!out_ok(&o)) {
		log_say("feed.senders: %s: found more names of computers than fit into 96 KiB, expected "
			"suffixes (\".corp.lab\") instead",
			e->sender[i].name);
		return false;
	}
	return hand_sender(&e->hand, (uint32_t)i, out_bytes(&o));
}

static bool
senders_open(struct edge *e)
{
	const struct conf *c = e->conf;
	e->nsender = c->nsender + c->nfollow;
	if (c->nsender > EDGE_SENDERS_MAX) {
		log_say("feed.senders: found %zu senders, expected at most %d", c->nsender, EDGE_SENDERS_MAX);
		return false;
	}
	e->sender = calloc(e->nsender + 1, sizeof(*e->sender));
	if (e->sender == NULL)
		return false;
	for (size_t i = 0; i < c->nsender; i++)
		name_sender(e, i, (const char *)c->sender[i].name.p);
	for (size_t i = 0; i < c->nfollow; i++)
		name_sender(e, c->nsender + i, (const char *)c->follow[i].path.p);
	name_sender(e, e->nsender, "(unknown)");
	return true;
}

/* Tells the engine who may come; it takes this as the sign that we listen. */
static bool
introduce(struct edge *e)
{
	const struct conf *c = e->conf;
	for (size_t i = 0; i < c->nsender; i++)
		if (!announce(e, i, c->sender[i].computer, c->sender[i].ncomputer))
			return false;
	for (size_t i = 0; i < c->nfollow; i++)
		if (!announce(e, c->nsender + i, &c->follow[i].computer, 1))
			return false;
	return hand_listening(&e->hand);
}

/* A descriptor a connection, as far as the hard limit goes. */
static void
raise_limit(const struct conf *c)
{
	struct rlimit r;
	rlim_t want = c->connections + c->nfollow + FD_SPARE;
	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= want)
		return;
	r.rlim_cur = r.rlim_max < want ? r.rlim_max : want;
	if (r.rlim_cur < want)
		log_say("feed.connections: found %u, but no more than %llu descriptors are allowed: raise "
			"LimitNOFILE",
			c->connections, (unsigned long long)r.rlim_max);
	setrlimit(RLIMIT_NOFILE, &r);
}

static bool
events_open(struct edge *e)
{
	static const struct timeval second = { 1, 0 };
	struct {
		struct event *event;
		int signal;
	} signals[] = {
		{ &e->term, SIGTERM }, { &e->interrupt, SIGINT }, { &e->hup, SIGHUP }, { &e->usr1, SIGUSR1 }
	};
	e->base = event_base_new();
	if (e->base == NULL)
		return false;
	for (size_t i = 0; i < NELEM(signals); i++) {
		event_assign(signals[i].event, e->base, signals[i].signal, EV_SIGNAL | EV_PERSIST, on_signal,
			     e);
		event_add(signals[i].event, NULL);
	}
	event_assign(&e->second, e->base, -1, EV_PERSIST, on_second, e);
	event_add(&e->second, &second);
	event_assign(&e->again, e->base, -1, 0, on_again, e);
	event_assign(&e->ipc_in, e->base, e->hand.fd, EV_READ | EV_PERSIST, on_ipc, e);
	event_assign(&e->ipc_out, e->base, e->hand.fd, EV_WRITE, on_ipc, e);
	return e->hand.fd < 0 || event_add(&e->ipc_in, NULL) == 0;
}

static void
edge_free(struct edge *e)
{
	listen_close(e);
	ask_close(e);
	conns_free(e);
	follow_free(e);
	for (size_t i = 0; i < e->nlistener; i++)
		SSL_CTX_free(e->listener[i].tls);
	struct event *events[] = { &e->ipc_in, &e->ipc_out,   &e->again, &e->second,
				   &e->term,   &e->interrupt, &e->hup,	 &e->usr1 };
	for (size_t i = 0; e->base && i < NELEM(events); i++)
		if (event_initialized(events[i]))
			event_del(events[i]);
	if (e->base)
		event_base_free(e->base);
	hand_free(&e->hand);
	free(e->sender);
	free(e);
}

/* What it reads and writes after its start: certificates, followed files, sockets. */
static void
folders(struct sandbox *s, const struct conf *c)
{
	struct addr addr;
	uint16_t port;
	const char *path;
	for (size_t i = 0; i < c->nlisten; i++) {
		const struct conf_listen *l = &c->listen[i];
		sandbox_beside(s, l->certificate, false);
		sandbox_beside(s, l->key, false);
		sandbox_beside(s, l->client_ca, false);
		if (conf_endpoint(l->address, &addr, &port, &path) && path)
			sandbox_beside(s, bytes_str(path), true);
	}
	for (size_t i = 0; i < c->nfollow; i++)
		sandbox_beside(s, c->follow[i].path, false);
	sandbox_beside(s, c->control_socket, true);
}

/* Ports are bound and files open; what is opened again later lies in these folders. */
static bool
close_doors(const struct conf *c)
{
	struct sandbox s = { 0 };
	folders(&s, c);
	return sandbox_enter(&s, "edge") && sandbox_calls(SANDBOX_EDGE);
}

int
edge_run(const struct conf *c, int ipc)
{
	struct edge *e = calloc(1, sizeof(*e));
	int status = EXIT_INTERNAL;
	if (e == NULL)
		return status;
	e->conf = c;
	TAILQ_INIT(&e->turn);
	TAILQ_INIT(&e->replies);
	signal(SIGPIPE, SIG_IGN);
	raise_limit(c);
	if (hand_open(&e->hand, ipc) && events_open(e) && senders_open(e) && conns_open(e)) {
		status = EXIT_USAGE;
		if (listen_open(e) && ask_open(e) && introduce(e) && follow_open(e) && close_doors(c)) {
			log_say("edge: %zu listeners, %zu followed files, %zu senders", c->nlisten,
				c->nfollow, c->nsender);
			log_limit(LOG_MOST, LOG_WINDOW_MS);
			edge_pump(e);
			event_base_dispatch(e->base);
			status = e->hand.gone && !e->stopping ? EXIT_INTERNAL : EXIT_OK;
			tell(e);
		}
	}
	edge_free(e);
	return status;
}
