/* The cost of the worst input: what a sender can make us do with one packet or one line, beside ordinary traffic of the
 * same run.  Each load is FRAMES packets (or LINES lines) made before the clock starts; CPU time of this process, best of
 * ROUNDS, for packets each with a sensor that knows nothing yet.
 * Checked, so that no input gets a price of its own:
 *   - a packet costs at most PACKET_RATIO ordinary ones, a byte of a line at most LINE_RATIO ordinary ones;
 *   - where a load has a length, a byte of the long one costs at most GROWTH of the short one's, which is a quarter as
 *     long: n log n stays below, what is quadratic comes to four;
 *   - a table filled with keys that fall into one bucket under another key costs at most TABLE_RATIO of any other keys.
 * usage: worst CAPTURE      CAPTURE: ordinary traffic, of Ethernet frames
 * The last line is `N passed, N failed`. */
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine.h"
#include "out.h"
#include "table.h"
#include "walk.h"

enum {
	FRAMES = 4000,
	LINES = 200,
	ROUNDS = 3,
	ROOM = 1514,
	ETHER = 14,
	IP4 = 34,
	IP6 = 54,
	UDP = 8,
	TCP = 20
};
enum { SHORT = 275, LONG = 1100, HOSTS = 16384, KEYS = 8192, LINE_SHORT = 4000, LINE_LONG = 16000 };
enum { UDP_PROTO = 17, ICMP6_PROTO = 58, ND_HOPS = 255 };
static const double PACKET_RATIO = 150, LINE_RATIO = 5, GROWTH = 2.5, TABLE_RATIO = 2;
static const struct sipkey key = { { 3, 4 } }, guessed = { { 5, 6 } };

struct bench {
	struct engine *engine;
	void *engine_mem, *walk_mem;
	struct engine_conf conf;
	unsigned passed, failed;
	uint64_t seen;
};
struct packet {
	uint32_t n;
	uint8_t p[ROOM];
};

static double
cpu_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

static void
check(struct bench *b, bool ok, const char *load, const char *what)
{
	if (!ok)
		printf("NOT OK: %s: %s\n", load, what);
	*(ok ? &b->passed : &b->failed) += 1;
}

/* ---- frames ---- */

static void
zeros(struct out *o, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out_chr(o, 0);
}

static void
ether(struct out *o, uint32_t n, uint16_t type)
{
	out_be(o, 0xffffffffffff, 6);
	out_be(o, UINT64_C(0x027700000000) | n, 6);
	out_be(o, type, 2);
}

static void
ipv4(struct out *o, uint32_t n, uint8_t proto, size_t len)
{
	out_be(o, 0x4500, 2);
	out_be(o, 20 + len, 2);
	out_be(o, (n & 0xffff) << 16, 4);
	out_be(o, UINT32_C(64) << 24 | (uint32_t)proto << 16, 4);
	out_be(o, UINT64_C(0x0a000000) | (n & 0xffffff), 4);
	out_be(o, 0x0affffff, 4);
}

static void
ipv6(struct out *o, uint32_t n, uint8_t next, size_t len)
{
	out_be(o, 0x60000000, 4);
	out_be(o, len, 2);
	out_be(o, (uint64_t)next << 8 | ND_HOPS, 2);
	out_be(o, UINT64_C(0xfe80) << 48, 8);
	out_be(o, n + 1, 8);
	out_be(o, UINT64_C(0xff02) << 48, 8);
	out_be(o, UINT64_C(0x10002), 8);
}

static void
udp4(struct out *o, uint32_t n, uint16_t from, uint16_t to, size_t len)
{
	ether(o, n, 0x800);
	ipv4(o, n, UDP_PROTO, UDP + len);
	out_be(o, (uint32_t)from << 16 | to, 4);
	out_be(o, (UDP + len) << 16, 4);
}

