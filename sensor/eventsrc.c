/* Documents out of streams, and events out of documents when they are due.  A document whose events are not all due
 * stays in its buffer and is decoded again later: decoding is cheap, copies of every event are not. */
#include "eventsrc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aside.h"
#include "log.h"

enum {
	BUFFER = 3 * HOSTFEED_DOC_MAX, /* a document, its wrapper and what a read brings along */
	TOLD_MAX = 5,		       /* messages a file */
	SAMPLE =
		64, /* documents of a file that are decoded whatever the scan says: a file of no known shape is told */
	PASSES_MAX = 64, /* decodings of one document: its rest then enters with the next that is due */
};
/* No secret in a replay: the hash tables of jansson and expat live for one document. */
static const uint64_t feed_seed = UINT64_C(0x63726f7373746170);

struct source {
	const char *path;
	int fd;
	uint8_t *buf;
	size_t off, len;
	bool eof, dropping;    /* dropping: inside a document that was too long, up to its newline */
	uint64_t offset, line; /* of buf[off] in the stream; line from 1 */
	size_t doc, skip; /* length of the document at `off` (0: none), events of it already handed over */
	unsigned passes;
	ts_t gate;  /* latest event time handed over */
	bool known; /* `next` is the gate of the document's next event */
	ts_t next;
	uint64_t told, refused, seen; /* seen: documents */
};

struct eventsrc {
	struct hostfeed *feed;
	void *mem;
	struct source src[EVENTS_SOURCES_MAX];
	size_t n;
	bool patient, own_clock; /* own_clock: there are no packets, events are the clock */
	ts_t window, base;	 /* base: what is far ahead is measured from here */
	struct aside *aside;
	struct eventsrc_counts counts;
};

struct eventsrc *
eventsrc_new(bool patient, ts_t window)
{
	struct eventsrc *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->patient = patient;
	e->window = window;
	e->base = TS_NONE;
	e->mem = aligned_alloc(64, (hostfeed_bytes() + 63) / 64 * 64);
	e->aside = aside_new();
	if (e->mem == NULL || e->aside == NULL) {
		log_say("out of memory for host events");
		eventsrc_free(e);
		return NULL;
	}
	e->feed = hostfeed_open(e->mem, feed_seed);
	return e;
}

void
eventsrc_window(struct eventsrc *e, ts_t window)
{
	e->window = window;
}

void
eventsrc_zone(struct eventsrc *e, int32_t seconds_east)
{
	hostfeed_zone(e->feed, seconds_east);
}

void
eventsrc_free(struct eventsrc *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->n; i++) {
		if (e->src[i].fd > STDIN_FILENO)
			close(e->src[i].fd);
		free(e->src[i].buf);
	}
	aside_free(e->aside);
	free(e->mem);
	free(e);
}

bool
eventsrc_add(struct eventsrc *e, const char *path)
{
	struct source *s = &e->src[e->n];
	struct stat st;
	bool is_stdin = strcmp(path, "-") == 0;
	if (e->n == EVENTS_SOURCES_MAX) {
		log_say("more than %d files of host events", EVENTS_SOURCES_MAX);
		return false;
	}
	*s = (struct source){ .path = path, .fd = STDIN_FILENO, .line = 1, .gate = TS_NONE, .next = TS_NONE };
	if (!is_stdin && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		log_say("%s: is a folder, expected a file or pipe of host events", path);
		return false;
	}
	/* A pipe that is opened for writing too never ends when its writer restarts. */
	if (!is_stdin)
		s->fd = open(path, (!e->patient && S_ISFIFO(st.st_mode) ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	s->buf = malloc(BUFFER);
	if (s->fd < 0 || s->buf == NULL) {
		log_say("%s: %s", path, strerror(errno));
		free(s->buf);
		return false;
	}
	e->n++;
	return true;
}

size_t
eventsrc_poll(const struct eventsrc *e, struct pollfd *p, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < e->n && n < max; i++)
		if (!e->src[i].eof)
			p[n++] = (struct pollfd){ .fd = e->src[i].fd, .events = POLLIN };
	return n;
}

bool
eventsrc_damaged(const struct eventsrc *e)
{
	return e->counts.refused > 0;
}

struct eventsrc_counts
eventsrc_counts(const struct eventsrc *e)
{
	return e->counts;
}

void
eventsrc_close(struct eventsrc *e)
{
	for (size_t i = 0; i < e->n; i++) {
		struct source *s = &e->src[i];
		if (s->refused > s->told)
			log_say("%s: %" PRIu64 " more documents that cannot be read", s->path,
				s->refused - s->told);
		s->told = s->refused;
	}
}

static void
refuse(struct eventsrc *e, struct source *s, const char *what, size_t offset, unsigned lines)
{
	e->counts.refused++;
	s->refused++;
	if (s->told == TOLD_MAX)
		return;
	s->told++;
	log_say("%s: line %" PRIu64 ", offset %" PRIu64 ": %s", s->path, s->line + lines, s->offset + offset,
		what);
}

static void
consume(struct source *s, size_t n)
{
	const uint8_t *p = s->buf + s->off, *end = p + n;
	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		s->line++;
		p++;
	}
	s->off += n;
	s->offset += n;
}

