#include "evidence.h"

#include <inttypes.h>
#include <stdlib.h>

#include "folder.h"
#include "frames.h"
#include "log.h"
#include "pcapng_put.h"
#include "version.h"

enum {
	FILE_MOST = 4 << 20,	 /* bytes of one incident's file */
	HEAD_ROOM = 2 * EVE_MAX, /* of it for all but packets */
	ITEMS = INC_LIST_MAX * INC_REFS_MAX,
	LINKS = 64, /* interfaces and link types in one file */
	COMMENT_MAX = 1024
};
static const char application[] = "crosstap " CROSSTAP_VERSION;

/* A frame of the record being written. */
struct item {
	struct frame f;
	uint64_t facts; /* bit i: of fact i */
};

struct evidence_files {
	const struct encode_env *env;
	struct engine *engine;
	struct frames *frames;
	struct folder *folder;
	const struct frame *now;
	bool put;   /* `now` is in the ring */
	ts_t began; /* of the earliest frame; facts from before it are an earlier run's */
	uint64_t gone;
	char path[FOLDER_PATH];
	struct item item[ITEMS];
	size_t n;
	char buf[FILE_MOST];
};
_Static_assert(INC_LIST_MAX <= 64, "a bit for each fact of a record");

static bool
stands(void *arg, uint64_t id, struct inc_ref ref)
{
	struct evidence_files *v = arg;
	return engine_lists(v->engine, id, ref);
}

static void
noted(void *arg, uint64_t id, struct inc_ref ref)
{
	struct evidence_files *v = arg;
	frames_keep(v->frames, id, ref);
}

struct evidence_files *
evidence_open(const struct conf *c, const struct encode_env *env)
{
	struct folder_conf f = { .path = (const char *)c->evidence_folder.p,
				 .suffix = ".pcapng",
				 .bytes = (uint64_t)c->evidence_mib << 20,
				 .age = c->evidence_age };
	struct evidence_files *v = calloc(1, sizeof(*v));
	if (v)
		v->frames = frames_new((size_t)c->evidence_memory_mib << 20, stands, v);
	if (v == NULL || v->frames == NULL)
		log_say("out of memory for frames: lower evidence.memory_mib");
	else if ((v->folder = folder_open(&f)) != NULL) {
		v->env = env;
		v->began = TS_NONE;
		return v;
	}
	evidence_free(v);
	return NULL;
}

void
evidence_free(struct evidence_files *v)
{
	if (v == NULL)
		return;
	frames_free(v->frames);
	folder_free(v->folder);
	free(v);
}

void
evidence_conf(struct evidence_files *v, struct engine_conf *c)
{
	if (v == NULL)
		return;
	c->noted = noted;
	c->noted_arg = v;
}

void
evidence_engine(struct evidence_files *v, struct engine *e)
{
	if (v)
		v->engine = e;
}

void
evidence_frame(struct evidence_files *v, const struct frame *f)
{
	if (v == NULL)
		return;
	v->now = f;
	v->put = false;
	if (v->began == TS_NONE || f->ts < v->began)
		v->began = f->ts;
}

void
evidence_obs(struct evidence_files *v, const struct obs *o)
{
	if (v == NULL || v->put || o->kind == OBS_FRAME || v->now == NULL)
		return;
	v->put = true;
	frames_put(v->frames, v->now);
}

/* ---- writing ---- */
static int
order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->f.ts != y->f.ts)
		return x->f.ts < y->f.ts ? -1 : 1;
	if (x->f.file != y->f.file)
		return x->f.file < y->f.file ? -1 : 1;
	return (x->f.number > y->f.number) - (x->f.number < y->f.number);
}

/* Frames of several facts stand there once. */
static void
merge(struct evidence_files *v)
{
	size_t n = 0;
	qsort(v->item, v->n, sizeof(v->item[0]), order);
	for (size_t i = 0; i < v->n; i++) {
		if (n && order(&v->item[n - 1], &v->item[i]) == 0)
			v->item[n - 1].facts |= v->item[i].facts;
		else
			v->item[n++] = v->item[i];
	}
	v->n = n;
}

/* The state does not hold where in a capture a packet stood: facts of an earlier run list nothing of it. */
static bool
is_earlier(const struct evidence_files *v, const struct inc_fact *f)
{
	return v->began == TS_NONE || f->first < v->began;
}

static bool
any_earlier(const struct evidence_files *v, const struct incident *r)
{
	for (uint32_t i = 0; i < r->nfact; i++)
		if (is_earlier(v, &r->fact[i]))
			return true;
	return false;
}

/* Frames that the fact had and this run does not know. */
static uint64_t
earlier(const struct evidence_files *v, const struct inc_fact *f)
{
	uint32_t had = f->count < INC_REFS_MAX ? f->count : INC_REFS_MAX;
	return is_earlier(v, f) && had > f->nref ? had - f->nref : 0;
}

