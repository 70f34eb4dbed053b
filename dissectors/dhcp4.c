/* DHCPv4 and BOOTP: RFC 951, 2131, 2132; long options RFC 3396, classless routes RFC 3442, relay agents RFC 3046.
 *
 * Options stand in up to three areas of one message.  Each is read to its own end, what is told twice is joined, and
 * where that is not allowed the first stays.  A damaged area gives what stood before the damage; what a cut capture
 * did not show is not guessed at (a message without option 53 is BOOTP only where all of it was seen). */
#include "dissector.h"
#include "dnsname.h"
#include "walk.h"

enum {
	CHADDR_LEN = 16,
	SNAME_OFF = 44,
	SNAME_LEN = 64,
	FILE_OFF = 108,
	FILE_LEN = 128,
	COOKIE_OFF = 236,
	HOPS_MAX = 16, /* RFC 1542 section 4.1.1 */
	PAD = 0,
	END = 255,
	CONTINUATION = 250, /* Microsoft's: goes on with the option before it, which was full */
	OPTION_FULL = 255,
	WANTED = 32, /* places of opt[] kept for the codes of enum dhcp4_code, so that no filler hides them */
	PARTS = 256, /* further parts of options told more than once; 64 KiB could hold 21,000 */
	NAME_WIRE = 255, /* RFC 1035 section 2.3.4; as text each byte may take four characters */
};
static const uint32_t cookie = 0x63825363; /* RFC 2131 section 3 */

/* What the length of an option's value must be: of fixed ones exactly, of lists a multiple that is not zero. */
enum rule_kind { RULE_ANY, RULE_FIXED, RULE_LIST };
struct rule {
	uint8_t kind, size;
	bool wanted; /* of enum dhcp4_code */
};

static const struct rule rules[256] = {
	[D4O_MASK] = { RULE_FIXED, 4, true },
	[2] = { RULE_FIXED, 4, false },
	[D4O_ROUTER] = { RULE_LIST, 4, true },
	[D4O_DNS] = { RULE_LIST, 4, true },
	[D4O_HOSTNAME] = { .wanted = true },
	[13] = { RULE_FIXED, 2, false },
	[D4O_DOMAIN] = { .wanted = true },
	[16] = { RULE_FIXED, 4, false },
	[19] = { RULE_FIXED, 1, false },
	[20] = { RULE_FIXED, 1, false },
	[22] = { RULE_FIXED, 2, false },
	[23] = { RULE_FIXED, 1, false },
	[24] = { RULE_FIXED, 4, false },
	[26] = { RULE_FIXED, 2, false },
	[27] = { RULE_FIXED, 1, false },
	[D4O_BROADCAST] = { RULE_FIXED, 4, true },
	[29] = { RULE_FIXED, 1, false },
	[30] = { RULE_FIXED, 1, false },
	[31] = { RULE_FIXED, 1, false },
	[32] = { RULE_FIXED, 4, false },
	[D4O_STATIC_ROUTE] = { RULE_LIST, 8, true },
	[34] = { RULE_FIXED, 1, false },
	[35] = { RULE_FIXED, 4, false },
	[36] = { RULE_FIXED, 1, false },
	[37] = { RULE_FIXED, 1, false },
	[38] = { RULE_FIXED, 4, false },
	[39] = { RULE_FIXED, 1, false },
	[D4O_NTP] = { RULE_LIST, 4, true },
	[D4O_VENDOR43] = { .wanted = true },
	[D4O_NBNS] = { RULE_LIST, 4, true },
	[46] = { RULE_FIXED, 1, false },
	[D4O_REQUESTED_IP] = { RULE_FIXED, 4, true },
	[D4O_LEASE] = { RULE_FIXED, 4, true },
	[D4O_OVERLOAD] = { RULE_FIXED, 1, true },
	[D4O_TYPE] = { RULE_FIXED, 1, true },
	[D4O_SERVER_ID] = { RULE_FIXED, 4, true },
	[D4O_PARAMS] = { .wanted = true },
	[D4O_MESSAGE] = { .wanted = true },
	[D4O_MAX_SIZE] = { RULE_FIXED, 2, true },
	[D4O_T1] = { RULE_FIXED, 4, true },
	[D4O_T2] = { RULE_FIXED, 4, true },
	[D4O_VENDOR_CLASS] = { .wanted = true },
	[D4O_CLIENT_ID] = { .wanted = true },
	[D4O_TFTP] = { .wanted = true },
	[D4O_BOOTFILE] = { .wanted = true },
	[80] = { RULE_FIXED, 0, false },
	[D4O_FQDN] = { .wanted = true },
	[D4O_RELAY_AGENT] = { .wanted = true },
	[D4O_CAPTIVE_PORTAL] = { .wanted = true },
	[116] = { RULE_FIXED, 1, false },
	[118] = { RULE_FIXED, 4, false },
	[D4O_DOMAIN_SEARCH] = { .wanted = true },
	[D4O_ROUTES] = { .wanted = true },
	[D4O_ROUTES_MS] = { .wanted = true },
	[D4O_WPAD] = { .wanted = true },
};

