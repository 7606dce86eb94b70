// SPDX-License-Identifier: GPL-2.0
/*
 * Kept blocks: what the ring hands out, what leaves it and when, and that nothing
 * but an allocation ever takes a kept block for more than free space.
 */
#include "talloc_test_units.h"

TEST_LAYOUT_PARAM(roomy, test_layout_roomy(layout))
TEST_LAYOUT_PARAM(large, test_layout_large(layout))
TEST_LAYOUT_PARAM(inline_tags, test_layout_inline(layout))
TEST_LAYOUT_PARAM(detached, layout->detached)

static void *alloc_where(struct kunit *test, u32 units, u64 align, u64 phase)
{
	const struct talloc_where where = { .align = align, .phase = phase };
	struct test_heap *t = test_heap_of(test);
	u64 addr = 0;

	KUNIT_ASSERT_EQ(test, talloc_heap_alloc_where(&t->heap, test_request(t, units), &where,
						      &addr), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, addr & (align - 1), phase);
	return clean_block(test, test_pointer(addr));
}

static u32 flags_of(const struct test_heap *t, const void *block)
{
	return test_tag(t, test_index(t, block))[0] & TEST_KEPT;
}

static bool is_kept(const struct test_heap *t, const void *block)
{
	return flags_of(t, block) == TEST_KEPT;
}

/* A free chunk of so many units begins where the block was. */
static bool is_free(const struct test_heap *t, const void *block, u32 units)
{
	return flags_of(t, block) == TEST_FREE &&
	       test_chunk_units(t, test_index(t, block)) == units;
}

/*
 * What is handed out
 */

static void freed_block_is_handed_out_for_its_size(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4);

	test_fill(t, block, test_request(t, 4), 1);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	KUNIT_EXPECT_PTR_NE(test, alloc_units(test, 3), block);
	KUNIT_EXPECT_PTR_NE(test, alloc_units(test, 5), block);
	KUNIT_EXPECT_EQ(test, kept_units(t), 4);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), block);
	KUNIT_EXPECT_TRUE(test, test_holds(t, block, test_request(t, 4), 1));
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
	KUNIT_EXPECT_PTR_NE(test, alloc_units(test, 4), block);
}

/* Sizes are what they are rounded up to. */
static void freed_block_is_handed_out_for_all_its_requests(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 step = t->layout->unit > 64 ? t->layout->unit / 16 : 1, bytes;
	void *block = alloc_fenced(test, 4);

	for (bytes = test_request(t, 3) + 1; bytes <= test_request(t, 4); bytes += step) {
		free_block(test, block);
		KUNIT_ASSERT_PTR_EQ(test, test_alloc(&t->heap, bytes), block);
	}
	free_block(test, block);
	KUNIT_EXPECT_PTR_NE(test, test_alloc(&t->heap, test_request(t, 3)), block);
	KUNIT_EXPECT_PTR_NE(test, test_alloc(&t->heap, test_request(t, 4) + 1), block);
}

/* The newest in the ring first, and the newest of all last. */
static void newest_in_the_ring_is_handed_out_first(struct kunit *test)
{
	void *blocks[4], *other = alloc_fenced(test, 3);
	u32 i;

	for (i = 0; i < 4; i++)
		blocks[i] = alloc_fenced(test, 4);
	free_block(test, blocks[0]);
	free_block(test, other);
	for (i = 1; i < 4; i++)
		free_block(test, blocks[i]);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[2]);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[1]);
	free_block(test, blocks[2]);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[3]);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[0]);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[2]);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 3), other);
	KUNIT_EXPECT_EQ(test, kept_units(test_heap_of(test)), 0);
}

/* Once that would have been right for some requests in a row, until it is not. */
static void newest_is_handed_out_first_after_a_row(struct kunit *test)
{
	void *blocks[2] = { alloc_fenced(test, 4), alloc_fenced(test, 4) };
	u32 i;

	free_block(test, blocks[0]);
	free_block(test, blocks[1]);
	for (i = 0; i < TALLOC_ROW; i++) {
		KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[i % 2]);
		free_block(test, blocks[i % 2]);
	}
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[(TALLOC_ROW - 1) % 2]);
		free_block(test, blocks[(TALLOC_ROW - 1) % 2]);
	}
	alloc_units(test, 3);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[TALLOC_ROW % 2]);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[(TALLOC_ROW - 1) % 2]);
}

static void newest_is_handed_out_first(struct kunit *test)
{
	void *blocks[3];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = alloc_fenced(test, 4);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		free_block(test, blocks[i]);
	for (i = ARRAY_SIZE(blocks); i--; )
		KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), blocks[i]);
	KUNIT_EXPECT_EQ(test, kept_units(test_heap_of(test)), 0);
}

/* Of large sizes the ring has few, or none. */
static void newest_of_the_large_is_handed_out_first(struct kunit *test)
{
	void *blocks[2];
	u32 i;

	for (i = 0; i < 2; i++)
		blocks[i] = alloc_fenced(test, TEST_SMALL_UNITS);

	free_block(test, blocks[0]);
	free_block(test, blocks[1]);
	for (i = 2; i--; )
		KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, TEST_SMALL_UNITS), blocks[i]);
	KUNIT_EXPECT_EQ(test, kept_units(test_heap_of(test)), 0);
}

/* A block that was not asked to be aligned, but is; by 7 units each, one of two is. */
static void *alloc_on_grid(struct kunit *test, u64 align)
{
	void *block = alloc_units(test, 4);

	while (test_addr(block) & (align - 1)) {
		alloc_units(test, 3);
		block = alloc_units(test, 4);
	}
	return block;
}

static void aligned_and_plain_blocks_are_apart(struct kunit *test)
{
	u64 align = 2ull * test_heap_of(test)->layout->unit;
	void *aligned = alloc_where(test, 4, align, 0), *plain = alloc_on_grid(test, align);

	free_block(test, plain);
	KUNIT_EXPECT_PTR_NE(test, alloc_where(test, 4, align, 0), plain);
	free_block(test, aligned);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), plain);
	KUNIT_EXPECT_PTR_NE(test, alloc_units(test, 4), aligned);
	KUNIT_EXPECT_PTR_EQ(test, alloc_where(test, 4, align, 0), aligned);
	KUNIT_EXPECT_EQ(test, kept_units(test_heap_of(test)), 0);
}

