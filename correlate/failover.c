#include "failover.h"
#include "snapshot.h"

/* Pairs of one site are few; what is forged beyond them evicts the oldest. */
enum { LINKS = 256 };

struct link_key {
	struct addr low, high;
	uint16_t seg;
};
struct failover {
	struct table table;
};

static const struct table_spec spec = { "failover channels", sizeof(struct link_key),
					sizeof(struct failover_link), LINKS, 30 * TS_DAY };

size_t
failover_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct failover)) + align16(table_bytes(&spec));
}

void
failover_open(struct engine *e, void *mem)
{
	e->failover = mem;
	table_open(&e->failover->table, &spec, (char *)mem + align16(sizeof(struct failover)), e->key);
}

struct failover_link *
failover_link(struct engine *e, const struct segment *s, struct addr src, struct addr dst, unsigned *side)
{
	bool low = memcmp(&src, &dst, sizeof(src)) < 0;
	struct link_key k;

	memset(&k, 0, sizeof(k));
	k.low = low ? src : dst;
	k.high = low ? dst : src;
	k.seg = s->ix;
	*side = !low;
	return table_get(&e->failover->table, &k, e->now, NULL);
}

void
failover_learn(struct engine *e, struct failover_end *end, struct mac m, uint8_t ttl, bool here)
{
	if (!end->known || mac_eq(end->mac, m) || e->now - end->last > TS_DAY) {
		end->known = true;
		end->mac = m;
		end->here = here;
		end->ttl = ttl;
		end->last = e->now;
	}
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field link_key_rows[] = {
	SNAP(struct link_key, low),
	SNAP(struct link_key, high),
	SNAP_SEG(struct link_key, seg),
};
static const struct snap_rec link_key_rec = SNAP_REC(struct link_key, link_key_rows);
static const struct snap_field end_rows[] = {
	SNAP(struct failover_end, known),
	SNAP(struct failover_end, here),
	SNAP(struct failover_end, acked),
	SNAP(struct failover_end, ttl),
	SNAP(struct failover_end, mac),
	SNAP(struct failover_end, last),
};
static const struct snap_rec end_rec = SNAP_REC(struct failover_end, end_rows);
static const struct snap_field link_rows[] = {
	SNAP_SUBS(struct failover_link, end, end[0], end_rec),
};
static const struct snap_rec link_rec = SNAP_REC(struct failover_link, link_rows);

const struct snap_store snap_failover[] = {
	{ .name = "failover channels", .kind = SNAP_TABLE, .owner = offsetof(struct engine, failover), .member = offsetof(struct failover, table),
	  .key = &link_key_rec, .value = &link_rec },
	{ 0 },
};
/* clang-format on */
