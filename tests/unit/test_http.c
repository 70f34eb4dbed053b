/* HTTP heads and the tokens of an authentication, message by message, through the walk.  Messages from RFC 9112, RFC 4559,
 * the examples of MS-NLMP 4.2, RFC 4511 and RFC 4120. */
#include "build.h"

enum { TOLD = 64, LINE = 2048, ISN = 7000 };

static struct {
	char line[TOLD][LINE];
	uint16_t kind[TOLD], flags[TOLD];
	size_t n;
} told;

static struct {
	struct walk *w;
	void *mem;
	uint32_t seq[2];
	uint16_t port[2];
	uint64_t frames;
} tcp;

static void
note(void *arg, const struct obs *o)
{
	(void)arg;
	if (o->kind == OBS_FRAME || told.n == TOLD)
		return;
	struct out out = out_init(told.line[told.n], LINE - 1);
	field_json(&out, o->by->fields, o->by->nfields, &o->u);
	told.line[told.n][out.n] = '\0';
	told.kind[told.n] = o->kind;
	told.flags[told.n++] = o->flags;
}

/* A segment of the client (0) or the server (1). */
static void
segment(int side, uint8_t flags, const void *p, size_t n)
{
	struct build b = build_empty();
	uint8_t *seq;

	put(&b, p, n);
	put_tcp(&b, tcp.port[side], tcp.port[!side], flags);
	seq = at(&b, 4);
	for (int i = 0; i < 4; i++)
		seq[i] = (uint8_t)(tcp.seq[side] >> (24 - 8 * i));
	put_ip4(&b, 6, 1, 0);
	memcpy(at(&b, 12), side ? V4B : V4A, 4);
	memcpy(at(&b, 16), side ? V4A : V4B, 4);
	put_eth(&b, 0x0800);
	tcp.seq[side] += (uint32_t)n + (flags & 2 ? 1 : 0);
	struct frame f = { .ts = (ts_t)++tcp.frames * TS_MS,
			   .number = tcp.frames,
			   .linktype = 1,
			   .p = b.room + b.from,
			   .caplen = (uint32_t)build_len(&b),
			   .wirelen = (uint32_t)build_len(&b) };
	(void)walk_frame(tcp.w, &f, note, NULL);
}

static void
open_on(uint16_t port)
{
	if (tcp.mem == NULL)
		tcp.mem = malloc(walk_bytes(NULL));
	tcp.w = walk_open(NULL, tcp.mem, (struct sipkey){ { 1, 2 } });
	tcp.seq[0] = tcp.seq[1] = ISN;
	tcp.port[0] = 50000;
	tcp.port[1] = port;
	told.n = 0;
	segment(0, 2, "", 0);
	segment(1, 18, "", 0);
}

static void
say(int side, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i += 1400)
		segment(side, 24, b + i, n - i < 1400 ? n - i : 1400);
}

#define SAY(side, text) say((side), (text), sizeof(text) - 1)

static bool
has(size_t i, const char *part)
{
	return i < told.n && strstr(told.line[i], part) != NULL;
}

static void
test_wpad(void **state)
{
	(void)state;
	open_on(8123);
	SAY(0, "GET /wpad.dat HTTP/1.1\r\nhOST:wpad\r\n\r\nGET http://wpad/x/WPAD.DAT?y HTTP/1.0\r\n\r\n"
	       "GET /wpad.dat.exe HTTP/1.1\r\n\r\nGET /?/wpad.dat HTTP/1.1\r\n\r\n");
	SAY(1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 100 Continue\r\n\r\n"
	       "HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 no\r\n\r\nHTTP/1.1 304 no\r\n\r\n");
	assert_int_equal(told.n, 9);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(has(i, "\"wpad\":true"), i < 2);
	assert_true(has(0, "\"host\":\"wpad\""));
	assert_true(has(4, "\"status\":200") && has(4, "\"wpad\":true"));
	assert_true(has(5, "\"status\":100"));
	assert_true(has(6, "\"status\":404") && has(6, "\"wpad\":true"));
	assert_true(has(7, "\"status\":204") && !has(7, "wpad"));
	assert_true(has(8, "\"status\":304") && !has(8, "wpad"));
}

