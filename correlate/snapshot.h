/* What the engine knows as bytes, and back: learned baselines, leases and open incidents outlive a restart.
 *
 * Each store describes itself by rows beside its structs: struct snap_field names a member, struct snap_rec a struct,
 * struct snap_store where such structs lie.  One writer and one reader walk the rows; no struct is ever copied whole.
 * Integers are written in network byte order and in the size of their member.
 *
 * Format: "crosstap-state" NUL, version u8, hash key 2 x u64, clock and last tick u64, interfaces (u16 count; u8 length and name
 * each), then sections: name (u8 length, text), layout u64, first u64, count u32, and as many records, each with its
 * length (u32) before it.  A section without a name is the end.  `layout` is a digest of the rows: a section whose rows
 * have changed since is left out, the others are read.
 *
 * What is not kept says so (SNAP_NOT): the input at hand, and where in a capture a packet stood, for the next run reads
 * another one. */
#ifndef CROSSTAP_SNAPSHOT_H
#define CROSSTAP_SNAPSHOT_H

#include "state.h"

enum snap_kind {
	SNAP_NUMBER, /* unsigned or bool, 1 to 8 bytes, at most .max */
	SNAP_TIME,   /* ts_t and what is counted in its units */
	SNAP_REAL,   /* double, finite */
	SNAP_BYTES,  /* as they are: struct mac */
	SNAP_CHARS,  /* text with a final NUL */
	SNAP_ADDR,
	SNAP_PREFIX,
	SNAP_TEXT,	/* const char *: kept by the engine for its life when read */
	SNAP_SEGMENT,	/* number of a segment */
	SNAP_STRUCT,	/* .rec */
	SNAP_LEFT_OUT,
};

struct snap_rec;
struct snap_field {
	const char *name;
	const struct snap_rec *rec;
	uint64_t max;
	uint32_t off, size, n;	     /* n: elements of an array, 1 else */
	uint32_t count, count_size;  /* offset and size of the member that tells how many of n are in use; size 0: all */
	uint8_t kind;
};
struct snap_rec {
	const struct snap_field *field;
	uint32_t n, size;
};

/* NOLINTBEGIN(bugprone-macro-parentheses): types and members of offsetof() take none */
#define SNAP_AT(T, m) (((T *)0)->m)
#define SNAP_KIND(x)                                                                                         \
	_Generic((x), bool: SNAP_NUMBER, uint8_t: SNAP_NUMBER, uint16_t: SNAP_NUMBER, uint32_t: SNAP_NUMBER,  \
		uint64_t: SNAP_NUMBER, int64_t: SNAP_TIME, double: SNAP_REAL, struct mac: SNAP_BYTES,         \
		struct addr: SNAP_ADDR, struct prefix: SNAP_PREFIX, const char *: SNAP_TEXT)
#define SNAP_MAX(x) _Generic((x), bool: 1, default: UINT64_MAX)
/* One member; one with a bound; the number of a segment; text in an array of char. */
#define SNAP(T, m)                                                                                           \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, m)), .n = 1,                           \
	  .kind = SNAP_KIND(SNAP_AT(T, m)), .max = SNAP_MAX(SNAP_AT(T, m)) }
#define SNAP_UPTO(T, m, most)                                                                                \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, m)), .n = 1, .kind = SNAP_NUMBER,      \
	  .max = (most) }
#define SNAP_SEG(T, m)                                                                                       \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, m)), .n = 1, .kind = SNAP_SEGMENT }
#define SNAP_STR(T, m)                                                                                       \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, m)), .n = 1, .kind = SNAP_CHARS }
/* An array, whole; as much of it as another member (which stands in front) tells.  `e`: its first element. */
#define SNAP_ARRAY(T, m, e)                                                                                  \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, e)),                                   \
	  .n = sizeof(SNAP_AT(T, m)) / sizeof(SNAP_AT(T, e)), .kind = SNAP_KIND(SNAP_AT(T, e)),               \
	  .max = SNAP_MAX(SNAP_AT(T, e)) }
#define SNAP_SOME(T, m, e, c)                                                                                \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, e)),                                   \
	  .n = sizeof(SNAP_AT(T, m)) / sizeof(SNAP_AT(T, e)), .kind = SNAP_KIND(SNAP_AT(T, e)),               \
	  .max = SNAP_MAX(SNAP_AT(T, e)), .count = offsetof(T, c), .count_size = sizeof(SNAP_AT(T, c)) }
/* The same of structs. */
#define SNAP_SUB(T, m, r)                                                                                    \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, m)), .n = 1, .kind = SNAP_STRUCT,      \
	  .rec = &(r) }
