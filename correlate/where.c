#include "where.h"
#include "dissector.h"

enum { ADDR4_BITS = 32, ADDR6_BITS = 128 };

/* Which operators suit which class, and how many values they take. */
#define CLASS(c) (1u << (c))
#define ANY                                                                                                  \
	(CLASS(WC_NUMBER) | CLASS(WC_ADDR) | CLASS(WC_MAC) | CLASS(WC_BYTES) | CLASS(WC_TEXT) |              \
	 CLASS(WC_TIME))
static const struct {
	const char *name;
	unsigned classes;
	uint16_t min, max;
	const char *expected;
} ops[] = {
	[W_EQ] = { "eq", ANY, 1, 1, "one value behind eq" },
	[W_NE] = { "ne", ANY, 1, 1, "one value behind ne" },
	[W_IN] = { "in", ANY, 1, WHERE_VALUES, "a list of 1 to 1024 values behind in" },
	[W_NOT_IN] = { "not-in", ANY, 1, WHERE_VALUES, "a list of 1 to 1024 values behind not-in" },
	[W_LT] = { "lt", CLASS(WC_NUMBER) | CLASS(WC_TIME), 1, 1, "one value behind lt" },
	[W_GT] = { "gt", CLASS(WC_NUMBER) | CLASS(WC_TIME), 1, 1, "one value behind gt" },
	[W_PREFIX] = { "prefix", CLASS(WC_ADDR), 1, WHERE_VALUES, "1 to 1024 networks behind prefix" },
	[W_CONTAINS] = { "contains", CLASS(WC_BYTES) | CLASS(WC_TEXT), 1, WHERE_VALUES,
			 "1 to 1024 values behind contains" },
	[W_EXISTS] = { "exists", ANY | CLASS(WC_NONE), 0, 0, "no value behind exists" },
	[W_ABSENT] = { "absent", ANY | CLASS(WC_NONE), 0, 0, "no value behind absent" },
};

/* What an operator of a class may be, for the message about one that it may not. */
static const char *const ops_expected[] = {
	[WC_NONE] = "exists or absent, which are all that suits a record",
	[WC_NUMBER] = "eq, ne, in, not-in, lt, gt, exists or absent, which suit a number, name or flag",
	[WC_ADDR] = "eq, ne, in, not-in, prefix, exists or absent, which suit an address",
	[WC_MAC] = "eq, ne, in, not-in, exists or absent, which suit a MAC address",
	[WC_BYTES] = "eq, ne, in, not-in, contains, exists or absent, which suit bytes",
	[WC_TEXT] = "eq, ne, in, not-in, contains, exists or absent, which suit a text",
	[WC_TIME] = "eq, ne, in, not-in, lt, gt, exists or absent, which suit a time",
};

/* ---- compiling ---- */
static enum where_class
class_of(const struct field *f)
{
	switch (f->type) {
	case F_U8:
	case F_U16:
	case F_U32:
	case F_U64:
	case F_BOOL:
	case F_HEX8:
	case F_HEX16:
	case F_HEX24:
	case F_HEX32:
	case F_NAME8:
	case F_NAME16: return WC_NUMBER;
	case F_ADDR: return WC_ADDR;
	case F_MAC: return WC_MAC;
	case F_HEX:
	case F_MACTEXT: return WC_BYTES;
	case F_TEXT:
	case F_CSTR: return WC_TEXT;
	case F_TS: return WC_TIME;
	default: return WC_NONE;
	}
}

/* Equal without regard to ASCII case. */
static bool
text_same(struct bytes a, struct bytes b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		uint8_t x = a.p[i], y = b.p[i];
		uint8_t low = x | 0x20;
		if (x != y && !(low == (y | 0x20) && low >= 'a' && low <= 'z'))
			return false;
	}
	return true;
}

/* The part of a name before the next dot; the name moves behind it. */
static struct bytes
part(struct bytes *name)
{
	size_t n = 0;

	while (n < name->n && name->p[n] != '.')
		n++;
	struct bytes head = bytes_of(name->p, n);
	size_t used = n < name->n ? n + 1 : n;
	*name = bytes_of(name->p + used, name->n - used);
	return head;
}

