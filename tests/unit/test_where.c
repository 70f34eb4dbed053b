/* Site rules: what compiles, and what holds for which message; lists, lists in lists, records inside records, presence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dissector.h"
#include "where.h"

enum { COLOUR_HAS = 3 };
static const struct name colours[] = { { 1, "red" }, { 2, "blue" }, { 0, NULL } };

/* A record with everything, and lists that the test fills. */
struct rec {
	uint64_t set;
	uint8_t colour, flag_a, flag_b;
	bool on;
	uint32_t n;
	struct addr addr;
	struct mac mac;
	struct bytes raw, text;
	ts_t when;
	unsigned routers, depth; /* lengths; levels of records inside */
};
struct group {
	struct addr first;
	unsigned n;
};

static bool
router_next(struct field_it *it, void *item)
{
	const struct rec *r = it->rec;
	struct addr a = addr4(10, 0, 0, (uint8_t)(it->i + 1));
	memcpy(item, &a, sizeof(a));
	return it->i < r->routers;
}

static bool
group_next(struct field_it *it, void *item)
{
	struct group g = { addr4(10, (uint8_t)(it->i + 1), 0, 0), it->i };
	memcpy(item, &g, sizeof(g));
	return it->i < 3;
}

static bool
member_next(struct field_it *it, void *item)
{
	struct group g;
	memcpy(&g, it->rec, sizeof(g));
	struct addr a = g.first;
	a.b[3] = (uint8_t)it->i;
	memcpy(item, &a, sizeof(a));
	return it->i < g.n;
}

static bool
inner_next(struct field_it *it, void *item)
{
	struct rec r;
	memcpy(&r, it->rec, sizeof(r));
	if (r.depth == 0)
		return false;
	r.depth--;
	r.n++;
	memcpy(item, &r, sizeof(r));
	return true;
}

static const struct field scalar_item[] = { { .name = NULL, .type = F_ADDR } };
static const struct field group_item[] = {
	FIELD(struct group, first, "first", F_ADDR),
	WALK("members", F_LIST, member_next, scalar_item),
};
static const struct field fields[] = {
	FIELD(struct rec, colour, "colour", F_NAME8, .has = BIT(COLOUR_HAS), .names = colours),
	FIELD(struct rec, flag_a, "flag", F_U8, .has = BIT(0)),
	FIELD(struct rec, n, "n", F_U32),
	FIELD(struct rec, n, "hex", F_HEX24),
	FIELD(struct rec, on, "on", F_BOOL),
	FIELD(struct rec, addr, "addr", F_ADDR),
	FIELD(struct rec, mac, "mac", F_MAC),
	FIELD(struct rec, raw, "raw", F_HEX),
	FIELD(struct rec, text, "text", F_TEXT),
	FIELD(struct rec, when, "when", F_TS),
	WALK("routers", F_LIST, router_next, scalar_item),
	WALK("groups", F_LIST, group_next, group_item),
	FIELD(struct rec, flag_b, "flag", F_U8, .has = BIT(1)),
	{ .name = "inside", .type = F_NEST, .next = inner_next },
};
static const struct dissector dissector_test = {
	.name = "test", .kind = OBS_DNS, .fields = fields, .nfields = NELEM(fields)
};

static union {
	struct obs o;
	struct rec r;
} space;
_Static_assert(sizeof(struct rec) <= sizeof(space.o.u), "the record stands where observations keep theirs");

static struct obs *
message(const struct rec *r)
{
	memset(&space.o, 0, sizeof(space.o));
	memcpy(&space.o.u, r, sizeof(*r));
	space.o.by = &dissector_test;
	return &space.o;
}

static struct rec
full(void)
{
	return (struct rec){ .set = 1u << COLOUR_HAS | 1,
			     .colour = 2,
			     .flag_a = 1,
			     .n = 77,
			     .addr = addr4(192, 0, 2, 7),
			     .mac = { { 2, 0, 0, 0, 0, 1 } },
			     .raw = bytes_of("\x01\x02\x03", 3),
			     .text = bytes_str("Hello World"),
			     .when = 1000 * TS_SEC,
			     .routers = 2 };
}

enum { TEXTS = 8, TEXT_LENGTH = 64 };
static uint8_t text[TEXTS][TEXT_LENGTH];
static struct where_value values[TEXTS];

/* The tables of the test are none of the registry's, so the path is laid by hand; the rest is compiled as from a file. */
static struct where_pred
pred(const struct field *f, const struct field *via, const char *op, const char *const *v)
{
	struct where_pred p = { .by = &dissector_test, .leaf = { f } };
	static const uint8_t classes[] = {
		[F_NAME8] = WC_NUMBER, [F_U8] = WC_NUMBER, [F_U32] = WC_NUMBER, [F_HEX24] = WC_NUMBER,
		[F_BOOL] = WC_NUMBER,  [F_ADDR] = WC_ADDR, [F_MAC] = WC_MAC,	[F_HEX] = WC_BYTES,
		[F_TEXT] = WC_TEXT,    [F_TS] = WC_TIME,   [F_LIST] = WC_NONE,	[F_NEST] = WC_NONE,
	};
	p.class = classes[f->type];
	if (via)
		p.via[p.nvia++] = via;
	assert_null(where_op(&p, bytes_str(op)));
	p.v = values;
	for (; v && *v; v++) {
		struct where_value value;
		size_t n = strlen(*v);
		memcpy(text[p.nv], *v, n);
		assert_null(where_value(&p, text[p.nv], n, 1000 * TS_SEC, &value));
		values[p.nv++] = value;
	}
	assert_null(where_complete(&p));
	return p;
}

