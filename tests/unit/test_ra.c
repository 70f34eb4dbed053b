/* Router advertisement and address claim detections, DETECTIONS.md 6: for each one message that fires and a near miss. */
#include "wire6.h"

#include "rastate.h"

static int
setup(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));
	wire_open(w);
	*state = w;
	return 0;
}

static struct mac router_macs[1], server_macs[1];
static struct addr router_ips[2], resolvers[2];
static struct prefix prefixes[1];
static struct auth_server routers[1], dhcp4[1];
static struct auth_site site[1];

static int
setup_declared(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));

	router_macs[0] = ROUTER;
	router_ips[0] = addr4(10, 0, 0, 1);
	router_ips[1] = ll(ROUTER);
	server_macs[0] = SERVER;
	resolvers[0] = addr4(10, 0, 0, 1);
	resolvers[1] = ll(CLIENT2);
	prefixes[0] = (struct prefix){ ip("fd00:1::"), 64 };
	routers[0] = (struct auth_server){ .mac = router_macs, .nmac = 1, .ip = router_ips, .nip = 2 };
	dhcp4[0] = (struct auth_server){ .mac = server_macs, .nmac = 1 };
	site[0] = (struct auth_site){ .prefixes = prefixes, .nprefixes = 1 };
	site[0].routers = (struct auth_servers){ true, routers, 1 };
	site[0].dhcp4_servers = (struct auth_servers){ true, dhcp4, 1 };
	site[0].resolvers = (struct auth_addrs){ true, resolvers, 2 };
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

enum { FLAG_M = 0x80, FLAG_O = 0x40, PRF_HIGH = 0x08, PRF_RESERVED = 0x10 };

/* A router as any: lifetime, prefix. */
static void
router_ra(struct wire *w, struct mac from, uint8_t flags, const char *prefix)
{
	struct ndm m;

	ra_begin(&m, flags, 1800);
	if (prefix)
		ra_prefix(&m, prefix, 3600);
	ra_send(w, &m, from);
}

/* Sixteen bytes and nothing else. */
static void
bare_ra(struct wire *w, struct mac from, uint8_t flags, uint16_t lifetime)
{
	struct ndm m;

	ra_begin(&m, flags, lifetime);
	ra_send(w, &m, from);
}

/* ---- RA-ROGUE ---- */
static void
rogue_declared(void **state)
{
	struct wire *w = *state;

	router_ra(w, ROUTER, 0, "fd00:1::");
	assert_int_equal(hyps_of(w, FAM_RA, false), 0);
	router_ra(w, ROGUE, 0, "fd00:bad::");
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_ROGUE), E1);
	assert_true(flags_of(w, FAM_RA, ROGUE, F_RA_ROGUE) & FF_HARD);
	assert_int_equal(verdict_now(w, FAM_RA, ROGUE), V_PROBABLE);
}

/* Undeclared, a router that works is no incident; one that only advertises is told as info. */
static void
rogue_unknown(void **state)
{
	struct wire *w = *state;

	router_ra(w, ROUTER, 0, "fd00:1::");
	router_ra(w, CLIENT2, 0, "fd00:1::");
	assert_int_equal(hyps_of(w, FAM_RA, true), 0);
	assert_false(flags_of(w, FAM_RA, ROUTER, F_RA_ROGUE) & FF_OPENS);
	assert_int_equal(verdict_now(w, FAM_RA, ROUTER), V_INFO);
}

/* A Thread border router: lifetime 0, its own small networks. */
static void
rogue_mesh(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	ra_begin(&m, 0, 0);
	ra_prefix(&m, "fd00:77::", 1800);
	ra_route(&m, "fd00:78::", 64);
	ra_send(w, &m, CLIENT2);
	assert_int_equal(graded(w, FAM_RA, CLIENT2, F_RA_ROGUE), E0);
	assert_int_equal(verdict_now(w, FAM_RA, CLIENT2), V_INFO);
	/* the same with a route that takes everybody's traffic */
	ra_begin(&m, 0, 0);
	ra_route(&m, "::", 0);
	ra_send(w, &m, ROGUE);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_ROGUE), E1);
	/* and one for the site's own prefix */
	ra_begin(&m, 0, 0);
	ra_route(&m, "fd00:1::", 64);
	ra_send(w, &m, CLIENT);
	assert_int_equal(graded(w, FAM_RA, CLIENT, F_RA_ROGUE), E1);
}

