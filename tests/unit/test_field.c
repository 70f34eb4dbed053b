/* Records to JSON: every type of row, absence, lists in lists, nesting and the end of the buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "field.h"

static char buffer[65536];

static void
expect(const struct field *f, size_t n, const void *rec, const char *want)
{
	struct out o = out_init(buffer, sizeof(buffer));

	field_json(&o, f, n, rec);
	assert_true(out_ok(&o));
	buffer[o.n] = '\0';
	assert_string_equal(buffer, want);
}

enum { S_NUMBER, S_FLAG, S_NAME, S_TEXT };
struct record {
	uint64_t set;
	uint8_t u8;
	bool yes, no;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	struct addr v4, v6;
	struct mac mac;
	struct bytes raw, text, pairs;
	char word[12];
};

static const struct name colours[] = { { 1, "red" }, { 300, "gr\"een" }, { 0, NULL } };

static struct record
full(void)
{
	static const uint8_t raw[] = { 0xde, 0xad, 0x00 }, pairs[] = { 1, 2, 3, 4, 5, 6, 7, 0xff };

	return (struct record){
		.u8 = 1,
		.yes = true,
		.u16 = 300,
		.u32 = 0x12ab,
		.u64 = UINT64_MAX,
		.v4 = { 4, { 10, 0, 0, 1 } },
		.v6 = { 6, { 0xfe, 0x80, [15] = 1 } },
		.mac = { { 0, 1, 2, 0xaa, 0xbb, 0xcc } },
		.raw = bytes_of(raw, sizeof(raw)),
		.text = bytes_of("a\"b\xff\0hidden", 11),
		.pairs = bytes_of(pairs, sizeof(pairs)),
		.word = "w\\d",
	};
}

/* One row of each scalar type and what it prints. */
static void
test_scalars(void **state)
{
	static const struct {
		struct field f;
		const char *want;
	} cases[] = {
		{ FIELD(struct record, u8, "k", F_U8), ",\"k\":1" },
		{ FIELD(struct record, u16, "k", F_U16), ",\"k\":300" },
		{ FIELD(struct record, u32, "k", F_U32), ",\"k\":4779" },
		{ FIELD(struct record, u64, "k", F_U64), ",\"k\":18446744073709551615" },
		{ FIELD(struct record, yes, "k", F_BOOL), ",\"k\":true" },
		{ FIELD(struct record, no, "k", F_BOOL), "" },
		{ FIELD(struct record, u16, "k", F_HEX16), ",\"k\":\"0x012c\"" },
		{ FIELD(struct record, u32, "k", F_HEX24), ",\"k\":\"0x0012ab\"" },
		{ FIELD(struct record, u32, "k", F_HEX32), ",\"k\":\"0x000012ab\"" },
		{ FIELD(struct record, u8, "k", F_NAME8, .names = colours), ",\"k\":\"red\"" },
		{ FIELD(struct record, u16, "k", F_NAME16, .names = colours), ",\"k\":\"gr\\\"een\"" },
		{ FIELD(struct record, yes, "k", F_NAME8, .names = NULL), "" },
		{ FIELD(struct record, v4, "k", F_ADDR), ",\"k\":\"10.0.0.1\"" },
		{ FIELD(struct record, v6, "k", F_ADDR), ",\"k\":\"fe80::1\"" },
		{ FIELD(struct record, mac, "k", F_MAC), ",\"k\":\"00:01:02:aa:bb:cc\"" },
		{ FIELD(struct record, raw, "k", F_HEX), ",\"k\":\"dead00\"" },
		{ FIELD(struct record, text, "k", F_TEXT), ",\"k\":\"a\\\"b\xef\xbf\xbd\"" },
		{ FIELD(struct record, pairs, "k", F_MACTEXT), ",\"k\":\"01:02:03:04:05:06:07:ff\"" },
		{ FIELD(struct record, word, "k", F_CSTR), ",\"k\":\"w\\\\d\"" },
	};
	struct record r = full();

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		expect(&cases[i].f, 1, &r, cases[i].want);
		assert_int_equal(field_present(&cases[i].f, &r), cases[i].want[0] != '\0');
	}
}

