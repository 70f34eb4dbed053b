/* DHCPv6 detections, DETECTIONS.md 5: for each one message that fires and one near miss. */
#include "wire6.h"

#include "d6state.h"

static const char *const GUA = "2001:4860:10::77";

static int
setup(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));
	wire_open(w);
	*state = w;
	return 0;
}

/* One declared DHCPv6 server, router, resolver and prefix. */
static struct mac server_macs[1], router_macs[1];
static struct addr resolvers[1];
static struct prefix prefixes[1];
static struct auth_server dhcp6[1], routers[1];
static struct auth_site site[1];
static const uint8_t SERVER_DUID[10] = { 0, 3, 0, 1, 2, 0, 0, 0, 0, 2 };
static struct bytes duids[1];

static int
setup_declared(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));

	server_macs[0] = SERVER;
	router_macs[0] = ROUTER;
	resolvers[0] = ip("fd00:1::53");
	prefixes[0] = (struct prefix){ ip("fd00:1::"), 64 };
	duids[0] = bytes_of(SERVER_DUID, sizeof(SERVER_DUID));
	dhcp6[0] = (struct auth_server){ .mac = server_macs, .nmac = 1, .duid = duids, .nduid = 1 };
	routers[0] = (struct auth_server){ .mac = router_macs, .nmac = 1 };
	site[0] = (struct auth_site){ .prefixes = prefixes, .nprefixes = 1 };
	site[0].dhcp6_servers = (struct auth_servers){ true, dhcp6, 1 };
	site[0].routers = (struct auth_servers){ true, routers, 1 };
	site[0].resolvers = (struct auth_addrs){ true, resolvers, 1 };
	w->authority = (struct authority){ site, 1 };
	wire_open(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	wire_close(*state);
	free(*state);
	return 0;
}

static void
solicit(struct wire *w, struct mac from, uint32_t xid)
{
	struct d6m m;
	d6_begin(&m, D6_SOLICIT, xid);
	d6_duid(&m, D6O_CLIENTID, from);
	d6_ia(&m, 1, 0, 0, NULL, 0, 0);
	d6_client(w, &m, from);
}

/* What a client asks of a named server. */
static void
ask(struct wire *w, uint8_t type, struct mac from, uint32_t xid, struct mac server, const char *addr)
{
	struct d6m m;
	d6_begin(&m, type, xid);
	d6_duid(&m, D6O_CLIENTID, from);
	d6_duid(&m, D6O_SERVERID, server);
	d6_ia(&m, 1, 0, 0, addr, 0, 0);
	d6_client(w, &m, from);
}

struct answer {
	uint8_t type;
	struct mac from, to, duid;
	const char *addr;
	uint32_t t1, t2, preferred, valid;
	struct addr dns;
};

static void
answer_send(struct wire *w, uint32_t xid, const struct answer *a)
{
	struct d6m m;
	d6_begin(&m, a->type, xid);
	d6_duid(&m, D6O_CLIENTID, a->to);
	d6_duid(&m, D6O_SERVERID, mac_zero(a->duid) ? a->from : a->duid);
	if (addr_set(a->dns))
		d6_dns(&m, a->dns);
	if (a->addr)
		d6_ia(&m, 1, a->t1, a->t2, a->addr, a->preferred, a->valid);
	d6_server(w, &m, a->from, a->to);
}

static struct answer
offer(struct mac from, const char *addr)
{
	return (struct answer){ .type = D6_ADVERTISE,
				.from = from,
				.to = CLIENT,
				.addr = addr,
				.t1 = 1800,
				.t2 = 2880,
				.preferred = 3600,
				.valid = 7200 };
}

/* ---- D6-ROGUE ---- */
static void
rogue_declared(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, "fd00:1::77");

	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ROGUE), E1);
	assert_true(flags_of(w, FAM_D6_ROGUE, ROGUE, F_D6_ROGUE) & FF_HARD);
	assert_int_equal(victim_of(w, FAM_D6_ROGUE, ROGUE, CLIENT), E1);
	assert_int_equal(verdict_now(w, FAM_D6_ROGUE, ROGUE), V_PROBABLE);
	a = offer(SERVER, "fd00:1::78");
	solicit(w, CLIENT, 2);
	answer_send(w, 2, &a);
	assert_null(hyp_about(w, FAM_D6_ROGUE, SERVER));
}

