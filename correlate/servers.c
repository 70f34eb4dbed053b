#include "servers.h"
#include "hypothesis.h"
#include "out.h"
#include "rastate.h"
#include "snapshot.h"

enum {
	SERVERS = 4096,
	LEAVES = 4,
	ANSWERERS = 4,
	CLIENTS_NEEDED = 3,
	STEPS = 256,
	OWN_SEC = 5,
	SSTP_PORT = 443
};
/* DETECTIONS.md 8 */
enum { BASELINE_DAYS = 7, TOLERATED_DAYS = 7 };

struct server_key {
	uint64_t sni; /* or the address */
	struct addr addr;
	uint8_t pad[7];
};

/* One certificate that a name or address showed. */
struct shown {
	struct leaf leaf;
	ts_t first, last, not_before, not_after;
	uint64_t issuer, client[CLIENTS_NEEDED];
	uint8_t nclient;
	bool suspect; /* contradicted P when it came: never becomes P by itself */
	uint16_t seg;
	struct mac mac;
};
struct answerer {
	struct mac mac;
	uint16_t seg;
	struct addr addr;
	ts_t first, last;
};
struct server {
	struct shown leaf[LEAVES];
	struct answerer by[ANSWERERS]; /* oldest first */
	uint8_t nleaf, nby;
	bool clear; /* SSTP was read in clear at or behind this address */
};
struct servers {
	struct table table;
};

static const struct table_spec spec = { "TLS servers", sizeof(struct server_key), sizeof(struct server),
					SERVERS, 90 * TS_DAY };

size_t
servers_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct servers)) + align16(table_bytes(&spec));
}

void
servers_open(struct engine *e, void *mem)
{
	e->servers = mem;
	table_open(&e->servers->table, &spec, (char *)mem + align16(sizeof(struct servers)), e->key);
}

/* ---- servers: by name, and by address ---- */
static struct server_key
server_key(uint64_t sni, struct addr a)
{
	struct server_key k;

	memset(&k, 0, sizeof(k));
	if (sni)
		k.sni = sni;
	else
		k.addr = a;
	return k;
}

static struct server *
server_get(struct engine *e, uint64_t sni, struct addr a)
{
	struct server_key k = server_key(sni, a);
	return table_get(&e->servers->table, &k, e->now, NULL);
}

static struct server *
server_peek(struct engine *e, uint64_t sni, struct addr a)
{
	struct server_key k = server_key(sni, a);
	return table_peek(&e->servers->table, &k);
}

/* What is known under the name (i == 0) and under the address (i == 1) of a server; NULL where nothing is. */
static struct server *
server_known(struct engine *e, uint64_t sni, struct addr a, unsigned i)
{
	if (i == 0)
		return sni ? server_peek(e, sni, a) : NULL;
	return addr_set(a) ? server_peek(e, 0, a) : NULL;
}

/* ---- which servers are VPN servers ---- */
static bool
declared_for(const struct auth_vpn *v, uint64_t sni, struct addr server, bool literal)
{
	uint64_t name = v->sni.n ? name_hash(v->sni) : 0;

	if (sni && name && sni == name)
		return true;
	/* another name at the same address is another site with a certificate of its own */
	if (sni && name && !literal)
		return false;
	for (size_t i = 0; i < v->nip; i++)
		if (addr_eq(v->ip[i], server))
			return true;
	return false;
}

/* A client that dials an address may put it in the name's place. */
static bool
is_literal(uint64_t sni, struct addr server)
{
	char buf[64];
	struct out o = out_init(buf, sizeof(buf));

	if (sni == 0)
		return false;
	out_addr(&o, server);
	return name_hash(out_bytes(&o)) == sni;
}

static const struct auth_vpn *
declared_at(struct engine *e, const struct segment *seg, uint64_t sni, struct addr server, size_t *i)
{
	bool all = sni == 0 && !addr_set(server), literal = is_literal(sni, server);
	const struct auth_vpn *v;

	while ((v = auth_vpn_at(e, seg, (*i)++)))
		if (all || declared_for(v, sni, server, literal))
			return v;
	return NULL;
}

bool
session_vpn(struct engine *e, const struct session *s)
{
	size_t i = 0;

	if (s->sport != SSTP_PORT)
		return false;
	if (declared_at(e, e->segment_at[s->seg], s->sni, s->server, &i))
		return true;
	for (unsigned k = 0; k < 2; k++) {
		const struct server *v = server_known(e, s->sni, s->server, k);
		if (v && v->clear)
			return true;
	}
	return false;
}

