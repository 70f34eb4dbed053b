/* DNS over UDP and TCP, multicast DNS, LLMNR: RFC 1035, 6762, 4795; UPDATE (RFC 2136) counts its four sections alike.
 * The packet path reads the header and steps over the records; names are expanded by who asks, through dns_rr_next().
 * Over TCP messages follow each other (RFC 7766 6.2.1), each behind its length. */
#include "dissector.h"
#include "dnsname.h"

enum { DNS_PORT = 53, MDNS_PORT = 5353, LLMNR_PORT = 5355, DNS_HEADER = 12 };
enum {
	LABEL_MAX = 63,
	NAME_MAX_WIRE = 255, /* RFC 1035 2.3.4 */
	JUMPS_MAX =
		128, /* a name has at most 127 labels, and who points without a label in between only hides */
	LABEL_POINTER = 0xc0,
};
enum { QUESTION_MIN = 5, RECORD_MIN = 11, CLASS_CHAOS = 3 };

void
labels_begin(struct labels *l, struct cursor *c, size_t message)
{
	*l = (struct labels){ .c = c, .at = *c, .message = message, .run = cur_off(c) };
}

/* RFC 1035 4.1.4: a pointer names a prior occurrence.  Each must lead before the labels that it ends, so that the
 * runs strictly fall and no loop can be written.  No name stands in the header, but a zero byte of it ends one for
 * resolvers of hosts that only look for loops. */
static bool
label_jump(struct labels *l, uint8_t high)
{
	size_t to = (size_t)(high & LABEL_MAX) << 8 | cur_u8(&l->at);

	if (!cur_ok(&l->at)) {
		cur_fail(l->c, cur_end(&l->at));
		return false;
	}
	if (to + l->message >= l->run || ++l->jumps > JUMPS_MAX) {
		cur_fail(l->c, CUR_BAD);
		return false;
	}
	if (!l->jumped)
		*l->c = l->at;
	l->jumped = true;
	l->run = to + l->message;
	l->at = cur_at(&l->at, l->run);
	return true;
}

bool
labels_next(struct labels *l, struct bytes *label)
{
	while (cur_ok(l->c)) {
		uint8_t len = cur_u8(&l->at);
		if (cur_ok(&l->at) && len >= LABEL_POINTER) {
			if (!label_jump(l, len))
				return false;
			continue;
		}
		l->wire += 1u + len;
		if (len > LABEL_MAX || l->wire > NAME_MAX_WIRE) /* 01 and 10: no longer in use, RFC 6891 5 */
			cur_fail(&l->at, CUR_BAD);
		*label = cur_take(&l->at, len);
		if (!cur_ok(&l->at)) {
			cur_fail(l->c, cur_end(&l->at));
			return false;
		}
		if (len)
			return true;
		if (!l->jumped)
			*l->c = l->at;
		return false;
	}
	return false;
}

/* The packet path's own loop: a name is its labels up to the zero or the first pointer. */
void
name_skip(struct cursor *c, size_t message)
{
	struct cursor at = *c;
	size_t start = cur_off(c);

	for (uint8_t len = cur_u8(&at); cur_ok(&at) && len; len = cur_u8(&at)) {
		if (len >= LABEL_POINTER) {
			size_t to = message + ((size_t)(len & LABEL_MAX) << 8 | cur_u8(&at));
			if (cur_ok(&at) && to >= start)
				cur_fail(&at, CUR_BAD);
			break;
		}
		if (len > LABEL_MAX || cur_off(&at) - start + len >= NAME_MAX_WIRE)
			cur_fail(&at, CUR_BAD);
		cur_skip(&at, len);
	}
	if (cur_ok(&at))
		*c = at;
	else
		cur_fail(c, cur_end(&at));
}

