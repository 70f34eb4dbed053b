#include "opinion.h"

#include <inttypes.h>
#include <string.h>

#include "log.h"

void
asking_init(struct asking *a, struct engine *e, const char *const *off, size_t noff)
{
	*a = (struct asking){ .engine = e };
	for (size_t i = 0; i < noff; i++)
		if (strcmp(off[i], "ndpi") == 0)
			a->tried = true;
}

void
asking_open(struct asking *a)
{
	if (a->tried)
		return;
	a->tried = true;
	a->reader = second_open(&(struct second_limits){ 0 });
}

void
asking_obs(void *arg, const struct obs *o)
{
	struct asking *a = arg;
	struct obs answer;

	evidence_obs(a->evidence, o);
	engine_obs(a->engine, o);
	if (o->kind != OBS_FRAME || !engine_asks(a->engine, o))
		return;
	asking_open(a);
	if (a->reader && second_packet(a->reader, o, &answer))
		engine_obs(a->engine, &answer);
}

void
asking_tell(const struct asking *a)
{
	struct second_counts n = { 0 };

	if (a->reader)
		n = second_counts(a->reader);
	log_detail("ndpi_calls %" PRIu64 ": packets of suspects that nDPI looked at (%s)", n.calls,
		   second_version());
	if (n.flows)
		log_detail("ndpi_flows %" PRIu64 ": flows that it was asked about", n.flows);
	if (n.refused)
		log_detail("ndpi_refused %" PRIu64 ": packets it did not get, its memory was used up",
			   n.refused);
}

void
asking_close(struct asking *a)
{
	if (a->reader)
		second_close(a->reader);
	a->reader = NULL;
}
