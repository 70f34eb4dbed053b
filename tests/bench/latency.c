/* From the packet that completes an incident to its syslog datagram: each sample is a router advertisement (RFC 4861 4.2)
 * from a MAC of its own, at most three in a VLAN (more are a flood, which is one incident), so each makes an incident, whose
 * short syslog line names that MAC.
 * usage: latency IFACE PORT SAMPLES GAP_MS
 *        latency bare PEER PORT      instead of a sensor: each frame is answered at once, what the machine itself takes
 * The sensor watches the other end of IFACE and sends to 127.0.0.1:PORT.  A sample runs from before send(2) to the kernel's
 * time of the datagram's arrival.  Prints `N samples, M missing, p50 A us, p90 B us, p99 C us, max D us`. */
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	NS = 1000000000,
	WAIT_MS = 2000,
	SAMPLES_MAX = 3 * 250,
	VLANS = 250,
	IP6 = 18,
	ICMP6 = IP6 + 40,
	RA_LENGTH = 56,
	LINE_LENGTH = 2048
};

static int64_t
wall_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

static void
checksum(uint8_t *f)
{
	uint32_t sum = RA_LENGTH + IPPROTO_ICMPV6; /* RFC 8200 8.1: with the addresses */
	f[ICMP6 + 2] = f[ICMP6 + 3] = 0;
	for (size_t i = IP6 + 8; i < ICMP6 + RA_LENGTH; i += 2)
		sum += (uint32_t)f[i] << 8 | f[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	f[ICMP6 + 2] = (uint8_t)(~sum >> 8);
	f[ICMP6 + 3] = (uint8_t)~sum;
}

/* With a prefix (RFC 4861 4.6.2) and the sender's own address (4.6.1); lifetime 1800 s.  `number` fills the last bytes of
 * the MAC wherever it stands. */
static size_t
advertisement(uint8_t *f, unsigned number)
{
	/* clang-format off */
	static const uint8_t head[] = {
		0x33, 0x33, 0, 0, 0, 1, 0x02, 0x1b, 0x17, 0, 0, 0, 0x81, 0, 0, 0, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, RA_LENGTH, IPPROTO_ICMPV6, 255,
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x1b, 0x17, 0xff, 0xfe, 0, 0, 0,
		0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0,
		3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x07, 0x08, 0, 0, 0, 0,
		0xfd, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 1, 0x02, 0x1b, 0x17, 0, 0, 0,
	};
	/* clang-format on */
	unsigned vlan = 1 + number % VLANS;
	memcpy(f, head, sizeof(head));
	for (size_t i = 0; i < 2; i++) {
		uint8_t v = (uint8_t)(number >> 8 * (1 - i));
		f[10 + i] = f[IP6 + 22 + i] = f[sizeof(head) - 2 + i] = v;
		f[14 + i] = (uint8_t)(vlan >> 8 * (1 - i));
	}
	checksum(f);
	return sizeof(head);
}

static int
link_open(const char *iface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(iface) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return -1;
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	return fd;
}

static int
collector_open(unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	return fd;
}

/* The arrival of the first line that names the MAC; 0: none came. */
static int64_t
arrival(int fd, const char *mac)
{
	int64_t until = wall_ns() + (int64_t)WAIT_MS * 1000000;
	for (int64_t left; (left = (until - wall_ns()) / 1000000) > 0;) {
		char line[LINE_LENGTH + 1], control[256];
		struct iovec io = { line, LINE_LENGTH };
		struct msghdr m = { .msg_iov = &io,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n = poll(&p, 1, (int)left) > 0 ? recvmsg(fd, &m, 0) : 0;
		if (n <= 0)
			continue;
		line[n] = 0;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		if (strstr(line, mac) == NULL || c == NULL || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		struct timespec t;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		return (int64_t)t.tv_sec * NS + t.tv_nsec;
	}
	return 0;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void
answer(u_char *user, const struct pcap_pkthdr *h, const u_char *p)
{
	char line[32];
	size_t n = (size_t)snprintf(line, sizeof(line), "%02x:%02x:%02x:%02x:%02x:%02x", p[6], p[7], p[8],
				    p[9], p[10], p[11]);
	(void)h;
	if (send(*(int *)(void *)user, line, n, 0) < 0)
		return; /* nobody listens any more */
}

static int
bare(const char *peer, unsigned port)
{
	char err[PCAP_ERRBUF_SIZE];
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	pcap_t *p = pcap_create(peer, err);
	if (p == NULL || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return 2;
	pcap_set_snaplen(p, 2048);
	pcap_set_immediate_mode(p, 1);
	if (pcap_activate(p) < 0)
		return 2;
	while (pcap_dispatch(p, -1, answer, (u_char *)&fd) >= 0)
		continue;
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "bare") == 0)
		return bare(argv[2], (unsigned)atoi(argv[3]));
	static int64_t took[SAMPLES_MAX];
	unsigned samples = argc == 5 ? (unsigned)atoi(argv[3]) : 0, missing = 0, n = 0;
	int link = samples ? link_open(argv[1]) : -1,
	    collector = samples ? collector_open((unsigned)atoi(argv[2])) : -1;
	if (link < 0 || collector < 0 || samples > SAMPLES_MAX) {
		fprintf(stderr, "usage: latency IFACE PORT SAMPLES GAP_MS | bare PEER PORT\n");
		return 2;
	}
	for (unsigned i = 1; i <= samples; i++) {
		uint8_t f[256];
		char mac[18];
		size_t len = advertisement(f, i);
		snprintf(mac, sizeof(mac), "02:1b:17:00:%02x:%02x", i >> 8, i & 0xff);
		int64_t sent = wall_ns();
		if (send(link, f, len, 0) < 0)
			return 2;
		int64_t came = arrival(collector, mac);
		if (came)
			took[n++] = came - sent;
		missing += came == 0;
		/* not in step with anybody's timer */
		nanosleep(&(struct timespec){ .tv_nsec = (atoi(argv[4]) * 1000 + (int)(i * 7919 % 5000)) *
							 1000 % NS },
			  NULL);
	}
	qsort(took, n, sizeof(took[0]), by_value);
	if (n == 0)
		printf("0 samples, %u missing\n", missing);
	else
		printf("%u samples, %u missing, p50 %.1f us, p90 %.1f us, p99 %.1f us, max %.1f us\n", n,
		       missing, (double)took[n / 2] / 1e3, (double)took[n * 9 / 10] / 1e3,
		       (double)took[n * 99 / 100] / 1e3, (double)took[n - 1] / 1e3);
	return 0;
}
