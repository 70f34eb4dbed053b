/* Host events: any bytes as a stream, told apart, framed and decoded; every view of every event is read to its end. */
#include "hostev.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static volatile uint32_t sum;

static void
touch(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		sum += b.p[i];
}

static void
look(void *arg, const struct hostev *ev)
{
	const struct bytes texts[] = { ev->provider, ev->channel, ev->computer, ev->user, ev->name,
				       ev->coid,     ev->sha1,	  ev->sha256,	ev->iface };
	(void)arg;
	for (size_t i = 0; i < NELEM(texts); i++)
		touch(texts[i]);
	if (ev->nfields > HE_FIELDS_MAX || ev->nmore > HE_MORE_MAX || ev->nhost_ip > HE_ADDRS_MAX ||
	    ev->nhost_mac > HE_MACS_MAX || ev->nlost > NELEM(ev->lost) || ev->kind >= HE_KINDS)
		abort();
	for (size_t i = 0; i < ev->nfields; i++) {
		touch(ev->fields[i].name);
		touch(ev->fields[i].value);
	}
	for (size_t i = 0; i < ev->nlost; i++)
		touch(bytes_str(ev->lost[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct hostfeed *feed;
	if (feed == NULL)
		feed = hostfeed_open(malloc(hostfeed_bytes()), 1);
	for (size_t off = 0, skip; off < n;) {
		size_t len = hostfeed_frame(bytes_of(p + off, n - off), true, &skip);
		off += skip;
		if (len == 0)
			break;
		if (len > n - off)
			abort();
		struct hostev_error e = { NULL, 0, 0 };
		enum hostev_said said = hostfeed_document(feed, bytes_of(p + off, len), look, NULL, &e);
		if ((said == HOSTEV_BAD) != (e.what != NULL))
			abort();
		/* what holds an event is never passed over */
		if (said == HOSTEV_OK && !hostfeed_scan(feed, bytes_of(p + off, len)))
			abort();
		off += len;
	}
	return 0;
}
