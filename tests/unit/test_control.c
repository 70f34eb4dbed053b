/* Answers of the control socket, asked of an engine of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "control.h"

struct rig {
	struct engine_conf conf;
	struct conf options;
	struct encode_env env;
	struct control c;
	void *mem;
	char answer[CONTROL_ANSWER_MAX + 1];
};

static void
nothing(void *arg, const struct incident *r)
{
	(void)arg;
	(void)r;
}

static int
set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	static const char *const ifaces[] = { "eth1" };
	assert_non_null(r);
	r->conf = (struct engine_conf){ .iface = ifaces, .niface = 1, .hosts = 64, .events = 64 };
	r->env = (struct encode_env){
		.sensor = "s1", .sd_id = "incident@32473", .iface = ifaces, .niface = 1
	};
	r->mem = calloc(1, engine_bytes(&r->conf));
	r->c = (struct control){ .conf = &r->options, .env = &r->env, .now = 1000 * TS_SEC };
	r->c.engine = engine_open(&r->conf, r->mem, (struct sipkey){ { 1, 2 } }, nothing, NULL);
	*state = r;
	return 0;
}

static int
tear_down(void **state)
{
	struct rig *r = *state;
	free(r->mem);
	free(r);
	return 0;
}

static const char *
ask_room(struct rig *r, struct bytes request, size_t room)
{
	struct out o = out_init(r->answer, room);
	control_answer(&r->c, request, &o);
	assert_true(out_ok(&o));
	r->answer[o.n] = 0;
	return r->answer;
}

static const char *
ask(struct rig *r, const char *request)
{
	return ask_room(r, bytes_str(request), CONTROL_ANSWER_MAX);
}

static bool
holds(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void
values_of_a_request(void **state)
{
	static const struct {
		const char *request, *key, *value; /* value NULL: not found */
	} rows[] = {
		{ "{\"ask\":\"why\",\"id\":\"12\"}", "id", "12" },
		{ " { \"a\" : 1 , \"b\" : true } ", "b", "true" },
		{ "{\"a\":\"x\\\"y\\\\z\\/\\u0041\\u00e9\\n\"}", "a", "x\"y\\z/A? " },
		{ "{\"a\":-1.5e3}", "a", "-1.5e3" },
		{ "{\"a\":\"\"}", "a", "" },
		{ "{}", "a", NULL },
		{ "{\"b\":1}", "a", NULL },
		{ "", "a", NULL },
		{ "[\"a\"]", "a", NULL },
	};
	char value[64];
	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		bool found = request_get(bytes_str(rows[i].request), rows[i].key, value, sizeof(value));
		assert_int_equal(found, rows[i].value != NULL);
		assert_string_equal(value, rows[i].value ? rows[i].value : "");
	}
	assert_false(request_get(bytes_str("{\"a\":\"12345678\"}"), "a", value, 8));
	assert_true(request_get(bytes_str("{\"a\":\"1234567\"}"), "a", value, 8));
}

static void
what_is_no_request(void **state)
{
	static const char *const rows[] = { "",
					    "{",
					    "}",
					    "{\"a\"}",
					    "{\"a\":}",
					    "{\"a\":1,}",
					    "{\"a\":1 \"b\":2}",
					    "{,\"a\":1}",
					    "{\"a\":{}}",
					    "{\"a\":[1]}",
					    "{\"a\":1}}",
					    "{\"a\":1} x",
					    "{\"a\":\"\\q\"}",
					    "{\"a\":\"\\u12g4\"}",
					    "{\"a\":\"x",
					    "{\"a\":\"\x01\"}",
					    "null" };
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_false(request_good(bytes_str(rows[i])));
		assert_true(holds(ask(*state, rows[i]), "flat JSON object"));
	}
	static const char whole[] = "{\"ask\":\"why\", \"id\":\"0123456789abcdef\"}";
	for (size_t n = 0; n + 1 < sizeof(whole); n++)
		assert_int_equal(request_good(bytes_of(whole, n)), n == sizeof(whole) - 1);
	assert_true(request_good(bytes_str(whole)));
}

static void
every_counter_of_the_engine_has_a_row(void **state)
{
	struct rig *r = *state;
	struct engine_counter all[64];
	const struct metric *m;
	size_t n = engine_counters(r->c.engine, all, NELEM(all));
	assert_in_range(n, 5, NELEM(all) - 1);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while ((m = metric_at(k)) && strcmp(m->name, all[i].name) != 0)
			k++;
		if (m == NULL)
			print_error("no row in metrics.c for %s\n", all[i].name);
		assert_non_null(m);
		struct metric_value v;
		assert_true(metric_value(&r->c, k, 0, &v));
	}
	for (size_t k = 0; (m = metric_at(k)); k++) {
		assert_true(m->help[0] && m->act[0] && m->unit[0]);
		for (size_t i = 0; i < k; i++)
			assert_string_not_equal(metric_at(i)->name, m->name);
	}
}

