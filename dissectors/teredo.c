/* Teredo: IPv6 in UDP over IPv4, RFC 4380 and 6081.  By its port 3544; between peers any port is used, and there a message is
 * believed only when one of its inner addresses is a Teredo one and all lengths agree: random bytes begin like IPv6 once in
 * sixteen. */
#include "tunnel.h"

enum { HEAD_ORIGIN = 0, HEAD_AUTH = 1, NONCE = 8, PREFIX_TEREDO = 0x20010000, TRAILER_HEAD = 2 };

/* RFC 4380 4: prefix, server, flags, obscured port and address. */
bool
teredo_address(struct addr a, struct teredo_address *t)
{
	struct cursor c = cur_all(bytes_of(a.b, sizeof(a.b)));

	if (cur_be32(&c) != PREFIX_TEREDO || a.fam != 6)
		return false;
	t->server = addr4_read(&c);
	t->flags = cur_be16(&c);
	t->mapped_port = cur_be16(&c) ^ 0xffff;
	t->mapped = addr4_read(&c);
	for (size_t i = 0; i < 4; i++)
		t->mapped.b[i] ^= 0xff;
	return true;
}

/* RFC 4380 5.1.1, figure 4 */
static void
authentication(struct cursor *c, struct teredo *t)
{
	cur_skip(c, 2);
	t->id_len = cur_u8(c);
	t->au_len = cur_u8(c);
	if (cur_ok(c))
		t->set |= 1u << TERH_AUTH;
	t->client_id = cur_take(c, t->id_len);
	t->auth_value = cur_take(c, t->au_len);
	t->nonce = cur_take(c, NONCE);
	t->confirm = cur_take(c, 1);
	t->confirmation = bytes_u8(t->confirm, 0);
	if (cur_end(c) == CUR_BAD)
		t->anomalies |= TERA_AUTH_LENGTH;
}

/* RFC 4380 5.1.1, figure 3: port and address with every bit turned, so that no NAT rewrites them */
static void
origin(struct cursor *c, struct teredo *t)
{
	cur_skip(c, 2);
	t->origin_port = cur_be16(c) ^ 0xffff;
	struct addr a = addr4_read(c);
	if (!cur_ok(c))
		return;
	for (size_t i = 0; i < 4; i++)
		a.b[i] ^= 0xff;
	t->origin = a;
	t->set |= 1u << TERH_ORIGIN;
}

/* RFC 6081 4: type, length, value, up to the end of the datagram. */
static bool
trailers_fit(struct bytes b)
{
	struct cursor c = cur_all(b);

	while (cur_more(&c)) {
		cur_skip(&c, 1);
		(void)cur_sub8(&c);
	}
	return cur_ok(&c);
}

static bool
one_is_teredo(const struct teredo *t)
{
	struct teredo_address part;

	return teredo_address(t->src, &part) || teredo_address(t->dst, &part);
}

/* Everything before the inner packet, and its header; the cursor ends at that. */
static const char *
encapsulation(struct cursor *c, struct teredo *t)
{
	struct inner6 in;
	const char *what = NULL;

	if (cur_peek_be16(c) == HEAD_AUTH)
		authentication(c, t);
	if (cur_peek_be16(c) == HEAD_ORIGIN && cur_ok(c))
		origin(c, t);
	if (!inner6_peek(c, &in, &what))
		return what ? what : "shorter than what it holds";
	t->set |= 1u << TERH_INNER;
	t->src = in.src;
	t->dst = in.dst;
	t->next = in.next;
	t->payload = in.payload;
	t->bubble = in.next == INNER_NO_NEXT && in.payload == 0;
	return NULL;
}

