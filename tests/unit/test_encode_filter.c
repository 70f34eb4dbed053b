/* The generated capture filter, compiled by libpcap: what a dissector reads passes untagged, in one VLAN and in two, and
 * neither fragments nor extension headers hide anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <pcap/pcap.h>

#include "tap.h"

enum {
	ETHER_IP4 = 0x0800,
	ETHER_IP6 = 0x86dd,
	ETHER_ARP = 0x0806,
	UDP = 17,
	ESP = 50,
	IPV6_IN_IPV4 = 41,
	FRAGMENT = 44,
	KERNEL_LIMIT = 4096
};

static struct bpf_program program;

static int
setup(void **state)
{
	static char text[TAP_FILTER_MAX + 1];
	struct out o = out_init(text, TAP_FILTER_MAX);
	(void)state;
	tap_filter(&o, DLT_EN10MB);
	if (!out_ok(&o))
		return -1;
	text[o.n] = 0;
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	int rc = pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN);
	if (rc != 0)
		pcap_perror(dead, "filter");
	pcap_close(dead);
	return rc;
}

static int
teardown(void **state)
{
	(void)state;
	pcap_freecode(&program);
	return 0;
}

struct packet {
	uint8_t p[256];
	size_t n;
};

static void
be16(struct packet *f, unsigned v)
{
	f->p[f->n++] = (uint8_t)(v >> 8);
	f->p[f->n++] = (uint8_t)v;
}

static struct packet
ether(unsigned tags, unsigned type)
{
	struct packet f = { .n = 12 };
	for (unsigned i = 0; i < tags; i++) {
		be16(&f, i + 1 < tags ? 0x88a8 : 0x8100);
		be16(&f, 100 + i);
	}
	be16(&f, type);
	return f;
}

/* IPv4 header with the flags and offset field, then ports. */
static struct packet
ip4(unsigned tags, unsigned fragment, unsigned proto, unsigned sport, unsigned dport)
{
	struct packet f = ether(tags, ETHER_IP4);
	uint8_t *h = f.p + f.n;
	h[0] = 0x45;
	h[3] = 60;
	h[6] = (uint8_t)(fragment >> 8);
	h[7] = (uint8_t)fragment;
	h[8] = 64;
	h[9] = (uint8_t)proto;
	f.n += 20;
	be16(&f, sport);
	be16(&f, dport);
	f.n += 60;
	return f;
}

static struct packet
ip6(unsigned tags, unsigned next, unsigned sport, unsigned dport)
{
	struct packet f = ether(tags, ETHER_IP6);
	uint8_t *h = f.p + f.n;
	h[0] = 0x60;
	h[5] = 60;
	h[6] = (uint8_t)next;
	h[7] = 64;
	f.n += 40;
	be16(&f, sport);
	be16(&f, dport);
	f.n += 60;
	return f;
}

static bool
passes(struct packet f)
{
	struct pcap_pkthdr h = { .caplen = (bpf_u_int32)f.n, .len = (bpf_u_int32)f.n };
	return pcap_offline_filter(&program, &h, f.p) != 0;
}

static void
test_passes(void **state)
{
	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		assert_true(passes(ip4(tags, 0, UDP, 68, 67)));
		assert_true(passes(ip6(tags, UDP, 546, 547)));
		assert_true(passes(ip4(tags, 0, UDP, 50000, 53)));
		assert_true(passes(ip6(tags, UDP, 5353, 5353)));
		assert_true(passes(ip4(tags, 0, UDP, 137, 137)));
		assert_true(passes(ether(tags, ETHER_ARP)));
		assert_true(passes(ip4(tags, 0, IPV6_IN_IPV4, 0, 0)));
		assert_true(passes(ip4(tags, 0, UDP, 50000, 3544)));
		/* between peers: IPv6 from or to 2001:0::/32 behind any ports (RFC 4380 4) */
		for (size_t at = 8; at <= 24; at += 16) {
			struct packet t = ip4(tags, 0, UDP, 50000, 50001);
			uint8_t *payload = t.p + t.n - 60 + 4;
			payload[at] = 0x20;
			payload[at + 1] = 1;
			assert_false(passes(t));
			payload[0] = 0x60;
			assert_true(passes(t));
		}
		struct packet ra = ip6(tags, 58, 0, 0);
		ra.p[ra.n - 64] = 134;
		assert_true(passes(ra));
	}
}

