/* Counting DHCPv4 clients: how many new ones, from where, how many of them are anybody.  Statistics only; the facts are
 * raised by detectors/rates.c.  Constants: DETECTIONS.md 4 tells where they come from. */
#ifndef CROSSTAP_RATES_H
#define CROSSTAP_RATES_H

#include "ledger.h"

enum {
	SRC_TOP = 8,
	FAN_RING = 24,
	FAN_SLOTS = 12,
	BAD_MACS = 3,
	XID_CHADDRS = 5,
	DECLINES = 16,
	ATTACKS = 6,
	REFUSED = 16,
	OFFER_SLOTS = 12,
	OFFER_MINUTES = 60,
	QUIET_MINUTES = 512, /* a scope's hour, told up to 6 h later */
	CIRCUIT_DAYS = 30,
	CIRCUIT_KEYS = 12
};
enum { NO_LEASE, LEASE, LEASE_KINDS };

/* Who is behind a set of keys: a heavy-hitter sketch (space saving), so that a source of 80 % cannot hide behind others. */
struct sources {
	struct {
		struct mac mac;
		uint32_t n, err;
	} top[SRC_TOP];
	uint32_t total;
};
void sources_add(struct sources *, struct mac);
bool sources_main(const struct sources *, struct mac *); /* at least 80 % of all, and no group address */

struct ghosts { /* LLR-CUSUM */
	double s;
	struct sources src;
};
struct attack { /* a (family, actor) that facts were raised for */
	uint8_t family;
	struct actor actor;
	ts_t last;
	bool hard, rate;
};

struct rates_seg {
	ts_t server_at;
	struct ghosts ghosts[LEASE_KINDS];
	ts_t stock_counted, first_lease;

	/* new client keys, 10 s buckets */
	double rate_s, lam[24];
	ts_t bucket;
	struct sources rate_src;

	struct {
		struct mac mac, l2;
		ts_t at;
	} bad[BAD_MACS];
	struct {
		struct mac chaddr, answerer;
		struct addr addr;
		ts_t at;
	} declined[DECLINES];

	/* who got an OFFER; who did not, in a row */
	struct {
		uint32_t asked, answered;
	} slot[OFFER_SLOTS], minute[OFFER_MINUTES];
	int64_t slot_at, minute_at;
	ts_t row_since, exhausted, nooffer_at;

	struct attack attack[ATTACKS];
	struct {
		struct mac mac;
		ts_t at;
	} refused[REFUSED];
	struct {
		uint16_t keys, alive;
	} quiet[QUIET_MINUTES]; /* a minute each */
	int64_t quiet_at;
	const char *hint; /* tool trait of a new client (DETECTIONS.md 12) */
	ts_t hint_at;

	uint32_t known_leases, known_ghosts; /* measured share of ghosts while nothing is wrong */
	uint32_t doubt_leases, doubt_ghosts; /* since the sum left rest: they count once it is back without an attack */
	uint32_t stock_pool;		     /* pool size by a host event that the stock was compared with */
	uint32_t stock;			     /* ghost leases, an upper bound between recounts */
	uint32_t bucket_keys, run_keys, run_judged, run_alive;
	uint32_t row, row_asked, row_answered; /* keys in a row without OFFER; of the hour before the row */
	uint32_t ndeclined, nrefused;
	struct prefix own;		  /* declared prefix of the segment's own clients; fam 0 unknown */
	struct addr server_id, low, high; /* the segment's server; leased addresses */
	struct mac server;
	bool rate_alarm, quiet_told, row_told, nooffer;
};

