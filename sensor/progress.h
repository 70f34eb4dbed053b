/* How far a replay is, on a terminal's standard error, once it takes longer than two seconds.  Never in a file. */
#ifndef CROSSTAP_PROGRESS_H
#define CROSSTAP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* total: bytes of all inputs, 0 where it is not known (a pipe). */
void progress_start(bool wanted, uint64_t total);
/* Asked after each frame: is it time to show something?  Looks at the clock every few thousand calls. */
bool progress_due(void);
void progress_show(uint64_t bytes, uint64_t frames);
void progress_clear(void);

#endif
