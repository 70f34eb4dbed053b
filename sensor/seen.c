#include "seen.h"

#include <stdlib.h>

#include "out.h"
#include "text.h"

enum { SETS = 8192, WAYS = 8, STREAMS = 4096, STREAM_WAYS = 4, KEY_MAX = 1024 };

struct seen {
	struct sipkey key;
	uint64_t event[SETS][WAYS]; /* hashes; 0: empty */
	uint8_t next[SETS];
	struct {
		uint64_t id, record;
	} stream[STREAMS][STREAM_WAYS];
	uint8_t next_stream[STREAMS];
};

struct seen *
seen_new(struct sipkey key)
{
	struct seen *s = calloc(1, sizeof(*s));
	if (s)
		s->key = key;
	return s;
}

static void
key_text(struct out *o, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) /* computers and providers come in any case */
		out_chr(o, (char)(b.p[i] >= 'A' && b.p[i] <= 'Z' ? b.p[i] | 0x20 : b.p[i]));
	out_chr(o, 0);
}

bool
seen_event(struct seen *s, const struct hostev *ev)
{
	char text[KEY_MAX];
	struct out o = out_init(text, sizeof(text));
	if (ev->record_id == 0)
		return false;
	key_text(&o, ev->computer);
	key_text(&o, ev->provider);
	key_text(&o, ev->channel);
	out_be(&o, ev->event_id, 4);
	out_be(&o, ev->record_id, 8);
	out_be(&o, (uint64_t)ev->ts, 8);
	if (!out_ok(&o))
		return false;
	uint64_t id = siphash(&s->key, o.p, o.n) | 1;
	uint64_t *set = s->event[id / 2 % SETS];
	for (size_t i = 0; i < WAYS; i++)
		if (set[i] == id)
			return true;
	set[s->next[id / 2 % SETS]++ % WAYS] = id;
	return false;
}

uint64_t
seen_gap(struct seen *s, const struct hostev *ev)
{
	char text[KEY_MAX];
	struct out o = out_init(text, sizeof(text));
	if (ev->record_id == 0 || ev->provider.n == 0 || ev->channel.n < ev->provider.n ||
	    !text_eq_nocase(bytes_of(ev->channel.p, ev->provider.n), ev->provider))
		return 0;
	key_text(&o, ev->computer);
	key_text(&o, ev->channel);
	if (!out_ok(&o))
		return 0;
	uint64_t id = siphash(&s->key, o.p, o.n) | 1;
	size_t set = id / 2 % STREAMS;
	for (size_t i = 0; i < STREAM_WAYS; i++) {
		if (s->stream[set][i].id != id)
			continue;
		uint64_t last = s->stream[set][i].record;
		if (ev->record_id <= last)
			return 0;
		s->stream[set][i].record = ev->record_id;
		return ev->record_id - last - 1;
	}
	size_t way = s->next_stream[set]++ % STREAM_WAYS;
	s->stream[set][way].id = id;
	s->stream[set][way].record = ev->record_id;
	return 0;
}
