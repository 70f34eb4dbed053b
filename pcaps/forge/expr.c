/* Byte expressions: terms joined by `+`, functions that wrap their last argument in a header or a length.  Scripts are
 * written by people who trust the tool, so a mistake ends the program with the line it is on. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"

enum { ARGS_MAX = 8, DEPTH_MAX = 64 };

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n > BUF_MAX - b->n)
		die("more bytes than a packet holds", "");
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
buf_be(struct buf *b, uint64_t v, int bytes)
{
	uint8_t raw[8];
	for (int i = 0; i < bytes; i++)
		raw[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	buf_put(b, raw, (size_t)bytes);
}

uint64_t
expr_num(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 0);
	if (end == text || *end != '\0')
		die("no number", text);
	return v;
}

static bool
is_mac(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)strtoul((const char[]){ text[0], text[1], '\0' }, NULL, 16);
	}
	return true;
}

void
expr_mac(const char *text, uint8_t mac[6])
{
	if (!is_mac(text, mac))
		die("no MAC", text);
}

bool
expr_ip(const char *text, uint8_t ip[16], size_t *n)
{
	*n = 4;
	if (inet_pton(AF_INET, text, ip) == 1)
		return true;
	*n = 16;
	return inet_pton(AF_INET6, text, ip) == 1;
}

static void
hex(struct buf *b, const char *text)
{
	for (; *text; text += 2) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			die("no hex", text);
		buf_be(b, strtoul((const char[]){ text[0], text[1], '\0' }, NULL, 16), 1);
	}
}

/* RFC 1035 3.1: labels with their lengths. */
static void
labels(struct buf *b, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, ".");
		buf_be(b, n, 1);
		buf_put(b, text, n);
		text += n + (text[n] == '.');
	}
}

/* RFC 1001 14.1: 15 characters and a suffix, each nibble a letter from A on. */
static void
netbios(struct buf *b, const char *name, uint64_t suffix)
{
	uint8_t raw[16];
	for (size_t i = 0; i < 15; i++)
		raw[i] = *name ? (uint8_t)*name++ : ' ';
	raw[15] = (uint8_t)suffix;
	buf_be(b, 32, 1);
	for (int i = 0; i < 16; i++) {
		buf_be(b, 'A' + (raw[i] >> 4), 1);
		buf_be(b, 'A' + (raw[i] & 15), 1);
	}
	buf_be(b, 0, 1);
}

/* RFC 3396 5: a value over 255 bytes is written as several options of the same code. */
static void
option4(struct buf *b, uint64_t code, const struct buf *v)
{
	size_t off = 0;
	do {
		size_t n = v->n - off > 255 ? 255 : v->n - off;
		buf_be(b, code, 1);
		buf_be(b, n, 1);
		buf_put(b, v->p + off, n);
		off += n;
	} while (off < v->n);
}

/* RFC 4861 4.6: length in units of 8 bytes, zeros to fill. */
static void
option_nd(struct buf *b, uint64_t type, const struct buf *v)
{
	size_t units = (2 + v->n + 7) / 8;
	buf_be(b, type, 1);
	buf_be(b, units, 1);
	buf_put(b, v->p, v->n);
	for (size_t i = 2 + v->n; i < units * 8; i++)
		buf_be(b, 0, 1);
}

static void
prefixed(struct buf *b, const struct buf *v, int length_bytes)
{
	buf_be(b, v->n, length_bytes);
	buf_put(b, v->p, v->n);
}

static void eval(struct buf *b, const char *text, int depth);

enum fn {
	F_O4,
	F_O6,
	F_ND,
	F_LV8,
	F_LV16,
	F_REP,
	F_NETBIOS,
	F_QUESTION,
	F_RR,
	F_DNS,
	F_M6,
	F_RELAY6,
	F_RA,
	F_SLICE
};
static const struct {
	const char *name;
	enum fn fn;
	int args;
} functions[] = {
	{ "o4", F_O4, 2 },     { "o6", F_O6, 2 },	{ "nd", F_ND, 2 },	{ "lv8", F_LV8, 1 },
	{ "lv16", F_LV16, 1 }, { "rep", F_REP, 2 },	{ "nb", F_NETBIOS, 2 }, { "q", F_QUESTION, 2 },
	{ "rr", F_RR, 4 },     { "dns", F_DNS, 7 },	{ "m6", F_M6, 3 },	{ "relay6", F_RELAY6, 5 },
	{ "ra", F_RA, 5 },     { "slice", F_SLICE, 3 },
};

