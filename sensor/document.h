/* Documents made of the program's own tables, to standard output; the tree keeps a copy and a test compares. */
#ifndef CROSSTAP_DOCUMENT_H
#define CROSSTAP_DOCUMENT_H

#include <stddef.h>

/* An exit status (opts.h). */
int document(const char *name);
/* The names; NULL past the end. */
const char *document_at(size_t i);

/* document_man.c and document_shell.c: */
void document_program(void);
void document_fields(void);
void document_bash(void);
void document_zsh(void);
void document_fish(void);

#endif
