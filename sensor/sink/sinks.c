/* All sinks of a run. */
#include "sink.h"

#include <stdlib.h>

#include "log.h"

enum { SINKS_MAX = 64, PATH_LENGTH = 4096 };

static const enum line_format lines[] = {
	[FORMAT_JSON] = LINE_JSON, [FORMAT_CEF] = LINE_CEF, [FORMAT_OCSF] = LINE_OCSF
};

struct sinks {
	struct sink *v[SINKS_MAX];
	size_t n;
	bool dir; /* the last one is of -l DIR */
};

static bool
add(struct sinks *s, struct sink *sink)
{
	if (sink)
		s->v[s->n++] = sink;
	return sink != NULL;
}

static struct sink *
open_one(const struct conf_output *o, bool live)
{
	enum line_format format = lines[o->format];
	return o->type == OUT_SYSLOG ? sink_syslog(o, live)
	       : o->type == OUT_FILE ? sink_file((const char *)o->path.p, !live, format)
				     : sink_stdout(format);
}

static bool
few_enough(const struct conf *c)
{
	if (c->noutput < SINKS_MAX)
		return true;
	log_say("more than %d outputs", SINKS_MAX - 1);
	return false;
}

/* The configured ones come first, in their order. */
static bool
open_all(struct sinks *s, const struct conf *c, const char *dir, bool live)
{
	if (!few_enough(c))
		return false;
	for (size_t i = 0; i < c->noutput; i++)
		if (!add(s, open_one(&c->output[i], live)))
			return false;
	s->dir = dir != NULL;
	if (dir) {
		char path[PATH_LENGTH];
		int n = snprintf(path, sizeof(path), "%s/crosstap.jsonl", dir);
		if (n < 0 || (size_t)n >= sizeof(path) || !add(s, sink_file(path, !live, LINE_JSON)))
			return false;
	}
	return s->n > 0 || add(s, sink_stdout(LINE_JSON));
}

struct sinks *
sinks_open(const struct conf *c, const char *dir, bool live)
{
	struct sinks *s = calloc(1, sizeof(*s));
	if (s && !open_all(s, c, dir, live)) {
		sinks_close(s);
		return NULL;
	}
	return s;
}

bool
sinks_want(const struct sinks *s, enum line_format f)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i]->format == f)
			return true;
	return false;
}

void
sinks_line(struct sinks *s, enum line_format f, struct bytes line)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i]->format == f) {
			s->v[i]->lines++;
			s->v[i]->ops->line(s->v[i], line);
		}
}

bool
sinks_state(const struct sinks *s, size_t i, struct sink_state *to)
{
	if (i >= s->n)
		return false;
	s->v[i]->ops->state(s->v[i], to);
	to->lines = s->v[i]->lines;
	return true;
}

void
sinks_work(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->v[i]->ops->work(s->v[i]);
}

void
sinks_reopen(struct sinks *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->v[i]->ops->reopen(s->v[i]);
}

/* Only one may hold a spool: one that changes is closed before it is opened again. */
static bool
shares_spool(const struct conf_output *o, const struct conf *with)
{
	for (size_t i = 0; i < with->noutput; i++)
		if (o->spool.n && bytes_eq(o->spool, with->output[i].spool))
			return true;
	return false;
}

/* `fresh`: which of the old ones each new one is, NULL: none; `left`: the old ones that are none of the new. */
static void
match(const struct sinks *s, const struct conf *from, const struct conf *to, struct sinks *fresh,
      struct sinks *left)
{
	bool used[SINKS_MAX] = { false };
	for (size_t i = 0; i < to->noutput; i++) {
		fresh->v[i] = NULL;
		for (size_t k = 0; k < from->noutput && fresh->v[i] == NULL; k++)
			if (!used[k] && conf_same_output(&to->output[i], &from->output[k])) {
				fresh->v[i] = s->v[k];
				used[k] = true;
			}
	}
	fresh->n = to->noutput;
	for (size_t k = 0; k < from->noutput; k++)
		if (!used[k])
			add(left, s->v[k]);
}

static void
ignore_line(struct sink *s, struct bytes line)
{
	(void)s;
	(void)line;
}

static void
ignore(struct sink *s)
{
	(void)s;
}

static bool
free_one(struct sink *s)
{
	free(s);
	return false;
}

static void
closed_state(const struct sink *s, struct sink_state *to)
{
	*to = (struct sink_state){ .name = "closed", .lost = s->lines };
}

/* Keeps the place of one that cannot be opened any more, which was told. */
static struct sink *
closed_one(enum line_format format)
{
	static const struct sink_ops ops = { ignore_line, ignore, ignore, free_one, closed_state };
	struct sink *s = calloc(1, sizeof(*s));
	if (s)
		*s = (struct sink){ .ops = &ops, .format = format };
	return s;
}

static struct sink *
reopened(const struct conf_output *o)
{
	struct sink *s = open_one(o, true);
	if (s)
		return s;
	log_say("output: it stays closed, and nothing goes there, until the configuration is changed again");
	return closed_one(lines[o->format]);
}

/* The new ones that can be opened beside the old; false (told), and none is open. */
static bool
open_new(struct sinks *fresh, const struct conf *from, const struct conf *to)
{
	struct sinks opened = { 0 };
	for (size_t i = 0; i < fresh->n; i++) {
		if (fresh->v[i] || shares_spool(&to->output[i], from))
			continue;
		fresh->v[i] = open_one(&to->output[i], true);
		if (add(&opened, fresh->v[i]))
			continue;
		for (size_t k = 0; k < opened.n; k++)
			opened.v[k]->ops->close(opened.v[k]);
		return false;
	}
	return true;
}

bool
sinks_change(struct sinks *s, const struct conf *from, const struct conf *to)
{
	struct sinks fresh = { .dir = s->dir }, left = { 0 };
	if (!few_enough(to))
		return false;
	match(s, from, to, &fresh, &left);
	if (!open_new(&fresh, from, to))
		return false;
	/* what is neither: of -l DIR, or standard output where nothing is configured */
	if (s->n > from->noutput && (s->dir || to->noutput == 0))
		add(&fresh, s->v[from->noutput]);
	else if (s->n > from->noutput)
		add(&left, s->v[from->noutput]);
	else if (to->noutput == 0)
		add(&fresh, sink_stdout(LINE_JSON));
	for (size_t i = 0; i < left.n; i++)
		left.v[i]->ops->close(left.v[i]);
	*s = (struct sinks){ .dir = fresh.dir };
	for (size_t i = 0; i < fresh.n; i++)
		add(s, fresh.v[i] ? fresh.v[i] : reopened(&to->output[i]));
	sinks_reopen(s);
	return true;
}

bool
sinks_close(struct sinks *s)
{
	bool good = true;
	for (size_t i = 0; s && i < s->n; i++)
		good = s->v[i]->ops->close(s->v[i]) && good;
	free(s);
	return good;
}
