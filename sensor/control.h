/* Answers to an operator's requests (README.md: the control socket).  A request is one line, a flat JSON object whose `ask`
 * says what is wanted; the answer is one JSON line with `ok`.  Lists come in pages: `next` is the `from` of the next request,
 * null at the end.  Nothing here opens or waits for anything. */
#ifndef CROSSTAP_CONTROL_H
#define CROSSTAP_CONTROL_H

#include "conf.h"
#include "encode.h"
#include "engine.h"
#include "evidence.h"
#include "feedsrc.h"
#include "sink.h"

enum { CONTROL_REQUEST_MAX = 4096, CONTROL_ANSWER_MAX = IPC_DATA_MAX, CONTROL_SAID_MAX = 512 };

struct control_tap {
	const char *name;
	uint64_t frames, dropped, iface_dropped; /* dropped: by the kernel for want of room */
};

/* What is asked about, filled by who runs the engine. */
struct control {
	struct engine *engine;
	const struct conf *conf;
	const struct feedsrc *feed;	 /* NULL: none */
	const struct sinks *sinks;	 /* NULL: none */
	struct evidence_files *evidence; /* NULL: none is kept */
	const struct encode_env *env;
	ts_t started, now;	     /* wall clock */
	int64_t now_ms;		     /* clock_ms() */
	const struct control_tap *tap;
	size_t ntap;
	uint64_t records;
	char said[CONTROL_SAID_MAX]; /* what the last request changed, for the log; empty: nothing */
	/* Is the configuration on disk good?  False: `first` holds what is wrong.  NULL: nobody can tell. */
	bool (*good)(void *arg, char *first, size_t cap);
	void *good_arg;
	bool reload;		     /* a request asked for what HUP does: the caller does it */
};

/* `out` has room for CONTROL_ANSWER_MAX bytes; the answer fits always and has no line end. */
void control_answer(struct control *, struct bytes request, struct out *);

/* metrics.c: the same counters for `stats` and for /metrics (OpenMetrics 1.0, text). */
void metrics_text(struct control *, struct out *);
enum metric_type { METRIC_COUNTER, METRIC_GAUGE };
struct metric {
	const char *name, *unit;
	enum metric_type type;
	const char *help, *act; /* act: what to do when it moves */
};
/* The rows of the one table; NULL past the end. */
const struct metric *metric_at(size_t i);
/* Its values, k from 0; false past the last.  Most have one without a label; of interfaces, senders, tables, segments and
 * verdicts there is one for each. */
enum { METRIC_LABELS = 2, METRIC_LABEL_MAX = 128 };
struct metric_value {
	size_t nlabel;
	const char *key[METRIC_LABELS];
	char label[METRIC_LABELS][METRIC_LABEL_MAX];
	int64_t value;
};
bool metric_value(struct control *, size_t i, size_t k, struct metric_value *);

/* request.c: the value of a key of a flat JSON object; false where it is not there or the object is none.  Numbers and
 * true, false are taken as their text.  `to` is NUL-terminated. */
bool request_get(struct bytes request, const char *key, char *to, size_t cap);
bool request_good(struct bytes request);

#endif
