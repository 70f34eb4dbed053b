#include "rates.h"
#include "hypothesis.h"
#include "snapshot.h"

/* DETECTIONS.md 4: p0 = 5 % of legitimate leases show no sign of life in time, p1 = 80 % of an attacker's; the steps are
 * ln(p1/p0) and ln((1-p1)/(1-p0)).  Where the measured share is higher, p0 is twice that: one row for each 5 %. */
static const struct {
	double ghost, other;
} step[] = {
	{ 2.7726, -1.5581 }, { 2.0794, -1.5041 }, { 1.6740, -1.4469 }, { 1.3863, -1.3863 },
	{ 1.1632, -1.3218 }, { 0.9808, -1.2528 }, { 0.8267, -1.1787 }, { 0.6931, -1.0986 },
};
#define GHOST_ALARM 13.8
#define GHOST_CAP                                                                                            \
	41.4 /* three alarms: after an attack a dozen honest clients, not hundreds, bring it back to rest */

enum {
	SHARE_SAMPLES = 20,
	FANS = 4096,
	CIRCUITS = 4096,
	XIDS = 8192,
	MAIN_PERCENT = 80,
	CIRCUIT_MINUTE = 5,
	CIRCUIT_USUAL = 3, /* new keys a day */
};
#define FAN_LIFE     TS_HOUR
#define CIRCUIT_LIFE (30 * TS_DAY)
#define XID_LIFE     (60 * TS_SEC)

static const struct table_spec fans = { "dhcp4 sources", 8, sizeof(struct fan), FANS, FAN_LIFE };
static const struct table_spec circuits = { "dhcp4 circuits", sizeof(uint64_t), sizeof(struct circuit),
					    CIRCUITS, CIRCUIT_LIFE };
static const struct table_spec xids = { "dhcp4 transaction ids", 8, sizeof(struct xid_use), XIDS, XID_LIFE };

size_t
rates_bytes(const struct engine_conf *conf)
{
	return align16(sizeof(struct rates)) + align16(SEGMENTS_MAX * sizeof(struct rates_seg)) +
	       align16(table_bytes(&fans)) + align16(table_bytes(&circuits)) + align16(table_bytes(&xids)) +
	       2 * align16((size_t)ledger_clients(conf) * sizeof(struct due));
}

void
rates_open(struct engine *e, void *mem)
{
	struct rates *r = mem;
	char *p = (char *)mem + align16(sizeof(*r));
	uint32_t cap = ledger_clients(e->conf);

	e->rates = r;
	r->seg = (struct rates_seg *)(void *)p;
	p += align16(SEGMENTS_MAX * sizeof(struct rates_seg));
	table_open(&r->fans, &fans, p, e->key);
	p += align16(table_bytes(&fans));
	table_open(&r->circuits, &circuits, p, e->key);
	p += align16(table_bytes(&circuits));
	table_open(&r->xids, &xids, p, e->key);
	p += align16(table_bytes(&xids));
	r->life = (struct due_ring){ .v = (struct due *)(void *)p, .cap = cap };
	p += align16(cap * sizeof(struct due));
	r->offer = (struct due_ring){ .v = (struct due *)(void *)p, .cap = cap };
}

struct rates_seg *
rates_of(struct engine *e, const struct segment *s)
{
	return &e->rates->seg[s->ix];
}

/* ---- what falls due: a constant delay, so a queue is in order by itself ---- */
bool
due_push(struct rates *r, struct due_ring *q, const struct due *d)
{
	if (q->n == q->cap) {
		r->missed++;
		return false;
	}
	q->v[(q->head + q->n++) % q->cap] = *d;
	return true;
}

bool
due_pop(struct due_ring *q, ts_t now, struct due *d)
{
	if (q->n == 0 || q->v[q->head % q->cap].at > now)
		return false;
	*d = q->v[q->head++ % q->cap];
	q->n--;
	return true;
}

