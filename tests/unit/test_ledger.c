/* What the DHCPv4 ledger remembers, and the counting rules on their own. */
#include "wire4.h"
#include "rates.h"

static struct net n;

static void
start(bool declared)
{
	net_open(&n, declared);
	neighbours(&n);
}

static const struct d4_lease *
lease_of(unsigned k)
{
	return ledger_lease(n.e, n.e->segment_at[0], lease(k));
}

static const struct d4_now *
last(void)
{
	return &n.e->ledger->now;
}

/* ---- leases ---- */
static void
lease_is_kept(void **state)
{
	(void)state;
	struct srv s = good();
	start(true);
	dora(&n, &s, 7, client(21), lease(21));
	const struct d4_lease *l = lease_of(21);
	assert_non_null(l);
	assert_true(mac_eq(l->mac, client(21)) && mac_eq(l->server, SERVER));
	assert_true(l->expires - l->acked == TS_HOUR); /* option 51: 3600 s */
	assert_true(l->tested && !l->alive);
	ts_t acked = l->acked, expires = l->expires;
	net_wait(&n, TS_MIN);
	request(&n, 8, client(21), client(21), s.id, lease(21)); /* the same holder again */
	answer(&n, &s, D4_ACK, 8, client(21), lease(21));
	l = lease_of(21);
	assert_true(l->acked == acked && l->expires > expires);
	assert_false(last()->new_lease);
	dora(&n, &s, 9, client(22), lease(21)); /* another holder */
	assert_true(last()->new_lease);
	assert_true(mac_eq(lease_of(21)->mac, client(22)));
	net_close(&n);
}

static void
release_ends_it(void **state)
{
	(void)state;
	struct msg m;
	start(true);
	boot(&n, 21);
	for (int own = 0; own < 2; own++) {
		msg_init(&m, 1, D4_RELEASE, 9, client(21))->l2 = own ? client(21) : ROGUE;
		msg_addr(&m, AT_CIADDR, lease(21));
		msg_send(&n, &m);
		assert_true(own ? lease_of(21)->expires <= n.now : lease_of(21)->expires > n.now + TS_MIN);
	}
	net_close(&n);
}

/* RFC 2131 4.2: the client identifier of the first message makes the key, though no reply repeats it. */
static void
key_by_first_message(void **state)
{
	(void)state;
	struct srv s = good();
	struct msg m;
	start(true);
	for (unsigned k = 30; k < 32; k++) {
		msg_init(&m, 1, D4_DISCOVER, k, client(21));
		msg_opt(&m, D4O_CLIENT_ID, k == 30 ? "\0a" : "\0b", 2);
		msg_send(&n, &m);
		assert_true(last()->new_client);
		request(&n, k, client(21), client(21), s.id, lease(k)); /* without option 61 */
		assert_false(last()->new_client);
		answer(&n, &s, D4_ACK, k, client(21), lease(k));
	}
	assert_memory_not_equal(&lease_of(30)->owner, &lease_of(31)->owner, sizeof(lease_of(30)->owner));
	net_close(&n);
}

static void
new_after_a_month(void **state)
{
	for (int days = 20; days <= 40; days += 20) {
		(void)state;
		start(true);
		discover(&n, 1, client(21), client(21));
		assert_true(last()->new_client);
		discover(&n, 2, client(21), client(21));
		assert_false(last()->new_client);
		n.now += days * TS_DAY;
		discover(&n, 3, client(21), client(21));
		assert_int_equal(last()->new_client, days > 30);
		net_close(&n);
	}
}

