/* DHCPv6: RFC 8415.  Options are read once for what the record holds; lists (addresses, names, identity associations)
 * are read again from the views by the iterators below.  Relays in relays are a loop over views, never recursion.
 *
 * Of an option that may come once the first is kept and the rest is an anomaly.  Resolvers and domains are listed from
 * every such option: which of two a client believes is its own affair, and the second must not hide behind the first. */
#include "dissector.h"
#include "dnsname.h"

enum {
	DUID_MIN = 3,	/* type and one octet */
	DUID_MAX = 130, /* RFC 8415 section 11.1: 128 without the type */
	HOPS_MAX = 8,	/* RFC 8415 section 7.6 */
	TYPE_MAX = 37,	/* RFC 9686, the last one assigned */
	IAID_LEN = 4,
	NAME_WIRE = 255, /* RFC 1035 section 2.3.4 */
};

/* ---- options ---- */

/* The next option of a view; false at its end and at damage, which fails the cursor. */
static bool
option_next(struct cursor *c, uint16_t *code, struct bytes *v)
{
	if (!cur_more(c))
		return false;
	*code = cur_be16(c);
	*v = cur_take(c, cur_be16(c));
	return cur_ok(c);
}

/* The next one with this code. */
static bool
option_find(struct cursor *c, uint16_t want, struct bytes *v)
{
	uint16_t code;
	while (option_next(c, &code, v))
		if (code == want)
			return true;
	return false;
}

/* RFC 8415 section 21.13; false where it is too short. */
static bool
status_read(struct bytes v, uint16_t *status, struct bytes *msg)
{
	struct cursor c = cur_all(v);
	uint16_t value = cur_be16(&c);
	if (!cur_ok(&c))
		return false;
	*status = value;
	if (cur_more(&c))
		*msg = cur_rest(&c);
	return true;
}

/* RFC 8415 section 10: labels without compression.  RFC 4704 section 4.2 lets a name end without the root: then it has
 * no final dot here.  False where it is damaged or does not fit; a lone root gives no text. */
static bool
name_read(struct cursor *c, struct out *text)
{
	size_t wire = 0;
	while (cur_more(c)) {
		uint8_t len = cur_u8(c);
		struct bytes label = cur_take(c, len);
		wire += 1u + len;
		if (text->n)
			out_chr(text, '.');
		if (len > 63 || wire > NAME_WIRE)
			cur_fail(c, CUR_BAD);
		if (len == 0 || !cur_ok(c))
			break;
		label_text(text, label);
	}
	return cur_ok(c) && out_ok(text);
}

static void
fqdn_read(struct dhcp6 *m, struct bytes v)
{
	struct cursor c = cur_all(v);
	struct out text = out_init(m->fqdn_text, sizeof(m->fqdn_text) - 1);

	m->fqdn_flags = cur_u8(&c);
	if (!cur_ok(&c))
		return;
	m->set |= (uint64_t)1 << D6H_FQDN_FLAGS;
	struct cursor name = c;
	m->fqdn = cur_rest(&c);
	if (!name_read(&name, &text))
		text.n = 0;
	m->fqdn_text[text.n] = '\0';
}

/* RFC 8415 section 21.16: enterprise number, then items with a length of two octets. */
static void
vendor_class_read(struct dhcp6 *m, struct bytes v)
{
	struct cursor c = cur_all(v);
	m->enterprise = cur_be32(&c);
	if (!cur_ok(&c))
		return;
	m->set |= (uint64_t)1 << D6H_ENTERPRISE;
	m->vendor_class = cur_take(&c, cur_be16(&c));
}

