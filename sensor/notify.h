/* What systemd is told (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET names. */
#ifndef CROSSTAP_NOTIFY_H
#define CROSSTAP_NOTIFY_H

/* Opens the socket; without NOTIFY_SOCKET, or without effect, nothing is told.  Before the sandbox. */
void notify_open(void);
/* Assignments, one a line, as "READY=1\nSTATUS=..." */
void notify_say(const char *assignments);

#endif