/* What it is aligned to is what matters, not what it was asked for with. */
static void kept_block_is_taken_where_its_address_fits(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, phase;
	void *block = alloc_where(test, 4, 4 * unit, 2 * unit);

	phase = test_addr(block) & (8 * unit - 1);
	free_block(test, block);
	KUNIT_EXPECT_PTR_NE(test, alloc_where(test, 4, 4 * unit, 0), block);
	KUNIT_EXPECT_PTR_NE(test, alloc_where(test, 4, 8 * unit, phase ^ 4 * unit), block);
	KUNIT_EXPECT_EQ(test, kept_units(t), 4);
	KUNIT_EXPECT_PTR_EQ(test, alloc_where(test, 4, 8 * unit, phase), block);
	free_block(test, block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_where(test, 4, 4 * unit, 2 * unit), block);
	free_block(test, block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_where(test, 4, 2 * unit, 0), block);
}

/* Handed out for less, it may be asked for more again: the mark and the limit stay. */
static void aligned_block_keeps_its_mark(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, align = 0;
	void *block = alloc_where(test, 4, 8 * unit, 0);

	free_block(test, block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_where(test, 4, 2 * unit, 0), block);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, NULL, &align), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, align, 8 * unit);
	block = alloc_units(test, 5);
	free_block(test, block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 5), block);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, NULL, &align), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, align, unit);
}

/* A larger alignment may be met by a kept block first. */
static void alignment_of_a_kept_block_is_remembered(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, align = 0;
	void *block = alloc_where(test, 4, 2 * unit, 0);

	/* By 6 units each, one of two is. */
	while (test_addr(block) & (4 * unit - 1)) {
		alloc_units(test, 2);
		block = alloc_where(test, 4, 2 * unit, 0);
	}
	free_block(test, block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_where(test, 4, 4 * unit, 0), block);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, NULL, &align), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, align, 4 * unit);
}

/* What the newest block is asked for holds of those in the ring. */
static void block_in_the_ring_is_taken_where_its_address_fits(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	void *block = alloc_where(test, 4, 4 * unit, 2 * unit), *newest = alloc_fenced(test, 3);

	free_block(test, block);
	free_block(test, newest);
	KUNIT_EXPECT_PTR_NE(test, alloc_where(test, 4, 4 * unit, 0), block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_where(test, 4, 4 * unit, 2 * unit), block);
}

static void alignment_of_a_block_in_the_ring_is_remembered(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, align = 0;
	void *block = alloc_where(test, 4, 2 * unit, 0), *newest = alloc_fenced(test, 3);

	/* By 6 units each, one of two is. */
	while (test_addr(block) & (4 * unit - 1)) {
		alloc_units(test, 2);
		block = alloc_where(test, 4, 2 * unit, 0);
	}
	free_block(test, block);
	free_block(test, newest);
	KUNIT_EXPECT_PTR_EQ(test, alloc_where(test, 4, 4 * unit, 0), block);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, NULL, &align), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, align, 4 * unit);
}

static void only_small_blocks_are_kept(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *small = alloc_fenced(test, t->min_units), *block;
	u64 align = 2ull * t->layout->unit;

	free_block(test, small);
	KUNIT_EXPECT_TRUE(test, is_kept(t, small));
	test_lay_units(test, TEST_KEPT_UNITS + 150);
	block = alloc_fenced(test, TEST_KEPT_UNITS - 1);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	test_lay_units(test, TEST_KEPT_UNITS + 150);
	block = alloc_where(test, TEST_KEPT_UNITS - 1, align, 0);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	test_lay_units(test, TEST_KEPT_UNITS + 150);
	block = alloc_where(test, TEST_KEPT_UNITS, align, 0);
	free_block(test, block);
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
	test_lay_units(test, TEST_KEPT_UNITS + 150);
	block = alloc_fenced(test, TEST_KEPT_UNITS);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_free(t, block, TEST_KEPT_UNITS));
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
}

static void heap_that_does_not_keep_merges_at_once(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 2ull * t->layout->unit;
	void *blocks[2];

	t->keeps = false;
	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	blocks[0] = alloc_fenced(test, 4);
	blocks[1] = alloc_where(test, 4, align, 0);
	free_block(test, blocks[0]);
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[0], 4));
	free_block(test, blocks[1]);
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
}

/* What differs by a multiple of the number of hashes is too large for the ring. */
static void hash_of_a_larger_size_finds_no_block(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 3), *newest = alloc_fenced(test, 5);
	u64 large = test_request(t, 3 + TALLOC_KEPT_TOPS / 2);

	free_block(test, block);
	free_block(test, newest);
	/* Some heaps have not so much. */
	KUNIT_EXPECT_NE(test, __talloc_heap_alloc(&t->heap, large), test_addr(block));
	KUNIT_EXPECT_EQ(test, kept_units(t), 3 + 5);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 3), block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 5), newest);
}

/* What a hash leads to may be no block any more, or one of another size. */
static void places_of_others_are_not_handed_out(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4), *other = alloc_fenced(test, 3);

	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), block);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	free_block(test, other);
	KUNIT_EXPECT_TRUE(test, is_free(t, block, 4));
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), block);
	KUNIT_EXPECT_TRUE(test, is_kept(t, other));
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 3), other);
}

/* What is freed and asked for in turns has one place, and nobody else has to leave. */
static void places_are_taken_up_again(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4), *other = alloc_fenced(test, 3);
	u32 i;

	free_block(test, block);
	for (i = 0; i < TALLOC_KEPT + 3; i++) {
		free_block(test, other);
		KUNIT_ASSERT_EQ(test, kept_units(t), 7);
		KUNIT_ASSERT_PTR_EQ(test, alloc_units(test, 3), other);
	}
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), block);
}

/* By one unit. An alignment has a key of its own. */
static void free_behind_the_newest(struct kunit *test, u32 units, u64 align, bool stays)
{
	struct test_heap *t = test_heap_of(test);
	void *small, *block;

	test_lay_units(test, TEST_KEPT_UNITS + 150);
	small = alloc_fenced(test, t->min_units);
	block = align ? alloc_where(test, units, align, 0) : alloc_fenced(test, units);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	block = align ? alloc_where(test, units, align, 0) : alloc_units(test, units);
	free_block(test, block);
	free_block(test, small);
	KUNIT_EXPECT_TRUE(test, is_kept(t, small));
	KUNIT_EXPECT_EQ(test, is_kept(t, block), stays);
	KUNIT_EXPECT_EQ(test, kept_units(t), t->min_units + (stays ? units : 0));
}

static void newest_may_be_too_large_for_the_ring(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 2ull * t->layout->unit;

	free_behind_the_newest(test, TALLOC_RING_UNITS - 1, 0, true);
	free_behind_the_newest(test, TALLOC_RING_UNITS - 1, align, true);
	free_behind_the_newest(test, TALLOC_RING_UNITS, 0, false);
	free_behind_the_newest(test, TALLOC_RING_UNITS, align, false);
	free_behind_the_newest(test, TEST_KEPT_UNITS - 1, 0, false);
}

