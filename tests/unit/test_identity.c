/* Whose name is whose: forms of names, stations that move, rename, go silent or share a name, and what the agent of a host
 * says of it (DETECTIONS.md 9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "world.h"

static struct world w;

static const struct mac ALL = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
static const struct mac SERVER = { { 2, 0, 0, 0, 0, 0x80 } };

/* ---- what stations send; `at` seconds after the start ---- */
static struct obs
from(enum obs_kind kind, struct mac m, struct mac to, struct addr src, unsigned at)
{
	struct obs o = world_obs(kind, m, to, src, at);

	if (src.fam == 6)
		o.outer.dst = (struct addr){ 6, { 0xff, 2, [15] = 0xfb } };
	o.outer.ipproto = 17;
	o.inner = o.outer;
	return o;
}

/* RFC 2131: the name of option 12 or 81, where not NULL. */
static void
dhcp4(struct mac l2, struct mac client, uint8_t type, const char *host, const char *fqdn, unsigned at)
{
	struct obs o = from(OBS_DHCP4, l2, ALL, addr4(0, 0, 0, 0), at);
	static uint8_t chaddr[6], flags[256];
	struct dhcp4 *d = &o.u.dhcp4;

	memcpy(chaddr, client.b, 6);
	d->op = type == D4_ACK ? 2 : 1;
	d->htype = 1;
	d->msg_type = type;
	d->chaddr = bytes_of(chaddr, 6);
	d->giaddr = d->ciaddr = d->siaddr = addr4(0, 0, 0, 0);
	d->yiaddr = type == D4_ACK ? addr4(10, 0, 0, 11) : addr4(0, 0, 0, 0);
	if (host)
		d->opt[d->nopt++] = (struct dhcp4_opt){ .code = D4O_HOSTNAME, .v = bytes_str(host) };
	if (fqdn) {
		memset(flags, 0, 3); /* RFC 4702 2.1: ASCII form */
		memcpy(flags + 3, fqdn, strlen(fqdn));
		d->opt[d->nopt++] =
			(struct dhcp4_opt){ .code = D4O_FQDN, .v = bytes_of(flags, 3 + strlen(fqdn)) };
	}
	engine_obs(w.engine, &o);
}

static void
dhcp6(struct mac m, struct mac to, uint8_t type, const char *fqdn, unsigned at)
{
	struct addr ll = { 6, { 0xfe, 0x80, [15] = m.b[5] } };
	struct obs o = from(OBS_DHCP6, m, to, ll, at);

	o.u.dhcp6.msg_type = type;
	if (fqdn)
		memcpy(o.u.dhcp6.fqdn_text, fqdn, strlen(fqdn));
	engine_obs(w.engine, &o);
}

static void
as_req(struct mac m, struct addr src, const char *user, unsigned at)
{
	struct obs o = from(OBS_AUTH, m, SERVER, src, at);

	o.u.auth.carrier = AUTH_KERBEROS;
	o.u.auth.message = AUTH_AS_REQ;
	o.u.auth.user = bytes_str(user);
	engine_obs(w.engine, &o);
}

/* MS-ADTS 6.3.3. */
static void
ping(struct mac m, struct addr src, const char *host, unsigned at)
{
	struct obs o = from(OBS_AUTH, m, SERVER, src, at);

	o.u.auth.carrier = AUTH_CLDAP;
	o.u.auth.message = AUTH_PING;
	o.u.auth.workstation = bytes_str(host);
	engine_obs(w.engine, &o);
}

/* A host answers for a name of its own: RFC 4795, RFC 6762. */
static void
self_answer(struct mac m, struct addr src, uint8_t service, const uint8_t *name, size_t n, unsigned at)
{
	static uint8_t msg[256];
	struct out o = out_init(msg, sizeof(msg));
	struct obs x = from(OBS_DNS, m, ALL, src, at);

	out_be(&o, 0x000084000000, 6);
	out_be(&o, 1, 2);
	out_be(&o, 0, 4);
	out_put(&o, name, n);
	out_be(&o, 1, 2);
	out_be(&o, service == DNS_MDNS ? 0x8001 : 1, 2);
	out_be(&o, 120, 4);
	out_be(&o, 4, 2);
	out_put(&o, src.b, 4);
	x.u.dns = (struct dns){ .service = service, .response = 1, .ancount = 1, .msg = bytes_of(msg, o.n) };
	engine_obs(w.engine, &x);
}

