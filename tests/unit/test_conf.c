/* The configuration: what is read, and that every problem is told with its place, its key and what was expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "conf.h"

enum { TOLD_MAX = 16, TOLD_LENGTH = 512 };
static char told[TOLD_MAX][TOLD_LENGTH];
static size_t ntold;
static struct conf conf;

static void
say(void *arg, const char *problem)
{
	(void)arg;
	if (ntold < TOLD_MAX)
		snprintf(told[ntold], TOLD_LENGTH, "%s", problem);
	ntold++;
}

static size_t
read_text(const char *text)
{
	ntold = 0;
	return conf_text(&conf, "x.yaml", bytes_str(text), say, NULL);
}

static int
setup(void **state)
{
	(void)state;
	return conf_init(&conf) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	conf_free(&conf);
	return 0;
}

static void
expect_problem(const char *text, const char *want)
{
	conf_free(&conf);
	assert_true(conf_init(&conf));
	size_t n = read_text(text);
	assert_int_equal(n, ntold);
	if (n == 0)
		fail_msg("no problem in: %s", text);
	assert_string_equal(told[0], want);
}

static struct addr
address(const char *text)
{
	struct addr a;
	assert_true(addr_parse(bytes_str(text), &a));
	return a;
}

static void
test_defaults(void **state)
{
	(void)state;
	assert_false(conf.feed_synced);
	assert_true(conf.event_window == 2 * TS_HOUR);
	assert_int_equal(conf.hosts, 65536);
	assert_int_equal(conf.events, 16384);
	assert_string_equal((const char *)conf.sd_id.p, "incident@32473");
	assert_null(conf.sensor.p);
	assert_true(conf.promisc);
	assert_int_equal(read_text(""), 0);
	assert_int_equal(read_text("# only a comment\n"), 0);
}

/* The example of the documents, with every list. */
static const char whole[] = "authority:\n"
			    "  - name: head-office\n"
			    "    segments: [\"eth1/*\"]\n"
			    "    prefixes: [10.16.40.0/24, \"fd74:852c:7a::/64\"]\n"
			    "    dhcp4_servers: [{ip: [10.16.40.2], mac: \"48:4d:7e:d5:8c:ae\"}]\n"
			    "    dhcp6_servers: [{ip: [], mac: [\"48:4d:7e:d5:8c:ae\", 48-4D-7E-D5-8C-AF], "
			    "duid: [\"00:01:00:01:aa\", 00030001]}]\n"
			    "    routers: [{ip: [10.16.40.1, \"fe80::1\"], mac: \"00:1a:8c:d9:06:22\"}]\n"
			    "    relays: [{mac: \"00:1a:8c:d9:06:23\"}]\n"
			    "    resolvers: [10.16.40.1]\n"
			    "    pxe_servers: []\n"
			    "    isatap_routers: []\n"
			    "    vpn_servers: [{sni: vpn.corp.lab, ip: 10.16.40.30, leaf_sha256: "
			    "[\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"]}]\n"
			    "    failover: [[10.16.40.2, 10.16.40.3]]\n"
			    "    bridges: [\"02:00:5e:10:00:01\"]\n"
			    "    hosts: [{name: WS-1, mac: \"54:bf:64:40:3e:6d\", ip: [10.16.40.52]}, {name: "
			    "WS-2, ip: 10.16.40.53}]\n"
			    "  - prefixes: [10.1.0.0/16]\n";

