#include "proc.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc.h"
#include "log.h"
#include "opts.h"

enum { NO_EXEC = 127, STEP_MS = 20 };

static void
become(int fd, pid_t parent, char *const argv[])
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || dup2(fd, ROLE_FD) != ROLE_FD)
		_exit(NO_EXEC);
	close_range(ROLE_FD + 1, ~0U, 0);
	execv("/proc/self/exe", argv);
	_exit(NO_EXEC);
}

bool
proc_start(struct proc *p, char *const argv[])
{
	int fd[2];
	pid_t parent = getpid();
	*p = (struct proc){ .fd = -1 };
	if (!ipc_pair(fd)) {
		log_say("%s: no socket for it: %s", argv[1], strerror(errno));
		return false;
	}
	pid_t pid = fork();
	if (pid == 0) {
		int end =
			fd[1] == ROLE_FD ? dup(fd[1]) : fd[1]; /* dup2 onto itself would keep close-on-exec */
		become(end, parent, argv);
	}
	close(fd[1]);
	if (pid < 0) {
		log_say("%s: cannot be started: %s", argv[1], strerror(errno));
		close(fd[0]);
		return false;
	}
	*p = (struct proc){ .pid = pid, .fd = fd[0] };
	return true;
}

bool
proc_ended(struct proc *p, int *status)
{
	if (p->pid == 0 || waitpid(p->pid, status, WNOHANG) != p->pid)
		return false;
	p->pid = 0;
	return true;
}

void
proc_signal(const struct proc *p, int sig)
{
	if (p->pid > 0)
		kill(p->pid, sig);
}

void
proc_hang_up(struct proc *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

void
proc_wait(struct proc *p, int ms)
{
	int status;
	for (; p->pid > 0 && !proc_ended(p, &status) && ms > 0; ms -= STEP_MS)
		poll(NULL, 0, STEP_MS);
	if (p->pid == 0)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, &status, 0);
	p->pid = 0;
}
