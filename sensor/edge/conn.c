/* One connection: handshake, bytes into the window, documents out of it, replies back. */
#include "conn.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "out.h"
#include "trust.h"

enum { HANDSHAKE_MS = 10000, LINGER_MS = 2000, ALIGN = 64, DISCARD = 16384 };

static void on_event(evutil_socket_t, short, void *);

/* ---- the table ---- */

static size_t
framing_room(void)
{
	size_t most = 0;
	for (int p = FRAMING_STREAM; p <= FRAMING_HTTP; p++) {
		size_t n = framing_bytes((enum framing_protocol)p);
		most = n > most ? n : most;
	}
	return (most + ALIGN - 1) / ALIGN * ALIGN;
}

bool
conns_open(struct edge *e)
{
	e->nconn = e->conf->connections + e->conf->nfollow;
	size_t framing = framing_room(), pool = (framing_pool_bytes() + ALIGN - 1) / ALIGN * ALIGN;
	e->windows_bytes = e->nconn * FRAMING_WINDOW_MAX;
	/* Pages that no connection has touched cost nothing, and a closed one gives its own back. */
	e->windows = mmap(NULL, e->windows_bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	e->conn = calloc(e->nconn, sizeof(*e->conn));
	e->memory = aligned_alloc(ALIGN, pool + e->nconn * framing);
	if (e->windows == MAP_FAILED || e->conn == NULL || e->memory == NULL) {
		log_say("edge: out of memory for %zu connections: lower feed.connections", e->nconn);
		return false;
	}
	e->pool = framing_pool_open(e->memory);
	for (size_t i = 0; i < e->nconn; i++) {
		e->conn[i].framing = (void *)((char *)e->memory + pool + i * framing);
		e->conn[i].window = (uint8_t *)e->windows + i * FRAMING_WINDOW_MAX;
	}
	return true;
}

void
conns_free(struct edge *e)
{
	for (size_t i = 0; e->conn && i < e->nconn; i++)
		if (e->conn[i].state != CONN_FREE)
			conn_close(&e->conn[i]);
	if (e->windows && e->windows != MAP_FAILED)
		munmap(e->windows, e->windows_bytes);
	free(e->conn);
	free(e->memory);
}

static void
unqueue(struct conn *c)
{
	if (c->ready)
		TAILQ_REMOVE(&c->sender->ready, c, link);
	c->ready = false;
}

static void
set_sender(struct conn *c, struct sender *s)
{
	if (c->sender == s)
		return;
	unqueue(c);
	if (c->sender)
		c->sender->connections--;
	c->sender = s;
	s->connections++;
}

static struct conn *
take_slot(struct edge *e, int fd, enum framing_protocol protocol, struct sender *s)
{
	struct conn *c = NULL;
	for (size_t i = 0; i < e->nconn && c == NULL; i++)
		if (e->conn[i].state == CONN_FREE)
			c = &e->conn[i];
	if (c == NULL || framing_open(c->framing, e->pool, protocol) == NULL) {
		close(fd);
		return NULL;
	}
	int64_t now = clock_ms();
	*c = (struct conn){ .edge = e,
			    .fd = fd,
			    .framing = c->framing,
			    .window = c->window,
			    .state = CONN_OPEN,
			    .opened = now,
			    .heard = now };
	set_sender(c, s);
	return c;
}

struct conn *
conn_open(struct edge *e, struct listener *l, int fd, struct addr peer, struct sender *s)
{
	static const enum framing_protocol framings[] = { [PROTOCOL_STREAM] = FRAMING_STREAM,
							  [PROTOCOL_LUMBERJACK] = FRAMING_LUMBERJACK,
							  [PROTOCOL_HTTP] = FRAMING_HTTP };
	struct conn *c = take_slot(e, fd, framings[l->conf->protocol], s ? s : &e->sender[e->nsender]);
	if (c == NULL)
		return NULL;
	e->open++;
	c->from = l;
	c->peer = peer;
	event_assign(&c->in, e->base, fd, EV_READ | EV_PERSIST, on_event, c);
	event_assign(&c->out, e->base, fd, EV_WRITE, on_event, c);
	if (l->tls) {
		c->state = CONN_HANDSHAKE;
		c->tls = SSL_new(l->tls);
		if (c->tls == NULL || SSL_set_fd(c->tls, fd) != 1) {
			conn_close(c);
			return NULL;
		}
		SSL_set_accept_state(c->tls);
	}
	c->reading = event_add(&c->in, NULL) == 0;
	return c;
}

struct conn *
conn_open_file(struct edge *e, struct follow *f, int fd, struct sender *s)
{
	struct conn *c = take_slot(e, fd, FRAMING_STREAM, s);
	if (c)
		c->file = f;
	return c;
}

void
conn_close(struct conn *c)
{
	struct edge *e = c->edge;
	unqueue(c);
	if (c->waiting)
		TAILQ_REMOVE(&e->replies, c, wait);
	c->sender->connections--;
	if (c->from) {
		event_del(&c->in);
		event_del(&c->out);
		e->open--;
	}
	SSL_free(c->tls);
	ERR_clear_error();
	close(c->fd);
	framing_close(c->framing);
	madvise(c->window, FRAMING_WINDOW_MAX, MADV_DONTNEED);
	struct follow *f = c->file;
	*c = (struct conn){ .framing = c->framing, .window = c->window };
	if (f)
		follow_closed(f);
}

void
conn_rewind(struct conn *c)
{
	framing_close(c->framing);
	framing_open(c->framing, c->edge->pool, FRAMING_STREAM);
	c->off = c->len = 0;
}

void
conn_queue(struct conn *c)
{
	struct sender *s = c->sender;
	if (c->state != CONN_OPEN || c->reply_n > 0)
		return;
	if (!c->ready) {
		TAILQ_INSERT_TAIL(&s->ready, c, link);
		c->ready = true;
	}
	if (!s->waiting) {
		TAILQ_INSERT_TAIL(&c->edge->turn, s, turn);
		s->waiting = true;
	}
}

/* Our half of the connection ends here. */
static void
shut(struct conn *c)
{
	if (c->tls)
		SSL_shutdown(c->tls);
	ERR_clear_error();
	shutdown(c->fd, SHUT_WR);
}

/* Everything was said.  A reset that overtakes the last reply would take it away, hence the wait for the other's end. */
static void
finish(struct conn *c)
{
	if (c->file || c->eof) {
		conn_close(c);
		return;
	}
	unqueue(c);
	shut(c);
	c->state = CONN_LINGER;
	c->heard = clock_ms();
	c->off = c->len = 0;
	if (!c->reading)
		c->reading = event_add(&c->in, NULL) == 0;
}

/* ---- bytes in and out ---- */

/* How a TLS call ended that gave nothing: wait, end in order, or broken. */
enum outcome { WAIT, ENDED, BROKEN };

static enum outcome
tls_outcome(struct conn *c, int rc)
{
	int why = SSL_get_error(c->tls, rc);
	ERR_clear_error();
	if (why == SSL_ERROR_WANT_WRITE)
		event_add(&c->out, NULL);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return WAIT;
	return why == SSL_ERROR_ZERO_RETURN ? ENDED : BROKEN;
}

static enum outcome
plain_outcome(ssize_t rc)
{
	if (rc < 0 && (errno == EAGAIN || errno == EINTR))
		return WAIT;
	return rc == 0 ? ENDED : BROKEN;
}

/* Bytes into `to`; 0: see *outcome. */
static size_t
take(struct conn *c, void *to, size_t n, enum outcome *outcome)
{
	if (c->tls) {
		ERR_clear_error();
		int got = SSL_read(c->tls, to, (int)n);
		*outcome = got > 0 ? WAIT : tls_outcome(c, got);
		return got > 0 ? (size_t)got : 0;
	}
	ssize_t got = recv(c->fd, to, n, 0);
	*outcome = got > 0 ? WAIT : plain_outcome(got);
	return got > 0 ? (size_t)got : 0;
}

/* The window is filled once; a connection that fills it faster than it is emptied waits. */
static void
fill(struct conn *c)
{
	enum outcome outcome = WAIT;
	if (c->off > 0) {
		memmove(c->window, c->window + c->off, c->len - c->off);
		c->len -= c->off;
		c->off = 0;
	}
	while (c->len < FRAMING_WINDOW_MAX) {
		size_t n = take(c, c->window + c->len, FRAMING_WINDOW_MAX - c->len, &outcome);
		c->len += n;
		if (n > 0)
			c->heard = clock_ms();
		if (n == 0 || c->tls == NULL)
			break;
	}
	if (outcome == BROKEN) { /* a document that was cut off is none */
		conn_close(c);
		return;
	}
	c->eof = outcome == ENDED;
	if (c->eof || c->len == FRAMING_WINDOW_MAX) {
		event_del(&c->in);
		c->reading = false;
	}
	conn_queue(c);
}

static void
discard(struct conn *c)
{
	uint8_t nowhere[DISCARD];
	enum outcome outcome = WAIT;
	ssize_t n = recv(c->fd, nowhere, sizeof(nowhere), 0); /* of TLS too: nobody reads it */
	if (n <= 0)
		outcome = plain_outcome(n);
	if (outcome != WAIT)
		conn_close(c);
}

/* More of the window is free. */
static void
read_on(struct conn *c)
{
	if (c->file) {
		follow_read(c->file);
		return;
	}
	if (c->reading || c->eof)
		return;
	c->reading = event_add(&c->in, NULL) == 0;
	if (c->tls && SSL_has_pending(c->tls)) /* what TLS has decrypted wakes nobody */
		fill(c);
}

/* Sends what is left of the reply; false: closed. */
static bool
send_reply(struct conn *c)
{
	while (c->reply_off < c->reply_n) {
		const char *p = c->reply + c->reply_off;
		size_t left = c->reply_n - c->reply_off;
		ssize_t n;
		enum outcome outcome = WAIT;
		if (c->tls) {
			ERR_clear_error();
			n = SSL_write(c->tls, p, (int)left);
			if (n <= 0)
				outcome = tls_outcome(c, (int)n);
		} else {
			n = send(c->fd, p, left, MSG_NOSIGNAL);
			if (n < 0)
				outcome = plain_outcome(n);
		}
		if (n > 0) {
			c->reply_off += (size_t)n;
			continue;
		}
		if (outcome != WAIT) {
			conn_close(c);
			return false;
		}
		event_add(&c->out, NULL);
		return true;
	}
	c->reply_off = c->reply_n = 0;
	conn_queue(c);
	return true;
}

void
conns_reply(struct edge *e)
{
	struct conn *next;
	for (struct conn *c = TAILQ_FIRST(&e->replies); c; c = next) {
		next = TAILQ_NEXT(c, wait);
		if (c->reply_after > e->hand.taken)
			continue;
		TAILQ_REMOVE(&e->replies, c, wait);
		c->waiting = false;
		send_reply(c);
	}
}

/* ---- who it is ---- */

static struct sender *
known(struct conn *c, struct bytes token)
{
	X509 *certificate = c->tls ? SSL_get1_peer_certificate(c->tls) : NULL;
	int i = trust_find(c->edge->conf, c->peer, certificate, token);
	X509_free(certificate);
	return i == TRUST_NONE ? NULL : &c->edge->sender[i];
}

static void
stranger(struct conn *c, const char *showed)
{
	struct listener *l = c->from;
	char text[64] = "a unix socket";
	struct out o = out_init(text, sizeof(text) - 1);
	if (addr_set(c->peer)) {
		out_addr(&o, c->peer);
		text[o.n] = 0;
	}
	l->n.strangers++;
	if (!l->told)
		log_say("edge: %.*s: refused %s: %s is none of feed.senders (told once, then counted)",
			(int)l->conf->address.n, (const char *)l->conf->address.p, text, showed);
	l->told = true;
}

/* False: closed. */
static bool
enter(struct conn *c, struct sender *s)
{
	if (s->connections >= c->edge->conf->sender_connections) {
		if (s->over++ == 0)
			log_say("edge: %s: more than %u connections at once, the rest is refused: see "
				"feed.sender_connections",
				s->name, c->edge->conf->sender_connections);
		conn_close(c);
		return false;
	}
	set_sender(c, s);
	return true;
}

static void
handshake(struct conn *c)
{
	ERR_clear_error();
	int rc = SSL_do_handshake(c->tls);
	if (rc != 1) {
		if (tls_outcome(c, rc) == WAIT)
			return;
		c->from->n.handshakes++;
		conn_close(c);
		return;
	}
	c->state = CONN_OPEN;
	c->heard = clock_ms();
	struct sender *s = known(c, bytes_of(NULL, 0));
	if (s == NULL && c->from->conf->protocol != PROTOCOL_HTTP) {
		stranger(c, "what it shows");
		conn_close(c);
		return;
	}
	if (s == NULL || enter(c, s))
		fill(c);
}

/* Whose document it is: a token speaks for itself, whatever the connection is. */
static struct sender *
sender_of(struct conn *c, struct bytes token)
{
	struct sender *nobody = &c->edge->sender[c->edge->nsender];
	if (token.p == NULL)
		return c->sender == nobody ? NULL : c->sender;
	if (c->token_sender && token.n == c->token_n && memcmp(token.p, c->token, token.n) == 0)
		return c->token_sender;
	struct sender *s = known(c, token);
	if (s && token.n <= CONN_TOKEN_MAX) {
		memcpy(c->token, token.p, token.n);
		c->token_n = token.n;
		c->token_sender = s;
	}
	return s;
}

/* ---- documents ---- */

/* False: the connection is no more, or has changed hands. */
static bool
document(struct conn *c, const struct framing_item *it)
{
	struct edge *e = c->edge;
	struct sender *s = sender_of(c, it->token);
	if (s == NULL) {
		stranger(c, it->token.p ? "its token" : "what it shows");
		framing_refuse(c->framing); /* says so */
		return true;
	}
	bool first = c->sender == &e->sender[e->nsender];
	if (first && !enter(c, s))
		return false;
	s->documents++;
	s->bytes += it->bytes.n;
	c->last = hand_doc(&e->hand, s->number, it->bytes);
	if (first)
		conn_queue(c); /* the next one is among the sender's own */
	return !first;
}

static void
reply(struct conn *c, const struct framing_item *it)
{
	struct edge *e = c->edge;
	c->reply_off = 0;
	c->reply_n = it->bytes.n < FRAMING_REPLY_MAX ? it->bytes.n : FRAMING_REPLY_MAX;
	memcpy(c->reply, it->bytes.p, c->reply_n);
	c->reply_after = it->after ? c->last : 0;
	c->waiting = true;
	TAILQ_INSERT_TAIL(&e->replies, c, wait);
}

static void
malformed(struct conn *c, const char *what)
{
	if (c->sender->malformed++ == 0)
		log_say("edge: %s: closed: %s (told once, then counted)", c->sender->name, what);
	if (c->from)
		c->from->n.malformed++;
	finish(c);
}

/* One item; false: no more of this connection now. */
static bool
handle(struct conn *c, enum framing_said said, const struct framing_item *it, bool full)
{
	switch (said) {
	case FRAMING_DOC: return document(c, it);
	case FRAMING_REPLY: reply(c, it); return false;
	case FRAMING_CLOSE: finish(c); return false;
	case FRAMING_BAD: malformed(c, it->what ? it->what : "not of its protocol"); return false;
	case FRAMING_MORE: break;
	}
	bool answered = c->from && c->from->conf->protocol != PROTOCOL_STREAM && c->off == c->len;
	if (c->eof || (c->edge->stopping && answered))
		finish(c);
	else if (full)
		malformed(c, "more bytes without an end than a document may have");
	else
		read_on(c);
	return false;
}

size_t
conn_work(struct conn *c, size_t budget)
{
	size_t used = 0;
	unqueue(c);
	while (used < budget && hand_ready(&c->edge->hand)) {
		struct framing_item it;
		bool full = c->off == 0 && c->len == FRAMING_WINDOW_MAX;
		struct bytes have = bytes_of(c->window + c->off, c->len - c->off);
		enum framing_said said = framing_next(c->framing, have, c->eof, &it);
		c->off += it.used;
		used += it.used > it.bytes.n ? it.used : it.bytes.n;
		if (it.too_long) {
			if (c->sender->too_long == 0)
				log_say("edge: %s: a document over 64 KiB, left out (told once, then "
					"counted)",
					c->sender->name);
			c->sender->too_long += it.too_long;
		}
		if (!handle(c, said, &it, full && it.used == 0))
			return used + 1;
	}
	conn_queue(c);
	return used + 1;
}

/* ---- events ---- */

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct edge *e = c->edge;
	(void)fd;
	switch (c->state) {
	case CONN_FREE: return;
	case CONN_HANDSHAKE: handshake(c); break;
	case CONN_LINGER: discard(c); return;
	case CONN_OPEN:
		if (c->reply_n > 0 && !c->waiting && !send_reply(c))
			break;
		if (c->reading && ((what & EV_READ) || c->tls))
			fill(c);
		break;
	}
	edge_pump(e);
}

