/* Pairs of event and packet, and the clock error that they show. */
#include "clocks.h"
#include "skew.h"
#include "snapshot.h"

enum { CLOCKS = 8192, SERVED = 16384, MSGS = 12, CHANNELS = 4 };
static const ts_t SPREAD = 2 * TS_SEC, REPEAT = 600 * TS_SEC, LATE = TS_MIN;
/* A step up to this leaves what pairs show within their spread.  A step that does not say how far is of the one that does
 * within SAME; else as far back as an unknown clock may be wrong. */
static const ts_t SLIGHT = TS_SEC, SAME = 5 * TS_SEC, BACK = EVENT_EPS_MAX;

/* One channel of a computer's log: what its numbers say of records that never came. */
struct channel {
	uint64_t id, low, high, seen;
};
struct clock {
	char computer[INC_NAME_MAX];
	uint64_t events, duplicates, late;
	ts_t late_max;
	int64_t offset;
	uint32_t pairs;
	bool known;
	uint8_t nchannel;
	struct channel channel[CHANNELS];
};

/* What servers sent to a station, or (the zero MAC) routers to all of a segment.  A message that is repeated is one entry. */
struct served_key {
	uint16_t seg;
	struct mac mac;
};
struct msg {
	ts_t first, last;
	uint64_t what;
};
struct served {
	struct msg v[MSGS];
	uint8_t n;
};

struct clocks {
	struct table hosts, served;
};

static const struct table_spec spec_hosts = { "clocks", sizeof(uint64_t), sizeof(struct clock), CLOCKS, 0 };
static const struct table_spec spec_served = { "server messages", sizeof(struct served_key),
					       sizeof(struct served), SERVED, 0 };

size_t
clocks_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct clocks)) + align16(table_bytes(&spec_hosts)) +
	       align16(table_bytes(&spec_served));
}

void
clocks_open(struct engine *e, void *mem)
{
	char *p = mem;

	e->clocks = mem;
	p += align16(sizeof(struct clocks));
	table_open(&e->clocks->hosts, &spec_hosts, p, e->key);
	p += align16(table_bytes(&spec_hosts));
	table_open(&e->clocks->served, &spec_served, p, e->key);
}

/* ---- what servers send ---- */
static uint64_t
what_of(uint16_t kind, struct addr a)
{
	static const struct sipkey fixed = { { 7, 8 } };
	uint8_t buf[2 + sizeof(a)];

	memset(buf, 0, sizeof(buf));
	buf[0] = (uint8_t)(kind >> 8);
	buf[1] = (uint8_t)kind;
	memcpy(buf + 2, &a, sizeof(a));
	return siphash(&fixed, buf, sizeof(buf));
}

static void
note(struct engine *e, struct mac to, uint64_t what)
{
	struct served_key k;

	memset(&k, 0, sizeof(k));
	k.seg = e->seg->ix;
	k.mac = to;
	struct served *s = table_get(&e->clocks->served, &k, e->now, NULL);
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].what == what && e->now - s->v[i].last <= REPEAT) {
			s->v[i].last = e->now;
			return;
		}
	if (s->n == MSGS)
		memmove(s->v, s->v + 1, --s->n * sizeof(s->v[0]));
	s->v[s->n++] = (struct msg){ e->now, e->now, what };
}

static void
note4(struct engine *e, const struct dhcp4 *d)
{
	struct mac m;

	if (d->op != 2 || d->htype != 1 || d->chaddr.n != sizeof(m.b))
		return;
	memcpy(m.b, d->chaddr.p, sizeof(m.b));
	if (d->msg_type == D4_OFFER)
		note(e, m, what_of(HE_D4_OFFER, d->yiaddr));
	else if (d->msg_type == D4_ACK && !addr_zero(d->yiaddr))
		note(e, m, what_of(HE_D4_ACK, d->yiaddr));
}

static void
note6(struct engine *e, const struct obs *o)
{
	const struct dhcp6 *d = &o->u.dhcp6;
	uint16_t kind = d->msg_type == D6_REPLY ? HE_D6_REPLY : HE_D6_ADVERTISE;
	struct field_it it = { .rec = d };
	struct dhcp6_ia ia;

	if ((d->msg_type != D6_REPLY && d->msg_type != D6_ADVERTISE) || mac_group(o->outer.dmac))
		return;
	for (; it.i < MSGS && dhcp6_ia_next(&it, &ia); it.i++) {
		struct field_it at = { .rec = &ia };
		struct dhcp6_addr a;
		for (; at.i < MSGS && dhcp6_addr_next(&at, &a); at.i++)
			note(e, o->outer.dmac, what_of(kind, a.addr));
	}
}

