/* The generated capture filter loses nothing that is read: every frame of the captures in the tree that gives an observation
 * by itself passes it, as it is and behind one to three tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <glob.h>
#include <cmocka.h>
#include <pcap/pcap.h>

#include "capture.h"
#include "run.h"
#include "tap.h"

enum { TAGS_MAX = 3, ROOM = 65536 + 4 * TAGS_MAX, LINK_ETHERNET = 1 };

static struct bpf_program program;
static unsigned frames, kept, lost;

static void
on_obs(void *arg, const struct obs *o)
{
	if (o->kind != OBS_FRAME)
		++*(unsigned *)arg;
}

static void
one_frame(struct walk *w, struct frame f, unsigned tags, const char *path)
{
	static uint8_t p[ROOM];
	static const uint8_t type[TAGS_MAX] = { 0x91, 0x88, 0x81 }, low[TAGS_MAX] = { 0x00, 0xa8, 0x00 };
	unsigned seen = 0;
	if (f.linktype != LINK_ETHERNET || f.caplen < 14 || f.caplen > 65536)
		return;
	memcpy(p, f.p, 12);
	for (unsigned i = 0; i < tags; i++)
		memcpy(p + 12 + 4 * i, (const uint8_t[]){ type[i], low[i], 0, 9 }, 4);
	memcpy(p + 12 + 4 * tags, f.p + 12, f.caplen - 12);
	f.p = p;
	f.caplen += 4 * tags;
	f.wirelen += 4 * tags;
	walk_frame(w, &f, on_obs, &seen);
	struct pcap_pkthdr h = { .caplen = f.caplen, .len = f.wirelen };
	bool passes = pcap_offline_filter(&program, &h, p) != 0;
	frames++;
	kept += passes;
	if (seen && !passes && lost++ < 10)
		print_error("%s: frame %u with %u tags is read and does not pass\n", path, (unsigned)f.number,
			    tags);
}

static void
one_capture(const char *path, const struct conf *c)
{
	FILE *file = fopen(path, "rb");
	void *mem;
	struct walk *w = run_open_walk(c, true, &mem);
	struct capture *in = file ? capture_open(file) : NULL;
	assert_true(in && w);
	for (;;) {
		struct frame f = { 0 };
		struct loss loss;
		const char *what;
		uint64_t at;
		enum capture_said said = capture_next(in, &f, &loss, &what, &at);
		if (said == CAPTURE_END)
			break;
		for (unsigned tags = 0; said == CAPTURE_FRAME && tags <= TAGS_MAX; tags++)
			one_frame(w, f, tags, path);
	}
	capture_close(in);
	free(mem);
}

static void
test_nothing_read_is_lost(void **state)
{
	static const char *const in_tree[] = { "pcaps/*/*.pcap", "pcaps/*/*/*.pcap" };
	static char text[TAP_FILTER_MAX + 1];
	struct out o = out_init(text, TAP_FILTER_MAX);
	struct conf c;
	glob_t found = { 0 };
	(void)state;
	tap_filter(&o, LINK_ETHERNET);
	assert_true(out_ok(&o));
	text[o.n] = 0;
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
	assert_int_equal(pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN), 0);
	assert_true(conf_init(&c));
	for (size_t i = 0; i < NELEM(in_tree); i++)
		glob(in_tree[i], i ? GLOB_APPEND : 0, NULL, &found);
	assert_true(found.gl_pathc > 20);
	for (size_t i = 0; i < found.gl_pathc; i++)
		one_capture(found.gl_pathv[i], &c);
	print_message("%u frames, %u pass, %u lost\n", frames, kept, lost);
	assert_int_equal(lost, 0);
	globfree(&found);
	conf_free(&c);
	pcap_freecode(&program);
	pcap_close(dead);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nothing_read_is_lost) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
