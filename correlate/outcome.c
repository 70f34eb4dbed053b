/* Bounded logs of spans: what repeats within SPAN_GAP_SEC is one span, at most a minute long. */
#include "outcome.h"
#include "answers.h"
#include "cursor.h"
#include "snapshot.h"

enum { ENDPOINTS = 2048, SPANS = 24, SPAN_GAP_SEC = 20, SPAN_SEC = 60 };
enum { NAMES_CAP = 8192, NAME_ANSWERS = 3, CHECKS = 256, RRS_MAX = 32 };
/* Windows DHCP Server 1338: more than 1,000 delayed offers wait.  The longest delay of a scope is a second. */
enum { QUEUE = 1000, BINS = 4 };

enum { SYN = 2, RST = 4, ACK = 16 };
enum { KERBEROS = 88, LDAP = 389, LDAPS = 636, TCP = 6, UDP = 17 };
enum { WINDOWS_ASKS = 0x5e, WINDOWS_DOMAIN = 0x5f };
/* draft-ietf-dhc-failover-12, 6.1: length, type and offset of the payload, time, transaction */
enum { FAILOVER_PORT = 647, FAILOVER_HEAD = 12, BINDING_UPDATE = 3, BINDING_ACK = 4 };

struct span {
	ts_t first, last;
	uint32_t n;
};
struct end_key {
	struct addr addr;
	uint16_t port, seg;
};
struct end_log {
	struct span v[OUTCOMES][SPANS];
	uint32_t n[OUTCOMES];
};
struct name_key {
	struct addr client;
	uint16_t seg;
	uint64_t name;
};
struct name_log {
	struct name_answer v[NAME_ANSWERS];
	uint32_t n;
};
struct check_key {
	uint16_t seg;
	struct mac mac;
};
/* DISCOVERs of the last second. */
struct discovers {
	int64_t bin; /* the newest */
	uint32_t n[BINS];
};
struct outcomes {
	struct table ends, names, checks;
	struct discovers discovers[SEGMENTS_MAX]; /* gone in a second: no snapshot holds it */
};

static const struct table_spec spec_ends = { "outcomes", sizeof(struct end_key), sizeof(struct end_log),
					     ENDPOINTS, TS_DAY };
static const struct table_spec spec_names = { "names answered", sizeof(struct name_key),
					      sizeof(struct name_log), NAMES_CAP, 2 * TS_HOUR };
static const struct table_spec spec_checks = { "rogue detections", sizeof(struct check_key),
					       sizeof(struct rogue_check), CHECKS, TS_DAY };

size_t
outcomes_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct outcomes)) + align16(table_bytes(&spec_ends)) +
	       align16(table_bytes(&spec_names)) + align16(table_bytes(&spec_checks));
}

void
outcomes_open(struct engine *e, void *mem)
{
	char *p = (char *)mem + align16(sizeof(struct outcomes));

	e->outcomes = mem;
	memset(e->outcomes->discovers, 0, sizeof(e->outcomes->discovers));
	table_open(&e->outcomes->ends, &spec_ends, p, e->key);
	p += align16(table_bytes(&spec_ends));
	table_open(&e->outcomes->names, &spec_names, p, e->key);
	p += align16(table_bytes(&spec_names));
	table_open(&e->outcomes->checks, &spec_checks, p, e->key);
}

/* ---- endpoints ---- */
static struct end_key
end_key(uint16_t seg, struct addr a, uint16_t port)
{
	struct end_key k;

	memset(&k, 0, sizeof(k));
	k.addr = a;
	k.port = port;
	k.seg = seg;
	return k;
}

static void
note(struct engine *e, struct addr a, uint16_t port, enum outcome what)
{
	struct end_key k = end_key(e->seg->ix, a, port);
	struct end_log *l = table_get(&e->outcomes->ends, &k, e->now, NULL);

	if (l == NULL)
		return;
	struct span *s = l->n[what] ? &l->v[what][(l->n[what] - 1) % SPANS] : NULL;
	if (s && e->now - s->last <= SPAN_GAP_SEC * TS_SEC && e->now - s->first < SPAN_SEC * TS_SEC) {
		s->last = e->now;
		s->n++;
		return;
	}
	l->v[what][l->n[what]++ % SPANS] = (struct span){ e->now, e->now, 1 };
}

