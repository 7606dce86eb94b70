/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included first in test modules for the out-of-tree KUnit: the suites run from
 * the module's init function, as its kernel does not look for them in a module.
 * So a module has one kunit_test_suites().
 */
#ifndef TALLOC_KUNIT_SUITE_H
#define TALLOC_KUNIT_SUITE_H

#include "kunit.h"

#undef kunit_test_suites
#define kunit_test_suites(...)						\
	static struct kunit_suite *oot_suites[] = { __VA_ARGS__ };	\
	static int __init oot_suites_init(void)				\
	{								\
		return __kunit_test_suites_init(oot_suites,		\
						ARRAY_SIZE(oot_suites)); \
	}								\
	static void __exit oot_suites_exit(void)			\
	{								\
		__kunit_test_suites_exit(oot_suites,			\
					 ARRAY_SIZE(oot_suites));	\
	}								\
	module_init(oot_suites_init);					\
	module_exit(oot_suites_exit)

#undef kunit_test_suite
#define kunit_test_suite(suite)	kunit_test_suites(&suite)

#endif /* TALLOC_KUNIT_SUITE_H */
