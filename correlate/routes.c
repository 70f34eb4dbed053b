#include "routes.h"

/* Clients of a rogue server with routes at a time; a flood of them pushes out the oldest. */
enum { CLIENTS = 512 };

struct client_key {
	uint16_t seg;
	struct mac mac;
};
struct routes {
	struct table clients;
};

static const struct table_spec spec = { .name = "led clients",
					.key = sizeof(struct client_key),
					.value = sizeof(struct led),
					.capacity = CLIENTS,
					.lifetime = TS_DAY };

size_t
routes_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct routes)) + align16(table_bytes(&spec));
}

void
routes_open(struct engine *e, void *mem)
{
	e->routes = mem;
	table_open(&e->routes->clients, &spec, (char *)mem + align16(sizeof(struct routes)), e->key);
}

struct led *
routes_get(struct engine *e, const struct segment *s, struct mac client)
{
	struct client_key k = { s->ix, client };
	return table_get(&e->routes->clients, &k, e->now, NULL);
}

struct led *
routes_find(struct engine *e, const struct segment *s, struct mac client)
{
	struct client_key k = { s->ix, client };
	return e->routes->clients.used ? table_find(&e->routes->clients, &k, e->now) : NULL;
}