/* A declared resolver that advertises itself and nothing else. */
static void
rogue_resolver_host(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	ra_begin(&m, 0, 0);
	ra_rdnss(&m, ll(CLIENT2), 600);
	ra_send(w, &m, CLIENT2);
	assert_int_equal(hyps_of(w, FAM_RA, false), 0);
	ra_begin(&m, 0, 0);
	ra_rdnss(&m, ll(CLIENT2), 600); /* the right address, told by another */
	ra_send(w, &m, ROGUE);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_DNS), E1);
}

static void
rogue_after_silence(void **state)
{
	struct wire *w = *state;

	for (unsigned i = 0; i < 12; i++) {
		rs_send(w, i & 1 ? CLIENT : CLIENT2);
		w->now += 2 * TS_HOUR + TS_MIN;
	}
	router_ra(w, ROGUE, 0, "fd00:1::");
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_ROGUE), E1);
	assert_int_equal(verdict_now(w, FAM_RA, ROGUE), V_SUSPECTED);
}

static void
rogue_vlan(void **state)
{
	struct wire *w = *state;

	w->vlan = 12;
	router_ra(w, ROGUE, 0, "fd00:bad::");
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_ROGUE), E1);
	assert_string_equal(w->e->segment_at[0]->name, "cap/12");
}

/* ---- RA-DNS, RA-PREF, RA-MO ---- */
static void
dns_declared(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	ra_begin(&m, 0, 1800);
	ra_rdnss(&m, ll(ROGUE), 600);
	ra_send(w, &m, ROGUE);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_DNS), E1);
	assert_true(flags_of(w, FAM_RA, ROGUE, F_RA_DNS) & FF_HARD);
	ra_send(w, &m, ROUTER);
	assert_null(hyp_about(w, FAM_RA, ROUTER));
}

/* Nothing declared: a home router gives itself as resolver; one that is no router does not. */
static void
dns_unknown(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	ra_begin(&m, 0, 1800);
	ra_rdnss(&m, ll(ROUTER), 600);
	ra_send(w, &m, ROUTER);
	assert_int_equal(graded(w, FAM_RA, ROUTER, F_RA_DNS), -1);
	ra_begin(&m, 0, 0);
	ra_rdnss(&m, ll(ROUTER), 600);
	ra_send(w, &m, ROUTER); /* it stops */
	assert_int_equal(graded(w, FAM_RA, ROUTER, F_RA_DNS), -1);
	ra_begin(&m, 0, 0);
	ra_rdnss(&m, ll(ROGUE), 600);
	ra_send(w, &m, ROGUE);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_DNS), E1);
	assert_int_equal(verdict_now(w, FAM_RA, ROGUE), V_SUSPECTED);
	struct mac by;
	bool other;
	assert_true(resolver_advertised(w->e, w->e->segment_at[0], ll(ROGUE), &by, &other));
	assert_true(mac_eq(by, ROGUE) && !other);
}

static void
pref(void **state)
{
	struct wire *w = *state;

	bare_ra(w, CLIENT, 0, 0);
	assert_int_equal(graded(w, FAM_RA, CLIENT, F_RA_PREF), -1);
	bare_ra(w, CLIENT2, PRF_HIGH, 1800);
	assert_int_equal(graded(w, FAM_RA, CLIENT2, F_RA_PREF), -1);
	bare_ra(w, ROGUE, PRF_HIGH, 0);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_PREF), E0);
	assert_int_equal(verdict_now(w, FAM_RA, ROGUE), V_INFO);
	w->now += 11 * TS_SEC; /* else four new faces at once: nobody would be named */
	bare_ra(w, SERVER, PRF_RESERVED, 1800);
	assert_int_equal(graded(w, FAM_RA, SERVER, F_RA_PREF), E0);
}

