/* Sockets that are listened on: TCP, UDP, unix. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "conn.h"
#include "log.h"
#include "out.h"
#include "tlsctx.h"
#include "trust.h"

enum {
	BACKLOG = 512,
	ACCEPTS = 64,		  /* connections a wake-up */
	DATAGRAMS = 64,		  /* the same */
	UNKNOWN_PER_ADDRESS = 64, /* connections of one address that did not prove yet who they are */
	UDP_BUFFER = 4 << 20,
	UNIX_MODE = 0660,
};

/* The dead are found out: 60 s of silence, then 6 probes 10 s apart. */
static const struct {
	int level, name, value;
} keepalive[] = {
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 10 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 6 },
};

static void
full(struct listener *l, int fd)
{
	if (l->n.full++ == 0)
		log_say("edge: %.*s: more connections than there is room for, the rest is refused (told "
			"once, then "
			"counted): see feed.connections",
			(int)l->conf->address.n, (const char *)l->conf->address.p);
	close(fd);
}

/* Makes room for a newcomer: who has not proved yet who it is gives way, the oldest first, and an address may hold few. */
static bool
room_for(struct edge *e, struct addr peer, bool known)
{
	struct conn *oldest = NULL;
	size_t same = 0;
	for (size_t i = 0; i < e->nconn; i++) {
		struct conn *c = &e->conn[i];
		if (c->state == CONN_FREE || c->file || c->sender != &e->sender[e->nsender])
			continue;
		same += addr_eq(c->peer, peer);
		if (oldest == NULL || c->opened < oldest->opened)
			oldest = c;
	}
	if (!known && same >= UNKNOWN_PER_ADDRESS)
		return false;
	if (e->open < e->conf->connections)
		return true;
	if (oldest == NULL)
		return false;
	oldest->from->n.full++;
	conn_close(oldest);
	return true;
}

/* Who speaks where neither certificate nor token can tell: by address, or who the unix socket is for. */
static struct sender *
by_place(struct listener *l, struct addr peer)
{
	struct edge *e = l->edge;
	int i = l->conf->sender.n ? trust_named(e->conf, l->conf->sender)
				  : trust_find(e->conf, peer, NULL, bytes_of(NULL, 0));
	return i == TRUST_NONE ? NULL : &e->sender[i];
}

static void
refuse(struct listener *l, struct addr peer)
{
	char text[64];
	struct out o = out_init(text, sizeof(text) - 1);
	out_addr(&o, peer);
	text[o.n] = 0;
	l->n.strangers++;
	if (!l->told)
		log_say("edge: %.*s: refused %s: its address is none of feed.senders (told once, then "
			"counted)",
			(int)l->conf->address.n, (const char *)l->conf->address.p, text);
	l->told = true;
}

static void
arrive(struct listener *l, int fd, struct addr peer)
{
	struct edge *e = l->edge;
	struct sender *s = l->tls ? NULL : by_place(l, peer);
	l->n.connections++;
	if (s == NULL && l->tls == NULL && l->conf->protocol != PROTOCOL_HTTP) {
		refuse(l, peer);
		close(fd);
		return;
	}
	if (s && s->connections >= e->conf->sender_connections) {
		if (s->over++ == 0)
			log_say("edge: %s: more than %u connections at once, the rest is refused: see "
				"feed.sender_connections",
				s->name, e->conf->sender_connections);
		close(fd);
		return;
	}
	if (!room_for(e, peer, s != NULL)) {
		full(l, fd);
		return;
	}
	for (size_t i = 0; addr_set(peer) && i < NELEM(keepalive); i++)
		setsockopt(fd, keepalive[i].level, keepalive[i].name, &keepalive[i].value, sizeof(int));
	conn_open(e, l, fd, peer, s);
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	(void)what;
	for (int i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage ss = { 0 };
		socklen_t n = sizeof(ss);
		int got = accept4(fd, (void *)&ss, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (got >= 0) {
			arrive(l, got, trust_addr(&ss));
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			l->n.full++;
			l->paused = true; /* until the next second: the kernel's queue holds them */
			event_del(&l->event);
		}
		return;
	}
}

/* The kernel counts what it dropped since the socket was opened. */
static void
note_drops(struct listener *l, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		uint32_t drops;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&drops, CMSG_DATA(c), sizeof(drops));
		l->n.kernel_drops = drops;
	}
}

