/* RFC 5424.  What matters comes first: a relay that cuts at 1 or 2 KiB cuts the tail.  The message of the long form is
 * the JSON record without a byte-order mark (MSG-ANY): parsers of JSON stumble over one. */
#include "encode.h"

enum {
	FACILITY_LOCAL0 = 16,
	HOSTNAME_MAX = 255,
	HOSTNAME_BRIEF = 63,
	APP_VERSION = 1,
	MICROSECONDS = 6,
	NAMES_SHOWN = 5,
	NAMES_MAX = 200
};

/* Severities of RFC 5424 6.2.1: critical, warning, notice, informational. */
static const uint8_t levels[SEVERITIES] = {
	[SEV_INFO] = 6, [SEV_LOW] = 6, [SEV_MEDIUM] = 5, [SEV_HIGH] = 4, [SEV_CRITICAL] = 2
};

/* Header fields are printable ASCII without blanks (6.2). */
static void
header_text(struct out *o, const char *s, size_t max)
{
	if (s == NULL || *s == 0)
		out_chr(o, '-');
	for (size_t i = 0; s && s[i] && i < max; i++)
		out_chr(o, s[i] > ' ' && s[i] <= '~' ? s[i] : '?');
}

static void
header(struct out *o, const struct encode_env *env, const struct incident *r, bool brief)
{
	out_chr(o, '<');
	out_u64(o, FACILITY_LOCAL0 * 8 + levels[r->severity]);
	out_chr(o, '>');
	out_u64(o, APP_VERSION);
	out_chr(o, ' ');
	if (r->timestamp != TS_NONE)
		out_ts(o, r->timestamp, MICROSECONDS);
	else
		out_chr(o, '-');
	out_chr(o, ' ');
	header_text(o, env->sensor, brief ? HOSTNAME_BRIEF : HOSTNAME_MAX);
	out_str(o, " crosstap ");
	if (env->procid)
		out_u64(o, env->procid);
	else
		out_chr(o, '-');
	out_chr(o, ' ');
	header_text(o, r->detection->id, 32);
	out_chr(o, ' ');
}

static void
param(struct out *o, const char *name, struct bytes value)
{
	out_chr(o, ' ');
	out_str(o, name);
	out_chr(o, '=');
	out_sd_value(o, value);
}

static void
param_number(struct out *o, const char *name, uint64_t v)
{
	char text[24];
	struct out t = out_init(text, sizeof(text));
	out_u64(&t, v);
	param(o, name, out_bytes(&t));
}

/* Names of the first victims, or their addresses, as far as they fit. */
static void
param_victims(struct out *o, const struct incident *r)
{
	char text[NAMES_MAX];
	struct out t = out_init(text, sizeof(text));
	for (uint32_t i = 0; i < r->nvictim && i < NAMES_SHOWN; i++) {
		const struct inc_victim *v = &r->victim[i];
		size_t n = t.n;
		if (i)
			out_chr(&t, ',');
		if (v->name[0])
			out_str(&t, v->name);
		else if (v->has_mac)
			out_mac(&t, v->mac);
		else if (v->nip)
			out_addr(&t, v->ip[0]);
		if (out_ok(&t))
			continue;
		t.n = n;
		break;
	}
	if (t.n)
		param(o, "victim", bytes_of(text, t.n));
}

static void
structured(struct out *o, const struct encode_env *env, const struct incident *r)
{
	char text[64];
	struct out t = out_init(text, sizeof(text));
	out_chr(o, '[');
	header_text(o, env->sd_id, 32);
	out_hexn(&t, r->id, 16);
	param(o, "id", out_bytes(&t));
	param_number(o, "rev", r->rev);
	param(o, "sev", bytes_str(severity_name(r->severity)));
	param(o, "verdict", bytes_str(verdict_name(r->verdict)));
	t.n = 0;
	out_chr(&t, 'E');
	out_u64(&t, r->grade);
	param(o, "grade", out_bytes(&t));
	param_number(o, "conf", r->confidence);
	if (r->has_actor_mac) {
		t.n = 0;
		out_mac(&t, r->actor_mac);
		param(o, "actor", out_bytes(&t));
	}
	if (r->nactor_ip) {
		t.n = 0;
		out_addr(&t, r->actor_ip[0]);
		param(o, "actor_ip", out_bytes(&t));
	}
	param_number(o, "victims", r->victims_total > r->nvictim ? r->victims_total : r->nvictim);
	param_victims(o, r);
	param(o, "state", bytes_str(inc_state_name(r->state)));
	param(o, "segment", bytes_str(r->segment ? r->segment : ""));
	param(o, "attack", bytes_str(r->attack ? r->attack : ""));
	out_chr(o, ']');
}

/* Whole characters of a text as far as they fit; controls are blanks. */
static void
plain_text(struct out *o, const char *s)
{
	for (const char *p = s ? s : ""; *p;) {
		size_t n = 1;
		while ((p[n] & 0xc0) == 0x80)
			n++;
		if (n > o->cap - o->n)
			return;
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			out_chr(o, ' ');
		else
			out_put(o, p, n);
		p += n;
	}
}

void
encode_rfc5424(struct out *o, const struct encode_env *env, const struct incident *r,
	       enum syslog_message message)
{
	size_t cap = o->cap;
	bool brief = message == MESSAGE_TITLE_BRIEF || message == MESSAGE_CEF_BRIEF;
	if (brief && cap - o->n > SYSLOG_SHORT_MAX)
		o->cap = o->n + SYSLOG_SHORT_MAX;
	header(o, env, r, brief);
	structured(o, env, r);
	out_chr(o, ' ');
	switch (message) {
	case MESSAGE_EVE: encode_eve(o, env, r); break;
	case MESSAGE_TITLE_BRIEF: plain_text(o, r->title); break;
	case MESSAGE_CEF:
	case MESSAGE_CEF_BRIEF: encode_cef(o, env, r); break;
	case MESSAGE_OCSF: encode_ocsf(o, env, r); break;
	}
	o->cap = cap;
}
