/* Facts into hypotheses.  Nothing here judges: see verdict.c. */
#include "hypothesis.h"
#include "asks.h"
#include "joins.h"
#include "snapshot.h"

/* 512 hypotheses of about 23 KiB: latent ones go first when a flood of forged actors fills the table. */
enum { RING = 32768 };

struct hyp_key {
	uint8_t family, kind; /* 0 MAC, 1 address, 2 scope */
	uint16_t seg, rule;
	struct mac mac;
	struct addr addr;
	uint8_t len;
};

static const struct table_spec spec = { .name = "hypotheses",
					.key = sizeof(struct hyp_key),
					.value = sizeof(struct hyp),
					.capacity = HYPS,
					.lifetime = 0 };

/* Revisions of incidents whose hypothesis has gone, or is to be made again after a restart. */
struct hyp_id {
	uint64_t id;
};
struct hyp_revision {
	uint32_t rev;
};
static const struct table_spec spec_told = { .name = "revisions",
					     .key = sizeof(struct hyp_id),
					     .value = sizeof(struct hyp_revision),
					     .capacity = 4 * HYPS };

size_t
hyps_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct hyps)) + align16(table_bytes(&spec)) + align16(table_bytes(&spec_told)) +
	       RING * sizeof(struct evidence);
}

void
hyp_remember(struct hyps *s, const struct hyp *h, ts_t now)
{
	struct hyp_revision *r = h->rev ? table_get(&s->told, &h->id, now, NULL) : NULL;

	if (r)
		r->rev = h->rev;
}

/* An entry that goes must not be judged any more. */
static uint32_t
mac_slot(struct mac m)
{
	uint64_t w = 0;

	memcpy(&w, m.b, sizeof(m.b));
	return (uint32_t)(mix64(0, w) % HYP_MACS);
}

static void
family_list(struct hyps *s, const struct hyp *h, bool in)
{
	uint16_t *first = &s->family_first[h->family], slot = (uint16_t)table_slot(&s->table, h);
	uint16_t *next = &s->family_next[slot], *prev = &s->family_prev[slot];

	if (in) {
		*next = *first;
		*prev = 0;
		*first = (uint16_t)(slot + 1);
		if (*next)
			s->family_prev[*next - 1] = *first;
		return;
	}
	if (*next)
		s->family_prev[*next - 1] = *prev;
	if (*prev)
		s->family_next[*prev - 1] = *next;
	else
		*first = *next;
}

static void
count(struct hyps *s, const struct hyp *h, int by)
{
	family_list(s, h, by > 0);
	s->of_family[h->family] += (uint32_t)by;
	if (h->actor.has_mac)
		s->of_mac[mac_slot(h->actor.mac)] += (uint32_t)by;
}

static void
forget_dirty(void *arg, const void *key, void *value)
{
	struct hyps *s = arg;

	(void)key;
	hyp_remember(s, value, table_used_at(&s->table, value));
	count(s, value, -1);
	for (size_t i = 0; i < s->ndirty; i++)
		if (s->dirty[i] == value)
			s->dirty[i--] = s->dirty[--s->ndirty];
}

void
hyps_open(struct engine *e, void *mem)
{
	char *p = mem;

	e->hyps = mem;
	p += align16(sizeof(struct hyps));
	table_open(&e->hyps->table, &spec, p, e->key);
	table_zeroes(&e->hyps->table, offsetof(struct hyp, second));
	p += align16(table_bytes(&spec));
	table_open(&e->hyps->told, &spec_told, p, e->key);
	p += align16(table_bytes(&spec_told));
	e->hyps->ring = (struct evidence *)(void *)p;
	e->hyps->ring_cap = RING;
	e->hyps->table.on_drop = forget_dirty;
	e->hyps->table.arg = e->hyps;
}

static struct hyp_key
key_of(uint8_t family, const struct segment *s, const struct actor *a)
{
	struct hyp_key k;

	memset(&k, 0, sizeof(k));
	k.family = family;
	k.seg = s->ix;
	k.rule = a->rule;
	if (a->has_mac) {
		k.mac = a->mac;
	} else if (a->scope.a.fam) {
		k.kind = 2;
		k.addr = a->scope.a;
		k.len = a->scope.len;
	} else {
		k.kind = 1;
		k.addr = a->addr;
	}
	return k;
}

