/* Says a thing once: opens, updates and closes incident records (CONTRACT.md 3). */
#include "asks.h"
#include "joins.h"
#include "mutes.h"
#include "out.h"
#include "site.h"
#include "vantage.h"
#include "verdict.h"

enum { TEXT_MAX = 4096, TITLE_MAX = 256, QUIET_SEC = 60 };

static const char *const verdicts[] = { "info",	     "refuted",	 "unverifiable", "host-only",
					"suspected", "probable", "confirmed" };
static const char *const severities[] = { "info", "low", "medium", "high", "critical" };
static const char *const states[] = { "open", "update", "closed" };
static const char *const roles[] = { "corroborates", "refutes", "context" };

const char *
verdict_name(enum verdict v)
{
	return verdicts[v];
}
const char *
severity_name(enum severity s)
{
	return severities[s];
}
const char *
inc_state_name(enum inc_state s)
{
	return states[s];
}
const char *
role_name(enum role r)
{
	return roles[r];
}

bool
verdict_parse(struct bytes text, enum verdict *v)
{
	for (size_t i = 0; i < VERDICTS; i++)
		if (bytes_eq(text, bytes_str(verdicts[i]))) {
			*v = (enum verdict)i;
			return true;
		}
	return false;
}

/* ---- texts ---- */
static void
put_actor(struct engine *e, struct out *o, const struct hyp *h)
{
	const char *name = h->actor.has_mac ? station_name(e, e->segment_at[h->seg], h->actor.mac) : NULL;

	if (h->actor.has_mac) {
		out_mac(o, h->actor.mac);
	} else if (h->actor.scope.a.fam && h->actor.scope.len) {
		out_str(o, "an unknown station in ");
		out_addr(o, h->actor.scope.a);
		out_chr(o, '/');
		out_u64(o, h->actor.scope.len);
	} else if (addr_set(h->actor.addr)) {
		out_addr(o, h->actor.addr);
	} else {
		out_str(o, "an unknown station");
	}
	if (name) {
		out_str(o, " (");
		out_str(o, name);
		out_chr(o, ')');
	}
}

static void
put_title(struct engine *e, struct out *o, const struct hyp *h, const struct judged *j)
{
	const struct site_rule *rule = site_rule_of(e, &h->actor);

	if (rule) {
		out_view(o, rule->id);
		out_str(o, ", ");
	}
	if (rule && rule->title.p)
		out_view(o, rule->title);
	else
		out_str(o, detection_at(h->family)->signature);
	/* a Teredo server is used, it did nothing */
	out_str(o, h->family == FAM_TEREDO ? " through " : " by ");
	put_actor(e, o, h);
	out_str(o, ": ");
	out_str(o, verdict_name((enum verdict)j->verdict));
	if (h->victims_total) {
		out_str(o, ", ");
		out_u64(o, h->victims_total);
		out_str(o, h->victims_total == 1 ? " victim" : " victims");
	}
}

/* Of a site rule the rule itself is the fact. */
static const char *
fact_name(struct engine *e, const struct hyp *h, const struct detector *d)
{
	const struct site_rule *rule = site_rule_of(e, &h->actor);

	return rule ? (const char *)rule->id.p : d ? d->id : "?";
}

static void
put_facts(struct engine *e, struct out *o, const struct hyp *h)
{
	for (size_t i = 0; i < h->nfact; i++) {
		const struct detector *d = detector_of((enum fact_id)h->fact[i].id);
		out_str(o, i ? ", " : " On the wire: ");
		out_str(o, fact_name(e, h, d));
		out_str(o, " E");
		out_u64(o, h->fact[i].grade);
		if (h->fact[i].count > 1) {
			out_str(o, " x");
			out_u64(o, h->fact[i].count);
		}
	}
	if (h->nfact) {
		out_chr(o, '.');
	} else if (h->host_why && h->host_fate != V_REFUTED) {
		out_chr(o, ' ');
		out_str(o, h->host_why);
	} else
		out_str(o, " Nothing of it was seen on the wire.");
}

