#include "mute.h"
#include "mutes.h"
#include "snapshot.h"

struct mutes {
	struct mute v[2 * MUTES_MAX]; /* those of the last configuration, while the next one's are added */
	uint32_t n;
	uint64_t head; /* 0: as the snapshot's rings have it */
	uint32_t serial;
	struct mute_counts counts;
};

size_t
mutes_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return sizeof(struct mutes);
}

void
mutes_open(struct engine *e, void *mem)
{
	e->mutes = mem;
}

static void
keep_name(struct mute *m, struct bytes name)
{
	if (name.p == (const uint8_t *)m->detection)
		return;
	memset(m->detection, 0, sizeof(m->detection));
	memcpy(m->detection, name.p, name.n < MUTE_DETECTION ? name.n : MUTE_DETECTION - 1);
}

bool
mute_detection(struct mute *m, const struct site_rule *rule, size_t nrule, struct bytes name)
{
	for (size_t i = 0; detection_at(i); i++)
		if (bytes_eq(bytes_str(detection_at(i)->id), name)) {
			m->family = (uint8_t)i;
			m->rule = 0;
			keep_name(m, name);
			return true;
		}
	const struct site_rule *r = site_rule_named(rule, nrule, name);
	if (r == NULL)
		return false;
	m->family = FAM_SITE;
	m->rule = (uint16_t)(r - rule + 1);
	keep_name(m, name);
	return true;
}

static void
drop_passed(struct engine *e)
{
	struct mutes *s = e->mutes;

	for (size_t i = 0; i < s->n && e->now != TS_NONE;)
		if (s->v[i].until <= e->now)
			s->v[i] = s->v[--s->n];
		else
			i++;
}

static bool
same(const struct mute *a, const struct mute *b)
{
	return a->any_detection == b->any_detection &&
	       (a->any_detection || strcmp(a->detection, b->detection) == 0) && a->has_mac == b->has_mac &&
	       (!a->has_mac || mac_eq(a->mac, b->mac)) && strcmp(a->segment, b->segment) == 0 &&
	       a->verdict == b->verdict && a->until == b->until && strcmp(a->reason, b->reason) == 0 &&
	       a->configured == b->configured;
}

bool
mute_add(struct engine *e, const struct mute *m)
{
	struct mutes *s = e->mutes;
	struct mute add = *m;

	drop_passed(e);
	add.segment[MUTE_SEGMENT - 1] = 0;
	add.reason[MUTE_REASON - 1] = 0;
	add.fresh = true;
	for (uint32_t i = 0; i < s->n; i++)
		if (same(&s->v[i], &add)) {
			s->v[i].fresh = true;
			return true;
		}
	if (s->n >= (m->configured ? 2 * MUTES_MAX : MUTES_MAX))
		return false;
	add.serial = ++s->serial;
	s->v[s->n++] = add;
	return true;
}

void
mutes_given(struct engine *e)
{
	struct mutes *s = e->mutes;

	for (uint32_t i = 0; i < s->n;)
		if (s->v[i].configured && !s->v[i].fresh)
			s->v[i] = s->v[--s->n];
		else
			s->v[i++].fresh = false;
}

const struct mute *
mute_at(struct engine *e, size_t i)
{
	drop_passed(e);
	return i < e->mutes->n ? &e->mutes->v[i] : NULL;
}

static bool
covers(struct engine *e, const struct mute *m, const struct hyp *h)
{
	if (!m->any_detection && (m->family != h->family || (m->rule && m->rule != h->actor.rule)))
		return false;
	if (m->has_mac && !(h->actor.has_mac && mac_eq(m->mac, h->actor.mac)))
		return false;
	return m->segment[0] == 0 ||
	       auth_pattern(bytes_str(m->segment), bytes_str(e->segment_at[h->seg]->name));
}

/* Of several the one that covers most, then the latest to end: not the order that they were given in. */
static const struct mute *
best_of(struct engine *e, const struct hyp *h, ts_t now)
{
	const struct mute *best = NULL;

	for (size_t i = 0; i < e->mutes->n; i++) {
		const struct mute *m = &e->mutes->v[i];
		if (m->until <= now || !covers(e, m, h) ||
		    (best && (m->verdict < best->verdict ||
			      (m->verdict == best->verdict && m->until <= best->until))))
			continue;
		best = m;
	}
	return best;
}

const struct mute *
muted_by(struct engine *e, struct hyp *h, const struct judged *j, ts_t ts)
{
	const struct mute *best = best_of(e, h, e->now != TS_NONE ? e->now : ts);

	if (best && j->verdict > best->verdict)
		h->outgrew = best->serial;
	return best && h->outgrew != best->serial ? best : NULL;
}

const struct mute *
mute_held(struct engine *e, const struct hyp *h, const struct judged *j)
{
	const struct mute *best = best_of(e, h, e->now != TS_NONE ? e->now : h->last);

	return best && h->outgrew != best->serial && j->verdict <= best->verdict ? best : NULL;
}

struct mute_counts *
mute_counts(const struct engine *e)
{
	return &e->mutes->counts;
}

/* ---- snapshot ---- */
/* clang-format off */
static const struct snap_field mute_fields[] = {
	SNAP(struct mute, any_detection), SNAP_STR(struct mute, detection), SNAP(struct mute, has_mac), SNAP(struct mute, mac),
	SNAP_STR(struct mute, segment), SNAP_UPTO(struct mute, verdict, V_CONFIRMED), SNAP(struct mute, until),
	SNAP_STR(struct mute, reason), SNAP(struct mute, configured), SNAP(struct mute, serial),
	SNAP_NOT(struct mute, family), SNAP_NOT(struct mute, rule), SNAP_NOT(struct mute, fresh),
};
/* clang-format on */
static const struct snap_rec mute_rec = SNAP_REC(struct mute, mute_fields);

static struct snap_ring
mutes_ring(struct engine *e)
{
	struct mutes *s = e->mutes;

	return (struct snap_ring){ .v = s->v, .cap = NELEM(s->v), .head = &s->head, .n = &s->n };
}

/* Of a detection or rule that is no more nobody will hear. */
static bool
mutes_loaded(struct engine *e)
{
	struct mutes *s = e->mutes;

	s->head = 0;
	for (uint32_t i = 0; i < s->n;) {
		struct mute *m = &s->v[i];
		if (m->serial > s->serial)
			s->serial = m->serial;
		if (m->any_detection ||
		    mute_detection(m, e->conf->rule, e->conf->nrule, bytes_str(m->detection)))
			i++;
		else
			*m = s->v[--s->n];
	}
	return true;
}

const struct snap_store snap_mutes[] = {
	{ .name = "mutes",
	  .kind = SNAP_RING,
	  .ring = mutes_ring,
	  .key = &snap_no_key,
	  .value = &mute_rec,
	  .loaded = mutes_loaded },
	{ 0 },
};
