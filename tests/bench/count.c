/* The bare libpcap loop: reads a capture and counts.  What crosstap costs is quoted as a multiple of this. */
#include <inttypes.h>
#include <pcap.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const unsigned char *data;
	uint64_t packets = 0, bytes = 0;
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], err) : NULL;

	if (p == NULL) {
		fprintf(stderr, "usage: count CAPTURE\n");
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
