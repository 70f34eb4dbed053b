/* JSON Schema (draft 2020-12) of the incident record (CONTRACT.md 3), and under `$defs` of the host event (5), of the OCSF
 * finding as it is written here, and of the observations (6), from the field tables of the dissectors.  Verdicts,
 * severities, detections and the rest are the program's own tables. */
#include "dissector.h"
#include "encode.h"
#include "engine.h"

enum kind {
	TEXT,
	NUMBER,
	TRUE,
	BOOL,
	TEXTS, /* an object whose values are texts */
	TIME,
	MAC,
	ID,
	GRADE,
	VERDICT,
	SEVERITY,
	STATE,
	ROLE,
	DETECTION,
	EVENT,
	HOST_EVENT,
	OBJECT
};

struct row {
	const char *key;
	uint8_t kind; /* enum kind */
	bool required, null, list;
	uint8_t nsub;
	const struct row *sub;
};

#define SUB(table) .sub = (table), .nsub = NELEM(table)

static const struct row metadata[] = {
	{ .key = "mitre_technique_id", .kind = TEXT, .required = true, .list = true }
};
static const struct row alert[] = {
	{ .key = "action", .kind = TEXT, .required = true },
	{ .key = "gid", .kind = NUMBER, .required = true },
	{ .key = "signature_id", .kind = NUMBER, .required = true },
	{ .key = "rev", .kind = NUMBER, .required = true },
	{ .key = "signature", .kind = TEXT, .required = true },
	{ .key = "category", .kind = TEXT, .required = true },
	{ .key = "severity", .kind = NUMBER, .required = true },
	{ .key = "metadata", .kind = OBJECT, .required = true, SUB(metadata) },
};
static const struct row ether[] = { { .key = "src_mac", .kind = MAC, .required = true } };
static const struct row actor[] = { { .key = "mac", .kind = MAC, .required = true, .null = true },
				    { .key = "ip", .kind = TEXT, .required = true, .list = true },
				    { .key = "name", .kind = TEXT, .required = true, .null = true } };
static const struct row victim[] = {
	{ .key = "mac", .kind = MAC, .required = true, .null = true },
	{ .key = "ip", .kind = TEXT, .required = true, .list = true },
	{ .key = "name", .kind = TEXT, .required = true, .null = true },
	{ .key = "grade", .kind = GRADE, .required = true },
};
static const struct row packet[] = { { .key = "file", .kind = TEXT },
				     { .key = "frame", .kind = NUMBER, .required = true } };
static const struct row fact[] = {
	{ .key = "id", .kind = TEXT, .required = true },
	{ .key = "grade", .kind = GRADE, .required = true },
	{ .key = "count", .kind = NUMBER, .required = true },
	{ .key = "first", .kind = TIME, .required = true },
	{ .key = "last", .kind = TIME, .required = true },
	{ .key = "packets", .kind = OBJECT, .required = true, .list = true, SUB(packet) },
};
static const struct row ndpi[] = { { .key = "proto", .kind = TEXT, .required = true, .null = true },
				   { .key = "risk", .kind = TEXT, .required = true, .list = true } };
static const struct row flow[] = {
	{ .key = "src_ip", .kind = TEXT, .required = true },
	{ .key = "src_port", .kind = NUMBER, .required = true },
	{ .key = "dest_ip", .kind = TEXT, .required = true },
	{ .key = "dest_port", .kind = NUMBER, .required = true },
	{ .key = "proto", .kind = TEXT, .required = true },
	{ .key = "ndpi", .kind = OBJECT, .required = true, SUB(ndpi) },
	{ .key = "packets", .kind = OBJECT, .required = true, .list = true, SUB(packet) },
};
static const struct row host_event[] = {
	{ .key = "computer", .kind = TEXT, .required = true, .null = true },
	{ .key = "provider", .kind = TEXT, .required = true, .null = true },
	{ .key = "event_id", .kind = NUMBER, .required = true },
	{ .key = "record_id", .kind = NUMBER, .required = true },
	{ .key = "time", .kind = TIME, .required = true },
	{ .key = "offset_ms", .kind = NUMBER, .required = true },
	{ .key = "role", .kind = ROLE, .required = true },
	{ .key = "withdrawn", .kind = TRUE },
};
static const struct row vantage[] = { { .key = "have", .kind = TEXT, .required = true, .list = true },
				      { .key = "missing", .kind = TEXT, .required = true, .list = true } };