/* The vector of DETECTIONS.md 18: 86007abe00c800000000000000000000 but for the checksum. */
static void
nudge_unknown(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	ra_begin(&m, FLAG_M | FLAG_O | PRF_HIGH, 0);
	m.buf[4] = 0; /* hop limit unspecified */
	ra_send(w, &m, ROGUE);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_MO), E1);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_PREF), E0);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_ROGUE), E0);
	assert_int_equal(verdict_now(w, FAM_RA, ROGUE), V_SUSPECTED);
	assert_string_equal(hyp_about(w, FAM_RA, ROGUE)->hint, "mitm6");
}

/* A router that stops keeps M and O, with Prf set or not; so does one whose prefix is still in the message. */
static void
nudge_router_stops(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	router_ra(w, ROUTER, FLAG_M | FLAG_O, "fd00:1::");
	bare_ra(w, ROUTER, FLAG_M | FLAG_O | PRF_HIGH, 0);
	assert_int_equal(graded(w, FAM_RA, ROUTER, F_RA_MO), -1);
	ra_begin(&m, FLAG_M | FLAG_O, 0);
	ra_prefix(&m, "fd00:1::", 3600);
	ra_send(w, &m, CLIENT2); /* its first message in this capture */
	assert_int_equal(graded(w, FAM_RA, CLIENT2, F_RA_MO), -1);
	assert_int_equal(verdict_now(w, FAM_RA, CLIENT2), V_INFO);
}

static void
flags_differ(void **state)
{
	struct wire *w = *state;

	router_ra(w, ROUTER, FLAG_O, "fd00:1::");
	router_ra(w, CLIENT2, FLAG_O, "fd00:2::"); /* no flag that the authorised one lacks */
	assert_int_equal(graded(w, FAM_RA, CLIENT2, F_RA_MO), -1);
	router_ra(w, ROGUE, FLAG_M | FLAG_O, "fd00:3::");
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_MO), E1);
	assert_true(flags_of(w, FAM_RA, ROGUE, F_RA_MO) & FF_HARD);
}

/* ---- RA-KILL ---- */
static void
kill_other_mac(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	router_ra(w, ROUTER, 0, "fd00:1::");
	ra_begin(&m, 0, 0);
	nd_send(w, &m, ROGUE, ALL_NODES, ll(ROUTER), ip("ff02::1"));
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_KILL), E1);
	assert_true(flags_of(w, FAM_RA, ROGUE, F_RA_KILL) & FF_SP);
	assert_int_equal(verdict_now(w, FAM_RA, ROGUE), V_CONFIRMED);
}

/* In the router's own MAC: seen by the correction.  A router that restarts does this too, once and in its own shape. */
static void
kill_same_mac(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	router_ra(w, ROUTER, 0, "fd00:1::");
	w->now += 10 * TS_SEC;
	ra_begin(&m, 0, 0);
	ra_prefix(&m, "fd00:1::", 3600);
	ra_send(w, &m, ROUTER);
	w->now += TS_SEC;
	router_ra(w, ROUTER, 0, "fd00:1::"); /* restarted */
	assert_null(hyp_nobody(w, FAM_RA));
	w->now += 10 * TS_MIN;
	bare_ra(w, ROUTER, 0, 0); /* has lost its prefix */
	w->now += 4 * TS_SEC;
	router_ra(w, ROUTER, 0, "fd00:1::"); /* too late for a correction */
	assert_null(hyp_nobody(w, FAM_RA));
	w->now += 10 * TS_SEC;
	bare_ra(w, ROUTER, 0, 0);
	w->now += TS_SEC;
	router_ra(w, ROUTER, 0, "fd00:1::");
	struct hyp *h = hyp_nobody(w, FAM_RA);
	assert_non_null(h);
	assert_true(hyp_holds(h, F_RA_KILL));
	assert_false(hyp_open(hyp_about(w, FAM_RA, ROUTER)));
}

