/* tls.c and ja.c as the walk calls them: a stream that grows, a reader that says how much it needs.  Fingerprints are those of
 * FoxIO's description of JA4 and of the JA3 paper; the rest follows from RFC 5246 and 8446. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ja.h"
#include "walk.h"

extern const struct dissector dissector_tls;

enum { ROOM = 40000, SEEN = 64, CLIENT = 1, SERVER = 0 };

/* ---- bytes ---- */

struct text {
	uint8_t b[ROOM];
	size_t n;
};

static void
put(struct text *t, const void *p, size_t n)
{
	assert_true(n <= ROOM - t->n);
	if (n)
		memcpy(t->b + t->n, p, n);
	t->n += n;
}

static void
put_be(struct text *t, uint64_t v, unsigned bytes)
{
	struct out o = out_init(t->b + t->n, ROOM - t->n);

	out_be(&o, v, bytes);
	assert_true(out_ok(&o));
	t->n += bytes;
}

static void
put_same(struct text *t, uint8_t v, size_t n)
{
	while (n-- > 0)
		put(t, &v, 1);
}

/* What was put since `from` gets its length in front. */
static void
wrap(struct text *t, size_t from, unsigned bytes)
{
	size_t n = t->n - from;

	put_be(t, 0, bytes);
	memmove(t->b + from + bytes, t->b + from, n);
	t->n = from;
	put_be(t, n, bytes);
	t->n += n;
}

static void
put_list(struct text *t, const uint16_t *v, size_t n, unsigned bytes)
{
	size_t from = t->n;

	for (size_t i = 0; i < n; i++)
		put_be(t, v[i], 2);
	wrap(t, from, bytes);
}

static void
put_message(struct text *t, uint8_t type, const struct text *body)
{
	put_be(t, type, 1);
	put_be(t, body->n, 3);
	put(t, body->b, body->n);
}

/* The same bytes in records of at most `most`. */
static void
put_records(struct text *t, const struct text *messages, size_t most)
{
	for (size_t at = 0; at < messages->n; at += most) {
		size_t n = messages->n - at < most ? messages->n - at : most;
		put_be(t, 0x160303, 3);
		put_be(t, n, 2);
		put(t, messages->b + at, n);
	}
}

static void
put_record(struct text *t, uint8_t content, size_t n, uint8_t fill)
{
	put_be(t, content, 1);
	put_be(t, 0x0303, 2);
	put_be(t, n, 2);
	put_same(t, fill, n);
}

struct offer {
	const uint16_t *suites, *types, *signatures, *versions;
	size_t nsuites, ntypes, nsignatures, nversions;
	const char *sni;
	struct bytes alpn;
};

static void
put_extension(struct text *t, uint16_t type, const struct offer *o)
{
	static const uint16_t groups[] = { 0x1a1a, 29, 23 };

	put_be(t, type, 2);
	size_t from = t->n;
	switch (type) {
	case 0:
		put_be(t, 0, 1);
		put_be(t, strlen(o->sni), 2);
		put(t, o->sni, strlen(o->sni));
		wrap(t, from, 2);
		break;
	case 10: put_list(t, groups, NELEM(groups), 2); break;
	case 11: put_be(t, 0x0100, 2); break;
	case 13: put_list(t, o->signatures, o->nsignatures, 2); break;
	case 16:
		put(t, o->alpn.p, o->alpn.n);
		wrap(t, from, 2);
		break;
	case 43: put_list(t, o->versions, o->nversions, 1); break;
	default: break;
	}
	wrap(t, from, 2);
}

static void
put_client_hello(struct text *t, const struct offer *o)
{
	struct text *body = calloc(1, sizeof(*body));

	assert_non_null(body);
	put_be(body, 0x0303, 2);
	put_same(body, 0x55, 32);
	put_be(body, 32, 1);
	put_same(body, 0x77, 32);
	put_list(body, o->suites, o->nsuites, 2);
	put_be(body, 0x0100, 2);
	if (o->ntypes) {
		size_t from = body->n;
		for (size_t i = 0; i < o->ntypes; i++)
			put_extension(body, o->types[i], o);
		wrap(body, from, 2);
	}
	put_message(t, TLS_CLIENT_HELLO, body);
	free(body);
}