static const struct row muted[] = { { .key = "reason", .kind = TEXT, .required = true },
				    { .key = "until", .kind = TIME, .required = true } };
static const struct row incident[] = {
	{ .key = "id", .kind = ID, .required = true },
	{ .key = "rev", .kind = NUMBER, .required = true },
	{ .key = "state", .kind = STATE, .required = true },
	{ .key = "title", .kind = TEXT, .required = true },
	{ .key = "detection", .kind = DETECTION, .required = true },
	{ .key = "verdict", .kind = VERDICT, .required = true },
	{ .key = "grade", .kind = GRADE, .required = true },
	{ .key = "severity", .kind = SEVERITY, .required = true },
	{ .key = "confidence", .kind = NUMBER, .required = true },
	{ .key = "segment", .kind = TEXT, .required = true },
	{ .key = "actor", .kind = OBJECT, .required = true, SUB(actor) },
	{ .key = "victims", .kind = OBJECT, .required = true, .list = true, SUB(victim) },
	{ .key = "victims_total", .kind = NUMBER },
	{ .key = "first", .kind = TIME, .required = true },
	{ .key = "last", .kind = TIME, .required = true },
	{ .key = "members", .kind = ID, .list = true },
	{ .key = "facts", .kind = OBJECT, .required = true, .list = true, SUB(fact) },
	{ .key = "facts_total", .kind = NUMBER },
	{ .key = "flows", .kind = OBJECT, .list = true, SUB(flow) },
	{ .key = "host_events", .kind = OBJECT, .required = true, .list = true, SUB(host_event) },
	{ .key = "host_events_total", .kind = NUMBER },
	{ .key = "evidence", .kind = TEXT },
	{ .key = "evidence_gone", .kind = NUMBER },
	{ .key = "refuted_by", .kind = TEXT, .required = true, .list = true },
	{ .key = "vantage", .kind = OBJECT, .required = true, SUB(vantage) },
	{ .key = "tool_hint", .kind = TEXT, .required = true, .null = true },
	{ .key = "attack", .kind = TEXT, .required = true, .list = true },
	{ .key = "explain", .kind = TEXT, .required = true },
	{ .key = "next", .kind = TEXT, .required = true, .list = true },
	{ .key = "muted", .kind = OBJECT, SUB(muted) },
	{ .key = "cut", .kind = TRUE },
};
static const struct row top[] = {
	{ .key = "timestamp", .kind = TIME, .required = true },
	{ .key = "event_type", .kind = EVENT, .required = true },
	{ .key = "sensor", .kind = TEXT, .required = true },
	{ .key = "in_iface", .kind = TEXT },
	{ .key = "vlan", .kind = NUMBER, .list = true },
	{ .key = "src_ip", .kind = TEXT },
	{ .key = "src_port", .kind = NUMBER },
	{ .key = "dest_ip", .kind = TEXT },
	{ .key = "dest_port", .kind = NUMBER },
	{ .key = "proto", .kind = TEXT },
	{ .key = "community_id", .kind = TEXT },
	{ .key = "ether", .kind = OBJECT, SUB(ether) },
	{ .key = "alert", .kind = OBJECT, SUB(alert) },
	{ .key = "incident", .kind = OBJECT, .required = true, SUB(incident) },
};

static const struct row event[] = {
	{ .key = "timestamp", .kind = TIME, .required = true, .null = true },
	{ .key = "event_type", .kind = HOST_EVENT, .required = true },
	{ .key = "provider", .kind = TEXT, .required = true, .null = true },
	{ .key = "event_id", .kind = NUMBER, .required = true },
	{ .key = "channel", .kind = TEXT, .required = true, .null = true },
	{ .key = "record_id", .kind = NUMBER, .required = true, .null = true },
	{ .key = "computer", .kind = TEXT, .required = true, .null = true },
	{ .key = "user", .kind = TEXT, .required = true, .null = true },
	{ .key = "kind", .kind = TEXT, .required = true, .null = true },
	{ .key = "fields", .kind = TEXTS, .required = true },
	{ .key = "shape", .kind = TEXT, .required = true },
	{ .key = "lost", .kind = TEXT, .required = true, .list = true },
};