#define SNAP_SUBS(T, m, e, r)                                                                                \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, e)),                                   \
	  .n = sizeof(SNAP_AT(T, m)) / sizeof(SNAP_AT(T, e)), .kind = SNAP_STRUCT, .rec = &(r) }
#define SNAP_SOME_SUBS(T, m, e, c, r)                                                                        \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, e)),                                   \
	  .n = sizeof(SNAP_AT(T, m)) / sizeof(SNAP_AT(T, e)), .kind = SNAP_STRUCT, .rec = &(r),               \
	  .count = offsetof(T, c), .count_size = sizeof(SNAP_AT(T, c)) }
/* A member of a struct without a name that stands in an array. */
#define SNAP_IN(T, m, e, sub)                                                                                \
	{ .name = #sub, .off = offsetof(T, e.sub) - offsetof(T, m), .size = sizeof(SNAP_AT(T, e.sub)), .n = 1, \
	  .kind = SNAP_KIND(SNAP_AT(T, e.sub)), .max = SNAP_MAX(SNAP_AT(T, e.sub)) }
/* Zero after a restart. */
#define SNAP_NOT(T, m)                                                                                       \
	{ .name = #m, .off = offsetof(T, m), .size = sizeof(SNAP_AT(T, m)), .n = 1, .kind = SNAP_LEFT_OUT }
#define SNAP_REC(T, rows) { .field = (rows), .n = NELEM(rows), .size = sizeof(T) }
/* NOLINTEND(bugprone-macro-parentheses) */

extern const struct snap_rec snap_no_key; /* of stores without keys */
extern const struct snap_rec actor_rec;	  /* struct actor (hypothesis.c) */

/* A queue or ring of structs.  Either it counts what was ever written (`ever`, the last `cap` of them are there), or it has a
 * head and a length. */
struct snap_ring {
	void *v;
	uint32_t cap;
	uint64_t *ever, *head;
	uint32_t *n;
};

enum snap_store_kind {
	SNAP_TABLE,    /* struct table */
	SNAP_RECORD,   /* one struct */
	SNAP_SEGMENTS, /* an array with one struct for each segment */
	SNAP_RING,     /* .ring */
};
struct snap_store {
	const char *name;
	const struct snap_rec *key, *value;
	uint32_t owner, member; /* offset of the owner's pointer in struct engine; of the table, struct or array in it */
	uint8_t kind;
	bool in_engine;	  /* the owner is struct engine itself */
	bool is_pointer;  /* the member points to the array */
	struct snap_ring (*ring)(struct engine *);
	/* Of each value that was read, at its place; false: it contradicts itself. */
	bool (*added)(struct engine *, const void *key, void *value);
	/* When everything was read: what follows from it. */
	bool (*loaded)(struct engine *);
};
extern const struct snap_store snap_answers[], snap_auths[], snap_clocks[], snap_d6[], snap_failover[], snap_feed[], snap_hyps[], snap_identity[],
	snap_ledger[], snap_mutes[], snap_outcomes[], snap_ra[], snap_rates[], snap_resolvers[], snap_revisions[], snap_routes[], snap_servers[],
	snap_sessions[], snap_state[], snap_tunnels[], snap_vantage[]; /* each ended by one without a name */
/* The i-th of all, NULL past the end. */
const struct snap_store *snap_store_at(size_t i);

struct snap;
size_t snap_bytes(void);
void   snap_open(struct engine *, void *mem);
/* The first packet after a restart (e->restored), at that time: what lies between may be an outage. */
void   snapshot_resume(struct engine *, ts_t now);

/* ---- for sensor/ ---- */
/* Takes bytes in order; false: they could not be taken, and nothing more is written. */
typedef bool snapshot_put(void *arg, struct bytes);
/* Begins with all that is known now, ends with which revision of each incident was told last: what engine_end() tells in
 * between is counted, but the windows that it closes are open again after the restart. */
bool snapshot_begin(struct engine *, snapshot_put *, void *arg);
bool snapshot_finish(struct engine *, snapshot_put *, void *arg);

struct snapshot_said {
	const char *wrong;  /* why it was refused: constant text; NULL: it was read */
	size_t	    at;	    /* byte offset of that */
	uint32_t    sections, left_out; /* left_out: written by another version, or unknown */
	ts_t	    clock;  /* of the engine when it was made */
};
/* Into an engine that has seen nothing.  False: refused; the engine is then to be opened anew.  `gap`: how much time may
 * pass until the next packet before it counts as an outage, in which anything may have happened; windows over an outage
 * are not clean, and it does not count as silence. */
bool snapshot_load(struct engine *, struct bytes, ts_t gap, struct snapshot_said *);

#endif
