/* One buffer that read(2) fills, records and blocks read where they lie in it: libpcap copies each frame twice more and
 * costs three times as much.  pcap as everybody writes it (version 2.4, four magic numbers: draft-ietf-opsawg-pcap) is read
 * here, pcapng in pcapng.c, the rare relatives of pcap by libpcap, from regular files.  Memory is bounded: one record of at
 * most 256 KiB, one block of at most 16 MiB, libpcap's own limits. */
#include "capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <unistd.h>

#include "pcapng.h"

enum {
	PCAP_FILE_HEADER = 24,
	PCAP_RECORD_HEADER = 16,
	PCAP_RECORD_MAX = 262144, /* libpcap's MAXIMUM_SNAPLEN */
	BUFFER_FIRST = 1 << 17,	  /* stays in a second-level cache */
	WHAT_MAX = 2 * PCAP_ERRBUF_SIZE
};
enum { BYTE_PCAPNG = 0x0a, BYTE_GZIP = 0x1f, BYTE_SNOOP = 's' };
enum { VERSION = 0x00020004, LINKTYPE_BITS = 0x03ffffff };
static const uint32_t MAGIC_MICRO = 0xa1b2c3d4, MAGIC_NANO = 0xa1b23c4d;
enum format { FORMAT_UNREAD, FORMAT_PCAP, FORMAT_LIBPCAP, FORMAT_PCAPNG, FORMAT_ENDED };

struct capture {
	FILE *f;	    /* nothing is read through it but by libpcap */
	bool grows, at_end; /* at_end: the call came to the end of what is there */
	enum format format;
	uint64_t number, offset; /* frames given; where the next record begins */
	char what[WHAT_MAX];
	pcap_t *pcap;
	bool swapped; /* pcap: numbers are little-endian, as most machines write them */
	bool foreign; /* pcap: and not in the order of this machine */
	ts_t unit;    /* pcap: of the second half of a time */
	uint32_t snap;
	uint16_t linktype;
	struct pcapng *ng;
	uint8_t *buf; /* bytes [off, len) are read and not yet used */
	size_t cap, off, len;
};

struct capture *
capture_open(FILE *f)
{
	struct capture *c = calloc(1, sizeof(*c));
	if (c)
		c->buf = malloc(BUFFER_FIRST);
	if (c == NULL || c->buf == NULL) {
		free(c);
		fclose(f);
		return NULL;
	}
	c->f = f;
	c->cap = BUFFER_FIRST;
	return c;
}

void
capture_close(struct capture *c)
{
	if (c == NULL)
		return;
	if (c->pcap)
		pcap_close(c->pcap); /* closes the stream */
	else
		fclose(c->f);
	free(c->ng);
	free(c->buf);
	free(c);
}

uint64_t
capture_offset(const struct capture *c)
{
	return c->offset;
}

static enum capture_said
bad(struct capture *c, const char *text, const char **what, uint64_t *offset)
{
	c->format = FORMAT_ENDED;
	if (text != c->what)
		snprintf(c->what, sizeof(c->what), "%s", text);
	*what = c->what;
	*offset = c->offset;
	return CAPTURE_BAD;
}

/* libpcap names link types by its own numbers; dissectors claim the numbers of the file format. */
static uint16_t
linktype_of(int dlt)
{
	switch (dlt) {
	case DLT_ATM_RFC1483: return 100;
	case DLT_RAW: return 101;
	default: return (uint16_t)dlt;
	}
}

