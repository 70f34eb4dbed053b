/* Messages on standard error.  A line that a terminal's progress display stands on is cleared first. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#include "progress.h"

static bool verbose;

void
log_verbose(bool on)
{
	verbose = on;
}

static void
say(const char *format, va_list args)
{
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
