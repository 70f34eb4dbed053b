/* Which computer is which station: names that the wire and the hosts tell, their grades and how long they hold. */
#include "identity.h"
#include "auths.h"
#include "kept.h"

enum { WHO_CAP = 16384, LABEL = 40 };
enum { UPDATE_RRS = 64, CLASS_IN = 1 }; /* an UPDATE of one host has a handful of records */

struct who_key {
	char label[LABEL];
};
struct who_claim {
	struct mac mac;
	uint16_t seg;
	uint8_t grade;
	ts_t first, last;
};
struct who {
	char full[INC_NAME_MAX];
	struct who_claim claim[WHO_CLAIMS];
	uint8_t n;
};
struct name_key {
	uint16_t seg;
	struct mac mac;
};
struct name_of {
	char name[INC_NAME_MAX];
	uint8_t grade;
};
/* Names that stations told others of themselves: who passes one on does not bear it. */
struct told_name {
	ts_t ts;
	uint16_t seg;
	struct mac to;
	struct who_key name;
};
enum { TOLD = 256 }; /* in RELAY_SEC: as many stations of one site as log on at once */

struct identity {
	struct table who, names;
	struct told_name told[TOLD];
	uint64_t ntold;
};

static const ts_t grade_ttl[] = { 0, 24 * TS_HOUR, 8 * TS_HOUR, 4 * TS_HOUR, TS_HOUR }; /* DETECTIONS.md 9 */

static struct table_spec
spec_who(void)
{
	return (struct table_spec){ "names", sizeof(struct who_key), sizeof(struct who), WHO_CAP, 0 };
}
static struct table_spec
spec_names(void)
{
	return (struct table_spec){ "station names", sizeof(struct name_key), sizeof(struct name_of), WHO_CAP,
				    0 };
}

size_t
identity_bytes(const struct engine_conf *conf)
{
	struct table_spec a = spec_who(), b = spec_names();

	(void)conf;
	return align16(sizeof(struct identity)) + align16(table_bytes(&a)) + align16(table_bytes(&b));
}

void
identity_open(struct engine *e, void *mem)
{
	struct table_spec a = spec_who(), b = spec_names();
	char *p = mem;

	e->identity = mem;
	p += align16(sizeof(struct identity));
	table_open(&e->identity->who, &a, p, e->key);
	p += align16(table_bytes(&a));
	table_open(&e->identity->names, &b, p, e->key);
}

