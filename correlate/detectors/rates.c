/* DHCPv4 floods and starvation (DETECTIONS.md 4).  A key without a lease feeds the flood, one with a lease the starvation;
 * the actor is the L2 source behind at least 80 % of the keys, else nobody: random source addresses are forged. */
#include "hypothesis.h"
#include "leaselog.h"
#include "rates.h"
#include "vantage.h"

/* RFC 5227: a host probes its address within 1 s of the lease and has announced it within 9 s. */
#define LIFE_WAIT (10 * TS_SEC)
/* RFC 2131 4.1: a client repeats after 4 s give or take one. */
#define OFFER_WAIT  (5 * TS_SEC)
#define ATTACK_LIFE (10 * TS_MIN)

enum {
	EXHAUST_ROW = 3,
	EXHAUST_BASE = 5,
	STOCK_LEAST = 5,
	STOCK_UNKNOWN = 25,
	NOOFFER_CLIENTS = 30,
	SHARE_SAMPLES = 20
};

/* ---- attacks: (family, actor) pairs that facts are raised for ---- */
static struct actor
actor_of(struct engine *e, bool named, struct mac m)
{
	struct actor a = { .has_mac = named, .mac = m };
	struct rates_seg *rs = rates_of(e, e->seg);

	if (named)
		return a;
	memset(&a.mac, 0, sizeof(a.mac));
	a.scope = rs->own.a.fam ? rs->own : (struct prefix){ addr4(0, 0, 0, 0), 0 };
	return a;
}

static bool
same_actor(const struct actor *a, const struct actor *b)
{
	return a->has_mac == b->has_mac && mac_eq(a->mac, b->mac) && addr_eq(a->scope.a, b->scope.a) &&
	       a->scope.len == b->scope.len;
}

/* A client that was refused (a sign of life, no OFFER for 5 s) suffers from every attack of the segment. */
static void
add_refused(struct engine *e, const struct attack *a, struct mac m)
{
	struct hyp *h = hyp_find(e, a->family, e->seg, &a->actor);

	if (h == NULL || (a->actor.has_mac && mac_eq(a->actor.mac, m)))
		return;
	struct hyp_victim *v = hyp_victim_get(h, true, m, (struct addr){ 0 }, e->now);
	if (v && v->grade < E2) {
		v->grade = E2;
		hyp_touch(e, h);
	}
}

/* The entry of the fact's attack, a new one in place of the oldest. */
static struct attack *
attack_note(struct engine *e, const struct fact *f, bool *fresh)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	struct attack *at = &rs->attack[0];

	*fresh = true;
	for (size_t i = 0; i < ATTACKS && *fresh; i++) {
		struct attack *a = &rs->attack[i];
		*fresh = !(a->last && a->family == f->family && same_actor(&a->actor, &f->actor));
		if (!*fresh || a->last < at->last)
			at = a;
	}
	if (*fresh)
		*at = (struct attack){ .family = f->family, .actor = f->actor };
	at->last = e->now;
	at->hard |= (f->flags & FF_HARD) != 0;
	at->rate |= f->id == F_D4_RATE;
	return at;
}

static void
impact(struct engine *e, const struct attack *a, uint8_t id)
{
	fact_raise(
		e,
		&(struct fact){
			.id = id, .family = a->family, .grade = E0, .flags = FF_IMPACT, .actor = a->actor });
}

/* Tool traits (DETECTIONS.md 12): a message with nothing but its type is one tool's when all share a transaction id, and
 * another's when one source takes leases. */
static const char BARE[] = "";

static const char *
hint_of(struct engine *e, const struct fact *f)
{
	const struct rates_seg *rs = rates_of(e, e->seg);

	if (rs->hint == NULL || e->now - rs->hint_at > TS_MIN)
		return NULL;
	if (rs->hint != BARE)
		return rs->hint;
	if (f->id == F_D4_XID)
		return "yersinia";
	return f->id == F_D4_FANOUT && f->family == FAM_D4_STARVATION ? "dhcpstarv" : NULL;
}

