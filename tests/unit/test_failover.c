/* FO-TAMPER (DETECTIONS.md 7): another MAC at a partner's address, a second host, a reset that came another way; and what
 * looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "outcome.h"
#include "world.h"

enum { SYN = 2, RST = 4, PSH = 8, ACK = 16 };
static const struct mac A_MAC = { { 2, 0, 0, 0, 0, 0xa } }, B_MAC = { { 2, 0, 0, 0, 0, 0xb } },
			VRRP = { { 0, 0, 0x5e, 0, 1, 7 } };
static const ts_t T = WORLD_START + 100 * TS_SEC;

static struct auth_pair pair;
static struct auth_site site;
static struct authority declared = { &site, 1 };

static struct addr
a(void)
{
	return addr4(10, 0, 0, 2);
}

static struct addr
b(void)
{
	return addr4(10, 0, 0, 3);
}

static void
frame(struct world *w, struct mac from, struct mac to, struct addr src, struct addr dst, bool to_port,
      uint8_t flags, uint8_t ttl, ts_t at)
{
	struct obs o;

	memset(&o, 0, sizeof(o));
	o.ts = at;
	o.kind = OBS_FRAME;
	o.outer.smac = from;
	o.outer.dmac = to;
	o.outer.src = src;
	o.outer.dst = dst;
	o.outer.ipproto = 6;
	o.outer.hop_limit = ttl;
	o.outer.sport = to_port ? 50000 : 647;
	o.outer.dport = to_port ? 647 : 50000;
	o.inner = o.outer;
	o.u.seen.tcp_flags = flags;
	engine_obs(w->engine, &o);
}

static void
channel(struct world *w, bool with_authority)
{
	pair = (struct auth_pair){ a(), b() };
	site = (struct auth_site){ .failover = &pair, .nfailover = 1 };
	world_open(w);
	if (with_authority)
		w->conf.authority = &declared;
	frame(w, A_MAC, B_MAC, a(), b(), true, SYN, 128, T);
	frame(w, B_MAC, A_MAC, b(), a(), false, SYN | ACK, 128, T + TS_SEC);
	frame(w, A_MAC, B_MAC, a(), b(), true, ACK, 128, T + 2 * TS_SEC);
	frame(w, B_MAC, A_MAC, b(), a(), false, ACK | PSH, 128, T + 3 * TS_SEC);
}

static enum verdict
verdict(struct world *w)
{
	engine_tick(w->engine, w->engine->now + 2 * TS_SEC);
	const struct told *t = world_last(w, "failover-tamper");
	return t ? t->verdict : VERDICTS;
}

static void
test_another_mac(void **state)
{
	struct world w;

	(void)state;
	channel(&w, true);
	assert_int_equal(verdict(&w), VERDICTS);
	frame(&w, WORLD_ACTOR, B_MAC, a(), b(), true, ACK | PSH, 64, T + 60 * TS_SEC);
	assert_int_equal(verdict(&w), V_SUSPECTED);
	assert_non_null(hyp_of(w.engine, FAM_FAILOVER, w.engine->segment_at[0], WORLD_ACTOR));
	/* the partner itself goes on: it is not accused */
	frame(&w, A_MAC, B_MAC, a(), b(), true, ACK | PSH, 128, T + 70 * TS_SEC);
	assert_null(hyp_of(w.engine, FAM_FAILOVER, w.engine->segment_at[0], A_MAC));
	world_close(&w);
	/* a router's shared MAC, and a card that was replaced days later */
	channel(&w, true);
	frame(&w, VRRP, B_MAC, a(), b(), true, ACK | PSH, 127, T + 60 * TS_SEC);
	assert_int_equal(verdict(&w), VERDICTS);
	frame(&w, WORLD_OTHER, VRRP, b(), a(), false, ACK | PSH, 127, T + 61 * TS_SEC);
	assert_int_equal(verdict(&w), VERDICTS);
	world_close(&w);
}

static void
test_second_host(void **state)
{
	struct world w;

	(void)state;
	for (int k = 0; k < 3; k++) { /* whole handshake; only a SYN; nothing declared */
		channel(&w, k < 2);
		frame(&w, WORLD_ACTOR, B_MAC, addr4(10, 0, 0, 66), b(), true, SYN, 64, T + 60 * TS_SEC);
		if (k != 1) {
			frame(&w, B_MAC, WORLD_ACTOR, b(), addr4(10, 0, 0, 66), false, SYN | ACK, 128,
			      T + 60 * TS_SEC + TS_MS);
			frame(&w, WORLD_ACTOR, B_MAC, addr4(10, 0, 0, 66), b(), true, ACK, 64,
			      T + 60 * TS_SEC + 2 * TS_MS);
		}
		assert_int_equal(verdict(&w), k == 0 ? V_PROBABLE : VERDICTS);
		world_close(&w);
	}
}

