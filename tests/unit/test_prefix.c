/* prefix.c and the walk's stream part, with readers of this test's own: whatever order, size and company the segments
 * have, the same messages come, each once, and who sends two versions of a byte is told on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "prefix.h"
#include "walk.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { PORT = 700, OTHER_PORT = 701, MANY = 128, CLIENT = 0, SERVER = 1 };
enum { OVER = 0xff, LIE = 0xfe, REFUSE = 0xfd };

/* ---- readers ---- */

/* A message is a byte of length and that many bytes; the three highest lengths say something else.  The reader counts its
 * messages in its state. */
static unsigned calls;

static enum said
counted_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct stream *st = pkt->stream;
	uint64_t *mine = st->mine, *peer = st->peer;
	size_t n = cur_u8(c);

	calls++;
	assert_true(cur_ok(c));
	assert_true(st->first == (st->from == 0));
	if (n == REFUSE) {
		mine[1] = 99;
		return SAID_NO;
	}
	if (n == LIE)
		return SAID_BAD;
	st->done = n == OVER;
	if (n == OVER)
		n = 0;
	st->need = (uint32_t)n + 1;
	o->u.dns.msg = cur_clip(c, n).len == n ? bytes_of(c->base + 1, n) : bytes_of(c->base + 1, c->len - 1);
	o->u.dns.opcode = (uint8_t)mine[0];
	o->u.dns.rcode = (uint8_t)peer[0];
	o->u.dns.id = (uint16_t)st->from;
	o->u.dns.aa = st->client;
	if (o->u.dns.msg.n < n)
		return SAID_CUT;
	mine[0]++;
	return SAID_OK;
}

static bool
counted_starts(struct bytes head)
{
	return bytes_u8(head, 0) < 32 || bytes_u8(head, 0) == OVER;
}

static const struct dissector counted = {
	.name = "counted",
	.claims = { { CLAIM_TCP, PORT }, { CLAIM_TCP, OTHER_PORT } },
	.kind = OBS_DNS,
	.dissect = counted_dissect,
	.starts = counted_starts,
};

/* Asked after the ports: "shape" and one byte. */
static enum said
shape_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	static const uint8_t text[5] = { 's', 'h', 'a', 'p', 'e' };

	if (pkt->stream)
		assert_int_equal(((uint64_t *)pkt->stream->mine)[1], 0);
	while (cur_off(c) < 5)
		if (cur_u8(c) != text[cur_off(c) - 1] && cur_ok(c))
			return SAID_NO;
		else if (!cur_ok(c))
			return SAID_CUT;
	o->u.dns.msg = cur_take(c, 1);
	return cur_ok(c) ? SAID_OK : SAID_CUT;
}

static bool
shape_starts(struct bytes head)
{
	return bytes_u8(head, 0) == 's';
}

static const struct dissector shape = {
	.name = "shape",
	.claims = { { CLAIM_SHAPE_TCP, 0 }, { CLAIM_SHAPE_UDP, 0 } },
	.kind = OBS_NBNS,
	.dissect = shape_dissect,
	.starts = shape_starts,
};

extern const struct dissector dissector_ether, dissector_vlan, dissector_ipv4, dissector_ipv6, dissector_udp,
	dissector_tcp, dissector_icmp4;
const struct dissector *const dissectors[] = {
	&dissector_ether, &dissector_vlan,  &dissector_ipv4, &dissector_ipv6, &dissector_udp,
	&dissector_tcp,	  &dissector_icmp4, &counted,	     &shape,	      NULL
};

/* ---- a wire ---- */

struct got {
	uint16_t kind, flags, id;
	uint8_t n, b[256], mine, peer;
	bool client;
	uint64_t frame, digest;
	uint16_t sport;
};
struct rig {
	struct walk *w;
	void *mem;
	uint64_t frame;
	ts_t now;
	uint16_t iface, sport, dport;
	int vlan; /* -1: none */
	bool quoted;
	size_t cut; /* bytes that the capture lacks */
	struct got got[MANY];
	size_t n;
	uint16_t frame_flags;
};

