/* X.509, RFC 5280, in DER, X.690 10: a view of each element, no tree and no recursion.  Nothing is verified: a certificate is
 * compared by its hashes, these fields tell people what they see. */
#include "x509.h"

enum tag {
	BOOLEAN = 0x01,
	OID = 0x06,
	UTF8_STRING = 0x0c,
	NUMERIC_STRING = 0x12,
	PRINTABLE_STRING = 0x13,
	T61_STRING = 0x14,
	IA5_STRING = 0x16,
	UTC_TIME = 0x17,
	GENERALIZED_TIME = 0x18,
	VISIBLE_STRING = 0x1a,
	UNIVERSAL_STRING = 0x1c,
	BMP_STRING = 0x1e,
	OCTET_STRING = 0x04,
	SEQUENCE = 0x30,
	SET = 0x31,
	SAN_DNS = 0x82,	  /* [2] IMPLICIT IA5String */
	SAN_IP = 0x87,	  /* [7] IMPLICIT OCTET STRING */
	VERSION = 0xa0,	  /* [0] EXPLICIT */
	EXTENSIONS = 0xa3 /* [3] EXPLICIT */
};
enum { HIGH_TAG = 0x1f, LONG_FORM = 0x80, LENGTH_MAX = 4 };
/* More RDNs or a longer text than any name that people gave a host: the name is not told then. */
enum { RDNS_MAX = 32, NAME_TEXT_MAX = 2048, OID_TEXT_MAX = 96 };

struct element {
	uint8_t tag;
	struct cursor c;    /* the content */
	struct bytes whole; /* with tag and length */
};

/* X.690 8.1, 10.1.  Tag numbers above 30 and indefinite lengths do not occur in a certificate. */
static bool
next(struct cursor *c, struct element *e)
{
	struct cursor start = *c;

	if (!cur_more(c))
		return false;
	e->tag = cur_u8(c);
	size_t n = cur_u8(c);
	if (n & LONG_FORM) {
		size_t octets = n & ~(size_t)LONG_FORM;
		if (octets == 0 || octets > LENGTH_MAX)
			cur_fail(c, CUR_BAD);
		n = (size_t)cur_be(c, octets);
	}
	if ((e->tag & HIGH_TAG) == HIGH_TAG)
		cur_fail(c, CUR_BAD);
	e->c = cur_sub(c, n);
	if (cur_ok(c))
		e->whole = cur_take(&start, cur_off(c) - cur_off(&start));
	return cur_ok(c);
}

/* The next element, if it has this tag. */
static bool
expect(struct cursor *c, uint8_t tag, struct element *e)
{
	return next(c, e) && e->tag == tag;
}

static bool
oid_is(struct element *e, const char *der, size_t n)
{
	struct cursor c = e->c;

	return e->tag == OID && bytes_eq(cur_rest(&c), bytes_of(der, n));
}

/* ---- text ---- */

static void
utf8(struct out *o, uint32_t code)
{
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		code = 0xfffd;
	if (code < 0x80) {
		out_chr(o, (char)code);
	} else if (code < 0x800) {
		out_be(o, 0xc0 | code >> 6, 1);
		out_be(o, 0x80 | (code & 0x3f), 1);
	} else if (code < 0x10000) {
		out_be(o, 0xe0 | code >> 12, 1);
		out_be(o, 0x80 | (code >> 6 & 0x3f), 1);
		out_be(o, 0x80 | (code & 0x3f), 1);
	} else {
		out_be(o, 0xf0 | code >> 18, 1);
		out_be(o, 0x80 | (code >> 12 & 0x3f), 1);
		out_be(o, 0x80 | (code >> 6 & 0x3f), 1);
		out_be(o, 0x80 | (code & 0x3f), 1);
	}
}

/* The next character.  T61String (T.61) is read as Latin-1, which is what is put in it. */
static uint32_t
character(uint8_t tag, struct cursor *c)
{
	if (tag == UNIVERSAL_STRING)
		return cur_be32(c);
	if (tag != BMP_STRING)
		return cur_u8(c);
	uint32_t high = cur_be16(c);
	if (high >= 0xd800 && high < 0xdc00 && cur_left(c) >= 2) {
		uint32_t low = cur_peek_be16(c);
		if (low >= 0xdc00 && low < 0xe000) {
			cur_skip(c, 2);
			return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
		}
	}
	return high;
}

