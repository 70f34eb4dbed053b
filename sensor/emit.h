/* From an incident to the sinks: encodes it once for each format that somebody wants. */
#ifndef CROSSTAP_EMIT_H
#define CROSSTAP_EMIT_H

#include "encode.h"
#include "evidence.h"
#include "findings.h"
#include "sink.h"

struct emit {
	struct encode_env env;
	struct sinks *sinks;
	struct findings *findings; /* NULL live */
	struct evidence_files *evidence; /* NULL: none is kept */
	bool flush;		   /* somebody is waiting for each line */
	uint64_t records;
};

/* An engine_emit; `arg` is a struct emit. */
void emit_incident(void *arg, const struct incident *);

#endif
