// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of lib/genalloc, the kernel's own or what talloc_genpool_lib.c has: what
 * talloc's pools are compared with. See talloc_genpool_cases.h.
 */
#include <linux/genalloc.h>

#define POOL_IS_TALLOC	0
#include "talloc_genpool_cases.h"

struct kunit_suite talloc_genpool_lib_suite = {
	.name = "talloc_genpool_lib",
	.init = pools_init,
	.exit = pools_exit,
	.test_cases = pool_cases,
};
