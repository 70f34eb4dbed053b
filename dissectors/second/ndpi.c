/* nDPI 4.2 of Debian 12, and newer ones: CMakeLists.txt asks the header which form its functions have.  The library
 * allocates as it likes, through hooks without a context: hence the one global here, which counts the bytes.  Each block
 * carries its size in front, so that what is given back is known.  Its tables are 30,000 small blocks that live as long as
 * it does: those come out of one piece of memory and go with it. */
#include "second.h"

#include <stdlib.h>
#include <string.h>

#include <ndpi_api.h>

#include "out.h"
#include "table.h"

enum {
	FLOWS = 1024,
	PACKETS = 16,
	BYTES = 32 << 20,
	BYTES_LEAST = 8 << 20, /* for its tables: it does not look whether there was room */
	RESERVE =
		1
		<< 20, /* more than one packet can make it allocate; it does not everywhere expect a refusal */
	NAMES = 128,
	NAME_BYTES = 48,
	HEAD = 16, /* keeps blocks aligned for anything */
	TABLES = 8 << 20,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	IP4_ADDRESSES = 12, /* offsets */
	IP6_ADDRESSES = 8
};
static const ts_t FLOW_LIFE = 5 * TS_MIN;

static struct {
	size_t used, limit;
	char *tables; /* TABLES bytes, zeroed: what is asked for while the library opens */
	size_t ntables;
	bool opening;
	size_t apart; /* blocks that live and are not in it */
} heap;

struct flow_key {
	struct addr a, b;
	uint16_t pa, pb, iface;
	uint8_t ipproto, nvlan;
	uint16_t vlan[4];
};
struct flow {
	struct ndpi_flow_struct *state;
	uint64_t last; /* digest of the last packet: a mirror's second copy is none of the sixteen */
	uint64_t told_risk;
	const char *told;
	uint32_t packets;
	bool done;
};
struct opinion {
	struct second_limits limit;
	struct ndpi_detection_module_struct *lib;
	struct table flows;
	void *mem;
	struct second_counts count;
	char name[NAMES][NAME_BYTES]; /* texts that observations point to */
	size_t nname;
};

static void *
count_malloc(size_t n)
{
	if (n > heap.limit || heap.used > heap.limit - n)
		return NULL;
	size_t all = (n + 2 * HEAD - 1) / HEAD * HEAD;
	char *p = NULL; /* cleared: what it says must not hang on what lay there before */
	if (heap.opening && all <= TABLES - heap.ntables) {
		p = heap.tables + heap.ntables;
		heap.ntables += all;
	} else if ((p = calloc(1, all)) == NULL) {
		return NULL;
	} else {
		heap.apart++;
	}
	memcpy(p, &n, sizeof(n));
	heap.used += n;
	return p + HEAD;
}

static void
count_free(void *p)
{
	size_t n;

	if (p == NULL)
		return;
	memcpy(&n, (char *)p - HEAD, sizeof(n));
	heap.used -= n;
	char *block = (char *)p - HEAD;
	if (heap.tables && block >= heap.tables && block < heap.tables + TABLES)
		return;
	heap.apart--;
	free(block);
}

const char *
second_version(void)
{
	return ndpi_revision();
}

static void
flow_gone(void *arg, const void *key, void *value)
{
	struct flow *f = value;

	(void)arg;
	(void)key;
	if (f->state)
		ndpi_free_flow(f->state);
	f->state = NULL;
}

static struct ndpi_detection_module_struct *
library(void)
{
	struct ndpi_detection_module_struct *lib = ndpi_init_detection_module(0);

	if (lib == NULL)
		return NULL;
#if NDPI_HAS_BITMASK
	NDPI_PROTOCOL_BITMASK all;
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(lib, &all);
#endif
	ndpi_finalize_initialization(lib);
	return lib;
}

