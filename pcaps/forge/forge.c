/* Scenario scripts to packets.  Each line is a frame, written as layers from the outside; every header is built by
 * libnet (LIBNET_NONE: no privilege), wrapped around the bytes inside it.  The frames go to a capture file or, in a
 * network namespace of one's own, to an interface at the script's pace.  It forges what a test needs, including what
 * no stack would send; it is not part of the sensor, which never transmits. */
#include <libnet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "expr.h"

enum { TYPE_BRIDGED = 0x6558, TYPE_MPLS = 0x8847, TYPE_PPPOE = 0x8864, TYPE_SGT = 0x8909 };
enum { LAYERS_MAX = 16, WORDS_MAX = 48, LETS_MAX = 96, LINE_MAX_BYTES = 32768, IFACES = 4 };
enum {
	DLT_OF_ETH = 1,
	DLT_OF_PPP = 9,
	DLT_OF_RAW = 101,
	DLT_OF_C_HDLC = 104,
	DLT_OF_NFLOG = 239,
	DLT_OF_SLL = 113,
	DLT_OF_SLL2 = 276,
	DLT_OF_NULL = 0
};

struct layer {
	int n;
	char *word[WORDS_MAX];
};
struct frame {
	struct layer layer[LAYERS_MAX];
	int nlayer, iface, link;
	uint32_t snap;
	int pad;
	struct buf bytes;
	/* what the layer outside the present bytes must call them */
	uint16_t ethertype;
	uint8_t proto;
};

static const char *script_name = "script";
static int line_no;
static libnet_t *net;

_Noreturn void
die(const char *what, const char *text)
{
	fprintf(stderr, "%s:%d: %s%s%s\n", script_name, line_no, what, *text ? ": " : "", text);
	exit(2);
}

/* ---- words of a layer ---- */
static const char *
key(const struct layer *l, const char *name)
{
	size_t n = strlen(name);
	for (int i = 1; i < l->n; i++)
		if (strncmp(l->word[i], name, n) == 0 && l->word[i][n] == '=')
			return l->word[i] + n + 1;
	return NULL;
}

static uint64_t
num(const struct layer *l, const char *name, uint64_t otherwise)
{
	const char *v = key(l, name);
	return v ? expr_num(v) : otherwise;
}

/* The n-th word that is not key=value; a quoted or called word may hold `=` anywhere. */
static const char *
pos(const struct layer *l, int n)
{
	for (int i = 1; i < l->n; i++) {
		const char *eq = strchr(l->word[i], '=');
		if (eq && strcspn(l->word[i], "\"(:") > (size_t)(eq - l->word[i]))
			continue;
		if (n-- == 0)
			return l->word[i];
	}
	die("argument missing", l->word[0]);
}

static void
address(const char *text, uint8_t *ip, size_t want)
{
	size_t n;
	if (!expr_ip(text, ip, &n) || n != want)
		die("no address of this family", text);
}

static uint32_t
v4(const char *text)
{
	uint8_t ip[16];
	uint32_t v;
	address(text, ip, 4);
	memcpy(&v, ip, 4);
	return v; /* network order, as libnet wants IPv4 addresses */
}

/* ---- libnet: one header around what there is ---- */
static void
take(struct frame *f, libnet_ptag_t tag)
{
	uint8_t *p;
	uint32_t n;
	if (tag == -1 || libnet_pblock_coalesce(net, &p, &n) == -1)
		die("libnet", libnet_geterror(net));
	f->bytes.n = 0;
	buf_put(&f->bytes, p, n);
	free(p);
	libnet_clear_packet(net);
}

static void
wrap(struct frame *f, const uint8_t *head, size_t n)
{
	struct buf *all = calloc(1, sizeof *all);
	if (all == NULL)
		die("out of memory", "");
	buf_put(all, head, n);
	buf_put(all, f->bytes.p, f->bytes.n);
	take(f, libnet_build_data(all->p, (uint32_t)all->n, net, 0));
	free(all);
}

