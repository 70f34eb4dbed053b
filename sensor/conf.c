/* YAML events into the option table.  A stack of the maps and lists that are open, as deep as the table is; what is
 * unknown or of the wrong shape is told once and passed over whole. */
#include "conf_node.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

#include "mute.h"
#include "out.h"

enum {
	DEPTH_MAX = 8,
	TEXT_MAX = 4 << 20,
	MESSAGE_MAX = 1024,
	PATH_SHOWN = 192,
	FOUND_SHOWN = 60,
	FILES_MAX = 256
};

struct level {
	const struct conf_node *node; /* a map (or a list's item), or a list */
	void *base;		      /* what the node's rows are offsets into */
	bool list;
	const struct conf_node *child; /* of a map: the key just read */
	uint64_t seen;		       /* keys of this map so far */
	size_t index;		       /* of a list: items so far */
	yaml_mark_t mark;
};

struct reader {
	struct conf *c;
	const char *name;
	conf_say *say;
	void *arg;
	size_t problems, depth, skip; /* skip: open collections that are passed over */
	bool skip_value;	      /* the value that comes is passed over */
	bool root_done;
	struct level level[DEPTH_MAX];
};

/* ---- messages ---- */

/* "authority[0].routers[1].mac" */
static void
key_path(const struct reader *r, struct out *o)
{
	for (size_t i = 0; i < r->depth; i++) {
		const struct level *l = &r->level[i];
		if (l->list) {
			out_chr(o, '[');
			out_u64(o, l->index ? l->index - 1 : 0);
			out_chr(o, ']');
		} else if (l->child) {
			if (o->n)
				out_chr(o, '.');
			out_str(o, l->child->key);
		}
	}
}

static void
problem(struct reader *r, yaml_mark_t at, const char *key, const char *what)
{
	char text[MESSAGE_MAX], path[PATH_SHOWN];
	struct out o = out_init(path, sizeof(path) - 1);
	key_path(r, &o);
	path[o.n] = 0;
	if (key)
		snprintf(text, sizeof(text), "%s:%zu:%zu: %s%s%s: %s", r->name, at.line + 1, at.column + 1,
			 path, o.n ? "." : "", key, what);
	else
		snprintf(text, sizeof(text), "%s:%zu:%zu: %s%s%s", r->name, at.line + 1, at.column + 1, path,
			 o.n ? ": " : "", what);
	r->problems++;
	r->say(r->arg, text);
}

static void
found(struct reader *r, yaml_mark_t at, const char *what, const char *expected)
{
	char text[MESSAGE_MAX];
	snprintf(text, sizeof(text), "found %s, expected %s", what, expected);
	problem(r, at, NULL, text);
}

/* A scalar as it may be shown: short, one line, no controls. */
static void
shown(struct bytes text, char *to, size_t cap)
{
	struct out o = out_init(to, cap - 1);
	bool cut = text.n > FOUND_SHOWN;
	if (cut)
		text.n = FOUND_SHOWN;
	out_json_str(&o, text);
	if (cut)
		out_str(&o, "...");
	to[o.n] = 0;
}

/* Bounds and words of a row, for its error. */
static const char *
expected_of(const struct conf_node *n, const char *otherwise, char *to, size_t cap)
{
	struct out o = out_init(to, cap - 1);
	if (n->kind == K_U32 || n->kind == K_TIME) {
		out_str(&o, n->kind == K_TIME ? "a time like 90s, 30m or 2h, of " : "a whole number from ");
		out_u64(&o, n->min);
		out_str(&o, " to ");
		out_u64(&o, n->max);
		out_str(&o, n->kind == K_TIME ? " seconds" : "");
	} else if (n->kind == K_ENUM) {
		for (const struct name *e = n->names; e->text; e++) {
			out_str(&o, e == n->names ? "" : e[1].text ? ", " : " or ");
			out_str(&o, e->text);
		}
	} else if ((n->kind == K_TEXT || n->kind == K_NAME) && n->max) {
		out_str(&o, otherwise);
		out_str(&o, " of at most ");
		out_u64(&o, n->max);
		out_str(&o, " bytes");
	} else {
		return otherwise;
	}
	to[o.n] = 0;
	return to;
}