/* Raises a fact of an attack.  The server that answered the keys is a victim, else the one the segment has. */
static void
attack(struct engine *e, struct fact *f, struct mac server)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	bool fresh;

	if (mac_zero(server))
		server = rs->server;
	if (!mac_zero(server)) {
		f->has_victim = true;
		f->victim = server;
		f->victim_addr = mac_eq(server, rs->server) ? rs->server_id : (struct addr){ 0 };
	}
	f->hint = hint_of(e, f);
	struct attack *a = attack_note(e, f, &fresh);
	fact_raise(e, f);
	if (!fresh)
		return;
	if (rs->exhausted && e->now - rs->exhausted < TS_HOUR)
		impact(e, a, F_D4_EXHAUSTED);
	if (rs->nooffer_at && e->now - rs->nooffer_at < TS_HOUR)
		impact(e, a, F_D4_NOOFFER);
	for (size_t i = 0; i < REFUSED && i < rs->nrefused; i++)
		if (e->now - rs->refused[i].at < ATTACK_LIFE)
			add_refused(e, a, rs->refused[i].mac);
}

static uint8_t
family_of(bool leased)
{
	return leased ? FAM_D4_STARVATION : FAM_D4_FLOOD;
}

/* V_ARP, its short form included: it serves facts (DETECTIONS.md 1.2). */
static bool
sees_life(struct engine *e)
{
	uint32_t samples;
	unsigned share = vantage_share(e, e->seg, VB_ARP, &samples);

	return samples >= SHARE_SAMPLES ? share >= 90 : vantage_arp_short(e, e->seg);
}

static bool
under_attack(struct engine *e)
{
	const struct rates_seg *rs = rates_of(e, e->seg);

	for (size_t i = 0; i < ATTACKS; i++)
		if (rs->attack[i].last && e->now - rs->attack[i].last < ATTACK_LIFE)
			return true;
	return false;
}

/* ---- D4-GHOST, D4-STOCK ---- */
static void
ghost_raise(struct engine *e, bool leased, struct mac server)
{
	struct mac m = { { 0 } };
	bool named = sources_main(&rates_of(e, e->seg)->ghosts[leased ? LEASE : NO_LEASE].src, &m);
	struct fact f = { .id = F_D4_GHOST,
			  .family = family_of(leased),
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = actor_of(e, named, m) };

	if (!off(e, "D4-GHOST"))
		attack(e, &f, server);
}

/* Where the clients of the segment have their addresses. */
static struct prefix
subnet_of(const struct rates_seg *rs)
{
	return rs->own.a.fam ? rs->own : (struct prefix){ rs->low, 24 };
}

static uint32_t
fifth_of(uint32_t pool)
{
	uint32_t fifth = pool / 5 + (pool % 5 != 0);
	return fifth < STOCK_LEAST ? STOCK_LEAST : fifth;
}

/* The pool is what seven days of leases spanned; before that it is unknown.  What a declared server tells of its scope lowers the
 * limit and never raises it: a fact that was raised must not depend on when the event came. */
static uint32_t
stock_limit(struct engine *e, const struct rates_seg *rs)
{
	struct cursor lo = cur_all(bytes_of(rs->low.b, 4)), hi = cur_all(bytes_of(rs->high.b, 4));
	bool span = rs->first_lease != 0 && e->now - rs->first_lease >= 7 * TS_DAY;
	uint32_t limit = span ? fifth_of(cur_be32(&hi) - cur_be32(&lo) + 1) : STOCK_UNKNOWN;
	uint32_t pool = rs->stock >= STOCK_LEAST ? leaselog_pool(e, subnet_of(rs)) : 0;

	return pool && fifth_of(pool) < limit ? fifth_of(pool) : limit;
}

/* Leases run out without telling, so the count is made anew when it matters, at most each 10 s. */
static void
stock_check(struct engine *e, struct mac server)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	struct ledger *l = e->ledger;
	struct sources src = { .total = 0 };
	uint32_t n = 0, limit = stock_limit(e, rs);
	struct mac m = { { 0 } };

	if (rs->stock < limit || e->now - rs->stock_counted < 10 * TS_SEC || off(e, "D4-STOCK"))
		return;
	rs->stock_counted = e->now;
	for (const struct d4_lease *x = table_next(&l->leases, NULL); x; x = table_next(&l->leases, x)) {
		if (!x->ghost || x->seg != e->seg->ix || x->expires <= e->now)
			continue;
		n++;
		sources_add(&src, x->l2);
	}
	rs->stock = n;
	if (n < limit)
		return;
	bool named = sources_main(&src, &m);
	struct fact f = { .id = F_D4_STOCK,
			  .family = FAM_D4_STARVATION,
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = actor_of(e, named, m) };
	attack(e, &f, server);
}

