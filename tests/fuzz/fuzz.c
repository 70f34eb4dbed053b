#include "fuzz.h"

#include <stdlib.h>

enum { LINE = 1 << 17, NEST = 64 };

struct walk *
fuzz_walk(void)
{
	static void *mem;
	static const struct walk_limits limits = {
		.datagrams = 4, .bytes = 9000, .streams = 8, .buffers = 4
	};
	static const struct sipkey key = { { 1, 2 } };

	if (mem == NULL)
		mem = malloc(walk_bytes(&limits));
	if (mem == NULL)
		abort();
	return walk_open(&limits, mem, key);
}

/* Enough of RFC 8259 to see a lost quote, comma or brace. */
static void
json_check(const char *p, size_t n)
{
	char open[NEST], before = 0;
	size_t depth = 0;
	bool text = false;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];
		if ((uint8_t)c < 0x20)
			abort();
		if (text) {
			if (c == '\\')
				i++;
			text = c != '"';
			before = '"';
			continue;
		}
		if (c == '{' || c == '[') {
			if (depth == NEST || before == '"' || before == ']')
				abort();
			open[depth++] = c;
		} else if (c == '}' || c == ']') {
			if (depth == 0 || open[--depth] != (c == '}' ? '{' : '[') || before == ',' ||
			    before == ':')
				abort();
		} else if (c == ',' && (before == ',' || before == ':' || before == '{' || before == '[')) {
			abort();
		} else if (c == '"') {
			if (before == '"' || before == '}' || before == ']')
				abort();
			text = true;
		}
		before = c == '}' ? ']' : c;
	}
	if (depth || text)
		abort();
}

static void
print(void *arg, const struct obs *obs)
{
	static char line[LINE];
	struct out o = out_init(line, sizeof(line));

	(void)arg;
	if (obs->by == NULL || obs->by->fields == NULL)
		return;
	if ((obs->flags & OBS_BAD) && obs->bad_what == NULL)
		abort(); /* who says that something is wrong says what */
	out_str(&o, "{\"proto\":");
	out_json_str(&o, bytes_str(obs->by->name));
	field_json(&o, obs->by->fields, obs->by->nfields, &obs->u);
	out_chr(&o, '}');
	if (out_ok(&o))
		json_check(o.p, o.n);
	for (size_t i = 0; i < obs->by->nfields; i++)
		(void)field_present(&obs->by->fields[i], &obs->u);
}

void
fuzz_frame(struct walk *w, uint16_t linktype, uint64_t number, const uint8_t *p, size_t n, size_t cut)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (exact == NULL)
		abort();
	if (n)
		memcpy(exact, p, n);
	struct frame f = { .ts = (ts_t)number * TS_MS,
			   .number = number,
			   .linktype = linktype,
			   .p = exact,
			   .caplen = (uint32_t)n,
			   .wirelen = (uint32_t)(n + cut) };
	(void)walk_frame(w, &f, print, NULL);
	free(exact);
}
