/* Syslog receivers: UDP with one datagram a line, TCP with octet counts (RFC 6587 3.4.1).  Lines wait in a buffer of
 * fixed size while a receiver is away; when it is full the oldest goes, counted.  A line is sent again whole when its
 * connection broke in the middle. */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "encode.h"
#include "log.h"

enum {
	QUEUE_BYTES = 1 << 20,
	COUNT_DIGITS = 12,
	BACKOFF_FIRST_MS = 500,
	BACKOFF_MAX_MS = 30000,
	DRAIN_MS = 5000,
	WAIT_MS = 100
};
enum state { STATE_DOWN, STATE_CONNECTING, STATE_UP };

struct syslog {
	struct sink sink;
	struct addrinfo *list, *at; /* at: the address being tried */
	char name[300];
	int fd;
	enum state state;
	bool live, told_down;
	int64_t retry_at, backoff;
	uint64_t lost;
	uint8_t *queue;		 /* records of a 32-bit length and so many bytes, [start, end) */
	size_t start, end, sent; /* sent: bytes of the first record */
};

/* ---- the queue ---- */

static uint32_t
first_length(const struct syslog *s)
{
	uint32_t n;
	memcpy(&n, s->queue + s->start, sizeof(n));
	return n;
}

static void
drop_first(struct syslog *s)
{
	s->start += sizeof(uint32_t) + first_length(s);
	s->sent = 0;
	if (s->start == s->end)
		s->start = s->end = 0;
}

static void
enqueue(struct syslog *s, struct bytes line)
{
	char count[COUNT_DIGITS];
	struct out o = out_init(count, sizeof(count));
	out_u64(&o, line.n);
	out_chr(&o, ' ');
	uint32_t n = (uint32_t)(o.n + line.n);
	size_t need = sizeof(n) + n;
	/* The first record stays while a part of it is on its way. */
	while (s->end - s->start + need > QUEUE_BYTES && s->start < s->end && s->sent == 0) {
		drop_first(s);
		s->lost++;
	}
	if (s->end - s->start + need > QUEUE_BYTES) {
		s->lost++;
		return;
	}
	if (QUEUE_BYTES - s->end < need) {
		memmove(s->queue, s->queue + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	memcpy(s->queue + s->end, &n, sizeof(n));
	memcpy(s->queue + s->end + sizeof(n), o.p, o.n);
	memcpy(s->queue + s->end + sizeof(n) + o.n, line.p, line.n);
	s->end += need;
}

/* ---- TCP ---- */

static void
down(struct syslog *s, const char *why)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->state = STATE_DOWN;
	s->sent = 0;
	s->at = s->at ? s->at->ai_next : NULL;
	if (s->at) { /* another address of the same name, at once */
		s->retry_at = 0;
		return;
	}
	s->backoff = s->backoff ? s->backoff * 2 : BACKOFF_FIRST_MS;
	if (s->backoff > BACKOFF_MAX_MS)
		s->backoff = BACKOFF_MAX_MS;
	s->retry_at = clock_ms() + s->backoff;
	if (!s->told_down)
		log_say("%s: %s; lines wait, at most %d KiB", s->name, why, QUEUE_BYTES / 1024);
	s->told_down = true;
}

static void
up(struct syslog *s)
{
	s->state = STATE_UP;
	s->backoff = 0;
	if (s->told_down)
		log_say("%s: connected, %" PRIu64 " lines lost so far", s->name, s->lost);
	s->told_down = false;
}

static void
dial(struct syslog *s)
{
	if (clock_ms() < s->retry_at)
		return;
	if (s->at == NULL)
		s->at = s->list;
	s->fd = socket(s->at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0) {
		down(s, strerror(errno));
	} else if (connect(s->fd, s->at->ai_addr, s->at->ai_addrlen) == 0) {
		up(s);
	} else if (errno == EINPROGRESS) {
		s->state = STATE_CONNECTING;
	} else {
		down(s, strerror(errno));
	}
}

static void
connecting(struct syslog *s, int wait_ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };
	int error = 0;
	socklen_t n = sizeof(error);
	if (poll(&p, 1, wait_ms) != 1)
		return;
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error)
		down(s, strerror(error ? error : errno));
	else
		up(s);
}

