#include "pcapng_put.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER = 0x1a2b3c4d,
	VERSION_MAJOR = 1,
	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_APPLICATION = 4, /* of a section */
	OPT_NAME = 2,	     /* of an interface */
	OPT_TSRESOL = 9,
	NANOSECONDS = 9,
	OPTION_MAX = 65535,
	WORD = 4
};

static void
put16(struct out *o, uint16_t v)
{
	out_put(o, &v, sizeof(v));
}

static void
put32(struct out *o, uint32_t v)
{
	out_put(o, &v, sizeof(v));
}

/* Bytes and what fills the last word. */
static void
padded(struct out *o, struct bytes b)
{
	static const uint8_t zero[WORD];
	out_view(o, b);
	out_put(o, zero, (WORD - b.n % WORD) % WORD);
}

static void
option(struct out *o, uint16_t code, struct bytes value)
{
	if (value.n == 0)
		return;
	if (value.n > OPTION_MAX)
		for (value.n = OPTION_MAX; (value.p[value.n] & 0xc0) == 0x80;) /* before a whole character */
			value.n--;
	put16(o, code);
	put16(o, (uint16_t)value.n);
	padded(o, value);
}

/* A block's length stands at both ends, and is known when it is whole. */
static size_t
begin(struct out *o, uint32_t type)
{
	size_t start = o->n;
	put32(o, type);
	put32(o, 0);
	return start;
}

static void
end(struct out *o, size_t start)
{
	put16(o, OPT_END);
	put16(o, 0);
	uint32_t length = (uint32_t)(o->n - start + WORD);
	put32(o, length);
	if (out_ok(o))
		memcpy(o->p + start + WORD, &length, sizeof(length));
}

void
pcapng_put_section(struct out *o, struct bytes comment, struct bytes application)
{
	size_t start = begin(o, BLOCK_SECTION);
	put32(o, BYTE_ORDER);
	put16(o, VERSION_MAJOR);
	put16(o, 0);
	put32(o, UINT32_MAX); /* its length is not said */
	put32(o, UINT32_MAX);
	option(o, OPT_COMMENT, comment);
	option(o, OPT_APPLICATION, application);
	end(o, start);
}

void
pcapng_put_interface(struct out *o, uint16_t linktype, struct bytes name)
{
	static const uint8_t resolution = NANOSECONDS;
	size_t start = begin(o, BLOCK_INTERFACE);
	put16(o, linktype);
	put16(o, 0);
	put32(o, 0); /* no limit of length */
	option(o, OPT_NAME, name);
	option(o, OPT_TSRESOL, bytes_of(&resolution, 1));
	end(o, start);
}

void
pcapng_put_packet(struct out *o, uint32_t interface, const struct frame *f, struct bytes comment)
{
	uint64_t ts = (uint64_t)f->ts;
	size_t start = begin(o, BLOCK_PACKET);
	put32(o, interface);
	put32(o, (uint32_t)(ts >> 32));
	put32(o, (uint32_t)ts);
	put32(o, f->caplen);
	put32(o, f->wirelen);
	padded(o, bytes_of(f->p, f->caplen));
	option(o, OPT_COMMENT, comment);
	end(o, start);
}