void
clocks_learn(struct engine *e, const struct obs *o)
{
	if (o->kind == OBS_DHCP4)
		note4(e, &o->u.dhcp4);
	else if (o->kind == OBS_DHCP6)
		note6(e, o);
	else if (o->kind == OBS_ND && o->u.nd.type == ND_RA)
		note(e, (struct mac){ { 0 } }, what_of(HE_RA_FLAGS, (struct addr){ 0 }));
}

/* ---- pairs ---- */
bool
clock_pairs(uint16_t kind)
{
	return kind == HE_D4_OFFER || kind == HE_D4_ACK || kind == HE_D6_ADVERTISE || kind == HE_D6_REPLY ||
	       kind == HE_RA_FLAGS;
}

/* How many messages to that station the event could mean; *at is the time of one. */
static unsigned
candidates(struct engine *e, uint16_t seg, struct mac to, uint64_t what, ts_t ts, ts_t *at)
{
	struct served_key k;
	unsigned n = 0;

	memset(&k, 0, sizeof(k));
	k.seg = seg;
	k.mac = to;
	const struct served *s = table_peek(&e->clocks->served, &k);
	for (size_t i = 0; s && i < s->n; i++) {
		const struct msg *m = &s->v[i];
		if (m->what != what || m->last < ts - CLOCK_REACH || m->first > ts + CLOCK_REACH)
			continue;
		n += m->last - m->first > TS_SEC ? 2 : 1;
		*at = m->first;
	}
	return n;
}

ts_t
clock_match(struct engine *e, const struct kept *k)
{
	struct place place[PLACES];
	bool ra = k->kind == HE_RA_FLAGS;
	size_t np = event_places(e, k, place);
	unsigned n = 0;
	ts_t at = TS_NONE;

	if (!ra && !(k->set & HES_ADDR))
		return TS_NONE;
	uint64_t what = what_of(k->kind, ra ? (struct addr){ 0 } : k->addr);
	for (size_t i = 0; i < np; i++)
		n += candidates(e, place[i].seg, ra ? (struct mac){ { 0 } } : place[i].mac, what, k->ts, &at);
	return n == 1 ? at : TS_NONE;
}

/* ---- the offset ---- */
static ts_t
apart(ts_t a, ts_t b)
{
	return a > b ? a - b : b - a;
}

bool
clock_offset_at(const struct clock_pair *p, size_t n, ts_t at, int64_t *offset)
{
	struct skew s = { { 0 }, 0, 0 };
	size_t hi = 0;

	*offset = 0;
	while (hi < n && p[hi].event <= at)
		hi++;
	size_t lo = hi; /* the nearest are p[lo] to p[hi - 1] */
	while (hi - lo < CLOCK_PAIRS && (lo > 0 || hi < n)) {
		bool left = hi == n || (lo > 0 && at - p[lo - 1].event <= p[hi].event - at);
		const struct clock_pair *x = left ? &p[--lo] : &p[hi++];
		if (apart(x->event, at) > CLOCK_RANGE)
			return false;
		skew_learn(&s, x->event, x->packet);
	}
	if (hi - lo < CLOCK_PAIRS || !skew_offset(&s, offset))
		return false;
	/* and the next one on either side */
	lo -= lo > 0;
	hi += hi < n;
	bool agree = true;
	for (size_t i = lo; i < hi; i++)
		agree = agree && apart(p[i].event - p[i].packet, *offset) <= SPREAD;
	*offset = agree ? *offset : 0;
	return agree;
}

/* ---- the clock was set ---- */
int64_t
clock_step(const struct hostev *ev)
{
	bool told = (ev->set & HES_WAS) && (ev->set & HES_IS);

	return ev->kind == HE_CLOCK_STEP && told ? ts_sub(ev->is, ev->was) : 0;
}

bool
clock_slight(const struct hostev *ev)
{
	bool told = (ev->set & HES_WAS) && (ev->set & HES_IS);

	return ev->kind == HE_CLOCK_STEP && told && apart(ev->is, ev->was) <= SLIGHT;
}

bool
clock_offset_parted(const struct clock_pair *p, size_t n, const struct clock_set_at *set, size_t nset,
		    ts_t at, int64_t *offset)
{
	size_t lo = 0, hi = n;

	*offset = 0;
	for (size_t i = 0; i < nset; i++) {
		if (at > set[i].from && at <= set[i].to)
			return false;
		while (at > set[i].to && lo < hi && p[lo].event <= set[i].to)
			lo++;
		while (at <= set[i].from && lo < hi && p[hi - 1].event > set[i].from)
			hi--;
	}
	return clock_offset_at(p + lo, hi - lo, at, offset);
}

