/* pcapng blocks on the cursor.  Numbers are in the byte order that the section header announced; a section header
 * starts over with no interfaces.  Unknown blocks and options are skipped. */
#include "pcapng.h"

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_JOURNAL = 9,
	BLOCK_SYSDIG = 0x204,
	BLOCK_SYSDIG2 = 0x216, /* later versions of the same event */
	BLOCK_CUSTOM = 0xbad,
	BLOCK_CUSTOM_LOCAL = 0x40000bad, /* not to be copied */
	BLOCK_SECTION = 0x0a0d0d0a,
};
enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d, BLOCK_MIN = 12, VERSION_MAJOR = 1 };
enum {
	OPT_END = 0,
	OPT_IF_TSRESOL = 9,
	OPT_IF_TSOFFSET = 14,
	OPT_ISB_RECEIVED = 4,
	OPT_ISB_DROPPED = 5,
	OPT_ISB_OSDROP = 7
};
enum { TSRESOL_MICRO = 6, TSRESOL_BINARY = 0x80 };
static const ts_t TIME_MAX = INT64_MAX / 2; /* year 2116; what is beyond is damage, and sums must not wrap */

static uint16_t
u16(const struct pcapng *g, struct cursor *c)
{
	return (uint16_t)cur_order(c, 2, g->big);
}

static uint32_t
u32(const struct pcapng *g, struct cursor *c)
{
	return (uint32_t)cur_order(c, 4, g->big);
}

/* The next option; false at the end or where it does not fit. */
static bool
option(const struct pcapng *g, struct cursor *c, uint16_t *code, struct cursor *value)
{
	if (cur_left(c) < 4)
		return false;
	*code = u16(g, c);
	uint16_t len = u16(g, c);
	if (*code == OPT_END || len > cur_left(c))
		return false;
	*value = cur_sub(c, len);
	size_t pad = (4 - len % 4u) % 4;
	cur_skip(c, pad < cur_left(c) ? pad : cur_left(c));
	return true;
}

static bool
section_order(struct bytes head, bool *big)
{
	struct cursor c = cur_all(head);
	cur_skip(&c, 8);
	struct cursor again = c;
	bool little = cur_order(&c, 4, false) == BYTE_ORDER_MAGIC;
	*big = cur_order(&again, 4, true) == BYTE_ORDER_MAGIC;
	return little || *big;
}

uint32_t
pcapng_length(const struct pcapng *g, struct bytes head, const char **what)
{
	struct cursor c = cur_all(head);
	bool big = g->big;
	struct cursor type = c; /* the section's type reads the same in both orders */
	if (cur_be32(&type) == BLOCK_SECTION) {
		if (!section_order(head, &big)) {
			*what = "section header without a byte-order magic";
			return 0;
		}
	} else if (!g->in_section) {
		*what = "no section header";
		return 0;
	}
	cur_skip(&c, 4);
	uint32_t len = (uint32_t)cur_order(&c, 4, big);
	if (len < BLOCK_MIN || len % 4 || len > PCAPNG_BLOCK_MAX) {
		*what = len > PCAPNG_BLOCK_MAX ? "block length over 16 MiB"
					       : "block length below 12 or no multiple of 4";
		return 0;
	}
	return len;
}

static ts_t
clip(int64_t seconds, int64_t nanos)
{
	if (seconds >= TIME_MAX / TS_SEC)
		return TIME_MAX;
	if (seconds <= -(TIME_MAX / TS_SEC))
		return -TIME_MAX;
	return seconds * TS_SEC + nanos;
}

