/* The incident record: keys and forms of CONTRACT.md 3, Community ID against published values, and what goes first when
 * a record does not fit.  jansson reads what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>

#include "encode.h"

static const struct detection detection = {
	.id = "mitm6",
	.signature_id = 9100001,
	.signature = "IPv6 DNS takeover",
	.category = "Adversary-in-the-Middle",
	.attack = "T1557.001 T1557.003",
	.explain = "e",
	.next = "n",
};
static const char *const ifaces[] = { "cap0", "eth1" };
static char buffer[EVE_MAX * 2];

static const char *
file_name(void *arg, uint32_t ix)
{
	(void)arg;
	return ix ? "other.pcap" : "capture.pcap";
}

static const struct encode_env env = {
	.sensor = "s1", .sd_id = "incident@32473", .iface = ifaces, .niface = 2, .file = file_name
};

static struct addr
address(const char *text)
{
	struct addr a;
	assert_true(addr_parse(bytes_str(text), &a));
	return a;
}

static void
fill(struct incident *r)
{
	memset(r, 0, sizeof(*r));
	r->timestamp = r->first = r->last = INT64_C(1795214845562071000); /* 2026-11-20T22:47:25.562071Z */
	r->id = 0x6f1c000000000001;
	r->rev = 4;
	r->state = INC_OPEN;
	r->alert = true;
	r->detection = &detection;
	r->attack = detection.attack;
	r->title = "IPv6 DNS takeover by 00:0c:29:47:a1:a6: confirmed, 1 victim";
	r->verdict = V_CONFIRMED;
	r->grade = E5;
	r->severity = SEV_CRITICAL;
	r->confidence = 97;
	r->iface = 1;
	r->vlan[0] = 12;
	r->nvlan = 1;
	r->segment = "eth1/12";
	r->flow = (struct inc_flow){ address("fe80::20c:29ff:fe47:a1a6"), address("fe80::4398:1"), 547, 546,
				     17 };
	r->actor_mac = (struct mac){ { 0, 0x0c, 0x29, 0x47, 0xa1, 0xa6 } };
	r->has_actor_mac = true;
	r->actor_ip[r->nactor_ip++] = address("10.16.40.66");
	r->nvictim = r->victims_total = 1;
	r->victim[0] = (struct inc_victim){ .mac = { { 0x54, 0xbf, 0x64, 0x40, 0x3e, 0x6d } },
					    .has_mac = true,
					    .grade = E4 };
	memcpy(r->victim[0].name, "WS-ACC-11", 10);
	r->nfact = r->facts_total = 1;
	r->fact[0] = (struct inc_fact){
		.id = "D6-ADDR", .grade = E1, .count = 3, .first = r->first, .last = r->last, .nref = 1
	};
	r->fact[0].ref[0].frame = 412;
	r->nevent = r->events_total = 1;
	r->event[0] = (struct inc_event){ .provider = "Microsoft-Windows-Iphlpsvc",
					  .event_id = 4100,
					  .record_id = 1009,
					  .time = r->first,
					  .offset_ms = -20,
					  .role = ROLE_CORROBORATES };
	r->vantage_have[r->nhave++] = "V_B4";
	r->explain = "why";
	r->next = "first\nsecond";
}

static json_t *
encode(const struct incident *r)
{
	struct out o = out_init(buffer, sizeof(buffer));
	json_error_t error;
	encode_eve(&o, &env, r);
	assert_true(out_ok(&o));
	assert_true(o.n < EVE_MAX);
	json_t *j = json_loadb(o.p, o.n, JSON_REJECT_DUPLICATES, &error);
	if (j == NULL)
		fail_msg("%s at %d: %.*s", error.text, error.position, (int)o.n, o.p);
	return j;
}

/* The member at a path with dots. */
static const json_t *
at(const json_t *j, const char *path)
{
	char key[64];
	while (*path) {
		size_t n = strcspn(path, ".");
		memcpy(key, path, n);
		key[n] = 0;
		j = json_object_get(j, key);
		path += n + (path[n] == '.');
	}
	return j;
}

static void
expect_text(const json_t *j, const char *path, const char *want)
{
	const json_t *v = at(j, path);
	if (!json_is_string(v))
		fail_msg("%s is no text", path);
	assert_string_equal(json_string_value(v), want);
}

static void
expect_number(const json_t *j, const char *path, json_int_t want)
{
	const json_t *v = at(j, path);
	if (!json_is_integer(v))
		fail_msg("%s is no number", path);
	assert_int_equal(json_integer_value(v), want);
}

