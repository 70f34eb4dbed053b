#include "tunnels.h"
#include "snapshot.h"

/* A station has one ISATAP router and a few Teredo servers; who floods pushes out the least recently used. */
enum { USES = 4096, ENDPOINTS = 1024, GIVEN = 4096, NAMED_MAX = 64, KINDS = 2 };

struct use_key { /* no padding: compared as bytes */
	uint16_t seg, kind;
	uint8_t endpoint[4], station[4];
};
struct endpoint_key {
	uint16_t seg, kind;
	uint8_t addr[4];
};
struct endpoint {
	ts_t last;
	ts_t named; /* since when it has an incident of its own; 0 never */
};
struct given_key {
	uint16_t seg;
	struct mac to;
	uint8_t addr[4];
};
struct tunnels {
	struct table uses, endpoints, given;
	struct carrier at;
	struct named {
		ts_t since;
		unsigned n;
	} named[KINDS][2]; /* of the hour */
};

/* A host looks for its ISATAP router again once a day at the latest (RFC 5214 9: PrlRefreshInterval is an hour). */
static const struct table_spec spec_uses = { "tunnel uses", sizeof(struct use_key), sizeof(struct tunnel_use),
					     USES, TS_DAY };
static const struct table_spec spec_endpoints = { "tunnel endpoints", sizeof(struct endpoint_key),
						  sizeof(struct endpoint), ENDPOINTS, TS_DAY };
static const struct table_spec spec_given = { "tunnel names", sizeof(struct given_key),
					      sizeof(struct tunnel_given), GIVEN, TS_DAY };

size_t
tunnels_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct tunnels)) + align16(table_bytes(&spec_uses)) +
	       align16(table_bytes(&spec_endpoints)) + align16(table_bytes(&spec_given));
}

void
tunnels_open(struct engine *e, void *mem)
{
	char *p = mem;

	e->tunnels = mem;
	p += align16(sizeof(struct tunnels));
	table_open(&e->tunnels->uses, &spec_uses, p, e->key);
	p += align16(table_bytes(&spec_uses));
	table_open(&e->tunnels->endpoints, &spec_endpoints, p, e->key);
	p += align16(table_bytes(&spec_endpoints));
	table_open(&e->tunnels->given, &spec_given, p, e->key);
}

void
tunnels_learn(struct engine *e, const struct obs *o)
{
	e->tunnels->at = (struct carrier){
		.frame = o->frame, .file = o->file, .iface = o->iface, .kind = o->kind, .ends = o->inner
	};
}

const struct carrier *
tunnel_carrier(struct engine *e, const struct obs *o)
{
	const struct carrier *c = &e->tunnels->at;

	return o->depth > 0 && c->kind != 0 && c->frame == o->frame && c->file == o->file &&
			       c->iface == o->iface
		       ? c
		       : NULL;
}

struct tunnel_use *
tunnel_use_of(struct engine *e, enum tunnel_kind kind, struct addr endpoint, struct addr station)
{
	struct use_key k = { .seg = e->seg->ix, .kind = (uint16_t)kind };

	memcpy(k.endpoint, endpoint.b, 4);
	memcpy(k.station, station.b, 4);
	return table_get(&e->tunnels->uses, &k, e->now, NULL);
}

static struct endpoint_key
endpoint_key(struct engine *e, enum tunnel_kind kind, struct addr a)
{
	struct endpoint_key k = { .seg = e->seg->ix, .kind = (uint16_t)kind };

	memcpy(k.addr, a.b, 4);
	return k;
}

bool
tunnel_known(struct engine *e, enum tunnel_kind kind, struct addr endpoint)
{
	struct endpoint_key k = endpoint_key(e, kind, endpoint);
	const struct endpoint *p = table_find(&e->tunnels->endpoints, &k, e->now);

	return p && p->last != 0;
}

void
tunnel_note(struct engine *e, enum tunnel_kind kind, struct addr endpoint)
{
	struct endpoint_key k = endpoint_key(e, kind, endpoint);
	struct endpoint *p = table_get(&e->tunnels->endpoints, &k, e->now, NULL);

	p->last = e->now;
}

bool
tunnel_may_name(struct engine *e, enum tunnel_kind kind, struct addr endpoint, bool here)
{
	struct endpoint_key k = endpoint_key(e, kind, endpoint);
	struct endpoint *p = table_get(&e->tunnels->endpoints, &k, e->now, NULL);
	struct named *n = &e->tunnels->named[kind][here];

	if (p->named != 0)
		return true;
	if (n->n == 0 || e->now - n->since > TS_HOUR)
		*n = (struct named){ .since = e->now };
	if (n->n == NAMED_MAX)
		return false;
	n->n++;
	p->named = e->now;
	return true;
}

