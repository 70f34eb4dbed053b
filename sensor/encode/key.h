/* Keys and values of JSON records, for the encoders.  `key` is written as it stands: comma, quotes and colon included. */
#ifndef CROSSTAP_KEY_H
#define CROSSTAP_KEY_H

#include "addr.h"
#include "out.h"

enum { MICROSECONDS = 6 };

static inline void
key_text(struct out *o, const char *key, const char *v)
{
	out_str(o, key);
	if (v)
		out_json_str(o, bytes_str(v));
	else
		out_str(o, "null");
}

static inline void
key_number(struct out *o, const char *key, uint64_t v)
{
	out_str(o, key);
	out_u64(o, v);
}

static inline void
key_time(struct out *o, const char *key, ts_t ts)
{
	out_str(o, key);
	out_chr(o, '"');
	if (ts != TS_NONE)
		out_ts(o, ts, MICROSECONDS);
	out_chr(o, '"');
}

static inline void
key_mac(struct out *o, const char *key, struct mac m)
{
	out_str(o, key);
	out_chr(o, '"');
	out_mac(o, m);
	out_chr(o, '"');
}

static inline void
key_addr(struct out *o, const char *key, struct addr a)
{
	out_str(o, key);
	out_chr(o, '"');
	out_addr(o, a);
	out_chr(o, '"');
}

/* Parts of a text between separators, as an array of strings. */
static inline void
key_split(struct out *o, const char *key, const char *text, char separator)
{
	out_str(o, key);
	out_chr(o, '[');
	bool first = true;
	for (const char *p = text; p && *p;) {
		const char *end = strchr(p, separator);
		size_t n = end ? (size_t)(end - p) : strlen(p);
		if (n) {
			if (!first)
				out_chr(o, ',');
			out_json_str(o, bytes_of(p, n));
			first = false;
		}
		p += n + (end != NULL);
	}
	out_chr(o, ']');
}

static inline void
key_texts(struct out *o, const char *key, const char *const *text, size_t n)
{
	out_str(o, key);
	out_chr(o, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			out_chr(o, ',');
		out_json_str(o, bytes_str(text[i]));
	}
	out_chr(o, ']');
}

static inline void
key_addrs(struct out *o, const char *key, const struct addr *a, size_t n)
{
	out_str(o, key);
	out_chr(o, '[');
	for (size_t i = 0; i < n; i++)
		key_addr(o, i ? "," : "", a[i]);
	out_chr(o, ']');
}

static inline void
key_id(struct out *o, const char *key, uint64_t id)
{
	out_str(o, key);
	out_chr(o, '"');
	out_hexn(o, id, 16);
	out_chr(o, '"');
}

#endif
