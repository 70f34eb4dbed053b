/* For tests of hostfeed/: a decoder whose events are copied, so that they can be looked at after the call. */
#ifndef CROSSTAP_TEST_EVENTS_H
#define CROSSTAP_TEST_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hostev.h"
#include "out.h"

enum { KEPT_EVENTS = 64, KEPT_TEXT = 1 << 20 };

/* snprintf that fails the test where the text does not fit. */
static inline size_t
print(char *buf, size_t cap, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(buf, cap, format, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < cap);
	return (size_t)n;
}

static struct {
	void		   *mem;
	struct hostfeed	   *feed;
	struct hostev	    ev[KEPT_EVENTS];
	unsigned	    n; /* counts on beyond KEPT_EVENTS */
	struct hostev_error err;
	char		   *text;
	size_t		    used;
} kept;

static struct bytes
keep_text(struct bytes b)
{
	if (b.p == NULL || b.n > KEPT_TEXT - kept.used)
		return (struct bytes){ NULL, 0 };
	char *p = kept.text + kept.used;
	memcpy(p, b.p, b.n);
	kept.used += b.n;
	return bytes_of(p, b.n);
}

static void
keep_event(void *arg, const struct hostev *ev)
{
	(void)arg;
	if (kept.n++ >= KEPT_EVENTS)
		return;
	struct hostev *k = &kept.ev[kept.n - 1];
	*k = *ev;
	struct bytes *texts[] = { &k->provider, &k->channel, &k->computer, &k->user,  &k->name,
				  &k->coid,	&k->sha1,    &k->sha256,   &k->iface };
	for (size_t i = 0; i < NELEM(texts); i++)
		*texts[i] = keep_text(*texts[i]);
	for (size_t i = 0; i < k->nfields; i++)
		k->fields[i] = (struct hostev_field){ keep_text(k->fields[i].name), keep_text(k->fields[i].value) };
}

static int
events_setup(void **state)
{
	(void)state;
	kept.mem = malloc(hostfeed_bytes());
	kept.text = malloc(KEPT_TEXT);
	if (kept.mem == NULL || kept.text == NULL)
		return -1;
	memset(kept.mem, 0xa5, hostfeed_bytes()); /* nothing may rest on zeroed memory */
	kept.feed = hostfeed_open(kept.mem, 0x0123456789abcdef);
	return 0;
}

static int
events_teardown(void **state)
{
	(void)state;
	free(kept.mem);
	free(kept.text);
	return 0;
}

/* One document, copied to an allocation of exactly its size: reading behind it is seen by the sanitizer. */
static enum hostev_said
decode(struct bytes doc)
{
	uint8_t *p = malloc(doc.n ? doc.n : 1);
	assert_non_null(p);
	if (doc.n)
		memcpy(p, doc.p, doc.n);
	kept.n = 0;
	kept.used = 0;
	kept.err = (struct hostev_error){ NULL, 0, 0 };
	enum hostev_said said = hostfeed_document(kept.feed, bytes_of(p, doc.n), keep_event, NULL, &kept.err);
	free(p);
	assert_true((said == HOSTEV_BAD) == (kept.err.what != NULL));
	return said;
}

static inline enum hostev_said
decode_str(const char *doc)
{
	return decode(bytes_str(doc));
}

static inline void
assert_text(struct bytes b, const char *want)
{
	char got[512];
	snprintf(got, sizeof(got), "%.*s", (int)b.n, b.p ? (const char *)b.p : "");
	assert_string_equal(got, want);
}

static inline void
assert_addr(struct addr a, const char *want)
{
	char	   buf[64];
	struct out o = out_init(buf, sizeof(buf));
	out_addr(&o, a);
	assert_text(out_bytes(&o), want);
}

static inline struct bytes
field(const struct hostev *ev, const char *name)
{
	for (size_t i = 0; i < ev->nfields; i++)
		if (bytes_eq(ev->fields[i].name, bytes_str(name)))
			return ev->fields[i].value;
	return (struct bytes){ NULL, 0 };
}

/* A whole file, to be freed; NULL where there is none. */
static inline char *
slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return NULL;
	char  *p = malloc(1 << 22);
	*n = p ? fread(p, 1, 1 << 22, f) : 0;
	fclose(f);
	return p;
}

