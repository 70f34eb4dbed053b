/* The command line.  One row an option, and a check of what contradicts what. */
#include "opts.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"

enum {
	LONG_DISSECT = 256,
	LONG_HOST_EVENTS,
	LONG_LIST_DETECTORS,
	LONG_LIST_EVENTS,
	LONG_LIST_FIELDS,
	LONG_SCHEMA,
	LONG_EXPLAIN,
	LONG_DUMP,
	LONG_VERSION,
	LONG_FAIL_ON,
	LONG_SET,
	LONG_STATE,
	LONG_TEST_OFF,
	LONG_AS_GIVEN,
	LONG_LEARNED,
	LONG_DOCUMENT,
	LONG_EDGE,
	LONG_SETUP,
	LONG_FOR,
	LONG_ROLE,
	LONG_CONTINUOUS
};
enum { OPTIONS_MAX = 48, LISTEN_DEFAULT = 600 };

/* The one table of options: getopt's, --help, the manual page and the completions are made of it. */
static const struct opt table[] = {
	{ NULL, 'r', 'r', OPT_FILE, "FILE|DIR|-", "Inputs",
	  "pcap or pcapng; a DIR is the rotated files of one interface; -r eth1=FILE gives it that name "
	  "(default cap0, cap1, ...)" },
	{ "pcap-continuous", 0, LONG_CONTINUOUS, OPT_NONE, NULL, "Inputs",
	  "the one -r is a folder that files are still written into: reads on until TERM or INT" },
	{ NULL, 'e', 'e', OPT_FILE, "EVENTS|-", "Inputs", "host events of any known shape, file or pipe" },
	{ NULL, 'i', 'i', OPT_IFACE, "IFACE", "Inputs", "watch this interface until TERM or INT; wants -c" },
	{ NULL, 'F', 'F', OPT_WORD, "FILTER", "Inputs", "a pcap filter instead of the generated one" },
	{ "state", 0, LONG_STATE, OPT_FILE, "FILE", "Inputs",
	  "go on from what was learned before, and keep it there at the end" },
	{ "dissect", 0, LONG_DISSECT, OPT_MAYBE, "PROTO,...", "Instead of incidents",
	  "what was said on the wire (of -r), a line a message" },
	{ "host-events", 0, LONG_HOST_EVENTS, OPT_NONE, NULL, "Instead of incidents",
	  "what the hosts said (of -e), normalised" },
	{ "learned", 0, LONG_LEARNED, OPT_NONE, NULL, "Instead of incidents",
	  "what served and nothing speaks against (in -r), as `authority:`" },
	{ "edge", 0, LONG_EDGE, OPT_NONE, NULL, "Instead of incidents",
	  "only feed.listen and feed.follow: documents to standard output, for | crosstap -e -" },
	{ "setup", 0, LONG_SETUP, OPT_NONE, NULL, "Instead of incidents",
	  "a configuration out of what is seen in -r, or on -i for a while, to read and approve" },
	{ "for", 0, LONG_FOR, OPT_WORD, "TIME", "Instead of incidents",
	  "how long --setup listens on -i, like 90s, 30m or 2h (default 10m)" },
	{ NULL, 'c', 'c', OPT_FILE, "CONF", "Configuration and output",
	  "YAML; *.yaml of conf.d beside it are read too" },
	{ "set", 0, LONG_SET, OPT_WORD, "KEY=VALUE", "Configuration and output",
	  "over the file, for example --set sensor.name=s1" },
	{ NULL, 'T', 'T', OPT_NONE, NULL, "Configuration and output",
	  "test the configuration, print every problem and what is missing for full verdicts; with -r also "
	  "what the tap does not see" },
	{ "dump-config", 0, LONG_DUMP, OPT_NONE, NULL, "Configuration and output",
	  "every option with its value and meaning" },
	{ NULL, 'l', 'l', OPT_DIR, "DIR", "Configuration and output",
	  "JSON lines to DIR/crosstap.jsonl instead of standard output" },
	{ NULL, 'q', 'q', OPT_NONE, NULL, "Configuration and output", "no summary" },
	{ NULL, 'v', 'v', OPT_NONE, NULL, "Configuration and output", "more messages" },
	{ "fail-on", 0, LONG_FAIL_ON, OPT_VERDICT, "VERDICT", "Configuration and output",
	  "exit status 10 when a finding at or above it stands at the end" },
	{ NULL, 'D', 'D', OPT_NONE, NULL, "Ask the program", "list the interfaces" },
	{ "list-detectors", 0, LONG_LIST_DETECTORS, OPT_NONE, NULL, "Ask the program",
	  "detections and the facts that feed them" },
	{ "list-events", 0, LONG_LIST_EVENTS, OPT_NONE, NULL, "Ask the program",
	  "Windows events and what they are joined with" },
	{ "list-fields", 0, LONG_LIST_FIELDS, OPT_NONE, NULL, "Ask the program",
	  "fields of --dissect and of site rules" },
	{ "dump-schema", 0, LONG_SCHEMA, OPT_NONE, NULL, "Ask the program",
	  "JSON Schema of incidents and observations" },
	{ "explain", 0, LONG_EXPLAIN, OPT_ID, "ID", "Ask the program",
	  "a detection, fact, event, verdict, vantage, refutation, trap or site rule" },
	{ "document", 0, LONG_DOCUMENT, OPT_DOCUMENT, "NAME", "Ask the program",
	  "a document made of the program's tables: a manual page, completion or sample configuration" },
	{ "version", 'V', LONG_VERSION, OPT_NONE, NULL, "Ask the program", "print it" },
	{ "help", 'h', 'h', OPT_NONE, NULL, "Ask the program", "print this" },
	{ "test-off", 0, LONG_TEST_OFF, OPT_WORD, "ID", "For tests",
	  "switch off a detector, join row or chain, or nDPI (ndpi)" },
	{ "events-as-given", 0, LONG_AS_GIVEN, OPT_WORD, "first|last", "For tests",
	  "every host event before the first or after the last packet" },
	{ "role", 0, LONG_ROLE, OPT_WORD, NULL, NULL, NULL }, /* how the program starts itself */
};
_Static_assert(sizeof(table) / sizeof(table[0]) < OPTIONS_MAX, "room for getopt's terminator");

