#include "statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cursor.h"
#include "log.h"
#include "out.h"
#include "snapshot.h"

enum { TAIL = 16 + SHA256_DIGEST_LENGTH, PATH_LENGTH = 4096 };
#define FILE_MOST ((size_t)4 << 30) /* more than the largest state that can be configured */

struct statefile_writer {
	FILE *f;
	SHA2_CTX sha;
	uint64_t n;
	char aside[PATH_LENGTH];
};

/* ---- reading ---- */
/* The whole file, NULL where there is none or where it cannot be read (told). */
static uint8_t *
slurp(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *p = NULL;
	if (fd < 0) {
		if (errno != ENOENT)
			log_say("%s: %s; starting without what was learned", path, strerror(errno));
		return NULL;
	}
	bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size < FILE_MOST;
	if (ok && (p = malloc((size_t)st.st_size + 1)) != NULL) {
		ssize_t got;
		for (*n = 0; (got = read(fd, p + *n, (size_t)st.st_size - *n)) > 0;)
			*n += (size_t)got;
	}
	if (p == NULL)
		log_say("%s: no state file; starting without what was learned", path);
	close(fd);
	return p;
}

/* What stands before the tail; empty where length or digest contradict it. */
static struct bytes
whole(struct bytes file, uint64_t *generation)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct cursor c = cur_all(file);
	SHA2_CTX sha;
	if (file.n < TAIL)
		return (struct bytes){ NULL, 0 };
	struct bytes body = cur_take(&c, file.n - TAIL);
	*generation = cur_be64(&c);
	bool ok = cur_be64(&c) == body.n;
	struct bytes said = cur_rest(&c);
	SHA256Init(&sha);
	SHA256Update(&sha, file.p, file.n - SHA256_DIGEST_LENGTH);
	SHA256Final(digest, &sha);
	return ok && bytes_eq(said, bytes_of(digest, sizeof(digest))) ? body : (struct bytes){ NULL, 0 };
}

static bool
load(struct statefile *s, struct engine *e, const uint8_t *p, size_t n)
{
	struct snapshot_said said = { .wrong = "it is damaged: length or digest do not fit" };
	struct bytes body = whole(bytes_of(p, n), &s->generation);
	if (body.p == NULL || !snapshot_load(e, body, s->gap, &said)) {
		log_say("%s: not read, %s (byte %zu); starting without what was learned", s->path, said.wrong,
			said.at);
		return false;
	}
	if (said.left_out)
		log_say("%s: %" PRIu32 " of %" PRIu32
			" sections were written by another version and left out",
			s->path, said.left_out, said.sections);
	return true;
}

struct engine *
statefile_open(struct statefile *s, const struct engine_conf *c, void *mem, size_t n, struct sipkey key,
	       engine_emit *emit, void *arg)
{
	size_t got = 0;
	uint8_t *p = s->path ? slurp(s->path, &got) : NULL;
	struct engine *e = engine_open(c, mem, key, emit, arg);
	if (p && !load(s, e, p, got)) {
		memset(mem, 0, n);
		e = engine_open(c, mem, key, emit, arg);
	}
	free(p);
	return e;
}

/* ---- writing ---- */
static bool
give(void *arg, struct bytes b)
{
	struct statefile_writer *w = arg;
	SHA256Update(&w->sha, b.p, b.n);
	w->n += b.n;
	return fwrite(b.p, 1, b.n, w->f) == b.n;
}

static bool
failed(struct statefile *s, const char *what)
{
	if (s->missed++ == 0)
		log_say("%s: %s: %s; the state of before stays", s->path, what, strerror(errno));
	if (s->writer->f)
		fclose(s->writer->f);
	if (s->writer->aside[0])
		unlink(s->writer->aside);
	free(s->writer);
	s->writer = NULL;
	return false;
}

void
statefile_begin(struct statefile *s, struct engine *e)
{
	if (s->path == NULL || (s->writer = calloc(1, sizeof(*s->writer))) == NULL)
		return;
	struct statefile_writer *w = s->writer;
	int n = snprintf(w->aside, sizeof(w->aside), "%s.new", s->path);
	if (n < 0 || (size_t)n >= sizeof(w->aside)) {
		w->aside[0] = 0;
		errno = ENAMETOOLONG;
		failed(s, "cannot be written");
		return;
	}
	unlink(w->aside);
	int fd = open(w->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	w->f = fd < 0 ? NULL : fdopen(fd, "wb");
	SHA256Init(&w->sha);
	if (w->f == NULL || !snapshot_begin(e, give, w))
		failed(s, "cannot be written");
}

static bool
put_tail(struct statefile_writer *w, uint64_t generation)
{
	uint8_t tail[TAIL], digest[SHA256_DIGEST_LENGTH];
	struct out o = out_init(tail, sizeof(tail));
	out_be(&o, generation, 8);
	out_be(&o, w->n, 8);
	if (!give(w, out_bytes(&o)))
		return false;
	SHA256Final(digest, &w->sha);
	return fwrite(digest, 1, sizeof(digest), w->f) == sizeof(digest);
}

/* The name must be on the disk too. */
static void
sync_folder(const char *path)
{
	char copy[PATH_LENGTH];
	(void)snprintf(copy, sizeof(copy), "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

bool
statefile_finish(struct statefile *s, struct engine *e)
{
	struct statefile_writer *w = s->writer;
	if (w == NULL)
		return s->path == NULL; /* told before */
	bool ok = snapshot_finish(e, give, w) && put_tail(w, s->generation + 1) && fflush(w->f) == 0 &&
		  fsync(fileno(w->f)) == 0;
	if (!ok || rename(w->aside, s->path) != 0)
		return failed(s, "cannot be written");
	sync_folder(s->path);
	s->generation++;
	if (s->missed)
		log_say("%s: the state is written again, %" PRIu64 " times it was not", s->path, s->missed);
	s->missed = 0;
	fclose(w->f);
	free(w);
	s->writer = NULL;
	return true;
}
