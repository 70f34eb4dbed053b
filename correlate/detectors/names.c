/* DNS-*: names answered by a resolver that is not the segment's (DETECTIONS.md 7). */
#include "answers.h"
#include "auths.h"
#include "hypothesis.h"
#include "resolvers.h"

#define ADVERTISERS (UINT32_C(1) << FAM_D4_ROGUE | UINT32_C(1) << FAM_D6_ROGUE | UINT32_C(1) << FAM_RA)

/* RFC 6762 5.2: who got no answer asks again after a second, then after twice as long */
enum { DNS_PORT = 53, ASKED_SEC = 5 };

/* ---- DNS-USE ---- */
static bool
advertiser_hard(struct engine *e, struct mac by)
{
	static const enum family families[] = { FAM_D4_ROGUE, FAM_D6_ROGUE, FAM_RA };

	for (size_t i = 0; i < NELEM(families); i++) {
		const struct hyp *h = hyp_of(e, families[i], e->seg, by);
		if (h && hyp_open(h) && hyp_hard(h))
			return true;
	}
	return false;
}

/* Every advertiser of the resolver is the actor of an open hypothesis; *by is the latest. */
static bool
only_suspects_advertise(struct engine *e, struct addr resolver, struct mac *by)
{
	struct mac m;
	unsigned i = 0;

	for (; resolver_by(e, e->seg, resolver, i, &m); i++) {
		if (!actor_open(e, e->seg, m, ADVERTISERS))
			return false;
		if (i == 0)
			*by = m;
	}
	return i > 0;
}

static void
use_detect(struct engine *e, const struct obs *o)
{
	struct addr resolver = o->inner.dst;
	struct mac by;

	if (o->u.dns.response || o->u.dns.service != DNS_UNICAST ||
	    !only_suspects_advertise(e, resolver, &by))
		return;
	if (auth_resolver(e, e->seg, resolver, by) == ST_AUTHORISED || mac_eq(by, o->outer.smac))
		return;
	fact_raise(e, &(struct fact){ .id = F_DNS_USE,
				      .family = FAM_DNS,
				      .grade = advertiser_hard(e, by) ? E3 : E0,
				      .flags = FF_USE | FF_LATENT,
				      .actor = { .has_mac = true, .mac = by, .addr = resolver },
				      .has_victim = true,
				      .victim = o->outer.smac,
				      .victim_addr = o->inner.src,
				      .key = resolver });
}

/* ---- answers ---- */
struct answering { /* one message of a resolver whose standing is bad */
	struct engine *e;
	const struct obs *o;
	bool contested, unknown;
	struct fact base;
	bool told_ll, told_name, told_diff;
};

static bool
is_contested(struct engine *e, const struct obs *o)
{
	struct mac by;

	return actor_open(e, e->seg, o->outer.smac, UINT32_C(1) << FAM_ND_SPOOF) ||
	       only_suspects_advertise(e, o->inner.src, &by);
}

static struct bytes
first_label(struct bytes name)
{
	const uint8_t *dot = name.n ? memchr(name.p, '.', name.n) : NULL;
	return dot ? bytes_of(name.p, (size_t)(dot - name.p)) : name;
}

static bool
same_label(struct bytes label, const char *lower)
{
	size_t i = 0;

	while (i < label.n && lower[i] && (bytes_u8(label, i) | 0x20) == lower[i])
		i++;
	return i == label.n && lower[i] == 0;
}

static bool
is_magnet(struct bytes name)
{
	struct bytes label = first_label(name);
	return same_label(label, "wpad") || same_label(label, "isatap");
}

static bool
own_address(const struct answering *a, struct addr x)
{
	return addr_eq(x, a->o->inner.src) || binding_is(a->e, a->e->seg, x, a->o->outer.smac);
}

static void
raise_name(const struct answering *a, enum fact_id id, struct addr key, uint64_t name, uint16_t extra)
{
	struct fact f = a->base;

	f.id = (uint8_t)id;
	f.grade = a->contested ? E4 : E1;
	f.flags = (uint16_t)(a->contested ? FF_RESTS | extra : FF_HARD);
	f.key = key;
	f.name = name;
	fact_raise(a->e, &f);
}

/* Does the good resolver's last answer to this name share nothing with `x`, which is an actor of the link? */
static bool
differs(const struct answering *a, const struct answer *known, struct addr x)
{
	const struct binding *b = binding_find(a->e, a->e->seg, x);

	if (known == NULL || known->ngood == 0 || a->e->now - known->good_ts > 10 * TS_MIN || b == NULL ||
	    !actor_open(a->e, a->e->seg, b->mac, ADVERTISERS | UINT32_C(1) << FAM_ND_SPOOF))
		return false;
	for (size_t i = 0; i < known->ngood; i++)
		if (addr_eq(known->good[i], x))
			return false;
	return true;
}

