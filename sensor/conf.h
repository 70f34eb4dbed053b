/* The configuration: YAML (libyaml events) into the one option table of conf_schema.c.  Every problem names file, line,
 * column, key, what was found and what was expected, and reading goes on: all problems are told, not the first. */
#ifndef CROSSTAP_CONF_H
#define CROSSTAP_CONF_H

#include <stdio.h>

#include "authority.h"
#include "time.h"
#include "where.h"

enum conf_output_type { OUT_STDOUT, OUT_FILE, OUT_SYSLOG };
enum conf_transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };
enum conf_format { FORMAT_JSON, FORMAT_CEF, FORMAT_OCSF };
struct conf_output {
	uint8_t type, transport, format;
	struct bytes path, host; /* NUL-terminated */
	struct bytes *hosts;	 /* HOST, HOST:PORT or [ADDRESS]:PORT; the next is tried where one fails */
	size_t nhosts;
	uint32_t port;			     /* 0: the usual one of the transport */
	struct bytes ca, certificate, key, name; /* PEM files; the name in the receiver's certificate */
	struct bytes spool;		     /* file; absent: lines wait in memory */
	uint32_t spool_mib, rate;	     /* rate: lines a second; 0: no limit */
};

/* Feeds that arrive over sockets and followed files (edge/). */
enum conf_protocol { PROTOCOL_STREAM, PROTOCOL_LUMBERJACK, PROTOCOL_HTTP, PROTOCOL_SYSLOG_UDP };
struct conf_listen {
	struct bytes address; /* "[::]:6514", "192.0.2.1:6514" or "unix:/path" */
	uint8_t protocol;
	bool plain, mutual;
	struct bytes certificate, key, client_ca, sender;
};
struct conf_follow {
	struct bytes path, computer;
};
struct conf_sender {
	struct bytes name, certificate, token;
	struct prefix *address;
	size_t naddress;
	struct bytes *computer;
	size_t ncomputer;
};

/* The zone of host-event times that say none. */
struct conf_zone {
	bool given;
	int32_t seconds; /* east of UTC */
};

struct conf_mute {
	struct bytes detection, segment, reason;
	struct mac mac;
	bool has_mac;
	ts_t until;
	uint8_t verdict;
};

struct conf {
	struct bytes sensor; /* NUL-terminated, as all texts here; absent: `replay`, live the host's name */
	bool feed_synced;
	struct conf_zone feed_zone;
	ts_t event_window, feed_idle, feed_silent;
	struct conf_listen *listen;
	struct conf_follow *follow;
	struct conf_sender *sender;
	size_t nlisten, nfollow, nsender;
	uint32_t connections, sender_connections;
	struct bytes state; /* absent: nothing is kept */
	ts_t state_every;
	uint32_t hosts, leases, events, datagrams;
	struct conf_output *output;
	size_t noutput;
	struct bytes sd_id;
	struct bytes control_socket, control_mode; /* mode: octal digits */
	struct bytes metrics_listen;
	struct bytes evidence_folder; /* absent: none is kept */
	uint32_t evidence_mib, evidence_memory_mib;
	ts_t evidence_age; /* 0: no limit */
	uint32_t snaplen, buffer_mib, timeout_ms;
	bool promisc, all_frames, immediate;
	struct prefix *mirrors;
	size_t nmirrors;
	bool mirrors_declared;
	struct authority authority;
	struct site_rule *rule;
	size_t nrule;
	struct conf_mute *mute;
	size_t nmute;
	struct conf_chunk *chunk; /* owns everything above */
	size_t used;
};

/* Told once for each problem, without the program's name. */
typedef void conf_say(void *arg, const char *problem);

/* Does anything of it need the edge? */
static inline bool
conf_wants_edge(const struct conf *c)
{
	return c->nlisten + c->nfollow > 0 || c->control_socket.n || c->metrics_listen.n;
}

/* The defaults of the table.  False only without memory. */
bool conf_init(struct conf *);
void conf_free(struct conf *);
/* Reads one text into `c`: maps merge, of a scalar the last one wins, lists add up.  `name` is for messages.
 * The number of problems. */
size_t conf_text(struct conf *, const char *name, struct bytes text, conf_say *, void *arg);
/* Reads a file, then *.yaml of conf.d beside it in the order of their names. */
size_t conf_file(struct conf *, const char *path, conf_say *, void *arg);
/* KEY=VALUE, the key with dots. */
size_t conf_set(struct conf *, const char *assignment, conf_say *, void *arg);
/* What only shows when everything is read: contradictions between values. */
size_t conf_check(const struct conf *, conf_say *, void *arg);
/* Where `listen` listens: numbers only.  False where the text is neither ADDRESS:PORT ([ADDRESS]:PORT for IPv6) nor unix:PATH;
 * `path` is NULL or the path. */
bool conf_endpoint(struct bytes text, struct addr *, uint16_t *port, const char **path);
/* What it takes that a changed value counts: HUP alone, HUP and a new edge, a new start of the sensor. */
enum conf_change { CHANGE_RELOAD, CHANGE_EDGE, CHANGE_START };
/* Calls `fn` for each option whose values differ; a list counts as one. */
typedef void conf_differs(void *arg, const char *key, enum conf_change);
void conf_diff(const struct conf *, const struct conf *, conf_differs *, void *arg);
bool conf_same_output(const struct conf_output *, const struct conf_output *);
/* A predicate of a site rule as it stands in the configuration. */
void conf_where_print(const struct where_pred *, FILE *);
/* Every option with its value, as YAML that conf_text() reads back. */
void conf_dump(const struct conf *, FILE *);
/* The table as crosstap.yaml(5), and as a configuration with every option commented out, to standard output. */
void conf_manual(void);
void conf_sample(void);

#endif
