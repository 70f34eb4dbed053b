/* The configuration: any bytes as YAML, then what was read is printed. */
#include "conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
say(void *arg, const char *problem)
{
	*(size_t *)arg += strlen(problem);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct conf c;
	size_t told = 0;
	if (!conf_init(&c))
		return 0;
	(void)conf_text(&c, "fuzz", bytes_of(p, n), say, &told);
	(void)conf_check(&c, say, &told);
	FILE *f = fopen("/dev/null", "w");
	if (f) {
		conf_dump(&c, f);
		fclose(f);
	}
	conf_free(&c);
	return 0;
}
