/* NTLMSSP messages: MS-NLMP 2.2.1.  Only who, where and the challenge are read: never the responses, which are as good as a
 * password.  A token of SPNEGO is searched for the NTLMSSP signature and not taken apart: MS-SPNG, NEGOEX and the Windows
 * that sends NTLMSSP where SPNEGO is due all put it somewhere else. */
#include "ntlm.h"

#include "ber.h"
#include "walk.h"

enum { SIGNATURE = 8, HEADER = 12, REF = 8, CHALLENGE = 8, FLAGS_AT = 60, NAME_BYTES = 1024 };
enum { UNICODE = 1 << 0, DOMAIN_SUPPLIED = 1 << 12, WORKSTATION_SUPPLIED = 1 << 13 }; /* 2.2.2.5 */
enum { GSS_TOKEN = 0x60, NEG_INIT = 0xa0, NEG_RESP = 0xa1, RESPONSE_TOKEN = 0xa2 };

/* Where a payload is: length, space, offset (2.2.1.1). */
struct ref {
	uint16_t len;
	uint32_t off;
};

static struct ref
ref_read(struct cursor *c)
{
	struct ref r = { .len = (uint16_t)cur_order(c, 2, false) };

	cur_skip(c, 2);
	r.off = (uint32_t)cur_order(c, 4, false);
	return r;
}

/* RFC 3629 3. */
static void
utf8(struct out *o, uint32_t u)
{
	static const uint8_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	unsigned more = u < 0x80 ? 0 : u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;

	out_chr(o, (char)(lead[more] | u >> 6 * more));
	while (more-- > 0)
		out_chr(o, (char)(0x80 | (u >> 6 * more & 0x3f)));
}

/* RFC 2781 2.2; half of a pair alone becomes U+FFFD. */
static struct bytes
utf16(struct walk *w, struct bytes b)
{
	struct cursor c = cur_all(bytes_of(b.p, b.n & ~(size_t)1));
	struct out o = walk_scratch_out(w, NAME_BYTES);

	while (cur_more(&c) && out_ok(&o)) {
		uint32_t u = (uint32_t)cur_order(&c, 2, false);
		if (u >= 0xd800 && u < 0xdc00 && cur_left(&c) >= 2) {
			struct cursor look = c;
			uint32_t low = (uint32_t)cur_order(&look, 2, false);
			if (low >= 0xdc00 && low < 0xe000) {
				u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
				c = look;
			}
		}
		utf8(&o, u >= 0xd800 && u < 0xe000 ? 0xfffd : u);
	}
	return walk_scratch_keep(w, &o);
}

static struct bytes
name_read(struct cursor *message, struct ref r, bool wide, struct walk *w)
{
	struct cursor at = cur_at(message, r.len ? r.off : 0);
	struct bytes b = cur_take(&at, r.len);

	if (!cur_ok(&at))
		cur_fail(message, cur_end(&at));
	if (b.p == NULL || !wide)
		return b;
	if (b.n & 1)
		cur_fail(message, CUR_BAD);
	return utf16(w, b);
}

/* 2.2.1.1: the two names are in the OEM code page, always. */
static void
negotiate_read(struct cursor *m, struct walk *w, struct auth *a)
{
	struct cursor c = cur_at(m, HEADER);
	uint32_t flags = (uint32_t)cur_order(&c, 4, false);

	ber_leave(m, &c);
	if (!(flags & (DOMAIN_SUPPLIED | WORKSTATION_SUPPLIED)))
		return;
	struct ref domain = ref_read(&c), workstation = ref_read(&c);
	ber_leave(m, &c);
	if (cur_ok(&c) && (flags & DOMAIN_SUPPLIED))
		a->domain = name_read(m, domain, false, w);
	if (cur_ok(&c) && (flags & WORKSTATION_SUPPLIED))
		a->workstation = name_read(m, workstation, false, w);
}

/* 2.2.1.2. */
static void
challenge_read(struct cursor *m, struct walk *w, struct auth *a)
{
	struct cursor c = cur_at(m, HEADER);
	struct ref target = ref_read(&c);
	uint32_t flags = (uint32_t)cur_order(&c, 4, false);
	struct bytes challenge = cur_take(&c, CHALLENGE);

	ber_leave(m, &c);
	a->challenge = challenge;
	if (cur_ok(&c))
		a->domain = name_read(m, target, flags & UNICODE, w);
}

/* 2.2.1.3.  The oldest clients end the header before the flags: then a payload begins there, and is OEM text. */
static void
authenticate_read(struct cursor *m, struct walk *w, struct auth *a)
{
	struct cursor c = cur_at(m, HEADER);
	struct ref r[6]; /* LM and NT response, domain, user, workstation, session key */
	bool old = false;

	for (size_t i = 0; i < NELEM(r); i++) {
		r[i] = ref_read(&c);
		old = old || (r[i].len && r[i].off < FLAGS_AT + 4);
	}
	bool wide = !old && (cur_order(&c, 4, false) & UNICODE);
	ber_leave(m, &c);
	if (!cur_ok(&c))
		return;
	a->domain = name_read(m, r[2], wide, w);
	a->user = name_read(m, r[3], wide, w);
	a->workstation = name_read(m, r[4], wide, w);
}

/* From the signature on, or false. */
static bool
ntlm_find(struct cursor *token, struct cursor *message)
{
	static const char signature[SIGNATURE] = "NTLMSSP";
	struct cursor look = *token;
	struct bytes b = cur_rest(&look);

	for (size_t i = 0; b.n - i >= SIGNATURE;) {
		const uint8_t *n = memchr(b.p + i, signature[0], b.n - i - (SIGNATURE - 1));
		if (n == NULL)
			return false;
		i = (size_t)(n - b.p);
		if (memcmp(n, signature, SIGNATURE) == 0) {
			struct cursor at = *token;
			cur_skip(&at, i);
			*message = cur_clip(&at, cur_left(&at) + (at.cut ? 1 : 0));
			return true;
		}
		i++;
	}
	return false;
}

/* A first token, or a later one that carries something (RFC 4178 4.2.2). */
static bool
spnego_tells(struct cursor token)
{
	struct cursor c, item;
	uint8_t tag = ber_next(&token, &c);

	if (tag != NEG_RESP)
		return tag == GSS_TOKEN || tag == NEG_INIT;
	c = ber_into(&c, BER_SEQUENCE);
	while ((tag = ber_next(&c, &item)) != 0)
		if (tag == RESPONSE_TOKEN)
			return true;
	return false;
}

bool
token_read(struct cursor *token, struct walk *w, struct auth *a)
{
	struct cursor m;

	if (!ntlm_find(token, &m)) {
		a->message = AUTH_SPNEGO;
		if (token->cut) /* NTLM may come yet */
			cur_fail(token, CUR_CUT);
		return cur_ok(token) && spnego_tells(*token);
	}
	struct cursor c = cur_at(&m, SIGNATURE);
	switch (cur_order(&c, 4, false)) {
	case AUTH_NEGOTIATE: negotiate_read(&m, w, a); break;
	case AUTH_CHALLENGE: challenge_read(&m, w, a); break;
	case AUTH_AUTHENTICATE: authenticate_read(&m, w, a); break;
	default: return false;
	}
	a->message = bytes_u8(bytes_of(m.base, m.len), SIGNATURE);
	ber_leave(token, &m);
	return true;
}
