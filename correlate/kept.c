/* Keeps host events.  What an event proves is in joins.c. */
#include "clocks.h"
#include "d6state.h"
#include "joins.h"
#include "snapshot.h"

enum { EVENTS_DEFAULT = 16384 };
static const ts_t EPS_UNSYNCED = EVENT_EPS_MAX, EPS_SYNCED = EVENT_EPS_SEC * TS_SEC; /* DETECTIONS.md 1.3 */

/* Messages of all servers, suspects or not: what else could explain an event that names nobody. */
struct seen {
	ts_t ts;
	uint16_t seg;
	struct mac mac, client;
	uint8_t flags;
};
struct seen_ring {
	struct seen v[SEEN];
	uint64_t n;
};
/* Places in the ring by kind or computer, time and serial. */
struct order {
	uint32_t *at, n;
	bool by_host;
};
struct feed {
	struct table serials;
	struct kept *ring;
	struct order kinds, hosts;
	uint32_t cap;
	uint64_t n, decided_upto, paired_upto, duplicates;
	ts_t due, pair_due; /* no window closes, nothing is to be paired before */
	bool leased;	    /* an audit log told of leases since the last look */
	struct seen_ring ra, reply6;
	struct join_index index;
};

static struct table_spec
spec_serials(const struct engine_conf *conf)
{
	return (struct table_spec){ "event serials", sizeof(uint64_t), sizeof(uint64_t),
				    conf->events ? conf->events : EVENTS_DEFAULT, 0 };
}

size_t
events_bytes(const struct engine_conf *conf)
{
	struct table_spec c = spec_serials(conf);
	return align16(sizeof(struct feed)) + align16(table_bytes(&c)) +
	       2 * align16(c.capacity * sizeof(uint32_t)) + (size_t)c.capacity * sizeof(struct kept);
}

void
events_open(struct engine *e, void *mem)
{
	struct table_spec c = spec_serials(e->conf);
	char *p = mem;

	e->feed = mem;
	p += align16(sizeof(struct feed));
	table_open(&e->feed->serials, &c, p, e->key);
	p += align16(table_bytes(&c));
	e->feed->kinds.at = (uint32_t *)(void *)p;
	p += align16(c.capacity * sizeof(uint32_t));
	e->feed->hosts = (struct order){ .at = (uint32_t *)(void *)p, .by_host = true };
	p += align16(c.capacity * sizeof(uint32_t));
	e->feed->ring = (struct kept *)(void *)p;
	e->feed->cap = c.capacity;
	e->feed->due = e->feed->pair_due = INT64_MAX;
	join_index_fill(&e->feed->index);
}

const struct join_index *
events_index(const struct engine *e)
{
	return &e->feed->index;
}

uint64_t
events_duplicates(const struct engine *e)
{
	return e->feed->duplicates;
}

ts_t
event_eps(struct engine *e, const struct kept *k)
{
	(void)k;
	return e->conf->feed_synced ? EPS_SYNCED : EPS_UNSYNCED;
}

static void
see(struct engine *e, struct seen_ring *r, const struct obs *o, uint8_t flags)
{
	r->v[r->n++ % SEEN] = (struct seen){ e->now, e->seg->ix, o->outer.smac, o->outer.dmac, flags };
}

void
events_learn(struct engine *e, const struct obs *o)
{
	if (o->kind == OBS_ND && o->u.nd.type == ND_RA)
		see(e, &e->feed->ra, o, (uint8_t)(o->u.nd.m << 1 | o->u.nd.o));
	else if (o->kind == OBS_DHCP6 && o->u.dhcp6.msg_type == D6_REPLY)
		see(e, &e->feed->reply6, o, 0);
}

/* The next message of another sender in the window, from *i on; NULL at the end. */
static const struct seen *
seen_next(const struct seen_ring *r, uint64_t *i, uint16_t seg, struct mac but, ts_t from, ts_t to)
{
	while (*i < r->n && *i < SEEN) {
		const struct seen *s = &r->v[(*i)++];
		if (s->seg == seg && !mac_eq(s->mac, but) && s->ts >= from && s->ts <= to)
			return s;
	}
	return NULL;
}

bool
other_ra(struct engine *e, uint16_t seg, struct mac but, ts_t from, ts_t to, uint8_t flags, uint8_t mask)
{
	uint64_t i = 0;
	const struct seen *s;

	while ((s = seen_next(&e->feed->ra, &i, seg, but, from, to)))
		if ((s->flags & mask) == (flags & mask))
			return true;
	return false;
}