/* RFC 1071, over pseudo header and payload; the IP layer is the nearest one outside. */
static uint32_t
add16(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t
fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t
pseudo(const struct frame *f, int at, uint8_t proto)
{
	const char *final = NULL;
	for (int i = at - 1; i >= 0; i--) {
		const struct layer *l = &f->layer[i];
		bool six = strcmp(l->word[0], "ip6") == 0;
		if (strcmp(l->word[0], "rt") == 0 && num(l, "left", 1) > 0)
			final = key(l, "final"); /* RFC 8200 8.1: the last hop */
		if (!six && strcmp(l->word[0], "ip4") != 0)
			continue;
		uint8_t ip[32] = { 0 };
		size_t n = six ? 16 : 4;
		address(pos(l, 0), ip, n);
		address(final ? final : pos(l, 1), ip + n, n);
		return add16(0, ip, 2 * n) + (uint32_t)f->bytes.n + proto;
	}
	return 0;
}

/* The checksum that goes at `off` of the present bytes, as the script wants it. */
static void
checksum(struct frame *f, int at, uint8_t proto, size_t off)
{
	const char *how = key(&f->layer[at], "sum");
	f->bytes.p[off] = f->bytes.p[off + 1] = 0;
	if (how && strcmp(how, "none") == 0)
		return;
	uint16_t sum = fold(add16(pseudo(f, at, proto), f->bytes.p, f->bytes.n));
	if (sum == 0 && proto == IPPROTO_UDP)
		sum = 0xffff;
	if (how && strcmp(how, "bad") == 0)
		sum ^= 0x5555;
	f->bytes.p[off] = (uint8_t)(sum >> 8);
	f->bytes.p[off + 1] = (uint8_t)sum;
}

/* ---- the layers ---- */
static void
do_bytes(struct frame *f, int at)
{
	struct buf *b = calloc(1, sizeof *b);
	if (b == NULL)
		die("out of memory", "");
	expr_eval(b, pos(&f->layer[at], 0));
	wrap(f, b->p, b->n);
	free(b);
}

static void
do_dhcp4(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	uint8_t chaddr[16] = { 0 };
	const char *mac = key(l, "mac");
	if (mac)
		expr_mac(mac, chaddr);
	uint32_t ip[4] = { 0 };
	static const char *const names[] = { "ciaddr", "yiaddr", "siaddr", "giaddr" };
	for (int i = 0; i < 4; i++)
		if (key(l, names[i]))
			ip[i] = ntohl(v4(key(l, names[i])));
	struct buf *b = calloc(2, sizeof *b);
	if (b == NULL)
		die("out of memory", "");
	expr_eval(&b[0], pos(l, 0));
	take(f, libnet_build_dhcpv4((uint8_t)num(l, "op", 1), (uint8_t)num(l, "htype", 1),
				    (uint8_t)num(l, "hlen", 6), (uint8_t)num(l, "hops", 0),
				    (uint32_t)num(l, "xid", 0), (uint16_t)num(l, "secs", 0),
				    (uint16_t)num(l, "flags", 0), ip[0], ip[1], ip[2], ip[3], chaddr, NULL,
				    NULL, b[0].p, (uint32_t)b[0].n, net, 0));
	/* These areas may hold options and zeros, which libnet's text arguments cannot. */
	static const struct {
		const char *name;
		size_t off, max;
	} area[] = { { "sname", 44, 64 }, { "file", 108, 128 } };
	for (int i = 0; i < 2; i++) {
		if (key(l, area[i].name) == NULL)
			continue;
		b[1].n = 0;
		expr_eval(&b[1], key(l, area[i].name));
		if (b[1].n > area[i].max)
			die("too long", area[i].name);
		memcpy(f->bytes.p + area[i].off, b[1].p, b[1].n);
	}
	if (num(l, "cookie", 1) == 0)
		memset(f->bytes.p + 236, 0, 4);
	free(b);
}

static void
do_icmp6(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	do_bytes(f, at); /* all after the checksum is one expression: `icmp6 type=134 BODY` */
	uint8_t head[4] = { (uint8_t)num(l, "type", 0), (uint8_t)num(l, "code", 0) };
	if (f->bytes.n < 4)
		die("an ICMPv6 body has 4 bytes or more", "");
	/* libnet's echo is the general head: type, code, checksum and two words that are the body's first. */
	uint16_t w0 = (uint16_t)(f->bytes.p[0] << 8 | f->bytes.p[1]),
		 w1 = (uint16_t)(f->bytes.p[2] << 8 | f->bytes.p[3]);
	take(f, libnet_build_icmpv6_echo(head[0], head[1], 1, w0, w1, f->bytes.n > 4 ? f->bytes.p + 4 : NULL,
					 (uint32_t)f->bytes.n - 4, net, 0));
	checksum(f, at, IPPROTO_ICMPV6, 2);
	f->proto = IPPROTO_ICMPV6;
}

static void
do_udp(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	uint16_t len = (uint16_t)num(l, "len", 8 + f->bytes.n);
	take(f, libnet_build_udp((uint16_t)expr_num(pos(l, 0)), (uint16_t)expr_num(pos(l, 1)), len, 1,
				 f->bytes.p, (uint32_t)f->bytes.n, net, 0));
	checksum(f, at, IPPROTO_UDP, 6);
	f->proto = IPPROTO_UDP;
}

static void
do_tcp(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	take(f, libnet_build_tcp((uint16_t)expr_num(pos(l, 0)), (uint16_t)expr_num(pos(l, 1)),
				 (uint32_t)num(l, "seq", 1), (uint32_t)num(l, "ack", 0),
				 (uint8_t)num(l, "flags", 0x18), 8192, 1, 0, (uint16_t)(20 + f->bytes.n),
				 f->bytes.n ? f->bytes.p : NULL, (uint32_t)f->bytes.n, net, 0));
	checksum(f, at, IPPROTO_TCP, 16);
	f->proto = IPPROTO_TCP;
}

/* `at=OFFSET:LENGTH` of a fragment: what is left of the present bytes.  Gives the offset and whether more follow. */
static uint16_t
cut_fragment(struct frame *f, const struct layer *l, bool *more)
{
	const char *range = key(l, "at");
	size_t off = 0, len = f->bytes.n;
	if (range) {
		const char *colon = strchr(range, ':');
		char first[16] = "";
		if (colon == NULL || colon - range > 15)
			die("at=OFFSET:LENGTH", range);
		memcpy(first, range, (size_t)(colon - range));
		off = expr_num(first);
		len = expr_num(colon + 1);
	}
	if (off > f->bytes.n || len > f->bytes.n - off || off % 8)
		die("fragment outside, or not at a multiple of 8", range ? range : "");
	*more = num(l, "mf", off + len < f->bytes.n) != 0;
	memmove(f->bytes.p, f->bytes.p + off, len);
	f->bytes.n = len;
	return (uint16_t)(num(l, "off", off) / 8);
}

static void
do_ip4(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	bool more = false;
	uint16_t frag = key(l, "at") ? cut_fragment(f, l, &more) : 0;
	uint8_t proto = (uint8_t)num(l, "proto", f->proto);
	take(f, libnet_build_ipv4((uint16_t)num(l, "len", 20 + f->bytes.n), 0, (uint16_t)num(l, "id", 0),
				  (uint16_t)(frag | (more ? 0x2000 : 0)), (uint8_t)num(l, "ttl", 64), proto,
				  1, v4(pos(l, 0)), v4(pos(l, 1)), f->bytes.n ? f->bytes.p : NULL,
				  (uint32_t)f->bytes.n, net, 0));
	f->bytes.p[10] = f->bytes.p[11] = 0;
	uint16_t sum = fold(add16(0, f->bytes.p, 20));
	f->bytes.p[10] = (uint8_t)(sum >> 8);
	f->bytes.p[11] = (uint8_t)sum;
	f->ethertype = ETHERTYPE_IP;
	f->proto = IPPROTO_IPIP;
}

static void
do_ip6(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	struct libnet_in6_addr src, dst;
	address(pos(l, 0), src.libnet_s6_addr, 16);
	address(pos(l, 1), dst.libnet_s6_addr, 16);
	take(f, libnet_build_ipv6(0, 0, (uint16_t)num(l, "len", f->bytes.n), (uint8_t)num(l, "nh", f->proto),
				  (uint8_t)num(l, "hop", 64), src, dst, f->bytes.n ? f->bytes.p : NULL,
				  (uint32_t)f->bytes.n, net, 0));
	f->ethertype = 0x86dd;
	f->proto = IPPROTO_IPV6;
}

static void
do_frag(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	bool more = false;
	uint16_t off = cut_fragment(f, l, &more);
	uint32_t id = (uint32_t)num(l, "id", 1);
	uint16_t word = (uint16_t)(off << 3 | more);
	take(f, libnet_build_ipv6_frag((uint8_t)num(l, "nh", f->proto), 0, 0, 0,
				       f->bytes.n ? f->bytes.p : NULL, (uint32_t)f->bytes.n, net, 0));
	/* libnet writes these two in the machine's own byte order. */
	f->bytes.p[2] = (uint8_t)(word >> 8);
	f->bytes.p[3] = (uint8_t)word;
	for (int i = 0; i < 4; i++)
		f->bytes.p[4 + i] = (uint8_t)(id >> (24 - 8 * i));
	f->proto = IPPROTO_FRAGMENT;
}

/* Hop-by-hop and destination options; without an expression PadN fills one unit (RFC 8200 4.2). */
static void
do_options(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	bool hop = strcmp(l->word[0], "hbh") == 0;
	struct buf *b = calloc(1, sizeof *b);
	if (b == NULL)
		die("out of memory", "");
	expr_eval(b, l->n > 1 && strchr(l->word[1], '=') == NULL ? pos(l, 0) : "hex:010400000000");
	if ((b->n + 2) % 8)
		die("options must fill units of 8", "");
	uint8_t units = (uint8_t)num(l, "len", (b->n + 2) / 8 - 1);
	buf_put(b, f->bytes.p, f->bytes.n);
	uint8_t nh = (uint8_t)num(l, "nh", f->proto);
	take(f, hop ? libnet_build_ipv6_hbhopts(nh, units, b->p, (uint32_t)b->n, net, 0)
		    : libnet_build_ipv6_destopts(nh, units, b->p, (uint32_t)b->n, net, 0));
	free(b);
	f->proto = hop ? IPPROTO_HOPOPTS : IPPROTO_DSTOPTS;
}

/* Routing header (RFC 8200 4.4), type 0 unless said: `rt left=1 final=ADDR` names the one address it holds. */
static void
do_rt(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	uint8_t ip[16] = { 0 };
	struct buf *b = calloc(1, sizeof *b);
	if (b == NULL)
		die("out of memory", "");
	address(key(l, "final") ? key(l, "final") : "::", ip, 16);
	buf_be(b, 0, 4);
	buf_put(b, ip, 16);
	buf_put(b, f->bytes.p, f->bytes.n);
	take(f, libnet_build_ipv6_routing(f->proto, 2, (uint8_t)num(l, "type", 0), (uint8_t)num(l, "left", 1),
					  b->p, (uint32_t)b->n, net, 0));
	free(b);
	f->proto = IPPROTO_ROUTING;
}

static void
do_arp(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	uint8_t sha[6], tha[6];
	uint32_t spa = v4(pos(l, 2)), tpa = v4(pos(l, 4));
	expr_mac(pos(l, 1), sha);
	expr_mac(pos(l, 3), tha);
	take(f,
	     libnet_build_arp(1, 0x0800, 6, 4, (uint16_t)expr_num(pos(l, 0)), sha, (uint8_t *)&spa, tha,
			      (uint8_t *)&tpa, f->bytes.n ? f->bytes.p : NULL, (uint32_t)f->bytes.n, net, 0));
	f->ethertype = ETHERTYPE_ARP;
}

static void
do_vlan(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	uint16_t type = (uint16_t)num(l, "type", f->ethertype);
	uint16_t tci = (uint16_t)(num(l, "prio", 0) << 13 | expr_num(pos(l, 0)));
	uint8_t tag[4] = { (uint8_t)(tci >> 8), (uint8_t)tci, (uint8_t)(type >> 8), (uint8_t)type };
	wrap(f, tag, sizeof tag);
	f->ethertype = (uint16_t)num(l, "tpid", 0x8100);
}

static void
do_eth(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	uint8_t src[6], dst[6];
	expr_mac(pos(l, 0), src);
	expr_mac(pos(l, 1), dst);
	take(f, libnet_build_ethernet(dst, src, (uint16_t)num(l, "type", f->ethertype), f->bytes.p,
				      (uint32_t)f->bytes.n, net, 0));
	f->link = DLT_OF_ETH;
	f->ethertype = TYPE_BRIDGED; /* inside a wrapper */
}

/* LINKTYPE_LINUX_SLL and _SLL2: `sll SRC pkttype=4` (4: sent by us). */
static void
do_sll(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	bool two = strcmp(l->word[0], "sll2") == 0;
	uint8_t mac[6], pkttype = (uint8_t)num(l, "pkttype", 0);
	expr_mac(pos(l, 0), mac);
	uint8_t hi = (uint8_t)(f->ethertype >> 8), lo = (uint8_t)f->ethertype;
	uint8_t one[16] = { 0,	    pkttype, 0,	     1,	     0, 6, mac[0], mac[1],
			    mac[2], mac[3],  mac[4], mac[5], 0, 0, hi,	   lo };
	uint8_t v2[20] = { hi, lo,	0, 0,	   0,	   0,	   0,	   2,	   0,
			   1,  pkttype, 6, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5] };
	wrap(f, two ? v2 : one, two ? sizeof v2 : sizeof one);
	f->link = two ? DLT_OF_SLL2 : DLT_OF_SLL;
}