static const struct field *
row_named(const struct field *table, size_t n, struct bytes name, const struct field *after)
{
	for (size_t i = after ? (size_t)(after - table) + 1 : 0; i < n; i++)
		if (table[i].name && bytes_eq(bytes_str(table[i].name), name))
			return &table[i];
	return NULL;
}

/* The field that a path ends at: a value, a record, or a list of values, which is walked into. */
static const char *
where_end(struct where_pred *p, const struct field *table, size_t n, const struct field *f)
{
	bool values = f->type == F_LIST && f->nsub == 1 && f->sub[0].name == NULL;

	p->leaf[0] = f;
	p->leaf[1] = row_named(table, n, bytes_str(f->name), f);
	p->class = (uint8_t)class_of(f);
	if (!values || p->nvia == WHERE_VIA || class_of(&f->sub[0]) == WC_NONE)
		return NULL; /* there is only exists and absent for it */
	p->via[p->nvia++] = f;
	p->leaf[0] = &f->sub[0];
	p->leaf[1] = NULL;
	p->class = (uint8_t)class_of(&f->sub[0]);
	return NULL;
}

const char *
where_field(struct where_pred *p, struct bytes name)
{
	static const char expected[] = "a field of --list-fields";
	struct bytes proto = part(&name);
	const struct field *table = NULL;
	size_t n = 0;

	*p = (struct where_pred){ 0 };
	for (size_t i = 0; dissectors[i] && p->by == NULL; i++)
		if (dissectors[i]->name && bytes_eq(bytes_str(dissectors[i]->name), proto)) {
			p->by = dissectors[i];
			table = p->by->fields;
			n = p->by->nfields;
		}
	while (table && name.n) {
		const struct field *f = row_named(table, n, part(&name), NULL);
		if (f == NULL)
			break;
		if (name.n == 0)
			return where_end(p, table, n, f);
		if (p->nvia == WHERE_VIA || !f->next || f->type == F_MAP || (f->type == F_NEST && p->nvia))
			break;
		p->via[p->nvia++] = f;
		if (f->type == F_NEST) /* the same fields once more, at any depth */
			continue;
		table = f->sub;
		n = f->nsub;
	}
	p->by = NULL;
	return expected;
}

const char *
where_op(struct where_pred *p, struct bytes op)
{
	for (size_t i = 0; i < NELEM(ops); i++) {
		if (!bytes_eq(bytes_str(ops[i].name), op) || !(ops[i].classes & CLASS(p->class)))
			continue;
		p->op = (uint8_t)i;
		return NULL;
	}
	return ops_expected[p->class];
}

/* Decimal, or 0x and hex digits. */
static bool
number_of(struct bytes t, uint64_t *v)
{
	bool hex = t.n > 2 && t.p[0] == '0' && (t.p[1] | 0x20) == 'x';
	uint64_t base = hex ? 16 : 10;

	*v = 0;
	for (size_t i = hex ? 2 : 0; i < t.n; i++) {
		int d = hex_digit(t.p[i]);
		if (d < 0 || (uint64_t)d >= base || *v > (UINT64_MAX - (uint64_t)d) / base)
			return false;
		*v = *v * base + (uint64_t)d;
	}
	return t.n > 0;
}

