#include "skew.h"

static const int64_t SPREAD_MAX = 2 * TS_SEC;
/* A clock that is wrong by more tells no offset worth learning; it also keeps every sum below inside int64_t. */
static const int64_t PAIR_MAX = 400 * TS_DAY;

void
skew_learn(struct skew *s, ts_t event, ts_t packet)
{
	if (event < 0 || packet < 0 || event - packet > PAIR_MAX || packet - event > PAIR_MAX)
		return;
	s->pair[s->next] = event - packet;
	s->next = (uint8_t)((s->next + 1) % SKEW_PAIRS);
	if (s->n < SKEW_PAIRS)
		s->n++;
}

static void
sort(int64_t *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		int64_t x = v[i];
		unsigned k = i;
		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

bool
skew_offset(const struct skew *s, int64_t *offset)
{
	int64_t v[SKEW_PAIRS];
	unsigned n = s->n;
	*offset = 0;
	if (n < SKEW_MIN_PAIRS)
		return false;
	for (unsigned i = 0; i < n; i++)
		v[i] = s->pair[i];
	sort(v, n);
	int64_t median = n % 2 ? v[n / 2] : v[n / 2 - 1] + (v[n / 2] - v[n / 2 - 1]) / 2;
	for (unsigned i = 0; i < n; i++)
		v[i] = v[i] < median ? median - v[i] : v[i] - median;
	sort(v, n);
	if (v[(3 * n + 3) / 4 - 1] > SPREAD_MAX)
		return false;
	*offset = median;
	return true;
}
