/* crosstap: a passive sensor that joins what a tap sees with what the hosts say.  Reads the command line and the
 * configuration, and hands over to one mode. */
#include <stdio.h>

#include "conf.h"
#include "log.h"
#include "opts.h"
#include "reload.h"
#include "run.h"
#include "supervise.h"
#include "setup.h"
#include "version.h"

static void
say(void *arg, const char *problem)
{
	(void)arg;
	log_say("%s", problem);
}

static int
test_conf(size_t problems, const struct opts *o, const struct conf *c)
{
	if (problems == 0) {
		printf("%s: good\n", o->nconf ? o->conf[0] : "--set");
		return missing_tell(o, c);
	}
	log_say("%zu problem%s", problems, problems == 1 ? "" : "s");
	return EXIT_USAGE;
}

static int
run(const struct opts *o, const struct conf *c)
{
	switch (o->action) {
	case ACT_DUMP: conf_dump(c, stdout); return EXIT_OK;
	case ACT_DISSECT: return run_dissect(o, c);
	case ACT_HOST_EVENTS: return run_host_events(o, c);
	case ACT_EDGE: return run_edge(o, c);
	case ACT_SETUP: return run_setup(o, c);
	case ACT_LIVE: return run_live(o, c);
	case ACT_REPLAY: return run_replay(o, c);
	default: return run_list(o, c);
	}
}

int
main(int argc, char **argv)
{
	struct opts o;
	struct conf c;
	if (!opts_parse(&o, argc, argv))
		return EXIT_USAGE;
	log_verbose(o.verbose);
	if (o.action == ACT_HELP) {
		opts_help();
		return run_flush() ? EXIT_OK : EXIT_INTERNAL;
	}
	if (o.action == ACT_VERSION) {
		puts("crosstap " CROSSTAP_VERSION);
		return run_flush() ? EXIT_OK : EXIT_INTERNAL;
	}
	if (!conf_init(&c)) {
		log_say("out of memory");
		return EXIT_INTERNAL;
	}
	size_t problems = conf_given(&c, &o, say, NULL);
	int status = EXIT_USAGE;
	if (o.action == ACT_TEST)
		status = test_conf(problems, &o, &c);
	else if (problems == 0 && o.action == ACT_LIVE && !o.role_engine)
		status = supervise(&o, argc, argv);
	else if (problems == 0)
		status = run(&o, &c);
	conf_free(&c);
	if (status != EXIT_INTERNAL && !run_flush())
		status = EXIT_INTERNAL;
	return status;
}
