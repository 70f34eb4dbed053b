/* Who is who, from what stations say of themselves in Kerberos, NTLM and DNS UPDATE: grades, and what is not believed
 * (DETECTIONS.md 9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "world.h"

static struct world w;

static const struct mac SERVER = { { 2, 0, 0, 0, 0, 0x80 } };

static struct obs
said_by(enum obs_kind kind, struct mac from, struct mac to, struct addr src, unsigned at)
{
	struct obs o = world_obs(kind, from, to, src, at);

	o.outer.ipproto = 6;
	o.outer.sport = 40000;
	o.outer.dport = 88;
	o.inner = o.outer;
	return o;
}

static void
as_req(struct mac from, struct addr src, const char *user, const char *netbios, unsigned at)
{
	struct obs o = said_by(OBS_AUTH, from, SERVER, src, at);

	o.u.auth.carrier = AUTH_KERBEROS;
	o.u.auth.message = AUTH_AS_REQ;
	o.u.auth.user = bytes_str(user);
	o.u.auth.domain = bytes_str("CORP");
	o.u.auth.netbios = bytes_str(netbios);
	engine_obs(w.engine, &o);
}

static void
ntlm(struct mac from, struct mac to, struct addr src, const char *workstation, unsigned at)
{
	struct obs o = said_by(OBS_AUTH, from, to, src, at);

	o.u.auth.carrier = AUTH_SMB2;
	o.u.auth.message = AUTH_AUTHENTICATE;
	o.u.auth.user = bytes_str("alice");
	o.u.auth.workstation = bytes_str(workstation);
	engine_obs(w.engine, &o);
}

/* RFC 2136 2: zone corp.example, one record to be added to it. */
static void
update(struct mac from, struct addr src, uint8_t last, bool response, unsigned at)
{
	static uint8_t m[] = "\x12\x34\x28\0\0\1\0\0\0\1\0\0"
			     "\4corp\7example\0\0\6\0\1"
			     "\4host\xc0\x0c\0\1\0\1\0\0\4\xb0\0\4\x0a\0\0";
	struct obs o = said_by(OBS_DNS, from, SERVER, src, at);
	static uint8_t copy[sizeof(m)];

	memcpy(copy, m, sizeof(m));
	copy[sizeof(m) - 1] = last; /* the address ends where the literal had its NUL */
	o.u.dns = (struct dns){ .opcode = DNS_OPCODE_UPDATE,
				.response = response,
				.qdcount = 1,
				.nscount = 1,
				.msg = bytes_of(copy, sizeof(copy)) };
	engine_obs(w.engine, &o);
}

static size_t
places(const char *computer, unsigned at, struct place *first)
{
	struct kept k = { .ts = WORLD_START + at * TS_SEC };
	struct place p[PLACES];

	memset(p, 0, sizeof(p));
	memcpy(k.computer, computer, strlen(computer));
	size_t n = event_places(w.engine, &k, p);
	*first = p[0];
	return n;
}

static void
open_bound(void)
{
	world_open(&w);
	binding_learn(w.engine, w.engine->segment_at[0], addr4(10, 0, 0, 11), WORLD_VICTIM, BIND_ARP);
	binding_learn(w.engine, w.engine->segment_at[0], addr4(10, 0, 0, 12), WORLD_OTHER, BIND_ARP);
	binding_learn(w.engine, w.engine->segment_at[0], addr4(10, 0, 0, 66), WORLD_ACTOR, BIND_ARP);
}

static void
test_grades(void **state)
{
	struct place p;

	(void)state;
	open_bound();
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", NULL, 10);
	assert_int_equal(places("HOST.corp.example", 20, &p), 1);
	assert_int_equal(p.grade, BIND_B);
	assert_memory_equal(&p.mac, &WORLD_VICTIM, 6);
	world_close(&w);

	open_bound(); /* a person logs on: the address list names the computer */
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "alice", "HOST", 10);
	assert_int_equal(places("host", 20, &p), 1);
	assert_int_equal(p.grade, BIND_B);
	assert_int_equal(places("alice", 20, &p), 0);
	world_close(&w);

	open_bound();
	ntlm(WORLD_VICTIM, SERVER, addr4(10, 0, 0, 11), "HOST", 10);
	assert_int_equal(places("HOST.corp.example", 20, &p), 1);
	assert_int_equal(p.grade, BIND_C);
	world_close(&w);

	open_bound();
	update(WORLD_VICTIM, addr4(10, 0, 0, 11), 11, false, 10);
	assert_int_equal(places("HOST.corp.example", 20, &p), 1);
	assert_int_equal(p.grade, BIND_B);
	assert_int_equal(places("HOST.other.example", 20, &p), 0);
	world_close(&w);
}

static void
test_not_believed(void **state)
{
	struct place p;

	(void)state;
	open_bound();
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "host/HOST.corp.example", NULL, 10); /* a service's name */
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "$", NULL, 10);
	as_req(WORLD_ACTOR, addr4(192, 0, 2, 7), "HOST$", NULL, 10); /* from behind that station */
	as_req(WORLD_ACTOR, addr4(10, 0, 0, 11), "HOST$", NULL, 10); /* another station's address */
	update(WORLD_VICTIM, addr4(10, 0, 0, 11), 12, false, 10);    /* for another, as a DHCP server does */
	update(WORLD_VICTIM, addr4(10, 0, 0, 11), 11, true, 10);     /* an answer */
	ntlm(WORLD_VICTIM, SERVER, addr4(10, 0, 0, 11), NULL, 10);
	assert_int_equal(places("HOST.corp.example", 20, &p), 0);
	world_close(&w);
}

