/* What a process gives up once everything is open: capabilities, new privileges, folders (Landlock, where the kernel has it)
 * and system calls (seccomp).  What is given up never comes back. */
#ifndef CROSSTAP_SANDBOX_H
#define CROSSTAP_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"

enum { SANDBOX_FOLDERS_MAX = 512, SANDBOX_PATH = 4096 };

/* Folders that stay usable, each for all below it.  Zeroed to begin with. */
struct sandbox {
	struct {
		int fd; /* O_PATH */
		bool write;
	} folder[SANDBOX_FOLDERS_MAX];
	size_t n;
	bool read_anywhere;
};

/* The folder itself. */
void sandbox_folder(struct sandbox *, const char *path, bool write);
/* The folder that a file (or socket) lies in, and the one that it lies in when links are followed: it may be renamed, made and
 * replaced there.  An absent text: nothing.  A folder that is not there is told and stays out of reach. */
void sandbox_beside(struct sandbox *, struct bytes path, bool write);
/* Closes the door: all capabilities, no new privileges, and nothing of the file system but
 * the folders.  What was open stays open.  False (told) where capabilities cannot be dropped: the process must not go on.  A
 * kernel without Landlock is told with -v. */
bool sandbox_enter(struct sandbox *, const char *who);

/* A build with a sanitizer has threads and needs calls of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

/* Keeps the system calls of the role; after sandbox_enter().  False (told) where the kernel takes no filter: the process must
 * not go on.  A build with a sanitizer filters nothing, told with -v. */
enum sandbox_role { SANDBOX_FIRST, SANDBOX_ENGINE, SANDBOX_EDGE };
bool sandbox_calls(enum sandbox_role);

#endif