/* BSD loopback: the address family in the byte order of the machine that captured (here little). */
static void
do_null(struct frame *f, int at)
{
	uint8_t head[4] = { (uint8_t)num(&f->layer[at], "family", f->ethertype == ETHERTYPE_IP ? 2 : 30) };
	wrap(f, head, sizeof head);
	f->link = DLT_OF_NULL;
}

static void
do_raw(struct frame *f, int at)
{
	(void)at;
	f->link = DLT_OF_RAW;
}

/* ---- wrappers ---- */
static void
wrap_buf(struct frame *f, struct buf *head)
{
	wrap(f, head->p, head->n);
	free(head);
}

static struct buf *
empty(void)
{
	struct buf *b = calloc(1, sizeof *b);
	if (b == NULL)
		die("out of memory", "");
	return b;
}

/* RFC 2784, RFC 2890: `sum=1`, `key=`, `seq=`; RFC 2637 with `ver=1`: `key=` is the call. */
static void
do_gre(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	bool sum = num(l, "sum", 0) != 0, key_ = key(l, "key") != NULL, seq = key(l, "seq") != NULL;
	unsigned ver = (unsigned)num(l, "ver", 0);
	struct buf *b = empty();
	buf_be(b, num(l, "flags", (sum ? 0x8000u : 0) | (key_ ? 0x2000u : 0) | (seq ? 0x1000u : 0) | ver), 2);
	buf_be(b, num(l, "type", f->ethertype), 2);
	if (sum)
		buf_be(b, 0, 4);
	if (key_ && ver == 1)
		buf_be(b, num(l, "len", f->bytes.n) << 16 | num(l, "key", 0), 4);
	else if (key_)
		buf_be(b, num(l, "key", 0), 4);
	if (seq)
		buf_be(b, num(l, "seq", 0), 4);
	wrap_buf(f, b);
	if (sum) {
		uint16_t v = fold(add16(0, f->bytes.p, f->bytes.n));
		f->bytes.p[4] = (uint8_t)(v >> 8);
		f->bytes.p[5] = (uint8_t)v;
	}
	f->proto = 47;
}