static void
open_limited(struct rig *r, struct walk_limits l)
{
	size_t n;

	memset(r, 0, sizeof(*r));
	l.datagrams = 2;
	n = walk_bytes(&l);
	r->mem = malloc(n);
	assert_non_null(r->mem);
	memset(r->mem, 0xa5, n); /* memory need not be clean */
	r->w = walk_open(&l, r->mem, (struct sipkey){ { 5, 6 } });
	r->sport = 40000;
	r->dport = PORT;
	r->vlan = -1;
	calls = 0;
}

static void
open_rig(struct rig *r)
{
	open_limited(r, (struct walk_limits){ .streams = 64, .buffers = 16 });
}

static void
note(void *arg, const struct obs *o)
{
	struct rig *r = arg;
	struct got g = { .kind = o->kind, .flags = o->flags, .frame = o->frame, .digest = o->digest };

	if (o->kind == OBS_FRAME) {
		r->frame_flags = o->flags;
		return;
	}
	g.n = (uint8_t)o->u.dns.msg.n;
	if (g.n)
		memcpy(g.b, o->u.dns.msg.p, g.n);
	g.mine = o->u.dns.opcode;
	g.peer = o->u.dns.rcode;
	g.id = o->u.dns.id;
	g.client = o->u.dns.aa;
	g.sport = o->inner.sport;
	assert_true(r->n < MANY);
	r->got[r->n++] = g;
}

static void
be(uint8_t **p, uint64_t v, unsigned n)
{
	while (n-- > 0)
		*(*p)++ = (uint8_t)(v >> 8 * n);
}

static void
put_ip4(uint8_t **p, int side, size_t n, uint8_t proto)
{
	be(p, 0x4500, 2);
	be(p, n + 20, 2);
	be(p, 0, 4);
	be(p, 64u << 8 | proto, 2);
	be(p, 0, 2);
	be(p, side == CLIENT ? 0x0a000001 : 0x0a000002, 4);
	be(p, side == CLIENT ? 0x0a000002 : 0x0a000001, 4);
}

static void
frame(struct rig *r, uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n - r->cut);

	assert_non_null(copy);
	memcpy(copy, p, n - r->cut);
	struct frame f = { .ts = r->now,
			   .number = ++r->frame,
			   .iface = r->iface,
			   .linktype = 1,
			   .p = copy,
			   .caplen = (uint32_t)(n - r->cut),
			   .wirelen = (uint32_t)n };
	(void)walk_frame(r->w, &f, note, r);
	free(copy);
}

static void
segment_ack(struct rig *r, int side, uint32_t seq, uint32_t ack, unsigned flags, const void *data, size_t n)
{
	static uint8_t b[70000];
	uint8_t *p = b;

	be(&p, 0x020000000002, 6);
	be(&p, 0x020000000001, 6);
	if (r->vlan >= 0) {
		be(&p, 0x8100, 2);
		be(&p, (uint64_t)r->vlan, 2);
	}
	be(&p, 0x0800, 2);
	if (r->quoted) {
		put_ip4(&p, !side, n + 48, 1);
		be(&p, 0x0300, 8); /* RFC 792: destination unreachable */
		p[-8] = 3;
	}
	put_ip4(&p, side, n + 20, 6);
	be(&p, side == CLIENT ? r->sport : r->dport, 2);
	be(&p, side == CLIENT ? r->dport : r->sport, 2);
	be(&p, seq, 4);
	be(&p, ack, 4);
	be(&p, 0x5000 | flags, 2);
	be(&p, 0x20000000, 4);
	be(&p, 0, 2);
	if (n)
		memcpy(p, data, n);
	frame(r, b, (size_t)(p - b) + n);
}

static void
segment(struct rig *r, int side, uint32_t seq, unsigned flags, const void *data, size_t n)
{
	segment_ack(r, side, seq, 1, flags, data, n);
}

#define SEND(r, side, seq, text) segment((r), (side), (seq), ACK | PSH, (text), sizeof(text) - 1)

/* Client's first byte is 101, server's 501. */
static void
handshake(struct rig *r)
{
	segment_ack(r, CLIENT, 100, 0, SYN, NULL, 0);
	segment_ack(r, SERVER, 500, 101, SYN | ACK, NULL, 0);
}

