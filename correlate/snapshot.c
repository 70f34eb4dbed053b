#include "snapshot.h"

#include "asks.h"
#include "d6state.h"
#include "ledger.h"
#include "out.h"
#include "rastate.h"
#include "rates.h"
#include "vantage.h"

enum {
	VERSION = 1,
	RECORD_MAX = 32768, /* the largest, a hypothesis with all lists full, takes about 13,000 */
	KEY_MAX = 64,
	TEXTS = 65536,
	TEXT_LENGTH = 512, /* the longest explanation of a join row has about 200 */
	DEPTH = 4,
	NAME_LENGTH = 32,
	IFACE_LENGTH = 64
};
static const char magic[] = "crosstap-state"; /* with its NUL */
static const struct sipkey layout_key = { { 7, 8 } };
/* Times outside of this are in no capture; differences of such inside it do not overflow. */
#define TIME_MOST (INT64_MAX / 2)

const struct snap_rec snap_no_key = { NULL, 0, 0 };

struct snap {
	uint8_t record[RECORD_MAX];
	char texts[TEXTS]; /* each with its NUL */
	uint32_t ntexts;   /* bytes in use */
	ts_t left_at,
		gap; /* of a restored engine until its first packet: its clock, and the pause that is none */
};

size_t
snap_bytes(void)
{
	return sizeof(struct snap);
}

void
snap_open(struct engine *e, void *mem)
{
	e->snap = mem;
}

/* ---- stores ---- */
static const struct snap_store *const lists[] = {
	snap_state,   snap_hyps,      snap_vantage,   snap_ledger,   snap_rates,    snap_d6,
	snap_ra,      snap_resolvers, snap_answers,   snap_auths,    snap_routes,   snap_sessions,
	snap_servers, snap_tunnels,   snap_failover,  snap_outcomes, snap_identity, snap_clocks,
	snap_feed,    snap_mutes,     snap_revisions,
};

const struct snap_store *
snap_store_at(size_t i)
{
	for (size_t k = 0; k < NELEM(lists); k++)
		for (const struct snap_store *s = lists[k]; s->name; s++)
			if (i-- == 0)
				return s;
	return NULL;
}

static void *
member_of(struct engine *e, const struct snap_store *s)
{
	char *owner = (char *)e;
	char *p;

	if (!s->in_engine)
		memcpy(&owner, (char *)e + s->owner, sizeof(owner));
	p = owner + s->member;
	if (s->is_pointer)
		memcpy(&p, owner + s->member, sizeof(p));
	return p;
}

/* ---- leaves of a struct, in the order of its rows; a stack, for structs hold structs ---- */
struct level {
	const struct snap_rec *rec;
	size_t off;
	uint32_t field, elem, n;
};
struct leaves {
	const char *base; /* NULL: nobody's, every list has one element */
	struct level at[DEPTH];
	int depth;
};

static struct leaves
leaves_of(const struct snap_rec *r, const void *base)
{
	return (struct leaves){ .base = base, .at = { { .rec = r } } };
}

static uint32_t
elements(const struct leaves *w, const struct snap_field *f, size_t off)
{
	uint8_t n8;
	uint16_t n16;
	uint32_t n = f->n;

	if (w->base == NULL || f->kind == SNAP_LEFT_OUT)
		return 1;
	if (f->count_size == sizeof(n8)) {
		memcpy(&n8, w->base + off + f->count, sizeof(n8));
		n = n8;
	} else if (f->count_size == sizeof(n16)) {
		memcpy(&n16, w->base + off + f->count, sizeof(n16));
		n = n16;
	} else if (f->count_size) {
		memcpy(&n, w->base + off + f->count, sizeof(n));
	}
	return n < f->n ? n : f->n;
}

/* The next one and its offset from the base; false at the end. */
static bool
leaf(struct leaves *w, const struct snap_field **f, size_t *off)
{
	while (w->depth >= 0) {
		struct level *x = &w->at[w->depth];
		if (x->field == x->rec->n) {
			w->depth--;
			continue;
		}
		*f = &x->rec->field[x->field];
		if (x->elem == 0)
			x->n = elements(w, *f, x->off);
		if (x->elem == x->n || (*f)->kind == SNAP_LEFT_OUT) {
			x->field++;
			x->elem = 0;
			continue;
		}
		*off = x->off + (*f)->off + (size_t)x->elem++ * (*f)->size;
		if ((*f)->kind != SNAP_STRUCT || w->depth + 1 == DEPTH)
			return true;
		w->at[++w->depth] = (struct level){ .rec = (*f)->rec, .off = *off };
	}
	return false;
}

