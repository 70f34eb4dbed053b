/* What a flood of forged stations does to the state: memory stays what it was after the first million, and what is open
 * stays open.  The frames of CAPTURE come first and open incidents; then FRAMES forged ones, each with a MAC, an address and
 * a transaction of its own, 100 us apart: ARP announcements, DHCP DISCOVERs, or both in turn.
 * usage: flood HOSTS FRAMES arp|dhcp|both CAPTURE [MIB]      MIB: what may be resident at the end
 * Prints memory on the way, then what the checks said; the last line is `N passed, N failed`. */
#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "walk.h"

enum { ETHER = 14, FRAME = 342, OPEN_MAX = 64, MILLION = 1000000, GROWN_KIB = 2048 };
static const struct sipkey key = { { 3, 4 } };

struct told {
	uint64_t id;
	uint32_t rev, before; /* `before`: the revision when the flood began */
	bool ended;
	char detection[32];
};
struct flood {
	struct engine *engine;
	struct walk *walk;
	struct told told[OPEN_MAX];
	size_t ntold;
	bool about_flood;
	unsigned passed, failed;
};

static void
on_incident(void *arg, const struct incident *r)
{
	struct flood *f = arg;
	size_t i = 0;

	f->about_flood |= strcmp(r->detection->id, "dhcp-discover-flood") == 0;
	while (i < f->ntold && f->told[i].id != r->id)
		i++;
	if (i == OPEN_MAX)
		return;
	if (i == f->ntold)
		snprintf(f->told[f->ntold++].detection, sizeof(f->told[i].detection), "%s", r->detection->id);
	f->told[i].id = r->id;
	f->told[i].rev = r->rev;
	f->told[i].ended = r->state == INC_CLOSED;
}

static void
on_obs(void *arg, const struct obs *o)
{
	engine_obs(((struct flood *)arg)->engine, o);
}

static void
check(struct flood *f, bool ok, const char *what)
{
	printf("%s: %s\n", ok ? "ok" : "NOT OK", what);
	*(ok ? &f->passed : &f->failed) += 1;
}

static long
resident_kib(void)
{
	long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm == NULL || fscanf(statm, "%*s %ld", &pages) != 1)
		pages = 0;
	if (statm)
		fclose(statm);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Sum of 16-bit words, RFC 1071. */
static void
ip_sum(uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void
put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* A gratuitous ARP of 10.x.x.x (RFC 5227). */
static uint32_t
arp(uint8_t *p, uint32_t n)
{
	static const uint8_t head[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

	memcpy(p + 12, head, sizeof(head));
	memcpy(p + 22, p + 6, 6);
	put32(p + 28, UINT32_C(10) << 24 | (n & 0xffffff));
	memset(p + 32, 0, 6);
	put32(p + 38, UINT32_C(10) << 24 | (n & 0xffffff));
	return 42;
}

/* RFC 2131 with option 53 alone. */
static uint32_t
discover(uint8_t *p, uint32_t n)
{
	static const uint8_t ip[] = { 8, 0,   0x45, 0,	 1,   72, 0,  0, 0,  0, 64, 17, 0, 0, 0, 0, 0,
				      0, 255, 255,  255, 255, 0,  68, 0, 67, 1, 52, 0,	0, 1, 1, 6, 0 };
	static const uint8_t options[] = { 99, 130, 83, 99, 53, 1, 1, 255 };

	memset(p + 12, 0, FRAME - 12);
	memcpy(p + 12, ip, sizeof(ip));
	ip_sum(p + ETHER);
	put32(p + 46, n * 2654435761U); /* xid */
	memcpy(p + 70, p + 6, 6);	/* chaddr */
	memcpy(p + 278, options, sizeof(options));
	return FRAME;
}

static ts_t
open_incidents(struct flood *f, const char *path)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *p;
	pcap_t *in = pcap_open_offline(path, err);
	struct frame x = { .linktype = 1 };

	if (in == NULL) {
		fprintf(stderr, "%s\n", err);
		exit(2);
	}
	while (pcap_next_ex(in, &h, &p) == 1) {
		x.ts = (ts_t)h->ts.tv_sec * TS_SEC + (ts_t)h->ts.tv_usec * TS_US;
		x.number++;
		x.p = p;
		x.caplen = h->caplen;
		x.wirelen = h->len;
		walk_frame(f->walk, &x, on_obs, f);
	}
	pcap_close(in);
	return x.ts;
}

static void
forge(struct flood *f, uint32_t frames, const char *kind, ts_t ts)
{
	uint8_t p[FRAME];
	long first = 0, last = 0;

	memset(p, 0xff, 6);
	p[6] = 2; /* locally administered */
	p[7] = 0x77;
	for (uint32_t n = 0; n < frames; n++) {
		bool by_arp = *kind == 'a' || (*kind == 'b' && n % 2);
		put32(p + 8, n);
		uint32_t len = by_arp ? arp(p, n) : discover(p, n);
		struct frame x = { .ts = ts + (ts_t)(n + 1) * 100 * TS_US,
				   .number = n,
				   .linktype = 1,
				   .p = p,
				   .caplen = len,
				   .wirelen = len };
		walk_frame(f->walk, &x, on_obs, f);
		if ((n + 1) % MILLION)
			continue;
		last = resident_kib();
		if (first == 0 && n + 1 >= 2 * MILLION)
			first = last;
		printf("%u million stations: %ld KiB resident\n", (n + 1) / MILLION, last);
	}
	check(f, first != 0 && last - first <= GROWN_KIB, "memory after the second million does not grow");
}

int
main(int argc, char **argv)
{
	static struct flood f;

	if (argc < 5)
		return 2;
	struct engine_conf conf = { .hosts = (uint32_t)strtoul(argv[1], NULL, 10) };
	f.engine = engine_open(&conf, calloc(1, engine_bytes(&conf)), key, on_incident, &f);
	f.walk = walk_open(NULL, calloc(1, walk_bytes(NULL)), key);
	ts_t ts = open_incidents(&f, argv[4]);
	size_t open = f.ntold;
	for (size_t i = 0; i < open; i++)
		f.told[i].before = f.told[i].rev;
	check(&f, open > 0, "the capture opens incidents");
	forge(&f, (uint32_t)strtoul(argv[2], NULL, 10), argv[3], ts);
	if (argc > 5)
		check(&f, resident_kib() <= atol(argv[5]) * 1024, "memory is within the limit given");
	bool lost = false;
	for (size_t i = 0; i < open; i++)
		lost |= f.told[i].ended;
	engine_end(f.engine);
	for (size_t i = 0; i < open; i++) {
		printf("%s: revision %u before, %u at the end\n", f.told[i].detection, f.told[i].before,
		       f.told[i].rev);
		lost |= !f.told[i].ended || f.told[i].rev <= f.told[i].before;
	}
	check(&f, !lost, "every incident that was open before stays so to the end");
	if (*argv[3] != 'a')
		check(&f, f.about_flood, "the flood itself is told of");
	printf("%u passed, %u failed\n", f.passed, f.failed);
	return f.failed != 0;
}