/* What is told more than once, kept aside until the whole message was read. */
struct part {
	uint16_t slot; /* of opt[] */
	struct bytes v;
};
struct joiner {
	struct part part[PARTS];
	size_t nparts, nother; /* nother: codes in opt[] that are not wanted */
	uint16_t slot[256];    /* of each code, 0 none, else 1 + index of opt[] */
	uint16_t before;       /* slot of the option that a continuation would go on with, 0 none */
};

/* ---- accessors ---- */

struct bytes
dhcp4_opt(const struct dhcp4 *m, uint8_t code)
{
	for (size_t i = 0; i < m->nopt; i++)
		if (m->opt[i].code == code)
			return m->opt[i].v;
	return (struct bytes){ NULL, 0 };
}

struct addr
dhcp4_opt_addr(const struct dhcp4 *m, uint8_t code)
{
	struct cursor c = cur_all(dhcp4_opt(m, code));
	return addr4_read(&c);
}

bool
dhcp4_opt_u32(const struct dhcp4 *m, uint8_t code, uint32_t *v)
{
	struct bytes b = dhcp4_opt(m, code);
	struct cursor c = cur_all(b);
	if (b.n != 4)
		return false;
	*v = cur_be32(&c);
	return true;
}

/* RFC 2132 section 8.4: 0 fills and 255 ends the list.  RFC 3046 section 2.0 has no such codes and assigns neither. */
struct bytes
dhcp4_subopt(struct bytes option, uint8_t code)
{
	struct cursor c = cur_all(option);
	while (cur_more(&c)) {
		uint8_t sub = cur_u8(&c);
		if (sub == END)
			break;
		if (sub == PAD)
			continue;
		struct bytes v = cur_take(&c, cur_u8(&c));
		if (sub == code && cur_ok(&c))
			return v;
	}
	return (struct bytes){ NULL, 0 };
}

/* RFC 3442: width of the mask, as many octets of the destination as it covers, the router. */
bool
dhcp4_route_next(struct cursor *c, struct route4 *r)
{
	*r = (struct route4){ .dest.a.fam = 4 };
	if (!cur_more(c))
		return false;
	r->dest.len = cur_u8(c);
	if (r->dest.len > 32) {
		cur_fail(c, CUR_BAD);
		return false;
	}
	cur_copy(c, r->dest.a.b, (r->dest.len + 7u) / 8);
	r->via = addr4_read(c);
	return cur_ok(c);
}

/* A name in labels (RFC 1035 section 4.1.4) as text without a final dot.  Pointers count from the start of the cursor's
 * view and must point before all that was read of this name, so that it ends; where the view ends between two labels
 * the name ends with it (RFC 4702 section 2.3.1 lets it).  False where it is damaged or too long; the root is empty. */
static bool
name_read(struct cursor *c, bool pointers, struct out *text)
{
	struct cursor at = *c;
	size_t lowest = cur_off(c), wire = 0;
	bool jumped = false;

	while (cur_more(&at)) {
		uint8_t len = cur_u8(&at);
		if (pointers && len >> 6 == 3) {
			size_t to = (len & 0x3fu) << 8 | cur_u8(&at);
			if (!cur_ok(&at) || to >= lowest)
				return false;
			if (!jumped)
				*c = at;
			jumped = true;
			lowest = to;
			at = cur_at(&at, to);
			continue;
		}
		struct bytes label = cur_take(&at, len);
		wire += 1u + len;
		if (len > 63 || wire > NAME_WIRE || !cur_ok(&at))
			return false;
		if (len == 0)
			break;
		if (text->n)
			out_chr(text, '.');
		label_text(text, label);
		if (!out_ok(text))
			return false;
	}
	if (!jumped)
		*c = at;
	return true;
}

/* RFC 4702 section 2: flags, two octets that mean nothing any more, the name; bit E says in which form. */
size_t
dhcp4_fqdn(const struct dhcp4 *m, char *buf, size_t cap)
{
	struct cursor c = cur_all(dhcp4_opt(m, D4O_FQDN));
	struct out text = out_init(buf, cap ? cap - 1 : 0);
	uint8_t flags = cur_u8(&c);

	if (cap == 0)
		return 0;
	cur_skip(&c, 2);
	if (flags & 0x04) {
		if (!name_read(&c, false, &text))
			text.n = 0;
	} else {
		struct bytes ascii = cur_rest(&c);
		if (ascii.p)
			ascii = bytes_text(ascii);
		if (ascii.n > text.cap)
			ascii.n = text.cap;
		out_view(&text, ascii);
	}
	buf[text.n] = '\0';
	return text.n;
}