/* The frames of the record that are still there, in the order of time, and as many as fit; how many are not. */
static uint64_t
collect(struct evidence_files *v, const struct incident *r)
{
	uint64_t gone = 0, bytes = HEAD_ROOM;
	size_t n = 0;
	v->n = 0;
	for (uint32_t i = 0; i < r->nfact; i++) {
		gone += earlier(v, &r->fact[i]);
		for (size_t k = 0; k < r->fact[i].nref; k++) {
			struct item *it = &v->item[v->n];
			/* a frame of that number that came later is another one: live numbers begin anew at a restart */
			if (frames_find(v->frames, r->fact[i].ref[k], &it->f) &&
			    it->f.ts <= r->fact[i].last) {
				it->facts = UINT64_C(1) << i;
				v->n++;
			} else
				gone++;
		}
	}
	merge(v);
	for (size_t i = 0; i < v->n; i++) {
		bytes += v->item[i].f.caplen + PCAPNG_PACKET_ROOM + COMMENT_MAX;
		if (bytes <= FILE_MOST)
			v->item[n++] = v->item[i];
		else
			gone++;
	}
	v->n = n;
	return gone;
}

/* "frame 412 of capture.pcap: D6-ROGUE, D6-ADDR" */
static void
comment(struct out *o, const struct encode_env *env, const struct incident *r, const struct item *it)
{
	bool first = true;
	out_str(o, "frame ");
	out_u64(o, it->f.number);
	if (env->file) {
		out_str(o, " of ");
		out_str(o, env->file(env->file_arg, it->f.file));
	}
	for (uint32_t i = 0; i < r->nfact; i++) {
		if ((it->facts >> i & 1) == 0)
			continue;
		out_str(o, first ? ": " : ", ");
		out_str(o, r->fact[i].id);
		first = false;
	}
}

static void
packets(struct evidence_files *v, struct out *o, const struct incident *r)
{
	struct {
		uint16_t iface, type;
	} link[LINKS];
	uint32_t links = 0;
	for (size_t i = 0; i < v->n; i++) {
		const struct frame *f = &v->item[i].f;
		char text[COMMENT_MAX];
		struct out t = out_init(text, sizeof(text));
		uint32_t k = 0;
		while (k < links && (link[k].iface != f->iface || link[k].type != f->linktype))
			k++;
		if (k == LINKS)
			continue;
		if (k == links) {
			link[links].iface = f->iface;
			link[links++].type = f->linktype;
			pcapng_put_interface(
				o, f->linktype,
				bytes_str(f->iface < v->env->niface ? v->env->iface[f->iface] : ""));
		}
		comment(&t, v->env, r, &v->item[i]);
		pcapng_put_packet(o, k, f, out_bytes(&t));
	}
}

struct encode_evidence
evidence_write(struct evidence_files *v, const struct incident *r)
{
	struct encode_evidence said = { 0 };
	if (v == NULL || !r->alert)
		return said;
	bool before = any_earlier(v, r);
	said.gone = collect(v, r);
	v->gone += said.gone;
	folder_name(v->folder, r->id, v->path);
	said.path = v->path;
	if (v->n == 0 && before && folder_has(v->folder, r->id))
		return said; /* the earlier run's file is all there is */
	if (v->n == 0)
		return (struct encode_evidence){ 0 };
	char record[EVE_MAX];
	struct out json = out_init(record, sizeof(record)), o = out_init(v->buf, sizeof(v->buf));
	struct encode_env env = *v->env;
	env.evidence = said;
	encode_eve(&json, &env, r);
	pcapng_put_section(&o, out_bytes(&json), bytes_str(application));
	packets(v, &o, r);
	/* an incident that goes on over a restart keeps what was written of it; another run's of the same name goes */
	if (!folder_write(v->folder, r->id, out_bytes(&o), before) && !folder_has(v->folder, r->id))
		said.path = NULL;
	return said;
}

struct encode_evidence
evidence_of(struct evidence_files *v, uint64_t id)
{
	if (v == NULL || !folder_has(v->folder, id))
		return (struct encode_evidence){ 0 };
	folder_name(v->folder, id, v->path);
	return (struct encode_evidence){ .path = v->path };
}

struct evidence_counts
evidence_counts(const struct evidence_files *v)
{
	if (v == NULL)
		return (struct evidence_counts){ 0 };
	struct folder_counts n = folder_counts(v->folder);
	return (struct evidence_counts){ n.files, n.bytes, n.written, n.failed, n.removed, v->gone };
}

void
evidence_work(struct evidence_files *v)
{
	if (v)
		folder_work(v->folder);
}

void
evidence_tell(const struct evidence_files *v)
{
	if (v == NULL)
		return;
	struct folder_counts n = folder_counts(v->folder);
	log_detail("evidence: %" PRIu64 " files written, %" PRIu64 " not, %" PRIu64
		   " removed for room or age, "
		   "%" PRIu64 " frames gone before; %" PRIu64 " files of %" PRIu64 " bytes are there",
		   n.written, n.failed, n.removed, v->gone, n.files, n.bytes);
}
