/* The schema of a record: the only place that knows field names.  It drives --dissect, --list-fields, site rules and
 * the generated documents.  A row names a member of a C struct; nothing here depends on the input.
 *
 * Presence: a record (or list item) that has optional numbers begins with `uint64_t set`; a row with `.has = BIT(n)`
 * is present when that bit is set.  Views are present when p != NULL, addresses when fam != 0. */
#ifndef CROSSTAP_FIELD_H
#define CROSSTAP_FIELD_H

#include "addr.h"
#include "bytes.h"
#include "cursor.h"
#include "names.h"
#include "out.h"

enum field_type {
	F_U8, F_U16, F_U32, F_U64, /* decimal */
	F_BOOL,			   /* bool; printed only when true unless .has says it is present */
	F_HEX8,			   /* "0x" and 2 digits; member uint8_t */
	F_HEX16, F_HEX24, F_HEX32, /* "0x" and 4, 6, 8 digits; members uint16_t, uint32_t, uint32_t */
	F_NAME8, F_NAME16,	   /* text of .names; absent where the value has no name */
	F_ADDR, F_MAC,		   /* struct addr, struct mac */
	F_TS,			   /* ts_t, as a date and a time to the second */
	F_HEX, F_TEXT, F_MACTEXT,  /* struct bytes as hex, as text up to its first NUL, as aa:bb:.. pairs */
	F_CSTR,			   /* char[] member, NUL-terminated; absent when empty and no .has */
	F_LIST,			   /* array of what .next gives: scalars when .nsub == 1 and .sub[0].name == NULL */
	F_ROWS,			   /* array of arrays: each item's fields in order, null where absent */
	F_OBJECT,		   /* one object: the first item of .next */
	F_MAP,			   /* one object whose keys come from the record: items are struct field_pair */
	F_NEST,			   /* one object with this table's own fields, of the record that .next writes, and so on
				    * inside it, FIELD_NEST_MAX deep; always printed after the other rows */
};

struct field_pair {
	char	     key[32];
	struct bytes hex;
};

struct field_it {
	const void   *rec; /* the record that owns the list */
	struct cursor c;   /* what is left to read; set up by the iterator itself on its first call (i == 0) */
	uint32_t      i;   /* items given so far; the caller counts */
};
/* Writes the next item, false at the end.  Stops at damage: what was readable has been given. */
typedef bool field_next(struct field_it *, void *item);

/* Bytes of the largest list item (a DNS record with two names as text); relays in relays (RFC 8415 7.6 lets at most
 * 8 add themselves); lists in lists, which only our own tables can nest. */
enum { FIELD_ITEM_MAX = 2560, FIELD_NEST_MAX = 8, FIELD_DEPTH_MAX = 4 };

struct field {
	const char	   *name;
	uint8_t		    type; /* enum field_type */
	uint8_t		    has;  /* 0 always (or by content), else 1 + bit of `set` */
	uint8_t		    nsub; /* of sub */
	uint16_t	    off;
	const struct name  *names;
	field_next	   *next;
	const struct field *sub;
	const char	   *help;
};

#define BIT(n) ((uint8_t)((n) + 1))
#define FIELD(rec, member, fname, ftype, ...) \
	{ .name = (fname), .type = (ftype), .off = offsetof(rec, member), __VA_ARGS__ }
#define WALK(fname, ftype, fnext, fsub, ...) \
	{ .name = (fname), .type = (ftype), .next = (fnext), .sub = (fsub), .nsub = NELEM(fsub), __VA_ARGS__ }

/* Writes `,"name":value` for every present field of the record.  An empty list is absent, unless `.has` says it is there. */
void field_json(struct out *, const struct field *, size_t n, const void *rec);
/* The same for row i of a table of n alone (what F_NEST opens has all rows of the table). */
void field_json_one(struct out *, const struct field *, size_t n, size_t i, const void *rec);
bool field_present(const struct field *, const void *rec);

/* One value, for who compares: numbers, names and flags in n (a name is its number, whether it has one or not), the others as
 * they are; MACs that are views (F_MACTEXT) in bytes, texts up to their first NUL. */
struct field_value {
	uint64_t     n;
	ts_t	     ts;
	struct addr  addr;
	struct mac   mac;
	struct bytes bytes;
};
/* False where it is absent, or a list or record.  A flag (F_BOOL) without `.has` is always there. */
bool field_value(const struct field *, const void *rec, struct field_value *);
/* Room for any list item. */
union field_item {
	uint64_t align;
	void	*align_ptr;
	uint8_t	 raw[FIELD_ITEM_MAX];
};

#endif
