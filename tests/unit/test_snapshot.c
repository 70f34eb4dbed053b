/* State as bytes: every member of every store is written, what is read back is the same, and nothing that a file may hold
 * brings the reader down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "restart.h"

#include <cmocka.h>

static struct world seen; /* built once: the tests only read it */
static struct saved whole;

/* ---- the rows ---- */
enum { REC_BYTES = 16 << 20, FEW = 16 };
static uint8_t covered[REC_BYTES];

/* The alignment that a row's member has: of numbers their size, of what is made of bytes 1. */
static uint32_t
align_of(const struct snap_rec *r, const struct snap_field *f)
{
	const struct snap_rec *in = f->rec;
	uint32_t most = 1;

	(void)r;
	if (f->kind == SNAP_NUMBER || f->kind == SNAP_TIME || f->kind == SNAP_REAL ||
	    f->kind == SNAP_SEGMENT || f->kind == SNAP_TEXT)
		return f->size;
	if (f->kind == SNAP_LEFT_OUT)
		return 8; /* unknown: what stands before it may be padded */
	for (uint32_t depth = 0; in && depth < 4; depth++) {
		const struct snap_rec *deeper = NULL;
		for (uint32_t i = 0; i < in->n; i++) {
			const struct snap_field *x = &in->field[i];
			bool plain = x->kind == SNAP_NUMBER || x->kind == SNAP_TIME || x->kind == SNAP_REAL ||
				     x->kind == SNAP_SEGMENT || x->kind == SNAP_TEXT;
			if (plain && x->size > most)
				most = x->size;
			if (x->kind == SNAP_LEFT_OUT)
				most = 8;
			if (x->kind == SNAP_STRUCT)
				deeper = x->rec;
		}
		in = deeper;
	}
	return most;
}

/* Bytes of no row must be padding: before a member as many as its alignment asks for, at the end less than 8. */
static void
check_rec(const char *store, const struct snap_rec *r)
{
	assert_true(r->size <= REC_BYTES);
	memset(covered, 0, r->size);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct snap_field *f = &r->field[i];
		size_t n = (size_t)f->size * f->n;
		assert_true(f->off + n <= r->size);
		for (size_t k = 0; k < n; k++) {
			if (covered[f->off + k])
				fail_msg("%s: %s has two rows", store, f->name);
			covered[f->off + k] = 1;
		}
		for (uint32_t k = 0; f->count_size && k < i; k++)
			if (r->field[k].off == f->count)
				n = 0;
		if (f->count_size && n)
			fail_msg("%s: %s stands before its count", store, f->name);
		if (f->count_size)
			for (uint32_t k = 0; k < i; k++)
				if (r->field[k].off == f->count && r->field[k].max > f->n)
					fail_msg("%s: more of %s may be counted than there are", store,
						 f->name);
	}
	for (uint32_t i = 0; i < r->size;) {
		uint32_t from = i, align = 8;
		while (i < r->size && !covered[i])
			i++;
		for (uint32_t k = 0; k < r->n && i < r->size; k++)
			if (r->field[k].off == i)
				align = align_of(r, &r->field[k]);
		if (i - from >= align)
			fail_msg("%s: bytes %u to %u have no row: say how they are kept, or SNAP_NOT", store,
				 from, i - 1);
		i++;
	}
	for (uint32_t i = 0; i < r->n; i++)
		assert_true(r->field[i].kind != SNAP_STRUCT || r->field[i].rec->size == r->field[i].size);
}

static void
check_tree(const char *store, const struct snap_rec *r)
{
	const struct snap_rec *left[64] = { r };
	size_t n = 1;

	while (n) {
		const struct snap_rec *x = left[--n];
		check_rec(store, x);
		for (uint32_t i = 0; i < x->n; i++)
			if (x->field[i].kind == SNAP_STRUCT) {
				assert_true(n < NELEM(left));
				left[n++] = x->field[i].rec;
			}
	}
}

static void
rows_cover_structs(void **state)
{
	const struct snap_store *s;

	(void)state;
	for (size_t i = 0; (s = snap_store_at(i)); i++) {
		if (s->kind == SNAP_TABLE)
			check_tree(s->name, s->key);
		check_tree(s->name, s->value);
	}
}