/* At least n bytes behind `off`; false where the file ends before.  What a pipe has is taken as it comes. */
static bool
read_more(struct capture *c, size_t n)
{
	memmove(c->buf, c->buf + c->off, c->len - c->off);
	c->len -= c->off;
	c->off = 0;
	if (n > c->cap) {
		uint8_t *more = realloc(c->buf, n);
		if (more == NULL)
			return false;
		c->buf = more;
		c->cap = n;
	}
	while (c->len < n) {
		ssize_t got = read(fileno(c->f), c->buf + c->len, c->cap - c->len);
		if (got == 0 || (got < 0 && errno != EINTR)) {
			c->at_end = got == 0;
			return false;
		}
		c->len += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static inline bool
fill(struct capture *c, size_t n)
{
	return c->len - c->off >= n || read_more(c, n);
}

static uint32_t
swap32(uint32_t v)
{
	return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

static uint32_t
u32(const struct capture *c, struct bytes b, size_t off)
{
	uint32_t v = bytes_be32(b, off);

	return c->swapped ? swap32(v) : v;
}

/* The four numbers before each frame: seconds, their fraction, bytes here, bytes on the wire. */
struct record {
	uint32_t sec, part, caplen, wirelen;
};
static struct record
record_at(const struct capture *c, const uint8_t *p)
{
	struct record r;

	memcpy(&r, p, sizeof(r));
	if (c->foreign)
		r = (struct record){ swap32(r.sec), swap32(r.part), swap32(r.caplen), swap32(r.wirelen) };
	return r;
}

/* The header of a file that is read here; false: it is another one. */
static bool
pcap_header(struct capture *c)
{
	struct bytes h = bytes_of(c->buf, PCAP_FILE_HEADER);
	uint32_t magic = u32(c, h, 0), here;

	if (magic != MAGIC_MICRO && magic != MAGIC_NANO) {
		c->swapped = true;
		magic = u32(c, h, 0);
	}
	uint32_t version = c->swapped ? u32(c, h, 4) << 16 | u32(c, h, 4) >> 16 : u32(c, h, 4);
	if ((magic != MAGIC_MICRO && magic != MAGIC_NANO) || version != VERSION)
		return false;
	uint32_t link = u32(c, h, 20) & LINKTYPE_BITS; /* above them: how long frame check sequences are */
	memcpy(&here, c->buf, sizeof(here));
	c->foreign = here != magic;
	c->unit = magic == MAGIC_NANO ? 1 : TS_US;
	c->snap = u32(c, h, 16);
	if (c->snap == 0 || c->snap > PCAP_RECORD_MAX)
		c->snap = PCAP_RECORD_MAX;
	c->linktype = link > UINT16_MAX ? UINT16_MAX : (uint16_t)link;
	c->format = FORMAT_PCAP;
	c->off = c->offset = PCAP_FILE_HEADER;
	return true;
}

static const char *
libpcap_start(struct capture *c)
{
	char error[PCAP_ERRBUF_SIZE] = "";

	if (lseek(fileno(c->f), 0, SEEK_SET) != 0)
		return "no pcap or pcapng that can be read from a pipe";
	c->pcap = pcap_fopen_offline_with_tstamp_precision(c->f, PCAP_TSTAMP_PRECISION_NANO, error);
	if (c->pcap == NULL) {
		snprintf(c->what, sizeof(c->what), "no pcap or pcapng: %s", error);
		return c->what;
	}
	c->format = FORMAT_LIBPCAP;
	c->linktype = linktype_of(pcap_datalink(c->pcap));
	c->offset = PCAP_FILE_HEADER;
	return NULL;
}

/* Looks at the first byte: no pcap magic begins with that of pcapng. */
static const char *
start(struct capture *c)
{
	errno = 0;
	if (!fill(c, 1))
		return errno ? "cannot be read" : "empty file";
	switch (c->buf[0]) {
	case BYTE_GZIP: return "no pcap or pcapng: looks like gzip, unpack it first";
	case BYTE_SNOOP: return "no pcap or pcapng: looks like snoop, convert it first";
	case BYTE_PCAPNG:
		c->ng = calloc(1, sizeof(*c->ng));
		c->format = FORMAT_PCAPNG;
		return c->ng ? NULL : "out of memory";
	}
	if (fill(c, PCAP_FILE_HEADER) && pcap_header(c))
		return NULL;
	return c->grows && c->at_end ? "" : libpcap_start(c);
}

/* One record.  What is longer than the file's snap length is cut to it, as libpcap does. */
static enum capture_said
pcap_frame(struct capture *c, struct frame *f, const char **what, uint64_t *offset)
{
	if (!fill(c, PCAP_RECORD_HEADER)) {
		if (c->len > c->off)
			return bad(c, "the file ends inside a record header", what, offset);
		c->format = FORMAT_ENDED;
		return CAPTURE_END;
	}
	struct record r = record_at(c, c->buf + c->off);
	uint32_t caplen = r.caplen, wirelen = r.wirelen;
	if (caplen > PCAP_RECORD_MAX)
		return bad(c, "a record longer than 262144 bytes", what, offset);
	f->ts = (ts_t)r.sec * TS_SEC + (ts_t)r.part * c->unit;
	if (!fill(c, PCAP_RECORD_HEADER + caplen))
		return bad(c, "the file ends inside a record", what, offset);
	f->linktype = c->linktype;
	f->p = c->buf + c->off + PCAP_RECORD_HEADER;
	f->caplen = caplen < c->snap ? caplen : c->snap;
	f->wirelen = wirelen > f->caplen ? wirelen : f->caplen;
	f->number = ++c->number;
	c->off += PCAP_RECORD_HEADER + caplen;
	c->offset += PCAP_RECORD_HEADER + caplen;
	return CAPTURE_FRAME;
}

static enum capture_said
libpcap_frame(struct capture *c, struct frame *f, const char **what, uint64_t *offset)
{
	struct pcap_pkthdr *h;
	const u_char *p;
	int rc = pcap_next_ex(c->pcap, &h, &p);
	off_t at = ftello(c->f);

	if (rc == PCAP_ERROR_BREAK) {
		c->format = FORMAT_ENDED;
		return CAPTURE_END;
	}
	if (rc != 1)
		return bad(c, pcap_geterr(c->pcap), what, offset);
	/* Times are unsigned in the file and signed in libpcap. */
	f->ts = (ts_t)(uint32_t)h->ts.tv_sec * TS_SEC + (ts_t)(uint32_t)h->ts.tv_usec;
	f->linktype = c->linktype;
	f->p = p;
	f->caplen = h->caplen;
	f->wirelen = h->len > h->caplen ? h->len : h->caplen;
	f->number = ++c->number;
	c->offset = at > 0 ? (uint64_t)at : c->offset;
	return CAPTURE_FRAME;
}

static enum capture_said
pcapng_frame(struct capture *c, struct frame *f, struct loss *l, const char **what, uint64_t *offset)
{
	for (;;) {
		const char *why = "";
		if (!fill(c, PCAPNG_HEAD)) {
			if (c->len > c->off)
				return bad(c, "the file ends inside a block header", what, offset);
			c->format = FORMAT_ENDED;
			return CAPTURE_END;
		}
		uint32_t n = pcapng_length(c->ng, bytes_of(c->buf + c->off, PCAPNG_HEAD), &why);
		if (n == 0)
			return bad(c, why, what, offset);
		if (!fill(c, n))
			return bad(c, "the file ends inside a block", what, offset);
		struct bytes block = bytes_of(c->buf + c->off, n);
		c->off += n;
		enum pcapng_said said = pcapng_block(c->ng, block, f, l, &why);
		if (said == PCAPNG_BAD)
			return bad(c, why, what, offset);
		if (said == PCAPNG_BROKEN) {
			*what = why;
			*offset = c->offset;
			c->offset += n;
			return CAPTURE_BAD;
		}
		c->offset += n;
		if (said == PCAPNG_EVENT)
			c->number++;
		if (said == PCAPNG_LOSS) {
			f->ts = c->ng->last;
			return CAPTURE_LOSS;
		}
		if (said == PCAPNG_FRAME) {
			f->number = ++c->number;
			return CAPTURE_FRAME;
		}
	}
}

void
capture_grows(struct capture *c, bool grows)
{
	c->grows = grows;
}

static enum capture_said
next_of(struct capture *c, struct frame *f, struct loss *l, const char **what, uint64_t *offset)
{
	switch (c->format) {
	case FORMAT_PCAP: return pcap_frame(c, f, what, offset);
	case FORMAT_LIBPCAP: return libpcap_frame(c, f, what, offset);
	case FORMAT_PCAPNG: return pcapng_frame(c, f, l, what, offset);
	default: return CAPTURE_END;
	}
}

enum capture_said
capture_next(struct capture *c, struct frame *f, struct loss *l, const char **what, uint64_t *offset)
{
	c->at_end = false;
	if (c->format == FORMAT_UNREAD) {
		const char *why = start(c);
		if (why && c->grows && c->at_end)
			return CAPTURE_WAIT;
		if (why)
			return bad(c, why, what, offset);
	}
	enum format format = c->format;
	enum capture_said said = next_of(c, f, l, what, offset);
	if (!c->grows || !c->at_end || (said != CAPTURE_END && said != CAPTURE_BAD))
		return said;
	c->format = format;
	return CAPTURE_WAIT;
}