/* The corpus beside the tree. */
static inline char *
slurp_shared(const char *name, size_t *n)
{
	char	    path[1024];
	const char *root = getenv("CROSSTAP_SHARED");
	print(path, sizeof(path), "%s/%s", root ? root : "../shared", name);
	char *p = slurp(path, n);
	if (p == NULL)
		print_message("skipped, no corpus: %s\n", path);
	return p;
}

/* Every document of a stream; the events of all are kept.  Returns how many documents were refused. */
static inline unsigned
decode_stream(struct bytes b)
{
	unsigned bad = 0;
	size_t	 off = 0, skip;
	kept.n = 0;
	kept.used = 0;
	while (off < b.n) {
		size_t len = hostfeed_frame(bytes_of(b.p + off, b.n - off), true, &skip);
		off += skip;
		if (len == 0)
			break;
		struct hostev_error e = { NULL, 0, 0 };
		bad += hostfeed_document(kept.feed, bytes_of(b.p + off, len), keep_event, NULL, &e) == HOSTEV_BAD;
		off += len;
	}
	return bad;
}

/* The three events that hostevents/samples/README.md describes; `fraction` is what the shape keeps of a second. */
static inline void
assert_three(const char *shape, ts_t iphlpsvc_ts, ts_t sstp_ts)
{
	assert_int_equal(kept.n, 3);
	const struct hostev *a = &kept.ev[0], *b = &kept.ev[1], *c = &kept.ev[2];
	assert_text(a->provider, "Microsoft-Windows-Iphlpsvc");
	assert_int_equal(a->event_id, 4100);
	assert_true(a->ts == iphlpsvc_ts);
	assert_int_equal(a->record_id, 88213);
	assert_text(a->channel, "System");
	assert_text(a->computer, "WS01.corp.example");
	assert_text(a->user, "S-1-5-18");
	assert_int_equal(a->kind, HE_ISATAP_ROUTER);
	assert_int_equal(a->nfields, 2);
	assert_text(field(a, "IsatapRouter"), "192.0.2.66");
	assert_text(field(a, "ErrorCode"), "0");
	assert_int_equal(a->set, HES_ROUTER | HES_ERROR);
	assert_addr(a->router, "192.0.2.66");
	assert_int_equal(a->error, 0);

	assert_text(b->provider, "Microsoft-Windows-DHCP-Server");
	assert_int_equal(b->event_id, 1042);
	assert_true(b->ts == 1773220465 * TS_SEC);
	assert_int_equal(b->record_id, 40117);
	assert_text(b->computer, "DHCP01.corp.example");
	assert_null(b->user.p);
	assert_int_equal(b->kind, HE_DHCP_SERVER_SEEN);
	assert_int_equal(b->nfields, 1);
	assert_text(field(b, "param1"), "(192.0.2.66)");
	assert_int_equal(b->set, HES_PEER);
	assert_addr(b->peer, "192.0.2.66");

	assert_text(c->provider, "Microsoft-Windows-RasSstp");
	assert_int_equal(c->event_id, 6);
	assert_true(c->ts == sstp_ts);
	assert_int_equal(c->record_id, 5521);
	assert_text(c->computer, "LT07.corp.example");
	assert_text(c->user, "S-1-5-19");
	assert_int_equal(c->kind, HE_SSTP_CERT_MISMATCH);
	assert_int_equal(c->nfields, 3);
	assert_int_equal(c->set, HES_COID | HES_SHA1 | HES_SHA256);
	assert_text(c->coid, "{0F2B6A71-5C1E-4C3B-9E62-2F3D51B7A9C4}");
	assert_text(field(c, "SHA1CertificateHash"), "3A7F0C5D9E1B24688013F4D2C6A9B7E05D318C42");
	assert_text(c->sha1, "3a7f0c5d9e1b24688013f4d2c6a9b7e05d318c42");
	assert_text(c->sha256, "9b1dd86f3a60a75a5f0c7e3d2b1a4998877665544332211ffeeddccbbaa09921");

	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(kept.ev[i].shape, shape);
		assert_int_equal(kept.ev[i].nlost, 0);
	}
}

#endif
