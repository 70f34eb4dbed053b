/* Interfaces of a replay and their merge.  A folder's files follow each other by the time of their first packet, then
 * by name; one of them is open at a time. */
#include "input.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "log.h"

enum { LINKTYPES_TOLD = 8, BAD_TOLD = 5, NAME_MAX_IFACE = 32 };

struct input_file {
	char *path;
	ts_t first; /* time of the first packet; sorts a folder */
	uint64_t size;
	bool regular;
};

struct input {
	size_t file, end; /* files [file, end) are still to come; file - 1 is open */
	struct capture *capture;
	enum input_said head; /* what `item` holds */
	bool has_head;
	struct input_item item;
	uint16_t told[LINKTYPES_TOLD]; /* unknown link types of the file that is open */
	size_t ntold;
	uint64_t nbad; /* of the file that is open */
};

struct inputs {
	struct input in[INPUTS_MAX];
	char name[INPUTS_MAX][NAME_MAX_IFACE];
	const char *names[INPUTS_MAX];
	size_t n;
	struct input_file *file;
	size_t nfile, cap;
	bool damaged, patient;
	uint64_t size, done; /* done: bytes of files that are closed */
	uint64_t unread;     /* frames of unknown link types */
	const char *dir;     /* followed; NULL: none is */
	int notify;	     /* inotify, -1: none */
	size_t at_first;     /* files that were there when it began */
};

struct inputs *
inputs_new(void)
{
	struct inputs *s = calloc(1, sizeof(*s));
	if (s) {
		s->patient = true;
		s->notify = -1;
	}
	return s;
}

void
inputs_free(struct inputs *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		capture_close(s->in[i].capture);
	for (size_t i = 0; i < s->nfile; i++)
		free(s->file[i].path);
	if (s->notify >= 0)
		close(s->notify);
	free(s->file);
	free(s);
}

const char *
inputs_path(const struct inputs *s, size_t ix)
{
	return ix < s->nfile ? s->file[ix].path : "";
}

