/* Frames for tests of the IPv6 detections: built byte by byte, read by the walk, handed to an engine.  A test sees the
 * bytes' meaning in the names of the builders; who is right comes from RFC 8415, RFC 4861 and RFC 826. */
#ifndef CROSSTAP_TEST_WIRE6_H
#define CROSSTAP_TEST_WIRE6_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hypothesis.h"
#include "out.h"
#include "walk.h"

struct wire {
	struct engine_conf conf;
	struct authority authority;
	struct engine *e;
	struct walk *walk;
	void *mem, *walk_mem;
	ts_t now;
	uint64_t n;
	uint16_t vlan; /* 0: untagged */
	uint8_t hop;
};

static const struct mac ROUTER = { { 0, 0x1a, 0x8c, 0, 0, 1 } }, SERVER = { { 2, 0, 0, 0, 0, 0x02 } };
static const struct mac ROGUE = { { 2, 0, 0, 0, 0, 0xaa } }, CLIENT = { { 2, 0, 0, 0, 0, 0xbb } };
static const struct mac CLIENT2 = { { 2, 0, 0, 0, 0, 0xbc } };
static const struct mac ALL_NODES = { { 0x33, 0x33, 0, 0, 0, 1 } }, ALL_DHCP = { { 0x33, 0x33, 0, 1, 0, 2 } };
static const struct mac BROADCAST = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

static inline struct addr
ip(const char *text)
{
	struct addr a;
	if (!addr_parse(bytes_str(text), &a))
		abort();
	return a;
}

/* The link-local address of a MAC: fe80:: and its last byte, as short as can be. */
static inline struct addr
ll(struct mac m)
{
	struct addr a = ip("fe80::");
	memcpy(a.b + 10, m.b, 6);
	return a;
}

static inline void
nothing(void *arg, const struct incident *i)
{
	(void)arg;
	(void)i;
}

static inline void
wire_open(struct wire *w)
{
	struct walk_limits none = { 0 };

	w->conf.authority = w->authority.nsite ? &w->authority : NULL;
	w->conf.hosts = 4096;
	w->conf.events = 256;
	w->mem = calloc(1, engine_bytes(&w->conf));
	w->e = engine_open(&w->conf, w->mem, (struct sipkey){ { 1, 2 } }, nothing, NULL);
	w->walk_mem = calloc(1, walk_bytes(&none));
	w->walk = walk_open(&none, w->walk_mem, (struct sipkey){ { 3, 4 } });
	w->now = ts_days(2026, 11, 20) * TS_DAY;
	w->hop = 255;
}

static inline void
wire_close(struct wire *w)
{
	free(w->mem);
	free(w->walk_mem);
}

static inline void
wire_obs(void *arg, const struct obs *o)
{
	engine_obs(arg, o);
}

static inline void
wire_frame(struct wire *w, const void *p, size_t n)
{
	struct frame f = { .ts = w->now,
			   .number = ++w->n,
			   .linktype = 1,
			   .p = p,
			   .caplen = (uint32_t)n,
			   .wirelen = (uint32_t)n };

	(void)walk_frame(w->walk, &f, wire_obs, w->e);
	w->now += TS_MS;
}

static inline void
wire_wait(struct wire *w, ts_t t)
{
	/* second by second, as a live engine is told the time */
	for (ts_t end = w->now + t; w->now < end;) {
		w->now = end - w->now > TS_SEC ? w->now + TS_SEC : end;
		engine_tick(w->e, w->now);
	}
}

static inline void
ether(struct out *o, struct wire *w, struct mac from, struct mac to, uint16_t type)
{
	out_put(o, to.b, 6);
	out_put(o, from.b, 6);
	if (w->vlan) {
		out_be(o, 0x8100, 2);
		out_be(o, w->vlan, 2);
	}
	out_be(o, type, 2);
}