/* Options that are kept as they came: where, and how long they may be (`unit`: a multiple of it). */
static const struct kept {
	uint16_t code, off, min, max, unit;
	uint32_t anomaly; /* of a length outside of that */
} kept[] = {
	{ D6O_CLIENTID, offsetof(struct dhcp6, client_duid), DUID_MIN, DUID_MAX, 1, D6A_DUID_LENGTH },
	{ D6O_SERVERID, offsetof(struct dhcp6, server_duid), DUID_MIN, DUID_MAX, 1, D6A_DUID_LENGTH },
	{ D6O_ORO, offsetof(struct dhcp6, oro), 0, UINT16_MAX, 2, D6A_OPTION_LENGTH },
	{ D6O_RELAY_MSG, offsetof(struct dhcp6, relay_msg), 4, UINT16_MAX, 1, D6A_OPTION_LENGTH },
	{ D6O_USER_CLASS, offsetof(struct dhcp6, user_class), 0, UINT16_MAX, 1, 0 },
	{ D6O_INTERFACE_ID, offsetof(struct dhcp6, interface_id), 0, UINT16_MAX, 1, 0 },
	{ D6O_DNS, offsetof(struct dhcp6, dns), 16, UINT16_MAX, 16, D6A_DNS_LENGTH },
	{ D6O_DOMAINS, offsetof(struct dhcp6, domains), 0, UINT16_MAX, 1, 0 },
	{ D6O_REMOTE_ID, offsetof(struct dhcp6, remote_id), 4, UINT16_MAX, 1, D6A_OPTION_LENGTH },
	{ D6O_BOOTFILE, offsetof(struct dhcp6, bootfile), 0, UINT16_MAX, 1, 0 },
	{ D6O_CLIENT_LL, offsetof(struct dhcp6, client_ll), 2, UINT16_MAX, 1, D6A_OPTION_LENGTH },
	{ D6O_CAPTIVE_PORTAL, offsetof(struct dhcp6, captive_portal), 0, UINT16_MAX, 1, 0 },
};

static bool
kept_read(struct dhcp6 *m, uint16_t code, struct bytes v)
{
	for (size_t i = 0; i < NELEM(kept); i++) {
		struct bytes had;
		if (kept[i].code != code)
			continue;
		memcpy(&had, (const uint8_t *)m + kept[i].off, sizeof(had));
		if (v.n < kept[i].min || v.n > kept[i].max || v.n % kept[i].unit)
			m->anomalies |= kept[i].anomaly;
		if (had.p)
			m->anomalies |= D6A_REPEATED;
		else
			memcpy((uint8_t *)m + kept[i].off, &v, sizeof(v));
		return true;
	}
	return false;
}

/* Sets a bit of `set` once; false where the length is wrong or the option came before. */
static bool
once(struct dhcp6 *m, enum dhcp6_has bit, bool length_ok)
{
	uint64_t mask = (uint64_t)1 << bit;
	bool again = m->set & mask;

	if (!length_ok || again) {
		m->anomalies |= length_ok ? D6A_REPEATED : D6A_OPTION_LENGTH;
		return false;
	}
	m->set |= mask;
	return true;
}

static void
option_read(struct dhcp6 *m, uint16_t code, struct bytes v)
{
	struct cursor c = cur_all(v);

	if (kept_read(m, code, v))
		return;
	switch (code) {
	case D6O_PREFERENCE:
		if (once(m, D6H_PREFERENCE, v.n == 1))
			m->preference = cur_u8(&c);
		break;
	case D6O_ELAPSED:
		if (once(m, D6H_ELAPSED, v.n == 2))
			m->elapsed = cur_be16(&c);
		break;
	case D6O_STATUS:
		if (once(m, D6H_STATUS, v.n >= 2))
			(void)status_read(v, &m->status, &m->status_msg);
		break;
	case D6O_RAPID_COMMIT: m->rapid_commit |= once(m, D6H_RAPID, v.n == 0); break;
	case D6O_AUTH: (void)once(m, D6H_AUTH, v.n >= 11); break;
	case D6O_VENDOR_CLASS: /* one for each enterprise */
		if (v.n < 4)
			m->anomalies |= D6A_OPTION_LENGTH;
		else if (!(m->set >> D6H_ENTERPRISE & 1))
			vendor_class_read(m, v);
		break;
	case D6O_FQDN:
		if (v.n == 0)
			m->anomalies |= D6A_OPTION_LENGTH;
		else if (m->fqdn.p)
			m->anomalies |= D6A_REPEATED;
		else
			fqdn_read(m, v);
		break;
	}
}

/* ---- messages ---- */