static void
test_no_evasion(void **state)
{
	static const unsigned extensions[] = { 0, 43, FRAGMENT, 51, 60, 135, 139, 140 };
	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		assert_true(passes(ip4(tags, 0x2000, UDP, 1, 1))); /* more fragments */
		assert_true(passes(ip4(tags, 0x0001, UDP, 1, 1))); /* a later one */
		for (size_t i = 0; i < NELEM(extensions); i++)
			assert_true(passes(ip6(tags, extensions[i], 0, 0)));
	}
}

/* What mirrors deliver, and what stands between Ethernet and IP: all of it passes, whatever is inside. */
static void
test_wrappers_pass(void **state)
{
	static const unsigned types[] = { 0x8847, 0x8848, 0x8864, 0x8909 };
	static const unsigned ports[] = { 4789, 4790, 8472, 6081, 37008 };
	static const unsigned protocols[] = { 4, 47 };
	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		for (size_t i = 0; i < NELEM(types); i++) {
			struct packet f = ether(tags, types[i]);
			f.n += 60;
			assert_true(passes(f));
		}
		for (size_t i = 0; i < NELEM(ports); i++) {
			assert_true(passes(ip4(tags, 0, UDP, 50000, ports[i])));
			assert_true(passes(ip6(tags, UDP, 50000, ports[i])));
		}
		for (size_t i = 0; i < NELEM(protocols); i++) {
			assert_true(passes(ip4(tags, 0, protocols[i], 0, 0)));
			assert_true(passes(ip6(tags, protocols[i], 0, 0)));
		}
	}
}

static void
test_rest_stays_out(void **state)
{
	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		assert_false(passes(ip4(tags, 0, UDP, 40000, 40001)));
		assert_false(passes(ip4(tags, 0x4000, ESP, 0, 0))); /* do not fragment: whole */
		assert_false(passes(ip6(tags, UDP, 40000, 40001)));
	}
}

/* Three tags, the tag type that libpcap does not know, and SNAP behind a length: nobody looks inside, so all of it passes. */
static void
test_odd_ethernet_passes(void **state)
{
	(void)state;
	for (unsigned tags = 0; tags <= 2; tags++) {
		struct packet f = ether(tags, 0x9200), llc = ether(tags, 60);
		be16(&f, 100);
		f.n += 60;
		be16(&llc, 0xaaaa);
		llc.n += 58;
		assert_true(passes(f));
		assert_true(passes(llc));
	}
	assert_true(passes(ip4(3, 0, UDP, 40000, 40001)));
}

/* Each link type that a dissector reads has a filter that compiles, and passes what has no link header to look at. */
static void
test_link_types(void **state)
{
	static const int types[] = { DLT_NULL,	     DLT_RAW,  DLT_LOOP, DLT_LINUX_SLL,
				     DLT_LINUX_SLL2, DLT_IPV4, DLT_IPV6 };
	(void)state;
	for (size_t i = 0; i < NELEM(types); i++) {
		char text[TAP_FILTER_MAX + 1];
		struct out o = out_init(text, TAP_FILTER_MAX);
		struct bpf_program p;
		tap_filter(&o, (uint16_t)(types[i] == DLT_RAW ? 101 : types[i]));
		assert_true(out_ok(&o));
		text[o.n] = 0;
		pcap_t *dead = pcap_open_dead(types[i], 65535);
		if (pcap_compile(dead, &p, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
			fail_msg("%s: %s", pcap_datalink_val_to_name(types[i]), pcap_geterr(dead));
		if (types[i] == DLT_RAW) {
			struct packet f = ip4(0, 0, UDP, 68, 67), not = ip4(0, 0, UDP, 40000, 40001);
			struct pcap_pkthdr h = { .caplen = (bpf_u_int32)f.n - 14,
						 .len = (bpf_u_int32)f.n - 14 };
			assert_true(pcap_offline_filter(&p, &h, f.p + 14));
			assert_false(pcap_offline_filter(&p, &h, not .p + 14));
		}
		pcap_freecode(&p);
		pcap_close(dead);
	}
}

static void
test_kernel_takes_it(void **state)
{
	(void)state;
	assert_true(program.bf_len < KERNEL_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_no_evasion),
		cmocka_unit_test(test_wrappers_pass),
		cmocka_unit_test(test_rest_stays_out),
		cmocka_unit_test(test_odd_ethernet_passes),
		cmocka_unit_test(test_link_types),
		cmocka_unit_test(test_kernel_takes_it),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