/* What the kept events of one computer say of its clock; both in the order of their times. */
struct history {
	struct clock_pair pair[CLOCK_PAIRS_MAX];
	bool bad[CLOCK_PAIRS_MAX];
	struct clock_set_at set[CLOCK_STEPS_MAX]; /* the newest */
	ts_t set_at[CLOCK_STEPS_MAX];
	bool told[CLOCK_STEPS_MAX]; /* how far */
	size_t npair, nset;
};

/* Two events that tell of one message at different times pair with nothing; two at one time are one pair. */
static void
pair_add(struct history *h, const struct kept *k)
{
	for (size_t i = 0; i < h->npair; i++)
		if (h->pair[i].packet == k->wire) {
			h->bad[i] = h->bad[i] || apart(h->pair[i].event, k->ts) > TS_SEC;
			return;
		}
	if (h->npair == CLOCK_PAIRS_MAX) {
		h->npair--;
		memmove(h->pair, h->pair + 1, h->npair * sizeof(h->pair[0]));
		memmove(h->bad, h->bad + 1, h->npair * sizeof(h->bad[0]));
	}
	h->pair[h->npair] = (struct clock_pair){ k->ts, k->wire };
	h->bad[h->npair++] = false;
}

/* The event's own time is by the clock that was set.  Set forward, there are no times in between. */
static void
set_add(struct history *h, const struct kept *k)
{
	bool told = k->step != 0;
	struct clock_set_at s = { ts_sub(k->ts, k->step > 0 ? k->step : 0),
				  ts_sub(k->ts, !told	      ? -BACK
						: k->step < 0 ? k->step
							      : 0) };

	if (h->nset && h->told[h->nset - 1] != told && apart(h->set_at[h->nset - 1], k->ts) <= SAME) {
		if (!told)
			return;
		h->nset--; /* this one says how far */
	}
	if (h->nset == CLOCK_STEPS_MAX) {
		h->nset--;
		memmove(h->set, h->set + 1, h->nset * sizeof(h->set[0]));
		memmove(h->set_at, h->set_at + 1, h->nset * sizeof(h->set_at[0]));
		memmove(h->told, h->told + 1, h->nset * sizeof(h->told[0]));
	}
	h->set[h->nset] = s;
	h->set_at[h->nset] = k->ts;
	h->told[h->nset++] = told;
}

static void
history_of(struct engine *e, uint64_t host, struct history *h)
{
	const struct kept *k;
	size_t good = 0;

	h->npair = h->nset = 0;
	for (uint32_t i = 0; (k = event_of_host(e, host, i)); i++) {
		if (k->wire != TS_NONE)
			pair_add(h, k);
		if (k->kind == HE_CLOCK_STEP)
			set_add(h, k);
	}
	for (size_t i = 0; i < h->npair; i++)
		if (!h->bad[i])
			h->pair[good++] = h->pair[i];
	h->npair = good;
}

void
clock_set(struct engine *e, struct kept *k)
{
	struct history h;
	const struct clock *c = table_peek(&e->clocks->hosts, &k->host);

	if (c == NULL || c->pairs < CLOCK_PAIRS)
		return;
	history_of(e, k->host, &h);
	k->clock_known = clock_offset_parted(h.pair, h.npair, h.set, h.nset, k->ts, &k->offset);
}

void
clock_refresh(struct engine *e, uint64_t host)
{
	struct history h;
	struct clock *c = table_find(&e->clocks->hosts, &host, e->now);
	struct kept *k;

	history_of(e, host, &h);
	for (uint32_t i = 0; (k = event_of_host(e, host, i)); i++) {
		int64_t offset;
		/* of what is older than all pairs in memory, nothing new is known */
		if (h.npair == CLOCK_PAIRS_MAX && k->ts < h.pair[0].event)
			continue;
		bool known = clock_offset_parted(h.pair, h.npair, h.set, h.nset, k->ts, &offset);
		if (known != k->clock_known || offset != k->offset) {
			k->clock_known = known;
			k->offset = offset;
			if (!e->conf->feed_synced)
				join_again(e, k);
		}
		if (c) {
			c->known = known;
			c->offset = offset;
		}
	}
	if (c)
		c->pairs = (uint32_t)h.npair;
}

/* ---- what is counted of a computer ---- */
uint64_t
clock_host(struct bytes computer)
{
	return computer.n ? name_hash(computer) : 0;
}