/* Whether a request gets the newest, which has this size and kind. */
static void ask_for_the_newest(struct kunit *test, u32 units, u64 align, u32 request, bool taken)
{
	struct test_heap *t = test_heap_of(test);
	void *block, *got;
	u64 usable = 0;

	test_lay_units(test, TEST_KEPT_UNITS + 150);
	block = align ? alloc_where(test, units, align, 0) : alloc_fenced(test, units);
	free_block(test, block);
	got = alloc_units(test, request);
	KUNIT_ASSERT_EQ(test, got == block, taken);
	KUNIT_EXPECT_EQ(test, is_kept(t, block), !taken);
	KUNIT_EXPECT_EQ(test, kept_units(t), taken ? 0 : units);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, got, &usable, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, usable, test_request(t, taken ? units : request));
}

static void large_request_gets_the_newest_with_a_rest(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units = 2 * TEST_SMALL_UNITS, rest = test_rest_least(t, units), i;
	u64 align = 2ull * t->layout->unit;

	for (i = 0; i <= rest; i++)
		ask_for_the_newest(test, units + i, 0, units, i < rest);
	ask_for_the_newest(test, units, 0, units + 1, false);
	ask_for_the_newest(test, units, align, units, false);
	ask_for_the_newest(test, units + 1, align, units, false);
	ask_for_the_newest(test, TEST_SMALL_UNITS, 0, TEST_SMALL_UNITS - 1, false);
}

/*
 * What is settled
 */

/* Three more blocks of the smallest size than the ring has places. */
static void fill_ring(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, min = t->min_units;

	for (i = 0; i < TALLOC_KEPT + 3; i++)
		t->blocks[i] = alloc_units(test, min);
	for (i = 0; i < TALLOC_KEPT; i++)
		free_block(test, t->blocks[i]);
}

/* A ring of four places, as of a small heap, and so many blocks of 4 units. */
static void lay_small_ring(struct kunit *test, void **blocks, u32 count)
{
	test_heap_of(test)->heap.last_place = 3;
	while (count--)
		*blocks++ = alloc_fenced(test, 4);
}

/* No more places than it has are used, again and again. */
static void a_small_ring_settles_the_oldest(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[15];
	u32 i;

	lay_small_ring(test, blocks, ARRAY_SIZE(blocks));
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		free_block(test, blocks[i]);
		KUNIT_ASSERT_EQ(test, kept_units(t), 4 * (i < 5 ? i + 1 : 5));
		if (i >= 5)
			KUNIT_ASSERT_TRUE(test, is_free(t, blocks[i - 5], 4));
	}
}

/* In parts, with frees between: what was filled is known, and no place beyond is. */
static void a_small_ring_is_settled_in_parts(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[12];
	u32 i;

	lay_small_ring(test, blocks, ARRAY_SIZE(blocks));
	for (i = 0; i < 7; i++) {
		KUNIT_EXPECT_EQ(test, t->heap.filled, i < 1 ? 0 : i < 5 ? i - 1 : 4);
		free_block(test, blocks[i]);
	}
	KUNIT_EXPECT_TRUE(test, settle(test, 2));
	KUNIT_EXPECT_EQ(test, kept_units(t), 3 * 4);
	KUNIT_EXPECT_TRUE(test, settle(test, 2));
	KUNIT_EXPECT_EQ(test, kept_units(t), 4);
	KUNIT_EXPECT_EQ(test, t->heap.filled, 4);
	for (; i < ARRAY_SIZE(blocks); i++)
		free_block(test, blocks[i]);
	KUNIT_EXPECT_EQ(test, kept_units(t), 5 * 4);
	KUNIT_EXPECT_EQ(test, t->heap.filled, 4);
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
	KUNIT_EXPECT_EQ(test, t->heap.filled, 0);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void a_full_ring_settles_the_oldest(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, min = t->min_units;

	fill_ring(test);
	KUNIT_EXPECT_EQ(test, kept_units(t), TALLOC_KEPT * min);
	free_block(test, t->blocks[TALLOC_KEPT]);
	KUNIT_EXPECT_TRUE(test, is_free(t, t->blocks[0], min));
	KUNIT_EXPECT_EQ(test, kept_units(t), TALLOC_KEPT * min);
	for (i = 1; i <= TALLOC_KEPT; i++)
		KUNIT_ASSERT_TRUE(test, is_kept(t, t->blocks[i]));
	free_block(test, t->blocks[TALLOC_KEPT + 1]);
	KUNIT_EXPECT_TRUE(test, is_free(t, t->blocks[0], 2 * min));
	KUNIT_EXPECT_EQ(test, kept_units(t), TALLOC_KEPT * min);
	for (i = 0; i < TALLOC_KEPT; i++)
		KUNIT_ASSERT_PTR_EQ(test, alloc_units(test, min),
				    t->blocks[2 + test_kept_order(t, TALLOC_KEPT, i)]);
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
}

/* All but the newest, so that the ring does not begin anew, and the hand has gone round it. */
static void hand_goes_on_where_settling_ended(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, min = t->min_units;

	fill_ring(test);
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_PLACES));
	KUNIT_EXPECT_EQ(test, kept_units(t), min);
	for (i = 0; i < TALLOC_KEPT; i++)
		t->blocks[i] = alloc_units(test, min);
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
	for (i = 0; i < TALLOC_KEPT + 3; i++) {
		free_block(test, t->blocks[i]);
		KUNIT_ASSERT_EQ(test, kept_units(t), (i < TALLOC_KEPT ? i + 1 : TALLOC_KEPT) * min);
		KUNIT_ASSERT_TRUE(test, is_kept(t, t->blocks[i]));
	}
	/* Places were filled from the last to the first, and are left from the first on. */
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_FALSE(test, is_kept(t, t->blocks[TALLOC_PLACES - 1 - i]));
}

static void a_full_ring_is_settled_one_by_one_or_at_once(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, min = t->min_units;

	fill_ring(test);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, settle(test, 1));
		KUNIT_EXPECT_TRUE(test, is_free(t, t->blocks[0], (i + 1) * min));
		KUNIT_EXPECT_EQ(test, kept_units(t), (TALLOC_KEPT - 1 - i) * min);
	}
	KUNIT_ASSERT_EQ(test, test_lay_keeping(t), TALLOC_OK);
	fill_ring(test);
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_TRUE(test, is_free(t, t->blocks[0], TALLOC_KEPT * min));
	KUNIT_ASSERT_EQ(test, test_lay_keeping(t), TALLOC_OK);
	fill_ring(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, test_span(t), NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, is_free(t, t->blocks[0], TALLOC_KEPT * min));
}

