/* The one way to read untrusted bytes.
 *
 * A cursor walks a view.  The first read that does not fit fails it for good: that read and all later ones give
 * zero or an empty view and move nothing, and cur_more() is false, so straight-line code and loops end by
 * themselves and ask once, with cur_end().  A failed cursor knows why: CUR_CUT (the capture's snap length ended
 * it) or CUR_BAD (the packet's own lengths lie).  Zero from a failed cursor may be a legal value: where a value
 * chooses a branch with an effect, ask cur_ok() beside it.
 *
 * Integers are read in network byte order and returned in host order; cur_le*() are for file formats.
 * A child (cur_sub*) is a promise the packet made: running off its end is CUR_BAD, and a child that does not fit
 * fails its parent too.  cur_clip() is the exception for layers: it gives what is there. */
#ifndef CROSSTAP_CURSOR_H
#define CROSSTAP_CURSOR_H

#include "bytes.h"

enum cur_why { CUR_OK, CUR_CUT, CUR_BAD };

struct cursor {
	const uint8_t *base;
	uint32_t       off, len; /* off <= len always */
	bool	       cut;	 /* the wire held more than base[len] */
	uint8_t	       why;	 /* enum cur_why */
};

/* A cursor over captured bytes of which the wire held `wire_len`; views over 4 GiB are clipped. */
static inline struct cursor
cur_init(struct bytes b, size_t wire_len)
{
	uint32_t len = b.n > UINT32_MAX ? UINT32_MAX : (uint32_t)b.n;
	return (struct cursor){ .base = b.p, .len = len, .cut = wire_len > len };
}

static inline void
cur_fail(struct cursor *c, enum cur_why why)
{
	if (c->why == CUR_OK)
		c->why = (uint8_t)why;
}

static inline bool
cur_ok(const struct cursor *c)
{
	return c->why == CUR_OK;
}

static inline size_t
cur_left(const struct cursor *c)
{
	return c->why == CUR_OK ? c->len - c->off : 0;
}

static inline bool
cur_more(const struct cursor *c)
{
	return cur_left(c) > 0;
}

static inline size_t
cur_off(const struct cursor *c)
{
	return c->off;
}

/* The verdict, asked once at the end. */
static inline enum cur_why
cur_end(const struct cursor *c)
{
	return (enum cur_why)c->why;
}

/* The one bounds check. */
static inline bool
cur_need(struct cursor *c, size_t n)
{
	if (c->why != CUR_OK)
		return false;
	if (n > c->len - c->off) {
		c->why = c->cut ? CUR_CUT : CUR_BAD;
		return false;
	}
	return true;
}

static inline struct bytes
cur_take(struct cursor *c, size_t n)
{
	if (!cur_need(c, n) || c->base == NULL) /* absent views have no bytes, and NULL + 0 is undefined in C11 */
		return (struct bytes){ NULL, 0 };
	struct bytes b = bytes_of(c->base + c->off, n);
	c->off += (uint32_t)n;
	return b;
}

static inline struct bytes
cur_rest(struct cursor *c)
{
	return cur_take(c, cur_left(c));
}

static inline void
cur_skip(struct cursor *c, size_t n)
{
	(void)cur_take(c, n);
}

/* Copies n bytes; on failure `dst` is zeroed. */
static inline bool
cur_copy(struct cursor *c, void *dst, size_t n)
{
	struct bytes b = cur_take(c, n);
	if (b.p == NULL)
		memset(dst, 0, n);
	else if (n)
		memcpy(dst, b.p, n);
	return b.p != NULL;
}

static inline uint64_t
cur_be(struct cursor *c, size_t n)
{
	struct bytes b = cur_take(c, n);
	uint64_t     v = 0;
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

static inline uint8_t  cur_u8(struct cursor *c)   { return (uint8_t)cur_be(c, 1); }
static inline uint16_t cur_be16(struct cursor *c) { return (uint16_t)cur_be(c, 2); }
static inline uint32_t cur_be24(struct cursor *c) { return (uint32_t)cur_be(c, 3); }
static inline uint32_t cur_be32(struct cursor *c) { return (uint32_t)cur_be(c, 4); }
static inline uint64_t cur_be64(struct cursor *c) { return cur_be(c, 8); }

/* Needs the bytes too: fails the cursor where they are missing. */
static inline uint8_t
cur_peek_u8(struct cursor *c)
{
	return cur_need(c, 1) ? c->base[c->off] : 0;
}

static inline uint16_t
cur_peek_be16(struct cursor *c)
{
	if (!cur_need(c, 2))
		return 0;
	return (uint16_t)(c->base[c->off] << 8 | c->base[c->off + 1]);
}

/* A child of exactly n bytes.  Where they are not there, parent and child fail alike. */
static inline struct cursor
cur_sub(struct cursor *c, size_t n)
{
	struct bytes b = cur_take(c, n);
	if (b.p == NULL)
		return (struct cursor){ .why = c->why };
	return (struct cursor){ .base = b.p, .len = (uint32_t)b.n };
}

static inline struct cursor cur_sub8(struct cursor *c)  { return cur_sub(c, cur_u8(c)); }
static inline struct cursor cur_sub16(struct cursor *c) { return cur_sub(c, cur_be16(c)); }
static inline struct cursor cur_sub24(struct cursor *c) { return cur_sub(c, cur_be24(c)); }

/* For layers: a child of n bytes or of what is left of them.  It counts as cut where the capture was; where the
 * packet promised more than the wire held, the child is short and reading on says CUR_BAD.  Never fails `c`. */
static inline struct cursor
cur_clip(struct cursor *c, size_t n)
{
	bool	      all = n <= cur_left(c);
	struct bytes  b = cur_take(c, all ? n : cur_left(c));
	struct cursor sub = { .base = b.p, .len = (uint32_t)b.n, .cut = !all && c->cut, .why = c->why };
	return sub;
}

/* The same view, read again from offset `off` of its start; fails where that is not inside. */
static inline struct cursor
cur_at(const struct cursor *c, size_t off)
{
	struct cursor at = *c;
	at.why = CUR_OK;
	at.off = 0;
	cur_skip(&at, off);
	return at;
}

/* A cursor over a whole view that was fully captured. */
static inline struct cursor
cur_all(struct bytes b)
{
	return cur_init(b, b.n);
}

/* Little-endian reads for pcap and pcapng; `big` chooses the order the file announced. */
static inline uint64_t
cur_order(struct cursor *c, size_t n, bool big)
{
	struct bytes b = cur_take(c, n);
	uint64_t     v = 0;
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[big ? i : b.n - 1 - i];
	return v;
}

#endif