/* The same in every run: detection, segment name and actor under a fixed key. */
static uint64_t
id_of(struct engine *e, uint8_t family, const struct segment *s, const struct hyp_key *k)
{
	static const struct sipkey fixed = { { UINT64_C(0x63726f7373746170), UINT64_C(0x696e636964656e74) } };
	char buf[160];
	struct out o = out_init(buf, sizeof(buf));

	out_str(&o, detection_at(family)->id);
	out_chr(&o, 0);
	out_str(&o, s->name);
	out_chr(&o, 0);
	out_u64(&o, k->kind);
	out_put(&o, k->mac.b, sizeof(k->mac.b));
	out_put(&o, &k->addr, sizeof(k->addr));
	out_u64(&o, k->len);
	if (k->rule)
		out_view(&o, e->conf->rule[k->rule - 1].id);
	return siphash(&fixed, o.p, o.n);
}

struct hyp *
hyp_find(struct engine *e, uint8_t family, const struct segment *s, const struct actor *a)
{
	/* asked about every station of every message, and true of few */
	if (e->hyps->of_family[family] == 0 || (a->has_mac && e->hyps->of_mac[mac_slot(a->mac)] == 0))
		return NULL;
	struct hyp_key k = key_of(family, s, a);
	return table_find(&e->hyps->table, &k, e->now);
}

struct hyp *
hyp_get(struct engine *e, uint8_t family, const struct segment *s, const struct actor *a)
{
	struct hyp_key k = key_of(family, s, a);
	bool fresh;
	struct hyp *h = table_get(&e->hyps->table, &k, e->now, &fresh);

	if (h == NULL || !fresh)
		return h;
	h->id = id_of(e, family, s, &k);
	h->family = family;
	h->seg = s->ix;
	h->actor = *a;
	count(e->hyps, h, 1);
	h->first = h->last = e->now;
	const struct hyp_revision *r = table_peek(&e->hyps->told, &h->id);
	h->rev = r ? r->rev : 0;
	return h;
}

struct hyp *
hyp_next(struct engine *e, const struct hyp *h)
{
	return table_next(&e->hyps->table, h);
}

struct hyp *
hyp_next_of(struct engine *e, uint8_t family, const struct hyp *h)
{
	struct hyps *s = e->hyps;

	return table_at(&s->table, h ? s->family_next[table_slot(&s->table, h)] : s->family_first[family]);
}

struct hyp *
hyp_by_id(struct engine *e, uint64_t id)
{
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (h->id == id)
			return h;
	return NULL;
}

struct hyp *
hyp_of(struct engine *e, enum family f, const struct segment *s, struct mac m)
{
	struct actor a = { .has_mac = true, .mac = m };
	return hyp_find(e, (uint8_t)f, s, &a);
}

void
hyp_touch(struct engine *e, struct hyp *h)
{
	struct hyps *s = e->hyps;

	if (h->dirty)
		return;
	h->dirty = true;
	if (s->ndirty < NELEM(s->dirty))
		s->dirty[s->ndirty++] = h;
	else
		s->all_dirty = true;
}

void
hyp_look(struct engine *e, struct hyp *h)
{
	h->looked = h->looked_all = e->now;
	h->waits = h->fresh = false;
	events_rejoin(e, h);
	hyp_touch(e, h);
}

/* What else may have changed (who bears a name, who has an address) is looked at again once a minute. */
void
hyp_look_fresh(struct engine *e, struct hyp *h)
{
	if (e->now - h->looked_all >= TS_MIN) {
		hyp_look(e, h);
		return;
	}
	h->looked = e->now;
	h->waits = false;
	if (h->fresh)
		events_rejoin_fresh(e, h);
	h->fresh = false;
	hyp_touch(e, h);
}

const struct hyp_fact *
hyp_fact_of(const struct hyp *h, enum fact_id id)
{
	for (size_t i = 0; i < h->nfact; i++)
		if (h->fact[i].id == id)
			return &h->fact[i];
	return NULL;
}

bool
hyp_holds(const struct hyp *h, enum fact_id id)
{
	return hyp_fact_of(h, id) != NULL;
}

bool
hyp_hard(const struct hyp *h)
{
	for (size_t i = 0; i < h->nfact; i++)
		if (h->fact[i].flags & (FF_HARD | FF_SP))
			return true;
	return false;
}

static bool
accused(const struct hyp *h)
{
	for (size_t i = 0; i < h->nfact; i++)
		if (h->fact[i].grade >= E1 && !(h->fact[i].flags & (FF_USE | FF_EXPLAINS)))
			return true;
	return false;
}

bool
hyp_open(const struct hyp *h)
{
	bool told = false;

	/* what a host tells holds no wire fact back, and those ask who is open */
	for (size_t i = 0; h->verdict == V_REFUTED && i < h->nevent; i++)
		told |= h->event[i].role == ROLE_REFUTES;
	return accused(h) && (h->verdict != V_REFUTED || told);
}

bool
hyp_alone(const struct hyp *h)
{
	bool lone = h->nfact == 0;

	for (size_t i = 0; i < h->nevent && !lone; i++)
		lone = h->event[i].lone;
	return lone && !accused(h);
}

