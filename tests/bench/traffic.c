/* A workload from nothing but captures of this tree: bulk TCP between many hosts, and every n-th packet one of the given
 * captures' frames with a source MAC and transaction of its own, so that tables fill as they would on a span port.
 * n = 1 gives a storm of control traffic.  Deterministic.  usage: traffic OUT PACKETS N CAPTURE... */
#include <pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_MAX = 4096, FRAME_MAX = 2048, BULK_HOSTS = 4096 };

struct frame {
	uint32_t len;
	uint8_t p[FRAME_MAX];
};

static void
be(uint8_t *p, uint32_t v, int n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static size_t
load(struct frame *f, size_t n, const char *path)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const unsigned char *data;
	pcap_t *p = pcap_open_offline(path, err);
	if (p == NULL)
		return n;
	while (pcap_datalink(p) == DLT_EN10MB && n < FRAMES_MAX && pcap_next_ex(p, &head, &data) == 1) {
		if (head->caplen != head->len || head->len > FRAME_MAX || head->len < 14)
			continue;
		f[n].len = head->len;
		memcpy(f[n++].p, data, head->len);
	}
	pcap_close(p);
	return n;
}

/* A TCP segment of flow i: sizes and directions as a file transfer has them. */
static uint32_t
bulk(uint8_t *p, uint32_t i)
{
	static const uint8_t head[] = { 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6 };
	uint32_t host = i * 2654435761u % BULK_HOSTS, len = i % 3 == 0 ? 66 : 1514;
	memset(p, 0, len);
	be(p, 0x02aa0000, 4);
	be(p + 4, host & 0xffff, 2);
	be(p + 6, 0x02bb0000, 4);
	be(p + 10, (host >> 4) & 0xffff, 2);
	be(p + 12, 0x0800, 2);
	memcpy(p + 14, head, sizeof head);
	be(p + 16, len - 14, 2);
	be(p + 26, 0x0a000000 + host, 4);
	be(p + 30, 0x0a800000 + (host >> 4), 4);
	be(p + 34, 1024 + host % 50000, 2);
	be(p + 36, 443, 2);
	be(p + 38, i, 4);
	p[46] = 0x80;
	p[47] = 0x10;
	return len;
}

int
main(int argc, char **argv)
{
	static struct frame frames[FRAMES_MAX], out;
	size_t n = 0;
	if (argc < 5) {
		fprintf(stderr, "usage: traffic OUT PACKETS N CAPTURE...\n");
		return 2;
	}
	uint32_t packets = (uint32_t)strtoul(argv[2], NULL, 10), every = (uint32_t)strtoul(argv[3], NULL, 10);
	for (int i = 4; i < argc; i++)
		n = load(frames, n, argv[i]);
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dump = pcap_dump_open(dead, argv[1]);
	if (n == 0 || every == 0 || dump == NULL) {
		fprintf(stderr, "traffic: no frames, or cannot write %s\n", argv[1]);
		return 2;
	}
	for (uint32_t i = 0; i < packets; i++) {
		if (i % every == 0) {
			out = frames[i / every % n];
			uint32_t round = i / every / (uint32_t)n;
			be(out.p + 8, round * 7919u & 0xffffff, 3);
		} else
			out.len = bulk(out.p, i);
		struct pcap_pkthdr head = { .caplen = out.len, .len = out.len };
		head.ts.tv_sec = 1700000000 + i / 50000;
		head.ts.tv_usec = i % 50000 * 20;
		pcap_dump((unsigned char *)dump, &head, out.p);
	}
	pcap_dump_close(dump);
	pcap_close(dead);
	return 0;
}
