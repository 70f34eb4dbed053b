/* NetBIOS name service: RFC 1002 section 4.2 over UDP 137.  The header is DNS's; a name is a label of 32 letters that
 * stand for 16 bytes (RFC 1001 14.1), then the scope as ordinary labels. */
#include "dissector.h"
#include "dnsname.h"

enum { NBNS_PORT = 137, NBNS_HEADER = 12, ENCODED = 32, NAME_BYTES = 16, QUESTION_MIN = 5, RECORD_MIN = 11 };
enum { TYPE_NB = 0x20, TYPE_NBSTAT = 0x21, TYPE_A = 1, TYPE_NS = 2, TYPE_NULL = 10, CLASS_IN = 1 };
enum { NB_ENTRY = 6, NB_GROUP = 0x8000 };
enum {
	ADDRS_MAX = 85
}; /* what fits the 576 bytes that a datagram of this service may have, RFC 1002 4.2.1 */

/* RFC 1001 14.1: two letters from A to P a byte, high half first. */
static bool
first_level(struct bytes label, uint8_t raw[NAME_BYTES])
{
	if (label.n != ENCODED)
		return false;
	for (size_t i = 0; i < ENCODED; i++) {
		uint8_t half = (uint8_t)(bytes_u8(label, i) - 'A');
		if (half > 15)
			return false;
		raw[i / 2] = (uint8_t)(i % 2 ? raw[i / 2] | half : half << 4);
	}
	return true;
}

static void
byte_text(struct out *o, uint8_t b)
{
	out_chr(o, '<');
	out_hexn(o, b, 2);
	out_chr(o, '>');
}