static void
expect(const struct rig *r, size_t i, const char *text)
{
	assert_true(i < r->n);
	assert_int_equal(r->got[i].n, strlen(text));
	assert_memory_equal(r->got[i].b, text, strlen(text));
}

static void
done(struct rig *r)
{
	free(r->mem);
}

/* ---- one after the other ---- */

static void
test_messages(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101, "\3one\3two\5th");
	assert_int_equal(r.n, 2);
	expect(&r, 0, "one");
	expect(&r, 1, "two");
	assert_true(r.got[0].client);
	assert_int_equal(r.got[0].flags, 0);
	assert_int_not_equal(r.got[0].digest, r.got[1].digest);
	SEND(&r, SERVER, 501, "\4back");
	expect(&r, 2, "back");
	assert_false(r.got[2].client);
	assert_int_equal(r.got[2].peer, 2); /* what the client's reader counted */
	SEND(&r, CLIENT, 112, "ree\1x");
	expect(&r, 3, "three");
	expect(&r, 4, "x");
	assert_int_equal(r.got[3].frame, r.frame);
	assert_int_equal(r.got[3].id, 8);
	assert_int_equal(r.got[3].mine, 2);
	assert_int_equal(r.n, 5);
	assert_int_equal(walk_counts(r.w)[7].said[SAID_OK], 5);
	assert_int_equal(walk_counts(r.w)[7].said[SAID_CUT], 0); /* waiting is no answer */
	done(&r);
}

/* The reader is called at the first byte of a message and when all of it is there. */
static void
test_single_bytes(void **state)
{
	static const uint8_t text[] = "\11abcdefghi\2xy\12klmnopqrst";
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	for (uint32_t i = 0; i < sizeof(text) - 1; i++)
		segment(&r, CLIENT, 101 + i, ACK, text + i, 1);
	assert_int_equal(r.n, 3);
	expect(&r, 0, "abcdefghi");
	expect(&r, 1, "xy");
	expect(&r, 2, "klmnopqrst");
	assert_true(calls <= 6);
	done(&r);
}

/* Sequence numbers wrap, RFC 9293 3.4; the SYN may bring data, RFC 7413. */
static void
test_wrap_and_data_in_syn(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	segment_ack(&r, CLIENT, 0xfffffffc, 0, SYN, "\5he", 3);
	assert_int_equal(r.n, 0);
	segment(&r, CLIENT, 1, ACK, "lo\2", 3); /* offset 4 */
	assert_int_equal(r.n, 0);
	segment(&r, CLIENT, 0, ACK, "l", 1);
	assert_int_equal(r.n, 1);
	expect(&r, 0, "hello");
	segment(&r, CLIENT, 4, ACK, "ab", 2);
	expect(&r, 1, "ab");
	done(&r);
}

/* ---- any order ---- */

struct cut {
	uint32_t from, to;
};

static const uint8_t five[] = "\3abc\1d\5efghi";

static void
run_order(struct rig *r, const struct cut *cuts, const uint8_t *order, bool twice)
{
	r->n = 0;
	handshake(r);
	for (size_t i = 0; i < 5; i++)
		for (int again = 0; again <= twice; again++) {
			struct cut c = cuts[order[i]];
			segment(r, CLIENT, 101 + c.from, ACK, five + c.from, c.to - c.from);
			assert_int_equal(r->frame_flags, 0);
		}
	assert_int_equal(r->n, 3);
	expect(r, 0, "abc");
	expect(r, 1, "d");
	expect(r, 2, "efghi");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(r->got[i].flags, 0);
}

static void
all_orders(struct rig *r, const struct cut *cuts, bool twice)
{
	uint8_t order[5] = { 0, 1, 2, 3, 4 }, turn[5] = { 0 };
	size_t i = 0;

	run_order(r, cuts, order, twice);
	while (i < 5) { /* Heap's algorithm */
		if (turn[i] >= i) {
			turn[i++] = 0;
			continue;
		}
		uint8_t a = i % 2 ? turn[i] : 0, t = order[a];
		order[a] = order[i];
		order[i] = t;
		turn[i]++;
		i = 0;
		r->sport = r->sport == 65535 ? 40000 : r->sport + 1;
		run_order(r, cuts, order, twice);
	}
}

