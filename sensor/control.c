#include "control.h"

#include <stdlib.h>

#include "learned_yaml.h"
#include "mute.h"
#include "text.h"
#include "version.h"
#include "view.h"

/* TAIL: for what ends a list, and never less than an error takes. */
enum { TAIL = 512, VALUE_MAX = 256, NAME_LENGTH = 32 };

/* ---- JSON out ---- */
static void
comma(struct out *o)
{
	if (o->n && o->p[o->n - 1] != '{' && o->p[o->n - 1] != '[')
		out_chr(o, ',');
}

static void
key(struct out *o, const char *name)
{
	comma(o);
	out_json_str(o, bytes_str(name));
	out_chr(o, ':');
}

static void
k_str(struct out *o, const char *name, const char *value)
{
	key(o, name);
	if (value)
		out_json_str(o, bytes_str(value));
	else
		out_str(o, "null");
}

static void
k_bytes(struct out *o, const char *name, struct bytes value)
{
	key(o, name);
	if (value.p)
		out_json_str(o, value);
	else
		out_str(o, "null");
}

static void
k_u64(struct out *o, const char *name, uint64_t v)
{
	key(o, name);
	out_u64(o, v);
}

static void
k_i64(struct out *o, const char *name, int64_t v)
{
	key(o, name);
	out_i64(o, v);
}

static void
k_bool(struct out *o, const char *name, bool v)
{
	key(o, name);
	out_str(o, v ? "true" : "false");
}

static void
k_ts(struct out *o, const char *name, ts_t t)
{
	key(o, name);
	if (t == TS_NONE || t <= 0) {
		out_str(o, "null");
		return;
	}
	out_chr(o, '"');
	out_ts(o, t, 3);
	out_chr(o, '"');
}

static void
v_mac(struct out *o, struct mac m)
{
	comma(o);
	out_chr(o, '"');
	out_mac(o, m);
	out_chr(o, '"');
}

static void
v_addr(struct out *o, struct addr a)
{
	comma(o);
	out_chr(o, '"');
	out_addr(o, a);
	out_chr(o, '"');
}

static void
k_mac(struct out *o, const char *name, bool has, struct mac m)
{
	char text[NAME_LENGTH];
	struct out t = out_init(text, sizeof(text) - 1);
	out_mac(&t, m);
	text[t.n] = 0;
	k_str(o, name, has ? text : NULL);
}

static void
k_addr(struct out *o, const char *name, struct addr a)
{
	char text[64];
	struct out t = out_init(text, sizeof(text) - 1);
	out_addr(&t, a);
	text[t.n] = 0;
	k_str(o, name, addr_set(a) ? text : NULL);
}

/* ---- pages ---- */
struct page {
	struct out *o;
	uint64_t from, at; /* of the first row that is wanted, of the next one */
	size_t start;
	bool full;
};

/* A row follows; false: it is passed over, or no more fit. */
static bool
row(struct page *p)
{
	if (p->full || p->at < p->from) {
		p->at += !p->full;
		return false;
	}
	p->start = p->o->n;
	comma(p->o);
	return true;
}

/* It was written; what did not fit is taken back, and asked for again with `from`. */
static void
row_done(struct page *p)
{
	if (!out_ok(p->o)) {
		p->o->n = p->start;
		p->o->full = false;
		p->full = true;
		return;
	}
	p->at++;
}

/* ---- one answer each ---- */
struct asked {
	struct control *c;
	struct bytes request;
	struct out *o;
	struct page page;
	bool failed;
};

static void
fail(struct asked *a, const char *error, const char *remedy)
{
	a->failed = true;
	a->o->n = 0;
	a->o->full = false;
	out_str(a->o, "{\"ok\":false");
	k_str(a->o, "error", error);
	k_str(a->o, "remedy", remedy);
}

