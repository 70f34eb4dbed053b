#include "auths.h"
#include "hypothesis.h"
#include "snapshot.h"

/* 2048 pairs in ten minutes are a large office on one segment; 1024 challenges in five seconds as well. */
enum { PAIRS = 2048, CHALLENGES = 1024, REQUESTS = 1024, CHALLENGE = 8 };

struct challenge_key {
	uint8_t bytes[CHALLENGE];
	uint16_t seg;
	struct mac mac;
	uint8_t sent, zero;
};
struct request_key {
	struct addr client, server;
	uint16_t cport, sport;
};
struct auths {
	struct table pairs, challenges, requests;
	uint64_t facts; /* of the whole engine, when auths_due() was asked last */
};

static const struct table_spec spec_pairs = { "authentications", sizeof(struct auth_pair_key),
					      sizeof(struct auth_seen), PAIRS, LURE_MIN *TS_MIN };
static const struct table_spec spec_challenges = { "challenges", sizeof(struct challenge_key),
						   sizeof(struct challenge), CHALLENGES, RELAY_SEC *TS_SEC };
static const struct table_spec spec_requests = { "http requests", sizeof(struct request_key),
						 sizeof(uint64_t), REQUESTS, TS_MIN };

size_t
auths_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct auths)) + align16(table_bytes(&spec_pairs)) +
	       align16(table_bytes(&spec_challenges)) + align16(table_bytes(&spec_requests));
}

void
auths_open(struct engine *e, void *mem)
{
	char *p = mem;

	e->auths = mem;
	p += align16(sizeof(struct auths));
	table_open(&e->auths->pairs, &spec_pairs, p, e->key);
	p += align16(table_bytes(&spec_pairs));
	table_open(&e->auths->challenges, &spec_challenges, p, e->key);
	p += align16(table_bytes(&spec_challenges));
	table_open(&e->auths->requests, &spec_requests, p, e->key);
}

/* ---- authentications ---- */
static struct auth_pair_key
pair_key(const struct segment *s, struct mac client, struct mac server, enum auth_what what)
{
	return (struct auth_pair_key){
		.seg = s->ix, .client = client, .server = server, .what = (uint8_t)what
	};
}

struct auth_seen *
auth_note(struct engine *e, const struct obs *o, enum auth_what what, bool by_server)
{
	struct mac client = by_server ? o->outer.dmac : o->outer.smac,
		   server = by_server ? o->outer.smac : o->outer.dmac;
	struct auth_pair_key k = pair_key(e->seg, client, server, what);

	if (mac_zero(client) || mac_zero(server) || mac_group(client) || mac_group(server))
		return NULL;
	struct auth_seen *a = table_get(&e->auths->pairs, &k, e->now, NULL);
	if (a == NULL)
		return NULL;
	a->ts = e->now;
	a->frame = o->frame;
	a->file = o->file;
	a->ends = o->inner;
	a->by_server = by_server;
	return a;
}

struct auth_seen *
auth_of(struct engine *e, const struct segment *s, struct mac client, struct mac server, enum auth_what what)
{
	struct auth_pair_key k = pair_key(s, client, server, what);
	return table_find(&e->auths->pairs, &k, e->now);
}

struct auth_seen *
auth_next(struct engine *e, const struct auth_seen *a)
{
	return table_next(&e->auths->pairs, a);
}

const struct auth_pair_key *
auth_key(struct engine *e, const struct auth_seen *a)
{
	return table_key(&e->auths->pairs, a);
}

bool
auths_due(struct engine *e)
{
	uint64_t before = e->auths->facts;

	e->auths->facts = e->hyps->ring_n;
	return before != e->hyps->ring_n && e->auths->pairs.used;
}

/* ---- challenges ---- */
static bool
challenge_key(const struct segment *s, struct bytes c, struct mac m, bool sent, struct challenge_key *k)
{
	if (c.n != CHALLENGE || mac_zero(m) || mac_group(m))
		return false;
	*k = (struct challenge_key){ .seg = s->ix, .mac = m, .sent = sent };
	memcpy(k->bytes, c.p, CHALLENGE);
	return true;
}

void
challenge_note(struct engine *e, const struct obs *o)
{
	struct challenge_key k;

	for (int sent = 0; sent < 2; sent++) {
		if (!challenge_key(e->seg, o->u.auth.challenge, sent ? o->outer.smac : o->outer.dmac, sent,
				   &k))
			continue;
		struct challenge *c = table_get(&e->auths->challenges, &k, e->now, NULL);
		if (c)
			*c = (struct challenge){ e->now, o->frame, o->file, o->inner, o->u.auth.carrier };
	}
}