static void settle_takes_the_oldest_first(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[5];
	u32 i;

	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
	for (i = 0; i < 5; i++)
		blocks[i] = alloc_fenced(test, i % 2 ? 3 : 4);
	for (i = 0; i < 5; i++)
		free_block(test, blocks[i]);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 3), blocks[3]);
	KUNIT_EXPECT_FALSE(test, settle(test, 0));
	KUNIT_EXPECT_EQ(test, kept_units(t), 4 + 3 + 4 + 4);
	KUNIT_EXPECT_TRUE(test, settle(test, 2));
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[0], 4));
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[1], 3));
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[2]));
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[4]));
	KUNIT_EXPECT_TRUE(test, settle(test, U32_MAX));
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[2], 4));
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[4], 4));
	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
}

/* Wherever the hand is, it finds all that there is, and each once. */
static void settle_finds_blocks_wherever_the_hand_is(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3];
	u32 i, n;

	for (i = 0; i < 3; i++)
		blocks[i] = alloc_fenced(test, 4);
	for (n = 0; n < TALLOC_KEPT; n++) {
		for (i = 0; i < 3; i++)
			free_block(test, blocks[i]);
		for (i = 3; i--; ) {
			KUNIT_ASSERT_TRUE(test, settle(test, 1));
			KUNIT_ASSERT_EQ(test, kept_units(t), 4 * i);
		}
		KUNIT_ASSERT_FALSE(test, settle(test, 1));
		for (i = 0; i < 3; i++)
			blocks[i] = alloc_units(test, 4);
	}
}

static void settle_beside(struct kunit *test, u32 which)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3];
	u32 i, free_beside = (which & 1) + (which >> 1);

	KUNIT_ASSERT_EQ(test, test_lay_keeping(t), TALLOC_OK);
	for (i = 0; i < 3; i++)
		blocks[i] = alloc_units(test, 3 + i);
	alloc_units(test, t->min_units);
	if (which & 1)
		free_block(test, blocks[0]);
	if (which & 2)
		free_block(test, blocks[2]);
	settle(test, TALLOC_KEPT);
	free_block(test, blocks[1]);
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[1]));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), 2 + free_beside);
	KUNIT_EXPECT_TRUE(test, settle(test, 1));
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[which & 1 ? 0 : 1],
					4 + (which & 1 ? 3 : 0) + (which & 2 ? 5 : 0)));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), 2);
}

static void settle_merges_with_each_neighbour(struct kunit *test)
{
	u32 which;

	for (which = 0; which < 4; which++)
		settle_beside(test, which);
}

/* The three, all kept, in each order of leaving the ring. */
static void settle_row(struct kunit *test, u32 first, u32 second)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, order[] = { first, second, 3 - first - second };
	void *blocks[3];

	KUNIT_ASSERT_EQ(test, test_lay_keeping(t), TALLOC_OK);
	for (i = 0; i < 3; i++)
		blocks[i] = alloc_units(test, 3 + i);
	alloc_units(test, t->min_units);
	for (i = 0; i < 3; i++)
		free_block(test, blocks[order[i]]);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[order[i]]));
		KUNIT_EXPECT_TRUE(test, settle(test, 1));
		KUNIT_EXPECT_FALSE(test, is_kept(t, blocks[order[i]]));
	}
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[0], 12));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), 2);
}

static void settle_merges_kept_neighbours_in_any_order(struct kunit *test)
{
	u32 first, second;

	for (first = 0; first < 3; first++)
		for (second = 0; second < 3; second++)
			if (first != second)
				settle_row(test, first, second);
}

/* All of 40 units free, and none of it to be had but what 3 units fit in. */
static void lay_splintered(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count;

	test_lay_units(test, 40);
	count = fill_heap(test, 4);
	for (i = 0; i < count; i++)
		free_block(test, t->blocks[i]);
	KUNIT_ASSERT_EQ(test, kept_units(t), 40);
}

static void where_needs_settling(struct kunit *test, u32 units, struct talloc_where where,
				 u64 expected)
{
	struct test_heap *t = test_heap_of(test);
	u64 addr = 7;

	KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, test_request(t, units), &where,
						      &addr), TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, addr, 7);
	KUNIT_EXPECT_EQ(test, kept_units(t), 40);
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, test_request(t, units), &where,
						      &addr), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, addr, expected);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void no_room_turns_into_room_by_settling(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 addr = 7, bytes;

	lay_splintered(test);
	bytes = test_request(t, 40);
	KUNIT_EXPECT_EQ(test, test_largest(t), 0);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, bytes, &addr), TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, test_request(t, 3), &addr), TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, addr, 7);
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, test_largest(t), bytes);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, bytes, &addr), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, addr, test_span(t).start + t->tag);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, 1, &addr), TALLOC_FULL);
	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
}

/* No more than is needed has to be merged. */
static void no_room_turns_into_room_by_settling_some(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 bytes = test_request(t, 12);

	lay_splintered(test);
	KUNIT_EXPECT_TRUE(test, settle(test, 2));
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, bytes));
	KUNIT_EXPECT_TRUE(test, settle(test, 1));
	KUNIT_EXPECT_PTR_EQ(test, test_alloc(&t->heap, bytes), t->blocks[0]);
	KUNIT_EXPECT_EQ(test, kept_units(t), 28);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void no_aligned_room_turns_into_room_by_settling(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 2ull * t->layout->unit, bytes = test_request(t, 9);
	void *block;

	lay_splintered(test);
	KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, bytes, align));
	KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, test_request(t, 4), align));
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	block = clean_block(test, test_alloc_aligned(&t->heap, bytes, align));
	KUNIT_EXPECT_EQ(test, test_addr(block) & (align - 1), 0);
}

/* Conditions that a size does not answer look at no kept block, even where one would do. */
static void no_room_at_a_place_turns_into_room_by_settling(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, addr;

	lay_splintered(test);
	addr = test_addr(t->blocks[3]);
	where_needs_settling(test, 4, (struct talloc_where){
		.within = { addr, addr + test_request(t, 4) } }, addr);
	lay_splintered(test);
	where_needs_settling(test, 6, (struct talloc_where){
		.within = { addr + unit, addr + 7 * unit } }, addr + unit);
	lay_splintered(test);
	where_needs_settling(test, 4, (struct talloc_where){ .top_down = true },
			     test_addr(t->blocks[9]));
	lay_splintered(test);
	where_needs_settling(test, 4, (struct talloc_where){ .nocross = 1ull << 40 },
			     test_addr(t->blocks[0]));
}

/*
 * What is refused
 */