enum grade
hyp_grade(const struct hyp *h)
{
	uint8_t best = E0, use = E0;

	for (size_t i = 0; i < h->nfact; i++) {
		const struct hyp_fact *f = &h->fact[i];
		if (f->flags & FF_EXPLAINS)
			continue;
		if (f->flags & FF_USE)
			use = f->grade > use ? f->grade : use;
		else
			best = f->grade > best ? f->grade : best;
	}
	return best >= E1 && use > best ? use : best;
}

bool
actor_open(struct engine *e, const struct segment *s, struct mac m, uint32_t families)
{
	for (unsigned f = 0; f < FAM_CHAINS; f++) {
		if (!(families >> f & 1))
			continue;
		struct hyp *h = hyp_of(e, (enum family)f, s, m);
		if (h && hyp_open(h))
			return true;
	}
	return false;
}

/* ---- victims ---- */
struct hyp_victim *
hyp_victim_of(struct hyp *h, struct mac m)
{
	for (size_t i = 0; i < h->nvictim; i++)
		if (mac_eq(h->victim_mac[i], m) && h->victim[i].has_mac)
			return &h->victim[i];
	return NULL;
}

static bool
spilled_before(uint64_t *sketch, size_t words, const void *p, size_t n)
{
	static const struct sipkey fixed = { { 1, 2 } };
	uint64_t bit = siphash(&fixed, p, n) % (words * 64);
	bool was = sketch[bit / 64] >> (bit % 64) & 1;

	sketch[bit / 64] |= UINT64_C(1) << (bit % 64);
	return was;
}

struct hyp_victim *
hyp_victim_get(struct hyp *h, bool has_mac, struct mac m, struct addr a, ts_t now)
{
	struct hyp_victim *v = NULL;

	if (has_mac)
		v = hyp_victim_of(h, m);
	for (size_t i = 0; !has_mac && i < h->nvictim && !v; i++)
		for (size_t k = 0; k < h->victim[i].nip && !v; k++)
			if (addr_eq(h->victim[i].ip[k], a))
				v = &h->victim[i];
	if (v == NULL) {
		if (h->nvictim == INC_LIST_MAX) {
			h->victims_total +=
				!(has_mac ? spilled_before(h->spill, NELEM(h->spill), &m, sizeof(m))
					  : spilled_before(h->spill, NELEM(h->spill), &a, sizeof(a)));
			return NULL;
		}
		h->victim_mac[h->nvictim] = has_mac ? m : (struct mac){ { 0 } };
		v = &h->victim[h->nvictim++];
		h->victims_total++;
		*v = (struct hyp_victim){ .mac = m, .has_mac = has_mac, .first = now };
	}
	v->last = now;
	if (addr_set(a) && !addr_zero(a)) {
		size_t k = 0;
		while (k < v->nip && !addr_eq(v->ip[k], a))
			k++;
		if (k == v->nip && v->nip < HYP_IPS)
			v->ip[v->nip++] = a;
	}
	return v;
}

void
hyp_actor_ip(struct hyp *h, struct addr a)
{
	if (!addr_set(a) || addr_zero(a) || addr_multicast(a) || addr_broadcast4(a))
		return;
	for (size_t i = 0; i < h->nip; i++)
		if (addr_eq(h->actor_ip[i], a))
			return;
	if (h->nip < INC_ADDRS_MAX)
		h->actor_ip[h->nip++] = a;
}

bool
hyp_actor_has(struct engine *e, const struct hyp *h, struct addr a)
{
	if (!addr_set(a) || addr_zero(a))
		return false;
	for (size_t i = 0; i < h->nip; i++)
		if (addr_eq(h->actor_ip[i], a))
			return true;
	if (!h->actor.has_mac)
		return addr_eq(h->actor.addr, a);
	return binding_is(e, e->segment_at[h->seg], a, h->actor.mac);
}

/* ---- joined events ---- */
static int
event_order(const struct hyp_event *a, const struct hyp_event *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->serial < b->serial ? -1 : a->serial > b->serial;
}

bool
hyp_event_add(struct hyp *h, const struct hyp_event *ev)
{
	size_t at = 0;

	for (size_t i = 0; i < h->nevent; i++)
		if (h->event[i].serial == ev->serial) {
			/* a context may turn out to corroborate, an echo may be told freely by another row */
			struct hyp_event *old = &h->event[i];
			bool better = ev->role < old->role ||
				      (ev->role == old->role && old->echo && !ev->echo) ||
				      (old->lone && !ev->lone);
			if (better)
				*old = *ev;
			return better;
		}
	while (at < h->nevent && event_order(&h->event[at], ev) < 0)
		at++;
	/* one beyond the list is tried again at each look, one that makes room was counted */
	bool was = spilled_before(h->spill_event, NELEM(h->spill_event), &ev->serial, sizeof(ev->serial));
	h->events_total += h->nevent < INC_LIST_MAX || !was;
	if (at == INC_LIST_MAX)
		return false;
	size_t keep = h->nevent < INC_LIST_MAX ? h->nevent : INC_LIST_MAX - 1;
	memmove(h->event + at + 1, h->event + at, (keep - at) * sizeof(*ev));
	h->event[at] = *ev;
	h->nevent = (uint32_t)keep + 1;
	return true;
}

