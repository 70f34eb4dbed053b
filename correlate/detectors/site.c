/* Rules of the configuration: each raises a fact about the sender of the message that it holds for. */
#include "site.h"
#include "dissector.h"
#include "rastate.h"

struct site {
	uint16_t first[OBS_KINDS + 1]; /* into order, by kind */
	uint16_t order[SITE_RULES];
};

size_t
site_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return sizeof(struct site);
}

void
site_open(struct engine *e, void *mem)
{
	struct site *s = mem;
	uint16_t n = 0;

	e->site = s;
	for (unsigned kind = 0; kind < OBS_KINDS; kind++) {
		s->first[kind] = n;
		for (size_t i = 0; i < e->conf->nrule && n < SITE_RULES; i++)
			if (e->conf->rule[i].on->kind == kind)
				s->order[n++] = (uint16_t)i;
	}
	s->first[OBS_KINDS] = n;
}

const struct site_rule *
site_rule_of(const struct engine *e, const struct actor *a)
{
	return a->rule ? &e->conf->rule[a->rule - 1] : NULL;
}

static bool
site_wanted(const struct engine *e, unsigned kind)
{
	return e->site->first[kind] < e->site->first[kind + 1];
}

static void
site_detect(struct engine *e, const struct obs *o)
{
	const struct site *s = e->site;

	for (uint16_t i = s->first[o->kind]; i < s->first[o->kind + 1]; i++) {
		const struct site_rule *r = &e->conf->rule[s->order[i]];
		if (!where_holds(r, o))
			continue;
		struct fact f = { .id = F_SITE, .family = FAM_SITE, .grade = E1 };
		f.actor.rule = (uint16_t)(s->order[i] + 1);
		f.actor.has_mac = sender_of(o, &f.actor.mac);
		f.actor.addr = o->inner.src;
		fact_raise(e, &f);
	}
}

extern const struct detector detectors_site[];
const struct detector detectors_site[] = {
	{ .id = "SITE",
	  .fact = F_SITE,
	  .family = FAM_SITE,
	  .grade = E1,
	  .about = ABOUT_SHAPE,
	  .on = UINT32_MAX,
	  .detect = site_detect,
	  .wanted = site_wanted,
	  .explain = "A rule under `rules:` of the configuration holds for a message. Its verdict is "
		     "suspected, its severity "
		     "is the one that the rule states, and it speaks for no other detection." },
	{ 0 },
};
