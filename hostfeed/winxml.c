/* Windows Event XML as EvtRender writes it, alone, inside <Events>, with RenderingInfo (forwarded) or without.  No tree
 * is built: a table says which element inside which matters, and what its text or attribute is. */
#include "decode.h"
#include "text.h"

#include <expat.h>

/* --- what matters -------------------------------------------------------------------------------------------------- */

enum place {
	P_SKIP, /* and everything inside */
	P_ROOT,
	P_EVENTS,
	P_EVENT,
	P_SYSTEM,
	P_PROVIDER,
	P_ID,
	P_TIME,
	P_RECORD,
	P_CHANNEL,
	P_COMPUTER,
	P_SECURITY,
	P_EVENT_DATA,
	P_DATA,
	P_USER_DATA,
	P_USER_EVENT,
	P_USER_FIELD
};

/* NULL is any name. */
static const struct {
	const char *name;
	uint8_t in, is;
} elements[] = {
	{ "Events", P_ROOT, P_EVENTS },	      { "Event", P_ROOT, P_EVENT },
	{ "Event", P_EVENTS, P_EVENT },	      { "System", P_EVENT, P_SYSTEM },
	{ "Provider", P_SYSTEM, P_PROVIDER }, { "EventID", P_SYSTEM, P_ID },
	{ "TimeCreated", P_SYSTEM, P_TIME },  { "EventRecordID", P_SYSTEM, P_RECORD },
	{ "Channel", P_SYSTEM, P_CHANNEL },   { "Computer", P_SYSTEM, P_COMPUTER },
	{ "Security", P_SYSTEM, P_SECURITY }, { "EventData", P_EVENT, P_EVENT_DATA },
	{ "Data", P_EVENT_DATA, P_DATA },     { "UserData", P_EVENT, P_USER_DATA },
	{ NULL, P_USER_DATA, P_USER_EVENT },  { NULL, P_USER_EVENT, P_USER_FIELD },
};

/* What an event is made of, before it is checked. */
enum part { T_PROVIDER, T_SOURCE, T_ID, T_TIME, T_RECORD, T_CHANNEL, T_COMPUTER, T_USER, T_NAME, T_PARTS };

static const struct {
	const char *name;
	uint8_t in, part;
} attributes[] = {
	{ "Name", P_PROVIDER, T_PROVIDER }, { "EventSourceName", P_PROVIDER, T_SOURCE },
	{ "SystemTime", P_TIME, T_TIME },   { "UserID", P_SECURITY, T_USER },
	{ "Name", P_DATA, T_NAME },
};

static const struct {
	uint8_t in, part;
} texts[] = {
	{ P_ID, T_ID },
	{ P_RECORD, T_RECORD },
	{ P_CHANNEL, T_CHANNEL },
	{ P_COMPUTER, T_COMPUTER },
};

struct xml {
	struct sink *sink;
	XML_Parser parser;
	const char *what; /* why the document ends, and where */
	size_t at;
	unsigned line;
	uint8_t path[HOSTFEED_DEPTH_MAX + 1];
	unsigned depth, ndata;
	size_t text_start;
	struct bytes part[T_PARTS];
	bool any;
};

/* --- expat's callbacks --------------------------------------------------------------------------------------------- */

static void
stop(struct xml *x, const char *what)
{
	if (x->what == NULL) {
		x->what = what;
		long at = XML_GetCurrentByteIndex(x->parser); /* -1 before the first byte */
		x->at = at > 0 ? (size_t)at : 0;
		x->line = (unsigned)XML_GetCurrentLineNumber(x->parser);
	}
	XML_StopParser(x->parser, XML_FALSE);
}

static struct bytes
keep(struct xml *x, struct bytes b)
{
	struct out *text = &x->sink->feed->text;
	size_t start = text->n;
	out_view(text, b);
	if (!out_ok(text)) {
		stop(x, "an event with more text than a document may hold");
		return (struct bytes){ NULL, 0 };
	}
	return bytes_of(text->p + start, b.n);
}

static uint8_t
place_of(uint8_t in, const char *name)
{
	for (size_t i = 0; i < NELEM(elements); i++)
		if (elements[i].in == in && (elements[i].name == NULL || strcmp(elements[i].name, name) == 0))
			return elements[i].is;
	return P_SKIP;
}