struct hyp_event *
hyp_event_of(struct hyp *h, uint64_t serial)
{
	for (size_t i = 0; i < h->nevent; i++)
		if (h->event[i].serial == serial)
			return &h->event[i];
	return NULL;
}

void
hyp_event_drop(struct hyp *h, struct hyp_event *ev)
{
	size_t at = (size_t)(ev - h->event);

	h->nevent--;
	h->events_total--;
	memmove(ev, ev + 1, (h->nevent - at) * sizeof(*ev));
}

/* ---- facts ---- */
static void
fact_ref(struct hyp_fact *f, struct inc_ref ref)
{
	uint32_t n = f->count - 1;
	f->ref[n < INC_REFS_MAX ? n : REFS_FIRST + (n - REFS_FIRST) % (INC_REFS_MAX - REFS_FIRST)] = ref;
}

void
hyp_fact_set(struct hyp *h, size_t at, const struct hyp_fact *from)
{
	struct inc_ref *own = h->ref[at];

	if (from->ref != own)
		memcpy(own, from->ref, sizeof(h->ref[at]));
	h->fact[at] = *from;
	h->fact[at].ref = own;
}

void
engine_same_captures(struct engine *e, struct engine *before)
{
	struct hyps *to = e->hyps, *from = before->hyps;

	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h)) {
		const struct hyp *old = hyp_by_id(before, h->id);
		if (old == NULL)
			continue;
		memcpy(h->ref, old->ref, sizeof(h->ref));
		for (size_t i = 0; i < h->nsecond; i++)
			h->second[i].ref = old->second[i].ref;
	}
	if (to->ring_cap != from->ring_cap || to->ring_n != from->ring_n)
		return; /* of another size: what its packets were is lost */
	for (size_t i = 0; i < to->ring_cap; i++)
		to->ring[i].ref = from->ring[i].ref;
}

bool
engine_lists(struct engine *e, uint64_t id, struct inc_ref ref)
{
	const struct hyp *h = e->hyps->listed;

	if (h == NULL || h->id != id)
		h = e->hyps->listed = hyp_by_id(e, id);
	for (size_t i = 0; h && i < h->nfact; i++)
		for (size_t k = 0; k < INC_REFS_MAX && k < h->fact[i].count; k++)
			if (h->fact[i].ref[k].frame == ref.frame && h->fact[i].ref[k].file == ref.file)
				return true;
	return false;
}

/* True when the fact is new or stronger. */
static bool
fact_add(struct engine *e, struct hyp *h, const struct fact *in)
{
	struct hyp_fact *f = (struct hyp_fact *)(uintptr_t)hyp_fact_of(h, in->id);
	bool news = f == NULL;

	if (f == NULL) {
		if (h->nfact == HYP_FACTS)
			return false;
		f = &h->fact[h->nfact++];
		*f = (struct hyp_fact){ .id = in->id, .first = e->now, .ref = h->ref[f - h->fact] };
		memset(f->ref, 0, sizeof(h->ref[0]));
	}
	news |= in->grade > f->grade || (in->flags & ~f->flags) != 0;
	f->grade = in->grade > f->grade ? in->grade : f->grade;
	f->flags |= in->flags;
	f->count++;
	f->first = e->now < f->first ? e->now : f->first;
	f->last = e->now > f->last ? e->now : f->last;
	if (e->o)
		fact_ref(f, (struct inc_ref){ e->o->file, e->o->frame });
	if (e->o && e->o->frame && e->conf->noted)
		e->conf->noted(e->conf->noted_arg, h->id, (struct inc_ref){ e->o->file, e->o->frame });
	return news;
}

/* The evidence at 1 + place `at` of this hypothesis; NULL when there is none or it was overwritten. */
static struct evidence *
evidence_at(const struct hyps *s, const struct hyp *h, uint64_t at)
{
	struct evidence *v = &s->ring[(at + s->ring_cap - 1) % s->ring_cap];

	return at && s->ring_n - at < s->ring_cap && v->hyp == h->id ? v : NULL;
}