/* Alone and undeclared a server is recorded, and being obeyed adds nothing (DETECTIONS.md 5). */
static void
rogue_unknown(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(SERVER, GUA);

	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	ask(w, D6_REQUEST, CLIENT, 2, SERVER, GUA);
	a.type = D6_REPLY;
	answer_send(w, 2, &a);
	dad_send(w, CLIENT, ip(GUA));
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_ROGUE), E0);
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_ACCEPT), E2);
	assert_int_equal(verdict_now(w, FAM_D6_ROGUE, SERVER), V_INFO);
	assert_int_equal(hyps_of(w, FAM_D6_ROGUE, true), 0);
}

/* The right MAC with a foreign DUID is no declared server, nor is the right DUID from a foreign MAC. */
static void
rogue_tuple(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, "fd00:1::77");

	a.duid = SERVER;
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ROGUE), E1);
	a = offer(SERVER, "fd00:1::77");
	a.duid = ROGUE;
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_ROGUE), E1);
}

/* Behind a relay the frame is the router's and the DUID the server's. */
static void
rogue_behind_relay(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROUTER, "fd00:1::77");

	a.duid = SERVER;
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(hyps_of(w, FAM_D6_ROGUE, false), 0);
	a.duid = ROGUE;
	answer_send(w, 1, &a);
	assert_null(hyp_about(w, FAM_D6_ROGUE, ROUTER));
	struct hyp *h = hyp_nobody(w, FAM_D6_ROGUE);
	assert_non_null(h);
	assert_true(hyp_holds(h, F_D6_ROGUE) && hyp_hard(h));
}

/* Known by type and destination port, whatever the source port; towards port 547 a Reply is nothing. */
static void
rogue_ports(void **state)
{
	struct wire *w = *state;
	struct d6m m;

	d6_begin(&m, D6_ADVERTISE, 1);
	d6_duid(&m, D6O_CLIENTID, CLIENT);
	d6_duid(&m, D6O_SERVERID, ROGUE);
	udp6(w, ROGUE, CLIENT, ll(ROGUE), ll(CLIENT), 40000, 547, out_bytes(&m.o));
	assert_null(hyp_about(w, FAM_D6_ROGUE, ROGUE));
	udp6(w, ROGUE, CLIENT, ll(ROGUE), ll(CLIENT), 40000, 546, out_bytes(&m.o));
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ROGUE), E1);
}

/* After a day in which clients asked in vain the first answer is a fact without any configuration. */
static void
rogue_after_silence(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, GUA);

	for (uint32_t i = 0; i < 12; i++) {
		solicit(w, i & 1 ? CLIENT : CLIENT2, i);
		w->now += 2 * TS_HOUR + TS_MIN;
	}
	solicit(w, CLIENT, 99);
	answer_send(w, 99, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ROGUE), E1);
	assert_int_equal(verdict_now(w, FAM_D6_ROGUE, ROGUE), V_SUSPECTED);
}

static void
rogue_before_silence(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(SERVER, GUA);

	for (uint32_t i = 0; i < 9; i++) { /* nine: too few */
		solicit(w, i & 1 ? CLIENT : CLIENT2, i);
		w->now += 3 * TS_HOUR;
	}
	answer_send(w, 8, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_ROGUE), E0);
}

/* ---- D6-ADDR ---- */
static void
addr_ranges(void **state)
{
	static const struct {
		const char *addr;
		int grade;
		bool sp;
	} row[] = {
		{ "fe80::77:1", E1, true }, { "ff05::1", E1, false },	      { "::", E1, false },
		{ "::1", E1, false },	    { "::ffff:10.0.0.1", E1, false }, { "2001:db8::5", E1, false },
		{ "fd00:2::1", -1, false }, { "2001:4860::1", -1, false },
	};
	(void)state;

	for (size_t i = 0; i < NELEM(row); i++) {
		struct wire w = { 0 };
		struct answer a = offer(ROGUE, row[i].addr);
		wire_open(&w);
		solicit(&w, CLIENT, 1);
		answer_send(&w, 1, &a);
		assert_int_equal(graded(&w, FAM_D6_ROGUE, ROGUE, F_D6_ADDR), row[i].grade);
		assert_int_equal((flags_of(&w, FAM_D6_ROGUE, ROGUE, F_D6_ADDR) & FF_SP) != 0, row[i].sp);
		wire_close(&w);
	}
}

