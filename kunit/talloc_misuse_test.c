// SPDX-License-Identifier: GPL-2.0
#include "talloc_test.h"

static struct kunit_case cases[] = {
	{ }
};

struct kunit_suite talloc_misuse_suite = {
	.name = "talloc_misuse",
	.test_cases = cases,
};