/* The inner packet and what follows it: trailers; a bubble may carry anything.  NULL where all lengths agree. */
static const char *
lengths(struct cursor *c, struct teredo *t, struct cursor *inner)
{
	*inner = cur_clip(c, (size_t)INNER_HEADER + t->payload);
	if (inner->len < (size_t)INNER_HEADER + t->payload) {
		t->anomalies |= inner->cut ? 0 : TERA_INNER_LENGTH;
		return "inner payload length";
	}
	if (c->cut) /* what follows was not captured, or not all of it */
		return "the capture ends inside";
	if (!cur_more(c))
		return NULL;
	t->trailers = cur_rest(c);
	if (t->bubble || trailers_fit(t->trailers))
		return NULL;
	t->anomalies |= TERA_TRAILER;
	return "trailer";
}

static void
addresses(struct teredo *t)
{
	t->src_isatap = addr_isatap4(t->src);
	t->dst_isatap = addr_isatap4(t->dst);
	t->src_6to4 = addr_6to4(t->src);
	t->dst_6to4 = addr_6to4(t->dst);
	t->src_isatap_u = isatap_u(t->src);
	t->dst_isatap_u = isatap_u(t->dst);
	if (addr_set(t->src_isatap))
		t->set |= 1u << TERH_SRC_ISATAP;
	if (addr_set(t->dst_isatap))
		t->set |= 1u << TERH_DST_ISATAP;
}

/* Only as far as the port goes: a server and its clients talk with these addresses (RFC 4380 5.2, 5.3). */
static bool
is_its_own(const struct teredo *t)
{
	return (t->set & (1u << TERH_AUTH | 1u << TERH_ORIGIN)) || !(t->set & 1u << TERH_INNER) ||
	       one_is_teredo(t) || addr_linklocal(t->src) || addr_linklocal(t->dst);
}

/* Something else may use the port too: what does not begin like any Teredo message is not one. */
static bool
begins(struct cursor c)
{
	uint8_t first = cur_u8(&c), second = cur_peek_u8(&c);

	return first >> 4 == INNER_VERSION || (first == 0 && cur_ok(&c) && second <= HEAD_AUTH);
}

static enum said
teredo_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct teredo *t = &o->u.teredo;
	bool port = pkt->ends.sport == TEREDO_PORT || pkt->ends.dport == TEREDO_PORT;
	struct cursor inner, start = *c;

	if (pkt->ends.src.fam != 4 || !begins(*c))
		return SAID_NO;
	t->sure = port ? SURE_PORT : SURE_SHAPE;
	const char *what = encapsulation(c, t);
	if (what && port) {
		o->bad_what = cur_end(c) == CUR_CUT ? NULL : what;
		o->bad_off = (uint32_t)(cur_off(c) - cur_off(&start));
		return said(c);
	}
	if (what || !(port ? is_its_own(t) : one_is_teredo(t)))
		return SAID_NO;
	what = lengths(c, t, &inner);
	if (!port && what)
		return SAID_NO;
	addresses(t);
	layer_next(pkt, &inner, CLAIM_ETHER, ETHER_IPV6);
	if (what == NULL)
		return SAID_OK;
	if (c->cut)
		return SAID_CUT;
	o->bad_what = what;
	return SAID_BAD;
}

/* RFC 4380 has peers on any port, and only servers authenticate or indicate an origin: the same question as above, with
 * the whole payload at hand.  The capture filter asks it too. */
static bool
starts(struct bytes head)
{
	struct cursor c = cur_all(head), inner;
	struct teredo t;

	if (head.n < INNER_HEADER || cur_peek_u8(&c) >> 4 != INNER_VERSION ||
	    (bytes_be32(head, 8) != PREFIX_TEREDO && bytes_be32(head, 24) != PREFIX_TEREDO))
		return false;
	memset(&t, 0, sizeof(t));
	return encapsulation(&c, &t) == NULL && lengths(&c, &t, &inner) == NULL;
}

/* ---- fields ---- */
struct authentication {
	uint8_t id_len, au_len;
	struct bytes nonce, confirm;
};
struct origin {
	struct addr addr;
	uint16_t port;
};

static bool
auth_next(struct field_it *it, void *item)
{
	const struct teredo *t = it->rec;
	struct authentication a = { t->id_len, t->au_len, t->nonce, t->confirm };

	memcpy(item, &a, sizeof(a));
	return t->set & 1u << TERH_AUTH;
}

