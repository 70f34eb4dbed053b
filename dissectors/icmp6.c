/* ICMPv6: Neighbour Discovery (RFC 4861) is the message of interest; errors (RFC 4443) quote a packet. */
#include "layer.h"

enum { ERROR_FIRST = 1, ERROR_LAST = 4, OPTION_UNIT = 8, HOP_LIMIT = 255 };
enum { LABEL_MAX = 63, DOMAIN_MAX = 255 }; /* RFC 1035 2.3.4 */
enum { SUM_BAD, SUM_GOOD, SUM_UNKNOWN };

static const struct name nd_types[] = {
	{ ND_RS, "rs" }, { ND_RA, "ra" }, { ND_NS, "ns" }, { ND_NA, "na" }, { ND_REDIRECT, "redirect" },
	{ 0, NULL }
};

/* ---- options, RFC 4861 4.6: type, length in units of 8 bytes that counts both, value ---- */

/* The next option, `v` failed where it does not fit; false at the end.  Length 0 ends the area: the whole message
 * should have been dropped, but what stood before it is what hosts that do not check have read. */
static bool
option_next(struct cursor *c, struct nd_option *o, struct cursor *v)
{
	if (!cur_more(c))
		return false;
	o->type = cur_u8(c);
	o->len = cur_u8(c);
	if (!cur_ok(c))
		return false;
	if (o->len == 0)
		cur_fail(c, CUR_BAD);
	*v = cur_sub(c, o->len ? o->len * (size_t)OPTION_UNIT - 2 : 0);
	return true;
}

/* The next whole option of one type. */
static bool
option_find(struct field_it *it, uint8_t type, struct nd_option *o, struct cursor *v)
{
	const struct nd *nd = it->rec;

	if (it->i == 0)
		it->c = cur_all(nd->options);
	while (option_next(&it->c, o, v))
		if (o->type == type && cur_ok(v))
			return true;
	return false;
}

bool
nd_option_next(struct field_it *it, void *item)
{
	const struct nd *nd = it->rec;
	struct cursor v;

	if (it->i == 0)
		it->c = cur_all(nd->options);
	return option_next(&it->c, item, &v);
}

/* RFC 4861 4.6.2 */
bool
nd_prefix_next(struct field_it *it, void *item)
{
	struct nd_prefix *p = item;
	struct nd_option o;
	struct cursor v;

	if (!option_find(it, NDO_PIO, &o, &v))
		return false;
	p->len = cur_u8(&v);
	uint8_t flags = cur_u8(&v);
	p->l = flags >> 7;
	p->a = flags >> 6 & 1;
	p->valid = cur_be32(&v);
	p->preferred = cur_be32(&v);
	cur_skip(&v, 4);
	p->prefix = addr6_read(&v);
	return cur_ok(&v);
}

/* RFC 4191 2.3: 0, 8 or 16 bytes of prefix. */
bool
nd_route_next(struct field_it *it, void *item)
{
	struct nd_route *r = item;
	struct nd_option o;
	struct cursor v;

	if (!option_find(it, NDO_RIO, &o, &v))
		return false;
	r->set = 0;
	r->len = cur_u8(&v);
	r->prf = cur_u8(&v) >> 3 & 3;
	r->lifetime = cur_be32(&v);
	r->prefix = (struct addr){ .fam = 6 };
	cur_copy(&v, r->prefix.b, cur_left(&v) < 16 ? cur_left(&v) : 16);
	return cur_ok(&v);
}

/* RFC 8106 5.1 */
bool
nd_rdnss_next(struct field_it *it, void *item)
{
	struct nd_rdnss *r = item;
	struct nd_option o;
	struct cursor v;

	if (!option_find(it, NDO_RDNSS, &o, &v))
		return false;
	cur_skip(&v, 2);
	r->lifetime = cur_be32(&v);
	r->servers = cur_rest(&v);
	r->set = 1;
	return cur_ok(&v);
}

