/* TLS connections as far as a VPN interception needs them (DETECTIONS.md 8): who answers whom with which certificate, and
 * what each server showed before.  Two rings, so that ordinary web traffic never pushes VPN sessions out. */
#ifndef CROSSTAP_SESSIONS_H
#define CROSSTAP_SESSIONS_H

#include "state.h"

enum session_flag {
	SES_SERVER = 1 << 0,	  /* the server's hello was seen */
	SES_LEAF = 1 << 1,	  /* its certificate is known */
	SES_REUSED = 1 << 2,	  /* known from the session that this one resumes */
	SES_HIDDEN = 1 << 3,	  /* TLS 1.3: the certificate is encrypted */
	SES_RESUMED = 1 << 4,	  /* no certificate was sent */
	SES_TICKET = 1 << 5,	  /* the client offered a ticket */
	SES_ACCEPTED = 1 << 6,	  /* the client sent application data */
	SES_CLIENT_HERE = 1 << 7, /* client_mac is the client's own, not a router's */
	SES_SERVER_HERE = 1 << 8,
	SES_NULL_OFFER = 1 << 9,  /* nothing but NULL suites was offered */
	SES_NULL = 1 << 10,	  /* and one of them taken */
	SES_PATH = 1 << 11,	  /* the path was bent */
	SES_FOREIGN = 1 << 12,	  /* another certificate than the server's */
	SES_PATH_TOLD = 1 << 13, SES_CERT_TOLD = 1 << 14, SES_ACCEPT_TOLD = 1 << 15,
};

/* A certificate; known by both hashes on the wire, by either in an event. */
struct leaf { uint8_t sha1[20], sha256[32]; bool has_sha1, has_sha256; };

struct session {
	ts_t	    start, last;
	struct addr client, server;
	uint16_t    cport, sport, seg, flags, version, cipher;
	uint8_t	    eku, alert; /* alert: of the client, 0 none */
	struct mac  client_mac, server_mac; /* of the frames on this segment */
	uint64_t    sni, random, offered, issuer; /* hashes; 0 absent.  offered: the session id the client sent */
	struct leaf leaf;
	ts_t	    not_before, not_after; /* TS_NONE: not readable */
	uint64_t    prev_client, prev_server; /* places of the same client's and server's session before it */
};

/* What the observation at hand told of its session. */
enum session_news { NEWS_CLIENT_HELLO = 1, NEWS_SERVER_HELLO = 2, NEWS_LEAF = 4, NEWS_DATA = 8 };

size_t sessions_bytes(const struct engine_conf *);
void   sessions_open(struct engine *, void *mem);
void   sessions_learn(struct engine *, const struct obs *);
/* The session of the observation at hand, NULL when there is none; *news: enum session_news. */
struct session *session_now(struct engine *, uint8_t *news);

enum session_end { END_CLIENT, END_SERVER };
/* Sessions with that end, newest first: `prev` NULL starts, NULL ends. */
struct session *session_next(struct engine *, uint16_t seg, enum session_end, struct addr, const struct session *prev);
/* The i-th newest session to a VPN server, NULL past the end. */
struct session *session_vpn_at(struct engine *, uint64_t i);

/* RasClient 20222: the server that a dialling host named.  Events of the same correlation id are about that one. */
struct dial { uint64_t name; struct addr addr; };
void		   dial_note(struct engine *, uint64_t coid, uint64_t name, struct addr);
const struct dial *dial_of(struct engine *, uint64_t coid);

#endif
