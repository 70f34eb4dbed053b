#include "hand.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "ipc.h"
#include "log.h"

enum { OUT_MAX = 256 * 1024, ANNOUNCE_MS = 5000 };

bool
hand_open(struct hand *h, int fd)
{
	*h = (struct hand){ .fd = fd };
	h->held_doc = malloc(HAND_DOC_MAX + OUT_MAX + IPC_DATA_MAX);
	if (h->held_doc == NULL) {
		log_say("edge: out of memory");
		return false;
	}
	h->out = h->held_doc + HAND_DOC_MAX;
	h->in = h->out + OUT_MAX;
	return true;
}

void
hand_free(struct hand *h)
{
	free(h->held_doc);
}

bool
hand_ready(const struct hand *h)
{
	return !h->held && !h->gone && h->sent - h->taken < HAND_DOCS_MAX && h->bytes < HAND_BYTES_MAX;
}

static void
confirm(struct hand *h, uint64_t n)
{
	for (; n > 0 && h->taken < h->sent; n--)
		h->bytes -= h->size[++h->taken % HAND_DOCS_MAX];
}

/* Standard output may be a pipe whose reader is slow: waiting for it is the back pressure. */
static void
write_out(struct hand *h)
{
	size_t done = 0;
	while (done < h->out_n && !h->gone) {
		ssize_t n = write(STDOUT_FILENO, h->out + done, h->out_n - done);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR && errno != EAGAIN)
			h->gone = true;
		else if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1);
	}
	h->out_n = 0;
	if (h->gone)
		log_say("edge: standard output: %s", strerror(errno));
	else
		confirm(h, h->sent - h->taken);
}

static bool
send_doc(struct hand *h, uint32_t sender, struct bytes doc)
{
	if (ipc_send(h->fd, IPC_DOC, sender, doc))
		return true;
	h->gone = errno != EAGAIN && errno != ENOBUFS;
	return false;
}

uint64_t
hand_doc(struct hand *h, uint32_t sender, struct bytes doc)
{
	if (doc.n > HAND_DOC_MAX)
		doc.n = HAND_DOC_MAX;
	h->sent++;
	h->size[h->sent % HAND_DOCS_MAX] = (uint32_t)doc.n;
	h->bytes += doc.n;
	if (h->fd < 0) {
		if (OUT_MAX - h->out_n <= doc.n)
			write_out(h);
		if (doc.n)
			memcpy(h->out + h->out_n, doc.p, doc.n);
		h->out_n += doc.n;
		h->out[h->out_n++] = '\n';
	} else if (!send_doc(h, sender, doc)) {
		h->held = true;
		h->held_sender = sender;
		h->held_n = doc.n;
		if (doc.n)
			memcpy(h->held_doc, doc.p, doc.n);
	}
	return h->sent;
}

void
hand_flush(struct hand *h)
{
	if (h->held && send_doc(h, h->held_sender, bytes_of(h->held_doc, h->held_n)))
		h->held = false;
	if (h->fd < 0)
		write_out(h);
}

/* Waits for room. */
static bool
send_all(struct hand *h, enum ipc_kind kind, uint32_t arg, struct bytes data)
{
	if (h->fd < 0)
		return true;
	while (!ipc_send(h->fd, kind, arg, data)) {
		struct pollfd p = { .fd = h->fd, .events = POLLOUT };
		if ((errno != EAGAIN && errno != ENOBUFS) || poll(&p, 1, ANNOUNCE_MS) <= 0)
			return false;
	}
	return true;
}

bool
hand_sender(struct hand *h, uint32_t sender, struct bytes data)
{
	return send_all(h, IPC_SENDER, sender, data);
}

bool
hand_listening(struct hand *h)
{
	return send_all(h, IPC_READY, 0, bytes_of(NULL, 0));
}

bool
hand_listener(struct hand *h, uint32_t listener, const struct ipc_listener *n)
{
	return h->fd >= 0 && ipc_send(h->fd, IPC_LISTENER, listener, bytes_of(n, sizeof(*n)));
}

bool
hand_ask(struct hand *h, uint32_t number, struct bytes request)
{
	return h->fd >= 0 && ipc_send(h->fd, IPC_ASK, number, request);
}

bool
hand_busy(const struct hand *h)
{
	return h->fd >= 0 && !h->gone && (errno == EAGAIN || errno == ENOBUFS);
}

void
hand_listen(struct hand *h)
{
	struct ipc_head head;
	struct bytes data;
	while (ipc_take(h->fd, &head, h->in, &data)) {
		switch (head.kind) {
		case IPC_TAKEN: confirm(h, head.arg); break;
		case IPC_RELOAD: h->reload = true; break;
		case IPC_STOP: h->stop = true; break;
		case IPC_ANSWER:
			if (h->answered)
				h->answered(h->answered_arg, head.arg, data);
			break;
		default: break; /* not the edge's yet */
		}
	}
	if (errno != EAGAIN)
		h->gone = true;
}
