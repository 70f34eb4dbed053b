/* --setup -i: libpcap for a while, with the same filter as the live sensor. */
#include "setup.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>

#include "clock.h"
#include "live.h"
#include "log.h"

enum { TIMEOUT_MS = 100, BATCH = 512, TICK_MS = 1000 };

static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static pcap_t *
wrong(pcap_t *p, const char *iface, const char *what, const char *why)
{
	log_say("--setup: %s: %s: %s", iface, what, why);
	if (p)
		pcap_close(p);
	return NULL;
}

static bool
narrow(pcap_t *p, const char *filter)
{
	char text[LIVE_FILTER_MAX];
	struct out o = out_init(text, sizeof(text) - 1);
	struct bpf_program program;
	if (filter == NULL)
		live_filter(&o);
	text[o.n] = 0;
	if (pcap_compile(p, &program, filter ? filter : text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return false;
	bool ok = pcap_setfilter(p, &program) == 0;
	pcap_freecode(&program);
	return ok;
}

static pcap_t *
open_tap(const struct opts *o, const struct conf *c, const char *iface)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(iface, error);
	if (p == NULL)
		return wrong(p, iface, "cannot be opened", error);
	pcap_set_snaplen(p, (int)c->snaplen);
	pcap_set_promisc(p, c->promisc);
	pcap_set_timeout(p, TIMEOUT_MS);
	pcap_set_buffer_size(p, (int)(c->buffer_mib << 20));
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	int rc = pcap_activate(p);
	if (rc < 0)
		return wrong(p, iface, pcap_statustostr(rc),
			     "crosstap -D lists the interfaces; capturing needs CAP_NET_RAW");
	if (pcap_setnonblock(p, 1, error) != 0)
		return wrong(p, iface, "cannot be waited for", error);
	if (!narrow(p, o->filter))
		return wrong(p, iface, "filter", pcap_geterr(p));
	return p;
}

static bool
take(struct setup *s, pcap_t *p, uint16_t iface)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	bool nano = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO;
	int rc = 0, dlt = pcap_datalink(p);
	for (int i = 0; i < BATCH && (rc = pcap_next_ex(p, &h, &data)) == 1; i++) {
		struct frame f = {
			.ts = (ts_t)h->ts.tv_sec * TS_SEC + (ts_t)h->ts.tv_usec * (nano ? 1 : TS_US),
			.number = s->frames[iface] + 1,
			.iface = iface,
			.linktype = (uint16_t)(dlt == DLT_RAW ? 101 : dlt),
			.p = data,
			.caplen = h->caplen,
			.wirelen = h->len > h->caplen ? h->len : h->caplen,
		};
		setup_frame(s, &f, NULL);
	}
	if (rc < 0)
		log_say("--setup: %s: %s", s->iface[iface], pcap_geterr(p));
	return rc >= 0;
}

/* False where an interface failed; what was seen until then is printed all the same. */
static bool
listen_for(struct setup *s, pcap_t **tap, size_t n)
{
	int64_t end = clock_ms() + s->o->listen_for / TS_MS;
	bool ok = true;
	for (int64_t next = 0; ok && !stop && clock_ms() < end;) {
		struct pollfd p[OPTS_READ_MAX];
		for (size_t i = 0; i < n; i++)
			p[i] = (struct pollfd){ .fd = pcap_get_selectable_fd(tap[i]), .events = POLLIN };
		if (poll(p, n, TIMEOUT_MS) < 0 && errno != EINTR)
			return false;
		for (size_t i = 0; ok && i < n; i++)
			ok = take(s, tap[i], (uint16_t)i);
		if (clock_ms() < next)
			continue;
		next = clock_ms() + TICK_MS;
		engine_tick(s->engine, clock_wall());
	}
	for (size_t i = 0; i < n; i++) {
		struct pcap_stat st = { 0 };
		if (pcap_stats(tap[i], &st) == 0)
			s->lost += st.ps_drop + st.ps_ifdrop;
	}
	return ok;
}

struct setup *
setup_listen(const struct opts *o, const struct conf *c, int *status)
{
	pcap_t *tap[OPTS_READ_MAX] = { 0 };
	struct setup *s = setup_open(o, c, o->iface, o->niface, status);
	struct sigaction act = { .sa_handler = on_signal };
	size_t n = 0;
	while (s && n < o->niface && (tap[n] = open_tap(o, c, o->iface[n])) != NULL)
		n++;
	if (s && n == o->niface) {
		sigaction(SIGTERM, &act, NULL);
		sigaction(SIGINT, &act, NULL);
		log_say("--setup: listening for %" PRId64 " s on %zu interface%s; INT ends it",
			o->listen_for / TS_SEC, n, n == 1 ? "" : "s");
		*status = listen_for(s, tap, n) ? EXIT_OK : EXIT_INTERNAL;
	} else if (s) {
		*status = EXIT_USAGE;
		setup_close(s);
		s = NULL;
	}
	for (size_t i = 0; i < n; i++)
		pcap_close(tap[i]);
	return s;
}