static void
test_authority(void **state)
{
	(void)state;
	assert_int_equal(read_text(whole), 0);
	assert_int_equal(conf.authority.nsite, 2);
	const struct auth_site *s = &conf.authority.site[0];
	assert_string_equal((const char *)s->name.p, "head-office");
	assert_int_equal(s->nsegments, 1);
	assert_int_equal(s->nprefixes, 2);
	assert_int_equal(s->prefixes[1].len, 64);
	assert_true(s->dhcp4_servers.declared);
	assert_int_equal(s->dhcp4_servers.n, 1);
	assert_true(addr_eq(s->dhcp4_servers.v[0].ip[0], address("10.16.40.2")));
	assert_int_equal(s->dhcp4_servers.v[0].mac[0].b[5], 0xae);
	assert_int_equal(s->dhcp6_servers.v[0].nmac, 2);
	assert_int_equal(s->dhcp6_servers.v[0].nduid, 2);
	assert_int_equal(s->dhcp6_servers.v[0].duid[0].n, 5);
	assert_memory_equal(s->dhcp6_servers.v[0].duid[1].p, "\0\3\0\1", 4);
	assert_int_equal(s->routers.v[0].nip, 2);
	assert_int_equal(s->relays.v[0].nip, 0);
	assert_true(s->pxe_servers.declared);
	assert_int_equal(s->pxe_servers.n, 0);
	assert_true(s->isatap_routers.declared);
	assert_false(s->teredo_servers.declared); /* absent: unknown */
	assert_int_equal(s->vpn_servers.v[0].leaf_sha256[0].n, 32);
	assert_int_equal(s->vpn_servers.v[0].nip, 1);
	assert_true(addr_eq(s->failover[0].b, address("10.16.40.3")));
	assert_int_equal(s->nbridges, 1);
	assert_int_equal(s->nhosts, 2);
	assert_true(s->hosts[0].has_mac);
	assert_false(s->hosts[1].has_mac);
	assert_true(s->hosts[0].nip == 1 && s->hosts[1].nip == 1);
	assert_false(conf.authority.site[1].resolvers.declared);
}

static void
test_json_form_and_merging(void **state)
{
	(void)state;
	assert_int_equal(read_text("{\"authority\": [{\"name\": \"a\", \"resolvers\": [\"10.0.0.1\"]}], "
				   "\"sensor\": {\"name\": "
				   "\"s1\"}}"),
			 0);
	assert_int_equal(read_text("authority: [{name: b}]\nsensor: {name: s2}\nlimits:\n"), 0);
	assert_int_equal(conf.authority.nsite, 2);		/* lists add up */
	assert_string_equal((const char *)conf.sensor.p, "s2"); /* of a scalar the last one wins */
	ntold = 0;
	assert_int_equal(conf_set(&conf, "feed.event_window=30m", say, NULL), 0);
	assert_true(conf.event_window == 30 * TS_MIN);
	assert_int_equal(conf_set(&conf, "feed.synced=true", say, NULL), 0);
	assert_true(conf.feed_synced);
	assert_int_equal(conf_set(&conf, "limits.hosts=7", say, NULL), 1);
	assert_string_equal(
		told[0],
		"--set limits.hosts=7:1:17: limits.hosts: found \"7\", expected a whole number from 64 to "
		"1048576");
	assert_int_equal(conf_set(&conf, "nonsense", say, NULL), 1);
}

static void
test_outputs(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(
			"output:\n"
			"  - {type: stdout}\n"
			"  - type: file\n"
			"    path: out.jsonl\n"
			"  - {type: syslog, host: 192.0.2.1, transport: tcp, port: 601, format: rfc5424}\n"),
		0);
	assert_int_equal(conf.noutput, 3);
	assert_int_equal(conf.output[2].type, OUT_SYSLOG);
	assert_int_equal(conf.output[2].transport, TRANSPORT_TCP);
	assert_int_equal(conf.output[2].port, 601);
	assert_int_equal(conf.output[1].spool_mib, 64); /* the default of the row */
}

