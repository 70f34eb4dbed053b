/* LDAP binds: RFC 4511 4.2; SASL with SPNEGO, and Sicily, MS-ADTS 5.1.1.1.  A password is never looked at.  Over UDP the
 * search by which a client finds a domain controller, MS-ADTS 6.3.3: there it says its own name. */
#include "auth.h"

#include "ber.h"

/* The head of a message: tag and length, message id, the operation's tag and length, 6 bytes each at most. */
enum { HEAD = 18, MESSAGE_MIN = 5 };
enum { BIND_REQUEST = BER_APPLICATION, BIND_RESPONSE = BER_APPLICATION + 1, SEARCH = BER_APPLICATION + 3 };
enum { FILTER_AND = BER_CONTEXT, FILTER_EQUAL = BER_CONTEXT + 3, FILTERS_MAX = 16 }; /* RFC 4511 4.5.1 */
enum { OPERATIONS = 0x40, OPERATIONS_END = 0x7f }; /* class APPLICATION, constructed or not */
enum {
	AUTH_PASSWORD = BER_CONTEXT_PLAIN,
	AUTH_SASL = BER_CONTEXT + 3,
	SERVER_CREDS = BER_CONTEXT_PLAIN + 7,
	SICILY_NEGOTIATE = BER_CONTEXT_PLAIN + 10,
	SICILY_RESPONSE = BER_CONTEXT_PLAIN + 11
};

static enum said
simple(struct bytes name, const struct cursor *op, struct obs *o)
{
	if (name.n == 0)
		return SAID_OK;
	o->kind = OBS_AUTH;
	o->u.auth = (struct auth){ .carrier = AUTH_LDAP, .message = AUTH_SIMPLE, .user = name };
	return cur_end(op) == CUR_CUT ? SAID_CUT : SAID_OK;
}

/* RFC 4511 4.2: version, name, then a choice. */
static enum said
bind_request(struct cursor *op, struct pkt *pkt, struct obs *o)
{
	struct cursor version = ber_into(op, BER_INTEGER), name = ber_into(op, BER_OCTETS), choice, token;
	struct bytes who = cur_ok(op) ? cur_rest(&name) : (struct bytes){ NULL, 0 };
	uint8_t tag = ber_next(op, &choice);

	(void)version;
	if (tag == AUTH_PASSWORD)
		return simple(who, op, o);
	if (tag == SICILY_NEGOTIATE || tag == SICILY_RESPONSE)
		return auth_token(&choice, pkt, o, AUTH_LDAP, false);
	if (tag != AUTH_SASL)
		return SAID_OK;
	(void)ber_into(&choice, BER_OCTETS); /* the mechanism: the token says it again */
	if (ber_next(&choice, &token) != BER_OCTETS)
		return SAID_OK;
	return auth_token(&token, pkt, o, AUTH_LDAP, false);
}

/* 4.2.2: code, matched name, message, and what SASL has to say.  Sicily puts its challenge into the matched name. */
static enum said
bind_response(struct cursor *op, struct pkt *pkt, struct obs *o)
{
	(void)ber_into(op, BER_ENUMERATED);
	struct cursor matched = ber_into(op, BER_OCTETS), item;
	(void)ber_into(op, BER_OCTETS);

	for (uint8_t tag; (tag = ber_next(op, &item)) != 0;)
		if (tag == SERVER_CREDS)
			return auth_token(&item, pkt, o, AUTH_LDAP, true);
	if (cur_end(op) == CUR_CUT || !cur_more(&matched))
		return SAID_OK;
	return auth_token(&matched, pkt, o, AUTH_LDAP, true);
}

/* The whole message, as far as it is there. */
static enum said
bind_read(struct cursor *m, struct pkt *pkt, struct obs *o)
{
	struct cursor op;

	(void)ber_into(m, BER_INTEGER);
	bool request = ber_next(m, &op) == BIND_REQUEST;
	enum said s = request ? bind_request(&op, pkt, o) : bind_response(&op, pkt, o);
	if (s == SAID_OK && m->cut)
		return SAID_CUT;
	if (s == SAID_OK && (cur_end(m) == CUR_BAD || cur_end(&op) == CUR_BAD)) {
		o->flags |= OBS_BAD;
		o->bad_what = "an element runs past the end";
	}
	return s;
}

static bool
is_attribute(struct bytes name, const char *want)
{
	size_t n = strlen(want);

	for (size_t i = 0; i < n && name.n == n; i++)
		if ((bytes_u8(name, i) | 0x20) != (want[i] | 0x20))
			return false;
	return name.n == n;
}