/* What is written by other rows is no record of this store's. */
static uint64_t
layout_of(const struct snap_store *s)
{
	const struct snap_rec *both[] = { s->key, s->value };
	const struct snap_field *f;
	uint64_t h = s->kind;
	size_t off;

	for (size_t i = 0; i < NELEM(both); i++) {
		struct leaves w = leaves_of(both[i], NULL);
		while (leaf(&w, &f, &off)) {
			uint64_t word[] = { h,	  f->kind, f->size,
					    f->n, f->max,  siphash(&layout_key, f->name, strlen(f->name)) };
			h = siphash(&layout_key, word, sizeof(word));
		}
	}
	return h;
}

/* ---- writing ---- */
static uint64_t
number_at(const char *p, uint32_t size)
{
	uint8_t n8;
	uint16_t n16;
	uint32_t n32;
	uint64_t n64;

	switch (size) {
	case sizeof(n8): memcpy(&n8, p, sizeof(n8)); return n8;
	case sizeof(n16): memcpy(&n16, p, sizeof(n16)); return n16;
	case sizeof(n32): memcpy(&n32, p, sizeof(n32)); return n32;
	default: memcpy(&n64, p, sizeof(n64)); return n64;
	}
}

static void
put_text(struct out *o, const char *p)
{
	const char *text;

	memcpy(&text, p, sizeof(text));
	size_t n = text ? strlen(text) : 0;
	n = n < TEXT_LENGTH ? n : TEXT_LENGTH;
	out_be(o, n, 2);
	if (n)
		out_put(o, text, n);
}

static void
put_leaf(struct out *o, const struct snap_field *f, const char *p)
{
	switch ((enum snap_kind)f->kind) {
	case SNAP_NUMBER:
	case SNAP_TIME:
	case SNAP_REAL:
	case SNAP_SEGMENT: out_be(o, number_at(p, f->size), f->size); break;
	case SNAP_TEXT: put_text(o, p); break;
	case SNAP_BYTES:
	case SNAP_CHARS:
	case SNAP_ADDR: out_put(o, p, f->size); break;
	case SNAP_PREFIX: out_put(o, p, sizeof(struct prefix)); break;
	case SNAP_STRUCT:
	case SNAP_LEFT_OUT: break;
	}
}

static void
put_struct(struct out *o, const struct snap_rec *r, const void *p)
{
	struct leaves w = leaves_of(r, p);
	const struct snap_field *f;
	size_t off;

	if (r->n)
		while (leaf(&w, &f, &off))
			put_leaf(o, f, (const char *)p + off);
}

struct writer {
	struct engine *e;
	snapshot_put *put;
	void *arg;
	bool ok;
};

static void
flush(struct writer *w, const struct out *o)
{
	w->ok = w->ok && out_ok(o) && w->put(w->arg, out_bytes(o));
}

static void
put_record(struct writer *w, const struct snap_store *s, const void *key, bool pinned, ts_t used,
	   const void *value)
{
	struct out o = out_init(w->e->snap->record, RECORD_MAX);

	if (!w->ok)
		return;
	out_be(&o, 0, 4);
	if (s->kind == SNAP_TABLE) {
		out_be(&o, pinned, 1);
		out_be(&o, (uint64_t)used, 8);
		put_struct(&o, s->key, key);
	}
	put_struct(&o, s->value, value);
	struct out length = out_init(w->e->snap->record, 4);
	out_be(&length, o.n - 4, 4);
	flush(w, &o);
}

static void
put_section(struct writer *w, const struct snap_store *s, uint64_t first, uint32_t n)
{
	uint8_t buf[64];
	struct out o = out_init(buf, sizeof(buf));

	out_be(&o, strlen(s->name), 1);
	out_str(&o, s->name);
	out_be(&o, layout_of(s), 8);
	out_be(&o, first, 8);
	out_be(&o, n, 4);
	flush(w, &o);
}

static void
put_ring(struct writer *w, const struct snap_store *s)
{
	struct snap_ring r = s->ring(w->e);
	uint64_t first = r.ever ? (*r.ever > r.cap ? *r.ever - r.cap : 0) : *r.head;
	uint32_t n = r.ever ? (uint32_t)(*r.ever - first) : *r.n;

	put_section(w, s, first, n);
	for (uint32_t i = 0; i < n; i++)
		put_record(w, s, NULL, false, 0,
			   (char *)r.v + (size_t)((first + i) % r.cap) * s->value->size);
}