/* ---- signs of life (DETECTIONS.md 4) ---- */
static void
life_by_address(void **state)
{
	(void)state;
	struct srv s = good();
	start(true);
	for (unsigned k = 30; k < 34; k++)
		dora(&n, &s, k, client(k), lease(k));
	net_arp(&n, 1, client(30), addr4(0, 0, 0, 0), lease(30)); /* probe */
	net_arp(&n, 1, client(31), lease(31), lease(31));	  /* announcement */
	net_udp(&n, client(32), ROUTER, lease(32), addr4(192, 0, 2, 1), 5000, 53, 64, "x", 1);
	assert_true(lease_of(30)->alive && lease_of(31)->alive && lease_of(32)->alive);
	assert_false(lease_of(33)->alive);
	/* DHCP itself is none: a forger renews, too */
	net_udp(&n, client(33), SERVER, lease(33), addr4(10, 0, 0, 2), 68, 67, 64, "x", 1);
	assert_false(lease_of(33)->alive);
	net_close(&n);
}

static void
life_by_chaddr(void **state)
{
	(void)state;
	struct srv s = good();
	start(true);
	net_arp(&n, 1, client(30), addr4(10, 0, 0, 9),
		addr4(10, 0, 0, 1)); /* a frame before the lease counts */
	dora(&n, &s, 1, client(30), lease(30));
	struct d4_lease *l = ledger_lease(n.e, n.e->segment_at[0], lease(30));
	assert_true(ledger_alive(n.e, l));
	/* not where the chaddr holds another lease */
	net_arp(&n, 1, client(40), addr4(10, 0, 0, 9), addr4(10, 0, 0, 1));
	dora(&n, &s, 2, client(40), lease(40));
	dora(&n, &s, 3, client(40), lease(41));
	assert_false(ledger_alive(n.e, ledger_lease(n.e, n.e->segment_at[0], lease(40))));
	net_close(&n);
}

static void
one_vouches_for_four(void **state)
{
	(void)state;
	struct srv s = good();
	start(true);
	for (unsigned k = 30; k < 36; k++) {
		dora(&n, &s, k, client(k), lease(k));
		net_arp(&n, 1, ROGUE, lease(k), lease(k));
	}
	for (unsigned k = 30; k < 34; k++)
		assert_true(lease_of(k)->alive);
	assert_true(!lease_of(34)->alive && lease_of(34)->excess);
	assert_true(!lease_of(35)->alive && lease_of(35)->excess);
	/* traffic in both directions convinces */
	net_udp(&n, ROGUE, ROUTER, lease(34), addr4(192, 0, 2, 1), 5000, 53, 64, "x", 1);
	assert_false(lease_of(34)->alive);
	net_udp(&n, ROUTER, ROGUE, addr4(192, 0, 2, 1), lease(34), 53, 5000, 60, "x", 1);
	assert_true(lease_of(34)->alive);
	assert_false(lease_of(35)->alive);
	net_close(&n);
}

/* ---- what servers said ---- */
static void
order_of_a_list(void **state)
{
	(void)state;
	static const uint8_t ab[] = { 10, 0, 0, 5, 10, 0, 0, 6 }, ba[] = { 10, 0, 0, 6, 10, 0, 0, 5 },
			     ac[] = { 10, 0, 0, 5, 10, 0, 0, 7 };
	static const struct {
		const uint8_t *list;
		bool differs;
	} words[] = { { ab, false }, { ba, false }, { ac, true } };
	struct srv s = good();
	struct msg m;
	s.dns = (struct addr){ 0 };
	start(true);
	for (unsigned i = 0; i < NELEM(words); i++) {
		discover(&n, i, client(21), client(21));
		answer_init(&m, &s, D4_OFFER, i, client(21), lease(21));
		msg_opt(&m, D4O_DNS, words[i].list, 8);
		msg_send(&n, &m);
		assert_int_equal(last()->against_trusted != 0, words[i].differs);
	}
	net_close(&n);
}

