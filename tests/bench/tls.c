/* Bulk TLS, most bytes of a real span: whole handshakes taken from captures, each followed by megabytes of application
 * data and acknowledgements, on many connections at once between hosts of their own.  Sequence numbers run on, so whoever
 * follows streams has to.  Deterministic.  usage: bench_tls OUT PACKETS PER_FLOW CAPTURE... */
#include <pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TALKS_MAX = 64,
	TALK_FRAMES = 96,
	FRAME_MAX = 2048,
	AT_ONCE = 256,
	ETHER = 14,
	IP4 = 20,
	TCP = 20,
	SEGMENT = 1448,
	RECORD = 16384 + 256,
	FIN_RST = 5,
	ACK = 16,
	TLS_DATA = 23,
	TLS_HANDSHAKE = 22
};

struct frame {
	uint32_t len;
	bool from_server;
	uint8_t p[FRAME_MAX];
};
/* One connection of a capture, without its end. */
struct talk {
	uint8_t client[4], server[4], cport[2], sport[2];
	struct frame frame[TALK_FRAMES];
	size_t n;
	bool tls, over;
	uint32_t next[2]; /* sequence number that is due, of client and server */
};
struct flow {
	const struct talk *talk;
	uint32_t id, sent, left; /* left: bytes of the record begun */
	uint32_t next[2], unacked;
};

static struct talk talks[TALKS_MAX];
static size_t ntalks;

