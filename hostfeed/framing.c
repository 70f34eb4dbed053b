/* The readers of a connection's bytes as one; the simplest of them, documents one after the other; and the bytes that must
 * be put together or inflated before they can be read. */
#include <stdlib.h>

#include "framing_parts.h"
#include "hostev.h"

enum { QUANTUM = 4096 };

static framing_step *const readers[] = {
	[FRAMING_STREAM] = stream_step,
	[FRAMING_LUMBERJACK] = lumberjack_step,
	[FRAMING_HTTP] = http_step,
};

enum framing_said
framing_bad(struct framing_item *item, const char *what)
{
	item->what = what;
	return FRAMING_BAD;
}

static void
too_long(struct framing_item *item, uint64_t n)
{
	item->too_long++;
	item->skipped += n;
}

bool
stream_next(struct frame *f, struct bytes have, bool eof, struct framing_item *item)
{
	for (;;) {
		size_t n = 0;
		uint64_t dropped = f->dropped;
		bool promised = f->count > HOSTFEED_DOC_MAX; /* by an octet count */
		enum frame_said said = frame_next(f, have, eof, &n);
		bool is_long = f->at > HOSTFEED_DOC_MAX || promised || dropped > 0;
		if (said == FRAME_MORE && is_long)
			n = frame_drop(f);
		if (said == FRAME_MORE && eof && f->dropped > 0) { /* it ends here */
			too_long(item, f->dropped);
			*f = (struct frame){ 0 };
		}
		/* a comment is as long as a document at most; blanks may be any number */
		if (said == FRAME_LEAD && (dropped > 0 || (n > HOSTFEED_DOC_MAX && bytes_u8(have, 0) == '<')))
			too_long(item, dropped + n);
		if (said == FRAME_DOC && (n > HOSTFEED_DOC_MAX || promised)) {
			too_long(item, n);
			said = FRAME_LEAD;
		}
		item->used += n;
		if (said == FRAME_DOC) {
			item->bytes = bytes_of(have.p, n);
			return true;
		}
		if (said == FRAME_MORE)
			return false;
		have = bytes_behind(have, n);
	}
}

enum framing_said
stream_step(struct framing *f, struct bytes have, bool eof, struct framing_item *item)
{
	if (stream_next(&f->frame, have, eof, item))
		return FRAMING_DOC;
	return eof ? FRAMING_CLOSE : FRAMING_MORE;
}

struct gather *
gather_open(bool inflating)
{
	struct gather *g = malloc(sizeof(*g));
	if (g == NULL)
		return NULL;
	memset(g, 0, offsetof(struct gather, buf));
	g->inflating = inflating;
	if (inflating && inflateInit2(&g->z, 15 + 32) != Z_OK) { /* 32: zlib or gzip, by their heads */
		free(g);
		return NULL;
	}
	return g;
}

void
gather_close(struct gather *g)
{
	if (g != NULL && g->inflating)
		(void)inflateEnd(&g->z);
	free(g);
}

struct bytes
gather_unread(const struct gather *g)
{
	return bytes_of(g->buf + g->off, g->n - g->off);
}

void
gather_take(struct gather *g, size_t n)
{
	g->off += n;
	if (g->off == g->n)
		g->off = g->n = 0;
}

/* Up to a multiple of QUANTUM at a time: what counts as a bomb does not depend on how the bytes came. */
static void
inflate_some(struct gather *g)
{
	size_t room = sizeof(g->buf) - g->n, step = QUANTUM - (size_t)(g->out % QUANTUM);
	uInt in = g->z.avail_in;
	step = step < room ? step : room;
	g->z.next_out = g->buf + g->n;
	g->z.avail_out = (uInt)step;
	int said = inflate(&g->z, Z_NO_FLUSH);
	step -= g->z.avail_out;
	g->in += in - g->z.avail_in;
	g->out += step;
	g->n += step;
	if (said == Z_STREAM_END)
		g->ended = true;
	else if (said == Z_MEM_ERROR)
		g->what = "no memory to inflate";
	else if (said != Z_OK && said != Z_BUF_ERROR)
		g->what = "compressed bytes that are damaged";
	else if (g->out % QUANTUM == 0 && g->out > HOSTFEED_DOC_MAX &&
		 g->out - HOSTFEED_DOC_MAX > g->in * FRAMING_INFLATE_RATIO)
		g->what = "a zip bomb: it inflates to more than 256 times its size";
}

static void
inflate_more(struct gather *g, struct bytes in, size_t *used)
{
	uint64_t before;
	uInt left;
	g->z.next_in = (z_const Bytef *)(uintptr_t)in.p; /* zlib does not write there, and does not say so */
	g->z.avail_in = (uInt)in.n;
	do {
		before = g->out;
		left = g->z.avail_in;
		inflate_some(g);
	} while (!g->ended && g->what == NULL && g->n < sizeof(g->buf) &&
		 (g->out > before || g->z.avail_in < left));
	*used = in.n - g->z.avail_in;
	g->z.next_in = NULL;
}

/* What came out before the error is good, and is told first. */
const char *
gather_add(struct gather *g, struct bytes in, size_t *used)
{
	*used = 0;
	if (g->off > 0) {
		memmove(g->buf, g->buf + g->off, g->n - g->off);
		g->n -= g->off;
		g->off = 0;
	}
	if (g->what == NULL && g->ended && in.n > 0)
		g->what = "bytes behind the end of what was compressed";
	if (g->what != NULL)
		return g->what;
	size_t before = g->n;
	if (g->inflating) {
		if (!g->ended)
			inflate_more(g, in, used);
		return g->n > before ? NULL : g->what;
	}
	*used = in.n < sizeof(g->buf) - g->n ? in.n : sizeof(g->buf) - g->n;
	if (*used > 0)
		memcpy(g->buf + g->n, in.p, *used);
	g->n += *used;
	return NULL;
}

size_t
framing_pool_bytes(void)
{
	return sizeof(struct framing_pool);
}

struct framing_pool *
framing_pool_open(void *mem)
{
	struct framing_pool *pool = mem;
	pool->acks = 0;
	return pool;
}

size_t
framing_bytes(enum framing_protocol protocol)
{
	(void)protocol;
	return sizeof(struct framing);
}

struct framing *
framing_open(void *mem, struct framing_pool *pool, enum framing_protocol protocol)
{
	struct framing *f = mem;
	*f = (struct framing){ .pool = pool, .next = readers[protocol] };
	if (protocol == FRAMING_HTTP)
		http_start(&f->u.http);
	return f;
}

void
framing_close(struct framing *f)
{
	if (f->next == lumberjack_step)
		lumberjack_close(&f->u.lumberjack);
	if (f->next == http_step)
		http_close(&f->u.http);
}

void
framing_refuse(struct framing *f)
{
	f->refused = true;
}

enum framing_said
framing_next(struct framing *f, struct bytes have, bool eof, struct framing_item *item)
{
	*item = (struct framing_item){ .bytes = { NULL, 0 } };
	if (f->refused && f->next != http_step)
		return framing_bad(item, "the sender is not known");
	return f->next(f, have, eof, item);
}
