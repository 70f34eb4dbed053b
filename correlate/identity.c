/* Which computer is which station: claims of names, their grades and how long they hold. */
#include "identity.h"
#include "auths.h"
#include "leaselog.h"
#include "snapshot.h"

enum { NAMES = 16384, TOLD = 256 /* in RELAY_SEC: as many stations of one site as log on at once */ };

static const ts_t grade_ttl[BIND_GRADES] = { 0, 24 * TS_HOUR, 8 * TS_HOUR, 4 * TS_HOUR,
					     TS_HOUR }; /* DETECTIONS.md 9 */
static const ts_t TUNNEL_TTL = 10 * TS_MIN;		/* of what 4303 tells: the event */
static const ts_t TELL_AGAIN = TS_HOUR;

struct name_key {
	char head[NETBIOS_NAME + 1];
};
/* One uninterrupted claim.  A claim that lapsed and comes again is another one: an event between the two stays unnamed. */
struct claim {
	struct mac mac;
	uint16_t seg;
	uint8_t grade, source;
	bool longer;
	uint64_t label, full;
	ts_t first, last;
	ts_t ended; /* the station said another name then; TS_NONE: not */
};
struct named {
	struct claim claim[ID_CLAIMS];
	uint8_t n;
	ts_t crowded; /* until then more stations claim it than are kept: contested */
	ts_t told;    /* of a conflict */
};
struct station_key {
	uint16_t seg;
	struct mac mac;
};
struct station {
	char name[INC_NAME_MAX];
	uint8_t grade;
	struct hostname said[ID_SINGLE]; /* what it said last of each source, and when */
	ts_t said_at[ID_SINGLE];
};
/* Names that stations told others of themselves: who passes one on does not bear it. */
struct told_name {
	ts_t ts;
	uint16_t seg;
	struct mac to;
	uint64_t label;
};
struct identity {
	struct table names, stations;
	struct told_name told[TOLD];
	uint64_t ntold;
	struct id_conflict conflict;
};

static const struct table_spec names_spec = { "names", sizeof(struct name_key), sizeof(struct named), NAMES,
					      0 };
static const struct table_spec stations_spec = { "station names", sizeof(struct station_key),
						 sizeof(struct station), NAMES, 0 };

size_t
identity_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct identity)) + align16(table_bytes(&names_spec)) +
	       align16(table_bytes(&stations_spec));
}

void
identity_open(struct engine *e, void *mem)
{
	char *p = mem;

	e->identity = mem;
	p += align16(sizeof(struct identity));
	table_open(&e->identity->names, &names_spec, p, e->key);
	p += align16(table_bytes(&names_spec));
	table_open(&e->identity->stations, &stations_spec, p, e->key);
}

/* ---- claims ---- */
static struct name_key
key_of(const struct hostname *h)
{
	struct name_key k;

	memcpy(k.head, h->head, sizeof(k.head));
	return k;
}

/* Does it hold at that time, where claims of up to `known` are known? */
static bool
claim_holds(const struct claim *c, ts_t ts, ts_t known)
{
	return c->first <= known && ts <= c->last + grade_ttl[c->grade] &&
	       (c->ended == TS_NONE || ts < c->ended);
}

/* Seen on the wire about that time: a station that fell silent contests nothing. */
static bool
station_live(struct engine *e, uint16_t seg, struct mac m, ts_t ts)
{
	const struct host *h = host_find(e, e->segment_at[seg], m);

	return h && h->first <= ts + IDENTITY_AFTER && ts - HOST_SILENT <= h->last &&
	       !(ts - HOST_SILENT > h->gap_from && ts + HOST_SILENT < h->gap_to);
}

/* Told by an event, so that it makes no wire fact and holds none back. */
static bool
from_log(const struct claim *c)
{
	return c->source == ID_LEASELOG;
}

