#include "learned_yaml.h"

#include <stdlib.h>

enum { ENTRIES_MAX = 4096, LINE_LENGTH = 2048 };

static const char *const head[] = {
	"# What crosstap saw serving on each segment, where nothing speaks against it.",
	"# Read every line and delete what you do not know: what stands here is declared, and where",
	"# a list is given, who is not in it is unauthorised from then on.",
	"# Then use it with -c, or put it into conf.d.",
};

static const char *const role_keys[LEARNED_ROLES] = {
	[LEARNED_DHCP4] = "dhcp4_servers", [LEARNED_DHCP6] = "dhcp6_servers",
	[LEARNED_ROUTER] = "routers",	   [LEARNED_RELAY] = "relays",
	[LEARNED_PXE] = "pxe_servers",	   [LEARNED_RESOLVER] = "resolvers",
	[LEARNED_VPN] = "vpn_servers",
};

struct writer {
	learned_line *line;
	void *arg;
	char text[LINE_LENGTH];
};

static struct out
begin(struct writer *w)
{
	return out_init(w->text, sizeof(w->text));
}

static void
end(struct writer *w, const struct out *o)
{
	w->line(w->arg, out_bytes(o));
}

static void
say(struct writer *w, const char *text)
{
	w->line(w->arg, bytes_str(text));
}

static void
quoted_addr(struct out *o, struct addr a)
{
	out_chr(o, '"');
	out_addr(o, a);
	out_chr(o, '"');
}

static void
addresses(struct out *o, const struct learned *l)
{
	out_str(o, "ip: [");
	for (size_t i = 0; i < l->nip; i++) {
		out_str(o, i ? ", " : "");
		quoted_addr(o, l->ip[i]);
	}
	out_chr(o, ']');
}

const char *
learned_role_key(enum learned_role role)
{
	return role_keys[role];
}

void
learned_item(struct out *o, const struct learned *l)
{
	out_str(o, "      - ");
	if (l->role == LEARNED_RESOLVER) {
		quoted_addr(o, l->ip[0]);
		return;
	}
	out_chr(o, '{');
	addresses(o, l);
	if (l->has_mac) {
		out_str(o, ", mac: \"");
		out_mac(o, l->mac);
		out_chr(o, '"');
	}
	for (size_t i = 0; i < l->nleaf; i++) {
		out_str(o, i ? "\", \"" : ", leaf_sha256: [\"");
		out_hex(o, bytes_of(l->leaf[i], sizeof(l->leaf[i])));
	}
	out_str(o, l->nleaf ? "\"]}" : "}");
}

static void
count(struct out *o, uint64_t n, const char *what)
{
	out_u64(o, n);
	out_str(o, what);
	out_str(o, n == 1 ? "" : "s");
}

void
learned_evidence(struct out *o, const struct learned *l)
{
	if (l->role == LEARNED_DHCP4 || l->role == LEARNED_PXE) {
		count(o, l->answers, " ACK");
		out_str(o, " to ");
		count(o, l->clients, " client");
		out_str(o, l->enough ? ", learned, " : ", ");
	}
	if (l->role == LEARNED_VPN) {
		out_str(o, "shown to ");
		count(o, l->clients, " client");
		out_str(o, l->enough ? " or more, its baseline, " : ", ");
	}
	if (l->role == LEARNED_RESOLVER) {
		out_str(o, "advertised by ");
		count(o, l->answers, " station");
		out_str(o, ", ");
	}
	if (l->first != TS_NONE) {
		out_ts(o, l->first, 0);
		out_str(o, " to ");
	} else {
		out_str(o, "last ");
	}
	out_ts(o, l->last, 0);
}

static void
entries(struct writer *w, const struct learned *v, size_t n)
{
	const struct learned *before = NULL;

	for (const struct learned *l = v; l < v + n; before = l++) {
		struct out o = begin(w);
		if (before == NULL || before->seg != l->seg) {
			out_str(&o, "  - name: ");
			out_json_str(&o, bytes_str(l->segment));
			end(w, &o);
			o = begin(w);
			out_str(&o, "    segments: [");
			out_json_str(&o, bytes_str(l->segment));
			out_chr(&o, ']');
			end(w, &o);
		}
		if (before == NULL || before->seg != l->seg || before->role != l->role) {
			o = begin(w);
			out_str(&o, "    ");
			out_str(&o, role_keys[l->role]);
			out_chr(&o, ':');
			end(w, &o);
		}
		o = begin(w);
		learned_item(&o, l);
		out_str(&o, " # ");
		learned_evidence(&o, l);
		end(w, &o);
	}
}

bool
learned_yaml(struct engine *e, learned_line *line, void *arg)
{
	struct writer w = { .line = line, .arg = arg };
	struct learned *v = calloc(ENTRIES_MAX, sizeof(*v));
	if (v == NULL)
		return false;
	size_t n = learned_collect(e, v, ENTRIES_MAX);
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		say(&w, head[i]);
	if (n > ENTRIES_MAX)
		say(&w, "# More than fits was seen; the last segments are not complete.");
	say(&w, n ? "authority:" : "authority: [] # nothing yet");
	entries(&w, v, n < ENTRIES_MAX ? n : ENTRIES_MAX);
	free(v);
	return true;
}
