/* Claims are looked up in small tables of 256 slots a kind, built once from the registry: a frame that nobody reads
 * costs one load for each of its layers and two for its ports. */
#include "walk.h"
#include "layer.h"
#include "mhash.h"
#include "prefix.h"

enum {
	SLOTS = 256,
	DATAGRAMS = 256,
	DATAGRAM_BYTES = 65535,
	SCRATCH_BYTES = 65536, /* every byte of one message, joined once */
	JOIN_MAX = 4096,       /* of one option: no sane server comes near, and memory stays small */
};

struct claimant {
	const struct dissector *d;
	uint16_t value, next; /* next in the slot; 0 ends, n is claimant n - 1 */
	uint16_t nth;	      /* of the registry */
};

struct walk {
	struct nhash hash;
	struct frag frag;
	const struct prefix *mirrors;
	size_t nmirrors;
	bool mirrors_declared;
	struct prefixes prefix;
	struct prefix_seg seg; /* of the frame in hand */
	struct walk_count *count;
	struct claimant *claimant;
	uint16_t slot[CLAIM_KINDS][SLOTS];
	uint8_t *scratch;
	size_t scratch_used;
	struct digests *digests;
	bool ja;
	struct { /* the frame as it was before a quoted packet, which is not traffic of its own */
		struct ends ends;
		uint16_t flags;
		uint8_t ipdepth;
	} quoting;
};

/* What of the union is cleared before a leaf is called; 0 means all. */
static const uint16_t record_bytes[OBS_KINDS] = {
	[OBS_ARP] = sizeof(struct arp),
	[OBS_ND] = sizeof(struct nd),
	[OBS_DHCP4] = offsetof(struct dhcp4, opt),
	[OBS_DHCP6] = sizeof(struct dhcp6),
	[OBS_DNS] = sizeof(struct dns),
	[OBS_NBNS] = sizeof(struct nbns),
	[OBS_TEREDO] = sizeof(struct teredo),
	[OBS_TUNNEL6] = sizeof(struct tunnel6),
	[OBS_TLS] = sizeof(struct tls),
	[OBS_HTTP] = sizeof(struct http),
	[OBS_AUTH] = sizeof(struct auth),
};

static size_t
round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static struct walk_limits
limits_of(const struct walk_limits *l)
{
	struct walk_limits n = l ? *l : (struct walk_limits){ 0 };

	if (n.datagrams == 0)
		n.datagrams = DATAGRAMS;
	if (n.bytes == 0 || n.bytes > DATAGRAM_BYTES)
		n.bytes = DATAGRAM_BYTES;
	return n;
}

static struct prefix_limits
prefix_limits_of(const struct walk_limits *l)
{
	if (l == NULL)
		return (struct prefix_limits){ 0 };
	return (struct prefix_limits){ .streams = l->streams, .bytes = l->prefix, .buffers = l->buffers };
}

static size_t
registry_size(size_t *claims)
{
	size_t n = 0;

	*claims = 0;
	for (; dissectors[n] != NULL; n++)
		for (size_t i = 0; i < CLAIMS_MAX && dissectors[n]->claims[i].kind != CLAIM_NONE; i++)
			++*claims;
	return n;
}

size_t
walk_bytes(const struct walk_limits *limits)
{
	struct walk_limits l = limits_of(limits);
	size_t claims, n = registry_size(&claims);

	return round8(sizeof(struct walk)) + round8(n * sizeof(struct walk_count)) +
	       round8(claims * sizeof(struct claimant)) + round8(sizeof(struct digests)) + SCRATCH_BYTES +
	       round8(frag_bytes(l.datagrams, l.bytes)) + prefix_bytes(prefix_limits_of(limits));
}

static size_t
slot_of(uint16_t value)
{
	return (value ^ value >> 8) & (SLOTS - 1);
}

/* Claimants of one value stay in the order of the registry. */
static void
claim(struct walk *w, uint16_t i, const struct claim *c)
{
	uint16_t *link = &w->slot[c->kind][slot_of(c->value)];

	while (*link != 0)
		link = &w->claimant[*link - 1].next;
	*link = (uint16_t)(i + 1);
}