/* ---- lists of the field table ---- */

static bool
addr_list_next(struct field_it *it, void *item, uint8_t code)
{
	if (it->i == 0)
		it->c = cur_all(dhcp4_opt(it->rec, code));
	if (cur_left(&it->c) < 4)
		return false;
	*(struct addr *)item = addr4_read(&it->c);
	return true;
}

static bool
routers_next(struct field_it *it, void *item)
{
	return addr_list_next(it, item, D4O_ROUTER);
}

static bool
dns_next(struct field_it *it, void *item)
{
	return addr_list_next(it, item, D4O_DNS);
}

static bool
ntp_next(struct field_it *it, void *item)
{
	return addr_list_next(it, item, D4O_NTP);
}

static bool
nbns_next(struct field_it *it, void *item)
{
	return addr_list_next(it, item, D4O_NBNS);
}

static bool
params_next(struct field_it *it, void *item)
{
	if (it->i == 0)
		it->c = cur_all(dhcp4_opt(it->rec, D4O_PARAMS));
	if (!cur_more(&it->c))
		return false;
	*(uint8_t *)item = cur_u8(&it->c);
	return true;
}

/* "10.0.0.0/8 via 10.1.1.1", or "bad@9" with the offset of a route that cannot be read; nothing follows that. */
struct text_item {
	char text[DNS_NAME_TEXT];
};

static void
route_text(struct text_item *t, const struct route4 *r, bool good, size_t off)
{
	struct out o = out_init(t->text, sizeof(t->text));
	if (good) {
		out_addr(&o, r->dest.a);
		out_chr(&o, '/');
		out_u64(&o, r->dest.len);
		out_str(&o, " via ");
		out_addr(&o, r->via);
	} else {
		out_str(&o, "bad@");
		out_u64(&o, off);
	}
	out_chr(&o, '\0');
}

static bool
routes_next(struct field_it *it, void *item, uint8_t code)
{
	struct route4 r;
	if (it->i == 0)
		it->c = cur_all(dhcp4_opt(it->rec, code));
	if (!cur_more(&it->c))
		return false;
	size_t off = cur_off(&it->c);
	bool good = dhcp4_route_next(&it->c, &r);
	route_text(item, &r, good, off);
	return true;
}

static bool
routes121_next(struct field_it *it, void *item)
{
	return routes_next(it, item, D4O_ROUTES);
}

static bool
routes249_next(struct field_it *it, void *item)
{
	return routes_next(it, item, D4O_ROUTES_MS);
}

/* RFC 2132 section 5.8: pairs of destination host and router.  The offset of damage counts 9 octets a route, as if the
 * option had the widths of RFC 3442. */
static bool
routes33_next(struct field_it *it, void *item)
{
	if (it->i == 0)
		it->c = cur_all(dhcp4_opt(it->rec, D4O_STATIC_ROUTE));
	if (!cur_more(&it->c))
		return false;
	struct route4 r = { .dest.len = 32 };
	r.dest.a = addr4_read(&it->c);
	r.via = addr4_read(&it->c);
	route_text(item, &r, cur_ok(&it->c), it->i * (size_t)9);
	return true;
}

/* RFC 3397. */
static bool
domain_search_next(struct field_it *it, void *item)
{
	struct text_item *t = item;
	struct out text = out_init(t->text, sizeof(t->text) - 1);

	if (it->i == 0)
		it->c = cur_all(dhcp4_opt(it->rec, D4O_DOMAIN_SEARCH));
	if (!cur_more(&it->c) || !name_read(&it->c, true, &text))
		return false;
	if (text.n == 0)
		out_str(&text, "<Root>");
	t->text[text.n] = '\0';
	return true;
}

static const struct name agent_names[] = {
	{ 1, "circuit_id" },	      /* RFC 3046 */
	{ 2, "remote_id" },	      /* RFC 3046 */
	{ 5, "link_selection" },      /* RFC 3527 */
	{ 6, "subscriber_id" },	      /* RFC 3993 */
	{ 9, "vendor" },	      /* RFC 4243 */
	{ 11, "server_id_override" }, /* RFC 5107 */
	{ 0, NULL },
};

/* Does a sub-option of this code begin before offset `off`? */
static bool
agent_before(struct bytes option, uint8_t code, size_t off)
{
	struct cursor c = cur_all(option);
	while (cur_more(&c) && cur_off(&c) < off) {
		uint8_t sub = cur_u8(&c);
		cur_skip(&c, cur_u8(&c));
		if (sub == code)
			return true;
	}
	return false;
}

