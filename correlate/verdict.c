#include "verdict.h"
#include "joins.h"
#include "site.h"
#include "vantage.h"
#include "view.h"

bool
event_counts(const struct hyp *h, const struct hyp_event *ev)
{
	return ev->role == ROLE_CORROBORATES && !(ev->lone && !hyp_alone(h)) && (!ev->echo || hyp_hard(h));
}

/* What section 16 asks about a hypothesis, counted once. */
struct tally {
	bool sp, hard, e1, rests, impact, explained, names_actor, barred;
	bool changed; /* a declared server's change explains every accusation */
	enum grade grade;
	unsigned h;
	enum standing st;
};

static bool
accuses(const struct hyp_fact *f)
{
	return f->grade >= E1 && !(f->flags & (FF_USE | FF_EXPLAINS));
}

static enum standing
standing_of(struct engine *e, const struct hyp *h)
{
	static const struct {
		uint8_t family;
		enum service svc;
	} service[] = {
		{ FAM_D4_ROGUE, SVC_DHCP4 },
		{ FAM_D4_AUTHKILL, SVC_DHCP4 },
		{ FAM_D6_ROGUE, SVC_DHCP6 },
		{ FAM_RA, SVC_ROUTER },
	};
	struct bytes none = { NULL, 0 };

	for (size_t i = 0; i < NELEM(service); i++)
		if (service[i].family == h->family && h->actor.has_mac)
			return auth_standing(e, e->segment_at[h->seg], service[i].svc, h->actor.mac,
					     h->actor.addr, none);
	return hyp_hard(h) ? ST_UNAUTHORISED : ST_UNKNOWN;
}

/* Resolvers are declared and the actor is none: a host whose own log names the poisoner then proves it. */
static bool
barred(struct engine *e, const struct hyp *h)
{
	return (h->family == FAM_DNS || h->family == FAM_ISATAP) && h->actor.has_mac &&
	       auth_resolver(e, e->segment_at[h->seg], h->actor.addr, h->actor.mac) == ST_UNAUTHORISED;
}

/* One event explains each accusation, and there is one. */
static bool
changed(struct engine *e, const struct hyp *h, const struct hyp_event *ev)
{
	bool any = false;

	for (size_t i = 0; ev->role == ROLE_REFUTES && i < h->nfact; i++) {
		if (!accuses(&h->fact[i]))
			continue;
		any = true;
		if (!join_explains(e, ev, &h->fact[i]))
			return false;
	}
	return any;
}

static struct tally
tally_of(struct engine *e, const struct hyp *h)
{
	struct tally t = { .grade = hyp_grade(h), .st = standing_of(e, h), .barred = barred(e, h) };

	for (size_t i = 0; i < h->nfact; i++) {
		const struct hyp_fact *f = &h->fact[i];
		t.sp |= (f->flags & FF_SP) != 0;
		t.hard |= (f->flags & (FF_HARD | FF_SP)) != 0;
		/* what was poisoned or captured is no proof of who may not: an E4 of its own needs an E1 beside it */
		t.e1 |= accuses(f) && (f->grade < E3 || (f->flags & (FF_HARD | FF_SP)));
		t.rests |= f->grade >= E4 && (f->flags & FF_RESTS);
		t.impact |= (f->flags & FF_IMPACT) != 0;
		t.explained |= (f->flags & FF_EXPLAINS) != 0;
	}
	for (size_t i = 0; i < h->nevent; i++) {
		const struct hyp_event *ev = &h->event[i];
		bool apart = ev->role != ROLE_CORROBORATES || (ev->lone && h->nfact);
		t.h += event_counts(h, ev) && !apart;
		t.impact |= ev->impact && !apart;
		t.names_actor |= ev->names && !ev->echo && !apart;
		t.changed |= changed(e, h, ev);
	}
	return t;
}

/* Different rules about different fields of different messages (DETECTIONS.md 16). */
static bool
two_independent(const struct hyp *h)
{
	for (size_t i = 0; i < h->nfact; i++)
		for (size_t k = 0; accuses(&h->fact[i]) && k < i; k++) {
			const struct hyp_fact *a = &h->fact[i], *b = &h->fact[k];
			const struct detector *da = detector_of((enum fact_id)a->id),
					      *db = detector_of((enum fact_id)b->id);
			if (accuses(b) && da && db && da->about != db->about && a->first != b->first)
				return true;
		}
	return false;
}