static void
status_edge(const struct control *c, struct out *o)
{
	struct feedsrc_edge e = c->feed ? feedsrc_edge(c->feed) : (struct feedsrc_edge){ 0 };
	key(o, "edge");
	out_chr(o, '{');
	k_str(o, "state", e.listens ? "listens" : e.wanted ? "starting" : "not configured");
	k_u64(o, "restarts", e.restarts);
	key(o, "listeners");
	out_chr(o, '[');
	struct feedsrc_listener l;
	for (size_t i = 0; c->feed && feedsrc_listener_at(c->feed, i, &l); i++) {
		comma(o);
		out_chr(o, '{');
		k_str(o, "address", l.address);
		k_u64(o, "connections", l.counts.connections);
		k_u64(o, "strangers", l.counts.strangers);
		k_u64(o, "handshakes_failed", l.counts.handshakes);
		k_u64(o, "no_room", l.counts.full);
		k_u64(o, "idle", l.counts.idle);
		k_u64(o, "malformed", l.counts.malformed);
		k_u64(o, "kernel_drops", l.counts.kernel_drops);
		out_chr(o, '}');
	}
	out_str(o, "]}");
}

static void
status_outputs(const struct control *c, struct out *o)
{
	struct sink_state s;
	key(o, "outputs");
	out_chr(o, '[');
	for (size_t i = 0; c->sinks && sinks_state(c->sinks, i, &s); i++) {
		comma(o);
		out_chr(o, '{');
		k_u64(o, "output", i + 1);
		k_str(o, "to", s.name);
		k_str(o, "state", s.good ? "good" : "failing");
		k_u64(o, "lines", s.lines);
		k_u64(o, "waiting", s.waiting);
		k_u64(o, "waiting_bytes", s.waiting_bytes);
		k_str(o, "waits_in", s.on_disk ? "spool" : "memory");
		k_u64(o, "lost", s.lost);
		out_chr(o, '}');
	}
	out_chr(o, ']');
}

static void
status_evidence(const struct control *c, struct out *o)
{
	struct evidence_counts n = evidence_counts(c->evidence);
	key(o, "evidence");
	out_chr(o, '{');
	k_u64(o, "files", n.files);
	k_u64(o, "bytes", n.bytes);
	k_u64(o, "written", n.written);
	k_u64(o, "failed", n.failed);
	k_u64(o, "removed", n.removed);
	out_chr(o, '}');
}

static void
status(struct asked *a)
{
	struct control *c = a->c;
	struct out *o = a->o;
	uint32_t verdicts[VERDICTS];
	struct feedsrc_sender s;
	uint64_t senders = 0, heard = 0, silent = 0;
	k_str(o, "version", CROSSTAP_VERSION);
	k_str(o, "sensor", c->env->sensor);
	k_ts(o, "started", c->started);
	k_ts(o, "now", c->now);
	k_ts(o, "packet_time", view_now(c->engine));
	key(o, "interfaces");
	out_chr(o, '[');
	for (size_t i = 0; i < c->ntap; i++) {
		comma(o);
		out_chr(o, '{');
		k_str(o, "name", c->tap[i].name);
		k_u64(o, "frames", c->tap[i].frames);
		k_u64(o, "dropped", c->tap[i].dropped);
		k_u64(o, "iface_dropped", c->tap[i].iface_dropped);
		out_chr(o, '}');
	}
	out_str(o, "]");
	key(o, "open");
	out_chr(o, '{');
	view_verdicts(c->engine, verdicts);
	for (unsigned v = 0; v < VERDICTS; v++)
		k_u64(o, verdict_name((enum verdict)v), verdicts[v]);
	out_chr(o, '}');
	for (size_t i = 0; c->feed && feedsrc_at(c->feed, i, &s); i++) {
		senders++;
		heard += s.heard != 0;
		silent += s.silent;
	}
	status_edge(c, o);
	status_outputs(c, o);
	if (c->evidence)
		status_evidence(c, o);
	k_u64(o, "senders", senders);
	k_u64(o, "senders_heard", heard);
	k_u64(o, "senders_silent", silent);
	k_bool(o, "authority", c->conf->authority.nsite > 0);
	k_u64(o, "records", c->records);
}

