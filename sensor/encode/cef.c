/* ArcSight CEF, version 0.  Of the header \ and | are escaped, of an extension's value \ and =; ends of lines are \n and \r
 * in values and blanks in the header.  A key=value that does not fit is left out whole. */
#include "encode.h"
#include "key.h"
#include "version.h"

enum { CEF_VERSION = 0, VALUE_MAX = 1024, NAMES_SHOWN = 8, CEF_HEAD_TEXT = 128 };

/* 0 to 10, 7 and 8 being high, 9 and 10 very high. */
static const uint8_t levels[SEVERITIES] = {
	[SEV_INFO] = 1, [SEV_LOW] = 3, [SEV_MEDIUM] = 5, [SEV_HIGH] = 8, [SEV_CRITICAL] = 10
};

/* Valid UTF-8 by the writer of JSON; its escapes are undone: what is left of them are quotes, backslashes and controls. */
static size_t
clean(char *to, size_t cap, struct bytes text)
{
	struct out o;
	/* the analyser takes a caller's text for shorter than its length says */
	if (text.n > VALUE_MAX) /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
		for (text.n = VALUE_MAX; text.n > 0 && (text.p[text.n] & 0xc0) == 0x80;)
			text.n--;
	do {
		o = out_init(to, cap);
		out_json_text(&o, text);
		text.n /= 2;
	} while (!out_ok(&o));
	size_t n = 0;
	for (size_t i = 0; i < o.n; i++) {
		if (to[i] != '\\') {
			to[n++] = to[i];
			continue;
		}
		char c = to[++i];
		if (c == 'u')
			i += 4;
		to[n++] = c == 'n' ? '\n' : c == 'r' ? '\r' : c == '"' || c == '\\' || c == '/' ? c : ' ';
	}
	return n;
}

static void
head_text(struct out *o, const char *s)
{
	char text[6 * CEF_HEAD_TEXT];
	size_t n = clean(text, sizeof(text), bytes_str(s ? s : ""));
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\' || text[i] == '|')
			out_chr(o, '\\');
		out_chr(o, text[i] == '\n' || text[i] == '\r' ? ' ' : text[i]);
	}
	out_chr(o, '|');
}

static void
ext(struct out *o, const char *key, struct bytes value)
{
	char text[4 * VALUE_MAX];
	size_t start = o->n;
	if (value.n == 0 || o->full)
		return;
	size_t n = clean(text, sizeof(text), value);
	out_str(o, key);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\' || text[i] == '=')
			out_chr(o, '\\');
		if (text[i] == '\n')
			out_str(o, "\\n");
		else if (text[i] == '\r')
			out_str(o, "\\r");
		else
			out_chr(o, text[i]);
	}
	if (o->full) {
		o->n = start;
		o->full = false;
	}
}

static void
ext_str(struct out *o, const char *key, const char *s)
{
	ext(o, key, bytes_str(s ? s : ""));
}

static void
ext_number(struct out *o, const char *key, uint64_t v)
{
	char text[24];
	struct out t = out_init(text, sizeof(text));
	out_u64(&t, v);
	ext(o, key, out_bytes(&t));
}

static void
ext_time(struct out *o, const char *key, ts_t ts)
{
	if (ts != TS_NONE && ts >= 0)
		ext_number(o, key, (uint64_t)ts / (TS_SEC / 1000));
}

/* c6a2 and c6a3 are IPv6 addresses; src and dst are IPv4 alone. */
static void
ext_addr(struct out *o, const char *four, const char *six, struct addr a)
{
	char text[64];
	struct out t = out_init(text, sizeof(text));
	out_addr(&t, a);
	ext(o, a.fam == 6 ? six : four, out_bytes(&t));
}

static void
ext_mac(struct out *o, const char *key, struct mac m)
{
	char text[24];
	struct out t = out_init(text, sizeof(text));
	out_mac(&t, m);
	ext(o, key, out_bytes(&t));
}