/* ---- who is behind it ---- */
void
sources_add(struct sources *s, struct mac m)
{
	size_t least = 0;

	s->total++;
	for (size_t i = 0; i < SRC_TOP; i++) {
		if (s->top[i].n && mac_eq(s->top[i].mac, m)) {
			s->top[i].n++;
			return;
		}
		if (s->top[i].n < s->top[least].n)
			least = i;
	}
	s->top[least].err = s->top[least].n;
	s->top[least].n++;
	s->top[least].mac = m;
}

bool
sources_main(const struct sources *s, struct mac *m)
{
	for (size_t i = 0; i < SRC_TOP; i++)
		if (s->total &&
		    (uint64_t)(s->top[i].n - s->top[i].err) * 100 >= (uint64_t)s->total * MAIN_PERCENT) {
			*m = s->top[i].mac;
			return !mac_group(*m) && !mac_zero(*m);
		}
	return false;
}

/* ---- ghosts ---- */
bool
ghosts_add(struct rates_seg *rs, unsigned kind, bool ghost, struct mac l2)
{
	struct ghosts *g = &rs->ghosts[kind];
	size_t row = 0;

	/* the usual share is learned of what brought the sum back to rest, so an attack does not teach itself */
	uint64_t percent = (uint64_t)rs->known_ghosts * 100, all = rs->known_leases;
	if (all >= SHARE_SAMPLES && percent > 5 * all)
		row = (size_t)((2 * percent + 5 * all - 1) / (5 * all)) -
		      1; /* rounded up: in doubt for the accused */
	if (row >= NELEM(step))
		row = NELEM(step) - 1;
	g->s += ghost ? step[row].ghost : step[row].other;
	if (g->s > GHOST_CAP)
		g->s = GHOST_CAP;
	if (g->s <= 0) {
		g->s = 0;
		g->src = (struct sources){ .total = 0 };
	} else if (ghost) {
		sources_add(&g->src, l2);
	}
	return g->s > GHOST_ALARM;
}

static struct fan *
fan_of(struct engine *e, uint16_t seg, struct mac l2, bool make)
{
	struct fan_key k;

	memset(&k, 0, sizeof(k));
	k.seg = seg;
	k.mac = l2;
	return make ? table_get(&e->rates->fans, &k, e->now, NULL) : table_peek(&e->rates->fans, &k);
}

static void
fan_take_back(struct fan *f, const struct d4_lease *lease)
{
	for (size_t i = 0; i < FAN_RING && i < f->nring; i++)
		if (f->ring[i].at == lease->acked && f->ring[i].cid == lease->owner.cid &&
		    mac_eq(f->ring[i].mac, lease->mac))
			f->ring[i].at = 0;
	for (size_t i = 0; i < FAN_SLOTS; i++)
		if (f->slot[i].unused) {
			f->slot[i].unused--;
			return;
		}
}

void
rates_revived(struct engine *e, const struct d4_lease *lease, bool alive)
{
	struct rates_seg *rs = &e->rates->seg[lease->seg];
	struct ghosts *g = &rs->ghosts[LEASE];

	if (lease->ghost) {
		rs->stock -= rs->stock > 0;
		rs->doubt_ghosts -= rs->doubt_ghosts > 0;
		g->s -= step[0].ghost - (alive ? step[0].other : 0);
		g->s = g->s < 0 ? 0 : g->s;
	}
	if (!alive || !lease->unused)
		return;
	if (rs->run_alive < rs->run_judged)
		rs->run_alive++;
	struct fan *f = fan_of(e, lease->seg, lease->l2, false);
	if (f)
		fan_take_back(f, lease);
}

/* ---- one source, many clients ---- */
static void
fan_turn(struct fan *f, ts_t now)
{
	int64_t slot = now / (5 * TS_MIN);

	for (int i = 0; f->slot_at < slot && i < FAN_SLOTS; i++, f->slot_at++)
		f->slot[(uint64_t)(f->slot_at + 1) % FAN_SLOTS].judged =
			f->slot[(uint64_t)(f->slot_at + 1) % FAN_SLOTS].unused = 0;
	f->slot_at = slot;
}

