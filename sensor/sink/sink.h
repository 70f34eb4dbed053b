/* Where encoded lines go.  Sinks see bytes and their kind, never a record; who makes records never sees a socket. */
#ifndef CROSSTAP_SINK_H
#define CROSSTAP_SINK_H

#include "bytes.h"
#include "conf.h"

/* The short ones fit into a datagram. */
enum line_format {
	LINE_JSON,
	LINE_CEF,
	LINE_OCSF,
	LINE_SYSLOG,
	LINE_SYSLOG_SHORT,
	LINE_SYSLOG_CEF,
	LINE_SYSLOG_CEF_SHORT,
	LINE_SYSLOG_OCSF,
	LINE_FORMATS
};

/* How a sink stands, all since its start. */
struct sink_state {
	const char *name; /* where lines go: "syslog log1:6514/tls", a path, "standard output"; good while the sink is */
	bool good;	  /* connected, or the last line could be written */
	bool on_disk;	  /* what waits outlives a restart */
	uint64_t lines;	  /* that were given to it */
	uint64_t waiting, waiting_bytes, lost;
};

struct sink;
struct sink_ops {
	/* One line without its end.  Never waits longer than the sink may (none live). */
	void (*line)(struct sink *, struct bytes);
	/* Called now and then: reconnects, sends what waits. */
	void (*work)(struct sink *);
	void (*reopen)(struct sink *);
	/* Sends what waits for at most a few seconds, frees; false (told) when lines were lost. */
	bool (*close)(struct sink *);
	/* All but `lines`. */
	void (*state)(const struct sink *, struct sink_state *);
};
struct sink {
	const struct sink_ops *ops;
	enum line_format format;
	uint64_t lines;
};

/* NULL (told) where it cannot be opened. */
struct sink *sink_stdout(enum line_format);
struct sink *sink_file(const char *path, bool truncate, enum line_format);
struct sink *sink_syslog(const struct conf_output *, bool live); /* any transport */
struct sink *sink_udp(const struct conf_output *);

struct pollfd;
struct sinks;
/* The configured ones and `dir`/crosstap.jsonl; standard output where there is none.  NULL (told) on failure. */
struct sinks *sinks_open(const struct conf *, const char *dir, bool live);
bool sinks_want(const struct sinks *, enum line_format);
void sinks_line(struct sinks *, enum line_format, struct bytes);
void sinks_work(struct sinks *);
/* The i-th output in the order of the configuration; false past the end. */
bool sinks_state(const struct sinks *, size_t i, struct sink_state *);
void sinks_reopen(struct sinks *);
/* From the outputs of one configuration to those of another: what is the same goes on undisturbed and is reopened.  False (told):
 * one cannot be opened, and all is as before. */
bool sinks_change(struct sinks *, const struct conf *from, const struct conf *to);
bool sinks_close(struct sinks *);

#endif