bool
other_reply6(struct engine *e, uint16_t seg, struct mac client, struct mac but, ts_t from, ts_t to)
{
	uint64_t i = 0;
	const struct seen *s;

	while ((s = seen_next(&e->feed->reply6, &i, seg, but, from, to)))
		if (mac_eq(s->client, client))
			return true;
	return false;
}

/* ---- keeping ---- */
static void
text_copy(char *dst, size_t cap, struct bytes src)
{
	size_t n = src.n < cap - 1 ? src.n : cap - 1;

	if (n)
		memcpy(dst, src.p, n);
	dst[n] = 0;
}

/* `second`: of the second before (-1) or after (1) its own; without a record number the time itself counts. */
static uint64_t
serial_of(const struct hostev *ev, int second)
{
	static const struct sipkey fixed = { { 5, 6 } };
	uint8_t buf[512];
	struct out o = out_init(buf, sizeof(buf));
	struct bytes c = ev->computer, p = ev->provider;

	out_put(&o, c.p, c.n < 128 ? c.n : 128);
	out_chr(&o, 0);
	out_put(&o, p.p, p.n < 128 ? p.n : 128);
	out_chr(&o, 0);
	out_be(&o, ev->event_id, 4);
	out_be(&o, ev->record_id, 8);
	out_be(&o, (uint64_t)(ev->record_id ? ev->ts / TS_SEC + second : ev->ts), 8);
	if (!ev->record_id) { /* an audit log has whole seconds: one client's row is not another's */
		out_put(&o, ev->addr.b, sizeof(ev->addr.b));
		out_put(&o, ev->mac.b, sizeof(ev->mac.b));
		out_put(&o, ev->duid.p, ev->duid.n < 130 ? ev->duid.n : 130);
	}
	return siphash(&fixed, buf, o.n);
}

/* A certificate hash as people and registries write it: everything but hex digits is dropped, 40 or 64 must be left
 * (DETECTIONS.md 8). */
static void
leaf_read(struct leaf *leaf, struct bytes text)
{
	uint8_t b[32] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		int d = hex_digit(text.p[i]);
		if (d < 0)
			continue;
		if (n == 2 * sizeof(b))
			return;
		b[n / 2] = (uint8_t)(b[n / 2] << 4 | d);
		n++;
	}
	if (n == 2 * sizeof(leaf->sha1)) {
		memcpy(leaf->sha1, b, sizeof(leaf->sha1));
		leaf->has_sha1 = true;
	} else if (n == 2 * sizeof(leaf->sha256)) {
		memcpy(leaf->sha256, b, sizeof(leaf->sha256));
		leaf->has_sha256 = true;
	}
}

static void
vpn_fill(struct kept *k, const struct hostev *ev)
{
	if (ev->set & HES_COID)
		k->coid = name_hash(ev->coid);
	if (ev->set & HES_SHA1)
		leaf_read(&k->leaf, ev->sha1);
	if (ev->set & HES_SHA256)
		leaf_read(&k->leaf, ev->sha256);
	for (size_t i = 0; ev->kind == HE_SSTP && ev->event_id == 32 && i < ev->nfields; i++) {
		if (bytes_eq(ev->fields[i].name, bytes_str("param1")))
			leaf_read(&k->leaf, ev->fields[i].value);
		else if (bytes_eq(ev->fields[i].name, bytes_str("param2")))
			leaf_read(&k->bound, ev->fields[i].value);
	}
}