/* A server that takes a wrong address away (lifetime 0) gives none. */
static void
addr_withdrawn(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(SERVER, "fe80::77:1");

	a.preferred = a.valid = 0;
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_ADDR), -1);
}

/* The vector of DETECTIONS.md 18, nothing declared: self-proving, hence confirmed. */
static void
addr_vector(void **state)
{
	static const uint8_t
		advertise[] = {
			0x02, 0x11, 0x22, 0x33, /* Advertise, xid */
			0x00, 0x01, 0x00, 0x0e, 0x00, 0x01, 0x00, 0x01, 0x22, 0x15, 0xbb,
			0xa2, 0x02, 0,	  0,	0,    0,    0xbb, /* client */
			0x00, 0x02, 0x00, 0x0a, 0x00, 0x03, 0x00, 0x01, 0x02, 0,    0,
			0,    0,    0xaa, /* server */
			0x00, 0x17, 0x00, 0x10, 0xfe, 0x80, 0,	  0,	0,    0,    0,
			0,    0,    0,	  0,	0,    0,    0,	  0,	0xaa, /* resolver */
			0x00, 0x18, 0x00, 0x0c, 0x04, 'c',  'o',  'r',	'p',  0x05, 'l',
			'o',  'c',  'a',  'l',	0, /* search list */
			0x00, 0x03, 0x00, 0x28, 0x03, 0x00, 0x0c, 0x29, 0,    0,    0,
			0xc8, 0,    0,	  0,	0xfa, /* IA, T1 200, T2 250 */
			0x00, 0x05, 0x00, 0x18, 0xfe, 0x80, 0,	  0,	0,    0,    0,
			0,    0,    0,	  0,	0,    0x01, 0x92, 0x01, 0x68, 0x01, 0x00,
			0x01, 0x00, 0,	  0,	0x01, 0x2c, 0,	  0,	0x01, 0x2c,
		};
	struct wire *w = *state;

	struct d6m m;

	m.o = out_init(m.buf, sizeof(m.buf));
	out_put(&m.o, advertise, sizeof(advertise));
	udp6(w, ROGUE, CLIENT, ip("fe80::aa"), ip("fe80::bb"), 547, 546, out_bytes(&m.o));
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ROGUE), E0);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ADDR), E1);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DNS), E1);
	assert_int_equal(verdict_now(w, FAM_D6_ROGUE, ROGUE), V_CONFIRMED);
	struct mac by;
	bool other;
	assert_true(resolver_advertised(w->e, w->e->segment_at[0], ip("fe80::aa"), &by, &other));
	assert_true(mac_eq(by, ROGUE) && !other);
}

/* ---- D6-FOREIGN ---- */
static void
foreign_declared(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, GUA);

	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_FOREIGN), E1);
}

static void
foreign_inside(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, "fd00:1::99");

	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_FOREIGN), -1);
}

/* A prefix that the actor announced itself, or that an unauthorised router announced, makes nothing right. */
static void
foreign_own_ra(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, GUA);
	struct ndm ra;

	ra_begin(&ra, 0xc0, 1800);
	ra_prefix(&ra, "2001:4860:10::", 3600);
	ra_send(w, &ra, ROGUE);
	ra_send(w, &ra, CLIENT2);
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_FOREIGN), E1);
	ra_send(w, &ra, ROUTER);
	a = offer(CLIENT2, GUA);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, CLIENT2, F_D6_FOREIGN), -1);
}

/* Nothing declared: a server whose prefix no router announces is common. */
static void
foreign_unknown(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(SERVER, "fd00:9::9");
	struct ndm ra;

	ra_begin(&ra, 0xc0, 1800);
	ra_prefix(&ra, "fd00:1::", 3600);
	ra_send(w, &ra, ROUTER);
	a.dns = ip("fd00:9::1");
	na_send(w, SERVER, ip("fd00:9::1"), CLIENT);
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_FOREIGN), -1);
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_DNS), E0);
	assert_int_equal(verdict_now(w, FAM_D6_ROGUE, SERVER), V_INFO);
}