/* A relay sends on the name of its victim: the name stays where it was. */
static void
test_relayed(void **state)
{
	struct place p;

	(void)state;
	open_bound();
	ntlm(WORLD_VICTIM, WORLD_ACTOR, addr4(10, 0, 0, 11), "HOST", 10);
	ntlm(WORLD_ACTOR, SERVER, addr4(10, 0, 0, 66), "host", 12);
	assert_int_equal(places("HOST", 20, &p), 1);
	assert_memory_equal(&p.mac, &WORLD_VICTIM, 6);
	ntlm(WORLD_ACTOR, SERVER, addr4(10, 0, 0, 66), "HOST", 18); /* of its own accord */
	assert_int_equal(places("HOST", 20, &p), 0);
	world_close(&w);
}

static void
test_contested(void **state)
{
	struct place p;

	(void)state;
	open_bound(); /* the same grade */
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", NULL, 10);
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "HOST$", NULL, 11);
	assert_int_equal(places("HOST", 20, &p), 0);
	world_close(&w);

	open_bound(); /* one step */
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", NULL, 10);
	ntlm(WORLD_OTHER, SERVER, addr4(10, 0, 0, 12), "HOST", 20);
	assert_int_equal(places("HOST", 30, &p), 0);
	world_close(&w);
}

static void
test_expiry(void **state)
{
	struct place p;

	(void)state;
	open_bound();
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", NULL, 10);
	ntlm(WORLD_OTHER, SERVER, addr4(10, 0, 0, 12), "PEER", 10);
	assert_int_equal(places("HOST", 10 + 8 * 3600, &p), 1);
	assert_int_equal(places("HOST", 11 + 8 * 3600, &p), 0);
	assert_int_equal(places("PEER", 10 + 4 * 3600, &p), 1);
	assert_int_equal(places("PEER", 11 + 4 * 3600, &p), 0);
	world_close(&w);
}

/* An event that tells a name only, of a rogue DHCPv4 server that the wire has seen at 50 s. */
static unsigned
joined(enum bind_grade grade, unsigned named_at)
{
	struct fact f = { .id = F_D4_ROGUE,
			  .family = FAM_D4_ROGUE,
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = { .has_mac = true, .mac = WORLD_ACTOR, .addr = addr4(10, 0, 0, 66) },
			  .has_victim = true,
			  .victim = WORLD_VICTIM,
			  .victim_addr = addr4(10, 0, 0, 11) };
	const struct join *j = NULL;
	struct hostev ev;

	for (size_t i = 0; (j = join_at(i)) && !((j->families >> FAM_D4_ROGUE & 1) && (j->keys & K_HOST));
	     i++)
		;
	assert_non_null(j);
	if (j->facts)
		for (f.id = 0; !(j->facts >> f.id & 1);)
			f.id++;
	open_bound();
	for (unsigned at = 40; at < 70; at += 10) {
		if (at == 50)
			world_fact(&w, &f, WORLD_START + 50 * TS_SEC);
		if (at == named_at && grade == BIND_B)
			as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", NULL, at);
		else if (at == named_at)
			ntlm(WORLD_VICTIM, SERVER, addr4(10, 0, 0, 11), "HOST", at);
	}
	memset(&ev, 0, sizeof(ev));
	ev.kind = j->kind;
	ev.event_id = j->event_id ? j->event_id : 7;
	ev.provider = bytes_str(j->provider);
	ev.set = HES_ADDR | HES_PEER | HES_ROUTER;
	ev.addr = ev.router = addr4(10, 0, 0, 66);
	ev.peer = addr4(10, 0, 0, 66);
	ev.computer = bytes_str("HOST.corp.example");
	ev.record_id = 1;
	ev.ts = WORLD_START + 51 * TS_SEC;
	engine_host(w.engine, &ev);
	engine_end(w.engine); /* who was told after the event counts when the input is over */
	const struct hyp *h = hyp_of(w.engine, FAM_D4_ROGUE, w.engine->segment_at[0], WORLD_ACTOR);
	unsigned n = h ? h->nevent : 0;
	world_close(&w);
	return n;
}

static void
test_named_afterwards(void **state)
{
	(void)state;
	assert_int_equal(joined(BIND_B, 40), 1);
	assert_int_equal(joined(BIND_C, 40), 1);
	assert_int_equal(joined(BIND_B, 60), 1);
	assert_int_equal(joined(BIND_C, 60), 0);
	assert_int_equal(joined(BIND_C, 0), 0); /* nobody knows the name */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grades),	cmocka_unit_test(test_not_believed),
		cmocka_unit_test(test_relayed), cmocka_unit_test(test_contested),
		cmocka_unit_test(test_expiry),	cmocka_unit_test(test_named_afterwards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