static void
put_store(struct writer *w, const struct snap_store *s)
{
	if (s->kind == SNAP_RING) {
		put_ring(w, s);
		return;
	}
	char *p = member_of(w->e, s);
	uint32_t n = s->kind == SNAP_RECORD ? 1 : w->e->nsegment;
	if (s->kind == SNAP_TABLE) {
		const struct table *t = (struct table *)(void *)p;
		put_section(w, s, 0, t->used);
		/* oldest first: so they come back in the same order of use */
		for (void *v = table_prev(t, NULL); v && w->ok; v = table_prev(t, v))
			put_record(w, s, table_key(t, v), table_pinned(t, v), table_used_at(t, v), v);
		return;
	}
	put_section(w, s, 0, n);
	for (uint32_t i = 0; i < n; i++)
		put_record(w, s, NULL, false, 0, p + (size_t)i * s->value->size);
}

/* The last section: written when the rest is. */
static const char last[] = "revisions";

bool
snapshot_begin(struct engine *e, snapshot_put *put, void *arg)
{
	struct writer w = { e, put, arg, true };
	struct out o = out_init(e->snap->record, RECORD_MAX);
	const struct snap_store *s;

	out_put(&o, magic, sizeof(magic));
	out_be(&o, VERSION, 1);
	out_be(&o, e->key.k[0], 8);
	out_be(&o, e->key.k[1], 8);
	out_be(&o, (uint64_t)e->now, 8);
	out_be(&o, (uint64_t)e->last_tick, 8);
	out_be(&o, e->conf->niface, 2);
	for (size_t i = 0; i < e->conf->niface; i++) {
		size_t n = strlen(e->conf->iface[i]);
		n = n < IFACE_LENGTH ? n : IFACE_LENGTH;
		out_be(&o, n, 1);
		out_put(&o, e->conf->iface[i], n);
	}
	flush(&w, &o);
	for (size_t i = 0; (s = snap_store_at(i)) && w.ok; i++)
		if (strcmp(s->name, last) != 0)
			put_store(&w, s);
	return w.ok;
}

bool
snapshot_finish(struct engine *e, snapshot_put *put, void *arg)
{
	struct writer w = { e, put, arg, true };
	const struct snap_store *s;

	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		hyp_remember(e->hyps, h, e->now);
	for (size_t i = 0; (s = snap_store_at(i)); i++)
		if (strcmp(s->name, last) == 0)
			put_store(&w, s);
	return w.ok && put(arg, bytes_of("", 1));
}

/* ---- reading ---- */
struct reader {
	struct engine *e;
	struct cursor c;
	struct snapshot_said *said;
};

static bool
refuse(struct reader *r, const char *why)
{
	if (r->said->wrong == NULL) {
		r->said->wrong = why;
		r->said->at = cur_off(&r->c);
	}
	return false;
}

static bool
get_text(struct engine *e, struct cursor *c, char *p)
{
	struct cursor in = cur_sub16(c);
	struct bytes b = cur_rest(&in);
	struct snap *s = e->snap;
	const char *text = NULL;

	if (b.n > TEXT_LENGTH || (b.n && memchr(b.p, 0, b.n)))
		return false;
	for (uint32_t at = 0; b.n && at < s->ntexts && text == NULL;
	     at += (uint32_t)strlen(s->texts + at) + 1)
		if (bytes_eq(bytes_str(s->texts + at), b))
			text = s->texts + at;
	if (b.n && text == NULL && b.n < TEXTS - s->ntexts) { /* else it is forgotten */
		memcpy(s->texts + s->ntexts, b.p, b.n);
		s->texts[s->ntexts + b.n] = 0;
		text = s->texts + s->ntexts;
		s->ntexts += (uint32_t)b.n + 1;
	}
	memcpy(p, &text, sizeof(text));
	return true;
}

static bool
good_address(struct addr a)
{
	static const uint8_t used[] = { [0] = 0, [4] = 4, [6] = 16 };

	if (a.fam != 0 && a.fam != 4 && a.fam != 6)
		return false;
	for (size_t i = used[a.fam]; i < sizeof(a.b); i++)
		if (a.b[i])
			return false;
	return true;
}

static void
set_number(char *p, uint32_t size, uint64_t v)
{
	uint8_t n8 = (uint8_t)v;
	uint16_t n16 = (uint16_t)v;
	uint32_t n32 = (uint32_t)v;

	switch (size) {
	case sizeof(n8): memcpy(p, &n8, sizeof(n8)); break;
	case sizeof(n16): memcpy(p, &n16, sizeof(n16)); break;
	case sizeof(n32): memcpy(p, &n32, sizeof(n32)); break;
	default: memcpy(p, &v, sizeof(v)); break;
	}
}

