/* HTTP/1.1 (RFC 9112) as feeds use it: POST requests whose bodies are documents, on connections that stay open.  The path
 * says only what the answer looks like.  Whatever two readers could take for two different requests is refused. */
#include "cursor.h"
#include "framing_parts.h"
#include "hostev.h"
#include "text.h"

enum http_state {
	IN_HEAD,
	IN_BODY,
	IN_CHUNK_SIZE,
	IN_CHUNK,
	IN_CHUNK_END,
	IN_TRAILER,
	IN_REPLY,
	IN_ITEMS,
	IS_OVER
};

enum {
	CHUNK_LINE_MAX = 256,
	LENGTH_DIGITS_MAX = 12,
	ITEMS_AT_ONCE = 100, /* of a bulk request's answer: FRAMING_REPLY_MAX */
	REPLY_HEAD_MAX = 256,
	CHUNK_HEAD = 6, /* four digits, CR LF */
};

enum answer { ANSWER_PLAIN, ANSWER_HEC, ANSWER_HEC_ACK, ANSWER_OTLP, ANSWER_BULK, ANSWER_TEXT, ANSWER_NONE };

#define ELASTIC_VERSION                                                                                      \
	"{\"name\":\"crosstap\",\"version\":{\"number\":\"8.15.0\",\"build_flavor\":\"default\"},"           \
	"\"tagline\":\"You Know, for Search\"}"

/* What a path means; the first row whose method fits and that the path begins with (`whole`: is).  The last takes the rest. */
static const struct route {
	const char *path;
	bool whole, get;
	uint8_t answer;
	const char *text; /* of ANSWER_TEXT */
} routes[] = {
	{ "/services/collector/ack", false, false, ANSWER_HEC_ACK, NULL },
	{ "/services/collector/health", false, true, ANSWER_TEXT,
	  "{\"text\":\"HEC is healthy\",\"code\":17}" },
	{ "/services/collector", false, false, ANSWER_HEC, NULL },
	{ "/v1/logs", true, false, ANSWER_OTLP, NULL },
	{ "/v1/metrics", true, false, ANSWER_NONE, NULL },
	{ "/v1/traces", true, false, ANSWER_NONE, NULL },
	{ "/_bulk", true, false, ANSWER_BULK, NULL },
	{ "/_license", true, true, ANSWER_TEXT,
	  "{\"license\":{\"status\":\"active\",\"type\":\"basic\",\"mode\":\"basic\"}}" },
	{ "/", true, true, ANSWER_TEXT, ELASTIC_VERSION },
	{ "", false, false, ANSWER_PLAIN, NULL },
};

static const struct status {
	uint16_t code, hec; /* hec: the number in the answer's body, as Splunk has it */
	const char *phrase, *field;
} statuses[] = {
	{ 200, 0, "OK", "" },
	{ 400, 6, "Bad Request", "" },
	{ 401, 3, "Unauthorized", "WWW-Authenticate: Bearer\r\n" },
	{ 403, 4, "Forbidden", "" },
	{ 404, 6, "Not Found", "" },
	{ 405, 6, "Method Not Allowed", "Allow: POST\r\n" },
	{ 411, 6, "Length Required", "" },
	{ 413, 6, "Content Too Large", "" },
	{ 415, 6, "Unsupported Media Type", "Accept-Encoding: gzip, deflate\r\n" },
	{ 417, 6, "Expectation Failed", "" },
	{ 431, 6, "Request Header Fields Too Large", "" },
	{ 501, 6, "Not Implemented", "" },
	{ 503, 9, "Service Unavailable", "" },
	{ 505, 6, "HTTP Version Not Supported", "" },
};

enum field { LENGTH, TRANSFER, ENCODING, TYPE, EXPECT, AUTHORIZATION, HOST, CHANNEL, CONNECTION, FIELDS };
static const char *const fields[FIELDS] = {
	[LENGTH] = "content-length",
	[TRANSFER] = "transfer-encoding",
	[ENCODING] = "content-encoding",
	[TYPE] = "content-type",
	[EXPECT] = "expect",
	[AUTHORIZATION] = "authorization",
	[HOST] = "host",
	[CHANNEL] = "x-splunk-request-channel",
	[CONNECTION] = "connection",
};

