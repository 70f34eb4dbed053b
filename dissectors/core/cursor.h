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

/* The contracts of this file and of out.h and table.h are ACSL; tests/proof proves them with Frama-C for any input.
 * A sound cursor stays so through every call: it lies within its view, and all of the view may be read. */
/*@ predicate cur_sound(struct cursor c) = c.off <= c.len && c.why <= CUR_BAD &&
      (c.base == \null ? c.len == 0 : \valid_read(c.base + (0 .. c.len - 1)));
    predicate inside(struct bytes b, struct cursor c) = b.p == \null ||
      (b.p == c.base + c.off && b.n <= c.len - c.off); */

/* A cursor over captured bytes of which the wire held `wire_len`; views over 4 GiB are clipped. */
/*@ requires view_ok(b);
    assigns \nothing;
    ensures cur_sound(\result) && \result.off == 0 && \result.why == CUR_OK; */
static inline struct cursor
cur_init(struct bytes b, size_t wire_len)
{
	uint32_t len = b.n > UINT32_MAX ? UINT32_MAX : (uint32_t)b.n;
	return (struct cursor){ .base = b.p, .len = len, .cut = wire_len > len };
}

/*@ requires \valid(c) && cur_sound(*c) && why <= CUR_BAD;
    assigns c->why;
    ensures cur_sound(*c); */
static inline void
cur_fail(struct cursor *c, enum cur_why why)
{
	if (c->why == CUR_OK)
		c->why = (uint8_t)why;
}

/*@ requires \valid_read(c) && cur_sound(*c);
    assigns \nothing;
    ensures (\result != 0) <==> c->why == CUR_OK; */
static inline bool
cur_ok(const struct cursor *c)
{
	return c->why == CUR_OK;
}

/*@ requires \valid_read(c) && cur_sound(*c);
    assigns \nothing;
    ensures \result == (c->why == CUR_OK ? c->len - c->off : 0); */
static inline size_t
cur_left(const struct cursor *c)
{
	return c->why == CUR_OK ? c->len - c->off : 0;
}

/*@ requires \valid_read(c) && cur_sound(*c);
    assigns \nothing;
    ensures (\result != 0) <==> (c->why == CUR_OK && c->off < c->len); */
static inline bool
cur_more(const struct cursor *c)
{
	return cur_left(c) > 0;
}

/*@ requires \valid_read(c) && cur_sound(*c);
    assigns \nothing;
    ensures \result == c->off; */
static inline size_t
cur_off(const struct cursor *c)
{
	return c->off;
}

/* The verdict, asked once at the end. */
/*@ requires \valid_read(c) && cur_sound(*c);
    assigns \nothing;
    ensures \result == c->why; */
static inline enum cur_why
cur_end(const struct cursor *c)
{
	return (enum cur_why)c->why;
}

/* The one bounds check. */
/*@ requires \valid(c) && cur_sound(*c);
    assigns c->why;
    ensures cur_sound(*c) && (\old(c->why) != CUR_OK ==> c->why == \old(c->why));
    ensures (\result != 0) <==> c->why == CUR_OK;
    ensures (\result != 0) <==> (\old(c->why) == CUR_OK && n <= c->len - c->off); */
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

/*@ requires \valid(c) && cur_sound(*c);
    assigns c->off, c->why;
    ensures cur_sound(*c) && view_ok(\result) && inside(\result, \old(*c));
    ensures c->off == \old(c->off) + \result.n;
    ensures \result.p == \null || \result.n == n;
    ensures \old(c->why) != CUR_OK ==> c->why == \old(c->why) && \result.p == \null;
    ensures n <= \old(c->len - c->off) ==> c->why == \old(c->why); */
static inline struct bytes
cur_take(struct cursor *c, size_t n)
{
	if (!cur_need(c, n) || c->base == NULL) /* absent views have no bytes, and NULL + 0 is undefined in C11 */
		return (struct bytes){ NULL, 0 };
	struct bytes b = bytes_of(c->base + c->off, n);
	c->off += (uint32_t)n;
	return b;
}

/*@ requires \valid(c) && cur_sound(*c);
    assigns c->off, c->why;
    ensures cur_sound(*c) && view_ok(\result) && inside(\result, \old(*c)); */
static inline struct bytes
cur_rest(struct cursor *c)
{
	return cur_take(c, cur_left(c));
}

/*@ requires \valid(c) && cur_sound(*c);
    assigns c->off, c->why;
    ensures cur_sound(*c) && c->off >= \old(c->off); */
static inline void
cur_skip(struct cursor *c, size_t n)
{
	(void)cur_take(c, n);
}

/* Copies n bytes; on failure `dst` is zeroed. */
/*@ requires \valid(c) && cur_sound(*c) && \valid((char *)dst) && \valid((char *)dst + (0 .. n - 1));
    requires \separated(c, (char *)dst + (0 .. n - 1));
    requires \separated(c->base + (0 .. c->len - 1), (char *)dst + (0 .. n - 1));
    assigns c->off, c->why, ((char *)dst)[0 .. n - 1];
    ensures cur_sound(*c); */
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

/*@ requires \valid(c) && cur_sound(*c);
    assigns c->off, c->why;
    ensures cur_sound(*c) && \old(c->off) <= c->off <= \old(c->off) + n; */