/* A server told of its scope since the last lease. */
static void
stock_told(struct engine *e)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	uint32_t pool = rs->stock >= STOCK_LEAST ? leaselog_pool(e, subnet_of(rs)) : 0;

	if (pool == 0 || pool == rs->stock_pool)
		return;
	rs->stock_pool = pool;
	rs->stock_counted = 0;
	stock_check(e, rs->server);
}

/* ---- D4-FANOUT ---- */
static void
fan_judge(struct engine *e, const struct d4_client *c, const struct fan_item *it)
{
	bool many = fan_add(e, e->seg, c->l2, it);

	if (!many || off(e, "D4-FANOUT"))
		return;
	struct fact f = { .id = F_D4_FANOUT,
			  .family = family_of(it->leased),
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = actor_of(e, !mac_group(c->l2) && !mac_zero(c->l2), c->l2) };
	attack(e, &f, c->server);
}

/* ---- what the wait is over for ---- */
static void
run_judged(struct engine *e, bool alive)
{
	struct rates_seg *rs = rates_of(e, e->seg);

	rates_quiet_add(rs, e->now, alive);
	if (rs->run_judged < rs->run_keys) {
		rs->run_judged++;
		rs->run_alive += alive;
	}
}

/* What belongs to an attack, or may, says nothing of the usual: a lease counts when the sum is back at rest. */
static void
usual_ghosts(struct engine *e, bool ghost)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	bool attacked = under_attack(e), rest = rs->ghosts[LEASE].s <= 0;

	if (!attacked) {
		rs->doubt_leases++;
		rs->doubt_ghosts += ghost;
	}
	if (!attacked && rest) {
		rs->known_leases += rs->doubt_leases;
		rs->known_ghosts += rs->doubt_ghosts;
	}
	if (attacked || rest)
		rs->doubt_leases = rs->doubt_ghosts = 0;
}

static void
judge_lease(struct engine *e, const struct due *d)
{
	struct d4_lease *l = ledger_lease(e, e->seg, d->addr);
	struct d4_client *c = ledger_client(e, &d->key);

	if (l == NULL || c == NULL || l->acked != d->since || !ledger_key_eq(&l->owner, &d->key))
		return;
	bool alive = ledger_alive(e, l), is_new = c->flags & D4C_NEW;
	if (l->tested && !is_new && !under_attack(e))
		vantage_sample(e, e->seg, VB_ARP, alive);
	if (!l->tested || !is_new || (!alive && !sees_life(e)))
		return;
	if (!(c->flags & D4C_JUDGED)) {
		c->flags |= D4C_JUDGED;
		run_judged(e, alive);
		l->unused = !alive;
		fan_judge(e, c, &(struct fan_item){ l->acked, c->mac, d->key.cid, true, !alive });
	}
	if (!alive && (l->excess || (c->flags & D4C_CLONE)))
		return;
	struct rates_seg *rs = rates_of(e, e->seg);
	bool alarm = ghosts_add(rs, LEASE, !alive, l->l2);
	usual_ghosts(e, !alive);
	if (alive)
		return;
	l->ghost = true;
	rs->stock++;
	if (alarm)
		ghost_raise(e, true, l->server);
	stock_check(e, l->server);
}

static void
judge_client(struct engine *e, const struct due *d)
{
	struct d4_client *c = ledger_client(e, &d->key);

	if (c == NULL)
		return;
	struct circuit *cc = c->circuit ? table_get(&e->rates->circuits, &c->circuit, e->now, NULL) : NULL;
	bool leased = c->flags & D4C_LEASED;
	if (cc && circuit_add(cc, leased, d->since) && !off(e, "D4-CIRCUIT")) {
		struct fact f = { .id = F_D4_CIRCUIT,
				  .family = family_of(leased),
				  .grade = E1,
				  .actor = actor_of(e, false, c->l2) };
		attack(e, &f, c->server);
	}
	if (leased || !(c->flags & D4C_TESTED) || (c->flags & D4C_JUDGED))
		return;
	bool alive = ledger_client_alive(e, e->seg, c);
	if (!alive && !sees_life(e))
		return;
	c->flags |= D4C_JUDGED | (alive ? 0 : D4C_UNUSED);
	run_judged(e, alive);
	fan_judge(e, c, &(struct fan_item){ c->first, c->mac, d->key.cid, false, !alive });
	bool ghost = !alive && (c->flags & D4C_OFFERED) && !(c->flags & (D4C_REQUESTED | D4C_CLONE));
	if ((ghost || alive) && ghosts_add(rates_of(e, e->seg), NO_LEASE, ghost, c->l2) && ghost)
		ghost_raise(e, false, c->server);
}