/* The heads' schemes of Authorization; `basic`: user and password in base64, of which the password is the token. */
static const struct {
	const char *name;
	bool basic;
} schemes[] = {
	{ "splunk ", false },
	{ "bearer ", false },
	{ "apikey ", false },
	{ "basic ", true },
};

static bool
is(struct bytes text, const char *other)
{
	return text_eq_nocase(text, bytes_str(other));
}

/* Ends the request with an error; the connection goes with it. */
static void
fail(struct http *h, uint16_t status, const char *what)
{
	h->status = status;
	h->what = what;
	h->keep = false;
	h->state = IN_REPLY;
}

/* Up to `c`, which is passed; all of it where there is none. */
static struct bytes
up_to(struct cursor *in, uint8_t c)
{
	struct cursor look = *in;
	struct bytes rest = cur_rest(&look);
	const uint8_t *end = rest.n > 0 ? memchr(rest.p, c, rest.n) : NULL;
	struct bytes b = cur_take(in, end != NULL ? (size_t)(end - rest.p) : rest.n);
	if (end != NULL)
		cur_skip(in, 1);
	return b;
}

/* A line without its CR LF. */
static struct bytes
line_of(struct cursor *c)
{
	struct bytes line = up_to(c, '\n');
	return bytes_of(line.p, line.n > 0 ? line.n - 1 : 0);
}

static bool
is_token(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) /* RFC 9110 5.6.2 */
		if (b.p[i] <= ' ' || b.p[i] >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", b.p[i]) != NULL)
			return false;
	return b.n > 0;
}

static bool
has_controls(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if ((b.p[i] < ' ' && b.p[i] != '\t') || b.p[i] == 0x7f)
			return true;
	return false;
}

/* Is `word` an element of the list? */
static bool
lists(struct bytes list, const char *word)
{
	struct cursor c = cur_all(list);
	while (cur_more(&c))
		if (is(text_trim(up_to(&c, ',')), word))
			return true;
	return false;
}

static void
request_line(struct http *h, struct bytes line)
{
	struct cursor c = cur_all(line);
	struct bytes method = up_to(&c, ' '), target = up_to(&c, ' '), version = cur_rest(&c);
	struct cursor t = cur_all(target);
	struct bytes path = up_to(&t, '?');
	if (!is_token(method) || path.n == 0 || has_controls(line) || !text_starts_nocase(version, "HTTP/") ||
	    version.n != 8)
		return fail(h, 400, "no HTTP request line");
	if (memcmp(version.p, "HTTP/1.1", 8) != 0 && memcmp(version.p, "HTTP/1.0", 8) != 0)
		return fail(h, 505, "only HTTP/1.1 is served");
	h->keep = version.p[7] == '1';
	h->get = bytes_eq(method, bytes_str("GET"));
	h->channel = t.len > 0 && text_starts_nocase(cur_rest(&t), "channel=");
	if (!h->get && !bytes_eq(method, bytes_str("POST")))
		return fail(h, 405, "documents come by POST");
	const struct route *r = routes;
	while (!(r->get == h->get && text_starts_nocase(path, r->path) &&
		 (!r->whole || path.n == strlen(r->path)))) {
		if (++r == routes + NELEM(routes))
			return fail(h, 405, "documents come by POST");
	}
	h->route = (uint8_t)(r - routes);
	if (r->answer == ANSWER_NONE)
		fail(h, 404, "only logs are taken: no metrics, no traces");
}

/* One line of the head; false where it is none. */
static bool
field_line(struct bytes line, struct bytes value[FIELDS], bool *twice)
{
	struct cursor c = cur_all(line);
	struct bytes name = up_to(&c, ':');
	if (!is_token(name) || name.n == line.n || has_controls(line)) /* a blank before the colon is none */
		return false;
	struct bytes text = text_trim(cur_rest(&c));
	for (size_t i = 0; i < FIELDS; i++)
		if (is(name, fields[i])) {
			*twice |= value[i].p != NULL && i != CONNECTION;
			value[i] = text.p != NULL ? text : bytes_str("");
		}
	return true;
}