/* RFC 8200 8.1, over a datagram without extension headers whose sum is still zero. */
static void
sum6(struct out *o, size_t at)
{
	const uint8_t *ip = (const uint8_t *)o->p + ETHER;
	uint32_t sum = (uint32_t)(o->n - IP6) + ip[6];

	for (size_t i = 8; i < o->n - ETHER; i++)
		sum += i % 2 ? ip[i] : (uint32_t)ip[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	o->p[at] = (char)(~sum >> 8);
	o->p[at + 1] = (char)~sum;
}

/* ---- loads: each writes frame number n with about `size` bytes behind the link header ---- */

static void
arp_of(struct out *o, uint32_t n)
{
	ether(o, n, 0x806);
	out_be(o, UINT64_C(0x0001080006040001), 8);
	out_be(o, UINT64_C(0x027700000000) | n, 6);
	out_be(o, UINT64_C(0x0a000000) | (n & 0xffffff), 4);
	zeros(o, 6);
	out_be(o, UINT64_C(0x0a000000) | (n & 0xffffff), 4);
}

static void
stations(struct out *o, uint32_t n, size_t size)
{
	(void)size;
	arp_of(o, n);
}

/* Keys that differ in the upper bits alone: one bucket of a table that takes the lower ones. */
static void
stations_apart(struct out *o, uint32_t n, size_t size)
{
	(void)size;
	arp_of(o, n << 16);
}

static void
vlan_tags(struct out *o, uint32_t n, size_t size)
{
	ether(o, n, 0x88a8);
	while (o->n + 4 < size)
		out_be(o, 0x00018100, 4);
	out_be(o, 0x00010806, 4);
}

static void
mpls_labels(struct out *o, uint32_t n, size_t size)
{
	ether(o, n, 0x8847);
	while (o->n + 4 < size)
		out_be(o, 0x00010040, 4);
}

static void
ip_in_ip(struct out *o, uint32_t n, size_t size)
{
	ether(o, n, 0x800);
	for (size_t left = size - size % 20; left >= 20; left -= 20)
		ipv4(o, n, 4, left - 20);
}

static void
gre_in_gre(struct out *o, uint32_t n, size_t size)
{
	ether(o, n, 0x800);
	for (size_t left = size - size % 24; left >= 24; left -= 24) {
		ipv4(o, n, 47, left - 20);
		out_be(o, 0x800, 4);
	}
}

static void
extension_headers(struct out *o, uint32_t n, size_t size)
{
	size -= size % 8;
	ether(o, n, 0x86dd);
	ipv6(o, n, 60, size);
	for (; size >= 8; size -= 8)
		out_be(o, UINT64_C(0x3c00010400000000), 8);
}

static void
bootp(struct out *o, uint32_t n, uint32_t type, size_t options)
{
	udp4(o, n, 68, 67, 236 + 7 + options);
	out_be(o, 0x01010600, 4);
	out_be(o, n * 2654435761U, 4);
	zeros(o, 20);
	out_be(o, UINT64_C(0x027700000000) | n, 6);
	zeros(o, 202);
	out_be(o, 0x63825363, 4);
	out_be(o, 0x350100 | type, 3);
}

static void
dhcp4_empty_options(struct out *o, uint32_t n, size_t size)
{
	bootp(o, n, 1, size);
	for (size_t i = 0; i < size / 2; i++)
		out_be(o, (1 + i % 254) << 8, 2);
}

/* Pieces of one byte that RFC 3396 has us join. */
static void
dhcp4_split_option(struct out *o, uint32_t n, size_t size)
{
	size -= size % 3;
	bootp(o, n, 1, size);
	for (size_t i = 0; i < size / 3; i++)
		out_be(o, 0x790100 | i % 24, 3);
}

static void
dhcp6_begin(struct out *o, uint32_t n, size_t len)
{
	ether(o, n, 0x86dd);
	ipv6(o, n, UDP_PROTO, UDP + len);
	out_be(o, UINT32_C(546) << 16 | 547, 4);
	out_be(o, (UDP + len) << 16, 4);
}

static void
dhcp6_empty_options(struct out *o, uint32_t n, size_t size)
{
	size -= size % 4;
	dhcp6_begin(o, n, size);
	out_be(o, UINT32_C(1) << 24 | (n & 0xffffff), 4);
	for (size_t i = 1; i < size / 4; i++)
		out_be(o, (1 + i % 140) << 16, 4);
	sum6(o, IP6 + 6);
}

/* Relay messages in relay messages, RFC 8415 9. */
static void
dhcp6_relays(struct out *o, uint32_t n, size_t size)
{
	enum { HEAD = 34, OPTION = 4 };
	size -= size % (HEAD + OPTION);
	dhcp6_begin(o, n, size);
	for (; size >= HEAD + OPTION; size -= HEAD + OPTION) {
		out_be(o, 0x0c00, 2);
		zeros(o, 32);
		out_be(o, UINT32_C(9) << 16 | (uint32_t)(size - HEAD - OPTION), 4);
	}
	sum6(o, IP6 + 6);
}

static void
dns_begin(struct out *o, uint32_t n, uint16_t from, uint16_t to, uint32_t counts, size_t len)
{
	udp4(o, n, from, to, len);
	out_be(o, n & 0xffff, 2);
	out_be(o, 0x8400, 2);
	out_be(o, 0, 2);
	out_be(o, counts, 2);
	out_be(o, 0, 4);
}

/* Each answer's name is a label and a pointer at the name before: the chain grows to what a name may hold. */
static void
dns_chain_to(struct out *o, uint32_t n, size_t size, uint16_t from, uint16_t to)
{
	enum { HEAD = 12, ANSWER = 18, ROOT = 4 /* the count of questions: an empty name */ };
	size_t answers = (size - HEAD) / ANSWER;
	dns_begin(o, n, from, to, (uint32_t)answers, HEAD + answers * ANSWER);
	for (size_t i = 0; i < answers; i++) {
		out_be(o, 0x0161, 2);
		out_be(o, i ? 0xc000 | (HEAD + (i - 1) * ANSWER) : 0xc000 | ROOT, 2);
		out_be(o, UINT64_C(0x0001000100000078), 8);
		out_be(o, 4, 2);
		out_be(o, 0x0a000001, 4);
	}
}

static void
dns_pointers(struct out *o, uint32_t n, size_t size)
{
	dns_chain_to(o, n, size, 53, (uint16_t)(1024 + n % 60000));
}

static void
mdns_pointers(struct out *o, uint32_t n, size_t size)
{
	dns_chain_to(o, n, size, 5353, 5353);
}

static void
ra_options(struct out *o, uint32_t n, size_t size)
{
	size -= size % 32;
	ether(o, n, 0x86dd);
	ipv6(o, n, ICMP6_PROTO, 16 + size);
	out_be(o, UINT64_C(0x8600000040000708), 8);
	zeros(o, 8);
	for (size_t i = 0; i < size / 32; i++) { /* prefixes, RFC 4861 4.6.2, each another one */
		out_be(o, UINT64_C(0x030440c000000e10), 8);
		out_be(o, UINT64_C(0x00000e1000000000), 8);
		out_be(o, UINT64_C(0x20010db8) << 32 | (uint64_t)(n * 64 + i), 8);
		zeros(o, 8);
	}
	sum6(o, IP6 + 2);
}

/* Eight bytes a fragment, from the end to the start, 64 of a datagram. */
static void
fragments(struct out *o, uint32_t n, size_t size)
{
	uint32_t at = 63 - n % 64;

	(void)size;
	ether(o, 1, 0x800);
	out_be(o, 0x4500001c, 4);
	out_be(o, (n / 64 & 0xffff) << 16 | (at == 63 ? 0 : 0x2000) | at, 4);
	out_be(o, 0x40110000, 4);
	out_be(o, 0x0a000001, 4);
	out_be(o, 0x0a000002, 4);
	zeros(o, 8);
}

static void
tcp(struct out *o, uint32_t n, uint32_t seq, uint8_t flags, size_t len)
{
	ether(o, 1, 0x800);
	ipv4(o, 1, 6, TCP + len);
	out_be(o, UINT32_C(443) | (uint32_t)(1024 + n % 60000) << 16, 4);
	out_be(o, seq, 4);
	out_be(o, 0, 4);
	out_be(o, UINT32_C(0x5000ffff) | (uint32_t)flags << 16, 4);
	out_be(o, 0, 4);
}

/* A TLS record of 510 bytes, a byte a segment; every second one first, so that there are as many holes as can be. */
static void
tcp_bytes(struct out *o, uint32_t n, size_t size)
{
	enum { EACH = 512 };
	static const uint8_t head[] = { 22, 3, 1, 1, 249, 1, 0, 1, 245, 3, 3 };
	uint32_t i = n % EACH, at = i <= EACH / 2 ? 2 * i : 2 * (i - EACH / 2) - 1;

	(void)size;
	tcp(o, n / EACH, i == 0 ? 99 : 100 + at, i == 0 ? 2 : 16, i != 0);
	if (i)
		out_chr(o, (char)(at < NELEM(head) ? head[at] : 0));
}

/* A hello that is as long as can be, with extensions of no length. */
static void
tls_extensions(struct out *o, uint32_t n, size_t size)
{
	size_t exts = (size - 100) / 4, body = 2 + 32 + 1 + 4 + 2 + 2 + exts * 4;

	tcp(o, n, 100, 16, body + 9);
	out_be(o, 0x160301, 3);
	out_be(o, body + 4, 2);
	out_be(o, UINT32_C(1) << 24 | (uint32_t)body, 4);
	out_be(o, 0x0303, 2);
	zeros(o, 32 + 1);
	out_be(o, UINT32_C(0x00021301), 4);
	out_be(o, 0x0100, 2);
	out_be(o, exts * 4, 2);
	for (size_t i = 0; i < exts; i++)
		out_be(o, (0x1000 + i) << 16, 4);
}

typedef void make(struct out *, uint32_t n, size_t size);
static const struct load {
	const char *name;
	make *make;
	bool sized, read;
} loads[] = {
	{ "new stations", stations, false, true },
	{ "new stations, upper bits", stations_apart, false, true },
	{ "VLAN tags", vlan_tags, true, false },
	{ "MPLS labels", mpls_labels, true, false },
	{ "IPv4 in IPv4", ip_in_ip, true, false },
	{ "GRE in GRE", gre_in_gre, true, false },
	{ "IPv6 extension headers", extension_headers, true, false },
	{ "DHCPv4 empty options", dhcp4_empty_options, true, true },
	{ "DHCPv4 option in pieces", dhcp4_split_option, true, true },
	{ "DHCPv6 empty options", dhcp6_empty_options, true, true },
	{ "DHCPv6 relay in relay", dhcp6_relays, true, true },
	{ "DNS pointer chains", dns_pointers, true, true },
	{ "mDNS pointer chains", mdns_pointers, true, true },
	{ "RA prefixes", ra_options, true, true },
	{ "fragments of 8 bytes", fragments, false, false },
	{ "TCP segments of 1 byte", tcp_bytes, false, false },
	{ "TLS empty extensions", tls_extensions, true, true },
};

/* ---- packets ---- */

static void
on_incident(void *arg, const struct incident *i)
{
	(void)arg;
	(void)i;
}

static void
on_obs(void *arg, const struct obs *o)
{
	struct bench *b = arg;

	b->seen += o->kind != OBS_FRAME;
	engine_obs(b->engine, o);
}

/* Nanoseconds of CPU a packet. */
static double
run(struct bench *b, const struct packet *packet, size_t n)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		memset(b->engine_mem, 0, engine_bytes(&b->conf));
		memset(b->walk_mem, 0, walk_bytes(NULL));
		b->engine = engine_open(&b->conf, b->engine_mem, key, on_incident, b);
		struct walk *walk = walk_open(NULL, b->walk_mem, key);
		struct frame x = { .ts = TS_DAY, .linktype = 1 };
		b->seen = 0;
		double from = cpu_ns();
		for (size_t i = 0; i < n; i++) {
			x.ts += 100 * TS_US;
			x.number = i + 1;
			x.p = packet[i].p;
			x.caplen = x.wirelen = packet[i].n;
			walk_frame(walk, &x, on_obs, b);
		}
		double took = (cpu_ns() - from) / (double)n;
		if (round == 0 || took < best)
			best = took;
	}
	return best;
}