static const struct end_log *
log_of(struct engine *e, uint16_t seg, struct addr a, uint16_t port)
{
	struct end_key k = end_key(seg, a, port);

	return table_peek(&e->outcomes->ends, &k);
}

uint32_t
outcome_seen(struct engine *e, uint16_t seg, struct addr a, uint16_t port, enum outcome what, ts_t from,
	     ts_t to)
{
	const struct end_log *l = log_of(e, seg, a, port);
	uint32_t n = 0;

	for (uint32_t i = 0; l && i < l->n[what] && i < SPANS; i++)
		n += l->v[what][i].last >= from && l->v[what][i].first <= to;
	return n;
}

uint32_t
outcome_times(struct engine *e, uint16_t seg, struct addr a, uint16_t port, enum outcome what, ts_t from,
	      ts_t to)
{
	const struct end_log *l = log_of(e, seg, a, port);
	uint32_t n = 0;

	for (uint32_t i = 0; l && i < l->n[what] && i < SPANS; i++)
		if (l->v[what][i].last >= from && l->v[what][i].first <= to)
			n += l->v[what][i].n;
	return n;
}

bool
outcome_when(struct engine *e, uint16_t seg, struct addr a, uint16_t port, enum outcome what, ts_t from,
	     ts_t to, ts_t *first, ts_t *last)
{
	const struct end_log *l = log_of(e, seg, a, port);
	bool any = false;

	for (uint32_t i = 0; l && i < l->n[what] && i < SPANS; i++) {
		const struct span *s = &l->v[what][i];
		if (s->last < from || s->first > to)
			continue;
		*first = any && *first < s->first ? *first : s->first;
		*last = any && *last > s->last ? *last : s->last;
		any = true;
	}
	return any;
}

uint32_t
outcome_peak(struct engine *e, uint16_t seg, struct addr a, uint16_t port, enum outcome what, ts_t from,
	     ts_t to)
{
	const struct end_log *l = log_of(e, seg, a, port);
	uint32_t best = 0;

	for (uint32_t i = 0; l && i < l->n[what] && i < SPANS; i++)
		if (l->v[what][i].last >= from && l->v[what][i].first <= to && l->v[what][i].n > best)
			best = l->v[what][i].n;
	return best;
}

static bool
directory_port(uint16_t port)
{
	return port == KERBEROS || port == LDAP || port == LDAPS;
}

/* The Internet's servers are not what host events speak about, and they are many. */
static bool
of_interest(struct engine *e, struct addr a, uint16_t port)
{
	if (a.fam == 4 && !addr_private4(a) && binding_find(e, e->seg, a) == NULL)
		return false;
	return port != 0 && (a.fam == 4 || a.fam == 6);
}

static void
directory(struct engine *e, struct addr client, uint16_t port, enum outcome what)
{
	if (!directory_port(port))
		return;
	note(e, client, PORT_DIRECTORY, what);
	note(e, (struct addr){ 0 }, PORT_DIRECTORIES, what);
}

/* SYN: asked.  SYN and ACK: open.  RST of the server: refused where nothing was open since it was asked last. */
static void
learn_tcp(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;
	uint8_t f = o->u.seen.tcp_flags;

	if ((f & (SYN | ACK)) == SYN && of_interest(e, n->dst, n->dport)) {
		note(e, n->dst, n->dport, OUT_ASKED);
		directory(e, n->src, n->dport, OUT_ASKED);
	} else if ((f & (SYN | ACK)) == (SYN | ACK) && of_interest(e, n->src, n->sport)) {
		note(e, n->src, n->sport, OUT_OPEN);
		directory(e, n->dst, n->sport, OUT_OPEN);
	} else if ((f & RST) && of_interest(e, n->src, n->sport)) {
		const struct end_log *l = log_of(e, e->seg->ix, n->src, n->sport);
		if (l == NULL || l->n[OUT_ASKED] == 0) /* the client's own end */
			return;
		/* RFC 9293 3.5.2: a reset that answers a SYN acknowledges it, one that breaks a connection need not */
		ts_t asked = l->v[OUT_ASKED][(l->n[OUT_ASKED] - 1) % SPANS].last;
		bool open = l->n[OUT_OPEN] && l->v[OUT_OPEN][(l->n[OUT_OPEN] - 1) % SPANS].last >= asked;
		note(e, n->src, n->sport, open ? OUT_BROKEN : OUT_REFUSED);
		directory(e, n->dst, n->sport, open ? OUT_BROKEN : OUT_REFUSED);
	}
}

