#include "aside.h"

#include <stdlib.h>

enum { SLOTS = 256, SLOT_TEXT = 6144 }; /* together about 2 MiB, touched only when used */

struct slot {
	ts_t ts;
	uint64_t order;
	bool used;
	struct hostev ev;
	uint8_t text[SLOT_TEXT];
};

struct aside {
	size_t n;
	uint64_t order;
	ts_t first; /* the earliest, when n > 0 */
	struct slot slot[SLOTS];
};

struct aside *
aside_new(void)
{
	return calloc(1, sizeof(struct aside));
}

void
aside_free(struct aside *a)
{
	free(a);
}

/* Moves a view into the slot's text; false where it does not fit. */
static bool
keep(struct slot *s, size_t *n, struct bytes *b)
{
	if (b->p == NULL)
		return true;
	if (b->n > SLOT_TEXT - *n)
		return false;
	uint8_t *to = s->text + *n;
	memcpy(to, b->p, b->n);
	*b = bytes_of(to, b->n);
	*n += b->n;
	return true;
}

static bool
copy(struct slot *s, const struct hostev *ev)
{
	s->ev = *ev;
	struct bytes *const views[] = { &s->ev.provider, &s->ev.channel, &s->ev.computer,
					&s->ev.user,	 &s->ev.name,	 &s->ev.coid,
					&s->ev.sha1,	 &s->ev.sha256,	 &s->ev.duid };
	size_t n = 0;
	bool ok = true;
	for (size_t i = 0; i < NELEM(views); i++)
		ok = ok && keep(s, &n, views[i]);
	for (size_t i = 0; i < s->ev.nfields; i++)
		ok = ok && keep(s, &n, &s->ev.fields[i].name) && keep(s, &n, &s->ev.fields[i].value);
	return ok;
}

bool
aside_put(struct aside *a, const struct hostev *ev, ts_t ts)
{
	for (size_t i = 0; a->n < SLOTS && i < SLOTS; i++) {
		struct slot *s = &a->slot[i];
		if (s->used)
			continue;
		if (!copy(s, ev))
			return false;
		s->used = true;
		s->ts = ts;
		s->order = a->order++;
		if (a->n++ == 0 || ts < a->first)
			a->first = ts;
		return true;
	}
	return false;
}

static struct slot *
earliest(struct aside *a)
{
	struct slot *first = NULL;
	for (size_t i = 0; a->n > 0 && i < SLOTS; i++) {
		struct slot *s = &a->slot[i];
		if (s->used &&
		    (!first || s->ts < first->ts || (s->ts == first->ts && s->order < first->order)))
			first = s;
	}
	a->first = first ? first->ts : TS_NONE;
	return first;
}

size_t
aside_due(struct aside *a, ts_t clock, hostev_fn *fn, void *arg)
{
	size_t given = 0;
	while (a->n > 0 && a->first < clock) {
		struct slot *s = earliest(a);
		fn(arg, &s->ev);
		s->used = false;
		a->n--;
		given++;
		earliest(a);
	}
	return given;
}
