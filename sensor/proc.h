/* Processes that the program starts of itself: the same executable in another role, with a socket to it (ipc.h). */
#ifndef CROSSTAP_PROC_H
#define CROSSTAP_PROC_H

#include <stdbool.h>
#include <sys/types.h>

struct proc {
	pid_t pid; /* 0: none */
	int fd;	   /* our end, -1: none */
};

/* `argv` ends with NULL; the other end is the child's ROLE_FD (opts.h), standard streams are shared, all other descriptors
 * are closed.  False (told) where it cannot be started. */
bool proc_start(struct proc *, char *const argv[]);
/* Did it end?  Then *status is waitpid's, and pid is 0. */
bool proc_ended(struct proc *, int *status);
void proc_signal(const struct proc *, int sig);
/* Closes our end. */
void proc_hang_up(struct proc *);
/* Waits for its end, at most `ms`, then kills it. */
void proc_wait(struct proc *, int ms);

#endif
