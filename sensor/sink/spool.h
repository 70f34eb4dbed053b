/* Lines that wait for a receiver: a ring of fixed size in memory, or in a file that outlives a restart.  Each line has a
 * number (1 to 2147483647, then 1 again: `sequenceId` of RFC 5424 7.3.1).  When it is full the oldest lines go; those that
 * were not sent yet are counted as lost, with the first and last of their numbers.
 * The file is mapped and taken whole at start, so that a full disk is told then and not by a signal later.  A line counts
 * from the moment its bytes are there: a kill in the middle of writing leaves whole lines only. */
#ifndef CROSSTAP_SPOOL_H
#define CROSSTAP_SPOOL_H

#include "bytes.h"

struct spool_loss {
	uint64_t lines;
	uint32_t first, last; /* numbers */
};

struct spool;
/* `path` NULL: memory.  A file that another process uses, that cannot be made or whose disk is full is told, and memory of a
 * MiB used instead.  NULL (told) without memory.  `name` is for messages and must outlive the spool. */
struct spool *spool_open(const char *name, const char *path, uint32_t mib);
void spool_close(struct spool *);
bool spool_on_disk(const struct spool *);
/* The number that the next line gets. */
uint32_t spool_number(struct spool *);
/* A line of the number that spool_number() gave; what is longer than the ring is lost, counted. */
void spool_put(struct spool *, uint32_t number, struct bytes line);
/* Counts a line as lost that never came in. */
void spool_lose(struct spool *, uint32_t number);
/* The next line to send, as it stands until the next spool_put(); false: there is none. */
bool spool_next(const struct spool *, struct bytes *line, uint32_t *number);
/* It is on its way: it stays until spool_free_to() says that it arrived. */
void spool_sent(struct spool *);
/* Where the next line to send stands; lines before a place are freed, or, all that were not freed, sent again. */
uint64_t spool_place(const struct spool *);
void spool_free_to(struct spool *, uint64_t place);
void spool_again(struct spool *);
/* What was lost and not told yet; told: forgets that, not what was lost since. */
struct spool_loss spool_loss(const struct spool *);
void spool_loss_told(struct spool *, struct spool_loss);
uint64_t spool_lost(const struct spool *);
/* Lines to send, and bytes that they take of how many. */
uint64_t spool_waiting(const struct spool *);
size_t spool_used(const struct spool *);
size_t spool_size(const struct spool *);

#endif