static void
test_tunnels(void **state)
{
	static const char *const near[] = { ("SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD76}/ "
					     "HTTP/1.1\r\nContent-Length: 9\r\n\r\n"),
					    "GET /IPHTTPS HTTP/1.1\r\n\r\n",
					    "POST /IPHTTPS/x HTTP/1.1\r\nContent-Length: 9\r\n\r\n" };
	(void)state;
	open_on(80);
	SAY(0, "SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n"
	       "Content-Length: 18446744073709551615\r\nHost: vpn.example\r\n\r\n\x10\x01\0\x0eGET / "
	       "HTTP/1.1\r\n\r\n");
	assert_int_equal(told.n, 1);
	assert_true(has(0, "\"sstp\":true"));
	open_on(443);
	SAY(0, "POST /iphttps HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n");
	assert_true(told.n == 1 && has(0, "\"iphttps\":true"));
	for (size_t i = 0; i < NELEM(near); i++) {
		open_on(80);
		say(0, near[i], strlen(near[i]));
		assert_int_equal(told.n, 1);
		assert_true(!has(0, "sstp\":true") && !has(0, "iphttps\":true"));
	}
}

/* RFC 9110 9.3.6, 15.5.8: what follows a CONNECT is HTTP until it was granted. */
static void
test_connect(void **state)
{
	static const uint8_t hello[] = {
		0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, [43] = 0, 0, 2, 0x13, 1, 1, 0
	};
	(void)state;

	open_on(3128);
	SAY(0, "CONNECT a.example:443 HTTP/1.1\r\n\r\n");
	SAY(1, "HTTP/1.1 407 who\r\nProxy-Authenticate: Negotiate\r\nPROXY-AUTHENTICATE: "
	       "ntlm\r\nContent-Length: 3\r\n\r\nwho");
	SAY(0, "CONNECT a.example:443 HTTP/1.1\r\nProxy-Authorization: Basic YTpi\r\n\r\n");
	SAY(1, "HTTP/1.1 200 go\r\nContent-Length: 5\r\n\r\n"); /* to be ignored */
	say(0, hello, sizeof(hello));
	assert_int_equal(told.n, 5);
	for (size_t i = 0; i < 4; i++)
		assert_true(has(i, "\"connect\":true"));
	assert_true(has(1, "\"auth\":\"ntlm\""));
	assert_true(has(2, "\"auth\":\"basic\""));
	assert_int_equal(told.kind[4], OBS_TLS);
}

static void
test_schemes(void **state)
{
	static const struct {
		const char *fields, *auth;
	} rows[] = {
		{ "WWW-Authenticate: Digest realm=\"a, Negotiate\", nonce=\"b\"\r\n", "other" },
		{ "WWW-Authenticate: Basic realm=\"x\", NTLM\r\n", "ntlm" },
		{ "WWW-Authenticate: Bearer\r\n Negotiate: no\r\n", "other" },
		{ "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=x\r\n", "negotiate" },
		{ "Authorization: NTLM\r\n", NULL },
		{ "X: y\r\n", NULL },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		open_on(80);
		SAY(1, "HTTP/1.1 401 who\r\n");
		say(1, rows[i].fields, strlen(rows[i].fields));
		SAY(1, "\r\n");
		assert_int_equal(told.n, 1);
		if (rows[i].auth)
			assert_true(has(0, rows[i].auth));
		else
			assert_false(has(0, "\"auth\""));
	}
	open_on(80); /* no challenge: the last word of a success */
	SAY(1, "HTTP/1.1 200 OK\r\nWWW-Authenticate: Negotiate\r\n\r\n");
	assert_true(told.n == 1 && !has(0, "\"auth\""));
}

/* MS-NLMP 4.2.2: challenge and answer of NTLM version 1, as base64 with a fold in it; made with base64(1). */
#define TYPE2 "TlRMTVNTUAACAAAADAAMADgAAAAzggqCASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAABgBwFwAAAA9TAGUAcgB2AGUAcgA="
#define TYPE3A                                                                                               \
	"TlRMTVNTUAADAAAAGAAYAGwAAAAYABgAhAAAAAwADABIAAAACAAIAFQAAAAQABAAXAAAAAAAAACcAAAANYKA4gUBKAoAAAAP"
#define TYPE3B                                                                                               \
	"RABvAG0AYQBpAG4AVQBzAGUAcgBDAE8ATQBQAFUAVABFAFIAmN73uH+Iql2v4t93loihct7xHH1cze8TZ8QwEfMCmKKtNezm"
#define TYPE3C "TxYzHES9vtknhB+UUYgisbPzUMiVhoLsuz48tw=="