bool
nd_addr_next(struct field_it *it, void *item)
{
	const struct nd_rdnss *r = it->rec;

	if (it->i == 0)
		it->c = cur_all(r->servers);
	if (cur_left(&it->c) < 16)
		return false;
	*(struct addr *)item = addr6_read(&it->c);
	return true;
}

/* RFC 8106 5.2 */
bool
nd_dnssl_next(struct field_it *it, void *item)
{
	struct nd_dnssl *d = item;
	struct nd_option o;
	struct cursor v;

	if (!option_find(it, NDO_DNSSL, &o, &v))
		return false;
	cur_skip(&v, 2);
	d->lifetime = cur_be32(&v);
	d->names = cur_rest(&v);
	return cur_ok(&v);
}

static void
label(struct out *o, const uint8_t *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t b = l[i];
		if (b > 0x20 && b < 0x7f && b != '.' && b != '\\') {
			out_chr(o, (char)b);
			continue;
		}
		out_chr(o, '\\');
		out_chr(o, (char)('0' + b / 100));
		out_chr(o, (char)('0' + b / 10 % 10));
		out_chr(o, (char)('0' + b % 10));
	}
}

/* A root label where a name should begin is padding.  A pointer (RFC 1035 4.1.4) is not allowed here, nor a name
 * longer than a name may be. */
bool
nd_domain_next(struct field_it *it, void *item)
{
	const struct nd_dnssl *rec = it->rec;
	struct nd_domain *d = item;
	struct out o = out_init(d->name, sizeof(d->name) - 1);
	size_t total = 0;

	if (it->i == 0)
		it->c = cur_all(rec->names);
	while (cur_more(&it->c) && cur_peek_u8(&it->c) == 0)
		cur_skip(&it->c, 1);
	if (!cur_more(&it->c))
		return false;
	for (;;) {
		uint8_t l[LABEL_MAX], n = cur_u8(&it->c);
		total += n + 1u;
		if (n > LABEL_MAX || total > DOMAIN_MAX || !cur_copy(&it->c, l, n)) {
			cur_fail(&it->c, CUR_BAD);
			return false;
		}
		if (n == 0)
			break;
		if (o.n > 0)
			out_chr(&o, '.');
		label(&o, l, n);
	}
	d->name[o.n] = '\0';
	return out_ok(&o);
}

/* RFC 8781 4: 13 bits of lifetime in units of 8 s, 3 bits that stand for the prefix length; bits of the field that lie
 * behind it are ignored, and so is the prefix whose length has no meaning. */
bool
nd_pref64_next(struct field_it *it, void *item)
{
	static const uint8_t lengths[8] = { 96, 64, 56, 48, 40, 32, 0, 0 };
	struct nd_pref64 *p = item;
	struct nd_option o;
	struct cursor v;

	if (!option_find(it, NDO_PREF64, &o, &v))
		return false;
	uint16_t both = cur_be16(&v);
	p->scaled_lifetime = both >> 3;
	p->plc = both & 7;
	p->len = lengths[p->plc];
	p->lifetime = p->scaled_lifetime * UINT32_C(8);
	p->prefix = (struct addr){ .fam = p->len ? 6 : 0 };
	cur_copy(&v, p->prefix.b, p->len / 8u);
	cur_skip(&v, 12 - p->len / 8u);
	return cur_ok(&v);
}

/* ---- the message ---- */

static void
keep_first(struct bytes *to, struct cursor *v)
{
	if (to->p == NULL && cur_ok(v))
		*to = cur_rest(v);
}

static void
option(struct nd *nd, const struct nd_option *o, struct cursor *v)
{
	switch (o->type) {
	case NDO_SLLA: keep_first(&nd->slla, v); break;
	case NDO_TLLA: keep_first(&nd->tlla, v); break;
	case NDO_NONCE: keep_first(&nd->nonce, v); break;
	case NDO_CAPTIVE_PORTAL: keep_first(&nd->captive_portal, v); break;
	case NDO_MTU:
		cur_skip(v, 2);
		if (!(nd->set & 1u << NDH_MTU) && cur_left(v) >= 4) {
			nd->mtu = cur_be32(v);
			nd->set |= 1u << NDH_MTU;
		}
		break;
	case NDO_PIO:
		nd->has_pio = true;
		if (o->len != 4)
			nd->anomalies |= NDA_PIO_LENGTH;
		break;
	case NDO_RDNSS:
		nd->has_rdnss = true;
		if (o->len < 3 || o->len % 2 == 0)
			nd->anomalies |= NDA_RDNSS_LENGTH;
		break;
	case NDO_RIO: nd->has_rio = true; break;
	case NDO_DNSSL: nd->has_dnssl = true; break;
	case NDO_PREF64: nd->has_pref64 = true; break;
	case NDO_DNR: nd->has_dnr = true; break;
	}
}