/* ---- OCSF: what its class 2004 asks for is required ---- */
static const struct row product[] = { { .key = "name", .kind = TEXT, .required = true },
				      { .key = "vendor_name", .kind = TEXT, .required = true },
				      { .key = "version", .kind = TEXT, .required = true } };
static const struct row ocsf_metadata[] = {
	{ .key = "version", .kind = TEXT, .required = true },
	{ .key = "product", .kind = OBJECT, .required = true, SUB(product) },
	{ .key = "log_provider", .kind = TEXT, .required = true }
};
static const struct row analytic[] = { { .key = "type_id", .kind = NUMBER, .required = true },
				       { .key = "type", .kind = TEXT, .required = true },
				       { .key = "name", .kind = TEXT, .required = true },
				       { .key = "uid", .kind = TEXT, .required = true },
				       { .key = "category", .kind = DETECTION, .required = true } };
static const struct row technique[] = { { .key = "uid", .kind = TEXT, .required = true } };
static const struct row attacks[] = {
	{ .key = "technique", .kind = OBJECT, .required = true, SUB(technique) }
};
static const struct row related[] = { { .key = "uid", .kind = ID, .required = true } };
static const struct row finding_info[] = {
	{ .key = "uid", .kind = ID, .required = true },
	{ .key = "title", .kind = TEXT, .required = true },
	{ .key = "desc", .kind = TEXT, .required = true },
	{ .key = "first_seen_time", .kind = NUMBER, .required = true },
	{ .key = "last_seen_time", .kind = NUMBER, .required = true },
	{ .key = "types", .kind = TEXT, .required = true, .list = true },
	{ .key = "analytic", .kind = OBJECT, .required = true, SUB(analytic) },
	{ .key = "attacks", .kind = OBJECT, .required = true, .list = true, SUB(attacks) },
	{ .key = "related_events", .kind = OBJECT, .list = true, SUB(related) },
};
static const struct row source[] = { { .key = "type_id", .kind = NUMBER, .required = true },
				     { .key = "mac", .kind = MAC },
				     { .key = "ip", .kind = TEXT },
				     { .key = "port", .kind = NUMBER },
				     { .key = "hostname", .kind = TEXT },
				     { .key = "interface_name", .kind = TEXT },
				     { .key = "vlan_uid", .kind = TEXT } };
static const struct row destination[] = { { .key = "ip", .kind = TEXT, .required = true },
					  { .key = "port", .kind = NUMBER } };
static const struct row connection[] = { { .key = "direction_id", .kind = NUMBER, .required = true },
					 { .key = "protocol_num", .kind = NUMBER, .required = true } };
static const struct row evidences[] = {
	{ .key = "src_endpoint", .kind = OBJECT, .required = true, SUB(source) },
	{ .key = "dst_endpoint", .kind = OBJECT, SUB(destination) },
	{ .key = "connection_info", .kind = OBJECT, SUB(connection) }
};
static const struct row data[] = { { .key = "ip", .kind = TEXT, .required = true, .list = true },
				   { .key = "grade", .kind = GRADE, .required = true } };
static const struct row resources[] = { { .key = "type", .kind = TEXT, .required = true },
					{ .key = "name", .kind = TEXT },
					{ .key = "uid", .kind = TEXT },
					{ .key = "data", .kind = OBJECT, .required = true, SUB(data) } };
static const struct row observables[] = { { .key = "name", .kind = TEXT, .required = true },
					  { .key = "type_id", .kind = NUMBER, .required = true },
					  { .key = "type", .kind = TEXT, .required = true },
					  { .key = "value", .kind = TEXT, .required = true } };
static const struct row ocsf_fact[] = { { .key = "id", .kind = TEXT, .required = true },
					{ .key = "grade", .kind = GRADE, .required = true },
					{ .key = "count", .kind = NUMBER, .required = true } };
