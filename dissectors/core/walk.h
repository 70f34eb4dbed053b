/* From a frame to its observations: a loop over layers, no recursion.  All memory is handed in; one walk serves all
 * interfaces of one engine and is not shared between threads. */
#ifndef CROSSTAP_WALK_H
#define CROSSTAP_WALK_H

#include "dissector.h"
#include "digest.h"
#include "siphash.h"

/* The views of `o` die with the call. */
typedef void walk_obs(void *arg, const struct obs *o);

struct walk_limits {
	uint32_t datagrams; /* fragmented datagrams at once; 0: default 256 */
	uint32_t bytes;	    /* largest reassembled datagram, RFC 791 allows 65535; 0: default 65535 */
	uint32_t streams;   /* TCP connections followed at once; 0: default (prefix.h) */
	uint32_t prefix;    /* first bytes of each direction that are put in order; 0: default 16384 */
	/* Whose wrappers (ERSPAN, VXLAN, ...) are opened, by outer source: anybody can send one through a tapped network with
	 * forged frames in it.  Absent: everybody's; declared and empty: nobody's.  The list must outlive the walk. */
	const struct prefix *mirrors;
	size_t nmirrors;
	bool mirrors_declared;
	uint32_t buffers;   /* directions that hold bytes at once; 0: default (prefix.h) */
};

size_t walk_bytes(const struct walk_limits *);
/* `mem`: walk_bytes() bytes aligned for uint64_t, owned by the caller for the life of the walk. */
struct walk *walk_open(const struct walk_limits *, void *mem, struct sipkey);
/* Calls `fn` once for each observation, innermost last, then once with OBS_FRAME (also for a frame that nobody could
 * read beyond its link header).  An unknown link type gives nothing and SAID_NO. */
enum said walk_frame(struct walk *, const struct frame *, walk_obs *fn, void *arg);
/* Answers per dissector since the start: count[enum said], in the order of dissectors[]. */
struct walk_count { uint64_t said[4]; };
const struct walk_count *walk_counts(const struct walk *);
/* Are JA3 and JA4 made of TLS hellos?  True at first; they cost more than the rest of a hello, so who neither prints them
 * nor has a rule about them says so. */
void walk_set_ja(struct walk *, bool);
bool walk_ja(const struct walk *);
/* The digests of a certificate, kept for the next time it is shown. */
struct digest_pair walk_digest(struct walk *, struct bytes der);
/* The scratch of one message, for what must be joined (RFC 3396): valid until the next frame. */
struct bytes walk_scratch_join(struct walk *, const struct bytes *parts, size_t n, bool *too_long);
/* A writer over at most `cap` bytes of the scratch; walk_scratch_keep() makes what it wrote a view that lives as long.
 * One at a time. */
struct out   walk_scratch_out(struct walk *, size_t cap);
struct bytes walk_scratch_keep(struct walk *, const struct out *);

#endif
