/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the heap's suites ask of their surroundings beside <kunit/test.h> and
 * talloc_port.h. This is the kernel's answer, tools/user/talloc_test_port.h
 * is the one of userspace. The list:
 *
 *   U32_MAX U64_MAX ARRAY_SIZE
 *   test_memory_get test_memory_put
 *                  memory that ends where the next byte cannot be touched
 *   TEST_HAS_SPARSE_MEMORY
 *                  whether there are test_sparse_get and test_sparse_put: very
 *                  much memory, of which only a few pages are used; 0 for none
 *   test_nowhere_get test_nowhere_put
 *                  addresses at which any access ends the world; 0 for failure
 *   test_fresh_seed
 *                  what the user asked for, else something random
 *   test_steps     how long random cases are to be
 *   test_breathe   let others run, in long loops
 */
#ifndef TALLOC_TEST_PORT_H
#define TALLOC_TEST_PORT_H

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/limits.h>

#include <talloc_port.h>

/* All that vmalloc() returns is there. */
#define TEST_HAS_SPARSE_MEMORY	0

void *test_memory_get(size_t bytes);
void test_memory_put(void *memory, size_t bytes);
u64 test_nowhere_get(u64 bytes);
void test_nowhere_put(u64 addr, u64 bytes);
u32 test_fresh_seed(void);
u32 test_steps(void);
void test_breathe(void);

#endif /* TALLOC_TEST_PORT_H */