static uint32_t
get(const uint8_t *p, int n)
{
	uint32_t v = 0;
	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void
put(uint8_t *p, uint32_t v, int n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static struct talk *
talk_of(const uint8_t *ip, const uint8_t *tcp, bool *from_server)
{
	for (size_t i = 0; i < ntalks; i++) {
		struct talk *t = &talks[i];
		if (!memcmp(ip + 12, t->client, 4) && !memcmp(ip + 16, t->server, 4) &&
		    !memcmp(tcp, t->cport, 2) && !memcmp(tcp + 2, t->sport, 2)) {
			*from_server = false;
			return t;
		}
		if (!memcmp(ip + 12, t->server, 4) && !memcmp(ip + 16, t->client, 4) &&
		    !memcmp(tcp, t->sport, 2) && !memcmp(tcp + 2, t->cport, 2)) {
			*from_server = true;
			return t;
		}
	}
	*from_server = false;
	if (ntalks == TALKS_MAX || (tcp[13] & (2 | ACK)) != 2)
		return NULL;
	struct talk *t = &talks[ntalks++];
	memcpy(t->client, ip + 12, 4);
	memcpy(t->server, ip + 16, 4);
	memcpy(t->cport, tcp, 2);
	memcpy(t->sport, tcp + 2, 2);
	return t;
}

static void
take(const uint8_t *p, uint32_t len)
{
	const uint8_t *ip = p + ETHER, *tcp = ip + IP4;
	bool from_server;
	if (len < ETHER + IP4 + TCP || len > FRAME_MAX || get(p + 12, 2) != 0x0800 || ip[0] != 0x45 ||
	    ip[9] != 6)
		return;
	uint32_t head = IP4 + 4U * (tcp[12] >> 4), total = get(ip + 2, 2);
	struct talk *t = talk_of(ip, tcp, &from_server);
	if (t == NULL || total < head || ETHER + total > len)
		return;
	t->over |= t->n == TALK_FRAMES || (tcp[13] & FIN_RST);
	if (t->over)
		return;
	uint32_t data = total - head;
	t->frame[t->n].len = ETHER + total;
	t->frame[t->n].from_server = from_server;
	memcpy(t->frame[t->n++].p, p, ETHER + total);
	t->next[from_server] = get(tcp + 4, 4) + data + (tcp[13] >> 1 & 1);
	t->tls |= data > 5 && ip[head] == TLS_HANDSHAKE && from_server;
}

static void
load(const char *path)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const unsigned char *data;
	pcap_t *p = pcap_open_offline(path, err);
	if (p == NULL)
		return;
	while (pcap_datalink(p) == DLT_EN10MB && pcap_next_ex(p, &head, &data) == 1)
		if (head->caplen == head->len)
			take(data, head->len);
	pcap_close(p);
}

/* Hosts of their own: checksums are left as they come, as a card that computes them late would show them. */
static void
address(const struct flow *f, uint8_t *p, bool from_server)
{
	uint8_t *ip = p + ETHER, *tcp = ip + IP4;
	uint32_t client = 0x0a000000 + (f->id * 2654435761u >> 12), server = 0x0ac80000 + f->id % 509;
	put(p + (from_server ? 0 : 6), 0x02aa0000, 4);
	put(p + (from_server ? 4 : 10), client & 0xffff, 2);
	put(p + (from_server ? 6 : 0), 0x02bb0000, 4);
	put(p + (from_server ? 10 : 4), server & 0xffff, 2);
	put(ip + (from_server ? 16 : 12), client, 4);
	put(ip + (from_server ? 12 : 16), server, 4);
	put(tcp + (from_server ? 2 : 0), 20000 + f->id % 40000, 2);
	put(tcp + (from_server ? 0 : 2), 443, 2);
	put(ip + 10, 0, 2);
	put(tcp + 16, 0, 2);
}

static uint32_t
segment(struct flow *f, uint8_t *p, bool from_server, uint32_t data)
{
	static const uint8_t ip[] = { 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6 };
	uint32_t len = ETHER + IP4 + TCP + data;
	uint8_t *tcp = p + ETHER + IP4, *body = tcp + TCP;
	memset(p, 0, ETHER + IP4 + TCP);
	put(p + 12, 0x0800, 2);
	memcpy(p + ETHER, ip, sizeof ip);
	put(p + ETHER + 2, len - ETHER, 2);
	put(tcp + 4, f->next[from_server], 4);
	put(tcp + 8, f->next[!from_server], 4);
	tcp[12] = 0x50;
	tcp[13] = ACK;
	put(tcp + 14, 0xffff, 2);
	for (uint32_t at = 0; at < data;) {
		if (f->left == 0) {
			if (data - at < 5) /* a header is never split here: pad the segment less */
				return len - (data - at);
			body[at] = TLS_DATA;
			put(body + at + 1, 0x0303, 2);
			put(body + at + 3, RECORD, 2);
			at += 5;
			f->left = RECORD;
		}
		uint32_t n = data - at < f->left ? data - at : f->left;
		memset(body + at, (int)(0xa5 ^ (f->sent & 0xff)), n);
		at += n;
		f->left -= n;
	}
	return len;
}

/* The next packet of the connection. */
static uint32_t
step(struct flow *f, uint8_t *p)
{
	const struct talk *t = f->talk;
	bool from_server = true;
	uint32_t len;
	if (f->sent < t->n) {
		from_server = t->frame[f->sent].from_server;
		len = t->frame[f->sent].len;
		memcpy(p, t->frame[f->sent].p, len);
	} else if (f->unacked == 2) {
		from_server = false;
		len = segment(f, p, false, 0);
		f->unacked = 0;
	} else {
		len = segment(f, p, true, SEGMENT);
		put(p + ETHER + 2, len - ETHER, 2);
		f->next[1] += len - ETHER - IP4 - TCP;
		f->unacked++;
	}
	f->sent++;
	address(f, p, from_server);
	return len;
}

int
main(int argc, char **argv)
{
	static struct flow flow[AT_ONCE];
	static uint8_t p[FRAME_MAX];
	size_t usable = 0;
	uint32_t ids = 0;
	if (argc < 5) {
		fprintf(stderr, "usage: bench_tls OUT PACKETS PER_FLOW CAPTURE...\n");
		return 2;
	}
	uint32_t packets = (uint32_t)strtoul(argv[2], NULL, 10), each = (uint32_t)strtoul(argv[3], NULL, 10);
	for (int i = 4; i < argc; i++)
		load(argv[i]);
	for (size_t i = 0; i < ntalks; i++)
		if (talks[i].tls)
			talks[usable++] = talks[i];
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dump = pcap_dump_open(dead, argv[1]);
	if (usable == 0 || each == 0 || dump == NULL) {
		fprintf(stderr, "bench_tls: no handshakes, or cannot write %s\n", argv[1]);
		return 2;
	}
	for (uint32_t i = 0; i < packets; i++) {
		struct flow *f = &flow[i % AT_ONCE];
		if (f->talk == NULL || f->sent >= each) {
			*f = (struct flow){ .talk = &talks[ids % usable], .id = ids };
			ids++;
			f->next[0] = f->talk->next[0];
			f->next[1] = f->talk->next[1];
		}
		struct pcap_pkthdr head = { .len = step(f, p) };
		head.caplen = head.len;
		head.ts.tv_sec = 1700000000 + i / 100000;
		head.ts.tv_usec = i % 100000 * 10;
		pcap_dump((unsigned char *)dump, &head, p);
	}
	pcap_dump_close(dump);
	pcap_close(dead);
	printf("%u packets, %u connections from %zu handshakes\n", packets, ids, usable);
	return 0;
}