struct opinion *
second_open(const struct second_limits *limits)
{
	/* Flows are few and bounded, and nothing printed hangs on the order in the buckets: no secret is needed. */
	static const struct sipkey key = { { 5, 6 } };
	struct opinion *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->limit = *limits;
	if (s->limit.flows == 0)
		s->limit.flows = FLOWS;
	if (s->limit.packets == 0)
		s->limit.packets = PACKETS;
	if (s->limit.bytes == 0)
		s->limit.bytes = BYTES;
	struct table_spec spec = { "second", sizeof(struct flow_key), sizeof(struct flow), s->limit.flows,
				   FLOW_LIFE };
	heap.used = 0;
	heap.limit = s->limit.bytes;
	set_ndpi_malloc(count_malloc);
	set_ndpi_free(count_free);
	set_ndpi_flow_malloc(count_malloc);
	set_ndpi_flow_free(count_free);
	s->mem = calloc(1, table_bytes(&spec));
	heap.tables = calloc(1, TABLES);
	heap.ntables = heap.apart = 0;
	if (s->mem && heap.tables && s->limit.bytes >= BYTES_LEAST) {
		heap.opening = true;
		s->lib = library();
		heap.opening = false;
	}
	if (s->lib == NULL) {
		free(heap.tables);
		heap.tables = NULL;
		free(s->mem);
		free(s);
		return NULL;
	}
	table_open(&s->flows, &spec, s->mem, key);
	s->flows.on_drop = flow_gone;
	return s;
}

/* The same for both directions. */
static struct flow_key
key_of(const struct obs *o)
{
	const struct ends *n = &o->inner;
	struct flow_key k;

	memset(&k, 0, sizeof(k));
	k.iface = o->iface;
	k.ipproto = n->ipproto;
	k.nvlan = o->outer.nvlan;
	memcpy(k.vlan, o->outer.vlan, sizeof(k.vlan));
	int order = memcmp(&n->src, &n->dst, sizeof(n->src));
	if (order < 0 || (order == 0 && n->sport <= n->dport)) {
		k.a = n->src;
		k.b = n->dst;
		k.pa = n->sport;
		k.pb = n->dport;
	} else {
		k.a = n->dst;
		k.b = n->src;
		k.pa = n->dport;
		k.pb = n->sport;
	}
	return k;
}

/* A text that lives as long as the stage; NULL when there is no more room for new ones. */
static const char *
keep_name(struct opinion *s, const char *text)
{
	size_t n = strlen(text);

	if (n >= NAME_BYTES)
		n = NAME_BYTES - 1;
	for (size_t i = 0; i < s->nname; i++)
		if (strncmp(s->name[i], text, n) == 0 && s->name[i][n] == 0)
			return s->name[i];
	if (s->nname == NAMES)
		return NULL;
	memcpy(s->name[s->nname], text, n);
	s->name[s->nname][n] = 0;
	return s->name[s->nname++];
}

/* What was recognised, "TLS.Microsoft" where one runs in the other; NULL while it does not know.  Nobody asks for its
 * guess from the port: that is no evidence. */
static const char *
said_name(struct opinion *s, const struct flow *f)
{
	uint16_t app = f->state->detected_protocol_stack[0], under = f->state->detected_protocol_stack[1];
	char text[NAME_BYTES];
	struct out o = out_init(text, sizeof(text) - 1);

	if (app == NDPI_PROTOCOL_UNKNOWN)
		return NULL;
	if (under != NDPI_PROTOCOL_UNKNOWN && under != app) {
		out_str(&o, ndpi_get_proto_name(s->lib, under));
		out_chr(&o, '.');
	}
	out_str(&o, ndpi_get_proto_name(s->lib, app));
	text[o.n] = 0;
	return keep_name(s, text);
}

/* Room for one more packet, at the price of the flows that were unused longest. */
static bool
make_room(struct opinion *s)
{
	while (heap.limit - heap.used < RESERVE) {
		struct flow *oldest = NULL;
		for (struct flow *f = table_next(&s->flows, NULL); f; f = table_next(&s->flows, f))
			oldest = f;
		if (oldest == NULL)
			return false;
		table_drop(&s->flows, oldest);
	}
	return true;
}