/* ---- RA-EVADE ---- */
static void
evade(void **state)
{
	static const uint8_t atomic[8] = { 58, 0, 0, 0, 0, 0, 0, 1 }, dest[8] = { 58, 0, 1, 4, 0, 0, 0, 0 };
	static const struct {
		uint8_t first;
		const uint8_t *ext;
		uint8_t hop;
		bool code, global;
		int grade;
	} row[] = {
		{ 0, NULL, 255, false, false, -1 },  { 44, atomic, 255, false, false, E1 },
		{ 60, dest, 255, false, false, E1 }, { 0, NULL, 64, false, false, E1 },
		{ 0, NULL, 255, true, false, E1 },   { 0, NULL, 255, false, true, E1 },
	};
	(void)state;

	for (size_t i = 0; i < NELEM(row); i++) {
		struct wire w = { 0 };
		struct ndm m;
		wire_open(&w);
		w.hop = row[i].hop;
		ra_begin(&m, 0, 1800);
		ra_prefix(&m, "fd00:1::", 3600);
		m.buf[1] = row[i].code;
		ip6_frame(&w, ROGUE, ALL_NODES, row[i].global ? ip("fd00:1::1") : ll(ROGUE), ip("ff02::1"),
			  row[i].first, bytes_of(row[i].ext, row[i].ext ? 8 : 0), 58, m.buf, m.o.n, 2);
		assert_int_equal(graded(&w, FAM_RA, ROGUE, F_RA_EVADE), row[i].grade);
		wire_close(&w);
	}
}

/* A wrong checksum alone is the mirror's or the offload's; nobody accepts it. */
static void
evade_checksum(void **state)
{
	struct wire *w = *state;
	uint8_t buf[64];
	struct out o = out_init(buf, sizeof(buf));

	talk(w, CLIENT);
	ether(&o, w, ROGUE, ALL_NODES, 0x86dd);
	out_be(&o, 0x60000000, 4);
	out_be(&o, 0x00103aff, 4);
	out_put(&o, ll(ROGUE).b, 16);
	out_put(&o, ip("ff02::1").b, 16);
	assert_true(out_ok(&o));
	uint8_t frame[80];
	memcpy(frame, buf, o.n);
	static const uint8_t ra[16] = { 134, 0, 0xde, 0xad, 64, 0, 0x07, 0x08 };
	memcpy(frame + o.n, ra, 16);
	wire_frame(w, frame, o.n + 16);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_EVADE), E0);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT), -1);
}

/* ---- RA-FLOOD ---- */
static struct mac
station(uint32_t i)
{
	return (struct mac){ { 2, 1, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };
}

static void
flood_prefixes(void **state)
{
	static const char *const p[] = { "fd00:1::", "fd00:2::", "fd00:3::", "fd00:4::", "fd00:5::",
					 "fd00:6::", "fd00:7::", "fd00:8::", "fd00:9::", "fd00:a::" };
	struct wire *w = *state;

	talk(w, ROGUE);
	for (unsigned i = 0; i < 30; i++)
		router_ra(w, ROGUE, 0, p[i % 9]); /* nine, again and again */
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_FLOOD), -1);
	router_ra(w, ROGUE, 0, p[9]);
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_FLOOD), E1);
	assert_int_equal(verdict_now(w, FAM_RA, ROGUE), V_PROBABLE);
}

static void
flood_sources(void **state)
{
	struct wire *w = *state;

	talk(w, CLIENT);
	for (uint32_t i = 0; i < 200; i++)
		router_ra(w, station(i), 0, "fd00:bad::");
	struct hyp *h = hyp_nobody(w, FAM_RA);
	assert_non_null(h);
	assert_true(hyp_holds(h, F_RA_FLOOD) && hyp_hard(h));
	assert_non_null(hyp_victim_of(h, CLIENT));
	assert_int_equal(h->nvictim, 1); /* no forged sender is a victim */
	assert_true(hyps_of(w, FAM_RA, true) <= 10);
}

static void
flood_slow(void **state)
{
	struct wire *w = *state;

	for (uint32_t i = 0; i < 12; i++) {
		talk(w, station(i));
		router_ra(w, station(i), 0, "fd00:1::");
		w->now += 2 * TS_SEC;
	}
	assert_int_equal(hyps_of(w, FAM_RA, true), 0);
}

