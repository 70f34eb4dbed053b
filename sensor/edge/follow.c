/* Files that grow.  A file is read to its end before a new one of its name is begun (rename); it is begun again when it is
 * shorter than what was read, or its first bytes changed (truncation, copytruncate, a day's audit log a week later). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conn.h"
#include "log.h"

enum { LOOK_MS = 250, HEAD = 64, STILL = 2 /* looks without growth before a renamed file is left */ };

struct follow {
	struct edge *edge;
	const struct conf_follow *conf;
	struct sender *sender;
	struct conn *conn; /* NULL: not open */
	dev_t dev;
	ino_t ino;
	off_t offset;
	uint8_t head[HEAD];
	size_t nhead;
	unsigned still;
	bool told, ended;
	struct event look;
};

static const char *
path_of(const struct follow *f)
{
	return (const char *)f->conf->path.p;
}

static void
open_file(struct follow *f)
{
	struct stat st;
	int fd = open(path_of(f), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		fd = -1;
		errno = EINVAL;
	}
	if (fd < 0) {
		if (!f->told)
			log_say("feed.follow: %s: %s: waiting for it", path_of(f),
				errno == EINVAL ? "no regular file" : strerror(errno));
		f->told = true;
		return;
	}
	f->conn = conn_open_file(f->edge, f, fd, f->sender);
	if (f->conn == NULL)
		return;
	if (f->told)
		log_say("feed.follow: %s: there it is", path_of(f));
	f->told = false;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->offset = 0;
	f->nhead = 0;
	f->still = 0;
	f->ended = false;
}

static bool
begun_again(struct follow *f)
{
	struct stat st;
	uint8_t now[HEAD];
	if (fstat(f->conn->fd, &st) != 0)
		return false;
	if (st.st_size < f->offset)
		return true;
	ssize_t n = f->nhead ? pread(f->conn->fd, now, f->nhead, 0) : 0;
	return n == (ssize_t)f->nhead && memcmp(now, f->head, f->nhead) != 0;
}

void
follow_read(struct follow *f)
{
	struct conn *c = f->conn;
	if (c == NULL || f->ended)
		return;
	if (c->off > 0) {
		memmove(c->window, c->window + c->off, c->len - c->off);
		c->len -= c->off;
		c->off = 0;
	}
	size_t room = FRAMING_WINDOW_MAX - c->len;
	ssize_t n = room ? pread(c->fd, c->window + c->len, room, f->offset) : 0;
	if (n <= 0)
		return;
	for (ssize_t i = 0; f->nhead < HEAD && i < n; i++)
		f->head[f->nhead++] = c->window[c->len + (size_t)i];
	f->offset += n;
	f->still = 0;
	c->len += (size_t)n;
	conn_queue(c);
}

void
follow_closed(struct follow *f)
{
	f->conn = NULL;
}

/* At the end of what was open: is there another file of this name? */
static void
look_for_next(struct follow *f)
{
	struct stat st;
	if (stat(path_of(f), &st) != 0 || (st.st_dev == f->dev && st.st_ino == f->ino)) {
		f->still = 0;
		return;
	}
	if (++f->still < STILL)
		return;
	log_detail("feed.follow: %s: renamed, the new file begins", path_of(f));
	f->ended = true;
	f->conn->eof = true; /* a last line without its end is a document now */
	conn_queue(f->conn);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct follow *f = arg;
	(void)fd;
	(void)what;
	if (f->edge->stopping)
		return;
	if (f->conn == NULL)
		open_file(f);
	if (f->conn == NULL)
		return;
	if (f->conn->len == f->conn->off || !f->conn->ready) {
		off_t before = f->offset;
		if (begun_again(f)) {
			log_say("feed.follow: %s: begun again, read from its start", path_of(f));
			conn_rewind(f->conn);
			f->offset = before = 0;
			f->nhead = 0;
		}
		follow_read(f);
		if (f->offset == before && !f->ended)
			look_for_next(f);
	}
	edge_pump(f->edge);
}

bool
follow_open(struct edge *e)
{
	static const struct timeval look = { 0, LOOK_MS * 1000 };
	if (e->conf->nfollow > EDGE_FOLLOW_MAX) {
		log_say("feed.follow: found %zu files, expected at most %d", e->conf->nfollow,
			EDGE_FOLLOW_MAX);
		return false;
	}
	e->follow = calloc(e->conf->nfollow + 1, sizeof(*e->follow));
	for (size_t i = 0; e->follow && i < e->conf->nfollow; i++) {
		struct follow *f = &e->follow[i];
		*f = (struct follow){ .edge = e,
				      .conf = &e->conf->follow[i],
				      .sender = &e->sender[e->conf->nsender + i] };
		open_file(f);
		event_assign(&f->look, e->base, -1, EV_PERSIST, on_look, f);
		event_add(&f->look, &look);
	}
	return e->follow != NULL;
}

void
follow_free(struct edge *e)
{
	for (size_t i = 0; e->follow && i < e->conf->nfollow; i++)
		event_del(&e->follow[i].look);
	free(e->follow);
}
