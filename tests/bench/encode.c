/* Records formatted a second, for each format: a record like those of the lab's attacks (three victims, six facts with
 * packets, eight host events), on one core.
 * usage: bench_encode [SECONDS] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "encode.h"

enum { BATCH = 1000 };

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

static void
encode(struct out *o, const struct encode_env *env, int format)
{
	switch (format) {
	case 0: encode_eve(o, env, &r); break;
	case 1: encode_cef(o, env, &r); break;
	case 2: encode_ocsf(o, env, &r); break;
	case 3: encode_rfc5424(o, env, &r, MESSAGE_EVE); break;
	default: encode_rfc5424(o, env, &r, MESSAGE_TITLE_BRIEF); break;
	}
}

/* CPU seconds of this process. */
static double
now(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

int
main(int argc, char **argv)
{
	static const char *const names[] = { "eve", "cef", "ocsf", "rfc5424+eve", "rfc5424 short" };
	const struct encode_env env = {
		.sensor = "s1", .sd_id = "incident@32473", .iface = ifaces, .niface = 1, .procid = 812
	};
	static char line[SYSLOG_LONG_MAX];
	fill();
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	printf("%-14s %10s %12s\n", "format", "bytes", "records/s");
	for (int format = 0; format < (int)NELEM(names); format++) {
		double start = now(), end;
		unsigned long n = 0;
		size_t bytes = 0;
		do {
			for (int i = 0; i < BATCH; i++, n++) {
				struct out o = out_init(line, sizeof(line));
				r.rev = (uint32_t)n;
				encode(&o, &env, format);
				if (!out_ok(&o))
					return 1;
				bytes = o.n;
			}
			end = now();
		} while (end - start < seconds);
		printf("%-14s %10zu %12.0f\n", names[format], bytes, (double)n / (end - start));
	}
	return 0;
}
