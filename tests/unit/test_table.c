/* table.c, siphash.c and mhash.h: published vectors, the contract of table.h line by line, and a long random run against a
 * model that is too simple to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mhash.h"
#include "table.h"

/* The first, the last and the edges between words of the vectors that come with the reference code; the one of 15
 * bytes is in appendix A of the paper. */
static void
test_siphash_vectors(void **state)
{
	static const struct {
		size_t n;
		uint64_t want;
	} vectors[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },  { 1, UINT64_C(0x74f839c593dc67fd) },
		{ 2, UINT64_C(0x0d6c8009d9a94f5a) },  { 3, UINT64_C(0x85676696d7fb7e2d) },
		{ 7, UINT64_C(0xab0200f58b01d137) },  { 8, UINT64_C(0x93f5f5799a932462) },
		{ 9, UINT64_C(0x9e0082df0ba9e4b0) },  { 15, UINT64_C(0xa129ca6149be45e5) },
		{ 16, UINT64_C(0x3f2acc7f57c29bdb) }, { 63, UINT64_C(0x958a324ceb064572) },
	};
	struct sipkey key = { { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) } };
	uint8_t in[64];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < NELEM(vectors); i++)
		assert_int_equal(siphash(&key, in, vectors[i].n), vectors[i].want);
}

/* The definition in the paper: words of 32 bits, one after the other. */
static uint32_t
multilinear(const uint64_t *k, const uint8_t *p, size_t n)
{
	uint64_t sum = *k++;
	uint32_t m[2 * MHASH_BYTES / 4];
	size_t words = 0;

	for (size_t i = 0; i + HASH_WORD < n; i += HASH_WORD, words += 2)
		memcpy(m + words, p + i, HASH_WORD);
	memcpy(m + words, p + n - HASH_WORD, HASH_WORD);
	words += 2;
	for (size_t i = 0; i < words; i += 2) {
		uint64_t w;
		memcpy(&w, m + i, sizeof(w));
		sum += (k[i] + (uint32_t)w) * (k[i + 1] + (uint32_t)(w >> 32));
	}
	return (uint32_t)(sum >> 32);
}

/* Every length; every bit counts; and half of the bits of the hash change with it, as they would by chance. */
static void
test_mhash(void **state)
{
	struct sipkey key = { { 3, 4 } };
	struct mhash m;
	uint8_t in[MHASH_BYTES];
	unsigned changed = 0, tried = 0;

	(void)state;
	mhash_open(&m, &key);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 37);
	for (size_t n = HASH_WORD; n <= sizeof(in); n++) {
		uint32_t h = mhash(&m, in, n);
		assert_int_equal(h, multilinear(m.k, in, n));
		for (size_t bit = 0; bit < n * 8; bit++, tried++) {
			in[bit / 8] ^= (uint8_t)(1u << bit % 8);
			uint32_t other = mhash(&m, in, n);
			in[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(h, other);
			changed += (unsigned)__builtin_popcount(h ^ other);
		}
	}
	assert_in_range(changed, tried * 15, tried * 17);
}

/* A byte more, a zero more, a bit else, the border between head and body, a block beyond the first. */
static void
test_nhash(void **state)
{
	enum { BODY = 3 * NHASH_BLOCK + 5 };
	struct sipkey key = { { 3, 4 } };
	static struct nhash h;
	static uint8_t in[BODY + 1];

	(void)state;
	nhash_open(&h, &key);
	for (size_t n = 0; n < BODY; n += n < 70 ? 1 : 61) {
		struct bytes head = bytes_of("head", 4), body = bytes_of(in, n);
		uint64_t a = nhash(&h, head, body);
		assert_int_equal(a, nhash(&h, head, body));
		assert_int_not_equal(a, nhash(&h, head, bytes_of(in, n + 1)));
		assert_int_not_equal(a, nhash(&h, bytes_of("head", 5), body));
		assert_int_not_equal(a, nhash(&h, bytes_of("heat", 4), body));
		for (size_t i = 0; i < n; i++) {
			in[i] ^= 0x40;
			assert_int_not_equal(a, nhash(&h, head, body));
			in[i] ^= 0x40;
		}
	}
}

struct box {
	struct table t;
	void *mem;
	unsigned drops;
	uint32_t last_key, last_value;
};