/* RFC 8415 sections 8 and 9.  A message is told from what stands before its options. */
static bool
header_read(struct cursor *c, struct dhcp6 *m)
{
	m->msg_type = cur_u8(c);
	if (cur_ok(c))
		m->set |= (uint64_t)1 << D6H_TYPE;
	if (m->msg_type == D6_RELAY_FORW || m->msg_type == D6_RELAY_REPL) {
		m->hops = cur_u8(c);
		if (cur_ok(c))
			m->set |= (uint64_t)1 << D6H_HOPS;
		m->link = addr6_read(c);
		m->peer = addr6_read(c);
	} else {
		m->xid = cur_be24(c);
		if (cur_ok(c))
			m->set |= (uint64_t)1 << D6H_XID;
	}
	if (m->hops > HOPS_MAX)
		m->anomalies |= D6A_HOPS;
	if (cur_ok(c) && (m->msg_type == 0 || m->msg_type > TYPE_MAX))
		m->anomalies |= D6A_TYPE;
	return cur_ok(c);
}

static bool
message_read(struct cursor *c, struct dhcp6 *m)
{
	uint16_t code;
	struct bytes v;

	if (!header_read(c, m))
		return false;
	struct cursor all = *c;
	m->options = cur_rest(&all);
	m->set |= (uint64_t)1 << D6H_OPTIONS;
	while (option_next(c, &code, &v))
		option_read(m, code, v);
	return true;
}

bool
dhcp6_inner(const struct dhcp6 *m, struct dhcp6 *inner)
{
	struct cursor c = cur_all(m->relay_msg);
	bool relay = m->msg_type == D6_RELAY_FORW || m->msg_type == D6_RELAY_REPL;

	*inner = (struct dhcp6){ 0 };
	return relay && message_read(&c, inner);
}

/* RFC 6221 section 5.3.1: a relay on layer 2 leaves the link-address unspecified, the next one to the server fills it. */
void
dhcp6_innermost(const struct dhcp6 *m, struct dhcp6 *inner, struct addr *link)
{
	*inner = *m;
	*link = (struct addr){ 0 };
	for (int depth = 0; depth < DHCP6_RELAY_MAX; depth++) {
		struct dhcp6 next;
		if (!dhcp6_inner(inner, &next))
			return;
		if (!addr_set(*link) || !addr_zero(inner->link))
			*link = inner->link;
		*inner = next;
	}
}

/* RFC 8415 sections 11.2 and 11.4, hardware type 1. */
bool
duid_mac(struct bytes duid, struct mac *m)
{
	struct cursor c = cur_all(duid);
	uint16_t type = cur_be16(&c), hw = cur_be16(&c);

	if (type == 1)
		cur_skip(&c, 4); /* time */
	if ((type != 1 && type != 3) || hw != 1 || cur_left(&c) != sizeof(m->b))
		return false;
	*m = mac_read(&c);
	return true;
}

/* ---- identity associations ---- */

/* RFC 8415 sections 21.4, 21.5, 21.21.  One that is too short is an item with nothing in it. */
static void
ia_read(struct dhcp6_ia *ia, uint16_t code, struct bytes v)
{
	struct cursor c = cur_all(v);
	struct bytes iaid = cur_take(&c, IAID_LEN), status;
	uint32_t t1 = 0, t2 = 0;

	*ia = (struct dhcp6_ia){ .code = code };
	if (code != D6O_IA_TA) {
		t1 = cur_be32(&c);
		t2 = cur_be32(&c);
	}
	if (!cur_ok(&c))
		return;
	ia->iaid = iaid;
	ia->t1 = t1;
	ia->t2 = t2;
	ia->set = code != D6O_IA_TA;
	ia->options = cur_rest(&c);
	c = cur_all(ia->options);
	if (option_find(&c, D6O_STATUS, &status) && status_read(status, &ia->status, &ia->status_msg))
		ia->set |= 1 << 1;
}

/* want 0: any kind. */
static bool
ia_next(struct field_it *it, void *item, uint16_t want)
{
	const struct dhcp6 *m = it->rec;
	uint16_t code;
	struct bytes v;

	if (it->i == 0)
		it->c = cur_all(m->options);
	while (option_next(&it->c, &code, &v)) {
		bool ia = code == D6O_IA_NA || code == D6O_IA_TA || code == D6O_IA_PD;
		if (!ia || (want && code != want))
			continue;
		ia_read(item, code, v);
		return true;
	}
	return false;
}

bool
dhcp6_ia_next(struct field_it *it, void *item)
{
	return ia_next(it, item, 0);
}

static bool
ia_na_next(struct field_it *it, void *item)
{
	return ia_next(it, item, D6O_IA_NA);
}

static bool
ia_ta_next(struct field_it *it, void *item)
{
	return ia_next(it, item, D6O_IA_TA);
}

