/* Words that the program uses and must be able to explain: verdicts, vantage, refutations, traps.  For --explain and the
 * documents; nothing decides by them. */
#ifndef CROSSTAP_TERMS_H
#define CROSSTAP_TERMS_H

#include <stddef.h>

struct term {
	const char *id, *text;
};
/* What looks like an attack and is none (DETECTIONS.md 11); tests/scenario/traps.py has a case of each id. */
struct trap {
	const char *id, *what, *verdict, *rule; /* verdict: the strongest that is right, "none" for nothing told */
};

const struct term *term_verdict_at(size_t i);	 /* in the order of enum verdict; NULL past the end */
const struct term *term_vantage_at(size_t i);	 /* in the order of enum vantage_bit */
const struct term *term_refutation_at(size_t i); /* in the order of enum refute_rule from R_ISATAP on */
const struct trap *trap_at(size_t i);
extern const char term_blind_spots[];

#endif
