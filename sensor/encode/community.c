/* Community ID version 1 (Corelight's specification), seed 0: base64 of SHA-1 over the flow in a canonical order. */
#include "encode.h"

#include <sha1.h>

enum { PROTO_ICMP = 1, PROTO_ICMP6 = 58, BASE64_GROUP = 3 };

/* ICMP has no ports: the type stands for one, and for the other the type of the answer.  Where no answer exists the
 * code does, and the flow has one direction. */
static const struct {
	uint8_t proto, type, answer;
} pairs[] = {
	{ PROTO_ICMP, 0, 8 },	   { PROTO_ICMP, 8, 0 },      { PROTO_ICMP, 13, 14 },
	{ PROTO_ICMP, 14, 13 },	   { PROTO_ICMP, 15, 16 },    { PROTO_ICMP, 16, 15 },
	{ PROTO_ICMP, 17, 18 },	   { PROTO_ICMP, 18, 17 },    { PROTO_ICMP, 10, 9 },
	{ PROTO_ICMP, 9, 10 },	   { PROTO_ICMP6, 128, 129 }, { PROTO_ICMP6, 129, 128 },
	{ PROTO_ICMP6, 133, 134 }, { PROTO_ICMP6, 134, 133 }, { PROTO_ICMP6, 135, 136 },
	{ PROTO_ICMP6, 136, 135 }, { PROTO_ICMP6, 130, 131 }, { PROTO_ICMP6, 131, 130 },
	{ PROTO_ICMP6, 139, 140 }, { PROTO_ICMP6, 140, 139 }, { PROTO_ICMP6, 144, 145 },
	{ PROTO_ICMP6, 145, 144 },
};

static void
base64(struct out *o, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < n; i += BASE64_GROUP) {
		uint32_t v = (uint32_t)p[i] << 16;
		v |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
		v |= i + 2 < n ? p[i + 2] : 0;
		out_chr(o, digits[v >> 18]);
		out_chr(o, digits[v >> 12 & 63]);
		out_chr(o, i + 1 < n ? digits[v >> 6 & 63] : '=');
		out_chr(o, i + 2 < n ? digits[v & 63] : '=');
	}
}

/* Source before destination? */
static bool
in_order(const struct inc_flow *f, size_t n, uint16_t sport, uint16_t dport)
{
	int c = memcmp(f->src.b, f->dst.b, n);
	return c < 0 || (c == 0 && sport <= dport);
}

bool
community_id(struct out *o, const struct inc_flow *f)
{
	if (!addr_set(f->src) || f->src.fam != f->dst.fam)
		return false;
	bool icmp = f->ipproto == PROTO_ICMP || f->ipproto == PROTO_ICMP6, one_way = false;
	uint16_t sport = f->sport, dport = f->dport;
	if (icmp) {
		if (sport == 0 && dport == 0)
			return false; /* nobody kept the type */
		one_way = true;
		for (size_t i = 0; i < NELEM(pairs); i++) {
			if (pairs[i].proto != f->ipproto || pairs[i].type != sport)
				continue;
			dport = pairs[i].answer;
			one_way = false;
			break;
		}
	}
	size_t n = f->src.fam == 4 ? 4 : 16;
	bool keep = one_way || in_order(f, n, sport, dport);
	uint8_t text[2 + 16 + 16 + 2 + 4], digest[SHA1_DIGEST_LENGTH];
	struct out t = out_init(text, sizeof(text));
	out_be(&t, 0, 2);
	out_put(&t, keep ? f->src.b : f->dst.b, n);
	out_put(&t, keep ? f->dst.b : f->src.b, n);
	out_be(&t, f->ipproto, 1);
	out_be(&t, 0, 1);
	out_be(&t, keep ? sport : dport, 2);
	out_be(&t, keep ? dport : sport, 2);
	SHA1_CTX sha;
	SHA1Init(&sha);
	SHA1Update(&sha, text, t.n);
	SHA1Final(digest, &sha);
	out_str(o, "1:");
	base64(o, digest, sizeof(digest));
	return true;
}
