/* The clocks, for live capture, reconnects and progress.  Nothing that is printed in a replay comes from here. */
#ifndef CROSSTAP_CLOCK_H
#define CROSSTAP_CLOCK_H

#include "time.h"

int64_t clock_ms(void); /* monotonic */
ts_t clock_wall(void);

#endif