/* The same rows on an empty record: absent by content, or present with nothing in it. */
static void
test_absence(void **state)
{
	static const struct field by_content[] = {
		FIELD(struct record, yes, "a", F_BOOL),
		FIELD(struct record, u8, "b", F_NAME8, .names = colours),
		FIELD(struct record, v4, "c", F_ADDR),
		FIELD(struct record, raw, "d", F_HEX),
		FIELD(struct record, text, "e", F_TEXT),
		FIELD(struct record, pairs, "f", F_MACTEXT),
		FIELD(struct record, word, "g", F_CSTR),
	};
	struct record r = { 0 };

	(void)state;
	expect(by_content, NELEM(by_content), &r, "");
	for (size_t i = 0; i < NELEM(by_content); i++)
		assert_false(field_present(&by_content[i], &r));
	r.raw = r.text = r.pairs = bytes_str("");
	expect(by_content, NELEM(by_content), &r, ",\"d\":\"\",\"e\":\"\",\"f\":\"\"");
	r.text = bytes_of("\0x", 2); /* a text ends at its first NUL */
	expect(&by_content[4], 1, &r, ",\"e\":\"\"");
}

static void
test_presence_bits(void **state)
{
	static const struct field rows[] = {
		FIELD(struct record, u16, "number", F_U16, .has = BIT(S_NUMBER)),
		FIELD(struct record, no, "flag", F_BOOL, .has = BIT(S_FLAG)),
		FIELD(struct record, u8, "name", F_NAME8, .has = BIT(S_NAME), .names = colours),
		FIELD(struct record, word, "text", F_CSTR, .has = BIT(S_TEXT)),
		FIELD(struct record, u8, "top", F_U8, .has = BIT(63)),
	};
	struct record r = { 0 };

	(void)state;
	expect(rows, NELEM(rows), &r, "");
	r.set = UINT64_MAX;
	expect(rows, NELEM(rows), &r, ",\"number\":0,\"flag\":false,\"text\":\"\",\"top\":0");
	r.u8 = 1;
	r.set = 1u << S_NAME;
	expect(rows, NELEM(rows), &r, ",\"name\":\"red\"");
	r.set = (uint64_t)1 << 63;
	expect(rows, NELEM(rows), &r, ",\"top\":1");
}

/* A list whose items are the numbers of a view: each gives a number and, where it is odd, a text. */
struct owner {
	struct bytes items;
	uint8_t n;
};
struct item {
	uint64_t set;
	uint8_t v;
	struct addr a;
	struct bytes inner;
};

static bool
item_next(struct field_it *it, void *out)
{
	const struct owner *o = it->rec;
	struct item *item = out;

	if (it->i == 0)
		it->c = cur_all(o->items);
	*item = (struct item){ 0 };
	item->v = cur_u8(&it->c);
	if (item->v & 1)
		item->a = (struct addr){ 4, { item->v } };
	item->inner = o->items;
	return cur_ok(&it->c);
}

static bool
inner_next(struct field_it *it, void *out)
{
	const struct item *o = it->rec;

	if (it->i >= o->v)
		return false;
	*(uint8_t *)out = (uint8_t)(10 * o->v + it->i);
	return true;
}

static const struct field number_sub[] = { { .type = F_U8 } };
static const struct field item_sub[] = {
	FIELD(struct item, v, "v", F_U8),
	FIELD(struct item, a, "a", F_ADDR),
};
static const struct field value_sub[] = { FIELD(struct item, v, NULL, F_U8) };
static const struct field addr_sub[] = { FIELD(struct item, a, NULL, F_ADDR) };
static const struct field nested_sub[] = {
	WALK("in", F_LIST, inner_next, number_sub),
	FIELD(struct item, v, "v", F_U8),
};
static const struct field only_absent[] = { FIELD(struct item, a, "a", F_ADDR),
					    FIELD(struct item, a, "b", F_ADDR) };