const char *
inputs_file(const struct inputs *s, size_t ix)
{
	const char *path = inputs_path(s, ix), *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

const char *const *
inputs_ifaces(const struct inputs *s, size_t *n)
{
	*n = s->n;
	return s->names;
}

bool
inputs_damaged(const struct inputs *s)
{
	return s->damaged;
}

uint64_t
inputs_unread(const struct inputs *s)
{
	return s->unread;
}

void
inputs_unknown_link(struct inputs *s, const struct frame *f)
{
	struct input *in = &s->in[f->iface];
	s->damaged = true;
	s->unread++;
	for (size_t i = 0; i < in->ntold; i++)
		if (in->told[i] == f->linktype)
			return;
	if (in->ntold == LINKTYPES_TOLD)
		return;
	in->told[in->ntold++] = f->linktype;
	log_say("%s: frame %" PRIu64 ": link type %u is not read, its frames are only counted",
		inputs_path(s, f->file), f->number, f->linktype);
}

bool
inputs_patient(const struct inputs *s)
{
	return s->patient;
}

uint64_t
inputs_size(const struct inputs *s)
{
	return s->patient ? s->size : 0;
}

uint64_t
inputs_read(const struct inputs *s)
{
	uint64_t n = s->done;
	for (size_t i = 0; i < s->n; i++)
		if (s->in[i].capture)
			n += capture_offset(s->in[i].capture);
	return n;
}

static struct input_file *
add_file(struct inputs *s, const char *dir, const char *path)
{
	if (s->nfile == INPUT_FILES_MAX) {
		log_say("%s: more than %d files", dir ? dir : path, INPUT_FILES_MAX);
		return NULL;
	}
	if (s->nfile == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		struct input_file *more = realloc(s->file, cap * sizeof(*more));
		if (more == NULL)
			return NULL;
		s->file = more;
		s->cap = cap;
	}
	struct input_file *f = &s->file[s->nfile];
	*f = (struct input_file){ .first = TS_NONE };
	size_t n = (dir ? strlen(dir) + 1 : 0) + strlen(path) + 1;
	f->path = malloc(n);
	if (f->path == NULL)
		return NULL;
	snprintf(f->path, n, "%s%s%s", dir ? dir : "", dir ? "/" : "", path);
	s->nfile++;
	return f;
}

/* Opens a file; NULL with errno. */
static struct capture *
open_file(const char *path)
{
	if (strcmp(path, "-") == 0)
		return capture_open(stdin);
	FILE *f = fopen(path, "rbe");
	return f ? capture_open(f) : NULL;
}

static int
by_time(const void *a, const void *b)
{
	const struct input_file *x = a, *y = b;
	if ((x->first == TS_NONE) !=
	    (y->first == TS_NONE)) /* without a packet: the one that was begun last */
		return x->first == TS_NONE ? 1 : -1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return strcmp(x->path, y->path);
}

static void
look_at_first(struct input_file *f)
{
	struct capture *c = open_file(f->path);
	if (c == NULL)
		return;
	struct frame frame;
	struct loss loss;
	const char *what;
	uint64_t at;
	if (capture_next(c, &frame, &loss, &what, &at) == CAPTURE_FRAME)
		f->first = frame.ts;
	capture_close(c);
}

/* The regular files of a folder, hidden ones and folders inside left out. */
static bool
add_folder(struct inputs *s, const char *dir)
{
	DIR *d = opendir(dir);
	if (d == NULL)
		return false;
	size_t begin = s->nfile;
	bool ok = true;
	for (struct dirent *e; ok && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		struct input_file *f = add_file(s, dir, e->d_name);
		struct stat st;
		if (f == NULL) {
			ok = false;
			errno = E2BIG;
		} else if (stat(f->path, &st) != 0 || !S_ISREG(st.st_mode)) {
			log_say("%s: no regular file, left out", f->path);
			free(f->path);
			s->nfile--;
		} else {
			f->size = (uint64_t)st.st_size;
			f->regular = true;
			s->size += f->size;
			look_at_first(f);
		}
	}
	closedir(d);
	if (ok && s->nfile == begin && s->dir == NULL) {
		log_say("%s: a folder without files", dir);
		s->damaged = true;
	}
	s->at_first = s->nfile;
	if (s->nfile > begin)
		qsort(s->file + begin, s->nfile - begin, sizeof(s->file[0]), by_time);
	return ok;
}

static bool
add_one(struct inputs *s, const char *path, const struct stat *st)
{
	struct input_file *f = add_file(s, NULL, path);
	if (f == NULL)
		return false;
	f->regular = st && S_ISREG(st->st_mode);
	f->size = f->regular ? (uint64_t)st->st_size : 0;
	s->size += f->size;
	s->patient = s->patient && f->regular;
	return true;
}

bool
inputs_add(struct inputs *s, const char *name, const char *path)
{
	if (s->n == INPUTS_MAX) {
		log_say("more than %d interfaces", INPUTS_MAX);
		return false;
	}
	struct input *in = &s->in[s->n];
	struct stat st;
	bool is_stdin = strcmp(path, "-") == 0, ok;
	in->file = s->nfile;
	errno = 0;
	if (!is_stdin && stat(path, &st) != 0)
		ok = false;
	else if (!is_stdin && S_ISDIR(st.st_mode))
		ok = add_folder(s, path);
	else
		ok = add_one(s, path, is_stdin ? NULL : &st);
	in->end = s->nfile;
	if (ok && in->file < in->end && !(in->capture = open_file(s->file[in->file].path)))
		ok = false;
	if (!ok) {
		log_say("%s: %s", path, errno ? strerror(errno) : "cannot be opened");
		return false;
	}
	in->file += in->capture != NULL;
	snprintf(s->name[s->n], sizeof(s->name[0]), "cap%zu", s->n);
	if (name)
		snprintf(s->name[s->n], sizeof(s->name[0]), "%s", name);
	s->names[s->n] = s->name[s->n];
	s->n++;
	return true;
}

bool
inputs_follow(struct inputs *s, const char *name, const char *dir)
{
	struct stat st;
	if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	else
		s->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->notify < 0 || inotify_add_watch(s->notify, dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
		log_say("%s: %s", dir, strerror(errno));
		return false;
	}
	s->dir = dir;
	if (!inputs_add(s, name, dir))
		return false;
	s->patient = false;
	if (s->in[0].capture)
		capture_grows(s->in[0].capture, true);
	return true;
}

void
inputs_wait(struct inputs *s, int ms)
{
	poll(&(struct pollfd){ .fd = s->notify, .events = POLLIN }, 1, ms);
}

/* Those that were there at first may be told again. */
static void
arrived(struct inputs *s, const char *name)
{
	struct stat st;
	if (name[0] == '.')
		return;
	for (size_t i = 0; i < s->at_first; i++)
		if (strcmp(inputs_file(s, i), name) == 0)
			return;
	struct input_file *f = add_file(s, s->dir, name);
	if (f && stat(f->path, &st) == 0 && S_ISREG(st.st_mode)) {
		s->in[0].end = s->nfile;
	} else if (f) {
		free(f->path);
		s->nfile--;
	}
}

static void
look_for_files(struct inputs *s)
{
	_Alignas(struct inotify_event) char buf[4096];
	ssize_t n;
	while ((n = read(s->notify, buf, sizeof(buf))) > 0) {
		const struct inotify_event *e;
		for (char *p = buf; p < buf + n; p += sizeof(*e) + e->len) {
			e = (const struct inotify_event *)(const void *)p;
			if (e->mask & IN_Q_OVERFLOW)
				log_say("%s: too many changes at once, new files may be left out", s->dir);
			else if (e->len)
				arrived(s, e->name);
		}
	}
}

/* The next file of a folder; false at its end. */
static bool
next_file(struct inputs *s, struct input *in)
{
	if (in->nbad > BAD_TOLD)
		log_say("%s: %" PRIu64 " more places that cannot be read", s->file[in->file - 1].path,
			in->nbad - BAD_TOLD);
	in->nbad = 0;
	in->ntold = 0;
	if (in->capture) {
		s->done += capture_offset(in->capture);
		capture_close(in->capture);
		in->capture = NULL;
	}
	while (in->file < in->end) {
		const char *path = s->file[in->file++].path;
		in->capture = open_file(path);
		if (in->capture) {
			capture_grows(in->capture, s->dir != NULL);
			return true;
		}
		log_say("%s: %s", path, strerror(errno));
		s->damaged = true;
	}
	return false;
}

/* At the end of what a followed folder holds.  Who writes it has ended the file before when the next one is there. */
static bool
go_on(struct inputs *s, struct input *in)
{
	look_for_files(s);
	if (in->file == in->end)
		return false;
	if (in->capture)
		capture_grows(in->capture, false);
	return in->capture || next_file(s, in);
}

static void
refill(struct inputs *s, struct input *in)
{
	in->has_head = true;
	in->head = s->dir ? INPUT_WAIT : INPUT_END;
	if (in->capture == NULL && s->dir)
		go_on(s, in);
	while (in->capture) {
		const char *what = "";
		uint64_t at = 0;
		switch (capture_next(in->capture, &in->item.f, &in->item.loss, &what, &at)) {
		case CAPTURE_FRAME: in->head = INPUT_FRAME; break;
		case CAPTURE_LOSS: in->head = INPUT_LOSS; break;
		case CAPTURE_BAD:
			s->damaged = true;
			if (in->nbad++ < BAD_TOLD)
				log_say("%s: offset %" PRIu64 ": %s", s->file[in->file - 1].path, at, what);
			continue;
		case CAPTURE_END:
			if (!next_file(s, in))
				return;
			continue;
		case CAPTURE_WAIT:
			if (!go_on(s, in))
				return;
			continue;
		}
		in->item.f.file = (uint32_t)(in->file - 1);
		in->item.f.iface = (uint16_t)(in - s->in);
		return;
	}
}

enum input_said
inputs_next(struct inputs *s, const struct input_item **item)
{
	struct input *best = NULL;
	if (s->n == 1) { /* mostly: nothing is to be put in order */
		best = &s->in[0];
		if (!best->has_head)
			refill(s, best);
		best->has_head = best->head == INPUT_END;
		*item = &best->item;
		return best->head;
	}
	for (size_t i = 0; i < s->n; i++) {
		struct input *in = &s->in[i];
		if (!in->has_head)
			refill(s, in);
		if (in->head == INPUT_WAIT) {
			in->has_head = false;
			return INPUT_WAIT;
		}
		if (in->head != INPUT_END && (best == NULL || in->item.f.ts < best->item.f.ts))
			best = in;
	}
	if (best == NULL)
		return INPUT_END;
	best->has_head = false;
	*item = &best->item;
	return best->head;
}
