/* DHCPv4 detections through the whole engine: for each one that fires and one near miss, the traps of a normal network and
 * the evasions.  Frames are bytes (wire4.h). */
#include "wire4.h"

static struct net n; /* one at a time */

#define ROGUE_SERVER "dhcpv4-rogue-server"
#define FLOOD	     "dhcp-discover-flood"
#define STARVATION   "dhcp-starvation"
#define AUTHKILL     "dhcp-authorisation-kill"

static void
start(bool declared)
{
	net_open(&n, declared);
	neighbours(&n);
}

static void
finish(void)
{
	net_end(&n);
}

static void
done(void)
{
	net_close(&n);
}

static bool
names(const struct net_told *t, struct mac m)
{
	return t && t->last.has_actor_mac && mac_eq(t->last.actor_mac, m);
}

static bool
lists(const struct net_told *t, struct mac m)
{
	for (size_t i = 0; t && i < t->last.nvictim; i++)
		if (t->last.victim[i].has_mac && mac_eq(t->last.victim[i].mac, m))
			return true;
	return false;
}

/* ---- rogue servers ---- */
static void
rogue_declared(void **state)
{
	(void)state;
	struct srv bad = evil();
	start(true);
	boot(&n, 20);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_int_equal(verdict(&n, ROGUE_SERVER), V_PROBABLE);
	assert_true(names(told(&n, ROGUE_SERVER), ROGUE));
	assert_true(lists(told(&n, ROGUE_SERVER), client(21)));
	assert_false(lists(told(&n, ROGUE_SERVER), client(20)));
	assert_int_equal(told(&n, ROGUE_SERVER)->grade, E1);
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-ROGUE"));
	done();
}

static void
rogue_accepted(void **state)
{
	(void)state;
	struct srv bad = evil();
	start(true);
	dora(&n, &bad, 7, client(21), lease(21));
	finish();
	assert_int_equal(told(&n, ROGUE_SERVER)->grade, E2);
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-ACCEPT"));
	done();
}

static void
declared_server_is_none(void **state)
{
	(void)state;
	start(true);
	boot(&n, 20);
	boot(&n, 21);
	finish();
	assert_null(told(&n, ROGUE_SERVER));
	done();
}

static void
lone_unknown_is_info(void **state)
{
	(void)state;
	start(false);
	for (unsigned k = 20; k < 24; k++) {
		boot(&n, k);
		net_wait(&n, 20 * TS_SEC);
	}
	finish();
	assert_non_null(told(&n, ROGUE_SERVER));
	assert_int_equal(worst(&n), V_INFO);
	done();
}

/* Nothing declared: the newcomer that contradicts the server seen before is suspected, and only it. */
static void
unknown_contradiction(void **state)
{
	(void)state;
	struct srv bad = evil(), ok = good();
	start(false);
	boot(&n, 20);
	net_wait(&n, 60 * TS_SEC);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(121));
	answer(&n, &ok, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_int_equal(verdict(&n, ROGUE_SERVER), V_SUSPECTED);
	assert_true(names(told(&n, ROGUE_SERVER), ROGUE));
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-RACE"));
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-OPT"));
	for (size_t i = 0; i < n.ntold; i++)
		assert_true(n.told[i].verdict == V_INFO || names(&n.told[i], ROGUE));
	done();
}

/* Only option 121 differs, and the earlier server was asked for it and sent none. */
static void
unknown_route_only(void **state)
{
	(void)state;
	static const uint8_t half[] = { 1, 0, 10, 0, 0, 66 };
	struct srv bad = evil();
	bad.router = bad.dns = addr4(10, 0, 0, 1);
	bad.routes = half;
	bad.nroutes = sizeof(half);
	start(false);
	boot(&n, 20);
	net_wait(&n, 60 * TS_SEC);
	dora(&n, &bad, 7, client(21), lease(121));
	finish();
	assert_int_equal(verdict(&n, ROGUE_SERVER), V_SUSPECTED);
	done();
}

/* Both came with the first transaction of the capture: the one that leads to itself is meant. */
static void
unknown_first_race(void **state)
{
	(void)state;
	struct srv bad = evil(), ok = good();
	start(false);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(121));
	answer(&n, &ok, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_true(names(told(&n, ROGUE_SERVER), ROGUE));
	assert_int_equal(verdict(&n, ROGUE_SERVER), V_SUSPECTED);
	done();
}

/* Trap: a pair that answers every DISCOVER with the same words. */
static void
split_scope(void **state)
{
	for (int declared = 0; declared < 2; declared++) {
		(void)state;
		struct srv a = good(), b = twin();
		start(declared);
		if (declared)
			net_second(&n);
		for (unsigned k = 20; k < 26; k++) {
			discover(&n, k, client(k), client(k));
			answer(&n, &a, D4_OFFER, k, client(k), lease(k));
			answer(&n, &b, D4_OFFER, k, client(k), lease(k + 100));
			request(&n, k, client(k), client(k), a.id, lease(k));
			answer(&n, &a, D4_ACK, k, client(k), lease(k));
			net_alive(&n, client(k), lease(k));
			net_wait(&n, 20 * TS_SEC);
		}
		finish();
		assert_int_equal(worst(&n), V_INFO);
		done();
	}
}

/* Trap: each reply twice, from server and relay. */
static void
relay_both_sides(void **state)
{
	for (int declared = 0; declared < 2; declared++) {
		(void)state;
		struct srv s = good(), r = good();
		struct msg m;
		r.l2 = ROUTER;
		s.giaddr = r.giaddr = addr4(10, 0, 0, 1);
		start(declared);
		for (unsigned k = 20; k < 24; k++) {
			discover(&n, k, client(k), client(k));
			msg_init(&m, 1, D4_DISCOVER, k, client(k))->l2 = ROUTER;
			msg_addr(&m, AT_GIADDR, addr4(10, 0, 0, 1));
			msg_opt(&m, D4O_PARAMS, ASKS, sizeof(ASKS));
			msg_send(&n, &m);
			answer(&n, &s, D4_OFFER, k, client(k), lease(k));
			answer(&n, &r, D4_OFFER, k, client(k), lease(k));
			request(&n, k, client(k), client(k), s.id, lease(k));
			answer(&n, &s, D4_ACK, k, client(k), lease(k));
			answer(&n, &r, D4_ACK, k, client(k), lease(k));
			net_alive(&n, client(k), lease(k));
			net_wait(&n, 20 * TS_SEC);
		}
		finish();
		assert_int_equal(worst(&n), V_INFO);
		done();
	}
}

