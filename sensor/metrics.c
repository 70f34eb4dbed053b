/* The one table of counters: what each is, its unit, and what to do when it moves. */
#include "control.h"
#include "view.h"

enum { COUNTERS_MAX = 64, TAIL = 128, NUMBER_LENGTH = 24 };

struct row;
typedef bool value_fn(struct control *, const struct row *, size_t k, struct metric_value *);
struct row {
	struct metric m;
	value_fn *value;
	size_t arg; /* of the value: which member, or which bit */
};

static void
label(struct metric_value *v, const char *key, const char *text)
{
	size_t n = strlen(text);
	n = n < METRIC_LABEL_MAX - 1 ? n : METRIC_LABEL_MAX - 1;
	v->key[v->nlabel] = key;
	memcpy(v->label[v->nlabel], text, n);
	v->label[v->nlabel++][n] = 0;
}

static void
label_number(struct metric_value *v, const char *key, uint64_t n, char text[NUMBER_LENGTH])
{
	struct out o = out_init(text, NUMBER_LENGTH - 1);
	out_u64(&o, n);
	text[o.n] = 0;
	label(v, key, text);
}

static bool
of_engine(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	struct engine_counter all[COUNTERS_MAX];
	size_t n = engine_counters(c->engine, all, COUNTERS_MAX);
	for (size_t i = 0; k == 0 && i < n; i++)
		if (strcmp(all[i].name, r->m.name) == 0) {
			v->value = (int64_t)all[i].value;
			return true;
		}
	return false;
}

static bool
of_tap(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	uint64_t n;
	if (k >= c->ntap)
		return false;
	memcpy(&n, (const char *)&c->tap[k] + r->arg, sizeof(n));
	label(v, "interface", c->tap[k].name);
	v->value = (int64_t)n;
	return true;
}

static bool
of_table(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	struct view_table t;
	if (!view_table(c->engine, k, &t))
		return false;
	const uint64_t n[] = { t.used, t.capacity, t.evicted, t.refused };
	label(v, "table", t.name);
	v->value = (int64_t)n[r->arg];
	return true;
}

static bool
of_sender(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	struct feedsrc_sender s;
	uint64_t n;
	if (c->feed == NULL || !feedsrc_at(c->feed, k, &s))
		return false;
	memcpy(&n, (const char *)&s.counts + r->arg, sizeof(n));
	label(v, "sender", s.name);
	v->value = (int64_t)n;
	return true;
}

enum sender_is { SENDER_SILENT, SENDER_AGE };

static bool
of_silence(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	struct feedsrc_sender s;
	if (c->feed == NULL || !feedsrc_at(c->feed, k, &s))
		return false;
	label(v, "sender", s.name);
	v->value = r->arg == SENDER_SILENT ? s.silent : s.heard ? (c->now_ms - s.heard) / 1000 : -1;
	return true;
}

static bool
of_sight(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	struct view_segment s;
	(void)r;
	if (!view_segment(c->engine, k / VIEW_BITS, &s))
		return false;
	const struct view_bit *b = &s.bit[k % VIEW_BITS];
	label(v, "segment", s.name);
	label(v, "bit", b->name);
	v->value = b->has;
	return true;
}

static bool
of_verdict(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	uint32_t n[VERDICTS];
	(void)r;
	if (k >= VERDICTS)
		return false;
	view_verdicts(c->engine, n);
	label(v, "verdict", verdict_name((enum verdict)k));
	v->value = n[k];
	return true;
}

enum edge_is { EDGE_UP, EDGE_RESTARTS, EDGE_OWED };

static bool
of_edge(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	struct feedsrc_edge e = c->feed ? feedsrc_edge(c->feed) : (struct feedsrc_edge){ 0 };
	const uint64_t n[] = { [EDGE_UP] = e.listens, [EDGE_RESTARTS] = e.restarts, [EDGE_OWED] = e.owed };
	v->value = (int64_t)n[r->arg];
	return k == 0 && (e.wanted || e.listens);
}