/* ---- the walk over events ---- */

static struct level *
top(struct reader *r)
{
	return r->depth ? &r->level[r->depth - 1] : NULL;
}

static void
push(struct reader *r, const struct conf_node *node, void *base, bool list, yaml_mark_t at)
{
	r->level[r->depth++] = (struct level){ .node = node, .base = base, .list = list, .mark = at };
}

static void
declare(const struct conf_node *n, void *base)
{
	if (n->declared)
		*((bool *)(void *)((char *)base + n->declared - 1)) = true;
}

static void
set_defaults(struct reader *r, const struct conf_node *n, void *base)
{
	for (size_t i = 0; i < n->nsub; i++)
		if (n->sub[i].def)
			(void)conf_scalar(r->c, &n->sub[i], base, bytes_str(n->sub[i].def));
}

/* The keys that a map takes, for the message about one that it does not. */
static void
unknown_key(struct reader *r, const struct conf_node *map, struct bytes key, yaml_mark_t at)
{
	char name[FOUND_SHOWN * 6 + 8], keys[MESSAGE_MAX / 2];
	struct out o = out_init(keys, sizeof(keys) - 1);
	shown(key, name, sizeof(name));
	for (size_t i = 0; i < map->nsub; i++) {
		out_str(&o, i ? ", " : "");
		out_str(&o, map->sub[i].key);
	}
	keys[o.n] = 0;
	char text[MESSAGE_MAX];
	snprintf(text, sizeof(text), "found the unknown key %s, expected one of: %s", name, keys);
	problem(r, at, NULL, text);
	r->skip_value = true;
}

static void
on_key(struct reader *r, struct level *l, struct bytes key, yaml_mark_t at)
{
	for (size_t i = 0; i < l->node->nsub; i++) {
		if (!bytes_eq(key, bytes_str(l->node->sub[i].key)))
			continue;
		if (l->seen >> i & 1) {
			problem(r, at, l->node->sub[i].key, "found the key a second time, expected it once");
			r->skip_value = true;
			return;
		}
		l->seen |= UINT64_C(1) << i;
		l->child = &l->node->sub[i];
		return;
	}
	unknown_key(r, l->node, key, at);
}

static void
value(struct reader *r, const struct conf_node *n, void *base, struct bytes text, yaml_mark_t at)
{
	char what[FOUND_SHOWN * 6 + 8], expected[PATH_SHOWN * 2];
	const char *wrong = conf_scalar(r->c, n, base, text);
	if (wrong == NULL) {
		declare(n, base);
		return;
	}
	shown(text, what, sizeof(what));
	found(r, at, text.n ? what : "nothing", expected_of(n, wrong, expected, sizeof(expected)));
}

/* A pair is filled in the order of its addresses; `index` of its level counts them. */
static void
pair_value(struct reader *r, struct level *l, struct bytes text, yaml_mark_t at)
{
	struct auth_pair *p = l->base;
	struct addr *to = l->index == 1 ? &p->a : &p->b;
	char what[FOUND_SHOWN * 6 + 8];
	shown(text, what, sizeof(what));
	if (l->index > 2)
		found(r, at, "a third address", "a pair");
	else if (!addr_parse(text, to))
		found(r, at, what, "an IPv4 or IPv6 address");
}

/* [field, operator, value...] or [field, operator, [value...]]: each part is compiled as it comes, so that an error stands
 * where the part stands; after one the rest of the predicate is passed over. */
