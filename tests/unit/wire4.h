/* A small IPv4 network for tests of the DHCPv4 detections: frames built byte by byte (RFC 2131 figure 1, RFC 826), read by
 * the walk, handed to an engine.  Who is right comes from those documents. */
#ifndef CROSSTAP_TEST_WIRE4_H
#define CROSSTAP_TEST_WIRE4_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hypothesis.h"
#include "ledger.h"
#include "out.h"
#include "vantage.h"
#include "walk.h"

enum { NET_TOLD = 64, NET_SERVERS = 4 };

struct net_told {
	char detection[32];
	uint64_t id;
	enum verdict verdict;
	enum grade grade;
	struct incident last;
};

struct net {
	struct engine_conf conf;
	struct authority authority;
	struct auth_site site;
	struct auth_server dhcp[NET_SERVERS], router[1], pxe[1];
	struct addr dhcp_ip[NET_SERVERS], router_ip[1], pxe_ip[1];
	struct mac dhcp_mac[NET_SERVERS], router_mac[1], pxe_mac[1], bridge[1];
	struct prefix prefix[1];
	struct engine *e;
	struct walk *walk;
	void *mem, *walk_mem;
	ts_t now;
	uint64_t frame;
	struct net_told told[NET_TOLD]; /* the last record of each incident */
	size_t ntold;
};

static const struct mac EVERYBODY = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
static const struct mac SERVER = { { 0x02, 0, 0, 0, 0, 0x02 } }, SERVER2 = { { 0x02, 0, 0, 0, 0, 0x03 } };
static const struct mac ROUTER = { { 0x02, 0, 0, 0, 0, 0x01 } }, ROGUE = { { 0x02, 0, 0, 0, 0, 0x66 } };

/* Client n: its MAC and the address that it is given. */
static inline struct mac
client(unsigned n)
{
	return (struct mac){ { 0x02, 0, 0, 0x10, (uint8_t)(n >> 8), (uint8_t)n } };
}
static inline struct addr
lease(unsigned n)
{
	return addr4(10, 0, (uint8_t)(n >> 8), (uint8_t)n);
}

static inline void
net_emit(void *arg, const struct incident *r)
{
	struct net *n = arg;
	size_t i = 0, len = strlen(r->detection->id);

	while (i < n->ntold && n->told[i].id != r->id)
		i++;
	if (i == NET_TOLD)
		return;
	if (i == n->ntold)
		n->ntold++;
	struct net_told *t = &n->told[i];
	memset(t->detection, 0, sizeof(t->detection));
	memcpy(t->detection, r->detection->id, len < sizeof(t->detection) ? len : sizeof(t->detection) - 1);
	t->id = r->id;
	t->verdict = r->verdict;
	t->grade = r->grade;
	t->last = *r;
}

/* `off`: a detector that is switched off, or NULL. */
static inline void
net_open_off(struct net *n, bool declared, const char *off_id)
{
	memset(n, 0, sizeof(*n));
	n->conf.hosts = 4096;
	n->conf.events = 64;
	n->conf.off[0] = off_id;
	n->conf.noff = off_id != NULL;
	if (declared) {
		n->dhcp_ip[0] = addr4(10, 0, 0, 2);
		n->dhcp_mac[0] = SERVER;
		n->dhcp[0] =
			(struct auth_server){ .ip = n->dhcp_ip, .nip = 1, .mac = n->dhcp_mac, .nmac = 1 };
		n->router_ip[0] = addr4(10, 0, 0, 1);
		n->router_mac[0] = ROUTER;
		n->router[0] =
			(struct auth_server){ .ip = n->router_ip, .nip = 1, .mac = n->router_mac, .nmac = 1 };
		n->prefix[0] = (struct prefix){ addr4(10, 0, 0, 0), 16 };
		n->site.dhcp4_servers = (struct auth_servers){ true, n->dhcp, 1 };
		n->site.routers = (struct auth_servers){ true, n->router, 1 };
		n->site.prefixes = n->prefix;
		n->site.nprefixes = 1;
		n->authority = (struct authority){ &n->site, 1 };
		n->conf.authority = &n->authority;
	}
	n->now = 1000000 * TS_SEC;
	n->mem = calloc(1, engine_bytes(&n->conf));
	n->e = engine_open(&n->conf, n->mem, (struct sipkey){ { 7, 9 } }, net_emit, n);
	struct walk_limits limits = { .datagrams = 4, .bytes = 2048 };
	n->walk_mem = calloc(1, walk_bytes(&limits));
	n->walk = walk_open(&limits, n->walk_mem, (struct sipkey){ { 7, 9 } });
}

