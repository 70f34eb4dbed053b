#include "document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "joins.h"
#include "conf.h"
#include "opts.h"
#include "roff.h"
#include "terms.h"

static void
terms(const char *title, const struct term *(*at)(size_t))
{
	roff_section(title);
	for (size_t i = 0; at(i); i++) {
		roff_item(at(i)->id);
		roff_line(at(i)->text);
	}
}

static void
steps(const char *next)
{
	for (const char *p = next; p && *p;) {
		size_t n = strcspn(p, "\n");
		char step[512];
		snprintf(step, sizeof(step), "%.*s.", (int)n, p);
		fputs(".br\nNext: ", stdout);
		roff_line(step);
		p += n + (p[n] != 0);
	}
}

static void
detections(void)
{
	roff_section("DETECTIONS");
	roff_line("The key `detection` of an incident, its signature id, and the techniques of ATT&CK.");
	for (size_t i = 0; detection_at(i); i++) {
		const struct detection *d = detection_at(i);
		roff_item(d->id);
		printf("%" PRIu32 ", ", d->signature_id);
		roff_text(d->signature);
		fputs(*d->attack ? ", " : ".\n", stdout);
		if (*d->attack) {
			roff_text(d->attack);
			fputs(".\n", stdout);
		}
		roff_line(d->explain);
		steps(d->next);
	}
}

static void
facts(void)
{
	roff_section("FACTS");
	roff_line("The key `facts` of an incident, with the usual grade and the detection that they feed.");
	for (size_t i = 0; detector_at(i); i++) {
		const struct detector *d = detector_at(i);
		roff_item(d->id);
		printf("E%u, ", d->grade);
		roff_text(detection_at(d->family)->id);
		fputs(".\n", stdout);
		roff_line(d->explain ? d->explain : "Raised beside another one.");
	}
}

static void
event(const struct join *j)
{
	char title[128];
	snprintf(title, sizeof(title), "%s, %s", j->id, hostev_kind_name(j->kind));
	roff_item(title);
	roff_text(j->provider ? j->provider : "any provider");
	printf(": packets from %s%" PRId32 " s to %s%" PRId32 " s of it", j->from < 0 ? "\\" : "", j->from,
	       j->to < 0 ? "\\" : "", j->to);
	for (size_t f = 0, n = 0; f < FAMILIES; f++)
		if (j->families >> f & 1) {
			fputs(n++ ? ", " : " speak for ", stdout);
			roff_text(detection_at(f)->id);
		}
	printf("; then %s", severity_name((enum severity)j->sev_confirmed));
	if (detection_at(j->alone)) {
		fputs(", alone ", stdout);
		roff_text(detection_at(j->alone)->id);
		printf(" and %s", severity_name((enum severity)j->sev_alone));
	}
	fputs(".\n", stdout);
	for (unsigned i = 0, n = 0; i < VANTAGE_BITS; i++)
		if (j->vantage >> i & 1)
			printf("%s%s", n++ ? ", " : "Absence counts with ",
			       vantage_name((enum vantage_bit)i));
	if (j->vantage)
		fputs(".\n", stdout);
	if (j->refute) {
		roff_text(term_refutation_at(j->refute - 1u)->id);
		fputs(" says what the wire makes of it without such a packet.\n", stdout);
	}
	if (j->trap && *j->trap) {
		fputs("Trap: ", stdout);
		roff_text(j->trap);
		fputs(".\n", stdout);
	}
}

static void
traps(void)
{
	roff_section("TRAPS");
	roff_line("What looks like an attack and is none: the strongest verdict that is right, and why no "
		  "more is "
		  "said.");
	for (size_t i = 0; trap_at(i); i++) {
		const struct trap *t = trap_at(i);
		roff_item(t->id);
		roff_line(t->what);
		fputs(".br\nAt most ", stdout);
		roff_text(t->verdict);
		fputs(": ", stdout);
		roff_text(t->rule);
		fputs(".\n", stdout);
	}
}

static void
detections_page(void)
{
	roff_title("crosstap-detections", 7, "what crosstap claims, on which evidence");
	roff_section("DESCRIPTION");
	roff_line("An incident has a detection, facts seen on the wire, host events that agree or refute, "
		  "and a "
		  "verdict.");
	roff_line("Each name below is also explained by `crosstap --explain NAME`.");
	terms("VERDICTS", term_verdict_at);
	detections();
	facts();
	roff_section("HOST EVENTS");
	roff_line("Windows events and the packets that they are joined with; seconds are relative to the "
		  "event.");
	for (size_t i = 0; join_at(i); i++)
		event(join_at(i));
	terms("REFUTATIONS", term_refutation_at);
	terms("VANTAGE", term_vantage_at);
	traps();
	roff_section("BLIND SPOTS");
	roff_line(term_blind_spots);
	roff_section("SEE ALSO");
	puts(".BR crosstap (8),\n.BR crosstap\\-fields (7)");
}

static const struct {
	const char *name;
	void (*write)(void);
} documents[] = {
	{ "crosstap.8", document_program },
	{ "crosstap.yaml.5", conf_manual },
	{ "crosstap-detections.7", detections_page },
	{ "crosstap-fields.7", document_fields },
	{ "crosstap.yaml.sample", conf_sample },
	{ "crosstap.bash", document_bash },
	{ "_crosstap", document_zsh },
	{ "crosstap.fish", document_fish },
};

const char *
document_at(size_t i)
{
	return i < NELEM(documents) ? documents[i].name : NULL;
}

int
document(const char *name)
{
	for (size_t i = 0; i < NELEM(documents); i++)
		if (strcmp(documents[i].name, name) == 0) {
			documents[i].write();
			return EXIT_OK;
		}
	fprintf(stderr, "crosstap: --document: found \"%s\", expected one of:", name);
	for (size_t i = 0; i < NELEM(documents); i++)
		fprintf(stderr, " %s", documents[i].name);
	fputc('\n', stderr);
	return EXIT_USAGE;
}