/* Walks the options once for what is kept and for what is wrong; lists are read again from the view. */
static void
options(struct nd *nd, struct cursor *c, struct obs *o)
{
	struct cursor look = *c, v = { 0 };
	struct nd_option opt = { 0 };
	size_t start = cur_off(c), at = start;

	nd->options = cur_rest(&look);
	while (option_next(c, &opt, &v)) {
		option(nd, &opt, &v);
		if (opt.len == 0)
			nd->anomalies |= NDA_OPT_ZERO;
		if (cur_ok(c))
			at = cur_off(c);
	}
	if (cur_ok(c) && c->cut) /* between two options: the next one was not seen */
		cur_fail(c, CUR_CUT);
	o->bad_off = cur_ok(c) ? 0 : (uint32_t)at;
	if (cur_end(c) != CUR_BAD)
		return;
	if (nd->anomalies & NDA_OPT_ZERO) {
		o->bad_what = "option of length 0";
	} else if (nd->options.n - (at - start) < 2) {
		o->bad_what = "bytes behind the last option";
		nd->anomalies |= NDA_TRAILING;
	} else {
		o->bad_what = "option past the end";
		nd->anomalies |= NDA_OPT_PAST_END;
	}
}

/* RFC 4861 4.2, RFC 4191 2.2 (preference), RFC 4389 4.1.3.3 (proxy), RFC 6275 7.1 (home agent) */
static void
advertisement(struct nd *nd, struct cursor *c)
{
	nd->cur_hop_limit = cur_u8(c);
	uint8_t flags = cur_u8(c);
	nd->m = flags >> 7;
	nd->o = flags >> 6 & 1;
	nd->h = flags >> 5 & 1;
	nd->prf = flags >> 3 & 3;
	nd->p = flags >> 2 & 1;
	if (cur_ok(c))
		nd->set |= 1u << NDH_RA;
	nd->router_lifetime = cur_be16(c);
	if (cur_ok(c))
		nd->set |= 1u << NDH_LIFETIME;
	nd->reachable_time = cur_be32(c);
	if (cur_ok(c))
		nd->set |= 1u << NDH_REACHABLE;
	nd->retrans_timer = cur_be32(c);
	if (cur_ok(c))
		nd->set |= 1u << NDH_RETRANS;
}

/* RFC 4861 4.1 to 4.5 */
static void
body(struct nd *nd, struct cursor *c)
{
	uint8_t flags;

	switch (nd->type) {
	case ND_RS: cur_skip(c, 4); break;
	case ND_RA: advertisement(nd, c); break;
	case ND_NS:
		cur_skip(c, 4);
		nd->target = addr6_read(c);
		break;
	case ND_NA:
		flags = cur_u8(c);
		cur_skip(c, 3);
		nd->na_r = flags >> 7;
		nd->na_s = flags >> 6 & 1;
		nd->na_o = flags >> 5 & 1;
		if (cur_ok(c))
			nd->set |= 1u << NDH_NA_FLAGS;
		nd->target = addr6_read(c);
		break;
	case ND_REDIRECT:
		cur_skip(c, 4);
		nd->target = addr6_read(c);
		nd->destination = addr6_read(c);
		break;
	}
}

