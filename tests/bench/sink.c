/* Alerts formatted and sent a second, through the sink that a live sensor uses, on one core.
 * usage: bench_sink TRANSPORT FORMAT HOST PORT RATE SECONDS [SPOOL]
 *   TRANSPORT udp or tcp, FORMAT json or cef (over UDP: the short forms), RATE alerts a second, 0: as fast as it goes,
 *   PORT 0: a process of its own on loopback takes everything and looks at nothing, SPOOL: a file of 64 MiB
 * prints: alerts, bytes of one, seconds, alerts a second, the same in a second of CPU of this process, lines lost by it */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alert.h"
#include "clock.h"
#include "sink.h"

enum { BATCH = 64, BUFFER = 1 << 20 };

static double
cpu(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* A receiver that reads and forgets; its port. */
static uint16_t
null_receiver(bool udp, pid_t *child)
{
	static char ignored[BUFFER];
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0 || (!udp && listen(fd, 1) != 0) ||
	    (*child = fork()) < 0)
		exit(2);
	if (*child == 0) {
		int from = udp ? fd : accept(fd, NULL, NULL);
		while (from >= 0 && recv(from, ignored, sizeof(ignored), 0) > 0)
			;
		_exit(0);
	}
	close(fd);
	return ntohs(a.sin_port);
}

/* Waits while more was sent than the rate allows. */
static void
pace(double rate, unsigned long sent, int64_t start)
{
	while (rate > 0 && (double)sent > rate * (double)(clock_ms() - start) / 1000)
		poll(NULL, 0, 1);
}

static size_t
one(struct sinks *s, enum line_format format, const struct encode_env *env)
{
	static char line[SYSLOG_LONG_MAX];
	struct out o = out_init(line, sizeof(line));
	enum syslog_message m = format == LINE_SYSLOG	      ? MESSAGE_EVE
				: format == LINE_SYSLOG_SHORT ? MESSAGE_TITLE_BRIEF
				: format == LINE_SYSLOG_CEF   ? MESSAGE_CEF
							      : MESSAGE_CEF_BRIEF;
	r.rev++;
	encode_rfc5424(&o, env, &r, m);
	sinks_line(s, format, out_bytes(&o));
	return o.n;
}

int
main(int argc, char **argv)
{
	if (argc < 7)
		return 2;
	const struct encode_env env = {
		.sensor = "s1", .sd_id = "incident@32473", .iface = ifaces, .niface = 1, .procid = 812
	};
	bool udp = strcmp(argv[1], "udp") == 0, cef = strcmp(argv[2], "cef") == 0;
	enum line_format format = udp ? (cef ? LINE_SYSLOG_CEF_SHORT : LINE_SYSLOG_SHORT)
				      : (cef ? LINE_SYSLOG_CEF : LINE_SYSLOG);
	pid_t child = 0;
	uint32_t port = (uint32_t)atoi(argv[4]);
	double rate = atof(argv[5]), seconds = atof(argv[6]);
	struct conf_output to = { .type = OUT_SYSLOG,
				  .transport = udp ? TRANSPORT_UDP : TRANSPORT_TCP,
				  .format = cef ? FORMAT_CEF : FORMAT_JSON,
				  .host = bytes_str(argv[3]),
				  .port = port ? port : null_receiver(udp, &child),
				  .spool = bytes_str(argc > 7 ? argv[7] : NULL),
				  .spool_mib = 64 };
	struct conf conf = { .output = &to, .noutput = 1 };
	/* as fast as it goes: as in a replay, which waits for a receiver that is there */
	struct sinks *sinks = sinks_open(&conf, NULL, rate > 0);
	if (sinks == NULL)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	fill();
	for (int i = 0; i < 10; i++, poll(NULL, 0, 10)) /* connects */
		sinks_work(sinks);
	size_t bytes = 0;
	unsigned long sent = 0;
	double used = cpu();
	int64_t start = clock_ms(), end;
	do {
		for (int i = 0; i < BATCH; i++, sent++)
			bytes = one(sinks, format, &env);
		sinks_work(sinks);
		pace(rate, sent, start);
		end = clock_ms();
	} while ((double)(end - start) < seconds * 1000);
	bool all = sinks_close(sinks);
	used = cpu() - used;
	printf("%lu alerts of %zu bytes in %.2f s: %.0f a second, %.0f in a second of CPU, %s\n", sent, bytes,
	       (double)(end - start) / 1000, (double)sent * 1000 / (double)(end - start), (double)sent / used,
	       all ? "none lost here" : "LOST here");
	if (child) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return !all;
}
