/* Which system calls a process keeps (seccomp, through libseccomp).  What is on no list gets EPERM: a new libc that tries
 * another call first must not kill the sensor.  What only somebody who has taken the process over would ask for kills it. */
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>

#include "bytes.h"
#include "log.h"
#include "sandbox.h"

/* The engine and the edge: memory, time, descriptors that are open. */
static const char *const both[] = {
	"brk",
	"mmap",
	"munmap",
	"mremap",
	"mprotect",
	"madvise",
	"membarrier",
	"futex",
	"rseq",
	"set_robust_list",
	"sched_yield",
	"restart_syscall",
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"nanosleep",
	"gettimeofday",
	"time",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigaltstack",
	"tgkill",
	"exit",
	"exit_group",
	"getpid",
	"gettid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getrandom",
	"getrlimit",
	"prlimit64",
	"getrusage",
	"uname",
	"sysinfo",
	"sched_getaffinity",
	"umask",
	"read",
	"readv",
	"pread64",
	"preadv",
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"lseek",
	"close",
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"dup",
	"fcntl",
	"ioctl",
	"pipe2",
	"eventfd2",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"shutdown",
	"getsockopt",
	"setsockopt",
	"getsockname",
	"getpeername",
	/* files: which ones is Landlock's matter */
	"open",
	"openat",
	"access",
	"faccessat",
	"faccessat2",
	"stat",
	"lstat",
	"fstat",
	"newfstatat",
	"statx",
	"fstatfs",
	"statfs",
	"readlink",
	"readlinkat",
	"getcwd",
	"getdents64",
	"unlink",
	"unlinkat",
};

/* Outputs: files, spools, evidence, the state. */
static const char *const engine[] = {
	"rename",    "renameat", "renameat2", "mkdir", "mkdirat",   "ftruncate", "fallocate", "fsync",
	"fdatasync", "flock",	 "fchmod",    "msync", "utimensat", "connect",	 "bind",
};

static const char *const edge[] = {
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"accept",
	"accept4",
	"bind",
	"connect",
	"listen",
	"chmod",
	"fchmodat",
	/* sinks may come to live here */
	"rename",
	"renameat",
	"renameat2",
	"mkdir",
	"mkdirat",
	"ftruncate",
	"fallocate",
	"fsync",
	"fdatasync",
	"flock",
	"fchmod",
	"msync",
	"utimensat",
};

/* Nobody's after the start. */
static const char *const never[] = {
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"kcmp",
	"pidfd_getfd",
	"mount",
	"umount2",
	"pivot_root",
	"chroot",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsmount",
	"setns",
	"unshare",
	"open_by_handle_at",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"reboot",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"add_key",
	"request_key",
	"keyctl",
	"iopl",
	"ioperm",
	"swapon",
	"swapoff",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
	"sethostname",
	"setdomainname",
	"acct",
	"quotactl",
	"syslog",
};

/* Nor these, of who starts nothing. */
static const char *const starts[] = { "execve", "execveat", "fork", "vfork", "clone", "clone3" };

/* For syslog, feeds and the control socket; netlink: the resolver asks which families there are (RFC 3493 6.1).  In the order of
 * the numbers of the families. */
static const struct {
	uint64_t family, type;
} sockets[] = {
	{ AF_UNIX, SOCK_STREAM }, { AF_UNIX, SOCK_DGRAM },   { AF_INET, SOCK_STREAM },
	{ AF_INET, SOCK_DGRAM },  { AF_INET6, SOCK_STREAM }, { AF_INET6, SOCK_DGRAM },
	{ AF_NETLINK, SOCK_RAW },
};
static const uint64_t raw[] = { AF_INET, AF_INET6 };

enum { LISTS = 2, TYPE_MASK = 0xf /* without SOCK_NONBLOCK and SOCK_CLOEXEC */ };
struct calls {
	const char *const *name;
	size_t n;
};
#define CALLS(v)                                                                                             \
	{                                                                                                    \
		v, NELEM(v)                                                                                  \
	}
static const struct {
	const char *who;
	bool inherited; /* by all that it starts: everything but `never` stays allowed */
	struct calls keeps[LISTS], dies[LISTS];
} roles[] = {
	[SANDBOX_FIRST] = { "first process", true, { { NULL, 0 } }, { CALLS(never) } },
	[SANDBOX_ENGINE] = { "engine",
			     false,
			     { CALLS(both), CALLS(engine) },
			     { CALLS(never), CALLS(starts) } },
	[SANDBOX_EDGE] = { "edge", false, { CALLS(both), CALLS(edge) }, { CALLS(never), CALLS(starts) } },
};

/* A call that this architecture does not have needs no rule. */
static bool
add(scmp_filter_ctx f, uint32_t action, const struct calls list[LISTS])
{
	for (size_t i = 0; i < LISTS; i++)
		for (size_t k = 0; k < list[i].n; k++) {
			int n = seccomp_syscall_resolve_name(list[i].name[k]);
			if (n >= 0 && seccomp_rule_add(f, action, n, 0) != 0)
				return false;
		}
	return true;
}

static bool
kill_family(scmp_filter_ctx f, int call, enum scmp_compare how, uint64_t family)
{
	return seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, call, 1, SCMP_A0(how, family, 0)) == 0;
}

static bool
of_type(scmp_filter_ctx f, uint32_t action, int call, uint64_t family, uint64_t type)
{
	return seccomp_rule_add(f, action, call, 2, SCMP_A0(SCMP_CMP_EQ, family, 0),
				SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_MASK, type)) == 0;
}

/* A family that nothing here needs, and a raw socket, kill. */
static bool
add_sockets(scmp_filter_ctx f)
{
	int call = seccomp_syscall_resolve_name("socket"), pair = seccomp_syscall_resolve_name("socketpair");
	uint64_t next = 0;
	bool ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, pair, 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)) == 0;
	for (size_t i = 0; i < NELEM(sockets); i++) {
		for (; next < sockets[i].family; next++)
			ok = ok && kill_family(f, call, SCMP_CMP_EQ, next);
		next = sockets[i].family + 1;
		ok = ok && of_type(f, SCMP_ACT_ALLOW, call, sockets[i].family, sockets[i].type);
	}
	for (size_t i = 0; i < NELEM(raw); i++)
		ok = ok && of_type(f, SCMP_ACT_KILL_PROCESS, call, raw[i], SOCK_RAW);
	return ok && kill_family(f, call, SCMP_CMP_GE, next);
}

bool
sandbox_calls(enum sandbox_role role)
{
	const char *who = roles[role].who;
	if (SANDBOX_SANITIZED) { /* its own threads and tracing would be killed */
		log_detail("%s: built with a sanitizer: system calls are not filtered", who);
		return true;
	}
	bool all = roles[role].inherited;
	scmp_filter_ctx f = seccomp_init(all ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
	int error = f == NULL ? -ENOMEM : 0;
	if (f && (!add(f, SCMP_ACT_ALLOW, roles[role].keeps) ||
		  !add(f, SCMP_ACT_KILL_PROCESS, roles[role].dies) || (!all && !add_sockets(f))))
		error = -EINVAL;
	if (error == 0)
		error = seccomp_load(f);
	if (f)
		seccomp_release(f);
	if (error == 0)
		return true;
	log_say("%s: system calls cannot be filtered: %s", who, strerror(-error));
	return false;
}