struct walk *
walk_open(const struct walk_limits *limits, void *mem, struct sipkey key)
{
	struct walk_limits l = limits_of(limits);
	size_t claims, n = registry_size(&claims);
	uint8_t *p = mem;
	struct walk *w = mem;

	memset(w, 0, sizeof(*w));
	nhash_open(&w->hash, &key);
	w->ja = true;
	w->mirrors = l.mirrors;
	w->nmirrors = l.nmirrors;
	w->mirrors_declared = l.mirrors_declared;
	p += round8(sizeof(*w));
	w->count = (void *)p;
	memset(w->count, 0, n * sizeof(*w->count));
	p += round8(n * sizeof(*w->count));
	w->claimant = (void *)p;
	p += round8(claims * sizeof(*w->claimant));
	w->digests = (void *)p;
	for (size_t i = 0; i < DIGEST_SLOTS; i++)
		w->digests->slot[i].n = 0;
	p += round8(sizeof(*w->digests));
	w->scratch = p;
	p += SCRATCH_BYTES;
	frag_open(&w->frag, l.datagrams, l.bytes, p, key);
	p += round8(frag_bytes(l.datagrams, l.bytes));
	prefix_open(&w->prefix, prefix_limits_of(limits), p, key);

	uint16_t k = 0;
	for (size_t d = 0; d < n; d++)
		for (size_t i = 0; i < CLAIMS_MAX && dissectors[d]->claims[i].kind != CLAIM_NONE; i++, k++) {
			const struct claim *c = &dissectors[d]->claims[i];
			w->claimant[k] = (struct claimant){ dissectors[d], c->value, 0, (uint16_t)d };
			claim(w, k, c);
		}
	return w;
}

const struct walk_count *
walk_counts(const struct walk *w)
{
	return w->count;
}

void
walk_set_ja(struct walk *w, bool ja)
{
	w->ja = ja;
}

bool
walk_ja(const struct walk *w)
{
	return w->ja;
}

struct digest_pair
walk_digest(struct walk *w, struct bytes der)
{
	return digest_pair(w->digests, der);
}

struct bytes
walk_scratch_join(struct walk *w, const struct bytes *parts, size_t n, bool *too_long)
{
	uint8_t *to = w->scratch + w->scratch_used;
	size_t room = SCRATCH_BYTES - w->scratch_used, used = 0;

	if (room > JOIN_MAX)
		room = JOIN_MAX;
	*too_long = false;
	for (size_t i = 0; i < n && !*too_long; i++) {
		size_t take = parts[i].n;
		if (take > room - used) {
			take = room - used;
			*too_long = true;
		}
		if (take > 0)
			memcpy(to + used, parts[i].p, take);
		used += take;
	}
	w->scratch_used += used;
	return bytes_of(to, used);
}

struct out
walk_scratch_out(struct walk *w, size_t cap)
{
	size_t room = SCRATCH_BYTES - w->scratch_used;

	return out_init(w->scratch + w->scratch_used, cap < room ? cap : room);
}

struct bytes
walk_scratch_keep(struct walk *w, const struct out *o)
{
	w->scratch_used += o->n;
	return out_bytes(o);
}

void
layer_note(struct pkt *pkt, const struct cursor *c, const char *what)
{
	pkt->flags |= c->why == CUR_CUT ? OBS_CUT : OBS_BAD;
	if (pkt->bad_what == NULL) {
		pkt->bad_what = what;
		pkt->bad_off = (uint32_t)cur_off(c);
	}
}

enum said
layer_fail(struct pkt *pkt, struct cursor *c, const char *what)
{
	cur_fail(c, CUR_BAD);
	layer_note(pkt, c, what);
	return said(c);
}

bool
layer_ip(struct pkt *pkt)
{
	if (pkt->ipdepth == IP_DEPTH_MAX)
		return false;
	if (pkt->ipdepth == 1)
		pkt->outer = pkt->ends;
	pkt->ipdepth++;
	pkt->ends.sport = pkt->ends.dport = 0;
	pkt->final_dst = (struct addr){ 0 };
	pkt->sum_len = 0;
	pkt->seen = true;
	return true;
}