/* Evasion: a giaddr makes no relay. */
static void
giaddr_no_cloak(void **state)
{
	(void)state;
	struct srv bad = evil();
	bad.giaddr = addr4(10, 0, 0, 1);
	start(true);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_true(verdict(&n, ROGUE_SERVER) >= V_PROBABLE);
	assert_true(names(told(&n, ROGUE_SERVER), ROGUE));
	done();
}

/* Evasion: a request with a giaddr first, to pass for a relay. */
static void
false_relay(void **state)
{
	(void)state;
	struct srv bad = evil();
	struct msg m;
	start(true);
	boot(&n, 20);
	msg_init(&m, 1, D4_DISCOVER, 99, client(22))->l2 = ROGUE;
	msg_addr(&m, AT_GIADDR, addr4(10, 0, 0, 66));
	msg_send(&n, &m);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_true(verdict(&n, ROGUE_SERVER) >= V_PROBABLE);
	assert_true(names(told(&n, ROGUE_SERVER), ROGUE));
	done();
}

/* Evasion: an undeclared server behind the router; its MAC is not on this wire. */
static void
behind_router(void **state)
{
	(void)state;
	struct srv bad = evil();
	bad.l2 = ROUTER;
	bad.id = bad.src = addr4(192, 0, 2, 9);
	start(true);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_true(verdict(&n, ROGUE_SERVER) >= V_PROBABLE);
	assert_false(told(&n, ROGUE_SERVER)->last.has_actor_mac);
	done();
}

/* ... and the declared one behind it is fine, with and without giaddr. */
static void
remote_declared(void **state)
{
	(void)state;
	struct srv s = good();
	s.l2 = ROUTER;
	start(true);
	dora(&n, &s, 7, client(21), lease(21));
	s.giaddr = addr4(10, 0, 0, 1);
	dora(&n, &s, 8, client(22), lease(22));
	finish();
	assert_null(told(&n, ROGUE_SERVER));
	done();
}

/* ---- proxyDHCP ---- */
static void
pxe_ask(uint32_t xid, struct mac m, bool pxe)
{
	struct msg d;
	msg_init(&d, 1, D4_DISCOVER, xid, m);
	if (pxe)
		msg_opt(&d, D4O_VENDOR_CLASS, "PXEClient:Arch:00000", 20);
	msg_send(&n, &d);
}
static void
pxe_answer(uint32_t xid, struct mac to, const char *pac)
{
	struct msg m;
	msg_init(&m, 2, D4_OFFER, xid, to)->l2 = ROGUE;
	m.src = addr4(10, 0, 0, 7);
	msg_opt_ip(&m, D4O_SERVER_ID, addr4(10, 0, 0, 7));
	msg_opt(&m, D4O_VENDOR_CLASS, "PXEClient", 9);
	if (pac)
		msg_opt(&m, D4O_WPAD, pac, strlen(pac));
	msg_send(&n, &m);
}

static void
proxy_dhcp(void **state)
{
	(void)state;
	start(true); /* no list of PXE servers */
	pxe_ask(7, client(21), true);
	pxe_answer(7, client(21), NULL);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();

	start(true); /* declared, with anything in it */
	n.pxe_mac[0] = ROGUE;
	n.pxe[0] = (struct auth_server){ .mac = n.pxe_mac, .nmac = 1 };
	n.site.pxe_servers = (struct auth_servers){ true, n.pxe, 1 };
	pxe_ask(7, client(21), true);
	pxe_answer(7, client(21), NULL);
	finish();
	assert_null(told(&n, ROGUE_SERVER));
	done();

	start(true); /* a list without it */
	n.site.pxe_servers = (struct auth_servers){ true, NULL, 0 };
	pxe_ask(7, client(21), true);
	pxe_answer(7, client(21), NULL);
	finish();
	assert_int_equal(verdict(&n, ROGUE_SERVER), V_PROBABLE);
	done();
}

/* Evasion: yiaddr 0, PXEClient and a proxy URL for an ordinary client, or for a PXE client. */
static void
proxy_evasion(void **state)
{
	for (int pxe = 0; pxe < 2; pxe++) {
		(void)state;
		start(true);
		pxe_ask(7, client(21), pxe);
		pxe_answer(7, client(21), "http://10.0.0.66/wpad.dat");
		finish();
		assert_true(verdict(&n, ROGUE_SERVER) >= V_PROBABLE);
		assert_non_null(fact(&n, ROGUE_SERVER, "D4-WPAD"));
		done();
	}
}

/* ---- D4-SPOOF ---- */
static void
spoof(void **state)
{
	(void)state;
	struct srv bad = good();
	bad.l2 = ROGUE;
	bad.dns = addr4(10, 0, 0, 66);
	start(true);
	boot(&n, 20);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_int_equal(verdict(&n, ROGUE_SERVER), V_CONFIRMED); /* self-proving */
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-SPOOF"));
	done();
}

/* Near miss: the true server was silent for long, so the fact is hard and no more. */
static void
spoof_silent_owner(void **state)
{
	(void)state;
	struct srv bad = good();
	bad.l2 = ROGUE;
	start(true);
	net_wait(&n, 20 * TS_MIN);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_int_equal(verdict(&n, ROGUE_SERVER), V_PROBABLE);
	done();
}

