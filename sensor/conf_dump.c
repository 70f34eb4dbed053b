/* --dump-config: the table with its values, as YAML that reads back to the same. */
#include "conf_node.h"
#include "dissector.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"

enum { INDENT = 2, TEXT_SHOWN = 8192 };

static void
quoted(struct bytes text, FILE *f)
{
	char to[TEXT_SHOWN * 6];
	struct out o = out_init(to, sizeof(to));
	out_json_str(&o, text);
	fwrite(o.p, 1, o.n, f);
}

static void
address(struct addr a, FILE *f)
{
	char to[64];
	struct out o = out_init(to, sizeof(to));
	out_addr(&o, a);
	fprintf(f, "\"%.*s\"", (int)o.n, to);
}

static void
mac(struct mac m, FILE *f)
{
	char to[32];
	struct out o = out_init(to, sizeof(to));
	out_mac(&o, m);
	fprintf(f, "\"%.*s\"", (int)o.n, to);
}

static void
hex(struct bytes b, FILE *f)
{
	fputc('"', f);
	for (size_t i = 0; i < b.n; i++)
		fprintf(f, "%s%02x", i ? ":" : "", b.p[i]);
	fputc('"', f);
}

static void
network(struct addr a, uint8_t len, FILE *f)
{
	char to[64];
	struct out o = out_init(to, sizeof(to));
	out_addr(&o, a);
	fprintf(f, "\"%.*s/%u\"", (int)o.n, to, len);
}

static void
where_number(const struct field *field, uint64_t v, FILE *f)
{
	const char *name = field->names ? name_of(field->names, (uint32_t)v) : NULL;
	if (field->type == F_BOOL)
		fputs(v ? "true" : "false", f);
	else if (name)
		quoted(bytes_str(name), f);
	else
		fprintf(f, "%" PRIu64, v);
}

static void
where_item(const struct where_pred *p, const struct where_value *v, FILE *f)
{
	char to[64];
	struct out o = out_init(to, sizeof(to));
	switch ((enum where_class)p->class) {
	case WC_NUMBER: where_number(p->leaf[0], v->n, f); break;
	case WC_ADDR:
		if (p->op == W_PREFIX)
			network(v->addr, v->len, f);
		else
			address(v->addr, f);
		break;
	case WC_MAC: mac(v->mac, f); break;
	case WC_BYTES: hex(v->bytes, f); break;
	case WC_TEXT: quoted(v->bytes, f); break;
	case WC_TIME:
		out_ts(&o, v->ts, 0);
		fprintf(f, "\"%.*s\"", (int)o.n, to);
		break;
	case WC_NONE: break;
	}
}

void
conf_where_print(const struct where_pred *p, FILE *f)
{
	fprintf(f, "[%s", p->by->name);
	for (size_t i = 0; i < p->nvia; i++)
		fprintf(f, ".%s", p->via[i]->name);
	if (p->leaf[0]->name)
		fprintf(f, ".%s", p->leaf[0]->name);
	fprintf(f, ", %s", where_op_name((enum where_op)p->op));
	for (size_t i = 0; i < p->nv; i++) {
		fputs(i ? ", " : ", [", f);
		where_item(p, &p->v[i], f);
	}
	fputs(p->nv ? "]]" : "]", f);
}

/* An item of a list of scalars. */
static void
item(const struct conf_node *n, const void *at, FILE *f)
{
	switch (n->kind) {
	case K_TEXTS: quoted(*(const struct bytes *)at, f); break;
	case K_ADDRS: address(*(const struct addr *)at, f); break;
	case K_MACS: mac(*(const struct mac *)at, f); break;
	case K_PREFIXES: {
		const struct prefix *p = at;
		network(p->a, p->len, f);
		break;
	}
	case K_DUIDS:
	case K_HASHES: hex(*(const struct bytes *)at, f); break;
	case K_WHERE: conf_where_print(at, f); break;
	case K_PAIRS: {
		const struct auth_pair *p = at;
		fputc('[', f);
		address(p->a, f);
		fputs(", ", f);
		address(p->b, f);
		fputc(']', f);
		break;
	}
	default: break;
	}
}

static void
zone(const struct conf_zone *z, FILE *f)
{
	int32_t s = z->seconds < 0 ? -z->seconds : z->seconds;
	fprintf(f, "\"%c%02d:%02d\"", z->seconds < 0 ? '-' : '+', (int)(s / 3600), (int)(s / 60 % 60));
}

static void
when(ts_t ts, FILE *f)
{
	char to[64];
	struct out o = out_init(to, sizeof(to));
	out_ts(&o, ts, 0);
	fprintf(f, "\"%.*s\"", (int)o.n, to);
}

static void
scalar(const struct conf_node *n, const void *base, FILE *f)
{
	const void *at = (const char *)base + n->off;
	switch (n->kind) {
	case K_NAME:
	case K_TEXT: quoted(*(const struct bytes *)at, f); break;
	case K_BOOL: fputs(*(const bool *)at ? "true" : "false", f); break;
	case K_ZONE: zone(at, f); break;
	case K_U32: fprintf(f, "%" PRIu32, *(const uint32_t *)at); break;
	case K_TIME: fprintf(f, "%" PRId64 "s", *(const ts_t *)at / TS_SEC); break;
	case K_WHEN: when(*(const ts_t *)at, f); break;
	case K_PROTO: fputs((*(const struct dissector *const *)at)->name, f); break;
	case K_ENUM: fputs(name_of(n->names, *(const uint8_t *)at), f); break;
	case K_ADDR: address(*(const struct addr *)at, f); break;
	case K_MAC: mac(*(const struct mac *)at, f); break;
	default: break;
	}
}

