/* Segments of one TCP connection in any order, cut, doubled and contradicting each other, through the walk with a reader of
 * this target's own; what it delivers is compared, segment by segment, with a reference that keeps the first version of each
 * byte in a plain array.
 * Input: the bytes of both directions in turn, behind their length in two bytes; then operations of four bytes each:
 * choices, offset, length, and which byte is changed or how much is cut. */
#include "walk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { PORT = 700, LIMIT = 256, HEAD = 14 + 20 + 20, OVER = 0xff, LIE = 0xfe, REFUSE = 0xfd };
enum { SERVER = 1, CONTRADICT = 2, CUT = 4, TWICE = 8, LONG = 16, OPERATIONS_MAX = 500 };

static enum said
counted_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	size_t n = cur_u8(c);

	if (n == REFUSE)
		return SAID_NO;
	o->u.dns.id = (uint16_t)pkt->stream->from;
	if (n == LIE)
		return SAID_BAD;
	pkt->stream->done = n == OVER;
	if (n == OVER)
		n = 0;
	pkt->stream->need = (uint32_t)n + 1;
	struct cursor body = cur_clip(c, n);
	o->u.dns.msg = cur_rest(&body);
	return o->u.dns.msg.n < n ? SAID_CUT : SAID_OK;
}

static const struct dissector counted = {
	.name = "counted",
	.claims = { { CLAIM_TCP, PORT } },
	.kind = OBS_DNS,
	.dissect = counted_dissect,
};
extern const struct dissector dissector_ether, dissector_ipv4, dissector_tcp;
const struct dissector *const dissectors[] = { &dissector_ether, &dissector_ipv4, &dissector_tcp, &counted,
					       NULL };

/* ---- the reference ---- */

struct side {
	uint8_t byte[LIMIT];
	bool there[LIMIT], over, conflict;
	uint32_t limit, high, have, read;
};
struct model {
	struct side side[2];
	uint16_t frame_flags; /* of the frame in hand */
	const struct side *talks;
	const uint8_t *want; /* the message that must come now */
	uint32_t at;
	size_t n;
	enum said said;
	bool waits;
};

static void
fail_if(bool wrong)
{
	if (wrong)
		abort();
}

static void
take_in(struct model *m, struct side *s, uint32_t off, const uint8_t *p, uint32_t n, uint32_t missing)
{
	uint32_t hole = off + n;

	if (n + missing == 1 && off + 1 == s->have && s->high <= s->have)
		return; /* a keep-alive */
	if (missing && hole >= s->have && hole < s->limit && !s->there[hole])
		s->limit = hole;
	for (uint32_t i = 0; i < n && off + i < s->limit; i++) {
		uint32_t at = off + i;
		if (s->there[at] && s->byte[at] != p[i])
			m->frame_flags = OBS_CONFLICT;
		if (!s->there[at])
			s->byte[at] = p[i];
		s->there[at] = true;
		s->high = at + 1 > s->high ? at + 1 : s->high;
	}
	s->conflict |= m->frame_flags != 0;
	while (s->have < s->limit && s->there[s->have])
		s->have++;
}

/* The next message, if one must come now. */
static void
next_message(struct model *m, struct side *s)
{
	m->waits = false;
	if (s->over)
		return;
	if (s->read == s->have || s->byte[s->read] == REFUSE) {
		s->over = s->have == s->limit || s->read < s->have;
		return;
	}
	uint8_t head = s->byte[s->read];
	size_t n = head >= LIE ? 0 : head, left = s->have - s->read - 1;
	if (left < n && s->have < s->limit)
		return;
	m->waits = true;
	m->talks = s;
	m->at = s->read;
	m->want = s->byte + s->read + 1;
	m->n = left < n ? left : n;
	m->said = head == LIE ? SAID_BAD : left < n ? SAID_CUT : SAID_OK;
	s->over = head >= LIE || left < n;
	s->read += 1 + (uint32_t)m->n;
}