static void wipe(const struct test_heap *t, void *block, u32 units, u32 word)
{
	u64 at;

	for (at = 0; at + 4 <= test_request(t, units) && !t->layout->detached; at += 4)
		memcpy((u8 *)block + at, &word, 4);
}

static void double_free_is_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *left = alloc_units(test, 3), *block = alloc_fenced(test, 5);

	wipe(t, left, 3, 0);
	wipe(t, block, 5, test_certain(t) ? 2 << TEST_SHIFT : 0);
	free_block(test, block);
	expect_block_refused(test, block, 5);
	free_block(test, left);
	settle(test, 1);
	KUNIT_EXPECT_TRUE(test, is_kept(t, left));
	free_block(test, alloc_units(test, 5));
	expect_block_refused(test, left, 3);
	settle(test, TALLOC_KEPT);
	expect_block_refused(test, left, 3);
	expect_block_refused(test, block, 5);
}

/* A kept block whose left neighbour became free meanwhile. */
static void double_free_is_refused_beside_free_space(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *left = alloc_units(test, 3), *block = alloc_fenced(test, 5);

	wipe(t, block, 5, 0);
	free_block(test, left);
	free_block(test, block);
	settle(test, 1);
	KUNIT_EXPECT_TRUE(test, is_free(t, left, 3));
	expect_block_refused(test, block, 5);
}

static void double_free_of_an_aligned_block_is_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_where(test, 5, 2 * t->layout->unit, 0);

	wipe(t, block, 5, 0);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	expect_block_refused(test, block, 5);
}

/* Only what is in the ring is kept; another such tag is damage, where that is certain. */
static void tag_that_looks_kept_is_damage(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 5);

	test_tag(t, test_index(t, block))[0] |= TEST_KEPT;
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, block),
			t->layout->live_map ? TALLOC_DAMAGED : TALLOC_NOT_LIVE);
	KUNIT_EXPECT_EQ(test, t->heap.damage.rule,
			t->layout->live_map ? TALLOC_RULE_TAGS : TALLOC_RULE_NONE);
}

/* Of a part of a block, too; what it is cut from stays live. */
static void freed_part_is_kept(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	void *block, *part;

	block = alloc_fenced(test, 9);
	part = unit_of(t, block, 3);
	KUNIT_ASSERT_EQ(test, talloc_heap_free_part(&t->heap, test_addr(part), 4 * unit),
			TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_TRUE(test, is_kept(t, part));
	expect_block_refused(test, part, 4);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, NULL, NULL), TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), part);
	free_block(test, unit_of(t, block, 7));
	free_block(test, block);
	KUNIT_EXPECT_EQ(test, kept_units(t), 5);
}

/*
 * What is beside
 */

static void kept_neighbours_are_no_room(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *left = alloc_units(test, 3), *block = alloc_units(test, 6), *moved = NULL;
	void *right = alloc_fenced(test, 3);

	free_block(test, left);
	free_block(test, right);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 7)),
			TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, test_request(t, 7), &moved),
			TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 4)),
			TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_TRUE(test, is_free(t, unit_of(t, block, 4), 2));
	KUNIT_EXPECT_EQ(test, kept_units(t), 6);
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 9)),
			TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, test_request(t, 12), &moved), TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, moved, left);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* To resize is to look everywhere: what is kept on either side is room for it. */
static void resize_settles_for_room_beside_it(struct kunit *test)
{
	void *moved = NULL, *block = lay_three(test, 4);
	struct test_heap *t = test_heap_of(test);

	if (t->layout->detached) {
		KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, test_request(t, 8),
							 &moved), TALLOC_FULL);
		settle(test, TALLOC_KEPT);
		expect_resized(test, 8, 1);
		return;
	}
	expect_resized(test, 8, 1);
	lay_three(test, 1);
	expect_resized(test, 8, 0);
	lay_three(test, 5);
	expect_resized(test, 6, 1);
	lay_three(test, 5);
	expect_resized(test, 12, 0);
	block = lay_three(test, 5);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, test_request(t, 13), &moved),
			TALLOC_FULL);
	KUNIT_EXPECT_NULL(test, moved);
	KUNIT_EXPECT_TRUE(test, test_holds(t, block, test_request(t, 4), 1));
}

/* An aligned block cannot slide, but it can grow. */
static void resize_settles_for_room_right_of_an_aligned_block(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block, *right, *moved = NULL;

	test_lay_units(test, 12);
	block = alloc_where(test, 4, 2 * t->layout->unit, 0);
	right = alloc_units(test, 4);
	fill_heap(test, 3);
	free_block(test, right);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, test_request(t, 8), &moved),
			TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, moved, block);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* A move puts the old block into the ring, and may take the new one from there. */
static void resize_moves_between_kept_blocks(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4), *larger = alloc_fenced(test, 7), *moved = NULL;

	test_fill(t, block, test_request(t, 4), 1);
	free_block(test, larger);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, test_request(t, 7), &moved),
			TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, moved, larger);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	KUNIT_EXPECT_EQ(test, kept_units(t), 4);
	KUNIT_EXPECT_TRUE(test, test_holds(t, moved, test_request(t, 4), 1));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Its left neighbour comes and goes while a block is kept; what is told stays true. */
static void left_neighbour_changes_meanwhile(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *left = alloc_units(test, 3), *block = alloc_fenced(test, 4), *moved = NULL;

	free_block(test, left);
	free_block(test, block);
	settle(test, 1);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), block);
	free_block(test, block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 3), left);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), block);
	free_block(test, left);
	settle(test, 1);
	KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, test_request(t, 7), &moved), TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, moved, left);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/*
 * What is told
 */

