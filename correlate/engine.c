/* Dispatch: one observation or event at a time through stores, detectors, verdicts, incidents. */
#include "engine.h"
#include "answers.h"
#include "asks.h"
#include "auths.h"
#include "clocks.h"
#include "d6state.h"
#include "dup.h"
#include "kept.h"
#include "failover.h"
#include "flow.h"
#include "ledger.h"
#include "mutes.h"
#include "outcome.h"
#include "rastate.h"
#include "rates.h"
#include "recent.h"
#include "resolvers.h"
#include "routes.h"
#include "servers.h"
#include "site.h"
#include "snapshot.h"
#include "tunnels.h"
#include "vantage.h"
#include "verdict.h"

enum { HOSTS_DEFAULT = 65536, MORE_LEAST = 16384, TEXT_BYTES = 8192, SETTLE_ROUNDS = 8 };

struct host_key {
	uint16_t seg;
	struct mac mac;
};
struct bind_key {
	uint16_t seg;
	uint8_t pad;
	struct addr addr;
};
struct segment_key {
	uint16_t iface, nvlan, vlan[4];
};

static struct table_spec
spec_segments(void)
{
	return (struct table_spec){ "segments", sizeof(struct segment_key), sizeof(struct segment),
				    SEGMENTS_MAX, 0 };
}
static struct table_spec
spec_hosts(const struct engine_conf *c)
{
	return (struct table_spec){ "hosts", sizeof(struct host_key), sizeof(struct host),
				    c->hosts ? c->hosts : HOSTS_DEFAULT, 30 * TS_DAY };
}
/* Of 16 stations at most one has more than two addresses or a service, where there are many; of few all may have. */
static struct table_spec
spec_more(const struct engine_conf *c)
{
	uint32_t hosts = spec_hosts(c).capacity, few = hosts < MORE_LEAST ? hosts : MORE_LEAST;

	return (struct table_spec){ "hosts' more", sizeof(struct host_key), sizeof(struct host_more),
				    hosts / 16 > few ? hosts / 16 : few, 0 };
}
static struct table_spec
spec_bindings(const struct engine_conf *c)
{
	return (struct table_spec){ "bindings", sizeof(struct bind_key), sizeof(struct binding),
				    c->hosts ? c->hosts : HOSTS_DEFAULT, 30 * TS_DAY };
}

/* Hands out slices of the one memory block; with base == NULL it only counts. */
struct slicer {
	char *base;
	size_t used;
};

static void *
slice(struct slicer *s, size_t n)
{
	void *p = s->base ? s->base + s->used : NULL;
	s->used += align16(n);
	return p;
}

static void
open_table(struct engine *e, struct table *t, const struct table_spec *spec, struct slicer *s)
{
	void *mem = slice(s, table_bytes(spec));
	if (mem)
		table_open(t, spec, mem, e->key);
}

/* The one list of what an engine is made of: its size and its opening cannot disagree. */
static void
lay_out(const struct engine_conf *c, struct engine *e, struct slicer *s)
{
	static const struct {
		size_t (*bytes)(const struct engine_conf *);
		void (*open)(struct engine *, void *);
	} parts[] = {
		{ hyps_bytes, hyps_open },	     { identity_bytes, identity_open },
		{ events_bytes, events_open },	     { answers_bytes, answers_open },
		{ ledger_bytes, ledger_open },	     { rates_bytes, rates_open },
		{ d6state_bytes, d6state_open },     { rastate_bytes, rastate_open },
		{ resolvers_bytes, resolvers_open }, { auths_bytes, auths_open },
		{ routes_bytes, routes_open },	     { sessions_bytes, sessions_open },
		{ servers_bytes, servers_open },     { tunnels_bytes, tunnels_open },
		{ failover_bytes, failover_open },   { outcomes_bytes, outcomes_open },
		{ clocks_bytes, clocks_open },	     { site_bytes, site_open },
		{ mutes_bytes, mutes_open },
	};
	static const struct {
		size_t (*bytes)(void);
		void (*open)(struct engine *, void *);
	} fixed[] = { { vantage_bytes, vantage_open }, { dup_bytes, dup_open },	  { flows_bytes, flows_open },
		      { recent_bytes, recent_open },   { asks_bytes, asks_open }, { snap_bytes, snap_open } };
	struct table_spec segments = spec_segments(), hosts = spec_hosts(c), bindings = spec_bindings(c),
			  more = spec_more(c);
	void *mem;

	open_table(e, e ? &e->segments : NULL, &segments, s);
	open_table(e, e ? &e->hosts : NULL, &hosts, s);
	open_table(e, e ? &e->more : NULL, &more, s);
	open_table(e, e ? &e->bindings : NULL, &bindings, s);
	for (size_t i = 0; i < NELEM(parts); i++)
		if ((mem = slice(s, parts[i].bytes(c))))
			parts[i].open(e, mem);
	for (size_t i = 0; i < NELEM(fixed); i++)
		if ((mem = slice(s, fixed[i].bytes())))
			fixed[i].open(e, mem);
	if ((mem = slice(s, sizeof(struct incident))))
		e->record = mem;
	if ((mem = slice(s, TEXT_BYTES)))
		e->text = mem;
}