/* Trap: a team's second adapter owns the address by ARP; nobody else claims it. */
static void
nic_team(void **state)
{
	(void)state;
	struct srv s = good();
	s.l2 = SERVER2;
	/* an undeclared MAC for a declared address is the ARP rule's business; here it is about the server messages */
	net_open_off(&n, true, "ND-SPOOF");
	net_arp(&n, 1, SERVER2, s.id, s.id);
	dora(&n, &s, 7, client(21), lease(21));
	finish();
	assert_null(told(&n, ROGUE_SERVER));
	done();

	net_open(&n, true); /* near miss: the declared adapter claims it too */
	net_arp(&n, 1, SERVER, s.id, s.id);
	net_arp(&n, 1, SERVER2, s.id, s.id);
	dora(&n, &s, 7, client(21), lease(21));
	finish();
	assert_true(verdict(&n, ROGUE_SERVER) >= V_PROBABLE);
	done();
}

/* ---- options ---- */
static void
opt_and_wpad(void **state)
{
	(void)state;
	struct srv bad = evil();
	bad.pac = "http://10.0.0.66:8080/wpad.dat";
	start(true);
	boot(&n, 20);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(21));
	finish();
	assert_int_equal(fact(&n, ROGUE_SERVER, "D4-OPT")->grade, E1);
	assert_int_equal(fact(&n, ROGUE_SERVER, "D4-WPAD")->grade, E1);
	done();
}

/* Trap: 121 and 252 from the declared server; its change of mind is E0 and no incident. */
static void
declared_options(void **state)
{
	(void)state;
	static const uint8_t route[] = { 8, 10, 10, 0, 0, 1, 0, 10, 0, 0, 1 };
	struct srv s = good();
	s.pac = "http://10.0.0.5/wpad.dat";
	s.routes = route;
	s.nroutes = sizeof(route);
	start(true);
	dora(&n, &s, 7, client(21), lease(21));
	s.dns = addr4(10, 0, 0, 9);
	s.pac = "http://10.0.0.6/wpad.dat";
	dora(&n, &s, 8, client(22), lease(22));
	finish();
	assert_null(told(&n, ROGUE_SERVER));
	done();
}

static void
route_rogue(void **state)
{
	(void)state;
	static const uint8_t half[] = { 1, 0, 10, 0, 0, 66 };
	struct srv bad = evil();
	bad.routes = half;
	bad.nroutes = sizeof(half);
	start(true);
	dora(&n, &bad, 7, client(21), lease(21));
	finish();
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-ROUTE"));
	done();
}

/* The declared server newly routes through the actor of an open hypothesis. */
static void
route_to_open_actor(void **state)
{
	(void)state;
	static const uint8_t half[] = { 1, 0, 10, 0, 0, 66 };
	struct srv bad = evil(), s = good();
	start(true);
	boot(&n, 20);
	net_arp(&n, 1, ROGUE, bad.id, bad.id);
	discover(&n, 7, client(21), client(21));
	answer(&n, &bad, D4_OFFER, 7, client(21), lease(21));
	assert_null(fact(&n, ROGUE_SERVER, "D4-ROUTE"));
	s.routes = half;
	s.nroutes = sizeof(half);
	dora(&n, &s, 8, client(22), lease(22));
	finish();
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-ROUTE"));
	for (size_t i = 0; i < n.ntold; i++)
		assert_false(names(&n.told[i], SERVER));
	done();
}

/* INFORM: a client that has its lease asks for 252 only. */
static void
inform(uint32_t xid, struct mac m)
{
	struct msg i;
	msg_init(&i, 1, D4_INFORM, xid, m)->src = lease(21);
	msg_addr(&i, AT_CIADDR, lease(21));
	msg_opt(&i, D4O_PARAMS, "\xfc", 1);
	msg_send(&n, &i);
}
static void
inform_wpad(void **state)
{
	(void)state;
	struct srv bad = evil();
	struct msg m;
	start(true);
	boot(&n, 21);
	inform(9, client(21));
	msg_init(&m, 2, D4_ACK, 9, client(21))->l2 = ROGUE;
	m.src = bad.src;
	msg_addr(&m, AT_CIADDR, lease(21));
	msg_opt_ip(&m, D4O_SERVER_ID, bad.id);
	msg_opt(&m, D4O_WPAD, "http://10.0.0.66/p", 18);
	msg_send(&n, &m);
	finish();
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-WPAD"));
	done();
}
/* Trap: INFORM answered by all declared servers. */
static void
inform_many(void **state)
{
	(void)state;
	struct srv a = good(), b = twin();
	start(true);
	net_second(&n);
	inform(9, client(21));
	answer(&n, &a, D4_ACK, 9, client(21), addr4(0, 0, 0, 0));
	answer(&n, &b, D4_ACK, 9, client(21), addr4(0, 0, 0, 0));
	finish();
	assert_null(told(&n, ROGUE_SERVER));
	done();
}

/* ---- D4-NAK ---- */
static void
init_reboot(uint32_t xid, unsigned k)
{
	struct msg m;
	msg_init(&m, 1, D4_REQUEST, xid, client(k));
	msg_opt_ip(&m, D4O_REQUESTED_IP, lease(k));
	msg_send(&n, &m);
}
static void
nak_of_a_stranger(void **state)
{
	(void)state;
	struct srv bad = evil(), s = good();
	start(true);
	boot(&n, 21);
	net_wait(&n, 60 * TS_SEC);
	init_reboot(9, 21);
	answer(&n, &bad, D4_NAK, 9, client(21), lease(21));
	finish();
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-NAK"));
	done();

	start(true); /* NAK first, the owner's ACK after it */
	net_wait(&n, 60 * TS_SEC);
	init_reboot(9, 21);
	answer(&n, &bad, D4_NAK, 9, client(21), lease(21));
	assert_null(fact(&n, ROGUE_SERVER, "D4-NAK"));
	answer(&n, &s, D4_ACK, 9, client(21), lease(21));
	finish();
	assert_non_null(fact(&n, ROGUE_SERVER, "D4-NAK"));
	done();
}
/* Trap: INIT-REBOOT asks every server; both are declared. */
static void
nak_of_a_pair(void **state)
{
	(void)state;
	struct srv a = good(), b = twin();
	start(true);
	net_second(&n);
	boot(&n, 21);
	init_reboot(9, 21);
	answer(&n, &a, D4_ACK, 9, client(21), lease(21));
	answer(&n, &b, D4_NAK, 9, client(21), lease(21));
	finish();
	assert_null(told(&n, ROGUE_SERVER));
	done();
}
/* A lone server refuses an address of another network. */
static void
nak_after_move(void **state)
{
	(void)state;
	struct srv a = good();
	start(false);
	boot(&n, 20);
	init_reboot(9, 21);
	answer(&n, &a, D4_NAK, 9, client(21), lease(21));
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}

