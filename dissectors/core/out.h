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

static inline struct out out_init(void *p, size_t cap) { return (struct out){ .p = p, .cap = cap }; }
static inline bool	 out_ok(const struct out *o) { return !o->full; }
static inline struct bytes out_bytes(const struct out *o) { return bytes_of(o->p, o->n); }

/* Here, so that a piece whose length the compiler knows costs a comparison and a store. */
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
static inline void out_chr(struct out *o, char c) { out_put(o, &c, 1); }
static inline void out_view(struct out *o, struct bytes b) { out_put(o, b.p, b.n); }
static inline void out_str(struct out *o, const char *s) { out_view(o, bytes_str(s)); }
void out_u64(struct out *, uint64_t);
void out_i64(struct out *, int64_t);
void out_hex(struct out *, struct bytes);		     /* lower case, no separators */
void out_hexn(struct out *, uint64_t v, unsigned digits);    /* zero padded, no prefix */
void out_be(struct out *, uint64_t v, unsigned nbytes);	     /* binary, network order */
void out_mac(struct out *, struct mac);			     /* 00:11:22:aa:bb:cc */
void out_addr(struct out *, struct addr);		     /* RFC 5952; absent writes nothing */
void out_ts(struct out *, ts_t, unsigned fraction_digits);   /* 2026-11-20T22:47:25.562071Z */
/* Text inside JSON quotes, quotes not included: escapes ", \, controls; each byte that is not UTF-8 (and each byte
 * of a surrogate or overlong form) becomes U+FFFD. */
void out_json_text(struct out *, struct bytes);
void out_json_str(struct out *, struct bytes);		     /* the same with quotes */
/* A value of an RFC 5424 SD-PARAM with quotes: escapes ", \ and ], invalid UTF-8 as above, controls as a blank. */
void out_sd_value(struct out *, struct bytes);

#endif
