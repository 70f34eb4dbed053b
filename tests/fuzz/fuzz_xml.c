/* Windows Event XML as one document: the bytes become the inside of an event, so that most of the time is spent behind
 * the first tags; bytes that begin as a document does are taken as they are. */
#include "hostev.h"
#include "out.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static volatile uint32_t sum;

static void
look(void *arg, const struct hostev *ev)
{
	(void)arg;
	if (ev->nfields > HE_FIELDS_MAX || ev->nmore > HE_MORE_MAX)
		abort();
	for (size_t i = 0; i < ev->nfields; i++)
		for (size_t k = 0; k < ev->fields[i].value.n; k++)
			sum += ev->fields[i].value.p[k];
	for (size_t k = 0; k < ev->name.n; k++)
		sum += ev->name.p[k];
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct hostfeed *feed;
	static char doc[HOSTFEED_DOC_MAX + 1024];
	if (feed == NULL)
		feed = hostfeed_open(malloc(hostfeed_bytes()), 1);
	struct out o = out_init(doc, sizeof(doc));
	if (n > 6 && (memcmp(p, "<?xml", 5) == 0 || memcmp(p, "<Event", 6) == 0)) {
		out_put(&o, p, n);
	} else {
		out_str(&o, "<Event><System><Provider Name='DhcpServer'/><EventID>1042</EventID></System>");
		out_put(&o, p, n);
		out_str(&o, "</Event>");
	}
	struct hostev_error e = { NULL, 0, 0 };
	if (out_ok(&o))
		(void)hostfeed_document(feed, out_bytes(&o), look, NULL, &e);
	return 0;
}
