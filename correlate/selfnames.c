/* What stations say of themselves: every source of names on the wire (DETECTIONS.md 9). */
#include "answers.h"
#include "identity.h"

enum { RECORDS = 64, CLASS_IN = 1 }; /* a message about one host has a handful of records */
enum { LEAF_CN_MAX = 255 };

/* Sent to everybody on the link: no router passes that on. */
static bool
link_wide(const struct obs *o)
{
	return o->depth == 0 && mac_group(o->outer.dmac);
}

/* The sender has that address on this segment: what a router forwards is none of its own. */
static bool
is_own(struct engine *e, const struct obs *o)
{
	const struct binding *b = binding_find(e, e->seg, o->inner.src);

	return o->depth == 0 && b && !b->contested && mac_eq(b->mac, o->outer.smac);
}

/* A name that a station gives itself in what it sends to one other: not what it forwards or relays. */
static void
claim_own(struct engine *e, const struct obs *o, struct bytes name, enum bind_grade grade,
	  enum id_source source)
{
	if (!identity_passed_on(e, o, name) && is_own(e, o))
		identity_claim(e, name, e->seg, o->outer.smac, grade, source);
}

/* ---- DHCP ---- */
/* The client stands in chaddr.  A frame that comes from another MAC without a relay is a bridge's or a lie. */
static void
learn_dhcp4(struct engine *e, const struct obs *o)
{
	const struct dhcp4 *d = &o->u.dhcp4;
	char fqdn[256];
	struct mac m;

	if (d->htype != 1 || d->chaddr.n != 6)
		return;
	memcpy(m.b, d->chaddr.p, 6);
	if (d->op == 2) {
		if (d->msg_type == D4_ACK && !addr_zero(d->yiaddr))
			identity_leased(e, e->seg, m, ID_FQDN4);
		return;
	}
	if (addr_zero(d->giaddr) && !mac_eq(m, o->outer.smac) && !auth_bridge(e, o->outer.smac))
		return;
	struct bytes host = dhcp4_opt(d, D4O_HOSTNAME);
	if (host.n)
		identity_claim(e, host, e->seg, m, BIND_C, ID_HOSTNAME);
	size_t n = dhcp4_fqdn(d, fqdn, sizeof(fqdn));
	if (n)
		identity_claim(e, bytes_of(fqdn, n), e->seg, m, BIND_C, ID_FQDN4);
}

/* RFC 4704.  A client speaks for itself from its link-local address; what a relay sends on tells no MAC. */
static void
learn_dhcp6(struct engine *e, const struct obs *o)
{
	const struct dhcp6 *d = &o->u.dhcp6;

	if (o->depth || !addr_linklocal(o->inner.src))
		return;
	if (d->msg_type == D6_REPLY)
		identity_leased(e, e->seg, o->outer.dmac, ID_FQDN6);
	else if (d->msg_type >= D6_SOLICIT && d->msg_type <= D6_REBIND && d->msg_type != D6_ADVERTISE &&
		 d->fqdn_text[0])
		identity_claim(e, bytes_str(d->fqdn_text), e->seg, o->outer.smac, BIND_C, ID_FQDN6);
}

/* ---- NetBIOS ---- */
static void
learn_nbns(struct engine *e, const struct obs *o)
{
	enum { REGISTER = 5, REFRESH = 8, MULTIHOMED = 15 };
	struct field_it it = { .rec = &o->u.nbns };
	struct nbns_name n;
	uint8_t op = o->u.nbns.opcode;

	if (o->u.nbns.response || (op != REGISTER && op != REFRESH && op != MULTIHOMED) ||
	    !(link_wide(o) || is_own(e, o)))
		return;
	/* the name stands in the question, whether it is a group's (a workgroup is no host) in the record to register */
	for (; nbns_name_next(&it, &n) && it.i < 8; it.i++) {
		const char *lt = strchr(n.name, '<');
		if (n.section != 3 || n.group || (n.suffix != 0x00 && n.suffix != 0x20))
			continue;
		struct bytes name = bytes_of(n.name, lt ? (size_t)(lt - n.name) : strlen(n.name));
		identity_claim(e, name, e->seg, o->outer.smac, BIND_C, ID_NBNS);
	}
}

