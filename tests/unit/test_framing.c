/* Connections: what comes out of their bytes, in whatever pieces those come.  Expected frames are from the Lumberjack v2
 * protocol, expected answers from RFC 9112 and from what HEC, OTLP and Elasticsearch say to their clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../fuzz/pieces.h"
#include "hostev.h"

#include <zlib.h>

/* What was read, as text: one line an item, its kind first. */
static void
assert_items(enum framing_protocol protocol, struct bytes input, const char *want)
{
	const size_t pieces[] = { FRAMING_WINDOW_MAX, 1, 3, 0 };
	for (size_t i = 0; i < NELEM(pieces); i++) {
		struct script s = script_of(protocol, true, input, pieces[i], 7);
		script_add(&s, "", 1);
		if (strcmp(s.p, want) != 0)
			fail_msg("in pieces of %zu:\n%s\nexpected:\n%s", pieces[i], s.p, want);
		free(s.p);
	}
}

static void
assert_stream(const char *input, const char *want)
{
	assert_items(FRAMING_STREAM, bytes_str(input), want);
}

static void
test_stream_tells_framings_apart(void **state)
{
	(void)state;
	assert_stream("", "E 0:\n");
	assert_stream("a\n\n b\r\n", "D 1:a\nD 2:b\r\nE 0:\n");
	assert_stream("{\"a\":1}\n{\"b\":\"}\\\"{\"}", "D 7:{\"a\":1}\nD 12:{\"b\":\"}\\\"{\"}\nE 0:\n");
	assert_stream("[\n{\"a\":1}\n]\n{}", "D 11:[\n{\"a\":1}\n]\nD 2:{}\nE 0:\n");
	assert_stream("6 <1>a\nb7 <2>c\n d", "D 6:<1>a\nb\nD 7:<2>c\n d\nE 0:\n");
	assert_stream("\xef\xbb\xbf<?xml v?><Events a='>'><Event><!-- </Event> --></Event><Event/></Events>",
		      "D 32:<Event><!-- </Event> --></Event>\nD 8:<Event/>\nE 0:\n");
}

struct big {
	char *p;
	size_t n, cap;
};

