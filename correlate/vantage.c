/* Rates of sight, one ring of minutes for each segment and bit.  Nothing here judges. */
#include "vantage.h"
#include "snapshot.h"

enum { MINUTES = 60, MIN_SAMPLES = 20, MIN_SHARE = 90, TALKERS = 8, TALKERS_NEEDED = 3, LOSSES = 64 };

struct rate {
	uint32_t seen[MINUTES], all[MINUTES];
	int64_t minute;
};
struct talker {
	struct mac mac;
	ts_t last;
};
struct view {
	struct rate bit[VANTAGE_BITS];
	struct talker talker[TALKERS];
};
struct lost {
	ts_t from, to;
};
struct vantage {
	struct view view[SEGMENTS_MAX];
	struct lost
		lost[LOSSES]; /* windows in which more than 0.1 % was dropped, newest overwrite the oldest */
	uint32_t nlost;
	ts_t last_report;
};

static const char *const names[VANTAGE_BITS] = { "V_B4",  "V_S4",  "V_M6", "V_S6",
						 "V_DAD", "V_ARP", "V_U",  "V_LEAF" };

size_t
vantage_bytes(void)
{
	return sizeof(struct vantage);
}

void
vantage_open(struct engine *e, void *mem)
{
	e->vantage = mem;
	memset(e->vantage, 0, sizeof(*e->vantage));
	e->vantage->last_report = TS_NONE;
}

const char *
vantage_name(enum vantage_bit b)
{
	return names[b];
}

/* Clears the minutes between the last sample and `now`. */
static void
rate_turn(struct rate *r, ts_t now)
{
	int64_t minute = now / TS_MIN;

	if (minute <= r->minute)
		return;
	int64_t from = minute - r->minute >= MINUTES ? minute - MINUTES + 1 : r->minute + 1;
	for (int64_t m = from; m <= minute; m++)
		r->seen[(uint64_t)m % MINUTES] = r->all[(uint64_t)m % MINUTES] = 0;
	r->minute = minute;
}

void
vantage_sample(struct engine *e, const struct segment *s, enum vantage_bit b, bool seen)
{
	struct rate *r = &e->vantage->view[s->ix].bit[b];

	rate_turn(r, e->now);
	r->all[(uint64_t)r->minute % MINUTES]++;
	r->seen[(uint64_t)r->minute % MINUTES] += seen;
}

unsigned
vantage_share(struct engine *e, const struct segment *s, enum vantage_bit b, uint32_t *samples)
{
	struct rate *r = &e->vantage->view[s->ix].bit[b];
	uint32_t seen = 0, all = 0;

	rate_turn(r, e->now);
	for (size_t i = 0; i < MINUTES; i++) {
		seen += r->seen[i];
		all += r->all[i];
	}
	*samples = all;
	return all ? (unsigned)((uint64_t)seen * 100 / all) : 0;
}

bool
vantage_has(struct engine *e, const struct segment *s, enum vantage_bit b)
{
	uint32_t samples;
	unsigned share = vantage_share(e, s, b, &samples);

	if (b == VB_B4 || b == VB_M6)
		return samples > 0;
	return samples >= MIN_SAMPLES && share >= MIN_SHARE;
}

void
vantage_broadcast(struct engine *e, const struct segment *s, struct mac src)
{
	struct talker *t = e->vantage->view[s->ix].talker, *old = t;

	if (mac_group(src))
		return;
	for (size_t i = 0; i < TALKERS; i++) {
		if (mac_eq(t[i].mac, src)) {
			t[i].last = e->now;
			return;
		}
		if (t[i].last < old->last)
			old = &t[i];
	}
	*old = (struct talker){ .mac = src, .last = e->now };
}

bool
vantage_arp_short(struct engine *e, const struct segment *s)
{
	const struct talker *t = e->vantage->view[s->ix].talker;
	unsigned n = 0;

	for (size_t i = 0; i < TALKERS; i++)
		n += t[i].last != 0 && e->now - t[i].last <= 10 * TS_MIN;
	return n >= TALKERS_NEEDED;
}

void
vantage_loss(struct engine *e, uint64_t dropped, uint64_t total)
{
	struct vantage *v = e->vantage;
	ts_t from = v->last_report == TS_NONE ? e->now - TS_MIN : v->last_report;

	v->last_report = e->now;
	if (dropped == 0 || dropped * 1000 <= total)
		return;
	v->lost[v->nlost++ % LOSSES] = (struct lost){ from, e->now };
}

void
vantage_outage(struct engine *e, ts_t from, ts_t to)
{
	struct vantage *v = e->vantage;

	v->lost[v->nlost++ % LOSSES] = (struct lost){ from, to };
}

bool
vantage_clean(struct engine *e, ts_t from, ts_t to)
{
	const struct vantage *v = e->vantage;

	for (uint32_t i = 0; i < v->nlost && i < LOSSES; i++)
		if (v->lost[i].to >= from && v->lost[i].from <= to)
			return false;
	return true;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field rate_rows[] = {
	SNAP_ARRAY(struct rate, seen, seen[0]),
	SNAP_ARRAY(struct rate, all, all[0]),
	SNAP(struct rate, minute),
};
static const struct snap_rec rate_rec = SNAP_REC(struct rate, rate_rows);
static const struct snap_field talker_rows[] = {
	SNAP(struct talker, mac),
	SNAP(struct talker, last),
};
static const struct snap_rec talker_rec = SNAP_REC(struct talker, talker_rows);
static const struct snap_field view_rows[] = {
	SNAP_SUBS(struct view, bit, bit[0], rate_rec),
	SNAP_SUBS(struct view, talker, talker[0], talker_rec),
};
static const struct snap_rec view_rec = SNAP_REC(struct view, view_rows);
static const struct snap_field lost_rows[] = {
	SNAP(struct lost, from),
	SNAP(struct lost, to),
};
static const struct snap_rec lost_rec = SNAP_REC(struct lost, lost_rows);
static const struct snap_field vantage_rows[] = {
	SNAP_NOT(struct vantage, view),
	SNAP_SUBS(struct vantage, lost, lost[0], lost_rec),
	SNAP(struct vantage, nlost),
	SNAP(struct vantage, last_report),
};
static const struct snap_rec vantage_rec = SNAP_REC(struct vantage, vantage_rows);

const struct snap_store snap_vantage[] = {
	{ .name = "views", .kind = SNAP_SEGMENTS, .owner = offsetof(struct engine, vantage), .member = offsetof(struct vantage, view),
	  .key = &snap_no_key, .value = &view_rec },
	{ .name = "losses", .kind = SNAP_RECORD, .owner = offsetof(struct engine, vantage),
	  .key = &snap_no_key, .value = &vantage_rec },
	{ 0 },
};
/* clang-format on */
