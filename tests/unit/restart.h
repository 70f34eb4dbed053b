/* An engine that has seen what lies in pcaps/, its host events and accusations, and its state as bytes. */
#ifndef CROSSTAP_TEST_RESTART_H
#define CROSSTAP_TEST_RESTART_H

#include <glob.h>
#include <stdio.h>

#include "snapshot.h"
#include "walk.h"
#include "world.h"

struct saved {
	uint8_t *p;
	size_t	 n, cap;
};

static inline bool
saved_put(void *arg, struct bytes b)
{
	struct saved *s = arg;

	if (s->n + b.n > s->cap) {
		s->cap = 2 * (s->n + b.n);
		s->p = realloc(s->p, s->cap);
	}
	if (s->p == NULL)
		abort();
	memcpy(s->p + s->n, b.p, b.n);
	s->n += b.n;
	return true;
}

static inline struct saved
saved_of(struct engine *e)
{
	struct saved s = { NULL, 0, 0 };

	if (!snapshot_begin(e, saved_put, &s) || !snapshot_finish(e, saved_put, &s))
		abort();
	return s;
}

static inline void
restart_obs(void *arg, const struct obs *o)
{
	engine_obs(arg, o);
}

/* The packets of a capture that forge wrote (little-endian, microseconds), one each 50 ms from *now on. */
static inline void
restart_feed(struct world *w, struct walk *walk, const char *path, ts_t *now)
{
	static uint8_t file[1 << 20];
	FILE	      *f = fopen(path, "rb");
	size_t	       n = f ? fread(file, 1, sizeof(file), f) : 0;
	struct cursor  c = cur_all(bytes_of(file, n));

	if (f)
		fclose(f);
	cur_skip(&c, 20);
	uint16_t link = (uint16_t)cur_order(&c, 4, false);
	for (uint64_t number = 1; cur_left(&c) >= 16; number++) {
		cur_skip(&c, 8);
		uint32_t     cap = (uint32_t)cur_order(&c, 4, false), wire = (uint32_t)cur_order(&c, 4, false);
		struct bytes b = cur_take(&c, cap);
		*now += 50 * TS_MS;
		struct frame frame = {
			.ts = *now, .number = number, .linktype = link, .p = b.p, .caplen = cap, .wirelen = wire
		};
		if (cur_ok(&c))
			(void)walk_frame(walk, &frame, restart_obs, w->engine);
	}
}

static inline void
restart_accuse(struct world *w, ts_t at)
{
	struct hostev ev = { .kind = HE_ISATAP_ROUTER,
			     .event_id = 4100,
			     .provider = bytes_str("Microsoft-Windows-Iphlpsvc"),
			     .set = HES_ROUTER,
			     .router = addr4(10, 0, 0, 66) };
	struct fact   f = { .id = F_D6_ROGUE,
			    .family = FAM_D6_ROGUE,
			    .grade = E1,
			    .flags = FF_HARD,
			    .actor = { .has_mac = true, .mac = WORLD_ACTOR },
			    .has_victim = true,
			    .victim = WORLD_VICTIM,
			    .victim_addr = addr4(10, 0, 0, 11),
			    .hint = "a tool" };

	engine_tick(w->engine, at);
	world_event(w, &ev, WORLD_VICTIM, at);
	w->engine->seg = w->engine->segment_at[0];
	world_fact(w, &f, at + TS_SEC);
}

/* `root`: of the tree. */
static inline void
restart_world(struct world *w, const char *root)
{
	struct walk_limits limits = { .datagrams = 16 };
	void		  *mem = calloc(1, walk_bytes(&limits));
	char		   pattern[512];
	glob_t		   g;
	ts_t		   now = WORLD_START + 10 * TS_SEC;

	world_open(w);
	snprintf(pattern, sizeof(pattern), "%s/pcaps/*/*.pcap", root);
	if (mem == NULL || glob(pattern, 0, NULL, &g) != 0)
		abort();
	struct walk *walk = walk_open(&limits, mem, (struct sipkey){ { 3, 4 } });
	for (size_t i = 0; i < g.gl_pathc; i++)
		restart_feed(w, walk, g.gl_pathv[i], &now);
	globfree(&g);
	free(mem);
	restart_accuse(w, now + TS_SEC);
}

/* A fresh engine that reads the bytes; false: refused. */
static inline bool
restart_load(struct world *w, struct bytes b, ts_t gap, struct snapshot_said *said)
{
	memset(w, 0, sizeof(*w));
	w->conf.feed_synced = true;
	w->conf.hosts = 1024;
	w->conf.events = 256;
	w->mem = calloc(1, engine_bytes(&w->conf));
	if (w->mem == NULL)
		abort();
	w->engine = engine_open(&w->conf, w->mem, (struct sipkey){ { 1, 2 } }, world_emit, w);
	return snapshot_load(w->engine, b, gap, said);
}

#endif
