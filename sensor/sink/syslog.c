/* Syslog over TCP (RFC 6587 3.4.1) and TLS (RFC 5425), with octet counts.  Every line goes through a spool of fixed size.
 * It leaves it when the receiver's kernel has confirmed its bytes and a second has passed: what a receiver had in its hands
 * when the connection broke is sent again, with the same number.  So a line arrives at least once, in order.
 * Where a receiver fails the next one is tried, after the last the first again, later and later. */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

#include "clock.h"
#include "encode.h"
#include "frame.h"
#include "link.h"
#include "log.h"
#include "rate.h"
#include "sink.h"
#include "targets.h"
#include "tlsclient.h"

enum {
	BACKOFF_FIRST_MS = 500,
	BACKOFF_MAX_MS = 30000,
	CONNECT_MS = 10000,
	STEADY_MS = 1000, /* a connection of less is one more failure */
	KEEP_MS = 1000,
	DRAIN_MS = 5000,
	FINISH_MS = 1000,
	WAIT_MS = 100,
	FRAME_MAX = SYSLOG_LONG_MAX + 128,
	BATCH_MAX = 4 * FRAME_MAX,
	BATCH_AT = 32 * 1024 /* waiting bytes that are sent without being asked to */
};
enum state { STATE_DOWN, STATE_CONNECTING, STATE_UP };

struct syslog {
	struct sink sink;
	struct targets targets;
	size_t at; /* the address being tried */
	SSL_CTX *tls;
	const char *tls_name; /* NULL: the host's own */
	struct link link;
	struct spool *spool;
	struct rate rate;
	enum state state;
	bool live, told_down;
	int64_t retry_at, backoff, since;
	/* What is on its way: whole frames, copied, so that the spool may drop them; many in one call of the kernel. */
	char batch[BATCH_MAX];
	size_t length, sent, queued; /* queued: bytes that came since the last was sent */
	struct spool_loss gap;	     /* the lines that it begins with telling the loss of */
	/* Lines before this place are confirmed when so many bytes are. */
	struct {
		bool set;
		uint64_t place, written;
		int64_t at;
	} mark;
};

static const char *
host(const struct syslog *s)
{
	return s->targets.host[s->targets.at[s->at].host];
}

static void
down(struct syslog *s)
{
	bool steady = s->state == STATE_UP && clock_ms() - s->since >= STEADY_MS;
	s->state = STATE_DOWN;
	s->length = s->sent = 0;
	s->mark.set = false;
	spool_again(s->spool);
	if (!s->told_down)
		log_say("%s: %s: %s; lines wait, at most %zu KiB", s->targets.name, host(s), s->link.why,
			spool_size(s->spool) / 1024);
	s->told_down = true;
	s->at = steady ? 0 : s->at + 1;
	if (s->at < s->targets.n) { /* the next, at once */
		s->retry_at = 0;
		return;
	}
	s->at = 0;
	s->backoff = s->backoff ? s->backoff * 2 : BACKOFF_FIRST_MS;
	if (s->backoff > BACKOFF_MAX_MS)
		s->backoff = BACKOFF_MAX_MS;
	s->retry_at = clock_ms() + s->backoff;
}

static void
up(struct syslog *s)
{
	s->state = STATE_UP;
	s->since = clock_ms();
	if (s->told_down)
		log_say("%s: connected to %s, %" PRIu64 " lines wait, %" PRIu64 " lost so far",
			s->targets.name, host(s), spool_waiting(s->spool), spool_lost(s->spool));
	s->told_down = false;
}

static void
after(struct syslog *s, enum link_said said)
{
	if (said == LINK_OK)
		up(s);
	else if (said == LINK_BROKEN)
		down(s);
}

static void
dial(struct syslog *s)
{
	if (clock_ms() < s->retry_at)
		return;
	s->since = clock_ms();
	s->state = STATE_CONNECTING;
	after(s, link_dial(&s->link, s->targets.at[s->at].a, s->tls, s->tls_name ? s->tls_name : host(s)));
}