void
label_text(struct out *o, struct bytes label)
{
	static const char letters[] = "abtnvfr"; /* of 7 to 13 */
	size_t from = 0;

	for (size_t i = 0; i < label.n; i++) {
		uint8_t b = bytes_u8(label, i);
		if (b >= 0x20 && b != 0x7f) /* stands for itself */
			continue;
		out_view(o, bytes_of(label.p + from, i - from));
		from = i + 1;
		out_chr(o, '\\');
		if (b >= 7 && b <= 13) {
			out_chr(o, letters[b - 7]);
			continue;
		}
		out_chr(o, (char)('0' + (b >> 6)));
		out_chr(o, (char)('0' + (b >> 3 & 7)));
		out_chr(o, (char)('0' + (b & 7)));
	}
	if (from < label.n)
		out_view(o, bytes_of(label.p + from, label.n - from));
}

/* `c` must start with the message; 255 bytes at four characters each fit. */
static bool
name_text(struct cursor *c, char text[DNS_NAME_TEXT])
{
	struct out o = out_init(text, DNS_NAME_TEXT - 1);
	struct labels l;
	struct bytes label;

	labels_begin(&l, c, 0);
	while (labels_next(&l, &label)) {
		if (o.n)
			out_chr(&o, '.');
		label_text(&o, label);
	}
	if (o.n == 0)
		out_str(&o, "<Root>");
	text[cur_ok(c) ? o.n : 0] = '\0';
	return cur_ok(c);
}

/* RFC 1035 3.3, RFC 2782: how many bytes stand before the name in a record's data, -1 where there is no name. */
static int
name_offset(uint16_t type)
{
	switch (type) {
	case RR_NS:
	case RR_CNAME:
	case RR_SOA:
	case RR_PTR: return 0;
	case RR_SRV: return 6;
	}
	return -1;
}

static struct addr
address_of(uint16_t type, uint16_t klass, struct bytes rdata)
{
	if ((type == RR_A && rdata.n == 4 && (klass & 0x7fff) != CLASS_CHAOS) ||
	    (type == RR_AAAA && rdata.n == 16))
		return addr_of(rdata);
	return (struct addr){ 0 };
}

/* Damage inside the data leaves the target empty; the next record is found by the length all the same. */
static void
rdata_read(struct dns_rr *rr, struct bytes msg, size_t at)
{
	struct cursor whole = cur_all(msg), data = cur_sub(&whole, at + rr->rdata.n);
	int before = name_offset(rr->type);

	if (before >= 0) {
		cur_skip(&data, at + (size_t)before);
		(void)name_text(&data, rr->target);
	} else {
		rr->addr = address_of(rr->type, rr->klass, rr->rdata);
	}
}

static bool
record_read(struct cursor *c, struct bytes msg, uint8_t section, struct dns_rr *rr)
{
	rr->section = section;
	rr->ttl = 0;
	rr->rdata = (struct bytes){ NULL, 0 };
	rr->addr = (struct addr){ 0 };
	rr->target[0] = '\0';
	if (!name_text(c, rr->name))
		return false;
	rr->type = cur_be16(c);
	rr->klass = cur_be16(c);
	if (section == 0)
		return cur_ok(c);
	rr->ttl = cur_be32(c);
	uint16_t len = cur_be16(c);
	size_t at = cur_off(c);
	rr->rdata = cur_take(c, len);
	if (cur_ok(c))
		rdata_read(rr, msg, at);
	return cur_ok(c);
}

static void
record_skip(struct cursor *c, size_t message, bool question)
{
	name_skip(c, message);
	cur_skip(c, 4);
	if (question)
		return;
	cur_skip(c, 4);
	cur_skip(c, cur_be16(c));
}

/* The section of the record that comes next, 4 behind the last one. */
static uint8_t
section_of(struct field_it *it)
{
	const struct dns *d = it->rec;
	uint32_t end = d->qdcount;

	if (it->i == 0) {
		it->c = cur_all(d->msg);
		cur_skip(&it->c, DNS_HEADER);
	}
	if (it->i < end)
		return 0;
	if (it->i < (end += d->ancount))
		return 1;
	if (it->i < (end += d->nscount))
		return 2;
	return it->i < end + d->arcount ? 3 : 4;
}

bool
dns_rr_next(struct field_it *it, void *item)
{
	const struct dns *d = it->rec;
	uint8_t section = section_of(it);

	return section < 4 && record_read(&it->c, d->msg, section, item);
}