static bool
ia_pd_next(struct field_it *it, void *item)
{
	return ia_next(it, item, D6O_IA_PD);
}

/* RFC 8415 sections 21.6 and 21.22. */
static bool
lease_read(struct dhcp6_addr *a, uint16_t code, struct bytes v)
{
	struct cursor c = cur_all(v);
	struct bytes status, msg;

	*a = (struct dhcp6_addr){ 0 };
	if (code == D6O_IAADDR)
		a->addr = addr6_read(&c);
	a->preferred = cur_be32(&c);
	a->valid = cur_be32(&c);
	if (code == D6O_IAPREFIX) {
		a->len = cur_u8(&c);
		a->addr = addr6_read(&c);
		a->set |= 1 << 1;
	}
	if (!cur_ok(&c))
		return false;
	if (option_find(&c, D6O_STATUS, &status) && status_read(status, &a->status, &msg))
		a->set |= 1;
	return true;
}

/* want 0: both; one that is too short ends the list, as damage does. */
static bool
lease_next(struct field_it *it, void *item, uint16_t want)
{
	const struct dhcp6_ia *ia = it->rec;
	uint16_t code;
	struct bytes v;

	if (it->i == 0)
		it->c = cur_all(ia->options);
	while (option_next(&it->c, &code, &v))
		if ((code == D6O_IAADDR || code == D6O_IAPREFIX) && (!want || code == want))
			return lease_read(item, code, v);
	return false;
}

bool
dhcp6_addr_next(struct field_it *it, void *item)
{
	return lease_next(it, item, 0);
}

static bool
addrs_next(struct field_it *it, void *item)
{
	return lease_next(it, item, D6O_IAADDR);
}

static bool
prefixes_next(struct field_it *it, void *item)
{
	return lease_next(it, item, D6O_IAPREFIX);
}

/* ---- other lists of the field table ---- */

static bool
opts_next(struct field_it *it, void *item)
{
	const struct dhcp6 *m = it->rec;
	struct bytes v;

	if (it->i == 0)
		it->c = cur_all(m->options);
	return option_next(&it->c, item, &v);
}

static bool
oro_next(struct field_it *it, void *item)
{
	const struct dhcp6 *m = it->rec;

	if (it->i == 0)
		it->c = cur_all(m->oro);
	*(uint16_t *)item = cur_be16(&it->c);
	return cur_ok(&it->c);
}

/* An iterator over what lies in several options of one code keeps two places in one cursor: where it reads, and, as the
 * end of the view, where the option that it is in ends.  True while there is something to read in this or the next.
 * The first option told again word for word (WIDE's dhcp6s does) says nothing new and is left out. */
static bool
within(struct field_it *it, struct bytes options, uint16_t code, struct bytes first)
{
	struct cursor all = cur_all(options);
	struct bytes v;

	if (!cur_ok(&it->c) || cur_more(&it->c))
		return cur_ok(&it->c);
	cur_skip(&all, cur_off(&it->c));
	while (option_find(&all, code, &v)) {
		if (v.n == 0 || (v.p != first.p && bytes_eq(v, first)))
			continue;
		it->c = cur_all(bytes_of(options.p, cur_off(&all)));
		cur_skip(&it->c, cur_off(&all) - v.n);
		return true;
	}
	return false;
}

bool
dhcp6_dns_next(struct field_it *it, void *item)
{
	const struct dhcp6 *m = it->rec;

	if (it->i == 0)
		it->c = cur_all(bytes_of(m->options.p, 0));
	while (within(it, m->options, D6O_DNS, m->dns)) {
		if (cur_left(&it->c) >= 16) {
			*(struct addr *)item = addr6_read(&it->c);
			return true;
		}
		cur_skip(&it->c, cur_left(&it->c));
	}
	return false;
}

struct text_item {
	char text[DNS_NAME_TEXT];
};

/* RFC 3646 section 4. */
static bool
domains_next(struct field_it *it, void *item)
{
	const struct dhcp6 *m = it->rec;
	struct text_item *t = item;

	if (it->i == 0)
		it->c = cur_all(bytes_of(m->options.p, 0));
	while (within(it, m->options, D6O_DOMAINS, m->domains)) {
		struct out text = out_init(t->text, sizeof(t->text) - 1);
		if (!name_read(&it->c, &text))
			return false;
		t->text[text.n] = '\0';
		if (text.n)
			return true;
	}
	return false;
}