static void
where_part(struct reader *r, struct level *l, struct bytes text, yaml_mark_t at)
{
	struct where_pred *p = l->base;
	const struct level *up = &r->level[r->depth - 2];
	size_t place = up->base == p ? up->index + l->index
				     : l->index; /* inside the list of values: behind the operator */
	char what[FOUND_SHOWN * 6 + 8];
	if (p->wrong)
		return;
	const char *expected = place == 1   ? where_field(p, text)
			       : place == 2 ? where_op(p, text)
					    : conf_where_value(r->c, p, text);
	if (expected == NULL)
		return;
	p->wrong = true;
	shown(text, what, sizeof(what));
	found(r, at, what, expected);
}

/* A list inside a list of predicates: a predicate, or the values of one. */
static void
where_list(struct reader *r, struct level *l, yaml_mark_t at)
{
	struct where_pred *p = l->base;
	bool in_rule = !r->level[r->depth - 2].list;
	if (in_rule)
		p = l->index <= WHERE_PREDS ? conf_append(r->c, l->node, l->base) : NULL;
	else if (l->index != 3 || r->level[r->depth - 2].base == p)
		p = NULL;
	if (p) {
		push(r, l->node, p, true, at);
		return;
	}
	if (!in_rule)
		((struct where_pred *)l->base)->wrong = true;
	found(r, at, "a list",
	      in_rule ? "at most 16 predicates" : "[field, operator, value or list of values]");
	r->skip = 1;
}

static void
where_end(struct reader *r, const struct level *l)
{
	struct where_pred *p = l->base;
	const struct level *up = top(r);
	if (!up->list || up->base == p || p->wrong) /* of the rule's list, or of the values' */
		return;
	const char *expected =
		l->index < 2 ? "[field, operator, value or list of values]" : where_complete(p);
	if (expected == NULL)
		return;
	p->wrong = true;
	found(r, l->mark, "a predicate that is not complete", expected);
}

static void
on_scalar(struct reader *r, const yaml_event_t *e)
{
	struct level *l = top(r);
	struct bytes text = bytes_of(e->data.scalar.value, e->data.scalar.length);
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	bool null =
		plain && (text.n == 0 || bytes_eq(text, bytes_str("~")) || bytes_eq(text, bytes_str("null")));
	if (l == NULL) {
		if (!null)
			found(r, e->start_mark, "a text", "a mapping (key: value)");
		return;
	}
	if (!l->list && l->child == NULL) {
		on_key(r, l, text, e->start_mark);
		return;
	}
	if (l->list) {
		l->index++;
		if (l->node->kind == K_WHERE && r->level[r->depth - 2].list)
			where_part(r, l, text, e->start_mark);
		else if (l->node->kind == K_PAIRS && l->base != NULL && r->level[r->depth - 2].list)
			pair_value(r, l, text, e->start_mark);
		else
			value(r, l->node, l->base, text, e->start_mark);
		return;
	}
	if (null && conf_is_list(l->child))
		found(r, e->start_mark, "nothing", "a list ([] for none), or the key left out (unknown)");
	else if (!null || l->child->kind != K_MAP)
		value(r, l->child, l->base, null ? bytes_str("") : text, e->start_mark);
	l->child = NULL;
}

/* A map or list of the wrong shape is passed over whole. */
static void
pass_over(struct reader *r, const char *what, const struct conf_node *n, yaml_mark_t at)
{
	found(r, at, what, conf_expected(n));
	r->skip = 1;
}

static void
on_map(struct reader *r, yaml_mark_t at)
{
	struct level *l = top(r);
	if (l == NULL) {
		push(r, &conf_root, r->c, false, at);
		return;
	}
	if (l->list) {
		l->index++;
		void *item = l->node->kind == K_LIST ? conf_append(r->c, l->node, l->base) : NULL;
		if (item == NULL) {
			pass_over(r, "a mapping", l->node, at);
			return;
		}
		set_defaults(r, l->node, item);
		push(r, l->node, item, false, at);
		return;
	}
	if (l->child == NULL) { /* a mapping as a key */
		problem(r, at, NULL, "found a mapping as a key, expected a word");
		r->skip = 1;
		r->skip_value = true;
	} else if (l->child->kind != K_MAP) {
		pass_over(r, "a mapping", l->child, at);
		l->child = NULL;
	} else {
		push(r, l->child, l->base, false, at);
	}
}

