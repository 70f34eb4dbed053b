#include "frag.h"

static struct table_spec
spec(uint32_t datagrams)
{
	return (struct table_spec){ .name = "fragments",
				    .key = sizeof(struct frag_key),
				    .value = sizeof(struct frag_entry),
				    .capacity = datagrams,
				    .lifetime = FRAG_SECONDS * TS_SEC };
}

size_t
frag_bytes(uint32_t datagrams, uint32_t bytes)
{
	struct table_spec s = spec(datagrams);

	return table_bytes(&s) + (size_t)datagrams * bytes;
}

void
frag_open(struct frag *f, uint32_t datagrams, uint32_t bytes, void *mem, struct sipkey key)
{
	struct table_spec s = spec(datagrams);

	memset(f, 0, sizeof(*f));
	table_open(&f->table, &s, mem, key);
	f->data = (uint8_t *)mem + table_bytes(&s);
	f->bytes = bytes;
}

static void
restart(struct frag_entry *e, ts_t now)
{
	e->first = now;
	e->done = TS_NONE;
	e->total = UINT32_MAX;
	e->n = 0;
	e->next = 0;
	e->headless = e->overlap = false;
}

/* What contradicts itself cannot be put together; `overlap` tells whoever reads the datagram that follows. */
static enum frag_said
contradicts(struct frag *f, struct frag_entry *e, ts_t now)
{
	f->overlaps++;
	restart(e, now);
	e->overlap = true;
	return FRAG_OVERLAP;
}

/* The first range that ends behind `from`. */
static uint16_t
range_at(const struct frag_entry *e, uint32_t from)
{
	uint16_t i = 0;

	while (i < e->n && e->range[i].to <= from)
		i++;
	return i;
}

static bool
is_copy(const struct frag_entry *e, const uint8_t *data, const struct frag_piece *p)
{
	uint32_t to = p->off + (uint32_t)p->data.n;
	uint16_t i = range_at(e, p->off);

	return i < e->n && e->range[i].from <= p->off && to <= e->range[i].to &&
	       (p->more || e->total == to) && memcmp(data + p->off, p->data.p, p->data.n) == 0;
}

/* Is there a last piece that ends elsewhere, or a piece behind this last one? */
static bool
ends_elsewhere(const struct frag_entry *e, const struct frag_piece *p, uint32_t to)
{
	if (e->total != UINT32_MAX && (to > e->total || (!p->more && to != e->total)))
		return true;
	return !p->more && e->n > 0 && e->range[e->n - 1].to > to;
}

/* Adds [from, to), which touches no range but at its ends; false where there are too many ranges. */
static bool
range_add(struct frag_entry *e, uint32_t from, uint32_t to)
{
	uint16_t i = range_at(e, from);
	bool before = i > 0 && e->range[i - 1].to == from;
	bool after = i < e->n && e->range[i].from == to;

	if (before && after) {
		e->range[i - 1].to = e->range[i].to;
		memmove(&e->range[i], &e->range[i + 1], (size_t)(e->n - i - 1) * sizeof(e->range[0]));
		e->n--;
	} else if (before) {
		e->range[i - 1].to = to;
	} else if (after) {
		e->range[i].from = from;
	} else {
		if (e->n == FRAG_RANGES)
			return false;
		memmove(&e->range[i + 1], &e->range[i], (size_t)(e->n - i) * sizeof(e->range[0]));
		e->range[i] = (struct frag_range){ from, to };
		e->n++;
	}
	return true;
}

static enum frag_said
put(struct frag *f, struct frag_entry *e, uint8_t *data, const struct frag_piece *p, ts_t now)
{
	uint32_t to = p->off + (uint32_t)p->data.n;
	uint16_t i = range_at(e, p->off);

	if (ends_elsewhere(e, p, to) || (i < e->n && e->range[i].from < to))
		return contradicts(f, e, now);
	if (!range_add(e, p->off, to)) {
		restart(e, now);
		return FRAG_MANY;
	}
	memmove(data + p->off, p->data.p,
		p->data.n); /* of a table of one, the piece may lie in this very datagram */
	if (!p->more)
		e->total = to;
	if (p->off == 0) {
		e->next = p->next;
		e->headless = p->headless;
	}
	return e->n == 1 && e->range[0].from == 0 && e->range[0].to == e->total ? FRAG_WHOLE : FRAG_HELD;
}

/* Too old, or complete and not followed by a copy of its own pieces: the identification is in use again. */
static bool
is_over(const struct frag_entry *e, ts_t now)
{
	return ts_sub(now, e->first) > FRAG_SECONDS * TS_SEC ||
	       (e->done != TS_NONE && ts_sub(now, e->done) > FRAG_COPY_MS * TS_MS);
}

enum frag_said
frag_add(struct frag *f, const struct frag_key *key, const struct frag_piece *p, ts_t now,
	 struct frag_whole *w)
{
	bool fresh;

	if (p->data.n == 0 || (p->more && p->data.n % 8 != 0) || p->off > f->bytes ||
	    p->data.n > f->bytes - p->off) {
		f->bad++;
		return FRAG_BAD;
	}
	struct frag_entry *e = table_get(&f->table, key, now, &fresh);
	if (e == NULL)
		return FRAG_MANY;
	uint8_t *data = f->data + (size_t)table_slot(&f->table, e) * f->bytes;
	if (!fresh && is_over(e, now) && e->done == TS_NONE)
		f->late++;
	if (fresh || is_over(e, now))
		restart(e, now);
	if (is_copy(e, data, p)) {
		f->copies++;
		return FRAG_COPY;
	}
	if (e->done != TS_NONE)
		restart(e, now);
	enum frag_said s = put(f, e, data, p, now);
	if (s == FRAG_WHOLE) {
		f->whole++;
		e->done = now;
		*w = (struct frag_whole){ bytes_of(data, e->total), e->next, e->headless, e->overlap };
	}
	return s;
}