/* All 120 orders of five segments, for every way to cut the stream in five; overlapping ones too. */
static void
test_every_order(void **state)
{
	const uint32_t n = sizeof(five) - 1;
	struct rig r;

	(void)state;
	open_rig(&r);
	for (uint32_t a = 1; a < n; a++)
		for (uint32_t b = a + 1; b < n; b++)
			for (uint32_t c = b + 1; c < n; c++)
				for (uint32_t d = c + 1; d < n; d++) {
					struct cut cuts[5] = {
						{ 0, a }, { a, b }, { b, c }, { c, d }, { d, n }
					};
					r.sport = r.sport >= 65000 ? 40000 : r.sport + 1;
					r.now += 2 * PREFIX_SECONDS * TS_SEC; /* ports come again */
					all_orders(&r, cuts, (a + b + c + d) % 16 == 0);
					for (size_t k = 0; k < 5; k++)
						cuts[k].to = cuts[k].to + 2 > n ? n : cuts[k].to + 2;
					r.now += 2 * PREFIX_SECONDS * TS_SEC;
					if ((a + b + c + d) % 8 == 0)
						all_orders(&r, cuts, false);
				}
	done(&r);
}

static void
test_missing(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101, "\3abc\4d");
	SEND(&r, CLIENT, 109, "g\1x");
	assert_int_equal(r.n, 1); /* nothing behind the hole is read */
	SEND(&r, CLIENT, 107, "ef");
	assert_int_equal(r.n, 3);
	expect(&r, 1, "defg");
	done(&r);
}

/* ---- copies and contradictions ---- */

static void
test_copies(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	for (int i = 0; i < 2; i++) {
		handshake(&r);
		handshake(&r);
		SEND(&r, CLIENT, 101, "\3abc\1");
		SEND(&r, CLIENT, 101, "\3abc\1");
		SEND(&r, CLIENT, 103, "bc\1d");
		SEND(&r, CLIENT, 101, "\3abc\1d");
		assert_int_equal(r.frame_flags, 0);
	}
	assert_int_equal(r.n, 2);
	expect(&r, 0, "abc");
	expect(&r, 1, "d");
	assert_int_equal(r.got[1].flags, 0);
	done(&r);
}

/* The first version of a byte is what is read; that there is a second is said of the frame that brought it and of all that
 * is read afterwards, of that direction only. */
static void
test_conflict(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101, "\3abc\4de");
	assert_int_equal(r.got[0].flags, 0);
	SEND(&r, CLIENT, 106, "dEfg"); /* unread bytes */
	assert_int_equal(r.frame_flags, OBS_CONFLICT);
	assert_int_equal(r.n, 2);
	expect(&r, 1, "defg");
	assert_int_equal(r.got[1].flags, OBS_CONFLICT);
	SEND(&r, CLIENT, 110, "\1h");
	assert_int_equal(r.frame_flags, 0);
	assert_int_equal(r.got[2].flags, OBS_CONFLICT);
	SEND(&r, SERVER, 501, "\1s");
	assert_int_equal(r.got[3].flags, 0);
	done(&r);

	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101, "\3abc");
	SEND(&r, CLIENT, 102, "xyz"); /* bytes that were read */
	assert_int_equal(r.frame_flags, OBS_CONFLICT);
	assert_int_equal(r.n, 1);
	SEND(&r, CLIENT, 105, "\1d");
	assert_int_equal(r.got[1].flags, OBS_CONFLICT);
	done(&r);

	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 103, "b"); /* behind a hole */
	SEND(&r, CLIENT, 101, "\3aXc");
	assert_int_equal(r.frame_flags, OBS_CONFLICT);
	expect(&r, 0, "abc");
	assert_int_equal(r.got[0].flags, OBS_CONFLICT);
	done(&r);
}

