/* One dissector (-DDISSECTOR=name, chosen in CMakeLists.txt): the input is its message, and headers that lead to it are
 * put in front.  Input: a byte of choices, the claim's value in two bytes, the message. */
#include "fuzz.h"

#include <stdlib.h>

#define PASTE(a, b) a##b
#define NAMED(name) PASTE(dissector_, name)

extern const struct dissector NAMED(DISSECTOR);

enum {
	ETHER = 14,
	IP4 = 20,
	IP6 = 40,
	UDP = 8,
	TCP = 20,
	LINK_ETHERNET = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	MOST = 4096
};
/* The upper three bits: a TCP message in segments of 8 to 512 bytes. */
enum { USE_IP6 = 1, CLAIM_IS_SOURCE = 2, CUT = 4, TWICE = 8, WITH_SYN = 16, PIECES = 5 };
enum { TCP_SYN = 2, TCP_DATA = 0x18, ANY_PORT = 40001 };

struct packet {
	uint8_t b[ETHER + IP6 + TCP + MOST];
	size_t n;
};

static void
put(struct packet *k, uint64_t v, unsigned bytes)
{
	struct out o = out_init(k->b + k->n, sizeof(k->b) - k->n);

	out_be(&o, v, bytes);
	if (!out_ok(&o))
		abort();
	k->n += o.n;
}

static void
put_ip(struct packet *k, unsigned choices, unsigned proto, size_t len)
{
	put(k, 0x020000000001, 6);
	put(k, 0x020000000002, 6);
	put(k, choices & USE_IP6 ? 0x86dd : 0x0800, 2);
	if (choices & USE_IP6) {
		put(k, 0x60000000, 4);
		put(k, len, 2);
		put(k, proto << 8 | 255, 2);
		put(k, 0xfe80000000000000, 8); /* fe80::1 to ff02::1 */
		put(k, 1, 8);
		put(k, 0xff02000000000000, 8);
		put(k, 1, 8);
		return;
	}
	put(k, 0x45000000 | (IP4 + len), 4);
	put(k, 0, 4);
	put(k, 64 << 24 | proto << 16, 4);
	put(k, 0x0a000001, 4);
	put(k, 0x0a000002, 4);
}

static void
put_ports(struct packet *k, unsigned choices, unsigned port)
{
	put(k, choices & CLAIM_IS_SOURCE ? port : 40000, 2);
	put(k, choices & CLAIM_IS_SOURCE ? 40000 : port, 2);
}

static void
put_headers(struct packet *k, unsigned choices, struct claim c, size_t len, uint32_t seq, unsigned flags)
{
	switch (c.kind) {
	case CLAIM_ETHER:
		put(k, 0x020000000001, 6);
		put(k, 0x020000000002, 6);
		put(k, c.value, 2);
		break;
	case CLAIM_IPPROTO: put_ip(k, choices, c.value, len); break;
	case CLAIM_SHAPE_UDP: c.value = ANY_PORT; /* fall through */
	case CLAIM_UDP:
		put_ip(k, choices, PROTO_UDP, UDP + len);
		put_ports(k, choices, c.value);
		put(k, (UDP + len) << 16, 4);
		break;
	case CLAIM_SHAPE_TCP: c.value = ANY_PORT; /* fall through */
	case CLAIM_TCP:
		put_ip(k, choices, PROTO_TCP, TCP + len);
		put_ports(k, choices, c.value);
		put(k, seq, 4);
		put(k, 0, 4);
		put(k, 0x5000 | flags, 2);
		put(k, 0, 2);
		put(k, 0, 4);
		break;
	}
}

/* The claim of this value, or any. */
static struct claim
claim_of(uint16_t value)
{
	const struct claim *c = NAMED(DISSECTOR).claims;
	size_t n = 0;

	for (; n < CLAIMS_MAX && c[n].kind != CLAIM_NONE; n++)
		if (c[n].value == value)
			return c[n];
	return c[value % n];
}

static void
send(struct walk *w, unsigned choices, struct claim claim, uint32_t seq, unsigned flags, struct bytes message)
{
	struct packet k = { .n = 0 };
	uint16_t link = claim.kind == CLAIM_LINK ? claim.value : LINK_ETHERNET;
	size_t cut = choices & CUT ? 7 : 0;

	put_headers(&k, choices, claim, message.n + cut, seq, flags);
	if (message.n)
		memcpy(k.b + k.n, message.p, message.n);
	k.n += message.n;
	fuzz_frame(w, link, 1, k.b, k.n, cut);
	if (choices & TWICE) /* what the first left behind must not matter */
		fuzz_frame(w, link, 2, k.b, k.n, cut);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct cursor c = cur_all(bytes_of(p, n));
	unsigned choices = cur_u8(&c);
	struct claim claim = claim_of(cur_be16(&c));
	bool tcp = claim.kind == CLAIM_TCP || claim.kind == CLAIM_SHAPE_TCP;
	size_t piece = tcp && choices >> PIECES ? (size_t)4 << (choices >> PIECES) : MOST;
	uint32_t seq = UINT32_MAX - 20; /* wraps soon */

	if (!cur_ok(&c) || cur_left(&c) > MOST)
		return 0;
	struct walk *w = fuzz_walk();
	if (tcp && (choices & WITH_SYN))
		send(w, choices & ~(unsigned)CUT, claim, seq - 1, TCP_SYN, (struct bytes){ NULL, 0 });
	do {
		struct bytes part = cur_take(&c, cur_left(&c) < piece ? cur_left(&c) : piece);
		send(w, cur_more(&c) ? choices & ~(unsigned)CUT : choices, claim, seq, TCP_DATA, part);
		seq += (uint32_t)part.n;
	} while (cur_more(&c));
	return 0;
}
