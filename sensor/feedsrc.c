/* The engine's side of the edge. */
#include "feedsrc.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "edge.h"
#include "log.h"
#include "opts.h"
#include "out.h"
#include "run.h"
#include "seen.h"
#include "text.h"

enum {
	SENDERS = EDGE_SENDERS_MAX + EDGE_FOLLOW_MAX,
	BATCH = 256, /* messages before the packets' turn */
	SAMPLE =
		64, /* documents of a sender that are decoded whatever the scan says: an unknown shape is told */
	TOLD_MAX = 3,	   /* messages of a sender about documents that cannot be read */
	INTERVALS = 16,	   /* remembered of a sender */
	INTERVALS_MIN = 5, /* before its silence means anything */
	BURST_MS = 1000,   /* documents closer together came together */
	OFFSET_EVENTS = 64,
	START_MS = 15000,
	STOP_MS = 6000,
	BACKOFF_MS = 1000,
	BACKOFF_MAX_MS = 60000,
};

struct sender {
	char *name; /* and, behind its NUL, the computer names */
	const char *computers;
	size_t ncomputers; /* bytes of them, NULs included */
	struct ipc_counts counts;
	uint64_t documents, told;
	bool told_refused, silent;
	int64_t heard; /* clock_ms, 0: never */
	uint32_t interval[INTERVALS];
	uint64_t intervals;
	/* The least delayed event of this and the last OFFSET_EVENTS ones: how far the clock is ahead at least. */
	int64_t ahead[2];
	unsigned nahead;
};

struct feedsrc {
	const struct conf *conf;
	struct sipkey key;
	int edge;	/* our end of its socket, -1: none */
	bool asked_for; /* of the first process, which starts it */
	struct hostfeed *feed;
	struct seen *seen;
	void *mem;
	uint8_t *buf;
	hostev_fn *fn;
	void *arg;
	struct sender *sender;
	size_t nsender;
	struct ipc_listener listener[EDGE_LISTEN_MAX];
	uint16_t number[SENDERS]; /* the edge's number of a sender: 1 + index here */
	uint32_t owed;		  /* documents that are not confirmed yet */
	bool wanted;		  /* the edge shall run */
	bool changing;		  /* it ends because another shall take its place */
	bool listens;		  /* it does */
	feedsrc_ask *asked;
	void *asked_arg;
	int64_t started, again; /* clock_ms */
	int64_t backoff;
	uint64_t restarts;
};

/* ---- the edge ---- */

/* The first process does it: a process that reads packets starts nothing. */
static void
start(struct feedsrc *f)
{
	memset(f->number, 0, sizeof(f->number));
	memset(f->listener, 0, sizeof(f->listener));
	f->owed = 0;
	f->listens = f->changing = false;
	f->started = clock_ms();
	f->asked_for = ipc_send(ROLE_FD, IPC_EDGE, 0, bytes_of(NULL, 0));
}

/* What it took from senders and we did not get is not acknowledged, hence sent again by those that wait for that. */
static void
hang_up(struct feedsrc *f)
{
	int64_t now = clock_ms();
	if (f->edge >= 0)
		close(f->edge);
	f->edge = -1;
	f->asked_for = false;
	f->backoff = now - f->started > BACKOFF_MAX_MS || f->backoff == 0 ? BACKOFF_MS : 2 * f->backoff;
	if (f->backoff > BACKOFF_MAX_MS)
		f->backoff = BACKOFF_MAX_MS;
	f->again = now + f->backoff;
	if (f->changing)
		f->again = now;
	else if (f->wanted)
		log_say("edge: gone, started again in %" PRId64 " s", f->backoff / 1000);
}

/* The first process's answer. */
static void
adopt(struct feedsrc *f)
{
	struct ipc_head head;
	struct bytes data;
	int fd;
	if (!f->asked_for || !ipc_take_fd(ROLE_FD, &head, f->buf, &data, &fd) || head.kind != IPC_EDGE)
		return;
	f->asked_for = false;
	f->edge = fd;
	if (fd < 0)
		hang_up(f);
}

static void
revive(struct feedsrc *f, int64_t now)
{
	adopt(f);
	if (!f->wanted || f->edge >= 0 || f->asked_for || now < f->again)
		return;
	f->restarts++;
	start(f);
}

/* ---- senders ---- */

static struct sender *
by_number(struct feedsrc *f, uint32_t number)
{
	return number < SENDERS && f->number[number] ? &f->sender[f->number[number] - 1] : NULL;
}