/* What is known of a packet before its first header. */
static void
nothing_yet(struct pkt *pkt)
{
	pkt->ends = (struct ends){ 0 };
	pkt->flags = pkt->ethertype = pkt->sum_len = pkt->payload = 0;
	pkt->ipdepth = pkt->tcp_flags = 0;
	pkt->final_dst.fam = 0;
	pkt->dgram_head.p = pkt->dgram_body.p = NULL;
	pkt->dgram_head.n = pkt->dgram_body.n = 0;
	pkt->bad_what = NULL;
	pkt->bad_off = 0;
}

bool
layer_may_mirror(const struct pkt *pkt)
{
	const struct walk *w = pkt->w;

	for (size_t i = 0; i < w->nmirrors; i++)
		if (addr_in(pkt->ends.src, w->mirrors[i]))
			return true;
	return !w->mirrors_declared;
}

bool
layer_mirror(struct pkt *pkt)
{
	if (pkt->nmirror == MIRROR_MAX)
		return false;
	nothing_yet(pkt);
	pkt->nmirror++;
	pkt->flags = OBS_MIRRORED;
	return true;
}

void
layer_quote(struct pkt *pkt, struct cursor *c, uint16_t ethertype)
{
	if (pkt->flags & OBS_QUOTED)
		return; /* RFC 4443 2.4 (e.1): no error about an error */
	pkt->w->quoting.ends = pkt->ends;
	pkt->w->quoting.flags = pkt->flags;
	pkt->w->quoting.ipdepth = pkt->ipdepth;
	pkt->flags |= OBS_QUOTED;
	layer_next(pkt, c, CLAIM_ETHER, ethertype);
	pkt->inner.cut = true;
}

static const struct {
	const char *what;
	uint16_t flag;
	enum said said;
} frag_answers[] = {
	[FRAG_HELD] = { NULL, OBS_FRAGMENTED, SAID_OK },
	[FRAG_COPY] = { NULL, OBS_FRAGMENTED, SAID_OK },
	[FRAG_WHOLE] = { NULL, OBS_FRAGMENTED, SAID_OK },
	[FRAG_OVERLAP] = { "fragments that overlap", OBS_FRAGMENTED | OBS_OVERLAP, SAID_BAD },
	[FRAG_MANY] = { "more fragments than are kept", OBS_FRAGMENTED, SAID_BAD },
	[FRAG_BAD] = { "fragment offset or length", OBS_FRAGMENTED, SAID_BAD },
};

bool
layer_fragment(struct pkt *pkt, struct cursor *body, const struct frag_piece *p, uint32_t id, uint8_t proto,
	       struct frag_whole *whole, enum said *said_)
{
	struct frag_key key;

	memset(&key, 0, sizeof(key));
	key.src = pkt->ends.src;
	key.dst = pkt->ends.dst;
	key.proto = proto;
	key.id = id;
	key.iface = pkt->f->iface;
	key.nvlan = pkt->ends.nvlan;
	key.nwhole = pkt->nwhole;
	memcpy(key.vlan, pkt->ends.vlan, sizeof(key.vlan));
	enum frag_said s = frag_add(&pkt->w->frag, &key, p, pkt->f->ts, whole);
	pkt->flags |= frag_answers[s].flag;
	*said_ = frag_answers[s].said;
	if (frag_answers[s].what)
		layer_note(pkt, body, frag_answers[s].what);
	if (s != FRAG_WHOLE)
		return false;
	if (whole->overlap)
		pkt->flags |= OBS_OVERLAP;
	pkt->dgram_body = whole->data;
	pkt->nwhole++;
	return true;
}

bool
layer_part(struct pkt *pkt, const struct cursor *piece, uint32_t off, enum said *said_)
{
	struct cursor end = *piece;

	cur_skip(&end, cur_left(&end));
	cur_skip(&end, 1);
	*said_ = layer_fail(pkt, &end, "fragment that is not whole");
	return off == 0 && cur_end(&end) == CUR_CUT;
}

/* Sum of 16-bit words in one's complement, RFC 1071; the odd last byte counts as the high one.  Four words at a time as the
 * machine reads them: the sum of swapped words is the swapped sum (section 2 (B) there). */
