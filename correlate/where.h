/* Site rules (ARCHITECTURE.md 9): predicates over the fields of one message, compiled when the configuration is read.
 * All predicates of a rule must hold.  Of a list any item will do: `not-in` holds when an item is in none of the values.
 * What is absent fulfils `absent` and nothing else.  Texts are compared without regard to ASCII case. */
#ifndef CROSSTAP_WHERE_H
#define CROSSTAP_WHERE_H

#include "obs.h"
#include "incident.h"

struct dissector;
enum { WHERE_VIA = 3 /* lists in lists, FIELD_DEPTH_MAX with the field itself */, WHERE_LEAVES = 2,
       WHERE_PREDS = 16, WHERE_VALUES = 1024, SITE_RULES = 256, SITE_ID_MAX = 32, SITE_TITLE_MAX = 120 };

enum where_op { W_EQ, W_NE, W_IN, W_NOT_IN, W_LT, W_GT, W_PREFIX, W_CONTAINS, W_EXISTS, W_ABSENT };
enum where_class { WC_NONE /* a record: it can be there or not */, WC_NUMBER, WC_ADDR, WC_MAC, WC_BYTES, WC_TEXT, WC_TIME };

/* By class; a network in addr and len, bytes and text as a view that the rule's owner keeps.  A name is its number. */
struct where_value {
	uint64_t     n;
	ts_t	     ts;
	struct addr  addr;
	uint8_t	     len;
	struct mac   mac;
	struct bytes bytes;
};

struct where_pred {
	const struct dissector *by;	/* whose field it is; NULL: none was found */
	const struct field *via[WHERE_VIA];	/* lists and records from the outside */
	const struct field *leaf[WHERE_LEAVES];	/* rows of the same name (a flag of RA and NA); the second mostly NULL */
	uint8_t		    nvia, class, op;
	bool		    wrong;	/* told already: the rest of it is passed over */
	struct where_value *v;
	size_t		    nv;
};

struct site_rule {
	struct bytes id, title, attack;	/* NUL-terminated; title and attack may be absent */
	const struct dissector *on;
	uint8_t	     severity;		/* enum severity */
	struct where_pred *where;
	size_t	     nwhere;
};

/* Compiling, in this order.  Each gives NULL, or what was expected instead. */
const char *where_field(struct where_pred *, struct bytes name); /* "dhcpv4.routers" */
const char *where_op(struct where_pred *, struct bytes op);
/* `text`: n bytes that live as long as the rule; hex is decoded in place.  `ts`: the text as a time, TS_NONE where it is
 * none (times in text are read by hostfeed/, not here). */
const char *where_value(const struct where_pred *, uint8_t *text, size_t n, ts_t ts, struct where_value *);
const char *where_complete(const struct where_pred *); /* has it as many values as its operator takes? */
const char *where_op_name(enum where_op);
/* "SITE-" and letters, digits, dashes. */
bool site_id_good(struct bytes);
/* The id of the rule's detection in --explain and mutes: equal without regard to ASCII case. */
const struct site_rule *site_rule_named(const struct site_rule *, size_t n, struct bytes id);

/* Does the rule hold for the message?  Reads nothing but the message's fields. */
bool where_holds(const struct site_rule *, const struct obs *);

#endif