/* A chaddr that has spoken since leaves the ring. */
static bool
still_unused(struct engine *e, const struct segment *s, struct mac chaddr, uint64_t cid, bool leased)
{
	struct d4_client_key k;

	memset(&k, 0, sizeof(k));
	k.cid = cid;
	k.seg = s->ix;
	k.hlen = sizeof(chaddr.b);
	memcpy(k.chaddr, chaddr.b, sizeof(chaddr.b));
	struct d4_client *c = leased ? NULL : ledger_client(e, &k);
	return c == NULL || !ledger_client_alive(e, s, c);
}

static bool
fan_many(struct engine *e, const struct segment *s, struct fan *f, const struct fan_item *it)
{
	uint32_t minute = 0, hour = 0;

	for (size_t i = 0; i < FAN_RING && i < f->nring; i++) {
		ts_t age = it->at - f->ring[i].at;
		if (f->ring[i].at == 0 || f->ring[i].leased != it->leased || age > TS_HOUR)
			continue;
		if (!still_unused(e, s, f->ring[i].mac, f->ring[i].cid, it->leased)) {
			f->ring[i].at = 0;
			continue;
		}
		hour++;
		minute += age <= TS_MIN;
	}
	return minute >= 5 || hour >= 12;
}

bool
fan_add(struct engine *e, const struct segment *s, struct mac l2, const struct fan_item *it)
{
	struct fan *f = fan_of(e, s->ix, l2, true);
	uint32_t judged = 0, unused = 0;

	if (f == NULL)
		return false;
	fan_turn(f, e->now);
	size_t at = (uint64_t)f->slot_at % FAN_SLOTS;
	if (f->slot[at].judged == UINT16_MAX) { /* keeps the share, not the count */
		f->slot[at].judged /= 2;
		f->slot[at].unused /= 2;
	}
	f->slot[at].judged++;
	f->slot[at].unused = (uint16_t)(f->slot[at].unused + it->unused);
	if (!it->unused)
		return false;
	size_t r = f->nring++ % FAN_RING;
	f->ring[r].at = it->at;
	f->ring[r].mac = it->chaddr;
	f->ring[r].cid = it->cid;
	f->ring[r].leased = it->leased;
	for (size_t i = 0; i < FAN_SLOTS; i++) {
		judged += f->slot[i].judged;
		unused += f->slot[i].unused;
	}
	return (uint64_t)unused * 100 >= (uint64_t)judged * MAIN_PERCENT && fan_many(e, s, f, it);
}

/* ---- one circuit, many clients: only against its own history, for a trunk or an access point is always busy ---- */
void
circuit_heard(struct engine *e, uint64_t circuit)
{
	struct circuit *c = table_get(&e->rates->circuits, &circuit, e->now, NULL);

	if (c && c->first == 0)
		c->first = e->now;
}

static void
circuit_turn(struct circuit *c, ts_t at)
{
	int64_t day = at > c->first ? (at - c->first) / TS_DAY : 0;

	for (size_t i = 0; i < NELEM(c->day_keys) && c->day < day; i++)
		c->day_keys[++c->day % NELEM(c->day_keys)] = 0;
	c->day = day > c->day ? (uint32_t)day : c->day;
}

