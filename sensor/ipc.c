/* Messages between processes: a head and its bytes in one SEQPACKET record. */
#include "ipc.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	QUEUE_BYTES = 2 * 1024 * 1024
}; /* asked for; the system's limit may give less, still more than one message */

/* One descriptor, aligned as the kernel wants it. */
union passing {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

bool
ipc_pair(int fd[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		int want = QUEUE_BYTES, have = 0;
		socklen_t n = sizeof(have);
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &want, sizeof(want));
		if (getsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &have, &n) == 0 && have > IPC_DATA_MAX)
			continue;
		close(fd[0]);
		close(fd[1]);
		errno = ENOBUFS;
		return false;
	}
	return true;
}

bool
ipc_send_fd(int fd, enum ipc_kind kind, uint32_t arg, struct bytes data, int passed)
{
	struct ipc_head head = { .kind = (uint16_t)kind, .arg = arg };
	struct iovec part[2] = { { &head, sizeof(head) }, { (void *)(uintptr_t)data.p, data.n } };
	struct msghdr m = { .msg_iov = part, .msg_iovlen = data.n ? 2 : 1 };
	union passing along = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS } };
	ssize_t n;
	if (data.n > IPC_DATA_MAX) {
		errno = EMSGSIZE;
		return false;
	}
	if (passed >= 0) {
		memcpy(CMSG_DATA(&along.head), &passed, sizeof(passed));
		m.msg_control = &along;
		m.msg_controllen = sizeof(along);
	}
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

bool
ipc_send(int fd, enum ipc_kind kind, uint32_t arg, struct bytes data)
{
	return ipc_send_fd(fd, kind, arg, data, -1);
}

static int
passed_with(struct msghdr *m)
{
	int fd = -1;
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

bool
ipc_take_fd(int fd, struct ipc_head *head, void *buf, struct bytes *data, int *passed)
{
	struct iovec part[2] = { { head, sizeof(*head) }, { buf, IPC_DATA_MAX } };
	union passing along;
	struct msghdr m = { .msg_iov = part, .msg_iovlen = 2 };
	ssize_t n;
	*passed = -1;
	do {
		m.msg_control = &along;
		m.msg_controllen = sizeof(along);
		n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = 0;
	if (n <= 0)
		return false;
	*passed = passed_with(&m);
	if ((size_t)n < sizeof(*head) || (m.msg_flags & MSG_TRUNC)) {
		if (*passed >= 0)
			close(*passed);
		*passed = -1;
		errno = EBADMSG;
		return false;
	}
	*data = bytes_of(buf, (size_t)n - sizeof(*head));
	return true;
}

bool
ipc_take(int fd, struct ipc_head *head, void *buf, struct bytes *data)
{
	int passed;
	bool taken = ipc_take_fd(fd, head, buf, data, &passed);
	if (taken && passed >= 0)
		close(passed);
	return taken;
}