/* Trap: the service moves to a second declared server. */
static void
service_moves(void **state)
{
	(void)state;
	struct srv b = twin();
	start(true);
	net_second(&n);
	for (unsigned k = 20; k < 24; k++)
		boot(&n, k);
	net_wait(&n, TS_MIN);
	for (unsigned k = 20; k < 24; k++)
		dora(&n, &b, 0x5000 + k, client(k), lease(k));
	net_wait(&n, TS_MIN);
	finish();
	assert_null(told(&n, ROGUE_SERVER));
	assert_int_equal(worst(&n), V_INFO);
	done();
}

/* ---- D4-AUTHKILL: [MS-DHCPE] 2.2.3, the starter vector of the messages ---- */
static void
authorisation(struct mac from, struct addr id, const char *domain, size_t len, bool ask)
{
	struct msg m;
	uint8_t v[32] = { 0x5f, (uint8_t)len };
	memcpy(v + 2, domain, len);
	if (ask) {
		msg_init(&m, 1, D4_INFORM, 77, SERVER2)->src = addr4(10, 0, 0, 3);
		msg_addr(&m, AT_CIADDR, addr4(10, 0, 0, 3));
		msg_opt(&m, D4O_VENDOR43, "\x5e\0", 2);
		msg_send(&n, &m);
	}
	msg_init(&m, 2, D4_ACK, 77, SERVER2)->l2 = from;
	m.src = id;
	msg_addr(&m, AT_CIADDR, addr4(10, 0, 0, 3));
	msg_opt_ip(&m, D4O_SERVER_ID, id);
	msg_opt(&m, D4O_VENDOR43, v, len + 2);
	msg_send(&n, &m);
}
static void
authkill(void **state)
{
	(void)state;
	start(true);
	authorisation(ROGUE, addr4(192, 168, 1, 66), "evil1", 6, true);
	finish();
	assert_int_equal(verdict(&n, AUTHKILL), V_CONFIRMED);
	assert_true(lists(told(&n, AUTHKILL), SERVER2));
	done();

	start(false); /* nothing declared, and the responder never served anybody, where service would have been seen */
	for (unsigned r = 0; r < 4; r++) { /* known clients, all answered: V_S4 */
		net_wait(&n, r ? 70 * TS_MIN : 0);
		for (unsigned k = 20; k < 60; k++) {
			boot(&n, k);
			net_wait(&n, 20 * TS_SEC);
		}
	}
	net_wait(&n, 2 * TS_MIN);
	authorisation(ROGUE, addr4(192, 168, 1, 66), "evil1", 6, true);
	finish();
	assert_int_equal(verdict(&n, AUTHKILL), V_CONFIRMED);
	done();

	start(false); /* as before, out of view of service: that it never served is no evidence */
	authorisation(ROGUE, addr4(192, 168, 1, 66), "evil1", 6, true);
	finish();
	assert_int_equal(verdict(&n, AUTHKILL), V_SUSPECTED);
	done();
}
static void
authkill_near(void **state)
{
	(void)state;
	start(true);
	authorisation(SERVER, addr4(10, 0, 0, 2), "corp.lab", 9, true); /* the declared server's own answer */
	finish();
	assert_null(told(&n, AUTHKILL));
	done();
	start(true);
	authorisation(ROGUE, addr4(10, 0, 0, 66), "", 1, true); /* an empty name: a workgroup server */
	finish();
	assert_null(told(&n, AUTHKILL));
	done();
	start(true);
	authorisation(ROGUE, addr4(10, 0, 0, 66), "evil1", 6, false); /* nobody asked */
	finish();
	assert_null(told(&n, AUTHKILL));
	done();
}

/* ---- learned authority, silence ---- */
static void
learned(void **state)
{
	(void)state;
	struct srv bad = evil();
	start(false);
	for (unsigned k = 0; k < 24; k++) {
		boot(&n, 20 + k);
		net_wait(&n, 70 * TS_MIN); /* 28 hours in all */
	}
	bad.router = bad.dns = addr4(10, 0, 0, 1); /* says the same, so only the standing speaks */
	dora(&n, &bad, 7, client(99), lease(99));
	finish();
	assert_int_equal(verdict(&n, ROGUE_SERVER), V_PROBABLE);
	assert_true(names(told(&n, ROGUE_SERVER), ROGUE));
	done();
}
static void
silence(void **state)
{
	for (int hours = 20; hours <= 26; hours += 6) {
		(void)state;
		struct srv bad = evil();
		start(false);
		for (int h = 0; h <= hours; h++) {
			discover(&n, (uint32_t)h, client(20 + (unsigned)h % 3), client(20 + (unsigned)h % 3));
			net_wait(&n, TS_HOUR);
		}
		discover(&n, 777, client(50), client(50));
		answer(&n, &bad, D4_OFFER, 777, client(50), lease(50));
		finish();
		assert_int_equal(verdict(&n, ROGUE_SERVER), hours < 24 ? V_INFO : V_SUSPECTED);
		done();
	}
}

