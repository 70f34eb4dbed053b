/* The main of a fuzz target that is built without a fuzzer: every file given, and every file of a folder given, once. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static unsigned passed, failed;

static void
file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;
	long n = -1;

	if (f && fseek(f, 0, SEEK_END) == 0)
		n = ftell(f);
	if (n >= 0 && fseek(f, 0, SEEK_SET) == 0)
		p = malloc(n ? (size_t)n : 1);
	if (p && fread(p, 1, (size_t)n, f) == (size_t)n) {
		(void)LLVMFuzzerTestOneInput(p, (size_t)n);
		passed++;
	} else {
		printf("%s: cannot be read\n", path);
		failed++;
	}
	free(p);
	if (f)
		fclose(f);
}

static void
folder(const char *path, DIR *d)
{
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char name[4096];
		int n = snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.' && n > 0 && (size_t)n < sizeof(name))
			file(name);
	}
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		if (d == NULL) {
			file(argv[i]);
			continue;
		}
		folder(argv[i], d);
		closedir(d);
	}
	printf("%u passed, %u failed\n", passed, failed);
	return passed == 0 || failed != 0;
}