const struct challenge *
challenge_of(struct engine *e, const struct segment *s, struct bytes challenge, struct mac m, bool sent)
{
	struct challenge_key k;

	if (!challenge_key(s, challenge, m, sent, &k))
		return NULL;
	const struct challenge *c = table_peek(&e->auths->challenges, &k);
	return c && e->now - c->ts <= RELAY_SEC * TS_SEC ? c : NULL;
}

/* ---- what was asked for ---- */
static struct request_key
request_key(struct addr client, struct addr server, uint16_t cport, uint16_t sport)
{
	struct request_key k;

	memset(&k, 0, sizeof(k));
	k.client = client;
	k.server = server;
	k.cport = cport;
	k.sport = sport;
	return k;
}

void
request_note(struct engine *e, const struct obs *o)
{
	struct request_key k = request_key(o->inner.src, o->inner.dst, o->inner.sport, o->inner.dport);
	uint64_t *host = table_get(&e->auths->requests, &k, e->now, NULL);

	if (host)
		*host = o->u.http.host.n ? name_hash(o->u.http.host) : 0;
}

uint64_t
request_host(struct engine *e, const struct ends *n)
{
	struct request_key k = request_key(n->dst, n->src, n->dport, n->sport);
	const uint64_t *host = table_find(&e->auths->requests, &k, e->now);

	return host ? *host : 0;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field ends_rows[] = {
	SNAP(struct ends, smac),
	SNAP(struct ends, dmac),
	SNAP_ARRAY(struct ends, vlan, vlan[0]),
	SNAP_UPTO(struct ends, nvlan, 4),
	SNAP(struct ends, ipproto),
	SNAP(struct ends, hop_limit),
	SNAP(struct ends, src),
	SNAP(struct ends, dst),
	SNAP(struct ends, sport),
	SNAP(struct ends, dport),
};
static const struct snap_rec ends_rec = SNAP_REC(struct ends, ends_rows);
static const struct snap_field pair_key_rows[] = {
	SNAP_SEG(struct auth_pair_key, seg),
	SNAP(struct auth_pair_key, client),
	SNAP(struct auth_pair_key, server),
	SNAP_UPTO(struct auth_pair_key, what, AW_SOA),
	SNAP_NOT(struct auth_pair_key, zero),
};
static const struct snap_rec pair_key_rec = SNAP_REC(struct auth_pair_key, pair_key_rows);
static const struct snap_field pair_rows[] = {
	SNAP(struct auth_seen, ts),
	SNAP_NOT(struct auth_seen, frame),
	SNAP_NOT(struct auth_seen, file),
	SNAP_SUB(struct auth_seen, ends, ends_rec),
	SNAP(struct auth_seen, name),
	SNAP(struct auth_seen, by_server),
	SNAP(struct auth_seen, told),
};
static const struct snap_rec pair_rec = SNAP_REC(struct auth_seen, pair_rows);
static const struct snap_field challenge_key_rows[] = {
	SNAP_ARRAY(struct challenge_key, bytes, bytes[0]),
	SNAP_SEG(struct challenge_key, seg),
	SNAP(struct challenge_key, mac),
	SNAP(struct challenge_key, sent),
	SNAP_NOT(struct challenge_key, zero),
};
static const struct snap_rec challenge_key_rec = SNAP_REC(struct challenge_key, challenge_key_rows);
static const struct snap_field challenge_rows[] = {
	SNAP(struct challenge, ts),
	SNAP_NOT(struct challenge, frame),
	SNAP_NOT(struct challenge, file),
	SNAP_SUB(struct challenge, ends, ends_rec),
	SNAP(struct challenge, carrier),
};
static const struct snap_rec challenge_rec = SNAP_REC(struct challenge, challenge_rows);
static const struct snap_field request_key_rows[] = {
	SNAP(struct request_key, client),
	SNAP(struct request_key, server),
	SNAP(struct request_key, cport),
	SNAP(struct request_key, sport),
};
static const struct snap_rec request_key_rec = SNAP_REC(struct request_key, request_key_rows);
struct host_name {
	uint64_t name;
};
static const struct snap_field host_name_rows[] = {
	SNAP(struct host_name, name),
};
static const struct snap_rec host_name_rec = SNAP_REC(struct host_name, host_name_rows);

const struct snap_store snap_auths[] = {
	{ .name = "authentications", .kind = SNAP_TABLE, .owner = offsetof(struct engine, auths), .member = offsetof(struct auths, pairs),
	  .key = &pair_key_rec, .value = &pair_rec },
	{ .name = "challenges", .kind = SNAP_TABLE, .owner = offsetof(struct engine, auths), .member = offsetof(struct auths, challenges),
	  .key = &challenge_key_rec, .value = &challenge_rec },
	{ .name = "http requests", .kind = SNAP_TABLE, .owner = offsetof(struct engine, auths), .member = offsetof(struct auths, requests),
	  .key = &request_key_rec, .value = &host_name_rec },
	{ 0 },
};
/* clang-format on */