static void
test_lists(void **state)
{
	static const struct {
		struct field f;
		const char *want;
	} cases[] = {
		{ WALK("k", F_LIST, item_next, value_sub), ",\"k\":[1,2,3]" },
		{ WALK("k", F_LIST, item_next, addr_sub), ",\"k\":[\"1.0.0.0\",null,\"3.0.0.0\"]" },
		{ WALK("k", F_LIST, item_next, item_sub), /* first field of an item has no comma before it */
		  ",\"k\":[{\"v\":1,\"a\":\"1.0.0.0\"},{\"v\":2},{\"v\":3,\"a\":\"3.0.0.0\"}]" },
		{ WALK("k", F_LIST, item_next, only_absent),
		  ",\"k\":[{\"a\":\"1.0.0.0\",\"b\":\"1.0.0.0\"},{},{\"a\":\"3.0.0.0\",\"b\":\"3.0.0.0\"}]" },
		{ WALK("k", F_ROWS, item_next, item_sub),
		  ",\"k\":[[1,\"1.0.0.0\"],[2,null],[3,\"3.0.0.0\"]]" },
		{ WALK("k", F_OBJECT, item_next, item_sub), ",\"k\":{\"v\":1,\"a\":\"1.0.0.0\"}" },
		{ WALK("k", F_LIST, item_next, nested_sub),
		  ",\"k\":[{\"in\":[10],\"v\":1},{\"in\":[20,21],\"v\":2},{\"in\":[30,31,32],\"v\":3}]" },
		{ WALK("k", F_ROWS, item_next, nested_sub), ",\"k\":[[[10],1],[[20,21],2],[[30,31,32],3]]" },
	};
	static const uint8_t three[] = { 1, 2, 3 };
	struct owner o = { .items = bytes_of(three, sizeof(three)) };

	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		expect(&cases[i].f, 1, &o, cases[i].want);
		assert_true(field_present(&cases[i].f, &o));
	}
	o.items.n = 0; /* an empty list is absent, whatever its form */
	for (size_t i = 0; i < NELEM(cases); i++) {
		expect(&cases[i].f, 1, &o, "");
		assert_false(field_present(&cases[i].f, &o));
	}
}

/* An empty list inside an item: absent in an object, null in a row; what follows has its comma right. */
static void
test_empty_inside(void **state)
{
	static const struct field list[] = { WALK("k", F_LIST, item_next, nested_sub) };
	static const struct field rows[] = { WALK("k", F_ROWS, item_next, nested_sub) };
	static const struct field after[] = { WALK("k", F_LIST, item_next, value_sub),
					      FIELD(struct owner, n, "n", F_U8) };
	static const uint8_t values[] = { 0, 1 };
	struct owner o = { .items = bytes_of(values, sizeof(values)), .n = 9 };

	(void)state;
	expect(list, 1, &o, ",\"k\":[{\"v\":0},{\"in\":[10],\"v\":1}]");
	expect(rows, 1, &o, ",\"k\":[[null,0],[[10],1]]");
	expect(after, 2, &o, ",\"k\":[0,1],\"n\":9");
	o.items.n = 0;
	expect(after, 2, &o, ",\"n\":9");
}

struct flagged {
	uint64_t set;
	uint8_t n;
};

static bool
count_next(struct field_it *it, void *out)
{
	const struct flagged *f = it->rec;

	*(uint8_t *)out = (uint8_t)it->i;
	return it->i < f->n;
}

/* A list that its record says is there is printed although it is empty; one that is not there is not asked. */
static void
test_empty_but_there(void **state)
{
	static const struct field rows[] = {
		WALK("a", F_LIST, count_next, number_sub, .has = BIT(1)),
		WALK("b", F_ROWS, count_next, number_sub, .has = BIT(1)),
		{ .name = "c", .type = F_MAP, .next = count_next, .has = BIT(1) },
		FIELD(struct flagged, n, "n", F_U8),
	};
	struct flagged r = { .set = 2 };

	(void)state;
	expect(rows, 4, &r, ",\"a\":[],\"b\":[],\"c\":{},\"n\":0");
	r.n = 2;
	expect(rows, 2, &r, ",\"a\":[0,1],\"b\":[[0],[1]]");
	for (size_t i = 0; i < 3; i++)
		assert_true(field_present(&rows[i], &r));
	r.set = 1;
	expect(rows, 3, &r, "");
	for (size_t i = 0; i < 3; i++)
		assert_false(field_present(&rows[i], &r));
}

