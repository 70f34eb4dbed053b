/* The command line.  One row an option, and a check of what contradicts what. */
#include "opts.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"

enum {
	LONG_DISSECT = 256,
	LONG_HOST_EVENTS,
	LONG_LIST_DETECTORS,
	LONG_LIST_EVENTS,
	LONG_LIST_FIELDS,
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
	LONG_ROLE
};

static const struct option longs[] = {
	{ "dissect", optional_argument, NULL, LONG_DISSECT },
	{ "host-events", no_argument, NULL, LONG_HOST_EVENTS },
	{ "list-detectors", no_argument, NULL, LONG_LIST_DETECTORS },
	{ "list-events", no_argument, NULL, LONG_LIST_EVENTS },
	{ "list-fields", no_argument, NULL, LONG_LIST_FIELDS },
	{ "explain", required_argument, NULL, LONG_EXPLAIN },
	{ "dump-config", no_argument, NULL, LONG_DUMP },
	{ "version", no_argument, NULL, LONG_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ "fail-on", required_argument, NULL, LONG_FAIL_ON },
	{ "set", required_argument, NULL, LONG_SET },
	{ "state", required_argument, NULL, LONG_STATE },
	{ "test-off", required_argument, NULL, LONG_TEST_OFF },
	{ "document", required_argument, NULL, LONG_DOCUMENT },
	{ "learned", no_argument, NULL, LONG_LEARNED },
	{ "events-as-given", required_argument, NULL, LONG_AS_GIVEN },
	{ "edge", no_argument, NULL, LONG_EDGE },
	{ "role", required_argument, NULL, LONG_ROLE },
	{ NULL, 0, NULL, 0 },
};

static const char help_text[] =
	"crosstap joins what a network tap sees with what the hosts themselves say.\n"
	"\n"
	"Look into a recording\n"
	"  crosstap -r FILE [-e EVENTS] [-c CONF]    incidents, one JSON line each\n"
	"  crosstap -r FILE --dissect[=PROTO,...]    what was said on the wire instead\n"
	"  crosstap -e EVENTS --host-events          what the hosts said, normalised, instead\n"
	"    -r FILE|DIR|-      pcap or pcapng; a DIR is one interface's rotated files\n"
	"    -r eth1=FILE       the same under a name of its own (default cap0, cap1, ...)\n"
	"    -e EVENTS|-        host events of any known shape, file or pipe\n"
	"    --learned          what served and nothing speaks against, as `authority:`, instead of "
	"incidents\n"
	"    --state FILE       go on from what was learned before, and keep it there at the end\n"
	"    --fail-on VERDICT  exit status 10 when a finding at or above it stands at the end\n"
	"\n"
	"Watch\n"
	"  crosstap -i IFACE -c CONF                 until SIGTERM or SIGINT\n"
	"    -F FILTER          a pcap filter instead of the generated one\n"
	"    -D                 list the interfaces\n"
	"  crosstap --edge -c CONF                   only feed.listen and feed.follow: documents\n"
	"                                            to standard output, for | crosstap -e -\n"
	"\n"
	"Configuration and output\n"
	"    -c CONF            YAML; DIR/conf.d/*.yaml beside it is read too\n"
	"    --set KEY=VALUE    over the file, for example --set sensor.name=s1\n"
	"    -l DIR             JSON lines to DIR/crosstap.jsonl instead of standard output\n"
	"    -T                 test the configuration, print every problem\n"
	"    --dump-config      every option with its value and meaning\n"
	"    -q, -v             no summary; more messages\n"
	"\n"
	"Ask the program\n"
	"    --list-detectors   --list-events   --list-fields   --explain ID   --version   --help\n"
	"    --document crosstap-detections.7    the manual page of the tables\n"
	"\n"
	"Exit status: 0 ran to the end; 1 an input was damaged, the rest was read; 2 usage,\n"
	"configuration or an input that cannot be opened; 3 internal failure; 10 see --fail-on.\n"
	"For tests: --test-off=ID, --events-as-given=first|last (see README.md).\n";

void
opts_help(void)
{
	fputs(help_text, stdout);
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
	if (strcmp(value, "edge") != 0) {
		log_say("--role: found \"%s\", expected edge", value);
		return false;
	}
	o->role_edge = true;
	return act(o, ACT_EDGE);
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
	case 'V':
	case LONG_VERSION: return act(o, ACT_VERSION);
	case LONG_DISSECT: o->protos = optarg; return act(o, ACT_DISSECT);
	case LONG_HOST_EVENTS: return act(o, ACT_HOST_EVENTS);
	case LONG_LIST_DETECTORS: return act(o, ACT_LIST_DETECTORS);
	case LONG_LIST_EVENTS: return act(o, ACT_LIST_EVENTS);
	case LONG_LIST_FIELDS: return act(o, ACT_LIST_FIELDS);
	case LONG_EXPLAIN: o->explain = optarg; return act(o, ACT_EXPLAIN);
	case LONG_DOCUMENT: o->document = optarg; return act(o, ACT_DOCUMENT);
	case LONG_DUMP: return act(o, ACT_DUMP);
	case LONG_LEARNED: o->learned = true; return true;
	case LONG_AS_GIVEN: return pace(o, optarg);
	case LONG_EDGE: return act(o, ACT_EDGE);
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
	case ACT_TEST: return o->nconf || o->nset ? true : wrong("-T needs -c");
	default: return true;
	}
}

bool
opts_parse(struct opts *o, int argc, char **argv)
{
	*o = (struct opts){ .action = ACT_REPLAY };
	optind = 0; /* glibc: start over, prefixes of the last parse forgotten */
	for (int c; (c = getopt_long(argc, argv, "r:e:i:c:l:F:qvTDhV", longs, NULL)) != -1;)
		if (!one(o, c))
			return false;
	if (optind < argc) {
		log_say("\"%s\": no option", argv[optind]);
		return false;
	}
	return check(o);
}
