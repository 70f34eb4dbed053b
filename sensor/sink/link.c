#include "link.h"

#include <errno.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tlsclient.h"

void
link_close(struct link *l)
{
	SSL_free(l->ssl);
	if (l->fd >= 0)
		close(l->fd);
	l->ssl = NULL;
	l->fd = -1;
	l->connected = false;
}

static enum link_said
broken(struct link *l, const char *why)
{
	if (why != l->why)
		snprintf(l->why, sizeof(l->why), "%s", why);
	link_close(l);
	return LINK_BROKEN;
}

/* What a TLS call that did not succeed means. */
static enum link_said
tls_said(struct link *l, int rc)
{
	int what = SSL_get_error(l->ssl, rc);
	l->want_read = what == SSL_ERROR_WANT_READ;
	if (l->want_read || what == SSL_ERROR_WANT_WRITE)
		return LINK_WAIT;
	if (what == SSL_ERROR_ZERO_RETURN)
		return broken(l, "the receiver closed the connection");
	return broken(l, tlsclient_why(l->ssl, l->why, sizeof(l->why)));
}

enum link_said
link_dial(struct link *l, const struct addrinfo *a, SSL_CTX *ctx, const char *name)
{
	*l = (struct link){ .fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) };
	if (l->fd < 0)
		return broken(l, strerror(errno));
	if (ctx && (l->ssl = tlsclient_new(ctx, l->fd, name)) == NULL)
		return broken(l, "out of memory for TLS");
	if (connect(l->fd, a->ai_addr, a->ai_addrlen) == 0) {
		l->connected = true;
		return l->ssl ? LINK_WAIT : LINK_OK;
	}
	return errno == EINPROGRESS ? LINK_WAIT : broken(l, strerror(errno));
}

enum link_said
link_connect(struct link *l, int wait_ms)
{
	struct pollfd p = { .fd = l->fd, .events = POLLOUT };
	int error = 0;
	socklen_t n = sizeof(error);
	if (!l->connected) {
		if (poll(&p, 1, wait_ms) != 1)
			return LINK_WAIT;
		if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error)
			return broken(l, strerror(error ? error : errno));
		l->connected = true;
	}
	if (l->ssl == NULL)
		return LINK_OK;
	for (int tries = 0; tries < 2; tries++) {
		ERR_clear_error();
		errno = 0;
		int rc = SSL_do_handshake(l->ssl);
		if (rc == 1)
			return LINK_OK;
		enum link_said said = tls_said(l, rc);
		if (said != LINK_WAIT || wait_ms == 0)
			return said;
		link_wait(l, wait_ms);
	}
	return LINK_WAIT;
}

enum link_said
link_write(struct link *l, struct bytes b, size_t *done)
{
	*done = 0;
	if (l->ssl) {
		ERR_clear_error();
		errno = 0;
		int rc = SSL_write_ex(l->ssl, b.p, b.n, done);
		l->written = BIO_number_written(SSL_get_wbio(l->ssl));
		return rc == 1 ? LINK_OK : tls_said(l, rc);
	}
	ssize_t n = send(l->fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	l->want_read = false;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? LINK_WAIT : broken(l, strerror(errno));
	*done = (size_t)n;
	l->written += (uint64_t)n;
	return LINK_OK;
}

enum link_said
link_look(struct link *l)
{
	char ignored[256];
	if (l->ssl) {
		size_t got;
		ERR_clear_error();
		errno = 0;
		int rc = SSL_read_ex(l->ssl, ignored, sizeof(ignored), &got);
		enum link_said said = rc == 1 ? LINK_OK : tls_said(l, rc);
		return said == LINK_WAIT ? LINK_OK : said;
	}
	ssize_t n = recv(l->fd, ignored, sizeof(ignored), MSG_DONTWAIT);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return LINK_OK;
	return broken(l, n == 0 ? "the receiver closed the connection" : strerror(errno));
}

void
link_wait(struct link *l, int wait_ms)
{
	struct pollfd p = { .fd = l->fd, .events = l->want_read ? POLLIN : POLLOUT };
	if (l->fd >= 0)
		poll(&p, 1, wait_ms);
}

uint64_t
link_confirmed(const struct link *l)
{
	int waiting = 0;
	if (l->fd < 0 || ioctl(l->fd, SIOCOUTQ, &waiting) != 0 || waiting < 0)
		return 0;
	return l->written - (uint64_t)waiting;
}

void
link_finish(struct link *l, int wait_ms)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	if (l->fd < 0)
		return;
	if (l->ssl)
		SSL_shutdown(l->ssl);
	shutdown(l->fd, SHUT_WR);
	/* the first thing to read may be a TLS ticket, so until the end or an error */
	for (char ignored[256]; poll(&p, 1, wait_ms) == 1 && recv(l->fd, ignored, sizeof(ignored), 0) > 0;)
		;
	link_close(l);
}
