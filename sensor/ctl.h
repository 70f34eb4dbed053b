/* crosstapctl, which asks the sensor over its control socket: the parts of it. */
#ifndef CROSSTAP_CTL_H
#define CROSSTAP_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CTL_ANSWER_MAX = 128 * 1024 };

struct ctl {
	const char *socket;
	int fd;
	bool json;
	char answer[CTL_ANSWER_MAX]; /* the last, without its line end */
};

/* Connects.  False: told, with what to do. */
bool ctl_connect(struct ctl *);
/* Sends a request (which is given away) and waits for the answer, at most 15 s; NULL: told. */
json_t *ctl_ask(struct ctl *, json_t *request);
/* Asks for every page of a list; NULL: told. */
json_t *ctl_rows(struct ctl *, json_t *request);

/* A member's text for a person: no control characters, "-" where it is absent. */
const char *ctl_text(const json_t *object, const char *key, char *buf, size_t cap);

/* ctl_print.c: an answer as text. */
void ctl_print(const char *ask, const json_t *answer);
/* A list with a heading and columns as wide as what is in them. */
void ctl_table(FILE *, const json_t *rows, const char *const *keys, size_t n, size_t max_width);

/* ctl_top.c: the live screen, until q.  An exit status. */
int ctl_top(struct ctl *);

#endif