/* The percentage is rounded down, so that the size is known to a hundredth of it: the largest that it may be. */
static uint32_t
pool_of(const struct hostev *ev)
{
	if (!(ev->set & HES_PERCENT) || !(ev->set & HES_LEFT) || ev->percent >= 99)
		return 0;
	uint64_t most = (uint64_t)ev->left * 100 / (99 - ev->percent);
	return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

static void
kept_fill(struct kept *k, const struct hostev *ev)
{
	k->host = clock_host(ev->computer);
	k->ts = ev->ts;
	k->wire = TS_NONE;
	k->step = clock_step(ev);
	k->kind = ev->kind;
	k->event_id = ev->event_id;
	k->record_id = ev->record_id;
	k->set = ev->set;
	k->error = ev->error;
	text_copy(k->provider, sizeof(k->provider), ev->provider);
	text_copy(k->computer, sizeof(k->computer), ev->computer);
	k->addr = ev->addr;
	k->peer = ev->peer;
	k->router = ev->router;
	k->mac = ev->mac;
	(void)duid_mac(ev->duid, &k->duid_mac);
	k->flag1 = ev->flag1;
	k->flag2 = ev->flag2;
	if (ev->set & HES_NAME) {
		k->name = name_hash(ev->name);
		text_copy(k->text, sizeof(k->text), ev->name);
	}
	for (size_t i = 0; i < ev->nhost_mac && i < KEPT_MACS; i++)
		k->host_mac[k->nmac++] = ev->host_mac[i];
	k->more_macs = ev->nhost_mac >= KEPT_MACS;
	for (size_t i = 0; i < ev->nhost_ip && k->nip < KEPT_IPS; i++)
		if (!addr_loopback(ev->host_ip[i]))
			k->host_ip[k->nip++] = ev->host_ip[i];
	for (size_t i = 0; i < ev->nmore && k->nmore < KEPT_MORE; i++)
		k->more[k->nmore++] = ev->more[i];
	k->pool = pool_of(ev);
	vpn_fill(k, ev);
}

/* ---- in order ---- */
/* The place in the order of the first event at or after (kind or computer, time, serial). */
static uint32_t
order_find(const struct feed *f, const struct order *o, uint64_t key, ts_t ts, uint64_t serial)
{
	uint32_t lo = 0, hi = o->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct kept *k = &f->ring[o->at[mid]];
		uint64_t mine = o->by_host ? k->host : k->kind;
		bool before = mine != key ? mine < key : k->ts != ts ? k->ts < ts : k->serial < serial;
		if (before)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t
order_of(const struct feed *f, const struct order *o, const struct kept *k)
{
	return order_find(f, o, o->by_host ? k->host : k->kind, k->ts, k->serial);
}

static void
order_add(const struct feed *f, struct order *o, const struct kept *k)
{
	uint32_t at = order_of(f, o, k);

	memmove(o->at + at + 1, o->at + at, (o->n - at) * sizeof(*o->at));
	o->at[at] = (uint32_t)(k - f->ring);
	o->n++;
}

static void
order_remove(const struct feed *f, struct order *o, const struct kept *k)
{
	uint32_t at = order_of(f, o, k);

	o->n--;
	memmove(o->at + at, o->at + at + 1, (o->n - at) * sizeof(*o->at));
}

/* The event at that place in the order of kinds while it is of the kind and not after `to`; else NULL. */
static struct kept *
kind_at(struct feed *f, uint32_t at, uint16_t kind, ts_t to)
{
	struct kept *k = at < f->kinds.n ? &f->ring[f->kinds.at[at]] : NULL;

	return k && k->kind == kind && k->ts <= to ? k : NULL;
}

struct kept *
event_of_host(struct engine *e, uint64_t host, uint32_t i)
{
	struct feed *f = e->feed;
	uint32_t at = order_find(f, &f->hosts, host, INT64_MIN, 0) + i;
	struct kept *k = at < f->hosts.n ? &f->ring[f->hosts.at[at]] : NULL;

	return k && k->host == host ? k : NULL;
}

/* The place for the next event; the oldest goes when there is no other. */
static struct kept *
event_slot(struct feed *f, ts_t now)
{
	struct kept *k = &f->ring[f->n % f->cap];

	if (f->n >= f->cap) {
		uint64_t *old = table_find(&f->serials, &k->serial, now);
		if (old)
			table_drop(&f->serials, old);
		order_remove(f, &f->kinds, k);
		order_remove(f, &f->hosts, k);
	}
	memset(k, 0, sizeof(*k));
	return k;
}

static void
join_all(struct engine *e, struct kept *k)
{
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (join_try(e, k, h))
			hyp_touch(e, h);
}

static const ts_t SHOWN = 15 * TS_SEC; /* a new client's sign of life is waited for 10 s (DETECTIONS.md 4) */

/* The end of the minute in which the last window of its kind closes, and what its packets show is known. */
ts_t
event_due(struct engine *e, const struct kept *k)
{
	ts_t closes = k->ts + e->feed->index.end[k->kind] * TS_SEC + event_eps(e, k) + SHOWN;

	return closes - closes % TS_MIN + TS_MIN - 1;
}

/* The kept event that this one is a second copy of.  Two collectors cut the fractions of a second differently: with the same
 * record number, times within one second are the same. */
static struct kept *
copy_of(struct engine *e, const struct hostev *ev)
{
	struct feed *f = e->feed;

	for (int i = -1; i <= 1; i++) {
		uint64_t serial = serial_of(ev, i), *at = table_find(&f->serials, &serial, e->now);
		struct kept *k = at ? &f->ring[*at % f->cap] : NULL;
		if (k && (!ev->record_id || (ev->ts - k->ts <= TS_SEC && k->ts - ev->ts <= TS_SEC)))
			return k;
	}
	return NULL;
}

/* A tunnel that came up after its host was told a router weighs more than one alone. */
static void
router_told(struct engine *e, const struct kept *router)
{
	size_t i = 0;
	const struct kept *k;

	while ((k = event_next(e, &i, HE_TUNNEL_UP, router->ts, router->ts + ROUTER_BEFORE)))
		if (k->host == router->host && k->decided)
			join_renew(e, (struct kept *)(uintptr_t)k);
}

/* Which server was dialled is known now: events of that connection that came before are compared anew. */
static void
dial_told(struct engine *e, const struct kept *dial)
{
	static const uint16_t kinds[] = { HE_SSTP, HE_SSTP_NOT_SENT, HE_SSTP_CERT_MISMATCH };
	const ts_t around = TS_HOUR;

	for (size_t n = 0; dial->coid && n < NELEM(kinds); n++) {
		size_t i = 0;
		const struct kept *k;
		while ((k = event_next(e, &i, kinds[n], dial->ts - around, dial->ts + around)))
			if (k->coid == dial->coid)
				join_renew(e, (struct kept *)(uintptr_t)k);
	}
}

void
events_event(struct engine *e, const struct hostev *ev)
{
	struct feed *f = e->feed;
	uint64_t serial = serial_of(ev, 0);
	ts_t now = e->now == TS_NONE ? ev->ts : e->now; /* events may come before the first packet */

	if (ev->ts == TS_NONE)
		return;
	bool keeps = ev->kind != HE_OTHER && !clock_slight(ev), again = keeps && copy_of(e, ev);
	f->duplicates += again;
	clock_count(e, ev, again);
	uint64_t *at = again || !keeps ? NULL : table_get(&f->serials, &serial, now, NULL);
	if (at == NULL)
		return;
	struct kept *k = event_slot(f, now);
	*at = f->n++;
	k->serial = serial;
	kept_fill(k, ev);
	k->duid = d6_duid_key(e, ev->duid);
	order_add(f, &f->kinds, k);
	order_add(f, &f->hosts, k);
	f->due = event_due(e, k) < f->due ? event_due(e, k) : f->due;
	f->pair_due = k->ts + CLOCK_REACH < f->pair_due ? k->ts + CLOCK_REACH : f->pair_due;
	if (k->kind == HE_RAS_DIAL && (k->set & (HES_NAME | HES_PEER))) {
		dial_note(e, k->coid, k->name, k->peer);
		dial_told(e, k);
	}
	if (k->kind == HE_ISATAP_ROUTER && k->host)
		router_told(e, k);
	f->leased |= k->kind == HE_DHCP_LEASED || k->kind == HE_DHCP_LEASE_END;
	identity_agent(e, k);
	if (k->kind == HE_CLOCK_STEP)
		clock_refresh(e, k->host);
	else
		clock_set(e, k);
	join_all(e, k);
}

static void
pair(struct engine *e, struct kept *k)
{
	if (!clock_pairs(k->kind) || k->wire != TS_NONE || !k->host)
		return;
	k->wire = clock_match(e, k);
	if (k->wire != TS_NONE)
		clock_refresh(e, k->host);
}

void
events_pair(struct engine *e, bool at_end)
{
	struct feed *f = e->feed;
	uint64_t first = f->n > f->cap ? f->n - f->cap : 0;
	bool older = true;

	if (!at_end && e->now <= f->pair_due)
		return;
	f->pair_due = INT64_MAX;
	for (uint64_t i = !at_end && f->paired_upto > first ? f->paired_upto : first; i < f->n; i++) {
		struct kept *k = &f->ring[i % f->cap];
		ts_t due = k->ts + CLOCK_REACH;
		if (at_end || e->now > due) {
			pair(e, k);
		} else {
			f->pair_due = due < f->pair_due ? due : f->pair_due;
			older = false;
		}
		if (older)
			f->paired_upto = i + 1;
	}
}

const struct kept *
event_find(struct engine *e, uint64_t serial)
{
	const uint64_t *at = table_peek(&e->feed->serials, &serial);
	if (at == NULL || *at + e->feed->cap < e->feed->n)
		return NULL;
	return &e->feed->ring[*at % e->feed->cap];
}

const struct kept *
event_by(struct engine *e, uint16_t kind, uint16_t seg, struct mac m, ts_t from, ts_t to)
{
	struct feed *f = e->feed;
	const struct kept *best = NULL, *k;
	struct place place[PLACES];

	for (uint32_t i = order_find(f, &f->kinds, kind, from - EPS_UNSYNCED, 0);
	     (k = kind_at(f, i, kind, to + EPS_UNSYNCED)); i++) {
		ts_t eps = event_eps(e, k);
		if (k->ts < from - eps || k->ts > to + eps)
			continue;
		size_t n = event_places(e, k, place);
		for (size_t p = 0; p < n; p++)
			if (place[p].seg == seg && mac_eq(place[p].mac, m))
				best = k;
	}
	return best;
}

const struct kept *
event_next(struct engine *e, size_t *i, uint16_t kind, ts_t from, ts_t to)
{
	struct feed *f = e->feed;

	return kind_at(f, order_find(f, &f->kinds, kind, from, 0) + (uint32_t)(*i)++, kind, to);
}

/* The events that evidence between the times may fit. */
static void
rejoin_between(struct engine *e, struct hyp *h, ts_t first, ts_t last)
{
	struct feed *f = e->feed;
	struct kept *k;

	for (uint16_t kind = 0; h->family < FAM_CHAINS && kind < HE_KINDS; kind++) {
		const struct join_span *s = &f->index.span[h->family][kind];
		ts_t from = s->always ? INT64_MIN : first - s->to * TS_SEC - EPS_UNSYNCED;
		ts_t to = s->always ? INT64_MAX : last - s->from * TS_SEC + EPS_UNSYNCED;
		if (!s->meets)
			continue;
		for (uint32_t i = order_find(f, &f->kinds, kind, from, 0); (k = kind_at(f, i, kind, to)); i++)
			if (join_try(e, k, h))
				hyp_touch(e, h);
	}
}

void
events_rejoin(struct engine *e, struct hyp *h)
{
	/* a fact of authentication may lie as long before the packet that raised it (DETECTIONS.md 7) */
	rejoin_between(e, h, h->first - 10 * TS_MIN, h->last + 10 * TS_MIN);
}

void
events_rejoin_fresh(struct engine *e, struct hyp *h)
{
	rejoin_between(e, h, h->fresh_from, h->fresh_to);
}

void
events_identify(struct engine *e)
{
	struct feed *f = e->feed;

	for (uint64_t i = f->n > f->cap ? f->n - f->cap : 0; i < f->n; i++)
		identity_agent(e, &f->ring[i % f->cap]);
}

static void
decide(struct engine *e, struct kept *k, bool at_end)
{
	identity_agent(e, k); /* the stations may have become known since */
	if (!at_end)
		join_all(e, k);
	join_decide(e, k, at_end);
	k->decided = true;
}

void
events_tick(struct engine *e, bool at_end)
{
	struct feed *f = e->feed;
	uint64_t first = f->n > f->cap ? f->n - f->cap : 0;
	bool older = true;

	if (f->leased)
		join_review(e, at_end);
	f->leased = false;
	if (!at_end && e->now <= f->due)
		return;
	f->due = INT64_MAX;
	for (uint64_t i = f->decided_upto > first ? f->decided_upto : first; i < f->n; i++) {
		struct kept *k = &f->ring[i % f->cap];
		ts_t due = event_due(e, k);
		if (!k->decided && (at_end || e->now > due))
			decide(e, k, at_end);
		else if (!k->decided)
			f->due = due < f->due ? due : f->due;
		older &= k->decided;
		if (older)
			f->decided_upto = i + 1;
	}
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field leaf_rows[] = {
	SNAP_ARRAY(struct leaf, sha1, sha1[0]),
	SNAP_ARRAY(struct leaf, sha256, sha256[0]),
	SNAP(struct leaf, has_sha1),
	SNAP(struct leaf, has_sha256),
};
static const struct snap_rec leaf_rec = SNAP_REC(struct leaf, leaf_rows);
static const struct snap_field kept_rows[] = {
	SNAP(struct kept, serial),
	SNAP(struct kept, host),
	SNAP(struct kept, ts),
	SNAP(struct kept, offset),
	SNAP(struct kept, wire),
	SNAP(struct kept, step),
	SNAP_UPTO(struct kept, kind, HE_KINDS - 1),
	SNAP(struct kept, event_id),
	SNAP(struct kept, set),
	SNAP(struct kept, error),
	SNAP(struct kept, record_id),
	SNAP(struct kept, name),
	SNAP_STR(struct kept, provider),
	SNAP_STR(struct kept, computer),
	SNAP_STR(struct kept, text),
	SNAP(struct kept, addr),
	SNAP(struct kept, peer),
	SNAP(struct kept, router),
	SNAP(struct kept, mac),
	SNAP(struct kept, duid_mac),
	SNAP(struct kept, pool),
	SNAP(struct kept, duid),
	SNAP(struct kept, flag1),
	SNAP(struct kept, flag2),
	SNAP(struct kept, joined),
	SNAP(struct kept, decided),
	SNAP(struct kept, clock_known),
	SNAP(struct kept, more_macs),
	SNAP_UPTO(struct kept, nmac, KEPT_MACS),
	SNAP_UPTO(struct kept, nip, KEPT_IPS),
	SNAP_UPTO(struct kept, nmore, KEPT_MORE),
	SNAP_SOME(struct kept, host_mac, host_mac[0], nmac),
	SNAP_SOME(struct kept, host_ip, host_ip[0], nip),
	SNAP_SOME(struct kept, more, more[0], nmore),
	SNAP(struct kept, coid),
	SNAP_SUB(struct kept, leaf, leaf_rec),
	SNAP_SUB(struct kept, bound, leaf_rec),
};
static const struct snap_rec kept_rec = SNAP_REC(struct kept, kept_rows);
static const struct snap_field seen_rows[] = {
	SNAP(struct seen, ts),
	SNAP(struct seen, seg),
	SNAP(struct seen, mac),
	SNAP(struct seen, client),
	SNAP(struct seen, flags),
};
static const struct snap_rec seen_rec = SNAP_REC(struct seen, seen_rows);
static const struct snap_field seen_ring_rows[] = {
	SNAP_SUBS(struct seen_ring, v, v[0], seen_rec),
	SNAP(struct seen_ring, n),
};
static const struct snap_rec seen_ring_rec = SNAP_REC(struct seen_ring, seen_ring_rows);
static const struct snap_field feed_rows[] = {
	SNAP_NOT(struct feed, serials),
	SNAP_NOT(struct feed, ring), /* NOLINT(bugprone-sizeof-expression): where it is, not what it points to */
	SNAP_NOT(struct feed, kinds),
	SNAP_NOT(struct feed, hosts),
	SNAP_NOT(struct feed, cap),
	SNAP_NOT(struct feed, n),
	SNAP(struct feed, decided_upto),
	SNAP(struct feed, paired_upto),
	SNAP_NOT(struct feed, duplicates),
	SNAP_NOT(struct feed, due),
	SNAP_NOT(struct feed, pair_due),
	SNAP(struct feed, leased),
	SNAP_SUB(struct feed, ra, seen_ring_rec),
	SNAP_SUB(struct feed, reply6, seen_ring_rec),
	SNAP_NOT(struct feed, index),
};
static const struct snap_rec feed_rec = SNAP_REC(struct feed, feed_rows);

static struct snap_ring
kept_ring(struct engine *e)
{
	return (struct snap_ring){ .v = e->feed->ring, .cap = e->feed->cap, .ever = &e->feed->n };
}

/* Which event stands where. */
static bool
kept_loaded(struct engine *e)
{
	struct feed *f = e->feed;

	for (uint64_t i = f->n > f->cap ? f->n - f->cap : 0; i < f->n; i++) {
		bool fresh;
		ts_t now = e->now == TS_NONE ? f->ring[i % f->cap].ts : e->now;
		uint64_t *at = table_get(&f->serials, &f->ring[i % f->cap].serial, now, &fresh);
		if (at == NULL || !fresh)
			return false;
		*at = i;
		order_add(f, &f->kinds, &f->ring[i % f->cap]);
		order_add(f, &f->hosts, &f->ring[i % f->cap]);
	}
	f->due = f->pair_due = TS_NONE; /* the next tick looks */
	return f->decided_upto <= f->n && f->paired_upto <= f->n;
}

const struct snap_store snap_feed[] = {
	{ .name = "host events", .kind = SNAP_RING, .ring = kept_ring, .key = &snap_no_key, .value = &kept_rec },
	{ .name = "feed", .kind = SNAP_RECORD, .owner = offsetof(struct engine, feed),
	  .key = &snap_no_key, .value = &feed_rec, .loaded = kept_loaded },
	{ 0 },
};
/* clang-format on */
