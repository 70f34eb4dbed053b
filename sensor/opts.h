/* The command line, CONTRACT.md 2. */
#ifndef CROSSTAP_OPTS_H
#define CROSSTAP_OPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "incident.h"

enum { OPTS_READ_MAX = 32, OPTS_EVENTS_MAX = 64, OPTS_CONF_MAX = 16, OPTS_SET_MAX = 64, OPTS_OFF_MAX = 16 };
/* Where a process that the program started itself finds its socket. */
enum { ROLE_FD = 3 };
/* Exit statuses of the program. */
enum { EXIT_OK = 0, EXIT_DAMAGED = 1, EXIT_USAGE = 2, EXIT_INTERNAL = 3, EXIT_FOUND = 10 };

enum action {
	ACT_REPLAY,
	ACT_LIVE,
	ACT_DISSECT,
	ACT_HOST_EVENTS,
	ACT_EDGE,
	ACT_SETUP,
	ACT_TEST,
	ACT_DUMP,
	ACT_LIST_DETECTORS,
	ACT_LIST_EVENTS,
	ACT_LIST_FIELDS,
	ACT_SCHEMA,
	ACT_LIST_IFACES,
	ACT_EXPLAIN,
	ACT_DOCUMENT,
	ACT_VERSION,
	ACT_HELP
};
enum pacing { PACE_CLOCK, PACE_FIRST, PACE_LAST };

struct opts {
	enum action action;
	struct {
		const char *name, *path;
	} read[OPTS_READ_MAX]; /* name NULL: capN */
	size_t nread;
	const char *events[OPTS_EVENTS_MAX];
	size_t nevents;
	const char *iface[OPTS_READ_MAX];
	size_t niface;
	const char *conf[OPTS_CONF_MAX];
	size_t nconf;
	const char *set[OPTS_SET_MAX];
	size_t nset;
	const char *off[OPTS_OFF_MAX];
	size_t noff;
	const char *protos;   /* of --dissect, NULL: all */
	const char *explain;  /* id */
	const char *document; /* name */
	const char *log_dir, *filter, *state;
	bool role_edge;	  /* started by the engine, whose descriptor is ROLE_FD */
	bool role_engine; /* started by the first process, whose descriptor is ROLE_FD */
	bool again;	  /* not for the first time: it goes on with what is left */
	bool quiet, verbose, fail, learned, continuous;
	enum verdict fail_on;
	enum pacing pacing;
	ts_t listen_for; /* of --setup -i */
};

/* What an option takes, for getopt and the completions. */
enum opt_kind {
	OPT_NONE,
	OPT_WORD,
	OPT_MAYBE,
	OPT_FILE,
	OPT_DIR,
	OPT_IFACE,
	OPT_VERDICT,
	OPT_ID,
	OPT_DOCUMENT
};
struct opt {
	const char *name; /* NULL: none but the letter */
	char letter;	  /* 0: none */
	int id;
	enum opt_kind kind;
	const char *arg, *section, *help; /* section NULL: not for people */
};
/* The table, in the order of --help; NULL past the end. */
const struct opt *opts_at(size_t i);
extern const char opts_usage[], opts_status[];

/* True, or what is wrong has been told on standard error.  The views point into argv, which may be changed. */
bool opts_parse(struct opts *, int argc, char **argv);
void opts_help(void);

#endif
