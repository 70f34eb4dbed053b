/* Who asks: the control socket (a JSON line in, one out) and the metrics endpoint.  The engine answers; nothing is read
 * here but where a request ends.  Who may ask is decided by owner and mode of the socket; metrics are for everybody who
 * reaches their address. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "conn.h"
#include "control.h"
#include "ipc.h"
#include "log.h"

enum {
	CLIENTS = 32,
	HEAD_MAX = 8192,      /* of an HTTP request */
	ANSWER_MS = 10000,    /* for the engine */
	IDLE_MS = 300 * 1000, /* a client that says nothing, or does not read */
	BACKLOG = 16,
};

enum asker { ASK_CONTROL, ASK_METRICS, ASKERS };

struct client {
	struct edge *edge;
	struct bufferevent *bev; /* NULL: free */
	enum asker how;
	uint32_t waits; /* for the answer with this number, 0: none */
	size_t nheld;	/* of a request that the engine's socket had no room for */
	char held[CONTROL_REQUEST_MAX];
	bool last;     /* closed when everything is written */
	int64_t since; /* clock_ms: of the request, or of the last thing it did */
};

struct asks {
	int fd[ASKERS]; /* -1: not configured */
	struct event event[ASKERS];
	struct client client[CLIENTS];
	uint32_t serial;
};

static const char no_answer[] = "{\"ok\":false,\"error\":\"the engine does not answer\","
				"\"remedy\":\"look into the sensor's messages; it may be starting\"}\n";
static const char too_long[] =
	"{\"ok\":false,\"error\":\"a request over 4096 bytes\",\"remedy\":\"send one JSON object a line\"}\n";

static void
end(struct client *c)
{
	bufferevent_free(c->bev);
	c->bev = NULL;
	c->waits = 0;
	c->nheld = 0;
}

static void
say(struct client *c, const char *text, size_t n)
{
	bufferevent_write(c->bev, text, n);
	c->since = clock_ms();
}

/* An HTTP answer (RFC 9112), after which the connection ends. */
static void
say_http(struct client *c, const char *status, struct bytes body)
{
	char head[256];
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %s\r\nContent-Type: application/openmetrics-text; version=1.0.0; "
			 "charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
			 status, body.n);
	say(c, head, (size_t)n);
	if (body.n)
		say(c, (const char *)body.p, body.n);
	c->last = true;
	bufferevent_disable(c->bev, EV_READ);
}

static void
give_up(struct client *c)
{
	c->waits = 0;
	c->nheld = 0;
	if (c->how == ASK_METRICS) {
		say_http(c, "503 Service Unavailable", bytes_of(NULL, 0));
		return;
	}
	say(c, no_answer, sizeof(no_answer) - 1);
	bufferevent_enable(c->bev, EV_READ);
}

/* Passes a request on; the client is not read until it is answered. */
static void
pass(struct client *c, struct bytes request)
{
	struct edge *e = c->edge;
	e->asks->serial += e->asks->serial == UINT32_MAX ? 2 : 1;
	c->waits = e->asks->serial;
	c->since = clock_ms();
	bufferevent_disable(c->bev, EV_READ);
	if (hand_ask(&e->hand, c->waits, request))
		return;
	if (request.n == 0 || request.n > sizeof(c->held) || !hand_busy(&e->hand)) {
		give_up(c);
		return;
	}
	memcpy(c->held, request.p, request.n);
	c->nheld = request.n;
	event_add(&e->ipc_out, NULL);
}

bool
asks_pass(struct edge *e)
{
	bool all = true;
	for (size_t i = 0; e->asks && i < CLIENTS; i++) {
		struct client *c = &e->asks->client[i];
		if (c->nheld && hand_ask(&e->hand, c->waits, bytes_of(c->held, c->nheld)))
			c->nheld = 0;
		all &= c->nheld == 0;
	}
	return all;
}

static void
read_line(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t n = 0;
	char *line = evbuffer_readln(in, &n, EVBUFFER_EOL_CRLF);
	if (line && n <= CONTROL_REQUEST_MAX) {
		pass(c, bytes_of(line, n));
	} else if (line || evbuffer_get_length(in) > CONTROL_REQUEST_MAX) {
		say(c, too_long, sizeof(too_long) - 1);
		c->last = true;
		bufferevent_disable(c->bev, EV_READ);
	}
	free(line);
}

static void
read_http(struct client *c)
{
	static const char get[] = "GET /metrics", request[] = "{\"ask\":\"metrics\"}";
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer_ptr blank = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	char start[sizeof(get)] = "";
	if (blank.pos < 0) {
		if (evbuffer_get_length(in) >= HEAD_MAX)
			say_http(c, "431 Request Header Fields Too Large", bytes_of(NULL, 0));
		return;
	}
	evbuffer_copyout(in, start, sizeof(start));
	evbuffer_drain(in, evbuffer_get_length(in));
	if (memcmp(start, get, 4) != 0)
		say_http(c, "405 Method Not Allowed", bytes_of(NULL, 0));
	else if (memcmp(start, get, sizeof(get) - 1) != 0 ||
		 (start[sizeof(get) - 1] != ' ' && start[sizeof(get) - 1] != '?'))
		say_http(c, "404 Not Found", bytes_str("see /metrics\n"));
	else
		pass(c, bytes_of(request, sizeof(request) - 1));
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	/* who does not read its answers gets no more of them: on_written() goes on */
	if (c->waits || c->last || evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	c->since = clock_ms();
	if (c->how == ASK_METRICS)
		read_http(c);
	else
		read_line(c);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	c->since = clock_ms();
	if (c->last)
		end(c);
	else if (c->waits == 0 && evbuffer_get_length(bufferevent_get_input(bev)) > 0)
		on_read(bev, arg); /* what it sent behind its last request */
}

/* It closed: what it asked for is not waited for. */
static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	end(arg);
}