static const struct row unmapped[] = {
	{ .key = "verdict", .kind = VERDICT, .required = true },
	{ .key = "grade", .kind = GRADE, .required = true },
	{ .key = "segment", .kind = TEXT, .required = true },
	{ .key = "rev", .kind = NUMBER, .required = true },
	{ .key = "victims_total", .kind = NUMBER, .required = true },
	{ .key = "facts_total", .kind = NUMBER, .required = true },
	{ .key = "facts", .kind = OBJECT, .required = true, .list = true, SUB(ocsf_fact) },
	{ .key = "refuted_by", .kind = TEXT, .required = true, .list = true },
	{ .key = "vantage_missing", .kind = TEXT, .required = true, .list = true },
	{ .key = "next", .kind = TEXT, .required = true, .list = true },
	{ .key = "evidence", .kind = TEXT },
};
static const struct row ocsf[] = {
	{ .key = "class_uid", .kind = NUMBER, .required = true },
	{ .key = "class_name", .kind = TEXT, .required = true },
	{ .key = "category_uid", .kind = NUMBER, .required = true },
	{ .key = "category_name", .kind = TEXT, .required = true },
	{ .key = "activity_id", .kind = NUMBER, .required = true },
	{ .key = "activity_name", .kind = TEXT, .required = true },
	{ .key = "type_uid", .kind = NUMBER, .required = true },
	{ .key = "time", .kind = NUMBER, .required = true },
	{ .key = "severity_id", .kind = NUMBER, .required = true },
	{ .key = "severity", .kind = TEXT, .required = true },
	{ .key = "status_id", .kind = NUMBER, .required = true },
	{ .key = "status", .kind = TEXT, .required = true },
	{ .key = "confidence_score", .kind = NUMBER, .required = true },
	{ .key = "confidence_id", .kind = NUMBER, .required = true },
	{ .key = "is_alert", .kind = BOOL, .required = true },
	{ .key = "message", .kind = TEXT, .required = true },
	{ .key = "metadata", .kind = OBJECT, .required = true, SUB(ocsf_metadata) },
	{ .key = "finding_info", .kind = OBJECT, .required = true, SUB(finding_info) },
	{ .key = "evidences", .kind = OBJECT, .required = true, .list = true, SUB(evidences) },
	{ .key = "resources", .kind = OBJECT, .required = true, .list = true, SUB(resources) },
	{ .key = "observables", .kind = OBJECT, .required = true, .list = true, SUB(observables) },
	{ .key = "unmapped", .kind = OBJECT, .required = true, SUB(unmapped) },
};

static const char *
verdict_at(size_t i)
{
	return i < VERDICTS ? verdict_name((enum verdict)i) : NULL;
}

static const char *
severity_at(size_t i)
{
	return i < SEVERITIES ? severity_name((enum severity)i) : NULL;
}

static const char *
state_at(size_t i)
{
	return i <= INC_CLOSED ? inc_state_name((enum inc_state)i) : NULL;
}

static const char *
role_at(size_t i)
{
	return i <= ROLE_CONTEXT ? role_name((enum role)i) : NULL;
}

static const char *
detection_id_at(size_t i)
{
	const struct detection *d = detection_at(i);
	return d ? d->id : NULL;
}

static const char *
grade_at(size_t i)
{
	static const char *const names[GRADES] = { "E0", "E1", "E2", "E3", "E4", "E5" };
	return i < GRADES ? names[i] : NULL;
}

static const char *
event_at(size_t i)
{
	return i == 0 ? "alert" : i == 1 ? "incident" : NULL;
}

static const char *
host_event_at(size_t i)
{
	return i == 0 ? "host_event" : NULL;
}

/* How a kind is written, or the texts that it is one of. */
static const struct {
	const char *text;
	const char *(*at)(size_t);
} kinds[] = {
	[TEXT] = { "\"type\":\"string\"", NULL },
	[NUMBER] = { "\"type\":\"integer\"", NULL },
	[TRUE] = { "\"const\":true", NULL },
	[BOOL] = { "\"type\":\"boolean\"", NULL },
	[TEXTS] = { "\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}", NULL },
	[TIME] = { "\"type\":\"string\",\"pattern\":\"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
		   "([.][0-9]{6})?Z)?$\"",
		   NULL },
	[MAC] = { "\"type\":\"string\",\"pattern\":\"^([0-9a-f]{2}:){5}[0-9a-f]{2}$\"", NULL },
	[ID] = { "\"type\":\"string\",\"pattern\":\"^[0-9a-f]{16}$\"", NULL },
	[GRADE] = { NULL, grade_at },
	[VERDICT] = { NULL, verdict_at },
	[SEVERITY] = { NULL, severity_at },
	[STATE] = { NULL, state_at },
	[ROLE] = { NULL, role_at },
	[DETECTION] = { NULL, detection_id_at },
	[EVENT] = { NULL, event_at },
	[HOST_EVENT] = { NULL, host_event_at },
};

