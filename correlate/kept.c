/* Keeps host events.  What an event proves is in joins.c. */
#include "kept.h"

enum { EVENTS_DEFAULT = 16384 };
static const ts_t EPS_UNSYNCED = 300 * TS_SEC, EPS_SYNCED = 2 * TS_SEC; /* DETECTIONS.md 1.3 */

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
struct feed {
	struct table serials;
	struct kept *ring;
	uint32_t cap;
	uint64_t n, decided_upto, duplicates;
	struct seen_ring ra, reply6;
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
	       (size_t)c.capacity * sizeof(struct kept);
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
	e->feed->ring = (struct kept *)(void *)p;
	e->feed->cap = c.capacity;
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

static uint64_t
serial_of(const struct hostev *ev)
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
	out_be(&o, (uint64_t)ev->ts, 8);
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

static void
kept_fill(struct kept *k, const struct hostev *ev)
{
	k->ts = ev->ts;
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
	k->flag1 = ev->flag1;
	k->flag2 = ev->flag2;
	if (ev->set & HES_NAME) {
		k->name = name_hash(ev->name);
		text_copy(k->text, sizeof(k->text), ev->name);
	}
	for (size_t i = 0; i < ev->nhost_mac && i < KEPT_MACS; i++)
		k->host_mac[k->nmac++] = ev->host_mac[i];
	for (size_t i = 0; i < ev->nhost_ip && k->nip < KEPT_IPS; i++)
		if (!addr_loopback(ev->host_ip[i]))
			k->host_ip[k->nip++] = ev->host_ip[i];
	for (size_t i = 0; i < ev->nmore && k->nmore < KEPT_MORE; i++)
		k->more[k->nmore++] = ev->more[i];
	vpn_fill(k, ev);
}

void
events_event(struct engine *e, const struct hostev *ev)
{
	struct feed *f = e->feed;
	uint64_t serial = serial_of(ev);
	bool fresh;
	ts_t now = e->now == TS_NONE ? ev->ts : e->now; /* events may come before the first packet */

	if (ev->ts == TS_NONE || ev->kind == HE_OTHER)
		return;
	uint64_t *at = table_get(&f->serials, &serial, now, &fresh);
	if (at == NULL || !fresh) {
		f->duplicates++;
		return;
	}
	struct kept *k = &f->ring[f->n % f->cap];
	if (f->n >= f->cap) {
		uint64_t *old = table_find(&f->serials, &k->serial, now);
		if (old)
			table_drop(&f->serials, old);
	}
	*at = f->n++;
	memset(k, 0, sizeof(*k));
	k->serial = serial;
	kept_fill(k, ev);
	if (k->kind == HE_RAS_DIAL && (k->set & (HES_NAME | HES_PEER)))
		dial_note(e, k->coid, k->name, k->peer);
	identity_agent(e, k);
	for (struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (join_try(e, k, h))
			hyp_touch(e, h);
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
	const struct feed *f = e->feed;
	const struct kept *best = NULL;
	struct place place[PLACES];

	for (uint64_t i = f->n > f->cap ? f->n - f->cap : 0; i < f->n; i++) {
		const struct kept *k = &f->ring[i % f->cap];
		ts_t eps = event_eps(e, k);
		if (k->kind != kind || k->ts < from - eps || k->ts > to + eps || (best && k->ts <= best->ts))
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
	const struct feed *f = e->feed;
	size_t n = f->n < f->cap ? (size_t)f->n : f->cap;

	while (*i < n) {
		const struct kept *k = &f->ring[(*i)++];
		if (k->kind == kind && k->ts >= from && k->ts <= to)
			return k;
	}
	return NULL;
}

void
events_rejoin(struct engine *e, struct hyp *h)
{
	struct feed *f = e->feed;
	uint64_t first = f->n > f->cap ? f->n - f->cap : 0;

	for (uint64_t i = first; i < f->n; i++)
		if (join_try(e, &f->ring[i % f->cap], h))
			hyp_touch(e, h);
}

void
events_tick(struct engine *e, bool at_end)
{
	struct feed *f = e->feed;
	uint64_t first = f->n > f->cap ? f->n - f->cap : 0;
	bool older = true;

	for (uint64_t i = f->decided_upto > first ? f->decided_upto : first; i < f->n; i++) {
		struct kept *k = &f->ring[i % f->cap];
		bool over = at_end || e->now > k->ts + join_window_end(k) + event_eps(e, k);
		if (over && !k->decided) {
			if (at_end)
				identity_agent(e, k);
			join_decide(e, k, at_end);
			k->decided = true;
		}
		older &= k->decided;
		if (older)
			f->decided_upto = i + 1;
	}
}
