#include "failover.h"

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
