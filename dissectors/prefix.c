#include "prefix.h"

enum { WORD = 64, LIVE_PER_STREAM = 8 };

/* A buffer of one direction. */
struct prefix_buf {
	struct prefix_dir *dir;
	uint32_t from; /* what came before was let go */
	uint32_t high; /* nothing from here on came yet */
};
struct held_key {
	uint32_t slot, side;
};

static struct table_spec
flows_spec(const struct prefix_limits *m)
{
	return (struct table_spec){ .name = "streams",
				    .key = sizeof(struct prefix_key),
				    .value = sizeof(struct prefix_flow),
				    .capacity = m->streams,
				    .lifetime = PREFIX_SECONDS * TS_SEC };
}

static struct table_spec
held_spec(const struct prefix_limits *m)
{
	return (struct table_spec){ .name = "stream buffers",
				    .key = sizeof(struct held_key),
				    .value = sizeof(struct prefix_buf),
				    .capacity = m->buffers };
}

/* Zero means the default; bytes in whole words, so that bits and bytes stay aligned. */
static struct prefix_limits
limits_of(struct prefix_limits m)
{
	if (m.streams == 0)
		m.streams = PREFIX_STREAMS;
	if (m.streams > PREFIX_STREAMS_MAX)
		m.streams = PREFIX_STREAMS_MAX;
	if (m.bytes == 0)
		m.bytes = PREFIX_BYTES;
	if (m.bytes > PREFIX_BYTES_MAX)
		m.bytes = PREFIX_BYTES_MAX;
	if (m.buffers == 0)
		m.buffers = PREFIX_BUFFERS;
	m.bytes = (m.bytes + WORD - 1) / WORD * WORD;
	return m;
}

static uint32_t
live_slots(const struct prefix_limits *m)
{
	uint32_t n = 1;

	while (n < m->streams * LIVE_PER_STREAM)
		n <<= 1;
	return n;
}

static size_t
buffer_bytes(const struct prefix_limits *m)
{
	return m->bytes / 8 + m->bytes;
}

size_t
prefix_bytes(struct prefix_limits limits)
{
	struct prefix_limits m = limits_of(limits);
	struct table_spec flows = flows_spec(&m), held = held_spec(&m);

	return table_bytes(&flows) + table_bytes(&held) + m.buffers * buffer_bytes(&m) +
	       live_slots(&m) * sizeof(uint16_t);
}

/* The buffer's own direction hears of it. */
static void
on_held_drop(void *arg, const void *key, void *value)
{
	struct prefixes *p = arg;
	struct prefix_buf *b = value;
	struct prefix_dir *d = b->dir;

	(void)key;
	d->buf = NULL;
	if (d->state != PREFIX_OPEN || (d->read == d->have && b->high <= d->have))
		return;
	d->state = PREFIX_DONE;
	p->live[d->mark]--;
	p->lost++;
}

/* Over: no buffer, and not live. */
static void
close_dir(struct prefixes *p, struct prefix_dir *d, enum prefix_state state)
{
	if (d->state == PREFIX_OPEN)
		p->live[d->mark]--;
	d->state = (uint8_t)state;
	if (d->buf)
		table_drop(&p->held, d->buf);
}

static void
on_flow_drop(void *arg, const void *key, void *value)
{
	struct prefixes *p = arg;
	struct prefix_flow *f = value;

	(void)key;
	close_dir(p, &f->dir[0], PREFIX_NONE);
	close_dir(p, &f->dir[1], PREFIX_NONE);
}

void
prefix_open(struct prefixes *p, struct prefix_limits limits, void *mem, struct sipkey key)
{
	struct prefix_limits m = limits_of(limits);
	struct table_spec flows = flows_spec(&m), held = held_spec(&m);
	uint8_t *at = mem;

	memset(p, 0, sizeof(*p));
	p->max = m;
	table_open(&p->flows, &flows, at, key);
	at += table_bytes(&flows);
	table_open(&p->held, &held, at, key);
	at += table_bytes(&held);
	p->bytes = at;
	at += m.buffers * buffer_bytes(&m);
	p->live = (void *)at;
	p->live_mask = live_slots(&m) - 1;
	memset(p->live, 0, (p->live_mask + 1) * sizeof(*p->live));
	p->mix = siphash(&key, "live", 4);
	p->flows.on_drop = on_flow_drop;
	p->held.on_drop = on_held_drop;
	p->flows.arg = p->held.arg = p;
}