static inline uint64_t
cur_be(struct cursor *c, size_t n)
{
	struct bytes b = cur_take(c, n);
	uint64_t     v = 0;
	/*@ loop invariant 0 <= i <= b.n;
	    loop assigns i, v;
	    loop variant b.n - i; */
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

/*@ requires \valid(c) && cur_sound(*c); assigns c->off, c->why; ensures cur_sound(*c); */
static inline uint8_t  cur_u8(struct cursor *c)   { return (uint8_t)cur_be(c, 1); }
/*@ requires \valid(c) && cur_sound(*c); assigns c->off, c->why; ensures cur_sound(*c); */
static inline uint16_t cur_be16(struct cursor *c) { return (uint16_t)cur_be(c, 2); }
/*@ requires \valid(c) && cur_sound(*c); assigns c->off, c->why; ensures cur_sound(*c); */
static inline uint32_t cur_be24(struct cursor *c) { return (uint32_t)cur_be(c, 3); }
/*@ requires \valid(c) && cur_sound(*c); assigns c->off, c->why; ensures cur_sound(*c); */
static inline uint32_t cur_be32(struct cursor *c) { return (uint32_t)cur_be(c, 4); }
/*@ requires \valid(c) && cur_sound(*c); assigns c->off, c->why; ensures cur_sound(*c); */
static inline uint64_t cur_be64(struct cursor *c) { return cur_be(c, 8); }

/* Needs the bytes too: fails the cursor where they are missing. */
/*@ requires \valid(c) && cur_sound(*c);
    assigns c->why;
    ensures cur_sound(*c); */
static inline uint8_t
cur_peek_u8(struct cursor *c)
{
	return cur_need(c, 1) ? c->base[c->off] : 0;
}

/*@ requires \valid(c) && cur_sound(*c);
    assigns c->why;
    ensures cur_sound(*c); */
static inline uint16_t
cur_peek_be16(struct cursor *c)
{
	if (!cur_need(c, 2))
		return 0;
	return (uint16_t)(c->base[c->off] << 8 | c->base[c->off + 1]);
}

/* A child of exactly n bytes.  Where they are not there, parent and child fail alike. */
/*@ requires \valid(c) && cur_sound(*c);
    assigns c->off, c->why;
    ensures cur_sound(*c) && cur_sound(\result);
    ensures \result.base == \null || (\result.base == \old(c->base + c->off) && \result.len == n); */
static inline struct cursor
cur_sub(struct cursor *c, size_t n)
{
	struct bytes b = cur_take(c, n);
	if (b.p == NULL)
		return (struct cursor){ .why = c->why };
	return (struct cursor){ .base = b.p, .len = (uint32_t)b.n };
}

/*@ requires \valid(c) && cur_sound(*c); assigns c->off, c->why; ensures cur_sound(*c) && cur_sound(\result); */
static inline struct cursor cur_sub8(struct cursor *c)  { return cur_sub(c, cur_u8(c)); }
/*@ requires \valid(c) && cur_sound(*c); assigns c->off, c->why; ensures cur_sound(*c) && cur_sound(\result); */
static inline struct cursor cur_sub16(struct cursor *c) { return cur_sub(c, cur_be16(c)); }
/*@ requires \valid(c) && cur_sound(*c); assigns c->off, c->why; ensures cur_sound(*c) && cur_sound(\result); */
static inline struct cursor cur_sub24(struct cursor *c) { return cur_sub(c, cur_be24(c)); }

/* For layers: a child of n bytes or of what is left of them.  It counts as cut where the capture was; where the
 * packet promised more than the wire held, the child is short and reading on says CUR_BAD.  Never fails `c`. */
/*@ requires \valid(c) && cur_sound(*c);
    assigns c->off, c->why;
    ensures cur_sound(*c) && cur_sound(\result) && \result.len <= n && c->why == \old(c->why); */
static inline struct cursor
cur_clip(struct cursor *c, size_t n)
{
	bool	      all = n <= cur_left(c);
	struct bytes  b = cur_take(c, all ? n : cur_left(c));
	struct cursor sub = { .base = b.p, .len = (uint32_t)b.n, .cut = !all && c->cut, .why = c->why };
	return sub;
}

/* The same view, read again from offset `off` of its start; fails where that is not inside. */
/*@ requires \valid_read(c) && cur_sound(*c);
    assigns \nothing;
    ensures cur_sound(\result) && \result.base == c->base && \result.len == c->len; */
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
/*@ requires view_ok(b);
    assigns \nothing;
    ensures cur_sound(\result) && \result.off == 0; */
static inline struct cursor
cur_all(struct bytes b)
{
	return cur_init(b, b.n);
}

/* Little-endian reads for pcap and pcapng; `big` chooses the order the file announced. */
/*@ requires \valid(c) && cur_sound(*c);
    assigns c->off, c->why;
    ensures cur_sound(*c) && \old(c->off) <= c->off <= \old(c->off) + n; */
static inline uint64_t
cur_order(struct cursor *c, size_t n, bool big)
{
	struct bytes b = cur_take(c, n);
	uint64_t     v = 0;
	/*@ loop invariant 0 <= i <= b.n;
	    loop assigns i, v;
	    loop variant b.n - i; */
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[big ? i : b.n - 1 - i];
	return v;
}

#endif