static bool
good_time(uint64_t v)
{
	int64_t t;

	memcpy(&t, &v, sizeof(t));
	return t == TS_NONE || t == INT64_MAX || (t >= -TIME_MOST && t <= TIME_MOST);
}

static bool
good_real(uint64_t v)
{
	double d;

	memcpy(&d, &v, sizeof(d));
	return d > -1e15 && d < 1e15;
}

static bool
get_number(struct engine *e, struct cursor *c, const struct snap_field *f, char *p)
{
	uint64_t v = cur_be(c, f->size);

	set_number(p, f->size, v);
	switch ((enum snap_kind)f->kind) {
	case SNAP_TIME: return good_time(v);
	case SNAP_REAL: return good_real(v);
	case SNAP_SEGMENT: return v < e->nsegment;
	default: return v <= f->max;
	}
}

static bool
get_leaf(struct engine *e, struct cursor *c, const struct snap_field *f, char *p)
{
	struct prefix px;
	struct addr a;

	switch ((enum snap_kind)f->kind) {
	case SNAP_TEXT: return get_text(e, c, p);
	case SNAP_BYTES: cur_copy(c, p, f->size); return true;
	case SNAP_CHARS: cur_copy(c, p, f->size); return p[f->size - 1] == 0;
	case SNAP_ADDR:
		cur_copy(c, &a, sizeof(a));
		memcpy(p, &a, sizeof(a));
		return good_address(a);
	case SNAP_PREFIX:
		cur_copy(c, &px, sizeof(px));
		memcpy(p, &px, sizeof(px));
		return good_address(px.a) && px.len <= (px.a.fam == 4 ? 32 : 128);
	case SNAP_STRUCT:
	case SNAP_LEFT_OUT: return false;
	default: return get_number(e, c, f, p);
	}
}

static bool
get_struct(struct engine *e, struct cursor *c, const struct snap_rec *r, void *p)
{
	struct leaves w = leaves_of(r, p);
	const struct snap_field *f;
	size_t off;

	while (r->n && leaf(&w, &f, &off))
		if (!get_leaf(e, c, f, (char *)p + off) || !cur_ok(c))
			return false;
	return true;
}

static bool
get_entry(struct reader *r, struct cursor *c, const struct snap_store *s, struct table *t)
{
	_Alignas(16) uint8_t key[KEY_MAX] = { 0 };
	bool pinned = cur_u8(c) & 1, fresh = false;
	ts_t used = (ts_t)cur_be64(c);

	if (s->key->size > sizeof(key) || !good_time((uint64_t)used) || !get_struct(r->e, c, s->key, key))
		return refuse(r, "a key is none");
	void *v = table_get(t, key, used, &fresh);
	if (v == NULL || !fresh)
		return refuse(r, "a key stands twice");
	if (!get_struct(r->e, c, s->value, v) || cur_more(c))
		return refuse(r, "a value is none");
	if (pinned)
		table_pin(t, v, true);
	return s->added == NULL || s->added(r->e, table_key(t, v), v) ||
	       refuse(r, "a value contradicts itself");
}

static bool
get_plain(struct reader *r, struct cursor *c, const struct snap_store *s, void *v)
{
	if (!get_struct(r->e, c, s->value, v) || cur_more(c))
		return refuse(r, "a value is none");
	return s->added == NULL || s->added(r->e, NULL, v) || refuse(r, "a value contradicts itself");
}

/* Where the i-th of n records goes that began at `first`; NULL: nowhere, there is less room than there was. */
static void *
place(struct reader *r, const struct snap_store *s, uint64_t first, uint32_t i, uint32_t n)
{
	struct snap_ring q;

	if (s->kind != SNAP_RING)
		return (char *)member_of(r->e, s) + (size_t)i * s->value->size;
	q = s->ring(r->e);
	return n - i > q.cap ? NULL : (char *)q.v + (size_t)((first + i) % q.cap) * s->value->size;
}

static bool
get_counts(struct reader *r, const struct snap_store *s, uint64_t first, uint32_t n)
{
	uint32_t most = s->kind == SNAP_RECORD ? 1 : r->e->nsegment;

	if (first > UINT64_MAX / 4)
		return refuse(r, "a section is too long");
	if (s->kind == SNAP_RING) {
		struct snap_ring q = s->ring(r->e);
		uint32_t skip = n > q.cap ? n - q.cap : 0;
		if (q.ever)
			*q.ever = first + n;
		if (q.head)
			*q.head = (first + skip) % q.cap;
		if (q.n)
			*q.n = n - skip;
		return true;
	}
	return s->kind == SNAP_TABLE || n <= most || refuse(r, "a section is too long");
}

