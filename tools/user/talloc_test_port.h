/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Userspace's answer to kunit/talloc_test_port.h, which says what this must
 * define.
 */
#ifndef TALLOC_TEST_PORT_H
#define TALLOC_TEST_PORT_H

#include <kunit/test.h>
#include <talloc_port.h>

#ifndef U64_MAX
#define U64_MAX		(~0ull)
#endif
#ifndef U32_MAX
#define U32_MAX		(~0u)
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#endif

/* 4 GiB do not fit in 32 bits. */
#define TEST_HAS_SPARSE_MEMORY	(__SIZEOF_LONG__ == 8)

void *test_memory_get(size_t bytes);
void test_memory_put(void *memory, size_t bytes);
u64 test_sparse_get(u64 bytes);
void test_sparse_put(u64 addr, u64 bytes);
u64 test_nowhere_get(u64 bytes);
void test_nowhere_put(u64 addr, u64 bytes);
u32 test_fresh_seed(void);
u32 test_steps(void);
void test_breathe(void);

#endif /* TALLOC_TEST_PORT_H */
