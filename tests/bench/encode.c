/* Records formatted a second, for each format: a record like those of the lab's attacks (three victims, six facts with
 * packets, eight host events), on one core.
 * usage: bench_encode [SECONDS] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "alert.h"

enum { BATCH = 1000 };

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
