/* Chains through indices, and one list in order of last use; 0 is no entry, n is entry n - 1.  Nothing but the
 * buckets is touched at start, so memory that is never used is never resident: entries that were never used follow
 * the used and the freed ones, in order.
 *
 * A use touches the neighbours in that list too, which are entries of long ago: links lie apart, 16 bytes each, so that
 * they stay in the cache where keys and values cannot, and a lookup waits for memory once.
 *
 * Eviction must not search through pinned entries, or who can open hypotheses could make every insertion slow.
 * `loose` is therefore kept so that every entry older than it is pinned: the search starts there. */
#include "table.h"

struct link {
	uint32_t chain; /* next in the bucket, or in the list of free entries */
	uint32_t hash;
	uint32_t newer, older;
};
struct entry {
	ts_t used;
	uint64_t order; /* rises with each use: who is older; the lowest bit is PINNED */
};
enum { PINNED = 1, ORDER_STEP = 2 };

static size_t
round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static uint32_t
buckets(uint32_t capacity)
{
	uint32_t n = 1;

	while (n < capacity && n < UINT32_C(1) << 31)
		n <<= 1;
	return n;
}

static size_t
stride(const struct table_spec *s)
{
	return sizeof(struct entry) + round8(s->key) + round8(s->value);
}

static uint32_t
capacity(const struct table_spec *s)
{
	return s->capacity ? s->capacity : 1;
}

size_t
table_bytes(const struct table_spec *s)
{
	return round8((size_t)buckets(capacity(s)) * sizeof(uint32_t)) +
	       (size_t)capacity(s) * (sizeof(struct link) + stride(s));
}

/* Of an odd number, modulo 2^64: Newton's step doubles the bits that are right, of which three are at the start. */
static uint64_t
inverse(uint64_t odd)
{
	uint64_t x = odd;

	for (unsigned bits = 3; bits < 64; bits *= 2)
		x *= 2 - odd * x;
	return x;
}

void
table_open(struct table *t, const struct table_spec *s, void *mem, struct sipkey key)
{
	memset(t, 0, sizeof(*t));
	t->spec = *s;
	t->spec.capacity = capacity(s);
	t->hash_key = key;
	mhash_open(&t->mhash, &key);
	t->nbucket = buckets(t->spec.capacity);
	t->stride = (uint32_t)stride(s);
	t->at_value = t->stride - (uint32_t)round8(s->value);
	t->fresh_bytes = t->stride;
	while (!(t->stride >> t->shift & 1))
		t->shift++;
	t->inverse = inverse(t->stride >> t->shift);
	t->bucket = mem;
	t->link = (void *)((uint8_t *)mem + round8((size_t)t->nbucket * sizeof(uint32_t)));
	t->entry = (uint8_t *)(t->link + t->spec.capacity);
	memset(t->bucket, 0, (size_t)t->nbucket * sizeof(uint32_t));
}

void
table_zeroes(struct table *t, uint32_t bytes)
{
	t->fresh_bytes = t->at_value + bytes;
}

static struct entry *
at(const struct table *t, uint32_t i)
{
	return (void *)(t->entry + (size_t)(i - 1) * t->stride);
}

static struct link *
link_of(const struct table *t, uint32_t i)
{
	return &t->link[i - 1];
}

static uint8_t *
key_of(struct entry *e)
{
	return (uint8_t *)(e + 1);
}

static void *
value_of(const struct table *t, struct entry *e)
{
	return (uint8_t *)e + t->at_value;
}

uint32_t
table_slot(const struct table *t, const void *value)
{
	uint64_t offset = (uint64_t)((const uint8_t *)value - t->entry) - t->at_value;

	return (uint32_t)((offset >> t->shift) * t->inverse); /* a division without a rest */
}

static uint32_t
index_of(const struct table *t, const void *value)
{
	return table_slot(t, value) + 1;
}

static uint32_t
hash(const struct table *t, const void *key)
{
	if (t->spec.key >= HASH_WORD && t->spec.key <= MHASH_BYTES)
		return mhash(&t->mhash, key, t->spec.key);
	return (uint32_t)siphash13(&t->hash_key, key, t->spec.key);
}

/* Keys are short and of one length a table: a call would cost more than the comparison. */
static bool
key_eq(const struct table *t, uint32_t i, const void *key)
{
	const uint8_t *a = key_of(at(t, i)), *b = key;
	uint32_t n = t->spec.key, k = 0;

	if (n < HASH_WORD)
		return memcmp(a, b, n) == 0;
	for (; n - k > HASH_WORD; k += HASH_WORD)
		if (hash_word(a + k) != hash_word(b + k))
			return false;
	return hash_word(a + n - HASH_WORD) == hash_word(b + n - HASH_WORD);
}

static uint32_t
look(const struct table *t, const void *key, uint32_t h)
{
	uint32_t i = t->bucket[h & (t->nbucket - 1)];

	while (i != 0 && (link_of(t, i)->hash != h || !key_eq(t, i, key)))
		i = link_of(t, i)->chain;
	return i;
}

static bool
pinned(const struct table *t, uint32_t i)
{
	return at(t, i)->order & PINNED;
}

static bool
past(const struct table *t, const struct entry *e, ts_t now)
{
	return !(e->order & PINNED) && t->spec.lifetime > 0 && ts_sub(now, e->used) > t->spec.lifetime;
}

static void
list_add(struct table *t, uint32_t i)
{
	struct entry *e = at(t, i);
	struct link *l = link_of(t, i);

	e->order = (t->order += ORDER_STEP) | (e->order & PINNED);
	l->newer = 0;
	l->older = t->newest;
	if (t->newest)
		link_of(t, t->newest)->newer = i;
	else
		t->oldest = i;
	t->newest = i;
	if (t->loose == 0)
		t->loose = i;
}