static void
expect_ntlm(void)
{
	assert_int_equal(told.n, 4);
	assert_true(has(0, "\"status\":401") && has(0, "\"auth\":\"ntlm\""));
	assert_true(has(1, "\"carrier\":\"http\",\"message\":\"challenge\",\"from_server\":true,"
			   "\"challenge\":\"0123456789abcdef\",\"domain\":\"Server\""));
	assert_true(has(2, "\"method\":\"GET\",\"target\":\"/\""));
	assert_true(has(3, "\"message\":\"authenticate\",\"user\":\"User\",\"domain\":\"Domain\","
			   "\"workstation\":\"COMPUTER\""));
	assert_int_equal(told.flags[1] & OBS_BAD, 0);
	assert_int_equal(told.flags[3] & OBS_BAD, 0);
}

static const char answer[] = "HTTP/1.1 401 who\nWWW-Authenticate: NTLM " TYPE2 "\nContent-Length: 0\n\n";
static const char request[] =
	"GET / HTTP/1.1\r\nAuthorization: NTLM " TYPE3A "\r\n\t" TYPE3B TYPE3C "\r\nX: y\r\n\r\n";

static void
test_ntlm(void **state)
{
	(void)state;
	open_on(80);
	SAY(1, answer);
	SAY(0, request);
	expect_ntlm();
	open_on(80); /* byte by byte */
	for (size_t i = 0; i < sizeof(answer) - 1; i++)
		say(1, answer + i, 1);
	for (size_t i = 0; i < sizeof(request) - 1; i++)
		say(0, request + i, 1);
	expect_ntlm();
}

/* A head longer than what is kept: what came is told, and that it is not all. */
static void
test_long(void **state)
{
	static char filler[18000];
	(void)state;

	memset(filler, 'x', sizeof(filler));
	open_on(80);
	SAY(0, "GET /a HTTP/1.1\r\nHost: a.example\r\nAuthorization: NTLM " TYPE3A TYPE3B TYPE3C "\r\nX: ");
	say(0, filler, sizeof(filler));
	SAY(0, "\r\nUser-Agent: never\r\n\r\n");
	assert_int_equal(told.n, 2);
	assert_true(told.flags[0] & OBS_CUT);
	assert_true(has(0, "\"host\":\"a.example\"") && !has(0, "user_agent"));
	assert_true(has(1, "\"user\":\"User\""));
	open_on(80); /* a line without end is no HTTP */
	SAY(0, "GET /");
	say(0, filler, sizeof(filler));
	assert_int_equal(told.n, 0);
}

static void
test_not_http(void **state)
{
	static const char *const no[] = { "SSH-2.0-x\r\nGET / HTTP/1.1\r\n\r\n",
					  "EHLO a.example\r\n\r\n",
					  "GET /\r\n\r\n",
					  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
					  "RTSP/1.0 200 OK\r\n\r\n",
					  "HTTP/1.1 2000 OK\r\n\r\n",
					  "HTTP/1.1 0ab\r\n\r\n",
					  " GET / HTTP/1.1\r\n\r\n",
					  "HTTP/1.1\r\n\r\n" };
	(void)state;
	for (size_t i = 0; i < NELEM(no); i++) {
		open_on(80);
		say(0, no[i], strlen(no[i]));
		assert_int_equal(told.n, 0);
	}
}

