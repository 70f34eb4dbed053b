/* One incident, for the tests of encoders. */
#ifndef CROSSTAP_TEST_RECORD_H
#define CROSSTAP_TEST_RECORD_H

#include "encode.h"

static inline struct incident
record_of(const struct detection *detection, const char *title)
{
	struct incident r;

	memset(&r, 0, sizeof(r));
	r.timestamp = r.first = r.last = INT64_C(1795214467412000000); /* 2026-11-20T22:41:07.412Z */
	r.id = 0xab;
	r.rev = 2;
	r.state = INC_UPDATE;
	r.alert = true;
	r.detection = detection;
	r.attack = "T1557.001 T1557.003";
	r.title = title;
	r.verdict = V_CONFIRMED;
	r.grade = E4;
	r.severity = SEV_HIGH;
	r.confidence = 95;
	r.segment = "eth1/0";
	r.has_actor_mac = true;
	r.actor_mac = (struct mac){ { 0, 0x0c, 0x29, 0x47, 0xa1, 0xa6 } };
	r.actor_ip[0] = addr4(10, 16, 40, 66);
	r.nactor_ip = 1;
	r.nvictim = r.victims_total = 1;
	memcpy(r.victim[0].name, "WS-1", 5);
	r.explain = "why";
	r.next = "step";
	return r;
}

#endif