static const char *
number_value(const struct field *f, struct bytes text, uint64_t *v)
{
	static const struct {
		uint64_t max;
		const char *expected;
	} of[] = {
		[F_U8] = { UINT8_MAX, "a number from 0 to 255" },
		[F_U16] = { UINT16_MAX, "a number from 0 to 65535" },
		[F_U32] = { UINT32_MAX, "a number from 0 to 4294967295" },
		[F_U64] = { UINT64_MAX, "a number" },
		[F_HEX8] = { UINT8_MAX, "a number from 0 to 0xff" },
		[F_HEX16] = { UINT16_MAX, "a number from 0 to 0xffff" },
		[F_HEX24] = { 0xffffff, "a number from 0 to 0xffffff" },
		[F_HEX32] = { UINT32_MAX, "a number from 0 to 0xffffffff" },
	};

	if (f->type == F_BOOL) {
		*v = bytes_eq(text, bytes_str("true"));
		return *v || bytes_eq(text, bytes_str("false")) ? NULL : "true or false";
	}
	if (f->type == F_NAME8 || f->type == F_NAME16) {
		for (const struct name *n = f->names; n && n->text; n++)
			if (text_same(text, bytes_str(n->text))) {
				*v = n->value;
				return NULL;
			}
		return "a name that --dissect prints for this field";
	}
	return number_of(text, v) && *v <= of[f->type].max ? NULL : of[f->type].expected;
}

/* Pairs of hex digits, colons or dashes between them or not, in place; false where it is something else. */
static bool
hex_in_place(uint8_t *t, size_t n, struct bytes *v)
{
	size_t out = 0;

	for (size_t i = 0; i < n;) {
		if (out && (t[i] == ':' || t[i] == '-'))
			i++;
		if (n - i < 2 || hex_digit(t[i]) < 0 || hex_digit(t[i + 1]) < 0)
			return false;
		t[out++] = (uint8_t)(hex_digit(t[i]) << 4 | hex_digit(t[i + 1]));
		i += 2;
	}
	*v = bytes_of(t, out);
	return out > 0;
}

const char *
where_value(const struct where_pred *p, uint8_t *text, size_t n, ts_t ts, struct where_value *v)
{
	struct bytes t = bytes_of(text, n);
	struct prefix net;

	*v = (struct where_value){ 0 };
	if (ops[p->op].max == 0 || p->nv == ops[p->op].max)
		return ops[p->op].expected;
	switch ((enum where_class)p->class) {
	case WC_NUMBER: return number_value(p->leaf[0], t, &v->n);
	case WC_ADDR:
		if (p->op != W_PREFIX)
			return addr_parse(t, &v->addr) ? NULL : "an IPv4 or IPv6 address";
		if (!prefix_parse(t, &net))
			return "a network, like 10.16.40.0/24 or fd00::/64";
		v->addr = net.a;
		v->len = net.len;
		return NULL;
	case WC_MAC: return mac_parse(t, &v->mac) ? NULL : "a MAC address, like 00:11:22:aa:bb:cc";
	case WC_BYTES: return hex_in_place(text, n, &v->bytes) ? NULL : "bytes in hex";
	case WC_TEXT: v->bytes = t; return NULL;
	case WC_TIME: v->ts = ts; return ts != TS_NONE ? NULL : "a time, like 2026-12-24T00:00:00Z";
	case WC_NONE: break;
	}
	return "no value";
}

const char *
where_complete(const struct where_pred *p)
{
	return p->nv >= ops[p->op].min && p->nv <= ops[p->op].max ? NULL : ops[p->op].expected;
}

const char *
where_op_name(enum where_op op)
{
	return ops[op].name;
}

bool
site_id_good(struct bytes id)
{
	struct bytes start = bytes_str("SITE-");

	if (id.n <= start.n || id.n > SITE_ID_MAX || memcmp(id.p, start.p, start.n) != 0)
		return false;
	for (size_t i = start.n; i < id.n; i++) {
		uint8_t c = id.p[i] | 0x20;
		if (!(c >= 'a' && c <= 'z') && !(id.p[i] >= '0' && id.p[i] <= '9') && id.p[i] != '-')
			return false;
	}
	return true;
}

const struct site_rule *
site_rule_named(const struct site_rule *r, size_t n, struct bytes id)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(r[i].id, id))
			return &r[i];
	return NULL;
}

/* ---- asking ---- */
static bool
equal(const struct where_pred *p, const struct field_value *f, const struct where_value *v)
{
	switch ((enum where_class)p->class) {
	case WC_NUMBER: return f->n == v->n;
	case WC_ADDR: return addr_eq(f->addr, v->addr);
	case WC_MAC: return mac_eq(f->mac, v->mac);
	case WC_BYTES: return bytes_eq(f->bytes, v->bytes);
	case WC_TEXT: return text_same(f->bytes, v->bytes);
	case WC_TIME: return f->ts == v->ts;
	case WC_NONE: break;
	}
	return false;
}