/* Pointers that stand instead of a name: each leads back, as name_skip() saw of the first one. */
static uint16_t
name_start(struct cursor at)
{
	size_t from = cur_off(&at);

	while (cur_peek_u8(&at) >= LABEL_POINTER) {
		size_t to = cur_be16(&at) & 0x3fff;
		if (!cur_ok(&at) || to >= from)
			break;
		at = cur_at(&at, to);
		from = to;
	}
	return (uint16_t)from;
}

bool
dns_rec_next(struct field_it *it, void *item)
{
	struct dns_rec *r = item;
	struct cursor *c = &it->c;

	r->section = section_of(it);
	if (r->section == 4)
		return false;
	r->name = name_start(*c);
	name_skip(c, 0);
	r->type = cur_be16(c);
	r->klass = cur_be16(c);
	r->rdata = (struct bytes){ NULL, 0 };
	if (r->section > 0) {
		cur_skip(c, 4);
		r->rdata = cur_take(c, cur_be16(c));
	}
	return cur_ok(c);
}

struct addr
dns_rec_addr(const struct dns_rec *r)
{
	return address_of(r->type, r->klass, r->rdata);
}

struct bytes
dns_name_raw(const struct dns *d, uint16_t at)
{
	struct cursor c = cur_all(d->msg), from;

	cur_skip(&c, at);
	from = c;
	for (uint8_t len = cur_u8(&c); len; len = cur_u8(&c)) {
		if (len > LABEL_MAX)
			return (struct bytes){ NULL, 0 };
		cur_skip(&c, len);
	}
	return cur_ok(&c) ? cur_take(&from, cur_off(&c) - at) : (struct bytes){ NULL, 0 };
}

size_t
dns_name(const struct dns *d, uint16_t at, char text[DNS_NAME_TEXT])
{
	struct cursor c = cur_all(d->msg);

	cur_skip(&c, at);
	return name_text(&c, text) ? strlen(text) : 0;
}

/* One section for the encoder: its first call steps over the sections before; addresses become text. */
static bool
section_next(struct field_it *it, struct dns_rr *rr, uint8_t section)
{
	const struct dns *d = it->rec;
	const uint16_t count[4] = { d->qdcount, d->ancount, d->nscount, d->arcount };
	struct out o = out_init(rr->target, sizeof(rr->target) - 1);

	if (it->i == 0) {
		it->c = cur_all(d->msg);
		cur_skip(&it->c, DNS_HEADER);
		for (uint8_t s = 0; s < section; s++)
			for (uint16_t n = 0; n < count[s] && cur_ok(&it->c); n++)
				record_skip(&it->c, 0, s == 0);
	}
	if (it->i >= count[section] || !record_read(&it->c, d->msg, section, rr))
		return false;
	if (addr_set(rr->addr)) {
		out_addr(&o, rr->addr);
		rr->target[o.n] = '\0';
	}
	return true;
}

static bool
question_next(struct field_it *it, void *item)
{
	return section_next(it, item, 0);
}
static bool
answer_next(struct field_it *it, void *item)
{
	return section_next(it, item, 1);
}
static bool
authority_next(struct field_it *it, void *item)
{
	return section_next(it, item, 2);
}
static bool
additional_next(struct field_it *it, void *item)
{
	return section_next(it, item, 3);
}

/* RFC 1035 4.1.1. */
static void
header_read(struct cursor *c, struct dns *d)
{
	d->id = cur_be16(c);
	d->set |= (uint64_t)cur_ok(c) << DNSH_ID;
	d->flags = cur_be16(c);
	d->set |= (uint64_t)cur_ok(c) << DNSH_FLAGS;
	d->qdcount = cur_be16(c);
	d->ancount = cur_be16(c);
	d->nscount = cur_be16(c);
	d->arcount = cur_be16(c);
	d->response = (uint8_t)(d->flags >> 15);
	d->opcode = d->flags >> 11 & 15;
	d->aa = d->flags >> 10 & 1;
	d->tc = d->flags >> 9 & 1;
	d->rcode = d->flags & 15;
	if (d->response)
		d->set |= 1u << DNSH_RCODE;
}

