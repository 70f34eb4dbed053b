/* crosstap(8) and crosstap-fields(7). */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "dissector.h"
#include "engine.h"
#include "opts.h"
#include "roff.h"
#include "run.h"

enum { DEPTH_MAX = 4, NAME_BYTES = 128, COUNTERS_MAX = 64 };

static void
synopsis(void)
{
	roff_section("SYNOPSIS");
	puts(".nf");
	roff_line(opts_usage);
	puts(".fi");
}

static void
option(const struct opt *p)
{
	char tag[96];
	size_t n = 0;
	if (p->letter)
		n = (size_t)snprintf(tag, sizeof(tag), "-%c%s", p->letter, p->name ? ", " : "");
	if (p->name)
		n += (size_t)snprintf(tag + n, sizeof(tag) - n, "--%s", p->name);
	if (p->arg)
		snprintf(tag + n, sizeof(tag) - n, p->kind == OPT_MAYBE ? "[=%s]" : " %s", p->arg);
	roff_item(tag);
	char first[2] = {
		(char)(p->help[0] >= 'a' && p->help[0] <= 'z' ? p->help[0] - 'a' + 'A' : p->help[0]), 0
	};
	roff_text(first);
	roff_text(p->help + 1);
	puts(".");
}

static void
options(void)
{
	const char *section = NULL;
	roff_section("OPTIONS");
	for (size_t i = 0; opts_at(i); i++) {
		const struct opt *p = opts_at(i);
		if (p->section == NULL)
			continue;
		if (section != p->section)
			printf(".SS %s\n", p->section);
		section = p->section;
		option(p);
	}
}

static void
counter(const char *name, const char *unit, const char *help, const char *moves)
{
	roff_item(name);
	if (strcmp(unit, "1") != 0)
		printf("In %s: ", unit);
	roff_text(help);
	puts(".");
	if (moves == NULL)
		return;
	puts(".br");
	roff_text(moves);
	puts(".");
}

/* The names of the engine's are its own; a small one is opened to ask it. */
static void
counters(void)
{
	struct engine_conf conf = { .hosts = 64, .events = 64 };
	struct engine_counter c[COUNTERS_MAX];
	void *mem = run_alloc(engine_bytes(&conf));
	struct engine *e = mem ? engine_open(&conf, mem, run_key(), NULL, NULL) : NULL;
	size_t n = e ? engine_counters(e, c, COUNTERS_MAX) : 0;
	roff_section("COUNTERS");
	roff_line("Of the engine, told with -v at the end of a replay where they are not 0; and those of a "
		  "live "
		  "sensor, in `crosstapctl stats` and at /metrics (with crosstap_ before them), with what to "
		  "do "
		  "when they move.");
	puts(".SS Engine");
	for (size_t i = 0; i < n; i++)
		counter(c[i].name, c[i].unit, c[i].help, NULL);
	free(mem);
	puts(".SS Live");
	for (size_t i = 0; metric_at(i); i++)
		counter(metric_at(i)->name, metric_at(i)->unit, metric_at(i)->help, metric_at(i)->act);
}

void
document_program(void)
{
	roff_title("crosstap", 8, "passive network sensor that joins what a tap sees with what hosts say");
	synopsis();
	roff_section("DESCRIPTION");
	roff_line("crosstap reads packets of a network tap or a capture, and events of Windows hosts. "
		  "It tells rogue DHCP servers and routers, name poisoning, credential capture and what they "
		  "lead to as incidents, each with the packets and the host events that agree or refute.");
	roff_line("A verdict is graded: what only breaks a rule is suspected, what contradicts declared or "
		  "learned authority is probable, what a host confirms is confirmed.");
	options();
	counters();
	roff_section("SIGNALS");
	roff_item("TERM, INT");
	roff_line("End: every incident gets its last record, the state is written.");
	roff_item("HUP");
	roff_line("Output files are opened again.");
	roff_item("USR1");
	roff_line("Print counters of the feeds.");
	roff_section("EXIT STATUS");
	roff_line(opts_status);
	roff_section("FIRST RUN");
	puts(".nf");
	roff_line("crosstap --setup -i eth1 --for 30m >proposal.yaml");
	roff_line("editor proposal.yaml");
	roff_line("sed 's/^#? //' proposal.yaml >/etc/crosstap/crosstap.yaml");
	roff_line("crosstap -T -c /etc/crosstap/crosstap.yaml");
	puts(".fi");
	roff_section("FILES");
	roff_item("/etc/crosstap/crosstap.yaml");
	roff_line("The configuration; files of conf.d beside it are read too.");
	roff_section("SEE ALSO");
	puts(".BR crosstapctl (1),\n.BR crosstap.yaml (5),\n.BR crosstap\\-detections (7),\n.BR "
	     "crosstap\\-fields (7)");
}

static void
name_values(const struct field *f)
{
	enum { SHOWN = 24 };
	if (f->names == NULL || f->names->text == NULL)
		return;
	fputs(".br\nOne of: ", stdout);
	size_t n = 0;
	for (const struct name *v = f->names; v->text && n < SHOWN; v++, n++) {
		fputs(n ? ", " : "", stdout);
		roff_text(v->text);
	}
	puts(f->names[n].text ? ", and others." : ".");
}

/* As deep as the tables, which are constant; they may name themselves (a relayed message), hence the limit. */
static void
fields(const char *prefix, const struct field *f, size_t n, int depth)
{
	char name[NAME_BYTES], text[NAME_BYTES];
	for (size_t i = 0; i < n; i++) {
		if (f[i].name == NULL ||
		    snprintf(name, sizeof(name), "%s.%s", prefix, f[i].name) >= (int)sizeof(name))
			continue;
		roff_item(name);
		snprintf(text, sizeof(text), "%s%s", lists_type_name(&f[i]), f[i].help ? ": " : ".");
		roff_text(text);
		roff_text(f[i].help ? f[i].help : "");
		puts(f[i].help ? "." : "");
		name_values(&f[i]);
		if (f[i].sub && depth + 1 < DEPTH_MAX && f[i].sub != f)
			fields(name, f[i].sub, f[i].nsub, depth + 1);
	}
}

void
document_fields(void)
{
	roff_title("crosstap-fields", 7, "fields of messages on the wire, for --dissect and site rules");
	roff_section("DESCRIPTION");
	roff_line("crosstap --dissect prints them without the protocol before them; predicates of site rules "
		  "(rules: in crosstap.yaml) name them as they stand here.");
	for (size_t i = 0; dissectors[i]; i++) {
		if (dissectors[i]->name == NULL)
			continue;
		roff_section(dissectors[i]->name);
		fields(dissectors[i]->name, dissectors[i]->fields, dissectors[i]->nfields, 0);
	}
	roff_section("SEE ALSO");
	puts(".BR crosstap (8),\n.BR crosstap.yaml (5)");
}