/* RFC 8200 8.1 */
static inline uint16_t
checksum(struct addr src, struct addr dst, uint8_t next, const uint8_t *p, size_t n)
{
	uint32_t sum = (uint32_t)n + next;

	for (size_t i = 0; i < 16; i += 2)
		sum += (uint32_t)(src.b[i] << 8 | src.b[i + 1]) + (uint32_t)(dst.b[i] << 8 | dst.b[i + 1]);
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* An IPv6 packet; the upper layer's checksum lies at `sum_at`.  `before`: extension headers, their chain starts with
 * `first`. */
static inline void
ip6_frame(struct wire *w, struct mac from, struct mac to, struct addr src, struct addr dst, uint8_t first,
	  struct bytes before, uint8_t next, uint8_t *p, size_t n, size_t sum_at)
{
	uint8_t buf[2048];
	struct out o = out_init(buf, sizeof(buf));
	uint16_t sum;

	p[sum_at] = p[sum_at + 1] = 0;
	sum = checksum(src, dst, next, p, n);
	p[sum_at] = (uint8_t)(sum >> 8);
	p[sum_at + 1] = (uint8_t)sum;
	ether(&o, w, from, to, 0x86dd);
	out_be(&o, 0x60000000, 4);
	out_be(&o, before.n + n, 2);
	out_be(&o, before.n ? first : next, 1);
	out_be(&o, w->hop, 1);
	out_put(&o, src.b, 16);
	out_put(&o, dst.b, 16);
	out_view(&o, before);
	out_put(&o, p, n);
	assert_true(out_ok(&o));
	wire_frame(w, buf, o.n);
}

static inline void
udp6(struct wire *w, struct mac from, struct mac to, struct addr src, struct addr dst, uint16_t sport,
     uint16_t dport, struct bytes v)
{
	uint8_t buf[1500];
	struct out o = out_init(buf, sizeof(buf));

	out_be(&o, sport, 2);
	out_be(&o, dport, 2);
	out_be(&o, 8 + v.n, 2);
	out_be(&o, 0, 2);
	out_view(&o, v);
	assert_true(out_ok(&o));
	ip6_frame(w, from, to, src, dst, 0, (struct bytes){ NULL, 0 }, 17, buf, o.n, 6);
}

/* ---- DHCPv6, RFC 8415 ---- */
struct d6m {
	uint8_t buf[512];
	struct out o;
};

static inline void
d6_begin(struct d6m *m, uint8_t type, uint32_t xid)
{
	m->o = out_init(m->buf, sizeof(m->buf));
	out_be(&m->o, type, 1);
	out_be(&m->o, xid, 3);
}

static inline void
d6_opt(struct d6m *m, uint16_t code, const void *p, size_t n)
{
	out_be(&m->o, code, 2);
	out_be(&m->o, n, 2);
	out_put(&m->o, p, n);
}

/* DUID-LL (RFC 8415 11.4) */
static inline void
d6_duid(struct d6m *m, uint16_t code, struct mac mac)
{
	uint8_t duid[10] = { 0, 3, 0, 1 };
	memcpy(duid + 4, mac.b, 6);
	d6_opt(m, code, duid, sizeof(duid));
}

static inline void
d6_ia(struct d6m *m, uint32_t iaid, uint32_t t1, uint32_t t2, const char *addr, uint32_t preferred,
      uint32_t valid)
{
	out_be(&m->o, D6O_IA_NA, 2);
	out_be(&m->o, addr ? 12 + 28 : 12, 2);
	out_be(&m->o, iaid, 4);
	out_be(&m->o, t1, 4);
	out_be(&m->o, t2, 4);
	if (addr == NULL)
		return;
	out_be(&m->o, D6O_IAADDR, 2);
	out_be(&m->o, 24, 2);
	out_put(&m->o, ip(addr).b, 16);
	out_be(&m->o, preferred, 4);
	out_be(&m->o, valid, 4);
}

static inline void
d6_dns(struct d6m *m, struct addr a)
{
	d6_opt(m, D6O_DNS, a.b, 16);
}

static inline void
d6_client(struct wire *w, struct d6m *m, struct mac from)
{
	assert_true(out_ok(&m->o));
	udp6(w, from, ALL_DHCP, ll(from), ip("ff02::1:2"), 546, 547, out_bytes(&m->o));
}

static inline void
d6_server(struct wire *w, struct d6m *m, struct mac from, struct mac to)
{
	assert_true(out_ok(&m->o));
	udp6(w, from, to, ll(from), ll(to), 547, 546, out_bytes(&m->o));
}

/* ---- Neighbour Discovery, RFC 4861 ---- */
struct ndm {
	uint8_t buf[512];
	struct out o;
};

static inline void
ra_begin(struct ndm *m, uint8_t flags, uint16_t lifetime)
{
	m->o = out_init(m->buf, sizeof(m->buf));
	out_be(&m->o, 134 << 8, 2);
	out_be(&m->o, 0, 2);
	out_be(&m->o, 64, 1);
	out_be(&m->o, flags, 1);
	out_be(&m->o, lifetime, 2);
	out_be(&m->o, 0, 8);
}

static inline void
ra_prefix(struct ndm *m, const char *prefix, uint32_t valid)
{
	out_be(&m->o, 0x0304, 2);
	out_be(&m->o, 64, 1);
	out_be(&m->o, 0xc0, 1); /* on-link, autonomous */
	out_be(&m->o, valid, 4);
	out_be(&m->o, valid, 4);
	out_be(&m->o, 0, 4);
	out_put(&m->o, ip(prefix).b, 16);
}

static inline void
ra_rdnss(struct ndm *m, struct addr a, uint32_t lifetime)
{
	out_be(&m->o, 0x1903, 2);
	out_be(&m->o, 0, 2);
	out_be(&m->o, lifetime, 4);
	out_put(&m->o, a.b, 16);
}

/* A route, RFC 4191 2.3, 24 bytes. */
static inline void
ra_route(struct ndm *m, const char *prefix, uint8_t len)
{
	out_be(&m->o, 0x1803, 2);
	out_be(&m->o, len, 1);
	out_be(&m->o, 0, 1);
	out_be(&m->o, 1800, 4);
	out_put(&m->o, ip(prefix).b, 16);
}

static inline void
nd_send(struct wire *w, struct ndm *m, struct mac from, struct mac to, struct addr src, struct addr dst)
{
	assert_true(out_ok(&m->o));
	ip6_frame(w, from, to, src, dst, 0, (struct bytes){ NULL, 0 }, 58, m->buf, m->o.n, 2);
}

static inline void
ra_send(struct wire *w, struct ndm *m, struct mac from)
{
	nd_send(w, m, from, ALL_NODES, ll(from), ip("ff02::1"));
}

/* A neighbour advertisement with override and target link-layer address, to one neighbour. */
static inline void
na_send(struct wire *w, struct mac from, struct addr target, struct mac to)
{
	struct ndm m;

	m.o = out_init(m.buf, sizeof(m.buf));
	out_be(&m.o, 136 << 8, 2);
	out_be(&m.o, 0, 2);
	out_be(&m.o, 0x60000000, 4); /* solicited, override */
	out_put(&m.o, target.b, 16);
	out_be(&m.o, 0x0201, 2);
	out_put(&m.o, from.b, 6);
	nd_send(w, &m, from, to, target, ll(to));
}

/* Duplicate address detection, RFC 4862 5.4.2. */
static inline void
dad_send(struct wire *w, struct mac from, struct addr target)
{
	struct ndm m;

	m.o = out_init(m.buf, sizeof(m.buf));
	out_be(&m.o, 135 << 8, 2);
	out_be(&m.o, 0, 6);
	out_put(&m.o, target.b, 16);
	nd_send(w, &m, from, (struct mac){ { 0x33, 0x33, 0xff, 0, 0, 1 } }, ip("::"), ip("ff02::1:ff00:1"));
}

static inline void
rs_send(struct wire *w, struct mac from)
{
	struct ndm m;

	m.o = out_init(m.buf, sizeof(m.buf));
	out_be(&m.o, 133 << 8, 2);
	out_be(&m.o, 0, 6);
	nd_send(w, &m, from, (struct mac){ { 0x33, 0x33, 0, 0, 0, 2 } }, ll(from), ip("ff02::2"));
}

/* Any other IPv6 frame: a sign of life. */
static inline void
talk(struct wire *w, struct mac from)
{
	uint8_t hop = w->hop;

	w->hop = 64;
	udp6(w, from, (struct mac){ { 0x33, 0x33, 0, 0, 0, 0xfb } }, ll(from), ip("ff02::fb"), 5353, 5353,
	     bytes_of("hello, no dns", 13));
	w->hop = hop;
}

static inline void
arp_send(struct wire *w, uint16_t op, struct mac from, struct mac to, struct addr spa, struct addr tpa)
{
	uint8_t buf[64];
	struct out o = out_init(buf, sizeof(buf));

	ether(&o, w, from, to, 0x0806);
	out_be(&o, 0x0001080006040000 | op, 8);
	out_put(&o, from.b, 6);
	out_put(&o, spa.b, 4);
	out_put(&o, to.b, 6);
	out_put(&o, tpa.b, 4);
	wire_frame(w, buf, o.n);
}

/* ---- what the engine made of it ---- */
static inline struct hyp *
hyp_about(struct wire *w, enum family f, struct mac actor)
{
	return w->e->nsegment ? hyp_of(w->e, f, w->e->segment_at[w->e->nsegment - 1], actor) : NULL;
}

/* Grade of a fact about an actor, -1 where there is none. */
static inline int
graded(struct wire *w, enum family f, struct mac actor, enum fact_id id)
{
	struct hyp *h = hyp_about(w, f, actor);
	const struct hyp_fact *x = h ? hyp_fact_of(h, id) : NULL;
	return x ? x->grade : -1;
}

static inline unsigned
flags_of(struct wire *w, enum family f, struct mac actor, enum fact_id id)
{
	struct hyp *h = hyp_about(w, f, actor);
	const struct hyp_fact *x = h ? hyp_fact_of(h, id) : NULL;
	return x ? x->flags : 0;
}

/* Grade of a victim, -1 where it is none. */
static inline int
victim_of(struct wire *w, enum family f, struct mac actor, struct mac victim)
{
	struct hyp *h = hyp_about(w, f, actor);
	struct hyp_victim *v = h ? hyp_victim_of(h, victim) : NULL;
	return v ? v->grade : -1;
}

static inline enum verdict
verdict_now(struct wire *w, enum family f, struct mac actor)
{
	struct hyp *h = hyp_about(w, f, actor);
	return h ? (enum verdict)h->verdict : V_INFO;
}

/* The hypothesis that names nobody. */
static inline struct hyp *
hyp_nobody(struct wire *w, enum family f)
{
	for (struct hyp *h = hyp_next(w->e, NULL); h; h = hyp_next(w->e, h))
		if (h->family == f && !h->actor.has_mac)
			return h;
	return NULL;
}

static inline unsigned
hyps_of(struct wire *w, enum family f, bool open_only)
{
	unsigned n = 0;
	for (struct hyp *h = hyp_next(w->e, NULL); h; h = hyp_next(w->e, h))
		n += h->family == f && (!open_only || hyp_open(h));
	return n;
}

#endif
