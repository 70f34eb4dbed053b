#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int notify_fd = -1;

void
notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	if (n == 0 || n >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, n);
	if (*path == '@') /* an abstract name: its first byte is NUL */
		to.sun_path[0] = 0;
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (notify_fd >= 0 && connect(notify_fd, (const struct sockaddr *)&to, size) == 0)
		return;
	if (notify_fd >= 0)
		close(notify_fd);
	notify_fd = -1;
}

void
notify_say(const char *assignments)
{
	/* nobody there, or no room: the next one tells */
	if (notify_fd >= 0)
		(void)!send(notify_fd, assignments, strlen(assignments), MSG_NOSIGNAL | MSG_DONTWAIT);
}