static void
introduce(struct feedsrc *f, uint32_t number, struct bytes data)
{
	const uint8_t *nul = data.n ? memchr(data.p, 0, data.n) : NULL;
	if (nul == NULL || data.p[data.n - 1] != 0 || number >= SENDERS)
		return;
	size_t i = 0;
	while (i < f->nsender && strcmp(f->sender[i].name, (const char *)data.p) != 0)
		i++;
	char *copy = i < SENDERS ? malloc(data.n) : NULL;
	if (copy == NULL)
		return;
	memcpy(copy, data.p, data.n);
	struct sender *s = &f->sender[i];
	if (i == f->nsender) {
		*s = (struct sender){ .ahead = { INT64_MIN, INT64_MIN } };
		f->nsender++;
	}
	free(s->name);
	s->name = copy;
	s->computers = copy + (nul - data.p) + 1;
	s->ncomputers = data.n - (size_t)(nul - data.p) - 1;
	f->number[number] = (uint16_t)(i + 1);
}

static bool
matches(const char *rule, struct bytes computer)
{
	struct bytes want = bytes_str(rule);
	if (want.n == 1 && *rule == '*')
		return true;
	if (*rule == '.' && computer.n > want.n)
		return text_eq_nocase(bytes_of(computer.p + (computer.n - want.n), want.n), want);
	return text_eq_nocase(computer, want);
}

static bool
may_speak_for(const struct sender *s, struct bytes computer)
{
	for (size_t i = 0; i < s->ncomputers; i += strlen(s->computers + i) + 1)
		if (matches(s->computers + i, computer))
			return true;
	return false;
}

/* The one computer that a sender speaks for, which then need not be said; absent otherwise. */
static struct bytes
only_computer(const struct sender *s)
{
	struct bytes first = bytes_str(s->ncomputers ? s->computers : NULL);
	bool one =
		first.n > 0 && first.n + 1 == s->ncomputers && *s->computers != '.' && *s->computers != '*';
	return one ? first : bytes_of(NULL, 0);
}

/* ---- events ---- */

struct pass {
	struct feedsrc *f;
	struct sender *s;
	ts_t now;
};

static void
refuse(struct sender *s, struct bytes computer)
{
	s->counts.refused++;
	if (s->told_refused)
		return;
	s->told_refused = true;
	char text[128];
	struct out o = out_init(text, sizeof(text) - 1);
	out_json_str(&o, bytes_of(computer.p, computer.n < 64 ? computer.n : 64));
	text[o.n] = 0;
	log_say("feed: %s: an event of %s, for which it may not speak, is refused (told once, then counted): "
		"see "
		"feed.senders",
		s->name, computer.n ? text : "no computer");
}

static void
clock_of(struct sender *s, ts_t ts, ts_t now)
{
	if (s->nahead++ % OFFSET_EVENTS == 0) {
		s->ahead[1] = s->ahead[0];
		s->ahead[0] = INT64_MIN;
	}
	int64_t ahead = ts_sub(ts, now);
	s->ahead[0] = ahead > s->ahead[0] ? ahead : s->ahead[0];
	int64_t most = s->ahead[0] > s->ahead[1] ? s->ahead[0] : s->ahead[1];
	s->counts.offset_ms = most / TS_MS;
}

static void
on_event(void *arg, const struct hostev *ev)
{
	struct pass *p = arg;
	struct sender *s = p->s;
	struct hostev named;
	if (ev->computer.n == 0) {
		named = *ev;
		named.computer = only_computer(s);
		ev = &named;
	}
	if (!may_speak_for(s, ev->computer)) {
		refuse(s, ev->computer);
		return;
	}
	s->counts.accepted++;
	s->counts.gaps += seen_gap(p->f->seen, ev);
	s->counts.duplicates += seen_event(p->f->seen, ev);
	if (ev->ts != TS_NONE) {
		clock_of(s, ev->ts, p->now);
		s->counts.late += ts_sub(p->now, ev->ts) > p->f->conf->event_window;
	}
	p->f->fn(p->f->arg, ev);
}

static void
hear(struct sender *s, int64_t now)
{
	int64_t gap = now - s->heard;
	if (s->silent)
		log_say("feed: %s: heard again after %" PRId64 " s", s->name, gap / 1000);
	else if (s->heard && gap >= BURST_MS)
		s->interval[s->intervals++ % INTERVALS] = gap < UINT32_MAX ? (uint32_t)gap : UINT32_MAX;
	s->silent = false;
	s->heard = now;
}