ts_t
pcapng_time(const struct pcapng_if *f, uint64_t ticks)
{
	uint64_t seconds, nanos;
	unsigned power = f->tsresol & (TSRESOL_BINARY - 1u);
	if (f->tsresol & TSRESOL_BINARY) {
		seconds = power < 64 ? ticks >> power : 0;
		uint64_t part = power < 64 ? ticks - (seconds << power) : ticks;
		unsigned down = power > 34 ? power - 34 : 0; /* 2^34 times 10^9 still fits */
		part = down < 64 ? part >> down : 0;
		nanos = power - down < 64 ? part * 1000000000u >> (power - down) : 0;
	} else {
		uint64_t unit = 1;
		for (unsigned i = 0; i < power && i < 19; i++)
			unit *= 10;
		seconds = power < 20 ? ticks / unit : 0;
		uint64_t part = power < 20 ? ticks % unit : 0;
		nanos = unit <= 1000000000u ? part * (1000000000u / unit) : part / (unit / 1000000000u);
	}
	int64_t whole = seconds > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)seconds;
	int64_t offset = f->tsoffset;
	if (offset > INT64_MAX / 4)
		offset = INT64_MAX / 4;
	if (offset < -INT64_MAX / 4)
		offset = -INT64_MAX / 4;
	return clip(whole + offset, (int64_t)nanos);
}

static enum pcapng_said
section(struct pcapng *g, struct cursor *c, struct bytes block, const char **what)
{
	section_order(block, &g->big);
	g->in_section = true;
	g->nif = 0;
	g->first = TS_NONE;
	cur_skip(c, 4);
	uint16_t major = u16(g, c);
	if (!cur_ok(c) || major != VERSION_MAJOR) {
		g->in_section = false;
		*what = "section of an unknown version";
		return PCAPNG_BAD;
	}
	return PCAPNG_SKIP;
}

static enum pcapng_said
interface(struct pcapng *g, struct cursor *c, const char **what)
{
	struct pcapng_if f = { .tsresol = TSRESOL_MICRO, .counted = TS_NONE };
	f.linktype = u16(g, c);
	cur_skip(c, 2);
	f.snaplen = u32(g, c);
	if (!cur_ok(c) || g->nif == PCAPNG_IFS_MAX) {
		*what = cur_ok(c) ? "more than 1024 interfaces in a section" : "interface block too short";
		return PCAPNG_BAD;
	}
	uint16_t code;
	struct cursor v;
	while (option(g, c, &code, &v)) {
		if (code == OPT_IF_TSRESOL && cur_left(&v) == 1)
			f.tsresol = cur_u8(&v);
		else if (code == OPT_IF_TSOFFSET && cur_left(&v) == 8)
			f.tsoffset = (int64_t)cur_order(&v, 8, g->big);
	}
	g->ifs[g->nif++] = f;
	return PCAPNG_SKIP;
}

/* An enhanced packet block or its older form, which has a 16-bit interface and a count of drops before it. */
static enum pcapng_said
packet(struct pcapng *g, struct cursor *c, bool old, struct frame *f, const char **what)
{
	uint32_t ix = old ? u16(g, c) : u32(g, c);
	if (old)
		cur_skip(c, 2);
	uint64_t high = u32(g, c), low = u32(g, c);
	uint32_t caplen = u32(g, c), wirelen = u32(g, c);
	struct bytes data = cur_take(c, caplen);
	if (!cur_ok(c)) {
		*what = "packet longer than its block";
		return PCAPNG_BROKEN;
	}
	if (ix >= g->nif) {
		*what = "packet of an interface that was not declared";
		return PCAPNG_BROKEN;
	}
	f->ts = g->last = pcapng_time(&g->ifs[ix], high << 32 | low);
	g->first = g->first == TS_NONE ? g->last : g->first;
	f->linktype = g->ifs[ix].linktype;
	f->p = data.p;
	f->caplen = caplen;
	f->wirelen = wirelen > caplen ? wirelen : caplen;
	return PCAPNG_FRAME;
}