static bool
get_section(struct reader *r, const struct snap_store *s, uint64_t first, uint32_t n)
{
	struct table *t = s->kind == SNAP_TABLE ? member_of(r->e, s) : NULL;

	if (!get_counts(r, s, first, n))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct cursor c = cur_sub(&r->c, cur_be32(&r->c));
		if (!cur_ok(&r->c))
			return refuse(r, "it ends inside a record");
		if (t) {
			if (n - i <= t->spec.capacity && !get_entry(r, &c, s, t))
				return false;
			continue;
		}
		void *v = place(r, s, first, i, n);
		if (v && !get_plain(r, &c, s, v))
			return false;
	}
	return true;
}

static bool
skip_section(struct reader *r, uint32_t n)
{
	r->said->left_out++;
	for (uint32_t i = 0; i < n && cur_ok(&r->c); i++)
		cur_skip(&r->c, cur_be32(&r->c));
	return cur_ok(&r->c) || refuse(r, "it ends inside a record");
}

/* Sections stand in the order of the stores, each once: *from is the first that may come. */
static bool
next_section(struct reader *r, size_t *from, bool *end)
{
	struct cursor head = cur_sub8(&r->c);
	struct bytes name = cur_rest(&head);
	const struct snap_store *s = NULL;
	size_t i = *from;

	*end = cur_ok(&r->c) && name.n == 0;
	if (*end)
		return true;
	uint64_t layout = cur_be64(&r->c), first = cur_be64(&r->c);
	uint32_t n = cur_be32(&r->c);
	if (!cur_ok(&r->c))
		return refuse(r, "it ends before its last section");
	while ((s = snap_store_at(i)) && !bytes_eq(bytes_str(s->name), name))
		i++;
	r->said->sections++;
	if (s && layout == layout_of(s)) {
		*from = i + 1;
		return get_section(r, s, first, n);
	}
	if (*from == 0) /* every other store counts on the segments */
		return refuse(r, "it was written by another version");
	return skip_section(r, n);
}

/* Segments know their interface by its number: further ones may follow, the first ones stay what they were. */
static bool
get_interfaces(struct reader *r)
{
	const struct engine_conf *conf = r->e->conf;
	size_t n = cur_be16(&r->c);

	for (size_t i = 0; i < n && cur_ok(&r->c); i++) {
		struct cursor in = cur_sub8(&r->c);
		struct bytes name = cur_rest(&in);
		if (i >= conf->niface || !bytes_eq(bytes_str(conf->iface[i]), name))
			return refuse(
				r, "its interfaces are not the first ones that are read now, in that order");
	}
	return true;
}

static bool
get_head(struct reader *r)
{
	struct bytes m = cur_take(&r->c, sizeof(magic));

	if (!bytes_eq(m, bytes_of(magic, sizeof(magic))))
		return refuse(r, "it is no state of this program");
	if (cur_u8(&r->c) != VERSION)
		return refuse(r, "it was written by another version");
	r->e->key.k[0] = cur_be64(&r->c);
	r->e->key.k[1] = cur_be64(&r->c);
	uint64_t now = cur_be64(&r->c), tick = cur_be64(&r->c);
	r->e->now = r->e->cause = r->said->clock = (ts_t)now;
	r->e->last_tick = (ts_t)tick;
	return good_time(now) && good_time(tick) ? get_interfaces(r) : refuse(r, "its clock is none");
}

bool
snapshot_load(struct engine *e, struct bytes b, ts_t gap, struct snapshot_said *said)
{
	struct reader r = { .e = e, .c = cur_all(b), .said = said };
	const struct snap_store *s;
	size_t from = 0;

	*said = (struct snapshot_said){ .clock = TS_NONE };
	if (!get_head(&r))
		return false;
	for (bool end = false; !end;)
		if (!next_section(&r, &from, &end))
			return false;
	if (cur_more(&r.c))
		return refuse(&r, "something stands behind its end");
	for (size_t i = 0; (s = snap_store_at(i)); i++)
		if (s->loaded && !s->loaded(e))
			return refuse(&r, "its parts contradict each other");
	e->snap->left_at = e->now;
	e->snap->gap = gap;
	e->restored = e->now != TS_NONE;
	return true;
}

/* ---- the first packet after it ---- */
void
snapshot_resume(struct engine *e, ts_t now)
{
	struct snap *s = e->snap;
	ts_t away = ts_sub(now, s->left_at);

	e->restored = false;
	if (away <= s->gap)
		return;
	vantage_outage(e, s->left_at, now);
	ledger_outage(e, away);
	d6_outage(e, away);
	ra_outage(e, away);
	rates_outage(e, away);
}