size_t
engine_bytes(const struct engine_conf *c)
{
	struct slicer s = { NULL, 0 };

	(void)slice(&s, sizeof(struct engine));
	lay_out(c, NULL, &s);
	return s.used;
}

static void
subscribe(struct engine *e)
{
	const struct detector *d;

	for (size_t i = 0; (d = detector_at(i)); i++)
		for (unsigned k = 0; k < OBS_KINDS; k++)
			if ((d->on & ON(k)) && d->detect && !off(e, d->id) &&
			    (!d->wanted || d->wanted(e, k)) && e->nby_kind[k] < NELEM(e->by_kind[k]))
				e->by_kind[k][e->nby_kind[k]++] = d;
}

struct engine *
engine_open(const struct engine_conf *c, void *mem, struct sipkey key, engine_emit *emit, void *arg)
{
	struct slicer s = { mem, 0 };
	struct engine *e = slice(&s, sizeof(struct engine));

	e->conf = c;
	e->key = key;
	e->emit = emit;
	e->emit_arg = arg;
	e->now = e->last_tick = e->cause = TS_NONE;
	lay_out(c, e, &s);
	e->hosts.on_drop = host_forget;
	e->hosts.arg = e;
	subscribe(e);
	return e;
}

/* Judges what changed until nothing does: a chain may lift its members, which changes them again. */
static void
settle(struct engine *e, ts_t ts)
{
	struct hyps *s = e->hyps;

	for (int round = 0; round < SETTLE_ROUNDS && (s->ndirty || s->all_dirty); round++) {
		struct hyp *now[NELEM(s->dirty)];
		size_t n = s->ndirty;
		for (size_t i = 0; i < n; i++)
			now[i] = s->dirty[i];
		s->ndirty = 0;
		for (size_t i = 0; i < n; i++) {
			struct judged j;
			now[i]->dirty = false;
			verdict_of(e, now[i], &j);
			incident_update(e, now[i], &j, ts);
			chains_update(e, now[i]);
		}
		if (n == 0 && s->all_dirty) { /* more than the list held: look at all */
			s->all_dirty = false;
			for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
				if (h->dirty) {
					h->dirty = false;
					hyp_touch(e, h);
				}
		}
	}
}

/* Without a new fact for so long an incident is over (DETECTIONS.md 16). */
static ts_t
closing_time(const struct hyp *h)
{
	switch ((enum verdict)h->verdict) {
	case V_CONFIRMED: return 24 * TS_HOUR;
	case V_PROBABLE: return 4 * TS_HOUR;
	case V_SUSPECTED: return TS_HOUR;
	default: return 10 * TS_MIN;
	}
}

static void
close_old(struct engine *e)
{
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h)) {
		struct judged j;
		bool old = e->now - h->last > closing_time(h);
		if (!h->shown || h->closed)
			continue;
		if (!old && !h->muted && !(h->quiet_change && e->now - h->told >= TS_MIN))
			continue;
		verdict_of(e, h, &j);
		if (old)
			incident_close(e, h, &j, e->now);
		else
			incident_update(e, h, &j, e->now);
	}
}

static void
tick(struct engine *e)
{
	const struct detector *d;

	e->last_tick = e->now;
	e->o = NULL;
	for (size_t i = 0; (d = detector_at(i)); i++)
		if (d->tick && !off(e, d->id))
			d->tick(e, e->now);
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (h->waits)
			hyp_look_fresh(e, h);
	events_pair(e, false);
	events_tick(e, false);
	settle(e, e->now);
	close_old(e);
	asks_tick(e);
	table_sweep(&e->hosts, e->now);
	table_sweep(&e->bindings, e->now);
}

static void
first_or_tick(struct engine *e, ts_t ts)
{
	if (e->restored)
		snapshot_resume(e, ts);
	e->now = ts;
	if (e->last_tick == TS_NONE)
		e->last_tick = ts;
	if (ts - e->last_tick >= TS_SEC)
		tick(e);
}

/* Moves the clock; a step back is taken as the latest time. */
static inline void
advance(struct engine *e, ts_t ts)
{
	if (e->now != TS_NONE && ts <= e->now)
		return;
	if (e->now == TS_NONE || e->restored || ts - e->last_tick >= TS_SEC)
		first_or_tick(e, ts);
	else
		e->now = ts;
}

void
engine_tick(struct engine *e, ts_t now)
{
	advance(e, now);
}

