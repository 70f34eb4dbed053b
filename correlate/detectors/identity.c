/* identity_conflict: two live stations claim one name within one grade (DETECTIONS.md 9). */
#include "hypothesis.h"
#include "identity.h"

static void
conflict_detect(struct engine *e, const struct obs *o)
{
	struct id_conflict c = identity_conflict(e);

	(void)o;
	if (c.now)
		fact_raise(e, &(struct fact){ .id = F_ID_CONFLICT,
					      .family = FAM_ND_SPOOF,
					      .grade = E0,
					      .flags = FF_OPENS | FF_NO_VICTIM,
					      .actor = { .has_mac = true, .mac = c.newcomer },
					      .has_victim = true,
					      .victim = c.owner,
					      .name = c.name });
}

const struct detector detectors_identity[] = {
	{ .id = "identity_conflict",
	  .fact = F_ID_CONFLICT,
	  .family = FAM_ND_SPOOF,
	  .grade = E0,
	  .flags = FF_OPENS,
	  .about = ABOUT_NAME,
	  .attack = "T1557",
	  .on = ON(OBS_DHCP4) | ON(OBS_DHCP6) | ON(OBS_NBNS) | ON(OBS_AUTH) | ON(OBS_DNS) | ON(OBS_TLS),
	  .detect = conflict_detect,
	  .explain = "Two stations that are both there call themselves by one name, with claims that are "
		     "about as good. "
		     "Events of that computer join nothing while it lasts. Cloned images, a laptop with two "
		     "adapters in use and replaced hardware do that; so does who wants to be taken for "
		     "another. Compare the MAC addresses with the inventory." },
	{ 0 },
};