static void
ext_id(struct out *o, const char *key, uint64_t id)
{
	char text[24];
	struct out t = out_init(text, sizeof(text));
	out_hexn(&t, id, 16);
	ext(o, key, out_bytes(&t));
}

static void
actor(struct out *o, const struct incident *r)
{
	if (r->has_actor_mac)
		ext_mac(o, " smac=", r->actor_mac);
	bool four = false, six = false;
	for (size_t i = 0; i < r->nactor_ip; i++) {
		bool *told = r->actor_ip[i].fam == 6 ? &six : &four;
		if (!*told)
			ext_addr(o, " src=", " c6a2Label=Source IPv6 Address c6a2=", r->actor_ip[i]);
		*told = true;
	}
	ext_str(o, " shost=", r->actor_name);
}

static void
first_victim(struct out *o, const struct incident *r)
{
	if (r->nvictim == 0)
		return;
	const struct inc_victim *v = &r->victim[0];
	if (v->has_mac)
		ext_mac(o, " dmac=", v->mac);
	if (v->nip)
		ext_addr(o, " dst=", " c6a3Label=Destination IPv6 Address c6a3=", v->ip[0]);
	ext_str(o, " dhost=", v->name);
}

static void
victim_names(struct out *o, const struct incident *r)
{
	char text[NAMES_SHOWN * (INC_NAME_MAX + 1)];
	struct out t = out_init(text, sizeof(text));
	for (uint32_t i = 0; i < r->nvictim && i < NAMES_SHOWN; i++) {
		const struct inc_victim *v = &r->victim[i];
		if (t.n)
			out_chr(&t, ',');
		if (v->name[0])
			out_str(&t, v->name);
		else if (v->has_mac)
			out_mac(&t, v->mac);
		else if (v->nip)
			out_addr(&t, v->ip[0]);
	}
	ext(o, " cs5Label=victims cs5=", out_bytes(&t));
}

static void
extensions(struct out *o, const struct encode_env *env, const struct incident *r)
{
	const char *alert = r->alert ? "alert" : "incident", grade[] = { 'E', (char)('0' + r->grade), 0 };
	ext_id(o, "externalId=", r->id);
	ext_str(o, " cs1Label=verdict cs1=", verdict_name(r->verdict));
	ext_str(o, " cs2Label=grade cs2=", grade);
	ext_str(o, " cat=", r->detection->id);
	actor(o, r);
	first_victim(o, r);
	ext_number(o,
		   " cn1Label=victims cn1=", r->victims_total > r->nvictim ? r->victims_total : r->nvictim);
	ext_number(o, " cn2Label=confidence cn2=", r->confidence);
	ext_number(o, " cn3Label=revision cn3=", r->rev);
	ext_str(o, " outcome=", inc_state_name(r->state));
	ext_time(o, " rt=", r->timestamp);
	ext_time(o, " start=", r->first);
	ext_time(o, " end=", r->last);
	ext_str(o, " dvchost=", env->sensor);
	ext_str(o, " deviceInboundInterface=", r->iface < env->niface ? env->iface[r->iface] : NULL);
	ext_str(o, " cs3Label=segment cs3=", r->segment);
	ext_str(o, " cs4Label=attack cs4=", r->attack);
	victim_names(o, r);
	ext_str(o, " deviceEventCategory=", alert);
	ext_str(o, " msg=", r->title);
	ext_str(o, " filePath=", env->evidence.path);
	ext_str(o, " cs6Label=explain cs6=", r->explain);
}

void
encode_cef(struct out *o, const struct encode_env *env, const struct incident *r)
{
	out_str(o, "CEF:");
	out_u64(o, CEF_VERSION);
	out_str(o, "|crosstap|crosstap|");
	head_text(o, CROSSTAP_VERSION);
	out_u64(o, r->detection->signature_id);
	out_chr(o, '|');
	head_text(o, r->detection->signature);
	out_u64(o, levels[r->severity]);
	out_chr(o, '|');
	extensions(o, env, r);
}