static void
put_events(struct engine *e, struct out *o, const struct hyp *h)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->nevent; i++)
		n += event_counts(h, &h->event[i]);
	if (n == 0) {
		out_str(o, " No host event speaks for it.");
		return;
	}
	out_chr(o, ' ');
	out_u64(o, n);
	out_str(o, n == 1 ? " host event agrees (" : " host events agree (");
	uint32_t said[INC_LIST_MAX];
	size_t nsaid = 0;
	for (size_t i = 0; i < h->nevent; i++) {
		const struct kept *k = event_find(e, h->event[i].serial);
		bool again = k == NULL || !event_counts(h, &h->event[i]);
		for (size_t s = 0; s < nsaid && !again; s++)
			again = said[s] == k->event_id;
		if (again)
			continue;
		if (nsaid)
			out_str(o, ", ");
		out_u64(o, k->event_id);
		said[nsaid++] = k->event_id;
	}
	out_str(o, ").");
}

static void
put_explain(struct engine *e, struct out *o, const struct hyp *h, const struct judged *j)
{
	out_str(o, "Segment ");
	out_str(o, e->segment_at[h->seg]->name);
	out_str(o, ", ");
	put_actor(e, o, h);
	out_str(o, ": ");
	out_str(o, detection_at(h->family)->explain);
	put_facts(e, o, h);
	put_events(e, o, h);
	if (h->folded) {
		out_str(o,
			" It sent nothing but router advertisements: one of the forged sources of incident ");
		out_hexn(o, h->folded, 16);
		out_chr(o, '.');
	}
	for (size_t i = 0; i < j->nrefuted; i++) {
		out_str(o, " Refuted: ");
		out_str(o, j->refuted_by[i]);
		out_chr(o, '.');
	}
	if (j->verdict == V_UNVERIFIABLE)
		out_str(o, " What is missing to judge it is listed under vantage; see --explain blind-spots "
			   "for what no tap shows.");
}

/* ---- the record ---- */
static void
fill_facts(struct engine *e, struct incident *r, const struct hyp *h)
{
	for (size_t i = 0; i < h->nfact && r->nfact < INC_LIST_MAX; i++) {
		const struct hyp_fact *f = &h->fact[i];
		const struct detector *d = detector_of((enum fact_id)f->id);
		struct inc_fact *out = &r->fact[r->nfact++];
		out->id = fact_name(e, h, d);
		out->grade = (enum grade)f->grade;
		out->count = f->count;
		out->first = f->first;
		out->last = f->last;
		out->nref = 0;
		/* the ring of the last ones in the order they came; a window that closed has no packet of its own */
		size_t ring = INC_REFS_MAX - REFS_FIRST;
		for (size_t k = 0; k < INC_REFS_MAX && k < f->count; k++) {
			size_t at = k;
			if (k >= REFS_FIRST && f->count > INC_REFS_MAX)
				at = REFS_FIRST + (f->count - REFS_FIRST + k - REFS_FIRST) % ring;
			if (f->ref[at].frame)
				out->ref[out->nref++] = f->ref[at];
		}
	}
	r->facts_total = h->nfact;
}

static void
copy_name(char *dst, const char *src)
{
	size_t n = strlen(src);

	n = n < INC_NAME_MAX - 1 ? n : INC_NAME_MAX - 1;
	memcpy(dst, src, n);
	dst[n] = 0;
}

static void
fill_victims(struct engine *e, struct incident *r, const struct hyp *h)
{
	for (size_t i = 0; i < h->nvictim; i++) {
		const struct hyp_victim *v = &h->victim[i];
		struct inc_victim *out = &r->victim[r->nvictim++];
		const char *name = v->has_mac ? station_name(e, e->segment_at[h->seg], v->mac) : NULL;
		*out = (struct inc_victim){ .mac = v->mac,
					    .has_mac = v->has_mac,
					    .grade = (enum grade)hyp_victim_grade(v) };
		for (size_t k = 0; k < v->nip; k++)
			out->ip[out->nip++] = v->ip[k];
		const struct host *host = v->has_mac ? host_find(e, e->segment_at[h->seg], v->mac) : NULL;
		for (size_t k = 0; host && k < host->nip && out->nip < INC_ADDRS_MAX; k++) {
			struct addr a = host_ip(e, host, k);
			bool known = !addr_set(a);
			for (size_t x = 0; x < out->nip; x++)
				known |= addr_eq(out->ip[x], a);
			if (!known)
				out->ip[out->nip++] = a;
		}
		if (name)
			copy_name(out->name, name);
	}
	r->victims_total = h->victims_total;
}