static void
dropped(void *arg, const void *key, void *value)
{
	struct box *b = arg;

	b->drops++;
	memcpy(&b->last_key, key, sizeof(b->last_key));
	memcpy(&b->last_value, value, sizeof(b->last_value));
}

static void
open_box(struct box *b, uint32_t capacity, ts_t lifetime)
{
	struct table_spec spec = { "box", sizeof(uint32_t), sizeof(uint32_t), capacity, lifetime };

	memset(b, 0, sizeof(*b));
	b->mem = malloc(table_bytes(&spec));
	assert_non_null(b->mem);
	memset(b->mem, 0xa5, table_bytes(&spec)); /* memory need not be clean */
	table_open(&b->t, &spec, b->mem, (struct sipkey){ { 1, 2 } });
	b->t.on_drop = dropped;
	b->t.arg = b;
}

static uint32_t *
get(struct box *b, uint32_t key, ts_t now, bool *fresh)
{
	return table_get(&b->t, &key, now, fresh);
}

static uint32_t *
peek(struct box *b, uint32_t key)
{
	return table_peek(&b->t, &key);
}

static void
test_insert_and_find(void **state)
{
	struct box b;
	bool fresh;

	(void)state;
	open_box(&b, 4, 0);
	assert_null(table_find(&b.t, &(uint32_t){ 7 }, 0));
	uint32_t *v = get(&b, 7, 10, &fresh);
	assert_true(fresh);
	assert_int_equal(*v, 0); /* zeroed, though the memory was not */
	*v = 70;
	assert_ptr_equal(get(&b, 7, 11, &fresh), v);
	assert_false(fresh);
	assert_ptr_equal(table_find(&b.t, &(uint32_t){ 7 }, 12), v);
	assert_ptr_equal(get(&b, 7, 13, NULL), v);
	assert_int_equal(*(const uint32_t *)table_key(&b.t, v), 7);
	assert_int_equal(table_used_at(&b.t, v), 13);
	assert_int_equal(b.t.inserted, 1);
	assert_int_equal(b.t.hit, 3);
	assert_int_equal(b.t.used, 1);
	table_drop(&b.t, v);
	assert_int_equal(b.drops, 1);
	assert_int_equal(b.last_key, 7);
	assert_int_equal(b.last_value, 70);
	assert_null(peek(&b, 7));
	v = get(&b, 7, 14, &fresh);
	assert_true(fresh);
	assert_int_equal(*v, 0);
	free(b.mem);
}

static void
test_evicts_least_recently_used(void **state)
{
	struct box b;
	bool fresh;

	(void)state;
	open_box(&b, 3, 0);
	for (uint32_t k = 1; k <= 3; k++)
		*get(&b, k, (ts_t)k, NULL) = k * 10;
	get(&b, 1, 4, NULL);	      /* 2 is the oldest now */
	assert_non_null(peek(&b, 2)); /* looking changes nothing */
	get(&b, 4, 5, &fresh);
	assert_true(fresh);
	assert_int_equal(b.t.evicted, 1);
	assert_int_equal(b.t.expired, 0);
	assert_int_equal(b.last_key, 2);
	assert_int_equal(b.last_value, 20);
	assert_null(peek(&b, 2));
	assert_int_equal(*peek(&b, 1), 10);
	assert_int_equal(b.t.used, 3);

	static const uint32_t order[] = { 4, 1, 3 };
	size_t n = 0;
	for (void *v = NULL; (v = table_next(&b.t, v)) != NULL; n++)
		assert_int_equal(*(const uint32_t *)table_key(&b.t, v), order[n]);
	assert_int_equal(n, 3);
	free(b.mem);
}

static void
test_lifetime(void **state)
{
	struct box b;
	bool fresh;

	(void)state;
	open_box(&b, 4, 100);
	*get(&b, 1, 1000, NULL) = 1;
	*get(&b, 2, 1050, NULL) = 2;
	assert_non_null(table_find(&b.t, &(uint32_t){ 1 }, 1100)); /* its last moment, and used again */
	assert_non_null(table_find(&b.t, &(uint32_t){ 1 }, 1200));
	assert_null(table_find(&b.t, &(uint32_t){ 2 }, 1200));
	assert_int_equal(b.t.expired, 1);
	assert_int_equal(b.last_key, 2);
	assert_int_equal(*get(&b, 1, 1301, &fresh), 0); /* too late: a new one */
	assert_true(fresh);
	assert_int_equal(b.t.expired, 2);

	get(&b, 3, 1350, NULL);
	table_sweep(&b.t, 1401);
	assert_int_equal(b.t.used, 2);
	table_sweep(&b.t, 1402);
	assert_null(peek(&b, 1));
	assert_non_null(peek(&b, 3));
	assert_int_equal(b.t.expired, 3);
	assert_int_equal(b.t.evicted, 0);
	free(b.mem);
}

