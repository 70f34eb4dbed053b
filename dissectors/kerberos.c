/* Kerberos: who asks for a ticket.  RFC 4120 5.4.1 (KDC-REQ), 5.2.5 (HostAddress), 7.2.2 (a length before it on TCP). */
#include "auth.h"

#include "ber.h"
#include "walk.h"

enum { LENGTH = 4, AS_REQ = BER_APPLICATION + 10, FIRST = AS_REQ, LAST = BER_APPLICATION + 30 };
enum { REQ_BODY = BER_CONTEXT + 4 };
enum { BODY_CNAME = BER_CONTEXT + 1, BODY_REALM = BER_CONTEXT + 2, BODY_ADDRESSES = BER_CONTEXT + 9 };
enum { NAME_STRINGS = BER_CONTEXT + 1, ADDRESS_TYPE = BER_CONTEXT, ADDRESS_BYTES = BER_CONTEXT + 1 };
enum { KERBEROS_STRING = 0x1b, TYPE_IPV4 = 2, TYPE_NETBIOS = 20, TYPE_IPV6 = 24 }; /* 7.5.3 */
enum { NAME_BYTES = 1024, ADDRESSES_MAX = 64 };

/* 5.2.2: a type, and the parts of the name, with a stroke between them as everybody writes it. */
static struct bytes
principal(struct cursor *field, struct walk *w)
{
	struct cursor c = ber_into(field, BER_SEQUENCE), part, name = { .why = CUR_BAD };
	struct out o = walk_scratch_out(w, NAME_BYTES);
	uint8_t tag;

	while ((tag = ber_next(&c, &part)) != 0)
		if (tag == NAME_STRINGS)
			name = ber_into(&part, BER_SEQUENCE);
	if (name.base == NULL) {
		ber_leave(field, &c);
		return (struct bytes){ NULL, 0 };
	}
	while (ber_next(&name, &part) == KERBEROS_STRING && out_ok(&o)) {
		if (o.n)
			out_chr(&o, '/');
		out_view(&o, cur_rest(&part));
	}
	ber_leave(field, &name);
	ber_leave(field, &c);
	return cur_ok(field) ? walk_scratch_keep(w, &o) : (struct bytes){ NULL, 0 };
}

static struct bytes
trimmed(struct bytes b)
{
	b = bytes_text(b);
	while (b.n > 0 && bytes_u8(b, b.n - 1) == ' ')
		b.n--;
	return b;
}

static void
address(struct cursor *c, struct auth *a)
{
	struct cursor item, v;
	uint64_t type = 0;

	for (uint8_t tag; (tag = ber_next(c, &item)) != 0;) {
		v = ber_into(&item, tag == ADDRESS_TYPE ? BER_INTEGER : BER_OCTETS);
		if (tag == ADDRESS_TYPE && v.len <= 4)
			type = cur_be(&v, v.len);
		ber_leave(c, &item);
		if (tag != ADDRESS_BYTES || !cur_ok(&item))
			continue;
		struct bytes b = cur_rest(&v);
		if (type == TYPE_NETBIOS && a->netbios.p == NULL)
			a->netbios =
				trimmed(b.n > 15 ? bytes_of(b.p, 15) : b); /* the 16th byte is the suffix */
		else if ((type == TYPE_IPV4 && b.n == 4) || (type == TYPE_IPV6 && b.n == 16))
			a->address = a->address.fam ? a->address : addr_of(b);
	}
}

static void
addresses(struct cursor *field, struct auth *a)
{
	struct cursor list = ber_into(field, BER_SEQUENCE), one;

	for (unsigned i = 0; i < ADDRESSES_MAX && ber_next(&list, &one) == BER_SEQUENCE; i++) {
		address(&one, a);
		ber_leave(&list, &one);
	}
	ber_leave(field, &list);
}

static void
body_read(struct cursor *field, struct walk *w, struct auth *a)
{
	struct cursor body = ber_into(field, BER_SEQUENCE), item;

	for (uint8_t tag; (tag = ber_next(&body, &item)) != 0;) {
		if (tag == BODY_CNAME) {
			a->user = principal(&item, w);
		} else if (tag == BODY_REALM) {
			struct cursor realm = ber_into(&item, KERBEROS_STRING);
			a->domain = cur_ok(&item) ? cur_rest(&realm) : a->domain;
		} else if (tag == BODY_ADDRESSES) {
			addresses(&item, a);
		}
		ber_leave(&body, &item);
	}
	ber_leave(field, &body);
}

/* `m`: the whole message. */
static enum said
as_req_read(struct cursor *m, struct pkt *pkt, struct obs *o)
{
	struct auth *a = &o->u.auth;
	struct cursor c, item;

	o->kind = OBS_AUTH;
	a->carrier = AUTH_KERBEROS;
	a->message = AUTH_AS_REQ;
	(void)ber_next(m, &c);
	struct cursor req = ber_into(&c, BER_SEQUENCE);
	for (uint8_t tag; (tag = ber_next(&req, &item)) != 0;)
		if (tag == REQ_BODY) {
			body_read(&item, pkt->w, a);
			ber_leave(&req, &item);
		}
	ber_leave(&c, &req);
	ber_leave(m, &c);
	return said(m);
}

static enum said
message_read(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct cursor look = *c;
	uint8_t tag = cur_peek_u8(&look);

	if (!cur_ok(&look))
		return cur_end(&look) == CUR_CUT ? SAID_CUT : SAID_NO;
	if (tag < FIRST || tag > LAST)
		return SAID_NO;
	if (tag == AS_REQ)
		return as_req_read(c, pkt, o);
	return SAID_OK;
}

enum said
kerberos_read(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct cursor look = *c;

	if (pkt->stream == NULL)
		return message_read(c, pkt, o);
	if (!auth_has(c, pkt, LENGTH + 1))
		return SAID_CUT;
	uint32_t length = cur_be32(&look);
	uint8_t tag = cur_peek_u8(&look);
	if (!cur_ok(&look))
		return SAID_CUT;
	if (tag < FIRST || tag > LAST || (length & 0x80000000))
		return auth_lost(pkt, o);
	if (tag != AS_REQ)
		return auth_pass(c, pkt, o, (uint64_t)LENGTH + length);
	if (!auth_has(c, pkt, (uint64_t)LENGTH + length))
		return SAID_CUT;
	struct cursor m = cur_clip(&look, length);
	*c = look;
	enum said s = as_req_read(&m, pkt, o);
	if (s != SAID_BAD)
		return s;
	o->flags |= OBS_BAD; /* but the length before it was right */
	o->bad_what = "an element runs past the end";
	return SAID_OK;
}

bool
kerberos_starts(struct bytes head)
{
	uint8_t tag = bytes_u8(head, LENGTH);
	return bytes_be16(head, 0) == 0 && (head.n <= LENGTH || (tag >= FIRST && tag <= LAST));
}
