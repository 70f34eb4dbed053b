/* Lumberjack v2, what Beats and Elastic Agent speak to Logstash: a window ("2W", how many documents), the documents ("2J"
 * JSON, "2D" keys and values, each with a sequence number; "2C": such frames, deflated), and back "2A" with the number of the
 * last document.  Numbers are 32 bits in network byte order. */
#include "cursor.h"
#include "framing_parts.h"
#include "hostev.h"

enum {
	HEAD = 2,	  /* version and type */
	ACK_EVERY = 64,	  /* documents: a long window does not time out while it is handed on */
	PAIRS_MAX = 1024, /* of a key-value document that is read */
};

/* What reading one frame came to. */
enum step { STEP_AGAIN, STEP_MORE, STEP_DOC, STEP_BAD };

static enum step
bad(struct framing_item *item, const char *what)
{
	item->what = what;
	return STEP_BAD;
}

static void
document_done(struct lumberjack *l)
{
	l->window--;
	l->unacked++;
	l->ack = l->window == 0 || l->unacked >= ACK_EVERY;
}

static enum framing_said
acknowledge(struct framing *f, struct framing_item *item)
{
	struct lumberjack *l = &f->u.lumberjack;
	struct out o = out_init(f->pool->scratch, sizeof(f->pool->scratch));
	out_str(&o, "2A");
	out_be(&o, l->seq, 4);
	l->ack = false;
	l->unacked = 0;
	item->bytes = out_bytes(&o);
	item->after = true;
	return FRAMING_REPLY;
}

/* Inside what is too long to be a document: JSON, or the keys and values of a frame that have lengths of their own. */
static enum step
pass(struct lumberjack *l, struct bytes in, struct framing_item *item, size_t *used)
{
	if (l->passing == 0 && l->texts > 0) {
		struct cursor c = cur_all(in);
		l->passing = cur_be32(&c);
		if (!cur_ok(&c)) {
			l->passing = 0;
			return STEP_MORE;
		}
		*used = 4;
		l->texts--;
	} else {
		*used = l->passing < in.n ? (size_t)l->passing : in.n;
		l->passing -= *used;
	}
	l->passed += *used;
	if (l->passing > 0 || l->texts > 0)
		return *used > 0 ? STEP_AGAIN : STEP_MORE;
	item->too_long++;
	item->skipped += l->passed;
	l->passed = 0;
	l->too_long = false;
	document_done(l);
	return STEP_AGAIN;
}

static enum step
window(struct lumberjack *l, struct cursor *c, struct framing_item *item)
{
	uint32_t n = cur_be32(c);
	if (!cur_ok(c))
		return STEP_MORE;
	if (l->window > 0)
		return bad(item, "lumberjack: a window inside a window");
	l->window = n;
	return STEP_AGAIN;
}

static enum step
json(struct lumberjack *l, struct cursor *c, struct framing_item *item)
{
	uint32_t seq = cur_be32(c), n = cur_be32(c);
	if (!cur_ok(c))
		return STEP_MORE;
	if (l->window == 0)
		return bad(item, "lumberjack: a document outside of a window");
	if (n > HOSTFEED_DOC_MAX) {
		l->seq = seq;
		l->passing = n;
		l->too_long = true;
		return STEP_AGAIN;
	}
	struct bytes doc = cur_take(c, n);
	if (!cur_ok(c))
		return STEP_MORE;
	l->seq = seq;
	document_done(l);
	item->bytes = doc;
	return doc.n > 0 ? STEP_DOC : STEP_AGAIN;
}

static struct bytes
text(struct cursor *c)
{
	return cur_take(c, cur_be32(c));
}

/* {"key":"value",...}: what a key-value frame says, as the decoder reads it. */
static struct bytes
pairs_as_json(struct framing_pool *pool, struct cursor c, uint32_t pairs)
{
	struct out o = out_init(pool->scratch, sizeof(pool->scratch));
	out_chr(&o, '{');
	for (uint32_t i = 0; i < pairs; i++) {
		if (i > 0)
			out_chr(&o, ',');
		out_json_str(&o, text(&c));
		out_chr(&o, ':');
		out_json_str(&o, text(&c));
	}
	out_chr(&o, '}');
	return out_bytes(&o);
}