/* Room made by taking what was over anyway is no loss: conclusions from absence stay allowed. */
static void
test_full_of_expired_is_not_eviction(void **state)
{
	struct box b;

	(void)state;
	open_box(&b, 2, 100);
	get(&b, 1, 0, NULL);
	get(&b, 2, 0, NULL);
	get(&b, 3, 101, NULL);
	assert_int_equal(b.t.expired, 1);
	assert_int_equal(b.t.evicted, 0);
	get(&b, 4, 102, NULL);
	get(&b, 5, 103, NULL);
	assert_int_equal(b.t.expired, 2);
	assert_int_equal(b.t.evicted, 1);
	free(b.mem);
}

static void
test_pinned(void **state)
{
	struct box b;
	bool fresh = true;

	(void)state;
	open_box(&b, 3, 100);
	for (uint32_t k = 1; k <= 3; k++)
		table_pin(&b.t, get(&b, k, (ts_t)k, NULL), true);
	assert_null(get(&b, 4, 50, &fresh));
	assert_int_equal(b.t.refused, 1);
	table_sweep(&b.t, 5000);
	assert_int_equal(b.t.used, 3);
	assert_non_null(table_find(&b.t, &(uint32_t){ 1 }, 5000)); /* neither expires nor is evicted */
	table_pin(&b.t, peek(&b, 1), false);
	table_pin(&b.t, peek(&b, 3), false); /* the oldest of the two that may go */
	assert_non_null(get(&b, 4, 5001, NULL));
	assert_int_equal(b.last_key, 3);
	assert_non_null(peek(&b, 1));
	assert_non_null(peek(&b, 2));
	free(b.mem);
}

static void
test_slots_are_apart(void **state)
{
	struct box b;
	bool seen[5] = { false };

	(void)state;
	open_box(&b, 5, 0);
	for (uint32_t k = 0; k < 50; k++)
		assert_true(table_slot(&b.t, get(&b, k, (ts_t)k, NULL)) < 5);
	for (void *v = NULL; (v = table_next(&b.t, v)) != NULL;) {
		assert_false(seen[table_slot(&b.t, v)]);
		seen[table_slot(&b.t, v)] = true;
	}
	free(b.mem);
}

/* A file may name any time; differences must not overflow. */
static void
test_wild_times(void **state)
{
	struct box b;

	(void)state;
	open_box(&b, 2, TS_SEC);
	get(&b, 1, INT64_MIN, NULL);
	assert_null(table_find(&b.t, &(uint32_t){ 1 }, INT64_MAX));
	get(&b, 1, INT64_MAX, NULL);
	assert_non_null(table_find(&b.t, &(uint32_t){ 1 }, INT64_MIN));
	table_sweep(&b.t, INT64_MIN);
	assert_int_equal(b.t.used, 1);
	free(b.mem);
}

/* A hundred thousand pinned entries at the old end: a search through them for each insertion would not end. */
static void
test_pins_do_not_slow_insertion(void **state)
{
	enum { PINNED = 100000, MORE = 200000 };
	struct box b;

	(void)state;
	open_box(&b, PINNED + 8, 0);
	for (uint32_t k = 0; k < PINNED; k++)
		table_pin(&b.t, get(&b, k, 0, NULL), true);
	for (uint32_t k = PINNED; k < PINNED + MORE; k++)
		assert_non_null(get(&b, k, 1, NULL));
	assert_int_equal(b.t.evicted, MORE - 8);
	for (uint32_t k = 0; k < PINNED; k++)
		assert_non_null(peek(&b, k));
	free(b.mem);
}

/* ---- the model: an array, searched from end to end ---- */

enum { MODEL = 16, KEYS = 40, STEPS = 200000, MODEL_LIFE = 60 };
struct model {
	struct {
		uint32_t key, value;
		uint64_t order;
		ts_t used;
		bool pinned;
	} e[MODEL];
	size_t n;
	uint64_t order, evicted, expired, refused;
};

