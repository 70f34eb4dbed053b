/* A view of bytes that somebody else owns.  `p == NULL` means absent; present and empty is p != NULL, n == 0. */
#ifndef CROSSTAP_BYTES_H
#define CROSSTAP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

struct bytes {
	const uint8_t *p;
	size_t	       n;
};

/* ACSL, as in cursor.h: a view is absent, or all of it may be read. */
/*@ predicate view_ok(struct bytes b) = b.p == \null ? b.n == 0 : \valid_read(b.p + (0 .. b.n - 1)); */

/*@ assigns \nothing;
    ensures \result.p == (uint8_t *)p && \result.n == n; */
static inline struct bytes
bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

/* The view of a C string, without its NUL; absent for NULL. */
/*@ requires s == \null || valid_read_string(s);
    assigns \nothing;
    ensures view_ok(\result); */
static inline struct bytes
bytes_str(const char *s)
{
	return s ? bytes_of(s, strlen(s)) : (struct bytes){ NULL, 0 };
}

/*@ requires view_ok(a) && view_ok(b);
    assigns \nothing; */
static inline bool
bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Fields of a header that was taken as a whole, zero where `off` is not inside: with a length that the compiler knows
 * these checks cost nothing. */
/*@ requires view_ok(b); assigns \nothing; */
static inline uint8_t
bytes_u8(struct bytes b, size_t off)
{
	return off < b.n ? b.p[off] : 0;
}

/*@ requires view_ok(b); assigns \nothing; */
static inline uint16_t
bytes_be16(struct bytes b, size_t off)
{
	if (off >= b.n || b.n - off < 2)
		return 0;
	return (uint16_t)(b.p[off] << 8 | b.p[off + 1]);
}

/*@ requires view_ok(b); assigns \nothing; */
static inline uint32_t
bytes_be32(struct bytes b, size_t off)
{
	return (uint32_t)bytes_be16(b, off) << 16 | bytes_be16(b, off + 2);
}

/*@ requires view_ok(b) && \valid((char *)dst) && \valid((char *)dst + (0 .. n - 1));
    requires \separated(b.p + (0 .. b.n - 1), (char *)dst + (0 .. n - 1));
    assigns ((char *)dst)[0 .. n - 1]; */
static inline void
bytes_copy(struct bytes b, size_t off, void *dst, size_t n)
{
	if (off < b.n && n <= b.n - off)
		memcpy(dst, b.p + off, n);
	else
		memset(dst, 0, n);
}

/* The value of a hex digit, -1 for what is none. */
/*@ assigns \nothing;
    ensures -1 <= \result <= 15; */
static inline int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A text ends at its first NUL, whatever its length field says. */
/*@ requires view_ok(b);
    assigns \nothing;
    ensures view_ok(\result); */
static inline struct bytes
bytes_text(struct bytes b)
{
	const void *nul = b.n ? memchr(b.p, 0, b.n) : NULL;
	return nul ? bytes_of(b.p, (size_t)((const uint8_t *)nul - b.p)) : b;
}

#endif
