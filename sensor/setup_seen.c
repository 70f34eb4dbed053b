/* --setup: what the frames of the time showed, beside what the engine learns of them. */
#include "setup.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "run.h"

static struct setup_at
at_of(const struct obs *o)
{
	struct setup_at at = { .iface = o->iface, .nvlan = o->outer.nvlan };
	memcpy(at.vlan, o->outer.vlan, sizeof(at.vlan));
	return at;
}

static bool
same_at(const struct setup_at *a, const struct setup_at *b)
{
	return a->iface == b->iface && a->nvlan == b->nvlan && memcmp(a->vlan, b->vlan, sizeof(a->vlan)) == 0;
}

/* ---- networks ---- */

static void
net(struct setup *s, const struct obs *o, struct prefix p, bool dhcp)
{
	struct setup_at at = at_of(o);
	for (size_t i = 0; i < s->nnet; i++) {
		struct setup_net *n = &s->net[i];
		if (same_at(&n->at, &at) && n->prefix.len == p.len && addr_eq(n->prefix.a, p.a) &&
		    n->dhcp == dhcp && mac_eq(n->by, o->outer.smac)) {
			n->count++;
			return;
		}
	}
	if (s->nnet == SETUP_NETS) {
		s->cut = true;
		return;
	}
	s->net[s->nnet++] =
		(struct setup_net){ .at = at, .prefix = p, .by = o->outer.smac, .dhcp = dhcp, .count = 1 };
}

/* The address without its host part. */
static struct prefix
network_of(struct addr a, unsigned len)
{
	for (unsigned i = 0; i < sizeof(a.b); i++) {
		unsigned bits = i * 8;
		if (bits >= len)
			a.b[i] = 0;
		else if (len - bits < 8)
			a.b[i] &= (uint8_t)(0xff00u >> (len - bits));
	}
	return (struct prefix){ .a = a, .len = (uint8_t)len };
}

static void
dhcp4_net(struct setup *s, const struct obs *o)
{
	const struct dhcp4 *d = &o->u.dhcp4;
	unsigned len = 0;
	if (d->msg_type != D4_ACK || d->yiaddr.fam != 4 || d->subnet_mask.fam != 4 || (o->flags & OBS_QUOTED))
		return;
	for (unsigned i = 0; i < 32 && d->subnet_mask.b[i / 8] & 0x80u >> i % 8; i++)
		len++;
	struct prefix p = network_of(d->yiaddr, len);
	if (len > 0 && len < 32)
		net(s, o, p, true);
}

static void
ra_nets(struct setup *s, const struct obs *o)
{
	enum { ROUTER_ADVERTISEMENT = 134, PREFIXES_MAX = 32 };
	struct field_it it = { .rec = &o->u.nd };
	struct nd_prefix p;
	if (o->u.nd.type != ROUTER_ADVERTISEMENT || o->depth || (o->flags & OBS_QUOTED))
		return;
	for (; it.i < PREFIXES_MAX && nd_prefix_next(&it, &p); it.i++)
		if (p.l && p.len > 0 && p.len < 128 && p.valid)
			net(s, o, network_of(p.prefix, p.len), false);
}

/* ---- TLS servers ---- */

static struct setup_tls *
tls_server(struct setup *s, const struct obs *o, struct addr a, uint16_t port)
{
	struct setup_at at = at_of(o);
	for (size_t i = 0; i < s->ntls; i++)
		if (same_at(&s->tls[i].at, &at) && addr_eq(s->tls[i].addr, a) && s->tls[i].port == port)
			return &s->tls[i];
	if (s->ntls == SETUP_TLS) {
		s->cut = true;
		return NULL;
	}
	s->tls[s->ntls] = (struct setup_tls){ .at = at, .addr = a, .port = port };
	return &s->tls[s->ntls++];
}

static void
tls(struct setup *s, const struct obs *o)
{
	const struct tls *t = &o->u.tls;
	bool hello = t->hs_type == TLS_CLIENT_HELLO, leaf = t->ncerts > 0 && t->leaf.der.n > 0;
	if (o->depth || !(hello || leaf))
		return;
	struct setup_tls *v = hello ? tls_server(s, o, o->inner.dst, o->inner.dport)
				    : tls_server(s, o, o->inner.src, o->inner.sport);
	if (v && hello) {
		v->hellos++;
		size_t n = t->sni.n < sizeof(v->sni) ? t->sni.n : sizeof(v->sni) - 1;
		if (n) {
			memcpy(v->sni, t->sni.p, n);
			v->sni[n] = 0;
		}
	} else if (v) {
		v->shown = true;
		memcpy(v->leaf, t->leaf.sha256, sizeof(v->leaf));
	}
}