/* A message of two DHCP servers that begins with its segment; other segments continue one and say nothing. */
static void
learn_failover(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;
	struct cursor c = cur_all(o->u.seen.datagram);
	uint8_t version = cur_peek_u8(&c) >> 4;
	size_t ip = version == 4 ? (cur_peek_u8(&c) & 15u) * 4u : 40;

	cur_skip(&c, ip + 12);
	size_t tcp = (cur_u8(&c) >> 4) * 4u;
	cur_skip(&c, tcp > 13 ? tcp - 13 : 0);
	uint16_t length = cur_be16(&c);
	uint8_t type = cur_u8(&c);
	if (!cur_ok(&c) || length < FAILOVER_HEAD || length > o->u.seen.payload)
		return;
	if (type == BINDING_UPDATE)
		note(e, n->dst, PORT_BINDINGS, OUT_ASKED);
	else if (type == BINDING_ACK)
		note(e, n->src, PORT_BINDINGS, OUT_OPEN);
}

/* A web proxy that wants a logon of a client: declared or not. */
static void
learn_proxy(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;

	if (o->u.auth.carrier == AUTH_HTTP && o->u.auth.from_server)
		note(e, n->dst, PORT_PROXY, auth_passes_on(e, e->seg, n->src) ? OUT_OPEN : OUT_ASKED);
}

void
outcomes_quoted(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;

	if (n->ipproto == UDP && n->dport && of_interest(e, n->dst, n->dport))
		note(e, n->dst, n->dport, OUT_REFUSED);
}

static void
learn_udp(struct engine *e, const struct obs *o)
{
	const struct ends *n = &o->inner;

	if (n->dport == PORT_TEREDO)
		note(e, n->dst, PORT_TEREDO, OUT_ASKED);
	if (n->sport == PORT_TEREDO)
		note(e, n->src, PORT_TEREDO, OUT_OPEN);
}

static void
learn_tls(struct engine *e, const struct obs *o)
{
	const struct tls *t = &o->u.tls;
	const struct ends *n = &o->inner;

	if (t->content == TLS_HANDSHAKE && t->hs_type == TLS_SERVER_HELLO && of_interest(e, n->src, n->sport))
		note(e, n->src, n->sport, OUT_TLS);
	/* close_notify ends a session in good order (RFC 8446 6.1) */
	if (t->content == TLS_ALERT && (t->set >> TLSH_ALERT & 1) && t->alert != 0 && !t->client &&
	    of_interest(e, n->src, n->sport))
		note(e, n->src, n->sport, OUT_BROKEN);
}

/* ---- names ---- */
static struct name_log *
name_log(struct engine *e, struct addr client, uint64_t name)
{
	struct name_key k;

	memset(&k, 0, sizeof(k));
	k.client = client;
	k.seg = e->seg->ix;
	k.name = name;
	return table_get(&e->outcomes->names, &k, e->now, NULL);
}

const struct name_answer *
name_answer_at(struct engine *e, uint16_t seg, struct addr client, uint64_t name, unsigned i)
{
	struct name_key k;

	memset(&k, 0, sizeof(k));
	k.client = client;
	k.seg = seg;
	k.name = name;
	const struct name_log *l = table_peek(&e->outcomes->names, &k);
	return l && i < l->n && i < NAME_ANSWERS ? &l->v[(l->n - 1 - i) % NAME_ANSWERS] : NULL;
}

static void
name_note(struct engine *e, struct addr client, uint64_t name, const struct name_answer *a)
{
	struct name_log *l = name_log(e, client, name);

	if (l == NULL)
		return;
	struct name_answer *last = l->n ? &l->v[(l->n - 1) % NAME_ANSWERS] : NULL;
	if (last && !last->answered && a->answered && addr_eq(last->resolver, a->resolver))
		*last = *a;
	else if (!last || a->answered || last->answered)
		l->v[l->n++ % NAME_ANSWERS] = *a;
}