static inline void
net_open(struct net *n, bool declared)
{
	net_open_off(n, declared, NULL);
}

/* A second declared server. */
static inline void
net_second(struct net *n)
{
	n->dhcp_ip[1] = addr4(10, 0, 0, 3);
	n->dhcp_mac[1] = SERVER2;
	n->dhcp[1] =
		(struct auth_server){ .ip = n->dhcp_ip + 1, .nip = 1, .mac = n->dhcp_mac + 1, .nmac = 1 };
	n->site.dhcp4_servers.n = 2;
}

static inline void
net_end(struct net *n)
{
	engine_end(n->e);
}

static inline void
net_close(struct net *n)
{
	free(n->mem);
	free(n->walk_mem);
}

static inline void
net_obs(void *arg, const struct obs *o)
{
	engine_obs(arg, o);
}

static inline void
net_frame(struct net *n, const char *p, size_t len)
{
	uint8_t *exact = malloc(len); /* so that a read past the end is seen */
	memcpy(exact, p, len);
	struct frame f = { .ts = n->now,
			   .number = ++n->frame,
			   .linktype = 1,
			   .p = exact,
			   .caplen = (uint32_t)len,
			   .wirelen = (uint32_t)len };
	(void)walk_frame(n->walk, &f, net_obs, n->e);
	free(exact);
	n->now += TS_MS;
}

static inline void
net_wait(struct net *n, ts_t t)
{
	for (ts_t end = n->now + t; n->now < end;) {
		n->now = end - n->now > TS_SEC ? n->now + TS_SEC : end;
		engine_tick(n->e, n->now);
	}
}

static inline void
put_mac(struct out *o, struct mac m)
{
	out_put(o, m.b, 6);
}
static inline void
put_ip(struct out *o, struct addr a)
{
	out_put(o, a.b, 4);
}

static inline void
net_arp(struct net *n, uint16_t op, struct mac sha, struct addr spa, struct addr tpa)
{
	char buf[64];
	struct out o = out_init(buf, sizeof(buf));

	put_mac(&o, EVERYBODY);
	put_mac(&o, sha);
	out_be(&o, 0x0806, 2);
	out_be(&o, 0x000108000604, 6);
	out_be(&o, op, 2);
	put_mac(&o, sha);
	put_ip(&o, spa);
	put_mac(&o, (struct mac){ { 0 } });
	put_ip(&o, tpa);
	net_frame(n, buf, o.n);
}

/* RFC 5227: probe, then announcement. */
static inline void
net_alive(struct net *n, struct mac m, struct addr a)
{
	net_arp(n, 1, m, addr4(0, 0, 0, 0), a);
	net_arp(n, 1, m, a, a);
}

