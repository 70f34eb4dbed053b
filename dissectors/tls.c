/* TLS handshakes in clear: RFC 5246, 8446, SSL 3.0 (RFC 6101).  A reader of one direction of a stream that knows it by its
 * shape, on any port.  Records carry pieces of handshake messages, one after the other, however they are cut (RFC 8446 5.1).
 * From the first encrypted record on only lengths are looked at, and not for long. */
#include "ja.h"
#include "x509.h"

enum {
	MARK = 'T',
	RECORD_HEAD = 5,
	RECORD_MAX = 16384,		   /* RFC 8446 5.1 */
	ENCRYPTED_MAX = RECORD_MAX + 2048, /* RFC 5246 6.2.3 */
	HS_HEAD = 4,
	HS_MAX = 1 << 17, /* of any message in clear; a chain of certificates is the longest */
	JOIN_MAX = 65536, /* what of a message in pieces is joined: the scratch holds no more */
	HELLO_MIN = 38,	  /* version, random, session id, and a suite or the compression */
	DATA_MAX = 4
};
enum { HELLO_DONE = 14, VERSION_MINOR_MAX = 4, HEARTBEAT = 24, WARNING = 1, FATAL = 2 };
enum extension {
	EXT_SERVER_NAME = 0,
	EXT_GROUPS = 10,
	EXT_FORMATS = 11,
	EXT_SIGNATURES = 13,
	EXT_ALPN = 16,
	EXT_CLIENT_CERT_TYPE = 19,
	EXT_SERVER_CERT_TYPE = 20,
	EXT_TICKET = 35,
	EXT_PSK = 41,
	EXT_VERSIONS = 43
};

/* Of one direction, in the stream's own bytes. */
struct state {
	uint8_t mark; /* MARK: the other direction may look here */
	uint8_t role; /* enum role */
	uint8_t ndata;
	bool opaque;		     /* what comes is encrypted, a hello aside */
	bool raw_client, raw_server; /* certificate types other than X.509, RFC 7250, 6091: in the server's */
	uint16_t version, left;	     /* of the handshake record in hand: bytes that were not read yet */
	uint32_t skip;		     /* bytes of a record of no interest */
	uint16_t data_len[DATA_MAX];
};
enum role { UNKNOWN, CLIENT, SERVER };

/* Not for everybody: beside the handshake, named apart. */
extern const struct dissector dissector_tls_alert, dissector_tls_data;

_Static_assert(sizeof(struct state) <= STREAM_STATE, "state of a stream");

/* ---- records ---- */

struct record {
	uint8_t content;
	uint16_t version, len;
};

static struct record
record_read(struct cursor *c)
{
	struct record r = { .content = cur_u8(c) };

	r.version = cur_be16(c);
	r.len = cur_be16(c);
	return r;
}

static bool
version_ok(uint16_t v)
{
	return v >> 8 == 3 && (v & 0xff) <= VERSION_MINOR_MAX;
}

static bool
record_ok(const struct record *r)
{
	return r->content >= TLS_CHANGE_CIPHER_SPEC && r->content <= HEARTBEAT && version_ok(r->version) &&
	       r->len <= ENCRYPTED_MAX;
}

/* A draft of TLS 1.3 in a server hello, which then was without session id and compression. */
static bool
version_draft(uint16_t v)
{
	return v >= 0x7f00 && v <= 0x7f15;
}

static bool
hello_version_ok(uint16_t v)
{
	return version_ok(v) || version_draft(v);
}

/* ---- a handshake message out of records ---- */

struct message {
	uint16_t version, left; /* of the record at hand, as in the state */
	uint16_t first_version; /* of the record in which it begins */
	uint8_t type;
	uint32_t len;
	struct bytes body; /* as far as it is there */
	size_t body_off;   /* where it stands in the stream, when it is in one piece */
	bool came, odd;	   /* came: all of it; odd: records as no sender makes them */
	uint32_t need;	   /* else: the least that must be there, from the cursor's start */
};
enum piece { PIECE, PIECE_MORE, PIECE_BAD };

/* At most `max` bytes of the handshake, which wants `max` more in all. */
static enum piece
piece_next(struct cursor *c, struct message *m, uint32_t max, struct bytes *piece)
{
	while (m->left == 0) {
		struct cursor at = *c;
		struct record r = record_read(&at);
		m->need = (uint32_t)cur_off(c) + RECORD_HEAD + max;
		if (!cur_ok(&at))
			return PIECE_MORE;
		if (!record_ok(&r) || r.content != TLS_HANDSHAKE)
			return PIECE_BAD;
		m->odd |= r.len == 0 || r.len > RECORD_MAX;
		m->version = r.version;
		m->left = r.len;
		*c = at;
	}
	size_t n = max < m->left ? max : m->left;
	m->need = (uint32_t)cur_off(c) + max + (max > m->left ? RECORD_HEAD : 0);
	if (n > cur_left(c))
		n = cur_left(c);
	*piece = cur_take(c, n);
	m->left = (uint16_t)(m->left - n);
	return n ? PIECE : PIECE_MORE;
}