uint64_t
evidence_upto(const struct engine *e, const struct hyp *h, ts_t to)
{
	const struct hyps *s = e->hyps;
	const struct evidence *v, *far;
	uint64_t at = h->last_evidence;

	/* what was told late may be older than it looks from here */
	while ((v = evidence_at(s, h, at)) && v->reach > to + h->lag) {
		far = evidence_at(s, h, v->jump);
		at = far && far->reach > to + h->lag ? v->jump : v->prev;
	}
	return v ? at : 0;
}

/* Chains the newest evidence to those before it. */
static void
evidence_chain(const struct hyps *s, struct hyp *h, struct evidence *v)
{
	const struct evidence *p = evidence_at(s, h, h->last_evidence);
	const struct evidence *j = p ? evidence_at(s, h, p->jump) : NULL;
	const struct evidence *jj = j ? evidence_at(s, h, j->jump) : NULL;

	v->prev = v->jump = h->last_evidence;
	v->reach = p && p->reach > v->ts ? p->reach : v->ts;
	v->depth = p ? p->depth + 1 : 0;
	if (jj && p->depth - j->depth == j->depth - jj->depth)
		v->jump = j->jump;
	h->lag = v->reach - v->ts > h->lag ? v->reach - v->ts : h->lag;
	h->fresh_from = !h->fresh || v->ts < h->fresh_from ? v->ts : h->fresh_from;
	h->fresh_to = !h->fresh || v->ts > h->fresh_to ? v->ts : h->fresh_to;
	h->fresh = true;
	h->last_evidence = s->ring_n;
}

static void
evidence_add(struct engine *e, struct hyp *h, const struct fact *f)
{
	struct hyps *s = e->hyps;

	/* A flood's facts say nothing new each packet: one a second is what joins can use. */
	if (!f->has_victim && !addr_set(f->key) && s->ring_n) {
		const struct evidence *last = &s->ring[(s->ring_n - 1) % s->ring_cap];
		if (last->hyp == h->id && last->fact == f->id && e->now - last->ts < TS_SEC)
			return;
	}
	struct evidence *v = &s->ring[s->ring_n++ % s->ring_cap];
	*v = (struct evidence){ .ts = e->now,
				.hyp = h->id,
				.victim = f->victim,
				.victim_addr = f->victim_addr,
				.key = f->key,
				.name = f->name,
				.fact = f->id,
				.grade = f->grade,
				.has_victim = f->has_victim };
	evidence_chain(s, h, v);
	if (e->o) {
		v->ref = (struct inc_ref){ e->o->file, e->o->frame };
		if (e->o->kind == OBS_ND && e->o->u.nd.type == ND_RA)
			v->ra_flags = (uint8_t)(e->o->u.nd.m << 1 | e->o->u.nd.o);
	}
}

static void
flow_set(struct engine *e, struct hyp *h, const struct fact *f)
{
	if (h->flow.src.fam || e->o == NULL || f->grade < E1 || (f->flags & FF_USE))
		return;
	/* of a tunnel the flow is what a firewall sees */
	bool tunnel = f->family == FAM_ISATAP || f->family == FAM_TEREDO;
	const struct ends *n = tunnel ? &e->o->outer : &e->o->inner;
	h->flow = (struct inc_flow){ n->src, n->dst, n->sport, n->dport, n->ipproto };
}

/* Does the message give hosts a resolver?  Chain 1 needs one. */
static bool
names_resolver(const struct obs *o)
{
	struct dhcp6 inner;
	struct addr link;

	if (o->kind == OBS_ND)
		return o->u.nd.has_rdnss;
	if (o->kind != OBS_DHCP6)
		return false;
	dhcp6_innermost(&o->u.dhcp6, &inner, &link);
	return (inner.msg_type == D6_ADVERTISE || inner.msg_type == D6_REPLY) && inner.dns.n >= 16;
}

void
fact_raise(struct engine *e, const struct fact *f)
{
	bool only_beside = (f->flags & (FF_USE | FF_EXPLAINS)) && !(f->flags & FF_LATENT);
	struct hyp *h = only_beside ? hyp_find(e, f->family, e->seg, &f->actor)
				    : hyp_get(e, f->family, e->seg, &f->actor);

	if (h == NULL)
		return;
	bool wide = fact_add(e, h, f), news = wide;
	h->first = e->now < h->first ? e->now : h->first;
	h->last = e->now > h->last ? e->now : h->last;
	if (f->hint && !h->hint)
		h->hint = f->hint;
	h->gives_resolver |= e->o && names_resolver(e->o);
	uint16_t nip = h->nip;
	hyp_actor_ip(h, f->actor.addr);
	if (e->o && f->actor.has_mac && mac_eq(e->o->outer.smac, f->actor.mac) && e->o->kind != OBS_DNS)
		hyp_actor_ip(h, e->o->inner.src);
	wide |= h->nip != nip;
	if (f->has_victim && !(f->flags & FF_NO_VICTIM) &&
	    !(f->actor.has_mac && mac_eq(f->victim, f->actor.mac))) {
		uint32_t before = h->victims_total;
		struct hyp_victim *v =
			hyp_victim_get(h, !mac_zero(f->victim), f->victim, f->victim_addr, e->now);
		news |= h->victims_total != before;
		if (v && f->grade > v->grade) {
			wide |= v->grade != E0;
			v->grade = f->grade;
			news = true;
		}
		if (v && f->id == F_DNS_USE && !v->uses)
			news = v->uses = true;
	}
	flow_set(e, h, f);
	evidence_add(e, h, f);
	h->closed = false;
	/* A repetition can only bring an event into its window: once a second is enough for that. */
	if (wide)
		hyp_look(e, h);
	else if (news || e->now - h->looked >= TS_SEC)
		hyp_look_fresh(e, h);
	else
		h->waits = true;
}