static int
base64_digit(uint8_t c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != 0 ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

/* The password of "user:password" in base64 (RFC 7617). */
static bool
basic_token(struct http *h, struct bytes text)
{
	uint32_t bits = 0;
	bool password = false;
	for (size_t i = 0, n = 0; i < text.n && text.p[i] != '='; i++) {
		int digit = base64_digit(text.p[i]);
		if (digit < 0 || h->token_n == sizeof(h->token))
			return false;
		bits = bits << 6 | (uint32_t)digit;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		uint8_t c = (uint8_t)(bits >> n);
		if (password)
			h->token[h->token_n++] = c;
		password |= c == ':';
	}
	return password;
}

static bool
authorization(struct http *h, struct bytes text)
{
	h->token_n = 0;
	for (size_t i = 0; i < NELEM(schemes); i++) {
		if (!text_starts_nocase(text, schemes[i].name))
			continue;
		struct cursor c = cur_all(text);
		cur_skip(&c, strlen(schemes[i].name));
		struct bytes token = text_trim(cur_rest(&c));
		h->has_token = true;
		if (schemes[i].basic)
			return basic_token(h, token);
		if (token.n > sizeof(h->token) || token.n == 0)
			return false;
		memcpy(h->token, token.p, token.n);
		h->token_n = token.n;
		return true;
	}
	return false;
}

static void
body_length(struct http *h, const struct bytes value[FIELDS])
{
	struct bytes length = value[LENGTH];
	if (value[TRANSFER].p != NULL) {
		if (length.p != NULL || !h->keep) /* !keep: HTTP/1.0 knows none */
			return fail(h, 400, "two lengths of one body");
		if (!is(value[TRANSFER], "chunked"))
			return fail(h, 501, "the only Transfer-Encoding is chunked");
		h->chunked = true;
		h->state = IN_CHUNK_SIZE;
		return;
	}
	if (length.p == NULL && !h->get)
		return fail(h, 411, "a body has a Content-Length or comes in chunks");
	if (length.p != NULL && (length.n > LENGTH_DIGITS_MAX || !text_u64(length, &h->left)))
		return fail(h, 400, "the Content-Length is no number");
	if (h->left > FRAMING_BODY_MAX)
		return fail(h, 413, "a body over 64 MiB: send smaller batches");
	h->state = IN_BODY;
}

static void
meaning(struct http *h, const struct bytes value[FIELDS])
{
	struct bytes encoding = value[ENCODING], type = value[TYPE];
	bool known = is(encoding, "gzip") || is(encoding, "x-gzip") || is(encoding, "deflate");
	if (value[HOST].p == NULL && h->keep)
		return fail(h, 400, "a request without Host");
	body_length(h, value);
	if (h->status != 0)
		return;
	if (value[AUTHORIZATION].p != NULL && !authorization(h, value[AUTHORIZATION]))
		return fail(h, 401, "an Authorization that is not understood");
	if (h->get && (h->chunked || h->left > 0))
		return fail(h, 400, "a GET with a body");
	if (text_starts_nocase(type, "application/x-protobuf"))
		return fail(h, 415, "protobuf is not read: set the exporter's encoding to json");
	if (encoding.n > 0 && !is(encoding, "identity") && !known)
		return fail(h, 415, "a Content-Encoding other than gzip and deflate");
	if (value[EXPECT].p != NULL && !is(value[EXPECT], "100-continue"))
		return fail(h, 417, "an expectation other than 100-continue");
	h->expect = value[EXPECT].p != NULL && h->keep;
	h->channel |= value[CHANNEL].n > 0;
	h->keep = h->keep ? !lists(value[CONNECTION], "close") : lists(value[CONNECTION], "keep-alive");
	h->compressed = known;
	if (known || h->chunked) {
		h->gather = gather_open(known);
		if (h->gather == NULL)
			fail(h, 503, "no memory for the body");
	}
}

static void
parse_head(struct http *h, struct bytes head)
{
	struct cursor c = cur_all(head);
	struct bytes value[FIELDS] = { { NULL, 0 } };
	bool twice = false;
	request_line(h, line_of(&c));
	while (h->status == 0 && cur_more(&c)) {
		struct bytes line = line_of(&c);
		if (line.n > 0 &&
		    !field_line(line, value, &twice)) /* one that begins with a blank is none, too */
			fail(h, 400, "a header field that is none");
	}
	if (h->status == 0 && twice)
		fail(h, 400, "a header field that stands twice");
	if (h->status == 0)
		meaning(h, value);
}

/* Where the head ends, its empty line included; 0: not in these bytes. */
static size_t
head_end(struct http *h, struct bytes b)
{
	struct cursor c = cur_at(&(struct cursor){ .base = b.p, .len = (uint32_t)b.n }, h->seen);
	struct bytes first = bytes_of(b.p, 1);
	if (b.n > 0 && (first.p[0] < 'A' || first.p[0] > 'Z')) {
		fail(h, 400, "no HTTP request");
		return 0;
	}
	for (;;) {
		struct cursor line = c;
		(void)up_to(&c, '\n');
		if (bytes_u8(b, cur_off(&c) - 1) != '\n' || cur_off(&c) == cur_off(&line))
			break;
		if (bytes_u8(b, cur_off(&c) - 2) != '\r') {
			fail(h, 400, "a line of the head ends without CR");
			return 0;
		}
		h->seen = cur_off(&c);
		if (cur_off(&c) - cur_off(&line) == 2)
			return cur_off(&c);
	}
	if (b.n == FRAMING_HEAD_MAX)
		fail(h, 431, "a request head over 16 KiB");
	return 0;
}

/* False where more bytes are needed. */
static bool
read_head(struct http *h, struct bytes have, struct framing_item *item)
{
	while (have.n >= 2 && h->seen == 0 && memcmp(have.p, "\r\n", 2) == 0) { /* RFC 9112 2.2 */
		item->used += 2;
		have = bytes_behind(have, 2);
	}
	if (have.n == 1 && have.p[0] == '\r')
		return false;
	struct bytes b = bytes_of(have.p, have.n < FRAMING_HEAD_MAX ? have.n : FRAMING_HEAD_MAX);
	size_t n = head_end(h, b);
	if (n == 0)
		return h->state != IN_HEAD;
	item->used += n;
	parse_head(h, bytes_of(b.p, n));
	return true;
}

/* Starts anew, for the next request. */
void
http_start(struct http *h)
{
	http_close(h);
	*h = (struct http){ .state = IN_HEAD, .frame = { .patient = true } };
}

static bool
add_body(struct http *h, size_t n)
{
	h->body += n;
	h->left -= n;
	if (h->body > FRAMING_BODY_MAX || (h->gather != NULL && h->gather->out > FRAMING_BODY_MAX))
		fail(h, 413, "a body over 64 MiB: send smaller batches");
	return h->state != IN_REPLY;
}

/* A line between chunks, CR LF included, of at most `max` bytes: false where it is not there (yet), or is none. */
static bool
chunk_line(struct http *h, struct bytes in, size_t max, struct bytes *line)
{
	struct bytes b = bytes_of(in.p, in.n < max ? in.n : max);
	const uint8_t *end = b.n > 0 ? memchr(b.p, '\n', b.n) : NULL;
	if (end == NULL && b.n == max)
		fail(h, 400, "a line between chunks that is too long");
	if (end == NULL)
		return false;
	*line = bytes_of(b.p, (size_t)(end - b.p) + 1);
	if (line->n < 2 || line->p[line->n - 2] != '\r' || has_controls(bytes_of(line->p, line->n - 2))) {
		fail(h, 400, "a line between chunks that is none");
		return false;
	}
	return true;
}

static void
chunk_size(struct http *h, struct bytes line)
{
	struct cursor c = cur_all(line);
	uint64_t n = 0;
	size_t digits = 0;
	while (cur_more(&c) && hex_digit(cur_peek_u8(&c)) >= 0 && digits++ < 8)
		n = n << 4 | (uint64_t)hex_digit(cur_u8(&c));
	uint8_t next = cur_u8(&c);
	if (digits == 0 || (next != '\r' && next != ';' && next != ' ' && next != '\t'))
		return fail(h, 400, "a chunk without a size");
	h->left = n;
	h->state = n > 0 ? IN_CHUNK : IN_TRAILER;
}

/* What stands between the chunks at the head of `in`: how much of it was read; 0: more bytes are needed, or it failed. */
static size_t
between_chunks(struct http *h, struct bytes in)
{
	struct bytes line;
	size_t max = h->state == IN_CHUNK_END ? 2 : CHUNK_LINE_MAX;
	if (!chunk_line(h, in, max, &line))
		return 0;
	if (h->state == IN_CHUNK_SIZE) {
		chunk_size(h, line);
	} else if (h->state == IN_CHUNK_END) {
		h->state = IN_CHUNK_SIZE;
	} else {
		h->trailer += line.n;
		h->raw_end = line.n == 2;
		if (h->trailer > FRAMING_HEAD_MAX)
			fail(h, 431, "a trailer over 16 KiB");
	}
	return h->state == IN_REPLY ? 0 : line.n;
}

/* Moves more of the body into `gather`; false where nothing moved. */
static bool
gather_body(struct http *h, struct bytes in, struct framing_item *item)
{
	struct gather *g = h->gather;
	size_t used = 0, before = gather_unread(g).n;
	if (!h->raw_end && h->chunked && h->state != IN_CHUNK) {
		used = between_chunks(h, in);
		item->used += used;
		return used > 0;
	}
	struct bytes data = bytes_of(in.p, h->raw_end ? 0 : in.n < h->left ? in.n : (size_t)h->left);
	const char *what = gather_add(g, data, &used);
	item->used += used;
	if (what != NULL) {
		fail(h, 400, what);
		return false;
	}
	if (!add_body(h, used))
		return false;
	if (h->left == 0 && h->chunked && !h->raw_end)
		h->state = IN_CHUNK_END;
	if (h->left == 0 && !h->chunked)
		h->raw_end = true;
	return used > 0 || gather_unread(g).n > before;
}

/* The body's next document; false where more bytes are needed, or an answer is due. */
static bool
document(struct http *h, struct bytes have, struct framing_item *item)
{
	struct gather *g = h->gather;
	if (g == NULL) {
		struct bytes in = bytes_of(have.p, have.n < h->left ? have.n : (size_t)h->left);
		size_t before = item->used;
		bool found = stream_next(&h->frame, in, in.n == h->left, item);
		if (add_body(h, item->used - before) && !found && h->left == 0)
			h->state = IN_REPLY;
		return found;
	}
	for (;;) {
		struct framing_item inner = { .bytes = { NULL, 0 } };
		bool whole = h->raw_end && (!h->compressed || g->ended);
		bool found = stream_next(&h->frame, gather_unread(g), whole, &inner);
		gather_take(g, inner.used);
		item->too_long += inner.too_long;
		item->skipped += inner.skipped;
		item->bytes = inner.bytes;
		if (found)
			return true;
		if (whole) {
			h->state = IN_REPLY;
			return false;
		}
		size_t moved = item->used;
		bool more = gather_body(h, have, item);
		have = bytes_behind(have, item->used - moved);
		if (!more && h->raw_end && h->state != IN_REPLY && !g->ended && h->compressed)
			fail(h, 400, "a compressed body that is cut off");
		if (!more && !(h->raw_end && !h->compressed))
			return false;
	}
}

/* The request is answered. */
static void
finish(struct http *h)
{
	if (h->keep)
		http_start(h);
	else
		h->state = IS_OVER;
}

static enum framing_said
over(const struct framing *f, struct framing_item *item)
{
	const struct http *h = &f->u.http;
	return h->what != NULL && !f->refused ? framing_bad(item, h->what) : FRAMING_CLOSE;
}

/* The ids that {"acks":[1,2,...]} asks for, all of them true: what was replied to was handed on before. */
static void
answer_acks(struct out *o, struct bytes doc)
{
	struct cursor c = cur_all(doc);
	bool first = true;
	(void)up_to(&c, '[');
	struct cursor ids = cur_all(up_to(&c, ']'));
	out_str(o, "{\"acks\":{");
	while (cur_more(&ids) && o->n + 32 < FRAMING_REPLY_MAX - REPLY_HEAD_MAX) {
		uint64_t id;
		if (!text_u64(text_trim(up_to(&ids, ',')), &id))
			continue;
		out_str(o, first ? "\"" : ",\"");
		out_u64(o, id);
		out_str(o, "\":true");
		first = false;
	}
	out_str(o, "}}");
}

/* A chunk of the answer to a bulk request, which names each document; the last one ends it. */
static enum framing_said
answer_items(struct http *h, struct framing_pool *pool, struct framing_item *item)
{
	static const char created[] = "{\"create\":{\"status\":201}}";
	struct out o = out_init(pool->scratch + CHUNK_HEAD, FRAMING_REPLY_MAX - CHUNK_HEAD);
	for (uint32_t i = 0; i < ITEMS_AT_ONCE && h->told < h->items; i++) {
		out_str(&o, h->told++ > 0 ? "," : "");
		out_str(&o, created);
	}
	bool last = h->told == h->items;
	if (last)
		out_str(&o, "]}");
	struct out head = out_init(pool->scratch, CHUNK_HEAD);
	out_hexn(&head, o.n, CHUNK_HEAD - 2);
	out_str(&head, "\r\n");
	out_str(&o, last ? "\r\n0\r\n\r\n" : "\r\n");
	item->bytes = bytes_of(pool->scratch, CHUNK_HEAD + o.n);
	item->after = true;
	if (last)
		finish(h);
	return FRAMING_REPLY;
}

static void
answer_hec(struct http *h, struct framing_pool *pool, struct out *o)
{
	if (h->documents + h->too_long == 0) {
		h->status = 400;
		out_str(o, "{\"text\":\"No data\",\"code\":5}");
		return;
	}
	out_str(o, "{\"text\":\"Success\",\"code\":0");
	if (h->channel) {
		out_str(o, ",\"ackId\":");
		out_u64(o, pool->acks++);
	}
	out_str(o, "}");
}

static void
answer_otlp(const struct http *h, struct out *o)
{
	if (h->too_long == 0) {
		out_str(o, "{}");
		return;
	}
	out_str(o, "{\"partialSuccess\":{\"rejectedLogRecords\":\"");
	out_u64(o, h->too_long);
	out_str(o, "\",\"errorMessage\":\"a request over 64 KiB of JSON: send smaller batches\"}}");
}

static const struct status *
status_of(uint16_t code)
{
	const struct status *s = statuses;
	while (s->code != code)
		s++;
	return s;
}

/* The text of an answer, at scratch + REPLY_HEAD_MAX. */
static struct bytes
answer(struct http *h, struct framing_pool *pool)
{
	struct out o = out_init(pool->scratch + REPLY_HEAD_MAX, FRAMING_REPLY_MAX - REPLY_HEAD_MAX);
	const struct route *r = &routes[h->route];
	if (h->what != NULL) {
		out_str(&o, "{\"text\":");
		out_json_str(&o, bytes_str(h->what));
		out_str(&o, ",\"code\":");
		out_u64(&o, status_of(h->status)->hec);
		out_str(&o, "}");
		return out_bytes(&o);
	}
	switch ((enum answer)r->answer) {
	case ANSWER_HEC:
	case ANSWER_HEC_ACK: answer_hec(h, pool, &o); break;
	case ANSWER_OTLP: answer_otlp(h, &o); break;
	case ANSWER_BULK: out_str(&o, "0022\r\n{\"took\":0,\"errors\":false,\"items\":[\r\n"); break;
	case ANSWER_TEXT: out_str(&o, r->text); break;
	case ANSWER_PLAIN:
	case ANSWER_NONE: out_str(&o, "{}"); break;
	}
	return out_bytes(&o);
}

/* Is the answer one that names each document?  Half of a bulk request's lines say what to do with the other half. */
static bool
in_items(const struct http *h)
{
	return h->what == NULL && routes[h->route].answer == ANSWER_BULK;
}

/* Status line and fields right before the text, which stands in the scratch already. */
static enum framing_said
reply(struct http *h, struct framing_pool *pool, struct bytes text, struct framing_item *item)
{
	uint8_t head[REPLY_HEAD_MAX];
	struct out o = out_init(head, sizeof(head));
	const struct status *s = status_of(h->status);
	out_str(&o, "HTTP/1.1 ");
	out_u64(&o, s->code);
	out_chr(&o, ' ');
	out_str(&o, s->phrase);
	out_str(&o, "\r\nContent-Type: application/json\r\n");
	out_str(&o, s->field);
	if (routes[h->route].answer == ANSWER_BULK || routes[h->route].get)
		out_str(&o, "X-Elastic-Product: Elasticsearch\r\n");
	out_str(&o, h->keep ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
	if (in_items(h)) {
		out_str(&o, "Transfer-Encoding: chunked\r\n\r\n");
	} else {
		out_str(&o, "Content-Length: ");
		out_u64(&o, text.n);
		out_str(&o, "\r\n\r\n");
	}
	memcpy(pool->scratch + REPLY_HEAD_MAX - o.n, head, o.n);
	item->bytes = bytes_of(pool->scratch + REPLY_HEAD_MAX - o.n, o.n + text.n);
	item->after = true;
	return FRAMING_REPLY;
}

/* A document came out of the body. */
static enum framing_said
give(struct framing *f, struct framing_item *item)
{
	struct http *h = &f->u.http;
	h->documents++;
	item->token = h->has_token ? bytes_of(h->token, h->token_n) : (struct bytes){ NULL, 0 };
	return FRAMING_DOC;
}

/* A question is answered where it stands, before its body is gone. */
static enum framing_said
give_acks(struct framing *f, struct framing_item *item)
{
	struct http *h = &f->u.http;
	struct out o = out_init(f->pool->scratch + REPLY_HEAD_MAX, FRAMING_REPLY_MAX - REPLY_HEAD_MAX);
	answer_acks(&o, item->bytes);
	h->status = 200;
	h->answered = true;
	return reply(h, f->pool, out_bytes(&o), item);
}

/* What comes next of a request whose head was read; FRAMING_CLOSE: its answer is due. */
static enum framing_said
request(struct framing *f, struct bytes have, bool eof, struct framing_item *item)
{
	struct http *h = &f->u.http;
	uint32_t too_long = item->too_long;
	if (h->expect) {
		h->expect = false;
		item->bytes = bytes_str("HTTP/1.1 100 Continue\r\n\r\n");
		item->after = true;
		return FRAMING_REPLY;
	}
	for (;;) {
		size_t used = item->used;
		bool found = document(h, have, item);
		have = bytes_behind(have, item->used - used);
		h->too_long += item->too_long - too_long;
		too_long = item->too_long;
		if (!found)
			break;
		if (routes[h->route].answer != ANSWER_HEC_ACK)
			return give(f, item);
		if (!h->answered)
			return give_acks(f, item);
	}
	if (h->state == IN_REPLY)
		return FRAMING_CLOSE;
	return eof ? framing_bad(item, "the connection ended inside a request") : FRAMING_MORE;
}

static enum framing_said
head(struct http *h, struct bytes have, bool eof, struct framing_item *item)
{
	size_t used = item->used;
	if (read_head(h, have, item))
		return FRAMING_CLOSE;
	if (!eof)
		return FRAMING_MORE;
	if (have.n == item->used - used)
		return FRAMING_CLOSE;
	return framing_bad(item, "the connection ended inside a request's head");
}

enum framing_said
http_step(struct framing *f, struct bytes have, bool eof, struct framing_item *item)
{
	struct http *h = &f->u.http;
	if (f->refused && h->state != IS_OVER && h->what == NULL)
		fail(h, h->has_token ? 403 : 401, "Invalid token");
	for (;;) {
		struct bytes rest = bytes_behind(have, item->used);
		enum framing_said said;
		switch ((enum http_state)h->state) {
		case IN_HEAD:
			said = head(h, rest, eof, item);
			if (said == FRAMING_CLOSE && h->state != IN_HEAD)
				break;
			return said;
		case IN_REPLY:
			if (h->answered) {
				finish(h);
				break;
			}
			if (h->status == 0)
				h->status = 200;
			said = reply(h, f->pool, answer(h, f->pool), item);
			h->items = (h->documents + h->too_long) / 2;
			if (in_items(h))
				h->state = IN_ITEMS;
			else
				finish(h);
			return said;
		case IN_ITEMS: return answer_items(h, f->pool, item);
		case IS_OVER: return over(f, item);
		default:
			said = request(f, rest, eof, item);
			if (said == FRAMING_CLOSE)
				break;
			return said;
		}
	}
}

void
http_close(struct http *h)
{
	gather_close(h->gather);
	h->gather = NULL;
}