/* Numbers in `arg` are headers, `v` is the last argument, evaluated. */
static void
call(struct buf *b, enum fn fn, char **arg, const struct buf *v, int depth)
{
	switch (fn) {
	case F_O4: option4(b, expr_num(arg[0]), v); break;
	case F_O6:
		buf_be(b, expr_num(arg[0]), 2);
		prefixed(b, v, 2);
		break;
	case F_ND: option_nd(b, expr_num(arg[0]), v); break;
	case F_LV8: prefixed(b, v, 1); break;
	case F_LV16: prefixed(b, v, 2); break;
	case F_REP:
		for (uint64_t i = expr_num(arg[0]); i > 0; i--)
			buf_put(b, v->p, v->n);
		break;
	case F_NETBIOS: netbios(b, arg[0], expr_num(arg[1])); break;
	case F_QUESTION: /* name, type: class IN */
		eval(b, arg[0], depth);
		buf_be(b, expr_num(arg[1]), 2);
		buf_be(b, 1, 2);
		break;
	case F_RR: /* name, type, ttl, rdata: class IN */
		eval(b, arg[0], depth);
		buf_be(b, expr_num(arg[1]), 2);
		buf_be(b, 1, 2);
		buf_be(b, expr_num(arg[2]), 4);
		prefixed(b, v, 2);
		break;
	case F_DNS: /* id, flags, four counts, sections; the same head serves NBNS */
		for (int i = 0; i < 6; i++)
			buf_be(b, expr_num(arg[i]), 2);
		buf_put(b, v->p, v->n);
		break;
	case F_M6: /* RFC 8415 8: type, transaction id, options */
		buf_be(b, expr_num(arg[0]), 1);
		buf_be(b, expr_num(arg[1]), 3);
		buf_put(b, v->p, v->n);
		break;
	case F_RELAY6: /* RFC 8415 9: type, hop count, link-address, peer-address, options */
		buf_be(b, expr_num(arg[0]), 1);
		buf_be(b, expr_num(arg[1]), 1);
		eval(b, arg[2], depth);
		eval(b, arg[3], depth);
		buf_put(b, v->p, v->n);
		break;
	case F_RA: /* RFC 4861 4.2: hop limit, flags, lifetime, reachable, retrans; options follow with + */
		buf_be(b, expr_num(arg[0]), 1);
		buf_be(b, expr_num(arg[1]), 1);
		buf_be(b, expr_num(arg[2]), 2);
		buf_be(b, expr_num(arg[3]), 4);
		buf_be(b, expr_num(arg[4]), 4);
		break;
	case F_SLICE: break; /* done by the caller: it needs the first argument's bytes */
	}
}

/* Splits at commas outside quotes and parentheses; `text` is changed. */
static int
split_args(char *text, char **arg)
{
	int n = 0, level = 0;
	bool quoted = false;
	arg[n++] = text;
	for (char *s = text; *s; s++) {
		quoted ^= *s == '"';
		level += quoted ? 0 : (*s == '(') - (*s == ')');
		if (*s == ',' && level == 0 && !quoted) {
			*s = '\0';
			if (n == ARGS_MAX)
				die("too many arguments", text);
			arg[n++] = s + 1;
		}
	}
	return n;
}

static void
function(struct buf *b, char *term, char *open, int depth)
{
	size_t len = strlen(term);
	if (term[len - 1] != ')')
		die("no closing parenthesis", term);
	term[len - 1] = '\0';
	*open = '\0';
	char *arg[ARGS_MAX];
	for (size_t i = 0; i < ARGS_MAX; i++)
		arg[i] = term + len - 1; /* empty */
	int n = split_args(open + 1, arg);
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		if (strcmp(functions[i].name, term) != 0)
			continue;
		enum fn fn = functions[i].fn;
		if (n != functions[i].args)
			die("wrong number of arguments", term);
		struct buf *v = calloc(1, sizeof *v);
		if (v == NULL)
			die("out of memory", "");
		if (fn != F_NETBIOS && fn != F_QUESTION && fn != F_RA)
			eval(v, arg[fn == F_SLICE ? 0 : n - 1], depth);
		call(b, fn, arg, v, depth);
		if (fn == F_SLICE) { /* bytes, offset, length */
			uint64_t off = expr_num(arg[1]), count = expr_num(arg[2]);
			if (off > v->n || count > v->n - off)
				die("slice outside", arg[0]);
			buf_put(b, v->p + off, count);
		}
		free(v);
		return;
	}
	die("no such function", term);
}

static const struct {
	const char *prefix;
	int bytes;
} widths[] = { { "u8:", 1 }, { "u16:", 2 }, { "u24:", 3 }, { "u32:", 4 }, { "u64:", 8 } };

static void
eval_term(struct buf *b, char *term, int depth)
{
	uint8_t ip[16];
	size_t n = strlen(term);
	char *open;
	if (term[0] == '"' && n > 1 && term[n - 1] == '"') {
		buf_put(b, term + 1, n - 2);
		return;
	}
	for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
		if (strncmp(term, widths[i].prefix, strlen(widths[i].prefix)) == 0) {
			buf_be(b, expr_num(term + strlen(widths[i].prefix)), widths[i].bytes);
			return;
		}
	if (strncmp(term, "hex:", 4) == 0)
		hex(b, term + 4);
	else if (strncmp(term, "name:", 5) == 0) {
		labels(b, term + 5);
		buf_be(b, 0, 1);
	} else if (strncmp(term, "labels:", 7) == 0)
		labels(b, term + 7);
	else if (strncmp(term, "ptr:", 4) == 0)
		buf_be(b, 0xc000 | expr_num(term + 4), 2);
	else if (is_mac(term, ip))
		buf_put(b, ip, 6);
	else if (expr_ip(term, ip, &n))
		buf_put(b, ip, n);
	else if ((open = strchr(term, '(')) != NULL)
		function(b, term, open, depth);
	else
		die("not understood", term);
}

static void
eval(struct buf *b, const char *text, int depth)
{
	if (depth > DEPTH_MAX)
		die("nested too deep", text);
	char *copy = strdup(text);
	if (copy == NULL)
		die("out of memory", "");
	int level = 0;
	bool quoted = false, end = false;
	char *start = copy;
	for (char *s = copy; !end; s++) {
		end = *s == '\0';
		quoted ^= *s == '"';
		level += quoted ? 0 : (*s == '(') - (*s == ')');
		if (!end && (*s != '+' || level != 0 || quoted))
			continue;
		*s = '\0';
		if (*start)
			eval_term(b, start, depth + 1);
		else if (!end)
			die("empty term", text);
		start = s + 1;
	}
	free(copy);
}

void
expr_eval(struct buf *b, const char *text)
{
	eval(b, text, 0);
}
