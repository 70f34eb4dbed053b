#include "hostname.h"

#include "out.h"
#include "siphash.h"

enum { NAME_MAX_BYTES = 255, LABEL_MAX = 63 };

/* RFC 3492 5. */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

/* Code points whose small letter is a fixed step away: enough for the letters that names are typed in. */
static const struct {
	uint16_t from, to, step;
} capitals[] = {
	{ 'A', 'Z', 32 },     { 0xc0, 0xd6, 32 },   { 0xd8, 0xde, 32 },
	{ 0x391, 0x3a9, 32 }, { 0x410, 0x42f, 32 }, { 0x400, 0x40f, 80 },
};

static uint32_t
small(uint32_t c)
{
	for (size_t i = 0; i < NELEM(capitals); i++)
		if (c >= capitals[i].from && c <= capitals[i].to)
			return c + capitals[i].step;
	/* Latin Extended-A: pairs of a capital and its small letter */
	if ((c >= 0x100 && c <= 0x137 && c % 2 == 0) || (c >= 0x139 && c <= 0x148 && c % 2 == 1) ||
	    (c >= 0x14a && c <= 0x177 && c % 2 == 0))
		return c + 1;
	return c;
}

/* Code points of a label in UTF-8; 0: it is none, or has more than a label may. */
static size_t
points(struct bytes label, uint32_t cp[LABEL_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < label.n;) {
		uint8_t b = bytes_u8(label, i);
		size_t more = b < 0x80		      ? 0
			      : b >= 0xc2 && b < 0xe0 ? 1
			      : b >= 0xe0 && b < 0xf0 ? 2
			      : b >= 0xf0 && b < 0xf5 ? 3
						      : SIZE_MAX;
		if (more == SIZE_MAX || i + more >= label.n || n == LABEL_MAX)
			return 0;
		uint32_t c = more == 0 ? b : b & (0x3fu >> more);
		for (size_t k = 1; k <= more; k++) {
			uint8_t next = bytes_u8(label, i + k);
			if ((next & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (next & 0x3f);
		}
		cp[n++] = small(c);
		i += 1 + more;
	}
	return n;
}

/* RFC 3492 6.1. */
static uint32_t
adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	for (delta += delta / count; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

/* A number of variable length, RFC 3492 3.3. */
static void
integer(struct out *o, uint32_t q, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
		uint32_t d = q < t ? q : t + (q - t) % (BASE - t);
		out_chr(o, (char)(d < 26 ? 'a' + (int)d : '0' + (int)d - 26));
		if (q < t)
			return;
		q = (q - t) / (BASE - t);
	}
}

/* RFC 3492 6.3.  At most 63 code points below 2^21: 32 bits cannot overflow. */
static void
punycode(struct out *o, const uint32_t *cp, size_t n)
{
	uint32_t next = FIRST, delta = 0, bias = BIAS, done = 0, basic;

	out_str(o, "xn--");
	for (size_t i = 0; i < n; i++)
		if (cp[i] < FIRST) {
			out_chr(o, (char)cp[i]);
			done++;
		}
	basic = done;
	if (basic)
		out_chr(o, '-');
	while (done < n) {
		uint32_t least = UINT32_MAX;
		for (size_t i = 0; i < n; i++)
			if (cp[i] >= next && cp[i] < least)
				least = cp[i];
		delta += (least - next) * (done + 1);
		next = least;
		for (size_t i = 0; i < n; i++) {
			delta += cp[i] < next;
			if (cp[i] != next)
				continue;
			integer(o, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		next++;
	}
}

static void
label_put(struct out *o, struct bytes label)
{
	uint32_t cp[LABEL_MAX];
	bool ascii = true;

	for (size_t i = 0; i < label.n; i++)
		ascii = ascii && bytes_u8(label, i) < 0x80;
	size_t n = ascii ? 0 : points(label, cp);
	if (n) {
		punycode(o, cp, n);
		return;
	}
	for (size_t i = 0; i < label.n; i++) {
		uint8_t b = bytes_u8(label, i);
		out_chr(o, (char)(b >= 'A' && b <= 'Z' ? b | 0x20 : b));
	}
}

static struct bytes
trimmed(struct bytes text)
{
	text = bytes_text(text);
	while (text.n > 0 && (text.p[text.n - 1] == '.' || text.p[text.n - 1] == ' '))
		text.n--;
	if (text.n > 0 && text.p[text.n - 1] == '$')
		text.n--;
	return text;
}

static uint64_t
hash(const uint8_t *p, size_t n)
{
	static const struct sipkey fixed = { { 9, 1 } };
	uint64_t h = siphash(&fixed, p, n);
	return h ? h : 1;
}

bool
hostname_read(struct bytes text, struct hostname *h)
{
	uint8_t buf[2 * NAME_MAX_BYTES];
	struct out o = out_init(buf, sizeof(buf));
	size_t label = 0, from = 0, labels = 0;
	bool digits = true;

	memset(h, 0, sizeof(*h));
	text = trimmed(text);
	if (text.n == 0 || text.n > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && text.p[i] != '.')
			continue;
		label_put(&o, bytes_of(text.p + from, i - from));
		if (labels++ == 0)
			label = o.n;
		if (i < text.n)
			out_chr(&o, '.');
		from = i + 1;
	}
	for (size_t i = 0; i < label; i++)
		digits = digits && buf[i] >= '0' && buf[i] <= '9';
	if (digits || !out_ok(&o))
		return false;
	memcpy(h->head, buf, label < NETBIOS_NAME ? label : NETBIOS_NAME);
	h->label = hash(buf, label);
	h->full = labels > 1 ? hash(buf, o.n) : 0;
	h->longer = label > NETBIOS_NAME;
	return true;
}