/* The sub-options of 82, each code once, the first of equals: a key of an object cannot come twice. */
static bool
agent_next(struct field_it *it, void *item)
{
	struct field_pair *pair = item;
	struct bytes option = dhcp4_opt(it->rec, D4O_RELAY_AGENT);

	if (it->i == 0)
		it->c = cur_all(option);
	while (cur_more(&it->c)) {
		size_t off = cur_off(&it->c);
		uint8_t code = cur_u8(&it->c);
		struct bytes v = cur_take(&it->c, cur_u8(&it->c));
		if (!cur_ok(&it->c))
			return false;
		if (agent_before(option, code, off))
			continue;
		struct out key = out_init(pair->key, sizeof(pair->key));
		const char *known = name_of(agent_names, code);
		out_str(&key, known ? known : "sub");
		if (!known)
			out_u64(&key, code);
		out_chr(&key, '\0');
		pair->hex = v;
		return true;
	}
	return false;
}

/* The next option of an area that is not padding; false at END, at the end and at damage.  `ended`: END was seen. */
static bool
option_next(struct cursor *c, struct dhcp4_opt *opt, bool *ended)
{
	while (cur_more(c)) {
		opt->code = cur_u8(c);
		if (opt->code == PAD)
			continue;
		if (opt->code == END) {
			*ended = true;
			return false;
		}
		opt->v = cur_take(c, cur_u8(c));
		return cur_ok(c);
	}
	return false;
}

/* Every option as it stood on the wire, area by area. */
static bool
wire_next(struct field_it *it, void *item)
{
	const struct dhcp4 *m = it->rec;
	size_t area = 0;
	bool ended = false;

	if (it->i == 0)
		it->c = cur_all(m->area[0]);
	else
		while (area < NELEM(m->area) - 1 && m->area[area].p != it->c.base)
			area++;
	while (!option_next(&it->c, item, &ended)) {
		if (++area == NELEM(m->area))
			return false;
		it->c = cur_all(m->area[area]);
	}
	return true;
}

static const struct name anomaly_names[] = {
	{ D4A_NO_COOKIE, "no_cookie" },
	{ D4A_HLEN, "hlen" },
	{ D4A_OPTION_PAST_END, "option_past_end" },
	{ D4A_NO_END, "no_end" },
	{ D4A_OVERLOAD, "overload" },
	{ D4A_REPEATED, "repeated" },
	{ D4A_JOIN_LIMIT, "join_limit" },
	{ D4A_OPTION_LENGTH, "option_length" },
	{ D4A_HOPS, "hops" },
	{ D4A_SHORT, "short" },
	{ D4A_MANY, "many_options" },
	{ 0, NULL },
};

static bool
anomaly_next(struct field_it *it, void *item)
{
	const struct dhcp4 *m = it->rec;
	uint32_t seen = 0;

	for (const struct name *n = anomaly_names; n->text; n++)
		if (m->anomalies & n->value && seen++ == it->i) {
			*(uint16_t *)item = (uint16_t)n->value;
			return true;
		}
	return false;
}

/* ---- the message ---- */

static void
damage(struct cursor *c, struct obs *o, size_t off, const char *what)
{
	if (o->bad_what == NULL) {
		o->bad_off = (uint32_t)off;
		o->bad_what = what;
	}
	cur_fail(c, CUR_BAD);
}

static void
seen(const struct cursor *c, struct dhcp4 *m, enum dhcp4_has bit)
{
	if (cur_ok(c))
		m->set |= (uint64_t)1 << bit;
}

/* RFC 2131 section 2.  Some clients count seconds in the wrong byte order: no host waits 256 seconds to the point. */
static void
header_read(struct cursor *c, struct dhcp4 *m)
{
	m->op = cur_u8(c);
	seen(c, m, D4H_OP);
	m->htype = cur_u8(c);
	seen(c, m, D4H_HTYPE);
	m->hlen = cur_u8(c);
	seen(c, m, D4H_HLEN);
	m->hops = cur_u8(c);
	seen(c, m, D4H_HOPS);
	m->xid = cur_be32(c);
	seen(c, m, D4H_XID);
	uint16_t secs = cur_be16(c);
	m->secs = secs & 0xff ? secs : secs >> 8;
	seen(c, m, D4H_SECS);
	m->flags = cur_be16(c);
	seen(c, m, D4H_FLAGS);
	m->ciaddr = addr4_read(c);
	m->yiaddr = addr4_read(c);
	m->siaddr = addr4_read(c);
	m->giaddr = addr4_read(c);
	struct cursor hw = cur_sub(c, CHADDR_LEN);
	if (m->hlen)
		m->chaddr = cur_take(&hw, m->hlen < CHADDR_LEN ? m->hlen : CHADDR_LEN);
	m->sname = cur_take(c, SNAME_LEN);
	m->file = cur_take(c, FILE_LEN);
	if (m->hlen > CHADDR_LEN)
		m->anomalies |= D4A_HLEN;
	if (m->hops > HOPS_MAX)
		m->anomalies |= D4A_HOPS;
}

