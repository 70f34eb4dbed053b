/* The byte language of scenario scripts: an expression becomes bytes.  README.md has the grammar. */
#ifndef FORGE_EXPR_H
#define FORGE_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BUF_MAX = 65536 + 128 };
struct buf {
	size_t n;
	uint8_t p[BUF_MAX];
};

void buf_put(struct buf *, const void *p, size_t n);
void buf_be(struct buf *, uint64_t v, int bytes);
/* Appends what `text` stands for. */
void expr_eval(struct buf *, const char *text);
/* One address or number as a script writes it; these end the program with the script's line when it is none. */
void expr_mac(const char *text, uint8_t mac[6]);
bool expr_ip(const char *text, uint8_t ip[16], size_t *n); /* 4 or 16 bytes */
uint64_t expr_num(const char *text);
/* Says what is wrong with the script, where, and ends. */
_Noreturn void die(const char *what, const char *text);

#endif
