/* Messages on standard error.  A line that a terminal's progress display stands on is cleared first. */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "progress.h"

enum { SITES = 256, TEXT_MAX = 512 };

/* A place in the program that says something, known by its format. */
struct site {
	const char *format;
	int64_t since; /* clock_ms, of its first message in this window */
	uint32_t said;
	uint64_t left_out;
	char last[TEXT_MAX]; /* of those that were left out */
};

static bool verbose;
static struct site sites[SITES];
static size_t nsite;
static uint32_t most; /* 0: no limit */
static int64_t window;

void
log_verbose(bool on)
{
	verbose = on;
}

void
log_limit(uint32_t messages, int64_t ms)
{
	most = messages;
	window = ms;
}

static void
tell_left_out(struct site *s, int64_t now)
{
	if (s->left_out)
		fprintf(stderr, "crosstap: %s (and %" PRIu64 " more like this in %" PRId64 " s)\n", s->last,
			s->left_out - 1, (now - s->since + 999) / 1000);
	s->left_out = 0;
	s->said = 0;
	s->since = now;
}

void
log_settle(void)
{
	int64_t now = clock_ms();
	for (size_t i = 0; i < nsite; i++)
		if (sites[i].left_out && now - sites[i].since >= window)
			tell_left_out(&sites[i], now);
}

/* The place of the format, NULL: no limit, or more places than there is room for. */
static struct site *
site_of(const char *format)
{
	size_t i = 0;
	while (most && i < nsite && sites[i].format != format)
		i++;
	if (most == 0 || i == SITES)
		return NULL;
	if (i == nsite)
		sites[nsite++] = (struct site){ .format = format };
	return &sites[i];
}

static bool
too_many(struct site *s)
{
	int64_t now = clock_ms();
	if (s->said == 0 || now - s->since >= window)
		tell_left_out(s, now);
	return s->said++ >= most;
}

static void
say(const char *format, va_list args)
{
	struct site *s = site_of(format);
	if (s && too_many(s)) {
		vsnprintf(s->last, sizeof(s->last), format, args);
		s->left_out++;
		return;
	}
	progress_clear();
	fputs("crosstap: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void
log_say(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(format, args);
	va_end(args);
}

void
log_detail(const char *format, ...)
{
	if (!verbose)
		return;
	va_list args;
	va_start(args, format);
	say(format, args);
	va_end(args);
}
