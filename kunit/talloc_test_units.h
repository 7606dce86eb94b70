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
	return clean_block(test, test_get(test, units));
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
	test_put(test, block);
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

static inline u32 used_units(const struct test_heap *t)
{
	struct talloc_heap_stats stats;

	talloc_heap_stats(&t->heap, &stats);
	return stats.used_bytes >> t->heap.layout.unit_shift;
}

/* All of the heap as blocks of this size, and what is left over as smaller ones. */
static inline u32 fill_heap(struct kunit *test, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	u32 count = 0;

	do {
		t->blocks[count] = test_alloc(&t->heap, test_request(t, units));
		if (t->blocks[count])
			count++;
		else
			units--;
	} while (count < TEST_BLOCKS && units >= t->min_units);
	KUNIT_ASSERT_EQ(test, used_units(t), test_units(t));
	return count;
}

static inline void *unit_of(const struct test_heap *t, const void *block, u32 units)
{
	return test_pointer(test_addr(block) + (u64)units * t->layout->unit);
}

/* Contents that could be a used tag are asked for only where the layout is certain. */
static inline void expect_block_refused(struct kunit *test, const void *block, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	u32 i;

	test_keep(test);
	for (i = 0; i < units; i++)
		test_expect_refused(test, unit_of(t, block, i), TALLOC_NOT_LIVE);
	if (t->layout->detached)
		KUNIT_ASSERT_EQ(test, talloc_heap_free_part(&t->heap, test_addr(block), 1),
				TALLOC_NOT_LIVE);
	test_expect_refused(test, test_pointer(test_addr(block) + 1), TALLOC_MISALIGNED);
	test_expect_refused(test, test_pointer(test_span(t).start - 4), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(test_span(t).end), TALLOC_OUTSIDE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Three blocks are the whole heap; of the outer ones those are freed that @which says. */
static inline void *lay_three(struct kunit *test, u32 which)
{
	struct test_heap *t = test_heap_of(test);
	u32 i;

	test_lay_units(test, 12);
	KUNIT_ASSERT_EQ(test, fill_heap(test, 4), 3);
	for (i = 0; i < 3; i++)
		test_fill(t, t->blocks[i], test_request(t, 4), i);
	for (i = 0; i < 3; i += 2)
		if (which >> i & 1)
			free_block(test, t->blocks[i]);
	return t->blocks[1];
}

/* The one in the middle can be resized, and is then at the start of that block. */
static inline void expect_resized(struct kunit *test, u32 units, u32 to)
{
	struct test_heap *t = test_heap_of(test);
	u64 usable = 0;
	void *moved = NULL;

	KUNIT_ASSERT_EQ(test, talloc_heap_resize(&t->heap, t->blocks[1], test_request(t, units),
						 &moved), TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, moved, t->blocks[to]);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, moved, &usable, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, usable, test_request(t, units));
	KUNIT_EXPECT_TRUE(test, test_holds(t, moved, test_request(t, 4), 1));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* A walk meets pieces of these units, used where @states has a u. */
static inline void expect_walk(struct kunit *test, const u32 *units, const char *states)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_chunk chunk;
	struct talloc_walk walk;

	talloc_heap_walk_begin(&t->heap, &walk);
	for (; *states; states++, units++) {
		KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
		KUNIT_EXPECT_EQ(test, chunk.bytes >> t->heap.layout.unit_shift, *units);
		KUNIT_EXPECT_EQ(test, chunk.usable, test_request(t, *units));
		KUNIT_EXPECT_EQ(test, chunk.state, *states == 'u' ? TALLOC_CHUNK_USED :
				TALLOC_CHUNK_FREE);
	}
	KUNIT_EXPECT_FALSE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
	KUNIT_EXPECT_FALSE(test, walk.changed);
}

/* Whether the heap has changed since a check began; it begins anew. */
static inline void expect_changed(struct kunit *test, struct talloc_check *check, bool changed)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault;

	KUNIT_EXPECT_EQ(test, talloc_heap_check_step(&t->heap, check, 1, &fault),
			changed ? TALLOC_CHECK_CHANGED : TALLOC_CHECK_MORE);
	talloc_heap_check_begin(&t->heap, check);
}

#endif /* TALLOC_TEST_UNITS_H */