/* ---- offers: D4-NOOFFER, D4-EXHAUSTED, refused clients ---- */
static void
refused(struct engine *e, const struct d4_client *c)
{
	struct rates_seg *rs = rates_of(e, e->seg);

	if (!ledger_client_alive(e, e->seg, c))
		return;
	rs->refused[rs->nrefused % REFUSED].mac = c->mac;
	rs->refused[rs->nrefused % REFUSED].at = e->now;
	rs->nrefused++;
	for (size_t i = 0; i < ATTACKS; i++)
		if (rs->attack[i].last && e->now - rs->attack[i].last < ATTACK_LIFE)
			add_refused(e, &rs->attack[i], c->mac);
}

static void
impact_all(struct engine *e, uint8_t id, uint8_t family)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	bool any = false;

	for (size_t i = 0; i < ATTACKS; i++)
		if (rs->attack[i].last && e->now - rs->attack[i].last < TS_HOUR) {
			impact(e, &rs->attack[i], id);
			any = true;
		}
	if (!any)
		fact_raise(e, &(struct fact){ .id = id,
					      .family = family,
					      .grade = E0,
					      .flags = FF_IMPACT,
					      .actor = actor_of(e, false, rs->server) });
}

/* Three client keys in a row without OFFER, after nearly all of the hour before had one, while the server still talks. */
static void
row_add(struct engine *e, struct d4_client *c, ts_t asked)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	uint32_t last60[2], hour[2];

	if (rs->row == 0) {
		offers_sum(rs, e->now, last60, hour);
		rs->row_since = asked;
		rs->row_asked = hour[0];
		rs->row_answered = hour[1];
		rs->row_told = false;
		rs->row = 1;
	} else if (c->refused_at < rs->row_since) {
		rs->row++;
	}
	c->refused_at = e->now;
	struct host *server = mac_zero(rs->server) ? NULL : host_find(e, e->seg, rs->server);
	if (rs->row < EXHAUST_ROW || rs->row_told || rs->row_asked < EXHAUST_BASE ||
	    rs->row_answered * 10 < rs->row_asked * 9 || server == NULL || server->last < rs->row_since ||
	    off(e, "D4-EXHAUSTED"))
		return;
	rs->row_told = true;
	rs->exhausted = e->now;
	impact_all(e, F_D4_EXHAUSTED, FAM_D4_STARVATION);
}

static void
judge_offer(struct engine *e, const struct due *d)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	struct d4_client *c = ledger_client(e, &d->key);

	if (c == NULL)
		return;
	bool answered = c->answered >= d->since;
	if (!answered)
		c->waiting = 0;
	if (!(c->flags & D4C_NEW) && !under_attack(e)) {
		vantage_sample(e, e->seg, VB_S4, answered);
		if (!answered && !mac_zero(c->mac))
			vantage_unanswered(e, e->seg, VB_S4, c->mac, 0, d->since);
	}
	answered |= c->selected >= d->since; /* the mirror missed a unicast OFFER */
	if (answered)
		rs->row = 0;
	else
		row_add(e, c, d->since);
	if (c->counted_at == 0 || d->at - c->counted_at >= TS_MIN) {
		c->counted_at = d->at;
		offers_add(rs, d->at, answered);
	}
	if (!answered)
		refused(e, c);
}

static void
nooffer_check(struct engine *e)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	uint32_t last60[2], hour[2];

	offers_sum(rs, e->now, last60, hour);
	bool now = last60[0] >= NOOFFER_CLIENTS && last60[1] * 5 < last60[0];
	if (!now) {
		rs->nooffer = false;
		return;
	}
	uint32_t asked = hour[0] > last60[0] ? hour[0] - last60[0] : 0,
		 got = hour[1] > last60[1] ? hour[1] - last60[1] : 0;
	if (rs->nooffer || asked < SHARE_SAMPLES || got * 100 < asked * 95 ||
	    !vantage_has(e, e->seg, VB_S4) || off(e, "D4-NOOFFER"))
		return;
	rs->nooffer = true;
	rs->nooffer_at = e->now;
	impact_all(e, F_D4_NOOFFER, FAM_D4_FLOOD);
}

/* ---- D4-RATE and what explains it ---- */
static void
rate_raise(struct engine *e)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	struct mac m = { { 0 } };
	bool named = sources_main(&rs->rate_src, &m);
	struct fact f = { .id = F_D4_RATE,
			  .family = FAM_D4_FLOOD,
			  .grade = E0,
			  .flags = FF_OPENS,
			  .actor = actor_of(e, named, m) };

	rs->rate_alarm = true;
	rs->quiet_told = false;
	if (!off(e, "D4-RATE"))
		attack(e, &f, (struct mac){ { 0 } });
}