static void
stats(struct asked *a)
{
	const struct metric *m;
	for (size_t i = 0; (m = metric_at(i)); i++) {
		struct metric_value v;
		for (size_t k = 0; metric_value(a->c, i, k, &v); k++) {
			if (!row(&a->page))
				continue;
			out_chr(a->o, '{');
			k_str(a->o, "name", m->name);
			for (size_t l = 0; l < v.nlabel; l++)
				k_str(a->o, v.key[l], v.label[l]);
			k_i64(a->o, "value", v.value);
			k_str(a->o, "unit", m->unit);
			k_str(a->o, "help", m->help);
			k_str(a->o, "act", m->act);
			out_chr(a->o, '}');
			row_done(&a->page);
		}
	}
}

static void
tables(struct asked *a)
{
	struct view_table t;
	for (size_t i = 0; view_table(a->c->engine, i, &t); i++) {
		if (!row(&a->page))
			continue;
		out_chr(a->o, '{');
		k_str(a->o, "name", t.name);
		k_u64(a->o, "used", t.used);
		k_u64(a->o, "capacity", t.capacity);
		k_u64(a->o, "inserted", t.inserted);
		k_u64(a->o, "hit", t.hit);
		k_u64(a->o, "expired", t.expired);
		k_u64(a->o, "evicted", t.evicted);
		k_u64(a->o, "refused", t.refused);
		out_chr(a->o, '}');
		row_done(&a->page);
	}
}

static void
put_id(struct out *o, uint64_t id)
{
	key(o, "id");
	out_chr(o, '"');
	out_hexn(o, id, 16);
	out_chr(o, '"');
}

static void
incident_row(struct out *o, const struct incident *r)
{
	out_chr(o, '{');
	put_id(o, r->id);
	k_str(o, "state", r->state == INC_CLOSED ? "closed" : "open");
	k_str(o, "detection", r->detection->id);
	k_str(o, "verdict", verdict_name(r->verdict));
	k_str(o, "severity", severity_name(r->severity));
	k_u64(o, "grade", r->grade);
	k_u64(o, "confidence", r->confidence);
	k_str(o, "segment", r->segment);
	k_mac(o, "actor", r->has_actor_mac, r->actor_mac);
	k_str(o, "actor_name", r->actor_name);
	k_u64(o, "victims", r->victims_total);
	k_u64(o, "host_events", r->events_total);
	k_ts(o, "first", r->first);
	k_ts(o, "last", r->last);
	k_bool(o, "muted", r->muted != NULL);
	k_str(o, "title", r->title);
	out_chr(o, '}');
}

static void
incidents(struct asked *a)
{
	const void *at = NULL;
	const struct incident *r;
	char all[8];
	bool closed = request_get(a->request, "all", all, sizeof(all)) && all[0] == 't';
	while ((r = view_incident(a->c->engine, &at))) {
		if ((r->state == INC_CLOSED && !closed) || !row(&a->page))
			continue;
		incident_row(a->o, r);
		row_done(&a->page);
	}
}

static bool
parse_id(const char *text, uint64_t *id)
{
	uint8_t raw[8];
	size_t n = 0;
	if (strlen(text) != 16 || !text_hex(bytes_str(text), raw, sizeof(raw), &n) || n != sizeof(raw))
		return false;
	*id = 0;
	for (size_t i = 0; i < n; i++)
		*id = *id << 8 | raw[i];
	return true;
}

static void
why_vantage(struct out *o, struct engine *e, const char *segment)
{
	struct view_segment s;
	key(o, "sight");
	out_chr(o, '{');
	for (size_t i = 0; view_segment(e, i, &s); i++) {
		if (strcmp(s.name, segment) != 0)
			continue;
		for (size_t b = 0; b < VIEW_BITS; b++) {
			key(o, s.bit[b].name);
			out_chr(o, '{');
			k_bool(o, "has", s.bit[b].has);
			k_u64(o, "percent", s.bit[b].share);
			k_u64(o, "samples", s.bit[b].samples);
			out_chr(o, '}');
		}
	}
	out_chr(o, '}');
}