static void
channel_count(struct clock *c, const struct hostev *ev)
{
	struct channel *x = NULL;
	uint64_t id = name_hash(ev->channel);

	for (size_t i = 0; i < c->nchannel && !x; i++)
		if (c->channel[i].id == id)
			x = &c->channel[i];
	if (x == NULL && c->nchannel < CHANNELS) {
		x = &c->channel[c->nchannel++];
		*x = (struct channel){ id, ev->record_id, ev->record_id, 0 };
	}
	if (x == NULL)
		return;
	x->low = ev->record_id < x->low ? ev->record_id : x->low;
	x->high = ev->record_id > x->high ? ev->record_id : x->high;
	x->seen++;
}

void
clock_count(struct engine *e, const struct hostev *ev, bool again)
{
	uint64_t host = clock_host(ev->computer);
	ts_t lag = e->now == TS_NONE ? 0 : ts_sub(e->now, ev->ts);
	bool fresh;
	struct clock *c = host ? table_get(&e->clocks->hosts, &host, e->now, &fresh) : NULL;

	if (c == NULL)
		return;
	if (fresh) {
		size_t n =
			ev->computer.n < sizeof(c->computer) - 1 ? ev->computer.n : sizeof(c->computer) - 1;
		memcpy(c->computer, ev->computer.p, n);
	}
	c->events++;
	c->duplicates += again;
	c->late += lag > LATE;
	c->late_max = lag > c->late_max ? lag : c->late_max;
	if (!again && ev->record_id)
		channel_count(c, ev);
}

bool
engine_clock(const struct engine *e, const void **at, struct engine_clock *out)
{
	const struct clock *c = *at = table_next(&e->clocks->hosts, *at);

	if (c == NULL)
		return false;
	*out = (struct engine_clock){ .computer = c->computer,
				      .events = c->events,
				      .duplicates = c->duplicates,
				      .late = c->late,
				      .late_max = c->late_max,
				      .pairs = c->pairs,
				      .known = c->known,
				      .offset = c->offset };
	for (size_t i = 0; i < c->nchannel; i++) {
		const struct channel *x = &c->channel[i];
		uint64_t span = x->high - x->low + 1;
		out->missing += span > x->seen ? span - x->seen : 0;
	}
	return true;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
struct host_key {
	uint64_t host;
};
static const struct snap_field host_key_rows[] = {
	SNAP(struct host_key, host),
};
static const struct snap_rec host_key_rec = SNAP_REC(struct host_key, host_key_rows);
static const struct snap_field channel_rows[] = {
	SNAP(struct channel, id),
	SNAP(struct channel, low),
	SNAP(struct channel, high),
	SNAP(struct channel, seen),
};
static const struct snap_rec channel_rec = SNAP_REC(struct channel, channel_rows);
static const struct snap_field clock_rows[] = {
	SNAP_STR(struct clock, computer),
	SNAP(struct clock, events),
	SNAP(struct clock, duplicates),
	SNAP(struct clock, late),
	SNAP(struct clock, late_max),
	SNAP(struct clock, offset),
	SNAP(struct clock, pairs),
	SNAP(struct clock, known),
	SNAP_UPTO(struct clock, nchannel, CHANNELS),
	SNAP_SOME_SUBS(struct clock, channel, channel[0], nchannel, channel_rec),
};
static const struct snap_rec clock_rec = SNAP_REC(struct clock, clock_rows);
static const struct snap_field served_key_rows[] = {
	SNAP_SEG(struct served_key, seg),
	SNAP(struct served_key, mac),
};
static const struct snap_rec served_key_rec = SNAP_REC(struct served_key, served_key_rows);
static const struct snap_field msg_rows[] = {
	SNAP(struct msg, first),
	SNAP(struct msg, last),
	SNAP(struct msg, what),
};
static const struct snap_rec msg_rec = SNAP_REC(struct msg, msg_rows);
static const struct snap_field served_rows[] = {
	SNAP_UPTO(struct served, n, MSGS),
	SNAP_SOME_SUBS(struct served, v, v[0], n, msg_rec),
};
static const struct snap_rec served_rec = SNAP_REC(struct served, served_rows);

const struct snap_store snap_clocks[] = {
	{ .name = "clocks", .kind = SNAP_TABLE, .owner = offsetof(struct engine, clocks), .member = offsetof(struct clocks, hosts),
	  .key = &host_key_rec, .value = &clock_rec },
	{ .name = "server messages", .kind = SNAP_TABLE, .owner = offsetof(struct engine, clocks), .member = offsetof(struct clocks, served),
	  .key = &served_key_rec, .value = &served_rec },
	{ 0 },
};
/* clang-format on */