/* More bytes behind `len`; false at the end, or where there are none yet. */
static bool
read_more(struct eventsrc *e, struct source *s)
{
	if (s->eof)
		return false;
	if (s->off > 0) {
		memmove(s->buf, s->buf + s->off, s->len - s->off);
		s->len -= s->off;
		s->off = 0;
	}
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	if (!e->patient && poll(&p, 1, 0) != 1)
		return false;
	ssize_t got;
	do
		got = read(s->fd, s->buf + s->len, BUFFER - s->len);
	while (got < 0 && errno == EINTR && e->patient);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got < 0)
		refuse(e, s, strerror(errno), 0, 0);
	s->eof = got <= 0;
	if (got > 0)
		s->len += (size_t)got;
	return got > 0;
}

/* Passes over the rest of a document that was too long, up to its newline. */
static void
drop(struct source *s)
{
	const uint8_t *p = s->buf + s->off, *nl = memchr(p, '\n', s->len - s->off);
	consume(s, nl ? (size_t)(nl - p) + 1 : s->len - s->off);
	s->dropping = nl == NULL;
}

/* Makes the next document stand at buf[off]; false where there is none (yet). */
static bool
next_document(struct eventsrc *e, struct source *s)
{
	for (;;) {
		if (s->dropping)
			drop(s);
		size_t skip = 0;
		bool full = s->off == 0 && s->len == BUFFER;
		size_t n = hostfeed_frame(bytes_of(s->buf + s->off, s->len - s->off), s->eof, &skip);
		if (n > 0 || ((full || s->eof) && skip > 0))
			consume(s, skip);
		if (n > HOSTFEED_DOC_MAX) {
			refuse(e, s, "document over 64 KiB, left out", 0, 0);
			s->dropping = true;
			continue;
		}
		if (n > 0) {
			s->doc = n;
			s->skip = 0;
			s->passes = 0;
			e->counts.documents++;
			return true;
		}
		if (s->eof) {
			consume(s, s->len - s->off);
			return false;
		}
		if (full && skip == 0) {
			refuse(e, s, "document over 64 KiB, left out", 0, 0);
			s->dropping = true;
		} else if (!full && !read_more(e, s) && !s->eof) {
			return false;
		}
	}
}

/* One decoding of the document at hand. */
struct pass {
	struct eventsrc *e;
	struct source *s;
	ts_t clock, other; /* due is what lies before clock and not behind the gates of other files */
	bool stopped;
	size_t ix;
	hostev_fn *fn;
	void *arg;
};

static void
on_event(void *arg, const struct hostev *ev)
{
	struct pass *p = arg;
	struct source *s = p->s;
	struct eventsrc *e = p->e;
	if (p->ix++ < s->skip || p->stopped)
		return;
	ts_t ts = ev->ts != TS_NONE ? ev->ts : ev->seen;
	bool far = ts != TS_NONE && e->base != TS_NONE && ts > e->base && ts - e->base > e->window;
	if (far && aside_put(e->aside, ev, ts)) {
		e->counts.set_aside++;
		s->skip = p->ix;
		return;
	}
	ts_t gate = !far && ts != TS_NONE && ts > s->gate ? ts : s->gate;
	if (gate >= p->clock || gate > p->other) {
		p->stopped = true;
		s->known = true;
		s->next = gate;
		return;
	}
	s->gate = gate;
	s->skip = p->ix;
	if (e->own_clock && gate > e->base)
		e->base = gate;
	e->counts.events++;
	p->fn(p->arg, ev);
}

