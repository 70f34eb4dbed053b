#include "leaselog.h"
#include "d6state.h"

static const ts_t ANSWERED_WITHIN = 5 * TS_SEC, TWICE_WITHIN = TS_DAY, POOL_KNOWN = 7 * TS_DAY;

static bool
serves(struct engine *e, const struct segment *s, struct mac m, enum service svc)
{
	const struct host *h = host_find(e, s, m);
	struct bytes none = { NULL, 0 };

	if (auth_standing(e, s, svc, m, (struct addr){ 0 }, none) == ST_AUTHORISED)
		return true;
	for (size_t i = 0; h && i < h->nip; i++) /* declared by its address alone */
		if (auth_standing(e, s, svc, m, host_ip(e, h, i), none) == ST_AUTHORISED)
			return true;
	return false;
}

bool
leaselog_counts(struct engine *e, const struct kept *k)
{
	enum service svc = k->addr.fam == 6 || k->duid ? SVC_DHCP6 : SVC_DHCP4;
	struct place place[PLACES];
	size_t n = k->computer[0] ? event_places(e, k, place) : 0;

	for (size_t i = 0; i < n; i++)
		if (serves(e, e->segment_at[place[i].seg], place[i].mac, svc))
			return true;
	return k->computer[0] == 0;
}

bool
leaselog_answered(struct engine *e, struct mac m, uint64_t duid, ts_t asked)
{
	ts_t slack = ANSWERED_WITHIN + EVENT_EPS_MAX;
	const struct kept *k;
	size_t i = 0;

	while ((k = event_next(e, &i, HE_DHCP_LEASED, asked - slack, asked + slack))) {
		ts_t d = k->ts > asked ? k->ts - asked : asked - k->ts;
		bool same = duid ? k->duid == duid : (k->set & HES_MAC) && mac_eq(k->mac, m);
		if (same && d <= ANSWERED_WITHIN + event_eps(e, k) && leaselog_counts(e, k))
			return true;
	}
	return false;
}

/* ---- one address, two clients ---- */
static bool
same_client(const struct kept *a, const struct kept *b)
{
	return a->duid || b->duid ? a->duid == b->duid
				  : (a->set & b->set & HES_MAC) && mac_eq(a->mac, b->mac);
}

/* Did the lease of the address end between the times, by any row that says so? */
static bool
ended(struct engine *e, struct addr a, ts_t from, ts_t to)
{
	enum { RELEASED = 12, RELEASED_EVENT = 1013 };
	static const uint16_t kinds[] = { HE_DHCP_LEASE_END, HE_DHCP_CLIENT };
	const struct kept *k;

	for (size_t n = 0; n < NELEM(kinds); n++)
		for (size_t i = 0; (k = event_next(e, &i, kinds[n], from, to));)
			if (addr_eq(k->addr, a) && (k->kind == HE_DHCP_LEASE_END || k->event_id == RELEASED ||
						    k->event_id == RELEASED_EVENT))
				return true;
	return false;
}

bool
leaselog_twice(struct engine *e, const struct kept *conflict)
{
	const struct kept *last = NULL, *k;
	ts_t to = conflict->ts + event_eps(e, conflict);
	struct addr a = conflict->addr;

	if (!addr_set(a))
		return false;
	for (size_t i = 0; (k = event_next(e, &i, HE_DHCP_LEASED, conflict->ts - TWICE_WITHIN, to));) {
		if (!addr_eq(k->addr, a) || !leaselog_counts(e, k))
			continue;
		if (last && !same_client(last, k) && !ended(e, a, last->ts, k->ts))
			return true;
		last = k;
	}
	return false;
}

uint32_t
leaselog_pool(struct engine *e, struct prefix subnet)
{
	const struct kept *k;
	uint32_t pool = 0;

	for (size_t i = 0; (k = event_next(e, &i, HE_SCOPE_LOW, e->now - POOL_KNOWN, e->now));)
		if (k->pool && (k->set & HES_ADDR) && addr_in(k->addr, subnet) && leaselog_counts(e, k))
			pool = k->pool; /* the latest */
	return pool;
}

/* ---- whose ---- */
bool
leaselog_station(struct engine *e, const struct segment *s, const struct kept *k, struct mac *m)
{
	const struct d6_lease *l = k->duid && addr_set(k->addr) ? d6_lease_of(e, s, k->addr) : NULL;

	*m = k->set & HES_MAC ? k->mac : l && l->has_client && l->duid == k->duid ? l->client : k->duid_mac;
	return !mac_zero(*m) && host_find(e, s, *m) != NULL;
}