static void
on_list(struct reader *r, yaml_mark_t at)
{
	struct level *l = top(r);
	if (l == NULL) {
		found(r, at, "a list", "a mapping (key: value)");
		r->skip = 1;
	} else if (l->list) {
		l->index++;
		if (l->node->kind == K_WHERE) {
			where_list(r, l, at);
			return;
		}
		bool pairs = l->node->kind == K_PAIRS && !r->level[r->depth - 2].list;
		void *item = pairs ? conf_append(r->c, l->node, l->base) : NULL;
		if (item)
			push(r, l->node, item, true, at);
		else
			pass_over(r, "a list", l->node, at);
	} else if (l->child == NULL) {
		problem(r, at, NULL, "found a list as a key, expected a word");
		r->skip = 1;
		r->skip_value = true;
	} else if (!conf_is_list(l->child)) {
		pass_over(r, "a list", l->child, at);
		l->child = NULL;
	} else {
		declare(l->child, l->base);
		push(r, l->child, l->base, true, at);
	}
}

static void
on_end(struct reader *r)
{
	struct level l = *top(r);
	r->depth--;
	struct level *up = top(r);
	if (!l.list && l.node->check) {
		const char *wrong = l.node->check(r->c, l.base);
		if (wrong)
			problem(r, l.mark, NULL, wrong);
	}
	if (l.list && l.node->kind == K_WHERE)
		where_end(r, &l);
	else if (l.list && up && up->list && l.index < 2)
		found(r, l.mark, "a list of less than two", "a pair of addresses");
	if (up && !up->list)
		up->child = NULL;
}

/* An event inside what is passed over; true when it was one. */
static bool
passing(struct reader *r, const yaml_event_t *e)
{
	bool opens = e->type == YAML_MAPPING_START_EVENT || e->type == YAML_SEQUENCE_START_EVENT;
	bool closes = e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT;
	if (r->skip) {
		r->skip += opens;
		r->skip -= closes;
		return true;
	}
	if (!r->skip_value || closes)
		return false;
	r->skip_value = false;
	r->skip = opens;
	return true;
}

static void
on_event(struct reader *r, const yaml_event_t *e)
{
	if (passing(r, e))
		return;
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->root_done)
			found(r, e->start_mark, "a second document", "one");
		break;
	case YAML_DOCUMENT_END_EVENT: r->root_done = true; break;
	case YAML_SCALAR_EVENT: on_scalar(r, e); break;
	case YAML_MAPPING_START_EVENT: on_map(r, e->start_mark); break;
	case YAML_SEQUENCE_START_EVENT: on_list(r, e->start_mark); break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT: on_end(r); break;
	case YAML_ALIAS_EVENT: {
		found(r, e->start_mark, "an alias (*name)", "the value itself");
		struct level *l = top(r);
		if (l && !l->list && l->child)
			l->child = NULL;
		else if (l && !l->list)
			r->skip_value = true;
		break;
	}
	default: break;
	}
}

static void
yaml_problem(struct reader *r, const yaml_parser_t *p)
{
	char text[MESSAGE_MAX];
	snprintf(text, sizeof(text), "not readable as YAML: %s%s%s",
		 p->problem ? p->problem : "out of memory", p->context ? ", " : "",
		 p->context ? p->context : "");
	r->depth = 0;
	yaml_mark_t at = p->problem_mark;
	if (p->error == YAML_READER_ERROR)
		at = p->mark;
	problem(r, at, NULL, text);
}

