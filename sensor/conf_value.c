/* Scalars into members, lists into arrays that grow inside the configuration's own memory. */
#include "conf_node.h"
#include "dissector.h"
#include "text.h"

#include <stdlib.h>

enum { CHUNK = 1 << 14, ALIGN = 16, MEMORY_MAX = 64 << 20, DUID_BYTES_MAX = 130, SHA256_BYTES = 32 };

struct conf_chunk {
	struct conf_chunk *next;
	size_t n, cap;
	_Alignas(ALIGN) unsigned char p[];
};

void *
conf_alloc(struct conf *c, size_t n)
{
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (n > MEMORY_MAX || c->used > MEMORY_MAX - n)
		return NULL;
	if (c->chunk == NULL || c->chunk->cap - c->chunk->n < n) {
		size_t cap = n > CHUNK ? n : CHUNK;
		struct conf_chunk *chunk = aligned_alloc(ALIGN, sizeof(*chunk) + cap);
		if (chunk == NULL)
			return NULL;
		*chunk = (struct conf_chunk){ .next = c->chunk, .cap = cap };
		c->chunk = chunk;
	}
	void *p = c->chunk->p + c->chunk->n;
	c->chunk->n += n;
	c->used += n;
	memset(p, 0, n);
	return p;
}

void
conf_free(struct conf *c)
{
	for (struct conf_chunk *chunk = c->chunk, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	*c = (struct conf){ 0 };
}

bool
conf_is_list(const struct conf_node *n)
{
	return n->kind == K_LIST || n->kind >= K_TEXTS;
}

size_t
conf_list_length(const struct conf_node *node, const void *base)
{
	size_t n;
	memcpy(&n, (const char *)base + node->off_n, sizeof(n));
	return n;
}

const void *
conf_list_at(const struct conf_node *node, const void *base, size_t i)
{
	const char *v;
	memcpy(&v, (const char *)base + node->off, sizeof(v));
	return v + i * node->item;
}

/* The array doubles when its length is a power of two: no capacity to keep beside it. */
void *
conf_append(struct conf *c, const struct conf_node *node, void *base)
{
	char *v;
	size_t n;
	memcpy(&v, (char *)base + node->off, sizeof(v));
	memcpy(&n, (char *)base + node->off_n, sizeof(n));
	if ((n & (n - 1)) == 0) {
		char *more = conf_alloc(c, (n ? 2 * n : 1) * node->item);
		if (more == NULL)
			return NULL;
		if (n)
			memcpy(more, v, n * node->item);
		v = more;
		memcpy((char *)base + node->off, &v, sizeof(v));
	}
	char *item = v + n * node->item;
	memset(item, 0, node->item);
	n++;
	memcpy((char *)base + node->off_n, &n, sizeof(n));
	return item;
}

/* A copy with a NUL behind it, which C callers need. */
static bool
copy_text(struct conf *c, struct bytes from, struct bytes *to)
{
	uint8_t *p = conf_alloc(c, from.n + 1);
	if (p == NULL)
		return false;
	if (from.n)
		memcpy(p, from.p, from.n);
	*to = bytes_of(p, from.n);
	return true;
}

static bool
parse_number(struct bytes text, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || *v > UINT32_MAX)
			return false;
		*v = *v * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n > 0;
}

