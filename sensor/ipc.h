/* Messages between the processes of one sensor, over SOCK_SEQPACKET pairs: one message a record, a head and its bytes.
 * edge hands documents to the engine and gets encoded lines; neither side looks inside what the other made. */
#ifndef CROSSTAP_IPC_H
#define CROSSTAP_IPC_H

#include "bytes.h"

enum { IPC_DATA_MAX = 96 * 1024 };

enum ipc_kind {
	IPC_DOC = 1,  /* edge -> engine: a document; arg: its sender's number */
	IPC_SENDER,   /* edge -> engine: a sender's number (arg), then its name, NUL, and the computer names it may speak for,
			 each ended by NUL: exact, or a suffix that begins with a dot; `*`: any */
	IPC_TAKEN,    /* engine -> edge: documents are done with; arg: how many since the last */
	IPC_COUNTS,   /* engine -> edge: counters of a sender (arg), struct ipc_counts */
	IPC_LINE,     /* engine -> edge: an encoded line; arg: enum line_format */
	IPC_ASK,      /* edge -> engine: a control request, one JSON line; arg: number of the asker */
	IPC_ANSWER,   /* engine -> edge: its answer, one JSON line; arg: the same number */
	IPC_LOSS,     /* main -> engine: packets that the interface (arg) lost, u64 */
	IPC_PROGRESS, /* engine -> main: a packet or a tick passed end to end; as sd_notify(3) has it */
	IPC_SNAPSHOT, /* engine -> main: memfd number (arg) holds a whole snapshot */
	IPC_RELOAD,   /* main -> children: read the configuration again */
	IPC_STOP,     /* main -> children: drain and say goodbye */
	IPC_READY,    /* edge -> engine: it listens, and has told its senders */
	IPC_EDGE,     /* engine -> main: start the edge; main -> engine: its descriptor is passed along, none: it did not start */
	IPC_LISTENER, /* edge -> engine: counters of a listener (arg: its place in feed.listen), struct ipc_listener; once a second */
	IPC_EVIDENCE, /* engine -> edge: pcapng bytes of an incident; arg: sequence, data begins with the 16 hex digits of its id */
};

/* What the engine knows of a sender's documents (CONTRACT 5; all since its start). */
struct ipc_counts {
	uint64_t accepted, ignored, refused /* names it may not speak for */, malformed, late, duplicates, gaps;
	int64_t offset_ms; /* of its host's clock, where learned */
};

/* What the edge counted at a listener, since it was started. */
struct ipc_listener {
	uint64_t connections, strangers, handshakes /* failed */, full, idle, malformed, kernel_drops;
};

struct ipc_head {
	uint16_t kind;
	uint16_t zero;
	uint32_t arg;
};

/* Two connected ends, close-on-exec, large enough for the largest message; false: errno tells. */
bool ipc_pair(int fd[2]);
/* Sends one message.  False where it would block or the other end is gone (errno tells); nothing is sent in part. */
bool ipc_send(int fd, enum ipc_kind, uint32_t arg, struct bytes);
/* Takes one message into `buf` (IPC_DATA_MAX bytes); false: none waits (EAGAIN), or the other end is gone (errno 0). */
bool ipc_take(int fd, struct ipc_head *, void *buf, struct bytes *data);
/* The same with a descriptor along; `passed` -1: none.  Who takes it owns it.  Other messages pass none: what came along
 * with them is closed. */
bool ipc_send_fd(int fd, enum ipc_kind, uint32_t arg, struct bytes, int passed);
bool ipc_take_fd(int fd, struct ipc_head *, void *buf, struct bytes *data, int *passed);

#endif