/* Floods and starvation: DETECTIONS.md 4. */
static enum verdict
flood_verdict(struct engine *e, const struct hyp *h, const struct tally *t)
{
	static const struct {
		uint8_t fact, group;
	} groups[] = {
		{ F_D4_FANOUT, 0 }, { F_D4_CIRCUIT, 0 }, { F_D4_GHOST, 0 },
		{ F_D4_STOCK, 0 },  { F_D4_BADMAC, 1 },	 { F_D4_XID, 2 },
		{ F_D4_DECL, 3 },   { F_D6_FLOOD, 4 },	 { F_D4_REL, 5 },
	};
	unsigned set = 0, n = 0;
	bool ghost = false, stock = false, other = false;

	for (size_t i = 0; i < NELEM(groups); i++) {
		const struct hyp_fact *f = hyp_fact_of(h, (enum fact_id)groups[i].fact);
		if (f == NULL || f->grade < E1)
			continue;
		set |= 1u << groups[i].group;
		ghost |= f->id == F_D4_GHOST;
		stock |= f->id == F_D4_STOCK;
		other |= f->id != F_D4_GHOST && f->id != F_D4_STOCK;
	}
	for (unsigned s = set; s; s &= s - 1)
		n++;
	if (n == 0)
		return t->impact && hyp_holds(h, F_D4_RATE) ? V_SUSPECTED : V_INFO;
	if (!other && (ghost || stock) && !vantage_has(e, e->segment_at[h->seg], VB_ARP))
		return !t->impact ? V_SUSPECTED : stock ? V_CONFIRMED : V_PROBABLE;
	return t->impact || n >= 2 ? V_CONFIRMED : V_PROBABLE;
}

static bool
is_flood(const struct hyp *h)
{
	return h->family == FAM_D4_FLOOD || h->family == FAM_D4_STARVATION || h->family == FAM_D6_FLOOD;
}

/* A change explains what a server says, where nobody knows whether it may, and nothing else that it did. */
static bool
explained_by_change(struct engine *e, const struct hyp *h, const struct tally *t)
{
	const uint32_t others = ((UINT32_C(1) << FAM_CHAINS) - 1) & ~(UINT32_C(1) << h->family);

	return t->changed && t->st == ST_UNKNOWN && !t->hard && !t->h && t->grade < E3 &&
	       !(h->actor.has_mac && actor_open(e, e->segment_at[h->seg], h->actor.mac, others)) &&
	       !off(e, "refute");
}

/* DETECTIONS.md 16, in its order. */
static enum verdict
wire_verdict(struct engine *e, const struct hyp *h, const struct tally *t)
{
	bool e1 = t->e1 || t->rests;

	if (t->explained && !t->e1 && t->st != ST_UNAUTHORISED && !off(e, "refute"))
		return V_REFUTED;
	if (explained_by_change(e, h, t))
		return V_REFUTED;
	if (is_flood(h))
		return flood_verdict(e, h, t);
	if (t->sp && t->st != ST_AUTHORISED && t->st != ST_TOLERATED)
		return V_CONFIRMED;
	if (t->st == ST_UNKNOWN && !t->hard && t->grade < E4 && !(t->h && t->names_actor))
		return t->e1 ? V_SUSPECTED : V_INFO;
	if ((e1 && (t->grade >= E3 || t->h)) || (t->barred && t->grade >= E4 && t->h && t->names_actor))
		return V_CONFIRMED;
	if (t->e1 && (t->hard || t->grade == E2 || two_independent(h)))
		return V_PROBABLE;
	return t->grade >= E1 ? V_SUSPECTED : V_INFO;
}

static enum verdict
chain_verdict(const struct hyp *h)
{
	return (enum verdict)h->host_fate; /* chains.c has decided */
}

static bool
server_victim(struct engine *e, const struct hyp *h)
{
	const struct segment *s = e->segment_at[h->seg];

	for (size_t i = 0; i < h->nvictim; i++)
		if (h->victim[i].has_mac && auth_any_role(e, s, h->victim[i].mac))
			return true;
	return false;
}

