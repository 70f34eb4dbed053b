/* What a process that gave up system calls still can do, what it is refused, and what kills it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "sandbox.h"

enum { DONE = 0, REFUSED = 1, OTHER = 2, NO_FILTER = 3, KILLED = 4 };

/* All go through syscall(2): a C library's wrapper may choose another call. */
struct attempt {
	const char *what;
	long number, a, b, c;
	int wanted[3]; /* of the first process, the engine, the edge */
};

/* Addresses and descriptors that are no good: the kernel answers EFAULT or EBADF, which means that the call went through. */
static const struct attempt attempts[] = {
	{ "read", SYS_read, -1, 0, 0, { DONE, DONE, DONE } },
	{ "a file", SYS_openat, AT_FDCWD, 0, O_RDONLY, { DONE, DONE, DONE } },
	{ "rename", SYS_renameat, AT_FDCWD, 0, AT_FDCWD, { DONE, DONE, DONE } },
	{ "a TCP socket", SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, { DONE, DONE, DONE } },
	{ "a UDP socket", SYS_socket, AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0, { DONE, DONE, DONE } },
	{ "a unix socket", SYS_socket, AF_UNIX, SOCK_STREAM, 0, { DONE, DONE, DONE } },
	{ "a packet socket", SYS_socket, AF_PACKET, SOCK_RAW, 0, { DONE, KILLED, KILLED } },
	{ "a packet socket without heads", SYS_socket, AF_PACKET, SOCK_DGRAM, 0, { DONE, KILLED, KILLED } },
	{ "a raw socket", SYS_socket, AF_INET, SOCK_RAW, 1, { DONE, KILLED, KILLED } },
	{ "a raw socket of IPv6",
	  SYS_socket,
	  AF_INET6,
	  SOCK_RAW | SOCK_CLOEXEC,
	  58,
	  { DONE, KILLED, KILLED } },
	{ "a Bluetooth socket", SYS_socket, 31, SOCK_RAW, 0, { DONE, KILLED, KILLED } },
	{ "a socket of a family to come", SYS_socket, 1000, SOCK_STREAM, 0, { DONE, KILLED, KILLED } },
	{ "a unix socket of another type",
	  SYS_socket,
	  AF_UNIX,
	  SOCK_SEQPACKET,
	  0,
	  { DONE, REFUSED, REFUSED } },
	{ "listen", SYS_listen, -1, 1, 0, { DONE, REFUSED, DONE } },
	{ "accept4", SYS_accept4, -1, 0, 0, { DONE, REFUSED, DONE } },
	{ "flock", SYS_flock, -1, 0, 0, { DONE, DONE, DONE } },
	{ "setuid", SYS_setuid, -1, 0, 0, { DONE, REFUSED, REFUSED } },
	{ "kill", SYS_kill, 0x7fffffff, 0, 0, { DONE, REFUSED, REFUSED } },
	{ "a call that does not exist", 4000, 0, 0, 0, { DONE, REFUSED, REFUSED } },
	{ "execve", SYS_execve, 0, 0, 0, { DONE, KILLED, KILLED } },
	{ "execveat", SYS_execveat, -1, 0, 0, { DONE, KILLED, KILLED } },
	{ "fork", SYS_clone, SIGCHLD, 0, 0, { DONE, KILLED, KILLED } },
	{ "ptrace", SYS_ptrace, 0, 0, 0, { KILLED, KILLED, KILLED } },
	{ "another's memory", SYS_process_vm_readv, 0, 0, 0, { KILLED, KILLED, KILLED } },
	{ "bpf", SYS_bpf, -1, 0, 0, { KILLED, KILLED, KILLED } },
	{ "mount", SYS_mount, 0, 0, 0, { KILLED, KILLED, KILLED } },
	{ "a namespace", SYS_unshare, 0, 0, 0, { KILLED, KILLED, KILLED } },
	{ "a kernel module", SYS_finit_module, -1, 0, 0, { KILLED, KILLED, KILLED } },
	{ "settimeofday", SYS_settimeofday, 0, 0, 0, { KILLED, KILLED, KILLED } },
};

static int
outcome(enum sandbox_role role, const struct attempt *a)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (!sandbox_calls(role))
			_exit(NO_FILTER);
		errno = 0;
		long got = syscall(a->number, a->a, a->b, a->c, 0, 0);
		if (got == 0 && a->number == SYS_clone)
			_exit(DONE);
		_exit(got < 0 && errno == EPERM ? REFUSED : DONE);
	}
	if (waitpid(pid, &status, 0) != pid)
		return OTHER;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : OTHER;
	return WEXITSTATUS(status);
}

static void
calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(attempts); i++)
		for (int role = SANDBOX_FIRST; role <= SANDBOX_EDGE; role++) {
			const struct attempt *a = &attempts[i];
			int got = outcome((enum sandbox_role)role, a);
			/* without the right to, these are refused without a filter too */
			bool may = geteuid() == 0 || a->wanted[role] != DONE;
			if (got != a->wanted[role] && may)
				fail_msg("%s, role %d: %d, wanted %d", a->what, role, got, a->wanted[role]);
		}
}

int
main(void)
{
	if (SANDBOX_SANITIZED) {
		print_message("skipped, a build with a sanitizer filters no calls\n");
		return 0;
	}
	const struct CMUnitTest tests[] = { cmocka_unit_test(calls) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