static enum pcapng_said
packet_simple(struct pcapng *g, struct cursor *c, struct frame *f, const char **what)
{
	uint32_t wirelen = u32(g, c);
	if (!cur_ok(c) || g->nif == 0) {
		*what = cur_ok(c) ? "packet before any interface" : "simple packet block too short";
		return PCAPNG_BROKEN;
	}
	uint32_t caplen = wirelen, snaplen = g->ifs[0].snaplen;
	if (snaplen && caplen > snaplen)
		caplen = snaplen;
	if (caplen > cur_left(c))
		caplen = (uint32_t)cur_left(c);
	f->ts = g->last;
	f->linktype = g->ifs[0].linktype;
	f->p = cur_take(c, caplen).p;
	f->caplen = caplen;
	f->wirelen = wirelen;
	return PCAPNG_FRAME;
}

/* Counters run from the start of the capture; what is told is the difference to the last block. */
static enum pcapng_said
statistics(struct pcapng *g, struct cursor *c, struct loss *l)
{
	uint32_t ix = u32(g, c);
	uint64_t high = u32(g, c), low = u32(g, c);
	if (!cur_ok(c) || ix >= g->nif)
		return PCAPNG_SKIP;
	struct pcapng_if *f = &g->ifs[ix];
	ts_t now = pcapng_time(f, high << 32 | low), since = f->counted == TS_NONE ? g->first : f->counted;
	now = now > g->last ? now : g->last;
	f->counted = now;
	uint64_t received = f->received, dropped = 0;
	uint16_t code;
	struct cursor v;
	while (option(g, c, &code, &v)) {
		if (cur_left(&v) != 8)
			continue;
		uint64_t n = cur_order(&v, 8, g->big);
		if (code == OPT_ISB_RECEIVED)
			received = n;
		else if (code == OPT_ISB_DROPPED || code == OPT_ISB_OSDROP)
			dropped = dropped > UINT64_MAX - n ? UINT64_MAX : dropped + n;
	}
	if (dropped <= f->dropped)
		return PCAPNG_SKIP;
	l->packets = dropped - f->dropped;
	uint64_t got = received > f->received ? received - f->received : 0;
	l->total = got > l->packets ? got : l->packets;
	l->since = since == TS_NONE ? now : since;
	l->until = now;
	f->received = received;
	f->dropped = dropped;
	return PCAPNG_LOSS;
}

enum pcapng_said
pcapng_block(struct pcapng *g, struct bytes block, struct frame *f, struct loss *l, const char **what)
{
	uint32_t len = pcapng_length(g, block, what);
	if (len == 0)
		return PCAPNG_BAD;
	struct cursor c = cur_all(block);
	uint32_t type = cur_be32(&c);
	bool is_section = type == BLOCK_SECTION;
	bool big = g->big;
	if (is_section)
		section_order(block, &big);
	else if (!big)
		type = type >> 24 | (type >> 8 & 0xff00) | (type << 8 & 0xff0000) | type << 24;
	cur_skip(&c, 4);
	struct cursor body = cur_sub(&c, len - BLOCK_MIN);
	uint32_t again = (uint32_t)cur_order(&c, 4, big);
	if (!cur_ok(&c) || again != len) {
		*what = "block whose length at the end differs from the one at its start";
		return PCAPNG_BAD;
	}
	if (is_section)
		return section(g, &body, block, what);
	switch (type) {
	case BLOCK_INTERFACE: return interface(g, &body, what);
	case BLOCK_PACKET: return packet(g, &body, false, f, what);
	case BLOCK_PACKET_OLD: return packet(g, &body, true, f, what);
	case BLOCK_PACKET_SIMPLE: return packet_simple(g, &body, f, what);
	case BLOCK_STATISTICS: return statistics(g, &body, l);
	case BLOCK_JOURNAL:
	case BLOCK_SYSDIG:
	case BLOCK_SYSDIG2:
	case BLOCK_CUSTOM:
	case BLOCK_CUSTOM_LOCAL: return PCAPNG_EVENT;
	default: return PCAPNG_SKIP;
	}
}