/* Whether the first record could be one: its name ends inside and its class is one of RFC 6895 3.2 or, for OPT, a
 * size.  What the capture cut off is given the benefit of the doubt. */
static bool
first_plausible(struct cursor c, size_t message, const struct dns *d)
{
	if (d->qdcount + d->ancount + d->nscount + d->arcount == 0)
		return !d->tcp || !cur_more(&c); /* zeros from the middle of a stream look like this */
	name_skip(&c, message);
	uint16_t type = cur_be16(&c),
		 klass = cur_be16(&c) & 0x7fff; /* the top bit is mDNS's, RFC 6762 10.2, 18.12 */
	if (!cur_ok(&c))
		return cur_end(&c) == CUR_CUT;
	if (type == RR_OPT)
		return d->qdcount + d->ancount + d->nscount == 0; /* RFC 6891 6.1.1: additional only */
	return klass == 1 || klass == 3 || klass == 4 || klass == 254 || klass == 255;
}

/* RFC 6895 2.2, RFC 8490. */
static const bool opcodes[16] = { true, true, true, false, true, true, true };

/* How many things say that this is no DNS: an opcode nobody assigned, a first record that is none, and counts that
 * cannot be in `length` bytes.  One of them may be damage. */
static unsigned
doubts(struct cursor c, size_t message, const struct dns *d, size_t length)
{
	size_t need = (size_t)QUESTION_MIN * d->qdcount +
		      (size_t)RECORD_MIN * ((size_t)d->ancount + d->nscount + d->arcount);

	return (opcodes[d->opcode] ? 0u : 1u) + (need > length ? 1u : 0u) +
	       (first_plausible(c, message, d) ? 0u : 1u);
}

/* Steps over all records. */
static void
records_check(struct cursor *c, size_t message, const struct dns *d, struct obs *o)
{
	const uint16_t count[4] = { d->qdcount, d->ancount, d->nscount, d->arcount };

	for (unsigned s = 0; s < 4; s++)
		for (unsigned n = 0; n < count[s] && cur_ok(c); n++)
			record_skip(c, message, s == 0);
	if (cur_ok(c))
		return;
	o->bad_off = (uint32_t)(cur_off(c) - message);
	if (cur_end(c) == CUR_BAD)
		o->bad_what = "fewer records than counted, or a name that cannot be";
}

static uint8_t
service_of(const struct ends *e)
{
	if (e->sport == DNS_PORT || e->dport == DNS_PORT)
		return DNS_UNICAST;
	return e->sport == LLMNR_PORT || e->dport == LLMNR_PORT ? DNS_LLMNR : DNS_MDNS;
}

/* UDP: the rest of the datagram.  It may be damaged in one way and still be DNS. */
static enum said
udp_message(struct cursor *c, struct dns *d, struct obs *o)
{
	size_t start = cur_off(c), all = cur_left(c);
	struct cursor view = *c;

	d->msg = cur_rest(&view);
	header_read(c, d);
	if (!cur_ok(c))
		return cur_end(c) == CUR_CUT ? SAID_CUT : SAID_NO;
	size_t most = c->cut ? UINT16_MAX : 2 * all; /* doubled: a count that lies a little is damage */
	if (doubts(*c, start, d, most) > 1)
		return SAID_NO;
	records_check(c, start, d, o);
	return said(c);
}

/* TCP: a length, then the message (RFC 1035 4.2.2).  Of the first one nothing may be in doubt: it may be the middle of
 * something, or no DNS at all. */
static enum said
tcp_message(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct dns *d = &o->u.dns;
	struct stream *st = pkt->stream;
	size_t length = cur_be16(c);
	struct cursor msg = cur_clip(c, length), view = msg;

	if (!cur_ok(c)) {
		o->kind = OBS_NONE; /* nothing that could be told */
		return SAID_CUT;
	}
	if (length < DNS_HEADER)
		return SAID_NO;
	st->need = (uint32_t)length + 2;
	d->msg = cur_rest(&view);
	header_read(&msg, d);
	if (!cur_ok(&msg))
		return SAID_CUT;
	if (doubts(msg, 2, d, st->first ? length - DNS_HEADER : 2 * length) > (st->first ? 0 : 1))
		return SAID_NO;
	records_check(&msg, 2, d, o);
	if (cur_end(&msg) != CUR_BAD)
		return said(&msg);
	o->flags |= OBS_BAD; /* but the length was right: the next message is where it says */
	return SAID_OK;
}

