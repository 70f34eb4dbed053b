#include "findings.h"

#include <stdlib.h>

#include "out.h"

struct findings {
	struct finding v[FINDINGS_MAX];
	size_t n;
	uint64_t beyond;
	enum verdict beyond_verdict;
};

struct findings *
findings_new(void)
{
	return calloc(1, sizeof(struct findings));
}

void
findings_free(struct findings *s)
{
	free(s);
}

static void
copy(char *to, size_t cap, const char *from)
{
	size_t n = from ? strlen(from) : 0;
	if (n > cap - 1)
		n = cap - 1;
	if (n)
		memcpy(to, from, n);
	to[n] = 0;
}

/* A victim's name, or what else is known of it. */
static void
victim_name(char *to, size_t cap, const struct inc_victim *v)
{
	struct out o = out_init(to, cap - 1);
	if (v->name[0])
		out_str(&o, v->name);
	else if (v->nip)
		out_addr(&o, v->ip[0]);
	else
		out_mac(&o, v->mac);
	to[o.n] = 0;
}

static void
take_event(struct finding *f, uint32_t id)
{
	f->agree++;
	for (uint32_t i = 0; i < f->nevent; i++)
		if (f->event[i] == id)
			return;
	if (f->nevent < FINDING_EVENTS)
		f->event[f->nevent++] = id;
}

static void
take_lists(struct finding *f, const struct incident *r)
{
	f->nvictim = f->nfact = f->nevent = f->agree = 0;
	for (uint32_t i = 0; i < r->nvictim && i < FINDING_NAMES; i++)
		victim_name(f->victim[f->nvictim++], INC_NAME_MAX, &r->victim[i]);
	for (uint32_t i = 0; i < r->nfact && i < FINDING_FACTS; i++) {
		f->fact[f->nfact].id = r->fact[i].id;
		f->fact[f->nfact++].count = r->fact[i].count;
	}
	for (uint32_t i = 0; i < r->nevent; i++)
		if (r->event[i].role == ROLE_CORROBORATES)
			take_event(f, r->event[i].event_id);
	f->victims_total = r->victims_total > r->nvictim ? r->victims_total : r->nvictim;
	f->facts_total = r->facts_total > r->nfact ? r->facts_total : r->nfact;
	f->more_events = r->events_total > r->nevent;
}

void
findings_note(struct findings *s, const struct incident *r)
{
	struct finding *f = NULL;
	for (size_t i = s->n; i-- > 0 && f == NULL;) /* the one that changes is mostly a late one */
		if (s->v[i].id == r->id)
			f = &s->v[i];
	if (f == NULL && s->n == FINDINGS_MAX) {
		s->beyond += r->rev <= 1;
		if (r->verdict > s->beyond_verdict)
			s->beyond_verdict = r->verdict;
		return;
	}
	if (f == NULL)
		f = &s->v[s->n++];
	f->id = r->id;
	f->verdict = r->verdict;
	f->grade = r->grade;
	f->severity = r->severity;
	f->confidence = r->confidence;
	f->first = r->first;
	f->last = r->last;
	f->muted = r->muted != NULL;
	f->refuted_by = r->nrefuted ? r->refuted_by[0] : NULL;
	copy(f->title, sizeof(f->title), r->title);
	copy(f->segment, sizeof(f->segment), r->segment);
	take_lists(f, r);
}

static int
order(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->verdict != y->verdict)
		return x->verdict > y->verdict ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

size_t
findings_sort(struct findings *s)
{
	qsort(s->v, s->n, sizeof(s->v[0]), order);
	return s->n;
}

const struct finding *
findings_at(const struct findings *s, size_t i)
{
	return &s->v[i];
}

uint64_t
findings_beyond(const struct findings *s)
{
	return s->beyond;
}

bool
findings_stand(const struct findings *s, enum verdict at_least)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].verdict >= at_least && !s->v[i].muted)
			return true;
	return s->beyond > 0 && s->beyond_verdict >= at_least;
}