/* A boot storm: everybody is somebody.  L2 source equal to chaddr shows nothing, a forger sets both. */
static void
quiet_check(struct engine *e)
{
	struct rates_seg *rs = rates_of(e, e->seg);

	if (!rs->rate_alarm || rs->quiet_told || rs->run_judged < rs->run_keys ||
	    rs->run_alive * 10 < rs->run_judged * 9 || off(e, "D4-QUIET"))
		return;
	rs->quiet_told = true;
	for (size_t i = 0; i < ATTACKS; i++)
		if (rs->attack[i].last && rs->attack[i].rate && !rs->attack[i].hard)
			fact_raise(e, &(struct fact){ .id = F_DHCP_QUIET,
						      .family = rs->attack[i].family,
						      .grade = E0,
						      .flags = FF_EXPLAINS,
						      .actor = rs->attack[i].actor });
}

static void
rate_check(struct engine *e)
{
	if (rate_turn(rates_of(e, e->seg), e->now))
		rate_raise(e);
}

/* ---- one message ---- */
static const char *
client_hint(const struct dhcp4 *d)
{
	static const uint8_t pig[] = { 1, 121, 3, 6, 15, 119, 252, 95, 44, 46 };
	struct bytes params = dhcp4_opt(d, D4O_PARAMS);

	if (bytes_eq(params, bytes_of(pig, sizeof(pig))))
		return "DHCPig";
	return d->nopt == 1 ? BARE : NULL;
}

static void
wait_for(struct engine *e, struct due_ring *q, ts_t wait, uint8_t kind, const struct d4_now *n, ts_t since)
{
	struct due d = { .at = e->now + wait,
			 .since = since,
			 .kind = kind,
			 .key = n->key,
			 .addr = n->yiaddr,
			 .ref = { e->o->file, e->o->frame } };
	(void)due_push(e->rates, q, &d);
}

static void
new_client(struct engine *e, const struct dhcp4 *d, const struct d4_now *n)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	const char *hint = client_hint(d);

	rate_check(e);
	rs->bucket_keys++;
	rs->run_keys++;
	sources_add(&rs->rate_src, n->router || n->relay ? (struct mac){ { 0 } } : n->c->l2);
	if (hint) {
		rs->hint = hint;
		rs->hint_at = e->now;
	}
	if ((n->c->flags & D4C_TESTED) || n->c->circuit)
		wait_for(e, &e->rates->life, LIFE_WAIT, DUE_CLIENT, n, n->c->first);
}

static void
keys_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = &e->ledger->now;

	if (!n->ok || n->c == NULL)
		return;
	if (n->c->circuit)
		circuit_heard(e, n->c->circuit);
	if (n->new_client)
		new_client(e, &o->u.dhcp4, n);
	if (!n->server && o->u.dhcp4.msg_type == D4_DISCOVER && n->c->waiting == 0) {
		n->c->waiting = e->now;
		wait_for(e, &e->rates->offer, OFFER_WAIT, DUE_CLIENT, n, e->now);
	}
	if (n->new_lease)
		wait_for(e, &e->rates->life, LIFE_WAIT, DUE_LEASE, n, n->lease->acked);
	else if (n->lease && n->lease->tested && !n->lease->ghost && !(n->c->flags & D4C_NEW) &&
		 !under_attack(e))
		vantage_sample(e, e->seg, VB_ARP, ledger_alive(e, n->lease));
}

static void
due_all(struct engine *e, ts_t now)
{
	struct due d;
	/* a fact found by waiting points to the message that was waited for */
	struct obs at = { .kind = OBS_DHCP4 };

	while (due_pop(&e->rates->life, now, &d)) {
		at.ts = d.since;
		at.file = d.ref.file;
		at.frame = d.ref.frame;
		e->o = &at;
		e->seg = e->segment_at[d.key.seg];
		if (d.kind == DUE_LEASE)
			judge_lease(e, &d);
		else
			judge_client(e, &d);
	}
	while (due_pop(&e->rates->offer, now, &d)) {
		at.ts = d.since;
		at.file = d.ref.file;
		at.frame = d.ref.frame;
		e->o = &at;
		e->seg = e->segment_at[d.key.seg];
		judge_offer(e, &d);
	}
}