/* Another part of the option in `slot`.  Half of the places are for wanted codes alone. */
static void
part_add(struct dhcp4 *m, struct joiner *j, uint16_t slot, struct bytes v)
{
	bool wanted = rules[m->opt[slot].code].wanted;
	if (v.n == 0)
		return;
	if (j->nparts >= (wanted ? PARTS : PARTS / 2)) {
		m->anomalies |= D4A_JOIN_LIMIT;
		return;
	}
	j->part[j->nparts++] = (struct part){ slot, v };
}

static void
option_add(struct dhcp4 *m, struct joiner *j, const struct dhcp4_opt *opt, size_t area)
{
	const struct rule *rule = &rules[opt->code];
	uint16_t slot = j->slot[opt->code];

	if (opt->code == CONTINUATION && j->before) {
		part_add(m, j, j->before - 1, opt->v);
		if (opt->v.n != OPTION_FULL)
			j->before = 0;
		return;
	}
	j->before = 0;
	if (opt->code == D4O_OVERLOAD && area > 0) {
		m->anomalies |= D4A_OVERLOAD;
		return;
	}
	if (slot && rule->kind == RULE_FIXED) {
		m->anomalies |= D4A_REPEATED;
		return;
	}
	if (slot) {
		if (opt->code == D4O_ROUTER) /* a list, so joined, but no server needs a second one */
			m->anomalies |= D4A_REPEATED;
		part_add(m, j, slot - 1, opt->v);
	} else {
		if (m->nopt == DHCP4_OPTS || (!rule->wanted && j->nother == DHCP4_OPTS - WANTED)) {
			m->anomalies |= D4A_MANY;
			return;
		}
		j->nother += !rule->wanted;
		m->opt[m->nopt++] = *opt;
		slot = j->slot[opt->code] = m->nopt;
	}
	if (opt->v.n == OPTION_FULL && rule->kind != RULE_FIXED)
		j->before = slot;
}

/* One area to its end; true where no option of it can be missing.  What else happened is told by `c`: the capture may
 * have ended it between two options or in the padding behind END. */
static bool
area_read(struct cursor *c, struct dhcp4 *m, struct joiner *j, size_t area)
{
	struct dhcp4_opt opt;
	bool ended = false;

	struct cursor all = *c;
	m->area[area] = cur_rest(&all);
	j->before = 0;
	while (option_next(c, &opt, &ended))
		option_add(m, j, &opt, area);
	if (c->cut)
		cur_fail(c, CUR_CUT);
	if (cur_end(c) == CUR_BAD)
		m->anomalies |= D4A_OPTION_PAST_END;
	else if (cur_ok(c) && !ended)
		m->anomalies |= D4A_NO_END;
	return ended || cur_ok(c);
}

/* RFC 2132 section 9.3: file, then sname (RFC 3396 section 5) hold options too; they are text no more. */
static void
overload_read(struct cursor *c, struct dhcp4 *m, struct joiner *j, struct obs *o)
{
	static const struct {
		uint8_t bit;
		size_t off;
	} areas[] = { { 0, 0 }, { 1, FILE_OFF }, { 2, SNAME_OFF } };
	struct bytes v = dhcp4_opt(m, D4O_OVERLOAD);
	struct cursor value = cur_all(v);
	uint8_t which = v.n ? cur_u8(&value) : 0;

	if (v.p && (which == 0 || which > 3)) {
		m->anomalies |= D4A_OVERLOAD;
		return;
	}
	for (size_t i = 1; i < NELEM(areas); i++) {
		struct bytes *field = i == 1 ? &m->file : &m->sname;
		if (!(which & areas[i].bit))
			continue;
		struct cursor area = cur_all(*field);
		*field = (struct bytes){ NULL, 0 };
		(void)area_read(&area, m, j, i);
		if (!cur_ok(&area))
			damage(c, o, areas[i].off + cur_off(&area), "option past the end of its area");
	}
}

/* RFC 3396 section 7: the parts of one option in their order are one value. */
static void
options_join(struct dhcp4 *m, const struct joiner *j, struct walk *w)
{
	for (uint16_t slot = 0; slot < m->nopt && j->nparts; slot++) {
		struct bytes parts[PARTS + 1] = { m->opt[slot].v };
		size_t n = 1;
		bool too_long = false;
		for (size_t i = 0; i < j->nparts; i++)
			if (j->part[i].slot == slot)
				parts[n++] = j->part[i].v;
		if (n == 1)
			continue;
		struct bytes joined = walk_scratch_join(w, parts, n, &too_long);
		if (too_long)
			m->anomalies |= D4A_JOIN_LIMIT;
		if (joined.p)
			m->opt[slot].v = joined;
	}
}

