#include "view.h"

#include "d6state.h"
#include "hypothesis.h"
#include "identity.h"
#include "ledger.h"
#include "rastate.h"
#include "snapshot.h"
#include "vantage.h"
#include "verdict.h"

_Static_assert((int)VIEW_BITS == (int)VANTAGE_BITS, "a view for each bit");

/* ---- tables ---- */
static struct table *
table_of(struct engine *e, const struct snap_store *s)
{
	char *owner = (char *)e;

	if (s->kind != SNAP_TABLE)
		return NULL;
	if (!s->in_engine)
		memcpy(&owner, (char *)e + s->owner, sizeof(owner));
	return (struct table *)(void *)(owner + s->member);
}

bool
view_table(struct engine *e, size_t i, struct view_table *v)
{
	const struct snap_store *s;

	for (size_t k = 0; (s = snap_store_at(k)); k++) {
		const struct table *t = table_of(e, s);
		if (t == NULL || i-- > 0)
			continue;
		*v = (struct view_table){ .name = s->name,
					  .used = t->used,
					  .capacity = t->spec.capacity,
					  .inserted = t->inserted,
					  .hit = t->hit,
					  .expired = t->expired,
					  .evicted = t->evicted,
					  .refused = t->refused };
		return true;
	}
	return false;
}

/* ---- segments, addresses, servers ---- */
bool
view_segment(struct engine *e, size_t i, struct view_segment *v)
{
	if (i >= e->nsegment)
		return false;
	const struct segment *s = e->segment_at[i];
	*v = (struct view_segment){ .name = s->name, .first = s->first, .last = s->last };
	for (unsigned b = 0; b < VANTAGE_BITS; b++) {
		enum vantage_bit bit = (enum vantage_bit)b;
		v->bit[b].name = vantage_name(bit);
		v->bit[b].share = vantage_share(e, s, bit, &v->bit[b].samples);
		v->bit[b].has = vantage_has(e, s, bit);
	}
	return true;
}

bool
view_binding(struct engine *e, const void **at, struct view_binding *v)
{
	static const char *const sources[] = { "?", "ip", "nd", "arp", "dhcp" };
	const struct binding *b = table_next(&e->bindings, *at);
	*at = b;
	if (b == NULL)
		return false;
	struct bind_at key = bind_key_of(e, b);
	const struct segment *s = e->segment_at[key.seg];
	*v = (struct view_binding){ .segment = s->name,
				    .source = sources[b->src < NELEM(sources) ? b->src : 0],
				    .name = station_name(e, s, b->mac),
				    .addr = key.addr,
				    .mac = b->mac,
				    .prev = b->prev,
				    .first = b->first,
				    .last = b->last,
				    .contested = b->contested };
	return true;
}

static const char *const standings[] = { "unknown", "authorised", "tolerated", "unauthorised" };
static const char *const services[] = { "dhcpv4", "dhcpv6", "router" };

static bool
serves(struct engine *e, const struct view_at *at, uint16_t seg, struct mac m, struct addr ip, ts_t last,
       enum standing st, struct view_server *v)
{
	const struct segment *s = e->segment_at[seg];

	*v = (struct view_server){ .segment = s->name,
				   .service = services[at->service],
				   .standing = standings[st],
				   .name = station_name(e, s, m),
				   .mac = m,
				   .ip = ip,
				   .last = last };
	return true;
}

static bool
next_dhcp4(struct engine *e, struct view_at *at, struct view_server *v)
{
	struct d4_seen w;
	const struct d4_server *s = ledger_server_next(e, at->host, &w);

	at->host = s;
	if (s == NULL)
		return false;
	enum standing st = auth_standing(e, e->segment_at[w.seg], SVC_DHCP4, w.mac, w.id, bytes_of(NULL, 0));
	return serves(e, at, w.seg, w.mac, w.id, s->last, st, v);
}

static bool
next_dhcp6(struct engine *e, struct view_at *at, struct view_server *v)
{
	struct d6_seen s;

	at->host = d6_server_next(e, at->host, &s);
	if (at->host == NULL)
		return false;
	enum standing st = auth_standing(e, e->segment_at[s.seg], SVC_DHCP6, s.mac, (struct addr){ 0 },
					 bytes_of(NULL, 0));
	return serves(e, at, s.seg, s.mac, (struct addr){ 0 }, s.last, st, v);
}

static bool
next_router(struct engine *e, struct view_at *at, struct view_server *v)
{
	for (const struct host *h = table_next(&e->hosts, at->host); h; h = table_next(&e->hosts, h)) {
		struct host_at w = host_key_of(e, h);
		const struct segment *s = e->segment_at[w.seg];
		const struct ra_source *ra = h->ra_live ? ra_source_of(e, s, w.mac) : NULL;
		at->host = h;
		if (ra == NULL)
			continue;
		struct addr ip = { 0 };
		for (unsigned i = 0; i < h->nip && i < HOST_IPS; i++)
			ip = addr_linklocal(h->ip[i]) && h->ip[i].fam == 6 ? h->ip[i] : ip;
		enum standing st = auth_standing(e, s, SVC_ROUTER, w.mac, ip, bytes_of(NULL, 0));
		return serves(e, at, w.seg, w.mac, ip, ra->last, st, v);
	}
	return false;
}

bool
view_server(struct engine *e, struct view_at *at, struct view_server *v)
{
	static bool (*const next[])(struct engine *, struct view_at *,
				    struct view_server *) = { next_dhcp4, next_dhcp6, next_router };

	for (; at->service < NELEM(next); at->service++, at->host = NULL)
		if (next[at->service](e, at, v))
			return true;
	return false;
}

/* ---- incidents ---- */
/* A closed one keeps what was told last: what explained it is forgotten then. */
static const struct incident *
record_of(struct engine *e, struct hyp *h)
{
	struct judged j;

	verdict_of(e, h, &j);
	if (h->closed) {
		j.verdict = h->verdict;
		j.grade = h->grade;
		j.severity = h->severity;
		j.confidence = h->confidence;
	}
	return incident_look(e, h, &j);
}

const struct incident *
view_incident(struct engine *e, const void **at)
{
	struct hyp *h = hyp_next(e, *at);

	while (h && !h->shown)
		h = hyp_next(e, h);
	*at = h;
	return h ? record_of(e, h) : NULL;
}

const struct incident *
view_incident_by(struct engine *e, uint64_t id)
{
	struct hyp *h = hyp_by_id(e, id);

	return h && h->shown ? record_of(e, h) : NULL;
}

void
view_verdicts(struct engine *e, uint32_t count[VERDICTS])
{
	memset(count, 0, VERDICTS * sizeof(count[0]));
	for (const struct hyp *h = hyp_next(e, NULL); h; h = hyp_next(e, h))
		if (h->shown && !h->closed)
			count[h->verdict < VERDICTS ? h->verdict : V_INFO]++;
}

size_t
view_reasons(struct engine *e, uint64_t id, struct view_reason *v, size_t max)
{
	const struct hyp *h = hyp_by_id(e, id);

	return h && h->shown ? verdict_reasons(e, h, v, max) : 0;
}

ts_t
view_now(const struct engine *e)
{
	return e->now;
}