static void
keys_tick(struct engine *e, ts_t now)
{
	struct segment *seg = e->seg;
	const struct obs *o = e->o;

	due_all(e, now);
	e->o = NULL;
	for (uint16_t i = 0; i < e->nsegment; i++) {
		e->seg = e->segment_at[i];
		rate_check(e);
		quiet_check(e);
		stock_told(e);
		nooffer_check(e);
	}
	e->seg = seg;
	e->o = o;
}

/* ---- D4-BADMAC: RFC 7042 2.1, a station's own address never has the group bit ---- */
static void
bad_note(struct engine *e, struct mac m, struct mac l2)
{
	struct rates_seg *rs = rates_of(e, e->seg);
	size_t at = 0;

	for (size_t i = 0; i < BAD_MACS; i++) {
		if (rs->bad[i].at && mac_eq(rs->bad[i].mac, m)) {
			at = i;
			break;
		}
		if (rs->bad[i].at < rs->bad[at].at)
			at = i;
	}
	rs->bad[at].mac = m;
	rs->bad[at].l2 = l2;
	rs->bad[at].at = e->now;
}

static void
badmac_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = &e->ledger->now;
	struct rates_seg *rs = rates_of(e, e->seg);
	struct mac l2 = n->l2;
	bool one = !n->router && !n->relay;

	if (!n->ok || n->server || !n->has_mac || (o->flags & OBS_NO_ETHER))
		return;
	if (!mac_group(n->chaddr) && !mac_zero(n->chaddr) && !mac_group(l2))
		return;
	if (mac_group(n->chaddr) || mac_zero(n->chaddr))
		bad_note(e, n->chaddr, l2);
	if (mac_group(l2))
		bad_note(e, l2, l2);
	for (size_t i = 0; i < BAD_MACS; i++) {
		if (rs->bad[i].at == 0 || e->now - rs->bad[i].at > TS_MIN)
			return;
		one &= mac_eq(rs->bad[i].l2, l2);
	}
	struct fact f = { .id = F_D4_BADMAC,
			  .family = FAM_D4_FLOOD,
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = actor_of(e, one && !mac_group(l2), l2) };
	attack(e, &f, n->c ? n->c->server : (struct mac){ { 0 } });
}

/* ---- D4-XID: RFC 2131 4.4.1, a client chooses its own transaction id at random ---- */
static void
xid_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = &e->ledger->now;
	const struct dhcp4 *d = &o->u.dhcp4;
	struct {
		uint32_t xid;
		uint16_t seg, zero;
	} k = { d->xid, e->seg->ix, 0 };

	if (!n->ok || n->server || !n->has_mac || (d->msg_type != D4_DISCOVER && d->msg_type != D4_REQUEST))
		return;
	/* a relay is no single source: behind it stand the clients */
	bool relayed = n->router || n->relay || (o->flags & OBS_NO_ETHER);
	struct xid_use *x = table_get(&e->rates->xids, &k, e->now, NULL);
	if (x == NULL || !xid_add(x, n->chaddr, relayed ? n->chaddr : n->l2, e->now))
		return;
	bool one = !relayed && !mac_group(n->l2);
	for (size_t i = 0; i < XID_CHADDRS; i++)
		one &= mac_eq(x->l2[i], n->l2);
	struct fact f = { .id = F_D4_XID,
			  .family = FAM_D4_FLOOD,
			  .grade = E1,
			  .flags = FF_HARD,
			  .actor = actor_of(e, one, n->l2) };
	attack(e, &f, n->c ? n->c->server : (struct mac){ { 0 } });
}

