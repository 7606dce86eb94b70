/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before everything else in the out-of-tree build of KUnit and of its
 * test modules, see prepare. The kernel's own structures come first, as the
 * running kernel has them; then KUnit is switched on for KUnit's headers, which
 * are the copies in this folder.
 */
#ifndef TALLOC_KUNIT_OOT_H
#define TALLOC_KUNIT_OOT_H

#include <linux/sched.h>
#include <linux/module.h>

#define CONFIG_KUNIT_MODULE 1
#define CONFIG_KUNIT_DEBUGFS 1
#define CONFIG_KUNIT_DEFAULT_ENABLED 1
#define CONFIG_KUNIT_AUTORUN_ENABLED 1

struct kunit;
extern struct kunit *kunit_running_test;

#include "kunit/test-bug.h"
#include "kunit/test.h"

#endif /* TALLOC_KUNIT_OOT_H */