/* ---- RA-BADOPT ---- */
static void
badopt(void **state)
{
	/* RDNSS of even length (CVE-2020-16898), length 0, prefix information that is too short, one past the end */
	static const uint8_t even[32] = { 25, 4, 0, 0, 0, 0, 0, 1 }, zero[8] = { 1, 0 },
			     pio[16] = { 3, 2, 64, 0xc0 }, past[8] = { 1, 4 },
			     good[24] = { 25, 3, 0, 0, 0, 0, 0, 1, 0xfe, 0x80 }, slla[8] = { 1, 1, 2 };
	static const struct {
		const uint8_t *p;
		size_t n;
		int grade;
	} row[] = {
		{ even, 32, E1 }, { zero, 8, E1 },  { pio, 16, E1 },
		{ past, 8, E1 },  { good, 24, -1 }, { slla, 8, -1 },
	};
	(void)state;

	for (size_t i = 0; i < NELEM(row); i++) {
		struct wire w = { 0 };
		struct ndm m;
		wire_open(&w);
		ra_begin(&m, 0, 1800);
		out_put(&m.o, row[i].p, row[i].n);
		ra_send(&w, &m, ROGUE);
		assert_int_equal(graded(&w, FAM_RA, ROGUE, F_RA_BADOPT), row[i].grade);
		wire_close(&w);
	}
}

/* ---- who is a victim, and who follows ---- */
static void
exposed(void **state)
{
	struct wire *w = *state;

	talk(w, CLIENT2);
	w->now += 11 * TS_MIN; /* gone */
	talk(w, CLIENT);
	talk(w, SERVER); /* a declared server */
	router_ra(w, ROUTER, 0, "fd00:1::");
	router_ra(w, ROGUE, 0, "fd00:bad::");
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT), E1);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT2), -1);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, SERVER), -1);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, ROUTER), -1);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, ROGUE), -1);
	talk(w, CLIENT2); /* comes back while it lasts */
	wire_wait(w, 3 * TS_SEC);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT2), E1);
}

/* An advertisement to one host concerns that one. */
static void
exposed_unicast(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	talk(w, CLIENT2);
	ra_begin(&m, 0, 1800);
	nd_send(w, &m, ROGUE, CLIENT, ll(ROGUE), ll(CLIENT));
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT), E1);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT2), -1);
}

static void
follow_probe(void **state)
{
	struct wire *w = *state;

	router_ra(w, ROUTER, 0, "fd00:1::");
	router_ra(w, ROGUE, 0, "fd00:bad::");
	dad_send(w, CLIENT, ip("fd00:1::5")); /* the router's prefix */
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_FOLLOW), -1);
	dad_send(w, CLIENT, ip("fd00:bad::5"));
	assert_int_equal(graded(w, FAM_RA, ROGUE, F_RA_FOLLOW), E2);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT), E2);
}

static void
solicit(struct wire *w, struct mac from)
{
	struct d6m m;

	d6_begin(&m, D6_SOLICIT, 7);
	d6_duid(&m, D6O_CLIENTID, from);
	d6_ia(&m, 1, 0, 0, NULL, 0, 0);
	d6_client(w, &m, from);
}

static void
follow_solicit(void **state)
{
	struct wire *w = *state;

	bare_ra(w, ROGUE, FLAG_M | FLAG_O, 0);
	w->now += 3 * TS_SEC;
	solicit(w, CLIENT);
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT), E2);
	w->now += 3 * TS_SEC;
	solicit(w, CLIENT2); /* six seconds after */
	assert_true(victim_of(w, FAM_RA, ROGUE, CLIENT2) < E2);
}

static void
follow_traffic(void **state)
{
	struct wire *w = *state;

	router_ra(w, ROGUE, 0, "fd00:bad::");
	w->hop = 64;
	udp6(w, CLIENT2, ROGUE, ll(CLIENT2), ll(ROGUE), 1000, 53, bytes_of("to the host itself", 18));
	assert_true(victim_of(w, FAM_RA, ROGUE, CLIENT2) < E2);
	udp6(w, CLIENT, ROGUE, ip("fd00:bad::5"), ip("2001:4860::1"), 1000, 2000, bytes_of("through it", 10));
	assert_int_equal(victim_of(w, FAM_RA, ROGUE, CLIENT), E2);
}

/* ---- ND-SPOOF ---- */
static struct addr
gateway4(void)
{
	return addr4(10, 0, 0, 1);
}

