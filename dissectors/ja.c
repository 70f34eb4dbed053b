#include "ja.h"

#include <sys/types.h>
#include <md5.h>
#include <sha2.h>

enum { TEXT_MAX = 65536, SORT_MAX = 8192, COUNT_MAX = 99, HASH_DIGITS = 12 };
enum { EXT_SERVER_NAME = 0, EXT_ALPN = 16 };

/* ---- lists of numbers ---- */

static bool
number_next(struct cursor *c, uint16_t *v)
{
	while (cur_left(c) >= 2) {
		*v = cur_be16(c);
		if (!ja_grease(*v))
			return true;
	}
	return false;
}

/* The types out of an extension block. */
static bool
type_next(struct cursor *c, uint16_t *v)
{
	while (cur_more(c)) {
		*v = cur_be16(c);
		(void)cur_sub16(c);
		if (cur_ok(c) && !ja_grease(*v))
			return true;
	}
	return false;
}

typedef bool each(struct cursor *, uint16_t *);

/* ---- JA3 ---- */

static void
dashes(struct out *o, struct bytes list, each *next)
{
	struct cursor c = cur_all(list);
	uint16_t v;

	for (bool some = false; out_ok(o) && next(&c, &v); some = true) {
		if (some)
			out_chr(o, '-');
		out_u64(o, v);
	}
}

static void
dashed_bytes(struct out *o, struct bytes list)
{
	for (size_t i = 0; i < list.n && out_ok(o); i++) {
		if (i)
			out_chr(o, '-');
		out_u64(o, bytes_u8(list, i));
	}
}

static void
md5_text(struct bytes text, char hex[33])
{
	uint8_t digest[MD5_DIGEST_LENGTH];
	struct out o = out_init(hex, 32);
	MD5_CTX ctx;

	MD5Init(&ctx);
	MD5Update(&ctx, text.p, text.n);
	MD5Final(digest, &ctx);
	out_hex(&o, bytes_of(digest, sizeof(digest)));
	hex[32] = '\0';
}

/* SSLVersion,Cipher,SSLExtension,EllipticCurve,EllipticCurvePointFormat */
static void
ja3(struct tls *t, const struct ja_lists *l, struct walk *w)
{
	struct out o = walk_scratch_out(w, TEXT_MAX);

	out_u64(&o, t->version);
	out_chr(&o, ',');
	dashes(&o, t->ciphers, number_next);
	out_chr(&o, ',');
	dashes(&o, t->extensions, type_next);
	out_chr(&o, ',');
	dashes(&o, l->groups, number_next);
	out_chr(&o, ',');
	dashed_bytes(&o, l->formats);
	if (!out_ok(&o))
		return;
	t->ja3_full = walk_scratch_keep(w, &o);
	md5_text(t->ja3_full, t->ja3);
}

/* SSLVersion,Cipher,SSLExtension */
void
ja_server(struct tls *t, struct walk *w)
{
	struct out o = walk_scratch_out(w, TEXT_MAX);

	out_u64(&o, t->version);
	out_chr(&o, ',');
	out_u64(&o, t->cipher);
	out_chr(&o, ',');
	dashes(&o, t->extensions, type_next);
	if (!out_ok(&o))
		return;
	t->ja3s_full = walk_scratch_keep(w, &o);
	md5_text(t->ja3s_full, t->ja3s);
}

/* ---- JA4 ---- */

/* Heap sort: no recursion, and n log n whatever a client sends. */
static void
sift(uint16_t *v, size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		if (child + 1 < n && v[child + 1] > v[child])
			child++;
		if (v[root] >= v[child])
			return;
		uint16_t up = v[child];
		v[child] = v[root];
		v[root] = up;
	}
}

static void
sort(uint16_t *v, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(v, i, n);
	while (n > 1) {
		uint16_t greatest = v[0];
		v[0] = v[--n];
		v[n] = greatest;
		sift(v, 0, n);
	}
}

static void
commas(struct out *o, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			out_chr(o, ',');
		out_hexn(o, v[i], 4);
	}
}

/* How many there are, with those that are left out of the list; false where they are too many to sort. */
static bool
sorted(struct out *o, struct bytes list, each *next, bool but_names, size_t *count)
{
	uint16_t v[SORT_MAX], one;
	struct cursor c = cur_all(list);
	size_t n = 0;

	for (*count = 0; next(&c, &one); ++*count) {
		if (but_names && (one == EXT_SERVER_NAME || one == EXT_ALPN))
			continue;
		if (n == SORT_MAX)
			return false;
		v[n++] = one;
	}
	sort(v, n);
	commas(o, v, n);
	return true;
}