static bool
listed_event(const struct hyp *h, uint64_t serial)
{
	for (size_t i = 0; i < h->nevent; i++)
		if (h->event[i].serial == serial)
			return true;
	return false;
}

static void
put_event(struct incident *r, const struct hyp_event *ev, const struct kept *k, enum role role)
{
	struct inc_event *out = &r->event[r->nevent++];

	*out = (struct inc_event){ .provider = k->provider,
				   .event_id = k->event_id,
				   .record_id = k->record_id,
				   .time = k->ts,
				   .offset_ms = ev->offset / TS_MS,
				   .role = role };
	out->withdrawn = ev->withdrawn;
	copy_name(out->computer, k->computer);
}

/* What proved the chain that the incident is part of is told with the part, as context (DETECTIONS.md 10.1). */
static void
fill_chain_events(struct engine *e, struct incident *r, const struct hyp *h)
{
	if (!h->lifted || !hyp_open(h))
		return;
	for (struct hyp *c = hyp_next(e, NULL); c; c = hyp_next(e, c)) {
		bool mine = false;
		for (size_t i = 0; i < c->nmember; i++)
			mine |= c->member[i] == h->id;
		if (!mine || c->family < FAM_CHAINS || c->verdict != V_CONFIRMED)
			continue;
		for (size_t i = 0; i < c->nevent && r->nevent < NELEM(r->event); i++) {
			const struct kept *k = event_find(e, c->event[i].serial);
			if (k == NULL || !event_counts(c, &c->event[i]) || listed_event(h, k->serial))
				continue;
			put_event(r, &c->event[i], k, ROLE_CONTEXT);
			r->events_total++;
		}
	}
}

static void
fill_events(struct engine *e, struct incident *r, const struct hyp *h)
{
	for (size_t i = 0; i < h->nevent; i++) {
		const struct kept *k = event_find(e, h->event[i].serial);
		enum role role = (enum role)h->event[i].role;
		if (k == NULL)
			continue;
		if (role == ROLE_CORROBORATES && !event_counts(h, &h->event[i]))
			role = ROLE_CONTEXT;
		put_event(r, &h->event[i], k, role);
	}
	r->events_total = h->events_total;
	fill_chain_events(e, r, h);
}

static void
fill_actor(struct engine *e, struct incident *r, const struct hyp *h)
{
	const struct segment *s = e->segment_at[h->seg];
	const struct host *host = h->actor.has_mac ? host_find(e, s, h->actor.mac) : NULL;

	r->has_actor_mac = h->actor.has_mac;
	r->actor_mac = h->actor.mac;
	for (size_t i = 0; i < h->nip; i++)
		r->actor_ip[r->nactor_ip++] = h->actor_ip[i];
	for (size_t k = 0; host && k < host->nip && r->nactor_ip < INC_ADDRS_MAX; k++) {
		struct addr a = host_ip(e, host, k);
		bool known = !binding_is(e, s, a, h->actor.mac);
		for (size_t x = 0; x < r->nactor_ip; x++)
			known |= addr_eq(r->actor_ip[x], a);
		if (!known)
			r->actor_ip[r->nactor_ip++] = a;
	}
	if (h->actor.has_mac)
		r->actor_name = station_name(e, s, h->actor.mac);
}

/* Which absences this detection would need to see, for the list of what was and was not visible. */
static uint16_t
vantage_wanted(const struct hyp *h)
{
	switch (h->family) {
	case FAM_D4_ROGUE:
	case FAM_D4_FLOOD:
	case FAM_D4_STARVATION:
	case FAM_D4_AUTHKILL: return 1 << VB_B4 | 1 << VB_S4 | 1 << VB_ARP;
	case FAM_D6_ROGUE:
	case FAM_D6_FLOOD:
	case FAM_MITM6: return 1 << VB_M6 | 1 << VB_S6 | 1 << VB_DAD;
	case FAM_RA: return 1 << VB_DAD;
	case FAM_ND_SPOOF: return 1 << VB_ARP;
	default: return 1 << VB_U;
	}
}