/* A datagram is a document (RFC 5426 3.1); its sender is whoever its address is said to be. */
static void
on_datagram(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	struct edge *e = l->edge;
	uint8_t data[HAND_DOC_MAX];
	char control[64];
	(void)what;
	for (int i = 0; i < DATAGRAMS; i++) {
		struct sockaddr_storage ss = { 0 };
		struct iovec part = { data, sizeof(data) };
		struct msghdr m = { .msg_name = &ss,
				    .msg_namelen = sizeof(ss),
				    .msg_iov = &part,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		if (!hand_ready(&e->hand)) {
			l->paused = true;
			event_del(&l->event);
			break;
		}
		ssize_t n = recvmsg(fd, &m, 0);
		if (n < 0)
			break;
		note_drops(l, &m);
		struct addr peer = trust_addr(&ss);
		struct sender *s = by_place(l, peer);
		while (n > 0 && (data[n - 1] == '\n' || data[n - 1] == '\r' || data[n - 1] == 0))
			n--;
		if (s == NULL) {
			refuse(l, peer);
		} else if (n > 0) {
			s->documents++;
			s->bytes += (uint64_t)n;
			hand_doc(&e->hand, s->number, bytes_of(data, (size_t)n));
		}
	}
	edge_pump(e);
}

/* ---- opening ---- */

static bool
failed(struct listener *l, const char *what)
{
	log_say("feed.listen: %.*s: %s: %s", (int)l->conf->address.n, (const char *)l->conf->address.p, what,
		strerror(errno));
	return false;
}

static socklen_t
inet_name(struct sockaddr_storage *ss, struct addr a, uint16_t port)
{
	struct sockaddr_in *four = (void *)ss;
	struct sockaddr_in6 *six = (void *)ss;
	if (a.fam == 4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		memcpy(&four->sin_addr, a.b, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	memcpy(&six->sin6_addr, a.b, 16);
	return sizeof(*six);
}

/* What an earlier run left behind is removed; what somebody listens on is not. */
static socklen_t
unix_name(struct sockaddr_storage *ss, const char *path)
{
	struct sockaddr_un *un = (void *)ss;
	struct stat st;
	size_t n = strlen(path);
	if (n >= sizeof(un->sun_path)) {
		errno = ENAMETOOLONG;
		return 0;
	}
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool used = fd >= 0 && connect(fd, (void *)un, sizeof(*un)) == 0;
	if (fd >= 0)
		close(fd);
	if (!used && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	return sizeof(*un);
}

socklen_t
listen_name(struct sockaddr_storage *ss, struct addr a, uint16_t port, const char *path)
{
	return path ? unix_name(ss, path) : inet_name(ss, a, port);
}

static void
socket_options(const struct listener *l, bool six, bool any, bool udp)
{
	int on = 1, both = !any, bytes = UDP_BUFFER;
	if (six)
		setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof(both));
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (udp) {
		setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
		setsockopt(l->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	}
}

static bool
open_one(struct listener *l)
{
	struct addr a = { 0 };
	uint16_t port = 0;
	const char *path = NULL;
	bool udp = l->conf->protocol == PROTOCOL_SYSLOG_UDP;
	struct sockaddr_storage ss = { 0 };
	if (!conf_endpoint(l->conf->address, &a, &port, &path))
		return false;
	socklen_t n = listen_name(&ss, a, port, path);
	if (n == 0)
		return failed(l, "path");
	if (!path && !l->conf->plain && (l->tls = tlsctx_open(l->conf)) == NULL)
		return false;
	l->fd = socket(ss.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return failed(l, "socket");
	socket_options(l, a.fam == 6, addr_zero(a), udp);
	if (bind(l->fd, (void *)&ss, n) != 0)
		return failed(l, "bind");
	if (path && chmod(path, UNIX_MODE) != 0)
		return failed(l, "chmod");
	if (!udp && listen(l->fd, BACKLOG) != 0)
		return failed(l, "listen");
	if (l->conf->plain)
		log_say("feed.listen: %.*s: warning: plain text, anybody on the way can read and forge "
			"events",
			(int)l->conf->address.n, (const char *)l->conf->address.p);
	event_assign(&l->event, l->edge->base, l->fd, EV_READ | EV_PERSIST, udp ? on_datagram : on_connection,
		     l);
	return event_add(&l->event, NULL) == 0;
}

bool
listen_open(struct edge *e)
{
	bool ok = e->conf->nlisten <= EDGE_LISTEN_MAX;
	if (!ok)
		log_say("feed.listen: found %zu listeners, expected at most %d", e->conf->nlisten,
			EDGE_LISTEN_MAX);
	for (size_t i = 0; ok && i < e->conf->nlisten; i++) {
		e->listener[i] = (struct listener){ .edge = e, .conf = &e->conf->listen[i], .fd = -1 };
		e->nlistener++;
		ok = open_one(&e->listener[i]);
	}
	return ok;
}

/* No more connections; the contexts stay for those that are open. */
void
listen_close(struct edge *e)
{
	for (size_t i = 0; i < e->nlistener; i++) {
		struct listener *l = &e->listener[i];
		struct addr a;
		uint16_t port;
		const char *path;
		if (l->fd < 0)
			continue;
		if (event_initialized(&l->event))
			event_del(&l->event);
		close(l->fd);
		l->fd = -1;
		if (conf_endpoint(l->conf->address, &a, &port, &path) && path)
			unlink(path);
	}
}

void
listen_reload(struct edge *e)
{
	for (size_t i = 0; i < e->nlistener; i++) {
		struct listener *l = &e->listener[i];
		SSL_CTX *fresh = l->tls ? tlsctx_open(l->conf) : NULL;
		if (l->tls)
			log_say("feed.listen: %.*s: %s", (int)l->conf->address.n,
				(const char *)l->conf->address.p,
				fresh ? "certificates loaded again" : "the certificates of before stay");
		if (fresh == NULL)
			continue;
		SSL_CTX_free(l->tls); /* open connections hold it as long as they need it */
		l->tls = fresh;
	}
}

void
listen_resume(struct edge *e)
{
	for (size_t i = 0; i < e->nlistener; i++) {
		struct listener *l = &e->listener[i];
		if (!l->paused || l->fd < 0)
			continue;
		l->paused = false;
		event_add(&l->event, NULL);
	}
}