static uint64_t
sum16(struct bytes b)
{
	const uint16_t one = 1;
	uint64_t sum = 0;
	uint8_t little;
	size_t i = 0;

	for (; b.n - i >= HASH_WORD; i += HASH_WORD) {
		uint64_t wide = hash_word(b.p + i);
		sum += (wide & UINT32_MAX) + (wide >> 32); /* no carry: at most 2^13 times */
	}
	while (sum >> 16)
		sum = (sum >> 16) + (sum & UINT16_MAX);
	memcpy(&little, &one, sizeof(little));
	if (little)
		sum = (sum & 0xff) << 8 | sum >> 8;
	for (; b.n - i >= 2; i += 2)
		sum += bytes_be16(b, i);
	return i < b.n ? sum + ((uint64_t)bytes_u8(b, i) << 8) : sum;
}

bool
layer_sum_known(const struct pkt *pkt, const struct cursor *msg)
{
	return !msg->cut && !(pkt->flags & OBS_QUOTED) && pkt->sum_len != 0 && pkt->sum_len == msg->len;
}

bool
layer_sum_ok(const struct pkt *pkt, struct bytes msg, uint8_t proto)
{
	const struct addr *dst = addr_set(pkt->final_dst) ? &pkt->final_dst : &pkt->ends.dst;
	size_t n = pkt->ends.src.fam == 4 ? 4 : 16;
	uint64_t sum = sum16(msg) + msg.n + proto;

	sum += sum16(bytes_of(pkt->ends.src.b, n)) + sum16(bytes_of(dst->b, n));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* Does anybody claim this value?  With `head` only who thinks that a message could begin so. */
static bool
claimed(const struct walk *w, unsigned kind, uint16_t value, const struct bytes *head)
{
	for (uint16_t i = w->slot[kind][slot_of(value)]; i != 0; i = w->claimant[i - 1].next) {
		const struct claimant *c = &w->claimant[i - 1];
		if (c->value == value && (head == NULL || c->d->starts == NULL || c->d->starts(*head)))
			return true;
	}
	return false;
}

bool
layer_claimed(const struct pkt *pkt, struct bytes payload)
{
	const struct walk *w = pkt->w;

	return claimed(w, CLAIM_UDP, pkt->ends.dport, NULL) || claimed(w, CLAIM_UDP, pkt->ends.sport, NULL) ||
	       (payload.n > 0 && claimed(w, CLAIM_SHAPE_UDP, 0, &payload));
}

/* Without its SYN a stream is believed to begin where it looks like it.  One byte is no beginning: it may be a keep-alive,
 * of which RFC 9293 3.8.4 says that it may be any. */
static bool
stream_may_start(const struct walk *w, const struct ends *n, struct bytes head)
{
	return head.n > 1 &&
	       (claimed(w, CLAIM_TCP, n->dport, &head) || claimed(w, CLAIM_TCP, n->sport, &head) ||
		claimed(w, CLAIM_SHAPE_TCP, 0, &head));
}

void
layer_segment(struct pkt *pkt, struct cursor *c, size_t len)
{
	struct walk *w = pkt->w;
	struct cursor look = *c;
	bool opens = pkt->tcp_flags & TCP_SYN;

	if ((pkt->flags & OBS_QUOTED) || (len == 0 && !(pkt->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))))
		return;
	uint32_t mark = prefix_mark(&w->prefix, &pkt->ends);
	if (!opens && !prefix_live(&w->prefix, mark) && !stream_may_start(w, &pkt->ends, cur_rest(&look)))
		return;
	w->seg.mark = mark;
	w->seg.len = len > UINT16_MAX ? UINT16_MAX : (uint32_t)len;
	layer_next(pkt, c, CLAIM_TCP, pkt->ends.dport);
}

/* What two copies of one datagram have in common: not the link header, and not what a router changes.  Keyed, so
 * that nobody can make a message look like the copy of another one. */
