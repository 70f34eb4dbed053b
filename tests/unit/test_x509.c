/* x509.c on DER that no tool makes: strings of every type, names that hide something, times at their limits, lengths that lie.
 * What tools make is compared with openssl in golden/x509.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "x509.h"

enum { ROOM = 8192 };

struct der {
	uint8_t b[ROOM];
	size_t n;
};

static void
put(struct der *d, const void *p, size_t n)
{
	assert_true(n <= ROOM - d->n);
	if (n)
		memcpy(d->b + d->n, p, n);
	d->n += n;
}

/* X.690 8.1.3: what was put since `from` becomes the content of an element. */
static void
wrap(struct der *d, size_t from, uint8_t tag)
{
	uint8_t head[4] = { tag, 0x82, (uint8_t)((d->n - from) >> 8), (uint8_t)(d->n - from) };
	uint8_t small[2] = { tag, (uint8_t)(d->n - from) };
	size_t n = d->n - from < 128 ? 2 : 4;

	assert_true(d->n + n <= ROOM);
	memmove(d->b + from + n, d->b + from, d->n - from);
	memcpy(d->b + from, n == 2 ? small : head, n);
	d->n += n;
}

static void
element(struct der *d, uint8_t tag, const void *p, size_t n)
{
	size_t from = d->n;

	put(d, p, n);
	wrap(d, from, tag);
}

#define BYTES(s) (s), sizeof(s) - 1
#define CN	 "\x55\x04\x03"

/* An RDN of one attribute. */
static void
rdn(struct der *d, const char *oid, size_t noid, uint8_t tag, const void *p, size_t n)
{
	size_t from = d->n;

	element(d, 0x06, oid, noid);
	element(d, tag, p, n);
	wrap(d, from, 0x30);
	wrap(d, from, 0x31);
}

struct parts {
	bool v1;
	const struct der *issuer, *subject, *extensions; /* the RDNs; the extensions with their sequence */
	const char *from, *to; /* two characters of tag first: "u" UTCTime, "g" GeneralizedTime */
};

static void
time_put(struct der *d, const char *t)
{
	element(d, *t == 'u' ? 0x17 : 0x18, t + 1, strlen(t + 1));
}

