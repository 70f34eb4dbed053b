/* pcapng: any bytes as a file, block after block, every view read to its end. */
#include "pcapng.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct pcapng ng;
	volatile uint8_t seen = 0;
	struct frame f = { 0 };
	struct loss l = { 0 };
	memset(&ng, 0, sizeof(ng));
	for (size_t off = 0; n - off >= PCAPNG_HEAD;) {
		const char *what = "";
		uint32_t len = pcapng_length(&ng, bytes_of(p + off, PCAPNG_HEAD), &what);
		if (len == 0)
			break;
		/* The last block may be cut: that is for the reader to see, too. */
		size_t have = len < n - off ? len : n - off;
		enum pcapng_said said = pcapng_block(&ng, bytes_of(p + off, have), &f, &l, &what);
		if (said == PCAPNG_BAD)
			break;
		for (uint32_t i = 0; said == PCAPNG_FRAME && i < f.caplen; i++)
			seen = f.p[i];
		(void)seen;
		off += have;
	}
	return 0;
}
