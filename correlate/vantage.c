/* Rates of sight, one ring of minutes for each segment and bit, and what each minute's answer was.  Nothing here judges. */
#include "vantage.h"
#include "leaselog.h"
#include "snapshot.h"

enum {
	MINUTES = 60,
	MIN_SAMPLES = 20,
	MIN_SHARE = 90,
	HISTORY =
		1536, /* minutes: the longest time that events are kept for (a day), and an hour and a half */
	TALKERS = 8,
	TALKERS_NEEDED = 3,
	LOSSES = 64,
	CLEAN_OF = 1000, /* one packet lost of so many is clean */
	ASKERS = 512
};

struct rate {
	uint32_t seen[MINUTES], all[MINUTES];
};
/* How it stood when a minute had ended. */
struct stood {
	uint16_t has; /* bit set of enum vantage_bit */
	/* how many more answers would have made it V_S4 and V_S6; UINT16_MAX: at least so many, or not known */
	uint16_t short4, short6;
};
static const struct stood NOTHING_KNOWN = { .short4 = UINT16_MAX, .short6 = UINT16_MAX };
struct talker {
	struct mac mac;
	ts_t last;
};
struct view {
	struct rate bit[VANTAGE_BITS];
	int64_t minute; /* the one that has not ended */
	int64_t first;	/* the earliest that is remembered */
	struct stood stood[HISTORY];
	struct talker talker[TALKERS];
};
struct lost {
	ts_t from, to;
};
/* A client whose question the mirror showed no answer to. */
struct asker {
	ts_t asked, sampled;
	uint64_t duid; /* of DHCPv6, else 0 */
	uint16_t seg;
	struct mac client;
};
struct vantage {
	struct view view[SEGMENTS_MAX];
	struct lost
		lost[LOSSES]; /* windows in which more than 0.1 % was dropped, newest overwrite the oldest */
	uint32_t nlost;
	struct asker asker[ASKERS]; /* the newest overwrite the oldest */
	uint32_t nasker;
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
}

const char *
vantage_name(enum vantage_bit b)
{
	return names[b];
}

static void
sums(const struct rate *r, uint32_t *seen, uint32_t *all)
{
	*seen = *all = 0;
	for (size_t i = 0; i < MINUTES; i++) {
		*seen += r->seen[i];
		*all += r->all[i];
	}
}

static bool
enough(enum vantage_bit b, uint32_t seen, uint32_t all)
{
	if (b == VB_B4 || b == VB_M6)
		return all > 0;
	return all >= MIN_SAMPLES && (uint64_t)seen * 100 >= (uint64_t)all * MIN_SHARE;
}

/* The minute is over. */
static void
note_minute(struct view *v, int64_t minute)
{
	struct stood *st = &v->stood[(uint64_t)minute % HISTORY];
	uint32_t seen, all;

	*st = NOTHING_KNOWN;
	for (unsigned b = 0; b < VANTAGE_BITS; b++) {
		sums(&v->bit[b], &seen, &all);
		st->has |= (uint16_t)(enough((enum vantage_bit)b, seen, all) << b);
		uint64_t want = ((uint64_t)all * MIN_SHARE + 99) / 100, lack = want > seen ? want - seen : 0;
		uint16_t lacks = all >= MIN_SAMPLES && lack < UINT16_MAX ? (uint16_t)lack : UINT16_MAX;
		if (b == VB_S4)
			st->short4 = lacks;
		else if (b == VB_S6)
			st->short6 = lacks;
	}
}

/* Ends the minutes before `now`: each of them is noted, and the samples of its hour that are too old go. */
static void
view_turn(struct view *v, ts_t now)
{
	int64_t minute = now / TS_MIN;

	if (minute - v->minute > HISTORY) { /* nothing was heard, or for longer than is remembered */
		memset(v, 0, offsetof(struct view, talker));
		v->first = v->minute = minute;
	}
	for (int64_t quiet = 0; v->minute < minute; v->minute++, quiet++) {
		size_t next = (uint64_t)(v->minute + 1) % MINUTES;
		if (quiet < MINUTES)
			note_minute(v, v->minute);
		else
			v->stood[(uint64_t)v->minute % HISTORY] = NOTHING_KNOWN;
		for (unsigned b = 0; quiet < MINUTES && b < VANTAGE_BITS; b++)
			v->bit[b].seen[next] = v->bit[b].all[next] = 0;
	}
}

void
vantage_sample(struct engine *e, const struct segment *s, enum vantage_bit b, bool seen)
{
	struct view *v = &e->vantage->view[s->ix];

	view_turn(v, e->now);
	v->bit[b].all[(uint64_t)v->minute % MINUTES]++;
	v->bit[b].seen[(uint64_t)v->minute % MINUTES] += seen;
}