static void
test_reset(void **state)
{
	static const struct {
		uint8_t ttl;
		enum verdict v;
	} cases[] = { { 128, VERDICTS }, { 126, VERDICTS }, { 125, V_SUSPECTED }, { 64, V_SUSPECTED } };
	struct world w;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		channel(&w, false);
		frame(&w, A_MAC, B_MAC, a(), b(), true, RST | ACK, cases[i].ttl, T + 60 * TS_SEC);
		assert_int_equal(verdict(&w), cases[i].v);
		world_close(&w);
	}
	/* a reset before anything was established, and one on another port */
	world_open(&w);
	frame(&w, A_MAC, B_MAC, a(), b(), true, SYN, 128, T);
	frame(&w, B_MAC, A_MAC, b(), a(), false, RST | ACK, 255, T + TS_SEC);
	assert_int_equal(verdict(&w), VERDICTS);
	world_close(&w);
}

/* 20256: the partner that was fooled says so. */
static void
test_event(void **state)
{
	struct world w;
	struct hostev ev;

	(void)state;
	struct addr ip = a();
	struct mac mac = A_MAC;
	struct auth_server server = { .ip = &ip, .nip = 1, .mac = &mac, .nmac = 1 };
	channel(&w, true);
	site.dhcp4_servers = (struct auth_servers){ true, &server, 1 };
	frame(&w, WORLD_ACTOR, B_MAC, a(), b(), true, ACK | PSH, 64, T + 60 * TS_SEC);
	assert_int_equal(verdict(&w), V_PROBABLE); /* contradicts the declared MAC */
	memset(&ev, 0, sizeof(ev));
	ev.provider = bytes_str("Microsoft-Windows-DHCP-Server");
	ev.event_id = 20256;
	ev.kind = HE_FAILOVER_DIGEST;
	world_event(&w, &ev, B_MAC, T + 61 * TS_SEC);
	assert_int_equal(verdict(&w), V_CONFIRMED);
	assert_int_equal(world_last(&w, "failover-tamper")->severity, SEV_CRITICAL);
	world_close(&w);
}

/* ---- messages: draft-ietf-dhc-failover-12, 6.1 ---- */
/* `n`: bytes of it that are captured; `payload`: as the packet's lengths say. */
static void
message(struct world *w, const uint8_t *datagram, size_t n, uint16_t payload, ts_t at)
{
	uint8_t *copy = malloc(n ? n : 1); /* exactly as long: a reader that goes on is seen */
	struct obs o;

	assert_non_null(copy);
	memcpy(copy, datagram, n);
	memset(&o, 0, sizeof(o));
	o.ts = at;
	o.kind = OBS_FRAME;
	o.outer.smac = A_MAC;
	o.outer.dmac = B_MAC;
	o.outer.src = a();
	o.outer.dst = b();
	o.outer.ipproto = 6;
	o.outer.hop_limit = 128;
	o.outer.sport = 50000;
	o.outer.dport = 647;
	o.inner = o.outer;
	o.u.seen.tcp_flags = ACK | PSH;
	o.u.seen.payload = payload;
	o.u.seen.datagram = bytes_of(copy, n);
	engine_obs(w->engine, &o);
	free(copy);
}

static uint32_t
noted(struct world *w, struct addr x, enum outcome what)
{
	return outcome_seen(w->engine, 0, x, PORT_BINDINGS, what, T, T + TS_HOUR);
}

static void
test_messages(void **state)
{
	enum { IP = 20, TCP = 24, AT = IP + TCP, MESSAGE = 20 };
	struct world w;
	uint8_t d[AT + MESSAGE] = { 0x45 };

	(void)state;
	d[IP + 12] = (TCP / 4) << 4;
	d[AT + 1] = MESSAGE;
	d[AT + 3] = 12;
	for (uint8_t type = 0; type < 16; type++) { /* 3: binding update, 4: its acknowledgement */
		channel(&w, true);
		d[AT + 2] = type;
		message(&w, d, sizeof(d), MESSAGE, T + 60 * TS_SEC);
		assert_int_equal(noted(&w, b(), OUT_ASKED), type == 3);
		assert_int_equal(noted(&w, a(), OUT_OPEN), type == 4);
		world_close(&w);
	}
	d[AT + 2] = 3;
	for (size_t n = 0; n < AT + 3; n++) { /* cut before the type */
		channel(&w, true);
		message(&w, d, n, MESSAGE, T + 60 * TS_SEC);
		assert_int_equal(noted(&w, b(), OUT_ASKED), 0);
		world_close(&w);
	}
	for (unsigned length = 0; length < 64;
	     length++) { /* shorter than its head, longer than the segment */
		channel(&w, true);
		d[AT + 1] = (uint8_t)length;
		message(&w, d, sizeof(d), MESSAGE, T + 60 * TS_SEC);
		assert_int_equal(noted(&w, b(), OUT_ASKED), length >= 12 && length <= MESSAGE);
		world_close(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_mac), cmocka_unit_test(test_second_host),
		cmocka_unit_test(test_reset),	    cmocka_unit_test(test_event),
		cmocka_unit_test(test_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
