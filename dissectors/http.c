/* HTTP/1 heads in clear, on any port: RFC 9112 2 to 6.  Bodies are stepped over where their length is known.
 *
 * A head is waited for as a whole.  Then its first line is used up, which tells the message (OBS_HTTP), and after it the
 * lines up to each token of NTLM or SPNEGO (RFC 4559), which tell an authentication (OBS_AUTH); then the rest. */
#include "auth.h"
#include "walk.h"

enum {
	MARK = 'H',
	METHOD_MAX = 32,
	LINE_MAX = 8192,   /* RFC 9112 3 asks for 8000 */
	TOKEN_MAX = 12288, /* decoded: what Windows takes for a head is 16 KiB */
	VALUE_MAX = 1024,  /* of a folded value that is put together */
	ASKED = 32,	   /* requests that wait for their answers */
	SKIP_MAX = 1 << 20 /* more than is ever kept of a stream */
};
enum phase { PHASE_HEAD, PHASE_FIELDS, PHASE_BODY, PHASE_CHUNK };
enum asked { ASKED_WPAD = 1, ASKED_CONNECT = 2, ASKED_HEAD = 4 };
enum what { WHAT_ELSE, WHAT_HOST, WHAT_AGENT, WHAT_LENGTH, WHAT_CODING, WHAT_SENT, WHAT_ASKED };

static const struct {
	const char *name;
	uint8_t what;
} names[] = {
	{ "host", WHAT_HOST },
	{ "user-agent", WHAT_AGENT },
	{ "content-length", WHAT_LENGTH },
	{ "transfer-encoding", WHAT_CODING },
	{ "authorization", WHAT_SENT },
	{ "proxy-authorization", WHAT_SENT },
	{ "www-authenticate", WHAT_ASKED },
	{ "proxy-authenticate", WHAT_ASKED },
};

/* What is known of one direction. */
struct state {
	uint8_t mark, phase; /* enum phase */
	uint8_t after;	     /* the phase behind the fields */
	bool response, tunnel;
	uint8_t asked[ASKED]; /* of the last requests; enum asked */
	uint32_t count;	      /* requests, or answers to requests that were seen */
	uint32_t line, scanned;
	uint64_t left;
};

/* One header field; the value with its continuation lines (RFC 9112 5.2), as they are. */
struct header {
	struct bytes name, value;
	uint8_t what; /* enum what */
};

/* What a head says, beyond its record. */
struct head {
	struct http *h;
	bool chunked, has_length;
	uint64_t length;
};

/* ---- text ---- */
static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool
same(struct bytes a, const char *text)
{
	struct bytes b = bytes_str(text);

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(bytes_u8(a, i)) != lower(bytes_u8(b, i)))
			return false;
	return true;
}

static struct bytes
part(struct bytes b, size_t from, size_t n)
{
	from = from < b.n ? from : b.n;
	return bytes_of(b.p + from, n < b.n - from ? n : b.n - from);
}

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes
trim(struct bytes b)
{
	while (b.n && blank(bytes_u8(b, b.n - 1)))
		b.n--;
	while (b.n && blank(bytes_u8(b, 0)))
		b = part(b, 1, b.n);
	return b;
}

/* Up to the first of `c`, or all; `b` moves behind it. */
static struct bytes
split(struct bytes *b, char c)
{
	const uint8_t *at = b->p ? memchr(b->p, c, b->n) : NULL;
	size_t n = at ? (size_t)(at - b->p) : b->n;
	struct bytes first = part(*b, 0, n);

	*b = part(*b, at ? n + 1 : n, b->n);
	return first;
}

