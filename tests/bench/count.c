/* The bare libpcap loop: reads a capture and counts.  What crosstap costs is quoted as a multiple of this.
 * usage: count CAPTURE
 *        count -i IFACE MIB [FILTER]   live, with a buffer of so many MiB, until TERM: packets, bytes, dropped */
#include <inttypes.h>
#include <pcap.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop;
static pcap_t *tap;

static void
on_term(int sig)
{
	(void)sig;
	stop = 1;
	pcap_breakloop(tap);
}

static void
on_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	uint64_t *n = (uint64_t *)(void *)user;
	(void)data;
	n[0]++;
	n[1] += h->len;
}

static int
live(const char *iface, int mib, const char *filter)
{
	char err[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	struct pcap_stat s = { 0 };
	uint64_t n[2] = { 0 };
	struct sigaction act = { .sa_handler = on_term };

	tap = pcap_create(iface, err);
	if (tap == NULL)
		return 2;
	pcap_set_snaplen(tap, 65535);
	pcap_set_promisc(tap, 1);
	pcap_set_timeout(tap, 20);
	pcap_set_buffer_size(tap, mib << 20);
	if (pcap_activate(tap) < 0 ||
	    (filter && (pcap_compile(tap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
			pcap_setfilter(tap, &program) != 0))) {
		fprintf(stderr, "%s: %s\n", iface, pcap_geterr(tap));
		return 2;
	}
	sigaction(SIGTERM, &act, NULL);
	fprintf(stderr, "watching\n");
	while (!stop && pcap_dispatch(tap, -1, on_packet, (u_char *)n) >= 0)
		continue;
	pcap_stats(tap, &s);
	printf("%" PRIu64 " packets, %" PRIu64 " bytes, %u dropped\n", n[0], n[1], s.ps_drop);
	pcap_close(tap);
	return 0;
}

int
main(int argc, char **argv)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const unsigned char *data;
	uint64_t packets = 0, bytes = 0;

	if (argc >= 4 && strcmp(argv[1], "-i") == 0)
		return live(argv[2], atoi(argv[3]), argv[4]);
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], err) : NULL;
	if (p == NULL) {
		fprintf(stderr, "usage: count CAPTURE | -i IFACE MIB [FILTER]\n");
		return 2;
	}
	while (pcap_next_ex(p, &head, &data) == 1) {
		packets++;
		bytes += head->len;
	}
	pcap_close(p);
	printf("%" PRIu64 " packets, %" PRIu64 " bytes\n", packets, bytes);
	return 0;
}
