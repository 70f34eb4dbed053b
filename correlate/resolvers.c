/* Who advertises which resolver: one small table, filled by the DHCP and RA stores. */
#include "resolvers.h"
#include "snapshot.h"

/* 4 advertisers: a pair of routers and a pair of servers.  A day: the longest usual lease time of a resolver. */
enum { RESOLVERS = 2048, ADVERTISERS = 4 };

struct resolver_key {
	uint16_t seg;
	struct addr addr;
	uint8_t pad;
};
struct advertiser {
	struct mac mac;
	ts_t last;
};
struct resolver {
	struct advertiser by[ADVERTISERS];
	uint8_t n;
}; /* latest first */
struct resolvers {
	struct table table;
};

static const struct table_spec spec = { .name = "resolvers",
					.key = sizeof(struct resolver_key),
					.value = sizeof(struct resolver),
					.capacity = RESOLVERS,
					.lifetime = TS_DAY };

size_t
resolvers_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct resolvers)) + align16(table_bytes(&spec));
}

void
resolvers_open(struct engine *e, void *mem)
{
	e->resolvers = mem;
	table_open(&e->resolvers->table, &spec, (char *)mem + align16(sizeof(struct resolvers)), e->key);
}

void
resolver_note(struct engine *e, const struct segment *s, struct addr a, struct mac by)
{
	struct resolver_key k = { .seg = s->ix, .addr = a };

	if (!addr_set(a) || addr_zero(a))
		return;
	struct resolver *r = table_get(&e->resolvers->table, &k, e->now, NULL);
	if (r == NULL)
		return;
	size_t i = 0;
	while (i < r->n && !mac_eq(r->by[i].mac, by))
		i++;
	if (i == r->n) {
		if (r->n < ADVERTISERS)
			r->n++;
		else
			i--;
	}
	memmove(r->by + 1, r->by, i * sizeof(r->by[0]));
	r->by[0] = (struct advertiser){ by, e->now };
}

bool
resolver_by(struct engine *e, const struct segment *s, struct addr a, unsigned i, struct mac *by)
{
	struct resolver_key k = { .seg = s->ix, .addr = a };
	const struct resolver *r = table_peek(&e->resolvers->table, &k);

	if (r == NULL || i >= r->n || e->now - r->by[i].last > TS_DAY)
		return false;
	*by = r->by[i].mac;
	return true;
}

bool
resolver_advertised(struct engine *e, const struct segment *s, struct addr a, struct mac *by,
		    bool *also_by_other)
{
	struct mac other;

	*also_by_other = false;
	if (!resolver_by(e, s, a, 0, by))
		return false;
	*also_by_other = resolver_by(e, s, a, 1, &other);
	return true;
}

const void *
resolver_next(struct engine *e, const void *at, struct resolver_seen *seen)
{
	const struct resolver *r = table_next(&e->resolvers->table, at);

	if (r) {
		const struct resolver_key *k = table_key(&e->resolvers->table, r);
		*seen = (struct resolver_seen){ k->seg, k->addr, r->by[0].last };
	}
	return r;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field resolver_key_rows[] = {
	SNAP_SEG(struct resolver_key, seg),
	SNAP(struct resolver_key, addr),
	SNAP_NOT(struct resolver_key, pad),
};
static const struct snap_rec resolver_key_rec = SNAP_REC(struct resolver_key, resolver_key_rows);
static const struct snap_field advertiser_rows[] = {
	SNAP(struct advertiser, mac),
	SNAP(struct advertiser, last),
};
static const struct snap_rec advertiser_rec = SNAP_REC(struct advertiser, advertiser_rows);
static const struct snap_field resolver_rows[] = {
	SNAP_UPTO(struct resolver, n, ADVERTISERS),
	SNAP_SOME_SUBS(struct resolver, by, by[0], n, advertiser_rec),
};
static const struct snap_rec resolver_rec = SNAP_REC(struct resolver, resolver_rows);

const struct snap_store snap_resolvers[] = {
	{ .name = "resolvers", .kind = SNAP_TABLE, .owner = offsetof(struct engine, resolvers), .member = offsetof(struct resolvers, table),
	  .key = &resolver_key_rec, .value = &resolver_rec },
	{ 0 },
};
/* clang-format on */