/* ---- P ---- */
bool
leaf_same(const struct leaf *a, const struct leaf *b)
{
	if (a->has_sha256 && b->has_sha256)
		return memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
	return a->has_sha1 && b->has_sha1 && memcmp(a->sha1, b->sha1, sizeof(a->sha1)) == 0;
}

static bool
is_baseline(const struct engine *e, const struct shown *x)
{
	return !x->suspect && x->nclient >= CLIENTS_NEEDED && x->last - x->first >= BASELINE_DAYS * TS_DAY &&
	       (x->not_after == TS_NONE || e->now <= x->not_after);
}

static bool
in_list(const struct auth_vpn *v, const uint8_t sha256[32])
{
	for (size_t i = 0; i < v->nleaf; i++)
		if (v->leaf_sha256[i].n == 32 && memcmp(v->leaf_sha256[i].p, sha256, 32) == 0)
			return true;
	return false;
}

/* One question about P: the certificate, the server, and what the declarations for it hold. */
struct asked {
	struct engine *e;
	const struct segment *seg;
	uint64_t sni;
	struct addr server;
	const struct leaf *leaf;
};

static bool
configured(const struct asked *q, const uint8_t sha256[32], size_t *leaves)
{
	const struct auth_vpn *v;
	size_t i = 0;
	bool found = false;

	*leaves = 0;
	while ((v = declared_at(q->e, q->seg, q->sni, q->server, &i))) {
		*leaves += v->nleaf;
		found |= sha256 && in_list(v, sha256);
	}
	return found;
}

/* The n-th certificate that was seen under the name or the address. */
static const struct shown *
shown_at(const struct asked *q, size_t n)
{
	for (unsigned k = 0; k < 2; k++) {
		const struct server *v = server_known(q->e, q->sni, q->server, k);
		size_t have = v ? v->nleaf : 0;
		if (n < have)
			return &v->leaf[n];
		n -= have;
	}
	return NULL;
}

static const struct shown *
shown_as(const struct asked *q, const struct leaf *leaf)
{
	const struct shown *x;

	for (size_t i = 0; (x = shown_at(q, i)); i++)
		if (leaf_same(&x->leaf, leaf))
			return x;
	return NULL;
}

/* A renewal: same issuer, later notBefore, for 7 days (DETECTIONS.md 8).  Issuer names can be copied: against a declared
 * certificate it must also come from the station that showed the declared one. */
static bool
renewed(const struct asked *q, bool declared)
{
	const struct shown *now = shown_as(q, q->leaf), *old;
	size_t leaves;

	if (now == NULL || now->issuer == 0 || now->not_before == TS_NONE ||
	    q->e->now - now->first > TOLERATED_DAYS * TS_DAY)
		return false;
	for (size_t i = 0; (old = shown_at(q, i)); i++) {
		bool p = declared ? configured(q, old->leaf.sha256, &leaves) : is_baseline(q->e, old);
		if (p && old->issuer == now->issuer && old->not_before != TS_NONE &&
		    now->not_before > old->not_before &&
		    (!declared || (old->seg == now->seg && mac_eq(old->mac, now->mac))))
			return true;
	}
	return false;
}

/* An event may carry SHA-1 only; declarations are SHA-256: seen certificates have both. */
static struct leaf_standing
standing_declared(const struct asked *q, size_t leaves)
{
	const struct shown *x = q->leaf->has_sha256 ? NULL : shown_as(q, q->leaf);
	const uint8_t *sha256 = q->leaf->has_sha256 ? q->leaf->sha256 : x ? x->leaf.sha256 : NULL;

	if (sha256 == NULL) {
		size_t known = 0, n;
		for (size_t i = 0; (x = shown_at(q, i)); i++)
			known += configured(q, x->leaf.sha256, &n);
		return (struct leaf_standing){ known >= leaves ? LEAF_OTHER : LEAF_NO_P, true };
	}
	if (configured(q, sha256, &leaves))
		return (struct leaf_standing){ LEAF_P, true };
	return (struct leaf_standing){ renewed(q, true) ? LEAF_RENEWED : LEAF_OTHER, true };
}

/* Shown to as many clients as P in the week in which P was learned: one of a pair, or of several that are shown in turn,
 * that lacks only the days. */