uint32_t
prefix_mark(const struct prefixes *p, const struct ends *e)
{
	uint64_t s[2], d[2], h = p->mix;

	memcpy(s, e->src.b, sizeof(s));
	memcpy(d, e->dst.b, sizeof(d));
	h = mix64(h, s[0] ^ (uint64_t)e->sport << 48 ^ (uint64_t)e->dport << 32);
	h = mix64(h, d[0]);
	if (e->src.fam == 6)
		h = mix64(mix64(h, s[1]), d[1]);
	return (uint32_t)(h >> 16) & p->live_mask;
}

void
prefix_key(struct prefix_seg *s, const struct ends *e, uint16_t iface)
{
	struct prefix_key *k = &s->key;
	int order = memcmp(&e->src, &e->dst, sizeof(e->src));

	memset(k, 0, sizeof(*k));
	s->side = order > 0 || (order == 0 && e->sport > e->dport);
	k->end[s->side] = e->src;
	k->end[!s->side] = e->dst;
	k->port[s->side] = e->sport;
	k->port[!s->side] = e->dport;
	k->iface = iface;
	k->nvlan = e->nvlan;
	memcpy(k->vlan, e->vlan, sizeof(k->vlan));
}

/* The direction begins at sequence number `isn`; what the readers noted is gone. */
static void
start(struct prefixes *p, struct prefix_dir *d, uint32_t isn, uint32_t mark)
{
	close_dir(p, d, PREFIX_NONE);
	memset(d, 0, sizeof(*d));
	d->state = PREFIX_OPEN;
	d->isn = isn;
	d->mark = mark;
	d->limit = p->max.bytes;
	p->live[mark]++;
}

/* RFC 9293 3.5: the first byte follows the SYN. */
static void
syn(struct prefixes *p, struct prefix_dir *d, uint32_t isn, uint32_t mark)
{
	if (d->state == PREFIX_NONE || (d->state == PREFIX_DONE && d->isn != isn)) {
		start(p, d, isn, mark);
		d->syn = true;
	} else if (d->isn != isn) {
		d->alt = isn;
		d->has_alt = true;
	}
}

static uint32_t
peer_mark(const struct prefixes *p, const struct prefix_seg *s)
{
	struct ends e = { .src = s->key.end[!s->side],
			  .dst = s->key.end[s->side],
			  .sport = s->key.port[!s->side],
			  .dport = s->key.port[s->side] };

	return prefix_mark(p, &e);
}

static void
handshake(struct prefixes *p, struct prefix_seg *s)
{
	struct prefix_dir *d = &s->flow->dir[s->side], *peer = &s->flow->dir[!s->side];

	if (s->flags & TCP_ACK) {
		if (peer->state == PREFIX_NONE) { /* the SYN was not seen: its answer says where it was */
			start(p, peer, s->ack, peer_mark(p, s));
			peer->syn = true;
		}
		if (s->flow->client == 0)
			s->flow->client = 1 + !s->side;
	} else {
		if (d->state == PREFIX_DONE && d->isn != s->seq + 1) {
			if (peer->state == PREFIX_DONE)
				close_dir(p, peer, PREFIX_NONE);
			s->flow->client = 0;
		}
		if (s->flow->client == 0)
			s->flow->client = 1 + s->side;
	}
	syn(p, d, s->seq + 1, s->mark);
}

/* Data where another SYN said it would be, and not where it was so far: another connection, or the only true one. */
static void
switch_over(struct prefixes *p, struct prefix_seg *s)
{
	struct prefix_dir *d = &s->flow->dir[s->side], *peer = &s->flow->dir[!s->side];
	bool used = d->have > 0 || d->buf;

	start(p, d, d->alt, s->mark);
	d->syn = true;
	if (used && !peer->has_alt && (peer->have > 0 || peer->state == PREFIX_DONE))
		close_dir(p, peer, PREFIX_NONE);
}