static struct given_key
given_key(struct engine *e, struct addr a, struct mac to)
{
	struct given_key k = { .seg = e->seg->ix, .to = to };

	memcpy(k.addr, a.b, 4);
	return k;
}

void
tunnel_give(struct engine *e, struct addr a, struct mac to, const struct tunnel_given *g)
{
	struct given_key k = given_key(e, a, to);
	struct tunnel_given *slot = table_get(&e->tunnels->given, &k, e->now, NULL);

	/* what is worse stays: a later answer to another question does not make the first one good */
	if (slot->ts != 0 && ((slot->isatap && !g->isatap) || (slot->rests && !g->rests)))
		return;
	*slot = *g;
}

const struct tunnel_given *
tunnel_given_to(struct engine *e, struct addr a, struct mac to)
{
	struct given_key k = given_key(e, a, to);

	return table_find(&e->tunnels->given, &k, e->now);
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field use_key_rows[] = {
	SNAP_SEG(struct use_key, seg),
	SNAP(struct use_key, kind),
	SNAP_ARRAY(struct use_key, endpoint, endpoint[0]),
	SNAP_ARRAY(struct use_key, station, station[0]),
};
static const struct snap_rec use_key_rec = SNAP_REC(struct use_key, use_key_rows);
static const struct snap_field use_rows[] = {
	SNAP(struct tunnel_use, asked),
	SNAP(struct tunnel_use, answered),
	SNAP_ARRAY(struct tunnel_use, told, told[0]),
};
static const struct snap_rec use_rec = SNAP_REC(struct tunnel_use, use_rows);
static const struct snap_field endpoint_key_rows[] = {
	SNAP_SEG(struct endpoint_key, seg),
	SNAP(struct endpoint_key, kind),
	SNAP_ARRAY(struct endpoint_key, addr, addr[0]),
};
static const struct snap_rec endpoint_key_rec = SNAP_REC(struct endpoint_key, endpoint_key_rows);
static const struct snap_field endpoint_rows[] = {
	SNAP(struct endpoint, last),
	SNAP(struct endpoint, named),
};
static const struct snap_rec endpoint_rec = SNAP_REC(struct endpoint, endpoint_rows);
static const struct snap_field given_key_rows[] = {
	SNAP_SEG(struct given_key, seg),
	SNAP(struct given_key, to),
	SNAP_ARRAY(struct given_key, addr, addr[0]),
};
static const struct snap_rec given_key_rec = SNAP_REC(struct given_key, given_key_rows);
static const struct snap_field given_rows[] = {
	SNAP(struct tunnel_given, ts),
	SNAP(struct tunnel_given, name),
	SNAP(struct tunnel_given, by),
	SNAP(struct tunnel_given, rests),
	SNAP(struct tunnel_given, isatap),
};
static const struct snap_rec given_rec = SNAP_REC(struct tunnel_given, given_rows);
static const struct snap_field named_rows[] = {
	SNAP(struct named, since),
	SNAP(struct named, n),
};
static const struct snap_rec named_rec = SNAP_REC(struct named, named_rows);
static const struct snap_field tunnels_rows[] = {
	SNAP_NOT(struct tunnels, uses),
	SNAP_NOT(struct tunnels, endpoints),
	SNAP_NOT(struct tunnels, given),
	SNAP_NOT(struct tunnels, at),
	SNAP_SUBS(struct tunnels, named, named[0][0], named_rec),
};
static const struct snap_rec tunnels_rec = SNAP_REC(struct tunnels, tunnels_rows);

const struct snap_store snap_tunnels[] = {
	{ .name = "tunnel uses", .kind = SNAP_TABLE, .owner = offsetof(struct engine, tunnels), .member = offsetof(struct tunnels, uses),
	  .key = &use_key_rec, .value = &use_rec },
	{ .name = "tunnel endpoints", .kind = SNAP_TABLE, .owner = offsetof(struct engine, tunnels), .member = offsetof(struct tunnels, endpoints),
	  .key = &endpoint_key_rec, .value = &endpoint_rec },
	{ .name = "tunnel names", .kind = SNAP_TABLE, .owner = offsetof(struct engine, tunnels), .member = offsetof(struct tunnels, given),
	  .key = &given_key_rec, .value = &given_rec },
	{ .name = "tunnels named", .kind = SNAP_RECORD, .owner = offsetof(struct engine, tunnels),
	  .key = &snap_no_key, .value = &tunnels_rec },
	{ 0 },
};
/* clang-format on */
