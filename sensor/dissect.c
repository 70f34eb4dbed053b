/* --dissect: observations instead of incidents. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

#include "encode.h"
#include "log.h"
#include "progress.h"

enum { PROTOS_MAX = 64, STDOUT_BUFFER = 1 << 18 };

struct dissect {
	bool all, on[PROTOS_MAX];
	char *line;
	uint64_t observations;
};

/* The comma-separated names of --dissect=; false (told) where one is none. */
static bool
choose(struct dissect *d, const char *protos)
{
	d->all = protos == NULL;
	for (const char *p = protos; p && *p;) {
		size_t n = strcspn(p, ","), i = 0;
		bool found = false;
		for (; dissectors[i]; i++) {
			const char *name = dissectors[i]->name;
			if (i < PROTOS_MAX && name && strlen(name) == n && memcmp(name, p, n) == 0)
				found = d->on[i] = true;
		}
		if (!found) {
			log_say("--dissect: \"%.*s\" is no protocol: see --list-fields", (int)n, p);
			return false;
		}
		p += n;
		p += *p == ',';
	}
	return true;
}

static bool
wanted(const struct dissect *d, const struct dissector *by)
{
	if (by == NULL || by->name == NULL)
		return false;
	if (d->all)
		return !by->quiet;
	for (size_t i = 0; dissectors[i] && i < PROTOS_MAX; i++)
		if (d->on[i] && strcmp(dissectors[i]->name, by->name) == 0)
			return true;
	return false;
}

static void
print(void *arg, const struct obs *obs)
{
	struct dissect *d = arg;
	if (obs->kind == OBS_FRAME || !wanted(d, obs->by))
		return;
	struct out o = out_init(d->line, OBS_LINE_MAX);
	encode_obs(&o, obs);
	out_chr(&o, '\n');
	if (!out_ok(&o))
		return;
	d->observations++;
	fwrite(o.p, 1, o.n, stdout);
}

static int
dissect(struct dissect *d, struct inputs *in, struct walk *w)
{
	const struct input_item *item;
	uint64_t frames = 0;
	for (enum input_said said; (said = inputs_next(in, &item)) != INPUT_END;) {
		if (said != INPUT_FRAME)
			continue;
		if (walk_frame(w, &item->f, print, d) == SAID_NO)
			inputs_unknown_link(in, &item->f);
		frames++;
		if (progress_due())
			progress_show(inputs_read(in), frames);
		if (ferror(stdout))
			break;
	}
	progress_clear();
	if (!run_flush())
		return EXIT_INTERNAL;
	log_detail("%llu frames, %llu observations", (unsigned long long)frames,
		   (unsigned long long)d->observations);
	return inputs_damaged(in) ? EXIT_DAMAGED : EXIT_OK;
}

int
run_dissect(const struct opts *o, const struct conf *c)
{
	struct dissect d = { 0 };
	if (!choose(&d, o->protos))
		return EXIT_USAGE;
	struct inputs *in = run_open_inputs(o);
	if (in == NULL)
		return EXIT_USAGE;
	void *mem = NULL;
	struct walk *w = run_open_walk(c, true, &mem);
	int status = EXIT_INTERNAL;
	d.line = malloc(OBS_LINE_MAX);
	if (w && d.line) {
		setvbuf(stdout, NULL, _IOFBF, STDOUT_BUFFER);
		progress_start(!o->quiet, inputs_size(in));
		status = dissect(&d, in, w);
	}
	free(d.line);
	free(mem);
	inputs_free(in);
	return status;
}