bool
prefix_find(struct prefixes *p, struct prefix_seg *s)
{
	bool opens = (s->flags & TCP_SYN) && !(s->flags & TCP_RST);

	s->fresh = (struct bytes){ NULL, 0 };
	s->spare = false;
	if (opens)
		s->flow = table_get(&p->flows, &s->key, s->now, NULL);
	else
		s->flow = prefix_live(p, s->mark) ? table_find(&p->flows, &s->key, s->now) : NULL;
	if (s->flow == NULL)
		return false;
	if (opens) {
		handshake(p, s);
		s->seq++;
	}
	s->dir = &s->flow->dir[s->side];
	if (s->dir->state == PREFIX_OPEN && s->dir->has_alt && s->len > 0 &&
	    s->seq - s->dir->alt < s->dir->limit && s->seq - s->dir->isn >= s->dir->limit)
		switch_over(p, s);
	return s->dir->state == PREFIX_OPEN;
}

bool
prefix_pick(struct prefixes *p, struct prefix_seg *s)
{
	s->flow = table_peek(&p->flows, &s->key);
	if (s->flow && ts_sub(s->now, table_used_at(&p->flows, s->flow)) > PREFIX_SECONDS * TS_SEC) {
		table_drop(&p->flows, s->flow);
		s->flow = NULL;
	}
	s->spare = s->flow == NULL;
	if (s->spare) {
		memset(&p->spare, 0, sizeof(p->spare));
		s->flow = &p->spare;
	}
	s->dir = &s->flow->dir[s->side];
	if (s->dir->state != PREFIX_NONE)
		return false;
	start(p, s->dir, s->seq, s->mark);
	s->dir->mid = true;
	return true;
}

static uint64_t *
bits_of(const struct prefixes *p, const struct prefix_buf *b)
{
	return (void *)(p->bytes + table_slot(&p->held, b) * buffer_bytes(&p->max));
}

static uint8_t *
bytes_at(const struct prefixes *p, const struct prefix_buf *b)
{
	return (uint8_t *)bits_of(p, b) + p->max.bytes / 8;
}

static bool
bit(const uint64_t *bits, uint32_t i)
{
	return bits[i / WORD] >> i % WORD & 1;
}

static void
set_bits(uint64_t *bits, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t low = from % WORD, n = WORD - low < to - from ? WORD - low : to - from;
		uint64_t ones = n == WORD ? UINT64_MAX : (UINT64_C(1) << n) - 1;
		bits[from / WORD] |= ones << low;
		from += n;
	}
}

/* Bytes [from, to) that nobody contradicts any more or that came first; true where one differs. */
static bool
write_bytes(struct prefixes *p, struct prefix_buf *b, uint32_t from, struct bytes data)
{
	uint64_t *bits = bits_of(p, b);
	uint8_t *to = bytes_at(p, b);
	uint32_t n = (uint32_t)data.n, i = 0;
	bool differs = false;

	for (; i < n && from + i < b->high; i++) {
		if (!bit(bits, from + i))
			to[from + i] = bytes_u8(data, i);
		else if (to[from + i] != bytes_u8(data, i))
			differs = true;
	}
	if (i < n)
		bytes_copy(data, i, to + from + i, n - i);
	set_bits(bits, from, from + n);
	if (from + n > b->high)
		b->high = from + n;
	return differs;
}

static void
advance(const struct prefixes *p, struct prefix_dir *d)
{
	const uint64_t *bits = bits_of(p, d->buf);
	uint32_t end = d->buf->high < d->limit ? d->buf->high : d->limit;

	while (d->have < end && bit(bits, d->have))
		d->have += d->have % WORD == 0 && bits[d->have / WORD] == UINT64_MAX ? WORD : 1;
	if (d->have > end)
		d->have = end;
}

/* A buffer for what comes from `have` on. */
static void
attach(struct prefixes *p, struct prefix_seg *s)
{
	struct held_key key = { table_slot(&p->flows, s->flow), s->side };

	s->dir->buf = table_get(&p->held, &key, s->now, NULL);
	s->dir->buf->dir = s->dir;
	s->dir->buf->from = s->dir->buf->high = s->dir->have - (uint32_t)s->fresh.n;
	memset(bits_of(p, s->dir->buf), 0, p->max.bytes / 8);
}