static void
judge(struct answering *a, const struct said_name *name, struct addr addr)
{
	uint64_t hash = name->hash;
	bool magnet = is_magnet(name->text), own = own_address(a, addr);
	struct answer *known = answer_get(a->e, a->e->seg, hash);
	bool diff = differs(a, known, addr);

	unsigned suffixes = own ? answer_suffix(a->e, a->e->seg, a->o->outer.smac, name->text) : 0;
	bool foreign = !a->unknown || magnet || diff || suffixes >= 2;
	bool ll = addr.fam == 6 && addr_linklocal(addr);
	if (!a->told_ll && foreign && (ll || own) && !off(a->e, "DNS-LL")) {
		a->told_ll = true;
		raise_name(a, F_DNS_LL, addr, hash, own ? FF_SP : 0);
	}
	if (!a->told_name && magnet && !off(a->e, "DNS-NAME")) {
		a->told_name = true;
		raise_name(a, F_DNS_NAME, addr, hash, 0);
	}
	if (!a->told_diff && diff && a->contested && !off(a->e, "DNS-DIFF")) {
		a->told_diff = true;
		raise_name(a, F_DNS_DIFF, addr, hash, 0);
	}
}

/* Answers of resolvers in good standing are what DNS-DIFF compares with. */
static void
remember_good(struct engine *e, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.dns };
	struct dns_rec rr;
	struct said_name name;
	uint64_t last = 0;

	const uint32_t end = dns_answers_end(&o->u.dns);
	for (; it.i < 32 && it.i < end && dns_rec_next(&it, &rr); it.i++) {
		struct addr a = dns_rec_addr(&rr);
		if (rr.section != 1 || !addr_set(a) || !answer_name(e, &o->u.dns, rr.name, &name))
			continue;
		struct answer *known = answer_get(e, e->seg, name.hash);
		if (known == NULL)
			continue;
		if (name.hash != last)
			known->ngood = 0;
		last = name.hash;
		if (known->ngood < ANSWER_ADDRS)
			known->good[known->ngood++] = a;
		known->good_ts = e->now;
	}
}

static struct fact
base_fact(const struct obs *o)
{
	return (struct fact){ .family = FAM_DNS,
			      .actor = { .has_mac = true, .mac = o->outer.smac, .addr = o->inner.src },
			      .has_victim = !mac_group(o->outer.dmac),
			      .victim = o->outer.dmac,
			      .victim_addr = o->inner.dst };
}

/* ---- DNS-UPD ---- */
static void
upd_raise(struct engine *e, struct fact f, enum grade g, struct addr key, uint64_t name)
{
	f.id = F_DNS_UPD;
	f.grade = (uint8_t)g;
	f.flags = FF_RESTS;
	f.key = key;
	f.name = name;
	fact_raise(e, &f);
}

/* RFC 2136 2.2: only a contested resolver's refusal counts; every secure zone refuses the first attempt (RFC 3645). */
static void
update_refused(struct engine *e, const struct obs *o)
{
	if (o->inner.sport != DNS_PORT || off(e, "DNS-UPD") || auth_router_mac(e, e->seg, o->outer.smac) ||
	    auth_answer(e, e->seg, o->inner.src, o->outer.smac) == ST_AUTHORISED || !is_contested(e, o))
		return;
	(void)auth_note(e, o, AW_UPDATE_REFUSED, true);
	upd_raise(e, base_fact(o), E4, o->inner.src, 0);
}

/* The client goes on to negotiate a key with whoever refused it: a logon (RFC 2930, 3645). */
static void
key_negotiated(struct engine *e, const struct obs *o)
{
	const struct auth_seen *a = auth_of(e, e->seg, o->outer.smac, o->outer.dmac, AW_UPDATE_REFUSED);

	if (a == NULL || e->now - a->ts > UPDATE_SEC * TS_SEC || off(e, "DNS-UPD"))
		return;
	upd_raise(e,
		  (struct fact){ .family = FAM_DNS,
				 .actor = { .has_mac = true, .mac = o->outer.dmac, .addr = o->inner.dst },
				 .has_victim = true,
				 .victim = o->outer.smac,
				 .victim_addr = o->inner.src },
		  E5, o->inner.dst, 0);
}

static bool
asks_for_key(const struct obs *o)
{
	struct field_it it = { .rec = &o->u.dns };
	struct dns_rec rr;

	if (o->u.dns.response || !o->u.dns.tcp || o->u.dns.service != DNS_UNICAST)
		return false;
	for (; dns_rec_next(&it, &rr) && it.i < 8; it.i++)
		if (rr.type == RR_TKEY)
			return true;
	return false;
}

static void
key_detect(struct engine *e, const struct obs *o)
{
	if (o->kind == OBS_DNS ? asks_for_key(o) : o->u.auth.message == AUTH_TKEY && !o->u.auth.from_server)
		key_negotiated(e, o);
}