/* An ISATAP router with a public address: the traffic of the host leaves the site (DETECTIONS.md 7). */
static bool
abroad(const struct hyp *h)
{
	struct addr a = h->actor.addr;

	return h->family == FAM_ISATAP && hyp_holds(h, F_ISA_ROUTER) && a.fam == 4 && !addr_private4(a) &&
	       !addr_loopback(a);
}

static enum severity
severity_of(struct engine *e, const struct hyp *h, const struct judged *j)
{
	enum severity s = j->grade >= E5   ? SEV_CRITICAL
			  : j->grade >= E2 ? SEV_HIGH
			  : j->grade >= E1 ? SEV_MEDIUM
					   : SEV_INFO;

	if (j->verdict == V_INFO || j->verdict == V_REFUTED)
		return j->verdict == V_INFO ? SEV_INFO : SEV_LOW;
	if (h->family == FAM_SITE)
		return (enum severity)site_rule_of(e, &h->actor)->severity;
	if (hyp_alone(h) && h->family < FAM_CHAINS) {
		s = SEV_INFO;
		for (size_t i = 0; i < h->nevent; i++)
			if (h->event[i].role == ROLE_CORROBORATES && h->event[i].severity > s)
				s = (enum severity)h->event[i].severity;
		return s;
	}
	if (h->family >= FAM_CHAINS)
		s = j->verdict == V_CONFIRMED || h->family != FAM_MITM6 ? SEV_CRITICAL : SEV_HIGH;
	if (abroad(h) && s < SEV_HIGH)
		s = SEV_HIGH;
	if (is_flood(h) && j->verdict == V_CONFIRMED && s < SEV_HIGH)
		s = SEV_HIGH;
	for (size_t i = 0; i < h->nevent && j->verdict == V_CONFIRMED; i++)
		if (event_counts(h, &h->event[i]) && h->event[i].severity > s)
			s = (enum severity)h->event[i].severity;
	/* an attempt that nobody accepted stays medium, however many it was offered to */
	bool harmed = j->grade >= E2 || is_flood(h);
	if (s < SEV_CRITICAL && harmed && (h->victims_total >= 3 || server_victim(e, h)))
		s = (enum severity)(s + 1);
	return s;
}

static uint8_t
confidence_of(const struct hyp *h, const struct judged *j, const struct tally *t)
{
	/* DETECTIONS.md 2: the span of each verdict; within it more evidence counts more */
	static const struct {
		uint8_t low, high;
	} span[VERDICTS] = {
		[V_INFO] = { 10, 30 },	    [V_REFUTED] = { 60, 90 },	[V_UNVERIFIABLE] = { 20, 20 },
		[V_HOST_ONLY] = { 30, 50 }, [V_SUSPECTED] = { 40, 60 }, [V_PROBABLE] = { 70, 85 },
		[V_CONFIRMED] = { 90, 99 },
	};
	unsigned more = 3u * (t->h > 3 ? 3 : t->h) + 2u * (unsigned)j->grade + (h->nfact > 4 ? 4 : h->nfact) +
			(t->sp ? 3 : 0);
	unsigned c = span[j->verdict].low + more;

	return (uint8_t)(c > span[j->verdict].high ? span[j->verdict].high : c);
}

void
verdict_of(struct engine *e, const struct hyp *h, struct judged *j)
{
	struct tally t = tally_of(e, h);

	*j = (struct judged){ .grade = (uint8_t)t.grade };
	if (h->folded)
		j->verdict = V_INFO;
	else if (h->family >= FAM_CHAINS)
		j->verdict = (uint8_t)chain_verdict(h);
	else
		j->verdict = (uint8_t)(h->nfact ? wire_verdict(e, h, &t) : V_INFO);
	bool by_event = j->verdict == V_INFO && !h->folded && h->family < FAM_CHAINS && hyp_alone(h);
	if (by_event)
		j->verdict = h->host_fate;
	if (h->lifted && j->verdict < V_CONFIRMED && hyp_open(h))
		j->verdict = V_CONFIRMED;
	if (j->verdict == V_REFUTED)
		j->refuted_by[j->nrefuted++] =
			!by_event && t.explained ? "every client shows a sign of life"
			: !by_event   ? "a declared server was changed before, or its partner answers"
			: h->host_why ? h->host_why
				      : "the row's benign explanation holds";
	j->severity = (uint8_t)severity_of(e, h, j);
	if (h->rev && !h->closed && h->severity > j->severity && j->verdict >= V_SUSPECTED)
		j->severity = h->severity; /* never below the previous one while open */
	j->confidence = confidence_of(h, j, &t);
}