/* A delegated prefix outside everything known: the fork that gives prefixes. */
static void
foreign_delegation(void **state)
{
	struct wire *w = *state;
	struct d6m m;

	solicit(w, CLIENT, 1);
	d6_begin(&m, D6_REPLY, 1);
	d6_duid(&m, D6O_CLIENTID, CLIENT);
	d6_duid(&m, D6O_SERVERID, ROGUE);
	out_be(&m.o, D6O_IA_PD, 2);
	out_be(&m.o, 12 + 29, 2);
	out_be(&m.o, 1, 4);
	out_be(&m.o, 300, 4);
	out_be(&m.o, 600, 4);
	out_be(&m.o, D6O_IAPREFIX, 2);
	out_be(&m.o, 25, 2);
	out_be(&m.o, 3600, 4);
	out_be(&m.o, 7200, 4);
	out_be(&m.o, 56, 1);
	out_put(&m.o, ip("2001:4860:ab00::").b, 16);
	d6_server(w, &m, ROGUE, CLIENT);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_FOREIGN), E1);
}

/* ---- D6-DNS ---- */
static void
dns_declared(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, "fd00:1::77");

	a.dns = ll(ROGUE);
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DNS), E1);
	assert_true(flags_of(w, FAM_D6_ROGUE, ROGUE, F_D6_DNS) & FF_HARD);
	a = offer(SERVER, "fd00:1::78");
	a.dns = ip("fd00:1::53");
	solicit(w, CLIENT, 2);
	answer_send(w, 2, &a);
	assert_null(hyp_about(w, FAM_D6_ROGUE, SERVER));
}

/* A resolver of its own that neighbour discovery shows only later; another host that answers for it is another's. */
static void
dns_bound_later(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, "fd00:1::77");

	a.dns = ip("fd00:1::66");
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	na_send(w, CLIENT2, ip("fd00:1::67"), CLIENT);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DNS), -1);
	na_send(w, ROGUE, ip("fd00:1::66"), CLIENT);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DNS), E1);
	assert_null(hyp_about(w, FAM_D6_ROGUE, CLIENT2));
}

/* The message names a resolver that is neither its sender nor link-local: no such fact. */
static void
dns_elsewhere(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, "fd00:1::77");

	a.dns = ip("2001:4860:4860::8888");
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DNS), -1);
}

/* IPv4 of the gateway, as a DHCPv4 server tells it (option 3) and ARP confirms. */
static void
gateway4(struct wire *w, struct mac gateway)
{
	uint8_t buf[400], ack[300] = { 2, 1, 6, 0 };
	struct out o = out_init(buf, sizeof(buf));
	static const uint8_t opts[] = { 0x63, 0x82, 0x53, 0x63, 53, 1,	5, 54, 4, 10,
					0,    0,    1,	  3,	4,  10, 0, 0,  1, 255 };

	arp_send(w, 2, gateway, CLIENT, addr4(10, 0, 0, 1), addr4(10, 0, 0, 9));
	memcpy(ack + 28, CLIENT.b, 6);
	memcpy(ack + 236, opts, sizeof(opts));
	ether(&o, w, gateway, BROADCAST, 0x0800);
	out_be(&o, 0x4500, 2);
	out_be(&o, 20 + 8 + sizeof(ack), 2);
	out_be(&o, 0x0000000040110000, 8);
	out_be(&o, 0x0a000001, 4);
	out_be(&o, 0xffffffff, 4);
	out_be(&o, 67, 2);
	out_be(&o, 68, 2);
	out_be(&o, 8 + sizeof(ack), 2);
	out_be(&o, 0, 2); /* no checksum: legal over IPv4 */
	out_put(&o, ack, sizeof(ack));
	wire_frame(w, buf, o.n);
}

/* A small office router: RA, DHCPv4, DHCPv6 and DNS in one, its own link-local address as resolver. */
static void
dns_working_router(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROUTER, "fd00:1::77");
	struct ndm ra;

	gateway4(w, ROUTER);
	ra_begin(&ra, 0xc0, 1800);
	ra_prefix(&ra, "fd00:1::", 3600);
	ra_send(w, &ra, ROUTER);
	a.dns = ll(ROUTER);
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROUTER, F_D6_DNS), -1);
	assert_false(flags_of(w, FAM_D6_ROGUE, ROUTER, F_D6_ROGUE) & FF_OPENS);
}

/* Advertising a lifetime alone makes no working router: older tools do. */
static void
dns_ra_alone(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, GUA);
	struct ndm ra;

	gateway4(w, ROUTER);
	ra_begin(&ra, 0xc0, 1800);
	ra_send(w, &ra, ROGUE);
	a.dns = ll(ROGUE);
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DNS), E1);
	assert_int_equal(verdict_now(w, FAM_D6_ROGUE, ROGUE), V_SUSPECTED);
}