static void
leaf(struct mac m, struct addr src, const char *subject, unsigned at)
{
	struct obs o = from(OBS_TLS, m, SERVER, src, at);

	o.u.tls.hs_type = TLS_CERTIFICATE;
	o.u.tls.set = 1u << TLSH_LEAF;
	o.u.tls.leaf.subject = bytes_str(subject);
	engine_obs(w.engine, &o);
}

static void
here(struct mac m, struct addr a, unsigned at)
{
	world_frame(&w, m, a, WORLD_START + at * TS_SEC);
}

static void
open_bound(void)
{
	world_open(&w);
	binding_learn(w.engine, w.engine->segment_at[0], addr4(10, 0, 0, 11), WORLD_VICTIM, BIND_ARP);
	binding_learn(w.engine, w.engine->segment_at[0], addr4(10, 0, 0, 12), WORLD_OTHER, BIND_ARP);
	binding_learn(w.engine, w.engine->segment_at[0], addr4(10, 0, 0, 66), WORLD_ACTOR, BIND_ARP);
}

/* Where an event of that computer and time is from. */
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
assert_at(const char *computer, unsigned at, struct mac m, enum bind_grade grade)
{
	struct place p;

	assert_int_equal(places(computer, at, &p), 1);
	assert_memory_equal(&p.mac, &m, 6);
	assert_int_equal(p.grade, grade);
}

static void
assert_nowhere(const char *computer, unsigned at)
{
	struct place p;

	assert_int_equal(places(computer, at, &p), 0);
}

/* ---- names ---- */
static void
test_forms(void **state)
{
	static const struct {
		const char *a, *b;
		bool label, full;
	} pairs[] = {
		{ "PC1", "pc1.", true, true },
		{ "PC1$", "pc1", true, true },
		{ "PC1            ", "pc1", true, true },
		{ "pc1.corp.lab", "PC1.Corp.Lab.", true, true },
		{ "pc1.corp.lab", "pc1.other.lab", true, false },
		{ "pc1.corp.lab", "pc2.corp.lab", false, false },
		/* RFC 3492: the A-label of the same letters, whatever their case */
		{ "b\xc3\xbc"
		  "cher.lab",
		  "xn--bcher-kva.lab", true, true },
		{ "M\xc3\x9cNCHEN", "xn--mnchen-3ya", true, true },
		{ "\xd0\xbf\xd0\xbe\xd1\x87\xd0\xb5\xd0\xbc\xd1\x83\xd0\xb6\xd0\xb5\xd0\xbe\xd0\xbd\xd0\xb8"
		  "\xd0\xbd\xd0\xb5"
		  "\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe\xd1\x80\xd1\x8f\xd1\x82\xd0\xbf\xd0\xbe\xd1\x80\xd1\x83"
		  "\xd1\x81\xd1\x81"
		  "\xd0\xba\xd0\xb8",
		  "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l", true, true }, /* RFC 3492 7.1 (H), lower case */
		{ "b\xfc"
		  "cher",
		  "xn--bcher-kva", false, false }, /* another code page: bytes */
		{ "b\xfc"
		  "cher",
		  "B\xfc"
		  "CHER",
		  true, true },
	};
	struct hostname a, b;

	(void)state;
	for (size_t i = 0; i < NELEM(pairs); i++) {
		assert_true(hostname_read(bytes_str(pairs[i].a), &a));
		assert_true(hostname_read(bytes_str(pairs[i].b), &b));
		assert_int_equal(a.label == b.label, pairs[i].label);
		assert_int_equal(a.label == b.label && a.full == b.full, pairs[i].full);
	}
	assert_false(hostname_read(bytes_str(""), &a));
	assert_false(hostname_read(bytes_str("$"), &a));
	assert_false(hostname_read(bytes_str("10.0.0.5"), &a));
	assert_false(hostname_read((struct bytes){ NULL, 0 }, &a));
}

