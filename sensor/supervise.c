#include "supervise.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "clock.h"
#include "ipc.h"
#include "log.h"
#include "notify.h"
#include "opts.h"
#include "proc.h"
#include "sandbox.h"

enum {
	STEP_MS = 250,
	STOP_MS = 25000,   /* for the engine to drain, the edge and the sinks included */
	SILENT_MS = 60000, /* without progress it is stuck; it tells every second */
	STEADY_MS = 60000, /* after so long an end is the first again */
	BACKOFF_MS = 1000,
	BACKOFF_MAX_MS = 30000,
	TEXT_MAX = 256,
	EDGE_STOP_MS = 1000, /* of one whose engine is gone or has let go of it */
	EDGE_ARGS = 2 * (OPTS_CONF_MAX + OPTS_SET_MAX) + 4,
};

struct supervised {
	char **argv;
	char *edge_argv[EDGE_ARGS];
	struct proc engine, edge;
	bool ready, stopping;
	int64_t started, heard, again, until, backoff; /* clock_ms */
	uint8_t *buf;
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
start(struct supervised *s)
{
	s->started = s->heard = clock_ms();
	if (s->ready)
		s->argv[1] = (char *)(uintptr_t) "--role=engine-again";
	if (!proc_start(&s->engine, s->argv))
		s->again = s->started + BACKOFF_MAX_MS;
}

static void
pass_signals(struct supervised *s)
{
	if (reopen)
		proc_signal(&s->engine, SIGHUP);
	if (tell) {
		proc_signal(&s->engine, SIGUSR1);
		proc_signal(&s->edge, SIGUSR1);
	}
	if (stop && !s->stopping) {
		s->stopping = true;
		s->until = clock_ms() + STOP_MS;
		proc_signal(&s->engine, SIGTERM);
	}
	reopen = tell = 0;
}

/* The engine gets the edge's socket; what an earlier edge held is free by then. */
static void
start_edge(struct supervised *s)
{
	proc_wait(&s->edge, EDGE_STOP_MS);
	proc_start(&s->edge, s->edge_argv);
	if (!ipc_send_fd(s->engine.fd, IPC_EDGE, 0, bytes_of(NULL, 0), s->edge.fd))
		log_say("edge: it cannot be handed to the engine: %s", strerror(errno));
	proc_hang_up(&s->edge);
}

static void
look_at_edge(struct supervised *s)
{
	int how;
	if (!proc_ended(&s->edge, &how))
		return;
	if (WIFSIGNALED(how))
		log_say("edge: killed by signal %d", WTERMSIG(how));
	else if (WEXITSTATUS(how) != EXIT_OK)
		log_say("edge: ended with status %d", WEXITSTATUS(how));
}

static void
progressed(struct supervised *s, struct bytes said)
{
	char text[TEXT_MAX];
	if (said.n == 0 || said.n >= sizeof(text))
		return;
	memcpy(text, said.p, said.n);
	text[said.n] = 0;
	s->ready = true;
	s->heard = clock_ms();
	notify_say(text);
}

/* What the engine says of its progress is what systemd is told. */
static void
listen_to(struct supervised *s)
{
	struct ipc_head head;
	struct bytes data;
	while (s->engine.fd >= 0) {
		if (!ipc_take(s->engine.fd, &head, s->buf, &data)) {
			if (errno != EAGAIN)
				proc_hang_up(&s->engine);
			return;
		}
		if (head.kind == IPC_PROGRESS)
			progressed(s, data);
		if (head.kind == IPC_EDGE && !s->stopping)
			start_edge(s);
	}
}

static void
later(struct supervised *s, int status)
{
	int64_t now = clock_ms();
	s->backoff = s->backoff == 0 || now - s->started > STEADY_MS ? BACKOFF_MS : 2 * s->backoff;
	if (s->backoff > BACKOFF_MAX_MS)
		s->backoff = BACKOFF_MAX_MS;
	s->again = now + s->backoff;
	bool killed = WIFSIGNALED(status);
	log_say("engine: %s %d, started again in %" PRId64 " s with the state that was saved last",
		killed ? "killed by signal" : "ended with status",
		killed ? WTERMSIG(status) : WEXITSTATUS(status), s->backoff / 1000);
	/* waiting is no standstill: the next start is announced */
	notify_say("WATCHDOG=1\nSTATUS=the engine ended and is started again");
}

/* True: the end of all, with its status. */
static bool
ended(struct supervised *s, int *status)
{
	int how;
	if (!proc_ended(&s->engine, &how))
		return false;
	listen_to(s);
	proc_hang_up(&s->engine);
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : EXIT_INTERNAL;
	if (s->stopping || !s->ready || (WIFEXITED(how) && *status == EXIT_OK))
		return true;
	later(s, how);
	return false;
}

static void
watch(struct supervised *s)
{
	int64_t now = clock_ms();
	if (s->engine.pid == 0 && now >= s->again)
		start(s);
	else if (s->engine.pid && s->stopping && now > s->until) {
		log_say("engine: did not end in %d s, killed", STOP_MS / 1000);
		proc_signal(&s->engine, SIGKILL);
	} else if (s->engine.pid && s->ready && now - s->heard > SILENT_MS) {
		log_say("engine: no progress for %d s, killed", SILENT_MS / 1000);
		proc_signal(&s->engine, SIGKILL);
		s->heard = now;
	}
}

static int
loop(struct supervised *s)
{
	int status;
	start(s);
	for (;;) {
		struct pollfd p = { .fd = s->engine.fd, .events = POLLIN };
		poll(&p, 1, STEP_MS);
		pass_signals(s);
		listen_to(s);
		look_at_edge(s);
		log_settle();
		if (ended(s, &status))
			return status;
		if (s->engine.pid == 0 && s->stopping)
			return EXIT_OK;
		watch(s);
	}
}

/* It reads the same configuration. */
static void
edge_arguments(struct supervised *s, const struct opts *o)
{
	char **to = s->edge_argv;
	*to++ = s->argv[0];
	*to++ = (char *)(uintptr_t) "--role=edge";
	if (o->verbose)
		*to++ = (char *)(uintptr_t) "-v";
	for (size_t i = 0; i < o->nconf; i++) {
		*to++ = (char *)(uintptr_t) "-c";
		*to++ = (char *)(uintptr_t)o->conf[i];
	}
	for (size_t i = 0; i < o->nset; i++) {
		*to++ = (char *)(uintptr_t) "--set";
		*to++ = (char *)(uintptr_t)o->set[i];
	}
}

int
supervise(const struct opts *o, int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct supervised s = { .engine = { .fd = -1 }, .edge = { .fd = -1 } };
	s.argv = calloc((size_t)argc + 2, sizeof(*s.argv));
	s.buf = malloc(IPC_DATA_MAX);
	int status = EXIT_INTERNAL;
	if (s.argv && s.buf) {
		s.argv[0] = argv[0];
		s.argv[1] = (char *)(uintptr_t) "--role=engine";
		for (int i = 1; i < argc; i++)
			s.argv[i + 1] = argv[i];
		edge_arguments(&s, o);
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		sigaction(SIGHUP, &act, NULL);
		sigaction(SIGUSR1, &act, NULL);
		notify_open();
		log_limit(LOG_MOST, LOG_WINDOW_MS);
		if (sandbox_calls(SANDBOX_FIRST))
			status = loop(&s);
		proc_wait(&s.edge, EDGE_STOP_MS);
	}
	free(s.argv);
	free(s.buf);
	return status;
}
