/* Who authenticates to whom: NTLM in SMB and LDAP, LDAP simple binds, Kerberos AS-REQ.  HTTP's tokens come from http.c. */
#include "auth.h"

#include "ntlm.h"

enum { SMB_PORT = 445, NBSS_PORT = 139, LDAP_PORT = 389, CATALOG_PORT = 3268, KERBEROS_PORT = 88 };
enum { MARK = 'A', SKIP_MAX = 1 << 20 }; /* more than is ever kept of a stream */

static const struct carrier {
	uint16_t port;
	enum said (*read)(struct cursor *, struct pkt *, struct obs *);
	bool (*starts)(struct bytes);
} carriers[] = {
	{ SMB_PORT, smb_read, smb_starts },
	{ NBSS_PORT, smb_read, smb_starts },
	{ LDAP_PORT, ldap_read, ldap_starts },
	{ CATALOG_PORT, ldap_read, ldap_starts },
	{ KERBEROS_PORT, kerberos_read, kerberos_starts },
};

enum said
auth_pass(struct cursor *c, struct pkt *pkt, struct obs *o, uint64_t n)
{
	size_t here = n < cur_left(c) ? (size_t)n : cur_left(c);

	o->kind = OBS_NONE;
	cur_skip(c, here);
	if (pkt->stream) {
		struct auth_stream *s = pkt->stream->mine;
		s->skip = n - here;
		pkt->stream->done = s->skip > SKIP_MAX;
	}
	return SAID_OK;
}

enum said
auth_lost(struct pkt *pkt, struct obs *o)
{
	o->kind = OBS_NONE;
	if (pkt->stream == NULL || pkt->stream->first)
		return SAID_NO;
	pkt->stream->done = true;
	return SAID_OK;
}

bool
auth_has(const struct cursor *c, struct pkt *pkt, uint64_t n)
{
	if (pkt->stream == NULL || pkt->stream->last || cur_left(c) >= n)
		return true;
	pkt->stream->need = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
	return false;
}

enum said
auth_token(struct cursor *token, struct pkt *pkt, struct obs *o, enum auth_carrier carrier, bool from_server)
{
	struct auth *a = &o->u.auth;

	memset(&o->u, 0, sizeof(*a));
	a->carrier = (uint8_t)carrier;
	a->from_server = from_server;
	o->by = &dissector_auth;
	o->kind = token_read(token, pkt->w, a) ? OBS_AUTH : OBS_NONE;
	if (cur_end(token) == CUR_CUT)
		return SAID_CUT;
	if (!cur_ok(token)) {
		o->flags |= OBS_BAD;
		o->bad_what = "a name lies outside of its NTLM message";
	}
	return SAID_OK;
}

static enum said
auth_dissect(struct cursor *c, struct pkt *pkt, struct obs *o)
{
	const uint16_t port[] = { pkt->ends.dport, pkt->ends.sport };

	o->kind = OBS_NONE; /* until there is something to tell */
	if (pkt->stream) {
		struct auth_stream *s = pkt->stream->mine;
		s->mark = MARK;
		if (s->skip)
			return auth_pass(c, pkt, o, s->skip);
	}
	for (size_t p = 0; p < NELEM(port); p++)
		for (size_t i = 0; i < NELEM(carriers); i++)
			if (carriers[i].port == port[p])
				return carriers[i].read(c, pkt, o);
	return SAID_NO;
}

static bool
auth_starts(struct bytes head)
{
	return smb_starts(head) || ldap_starts(head) || kerberos_starts(head);
}

static const struct name carrier_names[] = { { AUTH_HTTP, "http" },
					     { AUTH_SMB2, "smb" },
					     { AUTH_LDAP, "ldap" },
					     { AUTH_KERBEROS, "kerberos" },
					     { AUTH_DNS, "dns" },
					     { AUTH_CLDAP, "cldap" },
					     { 0, NULL } };
static const struct name message_names[] = { { AUTH_NEGOTIATE, "negotiate" },
					     { AUTH_CHALLENGE, "challenge" },
					     { AUTH_AUTHENTICATE, "authenticate" },
					     { AUTH_SPNEGO, "spnego" },
					     { AUTH_SIMPLE, "simple-bind" },
					     { AUTH_AS_REQ, "as-req" },
					     { AUTH_TKEY, "tkey" },
					     { AUTH_PING, "ping" },
					     { 0, NULL } };

static const struct field auth_fields[] = {
	FIELD(struct auth, carrier, "carrier", F_NAME8, .names = carrier_names,
	      .help = "http, smb, ldap, kerberos, dns or cldap"),
	FIELD(struct auth, message, "message", F_NAME8, .names = message_names,
	      .help = "negotiate, challenge, authenticate (NTLM 1 to 3), spnego (Kerberos), simple-bind, "
		      "as-req, tkey, ping (a domain controller is looked for)"),
	FIELD(struct auth, from_server, "from_server", F_BOOL, .help = "sent by the server"),
	FIELD(struct auth, challenge, "challenge", F_HEX,
	      .help = "the server's 8 bytes of an NTLM challenge"),
	FIELD(struct auth, user, "user", F_TEXT, .help = "account; of an as-req the client's name"),
	FIELD(struct auth, domain, "domain", F_TEXT, .help = "domain or realm; of a challenge the target"),
	FIELD(struct auth, workstation, "workstation", F_TEXT,
	      .help = "the client's name for itself (NTLM, ping)"),
	FIELD(struct auth, address, "address", F_ADDR,
	      .help = "first IP address that an as-req is to be valid from"),
	FIELD(struct auth, netbios, "netbios", F_TEXT, .help = "NetBIOS name among those addresses"),
};

const struct dissector dissector_auth = {
	.name = "auth",
	.bpf = "tcp port 445 or tcp port 139 or port 389 or tcp port 3268 or port 88",
	.claims = { { CLAIM_TCP, SMB_PORT },
		    { CLAIM_TCP, NBSS_PORT },
		    { CLAIM_TCP, LDAP_PORT },
		    { CLAIM_TCP, CATALOG_PORT },
		    { CLAIM_TCP, KERBEROS_PORT },
		    { CLAIM_UDP, KERBEROS_PORT },
		    { CLAIM_UDP, LDAP_PORT } },
	.kind = OBS_AUTH,
	.dissect = auth_dissect,
	.starts = auth_starts,
	.fields = auth_fields,
	.nfields = NELEM(auth_fields),
};