static bool
origin_next(struct field_it *it, void *item)
{
	const struct teredo *t = it->rec;
	struct origin a = { t->origin, t->origin_port };

	memcpy(item, &a, sizeof(a));
	return t->set & 1u << TERH_ORIGIN;
}

static bool
src_teredo_next(struct field_it *it, void *item)
{
	return teredo_address(((const struct teredo *)it->rec)->src, item);
}

static bool
dst_teredo_next(struct field_it *it, void *item)
{
	return teredo_address(((const struct teredo *)it->rec)->dst, item);
}

const struct field teredo_address_fields[4] = {
	FIELD(struct teredo_address, server, "server", F_ADDR, .help = "Teredo server"),
	FIELD(struct teredo_address, flags, "flags", F_HEX16, .help = "flags of a Teredo address"),
	FIELD(struct teredo_address, mapped_port, "mapped_port", F_U16, .help = "UDP port of the client"),
	FIELD(struct teredo_address, mapped, "mapped_addr", F_ADDR, .help = "IPv4 address of the client"),
};
static const struct field auth_fields[] = {
	FIELD(struct authentication, id_len, "id_len", F_U8, .help = "length of the client identifier"),
	FIELD(struct authentication, au_len, "au_len", F_U8, .help = "length of the authentication value"),
	FIELD(struct authentication, nonce, "nonce", F_HEX, .help = "nonce"),
	FIELD(struct authentication, confirm, "conf", F_HEX, .help = "confirmation byte"),
};
static const struct field origin_fields[] = {
	FIELD(struct origin, addr, "addr", F_ADDR, .help = "IPv4 address of the sender as the server saw it"),
	FIELD(struct origin, port, "port", F_U16, .help = "UDP port of the sender as the server saw it"),
};
static const struct name sure_names[] = {
	{ SURE_PORT, "port" },
	{ SURE_SHAPE, "shape" },
	{ SURE_BOTH_WAYS, "both" },
	{ 0, NULL },
};

static const struct field fields[] = {
	WALK("auth", F_OBJECT, auth_next, auth_fields, .help = "authentication encapsulation"),
	WALK("origin", F_OBJECT, origin_next, origin_fields, .help = "origin indication"),
	TUNNEL_END(struct teredo, src, TERH_INNER, TERH_SRC_ISATAP),
	WALK("inner_src_teredo", F_OBJECT, src_teredo_next, teredo_address_fields,
	     .help = "parts of a Teredo address"),
	TUNNEL_END(struct teredo, dst, TERH_INNER, TERH_DST_ISATAP),
	WALK("inner_dst_teredo", F_OBJECT, dst_teredo_next, teredo_address_fields,
	     .help = "parts of a Teredo address"),
	TUNNEL_HEAD(struct teredo, TERH_INNER),
	FIELD(struct teredo, bubble, "bubble", F_BOOL, .has = BIT(TERH_INNER),
	      .help = "a bubble: no next header and no payload"),
	FIELD(struct teredo, trailers, "trailers", F_HEX, .help = "what follows the inner packet"),
	FIELD(struct teredo, sure, "sure", F_NAME8, .names = sure_names,
	      .help = "known by its port or by its shape"),
};

/* Beside the port, where RFC 4380 peers talk on any: the first word of the inner source or destination. */
const struct dissector dissector_teredo = {
	.name = "teredo",
	.bpf = "udp port 3544 or (udp[16:4] = 0x20010000 and udp[8] & 0xf0 = 0x60) or "
	       "(udp[32:4] = 0x20010000 and udp[8] & 0xf0 = 0x60)",
	.claims = { { CLAIM_UDP, TEREDO_PORT }, { CLAIM_SHAPE_UDP, 0 } },
	.kind = OBS_TEREDO,
	.dissect = teredo_dissect,
	.starts = starts,
	.fields = fields,
	.nfields = NELEM(fields),
};