size_t
conf_text(struct conf *c, const char *name, struct bytes text, conf_say *say, void *arg)
{
	struct reader r = { .c = c, .name = name, .say = say, .arg = arg };
	yaml_parser_t parser;
	yaml_mark_t start = { 0 };
	if (!yaml_parser_initialize(&parser)) {
		problem(&r, start, NULL, "out of memory");
		return r.problems;
	}
	yaml_parser_set_input_string(&parser, text.n ? text.p : (const uint8_t *)"", text.n);
	for (bool more = true; more;) {
		yaml_event_t e;
		if (!yaml_parser_parse(&parser, &e)) {
			yaml_problem(&r, &parser);
			break;
		}
		on_event(&r, &e);
		more = e.type != YAML_STREAM_END_EVENT &&
		       !(r.root_done && e.type == YAML_DOCUMENT_START_EVENT);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	return r.problems;
}

/* ---- files ---- */

static size_t
say_file(const char *path, const char *what, conf_say *say, void *arg)
{
	char text[MESSAGE_MAX];
	snprintf(text, sizeof(text), "%s: %s", path, what);
	say(arg, text);
	return 1;
}

static size_t
one_file(struct conf *c, const char *path, conf_say *say, void *arg)
{
	FILE *f = fopen(path, "rbe");
	if (f == NULL)
		return say_file(path, strerror(errno), say, arg);
	uint8_t *text = malloc(TEXT_MAX + 1);
	size_t n = text ? fread(text, 1, TEXT_MAX + 1, f) : 0, problems;
	if (text == NULL || ferror(f))
		problems = say_file(path, strerror(errno), say, arg);
	else if (n > TEXT_MAX)
		problems = say_file(path, "found more than 4 MiB, expected a configuration", say, arg);
	else
		problems = conf_text(c, path, bytes_of(text, n), say, arg);
	free(text);
	fclose(f);
	return problems;
}

static int
is_yaml(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* alphasort() would ask the locale */
}

size_t
conf_file(struct conf *c, const char *path, conf_say *say, void *arg)
{
	size_t problems = one_file(c, path, say, arg);
	char dir[4096];
	const char *slash = strrchr(path, '/');
	int len = snprintf(dir, sizeof(dir), "%.*sconf.d", slash ? (int)(slash - path + 1) : 0, path);
	if (len < 0 || (size_t)len >= sizeof(dir))
		return problems;
	struct dirent **list = NULL;
	int n = scandir(dir, &list, is_yaml, by_name);
	for (int i = 0; i < n; i++) {
		char file[4096 + 256];
		snprintf(file, sizeof(file), "%s/%s", dir, list[i]->d_name);
		problems += one_file(c, file, say, arg);
		free(list[i]);
	}
	free(list);
	return problems;
}

/* a.b=v becomes "a: {b: v}" and is read like a file. */
size_t
conf_set(struct conf *c, const char *assignment, conf_say *say, void *arg)
{
	char text[MESSAGE_MAX], name[MESSAGE_MAX / 2];
	const char *eq = strchr(assignment, '=');
	struct out o = out_init(text, sizeof(text));
	size_t depth = 0;
	snprintf(name, sizeof(name), "--set %s", assignment);
	if (eq == NULL || eq == assignment)
		return say_file(name, "expected KEY=VALUE", say, arg);
	for (const char *p = assignment; p < eq; p++) {
		if (*p == '.') {
			out_str(&o, ": {");
			depth++;
		} else {
			out_chr(&o, *p);
		}
	}
	out_str(&o, ": ");
	out_str(&o, eq + 1);
	for (size_t i = 0; i < depth; i++)
		out_chr(&o, '}');
	if (!out_ok(&o))
		return say_file(name, "too long", say, arg);
	return conf_text(c, name, out_bytes(&o), say, arg);
}

bool
conf_init(struct conf *c)
{
	*c = (struct conf){ 0 };
	struct reader r = { .c = c };
	for (size_t i = 0; i < conf_root.nsub; i++)
		if (conf_root.sub[i].kind == K_MAP)
			set_defaults(&r, &conf_root.sub[i], c);
	return c->sd_id.p != NULL;
}

/* Digits of a port, the whole text. */
static bool
port_of(struct bytes text, uint16_t *port)
{
	uint32_t v = 0;
	for (size_t i = 0; i < text.n && v <= UINT16_MAX; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(text.p[i] - '0');
	}
	*port = (uint16_t)v;
	return text.n > 0 && v > 0 && v <= UINT16_MAX;
}

bool
conf_endpoint(struct bytes text, struct addr *a, uint16_t *port, const char **path)
{
	static const char scheme[] = "unix:";
	*path = NULL;
	if (text.n > sizeof(scheme) - 1 && memcmp(text.p, scheme, sizeof(scheme) - 1) == 0) {
		*path = (const char *)text.p + sizeof(scheme) - 1;
		return true;
	}
	size_t colon = text.n;
	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon < 2)
		return false;
	struct bytes host = bytes_of(text.p, colon - 1);
	bool six = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	if (six)
		host = bytes_of(host.p + 1, host.n - 2);
	return addr_parse(host, a) && (a->fam == 6) == six &&
	       port_of(bytes_of(text.p + colon, text.n - colon), port);
}

