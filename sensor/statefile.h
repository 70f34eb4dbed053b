/* The file in which what the engine knows outlives the process (correlate/snapshot.h): its bytes, then generation u64, length
 * of the bytes u64 and the SHA-256 of all before it, in network byte order.  It is written aside as FILE.new, synced and
 * renamed, so that whatever happens the old one or the new one is there, whole.  It holds the hash key and who was on the
 * network: mode 0600. */
#ifndef CROSSTAP_STATEFILE_H
#define CROSSTAP_STATEFILE_H

#include "engine.h"

struct statefile {
	const char *path; /* NULL: nothing is kept */
	ts_t gap;	  /* pause until the next packet that is no outage yet */
	uint64_t generation; /* of the file that was read or written last */
	uint64_t missed;	     /* times that it could not be written, since it last was */
	struct statefile_writer *writer;
};

/* engine_open() with what the file holds.  No file: an empty engine, without a word.  A file that is damaged, or of another
 * version or sensor: told in one line, and an empty engine.  `mem`: zeroed, `n` bytes. */
struct engine *statefile_open(struct statefile *, const struct engine_conf *, void *mem, size_t n, struct sipkey,
			      engine_emit *, void *arg);
/* Writes what the engine knows now, aside.  Where it fails the old file stays; told once, and when it works again. */
void statefile_begin(struct statefile *, struct engine *);
/* Ends it, after engine_end() too, and puts it in place.  False (told): it is not there. */
bool statefile_finish(struct statefile *, struct engine *);

#endif
