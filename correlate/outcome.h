/* How connections and questions ended, of the servers and names that host events speak about (DETECTIONS.md 10): whether a
 * port was asked, answered, refused; how a station's directory connections went; who answered which name to whom.  Nothing
 * here accuses: it is what an event that found no fact is compared with. */
#ifndef CROSSTAP_OUTCOME_H
#define CROSSTAP_OUTCOME_H

#include "state.h"

enum outcome {
	OUT_ASKED,   /* SYN or datagram to it; of a tunnel: what the station sent */
	OUT_OPEN,    /* it answered; of a tunnel: what the station got */
	OUT_TLS,     /* its hello */
	OUT_REFUSED, /* RST instead of an answer, ICMP port unreachable */
	OUT_BROKEN,  /* RST after the answer, or a TLS alert of its own */
	OUTCOMES
};
enum outcome_port {
	PORT_TUNNEL = 1,	/* protocol 41 of a station */
	PORT_DIRECTORY = 2,	/* LDAP and Kerberos, as asked by the station that is the key */
	PORT_DIRECTORIES = 3,	/* the same of all stations of the segment; the key is absent */
	PORT_BINDINGS = 4,	/* updates of a failover partner that the station got (asked), that it acknowledged (open) */
	PORT_PROXY = 5,		/* an HTTP server wanted a logon of the station: a declared proxy (open), another (asked) */
	PORT_QUEUE = 6,		/* more DISCOVERs in a second than a delayed server's queue holds (asked); the key is absent */
	PORT_FAILOVER = 647, PORT_TEREDO = 3544, PORT_HTTPS = 443,
};

size_t outcomes_bytes(const struct engine_conf *);
void   outcomes_open(struct engine *, void *mem);
void   outcomes_learn(struct engine *, const struct obs *);
/* A packet quoted in an ICMP error: the port that it went to is closed. */
void   outcomes_quoted(struct engine *, const struct obs *);

/* How often that was seen between the times; what lies in one span of a minute counts as one. */
uint32_t outcome_seen(struct engine *, uint16_t seg, struct addr, uint16_t port, enum outcome, ts_t from, ts_t to);
/* How often, each time counted. */
uint32_t outcome_times(struct engine *, uint16_t seg, struct addr, uint16_t port, enum outcome, ts_t from, ts_t to);
/* The first and last time of it between the times; false when there is none. */
bool outcome_when(struct engine *, uint16_t seg, struct addr, uint16_t port, enum outcome, ts_t from, ts_t to, ts_t *first,
		  ts_t *last);
/* The most of it in one minute between the times. */
uint32_t outcome_peak(struct engine *, uint16_t seg, struct addr, uint16_t port, enum outcome, ts_t from, ts_t to);

/* The last answers to one name for one station, by DNS. */
struct name_answer {
	ts_t	    ts;
	struct addr resolver, addr; /* addr: of the first A or AAAA; absent where there was none */
	struct mac  by;
	uint8_t	    rcode;
	bool	    answered; /* else a question that nobody has answered yet */
};
/* The i-th newest, NULL past the end.  `name` 0: of directory servers (RFC 2782 names that begin with _ldap or _kerberos). */
const struct name_answer *name_answer_at(struct engine *, uint16_t seg, struct addr client, uint64_t name, unsigned i);

/* The rogue detection of a Windows DHCP server (DETECTIONS.md 4, D4-AUTHKILL): when it asked last, who told it a domain. */
struct rogue_check {
	ts_t	    asked, told; /* TS_NONE: never */
	struct mac  by;
	struct addr by_addr;
	uint64_t    domain; /* name_hash() of it */
};
const struct rogue_check *rogue_check_of(struct engine *, uint16_t seg, struct mac);

#endif
