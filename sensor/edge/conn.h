/* The parts of the edge: senders take turns, connections hold a window of bytes each, all in tables laid out at start. */
#ifndef CROSSTAP_CONN_H
#define CROSSTAP_CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "edge.h"
#include "framing.h"
#include "hand.h"

enum { CONN_TOKEN_MAX = 256 };

struct asks;
struct edge;
struct conn;
struct follow;
TAILQ_HEAD(conn_list, conn);

/* A row of feed.senders, a followed file, or (the last one) everybody who is not known yet. */
struct sender {
	const char *name;
	uint32_t number, connections;
	uint64_t documents, bytes, malformed, too_long, over; /* over: connections beyond feed.sender_connections */
	bool waiting;					      /* in edge.turn */
	struct conn_list ready;				      /* its connections that may hold a document */
	TAILQ_ENTRY(sender) turn;
};

struct listener {
	struct edge *edge;
	const struct conf_listen *conf;
	int fd;
	struct event event;
	SSL_CTX *tls; /* NULL: plain */
	bool paused, told;
	struct ipc_listener n;
};

enum conn_state {
	CONN_FREE,
	CONN_HANDSHAKE,
	CONN_OPEN,
	CONN_LINGER /* everything was said; what still comes is dropped, so that the last reply is not */
};

struct conn {
	struct edge *edge;
	struct listener *from; /* NULL: a followed file */
	struct follow *file;   /* or NULL */
	struct sender *sender;
	enum conn_state state;
	int fd;
	SSL *tls;
	struct addr peer;
	struct event in, out;
	struct framing *framing;
	uint8_t *window;
	size_t off, len; /* of what is not used yet */
	bool eof, ready, waiting, reading;
	int64_t opened, heard; /* clock_ms */
	uint64_t last;	       /* number of its latest document, 0: none */
	uint64_t reply_after;
	size_t reply_off, reply_n;
	char reply[FRAMING_REPLY_MAX];
	/* the token shown last and whose it is */
	size_t token_n;
	char token[CONN_TOKEN_MAX];
	struct sender *token_sender;
	TAILQ_ENTRY(conn) link; /* of the sender's ready ones */
	TAILQ_ENTRY(conn) wait; /* of those that wait to reply */
};

struct edge {
	const struct conf *conf;
	struct event_base *base;
	struct hand hand;
	struct sender *sender;
	size_t nsender; /* without the last one: sender[nsender] is nobody known */
	TAILQ_HEAD(, sender) turn;
	struct conn_list replies;
	struct listener listener[EDGE_LISTEN_MAX];
	size_t nlistener;
	struct follow *follow; /* conf->nfollow of them */
	struct conn *conn;
	size_t nconn, open; /* slots; connections (without files) */
	void *memory, *windows;
	size_t windows_bytes;
	struct framing_pool *pool;
	struct asks *asks; /* NULL: nobody may ask */
	struct event ipc_in, ipc_out, again, second, term, interrupt, hup, usr1;
	bool stopping;
	int64_t until; /* clock_ms: when stopping ends at the latest */
	int status;
};

/* ---- conn.c ---- */
/* Lays out the table.  False (told) without memory. */
bool conns_open(struct edge *);
void conns_free(struct edge *);
/* A slot for a descriptor, which it owns from here on; NULL (closed) where the table is full or the framing unknown.
 * `sender` NULL: not known yet. */
struct conn *conn_open(struct edge *, struct listener *, int fd, struct addr, struct sender *);
/* The same for a followed file. */
struct conn *conn_open_file(struct edge *, struct follow *, int fd, struct sender *);
void conn_close(struct conn *);
/* Begins a file again: what waits of it is dropped. */
void conn_rewind(struct conn *);
/* There may be a document. */
void conn_queue(struct conn *);
/* Documents and replies of at most about `budget` bytes; how many.  May close it. */
size_t conn_work(struct conn *, size_t budget);
/* Replies whose documents are taken are sent. */
void conns_reply(struct edge *);
/* Time limits. */
void conns_second(struct edge *, int64_t now);
/* No more from whoever needs no reply: told so by closing our half; the rest is read. */
void conns_stop(struct edge *);

/* ---- listen.c ---- */
bool listen_open(struct edge *); /* false: told */
void listen_close(struct edge *);
void listen_reload(struct edge *);
/* Again after a pause. */
void listen_resume(struct edge *);

/* A socket's name: of a path (what an earlier run left there is removed, what somebody listens on is not), or of an address
 * and port; 0 where the path is too long. */
socklen_t listen_name(struct sockaddr_storage *, struct addr, uint16_t port, const char *path);

/* ---- ask.c ---- */
/* Opens the control socket and the metrics endpoint where they are configured.  False: told. */
bool ask_open(struct edge *);
void ask_close(struct edge *);
/* The engine's answer to request `number`; `arg` is the edge. */
void ask_answer(void *arg, uint32_t number, struct bytes);
void ask_second(struct edge *, int64_t now);
/* Requests that found no room go before documents.  False: some still wait. */
bool asks_pass(struct edge *);

/* ---- follow.c ---- */
bool follow_open(struct edge *);
void follow_free(struct edge *);
/* More of the file into its connection's window, if there is more. */
void follow_read(struct follow *);
void follow_closed(struct follow *);

/* ---- edge.c ---- */
/* Hands on what is ready, in turns. */
void edge_pump(struct edge *);

#endif