void
vantage_unanswered(struct engine *e, const struct segment *s, enum vantage_bit b, struct mac client,
		   uint64_t duid, ts_t asked)
{
	struct vantage *v = e->vantage;

	v->asker[v->nasker++ % ASKERS] = (struct asker){ .asked = asked,
							 .sampled = e->now,
							 .duid = b == VB_S6 ? duid : 0,
							 .seg = s->ix,
							 .client = client };
}

/* How many questions without an answer of the hour up to the end of that minute the audit log answers. */
static uint32_t
logged(struct engine *e, const struct segment *s, enum vantage_bit b, int64_t minute)
{
	const struct vantage *v = e->vantage;
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->nasker && i < ASKERS; i++) {
		const struct asker *a = &v->asker[i];
		int64_t m = a->sampled / TS_MIN;
		if (a->seg == s->ix && (a->duid != 0) == (b == VB_S6) && m > minute - MINUTES && m <= minute)
			n += leaselog_answered(e, a->client, a->duid, a->asked);
	}
	return n;
}

unsigned
vantage_share(struct engine *e, const struct segment *s, enum vantage_bit b, uint32_t *samples)
{
	struct view *v = &e->vantage->view[s->ix];
	uint32_t seen, all;

	view_turn(v, e->now);
	sums(&v->bit[b], &seen, &all);
	if ((b == VB_S4 || b == VB_S6) && seen < all)
		seen += logged(e, s, b, v->minute);
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

bool
vantage_had(struct engine *e, const struct segment *s, enum vantage_bit b, ts_t at)
{
	struct view *v = &e->vantage->view[s->ix];
	int64_t minute = at / TS_MIN;

	view_turn(v, e->now);
	if (minute >= v->minute)
		return vantage_has(e, s, b);
	if (minute < v->first || minute < v->minute - HISTORY)
		return false;
	const struct stood *st = &v->stood[(uint64_t)minute % HISTORY];
	if (st->has >> b & 1)
		return true;
	uint16_t lacks = b == VB_S4 ? st->short4 : b == VB_S6 ? st->short6 : UINT16_MAX;
	return lacks < UINT16_MAX && logged(e, s, b, minute) >= lacks;
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

/* What follows on the window before is part of it. */
static void
lost_add(struct vantage *v, ts_t from, ts_t to)
{
	struct lost *last = v->nlost ? &v->lost[(v->nlost - 1) % LOSSES] : NULL;

	if (last && from >= last->from && from <= last->to)
		last->to = to > last->to ? to : last->to;
	else
		v->lost[v->nlost++ % LOSSES] = (struct lost){ from, to };
}

void
vantage_loss(struct engine *e, const struct loss *l)
{
	if (l->blind || (l->packets && l->packets > l->total / CLEAN_OF))
		lost_add(e->vantage, l->since, l->until);
}

void
vantage_outage(struct engine *e, ts_t from, ts_t to)
{
	lost_add(e->vantage, from, to);
}

bool
vantage_clean(struct engine *e, ts_t from, ts_t to)
{
	const struct vantage *v = e->vantage;

	if (v->nlost > LOSSES && from < v->lost[v->nlost % LOSSES].from)
		return false; /* before the oldest window that is remembered: not known */
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
};
static const struct snap_rec rate_rec = SNAP_REC(struct rate, rate_rows);
static const struct snap_field stood_rows[] = {
	SNAP(struct stood, has),
	SNAP(struct stood, short4),
	SNAP(struct stood, short6),
};
static const struct snap_rec stood_rec = SNAP_REC(struct stood, stood_rows);
static const struct snap_field talker_rows[] = {
	SNAP(struct talker, mac),
	SNAP(struct talker, last),
};
static const struct snap_rec talker_rec = SNAP_REC(struct talker, talker_rows);
static const struct snap_field view_rows[] = {
	SNAP_SUBS(struct view, bit, bit[0], rate_rec),
	SNAP(struct view, minute),
	SNAP(struct view, first),
	SNAP_SUBS(struct view, stood, stood[0], stood_rec),
	SNAP_SUBS(struct view, talker, talker[0], talker_rec),
};
static const struct snap_rec view_rec = SNAP_REC(struct view, view_rows);
static const struct snap_field lost_rows[] = {
	SNAP(struct lost, from),
	SNAP(struct lost, to),
};
static const struct snap_rec lost_rec = SNAP_REC(struct lost, lost_rows);
static const struct snap_field asker_rows[] = {
	SNAP(struct asker, asked),
	SNAP(struct asker, sampled),
	SNAP(struct asker, duid),
	SNAP(struct asker, seg),
	SNAP(struct asker, client),
};
static const struct snap_rec asker_rec = SNAP_REC(struct asker, asker_rows);
static const struct snap_field vantage_rows[] = {
	SNAP_NOT(struct vantage, view),
	SNAP_SUBS(struct vantage, lost, lost[0], lost_rec),
	SNAP(struct vantage, nlost),
	SNAP_SUBS(struct vantage, asker, asker[0], asker_rec),
	SNAP(struct vantage, nasker),
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
