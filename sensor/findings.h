/* What stands at the end: the last record of each incident, for --fail-on and the summary.  Bounded. */
#ifndef CROSSTAP_FINDINGS_H
#define CROSSTAP_FINDINGS_H

#include "incident.h"

enum {
	FINDINGS_MAX = 4096,
	FINDING_TITLE = 256,
	FINDING_SEGMENT = 80,
	FINDING_NAMES = 4,
	FINDING_FACTS = 6,
	FINDING_EVENTS = 6
};

struct finding {
	uint64_t id;
	enum verdict verdict;
	enum grade grade;
	enum severity severity;
	uint8_t confidence;
	ts_t first, last;
	char title[FINDING_TITLE], segment[FINDING_SEGMENT];
	char victim[FINDING_NAMES][INC_NAME_MAX];
	uint32_t nvictim, victims_total;
	struct {
		const char *id;
		uint32_t count;
	} fact[FINDING_FACTS];
	uint32_t nfact, facts_total;
	uint32_t event[FINDING_EVENTS]; /* ids that differ, of events that agree */
	uint32_t nevent, agree;		/* agree: of the events listed, context left out */
	bool more_events;
	const char *refuted_by;
	bool muted;
};

struct findings;
struct findings *findings_new(void);
void findings_free(struct findings *);
void findings_note(struct findings *, const struct incident *);
/* In the order of severity, then verdict, then first time. */
size_t findings_sort(struct findings *);
const struct finding *findings_at(const struct findings *, size_t i);
/* Incidents beyond FINDINGS_MAX: only counted, and remembered by the highest verdict. */
uint64_t findings_beyond(const struct findings *);
bool findings_stand(const struct findings *, enum verdict at_least);

#endif