/* Where we came in, an answer to a request that nobody saw takes none of those that follow. */
static void
test_came_in(void **state)
{
	(void)state;
	open_on(80);
	SAY(1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	SAY(0, "GET /wpad.dat HTTP/1.1\r\n\r\n");
	SAY(1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(told.n, 3);
	assert_true(!has(0, "wpad\":true") && has(1, "wpad\":true") && has(2, "wpad\":true"));
}

/* ---- NTLM without HTTP around it: in an LDAP bind, RFC 4511 4.2 ---- */
static void
ldap(const uint8_t *token, size_t n)
{
	uint8_t m[256] = { 0x30,
			   0x81,
			   (uint8_t)(n + 26),
			   2,
			   1,
			   1,
			   0x60,
			   0x81,
			   (uint8_t)(n + 20),
			   2,
			   1,
			   3,
			   4,
			   0,
			   0xa3,
			   0x81,
			   (uint8_t)(n + 12),
			   4,
			   6,
			   'G',
			   'S',
			   'S',
			   '-',
			   'S',
			   'P',
			   4,
			   0x81,
			   (uint8_t)n };

	assert_true(n > 127 ? n < 200 : true);
	memcpy(m + 28, token, n);
	m[2] = (uint8_t)(n + 25);
	m[8] = (uint8_t)(n + 19);
	m[16] = (uint8_t)(n + 11);
	open_on(389);
	say(0, m, n + 28);
}

static void
test_ntlm_lies(void **state)
{
	/* type 3: LM, NT, domain "D" (UTF-16) at 64, user at 66, workstation at 200, which is nowhere */
	uint8_t t[68] = "NTLMSSP\0\3\0\0";

	(void)state;
	t[28] = 2, t[32] = 64;
	t[36] = 2, t[40] = 66;
	t[44] = 2, t[48] = 200;
	t[60] = 1;
	t[64] = 'D', t[66] = 'u';
	ldap(t, sizeof(t));
	assert_int_equal(told.n, 1);
	assert_true(
		has(0, "\"carrier\":\"ldap\",\"message\":\"authenticate\",\"user\":\"u\",\"domain\":\"D\""));
	assert_false(has(0, "workstation"));
	assert_true(told.flags[0] & OBS_BAD);
	t[44] = 0;
	t[28] = 1; /* half a character */
	ldap(t, sizeof(t));
	assert_true(told.n == 1 && (told.flags[0] & OBS_BAD));
	t[28] = 2;
	t[64] = 0x00, t[65] = 0xd8; /* half a pair: RFC 2781 2.2 */
	ldap(t, sizeof(t));
	assert_true(has(0, "\"domain\":\"\xef\xbf\xbd\"") && !(told.flags[0] & OBS_BAD));
	t[36] = 2, t[40] = 60; /* a payload where the flags would be: the oldest clients, OEM text */
	t[60] = 'a', t[61] = 'b';
	ldap(t, sizeof(t));
	assert_true(has(0, "\"user\":\"ab\""));
	t[8] = 4; /* no message of NTLM */
	ldap(t, sizeof(t));
	assert_int_equal(told.n, 0);
}

/* RFC 4178 4.2: without NTLM inside it is Kerberos; a last word without a token is nothing. */
static void
test_spnego(void **state)
{
	static const uint8_t init[] = { 0x60, 9, 6, 6, 0x2b, 6, 1, 5, 5, 2, 0 };
	static const uint8_t more[] = { 0xa1, 8, 0x30, 6, 0xa2, 4, 4, 2, 'x', 'y' };
	static const uint8_t last[] = { 0xa1, 7, 0x30, 5, 0xa0, 3, 10, 1, 0 };
	(void)state;

	ldap(init, sizeof(init));
	assert_true(told.n == 1 && has(0, "\"message\":\"spnego\""));
	ldap(more, sizeof(more));
	assert_true(told.n == 1 && has(0, "\"message\":\"spnego\""));
	ldap(last, sizeof(last));
	assert_int_equal(told.n, 0);
}

/* What is no bind is stepped over without waiting for its end; what is no LDAP any more ends the direction. */
static void
test_stepping(void **state)
{
	static const uint8_t search[] = { 0x30, 0x84, 0, 0, 7, 0xd0, 2, 1, 1, 0x64, 0x84, 0, 0, 7, 0xc7 };
	static const uint8_t bind[] = { 0x30, 13, 2, 1, 2, 0x60, 8, 2, 1, 3, 4, 1, 'u', 0x80, 0 };
	static uint8_t rest[2000 - 9];
	static const uint8_t sealed[] = { 0, 0, 0, 9, 1, 2, 3 };
	(void)state;

	open_on(3268);
	say(0, search, sizeof(search));
	say(0, rest, sizeof(rest));
	say(0, bind, sizeof(bind));
	say(0, sealed, sizeof(sealed));
	say(0, bind, sizeof(bind));
	assert_int_equal(told.n, 1);
	assert_true(has(0, "\"message\":\"simple-bind\",\"user\":\"u\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wpad),	  cmocka_unit_test(test_tunnels),
		cmocka_unit_test(test_connect),	  cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_ntlm),	  cmocka_unit_test(test_long),
		cmocka_unit_test(test_not_http),  cmocka_unit_test(test_came_in),
		cmocka_unit_test(test_ntlm_lies), cmocka_unit_test(test_spnego),
		cmocka_unit_test(test_stepping),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(tcp.mem);
	return failed;
}