static void
why(struct asked *a)
{
	char text[VALUE_MAX];
	uint64_t id;
	struct view_reason v[VIEW_REASONS];
	if (!request_get(a->request, "id", text, sizeof(text)) || !parse_id(text, &id)) {
		fail(a, "the request names no incident", "give the 16 hex digits that `incidents` shows");
		return;
	}
	const struct incident *r = view_incident_by(a->c->engine, id);
	if (r == NULL) {
		fail(a, "no incident with this id is remembered",
		     "`incidents --all` lists those that are; older ones stand in the log files");
		return;
	}
	char segment[VALUE_MAX];
	struct out s = out_init(segment, sizeof(segment) - 1);
	out_str(&s, r->segment);
	segment[s.n] = 0;
	struct encode_env env = *a->c->env;
	env.evidence = evidence_of(a->c->evidence, r->id);
	key(a->o, "record");
	encode_eve(a->o, &env, r);
	size_t n = view_reasons(a->c->engine, id, v, VIEW_REASONS);
	key(a->o, "asked");
	out_chr(a->o, '[');
	for (size_t i = 0; i < n; i++) {
		comma(a->o);
		out_chr(a->o, '{');
		k_str(a->o, "question", v[i].asked);
		k_str(a->o, "answer", v[i].answer);
		if (v[i].counted)
			k_u64(a->o, "count", v[i].n);
		out_chr(a->o, '}');
	}
	out_chr(a->o, ']');
	why_vantage(a->o, a->c->engine, segment);
}

static void
bindings(struct asked *a)
{
	const void *at = NULL;
	struct view_binding b;
	while (view_binding(a->c->engine, &at, &b)) {
		if (!row(&a->page))
			continue;
		out_chr(a->o, '{');
		k_str(a->o, "segment", b.segment);
		k_addr(a->o, "address", b.addr);
		k_mac(a->o, "mac", true, b.mac);
		k_str(a->o, "name", b.name);
		k_str(a->o, "by", b.source);
		k_ts(a->o, "first", b.first);
		k_ts(a->o, "last", b.last);
		k_mac(a->o, "before", !mac_zero(b.prev), b.prev);
		k_bool(a->o, "contested", b.contested);
		out_chr(a->o, '}');
		row_done(&a->page);
	}
}

static void
vantage(struct asked *a)
{
	struct view_segment s;
	for (size_t i = 0; view_segment(a->c->engine, i, &s); i++) {
		if (!row(&a->page))
			continue;
		out_chr(a->o, '{');
		k_str(a->o, "segment", s.name);
		k_ts(a->o, "first", s.first);
		k_ts(a->o, "last", s.last);
		for (size_t b = 0; b < VIEW_BITS; b++) {
			key(a->o, s.bit[b].name);
			out_chr(a->o, '{');
			k_bool(a->o, "has", s.bit[b].has);
			k_u64(a->o, "percent", s.bit[b].share);
			k_u64(a->o, "samples", s.bit[b].samples);
			out_chr(a->o, '}');
		}
		out_chr(a->o, '}');
		row_done(&a->page);
	}
}

/* ---- authority ---- */
static void
declared_row(struct asked *a, const struct auth_site *s, const char *role, bool declared)
{
	out_chr(a->o, '{');
	k_str(a->o, "kind", "declared");
	k_bytes(a->o, "site", s->name);
	k_str(a->o, "role", role);
	k_bool(a->o, "declared", declared);
	key(a->o, "entries");
	out_chr(a->o, '[');
}

