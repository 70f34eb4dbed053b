/* --list-*, --explain: the tables of the program as text. */
#include <ctype.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "encode.h"
#include "dissector.h"
#include "joins.h"
#include "vantage.h"
#include "log.h"
#include "document.h"
#include "run.h"
#include "terms.h"

enum { DEPTH_MAX = 4, COLUMN = 28 };

/* What a detection is fed by, as the tables say. */
static const char *
sources(size_t family)
{
	bool wire = false, hosts = false;
	for (size_t i = 0; chain_at(i); i++)
		if (strcmp(chain_at(i), detection_at(family)->id) == 0)
			return "chain";
	for (size_t i = 0; detector_at(i); i++)
		wire |= detector_at(i)->fact && detector_at(i)->family == family;
	for (size_t i = 0; join_at(i); i++)
		hosts |= (join_at(i)->families >> family & 1) || join_at(i)->alone == family;
	return wire && hosts ? "wire, hosts" : wire ? "wire" : hosts ? "hosts" : "-";
}

static void
list_detectors(const struct conf *c)
{
	puts("Detections (the key `detection` of an incident), what feeds them, technique");
	for (size_t i = 0; detection_at(i); i++) {
		const struct detection *d = detection_at(i);
		printf("  %-*s %" PRIu32 "  %-12s %s  [%s]\n", COLUMN, d->id, d->signature_id, sources(i),
		       d->signature, d->attack);
	}
	puts("\nFacts that feed them (the key `facts`; grade as usual)");
	for (size_t i = 0; detector_at(i); i++) {
		const struct detector *d = detector_at(i);
		if (d->id == NULL)
			continue;
		const struct detection *f = detection_at(d->family);
		printf("  %-*s E%u  %s\n", COLUMN, d->id, d->grade, f ? f->id : "");
	}
	if (c->nrule)
		puts("\nSite rules of the configuration (verdict suspected)");
	for (size_t i = 0; i < c->nrule; i++)
		printf("  %-*s E1  %s, %s\n", COLUMN, (const char *)c->rule[i].id.p, c->rule[i].on->name,
		       severity_name((enum severity)c->rule[i].severity));
}

static bool
has_join(const struct winmap_row *r)
{
	for (size_t i = 0; join_at(i); i++) {
		const struct join *j = join_at(i);
		if (j->event_id ? j->event_id == r->event_id && strcmp(j->provider, r->provider) == 0
				: j->kind == r->kind)
			return true;
	}
	return false;
}

/* One row of the join table: what must agree, when, and what the answer is worth. */
static void
list_join(const struct join *j)
{
	static const struct {
		uint32_t key;
		const char *name;
	} keys[] = {
		{ K_HOST, "host" },	    { K_ADDR, "address" },	{ K_ROUTER, "router" },
		{ K_NAME, "name" },	    { K_RA, "flags" },		{ K_PEER_ACTOR, "server" },
		{ K_ADDR_ACTOR, "source" }, { K_SCOPE, "subnet" },	{ K_SEGMENT, "segment" },
		{ K_LATEST, "latest" },	    { K_SESSION, "session" },	{ K_TUNNEL, "tunnel" },
		{ K_ENABLED, "enabled" },   { K_VPN_NAME, "vpn-name" }, { K_PEER_KNOWN, "server-declared" },
		{ K_TAKEN, "taken" },	    { K_VICTIM, "victim" },	{ K_MAC_ACTOR, "mac" },
		{ K_CLIENT, "client" },	    { K_DOMAIN, "domain" },	{ K_FLOODER, "flooder" },
		{ K_ONWARD, "onward" },	    { K_QUEUE, "queue" },	{ K_SCOPE_FACT, "subnet" },
		{ K_SUBNET6, "subnet" },    { K_PARTNER, "partner" },	{ K_SERVER, "server-reports" }
	};
	char text[128] = "", bits[64] = "";
	size_t n = 0, b = 0;

	for (size_t i = 0; i < NELEM(keys); i++)
		if (j->keys & keys[i].key)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? "+" : "", keys[i].name);
	if (n == 0)
		snprintf(text, sizeof(text), "reporter");
	for (unsigned i = 0; i < VANTAGE_BITS; i++)
		if (j->vantage >> i & 1)
			b += (size_t)snprintf(bits + b, sizeof(bits) - b, "%s%s", b ? "+" : "",
					      vantage_name((enum vantage_bit)i));
	bool alone = j->alone != FAMILIES;
	printf("%-12s %-28s %-24s %+7" PRId32 " %+7" PRId32 "  %-10s %-8s %-8s %-18s %s\n", j->id,
	       hostev_kind_name(j->kind), text, j->from, j->to, b ? bits : "-",
	       alone ? severity_name((enum severity)j->sev_alone) : "-",
	       severity_name((enum severity)j->sev_confirmed), j->attack ? j->attack : "-",
	       j->trap && *j->trap ? j->trap : "-");
}