static enum piece
head_read(struct cursor *c, struct message *m)
{
	struct bytes part;
	uint32_t head = 0;

	for (uint32_t n = 0; n < HS_HEAD; n += (uint32_t)part.n) {
		enum piece p = piece_next(c, m, HS_HEAD - n, &part);
		if (p != PIECE)
			return p;
		if (n == 0)
			m->first_version = m->version;
		for (size_t i = 0; i < part.n; i++)
			head = head << 8 | bytes_u8(part, i);
	}
	m->type = (uint8_t)(head >> 24);
	m->len = head & 0xffffff;
	return PIECE;
}

static bool
interesting(uint8_t type)
{
	return type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO || type == TLS_CERTIFICATE;
}

/* The body as one view: where it is, or joined in the scratch. */
static enum piece
body_read(struct cursor *c, struct message *m, struct walk *w)
{
	bool keep = interesting(m->type);

	m->body_off = cur_off(c);
	if (m->len <= m->left && m->len <= cur_left(c)) {
		m->body = cur_take(c, m->len);
		m->left = (uint16_t)(m->left - m->len);
		return PIECE;
	}
	struct out join = walk_scratch_out(w, keep ? JOIN_MAX : 0);
	enum piece p = PIECE;
	for (uint32_t n = 0; n < m->len;) {
		struct bytes part;
		if ((p = piece_next(c, m, m->len - n, &part)) != PIECE)
			break;
		n += (uint32_t)part.n;
		out_put(&join, part.p, part.n < join.cap - join.n ? part.n : join.cap - join.n);
	}
	m->body = walk_scratch_keep(w, &join);
	return p;
}

/* ---- hellos ---- */

static bool
extension_next(struct cursor *c, uint16_t *type, struct cursor *value)
{
	if (!cur_more(c))
		return false;
	*type = cur_be16(c);
	*value = cur_sub16(c);
	return cur_ok(c);
}

/* RFC 6066 3: the first name that is a host's. */
static struct bytes
host_name(struct cursor value)
{
	struct cursor list = cur_sub16(&value);

	while (cur_more(&list)) {
		uint8_t type = cur_u8(&list);
		struct cursor name = cur_sub16(&list);
		if (cur_ok(&list) && type == 0)
			return cur_rest(&name);
	}
	return (struct bytes){ NULL, 0 };
}

static struct bytes
list8(struct cursor value)
{
	struct cursor list = cur_sub8(&value);
	return cur_rest(&list);
}

static struct bytes
list16(struct cursor value)
{
	struct cursor list = cur_sub16(&value);
	return cur_rest(&list);
}

static void
first(struct bytes *to, struct bytes list)
{
	if (to->p == NULL)
		*to = list;
}

/* Of a type that comes twice the first counts: RFC 8446 4.2 forbids the second. */
static bool
client_extensions(struct tls *t, struct ja_lists *l)
{
	struct cursor c = cur_all(t->extensions), v;
	uint16_t type;

	while (extension_next(&c, &type, &v)) {
		switch (type) {
		case EXT_SERVER_NAME: first(&t->sni, host_name(v)); break;
		case EXT_ALPN: first(&t->alpn, list16(v)); break;
		case EXT_VERSIONS: first(&t->supported_versions, list8(v)); break;
		case EXT_GROUPS: first(&l->groups, list16(v)); break;
		case EXT_FORMATS: first(&l->formats, list8(v)); break;
		case EXT_SIGNATURES: first(&l->signatures, list16(v)); break;
		case EXT_TICKET:
		case EXT_PSK: t->ticket |= cur_more(&v); break;
		default: break;
		}
	}
	return cur_ok(&c);
}

static bool
server_extensions(struct tls *t, struct state *s)
{
	struct cursor c = cur_all(t->extensions), v;
	uint16_t type;

	while (extension_next(&c, &type, &v)) {
		switch (type) {
		case EXT_ALPN: first(&t->alpn, list16(v)); break;
		case EXT_VERSIONS:
			t->negotiated = cur_be16(&v);
			t->set |= (uint64_t)cur_ok(&v) << TLSH_NEGOTIATED;
			break;
		case EXT_CLIENT_CERT_TYPE: s->raw_client = cur_u8(&v) != 0; break;
		case EXT_SERVER_CERT_TYPE: s->raw_server = cur_u8(&v) != 0; break;
		default: break;
		}
	}
	return cur_ok(&c);
}