static struct addr
exact_addr(const struct dhcp4 *m, uint8_t code)
{
	return dhcp4_opt(m, code).n == 4 ? dhcp4_opt_addr(m, code) : (struct addr){ 0 };
}

static void
exact_u32(struct dhcp4 *m, uint8_t code, enum dhcp4_has bit, uint32_t *v)
{
	if (dhcp4_opt_u32(m, code, v))
		m->set |= (uint64_t)1 << bit;
}

/* Do the sub-options of 82 fill it?  RFC 3046 section 2.0. */
static bool
agent_whole(struct bytes option)
{
	struct cursor c = cur_all(option);
	while (cur_more(&c)) {
		(void)cur_u8(&c);
		cur_skip(&c, cur_u8(&c));
	}
	return cur_ok(&c);
}

/* What the field table names, from the joined options. */
static void
options_decode(struct dhcp4 *m)
{
	struct bytes type = dhcp4_opt(m, D4O_TYPE), max_size = dhcp4_opt(m, D4O_MAX_SIZE);
	struct cursor c = cur_all(type);

	if (type.n) {
		m->msg_type = cur_u8(&c);
		m->set |= (uint64_t)1 << D4H_TYPE;
		m->set |= (uint64_t)(m->msg_type != D4_BOOTP) << D4H_KIND;
	}
	if (max_size.n == 2) {
		c = cur_all(max_size);
		m->max_size = cur_be16(&c);
		m->set |= (uint64_t)1 << D4H_MAX_SIZE;
	}
	m->server_id = exact_addr(m, D4O_SERVER_ID);
	m->subnet_mask = exact_addr(m, D4O_MASK);
	m->requested_ip = exact_addr(m, D4O_REQUESTED_IP);
	m->broadcast = exact_addr(m, D4O_BROADCAST);
	exact_u32(m, D4O_LEASE, D4H_LEASE, &m->lease);
	exact_u32(m, D4O_T1, D4H_T1, &m->t1);
	exact_u32(m, D4O_T2, D4H_T2, &m->t2);
	m->set |= (uint64_t)(dhcp4_opt(m, D4O_RELAY_AGENT).p != NULL) << D4H_RELAY_AGENT;
	m->client_id = dhcp4_opt(m, D4O_CLIENT_ID);
	m->domain = dhcp4_opt(m, D4O_DOMAIN);
	m->hostname = dhcp4_opt(m, D4O_HOSTNAME);
	m->vendor_class = dhcp4_opt(m, D4O_VENDOR_CLASS);
	m->message = dhcp4_opt(m, D4O_MESSAGE);
	m->tftp_server = dhcp4_opt(m, D4O_TFTP);
	m->bootfile = dhcp4_opt(m, D4O_BOOTFILE);
	m->captive_portal = dhcp4_opt(m, D4O_CAPTIVE_PORTAL);
	m->wpad = dhcp4_opt(m, D4O_WPAD);
	(void)dhcp4_fqdn(m, m->fqdn, sizeof(m->fqdn));
	for (size_t i = 0; i < m->nopt; i++) {
		const struct rule *rule = &rules[m->opt[i].code];
		size_t n = m->opt[i].v.n;
		if ((rule->kind == RULE_FIXED && n != rule->size) ||
		    (rule->kind == RULE_LIST && (n == 0 || n % rule->size)))
			m->anomalies |= D4A_OPTION_LENGTH;
	}
	if (!agent_whole(dhcp4_opt(m, D4O_RELAY_AGENT)))
		m->anomalies |= D4A_OPTION_LENGTH;
}

static void
options_read(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct dhcp4 *m = &o->u.dhcp4;
	struct joiner j;
	size_t start = cur_off(c);

	j.nparts = j.nother = 0;
	memset(j.slot, 0, sizeof(j.slot));
	struct cursor options = *c;
	bool whole = area_read(&options, m, &j, 0);
	if (cur_end(&options) == CUR_BAD)
		damage(c, o, COOKIE_OFF + 4 + cur_off(&options) - start,
		       "option past the end of the message");
	if (cur_end(&options) == CUR_CUT)
		cur_fail(c, CUR_CUT);
	/* Where the capture ended inside the options, file and sname are left alone: they may be options (52 may be in what was
	 * cut), and a value split over areas (RFC 3396) would be read from its middle. */
	if (!whole && cur_end(c) == CUR_CUT)
		m->sname = m->file = (struct bytes){ NULL, 0 };
	else if (dhcp4_opt(m, D4O_OVERLOAD).p)
		overload_read(c, m, &j, o);
	options_join(m, &j, pkt->w);
	options_decode(m);
	if (whole && dhcp4_opt(m, D4O_TYPE).p == NULL)
		m->set |= (uint64_t)1 << D4H_KIND;
}