static void
connecting(struct syslog *s, int wait_ms)
{
	after(s, link_connect(&s->link, wait_ms));
	if (s->state != STATE_CONNECTING || clock_ms() - s->since < CONNECT_MS)
		return;
	snprintf(s->link.why, sizeof(s->link.why), "no answer");
	link_close(&s->link);
	down(s);
}

static void
frame(struct out *o, struct bytes line)
{
	out_u64(o, line.n);
	out_chr(o, ' ');
	out_view(o, line);
}

/* The next frames: first what was lost, then lines, as many as fit.  False: nothing to send, or not yet. */
static bool
load(struct syslog *s)
{
	struct out o = out_init(s->batch, sizeof(s->batch));
	struct spool_loss loss = spool_loss(s->spool);
	struct bytes line;
	uint32_t number;
	s->gap = (struct spool_loss){ 0 };
	while (sizeof(s->batch) - o.n >= FRAME_MAX && spool_next(s->spool, &line, &number) &&
	       rate_take(&s->rate)) {
		if (loss.lines && s->gap.lines == 0) {
			char text[FRAME_MAX];
			struct out t = out_init(text, sizeof(text));
			frame_gap(&t, line, loss);
			frame(&o, out_bytes(&t));
			s->gap = loss;
			continue;
		}
		frame(&o, line);
		spool_sent(s->spool);
	}
	s->length = o.n;
	s->sent = 0;
	return o.n > 0;
}

static void
batch_is_sent(struct syslog *s)
{
	s->length = 0;
	s->backoff = 0;
	if (s->gap.lines) {
		log_say("%s: %" PRIu64 " lines lost, from number %" PRIu32 " to %" PRIu32
			"; the receiver was told",
			s->targets.name, s->gap.lines, s->gap.first, s->gap.last);
		spool_loss_told(s->spool, s->gap);
	}
	if (s->mark.set)
		return;
	s->mark.set = true;
	s->mark.place = spool_place(s->spool);
	s->mark.written = s->link.written;
	s->mark.at = clock_ms();
}

static void
confirm(struct syslog *s)
{
	if (!s->mark.set || (s->live && clock_ms() - s->mark.at < KEEP_MS) ||
	    link_confirmed(&s->link) < s->mark.written)
		return;
	spool_free_to(s->spool, s->mark.place);
	s->mark.set = false;
	if (s->length || spool_place(s->spool) == s->mark.place)
		return;
	s->mark.set = true;
	s->mark.place = spool_place(s->spool);
	s->mark.written = s->link.written;
	s->mark.at = clock_ms();
}

static void
push(struct syslog *s, int wait_ms)
{
	if (link_look(&s->link) == LINK_BROKEN) {
		down(s);
		return;
	}
	confirm(s);
	while (s->length || load(s)) {
		size_t done;
		enum link_said said =
			link_write(&s->link, bytes_of(s->batch + s->sent, s->length - s->sent), &done);
		if (said == LINK_BROKEN) {
			down(s);
			return;
		}
		if (said == LINK_WAIT && wait_ms == 0)
			return;
		if (said == LINK_WAIT) {
			link_wait(&s->link, wait_ms);
			wait_ms = 0;
			continue;
		}
		s->sent += done;
		if (s->sent == s->length)
			batch_is_sent(s);
	}
}

static void
step(struct syslog *s, int wait_ms)
{
	if (s->state == STATE_DOWN)
		dial(s);
	if (s->state == STATE_CONNECTING)
		connecting(s, wait_ms);
	if (s->state == STATE_UP)
		push(s, wait_ms);
}

static void
syslog_work(struct sink *sink)
{
	struct syslog *s = (struct syslog *)sink;
	s->queued = 0;
	step(s, 0);
}

