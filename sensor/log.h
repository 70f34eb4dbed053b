/* Messages for people, on standard error: one line each, never one a packet.  Who calls decides what is worth it. */
#ifndef CROSSTAP_LOG_H
#define CROSSTAP_LOG_H

#include <stdbool.h>
#include <stdint.h>

void log_verbose(bool on);
/* What runs for months: of each place in the program at most so many messages in `ms`; the rest is counted. */
enum { LOG_MOST = 20, LOG_WINDOW_MS = 60000 };
void log_limit(uint32_t messages, int64_t ms);
/* Now and then, and at the end: tells how many were left out, with the last of them. */
void log_settle(void);
/* "crosstap: ..." */
void log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, only with -v. */
void log_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