/* Prints a row and returns nanoseconds a byte. */
static double
row(const char *name, size_t bytes, size_t n, double ns, double ordinary)
{
	double each = ns * (double)n / (double)bytes;

	printf("%-28s %7zu %10.0f %9.2f %7.2f", name, bytes / n, ns, each, ns / ordinary);
	return each;
}

static double
ordinary(struct bench *b, const char *path, struct packet *packet)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *p;
	pcap_t *in = pcap_open_offline(path, err);
	size_t have = 0, bytes = 0;

	if (in == NULL) {
		fprintf(stderr, "%s\n", err);
		exit(2);
	}
	while (have < FRAMES && pcap_next_ex(in, &h, &p) == 1)
		if (h->caplen <= ROOM) {
			packet[have].n = h->caplen;
			memcpy(packet[have++].p, p, h->caplen);
		}
	pcap_close(in);
	if (have == 0) {
		fprintf(stderr, "%s: no frames\n", path);
		exit(2);
	}
	for (size_t i = 0; i < FRAMES; i++) {
		if (i >= have)
			packet[i] = packet[i - have];
		bytes += packet[i].n;
	}
	double ns = run(b, packet, FRAMES);
	row("ordinary", bytes, FRAMES, ns, ns);
	printf("\n");
	return ns;
}

