/* The incident record, EVE-shaped (CONTRACT.md 3).  Written whole; where it does not fit, written again with less: first
 * the packets between the first and last of a fact go, then flows, host events, facts of low grade, victims, and last of all
 * the end of the explanation. */
#include "encode.h"
#include "key.h"
#include "mute.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58, GID = 1, REVISION = 1, STEP = 4 };
static const size_t explain_lengths[] = { SIZE_MAX, 2048, 512, 0 };

/* How much of each list is written. */
struct cut {
	bool any, refs, flows;
	uint32_t events, facts, victims;
	size_t text; /* index of explain_lengths */
};

static void
key_grade(struct out *o, enum grade g)
{
	out_str(o, ",\"grade\":\"E");
	out_u64(o, g);
	out_chr(o, '"');
}

/* Names as EVE has them. */
static void
proto(struct out *o, uint8_t p)
{
	out_str(o, ",\"proto\":\"");
	switch (p) {
	case PROTO_ICMP: out_str(o, "ICMP"); break;
	case PROTO_TCP: out_str(o, "TCP"); break;
	case PROTO_UDP: out_str(o, "UDP"); break;
	case PROTO_ICMP6: out_str(o, "IPv6-ICMP"); break;
	default: out_u64(o, p); break;
	}
	out_chr(o, '"');
}

static void
flow(struct out *o, const struct inc_flow *f)
{
	bool ports = f->ipproto == PROTO_TCP || f->ipproto == PROTO_UDP;
	if (!addr_set(f->src))
		return;
	key_addr(o, ",\"src_ip\":", f->src);
	if (ports)
		key_number(o, ",\"src_port\":", f->sport);
	if (addr_set(f->dst))
		key_addr(o, ",\"dest_ip\":", f->dst);
	if (ports)
		key_number(o, ",\"dest_port\":", f->dport);
	if (f->ipproto)
		proto(o, f->ipproto);
	char id[64];
	struct out t = out_init(id, sizeof(id));
	if (community_id(&t, f)) {
		out_str(o, ",\"community_id\":");
		out_json_str(o, out_bytes(&t));
	}
}

static void
head(struct out *o, const struct encode_env *env, const struct incident *r)
{
	key_time(o, "{\"timestamp\":", r->timestamp);
	out_str(o, r->alert ? ",\"event_type\":\"alert\"" : ",\"event_type\":\"incident\"");
	key_text(o, ",\"sensor\":", env->sensor);
	if (r->iface < env->niface)
		key_text(o, ",\"in_iface\":", env->iface[r->iface]);
	for (size_t i = 0; i < r->nvlan && i < NELEM(r->vlan); i++)
		key_number(o, i ? "," : ",\"vlan\":[", r->vlan[i]);
	if (r->nvlan)
		out_chr(o, ']');
	flow(o, &r->flow);
	if (r->has_actor_mac) {
		key_mac(o, ",\"ether\":{\"src_mac\":", r->actor_mac);
		out_chr(o, '}');
	}
}

static unsigned
alert_severity(enum severity s)
{
	return s >= SEV_HIGH ? 1 : s == SEV_MEDIUM ? 2 : 3;
}

static void
alert(struct out *o, const struct incident *r)
{
	const struct detection *d = r->detection;
	key_number(o, ",\"alert\":{\"action\":\"allowed\",\"gid\":", GID);
	key_number(o, ",\"signature_id\":", d->signature_id);
	key_number(o, ",\"rev\":", REVISION);
	key_text(o, ",\"signature\":", d->signature);
	key_text(o, ",\"category\":", d->category);
	key_number(o, ",\"severity\":", alert_severity(r->severity));
	key_split(o, ",\"metadata\":{\"mitre_technique_id\":", r->attack, ' ');
	out_str(o, "}}");
}

static void
victims(struct out *o, const struct incident *r, uint32_t n)
{
	out_str(o, ",\"victims\":[");
	for (uint32_t i = 0; i < n; i++) {
		const struct inc_victim *v = &r->victim[i];
		if (i)
			out_chr(o, ',');
		if (v->has_mac)
			key_mac(o, "{\"mac\":", v->mac);
		else
			out_str(o, "{\"mac\":null");
		key_addrs(o, ",\"ip\":", v->ip, v->nip);
		key_text(o, ",\"name\":", v->name[0] ? v->name : NULL);
		key_grade(o, v->grade);
		out_chr(o, '}');
	}
	out_chr(o, ']');
	if (r->victims_total > n)
		key_number(o, ",\"victims_total\":", r->victims_total);
}