static void
ask(struct opinion *s, struct flow *f, struct bytes d, ts_t ts)
{
	uint64_t ms = ts > 0 ? (uint64_t)(ts / TS_MS) : 0;

	s->count.calls++;
#if NDPI_HAS_INPUT_INFO
	ndpi_detection_process_packet(s->lib, f->state, d.p, (unsigned short)d.n, ms, NULL);
#else
	ndpi_detection_process_packet(s->lib, f->state, d.p, (unsigned short)d.n, ms);
#endif
}

static void
fill(struct obs *answer, const struct obs *frame, const char *proto, uint64_t risk)
{
	memset(answer, 0, offsetof(struct obs, u));
	answer->kind = OBS_SECOND;
	answer->ts = frame->ts;
	answer->frame = frame->frame;
	answer->file = frame->file;
	answer->iface = frame->iface;
	answer->depth = frame->depth;
	answer->flags = frame->flags;
	answer->digest = frame->digest;
	answer->outer = frame->outer;
	answer->inner = frame->inner;
	answer->u.second = (struct second){ .proto = proto };
	for (unsigned i = 1; i < NDPI_MAX_RISK && answer->u.second.nrisk < SECOND_RISKS; i++)
		if (risk >> i & 1)
			answer->u.second.risk[answer->u.second.nrisk++] = ndpi_risk2str((ndpi_risk_enum)i);
}

static struct flow *
flow_of(struct opinion *s, const struct obs *frame)
{
	struct flow_key k = key_of(frame);
	bool fresh;
	struct flow *f = table_get(&s->flows, &k, frame->ts, &fresh);

	if (f == NULL || !fresh)
		return f;
	s->count.flows++;
	f->state = ndpi_flow_malloc(ndpi_detection_get_sizeof_ndpi_flow_struct());
	f->done = f->state == NULL;
	return f;
}

/* Of what a router between two mirrored ports leaves alone: not the TTL and the checksum of IPv4, nor the hop limit. */
static uint64_t
digest_of(const struct opinion *s, struct bytes d)
{
	size_t from = d.p[0] >> 4 == 4 ? IP4_ADDRESSES : IP6_ADDRESSES;

	if (d.n <= from)
		return 0;
	uint64_t head = (uint64_t)d.p[2] << 40 | (uint64_t)d.p[3] << 32 | (uint64_t)d.p[4] << 24 |
			(uint64_t)d.p[5] << 16 | (uint64_t)d.p[6];
	uint64_t rest = siphash13(&s->flows.hash_key, d.p + from, d.n - from);
	return rest ^ head * UINT64_C(0x9e3779b97f4a7c15);
}

bool
second_packet(struct opinion *s, const struct obs *frame, struct obs *answer)
{
	struct bytes d = frame->u.seen.datagram;
	uint8_t l4 = frame->inner.ipproto;

	if (d.n == 0 || d.n > UINT16_MAX || (l4 != PROTO_TCP && l4 != PROTO_UDP) ||
	    (frame->inner.sport == 0 && frame->inner.dport == 0))
		return false;
	if (!make_room(s)) {
		s->count.refused++;
		return false;
	}
	struct flow *f = flow_of(s, frame);
	if (f == NULL || f->done)
		return false;
	uint64_t digest = digest_of(s, d);
	if (f->last == digest)
		return false;
	f->last = digest;
	ask(s, f, d, frame->ts);
	const char *name = said_name(s, f);
	f->done = ++f->packets >= s->limit.packets;
	uint64_t risk = f->state->risk;
	if (f->done) {
		ndpi_free_flow(f->state);
		f->state = NULL;
	}
	if (name == NULL || (name == f->told && risk == f->told_risk))
		return false;
	f->told = name;
	f->told_risk = risk;
	fill(answer, frame, name, risk);
	return true;
}

struct second_counts
second_counts(const struct opinion *s)
{
	return s->count;
}

void
second_close(struct opinion *s)
{
	if (s == NULL)
		return;
	for (struct flow *f = table_next(&s->flows, NULL); f; f = table_next(&s->flows, NULL))
		table_drop(&s->flows, f);
	if (heap.apart > 0) /* else everything that it would free piece by piece is in the tables */
		ndpi_exit_detection_module(s->lib);
	free(heap.tables);
	heap.tables = NULL;
	free(s->mem);
	free(s);
}
