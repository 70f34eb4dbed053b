#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

enum { LOOK_EVERY = 4096, FIRST_MS = 2000, EVERY_MS = 250 };

static struct {
	bool on, shown;
	uint64_t total;
	unsigned calls;
	int64_t next_ms;
} state;

void
progress_start(bool wanted, uint64_t total)
{
	state.on = wanted && isatty(STDERR_FILENO);
	state.total = total;
	state.next_ms = clock_ms() + FIRST_MS;
}

bool
progress_due(void)
{
	if (!state.on || ++state.calls % LOOK_EVERY)
		return false;
	int64_t now = clock_ms();
	if (now < state.next_ms)
		return false;
	state.next_ms = now + EVERY_MS;
	return true;
}

void
progress_show(uint64_t bytes, uint64_t frames)
{
	state.shown = true;
	if (state.total)
		fprintf(stderr, "\r\033[K%3u %%  %" PRIu64 " frames",
			(unsigned)(bytes < state.total ? bytes * 100 / state.total : 100), frames);
	else
		fprintf(stderr, "\r\033[K%" PRIu64 " frames", frames);
	fflush(stderr);
}

void
progress_clear(void)
{
	if (!state.shown)
		return;
	state.shown = false;
	fputs("\r\033[K", stderr);
}