void
conns_second(struct edge *e, int64_t now)
{
	int64_t idle = e->conf->feed_idle / TS_MS;
	for (size_t i = 0; i < e->nconn; i++) {
		struct conn *c = &e->conn[i];
		bool stranger_still = c->state == CONN_OPEN && c->sender == &e->sender[e->nsender];
		if (c->state == CONN_FREE || c->file)
			continue;
		if (c->state == CONN_LINGER && now - c->heard > LINGER_MS) {
			conn_close(c);
		} else if ((c->state == CONN_HANDSHAKE || stranger_still) && now - c->opened > HANDSHAKE_MS) {
			c->from->n.handshakes++;
			conn_close(c);
		} else if (c->state == CONN_OPEN && c->reading && now - c->heard > idle) {
			c->from->n.idle++;
			finish(c);
		}
	}
}

void
conns_stop(struct edge *e)
{
	for (size_t i = 0; i < e->nconn; i++) {
		struct conn *c = &e->conn[i];
		if (c->state == CONN_FREE || c->state == CONN_LINGER || c->file)
			continue;
		if (c->state == CONN_HANDSHAKE)
			conn_close(c);
		else if (c->from->conf->protocol == PROTOCOL_STREAM)
			shutdown(c->fd, SHUT_WR); /* without TLS's goodbye: rsyslog only looks for the end */
		else if (c->off == c->len && c->reply_n == 0 && !c->ready)
			finish(c);
	}
}