static void
declared_servers(struct asked *a, const struct auth_site *s, const char *role, const struct auth_servers *v)
{
	if (!row(&a->page))
		return;
	declared_row(a, s, role, v->declared);
	for (size_t i = 0; i < v->n; i++) {
		comma(a->o);
		out_str(a->o, "{\"ip\":[");
		for (size_t k = 0; k < v->v[i].nip; k++)
			v_addr(a->o, v->v[i].ip[k]);
		out_str(a->o, "],\"mac\":[");
		for (size_t k = 0; k < v->v[i].nmac; k++)
			v_mac(a->o, v->v[i].mac[k]);
		out_str(a->o, "]}");
	}
	out_str(a->o, "]}");
	row_done(&a->page);
}

static void
declared_addrs(struct asked *a, const struct auth_site *s, const char *role, const struct auth_addrs *v)
{
	if (!row(&a->page))
		return;
	declared_row(a, s, role, v->declared);
	for (size_t i = 0; i < v->n; i++)
		v_addr(a->o, v->v[i]);
	out_str(a->o, "]}");
	row_done(&a->page);
}

static void
authority(struct asked *a)
{
	struct view_at at = { 0 };
	struct view_server v;
	for (size_t i = 0; i < a->c->conf->authority.nsite; i++) {
		const struct auth_site *s = &a->c->conf->authority.site[i];
		declared_servers(a, s, "dhcp4_servers", &s->dhcp4_servers);
		declared_servers(a, s, "dhcp6_servers", &s->dhcp6_servers);
		declared_servers(a, s, "routers", &s->routers);
		declared_servers(a, s, "relays", &s->relays);
		declared_servers(a, s, "pxe_servers", &s->pxe_servers);
		declared_addrs(a, s, "resolvers", &s->resolvers);
		declared_addrs(a, s, "isatap_routers", &s->isatap_routers);
		declared_addrs(a, s, "teredo_servers", &s->teredo_servers);
		declared_addrs(a, s, "proxies", &s->proxies);
	}
	while (view_server(a->c->engine, &at, &v)) {
		if (!row(&a->page))
			continue;
		out_chr(a->o, '{');
		k_str(a->o, "kind", "seen");
		k_str(a->o, "segment", v.segment);
		k_str(a->o, "service", v.service);
		k_str(a->o, "standing", v.standing);
		k_mac(a->o, "mac", true, v.mac);
		k_addr(a->o, "ip", v.ip);
		k_str(a->o, "name", v.name);
		k_ts(a->o, "last", v.last);
		out_chr(a->o, '}');
		row_done(&a->page);
	}
}

static void
learned_row(void *arg, struct bytes line)
{
	struct asked *a = arg;
	if (!row(&a->page))
		return;
	out_json_str(a->o, line);
	row_done(&a->page);
}

static void
learned(struct asked *a)
{
	if (!learned_yaml(a->c->engine, learned_row, a))
		fail(a, "no memory for the list", "ask again");
}

/* ---- feeds ---- */
static void
sender_counts(struct out *o, const struct ipc_counts *n)
{
	k_u64(o, "accepted", n->accepted);
	k_u64(o, "ignored", n->ignored);
	k_u64(o, "refused", n->refused);
	k_u64(o, "malformed", n->malformed);
	k_u64(o, "late", n->late);
	k_u64(o, "duplicates", n->duplicates);
	k_u64(o, "gaps", n->gaps);
	k_i64(o, "clock_ahead_ms", n->offset_ms);
}

static void
senders(struct asked *a)
{
	struct feedsrc_sender s;
	for (size_t i = 0; a->c->feed && feedsrc_at(a->c->feed, i, &s); i++) {
		if (!row(&a->page))
			continue;
		out_chr(a->o, '{');
		k_str(a->o, "name", s.name);
		k_str(a->o, "state", s.silent ? "silent" : s.heard ? "heard" : "never heard");
		key(a->o, "heard_s_ago");
		if (s.heard)
			out_i64(a->o, (a->c->now_ms - s.heard) / 1000);
		else
			out_str(a->o, "null");
		sender_counts(a->o, &s.counts);
		out_chr(a->o, '}');
		row_done(&a->page);
	}
}