static const char *
version_code(uint16_t v)
{
	static const struct name codes[] = {
		{ 0x0304, "13" }, { 0x0303, "12" }, { 0x0302, "11" }, { 0x0301, "10" }, { 0x0300, "s3" },
		{ 0x0002, "s2" }, { 0xfeff, "d1" }, { 0xfefd, "d2" }, { 0xfefc, "d3" }, { 0, NULL },
	};
	const char *code = name_of(codes, v);

	return code ? code : "00";
}

/* The highest version offered. */
static uint16_t
highest(const struct tls *t)
{
	struct cursor c = cur_all(t->supported_versions);
	uint16_t best = 0, v;

	while (number_next(&c, &v))
		if (v > best)
			best = v;
	return best ? best : t->version;
}

static bool
alphanumeric(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
}

/* First and last character of the first protocol name; of its hexadecimal form where either is no letter or digit, 99
 * where it does not begin with ASCII, as the published expectations have it. */
static void
alpn_code(struct out *o, struct bytes alpn)
{
	struct cursor c = cur_all(alpn), first = cur_sub8(&c);
	struct bytes name = cur_rest(&first);

	if (name.n == 0) {
		out_str(o, "00");
		return;
	}
	uint8_t a = bytes_u8(name, 0), z = bytes_u8(name, name.n - 1);
	if (a >= 0x80) {
		out_str(o, "99");
	} else if (alphanumeric(a) && alphanumeric(z)) {
		out_chr(o, (char)a);
		out_chr(o, (char)z);
	} else {
		out_hexn(o, a >> 4, 1);
		out_hexn(o, z & 0xf, 1);
	}
}

static bool
has_type(struct bytes extensions, uint16_t type)
{
	struct cursor c = cur_all(extensions);
	uint16_t v;

	while (type_next(&c, &v))
		if (v == type)
			return true;
	return false;
}

static void
two_digits(struct out *o, size_t n)
{
	if (n > COUNT_MAX)
		n = COUNT_MAX;
	out_u64(o, n / 10);
	out_u64(o, n % 10);
}

/* The beginning of the SHA-256 of a text, zeros where it is empty. */
static void
short_hash(struct out *o, struct bytes text)
{
	static const uint8_t zeros[HASH_DIGITS / 2];
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	if (text.n == 0) {
		out_hex(o, bytes_of(zeros, sizeof(zeros)));
		return;
	}
	SHA256Init(&ctx);
	SHA256Update(&ctx, text.p, text.n);
	SHA256Final(digest, &ctx);
	out_hex(o, bytes_of(digest, HASH_DIGITS / 2));
}

static void
signatures(struct out *o, struct bytes list)
{
	struct cursor c = cur_all(list);
	uint16_t v;

	for (bool some = false; out_ok(o) && number_next(&c, &v); some = true) {
		out_chr(o, some ? ',' : '_');
		out_hexn(o, v, 4);
	}
}

/* t, version, d or i, numbers of ciphers and extensions, protocol; the lists behind it sorted, but signature algorithms. */
static void
ja4(struct tls *t, const struct ja_lists *l, struct walk *w)
{
	enum { PREFIX = 11 };
	struct out o = walk_scratch_out(w, TEXT_MAX), head = out_init(t->ja4, sizeof(t->ja4) - 1);
	size_t nciphers, nextensions;

	/* The numbers are known after the lists: room for the first part. */
	out_str(&o, "           ");
	if (!sorted(&o, t->ciphers, number_next, false, &nciphers))
		return;
	size_t middle = o.n;
	out_chr(&o, '_');
	if (!sorted(&o, t->extensions, type_next, true, &nextensions))
		return;
	bool none = o.n == middle + 1;
	signatures(&o, l->signatures);
	if (!out_ok(&o))
		return;
	out_chr(&head, 't');
	out_str(&head, version_code(highest(t)));
	out_chr(&head, has_type(t->extensions, EXT_SERVER_NAME) ? 'd' : 'i');
	two_digits(&head, nciphers);
	two_digits(&head, nextensions);
	alpn_code(&head, t->alpn);
	out_chr(&head, '_');
	struct out first = out_init(o.p, PREFIX);
	out_view(&first, out_bytes(&head));
	short_hash(&head, bytes_of(o.p + PREFIX, middle - PREFIX));
	out_chr(&head, '_');
	short_hash(&head, none ? (struct bytes){ NULL, 0 } : bytes_of(o.p + middle + 1, o.n - middle - 1));
	t->ja4[head.n] = '\0';
	t->ja4_r = walk_scratch_keep(w, &o);
}

void
ja_client(struct tls *t, const struct ja_lists *l, struct walk *w)
{
	ja3(t, l, w);
	ja4(t, l, w);
}