void
fact_raise_then(struct engine *e, const struct fact *f, const struct obs *then, struct segment *s)
{
	const struct obs *o = e->o;
	struct segment *seg = e->seg;
	ts_t now = e->now;

	e->now = then->ts;
	e->o = then;
	e->seg = s;
	fact_raise(e, f);
	e->now = now;
	e->o = o;
	e->seg = seg;
}

uint64_t
name_hash(struct bytes name)
{
	static const struct sipkey fixed = { { 3, 4 } };
	uint8_t low[256];
	size_t n = name.n < sizeof(low) ? name.n : sizeof(low);

	if (n && name.p[n - 1] == '.')
		n--;
	for (size_t i = 0; i < n; i++)
		low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (uint8_t)(name.p[i] | 0x20) : name.p[i];
	uint64_t h = siphash(&fixed, low, n);
	return h ? h : 1;
}

bool
off(const struct engine *e, const char *id)
{
	for (size_t i = 0; i < e->conf->noff; i++)
		if (strcmp(e->conf->off[i], id) == 0)
			return true;
	return false;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field hyp_key_rows[] = {
	SNAP_UPTO(struct hyp_key, family, FAMILIES - 1),
	SNAP(struct hyp_key, kind),
	SNAP_SEG(struct hyp_key, seg),
	SNAP(struct hyp_key, rule),
	SNAP(struct hyp_key, mac),
	SNAP(struct hyp_key, addr),
	SNAP(struct hyp_key, len),
};
static const struct snap_rec hyp_key_rec = SNAP_REC(struct hyp_key, hyp_key_rows);
static const struct snap_field actor_rows[] = {
	SNAP(struct actor, has_mac),
	SNAP(struct actor, mac),
	SNAP(struct actor, addr),
	SNAP(struct actor, scope),
	SNAP(struct actor, rule),
};
const struct snap_rec actor_rec = SNAP_REC(struct actor, actor_rows);
static const struct snap_field fact_rows[] = {
	SNAP_UPTO(struct hyp_fact, id, FACTS - 1),
	SNAP_UPTO(struct hyp_fact, grade, GRADES - 1),
	SNAP(struct hyp_fact, flags),
	SNAP(struct hyp_fact, count),
	SNAP(struct hyp_fact, first),
	SNAP(struct hyp_fact, last),
	SNAP_NOT(struct hyp_fact, ref), /* NOLINT(bugprone-sizeof-expression): where it is, not what it points to */
};
static const struct snap_rec fact_rec = SNAP_REC(struct hyp_fact, fact_rows);
static const struct snap_field victim_rows[] = {
	SNAP(struct hyp_victim, mac),
	SNAP(struct hyp_victim, has_mac),
	SNAP(struct hyp_victim, uses),
	SNAP(struct hyp_victim, denies),
	SNAP_UPTO(struct hyp_victim, grade, GRADES - 1),
	SNAP_UPTO(struct hyp_victim, raised, GRADES - 1),
	SNAP_UPTO(struct hyp_victim, nip, HYP_IPS),
	SNAP_SOME(struct hyp_victim, ip, ip[0], nip),
	SNAP(struct hyp_victim, first),
	SNAP(struct hyp_victim, last),
};
static const struct snap_rec victim_rec = SNAP_REC(struct hyp_victim, victim_rows);
static const struct snap_field event_rows[] = {
	SNAP(struct hyp_event, serial),
	SNAP(struct hyp_event, time),
	SNAP_UPTO(struct hyp_event, role, ROLE_CONTEXT),
	SNAP(struct hyp_event, echo),
	SNAP(struct hyp_event, names),
	SNAP(struct hyp_event, impact),
	SNAP(struct hyp_event, withdrawn),
	SNAP(struct hyp_event, shared),
	SNAP(struct hyp_event, row),
	SNAP(struct hyp_event, lone),
	SNAP(struct hyp_event, offset),
	SNAP_UPTO(struct hyp_event, severity, SEVERITIES - 1),
};
static const struct snap_rec event_rec = SNAP_REC(struct hyp_event, event_rows);
static const struct snap_field flow_rows[] = {
	SNAP(struct inc_flow, src),
	SNAP(struct inc_flow, dst),
	SNAP(struct inc_flow, sport),
	SNAP(struct inc_flow, dport),
	SNAP(struct inc_flow, ipproto),
};
static const struct snap_rec flow_rec = SNAP_REC(struct inc_flow, flow_rows);
static const struct snap_field second_rows[] = {
	SNAP_SUB(struct inc_second, flow, flow_rec),
	SNAP_NOT(struct inc_second, ref),
	SNAP(struct inc_second, proto),
	SNAP_ARRAY(struct inc_second, risk, risk[0]),
	SNAP_UPTO(struct inc_second, nrisk, INC_RISKS_MAX),
};
static const struct snap_rec second_rec = SNAP_REC(struct inc_second, second_rows);
static const struct snap_field hyp_rows[] = {
	SNAP(struct hyp, id),
	SNAP_UPTO(struct hyp, family, FAMILIES - 1),
	SNAP_UPTO(struct hyp, nfact, HYP_FACTS),
	SNAP_UPTO(struct hyp, nmember, INC_MEMBERS_MAX),
	SNAP_NOT(struct hyp, nrefuted),
	SNAP_UPTO(struct hyp, nsecond, INC_SECOND_MAX),
	SNAP_UPTO(struct hyp, verdict, VERDICTS - 1),
	SNAP_UPTO(struct hyp, grade, GRADES - 1),
	SNAP_UPTO(struct hyp, severity, SEVERITIES - 1),
	SNAP_UPTO(struct hyp, confidence, 100),
	SNAP(struct hyp, shown),
	SNAP(struct hyp, alert),
	SNAP(struct hyp, closed),
	SNAP_NOT(struct hyp, dirty),
	SNAP(struct hyp, quiet_change),
	SNAP(struct hyp, asked),
	SNAP(struct hyp, waits),
	SNAP(struct hyp, gives_resolver),
	SNAP(struct hyp, lifted),
	SNAP(struct hyp, host_row),
	SNAP_UPTO(struct hyp, host_fate, VERDICTS - 1),
	SNAP(struct hyp, muted),
	SNAP(struct hyp, mute_told),
	SNAP(struct hyp, outgrew),
	SNAP_SEG(struct hyp, seg),
	SNAP_UPTO(struct hyp, nip, INC_ADDRS_MAX),
	SNAP(struct hyp, missing),
	SNAP(struct hyp, rev),
	SNAP_UPTO(struct hyp, nvictim, INC_LIST_MAX),
	SNAP(struct hyp, victims_total),
	SNAP_UPTO(struct hyp, nevent, INC_LIST_MAX),
	SNAP(struct hyp, events_total),
	SNAP(struct hyp, first),
	SNAP(struct hyp, last),
	SNAP(struct hyp, told),
	SNAP(struct hyp, content),
	SNAP(struct hyp, looked),
	SNAP(struct hyp, looked_all),
	SNAP(struct hyp, folded),
	SNAP(struct hyp, last_evidence),
	SNAP(struct hyp, fresh_from),
	SNAP(struct hyp, fresh_to),
	SNAP(struct hyp, lag),
	SNAP(struct hyp, fresh),
	SNAP_SUB(struct hyp, actor, actor_rec),
	SNAP_SOME_SUBS(struct hyp, fact, fact[0], nfact, fact_rec),
	SNAP_SOME(struct hyp, victim_mac, victim_mac[0], nvictim),
	SNAP_ARRAY(struct hyp, spill, spill[0]),
	SNAP_ARRAY(struct hyp, spill_event, spill_event[0]),
	SNAP_SUB(struct hyp, flow, flow_rec),
	SNAP_SOME(struct hyp, actor_ip, actor_ip[0], nip),
	SNAP(struct hyp, host_why),
	SNAP(struct hyp, hint),
	SNAP_SOME(struct hyp, member, member[0], nmember),
	SNAP_NOT(struct hyp, refuted_by),
	SNAP_SOME_SUBS(struct hyp, second, second[0], nsecond, second_rec),
	SNAP_SOME_SUBS(struct hyp, victim, victim[0], nvictim, victim_rec),
	SNAP_SOME_SUBS(struct hyp, event, event[0], nevent, event_rec),
	SNAP_NOT(struct hyp, ref),
};
static const struct snap_rec hyp_rec = SNAP_REC(struct hyp, hyp_rows);
static const struct snap_field evidence_rows[] = {
	SNAP(struct evidence, ts),
	SNAP(struct evidence, hyp),
	SNAP(struct evidence, prev),
	SNAP(struct evidence, jump),
	SNAP(struct evidence, depth),
	SNAP(struct evidence, reach),
	SNAP(struct evidence, victim),
	SNAP(struct evidence, victim_addr),
	SNAP(struct evidence, key),
	SNAP(struct evidence, name),
	SNAP_UPTO(struct evidence, fact, FACTS - 1),
	SNAP_UPTO(struct evidence, grade, GRADES - 1),
	SNAP(struct evidence, has_victim),
	SNAP(struct evidence, ra_flags),
	SNAP_NOT(struct evidence, ref),
};
static const struct snap_rec evidence_rec = SNAP_REC(struct evidence, evidence_rows);
static const struct snap_field id_rows[] = {
	SNAP(struct hyp_id, id),
};
static const struct snap_rec id_rec = SNAP_REC(struct hyp_id, id_rows);
static const struct snap_field revision_rows[] = {
	SNAP(struct hyp_revision, rev),
};
static const struct snap_rec revision_rec = SNAP_REC(struct hyp_revision, revision_rows);

static bool
hyp_added(struct engine *e, const void *key, void *value)
{
	struct hyp *h = value;

	(void)key;
	for (size_t i = 0; i < h->nfact; i++) {
		if (detector_of((enum fact_id)h->fact[i].id) == NULL || h->fact[i].count == 0)
			return false;
		h->fact[i].ref = h->ref[i];
		memset(h->ref[i], 0, sizeof(h->ref[i]));
	}
	for (size_t i = 0; i < h->nsecond; i++)
		for (size_t k = 0; k <= h->second[i].nrisk; k++)
			if ((k ? h->second[i].risk[k - 1] : h->second[i].proto) == NULL)
				return false;
	for (size_t i = 0; i < h->nevent; i++)
		if (join_at(h->event[i].row) == NULL)
			return false;
	count(e->hyps, h, 1);
	return true;
}

/* Its key makes its id; of a rule that the configuration no longer has, or has elsewhere, nobody will hear again. */
static bool
still_meant(struct engine *e, const struct hyp *h)
{
	const struct hyp_key *k = table_key(&e->hyps->table, h);

	return k->rule <= e->conf->nrule && h->actor.rule == k->rule && h->family == k->family &&
	       h->seg == k->seg && h->id == id_of(e, k->family, e->segment_at[k->seg], k);
}

/* What was said by another version of the tables is kept, but not whose row it was; revisions go on where they were. */
static bool
hyps_loaded(struct engine *e)
{
	for (struct hyp *h = hyp_next(e, NULL), *next; h; h = next) {
		const struct hyp_revision *r = table_peek(&e->hyps->told, &h->id);
		next = hyp_next(e, h);
		if (!still_meant(e, h)) {
			table_drop(&e->hyps->table, h);
			continue;
		}
		h->rev = r && r->rev > h->rev ? r->rev : h->rev;
		if (h->last_evidence > e->hyps->ring_n)
			h->last_evidence = 0;
		if (h->host_row && join_at(h->host_row - 1U) == NULL)
			return false;
		if (h->asked) {
			h->asked = false;
			asks_told(e, h, true);
		}
	}
	return true;
}

/* Each refers to an earlier one, or who walks them would not end. */
static bool
evidence_loaded(struct engine *e)
{
	struct hyps *s = e->hyps;
	uint64_t first = s->ring_n > s->ring_cap ? s->ring_n - s->ring_cap : 0;

	for (uint64_t i = first; i < s->ring_n; i++)
		if (s->ring[i % s->ring_cap].prev > i || s->ring[i % s->ring_cap].jump > i)
			return false;
	return true;
}

static struct snap_ring
evidence_ring(struct engine *e)
{
	return (struct snap_ring){ .v = e->hyps->ring, .cap = e->hyps->ring_cap, .ever = &e->hyps->ring_n };
}

const struct snap_store snap_hyps[] = {
	{ .name = "hypotheses", .kind = SNAP_TABLE, .owner = offsetof(struct engine, hyps), .member = offsetof(struct hyps, table),
	  .key = &hyp_key_rec, .value = &hyp_rec, .added = hyp_added, .loaded = hyps_loaded },
	{ .name = "evidence", .kind = SNAP_RING, .ring = evidence_ring, .key = &snap_no_key, .value = &evidence_rec, .loaded = evidence_loaded },
	{ 0 },
};
const struct snap_store snap_revisions[] = {
	{ .name = "revisions", .kind = SNAP_TABLE, .owner = offsetof(struct engine, hyps), .member = offsetof(struct hyps, told),
	  .key = &id_rec, .value = &revision_rec },
	{ 0 },
};
/* clang-format on */