static double
of_load(struct bench *b, const struct load *l, size_t size, struct packet *packet, double base)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < FRAMES; i++) {
		struct out o = out_init(packet[i].p, ROOM);
		l->make(&o, i, size);
		if (!out_ok(&o)) {
			fprintf(stderr, "%s: a frame does not fit\n", l->name);
			exit(2);
		}
		packet[i].n = (uint32_t)o.n;
		bytes += o.n;
	}
	double ns = run(b, packet, FRAMES), each = row(l->name, bytes, FRAMES, ns, base);
	check(b, ns <= PACKET_RATIO * base, l->name, "a packet costs too much");
	check(b, !l->read || b->seen >= FRAMES, l->name, "the packets were not read");
	return each;
}

static void
packets(struct bench *b, const char *path)
{
	struct packet *packet = calloc(FRAMES, sizeof(*packet));

	if (packet == NULL)
		exit(2);
	printf("%-28s %7s %10s %9s %7s %7s\n", "packets", "bytes", "ns/packet", "ns/byte", "ratio", "growth");
	double base = ordinary(b, path, packet);
	for (size_t i = 0; i < NELEM(loads); i++) {
		const struct load *l = &loads[i];
		double small = of_load(b, l, SHORT, packet, base);
		if (l->sized) {
			printf("\n");
			double large = of_load(b, l, LONG, packet, base);
			printf(" %7.2f", large / small);
			check(b, large <= GROWTH * small, l->name, "the cost grows faster than the length");
		}
		printf("\n");
	}
	free(packet);
}