/* Version, random and session id, as both hellos begin. */
static void
hello_head(struct cursor *c, struct tls *t, bool session)
{
	t->version = cur_be16(c);
	if (cur_ok(c))
		t->set |= (uint64_t)1 << TLSH_VERSION;
	t->random = cur_take(c, 32);
	if (!session)
		return;
	struct cursor id = cur_sub8(c);
	t->session_id = cur_rest(&id);
	t->session_id_len = (uint8_t)t->session_id.n;
	if (cur_ok(c))
		t->set |= (uint64_t)1 << TLSH_SESSION;
}

/* The block at the end, which SSL 3.0 and old clients leave out; of one that was cut what is there.  False where lengths lie
 * or it was cut. */
static bool
hello_tail(struct cursor *c, struct tls *t)
{
	if (!cur_more(c))
		return cur_ok(c) && !c->cut;
	size_t n = cur_be16(c);
	struct cursor block = cur_clip(c, n);
	t->extensions = cur_rest(&block);
	if (!cur_ok(c))
		return false;
	t->set |= (uint64_t)1 << TLSH_EXTENSIONS;
	if (t->extensions.n < n)
		cur_fail(c, c->cut ? CUR_CUT : CUR_BAD);
	else if (cur_more(c))
		cur_fail(c, CUR_BAD);
	return cur_ok(c);
}

/* RFC 8446 4.1.2, RFC 5246 7.4.1.2 */
static void
client_hello(struct cursor *c, struct tls *t, struct walk *w)
{
	struct ja_lists lists = { .groups = { NULL, 0 } };

	hello_head(c, t, true);
	struct cursor suites = cur_sub16(c);
	t->ciphers = cur_rest(&suites);
	t->nciphers = (uint16_t)(t->ciphers.n / 2);
	if (cur_ok(c))
		t->set |= (uint64_t)1 << TLSH_CIPHERS;
	(void)cur_sub8(c); /* compression */
	bool whole = hello_tail(c, t);
	if (!client_extensions(t, &lists) && cur_ok(c))
		cur_fail(c, CUR_BAD);
	else if (whole && walk_ja(w))
		ja_client(t, &lists, w);
	if (t->ticket)
		t->set |= (uint64_t)1 << TLSH_TICKET;
}