/* RFC 9293 3.8.4: the byte of a keep-alive may be any; 3.8.6.1: the byte of a window probe is the next one. */
static void
test_probes(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	segment(&r, CLIENT, 100, ACK, "Z", 1);
	SEND(&r, CLIENT, 101, "\3abc");
	segment(&r, CLIENT, 104, ACK, "Z", 1);
	assert_int_equal(r.frame_flags, 0);
	segment(&r, CLIENT, 105, ACK, "\3", 1);
	segment(&r, CLIENT, 105, ACK, "\3", 1);
	SEND(&r, CLIENT, 105, "\3def");
	assert_int_equal(r.n, 2);
	expect(&r, 1, "def");
	assert_int_equal(r.got[1].flags, 0);
	done(&r);
}

/* ---- where it begins and ends ---- */

static void
test_midstream(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	SEND(&r, CLIENT, 7000, "zzzz"); /* no message begins so */
	segment(&r, CLIENT, 7004, ACK, "\3", 1);
	SEND(&r, CLIENT, 7010, "\3a");
	assert_int_equal(r.n, 0);
	SEND(&r, CLIENT, 7012, "bc\1d");
	assert_int_equal(r.n, 2);
	expect(&r, 0, "abc");
	assert_int_equal(r.got[0].flags, OBS_MIDSTREAM);
	assert_true(r.got[0].client); /* the higher port */
	SEND(&r, CLIENT, 7000, "\1q");
	assert_int_equal(r.n, 2); /* from before we came in */
	SEND(&r, SERVER, 900, "\1e");
	assert_int_equal(r.got[2].flags, OBS_MIDSTREAM);
	assert_false(r.got[2].client);
	assert_int_equal(r.got[2].peer, 2);
	/* a refused one may begin later */
	r.sport++;
	r.dport = 9999;
	SEND(&r, CLIENT, 1, "sha_");
	SEND(&r, CLIENT, 5, "shapeX");
	assert_int_equal(r.n, 4);
	expect(&r, 3, "X");
	done(&r);
}

/* What is over stays over until a SYN says otherwise; data is no beginning, whatever it looks like. */
static void
test_over(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101, "\1a\xff\1b");
	assert_int_equal(r.n, 2);
	SEND(&r, CLIENT, 104, "\1b");
	SEND(&r, CLIENT, 9104, "\1b");
	handshake(&r); /* the mirror's late copy */
	SEND(&r, CLIENT, 101, "\1a");
	SEND(&r, CLIENT, 106, "\1b");
	assert_int_equal(r.n, 2);
	segment(&r, CLIENT, 2000, SYN, NULL, 0);
	SEND(&r, CLIENT, 2001, "\1c");
	assert_int_equal(r.n, 3);
	expect(&r, 2, "c");
	assert_int_equal(r.got[2].mine, 0); /* nothing is left of the other one */
	SEND(&r, CLIENT, 2003, "\xfe\1q");
	assert_int_equal(r.n, 4); /* a lie is told, and the end */
	assert_int_equal(r.got[3].flags, OBS_BAD);
	SEND(&r, CLIENT, 2005, "\1b");
	assert_int_equal(r.n, 4);
	done(&r);
}

/* A connection that was left without a word, and its ports again: the data decides which one it is. */
static void
test_second_syn(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101, "\3abc\3d");
	SEND(&r, SERVER, 501, "\1s");
	segment(&r, CLIENT, 90000, SYN, NULL, 0); /* forged */
	SEND(&r, CLIENT, 107, "ef");
	expect(&r, 2, "def");
	segment(&r, CLIENT, 108, SYN, NULL, 0); /* forged where the stream is */
	SEND(&r, CLIENT, 109, "\1g");
	expect(&r, 3, "g");
	segment_ack(&r, CLIENT, 70000, 0, SYN, NULL, 0); /* and now a true one */
	segment_ack(&r, SERVER, 80000, 70001, SYN | ACK, NULL, 0);
	SEND(&r, CLIENT, 70002, "h");
	SEND(&r, CLIENT, 70001, "\1");
	SEND(&r, SERVER, 80001, "\1i");
	assert_int_equal(r.n, 6);
	expect(&r, 4, "h");
	expect(&r, 5, "i");
	assert_int_equal(r.got[4].mine, 0);
	assert_int_equal(r.got[5].flags, 0);
	done(&r);
}

