/* A folder of files, one for each incident, bounded in bytes and age: the file written longest ago goes first.  A file is
 * written aside and renamed, so that it is whole or not there.  What goes wrong is told once, and when it goes well again. */
#ifndef CROSSTAP_FOLDER_H
#define CROSSTAP_FOLDER_H

#include "bytes.h"
#include "time.h"

enum { FOLDER_PATH = 4096, FOLDER_FILES = 8192 };

struct folder_conf {
	const char *path, *suffix;  /* a file is called by the 16 hex digits of its id and this */
	uint64_t bytes;		    /* of all files together */
	ts_t age;		    /* since it was written; 0: for ever */
};
struct folder_counts { uint64_t written, failed, removed, files, bytes; };

struct folder;
/* Counts what is there, removes what is too old or too much, and what a crash left unfinished.  NULL (told) where it cannot be read. */
struct folder *folder_open(const struct folder_conf *);
void folder_free(struct folder *);
/* Replaces the file of that id.  False (told once): the one of before stays as it is.  With `keep`, what an earlier run wrote stays
 * in front (up to FOLDER_KEPT bytes), now and whenever it is written again. */
enum { FOLDER_KEPT = 4 << 20 };
bool folder_write(struct folder *, uint64_t id, struct bytes, bool keep);
bool folder_has(const struct folder *, uint64_t id);
/* PATH/ID.SUFFIX with its NUL; `to` holds FOLDER_PATH bytes. */
void folder_name(const struct folder *, uint64_t id, char *to);
/* Now and then: removes what is too old. */
void folder_work(struct folder *);
struct folder_counts folder_counts(const struct folder *);

#endif
