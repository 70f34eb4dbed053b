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
	{ "", wintext_decode, NULL },
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
	f->zone = 0;
	f->zoned = false;
	f->inner = 0;
	f->outer = NULL;
	f->cleaned = 0;
	f->message = (struct bytes){ NULL, 0 };
	f->arena = (struct arena){ .p = f->heap, .cap = sizeof(f->heap) };
	f->text = out_init(f->words, sizeof(f->words));
	scan_open(f);
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
	f->ev = (struct hostev){ .ts = TS_NONE, .seen = TS_NONE, .shape = f->outer ? f->outer : shape };
	f->message = (struct bytes){ NULL, 0 };
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

void
event_time_is(struct hostfeed *f, ts_t ts, bool zoned)
{
	f->ev.ts = ts;
	if (!zoned && !f->zoned)
		event_lost(&f->ev, "time zone");
}

bool
event_time(struct hostfeed *f, struct bytes text, const char **what)
{
	ts_t ts;
	bool zoned;
	if (text_trim(text).n == 0) {
		event_lost(&f->ev, "time");
		return true;
	}
	switch (text_time_local(text, f->zone, &ts, &zoned)) {
	case TEXT_TIME_OK: event_time_is(f, ts, zoned); return true;
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
	if (!winmap_apply(ev, s->feed->message, &s->feed->text)) {
		s->ignored++;
		return;
	}
	s->events++;
	s->fn(s->arg, ev);
}

void
event_done(struct sink *s, const char *what)
{
	if (what == NULL && s->feed->ev.provider.n == 0)
		what = "an event without a provider";
	if (what == NULL && !out_ok(&s->feed->text))
		what = "an event with more text than a document may hold";
	if (what != NULL)
		sink_bad(s, what, 0, 1);
	else
		event_end(s);
}

static const struct family *
family_of(struct bytes doc)
{
	const struct family *f = families;
	while (!text_starts_nocase(doc, f->head))
		f++;
	return f;
}

/* Without a byte-order mark and blanks around. */
static struct bytes
body_of(struct bytes doc)
{
	struct cursor c = cur_all(doc);
	if (text_starts_nocase(doc, "\xef\xbb\xbf"))
		cur_skip(&c, 3);
	return text_trim(cur_rest(&c));
}

static void
decode(struct sink *s, struct bytes body)
{
	const struct family *family = family_of(body);
	if (family->decode == NULL)
		sink_bad(s, family->what, 0, 1);
	else
		family->decode(s, body);
}

void
feed_inner(struct sink *s, struct bytes doc)
{
	struct bytes body = body_of(doc);
	size_t base = s->base;
	s->base = 0; /* offsets inside it say nothing about the document */
	if (body.n > 0)
		decode(s, body);
	s->base = base;
}

void
hostfeed_zone(struct hostfeed *f, int32_t seconds_east)
{
	f->zone = seconds_east;
	f->zoned = true;
}

enum hostev_said
hostfeed_document(struct hostfeed *f, struct bytes doc, hostev_fn *fn, void *arg, struct hostev_error *err)
{
	struct sink s = { .feed = f, .fn = fn, .arg = arg, .err = err };
	if (doc.n == 0)
		return HOSTEV_IGNORED;
	if (doc.n > HOSTFEED_DOC_MAX) {
		sink_bad(&s, "a document over 64 KiB is refused", HOSTFEED_DOC_MAX, 1);
		return HOSTEV_BAD;
	}
	f->inner = 0;
	f->cleaned = 0;
	f->outer = NULL;
	struct bytes body = body_of(doc);
	if (body.n == 0)
		return HOSTEV_IGNORED;
	s.base = (size_t)(body.p - doc.p);
	decode(&s, body);
	return s.bad ? HOSTEV_BAD : s.events ? HOSTEV_OK : HOSTEV_IGNORED;
}