static void
packet(struct out *o, const struct encode_env *env, const struct inc_ref *ref)
{
	out_chr(o, '{');
	if (env->file) {
		key_text(o, "\"file\":", env->file(env->file_arg, ref->file));
		out_chr(o, ',');
	}
	key_number(o, "\"frame\":", ref->frame);
	out_chr(o, '}');
}

static void
packets(struct out *o, const struct encode_env *env, const struct inc_fact *f, bool refs)
{
	out_str(o, ",\"packets\":[");
	bool first = true;
	for (size_t i = 0; i < f->nref; i++) {
		if (!refs && i > 0 && i + 1 < f->nref)
			continue;
		if (!first)
			out_chr(o, ',');
		first = false;
		packet(o, env, &f->ref[i]);
	}
	out_chr(o, ']');
}

/* Whether a fact is among the n of highest grade, earlier ones first. */
static bool
among(const struct incident *r, uint32_t ix, uint32_t n)
{
	uint32_t before = 0;
	for (uint32_t i = 0; i < r->nfact; i++)
		before += r->fact[i].grade > r->fact[ix].grade ||
			  (r->fact[i].grade == r->fact[ix].grade && i < ix);
	return before < n;
}

static void
facts(struct out *o, const struct encode_env *env, const struct incident *r, const struct cut *cut)
{
	out_str(o, ",\"facts\":[");
	bool first = true;
	for (uint32_t i = 0; i < r->nfact; i++) {
		const struct inc_fact *f = &r->fact[i];
		if (!among(r, i, cut->facts))
			continue;
		key_text(o, first ? "{\"id\":" : ",{\"id\":", f->id);
		first = false;
		key_grade(o, f->grade);
		key_number(o, ",\"count\":", f->count);
		key_time(o, ",\"first\":", f->first);
		key_time(o, ",\"last\":", f->last);
		packets(o, env, f, cut->refs);
		out_chr(o, '}');
	}
	out_chr(o, ']');
	if (r->facts_total > cut->facts)
		key_number(o, ",\"facts_total\":", r->facts_total);
}

static void
host_events(struct out *o, const struct incident *r, uint32_t n)
{
	out_str(o, ",\"host_events\":[");
	for (uint32_t i = 0; i < n; i++) {
		const struct inc_event *e = &r->event[i];
		key_text(o, i ? ",{\"computer\":" : "{\"computer\":", e->computer[0] ? e->computer : NULL);
		key_text(o, ",\"provider\":", e->provider);
		key_number(o, ",\"event_id\":", e->event_id);
		key_number(o, ",\"record_id\":", e->record_id);
		key_time(o, ",\"time\":", e->time);
		out_str(o, ",\"offset_ms\":");
		out_i64(o, e->offset_ms);
		key_text(o, ",\"role\":", role_name(e->role));
		if (e->withdrawn)
			out_str(o, ",\"withdrawn\":true");
		out_chr(o, '}');
	}
	out_chr(o, ']');
	if (r->events_total > n)
		key_number(o, ",\"host_events_total\":", r->events_total);
}

/* Flows of the actor that nDPI was asked about: evidence with its answer as attribute. */
static void
flows(struct out *o, const struct encode_env *env, const struct incident *r)
{
	for (size_t i = 0; i < r->nsecond; i++) {
		const struct inc_second *s = &r->second[i];
		key_addr(o, i ? ",{\"src_ip\":" : ",\"flows\":[{\"src_ip\":", s->flow.src);
		key_number(o, ",\"src_port\":", s->flow.sport);
		key_addr(o, ",\"dest_ip\":", s->flow.dst);
		key_number(o, ",\"dest_port\":", s->flow.dport);
		proto(o, s->flow.ipproto);
		key_text(o, ",\"ndpi\":{\"proto\":", s->proto);
		key_texts(o, ",\"risk\":", s->risk, s->nrisk);
		out_str(o, "},\"packets\":[");
		if (s->ref.frame) /* 0: an earlier run's */
			packet(o, env, &s->ref);
		out_str(o, "]}");
	}
	if (r->nsecond)
		out_chr(o, ']');
}