/* RFC 8446 4.1.3: SHA-256 of "HelloRetryRequest" */
static const uint8_t retry_random[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
					  0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
					  0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

/* RFC 8446 4.1.3, RFC 5246 7.4.1.3 */
static void
server_hello(struct cursor *c, struct tls *t, struct state *s, struct walk *w)
{
	struct cursor look = *c;
	bool draft = version_draft(cur_be16(&look));

	hello_head(c, t, !draft);
	t->cipher = cur_be16(c);
	if (cur_ok(c))
		t->set |= (uint64_t)1 << TLSH_CIPHER;
	if (!draft)
		cur_skip(c, 1); /* compression */
	t->hello_retry = bytes_eq(t->random, bytes_of(retry_random, sizeof(retry_random)));
	if (t->hello_retry)
		t->set |= (uint64_t)1 << TLSH_RETRY;
	bool whole = hello_tail(c, t);
	if (!server_extensions(t, s) && cur_ok(c))
		cur_fail(c, CUR_BAD);
	else if (whole && walk_ja(w))
		ja_server(t, w);
	if (whole && !(t->set >> TLSH_NEGOTIATED & 1)) {
		t->negotiated = t->version;
		t->set |= (uint64_t)1 << TLSH_NEGOTIATED;
	}
}

/* ---- certificates ---- */

static bool
der_next(struct cursor *c, struct bytes *der)
{
	if (!cur_more(c))
		return false;
	struct cursor one = cur_sub24(c);
	*der = cur_rest(&one);
	return cur_ok(c) && der->p != NULL;
}

/* RFC 5246 7.4.2: the sender's certificate first.  `raw`: a bare key is in its place, RFC 7250 3. */
static void
certificate(struct cursor *c, struct tls *t, bool raw, struct walk *w)
{
	size_t n = cur_be24(c);
	struct cursor list = cur_clip(c, n);
	bool cut = c->cut;
	struct bytes der;

	t->certs = cur_rest(&list);
	if (t->certs.n < n)
		cur_fail(c, cut ? CUR_CUT : CUR_BAD);
	else if (cur_more(c))
		cur_fail(c, CUR_BAD);
	if (raw) {
		t->certs = (struct bytes){ NULL, 0 };
		return;
	}
	list = cur_all(t->certs);
	while (der_next(&list, &der)) {
		if (t->ncerts++ == 0)
			t->leaf.der = der;
	}
	if (!cur_ok(&list) && cur_ok(c))
		cur_fail(c, CUR_BAD);
	if (cur_ok(c))
		t->set |= (uint64_t)1 << TLSH_CERTS;
	if (t->leaf.der.p == NULL)
		return;
	struct digest_pair pair = walk_digest(w, t->leaf.der);
	memcpy(t->leaf.sha1, pair.sha1, sizeof(t->leaf.sha1));
	memcpy(t->leaf.sha256, pair.sha256, sizeof(t->leaf.sha256));
	t->set |= (uint64_t)1 << TLSH_LEAF;
	x509_read(&t->leaf, &t->set, w);
}

/* ---- the stream ---- */

/* Nothing to tell yet; where nothing more will come, nothing at all. */
static enum said
more(struct stream *st, struct obs *o, size_t need)
{
	st->need = (uint32_t)need;
	o->kind = OBS_NONE;
	return SAID_CUT;
}

static enum said
nothing(struct obs *o)
{
	o->kind = OBS_NONE;
	return SAID_OK;
}

static enum said
lost(struct stream *st, struct obs *o)
{
	o->kind = OBS_NONE;
	st->done = true;
	return st->first ? SAID_NO : SAID_BAD;
}

/* Who sends here: by what it sent, by what the other side sent, else as the stream says. */
static uint8_t
role_of(const struct stream *st)
{
	const struct state *s = st->mine, *peer = st->peer;

	if (s->role != UNKNOWN)
		return s->role;
	if (peer->mark == MARK && peer->role != UNKNOWN)
		return peer->role == CLIENT ? SERVER : CLIENT;
	return st->client ? CLIENT : SERVER;
}

/* A bare key in place of the certificate, if the server's hello said so. */
static bool
raw_key(const struct stream *st)
{
	const struct state *s = st->mine, *peer = st->peer;

	if (role_of(st) == SERVER)
		return s->raw_server;
	return peer->mark == MARK && peer->raw_client;
}

static bool
body_ok(const struct message *m)
{
	uint16_t version = bytes_be16(m->body, 0);

	if (m->type == TLS_CLIENT_HELLO)
		return version_ok(version);
	if (m->type == TLS_SERVER_HELLO)
		return hello_version_ok(version);
	return m->body.n < 4 || m->len == (bytes_be32(m->body, 0) >> 8) + 3;
}

static enum said
tell(struct pkt *pkt, struct obs *o, const struct message *m)
{
	struct stream *st = pkt->stream;
	struct state *s = st->mine;
	struct tls *t = &o->u.tls;
	struct cursor c = cur_init(m->body, m->len);

	t->content = TLS_HANDSHAKE;
	t->hs_type = m->type;
	t->record_version = m->first_version;
	if (m->type == TLS_CLIENT_HELLO) {
		s->role = CLIENT;
		client_hello(&c, t, pkt->w);
	} else if (m->type == TLS_SERVER_HELLO) {
		s->role = SERVER;
		server_hello(&c, t, s, pkt->w);
	} else {
		certificate(&c, t, raw_key(st), pkt->w);
	}
	t->client = role_of(st) == CLIENT;
	if (m->odd)
		t->anomalies |= TLSA_RECORD;
	if (m->body.n < m->len) {
		t->anomalies |= TLSA_TOO_LONG;
		o->flags |= OBS_CUT;
	}
	if (cur_end(&c) == CUR_BAD) { /* the message ends where it should: go on behind it */
		t->anomalies |= TLSA_LENGTH;
		o->flags |= OBS_BAD;
		o->bad_what = "lengths inside the message";
		o->bad_off = (uint32_t)(m->body_off + cur_off(&c));
	}
	return m->came ? SAID_OK : SAID_CUT;
}

/* The types of RFC 8446 4 and before it that come in clear. */
static bool
type_ok(uint8_t type)
{
	return type <= 6 || (type >= 8 && type <= 25) || type == 67 || type == 254;
}

/* What begins at the cursor, in the record in hand or in the next one. */
static enum said
handshake(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct stream *st = pkt->stream;
	struct state *s = st->mine;
	struct cursor at = *c;
	struct message m = { .version = s->version, .left = s->left };

	cur_skip(&at, s->skip);
	enum piece p = head_read(&at, &m);
	if (p == PIECE && (!type_ok(m.type) || m.len > HS_MAX)) {
		if (st->first)
			return lost(st, o);
		s->opaque = true; /* no message in clear: the record is encrypted, whatever it is */
		s->skip = m.left;
		s->left = 0;
		*c = at;
		return nothing(o);
	}
	bool begun = p == PIECE;
	if (begun)
		p = body_read(&at, &m, pkt->w);
	if (p == PIECE_BAD)
		return lost(st, o);
	if (p == PIECE_MORE && (!st->last || !begun || !interesting(m.type)))
		return more(st, o, m.need);
	if (st->first && !body_ok(&m))
		return lost(st, o);
	s->mark = MARK;
	s->version = m.version;
	s->left = m.left;
	s->skip = 0;
	m.came = p == PIECE;
	*c = at;
	return interesting(m.type) ? tell(pkt, o, &m) : nothing(o);
}

/* RFC 8446 6.  Encrypted ones are longer. */
static enum said
alert(struct cursor *c, struct pkt *pkt, struct obs *o, const struct record *r)
{
	struct stream *st = pkt->stream;
	struct state *s = st->mine;
	struct tls *t = &o->u.tls;

	t->alert_level = cur_u8(c);
	t->alert = cur_u8(c);
	if (t->alert_level != WARNING && t->alert_level != FATAL)
		return st->first ? lost(st, o) : nothing(o);
	s->mark = MARK;
	t->content = TLS_ALERT;
	t->record_version = r->version;
	t->client = role_of(st) == CLIENT;
	t->set |= (uint64_t)1 << TLSH_ALERT;
	o->by = &dissector_tls_alert;
	st->done = t->alert_level == FATAL;
	return SAID_OK;
}

/* How long the first records with data are. */
static enum said
data(struct pkt *pkt, struct obs *o, const struct record *r)
{
	struct stream *st = pkt->stream;
	struct state *s = st->mine;
	struct tls *t = &o->u.tls;

	s->opaque = true;
	s->skip = r->len;
	s->data_len[s->ndata++] = r->len;
	t->content = TLS_DATA;
	t->record_version = r->version;
	t->client = role_of(st) == CLIENT;
	memcpy(t->data_len, s->data_len, sizeof(t->data_len));
	o->by = &dissector_tls_data;
	st->done = s->ndata == DATA_MAX;
	return SAID_OK;
}

/* Behind a change of ciphers: the second hello of a client that was asked again (RFC 8446 4.1.2), or the answer to it.  Else
 * it is encrypted. */
static bool
hello_again(struct cursor look)
{
	uint8_t type = cur_u8(&look);
	uint32_t len = cur_be24(&look);
	uint16_t version = cur_be16(&look);

	return cur_ok(&look) && (type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO) &&
	       len >= HELLO_MIN - 2 && len <= HS_MAX && version_ok(version);
}

static enum said
record(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	enum { LOOK = HS_HEAD + 2 };
	struct stream *st = pkt->stream;
	struct state *s = st->mine;
	struct cursor body = *c;

	cur_skip(&body, s->skip);
	struct record r = record_read(&body);
	if (!cur_ok(&body))
		return more(st, o, s->skip + (size_t)RECORD_HEAD);
	if (!record_ok(&r))
		return lost(st, o);
	size_t want = r.content == TLS_HANDSHAKE && s->opaque && r.len >= LOOK ? LOOK
		      : r.content == TLS_ALERT && r.len == 2		       ? 2
		      : r.content == TLS_CHANGE_CIPHER_SPEC		       ? r.len
									       : 0;
	if (cur_left(&body) < want)
		return more(st, o, s->skip + RECORD_HEAD + want);
	if (r.content == TLS_HANDSHAKE && (!s->opaque || (want && hello_again(body))))
		return handshake(c, pkt, o);
	*c = body;
	s->skip = 0;
	if (r.content == TLS_DATA)
		return data(pkt, o, &r);
	if (r.content == TLS_ALERT && r.len == 2)
		return alert(c, pkt, o, &r);
	s->opaque = true;
	s->skip = r.len;
	return nothing(o);
}

/* The hello of SSL 2.0 that old clients begin with, TLS or not, is passed over: RFC 5246 E.2. */
static bool
hello_v2(const struct cursor *c, size_t *len)
{
	struct cursor look = *c;
	size_t head = cur_be16(&look);
	uint8_t type = cur_u8(&look);
	uint16_t version = cur_be16(&look), suites = cur_be16(&look), id = cur_be16(&look),
		 challenge = cur_be16(&look);

	*len = 2 + (head & 0x7fff);
	return cur_ok(&look) && head & 0x8000 && type == TLS_CLIENT_HELLO &&
	       (version == 2 || version_ok(version)) && suites % 3 == 0 && suites > 0 &&
	       (id == 0 || id == 16) && challenge >= 16 && challenge <= 32 &&
	       *len == (size_t)11 + suites + id + challenge;
}

/* Whether a direction may begin so, as far as it is there.  A record with a hello or, where we came in late, a certificate; or
 * nothing but an alert. */
static bool
tls_starts(struct bytes head)
{
	struct cursor c = cur_all(head), rest;
	struct record r = { .content = cur_u8(&c) };

	if (r.content != TLS_HANDSHAKE && r.content != TLS_ALERT)
		return false;
	if (cur_left(&c) >= 1 && cur_peek_u8(&c) != 3)
		return false;
	if (cur_left(&c) < RECORD_HEAD - 1)
		return true;
	r.version = cur_be16(&c);
	r.len = cur_be16(&c);
	rest = c;
	if (!record_ok(&r) || r.len == 0)
		return false;
	if (r.content == TLS_ALERT)
		return r.len == 2 &&
		       (!cur_more(&c) || cur_peek_u8(&c) == WARNING || cur_peek_u8(&c) == FATAL);
	uint8_t type = cur_u8(&rest);
	if (cur_ok(&rest) && !interesting(type))
		return false;
	if (cur_left(&c) < HS_HEAD + 2 || r.len < HS_HEAD + 2)
		return true;
	uint32_t len = cur_be24(&rest);
	uint16_t version = cur_be16(&rest);
	if (type == TLS_CERTIFICATE)
		return len >= 3 && len <= HS_MAX && version >> 8 <= 1;
	return len >= HELLO_MIN - 2 && len <= HS_MAX && hello_version_ok(version);
}

static enum said
tls_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	enum { LOOK = RECORD_HEAD + HS_HEAD + 2 };
	struct stream *st = pkt->stream;
	struct cursor look = *c;
	size_t v2;

	if (st == NULL)
		return SAID_NO;
	struct state *s = st->mine;
	if (st->first && hello_v2(c, &v2)) {
		if (cur_left(c) < v2)
			return more(st, o, v2);
		s->mark = MARK;
		s->role = CLIENT;
		cur_skip(c, v2);
		return nothing(o);
	}
	if (st->first && !tls_starts(cur_rest(&look)))
		return SAID_NO;
	if (st->first && cur_left(c) < LOOK && cur_peek_u8(c) == TLS_HANDSHAKE)
		return more(st, o, LOOK); /* others wait to be asked */
	return s->left ? handshake(c, pkt, o) : record(c, pkt, o);
}