const char opts_usage[] = "crosstap -r FILE [-e EVENTS] [-c CONF]      incidents, one JSON line each\n"
			  "crosstap -r FILE --dissect[=PROTO,...]      what was said on the wire\n"
			  "crosstap -e EVENTS --host-events            what the hosts said\n"
			  "crosstap -i IFACE -c CONF                   watch\n"
			  "crosstap --setup -i IFACE [--for TIME]      propose a configuration\n"
			  "crosstap -T -c CONF [-r FILE]               is it good, and what is missing\n";
const char opts_status[] = "0 ran to the end; 1 an input was damaged, the rest was read; 2 usage, "
			   "configuration or an input that\n"
			   "cannot be opened; 3 internal failure; 10 see --fail-on.\n";

const struct opt *
opts_at(size_t i)
{
	return i < sizeof(table) / sizeof(table[0]) ? &table[i] : NULL;
}

static void
help_one(const struct opt *p)
{
	enum { COLUMN = 26, WIDTH = 70 };
	char left[64];
	size_t n = 0;
	if (p->letter && p->name)
		n = (size_t)snprintf(left, sizeof(left), "-%c, --%s", p->letter, p->name);
	else if (p->letter)
		n = (size_t)snprintf(left, sizeof(left), "-%c", p->letter);
	else
		n = (size_t)snprintf(left, sizeof(left), "--%s", p->name);
	if (p->arg)
		n += (size_t)snprintf(left + n, sizeof(left) - n, p->kind == OPT_MAYBE ? "[=%s]" : " %s",
				      p->arg);
	printf("  %-*s%s", COLUMN, left, n < COLUMN ? "" : " ");
	for (const char *t = p->help; *t;) {
		size_t cut = strlen(t);
		if (cut > WIDTH)
			for (cut = WIDTH; cut > 1 && t[cut] != ' ';)
				cut--;
		printf("%s%.*s\n", t == p->help ? "" : "                            ", (int)cut, t);
		t += cut;
		t += *t == ' ';
	}
}

void
opts_help(void)
{
	const char *section = NULL;
	puts("crosstap joins what a network tap sees with what the hosts themselves say.\n");
	fputs(opts_usage, stdout);
	for (const struct opt *p = table; p < table + sizeof(table) / sizeof(table[0]); p++) {
		if (p->section == NULL)
			continue;
		if (section != p->section)
			printf("\n%s\n", p->section);
		section = p->section;
		help_one(p);
	}
	printf("\nExit status: %s", opts_status);
}

