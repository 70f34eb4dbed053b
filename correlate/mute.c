#include "mute.h"
#include "mutes.h"

struct mutes {
	struct mute v[MUTES_MAX];
	size_t n;
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

bool
mute_detection(struct mute *m, const struct site_rule *rule, size_t nrule, struct bytes name)
{
	for (size_t i = 0; detection_at(i); i++)
		if (bytes_eq(bytes_str(detection_at(i)->id), name)) {
			m->family = (uint8_t)i;
			return true;
		}
	const struct site_rule *r = site_rule_named(rule, nrule, name);
	if (r == NULL)
		return false;
	m->family = FAM_SITE;
	m->rule = (uint16_t)(r - rule + 1);
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

bool
mute_add(struct engine *e, const struct mute *m)
{
	struct mutes *s = e->mutes;

	drop_passed(e);
	if (s->n == MUTES_MAX)
		return false;
	s->v[s->n] = *m;
	s->v[s->n].segment[MUTE_SEGMENT - 1] = 0;
	s->v[s->n].reason[MUTE_REASON - 1] = 0;
	s->v[s->n++].serial = ++s->serial;
	return true;
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