static bool
parse_time(struct bytes text, uint64_t *seconds)
{
	static const struct {
		uint8_t c;
		uint32_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	uint32_t unit = 1;
	for (size_t i = 0; text.n && i < NELEM(units); i++) {
		if (text.p[text.n - 1] != units[i].c)
			continue;
		unit = units[i].s;
		text.n--;
		break;
	}
	if (!parse_number(text, seconds))
		return false;
	*seconds *= unit;
	return true;
}

/* RFC 3339 5.6 time-offset; within 18 hours. */
static bool
parse_zone(struct bytes text, struct conf_zone *z)
{
	uint64_t h, m = 0;
	*z = (struct conf_zone){ .given = true };
	if (bytes_eq(text, bytes_str("Z")))
		return true;
	if (text.n != 6 || (text.p[0] != '+' && text.p[0] != '-') || text.p[3] != ':' ||
	    !parse_number(bytes_of(text.p + 1, 2), &h) || !parse_number(bytes_of(text.p + 4, 2), &m) ||
	    h > 18 || m > 59)
		return false;
	z->seconds = (int32_t)(h * 3600 + m * 60) * (text.p[0] == '-' ? -1 : 1);
	return true;
}

static bool
parse_bool(struct bytes text, bool *v)
{
	static const struct {
		const char *text;
		bool v;
	} words[] = { { "true", true }, { "false", false }, { "yes", true },
		      { "no", false },	{ "on", true },	    { "off", false } };
	for (size_t i = 0; i < NELEM(words); i++) {
		if (!bytes_eq(text, bytes_str(words[i].text)))
			continue;
		*v = words[i].v;
		return true;
	}
	return false;
}

/* Pairs of hex digits, with or without colons or dashes between them. */
static bool
parse_hex(struct bytes text, uint8_t *to, size_t max, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < text.n;) {
		if (*n && (text.p[i] == ':' || text.p[i] == '-'))
			i++;
		if (text.n - i < 2 || *n == max)
			return false;
		int high = hex_digit(text.p[i]), low = hex_digit(text.p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[(*n)++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return *n > 0;
}

static bool
is_name(struct bytes text, size_t max)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == ']')
			return false;
	}
	return text.n > 0 && text.n <= max;
}

const char *
conf_expected(const struct conf_node *n)
{
	switch (n->kind) {
	case K_MAP: return "a mapping (key: value)";
	case K_LIST: return "a list of mappings";
	case K_NAME: return "a name of printable ASCII without blank, quote, = and ]";
	case K_TEXT: return "a text";
	case K_BOOL: return "true or false";
	case K_ZONE: return "an offset from UTC, like +01:00, -05:30 or Z";
	case K_ADDR:
	case K_ADDRS: return "an IPv4 or IPv6 address";
	case K_MAC:
	case K_MACS: return "the MAC address of one station, like 00:11:22:aa:bb:cc";
	case K_TEXTS: return "a list of texts";
	case K_PREFIXES: return "a network, like 10.16.40.0/24 or fd00::/64";
	case K_DUIDS: return "a DUID in hex, 3 to 130 bytes";
	case K_HASHES: return "a SHA-256 in hex, 32 bytes";
	case K_PAIRS: return "a list of lists of two addresses";
	case K_WHEN: return "a date and time, like 2026-12-24T00:00:00Z";
	case K_PROTO: return "a protocol of --list-fields, like dhcpv4";
	case K_WHERE: return "a list of predicates, each like [dhcpv4.routers, not-in, [10.1.0.1]]";
	default: return "a value";
	}
}

/* An item of a list of scalars. */
static const char *
add_scalar(struct conf *c, const struct conf_node *n, void *base, struct bytes text)
{
	union {
		struct addr addr;
		struct mac mac;
		struct prefix prefix;
		struct bytes bytes;
	} v;
	uint8_t raw[DUID_BYTES_MAX];
	size_t len = 0;
	bool ok = false;
	memset(&v, 0, sizeof(v));
	switch (n->kind) {
	case K_TEXTS: ok = text.n > 0 && text.n <= n->max && copy_text(c, text, &v.bytes); break;
	case K_ADDRS: ok = addr_parse(text, &v.addr); break;
	case K_MACS: ok = mac_parse(text, &v.mac) && !mac_group(v.mac) && !mac_zero(v.mac); break;
	case K_PREFIXES: ok = prefix_parse(text, &v.prefix); break;
	case K_DUIDS: ok = parse_hex(text, raw, DUID_BYTES_MAX, &len) && len >= 3; break;
	case K_HASHES: ok = parse_hex(text, raw, SHA256_BYTES, &len) && len == SHA256_BYTES; break;
	default: break;
	}
	if (ok && len)
		ok = copy_text(c, bytes_of(raw, len), &v.bytes);
	void *item = ok ? conf_append(c, n, base) : NULL;
	if (item == NULL)
		return conf_expected(n);
	memcpy(item, &v, n->item);
	return NULL;
}

