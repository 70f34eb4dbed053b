#include "document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "joins.h"
#include "log.h"
#include "opts.h"
#include "terms.h"

/* A text of the tables as roff: one line, dashes that can be searched for, nothing that is a request. */
static void
text(const char *s)
{
	bool start = true;
	for (; *s; s++) {
		if (*s == '\n') {
			fputs(s[1] == '\n' || s[1] == 0 ? "" : "\n", stdout);
			start = true;
			continue;
		}
		if (start && (*s == '.' || *s == '\''))
			fputs("\\&", stdout);
		if (*s == '\\')
			fputs("\\e", stdout);
		else if (*s == '-')
			fputs("\\-", stdout);
		else
			putchar(*s);
		start = false;
	}
}

static void
line(const char *s)
{
	text(s);
	putchar('\n');
}

static void
section(const char *title)
{
	printf(".SH %s\n", title);
}

static void
item(const char *title)
{
	fputs(".TP\n.B ", stdout);
	line(title);
}

static void
terms(const char *title, const struct term *(*at)(size_t))
{
	section(title);
	for (size_t i = 0; at(i); i++) {
		item(at(i)->id);
		line(at(i)->text);
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
		line(step);
		p += n + (p[n] != 0);
	}
}

static void
detections(void)
{
	section("DETECTIONS");
	line("The key `detection` of an incident, its signature id, and the techniques of ATT&CK.");
	for (size_t i = 0; detection_at(i); i++) {
		const struct detection *d = detection_at(i);
		item(d->id);
		printf("%" PRIu32 ", ", d->signature_id);
		text(d->signature);
		fputs(*d->attack ? ", " : ".\n", stdout);
		if (*d->attack) {
			text(d->attack);
			fputs(".\n", stdout);
		}
		line(d->explain);
		steps(d->next);
	}
}

static void
facts(void)
{
	section("FACTS");
	line("The key `facts` of an incident, with the usual grade and the detection that they feed.");
	for (size_t i = 0; detector_at(i); i++) {
		const struct detector *d = detector_at(i);
		item(d->id);
		printf("E%u, ", d->grade);
		text(detection_at(d->family)->id);
		fputs(".\n", stdout);
		line(d->explain ? d->explain : "Raised beside another one.");
	}
}

static void
event(const struct join *j)
{
	char title[128];
	snprintf(title, sizeof(title), "%s, %s", j->id, hostev_kind_name(j->kind));
	item(title);
	text(j->provider ? j->provider : "any provider");
	printf(": packets from %s%" PRId32 " s to %s%" PRId32 " s of it", j->from < 0 ? "\\" : "", j->from,
	       j->to < 0 ? "\\" : "", j->to);
	for (size_t f = 0, n = 0; f < FAMILIES; f++)
		if (j->families >> f & 1) {
			fputs(n++ ? ", " : " speak for ", stdout);
			text(detection_at(f)->id);
		}
	printf("; then %s", severity_name((enum severity)j->sev_confirmed));
	if (detection_at(j->alone)) {
		fputs(", alone ", stdout);
		text(detection_at(j->alone)->id);
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
		text(term_refutation_at(j->refute - 1u)->id);
		fputs(" says what the wire makes of it without such a packet.\n", stdout);
	}
	if (j->trap && *j->trap) {
		fputs("Trap: ", stdout);
		text(j->trap);
		fputs(".\n", stdout);
	}
}

static void
traps(void)
{
	section("TRAPS");
	line("What looks like an attack and is none: the strongest verdict that is right, and why no more is "
	     "said.");
	for (size_t i = 0; trap_at(i); i++) {
		const struct trap *t = trap_at(i);
		item(t->id);
		line(t->what);
		fputs(".br\nAt most ", stdout);
		text(t->verdict);
		fputs(": ", stdout);
		text(t->rule);
		fputs(".\n", stdout);
	}
}

int
document(const char *name)
{
	if (strcmp(name, "crosstap-detections.7") != 0) {
		log_say("--document: found \"%s\", expected crosstap-detections.7", name);
		return EXIT_USAGE;
	}
	puts(".\\\" Made by `crosstap --document crosstap-detections.7` from the program's tables: change "
	     "those.");
	puts(".TH CROSSTAP\\-DETECTIONS 7 \"\" \"crosstap\" \"Miscellaneous Information\"");
	section("NAME");
	puts("crosstap\\-detections \\- what crosstap claims, on which evidence");
	section("DESCRIPTION");
	line("An incident has a detection, facts seen on the wire, host events that agree or refute, and a "
	     "verdict.");
	line("Each name below is also explained by `crosstap --explain NAME`.");
	terms("VERDICTS", term_verdict_at);
	detections();
	facts();
	section("HOST EVENTS");
	line("Windows events and the packets that they are joined with; seconds are relative to the event.");
	for (size_t i = 0; join_at(i); i++)
		event(join_at(i));
	terms("REFUTATIONS", term_refutation_at);
	terms("VANTAGE", term_vantage_at);
	traps();
	section("BLIND SPOTS");
	line(term_blind_spots);
	section("SEE ALSO");
	puts(".BR crosstap (8)");
	return EXIT_OK;
}