/* The zone's primary server is a host that the contested resolver then says is itself: updates go there, and with them
 * the client's ticket or NTLM answer. */
static void
primary_is_self(struct answering *a)
{
	struct field_it it = { .rec = &a->o->u.dns };
	struct dns_rr rr;

	if (off(a->e, "DNS-UPD"))
		return;
	for (; dns_rr_next(&it, &rr) && it.i < 64; it.i++)
		if (rr.type == RR_SOA && rr.section && rr.target[0] && rr.target[0] != '<') {
			struct auth_seen *soa = auth_note(a->e, a->o, AW_SOA, true);
			if (soa)
				soa->name = name_hash(bytes_str(rr.target));
			break;
		}
	const struct auth_seen *soa = auth_of(a->e, a->e->seg, a->o->outer.dmac, a->o->outer.smac, AW_SOA);
	it = (struct field_it){ .rec = &a->o->u.dns };
	for (; soa && dns_rr_next(&it, &rr) && it.i < 64; it.i++)
		if (rr.section && addr_set(rr.addr) && name_hash(bytes_str(rr.name)) == soa->name &&
		    own_address(a, rr.addr)) {
			upd_raise(a->e, a->base, E4, rr.addr, soa->name);
			return;
		}
}

static void
unicast_answer(struct engine *e, const struct obs *o)
{
	struct answering a = { .e = e, .o = o, .base = base_fact(o) };
	struct field_it it = { .rec = &o->u.dns };
	struct dns_rec rr;
	struct said_name name;

	/* behind a router nobody is named: the answer comes from somewhere else */
	if (o->inner.sport != DNS_PORT || auth_router_mac(e, e->seg, o->outer.smac)) {
		bool ok;
		if (o->inner.sport != DNS_PORT ||
		    auth_resolver(e, e->seg, o->inner.src, o->outer.smac) == ST_UNAUTHORISED)
			return;
		if (!auth_mac_for(e, e->seg, o->inner.src, o->outer.smac, &ok) || ok)
			remember_good(e, o);
		return;
	}
	enum standing st = auth_answer(e, e->seg, o->inner.src, o->outer.smac);
	a.contested = st != ST_AUTHORISED && is_contested(e, o);
	a.unknown = st == ST_UNKNOWN;
	if (st == ST_AUTHORISED || (a.unknown && !a.contested)) {
		remember_good(e, o);
		return;
	}
	const uint32_t end = dns_answers_end(&o->u.dns);
	for (; it.i < 64 && it.i < end && dns_rec_next(&it, &rr); it.i++)
		if (rr.section == 1 && addr_set(dns_rec_addr(&rr)) &&
		    answer_name(e, &o->u.dns, rr.name, &name))
			judge(&a, &name, dns_rec_addr(&rr));
	if (a.contested)
		primary_is_self(&a);
}

static void
magnet_raise(struct engine *e, const struct obs *o, struct addr answer, uint64_t name)
{
	struct fact f = base_fact(o);

	f.id = F_DNS_NAME;
	f.grade = E4;
	f.key = answer;
	f.name = name;
	f.flags = actor_open(e, e->seg, o->outer.smac, ADVERTISERS) ? FF_RESTS : 0;
	const struct answer *a = f.has_victim ? NULL : answer_get(e, e->seg, f.name);
	if (a && a->asked && e->now - a->asked <= ASKED_SEC * TS_SEC && !mac_eq(a->asker, o->outer.smac)) {
		f.has_victim = true;
		f.victim = a->asker;
		f.victim_addr = a->asker_addr;
	}
	fact_raise(e, &f);
}

/* A question to everybody, whose answer may go to everybody as well. */
static void
local_question(struct engine *e, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.dns };
	struct dns_rr rr;

	if (o->u.dns.service == DNS_UNICAST || o->depth > 0 || mac_group(o->outer.smac))
		return;
	for (; it.i < 8 && dns_rr_next(&it, &rr) && rr.section == 0; it.i++) {
		struct bytes name = bytes_str(rr.name);
		struct answer *a = is_magnet(name) ? answer_get(e, e->seg, name_hash(name)) : NULL;
		if (a == NULL)
			continue;
		a->asker = o->outer.smac;
		a->asker_addr = o->inner.src;
		a->asked = e->now;
	}
}

/* LLMNR and mDNS have no resolver to be authorised: nobody may answer for wpad or isatap unless he is declared. */
static void
local_answer(struct engine *e, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.dns };
	struct dns_rec rr;
	struct said_name name;

	if (off(e, "DNS-NAME") || auth_any_role(e, e->seg, o->outer.smac))
		return;
	for (; dns_rec_next(&it, &rr) && it.i < 64; it.i++) {
		struct addr a = dns_rec_addr(&rr);
		if (rr.section != 1 || !addr_set(a) || !answer_name(e, &o->u.dns, rr.name, &name) ||
		    !is_magnet(name.text))
			continue;
		magnet_raise(e, o, a, name.hash);
		return;
	}
}