static const char *
set_number(const struct conf_node *n, char *at, struct bytes text)
{
	uint64_t v;
	bool ok = n->kind == K_TIME ? parse_time(text, &v) : parse_number(text, &v);
	if (!ok || v < n->min || v > n->max)
		return n->kind == K_TIME ? "a time within the bounds, like 90s, 30m or 2h"
					 : "a whole number within the bounds";
	ts_t t = (ts_t)v * TS_SEC;
	uint32_t small = (uint32_t)v;
	if (n->kind == K_TIME)
		memcpy(at, &t, sizeof(t));
	else
		memcpy(at, &small, sizeof(small));
	return NULL;
}

static const char *
set_enum(const struct conf_node *n, char *at, struct bytes text)
{
	for (const struct name *e = n->names; e->text; e++) {
		if (!bytes_eq(text, bytes_str(e->text)))
			continue;
		*(uint8_t *)at = (uint8_t)e->value;
		return NULL;
	}
	return "one of its words";
}

static const char *
set_proto(char *at, struct bytes text)
{
	for (size_t i = 0; dissectors[i]; i++)
		if (dissectors[i]->name && bytes_eq(bytes_str(dissectors[i]->name), text)) {
			*(const struct dissector **)(void *)at = dissectors[i];
			return NULL;
		}
	return "a protocol of --list-fields, like dhcpv4";
}

/* A value of a site rule: the predicate says of which type. */
const char *
conf_where_value(struct conf *c, struct where_pred *p, struct bytes text)
{
	static const struct conf_node values = { .off = offsetof(struct where_pred, v),
						 .off_n = offsetof(struct where_pred, nv),
						 .item = sizeof(struct where_value) };
	uint8_t *copy = conf_alloc(c, text.n + 1);
	struct where_value v;
	ts_t ts;
	if (copy == NULL)
		return "less memory taken by the configuration";
	if (text.n)
		memcpy(copy, text.p, text.n);
	if (text_time(text, &ts) != TEXT_TIME_OK)
		ts = TS_NONE;
	const char *wrong = where_value(p, copy, text.n, ts, &v);
	struct where_value *to = wrong ? NULL : conf_append(c, &values, p);
	if (to)
		*to = v;
	return wrong || to ? wrong : "less memory taken by the configuration";
}

const char *
conf_scalar(struct conf *c, const struct conf_node *n, void *base, struct bytes text)
{
	char *at = (char *)base + n->off;
	bool ok;
	switch (n->kind) {
	case K_NAME: ok = is_name(text, n->max) && copy_text(c, text, (struct bytes *)(void *)at); break;
	case K_TEXT:
		ok = text.n <= n->max && !memchr(text.p, 0, text.n) &&
		     copy_text(c, text, (struct bytes *)(void *)at);
		break;
	case K_WHEN:
		ok = text_time(text, (ts_t *)(void *)at) == TEXT_TIME_OK && *(ts_t *)(void *)at > 0;
		break;
	case K_BOOL: ok = parse_bool(text, (bool *)(void *)at); break;
	case K_ZONE: ok = parse_zone(text, (struct conf_zone *)(void *)at); break;
	case K_ADDR: ok = addr_parse(text, (struct addr *)(void *)at); break;
	case K_MAC: {
		struct mac m;
		ok = mac_parse(text, &m) && !mac_group(m) && !mac_zero(m);
		if (ok)
			memcpy(at, &m, sizeof(m));
		break;
	}
	case K_U32:
	case K_TIME: return set_number(n, at, text);
	case K_ENUM: return set_enum(n, at, text);
	case K_PROTO: return set_proto(at, text);
	case K_MAP:
	case K_LIST:
	case K_WHERE:
	case K_PAIRS: return conf_expected(n);
	default: return add_scalar(c, n, base, text);
	}
	return ok ? NULL : conf_expected(n);
}