static void
actor(struct out *o, const struct incident *r)
{
	if (r->has_actor_mac)
		key_mac(o, ",\"actor\":{\"mac\":", r->actor_mac);
	else
		out_str(o, ",\"actor\":{\"mac\":null");
	key_addrs(o, ",\"ip\":", r->actor_ip, r->nactor_ip);
	key_text(o, ",\"name\":", r->actor_name);
	out_chr(o, '}');
}

/* A text of at most n bytes, cut before a whole character. */
static struct bytes
cut_text(const char *s, size_t n)
{
	struct bytes b = bytes_str(s ? s : "");
	if (b.n <= n)
		return b;
	while (n > 0 && (b.p[n] & 0xc0) == 0x80)
		n--;
	return bytes_of(b.p, n);
}

static void
tail(struct out *o, const struct incident *r, const struct cut *cut)
{
	key_texts(o, ",\"refuted_by\":", r->refuted_by, r->nrefuted);
	key_texts(o, ",\"vantage\":{\"have\":", r->vantage_have, r->nhave);
	key_texts(o, ",\"missing\":", r->vantage_missing, r->nmissing);
	key_text(o, "},\"tool_hint\":", r->tool_hint);
	key_split(o, ",\"attack\":", r->attack, ' ');
	out_str(o, ",\"explain\":");
	out_json_str(o, cut_text(r->explain, explain_lengths[cut->text]));
	key_split(o, ",\"next\":", r->next, '\n');
	if (r->muted) {
		key_text(o, ",\"muted\":{\"reason\":", r->muted->reason);
		key_time(o, ",\"until\":", r->muted->until);
		out_chr(o, '}');
	}
	if (cut->any)
		out_str(o, ",\"cut\":true");
}

static void
record(struct out *o, const struct encode_env *env, const struct incident *r, const struct cut *cut)
{
	head(o, env, r);
	if (r->alert)
		alert(o, r);
	key_id(o, ",\"incident\":{\"id\":", r->id);
	key_number(o, ",\"rev\":", r->rev);
	key_text(o, ",\"state\":", inc_state_name(r->state));
	key_text(o, ",\"title\":", r->title);
	key_text(o, ",\"detection\":", r->detection->id);
	key_text(o, ",\"verdict\":", verdict_name(r->verdict));
	key_grade(o, r->grade);
	key_text(o, ",\"severity\":", severity_name(r->severity));
	key_number(o, ",\"confidence\":", r->confidence);
	key_text(o, ",\"segment\":", r->segment);
	actor(o, r);
	victims(o, r, cut->victims);
	key_time(o, ",\"first\":", r->first);
	key_time(o, ",\"last\":", r->last);
	if (r->nmember)
		out_str(o, ",\"members\":[");
	for (size_t i = 0; i < r->nmember; i++)
		key_id(o, i ? "," : "", r->member[i]);
	if (r->nmember)
		out_chr(o, ']');
	facts(o, env, r, cut);
	if (cut->flows)
		flows(o, env, r);
	host_events(o, r, cut->events);
	if (env->evidence.path)
		key_text(o, ",\"evidence\":", env->evidence.path);
	if (env->evidence.path && env->evidence.gone)
		key_number(o, ",\"evidence_gone\":", env->evidence.gone);
	tail(o, r, cut);
	out_str(o, "}}");
}

/* Takes the next thing away; false when there is nothing left to take. */
static bool
less(struct cut *cut, const struct incident *r)
{
	uint32_t *const lists[] = { &cut->events, &cut->facts, &cut->victims };
	cut->any = true;
	if (cut->refs) {
		cut->refs = false;
		return true;
	}
	if (cut->flows && r->nsecond) {
		cut->flows = false;
		return true;
	}
	for (size_t i = 0; i < NELEM(lists); i++) {
		if (*lists[i] == 0)
			continue;
		*lists[i] -= *lists[i] < STEP ? *lists[i] : STEP;
		return true;
	}
	return ++cut->text < NELEM(explain_lengths);
}

void
encode_eve(struct out *o, const struct encode_env *env, const struct incident *r)
{
	struct cut cut = {
		.refs = true, .flows = true, .events = r->nevent, .facts = r->nfact, .victims = r->nvictim
	};
	size_t start = o->n, cap = o->cap, room = EVE_MAX - 1; /* one byte for the end of the line */
	if (o->full)
		return;
	if (cap - start > room)
		o->cap = start + room;
	do {
		o->n = start;
		o->full = false;
		record(o, env, r, &cut);
	} while (o->full && less(&cut, r));
	o->cap = cap;
}