/* An option that the earlier server was not asked for contradicts nobody; one that it kept back does. */
static void
asked_or_not(void **state)
{
	for (int asked = 0; asked < 2; asked++) {
		(void)state;
		struct srv s = good(), b = twin();
		struct msg m;
		b.pac = "http://proxy/";
		start(false);
		msg_init(&m, 1, D4_DISCOVER, 1, client(21));
		msg_opt(&m, D4O_PARAMS, "\x01\x03\x06\xfc", asked ? 4 : 3);
		msg_send(&n, &m);
		answer(&n, &s, D4_OFFER, 1, client(21), lease(21));
		net_wait(&n, TS_MIN);
		discover(&n, 2, client(22), client(22));
		answer(&n, &b, D4_OFFER, 2, client(22), lease(22));
		assert_int_equal(last()->against_earlier, asked ? 1u << DI_WPAD : 0);
		net_close(&n);
	}
}

/* A second file of servers: strangers that come in numbers push each other out, not who was there first. */
static void
first_server_stays(void **state)
{
	(void)state;
	struct srv s = good(), bad = evil();
	start(false);
	boot(&n, 20);
	net_wait(&n, TS_SEC);
	for (unsigned k = 0; k < 200; k++) {
		bad.id = bad.src = addr4(10, 0, 9, (uint8_t)k);
		bad.l2 = client(300 + k);
		discover(&n, k, client(21), client(21));
		answer(&n, &bad, D4_OFFER, k, client(21), lease(21));
		assert_true(last()->against_earlier != 0);
	}
	discover(&n, 999, client(21), client(21));
	answer(&n, &s, D4_OFFER, 999, client(21), lease(21));
	assert_int_equal(last()->against_earlier, 0);
	net_close(&n);
}

static void
overload(void **state)
{
	/* the starter vector: option 52 = 2, DNS and router of the second OFFER in sname */
	(void)state;
	struct srv s = good(), b = twin();
	struct msg m;
	start(false);
	boot(&n, 20);
	discover(&n, 5, client(21), client(21));
	answer(&n, &s, D4_OFFER, 5, client(21), lease(21));
	b.router = b.dns = (struct addr){ 0 };
	answer_init(&m, &b, D4_OFFER, 5, client(21), lease(22));
	msg_opt(&m, D4O_OVERLOAD, "\2", 1);
	memcpy(m.buf + 44, "\6\4\x0a\0\0\x42\3\4\x0a\0\0\x42\xff", 13);
	msg_send(&n, &m);
	assert_int_equal(last()->against_earlier, 1u << DI_ROUTER | 1u << DI_DNS);
	net_close(&n);
}

static void
pac_hosts(void **state)
{
	static const struct {
		const char *url;
		struct addr host;
	} table[] = {
		{ "http://10.0.0.66/wpad.dat", { 4, { 10, 0, 0, 66 } } },
		{ "http://10.0.0.66:8080/wpad.dat", { 4, { 10, 0, 0, 66 } } },
		{ "http://10.0.0.66", { 4, { 10, 0, 0, 66 } } },
		{ "http://10.0.0.66\n", { 4, { 10, 0, 0, 66 } } },
		{ "http://10.0.0.66 ", { 4, { 10, 0, 0, 66 } } },
		{ "http://proxy.corp.example/p", { 0, { 0 } } },
		{ "10.0.0.66", { 0, { 0 } } },
		{ "http://", { 0, { 0 } } },
		{ "//", { 0, { 0 } } },
		{ "", { 0, { 0 } } },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		struct dhcp4 d = { .nopt = 1, .opt = { { D4O_WPAD, bytes_str(table[i].url) } } };
		assert_true(addr_eq(ledger_pac_host(&d), table[i].host));
	}
	assert_false(addr_set(ledger_pac_host(&(struct dhcp4){ 0 })));
}

/* ---- counting ---- */
static void
main_source(void **state)
{
	(void)state;
	for (unsigned share = 70; share <= 90; share += 20) {
		struct sources s = { .total = 0 };
		struct mac m;
		for (unsigned i = 0; i < 8; i++) /* others came first */
			sources_add(&s, client(500 + i));
		for (unsigned i = 0; i < 1000; i++)
			sources_add(&s, i % 100 < share ? ROGUE : client(600 + i));
		assert_int_equal(sources_main(&s, &m), share > 80);
		assert_true(share < 80 || mac_eq(m, ROGUE));
	}
	struct sources s = { .total = 0 };
	struct mac m;
	assert_false(sources_main(&s, &m));
	sources_add(&s, EVERYBODY); /* a group address names nobody */
	assert_false(sources_main(&s, &m));
}