/* ---- floods and starvation ---- */
/* `l2`: one source for all, or the client's own. */
static void
forge(unsigned k, struct mac chaddr, struct mac l2, bool take)
{
	struct srv s = good();
	discover(&n, 0x9000 + k, chaddr, l2);
	answer(&n, &s, D4_OFFER, 0x9000 + k, chaddr, lease(k));
	if (!take)
		return;
	request(&n, 0x9000 + k, chaddr, l2, s.id, lease(k));
	answer(&n, &s, D4_ACK, 0x9000 + k, chaddr, lease(k));
}

static void
fanout(void **state)
{
	(void)state;
	start(true);
	boot(&n, 20);
	for (unsigned k = 100; k < 112; k++) {
		forge(k, client(k), ROGUE, true);
		net_wait(&n, TS_SEC);
	}
	net_wait(&n, 15 * TS_SEC);
	finish();
	assert_true(verdict(&n, STARVATION) >= V_PROBABLE);
	assert_true(names(told(&n, STARVATION), ROGUE));
	assert_true(lists(told(&n, STARVATION), SERVER));
	assert_non_null(fact(&n, STARVATION, "D4-FANOUT"));
	assert_null(told(&n, FLOOD)); /* every key has its lease */
	done();
}
/* Near miss: the same, and the window is not over when the capture ends. */
static void
fanout_unfinished(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 100; k < 112; k++)
		forge(k, client(k), ROGUE, true);
	net_wait(&n, 5 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}