static void
seen(void *arg, const struct obs *o)
{
	struct setup *s = arg;
	engine_obs(s->engine, o);
	if (o->flags & OBS_BAD)
		return;
	if (o->kind == OBS_FRAME)
		s->mirrored += (o->flags & OBS_MIRRORED) != 0;
	if (o->kind == OBS_DHCP4)
		dhcp4_net(s, o);
	else if (o->kind == OBS_ND)
		ra_nets(s, o);
	else if (o->kind == OBS_TLS)
		tls(s, o);
}

void
setup_frame(struct setup *s, const struct frame *f, struct inputs *in)
{
	if (s->first == TS_NONE)
		s->first = s->last = f->ts;
	if (f->ts > s->last)
		s->last = f->ts;
	s->frames[f->iface]++;
	if (walk_frame(s->walk, f, seen, s) == SAID_NO && in)
		inputs_unknown_link(in, f);
}

/* ---- findings: who is not proposed, and why ---- */

static void
copy(char *to, size_t cap, const char *from)
{
	size_t n = strlen(from);
	n = n < cap ? n : cap - 1;
	memcpy(to, from, n);
	to[n] = 0;
}

static void
on_incident(void *arg, const struct incident *inc)
{
	struct setup *s = arg;
	size_t i = 0;
	while (i < s->nfinding && s->finding[i].id != inc->id)
		i++;
	if (i == s->nfinding && (inc->verdict < V_SUSPECTED || i == SETUP_FINDINGS)) {
		s->cut |= i == SETUP_FINDINGS;
		return;
	}
	struct setup_finding *f = &s->finding[i];
	if (i == s->nfinding)
		s->nfinding++;
	f->id = inc->id;
	f->verdict = inc->verdict;
	copy(f->segment, sizeof(f->segment), inc->segment);
	copy(f->title, sizeof(f->title), inc->title);
}

static void
on_host(void *arg, const struct hostev *e)
{
	engine_host(((struct setup *)arg)->engine, e);
}

/* ---- the run ---- */

static bool
open_events(struct setup *s)
{
	s->events = eventsrc_new(true, s->c->event_window);
	if (s->events && s->c->feed_zone.given)
		eventsrc_zone(s->events, s->c->feed_zone.seconds);
	for (size_t i = 0; s->events && i < s->o->nevents; i++)
		if (!eventsrc_add(s->events, s->o->events[i]))
			return false;
	return s->events != NULL;
}

struct setup *
setup_open(const struct opts *o, const struct conf *c, const char *const *iface, size_t niface, int *status)
{
	struct setup *s = run_alloc(sizeof(*s));
	*status = EXIT_INTERNAL;
	if (s == NULL)
		return NULL;
	*s = (struct setup){
		.o = o, .c = c, .iface = iface, .niface = niface, .first = TS_NONE, .last = TS_NONE
	};
	s->ec = (struct engine_conf){
		.authority = c->authority.nsite ? &c->authority : NULL,
		.iface = iface,
		.niface = niface,
		.feed_synced = c->feed_synced,
		.hosts = c->hosts,
		.events = c->events,
		.event_window = c->event_window,
	};
	s->engine_mem = run_alloc(engine_bytes(&s->ec));
	s->engine = s->engine_mem ? engine_open(&s->ec, s->engine_mem, run_key(), on_incident, s) : NULL;
	s->walk = s->engine ? run_open_walk(c, false, &s->walk_mem) : NULL;
	if (s->walk && open_events(s)) {
		*status = EXIT_OK;
		return s;
	}
	*status = s->walk && s->events ? EXIT_USAGE : EXIT_INTERNAL;
	setup_close(s);
	return NULL;
}

void
setup_close(struct setup *s)
{
	if (s == NULL)
		return;
	eventsrc_free(s->events);
	free(s->engine_mem);
	free(s->walk_mem);
	free(s);
}

struct setup *
setup_read(const struct opts *o, const struct conf *c, struct inputs **in, int *status)
{
	const struct input_item *item;
	size_t n;
	*status = EXIT_USAGE;
	*in = run_open_inputs(o);
	if (*in == NULL)
		return NULL;
	const char *const *iface = inputs_ifaces(*in, &n);
	struct setup *s = setup_open(o, c, iface, n, status);
	for (enum input_said said; s && (said = inputs_next(*in, &item)) != INPUT_END;) {
		if (said == INPUT_LOSS) {
			struct obs loss = { .ts = item->f.ts, .kind = OBS_LOSS, .iface = item->f.iface };
			loss.u.loss = item->loss;
			s->lost += item->loss.packets;
			engine_obs(s->engine, &loss);
			continue;
		}
		eventsrc_due(s->events, item->f.ts, on_host, s);
		setup_frame(s, &item->f, *in);
	}
	if (s == NULL)
		return NULL;
	eventsrc_rest(s->events, on_host, s);
	eventsrc_close(s->events);
	if (inputs_damaged(*in) || eventsrc_damaged(s->events))
		*status = EXIT_DAMAGED;
	return s;
}