/* Whatever the room, the pages together are the list, each row once and in order. */
static void
pages_are_the_list(void **state)
{
	struct rig *r = *state;
	char request[64], name[64];
	unsigned rows = 0, pages = 0;
	const struct metric *m;
	for (unsigned long from = 0, next = 1; next > from; pages++) {
		from = pages ? next : 0;
		struct out q = out_init(request, sizeof(request));
		out_str(&q, "{\"ask\":\"stats\",\"from\":");
		out_u64(&q, from);
		out_chr(&q, '}');
		const char *a = ask_room(r, out_bytes(&q), 2048);
		for (const char *p = a; (p = strstr(p, "{\"name\":\"")); p++) {
			size_t len = strcspn(p + 9, "\"");
			memcpy(name, p + 9, len);
			name[len] = 0;
			size_t k = 0;
			while ((m = metric_at(k)) && strcmp(m->name, name) != 0)
				k++;
			assert_non_null(m);
			rows++;
		}
		const char *at = strstr(a, "\"next\":");
		assert_non_null(at);
		next = strtoul(at + 7, NULL, 10); /* null: 0, the end */
		if (next == 0)
			break;
	}
	assert_true(pages > 3);
	const char *a = ask(r, "{\"ask\":\"stats\"}");
	unsigned all = 0;
	for (const char *p = a; (p = strstr(p, "{\"name\":\"")); p++)
		all++;
	assert_int_equal(rows, all);
}

static void
mute_says_what_is_wrong(void **state)
{
	struct rig *r = *state;
	static const struct {
		const char *rest, *says;
	} rows[] = {
		{ "\"reason\":\"x\",\"until\":\"2030-01-01T00:00:00Z\"", "at least one" },
		{ "\"detection\":\"none\"", "unknown detection" },
		{ "\"actor\":\"1:2\"", "MAC address" },
		{ "\"detection\":\"mitm6\",\"verdict\":\"info\"", "verdict" },
		{ "\"detection\":\"mitm6\"", "until" },
		{ "\"detection\":\"mitm6\",\"until\":\"1970-01-01T00:00:01Z\"", "passed" },
		{ "\"detection\":\"mitm6\",\"until\":\"2030-01-01T00:00:00Z\"", "reason" },
		{ "\"detection\":\"mitm6\",\"until\":\"2030-01-01T00:00:00Z\",\"reason\":\"\"", "reason" },
	};
	char request[256];
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct out q = out_init(request, sizeof(request));
		out_str(&q, "{\"ask\":\"mute\",");
		out_str(&q, rows[i].rest);
		out_chr(&q, '}');
		const char *a = ask_room(r, out_bytes(&q), CONTROL_ANSWER_MAX);
		assert_true(holds(a, "\"ok\":false") && holds(a, rows[i].says));
		assert_int_equal(r->c.said[0], 0);
	}
	assert_true(
		holds(ask(r, "{\"ask\":\"mute\",\"detection\":\"mitm6\",\"until\":\"2030-01-01T00:00:00Z\","
			     "\"reason\":\"drill\"}"),
		      "\"ok\":true"));
	assert_true(holds(r->c.said, "drill"));
	assert_true(holds(ask(r, "{\"ask\":\"mutes\"}"), "\"reason\":\"drill\""));
	assert_int_equal(r->c.said[0], 0);
}

static void
reload_is_for_the_caller(void **state)
{
	struct rig *r = *state;
	assert_false(r->c.reload);
	assert_true(holds(ask(r, "{\"ask\":\"reload\"}"), "\"ok\":true"));
	assert_true(r->c.reload);
}

static void
metrics_that_do_not_fit_end_all_the_same(void **state)
{
	struct rig *r = *state;
	for (size_t room = 512; room <= 8192; room += 331) {
		struct out o = out_init(r->answer, room);
		metrics_text(&r->c, &o);
		assert_true(out_ok(&o));
		r->answer[o.n] = 0;
		assert_string_equal(r->answer + o.n - 6, "# EOF\n");
		assert_true(holds(r->answer, "crosstap_metrics_cut 1\n"));
	}
	assert_true(holds(ask(r, "{\"ask\":\"metrics\"}"), "crosstap_metrics_cut 0\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_a_request),
		cmocka_unit_test_setup_teardown(what_is_no_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_counter_of_the_engine_has_a_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pages_are_the_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mute_says_what_is_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reload_is_for_the_caller, set_up, tear_down),
		cmocka_unit_test_setup_teardown(metrics_that_do_not_fit_end_all_the_same, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