static void
test_problems(void **state)
{
	(void)state;
	expect_problem("sensor:\n  nam: x\n",
		       "x.yaml:2:3: sensor: found the unknown key \"nam\", expected one of: name");
	expect_problem("feed: {synced: maybe}\n",
		       "x.yaml:1:16: feed.synced: found \"maybe\", expected true or false");
	expect_problem("authority:\n  - routers:\n      - {mac: 00-11}\n",
		       "x.yaml:3:15: authority[0].routers[0].mac: found \"00-11\", expected the MAC address "
		       "of one station, like "
		       "00:11:22:aa:bb:cc");
	expect_problem("authority: [{routers: [{mac: \"ff:ff:ff:ff:ff:ff\"}]}]\n",
		       "x.yaml:1:30: authority[0].routers[0].mac: found \"ff:ff:ff:ff:ff:ff\", expected the "
		       "MAC address of one "
		       "station, like 00:11:22:aa:bb:cc");
	expect_problem("authority: [{resolvers: [10.0.0.256]}]\n",
		       "x.yaml:1:26: authority[0].resolvers[0]: found \"10.0.0.256\", expected an IPv4 or "
		       "IPv6 address");
	expect_problem("authority: [{resolvers: }]\n", "x.yaml:1:25: authority[0].resolvers: found nothing, "
						       "expected a list ([] for none), or the key left out "
						       "(unknown)");
	expect_problem("authority: [{dhcp4_servers: [10.0.0.1]}]\n",
		       "x.yaml:1:30: authority[0].dhcp4_servers[0]: found \"10.0.0.1\", expected a list of "
		       "mappings");
	expect_problem(
		"authority: [{changes: [{from: \"2026-11-20T22:00:00Z\"}]}]\n",
		"x.yaml:1:24: authority[0].changes[0]: found planned work without from or to, expected "
		"both");
	expect_problem(
		"authority: [{changes: [{from: \"2026-11-20T22:00:00Z\", to: \"2026-11-20T22:00:00+01:00\"}"
		"]}]\n",
		"x.yaml:1:24: authority[0].changes[0]: found planned work that is over before it begins, "
		"expected to after from");
	expect_problem("authority: {name: x}\n",
		       "x.yaml:1:12: authority: found a mapping, expected a list of mappings");
	expect_problem("authority: [{failover: [[10.0.0.1]]}]\n",
		       "x.yaml:1:25: authority[0].failover[0]: found a list of less than two, expected a "
		       "pair of addresses");
	expect_problem("- 1\n", "x.yaml:1:1: found a list, expected a mapping (key: value)");
	expect_problem("sensor: [a]\n", "x.yaml:1:9: sensor: found a list, expected a mapping (key: value)");
	expect_problem(
		"capture: {snaplen: 65536x}\n",
		"x.yaml:1:20: capture.snaplen: found \"65536x\", expected a whole number from 128 to 262144");
	expect_problem("limits: {hosts: -1}\n",
		       "x.yaml:1:17: limits.hosts: found \"-1\", expected a whole number from 64 to 1048576");
	expect_problem("output: [{type: kafka}]\n",
		       "x.yaml:1:17: output[0].type: found \"kafka\", expected stdout, file or syslog");
	expect_problem("sensor: &a {name: x}\nfeed: *a\n",
		       "x.yaml:2:7: feed: found an alias (*name), expected the value itself");
}

static void
test_contradictions(void **state)
{
	(void)state;
	expect_problem("output: [{type: syslog}]\n",
		       "x.yaml:1:10: output[0]: found type syslog without host, expected one");
	expect_problem("output: [{type: file, path: a, host: b}]\n",
		       "x.yaml:1:10: output[0]: found host, expected it with type syslog only");
	expect_problem(
		"output: [{type: file, path: a}, {type: file, path: a}]\n",
		"x.yaml:1:33: output[1]: found the path of an earlier output, expected paths that differ");
	expect_problem("sensor: {name: a}\nsensor: {name: b}\n",
		       "x.yaml:2:1: sensor: found the key a second time, expected it once");
	expect_problem("authority: [{failover: [[10.0.0.1, 10.0.0.1]]}]\n",
		       "x.yaml:1:13: authority[0]: found a failover pair of the same address twice, expected "
		       "two servers");
	expect_problem(
		"authority: [{name: a}, {name: a}]\n",
		"x.yaml:1:24: authority[1]: found the name of an earlier site, expected names that differ");
	expect_problem("authority: [{routers: [{ip: []}]}]\n",
		       "x.yaml:1:24: authority[0].routers[0]: found a server without ip, mac, server_id and "
		       "duid, expected at "
		       "least one of them");
	conf_free(&conf);
	assert_true(conf_init(&conf));
	assert_int_equal(read_text("output: [{type: stdout}, {type: stdout}]\n"), 0);
	ntold = 0;
	assert_int_equal(conf_check(&conf, say, NULL), 1);
}

static void
test_every_problem_is_told(void **state)
{
	(void)state;
	assert_int_equal(read_text("a: {b: [1, {c: 2}]}\n"
				   "feed: {synced: 7, event_window: 1}\n"
				   "authority:\n"
				   "  - resolvers: [x, 10.0.0.1, y]\n"
				   "    nobody: knows\n"),
			 6);
	assert_int_equal(conf.authority.site[0].resolvers.n, 1); /* reading went on */
}