static void
test_record(void **state)
{
	static struct incident r;
	(void)state;
	fill(&r);
	json_t *j = encode(&r);
	expect_text(j, "timestamp", "2026-11-20T22:47:25.562071Z");
	expect_text(j, "event_type", "alert");
	expect_text(j, "sensor", "s1");
	expect_text(j, "in_iface", "eth1");
	expect_number(json_array_get(at(j, "vlan"), 0), "", 12);
	expect_text(j, "src_ip", "fe80::20c:29ff:fe47:a1a6");
	expect_text(j, "proto", "UDP");
	expect_text(j, "ether.src_mac", "00:0c:29:47:a1:a6");
	expect_text(j, "alert.action", "allowed");
	expect_number(j, "alert.gid", 1);
	expect_number(j, "alert.signature_id", 9100001);
	expect_number(j, "alert.severity", 1);
	assert_int_equal(json_array_size(at(j, "alert.metadata.mitre_technique_id")), 2);
	expect_text(j, "incident.id", "6f1c000000000001");
	expect_number(j, "incident.rev", 4);
	expect_text(j, "incident.state", "open");
	expect_text(j, "incident.verdict", "confirmed");
	expect_text(j, "incident.grade", "E5");
	expect_text(j, "incident.severity", "critical");
	expect_text(j, "incident.segment", "eth1/12");
	expect_text(j, "incident.actor.mac", "00:0c:29:47:a1:a6");
	assert_true(json_is_null(at(j, "incident.actor.name")));
	const json_t *v = json_array_get(at(j, "incident.victims"), 0);
	expect_text(v, "mac", "54:bf:64:40:3e:6d");
	expect_text(v, "name", "WS-ACC-11");
	const json_t *f = json_array_get(at(j, "incident.facts"), 0);
	expect_text(f, "id", "D6-ADDR");
	expect_text(json_array_get(at(f, "packets"), 0), "file", "capture.pcap");
	expect_number(json_array_get(at(f, "packets"), 0), "frame", 412);
	const json_t *e = json_array_get(at(j, "incident.host_events"), 0);
	expect_number(e, "event_id", 4100);
	expect_number(e, "offset_ms", -20);
	expect_text(e, "role", "corroborates");
	assert_true(json_is_null(at(j, "incident.tool_hint")));
	assert_int_equal(json_array_size(at(j, "incident.next")), 2);
	assert_int_equal(json_array_size(at(j, "incident.refuted_by")), 0);
	assert_null(at(j, "incident.cut"));
	assert_null(at(j, "incident.victims_total"));
	assert_null(at(j, "incident.members"));
	json_decref(j);
}

/* What never was an alert is none, and what is not known is not there. */
static void
test_no_alert(void **state)
{
	static struct incident r;
	(void)state;
	fill(&r);
	r.alert = false;
	r.nvlan = 0;
	r.flow = (struct inc_flow){ 0 };
	r.has_actor_mac = false;
	r.verdict = V_REFUTED;
	json_t *j = encode(&r);
	expect_text(j, "event_type", "incident");
	assert_null(at(j, "alert"));
	assert_null(at(j, "vlan"));
	assert_null(at(j, "src_ip"));
	assert_null(at(j, "community_id"));
	assert_null(at(j, "ether"));
	assert_true(json_is_null(at(j, "incident.actor.mac")));
	json_decref(j);
}

static void
test_severities(void **state)
{
	static struct incident r;
	static const json_int_t want[SEVERITIES] = { 3, 3, 2, 1, 1 };
	(void)state;
	for (int s = 0; s < SEVERITIES; s++) {
		fill(&r);
		r.severity = (enum severity)s;
		json_t *j = encode(&r);
		expect_number(j, "alert.severity", want[s]);
		json_decref(j);
	}
}

/* Everything at its limit: packets between first and last go, then host events, and the totals stay. */
static void
test_cut(void **state)
{
	static struct incident r;
	(void)state;
	fill(&r);
	r.nfact = r.facts_total = 3;
	for (uint32_t i = 0; i < r.nfact; i++) {
		r.fact[i] = r.fact[0];
		r.fact[i].nref = INC_REFS_MAX;
		for (uint32_t k = 0; k < INC_REFS_MAX; k++)
			r.fact[i].ref[k] = (struct inc_ref){ 1, 1000000 + k };
	}
	json_t *j = encode(&r); /* three facts fit with all packets */
	assert_null(at(j, "incident.cut"));
	assert_int_equal(json_array_size(at(json_array_get(at(j, "incident.facts"), 0), "packets")),
			 INC_REFS_MAX);
	json_decref(j);

	r.nfact = r.facts_total = 12;
	for (uint32_t i = 3; i < r.nfact; i++)
		r.fact[i] = r.fact[0];
	j = encode(&r); /* twelve without those between */
	assert_true(json_is_true(at(j, "incident.cut")));
	assert_int_equal(json_array_size(at(j, "incident.facts")), 12);
	const json_t *packets = at(json_array_get(at(j, "incident.facts"), 0), "packets");
	assert_int_equal(json_array_size(packets), 2);
	expect_number(json_array_get(packets, 1), "frame", 1000000 + INC_REFS_MAX - 1);
	assert_null(at(j, "incident.host_events_total"));
	json_decref(j);

	r.nevent = INC_LIST_MAX;
	r.events_total = 1000;
	for (uint32_t i = 0; i < r.nevent; i++) {
		r.event[i] = r.event[0];
		memset(r.event[i].computer, 'c', INC_NAME_MAX - 1);
	}
	j = encode(&r); /* host events go before facts and victims */
	assert_int_equal(json_array_size(at(j, "incident.facts")), 12);
	assert_int_equal(json_array_size(at(j, "incident.victims")), 1);
	assert_true(json_array_size(at(j, "incident.host_events")) < INC_LIST_MAX);
	expect_number(j, "incident.host_events_total", 1000);
	json_decref(j);
}

