/* --setup: the configuration with its evidence.  Texts of the wire (names) stand in JSON strings: no line can be forged. */
#include "setup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "learned_yaml.h"
#include "survey.h"
#include "terms.h"

enum { ENTRIES_MAX = 4096, LINE_MAX_BYTES = 4096, TLS_SHOWN = 8 };

static const char *const head[] = {
	"# Read every line.  Delete what you do not know.  A line that begins with `#? ` was seen only, for "
	"too",
	"# short a time to be held unread: it is no part of the configuration until you delete these three",
	"# characters.  To approve all of them: sed 's/^#? //'",
	"# Where a list is given, who is not in it is unauthorised; [] says that there is none; a list that "
	"is",
	"# absent is unknown.  `crosstap -T -c FILE` says what is still missing.",
};

static void
put(const struct out *o)
{
	fwrite(o->p, 1, o->n, stdout);
	putchar('\n');
}

static void
put_time(struct out *o, ts_t ts)
{
	if (ts == TS_NONE)
		out_str(o, "never");
	else
		out_ts(o, ts, 0);
}

/* ---- what was listened to ---- */

static void
inputs(struct setup *s)
{
	char text[LINE_MAX_BYTES];
	struct out o = out_init(text, sizeof(text));
	out_str(&o, "# Proposed by `crosstap --setup` from what was seen between ");
	put_time(&o, s->first);
	out_str(&o, " and ");
	put_time(&o, s->last);
	out_str(&o, ":");
	put(&o);
	for (size_t i = 0; i < s->niface; i++) {
		o = out_init(text, sizeof(text));
		out_str(&o, "# interface ");
		out_json_str(&o, bytes_str(s->iface[i]));
		out_str(&o, ": ");
		out_u64(&o, s->frames[i]);
		out_str(&o, s->frames[i] == 1 ? " frame" : " frames");
		put(&o);
	}
	if (s->lost)
		printf("# %" PRIu64 " packets were lost meanwhile: some servers may not be here.\n", s->lost);
	if (s->cut)
		puts("# More was seen than is listed: look at one segment at a time.");
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		puts(head[i]);
}

static void
mirrors(const struct setup *s)
{
	if (s->mirrored == 0 || s->c->mirrors_declared)
		return;
	printf("\n# %" PRIu64
	       " frames came inside a mirror's wrapper (ERSPAN, VXLAN, ...).  Anybody can send "
	       "such wrappers\n"
	       "# with forged frames in them: name the switches that may.\n"
	       "# capture:\n#   mirrors: []\n",
	       s->mirrored);
}

/* ---- one segment ---- */

static bool
in_segment(const struct survey *v, const struct setup_at *at)
{
	return v->iface == at->iface && v->nvlan == at->nvlan &&
	       memcmp(v->vlan, at->vlan, sizeof(v->vlan)) == 0;
}

static void
view(const struct survey *v)
{
	for (unsigned b = 0; b < VANTAGE_BITS; b++) {
		const char *name = vantage_name((enum vantage_bit)b);
		if (v->vantage[b].has)
			printf("    # view %s: yes, %u %% of %" PRIu32 "\n", name, v->vantage[b].share,
			       v->vantage[b].samples);
		else if (v->vantage[b].samples)
			printf("    # view %s: not shown, %u %% of %" PRIu32 " (`crosstap --explain %s`)\n",
			       name, v->vantage[b].share, v->vantage[b].samples, name);
		else
			printf("    # view %s: not known, nothing that tells was seen\n", name);
	}
}

/* Is the station one of those that are proposed on this segment? */
static bool
proposed(const struct learned *l, size_t n, const struct survey *v, struct mac m)
{
	for (size_t i = 0; i < n; i++)
		if (l[i].seg == v->seg && l[i].has_mac && mac_eq(l[i].mac, m))
			return true;
	return false;
}

static void
network(struct out *o, const struct setup_net *n)
{
	out_chr(o, '"');
	out_addr(o, n->prefix.a);
	out_chr(o, '/');
	out_u64(o, n->prefix.len);
	out_chr(o, '"');
}

static bool
told_before(const struct setup *s, size_t i, const struct learned *l, size_t n, const struct survey *v)
{
	for (size_t k = 0; k < i; k++)
		if (in_segment(v, &s->net[k].at) && s->net[k].prefix.len == s->net[i].prefix.len &&
		    addr_eq(s->net[k].prefix.a, s->net[i].prefix.a) && proposed(l, n, v, s->net[k].by))
			return true;
	return false;
}