/* ---- names ---- */
static bool
label_of(struct bytes name, struct who_key *k)
{
	size_t n = 0;

	memset(k, 0, sizeof(*k));
	while (n < name.n && name.p[n] != '.' && name.p[n] != '$' && name.p[n] != 0) {
		if (n == LABEL - 1)
			break;
		uint8_t c = name.p[n];
		k->label[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	return n > 0;
}

static void
text_copy(char *dst, size_t cap, struct bytes src)
{
	size_t n = src.n < cap - 1 ? src.n : cap - 1;

	if (n)
		memcpy(dst, src.p, n);
	dst[n] = 0;
}

static void
who_learn(struct engine *e, struct bytes name, const struct segment *s, struct mac m, uint8_t grade, ts_t now)
{
	struct who_key k;
	bool fresh;
	struct who_claim *c = NULL;

	name = bytes_text(name);
	if (!label_of(name, &k) || mac_group(m) || mac_zero(m))
		return;
	struct who *w = table_get(&e->identity->who, &k, now, &fresh);
	if (w == NULL)
		return;
	if (memchr(name.p, '.', name.n) || w->full[0] == 0)
		text_copy(w->full, sizeof(w->full), name);
	for (size_t i = 0; i < w->n && !c; i++)
		if (mac_eq(w->claim[i].mac, m) && w->claim[i].seg == s->ix)
			c = &w->claim[i];
	if (c == NULL) {
		c = &w->claim[w->n < WHO_CLAIMS ? w->n++ : WHO_CLAIMS - 1];
		*c = (struct who_claim){ .mac = m, .seg = s->ix, .grade = grade, .first = now };
	}
	if (grade < c->grade)
		c->grade = grade;
	c->last = now;

	struct name_key nk = { s->ix, m };
	struct name_of *no = table_get(&e->identity->names, &nk, now, &fresh);
	if (no && (fresh || grade <= no->grade)) {
		struct bytes full = bytes_str(w->full);
		const char *dot = memchr(full.p, '.', full.n);
		text_copy(no->name, sizeof(no->name), dot ? bytes_of(full.p, (size_t)(dot - w->full)) : full);
		no->grade = grade;
	}
}

const char *
station_name(struct engine *e, const struct segment *s, struct mac m)
{
	struct name_key nk = { s->ix, m };
	const struct name_of *no = table_peek(&e->identity->names, &nk);
	return no ? no->name : NULL;
}

static void
learn_dhcp4(struct engine *e, const struct obs *o)
{
	const struct dhcp4 *d = &o->u.dhcp4;
	struct mac m;
	char fqdn[256];

	if (d->op != 1 || d->htype != 1 || d->chaddr.n != 6)
		return;
	memcpy(m.b, d->chaddr.p, 6);
	struct bytes host = dhcp4_opt(d, D4O_HOSTNAME);
	if (host.n)
		who_learn(e, host, e->seg, m, BIND_C, e->now);
	size_t n = dhcp4_fqdn(d, fqdn, sizeof(fqdn));
	if (n)
		who_learn(e, bytes_of(fqdn, n), e->seg, m, BIND_B, e->now);
}

static void
learn_nbns(struct engine *e, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.nbns };
	struct nbns_name n;

	if (o->u.nbns.response ||
	    (o->u.nbns.opcode != 5 && o->u.nbns.opcode != 8)) /* registration, refresh */
		return;
	/* the name stands in the question, whether it is a group's (a workgroup is no host) in the record to register */
	for (; nbns_name_next(&it, &n) && it.i < 8; it.i++) {
		const char *lt = strchr(n.name, '<');
		if (n.section != 3 || n.group || (n.suffix != 0x00 && n.suffix != 0x20))
			continue;
		struct bytes name = bytes_of(n.name, lt ? (size_t)(lt - n.name) : strlen(n.name));
		who_learn(e, name, e->seg, o->outer.smac, BIND_C, e->now);
	}
}

/* The sender has that address on this segment: what a router forwards is none of its own. */
static bool
is_own(struct engine *e, const struct obs *o)
{
	const struct binding *b = binding_find(e, e->seg, o->inner.src);

	return o->depth == 0 && b && !b->contested && mac_eq(b->mac, o->outer.smac);
}

/* Was that name told to this station a moment ago?  Notes to whom it is told now. */
static bool
passed_on(struct engine *e, const struct obs *o, struct bytes name)
{
	struct identity *f = e->identity;
	struct who_key k;
	bool found = false;

	if (!label_of(name, &k))
		return false;
	for (uint64_t i = 0; i < f->ntold && i < TOLD; i++) {
		const struct told_name *t = &f->told[i];
		found = found ||
			(t->seg == e->seg->ix && mac_eq(t->to, o->outer.smac) &&
			 e->now - t->ts <= RELAY_SEC * TS_SEC && memcmp(&t->name, &k, sizeof(k)) == 0);
	}
	f->told[f->ntold++ % TOLD] = (struct told_name){ e->now, e->seg->ix, o->outer.dmac, k };
	return found;
}

/* A name that a station gives itself in what it sends to one other: not what it forwards or relays. */
static void
learn_own(struct engine *e, const struct obs *o, struct bytes name, uint8_t grade)
{
	if (!passed_on(e, o, name) && is_own(e, o))
		who_learn(e, name, e->seg, o->outer.smac, grade, e->now);
}

static void
learn_auth(struct engine *e, const struct obs *o)
{
	const struct auth *a = &o->u.auth;
	struct bytes user = bytes_text(a->user);

	if (a->message == AUTH_AUTHENTICATE)
		learn_own(e, o, a->workstation, BIND_C);
	if (a->message != AUTH_AS_REQ)
		return;
	/* the account of a computer; the realm is no domain name: it may be the short form */
	if (user.n > 1 && user.p[user.n - 1] == '$' && memchr(user.p, '/', user.n) == NULL)
		learn_own(e, o, bytes_of(user.p, user.n - 1), BIND_B);
	else
		learn_own(e, o, a->netbios, BIND_B);
}

/* RFC 2136 2.5.1: a client that adds its own address.  What a DHCP server registers for it comes from another one. */
static void
learn_update(struct engine *e, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.dns };
	struct dns_rr r;

	if (o->u.dns.opcode != DNS_OPCODE_UPDATE || o->u.dns.response)
		return;
	for (; it.i < UPDATE_RRS && dns_rr_next(&it, &r); it.i++)
		if (r.section == 2 && r.klass == CLASS_IN && (r.type == RR_A || r.type == RR_AAAA) &&
		    addr_eq(r.addr, o->inner.src)) {
			learn_own(e, o, bytes_str(r.name), BIND_B);
			return;
		}
}

void
identity_learn(struct engine *e, const struct obs *o)
{
	if (o->kind == OBS_DHCP4)
		learn_dhcp4(e, o);
	else if (o->kind == OBS_NBNS)
		learn_nbns(e, o);
	else if (o->kind == OBS_AUTH)
		learn_auth(e, o);
	else if (o->kind == OBS_DNS)
		learn_update(e, o);
}