static bool
contains(const struct where_pred *p, struct bytes in, struct bytes what)
{
	for (size_t i = 0; what.n && i + what.n <= in.n; i++) {
		struct bytes at = bytes_of(in.p + i, what.n);
		if (p->class == WC_TEXT ? text_same(at, what) : bytes_eq(at, what))
			return true;
	}
	return false;
}

static bool
value_holds(const struct where_pred *p, const struct field_value *f)
{
	const struct where_value *first = p->v, *end = p->v + p->nv;
	bool any = false;

	switch ((enum where_op)p->op) {
	case W_LT: return p->class == WC_TIME ? f->ts < first->ts : f->n < first->n;
	case W_GT: return p->class == WC_TIME ? f->ts > first->ts : f->n > first->n;
	case W_EXISTS:
	case W_ABSENT: return true; /* who asked turns the answer around */
	default: break;
	}
	for (const struct where_value *v = first; v < end && !any; v++)
		any = p->op == W_PREFIX	    ? addr_in(f->addr, (struct prefix){ v->addr, v->len })
		      : p->op == W_CONTAINS ? contains(p, f->bytes, v->bytes)
					    : equal(p, f, v);
	return any != (p->op == W_NE || p->op == W_NOT_IN);
}

static bool
leaf_holds(const struct where_pred *p, const void *rec)
{
	struct field_value v;

	for (size_t i = 0; i < WHERE_LEAVES && p->leaf[i]; i++) {
		if (p->op == W_EXISTS || p->op == W_ABSENT) {
			if (field_present(p->leaf[i], rec))
				return true;
		} else if (field_value(p->leaf[i], rec, &v) && value_holds(p, &v)) {
			return true;
		}
	}
	return false;
}

/* Does the leaf of any item hold?  Lists in lists as deep as the rule's path, which our own tables bound. */
static bool
any_item(const struct where_pred *p, size_t from, const void *rec)
{
	struct {
		struct field_it it;
		union field_item item;
	} level[WHERE_VIA];
	size_t depth = from;

	if (from == p->nvia)
		return leaf_holds(p, rec);
	level[depth].it = (struct field_it){ .rec = rec };
	for (;;) {
		const struct field *f = p->via[depth];
		if ((f->type == F_OBJECT && level[depth].it.i) ||
		    !f->next(&level[depth].it, &level[depth].item)) {
			if (depth-- == from)
				return false;
			continue;
		}
		level[depth].it.i++;
		const void *item = &level[depth].item;
		if (depth + 1u == p->nvia) {
			if (leaf_holds(p, item))
				return true;
		} else {
			level[++depth].it = (struct field_it){ .rec = item };
		}
	}
}

/* A record inside records of its own kind (a relayed message): any depth will do. */
static bool
any_nested(const struct where_pred *p, const void *rec)
{
	union field_item item[2];

	for (unsigned depth = 0; depth < FIELD_NEST_MAX; depth++) {
		struct field_it it = { .rec = rec };
		union field_item *inner = &item[depth & 1];
		if (!p->via[0]->next(&it, inner))
			return false;
		if (any_item(p, 1, inner))
			return true;
		rec = inner;
	}
	return false;
}

bool
where_holds(const struct site_rule *r, const struct obs *o)
{
	if (r->on != o->by)
		return false;
	for (size_t i = 0; i < r->nwhere; i++) {
		const struct where_pred *p = &r->where[i];
		bool holds =
			p->nvia && p->via[0]->type == F_NEST ? any_nested(p, &o->u) : any_item(p, 0, &o->u);
		/* of a message that was cut nobody knows what is absent */
		if (p->op == W_ABSENT ? holds || (o->flags & OBS_CUT) : !holds)
			return false;
	}
	return true;
}