static void
test_netbios_form(void **state)
{
	(void)state;
	open_bound();
	here(WORLD_VICTIM, addr4(10, 0, 0, 11), 5);
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "ACCOUNTING-PC-01$", 10); /* 16 letters */
	assert_at("ACCOUNTING-PC-01.corp.lab", 20, WORLD_VICTIM, BIND_B);
	assert_at("ACCOUNTING-PC-0", 20, WORLD_VICTIM, BIND_B);
	assert_nowhere("ACCOUNTING-PC-", 20);
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "WAREHOUSE-PC-00$", 10);
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "WAREHOUSE-PC-07$", 11);
	assert_at("WAREHOUSE-PC-07.corp.lab", 20, WORLD_OTHER, BIND_B);
	world_close(&w);

	open_bound(); /* the first fifteen letters of two names */
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "ACCOUNTING-PC-01$", 10);
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "ACCOUNTING-PC-02$", 10);
	assert_nowhere("ACCOUNTING-PC-0", 20);
	assert_at("ACCOUNTING-PC-01.corp.lab", 20, WORLD_VICTIM, BIND_B);
	assert_at("ACCOUNTING-PC-02.corp.lab", 20, WORLD_OTHER, BIND_B);
	world_close(&w);
}

static void
test_domains(void **state)
{
	(void)state;
	open_bound(); /* one label in two domains */
	dhcp4(WORLD_VICTIM, WORLD_VICTIM, D4_REQUEST, "www", "www.corp.lab", 10);
	dhcp4(WORLD_OTHER, WORLD_OTHER, D4_REQUEST, "www", "www.other.lab", 11);
	assert_at("www.corp.lab", 20, WORLD_VICTIM, BIND_C);
	assert_at("www.other.lab", 20, WORLD_OTHER, BIND_C);
	assert_nowhere("www", 20);
	assert_nowhere("www.third.lab", 20);
	world_close(&w);
}

/* ---- sources ---- */
static void
test_dhcp(void **state)
{
	(void)state;
	open_bound();
	dhcp4(WORLD_VICTIM, WORLD_VICTIM, D4_REQUEST, NULL, "host.corp.lab", 10);
	assert_at("HOST.corp.lab", 10, WORLD_VICTIM, BIND_C); /* no lease yet */
	dhcp4(SERVER, WORLD_VICTIM, D4_ACK, NULL, NULL, 11);
	assert_at("HOST.corp.lab", 12, WORLD_VICTIM, BIND_B);
	assert_at("HOST.corp.lab", 10, WORLD_VICTIM, BIND_C);	      /* an event of before, told later */
	dhcp4(WORLD_ACTOR, WORLD_OTHER, D4_REQUEST, "PC2", NULL, 13); /* in another's name */
	assert_nowhere("PC2", 20);
	world_close(&w);

	open_bound();
	dhcp6(WORLD_VICTIM, SERVER, D6_REQUEST, "host.corp.lab", 10);
	assert_at("HOST.corp.lab", 10, WORLD_VICTIM, BIND_C);
	dhcp6(SERVER, WORLD_VICTIM, D6_REPLY, NULL, 11);
	assert_at("HOST.corp.lab", 12, WORLD_VICTIM, BIND_B);
	world_close(&w);
}

