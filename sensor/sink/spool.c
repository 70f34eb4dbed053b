#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"

enum { MIB = 1 << 20, HEAD_BYTES = 4096, ALIGN = 8 };
static const uint32_t number_max = INT32_MAX;
static const uint32_t wrap = UINT32_MAX; /* a record's length: the rest up to the ring's end is empty */
static const uint64_t magic = UINT64_C(0x32706174736f7263);
static const uint64_t fnv_offset = UINT64_C(0xcbf29ce484222325), fnv_prime = UINT64_C(0x100000001b3);

/* Host byte order: the file stays on its machine.  Offsets only grow; their place in the ring is the rest of a division. */
struct head {
	uint64_t magic, size, start, end;
	uint64_t lost;
	uint32_t lost_first, lost_last, number, zero;
};
struct record {
	uint32_t length, number;
	uint64_t check;
};

struct spool {
	struct head *head; /* HEAD_BYTES, then the ring */
	uint8_t *ring;
	size_t size, mapped;
	uint64_t next, waiting, lost;
	const char *name;
	int fd; /* -1: memory */
};

/* FNV-1a, a word at a time. */
static uint64_t
check_of(uint32_t number, struct bytes line)
{
	uint64_t h = fnv_offset ^ number, word;
	size_t i = 0;
	for (; line.n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, line.p + i, sizeof(word));
		h = (h ^ word) * fnv_prime;
		h ^= h >> 32; /* a multiplication moves bits up only */
	}
	for (; i < line.n; i++)
		h = (h ^ line.p[i]) * fnv_prime;
	return h ^ line.n;
}

static size_t
record_bytes(size_t line)
{
	return (sizeof(struct record) + line + ALIGN - 1) / ALIGN * ALIGN;
}

/* The record at an offset, past the empty end of the ring; false where none fits there. */
static bool
record_at(const struct spool *s, uint64_t *at, struct record *r, struct bytes *line)
{
	size_t pos = *at % s->size;
	memset(r, 0xff, sizeof(*r));
	if (s->size - pos >= sizeof(*r))
		memcpy(r, s->ring + pos, sizeof(*r));
	if (r->length == wrap && pos != 0) {
		*at += s->size - pos;
		pos = 0;
		memcpy(r, s->ring, sizeof(*r));
	}
	if (r->length > s->size - pos - sizeof(*r) || *at + record_bytes(r->length) > s->head->end)
		return false;
	*line = bytes_of(s->ring + pos + sizeof(*r), r->length);
	return true;
}

/* What was left by an earlier run: whole records from the start on; the first that is none ends it, told. */
static void
recover(struct spool *s)
{
	struct head *h = s->head;
	struct record r;
	struct bytes line;
	bool good = h->magic == magic && h->size == s->size && h->start % ALIGN == 0 && h->end >= h->start &&
		    h->end <= INT64_MAX && h->end - h->start <= s->size && h->number <= number_max;
	if (!good) {
		if (h->magic != 0)
			log_say("%s: the spool is of another size or damaged, it begins anew", s->name);
		*h = (struct head){ .magic = magic, .size = s->size };
	}
	uint64_t at = h->start;
	while (at < h->end) {
		uint64_t here = at;
		if (!record_at(s, &here, &r, &line) || check_of(r.number, line) != r.check)
			break;
		if (s->waiting == 0 && h->lost && h->lost_last == r.number) { /* counted, and still there */
			h->lost--;
			h->lost_last--;
		}
		at = here + record_bytes(r.length);
		s->waiting++;
	}
	if (at < h->end)
		log_say("%s: the spool is damaged behind %" PRIu64 " whole lines, the rest is lost", s->name,
			s->waiting);
	h->end = at;
	s->next = h->start;
	if (s->waiting)
		log_say("%s: %" PRIu64 " lines of the spool are sent first", s->name, s->waiting);
}

static int
open_file(const char *path, size_t bytes, const char **why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		*why = strerror(errno);
		return -1;
	}
	int error = flock(fd, LOCK_EX | LOCK_NB) != 0 ? EBUSY : posix_fallocate(fd, 0, (off_t)bytes);
	if (error == 0 && ftruncate(fd, (off_t)bytes) == 0)
		return fd;
	*why = error == EBUSY ? "another process uses it" : strerror(error ? error : errno);
	close(fd);
	return -1;
}

static bool
map(struct spool *s, int fd, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (p == MAP_FAILED)
		return false;
	s->head = p;
	s->ring = (uint8_t *)p + HEAD_BYTES;
	s->mapped = bytes;
	s->size = bytes - HEAD_BYTES;
	s->fd = fd;
	return true;
}