static uint64_t
digest_of(const struct pkt *pkt)
{
	uint8_t head[NHASH_HEAD];
	size_t n = pkt->dgram_head.n < sizeof(head) ? pkt->dgram_head.n : sizeof(head);

	if (n > 0)
		memcpy(head, pkt->dgram_head.p, n);
	if (pkt->ends.src.fam == 4)
		head[8] = head[10] = head[11] = 0; /* TTL, header checksum */
	else if (pkt->ends.src.fam == 6)
		head[7] = 0; /* hop limit */
	return nhash(&pkt->w->hash, bytes_of(head, n), pkt->dgram_body);
}

static void
fill(struct obs *o, const struct frame *f)
{
	o->ts = f->ts;
	o->frame = f->number;
	o->file = f->file;
	o->iface = f->iface;
}

/* The same for a message out of a stream: where it stands there and what it says, whatever segments brought it. */
static uint64_t
digest_of_stream(const struct pkt *pkt, uint32_t seq, struct bytes message)
{
	uint8_t text[NHASH_HEAD];
	struct out t = out_init(text, sizeof(text));

	out_put(&t, pkt->ends.src.b, sizeof(pkt->ends.src.b));
	out_put(&t, pkt->ends.dst.b, sizeof(pkt->ends.dst.b));
	out_be(&t, pkt->ends.sport, 2);
	out_be(&t, pkt->ends.dport, 2);
	out_be(&t, seq, 4);
	return nhash(&pkt->w->hash, out_bytes(&t), message);
}

static void
deliver(const struct pkt *pkt, enum said s, struct obs *o, uint64_t digest, walk_obs *fn, void *arg)
{
	fill(o, pkt->f);
	o->flags |= pkt->flags;
	if (s == SAID_CUT)
		o->flags |= OBS_CUT;
	if (s == SAID_BAD)
		o->flags |= OBS_BAD;
	if (o->bad_what == NULL && pkt->bad_what != NULL) {
		o->bad_what = pkt->bad_what;
		o->bad_off = pkt->bad_off;
	}
	o->depth = pkt->ipdepth > 1 ? (uint8_t)(pkt->ipdepth - 1) : 0;
	o->inner = pkt->ends;
	memcpy(&o->outer, o->depth ? &pkt->outer : &pkt->ends, sizeof(o->outer));
	o->digest = digest;
	fn(arg, o);
}

/* The innermost datagram as one view, where it lies in one piece. */
static struct bytes
datagram_of(const struct pkt *pkt)
{
	struct bytes h = pkt->dgram_head, b = pkt->dgram_body;

	if ((pkt->flags & (OBS_QUOTED | OBS_FRAGMENTED)) || h.p == NULL || b.p != h.p + h.n)
		return (struct bytes){ NULL, 0 };
	return bytes_of(h.p, h.n + b.n);
}

/* Who talked, without content; a quoted packet did not talk. */
static void
deliver_frame(const struct pkt *pkt, struct obs *o, walk_obs *fn, void *arg)
{
	uint8_t ipdepth = pkt->ipdepth;
	const struct ends *ends = &pkt->ends;

	fill(o, pkt->f);
	o->kind = OBS_FRAME;
	o->by = NULL;
	o->digest = 0;
	o->u.seen.ethertype = pkt->ethertype;
	if (pkt->flags & OBS_QUOTED) {
		ipdepth = pkt->w->quoting.ipdepth;
		o->flags = pkt->w->quoting.flags;
		o->bad_what = NULL;
		o->bad_off = 0;
		ends = &pkt->w->quoting.ends;
		o->u.seen.tcp_flags = 0;
		o->u.seen.payload = 0;
	} else {
		o->flags = pkt->flags;
		o->bad_what = pkt->bad_what;
		o->bad_off = pkt->bad_off;
		o->u.seen.tcp_flags = pkt->tcp_flags;
		o->u.seen.payload = pkt->payload;
	}
	o->u.seen.datagram = datagram_of(pkt);
	o->depth = ipdepth > 1 ? (uint8_t)(ipdepth - 1) : 0;
	memcpy(&o->inner, ends, sizeof(o->inner));
	memcpy(&o->outer, o->depth ? &pkt->outer : ends, sizeof(o->outer));
	fn(arg, o);
}