static void
syslog_line(struct sink *sink, struct bytes line)
{
	struct syslog *s = (struct syslog *)sink;
	char text[FRAME_MAX];
	struct out o = out_init(text, sizeof(text));
	/* A replay outruns any receiver: it waits for one that is there. */
	for (int i = 0; !s->live && s->state != STATE_DOWN && spool_waiting(s->spool) > 0 &&
			spool_used(s->spool) > spool_size(s->spool) / 2 && i < DRAIN_MS / WAIT_MS;
	     i++)
		step(s, WAIT_MS);
	uint32_t number = spool_number(s->spool);
	frame_number(&o, line, number);
	if (out_ok(&o))
		spool_put(s->spool, number, out_bytes(&o));
	else
		spool_lose(s->spool, number);
	s->queued += o.n;
	if (s->queued >= BATCH_AT || s->state != STATE_UP)
		syslog_work(sink);
}

static void
no_reopen(struct sink *sink)
{
	(void)sink;
}

/* Sends what waits, then waits until the receiver has read it; what stays is in the spool's file, or lost. */
static void
drain(struct syslog *s)
{
	int64_t until = clock_ms() + DRAIN_MS;
	while (clock_ms() < until && (spool_waiting(s->spool) > 0 || s->length)) {
		if (s->state == STATE_DOWN && s->backoff && spool_on_disk(s->spool))
			break; /* nobody is there: the next run sends them */
		step(s, WAIT_MS);
		if (s->state != STATE_UP || s->length == 0)
			poll(NULL, 0, spool_waiting(s->spool) > 0 ? WAIT_MS : 0);
	}
	bool all = spool_waiting(s->spool) == 0 && s->length == 0 && s->state == STATE_UP;
	while (all && link_confirmed(&s->link) < s->link.written && clock_ms() < until)
		poll(NULL, 0, 1);
	all = all && link_confirmed(&s->link) >= s->link.written;
	link_finish(&s->link, FINISH_MS);
	if (all)
		spool_free_to(s->spool, spool_place(s->spool));
	else
		spool_again(s->spool);
}

static bool
syslog_close(struct sink *sink)
{
	struct syslog *s = (struct syslog *)sink;
	uint64_t lost = 0;
	if (s->spool) {
		drain(s);
		uint64_t left = spool_waiting(s->spool);
		lost = spool_lost(s->spool) + (spool_on_disk(s->spool) ? 0 : left);
		if (left && spool_on_disk(s->spool))
			log_say("%s: %" PRIu64 " lines stay in the spool", s->targets.name, left);
	}
	if (lost)
		log_say("%s: %" PRIu64 " lines lost", s->targets.name, lost);
	link_close(&s->link);
	spool_close(s->spool);
	SSL_CTX_free(s->tls);
	targets_close(&s->targets);
	free(s);
	return lost == 0;
}

static void
syslog_state(const struct sink *sink, struct sink_state *to)
{
	const struct syslog *s = (const struct syslog *)sink;
	uint64_t waiting = spool_waiting(s->spool);
	*to = (struct sink_state){ .name = s->targets.name,
				   .good = s->state == STATE_UP,
				   .on_disk = spool_on_disk(s->spool),
				   .waiting = waiting,
				   .waiting_bytes = waiting ? spool_used(s->spool) : 0,
				   .lost = spool_lost(s->spool) };
}

static const struct sink_ops ops = { syslog_line, syslog_work, no_reopen, syslog_close, syslog_state };
static const enum line_format formats[] = {
	[FORMAT_JSON] = LINE_SYSLOG, [FORMAT_CEF] = LINE_SYSLOG_CEF, [FORMAT_OCSF] = LINE_SYSLOG_OCSF
};

struct sink *
sink_syslog(const struct conf_output *o, bool live)
{
	if (o->transport == TRANSPORT_UDP)
		return sink_udp(o);
	struct syslog *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->sink = (struct sink){ .ops = &ops, .format = formats[o->format] };
	s->link.fd = -1;
	s->live = live;
	s->rate.lines = o->rate;
	s->tls_name = o->name.n ? (const char *)o->name.p : NULL;
	bool good = targets_open(&s->targets, o) &&
		    (o->transport != TRANSPORT_TLS || (s->tls = tlsclient_open(o)) != NULL);
	if (good)
		s->spool = spool_open(s->targets.name, (const char *)o->spool.p, o->spool_mib);
	if (s->spool)
		return &s->sink;
	syslog_close(&s->sink);
	return NULL;
}