/* ---- D6-SRVID ---- */
static void
srvid(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, GUA);

	ask(w, D6_REQUEST, CLIENT, 7, SERVER, GUA);
	a.type = D6_REPLY;
	answer_send(w, 7, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_SRVID), E1);
	assert_true(flags_of(w, FAM_D6_ROGUE, ROGUE, F_D6_SRVID) & FF_SP);
	assert_int_equal(verdict_now(w, FAM_D6_ROGUE, ROGUE), V_CONFIRMED);
}

static void
srvid_right(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, GUA);

	ask(w, D6_REQUEST, CLIENT, 7, ROGUE, GUA);
	a.type = D6_REPLY;
	answer_send(w, 7, &a);
	ask(w, D6_REQUEST, CLIENT, 8, SERVER, GUA);
	answer_send(w, 9, &a); /* another transaction */
	a.type = D6_ADVERTISE;
	answer_send(w, 8, &a); /* a late Advertise is none of the four */
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_SRVID), -1);
}

/* ---- D6-RACE ---- */
static void
race_declared(void **state)
{
	struct wire *w = *state;
	struct answer good = offer(SERVER, "fd00:1::5"), bad = offer(ROGUE, "fd00:1::6");

	solicit(w, CLIENT, 1);
	answer_send(w, 1, &bad);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_RACE), -1);
	answer_send(w, 1, &good); /* the second answer shows that the first was the odd one */
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_RACE), E1);
	assert_null(hyp_about(w, FAM_D6_ROGUE, SERVER));
}

/* Nothing declared: only different resolvers make a race, and the one that is off-link and its own resolver is odd. */
static void
race_unknown(void **state)
{
	struct wire *w = *state;
	struct answer good = offer(SERVER, "fd00:1::5"), bad = offer(ROGUE, "fd00:bad::6");
	struct ndm ra;

	ra_begin(&ra, 0xc0, 1800);
	ra_prefix(&ra, "fd00:1::", 3600);
	ra_send(w, &ra, ROUTER);
	good.dns = ip("fd00:1::53");
	bad.dns = ip("fd00:bad::66");
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &bad);
	answer_send(w, 1, &good);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_RACE), E1);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_FOREIGN), E1);
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_RACE), -1);
}

/* A pair of servers that tells every client the same. */
static void
race_pair(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(SERVER, "fd00:1::5"), b = offer(CLIENT2, "fd00:2::6");
	struct ndm ra;

	ra_begin(&ra, 0xc0, 1800);
	ra_prefix(&ra, "fd00:1::", 3600);
	ra_send(w, &ra, ROUTER);
	a.dns = b.dns = ip("fd00:1::53");
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	answer_send(w, 1, &b);
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_RACE), -1);
	assert_int_equal(graded(w, FAM_D6_ROGUE, CLIENT2, F_D6_RACE), -1);
}

/* ---- D6-TIMES, D6-DUID, D6-RECONF, D6-INFO ---- */
static void
times(void **state)
{
	static const struct {
		uint32_t t1, t2, preferred, valid;
		int grade;
	} row[] = {
		{ 1800, 2880, 3600, 7200, -1 },
		{ 0, 0, 3600, 7200, -1 },
		{ 250, 200, 300, 300, E0 },
		{ 200, 400, 300, 300, E0 },
		{ 100, 200, 900, 300, E0 },
		{ 30, 45, 60, 60, E0 },
		{ 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, -1 },
	};
	(void)state;

	for (size_t i = 0; i < NELEM(row); i++) {
		struct wire w = { 0 };
		struct answer a = offer(ROGUE, GUA);
		a.t1 = row[i].t1;
		a.t2 = row[i].t2;
		a.preferred = row[i].preferred;
		a.valid = row[i].valid;
		wire_open(&w);
		solicit(&w, CLIENT, 1);
		answer_send(&w, 1, &a);
		assert_int_equal(graded(&w, FAM_D6_ROGUE, ROGUE, F_D6_TIMES), row[i].grade);
		wire_close(&w);
	}
}

static void
duid(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, GUA);

	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DUID), -1);
	a.duid = CLIENT2;
	answer_send(w, 1, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DUID), E0);
}

