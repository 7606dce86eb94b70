/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included first in test modules for the out-of-tree KUnit. Their kernel does
 * not look for suites in a module, so the module runs them from its own init
 * function: suites.lds puts the suites of all its files between two symbols,
 * and each file brings the same weak init function, one of which is linked.
 * Other modules of the same build see nothing of this: kbuild gives the name of
 * the module as a token, which is 1 for talloc_kunit only.
 */
#ifndef TALLOC_KUNIT_SUITE_H
#define TALLOC_KUNIT_SUITE_H

#define kmod_talloc_kunit 1
#if __KBUILD_MODNAME
#undef kmod_talloc_kunit

#include "kunit.h"

#undef kunit_test_suites
#define kunit_test_suites(...)						\
	static struct kunit_suite *__UNIQUE_ID(suites)[]		\
	__used __section("kunit_suites") = { __VA_ARGS__ }

#undef kunit_test_suite
#define kunit_test_suite(suite)	kunit_test_suites(&suite)

extern struct kunit_suite *kunit_suites_start[], *kunit_suites_stop[];

int init_module(void);
void cleanup_module(void);

int __weak __init init_module(void)
{
	return __kunit_test_suites_init(kunit_suites_start,
					kunit_suites_stop - kunit_suites_start);
}
___ADDRESSABLE(init_module, __initdata);

void __weak __exit cleanup_module(void)
{
	__kunit_test_suites_exit(kunit_suites_start,
				 kunit_suites_stop - kunit_suites_start);
}
___ADDRESSABLE(cleanup_module, __exitdata);

#endif /* __KBUILD_MODNAME */

#endif /* TALLOC_KUNIT_SUITE_H */
