/* A bump allocator.  Blocks are not reused but for the newest: a document is small, and what is never reused cannot
 * be used after its end by a parser's mistake with any effect beyond that document. */
#include "arena.h"

#include <string.h>

enum { BLOCK_ALIGN = 16 };

static struct arena *current;

struct arena_mark
arena_enter(struct arena *a)
{
	struct arena_mark m = { current, a->n, a->last };

	if (current == NULL)
		a->n = a->last = 0;
	current = a;
	return m;
}

void
arena_leave(struct arena_mark m)
{
	current->n = m.n;
	current->last = m.last;
	current = m.outer;
}

/* Each block follows BLOCK_ALIGN bytes that hold its size: realloc must know how much to copy. */
static size_t
block_size(const void *p)
{
	size_t n;
	memcpy(&n, (const uint8_t *)p - BLOCK_ALIGN, sizeof(n));
	return n;
}

void *
arena_malloc(size_t n)
{
	struct arena *a = current;
	if (a == NULL || n > a->cap || a->cap - a->n < 2 * BLOCK_ALIGN || n > a->cap - a->n - 2 * BLOCK_ALIGN)
		return NULL;
	uint8_t *p = a->p + a->n + BLOCK_ALIGN;
	memcpy(p - BLOCK_ALIGN, &n, sizeof(n));
	a->last = a->n;
	a->n += BLOCK_ALIGN + (n + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
	return p;
}

void
arena_free(void *p)
{
	struct arena *a = current;
	if (a != NULL && p != NULL && a->n > a->last && (uint8_t *)p == a->p + a->last + BLOCK_ALIGN)
		a->n = a->last;
}

void *
arena_realloc(void *p, size_t n)
{
	if (p == NULL)
		return arena_malloc(n);
	size_t had = block_size(p);
	if (n <= had)
		return p;
	arena_free(p); /* the newest block: the new one starts where it did and the bytes stay */
	void *q = arena_malloc(n);
	if (q != NULL && q != p)
		memcpy(q, p, had);
	return q;
}