/* ---- lists ---- */

bool
tls_cert_next(struct field_it *it, void *item)
{
	const struct tls *t = it->rec;
	struct tls_cert *cert = item;

	if (it->i == 0)
		it->c = cur_all(t->certs);
	if (!der_next(&it->c, &cert->der))
		return false;
	struct digest_pair pair = digest_pair(NULL, cert->der);
	memcpy(cert->sha1, pair.sha1, sizeof(cert->sha1));
	memcpy(cert->sha256, pair.sha256, sizeof(cert->sha256));
	return true;
}

bool
tls_alpn_next(struct field_it *it, void *item)
{
	const struct tls *t = it->rec;

	if (it->i == 0)
		it->c = cur_all(t->alpn);
	if (!cur_more(&it->c))
		return false;
	struct cursor name = cur_sub8(&it->c);
	*(struct bytes *)item = cur_rest(&name);
	return cur_ok(&it->c);
}

bool
tls_version_next(struct field_it *it, void *item)
{
	const struct tls *t = it->rec;

	if (it->i == 0)
		it->c = cur_all(t->supported_versions);
	if (!cur_more(&it->c))
		return false;
	*(uint16_t *)item = cur_be16(&it->c);
	return cur_ok(&it->c);
}

bool
tls_extension_next(struct field_it *it, void *item)
{
	const struct tls *t = it->rec;
	struct cursor value;

	if (it->i == 0)
		it->c = cur_all(t->extensions);
	return extension_next(&it->c, item, &value);
}

