/* OCSF 1.3, Detection Finding (class 2004).  Actor and flow are evidence, victims are resources; what has no place of its own
 * (verdict, grade, facts, vantage) stands in `unmapped`.  Written whole; where it does not fit, again with fewer victims,
 * then fewer facts, then a shorter explanation. */
#include "encode.h"
#include "key.h"
#include "version.h"

enum {
	CATEGORY_FINDINGS = 2,
	CLASS_FINDING = 2004,
	TYPES = 100,
	ANALYTIC_RULE = 1,
	OBSERVABLE_HOST = 1,
	OBSERVABLE_IP = 2,
	OBSERVABLE_MAC = 3,
	CONFIDENCE_LOW = 1,
	CONFIDENCE_MEDIUM = 2,
	CONFIDENCE_HIGH = 3,
	CONFIDENT = 80,
	HALF = 50,
	STEP = 8,
	EXPLAIN_MAX = 2048
};

/* What a state of an incident is called as an activity and as a status. */
static const struct {
	uint8_t activity_id, status_id;
	const char *activity, *status;
} states[] = {
	[INC_OPEN] = { 1, 1, "Create", "New" },
	[INC_UPDATE] = { 2, 2, "Update", "In Progress" },
	[INC_CLOSED] = { 3, 4, "Close", "Resolved" },
};
static const struct {
	uint8_t id;
	const char *name;
} severities[SEVERITIES] = {
	[SEV_INFO] = { 1, "Informational" }, [SEV_LOW] = { 2, "Low" },
	[SEV_MEDIUM] = { 3, "Medium" },	     [SEV_HIGH] = { 4, "High" },
	[SEV_CRITICAL] = { 5, "Critical" },
};

struct shown {
	uint32_t victims, facts;
	size_t explain;
};

/* Milliseconds since 1970. */
static void
key_ms(struct out *o, const char *key, ts_t ts)
{
	out_str(o, key);
	out_i64(o, ts == TS_NONE ? 0 : ts / (TS_SEC / 1000));
}

static void
head(struct out *o, const struct encode_env *env, const struct incident *r)
{
	unsigned activity = states[r->state].activity_id;
	key_number(o, "{\"class_uid\":", CLASS_FINDING);
	key_number(o, ",\"class_name\":\"Detection Finding\",\"category_uid\":", CATEGORY_FINDINGS);
	key_number(o, ",\"category_name\":\"Findings\",\"activity_id\":", activity);
	key_text(o, ",\"activity_name\":", states[r->state].activity);
	key_number(o, ",\"type_uid\":", CLASS_FINDING * TYPES + activity);
	key_ms(o, ",\"time\":", r->timestamp);
	key_number(o, ",\"severity_id\":", severities[r->severity].id);
	key_text(o, ",\"severity\":", severities[r->severity].name);
	key_number(o, ",\"status_id\":", states[r->state].status_id);
	key_text(o, ",\"status\":", states[r->state].status);
	key_number(o, ",\"confidence_score\":", r->confidence);
	key_number(o, ",\"confidence_id\":",
		   r->confidence >= CONFIDENT ? CONFIDENCE_HIGH
		   : r->confidence >= HALF    ? CONFIDENCE_MEDIUM
					      : CONFIDENCE_LOW);
	out_str(o, r->alert ? ",\"is_alert\":true" : ",\"is_alert\":false");
	key_text(o, ",\"message\":", r->title);
	out_str(o, ",\"metadata\":{\"version\":\"1.3.0\",\"product\":{\"name\":\"crosstap\",\"vendor_name\":"
		   "\"crosstap\",\"version\":\"" CROSSTAP_VERSION "\"}");
	key_text(o, ",\"log_provider\":", env->sensor);
	out_chr(o, '}');
}

static void
attacks(struct out *o, const char *text)
{
	out_str(o, ",\"attacks\":[");
	bool first = true;
	for (const char *p = text ? text : ""; *p;) {
		size_t n = strcspn(p, " ");
		if (n) {
			out_str(o, first ? "{\"technique\":{\"uid\":" : ",{\"technique\":{\"uid\":");
			out_json_str(o, bytes_of(p, n));
			out_str(o, "}}");
			first = false;
		}
		p += n + (p[n] != 0);
	}
	out_chr(o, ']');
}

