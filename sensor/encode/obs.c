/* One observation as a flat JSON line: what all have in common, then the fields of its dissector's table. */
#include "encode.h"

#include "dissector.h"

enum { PROTO_TCP = 6, PROTO_UDP = 17 };

static void
key_addr(struct out *o, const char *key, struct addr a)
{
	if (!addr_set(a))
		return;
	out_str(o, key);
	out_addr(o, a);
	out_chr(o, '"');
}

static void
key_number(struct out *o, const char *key, uint64_t v)
{
	out_str(o, key);
	out_u64(o, v);
}

/* Seconds since 1970 with nine decimals, as text: a JSON number would lose some. */
static void
epoch(struct out *o, ts_t ts)
{
	int64_t s = ts / TS_SEC, ns = ts % TS_SEC;
	if (ns < 0) {
		s--;
		ns += TS_SEC;
	}
	out_str(o, ",\"ts\":\"");
	out_i64(o, s);
	out_chr(o, '.');
	for (int64_t unit = TS_SEC / 10; unit > 0; unit /= 10)
		out_chr(o, (char)('0' + ns / unit % 10));
	out_chr(o, '"');
}

static void
tags(struct out *o, const struct ends *e)
{
	for (size_t i = 0; i < e->nvlan && i < NELEM(e->vlan); i++)
		key_number(o, i ? "," : ",\"vlan\":[", e->vlan[i]);
	if (e->nvlan)
		out_chr(o, ']');
}

static const struct {
	uint16_t flag;
	const char *key;
} marks[] = {
	{ OBS_CUT, "truncated" },	 { OBS_BAD, "malformed" },
	{ OBS_QUOTED, "quoted" },	 { OBS_FRAGMENTED, "fragmented" },
	{ OBS_EXT, "ext_headers" },	 { OBS_ATOMIC, "atomic_fragment" },
	{ OBS_SUM_BAD, "checksum_bad" }, { OBS_SUM_NONE, "checksum_none" },
	{ OBS_MIRRORED, "mirrored" },	 { OBS_CONFLICT, "conflict" },
	{ OBS_MIDSTREAM, "midstream" },
};

static void
flags(struct out *o, const struct obs *obs)
{
	for (size_t i = 0; i < NELEM(marks); i++) {
		if (!(obs->flags & marks[i].flag))
			continue;
		out_str(o, ",\"");
		out_str(o, marks[i].key);
		out_str(o, "\":true");
	}
	if ((obs->flags & OBS_BAD) && obs->bad_what) {
		out_str(o, ",\"bad\":");
		out_json_str(o, bytes_str(obs->bad_what));
		key_number(o, ",\"bad_offset\":", obs->bad_off);
	}
}

/* A field that does not fit is left out, and the line says so: a DNS message can unfold to megabytes. */
static void
fields(struct out *o, const struct obs *obs)
{
	const size_t reserve = sizeof(",\"cut\":true}");
	bool cut = false;
	o->cap -= reserve;
	for (size_t i = 0; i < obs->by->nfields; i++) {
		size_t n = o->n;
		field_json_one(o, obs->by->fields, obs->by->nfields, i, &obs->u);
		if (o->full) {
			o->n = n;
			o->full = false;
			cut = true;
		}
	}
	o->cap += reserve;
	if (cut)
		out_str(o, ",\"cut\":true");
}

void
encode_obs(struct out *o, const struct obs *obs)
{
	const struct ends *e = &obs->inner;
	key_number(o, "{\"frame\":", obs->frame);
	epoch(o, obs->ts);
	out_str(o, ",\"proto\":");
	out_json_str(o, bytes_str(obs->by->name));
	key_addr(o, ",\"src\":\"", e->src);
	key_addr(o, ",\"dst\":\"", e->dst);
	if (e->ipproto == PROTO_UDP || e->ipproto == PROTO_TCP) {
		key_number(o, ",\"sport\":", e->sport);
		key_number(o, ",\"dport\":", e->dport);
	}
	fields(o, obs);
	tags(o, e);
	flags(o, obs);
	out_chr(o, '}');
}