/* RFC 4514 2.4.  A NUL is written out: what stands behind one must not be hidden. */
static void
escaped(struct out *o, uint32_t code, bool first, bool last)
{
	if (code == 0) {
		out_str(o, "\\00");
		return;
	}
	if ((code < 0x80 && strchr(",+\"\\<>;", (int)code)) || (first && (code == ' ' || code == '#')) ||
	    (last && code == ' '))
		out_chr(o, '\\');
	utf8(o, code);
}

static void
hex_value(struct out *o, struct bytes whole)
{
	out_chr(o, '#');
	out_hex(o, whole);
}

/* A DirectoryString or what stands for one, RFC 5280 4.1.2.4; anything else in hexadecimal. */
static void
value_text(struct out *o, const struct element *e)
{
	struct cursor c = e->c;
	bool first = true;

	switch (e->tag) {
	case UTF8_STRING:
	case NUMERIC_STRING:
	case PRINTABLE_STRING:
	case IA5_STRING:
	case VISIBLE_STRING:
	case T61_STRING:
	case UNIVERSAL_STRING:
	case BMP_STRING: break;
	default: hex_value(o, e->whole); return;
	}
	for (; cur_more(&c) && out_ok(o); first = false) {
		uint32_t code = character(e->tag, &c);
		if (!cur_ok(&c))
			break;
		if (code >= 0x80 && e->tag == UTF8_STRING)
			out_be(o, code, 1); /* the encoder of the text looks after what is no UTF-8 */
		else
			escaped(o, code, first, !cur_more(&c));
	}
}

