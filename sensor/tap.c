#include "tap.h"

#include <pcap/pcap.h>

#include "clock.h"
#include "log.h"

/* Offsets in the IPv4 header: flags and fragment offset; in the IPv6 header: next header.  RFC 8200 4: hop-by-hop 0,
 * routing 43, fragment 44, destination options 60; authentication 51, mobility 135, host identity 139, shim6 140. */
static const char evasions[] =
	"(ip[6:2] & 0x3fff != 0) or (ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or "
	"ip6[6] = 51 or ip6[6] = 60 or ip6[6] = 135 or ip6[6] = 139 or ip6[6] = 140))";
/* `vlan` knows 0x8100, 0x88a8 and 0x9100; what is in an LLC frame has no ethertype where one is looked for. */
static const char ether_evasions[] = " or llc or ether proto 0x9200";
static const char tags[] = " or ether proto 0x8100 or ether proto 0x88a8 or ether proto 0x9100";

static void
plain_form(struct out *o, bool ethernet)
{
	out_str(o, evasions);
	if (ethernet)
		out_str(o, ether_evasions);
	for (size_t i = 0; dissectors[i]; i++) {
		if (dissectors[i]->bpf == NULL)
			continue;
		out_str(o, " or (");
		out_str(o, dissectors[i]->bpf);
		out_chr(o, ')');
	}
}

void
tap_filter(struct out *o, uint16_t linktype)
{
	/* `vlan` moves the offsets of everything behind it, hence the nesting; only Ethernet has it. */
	bool ethernet = linktype == DLT_EN10MB;
	plain_form(o, ethernet);
	if (!ethernet) {
		out_str(o, tags);
		return;
	}
	out_str(o, " or (vlan and (");
	plain_form(o, true);
	out_str(o, " or (vlan and (");
	plain_form(o, true);
	out_str(o, tags);
	out_str(o, "))))");
}

static bool
wrong(const struct tap *t, const char *what, const char *why)
{
	log_say("%s: %s%s%s", t->iface, what, why && *why ? ": " : "", why ? why : "");
	return false;
}

static bool
narrow(struct tap *t, const struct conf *c, const char *filter)
{
	char text[TAP_FILTER_MAX];
	struct out o = out_init(text, sizeof(text) - 1);
	struct bpf_program program;
	if (filter)
		out_str(&o, filter);
	else if (!c->all_frames)
		tap_filter(&o, t->linktype);
	text[o.n] = 0;
	if (!out_ok(&o))
		return wrong(t, "the filter is too long", NULL);
	if (o.n == 0)
		return true;
	if (pcap_compile(t->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return wrong(t, "filter", pcap_geterr(t->pcap));
	bool ok = pcap_setfilter(t->pcap, &program) == 0;
	log_detail("%s: filter of %u instructions", t->iface, program.bf_len);
	pcap_freecode(&program);
	return ok || wrong(t, "filter", pcap_geterr(t->pcap));
}

/* In immediate mode the ring has a slot for each frame, as large as the longest that can come: the MTU, or the snap length
 * where the card joins segments.  Else frames lie close together in blocks of 256 KiB, each handed over when it is full or
 * the timeout has passed. */
static void
prepare(pcap_t *p, const struct conf *c)
{
	pcap_set_snaplen(p, (int)c->snaplen);
	pcap_set_promisc(p, c->promisc);
	pcap_set_immediate_mode(p, c->immediate);
	pcap_set_timeout(p, (int)c->timeout_ms);
	pcap_set_buffer_size(p, (int)(c->buffer_mib << 20));
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
}

/* What to do about a pcap_activate() that failed; libpcap's own words where nobody can say more. */
static const char *
remedy(pcap_t *p, int rc)
{
	if (rc == PCAP_ERROR_NO_SUCH_DEVICE)
		return "crosstap -D lists the interfaces";
	if (rc == PCAP_ERROR_PERM_DENIED || rc == PCAP_ERROR_PROMISC_PERM_DENIED)
		return "capturing needs CAP_NET_RAW";
	return pcap_geterr(p);
}

static bool
start(struct tap *t, const struct conf *c, const char *filter)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	t->pcap = pcap_create(t->iface, error);
	if (t->pcap == NULL)
		return wrong(t, "cannot be opened", error);
	prepare(t->pcap, c);
	int rc = pcap_activate(t->pcap);
	if (rc < 0)
		return wrong(t, pcap_statustostr(rc), remedy(t->pcap, rc));
	if (rc > 0)
		wrong(t, pcap_statustostr(rc), pcap_geterr(t->pcap));
	int dlt = pcap_datalink(t->pcap);
	t->linktype = (uint16_t)(dlt == DLT_RAW ? 101 : dlt); /* libpcap numbers it by the system */
	t->nano = pcap_get_tstamp_precision(t->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	t->fd = pcap_get_selectable_fd(t->pcap);
	if (t->fd < 0 || pcap_setnonblock(t->pcap, 1, error) != 0)
		return wrong(t, "cannot be waited for", error);
	return narrow(t, c, filter);
}

bool
tap_open(struct tap *t, const char *iface, uint16_t ix, const struct conf *c, const char *filter)
{
	/* seconds and at most 32 interfaces: no two runs have the same */
	uint32_t run = (uint32_t)(clock_wall() / TS_SEC) << 5 | ix;
	*t = (struct tap){ .iface = iface, .fd = -1, .ix = ix, .run = run };
	if (start(t, c, filter))
		return true;
	tap_close(t);
	return false;
}

struct reading {
	struct tap *tap;
	tap_frame *fn;
	void *arg;
};

static void
on_frame(u_char *user, const struct pcap_pkthdr *h, const u_char *p)
{
	struct reading *r = (struct reading *)(void *)user;
	struct tap *t = r->tap;
	struct frame f = {
		.ts = (ts_t)h->ts.tv_sec * TS_SEC + (ts_t)h->ts.tv_usec * (t->nano ? 1 : TS_US),
		.number = ++t->frames,
		.file = t->run,
		.iface = t->ix,
		.linktype = t->linktype,
		.p = p,
		.caplen = h->caplen,
		.wirelen = h->len > h->caplen ? h->len : h->caplen,
	};
	r->fn(r->arg, &f);
}

bool
tap_read(struct tap *t, int max, tap_frame *fn, void *arg)
{
	struct reading r = { .tap = t, .fn = fn, .arg = arg };
	if (pcap_dispatch(t->pcap, max, on_frame, (u_char *)&r) >= 0)
		return true;
	return wrong(t, pcap_geterr(t->pcap), NULL);
}

struct tap_counts
tap_counts(const struct tap *t)
{
	struct pcap_stat s = { 0 };
	if (t->pcap)
		pcap_stats(t->pcap, &s);
	return (struct tap_counts){ .got = s.ps_recv, .dropped = s.ps_drop, .missed = s.ps_ifdrop };
}

void
tap_close(struct tap *t)
{
	if (t->pcap)
		pcap_close(t->pcap);
	t->pcap = NULL;
	t->fd = -1;
}
