/* A hash table whose bytes are known at start: fixed capacity, memory handed in once, keyed hash (mhash.h), in order of
 * last use.  When it is full the least recently used entry that is not pinned goes; `evicted` counts that, and who
 * draws conclusions from absence must look at it.  An entry not used for `lifetime` is gone (`expired`).
 * Keys are compared as bytes: zero the padding.  Pointers to values stay valid until the entry goes, which
 * happens in table_get() (the one inserted into may evict another), table_find() (one past its lifetime),
 * table_sweep() and table_drop() only.  A pinned entry neither expires nor is evicted; its time counts from its last
 * use all the same.  `on_drop` must not call into the same table. */
#ifndef CROSSTAP_TABLE_H
#define CROSSTAP_TABLE_H

#include "bytes.h"
#include "mhash.h"
#include "time.h"

struct table_spec {
	const char *name;
	uint32_t    key, value; /* bytes */
	uint32_t    capacity;	/* entries, at least 1 */
	ts_t	    lifetime;	/* since last use; 0: for ever */
};

struct table {
	struct table_spec spec;
	struct sipkey	  hash_key;
	struct mhash	  mhash;
	uint32_t	 *bucket;
	struct link	 *link;	 /* of each entry: its chain and its neighbours, close together */
	uint8_t		 *entry; /* what is looked at when the right one was found */
	uint32_t	  nbucket, stride, used, free, newest, oldest;
	uint32_t	  at_value; /* offset of the value in an entry */
	uint32_t	  fresh_bytes; /* zeroed of a fresh entry */
	uint32_t	  shift; /* stride is `odd` << shift, and odd * inverse is 1 */
	uint64_t	  inverse;
	uint32_t	  recent; /* the entry found last: the next question is often about it too */
	uint32_t	  loose; /* all entries older than this one are pinned */
	uint64_t	  order;
	uint64_t	  inserted, hit, expired, evicted, refused;
	void (*on_drop)(void *arg, const void *key, void *value); /* told before an entry goes; may be NULL */
	void *arg;
};

size_t table_bytes(const struct table_spec *);
/* `mem`: table_bytes() bytes aligned for uint64_t, owned by the caller for the life of the table. */
void   table_open(struct table *, const struct table_spec *, void *mem, struct sipkey);
/* Of large values whose lists have counts: only so many bytes of a fresh one are zeroed, the rest is whatever lay there. */
void   table_zeroes(struct table *, uint32_t bytes);
/* Finds or inserts; a fresh value is zeroed.  Touches the order.  NULL only when every entry is pinned (`refused`).
 * `fresh` may be NULL. */
void  *table_get(struct table *, const void *key, ts_t now, bool *fresh);
/* Finds without inserting; touches the order.  NULL if absent or past its lifetime. */
void  *table_find(struct table *, const void *key, ts_t now);
/* Looks without touching the order. */
void  *table_peek(const struct table *, const void *key);
void   table_pin(struct table *, void *value, bool pinned);
void   table_drop(struct table *, void *value);
const void *table_key(const struct table *, const void *value);
/* 0 .. capacity - 1, the same as long as the entry lives: an index into memory beside the table. */
uint32_t table_slot(const struct table *, const void *value);
/* Greater for what was used later. */
uint64_t table_order(const struct table *, const void *value);
/* The entry of slot n - 1; NULL for 0. */
void  *table_at(const struct table *, uint32_t n);
ts_t   table_used_at(const struct table *, const void *value);
/* Drops from the old end what is past its lifetime at `now`. */
void   table_sweep(struct table *, ts_t now);
bool   table_pinned(const struct table *, const void *value);
/* From the oldest to the newest; `value` NULL starts, NULL ends. */
void  *table_prev(const struct table *, const void *value);
/* Iterates from the newest to the oldest; `value` NULL starts, NULL ends.  Dropping the returned one is not allowed. */
void  *table_next(const struct table *, const void *value);

#endif