/* draft-foschiano-erspan-03, 4.2 and 4.3. */
static void
do_erspan(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	bool three = strcmp(l->word[0], "erspan3") == 0, sub = key(l, "sub") != NULL;
	struct buf *b = empty();
	buf_be(b, num(l, "ver", three ? 2 : 1) << 12 | num(l, "vlan", 0), 2);
	buf_be(b, num(l, "cos", 0) << 13 | num(l, "t", 0) << 10 | num(l, "session", 1), 2);
	buf_be(b, num(l, "index", 0), 4);
	if (three) {
		buf_be(b, num(l, "sgt", 0), 2);
		buf_be(b, num(l, "ft", 0) << 10 | (sub ? 1u : 0), 2);
		if (sub)
			buf_be(b, num(l, "sub", 0), 8);
	}
	wrap_buf(f, b);
	f->ethertype = three ? 0x22eb : 0x88be;
}

/* RFC 7348; `group=` and `next=` as in its extensions. */
static void
do_vxlan(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	bool group = key(l, "group") != NULL, next = key(l, "next") != NULL;
	struct buf *b = empty();
	buf_be(b, num(l, "flags", 8u | (group ? 0x80u : 0) | (next ? 4u : 0)), 1);
	buf_be(b, 0, 1);
	buf_be(b, group ? num(l, "group", 0) : num(l, "next", 0), 2);
	buf_be(b, expr_num(pos(l, 0)), 3);
	buf_be(b, num(l, "reserved", 0), 1);
	wrap_buf(f, b);
}