/* ---- tables ---- */

static double
fill(const uint64_t *keys)
{
	const struct table_spec spec = { "keys", sizeof(*keys), 8, KEYS, 0 };
	void *mem = malloc(table_bytes(&spec));
	struct table t;
	double best = 0;

	if (mem == NULL)
		exit(2);
	for (int round = 0; round < ROUNDS; round++) {
		table_open(&t, &spec, mem, key);
		double from = cpu_ns();
		for (int again = 0; again < 4; again++)
			for (size_t i = 0; i < KEYS; i++)
				(void)table_get(&t, &keys[i], 0, NULL);
		double took = (cpu_ns() - from) / KEYS / 4;
		if (round == 0 || took < best)
			best = took;
	}
	free(mem);
	return best;
}

/* What someone can compute who knows the program and not the key of this run. */
static void
tables(struct bench *b)
{
	enum { MASK = KEYS / 2 - 1 };
	static uint64_t any[KEYS], chosen[KEYS];
	struct mhash h;
	uint64_t v = 0;

	mhash_open(&h, &guessed);
	for (size_t i = 0; i < KEYS; v++)
		if ((mhash(&h, (const uint8_t *)&v, sizeof(v)) & MASK) == 0)
			chosen[i++] = v;
	for (size_t i = 0; i < KEYS; i++)
		any[i] = siphash(&guessed, &i, sizeof(i));
	double base = fill(any), ns = fill(chosen);
	printf("\n%-28s %10s %7s\n", "tables", "ns/lookup", "ratio");
	printf("%-28s %10.1f %7.2f\n", "any keys", base, 1.0);
	printf("%-28s %10.1f %7.2f\n", "one bucket under another key", ns, ns / base);
	check(b, ns <= TABLE_RATIO * base, "one bucket under another key", "a lookup costs too much");
}

/* ---- lines of host events ---- */

static const char event_json[] = "{\"@timestamp\":\"2026-05-04T07:30:01.250Z\",\"host\":{\"name\":\"pc7."
				 "example.org\"},\"winlog\":{\"channel\":"
				 "\"Microsoft-Windows-Dhcp-Client/"
				 "Operational\",\"computer_name\":\"PC7.example.org\",\"event_id\":\"50010\","
				 "\"provider_name\":\"Microsoft-Windows-Dhcp-Client\",\"record_id\":77,"
				 "\"event_data\":{\"InterfaceId\":\"12\"";
static const char event_xml[] =
	"<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System><Provider "
	"Name=\"Microsoft-Windows-Dhcp-Client\"/><EventID>50010</EventID><TimeCreated "
	"SystemTime=\"2026-05-04T07:30:01.25Z\"/>"
	"<EventRecordID>77</EventRecordID><Channel>Microsoft-Windows-Dhcp-Client/Operational</Channel>"
	"<Computer>PC7.example.org</Computer></System><EventData><Data Name=\"InterfaceId\">12</Data>";

/* Fills up to `size` with `piece`, whose one # becomes a number that counts up. */
static void
repeat(struct out *o, size_t size, const char *piece)
{
	for (uint64_t i = 0; o->n < size; i++)
		for (const char *s = piece; *s; s++)
			if (*s == '#')
				out_u64(o, i);
			else
				out_chr(o, *s);
}

