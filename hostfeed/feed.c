/* One document in, its events out: the size limit, which decoder by content, and the part of every event that no
 * shape decides.  A scan of the raw bytes that spares documents of no interest the parsers belongs before the table
 * of families. */
#include "decode.h"
#include "text.h"

/* What a document may begin with, and who reads it.  A NULL decoder: known, but not as an event. */
static const struct family {
	const char *head;
	decoder *decode;
	const char *what;
} families[] = {
	{ "{", winjson_decode, NULL },
	{ "[", winjson_decode, NULL },
	{ "<?xml", winxml_decode, NULL },
	{ "<!DOCTYPE", NULL, "DOCTYPE is refused" },
	{ "<!--", winxml_decode, NULL },
	{ "<Event", winxml_decode, NULL },
	{ "\xff\xfe", NULL, "UTF-16 text: events are read as UTF-8, convert the file" },
	{ "\xfe\xff", NULL, "UTF-16 text: events are read as UTF-8, convert the file" },
	{ "", NULL, "shape not known: neither Winlogbeat or Elastic Agent JSON nor Windows Event XML" },
};

size_t
hostfeed_bytes(void)
{
	return sizeof(struct hostfeed) + _Alignof(struct hostfeed);
}

struct hostfeed *
hostfeed_open(void *mem, uint64_t hash_seed)
{
	size_t skew = (uintptr_t)mem % _Alignof(struct hostfeed);
	struct hostfeed *f = (void *)((uint8_t *)mem + (skew ? _Alignof(struct hostfeed) - skew : 0));
	f->seed = hash_seed;
	f->arena = (struct arena){ .p = f->heap, .cap = sizeof(f->heap) };
	f->text = out_init(f->words, sizeof(f->words));
	return f;
}

void
sink_bad(struct sink *s, const char *what, size_t offset, unsigned line)
{
	if (s->bad++ == 0 && s->err != NULL)
		*s->err = (struct hostev_error){ .what = what, .offset = s->base + offset, .line = line };
}

struct hostev *
event_begin(struct hostfeed *f, const char *shape)
{
	f->text = out_init(f->words, sizeof(f->words));
	f->ev = (struct hostev){ .ts = TS_NONE, .seen = TS_NONE, .shape = shape };
	return &f->ev;
}

void
event_lost(struct hostev *ev, const char *what)
{
	if (ev->nlost < NELEM(ev->lost))
		ev->lost[ev->nlost++] = what;
}

/* A name that came before stays the one that counts. */
void
event_field(struct hostev *ev, struct bytes name, struct bytes value)
{
	if (ev->nfields == HE_FIELDS_MAX) {
		if (ev->nlost == 0 || strcmp(ev->lost[ev->nlost - 1], "fields") != 0)
			event_lost(ev, "fields");
		return;
	}
	ev->fields[ev->nfields++] = (struct hostev_field){ bytes_text(name), bytes_text(value) };
}

bool
event_time(struct hostev *ev, struct bytes text, const char **what)
{
	if (text_trim(text).n == 0) {
		event_lost(ev, "time");
		return true;
	}
	switch (text_time(text, &ev->ts)) {
	case TEXT_TIME_OK: return true;
	case TEXT_TIME_SYNTAX: *what = "the event's time is no RFC 3339 time"; return false;
	case TEXT_TIME_RANGE: *what = "the event's time is no date between 1970 and 2261"; return false;
	}
	return false;
}

bool
event_id(struct hostev *ev, struct bytes text, const char **what)
{
	uint64_t id;
	if (!text_u64(text, &id)) {
		*what = text_trim(text).n == 0 ? "an event without an id" : "the event id is no number";
		return false;
	}
	if (id > UINT16_MAX) {
		*what = "the event id is over 65535";
		return false;
	}
	ev->event_id = (uint32_t)id;
	return true;
}

void
event_record(struct hostev *ev, struct bytes text)
{
	if (!text_u64(text, &ev->record_id))
		event_lost(ev, "record_id");
}

void
event_end(struct sink *s)
{
	struct hostev *ev = &s->feed->ev;
	if (!winmap_apply(ev, &s->feed->text)) {
		s->ignored++;
		return;
	}
	s->events++;
	s->fn(s->arg, ev);
}

static const struct family *
family_of(struct bytes doc)
{
	const struct family *f = families;
	while (!text_starts_nocase(doc, f->head))
		f++;
	return f;
}

enum hostev_said
hostfeed_document(struct hostfeed *f, struct bytes doc, hostev_fn *fn, void *arg, struct hostev_error *err)
{
	struct sink s = { .feed = f, .fn = fn, .arg = arg, .err = err };
	struct cursor c = cur_all(doc);
	if (doc.n == 0)
		return HOSTEV_IGNORED;
	if (doc.n > HOSTFEED_DOC_MAX) {
		sink_bad(&s, "a document over 64 KiB is refused", HOSTFEED_DOC_MAX, 1);
		return HOSTEV_BAD;
	}
	if (text_starts_nocase(doc, "\xef\xbb\xbf"))
		cur_skip(&c, 3);
	struct bytes body = text_trim(cur_rest(&c));
	if (body.n == 0)
		return HOSTEV_IGNORED;
	s.base = (size_t)(body.p - doc.p);
	const struct family *family = family_of(body);
	if (family->decode == NULL)
		sink_bad(&s, family->what, 0, 1);
	else
		family->decode(&s, body);
	return s.bad ? HOSTEV_BAD : s.events ? HOSTEV_OK : HOSTEV_IGNORED;
}
