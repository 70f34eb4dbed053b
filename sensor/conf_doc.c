/* The option table as crosstap.yaml(5) and as a sample file. */
#include "conf_node.h"

#include <inttypes.h>
#include <string.h>

#include "roff.h"

enum { INDENT = 2, PATH_BYTES = 160 };

static const char *
kind_name(const struct conf_node *n)
{
	static const char *const names[] = {
		[K_MAP] = "mapping",
		[K_LIST] = "list of mappings",
		[K_NAME] = "name",
		[K_TEXT] = "text",
		[K_BOOL] = "true or false",
		[K_U32] = "number",
		[K_ZONE] = "offset from UTC",
		[K_TIME] = "time with unit s, m, h or d, alone seconds",
		[K_WHEN] = "date and time",
		[K_ENUM] = "word",
		[K_PROTO] = "protocol",
		[K_ADDR] = "address",
		[K_MAC] = "MAC address",
		[K_TEXTS] = "list of texts",
		[K_ADDRS] = "list of addresses",
		[K_MACS] = "list of MAC addresses",
		[K_PREFIXES] = "list of networks",
		[K_DUIDS] = "list of DUIDs in hex",
		[K_HASHES] = "list of SHA-256 in hex",
		[K_PAIRS] = "list of pairs of addresses",
		[K_WHERE] = "list of predicates",
	};
	return n->kind < NELEM(names) && names[n->kind] ? names[n->kind] : "value";
}

/* "number, 64 to 1048576, default 65536": into `to`, which is cut where it does not fit. */
static void
shape(const struct conf_node *n, char *to, size_t cap)
{
	size_t at = (size_t)snprintf(to, cap, "%s", kind_name(n));
	if ((n->kind == K_U32 || n->kind == K_TIME) && at < cap)
		at += (size_t)snprintf(to + at, cap - at, ", %" PRIu32 "%s to %" PRIu32 "%s", n->min,
				       n->kind == K_TIME ? "s" : "", n->max, n->kind == K_TIME ? "s" : "");
	for (const struct name *e = n->names; e && e->text && at < cap; e++)
		at += (size_t)snprintf(to + at, cap - at, "%s%s", e == n->names ? ": " : ", ", e->text);
	if (n->def && at < cap)
		snprintf(to + at, cap - at, "; default %s", n->def);
	else if (n->kind != K_MAP && at < cap)
		snprintf(to + at, cap - at, "; no default");
	at = strlen(to);
	if (n->change == CHANGE_START && at < cap)
		snprintf(to + at, cap - at, "; a change counts at the next start");
}

/* As deep as the table, which is constant. */
static void
manual(const struct conf_node *map, const char *prefix)
{
	for (size_t i = 0; i < map->nsub; i++) {
		const struct conf_node *n = &map->sub[i];
		char path[PATH_BYTES], text[PATH_BYTES * 2];
		snprintf(path, sizeof(path), "%s%s%s", prefix, n->key, n->kind == K_LIST ? "[]" : "");
		shape(n, text, sizeof(text));
		if (*prefix == 0)
			printf(".SS %s\n", n->key);
		roff_item(path);
		roff_text(text);
		puts(".\n.br");
		roff_text(n->help);
		puts(".");
		snprintf(path, sizeof(path), "%s%s%s.", prefix, n->key, n->kind == K_LIST ? "[]" : "");
		manual(n, path);
	}
}

void
conf_manual(void)
{
	roff_title("crosstap.yaml", 5, "configuration of crosstap");
	roff_section("DESCRIPTION");
	roff_line(
		"YAML; *.yaml of conf.d beside the file are read after it in the order of their names. "
		"Mappings "
		"merge, of a value the last one holds, lists add up. An unknown key is an error. Texts with "
		"special characters, addresses of IPv6 and MAC addresses want quotes.");
	roff_line("A list of authority that is absent means that it is not known, [] that there is none.");
	roff_line("`crosstap -T -c FILE` names every problem and what is missing; `crosstap --dump-config -c "
		  "FILE` "
		  "shows what holds.");
	roff_section("OPTIONS");
	roff_line("A [] in a name stands for each item of a list.");
	manual(&conf_root, "");
	roff_section("SEE ALSO");
	puts(".BR crosstap (8),\n.BR crosstap\\-fields (7)");
}

static void
sample(const struct conf_node *map, int depth, bool item)
{
	for (size_t i = 0; i < map->nsub; i++) {
		const struct conf_node *n = &map->sub[i];
		char text[PATH_BYTES * 2];
		shape(n, text, sizeof(text));
		printf("#%*s# %s (%s)\n", depth * INDENT, "", n->help, text);
		printf("#%*s%s%s:", depth * INDENT - (item && i == 0 ? INDENT : 0), "",
		       item && i == 0 ? "- " : "", n->key);
		bool text_kind = n->kind == K_TEXT || n->kind == K_NAME;
		if (n->def)
			printf(" %s", n->def);
		else if (n->kind != K_MAP && n->kind != K_LIST)
			fputs(text_kind ? " \"\"" : n->kind >= K_TEXTS ? " []" : "", stdout);
		putchar('\n');
		sample(n, depth + (n->kind == K_LIST ? 2 : 1), n->kind == K_LIST);
		if (depth == 0)
			putchar('\n');
	}
}

void
conf_sample(void)
{
	puts("# Every option of crosstap with its meaning, unit and default.  Made by\n"
	     "# `crosstap --document crosstap.yaml.sample`.  Lines of options begin with # alone; take out "
	     "what you\n"
	     "# set.  `crosstap -T -c FILE` says whether it is good and what is missing.\n");
	sample(&conf_root, 0, false);
}