static enum said
nd_dissect(struct cursor *c, const struct cursor *all, struct pkt *pkt, struct obs *o)
{
	struct nd *nd = &o->u.nd;

	if (nd->code != 0)
		nd->anomalies |= NDA_CODE;
	if (pkt->ends.hop_limit != HOP_LIMIT)
		nd->anomalies |= NDA_HOP_LIMIT;
	nd->sum = SUM_UNKNOWN;
	if (layer_sum_known(pkt, all)) {
		nd->sum = layer_sum_ok(pkt, bytes_of(all->base, all->len), PROTO_ICMP6) ? SUM_GOOD : SUM_BAD;
		if (nd->sum == SUM_BAD)
			o->flags |= OBS_SUM_BAD;
	}
	body(nd, c);
	if (cur_ok(c))
		options(nd, c, o);
	else
		o->bad_off = (uint32_t)cur_off(c);
	if (o->bad_what == NULL && !cur_ok(c))
		o->bad_what = cur_end(c) == CUR_CUT ? "the capture ends inside" : "shorter than its type";
	return said(c);
}

static enum said
icmp6_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct cursor all = *c;
	struct nd *nd = &o->u.nd;

	nd->type = cur_u8(c);
	if (!cur_ok(c) || nd->type < ND_RS || nd->type > ND_REDIRECT || pkt->ends.src.fam != 6)
		o->kind = OBS_NONE;
	nd->code = cur_u8(c);
	nd->set |= (uint64_t)cur_ok(c) << NDH_CODE;
	cur_skip(c, 2);
	if (o->kind != OBS_NONE)
		return nd_dissect(c, &all, pkt, o);
	if (nd->type >= ERROR_FIRST && nd->type <= ERROR_LAST && pkt->ends.src.fam == 6) {
		cur_skip(c, 4);
		if (cur_more(c))
			layer_quote(pkt, c, ETHER_IPV6);
	}
	if (!cur_ok(c))
		return layer_fail(pkt, c, "ICMPv6 header");
	return SAID_OK;
}

static const struct field prefix_fields[] = {
	FIELD(struct nd_prefix, prefix, "prefix", F_ADDR, .help = "prefix, as it came"),
	FIELD(struct nd_prefix, len, "len", F_U8, .help = "prefix length in bits"),
	FIELD(struct nd_prefix, l, "l", F_U8, .help = "on-link flag"),
	FIELD(struct nd_prefix, a, "a", F_U8, .help = "flag: make addresses of it"),
	FIELD(struct nd_prefix, valid, "valid", F_U32, .help = "valid lifetime in seconds"),
	FIELD(struct nd_prefix, preferred, "preferred", F_U32, .help = "preferred lifetime in seconds"),
};
static const struct field route_fields[] = {
	FIELD(struct nd_route, prefix, "prefix", F_ADDR, .help = "destination prefix"),
	FIELD(struct nd_route, len, "len", F_U8, .help = "prefix length in bits"),
	FIELD(struct nd_route, prf, "prf", F_U8, .help = "preference: 0 medium, 1 high, 3 low"),
	FIELD(struct nd_route, lifetime, "lifetime", F_U32, .help = "lifetime in seconds"),
};
static const struct field server_fields[] = { { .type = F_ADDR } };
static const struct field rdnss_fields[] = {
	FIELD(struct nd_rdnss, lifetime, "lifetime", F_U32, .help = "lifetime in seconds"),
	WALK("servers", F_LIST, nd_addr_next, server_fields, .has = BIT(0), .help = "resolvers"),
};
static const struct field domain_fields[] = { FIELD(struct nd_domain, name, NULL, F_CSTR) };
static const struct field dnssl_fields[] = {
	FIELD(struct nd_dnssl, lifetime, "lifetime", F_U32, .help = "lifetime in seconds"),
	WALK("domains", F_LIST, nd_domain_next, domain_fields, .help = "search domains"),
};
static const struct field pref64_fields[] = {
	FIELD(struct nd_pref64, prefix, "prefix", F_ADDR, .help = "NAT64 prefix, 96 bits"),
	FIELD(struct nd_pref64, plc, "plc", F_U8, .help = "prefix length code"),
	FIELD(struct nd_pref64, scaled_lifetime, "scaled_lifetime", F_U16,
	      .help = "lifetime in units of 8 seconds"),
};
static const struct field option_fields[] = {
	FIELD(struct nd_option, type, "type", F_U8, .help = "option type"),
	FIELD(struct nd_option, len, "len", F_U8, .help = "length in units of 8 bytes"),
};