/* The answer to a SYN that was not seen says where it was; the answer may be seen first. */
static void
test_half_a_handshake(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	r.sport = 80; /* ports say nothing of who is the client */
	segment_ack(&r, SERVER, 500, 101, SYN | ACK, NULL, 0);
	SEND(&r, CLIENT, 103, "bc");
	SEND(&r, CLIENT, 101, "\3a");
	expect(&r, 0, "abc");
	assert_int_equal(r.got[0].flags, 0);
	assert_true(r.got[0].client);
	r.sport++;
	segment_ack(&r, SERVER, 500, 101, SYN | ACK, NULL, 0);
	segment_ack(&r, CLIENT, 100, 0, SYN, NULL, 0);
	SEND(&r, SERVER, 501, "\1a");
	SEND(&r, CLIENT, 101, "\1b");
	assert_int_equal(r.n, 3);
	assert_true(r.got[2].client);
	done(&r);
}

/* FIN and RST can be forged; they cost nothing to survive. */
static void
test_forged_end(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101, "\3abc");
	segment(&r, CLIENT, 105, FIN | ACK, NULL, 0);
	segment(&r, SERVER, 501, RST, NULL, 0);
	SEND(&r, CLIENT, 105, "\3de");
	segment(&r, CLIENT, 108, RST, NULL, 0);
	SEND(&r, CLIENT, 108, "f");
	SEND(&r, SERVER, 501, "\1s");
	assert_int_equal(r.n, 3);
	expect(&r, 1, "def");
	expect(&r, 2, "s");
	segment(&r, CLIENT, 109, FIN | PSH | ACK, "\2gh", 3);
	expect(&r, 3, "gh");
	done(&r);
}

static void
test_separate(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101, "\3ab");
	r.iface = 1;
	SEND(&r, CLIENT, 104, "c");
	r.iface = 0;
	r.vlan = 5;
	SEND(&r, CLIENT, 104, "c");
	r.vlan = -1;
	r.quoted = true;
	SEND(&r, CLIENT, 104, "X"); /* not traffic of its own */
	r.quoted = false;
	assert_int_equal(r.n, 0);
	SEND(&r, CLIENT, 104, "c");
	assert_int_equal(r.n, 1);
	assert_int_equal(r.got[0].flags, 0);
	uint64_t digest = r.got[0].digest;
	r.iface = 1; /* a second mirror: the same message in other segments has the same digest */
	handshake(&r);
	SEND(&r, CLIENT, 101, "\3abc");
	assert_int_equal(r.got[1].digest, digest);
	done(&r);
}

/* ---- who reads ---- */

static void
test_claimants(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 101,
	     "\xfdshapeX"); /* the port's reader said no: the shape does not see its state, and refuses */
	SEND(&r, CLIENT, 108, "\1a");
	assert_int_equal(r.n, 0);
	SEND(&r, SERVER, 501, "\1b"); /* by the source port */
	assert_int_equal(r.n, 1);
	r.sport = 1000;
	r.dport = 1001;
	handshake(&r);
	SEND(&r, SERVER, 501, "sh");
	SEND(&r, SERVER, 503, "ape");
	SEND(&r, SERVER, 506, "Xshape");
	SEND(&r, SERVER, 512, "Yother");
	assert_int_equal(r.n, 3);
	assert_int_equal(r.got[1].kind, OBS_NBNS);
	expect(&r, 1, "X");
	expect(&r, 2, "Y");
	assert_int_equal(walk_counts(r.w)[8].said[SAID_NO], 2);
	done(&r);
}

static void
udp(struct rig *r, uint16_t sport, uint16_t dport, const char *text)
{
	uint8_t b[200], *p = b;
	size_t n = strlen(text);

	be(&p, 0x020000000002, 6);
	be(&p, 0x020000000001, 6);
	be(&p, 0x0800, 2);
	put_ip4(&p, CLIENT, n + 8, 17);
	be(&p, sport, 2);
	be(&p, dport, 2);
	be(&p, n + 8, 2);
	be(&p, 0xdead, 2); /* wrong: only what somebody looks at is summed up */
	memcpy(p, text, n);
	frame(r, b, (size_t)(p - b) + n);
}

