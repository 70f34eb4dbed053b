/* Every row of the join table: an event at both ends of its window joins, just outside it does not; neither does one of
 * another host, with another key, or of the suspect's own host (DETECTIONS.md 1 rule 7, 1.3, 10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "world.h"

static const ts_t EPS = 2 * TS_SEC;
static const struct bytes NAME = { (const uint8_t *)"isatap.corp.example", 19 };

static enum fact_id
fact_for(const struct join *j, enum family f)
{
	static const uint8_t usual[FAMILIES] = {
		[FAM_D4_ROGUE] = F_D4_ROGUE,
		[FAM_D4_FLOOD] = F_D4_FANOUT,
		[FAM_D4_STARVATION] = F_D4_GHOST,
		[FAM_D4_AUTHKILL] = F_D4_AUTHKILL,
		[FAM_D6_ROGUE] = F_D6_ADDR,
		[FAM_D6_FLOOD] = F_D6_FLOOD,
		[FAM_RA] = F_RA_MO,
		[FAM_ND_SPOOF] = F_ND_SPOOF,
		[FAM_DNS] = F_DNS_NAME,
		[FAM_AUTH] = F_AUTH_LURE,
		[FAM_SSTP] = F_SSTP_CERT,
		[FAM_ISATAP] = F_ISA_ROUTER,
		[FAM_TEREDO] = F_TER_SRV,
		[FAM_FAILOVER] = F_FO_TAMPER,
	};
	if (j->facts == 0)
		return (enum fact_id)usual[f];
	for (unsigned i = 0; i < FACTS; i++)
		if (fact_in(j->facts, i))
			return (enum fact_id)i;
	return F_NONE;
}

static enum family
family_of(const struct join *j)
{
	for (unsigned f = 0; f < FAM_CHAINS; f++)
		if (j->families >> f & 1)
			return (enum family)f;
	return FAMILIES;
}

/* What the wire shows for a row: one hard fact about the victim, with the address and name that the event will tell. */
static void
wire_half(struct world *w, const struct join *j, ts_t at)
{
	enum family f = family_of(j);
	struct fact fact = { .id = (uint8_t)fact_for(j, f),
			     .family = (uint8_t)f,
			     .grade = E1,
			     .flags = FF_HARD,
			     .actor = { .has_mac = true, .mac = WORLD_ACTOR, .addr = addr4(10, 0, 0, 66) },
			     .has_victim = true,
			     .victim = WORLD_VICTIM,
			     .victim_addr = addr4(10, 0, 0, 11),
			     .key = addr4(10, 0, 0, 99),
			     .name = name_hash(NAME) };
	world_fact(w, &fact, at);
}

static struct hostev
host_half(const struct join *j)
{
	struct hostev ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = j->kind;
	ev.event_id = j->event_id ? j->event_id : 7;
	ev.provider = bytes_str(j->provider);
	ev.set = HES_ADDR | HES_PEER | HES_ROUTER | HES_NAME;
	ev.addr = addr4(10, 0, 0, 99);
	ev.router = addr4(10, 0, 0, 99);
	ev.peer = addr4(10, 0, 0, 66);
	ev.name = NAME;
	ev.flag1 = j->flags & JF_NTLM;
	if (j->keys & K_TUNNEL) { /* what an address of a tunnel embeds */
		ev.more[0] = addr4(10, 0, 0, 11);
		ev.nmore = 1;
	}
	if (j->keys & K_CLIENT) {
		ev.set |= HES_MAC;
		ev.mac = WORLD_VICTIM;
	}
	if (j->keys & K_ADDR_ACTOR)
		ev.addr = addr4(10, 0, 0, 66);
	return ev;
}

/* Does an event `offset` after the wire fact join it? */
static bool
joins(const struct join *j, ts_t offset, struct mac host, struct addr key)
{
	struct world w;
	struct hostev ev = host_half(j);
	ts_t fact_at = WORLD_START + 50 * TS_SEC;

	world_open(&w);
	if (key.fam) {
		ev.addr = ev.router = ev.peer = ev.more[0] = key;
		ev.name = bytes_str("other.corp.example");
		ev.mac = WORLD_OTHER;
	}
	wire_half(&w, j, fact_at);
	world_event(&w, &ev, host, fact_at + offset);
	const struct hyp *h = hyp_of(w.engine, family_of(j), w.engine->segment_at[0], WORLD_ACTOR);
	enum role role = j->flags & JF_CONTEXT ? ROLE_CONTEXT : ROLE_CORROBORATES;
	bool yes = h && h->nevent == 1 && h->event[0].role == role;
	world_close(&w);
	return yes;
}

/* RA rows need an RA on the wire, some a declared server, a client that nobody served or that a flood named, a flood, or the
 * actor's own session: scenario tests cover them.
 * Rows that need a TLS session: test_sstp.c.  Rows of no family join nothing: test_halves.c. */
static bool
needs_more(const struct join *j)
{
	return (j->keys & (K_RA | K_SESSION | K_PEER_KNOWN | K_VPN_NAME | K_VICTIM | K_FLOODER | K_ONWARD |
			   K_QUEUE | K_SERVER)) ||
	       j->families == 0;
}

