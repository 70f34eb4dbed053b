/* What was seen of each segment, for who sets a sensor up: how many stations, and what of the tap's view is measured. */
#ifndef CROSSTAP_SURVEY_H
#define CROSSTAP_SURVEY_H

#include "engine.h"
#include "vantage.h"

struct survey {
	uint16_t    seg, iface, vlan[4];
	uint8_t	    nvlan;
	const char *segment; /* its name; lives as long as the engine */
	ts_t	    first, last;
	uint32_t    stations; /* MAC addresses that sent something */
	struct {
		bool	 has;
		unsigned share;	  /* percent seen */
		uint32_t samples; /* of the last hour before the clock of the engine */
	} vantage[VANTAGE_BITS];
};

/* The i-th segment in the order of its first packet; false past the end. */
bool survey_at(struct engine *, size_t i, struct survey *);

#endif
