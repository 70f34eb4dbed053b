/* A short table that a person likes to read: what, how bad, how sure, to whom, why. */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "out.h"

enum { SHOWN_MAX = 20, QUIET_SHOWN_MAX = 5, STAMP = 32 };

static const struct {
	const char *word, *colour;
} severities[SEVERITIES] = {
	[SEV_INFO] = { "INFO", "" },
	[SEV_LOW] = { "LOW", "" },
	[SEV_MEDIUM] = { "MEDIUM", "\033[33m" },
	[SEV_HIGH] = { "HIGH", "\033[31m" },
	[SEV_CRITICAL] = { "CRITICAL", "\033[1;31m" },
};

static bool
colours(void)
{
	const char *no = getenv("NO_COLOR");
	return isatty(STDERR_FILENO) && (no == NULL || *no == 0);
}

/* Text of hosts and packets is shown without what a terminal would obey. */
static void
safe(const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, stderr);
}

static void
stamp(char *to, ts_t ts)
{
	struct out o = out_init(to, STAMP - 1);
	out_ts(&o, ts, 0);
	to[o.n] = 0;
}

static void
head(const struct summary *s)
{
	char first[STAMP], last[STAMP];
	fprintf(stderr, "\n%" PRIu64 " frame%s, %" PRIu64 " host event%s", s->frames,
		s->frames == 1 ? "" : "s", s->events, s->events == 1 ? "" : "s");
	if (s->first != TS_NONE) {
		stamp(first, s->first);
		stamp(last, s->last);
		fprintf(stderr, ", %s to %s", first, last);
	}
	fputc('\n', stderr);
	if (s->unread)
		fprintf(stderr, "%" PRIu64 " frames of link types that nobody reads\n", s->unread);
	if (s->refused)
		fprintf(stderr, "%" PRIu64 " host event documents could not be read\n", s->refused);
}

static void
why(const struct finding *f)
{
	fprintf(stderr, "%11s", "");
	for (uint32_t i = 0; i < f->nfact; i++) {
		fprintf(stderr, "%s%s", i ? ", " : "on the wire ", f->fact[i].id);
		if (f->fact[i].count > 1)
			fprintf(stderr, " x%" PRIu32, f->fact[i].count);
	}
	if (f->facts_total > f->nfact)
		fprintf(stderr, " and %" PRIu32 " more", f->facts_total - f->nfact);
	if (f->nfact == 0)
		fputs("nothing on the wire", stderr);
	if (f->agree)
		fprintf(stderr, "; %" PRIu32 "%s host event%s agree%s ", f->agree,
			f->more_events ? " or more" : "", f->agree == 1 ? "" : "s",
			f->agree == 1 ? "s:" : ":");
	for (uint32_t i = 0; i < f->nevent; i++)
		fprintf(stderr, "%s%" PRIu32, i ? ", " : "", f->event[i]);
	if (f->refuted_by)
		fprintf(stderr, "; refuted by %s", f->refuted_by);
	fputc('\n', stderr);
}

static void
raised(const struct finding *f, bool colour)
{
	fprintf(stderr, "\n  %s%-8s%s ", colour ? severities[f->severity].colour : "",
		severities[f->severity].word, colour ? "\033[0m" : "");
	safe(f->title);
	fprintf(stderr, "\n%11son %s, grade E%d, confidence %u", "", f->segment, (int)f->grade,
		f->confidence);
	for (uint32_t i = 0; i < f->nvictim; i++) {
		fputs(i ? ", " : "; victims ", stderr);
		safe(f->victim[i]);
	}
	if (f->victims_total > f->nvictim)
		fprintf(stderr, " and %" PRIu32 " more", f->victims_total - f->nvictim);
	fputc('\n', stderr);
	why(f);
}

static void
counts(const uint64_t *by)
{
	bool any = false;
	for (int v = VERDICTS - 1; v >= 0; v--) {
		if (by[v] == 0)
			continue;
		fprintf(stderr, "%s%" PRIu64 " %s", any ? ", " : "\n", by[v], verdict_name((enum verdict)v));
		any = true;
	}
	fputs(any ? "\n" : "\nNothing found.\n", stderr);
}

void
summary_print(const struct summary *s, struct findings *all)
{
	uint64_t by[VERDICTS] = { 0 }, shown = 0, quiet = 0, muted = 0;
	size_t n = findings_sort(all);
	bool colour = colours();
	head(s);
	for (size_t i = 0; i < n; i++) {
		const struct finding *f = findings_at(all, i);
		muted += f->muted;
		if (f->muted)
			continue;
		by[f->verdict]++;
		if (f->verdict >= V_SUSPECTED && shown++ < SHOWN_MAX)
			raised(f, colour);
	}
	if (shown > SHOWN_MAX)
		fprintf(stderr, "\n  and %" PRIu64 " more\n", shown - SHOWN_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct finding *f = findings_at(all, i);
		if (f->muted || f->verdict >= V_SUSPECTED || quiet++ >= QUIET_SHOWN_MAX)
			continue;
		fputs(quiet == 1 ? "\n  not raised:\n    " : "    ", stderr);
		safe(f->title);
		fputc('\n', stderr);
	}
	if (quiet > QUIET_SHOWN_MAX)
		fprintf(stderr, "    and %" PRIu64 " more\n", quiet - QUIET_SHOWN_MAX);
	if (findings_beyond(all))
		fprintf(stderr, "\n  %" PRIu64 " more incidents are in the output only\n",
			findings_beyond(all));
	counts(by);
	if (muted)
		fprintf(stderr, "%" PRIu64 " muted: see `mutes:` of the configuration\n", muted);
	if (s->damaged)
		fputs("Some input was damaged or of no known format: see the messages above.\n", stderr);
}
