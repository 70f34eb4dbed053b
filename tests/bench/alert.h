/* The record that encoders and sinks are measured with, like those of the lab's attacks: three victims, six facts with packets,
 * eight host events. */
#ifndef CROSSTAP_BENCH_ALERT_H
#define CROSSTAP_BENCH_ALERT_H

#include <stdio.h>

#include "encode.h"

static const struct detection detection = { .id = "mitm6",
					    .signature_id = 9100001,
					    .signature = "IPv6 DNS takeover",
					    .category = "Adversary-in-the-Middle" };
static const char *const ifaces[] = { "eth1" };
static struct incident r;

static void
fill(void)
{
	static const char *const facts[] = { "D6-ROGUE", "D6-ADDR",  "D6-DNS",
					     "DNS-USE",	 "DNS-NAME", "AUTH-LURE" };
	r = (struct incident){
		.timestamp = INT64_C(1795214467412000000),
		.first = INT64_C(1795214467412000000),
		.last = INT64_C(1795214467412000000),
		.id = 0xab,
		.rev = 2,
		.alert = true,
		.detection = &detection,
		.title = "IPv6 DNS takeover by 00:0c:29:47:a1:a6: confirmed, 3 victims",
		.attack = "T1557.001 T1557.003",
		.verdict = V_CONFIRMED,
		.grade = E5,
		.severity = SEV_CRITICAL,
		.confidence = 97,
		.segment = "eth1/12",
		.has_actor_mac = true,
		.nactor_ip = 2,
		.nvictim = 3,
		.victims_total = 3,
		.nfact = 6,
		.facts_total = 6,
		.nevent = 8,
		.events_total = 8,
		.explain =
			"A station answers DHCPv6 clients without authority. Windows prefers IPv6 and asks "
			"for it at every boot, so the answer also names the resolver that the host will use.",
		.next = "Find the port of the MAC address.\nAsk who did it."
	};
	r.actor_ip[0] = r.actor_ip[1] = addr4(10, 16, 40, 66);
	for (size_t i = 0; i < r.nvictim; i++) {
		r.victim[i].has_mac = true;
		r.victim[i].nip = 2;
		r.victim[i].ip[0] = r.victim[i].ip[1] = addr4(10, 16, 40, 52);
		snprintf(r.victim[i].name, sizeof(r.victim[i].name), "WS-ACC-%zu", i);
	}
	for (size_t i = 0; i < r.nfact; i++) {
		r.fact[i].id = facts[i];
		r.fact[i].count = 3;
		r.fact[i].first = r.fact[i].last = r.first;
		r.fact[i].nref = 3;
		r.fact[i].ref[2].frame = 412;
	}
	for (size_t i = 0; i < r.nevent; i++) {
		snprintf(r.event[i].computer, sizeof(r.event[i].computer), "WS-ACC-%zu.corp.lab", i);
		r.event[i].provider = "Microsoft-Windows-DHCPv6-Client";
		r.event[i].event_id = 51007;
		r.event[i].time = r.first;
	}
}

#endif