static void
test_ping(void **state)
{
	(void)state;
	open_bound();
	ping(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST", 10);
	ping(WORLD_OTHER, addr4(192, 0, 2, 1), "FAR", 10); /* a router passes it on */
	assert_at("HOST.corp.lab", 20, WORLD_VICTIM, BIND_C);
	assert_nowhere("FAR", 20);
	assert_nowhere("HOST.corp.lab", 4 * 3600 + 11);
	world_close(&w);
}

static void
test_weak_sources(void **state)
{
	static const uint8_t llmnr[] = { 4, 'H', 'O', 'S', 'T', 0 };
	static const uint8_t mdns[] = { 4, 'h', 'o', 's', 't', 5, 'l', 'o', 'c', 'a', 'l', 0 };

	(void)state;
	open_bound();
	self_answer(WORLD_VICTIM, addr4(10, 0, 0, 11), DNS_LLMNR, llmnr, sizeof(llmnr), 10);
	assert_at("HOST.corp.lab", 20, WORLD_VICTIM, BIND_D);
	assert_nowhere("HOST.corp.lab", 3611 + 10);
	world_close(&w);

	open_bound();
	self_answer(WORLD_VICTIM, addr4(10, 0, 0, 11), DNS_MDNS, mdns, sizeof(mdns), 10);
	assert_at("HOST.corp.lab", 20, WORLD_VICTIM, BIND_D);
	world_close(&w);

	open_bound();
	leaf(WORLD_VICTIM, addr4(10, 0, 0, 11), "O=Corp, CN=host.corp.lab", 10);
	assert_at("HOST", 20, WORLD_VICTIM, BIND_D);
	leaf(WORLD_OTHER, addr4(10, 0, 0, 12), "CN=*.corp.lab", 10);
	leaf(WORLD_OTHER, addr4(10, 0, 0, 12), "CN=Some Product", 10);
	leaf(WORLD_OTHER, addr4(192, 0, 2, 1), "CN=www.example.org", 10); /* a router passes it on */
	assert_nowhere("*", 20);
	assert_nowhere("Some", 20);
	assert_nowhere("www.example.org", 20);
	world_close(&w);

	open_bound(); /* an answer that is no threat to a good name: two grades apart */
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", 10);
	self_answer(WORLD_ACTOR, addr4(10, 0, 0, 66), DNS_LLMNR, llmnr, sizeof(llmnr), 11);
	assert_at("HOST.corp.lab", 20, WORLD_VICTIM, BIND_B);
	world_close(&w);
}

/* ---- time ---- */
static void
test_renamed(void **state)
{
	(void)state;
	open_bound();
	dhcp4(WORLD_VICTIM, WORLD_VICTIM, D4_REQUEST, "OLD", NULL, 10);
	dhcp4(WORLD_VICTIM, WORLD_VICTIM, D4_REQUEST, "NEW", NULL, 600);
	dhcp4(WORLD_OTHER, WORLD_OTHER, D4_REQUEST, "OLD", NULL,
	      700); /* the name is given to another machine */
	assert_at("OLD", 500, WORLD_VICTIM, BIND_C);
	assert_at("NEW", 650, WORLD_VICTIM, BIND_C);
	assert_at("OLD", 710, WORLD_OTHER, BIND_C);
	world_close(&w);
}

/* A claim that lapsed and came again says nothing of the time between. */
static void
test_lapsed(void **state)
{
	(void)state;
	open_bound();
	dhcp4(WORLD_VICTIM, WORLD_VICTIM, D4_REQUEST, "HOST", NULL, 0);
	dhcp4(WORLD_VICTIM, WORLD_VICTIM, D4_REQUEST, "HOST", NULL, 36000);
	assert_at("HOST", 4 * 3600, WORLD_VICTIM, BIND_C);
	assert_nowhere("HOST", 6 * 3600);
	assert_at("HOST", 36000, WORLD_VICTIM, BIND_C);
	world_close(&w);
}

/* Two adapters of one laptop, and then a second machine: who fell silent contests nothing. */
static void
test_silent(void **state)
{
	struct place p;

	(void)state;
	open_bound();
	here(WORLD_VICTIM, addr4(10, 0, 0, 11), 10);
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", 10);
	here(WORLD_OTHER, addr4(10, 0, 0, 12), 1000);
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "HOST$", 1000);
	assert_at("HOST", 1000, WORLD_OTHER, BIND_B);
	here(WORLD_VICTIM, addr4(10, 0, 0, 11), 1800); /* it was away and is back */
	here(WORLD_OTHER, addr4(10, 0, 0, 12), 1800);
	assert_int_equal(places("HOST", 1800, &p), 0);
	assert_at("HOST", 1100, WORLD_OTHER,
		  BIND_B); /* an event of that time, told later, is still from there */
	world_close(&w);
}

static void
test_told_afterwards(void **state)
{
	(void)state;
	open_bound();
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", 1000);
	assert_nowhere("HOST", 990); /* whoever comes next may claim it too */
	engine_tick(w.engine, WORLD_START + 1900 * TS_SEC);
	assert_at("HOST", 990, WORLD_VICTIM, BIND_B);
	assert_nowhere("HOST", 1000 - 601);
	world_close(&w);

	open_bound();
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", 100);
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "HOST$", 110); /* too late to take it away */
	engine_tick(w.engine, WORLD_START + 900 * TS_SEC);
	assert_at("HOST", 105, WORLD_VICTIM, BIND_B);
	assert_nowhere("HOST", 90);
	assert_nowhere("HOST", 120);
	world_close(&w);
}

static void
test_crowded(void **state)
{
	struct place p;

	(void)state;
	open_bound();
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", 10);
	for (unsigned i = 0; i < 3 * ID_CLAIMS; i++) {
		struct mac m = { { 2, 9, 9, 9, 9, (uint8_t)i } };
		here(m, addr4(10, 0, 1, (uint8_t)i), 20);
		dhcp4(m, m, D4_REQUEST, "HOST", NULL, 20);
	}
	assert_int_equal(places("HOST", 30, &p), 0);
	world_close(&w);
}