static void
test_udp_shape(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	udp(&r, 1000, 1001, "shapeX");
	assert_int_equal(r.n, 1);
	assert_int_equal(r.got[0].kind, OBS_NBNS);
	assert_int_equal(r.got[0].flags, OBS_SUM_BAD);
	udp(&r, 1000, 1001, "xhapeX");
	assert_int_equal(r.frame_flags, 0);
	udp(&r, 1000, 1001, "short");
	assert_int_equal(r.n, 1);
	assert_int_equal(walk_counts(r.w)[8].said[SAID_NO], 1);
	done(&r);
}

/* ---- limits ---- */

/* What the capture cut is a hole that nothing fills: what is before it is read, as in a datagram. */
static void
test_cut_by_the_capture(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	r.cut = 2;
	SEND(&r, CLIENT, 101, "\3abc\4defg");
	r.cut = 0;
	assert_int_equal(r.n, 2);
	expect(&r, 0, "abc");
	assert_int_equal(r.got[0].flags, 0);
	expect(&r, 1, "de");
	assert_int_equal(r.got[1].flags, OBS_CUT);
	SEND(&r, CLIENT, 110, "\1h");
	assert_int_equal(r.n, 2);
	r.sport++;
	handshake(&r);
	r.cut = 2;
	SEND(&r, CLIENT, 105, "\1xyz"); /* out of order */
	r.cut = 0;
	SEND(&r, CLIENT, 101, "\3abc");
	assert_int_equal(r.n, 4);
	expect(&r, 3, "x");
	SEND(&r, CLIENT, 107, "\1z");
	assert_int_equal(r.n, 4);
	r.sport++;
	handshake(&r);
	r.cut = 5;
	SEND(&r, CLIENT, 101, "\4abcd"); /* nothing left of it */
	assert_int_equal(r.n, 4);
	done(&r);
}

static void
test_prefix_ends(void **state)
{
	struct rig r;

	(void)state;
	open_limited(&r, (struct walk_limits){ .streams = 4, .buffers = 2, .prefix = 64 });
	handshake(&r);
	for (uint32_t i = 0; i < 12; i++)
		SEND(&r, CLIENT, 101 + 5 * i, "\4abcd");
	assert_int_equal(r.n, 12);
	SEND(&r, CLIENT, 161, "\4abcd");
	assert_int_equal(r.n, 13);
	expect(&r, 12, "abc");
	assert_int_equal(r.got[12].flags, OBS_CUT);
	SEND(&r, CLIENT, 166, "\4abcd");
	assert_int_equal(r.n, 13);
	done(&r);
}

/* Buffers are few: who waits for bytes in the one used longest ago has lost; who has read all of his goes on. */
static void
test_few_buffers(void **state)
{
	struct rig r;

	(void)state;
	open_limited(&r, (struct walk_limits){ .streams = 16, .buffers = 2 });
	for (uint16_t k = 0; k < 4; k++) {
		r.sport = 40000 + k;
		handshake(&r);
		if (k % 2)
			SEND(&r, CLIENT, 101, "\3abc");
		else
			SEND(&r, CLIENT, 101, "\3ab");
	}
	assert_int_equal(r.n, 2);
	r.sport = 40000;
	SEND(&r, CLIENT, 104, "c\1d");
	assert_int_equal(r.n, 2);
	r.sport = 40001;
	SEND(&r, CLIENT, 105, "\1e");
	assert_int_equal(r.n, 3);
	expect(&r, 2, "e");
	done(&r);
}