static void
enter(struct edge *e, enum asker how, int fd)
{
	struct client *c = NULL, *idle = NULL;
	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *k = &e->asks->client[i];
		if (k->bev == NULL)
			c = k;
		else if (k->waits == 0 && (idle == NULL || k->since < idle->since))
			idle = k;
	}
	if (c == NULL && idle) { /* whoever has not asked for longest gives way */
		end(idle);
		c = idle;
	}
	if (c == NULL) {
		close(fd);
		return;
	}
	*c = (struct client){ .edge = e, .how = how, .since = clock_ms() };
	c->bev = bufferevent_socket_new(e->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		close(fd);
		return;
	}
	bufferevent_setcb(c->bev, on_read, on_written, on_end, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, HEAD_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void
on_asker(evutil_socket_t fd, short what, void *arg)
{
	struct edge *e = arg;
	int got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	(void)what;
	if (got >= 0)
		enter(e, fd == e->asks->fd[ASK_CONTROL] ? ASK_CONTROL : ASK_METRICS, got);
}

void
ask_answer(void *arg, uint32_t number, struct bytes answer)
{
	struct edge *e = arg;
	for (size_t i = 0; e->asks && i < CLIENTS; i++) {
		struct client *c = &e->asks->client[i];
		if (c->bev == NULL || c->waits != number)
			continue;
		c->waits = 0;
		if (c->how == ASK_METRICS) {
			say_http(c, "200 OK", answer);
			return;
		}
		say(c, (const char *)answer.p, answer.n);
		say(c, "\n", 1);
		bufferevent_enable(c->bev, EV_READ);
	}
}

void
ask_second(struct edge *e, int64_t now)
{
	for (size_t i = 0; e->asks && i < CLIENTS; i++) {
		struct client *c = &e->asks->client[i];
		if (c->bev == NULL)
			continue;
		if (c->waits && now - c->since > ANSWER_MS)
			give_up(c);
		else if (now - c->since > IDLE_MS)
			end(c);
	}
}

/* ---- opening ---- */
static bool
wrong(const char *key, struct bytes address, const char *remedy)
{
	log_say("%s: %.*s: %s: %s", key, (int)address.n, (const char *)address.p, strerror(errno), remedy);
	return false;
}

static bool
open_one(struct edge *e, enum asker how, const char *key, struct bytes address, struct addr a, uint16_t port,
	 const char *path, mode_t mode)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t n = listen_name(&ss, a, port, path);
	int on = 1;
	if (n == 0)
		return wrong(key, address, "expected a path of at most 107 bytes");
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return wrong(key, address, "is this address family allowed here?");
	e->asks->fd[how] = fd;
	if (!path)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	mode_t before = umask(0777); /* nobody comes in before the mode is set */
	int rc = bind(fd, (void *)&ss, n);
	umask(before);
	if (rc != 0)
		return wrong(key, address,
			     path ? "the folder must exist and be writable (RuntimeDirectory=crosstap)"
				  : "is another program listening there?");
	if (path && chmod(path, mode) != 0)
		return wrong(key, address, "mode");
	if (listen(fd, BACKLOG) != 0)
		return wrong(key, address, "listen");
	event_assign(&e->asks->event[how], e->base, fd, EV_READ | EV_PERSIST, on_asker, e);
	return event_add(&e->asks->event[how], NULL) == 0;
}

bool
ask_open(struct edge *e)
{
	const struct conf *c = e->conf;
	struct addr a = { 0 };
	uint16_t port = 0;
	const char *path = NULL;
	e->hand.answered = ask_answer;
	e->hand.answered_arg = e;
	if ((c->control_socket.n == 0 && c->metrics_listen.n == 0) || e->hand.fd < 0)
		return true;
	e->asks = calloc(1, sizeof(*e->asks));
	if (e->asks == NULL)
		return false;
	e->asks->fd[ASK_CONTROL] = e->asks->fd[ASK_METRICS] = -1;
	mode_t mode = c->control_mode.n ? (mode_t)strtoul((const char *)c->control_mode.p, NULL, 8) : 0660;
	if (c->control_socket.n && !open_one(e, ASK_CONTROL, "control.socket", c->control_socket, a, 0,
					     (const char *)c->control_socket.p, mode))
		return false;
	return c->metrics_listen.n == 0 ||
	       (conf_endpoint(c->metrics_listen, &a, &port, &path) &&
		open_one(e, ASK_METRICS, "metrics.listen", c->metrics_listen, a, port, NULL, 0));
}

/* Nobody new; the socket is gone, so that who asks is told that there is no sensor. */
void
ask_close(struct edge *e)
{
	if (e->asks == NULL)
		return;
	for (int i = 0; i < ASKERS; i++) {
		if (e->asks->fd[i] < 0)
			continue;
		if (event_initialized(&e->asks->event[i]))
			event_del(&e->asks->event[i]);
		close(e->asks->fd[i]);
		if (i == ASK_CONTROL && event_initialized(&e->asks->event[i]))
			unlink((const char *)e->conf->control_socket.p);
	}
	for (size_t i = 0; i < CLIENTS; i++)
		if (e->asks->client[i].bev)
			end(&e->asks->client[i]);
	free(e->asks);
	e->asks = NULL;
}
