#include "answers.h"
#include "resolvers.h"

enum { NAMES = 16384, STATIONS = 1024 };

struct name_key {
	uint64_t name;
	uint16_t seg;
};
struct station_key {
	uint16_t seg;
	struct mac mac;
};
struct station {
	uint64_t suffix[SUFFIXES];
	uint8_t n;
};
struct answers {
	struct table names, stations;
};

/* DNS-DIFF compares answers of the last 10 minutes. */
static const struct table_spec spec_names = { "answers", sizeof(struct name_key), sizeof(struct answer),
					      NAMES, 10 * TS_MIN };
static const struct table_spec spec_stations = { "answering stations", sizeof(struct station_key),
						 sizeof(struct station), STATIONS, TS_HOUR };

size_t
answers_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct answers)) + align16(table_bytes(&spec_names)) +
	       align16(table_bytes(&spec_stations));
}

void
answers_open(struct engine *e, void *mem)
{
	char *p = mem;

	e->answers = mem;
	p += align16(sizeof(struct answers));
	table_open(&e->answers->names, &spec_names, p, e->key);
	p += align16(table_bytes(&spec_names));
	table_open(&e->answers->stations, &spec_stations, p, e->key);
}

struct answer *
answer_get(struct engine *e, const struct segment *s, uint64_t name)
{
	struct name_key k;

	memset(&k, 0, sizeof(k));
	k.name = name;
	k.seg = s->ix;
	return table_get(&e->answers->names, &k, e->now, NULL);
}

unsigned
answer_suffix(struct engine *e, const struct segment *s, struct mac m, struct bytes name)
{
	struct station_key k = { s->ix, m };
	struct station *st = table_get(&e->answers->stations, &k, e->now, NULL);
	size_t from = name.n;

	if (st == NULL)
		return 0;
	for (int dots = 0; from > 0; from--)
		if (name.p[from - 1] == '.' && ++dots == 2)
			break;
	uint64_t h = name_hash(bytes_of(name.p + from, name.n - from));
	for (size_t i = 0; i < st->n; i++)
		if (st->suffix[i] == h)
			return st->n;
	if (st->n < SUFFIXES)
		st->suffix[st->n++] = h;
	return st->n;
}

void
answers_learn(struct engine *e, const struct obs *o)
{
	if (o->kind != OBS_DHCP4 || o->u.dhcp4.op != 2)
		return;
	struct bytes dns = dhcp4_opt(&o->u.dhcp4, D4O_DNS);
	for (size_t i = 0; i + 4 <= dns.n && i < 32; i += 4)
		resolver_note(e, e->seg, addr_of(bytes_of(dns.p + i, 4)), o->outer.smac);
}
