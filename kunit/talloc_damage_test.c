// SPDX-License-Identifier: GPL-2.0
#include "talloc_test.h"

static struct kunit_case cases[] = {
	{ }
};

struct kunit_suite talloc_damage_suite = {
	.name = "talloc_damage",
	.test_cases = cases,
};
