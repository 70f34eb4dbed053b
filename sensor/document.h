/* Documents made of the program's own tables, to standard output; the tree keeps a copy and a test compares. */
#ifndef CROSSTAP_DOCUMENT_H
#define CROSSTAP_DOCUMENT_H

/* An exit status (opts.h). */
int document(const char *name);

#endif