static void
take_part(struct xml *x, enum part part, struct bytes value)
{
	if (x->part[part].p != NULL && part != T_NAME) {
		stop(x, "an event that gives one of its System values twice");
		return;
	}
	x->part[part] = value;
}

/* "param<n>" for data without a name. */
static struct bytes
numbered(struct xml *x)
{
	struct out *text = &x->sink->feed->text;
	size_t start = text->n;
	out_str(text, "param");
	out_u64(text, x->ndata);
	return bytes_of(text->p + start, out_ok(text) ? text->n - start : 0);
}

static void
begin_event(struct xml *x)
{
	(void)event_begin(x->sink->feed, "xml");
	memset(x->part, 0, sizeof(x->part));
	x->ndata = 0;
	x->any = true;
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attr)
{
	struct xml *x = arg;
	if (x->what != NULL)
		return;
	if (x->depth == HOSTFEED_DEPTH_MAX) {
		stop(x, "XML nested deeper than 16");
		return;
	}
	uint8_t in = x->path[x->depth], is = place_of(in, name);
	x->path[++x->depth] = is;
	if (is == P_EVENT)
		begin_event(x);
	if (is == P_DATA || is == P_USER_FIELD) {
		x->ndata++;
		x->part[T_NAME] = is == P_DATA ? (struct bytes){ NULL, 0 } : keep(x, bytes_str(name));
	}
	for (size_t i = 0; is != P_SKIP && i < NELEM(attributes); i++)
		for (size_t k = 0; attributes[i].in == is && attr[k] != NULL; k += 2)
			if (strcmp(attr[k], attributes[i].name) == 0)
				take_part(x, (enum part)attributes[i].part, keep(x, bytes_str(attr[k + 1])));
	if (is != P_SKIP)
		x->text_start = x->sink->feed->text.n;
}

static void XMLCALL
on_text(void *arg, const XML_Char *s, int len)
{
	struct xml *x = arg;
	uint8_t is = x->path[x->depth];
	if (x->what == NULL && len > 0 &&
	    (is == P_ID || is == P_RECORD || is == P_CHANNEL || is == P_COMPUTER || is == P_DATA ||
	     is == P_USER_FIELD))
		(void)keep(x, bytes_of(s, (size_t)len));
}

static const char *
fill_event(struct xml *x, struct hostev *ev)
{
	const char *what = NULL;
	ev->provider = x->part[T_PROVIDER].n ? x->part[T_PROVIDER] : x->part[T_SOURCE];
	ev->channel = x->part[T_CHANNEL];
	ev->computer = x->part[T_COMPUTER];
	ev->user = x->part[T_USER];
	if (text_trim(ev->provider).n == 0)
		return "an event without a provider";
	if (text_trim(ev->computer).n == 0)
		event_lost(ev, "computer");
	if (!event_id(ev, x->part[T_ID], &what) || !event_time(x->sink->feed, x->part[T_TIME], &what))
		return what;
	event_record(ev, x->part[T_RECORD]);
	return NULL;
}

static void
end_event(struct xml *x)
{
	const char *what = fill_event(x, &x->sink->feed->ev);
	if (what != NULL)
		sink_bad(x->sink, what, (size_t)XML_GetCurrentByteIndex(x->parser),
			 (unsigned)XML_GetCurrentLineNumber(x->parser));
	else
		event_end(x->sink);
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct xml *x = arg;
	(void)name;
	if (x->what != NULL)
		return;
	struct out *text = &x->sink->feed->text;
	uint8_t is = x->path[x->depth--];
	struct bytes value = bytes_of(text->p + x->text_start, text->n - x->text_start);
	for (size_t i = 0; i < NELEM(texts); i++)
		if (texts[i].in == is)
			take_part(x, (enum part)texts[i].part, value);
	if (is == P_DATA || is == P_USER_FIELD)
		event_field(&x->sink->feed->ev, x->part[T_NAME].n ? x->part[T_NAME] : numbered(x), value);
	if (is == P_EVENT && x->what == NULL)
		end_event(x);
}

static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	stop(arg, "DOCTYPE is refused");
}

/* --- before and around the parser ---------------------------------------------------------------------------------- */