static struct mac
reporter(const struct join *j)
{
	if (j->flags & JF_OWN)
		return WORLD_ACTOR;
	return j->keys & (K_HOST | K_TAKEN) ? WORLD_VICTIM : WORLD_OTHER;
}

static void
test_windows(void **state)
{
	const struct join *j;
	unsigned rows = 0;

	(void)state;
	for (size_t i = 0; (j = join_at(i)); i++) {
		if (needs_more(j))
			continue;
		/* the packet may lie from `from` to `to` of the event: so the event lies from -to to -from of the packet */
		ts_t early = -(j->to * TS_SEC) - EPS, late = -(j->from * TS_SEC) + EPS;
		if (!joins(j, early, reporter(j), (struct addr){ 0 }))
			fail_msg("%s: not joined at the end of its window", j->id);
		if (!joins(j, late, reporter(j), (struct addr){ 0 }))
			fail_msg("%s: not joined at the start of its window", j->id);
		if (joins(j, early - TS_MS, reporter(j), (struct addr){ 0 }))
			fail_msg("%s: joined after its window", j->id);
		if (joins(j, late + TS_MS, reporter(j), (struct addr){ 0 }))
			fail_msg("%s: joined before its window", j->id);
		rows++;
	}
	print_message("%u rows, both ends of each window\n", rows);
}

static void
test_keys(void **state)
{
	const struct join *j;

	(void)state;
	for (size_t i = 0; (j = join_at(i)); i++) {
		if (needs_more(j))
			continue;
		if (!(j->flags & JF_OWN) && joins(j, 0, WORLD_ACTOR, (struct addr){ 0 }))
			fail_msg("%s: the suspect's own host spoke for it", j->id);
		if ((j->keys & K_HOST) && joins(j, 0, WORLD_OTHER, (struct addr){ 0 }))
			fail_msg("%s: joined for a host that the packet did not touch", j->id);
		if ((j->flags & JF_OWN) && joins(j, 0, WORLD_VICTIM, (struct addr){ 0 }))
			fail_msg("%s: joined for a host that is not the actor", j->id);
		if ((j->keys & (K_ADDR | K_ADDR_ACTOR | K_ROUTER | K_PEER_ACTOR | K_NAME | K_TUNNEL)) &&
		    joins(j, 0, reporter(j), addr4(10, 0, 0, 77)))
			fail_msg("%s: joined with another key", j->id);
	}
}

/* An event that comes first waits for the packet; two collectors that send it twice count once. */
static void
test_order_and_duplicates(void **state)
{
	const struct join *j = join_at(0);
	struct world w;
	struct hostev ev = host_half(j);

	(void)state;
	world_open(&w);
	world_event(&w, &ev, WORLD_VICTIM, WORLD_START + 60 * TS_SEC);
	ev.record_id = w.records; /* the same record again */
	engine_host(w.engine, &ev);
	wire_half(&w, j, WORLD_START + 59 * TS_SEC);
	const struct hyp *h = hyp_of(w.engine, FAM_DNS, w.engine->segment_at[0], WORLD_ACTOR);
	assert_non_null(h);
	assert_int_equal(h->nevent, 1);
	assert_int_equal(h->verdict, V_CONFIRMED);
	assert_int_equal(events_duplicates(w.engine), 1);
	world_close(&w);
}

/* Names are attacker-writable: one that two live stations claim joins nothing. */
static void
test_contested_name(void **state)
{
	struct world w;
	uint8_t host[] = { 'H', 'O', 'S', 'T' };

	(void)state;
	for (int contested = 0; contested < 2; contested++) {
		world_open(&w);
		for (int i = 0; i <= contested; i++) {
			struct obs o;
			struct mac m = i ? WORLD_OTHER : WORLD_VICTIM;
			struct dhcp4_opt *opt = o.u.dhcp4.opt;
			memset(&o, 0, sizeof(o));
			o.ts = WORLD_START + (10 + i) * TS_SEC;
			o.kind = OBS_DHCP4;
			o.digest = (uint64_t)i + 1;
			o.outer.smac = m;
			o.inner = o.outer;
			o.u.dhcp4.op = 1;
			o.u.dhcp4.htype = 1;
			o.u.dhcp4.msg_type = D4_REQUEST;
			o.u.dhcp4.chaddr = bytes_of(m.b, 6);
			opt[0] = (struct dhcp4_opt){ D4O_HOSTNAME, bytes_of(host, sizeof(host)) };
			o.u.dhcp4.nopt = 1;
			engine_obs(w.engine, &o);
		}
		struct kept k = { .ts = WORLD_START + 20 * TS_SEC, .computer = "HOST.corp.example" };
		struct place p[PLACES];
		size_t n = event_places(w.engine, &k, p);
		assert_int_equal(n, contested ? 0 : 1);
		if (n)
			assert_memory_equal(&p[0].mac, &WORLD_VICTIM, 6);
		world_close(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_order_and_duplicates),
		cmocka_unit_test(test_contested_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
