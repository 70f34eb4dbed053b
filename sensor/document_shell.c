/* Completions for bash, zsh and fish, out of the option table and the tables that its arguments name. */
#include "document.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "incident.h"
#include "opts.h"

static void
documents(const char *between)
{
	for (size_t i = 0; document_at(i); i++)
		printf("%s%s", i ? between : "", document_at(i));
}

static void
verdicts(const char *between)
{
	for (unsigned i = 0; i < VERDICTS; i++)
		printf("%s%s", i ? between : "", verdict_name((enum verdict)i));
}

/* The pattern of a bash `case` for all options of a kind; false where there is none. */
static bool
bash_case(enum opt_kind kind)
{
	bool any = false;
	for (size_t i = 0; opts_at(i); i++) {
		const struct opt *p = opts_at(i);
		if (p->section == NULL || p->kind != kind)
			continue;
		if (p->letter)
			printf("%s-%c", any ? "|" : "\t", p->letter);
		any |= p->letter != 0;
		if (p->name)
			printf("%s--%s", any ? "|" : "\t", p->name);
		any = true;
	}
	if (any)
		puts(")");
	return any;
}

void
document_bash(void)
{
	puts("# bash completion for crosstap.  Made by `crosstap --document crosstap.bash`.\n"
	     "_crosstap() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	     "\tcase $prev in");
	if (bash_case(OPT_FILE))
		puts("\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;");
	if (bash_case(OPT_DIR))
		puts("\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); return ;;");
	if (bash_case(OPT_IFACE))
		puts("\t\tmapfile -t COMPREPLY < <(compgen -W \"$(cd /sys/class/net && echo *)\" -- "
		     "\"$cur\"); "
		     "return ;;");
	if (bash_case(OPT_VERDICT)) {
		fputs("\t\tmapfile -t COMPREPLY < <(compgen -W \"", stdout);
		verdicts(" ");
		puts("\" -- \"$cur\"); return ;;");
	}
	if (bash_case(OPT_DOCUMENT)) {
		fputs("\t\tmapfile -t COMPREPLY < <(compgen -W \"", stdout);
		documents(" ");
		puts("\" -- \"$cur\"); return ;;");
	}
	if (bash_case(OPT_ID))
		puts("\t\tmapfile -t COMPREPLY < <(compgen -W \"$(crosstap --list-detectors | awk '/^  / { "
		     "print $1 "
		     "}')\" -- \"$cur\"); return ;;");
	if (bash_case(OPT_WORD))
		puts("\t\treturn ;;");
	fputs("\tesac\n\tmapfile -t COMPREPLY < <(compgen -W \"", stdout);
	for (size_t i = 0; opts_at(i); i++) {
		const struct opt *p = opts_at(i);
		if (p->section && p->letter)
			printf("-%c ", p->letter);
		if (p->section && p->name)
			printf("--%s ", p->name);
	}
	puts("\" -- \"$cur\")\n}\ncomplete -F _crosstap crosstap");
}

/* Inside '...' of a shell; brackets and colons are zsh's own. */
static void
quoted(const char *s, bool zsh)
{
	for (; *s; s++) {
		if (*s == '\'')
			fputs(zsh ? "'\\''" : "\\'", stdout);
		else if (zsh && strchr("[]:\\", *s))
			printf("\\%c", *s);
		else
			putchar(*s);
	}
}

static void
zsh_argument(const struct opt *p)
{
	printf(":%s:", p->arg);
	switch (p->kind) {
	case OPT_FILE: fputs("_files", stdout); break;
	case OPT_DIR: fputs("_files -/", stdout); break;
	case OPT_IFACE: fputs("_net_interfaces", stdout); break;
	case OPT_VERDICT:
		putchar('(');
		verdicts(" ");
		putchar(')');
		break;
	case OPT_DOCUMENT:
		putchar('(');
		documents(" ");
		putchar(')');
		break;
	default: break;
	}
}

static void
zsh_option(const char *dashes, const char *name, const struct opt *p)
{
	const char *sign = p->kind == OPT_MAYBE ? "=-" : p->kind != OPT_NONE && p->name ? "=" : "";
	printf(" \\\n\t'*%s%s%s[", dashes, name, sign);
	quoted(p->help, true);
	putchar(']');
	if (p->kind == OPT_MAYBE)
		printf("::%s:", p->arg);
	else if (p->kind != OPT_NONE)
		zsh_argument(p);
	putchar('\'');
}

void
document_zsh(void)
{
	fputs("#compdef crosstap\n# Made by `crosstap --document _crosstap`.\n_arguments -s", stdout);
	for (size_t i = 0; opts_at(i); i++) {
		const struct opt *p = opts_at(i);
		char letter[2] = { p->letter, 0 };
		if (p->section && p->letter)
			zsh_option("-", letter, p);
		if (p->section && p->name)
			zsh_option("--", p->name, p);
	}
	putchar('\n');
}

void
document_fish(void)
{
	puts("# fish completion for crosstap.  Made by `crosstap --document crosstap.fish`.\ncomplete -c "
	     "crosstap "
	     "-f");
	for (size_t i = 0; opts_at(i); i++) {
		const struct opt *p = opts_at(i);
		if (p->section == NULL)
			continue;
		fputs("complete -c crosstap", stdout);
		if (p->letter)
			printf(" -s %c", p->letter);
		if (p->name)
			printf(" -l %s", p->name);
		if (p->kind == OPT_FILE)
			fputs(" -r -F", stdout);
		else if (p->kind == OPT_DIR)
			fputs(" -x -a '(__fish_complete_directories)'", stdout);
		else if (p->kind == OPT_IFACE)
			fputs(" -x -a '(__fish_print_interfaces)'", stdout);
		else if (p->kind == OPT_VERDICT || p->kind == OPT_DOCUMENT) {
			fputs(" -x -a '", stdout);
			(p->kind == OPT_VERDICT ? verdicts : documents)(" ");
			putchar('\'');
		} else if (p->kind != OPT_NONE && p->kind != OPT_MAYBE)
			fputs(" -x", stdout);
		fputs(" -d '", stdout);
		quoted(p->help, false);
		puts("'");
	}
}