/* A text of at most n bytes, cut before a whole character. */
static void
cut_text(struct out *o, const char *s, size_t n)
{
	struct bytes b = bytes_str(s ? s : "");
	if (b.n > n) {
		while (n > 0 && (b.p[n] & 0xc0) == 0x80)
			n--;
		b.n = n;
	}
	out_json_str(o, b);
}

static void
finding(struct out *o, const struct incident *r, const struct shown *shown)
{
	const struct detection *d = r->detection;
	key_id(o, ",\"finding_info\":{\"uid\":", r->id);
	key_text(o, ",\"title\":", r->title);
	out_str(o, ",\"desc\":");
	cut_text(o, r->explain, shown->explain);
	key_ms(o, ",\"first_seen_time\":", r->first);
	key_ms(o, ",\"last_seen_time\":", r->last);
	key_text(o, ",\"types\":[", d->category);
	key_number(o, "],\"analytic\":{\"type_id\":", ANALYTIC_RULE);
	key_text(o, ",\"type\":\"Rule\",\"name\":", d->signature);
	key_number(o, ",\"uid\":\"", d->signature_id);
	key_text(o, "\",\"category\":", d->id);
	out_chr(o, '}');
	attacks(o, r->attack);
	if (r->nmember)
		out_str(o, ",\"related_events\":[");
	for (size_t i = 0; i < r->nmember; i++) {
		key_id(o, i ? ",{\"uid\":" : "{\"uid\":", r->member[i]);
		out_chr(o, '}');
	}
	if (r->nmember)
		out_chr(o, ']');
	out_chr(o, '}');
}

/* An endpoint's members are all optional. */
static void
source(struct out *o, const struct encode_env *env, const struct incident *r)
{
	out_str(o, ",\"evidences\":[{\"src_endpoint\":{\"type_id\":0");
	if (r->has_actor_mac)
		key_mac(o, ",\"mac\":", r->actor_mac);
	if (addr_set(r->flow.src))
		key_addr(o, ",\"ip\":", r->flow.src);
	else if (r->nactor_ip)
		key_addr(o, ",\"ip\":", r->actor_ip[0]);
	if (r->flow.sport)
		key_number(o, ",\"port\":", r->flow.sport);
	if (r->actor_name)
		key_text(o, ",\"hostname\":", r->actor_name);
	if (r->iface < env->niface)
		key_text(o, ",\"interface_name\":", env->iface[r->iface]);
	if (r->nvlan)
		key_number(o, ",\"vlan_uid\":\"", r->vlan[0]);
	out_str(o, r->nvlan ? "\"}" : "}");
	if (addr_set(r->flow.dst)) {
		key_addr(o, ",\"dst_endpoint\":{\"ip\":", r->flow.dst);
		if (r->flow.dport)
			key_number(o, ",\"port\":", r->flow.dport);
		out_chr(o, '}');
	}
	if (r->flow.ipproto) {
		key_number(o, ",\"connection_info\":{\"direction_id\":0,\"protocol_num\":", r->flow.ipproto);
		out_chr(o, '}');
	}
	out_str(o, "}]");
}

static void
resources(struct out *o, const struct incident *r, uint32_t n)
{
	out_str(o, ",\"resources\":[");
	for (uint32_t i = 0; i < n; i++) {
		const struct inc_victim *v = &r->victim[i];
		out_str(o, i ? ",{\"type\":\"host\"" : "{\"type\":\"host\"");
		if (v->name[0])
			key_text(o, ",\"name\":", v->name);
		if (v->has_mac)
			key_mac(o, ",\"uid\":", v->mac);
		else if (v->nip)
			key_addr(o, ",\"uid\":", v->ip[0]);
		key_addrs(o, ",\"data\":{\"ip\":", v->ip, v->nip);
		key_number(o, ",\"grade\":\"E", v->grade);
		out_str(o, "\"}}");
	}
	out_chr(o, ']');
}