/* What a leaf finds in its record. */
static void
prepare(struct obs *o, const struct dissector *d)
{
	size_t n = d->kind < OBS_KINDS ? record_bytes[d->kind] : 0;

	memset(&o->u, 0, n ? n : sizeof(o->u));
	o->kind = d->kind;
	o->by = d;
	o->flags = 0;
	o->bad_off = 0;
	o->bad_what = NULL;
}

static void
explain(struct obs *o, enum said s, const struct cursor *c, const char *cut)
{
	if (o->bad_what != NULL || (s != SAID_CUT && s != SAID_BAD))
		return;
	o->bad_what = s == SAID_CUT ? cut : "lengths run past the end";
	o->bad_off = (uint32_t)cur_off(c);
}

/* A layer that is the `last` to be asked may use up the packet's own cursor: most are, and a copy costs. */
static enum said
call(struct pkt *pkt, const struct dissector *d, bool last, struct obs *o, walk_obs *fn, void *arg)
{
	if (d->kind == OBS_NONE && last)
		return d->dissect(&pkt->inner, pkt, o);
	struct cursor c = pkt->inner;
	if (d->kind == OBS_NONE)
		return d->dissect(&c, pkt, o);
	prepare(o, d);
	enum said s = d->dissect(&c, pkt, o);
	if (s == SAID_NO || o->kind == OBS_NONE)
		return s;
	explain(o, s, &c, "the capture ends inside");
	deliver(pkt, s, o, digest_of(pkt), fn, arg);
	return s;
}

static struct bytes
payload_of(const struct pkt *pkt)
{
	struct cursor c = pkt->inner;

	return cur_rest(&c);
}

/* Asks the claimants of one value in their order until one does not say no. */
static enum said
ask(struct pkt *pkt, unsigned kind, uint16_t value, struct obs *o, walk_obs *fn, void *arg)
{
	struct walk *w = pkt->w;

	for (uint16_t i = w->slot[kind][slot_of(value)]; i != 0;) {
		const struct claimant *c = &w->claimant[i - 1];
		i = c->next;
		if (c->value != value)
			continue;
		if (kind == CLAIM_SHAPE_UDP && c->d->starts && !c->d->starts(payload_of(pkt)))
			continue;
		enum said s = call(pkt, c->d, i == 0 && kind < CLAIM_UDP, o, fn, arg);
		w->count[c->nth].said[s]++;
		if (s != SAID_NO)
			return s;
	}
	return SAID_NO;
}

/* Who may read this direction, in the order in which they are asked; NULL: nobody is left. */
static const struct claimant *
candidate(const struct pkt *pkt, unsigned n, bool late)
{
	const struct claim asked[] = { { CLAIM_TCP, pkt->ends.dport },
				       { CLAIM_TCP, pkt->ends.sport },
				       { CLAIM_SHAPE_TCP, 0 } };
	const struct walk *w = pkt->w;

	for (size_t k = 0; k < NELEM(asked); k++)
		for (uint16_t i = w->slot[asked[k].kind][slot_of(asked[k].value)]; i != 0;) {
			const struct claimant *c = &w->claimant[i - 1];
			i = c->next;
			if (c->value == asked[k].value && (c->d->late || !late) && n-- == 0)
				return c;
		}
	return NULL;
}

/* One call of a reader with the bytes that wait; `used`: how far it read.  A message that is not complete is not delivered,
 * and its scratch is given back, as is that of one that was: its views have died. */
static enum said
call_reader(struct pkt *pkt, const struct claimant *reader, struct bytes b, struct stream *st, struct obs *o,
	    size_t *used, walk_obs *fn, void *arg)
{
	struct walk *w = pkt->w;
	struct cursor c = cur_init(b, b.n + 1); /* a stream goes on */
	size_t scratch = w->scratch_used;
	bool cut = w->seg.data.n < w->seg.len;

	prepare(o, reader->d);
	pkt->stream = st;
	enum said s = reader->d->dissect(&c, pkt, o);
	pkt->stream = NULL;
	pkt->next.kind = CLAIM_NONE;
	*used = cur_off(&c);
	if (s != SAID_CUT || st->last)
		w->count[reader->nth].said[s]++;
	if (s != SAID_NO && o->kind != OBS_NONE && (s != SAID_CUT || st->last)) {
		explain(o, s, &c, cut ? "the capture ends inside" : "longer than what is kept of a stream");
		c.why = CUR_OK;
		c.off = 0;
		struct bytes message = cur_take(&c, *used);
		uint32_t seq = w->seg.dir->isn + (uint32_t)st->from;
		deliver(pkt, s, o, digest_of_stream(pkt, seq, message), fn, arg);
	}
	w->scratch_used = scratch;
	return s;
}