/* RFC 8926 3.4; `opts=EXPR` in words of 4 bytes. */
static void
do_geneve(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	struct buf *b = empty(), *opts = empty();
	if (key(l, "opts"))
		expr_eval(opts, key(l, "opts"));
	buf_be(b, num(l, "optlen", opts->n / 4), 1);
	buf_be(b, num(l, "flags", 0), 1);
	buf_be(b, num(l, "type", f->ethertype), 2);
	buf_be(b, expr_num(pos(l, 0)) << 8, 4);
	buf_put(b, opts->p, opts->n);
	free(opts);
	wrap_buf(f, b);
}

static void
do_tzsp(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	struct buf *b = empty();
	buf_be(b, num(l, "ver", 1), 1);
	buf_be(b, num(l, "type", 0), 1);
	buf_be(b, num(l, "inner", 1), 2);
	expr_eval(b, key(l, "tags") ? key(l, "tags") : "u8:1");
	wrap_buf(f, b);
}

/* RFC 3032: the label outside another one is not the last. */
static void
do_mpls(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	struct buf *b = empty();
	uint64_t last = num(l, "s", f->ethertype != TYPE_MPLS);
	buf_be(b, expr_num(pos(l, 0)) << 12 | last << 8 | num(l, "ttl", 64), 4);
	wrap_buf(f, b);
	f->ethertype = TYPE_MPLS;
}

/* A pseudowire's control word, RFC 4385 3. */
static void
do_cw(struct frame *f, int at)
{
	struct buf *b = empty();
	buf_be(b, num(&f->layer[at], "seq", 0), 4);
	wrap_buf(f, b);
}

static void
do_pppoe(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	struct buf *b = empty();
	buf_be(b, num(l, "ver", 0x11), 1);
	buf_be(b, num(l, "code", 0), 1);
	buf_be(b, expr_num(pos(l, 0)), 2);
	buf_be(b, num(l, "len", f->bytes.n), 2);
	wrap_buf(f, b);
	f->ethertype = TYPE_PPPOE;
}