/* A receiver never speaks: what can be read is the end of the connection. */
static bool
hung_up(struct syslog *s)
{
	char ignored[256];
	ssize_t n = recv(s->fd, ignored, sizeof(ignored), MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void
push(struct syslog *s, int wait_ms)
{
	if (hung_up(s)) {
		down(s, "the receiver closed the connection");
		return;
	}
	while (s->start < s->end) {
		const uint8_t *p = s->queue + s->start + sizeof(uint32_t);
		ssize_t n = send(s->fd, p + s->sent, first_length(s) - s->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN) {
			struct pollfd w = { .fd = s->fd, .events = POLLOUT };
			if (wait_ms == 0 || poll(&w, 1, wait_ms) != 1)
				return;
			wait_ms = 0;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			down(s, strerror(errno));
			return;
		}
		s->sent += (size_t)n;
		if (s->sent == first_length(s))
			drop_first(s);
	}
}

static void
tcp_step(struct syslog *s, int wait_ms)
{
	if (s->state == STATE_DOWN)
		dial(s);
	if (s->state == STATE_CONNECTING)
		connecting(s, wait_ms);
	if (s->state == STATE_UP)
		push(s, wait_ms);
}

static void
tcp_work(struct sink *sink)
{
	tcp_step((struct syslog *)sink, 0);
}

static void
tcp_line(struct sink *sink, struct bytes line)
{
	struct syslog *s = (struct syslog *)sink;
	/* A replay outruns any receiver: it waits for one that is there. */
	for (int i = 0; !s->live && s->state != STATE_DOWN && s->end - s->start > QUEUE_BYTES / 2 &&
			i < DRAIN_MS / WAIT_MS;
	     i++)
		tcp_step(s, WAIT_MS);
	enqueue(s, line);
	tcp_step(s, 0);
}

static void
no_reopen(struct sink *sink)
{
	(void)sink;
}

static bool
finish(struct syslog *s)
{
	if (s->lost)
		log_say("%s: %" PRIu64 " lines lost", s->name, s->lost);
	bool good = s->lost == 0;
	if (s->fd >= 0)
		close(s->fd);
	freeaddrinfo(s->list);
	free(s->queue);
	free(s);
	return good;
}

static bool
tcp_close(struct sink *sink)
{
	struct syslog *s = (struct syslog *)sink;
	int64_t until = clock_ms() + DRAIN_MS;
	while (s->start < s->end && clock_ms() < until) {
		tcp_step(s, WAIT_MS);
		if (s->state == STATE_DOWN && s->start < s->end)
			poll(NULL, 0, WAIT_MS);
	}
	for (; s->start < s->end; drop_first(s))
		s->lost++;
	return finish(s);
}

/* ---- UDP ---- */

static void
udp_trouble(struct syslog *s)
{
	if (!s->told_down)
		log_say("%s: %s; lines are lost", s->name, strerror(errno));
	s->told_down = true;
}

static void
udp_line(struct sink *sink, struct bytes line)
{
	struct syslog *s = (struct syslog *)sink;
	/* A refusal is told by the datagram after the one that was refused: that one is sent again. */
	if (send(s->fd, line.p, line.n, MSG_NOSIGNAL) >= 0)
		return;
	udp_trouble(s);
	s->lost++;
	if (send(s->fd, line.p, line.n, MSG_NOSIGNAL) < 0)
		s->lost++;
}

static void
udp_work(struct sink *sink)
{
	(void)sink;
}

static bool
udp_close(struct sink *sink)
{
	return finish((struct syslog *)sink);
}

static const struct sink_ops tcp_ops = { LINE_SYSLOG, tcp_line, tcp_work, no_reopen, tcp_close };
static const struct sink_ops udp_ops = { LINE_SYSLOG_SHORT, udp_line, udp_work, no_reopen, udp_close };

static bool
udp_open(struct syslog *s)
{
	for (struct addrinfo *a = s->list; a; a = a->ai_next) {
		s->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (s->fd >= 0 && connect(s->fd, a->ai_addr, a->ai_addrlen) == 0)
			return true;
		if (s->fd >= 0)
			close(s->fd);
		s->fd = -1;
	}
	return false;
}

struct sink *
sink_syslog(const struct conf_output *o, bool live)
{
	struct syslog *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	bool tcp = o->transport == TRANSPORT_TCP;
	char port[8];
	struct addrinfo want = { .ai_socktype = tcp ? SOCK_STREAM : SOCK_DGRAM, .ai_flags = AI_NUMERICSERV };
	s->sink.ops = tcp ? &tcp_ops : &udp_ops;
	s->fd = -1;
	s->live = live;
	snprintf(port, sizeof(port), "%" PRIu32, o->port);
	snprintf(s->name, sizeof(s->name), "syslog %s:%s/%s", (const char *)o->host.p, port,
		 tcp ? "tcp" : "udp");
	int error = getaddrinfo((const char *)o->host.p, port, &want, &s->list);
	if (error) {
		log_say("%s: %s", s->name, gai_strerror(error));
		free(s);
		return NULL;
	}
	s->queue = tcp ? malloc(QUEUE_BYTES) : NULL;
	if (tcp ? s->queue != NULL : udp_open(s))
		return &s->sink;
	log_say("%s: %s", s->name, strerror(errno));
	finish(s);
	return NULL;
}
