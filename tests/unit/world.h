/* A small world for tests of correlate/: an engine, stations on one segment, and what the engine told. */
#ifndef CROSSTAP_TEST_WORLD_H
#define CROSSTAP_TEST_WORLD_H

#include <stdlib.h>

#include "kept.h"
#include "joins.h"
#include "vantage.h"
#include "verdict.h"

enum { TOLD_MAX = 256 };

struct told {
	char	     detection[32];
	uint64_t     id;
	enum verdict verdict;
	enum grade   grade;
	enum severity severity;
	uint32_t     rev, nevent, victims;
	enum role    role; /* of the first event */
	ts_t	     timestamp;
};

struct world {
	struct engine_conf conf;
	struct engine	  *engine;
	void		  *mem;
	struct told	   told[TOLD_MAX];
	size_t		   ntold;
	uint64_t	   records; /* record ids of events */
};

static const struct mac WORLD_ACTOR = { { 2, 0, 0, 0, 0, 0x66 } };
static const struct mac WORLD_VICTIM = { { 2, 0, 0, 0, 0, 0x11 } };
static const struct mac WORLD_OTHER = { { 2, 0, 0, 0, 0, 0x12 } };
static const ts_t	WORLD_START = 100000 * TS_SEC;

static inline void
world_emit(void *arg, const struct incident *r)
{
	struct world *w = arg;
	struct told  *t = &w->told[w->ntold < TOLD_MAX ? w->ntold++ : TOLD_MAX - 1];
	size_t	      n = strlen(r->detection->id);

	memset(t, 0, sizeof(*t));
	memcpy(t->detection, r->detection->id, n < sizeof(t->detection) ? n : sizeof(t->detection) - 1);
	t->id = r->id;
	t->verdict = r->verdict;
	t->grade = r->grade;
	t->severity = r->severity;
	t->rev = r->rev;
	t->nevent = r->nevent;
	t->victims = r->victims_total;
	t->role = r->nevent ? r->event[0].role : ROLE_CONTEXT;
	t->timestamp = r->timestamp;
}

/* A frame of a station, so that the engine knows it. */
static inline void
world_frame(struct world *w, struct mac from, struct addr src, ts_t at)
{
	struct obs o;

	memset(&o, 0, sizeof(o));
	o.ts = at;
	o.kind = OBS_FRAME;
	o.outer.smac = from;
	o.outer.dmac = (struct mac){ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	o.outer.src = src;
	o.outer.dst = addr4(255, 255, 255, 255);
	o.outer.ipproto = 17;
	o.outer.hop_limit = 64;
	o.outer.sport = o.outer.dport = 9;
	o.inner = o.outer;
	engine_obs(w->engine, &o);
}

/* A message of one station to another, `at` seconds after the start: the caller says more. */
static inline struct obs
world_obs(enum obs_kind kind, struct mac from, struct mac to, struct addr src, unsigned at)
{
	static uint64_t digests;
	struct obs o;

	memset(&o, 0, sizeof(o));
	o.ts = WORLD_START + at * TS_SEC;
	o.kind = (uint16_t)kind;
	o.digest = ++digests;
	o.outer.smac = from;
	o.outer.dmac = to;
	o.outer.src = src;
	o.outer.dst = addr4(10, 0, 0, 80);
	o.outer.hop_limit = 64;
	o.inner = o.outer;
	return o;
}

static inline void
world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->conf.feed_synced = true; /* eps 2 s */
	w->conf.hosts = 1024;
	w->conf.events = 256;
	w->mem = calloc(1, engine_bytes(&w->conf));
	w->engine = engine_open(&w->conf, w->mem, (struct sipkey){ { 1, 2 } }, world_emit, w);
	world_frame(w, WORLD_ACTOR, addr4(10, 0, 0, 66), WORLD_START);
	world_frame(w, WORLD_VICTIM, addr4(10, 0, 0, 11), WORLD_START);
	world_frame(w, WORLD_OTHER, addr4(10, 0, 0, 12), WORLD_START);
}

static inline void
world_close(struct world *w)
{
	free(w->mem);
}

/* A fact at a time, as a detector would raise it. */
static inline void
world_fact(struct world *w, const struct fact *f, ts_t at)
{
	engine_tick(w->engine, at);
	fact_raise(w->engine, f);
	engine_tick(w->engine, at + 1100 * TS_MS); /* settles */
}

static inline void
world_event(struct world *w, struct hostev *ev, struct mac host, ts_t at)
{
	ev->ts = at;
	ev->record_id = ++w->records;
	ev->computer = bytes_str("HOST.corp.example");
	ev->host_mac[0] = host;
	ev->nhost_mac = 1;
	engine_host(w->engine, ev);
}

/* The last record of a detection, NULL when nothing was told of it. */
static inline const struct told *
world_last(const struct world *w, const char *detection)
{
	for (size_t i = w->ntold; i-- > 0;)
		if (strcmp(w->told[i].detection, detection) == 0)
			return &w->told[i];
	return NULL;
}

#endif