static void
list_events(void)
{
	for (size_t i = 0; i < winmap_count(); i++) {
		const struct winmap_row *r = winmap_at(i);
		printf("%-40s %6" PRIu32 "  %-24s %s\n", r->provider, r->event_id, hostev_kind_name(r->kind),
		       has_join(r) ? "joined" : "");
	}
	puts("\nJoins: event, kind, keys, seconds of the packet from and to the event, what must be in view, "
	     "severity of the "
	     "event alone\nand when confirmed, technique, trap");
	for (size_t i = 0; join_at(i); i++)
		list_join(join_at(i));
}

const char *
lists_type_name(const struct field *f)
{
	static const char *const names[] = {
		[F_U8] = "number",   [F_U16] = "number",   [F_U32] = "number",	   [F_U64] = "number",
		[F_BOOL] = "bool",   [F_HEX16] = "0xhhhh", [F_HEX24] = "0xhhhhhh", [F_HEX32] = "0xhhhhhhhh",
		[F_NAME8] = "name",  [F_NAME16] = "name",  [F_ADDR] = "address",   [F_MAC] = "mac",
		[F_HEX] = "hex",     [F_TEXT] = "text",	   [F_MACTEXT] = "mac",	   [F_CSTR] = "text",
		[F_LIST] = "list",   [F_ROWS] = "rows",	   [F_OBJECT] = "object",  [F_MAP] = "map",
		[F_NEST] = "record", [F_HEX8] = "0xhh",	   [F_TS] = "time",
	};
	return f->type < NELEM(names) && names[f->type] ? names[f->type] : "?";
}

/* As deep as the tables, which are constant; they may name themselves (a relayed message), hence the limit. */
static void
list_table(const char *prefix, const struct field *f, size_t n, int depth)
{
	char name[128];
	for (size_t i = 0; i < n; i++) {
		if (f[i].name == NULL)
			continue;
		if (snprintf(name, sizeof(name), "%s.%s", prefix, f[i].name) >= (int)sizeof(name))
			continue; /* our own tables nest no names that long */
		printf("%-*s %-10s %s\n", COLUMN + 12, name, lists_type_name(&f[i]),
		       f[i].help ? f[i].help : "");
		if (f[i].sub && depth + 1 < DEPTH_MAX && f[i].sub != f)
			list_table(name, f[i].sub, f[i].nsub, depth + 1);
	}
}

static void
list_fields(void)
{
	for (size_t i = 0; dissectors[i]; i++)
		if (dissectors[i]->name)
			list_table(dissectors[i]->name, dissectors[i]->fields, dissectors[i]->nfields, 0);
}

static int
list_ifaces(void)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_if_t *all = NULL;
	if (pcap_findalldevs(&all, error) != 0) {
		log_say("%s", error);
		return EXIT_INTERNAL;
	}
	for (const pcap_if_t *i = all; i; i = i->next)
		printf("%-16s %s\n", i->name, i->description ? i->description : "");
	pcap_freealldevs(all);
	return EXIT_OK;
}

static bool
same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
	return *a == *b;
}

static bool
explain_detection(const char *id)
{
	for (size_t i = 0; detection_at(i); i++) {
		const struct detection *d = detection_at(i);
		if (!same(d->id, id))
			continue;
		printf("%s (%" PRIu32 "): %s\n%s, %s\n\n%s\n\nNext:\n", d->id, d->signature_id, d->signature,
		       d->category, d->attack, d->explain);
		for (const char *p = d->next; p && *p;) {
			size_t n = strcspn(p, "\n");
			printf("  - %.*s\n", (int)n, p);
			p += n + (p[n] != 0);
		}
		return true;
	}
	return false;
}

static bool
explain_detector(const char *id)
{
	for (size_t i = 0; detector_at(i); i++) {
		const struct detector *d = detector_at(i);
		if (d->id == NULL || !same(d->id, id))
			continue;
		const struct detection *f = detection_at(d->family);
		printf("%s, grade E%u, feeds %s%s%s\n\n%s\n", d->id, d->grade, f ? f->id : "",
		       d->attack ? ", " : "", d->attack ? d->attack : "", d->explain ? d->explain : "");
		return true;
	}
	return false;
}

static void
explain_join(const struct join *j)
{
	const struct detection *alone = detection_at(j->alone);
	printf("  packets from %+" PRId32 " s to %+" PRId32 " s of it speak for:", j->from, j->to);
	for (size_t f = 0; f < FAMILIES; f++)
		if (j->families >> f & 1)
			printf(" %s", detection_at(f)->id);
	printf("\n  then %s", severity_name((enum severity)j->sev_confirmed));
	if (alone)
		printf("; without a packet: %s, %s", alone->id, severity_name((enum severity)j->sev_alone));
	putchar('\n');
	if (j->attack)
		printf("  %s\n", j->attack);
	if (j->refute)
		printf("  without a packet: %s: %s\n", term_refutation_at(j->refute - 1u)->id,
		       term_refutation_at(j->refute - 1u)->text);
	if (j->trap)
		printf("  trap: %s\n", j->trap);
}

/* "RasSstp" of "Microsoft-Windows-RasSstp", without case; `n` 0: any provider. */
static bool
provider_is(const char *provider, const char *name, size_t n)
{
	size_t all = strlen(provider);
	return n <= all && (n == 0 || (strncasecmp(provider + all - n, name, n) == 0 &&
				       (n == all || provider[all - n - 1] == '-')));
}