/* The declared router's address from another MAC: hard at once. */
static void
spoof_declared(void **state)
{
	struct wire *w = *state;

	arp_send(w, 2, ROGUE, CLIENT, gateway4(), addr4(10, 0, 0, 11));
	assert_int_equal(graded(w, FAM_ND_SPOOF, ROGUE, F_ND_SPOOF), E1);
	assert_true(flags_of(w, FAM_ND_SPOOF, ROGUE, F_ND_SPOOF) & FF_HARD);
	assert_int_equal(victim_of(w, FAM_ND_SPOOF, ROGUE, CLIENT), E1);
	arp_send(w, 2, ROGUE, CLIENT2, gateway4(), addr4(10, 0, 0, 12));
	assert_int_equal(victim_of(w, FAM_ND_SPOOF, ROGUE, CLIENT2), E1);
	arp_send(w, 2, ROUTER, CLIENT, gateway4(), addr4(10, 0, 0, 11)); /* the owner answers */
	assert_int_equal(hyps_of(w, FAM_ND_SPOOF, true), 1);
}

static void
spoof_neighbour(void **state)
{
	struct wire *w = *state;

	router_ra(w, ROUTER, 0, "fd00:1::"); /* a router's address, learned */
	na_send(w, ROUTER, ll(ROUTER), CLIENT);
	na_send(w, ROGUE, ll(ROUTER), CLIENT);
	assert_int_equal(graded(w, FAM_ND_SPOOF, ROGUE, F_ND_SPOOF), E1);
	assert_false(flags_of(w, FAM_ND_SPOOF, ROGUE, F_ND_SPOOF) & FF_HARD);
	w->now += TS_SEC;
	na_send(w, ROUTER, ll(ROUTER), CLIENT);
	w->now += TS_SEC;
	na_send(w, ROGUE, ll(ROUTER), CLIENT); /* taken, claimed back, taken again */
	assert_true(flags_of(w, FAM_ND_SPOOF, ROGUE, F_ND_SPOOF) & FF_HARD);
	assert_int_equal(hyps_of(w, FAM_ND_SPOOF, true), 1);
}

/* Retaken within seconds, again and again: as an ordinary station under attack looks. */
static void
spoof_fight(void **state)
{
	struct wire *w = *state;
	struct addr a = addr4(10, 0, 0, 11);

	for (unsigned i = 0; i < 3; i++) {
		arp_send(w, 2, CLIENT, CLIENT2, a, addr4(10, 0, 0, 12));
		w->now += 400 * TS_MS;
		arp_send(w, 2, ROGUE, CLIENT2, a, addr4(10, 0, 0, 12));
		w->now += 400 * TS_MS;
	}
	assert_true(flags_of(w, FAM_ND_SPOOF, ROGUE, F_ND_SPOOF) & FF_HARD);
	assert_null(hyp_about(w, FAM_ND_SPOOF, CLIENT));
}

/* Any address: only when the owner claims it back and both are there. */
static void
spoof_ordinary(void **state)
{
	struct wire *w = *state;
	struct addr a = addr4(10, 0, 0, 11);

	arp_send(w, 2, CLIENT, CLIENT2, a, addr4(10, 0, 0, 12));
	w->now += TS_SEC;
	arp_send(w, 2, ROGUE, CLIENT2, a, addr4(10, 0, 0, 12));
	assert_int_equal(hyps_of(w, FAM_ND_SPOOF, true), 0);
	w->now += TS_SEC;
	arp_send(w, 2, CLIENT, CLIENT2, a, addr4(10, 0, 0, 12));
	talk(w, ROGUE);
	wire_wait(w, TS_SEC);
	assert_int_equal(hyps_of(w, FAM_ND_SPOOF, true), 0);
	talk(w, CLIENT);
	wire_wait(w, 2 * TS_SEC);
	assert_int_equal(graded(w, FAM_ND_SPOOF, ROGUE, F_ND_SPOOF), E1);
	assert_true(flags_of(w, FAM_ND_SPOOF, ROGUE, F_ND_SPOOF) & FF_HARD);
	assert_int_equal(victim_of(w, FAM_ND_SPOOF, ROGUE, CLIENT2), E1);
	assert_null(hyp_about(w, FAM_ND_SPOOF, CLIENT));
}

