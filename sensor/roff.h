/* Manual pages, to standard output: man(7) requests around texts of the tables. */
#ifndef CROSSTAP_ROFF_H
#define CROSSTAP_ROFF_H

/* A text of the tables as roff: one line, dashes that can be searched for, nothing that is a request. */
void roff_text(const char *);
void roff_line(const char *);
/* .SH, and a tagged paragraph (.TP) with its tag in bold. */
void roff_section(const char *title);
void roff_item(const char *tag);
/* The head of a page up to its NAME section; page: 1, 5, 7 or 8. */
void roff_title(const char *name, int page, const char *what);

#endif