/* One L2 source: FANOUT. */
struct fan {
	struct {
		ts_t at;
		struct mac mac;
		uint64_t cid;
		bool leased;
	} ring[FAN_RING];
	uint32_t nring;
	struct {
		uint16_t judged, unused;
	} slot[FAN_SLOTS]; /* five minutes each */
	int64_t slot_at;
};
struct fan_key {
	uint16_t seg;
	struct mac mac;
};
/* A new key, judged: `at` is when it came or got its lease. */
struct fan_item {
	ts_t at;
	struct mac chaddr;
	uint64_t cid;
	bool leased, unused;
};
/* True when the source fans out now (5 unused in 60 s or 12 in an hour, 80 % of the hour unused). */
bool fan_add(struct engine *, const struct segment *, struct mac l2, const struct fan_item *);

/* One option 82: CIRCUIT.  A day is 24 h from the first message that came by the circuit, whatever the calendar says. */
struct circuit {
	ts_t at[LEASE_KINDS][CIRCUIT_KEYS];
	uint32_t n[LEASE_KINDS];
	ts_t first;
	uint32_t day;			    /* the running one; 0 the first */
	uint16_t day_keys[CIRCUIT_DAYS + 1]; /* new keys of that day and of the 30 before it, at day % 31 */
};
/* A client of the circuit was heard, new or not: its history goes on. */
void circuit_heard(struct engine *, uint64_t circuit);
/* Adds a key that was new at that time (not before the last one's); true when it is a burst, at least 5 in 60 s or 12 in an
 * hour of one kind, and the median of the circuit's last 30 whole days, fewer while it is known for less, is at most 3.
 * Of a circuit that is known for less than one day nothing is claimed. */
bool circuit_add(struct circuit *, bool leased, ts_t at);
/* The capture was away for that long: those days are not days without clients. */
void rates_outage(struct engine *, ts_t away);

struct xid_use {
	struct mac chaddr[XID_CHADDRS], l2[XID_CHADDRS];
	ts_t at[XID_CHADDRS];
	uint32_t n;
};
bool xid_add(struct xid_use *, struct mac chaddr, struct mac l2, ts_t now);

enum due_kind { DUE_CLIENT, DUE_LEASE };
struct due {
	ts_t at, since;
	struct d4_client_key key;
	struct inc_ref ref;
	struct addr addr;
	uint8_t kind;
};
struct due_ring {
	struct due *v;
	uint32_t cap, n;
	uint64_t head;
};

struct rates {
	struct rates_seg *seg; /* SEGMENTS_MAX */
	struct table fans, circuits, xids;
	struct due_ring life;  /* 10 s after a lease or a first DISCOVER */
	struct due_ring offer; /* 5 s after a DISCOVER */
	uint64_t missed;       /* tests not made because a ring was full */
};

size_t rates_bytes(const struct engine_conf *);
void rates_open(struct engine *, void *mem);
struct rates_seg *rates_of(struct engine *, const struct segment *);
bool due_push(struct rates *, struct due_ring *, const struct due *);
bool due_pop(struct due_ring *, ts_t now, struct due *);
/* A lease that may have been counted shows a sign of life after all; `alive` false: only that nothing is known of it. */
void rates_revived(struct engine *, const struct d4_lease *, bool alive);
/* Adds one outcome to a CUSUM; true while it is above the alarm. */
bool ghosts_add(struct rates_seg *, unsigned kind, bool ghost, struct mac l2);
/* Ends the buckets up to now; true when the CUSUM of new client keys is above its alarm at the end of one. */
bool rate_turn(struct rates_seg *, ts_t now);
/* A DISCOVER whose 5 s were over at that time: it may lie back, where no packet came between. */
void offers_add(struct rates_seg *, ts_t at, bool answered);
void offers_sum(struct rates_seg *, ts_t now, uint32_t last60[2], uint32_t hour[2]); /* asked, answered */
/* At least 90 % of the new client keys that were judged between the two times showed a sign of life: what explains a full
 * scope by growth.  False too where the times lie further back than is kept. */
bool rates_quiet(struct engine *, const struct segment *, ts_t from, ts_t to);
void rates_quiet_add(struct rates_seg *, ts_t now, bool alive);

#endif
