/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the portable core asks of its surroundings, all of it.
 *
 * This is the kernel's answer. Another home for the core puts a file of the
 * same name earlier on its include path; tools/user/talloc_port.h is the one
 * that the userspace library, tests and benchmarks use. The list:
 *
 *   types      u8 u16 u32 u64 bool
 *   memory     memmove memset, and memcpy, which compilers call for a structure
 *   bits       __ffs(x) and __fls(x): lowest and highest set bit of an
 *              unsigned long, undefined for 0; __ffs64(x) of a u64, undefined for 0;
 *              fls64(x), highest from 1, 0 for none; ror64(x, n), n bits to the right
 *              and in again at the left; BITS_PER_LONG
 *   overflow   check_add_overflow check_sub_overflow
 *   compiler   likely unlikely __always_inline noinline __must_check
 *              static_assert; OPTIMIZER_HIDE_VAR(x), of which the compiler then knows nothing
 *   cache      prefetchw(address), of anything
 *   aliasing   talloc_word, a u32 that may alias any object
 */
#ifndef TALLOC_PORT_H
#define TALLOC_PORT_H

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/overflow.h>
#include <linux/prefetch.h>
#include <linux/string.h>
#include <linux/types.h>

/* The kernel is built with -fno-strict-aliasing, so a plain u32 will do. */
typedef u32 talloc_word;

#endif /* TALLOC_PORT_H */