/* DETECTIONS.md 4: five ghosts alone; at a usual share of 5 % the same. */
static void
ghost_steps(void **state)
{
	(void)state;
	static struct rates_seg rs;
	memset(&rs, 0, sizeof(rs));
	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(ghosts_add(&rs, LEASE, true, ROGUE), i == 5);
	memset(&rs, 0, sizeof(rs));
	/* one ghost in twenty never alarms, however long */
	for (unsigned i = 0; i < 20000; i++)
		assert_false(ghosts_add(&rs, LEASE, i % 20 == 0, client(i & 255)));
	/* a segment where a fifth is always silent needs more */
	memset(&rs, 0, sizeof(rs));
	rs.known_leases = 100;
	rs.known_ghosts = 20;
	unsigned need = 1;
	while (!ghosts_add(&rs, LEASE, true, ROGUE))
		need++;
	assert_in_range(need, 18, 22);
}

/* lam .05 and k .5: 12 and more in one bucket alarm, two in each of ten buckets do too, one in each of ten does not. */
static void
rate_steps(void **state)
{
	static const struct {
		unsigned keys, buckets;
		bool alarm;
	} table[] = {
		{ 13, 1, true }, { 12, 1, false }, { 2, 10, true }, { 1, 10, false }, { 1, 40, true },
	};
	(void)state;
	for (size_t i = 0; i < NELEM(table); i++) {
		static struct rates_seg rs;
		bool alarm = false;
		ts_t now = 1000000 * TS_SEC;
		memset(&rs, 0, sizeof(rs));
		assert_false(rate_turn(&rs, now));
		for (unsigned b = 0; b < table[i].buckets; b++) {
			rs.bucket_keys = table[i].keys;
			now += 10 * TS_SEC;
			alarm |= rate_turn(&rs, now);
		}
		assert_int_equal(alarm, table[i].alarm);
		assert_false(rate_turn(&rs, now + 40 * TS_DAY)); /* a jump of the clock ends */
	}
}

static void
xid_steps(void **state)
{
	(void)state;
	struct xid_use x = { .n = 0 };
	for (unsigned i = 0; i < 4; i++)
		assert_false(xid_add(&x, client(i), ROGUE, TS_SEC));
	assert_false(xid_add(&x, client(3), ROGUE, TS_SEC)); /* the same again */
	assert_true(xid_add(&x, client(4), ROGUE, TS_SEC));
	memset(&x, 0, sizeof(x));
	for (unsigned i = 0; i < 5; i++)
		assert_false(xid_add(&x, client(i), client(i), TS_SEC)); /* own sources, no group bit */
	memset(&x, 0, sizeof(x));
	for (unsigned i = 0; i < 5; i++)
		assert_false(xid_add(&x, client(i), ROGUE, i * 20 * TS_SEC)); /* too slow */
}

static void
due_ring(void **state)
{
	(void)state;
	struct due v[4], d;
	struct rates r = { .missed = 0 };
	struct due_ring q = { .v = v, .cap = 4 };
	for (ts_t t = 1; t <= 4; t++)
		assert_true(due_push(&r, &q, &(struct due){ .at = t }));
	assert_false(due_push(&r, &q, &(struct due){ .at = 5 }));
	assert_int_equal(r.missed, 1);
	assert_true(due_pop(&q, 2, &d) && d.at == 1);
	assert_true(due_pop(&q, 2, &d) && d.at == 2);
	assert_false(due_pop(&q, 2, &d));
	assert_true(due_push(&r, &q, &(struct due){ .at = 6 }));
	for (unsigned i = 0; i < 3; i++)
		assert_true(due_pop(&q, 9, &d));
	assert_int_equal(d.at, 6);
	assert_false(due_pop(&q, 9, &d));
}

