/* Documents on their way out of the edge, with a bound on those that the receiver has not confirmed: past it nothing more is
 * read from anybody. */
#ifndef CROSSTAP_HAND_H
#define CROSSTAP_HAND_H

#include "bytes.h"
#include "ipc.h"

enum { HAND_DOCS_MAX = 4096, HAND_BYTES_MAX = 4 * 1024 * 1024, HAND_DOC_MAX = 64 * 1024 };

struct hand {
	int fd;			/* SEQPACKET; -1: standard output */
	uint64_t sent, taken;	/* documents, counted from 1: document n is taken when taken >= n */
	size_t bytes;		/* of documents sent and not taken */
	bool gone;		/* the receiver is */
	bool stop, reload;	/* it asked for that */
	bool held;		/* one document found no room in the socket and waits here */
	uint32_t held_sender;
	size_t held_n, out_n;
	uint32_t size[HAND_DOCS_MAX]; /* of document n at n % HAND_DOCS_MAX */
	/* called with the engine's answers to hand_ask(); may be NULL */
	void (*answered)(void *arg, uint32_t number, struct bytes);
	void *answered_arg;
	uint8_t *held_doc, *out, *in; /* one block, from malloc */
};

/* False (told) without memory. */
bool hand_open(struct hand *, int fd);
void hand_free(struct hand *);
/* May a document be handed over? */
bool hand_ready(const struct hand *);
/* Only when ready.  Its number: compare with `taken`. */
uint64_t hand_doc(struct hand *, uint32_t sender, struct bytes);
/* Tells a sender's number, name and computer names (ipc.h); waits for room.  False where the receiver is gone. */
bool hand_sender(struct hand *, uint32_t sender, struct bytes);
/* Passes a request on to the engine under a number; false where it cannot be. */
bool hand_ask(struct hand *, uint32_t number, struct bytes request);
/* After that: was it for want of room?  Then it goes later. */
bool hand_busy(const struct hand *);
/* Counters of a listener; false where there is no room, or nobody to tell. */
bool hand_listener(struct hand *, uint32_t listener, const struct ipc_listener *);
/* Tells the engine that we listen. */
bool hand_listening(struct hand *);
/* Sends the document that waits, or what standard output has not got yet. */
void hand_flush(struct hand *);
/* Reads what the receiver says. */
void hand_listen(struct hand *);

#endif