/* "4100", or "RasSstp:6" where providers share a number. */
static bool
explain_event(const char *id)
{
	char *end;
	const char *colon = strrchr(id, ':'), *name = id;
	size_t length = colon ? (size_t)(colon - id) : 0;
	id = colon ? colon + 1 : id;
	unsigned long n = strtoul(id, &end, 10);
	bool found = false;
	if (!isdigit((unsigned char)*id) || *end || n > UINT32_MAX)
		return false;
	for (size_t i = 0; i < winmap_count(); i++) {
		const struct winmap_row *r = winmap_at(i);
		if (r->event_id != n || !provider_is(r->provider, name, length))
			continue;
		found = true;
		printf("%s %" PRIu32 ": %s\n", r->provider, r->event_id, hostev_kind_name(r->kind));
		for (size_t k = 0; join_at(k); k++) {
			const struct join *j = join_at(k);
			if (j->event_id ? j->event_id == n && strcmp(j->provider, r->provider) == 0
					: j->kind == r->kind)
				explain_join(j);
		}
	}
	return found;
}

/* A row that is not called by the number of its event alone, like "1046/dc" or "audit-13". */
static bool
explain_row(const char *id)
{
	bool found = false;
	for (size_t i = 0; strspn(id, "0123456789") < strlen(id) && join_at(i); i++) {
		const struct join *j = join_at(i);
		if (!same(j->id, id))
			continue;
		found = true;
		printf("%s %s: %s\n", j->provider ? j->provider : "any provider", j->id,
		       hostev_kind_name(j->kind));
		explain_join(j);
	}
	return found;
}

static bool
explain_term(const char *id)
{
	static const struct {
		const char *what;
		const struct term *(*at)(size_t);
	} tables[] = { { "verdict", term_verdict_at },
		       { "vantage", term_vantage_at },
		       { "what the wire says of an event that joined no packet", term_refutation_at } };
	for (size_t t = 0; t < NELEM(tables); t++)
		for (size_t i = 0; tables[t].at(i); i++)
			if (same(tables[t].at(i)->id, id)) {
				printf("%s, %s\n\n%s\n", tables[t].at(i)->id, tables[t].what,
				       tables[t].at(i)->text);
				return true;
			}
	return false;
}

static bool
explain_trap(const char *id)
{
	bool all = same(id, "traps"), found = false;
	for (size_t i = 0; trap_at(i); i++) {
		const struct trap *t = trap_at(i);
		if (!all && !same(t->id, id))
			continue;
		found = true;
		printf("%s: %s\n  at most: %s\n  because of: %s\n", t->id, t->what, t->verdict, t->rule);
	}
	return found;
}

static bool
explain_rule(const char *id, const struct conf *c)
{
	const struct site_rule *r = site_rule_named(c->rule, c->nrule, bytes_str(id));
	if (r == NULL)
		return false;
	printf("%s, site rule, grade E1, feeds %s: suspected, %s\n", (const char *)r->id.p,
	       detection_at(FAM_SITE)->id, severity_name((enum severity)r->severity));
	if (r->title.p)
		printf("\n%s\n", (const char *)r->title.p);
	printf("\nAll of these must hold for a message of %s:\n", r->on->name);
	for (size_t i = 0; i < r->nwhere; i++) {
		fputs("  ", stdout);
		conf_where_print(&r->where[i], stdout);
		putchar('\n');
	}
	return true;
}

static int
explain(const char *id, const struct conf *c)
{
	if (same(id, "blind-spots")) {
		fputs(term_blind_spots, stdout);
		return EXIT_OK;
	}
	if (explain_detection(id) || explain_detector(id) || explain_rule(id, c) || explain_term(id) ||
	    explain_trap(id) || explain_row(id) || explain_event(id))
		return EXIT_OK;
	if (site_id_good(bytes_str(id)))
		log_say("--explain: no rule \"%s\" stands in the configuration: give it with -c", id);
	else
		log_say("--explain: \"%s\" is no detection, fact, event, verdict, vantage, refutation or "
			"trap: see "
			"--list-detectors, --list-events, --explain traps",
			id);
	return EXIT_USAGE;
}

static int
schema(void)
{
	static char text[SCHEMA_MAX];
	struct out o = out_init(text, sizeof(text));
	encode_schema(&o);
	if (!out_ok(&o))
		return EXIT_INTERNAL;
	fwrite(o.p, 1, o.n, stdout);
	putchar('\n');
	return EXIT_OK;
}

int
run_list(const struct opts *o, const struct conf *c)
{
	switch (o->action) {
	case ACT_LIST_DETECTORS: list_detectors(c); return EXIT_OK;
	case ACT_LIST_EVENTS: list_events(); return EXIT_OK;
	case ACT_LIST_FIELDS: list_fields(); return EXIT_OK;
	case ACT_SCHEMA: return schema();
	case ACT_LIST_IFACES: return list_ifaces();
	case ACT_DOCUMENT: return document(o->document);
	default: return explain(o->explain, c);
	}
}
