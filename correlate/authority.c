/* Standing of servers against what the administrator declared (DETECTIONS.md 3). */
#include "out.h"
#include "state.h"

/* `*` stands for any text; everything else for itself.  Linear: on a mismatch only the last star is tried again. */
bool
auth_pattern(struct bytes pat, struct bytes text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

	while (t < text.n) {
		if (p < pat.n && pat.p[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pat.n && pat.p[p] == text.p[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pat.n && pat.p[p] == '*')
		p++;
	return p == pat.n;
}

static bool
site_covers(const struct auth_site *site, const struct segment *s)
{
	for (size_t i = 0; i < site->nsegments; i++)
		if (auth_pattern(site->segments[i], bytes_str(s->name)))
			return true;
	return site->nsegments == 0;
}

/* The next site from *i on that covers the segment, NULL at the end. */
static const struct auth_site *
site_next(struct engine *e, const struct segment *s, size_t *i)
{
	const struct authority *a = e->conf->authority;

	while (a && *i < a->nsite) {
		const struct auth_site *site = &a->site[(*i)++];
		if (site_covers(site, s))
			return site;
	}
	return NULL;
}

static const struct auth_servers *
servers_of(const struct auth_site *site, enum service svc)
{
	switch (svc) {
	case SVC_DHCP4: return &site->dhcp4_servers;
	case SVC_DHCP6: return &site->dhcp6_servers;
	case SVC_ROUTER: return &site->routers;
	case SVC_RELAY: return &site->relays;
	case SVC_PXE: return &site->pxe_servers;
	}
	return NULL;
}

static bool
has_mac(const struct auth_server *v, struct mac m)
{
	for (size_t i = 0; i < v->nmac; i++)
		if (mac_eq(v->mac[i], m))
			return true;
	return false;
}

static bool
addr_in_list(const struct addr *list, size_t n, struct addr a)
{
	for (size_t i = 0; i < n; i++)
		if (addr_eq(list[i], a))
			return true;
	return false;
}

static bool
has_id(const struct auth_server *v, struct addr a)
{
	return addr_in_list(v->ip, v->nip, a) || addr_in_list(v->server_id, v->nserver_id, a);
}

static bool
has_duid(const struct auth_server *v, struct bytes duid)
{
	for (size_t i = 0; i < v->nduid; i++)
		if (bytes_eq(v->duid[i], duid))
			return true;
	return false;
}

/* Does the entry say anything about addresses like this one (family, link-local or not)?  If not, the address decides nothing. */
static bool
speaks_of(const struct auth_server *v, struct addr a)
{
	for (size_t i = 0; i < v->nip + v->nserver_id; i++) {
		struct addr x = i < v->nip ? v->ip[i] : v->server_id[i - v->nip];
		if (x.fam == a.fam && addr_linklocal(x) == addr_linklocal(a))
			return true;
	}
	return false;
}

/* A zero MAC (relayed: the frame is the relay's) leaves the decision to address and DUID, one of which must agree. */
static bool
server_matches(const struct auth_server *v, struct mac m, struct addr a, struct bytes duid)
{
	bool by_mac = v->nmac && !mac_zero(m), by_duid = v->nduid && duid.p,
	     by_addr = addr_set(a) && speaks_of(v, a);

	if ((by_mac && !has_mac(v, m)) || (by_duid && !has_duid(v, duid)) || (by_addr && !has_id(v, a)))
		return false;
	return by_mac || by_duid || by_addr;
}

bool
auth_declared(struct engine *e, const struct segment *s, enum service svc)
{
	size_t i = 0;
	const struct auth_site *site;

	while ((site = site_next(e, s, &i)))
		if (servers_of(site, svc)->declared)
			return true;
	return false;
}

/* Declared by address alone, and the address is another station's: the name is borrowed. */
static bool
borrowed(struct engine *e, const struct segment *s, const struct auth_server *v, struct mac m, struct addr a)
{
	const struct binding *b = v->nmac == 0 && addr_set(a) && !mac_zero(m) ? binding_find(e, s, a) : NULL;

	return b && b->src >= BIND_ND && !mac_eq(b->mac, m) && !mac_virtual_router(m);
}

enum standing
auth_standing(struct engine *e, const struct segment *s, enum service svc, struct mac m, struct addr a,
	      struct bytes duid)
{
	size_t i = 0;
	const struct auth_site *site;
	bool declared = false;

	while ((site = site_next(e, s, &i))) {
		const struct auth_servers *list = servers_of(site, svc);
		declared |= list->declared;
		for (size_t k = 0; k < list->n; k++)
			if (server_matches(&list->v[k], m, a, duid) && !borrowed(e, s, &list->v[k], m, a))
				return ST_AUTHORISED;
	}
	if (declared && svc == SVC_ROUTER && mac_virtual_router(m))
		return ST_AUTHORISED;
	return declared ? ST_UNAUTHORISED : ST_UNKNOWN;
}

bool
auth_id_known(struct engine *e, const struct segment *s, enum service svc, struct addr a, struct bytes duid)
{
	size_t i = 0;
	const struct auth_site *site;

	while ((site = site_next(e, s, &i))) {
		const struct auth_servers *list = servers_of(site, svc);
		for (size_t k = 0; k < list->n; k++)
			if ((addr_set(a) && has_id(&list->v[k], a)) ||
			    (duid.p && has_duid(&list->v[k], duid)))
				return true;
	}
	return false;
}

static bool
role_mac(struct engine *e, const struct segment *s, struct mac m, const enum service *roles, size_t n)
{
	size_t i = 0;
	const struct auth_site *site;

	while ((site = site_next(e, s, &i)))
		for (size_t r = 0; r < n; r++) {
			const struct auth_servers *list = servers_of(site, roles[r]);
			for (size_t k = 0; k < list->n; k++)
				if (has_mac(&list->v[k], m))
					return true;
		}
	return false;
}

/* An entry that gives addresses and no MAC: the station that has held one of them all the time. */
static bool
role_by_address(struct engine *e, const struct segment *s, struct mac m, const enum service *roles, size_t n)
{
	size_t i = 0;
	const struct auth_site *site;

	while ((site = site_next(e, s, &i)))
		for (size_t r = 0; r < n; r++) {
			const struct auth_servers *list = servers_of(site, roles[r]);
			for (size_t k = 0; k < list->n; k++)
				for (size_t x = 0; list->v[k].nmac == 0 && x < list->v[k].nip; x++)
					if (binding_settled(e, s, list->v[k].ip[x], m))
						return true;
		}
	return false;
}

bool
auth_router_mac(struct engine *e, const struct segment *s, struct mac m)
{
	static const enum service roles[] = { SVC_ROUTER, SVC_RELAY };
	return mac_virtual_router(m) || role_mac(e, s, m, roles, NELEM(roles)) ||
	       role_by_address(e, s, m, roles, NELEM(roles));
}

bool
auth_any_role(struct engine *e, const struct segment *s, struct mac m)
{
	static const enum service roles[] = { SVC_DHCP4, SVC_DHCP6, SVC_ROUTER, SVC_RELAY, SVC_PXE };
	return mac_virtual_router(m) || role_mac(e, s, m, roles, NELEM(roles));
}

bool
auth_bridge(struct engine *e, struct mac m)
{
	const struct authority *a = e->conf->authority;

	for (size_t i = 0; a && i < a->nsite; i++)
		for (size_t k = 0; k < a->site[i].nbridges; k++)
			if (mac_eq(a->site[i].bridges[k], m))
				return true;
	return false;
}

/* Option 55 as people write it: "1,3,6,15". */
static bool
params_are(struct bytes text, struct bytes params)
{
	char buf[4 * 255];
	struct out o = out_init(buf, sizeof(buf));

	for (size_t i = 0; i < params.n; i++) {
		if (i)
			out_chr(&o, ',');
		out_u64(&o, params.p[i]);
	}
	return params.n && out_ok(&o) && bytes_eq(out_bytes(&o), text);
}

bool
auth_vdi_template(struct engine *e, const struct segment *s, struct bytes params, struct bytes vendor_class)
{
	size_t i = 0;
	const struct auth_site *site;

	while ((site = site_next(e, s, &i)))
		for (size_t k = 0; k < site->nvdi_templates; k++) {
			struct bytes t = site->vdi_templates[k];
			if (params_are(t, params) || (vendor_class.n && bytes_eq(t, vendor_class)))
				return true;
		}
	return false;
}

bool
auth_passes_on(struct engine *e, const struct segment *s, struct addr a)
{
	size_t i = 0;
	const struct auth_site *site;

	while ((site = site_next(e, s, &i))) {
		if (addr_in_list(site->proxies.v, site->proxies.n, a))
			return true;
		for (size_t k = 0; k < site->vpn_servers.n; k++)
			if (addr_in_list(site->vpn_servers.v[k].ip, site->vpn_servers.v[k].nip, a))
				return true;
	}
	return false;
}

bool
auth_mac_for(struct engine *e, const struct segment *s, struct addr a, struct mac m, bool *ok)
{
	static const enum service roles[] = { SVC_DHCP4, SVC_DHCP6, SVC_ROUTER, SVC_RELAY, SVC_PXE };
	size_t i = 0;
	const struct auth_site *site;
	bool found = false;

	*ok = false;
	while ((site = site_next(e, s, &i)))
		for (size_t r = 0; r < NELEM(roles); r++) {
			const struct auth_servers *list = servers_of(site, roles[r]);
			for (size_t k = 0; k < list->n; k++)
				if (list->v[k].nmac && has_id(&list->v[k], a)) {
					found = true;
					*ok |= has_mac(&list->v[k], m);
				}
		}
	*ok |= found && mac_virtual_router(m);
	return found;
}

/* Machines have more addresses than people declare: another one of a resolver that is listed by one it has held all the time. */
static bool
listed_elsewhere(struct engine *e, const struct segment *s, const struct auth_addrs *list, struct addr a,
		 struct mac m)
{
	const struct binding *b = binding_find(e, s, a);
	bool ok;

	if (mac_zero(m) || (b && !mac_eq(b->mac, m)) || auth_router_mac(e, s, m))
		return false;
	for (size_t i = 0; i < list->n; i++)
		if (binding_settled(e, s, list->v[i], m) && (!auth_mac_for(e, s, list->v[i], m, &ok) || ok))
			return true;
	return false;
}

enum standing
auth_resolver(struct engine *e, const struct segment *s, struct addr a, struct mac m)
{
	size_t i = 0;
	const struct auth_site *site;
	bool declared = false, listed = false, ok;

	while ((site = site_next(e, s, &i))) {
		declared |= site->resolvers.declared;
		listed |= addr_in_list(site->resolvers.v, site->resolvers.n, a) ||
			  listed_elsewhere(e, s, &site->resolvers, a, m);
	}
	if (!declared)
		return ST_UNKNOWN;
	if (!listed || (!mac_zero(m) && auth_mac_for(e, s, a, m, &ok) && !ok))
		return ST_UNAUTHORISED;
	return ST_AUTHORISED;
}

enum standing
auth_answer(struct engine *e, const struct segment *s, struct addr resolver, struct mac by)
{
	enum standing st = auth_resolver(e, s, resolver, by);
	bool ok;

	if (st == ST_AUTHORISED && !auth_router_mac(e, s, by) && !auth_mac_for(e, s, resolver, by, &ok) &&
	    actor_open(e, s, by, UINT32_C(1) << FAM_ND_SPOOF))
		return ST_UNAUTHORISED;
	return st;
}

/* Against the lists of tunnel endpoints of every site that covers the segment. */
static enum standing
standing_in(struct engine *e, const struct segment *s, struct addr a, bool teredo)
{
	size_t i = 0;
	const struct auth_site *site;
	bool declared = false;

	while ((site = site_next(e, s, &i))) {
		const struct auth_addrs *list = teredo ? &site->teredo_servers : &site->isatap_routers;
		declared |= list->declared;
		if (addr_in_list(list->v, list->n, a))
			return ST_AUTHORISED;
	}
	return declared ? ST_UNAUTHORISED : ST_UNKNOWN;
}

enum standing
auth_isatap_router(struct engine *e, const struct segment *s, struct addr a)
{
	return standing_in(e, s, a, false);
}

enum standing
auth_teredo_server(struct engine *e, const struct segment *s, struct addr a)
{
	return standing_in(e, s, a, true);
}

bool
auth_prefix(struct engine *e, const struct segment *s, struct addr a, struct prefix *p, bool *any)
{
	size_t i = 0;
	const struct auth_site *site;

	*any = false;
	while ((site = site_next(e, s, &i)))
		for (size_t k = 0; k < site->nprefixes; k++) {
			*any |= site->prefixes[k].a.fam == a.fam;
			if (addr_in(a, site->prefixes[k])) {
				*p = site->prefixes[k];
				return true;
			}
		}
	return false;
}

bool
auth_planned(struct engine *e, const struct segment *s, ts_t t, ts_t eps, bool *declared)
{
	size_t i = 0;
	const struct auth_site *site;

	*declared = false;
	while ((site = site_next(e, s, &i))) {
		*declared |= site->changes_declared;
		for (size_t k = 0; k < site->nchanges; k++)
			if (t >= site->changes[k].from - eps && t <= site->changes[k].to + eps)
				return true;
	}
	return false;
}

bool
auth_vpn_declared(struct engine *e, const struct segment *s)
{
	size_t i = 0;
	const struct auth_site *site;

	while ((site = site_next(e, s, &i)))
		if (site->vpn_servers.declared)
			return true;
	return false;
}

const struct auth_vpn *
auth_vpn_at(struct engine *e, const struct segment *s, size_t n)
{
	size_t i = 0;
	const struct auth_site *site;

	while ((site = site_next(e, s, &i))) {
		if (n < site->vpn_servers.n)
			return &site->vpn_servers.v[n];
		n -= site->vpn_servers.n;
	}
	return NULL;
}
