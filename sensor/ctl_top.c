/* The live screen: asks once a second and rewrites the lines that changed.  Plain control sequences (ECMA-48) that every
 * terminal of today knows; the terminal is left as it was found, also when a signal ends it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"

enum { LINES_MAX = 200, LINE_LENGTH = 1024, CELL = 256, PERIOD_MS = 1000, EXIT_OK = 0, EXIT_REFUSED = 1 };

struct screen {
	char line[LINES_MAX][LINE_LENGTH]; /* what stands there; empty: nothing */
	unsigned rows, columns;
	struct termios before;
};

static volatile sig_atomic_t ended, resized;

static void
on_signal(int sig)
{
	if (sig == SIGWINCH)
		resized = 1;
	else
		ended = 1;
}

static void
measure(struct screen *s)
{
	struct winsize w = { 0 };
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_row == 0 || w.ws_col == 0)
		w = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	s->rows = w.ws_row < LINES_MAX ? w.ws_row : LINES_MAX;
	s->columns = w.ws_col;
	memset(s->line, 0, sizeof(s->line));
	fputs("\033[2J", stdout);
}

/* Alternate screen, no cursor, keys as they come. */
static bool
take_terminal(struct screen *s)
{
	struct sigaction act = { .sa_handler = on_signal };
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &s->before) != 0) {
		fprintf(stderr, "crosstapctl: top wants a terminal; without one use status, incidents and "
				"senders\n");
		return false;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	sigaction(SIGWINCH, &act, NULL);
	struct termios raw = s->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs("\033[?1049h\033[?25l", stdout);
	measure(s);
	return true;
}

static void
leave_terminal(struct screen *s)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

/* ---- what stands on it ---- */
static json_t *
ask(struct ctl *c, const char *what)
{
	json_t *request = json_pack("{s:s}", "ask", what);
	return ctl_ask(c, request);
}

static void
put_head(FILE *to, const json_t *a)
{
	char name[CELL], text[CELL];
	size_t i;
	json_t *tap;
	const char *verdict;
	json_t *n;
	fprintf(to, "crosstap %s  ", ctl_text(a, "sensor", name, sizeof(name)));
	fprintf(to, "packets to %s\n", ctl_text(a, "packet_time", text, sizeof(text)));
	json_array_foreach(json_object_get(a, "interfaces"), i, tap)
	{
		fprintf(to, "%s %s frames", ctl_text(tap, "name", name, sizeof(name)),
			ctl_text(tap, "frames", text, sizeof(text)));
		json_int_t lost = json_integer_value(json_object_get(tap, "dropped")) +
				  json_integer_value(json_object_get(tap, "iface_dropped"));
		fprintf(to, lost ? ", %" JSON_INTEGER_FORMAT " LOST  " : ", none lost  ", lost);
	}
	fputs("\nopen:", to);
	json_object_foreach(json_object_get(a, "open"), verdict, n) if (json_integer_value(n))
		fprintf(to, " %" JSON_INTEGER_FORMAT " %s", json_integer_value(n), verdict);
	fputs("\n", to);
}

static void
put_segments(FILE *to, const json_t *rows)
{
	char name[CELL];
	size_t i;
	json_t *s, *bit;
	const char *key;
	json_array_foreach(rows, i, s)
	{
		fprintf(to, "%-16s sees", ctl_text(s, "segment", name, sizeof(name)));
		json_object_foreach(s, key,
				    bit) if (json_is_object(bit) && json_is_true(json_object_get(bit, "has")))
			fprintf(to, " %s", key);
		fputs(";  not", to);
		json_object_foreach(s, key, bit) if (json_is_object(bit) &&
						     !json_is_true(json_object_get(bit, "has")))
			fprintf(to, " %s", key);
		fputc('\n', to);
	}
}

static json_t *
only_seen(const json_t *rows)
{
	json_t *seen = json_array();
	size_t i;
	json_t *r;
	json_array_foreach(rows, i, r)
	{
		const char *kind = json_string_value(json_object_get(r, "kind"));
		if (kind && strcmp(kind, "seen") == 0)
			json_array_append(seen, r);
	}
	return seen;
}

static void
title(FILE *to, const char *what, size_t n)
{
	fprintf(to, "\n--- %s (%zu)\n", what, n);
}

