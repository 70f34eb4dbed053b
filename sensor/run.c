/* What the modes share. */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "edge.h"
#include "log.h"
#include "mute.h"
#include "walk.h"

/* No secret: a replay must give the same bytes again.  Nothing printed depends on it. */
static const struct sipkey replay_key = { { UINT64_C(0x63726f7373746170), UINT64_C(0x7265706c61793031) } };

void *
run_alloc(size_t n)
{
	void *p = calloc(1, n); /* large: pages that nobody touches cost nothing */
	if (p == NULL)
		log_say("out of memory for %zu bytes of state: lower limits.*", n);
	return p;
}

struct inputs *
run_open_inputs(const struct opts *o)
{
	struct inputs *in = inputs_new();
	bool ok = in != NULL;
	for (size_t i = 0; ok && i < o->nread; i++)
		ok = o->continuous ? inputs_follow(in, o->read[i].name, o->read[i].path)
				   : inputs_add(in, o->read[i].name, o->read[i].path);
	if (ok)
		return in;
	inputs_free(in);
	return NULL;
}

int
run_edge(const struct opts *o, const struct conf *c)
{
	if (o->role_edge ? conf_wants_edge(c) : c->nlisten + c->nfollow > 0)
		return edge_run(c, o->role_edge ? ROLE_FD : -1);
	log_say("--edge: found neither feed.listen nor feed.follow in the configuration, expected one");
	return EXIT_USAGE;
}

struct sipkey
run_key(void)
{
	return replay_key;
}

struct sipkey
run_random_key(void)
{
	struct sipkey k = replay_key;
	if (getrandom(&k, sizeof(k), 0) != sizeof(k))
		log_say("no random hash key: %s", strerror(errno));
	return k;
}

bool
run_asks_for_ja(const struct conf *c)
{
	for (size_t i = 0; i < c->nrule; i++)
		for (size_t k = 0; k < c->rule[i].nwhere; k++) {
			const struct field *f = c->rule[i].where[k].leaf[0];
			if (f && f->name &&
			    strncmp(f->name, "ja", 2) == 0) /* values of a list have no name */
				return true;
		}
	return false;
}

struct walk *
run_open_walk(const struct conf *c, bool printed, void **mem)
{
	struct walk_limits limits = { .datagrams = c->datagrams,
				      .mirrors = c->mirrors,
				      .nmirrors = c->nmirrors,
				      .mirrors_declared = c->mirrors_declared };
	*mem = run_alloc(walk_bytes(&limits));
	struct walk *w = *mem ? walk_open(&limits, *mem, run_key()) : NULL;
	if (w)
		walk_set_ja(w, printed || run_asks_for_ja(c));
	return w;
}

static void
tell_mute(const struct conf_mute *from)
{
	char actor[32] = "everybody", until[32];
	struct out o = out_init(actor, sizeof(actor) - 1), t = out_init(until, sizeof(until) - 1);
	if (from->has_mac) {
		out_mac(&o, from->mac);
		actor[o.n] = 0;
	}
	out_ts(&t, from->until, 0);
	until[t.n] = 0;
	log_say("muted up to %s until %s: %s by %s on %s (%s)", verdict_name((enum verdict)from->verdict),
		until, from->detection.n ? (const char *)from->detection.p : "every detection", actor,
		from->segment.n ? (const char *)from->segment.p : "every segment",
		(const char *)from->reason.p);
}

void
run_mutes(struct engine *e, const struct conf *c)
{
	for (size_t i = 0; i < c->nmute; i++) {
		const struct conf_mute *from = &c->mute[i];
		struct mute m = { .any_detection = from->detection.n == 0,
				  .has_mac = from->has_mac,
				  .mac = from->mac,
				  .verdict = from->verdict,
				  .until = from->until,
				  .configured = true };
		if (!m.any_detection)
			mute_detection(&m, c->rule, c->nrule, from->detection);
		memcpy(m.segment, from->segment.p ? from->segment.p : (const uint8_t *)"", from->segment.n);
		memcpy(m.reason, from->reason.p, from->reason.n);
		mute_add(e, &m); /* no more than fit were accepted */
		tell_mute(from);
	}
	mutes_given(e);
}

bool
run_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	log_say("standard output: %s", strerror(errno));
	return false;
}
