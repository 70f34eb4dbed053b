/* digest.c: the vectors of FIPS 180-4, and that a digest kept is never another certificate's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "digest.h"

static struct digests *kept;

static int
setup(void **state)
{
	(void)state;
	kept = calloc(1, sizeof(*kept));
	return kept ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	free(kept);
	return 0;
}

static bool
same(struct digest_pair a, struct digest_pair b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void
test_vectors(void **state)
{
	static const uint8_t one[] = { 0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
				       0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	static const uint8_t two[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
				       0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
				       0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };

	(void)state;
	for (unsigned i = 0; i < 3; i++) { /* made, kept, and made without memory */
		struct digest_pair p = digest_pair(i < 2 ? kept : NULL, bytes_str("abc"));
		assert_memory_equal(p.sha1, one, sizeof(one));
		assert_memory_equal(p.sha256, two, sizeof(two));
	}
}

/* One byte differs, at any place: the slot is the same where the end is. */
static void
test_never_anothers(void **state)
{
	uint8_t a[600], b[600];

	(void)state;
	memset(a, 'x', sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++) {
		memcpy(b, a, sizeof(b));
		b[i] ^= 1;
		struct digest_pair p = digest_pair(kept, bytes_of(a, sizeof(a)));
		struct digest_pair q = digest_pair(kept, bytes_of(b, sizeof(b)));
		assert_false(same(p, q));
		assert_true(same(q, digest_pair(NULL, bytes_of(b, sizeof(b)))));
		assert_true(same(p, digest_pair(NULL, bytes_of(a, sizeof(a)))));
		assert_false(same(p, digest_pair(kept, bytes_of(a, sizeof(a) - 1))));
	}
}

static void
test_limits(void **state)
{
	static uint8_t big[DIGEST_BYTES + 1];

	(void)state;
	for (size_t n = 0; n < 10; n++)
		assert_true(same(digest_pair(kept, bytes_of(big, n)), digest_pair(NULL, bytes_of(big, n))));
	for (size_t n = DIGEST_BYTES - 1; n <= sizeof(big); n++)
		for (unsigned again = 0; again < 2; again++)
			assert_true(same(digest_pair(kept, bytes_of(big, n)),
					 digest_pair(NULL, bytes_of(big, n))));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_anothers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