static bool
beside(const struct asked *q, const struct shown *p)
{
	const struct shown *x = shown_as(q, q->leaf);

	return x && !x->suspect && x->nclient >= CLIENTS_NEEDED &&
	       ts_sub(x->first, p->first) < BASELINE_DAYS * TS_DAY;
}

struct leaf_standing
leaf_standing(struct engine *e, const struct segment *seg, uint64_t sni, struct addr server,
	      const struct leaf *leaf)
{
	struct asked q = { e, seg, sni, server, leaf };
	const struct shown *x;
	size_t leaves;
	bool any = false, pair = false;

	(void)configured(&q, NULL, &leaves);
	if (leaves)
		return standing_declared(&q, leaves);
	for (size_t i = 0; (x = shown_at(&q, i)); i++) {
		if (!is_baseline(e, x))
			continue;
		any = true;
		pair |= beside(&q, x);
		if (leaf_same(&x->leaf, leaf))
			return (struct leaf_standing){ LEAF_P, false };
	}
	if (!any || (pair && !renewed(&q, false)))
		return (struct leaf_standing){ LEAF_NO_P, false };
	return (struct leaf_standing){ renewed(&q, false) ? LEAF_RENEWED : LEAF_OTHER, false };
}

struct leaf_standing
session_standing(struct engine *e, const struct session *s)
{
	if (!(s->flags & SES_LEAF))
		return (struct leaf_standing){ LEAF_NO_P, false };
	return leaf_standing(e, e->segment_at[s->seg], s->sni, s->server, &s->leaf);
}

bool
session_other_leaf(struct engine *e, const struct session *s)
{
	struct asked q = { e, e->segment_at[s->seg], s->sni, s->server, &s->leaf };
	const struct shown *x;

	for (size_t i = 0; (x = shown_at(&q, i)); i++)
		if (x->seg == s->seg && x->first < s->start && !mac_eq(x->mac, s->server_mac) &&
		    !leaf_same(&x->leaf, &s->leaf))
			return true;
	return false;
}

bool
address_leaf(struct engine *e, struct addr a, ts_t from, ts_t to, struct leaf *leaf, struct mac *by)
{
	const struct server *v = server_peek(e, 0, a);
	const struct shown *best = NULL;

	for (size_t i = 0; v && i < v->nleaf; i++) {
		const struct shown *x = &v->leaf[i];
		if (x->last >= from && x->first <= to && (best == NULL || x->last > best->last))
			best = x;
	}
	if (best == NULL)
		return false;
	*leaf = best->leaf;
	*by = best->mac;
	return true;
}

/* ---- the path fact ---- */
/* Does the MAC hold itself out for the server's address, or for a router's where the server is not on the link? */
static bool
spoofs(struct engine *e, const struct session *s)
{
	const struct segment *seg = e->segment_at[s->seg];
	const struct hyp *h = hyp_of(e, FAM_ND_SPOOF, seg, s->server_mac);
	const struct hyps *all = e->hyps;
	bool away = binding_find(e, seg, s->server) == NULL;

	if (h == NULL || !hyp_open(h))
		return false;
	unsigned steps = 0;
	for (uint64_t at = h->last_evidence; at && all->ring_n - at < all->ring_cap && steps < STEPS;
	     steps++) {
		const struct evidence *v = &all->ring[(at - 1) % all->ring_cap];
		if (v->hyp != h->id)
			break;
		bool router = (key_roles(e, seg, v->key) & (KEY_ROUTER | KEY_GATEWAY4)) ||
			      auth_id_known(e, seg, SVC_ROUTER, v->key, (struct bytes){ NULL, 0 });
		if (addr_eq(v->key, s->server) || (away && router))
			return true;
		at = v->prev;
	}
	return false;
}

static const struct answerer *
answerer_at(struct engine *e, const struct session *s, size_t n)
{
	for (unsigned k = 0; k < 2; k++) {
		const struct server *v = server_known(e, s->sni, s->server, k);
		size_t have = v ? v->nby : 0;
		if (n < have)
			return &v->by[n];
		n -= have;
	}
	return NULL;
}

static bool
answered_before(const struct session *s, const struct answerer *a)
{
	return a->seg == s->seg && a->first < s->start && !mac_eq(a->mac, s->server_mac);
}

/* A connection of the answering station's own to the server that answered before.  The same client random is the same
 * handshake, passed on. */