/* The claim that goes on, or a place for a new one: what lapsed first goes first. */
static struct claim *
claim_get(struct engine *e, struct named *n, const struct claim *new)
{
	struct claim *old = NULL;

	for (size_t i = 0; i < n->n; i++) {
		struct claim *c = &n->claim[i];
		if (mac_eq(c->mac, new->mac) && c->seg == new->seg && c->grade == new->grade &&
		    c->label == new->label &&from_log(c) == from_log(new) &&
		    (c->full == new->full || c->full == 0 || new->full == 0) &&
		    new->first + grade_ttl[c->grade] >= c->first &&claim_holds(c, new->first, c->first)) {
			c->full = new->full ? new->full : c->full;
			return c;
		}
		ts_t mine = c->last + grade_ttl[c->grade];
		if (old == NULL || mine < old->last + grade_ttl[old->grade])
			old = c;
	}
	if (n->n < ID_CLAIMS)
		old = &n->claim[n->n++];
	else if (claim_holds(old, new->first, new->first) && !mac_eq(old->mac, new->mac))
		n->crowded = e->now + grade_ttl[BIND_B];
	*old = *new;
	return old;
}

/* A claim by another live station within one grade (DETECTIONS.md 9). */
static void
conflict_note(struct engine *e, struct named *n, const struct claim *c)
{
	for (size_t i = 0; i < n->n; i++) {
		const struct claim *o = &n->claim[i];
		if (from_log(o) || mac_eq(o->mac, c->mac) || o->grade > c->grade + 1 ||
		    c->grade > o->grade + 1 || o->label != c->label ||
		    (o->full && c->full && o->full != c->full) || !claim_holds(o, e->now, e->now) ||
		    !station_live(e, o->seg, o->mac, e->now) || (n->told && e->now - n->told < TELL_AGAIN))
			continue;
		n->told = e->now;
		e->identity->conflict = (struct id_conflict){ true, c->mac, o->mac, c->label };
	}
}

static struct claim *
claim_add(struct engine *e, const struct hostname *h, const struct segment *s, struct mac m,
	  enum bind_grade grade, enum id_source source, ts_t when)
{
	struct name_key k = key_of(h);
	struct named *n = table_get(&e->identity->names, &k, e->now == TS_NONE ? when : e->now, NULL);
	struct claim new = { m,	      s->ix, (uint8_t)grade, (uint8_t)source, h->longer, h->label,
			     h->full, when,  when,	     TS_NONE };

	if (n == NULL)
		return NULL;
	struct claim *c = claim_get(e, n, &new);
	c->first = when < c->first ? when : c->first;
	c->last = when > c->last ? when : c->last;
	c->source = source < c->source ? (uint8_t)source : c->source;
	if (source == ID_TUNNEL)
		c->ended = c->last + TUNNEL_TTL;
	else if (grade >= BIND_B && !from_log(c))
		conflict_note(e, n, c);
	return c;
}

/* The station says another name of that source than before: the old one ends. */
static void
supersede(struct engine *e, const struct hostname *old, const struct claim *c, ts_t when)
{
	struct name_key k = key_of(old);
	struct named *n =
		old->label && old->label != c->label ? table_find(&e->identity->names, &k, e->now) : NULL;

	for (size_t i = 0; n && i < n->n; i++) {
		struct claim *o = &n->claim[i];
		if (o->label == old->label && o->source == c->source && o->seg == c->seg &&
		    mac_eq(o->mac, c->mac) && o->ended == TS_NONE)
			o->ended = when;
	}
}

static void
station_named(struct engine *e, struct bytes text, const struct hostname *h, const struct claim *c,
	      enum id_source source, ts_t when)
{
	struct station_key sk = { c->seg, c->mac };
	bool fresh;
	struct station *st =
		table_get(&e->identity->stations, &sk, e->now == TS_NONE ? when : e->now, &fresh);

	if (st == NULL)
		return;
	/* what a log tells is shown until the station is heard itself, whichever came first */
	bool log = source == ID_LEASELOG;
	if (fresh || (!log && c->grade <= st->grade)) {
		size_t len = 0;
		text = bytes_text(text);
		while (len < text.n && len < sizeof(st->name) - 1 && text.p[len] != '.' && text.p[len] != '$')
			len++;
		memset(st->name, 0, sizeof(st->name));
		memcpy(st->name, text.p, len);
		st->grade = log ? BIND_D : c->grade;
	}
	if (source >= ID_SINGLE)
		return;
	supersede(e, &st->said[source], c, when);
	st->said[source] = *h;
	st->said_at[source] = when;
}