static void
put_server_hello(struct text *t, uint16_t cipher, uint16_t type, struct bytes content)
{
	struct text *body = calloc(1, sizeof(*body));

	assert_non_null(body);
	put_be(body, 0x0303, 2);
	put_same(body, 0x66, 32);
	put_be(body, 0, 1);
	put_be(body, cipher, 2);
	put_be(body, 0, 1);
	if (content.p) {
		put_be(body, content.n + 4, 2);
		put_be(body, type, 2);
		put_be(body, content.n, 2);
		put(body, content.p, content.n);
	}
	put_message(t, TLS_SERVER_HELLO, body);
	free(body);
}

/* Certificates of these sizes: no DER, so that hashes are all that can be told. */
static void
put_certificate(struct text *t, const size_t *sizes, size_t n)
{
	struct text *body = calloc(1, sizeof(*body));

	assert_non_null(body);
	for (size_t i = 0; i < n; i++) {
		put_be(body, sizes[i], 3);
		put_same(body, (uint8_t)(0xc0 + i), sizes[i]);
	}
	wrap(body, 0, 3);
	put_message(t, TLS_CERTIFICATE, body);
	free(body);
}

static const uint16_t suites[] = { 0x2a2a, 0x1301, 0xc02b, 0xc02f, 0x002f };
static const uint16_t types[] = { 0x3a3a, 0, 23, 10, 11, 35, 16, 13, 43, 0xbaba };
static const uint16_t signatures[] = { 0x0403, 0x0804 };
static const uint16_t versions[] = { 0x7a7a, 0x0304, 0x0303 };
static const uint8_t h2[] = { 2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1' };
static const struct offer usual = { suites,
				    types,
				    signatures,
				    versions,
				    NELEM(suites),
				    NELEM(types),
				    NELEM(signatures),
				    NELEM(versions),
				    "vpn.example.org",
				    { h2, sizeof(h2) } };

/* ---- a stream ---- */

struct got {
	uint8_t content, hs_type, alert, alert_level, ncerts;
	uint16_t flags, negotiated, cipher, nciphers, data_len[4];
	uint32_t anomalies, len;
	uint64_t set;
	bool client, ticket, hello_retry;
	char sni[64], ja3[33], ja3s[33], ja4[40], ja3_full[1024], ja4_r[1024];
	uint8_t sha256[32];
};
struct direction {
	uint64_t state[STREAM_STATE / sizeof(uint64_t)];
	const struct text *t;
	size_t read;
	uint32_t need;
	bool begun, over;
};
struct rig {
	struct walk *w;
	struct direction dir[2]; /* SERVER, CLIENT */
	struct got got[SEEN];
	size_t n;
	unsigned calls;
	enum said said;
};

static void
copy(char *to, size_t cap, struct bytes b)
{
	assert_true(b.n < cap);
	if (b.n)
		memcpy(to, b.p, b.n);
	to[b.n] = '\0';
}

static void
keep(struct rig *r, const struct obs *o)
{
	const struct tls *t = &o->u.tls;
	struct got *g = &r->got[r->n++];

	assert_true(r->n < SEEN);
	*g = (struct got){ .content = t->content,
			   .hs_type = t->hs_type,
			   .alert = t->alert,
			   .alert_level = t->alert_level,
			   .ncerts = (uint8_t)t->ncerts,
			   .flags = o->flags,
			   .negotiated = t->negotiated,
			   .cipher = t->cipher,
			   .nciphers = t->nciphers,
			   .anomalies = t->anomalies,
			   .set = t->set,
			   .client = t->client,
			   .ticket = t->ticket,
			   .hello_retry = t->hello_retry,
			   .len = (uint32_t)t->leaf.der.n };
	copy(g->sni, sizeof(g->sni), t->sni);
	copy(g->ja3_full, sizeof(g->ja3_full), t->ja3_full.p ? t->ja3_full : t->ja3s_full);
	copy(g->ja4_r, sizeof(g->ja4_r), t->ja4_r);
	memcpy(g->ja3, t->ja3, sizeof(g->ja3));
	memcpy(g->ja3s, t->ja3s, sizeof(g->ja3s));
	memcpy(g->ja4, t->ja4, sizeof(g->ja4));
	memcpy(g->sha256, t->leaf.sha256, sizeof(g->sha256));
	memcpy(g->data_len, t->data_len, sizeof(g->data_len));
}

/* One call, as core/dissector.h has it: false where the reader waits or is over.  The bytes are in memory of their own, so
 * that the sanitizers see who looks behind them. */
static bool
call(struct rig *r, int side, size_t have, bool last)
{
	struct direction *d = &r->dir[side];
	size_t n = have - d->read;
	uint8_t *bytes = malloc(n ? n : 1);
	struct stream st = { .from = d->read,
			     .client = side == CLIENT,
			     .last = last,
			     .first = !d->begun,
			     .mine = d->state,
			     .peer = r->dir[!side].state };
	struct pkt pkt = { .w = r->w, .stream = &st };
	struct obs *o = calloc(1, sizeof(*o));

	assert_non_null(bytes);
	assert_non_null(o);
	memcpy(bytes, d->t->b + d->read, n);
	struct cursor c = cur_init(bytes_of(bytes, n), n + 1);
	o->kind = OBS_TLS;
	r->calls++;
	r->said = dissector_tls.dissect(&c, &pkt, o);
	bool waits = r->said == SAID_CUT && !last && !st.done;
	if (waits) {
		assert_true(st.need > n); /* else it would be asked again and again */
		d->need = st.need;
	} else if (r->said != SAID_NO) {
		d->begun = true;
		assert_true(cur_off(&c) > 0 || r->said != SAID_OK);
		d->read += cur_off(&c);
		if (o->kind != OBS_NONE)
			keep(r, o);
	}
	d->over = d->over || st.done || (r->said != SAID_OK && !waits);
	free(o);
	free(bytes);
	return !waits && !d->over;
}

/* The bytes come in pieces of `step`; the reader is asked when there are as many as it wants. */
static void
feed(struct rig *r, int side, const struct text *t, size_t step, bool last)
{
	struct direction *d = &r->dir[side];

	d->t = t;
	for (size_t have = 0; have < t->n && !d->over;) {
		have = have + step < t->n ? have + step : t->n;
		if (have - d->read < d->need && !(last && have == t->n))
			continue;
		d->need = 0;
		while (d->read < have && call(r, side, have, last && have == t->n))
			;
	}
}

static void *mem;
static const struct sipkey key = { { 1, 2 } };

static void
fresh(struct rig *r)
{
	static const struct walk_limits limits = {
		.datagrams = 4, .bytes = 2000, .streams = 4, .buffers = 2
	};

	if (mem == NULL)
		mem = malloc(walk_bytes(&limits));
	assert_non_null(mem);
	memset(r, 0, sizeof(*r));
	r->w = walk_open(&limits, mem, key);
}

static struct text *
text(void)
{
	struct text *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	return t;
}

/* ---- tests ---- */

static void
test_hello(void **state)
{
	struct text *m = text(), *t = text();
	struct rig r;

	(void)state;
	put_client_hello(m, &usual);
	put_records(t, m, 16384);
	fresh(&r);
	feed(&r, CLIENT, t, t->n, false);
	assert_int_equal(r.n, 1);
	const struct got *g = &r.got[0];
	assert_int_equal(g->hs_type, TLS_CLIENT_HELLO);
	assert_string_equal(g->sni, "vpn.example.org");
	assert_true(g->client);
	assert_false(g->ticket); /* the extension is empty */
	assert_int_equal(g->nciphers, 5);
	assert_int_equal(g->anomalies, 0);
	assert_string_equal(g->ja3_full, "771,4865-49195-49199-47,0-23-10-11-35-16-13-43,29-23,0");
	assert_string_equal(g->ja3, "94d034d4b2f74d5566003edd8da6528c");
	free(m);
	free(t);
}

/* Pieces and records of every size: the same message, and few calls. */
static void
test_pieces(void **state)
{
	const size_t sizes[] = { 700, 300 };
	struct text *m = text(), *hello = text();
	struct rig whole, r;

	(void)state;
	put_client_hello(hello, &usual);
	put_server_hello(m, 0xc02f, 16, bytes_of("\0\3\2h2", 5));
	put_certificate(m, sizes, NELEM(sizes));
	put_message(m, 14, &(struct text){ .n = 0 });
	for (size_t most = 1; most < 1200; most += most < 12 ? 1 : 97) {
		struct text *t = text(), *h = text();
		put_records(t, m, most);
		put_records(h, hello, most);
		for (size_t step = 1; step < t->n; step += step < 12 ? 1 : 211) {
			fresh(&r);
			feed(&r, CLIENT, h, step, false);
			feed(&r, SERVER, t, step, false);
			assert_int_equal(r.n, 3);
			if (most == 1 && step == 1)
				whole = r;
			assert_true(r.calls < 200); /* of up to 6000 bytes */
			for (size_t i = 0; i < r.n; i++)
				assert_memory_equal(&r.got[i], &whole.got[i], sizeof(r.got[i]));
		}
		free(t);
		free(h);
	}
	assert_int_equal(whole.got[1].hs_type, TLS_SERVER_HELLO);
	assert_int_equal(whole.got[1].negotiated, 0x0303);
	assert_false(whole.got[1].client);
	assert_string_equal(whole.got[1].ja3_full, "771,49199,16");
	assert_int_equal(whole.got[2].ncerts, 2);
	assert_int_equal(whole.got[2].len, 700);
	free(m);
	free(hello);
}

/* FoxIO's own example, JA4.md; the lists in wire order of the client. */
static void
test_ja4(void **state)
{
	static const uint16_t s[] = { 0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
				      0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035 };
	static const uint16_t x[] = {
		0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d,
		0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0x2a2a
	};
	static const uint16_t g[] = { 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601 };
	struct offer o = usual;
	struct text *m = text(), *t = text();
	struct rig r;

	(void)state;
	o.suites = s;
	o.nsuites = NELEM(s);
	o.types = x;
	o.ntypes = NELEM(x);
	o.signatures = g;
	o.nsignatures = NELEM(g);
	put_client_hello(m, &o);
	put_records(t, m, 16384);
	fresh(&r);
	feed(&r, CLIENT, t, t->n, false);
	assert_string_equal(r.got[0].ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	assert_string_equal(r.got[0].ja4_r,
			    "t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,"
			    "cca8,cca9_0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_"
			    "0403,0804,0401,0503,0805,0501,0806,0601");
	fresh(&r);
	walk_set_ja(r.w, false); /* nobody wants them: the rest is read all the same */
	feed(&r, CLIENT, t, t->n, false);
	assert_string_equal(r.got[0].ja4, "");
	assert_string_equal(r.got[0].ja3, "");
	assert_string_equal(r.got[0].ja4_r, "");
	assert_string_equal(r.got[0].sni, "vpn.example.org");
	free(m);
	free(t);
}

static void
ja4_begins(const struct offer *o, const char *head)
{
	struct text *m = text(), *t = text();
	struct rig r;

	put_client_hello(m, o);
	put_records(t, m, 16384);
	fresh(&r);
	feed(&r, CLIENT, t, t->n, false);
	assert_int_equal(r.n, 1);
	r.got[0].ja4[strlen(head)] = '\0';
	assert_string_equal(r.got[0].ja4, head);
	free(m);
	free(t);
}

/* The first part: version, server name, numbers, protocol. */
static void
test_ja4_head(void **state)
{
	static const uint16_t old[] = { 0x0302, 0x0301 }, ssl[] = { 0x0300 }, grease[] = { 0x4a4a };
	static const uint16_t nameless[] = { 16 };
	static const struct {
		const char *alpn, *code;
	} names[] = { { "\1h", "hh" },	      { "\6http/1", "h1" },   { "\0", "00" },  { "", "00" },
		      { "\2\xab\xcd", "99" }, { "\2\x2e\xcd", "2d" }, { "\1_", "5f" }, { "\3h2-", "6d" },
		      { "\3-2h", "28" },      { "\10spdy/3.1", "s1" } };
	uint16_t many[120];
	struct offer o = usual;

	(void)state;
	ja4_begins(&o, "t13d0408h2_");
	for (size_t i = 0; i < NELEM(names); i++) {
		char head[16] = "t13d0408xx_";
		size_t n = strlen(names[i].alpn);
		o.alpn = bytes_of(names[i].alpn, n ? n : i == 2);
		memcpy(head + 8, names[i].code, 2);
		ja4_begins(&o, head);
	}
	o.alpn = usual.alpn;
	o.versions = old;
	o.nversions = 2;
	ja4_begins(&o, "t11d0408h2_");
	o.versions = ssl;
	o.nversions = 1;
	ja4_begins(&o, "ts3d0408h2_");
	o.versions = grease; /* nothing but GREASE: the hello's own */
	ja4_begins(&o, "t12d0408h2_");
	o.types = nameless;
	o.ntypes = 1;
	ja4_begins(&o, "t12i0401h2_");
	o.ntypes = 0;
	ja4_begins(&o, "t12i040000_");
	for (size_t i = 0; i < NELEM(many); i++)
		many[i] = (uint16_t)(0xd000 + i);
	o.suites = many;
	o.nsuites = NELEM(many);
	ja4_begins(&o, "t12i990000_");
}

/* RFC 8446 4.1.4, D.4: behind a change of ciphers in both directions, and behind early data, in clear again. */
static void
test_retry(void **state)
{
	static const uint8_t random[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
					    0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
					    0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
	struct text *hello = text(), *answer = text(), *c = text(), *s = text();
	struct rig r;

	(void)state;
	put_client_hello(hello, &usual);
	put_server_hello(answer, 0x1301, 43, bytes_of("\3\4", 2));
	put_records(c, hello, 16384);
	put_be(c, 0x140303000101, 6);
	put_record(c, TLS_DATA, 50, 0x16);
	put_records(c, hello, 40);
	put_record(c, TLS_DATA, 60, 0x16);
	struct text *retry = text();
	*retry = *answer;
	memcpy(retry->b + 6, random, sizeof(random));
	put_records(s, retry, 16384);
	put_be(s, 0x140303000101, 6);
	put_records(s, answer, 20);
	put_record(s, TLS_DATA, 70, 0x16);
	fresh(&r);
	feed(&r, CLIENT, c, 7, false);
	feed(&r, SERVER, s, 7, false);
	assert_int_equal(r.n, 7);
	const uint8_t contents[] = { TLS_HANDSHAKE, TLS_DATA,	   TLS_HANDSHAKE, TLS_DATA,
				     TLS_HANDSHAKE, TLS_HANDSHAKE, TLS_DATA };
	for (size_t i = 0; i < r.n; i++)
		assert_int_equal(r.got[i].content, contents[i]);
	assert_memory_equal(r.got[0].ja4, r.got[2].ja4, sizeof(r.got[0].ja4));
	assert_true(r.got[4].hello_retry);
	assert_false(r.got[5].hello_retry);
	assert_int_equal(r.got[5].negotiated, 0x0304);
	assert_int_equal(r.got[3].data_len[0], 50);
	assert_int_equal(r.got[3].data_len[1], 60);
	free(hello);
	free(answer);
	free(retry);
	free(c);
	free(s);
}

/* What is encrypted is not read, whatever it looks like, and after four records with data nothing is. */
static void
test_encrypted(void **state)
{
	struct text *m = text(), *t = text();
	struct rig r;

	(void)state;
	put_server_hello(m, 0xc02f, 0, (struct bytes){ NULL, 0 });
	put_records(t, m, 16384);
	put_be(t, 0x140303000101, 6);
	for (unsigned i = 0; i < 256; i += 5) /* a Finished that begins with any byte */
		put_record(t, TLS_HANDSHAKE, 40, (uint8_t)i);
	put_record(t, TLS_ALERT, 26, 2); /* an encrypted alert */
	for (unsigned i = 1; i < 7; i++)
		put_record(t, TLS_DATA, 100 * i, 0x16);
	fresh(&r);
	feed(&r, SERVER, t, 11, false);
	assert_int_equal(r.n, 5);
	assert_int_equal(r.got[0].hs_type, TLS_SERVER_HELLO);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(r.got[4].data_len[i], 100 * (i + 1));
		assert_int_equal(r.got[1].data_len[i], i ? 0 : 100);
	}
	assert_true(r.dir[SERVER].over);
	free(m);
	free(t);
}

static void
test_alerts(void **state)
{
	struct text *m = text(), *c = text(), *s = text();
	struct rig r;

	(void)state;
	put_client_hello(m, &usual);
	put_records(c, m, 16384);
	put_be(c, 0x15030300020100, 7); /* close_notify, a warning */
	put_be(s, 0x15030300020246, 7); /* protocol_version, as the first thing that a server says */
	fresh(&r);
	feed(&r, CLIENT, c, 1, false);
	feed(&r, SERVER, s, 1, false);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.got[1].content, TLS_ALERT);
	assert_int_equal(r.got[1].alert_level, 1);
	assert_true(r.got[1].client);
	assert_int_equal(r.got[2].alert, 70);
	assert_false(r.got[2].client);
	assert_false(r.dir[CLIENT].over);
	assert_true(r.dir[SERVER].over);
	free(m);
	free(c);
	free(s);
}

/* Each byte of a hello that is a length or may be one, changed: no crash, nothing but what is there, and the next message
 * is read where the message's own length is whole. */
static void
test_lies(void **state)
{
	static const size_t sizes[] = { 40 };
	struct text *hello = text(), *m = text(), *t = text(), *bad = text();
	struct rig r;
	size_t lies = 0;

	(void)state;
	put_client_hello(hello, &usual);
	*m = *hello;
	put_certificate(m, sizes, 1);
	for (size_t i = 4; i < hello->n; i++)
		for (int by = -1; by <= 1; by += 2) {
			*bad = *m;
			bad->b[i] = (uint8_t)(bad->b[i] + by);
			t->n = 0;
			put_records(t, bad, 16384);
			fresh(&r);
			feed(&r, CLIENT, t, t->n, false);
			if (i == 4) { /* no version of TLS, so not TLS */
				assert_int_equal(r.n, 0);
				continue;
			}
			assert_int_equal(r.n, 2);
			bool lie = r.got[0].flags & OBS_BAD;
			assert_true(lie == !!(r.got[0].anomalies & TLSA_LENGTH));
			assert_true(lie == (r.got[0].ja4[0] == '\0'));
			assert_true(lie == (r.got[0].ja3[0] == '\0'));
			lies += lie;
			assert_int_equal(r.got[1].hs_type, TLS_CERTIFICATE);
			assert_int_equal(r.got[1].len, 40);
		}
	assert_true(lies >= 2 * 4); /* session id, suites, compression, extensions */
	free(hello);
	free(m);
	free(t);
	free(bad);
}

/* A capture or a prefix that ends anywhere: what is told is true, and says that it is not all. */
static void
test_ends(void **state)
{
	static const size_t sizes[] = { 300, 50 };
	struct text *m = text(), *t = text(), *part = text();
	struct rig whole, r;

	(void)state;
	put_server_hello(m, 0x002f, 43, bytes_of("\3\3", 2));
	put_certificate(m, sizes, 2);
	put_records(t, m, 64);
	fresh(&whole);
	feed(&whole, SERVER, t, t->n, false);
	assert_int_equal(whole.n, 2);
	bool leaf = false;
	for (size_t n = 6; n < t->n; n++) {
		*part = *t;
		part->n = n;
		fresh(&r);
		feed(&r, SERVER, part, n, true);
		assert_true(r.n <= 2);
		for (size_t i = 0; i < r.n; i++) {
			const struct got *g = &r.got[i], *w = &whole.got[i];
			bool all = memcmp(g, w, sizeof(*g)) == 0;
			assert_true(all || (r.said == SAID_CUT && (g->anomalies & TLSA_TOO_LONG)));
			assert_int_equal(g->set & ~w->set, 0);
			assert_true(all || !(g->set >> TLSH_CERTS & 1));
			if (g->set >> TLSH_LEAF & 1)
				assert_memory_equal(g->sha256, w->sha256, sizeof(g->sha256));
			leaf |= !all && (g->set >> TLSH_LEAF & 1);
		}
	}
	assert_true(leaf); /* the first certificate is told as soon as it is there */
	free(m);
	free(t);
	free(part);
}

/* RFC 7250: a bare key where the certificate would be, of either side. */
static void
test_raw_keys(void **state)
{
	static const size_t sizes[] = { 91 };
	struct text *m = text(), *t = text(), *h = text(), *c = text();
	struct rig r;

	(void)state;
	put_server_hello(m, 0xc02f, 20, bytes_of("\2", 1));
	put_certificate(m, sizes, 1);
	put_records(t, m, 16384);
	fresh(&r);
	feed(&r, SERVER, t, t->n, false);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.got[1].set >> TLSH_LEAF & 1, 0);

	m->n = t->n = 0;
	put_server_hello(m, 0xc02f, 19, bytes_of("\2", 1));
	put_certificate(m, sizes, 1);
	put_records(t, m, 16384);
	put_client_hello(h, &usual);
	put_certificate(h, sizes, 1);
	put_records(c, h, 16384);
	fresh(&r);
	feed(&r, SERVER, t, t->n, false);
	feed(&r, CLIENT, c, c->n, false);
	assert_int_equal(r.n, 4);
	assert_int_equal(r.got[1].set >> TLSH_LEAF & 1, 1);
	assert_int_equal(r.got[3].set >> TLSH_LEAF & 1, 0);
	free(m);
	free(t);
	free(h);
	free(c);
}

