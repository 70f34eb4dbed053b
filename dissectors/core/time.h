/* Time is data: nanoseconds since 1970-01-01 UTC, from a packet or an event, never from a clock. */
#ifndef CROSSTAP_TIME_H
#define CROSSTAP_TIME_H

#include <stdint.h>

typedef int64_t ts_t;

#define TS_NONE INT64_MIN
#define TS_US	((ts_t)1000)
#define TS_MS	((ts_t)1000000)
#define TS_SEC	((ts_t)1000000000)
#define TS_MIN	(60 * TS_SEC)
#define TS_HOUR (3600 * TS_SEC)
#define TS_DAY	(86400 * TS_SEC)

/* a - b for times that a file may lie about: saturates. */
static inline ts_t
ts_sub(ts_t a, ts_t b)
{
	if (b < 0)
		return a > INT64_MAX + b ? INT64_MAX : a - b;
	return a < INT64_MIN + b ? INT64_MIN : a - b;
}

/* Days since 1970 of a proleptic Gregorian date; month 1..12, day 1..31. */
static inline int64_t
ts_days(int64_t y, unsigned m, unsigned d)
{
	y -= m <= 2;
	int64_t	 era = (y >= 0 ? y : y - 399) / 400;
	uint64_t yoe = (uint64_t)(y - era * 400);
	uint64_t doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;
	uint64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + (int64_t)doe - 719468;
}

#endif