/* The certificates behind the leaf: their hashes are made where somebody asks. */
struct chain_item {
	struct bytes text;
	uint8_t sha256[32];
};

static bool
chain_next(struct field_it *it, void *item)
{
	const struct tls *t = it->rec;
	struct chain_item *chain = item;
	struct bytes der;

	if (it->i == 0) {
		it->c = cur_all(t->certs);
		if (!der_next(&it->c, &der))
			return false;
	}
	if (!der_next(&it->c, &der))
		return false;
	struct digest_pair pair = digest_pair(NULL, der);
	memcpy(chain->sha256, pair.sha256, sizeof(chain->sha256));
	chain->text = bytes_of(chain->sha256, sizeof(chain->sha256));
	return true;
}

struct leaf_item {
	struct bytes sha1, sha256;
	uint32_t len;
};

static bool
leaf_next(struct field_it *it, void *item)
{
	const struct tls *t = it->rec;
	struct leaf_item *leaf = item;

	if (!(t->set >> TLSH_LEAF & 1))
		return false;
	leaf->len = (uint32_t)t->leaf.der.n;
	leaf->sha1 = bytes_of(t->leaf.sha1, sizeof(t->leaf.sha1));
	leaf->sha256 = bytes_of(t->leaf.sha256, sizeof(t->leaf.sha256));
	return true;
}