/* RFC 5246 E.2: a hello of SSL 2.0, then TLS records. */
static void
test_hello_v2(void **state)
{
	static const size_t sizes[] = { 91 };
	struct text *m = text(), *t = text();
	struct rig r;

	(void)state;
	put_be(t, 0x802e0103010015, 7);
	put_be(t, 0x00000010, 4);
	put_same(t, 0x39, 21 + 16);
	put_certificate(m, sizes, 1);
	put_records(t, m, 16384);
	fresh(&r);
	feed(&r, CLIENT, t, t->n, false);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.got[0].hs_type, TLS_CERTIFICATE);
	assert_true(r.got[0].client);
	free(m);
	free(t);
}

/* What is no TLS is nobody's, as soon as that can be seen. */
static void
test_others(void **state)
{
	static const char *const others[] = {
		"GET / HTTP/1.1\r\n", /* HTTP */
		"SSH-2.0-x\r\n",
		"\x16\x02\x01\x00\x50\x01", /* a version before SSL 3.0 */
		"\x16\x03\x05\x00\x50\x01", /* and one that is not */
		"\x16\xfe\xff\x00\x00\x01", /* DTLS */
		"\x16\x03\x01\x60\x00\x01", /* too long */
		"\x16\x03\x01\x01\x50\x10", /* no message that begins anything */
		"\x17\x03\x03\x01\x50\x10",
		"\x15\x03\x03\x01\x02\x02", /* no alert in clear */
		"\x15\x03\x03\x00\x02\x03",
		"\x14\x03\x03\x00\x01\x01",
	};
	static const uint8_t no_version[] = { 0x16, 3, 1, 0, 0x50, 1, 0, 0, 0x4c, 9, 9 };
	struct text *t = text();
	struct rig r;

	(void)state;
	for (size_t i = 0; i < NELEM(others) + 1; i++) {
		t->n = 0;
		if (i < NELEM(others))
			for (size_t k = 0; k < 6; k++)
				put(t, others[i] + k, 1);
		else
			put(t, no_version, sizeof(no_version));
		put_same(t, 0, 11 - t->n);
		for (size_t step = 1; step <= t->n; step++) {
			fresh(&r);
			feed(&r, CLIENT, t, step, false);
			assert_int_equal(r.said, SAID_NO);
			assert_int_equal(r.n, 0);
		}
		assert_false(dissector_tls.starts(bytes_of(t->b, t->n)));
	}
	free(t);
}