/* ---- there and back ---- */
static void
same_bytes_again(void **state)
{
	struct snapshot_said said;
	struct world w;

	(void)state;
	assert_true(restart_load(&w, bytes_of(whole.p, whole.n), 0, &said));
	assert_null(said.wrong);
	assert_int_equal(said.left_out, 0);
	struct saved again = saved_of(w.engine);
	assert_int_equal(again.n, whole.n);
	assert_memory_equal(again.p, whole.p, whole.n);
	free(again.p);
	world_close(&w);
}

static size_t
entries(struct engine *e)
{
	return e->hosts.used + e->bindings.used + e->hyps->table.used + (size_t)e->hyps->ring_n;
}

static void
much_is_known(void **state)
{
	(void)state;
	assert_true(entries(seen.engine) > 50); /* or these tests show nothing */
	assert_non_null(world_last(&seen, "dhcpv6-rogue-server"));
}

static void
incident_goes_on(void **state)
{
	const struct told *before = world_last(&seen, "dhcpv6-rogue-server");
	struct snapshot_said said;
	struct world w;
	struct fact f = { .id = F_D6_ADDR,
			  .family = FAM_D6_ROGUE,
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = { .has_mac = true, .mac = WORLD_ACTOR },
			  .has_victim = true,
			  .victim = WORLD_OTHER };

	(void)state;
	assert_true(restart_load(&w, bytes_of(whole.p, whole.n), 0, &said));
	w.engine->seg = w.engine->segment_at[0];
	assert_int_equal(w.ntold, 0); /* nothing is told again */
	world_fact(&w, &f, said.clock + 120 * TS_SEC);
	const struct told *after = world_last(&w, "dhcpv6-rogue-server");
	assert_non_null(after);
	assert_int_equal(after->id, before->id);
	assert_int_equal(after->rev, before->rev + 1);
	assert_int_equal(after->victims, before->victims + 1);
	world_close(&w);
}

/* An incident that only the end of the input made: its number is remembered, though nothing of it is kept. */
static void
revision_of_the_end(void **state)
{
	struct saved s = { NULL, 0, 0 };
	struct snapshot_said said;
	struct world w, after;

	(void)state;
	restart_world(&w, ".");
	assert_true(snapshot_begin(w.engine, saved_put, &s));
	engine_end(w.engine);
	assert_true(snapshot_finish(w.engine, saved_put, &s));
	assert_true(restart_load(&after, bytes_of(s.p, s.n), 0, &said));
	for (struct hyp *h = hyp_next(w.engine, NULL); h; h = hyp_next(w.engine, h)) {
		const struct hyp *same = hyp_by_id(after.engine, h->id);
		if (same)
			assert_int_equal(same->rev, h->rev);
	}
	engine_end(after.engine);
	for (size_t i = 0; i < after.ntold; i++)
		for (size_t k = 0; k < w.ntold; k++)
			assert_false(after.told[i].id == w.told[k].id && after.told[i].rev <= w.told[k].rev);
	world_close(&w);
	world_close(&after);
	free(s.p);
}

static void
outage_is_not_clean(void **state)
{
	struct snapshot_said said;
	struct world w;

	(void)state;
	for (int away = 0; away < 2; away++) {
		assert_true(restart_load(&w, bytes_of(whole.p, whole.n), TS_MIN, &said));
		ts_t next = said.clock + (away ? 61 : 59) * TS_SEC;
		engine_tick(w.engine, next);
		assert_int_equal(vantage_clean(w.engine, said.clock, next), !away);
		assert_true(vantage_clean(w.engine, next + TS_SEC, next + TS_MIN));
		world_close(&w);
	}
}

/* ---- what a file may hold ---- */
static bool
refused(const uint8_t *p, size_t n)
{
	struct snapshot_said said;
	struct world w;
	bool ok = restart_load(&w, bytes_of(p, n), 0, &said);

	assert_true(ok == (said.wrong == NULL));
	if (ok) { /* whatever was read must be safe to go on with */
		engine_tick(w.engine, said.clock == TS_NONE ? 0 : said.clock + TS_SEC);
		engine_end(w.engine);
	}
	world_close(&w);
	return !ok;
}

/* In memory of exactly its size, so that a read beyond the end is seen. */
static void
cut_anywhere(void **state)
{
	(void)state;
	for (size_t n = 0; n < whole.n; n += n < 150 ? 1 : 1 + n % 4999) {
		uint8_t *p = malloc(n ? n : 1);
		assert_non_null(p);
		memcpy(p, whole.p, n);
		assert_true(refused(p, n));
		free(p);
	}
}