static bool
tcp_starts(struct bytes head)
{
	size_t length = bytes_be16(head, 0), need = 0;

	if (length < DNS_HEADER || head.n < 2 + DNS_HEADER)
		return length >= DNS_HEADER;
	for (size_t i = 6; i < 2 + DNS_HEADER; i += 2)
		need += (size_t)bytes_be16(head, i) * (i == 6 ? QUESTION_MIN : RECORD_MIN);
	return opcodes[bytes_u8(head, 4) >> 3 & 15] && need > 0 && need <= length - DNS_HEADER;
}

static enum said
dns_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct dns *d = &o->u.dns;

	*d = (struct dns){ .service = service_of(&pkt->ends), .tcp = pkt->stream != NULL };
	return d->tcp ? tcp_message(c, pkt, o) : udp_message(c, d, o);
}

static const struct name services[] = {
	{ DNS_UNICAST, "dns" }, { DNS_MDNS, "mdns" }, { DNS_LLMNR, "llmnr" }, { 0, NULL }
};
static const struct name transports[] = { { 0, "udp" }, { 1, "tcp" }, { 0, NULL } };

static const struct field question_fields[] = {
	FIELD(struct dns_rr, name, "name", F_CSTR, .help = "name asked for"),
	FIELD(struct dns_rr, type, "type", F_U16, .help = "type asked for"),
};
static const struct field record_fields[] = {
	FIELD(struct dns_rr, name, "name", F_CSTR, .help = "owner name"),
	FIELD(struct dns_rr, type, "type", F_U16, .help = "record type"),
	FIELD(struct dns_rr, ttl, "ttl", F_U32, .help = "time to live, seconds"),
	FIELD(struct dns_rr, target, "data", F_CSTR,
	      .help = "address, or the name that the record points to"),
};
static const struct field dns_fields[] = {
	FIELD(struct dns, service, "service", F_NAME8, .names = services, .help = "dns, mdns or llmnr"),
	FIELD(struct dns, tcp, "l4", F_NAME8, .names = transports, .help = "udp or tcp"),
	FIELD(struct dns, id, "id", F_HEX16, .has = BIT(DNSH_ID), .help = "message id"),
	FIELD(struct dns, response, "response", F_U8, .has = BIT(DNSH_FLAGS), .help = "1 in a response"),
	FIELD(struct dns, opcode, "opcode", F_U8, .has = BIT(DNSH_FLAGS), .help = "0 query, 5 update"),
	FIELD(struct dns, rcode, "rcode", F_U8, .has = BIT(DNSH_RCODE),
	      .help = "response code; 3 no such name"),
	FIELD(struct dns, aa, "aa", F_BOOL, .help = "authoritative answer (LLMNR: conflict)"),
	FIELD(struct dns, tc, "tc", F_BOOL, .help = "truncated"),
	WALK("q", F_ROWS, question_next, question_fields, .help = "questions; of an update the zone"),
	WALK("an", F_ROWS, answer_next, record_fields, .help = "answers; of an update the prerequisites"),
	WALK("ns", F_ROWS, authority_next, record_fields, .help = "authority; of an update the changes"),
	WALK("ar", F_ROWS, additional_next, record_fields, .help = "additional records, EDNS among them"),
};

const struct dissector dissector_dns = {
	.name = "dns",
	.bpf = "port 53 or udp port 5353 or port 5355",
	.claims = { { CLAIM_UDP, DNS_PORT },
		    { CLAIM_TCP, DNS_PORT },
		    { CLAIM_UDP, MDNS_PORT },
		    { CLAIM_UDP, LLMNR_PORT },
		    { CLAIM_TCP, LLMNR_PORT } },
	.kind = OBS_DNS,
	.dissect = dns_dissect,
	.starts = tcp_starts,
	.fields = dns_fields,
	.nfields = NELEM(dns_fields),
};