/* As a value it has the keys that other readers give it too and no more, so that whole objects compare; what is wrong
 * inside is told outside. */
static bool
relayed_next(struct field_it *it, void *item)
{
	struct dhcp6 *inner = item;

	if (!dhcp6_inner(it->rec, inner))
		return false;
	inner->set &= ~((uint64_t)1 << D6H_ELAPSED);
	inner->client_ll = (struct bytes){ NULL, 0 };
	inner->anomalies = 0;
	return true;
}

static const struct name anomaly_names[] = {
	{ D6A_DEPTH, "depth" },
	{ D6A_HOPS, "hops" },
	{ D6A_DUID_LENGTH, "duid_length" },
	{ D6A_REPEATED, "repeated" },
	{ D6A_TYPE, "type" },
	{ D6A_DNS_LENGTH, "dns_length" },
	{ D6A_OPTION_LENGTH, "option_length" },
	{ 0, NULL },
};

static bool
anomaly_next(struct field_it *it, void *item)
{
	const struct dhcp6 *m = it->rec;
	uint32_t seen = 0;

	for (const struct name *n = anomaly_names; n->text; n++)
		if (m->anomalies & n->value && seen++ == it->i) {
			*(uint16_t *)item = (uint16_t)n->value;
			return true;
		}
	return false;
}

/* ---- the dissector ---- */

static void
damage(struct cursor *c, struct obs *o, size_t off, const char *what)
{
	if (cur_ok(c)) {
		o->bad_off = (uint32_t)off;
		o->bad_what = what;
	}
	cur_fail(c, CUR_BAD);
}

/* Do these options fill their view? */
static bool
options_fit(struct bytes options)
{
	struct cursor c = cur_all(options);
	struct bytes v;
	uint16_t code;

	while (option_next(&c, &code, &v))
		;
	return cur_ok(&c);
}

/* The same for what an identity association and its addresses hold; short ones are told as anomalies. */
static bool
ia_fit(struct dhcp6 *m, uint16_t code, struct bytes v)
{
	struct dhcp6_ia ia;
	struct cursor c;
	bool fit = true;

	ia_read(&ia, code, v);
	if (ia.options.p == NULL)
		m->anomalies |= D6A_OPTION_LENGTH;
	c = cur_all(ia.options);
	while (option_next(&c, &code, &v)) {
		struct cursor lease = cur_all(v);
		if (code != D6O_IAADDR && code != D6O_IAPREFIX)
			continue;
		cur_skip(&lease, code == D6O_IAADDR ? 24 : 25);
		if (!cur_ok(&lease))
			m->anomalies |= D6A_OPTION_LENGTH;
		fit &= !cur_ok(&lease) || options_fit(cur_rest(&lease));
	}
	return fit && cur_ok(&c);
}

static bool
nested_fit(struct dhcp6 *m)
{
	struct cursor c = cur_all(m->options);
	struct bytes v;
	uint16_t code;
	bool fit = true;

	while (option_next(&c, &code, &v))
		if (code == D6O_IA_NA || code == D6O_IA_TA || code == D6O_IA_PD)
			fit &= ia_fit(m, code, v);
	return fit;
}

/* RFC 8415 section 19.1.1 counts hops to 8.  A larger count alone does not end the reading: servers do not look at it,
 * so it must not hide a message; more relays than 8 inside each other do. */
static void
relays_check(struct cursor *c, struct dhcp6 *m, struct obs *o, size_t options_off)
{
	struct dhcp6 level[2];
	const struct dhcp6 *at = m;
	int depth = 0;

	for (; depth < DHCP6_RELAY_MAX; depth++) {
		struct dhcp6 *inner = &level[depth & 1];
		if (!dhcp6_inner(at, inner))
			break;
		if (!options_fit(inner->options) || !nested_fit(inner))
			damage(c, o, options_off, "option past the end of a relayed message");
		m->anomalies |= inner->anomalies;
		at = inner;
	}
	if (depth == DHCP6_RELAY_MAX && (at->msg_type == D6_RELAY_FORW || at->msg_type == D6_RELAY_REPL))
		m->anomalies |= D6A_DEPTH;
}

