#include "survey.h"

bool
survey_at(struct engine *e, size_t i, struct survey *v)
{
	if (i >= e->nsegment)
		return false;
	const struct segment *s = e->segment_at[i];
	*v = (struct survey){ .seg = s->ix,
			      .iface = s->iface,
			      .nvlan = s->nvlan,
			      .segment = s->name,
			      .first = s->first,
			      .last = s->last };
	memcpy(v->vlan, s->vlan, sizeof(v->vlan));
	for (const struct host *h = table_next(&e->hosts, NULL); h; h = table_next(&e->hosts, h))
		v->stations += host_key_of(e, h).seg == s->ix;
	for (unsigned b = 0; b < VANTAGE_BITS; b++) {
		v->vantage[b].has = vantage_has(e, s, (enum vantage_bit)b);
		v->vantage[b].share = vantage_share(e, s, (enum vantage_bit)b, &v->vantage[b].samples);
	}
	return true;
}
