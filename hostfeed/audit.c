/* The audit logs of the Windows DHCP server: lines of comma-separated values behind a head of free text.  The log does
 * not say whose it is; its times are the server's local ones.  In syslog the header says whose. */
#include "decode.h"
#include "text.h"

enum { V4_COLUMNS = 19, V6_COLUMNS = 12, COLUMNS_MAX = 24 };

/* In the order of the file; the names are those of its title line. */
static const char *const v4_columns[] = {
	"ID",
	"Date",
	"Time",
	"Description",
	"IP Address",
	"Host Name",
	"MAC Address",
	"User Name",
	"TransactionID",
	"QResult",
	"Probationtime",
	"CorrelationID",
	"Dhcid",
	"VendorClass(Hex)",
	"VendorClass(ASCII)",
	"UserClass(Hex)",
	"UserClass(ASCII)",
	"RelayAgentInformation",
	"DnsRegError",
};
static const char *const v6_columns[] = {
	"ID",	     "Date",	      "Time",	     "Description",	"IPv6 Address",
	"Host Name", "Error Code",    "Duid Length", "Duid Bytes(Hex)", "User Name",
	"Dhcid",     "Subnet Prefix",
};
/* How a line of the head begins, in English; ids of the legend are followed by a tab. */
static const char *const head[] = { "Microsoft DHCP", "Event ID", "QResult", "ID,Date,Time" };

/* Version 6 has fewer columns; rows of old servers end early, and then the ids tell. */
static bool
is_v6(uint32_t id, size_t n, struct bytes address)
{
	struct addr a;
	if (text_addr(address, &a))
		return a.fam == 6;
	return id >= 1100 || (n > 9 && n < 15);
}

/* "10,03/11/26,10:13:58,": the id, the local date and time. */
static bool
row_begins(struct cursor c, int32_t zone, ts_t *ts)
{
	size_t n = 0;

	for (; cur_more(&c) && cur_peek_u8(&c) >= '0' && cur_peek_u8(&c) <= '9'; n++)
		cur_skip(&c, 1);
	return n > 0 && cur_u8(&c) == ',' && text_us_time(&c, zone, ts);
}

bool
audit_begins(struct cursor c)
{
	ts_t ts;
	return row_begins(c, 0, &ts);
}

/* `host`: whose log it is, empty where only the bringer of the file knows. */
static void
row(struct sink *s, struct bytes doc, ts_t ts, struct bytes host)
{
	struct cursor c = cur_all(doc);
	struct bytes v[COLUMNS_MAX] = { { NULL, 0 } };
	const char *what = NULL;
	size_t n = 0;
	while (cur_more(&c) && n < COLUMNS_MAX) {
		struct cursor from = c;
		size_t len = 0;
		while (cur_more(&c) && cur_u8(&c) != ',')
			len++;
		v[n++] = text_trim(cur_take(&from, len));
	}
	struct hostev *ev = event_begin(s->feed, "dhcp-audit");
	if (!event_id(ev, v[0], &what)) {
		sink_bad(s, what, 0, 1);
		return;
	}
	bool v6 = is_v6(ev->event_id, n, v[4]);
	ev->provider = bytes_str(v6 ? "DHCP-Server-AuditLog-v6" : "DHCP-Server-AuditLog-v4");
	size_t columns = v6 ? V6_COLUMNS : V4_COLUMNS;
	for (size_t i = 0; i < n && i < columns; i++)
		if (v[i].n > 0)
			event_field(ev, bytes_str(v6 ? v6_columns[i] : v4_columns[i]), v[i]);
	event_time_is(s->feed, ts, false);
	ev->computer = bytes_text(host);
	if (host.n == 0)
		event_lost(ev, "computer");
	event_lost(ev, "record_id");
	event_lost(ev, "fraction of the second");
	event_end(s);
}

void
audit_syslog(struct sink *s, struct cursor row_at, struct bytes host)
{
	ts_t ts;

	/* a file without a name was handed over by the operator; what came over the network may be anybody's */
	if (host.n == 0)
		sink_bad(s,
			 "a row of a DHCP audit log in syslog whose header names no host: have the sender "
			 "name it",
			 0, 1);
	else if (row_begins(row_at, s->feed->zone, &ts))
		row(s, cur_rest(&row_at), ts, host);
}

bool
audit_head(struct cursor c)
{
	struct cursor all = c;
	struct bytes text = cur_rest(&all);
	size_t n = 0;

	for (size_t i = 0; i < NELEM(head); i++)
		if (text_starts_nocase(text, head[i]))
			return true;
	for (; cur_more(&c) && cur_peek_u8(&c) >= '0' && cur_peek_u8(&c) <= '9'; n++)
		cur_skip(&c, 1);
	uint8_t next = cur_u8(&c);
	return n > 0 && (next == '\t' || next == '+');
}

void
audit_decode(struct sink *s, struct bytes doc)
{
	ts_t ts;

	if (row_begins(cur_all(doc), s->feed->zone, &ts))
		row(s, doc, ts, (struct bytes){ NULL, 0 });
	else if (audit_head(cur_all(doc)))
		s->ignored++;
	else
		sink_bad(s, "shape not known: no event of any forwarder that is read", 0, 1);
}