static void
document(struct feedsrc *f, struct sender *s, struct bytes doc)
{
	struct hostev_error err = { 0 };
	struct pass p = { .f = f, .s = s, .now = clock_wall() };
	hear(s, clock_ms());
	enum hostev_said said = s->documents++ >= SAMPLE && !hostfeed_scan(f->feed, doc)
					? HOSTEV_IGNORED
					: hostfeed_document(f->feed, doc, on_event, &p, &err);
	s->counts.ignored += said == HOSTEV_IGNORED;
	if (said != HOSTEV_BAD)
		return;
	s->counts.malformed++;
	if (s->told++ < TOLD_MAX)
		log_say("feed: %s: document %" PRIu64 ", line %u, offset %zu: %s", s->name, s->documents,
			err.line, err.offset, err.what ? err.what : "cannot be read");
}

static void
confirm(struct feedsrc *f)
{
	if (f->owed && f->edge >= 0 && ipc_send(f->edge, IPC_TAKEN, f->owed, bytes_of(NULL, 0)))
		f->owed = 0;
}

void
feedsrc_take(struct feedsrc *f)
{
	struct ipc_head head;
	struct bytes data;
	if (f->edge < 0)
		return;
	for (int i = 0; i < BATCH; i++) {
		if (!ipc_take(f->edge, &head, f->buf, &data)) {
			if (errno != EAGAIN)
				hang_up(f);
			break;
		}
		if (head.kind == IPC_SENDER)
			introduce(f, head.arg, data);
		f->listens |= head.kind == IPC_READY;
		if (head.kind == IPC_LISTENER && head.arg < EDGE_LISTEN_MAX &&
		    data.n == sizeof(f->listener[0]))
			memcpy(&f->listener[head.arg], data.p, data.n);
		if (head.kind == IPC_ASK && f->asked)
			f->asked(f->asked_arg, head.arg, data);
		if (head.kind != IPC_DOC)
			continue;
		struct sender *s = by_number(f, head.arg);
		f->owed++;
		if (s && data.n)
			document(f, s, data);
	}
	confirm(f);
}

/* ---- the outside ---- */

/* The edge tells its senders when it listens; false: it did not come so far. */
static bool
wait_for_edge(struct feedsrc *f)
{
	int64_t until = clock_ms() + START_MS;
	while ((f->edge >= 0 || f->asked_for) && !f->listens && clock_ms() < until) {
		poll(&(struct pollfd){ .fd = f->edge >= 0 ? f->edge : ROLE_FD, .events = POLLIN }, 1, 100);
		adopt(f);
		feedsrc_take(f);
	}
	if (f->listens)
		return true;
	log_say("edge: did not start");
	return false;
}

/* What the edge needs here; false without memory. */
static bool
lay_out(struct feedsrc *f)
{
	if (f->feed)
		return true;
	f->mem = run_alloc(hostfeed_bytes());
	f->buf = malloc(IPC_DATA_MAX);
	f->sender = calloc(SENDERS, sizeof(*f->sender));
	f->seen = seen_new(f->key);
	if (f->mem == NULL || f->buf == NULL || f->sender == NULL || f->seen == NULL)
		return false;
	f->feed = hostfeed_open(f->mem, f->key.k[0]);
	if (f->conf->feed_zone.given)
		hostfeed_zone(f->feed, f->conf->feed_zone.seconds);
	return true;
}

struct feedsrc *
feedsrc_open(const struct conf *c, struct sipkey key, hostev_fn *fn, void *arg)
{
	struct feedsrc *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	*f = (struct feedsrc){ .conf = c, .edge = -1, .key = key, .fn = fn, .arg = arg };
	if (!conf_wants_edge(c))
		return f;
	if (lay_out(f)) {
		start(f);
		if (wait_for_edge(f)) {
			f->wanted = true;
			return f;
		}
	}
	feedsrc_free(f);
	return NULL;
}

int
feedsrc_fd(const struct feedsrc *f)
{
	return f->edge;
}