static void
fill_vantage(struct engine *e, struct incident *r, const struct hyp *h)
{
	/* an event alone was answered by what was in view at its time */
	const struct join *j = h->host_row && hyp_alone(h) ? join_at(h->host_row - 1U) : NULL;
	uint16_t then = j ? j->vantage | h->missing : 0, want = vantage_wanted(h) | h->missing;

	for (unsigned b = 0; b < VANTAGE_BITS; b++) {
		if (!(want >> b & 1))
			continue;
		if (then >> b & 1 ? !(h->missing >> b & 1)
				  : vantage_has(e, e->segment_at[h->seg], (enum vantage_bit)b))
			r->vantage_have[r->nhave++] = vantage_name((enum vantage_bit)b);
		else
			r->vantage_missing[r->nmissing++] = vantage_name((enum vantage_bit)b);
	}
}

/* A suspicion, or a tunnel or VPN that may become one (CONTRACT.md 7). */
static bool
asked_about(const struct hyp *h)
{
	switch (h->family) {
	case FAM_ISATAP:
	case FAM_TEREDO:
	case FAM_IPHTTPS:
	case FAM_SSTP: return h->verdict != V_REFUTED;
	default: return h->verdict >= V_SUSPECTED && h->family < FAM_CHAINS;
	}
}

/* Of everything that a record says and that can change. */
static uint64_t
content_of(const struct hyp *h, const struct judged *j)
{
	uint64_t c = mix64(mix64(mix64(mix64(1, j->verdict), j->grade), j->severity), j->confidence);

	c = mix64(mix64(mix64(c, h->nip), h->missing),
		  (uint64_t)j->nrefuted << 16 | (uint64_t)h->nmember << 8 | h->nsecond);
	c = mix64(mix64(c, h->victims_total), h->events_total);
	for (size_t i = 0; i < h->nfact; i++)
		c = mix64(c, (uint64_t)h->fact[i].id << 40 | (uint64_t)h->fact[i].grade << 32 |
				     h->fact[i].count);
	for (size_t i = 0; i < h->nvictim; i++)
		c = mix64(c, hyp_victim_grade(&h->victim[i]));
	for (size_t i = 0; i < h->nevent; i++)
		c = mix64(mix64(c, h->event[i].serial), h->event[i].role);
	return c;
}

static const char *
attack_of(struct engine *e, const struct hyp *h)
{
	const struct site_rule *rule = site_rule_of(e, &h->actor);
	const char *attack = rule ? (const char *)rule->attack.p : detection_at(h->family)->attack;

	return attack ? attack : "";
}

/* The record of what is known now, all but what telling it changes. */
static struct incident *
fill_record(struct engine *e, const struct hyp *h, const struct judged *j, const struct mute *mute)
{
	struct incident *r = e->record;
	const struct segment *s = e->segment_at[h->seg];
	struct out title = out_init(e->text, TITLE_MAX - 1),
		   text = out_init(e->text + TITLE_MAX, TEXT_MAX - 1);

	memset(r, 0, offsetof(struct incident, victim));
	put_title(e, &title, h, j);
	put_explain(e, &text, h, j);
	e->text[title.n] = e->text[TITLE_MAX + text.n] = 0;
	r->first = h->first;
	r->last = h->last;
	r->id = h->id;
	r->rev = h->rev;
	r->alert = h->alert && !mute;
	r->muted = mute;
	r->detection = detection_at(h->family);
	r->title = e->text;
	r->attack = attack_of(e, h);
	r->verdict = (enum verdict)j->verdict;
	r->grade = (enum grade)j->grade;
	r->severity = (enum severity)j->severity;
	r->confidence = j->confidence;
	r->iface = s->iface;
	memcpy(r->vlan, s->vlan, sizeof(r->vlan));
	r->nvlan = s->nvlan;
	r->segment = s->name;
	r->flow = h->flow;
	for (size_t i = 0; i < h->nmember; i++)
		r->member[r->nmember++] = h->member[i];
	fill_actor(e, r, h);
	fill_victims(e, r, h);
	fill_facts(e, r, h);
	fill_events(e, r, h);
	for (size_t i = 0; i < j->nrefuted; i++)
		r->refuted_by[r->nrefuted++] = j->refuted_by[i];
	fill_vantage(e, r, h);
	memcpy(r->second, h->second, h->nsecond * sizeof(h->second[0]));
	r->nsecond = h->nsecond;
	r->tool_hint = h->hint;
	r->explain = e->text + TITLE_MAX;
	r->next = detection_at(h->family)->next;
	return r;
}