static void
claim_at(struct engine *e, struct bytes text, const struct segment *s, struct mac m, enum bind_grade grade,
	 enum id_source source, ts_t when)
{
	struct hostname h;

	if (!hostname_read(text, &h) || mac_group(m) || mac_zero(m))
		return;
	struct claim *c = claim_add(e, &h, s, m, grade, source, when);
	if (c)
		station_named(e, text, &h, c, source, when);
}

void
identity_claim(struct engine *e, struct bytes text, const struct segment *s, struct mac m,
	       enum bind_grade grade, enum id_source source)
{
	claim_at(e, text, s, m, grade, source, e->now);
}

struct id_conflict
identity_conflict(struct engine *e)
{
	struct id_conflict c = e->identity->conflict;

	e->identity->conflict.now = false;
	return c;
}

void
identity_leased(struct engine *e, const struct segment *s, struct mac m, enum id_source source)
{
	struct station_key sk = { s->ix, m };
	const struct station *st = table_find(&e->identity->stations, &sk, e->now);

	if (st && st->said[source].label && e->now - st->said_at[source] <= IDENTITY_AFTER)
		claim_add(e, &st->said[source], s, m, BIND_B, source, e->now);
}

bool
identity_passed_on(struct engine *e, const struct obs *o, struct bytes name)
{
	struct identity *id = e->identity;
	struct hostname h;
	bool found = false;

	if (!hostname_read(name, &h))
		return false;
	for (uint64_t i = 0; i < id->ntold && i < TOLD; i++) {
		const struct told_name *t = &id->told[i];
		found = found || (t->seg == e->seg->ix && mac_eq(t->to, o->outer.smac) &&
				  e->now - t->ts <= RELAY_SEC * TS_SEC && t->label == h.label);
	}
	id->told[id->ntold++ % TOLD] = (struct told_name){ e->now, e->seg->ix, o->outer.dmac, h.label };
	return found;
}

const char *
station_name(struct engine *e, const struct segment *s, struct mac m)
{
	struct station_key k = { s->ix, m };
	const struct station *st = table_peek(&e->identity->stations, &k);
	return st ? st->name : NULL;
}

/* ---- where a computer is ---- */
static size_t
place_add(struct place *out, size_t n, uint16_t seg, struct mac m, uint8_t grade, ts_t first)
{
	for (size_t i = 0; i < n; i++)
		if (out[i].seg == seg && mac_eq(out[i].mac, m))
			return n;
	if (n < PLACES)
		out[n++] = (struct place){ seg, m, grade, first };
	return n;
}

/* Whose the address was then: one station's, which had it by `known`.  Where another took it from a station that is still
 * there it is nobody's (DETECTIONS.md 9: bound to one live MAC). */
static bool
bound_at(struct engine *e, const struct segment *s, struct addr a, ts_t ts, ts_t known, struct mac *m,
	 ts_t *since)
{
	const struct binding *b = binding_find(e, s, a);
	bool moved = b && !mac_zero(b->prev);

	*since = b ? b->first : TS_NONE;
	if (b == NULL || b->contested)
		return false;
	if (moved && ts < b->first) { /* its former owner's: when that began is not kept */
		*m = b->prev;
		*since = b->prev_last < ts ? b->prev_last : ts;
		return true;
	}
	*m = b->mac;
	return b->first <= known &&
	       !(moved && b->first - b->prev_last < HOST_SILENT && station_live(e, s->ix, b->prev, ts));
}

/* The MAC in a link-local or other address by EUI-64 (RFC 4291 appendix A). */
static bool
eui64_mac(struct addr a, struct mac *m)
{
	if (a.fam != 6 || a.b[11] != 0xff || a.b[12] != 0xfe)
		return false;
	*m = (struct mac){ { (uint8_t)(a.b[8] ^ 2), a.b[9], a.b[10], a.b[13], a.b[14], a.b[15] } };
	return true;
}

static size_t
places_address(struct engine *e, struct addr a, ts_t ts, ts_t known, struct place *out, size_t n)
{
	for (uint16_t i = 0; i < e->nsegment; i++) {
		const struct segment *s = e->segment_at[i];
		struct mac m;
		ts_t since;
		if (bound_at(e, s, a, ts, known, &m, &since)) {
			n = place_add(out, n, i, m, BIND_A, since);
		} else if (since == TS_NONE && eui64_mac(a, &m)) {
			const struct host *h = host_find(e, s, m);
			if (h && h->first <= known)
				n = place_add(out, n, i, m, BIND_A, h->first);
		}
	}
	return n;
}