/* Told once a silence: three times the longest usual interval, not before feed.silent_after. */
static void
listen_for_silence(struct feedsrc *f, int64_t now)
{
	for (size_t i = 0; i < f->nsender; i++) {
		struct sender *s = &f->sender[i];
		int64_t usual = 0, least = f->conf->feed_silent / TS_MS;
		if (s->silent || s->intervals < INTERVALS_MIN)
			continue;
		for (size_t k = 0; k < INTERVALS; k++)
			usual = s->interval[k] > usual ? s->interval[k] : usual;
		int64_t allowed = 3 * usual > least ? 3 * usual : least;
		if (now - s->heard <= allowed)
			continue;
		s->silent = true;
		log_say("feed: %s: silent for %" PRId64 " s, usually heard every %" PRId64 " s or sooner",
			s->name, (now - s->heard) / 1000, usual / 1000);
	}
}

void
feedsrc_second(struct feedsrc *f)
{
	int64_t now = clock_ms();
	confirm(f);
	revive(f, now);
	listen_for_silence(f, now);
}

/* A new edge reads the configuration itself, which may have been changed since: what it says of itself is what holds. */
void
feedsrc_reload(struct feedsrc *f, const struct conf *c, bool again)
{
	f->conf = c;
	f->wanted = conf_wants_edge(c) && lay_out(f);
	if (f->edge < 0) {
		f->again = clock_ms();
		return;
	}
	f->changing = again;
	ipc_send(f->edge, again ? IPC_STOP : IPC_RELOAD, 0, bytes_of(NULL, 0));
}

void
feedsrc_stop(struct feedsrc *f)
{
	int64_t until = clock_ms() + STOP_MS;
	f->wanted = false;
	if (f->edge >= 0)
		ipc_send(f->edge, IPC_STOP, 0, bytes_of(NULL, 0));
	while (f->edge >= 0 && clock_ms() < until) {
		poll(&(struct pollfd){ .fd = f->edge, .events = POLLIN }, 1, 100);
		feedsrc_take(f);
	}
	if (f->edge >= 0)
		hang_up(f);
}

void
feedsrc_asked(struct feedsrc *f, feedsrc_ask *fn, void *arg)
{
	f->asked = fn;
	f->asked_arg = arg;
}

/* A full socket drops it: the edge tells who asked that there is no answer. */
void
feedsrc_answer(struct feedsrc *f, uint32_t number, struct bytes answer)
{
	if (f->edge >= 0)
		ipc_send(f->edge, IPC_ANSWER, number, answer);
}

struct feedsrc_edge
feedsrc_edge(const struct feedsrc *f)
{
	return (struct feedsrc_edge){ .wanted = f->wanted,
				      .listens = f->edge >= 0 && f->listens,
				      .restarts = f->restarts,
				      .owed = f->owed };
}

bool
feedsrc_listener_at(const struct feedsrc *f, size_t i, struct feedsrc_listener *to)
{
	if (i >= f->conf->nlisten || i >= EDGE_LISTEN_MAX)
		return false;
	*to = (struct feedsrc_listener){ (const char *)f->conf->listen[i].address.p, f->listener[i] };
	return true;
}

bool
feedsrc_at(const struct feedsrc *f, size_t i, struct feedsrc_sender *to)
{
	if (i >= f->nsender)
		return false;
	const struct sender *s = &f->sender[i];
	*to = (struct feedsrc_sender){
		.name = s->name, .counts = s->counts, .silent = s->silent, .heard = s->heard
	};
	return true;
}

void
feedsrc_tell(const struct feedsrc *f)
{
	struct feedsrc_sender s;
	for (size_t i = 0; feedsrc_at(f, i, &s); i++) {
		const struct ipc_counts *n = &s.counts;
		if (s.heard == 0)
			continue;
		log_say("feed: %s: %" PRIu64 " accepted, %" PRIu64 " ignored, %" PRIu64 " refused, %" PRIu64
			" malformed, %" PRIu64 " late, %" PRIu64 " duplicates, %" PRIu64
			" gaps, clock %+" PRId64 " ms%s",
			s.name, n->accepted, n->ignored, n->refused, n->malformed, n->late, n->duplicates,
			n->gaps, n->offset_ms, s.silent ? ", silent" : "");
	}
}

void
feedsrc_free(struct feedsrc *f)
{
	if (f == NULL)
		return;
	if (f->edge >= 0)
		close(f->edge);
	for (size_t i = 0; f->sender && i < f->nsender; i++)
		free(f->sender[i].name);
	free(f->sender);
	free(f->seen);
	free(f->mem);
	free(f->buf);
	free(f);
}