/* Near miss: nobody's broadcasts are seen, so absence says nothing. */
static void
fanout_blind(void **state)
{
	(void)state;
	net_open(&n, true);
	for (unsigned k = 100; k < 112; k++)
		forge(k, client(k), ROGUE, true);
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}
/* Trap: a declared bridge, a bridge whose clients talk, one of which only ARP is seen. */
static void
bridges(void **state)
{
	(void)state;
	start(true);
	n.bridge[0] = ROGUE;
	n.site.bridges = n.bridge;
	n.site.nbridges = 1;
	for (unsigned k = 100; k < 130; k++)
		forge(k, client(k), ROGUE, true);
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();

	start(true);
	for (unsigned k = 100; k < 130; k++) {
		forge(k, client(k), ROGUE, true);
		net_arp(&n, 1, ROGUE, lease(k), addr4(10, 0, 0, 1));
		net_talk(&n, ROGUE, lease(k));
		net_talk(&n, ROGUE, lease(k));
	}
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();

	start(true);
	for (unsigned k = 100; k < 115; k++) {
		forge(k, client(k), ROGUE, true);
		net_arp(&n, 1, ROGUE, lease(k), lease(k));
	}
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}
static void
client_id_lease(unsigned k, struct mac chaddr)
{
	struct srv s = good();
	struct msg m;
	uint8_t id[3] = { 0, (uint8_t)(k >> 8), (uint8_t)k };
	for (int i = 0; i < 2; i++) {
		msg_init(&m, 1, i ? D4_REQUEST : D4_DISCOVER, 0x7000 + k, chaddr);
		msg_opt(&m, D4O_CLIENT_ID, id, sizeof(id));
		if (i) {
			msg_opt_ip(&m, D4O_SERVER_ID, s.id);
			msg_opt_ip(&m, D4O_REQUESTED_IP, lease(k));
		}
		msg_send(&n, &m);
		answer(&n, &s, i ? D4_ACK : D4_OFFER, 0x7000 + k, chaddr, lease(k));
	}
}
/* Trap: twelve client identifiers on one MAC, each lease used. */
static void
ipvlan(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 100; k < 112; k++) {
		client_id_lease(k, client(50));
		net_alive(&n, client(50), lease(k));
		net_talk(&n, client(50), lease(k));
		net_talk(&n, client(50), lease(k));
	}
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}
/* Evasion: one chaddr, a new client identifier each time, while the MAC itself lives. */
static void
one_chaddr(void **state)
{
	for (int arp = 0; arp < 2; arp++) { /* ... and one that answers ARP for all its leases */
		(void)state;
		start(true);
		net_alive(&n, ROGUE, addr4(10, 0, 0, 66));
		for (unsigned k = 100; k < 130; k++) {
			client_id_lease(k, ROGUE);
			if (arp)
				net_alive(&n, ROGUE, lease(k));
			net_wait(&n, TS_SEC);
		}
		net_wait(&n, 30 * TS_SEC);
		finish();
		assert_true(verdict(&n, STARVATION) >= V_PROBABLE);
		assert_true(names(told(&n, STARVATION), ROGUE));
		done();
	}
}
/* Evasion: an INFORM first, so that the key would be known. */
static void
informed_first(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 100; k < 112; k++) {
		struct msg m;
		msg_init(&m, 1, D4_INFORM, k, client(k))->l2 = ROGUE;
		msg_send(&n, &m);
		forge(k, client(k), ROGUE, true);
	}
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_true(verdict(&n, STARVATION) >= V_PROBABLE);
	done();
}
/* Evasion: a giaddr of the segment's own subnet that is no declared relay. */
static void
forged_giaddr(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 100; k < 112; k++) {
		struct srv s = good();
		struct msg m;
		s.giaddr = addr4(10, 0, 0, 77);
		for (int i = 0; i < 2; i++) {
			msg_init(&m, 1, i ? D4_REQUEST : D4_DISCOVER, 0x7000 + k, client(k))->l2 = ROGUE;
			msg_addr(&m, AT_GIADDR, s.giaddr);
			if (i)
				msg_opt_ip(&m, D4O_SERVER_ID, s.id);
			msg_send(&n, &m);
			answer(&n, &s, i ? D4_ACK : D4_OFFER, 0x7000 + k, client(k), lease(k));
		}
	}
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_true(verdict(&n, STARVATION) >= V_PROBABLE);
	done();
}
/* Evasion: unicast addresses, L2 source equal to chaddr, no REQUEST. */
static void
quiet_flood(void **state)
{
	(void)state;
	start(true);
	boot(&n, 20);
	for (unsigned k = 100; k < 160; k++) {
		forge(k, client(k), client(k), false);
		net_wait(&n, 200 * TS_MS);
	}
	net_wait(&n, 30 * TS_SEC);
	neighbours(&n);
	finish();
	assert_non_null(fact(&n, FLOOD, "D4-GHOST"));
	assert_true(verdict(&n, FLOOD) >= V_SUSPECTED);
	assert_false(told(&n, FLOOD)->last.has_actor_mac); /* never a forged address */
	done();
}
/* ... is probable once V_ARP has its full form: twenty leases of known clients, each with a sign of life. */
static void
slow_ghosts(void **state)
{
	for (int known = 0; known < 2; known++) {
		(void)state;
		start(true);
		if (known)
			for (unsigned r = 0; r < 2; r++) {
				for (unsigned k = 20; k < 50; k++)
					boot(&n, k);
				net_wait(&n, 2 * TS_HOUR);
			}
		for (unsigned k = 20; known && k < 50; k++) {
			boot(&n, k);
			net_wait(&n, 30 * TS_SEC);
		}
		for (unsigned k = 200; k < 208; k++) {
			neighbours(&n);
			forge(k, client(k), client(k), true);
			net_wait(&n, 60 * TS_SEC);
		}
		finish();
		assert_int_equal(verdict(&n, STARVATION), known ? V_PROBABLE : V_SUSPECTED);
		assert_non_null(fact(&n, STARVATION, "D4-GHOST"));
		assert_false(told(&n, STARVATION)->last.has_actor_mac);
		done();
	}
}
/* Near miss: as slow, and each shows itself, some of them late. */
static void
slow_and_alive(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 200; k < 216; k++) {
		neighbours(&n);
		forge(k, client(k), client(k), true);
		if (k % 4 == 0)
			net_wait(&n, 30 * TS_SEC);
		net_alive(&n, client(k), lease(k));
		net_wait(&n, 60 * TS_SEC);
	}
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}
static void
stock(void **state)
{
	(void)state;
	start(true);
	/* honest clients between the ghosts keep the CUSUM down: the stock finds them */
	for (unsigned k = 0; k < 30; k++) {
		neighbours(&n);
		forge(400 + k, client(400 + k), client(400 + k), true);
		boot(&n, 100 + 2 * k);
		boot(&n, 101 + 2 * k);
		net_wait(&n, 20 * TS_SEC);
	}
	finish();
	assert_non_null(fact(&n, STARVATION, "D4-STOCK"));
	done();
}
static void
badmac(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 0; k < 3; k++) {
		struct mac m = { { 0x03, 0x55, 0, 0, 1, (uint8_t)k } };
		discover(&n, 0x100 + k, m, m);
	}
	finish();
	assert_true(verdict(&n, FLOOD) >= V_PROBABLE);
	assert_non_null(fact(&n, FLOOD, "D4-BADMAC"));
	assert_false(told(&n, FLOOD)->last.has_actor_mac);
	done();
}
/* Trap: a blank adapter repeats the zero or the broadcast address. */
static void
blank_nic(void **state)
{
	(void)state;
	struct mac zero = { { 0 } };
	start(true);
	for (unsigned k = 0; k < 10; k++) {
		discover(&n, 0x100 + k, zero, client(30));
		discover(&n, 0x200 + k, EVERYBODY, client(30));
		net_wait(&n, TS_SEC);
	}
	net_wait(&n, 20 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}
static void
xid(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 0; k < 5; k++)
		discover(&n, 0x4711, client(100 + k), ROGUE);
	finish();
	assert_non_null(fact(&n, FLOOD, "D4-XID"));
	assert_true(names(told(&n, FLOOD), ROGUE));
	done();

	start(true); /* near miss: boot ROMs of different stations */
	for (unsigned k = 0; k < 8; k++) {
		discover(&n, 0x4711, client(100 + k), client(100 + k));
		net_alive(&n, client(100 + k), lease(100 + k));
	}
	net_wait(&n, 20 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}
/* Trap: power comes back and 500 hosts ask at once; also where the mirror shows no unicast answer. */
static void
boot_storm(void **state)
{
	for (int blind = 0; blind < 2; blind++) {
		(void)state;
		start(true);
		boot(&n, 10);
		net_wait(&n, TS_MIN);
		for (unsigned k = 20; k < 520; k++) {
			if (blind) {
				discover(&n, k, client(k), client(k));
				request(&n, k, client(k), client(k), addr4(10, 0, 0, 2), lease(k));
				net_alive(&n, client(k), lease(k));
			} else {
				boot(&n, k);
			}
			net_wait(&n, 20 * TS_MS);
		}
		net_wait(&n, 40 * TS_SEC);
		neighbours(&n);
		net_wait(&n, 2 * TS_SEC);
		finish();
		assert_non_null(told(&n, FLOOD));
		assert_int_equal(told(&n, FLOOD)->verdict, V_REFUTED);
		assert_int_equal(worst(&n), V_INFO);
		done();
	}
}
/* Near miss of the trap: the same storm of nobodies is no boot storm. */
static void
storm_of_nobodies(void **state)
{
	(void)state;
	start(true);
	boot(&n, 10);
	for (unsigned k = 20; k < 220; k++) {
		forge(k, client(k), client(k), true);
		net_wait(&n, 20 * TS_MS);
	}
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_true(verdict(&n, STARVATION) >= V_SUSPECTED);
	assert_int_equal(verdict(&n, FLOOD), V_INFO);
	done();
}
/* Trap: the service stops and 60 live hosts repeat their DISCOVER. */
static void
service_stops(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 20; k < 80; k++) {
		boot(&n, k);
		net_wait(&n, 5 * TS_SEC);
	}
	net_wait(&n, 2 * TS_HOUR);
	for (int round = 0; round < 6; round++) {
		for (unsigned k = 20; k < 80; k++) {
			discover(&n, 0x6000 + k, client(k), client(k));
			net_arp(&n, 1, client(k), addr4(169, 254, 1, (uint8_t)k),
				addr4(169, 254, 1, (uint8_t)k));
		}
		net_arp(&n, 1, SERVER, addr4(10, 0, 0, 2), addr4(10, 0, 0, 1));
		net_wait(&n, 16 * TS_SEC);
	}
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}
/* The pool runs out while the server still talks: impact of the attack, and the refused client is its victim. */
static void
exhausted(void **state)
{
	(void)state;
	start(true);
	boot(&n, 20);
	for (unsigned k = 100; k < 130; k++) {
		forge(k, client(k), ROGUE, true);
		net_wait(&n, 300 * TS_MS);
	}
	for (unsigned k = 130; k < 136; k++) {
		discover(&n, k, client(k), ROGUE);
		net_wait(&n, TS_SEC);
	}
	net_arp(&n, 1, client(21), addr4(169, 254, 1, 1), addr4(169, 254, 1, 1));
	discover(&n, 555, client(21), client(21));
	net_arp(&n, 2, SERVER, addr4(10, 0, 0, 2), addr4(10, 0, 0, 1));
	net_wait(&n, 20 * TS_SEC);
	finish();
	assert_non_null(fact(&n, STARVATION, "D4-EXHAUSTED"));
	assert_int_equal(verdict(&n, STARVATION), V_CONFIRMED);
	assert_true(lists(told(&n, STARVATION), client(21)));
	assert_false(lists(told(&n, STARVATION), ROGUE));
	assert_false(lists(told(&n, STARVATION), client(20)));
	done();
}
/* Guests with random addresses, each with its ARP. */
static void
guests(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 20; k < 80; k++) {
		boot(&n, k);
		net_wait(&n, 3 * TS_SEC);
	}
	net_wait(&n, 30 * TS_SEC);
	finish();
	assert_int_equal(worst(&n), V_INFO);
	done();
}