/* ---- agents ---- */
static struct kept
agent(const char *computer, unsigned at)
{
	struct kept k = { .ts = WORLD_START + at * TS_SEC };

	memcpy(k.computer, computer, strlen(computer));
	return k;
}

static void
test_agent(void **state)
{
	struct place p[PLACES];
	struct kept k;

	(void)state;
	open_bound(); /* several adapters: all that the wire knows */
	k = agent("HOST", 10);
	k.host_mac[k.nmac++] = WORLD_VICTIM;
	k.host_mac[k.nmac++] = (struct mac){ { 2, 1, 1, 1, 1, 1 } };
	k.host_mac[k.nmac++] = WORLD_OTHER;
	assert_int_equal(event_places(w.engine, &k, p), 2);
	assert_int_equal(p[0].grade, BIND_A);

	/* its MACs are out of sight: who bears the name here is another */
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", 10);
	k = agent("HOST", 20);
	k.host_mac[k.nmac++] = (struct mac){ { 2, 1, 1, 1, 1, 1 } };
	assert_int_equal(event_places(w.engine, &k, p), 0);
	k.more_macs = true; /* unless it has more than were told */
	assert_int_equal(event_places(w.engine, &k, p), 1);
	world_close(&w);

	open_bound(); /* EUI-64 in a link-local address that the wire has not shown */
	k = agent("HOST", 10);
	k.host_ip[k.nip++] =
		(struct addr){ 6, { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 0x11 } };
	assert_int_equal(event_places(w.engine, &k, p), 1);
	assert_memory_equal(&p[0].mac, &WORLD_VICTIM, 6);
	world_close(&w);
}

/* Who takes a host's address on the wire does not become that host. */
static void
test_agent_spoofed(void **state)
{
	struct place p[PLACES];
	struct kept k;

	(void)state;
	open_bound();
	k = agent("HOST", 100);
	k.host_ip[k.nip++] = addr4(10, 0, 0, 11);
	here(WORLD_VICTIM, addr4(10, 0, 0, 11), 50);
	engine_tick(w.engine, WORLD_START + 90 * TS_SEC);
	binding_learn(w.engine, w.engine->segment_at[0], addr4(10, 0, 0, 11), WORLD_ACTOR, BIND_ARP);
	engine_tick(w.engine, WORLD_START + 110 * TS_SEC);
	assert_int_equal(event_places(w.engine, &k, p), 0);
	k.ts = WORLD_START + 80 * TS_SEC; /* before that it was its own */
	assert_int_equal(event_places(w.engine, &k, p), 1);
	assert_memory_equal(&p[0].mac, &WORLD_VICTIM, 6);
	world_close(&w);
}

/* ---- identity_conflict ---- */
static void
test_conflict_told(void **state)
{
	const struct told *t;

	(void)state;
	open_bound();
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", 10);
	assert_null(world_last(&w, "nd-spoof"));
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "HOST$", 11);
	t = world_last(&w, "nd-spoof");
	assert_non_null(t);
	assert_int_equal(t->verdict, V_INFO);
	assert_int_equal(t->grade, E0);
	size_t n = w.ntold;
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "HOST$", 12);
	assert_int_equal(w.ntold, n); /* once */
	world_close(&w);

	open_bound(); /* the owner has left */
	as_req(WORLD_VICTIM, addr4(10, 0, 0, 11), "HOST$", 10);
	here(WORLD_OTHER, addr4(10, 0, 0, 12), 1000);
	as_req(WORLD_OTHER, addr4(10, 0, 0, 12), "HOST$", 1001);
	assert_null(world_last(&w, "nd-spoof"));
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),	      cmocka_unit_test(test_netbios_form),
		cmocka_unit_test(test_domains),	      cmocka_unit_test(test_dhcp),
		cmocka_unit_test(test_weak_sources),  cmocka_unit_test(test_ping),
		cmocka_unit_test(test_renamed),	      cmocka_unit_test(test_lapsed),
		cmocka_unit_test(test_silent),	      cmocka_unit_test(test_told_afterwards),
		cmocka_unit_test(test_crowded),	      cmocka_unit_test(test_agent),
		cmocka_unit_test(test_agent_spoofed), cmocka_unit_test(test_conflict_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