/* Which stores learn from what, in this order; state_learn() comes before them. */
typedef void learn_fn(struct engine *, const struct obs *);
static learn_fn *const learners[OBS_KINDS][6] = {
	[OBS_FRAME] = { flows_frame, ledger_learn, rastate_learn, outcomes_learn },
	[OBS_ARP] = { ledger_learn, rastate_learn },
	[OBS_ND] = { rastate_learn, events_learn, clocks_learn },
	[OBS_DHCP4] = { ledger_learn, answers_learn, outcomes_learn, identity_learn, clocks_learn },
	[OBS_DHCP6] = { d6state_learn, identity_learn, events_learn, clocks_learn },
	[OBS_DNS] = { outcomes_learn, identity_learn },
	[OBS_NBNS] = { identity_learn },
	[OBS_TEREDO] = { tunnels_learn, outcomes_learn },
	[OBS_TUNNEL6] = { tunnels_learn, outcomes_learn },
	[OBS_TLS] = { sessions_learn, outcomes_learn, identity_learn },
	[OBS_HTTP] = { sessions_learn },
	[OBS_AUTH] = { outcomes_learn, identity_learn },
};

static void
learn(struct engine *e, const struct obs *o)
{
	state_learn(e, o);
	for (learn_fn *const *fn = learners[o->kind]; *fn; fn++)
		(*fn)(e, o);
}

void
engine_obs(struct engine *e, const struct obs *o)
{
	advance(e, o->ts);
	if (o->kind == OBS_LOSS) {
		vantage_loss(e, &o->u.loss);
		e->lost += o->u.loss.packets;
		return;
	}
	if (o->kind == OBS_SECOND) {
		asks_answer(e, o);
		return;
	}
	if (o->kind >= OBS_KINDS)
		return;
	e->seg = segment_of(e, o);
	if (o->flags & OBS_QUOTED) {
		outcomes_quoted(e, o);
		return;
	}
	e->cause = e->now;
	e->seg->last = e->now;
	if (o->kind == OBS_FRAME) {
		if (recent_seen(e, o))
			return;
	} else {
		e->observations++;
		if (dup_seen(e, o)) {
			e->duplicates++;
			return;
		}
	}
	e->o = o;
	learn(e, o);
	for (size_t i = 0; i < e->nby_kind[o->kind]; i++)
		e->by_kind[o->kind][i]->detect(e, o);
	e->o = NULL;
	if (e->hyps->ndirty || e->hyps->all_dirty)
		settle(e, e->now);
}

void
engine_host(struct engine *e, const struct hostev *ev)
{
	e->o = NULL;
	e->events++;
	e->cause = ev->ts;
	events_event(e, ev);
	settle(e, e->cause);
}

void
engine_end(struct engine *e)
{
	const struct detector *d;
	struct judged j;

	if (e->now == TS_NONE)
		return;
	e->ending = true;
	e->o = NULL;
	e->cause = e->now;
	for (size_t i = 0; (d = detector_at(i)); i++)
		if (d->tick && !off(e, d->id))
			d->tick(e, e->now);
	events_identify(e);
	events_pair(e, true);
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		hyp_look(e, h);
	settle(e, e->now);
	events_tick(e, true);
	settle(e, e->now);
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h)) {
		verdict_of(e, h, &j);
		incident_close(e, h, &j, e->now);
	}
}

static size_t
count_table(struct engine_counter *c, size_t n, size_t max, const char *name, uint64_t v, const char *help)
{
	if (n < max)
		c[n] = (struct engine_counter){ name, "1", help, v };
	return n + 1;
}

size_t
engine_counters(const struct engine *e, struct engine_counter *c, size_t max)
{
	size_t n = 0;

	n = count_table(c, n, max, "observations", e->observations,
			"messages read from the wire that a detector may want");
	n = count_table(c, n, max, "duplicates", e->duplicates,
			"second copies that the mirror made, left out");
	n = count_table(c, n, max, "host_events", e->events, "host events received");
	n = count_table(c, n, max, "host_event_duplicates", events_duplicates(e),
			"host events that came twice, left out");
	n = count_table(c, n, max, "packets_lost", e->lost,
			"frames the capture dropped: absence claims become unverifiable");
	n = count_table(c, n, max, "incident_records", e->incidents, "revisions told");
	n = count_table(c, n, max, "muted", mute_counts(e)->incidents, "incidents that a mute held back");
	n = count_table(c, n, max, "muted_records", mute_counts(e)->records,
			"revisions that a mute kept from being told");
	n = count_table(c, n, max, "hosts", e->hosts.used, "stations tracked");
	n = count_table(c, n, max, "hosts_evicted", e->hosts.evicted,
			"stations forgotten under pressure: raise limits.hosts");
	n = count_table(c, n, max, "hypotheses", e->hyps->table.used,
			"suspicions tracked, latent ones included");
	n = count_table(c, n, max, "hypotheses_evicted", e->hyps->table.evicted,
			"suspicions forgotten under pressure: a flood of forged actors");
	return n < max ? n : max;
}