static void
list_remove(struct table *t, uint32_t i)
{
	const struct link *l = link_of(t, i);

	if (t->loose == i)
		t->loose = l->newer;
	if (l->newer)
		link_of(t, l->newer)->older = l->older;
	else
		t->newest = l->older;
	if (l->older)
		link_of(t, l->older)->newer = l->newer;
	else
		t->oldest = l->newer;
}

static void
touch(struct table *t, uint32_t i, ts_t now)
{
	struct entry *e = at(t, i);

	if (now > e->used)
		e->used = now;
	if (t->newest != i) {
		list_remove(t, i);
		list_add(t, i);
	}
}

static void
drop(struct table *t, uint32_t i)
{
	struct entry *e = at(t, i);
	struct link *l = link_of(t, i);
	uint32_t *from = &t->bucket[l->hash & (t->nbucket - 1)];

	if (t->on_drop)
		t->on_drop(t->arg, key_of(e), value_of(t, e));
	while (*from != i)
		from = &link_of(t, *from)->chain;
	*from = l->chain;
	list_remove(t, i);
	if (t->recent == i)
		t->recent = 0;
	l->chain = t->free;
	t->free = i;
	t->used--;
}

/* The oldest entry that may go; 0 where all are pinned.  Moves `loose` over pinned ones, each once. */
static uint32_t
oldest_loose(struct table *t)
{
	while (t->loose != 0 && pinned(t, t->loose))
		t->loose = link_of(t, t->loose)->newer;
	return t->loose;
}

/* An unused entry, at the price of the least recently used one if need be. */
static uint32_t
take(struct table *t, ts_t now)
{
	if (t->free == 0 && t->used == t->spec.capacity) {
		uint32_t i = oldest_loose(t);
		if (i == 0)
			return 0;
		if (past(t, at(t, i), now))
			t->expired++;
		else
			t->evicted++;
		drop(t, i);
	}
	uint32_t i = t->free;
	if (i != 0)
		t->free = link_of(t, i)->chain;
	else
		i = t->used + 1; /* all freed ones are in use again: the next was never used */
	t->used++;
	return i;
}

/* The live entry of that key; one that is past its lifetime goes first. */
static uint32_t
find(struct table *t, const void *key, uint32_t *h, ts_t now)
{
	uint32_t i = t->recent;

	if (i != 0 && key_eq(t, i, key)) {
		*h = link_of(t, i)->hash;
	} else {
		*h = hash(t, key);
		i = look(t, key, *h);
	}
	if (i != 0 && past(t, at(t, i), now)) {
		t->expired++;
		drop(t, i);
		return 0;
	}
	if (i != 0) {
		t->recent = i;
		t->hit++;
		touch(t, i, now);
	}
	return i;
}

void *
table_find(struct table *t, const void *key, ts_t now)
{
	uint32_t h;
	uint32_t i = find(t, key, &h, now);

	return i ? value_of(t, at(t, i)) : NULL;
}

void *
table_get(struct table *t, const void *key, ts_t now, bool *fresh)
{
	uint32_t h;
	uint32_t i = find(t, key, &h, now);

	if (fresh)
		*fresh = i == 0;
	if (i != 0)
		return value_of(t, at(t, i));
	i = take(t, now);
	if (i == 0) {
		t->refused++;
		return NULL;
	}
	struct entry *e = at(t, i);
	uint32_t *bucket = &t->bucket[h & (t->nbucket - 1)];
	memset(e, 0, t->fresh_bytes);
	memcpy(key_of(e), key, t->spec.key);
	e->used = now;
	link_of(t, i)->hash = h;
	link_of(t, i)->chain = *bucket;
	*bucket = i;
	list_add(t, i);
	t->recent = i;
	t->inserted++;
	return value_of(t, e);
}

void *
table_peek(const struct table *t, const void *key)
{
	uint32_t i = look(t, key, hash(t, key));

	return i ? value_of(t, at(t, i)) : NULL;
}

void
table_pin(struct table *t, void *value, bool pin)
{
	uint32_t i = index_of(t, value);
	struct entry *e = at(t, i);

	e->order = (e->order & ~(uint64_t)PINNED) | (pin ? PINNED : 0);
	if (!pin && (t->loose == 0 || e->order < at(t, t->loose)->order))
		t->loose = i;
}

void
table_drop(struct table *t, void *value)
{
	drop(t, index_of(t, value));
}

const void *
table_key(const struct table *t, const void *value)
{
	return key_of(at(t, index_of(t, value)));
}

uint64_t
table_order(const struct table *t, const void *value)
{
	return at(t, index_of(t, value))->order;
}

void *
table_at(const struct table *t, uint32_t n)
{
	return n ? value_of(t, at(t, n)) : NULL;
}

ts_t
table_used_at(const struct table *t, const void *value)
{
	return at(t, index_of(t, value))->used;
}

void
table_sweep(struct table *t, ts_t now)
{
	uint32_t i = oldest_loose(t);

	while (i != 0) {
		uint32_t newer = link_of(t, i)->newer;
		if (past(t, at(t, i), now)) {
			t->expired++;
			drop(t, i);
		} else if (!pinned(t, i)) {
			break;
		}
		i = newer;
	}
}

void *
table_next(const struct table *t, const void *value)
{
	uint32_t i = value ? link_of(t, index_of(t, value))->older : t->newest;

	return i ? value_of(t, at(t, i)) : NULL;
}

void *
table_prev(const struct table *t, const void *value)
{
	uint32_t i = value ? link_of(t, index_of(t, value))->newer : t->oldest;

	return i ? value_of(t, at(t, i)) : NULL;
}

bool
table_pinned(const struct table *t, const void *value)
{
	return pinned(t, index_of(t, value));
}