static bool
pair_next(struct field_it *it, void *out)
{
	const struct owner *o = it->rec;
	struct field_pair *p = out;

	if (it->i >= o->n)
		return false;
	memset(p, 0, sizeof(*p));
	memcpy(p->key, it->i ? "sub\"7" : "circuit_id", it->i ? 5 : 10);
	if (it->i == 2)
		memset(p->key, 'x', sizeof(p->key)); /* no NUL: cut at the array's end */
	p->hex = bytes_of(o->items.p, it->i == 1 ? 0 : o->items.n);
	return true;
}

static void
test_map(void **state)
{
	static const struct field map[] = { { .name = "agent", .type = F_MAP, .next = pair_next } };
	static const uint8_t raw[] = { 0xab, 0xcd };
	struct owner o = { .items = bytes_of(raw, sizeof(raw)) };

	(void)state;
	expect(map, 1, &o, "");
	o.n = 1;
	expect(map, 1, &o, ",\"agent\":{\"circuit_id\":\"abcd\"}");
	o.n = 3;
	expect(map, 1, &o,
	       ",\"agent\":{\"circuit_id\":\"abcd\",\"sub\\\"7\":\"\",\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\":"
	       "\"abcd\"}");
}

/* A record that contains itself `n` times: each inner one has a number one smaller. */
static bool
nest_next(struct field_it *it, void *out)
{
	const struct owner *o = it->rec;

	if (it->i > 0 || o->n == 0)
		return false;
	*(struct owner *)out = (struct owner){ .n = (uint8_t)(o->n - 1), .items = o->items };
	return true;
}

static void
test_nest(void **state)
{
	static const struct field rows[] = {
		FIELD(struct owner, n, "n", F_U8),
		WALK("k", F_LIST, item_next, value_sub),
		{ .name = "in", .type = F_NEST, .next = nest_next },
	};
	static const uint8_t one[] = { 5 };
	struct owner o = { .n = 0, .items = bytes_of(one, 1) };
	char want[512] = "";

	(void)state;
	expect(rows, 3, &o, ",\"n\":0,\"k\":[5]");
	assert_false(field_present(&rows[2], &o));
	o.n = 2;
	expect(rows, 3, &o, ",\"n\":2,\"k\":[5],\"in\":{\"n\":1,\"k\":[5],\"in\":{\"n\":0,\"k\":[5]}}");
	assert_true(field_present(&rows[2], &o));

	o.n = 200; /* eight deep, then no more, every brace closed */
	strcat(want, ",\"n\":200,\"k\":[5]");
	for (int i = 1; i <= FIELD_NEST_MAX; i++) {
		char n[4] = { '1', (char)('0' + (200 - i) / 10 % 10), (char)('0' + (200 - i) % 10), '\0' };
		strcat(strcat(strcat(want, ",\"in\":{\"n\":"), n), ",\"k\":[5]");
	}
	for (int i = 0; i < FIELD_NEST_MAX; i++)
		strcat(want, "}");
	expect(rows, 3, &o, want);
}

/* One row alone, as the whole table prints it. */
static void
test_one_row(void **state)
{
	static const struct field rows[] = {
		FIELD(struct owner, n, "n", F_U8),
		WALK("k", F_LIST, item_next, value_sub),
		{ .name = "in", .type = F_NEST, .next = nest_next },
	};
	static const char *const want[] = { ",\"n\":1", ",\"k\":[5]", ",\"in\":{\"n\":0,\"k\":[5]}" };
	static const uint8_t one[] = { 5 };
	struct owner r = { .n = 1, .items = bytes_of(one, 1) };

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct out o = out_init(buffer, sizeof(buffer));
		field_json_one(&o, rows, NELEM(rows), i, &r);
		buffer[o.n] = '\0';
		assert_string_equal(buffer, want[i]);
	}
}