static void
clocks(struct asked *a)
{
	const void *at = NULL;
	struct engine_clock k;
	while (engine_clock(a->c->engine, &at, &k)) {
		if (!row(&a->page))
			continue;
		out_chr(a->o, '{');
		k_str(a->o, "computer", k.computer);
		k_u64(a->o, "events", k.events);
		k_u64(a->o, "duplicates", k.duplicates);
		k_u64(a->o, "late", k.late);
		k_u64(a->o, "missing", k.missing);
		k_u64(a->o, "pairs", k.pairs);
		k_bool(a->o, "known", k.known);
		k_i64(a->o, "error_ms", k.known ? k.offset / TS_MS : 0);
		out_chr(a->o, '}');
		row_done(&a->page);
	}
}

/* ---- mutes ---- */
static void
mutes(struct asked *a)
{
	const struct mute *m;
	for (size_t i = 0; (m = mute_at(a->c->engine, i)); i++) {
		if (!row(&a->page))
			continue;
		out_chr(a->o, '{');
		k_str(a->o, "detection",
		      m->any_detection ? NULL
		      : m->rule	       ? (const char *)a->c->conf->rule[m->rule - 1].id.p
				       : detection_at(m->family)->id);
		k_mac(a->o, "actor", m->has_mac, m->mac);
		k_str(a->o, "segment", m->segment[0] ? m->segment : NULL);
		k_str(a->o, "verdict", verdict_name((enum verdict)m->verdict));
		k_ts(a->o, "until", m->until);
		k_str(a->o, "reason", m->reason);
		out_chr(a->o, '}');
		row_done(&a->page);
	}
}

/* The request as it came, printable: whoever reads the log sees what was asked for. */
static void
changed(struct asked *a)
{
	struct out o = out_init(a->c->said, sizeof(a->c->said) - 1);
	for (size_t i = 0; i < a->request.n && out_ok(&o); i++)
		out_chr(&o, a->request.p[i] >= 0x20 && a->request.p[i] < 0x7f ? (char)a->request.p[i] : '?');
	a->c->said[o.n] = 0;
}

/* What to mute; NULL, or what is wrong. */
static const char *
mute_what(struct asked *a, struct mute *m)
{
	char text[VALUE_MAX];
	bool any = false;
	m->any_detection = !request_get(a->request, "detection", text, sizeof(text));
	if (!m->any_detection && !mute_detection(m, a->c->conf->rule, a->c->conf->nrule, bytes_str(text)))
		return "unknown detection: expected one of --list-detectors or the id of a site rule";
	any |= !m->any_detection;
	m->has_mac = request_get(a->request, "actor", text, sizeof(text));
	if (m->has_mac && !mac_parse(bytes_str(text), &m->mac))
		return "actor: expected a MAC address like 00:0c:29:47:a1:a6";
	any |= m->has_mac;
	if (request_get(a->request, "segment", text, sizeof(text))) {
		if (strlen(text) >= sizeof(m->segment))
			return "segment: longer than 63 bytes";
		memcpy(m->segment, text, strlen(text) + 1);
		any = true;
	}
	return any ? NULL : "a mute without detection, actor and segment: expected at least one of them";
}

static const char *
mute_limits(struct asked *a, struct mute *m)
{
	char text[VALUE_MAX];
	enum verdict v = V_PROBABLE;
	if (request_get(a->request, "verdict", text, sizeof(text)) &&
	    (!verdict_parse(bytes_str(text), &v) || v < V_SUSPECTED))
		return "verdict: expected suspected, probable or confirmed";
	m->verdict = (uint8_t)v;
	if (!request_get(a->request, "until", text, sizeof(text)) ||
	    text_time(bytes_str(text), &m->until) != TEXT_TIME_OK)
		return "until: expected when it ends, like 2026-12-24T00:00:00Z (crosstapctl: --for 2h)";
	if (m->until <= a->c->now)
		return "until: that time has passed";
	if (!request_get(a->request, "reason", text, sizeof(text)) || text[0] == 0)
		return "reason: expected why nobody shall hear of it, for who comes after you";
	if (strlen(text) >= sizeof(m->reason))
		return "reason: longer than 159 bytes";
	memcpy(m->reason, text, strlen(text) + 1);
	return NULL;
}