static bool
of_listener(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	struct feedsrc_listener l;
	char number[NUMBER_LENGTH];
	uint64_t n;
	if (c->feed == NULL || !feedsrc_listener_at(c->feed, k, &l))
		return false;
	memcpy(&n, (const char *)&l.counts + r->arg, sizeof(n));
	label_number(v, "listener", k + 1, number); /* TCP and UDP may have the same address */
	label(v, "address", l.address);
	v->value = (int64_t)n;
	return true;
}

enum output_is { OUTPUT_GOOD, OUTPUT_LINES, OUTPUT_WAITING, OUTPUT_BYTES, OUTPUT_LOST };

static bool
of_output(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	struct sink_state s;
	char number[NUMBER_LENGTH];
	if (c->sinks == NULL || !sinks_state(c->sinks, k, &s))
		return false;
	const uint64_t n[] = { [OUTPUT_GOOD] = s.good,
			       [OUTPUT_LINES] = s.lines,
			       [OUTPUT_WAITING] = s.waiting,
			       [OUTPUT_BYTES] = s.waiting_bytes,
			       [OUTPUT_LOST] = s.lost };
	label_number(v, "output", k + 1, number); /* two may go to the same place in different formats */
	label(v, "to", s.name);
	v->value = (int64_t)n[r->arg];
	return true;
}

static bool
of_evidence(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	uint64_t n;
	if (c->evidence == NULL || k > 0)
		return false;
	struct evidence_counts all = evidence_counts(c->evidence);
	memcpy(&n, (const char *)&all + r->arg, sizeof(n));
	v->value = (int64_t)n;
	return true;
}

enum time_is { TIME_START, TIME_PACKET };

static bool
of_time(struct control *c, const struct row *r, size_t k, struct metric_value *v)
{
	ts_t t = r->arg == TIME_START ? c->started : view_now(c->engine);
	v->value = t == TS_NONE ? 0 : t / TS_SEC;
	return k == 0;
}

#define COUNTS(member)	of_sender, offsetof(struct ipc_counts, member)
#define TAPS(member)	of_tap, offsetof(struct control_tap, member)
#define LISTENS(member) of_listener, offsetof(struct ipc_listener, member)
#define FILES(member)	of_evidence, offsetof(struct evidence_counts, member)

