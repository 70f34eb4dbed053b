/* The readers of a connection's bytes as one, and the simplest of them: documents one after the other. */
#include "framing_parts.h"
#include "hostev.h"

/* Passes over the rest of a document that was too long, up to its newline. */
static size_t
drop_line(struct stream *s, struct bytes have)
{
	const uint8_t *end = have.n ? memchr(have.p, '\n', have.n) : NULL;
	s->dropping = end == NULL;
	return end != NULL ? (size_t)(end - have.p) + 1 : have.n;
}

bool
stream_next(struct stream *s, struct bytes have, bool eof, size_t *used, struct bytes *doc, uint64_t *skipped)
{
	while (have.n > 0) {
		size_t skip = 0, n = 0;
		if (s->dropping) {
			n = drop_line(s, have);
			*skipped += n;
			*used += n;
			have = bytes_of(have.p + n, have.n - n);
			continue;
		}
		n = hostfeed_frame(have, eof, &skip);
		*used += skip;
		have = bytes_of(have.p + skip, have.n - skip);
		if (n > HOSTFEED_DOC_MAX || (n == 0 && have.n > HOSTFEED_DOC_MAX)) {
			s->dropping = true;
			continue;
		}
		if (n == 0)
			return false;
		*used += n;
		*doc = bytes_of(have.p, n);
		return true;
	}
	return false;
}

static enum framing_said
next_of_stream(struct framing *f, struct bytes have, bool eof, struct framing_item *item)
{
	if (stream_next(&f->u.stream, have, eof, &item->used, &item->bytes, &item->skipped))
		return FRAMING_DOC;
	return eof ? FRAMING_CLOSE : FRAMING_MORE;
}

size_t
framing_pool_bytes(void)
{
	return sizeof(struct framing_pool);
}

struct framing_pool *
framing_pool_open(void *mem)
{
	return mem;
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
	*f = (struct framing){ .pool = pool };
	switch (protocol) {
	case FRAMING_STREAM: f->next = next_of_stream; break;
	default: return NULL;
	}
	return f;
}

void
framing_close(struct framing *f)
{
	(void)f;
}

enum framing_said
framing_next(struct framing *f, struct bytes have, bool eof, struct framing_item *item)
{
	*item = (struct framing_item){ .bytes = { NULL, 0 } };
	return f->next(f, have, eof, item);
}