static void
scalars(const struct conf_node *n, const void *base, FILE *f)
{
	fputc('[', f);
	for (size_t i = 0; i < conf_list_length(n, base); i++) {
		fputs(i ? ", " : "", f);
		item(n, conf_list_at(n, base, i), f);
	}
	fputc(']', f);
}

static bool
declared(const struct conf_node *n, const void *base)
{
	return n->declared && *(const bool *)(const void *)((const char *)base + n->declared - 1);
}

static bool
present(const struct conf_node *n, const void *base)
{
	if (conf_is_list(n))
		return declared(n, base) || conf_list_length(n, base) > 0;
	if (n->kind == K_MAC)
		return declared(n, base);
	if (n->kind == K_ZONE)
		return ((const struct conf_zone *)(const void *)((const char *)base + n->off))->given;
	if (n->kind == K_NAME || n->kind == K_TEXT)
		return ((const struct bytes *)(const void *)((const char *)base + n->off))->p != NULL;
	return true;
}

/* What a row means, on the line before it. */
static void
comment(const struct conf_node *n, int depth, FILE *f)
{
	fprintf(f, "%*s# %s", depth * INDENT, "", n->help);
	if (n->kind == K_U32)
		fprintf(f, " (%" PRIu32 " to %" PRIu32 ")", n->min, n->max);
	if (n->kind == K_TIME)
		fprintf(f, " (%" PRIu32 "s to %" PRIu32 "s)", n->min, n->max);
	for (const struct name *e = n->names; e && e->text; e++)
		fprintf(f, "%s%s%s", e == n->names ? " (" : ", ", e->text, e[1].text ? "" : ")");
	fputc('\n', f);
}

/* As deep as the table, which is constant. */
static void
dump(const struct conf_node *map, const void *base, int depth, bool comments, FILE *f)
{
	for (size_t i = 0; i < map->nsub; i++) {
		const struct conf_node *n = &map->sub[i];
		if (comments)
			comment(n, depth, f);
		if (n->kind == K_MAP) {
			fprintf(f, "%*s%s:\n", depth * INDENT, "", n->key);
			dump(n, base, depth + 1, comments, f);
			continue;
		}
		if (!present(n, base)) {
			if (comments)
				fprintf(f, "%*s# %s:\n", depth * INDENT, "", n->key);
			continue;
		}
		fprintf(f, "%*s%s: ", depth * INDENT, "", n->key);
		if (n->kind != K_LIST) {
			(conf_is_list(n) ? scalars : scalar)(n, base, f);
			fputc('\n', f);
			continue;
		}
		size_t items = conf_list_length(n, base);
		fputs(items ? "\n" : "[]\n", f);
		for (size_t k = 0; k < items; k++) {
			fprintf(f, "%*s-\n", (depth + 1) * INDENT, "");
			dump(n, conf_list_at(n, base, k), depth + 2, false, f);
		}
	}
}

void
conf_dump(const struct conf *c, FILE *f)
{
	dump(&conf_root, c, 0, true, f);
}

/* ---- what differs ---- */
enum { KEY_MAX = 96 };

/* One row as text, to be freed; NULL without memory. */
static char *
as_text(const struct conf_node *row, const void *base)
{
	const struct conf_node only = { .kind = K_MAP, .sub = row, .nsub = 1 };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	if (f == NULL)
		return NULL;
	dump(&only, base, 0, false, f);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* Without memory everything differs. */
static bool
same(const struct conf_node *row, const void *a, const void *b)
{
	char *x = as_text(row, a), *y = as_text(row, b);
	bool is = x && y && strcmp(x, y) == 0;
	free(x);
	free(y);
	return is;
}

/* As deep as the table. */
static void
diff(const struct conf_node *map, const char *prefix, enum conf_change change, const struct conf *const c[2],
     conf_differs *fn, void *arg)
{
	for (size_t i = 0; i < map->nsub; i++) {
		const struct conf_node *n = &map->sub[i];
		enum conf_change here = n->change > change ? (enum conf_change)n->change : change;
		char key[KEY_MAX];
		snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix ? "." : "", n->key);
		if (n->kind == K_MAP)
			diff(n, key, here, c, fn, arg);
		else if (!same(n, c[0], c[1]))
			fn(arg, key, here);
	}
}

void
conf_diff(const struct conf *a, const struct conf *b, conf_differs *fn, void *arg)
{
	const struct conf *const both[2] = { a, b };
	diff(&conf_root, "", CHANGE_RELOAD, both, fn, arg);
}

bool
conf_same_output(const struct conf_output *a, const struct conf_output *b)
{
	for (size_t i = 0; i < conf_root.nsub; i++)
		if (conf_root.sub[i].kind == K_LIST && strcmp(conf_root.sub[i].key, "output") == 0) {
			const struct conf_node item = { .kind = K_MAP,
							.key = "output",
							.sub = conf_root.sub[i].sub,
							.nsub = conf_root.sub[i].nsub };
			return same(&item, a, b);
		}
	return false;
}