/* The part of the segment that is in [low, limit); notes a hole that the capture left. */
static struct bytes
clip(const struct prefixes *p, struct prefix_dir *d, const struct prefix_seg *s, uint32_t *from)
{
	struct cursor c = cur_all(s->data);
	int64_t at = (int32_t)(s->seq - d->isn); /* serial arithmetic, RFC 9293 3.4 */
	int64_t low = d->buf ? d->buf->from : d->have, hole = at + (int64_t)s->data.n;

	if (at < low) {
		cur_skip(&c, (uint64_t)(low - at) < s->data.n ? (size_t)(low - at) : s->data.n);
		at = low;
	}
	*from = at < d->limit ? (uint32_t)at : d->limit;
	struct bytes part = cur_take(&c, cur_left(&c) < d->limit - *from ? cur_left(&c) : d->limit - *from);
	bool filled = d->buf && hole >= 0 && hole < d->buf->high && bit(bits_of(p, d->buf), (uint32_t)hole);
	if (s->data.n < s->len && hole >= d->have && hole < d->limit && !filled)
		d->limit = (uint32_t)hole;
	return part;
}

/* RFC 9293 3.8.4: one byte that was sent before, and it may be any. */
static bool
keep_alive(const struct prefix_dir *d, const struct prefix_seg *s)
{
	return s->len == 1 && s->seq + 1 == d->isn + d->have && (d->buf == NULL || d->buf->high <= d->have);
}

bool
prefix_store(struct prefixes *p, struct prefix_seg *s)
{
	struct prefix_dir *d = s->dir;
	int64_t at = (int32_t)(s->seq - d->isn);
	uint32_t from;

	if (s->len == 0 || keep_alive(d, s))
		return false;
	if ((at < 0 || at >= d->limit) && ++d->useless >= PREFIX_USELESS) {
		close_dir(p, d, PREFIX_DONE);
		return false;
	}
	struct bytes part = clip(p, d, s, &from);
	if (part.n == 0)
		return false;
	if (d->buf == NULL && from == d->have) {
		s->fresh = part; /* in order and nothing before it: read where it is */
		d->have += (uint32_t)part.n;
		return false;
	}
	if (d->buf == NULL)
		attach(p, s);
	else
		(void)table_find(&p->held, table_key(&p->held, d->buf), s->now);
	bool differs = write_bytes(p, d->buf, from, part);
	advance(p, d);
	p->conflicts += differs;
	d->conflict |= differs;
	return differs;
}

struct bytes
prefix_unread(const struct prefixes *p, const struct prefix_seg *s, bool *last)
{
	const struct prefix_dir *d = s->dir;
	struct bytes none = { NULL, 0 };

	*last = d->have == d->limit;
	if (d->state != PREFIX_OPEN || d->read == d->have || (d->have < d->need && !*last))
		return none;
	struct bytes all = s->fresh.n ? s->fresh : bytes_of(bytes_at(p, d->buf), d->have);
	struct cursor c = cur_all(all);
	cur_skip(&c, all.n - (d->have - d->read));
	return cur_rest(&c);
}

/* A connection that nobody knew gets its entry. */
static void
enter(struct prefixes *p, struct prefix_seg *s)
{
	s->flow = table_get(&p->flows, &s->key, s->now, NULL);
	*s->flow = p->spare;
	s->dir = &s->flow->dir[s->side];
	s->spare = false;
}

void
prefix_settle(struct prefixes *p, struct prefix_seg *s)
{
	if (s->verdict == PREFIX_REFUSED && s->dir->mid) {
		close_dir(p, s->dir, PREFIX_NONE);
		return;
	}
	if (s->spare)
		enter(p, s);
	struct prefix_dir *d = s->dir;
	if (d->state != PREFIX_OPEN || s->verdict != PREFIX_GOES_ON || d->have == d->limit) {
		close_dir(p, d, PREFIX_DONE);
		return;
	}
	if (s->fresh.n) {
		attach(p, s);
		(void)write_bytes(p, d->buf, d->have - (uint32_t)s->fresh.n, s->fresh);
	}
	if ((s->flags & (TCP_FIN | TCP_RST)) && d->buf && d->read == d->have && d->buf->high <= d->have)
		table_drop(&p->held, d->buf);
}