/* (&(DnsDomain=...)(Host=...)(User=...)(NtVer=...)): flat, in any order. */
static void
ping_filter(struct cursor *all, struct auth *a)
{
	struct cursor item;
	uint8_t tag;

	for (size_t i = 0; i < FILTERS_MAX && (tag = ber_next(all, &item)) != 0; i++) {
		if (tag != FILTER_EQUAL)
			continue;
		struct cursor attribute = ber_into(&item, BER_OCTETS), value = ber_into(&item, BER_OCTETS);
		struct bytes name = cur_rest(&attribute), text = cur_rest(&value);
		if (!cur_ok(&item))
			continue;
		if (is_attribute(name, "Host"))
			a->workstation = text;
		else if (is_attribute(name, "User"))
			a->user = text;
		else if (is_attribute(name, "DnsDomain"))
			a->domain = text;
	}
}

/* One message a datagram.  A search of the root that asks for nothing of a logon is none of ours. */
static enum said
cldap_read(struct cursor *c, struct obs *o)
{
	struct cursor m = ber_into(c, BER_SEQUENCE), op, filter;
	struct auth a = { .carrier = AUTH_CLDAP, .message = AUTH_PING };

	(void)ber_into(&m, BER_INTEGER);
	uint8_t tag = ber_next(&m, &op);
	if (!cur_ok(&m) || tag < OPERATIONS || tag > OPERATIONS_END)
		return cur_end(c) == CUR_CUT ? SAID_CUT : SAID_NO;
	if (tag != SEARCH)
		return SAID_OK;
	struct cursor base = ber_into(&op, BER_OCTETS);
	(void)ber_into(&op, BER_ENUMERATED); /* scope */
	(void)ber_into(&op, BER_ENUMERATED); /* aliases */
	(void)ber_into(&op, BER_INTEGER);    /* sizes */
	(void)ber_into(&op, BER_INTEGER);    /* time */
	(void)ber_into(&op, BER_BOOLEAN);    /* types only */
	if (cur_more(&base) || ber_next(&op, &filter) != FILTER_AND)
		return SAID_OK;
	ping_filter(&filter, &a);
	if (a.workstation.p == NULL && a.domain.p == NULL)
		return SAID_OK;
	o->kind = OBS_AUTH;
	o->u.auth = a;
	return SAID_OK;
}

enum said
ldap_read(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	struct cursor look = *c, head;
	uint32_t length, inner;

	if (pkt->stream == NULL)
		return cldap_read(c, o);
	if (cur_peek_u8(&look) != BER_SEQUENCE) {
		enum said s = auth_lost(pkt, o);
		if (s == SAID_OK) {
			pkt->stream->passed = true; /* after StartTLS (RFC 4511 4.14) */
			pkt->stream->done = false;
		}
		return s;
	}
	(void)ber_head(&look, &length);
	if (cur_end(&look) == CUR_CUT)
		return SAID_CUT;
	if (!cur_ok(&look) || length < MESSAGE_MIN)
		return auth_lost(pkt, o);
	uint64_t all = cur_off(&look) - cur_off(c) + (uint64_t)length;
	if (!auth_has(c, pkt, all < HEAD ? all : HEAD))
		return SAID_CUT;
	head = look;
	(void)ber_into(&head, BER_INTEGER);
	uint8_t tag = ber_head(&head, &inner);
	if (cur_end(&head) == CUR_CUT)
		return SAID_CUT;
	if (tag < OPERATIONS || tag > OPERATIONS_END)
		return auth_lost(pkt, o);
	if (tag != BIND_REQUEST && tag != BIND_RESPONSE)
		return auth_pass(c, pkt, o, all);
	if (!auth_has(c, pkt, all))
		return SAID_CUT;
	struct cursor m = cur_clip(&look, length);
	*c = look;
	return bind_read(&m, pkt, o);
}

bool
ldap_starts(struct bytes head)
{
	struct cursor c = cur_init(head, head.n + 1);
	uint32_t length;

	if (ber_head(&c, &length) != BER_SEQUENCE)
		return head.n < 6 && bytes_u8(head, 0) == BER_SEQUENCE && cur_end(&c) == CUR_CUT;
	struct cursor id = ber_into(&c, BER_INTEGER);
	if (!cur_ok(&c))
		return cur_end(&c) == CUR_CUT;
	uint8_t tag = cur_u8(&c);
	return cur_end(&c) == CUR_CUT ||
	       (id.len > 0 && id.len <= 4 && tag >= OPERATIONS && tag <= OPERATIONS_END);
}