/* A device that changes its MAC and takes its address along, and back: never there twice. */
static void
spoof_random_mac(void **state)
{
	struct wire *w = *state;
	struct addr a = addr4(10, 0, 0, 11);

	for (unsigned i = 0; i < 5; i++) {
		struct mac m = i & 1 ? CLIENT2 : CLIENT;
		talk(w, m);
		arp_send(w, 1, m, BROADCAST, a, a);
		wire_wait(w, 15 * TS_SEC);
	}
	assert_int_equal(hyps_of(w, FAM_ND_SPOOF, true), 0);
}

/* A new owner that stays, and a virtual router (RFC 9568) that moves. */
static void
spoof_moves(void **state)
{
	static const struct mac vrrp = { { 0, 0, 0x5e, 0, 1, 7 } };
	struct wire *w = *state;

	arp_send(w, 1, CLIENT, BROADCAST, addr4(10, 0, 0, 11), addr4(10, 0, 0, 11));
	w->now += TS_SEC;
	arp_send(w, 1, CLIENT2, BROADCAST, addr4(10, 0, 0, 11), addr4(10, 0, 0, 11));
	wire_wait(w, 90 * TS_SEC);
	arp_send(w, 1, vrrp, BROADCAST, gateway4(), gateway4());
	w->now += TS_SEC;
	arp_send(w, 1, ROUTER, BROADCAST, gateway4(), gateway4());
	w->now += TS_SEC;
	arp_send(w, 1, vrrp, BROADCAST, gateway4(), gateway4());
	wire_wait(w, 5 * TS_SEC);
	assert_int_equal(hyps_of(w, FAM_ND_SPOOF, true), 0);
}

/* A probe (RFC 5227: sender address 0) and a proxy's answer with the owner's MAC in it claim nothing for their sender. */
static void
spoof_probe(void **state)
{
	struct wire *w = *state;

	arp_send(w, 1, ROGUE, BROADCAST, addr4(0, 0, 0, 0), gateway4());
	assert_int_equal(hyps_of(w, FAM_ND_SPOOF, true), 0);
}

/* ---- hostile input ---- */
static void
mangled(void **state)
{
	struct wire *w = *state;
	struct ndm m;

	ra_begin(&m, FLAG_M | FLAG_O, 1800);
	ra_prefix(&m, "fd00:1::", 3600);
	ra_rdnss(&m, ll(ROGUE), 600);
	ra_route(&m, "fd00:2::", 64);
	for (size_t i = 0; i < m.o.n; i++) {
		uint8_t was = m.buf[i];
		for (unsigned v = 0; v < 256; v += 5) {
			m.buf[i] = (uint8_t)v;
			ra_send(w, &m, ROGUE);
		}
		m.buf[i] = was;
		ip6_frame(w, ROGUE, ALL_NODES, ll(ROGUE), ip("ff02::1"), 0, (struct bytes){ NULL, 0 }, 58,
			  m.buf, i < 4 ? 4 : i, 2);
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
		DECLARED(rogue_mesh),
		DECLARED(rogue_resolver_host),
		UNKNOWN(rogue_after_silence),
		DECLARED(rogue_vlan),
		DECLARED(dns_declared),
		UNKNOWN(dns_unknown),
		UNKNOWN(pref),
		UNKNOWN(nudge_unknown),
		UNKNOWN(nudge_router_stops),
		DECLARED(flags_differ),
		DECLARED(kill_other_mac),
		UNKNOWN(kill_same_mac),
		UNKNOWN(evade),
		UNKNOWN(evade_checksum),
		UNKNOWN(flood_prefixes),
		UNKNOWN(flood_sources),
		UNKNOWN(flood_slow),
		UNKNOWN(badopt),
		DECLARED(exposed),
		DECLARED(exposed_unicast),
		DECLARED(follow_probe),
		UNKNOWN(follow_solicit),
		DECLARED(follow_traffic),
		DECLARED(spoof_declared),
		UNKNOWN(spoof_neighbour),
		UNKNOWN(spoof_fight),
		UNKNOWN(spoof_ordinary),
		UNKNOWN(spoof_random_mac),
		UNKNOWN(spoof_moves),
		UNKNOWN(spoof_probe),
		UNKNOWN(mangled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