static void
add(struct big *b, const void *p, size_t n)
{
	assert_true(b->n + n <= b->cap);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static struct big
big_new(size_t cap)
{
	struct big b = { malloc(cap), 0, cap };
	assert_non_null(b.p);
	return b;
}

static void
add_str(struct big *b, const char *s)
{
	add(b, s, strlen(s));
}

static void
fill(struct big *b, char c, size_t n)
{
	assert_true(b->n + n <= b->cap);
	memset(b->p + b->n, c, n);
	b->n += n;
}

/* Each shape of a document that is too long, between two that are not. */
static void
test_stream_passes_over_what_is_too_long(void **state)
{
	(void)state;
	static const struct {
		const char *head, *tail;
		char fill;
	} shapes[] = {
		{ "", "\n", 'x' },
		{ "{\"a\":\"", "\"}\n", 'x' },
		{ "{\n\"a\":\"", "\"\n}\n", '\n' },
		{ "<Event><Data>", "</Data></Event>\n", '\n' },
		{ "<!--", "-->\n", '-' },
		{ "<Event a='", "'></Event>\n", '>' },
		{ "80000 <1>", "", '\n' },
	};
	for (size_t i = 0; i < NELEM(shapes); i++) {
		struct big b = big_new(200000);
		char want[200];
		add_str(&b, "{\"first\":1}\n");
		size_t start = b.n;
		add_str(&b, shapes[i].head);
		size_t room = 80000 + (shapes[i].tail[0] == 0 ? 3 : 0);
		fill(&b, shapes[i].fill, room - strlen(shapes[i].head) + (shapes[i].tail[0] == 0 ? 3 : 0));
		add_str(&b, shapes[i].tail);
		size_t end = b.n - (shapes[i].tail[0] != 0); /* its newline is none of it */
		size_t lead = shapes[i].tail[0] == 0 ? 6 : 0;
		add_str(&b, "{\"last\":1}\n");
		(void)snprintf(want, sizeof(want),
			       "D 11:{\"first\":1}\n<1 long, %zu>D 10:{\"last\":1}\nE 0:\n",
			       end - start - lead);
		assert_items(FRAMING_STREAM, bytes_of(b.p, b.n), want);
		free(b.p);
	}
}

/* An array longer than a document is taken apart, on one line or over many. */
static void
test_stream_takes_long_arrays_apart(void **state)
{
	(void)state;
	for (int lines = 0; lines < 2; lines++) {
		struct big b = big_new(400000), want = big_new(800000);
		add_str(&b, lines ? "[\n" : "[");
		for (unsigned i = 0; i < 3000; i++) {
			char doc[64], item[80];
			int n = snprintf(doc, sizeof(doc), "{\"record\":%u,\"text\":\"] , [\"}", i);
			add(&b, doc, (size_t)n);
			add_str(&b, i == 2999 ? "]\n" : lines ? ",\n" : ",");
			(void)snprintf(item, sizeof(item), "D %d:%s\n", n, doc);
			add_str(&want, item);
		}
		add_str(&b, "{\"cut\":\n{\"next\":1}\n"); /* after it lines are documents again */
		add_str(&want, "D 7:{\"cut\":\nD 10:{\"next\":1}\nE 0:\n");
		add(&want, "", 1);
		assert_items(FRAMING_STREAM, bytes_of(b.p, b.n), want.p);
		free(b.p);
		free(want.p);
	}
}

/* ---- lumberjack ---- */

static void
be32(struct big *b, uint32_t v)
{
	const uint8_t p[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
	add(b, p, sizeof(p));
}

static void
window(struct big *b, uint32_t n)
{
	add_str(b, "2W");
	be32(b, n);
}

static void
json(struct big *b, uint32_t seq, const char *doc)
{
	add_str(b, "2J");
	be32(b, seq);
	be32(b, (uint32_t)strlen(doc));
	add_str(b, doc);
}

static void
text(struct big *b, const char *s)
{
	be32(b, (uint32_t)strlen(s));
	add_str(b, s);
}

static void
deflated(struct big *b, const struct big *inner)
{
	uLongf n = compressBound(inner->n);
	uint8_t *p = malloc(n);
	assert_non_null(p);
	assert_int_equal(compress(p, &n, (const uint8_t *)inner->p, inner->n), Z_OK);
	add_str(b, "2C");
	be32(b, (uint32_t)n);
	add(b, p, n);
	free(p);
}

/* `items` with acknowledgements written as R(n). */
static void
assert_lumberjack(const struct big *b, const char *items)
{
	struct big want = big_new(strlen(items) * 4 + 64);
	for (const char *p = items; *p; p++)
		if (strncmp(p, "R(", 2) == 0) {
			add_str(&want, "R+6:2A");
			be32(&want, (uint32_t)strtoul(p + 2, NULL, 10));
			p = strchr(p, ')');
		} else {
			add(&want, p, 1);
		}
	const size_t pieces[] = { FRAMING_WINDOW_MAX, 1, 5, 0 };
	for (size_t i = 0; i < NELEM(pieces); i++) {
		struct script s = script_of(FRAMING_LUMBERJACK, true, bytes_of(b->p, b->n), pieces[i], 3);
		if (s.n != want.n || memcmp(s.p, want.p, s.n) != 0)
			fail_msg("in pieces of %zu:\n%.*s\nexpected:\n%s", pieces[i], (int)s.n, s.p, items);
		free(s.p);
	}
	free(want.p);
}

static void
test_lumberjack_acknowledges_the_last_of_a_window(void **state)
{
	(void)state;
	struct big b = big_new(4096);
	window(&b, 2);
	json(&b, 1, "{\"a\":1}");
	json(&b, 2, "{}");
	window(&b, 1);
	json(&b, 1, "{\"b\":1}");
	assert_lumberjack(&b, "D 7:{\"a\":1}\nD 2:{}\nR(2)\nD 7:{\"b\":1}\nR(1)\nE 0:\n");
	b.n = 0;
	window(&b, 2);
	json(&b, 1, "{}");
	assert_lumberjack(&b, "D 2:{}\nE 0:\n"); /* the window is not whole: nothing to acknowledge */
	b.n--;
	assert_lumberjack(&b, "E 0:lumberjack: the connection ended inside a frame\n");
	free(b.p);
}

static void
test_lumberjack_long_windows_are_acknowledged_in_parts(void **state)
{
	(void)state;
	struct big b = big_new(8192), want = big_new(8192);
	window(&b, 130);
	for (uint32_t i = 1; i <= 130; i++) {
		json(&b, i, "{}");
		add_str(&want, "D 2:{}\n");
		add_str(&want, i == 64	  ? "R(64)\n"
			       : i == 128 ? "R(128)\n"
			       : i == 130 ? "R(130)\nE 0:\n"
					  : "");
	}
	add(&want, "", 1);
	assert_lumberjack(&b, want.p);
	free(b.p);
	free(want.p);
}

static void
test_lumberjack_key_value_frames_become_json(void **state)
{
	(void)state;
	struct big b = big_new(4096);
	window(&b, 1);
	add_str(&b, "2D");
	be32(&b, 9);
	be32(&b, 2);
	text(&b, "message");
	text(&b, "a \"b\"\n");
	text(&b, "host");
	text(&b, "");
	assert_lumberjack(&b, "D 33:{\"message\":\"a \\\"b\\\"\\n\",\"host\":\"\"}\nR(9)\nE 0:\n");
	free(b.p);
}

static void
test_lumberjack_compressed_frames(void **state)
{
	(void)state;
	struct big b = big_new(4096), inner = big_new(4096), twice = big_new(4096);
	json(&inner, 1, "{\"a\":1}");
	json(&inner, 2, "{}");
	window(&b, 2);
	deflated(&b, &inner);
	assert_lumberjack(&b, "D 7:{\"a\":1}\nD 2:{}\nR(2)\nE 0:\n");
	b.n = 0;
	deflated(&twice, &inner);
	window(&b, 2);
	deflated(&b, &twice);
	assert_lumberjack(&b, "E 0:lumberjack: a compressed frame inside a compressed frame\n");
	b.n = 0;
	inner.n--; /* the last frame does not end in it */
	window(&b, 2);
	deflated(&b, &inner);
	assert_lumberjack(&b, "D 7:{\"a\":1}\nE 0:lumberjack: a compressed frame that is cut off\n");
	b.p[b.n - 1] ^= 1; /* zlib's checksum */
	assert_lumberjack(&b, "D 7:{\"a\":1}\nE 0:compressed bytes that are damaged\n");
	free(b.p);
	free(inner.p);
	free(twice.p);
}

static void
test_lumberjack_refusals(void **state)
{
	(void)state;
	struct big b = big_new(4096);
	json(&b, 1, "{}");
	assert_lumberjack(&b, "E 0:lumberjack: a document outside of a window\n");
	b.n = 0;
	window(&b, 1);
	window(&b, 1);
	assert_lumberjack(&b, "E 0:lumberjack: a window inside a window\n");
	b.n = 0;
	add_str(&b, "1W");
	assert_lumberjack(&b, "E 0:lumberjack version 1: only version 2 is read\n");
	b.p[0] = 'G';
	assert_lumberjack(&b, "E 0:not lumberjack version 2\n");
	free(b.p);
}

/* A document over 64 KiB is passed over and acknowledged: sent again it would be as long. */
static void
test_lumberjack_passes_over_what_is_too_long(void **state)
{
	(void)state;
	struct big b = big_new(400000);
	window(&b, 4);
	json(&b, 1, "{}");
	add_str(&b, "2J");
	be32(&b, 2);
	be32(&b, 70000);
	fill(&b, 'x', 70000);
	add_str(&b, "2D");
	be32(&b, 3);
	be32(&b, 1);
	text(&b, "k");
	be32(&b, 100000);
	fill(&b, 'v', 100000);
	json(&b, 4, "{}");
	assert_lumberjack(&b, "D 2:{}\n<1 long, 70000><1 long, 100009>D 2:{}\nR(4)\nE 0:\n");
	free(b.p);
}

/* 4 MiB of documents in one frame, as a shipper's batch may be, go through; zeros do not. */
static void
test_lumberjack_large_batches_and_bombs(void **state)
{
	(void)state;
	enum { DOCS = 4000 };
	struct big inner = big_new(8 << 20), b = big_new(4 << 20);
	char doc[1200];
	uint32_t noise = 1;
	window(&b, DOCS);
	for (uint32_t i = 1; i <= DOCS; i++) {
		int n = snprintf(doc, sizeof(doc), "{\"record\":%u,\"text\":\"", i);
		for (; n < 1000; n++) {
			noise = noise * 1103515245u + 12345u;
			doc[n] = (char)('a' + (noise >> 20) % 8);
		}
		(void)snprintf(doc + n, sizeof(doc) - (size_t)n, "\"}");
		json(&inner, i, doc);
	}
	deflated(&b, &inner);
	struct script s = script_of(FRAMING_LUMBERJACK, true, bytes_of(b.p, b.n), 0, 1);
	unsigned docs = 0;
	script_add(&s, "", 1);
	for (size_t i = 0; i + 7 < s.n; i++)
		docs += memcmp(s.p + i, "D 1002:", 7) == 0;
	assert_int_equal(docs, DOCS);
	free(s.p);
	b.n = inner.n = 0;
	window(&b, 1);
	add_str(&inner, "2J");
	be32(&inner, 1);
	be32(&inner, 7 << 20);
	fill(&inner, 0, 7 << 20);
	deflated(&b, &inner);
	assert_lumberjack(&b, "E 0:a zip bomb: it inflates to more than 256 times its size\n");
	free(b.p);
	free(inner.p);
}

/* ---- HTTP ---- */

#define HOST "Host: a\r\n"

static void
http(const char *request, const char *want)
{
	assert_items(FRAMING_HTTP, bytes_str(request), want);
}

/* The answer's first line and its text, one after the other, whatever stands between. */
static void
answers(const char *request, const char *status, const char *body)
{
	struct script s = script_of(FRAMING_HTTP, true, bytes_str(request), 1, 1);
	script_add(&s, "", 1);
	const char *line = strstr(s.p, "HTTP/1.1 ");
	if (line == NULL || strncmp(line + 9, status, strlen(status)) != 0 || strstr(line, body) == NULL)
		fail_msg("%s\nwas answered\n%s\nnot\n%s %s", request, s.p, status, body);
	free(s.p);
}

#define PLAIN_OK                                                                                             \
	"R+96:HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: "                             \
	"keep-alive\r\nContent-Length: 2\r\n\r\n{}\n"

static void
test_http_bodies(void **state)
{
	(void)state;
	http("POST / HTTP/1.1\r\n" HOST "Content-Length: 16\r\n\r\n{\"a\":1}\n{\"b\":2}\n",
	     "D 7:{\"a\":1}\nD 7:{\"b\":2}\n" PLAIN_OK "E 0:\n");
	http("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	     "3;x=y\r\n{\"a\r\nA\r\n\":1}\n{\"b\":\r\n2\r\n2}\r\n0\r\nT: 1\r\n\r\n",
	     "D 7:{\"a\":1}\nD 7:{\"b\":2}\n" PLAIN_OK "E 0:\n");
	/* two requests in one go; the first without a body worth the name */
	http("\r\nPOST /a?b HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\nPOST / HTTP/1.1\r\n" HOST
	     "Content-Length: 2\r\n\r\n{}",
	     PLAIN_OK "D 2:{}\n" PLAIN_OK "E 0:\n");
	http("POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
	     "R+25:HTTP/1.1 100 Continue\r\n\r\n\nD 2:{}\n" PLAIN_OK "E 0:\n");
	http("POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\n{}",
	     "E 0:the connection ended inside a request\n");
}

static void
test_http_tokens(void **state)
{
	(void)state;
	static const char *const fields[] = { "Splunk s3cret", "bearer s3cret", "Basic dTpzM2NyZXQ=" };
	for (size_t i = 0; i < NELEM(fields); i++) {
		char request[200];
		(void)snprintf(request, sizeof(request),
			       "POST / HTTP/1.1\r\n" HOST "Authorization: %s\r\nContent-Length: 2\r\n\r\n{}",
			       fields[i]);
		http(request, "D 2:{}s3cret\n" PLAIN_OK "E 0:\n");
	}
	answers("POST / HTTP/1.1\r\n" HOST "Authorization: Digest x\r\nContent-Length: 2\r\n\r\n{}", "401 ",
		"Authorization");
}

static void
test_http_answers_of_receivers(void **state)
{
	(void)state;
	static const char hec[] =
		"POST /services/collector/event HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}";
	answers(hec, "200 ", "\r\n\r\n{\"text\":\"Success\",\"code\":0}");
	answers("POST /services/collector HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "400 ",
		"{\"text\":\"No data\",\"code\":5}");
	answers("POST /services/collector HTTP/1.1\r\n" HOST
		"X-Splunk-Request-Channel: c\r\nContent-Length: 2\r\n\r\n{}",
		"200 ", "{\"text\":\"Success\",\"code\":0,\"ackId\":0}");
	answers("POST /services/collector/ack HTTP/1.1\r\n" HOST
		"Content-Length: 16\r\n\r\n{\"acks\":[0, 12]}",
		"200 ", "{\"acks\":{\"0\":true,\"12\":true}}");
	answers("GET /services/collector/health HTTP/1.1\r\n" HOST "\r\n", "200 ", "\"code\":17");
	answers("POST /v1/logs HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}", "200 ", "\r\n\r\n{}");
	answers("POST /_bulk HTTP/1.1\r\n" HOST "Content-Length: 17\r\n\r\n{\"create\":{}}\n{}\n", "200 ",
		"\r\n\r\n0022\r\n{\"took\":0,\"errors\":false,\"items\":[\r\n");
	answers("POST /_bulk HTTP/1.1\r\n" HOST "Content-Length: 17\r\n\r\n{\"create\":{}}\n{}\n", "200 ",
		"001b\r\n{\"create\":{\"status\":201}}]}\r\n0\r\n\r\n");
	answers("GET / HTTP/1.1\r\n" HOST "\r\n", "200 ", "X-Elastic-Product: Elasticsearch\r\n");
}

/* What two readers could take for two different requests, and what is not served. */
static void
test_http_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *head, *status;
	} cases[] = {
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: +2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length : 2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "X: a\r\n b\r\nContent-Length: 2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.1\n" HOST "Content-Length: 2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "X: a\rContent-Length: 2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST HOST "Content-Length: 2\r\n\r\n", "400 " },
		{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400 " },
		{ "POST  / HTTP/1.1\r\n" HOST "\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\n", "400 " },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno",
		  "400 " },
		{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n", "400 " },
		{ "\x16\x03\x01", "400 " },
		{ "POST /v1/traces HTTP/1.1\r\n" HOST "\r\n", "404 " },
		{ "PUT / HTTP/1.1\r\n" HOST "\r\n", "405 " },
		{ "GET /x HTTP/1.1\r\n" HOST "\r\n", "405 " },
		{ "POST / HTTP/1.1\r\n" HOST "\r\n", "411 " },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n", "413 " },
		{ "POST / HTTP/1.1\r\n" HOST "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n", "415 " },
		{ "POST /v1/logs HTTP/1.1\r\n" HOST
		  "Content-Type: application/x-protobuf\r\nContent-Length: 2\r\n\r\n",
		  "415 " },
		{ "POST / HTTP/1.1\r\n" HOST "Expect: x\r\nContent-Length: 2\r\n\r\n", "417 " },
		{ "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "501 " },
		{ "PRI * HTTP/2.0\r\n\r\n", "505 " },
	};
	for (size_t i = 0; i < NELEM(cases); i++) {
		answers(cases[i].head, cases[i].status, "Connection: close");
		same_in_pieces(FRAMING_HTTP, true, bytes_str(cases[i].head));
	}
	struct big b = big_new(20001);
	add_str(&b, "POST / HTTP/1.1\r\nX: ");
	fill(&b, 'x', 20000 - b.n);
	add(&b, "", 1);
	answers(b.p, "431 ", "16 KiB");
	free(b.p);
}

static void
test_http_compressed(void **state)
{
	(void)state;
	uint8_t body[256];
	uLongf n = sizeof(body);
	char head[128];
	assert_int_equal(compress(body, &n, (const uint8_t *)"{\"a\":1}\n{}", 10), Z_OK);
	int len = snprintf(head, sizeof(head),
			   "POST / HTTP/1.1\r\n" HOST
			   "Content-Encoding: deflate\r\nContent-Length: %lu\r\n\r\n",
			   (unsigned long)n);
	struct big b = big_new(4096);
	add(&b, head, (size_t)len);
	add(&b, body, n);
	assert_items(FRAMING_HTTP, bytes_of(b.p, b.n), "D 7:{\"a\":1}\nD 2:{}\n" PLAIN_OK "E 0:\n");
	free(b.p);
}

/* A sender that is not known gets an answer; what else it sent is not read. */
static void
test_refused_sender(void **state)
{
	(void)state;
	uint8_t *pool = malloc(framing_pool_bytes());
	void *mem = aligned_alloc(16, (framing_bytes(FRAMING_HTTP) + 15) / 16 * 16);
	assert_non_null(pool);
	assert_non_null(mem);
	struct bytes in = bytes_str("POST / HTTP/1.1\r\n" HOST
				    "Authorization: Bearer x\r\nContent-Length: 5\r\n\r\n{}\n{}");
	struct framing_item item;
	struct framing *f = framing_open(mem, framing_pool_open(pool), FRAMING_HTTP);
	assert_int_equal(framing_next(f, in, false, &item), FRAMING_DOC);
	in = bytes_of(in.p + item.used, in.n - item.used);
	framing_refuse(f);
	assert_int_equal(framing_next(f, in, false, &item), FRAMING_REPLY);
	assert_memory_equal(item.bytes.p, "HTTP/1.1 403 ", 13);
	assert_int_equal(framing_next(f, in, false, &item), FRAMING_CLOSE);
	framing_close(f);
	f = framing_open(mem, (void *)pool, FRAMING_STREAM);
	assert_int_equal(framing_next(f, bytes_str("a\nb\n"), false, &item), FRAMING_DOC);
	framing_refuse(f);
	assert_int_equal(framing_next(f, bytes_str("b\n"), false, &item), FRAMING_BAD);
	free(mem);
	free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_tells_framings_apart),
		cmocka_unit_test(test_stream_passes_over_what_is_too_long),
		cmocka_unit_test(test_stream_takes_long_arrays_apart),
		cmocka_unit_test(test_lumberjack_acknowledges_the_last_of_a_window),
		cmocka_unit_test(test_lumberjack_long_windows_are_acknowledged_in_parts),
		cmocka_unit_test(test_lumberjack_key_value_frames_become_json),
		cmocka_unit_test(test_lumberjack_compressed_frames),
		cmocka_unit_test(test_lumberjack_refusals),
		cmocka_unit_test(test_lumberjack_passes_over_what_is_too_long),
		cmocka_unit_test(test_lumberjack_large_batches_and_bombs),
		cmocka_unit_test(test_http_bodies),
		cmocka_unit_test(test_http_tokens),
		cmocka_unit_test(test_http_answers_of_receivers),
		cmocka_unit_test(test_http_refusals),
		cmocka_unit_test(test_http_compressed),
		cmocka_unit_test(test_refused_sender),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