static void find_tells_kept_blocks_as_free(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *low = alloc_units(test, 3), *block = alloc_units(test, 4);
	void *high = alloc_units(test, 3);
	struct talloc_chunk chunk;
	u32 i;

	free_block(test, block);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, test_find(&t->heap, unit_of(t, block, i), &chunk), TALLOC_OK);
		KUNIT_ASSERT_EQ(test, chunk.state, test_certain(t) ? TALLOC_CHUNK_FREE :
				TALLOC_CHUNK_UNKNOWN);
		KUNIT_ASSERT_EQ(test, chunk.bytes, 0);
	}
	if (!test_certain(t))
		return;
	KUNIT_EXPECT_EQ(test, test_find(&t->heap, unit_of(t, low, 2), &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.addr, test_addr(low));
	KUNIT_EXPECT_EQ(test, test_find(&t->heap, unit_of(t, high, 2), &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.addr, test_addr(high));
}

static void walk_tells_kept_blocks_as_free(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	test_lay_units(test, 20);
	fill_heap(test, 4);
	free_block(test, t->blocks[1]);
	free_block(test, t->blocks[3]);
	free_block(test, t->blocks[2]);
	expect_walk(test, (const u32[]){ 4, 4, 4, 4, 4 }, "ufffu");
	settle(test, 2);
	expect_walk(test, (const u32[]){ 4, 4, 4, 4, 4 }, "ufffu");
	settle(test, 1);
	expect_walk(test, (const u32[]){ 4, 12, 4 }, "ufu");
}

/* A walk that lost its way may begin anew at a kept block, as its start is known. */
static void walk_goes_on_at_a_kept_block(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_chunk chunk;
	struct talloc_walk walk;

	test_lay_units(test, 20);
	fill_heap(test, 4);
	talloc_heap_walk_begin(&t->heap, &walk);
	KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
	free_block(test, t->blocks[1]);
	KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
	KUNIT_EXPECT_TRUE(test, walk.changed);
	KUNIT_EXPECT_EQ(test, chunk.addr, test_addr(t->blocks[1]));
	KUNIT_EXPECT_EQ(test, chunk.state, test_certain(t) ? TALLOC_CHUNK_FREE :
			TALLOC_CHUNK_UNKNOWN);
	KUNIT_EXPECT_EQ(test, chunk.bytes >> t->heap.layout.unit_shift, test_certain(t) ? 4 : 16);
}

static void expect_stats(struct kunit *test, u32 used, u32 kept, u32 free_chunks, u64 largest)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	struct talloc_heap_stats stats;

	talloc_heap_stats(&t->heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.span_bytes, test_units(t) * unit);
	KUNIT_EXPECT_EQ(test, stats.used_bytes, used * unit);
	KUNIT_EXPECT_EQ(test, talloc_heap_used_bytes(&t->heap), used * unit);
	KUNIT_EXPECT_EQ(test, stats.free_bytes, stats.span_bytes - used * unit);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_units(&t->heap), test_units(t) - used);
	KUNIT_EXPECT_EQ(test, stats.kept_bytes, kept * unit);
	KUNIT_EXPECT_EQ(test, stats.free_chunks, free_chunks);
	KUNIT_EXPECT_EQ(test, stats.used_chunks, talloc_heap_blocks(&t->heap));
	KUNIT_EXPECT_EQ(test, stats.largest_bytes, largest);
}

static void stats_count_kept_blocks_as_free(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 six = test_request(t, 6);

	test_lay_units(test, 18);
	KUNIT_ASSERT_EQ(test, fill_heap(test, 6), 3);
	free_block(test, t->blocks[1]);
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), 2);
	expect_stats(test, 12, 6, 1, 0);
	free_block(test, t->blocks[0]);
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), 1);
	expect_stats(test, 6, 12, 2, 0);
	settle(test, 1);
	expect_stats(test, 6, 6, 2, six);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 6), t->blocks[0]);
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), 2);
	expect_stats(test, 12, 0, 1, six);
	free_block(test, t->blocks[0]);
	settle(test, TALLOC_KEPT);
	expect_stats(test, 6, 0, 1, test_request(t, 12));
	free_block(test, t->blocks[2]);
	settle(test, TALLOC_KEPT);
	expect_stats(test, 0, 0, 1, test_request(t, 18));
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

static void check_notices_the_ring(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4);
	struct talloc_check check;

	talloc_heap_check_begin(&t->heap, &check);
	free_block(test, block);
	expect_changed(test, &check, true);
	alloc_units(test, 4);
	expect_changed(test, &check, true);
	free_block(test, block);
	expect_changed(test, &check, true);
	settle(test, 0);
	expect_changed(test, &check, false);
	settle(test, 1);
	expect_changed(test, &check, true);
	settle(test, 1);
	expect_changed(test, &check, false);
}

/*
 * The span
 */

/* The whole heap as kept blocks, no more than the ring holds. */
static u32 lay_all_kept(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count;

	KUNIT_ASSERT_EQ(test, test_lay_keeping(t), TALLOC_OK);
	count = fill_heap(test, 32);
	KUNIT_ASSERT_LE(test, count, TALLOC_KEPT);
	for (i = 0; i < count; i++)
		free_block(test, t->blocks[i]);
	KUNIT_ASSERT_EQ(test, kept_units(t), test_units(t));
	KUNIT_ASSERT_EQ(test, talloc_heap_blocks(&t->heap), 0);
	return count;
}

static void set_span_moves_a_heap_of_kept_blocks(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all, part;

	lay_all_kept(test);
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_heap_used_span(&t->heap)));
	all = test_span(t);
	part = all;
	part.start += 10ull * t->layout->unit;
	part.end -= 10ull * t->layout->unit;
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, part, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_span(t).start, part.start);
	KUNIT_EXPECT_EQ(test, test_span(t).end, part.end);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	lay_all_kept(test);
	part.end = part.start + t->tag + 4ull * t->layout->unit;
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, part, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_units(t), 4);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, all, NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

/* Both ends move within what was kept, up to the one live block. */
static void set_span_cuts_kept_blocks_off(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	struct talloc_span all = test_span(t), part = all;
	struct talloc_chunk chunk;
	u32 i, count;

	count = fill_heap(test, 32);
	for (i = 0; i < count; i++)
		if (i != 2)
			free_block(test, t->blocks[i]);
	part.start = test_addr(t->blocks[2]) - t->tag + unit;
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, part, &chunk), TALLOC_BUSY);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	part.start -= unit;
	part.end = test_addr(t->blocks[3]);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, part, NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, used_units(t), test_units(t));
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, all, NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	free_block(test, t->blocks[2]);
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

/* New units join what was kept at either end. */
static void set_span_extends_beside_kept_blocks(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all = test_span(t), part = all;
	u32 i;

	part.start += 4ull * t->layout->unit;
	part.end = part.start + t->tag + 12ull * t->layout->unit;
	KUNIT_ASSERT_EQ(test, test_lay(t, part), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, fill_heap(test, 4), 3);
	free_block(test, t->blocks[0]);
	free_block(test, t->blocks[2]);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, all, NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), 2);
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
	for (i = 4; i < 9; i++)
		free_block(test, alloc_units(test, i));
	KUNIT_EXPECT_EQ(test, kept_units(t), 4 + 5 + 6 + 7 + 8);
}

static void used_span_is_right_after_settling(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span used;

	test_lay_units(test, 20);
	KUNIT_ASSERT_EQ(test, fill_heap(test, 4), 5);
	free_block(test, t->blocks[0]);
	free_block(test, t->blocks[1]);
	free_block(test, t->blocks[4]);
	used = talloc_heap_used_span(&t->heap);
	KUNIT_EXPECT_TRUE(test, talloc_span_contains(test_span(t), used));
	settle(test, TALLOC_KEPT);
	used = talloc_heap_used_span(&t->heap);
	KUNIT_EXPECT_EQ(test, used.start, test_addr(t->blocks[2]) - t->tag);
	KUNIT_EXPECT_EQ(test, used.end, test_addr(t->blocks[4]));
	free_block(test, t->blocks[2]);
	free_block(test, t->blocks[3]);
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_heap_used_span(&t->heap)));
}