#define ND(member, fname, ftype, ...) FIELD(struct nd, member, fname, ftype, __VA_ARGS__)
static const struct field icmp6_fields[] = {
	ND(type, "type", F_U8, .help = "ICMPv6 type, 133 to 137"),
	ND(type, "msg", F_NAME8, .names = nd_types, .help = "the type as text"),
	ND(sum, "checksum_status", F_U8, .help = "0 bad, 1 good, 2 not verified"),
	ND(code, "code", F_U8, .has = BIT(NDH_CODE), .help = "ICMPv6 code"),
	ND(cur_hop_limit, "hop_limit", F_U8, .has = BIT(NDH_RA),
	   .help = "RA: hop limit that hosts shall use"),
	ND(m, "m", F_U8, .has = BIT(NDH_RA), .help = "RA: managed addresses (DHCPv6)"),
	ND(o, "o", F_U8, .has = BIT(NDH_RA), .help = "RA: other configuration (DHCPv6); NA: override"),
	ND(h, "h", F_U8, .has = BIT(NDH_RA), .help = "RA: home agent"),
	ND(prf, "prf", F_U8, .has = BIT(NDH_RA), .help = "RA: router preference: 0 medium, 1 high, 3 low"),
	ND(p, "p", F_U8, .has = BIT(NDH_RA), .help = "RA: proxied"),
	ND(router_lifetime, "router_lifetime", F_U16, .has = BIT(NDH_LIFETIME),
	   .help = "RA: seconds; 0 is no router"),
	ND(reachable_time, "reachable_time", F_U32, .has = BIT(NDH_REACHABLE), .help = "RA: milliseconds"),
	ND(retrans_timer, "retrans_timer", F_U32, .has = BIT(NDH_RETRANS), .help = "RA: milliseconds"),
	ND(target, "target", F_ADDR, .help = "NS, NA, redirect: target address"),
	ND(na_r, "r", F_U8, .has = BIT(NDH_NA_FLAGS), .help = "NA: router"),
	ND(na_s, "s", F_U8, .has = BIT(NDH_NA_FLAGS), .help = "NA: solicited"),
	ND(na_o, "o", F_U8, .has = BIT(NDH_NA_FLAGS), .help = "NA: override"),
	ND(destination, "destination", F_ADDR, .help = "redirect: destination address"),
	ND(slla, "slla", F_MACTEXT, .help = "source link-layer address"),
	ND(tlla, "tlla", F_MACTEXT, .help = "target link-layer address"),
	WALK("prefixes", F_LIST, nd_prefix_next, prefix_fields, .help = "prefix information"),
	ND(mtu, "mtu", F_U32, .has = BIT(NDH_MTU), .help = "link MTU"),
	WALK("route_info", F_LIST, nd_route_next, route_fields, .help = "routes"),
	WALK("rdnss", F_LIST, nd_rdnss_next, rdnss_fields, .help = "recursive DNS servers"),
	WALK("dnssl", F_LIST, nd_dnssl_next, dnssl_fields, .help = "DNS search list"),
	ND(nonce, "nonce", F_HEX, .help = "nonce (RFC 3971)"),
	ND(captive_portal, "captive_portal", F_TEXT, .help = "captive portal (RFC 8910)"),
	WALK("pref64", F_LIST, nd_pref64_next, pref64_fields, .help = "NAT64 prefixes"),
	WALK("nd_opts", F_ROWS, nd_option_next, option_fields, .help = "every option as [type, length]"),
};

const struct dissector dissector_icmp6 = {
	.name = "icmpv6",
	.bpf = "icmp6",
	.claims = { { CLAIM_IPPROTO, PROTO_ICMP6 } },
	.kind = OBS_ND,
	.dissect = icmp6_dissect,
	.fields = icmp6_fields,
	.nfields = NELEM(icmp6_fields),
};
