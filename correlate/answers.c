#include "answers.h"
#include "resolvers.h"
#include "snapshot.h"

enum { NAMES = 16384, STATIONS = 1024 };

struct name_key {
	uint64_t name;
	uint16_t seg;
};
struct station_key {
	uint16_t seg;
	struct mac mac;
};
struct station {
	uint64_t suffix[SUFFIXES];
	uint8_t n;
};
/* Names come again and again: those of the last moments are kept with the bytes that they were read from.  A name with
 * pointers in it, and a long one, is kept for the message in hand only. */
enum { SAID = 256, SAID_HERE = 4, SAID_RAW = 64 };
struct said {
	uint64_t hash;
	uint8_t raw[SAID_RAW];
	uint16_t nraw, n;	 /* nraw 0: free */
	char text[SAID_RAW * 4]; /* a byte is at most four characters of text */
};
struct said_here {
	uint64_t hash, message; /* message: e->observations of it */
	uint16_t at, n;
	char text[DNS_NAME_TEXT];
};
struct answers {
	struct table names, stations;
	struct said said[SAID];
	struct said_here here[SAID_HERE];
};

/* DNS-DIFF compares answers of the last 10 minutes. */
static const struct table_spec spec_names = { "answers", sizeof(struct name_key), sizeof(struct answer),
					      NAMES, 10 * TS_MIN };
static const struct table_spec spec_stations = { "answering stations", sizeof(struct station_key),
						 sizeof(struct station), STATIONS, TS_HOUR };

size_t
answers_bytes(const struct engine_conf *conf)
{
	(void)conf;
	return align16(sizeof(struct answers)) + align16(table_bytes(&spec_names)) +
	       align16(table_bytes(&spec_stations));
}

void
answers_open(struct engine *e, void *mem)
{
	char *p = mem;

	e->answers = mem;
	p += align16(sizeof(struct answers));
	table_open(&e->answers->names, &spec_names, p, e->key);
	p += align16(table_bytes(&spec_names));
	table_open(&e->answers->stations, &spec_stations, p, e->key);
}

struct answer *
answer_get(struct engine *e, const struct segment *s, uint64_t name)
{
	struct name_key k;

	memset(&k, 0, sizeof(k));
	k.name = name;
	k.seg = s->ix;
	return table_get(&e->answers->names, &k, e->now, NULL);
}

unsigned
answer_suffix(struct engine *e, const struct segment *s, struct mac m, struct bytes name)
{
	struct station_key k = { s->ix, m };
	struct station *st = table_get(&e->answers->stations, &k, e->now, NULL);
	size_t from = name.n;

	if (st == NULL)
		return 0;
	for (int dots = 0; from > 0; from--)
		if (name.p[from - 1] == '.' && ++dots == 2)
			break;
	uint64_t h = name_hash(bytes_of(name.p + from, name.n - from));
	for (size_t i = 0; i < st->n; i++)
		if (st->suffix[i] == h)
			return st->n;
	if (st->n < SUFFIXES)
		st->suffix[st->n++] = h;
	return st->n;
}

static struct said *
said_of(struct engine *e, struct bytes raw)
{
	uint64_t word, h = raw.n;
	size_t i = 0;

	for (; raw.n - i > HASH_WORD; i += HASH_WORD)
		h = mix64(h, hash_word(raw.p + i));
	bytes_copy(raw, raw.n < HASH_WORD ? 0 : raw.n - HASH_WORD, &word,
		   raw.n < HASH_WORD ? 0 : sizeof(word));
	return &e->answers->said[mix64(h, raw.n < HASH_WORD ? bytes_u8(raw, 1) : word) % SAID];
}

static bool
name_here(struct engine *e, const struct dns *d, uint16_t at, struct said_name *name)
{
	struct said_here *s = &e->answers->here[at % SAID_HERE];

	if (s->message != e->observations || s->at != at) {
		s->message = e->observations;
		s->at = at;
		s->n = (uint16_t)dns_name(d, at, s->text);
		s->hash = name_hash(bytes_of(s->text, s->n));
	}
	*name = (struct said_name){ bytes_of(s->text, s->n), s->hash };
	return s->n > 0;
}

bool
answer_name(struct engine *e, const struct dns *d, uint16_t at, struct said_name *name)
{
	struct bytes raw = dns_name_raw(d, at);

	if (raw.n == 0 || raw.n > SAID_RAW)
		return name_here(e, d, at, name);
	struct said *s = said_of(e, raw);
	if (s->nraw != raw.n || memcmp(s->raw, raw.p, raw.n) != 0) {
		if (!name_here(e, d, at, name))
			return false;
		s->nraw = (uint16_t)raw.n;
		memcpy(s->raw, raw.p, raw.n);
		s->n = (uint16_t)name->text.n;
		s->hash = name->hash;
		memcpy(s->text, name->text.p, s->n);
	}
	*name = (struct said_name){ bytes_of(s->text, s->n), s->hash };
	return true;
}

void
answers_learn(struct engine *e, const struct obs *o)
{
	if (o->kind != OBS_DHCP4 || o->u.dhcp4.op != 2)
		return;
	struct bytes dns = dhcp4_opt(&o->u.dhcp4, D4O_DNS);
	for (size_t i = 0; i + 4 <= dns.n && i < 32; i += 4)
		resolver_note(e, e->seg, addr_of(bytes_of(dns.p + i, 4)), o->outer.smac);
}

/* ---- what outlives a restart (snapshot.h) ---- */
/* clang-format off */
static const struct snap_field name_key_rows[] = {
	SNAP(struct name_key, name),
	SNAP_SEG(struct name_key, seg),
};
static const struct snap_rec name_key_rec = SNAP_REC(struct name_key, name_key_rows);
static const struct snap_field answer_rows[] = {
	SNAP_UPTO(struct answer, ngood, ANSWER_ADDRS),
	SNAP_SOME(struct answer, good, good[0], ngood),
	SNAP(struct answer, good_ts),
	SNAP(struct answer, asker),
	SNAP(struct answer, asker_addr),
	SNAP(struct answer, asked),
};
static const struct snap_rec answer_rec = SNAP_REC(struct answer, answer_rows);
static const struct snap_field station_key_rows[] = {
	SNAP_SEG(struct station_key, seg),
	SNAP(struct station_key, mac),
};
static const struct snap_rec station_key_rec = SNAP_REC(struct station_key, station_key_rows);
static const struct snap_field station_rows[] = {
	SNAP_UPTO(struct station, n, SUFFIXES),
	SNAP_SOME(struct station, suffix, suffix[0], n),
};
static const struct snap_rec station_rec = SNAP_REC(struct station, station_rows);

const struct snap_store snap_answers[] = {
	{ .name = "answers", .kind = SNAP_TABLE, .owner = offsetof(struct engine, answers), .member = offsetof(struct answers, names),
	  .key = &name_key_rec, .value = &answer_rec },
	{ .name = "answering stations", .kind = SNAP_TABLE, .owner = offsetof(struct engine, answers), .member = offsetof(struct answers, stations),
	  .key = &station_key_rec, .value = &station_rec },
	{ 0 },
};
/* clang-format on */
