#include "roff.h"

#include <stdbool.h>
#include <stdio.h>

void
roff_text(const char *s)
{
	bool start = true;
	for (; *s; s++) {
		if (*s == '\n') {
			fputs(s[1] == '\n' || s[1] == 0 ? "" : "\n", stdout);
			start = true;
			continue;
		}
		if (start && (*s == '.' || *s == '\''))
			fputs("\\&", stdout);
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-')
			fputs("\\-", stdout);
		else
			putchar(*s);
		start = false;
	}
}

void
roff_line(const char *s)
{
	roff_text(s);
	putchar('\n');
}

void
roff_section(const char *title)
{
	printf(".SH %s\n", title);
}

void
roff_item(const char *title)
{
	fputs(".TP\n.B ", stdout);
	roff_line(title);
}

void
roff_title(const char *name, int page, const char *what)
{
	static const char *const books[] = { [1] = "User Commands",
					     [5] = "File Formats",
					     [7] = "Miscellaneous Information",
					     [8] = "System Administration" };
	printf(".\\\" Made by `crosstap --document %s.%d` from the program's tables: change those.\n", name,
	       page);
	fputs(".TH ", stdout);
	for (const char *c = name; *c; c++) {
		if (*c == '-')
			putchar('\\');
		putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	}
	printf(" %d \"\" \"crosstap\" \"%s\"\n", page, books[page]);
	roff_section("NAME");
	roff_text(name);
	fputs(" \\- ", stdout);
	roff_line(what);
}