static const struct row rows[] = {
	{ { "start_time_seconds", "seconds", METRIC_GAUGE, "when the sensor was started, since 1970",
	    "a jump is a restart: look into its messages for why" },
	  of_time,
	  TIME_START },
	{ { "packet_time_seconds", "seconds", METRIC_GAUGE, "time of the latest packet or tick, since 1970",
	    "when it stands still the capture does: is the mirror port up?" },
	  of_time,
	  TIME_PACKET },
	{ { "interface_frames", "frames", METRIC_COUNTER, "frames that passed the capture filter",
	    "when it stands still nothing arrives: check the mirror session and the cable" },
	  TAPS(frames) },
	{ { "interface_dropped", "frames", METRIC_COUNTER, "frames that the kernel dropped for want of room",
	    "raise capture.buffer_mib, or mirror less; absence proves nothing in such a time" },
	  TAPS(dropped) },
	{ { "interface_iface_dropped", "frames", METRIC_COUNTER, "frames that the network card dropped",
	    "raise the card's ring (ethtool -G); absence proves nothing in such a time" },
	  TAPS(iface_dropped) },
	{ { "observations", "messages", METRIC_COUNTER,
	    "messages read from the wire that a detector may want",
	    "when it stands still while frames arrive, the mirror shows no broadcasts or control traffic" },
	  of_engine,
	  0 },
	{ { "duplicates", "messages", METRIC_COUNTER, "second copies that the mirror made, left out",
	    "near half of the observations: the mirror takes both directions of a port; harmless" },
	  of_engine,
	  0 },
	{ { "packets_lost", "frames", METRIC_COUNTER,
	    "frames that the capture dropped, as the engine was told",
	    "as interface_dropped: claims of absence become unverifiable meanwhile" },
	  of_engine,
	  0 },
	{ { "host_events", "events", METRIC_COUNTER, "host events given to the engine",
	    "when it stands still no host speaks: see the senders" },
	  of_engine,
	  0 },
	{ { "host_event_duplicates", "events", METRIC_COUNTER, "host events that came twice, left out",
	    "grows when a collector sends again what it had sent; harmless" },
	  of_engine,
	  0 },
	{ { "incident_records", "records", METRIC_COUNTER, "revisions of incidents told",
	    "a steep rise: crosstapctl incidents; mute what is known and expected" },
	  of_engine,
	  0 },
	{ { "muted", "incidents", METRIC_COUNTER, "incidents that a mute held back",
	    "crosstapctl mutes shows which hold, and until when" },
	  of_engine,
	  0 },
	{ { "muted_records", "records", METRIC_COUNTER, "revisions that a mute kept from being told",
	    "as muted" },
	  of_engine,
	  0 },
	{ { "hosts", "stations", METRIC_GAUGE, "stations tracked", "near limits.hosts: raise it" },
	  of_engine,
	  0 },
	{ { "hosts_evicted", "stations", METRIC_COUNTER, "stations forgotten under pressure",
	    "raise limits.hosts, or look for a flood of forged MAC addresses" },
	  of_engine,
	  0 },
	{ { "hypotheses", "suspicions", METRIC_GAUGE, "suspicions tracked, latent ones included",
	    "a steep rise is a flood of forged actors" },
	  of_engine,
	  0 },
	{ { "hypotheses_evicted", "suspicions", METRIC_COUNTER, "suspicions forgotten under pressure",
	    "a flood of forged actors: find its port on the switch" },
	  of_engine,
	  0 },
	{ { "incidents_open", "incidents", METRIC_GAUGE, "incidents that are open, by verdict",
	    "confirmed and probable ones want a person: crosstapctl incidents, then why ID" },
	  of_verdict,
	  0 },
	{ { "segment_sight", "1", METRIC_GAUGE,
	    "1 where enough of the traffic is seen that its absence counts (--explain V_B4 and the like)",
	    "0 on a segment that should be mirrored: the mirror is one-sided; verdicts stay unverifiable" },
	  of_sight,
	  0 },
	{ { "table_entries", "entries", METRIC_GAUGE, "entries in each store",
	    "compare with table_capacity" },
	  of_table,
	  0 },
	{ { "table_capacity", "entries", METRIC_GAUGE, "room of each store", "limits.* set it" },
	  of_table,
	  1 },
	{ { "table_evicted", "entries", METRIC_COUNTER, "entries that gave way to newer ones",
	    "raise limits.hosts or limits.events: what was learned is forgotten" },
	  of_table,
	  2 },
	{ { "table_refused", "entries", METRIC_COUNTER, "entries that found no room, all others being in use",
	    "close or mute old incidents; a flood of forged actors does this too" },
	  of_table,
	  3 },
	{ { "sender_accepted", "events", METRIC_COUNTER, "events of a sender that were taken",
	    "when it stands still: is the sender alive, does it still forward the channels?" },
	  COUNTS(accepted) },
	{ { "sender_ignored", "documents", METRIC_COUNTER,
	    "documents of a sender without an event of interest",
	    "high is normal; filter at the source to save bandwidth (deploy/windows)" },
	  COUNTS(ignored) },
	{ { "sender_refused", "events", METRIC_COUNTER,
	    "events of computers that the sender may not speak for",
	    "correct feed.senders: computers, or ask who forges events" },
	  COUNTS(refused) },
	{ { "sender_malformed", "documents", METRIC_COUNTER, "documents of a sender that cannot be read",
	    "the first three are told in the sensor's messages with line and offset" },
	  COUNTS(malformed) },
	{ { "sender_late", "events", METRIC_COUNTER, "events that came after feed.event_window",
	    "too late to be joined with packets: speed up the collector or raise feed.event_window" },
	  COUNTS(late) },
	{ { "sender_duplicates", "events", METRIC_COUNTER, "events of a sender that came twice",
	    "harmless after a reconnect; steady: two collectors forward the same host" },
	  COUNTS(duplicates) },
	{ { "sender_gaps", "records", METRIC_COUNTER, "record numbers of a sender's hosts that never came",
	    "a filter at the source leaves gaps too; a sudden rise is loss on the way" },
	  COUNTS(gaps) },
	{ { "sender_clock_ahead_ms", "milliseconds", METRIC_GAUGE,
	    "how far the sender's events are ahead of our clock, at least",
	    "far from 0: synchronise the hosts' clocks, or ours" },
	  COUNTS(offset_ms) },
	{ { "sender_heard_age_seconds", "seconds", METRIC_GAUGE, "since the sender was heard last; -1: never",
	    "see sender_silent" },
	  of_silence,
	  SENDER_AGE },
	{ { "sender_silent", "1", METRIC_GAUGE, "1 while the sender is silent for longer than is usual",
	    "check the collector: without its events verdicts rest on the wire alone" },
	  of_silence,
	  SENDER_SILENT },
	{ { "edge_up", "1", METRIC_GAUGE, "1 while the process that takes feeds and requests listens",
	    "0 for more than a minute: the sensor's messages say why it does not start" },
	  of_edge,
	  EDGE_UP },
	{ { "edge_restarts", "restarts", METRIC_COUNTER,
	    "times that the edge ended by itself and was started again",
	    "its last message before says why; senders that wait for a confirmation send again" },
	  of_edge,
	  EDGE_RESTARTS },
	{ { "edge_unconfirmed", "documents", METRIC_GAUGE,
	    "documents taken from the edge and not confirmed to it yet",
	    "it lasts: the engine cannot keep up, filter at the source (deploy/windows)" },
	  of_edge,
	  EDGE_OWED },
	{ { "listener_connections", "connections", METRIC_COUNTER,
	    "connections that a listener took, since the edge was started",
	    "a steep rise without events: somebody connects again and again, see the sensor's messages" },
	  LISTENS(connections) },
	{ { "listener_strangers", "connections", METRIC_COUNTER,
	    "of them, those that are none of feed.senders (datagrams too)",
	    "a sender whose certificate or address changed, or somebody who tries" },
	  LISTENS(strangers) },
	{ { "listener_handshakes_failed", "connections", METRIC_COUNTER,
	    "TLS handshakes that failed or took too long",
	    "a certificate that ran out, of a sender or ours, or a scanner" },
	  LISTENS(handshakes) },
	{ { "listener_no_room", "connections", METRIC_COUNTER, "connections refused for want of room",
	    "raise feed.connections or feed.sender_connections, or find who holds so many" },
	  LISTENS(full) },
	{ { "listener_idle", "connections", METRIC_COUNTER,
	    "connections closed after feed.idle without a byte",
	    "senders that keep quiet connections: raise feed.idle" },
	  LISTENS(idle) },
	{ { "listener_malformed", "connections", METRIC_COUNTER,
	    "connections closed because their framing cannot be read",
	    "the sender speaks another protocol than the listener's: see feed.listen" },
	  LISTENS(malformed) },
	{ { "listener_kernel_drops", "datagrams", METRIC_COUNTER,
	    "datagrams that the kernel dropped for want of room",
	    "events are lost: use TCP or TLS for this sender" },
	  LISTENS(kernel_drops) },
	{ { "output_good", "1", METRIC_GAUGE,
	    "1 while an output is connected, or its last line could be written",
	    "0: see the sensor's messages; lines wait (output_waiting) or are lost (output_lost)" },
	  of_output,
	  OUTPUT_GOOD },
	{ { "output_lines", "lines", METRIC_COUNTER, "lines given to an output",
	    "as incident_records; an output that is not heard of for long: its format is not what is "
	    "wanted" },
	  of_output,
	  OUTPUT_LINES },
	{ { "output_waiting", "lines", METRIC_GAUGE,
	    "lines that wait for the receiver, in the spool or in memory",
	    "it grows: the receiver is away or slower than output.rate allows; look at it before the spool "
	    "is full" },
	  of_output,
	  OUTPUT_WAITING },
	{ { "output_waiting_bytes", "bytes", METRIC_GAUGE,
	    "room that waiting lines take, those included that the receiver has not confirmed",
	    "near spool_mib (1 MiB without a spool) the oldest are lost: raise it, or bring the receiver "
	    "back" },
	  of_output,
	  OUTPUT_BYTES },
	{ { "output_lost", "lines", METRIC_COUNTER,
	    "lines that an output lost; a receiver is told which by a line `gap`",
	    "raise spool_mib or rate, or use transport tcp or tls with a spool; the records stand in a file "
	    "output" },
	  of_output,
	  OUTPUT_LOST },
	{ { "evidence_files", "files", METRIC_GAUGE, "files in the evidence folder",
	    "evidence.mib and evidence.age bound it" },
	  FILES(files) },
	{ { "evidence_bytes", "bytes", METRIC_GAUGE, "bytes of the evidence folder",
	    "near evidence.mib the files written longest ago go: raise it, or copy them away sooner" },
	  FILES(bytes) },
	{ { "evidence_written", "files", METRIC_COUNTER,
	    "evidence files written, each revision of an incident counts",
	    "a steep rise goes with incident_records" },
	  FILES(written) },
	{ { "evidence_failed", "files", METRIC_COUNTER, "evidence files that could not be written",
	    "disk full or a folder without the right to write: records go out without evidence meanwhile" },
	  FILES(failed) },
	{ { "evidence_removed", "files", METRIC_COUNTER, "evidence files removed for room or age",
	    "earlier than they were needed: raise evidence.mib or evidence.age" },
	  FILES(removed) },
	{ { "evidence_frames_gone", "frames", METRIC_COUNTER,
	    "frames that a record lists and that were overwritten before its file was written, or are an "
	    "earlier run's",
	    "raise evidence.memory_mib" },
	  FILES(gone) },
};

