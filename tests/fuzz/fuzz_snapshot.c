/* State as bytes.  The input is either such bytes (first byte 0), or changes to a state that this program makes of the captures
 * in the tree: an offset in four bytes, then a byte that is mixed in, and whatever was read goes on living. */
#include "restart.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct saved
made(void)
{
	static struct saved s;
	struct world w;

	if (s.p == NULL) {
		restart_world(&w, ROOT);
		s = saved_of(w.engine);
		world_close(&w);
	}
	return s;
}

static void
go_on(struct bytes b)
{
	struct snapshot_said said;
	struct world w;

	if (restart_load(&w, b, 0, &said)) {
		engine_tick(w.engine, said.clock == TS_NONE ? 0 : said.clock + 2 * TS_SEC);
		world_frame(&w, WORLD_ACTOR, addr4(10, 0, 0, 66), w.engine->now + TS_SEC);
		engine_end(w.engine);
		struct saved again = saved_of(w.engine);
		free(again.p);
	}
	world_close(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct cursor c = cur_all(bytes_of(p, n));
	struct saved s = made();

	if (n == 0)
		return 0;
	if (cur_u8(&c) == 0) {
		go_on(cur_rest(&c));
		return 0;
	}
	uint8_t *copy = malloc(s.n);
	if (copy == NULL)
		abort();
	memcpy(copy, s.p, s.n);
	while (cur_left(&c) >= 5) {
		size_t at = cur_be32(&c) % s.n;
		copy[at] ^= cur_u8(&c);
	}
	go_on(bytes_of(copy, s.n));
	free(copy);
	return 0;
}
