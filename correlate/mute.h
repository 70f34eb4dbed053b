/* What an administrator does not want to hear of for a while, and why.  A muted incident is judged and counted like any other;
 * of its records one is told, which says that it is muted, and none is an alert.  It speaks again when the time has passed
 * (of packets, not of a clock) and when its verdict rises above the one that the mute covers; then it is heard to its end.  It
 * outlives a restart in the snapshot. */
#ifndef CROSSTAP_MUTE_H
#define CROSSTAP_MUTE_H

#include "engine.h"

enum { MUTES_MAX = 256, MUTE_SEGMENT = 64, MUTE_REASON = 160, MUTE_DETECTION = 48 };

struct mute {
	/* all that are given must agree */
	bool	   any_detection;
	uint8_t	   family;		  /* enum family */
	uint16_t   rule;		  /* of site-rule: 1 + which, 0 every */
	bool	   has_mac; struct mac mac; /* of the actor */
	char	   segment[MUTE_SEGMENT]; /* pattern, `*` for any text; empty: every segment */
	uint8_t	   verdict;		  /* the highest that it covers */
	ts_t	   until;
	char	   reason[MUTE_REASON];
	bool	   configured;		  /* stands in the configuration: ends when it stands there no more */
	/* given by mute_detection() and mute_add() */
	char	   detection[MUTE_DETECTION]; /* its name */
	uint32_t   serial;
	bool	   fresh;		  /* since the last mutes_given() */
};

/* The detection by its name, or one site rule by its id; false where it is neither. */
bool mute_detection(struct mute *, const struct site_rule *, size_t nrule, struct bytes name);
/* Holds from now on.  One that holds already is the same one still: what outgrew it stays told.  One whose time has passed makes
 * room; false where MUTES_MAX hold. */
bool mute_add(struct engine *, const struct mute *);
/* The configuration's mutes have all been added: those of an earlier one that are none of them end. */
void mutes_given(struct engine *);
/* Those that hold, in no order; NULL past the end. */
const struct mute *mute_at(struct engine *, size_t i);

#endif