static struct bytes
text_or_none(struct bytes b)
{
	if (b.p)
		b = bytes_text(b);
	return b.n ? b : (struct bytes){ NULL, 0 };
}

/* What a stranger on these ports cannot have: room for the addresses, and an op of BOOTP or at least the cookie. */
static bool
is_bootp(struct cursor c)
{
	if (!c.cut && cur_left(&c) < SNAME_OFF)
		return false;
	struct cursor mark = cur_at(&c, cur_off(&c) + COOKIE_OFF);
	uint8_t op = cur_peek_u8(&c);
	return !cur_ok(&c) || op == 1 || op == 2 || cur_be32(&mark) == cookie;
}

static enum said
dhcp4_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct dhcp4 *m = &o->u.dhcp4;
	struct cursor start = *c;

	if (!is_bootp(*c))
		return SAID_NO;
	header_read(c, m);
	if (cur_end(c) == CUR_BAD) {
		m->anomalies |= D4A_SHORT;
		damage(c, o, cur_off(c) - cur_off(&start), "message ends in its header");
	}
	if (!cur_ok(c)) {
		m->sname = m->file = (struct bytes){ NULL, 0 }; /* as below: nobody knows what they hold */
		return said(c);
	}
	if (m->op != 1 && m->op != 2)
		damage(&start, o, 0, "op is neither request nor reply");
	if (m->hlen > CHADDR_LEN)
		damage(&start, o, 2, "hardware address longer than its field");
	struct cursor mark = *c;
	if (cur_be32(&mark) == cookie) {
		*c = mark;
		options_read(c, pkt, o);
	} else if (!c->cut || cur_ok(&mark)) { /* RFC 951 asks for no cookie */
		m->anomalies |= D4A_NO_COOKIE;
		m->set |= (uint64_t)1 << D4H_KIND;
	} else {
		m->sname = m->file = (struct bytes){ NULL, 0 };
	}
	m->sname = text_or_none(m->sname);
	m->file = text_or_none(m->file);
	if (c->cut)
		cur_fail(c, CUR_CUT);
	return cur_ok(c) ? said(&start) : said(c);
}

/* ---- the schema ---- */

static const struct name msg_names[] = {
	{ D4_BOOTP, "bootp" },
	{ D4_DISCOVER, "discover" },
	{ D4_OFFER, "offer" },
	{ D4_REQUEST, "request" },
	{ D4_DECLINE, "decline" },
	{ D4_ACK, "ack" },
	{ D4_NAK, "nak" },
	{ D4_RELEASE, "release" },
	{ D4_INFORM, "inform" },
	{ D4_FORCERENEW, "forcerenew" }, /* RFC 3203 */
	{ D4_LEASEQUERY, "leasequery" }, /* RFC 4388 */
	{ D4_LEASEUNASSIGNED, "leaseunassigned" },
	{ D4_LEASEUNKNOWN, "leaseunknown" },
	{ D4_LEASEACTIVE, "leaseactive" },
	{ D4_BULKLEASEQUERY, "bulkleasequery" }, /* RFC 6926 */
	{ D4_LEASEQUERYDONE, "leasequerydone" },
	{ D4_ACTIVELEASEQUERY, "activeleasequery" }, /* RFC 7724 */
	{ D4_LEASEQUERYSTATUS, "leasequerystatus" },
	{ D4_TLS, "tls" },
	{ 0, NULL },
};

static const struct field addr_item[] = { { .type = F_ADDR } };
static const struct field u8_item[] = { { .type = F_U8 } };
static const struct field text_item[] = { { .type = F_CSTR } };
static const struct field anomaly_item[] = { { .type = F_NAME16, .names = anomaly_names } };
static const struct field wire_item[] = {
	FIELD(struct dhcp4_opt, code, "code", F_U8, .help = "option code"),
	FIELD(struct dhcp4_opt, v, "value", F_HEX, .help = "value"),
};
static const struct field agent_item[] = {
	FIELD(struct field_pair, hex, "value", F_HEX, .help = "sub-option by name, or sub and its code"),
};

#define D4(member, name, type, ...) FIELD(struct dhcp4, member, name, type, __VA_ARGS__)