/* A UDP datagram; the checksum is left out (RFC 768: 0 means none). */
static inline void
net_udp(struct net *n, struct mac from, struct mac to, struct addr src, struct addr dst, uint16_t sport,
	uint16_t dport, uint8_t ttl, const void *p, size_t len)
{
	char buf[1500];
	struct out o = out_init(buf, sizeof(buf));
	uint32_t sum = 0;

	put_mac(&o, to);
	put_mac(&o, from);
	out_be(&o, 0x0800, 2);
	out_be(&o, 0x4500, 2);
	out_be(&o, 28 + len, 2);
	out_be(&o, (uint16_t)n->frame, 2);
	out_be(&o, 0, 2);
	out_be(&o, ttl, 1);
	out_be(&o, 17, 1);
	out_be(&o, 0, 2);
	put_ip(&o, src);
	put_ip(&o, dst);
	for (size_t i = 14; i < 34; i += 2)
		sum += (uint32_t)((uint8_t)buf[i] << 8 | (uint8_t)buf[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	buf[24] = (char)(~sum >> 8);
	buf[25] = (char)~sum;
	out_be(&o, sport, 2);
	out_be(&o, dport, 2);
	out_be(&o, 8 + len, 2);
	out_be(&o, 0, 2);
	out_put(&o, p, len);
	assert_true(out_ok(&o));
	net_frame(n, buf, o.n);
}

/* Traffic in both directions between a host and the router. */
static inline void
net_talk(struct net *n, struct mac m, struct addr a)
{
	net_udp(n, m, ROUTER, a, addr4(192, 0, 2, 1), 5000, 53, 64, "x", 1);
	net_udp(n, ROUTER, m, addr4(192, 0, 2, 1), a, 53, 5000, 60, "y", 1);
}

/* A DHCPv4 message in the making. */
struct msg {
	char buf[700];
	struct out o;
	struct mac l2, to;
	struct addr src, dst;
	uint8_t ttl;
};

static inline struct msg *
msg_init(struct msg *m, uint8_t op, uint8_t type, uint32_t xid, struct mac chaddr)
{
	memset(m, 0, sizeof(*m));
	m->o = out_init(m->buf, sizeof(m->buf));
	m->l2 = op == 1 ? chaddr : SERVER;
	m->to = EVERYBODY;
	m->src = op == 1 ? addr4(0, 0, 0, 0) : addr4(10, 0, 0, 2);
	m->dst = addr4(255, 255, 255, 255);
	m->ttl = 64;
	out_be(&m->o, op, 1);
	out_be(&m->o, 0x010600, 3); /* Ethernet, 6 bytes, no hops */
	out_be(&m->o, xid, 4);
	out_be(&m->o, 0, 4);
	out_be(&m->o, 0, 8); /* ciaddr, yiaddr */
	out_be(&m->o, 0, 8); /* siaddr, giaddr */
	put_mac(&m->o, chaddr);
	for (int i = 0; i < 10 + 64 + 128; i++)
		out_be(&m->o, 0, 1);
	out_be(&m->o, 0x63825363, 4);
	if (type) {
		out_be(&m->o, 53 << 8 | 1, 2);
		out_be(&m->o, type, 1);
	}
	return m;
}
static inline void
msg_addr(struct msg *m, size_t off, struct addr a)
{
	memcpy(m->buf + off, a.b, 4);
}
enum { AT_CIADDR = 12, AT_YIADDR = 16, AT_SIADDR = 20, AT_GIADDR = 24 };
static inline void
msg_opt(struct msg *m, uint8_t code, const void *p, size_t n)
{
	out_be(&m->o, code, 1);
	out_be(&m->o, n, 1);
	out_put(&m->o, p, n);
}
static inline void
msg_opt_ip(struct msg *m, uint8_t code, struct addr a)
{
	msg_opt(m, code, a.b, 4);
}
static inline void
msg_send(struct net *n, struct msg *m)
{
	uint8_t op = (uint8_t)m->buf[0];
	out_be(&m->o, 0xff, 1);
	assert_true(out_ok(&m->o));
	net_udp(n, m->l2, m->to, m->src, m->dst, op == 1 ? 68 : 67, op == 1 ? 67 : 68, m->ttl, m->buf,
		m->o.n);
}

static const uint8_t ASKS[] = { 1, 3, 6, 15, 119, 121, 249, 252 };

static inline void
discover(struct net *n, uint32_t xid, struct mac chaddr, struct mac l2)
{
	struct msg m;
	msg_init(&m, 1, D4_DISCOVER, xid, chaddr)->l2 = l2;
	msg_opt(&m, D4O_PARAMS, ASKS, sizeof(ASKS));
	msg_send(n, &m);
}

static inline void
request(struct net *n, uint32_t xid, struct mac chaddr, struct mac l2, struct addr server, struct addr want)
{
	struct msg m;
	msg_init(&m, 1, D4_REQUEST, xid, chaddr)->l2 = l2;
	msg_opt_ip(&m, D4O_SERVER_ID, server);
	msg_opt_ip(&m, D4O_REQUESTED_IP, want);
	msg_opt(&m, D4O_PARAMS, ASKS, sizeof(ASKS));
	msg_send(n, &m);
}

/* A server: where it stands and what it says. */
struct srv {
	struct mac l2;
	struct addr id, src, router, dns;
	const char *pac;
	const uint8_t *routes;
	size_t nroutes;
	struct addr giaddr;
};
static inline struct srv
good(void)
{
	return (struct srv){ .l2 = SERVER,
			     .id = addr4(10, 0, 0, 2),
			     .src = addr4(10, 0, 0, 2),
			     .router = addr4(10, 0, 0, 1),
			     .dns = addr4(10, 0, 0, 1) };
}
/* The same words from the second server. */
static inline struct srv
twin(void)
{
	struct srv s = good();
	s.l2 = SERVER2;
	s.id = s.src = addr4(10, 0, 0, 3);
	return s;
}
static inline struct srv
evil(void)
{
	return (struct srv){ .l2 = ROGUE,
			     .id = addr4(10, 0, 0, 66),
			     .src = addr4(10, 0, 0, 66),
			     .router = addr4(10, 0, 0, 66),
			     .dns = addr4(10, 0, 0, 66) };
}

static inline struct msg *
answer_init(struct msg *m, const struct srv *s, uint8_t type, uint32_t xid, struct mac chaddr,
	    struct addr yiaddr)
{
	msg_init(m, 2, type, xid, chaddr)->l2 = s->l2;
	m->src = s->src;
	if (type != D4_NAK)
		msg_addr(m, AT_YIADDR, yiaddr);
	if (s->giaddr.fam)
		msg_addr(m, AT_GIADDR, s->giaddr);
	if (s->id.fam)
		msg_opt_ip(m, D4O_SERVER_ID, s->id);
	if (type == D4_NAK)
		return m;
	msg_opt(m, D4O_LEASE, "\0\0\x0e\x10", 4);
	msg_opt(m, D4O_MASK, "\xff\xff\0\0", 4);
	if (s->router.fam)
		msg_opt_ip(m, D4O_ROUTER, s->router);
	if (s->dns.fam)
		msg_opt_ip(m, D4O_DNS, s->dns);
	if (s->pac)
		msg_opt(m, D4O_WPAD, s->pac, strlen(s->pac));
	if (s->routes)
		msg_opt(m, D4O_ROUTES, s->routes, s->nroutes);
	return m;
}
static inline void
answer(struct net *n, const struct srv *s, uint8_t type, uint32_t xid, struct mac chaddr, struct addr yiaddr)
{
	struct msg m;
	msg_send(n, answer_init(&m, s, type, xid, chaddr, yiaddr));
}

/* DORA with one server. */
static inline void
dora(struct net *n, const struct srv *s, uint32_t xid, struct mac chaddr, struct addr a)
{
	discover(n, xid, chaddr, chaddr);
	answer(n, s, D4_OFFER, xid, chaddr, a);
	request(n, xid, chaddr, chaddr, s->id, a);
	answer(n, s, D4_ACK, xid, chaddr, a);
}

/* Client k boots, gets its lease and shows it. */
static inline void
boot(struct net *n, unsigned k)
{
	struct srv s = good();
	dora(n, &s, 0x1000 + k, client(k), lease(k));
	net_alive(n, client(k), lease(k));
}

/* Enough hosts whose broadcasts are seen: V_ARP's short form. */
static inline void
neighbours(struct net *n)
{
	for (unsigned k = 0; k < 4; k++)
		net_arp(n, 1, client(900 + k), addr4(10, 0, 3, (uint8_t)(200 + k)), addr4(10, 0, 0, 1));
	net_arp(n, 2, SERVER, addr4(10, 0, 0, 2), addr4(10, 0, 0, 1));
}

/* The incident of a detection with the highest verdict; NULL where there is none. */
static inline const struct net_told *
told(const struct net *n, const char *detection)
{
	const struct net_told *best = NULL;
	for (size_t i = 0; i < n->ntold; i++)
		if (strcmp(n->told[i].detection, detection) == 0 &&
		    (best == NULL || n->told[i].verdict > best->verdict))
			best = &n->told[i];
	return best;
}
static inline enum verdict
verdict(const struct net *n, const char *detection)
{
	const struct net_told *t = told(n, detection);
	return t ? t->verdict : V_INFO;
}
/* The highest verdict of any incident: what a trap must stay below. */
static inline enum verdict
worst(const struct net *n)
{
	enum verdict v = V_INFO;
	for (size_t i = 0; i < n->ntold; i++)
		if (n->told[i].verdict > v && n->told[i].verdict >= V_SUSPECTED)
			v = n->told[i].verdict;
	return v;
}
static inline const struct inc_fact *
fact(const struct net *n, const char *detection, const char *id)
{
	for (size_t i = 0; i < n->ntold; i++)
		for (size_t k = 0; strcmp(n->told[i].detection, detection) == 0 && k < n->told[i].last.nfact;
		     k++)
			if (strcmp(n->told[i].last.fact[k].id, id) == 0)
				return &n->told[i].last.fact[k];
	return NULL;
}

#endif
