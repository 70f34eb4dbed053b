/* Answers as text for a person.  What came from wire or feed is printed without control characters: a host's name moves
 * no cursor. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

enum { WIDTH_MAX = 64, CELL = 256, COLUMNS_MAX = 16 };

/* C0, DEL and C1 (as UTF-8: C2 80 to C2 9F) become a question mark; cut at a whole character. */
static void
clean(const char *from, char *to, size_t cap)
{
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)from; *p && n + 5 < cap; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;
		p += c1;
		to[n++] = c1 || *p < 0x20 || *p == 0x7f ? '?' : (char)*p;
	}
	bool cut = n + 5 >= cap;
	while (cut && n > 0 && ((unsigned char)to[n - 1] & 0xc0) == 0x80)
		n--;
	if (cut && n > 0 && (unsigned char)to[n - 1] >= 0xc0)
		n--;
	to[n] = 0;
}

const char *
ctl_text(const json_t *object, const char *key, char *buf, size_t cap)
{
	const json_t *v = json_object_get(object, key);
	if (json_is_string(v))
		clean(json_string_value(v), buf, cap);
	else if (json_is_integer(v))
		snprintf(buf, cap, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_boolean(v))
		snprintf(buf, cap, "%s", json_is_true(v) ? "yes" : "no");
	else
		snprintf(buf, cap, "-");
	return buf;
}

/* Characters, not bytes; each is taken as one column wide. */
static size_t
width(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void
cell(FILE *to, const char *text, size_t wide, bool last)
{
	size_t n = 0;
	for (const char *s = text; *s; s++) {
		n += ((unsigned char)*s & 0xc0) != 0x80;
		if (n > wide)
			break;
		fputc(*s, to);
	}
	for (n = n > wide ? wide : n; !last && n < wide + 2; n++)
		fputc(' ', to);
}

void
ctl_table(FILE *to, const json_t *rows, const char *const *keys, size_t n, size_t max_width)
{
	size_t wide[COLUMNS_MAX], i;
	char text[CELL];
	const json_t *r;
	n = n < COLUMNS_MAX ? n : COLUMNS_MAX;
	for (size_t k = 0; k < n; k++) {
		wide[k] = strlen(keys[k]);
		json_array_foreach(rows, i, r)
		{
			size_t w = width(ctl_text(r, keys[k], text, sizeof(text)));
			wide[k] = w > wide[k] ? w : wide[k];
		}
		wide[k] = wide[k] < max_width ? wide[k] : max_width;
	}
	for (size_t k = 0; k < n; k++)
		cell(to, keys[k], wide[k], k + 1 == n);
	fputc('\n', to);
	json_array_foreach(rows, i, r)
	{
		for (size_t k = 0; k < n; k++)
			cell(to, ctl_text(r, keys[k], text, sizeof(text)), wide[k], k + 1 == n);
		fputc('\n', to);
	}
}

static void
line(const json_t *o, const char *key, const char *what)
{
	char text[4096];
	printf("%-14s %s\n", what, ctl_text(o, key, text, sizeof(text)));
}

/* ---- one each ---- */
static void
status_evidence(const json_t *e)
{
	char files[CELL], bytes[CELL], failed[CELL];
	printf("%-14s %s files, %s bytes, %s could not be written\n", "evidence",
	       ctl_text(e, "files", files, sizeof(files)), ctl_text(e, "bytes", bytes, sizeof(bytes)),
	       ctl_text(e, "failed", failed, sizeof(failed)));
}

static void
status(const json_t *a)
{
	static const char *const taps[] = { "name", "frames", "dropped", "iface_dropped" };
	static const char *const listeners[] = { "address", "connections", "strangers", "handshakes_failed",
						 "no_room", "idle",	   "malformed", "kernel_drops" };
	static const char *const outputs[] = {
		"output", "to", "state", "lines", "waiting", "waits_in", "lost"
	};
	const char *verdict;
	json_t *n;
	line(a, "sensor", "sensor");
	line(a, "version", "version");
	line(a, "started", "started");
	line(a, "packet_time", "packet time");
	line(a, "records", "records told");
	printf("%-14s", "open");
	json_object_foreach(json_object_get(a, "open"), verdict, n) if (json_integer_value(n))
		printf(" %s %" JSON_INTEGER_FORMAT, verdict, json_integer_value(n));
	putchar('\n');
	line(json_object_get(a, "edge"), "state", "edge");
	if (json_object_get(a, "evidence"))
		status_evidence(json_object_get(a, "evidence"));
	line(a, "senders", "senders");
	line(a, "senders_silent", "  silent");
	if (!json_is_true(json_object_get(a, "authority")))
		puts("no authority is declared: verdicts stay low; see crosstapctl learned");
	putchar('\n');
	ctl_table(stdout, json_object_get(a, "interfaces"), taps, 4, WIDTH_MAX);
	putchar('\n');
	ctl_table(stdout, json_object_get(a, "outputs"), outputs, 7, WIDTH_MAX);
	const json_t *l = json_object_get(json_object_get(a, "edge"), "listeners");
	if (json_array_size(l) == 0)
		return;
	putchar('\n');
	ctl_table(stdout, l, listeners, 8, WIDTH_MAX);
}

/* Of a segment's bits: those that are seen, those that are not, those that too little is known of. */
static void
sight(const json_t *s)
{
	const char *bit;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)s, bit, v)
	{
		if (!json_is_object(v))
			continue;
		json_int_t samples = json_integer_value(json_object_get(v, "samples"));
		printf("  %-6s %s (%" JSON_INTEGER_FORMAT " %% of %" JSON_INTEGER_FORMAT ")\n", bit,
		       json_is_true(json_object_get(v, "has")) ? "seen"
		       : samples			       ? "not enough"
							       : "no sample",
		       json_integer_value(json_object_get(v, "percent")), samples);
	}
}