/* ---- the same questions, for a person ---- */
struct asking {
	struct view_reason *v;
	size_t n, max;
};

static void
answer(struct asking *a, const char *asked, const char *text)
{
	if (a->n < a->max)
		a->v[a->n++] = (struct view_reason){ .asked = asked, .answer = text };
}

static void
answer_n(struct asking *a, const char *asked, uint64_t n, const char *text)
{
	if (a->n < a->max)
		a->v[a->n++] =
			(struct view_reason){ .asked = asked, .answer = text, .n = n, .counted = true };
}

static void
ask_authority(struct asking *a, const struct hyp *h, const struct tally *t)
{
	static const char *const standings[] = {
		[ST_UNKNOWN] = "neither declared nor learned: its mere presence accuses nobody",
		[ST_AUTHORISED] = "yes, it is declared or learned",
		[ST_TOLERATED] = "tolerated: not declared, and nothing that is declared contradicts it",
		[ST_UNAUTHORISED] = "no: what is declared or learned says otherwise",
	};

	if (h->actor.has_mac && h->family < FAM_CHAINS)
		answer(a, "may the actor do this (authority)?", standings[t->st]);
}

static void
ask_wire(struct asking *a, struct engine *e, const struct hyp *h, const struct tally *t)
{
	const char *benign = "does a benign explanation hold on the wire?";

	if (!t->explained)
		answer(a, benign, "none was seen");
	else if (t->e1 || t->st == ST_UNAUTHORISED)
		answer(a, benign, "one was seen, but a fact accuses the actor beside it");
	else
		answer(a, benign, "yes: every client shows a sign of life");
	if (is_flood(h))
		answer(a, "would signs of life of the clients have been seen (V_ARP)?",
		       vantage_has(e, e->segment_at[h->seg], VB_ARP) ? "yes: their absence counts"
								     : "not known: absence proves nothing");
	answer(a, "do two rules about different fields of different messages agree?",
	       two_independent(h) ? "yes" : "no");
	answer(a, "was anything lost by the capture in that time?",
	       vantage_clean(e, h->first, h->last) ? "no" : "yes: absence proves nothing");
	if (h->folded)
		answer_n(a, "is it only one of the forged sources of another incident?", h->folded,
			 "yes, it has no story of its own");
}

static void
ask_hosts(struct asking *a, const struct hyp *h)
{
	uint64_t agree = 0, refute = 0, withdrawn = 0;

	for (size_t i = 0; i < h->nevent; i++) {
		const struct hyp_event *ev = &h->event[i];
		agree += event_counts(h, ev);
		refute += ev->role == ROLE_REFUTES;
		withdrawn += ev->withdrawn;
	}
	answer_n(a, "do host events agree?", agree, "agree");
	answer_n(a, "does a host event speak against it?", refute, "speak against it");
	if (withdrawn)
		answer_n(a, "does an event fit only while its host's clock is not known?", withdrawn,
			 "taken off: with the clock's error known they do not fit");
	if (h->host_why)
		answer(a, "what does the wire say to the host's event?", h->host_why);
	if (h->lifted)
		answer(a, "is it part of a chain that is confirmed?", "yes: that proves the actor");
}

size_t
verdict_reasons(struct engine *e, const struct hyp *h, struct view_reason *v, size_t max)
{
	struct asking a = { .v = v, .max = max };
	struct tally t = tally_of(e, h);

	ask_authority(&a, h, &t);
	if (h->nfact)
		ask_wire(&a, e, h, &t);
	ask_hosts(&a, h);
	return a.n;
}
