#include "frames.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 14, SLOT = 64, MOVES = 4, MOVES_MOST = 1 << 14 };

/* In front of a frame's bytes.  Places count on for ever: what lies before the ring's oldest is gone. */
struct entry {
	ts_t ts;
	uint64_t number, id;
	uint64_t before; /* 1 + place of an older one of the same bucket, 0: none */
	uint32_t file, caplen, wirelen;
	uint16_t iface, linktype;
	uint32_t pad; /* bytes up to the end of the memory that hold no frame; 0: it is one */
};
_Static_assert(sizeof(struct entry) <= SLOT, "whatever slots are left at the end hold a head");

struct ring {
	uint8_t *mem;
	size_t size;	   /* of whole slots; an entry is at most a quarter of it */
	uint64_t from, to; /* places of the oldest and of the next */
	uint64_t bucket[BUCKETS];
};

struct frames {
	struct ring recent, kept;
	uint32_t
		moves; /* how many may still go to the front: MOVES for each that was kept, so that it costs little also when all stand */
	frames_stands *stands;
	void *arg;
	uint64_t aside[(SLOT + FRAMES_LARGEST) / sizeof(uint64_t)]; /* an entry on its way to the front */
};

static struct entry *
at(const struct ring *r, uint64_t place)
{
	return (struct entry *)(void *)(r->mem + place % r->size);
}

static size_t
length(uint32_t caplen)
{
	return (sizeof(struct entry) + caplen + SLOT - 1) / SLOT * SLOT;
}

static size_t
bucket(uint32_t file, uint64_t number)
{
	return (number ^ (uint64_t)file * 2654435761U) % BUCKETS;
}

static struct entry *
find(const struct ring *r, uint32_t file, uint64_t number)
{
	for (uint64_t next = r->bucket[bucket(file, number)]; next > r->from;) {
		struct entry *e = at(r, next - 1);
		if (e->number == number && e->file == file)
			return e;
		next = e->before;
	}
	return NULL;
}

static void
drop_oldest(struct ring *r)
{
	const struct entry *e = at(r, r->from);
	r->from += e->pad ? e->pad : length(e->caplen);
}

/* Slots at the end of the memory that an entry of n bytes does not fit into. */
static size_t
skipped(const struct ring *r, size_t n)
{
	size_t left = r->size - r->to % r->size;
	return left < n ? left : 0;
}

static bool
has_room(const struct ring *r, size_t n)
{
	return r->to + skipped(r, n) + n - r->from <= r->size;
}

/* Overwrites what is oldest. */
static void
append(struct ring *r, const struct entry *head, const uint8_t *bytes)
{
	size_t n = length(head->caplen), skip = skipped(r, n);
	while (!has_room(r, n))
		drop_oldest(r);
	if (skip)
		*at(r, r->to) = (struct entry){ .pad = (uint32_t)skip };
	r->to += skip;
	struct entry *e = at(r, r->to);
	uint64_t *chain = &r->bucket[bucket(head->file, head->number)];
	*e = *head;
	e->before = *chain;
	memcpy(e + 1, bytes, head->caplen);
	*chain = r->to + 1;
	r->to += n;
}

struct frames *
frames_new(size_t bytes, frames_stands *stands, void *arg)
{
	struct frames *f = calloc(1, sizeof(*f));
	size_t each = bytes / 2 / SLOT * SLOT;
	if (f == NULL)
		return NULL;
	f->stands = stands;
	f->arg = arg;
	f->recent.size = f->kept.size = each;
	f->recent.mem = calloc(1, each); /* pages that nobody touches cost nothing */
	f->kept.mem = calloc(1, each);
	if (f->recent.mem && f->kept.mem)
		return f;
	frames_free(f);
	return NULL;
}

void
frames_free(struct frames *f)
{
	if (f == NULL)
		return;
	free(f->recent.mem);
	free(f->kept.mem);
	free(f);
}

void
frames_put(struct frames *f, const struct frame *in)
{
	struct entry head = { .ts = in->ts,
			      .number = in->number,
			      .file = in->file,
			      .caplen = in->caplen < FRAMES_LARGEST ? in->caplen : FRAMES_LARGEST,
			      .wirelen = in->wirelen,
			      .iface = in->iface,
			      .linktype = in->linktype };
	append(&f->recent, &head, in->p);
}

/* Makes room at the oldest: what still stands goes to the front. */
static void
make_room(struct frames *f, size_t n)
{
	struct ring *r = &f->kept;
	f->moves += f->moves < MOVES_MOST ? MOVES : 0;
	for (; f->moves && !has_room(r, n); f->moves--) {
		const struct entry *e = at(r, r->from);
		bool stands = !e->pad && f->stands(f->arg, e->id, (struct inc_ref){ e->file, e->number });
		if (stands)
			memcpy(f->aside, e, sizeof(*e) + e->caplen);
		drop_oldest(r);
		if (stands) {
			const struct entry *moved = (const void *)f->aside;
			append(r, moved, (const uint8_t *)(moved + 1));
		}
	}
}

void
frames_keep(struct frames *f, uint64_t id, struct inc_ref ref)
{
	struct entry *e = find(&f->kept, ref.file, ref.frame);
	if (e)
		e->id = id; /* of several incidents the latest holds it */
	else if ((e = find(&f->recent, ref.file, ref.frame)) != NULL) {
		struct entry head = *e;
		head.id = id;
		make_room(f, length(head.caplen));
		append(&f->kept, &head, (const uint8_t *)(e + 1));
	}
}

bool
frames_find(const struct frames *f, struct inc_ref ref, struct frame *out)
{
	const struct entry *e = find(&f->kept, ref.file, ref.frame);
	if (e == NULL)
		e = find(&f->recent, ref.file, ref.frame);
	if (e == NULL)
		return false;
	*out = (struct frame){ .ts = e->ts,
			       .number = e->number,
			       .file = e->file,
			       .iface = e->iface,
			       .linktype = e->linktype,
			       .p = (const uint8_t *)(e + 1),
			       .caplen = e->caplen,
			       .wirelen = e->wirelen };
	return true;
}