/* RFC 1661: `pfc=1` for a compressed protocol, `hdlc=1` for address and control, `dir=` for a byte before all. */
static void
do_ppp(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	uint64_t of = f->ethertype == ETHERTYPE_IP ? 0x21 : f->ethertype == TYPE_MPLS ? 0x281 : 0x57;
	struct buf *b = empty();
	if (key(l, "dir"))
		buf_be(b, num(l, "dir", 0), 1);
	if (num(l, "hdlc", 0))
		buf_be(b, 0xff03, 2);
	buf_be(b, num(l, "proto", of), num(l, "pfc", 0) ? 1 : 2);
	wrap_buf(f, b);
	f->link = (int)num(l, "link", DLT_OF_PPP);
	f->ethertype = 0x880b;
}

/* Cisco's HDLC, RFC 1547 4.3.1. */
static void
do_hdlc(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	struct buf *b = empty();
	buf_be(b, num(l, "addr", 0x0f) << 8, 2);
	buf_be(b, f->ethertype, 2);
	wrap_buf(f, b);
	f->link = (int)num(l, "link", DLT_OF_C_HDLC);
}

static void
do_sgt(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	struct buf *b = empty();
	uint64_t n = num(l, "n", 1);
	buf_be(b, num(l, "ver", 1) << 8 | num(l, "len", n), 2);
	for (uint64_t i = 0; i < n; i++)
		buf_be(b, 0x00010000 | expr_num(pos(l, 0)), 4);
	buf_be(b, f->ethertype, 2);
	wrap_buf(f, b);
	f->ethertype = TYPE_SGT;
}

static void
nflog_number(struct buf *b, uint64_t v, bool big)
{
	buf_be(b, big ? v : (v & 0xff) << 8 | v >> 8, 2);
}

/* LINKTYPE_NFLOG: a prefix, the sender's address where `mac=` says one, the packet; `big=1`: of a big-endian machine. */
static void
do_nflog(struct frame *f, int at)
{
	const struct layer *l = &f->layer[at];
	bool big = num(l, "big", 0) != 0;
	struct buf *b = empty();
	buf_be(b, num(l, "family", f->ethertype == ETHERTYPE_IP ? 2 : 10) << 24, 4);
	nflog_number(b, 5, big);
	nflog_number(b, 10, big);
	buf_be(b, 0, 4);
	if (key(l, "mac")) {
		uint8_t mac[8] = { 0 };
		expr_mac(key(l, "mac"), mac);
		nflog_number(b, 16, big);
		nflog_number(b, 8, big);
		buf_be(b, 6u << 16, 4);
		buf_put(b, mac, 8);
	}
	nflog_number(b, num(l, "len", 4 + f->bytes.n), big);
	nflog_number(b, 9, big);
	wrap_buf(f, b);
	f->link = DLT_OF_NFLOG;
}

static const struct {
	const char *name;
	void (*build)(struct frame *, int at);
} layers[] = {
	{ "bytes", do_bytes },	  { "dhcp4", do_dhcp4 }, { "icmp6", do_icmp6 },	  { "udp", do_udp },
	{ "tcp", do_tcp },	  { "ip4", do_ip4 },	 { "ip6", do_ip6 },	  { "frag", do_frag },
	{ "hbh", do_options },	  { "dst", do_options }, { "rt", do_rt },	  { "arp", do_arp },
	{ "vlan", do_vlan },	  { "eth", do_eth },	 { "sll", do_sll },	  { "sll2", do_sll },
	{ "null", do_null },	  { "raw", do_raw },	 { "gre", do_gre },	  { "erspan2", do_erspan },
	{ "erspan3", do_erspan }, { "vxlan", do_vxlan }, { "geneve", do_geneve }, { "tzsp", do_tzsp },
	{ "mpls", do_mpls },	  { "cw", do_cw },	 { "pppoe", do_pppoe },	  { "ppp", do_ppp },
	{ "hdlc", do_hdlc },	  { "sgt", do_sgt },	 { "nflog", do_nflog },
};

static void
build(struct frame *f)
{
	f->bytes.n = 0;
	f->link = -1;
	f->proto = 59;
	for (int at = f->nlayer - 1; at >= 0; at--) {
		size_t i = 0, n = sizeof layers / sizeof layers[0];
		while (i < n && strcmp(layers[i].name, f->layer[at].word[0]) != 0)
			i++;
		if (i == n)
			die("no such layer", f->layer[at].word[0]);
		layers[i].build(f, at);
	}
	if (f->link < 0)
		die("a frame begins with eth, sll, sll2, null, raw, ppp, hdlc or nflog", f->layer[0].word[0]);
	while (f->bytes.n < (size_t)f->pad)
		buf_be(&f->bytes, 0, 1);
}

/* ---- where frames go ---- */
struct sink {
	FILE *file;
	libnet_t *live;
	bool ng, nano; /* pcapng, big-endian, nanoseconds */
	int link[IFACES], nlink;
	uint64_t last;
};

static void
out_be(FILE *f, uint64_t v, int n)
{
	for (int i = n - 1; i >= 0; i--)
		putc((int)(v >> 8 * i & 255), f);
}

