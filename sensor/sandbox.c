#include "sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

/* Rights of ABI 1 (5.13), then what 2 (5.19: moves between folders) and 3 (6.2: truncation) add: an older kernel refuses bits
 * that it does not know.  The headers may be older than the kernel. */
enum { ABI_REFER = 2, ABI_TRUNCATE = 3 };
#define RIGHTS_READ	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_FIRST	((UINT64_C(1) << 13) - 1)
#define RIGHTS_REFER	(UINT64_C(1) << 13)
#define RIGHTS_TRUNCATE (UINT64_C(1) << 14)

void
sandbox_folder(struct sandbox *s, const char *path, bool write)
{
	int fd = s->n < SANDBOX_FOLDERS_MAX ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0) {
		log_say("%s: %s; it stays out of reach until the next start", path,
			s->n < SANDBOX_FOLDERS_MAX ? strerror(errno) : "too many folders");
		return;
	}
	s->folder[s->n].fd = fd;
	s->folder[s->n++].write = write;
}

void
sandbox_beside(struct sandbox *s, struct bytes path, bool write)
{
	char copy[SANDBOX_PATH];
	if (path.n == 0 || path.n >= sizeof(copy))
		return;
	memcpy(copy, path.p, path.n);
	copy[path.n] = 0;
	char *real = realpath(copy, NULL);
	if (real)
		sandbox_folder(s, dirname(real), write);
	free(real);
	sandbox_folder(s, dirname(copy), write);
}

static bool
drop(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	return capng_apply(CAPNG_SELECT_CAPS) == 0 && capng_apply(CAPNG_SELECT_AMBIENT) == 0;
}

static bool
restrict_files(const struct sandbox *s, uint64_t rights)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = rights };
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	bool ok = fd >= 0;
	for (size_t i = 0; ok && i < s->n; i++) {
		struct landlock_path_beneath_attr rule = {
			.allowed_access = s->folder[i].write ? rights : RIGHTS_READ,
			.parent_fd = s->folder[i].fd,
		};
		ok = syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	}
	ok = ok && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static void
folders(struct sandbox *s, const char *who)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t rights = RIGHTS_FIRST;
	if (abi >= ABI_REFER)
		rights |= RIGHTS_REFER;
	if (abi >= ABI_TRUNCATE)
		rights |= RIGHTS_TRUNCATE;
	if (s->read_anywhere)
		sandbox_folder(s, "/", false);
	if (abi < 1)
		log_detail("%s: this kernel has no Landlock: folders are not closed", who);
	else if (!restrict_files(s, rights))
		log_say("%s: folders are not closed: Landlock: %s", who, strerror(errno));
	for (size_t i = 0; i < s->n; i++)
		close(s->folder[i].fd);
	s->n = 0;
}

bool
sandbox_enter(struct sandbox *s, const char *who)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !drop()) {
		log_say("%s: capabilities cannot be dropped: %s", who, strerror(errno));
		return false;
	}
	folders(s, who);
	return true;
}