/* Fifteen bytes of name without the blanks that fill it, and the sixteenth in angle brackets. */
static void
netbios_text(struct out *o, const uint8_t raw[NAME_BYTES])
{
	size_t n = NAME_BYTES - 1;

	while (n > 0 && raw[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < (n ? n : NAME_BYTES - 1); i++) {
		if (raw[i] >= 0x20 && raw[i] < 0x7f)
			out_chr(o, (char)raw[i]);
		else
			byte_text(o, raw[i]);
	}
	byte_text(o, raw[NAME_BYTES - 1]);
}

/* `c` must start with the message. */
static bool
name_read(struct cursor *c, struct nbns_name *n)
{
	struct out o = out_init(n->name, sizeof(n->name) - 1);
	uint8_t raw[NAME_BYTES];
	struct labels l;
	struct bytes label;

	n->name[0] = '\0';
	labels_begin(&l, c, 0);
	if (!labels_next(&l, &label) || !first_level(label, raw)) {
		cur_fail(c, CUR_BAD);
		return false;
	}
	netbios_text(&o, raw);
	n->suffix = raw[NAME_BYTES - 1];
	while (labels_next(&l, &label)) {
		out_chr(&o, '.');
		label_text(&o, label);
	}
	n->name[cur_ok(c) ? o.n : 0] = '\0';
	return cur_ok(c);
}

static bool
record_read(struct cursor *c, uint8_t section, struct nbns_name *n, struct cursor *data)
{
	n->section = section;
	n->ttl = 0;
	n->addr = (struct addr){ 0 };
	n->group = false;
	*data = (struct cursor){ 0 };
	if (!name_read(c, n))
		return false;
	n->type = cur_be16(c);
	cur_skip(c, 2);
	if (section == 0)
		return cur_ok(c);
	n->ttl = cur_be32(c);
	*data = cur_sub16(c);
	struct cursor first = *data;
	if (n->type == TYPE_NB && cur_left(&first) >= NB_ENTRY) {
		n->group = cur_be16(&first) & NB_GROUP;
		n->addr = addr_of(cur_take(&first, 4));
	}
	return cur_ok(c);
}

/* The section of the i-th record, 4 behind the last. */
static uint8_t
section_of(const struct nbns *m, uint32_t i)
{
	const uint16_t count[4] = { m->qdcount, m->ancount, m->nscount, m->arcount };
	uint8_t section = 0;

	while (section < 4 && i >= count[section])
		i -= count[section++];
	return section;
}

bool
nbns_name_next(struct field_it *it, void *item)
{
	const struct nbns *m = it->rec;
	struct cursor data;
	uint8_t section = section_of(m, it->i);

	if (it->i == 0) {
		it->c = cur_all(m->msg);
		cur_skip(&it->c, NBNS_HEADER);
	}
	return section < 4 && record_read(&it->c, section, item, &data);
}

/* The i-th address of all NB records; read from the start each time, which ADDRS_MAX keeps cheap. */
static bool
address_next(struct field_it *it, void *item)
{
	const struct nbns *m = it->rec;
	struct cursor c = cur_all(m->msg), data;
	struct nbns_name n;
	size_t left = it->i;

	cur_skip(&c, NBNS_HEADER);
	if (it->i >= ADDRS_MAX)
		return false;
	for (uint32_t i = 0; section_of(m, i) < 4; i++) {
		if (!record_read(&c, section_of(m, i), &n, &data))
			return false;
		size_t here = n.type == TYPE_NB ? cur_left(&data) / NB_ENTRY : 0;
		if (left < here) {
			cur_skip(&data, left * NB_ENTRY + 2);
			*(struct addr *)item = addr4_read(&data);
			return true;
		}
		left -= here;
	}
	return false;
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

/* RFC 1002 4.2.1.1. */
static void
header_read(struct cursor *c, struct nbns *m)
{
	m->id = cur_be16(c);
	m->set |= (uint64_t)cur_ok(c) << NBNSH_ID;
	m->flags = cur_be16(c);
	m->set |= (uint64_t)cur_ok(c) << NBNSH_FLAGS;
	m->qdcount = cur_be16(c);
	m->ancount = cur_be16(c);
	m->nscount = cur_be16(c);
	m->arcount = cur_be16(c);
	m->response = (uint8_t)(m->flags >> 15);
	m->opcode = m->flags >> 11 & 15;
	m->rcode = m->flags & 15;
	if (m->response)
		m->set |= 1u << NBNSH_RCODE;
}

static bool
first_plausible(struct cursor c, size_t message, const struct nbns *m)
{
	if (m->qdcount + m->ancount + m->nscount + m->arcount == 0)
		return true;
	name_skip(&c, message);
	uint16_t type = cur_be16(&c), klass = cur_be16(&c);
	if (!cur_ok(&c))
		return cur_end(&c) == CUR_CUT;
	return klass == CLASS_IN && (type == TYPE_NB || type == TYPE_NBSTAT || type == TYPE_A ||
				     type == TYPE_NS || type == TYPE_NULL);
}

/* As for DNS: opcode, counts and the first record; one of them may be damage, two mean that it is something else. */
static unsigned
doubts(struct cursor c, size_t message, const struct nbns *m, size_t length)
{
	static const bool assigned[16] = {
		[0] = true, [5] = true, [6] = true, [7] = true, [8] = true, [9] = true, [15] = true
	}; /* 15: multi-homed registration, as Windows sends it */
	size_t need = (size_t)QUESTION_MIN * m->qdcount +
		      (size_t)RECORD_MIN * ((size_t)m->ancount + m->nscount + m->arcount);

	return (assigned[m->opcode] ? 0u : 1u) + (need > length ? 1u : 0u) +
	       (first_plausible(c, message, m) ? 0u : 1u);
}

static enum said
nbns_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct nbns *m = &o->u.nbns;
	size_t start = cur_off(c), most = c->cut ? UINT16_MAX : 2 * cur_left(c);
	struct cursor view = *c;

	(void)pkt;
	*m = (struct nbns){ .msg = cur_rest(&view) };
	header_read(c, m);
	if (!cur_ok(c))
		return cur_end(c) == CUR_CUT ? SAID_CUT : SAID_NO;
	if (doubts(*c, start, m, most) > 1)
		return SAID_NO;
	for (uint32_t i = 0; section_of(m, i) < 4 && cur_ok(c); i++)
		record_skip(c, start, section_of(m, i) == 0);
	if (cur_end(c) == CUR_BAD) {
		o->bad_off = (uint32_t)(cur_off(c) - start);
		o->bad_what = "fewer records than counted, or a name that cannot be";
	}
	return said(c);
}

static const struct field name_fields[] = {
	FIELD(struct nbns_name, name, NULL, F_CSTR,
	      .help = "name, its sixteenth byte in angle brackets, scope"),
};
static const struct field addr_fields[] = { { .type = F_ADDR, .help = "address of an NB record" } };
static const struct field nbns_fields[] = {
	FIELD(struct nbns, id, "id", F_HEX16, .has = BIT(NBNSH_ID), .help = "transaction id"),
	FIELD(struct nbns, response, "response", F_U8, .has = BIT(NBNSH_FLAGS), .help = "1 in a response"),
	FIELD(struct nbns, opcode, "opcode", F_U8, .has = BIT(NBNSH_FLAGS),
	      .help = "0 query, 5 registration, 6 release, 7 wait, 8 refresh"),
	FIELD(struct nbns, rcode, "rcode", F_U8, .has = BIT(NBNSH_RCODE),
	      .help = "response code; 3 no such name"),
	WALK("names", F_LIST, nbns_name_next, name_fields, .help = "names of all records"),
	WALK("addrs", F_LIST, address_next, addr_fields, .help = "addresses of NB records"),
};

const struct dissector dissector_nbns = {
	.name = "nbns",
	.bpf = "udp port 137",
	.claims = { { CLAIM_UDP, NBNS_PORT } },
	.kind = OBS_NBNS,
	.dissect = nbns_dissect,
	.fields = nbns_fields,
	.nfields = NELEM(nbns_fields),
};
