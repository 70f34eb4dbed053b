/* Records to JSON by their schema.  Nothing is read but the record and what its iterators give; lists in lists recurse
 * over our own tables, bounded by FIELD_DEPTH_MAX, never over the input. */
#include "field.h"

static bool record_json(struct out *, const struct field *, size_t n, const void *rec, bool comma,
			unsigned depth);
static void value_json(struct out *, const struct field *, const void *rec, unsigned depth);

/* Members are copied out by the width of their type, so that one offset serves every record. */
static uint64_t
number(const struct field *f, const void *rec)
{
	const uint8_t *at = (const uint8_t *)rec + f->off;
	uint8_t v8 = 0;
	uint16_t v16 = 0;
	uint32_t v32 = 0;
	uint64_t v64 = 0;

	switch (f->type) {
	case F_U8:
	case F_BOOL:
	case F_HEX8:
	case F_NAME8: memcpy(&v8, at, sizeof(v8)); return v8;
	case F_U16:
	case F_HEX16:
	case F_NAME16: memcpy(&v16, at, sizeof(v16)); return v16;
	case F_U32:
	case F_HEX24:
	case F_HEX32: memcpy(&v32, at, sizeof(v32)); return v32;
	case F_U64: memcpy(&v64, at, sizeof(v64)); return v64;
	}
	return 0;
}

static struct bytes
view(const struct field *f, const void *rec)
{
	struct bytes b;

	memcpy(&b, (const uint8_t *)rec + f->off, sizeof(b));
	return b;
}

static struct addr
address(const struct field *f, const void *rec)
{
	struct addr a;

	memcpy(&a, (const uint8_t *)rec + f->off, sizeof(a));
	return a;
}

static const char *
cstr(const struct field *f, const void *rec)
{
	return (const char *)rec + f->off;
}

static bool
has_bit(const struct field *f, const void *rec)
{
	uint64_t set;

	if (f->has == 0)
		return true;
	memcpy(&set, rec, sizeof(set));
	return set >> ((f->has - 1) & 63) & 1;
}

/* Presence without looking into lists. */
static bool
has_value(const struct field *f, const void *rec)
{
	if (!has_bit(f, rec))
		return false;
	switch (f->type) {
	case F_BOOL: return f->has || number(f, rec) != 0;
	case F_NAME8:
	case F_NAME16: return name_of(f->names, (uint32_t)number(f, rec)) != NULL;
	case F_ADDR: return addr_set(address(f, rec));
	case F_HEX:
	case F_TEXT:
	case F_MACTEXT: return view(f, rec).p != NULL;
	case F_CSTR: return f->has || *cstr(f, rec) != '\0';
	}
	return true;
}

static bool
is_list(const struct field *f)
{
	return f->type == F_LIST || f->type == F_ROWS || f->type == F_OBJECT || f->type == F_MAP ||
	       f->type == F_NEST;
}

bool
field_present(const struct field *f, const void *rec)
{
	struct field_it it = { .rec = rec };
	union field_item item;

	if (!has_value(f, rec))
		return false;
	if (!is_list(f) || (f->has && f->type != F_NEST))
		return true;
	return f->next && f->next(&it, &item);
}

bool
field_value(const struct field *f, const void *rec, struct field_value *v)
{
	*v = (struct field_value){ 0 };
	if (!has_bit(f, rec))
		return false;
	switch (f->type) {
	case F_ADDR: v->addr = address(f, rec); return addr_set(v->addr);
	case F_MAC: memcpy(&v->mac, (const uint8_t *)rec + f->off, sizeof(v->mac)); return true;
	case F_TS: memcpy(&v->ts, (const uint8_t *)rec + f->off, sizeof(v->ts)); return true;
	case F_HEX:
	case F_MACTEXT: v->bytes = view(f, rec); return v->bytes.p != NULL;
	case F_TEXT: v->bytes = bytes_text(view(f, rec)); return v->bytes.p != NULL;
	case F_CSTR: v->bytes = bytes_str(cstr(f, rec)); return f->has || v->bytes.n;
	default: v->n = number(f, rec); return !is_list(f);
	}
}

static void
mac_text(struct out *o, struct bytes b)
{
	for (size_t i = 0; i < b.n && out_ok(o); i++) {
		if (i)
			out_chr(o, ':');
		out_hexn(o, b.p[i], 2);
	}
}

static void
scalar_quoted(struct out *o, const struct field *f, const void *rec)
{
	struct mac m;
	ts_t ts;

	out_chr(o, '"');
	switch (f->type) {
	case F_HEX8:
	case F_HEX16:
	case F_HEX24:
	case F_HEX32:
		out_str(o, "0x");
		out_hexn(o, number(f, rec), 2 * (unsigned)(f->type - F_HEX8 + 1));
		break;
	case F_NAME8:
	case F_NAME16: out_json_text(o, bytes_str(name_of(f->names, (uint32_t)number(f, rec)))); break;
	case F_ADDR: out_addr(o, address(f, rec)); break;
	case F_MAC:
		memcpy(&m, (const uint8_t *)rec + f->off, sizeof(m));
		out_mac(o, m);
		break;
	case F_TS:
		memcpy(&ts, (const uint8_t *)rec + f->off, sizeof(ts));
		out_ts(o, ts, 0);
		break;
	case F_HEX: out_hex(o, view(f, rec)); break;
	case F_TEXT: out_json_text(o, bytes_text(view(f, rec))); break;
	case F_MACTEXT: mac_text(o, view(f, rec)); break;
	case F_CSTR: out_json_text(o, bytes_str(cstr(f, rec))); break;
	}
	out_chr(o, '"');
}

