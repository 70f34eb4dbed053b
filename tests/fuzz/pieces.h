/* Reads bytes through a reader of framing.h in pieces of chosen sizes, and writes down what came out. */
#ifndef CROSSTAP_FUZZ_PIECES_H
#define CROSSTAP_FUZZ_PIECES_H

#include "framing.h"

#include <stdio.h>
#include <stdlib.h>

struct script {
	char *p;
	size_t n, cap;
};

static inline void
script_add(struct script *s, const void *p, size_t n)
{
	if (s->n + n > s->cap) {
		s->cap = 2 * (s->n + n) + 4096;
		s->p = realloc(s->p, s->cap);
		if (s->p == NULL)
			abort();
	}
	if (n > 0 && s->p != NULL)
		memcpy(s->p + s->n, p, n);
	s->n += n;
}

static inline void
script_item(struct script *s, char kind, const struct framing_item *item)
{
	char head[64];
	int n = snprintf(head, sizeof(head), "%c%c%zu:", kind, item->after ? '+' : ' ', item->bytes.n);
	script_add(s, head, (size_t)n);
	script_add(s, item->bytes.p, item->bytes.n);
	script_add(s, item->token.p, item->token.n);
	script_add(s, item->what, item->what ? strlen(item->what) : 0);
	script_add(s, "\n", 1);
}

/* Without blanks and ends of documents: two JSON values on one line are one document or two, as they come. */
static inline void
script_text(struct script *s, struct bytes doc)
{
	for (size_t i = 0; i < doc.n; i++)
		if (doc.p[i] != ' ' && (doc.p[i] < '\t' || doc.p[i] > '\r'))
			script_add(s, doc.p + i, 1);
}

/* Everything in the window that comes out.  False at the end. */
static inline bool
script_drain(struct script *s, struct framing *f, bool exact, uint8_t *window, size_t *have, bool eof)
{
	size_t off = 0;
	enum framing_said said;
	struct framing_item item;
	do {
		said = framing_next(f, bytes_of(window + off, *have - off), eof, &item);
		off += item.used;
		if (off > *have)
			abort();
		if (item.too_long > 0) {
			char text[64];
			int n = snprintf(text, sizeof(text), "<%u long, %llu>", item.too_long,
					 (unsigned long long)item.skipped);
			script_add(s, text, (size_t)n);
		}
		if (said == FRAMING_DOC && !exact)
			script_text(s, item.bytes);
		else if (said != FRAMING_MORE)
			script_item(s, said == FRAMING_DOC ? 'D' : said == FRAMING_REPLY ? 'R' : 'E', &item);
	} while (said == FRAMING_DOC || said == FRAMING_REPLY);
	*have -= off;
	memmove(window, window + off, *have);
	return said == FRAMING_MORE;
}

/* Pieces of `piece` bytes, 0: of sizes that follow from `seed`. */
static inline struct script
script_of(enum framing_protocol protocol, bool exact, struct bytes input, size_t piece, uint32_t seed)
{
	static uint8_t *window, *pool; /* once: most runs are short */
	void *mem = aligned_alloc(16, (framing_bytes(protocol) + 15) / 16 * 16);
	struct script s = { NULL, 0, 0 };
	if (window == NULL) {
		window = malloc(FRAMING_WINDOW_MAX);
		pool = malloc(framing_pool_bytes());
	}
	if (window == NULL || pool == NULL || mem == NULL)
		abort();
	struct framing *f = framing_open(mem, framing_pool_open(pool), protocol);
	size_t have = 0, off = 0;
	bool going = true;
	while (going) {
		seed = seed * 1103515245u + 12345u;
		size_t n = piece > 0 ? piece : (size_t)1 << (seed >> 16 & 15) | 1;
		if (have == FRAMING_WINDOW_MAX) /* a reader that needs more than its caller has */
			abort();
		if (n > input.n - off)
			n = input.n - off;
		if (n > FRAMING_WINDOW_MAX - have)
			n = FRAMING_WINDOW_MAX - have;
		if (n > 0)
			memcpy(window + have, input.p + off, n);
		off += n;
		have += n;
		bool eof = off == input.n;
		going = script_drain(&s, f, exact, window, &have, eof);
		if (going && eof)
			abort(); /* nothing more can come */
	}
	framing_close(f);
	free(mem);
	return s;
}

/* The same items, however the bytes come. */
static inline void
same_in_pieces(enum framing_protocol protocol, bool exact, struct bytes input)
{
	uint32_t seed = 1;
	for (size_t i = 0; i < input.n; i++)
		seed = seed * 31 + input.p[i];
	struct script whole = script_of(protocol, exact, input, FRAMING_WINDOW_MAX, 0);
	const size_t pieces[] = { 1, 0, 7 };
	for (size_t i = 0; i < NELEM(pieces); i++) {
		struct script parts = script_of(protocol, exact, input, pieces[i], seed);
		if (parts.n != whole.n || (whole.n > 0 && memcmp(parts.p, whole.p, whole.n) != 0)) {
			printf("in pieces of %zu:\n%.*s\nwhole:\n%.*s\n", pieces[i], (int)parts.n, parts.p,
			       (int)whole.n, whole.p);
			(void)fflush(stdout);
			abort();
		}
		free(parts.p);
	}
	free(whole.p);
}

#endif