static void
tell_record(struct engine *e, struct hyp *h, const struct judged *j, const struct mute *mute,
	    enum inc_state state, ts_t ts)
{
	h->rev++;
	h->alert |= j->verdict >= V_SUSPECTED && !mute;
	struct incident *r = fill_record(e, h, j, mute);
	r->timestamp = ts;
	r->state = h->rev == 1 && state == INC_UPDATE ? INC_OPEN : state;
	e->incidents++;
	e->emit(e->emit_arg, r);
}

const struct incident *
incident_look(struct engine *e, const struct hyp *h, const struct judged *j)
{
	struct incident *r = fill_record(e, h, j, mute_held(e, h, j));

	r->timestamp = h->told;
	r->state = h->closed ? INC_CLOSED : h->rev == 1 ? INC_OPEN : INC_UPDATE;
	return r;
}

/* What was told, or would have been: the next change is measured against it. */
static void
note_told(struct engine *e, struct hyp *h, const struct judged *j, enum inc_state state, ts_t ts)
{
	h->verdict = j->verdict;
	h->grade = j->grade;
	h->severity = j->severity;
	h->confidence = j->confidence;
	h->told = ts;
	h->content = content_of(h, j);
	h->quiet_change = false;
	asks_told(e, h, state != INC_CLOSED && asked_about(h));
}

static void
tell(struct engine *e, struct hyp *h, const struct judged *j, enum inc_state state, ts_t ts)
{
	const struct mute *mute = muted_by(e, h, j, ts);

	h->muted = mute != NULL;
	if (mute && h->mute_told) {
		mute_counts(e)->records++;
	} else {
		mute_counts(e)->incidents += mute != NULL;
		h->mute_told |= mute != NULL;
		tell_record(e, h, j, mute, state, ts);
	}
	note_told(e, h, j, state, ts);
}

static bool
worth_telling(const struct hyp *h)
{
	if (h->family >= FAM_CHAINS || hyp_alone(h))
		return h->nmember || h->nevent;
	for (size_t i = 0; i < h->nfact; i++)
		if ((h->fact[i].grade >= E1 && !(h->fact[i].flags & (FF_USE | FF_EXPLAINS))) ||
		    (h->fact[i].flags & FF_OPENS))
			return true;
	return false;
}

void
incident_update(struct engine *e, struct hyp *h, const struct judged *j, ts_t ts)
{
	if (!h->shown) {
		if (!worth_telling(h))
			return;
		h->shown = true;
		table_pin(&e->hyps->table, h, true);
		tell(e, h, j, INC_UPDATE, ts);
		return;
	}
	if (h->folded) {
		incident_close(e, h, j, ts);
		return;
	}
	bool freed = h->muted && !muted_by(e, h, j, ts);
	if (!freed && content_of(h, j) == h->content)
		return; /* looked at again, and nothing is new */
	bool rise = freed || j->verdict > h->verdict || j->grade > h->grade || j->severity > h->severity;
	if (rise || h->told == TS_NONE || ts - h->told >= QUIET_SEC * TS_SEC)
		tell(e, h, j, INC_UPDATE, ts);
	else
		h->quiet_change = true;
}

/* What explained the past explains nothing that comes after the end. */
static void
drop_explanations(struct hyp *h)
{
	uint8_t n = 0;

	for (size_t i = 0; i < h->nfact; i++)
		if (!(h->fact[i].flags & FF_EXPLAINS))
			hyp_fact_set(h, n++, &h->fact[i]);
	h->nfact = n;
}

void
incident_close(struct engine *e, struct hyp *h, const struct judged *j, ts_t ts)
{
	if (!h->shown || h->closed)
		return;
	h->closed = true;
	tell(e, h, j, INC_CLOSED, ts > h->last ? ts : h->last);
	drop_explanations(h);
	table_pin(&e->hyps->table, h, false);
}
