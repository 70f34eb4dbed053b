/* One normalised host event as a JSON line, and `lost` for what its shape could not carry. */
#include "encode.h"

static void
key_text(struct out *o, const char *key, struct bytes v)
{
	out_str(o, key);
	if (v.p)
		out_json_str(o, v);
	else
		out_str(o, "null");
}

void
encode_hostev(struct out *o, const struct hostev *e)
{
	ts_t ts = e->ts != TS_NONE ? e->ts : e->seen;
	out_str(o, "{\"timestamp\":");
	if (ts != TS_NONE) {
		out_chr(o, '"');
		out_ts(o, ts, 6);
		out_chr(o, '"');
	} else {
		out_str(o, "null");
	}
	out_str(o, ",\"event_type\":\"host_event\"");
	key_text(o, ",\"provider\":", e->provider);
	out_str(o, ",\"event_id\":");
	out_u64(o, e->event_id);
	key_text(o, ",\"channel\":", e->channel);
	out_str(o, ",\"record_id\":");
	if (e->record_id)
		out_u64(o, e->record_id);
	else
		out_str(o, "null");
	key_text(o, ",\"computer\":", e->computer);
	key_text(o, ",\"user\":", e->user);
	key_text(o, ",\"kind\":", bytes_str(hostev_kind_name(e->kind)));
	out_str(o, ",\"fields\":{");
	for (size_t i = 0; i < e->nfields; i++) {
		if (i)
			out_chr(o, ',');
		out_json_str(o, e->fields[i].name);
		out_chr(o, ':');
		out_json_str(o, e->fields[i].value);
	}
	out_chr(o, '}');
	key_text(o, ",\"shape\":", bytes_str(e->shape));
	out_str(o, ",\"lost\":[");
	for (size_t i = 0; i < e->nlost; i++) {
		if (i)
			out_chr(o, ',');
		out_json_str(o, bytes_str(e->lost[i]));
	}
	out_str(o, "]}");
}