/* What the agent says of its own host, once the wire knows the station: grade A. */
static size_t
places_agent(struct engine *e, const struct kept *k, ts_t ts, ts_t known, struct place *out)
{
	size_t n = 0;

	for (uint16_t i = 0; i < e->nsegment; i++)
		for (size_t m = 0; m < k->nmac; m++) {
			const struct host *h = host_find(e, e->segment_at[i], k->host_mac[m]);
			if (h)
				n = place_add(out, n, i, k->host_mac[m], BIND_A, h->first);
		}
	for (size_t a = 0; k->nmac == 0 && a < k->nip; a++)
		n = places_address(e, k->host_ip[a], ts, known, out, n);
	return n;
}

static bool
same_name(const struct hostname *a, const struct hostname *b)
{
	return a->label == b->label && (a->full == 0 || b->full == 0 || a->full == b->full);
}

static size_t
places_inventory(struct engine *e, ts_t ts, const struct hostname *name, ts_t known, struct place *out)
{
	const struct authority *a = e->conf->authority;
	struct hostname h;
	size_t n = 0;

	for (size_t i = 0; a && i < a->nsite; i++)
		for (size_t j = 0; j < a->site[i].nhosts; j++) {
			const struct auth_host *listed = &a->site[i].hosts[j];
			if (!hostname_read(listed->name, &h) || !same_name(&h, name))
				continue;
			for (uint16_t s = 0; listed->has_mac && s < e->nsegment; s++)
				if (host_find(e, e->segment_at[s], listed->mac))
					n = place_add(out, n, s, listed->mac, BIND_A,
						      e->segment_at[s]->first);
			for (size_t x = 0; !listed->has_mac && x < listed->nip; x++)
				n = places_address(e, listed->ip[x], ts, known, out, n);
		}
	return n;
}

/* A name of the same head but another, longer label: then the NetBIOS form is not unique. */
static bool
ambiguous(const struct named *n, const struct hostname *h, ts_t ts, ts_t known)
{
	uint64_t longer = h->longer ? h->label : 0;

	for (size_t i = 0; i < n->n; i++) {
		const struct claim *c = &n->claim[i];
		if (!c->longer || !claim_holds(c, ts, known))
			continue;
		if (longer && c->label != longer)
			return true;
		longer = c->label;
	}
	return false;
}

/* The claims that mean this name: by all labels, by the leftmost one, in NetBIOS form.  A station that is known under another
 * domain does not mean it. */
static bool
means(const struct named *n, const struct claim *c, const struct hostname *h, ts_t ts, ts_t known)
{
	if (!claim_holds(c, ts, known))
		return false;
	if (c->label != h->label && (c->longer == h->longer || ambiguous(n, h, ts, known)))
		return false;
	for (size_t i = 0; h->full && i < n->n; i++) {
		const struct claim *o = &n->claim[i];
		if (o->full && o->full != h->full && mac_eq(o->mac, c->mac) && claim_holds(o, ts, known) &&
		    c->full != h->full)
			return false;
	}
	return true;
}

