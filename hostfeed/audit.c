/* The audit logs of the Windows DHCP server: lines of comma-separated values behind a head of free text.  The log does
 * not say whose it is; its times are the server's local ones. */
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

static void
row(struct sink *s, struct bytes doc, ts_t ts)
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
	event_lost(ev, "computer");
	event_lost(ev, "record_id");
	event_lost(ev, "fraction of the second");
	event_end(s);
}

void
audit_decode(struct sink *s, struct bytes doc)
{
	struct cursor c = cur_all(doc), digits = c;
	ts_t ts;
	while (cur_more(&digits) && cur_peek_u8(&digits) >= '0' && cur_peek_u8(&digits) <= '9')
		cur_skip(&digits, 1);
	size_t n = cur_off(&digits);
	uint8_t next = cur_u8(&digits);
	if (n > 0 && next == ',' && text_us_time(&digits, s->feed->zone, &ts)) {
		row(s, doc, ts);
		return;
	}
	for (size_t i = 0; i < NELEM(head); i++)
		if (text_starts_nocase(doc, head[i])) {
			s->ignored++;
			return;
		}
	if (n > 0 && (next == '\t' || next == '+')) {
		s->ignored++;
		return;
	}
	sink_bad(s, "shape not known: no event of any forwarder that is read", 0, 1);
}