static enum said
dhcp6_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct dhcp6 *m = &o->u.dhcp6;
	size_t start = cur_off(c);

	(void)pkt;
	if (!cur_more(c) && !c->cut)
		return SAID_NO;
	if (!message_read(c, m))
		return said(c);
	size_t off = cur_off(c) - start, options_off = off - m->options.n + cur_left(c);
	if (cur_end(c) == CUR_BAD) {
		o->bad_off = (uint32_t)off;
		o->bad_what = "option past the end of the message";
	}
	if (c->cut)
		cur_fail(c, CUR_CUT);
	if (!nested_fit(m))
		damage(c, o, options_off, "option past the end of an identity association");
	relays_check(c, m, o, options_off);
	return said(c);
}

/* ---- the schema ---- */

static const struct name msg_names[] = {
	{ D6_SOLICIT, "solicit" },
	{ D6_ADVERTISE, "advertise" },
	{ D6_REQUEST, "request" },
	{ D6_CONFIRM, "confirm" },
	{ D6_RENEW, "renew" },
	{ D6_REBIND, "rebind" },
	{ D6_REPLY, "reply" },
	{ D6_RELEASE, "release" },
	{ D6_DECLINE, "decline" },
	{ D6_RECONFIGURE, "reconfigure" },
	{ D6_INFORMATION_REQUEST, "information-request" },
	{ D6_RELAY_FORW, "relay-forw" },
	{ D6_RELAY_REPL, "relay-repl" },
	{ 14, "leasequery" }, /* RFC 5007, 5460, 7653 */
	{ 15, "leasequery-reply" },
	{ 16, "leasequery-done" },
	{ 17, "leasequery-data" },
	{ 18, "reconfigure-request" }, /* RFC 6977 */
	{ 19, "reconfigure-reply" },
	{ 20, "dhcpv4-query" }, /* RFC 7341 */
	{ 21, "dhcpv4-response" },
	{ 22, "activeleasequery" },
	{ 23, "starttls" },
	{ 36, "addr-reg-inform" }, /* RFC 9686 */
	{ 37, "addr-reg-reply" },
	{ 0, NULL },
};

static const struct field addr_item[] = { { .type = F_ADDR } };
static const struct field u16_item[] = { { .type = F_U16 } };
static const struct field text_item[] = { { .type = F_CSTR } };
static const struct field anomaly_item[] = { { .type = F_NAME16, .names = anomaly_names } };

static const struct field addrs_item[] = {
	FIELD(struct dhcp6_addr, addr, "addr", F_ADDR, .help = "address"),
	FIELD(struct dhcp6_addr, preferred, "preferred", F_U32, .help = "preferred lifetime in seconds"),
	FIELD(struct dhcp6_addr, valid, "valid", F_U32, .help = "valid lifetime in seconds"),
	FIELD(struct dhcp6_addr, status, "status", F_U16, .has = BIT(0),
	      .help = "status code of this address"),
};
static const struct field prefixes_item[] = {
	FIELD(struct dhcp6_addr, addr, "prefix", F_ADDR, .help = "delegated prefix"),
	FIELD(struct dhcp6_addr, len, "len", F_U8, .has = BIT(1), .help = "its length"),
	FIELD(struct dhcp6_addr, preferred, "preferred", F_U32, .help = "preferred lifetime in seconds"),
	FIELD(struct dhcp6_addr, valid, "valid", F_U32, .help = "valid lifetime in seconds"),
};

#define IA(member, name, type, ...) FIELD(struct dhcp6_ia, member, name, type, __VA_ARGS__)

static const struct field ia_item[] = {
	IA(iaid, "iaid", F_HEX, .help = "identifier of the association"),
	IA(t1, "t1", F_U32, .has = BIT(0), .help = "seconds until renewal"),
	IA(t2, "t2", F_U32, .has = BIT(0), .help = "seconds until rebinding"),
	WALK("addrs", F_LIST, addrs_next, addrs_item, .help = "addresses"),
	WALK("prefixes", F_LIST, prefixes_next, prefixes_item, .help = "prefixes"),
	IA(status, "status", F_U16, .has = BIT(1), .help = "status code of the association"),
	IA(status_msg, "status_msg", F_TEXT, .help = "its text"),
};
static const struct field ia_ta_item[] = {
	WALK("addrs", F_LIST, addrs_next, addrs_item, .help = "addresses"),
	WALK("prefixes", F_LIST, prefixes_next, prefixes_item, .help = "prefixes"),
	IA(status, "status", F_U16, .has = BIT(1), .help = "status code of the association"),
	IA(status_msg, "status_msg", F_TEXT, .help = "its text"),
};

