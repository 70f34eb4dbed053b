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
};

static bool
add(struct sinks *s, struct sink *sink)
{
	if (sink)
		s->v[s->n++] = sink;
	return sink != NULL;
}

static bool
open_all(struct sinks *s, const struct conf *c, const char *dir, bool live)
{
	if (c->noutput >= SINKS_MAX) {
		log_say("more than %d outputs", SINKS_MAX - 1);
		return false;
	}
	for (size_t i = 0; i < c->noutput; i++) {
		const struct conf_output *o = &c->output[i];
		enum line_format format = lines[o->format];
		struct sink *sink = o->type == OUT_SYSLOG ? sink_syslog(o, live)
				    : o->type == OUT_FILE ? sink_file((const char *)o->path.p, !live, format)
							  : sink_stdout(format);
		if (!add(s, sink))
			return false;
	}
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
		if (s->v[i]->format == f)
			s->v[i]->ops->line(s->v[i], line);
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

bool
sinks_close(struct sinks *s)
{
	bool good = true;
	for (size_t i = 0; s && i < s->n; i++)
		good = s->v[i]->ops->close(s->v[i]) && good;
	free(s);
	return good;
}
