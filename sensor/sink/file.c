/* JSON lines to a file or to standard output. */
#include "sink.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"

struct file {
	struct sink sink;
	FILE *f;
	char *path;	  /* NULL: standard output */
	bool failed, bad; /* bad: the last attempt failed */
	uint64_t lost;
};

static void
fail(struct file *s)
{
	if (!s->failed)
		log_say("%s: %s", s->path ? s->path : "standard output", strerror(errno));
	s->failed = s->bad = true;
}

static void
file_line(struct sink *sink, struct bytes line)
{
	struct file *s = (struct file *)sink;
	if (s->f && fwrite(line.p, 1, line.n, s->f) == line.n && putc('\n', s->f) != EOF)
		return;
	s->lost++;
	if (s->f)
		fail(s);
}

static void
file_work(struct sink *sink)
{
	struct file *s = (struct file *)sink;
	if (s->f == NULL)
		return;
	s->bad = false;
	if (fflush(s->f) != 0)
		fail(s);
}

static void
file_reopen(struct sink *sink)
{
	struct file *s = (struct file *)sink;
	if (s->path == NULL)
		return;
	if (s->f)
		fclose(s->f);
	s->f = fopen(s->path, "abe");
	if (s->f == NULL)
		fail(s);
}

static bool
file_close(struct sink *sink)
{
	struct file *s = (struct file *)sink;
	if (s->f && (s->path ? fclose(s->f) : fflush(s->f)) != 0)
		fail(s);
	bool good = !s->failed;
	free(s->path);
	free(s);
	return good;
}

static void
file_state(const struct sink *sink, struct sink_state *to)
{
	const struct file *s = (const struct file *)sink;
	*to = (struct sink_state){ .name = s->path ? s->path : "standard output",
				   .good = s->f && !s->bad,
				   .lost = s->lost };
}

static const struct sink_ops ops = { file_line, file_work, file_reopen, file_close, file_state };

struct sink *
sink_stdout(enum line_format format)
{
	struct file *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->sink = (struct sink){ .ops = &ops, .format = format };
	s->f = stdout;
	return &s->sink;
}

struct sink *
sink_file(const char *path, bool truncate, enum line_format format)
{
	struct file *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->sink = (struct sink){ .ops = &ops, .format = format };
	s->path = strdup(path);
	s->f = s->path ? fopen(path, truncate ? "wbe" : "abe") : NULL;
	if (s->f)
		return &s->sink;
	log_say("%s: %s", path, strerror(errno));
	free(s->path);
	free(s);
	return NULL;
}
