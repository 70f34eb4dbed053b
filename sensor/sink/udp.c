/* Syslog over UDP (RFC 5426): one datagram a line.  A refusal is told by the datagram after the one that was refused;
 * everything else is lost unheard.  What is known to be lost is told before the next line. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"
#include "log.h"
#include "rate.h"
#include "sink.h"
#include "targets.h"

enum { DATAGRAM_MAX = 1400 };

struct udp {
	struct sink sink;
	struct targets targets;
	struct spool *spool; /* numbers and losses; nothing waits */
	struct rate rate;
	size_t at;
	int fd;
	bool told, refused; /* refused: the last datagram */
};

static bool
dial(struct udp *s, size_t at)
{
	const struct addrinfo *a = s->targets.at[at].a;
	if (s->fd >= 0)
		close(s->fd);
	s->at = at;
	s->fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && connect(s->fd, a->ai_addr, a->ai_addrlen) == 0)
		return true;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	return false;
}

static bool
send_line(struct udp *s, struct bytes line)
{
	return s->fd >= 0 && send(s->fd, line.p, line.n, MSG_NOSIGNAL) >= 0;
}

static void
tell_gap(struct udp *s, struct bytes line)
{
	char text[DATAGRAM_MAX];
	struct out o = out_init(text, sizeof(text));
	struct spool_loss loss = spool_loss(s->spool);
	if (loss.lines == 0)
		return;
	frame_gap(&o, line, loss);
	if (send_line(s, out_bytes(&o)))
		spool_loss_told(s->spool, loss);
}

static void
trouble(struct udp *s)
{
	if (!s->told)
		log_say("%s: %s; lines are lost", s->targets.name, strerror(errno));
	s->told = true;
}

static void
udp_line(struct sink *sink, struct bytes line)
{
	struct udp *s = (struct udp *)sink;
	char text[DATAGRAM_MAX];
	struct out o = out_init(text, sizeof(text));
	uint32_t number = spool_number(s->spool);
	frame_number(&o, line, number);
	if (!out_ok(&o) || !rate_take(&s->rate)) {
		spool_lose(s->spool, number);
		return;
	}
	tell_gap(s, out_bytes(&o));
	s->refused = !send_line(s, out_bytes(&o));
	if (!s->refused)
		return;
	/* The error is the last datagram's; this one goes to the next receiver, or once more to the same. */
	trouble(s);
	spool_lose(s->spool, number > 1 ? number - 1 : number);
	if (s->targets.n > 1)
		dial(s, (s->at + 1) % s->targets.n);
	tell_gap(s, out_bytes(&o));
	s->refused = !send_line(s, out_bytes(&o));
	if (s->refused)
		spool_lose(s->spool, number);
}

static void
udp_nothing(struct sink *sink)
{
	(void)sink;
}

static bool
udp_close(struct sink *sink)
{
	struct udp *s = (struct udp *)sink;
	uint64_t lost = s->spool ? spool_lost(s->spool) : 0;
	if (lost)
		log_say("%s: %" PRIu64 " lines lost", s->targets.name, lost);
	if (s->fd >= 0)
		close(s->fd);
	spool_close(s->spool);
	targets_close(&s->targets);
	free(s);
	return lost == 0;
}

static void
udp_state(const struct sink *sink, struct sink_state *to)
{
	const struct udp *s = (const struct udp *)sink;
	*to = (struct sink_state){ .name = s->targets.name,
				   .good = s->fd >= 0 && !s->refused,
				   .lost = spool_lost(s->spool) };
}

static const struct sink_ops ops = { udp_line, udp_nothing, udp_nothing, udp_close, udp_state };

struct sink *
sink_udp(const struct conf_output *o)
{
	struct udp *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->sink = (struct sink){ .ops = &ops,
				 .format = o->format == FORMAT_CEF ? LINE_SYSLOG_CEF_SHORT
								   : LINE_SYSLOG_SHORT };
	s->fd = -1;
	s->rate.lines = o->rate;
	bool good = targets_open(&s->targets, o) && (s->spool = spool_open(s->targets.name, NULL, 0)) != NULL;
	for (size_t i = 0; good && i < s->targets.n; i++)
		if (dial(s, i))
			return &s->sink;
	if (good)
		log_say("%s: %s", s->targets.name, strerror(errno));
	udp_close(&s->sink);
	return NULL;
}