static void
vantage(const json_t *a)
{
	char text[CELL];
	size_t i;
	json_t *s;
	json_array_foreach(json_object_get(a, "rows"), i, s)
	{
		printf("%s\n", ctl_text(s, "segment", text, sizeof(text)));
		sight(s);
	}
	puts("explained by: crosstap --explain V_B4 (and so on)");
}

static void
why_facts(const json_t *inc, const char *iface)
{
	size_t i, k;
	json_t *f, *p;
	char id[CELL], first[CELL], last[CELL], n[CELL], file[CELL], grade[CELL];
	puts("\non the wire");
	json_array_foreach(json_object_get(inc, "facts"), i, f)
	{
		printf("  %-12s %s x%s  %s .. %s\n   packets", ctl_text(f, "id", id, sizeof(id)),
		       ctl_text(f, "grade", grade, sizeof(grade)), ctl_text(f, "count", n, sizeof(n)),
		       ctl_text(f, "first", first, sizeof(first)), ctl_text(f, "last", last, sizeof(last)));
		json_array_foreach(json_object_get(f, "packets"), k, p)
			printf(" %s:%s",
			       json_object_get(p, "file") ? ctl_text(p, "file", file, sizeof(file)) : iface,
			       ctl_text(p, "frame", n, sizeof(n)));
		puts(json_array_size(json_object_get(f, "packets")) ? "" : " none of this run");
	}
}

static void
why_hosts(const json_t *inc)
{
	static const char *const events[] = { "role", "computer",  "event_id", "record_id",
					      "time", "offset_ms", "provider" };
	static const char *const victims[] = { "mac", "name", "grade" };
	const json_t *list = json_object_get(inc, "host_events");
	printf("\nthe hosts say (%zu)\n", json_array_size(list));
	if (json_array_size(list))
		ctl_table(stdout, list, events, 7, WIDTH_MAX);
	list = json_object_get(inc, "victims");
	printf("\nvictims (%zu)\n", json_array_size(list));
	if (json_array_size(list))
		ctl_table(stdout, list, victims, 3, WIDTH_MAX);
}

static void
why(const json_t *a)
{
	const json_t *record = json_object_get(a, "record"), *inc = json_object_get(record, "incident");
	size_t i;
	json_t *q;
	char text[4096], answer[4096], count[CELL];
	printf("%s\n\n", ctl_text(inc, "title", text, sizeof(text)));
	line(inc, "id", "id");
	line(inc, "state", "state");
	line(inc, "detection", "detection");
	line(inc, "verdict", "verdict");
	line(inc, "severity", "severity");
	line(inc, "confidence", "confidence");
	line(inc, "segment", "segment");
	printf("\n%s\n", ctl_text(inc, "explain", text, sizeof(text)));
	why_facts(inc, ctl_text(record, "in_iface", text, sizeof(text)));
	if (json_object_get(inc, "evidence"))
		printf("  the frames are in %s\n", ctl_text(inc, "evidence", answer, sizeof(answer)));
	else if (json_object_get(record, "alert"))
		puts("  no frames are kept: `evidence: {folder: P}` of the configuration has them written");
	why_hosts(inc);
	puts("\nasked");
	json_array_foreach(json_object_get(a, "asked"), i, q)
	{
		bool counted = json_object_get(q, "count") != NULL;
		printf("  %s\n    %s%s%s\n", ctl_text(q, "question", text, sizeof(text)),
		       counted ? ctl_text(q, "count", count, sizeof(count)) : "", counted ? " " : "",
		       ctl_text(q, "answer", answer, sizeof(answer)));
	}
	puts("\nwhat the sensor sees there");
	sight(json_object_get(a, "sight"));
	json_array_foreach(json_object_get(json_object_get(inc, "vantage"), "missing"), i, q)
		printf("%s%s", i ? ", " : "missing for this verdict: ", json_string_value(q));
	puts("\n\nnext");
	json_array_foreach(json_object_get(inc, "next"), i, q)
		printf("  %s\n", json_is_string(q) ? json_string_value(q) : "");
}