static void
out_le(FILE *f, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		putc((int)(v >> 8 * i & 255), f);
}

/* A pcapng interface block; if_tsresol 9: nanoseconds. */
static void
ng_interface(FILE *f, int link)
{
	out_be(f, 1, 4);
	out_be(f, 32, 4);
	out_be(f, (uint64_t)link, 2);
	out_be(f, 0, 2);
	out_be(f, 262144, 4);
	out_be(f, 9, 2);
	out_be(f, 1, 2);
	out_be(f, 9, 1);
	out_be(f, 0, 3);
	out_be(f, 0, 4);
	out_be(f, 32, 4);
}

static void
ng_section(FILE *f)
{
	out_be(f, 0x0a0d0d0a, 4);
	out_be(f, 28, 4);
	out_be(f, 0x1a2b3c4d, 4);
	out_be(f, 1, 2);
	out_be(f, 0, 2);
	out_be(f, UINT64_MAX, 8);
	out_be(f, 28, 4);
}

static void
write_file(struct sink *s, const struct frame *f, uint64_t ns)
{
	uint32_t wire = (uint32_t)f->bytes.n, cap = f->snap && f->snap < wire ? f->snap : wire;
	if (s->nlink == 0 && s->ng)
		ng_section(s->file);
	else if (s->nlink == 0) {
		out_le(s->file, s->nano ? 0xa1b23c4d : 0xa1b2c3d4, 4);
		out_le(s->file, 2, 2);
		out_le(s->file, 4, 2);
		out_le(s->file, 0, 8);
		out_le(s->file, 262144, 4);
		out_le(s->file, (uint64_t)f->link, 4);
		s->link[s->nlink++] = f->link;
	}
	while (s->ng && s->nlink <= f->iface) {
		ng_interface(s->file, f->link);
		s->link[s->nlink++] = f->link;
	}
	if (s->link[s->ng ? f->iface : 0] != f->link)
		die("two link types on one interface", "");
	if (s->ng) {
		uint32_t all = 32 + (cap + 3) / 4 * 4;
		out_be(s->file, 6, 4);
		out_be(s->file, all, 4);
		out_be(s->file, (uint64_t)f->iface, 4);
		out_be(s->file, ns, 8);
		out_be(s->file, cap, 4);
		out_be(s->file, wire, 4);
		fwrite(f->bytes.p, 1, cap, s->file);
		out_be(s->file, 0, (int)((4 - cap % 4) % 4));
		out_be(s->file, all, 4);
		return;
	}
	out_le(s->file, ns / 1000000000, 4);
	out_le(s->file, s->nano ? ns % 1000000000 : ns % 1000000000 / 1000, 4);
	out_le(s->file, cap, 4);
	out_le(s->file, wire, 4);
	fwrite(f->bytes.p, 1, cap, s->file);
}

static void
send_live(struct sink *s, const struct frame *f, uint64_t ns)
{
	if (s->last && ns > s->last) {
		uint64_t gap = ns - s->last;
		nanosleep(&(struct timespec){ (time_t)(gap / 1000000000), (long)(gap % 1000000000) }, NULL);
	}
	s->last = ns;
	if (f->link != DLT_OF_ETH || libnet_adv_write_link(s->live, f->bytes.p, (uint32_t)f->bytes.n) == -1)
		die("cannot send", libnet_geterror(s->live));
}

/* ---- the script ---- */
static struct {
	char *name, *text;
} lets[LETS_MAX];
static int nlets;