static void
networks(const struct setup *s, const struct survey *v, const struct learned *l, size_t n)
{
	bool any = false;
	for (size_t i = 0; i < s->nnet; i++) {
		const struct setup_net *t = &s->net[i];
		char text[LINE_MAX_BYTES];
		struct out o = out_init(text, sizeof(text));
		if (!in_segment(v, &t->at) || told_before(s, i, l, n, v))
			continue;
		bool good = proposed(l, n, v, t->by);
		if (good && !any)
			puts("#?     prefixes:");
		any |= good;
		out_str(&o, good ? "#?       - " : "    # left out: ");
		network(&o, t);
		out_str(&o, good ? " # seen only: in " : ", in ");
		out_u64(&o, t->count);
		out_str(&o, t->dhcp ? " DHCPv4 ACKs from " : " router advertisements from ");
		out_mac(&o, t->by);
		out_str(&o, good ? "" : ", which is not proposed below");
		put(&o);
	}
}

/* A list is active only when each of its entries was seen for long and often enough: half a list would accuse the rest. */
static void
roles(const struct survey *v, const struct learned *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[LINE_MAX_BYTES];
		bool first = i == 0 || l[i - 1].seg != v->seg || l[i - 1].role != l[i].role, all = true;
		if (l[i].seg != v->seg)
			continue;
		for (size_t k = 0; k < n; k++)
			all &= l[k].seg != v->seg || l[k].role != l[i].role || l[k].enough;
		if (first)
			printf("%s    %s:\n", all ? "" : "#? ",
			       learned_role_key((enum learned_role)l[i].role));
		struct out o = out_init(text, sizeof(text));
		out_str(&o, all ? "" : "#? ");
		learned_item(&o, &l[i]);
		out_str(&o, l[i].enough ? " # " : " # seen only: ");
		learned_evidence(&o, &l[i]);
		put(&o);
	}
}

static void
tls_servers(const struct setup *s, const struct survey *v)
{
	size_t shown = 0;
	for (size_t i = 0; i < s->ntls && shown < TLS_SHOWN; i++) {
		const struct setup_tls *t = &s->tls[i];
		char text[LINE_MAX_BYTES];
		struct out o = out_init(text, sizeof(text));
		if (!in_segment(v, &t->at) || !t->shown || t->port != 443)
			continue;
		if (shown++ == 0)
			puts("    # TLS servers that showed a certificate.  The wire does not tell whether "
			     "one "
			     "is an SSTP VPN\n    # server; where you know it, declare it:\n"
			     "    # vpn_servers:");
		out_str(&o, "    #   - {");
		if (t->sni[0]) {
			out_str(&o, "sni: ");
			out_json_str(&o, bytes_str(t->sni));
			out_str(&o, ", ");
		}
		out_str(&o, "ip: [\"");
		out_addr(&o, t->addr);
		out_str(&o, "\"], leaf_sha256: [\"");
		out_hex(&o, bytes_of(t->leaf, sizeof(t->leaf)));
		out_str(&o, "\"]} # ");
		out_u64(&o, t->hellos);
		out_str(&o, t->hellos == 1 ? " client hello" : " client hellos");
		put(&o);
	}
}

static void
findings(const struct setup *s, const struct survey *v)
{
	for (size_t i = 0; i < s->nfinding; i++) {
		const struct setup_finding *f = &s->finding[i];
		char text[LINE_MAX_BYTES];
		struct out o = out_init(text, sizeof(text));
		if (strcmp(f->segment, v->segment) != 0)
			continue;
		out_str(&o, "    # left out, ");
		out_str(&o, verdict_name(f->verdict));
		out_str(&o, ": ");
		out_json_str(&o, bytes_str(f->title));
		put(&o);
	}
}

static void
segment(const struct setup *s, const struct survey *v, const struct learned *l, size_t n)
{
	char text[LINE_MAX_BYTES];
	struct out o = out_init(text, sizeof(text));
	out_str(&o, "  - name: ");
	out_json_str(&o, bytes_str(v->segment));
	out_str(&o, " # ");
	out_u64(&o, v->stations);
	out_str(&o, v->stations == 1 ? " station, " : " stations, ");
	put_time(&o, v->first);
	out_str(&o, " to ");
	put_time(&o, v->last);
	put(&o);
	o = out_init(text, sizeof(text));
	out_str(&o, "    segments: [");
	out_json_str(&o, bytes_str(v->segment));
	out_chr(&o, ']');
	put(&o);
	view(v);
	networks(s, v, l, n);
	roles(v, l, n);
	tls_servers(s, v);
	findings(s, v);
}

bool
setup_print(struct setup *s)
{
	struct learned *l = calloc(ENTRIES_MAX, sizeof(*l));
	struct survey v;
	if (l == NULL)
		return false;
	size_t n = learned_collect(s->engine, l, ENTRIES_MAX);
	s->cut |= n > ENTRIES_MAX;
	n = n < ENTRIES_MAX ? n : ENTRIES_MAX;
	inputs(s);
	mirrors(s);
	bool any = survey_at(s->engine, 0, &v);
	puts(any ? "\nauthority:" : "\nauthority: [] # nothing was seen");
	for (size_t i = 0; survey_at(s->engine, i, &v); i++)
		if (v.iface < s->niface) /* not the place of events without packets */
			segment(s, &v, l, n);
	free(l);
	return true;
}
