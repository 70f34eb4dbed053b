#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

enum { ID_DIGITS = 16, MODE = 0640 };
static const char aside_suffix[] = ".new";

struct file {
	uint64_t id, bytes;
	uint64_t before; /* of them in front, from earlier runs */
	bool ours;	 /* written by this run */
	ts_t written;	 /* by the wall clock, as the file system tells it */
};

struct folder {
	struct folder_conf conf;
	struct file file[FOLDER_FILES]; /* in no order */
	size_t n;
	uint64_t bytes, missed; /* missed: files since it was told that something is wrong */
	struct folder_counts counts;
};

static size_t
find(const struct folder *f, uint64_t id)
{
	size_t i = 0;
	while (i < f->n && f->file[i].id != id)
		i++;
	return i;
}

void
folder_name(const struct folder *f, uint64_t id, char *to)
{
	(void)snprintf(to, FOLDER_PATH, "%s/%016" PRIx64 "%s", f->conf.path, id, f->conf.suffix);
}

static void
aside_name(const struct folder *f, uint64_t id, char *to)
{
	(void)snprintf(to, FOLDER_PATH, "%s/%016" PRIx64 "%s%s", f->conf.path, id, f->conf.suffix,
		       aside_suffix);
}

static void
forget(struct folder *f, size_t i)
{
	f->bytes -= f->file[i].bytes;
	f->file[i] = f->file[--f->n];
}

static void
remove_file(struct folder *f, size_t i)
{
	char path[FOLDER_PATH];
	folder_name(f, f->file[i].id, path);
	if (unlink(path) == 0)
		f->counts.removed++;
	forget(f, i);
}

static size_t
oldest(const struct folder *f)
{
	size_t found = 0;
	for (size_t i = 1; i < f->n; i++)
		if (f->file[i].written < f->file[found].written)
			found = i;
	return found;
}

/* Until one more of n bytes fits. */
static void
make_room(struct folder *f, uint64_t n)
{
	while (f->n && (f->n == FOLDER_FILES || f->bytes + n > f->conf.bytes))
		remove_file(f, oldest(f));
}

static void
remember(struct folder *f, uint64_t id, uint64_t bytes, ts_t written)
{
	make_room(f, bytes);
	f->file[f->n++] = (struct file){ .id = id, .bytes = bytes, .written = written };
	f->bytes += bytes;
}

/* The id in a file's name; `*aside` when it was never finished.  Other names are other people's files. */
static bool
is_ours(const struct folder *f, const char *name, uint64_t *id, bool *aside)
{
	*id = 0;
	for (size_t i = 0; i < ID_DIGITS; i++) {
		const char *digit = name[i] ? strchr("0123456789abcdef", name[i]) : NULL;
		if (digit == NULL)
			return false;
		*id = *id << 4 | (uint64_t)(digit[0] <= '9' ? digit[0] - '0' : digit[0] - 'a' + 10);
	}
	size_t n = strlen(f->conf.suffix);
	const char *rest = name + ID_DIGITS;
	if (strncmp(rest, f->conf.suffix, n) != 0)
		return false;
	*aside = strcmp(rest + n, aside_suffix) == 0;
	return *aside || rest[n] == 0;
}

static bool
scan(struct folder *f)
{
	DIR *d = opendir(f->conf.path);
	if (d == NULL)
		return false;
	for (const struct dirent *e; (e = readdir(d)) != NULL;) {
		char path[FOLDER_PATH];
		uint64_t id;
		bool aside;
		struct stat st;
		if (!is_ours(f, e->d_name, &id, &aside))
			continue;
		(aside ? aside_name : folder_name)(f, id, path);
		if (aside)
			unlink(path);
		else if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			remember(f, id, (uint64_t)st.st_size,
				 (ts_t)st.st_mtim.tv_sec * TS_SEC + st.st_mtim.tv_nsec);
	}
	closedir(d);
	return true;
}