static void
compare(void *arg, const struct obs *o)
{
	struct model *m = arg;

	if (o->kind == OBS_FRAME) {
		fail_if(m->waits || o->flags != m->frame_flags);
		return;
	}
	fail_if(!m->waits || o->u.dns.id != m->at || o->u.dns.msg.n != m->n);
	fail_if(m->n && memcmp(o->u.dns.msg.p, m->want, m->n) != 0);
	fail_if(!(o->flags & OBS_CONFLICT) != !m->talks->conflict);
	fail_if(!(o->flags & OBS_CUT) != (m->said != SAID_CUT) ||
		!(o->flags & OBS_BAD) != (m->said != SAID_BAD));
	next_message(m, &m->side[m->talks - m->side]);
}

/* ---- segments ---- */

static struct walk *
open_walk(void)
{
	static const struct walk_limits limits = {
		.datagrams = 1, .bytes = 1500, .streams = 2, .prefix = LIMIT, .buffers = 2
	};
	static void *mem;

	if (mem == NULL)
		mem = malloc(walk_bytes(&limits));
	if (mem == NULL)
		abort();
	return walk_open(&limits, mem, (struct sipkey){ { 1, 2 } });
}

static void
send(struct walk *w, struct model *m, unsigned side, uint32_t seq, unsigned flags, const uint8_t *p,
     uint32_t n, uint32_t missing)
{
	size_t len = HEAD + n;
	uint8_t *b = malloc(len);

	if (b == NULL)
		abort();
	struct out o = out_init(b, HEAD);
	out_be(&o, 0x020000000002, 6);
	out_be(&o, 0x020000000001, 6);
	out_be(&o, 0x08004500, 4);
	out_be(&o, len + missing - 14, 2);
	out_be(&o, 0, 4);
	out_be(&o, 64 << 8 | 6, 2);
	out_be(&o, 0, 2);
	out_be(&o, side ? 0x0a000002 : 0x0a000001, 4);
	out_be(&o, side ? 0x0a000001 : 0x0a000002, 4);
	out_be(&o, side ? PORT : 40000, 2);
	out_be(&o, side ? 40000 : PORT, 2);
	out_be(&o, seq, 4);
	out_be(&o, 0, 4);
	out_be(&o, 0x5000 | flags, 2);
	out_be(&o, 0, 6);
	fail_if(o.n != HEAD);
	if (n)
		memcpy(b + HEAD, p, n);
	struct frame f = { .number = 1,
			   .linktype = 1,
			   .p = b,
			   .caplen = (uint32_t)len,
			   .wirelen = (uint32_t)len + missing };
	(void)walk_frame(w, &f, compare, m);
	free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint32_t isn[2] = { UINT32_MAX - 100, 7 };
	static struct model m;
	struct cursor c = cur_all(bytes_of(p, n));
	uint8_t stream[2][4 * LIMIT], data[4 * LIMIT];
	struct cursor text = cur_sub16(&c);
	struct walk *w = open_walk();

	if (!cur_ok(&c))
		return 0;
	memset(&m, 0, sizeof(m));
	for (size_t i = 0; i < sizeof(stream[0]); i++) {
		stream[0][i] = cur_u8(&text);
		stream[1][i] = cur_u8(&text);
	}
	m.side[0].limit = m.side[1].limit = LIMIT;
	send(w, &m, 0, isn[0] - 1, 2, NULL, 0, 0);
	send(w, &m, 1, isn[1] - 1, 18, NULL, 0, 0);
	for (unsigned k = 0; k < OPERATIONS_MAX && cur_left(&c) >= 4; k++) {
		unsigned choices = cur_u8(&c), side = choices & SERVER;
		uint32_t off = cur_u8(&c) + (choices & LONG ? 128u : 0),
			 len = (uint32_t)cur_u8(&c) >> (choices >> 5), cut;
		uint8_t other = cur_u8(&c);
		len = choices & LONG ? 2 * len : len;
		cut = choices & CUT && len ? 1 + other % len : 0;
		memcpy(data, stream[side] + off, len);
		if ((choices & CONTRADICT) && len)
			data[other % len] ^= (uint8_t)(other | 1);
		for (unsigned again = 0; again <= (choices & TWICE ? 1 : 0); again++) {
			struct side *s = &m.side[side];
			m.frame_flags = 0;
			if (!s->over && len)
				take_in(&m, s, off, data, len - cut, cut);
			next_message(&m, s);
			send(w, &m, side, isn[side] + off, 16, data, len - cut, cut);
		}
	}
	return 0;
}
