/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of kept and of queued blocks share: steps that count in units, and find
 * the heap clean after each.
 */
#ifndef TALLOC_TEST_UNITS_H
#define TALLOC_TEST_UNITS_H

#include "talloc_test.h"

static inline void *clean_block(struct kunit *test, void *block)
{
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_ASSERT_TRUE(test, test_clean(test));
	return block;
}

static inline void *alloc_units(struct kunit *test, u32 units)
{
	struct test_heap *t = test_heap_of(test);

	return clean_block(test, test_alloc(&t->heap, test_request(t, units)));
}

/* With a live block between it and what is free. */
static inline void *alloc_fenced(struct kunit *test, u32 units)
{
	void *block = alloc_units(test, units);

	alloc_units(test, test_fence_units(test_heap_of(test), units));
	return block;
}

static inline void free_block(struct kunit *test, const void *block)
{
	KUNIT_ASSERT_EQ(test, test_free(&test_heap_of(test)->heap, block), TALLOC_OK);
	KUNIT_ASSERT_TRUE(test, test_clean(test));
}

static inline bool settle(struct kunit *test, u32 most)
{
	bool changed = talloc_heap_settle(&test_heap_of(test)->heap, most);

	KUNIT_ASSERT_TRUE(test, test_clean(test));
	return changed;
}

static inline u32 kept_units(const struct test_heap *t)
{
	struct talloc_heap_stats stats;

	talloc_heap_stats(&t->heap, &stats);
	return stats.kept_bytes >> t->heap.layout.unit_shift;
}

static inline void *unit_of(const struct test_heap *t, const void *block, u32 units)
{
	return test_pointer(test_addr(block) + (u64)units * t->layout->unit);
}

#endif /* TALLOC_TEST_UNITS_H */