/* A line: what begins it, what is repeated, what ends it. */
static const struct line {
	const char *name, *begin, *piece, *end;
} lines[] = {
	{ "JSON arrays in arrays", event_json, ",\"a\":[[[[[[[[[[]]]]]]]]]]", "}}}" },
	{ "JSON deeper than allowed", event_json, ",\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[", "}}}" },
	{ "JSON many keys", event_json, ",\"k#\":0", "}}}" },
	{ "JSON one key again", event_json, ",\"k\":\"v\"", "}}}" },
	{ "JSON escapes", event_json, ",\"k#\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\n\\n\\n\"",
	  "}}}" },
	{ "JSON numbers", event_json, ",\"k#\":1234567.891e-10", "}}}" },
	{ "XML elements in elements", event_xml, "<a><a><a><a></a></a></a></a>", "</EventData></Event>" },
	{ "XML deeper than allowed", event_xml, "<a>", "</EventData></Event>" },
	{ "XML data", event_xml, "<Data Name=\"k#\">0</Data>", "</EventData></Event>" },
	{ "XML character references", event_xml, "<Data>&#233;&#233;&#233;&amp;&lt;</Data>",
	  "</EventData></Event>" },
	{ "XML attributes", "<Event", " k#=\"\"", "></Event>" },
	{ "XML names", event_xml, "<n#/>", "</EventData></Event>" },
	{ "XML comments", event_xml, "<!---->", "</EventData></Event>" },
};

static void
on_event(void *arg, const struct hostev *e)
{
	(void)e;
	((struct bench *)arg)->seen++;
}

/* Nanoseconds of CPU a byte. */
static double
decode(struct bench *b, struct hostfeed *feed, const struct line *l, size_t size)
{
	static char doc[HOSTFEED_DOC_MAX];
	struct out o = out_init(doc, sizeof(doc));
	double best = 0;

	out_str(&o, l->begin);
	repeat(&o, size, l->piece);
	out_str(&o, l->end);
	for (int round = 0; round < ROUNDS; round++) {
		double from = cpu_ns();
		for (int i = 0; i < LINES; i++) {
			struct hostev_error e = { NULL, 0, 0 };
			(void)hostfeed_document(feed, out_bytes(&o), on_event, b, &e);
		}
		double took = (cpu_ns() - from) / LINES / (double)o.n;
		if (round == 0 || took < best)
			best = took;
	}
	printf("%-28s %7zu %10.0f %9.2f", l->name, o.n, best * (double)o.n, best);
	return best;
}

static void
documents(struct bench *b)
{
	static const struct line ordinary_json = { "ordinary JSON", event_json, "", "}}}" };
	static const struct line ordinary_xml = { "ordinary XML", event_xml, "", "</EventData></Event>" };
	struct hostfeed *feed = hostfeed_open(malloc(hostfeed_bytes()), 1);

	printf("\n%-28s %7s %10s %9s %7s %7s\n", "host events", "bytes", "ns/line", "ns/byte", "ratio",
	       "growth");
	double json = decode(b, feed, &ordinary_json, 0);
	printf("\n");
	double xml = decode(b, feed, &ordinary_xml, 0);
	printf("\n");
	for (size_t i = 0; i < NELEM(lines); i++) {
		double base = *lines[i].begin == '{' ? json : xml;
		double small = decode(b, feed, &lines[i], LINE_SHORT);
		printf(" %7.2f\n", small / base);
		double ns = decode(b, feed, &lines[i], LINE_LONG);
		printf(" %7.2f %7.2f\n", ns / base, ns / small);
		check(b, ns <= LINE_RATIO * base, lines[i].name, "a byte costs too much");
		check(b, ns <= GROWTH * small, lines[i].name, "the cost grows faster than the length");
	}
}

int
main(int argc, char **argv)
{
	static struct bench b = { .conf = { .hosts = HOSTS } };

	if (argc != 2) {
		fprintf(stderr, "usage: worst CAPTURE\n");
		return 2;
	}
	b.engine_mem = calloc(1, engine_bytes(&b.conf));
	b.walk_mem = calloc(1, walk_bytes(NULL));
	if (b.engine_mem == NULL || b.walk_mem == NULL)
		return 2;
	packets(&b, argv[1]);
	tables(&b);
	documents(&b);
	printf("%u passed, %u failed\n", b.passed, b.failed);
	return b.failed != 0;
}