/* RFC 4514 3, and what is common beyond it. */
static const struct {
	const char *der, *text;
	size_t n;
} attributes[] = {
#define ATTRIBUTE(der, text)                                                                                 \
	{                                                                                                    \
		der, text, sizeof(der) - 1                                                                   \
	}
	ATTRIBUTE("\x55\x04\x03", "CN"),
	ATTRIBUTE("\x55\x04\x06", "C"),
	ATTRIBUTE("\x55\x04\x0a", "O"),
	ATTRIBUTE("\x55\x04\x0b", "OU"),
	ATTRIBUTE("\x55\x04\x07", "L"),
	ATTRIBUTE("\x55\x04\x08", "ST"),
	ATTRIBUTE("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
	ATTRIBUTE("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"),
	ATTRIBUTE("\x55\x04\x05", "serialNumber"),
	ATTRIBUTE("\x55\x04\x09", "street"),
	ATTRIBUTE("\x55\x04\x11", "postalCode"),
	ATTRIBUTE("\x55\x04\x0c", "title"),
	ATTRIBUTE("\x55\x04\x04", "SN"),
	ATTRIBUTE("\x55\x04\x2a", "GN"),
	ATTRIBUTE("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"),
	ATTRIBUTE("\x55\x04\x0f", "businessCategory"),
	ATTRIBUTE("\x55\x04\x61", "organizationIdentifier"),
	ATTRIBUTE("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01", "jurisdictionL"),
	ATTRIBUTE("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02", "jurisdictionST"),
	ATTRIBUTE("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03", "jurisdictionC"),
};

/* X.690 8.19: seven bits a byte, the first number holds two. */
static void
oid_text(struct out *o, const struct element *e)
{
	struct cursor c = e->c;
	uint64_t v = 0;
	bool first = true;

	while (cur_more(&c) && out_ok(o)) {
		uint8_t b = cur_u8(&c);
		v = (v & (UINT64_MAX >> 7)) << 7 | (b & 0x7f);
		if (b & 0x80)
			continue;
		if (first) {
			uint64_t arc = v < 80 ? v / 40 : 2;
			out_u64(o, arc);
			v -= arc * 40;
		}
		first = false;
		out_chr(o, '.');
		out_u64(o, v);
		v = 0;
	}
}

/* AttributeTypeAndValue, RFC 4514 2.3: an unknown type in digits, its value in hexadecimal then. */
static bool
attribute_text(struct out *o, struct cursor *pair)
{
	struct element type, value;

	if (!expect(pair, OID, &type) || !next(pair, &value))
		return false;
	for (size_t i = 0; i < NELEM(attributes); i++)
		if (oid_is(&type, attributes[i].der, attributes[i].n)) {
			out_str(o, attributes[i].text);
			out_chr(o, '=');
			value_text(o, &value);
			return true;
		}
	oid_text(o, &type);
	out_chr(o, '=');
	hex_value(o, value.whole);
	return true;
}

static bool
rdn_text(struct out *o, struct cursor rdn)
{
	struct element pair;
	bool some = false;

	while (next(&rdn, &pair)) {
		if (some)
			out_chr(o, '+');
		if (pair.tag != SEQUENCE || !attribute_text(o, &pair.c))
			return false;
		some = true;
	}
	return some && cur_ok(&rdn);
}

/* RFC 4514 2.1: the last RDN first.  Absent where it cannot be read whole. */
static struct bytes
name_text(struct cursor name, struct walk *w)
{
	struct out o = walk_scratch_out(w, NAME_TEXT_MAX);
	struct cursor rdn[RDNS_MAX];
	struct bytes absent = { NULL, 0 };
	struct element e;
	size_t n = 0;

	for (; next(&name, &e); n++) {
		if (n == RDNS_MAX || e.tag != SET)
			return absent;
		rdn[n] = e.c;
	}
	if (!cur_ok(&name))
		return absent;
	for (size_t i = n; i-- > 0;) {
		if (!rdn_text(&o, rdn[i]))
			return absent;
		if (i)
			out_str(&o, ", ");
	}
	return out_ok(&o) ? walk_scratch_keep(w, &o) : absent;
}

/* ---- time ---- */

static unsigned
digits(struct cursor *c, unsigned n)
{
	unsigned v = 0;

	while (n-- > 0) {
		uint8_t b = cur_u8(c);
		if (b < '0' || b > '9')
			cur_fail(c, CUR_BAD);
		v = v * 10 + (b & 0xf);
	}
	return v;
}

/* Z or an offset, in seconds.  RFC 5280 4.1.2.5 wants Z; others were seen. */
static int64_t
zone(struct cursor *c)
{
	uint8_t sign = cur_u8(c);

	if (sign == 'Z')
		return 0;
	if (sign != '+' && sign != '-')
		cur_fail(c, CUR_BAD);
	int64_t s = (int64_t)digits(c, 2) * 3600;
	s += (int64_t)digits(c, 2) * 60;
	return sign == '-' ? -s : s;
}

/* RFC 5280 4.1.2.5: two digits of a year from 50 on are of the last century.  Times that ts_t cannot hold (9999 means that
 * there is no end) become the farthest that it can. */
static bool
time_read(struct element *e, ts_t *ts)
{
	struct cursor *c = &e->c;
	unsigned year;

	if (e->tag == GENERALIZED_TIME) {
		year = digits(c, 4);
	} else {
		year = digits(c, 2);
		year += year < 50 ? 2000 : 1900;
	}
	unsigned month = digits(c, 2), day = digits(c, 2), hour = digits(c, 2), minute = digits(c, 2);
	unsigned second = cur_left(c) && cur_peek_u8(c) >= '0' && cur_peek_u8(c) <= '9' ? digits(c, 2) : 0;
	if (cur_left(c) && cur_peek_u8(c) == '.')
		for (cur_skip(c, 1); cur_left(c) && cur_peek_u8(c) >= '0' && cur_peek_u8(c) <= '9';)
			cur_skip(c, 1);
	int64_t offset = zone(c);
	if (!cur_ok(c) || cur_more(c) || (e->tag != UTC_TIME && e->tag != GENERALIZED_TIME) || month < 1 ||
	    month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
		return false;
	int64_t s = ts_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
	if (s > INT64_MAX / TS_SEC)
		*ts = INT64_MAX;
	else
		*ts = s < -(INT64_MAX / TS_SEC) ? -INT64_MAX : s * TS_SEC;
	return true;
}

static void
validity(struct cursor c, struct tls_leaf *leaf, uint64_t *set)
{
	struct element e;

	if (next(&c, &e) && time_read(&e, &leaf->not_before))
		*set |= (uint64_t)1 << TLSH_NOT_BEFORE;
	if (next(&c, &e) && time_read(&e, &leaf->not_after))
		*set |= (uint64_t)1 << TLSH_NOT_AFTER;
}

/* ---- extensions ---- */

#define EXT_SAN	     "\x55\x1d\x11"
#define EXT_EKU	     "\x55\x1d\x25"
#define EKU_OF_TLS   "\x2b\x06\x01\x05\x05\x07\x03" /* id-kp */
#define EKU_ALL_USES "\x55\x1d\x25\x00"

/* RFC 5280 4.2.1.12 */
static void
usages(struct cursor c, struct tls_leaf *leaf, uint64_t *set)
{
	static const struct {
		const char *der;
		size_t n;
		uint8_t bit;
	} known[] = {
		{ EKU_OF_TLS "\x01", 8, EKU_SERVER_AUTH },
		{ EKU_OF_TLS "\x02", 8, EKU_CLIENT_AUTH },
		{ EKU_ALL_USES, 4, EKU_ANY },
	};
	struct element e;

	while (next(&c, &e)) {
		uint8_t bit = EKU_OTHER;
		for (size_t i = 0; i < NELEM(known); i++)
			if (oid_is(&e, known[i].der, known[i].n))
				bit = known[i].bit;
		leaf->eku |= bit;
		*set |= (uint64_t)1 << TLSH_EKU;
	}
}

/* RFC 5280 4.2: OID, critical (false where it is absent), and DER in an OCTET STRING. */
static void
extension(struct cursor c, struct tls_leaf *leaf, uint64_t *set)
{
	struct element id, e, content;

	if (!expect(&c, OID, &id) || !next(&c, &e) || (e.tag == BOOLEAN && !next(&c, &e)) ||
	    e.tag != OCTET_STRING)
		return;
	if (!expect(&e.c, SEQUENCE, &content))
		return;
	if (oid_is(&id, EXT_SAN, sizeof(EXT_SAN) - 1) && leaf->sans.p == NULL)
		leaf->sans = cur_rest(&content.c);
	else if (oid_is(&id, EXT_EKU, sizeof(EXT_EKU) - 1))
		usages(content.c, leaf, set);
}

/* RFC 5280 4.1: what comes first in a TBSCertificate is always there, or nothing behind it can be told. */
void
x509_read(struct tls_leaf *leaf, uint64_t *set, struct walk *w)
{
	struct cursor c = cur_all(leaf->der);
	struct element cert, tbs, e, list;

	if (!expect(&c, SEQUENCE, &cert) || !expect(&cert.c, SEQUENCE, &tbs) || !next(&tbs.c, &e))
		return;
	if (e.tag == VERSION && !next(&tbs.c, &e)) /* now the serial number */
		return;
	if (!next(&tbs.c, &e) || !expect(&tbs.c, SEQUENCE, &e)) /* the signature's algorithm, the issuer */
		return;
	leaf->issuer = name_text(e.c, w);
	if (!expect(&tbs.c, SEQUENCE, &e))
		return;
	validity(e.c, leaf, set);
	if (!expect(&tbs.c, SEQUENCE, &e))
		return;
	leaf->subject = name_text(e.c, w);
	while (next(&tbs.c, &e))
		if (e.tag == EXTENSIONS && expect(&e.c, SEQUENCE, &list))
			while (next(&list.c, &e))
				if (e.tag == SEQUENCE)
					extension(e.c, leaf, set);
}

/* RFC 5280 4.2.1.6: host names and addresses; other kinds of names are passed over. */
bool
x509_san_next(struct cursor *sans, struct bytes *name, bool *address)
{
	struct element e;

	while (next(sans, &e)) {
		size_t n = cur_left(&e.c);
		*address = e.tag == SAN_IP;
		if (e.tag == SAN_DNS || (e.tag == SAN_IP && (n == 4 || n == 16))) {
			*name = cur_rest(&e.c);
			return true;
		}
	}
	return false;
}

bool
tls_san_next(struct field_it *it, void *item)
{
	const struct tls_leaf *leaf = it->rec;
	bool address;

	if (it->i == 0)
		it->c = cur_all(leaf->sans);
	return x509_san_next(&it->c, item, &address);
}