#define D6(member, name, type, ...) FIELD(struct dhcp6, member, name, type, __VA_ARGS__)

static const struct field dhcp6_fields[] = {
	D6(msg_type, "msg_type", F_U8, .has = BIT(D6H_TYPE), .help = "message type; also as `msg`"),
	D6(msg_type, "msg", F_NAME8, .names = msg_names, .help = "message type as text"),
	D6(xid, "xid", F_HEX24, .has = BIT(D6H_XID), .help = "transaction id"),
	D6(hops, "hops", F_U8, .has = BIT(D6H_HOPS), .help = "relays passed"),
	D6(link, "link", F_ADDR, .help = "link-address of a relay"),
	D6(peer, "peer", F_ADDR, .help = "peer-address of a relay"),
	WALK("opts", F_LIST, opts_next, u16_item, .has = BIT(D6H_OPTIONS),
	     .help = "codes of the options in wire order"),
	D6(client_duid, "client_duid", F_HEX, .help = "client identifier"),
	D6(server_duid, "server_duid", F_HEX, .help = "server identifier"),
	WALK("ia_na", F_LIST, ia_na_next, ia_item, .help = "addresses asked for or given"),
	WALK("ia_ta", F_LIST, ia_ta_next, ia_ta_item, .help = "temporary addresses"),
	WALK("ia_pd", F_LIST, ia_pd_next, ia_item, .help = "prefixes asked for or delegated"),
	WALK("oro", F_LIST, oro_next, u16_item, .help = "options asked for"),
	D6(preference, "preference", F_U8, .has = BIT(D6H_PREFERENCE), .help = "preference of the server"),
	D6(elapsed, "elapsed", F_U16, .has = BIT(D6H_ELAPSED),
	   .help = "hundredths of a second since the client began"),
	D6(status, "status", F_U16, .has = BIT(D6H_STATUS), .help = "status code of the message"),
	D6(status_msg, "status_msg", F_TEXT, .help = "its text"),
	D6(rapid_commit, "rapid_commit", F_BOOL, .help = "two messages are enough"),
	D6(user_class, "user_class", F_HEX, .help = "option 15"),
	D6(enterprise, "vendor_enterprise", F_U32, .has = BIT(D6H_ENTERPRISE),
	   .help = "enterprise of option 16, 311 Microsoft"),
	D6(vendor_class, "vendor_class", F_TEXT, .help = "first item of option 16"),
	D6(interface_id, "interface_id", F_HEX, .help = "port of the relay, option 18"),
	WALK("dns", F_LIST, dhcp6_dns_next, addr_item, .help = "resolvers, option 23"),
	WALK("domains", F_LIST, domains_next, text_item, .help = "search list, option 24"),
	D6(remote_id, "remote_id", F_HEX, .help = "option 37"),
	D6(fqdn_text, "fqdn", F_CSTR, .help = "name of the client, option 39"),
	D6(fqdn_flags, "fqdn_flags", F_HEX8, .has = BIT(D6H_FQDN_FLAGS), .help = "who updates the DNS"),
	D6(client_ll, "client_ll", F_HEX,
	   .help = "link-layer type and address that the relay saw, option 79"),
	D6(bootfile, "bootfile_url", F_TEXT, .help = "option 59"),
	D6(captive_portal, "captive_portal", F_TEXT, .help = "option 103"),
	WALK("anomalies", F_LIST, anomaly_next, anomaly_item, .help = "what is wrong with the message"),
	{ .name = "relayed",
	  .type = F_NEST,
	  .next = relayed_next,
	  .help = "the message inside, with these same fields" },
};

const struct dissector dissector_dhcp6 = {
	.name = "dhcpv6",
	.bpf = "udp port 546 or udp port 547",
	.claims = { { CLAIM_UDP, DHCP6_CLIENT_PORT }, { CLAIM_UDP, DHCP6_SERVER_PORT } },
	.kind = OBS_DHCP6,
	.dissect = dhcp6_dissect,
	.fields = dhcp6_fields,
	.nfields = NELEM(dhcp6_fields),
};