static void
observable(struct out *o, bool *first, const char *name, unsigned type, const char *type_name)
{
	out_str(o, *first ? "{\"name\":\"" : ",{\"name\":\"");
	out_str(o, name);
	key_number(o, "\",\"type_id\":", type);
	key_text(o, ",\"type\":", type_name);
	*first = false;
}

static void
observables(struct out *o, const struct incident *r, uint32_t n)
{
	bool first = true;
	out_str(o, ",\"observables\":[");
	if (r->has_actor_mac) {
		observable(o, &first, "evidences.src_endpoint.mac", OBSERVABLE_MAC, "MAC Address");
		key_mac(o, ",\"value\":", r->actor_mac);
		out_chr(o, '}');
	}
	for (size_t i = 0; i < r->nactor_ip; i++) {
		observable(o, &first, "evidences.src_endpoint.ip", OBSERVABLE_IP, "IP Address");
		key_addr(o, ",\"value\":", r->actor_ip[i]);
		out_chr(o, '}');
	}
	for (uint32_t i = 0; i < n; i++) {
		if (r->victim[i].name[0] == 0)
			continue;
		observable(o, &first, "resources.name", OBSERVABLE_HOST, "Hostname");
		key_text(o, ",\"value\":", r->victim[i].name);
		out_chr(o, '}');
	}
	out_chr(o, ']');
}

static void
unmapped(struct out *o, const struct encode_env *env, const struct incident *r, uint32_t nfact)
{
	key_text(o, ",\"unmapped\":{\"verdict\":", verdict_name(r->verdict));
	key_number(o, ",\"grade\":\"E", r->grade);
	key_text(o, "\",\"segment\":", r->segment);
	key_number(o, ",\"rev\":", r->rev);
	key_number(o, ",\"victims_total\":", r->victims_total > r->nvictim ? r->victims_total : r->nvictim);
	key_number(o, ",\"facts_total\":", r->facts_total > r->nfact ? r->facts_total : r->nfact);
	out_str(o, ",\"facts\":[");
	for (uint32_t i = 0; i < nfact; i++) {
		key_text(o, i ? ",{\"id\":" : "{\"id\":", r->fact[i].id);
		key_number(o, ",\"grade\":\"E", r->fact[i].grade);
		key_number(o, "\",\"count\":", r->fact[i].count);
		out_chr(o, '}');
	}
	key_texts(o, "],\"refuted_by\":", r->refuted_by, r->nrefuted);
	key_texts(o, ",\"vantage_missing\":", r->vantage_missing, r->nmissing);
	key_split(o, ",\"next\":", r->next, '\n');
	if (env->evidence.path)
		key_text(o, ",\"evidence\":", env->evidence.path);
	out_chr(o, '}');
}

/* Takes the next thing away; false when there is nothing left to take. */
static bool
less(struct shown *s)
{
	uint32_t *const lists[] = { &s->victims, &s->facts };
	for (size_t i = 0; i < NELEM(lists); i++) {
		if (*lists[i] == 0)
			continue;
		*lists[i] -= *lists[i] < STEP ? *lists[i] : STEP;
		return true;
	}
	bool more = s->explain > 0;
	s->explain /= 4;
	return more;
}

void
encode_ocsf(struct out *o, const struct encode_env *env, const struct incident *r)
{
	struct shown shown = { r->nvictim, r->nfact, EXPLAIN_MAX };
	size_t start = o->n, cap = o->cap;
	if (o->full)
		return;
	if (cap - start > EVE_MAX - 1)
		o->cap = start + EVE_MAX - 1;
	do {
		o->n = start;
		o->full = false;
		head(o, env, r);
		finding(o, r, &shown);
		source(o, env, r);
		resources(o, r, shown.victims);
		observables(o, r, shown.victims);
		unmapped(o, env, r, shown.facts);
		out_chr(o, '}');
	} while (o->full && less(&shown));
	o->cap = cap;
}