/* A name or an address as text.  What stands behind a NUL was put there to be overlooked. */
enum { SAN_TEXT = 1024 };
struct san_item {
	char text[SAN_TEXT];
};

static bool
san_next(struct field_it *it, void *item)
{
	const struct tls *t = it->rec;
	struct san_item *san = item;
	struct out o = out_init(san->text, SAN_TEXT - 1);
	struct bytes name;
	bool address;

	if (it->i == 0)
		it->c = cur_all(t->leaf.sans);
	if (!x509_san_next(&it->c, &name, &address))
		return false;
	if (address)
		out_addr(&o, addr_of(name));
	else
		for (size_t i = 0; i < name.n && out_ok(&o); i++) {
			if (bytes_u8(name, i))
				out_be(&o, bytes_u8(name, i), 1);
			else
				out_str(&o, "\\00");
		}
	san->text[o.n] = '\0';
	return true;
}

static bool
bit_next(uint32_t bits, const struct name *names, uint32_t nth, void *item)
{
	for (const struct name *n = names; n->text; n++)
		if (bits & n->value && nth-- == 0) {
			*(uint16_t *)item = (uint16_t)n->value;
			return true;
		}
	return false;
}

static const struct name eku_names[] = {
	{ EKU_SERVER_AUTH, "serverAuth" },
	{ EKU_CLIENT_AUTH, "clientAuth" },
	{ EKU_ANY, "any" },
	{ EKU_OTHER, "other" },
	{ 0, NULL },
};

static bool
eku_next(struct field_it *it, void *item)
{
	return bit_next(((const struct tls *)it->rec)->leaf.eku, eku_names, it->i, item);
}

static const struct name anomaly_names[] = {
	{ TLSA_LENGTH, "length" },
	{ TLSA_TOO_LONG, "too_long" },
	{ TLSA_RECORD, "record" },
	{ 0, NULL },
};

static bool
anomaly_next(struct field_it *it, void *item)
{
	return bit_next(((const struct tls *)it->rec)->anomalies, anomaly_names, it->i, item);
}

static bool
data_next(struct field_it *it, void *item)
{
	const struct tls *t = it->rec;

	if (it->i == DATA_MAX || t->data_len[it->i] == 0)
		return false;
	*(uint16_t *)item = t->data_len[it->i];
	return true;
}

/* ---- fields ---- */

static const struct name carriers[] = { { TLS_HANDSHAKE, "tcp" }, { 0, NULL } };
static const struct name messages[] = {
	{ TLS_CLIENT_HELLO, "client_hello" },
	{ TLS_SERVER_HELLO, "server_hello" },
	{ TLS_CERTIFICATE, "certificate" },
	{ 0, NULL },
};
static const struct field u16_item[] = { { .type = F_U16 } };
static const struct field hex16_item[] = { { .type = F_HEX16 } };
static const struct field text_item[] = { { .type = F_TEXT } };
static const struct field cstr_item[] = { { .type = F_CSTR } };
static const struct field hex_item[] = { { .type = F_HEX } };
static const struct field eku_item[] = { { .type = F_NAME16, .names = eku_names } };
static const struct field anomaly_item[] = { { .type = F_NAME16, .names = anomaly_names } };
static const struct field leaf_item[] = {
	FIELD(struct leaf_item, len, "len", F_U32, .help = "bytes of its DER form"),
	FIELD(struct leaf_item, sha1, "sha1", F_HEX, .help = "SHA-1 over them"),
	FIELD(struct leaf_item, sha256, "sha256", F_HEX, .help = "SHA-256 over them"),
};