static enum step
pairs(struct framing *f, struct bytes in, struct cursor *c, struct framing_item *item)
{
	struct lumberjack *l = &f->u.lumberjack;
	if (in.n < l->want)
		return STEP_MORE;
	uint32_t seq = cur_be32(c), n = cur_be32(c);
	if (!cur_ok(c))
		return STEP_MORE;
	if (l->window == 0)
		return bad(item, "lumberjack: a document outside of a window");
	struct cursor look = *c;
	bool too_long = n > PAIRS_MAX;
	for (uint32_t i = 0; i < 2 * n && !too_long && cur_ok(&look); i++) {
		size_t size = cur_be32(&look);
		l->want = cur_off(&look) + size;
		too_long = cur_ok(&look) && l->want > HOSTFEED_DOC_MAX;
		cur_skip(&look, size);
	}
	if (!too_long && !cur_ok(&look))
		return STEP_MORE;
	l->want = 0;
	l->seq = seq;
	if (too_long) {
		l->texts = 2 * (uint64_t)n;
		l->too_long = true;
		return STEP_AGAIN;
	}
	item->bytes = pairs_as_json(f->pool, *c, n);
	*c = look;
	document_done(l);
	return STEP_DOC;
}

static enum step
compressed(struct lumberjack *l, struct cursor *c, struct framing_item *item)
{
	uint32_t n = cur_be32(c);
	if (!cur_ok(c))
		return STEP_MORE;
	if (l->inner != NULL)
		return bad(item, "lumberjack: a compressed frame inside a compressed frame");
	l->inner = gather_open(true);
	l->inner_left = n;
	return l->inner != NULL ? STEP_AGAIN : bad(item, "no memory to inflate");
}

static enum step
frame(struct framing *f, struct bytes in, struct framing_item *item, size_t *used)
{
	struct lumberjack *l = &f->u.lumberjack;
	struct cursor c = cur_all(in);
	enum step said;
	*used = 0;
	if (l->too_long)
		return pass(l, in, item, used);
	if (in.n > 0 && bytes_u8(in, 0) != '2')
		return bad(item, bytes_u8(in, 0) == '1' ? "lumberjack version 1: only version 2 is read"
							: "not lumberjack version 2");
	cur_skip(&c, 1);
	uint8_t type = cur_u8(&c);
	if (!cur_ok(&c))
		return STEP_MORE;
	switch (type) {
	case 'W': said = window(l, &c, item); break;
	case 'J': said = json(l, &c, item); break;
	case 'D': said = pairs(f, in, &c, item); break;
	case 'C': said = compressed(l, &c, item); break;
	default: return bad(item, "lumberjack: a frame of unknown type");
	}
	if (said == STEP_AGAIN || said == STEP_DOC)
		*used = cur_off(&c);
	return said;
}

/* More of a compressed frame, or its end. */
static enum step
inflate_frame(struct lumberjack *l, struct bytes have, struct framing_item *item)
{
	size_t used = 0, before = gather_unread(l->inner).n;
	struct bytes in = bytes_of(have.p, have.n < l->inner_left ? have.n : l->inner_left);
	const char *what = gather_add(l->inner, in, &used);
	item->used += used;
	l->inner_left -= (uint32_t)used;
	if (what != NULL)
		return bad(item, what);
	if (used > 0 || gather_unread(l->inner).n > before)
		return STEP_AGAIN;
	if (l->inner_left > 0)
		return STEP_MORE;
	if (!l->inner->ended || before > 0 || l->too_long)
		return bad(item, "lumberjack: a compressed frame that is cut off");
	gather_close(l->inner);
	l->inner = NULL;
	return STEP_AGAIN;
}

static enum framing_said
need_more(const struct lumberjack *l, bool eof, size_t left, struct framing_item *item)
{
	if (!eof)
		return FRAMING_MORE;
	if (left > 0 || l->too_long || l->inner != NULL)
		return framing_bad(item, "lumberjack: the connection ended inside a frame");
	return FRAMING_CLOSE;
}

enum framing_said
lumberjack_step(struct framing *f, struct bytes have, bool eof, struct framing_item *item)
{
	struct lumberjack *l = &f->u.lumberjack;
	for (;;) {
		struct bytes rest = bytes_behind(have, item->used);
		struct gather *inner = l->inner;
		size_t used = 0;
		if (l->ack)
			return acknowledge(f, item);
		enum step said = frame(f, inner != NULL ? gather_unread(inner) : rest, item, &used);
		if (inner != NULL)
			gather_take(inner, used);
		else
			item->used += used;
		if (said == STEP_MORE && inner != NULL)
			said = inflate_frame(l, rest, item);
		switch (said) {
		case STEP_AGAIN: break;
		case STEP_DOC: return FRAMING_DOC;
		case STEP_BAD: return FRAMING_BAD;
		case STEP_MORE: return need_more(l, eof, rest.n, item);
		}
	}
}

void
lumberjack_close(struct lumberjack *l)
{
	gather_close(l->inner);
	l->inner = NULL;
}