static bool
opens_own(struct engine *e, const struct session *s, const struct answerer *to)
{
	const struct host *h = host_find(e, e->segment_at[s->seg], s->server_mac);
	const struct session *own;

	for (size_t i = 0; h && i < h->nip; i++) {
		unsigned steps = 0;
		for (own = NULL; steps < STEPS; steps++) {
			own = session_next(e, s->seg, END_CLIENT, host_ip(e, h, i), own);
			if (own == NULL || own->start < s->start - OWN_SEC * TS_SEC)
				break;
			if (own->start > s->start + OWN_SEC * TS_SEC ||
			    !mac_eq(own->client_mac, s->server_mac) || own->random == s->random ||
			    mac_eq(own->server_mac, s->server_mac))
				continue;
			if (addr_eq(own->server, to->addr) || (s->sni && own->sni == s->sni))
				return true;
		}
	}
	return false;
}

/* A terminator that the administrator declared: it shows a declared certificate, or (where that is encrypted) it is at a
 * declared address that nobody else ever answered for. */
static bool
declared_terminator(struct engine *e, const struct session *s)
{
	const struct server *at = server_known(e, 0, s->server, 1);
	const struct auth_vpn *v;
	size_t i = 0;

	if (s->flags & SES_LEAF) {
		struct leaf_standing st = session_standing(e, s);
		return st.is == LEAF_P && st.configured;
	}
	for (size_t k = 0; at && k < at->nby; k++)
		if (answered_before(s, &at->by[k]))
			return false;
	while ((v = declared_at(e, e->segment_at[s->seg], s->sni, s->server, &i)))
		for (size_t k = 0; k < v->nip; k++)
			if (addr_eq(v->ip[k], s->server))
				return true;
	return false;
}

bool
session_path(struct engine *e, const struct session *s)
{
	const struct answerer *a;

	if ((s->flags & SES_PATH) || !(s->flags & SES_SERVER) || !(s->flags & SES_SERVER_HERE))
		return s->flags & SES_PATH;
	if (spoofs(e, s))
		return true;
	if (declared_terminator(e, s))
		return false;
	for (size_t i = 0; (a = answerer_at(e, s, i)); i++)
		if (answered_before(s, a) && opens_own(e, s, a))
			return true;
	return false;
}

/* ---- learning ---- */
static uint64_t
client_hash(struct addr a)
{
	static const struct sipkey fixed = { { 9, 10 } };
	return siphash(&fixed, &a, sizeof(a));
}

static void
note_answerer(struct engine *e, struct server *v, const struct session *s)
{
	size_t i = 0;

	if (v == NULL)
		return;
	while (i < v->nby && !(mac_eq(v->by[i].mac, s->server_mac) && v->by[i].seg == s->seg &&
			       addr_eq(v->by[i].addr, s->server)))
		i++;
	if (i == v->nby) {
		if (i == ANSWERERS) { /* the first one stays: it is the longest known */
			memmove(v->by + 1, v->by + 2, (ANSWERERS - 2) * sizeof(v->by[0]));
			i = ANSWERERS - 1;
		} else {
			v->nby++;
		}
		v->by[i] = (struct answerer){ s->server_mac, s->seg, s->server, s->start, 0 };
	}
	v->by[i].last = e->now;
}

static void
note_leaf(struct engine *e, struct server *v, const struct session *s, bool suspect)
{
	size_t i = 0;

	if (v == NULL)
		return;
	while (i < v->nleaf && !leaf_same(&v->leaf[i].leaf, &s->leaf))
		i++;
	if (i == v->nleaf) {
		if (i < LEAVES) {
			v->nleaf++;
		} else { /* the longest unused goes; what is P stays, whatever an attacker shows */
			i = LEAVES;
			for (size_t k = 0; k < LEAVES; k++)
				if (!is_baseline(e, &v->leaf[k]) &&
				    (i == LEAVES || v->leaf[k].last < v->leaf[i].last))
					i = k;
			if (i == LEAVES)
				return;
		}
		v->leaf[i] = (struct shown){ .leaf = s->leaf,
					     .first = e->now,
					     .not_before = s->not_before,
					     .not_after = s->not_after,
					     .issuer = s->issuer,
					     .seg = s->seg,
					     .mac = s->server_mac };
	}
	struct shown *x = &v->leaf[i];
	uint64_t client = client_hash(s->client);
	x->last = e->now;
	x->suspect |= suspect;
	size_t c = 0;
	while (c < x->nclient && x->client[c] != client)
		c++;
	if (c == x->nclient && c < CLIENTS_NEEDED)
		x->client[x->nclient++] = client;
}