static void
offer_windows(void **state)
{
	(void)state;
	static struct rates_seg rs;
	uint32_t minute[2], hour[2];
	ts_t now = 5000000 * TS_SEC;
	for (unsigned i = 0; i < 120; i++)
		offers_add(&rs, now + i * 30 * TS_SEC, i % 2);
	offers_sum(&rs, now + 3600 * TS_SEC, minute, hour);
	assert_in_range(minute[0], 1, 2);
	assert_in_range(hour[0], 116, 120);
	assert_true(hour[1] * 2 >= hour[0] - 2 && hour[1] * 2 <= hour[0] + 2);
	offers_sum(&rs, now + 3 * TS_HOUR, minute, hour);
	assert_int_equal(hour[0] + minute[0], 0);
}

static void
quiet_hour(void **state)
{
	(void)state;
	start(true);
	for (unsigned k = 20; k < 40; k++) {
		boot(&n, k);
		net_wait(&n, 3 * TS_SEC);
	}
	net_wait(&n, 20 * TS_SEC);
	assert_true(rates_quiet(n.e, n.e->segment_at[0], n.now - TS_HOUR, n.now));
	ts_t before = n.now;
	for (unsigned k = 100; k < 110; k++) {
		discover(&n, k, client(k), ROGUE);
		net_wait(&n, TS_SEC);
	}
	net_wait(&n, 20 * TS_SEC);
	assert_false(rates_quiet(n.e, n.e->segment_at[0], n.now - TS_HOUR, n.now));
	/* what came later changes nothing for a time before, and what is no longer kept is not called quiet */
	assert_true(rates_quiet(n.e, n.e->segment_at[0], before - TS_HOUR, before - TS_MIN));
	assert_false(rates_quiet(n.e, n.e->segment_at[0], n.now - 9 * TS_HOUR, n.now));
	net_close(&n);
}

/* More of everything than there is room for: nothing grows, the counts of what is watched do not run away. */
static void
bounded(void **state)
{
	(void)state;
	struct srv s = good();
	start(true);
	for (unsigned k = 0; k < 12000; k++) {
		struct mac m = { { 0x02, 7, 0, 0, (uint8_t)(k >> 8), (uint8_t)k } };
		s.id = k % 3 ? good().id : addr4(10, 0, (uint8_t)(k >> 8), (uint8_t)k);
		dora(&n, &s, k, m, addr4(10, (uint8_t)(k >> 16), (uint8_t)(k >> 8), (uint8_t)k));
		if (k % 5 == 0)
			net_alive(&n, m, addr4(10, (uint8_t)(k >> 16), (uint8_t)(k >> 8), (uint8_t)k));
	}
	assert_true(n.e->ledger->watched <= n.e->ledger->leases.used);
	assert_true(n.e->ledger->leases.used <= 4096);
	net_wait(&n, TS_MIN);
	net_end(&n);
	net_close(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lease_is_kept),
		cmocka_unit_test(release_ends_it),
		cmocka_unit_test(key_by_first_message),
		cmocka_unit_test(new_after_a_month),
		cmocka_unit_test(life_by_address),
		cmocka_unit_test(life_by_chaddr),
		cmocka_unit_test(one_vouches_for_four),
		cmocka_unit_test(order_of_a_list),
		cmocka_unit_test(asked_or_not),
		cmocka_unit_test(first_server_stays),
		cmocka_unit_test(overload),
		cmocka_unit_test(pac_hosts),
		cmocka_unit_test(main_source),
		cmocka_unit_test(ghost_steps),
		cmocka_unit_test(rate_steps),
		cmocka_unit_test(xid_steps),
		cmocka_unit_test(due_ring),
		cmocka_unit_test(offer_windows),
		cmocka_unit_test(quiet_hour),
		cmocka_unit_test(bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