static bool
digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9110 5.6.2. */
static bool
token_char(uint8_t c)
{
	return digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* ---- where things begin and end ---- */
enum shape { SHAPE_NO, SHAPE_MAYBE, SHAPE_REQUEST, SHAPE_RESPONSE };

static const char version[] = "HTTP/1.";

/* By the beginning alone. */
static enum shape
shape_of(struct bytes b)
{
	size_t n = 0, v = sizeof(version) - 1;

	if (b.n && memcmp(b.p, version, b.n < v ? b.n : v) == 0)
		return b.n >= v ? SHAPE_RESPONSE : SHAPE_MAYBE;
	while (n < b.n && n <= METHOD_MAX && token_char(bytes_u8(b, n)))
		n++;
	if (n == b.n && n <= METHOD_MAX)
		return SHAPE_MAYBE;
	if (n == 0 || bytes_u8(b, n) != ' ')
		return SHAPE_NO;
	for (size_t i = n + 1;
	     i < b.n && i < METHOD_MAX * 2 && bytes_u8(b, i) != '\r' && bytes_u8(b, i) != '\n'; i++)
		if (bytes_u8(b, i) < ' ')
			return SHAPE_NO;
	return SHAPE_REQUEST;
}

/* The first line, whole and without its end: method SP target SP version (RFC 9112 3), or version SP code (4). */
static bool
line_ok(struct bytes line, enum shape shape)
{
	size_t v = sizeof(version) - 1;

	if (shape == SHAPE_RESPONSE) {
		struct bytes code = part(line, v + 2, 3);
		return line.n >= v + 5 && bytes_u8(line, v + 1) == ' ' && bytes_u8(code, 0) != '0' &&
		       digit(bytes_u8(code, 0)) && digit(bytes_u8(code, 1)) && digit(bytes_u8(code, 2)) &&
		       (line.n == v + 5 || bytes_u8(line, v + 5) == ' ');
	}
	if (line.n <= v + 4 || bytes_u8(line, line.n - v - 2) != ' ' || memchr(line.p, 0, line.n) != NULL)
		return false;
	return memchr(line.p, ' ', line.n - v - 2) != NULL && digit(bytes_u8(line, line.n - 1)) &&
	       memcmp(line.p + line.n - v - 1, version, v) == 0;
}

/* Behind the line feed at or after `from`; 0 where there is none yet. */
static size_t
line_end(struct bytes b, size_t from)
{
	const uint8_t *at = from < b.n ? memchr(b.p + from, '\n', b.n - from) : NULL;
	return at ? (size_t)(at - b.p) + 1 : 0;
}

/* Behind the empty line that ends the fields, looked for from `from` (a place in or behind the first line). */
static size_t
head_end(struct bytes b, size_t from)
{
	for (size_t i = from; (i = line_end(b, i)) != 0;) {
		if (bytes_u8(b, i) == '\n' && i < b.n)
			return i + 1;
		if (i + 1 < b.n && bytes_u8(b, i) == '\r' && bytes_u8(b, i + 1) == '\n')
			return i + 2;
	}
	return 0;
}

/* The next field of `rest`; false at the empty line and at the end. */
static bool
header_next(struct bytes *rest, struct header *h)
{
	size_t end = line_end(*rest, 0);
	struct bytes b = part(*rest, 0, end ? end : rest->n);

	if (b.n == 0 || bytes_u8(b, 0) == '\n' ||
	    (b.n == 2 && bytes_u8(b, 0) == '\r' && bytes_u8(b, 1) == '\n'))
		return false;
	while (end && end < rest->n && (rest->p[end] == ' ' || rest->p[end] == '\t')) {
		end = line_end(*rest, end);
		b = part(*rest, 0, end ? end : rest->n);
	}
	*rest = part(*rest, b.n, rest->n);
	h->name = trim(split(&b, ':'));
	h->value = trim(b);
	h->what = WHAT_ELSE;
	for (size_t i = 0; i < NELEM(names); i++)
		if (same(h->name, names[i].name))
			h->what = names[i].what;
	return true;
}

/* A value in one line. */
static struct bytes
unfold(struct bytes v, struct walk *w)
{
	if (v.n == 0 || memchr(v.p, '\n', v.n) == NULL)
		return v;
	struct out o = walk_scratch_out(w, VALUE_MAX);
	for (size_t i = 0; i < v.n; i++)
		if (bytes_u8(v, i) != '\r' && bytes_u8(v, i) != '\n')
			out_chr(&o, (char)bytes_u8(v, i));
	return walk_scratch_keep(w, &o);
}

/* ---- authentication ---- */
/* The first word, and what is behind it. */
static uint8_t
scheme_of(struct bytes value, struct bytes *rest)
{
	size_t n = 0;

	while (n < value.n && token_char(bytes_u8(value, n)))
		n++;
	struct bytes scheme = part(value, 0, n);
	*rest = trim(part(value, n, value.n));
	if (same(scheme, "ntlm"))
		return HTTP_AUTH_NTLM;
	if (same(scheme, "negotiate"))
		return HTTP_AUTH_NEGOTIATE;
	if (same(scheme, "basic"))
		return HTTP_AUTH_BASIC;
	return n ? HTTP_AUTH_OTHER : HTTP_AUTH_NONE;
}

/* Of several schemes the one that gives most away: NTLM before what may end in it, before a word in clear. */
static uint8_t
worse(uint8_t a, uint8_t b)
{
	static const uint8_t rank[] = { [HTTP_AUTH_NONE] = 0,
					[HTTP_AUTH_OTHER] = 1,
					[HTTP_AUTH_BASIC] = 2,
					[HTTP_AUTH_NEGOTIATE] = 3,
					[HTTP_AUTH_NTLM] = 4 };
	return rank[b] > rank[a] ? b : a;
}

/* Up to a comma that is not in quotes (RFC 9110 5.6.4); `list` moves behind it. */
static struct bytes
list_item(struct bytes *list)
{
	bool quoted = false;
	size_t n = 0;

	for (; n < list->n && (quoted || list->p[n] != ','); n++) {
		if (list->p[n] == '"')
			quoted = !quoted;
		else if (quoted && list->p[n] == '\\')
			n++;
	}
	n = n < list->n ? n : list->n;
	struct bytes item = part(*list, 0, n);
	*list = part(*list, n + 1, list->n);
	return trim(item);
}

/* A list of schemes may stand in one field (RFC 9110 11.6.1): a word behind a comma that no '=' follows. */
static uint8_t
schemes_of(struct bytes value)
{
	struct bytes rest;
	uint8_t all = HTTP_AUTH_NONE;

	while (value.n) {
		struct bytes one = list_item(&value);
		uint8_t scheme = scheme_of(one, &rest);
		if (rest.n == 0 || bytes_u8(rest, 0) != '=')
			all = worse(all, scheme);
	}
	return all;
}

static bool
has_token(const struct header *h, struct bytes *token)
{
	uint8_t scheme = scheme_of(h->value, token);

	return (h->what == WHAT_SENT || h->what == WHAT_ASKED) && token->n > 0 &&
	       (scheme == HTTP_AUTH_NTLM || scheme == HTTP_AUTH_NEGOTIATE);
}

static int
base64_digit(uint8_t c)
{
	if (lower(c) >= 'a' && lower(c) <= 'z')
		return c <= 'Z' ? c - 'A' : c - 'a' + 26;
	if (digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 4; ends at the first byte that is none, blanks of a fold aside. */
static struct bytes
base64(struct bytes text, struct walk *w)
{
	struct out o = walk_scratch_out(w, TOKEN_MAX);
	uint32_t bits = 0;
	unsigned n = 0;

	for (size_t i = 0; i < text.n; i++) {
		int d = base64_digit(bytes_u8(text, i));
		if (d < 0 && blank(bytes_u8(text, i)))
			continue;
		if (d < 0)
			break;
		bits = bits << 6 | (uint32_t)d;
		n += 6;
		if (n >= 8) {
			n -= 8;
			out_chr(&o, (char)(uint8_t)(bits >> n));
		}
	}
	return walk_scratch_keep(w, &o);
}

/* ---- one head ---- */
static bool
number(struct bytes v, unsigned base, uint64_t *n)
{
	size_t i = 0;

	*n = 0;
	for (; i < v.n; i++) {
		unsigned c = lower(bytes_u8(v, i));
		unsigned d = digit((uint8_t)c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
		if (d >= base)
			break;
		*n = *n > UINT64_MAX / 32 ? *n : *n * base + d;
	}
	return i > 0;
}

static void
header_read(struct head *head, const struct header *h, struct walk *w)
{
	struct http *t = head->h;
	struct bytes rest;

	switch (h->what) {
	case WHAT_HOST: t->host = t->host.p ? t->host : unfold(h->value, w); break;
	case WHAT_AGENT: t->user_agent = t->user_agent.p ? t->user_agent : unfold(h->value, w); break;
	case WHAT_LENGTH: head->has_length = number(h->value, 10, &head->length); break;
	case WHAT_CODING: head->chunked = true; break;
	case WHAT_SENT:
		if (!t->response)
			t->auth = worse(t->auth, scheme_of(h->value, &rest));
		break;
	case WHAT_ASKED:
		if (t->response && (t->status == 401 || t->status == 407))
			t->auth = worse(t->auth, schemes_of(h->value));
		break;
	}
}

/* The path of a target in any form (RFC 9112 3.2), without the query. */
static struct bytes
path_of(struct bytes target)
{
	struct bytes path = split(&target, '?');

	for (size_t i = 0; i + 2 < path.n && bytes_u8(path, i) != '/'; i++)
		if (bytes_u8(path, i) == ':' && bytes_u8(path, i + 1) == '/' &&
		    bytes_u8(path, i + 2) == '/') {
			path = part(path, i + 3, path.n);
			const uint8_t *at = path.n ? memchr(path.p, '/', path.n) : NULL;
			return at ? part(path, (size_t)(at - path.p), path.n) : bytes_of(path.p, 0);
		}
	return path;
}

static void
request_line(struct bytes line, struct http *t)
{
	static const char wpad[] = "/wpad.dat";

	line.n -= sizeof(version) - 1 + 2; /* the version and the blank before it */
	t->method = split(&line, ' ');
	t->target = line;
	struct bytes path = path_of(t->target);
	size_t n = sizeof(wpad) - 1;
	t->wpad = path.n >= n && same(part(path, path.n - n, n), wpad);
	t->connect = same(t->method, "connect");
	t->sstp = same(t->method, "sstp_duplex_post") &&
		  same(path, "/sra_{ba195980-cd49-458b-9e23-c84ee0adcd75}/");
	t->iphttps = same(t->method, "post") && same(path, "/iphttps");
}

static void
status_line(struct bytes line, struct http *t)
{
	uint64_t status;

	number(part(line, sizeof(version) + 1, 3), 10, &status);
	t->status = (uint16_t)status;
	t->set |= 1u << HTTPH_STATUS;
	t->response = true;
}

/* Which request this answers: the oldest without an answer.  Interim answers (RFC 9110 15.2) use up none. */
static uint8_t
answered(struct state *s, const struct state *peer, const struct http *t)
{
	if (peer->mark != MARK || peer->response || s->count >= peer->count)
		return 0;
	uint8_t asked = peer->count - s->count <= ASKED ? peer->asked[s->count % ASKED] : 0;
	if (t->status >= 200 || t->status == 101)
		s->count++;
	return asked;
}

/* RFC 9112 6.3: what follows the fields.  Where the end of a body cannot be known the direction ends with it. */
static void
body_of(struct state *s, const struct head *head, uint8_t asked)
{
	const struct http *t = head->h;
	bool none = t->response &&
		    (t->status < 200 || t->status == 204 || t->status == 304 || (asked & ASKED_HEAD));

	s->after = PHASE_HEAD;
	s->left = 0;
	s->tunnel = t->connect ? !t->response || t->status / 100 == 2 : t->response && t->status == 101;
	if (none || (t->connect && s->tunnel))
		return;
	if (head->chunked) {
		s->after = PHASE_CHUNK;
		return;
	}
	s->left = head->has_length ? head->length : t->response ? UINT64_MAX : 0;
	if (s->left)
		s->after = PHASE_BODY;
}

static void
head_read(struct bytes b, bool whole, struct pkt *pkt, struct obs *o, enum shape shape)
{
	struct state *s = pkt->stream->mine;
	struct head head = { .h = &o->u.http };
	struct bytes first = trim(part(b, 0, s->line)), rest = part(b, s->line, b.n);
	struct http *t = head.h;
	struct header h;
	uint8_t asked = 0;

	s->response = shape == SHAPE_RESPONSE;
	if (s->response) {
		status_line(first, t);
		asked = answered(s, pkt->stream->peer, t);
		t->wpad = asked & ASKED_WPAD;
		t->connect = asked & ASKED_CONNECT;
	} else {
		request_line(first, t);
		s->asked[s->count++ % ASKED] =
			(uint8_t)((t->wpad ? ASKED_WPAD : 0) | (t->connect ? ASKED_CONNECT : 0) |
				  (same(t->method, "head") ? ASKED_HEAD : 0));
	}
	while (header_next(&rest, &h) &&
	       (whole || rest.n)) /* of a head that goes on the last field may, too */
		header_read(&head, &h, pkt->w);
	if (!whole) /* a worse scheme may come yet */
		t->auth = HTTP_AUTH_NONE;
	body_of(s, &head, asked);
	s->phase = PHASE_FIELDS;
}

/* ---- the stream ---- */
static enum said
nothing(struct obs *o)
{
	o->kind = OBS_NONE;
	return SAID_OK;
}

/* Not HTTP, or not any more. */
static enum said
lost(struct pkt *pkt, struct obs *o)
{
	struct state *s = pkt->stream->mine;

	o->kind = OBS_NONE;
	if (pkt->stream->first)
		return SAID_NO;
	pkt->stream->passed = s->tunnel;
	pkt->stream->done = !s->tunnel;
	return SAID_OK;
}

static enum said
wait(struct state *s, struct bytes b, struct obs *o)
{
	s->scanned = (uint32_t)b.n;
	o->kind = OBS_NONE;
	return SAID_CUT;
}

/* The first line, once all of the head is there. */
static enum said
phase_head(struct cursor *c, struct bytes b, struct pkt *pkt, struct obs *o)
{
	struct state *s = pkt->stream->mine;
	enum shape shape = shape_of(b);

	if (!pkt->stream->first && (bytes_u8(b, 0) == '\r' || bytes_u8(b, 0) == '\n')) { /* RFC 9112 2.2 */
		cur_skip(c, 1);
		return nothing(o);
	}
	if (shape == SHAPE_NO)
		return lost(pkt, o);
	if (s->line == 0) {
		size_t end = line_end(b, s->scanned);
		if (end == 0)
			return b.n > LINE_MAX || pkt->stream->last ? lost(pkt, o) : wait(s, b, o);
		if (!line_ok(trim(part(b, 0, end)), shape))
			return lost(pkt, o);
		s->line = (uint32_t)end;
		s->scanned = (uint32_t)end;
	}
	size_t end = head_end(b, s->scanned > s->line + 2 ? s->scanned - 3 : s->line - 1);
	if (end == 0 && !pkt->stream->last)
		return wait(s, b, o);
	head_read(part(b, 0, end ? end : b.n), end, pkt, o, shape);
	cur_skip(c, s->line);
	s->line = s->scanned = 0;
	if (end == 0) { /* what is there may hold a token all the same */
		o->flags |= OBS_CUT;
		o->bad_what = "a head longer than what is kept of a stream";
	}
	return SAID_OK;
}

/* The fields up to the next token, or all. */
static enum said
phase_fields(struct cursor *c, struct bytes b, struct pkt *pkt, struct obs *o)
{
	struct state *s = pkt->stream->mine;
	struct bytes rest = b, text;
	struct header h;

	while (header_next(&rest, &h)) {
		if (!has_token(&h, &text))
			continue;
		cur_skip(c, b.n - rest.n);
		struct bytes raw = base64(text, pkt->w);
		struct cursor token =
			cur_init(raw, raw.n + (rest.n == 0)); /* a whole head ends in an empty line */
		return auth_token(&token, pkt, o, AUTH_HTTP, s->response);
	}
	size_t end = line_end(rest, 0);
	cur_skip(c, b.n - rest.n + (end ? end : rest.n));
	s->phase = s->after;
	pkt->stream->done = s->left > SKIP_MAX;
	return nothing(o);
}

static enum said
phase_body(struct cursor *c, struct bytes b, struct pkt *pkt, struct obs *o)
{
	struct state *s = pkt->stream->mine;
	size_t n = s->left < b.n ? (size_t)s->left : b.n;

	cur_skip(c, n);
	s->left -= n;
	if (s->left == 0)
		s->phase = s->after == PHASE_CHUNK ? PHASE_CHUNK : PHASE_HEAD;
	pkt->stream->done = s->left > SKIP_MAX;
	return nothing(o);
}

/* RFC 9112 7.1: a length, that many bytes, an empty rest of a line; the last has length 0, and trailer fields behind it,
 * which nobody sends, end the direction. */
static enum said
phase_chunk(struct cursor *c, struct bytes b, struct pkt *pkt, struct obs *o)
{
	struct state *s = pkt->stream->mine;
	size_t end = line_end(b, s->scanned);

	if (end == 0)
		return b.n > LINE_MAX ? lost(pkt, o) : wait(s, b, o);
	if (!number(trim(part(b, 0, end)), 16, &s->left))
		return lost(pkt, o);
	s->scanned = 0;
	s->phase = s->left ? PHASE_BODY : PHASE_HEAD;
	s->left += s->left ? 2 : 0;
	cur_skip(c, end);
	return nothing(o);
}

static enum said
http_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct cursor look = *c;
	struct bytes b = cur_rest(&look);

	_Static_assert(sizeof(struct state) <= STREAM_STATE, "state of a direction");
	if (pkt->stream == NULL)
		return SAID_NO;
	struct state *s = pkt->stream->mine;
	s->mark = MARK;
	switch (s->phase) {
	case PHASE_FIELDS: return phase_fields(c, b, pkt, o);
	case PHASE_BODY: return phase_body(c, b, pkt, o);
	case PHASE_CHUNK: return phase_chunk(c, b, pkt, o);
	default: return phase_head(c, b, pkt, o);
	}
}

/* Upper-case letters, then a target; or a version. */
static bool
http_starts(struct bytes head)
{
	size_t n = 0, v = sizeof(version) - 1;

	if (bytes_u8(head, 0) < 'A' || bytes_u8(head, 0) > 'Z') /* most bulk is over here */
		return false;
	if (memcmp(head.p, version, head.n < v ? head.n : v) == 0)
		return true;
	while (n < head.n && n <= METHOD_MAX &&
	       ((bytes_u8(head, n) >= 'A' && bytes_u8(head, n) <= 'Z') ||
		(n > 2 && token_char(bytes_u8(head, n)))))
		n++;
	if (n == head.n)
		return n <= METHOD_MAX;
	return n > 2 && n <= METHOD_MAX && bytes_u8(head, n) == ' ' &&
	       (n + 1 == head.n || bytes_u8(head, n + 1) > ' ');
}

static const struct name auth_names[] = { { HTTP_AUTH_NEGOTIATE, "negotiate" },
					  { HTTP_AUTH_NTLM, "ntlm" },
					  { HTTP_AUTH_BASIC, "basic" },
					  { HTTP_AUTH_OTHER, "other" },
					  { 0, NULL } };

static const struct field http_fields[] = {
	FIELD(struct http, method, "method", F_TEXT, .help = "of a request"),
	FIELD(struct http, target, "target", F_TEXT, .help = "what is asked for, as it was sent"),
	FIELD(struct http, host, "host", F_TEXT, .help = "Host field"),
	FIELD(struct http, user_agent, "user_agent", F_TEXT, .help = "User-Agent field"),
	FIELD(struct http, status, "status", F_U16, .has = BIT(HTTPH_STATUS), .help = "of an answer"),
	FIELD(struct http, auth, "auth", F_NAME8, .names = auth_names,
	      .help = "authentication sent, or asked for by 401 and 407: ntlm, negotiate, basic, other"),
	FIELD(struct http, wpad, "wpad", F_BOOL, .help = "asks for a wpad.dat, or answers that"),
	FIELD(struct http, connect, "connect", F_BOOL, .help = "CONNECT, or the answer to it"),
	FIELD(struct http, sstp, "sstp", F_BOOL, .help = "opens an SSTP tunnel (MS-SSTP 3.2.4.1)"),
	FIELD(struct http, iphttps, "iphttps", F_BOOL, .help = "opens an IP-HTTPS tunnel (MS-IPHTTPS)"),
};

const struct dissector dissector_http = {
	.name = "http",
	.bpf = "tcp",
	.claims = { { CLAIM_SHAPE_TCP, 0 } },
	.kind = OBS_HTTP,
	.quiet = true,
	.dissect = http_dissect,
	.starts = http_starts,
	.fields = http_fields,
	.nfields = NELEM(http_fields),
};
