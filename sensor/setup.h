/* `--setup`: listens for a while, or reads a capture, and writes a configuration for a person to approve: for each segment
 * what was seen of it, the networks, servers, routers, resolvers and VPN servers, each line with its evidence as a comment.
 * A line that begins with `#? ` is a proposal that rests on too little to hold unread: deleting those three bytes approves
 * it.  Nobody who is part of an open incident is proposed. */
#ifndef CROSSTAP_SETUP_H
#define CROSSTAP_SETUP_H

#include "conf.h"
#include "engine.h"
#include "eventsrc.h"
#include "input.h"
#include "opts.h"
#include "walk.h"

enum { SETUP_NETS = 1024, SETUP_TLS = 64, SETUP_FINDINGS = 64, SETUP_TEXT = 256 };

struct setup_at {
	uint16_t iface, vlan[4];
	uint8_t nvlan;
};
/* A network as a DHCPv4 lease or a router advertisement told it. */
struct setup_net {
	struct setup_at at;
	struct prefix prefix;
	struct mac by;
	bool dhcp; /* else: router advertisement */
	uint32_t count;
};
/* A TLS server that showed a certificate: it may be a VPN server, the wire alone does not tell. */
struct setup_tls {
	struct setup_at at;
	struct addr addr;
	uint16_t port;
	char sni[SETUP_TEXT];
	uint8_t leaf[32];
	bool shown;
	uint32_t hellos;
};
struct setup_finding {
	uint64_t id;
	enum verdict verdict;
	char segment[64], title[SETUP_TEXT];
};

struct setup {
	const struct opts *o;
	const struct conf *c;
	const char *const *iface;
	size_t niface;
	struct engine_conf ec;
	struct engine *engine;
	struct walk *walk;
	void *engine_mem, *walk_mem;
	struct eventsrc *events;
	uint64_t frames[OPTS_READ_MAX], lost, mirrored;
	ts_t first, last;
	struct setup_net net[SETUP_NETS];
	struct setup_tls tls[SETUP_TLS];
	struct setup_finding finding[SETUP_FINDINGS];
	size_t nnet, ntls, nfinding;
	bool cut; /* more than fits into one of these was seen */
};

/* setup_seen.c: the run.  NULL (told) where it cannot be opened; `status` is set then.  The result is closed by the caller. */
struct setup *setup_open(const struct opts *, const struct conf *, const char *const *iface, size_t niface,
			 int *status);
void setup_frame(struct setup *, const struct frame *, struct inputs *);
void setup_close(struct setup *);
/* Reads -r and -e to their end.  Damage is told, the rest was read.  NULL as above. */
struct setup *setup_read(const struct opts *, const struct conf *, struct inputs **, int *status);
/* setup_listen.c: the same with -i, for --for or until INT or TERM. */
struct setup *setup_listen(const struct opts *, const struct conf *, int *status);
/* setup_print.c: the configuration, to standard output. */
bool setup_print(struct setup *);
/* setup.c: the mode. */
int run_setup(const struct opts *, const struct conf *);

/* missing.c: what `-T` says after a configuration that is good: what is not declared and what that costs; with -r, what
 * the capture shows of the tap.  An exit status. */
int missing_tell(const struct opts *, const struct conf *);

#endif