/* ---- D4-DECL, D4-REL ---- */
static void
decline(unsigned k, struct mac l2)
{
	struct msg m;
	msg_init(&m, 1, D4_DECLINE, 0x3000 + k, client(k))->l2 = l2;
	msg_opt_ip(&m, D4O_SERVER_ID, addr4(10, 0, 0, 2));
	msg_opt_ip(&m, D4O_REQUESTED_IP, lease(k));
	msg_send(&n, &m);
}
static void
declines(void **state)
{
	for (int answered = 0; answered < 2; answered++) {
		(void)state;
		struct srv s = good();
		start(true);
		for (unsigned k = 30; k < 36; k++) {
			dora(&n, &s, k, client(k), lease(k));
			net_arp(&n, 1, client(k), addr4(0, 0, 0, 0), lease(k));
			if (answered)
				net_arp(&n, 2, ROGUE, lease(k), addr4(0, 0, 0, 0));
			decline(k, client(k));
			net_wait(&n, 20 * TS_SEC);
		}
		finish();
		if (answered) {
			assert_int_equal(fact(&n, STARVATION, "D4-DECL")->grade, E1);
			assert_true(names(told(&n, STARVATION), ROGUE));
		} else {
			assert_null(told(&n, STARVATION));
		}
		done();
	}
}
static void
release(unsigned k, struct mac l2)
{
	struct msg m;
	msg_init(&m, 1, D4_RELEASE, 0x2000 + k, client(k))->l2 = l2;
	m.to = SERVER;
	m.src = lease(k);
	m.dst = addr4(10, 0, 0, 2);
	msg_addr(&m, AT_CIADDR, lease(k));
	msg_opt_ip(&m, D4O_SERVER_ID, addr4(10, 0, 0, 2));
	msg_send(&n, &m);
}
static void
releases(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 30; k < 33; k++)
		boot(&n, k);
	release(30, client(30)); /* its own */
	release(31, ROUTER);	 /* through the router */
	assert_null(fact(&n, STARVATION, "D4-REL"));
	release(32, ROGUE);
	finish();
	assert_non_null(fact(&n, STARVATION, "D4-REL"));
	assert_true(names(told(&n, STARVATION), ROGUE));
	assert_true(lists(told(&n, STARVATION), client(32)));
	assert_false(lists(told(&n, STARVATION), client(31)));
	done();
}

/* ---- D4-CIRCUIT: only against the circuit's own history ---- */
static void
relayed(unsigned k, const char *circuit)
{
	struct srv s = good();
	struct msg m;
	uint8_t v[16] = { 1, (uint8_t)strlen(circuit) };
	memcpy(v + 2, circuit, strlen(circuit));
	s.giaddr = addr4(10, 0, 0, 1);
	for (int i = 0; i < 2; i++) {
		msg_init(&m, 1, i ? D4_REQUEST : D4_DISCOVER, 0x8000 + k, client(k))->l2 = ROUTER;
		msg_addr(&m, AT_GIADDR, s.giaddr);
		if (i)
			msg_opt_ip(&m, D4O_SERVER_ID, s.id);
		msg_opt(&m, D4O_RELAY_AGENT, v, 2 + strlen(circuit));
		msg_send(&n, &m);
		answer(&n, &s, i ? D4_ACK : D4_OFFER, 0x8000 + k, client(k), lease(k));
	}
}
/* New clients a day on the circuit, then how many at once, and whether that is said. */
static const struct {
	unsigned days, keys[31], burst;
	bool told;
} circuit_rows[] = {
	{ 0, { 0 }, 6, false }, /* no history */
	{ 1, { 3 }, 5, true },
	{ 1, { 3 }, 4, false },
	{ 1, { 4 }, 5, false },
	{ 2, { 2, 4 }, 5, true }, /* an even number of days: the mean of the two in the middle */
	{ 2, { 3, 4 }, 5, false },
	{ 3, { 9, 3, 1 }, 5, true },
	{ 3, { 9, 4, 1 }, 5, false },
	/* of 31 days the first does not count; fifteen busy days of thirty are not enough, sixteen are */
	{ 31,
	  { 9, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 },
	  5,
	  true },
	{ 30,
	  { 9, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 },
	  5,
	  false },
};
static void
later(ts_t by)
{
	for (ts_t end = n.now + by; n.now < end;) {
		n.now = end - n.now > TS_HOUR ? n.now + TS_HOUR : end;
		engine_tick(n.e, n.now);
	}
}
static void
circuits(void **state)
{
	(void)state;
	for (size_t row = 0; row < NELEM(circuit_rows); row++) {
		unsigned k = 20;
		start(true);
		for (unsigned d = 0; d < circuit_rows[row].days; d++) {
			ts_t next = n.now + TS_DAY;
			for (unsigned i = 0; i < circuit_rows[row].keys[d]; i++) {
				relayed(k++, "port7");
				later(2 * TS_HOUR);
			}
			later(next - n.now);
		}
		for (unsigned i = 0; i < circuit_rows[row].burst; i++)
			relayed(k++, "port7");
		net_wait(&n, 20 * TS_SEC);
		finish();
		assert_int_equal(fact(&n, STARVATION, "D4-CIRCUIT") != NULL, circuit_rows[row].told);
		done();
	}
}