/* RFC 5280 4.1 */
static struct der
certificate(const struct parts *p)
{
	struct der d = { .n = 0 };
	size_t from;

	if (!p->v1)
		put(&d, BYTES("\xa0\x03\x02\x01\x02"));
	put(&d, BYTES("\x02\x01\x07"));					    /* serial number */
	put(&d, BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")); /* ecdsa-with-SHA256 */
	from = d.n;
	if (p->issuer)
		put(&d, p->issuer->b, p->issuer->n);
	wrap(&d, from, 0x30);
	from = d.n;
	time_put(&d, p->from ? p->from : "u260102030405Z");
	time_put(&d, p->to ? p->to : "g20500101000000Z");
	wrap(&d, from, 0x30);
	from = d.n;
	if (p->subject)
		put(&d, p->subject->b, p->subject->n);
	wrap(&d, from, 0x30);
	put(&d, BYTES("\x30\x00")); /* the key */
	if (p->extensions)
		element(&d, 0xa3, p->extensions->b, p->extensions->n);
	wrap(&d, 0, 0x30);
	put(&d, BYTES("\x30\x00\x03\x01\x00"));
	wrap(&d, 0, 0x30);
	return d;
}

static struct walk *walk;
static void *mem;
static uint64_t set;

static struct tls_leaf
read_der(const uint8_t *p, size_t n)
{
	static const struct walk_limits limits = { .datagrams = 1, .bytes = 100, .streams = 1, .buffers = 1 };
	static const struct sipkey key = { { 1, 2 } };
	struct tls_leaf leaf;

	if (mem == NULL)
		mem = malloc(walk_bytes(&limits));
	assert_non_null(mem);
	walk = walk_open(&limits, mem, key);
	memset(&leaf, 0, sizeof(leaf));
	leaf.der = bytes_of(p, n);
	set = 0;
	x509_read(&leaf, &set, walk);
	return leaf;
}

static void
expect_text(struct bytes b, const char *text)
{
	assert_non_null(b.p);
	assert_int_equal(b.n, strlen(text));
	assert_memory_equal(b.p, text, b.n);
}

/* The subject with one CN of this type is told so; absent for NULL. */
static void
cn(uint8_t tag, const void *p, size_t n, const char *text)
{
	struct der name = { .n = 0 };

	rdn(&name, BYTES(CN), tag, p, n);
	struct der d = certificate(&(struct parts){ .subject = &name });
	struct tls_leaf leaf = read_der(d.b, d.n);
	if (text == NULL)
		assert_null(leaf.subject.p);
	else
		expect_text(leaf.subject, text);
	assert_int_equal(leaf.issuer.n, 0);
}

/* RFC 4514 2.4, RFC 5280 4.1.2.4 */
static void
test_strings(void **state)
{
	(void)state;
	cn(0x0c, BYTES("M\xc3\xbcller"), "CN=M\xc3\xbcller");
	cn(0x13, BYTES("Plain"), "CN=Plain");
	cn(0x16, BYTES("a@b"), "CN=a@b");
	cn(0x14, BYTES("M\xfcller"), "CN=M\xc3\xbcller");
	cn(0x1e, BYTES("\0M\0\xfc\x54\x0d"), "CN=M\xc3\xbc\xe5\x90\x8d");
	cn(0x1e, BYTES("\xd8\x3d\xde\x00"), "CN=\xf0\x9f\x98\x80"); /* a surrogate pair */
	cn(0x1e, BYTES("\xd8\x3d\0x"), "CN=\xef\xbf\xbdx");	    /* half of one */
	cn(0x1e, BYTES("\0a\0"), "CN=a");			    /* an odd byte at the end is none */
	cn(0x1c, BYTES("\0\0\0a\0\1\xf6\0\0\x11\0\0"), "CN=a\xf0\x9f\x98\x80\xef\xbf\xbd");
	cn(0x0c, BYTES(" x "), "CN=\\ x\\ ");
	cn(0x0c, BYTES("#1"), "CN=\\#1");
	cn(0x0c, BYTES("a,b+c\"d\\e<f>g;h"), "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h");
	cn(0x13, BYTES("bank.example\0.evil.example"), "CN=bank.example\\00.evil.example");
	cn(0x1e, BYTES("\0a\0\0\0b"), "CN=a\\00b");
	cn(0x02, BYTES("\x01\x02"), "CN=#02020102"); /* no string at all */
	cn(0x0c, "", 0, "CN=");
}

static void
test_names(void **state)
{
	static const char long_text[1200] = { 'x' };
	struct der name = { .n = 0 }, many = { .n = 0 };
	size_t from;

	(void)state;
	rdn(&name, BYTES("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), 0x16, "org", 3);
	rdn(&name, BYTES("\x55\x04\x0a"), 0x0c, "O", 1);
	rdn(&name, BYTES("\x2b\x06\x01\x04\x01\x81\xfd\x59\x01"), 0x0c, "v", 1); /* 1.3.6.1.4.1.32473.1 */
	rdn(&name, BYTES("\x88\x37\x01"), 0x0c, "w", 1); /* X.690 8.19.5's 2.999, and 1 */
	struct der d = certificate(&(struct parts){ .v1 = true, .issuer = &name });
	struct tls_leaf leaf = read_der(d.b, d.n);
	expect_text(leaf.issuer, "2.999.1=#0c0177, 1.3.6.1.4.1.32473.1=#0c0176, O=O, DC=org");
	expect_text(leaf.subject, "");
	/* two attributes in one RDN */
	name.n = 0;
	from = name.n;
	for (unsigned i = 0; i < 2; i++) {
		size_t pair = name.n;
		element(&name, 0x06, i ? "\x55\x04\x03" : "\x55\x04\x0b", 3);
		element(&name, 0x0c, i ? "b" : "a", 1);
		wrap(&name, pair, 0x30);
	}
	wrap(&name, from, 0x31);
	d = certificate(&(struct parts){ .subject = &name });
	expect_text(read_der(d.b, d.n).subject, "OU=a+CN=b");
	/* more than any name has: not told, and what follows is read */
	for (unsigned i = 0; i < 33; i++)
		rdn(&many, BYTES(CN), 0x0c, "a", 1);
	d = certificate(&(struct parts){ .issuer = &many, .subject = &name });
	leaf = read_der(d.b, d.n);
	assert_null(leaf.issuer.p);
	expect_text(leaf.subject, "OU=a+CN=b");
	many.n = 0;
	rdn(&many, BYTES(CN), 0x0c, long_text, sizeof(long_text));
	rdn(&many, BYTES(CN), 0x0c, long_text, sizeof(long_text));
	d = certificate(&(struct parts){ .issuer = &many, .subject = &name });
	leaf = read_der(d.b, d.n);
	assert_null(leaf.issuer.p);
	expect_text(leaf.subject, "OU=a+CN=b");
}

static void
valid(const char *from, ts_t begins, const char *to, ts_t ends)
{
	struct der d = certificate(&(struct parts){ .from = from, .to = to });
	struct tls_leaf leaf = read_der(d.b, d.n);

	assert_int_equal(set >> TLSH_NOT_BEFORE & 1, begins != TS_NONE);
	assert_int_equal(set >> TLSH_NOT_AFTER & 1, ends != TS_NONE);
	if (begins != TS_NONE)
		assert_int_equal(leaf.not_before, begins);
	if (ends != TS_NONE)
		assert_int_equal(leaf.not_after, ends);
}

/* RFC 5280 4.1.2.5; seconds by `date -u -d ... +%s`. */
static void
test_times(void **state)
{
	(void)state;
	valid("u491231235959Z", 2524607999 * TS_SEC, "u500101000000Z", -631152000 * TS_SEC);
	valid("g20500101000000Z", 2524608000 * TS_SEC, "g20000229120000Z", 951825600 * TS_SEC);
	valid("u2601020304Z", 1767323040 * TS_SEC, "u260102030405+0100", 1767319445 * TS_SEC);
	valid("g20260102030405.75Z", 1767323045 * TS_SEC, "u260102030405-0130", 1767328445 * TS_SEC);
	/* no end: what ts_t can hold */
	valid("g00010101000000Z", -INT64_MAX, "g99991231235959Z", INT64_MAX);
	valid("u260132000000Z", TS_NONE, "u261301000000Z", TS_NONE);
	valid("u26010203040Z", TS_NONE, "u260102030405", TS_NONE);
	valid("u260102030405Zx", TS_NONE, "u2601020304o5Z", TS_NONE);
	valid("g2026Z", TS_NONE, "u260102250000Z", TS_NONE);
}

/* Extensions: OID, perhaps critical, content in an OCTET STRING. */
static void
extension(struct der *d, const char *oid, bool critical, const struct der *content)
{
	size_t from = d->n;

	element(d, 0x06, oid, 3);
	if (critical)
		put(d, BYTES("\x01\x01\xff"));
	element(d, 0x04, content->b, content->n);
	wrap(d, from, 0x30);
}

static void
test_extensions(void **state)
{
	static const char names[] = "\x81\x03"
				    "a@b"
				    "\x82\x04mail"
				    "\x82\x0c"
				    "good\0.evil.x"
				    "\x87\x04\xc0\0\2\x1e"
				    "\x87\x05\xc0\0\2\x1e\0"
				    "\x86\x02x:"
				    "\x87\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x30";
	static const char uses[] = "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
				   "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x11";
	struct der list = { .n = 0 }, sans = { .n = 0 }, eku = { .n = 0 }, nothing = { .n = 0 };

	(void)state;
	put(&sans, names, sizeof(names) - 1);
	wrap(&sans, 0, 0x30);
	put(&eku, BYTES(uses));
	wrap(&eku, 0, 0x30);
	put(&nothing, BYTES("\x30\x00"));
	extension(&list, "\x55\x1d\x0e", false, &nothing);
	extension(&list, "\x55\x1d\x25", true, &eku);
	extension(&list, "\x55\x1d\x11", false, &sans);
	extension(&list, "\x55\x1d\x11", false, &nothing); /* the first counts */
	wrap(&list, 0, 0x30);
	struct der d = certificate(&(struct parts){ .extensions = &list });
	struct tls_leaf leaf = read_der(d.b, d.n);
	assert_int_equal(leaf.eku, EKU_SERVER_AUTH | EKU_OTHER);
	assert_int_equal(set >> TLSH_EKU & 1, 1);
	const size_t lengths[] = { 4, 12, 4, 16 };
	struct field_it it = { .rec = &leaf };
	struct bytes name;
	for (; tls_san_next(&it, &name); it.i++) {
		assert_true(it.i < NELEM(lengths));
		assert_int_equal(name.n, lengths[it.i]);
	}
	assert_int_equal(it.i, NELEM(lengths));
	struct cursor c = cur_all(leaf.sans);
	bool address = true;
	assert_true(x509_san_next(&c, &name, &address));
	assert_false(address); /* a host of four letters is none */
	assert_memory_equal(name.p, "mail", 4);
	/* cut anywhere: no more than the whole says */
	for (size_t n = 0; n < d.n; n++) {
		uint8_t *part = malloc(n ? n : 1);
		assert_non_null(part);
		memcpy(part, d.b, n);
		struct tls_leaf less = read_der(part, n);
		assert_true(less.eku == 0 && less.sans.p == NULL && less.subject.p == NULL);
		free(part);
	}
	/* each byte changed: it ends, and bits go with values */
	for (size_t i = 0; i < d.n; i++)
		for (unsigned v = 0; v < 256; v += 17) {
			struct der bad = d;
			bad.b[i] = (uint8_t)v;
			leaf = read_der(bad.b, bad.n);
			assert_int_equal(set >> TLSH_EKU & 1, leaf.eku != 0);
			it = (struct field_it){ .rec = &leaf };
			while (tls_san_next(&it, &name))
				it.i++;
			assert_true(it.i < 16);
		}
}

/* X.690 10.1: definite lengths; tag numbers above 30 and lengths of more than four bytes are not for certificates. */
static void
test_forms(void **state)
{
	static const struct {
		const char *p;
		size_t n;
	} forms[] = { { BYTES("\x30\x80\x30\x80\x02\x01\x01\x00\x00\x00\x00") },
		      { BYTES("\x30\x85\x00\x00\x00\x00\x02\x30\x00") },
		      { BYTES("\x3f\x10\x02\x30\x00") },
		      { BYTES("\x30\x84\xff\xff\xff\xff\x30\x00") },
		      { BYTES("\x30") },
		      { BYTES("\x04\x02\x30\x00") },
		      { "", 0 } };

	(void)state;
	for (size_t i = 0; i < NELEM(forms); i++) {
		struct tls_leaf leaf = read_der((const uint8_t *)forms[i].p, forms[i].n);
		assert_null(leaf.subject.p);
		assert_null(leaf.issuer.p);
		assert_int_equal(set, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),	   cmocka_unit_test(test_names), cmocka_unit_test(test_times),
		cmocka_unit_test(test_extensions), cmocka_unit_test(test_forms),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(mem);
	return failed;
}