const struct metric *
metric_at(size_t i)
{
	return i < NELEM(rows) ? &rows[i].m : NULL;
}

bool
metric_value(struct control *c, size_t i, size_t k, struct metric_value *v)
{
	v->nlabel = 0;
	return i < NELEM(rows) && rows[i].value(c, &rows[i], k, v);
}

/* ---- OpenMetrics 1.0 ---- */
static void
put_label(struct out *o, const char *text)
{
	out_chr(o, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			out_chr(o, '\\');
		out_chr(o, (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
	}
	out_chr(o, '"');
}

static void
sample(struct out *o, const struct metric *m, const struct metric_value *v)
{
	out_str(o, "crosstap_");
	out_str(o, m->name);
	out_str(o, m->type == METRIC_COUNTER ? "_total" : "");
	for (size_t i = 0; i < v->nlabel; i++) {
		out_chr(o, i ? ',' : '{');
		out_str(o, v->key[i]);
		out_chr(o, '=');
		put_label(o, v->label[i]);
	}
	out_str(o, v->nlabel ? "} " : " ");
	out_i64(o, v->value);
	out_chr(o, '\n');
}

static void
head(struct out *o, const struct metric *m)
{
	out_str(o, "# TYPE crosstap_");
	out_str(o, m->name);
	out_str(o, m->type == METRIC_COUNTER ? " counter\n# HELP crosstap_" : " gauge\n# HELP crosstap_");
	out_str(o, m->name);
	out_chr(o, ' ');
	out_str(o, m->help);
	out_str(o, " [");
	out_str(o, m->unit);
	out_str(o, "]. When it moves: ");
	out_str(o, m->act);
	out_chr(o, '\n');
}

void
metrics_text(struct control *c, struct out *o)
{
	size_t cap = o->cap, whole = o->n;
	o->cap = cap > TAIL ? cap - TAIL : 0;
	for (size_t i = 0; i < NELEM(rows) && out_ok(o); i++) {
		struct metric_value v;
		head(o, &rows[i].m);
		for (size_t k = 0; metric_value(c, i, k, &v) && out_ok(o); k++) {
			sample(o, &rows[i].m, &v);
			whole = out_ok(o) ? o->n : whole;
		}
	}
	bool cut = !out_ok(o);
	if (cut)
		o->n = whole;
	o->full = false;
	o->cap = cap;
	out_str(o, "# TYPE crosstap_metrics_cut gauge\ncrosstap_metrics_cut ");
	out_str(o, cut ? "1\n# EOF\n" : "0\n# EOF\n");
}