/* ---- NOOFFER ---- */
static void
nooffer(void **state)
{
	(void)state;
	start(true);
	for (unsigned r = 0; r < 3; r++) { /* known clients, all answered: V_S4 */
		for (unsigned k = 20; k < 60; k++)
			boot(&n, k);
		net_wait(&n, 70 * TS_MIN);
	}
	for (unsigned k = 20; k < 60; k++) {
		boot(&n, k);
		net_wait(&n, 20 * TS_SEC);
	}
	net_wait(&n, 2 * TS_MIN);
	for (unsigned k = 100; k < 150; k++)
		discover(&n, k, client(k), ROGUE);
	net_wait(&n, 10 * TS_SEC);
	neighbours(&n);
	net_wait(&n, 10 * TS_SEC);
	finish();
	assert_non_null(fact(&n, FLOOD, "D4-NOOFFER"));
	assert_int_equal(verdict(&n, FLOOD), V_CONFIRMED);
	done();
}

/* A lying message changes nothing: every prefix of an OFFER, and random bytes in its options. */
static void
damaged(void **state)
{
	(void)state;
	struct srv bad = evil();
	uint32_t r = 1;
	start(true);
	for (unsigned cut = 0; cut < 300; cut++) {
		struct msg m;
		answer_init(&m, &bad, D4_OFFER, cut, client(cut), lease(cut));
		if (m.o.n > 244 + cut % 60)
			m.o.n = 244 + cut % 60;
		msg_send(&n, &m);
		answer_init(&m, &bad, D4_ACK, cut, client(cut), lease(cut));
		for (size_t i = 243; i < m.o.n; i++) {
			r = r * 1103515245 + 12345;
			if ((r >> 16 & 7) == 0)
				m.buf[i] = (char)(r >> 20);
		}
		msg_send(&n, &m);
	}
	net_wait(&n, 20 * TS_SEC);
	finish();
	assert_true(verdict(&n, ROGUE_SERVER) >= V_PROBABLE);
	done();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rogue_declared),
		cmocka_unit_test(rogue_accepted),
		cmocka_unit_test(declared_server_is_none),
		cmocka_unit_test(lone_unknown_is_info),
		cmocka_unit_test(unknown_contradiction),
		cmocka_unit_test(unknown_route_only),
		cmocka_unit_test(unknown_first_race),
		cmocka_unit_test(split_scope),
		cmocka_unit_test(relay_both_sides),
		cmocka_unit_test(giaddr_no_cloak),
		cmocka_unit_test(false_relay),
		cmocka_unit_test(behind_router),
		cmocka_unit_test(remote_declared),
		cmocka_unit_test(proxy_dhcp),
		cmocka_unit_test(proxy_evasion),
		cmocka_unit_test(spoof),
		cmocka_unit_test(spoof_silent_owner),
		cmocka_unit_test(nic_team),
		cmocka_unit_test(opt_and_wpad),
		cmocka_unit_test(declared_options),
		cmocka_unit_test(route_rogue),
		cmocka_unit_test(route_to_open_actor),
		cmocka_unit_test(inform_wpad),
		cmocka_unit_test(inform_many),
		cmocka_unit_test(nak_of_a_stranger),
		cmocka_unit_test(nak_of_a_pair),
		cmocka_unit_test(nak_after_move),
		cmocka_unit_test(service_moves),
		cmocka_unit_test(authkill),
		cmocka_unit_test(authkill_near),
		cmocka_unit_test(learned),
		cmocka_unit_test(silence),
		cmocka_unit_test(fanout),
		cmocka_unit_test(fanout_unfinished),
		cmocka_unit_test(fanout_blind),
		cmocka_unit_test(bridges),
		cmocka_unit_test(ipvlan),
		cmocka_unit_test(one_chaddr),
		cmocka_unit_test(forged_giaddr),
		cmocka_unit_test(informed_first),
		cmocka_unit_test(quiet_flood),
		cmocka_unit_test(slow_ghosts),
		cmocka_unit_test(slow_and_alive),
		cmocka_unit_test(stock),
		cmocka_unit_test(badmac),
		cmocka_unit_test(blank_nic),
		cmocka_unit_test(xid),
		cmocka_unit_test(boot_storm),
		cmocka_unit_test(storm_of_nobodies),
		cmocka_unit_test(service_stops),
		cmocka_unit_test(exhausted),
		cmocka_unit_test(guests),
		cmocka_unit_test(declines),
		cmocka_unit_test(releases),
		cmocka_unit_test(circuits),
		cmocka_unit_test(nooffer),
		cmocka_unit_test(damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
