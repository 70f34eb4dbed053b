/* One rig for each test of a program about dissectors: opened before it, closed after it. */
#ifndef CROSSTAP_TESTS_RIG_H
#define CROSSTAP_TESTS_RIG_H

#include "build.h"

static struct rig r;

static int
setup(void **state)
{
	(void)state;
	rig_open(&r);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(r.mem);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