/* Names learned from the wire and from other events: the best grade, unless two live stations contest it. */
static size_t
places_names(struct engine *e, const struct hostname *h, ts_t ts, ts_t known, struct place *out,
	     bool *contested)
{
	struct name_key k = key_of(h);
	const struct named *name = table_peek(&e->identity->names, &k);
	const struct claim *set[ID_CLAIMS];
	uint8_t best = BIND_GRADES;
	size_t m = 0, n = 0, live = 0;

	for (size_t i = 0; name && i < name->n; i++)
		if (means(name, &name->claim[i], h, ts, known))
			set[m++] = &name->claim[i];
	for (size_t i = 0; i < m; i++)
		live += station_live(e, set[i]->seg, set[i]->mac, ts);
	for (size_t i = 0; i < m; i++)
		if ((!live || station_live(e, set[i]->seg, set[i]->mac, ts)) && set[i]->grade < best)
			best = set[i]->grade;
	*contested = name && best > BIND_A && ts < name->crowded;
	for (size_t i = 0; i < m; i++) {
		if (live && !station_live(e, set[i]->seg, set[i]->mac, ts))
			continue;
		if (set[i]->grade == best)
			n = place_add(out, n, set[i]->seg, set[i]->mac, best, set[i]->first);
	}
	for (size_t i = 0; best > BIND_A && i < m; i++)
		*contested |= set[i]->grade <= best + 1 && !mac_eq(set[i]->mac, out[0].mac) &&
			      (!live || station_live(e, set[i]->seg, set[i]->mac, ts));
	/* what the name was known by before counts for since when it is known */
	for (size_t p = 0; p < n; p++)
		for (size_t i = 0; i < name->n; i++)
			if (name->claim[i].first < out[p].first && name->claim[i].label == h->label &&
			    name->claim[i].seg == out[p].seg && mac_eq(name->claim[i].mac, out[p].mac))
				out[p].first = name->claim[i].first;
	return *contested ? 0 : n;
}

/* With what was known by then.  An agent that tells its MACs is at one of them or out of sight: whoever else bears its name is
 * somebody else. */
static size_t
places_known(struct engine *e, const struct kept *k, ts_t ts, ts_t known, struct place *out, bool *contested)
{
	struct hostname h;
	size_t n = places_agent(e, k, ts, known, out);

	*contested = false;
	if (n || (k->nmac && !k->more_macs) || !hostname_read(bytes_str(k->computer), &h))
		return n;
	n = places_inventory(e, ts, &h, known, out);
	return n ? n : places_names(e, &h, ts, known, out, contested);
}

/* At one time of the wire's clock: with what was known by then, by then as far as the host's clock can tell, soon after. */
static size_t
places_at(struct engine *e, const struct kept *k, ts_t ts, struct place *out)
{
	const ts_t known[] = { ts, ts + event_eps(e, k), ts + IDENTITY_AFTER };
	bool contested = false;
	size_t n = 0;

	for (size_t i = 0; i < NELEM(known) && n == 0 && !contested; i++)
		if (i == 0 || e->ending || e->now >= known[i])
			n = places_known(e, k, ts, known[i], out, &contested);
	return n;
}

size_t
event_places(struct engine *e, const struct kept *k, struct place out[PLACES])
{
	ts_t eps = event_eps(e, k);
	const ts_t at[] = { k->ts - eps, k->ts + eps };
	size_t n = places_at(e, k, k->ts, out), first = n;

	/* A laptop that moves is at either place, as far as its clock can tell; another station with its name is not it. */
	for (size_t i = 0; n && i < NELEM(at) && at[i] <= e->now; i++) {
		struct place more[PLACES];
		size_t m = places_at(e, k, at[i], more);
		for (size_t p = 0; p < m; p++)
			for (size_t o = 0; o < first; o++)
				if (mac_eq(out[o].mac, more[p].mac))
					n = place_add(out, n, more[p].seg, more[p].mac, more[p].grade,
						      more[p].first);
	}
	return n;
}

/* The client's name in a lease: grade B where the client said it as its full name (option 81 or 39), else what it called
 * itself (DETECTIONS.md 9). */
static void
claims_of_lease(struct engine *e, const struct kept *k)
{
	struct hostname h;
	struct mac m;

	if (!hostname_read(bytes_str(k->text), &h) || !leaselog_counts(e, k))
		return;
	for (uint16_t i = 0; i < e->nsegment; i++) {
		const struct segment *s = e->segment_at[i];
		if (!leaselog_station(e, s, k, &m))
			continue;
		struct station_key sk = { i, m };
		const struct station *st = table_peek(&e->identity->stations, &sk);
		bool full =
			st && (st->said[ID_FQDN4].label == h.label || st->said[ID_FQDN6].label == h.label);
		claim_at(e, bytes_str(k->text), s, m, full ? BIND_B : BIND_C, ID_LEASELOG, k->ts);
	}
}