/* XML 1.0 section 2.2; also U+FFFE and U+FFFF are none. */
static bool
is_xml_char(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
	       (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

/* The length of a reference like &#x1; to what is no character, else 0.  EvtRender writes them for control bytes. */
static size_t
bad_reference(struct cursor c)
{
	size_t start = cur_off(&c);
	uint32_t v = 0, base = 10;
	if (cur_be16(&c) != ('&' << 8 | '#'))
		return 0;
	if (cur_more(&c) && cur_peek_u8(&c) == 'x') {
		base = 16;
		cur_skip(&c, 1);
	}
	for (unsigned n = 0; n < 8; n++) {
		uint8_t b = cur_u8(&c), digit = 16;
		if (b == ';')
			return n > 0 && !is_xml_char(v) ? cur_off(&c) - start : 0;
		if (b >= '0' && b <= '9')
			digit = (uint8_t)(b - '0');
		else if ((b | 0x20) >= 'a' && (b | 0x20) <= 'f')
			digit = (uint8_t)((b | 0x20) - 'a' + 10);
		if (digit >= base)
			return 0;
		v = v * base + digit;
	}
	return 0;
}

/* Copies the document with U+FFFD for what XML does not allow; `out` NULL: only tells whether that changes anything. */
static bool
repair(struct bytes doc, struct out *out)
{
	struct cursor c = cur_all(doc);
	bool changed = false;
	while (cur_more(&c)) {
		struct cursor was = c;
		uint32_t code;
		size_t ref = cur_peek_u8(&c) == '&' ? bad_reference(c) : 0;
		size_t n = ref ? 0 : text_utf8(&c, &code);
		cur_skip(&c, ref);
		bool good = n > 0 && is_xml_char(code);
		changed = changed || !good;
		if (out != NULL)
			out_view(out, good ? cur_take(&was, n) : bytes_str("\xef\xbf\xbd"));
	}
	return changed;
}

static const char *
why(enum XML_Error e)
{
	switch (e) {
	case XML_ERROR_NO_MEMORY: return "XML that needs more memory than an event may";
	case XML_ERROR_UNDEFINED_ENTITY: return "XML with an entity that is not one of the five";
	case XML_ERROR_NO_ELEMENTS: return "XML ends early";
	case XML_ERROR_UNCLOSED_TOKEN: return "XML ends early";
	case XML_ERROR_DUPLICATE_ATTRIBUTE: return "XML with an attribute given twice is refused";
	case XML_ERROR_JUNK_AFTER_DOC_ELEMENT: return "text after the end of the XML document";
	case XML_ERROR_TAG_MISMATCH: return "XML with an end tag of another name";
	default: return "not well-formed XML";
	}
}

static void
parse(struct xml *x, struct bytes doc)
{
	XML_SetUserData(x->parser, x);
	XML_SetElementHandler(x->parser, on_start, on_end);
	XML_SetCharacterDataHandler(x->parser, on_text);
	XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
	XML_SetHashSalt(x->parser, (unsigned long)x->sink->feed->seed);
	if (XML_Parse(x->parser, (const char *)doc.p, (int)doc.n, XML_TRUE) == XML_STATUS_OK) {
		if (!x->any && x->path[1] != P_EVENTS)
			sink_bad(x->sink, "shape not known: XML without an Event element", 0, 1);
		return;
	}
	if (x->what == NULL)
		stop(x, why(XML_GetErrorCode(x->parser)));
	sink_bad(x->sink, x->what, x->at, x->line);
}

/* The encoding is what this program says: EvtRender's text names UTF-16 and arrives as UTF-8. */
void
winxml_decode(struct sink *s, struct bytes doc)
{
	static const XML_Memory_Handling_Suite memory = { arena_malloc, arena_realloc, arena_free };
	struct out clean =
		out_init(s->feed->clean + s->feed->cleaned, sizeof(s->feed->clean) - s->feed->cleaned);
	if (repair(doc, NULL)) {
		(void)repair(doc, &clean);
		doc = out_bytes(&clean);
	}
	s->feed->text = out_init(s->feed->words, sizeof(s->feed->words));
	struct arena_mark mark = arena_enter(&s->feed->arena);
	struct xml x = { .sink = s, .path = { P_ROOT } };
	x.parser = XML_ParserCreate_MM("UTF-8", &memory, NULL);
	if (x.parser == NULL)
		sink_bad(s, why(XML_ERROR_NO_MEMORY), 0, 1);
	else
		parse(&x, doc);
	arena_leave(mark); /* nothing is freed: the arena forgets it */
}