static void
test_not_yaml(void **state)
{
	(void)state;
	assert_int_equal(read_text("sensor: {name: a\n"), 1);
	assert_non_null(strstr(told[0], "not readable as YAML"));
	assert_int_equal(read_text("sensor: {name: \"\x01\xff\"}"), 1);
	char *deep = malloc(10001); /* libyaml needs the square of the depth */
	memset(deep, '[', 10000);
	deep[10000] = 0;
	assert_true(read_text(deep) > 0);
	free(deep);
}

/* What --dump-config prints reads back to the same. */
static void
test_dump(void **state)
{
	(void)state;
	char *first = NULL, *second = NULL;
	size_t n = 0, m = 0;
	assert_int_equal(read_text(whole), 0);
	assert_int_equal(read_text("output: [{type: syslog, host: h}]\nsensor: {name: s}\n"), 0);
	FILE *f = open_memstream(&first, &n);
	conf_dump(&conf, f);
	fclose(f);
	conf_free(&conf);
	assert_true(conf_init(&conf));
	assert_int_equal(read_text(first), 0);
	f = open_memstream(&second, &m);
	conf_dump(&conf, f);
	fclose(f);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* What a listener, a sender or a followed file lacks is an error with its place; a whole feed is none. */
static void
test_feed(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} wrong[] = {
		{ "feed: {listen: [{address: \"[::]\", plain: true}]}\n", "found no address" },
		{ "feed: {listen: [{address: \"::1:514\", plain: true}]}\n", "found no address" },
		{ "feed: {listen: [{address: \"1.2.3.4:70000\", plain: true}]}\n", "found no address" },
		{ "feed: {listen: [{address: \"1.2.3.4:514\"}]}\n", "without certificate and key" },
		{ "feed: {listen: [{address: \"1.2.3.4:514\", certificate: c, key: k}]}\n", "no client_ca" },
		{ "feed: {listen: [{address: \"1.2.3.4:514\", protocol: syslog-udp}]}\n",
		  "plain: true with it" },
		{ "feed: {listen: [{address: \"unix:/s\"}]}\n", "without sender" },
		{ "feed: {follow: [{path: /a}]}\n", "without path and computer" },
		{ "feed: {senders: [{name: a}]}\n", "without computers" },
		{ "feed: {senders: [{name: a, computers: [x]}, {name: a, computers: [x]}]}\n",
		  "earlier sender" },
	};
	for (size_t i = 0; i < NELEM(wrong); i++) {
		conf_free(&conf);
		assert_true(conf_init(&conf));
		assert_int_not_equal(read_text(wrong[i].text), 0);
		if (strstr(told[0], wrong[i].want) == NULL || strncmp(told[0], "x.yaml:1:", 9) != 0)
			fail_msg("%s: told \"%s\", expected \"%s\"", wrong[i].text, told[0], wrong[i].want);
	}
	conf_free(&conf);
	assert_true(conf_init(&conf));
	assert_int_equal(read_text("feed: {listen: [{address: \"unix:/s\", sender: b}], "
				   "senders: [{name: a, computers: [x]}]}\n"),
			 0);
	assert_int_equal(conf_check(&conf, say, NULL), 2); /* who is b, and how is a known? */
	conf_free(&conf);
	assert_true(conf_init(&conf));
	assert_int_equal(
		read_text("feed: {listen: [{address: \"[fe80::1]:6514\", certificate: c, key: k, "
			  "mutual: false}, {address: \"1.2.3.4:514\", plain: true}], senders: [{name: "
			  "a, token: t, address: [10.0.0.0/8], computers: [\".lab\"]}]}\n"),
		0);
	assert_int_equal(conf_check(&conf, say, NULL), 0);
	struct addr a;
	uint16_t port;
	const char *path;
	assert_true(conf_endpoint(conf.listen[0].address, &a, &port, &path));
	assert_true(addr_eq(a, address("fe80::1")));
	assert_int_equal(port, 6514);
	assert_null(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_authority),
		TEST(test_json_form_and_merging),
		TEST(test_outputs),
		TEST(test_problems),
		TEST(test_contradictions),
		TEST(test_every_problem_is_told),
		TEST(test_not_yaml),
		TEST(test_feed),
		TEST(test_dump),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