struct spool *
spool_open(const char *name, const char *path, uint32_t mib)
{
	struct spool *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->name = name;
	s->fd = -1;
	size_t bytes = (size_t)mib * MIB;
	const char *why = "";
	int fd = path ? open_file(path, bytes, &why) : -1;
	if (path && fd < 0)
		log_say("%s: spool %s: %s; lines wait in 1 MiB of memory, a restart loses them", name, path,
			why);
	if ((fd >= 0 && map(s, fd, bytes)) || map(s, -1, MIB)) {
		recover(s);
		return s;
	}
	log_say("%s: no memory for lines that wait: %s", name, strerror(errno));
	free(s);
	return NULL;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	munmap(s->head, s->mapped);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

bool
spool_on_disk(const struct spool *s)
{
	return s->fd >= 0;
}

uint32_t
spool_number(struct spool *s)
{
	s->head->number = s->head->number >= number_max ? 1 : s->head->number + 1;
	return s->head->number;
}

void
spool_lose(struct spool *s, uint32_t number)
{
	struct head *h = s->head;
	if (h->lost == 0)
		h->lost_first = number;
	h->lost_last = number;
	h->lost++;
	s->lost++;
}

static void
drop_first(struct spool *s)
{
	struct record r;
	struct bytes line;
	uint64_t at = s->head->start;
	if (!record_at(s, &at, &r, &line)) { /* nobody else writes here; better empty than stuck */
		s->head->start = s->next = s->head->end;
		s->waiting = 0;
		return;
	}
	bool unsent = s->head->start >= s->next;
	if (unsent) /* counted first: a kill that comes between is found by recover() */
		spool_lose(s, r.number);
	__atomic_store_n(&s->head->start, at + record_bytes(r.length), __ATOMIC_RELEASE);
	if (!unsent)
		return;
	s->next = s->head->start;
	s->waiting--;
}

void
spool_put(struct spool *s, uint32_t number, struct bytes line)
{
	size_t need = record_bytes(line.n), pos = s->head->end % s->size, skip = 0;
	if (s->size - pos < need)
		skip = s->size - pos;
	if (need > s->size / 2) {
		spool_lose(s, number);
		return;
	}
	while (s->head->end + skip + need - s->head->start > s->size)
		drop_first(s);
	if (skip >= sizeof(struct record))
		memset(s->ring + pos, 0xff, sizeof(struct record));
	if (skip)
		pos = 0;
	/* of memory nothing is read again by another run */
	struct record r = { (uint32_t)line.n, number, s->fd >= 0 ? check_of(number, line) : 0 };
	memcpy(s->ring + pos, &r, sizeof(r));
	memcpy(s->ring + pos + sizeof(r), line.p, line.n);
	/* The bytes before the end that tells of them: a kill comes between, or a reader after. */
	__atomic_store_n(&s->head->end, s->head->end + skip + need, __ATOMIC_RELEASE);
	s->waiting++;
}

bool
spool_next(const struct spool *s, struct bytes *line, uint32_t *number)
{
	struct record r;
	uint64_t at = s->next;
	if (s->waiting == 0 || !record_at(s, &at, &r, line))
		return false;
	*number = r.number;
	return true;
}

void
spool_sent(struct spool *s)
{
	struct record r;
	struct bytes line;
	uint64_t at = s->next;
	if (s->waiting == 0 || !record_at(s, &at, &r, &line))
		return;
	s->next = at + record_bytes(r.length);
	s->waiting--;
}

uint64_t
spool_place(const struct spool *s)
{
	return s->next;
}

void
spool_free_to(struct spool *s, uint64_t place)
{
	if (place > s->head->start && place <= s->next)
		s->head->start = place;
}

void
spool_again(struct spool *s)
{
	struct record r;
	struct bytes line;
	for (uint64_t at = s->head->start; at < s->next && record_at(s, &at, &r, &line);
	     at += record_bytes(r.length))
		s->waiting++;
	s->next = s->head->start;
}

struct spool_loss
spool_loss(const struct spool *s)
{
	return (struct spool_loss){ s->head->lost, s->head->lost_first, s->head->lost_last };
}

void
spool_loss_told(struct spool *s, struct spool_loss told)
{
	struct head *h = s->head;
	h->lost -= told.lines < h->lost ? told.lines : h->lost;
	h->lost_first = told.last >= number_max ? 1 : told.last + 1;
}

uint64_t
spool_lost(const struct spool *s)
{
	return s->lost;
}

uint64_t
spool_waiting(const struct spool *s)
{
	return s->waiting;
}

size_t
spool_used(const struct spool *s)
{
	return (size_t)(s->head->end - s->head->start);
}

size_t
spool_size(const struct spool *s)
{
	return s->size;
}
