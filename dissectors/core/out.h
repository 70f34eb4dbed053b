/* The one way to write bytes: a fixed buffer that fails sticky, the mirror of cursor.h.
 * Nothing is written past `cap`; the first write that does not fit sets `full` and writes nothing, and so do all
 * later ones.  Callers ask out_ok() once.  No allocation, no locale. */
#ifndef CROSSTAP_OUT_H
#define CROSSTAP_OUT_H

#include "addr.h"
#include "bytes.h"
#include "time.h"

struct out {
	char  *p;
	size_t cap, n;
	bool   full;
};

/* ACSL, as in cursor.h.  A sound writer stays so through every call: what it wrote lies in its buffer, all of which may
 * be written and holds neither the writer nor what is put into it. */
/*@ predicate out_sound(struct out *o) = \valid(o) && o->n <= o->cap && \valid(o->p + (0 .. o->cap - 1)) &&
      \separated(o, o->p + (0 .. o->cap - 1));
    predicate out_apart(struct out *o, char *p, integer n) =
      \separated(o->p + (0 .. o->cap - 1), p + (0 .. n - 1));
    predicate out_apart_of(struct out *o, struct bytes b) = view_ok(b) && out_apart(o, (char *)b.p, b.n);
    predicate out_grew{Old,New}(struct out *o) = \at(o->n, Old) <= \at(o->n, New) <= \at(o->cap, Old) &&
      (\at(o->full, Old) != 0 ==> \at(o->full, New) != 0 && \at(o->n, New) == \at(o->n, Old)); */

/*@ assigns \nothing;
    ensures \result.p == (char *)p && \result.cap == cap && \result.n == 0 && \result.full == 0; */
static inline struct out out_init(void *p, size_t cap) { return (struct out){ .p = p, .cap = cap }; }
/*@ requires \valid_read(o); assigns \nothing; ensures (\result != 0) <==> o->full == 0; */
static inline bool	 out_ok(const struct out *o) { return !o->full; }
/*@ requires out_sound(o); assigns \nothing;
    ensures \result.p == (uint8_t *)o->p && \result.n == o->n; */
static inline struct bytes out_bytes(const struct out *o) { return bytes_of(o->p, o->n); }

/* Here, so that a piece whose length the compiler knows costs a comparison and a store. */
/*@ requires out_sound(o) && \valid_read((char *)p + (0 .. n - 1)) && out_apart(o, (char *)p, n);
    assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o);
    ensures o->full == 0 ==> o->n == \old(o->n) + n;
    ensures o->full != 0 ==> o->n == \old(o->n);
    ensures \old(o->full) == 0 && n <= \old(o->cap - o->n) ==> o->full == 0; */
static inline void
out_put(struct out *o, const void *p, size_t n)
{
	if (o->full || n > o->cap - o->n) {
		o->full = true;
		return;
	}
	if (n)
		memcpy(o->p + o->n, p, n);
	o->n += n;
}
/*@ requires out_sound(o);
    assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o);
    ensures \old(o->full) == 0 && 1 <= \old(o->cap - o->n) ==> o->full == 0 && o->n == \old(o->n) + 1; */
static inline void out_chr(struct out *o, char c) { out_put(o, &c, 1); }
/*@ requires out_sound(o) && out_apart_of(o, b);
    assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
static inline void out_view(struct out *o, struct bytes b) { out_put(o, b.p, b.n); }
/*@ requires out_sound(o) && (s == \null || (valid_read_string(s) && out_apart(o, s, strlen(s) + 1)));
    assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
static inline void out_str(struct out *o, const char *s) { out_view(o, bytes_str(s)); }
/*@ requires out_sound(o); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_u64(struct out *o, uint64_t);
/*@ requires out_sound(o); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_i64(struct out *o, int64_t);
/*@ requires out_sound(o) && out_apart_of(o, b); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_hex(struct out *o, struct bytes b);		     /* lower case, no separators */
/*@ requires out_sound(o); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_hexn(struct out *o, uint64_t v, unsigned digits);    /* zero padded, no prefix */
/*@ requires out_sound(o); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_be(struct out *o, uint64_t v, unsigned nbytes);	     /* binary, network order */
/*@ requires out_sound(o); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_mac(struct out *o, struct mac);			     /* 00:11:22:aa:bb:cc */
/*@ requires out_sound(o); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_addr(struct out *o, struct addr);		     /* RFC 5952; absent writes nothing */
/*@ requires out_sound(o); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_ts(struct out *o, ts_t, unsigned fraction_digits);   /* 2026-11-20T22:47:25.562071Z */
/* Text inside JSON quotes, quotes not included: escapes ", \, controls; each byte that is not UTF-8 (and each byte
 * of a surrogate or overlong form) becomes U+FFFD. */
/*@ requires out_sound(o) && out_apart_of(o, b); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_json_text(struct out *o, struct bytes b);
/*@ requires out_sound(o) && out_apart_of(o, b); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_json_str(struct out *o, struct bytes b);		     /* the same with quotes */
/* A value of an RFC 5424 SD-PARAM with quotes: escapes ", \ and ], invalid UTF-8 as above, controls as a blank. */
/*@ requires out_sound(o) && out_apart_of(o, b); assigns o->n, o->full, o->p[o->n .. o->cap - 1];
    ensures out_sound(o) && out_grew{Pre,Post}(o); */
void out_sd_value(struct out *o, struct bytes b);

#endif