/* Of random bytes next to none look like a beginning. */
static void
test_starts(void **state)
{
	uint64_t x = 88172645463325252u;
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < 1000000; i++) {
		uint8_t b[16];
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(b, &x, 8);
		memcpy(b + 8, &x, 8);
		b[0] = i % 2 ? 0x16 : 0x15;
		taken += dissector_tls.starts(bytes_of(b, sizeof(b)));
	}
	assert_true(taken < 100);
	assert_true(dissector_tls.starts(bytes_of("\x16", 1)));
	assert_true(dissector_tls.starts(bytes_of("\x16\x03\x01", 3)));
}

/* A record in which no message in clear can be ends the clear part, but not the reading of lengths. */
static void
test_unknown(void **state)
{
	struct text *m = text(), *t = text();
	struct rig r;

	(void)state;
	put_server_hello(m, 0xc02f, 0, (struct bytes){ NULL, 0 });
	put_records(t, m, 16384);
	put_record(t, TLS_HANDSHAKE, 40, 0x99);
	put_record(t, TLS_DATA, 33, 1);
	put_record(t, 99, 33, 1);
	fresh(&r);
	feed(&r, SERVER, t, 3, false);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.got[1].data_len[0], 33);
	assert_int_equal(r.said, SAID_BAD);
	/* empty records are no sender's */
	t->n = 0;
	m->n = 0;
	put_client_hello(m, &usual);
	put_be(t, 0x1603010001, 5);
	put(t, m->b, 1);
	put_be(t, 0x1603010000, 5);
	put_be(t, 0x160301, 3);
	put_be(t, m->n - 1, 2);
	put(t, m->b + 1, m->n - 1);
	fresh(&r);
	feed(&r, CLIENT, t, 1, false);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.got[0].anomalies, TLSA_RECORD);
	assert_string_equal(r.got[0].sni, "vpn.example.org");
	/* another record between the pieces of a message, RFC 8446 5.1 */
	t->n = 0;
	put_be(t, 0x1603010006, 5);
	put(t, m->b, 6);
	put_record(t, TLS_DATA, 20, 0);
	fresh(&r);
	feed(&r, CLIENT, t, t->n, false);
	assert_int_equal(r.n, 0);
	assert_true(r.dir[CLIENT].over);
	free(m);
	free(t);
}