struct folder *
folder_open(const struct folder_conf *c)
{
	struct folder *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->conf = *c;
	if (strlen(c->path) + ID_DIGITS + strlen(c->suffix) + sizeof(aside_suffix) + 1 >= FOLDER_PATH)
		errno = ENAMETOOLONG;
	else if (scan(f)) {
		folder_work(f);
		return f;
	}
	log_say("%s: %s; no evidence can be written there", c->path, strerror(errno));
	free(f);
	return NULL;
}

void
folder_free(struct folder *f)
{
	free(f);
}

static bool
write_all(int fd, struct bytes b)
{
	for (size_t done = 0; done < b.n;) {
		ssize_t n = write(fd, b.p + done, b.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* The first n bytes of a file. */
static bool
copy_front(int to, const char *path, uint64_t n)
{
	char buf[1 << 16];
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (from < 0)
		return false;
	for (ssize_t got; n; n -= (uint64_t)got) {
		got = read(from, buf, n < sizeof(buf) ? n : sizeof(buf));
		if (got <= 0 || !write_all(to, bytes_of(buf, (size_t)got)))
			break;
	}
	close(from);
	return n == 0;
}

static bool
replace(const struct folder *f, uint64_t id, uint64_t before, struct bytes b)
{
	char aside[FOLDER_PATH], path[FOLDER_PATH];
	aside_name(f, id, aside);
	folder_name(f, id, path);
	unlink(aside);
	int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
	if (fd < 0)
		return false;
	bool ok = (before == 0 || copy_front(fd, path, before)) && write_all(fd, b);
	ok = close(fd) == 0 && ok;
	if (ok && rename(aside, path) == 0)
		return true;
	int why = errno;
	unlink(aside);
	errno = why;
	return false;
}

static bool
failed(struct folder *f)
{
	if (f->missed++ == 0)
		log_say("%s: %s; incidents are told without evidence until it can be written again",
			f->conf.path, strerror(errno));
	f->counts.failed++;
	return false;
}

/* Makes room for n bytes instead of those of that id's file, which stays: it counts as the newest from now on. */
static void
room_beside(struct folder *f, uint64_t id, uint64_t n)
{
	for (size_t at; (at = find(f, id)), f->n;) {
		if (at < f->n)
			f->file[at].written = clock_wall();
		size_t old = oldest(f);
		if (f->bytes - (at < f->n ? f->file[at].bytes : 0) + n <= f->conf.bytes || old == at)
			break;
		remove_file(f, old);
	}
}

bool
folder_write(struct folder *f, uint64_t id, struct bytes b, bool keep)
{
	size_t at = find(f, id);
	uint64_t before = 0;
	if (at < f->n && f->file[at].ours)
		before = f->file[at].before;
	else if (at < f->n && keep && f->file[at].bytes <= FOLDER_KEPT)
		before = f->file[at].bytes;
	if (before + b.n > f->conf.bytes)
		before = 0;
	if (b.n > f->conf.bytes) {
		errno = EFBIG;
		return failed(f);
	}
	room_beside(f, id, before + b.n);
	if (!replace(f, id, before, b))
		return failed(f);
	if (f->missed)
		log_say("%s: evidence is written again, %" PRIu64 " files were not", f->conf.path, f->missed);
	f->missed = 0;
	f->counts.written++;
	at = find(f, id);
	if (at < f->n)
		forget(f, at);
	remember(f, id, before + b.n, clock_wall());
	f->file[f->n - 1].before = before;
	f->file[f->n - 1].ours = true;
	return true;
}

bool
folder_has(const struct folder *f, uint64_t id)
{
	char path[FOLDER_PATH];
	folder_name(f, id, path);
	return find(f, id) < f->n && access(path, F_OK) == 0;
}

void
folder_work(struct folder *f)
{
	ts_t now = clock_wall();
	for (size_t i = 0; f->conf.age && i < f->n;) {
		if (now - f->file[i].written > f->conf.age)
			remove_file(f, i);
		else
			i++;
	}
}

struct folder_counts
folder_counts(const struct folder *f)
{
	struct folder_counts c = f->counts;
	c.files = f->n;
	c.bytes = f->bytes;
	return c;
}