/* Fields in order as an array, null where one is absent. */
static void
row_json(struct out *o, const struct field *f, const void *rec, unsigned depth)
{
	out_chr(o, '[');
	for (size_t i = 0; i < f->nsub; i++) {
		if (i)
			out_chr(o, ',');
		value_json(o, &f->sub[i], rec, depth);
	}
	out_chr(o, ']');
}

static void
item_json(struct out *o, const struct field *f, const union field_item *item, unsigned depth)
{
	struct field_pair pair;

	if (f->type == F_MAP) {
		memcpy(&pair, item, sizeof(pair));
		pair.key[sizeof(pair.key) - 1] = '\0';
		out_json_str(o, bytes_str(pair.key));
		out_str(o, ":\"");
		out_hex(o, pair.hex);
		out_chr(o, '"');
	} else if (f->type == F_ROWS) {
		row_json(o, f, item, depth);
	} else if (f->nsub == 1 && f->sub[0].name == NULL) {
		value_json(o, &f->sub[0], item, depth);
	} else {
		out_chr(o, '{');
		(void)record_json(o, f->sub, f->nsub, item, false, depth);
		out_chr(o, '}');
	}
}

/* The list from its first item on, which was read already.  Ends early when the output is full. */
static void
list_json(struct out *o, const struct field *f, struct field_it *it, union field_item *item, unsigned depth)
{
	bool many = f->type == F_LIST || f->type == F_ROWS;

	if (f->type != F_OBJECT)
		out_chr(o, many ? '[' : '{');
	do {
		if (it->i)
			out_chr(o, ',');
		item_json(o, f, item, depth);
		it->i++;
	} while (f->type != F_OBJECT && out_ok(o) && f->next(it, item));
	if (f->type != F_OBJECT)
		out_chr(o, many ? ']' : '}');
}

/* What stands before a value: nothing in a row, a comma where needed and the name in an object. */
static void
lead(struct out *o, const char *name, bool comma)
{
	if (comma)
		out_chr(o, ',');
	out_chr(o, '"');
	out_str(o, name);
	out_str(o, "\":");
}

/* A list as a member of an object (name != NULL) or of a row; false where it is empty and nothing was written. */
static bool
list_member(struct out *o, const struct field *f, const void *rec, const char *name, bool comma,
	    unsigned depth)
{
	struct field_it it = { .rec = rec };
	union field_item item;

	if (depth >= FIELD_DEPTH_MAX || !f->next || !f->next(&it, &item))
		return false;
	if (name)
		lead(o, name, comma);
	list_json(o, f, &it, &item, depth + 1);
	return true;
}

static void
plain_json(struct out *o, const struct field *f, const void *rec)
{
	switch (f->type) {
	case F_U8:
	case F_U16:
	case F_U32:
	case F_U64: out_u64(o, number(f, rec)); break;
	case F_BOOL: out_str(o, number(f, rec) ? "true" : "false"); break;
	default: scalar_quoted(o, f, rec);
	}
}

static void
value_json(struct out *o, const struct field *f, const void *rec, unsigned depth)
{
	if (!has_value(f, rec) || f->type == F_NEST)
		out_str(o, "null");
	else if (!is_list(f))
		plain_json(o, f, rec);
	else if (!list_member(o, f, rec, NULL, false, depth))
		out_str(o, "null");
}

/* `comma`: something stands before; the answer says the same of what follows. */
static bool
record_json(struct out *o, const struct field *f, size_t n, const void *rec, bool comma, unsigned depth)
{
	for (size_t i = 0; i < n && out_ok(o); i++) {
		if (f[i].type == F_NEST || !has_value(&f[i], rec))
			continue;
		if (is_list(&f[i])) {
			bool some = list_member(o, &f[i], rec, f[i].name, comma, depth);
			if (!some && f[i].has) {
				lead(o, f[i].name, comma);
				out_str(o, f[i].type == F_LIST || f[i].type == F_ROWS ? "[]" : "{}");
			}
			comma |= some || f[i].has;
			continue;
		}
		lead(o, f[i].name, comma);
		plain_json(o, &f[i], rec);
		comma = true;
	}
	return comma;
}

/* Records inside records of the same kind: a loop that opens braces and closes as many. */
static void
nest_json(struct out *o, const struct field *f, size_t n, const struct field *nest, const void *rec)
{
	union field_item item[2];
	unsigned depth = 0;
	bool comma = true;

	while (depth < FIELD_NEST_MAX && out_ok(o) && has_value(nest, rec)) {
		struct field_it it = { .rec = rec };
		union field_item *inner = &item[depth & 1];
		if (!nest->next(&it, inner))
			break;
		lead(o, nest->name, comma);
		out_chr(o, '{');
		comma = record_json(o, f, n, inner, false, 0);
		rec = inner;
		depth++;
	}
	while (depth-- > 0)
		out_chr(o, '}');
}

void
field_json_one(struct out *o, const struct field *f, size_t n, size_t i, const void *rec)
{
	if (f[i].type == F_NEST && f[i].next)
		nest_json(o, f, n, &f[i], rec);
	else
		(void)record_json(o, &f[i], 1, rec, true, 0);
}

void
field_json(struct out *o, const struct field *f, size_t n, const void *rec)
{
	(void)record_json(o, f, n, rec, true, 0);
	for (size_t i = 0; i < n; i++)
		if (f[i].type == F_NEST && f[i].next)
			nest_json(o, f, n, &f[i], rec);
}