static bool
begins(struct bytes text, const char *with)
{
	size_t n = strlen(with);
	return text.n >= n && memcmp(text.p, with, n) == 0;
}

static void
learn_dns(struct engine *e, const struct obs *o)
{
	const struct dns *d = &o->u.dns;
	struct field_it it = { .rec = d };
	struct dns_rec r;
	struct said_name asked;
	struct name_answer a = { .ts = e->now, .rcode = d->rcode, .answered = d->response };
	uint64_t name = 0;
	bool of_directory = false;

	if (d->service != DNS_UNICAST || d->opcode != 0)
		return;
	a.resolver = d->response ? o->inner.src : o->inner.dst;
	a.by = d->response ? o->outer.smac : o->outer.dmac;
	for (; it.i < RRS_MAX && it.i < dns_answers_end(d) && dns_rec_next(&it, &r); it.i++) {
		if (r.section == 0 && name == 0) {
			if (!answer_name(e, d, r.name, &asked))
				return;
			name = asked.hash;
			of_directory = begins(asked.text, "_ldap.") || begins(asked.text, "_kerberos.");
		} else if (r.section == 1 && !addr_set(a.addr)) {
			a.addr = dns_rec_addr(&r);
		}
		if (addr_set(a.addr))
			break;
	}
	if (name == 0)
		return;
	struct addr client = d->response ? o->inner.dst : o->inner.src;
	name_note(e, client, name, &a);
	if (of_directory)
		name_note(e, client, 0, &a);
}

/* ---- rogue detection ---- */
static struct rogue_check *
check_get(struct engine *e, struct mac m)
{
	struct check_key k;
	bool fresh;

	memset(&k, 0, sizeof(k));
	k.seg = e->seg->ix;
	k.mac = m;
	struct rogue_check *c = table_get(&e->outcomes->checks, &k, e->now, &fresh);
	if (c && fresh)
		c->asked = c->told = TS_NONE;
	return c;
}

const struct rogue_check *
rogue_check_of(struct engine *e, uint16_t seg, struct mac m)
{
	struct check_key k;

	memset(&k, 0, sizeof(k));
	k.seg = seg;
	k.mac = m;
	return table_peek(&e->outcomes->checks, &k);
}

static void
learn_discover(struct engine *e)
{
	struct discovers *d = &e->outcomes->discovers[e->seg->ix];
	int64_t bin = e->now / (TS_SEC / BINS);
	uint32_t sum = 0;

	for (int64_t b = d->bin + 1; b <= bin && b <= d->bin + BINS; b++)
		d->n[(uint64_t)b % BINS] = 0;
	d->bin = bin > d->bin ? bin : d->bin;
	d->n[(uint64_t)d->bin % BINS]++;
	for (size_t i = 0; i < BINS; i++)
		sum += d->n[i];
	if (sum > QUEUE)
		note(e, (struct addr){ 0 }, PORT_QUEUE, OUT_ASKED);
}

static void
learn_dhcp4(struct engine *e, const struct obs *o)
{
	const struct dhcp4 *d = &o->u.dhcp4;

	if (d->msg_type == D4_DISCOVER) {
		learn_discover(e);
		return;
	}
	struct bytes vendor = dhcp4_opt(d, D4O_VENDOR43);
	struct rogue_check *c;
	struct mac m;

	if (vendor.p == NULL || d->htype != 1 || d->chaddr.n != 6)
		return;
	memcpy(m.b, d->chaddr.p, 6);
	if (d->msg_type == D4_INFORM && dhcp4_subopt(vendor, WINDOWS_ASKS).p && (c = check_get(e, m)))
		c->asked = e->now;
	if (d->msg_type != D4_ACK || bytes_text(dhcp4_subopt(vendor, WINDOWS_DOMAIN)).n == 0)
		return;
	if ((c = check_get(e, m)) && c->asked != TS_NONE) {
		c->told = e->now;
		c->domain = name_hash(bytes_text(dhcp4_subopt(vendor, WINDOWS_DOMAIN)));
		c->by = o->outer.smac;
		c->by_addr = dhcp4_opt_addr(d, D4O_SERVER_ID);
		if (!addr_set(c->by_addr))
			c->by_addr = o->inner.src;
	}
}

