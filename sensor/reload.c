#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "run.h"
#include "snapshot.h"

enum { SLACK = 1 << 20 };

size_t
conf_given(struct conf *c, const struct opts *o, conf_say *say, void *arg)
{
	size_t problems = 0;
	for (size_t i = 0; i < o->nconf; i++)
		problems += conf_file(c, o->conf[i], say, arg);
	for (size_t i = 0; i < o->nset; i++)
		problems += conf_set(c, o->set[i], say, arg);
	return problems + conf_check(c, say, arg);
}

static void
tell(void *arg, const char *problem)
{
	(void)arg;
	log_say("%s", problem);
}

struct conf *
reload_read(const struct opts *o)
{
	struct conf *c = malloc(sizeof(*c));
	if (c == NULL || !conf_init(c)) {
		free(c);
		log_say("reload: out of memory; the configuration of before stays");
		return NULL;
	}
	size_t problems = conf_given(c, o, tell, NULL);
	if (problems == 0)
		return c;
	log_say("reload: %zu problem%s; the configuration of before stays", problems,
		problems == 1 ? "" : "s");
	reload_free(c);
	return NULL;
}

void
reload_free(struct conf *c)
{
	if (c == NULL)
		return;
	conf_free(c);
	free(c);
}

/* ---- is it good? ---- */
struct first {
	char *text;
	size_t cap;
};

static void
keep_first(void *arg, const char *problem)
{
	struct first *f = arg;
	size_t n = strlen(problem);
	if (f->text[0])
		return;
	n = n < f->cap - 1 ? n : f->cap - 1;
	memcpy(f->text, problem, n);
	f->text[n] = 0;
}

bool
reload_check(const struct opts *o, char *first, size_t cap)
{
	struct first f = { first, cap };
	struct conf c;
	first[0] = 0;
	if (!conf_init(&c)) {
		keep_first(&f, "out of memory");
		return false;
	}
	bool good = conf_given(&c, o, keep_first, &f) == 0;
	conf_free(&c);
	return good;
}

/* ---- what differs ---- */
static void
differs(void *arg, const char *key, enum conf_change change)
{
	static const char *const how[] = {
		[CHANGE_RELOAD] = "changed",
		[CHANGE_EDGE] = "changed: the feed, control and metrics sockets are opened anew",
		[CHANGE_START] = "changed, but counts only from the next start of the sensor",
	};
	struct reload_change *c = arg;
	c->any |= change != CHANGE_START;
	c->edge |= change == CHANGE_EDGE;
	log_say("reload: %s: %s", key, how[change]);
}

struct reload_change
reload_compare(const struct conf *now, const struct conf *next)
{
	struct reload_change c = { 0 };
	conf_diff(now, next, differs, &c);
	return c;
}

/* ---- the engine ---- */
struct bytes_kept {
	uint8_t *p;
	size_t n, cap;
};

static bool
keep(void *arg, struct bytes b)
{
	struct bytes_kept *k = arg;
	if (k->cap - k->n < b.n) {
		size_t cap = 2 * k->cap + b.n + SLACK;
		uint8_t *p = realloc(k->p, cap);
		if (p == NULL)
			return false;
		k->p = p;
		k->cap = cap;
	}
	memcpy(k->p + k->n, b.p, b.n);
	k->n += b.n;
	return true;
}

struct engine *
reload_engine(struct engine *now, const struct engine_conf *c, void **mem, engine_emit *emit, void *arg)
{
	struct bytes_kept k = { 0 };
	struct snapshot_said said = { .wrong = "out of memory" };
	struct engine *e = NULL;
	*mem = NULL;
	if (snapshot_begin(now, keep, &k) && snapshot_finish(now, keep, &k))
		*mem = run_alloc(engine_bytes(c));
	if (*mem)
		e = engine_open(c, *mem, run_random_key(), emit, arg);
	/* no packet is missing between the two, however long it was since the last */
	if (e && snapshot_load(e, bytes_of(k.p, k.n), INT64_MAX, &said)) {
		engine_same_captures(e, now);
		free(k.p);
		return e;
	}
	log_say("reload: what is known does not fit the new configuration (%s); the one of before stays",
		said.wrong);
	free(k.p);
	free(*mem);
	*mem = NULL;
	return NULL;
}