void
identity_agent(struct engine *e, const struct kept *k)
{
	struct place p[PLACES];
	size_t n = places_agent(e, k, k->ts, k->ts + IDENTITY_AFTER, p);

	for (size_t i = 0; i < n; i++)
		claim_at(e, bytes_str(k->computer), e->segment_at[p[i].seg], p[i].mac, BIND_A, ID_AGENT,
			 k->ts);
	if (k->kind == HE_DHCP_LEASED && (k->set & HES_NAME))
		claims_of_lease(e, k);
	if (k->kind != HE_IPHTTPS_BOUND || !(k->set & HES_NAME))
		return;
	n = places_address(e, k->addr, k->ts, k->ts + IDENTITY_AFTER, p, 0);
	n = places_address(e, k->peer, k->ts, k->ts + IDENTITY_AFTER, p, n);
	for (size_t i = 0; i < n; i++)
		claim_at(e, bytes_str(k->text), e->segment_at[p[i].seg], p[i].mac, BIND_A, ID_TUNNEL, k->ts);
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field hostname_rows[] = {
	SNAP_STR(struct hostname, head),
	SNAP(struct hostname, label),
	SNAP(struct hostname, full),
	SNAP(struct hostname, longer),
};
static const struct snap_rec hostname_rec = SNAP_REC(struct hostname, hostname_rows);
static const struct snap_field name_key_rows[] = {
	SNAP_STR(struct name_key, head),
};
static const struct snap_rec name_key_rec = SNAP_REC(struct name_key, name_key_rows);
static const struct snap_field claim_rows[] = {
	SNAP(struct claim, mac),
	SNAP_SEG(struct claim, seg),
	SNAP_UPTO(struct claim, grade, BIND_D),
	SNAP_UPTO(struct claim, source, ID_LEASELOG),
	SNAP(struct claim, longer),
	SNAP(struct claim, label),
	SNAP(struct claim, full),
	SNAP(struct claim, first),
	SNAP(struct claim, last),
	SNAP(struct claim, ended),
};
static const struct snap_rec claim_rec = SNAP_REC(struct claim, claim_rows);
static const struct snap_field named_rows[] = {
	SNAP_UPTO(struct named, n, ID_CLAIMS),
	SNAP_SOME_SUBS(struct named, claim, claim[0], n, claim_rec),
	SNAP(struct named, crowded),
	SNAP(struct named, told),
};
static const struct snap_rec named_rec = SNAP_REC(struct named, named_rows);
static const struct snap_field station_key_rows[] = {
	SNAP_SEG(struct station_key, seg),
	SNAP(struct station_key, mac),
};
static const struct snap_rec station_key_rec = SNAP_REC(struct station_key, station_key_rows);
static const struct snap_field station_rows[] = {
	SNAP_STR(struct station, name),
	SNAP_UPTO(struct station, grade, BIND_D),
	SNAP_SUBS(struct station, said, said[0], hostname_rec),
	SNAP_ARRAY(struct station, said_at, said_at[0]),
};
static const struct snap_rec station_rec = SNAP_REC(struct station, station_rows);
static const struct snap_field told_rows[] = {
	SNAP(struct told_name, ts),
	SNAP(struct told_name, seg),
	SNAP(struct told_name, to),
	SNAP(struct told_name, label),
};
static const struct snap_rec told_rec = SNAP_REC(struct told_name, told_rows);
static const struct snap_field identity_rows[] = {
	SNAP_NOT(struct identity, names),
	SNAP_NOT(struct identity, stations),
	SNAP_SUBS(struct identity, told, told[0], told_rec),
	SNAP(struct identity, ntold),
	SNAP_NOT(struct identity, conflict),
};
static const struct snap_rec identity_rec = SNAP_REC(struct identity, identity_rows);

const struct snap_store snap_identity[] = {
	{ .name = "names", .kind = SNAP_TABLE, .owner = offsetof(struct engine, identity), .member = offsetof(struct identity, names),
	  .key = &name_key_rec, .value = &named_rec },
	{ .name = "station names", .kind = SNAP_TABLE, .owner = offsetof(struct engine, identity), .member = offsetof(struct identity, stations),
	  .key = &station_key_rec, .value = &station_rec },
	{ .name = "names told", .kind = SNAP_RECORD, .owner = offsetof(struct engine, identity),
	  .key = &snap_no_key, .value = &identity_rec },
	{ 0 },
};
/* clang-format on */