/* Names that need the longest escapes, in every list at once. */
static void
test_worst_case(void **state)
{
	static struct incident r;
	static char explain[16384];
	(void)state;
	fill(&r);
	memset(explain, 1, sizeof(explain) - 1);
	r.explain = explain;
	r.nvictim = r.nfact = r.nevent = INC_LIST_MAX;
	r.victims_total = 70000;
	r.facts_total = INC_LIST_MAX + 1;
	r.events_total = 100000;
	for (uint32_t i = 0; i < INC_LIST_MAX; i++) {
		r.victim[i] = r.victim[0];
		memset(r.victim[i].name, '\x01', INC_NAME_MAX - 1);
		for (r.victim[i].nip = 0; r.victim[i].nip < INC_ADDRS_MAX; r.victim[i].nip++)
			r.victim[i].ip[r.victim[i].nip] = address("2001:db8:1111:2222:3333:4444:5555:6666");
		r.fact[i] = r.fact[0];
		r.fact[i].grade = i < 2 ? E4 : E1;
		r.fact[i].nref = INC_REFS_MAX;
		r.event[i] = r.event[0];
		memset(r.event[i].computer, '\xff', INC_NAME_MAX - 1);
	}
	json_t *j = encode(&r);
	assert_true(json_is_true(at(j, "incident.cut")));
	expect_number(j, "incident.victims_total", 70000);
	expect_number(j, "incident.facts_total", INC_LIST_MAX + 1);
	expect_number(j, "incident.host_events_total", 100000);
	json_decref(j);
}

/* The highest grades stay when facts must go. */
static void
test_low_grades_go_first(void **state)
{
	static struct incident r;
	static char explain[12000];
	(void)state;
	fill(&r);
	memset(explain, 'x', sizeof(explain) - 1);
	r.explain = explain;
	r.nevent = 0;
	r.nfact = r.facts_total = INC_LIST_MAX;
	for (uint32_t i = 0; i < r.nfact; i++) {
		r.fact[i] = r.fact[0];
		r.fact[i].id = i == 40 ? "HIGH" : "LOW";
		r.fact[i].grade = i == 40 ? E4 : E1;
	}
	json_t *j = encode(&r);
	bool found = false;
	size_t n = json_array_size(at(j, "incident.facts"));
	assert_true(n > 0 && n < INC_LIST_MAX);
	for (size_t i = 0; i < n; i++)
		found |= strcmp(json_string_value(at(json_array_get(at(j, "incident.facts"), i), "id")),
				"HIGH") == 0;
	assert_true(found);
	expect_number(j, "incident.facts_total", INC_LIST_MAX);
	json_decref(j);
}

/* Values of the specification's own baseline (community-id-spec, baseline_deflt.json). */
static void
test_community_id(void **state)
{
	static const struct {
		const char *src, *dst;
		uint16_t sport, dport;
		uint8_t proto;
		const char *want;
	} rows[] = {
		{ "128.232.110.120", "66.35.250.204", 34855, 80, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ "66.35.250.204", "128.232.110.120", 80, 34855, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
		{ "192.168.1.52", "8.8.8.8", 54585, 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
		{ "192.168.0.89", "192.168.0.1", 8, 0, 1, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
		{ "192.168.0.1", "192.168.0.89", 0, 8, 1, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=" },
		{ "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0, 58,
		  "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=" },
		{ "3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0, 58,
		  "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w=" },
	};
	char text[64];
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct inc_flow f = { address(rows[i].src), address(rows[i].dst), rows[i].sport,
				      rows[i].dport, rows[i].proto };
		struct out o = out_init(text, sizeof(text) - 1);
		assert_true(community_id(&o, &f));
		text[o.n] = 0;
		assert_string_equal(text, rows[i].want);
	}
	struct out o = out_init(text, sizeof(text));
	struct inc_flow none = { 0 };
	assert_false(community_id(&o, &none));
	struct inc_flow untold = { address("::1"), address("::2"), 0, 0, 58 };
	assert_false(community_id(&o, &untold));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),	     cmocka_unit_test(test_no_alert),
		cmocka_unit_test(test_severities),   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_worst_case),   cmocka_unit_test(test_low_grades_go_first),
		cmocka_unit_test(test_community_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