void
outcomes_learn(struct engine *e, const struct obs *o)
{
	switch (o->kind) {
	case OBS_FRAME:
		if (o->inner.ipproto == TCP && (o->u.seen.tcp_flags & (SYN | RST)))
			learn_tcp(e, o);
		else if (o->inner.ipproto == TCP && o->u.seen.payload &&
			 (o->inner.sport == FAILOVER_PORT || o->inner.dport == FAILOVER_PORT))
			learn_failover(e, o);
		break;
	case OBS_AUTH: learn_proxy(e, o); break;
	case OBS_TEREDO: learn_udp(e, o); break;
	case OBS_TUNNEL6:
		note(e, o->inner.src, PORT_TUNNEL, OUT_ASKED);
		note(e, o->inner.dst, PORT_TUNNEL, OUT_OPEN);
		break;
	case OBS_TLS: learn_tls(e, o); break;
	case OBS_DNS: learn_dns(e, o); break;
	case OBS_DHCP4: learn_dhcp4(e, o); break;
	default: break;
	}
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field end_key_rows[] = {
	SNAP(struct end_key, addr),
	SNAP(struct end_key, port),
	SNAP_SEG(struct end_key, seg),
};
static const struct snap_rec end_key_rec = SNAP_REC(struct end_key, end_key_rows);
static const struct snap_field span_rows[] = {
	SNAP(struct span, first),
	SNAP(struct span, last),
	SNAP(struct span, n),
};
static const struct snap_rec span_rec = SNAP_REC(struct span, span_rows);
static const struct snap_field end_log_rows[] = {
	SNAP_SUBS(struct end_log, v, v[0][0], span_rec),
	SNAP_ARRAY(struct end_log, n, n[0]),
};
static const struct snap_rec end_log_rec = SNAP_REC(struct end_log, end_log_rows);
static const struct snap_field name_key_rows[] = {
	SNAP(struct name_key, client),
	SNAP_SEG(struct name_key, seg),
	SNAP(struct name_key, name),
};
static const struct snap_rec name_key_rec = SNAP_REC(struct name_key, name_key_rows);
static const struct snap_field name_answer_rows[] = {
	SNAP(struct name_answer, ts),
	SNAP(struct name_answer, resolver),
	SNAP(struct name_answer, addr),
	SNAP(struct name_answer, by),
	SNAP(struct name_answer, rcode),
	SNAP(struct name_answer, answered),
};
static const struct snap_rec name_answer_rec = SNAP_REC(struct name_answer, name_answer_rows);
static const struct snap_field name_log_rows[] = {
	SNAP_SUBS(struct name_log, v, v[0], name_answer_rec),
	SNAP(struct name_log, n),
};
static const struct snap_rec name_log_rec = SNAP_REC(struct name_log, name_log_rows);
static const struct snap_field check_key_rows[] = {
	SNAP_SEG(struct check_key, seg),
	SNAP(struct check_key, mac),
};
static const struct snap_rec check_key_rec = SNAP_REC(struct check_key, check_key_rows);
static const struct snap_field check_rows[] = {
	SNAP(struct rogue_check, asked),
	SNAP(struct rogue_check, told),
	SNAP(struct rogue_check, by),
	SNAP(struct rogue_check, by_addr),
	SNAP(struct rogue_check, domain),
};
static const struct snap_rec check_rec = SNAP_REC(struct rogue_check, check_rows);

const struct snap_store snap_outcomes[] = {
	{ .name = "outcomes", .kind = SNAP_TABLE, .owner = offsetof(struct engine, outcomes), .member = offsetof(struct outcomes, ends),
	  .key = &end_key_rec, .value = &end_log_rec },
	{ .name = "names answered", .kind = SNAP_TABLE, .owner = offsetof(struct engine, outcomes), .member = offsetof(struct outcomes, names),
	  .key = &name_key_rec, .value = &name_log_rec },
	{ .name = "rogue detections", .kind = SNAP_TABLE, .owner = offsetof(struct engine, outcomes), .member = offsetof(struct outcomes, checks),
	  .key = &check_key_rec, .value = &check_rec },
	{ 0 },
};
/* clang-format on */