/* ---- D4-DECL: somebody answers each new client's probe, so that it declines (RFC 5227 2.1.1) ---- */
static void
decl_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = &e->ledger->now;
	struct rates_seg *rs = rates_of(e, e->seg);
	struct mac answerer = { { 0 } };
	uint32_t declines = 0, chaddrs = 0, answered = 0;

	if (!n->ok || n->server || o->u.dhcp4.msg_type != D4_DECLINE)
		return;
	struct addr addr = dhcp4_opt_addr(&o->u.dhcp4, D4O_REQUESTED_IP);
	struct binding *b = binding_find(e, e->seg, addr);
	if (b && b->src == BIND_ARP && !mac_eq(b->mac, n->chaddr))
		answerer = b->mac;
	size_t at = rs->ndeclined++ % DECLINES;
	rs->declined[at].chaddr = n->chaddr;
	rs->declined[at].answerer = answerer;
	rs->declined[at].addr = addr;
	rs->declined[at].at = e->now;
	for (size_t i = 0; i < DECLINES && i < rs->ndeclined; i++) {
		if (e->now - rs->declined[i].at > 10 * TS_MIN)
			continue;
		bool again = false, known = mac_zero(answerer) || !mac_eq(rs->declined[i].answerer, answerer);
		for (size_t k = 0; k < i; k++) {
			bool lately = e->now - rs->declined[k].at <= 10 * TS_MIN;
			again |= lately && mac_eq(rs->declined[k].chaddr, rs->declined[i].chaddr);
			/* one address in use by its owner is declined by every client that is offered it */
			known |= lately && mac_eq(rs->declined[k].answerer, answerer) &&
				 addr_eq(rs->declined[k].addr, rs->declined[i].addr);
		}
		declines++;
		chaddrs += !again;
		answered += !known;
	}
	if (declines < 5 || chaddrs < 3)
		return;
	bool one = answered >= 3 && !mac_group(answerer);
	struct fact f = { .id = F_D4_DECL,
			  .family = FAM_D4_STARVATION,
			  .grade = one ? E1 : E0,
			  .actor = actor_of(e, one, answerer) };
	if (one)
		attack(e, &f, (struct mac){ { 0 } });
	else
		fact_raise(e, &f);
}

/* ---- D4-REL: RFC 2131 4.4.6, a client gives back its own lease ---- */
/* A TTL that a router has counted down says that the L2 source is that router's. */
static bool
from_here(struct engine *e, const struct obs *o, const struct d4_now *n)
{
	uint8_t ttl = o->inner.hop_limit;

	if (n->router || n->relay || auth_bridge(e, n->l2) || !addr_zero(o->u.dhcp4.giaddr) ||
	    (o->flags & OBS_NO_ETHER))
		return false;
	return auth_declared(e, e->seg, SVC_ROUTER) || ttl == 64 || ttl == 128 || ttl == 255;
}

static void
rel_detect(struct engine *e, const struct obs *o)
{
	const struct d4_now *n = &e->ledger->now;
	const struct dhcp4 *d = &o->u.dhcp4;
	struct mac holder = { { 0 } };

	if (!n->ok || n->server || (d->msg_type != D4_RELEASE && d->msg_type != D4_DECLINE) ||
	    !from_here(e, o, n))
		return;
	struct addr a = addr_zero(d->ciaddr) ? dhcp4_opt_addr(d, D4O_REQUESTED_IP) : d->ciaddr;
	struct binding *b = binding_find(e, e->seg, a);
	if (n->had_lease && n->before.expires > e->now && !mac_eq(n->before.l2, n->l2))
		holder = n->before.mac;
	else if (!n->had_lease && d->msg_type == D4_RELEASE && b && b->src >= BIND_ND &&
		 mac_eq(b->mac, n->chaddr))
		holder = b->mac; /* a lease older than the capture */
	/* behind a bridge that rewrites sources the holder was never seen itself */
	struct host *h = mac_zero(holder) || mac_eq(holder, n->l2) ? NULL : host_find(e, e->seg, holder);
	if (h == NULL || h->last == 0)
		return;
	struct fact f = { .id = F_D4_REL,
			  .family = FAM_D4_STARVATION,
			  .grade = E1,
			  .actor = actor_of(e, !mac_group(n->l2), n->l2),
			  .has_victim = true,
			  .victim = holder,
			  .victim_addr = a,
			  .key = a };
	bool fresh;
	(void)attack_note(e, &f, &fresh);
	fact_raise(e, &f);
}

#define ROW(id_, fact_, fam_, grade_, flags_, about_, attack_, ...)                                          \
	{                                                                                                    \
		.id = id_, .fact = fact_, .family = fam_, .grade = grade_, .flags = flags_, .about = about_, \
		.attack = attack_, __VA_ARGS__                                                               \
	}

