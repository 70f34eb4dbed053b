/* The memory that jansson and expat allocate from: one block, forgotten as a whole with each document.  Their hooks
 * take no context, so which arena is meant is the one global outside sensor/. */
#ifndef CROSSTAP_ARENA_H
#define CROSSTAP_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena {
	uint8_t *p; /* 16-byte aligned */
	size_t	 cap, n;
	size_t	 last; /* offset of the newest block, which alone can grow or be given back */
};

/* Makes `a` the one that the three functions below use, until arena_leave() with what this gave; then what was allocated
 * in between is forgotten.  Inside another enter of the same arena what that one holds stays. */
struct arena_mark { struct arena *outer; size_t n, last; };
struct arena_mark arena_enter(struct arena *a);
void		  arena_leave(struct arena_mark);

void *arena_malloc(size_t n); /* NULL where the arena is full */
void *arena_realloc(void *p, size_t n);
void  arena_free(void *p);

#endif
