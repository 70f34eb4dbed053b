/* Sends the frames of a capture through an interface, around and around, in batches past the queueing discipline.
 * usage: send IFACE CAPTURE RATE SECONDS      RATE: packets a second; 0: as many as the machine makes
 * Prints `N packets, M bytes, S seconds`, at INT too.  A packet that finds no room is sent again. */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES_MAX = 400000, BATCH = 64, NS = 1000000000, LATE_NS = 100000000 };

static volatile sig_atomic_t stop;

static void
on_int(int sig)
{
	(void)sig;
	stop = 1;
}

struct load {
	struct iovec frame[FRAMES_MAX];
	size_t n;
};

static int64_t
now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

static int
load(struct load *l, const char *path)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const unsigned char *data;
	pcap_t *p = pcap_open_offline(path, err);
	if (p == NULL)
		return -1;
	while (l->n < FRAMES_MAX && pcap_next_ex(p, &h, &data) == 1) {
		struct iovec *f = &l->frame[l->n];
		if (h->caplen < ETHER_HDR_LEN || h->caplen > 1514 ||
		    (f->iov_base = malloc(h->caplen)) == NULL)
			continue;
		memcpy(f->iov_base, data, h->caplen);
		f->iov_len = h->caplen;
		l->n++;
	}
	pcap_close(p);
	return l->n ? 0 : -1;
}

static int
open_link(const char *iface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(iface) };
	int one = 1, room = 8 << 20, fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return -1;
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	return fd;
}

/* Frames from `at` on, around the end; how many went. */
static size_t
send_batch(int fd, const struct load *l, size_t at, size_t want, uint64_t *bytes)
{
	struct mmsghdr m[BATCH];
	memset(m, 0, sizeof(m));
	for (size_t i = 0; i < want; i++) {
		m[i].msg_hdr.msg_iov = (struct iovec *)(uintptr_t)&l->frame[(at + i) % l->n];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	int n = sendmmsg(fd, m, (unsigned)want, 0);
	for (int i = 0; i < n; i++)
		*bytes += m[i].msg_len;
	return n > 0 ? (size_t)n : 0;
}

int
main(int argc, char **argv)
{
	static struct load l;
	int fd = argc == 5 ? open_link(argv[1]) : -1;
	if (fd < 0 || load(&l, argv[2]) != 0) {
		fprintf(stderr, "usage: send IFACE CAPTURE RATE SECONDS\n");
		return 2;
	}
	double rate = atof(argv[3]);
	int64_t begin = now_ns(), end = begin + (int64_t)(atof(argv[4]) * NS), now;
	uint64_t sent = 0, bytes = 0, base = 0;
	int64_t from = begin;
	signal(SIGINT, on_int);
	while (!stop && (now = now_ns()) < end) {
		size_t want = BATCH;
		if (rate > 0) {
			double due = (double)(now - from) * rate / NS - (double)(sent - base);
			if (due > rate * LATE_NS / NS) { /* what is long past is not made up for in a burst */
				from = now;
				base = sent;
				continue;
			}
			want = due < 1 ? 0 : due < BATCH ? (size_t)due : BATCH;
		}
		if (want == 0) {
			nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
			continue;
		}
		sent += send_batch(fd, &l, (size_t)(sent % l.n), want, &bytes);
	}
	printf("%" PRIu64 " packets, %" PRIu64 " bytes, %.3f seconds\n", sent, bytes,
	       (double)(now_ns() - begin) / NS);
	return 0;
}