/* What getopt_long() wants, out of the table. */
static void
for_getopt(struct option *longs, char *letters)
{
	for (const struct opt *p = table; p < table + sizeof(table) / sizeof(table[0]); p++) {
		int arg = p->kind == OPT_NONE	 ? no_argument
			  : p->kind == OPT_MAYBE ? optional_argument
						 : required_argument;
		if (p->name)
			*longs++ = (struct option){ p->name, arg, NULL, p->id };
		if (p->letter)
			*letters++ = p->letter;
		if (p->letter && arg == required_argument)
			*letters++ = ':';
	}
	*longs = (struct option){ NULL, 0, NULL, 0 };
	*letters = 0;
}

static bool
add(const char **list, size_t *n, size_t max, const char *value, const char *what)
{
	if (*n == max) {
		log_say("%s: given more than %zu times", what, max);
		return false;
	}
	list[(*n)++] = value;
	return true;
}

/* `eth1=FILE`, unless a file of that whole name exists. */
static bool
add_read(struct opts *o, char *value)
{
	if (o->nread == OPTS_READ_MAX) {
		log_say("-r: given more than %d times", OPTS_READ_MAX);
		return false;
	}
	struct stat st;
	char *eq = strchr(value, '=');
	bool named = eq && eq > value && eq - value < 16 && stat(value, &st) != 0;
	for (const char *p = value; named && p < eq; p++)
		named = isalnum((unsigned char)*p) || strchr("._:-@", *p);
	if (named) {
		*eq = 0;
		o->read[o->nread].name = value;
	}
	o->read[o->nread++].path = named ? eq + 1 : value;
	return true;
}

static bool
act(struct opts *o, enum action a)
{
	if (o->action != ACT_REPLAY && o->action != a) {
		log_say("more than one thing to do was asked for: see --help");
		return false;
	}
	o->action = a;
	return true;
}

static bool
pace(struct opts *o, const char *value)
{
	bool first = strcmp(value, "first") == 0;
	if (!first && strcmp(value, "last") != 0) {
		log_say("--events-as-given: found \"%s\", expected first or last", value);
		return false;
	}
	o->pacing = first ? PACE_FIRST : PACE_LAST;
	return true;
}

/* How the program starts itself; not for people. */
static bool
role(struct opts *o, const char *value)
{
	o->again = strcmp(value, "engine-again") == 0;
	if (o->again || strcmp(value, "engine") == 0) {
		o->role_engine = true;
		return true;
	}
	if (strcmp(value, "edge") != 0) {
		log_say("--role: found \"%s\", expected engine or edge", value);
		return false;
	}
	o->role_edge = true;
	return act(o, ACT_EDGE);
}

/* "90s", "30m", "2h", alone seconds; at most a day. */
static bool
listen_time(struct opts *o, const char *value)
{
	char *end;
	unsigned long n = isdigit((unsigned char)*value) ? strtoul(value, &end, 10) : 0;
	unsigned long unit = n == 0 ? 0 : *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;
	bool good = n > 0 && n <= 86400 && n * unit <= 86400 &&
		    (*end == 0 || (strchr("smh", *end) && end[1] == 0));
	if (!good)
		log_say("--for: found \"%s\", expected a time like 90s, 30m or 2h of at most a day", value);
	else
		o->listen_for = (ts_t)(n * unit) * TS_SEC;
	return good;
}

