#include "flow.h"
#include "vantage.h"

enum { SLOTS = 1024, WAIT_SEC = 3, SYN = 2, RST = 4, ACK = 16 };

struct syn {
	ts_t ts;
	struct addr src, dst;
	uint16_t sport, dport, seg;
	bool open;
};
struct flows {
	struct syn slot[SLOTS];
};

size_t
flows_bytes(void)
{
	return sizeof(struct flows);
}

void
flows_open(struct engine *e, void *mem)
{
	e->flows = mem;
}

static struct syn *
slot_of(struct engine *e, struct addr a, struct addr b, uint16_t pa, uint16_t pb)
{
	struct {
		struct addr a, b;
		uint16_t pa, pb;
	} k;

	memset(&k, 0, sizeof(k));
	k.a = a;
	k.b = b;
	k.pa = pa;
	k.pb = pb;
	return &e->flows->slot[siphash(&e->key, &k, sizeof(k)) % SLOTS];
}

void
flows_frame(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;
	uint8_t f = o->u.seen.tcp_flags;

	if (n->ipproto != 6 || !(f & (SYN | RST)))
		return;
	if ((f & (SYN | ACK)) == SYN) {
		struct syn *s = slot_of(e, n->src, n->dst, n->sport, n->dport);
		if (s->open && e->now - s->ts > WAIT_SEC * TS_SEC)
			vantage_sample(e, e->segment_at[s->seg], VB_U, false);
		if (s->open && e->now - s->ts <= WAIT_SEC * TS_SEC)
			return; /* a retransmission, or another connection that must wait its turn */
		*s = (struct syn){ e->now, n->src, n->dst, n->sport, n->dport, e->seg->ix, true };
		return;
	}
	struct syn *s = slot_of(e, n->dst, n->src, n->dport, n->sport);
	if (!s->open || !addr_eq(s->src, n->dst) || !addr_eq(s->dst, n->src) || s->sport != n->dport ||
	    s->dport != n->sport)
		return;
	s->open = false;
	vantage_sample(e, e->segment_at[s->seg], VB_U, true);
}
