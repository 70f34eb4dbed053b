/* --setup: the mode. */
#include "setup.h"

#include "log.h"
#include "run.h"

int
run_setup(const struct opts *o, const struct conf *c)
{
	struct inputs *in = NULL;
	int status = EXIT_INTERNAL;
	struct setup *s = o->niface ? setup_listen(o, c, &status) : setup_read(o, c, &in, &status);
	if (s && s->first == TS_NONE)
		log_say("--setup: no frame was seen: is the right interface mirrored?");
	if (s && !setup_print(s)) {
		log_say("--setup: out of memory");
		status = EXIT_INTERNAL;
	}
	setup_close(s);
	inputs_free(in);
	return status;
}