static const struct field dhcp4_fields[] = {
	D4(op, "op", F_U8, .has = BIT(D4H_OP), .help = "1 request, 2 reply"),
	D4(htype, "htype", F_U8, .has = BIT(D4H_HTYPE), .help = "hardware type, 1 Ethernet"),
	D4(hlen, "hlen", F_U8, .has = BIT(D4H_HLEN), .help = "length of the hardware address"),
	D4(hops, "hops", F_U8, .has = BIT(D4H_HOPS), .help = "relays passed"),
	D4(xid, "xid", F_HEX32, .has = BIT(D4H_XID), .help = "transaction id"),
	D4(secs, "secs", F_U16, .has = BIT(D4H_SECS), .help = "seconds since the client began"),
	D4(flags, "flags", F_HEX16, .has = BIT(D4H_FLAGS), .help = "0x8000: answer by broadcast"),
	D4(ciaddr, "ciaddr", F_ADDR, .help = "address the client has"),
	D4(yiaddr, "yiaddr", F_ADDR, .help = "address given to the client"),
	D4(siaddr, "siaddr", F_ADDR, .help = "next server of the boot"),
	D4(giaddr, "giaddr", F_ADDR, .help = "relay"),
	D4(chaddr, "chaddr", F_MACTEXT, .help = "hardware address of the client"),
	D4(sname, "sname", F_TEXT, .help = "server name, where it holds no options"),
	D4(file, "file", F_TEXT, .help = "boot file, where it holds no options"),
	D4(msg_type, "msg_type", F_U8, .has = BIT(D4H_TYPE), .help = "option 53; also as `msg`"),
	D4(msg_type, "msg", F_NAME8, .has = BIT(D4H_KIND), .names = msg_names,
	   .help = "message type as text"),
	WALK("o", F_ROWS, wire_next, wire_item,
	     .help = "every option as code and value, in wire order, not joined"),
	D4(client_id, "client_id", F_HEX, .help = "option 61"),
	WALK("routes121", F_LIST, routes121_next, text_item, .help = "classless static routes, option 121"),
	WALK("routes249", F_LIST, routes249_next, text_item, .help = "the same in Microsoft's option 249"),
	WALK("routes33", F_LIST, routes33_next, text_item, .help = "static routes, option 33"),
	D4(wpad, "wpad", F_TEXT, .help = "URL of the proxy configuration, option 252"),
	D4(wpad, "wpad_hex", F_HEX, .help = "option 252 as it came"),
	WALK("relay_agent", F_MAP, agent_next, agent_item, .has = BIT(D4H_RELAY_AGENT),
	     .help = "sub-options of option 82"),
	D4(server_id, "server_id", F_ADDR, .help = "option 54"),
	D4(subnet_mask, "subnet_mask", F_ADDR, .help = "option 1"),
	D4(requested_ip, "requested_ip", F_ADDR, .help = "option 50"),
	D4(domain, "domain", F_TEXT, .help = "option 15"),
	D4(hostname, "hostname", F_TEXT, .help = "option 12"),
	D4(vendor_class, "vendor_class", F_TEXT, .help = "option 60"),
	D4(message, "message", F_TEXT, .help = "option 56"),
	D4(tftp_server, "tftp_server", F_TEXT, .help = "option 66"),
	D4(bootfile, "bootfile", F_TEXT, .help = "option 67"),
	D4(broadcast, "broadcast", F_ADDR, .help = "option 28"),
	D4(captive_portal, "captive_portal", F_TEXT, .help = "option 114"),
	D4(lease, "lease", F_U32, .has = BIT(D4H_LEASE), .help = "seconds, option 51"),
	D4(t1, "renewal", F_U32, .has = BIT(D4H_T1), .help = "seconds, option 58"),
	D4(t2, "rebinding", F_U32, .has = BIT(D4H_T2), .help = "seconds, option 59"),
	D4(max_size, "max_size", F_U16, .has = BIT(D4H_MAX_SIZE), .help = "largest message, option 57"),
	WALK("routers", F_LIST, routers_next, addr_item, .help = "option 3"),
	WALK("dns", F_LIST, dns_next, addr_item, .help = "resolvers, option 6"),
	WALK("ntp", F_LIST, ntp_next, addr_item, .help = "option 42"),
	WALK("nbns", F_LIST, nbns_next, addr_item, .help = "NetBIOS name servers, option 44"),
	WALK("domain_search", F_LIST, domain_search_next, text_item, .help = "option 119"),
	D4(fqdn, "fqdn", F_CSTR, .help = "name of the client, option 81"),
	WALK("params", F_LIST, params_next, u8_item, .help = "options asked for, option 55"),
	WALK("anomalies", F_LIST, anomaly_next, anomaly_item, .help = "what is wrong with the message"),
};

const struct dissector dissector_dhcp4 = {
	.name = "dhcpv4",
	.bpf = "udp port 67 or udp port 68 or udp port 4011",
	.claims = { { CLAIM_UDP, DHCP4_SERVER_PORT },
		    { CLAIM_UDP, DHCP4_CLIENT_PORT },
		    { CLAIM_UDP, PXE_PORT } },
	.kind = OBS_DHCP4,
	.dissect = dhcp4_dissect,
	.fields = dhcp4_fields,
	.nfields = NELEM(dhcp4_fields),
};