/* ---- authentication ---- */
static void
learn_auth(struct engine *e, const struct obs *o)
{
	const struct auth *a = &o->u.auth;
	struct bytes user = bytes_text(a->user);

	if (a->message == AUTH_AUTHENTICATE)
		claim_own(e, o, a->workstation, BIND_C, ID_NTLM);
	if (a->message == AUTH_PING)
		claim_own(e, o, a->workstation, BIND_C, ID_CLDAP);
	if (a->message != AUTH_AS_REQ)
		return;
	/* the account of a computer; the realm is no domain name: it may be the short form */
	if (user.n > 1 && user.p[user.n - 1] == '$' && memchr(user.p, '/', user.n) == NULL)
		claim_own(e, o, bytes_of(user.p, user.n - 1), BIND_B, ID_KERBEROS);
	else
		claim_own(e, o, a->netbios, BIND_B, ID_KERBEROS);
}

/* ---- DNS ---- */
/* The name of a record of the section that gives it to the sender's own address. */
static bool
own_record(struct engine *e, const struct obs *o, uint8_t section, struct said_name *name)
{
	struct field_it it = { .rec = &o->u.dns };
	struct dns_rec r;

	for (; it.i < RECORDS && dns_rec_next(&it, &r); it.i++)
		if (r.section == section && (r.klass & 0x7fff) == CLASS_IN && /* RFC 6762 10.2: cache flush */
		    addr_eq(dns_rec_addr(&r), o->inner.src))
			return answer_name(e, &o->u.dns, r.name, name);
	return false;
}

/* Names of the link end in .local or stand alone: what is before it is the host's own. */
static struct bytes
without_local(struct bytes name)
{
	static const char local[] = ".local";
	size_t n = sizeof(local) - 1;

	if (name.n <= n)
		return name;
	for (size_t i = 0; i < n; i++)
		if ((name.p[name.n - n + i] | 0x20) != (local[i] | 0x20))
			return name;
	name.n -= n;
	return name;
}

/* RFC 2136 2.5.1: a client that adds its own address; what a DHCP server registers for it comes from another one.
 * RFC 4795, 6762: a host that answers for its own name. */
static void
learn_dns(struct engine *e, const struct obs *o)
{
	const struct dns *d = &o->u.dns;
	struct said_name r;

	if (d->service == DNS_UNICAST && d->opcode == DNS_OPCODE_UPDATE && !d->response &&
	    own_record(e, o, 2, &r))
		claim_own(e, o, r.text, BIND_B, ID_UPDATE);
	else if (d->service != DNS_UNICAST && d->response && own_record(e, o, 1, &r) && is_own(e, o))
		identity_claim(e, without_local(r.text), e->seg, o->outer.smac, BIND_D, ID_SELF);
}

/* ---- TLS: the common name of a certificate that a server shows ---- */
static void
learn_leaf(struct engine *e, const struct obs *o)
{
	static const char cn[] = "CN=";
	struct bytes s = o->u.tls.leaf.subject;
	size_t at = 0, n = 0;

	if (o->u.tls.hs_type != TLS_CERTIFICATE || o->u.tls.client || !(o->u.tls.set >> TLSH_LEAF & 1) ||
	    !is_own(e, o))
		return;
	while (at + 3 <= s.n && !(memcmp(s.p + at, cn, 3) == 0 && (at == 0 || s.p[at - 1] == ' ')))
		at++;
	at += 3;
	while (at + n < s.n && s.p[at + n] != ',')
		n++;
	if (at + n > s.n || n == 0 || n > LEAF_CN_MAX)
		return;
	struct bytes name = bytes_of(s.p + at, n);
	for (size_t i = 0; i < n; i++) /* people, products and wildcards are no names of hosts */
		if (name.p[i] <= ' ' || name.p[i] == '*' || name.p[i] == '@' || name.p[i] == '/')
			return;
	identity_claim(e, name, e->seg, o->outer.smac, BIND_D, ID_LEAF);
}

void
identity_learn(struct engine *e, const struct obs *o)
{
	switch (o->kind) {
	case OBS_DHCP4: learn_dhcp4(e, o); break;
	case OBS_DHCP6: learn_dhcp6(e, o); break;
	case OBS_NBNS: learn_nbns(e, o); break;
	case OBS_AUTH: learn_auth(e, o); break;
	case OBS_DNS: learn_dns(e, o); break;
	case OBS_TLS: learn_leaf(e, o); break;
	default: break;
	}
}