/* An inner record with nothing to say must not leave a comma behind its brace. */
static void
test_nest_of_nothing(void **state)
{
	static const struct field rows[] = {
		WALK("k", F_LIST, item_next, value_sub),
		{ .name = "in", .type = F_NEST, .next = nest_next },
	};
	struct owner o = { .n = 2 };

	(void)state;
	expect(rows, 2, &o, ",\"in\":{\"in\":{}}");
}

static bool
endless_next(struct field_it *it, void *out)
{
	*(uint8_t *)out = (uint8_t)it->i;
	return true;
}

/* A list that never ends stops where the buffer does; nothing is written behind it. */
static void
test_full(void **state)
{
	static const struct field rows[] = {
		WALK("k", F_LIST, endless_next, number_sub),
		FIELD(struct owner, n, "n", F_U8),
	};
	struct owner r = { .n = 7 };

	(void)state;
	for (size_t cap = 0; cap < 300; cap++) {
		char *tight = malloc(cap ? cap : 1);
		assert_non_null(tight);
		struct out o = out_init(tight, cap);
		field_json(&o, rows, NELEM(rows), &r);
		assert_false(out_ok(&o));
		assert_true(o.n <= cap);
		free(tight);
	}
}

/* Every size of buffer, every kind of row: whole or full, and what is there is the beginning of the whole. */
static void
test_every_capacity(void **state)
{
	static const struct field rows[] = {
		FIELD(struct owner, items, "raw", F_HEX),
		WALK("a", F_LIST, item_next, nested_sub),
		WALK("b", F_ROWS, item_next, item_sub),
		WALK("c", F_OBJECT, item_next, item_sub),
		{ .name = "d", .type = F_MAP, .next = pair_next },
		{ .name = "in", .type = F_NEST, .next = nest_next },
	};
	static const uint8_t two[] = { 3, 4 };
	struct owner r = { .items = bytes_of(two, 2), .n = 2 };
	struct out whole = out_init(buffer, sizeof(buffer));

	(void)state;
	field_json(&whole, rows, NELEM(rows), &r);
	assert_true(out_ok(&whole));
	for (size_t cap = 0; cap <= whole.n; cap++) {
		char *tight = malloc(cap ? cap : 1);
		assert_non_null(tight);
		struct out o = out_init(tight, cap);
		field_json(&o, rows, NELEM(rows), &r);
		assert_int_equal(out_ok(&o), cap == whole.n);
		assert_memory_equal(tight, buffer, o.n);
		free(tight);
	}
}

/* A table that contains itself ends at FIELD_DEPTH_MAX. */
static bool
same_next(struct field_it *it, void *out)
{
	memcpy(out, it->rec, sizeof(struct owner));
	return it->i == 0;
}

static const struct field deep[] = {
	FIELD(struct owner, n, "n", F_U8),
	{ .name = "k", .type = F_LIST, .next = same_next, .sub = deep, .nsub = 2 },
};

static void
test_depth(void **state)
{
	struct owner r = { .n = 1 };

	(void)state;
	expect(deep, 2, &r,
	       ",\"n\":1,\"k\":[{\"n\":1,\"k\":[{\"n\":1,\"k\":[{\"n\":1,\"k\":[{\"n\":1}]}]}]}]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),	      cmocka_unit_test(test_absence),
		cmocka_unit_test(test_presence_bits), cmocka_unit_test(test_lists),
		cmocka_unit_test(test_empty_inside),  cmocka_unit_test(test_empty_but_there),
		cmocka_unit_test(test_one_row),	      cmocka_unit_test(test_map),
		cmocka_unit_test(test_nest),	      cmocka_unit_test(test_nest_of_nothing),
		cmocka_unit_test(test_full),	      cmocka_unit_test(test_every_capacity),
		cmocka_unit_test(test_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