/* What the session's server is remembered under: its name (i == 0) and its address.  Declared ones are never evicted. */
static struct server *
memory_of(struct engine *e, const struct session *s, unsigned i)
{
	uint64_t sni = i == 0 ? s->sni : 0;
	size_t at = 0;

	if (i == 0 && sni == 0)
		return NULL;
	struct server *v = server_get(e, sni, s->server);
	if (v && declared_at(e, e->segment_at[s->seg], sni, sni ? (struct addr){ 0 } : s->server, &at))
		table_pin(&e->servers->table, v, true);
	return v;
}

void
server_answered(struct engine *e, const struct session *s)
{
	for (unsigned i = 0; i < 2; i++)
		note_answerer(e, memory_of(e, s, i), s);
}

void
server_showed(struct engine *e, const struct session *s, bool suspect)
{
	for (unsigned i = 0; i < 2; i++)
		note_leaf(e, memory_of(e, s, i), s, suspect);
}

void
server_clear(struct engine *e, struct addr a)
{
	struct server *v = server_get(e, 0, a);

	if (v)
		v->clear = true;
}

const void *
server_leaf_next(struct engine *e, const void *at, struct leaf_seen *seen)
{
	const struct table *t = &e->servers->table;
	const struct server *v = at;

	while ((v = table_next(t, v))) {
		const struct server_key *k = table_key(t, v);
		if (k->sni || !v->clear)
			continue;
		*seen = (struct leaf_seen){ .addr = k->addr };
		for (size_t i = 0; i < v->nleaf; i++) {
			const struct shown *x = &v->leaf[i];
			seen->leaf[seen->n++] =
				(struct leaf_shown){ x->leaf, x->seg,	  x->mac,     x->first,
						     x->last, x->nclient, x->suspect, is_baseline(e, x) };
		}
		break;
	}
	return v;
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field server_key_rows[] = {
	SNAP(struct server_key, sni),
	SNAP(struct server_key, addr),
	SNAP_NOT(struct server_key, pad),
};
static const struct snap_rec server_key_rec = SNAP_REC(struct server_key, server_key_rows);
static const struct snap_field leaf_rows[] = {
	SNAP_ARRAY(struct leaf, sha1, sha1[0]),
	SNAP_ARRAY(struct leaf, sha256, sha256[0]),
	SNAP(struct leaf, has_sha1),
	SNAP(struct leaf, has_sha256),
};
static const struct snap_rec leaf_rec = SNAP_REC(struct leaf, leaf_rows);
static const struct snap_field shown_rows[] = {
	SNAP_SUB(struct shown, leaf, leaf_rec),
	SNAP(struct shown, first),
	SNAP(struct shown, last),
	SNAP(struct shown, not_before),
	SNAP(struct shown, not_after),
	SNAP(struct shown, issuer),
	SNAP_ARRAY(struct shown, client, client[0]),
	SNAP_UPTO(struct shown, nclient, CLIENTS_NEEDED),
	SNAP(struct shown, suspect),
	SNAP_SEG(struct shown, seg),
	SNAP(struct shown, mac),
};
static const struct snap_rec shown_rec = SNAP_REC(struct shown, shown_rows);
static const struct snap_field answerer_rows[] = {
	SNAP(struct answerer, mac),
	SNAP_SEG(struct answerer, seg),
	SNAP(struct answerer, addr),
	SNAP(struct answerer, first),
	SNAP(struct answerer, last),
};
static const struct snap_rec answerer_rec = SNAP_REC(struct answerer, answerer_rows);
static const struct snap_field server_rows[] = {
	SNAP_UPTO(struct server, nleaf, LEAVES),
	SNAP_UPTO(struct server, nby, ANSWERERS),
	SNAP_SOME_SUBS(struct server, leaf, leaf[0], nleaf, shown_rec),
	SNAP_SOME_SUBS(struct server, by, by[0], nby, answerer_rec),
	SNAP(struct server, clear),
};
static const struct snap_rec server_rec = SNAP_REC(struct server, server_rows);

const struct snap_store snap_servers[] = {
	{ .name = "TLS servers", .kind = SNAP_TABLE, .owner = offsetof(struct engine, servers), .member = offsetof(struct servers, table),
	  .key = &server_key_rec, .value = &server_rec },
	{ 0 },
};
/* clang-format on */