/* Reads messages as long as they come; says in `seg` how it goes on. */
static enum said
read_stream(struct pkt *pkt, struct obs *o, walk_obs *fn, void *arg)
{
	struct walk *w = pkt->w;
	struct prefix_seg *seg = &w->seg;
	struct prefix_dir *d = seg->dir, *peer = &seg->flow->dir[!seg->side];
	enum said result = SAID_OK;
	bool last, late = d->mid && seg->flow->refused[seg->side];

	for (;;) {
		struct bytes b = prefix_unread(&w->prefix, seg, &last);
		if (b.n == 0)
			return result;
		const struct claimant *reader =
			d->reader ? &w->claimant[d->reader - 1] : candidate(pkt, d->tried, late);
		if (reader == NULL) {
			seg->verdict = PREFIX_REFUSED;
			return result;
		}
		if (!d->reader && d->mid && reader->d->starts && !reader->d->starts(b)) {
			d->tried++;
			continue;
		}
		struct stream st = { .from = d->read,
				     .last = last,
				     .first = !d->reader,
				     .mine = d->mine,
				     .peer = peer->mine };
		st.client = seg->flow->client ? seg->flow->client == 1 + seg->side
					      : pkt->ends.sport > pkt->ends.dport;
		size_t used;
		enum said s = call_reader(pkt, reader, b, &st, o, &used, fn, arg);
		if (s == SAID_NO && !d->reader) {
			d->tried++;
			memset(d->mine, 0, sizeof(d->mine));
			continue;
		}
		if (s == SAID_CUT && !last && !st.done) {
			uint32_t more = st.need > b.n ? st.need : (uint32_t)b.n + 1;
			d->need = more < d->limit - d->read ? d->read + more : d->limit;
			return result;
		}
		d->reader = (uint16_t)(reader - w->claimant + 1);
		d->read += (uint32_t)used;
		if (s == SAID_OK && st.passed && !st.first) {
			d->reader = 0;
			d->tried = 0;
			memset(d->mine, 0, sizeof(d->mine));
			continue;
		}
		if (s != SAID_OK)
			result = s;
		if (s != SAID_OK || st.done || used == 0) {
			seg->verdict = PREFIX_OVER;
			return result;
		}
	}
}

/* The segment's bytes in their place, and what can be read then. */
static enum said
follow(struct pkt *pkt, struct obs *o, walk_obs *fn, void *arg)
{
	struct prefixes *p = &pkt->w->prefix;
	struct prefix_seg *seg = &pkt->w->seg;
	uint16_t flags = pkt->flags;

	if (prefix_store(p, seg))
		flags |= OBS_CONFLICT;
	pkt->flags |= (seg->dir->conflict ? OBS_CONFLICT : 0) | (seg->dir->mid ? OBS_MIDSTREAM : 0);
	enum said s = read_stream(pkt, o, fn, arg);
	pkt->flags = flags;
	return s;
}