/*
 * The control block
 */

static void retired_heap_hands_nothing_out(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 2ull * t->layout->unit, addr;
	void *block = alloc_fenced(test, 4), *aligned = alloc_where(test, 4, align, 0);

	free_block(test, block);
	free_block(test, aligned);
	talloc_heap_retire(&t->heap);
	test_keep(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, test_request(t, 4), &addr), TALLOC_FULL);
	KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, test_request(t, 4), align));
	KUNIT_EXPECT_FALSE(test, talloc_heap_settle(&t->heap, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, block), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, t->window, NULL), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, kept_units(t), 8);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void heap_laid_anew_has_nothing_kept(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4);

	free_block(test, block);
	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
}

/* To the right of a block, and behind what is free there already. */
static void heap_says_what_is_held_beside(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap *heap = &t->heap;
	void *block = alloc_units(test, 4), *beside = alloc_units(test, 4);
	void *behind = alloc_fenced(test, 4);

	KUNIT_ASSERT_PTR_EQ(test, unit_of(t, block, 4), beside);
	KUNIT_ASSERT_PTR_EQ(test, unit_of(t, block, 8), behind);
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(heap, test_addr(block)));
	free_block(test, beside);
	KUNIT_EXPECT_TRUE(test, talloc_heap_held_beside(heap, test_addr(block)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(heap, test_addr(beside)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(heap, test_addr(block) + 1));
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(heap, test_addr(block)));
	free_block(test, behind);
	KUNIT_EXPECT_TRUE(test, talloc_heap_held_beside(heap, test_addr(block)));
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(heap, test_addr(block)));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void heap_says_what_it_may_hold(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 count = fill_heap(test, 4);

	KUNIT_EXPECT_TRUE(test, talloc_heap_may_hold(&t->heap, 0));
	KUNIT_EXPECT_FALSE(test, talloc_heap_may_hold(&t->heap, 1));
	KUNIT_ASSERT_GE(test, count, 2u);
	free_block(test, t->blocks[0]);
	KUNIT_EXPECT_TRUE(test, talloc_heap_may_hold(&t->heap, test_request(t, 4)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_may_hold(&t->heap, test_request(t, 5)));
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_TRUE(test, talloc_heap_may_hold(&t->heap, test_request(t, 4)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_may_hold(&t->heap, test_request(t, 5)));
}

static void heap_says_whether_a_chunk_is_large_enough(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap *heap = &t->heap;

	KUNIT_EXPECT_TRUE(test, talloc_heap_has_chunk(heap, test_largest(t)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_has_chunk(heap, test_largest(t) + 1));
	KUNIT_EXPECT_FALSE(test, talloc_heap_has_chunk(heap, 0));
	KUNIT_EXPECT_FALSE(test, talloc_heap_has_chunk(heap, ~0ull));
	KUNIT_ASSERT_GE(test, fill_heap(test, 4), 3u);
	KUNIT_EXPECT_FALSE(test, talloc_heap_has_chunk(heap, test_request(t, 4)));
	free_block(test, t->blocks[1]);
	KUNIT_EXPECT_FALSE(test, talloc_heap_has_chunk(heap, test_request(t, 4)));
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_TRUE(test, talloc_heap_has_chunk(heap, test_request(t, 4)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_has_chunk(heap, test_request(t, 5)));
	talloc_heap_retire(heap);
	KUNIT_EXPECT_FALSE(test, talloc_heap_has_chunk(heap, test_request(t, 4)));
}

/* Small heaps use little of the ring, and keep no block that they would feel. */
static void ring_is_in_proportion(struct kunit *test)
{
	static const struct {
		u32 units;
		u32 places;
		u32 below;
		u32 newest_below;
	} heaps[] = {
		{ 1, 1, 0, 0 }, { 2047, 1, 0, 0 }, { 4095, 1, 0, 1 }, { 4096, 1, 1, 2 },
		{ 8191, 1, 1, 2 }, { 8192, 1, 2, 4 }, { 7 * 4096, 2, 4, 8 },
		{ 8 * 4096, 4, 8, 16 }, { 20 * 4096 + 4095, 8, 16, 32 },
	};
	struct talloc_heap_config config = { .unit = 1, .keep = true };
	struct talloc_heap *heap = &test_heap_of(test)->heap;
	u32 i;

	config.table = kunit_kzalloc(test, 21 * 4096 * TALLOC_SLOT_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, config.table);
	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		config.window.end = heaps[i].units;
		KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
		KUNIT_EXPECT_EQ(test, heap->last_place + 1, heaps[i].places);
		KUNIT_EXPECT_EQ(test, heap->ring_keys, 2 * heaps[i].below);
		KUNIT_EXPECT_EQ(test, heap->kept_units, heaps[i].newest_below);
	}
	/*
	 * With inline tags, 16 times as many places, for blocks of 16 ninths of the size, and a
	 * 128th for the newest; for which all of the window counts, and no more.
	 */
	config.window.start = (unsigned long)config.table;
	config.window.end = config.window.start + 8 * 4096;
	config.table = NULL;
	config.unit = 8;
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, heap->last_place + 1, 8);
	KUNIT_EXPECT_EQ(test, heap->ring_keys, 2 * 1);
	KUNIT_EXPECT_EQ(test, heap->kept_units, 32);
	config.window.end -= 8;
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, heap->last_place + 1, 4);
	KUNIT_EXPECT_EQ(test, heap->ring_keys, 0);
	KUNIT_EXPECT_EQ(test, heap->kept_units, 16);
	config.window.end = config.window.start + 8 * 33 * 2048;
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, heap->last_place + 1, 128);
	KUNIT_EXPECT_EQ(test, heap->ring_keys, 2 * 28);
	KUNIT_EXPECT_EQ(test, heap->kept_units, 16 * 32);
	config.span = config.window;
	config.window.end = config.window.start + (1 << 20);
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, heap->last_place + 1, TALLOC_PLACES);
	KUNIT_EXPECT_EQ(test, heap->ring_keys, 2 * 56);
	KUNIT_EXPECT_EQ(test, heap->kept_units, TALLOC_KEPT_UNITS);
	config.window.end = config.window.start + (2 << 20) - 8;
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, heap->ring_keys, 2 * 56);
	config.window.end += 8;
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, heap->ring_keys, 2 * 113);
	config.window.end = config.window.start + 8 * 300 * 2048;
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, heap->last_place + 1, TALLOC_PLACES);
	KUNIT_EXPECT_EQ(test, heap->ring_keys, 2 * TALLOC_RING_UNITS);
	KUNIT_EXPECT_EQ(test, heap->kept_units, TALLOC_KEPT_UNITS);
	KUNIT_EXPECT_EQ(test, test_lay_keeping(test_heap_of(test)), TALLOC_OK);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(ring_is_in_proportion),
	KUNIT_CASE_PARAM(freed_block_is_handed_out_for_its_size, roomy_gen_params),
	KUNIT_CASE_PARAM(freed_block_is_handed_out_for_all_its_requests, roomy_gen_params),
	KUNIT_CASE_PARAM(newest_in_the_ring_is_handed_out_first, inline_tags_gen_params),
	KUNIT_CASE_PARAM(newest_is_handed_out_first_after_a_row, inline_tags_gen_params),
	KUNIT_CASE_PARAM(newest_is_handed_out_first, detached_gen_params),
	KUNIT_CASE_PARAM(newest_of_the_large_is_handed_out_first, large_gen_params),
	KUNIT_CASE_PARAM(aligned_and_plain_blocks_are_apart, roomy_gen_params),
	KUNIT_CASE_PARAM(kept_block_is_taken_where_its_address_fits, roomy_gen_params),
	KUNIT_CASE_PARAM(aligned_block_keeps_its_mark, roomy_gen_params),
	KUNIT_CASE_PARAM(alignment_of_a_kept_block_is_remembered, roomy_gen_params),
	KUNIT_CASE_PARAM(block_in_the_ring_is_taken_where_its_address_fits, roomy_gen_params),
	KUNIT_CASE_PARAM(alignment_of_a_block_in_the_ring_is_remembered, roomy_gen_params),
	KUNIT_CASE_PARAM(only_small_blocks_are_kept, large_gen_params),
	KUNIT_CASE_PARAM(heap_that_does_not_keep_merges_at_once, roomy_gen_params),
	KUNIT_CASE_PARAM(hash_of_a_larger_size_finds_no_block, roomy_gen_params),
	KUNIT_CASE_PARAM(places_of_others_are_not_handed_out, roomy_gen_params),
	KUNIT_CASE_PARAM(places_are_taken_up_again, roomy_gen_params),
	KUNIT_CASE_PARAM(newest_may_be_too_large_for_the_ring, large_gen_params),
	KUNIT_CASE_PARAM(large_request_gets_the_newest_with_a_rest, large_gen_params),
	KUNIT_CASE_PARAM(a_small_ring_settles_the_oldest, roomy_gen_params),
	KUNIT_CASE_PARAM(a_small_ring_is_settled_in_parts, large_gen_params),
	KUNIT_CASE_PARAM(a_full_ring_settles_the_oldest, large_gen_params),
	KUNIT_CASE_PARAM(a_full_ring_is_settled_one_by_one_or_at_once, large_gen_params),
	KUNIT_CASE_PARAM(hand_goes_on_where_settling_ended, large_gen_params),
	KUNIT_CASE_PARAM(settle_takes_the_oldest_first, roomy_gen_params),
	KUNIT_CASE_PARAM(settle_finds_blocks_wherever_the_hand_is, roomy_gen_params),
	KUNIT_CASE_PARAM(settle_merges_with_each_neighbour, roomy_gen_params),
	KUNIT_CASE_PARAM(settle_merges_kept_neighbours_in_any_order, roomy_gen_params),
	KUNIT_CASE_PARAM(no_room_turns_into_room_by_settling, roomy_gen_params),
	KUNIT_CASE_PARAM(no_room_turns_into_room_by_settling_some, roomy_gen_params),
	KUNIT_CASE_PARAM(no_aligned_room_turns_into_room_by_settling, roomy_gen_params),
	KUNIT_CASE_PARAM(no_room_at_a_place_turns_into_room_by_settling, roomy_gen_params),
	KUNIT_CASE_PARAM(double_free_is_refused, roomy_gen_params),
	KUNIT_CASE_PARAM(double_free_is_refused_beside_free_space, roomy_gen_params),
	KUNIT_CASE_PARAM(double_free_of_an_aligned_block_is_refused, roomy_gen_params),
	KUNIT_CASE_PARAM(tag_that_looks_kept_is_damage, roomy_gen_params),
	KUNIT_CASE_PARAM(freed_part_is_kept, detached_gen_params),
	KUNIT_CASE_PARAM(kept_neighbours_are_no_room, roomy_gen_params),
	KUNIT_CASE_PARAM(resize_settles_for_room_beside_it, roomy_gen_params),
	KUNIT_CASE_PARAM(resize_settles_for_room_right_of_an_aligned_block, inline_tags_gen_params),
	KUNIT_CASE_PARAM(resize_moves_between_kept_blocks, inline_tags_gen_params),
	KUNIT_CASE_PARAM(left_neighbour_changes_meanwhile, roomy_gen_params),
	KUNIT_CASE_PARAM(find_tells_kept_blocks_as_free, roomy_gen_params),
	KUNIT_CASE_PARAM(walk_tells_kept_blocks_as_free, roomy_gen_params),
	KUNIT_CASE_PARAM(walk_goes_on_at_a_kept_block, roomy_gen_params),
	KUNIT_CASE_PARAM(stats_count_kept_blocks_as_free, roomy_gen_params),
	KUNIT_CASE_PARAM(check_notices_the_ring, roomy_gen_params),
	KUNIT_CASE_PARAM(set_span_moves_a_heap_of_kept_blocks, roomy_gen_params),
	KUNIT_CASE_PARAM(set_span_cuts_kept_blocks_off, roomy_gen_params),
	KUNIT_CASE_PARAM(set_span_extends_beside_kept_blocks, roomy_gen_params),
	KUNIT_CASE_PARAM(used_span_is_right_after_settling, roomy_gen_params),
	KUNIT_CASE_PARAM(retired_heap_hands_nothing_out, roomy_gen_params),
	KUNIT_CASE_PARAM(heap_laid_anew_has_nothing_kept, roomy_gen_params),
	KUNIT_CASE_PARAM(heap_says_what_is_held_beside, roomy_gen_params),
	KUNIT_CASE_PARAM(heap_says_what_it_may_hold, roomy_gen_params),
	KUNIT_CASE_PARAM(heap_says_whether_a_chunk_is_large_enough, roomy_gen_params),
	{ }
};

struct kunit_suite talloc_kept_suite = {
	.name = "talloc_kept",
	.init = test_heap_init_keeping,
	.exit = test_heap_exit,
	.test_cases = cases,
};