static void
reconfigure(void **state)
{
	struct wire *w = *state;
	struct d6m m;
	static const uint8_t renew = D6_RENEW, auth[11] = { 3, 1, 0 };

	d6_begin(&m, D6_RECONFIGURE, 0);
	d6_duid(&m, D6O_CLIENTID, CLIENT);
	d6_duid(&m, D6O_SERVERID, ROGUE);
	d6_opt(&m, D6O_RECONF_MSG, &renew, 1);
	d6_server(w, &m, ROGUE, CLIENT);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_RECONF), E1);
	d6_begin(&m, D6_RECONFIGURE, 0);
	d6_duid(&m, D6O_CLIENTID, CLIENT);
	d6_duid(&m, D6O_SERVERID, CLIENT2);
	d6_opt(&m, D6O_RECONF_MSG, &renew, 1);
	d6_opt(&m, D6O_AUTH, auth, sizeof(auth));
	d6_server(w, &m, CLIENT2, CLIENT);
	assert_int_equal(graded(w, FAM_D6_ROGUE, CLIENT2, F_D6_RECONF), -1);
}

static void
information(struct wire *w, struct mac from, const char *dns)
{
	struct d6m m;

	d6_begin(&m, D6_INFORMATION_REQUEST, 5);
	d6_duid(&m, D6O_CLIENTID, CLIENT);
	d6_client(w, &m, CLIENT);
	d6_begin(&m, D6_REPLY, 5);
	d6_duid(&m, D6O_CLIENTID, CLIENT);
	d6_duid(&m, D6O_SERVERID, from);
	if (dns)
		d6_dns(&m, ip(dns));
	d6_server(w, &m, from, CLIENT);
}

static void
info(void **state)
{
	struct wire *w = *state;

	information(w, CLIENT2, NULL); /* nothing told: nothing taken over */
	assert_int_equal(graded(w, FAM_D6_ROGUE, CLIENT2, F_D6_INFO), -1);
	information(w, ROGUE, "2001:4860:4860::8888");
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_INFO), E1);
	assert_true(flags_of(w, FAM_D6_ROGUE, ROGUE, F_D6_INFO) & FF_HARD);
	information(w, SERVER, "fd00:1::53");
	assert_null(hyp_about(w, FAM_D6_ROGUE, SERVER));
}

static void
info_unknown(void **state)
{
	struct wire *w = *state;

	information(w, SERVER, "2001:4860:4860::8888");
	assert_int_equal(graded(w, FAM_D6_ROGUE, SERVER, F_D6_INFO), E0);
	assert_int_equal(verdict_now(w, FAM_D6_ROGUE, SERVER), V_INFO);
}

/* ---- D6-ACCEPT ---- */
static void
accept_request(void **state)
{
	struct wire *w = *state;
	struct answer bad = offer(ROGUE, "fd00:1::6"), good = offer(SERVER, "fd00:1::5");

	solicit(w, CLIENT, 1);
	answer_send(w, 1, &bad);
	answer_send(w, 1, &good);
	ask(w, D6_REQUEST, CLIENT, 2, SERVER, "fd00:1::5"); /* it took the other */
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ACCEPT), -1);
	assert_int_equal(victim_of(w, FAM_D6_ROGUE, ROGUE, CLIENT), E1);
	ask(w, D6_REQUEST, CLIENT, 3, ROGUE, "fd00:1::6");
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ACCEPT), E2);
	assert_int_equal(victim_of(w, FAM_D6_ROGUE, ROGUE, CLIENT), E2);
}

/* The rogue uses the server's own DUID: what the client asks for tells whose offer it took. */
static void
accept_spoofed_duid(void **state)
{
	struct wire *w = *state;
	struct answer bad = offer(ROGUE, "fd00:1::6"), good = offer(SERVER, "fd00:1::5");

	bad.duid = SERVER;
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &bad);
	answer_send(w, 1, &good);
	ask(w, D6_REQUEST, CLIENT, 2, SERVER, "fd00:1::5");
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ACCEPT), -1);
	ask(w, D6_REQUEST, CLIENT, 3, SERVER, "fd00:1::6");
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ACCEPT), E2);
}

/* A probe of the address given, where no Request names the server (Rapid Commit); another address is no probe of it. */
static void
accept_probe(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, "fd00:1::6");

	a.type = D6_REPLY;
	solicit(w, CLIENT, 1);
	answer_send(w, 1, &a);
	dad_send(w, CLIENT, ip("fd00:1::7"));
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ACCEPT), -1);
	dad_send(w, CLIENT, ip("fd00:1::6"));
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ACCEPT), E2);
	assert_int_equal(victim_of(w, FAM_D6_ROGUE, ROGUE, CLIENT), E2);
}