static bool
holds(const struct where_pred *p, const struct rec *r)
{
	struct site_rule rule = { .on = &dissector_test,
				  .where = (struct where_pred *)(uintptr_t)p,
				  .nwhere = 1 };
	return where_holds(&rule, message(r));
}

#define V(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
operators(void **state)
{
	static const struct {
		const char *field, *op, *v[3];
		bool holds;
	} cases[] = {
		{ "colour", "eq", { "blue" }, true },
		{ "colour", "eq", { "red" }, false },
		{ "colour", "ne", { "RED" }, true },
		{ "colour", "in", { "red", "blue" }, true },
		{ "colour", "not-in", { "red", "blue" }, false },
		{ "n", "lt", { "78" }, true },
		{ "n", "lt", { "77" }, false },
		{ "n", "gt", { "76" }, true },
		{ "n", "gt", { "77" }, false },
		{ "hex", "eq", { "0x4d" }, true },
		{ "on", "eq", { "false" }, true },
		{ "on", "eq", { "true" }, false },
		{ "addr", "prefix", { "192.0.2.0/24" }, true },
		{ "addr", "prefix", { "192.0.2.8/29" }, false },
		{ "addr", "prefix", { "fd00::/8", "0.0.0.0/0" }, true },
		{ "addr", "ne", { "192.0.2.7" }, false },
		{ "mac", "eq", { "02-00-00-00-00-01" }, true },
		{ "mac", "not-in", { "02:00:00:00:00:02" }, true },
		{ "raw", "eq", { "01:02:03" }, true },
		{ "raw", "contains", { "0203" }, true },
		{ "raw", "contains", { "0302" }, false },
		{ "raw", "eq", { "0102" }, false },
		{ "text", "eq", { "hello world" }, true },
		{ "text", "contains", { "LO W" }, true },
		{ "text", "contains", { "low" }, false },
		{ "text", "eq", { "hello" }, false },
		{ "text", "contains", { "x", "d" }, true },
		{ "when", "eq", { "-" }, true },
		{ "when", "lt", { "-" }, false },
		{ "text", "exists", { NULL }, true },
		{ "text", "absent", { NULL }, false },
	};
	struct rec r = full();

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct field *f = fields;
		while (strcmp(f->name, cases[i].field) != 0)
			f++;
		const char *v[] = { cases[i].v[0], cases[i].v[1], cases[i].v[2], NULL };
		struct where_pred p = pred(f, NULL, cases[i].op, v);
		if (holds(&p, &r) != cases[i].holds)
			fail_msg("%s %s %s: expected the contrary", cases[i].field, cases[i].op,
				 v[0] ? v[0] : "");
	}
}

