/* Facts to verdicts: the only place that does (DETECTIONS.md 16). */
#ifndef CROSSTAP_VERDICT_H
#define CROSSTAP_VERDICT_H

#include "hypothesis.h"

struct judged {
	uint8_t	    verdict, grade, severity, confidence;
	const char *refuted_by[4];
	uint8_t	    nrefuted;
};

void verdict_of(struct engine *, const struct hyp *, struct judged *);
/* What was asked about it and answered (view.h): the same questions as verdict_of()'s. */
struct view_reason;
size_t verdict_reasons(struct engine *, const struct hyp *, struct view_reason *, size_t max);
/* Does an event count as H for this hypothesis? */
bool event_counts(const struct hyp *, const struct hyp_event *);

/* chains.c: builds or renews the chains that a changed hypothesis may belong to, and lifts the members of a confirmed one. */
void chains_update(struct engine *, struct hyp *);

/* incident.c: tells what changed (`ts`: of the packet or event that changed it). */
void incident_update(struct engine *, struct hyp *, const struct judged *, ts_t ts);
void incident_close(struct engine *, struct hyp *, const struct judged *, ts_t ts);
/* Its record as it would be told now; nothing is told and no revision made. */
const struct incident *incident_look(struct engine *, const struct hyp *, const struct judged *);

#endif