static void
mute(struct asked *a)
{
	struct mute m = { 0 };
	const char *wrong = mute_what(a, &m);
	if (wrong == NULL)
		wrong = mute_limits(a, &m);
	if (wrong) {
		fail(a, wrong, "see `crosstapctl --help`, mute");
		return;
	}
	if (!mute_add(a->c->engine, &m)) {
		fail(a, "256 mutes hold already",
		     "wait until one ends, or mute by segment instead of by actor");
		return;
	}
	changed(a);
	k_ts(a->o, "until", m.until);
	k_str(a->o, "note",
	      "it is kept in state.snapshot; put it into `mutes:` of the configuration to have it "
	      "everywhere");
}

static void
reload(struct asked *a)
{
	char wrong[VALUE_MAX];
	changed(a);
	if (a->c->good && !a->c->good(a->c->good_arg, wrong, sizeof(wrong))) {
		fail(a, wrong,
		     "mend it (crosstap -T -c names every problem); the configuration of before stays");
		return;
	}
	a->c->reload = true;
	k_str(a->o, "note", "the same as SIGHUP; what has changed is in the sensor's own messages");
}

/* ---- the table ---- */
static const struct {
	const char *ask;
	void (*answer)(struct asked *);
	bool list;
} asks[] = {
	{ "status", status, false },  { "stats", stats, true },
	{ "tables", tables, true },   { "incidents", incidents, true },
	{ "why", why, false },	      { "bindings", bindings, true },
	{ "vantage", vantage, true }, { "authority", authority, true },
	{ "learned", learned, true }, { "senders", senders, true },
	{ "clocks", clocks, true },   { "mutes", mutes, true },
	{ "mute", mute, false },      { "reload", reload, false },
};

static void
answer(struct asked *a, size_t i)
{
	size_t cap = a->o->cap;
	out_str(a->o, "{\"ok\":true");
	k_str(a->o, "ask", asks[i].ask);
	if (!asks[i].list) {
		asks[i].answer(a);
		return;
	}
	key(a->o, "rows");
	out_chr(a->o, '[');
	a->o->cap = cap - TAIL;
	asks[i].answer(a);
	a->o->cap = cap;
	if (a->failed)
		return;
	out_chr(a->o, ']');
	key(a->o, "next");
	if (a->page.full)
		out_u64(a->o, a->page.at);
	else
		out_str(a->o, "null");
}

void
control_answer(struct control *c, struct bytes request, struct out *o)
{
	char ask[NAME_LENGTH], from[NAME_LENGTH];
	struct asked a = { .c = c, .request = request, .o = o, .page = { .o = o } };
	size_t i = 0;
	c->said[0] = 0;
	if (!request_good(request) || !request_get(request, "ask", ask, sizeof(ask))) {
		fail(&a, "the request is no flat JSON object with `ask`",
		     "send a line like {\"ask\":\"status\"}");
		out_chr(o, '}');
		return;
	}
	if (strcmp(ask, "metrics") == 0) { /* text, asked for by the endpoint */
		metrics_text(c, o);
		return;
	}
	if (request_get(request, "from", from, sizeof(from)))
		text_u64(bytes_str(from), &a.page.from);
	while (i < NELEM(asks) && strcmp(asks[i].ask, ask) != 0)
		i++;
	if (i == NELEM(asks))
		fail(&a, "unknown request", "`crosstapctl --help` lists them");
	else
		answer(&a, i);
	if (!out_ok(o))
		fail(&a, "the answer does not fit", "ask for less");
	out_chr(o, '}');
}
