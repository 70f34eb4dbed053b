/* Small texts of host events as values: numbers, times, addresses.  Reads through cursors, keeps nothing. */
#ifndef CROSSTAP_TEXT_H
#define CROSSTAP_TEXT_H

#include "addr.h"
#include "bytes.h"
#include "cursor.h"
#include "time.h"

bool	     text_eq_nocase(struct bytes a, struct bytes b); /* ASCII letters */
bool	     text_starts_nocase(struct bytes text, const char *with);
struct bytes text_trim(struct bytes); /* without blanks, tabs and line ends at both ends */

bool text_u64(struct bytes, uint64_t *v); /* decimal digits only */
bool text_u32(struct bytes, uint32_t *v); /* decimal, 0x.., or negative (a signed 32-bit status) */
bool text_bool(struct bytes, bool *v);	  /* true, false, or a number */
bool text_hex(struct bytes, uint8_t *dst, size_t cap, size_t *n); /* hex digits in pairs; 0x in front is allowed */

enum text_time { TEXT_TIME_OK, TEXT_TIME_SYNTAX, TEXT_TIME_RANGE };
/* RFC 3339 section 5.6, also with a blank for T, a fraction of any length, an offset without colon; without an offset
 * it is UTC.  Years before 1970 and after 2261 are out of range: no Windows host means them. */
enum text_time text_time(struct bytes, ts_t *t);
/* The same where a missing offset means `zone` seconds east of UTC; *zoned: the text has one. */
enum text_time text_time_local(struct bytes, int32_t zone, ts_t *t, bool *zoned);
/* A date and time out of its parts; false where there is no such moment in the years above. */
struct text_date { unsigned year, month, day, hour, minute, second; };
bool text_date_ts(const struct text_date *, int32_t zone, ts_t *t);
/* "Wed Mar 11 10:14:22 2026", in English (asctime, C11 7.27.3.1); the day's name is not looked at. */
bool text_ctime(struct bytes, int32_t zone, ts_t *t);
/* "03/11/2026 10:14:22 AM": month first, as Splunk and the DHCP audit log write; two-digit years are 20xx; the AM or PM may
 * be missing.  Moves the cursor behind it; fails it where there is none. */
bool text_us_time(struct cursor *, int32_t zone, ts_t *t);

/* The whole text is one address; a zone (%12), brackets and a port are dropped. */
bool text_addr(struct bytes, struct addr *a);
/* The next address in free text or a list, each a word of its own; "::" is not looked for. */
bool text_addr_next(struct cursor *, struct addr *a);
/* An address as binary data in hex: 4 or 16 bytes, or a Windows sockaddr (family in memory order, AF_INET 2 or
 * AF_INET6 23), longer ones being sockaddr_storage. */
bool text_addr_hex(struct bytes, struct addr *a);
/* A u32 in memory order: the low byte is the first octet. */
struct addr text_addr_u32(uint32_t);

/* Passes one UTF-8 sequence (RFC 3629) and says how long it is; 0 where there is none: then one byte is passed. */
size_t text_utf8(struct cursor *, uint32_t *code_point);

#endif