static void
test_lists(void **state)
{
	struct tls t = { .alpn = { h2, sizeof(h2) } };
	struct field_it it = { .rec = &t };
	struct bytes name;
	uint16_t v;

	(void)state;
	assert_true(tls_alpn_next(&it, &name));
	assert_int_equal(name.n, 2);
	it.i++;
	assert_true(tls_alpn_next(&it, &name));
	assert_memory_equal(name.p, "http/1.1", 8);
	it.i++;
	assert_false(tls_alpn_next(&it, &name));
	t.extensions = bytes_of("\0\x17\0\0\0\x23\0\1x\0\x0a\0\x9", 13); /* the last one lies */
	it = (struct field_it){ .rec = &t };
	assert_true(tls_extension_next(&it, &v));
	assert_int_equal(v, 23);
	it.i++;
	assert_true(tls_extension_next(&it, &v));
	assert_int_equal(v, 35);
	it.i++;
	assert_false(tls_extension_next(&it, &v));
	t.supported_versions = bytes_of("\3\4\3", 3);
	it = (struct field_it){ .rec = &t };
	assert_true(tls_version_next(&it, &v));
	assert_int_equal(v, 0x0304);
	it.i++;
	assert_false(tls_version_next(&it, &v));
	struct tls_cert cert;
	t.certs = bytes_of("\0\0\3abc\0\0\1", 9);
	it = (struct field_it){ .rec = &t };
	assert_true(tls_cert_next(&it, &cert));
	/* FIPS 180-4's example: SHA-1 and SHA-256 of "abc" */
	assert_int_equal(cert.sha1[0] << 8 | cert.sha1[19], 0xa99d);
	assert_int_equal(cert.sha256[0] << 8 | cert.sha256[31], 0xbaad);
	it.i++;
	assert_false(tls_cert_next(&it, &cert));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),	 cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_ja4),	 cmocka_unit_test(test_ja4_head),
		cmocka_unit_test(test_retry),	 cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_alerts),	 cmocka_unit_test(test_lies),
		cmocka_unit_test(test_ends),	 cmocka_unit_test(test_raw_keys),
		cmocka_unit_test(test_hello_v2), cmocka_unit_test(test_others),
		cmocka_unit_test(test_starts),	 cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_lists),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(mem);
	return failed;
}
