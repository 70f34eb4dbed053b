/* Files through libpcap where it is pcap, through pcapng.c where it is pcapng.  Memory is bounded: libpcap's own limits,
 * and one block of at most 16 MiB. */
#include "capture.h"

#include <pcap/pcap.h>
#include <stdlib.h>

#include "pcapng.h"

enum {
	PCAP_FILE_HEADER = 24,
	PCAP_RECORD_HEADER = 16,
	BUFFER_FIRST = 1 << 18,
	WHAT_MAX = 2 * PCAP_ERRBUF_SIZE
};
enum { BYTE_PCAPNG = 0x0a, BYTE_GZIP = 0x1f, BYTE_SNOOP = 's' };
enum format { FORMAT_UNREAD, FORMAT_PCAP, FORMAT_PCAPNG, FORMAT_ENDED };

struct capture {
	FILE *f;
	enum format format;
	uint64_t number, offset; /* frames given; where the next record begins */
	bool seekable;
	char what[WHAT_MAX];
	pcap_t *pcap;
	size_t head; /* pcap: bytes of a record header */
	uint32_t snap;
	uint16_t linktype;
	struct pcapng *ng;
	uint8_t *buf; /* pcapng: bytes [off, len) are read and not yet used */
	size_t cap, off, len;
};

struct capture *
capture_open(FILE *f)
{
	struct capture *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		fclose(f);
		return NULL;
	}
	c->f = f;
	c->seekable = ftello(f) >= 0;
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

static const char *
pcap_start(struct capture *c)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	c->pcap = pcap_fopen_offline_with_tstamp_precision(c->f, PCAP_TSTAMP_PRECISION_NANO, error);
	if (c->pcap == NULL) {
		snprintf(c->what, sizeof(c->what), "no pcap or pcapng: %s", error);
		return c->what;
	}
	c->format = FORMAT_PCAP;
	c->linktype = linktype_of(pcap_datalink(c->pcap));
	c->offset = PCAP_FILE_HEADER;
	c->head = PCAP_RECORD_HEADER;
	c->snap = (uint32_t)pcap_snapshot(c->pcap);
	return NULL;
}

static const char *
pcapng_start(struct capture *c)
{
	c->ng = calloc(1, sizeof(*c->ng));
	c->buf = malloc(BUFFER_FIRST);
	if (c->ng == NULL || c->buf == NULL)
		return "out of memory";
	c->cap = BUFFER_FIRST;
	c->format = FORMAT_PCAPNG;
	return NULL;
}

/* Looks at the first byte: no pcap magic begins with that of pcapng. */
static const char *
start(struct capture *c)
{
	int first = getc(c->f);
	if (first == EOF)
		return ferror(c->f) ? "cannot be read" : "empty file";
	ungetc(first, c->f);
	if (first == BYTE_GZIP)
		return "no pcap or pcapng: looks like gzip, unpack it first";
	if (first == BYTE_SNOOP)
		return "no pcap or pcapng: looks like snoop, convert it first";
	return first == BYTE_PCAPNG ? pcapng_start(c) : pcap_start(c);
}

/* Where the next record begins.  Asking costs a system call: the first record tells how long their headers are (some writers
 * add to them), and where libpcap may have cut one to the snap length it is asked again. */
static void
pcap_moved(struct capture *c, uint32_t caplen)
{
	uint64_t before = c->offset;
	c->offset += c->head + caplen;
	if (!c->seekable || (c->number > 1 && caplen < c->snap))
		return;
	off_t at = ftello(c->f);
	if (at < 0)
		return;
	c->offset = (uint64_t)at;
	if (c->number == 1 && caplen < c->snap && c->offset >= before + caplen)
		c->head = (size_t)(c->offset - before - caplen);
}

static enum capture_said
pcap_frame(struct capture *c, struct frame *f, const char **what, uint64_t *offset)
{
	struct pcap_pkthdr *h;
	const u_char *p;
	int rc = pcap_next_ex(c->pcap, &h, &p);
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
	pcap_moved(c, h->caplen);
	return CAPTURE_FRAME;
}

/* At least n bytes behind `off`; false where the file ends before. */
static bool
fill(struct capture *c, size_t n)
{
	if (c->len - c->off >= n)
		return true;
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
		size_t got = fread(c->buf + c->len, 1, c->cap - c->len, c->f);
		if (got == 0)
			return false;
		c->len += got;
	}
	return true;
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

enum capture_said
capture_next(struct capture *c, struct frame *f, struct loss *l, const char **what, uint64_t *offset)
{
	if (c->format == FORMAT_UNREAD) {
		const char *why = start(c);
		if (why)
			return bad(c, why, what, offset);
	}
	switch (c->format) {
	case FORMAT_PCAP: return pcap_frame(c, f, what, offset);
	case FORMAT_PCAPNG: return pcapng_frame(c, f, l, what, offset);
	default: return CAPTURE_END;
	}
}