static const struct field *
named(const char *name)
{
	for (size_t i = 0; i < NELEM(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* What is absent fulfils `absent` and nothing else; of a message that was cut nobody knows what is absent. */
static void
presence(void **state)
{
	struct rec r = full();
	struct where_pred ne = pred(named("text"), NULL, "ne", V("x"));

	(void)state;
	r.text = (struct bytes){ NULL, 0 };
	assert_false(holds(&ne, &r));
	struct where_pred absent = pred(named("text"), NULL, "absent", NULL);
	assert_true(holds(&absent, &r));
	struct site_rule rule = { .on = &dissector_test, .where = &absent, .nwhere = 1 };
	struct obs *o = message(&r);
	o->flags = OBS_CUT;
	assert_false(where_holds(&rule, o));
	struct where_pred colour = pred(named("colour"), NULL, "ne", V("red"));
	r.colour = 9; /* a value without a name is a value */
	assert_true(holds(&colour, &r));
	r.set = 0;
	assert_false(holds(&colour, &r));
}

static void
lists(void **state)
{
	struct rec r = full();
	struct where_pred any = pred(&scalar_item[0], named("routers"), "eq", V("10.0.0.2"));

	(void)state;
	assert_true(holds(&any, &r));
	r.routers = 1;
	assert_false(holds(&any, &r));
	struct where_pred other = pred(&scalar_item[0], named("routers"), "not-in", V("10.0.0.1"));
	assert_false(holds(&other, &r));
	r.routers = 2;
	assert_true(holds(&other, &r)); /* one of them is another */
	struct where_pred absent = pred(&scalar_item[0], named("routers"), "absent", NULL);
	assert_false(holds(&absent, &r));
	r.routers = 0;
	assert_true(holds(&absent, &r));
	assert_false(holds(&other, &r));
	/* lists in lists: group n holds n members */
	struct where_pred deep = pred(&scalar_item[0], named("groups"), "eq", V("10.3.0.1"));
	deep.via[deep.nvia++] = &group_item[1];
	assert_true(holds(&deep, &r));
	deep = pred(&scalar_item[0], named("groups"), "eq", V("10.1.0.0")); /* the first group is empty */
	deep.via[deep.nvia++] = &group_item[1];
	assert_false(holds(&deep, &r));
	deep = pred(&group_item[0], named("groups"), "eq", V("10.2.0.0"));
	assert_true(holds(&deep, &r));
}

/* Records inside records at any depth, as deep as the encoder goes; rows of one name stand for each other. */
static void
nested(void **state)
{
	struct rec r = full();
	struct where_pred p = pred(named("n"), named("inside"), "eq", V("79"));

	(void)state;
	r.depth = 1;
	assert_false(holds(&p, &r));
	r.depth = 2;
	assert_true(holds(&p, &r));
	r.depth = 100; /* ends all the same */
	struct where_pred far = pred(named("n"), named("inside"), "gt", V("85"));
	assert_false(holds(&far, &r));
	far = pred(named("n"), named("inside"), "eq", V("85"));
	assert_true(holds(&far, &r));
	struct where_pred flag = pred(named("flag"), NULL, "eq", V("1"));
	flag.leaf[1] = &fields[12];
	assert_true(holds(&flag, &r));
	r.set = 2;
	assert_false(holds(&flag, &r));
	r.flag_b = 1;
	assert_true(holds(&flag, &r));
}

/* Names of the real tables, and what they are refused for. */
static void
names(void **state)
{
	static const char *const good[] = { "dhcpv4.routers",	    "dhcpv4.o.code", "dhcpv6.relayed.dns",
					    "icmpv6.rdnss.servers", "tls.leaf",	     "icmpv6.o",
					    "dhcpv4.relay_agent" };
	static const char *const bad[] = { "",
					   ".",
					   "dhcpv4",
					   "dhcpv4.",
					   "dhcpv4..op",
					   "dhcpv4.router",
					   "dhcpv4.op.x",
					   "dhcp.op",
					   "dhcpv4.relay_agent.1",
					   "dhcpv6.relayed.relayed.dns",
					   "dhcpv4.o.code.code" };
	struct where_pred p;

	(void)state;
	for (size_t i = 0; i < NELEM(good); i++)
		if (where_field(&p, bytes_str(good[i])))
			fail_msg("%s is a field", good[i]);
	for (size_t i = 0; i < NELEM(bad); i++)
		if (!where_field(&p, bytes_str(bad[i])))
			fail_msg("%s is none", bad[i]);
	assert_null(where_field(&p, bytes_str("icmpv6.o")));
	assert_non_null(p.leaf[1]); /* the flag of an RA, and that of an NA */
	assert_null(where_field(&p, bytes_str("tls.leaf")));
	assert_non_null(where_op(&p, bytes_str("eq")));
	assert_null(where_op(&p, bytes_str("exists")));
}

static void
wrong_values(void **state)
{
	static const struct {
		const char *field, *op, *v;
	} cases[] = {
		{ "dhcpv4.op", "eq", "256" },
		{ "dhcpv4.op", "eq", "-1" },
		{ "dhcpv4.op", "eq", "" },
		{ "dhcpv4.op", "eq", "0x" },
		{ "dhcpv4.op", "eq", "1 " },
		{ "dhcpv4.lease", "gt", "4294967296" },
		{ "dhcpv4.lease", "gt", "99999999999999999999999" },
		{ "dhcpv4.msg", "eq", "discovery" },
		{ "dhcpv4.routers", "eq", "10.0.0" },
		{ "dhcpv4.routers", "prefix", "10.0.0.0/33" },
		{ "dhcpv4.client_id", "eq", "0" },
		{ "dhcpv4.client_id", "eq", "01:" },
		{ "dhcpv4.client_id", "eq", "gg" },
		{ "arp.sender_mac", "eq", "02:00" },
	};
	struct where_pred p;
	struct where_value v;

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		size_t n = strlen(cases[i].v);
		assert_null(where_field(&p, bytes_str(cases[i].field)));
		assert_null(where_op(&p, bytes_str(cases[i].op)));
		memcpy(text[0], cases[i].v, n);
		if (where_value(&p, text[0], n, TS_NONE, &v) == NULL)
			fail_msg("%s %s %s was taken", cases[i].field, cases[i].op, cases[i].v);
	}
}

static void
ids(void **state)
{
	(void)state;
	assert_true(site_id_good(bytes_str("SITE-7")));
	assert_true(site_id_good(bytes_str("SITE-no-wpad-2")));
	assert_false(site_id_good(bytes_str("SITE-")));
	assert_false(site_id_good(bytes_str("site-7")));
	assert_false(site_id_good(bytes_str("SITE-a b")));
	assert_false(site_id_good(bytes_str("SITE-0123456789012345678901234567")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators), cmocka_unit_test(presence), cmocka_unit_test(lists),
		cmocka_unit_test(nested),    cmocka_unit_test(names),	 cmocka_unit_test(wrong_values),
		cmocka_unit_test(ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