/* The screen as lines; NULL: told why there is none. */
static char *
compose(struct ctl *c)
{
	static const char *const servers[] = { "segment", "service", "standing", "mac", "ip", "name" };
	static const char *const suspects[] = { "verdict", "severity", "segment", "last", "title" };
	static const char *const feeds[] = { "name",	  "state",   "heard_s_ago", "accepted",
					     "malformed", "refused", "late",	    "clock_ahead_ms" };
	static const char *const asks[] = { "status", "vantage", "authority", "incidents", "senders" };
	enum { STATUS, VANTAGE, AUTHORITY, INCIDENTS, SENDERS, ASKS };
	json_t *a[ASKS] = { NULL };
	char *text = NULL;
	size_t size = 0;
	bool ok = true;
	for (size_t i = 0; ok && i < ASKS; i++)
		ok = (a[i] = ask(c, asks[i])) != NULL;
	FILE *to = ok ? open_memstream(&text, &size) : NULL;
	if (to) {
		json_t *seen = only_seen(json_object_get(a[AUTHORITY], "rows"));
		const json_t *rows = json_object_get(a[INCIDENTS], "rows");
		put_head(to, a[STATUS]);
		title(to, "suspects", json_array_size(rows));
		ctl_table(to, rows, suspects, 5, 100);
		title(to, "segments", json_array_size(json_object_get(a[VANTAGE], "rows")));
		put_segments(to, json_object_get(a[VANTAGE], "rows"));
		title(to, "servers", json_array_size(seen));
		ctl_table(to, seen, servers, 6, 40);
		rows = json_object_get(a[SENDERS], "rows");
		title(to, "feeds", json_array_size(rows));
		ctl_table(to, rows, feeds, 8, 40);
		json_decref(seen);
		fclose(to);
	}
	for (size_t i = 0; i < ASKS; i++)
		json_decref(a[i]);
	return text;
}

/* The first `columns` characters. */
static void
clip(char *line, unsigned columns)
{
	unsigned n = 0;
	for (char *p = line; *p; p++) {
		n += ((unsigned char)*p & 0xc0) != 0x80;
		if (n > columns) {
			*p = 0;
			return;
		}
	}
}

static void
put_line(struct screen *s, unsigned at, const char *text, size_t n)
{
	char line[LINE_LENGTH];
	n = n < sizeof(line) - 1 ? n : sizeof(line) - 1;
	memcpy(line, text, n);
	line[n] = 0;
	clip(line, s->columns);
	if (strcmp(line, s->line[at]) == 0)
		return;
	memcpy(s->line[at], line, sizeof(line));
	printf("\033[%u;1H\033[2K%s%s\033[0m", at + 1, strncmp(line, "---", 3) == 0 ? "\033[1m" : "", line);
}

static void
show(struct screen *s, const char *text)
{
	static const char foot[] = "q ends; crosstapctl why ID tells all about a suspect";
	unsigned at = 0;
	if (resized) {
		resized = 0;
		measure(s);
	}
	while (at + 1 < s->rows) {
		size_t n = strcspn(text, "\n");
		put_line(s, at++, text, n);
		text += n + (text[n] == '\n');
	}
	put_line(s, at, foot, sizeof(foot) - 1);
	fflush(stdout);
}

/* Waits for a key or the next second; true: enough. */
static bool
enough(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;
	if (poll(&p, 1, PERIOD_MS) <= 0)
		return ended;
	ssize_t n = read(STDIN_FILENO, &key, 1);
	return ended || n == 0 || (n == 1 && (key == 'q' || key == 'Q' || key == 3));
}

int
ctl_top(struct ctl *c)
{
	struct screen *s = calloc(1, sizeof(*s));
	char *text = s ? compose(c) : NULL; /* what is wrong is told before the terminal changes */
	int status = EXIT_REFUSED;
	if (text && take_terminal(s)) {
		do {
			show(s, text);
			if (enough())
				break;
			free(text);
			text = compose(c);
		} while (text);
		leave_terminal(s);
		if (text == NULL)
			fprintf(stderr, "crosstapctl: %s: the sensor is gone\n", c->socket);
		status = text ? EXIT_OK : EXIT_REFUSED;
	}
	free(text);
	free(s);
	return status;
}