#define T(member, name, type, ...) FIELD(struct tls, member, name, type, __VA_ARGS__)
static const struct field tls_fields[] = {
	T(content, "over", F_NAME8, .names = carriers, .help = "what carries it"),
	T(hs_type, "hs_type", F_U8, .help = "handshake type"),
	T(hs_type, "hs", F_NAME8, .names = messages, .help = "handshake type as text"),
	T(version, "version", F_HEX16, .has = BIT(TLSH_VERSION), .help = "version of the hello itself"),
	T(record_version, "record_version", F_HEX16, .help = "version of the record in which it begins"),
	T(session_id_len, "session_id_len", F_U8, .has = BIT(TLSH_SESSION),
	  .help = "bytes of the session id"),
	T(session_id, "session_id", F_HEX, .help = "the same in both hellos: resumed (up to TLS 1.2)"),
	T(nciphers, "ciphers", F_U16, .has = BIT(TLSH_CIPHERS), .help = "number of suites offered"),
	WALK("extensions", F_LIST, tls_extension_next, u16_item, .help = "types in wire order"),
	T(sni, "sni", F_TEXT, .help = "host name asked for"),
	WALK("alpn", F_LIST, tls_alpn_next, text_item, .help = "protocols offered, or the one taken"),
	WALK("supported_versions", F_LIST, tls_version_next, hex16_item, .help = "versions offered"),
	T(ticket, "ticket", F_BOOL, .help = "the client offers a ticket or a pre-shared key"),
	T(ja3_full, "ja3_full", F_TEXT, .help = "JA3 as text"),
	T(cipher, "cipher", F_HEX16, .has = BIT(TLSH_CIPHER), .help = "suite taken"),
	T(negotiated, "negotiated", F_HEX16, .has = BIT(TLSH_NEGOTIATED), .help = "version taken"),
	T(hello_retry, "hello_retry", F_BOOL, .help = "a hello retry request"),
	T(ja3s_full, "ja3s_full", F_TEXT, .help = "JA3S as text"),
	T(ja3, "ja3", F_CSTR, .help = "its MD5"),
	T(ja3s, "ja3s", F_CSTR, .help = "its MD5"),
	T(ja4, "ja4", F_CSTR, .help = "JA4"),
	T(ja4_r, "ja4_r", F_TEXT, .help = "JA4 with its lists"),
	T(ncerts, "certs", F_U16, .has = BIT(TLSH_CERTS), .help = "number of certificates"),
	WALK("leaf", F_OBJECT, leaf_next, leaf_item, .help = "the first certificate"),
	WALK("chain_sha256", F_LIST, chain_next, hex_item, .help = "SHA-256 of the others"),
	T(leaf.subject, "subject", F_TEXT, .help = "subject of the first certificate (RFC 4514)"),
	T(leaf.issuer, "issuer", F_TEXT, .help = "its issuer"),
	WALK("sans", F_LIST, san_next, cstr_item, .help = "its host names and addresses"),
	T(leaf.not_before, "not_before", F_TS, .has = BIT(TLSH_NOT_BEFORE), .help = "its validity begins"),
	T(leaf.not_after, "not_after", F_TS, .has = BIT(TLSH_NOT_AFTER),
	  .help = "it ends; at most 2262-04-11, which stands for later ones"),
	WALK("eku", F_LIST, eku_next, eku_item, .help = "extended key usage"),
	WALK("anomalies", F_LIST, anomaly_next, anomaly_item, .help = "what is wrong with the message"),
};

const struct dissector dissector_tls = {
	.name = "tls",
	.bpf = "tcp",
	.late = true,
	.claims = { { CLAIM_SHAPE_TCP, 0 } },
	.kind = OBS_TLS,
	.dissect = tls_dissect,
	.starts = tls_starts,
	.fields = tls_fields,
	.nfields = NELEM(tls_fields),
};

static const struct field alert_fields[] = {
	T(record_version, "record_version", F_HEX16, .help = "version of the record"),
	T(client, "from_client", F_BOOL, .help = "the client sent it"),
	T(alert_level, "level", F_U8, .has = BIT(TLSH_ALERT), .help = "1 warning, 2 fatal"),
	T(alert, "description", F_U8, .has = BIT(TLSH_ALERT), .help = "RFC 8446 6"),
};

const struct dissector dissector_tls_alert = {
	.name = "tls_alert",
	.kind = OBS_TLS,
	.quiet = true,
	.fields = alert_fields,
	.nfields = NELEM(alert_fields),
};

static const struct field data_fields[] = {
	T(record_version, "record_version", F_HEX16, .help = "version of the record"),
	T(client, "from_client", F_BOOL, .help = "the client sent it"),
	WALK("data_len", F_LIST, data_next, u16_item,
	     .help = "lengths of the first records with data of this direction, so far"),
};

const struct dissector dissector_tls_data = {
	.name = "tls_data",
	.kind = OBS_TLS,
	.quiet = true,
	.fields = data_fields,
	.nfields = NELEM(data_fields),
};