static bool
one(struct opts *o, int c)
{
	switch (c) {
	case 'r': return add_read(o, optarg);
	case 'e': return add(o->events, &o->nevents, OPTS_EVENTS_MAX, optarg, "-e");
	case 'i': return add(o->iface, &o->niface, OPTS_READ_MAX, optarg, "-i");
	case 'c': return add(o->conf, &o->nconf, OPTS_CONF_MAX, optarg, "-c");
	case LONG_SET: return add(o->set, &o->nset, OPTS_SET_MAX, optarg, "--set");
	case LONG_TEST_OFF: return add(o->off, &o->noff, OPTS_OFF_MAX, optarg, "--test-off");
	case 'l': o->log_dir = optarg; return true;
	case LONG_STATE: o->state = optarg; return true;
	case 'F': o->filter = optarg; return true;
	case 'q': o->quiet = true; return true;
	case 'v': o->verbose = true; return true;
	case 'T': return act(o, ACT_TEST);
	case 'D': return act(o, ACT_LIST_IFACES);
	case 'h': return act(o, ACT_HELP);
	case LONG_VERSION: return act(o, ACT_VERSION);
	case LONG_DISSECT: o->protos = optarg; return act(o, ACT_DISSECT);
	case LONG_HOST_EVENTS: return act(o, ACT_HOST_EVENTS);
	case LONG_LIST_DETECTORS: return act(o, ACT_LIST_DETECTORS);
	case LONG_LIST_EVENTS: return act(o, ACT_LIST_EVENTS);
	case LONG_LIST_FIELDS: return act(o, ACT_LIST_FIELDS);
	case LONG_SCHEMA: return act(o, ACT_SCHEMA);
	case LONG_EXPLAIN: o->explain = optarg; return act(o, ACT_EXPLAIN);
	case LONG_DOCUMENT: o->document = optarg; return act(o, ACT_DOCUMENT);
	case LONG_DUMP: return act(o, ACT_DUMP);
	case LONG_LEARNED: o->learned = true; return true;
	case LONG_CONTINUOUS: o->continuous = true; return true;
	case LONG_AS_GIVEN: return pace(o, optarg);
	case LONG_EDGE: return act(o, ACT_EDGE);
	case LONG_SETUP: return act(o, ACT_SETUP);
	case LONG_FOR: return listen_time(o, optarg);
	case LONG_ROLE: return role(o, optarg);
	case LONG_FAIL_ON:
		o->fail = verdict_parse(bytes_str(optarg), &o->fail_on);
		if (!o->fail)
			log_say("--fail-on: found \"%s\", expected info, refuted, unverifiable, host-only, "
				"suspected, "
				"probable or confirmed",
				optarg);
		return o->fail;
	default: return false; /* getopt_long told what */
	}
}

static bool
wrong(const char *what)
{
	log_say("%s: see --help", what);
	return false;
}

static size_t
count_stdin(const struct opts *o)
{
	size_t n = 0;
	for (size_t i = 0; i < o->nread; i++)
		n += strcmp(o->read[i].path, "-") == 0;
	for (size_t i = 0; i < o->nevents; i++)
		n += strcmp(o->events[i], "-") == 0;
	return n;
}

/* What contradicts what. */
static bool
check(struct opts *o)
{
	if (o->action == ACT_REPLAY && o->niface)
		o->action = ACT_LIVE;
	if (o->niface && o->nread)
		return wrong("-i and -r contradict each other");
	if (o->learned && o->action != ACT_REPLAY)
		return wrong("--learned wants a replay (-r)");
	if (o->continuous && (o->action != ACT_REPLAY || o->nread != 1))
		return wrong("--pcap-continuous wants a replay of one folder (-r DIR)");
	if (count_stdin(o) > 1)
		return wrong("standard input can be read only once");
	switch (o->action) {
	case ACT_REPLAY:
		return o->nread || o->nevents ? true : wrong("nothing to read: -r, -e or -i is needed");
	case ACT_LIVE: return o->nconf ? true : wrong("-i needs -c");
	case ACT_DISSECT:
		if (o->nevents || o->niface)
			return wrong("--dissect reads -r only");
		return o->nread ? true : wrong("--dissect needs -r");
	case ACT_HOST_EVENTS:
		if (o->nread || o->niface)
			return wrong("--host-events reads -e only");
		return o->nevents ? true : wrong("--host-events needs -e");
	case ACT_EDGE:
		if (o->nread || o->nevents || o->niface)
			return wrong("--edge reads what the configuration names, no -r, -e or -i");
		return o->nconf || o->nset ? true : wrong("--edge needs -c");
	case ACT_SETUP:
		if (o->listen_for && o->niface == 0)
			return wrong("--for wants -i");
		if (o->listen_for == 0)
			o->listen_for = LISTEN_DEFAULT * TS_SEC;
		return o->nread || o->niface ? true : wrong("--setup needs -r or -i");
	case ACT_TEST: return o->nconf || o->nset ? true : wrong("-T needs -c");
	default: return true;
	}
}

bool
opts_parse(struct opts *o, int argc, char **argv)
{
	struct option longs[OPTIONS_MAX];
	char letters[2 * OPTIONS_MAX + 1];
	*o = (struct opts){ .action = ACT_REPLAY };
	for_getopt(longs, letters);
	optind = 0; /* glibc: start over, prefixes of the last parse forgotten */
	for (int c; (c = getopt_long(argc, argv, letters, longs, NULL)) != -1;)
		if (!one(o, c == 'V' ? LONG_VERSION : c))
			return false;
	if (optind < argc) {
		log_say("\"%s\": no option", argv[optind]);
		return false;
	}
	return check(o);
}