/* The lease is older than the capture. */
static void
accept_renew(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(ROGUE, "fd00:1::6");

	a.type = D6_REPLY;
	ask(w, D6_RENEW, CLIENT, 4, ROGUE, "fd00:1::6");
	answer_send(w, 4, &a);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_ACCEPT), E2);
}

/* ---- D6-FLOOD ---- */
static struct mac
station(uint32_t i)
{
	return (struct mac){ { 2, 1, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };
}

static void
solicit_as(struct wire *w, struct mac l2, struct mac id, uint32_t iaid, uint32_t xid)
{
	struct d6m m;

	d6_begin(&m, D6_SOLICIT, xid);
	d6_duid(&m, D6O_CLIENTID, id);
	d6_ia(&m, iaid, 0, 0, NULL, 0, 0);
	d6_client(w, &m, l2);
}

static void
flood_one_source(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(SERVER, "fd00:1::5");

	solicit(w, CLIENT, 999);
	answer_send(w, 999, &a);
	for (uint32_t i = 0; i < 9; i++)
		solicit_as(w, ROGUE, station(i), i, i);
	assert_null(hyp_about(w, FAM_D6_FLOOD, ROGUE));
	solicit_as(w, ROGUE, station(9), 9, 9);
	assert_int_equal(graded(w, FAM_D6_FLOOD, ROGUE, F_D6_FLOOD), E1);
	assert_true(victim_of(w, FAM_D6_FLOOD, ROGUE, SERVER) >= E1);
	assert_int_equal(verdict_now(w, FAM_D6_FLOOD, ROGUE), V_PROBABLE);
}

/* Ten identities in more than a minute each, or one identity ten times. */
static void
flood_slow(void **state)
{
	struct wire *w = *state;

	for (uint32_t i = 0; i < 20; i++) {
		solicit_as(w, ROGUE, station(i), i, i);
		w->now += 7 * TS_SEC;
	}
	for (uint32_t i = 0; i < 30; i++)
		solicit(w, CLIENT, i);
	assert_int_equal(hyps_of(w, FAM_D6_FLOOD, true), 0);
}

static void
flood_iaid(void **state)
{
	struct wire *w = *state;

	for (uint32_t i = 0; i < 4; i++)
		solicit_as(w, ROGUE, station(i), 15, i);
	assert_null(hyp_about(w, FAM_D6_FLOOD, ROGUE));
	solicit_as(w, ROGUE, station(4), 15, 4);
	assert_int_equal(graded(w, FAM_D6_FLOOD, ROGUE, F_D6_FLOOD), E1);
}

/* Sources that show nothing else: nobody can be named, and the segment's servers suffer. */
static void
flood_forged(void **state)
{
	struct wire *w = *state;
	struct answer a = offer(SERVER, "fd00:1::5");

	talk(w, CLIENT);
	talk(w, CLIENT2);
	talk(w, ROUTER);
	solicit(w, CLIENT, 999);
	answer_send(w, 999, &a);
	for (uint32_t i = 0; i < 60; i++)
		solicit_as(w, station(i), station(i), i, i);
	wire_wait(w, 9 * TS_SEC);
	assert_null(hyp_nobody(w, FAM_D6_FLOOD)); /* they may still show life */
	wire_wait(w, 3 * TS_SEC);
	struct hyp *h = hyp_nobody(w, FAM_D6_FLOOD);
	assert_non_null(h);
	assert_true(hyp_hard(h));
	assert_int_equal(h->verdict, V_PROBABLE);
	assert_non_null(hyp_victim_of(h, SERVER));
	assert_int_equal(h->nvictim, 1);
}

/* A power restore: as many hosts, each of which talks. */
static void
flood_boot(void **state)
{
	struct wire *w = *state;

	for (uint32_t i = 0; i < 60; i++) {
		dad_send(w, station(i), ll(station(i)));
		talk(w, station(i));
		solicit_as(w, station(i), station(i), i, i);
	}
	wire_wait(w, 15 * TS_SEC);
	assert_int_equal(hyps_of(w, FAM_D6_FLOOD, true), 0);
}

/* The end of the capture before the window is over: not claimed. */
static void
flood_cut_short(void **state)
{
	struct wire *w = *state;

	talk(w, CLIENT);
	talk(w, CLIENT2);
	talk(w, ROUTER);
	for (uint32_t i = 0; i < 60; i++)
		solicit_as(w, station(i), station(i), i, i);
	wire_wait(w, 5 * TS_SEC);
	engine_end(w->e);
	assert_int_equal(hyps_of(w, FAM_D6_FLOOD, true), 0);
}

/* ---- D6-DECL ---- */
static void
declines(struct wire *w, unsigned n)
{
	static const char *const addr[] = { "fd00:1::a1", "fd00:1::a2", "fd00:1::a3" };

	for (unsigned i = 0; i < n; i++) {
		struct answer a = offer(SERVER, addr[i]);
		a.type = D6_REPLY;
		a.to = station(i);
		solicit(w, station(i), i);
		answer_send(w, i, &a);
		dad_send(w, station(i), ip(addr[i]));
		na_send(w, ROGUE, ip(addr[i]), station(i));
		ask(w, D6_DECLINE, station(i), 100 + i, SERVER, addr[i]);
	}
}

static void
decline(void **state)
{
	struct wire *w = *state;

	declines(w, 3);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DECL), E1);
	assert_int_equal(victim_of(w, FAM_D6_ROGUE, ROGUE, station(2)), E1);
}