static bool
has_sender(const struct conf *c, struct bytes name)
{
	for (size_t i = 0; i < c->nsender; i++)
		if (bytes_eq(c->sender[i].name, name))
			return true;
	return false;
}

/* What lists of the feed say of each other. */
static size_t
check_feed(const struct conf *c, conf_say *say, void *arg)
{
	size_t problems = 0;
	char text[MESSAGE_MAX / 2];
	if (c->nlisten && c->nsender == 0)
		problems += say_file("feed.listen", "found no feed.senders, expected who may send", say, arg);
	for (size_t i = 0; i < c->nlisten; i++) {
		struct bytes name = c->listen[i].sender;
		if (name.n == 0 || has_sender(c, name))
			continue;
		snprintf(text, sizeof(text), "found the sender \"%.*s\", expected a name out of feed.senders",
			 (int)name.n, (const char *)name.p);
		problems += say_file("feed.listen", text, say, arg);
	}
	for (size_t i = 0; i < c->nsender; i++) {
		const struct conf_sender *s = &c->sender[i];
		bool told = s->certificate.n || s->token.n || s->naddress;
		for (size_t k = 0; k < c->nlisten; k++)
			told |= bytes_eq(c->listen[k].sender, s->name);
		if (told)
			continue;
		snprintf(text, sizeof(text),
			 "found \"%.*s\" without certificate, address, token and unix socket, expected one "
			 "of them",
			 (int)s->name.n, (const char *)s->name.p);
		problems += say_file("feed.senders", text, say, arg);
	}
	return problems;
}

/* A rule may come after the mute that names it. */
static size_t
check_mutes(const struct conf *c, conf_say *say, void *arg)
{
	size_t problems = 0;
	for (size_t i = 0; i < c->nmute; i++) {
		char key[64];
		struct bytes id = c->mute[i].detection;
		if (!site_id_good(id) || site_rule_named(c->rule, c->nrule, id))
			continue;
		snprintf(key, sizeof(key), "mutes[%zu].detection", i);
		problems += say_file(key, "found the id of no rule, expected one that stands under `rules:`",
				     say, arg);
	}
	if (c->nmute > MUTES_MAX)
		problems += say_file("mutes", "found more than 256, expected fewer", say, arg);
	return problems;
}

size_t
conf_check(const struct conf *c, conf_say *say, void *arg)
{
	size_t stdouts = 0, problems = check_feed(c, say, arg) + check_mutes(c, say, arg);
	for (size_t i = 0; i < c->noutput; i++)
		stdouts += c->output[i].type == OUT_STDOUT;
	if (stdouts > 1)
		problems += say_file("output", "found standard output twice, expected it once", say, arg);
	return problems;
}