/* clang-format off */
const struct detector detectors_rates[] = {
	ROW("D4-KEYS", F_NONE, FAM_D4_FLOOD, E0, 0, ABOUT_RATE, "T1499.002", .on = ON(OBS_DHCP4),
		.detect = keys_detect, .tick = keys_tick,
	    .explain = "Watches DHCPv4 clients: who is new, who gets an offer, who shows a sign of life after its lease. The rows"
		       " FANOUT, CIRCUIT, GHOST, STOCK, RATE, NOOFFER and EXHAUSTED rest on it."),
	ROW("D4-FANOUT", F_D4_FANOUT, FAM_D4_STARVATION, E1, FF_HARD, ABOUT_SOURCE, "T1499.002",
	    .explain = "One station asks for addresses in the name of many clients, and at least four in five of them "
		"never appear on"
		       " the wire. Exhausts the pool or keeps the server busy. Check which switch port the MAC is on. "
			"Known benign:"
		       " a bridge that rewrites source addresses and whose clients are silent; declare it under bridges."),
	ROW("D4-CIRCUIT", F_D4_CIRCUIT, FAM_D4_STARVATION, E1, 0, ABOUT_SOURCE, "T1499.002",
	    .explain = "A relay's circuit (option 82) that used to bring at most three new clients a day brings "
		"many at once. The"
		       " circuit names the switch port to look at. Known benign: an access point or a switch newly "
			"attached there."),
	ROW("D4-GHOST", F_D4_GHOST, FAM_D4_STARVATION, E1, FF_HARD, ABOUT_SOURCE, "T1499.002",
	    .explain = "New clients take leases, or ask and never take one, and show no other frame: no ARP probe, no "
		"announcement, no"
		       " traffic. Hosts do that within ten seconds. Finds slow attacks too. Known benign: machines "
			"put to sleep right"
		       " after their lease."),
	ROW("D4-STOCK", F_D4_STOCK, FAM_D4_STARVATION, E1, FF_HARD, ABOUT_SOURCE, "T1499.002",
	    .explain = "A considerable part of the pool is leased to clients that never showed a sign of life. "
		"Compare with the server's"
		       " lease list, clear what nobody uses, and limit clients per port."),
	ROW("D4-RATE", F_D4_RATE, FAM_D4_FLOOD, E0, FF_OPENS, ABOUT_RATE, "T1499.002",
	    .explain = "More new DHCPv4 clients than this segment usually has at this hour. Alone it says little: a "
		"power restore, an"
		       " event with guests or a new access point look the same."),
	ROW("D4-NOOFFER", F_D4_NOOFFER, FAM_D4_FLOOD, E0, FF_IMPACT, ABOUT_RATE, "T1499.002",
	    .explain = "Most clients that ask get no offer any more, though nearly all did in the hour before. A "
		"stopped server looks"
		       " the same: this is the effect, not the cause."),
	ROW("D4-EXHAUSTED", F_D4_EXHAUSTED, FAM_D4_STARVATION, E0, FF_IMPACT, ABOUT_RATE, "T1499.002",
	    .explain = "Clients in a row get no offer while the server is still on the wire: its pool is probably "
		"empty. Look at the"
		       " scope's statistics on the server."),
	ROW("D4-QUIET", F_DHCP_QUIET, FAM_D4_FLOOD, E0, FF_EXPLAINS, ABOUT_RATE, "",
	    .explain = "Nearly all of the counted clients show a sign of life: real hosts that started together."),
	ROW("D4-BADMAC", F_D4_BADMAC, FAM_D4_FLOOD, E1, FF_HARD, ABOUT_SHAPE, "T1499.002", .on = ON(OBS_DHCP4),
		.detect = badmac_detect,
	    .explain = "Several different hardware addresses with the group bit ask for leases. No adapter has such "
		"an address; a random"
		       " generator hits it half the time. Known benign: one blank adapter, which repeats one address."),
	ROW("D4-XID", F_D4_XID, FAM_D4_FLOOD, E1, FF_HARD, ABOUT_TRANSACTION, "T1499.002", .on = ON(OBS_DHCP4),
		.detect = xid_detect,
	    .explain = "Many clients use one transaction id within a minute: one program speaks for them all. Known "
		"benign: boot ROMs"
		       " that reuse an id, which is why one source or forged addresses are asked for."),
	ROW("D4-DECL", F_D4_DECL, FAM_D4_STARVATION, E1, 0, ABOUT_CLAIM, "T1499.002", .on = ON(OBS_DHCP4), .detect = decl_detect,
	    .explain = "Clients decline address after address because one station answers their ARP probes; declined "
		"addresses are lost"
		       " to the pool. Without such a station it is a clash with static addresses."),
	ROW("D4-REL", F_D4_REL, FAM_D4_STARVATION, E1, 0, ABOUT_ADDRESS, "T1499.002", .on = ON(OBS_DHCP4), .detect = rel_detect,
	    .explain = "A station gives back or declines a lease that belongs to another one, so that the server "
		"gives it away. Known"
		       " benign: DHCP proxies of wireless controllers; declare them as relays."),
	{ 0 },
};
/* clang-format on */