/* Decodes; true when the document is used up. */
static bool
decode(struct pass *p)
{
	struct source *s = p->s;
	struct hostev_error err = { 0 };
	p->ix = 0;
	p->stopped = false;
	s->known = false;
	bool first = s->passes++ == 0;
	struct bytes doc = bytes_of(s->buf + s->off, s->doc);
	if (first)
		s->seen++;
	enum hostev_said said = s->seen > SAMPLE && !hostfeed_scan(p->e->feed, doc)
					? HOSTEV_IGNORED
					: hostfeed_document(p->e->feed, doc, on_event, p, &err);
	if (said == HOSTEV_BAD && first)
		refuse(p->e, s, err.what ? err.what : "cannot be read", err.offset,
		       err.line ? err.line - 1 : 0);
	if (said == HOSTEV_IGNORED && first)
		p->e->counts.ignored++;
	if (p->stopped)
		return false;
	consume(s, s->doc);
	s->doc = 0;
	return true;
}

/* Hands over what is due of one source. */
static void
advance(struct eventsrc *e, struct source *s, ts_t clock, ts_t other, hostev_fn *fn, void *arg)
{
	if (s->known && (s->next >= clock || s->next > other))
		return;
	for (;;) {
		if (s->doc == 0 && !next_document(e, s))
			return;
		struct pass p = { .e = e, .s = s, .clock = clock, .other = other, .fn = fn, .arg = arg };
		if (s->passes >= PASSES_MAX)
			p.clock = p.other = INT64_MAX;
		if (!decode(&p))
			return;
	}
}

/* The earliest gate among the sources but one; INT64_MAX where there is none. */
static ts_t
earliest(const struct eventsrc *e, const struct source *but)
{
	ts_t first = INT64_MAX;
	for (size_t i = 0; i < e->n; i++)
		if (&e->src[i] != but && e->src[i].known && e->src[i].next < first)
			first = e->src[i].next;
	return first;
}

/* Between the files in the order of their gates; equal ones in the order of eventsrc_add(). */
static void
merge(struct eventsrc *e, ts_t clock, hostev_fn *fn, void *arg)
{
	for (size_t i = 0; e->n > 1 && i < e->n; i++) /* learn where each stands */
		if (!e->src[i].known)
			advance(e, &e->src[i], TS_NONE, TS_NONE, fn, arg);
	if (e->n == 1) {
		advance(e, &e->src[0], clock, INT64_MAX, fn, arg);
		return;
	}
	for (;;) {
		struct source *best = NULL;
		for (size_t i = 0; i < e->n; i++) {
			struct source *s = &e->src[i];
			if (s->known && s->next < clock && (best == NULL || s->next < best->next))
				best = s;
		}
		if (best == NULL)
			return;
		advance(e, best, clock, earliest(e, best), fn, arg);
	}
}

void
eventsrc_due(struct eventsrc *e, ts_t clock, hostev_fn *fn, void *arg)
{
	e->base = clock;
	e->counts.events += aside_due(e->aside, clock, fn, arg);
	merge(e, clock, fn, arg);
}

void
eventsrc_rest(struct eventsrc *e, hostev_fn *fn, void *arg)
{
	e->own_clock = e->base == TS_NONE;
	merge(e, INT64_MAX, fn, arg);
	e->counts.events += aside_due(e->aside, INT64_MAX, fn, arg);
}

void
eventsrc_given(struct eventsrc *e, hostev_fn *fn, void *arg)
{
	for (size_t i = 0; i < e->n; i++) {
		struct source *s = &e->src[i];
		ts_t base = e->base;
		e->base = TS_NONE;
		s->known = false;
		advance(e, s, INT64_MAX, INT64_MAX, fn, arg);
		e->base = base;
	}
}
