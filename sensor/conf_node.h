/* The option table, private to conf*.c.  A row names a member of a C struct, what may stand there and what it means.
 * From it come the parser, --dump-config and the documents; to add an option, add a row (and the member). */
#ifndef CROSSTAP_CONF_NODE_H
#define CROSSTAP_CONF_NODE_H

#include "conf.h"
#include "names.h"

enum conf_kind {
	K_MAP,	/* .sub inside the same struct, at .off */
	K_LIST, /* list of maps: .sub inside each item */
	K_NAME, /* printable ASCII without blank, quote, = and ], at most .max bytes */
	K_TEXT, /* any text, at most .max bytes */
	K_BOOL,
	K_U32,
	K_ZONE, /* struct conf_zone: Z, +hh:mm or -hh:mm; absent: not given */
	K_TIME, /* ts_t: a number with s, m, h or d, alone seconds; bounds in seconds */
	K_WHEN, /* ts_t: a date and time with its offset from UTC; 0: not given */
	K_ENUM, /* uint8_t out of .names */
	K_PROTO, /* const struct dissector *, by its name */
	K_ADDR,
	K_MAC, /* one; .declared is set */
	K_TEXTS,
	K_ADDRS,
	K_MACS,
	K_PREFIXES,
	K_DUIDS,
	K_HASHES, /* a list of them, or one alone */
	K_PAIRS,  /* list of lists of two addresses */
	K_WHERE,  /* list of predicates [field, operator, values] (where.h) */
};

struct conf_node {
	const char *key;
	uint8_t kind;
	uint8_t change; /* enum conf_change, of all below a map */
	uint16_t off;	   /* of the value, or of a list's pointer */
	uint16_t off_n;	   /* of a list's length */
	uint16_t declared; /* 1 + offset of a bool told that the key was there; 0: none */
	uint16_t item;	   /* bytes of a list's item */
	uint8_t nsub;
	const struct conf_node *sub;
	uint32_t min, max;
	const char *def; /* NULL: none */
	const struct name *names;
	/* Of a map or a list's item, asked when it is complete: what was found and expected, or NULL. */
	const char *(*check)(const struct conf *, const void *item);
	const char *help;
};

extern const struct conf_node conf_root;

/* conf_value.c: */
/* Zeroed memory that lives as long as `c`; NULL where the configuration takes more than 64 MiB. */
void *conf_alloc(struct conf *, size_t n);
/* A fresh item at the end of a list; NULL without memory. */
void *conf_append(struct conf *, const struct conf_node *, void *base);
/* Sets a scalar, or adds one to a list of scalars.  NULL, or what was expected. */
const char *conf_scalar(struct conf *, const struct conf_node *, void *base, struct bytes text);
/* Adds a value to a predicate of a site rule.  NULL, or what was expected. */
const char *conf_where_value(struct conf *, struct where_pred *, struct bytes text);
bool conf_is_list(const struct conf_node *);
size_t conf_list_length(const struct conf_node *, const void *base);
const void *conf_list_at(const struct conf_node *, const void *base, size_t i);
const char *conf_expected(const struct conf_node *);

#endif