/* The whole days before the running one, in order of their keys; the mean of the two in the middle where they are even. */
static bool
circuit_quiet(const struct circuit *c)
{
	uint16_t sorted[CIRCUIT_DAYS];
	size_t n = 0;

	for (uint32_t back = 1; back <= CIRCUIT_DAYS && back <= c->day; back++) {
		uint16_t keys = c->day_keys[(c->day - back) % NELEM(c->day_keys)];
		size_t at = n++;
		for (; at > 0 && sorted[at - 1] > keys; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = keys;
	}
	return n > 0 && sorted[(n - 1) / 2] + sorted[n / 2] <= 2 * CIRCUIT_USUAL;
}

bool
circuit_add(struct circuit *c, bool leased, ts_t at)
{
	unsigned kind = leased ? LEASE : NO_LEASE;
	uint32_t minute = 0, hour = 0;

	circuit_turn(c, at);
	uint16_t *today = &c->day_keys[c->day % NELEM(c->day_keys)];
	*today = (uint16_t)(*today + (*today < UINT16_MAX));
	c->at[kind][c->n[kind]++ % CIRCUIT_KEYS] = at;
	for (size_t i = 0; i < CIRCUIT_KEYS && i < c->n[kind]; i++) {
		minute += at - c->at[kind][i] <= TS_MIN;
		hour += at - c->at[kind][i] <= TS_HOUR;
	}
	return (minute >= CIRCUIT_MINUTE || hour >= CIRCUIT_KEYS) && circuit_quiet(c);
}

/* ---- the capture was away ---- */
void
rates_outage(struct engine *e, ts_t away)
{
	struct table *t = &e->rates->circuits;

	for (struct circuit *c = table_next(t, NULL); c; c = table_next(t, c))
		if (c->first)
			c->first += away;
}

/* ---- one transaction id, many clients ---- */
bool
xid_add(struct xid_use *x, struct mac chaddr, struct mac l2, ts_t now)
{
	uint32_t distinct = 0;
	bool group = false, one = true;
	size_t at = XID_CHADDRS;

	for (size_t i = 0; i < XID_CHADDRS && i < x->n; i++)
		if (mac_eq(x->chaddr[i], chaddr))
			at = i;
	if (at == XID_CHADDRS)
		at = x->n++ % XID_CHADDRS;
	x->chaddr[at] = chaddr;
	x->l2[at] = l2;
	x->at[at] = now;
	for (size_t i = 0; i < XID_CHADDRS && i < x->n; i++) {
		distinct += now - x->at[i] <= TS_MIN;
		group |= mac_group(x->chaddr[i]) || mac_group(x->l2[i]);
		one &= mac_eq(x->l2[i], l2);
	}
	return distinct >= XID_CHADDRS && (group || one);
}

/* ---- new clients per time ---- */
/* Newton's method: correlate/ needs no libm. */
static double
root(double v)
{
	double r = v > 1 ? v : 1;

	for (int i = 0; i < 32; i++)
		r = (r + v / r) / 2;
	return r;
}

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

#define BUCKET	  (10 * TS_SEC)
#define LAM_LEAST .05

bool
rate_turn(struct rates_seg *rs, ts_t now)
{
	if (rs->bucket == 0) {
		rs->bucket = now / BUCKET;
		return false;
	}
	bool alarm = false;
	/* a long silence is at most an hour of empty buckets: the sum is back at rest by then */
	for (int n = 0; rs->bucket < now / BUCKET && n < 360; n++) {
		double *lam = &rs->lam[(uint64_t)(rs->bucket * 10 / 3600) % 24];
		double l = larger(*lam, LAM_LEAST), k = larger(.5, root(l));
		rs->rate_s += (double)rs->bucket_keys - l - k;
		/* EWMA over about a day of that hour: 360 buckets an hour */
		if (!rs->rate_alarm)
			*lam += ((double)rs->bucket_keys - *lam) / 360;
		bool came =
			rs->bucket_keys > 0; /* an empty bucket is no news, however high the sum still is */
		rs->bucket_keys = 0;
		rs->bucket++;
		if (rs->rate_s <= 0) {
			rs->rate_s = 0;
			rs->rate_src = (struct sources){ .total = 0 };
			rs->run_keys = rs->run_judged = rs->run_alive = 0;
			rs->rate_alarm = rs->quiet_told = false;
		}
		alarm |= came && rs->rate_s > larger(12, 12 * root(l));
	}
	rs->bucket = now / BUCKET;
	return alarm;
}

/* ---- who gets an OFFER ---- */
static void
offers_turn(struct rates_seg *rs, ts_t now)
{
	int64_t slot = now / (5 * TS_SEC), minute = now / TS_MIN;

	for (int i = 0; rs->slot_at < slot && i < OFFER_SLOTS; i++, rs->slot_at++)
		rs->slot[(uint64_t)(rs->slot_at + 1) % OFFER_SLOTS].asked =
			rs->slot[(uint64_t)(rs->slot_at + 1) % OFFER_SLOTS].answered = 0;
	for (int i = 0; rs->minute_at < minute && i < OFFER_MINUTES; i++, rs->minute_at++) {
		rs->minute[(uint64_t)(rs->minute_at + 1) % OFFER_MINUTES].asked = 0;
		rs->minute[(uint64_t)(rs->minute_at + 1) % OFFER_MINUTES].answered = 0;
	}
	rs->slot_at = slot > rs->slot_at ? slot : rs->slot_at;
	rs->minute_at = minute > rs->minute_at ? minute : rs->minute_at;
}

void
offers_add(struct rates_seg *rs, ts_t at, bool answered)
{
	offers_turn(rs, at);
	if (at / (5 * TS_SEC) > rs->slot_at - OFFER_SLOTS) {
		rs->slot[(uint64_t)(at / (5 * TS_SEC)) % OFFER_SLOTS].asked++;
		rs->slot[(uint64_t)(at / (5 * TS_SEC)) % OFFER_SLOTS].answered += answered;
	}
	if (at / TS_MIN > rs->minute_at - OFFER_MINUTES) {
		rs->minute[(uint64_t)(at / TS_MIN) % OFFER_MINUTES].asked++;
		rs->minute[(uint64_t)(at / TS_MIN) % OFFER_MINUTES].answered += answered;
	}
}

void
offers_sum(struct rates_seg *rs, ts_t now, uint32_t last60[2], uint32_t hour[2])
{
	offers_turn(rs, now);
	last60[0] = last60[1] = hour[0] = hour[1] = 0;
	for (size_t i = 0; i < OFFER_SLOTS; i++) {
		last60[0] += rs->slot[i].asked;
		last60[1] += rs->slot[i].answered;
	}
	for (size_t i = 0; i < OFFER_MINUTES; i++) {
		hour[0] += rs->minute[i].asked;
		hour[1] += rs->minute[i].answered;
	}
}

/* ---- what explains a full scope ---- */
void
rates_quiet_add(struct rates_seg *rs, ts_t now, bool alive)
{
	int64_t minute = now / TS_MIN;

	for (int i = 0; rs->quiet_at < minute && i < QUIET_MINUTES; i++, rs->quiet_at++)
		rs->quiet[(uint64_t)(rs->quiet_at + 1) % QUIET_MINUTES].keys =
			rs->quiet[(uint64_t)(rs->quiet_at + 1) % QUIET_MINUTES].alive = 0;
	rs->quiet_at = minute;
	if (rs->quiet[(uint64_t)minute % QUIET_MINUTES].keys == UINT16_MAX)
		return; /* a flood: its share is known */
	rs->quiet[(uint64_t)minute % QUIET_MINUTES].keys++;
	rs->quiet[(uint64_t)minute % QUIET_MINUTES].alive += alive;
}

bool
rates_quiet(struct engine *e, const struct segment *s, ts_t from, ts_t to)
{
	const struct rates_seg *rs = rates_of(e, s);
	uint32_t n = 0, alive = 0;

	if (from / TS_MIN <= rs->quiet_at - QUIET_MINUTES)
		return false;
	for (int64_t m = rs->quiet_at; m > rs->quiet_at - QUIET_MINUTES && m >= 0; m--)
		if (m >= from / TS_MIN && m <= to / TS_MIN) {
			n += rs->quiet[(uint64_t)m % QUIET_MINUTES].keys;
			alive += rs->quiet[(uint64_t)m % QUIET_MINUTES].alive;
		}
	return alive * 10 >= n * 9;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field top_rows[] = {
	SNAP_IN(struct sources, top, top[0], mac),
	SNAP_IN(struct sources, top, top[0], n),
	SNAP_IN(struct sources, top, top[0], err),
};
static const struct snap_rec top_rec = { top_rows, NELEM(top_rows), sizeof(SNAP_AT(struct sources, top[0])) };
static const struct snap_field sources_rows[] = {
	SNAP_SUBS(struct sources, top, top[0], top_rec),
	SNAP(struct sources, total),
};
static const struct snap_rec sources_rec = SNAP_REC(struct sources, sources_rows);
static const struct snap_field ghosts_rows[] = {
	SNAP(struct ghosts, s),
	SNAP_SUB(struct ghosts, src, sources_rec),
};
static const struct snap_rec ghosts_rec = SNAP_REC(struct ghosts, ghosts_rows);
static const struct snap_field attack_rows[] = {
	SNAP_UPTO(struct attack, family, FAMILIES - 1),
	SNAP_SUB(struct attack, actor, actor_rec),
	SNAP(struct attack, last),
	SNAP(struct attack, hard),
	SNAP(struct attack, rate),
};
static const struct snap_rec attack_rec = SNAP_REC(struct attack, attack_rows);
static const struct snap_field bad_rows[] = {
	SNAP_IN(struct rates_seg, bad, bad[0], mac),
	SNAP_IN(struct rates_seg, bad, bad[0], l2),
	SNAP_IN(struct rates_seg, bad, bad[0], at),
};
static const struct snap_rec bad_rec = { bad_rows, NELEM(bad_rows), sizeof(SNAP_AT(struct rates_seg, bad[0])) };
static const struct snap_field declined_rows[] = {
	SNAP_IN(struct rates_seg, declined, declined[0], chaddr),
	SNAP_IN(struct rates_seg, declined, declined[0], answerer),
	SNAP_IN(struct rates_seg, declined, declined[0], addr),
	SNAP_IN(struct rates_seg, declined, declined[0], at),
};
static const struct snap_rec declined_rec = { declined_rows, NELEM(declined_rows), sizeof(SNAP_AT(struct rates_seg, declined[0])) };
static const struct snap_field slot_rows[] = {
	SNAP_IN(struct rates_seg, slot, slot[0], asked),
	SNAP_IN(struct rates_seg, slot, slot[0], answered),
};
static const struct snap_rec slot_rec = { slot_rows, NELEM(slot_rows), sizeof(SNAP_AT(struct rates_seg, slot[0])) };
static const struct snap_field refused_rows[] = {
	SNAP_IN(struct rates_seg, refused, refused[0], mac),
	SNAP_IN(struct rates_seg, refused, refused[0], at),
};
static const struct snap_rec refused_rec = { refused_rows, NELEM(refused_rows), sizeof(SNAP_AT(struct rates_seg, refused[0])) };
static const struct snap_field quiet_rows[] = {
	SNAP_IN(struct rates_seg, quiet, quiet[0], keys),
	SNAP_IN(struct rates_seg, quiet, quiet[0], alive),
};
static const struct snap_rec quiet_rec = { quiet_rows, NELEM(quiet_rows), sizeof(SNAP_AT(struct rates_seg, quiet[0])) };
static const struct snap_field rates_seg_rows[] = {
	SNAP(struct rates_seg, server_at),
	SNAP_SUBS(struct rates_seg, ghosts, ghosts[0], ghosts_rec),
	SNAP(struct rates_seg, stock_counted),
	SNAP(struct rates_seg, first_lease),
	SNAP(struct rates_seg, rate_s),
	SNAP_ARRAY(struct rates_seg, lam, lam[0]),
	SNAP(struct rates_seg, bucket),
	SNAP_SUB(struct rates_seg, rate_src, sources_rec),
	SNAP_SUBS(struct rates_seg, bad, bad[0], bad_rec),
	SNAP_SUBS(struct rates_seg, declined, declined[0], declined_rec),
	SNAP_SUBS(struct rates_seg, slot, slot[0], slot_rec),
	SNAP_SUBS(struct rates_seg, minute, minute[0], slot_rec),
	SNAP(struct rates_seg, slot_at),
	SNAP(struct rates_seg, minute_at),
	SNAP(struct rates_seg, row_since),
	SNAP(struct rates_seg, exhausted),
	SNAP(struct rates_seg, nooffer_at),
	SNAP_SUBS(struct rates_seg, attack, attack[0], attack_rec),
	SNAP_SUBS(struct rates_seg, refused, refused[0], refused_rec),
	SNAP_SUBS(struct rates_seg, quiet, quiet[0], quiet_rec),
	SNAP(struct rates_seg, quiet_at),
	SNAP_NOT(struct rates_seg, hint),
	SNAP_NOT(struct rates_seg, hint_at),
	SNAP(struct rates_seg, known_leases),
	SNAP(struct rates_seg, known_ghosts),
	SNAP(struct rates_seg, doubt_leases),
	SNAP(struct rates_seg, doubt_ghosts),
	SNAP(struct rates_seg, stock_pool),
	SNAP(struct rates_seg, stock),
	SNAP(struct rates_seg, bucket_keys),
	SNAP(struct rates_seg, run_keys),
	SNAP(struct rates_seg, run_judged),
	SNAP(struct rates_seg, run_alive),
	SNAP(struct rates_seg, row),
	SNAP(struct rates_seg, row_asked),
	SNAP(struct rates_seg, row_answered),
	SNAP(struct rates_seg, ndeclined),
	SNAP(struct rates_seg, nrefused),
	SNAP(struct rates_seg, own),
	SNAP(struct rates_seg, server_id),
	SNAP(struct rates_seg, low),
	SNAP(struct rates_seg, high),
	SNAP(struct rates_seg, server),
	SNAP(struct rates_seg, rate_alarm),
	SNAP(struct rates_seg, quiet_told),
	SNAP(struct rates_seg, row_told),
	SNAP(struct rates_seg, nooffer),
};
static const struct snap_rec rates_seg_rec = SNAP_REC(struct rates_seg, rates_seg_rows);
static const struct snap_field fan_ring_rows[] = {
	SNAP_IN(struct fan, ring, ring[0], at),
	SNAP_IN(struct fan, ring, ring[0], mac),
	SNAP_IN(struct fan, ring, ring[0], cid),
	SNAP_IN(struct fan, ring, ring[0], leased),
};
static const struct snap_rec fan_ring_rec = { fan_ring_rows, NELEM(fan_ring_rows), sizeof(SNAP_AT(struct fan, ring[0])) };
static const struct snap_field fan_slot_rows[] = {
	SNAP_IN(struct fan, slot, slot[0], judged),
	SNAP_IN(struct fan, slot, slot[0], unused),
};
static const struct snap_rec fan_slot_rec = { fan_slot_rows, NELEM(fan_slot_rows), sizeof(SNAP_AT(struct fan, slot[0])) };
static const struct snap_field fan_key_rows[] = {
	SNAP_SEG(struct fan_key, seg),
	SNAP(struct fan_key, mac),
};
static const struct snap_rec fan_key_rec = SNAP_REC(struct fan_key, fan_key_rows);
static const struct snap_field fan_rows[] = {
	SNAP_SUBS(struct fan, ring, ring[0], fan_ring_rec),
	SNAP(struct fan, nring),
	SNAP_SUBS(struct fan, slot, slot[0], fan_slot_rec),
	SNAP(struct fan, slot_at),
};
static const struct snap_rec fan_rec = SNAP_REC(struct fan, fan_rows);
struct number_key {
	uint64_t n;
};
static const struct snap_field number_key_rows[] = {
	SNAP(struct number_key, n),
};
static const struct snap_rec number_key_rec = SNAP_REC(struct number_key, number_key_rows);
static const struct snap_field circuit_rows[] = {
	SNAP_ARRAY(struct circuit, at, at[0][0]),
	SNAP_ARRAY(struct circuit, n, n[0]),
	SNAP(struct circuit, first),
	SNAP(struct circuit, day),
	SNAP_ARRAY(struct circuit, day_keys, day_keys[0]),
};
static const struct snap_rec circuit_rec = SNAP_REC(struct circuit, circuit_rows);
static const struct snap_field xid_rows[] = {
	SNAP_ARRAY(struct xid_use, chaddr, chaddr[0]),
	SNAP_ARRAY(struct xid_use, l2, l2[0]),
	SNAP_ARRAY(struct xid_use, at, at[0]),
	SNAP(struct xid_use, n),
};
static const struct snap_rec xid_rec = SNAP_REC(struct xid_use, xid_rows);
static const struct snap_field d4_key_rows[] = {
	SNAP(struct d4_client_key, cid),
	SNAP_SEG(struct d4_client_key, seg),
	SNAP_UPTO(struct d4_client_key, hlen, 16),
	SNAP_ARRAY(struct d4_client_key, chaddr, chaddr[0]),
};
static const struct snap_rec d4_key_rec = SNAP_REC(struct d4_client_key, d4_key_rows);
static const struct snap_field due_rows[] = {
	SNAP(struct due, at),
	SNAP(struct due, since),
	SNAP_SUB(struct due, key, d4_key_rec),
	SNAP_NOT(struct due, ref),
	SNAP(struct due, addr),
	SNAP_UPTO(struct due, kind, DUE_LEASE),
};
static const struct snap_rec due_rec = SNAP_REC(struct due, due_rows);
static const struct snap_field rates_rows[] = {
	SNAP_NOT(struct rates, seg), /* NOLINT(bugprone-sizeof-expression): where it is, not what it points to */
	SNAP_NOT(struct rates, fans),
	SNAP_NOT(struct rates, circuits),
	SNAP_NOT(struct rates, xids),
	SNAP_NOT(struct rates, life),
	SNAP_NOT(struct rates, offer),
	SNAP(struct rates, missed),
};
static const struct snap_rec rates_rec = SNAP_REC(struct rates, rates_rows);

static struct snap_ring
life_ring(struct engine *e)
{
	struct due_ring *q = &e->rates->life;
	return (struct snap_ring){ .v = q->v, .cap = q->cap, .head = &q->head, .n = &q->n };
}

static struct snap_ring
offer_ring(struct engine *e)
{
	struct due_ring *q = &e->rates->offer;
	return (struct snap_ring){ .v = q->v, .cap = q->cap, .head = &q->head, .n = &q->n };
}

const struct snap_store snap_rates[] = {
	{ .name = "dhcp4 rates", .kind = SNAP_SEGMENTS, .owner = offsetof(struct engine, rates), .member = offsetof(struct rates, seg),
	  .key = &snap_no_key, .value = &rates_seg_rec, .is_pointer = true },
	{ .name = "dhcp4 sources", .kind = SNAP_TABLE, .owner = offsetof(struct engine, rates), .member = offsetof(struct rates, fans),
	  .key = &fan_key_rec, .value = &fan_rec },
	{ .name = "dhcp4 circuits", .kind = SNAP_TABLE, .owner = offsetof(struct engine, rates), .member = offsetof(struct rates, circuits),
	  .key = &number_key_rec, .value = &circuit_rec },
	{ .name = "dhcp4 transaction ids", .kind = SNAP_TABLE, .owner = offsetof(struct engine, rates), .member = offsetof(struct rates, xids),
	  .key = &number_key_rec, .value = &xid_rec },
	{ .name = "dhcp4 leases due", .kind = SNAP_RING, .ring = life_ring, .key = &snap_no_key, .value = &due_rec },
	{ .name = "dhcp4 offers due", .kind = SNAP_RING, .ring = offer_ring, .key = &snap_no_key, .value = &due_rec },
	{ .name = "dhcp4 counts", .kind = SNAP_RECORD, .owner = offsetof(struct engine, rates),
	  .key = &snap_no_key, .value = &rates_rec },
	{ 0 },
};
/* clang-format on */