static void
decline_two(void **state)
{
	struct wire *w = *state;

	declines(w, 2);
	assert_int_equal(graded(w, FAM_D6_ROGUE, ROGUE, F_D6_DECL), -1);
}

/* ---- hostile input: every byte of a message changed, every length cut ---- */
static void
mangled(void **state)
{
	struct wire *w = *state;
	struct d6m m;

	d6_begin(&m, D6_REPLY, 3);
	d6_duid(&m, D6O_CLIENTID, CLIENT);
	d6_duid(&m, D6O_SERVERID, ROGUE);
	d6_dns(&m, ll(ROGUE));
	d6_ia(&m, 1, 200, 250, "fe80::1:2", 300, 300);
	for (size_t i = 0; i < m.o.n; i++) {
		uint8_t was = m.buf[i];
		for (unsigned v = 0; v < 256; v += 15) {
			m.buf[i] = (uint8_t)v;
			udp6(w, ROGUE, CLIENT, ll(ROGUE), ll(CLIENT), 547, 546, out_bytes(&m.o));
			udp6(w, CLIENT, ALL_DHCP, ll(CLIENT), ip("ff02::1:2"), 546, 547, out_bytes(&m.o));
		}
		m.buf[i] = was;
		udp6(w, ROGUE, CLIENT, ll(ROGUE), ll(CLIENT), 547, 546, bytes_of(m.buf, i));
	}
	engine_end(w->e);
}

#define UNKNOWN(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)
#define DECLARED(f) cmocka_unit_test_setup_teardown(f, setup_declared, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DECLARED(rogue_declared),
		UNKNOWN(rogue_unknown),
		DECLARED(rogue_tuple),
		DECLARED(rogue_behind_relay),
		DECLARED(rogue_ports),
		UNKNOWN(rogue_after_silence),
		UNKNOWN(rogue_before_silence),
		UNKNOWN(addr_ranges),
		UNKNOWN(addr_withdrawn),
		UNKNOWN(addr_vector),
		DECLARED(foreign_declared),
		DECLARED(foreign_inside),
		DECLARED(foreign_own_ra),
		UNKNOWN(foreign_unknown),
		DECLARED(foreign_delegation),
		DECLARED(dns_declared),
		DECLARED(dns_elsewhere),
		DECLARED(dns_bound_later),
		UNKNOWN(dns_working_router),
		UNKNOWN(dns_ra_alone),
		UNKNOWN(srvid),
		UNKNOWN(srvid_right),
		DECLARED(race_declared),
		UNKNOWN(race_unknown),
		UNKNOWN(race_pair),
		UNKNOWN(times),
		UNKNOWN(duid),
		DECLARED(reconfigure),
		DECLARED(info),
		UNKNOWN(info_unknown),
		DECLARED(accept_request),
		DECLARED(accept_spoofed_duid),
		DECLARED(accept_probe),
		DECLARED(accept_renew),
		UNKNOWN(flood_one_source),
		UNKNOWN(flood_slow),
		UNKNOWN(flood_iaid),
		UNKNOWN(flood_forged),
		UNKNOWN(flood_boot),
		UNKNOWN(flood_cut_short),
		UNKNOWN(decline),
		UNKNOWN(decline_two),
		UNKNOWN(mangled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