/* ---- where a computer is ---- */
static size_t
place_add(struct place *out, size_t n, const struct segment *s, struct mac m, uint8_t grade, ts_t first)
{
	for (size_t i = 0; i < n; i++)
		if (out[i].seg == s->ix && mac_eq(out[i].mac, m))
			return n;
	if (n < PLACES)
		out[n++] = (struct place){ s->ix, m, grade, first };
	return n;
}

/* What the agent says of its own host, once the wire knows the station: grade A. */
static size_t
places_agent(struct engine *e, const struct kept *k, struct place *out)
{
	size_t n = 0;

	for (uint16_t i = 0; i < e->nsegment; i++) {
		const struct segment *s = e->segment_at[i];
		for (size_t m = 0; m < k->nmac; m++) {
			const struct host *h = host_find(e, s, k->host_mac[m]);
			if (h)
				n = place_add(out, n, s, k->host_mac[m], BIND_A, h->first);
		}
		for (size_t a = 0; k->nmac == 0 && a < k->nip; a++) {
			const struct binding *b = binding_find(e, s, k->host_ip[a]);
			if (b && !b->contested)
				n = place_add(out, n, s, b->mac, BIND_A, b->first);
		}
	}
	return n;
}

static bool
name_fits(struct bytes a, struct bytes b)
{
	struct who_key ka, kb;

	if (!label_of(a, &ka) || !label_of(b, &kb) || memcmp(&ka, &kb, sizeof(ka)) != 0)
		return false;
	bool both_full = a.p && b.p && memchr(a.p, '.', a.n) && memchr(b.p, '.', b.n);
	return !both_full || name_hash(a) == name_hash(b);
}

static size_t
places_inventory(struct engine *e, struct bytes computer, struct place *out)
{
	const struct authority *a = e->conf->authority;
	size_t n = 0;

	for (size_t i = 0; a && i < a->nsite; i++)
		for (size_t k = 0; k < a->site[i].nhosts; k++) {
			const struct auth_host *h = &a->site[i].hosts[k];
			if (!name_fits(h->name, computer))
				continue;
			for (uint16_t s = 0; s < e->nsegment; s++) {
				const struct segment *seg = e->segment_at[s];
				if (h->has_mac && host_find(e, seg, h->mac))
					n = place_add(out, n, seg, h->mac, BIND_A, seg->first);
				for (size_t x = 0; !h->has_mac && x < h->nip; x++) {
					const struct binding *b = binding_find(e, seg, h->ip[x]);
					if (b)
						n = place_add(out, n, seg, b->mac, BIND_A, b->first);
				}
			}
		}
	return n;
}

/* Names learned from the wire and from other events.  Two live stations whose grades are within one step contest it. */
static size_t
places_names(struct engine *e, struct bytes computer, ts_t ts, struct place *out)
{
	struct who_key k;
	uint8_t best = BIND_D + 1;
	size_t n = 0;

	if (!label_of(computer, &k))
		return 0;
	const struct who *w = table_peek(&e->identity->who, &k);
	if (w == NULL || !name_fits(bytes_str(w->full), computer))
		return 0;
	for (size_t i = 0; i < w->n; i++) {
		const struct who_claim *c = &w->claim[i];
		if (ts - c->last <= grade_ttl[c->grade] && c->grade < best)
			best = c->grade;
	}
	for (size_t i = 0; i < w->n; i++) {
		const struct who_claim *c = &w->claim[i];
		if (ts - c->last > grade_ttl[c->grade])
			continue;
		if (c->grade == best)
			n = place_add(out, n, e->segment_at[c->seg], c->mac, best, c->first);
		else if (best > BIND_A && c->grade == best + 1 && !(n && mac_eq(out[0].mac, c->mac)))
			return 0;
	}
	if (best > BIND_A)
		for (size_t i = 1; i < n; i++)
			if (!mac_eq(out[i].mac, out[0].mac))
				return 0;
	return n;
}

size_t
event_places(struct engine *e, const struct kept *k, struct place out[PLACES])
{
	struct bytes computer = bytes_str(k->computer);
	size_t n = places_agent(e, k, out);

	if (n == 0)
		n = places_inventory(e, computer, out);
	if (n == 0)
		n = places_names(e, computer, k->ts, out);
	return n;
}

void
identity_agent(struct engine *e, const struct kept *k)
{
	struct place p[PLACES];
	size_t n = places_agent(e, k, p);

	for (size_t i = 0; i < n; i++)
		who_learn(e, bytes_str(k->computer), e->segment_at[p[i].seg], p[i].mac, BIND_A, k->ts);
}
