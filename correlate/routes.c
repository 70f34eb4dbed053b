#include "routes.h"
#include "snapshot.h"

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

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field client_key_rows[] = {
	SNAP_SEG(struct client_key, seg),
	SNAP(struct client_key, mac),
};
static const struct snap_rec client_key_rec = SNAP_REC(struct client_key, client_key_rows);
static const struct snap_field route_rows[] = {
	SNAP(struct route4, dest),
	SNAP(struct route4, via),
};
static const struct snap_rec route_rec = SNAP_REC(struct route4, route_rows);
static const struct snap_field led_rows[] = {
	SNAP(struct led, actor),
	SNAP_UPTO(struct led, n, ROUTES_MAX),
	SNAP_SOME_SUBS(struct led, route, route[0], n, route_rec),
	SNAP(struct led, until),
	SNAP(struct led, told),
};
static const struct snap_rec led_rec = SNAP_REC(struct led, led_rows);

const struct snap_store snap_routes[] = {
	{ .name = "led clients", .kind = SNAP_TABLE, .owner = offsetof(struct engine, routes), .member = offsetof(struct routes, clients),
	  .key = &client_key_rec, .value = &led_rec },
	{ 0 },
};
/* clang-format on */
