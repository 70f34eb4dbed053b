/* Messages for people, on standard error: one line each, never one a packet.  Who calls decides what is worth it. */
#ifndef CROSSTAP_LOG_H
#define CROSSTAP_LOG_H

#include <stdbool.h>

void log_verbose(bool on);
/* "crosstap: ..." */
void log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, only with -v. */
void log_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
