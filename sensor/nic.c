#include "nic.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* False: there is no such file, or it cannot be read as long as the interface is down. */
static bool
number(const char *iface, const char *name, uint64_t *to)
{
	char path[128], text[32];
	int n = snprintf(path, sizeof(path), "/sys/class/net/%s/%s", iface, name);
	int fd = n > 0 && (size_t)n < sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return false;
	ssize_t got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = 0;
	*to = strtoull(text, NULL, 0);
	return true;
}

struct nic
nic_look(const char *iface)
{
	struct nic n = { 0 };
	uint64_t flags = 0, carrier = 0;
	if (strchr(iface, '/'))
		return n;
	n.there = number(iface, "ifindex", &n.index);
	n.up = number(iface, "flags", &flags) && (flags & IFF_UP);
	n.carrier = number(iface, "carrier", &carrier) && carrier;
	number(iface, "carrier_down_count", &n.downs);
	return n;
}

bool
nic_blind(const struct nic *before, const struct nic *now)
{
	return !now->carrier || now->index != before->index || now->downs != before->downs;
}

bool
nic_back(const struct nic *before, const struct nic *now)
{
	return now->up && (!before->up || now->index != before->index);
}