/* Puts the texts of `let` in place of $NAME; texts were expanded when they were defined. */
static void
expand(const char *in, char *out, size_t cap)
{
	size_t n = 0;
	while (*in && n + 1 < cap) {
		if (*in != '$') {
			out[n++] = *in++;
			continue;
		}
		size_t len = strspn(++in, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		int i = nlets - 1;
		while (i >= 0 && (strlen(lets[i].name) != len || memcmp(lets[i].name, in, len) != 0))
			i--;
		if (i < 0)
			die("no such name", in);
		if (n + strlen(lets[i].text) + 1 > cap)
			die("line too long", in);
		memcpy(out + n, lets[i].text, strlen(lets[i].text));
		n += strlen(lets[i].text);
		in += len;
	}
	out[n] = '\0';
}

/* Words are separated by blanks outside quotes; blanks inside parentheses are dropped. */
static char *
next_word(char **s)
{
	while (**s == ' ' || **s == '\t')
		(*s)++;
	if (**s == '\0' || **s == '#')
		return NULL;
	char *word = *s, *to = *s;
	int level = 0;
	bool quoted = false;
	for (; **s && (quoted || level > 0 || (**s != ' ' && **s != '\t')); (*s)++) {
		quoted ^= **s == '"';
		level += quoted ? 0 : (**s == '(') - (**s == ')');
		if (quoted || (**s != ' ' && **s != '\t'))
			*to++ = **s;
	}
	if (**s)
		(*s)++;
	*to = '\0';
	return word;
}

/* t=SECONDS or t=+SECONDS since the frame before; up to nine decimals. */
static uint64_t
time_of(const char *text, uint64_t before)
{
	uint64_t add = *text == '+' ? before : 0, sec = 0, frac = 0, unit = 1000000000;
	text += *text == '+';
	for (; *text >= '0' && *text <= '9'; text++)
		sec = sec * 10 + (uint64_t)(*text - '0');
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9' && unit > 1; text++)
			frac += (uint64_t)(*text - '0') * (unit /= 10);
	if (*text)
		die("no time", text);
	return add + sec * 1000000000 + frac;
}

static void
read_frame(struct frame *f, char *line, uint64_t *ns)
{
	char *word;
	f->nlayer = f->iface = f->pad = 0;
	f->snap = 0;
	while (f->nlayer == 0 && (word = next_word(&line)) != NULL) {
		if (strncmp(word, "t=", 2) == 0)
			*ns = time_of(word + 2, *ns);
		else if (strncmp(word, "snap=", 5) == 0)
			f->snap = (uint32_t)expr_num(word + 5);
		else if (strncmp(word, "pad=", 4) == 0)
			f->pad = (int)expr_num(word + 4);
		else if (strncmp(word, "if=", 3) == 0 && expr_num(word + 3) < IFACES)
			f->iface = (int)expr_num(word + 3);
		else {
			f->nlayer = 1;
			f->layer[0] = (struct layer){ .n = 1, .word = { word } };
		}
	}
	while ((word = next_word(&line)) != NULL) {
		struct layer *l = &f->layer[f->nlayer - 1];
		if (strcmp(word, "/") == 0) {
			if (f->nlayer == LAYERS_MAX || (word = next_word(&line)) == NULL)
				die("too many layers, or nothing after /", "");
			f->layer[f->nlayer++] = (struct layer){ .n = 1, .word = { word } };
		} else if (l->n == WORDS_MAX)
			die("too many words", word);
		else
			l->word[l->n++] = word;
	}
}

static void
read_let(char *line)
{
	char *name = next_word(&line), *eq = next_word(&line);
	if (name == NULL || eq == NULL || strcmp(eq, "=") != 0 || nlets == LETS_MAX)
		die("let NAME = TEXT", "");
	lets[nlets].name = strdup(name);
	lets[nlets++].text = strdup(line + strspn(line, " \t"));
}

static void
run(FILE *script, struct sink *s)
{
	static char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	static struct frame f;
	uint64_t ns = 1700000000000000000;
	size_t have = 0;
	while (fgets(raw + have, (int)(sizeof raw - have), script)) {
		line_no++;
		have = strcspn(raw, "\n");
		raw[have] = '\0';
		if (have && raw[have - 1] == '\\') { /* goes on in the next line */
			have--;
			continue;
		}
		have = 0;
		expand(raw, line, sizeof line);
		char *rest = line + strspn(line, " \t");
		if (*rest == '\0' || *rest == '#')
			continue;
		if (strncmp(rest, "let ", 4) == 0)
			read_let(rest + 4);
		else if (strncmp(rest, "format ", 7) == 0) {
			s->ng = strstr(rest, "pcapng") != NULL;
			s->nano = strstr(rest, "nano") != NULL;
		} else {
			read_frame(&f, rest, &ns);
			build(&f);
			if (s->live)
				send_live(s, &f, ns);
			else
				write_file(s, &f, ns);
		}
	}
}

int
main(int argc, char **argv)
{
	char err[LIBNET_ERRBUF_SIZE];
	struct sink s = { 0 };
	bool live = argc == 4 && strcmp(argv[1], "-i") == 0;
	if (argc != 4 || (!live && strcmp(argv[1], "-o") != 0)) {
		fprintf(stderr, "usage: forge -o CAPTURE SCRIPT    write a capture\n"
				"       forge -i INTERFACE SCRIPT  send at the script's pace (a namespace of "
				"your own, please)\n");
		return 2;
	}
	script_name = argv[3];
	FILE *script = fopen(script_name, "r");
	net = libnet_init(LIBNET_NONE, NULL, err);
	if (script == NULL || net == NULL)
		die("cannot open", script ? err : script_name);
	if (live && (s.live = libnet_init(LIBNET_LINK_ADV, argv[2], err)) == NULL)
		die("cannot send", err);
	if (!live && (s.file = fopen(argv[2], "wb")) == NULL)
		die("cannot write", argv[2]);
	run(script, &s);
	if (s.file && fclose(s.file) != 0)
		die("cannot write", argv[2]);
	libnet_destroy(net);
	if (s.live)
		libnet_destroy(s.live);
	fclose(script);
	return 0;
}