static void
any_bit_may_flip(void **state)
{
	uint8_t *p = malloc(whole.n);
	size_t n = 0;

	(void)state;
	assert_non_null(p);
	memcpy(p, whole.p, whole.n);
	for (size_t i = 0; i < whole.n; i += i < 100 ? 1 : 1 + i % 2999) {
		p[i] ^= (uint8_t)(1u << i % 8);
		n += refused(p, whole.n);
		p[i] = whole.p[i];
	}
	assert_true(
		n >=
		sizeof("crosstap-state")); /* values that are as good as the right ones: a digest finds them */
	free(p);
}

static void
other_versions(void **state)
{
	struct saved s = saved_of(seen.engine);
	const char *name = "hosts";
	struct snapshot_said said;
	struct world w;

	(void)state;
	s.p[sizeof("crosstap-state")]++;
	assert_true(refused(s.p, s.n));
	s.p[sizeof("crosstap-state")]--;
	s.p[0] ^= 1;
	assert_true(refused(s.p, s.n));
	s.p[0] ^= 1;
	/* one store whose rows were others: the rest is read */
	for (size_t i = 0; i + 14 < s.n; i++)
		if (s.p[i] == strlen(name) && memcmp(s.p + i + 1, name, strlen(name)) == 0) {
			s.p[i + 1 + strlen(name)] ^= 1;
			break;
		}
	assert_true(restart_load(&w, bytes_of(s.p, s.n), 0, &said));
	assert_int_equal(said.left_out, 1);
	assert_int_equal(w.engine->hosts.used, 0);
	assert_int_equal(w.engine->hyps->table.used, seen.engine->hyps->table.used);
	world_close(&w);
	free(s.p);
}

static void
other_interfaces(void **state)
{
	static const char *const one[] = { "eth1" }, *const two[] = { "eth1", "eth2" },
				 *const other[] = { "eth2" };
	static const struct {
		const char *const *iface;
		size_t n;
		bool fits;
	} now[] = { { one, 1, true }, { two, 2, true }, { other, 1, false }, { NULL, 0, false } };
	struct snapshot_said said;
	struct engine_conf conf = { .iface = one, .niface = 1, .hosts = 64, .events = 64 };
	void *mem = calloc(1, engine_bytes(&conf));

	(void)state;
	struct saved s = saved_of(engine_open(&conf, mem, (struct sipkey){ { 1, 2 } }, world_emit, NULL));
	free(mem);
	for (size_t i = 0; i < NELEM(now); i++) {
		conf.iface = now[i].iface;
		conf.niface = now[i].n;
		mem = calloc(1, engine_bytes(&conf));
		struct engine *e = engine_open(&conf, mem, (struct sipkey){ { 1, 2 } }, world_emit, NULL);
		assert_int_equal(snapshot_load(e, bytes_of(s.p, s.n), 0, &said), now[i].fits);
		free(mem);
	}
	free(s.p);
}

/* Less room than there was: the oldest is left behind, the newest is there. */
static void
smaller_tables(void **state)
{
	struct engine_conf conf = { .hosts = FEW, .events = 64 };
	void *mem = calloc(1, engine_bytes(&conf));
	struct engine *e = engine_open(&conf, mem, (struct sipkey){ { 1, 2 } }, world_emit, NULL);
	struct snapshot_said said;

	(void)state;
	assert_true(snapshot_load(e, bytes_of(whole.p, whole.n), 0, &said));
	assert_true(seen.engine->hosts.used > FEW);
	assert_int_equal(e->hosts.used, FEW);
	const void *newest = table_next(&seen.engine->hosts, NULL);
	assert_non_null(table_peek(&e->hosts, table_key(&seen.engine->hosts, newest)));
	free(mem);
}

static int
build(void **state)
{
	(void)state;
	restart_world(&seen, ".");
	whole = saved_of(seen.engine);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	world_close(&seen);
	free(whole.p);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_cover_structs),  cmocka_unit_test(much_is_known),
		cmocka_unit_test(same_bytes_again),    cmocka_unit_test(incident_goes_on),
		cmocka_unit_test(revision_of_the_end), cmocka_unit_test(outage_is_not_clean),
		cmocka_unit_test(cut_anywhere),	       cmocka_unit_test(any_bit_may_flip),
		cmocka_unit_test(other_versions),      cmocka_unit_test(other_interfaces),
		cmocka_unit_test(smaller_tables),
	};

	return cmocka_run_group_tests(tests, build, drop);
}
