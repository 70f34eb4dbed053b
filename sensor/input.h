/* Where frames of a replay come from: files, pipes and folders of rotated files, each one interface, merged by packet
 * time.  See capture.h for what is read.  Nothing is held in memory but one frame an interface. */
#ifndef CROSSTAP_INPUT_H
#define CROSSTAP_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "dissector.h"

enum { INPUTS_MAX = 32, INPUT_FILES_MAX = 65536 }; /* files of all folders together */

enum input_said { INPUT_FRAME, INPUT_LOSS, INPUT_END, INPUT_WAIT };
struct input_item {
	struct frame f; /* of a loss: ts and iface */
	struct loss loss;
};

struct inputs;
/* Nothing is opened yet. */
struct inputs *inputs_new(void);
void inputs_free(struct inputs *);
/* Adds an interface; `name` NULL: capN.  Opens what it names.  False (told on standard error): cannot be opened, or too
 * many. */
bool inputs_add(struct inputs *, const char *name, const char *path);
/* Adds the one interface whose files come to be meanwhile: those of the folder, then each that is made in it or moved into it,
 * in that order; the last one is still written to.  There is no INPUT_END then.  Changes that another machine makes on a
 * network file system are not seen. */
bool inputs_follow(struct inputs *, const char *name, const char *dir);
/* After INPUT_WAIT: sleeps until there may be more, at most `ms`. */
void inputs_wait(struct inputs *, int ms);
/* The next frame of all inputs in time order; equal times in the order of inputs_add().  Valid until the next call. */
enum input_said inputs_next(struct inputs *, const struct input_item **);
/* Something was damaged or of no known format; each was told on standard error when it was found. */
bool inputs_damaged(const struct inputs *);
/* A frame of a link type that nobody reads: counted as damage, told once for each file and type. */
void inputs_unknown_link(struct inputs *, const struct frame *);
uint64_t inputs_unread(const struct inputs *);
/* Names of interfaces by index, and last path components of files by index. */
const char *const *inputs_ifaces(const struct inputs *, size_t *n);
const char *inputs_file(const struct inputs *, size_t ix);
/* The path as the user gave it, for messages. */
const char *inputs_path(const struct inputs *, size_t ix);
/* Bytes of all files (0: a pipe is among them) and bytes read so far. */
uint64_t inputs_size(const struct inputs *);
uint64_t inputs_read(const struct inputs *);
/* Every input is a regular file: waiting for host events delays nobody. */
bool inputs_patient(const struct inputs *);

#endif