static void
model_remove(struct model *m, size_t i)
{
	m->e[i] = m->e[--m->n];
}

static size_t
model_find(const struct model *m, uint32_t key)
{
	size_t i = 0;

	while (i < m->n && m->e[i].key != key)
		i++;
	return i;
}

static bool
model_over(const struct model *m, size_t i, ts_t now)
{
	return !m->e[i].pinned && now - m->e[i].used > MODEL_LIFE;
}

/* The index of the entry, or m->n where all are pinned. */
static size_t
model_get(struct model *m, uint32_t key, ts_t now)
{
	size_t i = model_find(m, key);

	if (i < m->n && model_over(m, i, now)) {
		m->expired++;
		model_remove(m, i);
		i = m->n;
	}
	if (i == m->n && m->n == MODEL) {
		size_t oldest = MODEL;
		for (size_t k = 0; k < MODEL; k++)
			if (!m->e[k].pinned && (oldest == MODEL || m->e[k].order < m->e[oldest].order))
				oldest = k;
		if (oldest == MODEL) {
			m->refused++;
			return MODEL;
		}
		*(model_over(m, oldest, now) ? &m->expired : &m->evicted) += 1;
		model_remove(m, oldest);
		i = m->n;
	}
	if (i == m->n) {
		m->n++;
		m->e[i].key = key;
		m->e[i].value = 0;
		m->e[i].pinned = false;
	}
	m->e[i].used = now;
	m->e[i].order = ++m->order;
	return i;
}

static void
model_sweep(struct model *m, ts_t now)
{
	for (size_t i = 0; i < m->n;) {
		if (model_over(m, i, now)) {
			m->expired++;
			model_remove(m, i);
		} else {
			i++;
		}
	}
}

static uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % below;
}

static void
same(struct box *b, const struct model *m)
{
	uint64_t last = UINT64_MAX;
	size_t n = 0;

	assert_int_equal(b->t.used, m->n);
	assert_int_equal(b->t.evicted, m->evicted);
	assert_int_equal(b->t.expired, m->expired);
	assert_int_equal(b->t.refused, m->refused);
	for (void *v = NULL; (v = table_next(&b->t, v)) != NULL; n++) {
		size_t i = model_find(m, *(const uint32_t *)table_key(&b->t, v));
		assert_true(i < m->n);
		assert_int_equal(*(uint32_t *)v, m->e[i].value);
		assert_int_equal(table_used_at(&b->t, v), m->e[i].used);
		assert_true(m->e[i].order < last);
		last = m->e[i].order;
	}
	assert_int_equal(n, m->n);
}

static void
test_against_model(void **state)
{
	struct box b;
	struct model m = { .n = 0 };
	uint64_t seed = 42;
	ts_t now = 0;

	(void)state;
	open_box(&b, MODEL, MODEL_LIFE);
	for (uint32_t step = 1; step <= STEPS; step++) {
		uint32_t key = draw(&seed, KEYS), what = draw(&seed, 16);
		size_t i = model_find(&m, key);
		now += draw(&seed, 4);
		if (what < 10) {
			uint32_t *v = get(&b, key, now, NULL);
			i = model_get(&m, key, now);
			assert_int_equal(v == NULL, i == MODEL);
			if (v != NULL)
				*v = m.e[i].value = step;
		} else if (what < 13 && i < m.n) {
			m.e[i].pinned = what == 10;
			table_pin(&b.t, peek(&b, key), what == 10);
		} else if (what == 13 && i < m.n) {
			table_drop(&b.t, peek(&b, key));
			model_remove(&m, i);
		} else if (what == 14) {
			table_sweep(&b.t, now);
			model_sweep(&m, now);
		}
		same(&b, &m);
	}
	assert_true(m.evicted > 100 && m.expired > 100);
	free(b.mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash_vectors),
		cmocka_unit_test(test_mhash),
		cmocka_unit_test(test_nhash),
		cmocka_unit_test(test_insert_and_find),
		cmocka_unit_test(test_evicts_least_recently_used),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_full_of_expired_is_not_eviction),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_slots_are_apart),
		cmocka_unit_test(test_wild_times),
		cmocka_unit_test(test_pins_do_not_slow_insertion),
		cmocka_unit_test(test_against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