static void
stats(const json_t *rows, bool verbose)
{
	size_t i, k;
	json_t *r;
	static const char *const labels[] = { "interface", "table", "sender", "segment", "bit", "verdict" };
	char name[CELL], text[CELL], unit[CELL], value[CELL];
	const char *before = NULL;
	json_array_foreach(rows, i, r)
	{
		const char *now = json_string_value(json_object_get(r, "name"));
		if (verbose && now && (before == NULL || strcmp(before, now) != 0)) {
			printf("\n# %s.", ctl_text(r, "help", text, sizeof(text)));
			printf(" When it moves: %s.\n", ctl_text(r, "act", text, sizeof(text)));
		}
		before = now;
		printf("%s", ctl_text(r, "name", name, sizeof(name)));
		for (k = 0; k < sizeof(labels) / sizeof(labels[0]); k++)
			if (json_object_get(r, labels[k]))
				printf(" %s", ctl_text(r, labels[k], text, sizeof(text)));
		printf(" %s %s\n", ctl_text(r, "value", value, sizeof(value)),
		       ctl_text(r, "unit", unit, sizeof(unit)));
	}
}

static void
authority(const json_t *rows)
{
	static const char *const seen[] = { "segment", "service", "standing", "mac", "ip", "name", "last" };
	json_t *servers = json_array();
	size_t i;
	json_t *r;
	char site[CELL], role[CELL];
	json_array_foreach(rows, i, r)
	{
		const char *kind = json_string_value(json_object_get(r, "kind"));
		if (kind && strcmp(kind, "seen") == 0) {
			json_array_append(servers, r);
			continue;
		}
		if (!json_is_true(json_object_get(r, "declared")))
			continue;
		char *list = json_dumps(json_object_get(r, "entries"), 0);
		printf("declared %s %s: %s\n", ctl_text(r, "site", site, sizeof(site)),
		       ctl_text(r, "role", role, sizeof(role)), list ? list : "");
		free(list);
	}
	printf("\nwho serves (unauthorised: what is declared says otherwise; unknown: nothing is "
	       "declared)\n");
	ctl_table(stdout, servers, seen, 7, WIDTH_MAX);
	json_decref(servers);
}

static void
learned(const json_t *rows)
{
	size_t i;
	json_t *r;
	char text[4096];
	json_array_foreach(rows, i, r)
	{
		clean(json_is_string(r) ? json_string_value(r) : "", text, sizeof(text));
		puts(text);
	}
}

static const struct {
	const char *ask;
	const char *column[COLUMNS_MAX];
} lists[] = {
	{ "tables", { "name", "used", "capacity", "inserted", "hit", "expired", "evicted", "refused" } },
	{ "incidents", { "id", "state", "verdict", "severity", "segment", "last", "title" } },
	{ "bindings", { "segment", "address", "mac", "name", "by", "first", "last", "before", "contested" } },
	{ "senders",
	  { "name", "state", "heard_s_ago", "accepted", "ignored", "refused", "malformed", "late",
	    "duplicates", "gaps", "clock_ahead_ms" } },
	{ "clocks", { "computer", "known", "error_ms", "pairs", "events", "duplicates", "late", "missing" } },
	{ "mutes", { "detection", "actor", "segment", "verdict", "until", "reason" } },
};

void
ctl_print(const char *ask, const json_t *a)
{
	const json_t *rows = json_object_get(a, "rows");
	size_t n = 0;
	if (strcmp(ask, "status") == 0)
		status(a);
	else if (strcmp(ask, "why") == 0)
		why(a);
	else if (strcmp(ask, "vantage") == 0)
		vantage(a);
	else if (strncmp(ask, "stats", 5) == 0)
		stats(rows, ask[5] != 0);
	else if (strcmp(ask, "authority") == 0)
		authority(rows);
	else if (strcmp(ask, "learned") == 0)
		learned(rows);
	else if (strcmp(ask, "mute") == 0 || strcmp(ask, "reload") == 0)
		line(a, "note", ask);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcmp(lists[i].ask, ask) != 0)
			continue;
		while (n < COLUMNS_MAX && lists[i].column[n])
			n++;
		ctl_table(stdout, rows, lists[i].column, n, 2 * WIDTH_MAX);
	}
}
