/* Rates of sight, one ring of minutes for each segment and bit.  Nothing here judges. */
#include "vantage.h"
#include "kept.h"
#include "snapshot.h"

enum {
	MINUTES = 60,
	MIN_SAMPLES = 20,
	MIN_SHARE = 90,
	TALKERS = 8,
	TALKERS_NEEDED = 3,
	LOSSES = 64,
	ASKERS = 512
};
static const ts_t LEASED_WITHIN = 5 * TS_SEC;

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
/* A DHCPv4 client whose question the mirror showed no answer to. */
struct asker {
	ts_t asked, sampled;
	uint16_t seg;
	struct mac client;
};
struct vantage {
	struct view view[SEGMENTS_MAX];
	struct lost
		lost[LOSSES]; /* windows in which more than 0.1 % was dropped, newest overwrite the oldest */
	uint32_t nlost;
	ts_t last_report;
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

void
vantage_unanswered(struct engine *e, const struct segment *s, struct mac client, ts_t asked)
{
	struct vantage *v = e->vantage;

	v->asker[v->nasker++ % ASKERS] =
		(struct asker){ .asked = asked, .sampled = e->now, .seg = s->ix, .client = client };
}

/* A log that names its computer counts where that is a declared server: what a suspect's own host tells must not help to
 * refute (DETECTIONS.md 1, rule 7).  A file without a name was handed over by the operator. */
static bool
log_counts(struct engine *e, const struct kept *k)
{
	struct place place[PLACES];
	size_t n = k->computer[0] ? event_places(e, k, place) : 0;

	for (size_t i = 0; i < n; i++)
		if (auth_standing(e, e->segment_at[place[i].seg], SVC_DHCP4, place[i].mac, (struct addr){ 0 },
				  (struct bytes){ NULL, 0 }) == ST_AUTHORISED)
			return true;
	return k->computer[0] == 0;
}

static bool
leased(struct engine *e, const struct asker *a)
{
	size_t i = 0;
	const struct kept *k;
	ts_t slack = LEASED_WITHIN + EVENT_EPS_MAX;

	while ((k = event_next(e, &i, HE_DHCP_LEASED, a->asked - slack, a->asked + slack))) {
		ts_t eps = event_eps(e, k), d = k->ts > a->asked ? k->ts - a->asked : a->asked - k->ts;
		if ((k->set & HES_MAC) && mac_eq(k->mac, a->client) && d <= LEASED_WITHIN + eps &&
		    log_counts(e, k))
			return true;
	}
	return false;
}

/* How many of the hour's questions without an answer the audit log answers. */
static uint32_t
logged(struct engine *e, const struct segment *s)
{
	const struct vantage *v = e->vantage;
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->nasker && i < ASKERS; i++) {
		const struct asker *a = &v->asker[i];
		if (a->seg == s->ix && a->sampled / TS_MIN > e->now / TS_MIN - MINUTES)
			n += leased(e, a);
	}
	return n;
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
	if (b == VB_S4 && seen < all)
		seen += logged(e, s);
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
static const struct snap_field asker_rows[] = {
	SNAP(struct asker, asked),
	SNAP(struct asker, sampled),
	SNAP(struct asker, seg),
	SNAP(struct asker, client),
};
static const struct snap_rec asker_rec = SNAP_REC(struct asker, asker_rows);
static const struct snap_field vantage_rows[] = {
	SNAP_NOT(struct vantage, view),
	SNAP_SUBS(struct vantage, lost, lost[0], lost_rec),
	SNAP(struct vantage, nlost),
	SNAP(struct vantage, last_report),
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