static void
texts(struct out *o, const char *(*at)(size_t))
{
	const char *text;
	out_str(o, "\"enum\":[");
	for (size_t i = 0; (text = at(i)) != NULL; i++) {
		if (i)
			out_chr(o, ',');
		out_json_str(o, bytes_str(text));
	}
	out_chr(o, ']');
}

static void object(struct out *, const struct row *, size_t n);

static void
value(struct out *o, const struct row *r)
{
	out_str(o, r->null ? "{\"anyOf\":[{\"type\":\"null\"},{" : "{");
	if (r->list)
		out_str(o, "\"type\":\"array\",\"items\":{");
	if (r->kind == OBJECT)
		object(o, r->sub, r->nsub);
	else if (kinds[r->kind].at)
		texts(o, kinds[r->kind].at);
	else
		out_str(o, kinds[r->kind].text);
	if (r->list)
		out_chr(o, '}');
	out_str(o, r->null ? "}]}" : "}");
}

/* As deep as the tables above, which are constant. */
static void
object(struct out *o, const struct row *rows, size_t n)
{
	bool first = true;
	out_str(o, "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
	for (size_t i = 0; i < n; i++) {
		if (i)
			out_chr(o, ',');
		out_json_str(o, bytes_str(rows[i].key));
		out_chr(o, ':');
		value(o, &rows[i]);
	}
	out_str(o, "},\"required\":[");
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].required)
			continue;
		if (!first)
			out_chr(o, ',');
		out_json_str(o, bytes_str(rows[i].key));
		first = false;
	}
	out_chr(o, ']');
}

static const char *
field_schema(const struct field *f)
{
	switch ((enum field_type)f->type) {
	case F_U8:
	case F_U16:
	case F_U32:
	case F_U64: return "\"type\":\"integer\"";
	case F_BOOL: return "\"type\":\"boolean\"";
	case F_HEX8:
	case F_HEX16:
	case F_HEX24:
	case F_HEX32: return "\"type\":\"string\",\"pattern\":\"^0x[0-9a-f]+$\"";
	case F_HEX: return "\"type\":\"string\",\"pattern\":\"^([0-9a-f]{2})*$\"";
	case F_MAC: return kinds[MAC].text;
	case F_LIST:
	case F_ROWS: return "\"type\":\"array\"";
	case F_OBJECT:
	case F_MAP:
	case F_NEST: return "\"type\":\"object\"";
	default: return "\"type\":\"string\"";
	}
}

static void
protocol(struct out *o, const struct dissector *d)
{
	out_json_str(o, bytes_str(d->name));
	out_str(o, ":{\"type\":\"object\",\"required\":[\"frame\",\"ts\",\"proto\"],\"properties\":{"
		   "\"frame\":{\"type\":\"integer\"},\"proto\":{\"const\":");
	out_json_str(o, bytes_str(d->name));
	out_chr(o, '}');
	for (size_t i = 0; i < d->nfields; i++) {
		const struct field *f = &d->fields[i];
		if (f->name == NULL)
			continue;
		out_chr(o, ',');
		out_json_str(o, bytes_str(f->name));
		out_str(o, ":{");
		out_str(o, field_schema(f));
		if (f->help) {
			out_str(o, ",\"description\":");
			out_json_str(o, bytes_str(f->help));
		}
		out_chr(o, '}');
	}
	out_str(o, "}}");
}

void
encode_schema(struct out *o)
{
	out_str(o, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"crosstap "
		   "incident\",");
	object(o, top, NELEM(top));
	out_str(o, ",\"$defs\":{\"host_event\":{");
	object(o, event, NELEM(event));
	out_str(o, "},\"ocsf_finding\":{");
	object(o, ocsf, NELEM(ocsf));
	out_chr(o, '}');
	for (size_t i = 0; dissectors[i]; i++) {
		if (dissectors[i]->name == NULL)
			continue;
		out_chr(o, ',');
		protocol(o, dissectors[i]);
	}
	out_str(o, "}}");
}
