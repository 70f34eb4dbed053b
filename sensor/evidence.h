/* Evidence: for each incident told as an alert a pcapng file with the frames that its facts list, byte for byte, the record as
 * comment of the section, and at each frame which facts it made.  A file is written before its record is told, and again with
 * each revision.  Frames that an earlier run had lie in that run's section, in front. */
#ifndef CROSSTAP_EVIDENCE_H
#define CROSSTAP_EVIDENCE_H

#include "conf.h"
#include "dissector.h"
#include "encode.h"
#include "engine.h"

struct evidence_files;
/* `env` and `conf` must outlive it.  NULL (told) where the folder cannot be used. */
struct evidence_files *evidence_open(const struct conf *, const struct encode_env *);
void evidence_free(struct evidence_files *);
/* Sets what the engine tells of packets; before the engine is opened. */
void evidence_conf(struct evidence_files *, struct engine_conf *);
void evidence_engine(struct evidence_files *, struct engine *);

/* Each of the following does nothing for NULL. */
/* The frame that is about to be walked; it must stay until the next. */
void evidence_frame(struct evidence_files *, const struct frame *);
/* What was observed in it; before the engine hears of it. */
void evidence_obs(struct evidence_files *, const struct obs *);
/* Writes the incident's file.  What the record says of it: where it is (NULL: nowhere; good until the next call) and how many of
 * its frames were overwritten before. */
struct encode_evidence evidence_write(struct evidence_files *, const struct incident *);
/* Where the file of an incident is, if there is one; good until the next call. */
struct encode_evidence evidence_of(struct evidence_files *, uint64_t id);
/* Files and bytes that are there; since the start: files written, not written, removed for room or age, frames gone before. */
struct evidence_counts { uint64_t files, bytes, written, failed, removed, gone; };
struct evidence_counts evidence_counts(const struct evidence_files *);
/* Now and then, live. */
void evidence_work(struct evidence_files *);
/* What was done, for whoever asked for more messages. */
void evidence_tell(const struct evidence_files *);

#endif
