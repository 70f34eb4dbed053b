/* Standing of servers against declared authority: DETECTIONS.md 3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine.h"
#include "state.h"

static struct mac
mac(uint8_t last)
{
	return (struct mac){ { 2, 0, 0, 0, 0, last } };
}
static const struct bytes NONE = { NULL, 0 };

struct world {
	struct addr ip[2];
	struct mac macs[1];
	struct auth_server server;
	struct bytes seg[1];
	struct auth_site site;
	struct authority authority;
	struct engine_conf conf;
	struct segment segment;
	void *mem;
	struct engine *engine;
};

static void
no_emit(void *arg, const struct incident *i)
{
	(void)arg;
	(void)i;
}

static void
declare(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->ip[0] = addr4(10, 0, 0, 2);
	w->macs[0] = mac(2);
	w->server = (struct auth_server){ .ip = w->ip, .nip = 1, .mac = w->macs, .nmac = 1 };
	w->site.dhcp4_servers = (struct auth_servers){ true, &w->server, 1 };
	w->authority = (struct authority){ &w->site, 1 };
	w->conf.authority = &w->authority;
	w->conf.hosts = 64;
	w->mem = calloc(1, engine_bytes(&w->conf));
	w->engine = engine_open(&w->conf, w->mem, (struct sipkey){ { 1, 2 } }, no_emit, NULL);
	w->engine->now = 1000 * TS_SEC;
	memcpy(w->segment.name, "cap0/12", 8);
}

static void
test_tuple(void **state)
{
	struct world w;

	(void)state;
	declare(&w);
	assert_int_equal(auth_standing(w.engine, &w.segment, SVC_DHCP4, mac(2), addr4(10, 0, 0, 2), NONE),
			 ST_AUTHORISED);
	/* a right id from a wrong MAC is worse than a wrong id: neither is authorised */
	assert_int_equal(auth_standing(w.engine, &w.segment, SVC_DHCP4, mac(3), addr4(10, 0, 0, 2), NONE),
			 ST_UNAUTHORISED);
	assert_int_equal(auth_standing(w.engine, &w.segment, SVC_DHCP4, mac(2), addr4(10, 0, 0, 9), NONE),
			 ST_UNAUTHORISED);
	/* an address of a kind that the entry does not speak of decides nothing */
	struct addr ll;
	assert_true(addr_parse(bytes_str("fe80::2"), &ll));
	assert_int_equal(auth_standing(w.engine, &w.segment, SVC_DHCP4, mac(2), ll, NONE), ST_AUTHORISED);
	free(w.mem);
}

static void
test_absent_and_empty(void **state)
{
	struct world w;

	(void)state;
	declare(&w);
	/* DHCPv6 is not declared beside DHCPv4: unknown; an empty list means that there is none */
	assert_int_equal(auth_standing(w.engine, &w.segment, SVC_DHCP6, mac(2), (struct addr){ 0 }, NONE),
			 ST_UNKNOWN);
	w.site.dhcp6_servers.declared = true;
	assert_int_equal(auth_standing(w.engine, &w.segment, SVC_DHCP6, mac(2), (struct addr){ 0 }, NONE),
			 ST_UNAUTHORISED);
	w.conf.authority = NULL;
	assert_int_equal(auth_standing(w.engine, &w.segment, SVC_DHCP4, mac(2), addr4(10, 0, 0, 2), NONE),
			 ST_UNKNOWN);
	free(w.mem);
}

static void
test_segments(void **state)
{
	struct world w;

	(void)state;
	declare(&w);
	w.site.segments = w.seg;
	w.site.nsegments = 1;
	static const struct {
		const char *pattern;
		bool covers;
	} cases[] = {
		{ "cap0/*", true },  { "*/12", true },	  { "*", true },
		{ "cap0/12", true }, { "c*0/1*2", true }, { "cap0/1", false },
		{ "cap1/*", false }, { "*/120", false },  { "", false },
	};
	for (size_t i = 0; i < NELEM(cases); i++) {
		w.seg[0] = bytes_str(cases[i].pattern);
		assert_int_equal(auth_declared(w.engine, &w.segment, SVC_DHCP4), cases[i].covers);
	}
	free(w.mem);
}

static void
test_resolver(void **state)
{
	struct world w;
	struct addr dns = addr4(10, 0, 0, 2);

	(void)state;
	declare(&w);
	assert_int_equal(auth_resolver(w.engine, &w.segment, dns, mac(2)), ST_UNKNOWN);
	w.site.resolvers = (struct auth_addrs){ true, &dns, 1 };
	assert_int_equal(auth_resolver(w.engine, &w.segment, dns, mac(2)), ST_AUTHORISED);
	assert_int_equal(auth_resolver(w.engine, &w.segment, dns, mac(9)),
			 ST_UNAUTHORISED); /* its server entry names another MAC */
	assert_int_equal(auth_resolver(w.engine, &w.segment, addr4(10, 0, 0, 66), mac(9)), ST_UNAUTHORISED);
	free(w.mem);
}

static void
test_virtual_router(void **state)
{
	struct world w;
	struct mac vrrp = { { 0, 0, 0x5e, 0, 1, 7 } };

	(void)state;
	declare(&w);
	assert_true(auth_router_mac(w.engine, &w.segment, vrrp));
	assert_false(auth_router_mac(w.engine, &w.segment, mac(7)));
	w.site.routers = (struct auth_servers){ true, &w.server, 1 };
	assert_int_equal(auth_standing(w.engine, &w.segment, SVC_ROUTER, vrrp, (struct addr){ 0 }, NONE),
			 ST_AUTHORISED);
	assert_true(auth_router_mac(w.engine, &w.segment, mac(2)));
	free(w.mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tuple),	       cmocka_unit_test(test_absent_and_empty),
		cmocka_unit_test(test_segments),       cmocka_unit_test(test_resolver),
		cmocka_unit_test(test_virtual_router),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
