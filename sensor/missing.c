/* -T, when the configuration is good: what is still missing for full verdicts. */
#include "setup.h"

#include <inttypes.h>
#include <string.h>

#include "log.h"
#include "survey.h"
#include "terms.h"

/* One row a list of a site: where its `declared` is, and what it costs that it is absent. */
static const struct {
	const char *key;
	size_t declared;
	const char *cost;
} lists[] = {
	{ "dhcp4_servers", offsetof(struct auth_site, dhcp4_servers.declared),
	  "a rogue DHCPv4 server is at most suspected until one was learned in a day" },
	{ "dhcp6_servers", offsetof(struct auth_site, dhcp6_servers.declared),
	  "a rogue DHCPv6 server is at most suspected until one was learned in a day" },
	{ "routers", offsetof(struct auth_site, routers.declared),
	  "a rogue router is at most suspected until one was learned in a day" },
	{ "relays", offsetof(struct auth_site, relays.declared),
	  "who relays DHCP is told by what came through it alone" },
	{ "pxe_servers", offsetof(struct auth_site, pxe_servers.declared),
	  "a second answer with boot options counts as a proxy's" },
	{ "resolvers", offsetof(struct auth_site, resolvers.declared),
	  "a resolver that is given out accuses nobody by its address" },
	{ "isatap_routers", offsetof(struct auth_site, isatap_routers.declared),
	  "event 4100 cannot be refuted or confirmed by policy" },
	{ "teredo_servers", offsetof(struct auth_site, teredo_servers.declared),
	  "any Teredo server may be meant" },
	{ "proxies", offsetof(struct auth_site, proxies.declared),
	  "a proxy that passes on logons looks like a capture" },
	{ "vpn_servers", offsetof(struct auth_site, vpn_servers.declared),
	  "a VPN server's certificate is judged by what was shown before" },
};

static size_t
site(const struct auth_site *s, size_t i)
{
	size_t n = 0;
	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		if (*(const bool *)(const void *)((const char *)s + lists[k].declared))
			continue;
		printf("missing: authority[%zu].%s is not declared ([] for none): %s\n", i, lists[k].key,
		       lists[k].cost);
		n++;
	}
	return n;
}

static size_t
authority(const struct conf *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->authority.nsite; i++)
		n += site(&c->authority.site[i], i);
	if (c->authority.nsite)
		return n;
	puts("missing: authority: nothing is declared: what proves itself can be confirmed, everything else "
	     "is "
	     "at most suspected; `crosstap --setup` proposes it");
	return 1;
}

static size_t
one(bool missing, const char *what)
{
	if (missing)
		printf("missing: %s\n", what);
	return missing;
}

/* Who may speak for everybody: then one certificate or token that is stolen forges any host's events. */
static size_t
senders(const struct conf *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->nsender; i++)
		for (size_t k = 0; k < c->sender[i].ncomputer; k++)
			if (bytes_eq(c->sender[i].computer[k], bytes_str("*"))) {
				printf("missing: feed.senders[%zu].computers has \"*\": whoever holds this "
				       "sender's "
				       "secret speaks for every computer; name them, or a suffix like "
				       ".corp.example\n",
				       i);
				n++;
			}
	return n;
}

static size_t
feed(const struct conf *c, const struct opts *o)
{
	size_t n = one(c->nlisten + c->nfollow + o->nevents == 0,
		       "feed: neither feed.listen nor feed.follow (nor -e): no host is heard, nothing is "
		       "confirmed or "
		       "refuted by one");
	n += one(c->nlisten > 0 && c->nfollow == 0 && o->nevents == 0,
		 "feed.follow: no DHCP server audit log: leases and conflicts that only a server saw are not "
		 "known");
	n += one(c->nfollow > 0 && c->nlisten == 0 && o->nevents == 0,
		 "feed.listen: files are followed, but no host speaks for itself: what a victim accepted is "
		 "not known");
	n += one(c->nlisten + c->nfollow + o->nevents > 0 && !c->feed_synced,
		 "feed.synced is false: events join within a wide tolerance until each host's clock is "
		 "learned");
	for (size_t i = 0; i < c->nlisten; i++)
		if (c->listen[i].plain) {
			printf("missing: feed.listen[%zu] is plain: anybody on the way reads and forges host "
			       "events\n",
			       i);
			n++;
		}
	return n + senders(c);
}

static size_t
rest(const struct conf *c, const struct opts *o)
{
	return one(c->state.p == NULL && o->state == NULL,
		   "state.snapshot: what is learned is forgotten at each restart, and learning takes a day") +
	       one(c->noutput == 0, "output: incidents go to standard output only") +
	       one(c->evidence_folder.n == 0, "evidence.folder: the frames of an incident are not kept: its "
					      "packets are numbers that nobody can look at");
}

static size_t
tap(struct setup *s)
{
	struct survey v;
	size_t n = 0;
	for (size_t i = 0; survey_at(s->engine, i, &v); i++) {
		for (unsigned b = 0; v.iface < s->niface && b < VANTAGE_BITS; b++) {
			if (v.vantage[b].has)
				continue;
			printf("missing: vantage %s on %s, %u %% of %" PRIu32 ": %s\n",
			       vantage_name((enum vantage_bit)b), v.segment, v.vantage[b].share,
			       v.vantage[b].samples, term_vantage_at(b)->text);
			n++;
		}
	}
	return n;
}

int
missing_tell(const struct opts *o, const struct conf *c)
{
	struct inputs *in = NULL;
	int status = EXIT_OK;
	size_t n = authority(c) + feed(c, o) + rest(c, o);
	if (o->nread) {
		struct setup *s = setup_read(o, c, &in, &status);
		n += s ? tap(s) : 0;
		setup_close(s);
		inputs_free(in);
	} else {
		puts("missing: vantage: a configuration does not tell what the tap sees: add -r CAPTURE to "
		     "this command, or ask the running sensor");
		n++;
	}
	if (n == 0)
		puts("nothing is missing for full verdicts");
	return status;
}