/* Connections are few, too, and live as long as they are used. */
static void
test_few_streams(void **state)
{
	struct rig r;

	(void)state;
	open_limited(&r, (struct walk_limits){ .streams = 2, .buffers = 2 });
	for (uint16_t k = 0; k < 3; k++) {
		r.sport = 40000 + k;
		handshake(&r);
	}
	r.sport = 40002;
	SEND(&r, CLIENT, 103, "bc");
	SEND(&r, CLIENT, 101, "\3a");
	assert_int_equal(r.got[0].flags, 0);
	r.sport = 40000; /* forgotten: we come in again */
	SEND(&r, CLIENT, 101, "\3abc");
	assert_int_equal(r.got[1].flags, OBS_MIDSTREAM);
	r.now += (PREFIX_SECONDS + 1) * TS_SEC;
	SEND(&r, CLIENT, 105, "\3abc");
	assert_int_equal(r.n, 3);
	assert_int_equal(r.got[2].id, 0);
	r.now -= 2 * PREFIX_SECONDS * TS_SEC; /* the clock goes back: no harm */
	SEND(&r, CLIENT, 109, "\3def");
	assert_int_equal(r.n, 4);
	done(&r);
}

/* A hole that will not be filled any more, and data that is nowhere near. */
static void
test_useless(void **state)
{
	struct rig r;

	(void)state;
	open_rig(&r);
	handshake(&r);
	SEND(&r, CLIENT, 103, "bc");
	for (uint32_t i = 0; i < PREFIX_USELESS; i++)
		SEND(&r, CLIENT, 101 + PREFIX_BYTES + 4 * i, "far!");
	SEND(&r, CLIENT, 101, "\3a");
	assert_int_equal(r.n, 0);
	r.sport++;
	handshake(&r);
	SEND(&r, CLIENT, 50, "before");
	SEND(&r, CLIENT, 0x80000101, "\1a");
	SEND(&r, CLIENT, 101, "\3abc");
	assert_int_equal(r.n, 1);
	done(&r);
}

/* A segment of 64 KiB (offload) and one that is longer than the prefix. */
static void
test_long_segments(void **state)
{
	static uint8_t b[65000];
	struct rig r;

	(void)state;
	open_rig(&r);
	for (size_t i = 0; i < sizeof(b); i += 251)
		b[i] = 250;
	handshake(&r);
	segment(&r, CLIENT, 101, ACK, b, sizeof(b));
	assert_int_equal(r.n, PREFIX_BYTES / 251 + 1);
	assert_int_equal(r.got[r.n - 2].flags, 0);
	assert_int_equal(r.got[r.n - 1].flags, OBS_CUT);
	assert_int_equal(r.got[r.n - 1].n, PREFIX_BYTES % 251 - 1);
	done(&r);
}

/* Addresses that mix to the same slot cost time only: with one slot for all the same messages come. */
static void
test_marks(void **state)
{
	struct prefix_limits l = { .streams = 1, .bytes = 64, .buffers = 1 };
	struct ends e = { .src = addr4(10, 0, 0, 1), .dst = addr4(10, 0, 0, 2), .sport = 1, .dport = 2 };
	struct prefixes p;
	void *mem = malloc(prefix_bytes(l));
	unsigned marks[8] = { 0 };

	(void)state;
	assert_non_null(mem);
	prefix_open(&p, l, mem, (struct sipkey){ { 1, 2 } });
	assert_int_equal(p.live_mask, 7);
	for (e.sport = 1; e.sport <= 8000; e.sport++)
		marks[prefix_mark(&p, &e)]++;
	for (size_t i = 0; i < 8; i++)
		assert_in_range(marks[i], 800, 1200);
	free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_single_bytes),
		cmocka_unit_test(test_wrap_and_data_in_syn),
		cmocka_unit_test(test_every_order),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_conflict),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_midstream),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_second_syn),
		cmocka_unit_test(test_half_a_handshake),
		cmocka_unit_test(test_forged_end),
		cmocka_unit_test(test_separate),
		cmocka_unit_test(test_claimants),
		cmocka_unit_test(test_udp_shape),
		cmocka_unit_test(test_cut_by_the_capture),
		cmocka_unit_test(test_prefix_ends),
		cmocka_unit_test(test_few_buffers),
		cmocka_unit_test(test_few_streams),
		cmocka_unit_test(test_useless),
		cmocka_unit_test(test_long_segments),
		cmocka_unit_test(test_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