static void
answer_detect(struct engine *e, const struct obs *o)
{
	const struct dns *d = &o->u.dns;

	if (d->response && d->opcode == DNS_OPCODE_UPDATE && d->rcode == DNS_RCODE_REFUSED &&
	    d->service == DNS_UNICAST)
		update_refused(e, o);
	if (!d->response)
		local_question(e, o);
	if (!d->response || d->rcode || d->tc)
		return;
	if (d->service == DNS_UNICAST)
		unicast_answer(e, o);
	else
		local_answer(e, o);
}

static void
nbns_detect(struct engine *e, const struct obs *o)
{
	struct field_it it = { .rec = &o->u.nbns };
	struct nbns_name n;

	if (!o->u.nbns.response || o->u.nbns.rcode || off(e, "DNS-NAME") ||
	    auth_any_role(e, e->seg, o->outer.smac))
		return;
	for (; nbns_name_next(&it, &n) && it.i < 16; it.i++) {
		const char *lt = strchr(n.name, '<');
		struct bytes label = bytes_of(n.name, lt ? (size_t)(lt - n.name) : strlen(n.name));
		if (n.section != 1 || !addr_set(n.addr) || !is_magnet(label))
			continue;
		magnet_raise(e, o, n.addr, name_hash(label));
		return;
	}
}

const struct detector detectors_names[] = {
	{ .id = "DNS-USE",
	  .fact = F_DNS_USE,
	  .family = FAM_DNS,
	  .grade = E3,
	  .flags = FF_USE,
	  .about = ABOUT_ACCEPT,
	  .attack = "T1557",
	  .on = ON(OBS_DNS),
	  .detect = use_detect,
	  .explain = "A client asks a resolver that only a suspect advertised. It shows that the host "
		     "depends on the suspect; it "
		     "accuses nobody by itself. Check: ipconfig /all on the client." },
	{ .id = "DNS-ANSWERS",
	  .family = FAM_DNS,
	  .on = ON(OBS_DNS),
	  .about = ABOUT_NAME,
	  .detect = answer_detect,
	  .explain = "Watches only: compares the answers of resolvers; DNS-LL, DNS-NAME and DNS-DIFF are "
		     "what it "
		     "finds." },
	{ .id = "DNS-LL",
	  .fact = F_DNS_LL,
	  .family = FAM_DNS,
	  .grade = E4,
	  .flags = FF_RESTS,
	  .about = ABOUT_ADDRESS,
	  .attack = "T1557.001",
	  .explain = "A resolver without authority answered a name with a link-local address or with its own "
		     "address. No resolver has a "
		     "reason to: names of other hosts lead to the answering station. Benign: a captive "
		     "portal; LLMNR and mDNS, which "
		     "are not judged by this rule." },
	{ .id = "DNS-NAME",
	  .fact = F_DNS_NAME,
	  .family = FAM_DNS,
	  .grade = E4,
	  .flags = FF_RESTS,
	  .about = ABOUT_NAME,
	  .attack = "T1557.001",
	  .on = ON(OBS_NBNS),
	  .detect = nbns_detect,
	  .explain = "wpad or isatap was answered by a station that is not declared: the first gives it the "
		     "proxy, the second the IPv6 "
		     "tunnel of every Windows host that asks. Windows DNS servers block both names. Benign: "
		     "a declared proxy "
		     "or ISATAP router that is missing from the authority file." },
	{ .id = "DNS-DIFF",
	  .fact = F_DNS_DIFF,
	  .family = FAM_DNS,
	  .grade = E4,
	  .flags = FF_RESTS,
	  .about = ABOUT_NAME,
	  .attack = "T1557.001",
	  .explain = "Two resolvers gave one client different answers to one name within 10 minutes, and the "
		     "answer of the one without "
		     "authority is a suspect station of this link." },
	{ .id = "DNS-UPD",
	  .fact = F_DNS_UPD,
	  .family = FAM_DNS,
	  .grade = E5,
	  .flags = FF_RESTS,
	  .about = ABOUT_TRANSACTION,
	  .attack = "T1557.001",
	  .on = ON(OBS_DNS) | ON(OBS_AUTH),
	  .detect = key_detect,
	  .explain = "A resolver that only a suspect advertises refused a client's dynamic update, or named "
		     "as the zone's "
		     "primary server a host that it says is itself. A Windows client then logs on to it for "
		     "a secure "
		     "update (TKEY with SPNEGO): E5 when it did. Its answer can be relayed to the true "
		     "server." },
	{ 0 },
};