/* A TCP segment of a stream that is read, or that may begin here. */
static enum said
segment(struct pkt *pkt, struct obs *o, walk_obs *fn, void *arg)
{
	struct prefixes *p = &pkt->w->prefix;
	struct prefix_seg *seg = &pkt->w->seg;

	prefix_key(seg, &pkt->ends, pkt->f->iface);
	seg->seq = pkt->tcp_seq;
	seg->ack = pkt->tcp_ack;
	seg->flags = pkt->tcp_flags;
	seg->data = payload_of(pkt);
	seg->now = pkt->f->ts;
	seg->verdict = PREFIX_GOES_ON;
	/* A total length of 0: what the capture has, and more where it is cut.  One of more than came: that came to nobody. */
	if (seg->len <= seg->data.n || !pkt->inner.cut)
		seg->len = (uint32_t)seg->data.n + pkt->inner.cut;
	if (!prefix_find(p, seg) && !(stream_may_start(pkt->w, &pkt->ends, seg->data) && prefix_pick(p, seg)))
		return SAID_OK;
	enum said s = follow(pkt, o, fn, arg);
	bool later = seg->verdict == PREFIX_REFUSED && !seg->dir->mid;
	if (later)
		seg->flow->refused[seg->side] = seg->dir->mid = true; /* what is wanted may begin later */
	prefix_settle(p, seg);
	if (later && stream_may_start(pkt->w, &pkt->ends, seg->data) &&
	    prefix_pick(p, seg)) { /* perhaps here */
		seg->verdict = PREFIX_GOES_ON;
		seg->fresh = (struct bytes){ NULL, 0 };
		s = follow(pkt, o, fn, arg);
		prefix_settle(p, seg);
	}
	return s;
}

/* Field by field: `outer` is valid from the second IP header on, and clearing it would cost more than a layer. */
static void
begin(struct pkt *pkt, struct walk *w, const struct frame *f)
{
	pkt->f = f;
	pkt->w = w;
	pkt->next.kind = CLAIM_LINK;
	pkt->next.value = f->linktype;
	pkt->inner.base = f->p;
	pkt->inner.off = 0;
	pkt->inner.len = f->caplen;
	pkt->inner.cut = f->wirelen > f->caplen;
	pkt->inner.why = CUR_OK;
	nothing_yet(pkt);
	pkt->nlayer = pkt->nmirror = pkt->nwhole = 0;
	pkt->seen = false;
	pkt->stream = NULL;
	w->scratch_used = 0;
}

/* A segment that is nobody's: true, and it was delivered. */
static bool
bulk(struct walk *w, const struct frame *f, struct obs *o, walk_obs *fn, void *arg)
{
	struct bytes data;

	if (!layer_bulk(f, o, &data))
		return false;
	if (o->u.seen.payload > 0 && (prefix_live(&w->prefix, prefix_mark(&w->prefix, &o->inner)) ||
				      stream_may_start(w, &o->inner, data)))
		return false;
	fill(o, f);
	o->kind = OBS_FRAME;
	o->by = NULL;
	o->digest = 0;
	o->flags = 0;
	o->bad_what = NULL;
	o->bad_off = 0;
	o->depth = 0;
	memcpy(&o->outer, &o->inner, sizeof(o->outer));
	fn(arg, o);
	return true;
}

enum said
walk_frame(struct walk *w, const struct frame *f, walk_obs *fn, void *arg)
{
	struct obs o;
	struct pkt pkt;
	enum said result = SAID_OK;

	if (bulk(w, f, &o, fn, arg))
		return SAID_OK;
	begin(&pkt, w, f);
	while (pkt.next.kind != CLAIM_NONE && pkt.next.kind < CLAIM_KINDS) {
		unsigned kind = pkt.next.kind;
		uint16_t value = pkt.next.value;
		if (pkt.nlayer++ == LAYERS_MAX) {
			result = layer_fail(&pkt, &pkt.inner, "more layers than are read");
			break;
		}
		pkt.next.kind = CLAIM_NONE;
		if (kind == CLAIM_TCP) {
			enum said t = segment(&pkt, &o, fn, arg);
			result = t == SAID_OK ? result : t;
			continue;
		}
		enum said s = ask(&pkt, kind, value, &o, fn, arg);
		if (s == SAID_NO && kind == CLAIM_UDP && pkt.ends.sport != value)
			s = ask(&pkt, kind, pkt.ends.sport, &o, fn, arg);
		if (s == SAID_NO && kind == CLAIM_UDP)
			s = ask(&pkt, CLAIM_SHAPE_UDP, 0, &o, fn, arg);
		if (s == SAID_NO && kind == CLAIM_LINK)
			return SAID_NO;
		if (s == SAID_CUT || s == SAID_BAD)
			result = s;
	}
	if (pkt.seen)
		deliver_frame(&pkt, &o, fn, arg);
	return result;
}
