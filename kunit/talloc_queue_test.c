// SPDX-License-Identifier: GPL-2.0
/*
 * Queued frees: what is in the queue, what leaves it and when, and that for everybody
 * but the heap a queued block is freed. The heaps are small, and queue all the same.
 */
#include "talloc_test_units.h"

TEST_LAYOUT_PARAM(queues, test_layout_queues(layout))

static bool is_live(const struct test_heap *t, u32 chunk)
{
	return t->heap.live[chunk / BITS_PER_LONG] >> chunk % BITS_PER_LONG & 1;
}

static void *alloc_aligned(struct kunit *test, u32 units)
{
	struct test_heap *t = test_heap_of(test);

	return clean_block(test, test_alloc_aligned(&t->heap, test_request(t, units),
						    4 * t->layout->unit));
}

static void alloc_row(struct kunit *test, void **blocks, u32 count, u32 units)
{
	while (count--)
		*blocks++ = alloc_fenced(test, units);
}

static void free_row(struct kunit *test, void **blocks, u32 count)
{
	while (count--)
		free_block(test, *blocks++);
}

static bool settle_queue(struct kunit *test)
{
	bool changed = talloc_heap_settle_queue(&test_heap_of(test)->heap);

	KUNIT_ASSERT_TRUE(test, test_clean(test));
	return changed;
}

static u32 *queue_place(struct test_heap *t, u32 chunk)
{
	u32 i;

	for (i = 0; i < TALLOC_QUEUE; i++)
		if (t->heap.queue[i] == chunk)
			return &t->heap.queue[i];
	return NULL;
}

/* In the queue, with the tag of a used chunk, and not in the live map. */
static bool is_queued(struct test_heap *t, const void *block)
{
	u32 chunk = test_index(t, block);

	return queue_place(t, chunk) && !(test_tag(t, chunk)[0] & TEST_FREE) && !is_live(t, chunk);
}

static bool is_kept(struct test_heap *t, const void *block)
{
	u32 chunk = test_index(t, block);

	return !queue_place(t, chunk) && (test_tag(t, chunk)[0] & TEST_KEPT) == TEST_KEPT;
}

/* A free chunk of so many units begins where the block was. */
static bool is_free(struct test_heap *t, const void *block, u32 units)
{
	u32 chunk = test_index(t, block);

	return !queue_place(t, chunk) && (test_tag(t, chunk)[0] & TEST_KEPT) == TEST_FREE &&
	       test_chunk_units(t, chunk) == units && !is_live(t, chunk);
}

/*
 * What is queued, and what leaves
 */

/* Not even a word of the tag changes. */
static void freed_block_is_queued(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4);

	test_fill(t, block, test_request(t, 4), 1);
	test_keep(test);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_queued(t, block));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 1);
	KUNIT_EXPECT_TRUE(test, test_same(t->payload.memory, t->payload.was, t->payload.bytes));
	KUNIT_EXPECT_PTR_NE(test, alloc_units(test, 4), block);
	KUNIT_EXPECT_PTR_NE(test, alloc_units(test, 3), block);
	KUNIT_EXPECT_TRUE(test, is_queued(t, block));
	KUNIT_EXPECT_TRUE(test, settle_queue(test));
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4), block);
	KUNIT_EXPECT_TRUE(test, test_holds(t, block, test_request(t, 4), 1));
	KUNIT_EXPECT_FALSE(test, settle_queue(test));
}

/* Each goes to the ring when as many as the queue has were freed after it, and not before. */
static void queued_blocks_leave_in_the_order_of_frees(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3 * TALLOC_QUEUE];
	u32 i, n;

	alloc_row(test, blocks, ARRAY_SIZE(blocks), 4);
	for (n = 0; n < ARRAY_SIZE(blocks); n++) {
		free_block(test, blocks[n]);
		KUNIT_ASSERT_EQ(test, t->heap.queued, n < TALLOC_QUEUE ? n + 1 : TALLOC_QUEUE);
		for (i = 0; i <= n; i++)
			KUNIT_ASSERT_TRUE(test, n - i < TALLOC_QUEUE ? is_queued(t, blocks[i]) :
					  is_kept(t, blocks[i]));
	}
	for (i = 0; i < 2 * TALLOC_QUEUE; i++)
		KUNIT_ASSERT_PTR_EQ(test, alloc_units(test, 4),
				    blocks[test_kept_order(t, 2 * TALLOC_QUEUE, i)]);
	KUNIT_EXPECT_EQ(test, kept_units(t), TALLOC_QUEUE * 4);
	for (i = 2 * TALLOC_QUEUE; i < ARRAY_SIZE(blocks); i++)
		KUNIT_ASSERT_TRUE(test, is_queued(t, blocks[i]));
}

/* The oldest may have any place: so many at a time come to begin everywhere. */
static void settle_begins_with_the_oldest(struct kunit *test, u32 count)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[TALLOC_QUEUE + 1];
	u32 i, n;

	KUNIT_ASSERT_EQ(test, test_lay_queueing(t), TALLOC_OK);
	alloc_row(test, blocks, count, 4);
	for (n = 0; n < TALLOC_QUEUE; n++) {
		free_row(test, blocks, count);
		KUNIT_ASSERT_TRUE(test, settle_queue(test));
		KUNIT_ASSERT_EQ(test, t->heap.queued, 0);
		for (i = 0; i < count; i++)
			KUNIT_ASSERT_TRUE(test, is_kept(t, blocks[i]));
		t->heap.row = 0;
		for (i = 0; i < count; i++)
			KUNIT_ASSERT_PTR_EQ(test, alloc_units(test, 4),
					    blocks[test_kept_order(t, count, i)]);
		KUNIT_ASSERT_FALSE(test, settle_queue(test));
	}
}

static void settle_begins_with_the_oldest_wherever_the_queue_begins(struct kunit *test)
{
	u32 count;

	for (count = 1; count <= TALLOC_QUEUE + 1; count++)
		settle_begins_with_the_oldest(test, count);
}

/* What was left in the queue when a few settled has not lost its turn. */
static void queue_goes_on_where_it_was_after_settling(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3 + TALLOC_QUEUE + 1];

	alloc_row(test, blocks, ARRAY_SIZE(blocks), 4);
	free_row(test, blocks, 3);
	settle_queue(test);
	free_row(test, blocks + 3, TALLOC_QUEUE);
	KUNIT_EXPECT_EQ(test, t->heap.queued, TALLOC_QUEUE);
	KUNIT_EXPECT_TRUE(test, is_queued(t, blocks[3]));
	free_block(test, blocks[3 + TALLOC_QUEUE]);
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[3]));
	KUNIT_EXPECT_TRUE(test, is_queued(t, blocks[4]));
}

static void settle_queue_leaves_the_ring(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3];

	alloc_row(test, blocks, 3, 4);
	free_row(test, blocks, 2);
	KUNIT_EXPECT_TRUE(test, settle_queue(test));
	free_block(test, blocks[2]);
	KUNIT_EXPECT_TRUE(test, settle_queue(test));
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[0]));
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[1]));
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[2]));
	KUNIT_EXPECT_FALSE(test, settle_queue(test));
	KUNIT_EXPECT_EQ(test, kept_units(t), 12);
}

/* How many it may merge is said of those that are kept then. */
static void settle_empties_the_queue(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[4];

	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
	alloc_row(test, blocks, 4, 4);
	free_row(test, blocks, 3);
	KUNIT_EXPECT_TRUE(test, settle(test, 0));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[0]));
	KUNIT_EXPECT_FALSE(test, settle(test, 0));
	free_block(test, blocks[3]);
	KUNIT_EXPECT_TRUE(test, settle(test, 1));
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[0], 4));
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[1]));
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[3]));
	free_block(test, alloc_units(test, 4));
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[3], 4));
	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
}

/* Sixteen, and all that the ring has. */
static void settle_merges_a_full_queue_and_a_full_ring(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count = TALLOC_PLACES + TALLOC_QUEUE;

	test_lay_units(test, 4 * count);
	fill_heap(test, 4);
	free_row(test, t->blocks, count);
	KUNIT_EXPECT_TRUE(test, is_kept(t, t->blocks[0]));
	KUNIT_EXPECT_TRUE(test, is_queued(t, t->blocks[TALLOC_PLACES]));
	KUNIT_EXPECT_EQ(test, kept_units(t), test_units(t));
	KUNIT_EXPECT_TRUE(test, settle_queue(test));
	KUNIT_EXPECT_TRUE(test, is_free(t, t->blocks[0], 4 * TALLOC_QUEUE));
	for (i = TALLOC_QUEUE; i < count; i++)
		KUNIT_ASSERT_TRUE(test, is_kept(t, t->blocks[i]));
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

static void aligned_block_leaves_as_an_aligned_one(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_aligned(test, 4);

	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_queued(t, block));
	settle_queue(test);
	KUNIT_EXPECT_PTR_NE(test, alloc_units(test, 4), block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_aligned(test, 4), block);
}

static void large_block_leaves_by_merging(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[TALLOC_QUEUE], *large = alloc_fenced(test, TEST_KEPT_UNITS);
	u32 frees = t->heap.frees;

	alloc_row(test, blocks, TALLOC_QUEUE, 4);
	free_block(test, large);
	KUNIT_EXPECT_TRUE(test, is_queued(t, large));
	free_row(test, blocks, TALLOC_QUEUE - 1);
	KUNIT_EXPECT_TRUE(test, is_queued(t, large));
	KUNIT_EXPECT_EQ(test, t->heap.frees, frees);
	free_block(test, blocks[TALLOC_QUEUE - 1]);
	KUNIT_EXPECT_TRUE(test, is_free(t, large, TEST_KEPT_UNITS));
	KUNIT_EXPECT_EQ(test, t->heap.frees, frees + 1);
	KUNIT_EXPECT_EQ(test, kept_units(t), 4 * TALLOC_QUEUE);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, TEST_KEPT_UNITS), large);
	free_block(test, large);
	KUNIT_EXPECT_TRUE(test, settle_queue(test));
	KUNIT_EXPECT_TRUE(test, is_free(t, large, TEST_KEPT_UNITS));
}

/* Queued, kept and merged neighbours of each other, in each order. */
static void settle_row(struct kunit *test, u32 first, u32 second, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, order[] = { first, second, 3 - first - second };
	void *blocks[3];

	KUNIT_ASSERT_EQ(test, test_lay_queueing(t), TALLOC_OK);
	for (i = 0; i < 3; i++)
		blocks[i] = alloc_units(test, units + i);
	alloc_units(test, t->min_units);
	for (i = 0; i < 3; i++) {
		free_block(test, blocks[order[i]]);
		KUNIT_EXPECT_TRUE(test, is_queued(t, blocks[order[i]]));
		if (i == 0)
			settle(test, TALLOC_KEPT);
		else if (i == 1)
			settle_queue(test);
	}
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_TRUE(test, is_free(t, blocks[0], 3 * units + 3));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), 2);
}

static void queued_blocks_merge_with_each_neighbour(struct kunit *test)
{
	u32 first, second;

	for (first = 0; first < 3; first++) {
		for (second = 0; second < 3; second++) {
			if (first == second)
				continue;
			settle_row(test, first, second, 3);
			settle_row(test, first, second, TEST_KEPT_UNITS);
		}
	}
}

/*
 * What is refused
 */

/* At once, and for as long as it is queued; and when it has merged. */
static void double_free_is_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 5), *blocks[TALLOC_QUEUE];

	alloc_row(test, blocks, TALLOC_QUEUE, 4);
	free_block(test, block);
	expect_block_refused(test, block, 5);
	free_row(test, blocks, TALLOC_QUEUE - 1);
	KUNIT_EXPECT_TRUE(test, is_queued(t, block));
	expect_block_refused(test, block, 5);
	settle(test, 1);
	KUNIT_EXPECT_TRUE(test, is_free(t, block, 5));
	expect_block_refused(test, block, 5);
}

/* A kept block is in the live map, or may be: that it is free is told all the same. */
static void double_free_of_a_kept_block_is_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 5), *blocks[TALLOC_QUEUE];

	alloc_row(test, blocks, TALLOC_QUEUE, 4);
	free_block(test, block);
	free_row(test, blocks, TALLOC_QUEUE);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	expect_block_refused(test, block, 5);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 5), block);
	free_block(test, block);
	settle_queue(test);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	expect_block_refused(test, block, 5);
}

/* Of a queued block nothing is looked at, so no damage is told either. */
static void double_free_of_a_damaged_block_is_refused(struct kunit *test)
{
	static const u32 bad[] = { 0, 1, 2, 7, 4 << 3 | 7, 0x1fffffffu << 3, U32_MAX };
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4);
	talloc_word *tag = test_tag(t, test_index(t, block));
	u32 i, was = *tag;

	free_block(test, block);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		*tag = bad[i];
		test_keep(test);
		test_expect_refused(test, block, TALLOC_NOT_LIVE);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
	}
	*tag = was;
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/*
 * What is beside
 */

static void queued_neighbours_are_no_room(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *left = alloc_units(test, 3), *block = alloc_units(test, 6), *moved = NULL;
	void *right = alloc_fenced(test, 3);
	u32 i;

	free_block(test, left);
	free_block(test, right);
	/* Queued the first time, kept the second. */
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 7)),
				TALLOC_FULL);
		KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, test_request(t, 7), &moved),
				TALLOC_FULL);
		KUNIT_EXPECT_EQ(test, settle_queue(test), i == 0);
	}
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 9)),
			TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, test_request(t, 12), &moved), TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, moved, left);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* What a neighbour gives back, or takes, goes no farther than to a queued block. */
static void neighbour_shrinks_and_grows_beside_a_queued_block(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_units(test, 8), *right = alloc_fenced(test, 4);

	free_block(test, right);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 4)),
			TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_TRUE(test, is_free(t, unit_of(t, block, 4), 4));
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 9)),
			TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 8)),
			TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, is_queued(t, right));
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 4)),
			TALLOC_OK);
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_TRUE(test, is_free(t, unit_of(t, block, 4), 8));
}

static void resize_settles_for_room_beside_it(struct kunit *test)
{
	void *moved = NULL, *block;

	lay_three(test, 4);
	expect_resized(test, 8, 1);
	lay_three(test, 1);
	expect_resized(test, 8, 0);
	lay_three(test, 5);
	expect_resized(test, 6, 1);
	lay_three(test, 5);
	expect_resized(test, 12, 0);
	block = lay_three(test, 5);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&test_heap_of(test)->heap, block,
						 test_request(test_heap_of(test), 13), &moved),
			TALLOC_FULL);
	KUNIT_EXPECT_NULL(test, moved);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* A move queues the block where it was, with its contents. */
static void resize_queues_what_it_moves(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4), *moved = NULL;

	test_fill(t, block, test_request(t, 4), 1);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, test_request(t, 7), &moved),
			TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, is_queued(t, block));
	KUNIT_EXPECT_TRUE(test, test_holds(t, moved, test_request(t, 4), 1));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	expect_block_refused(test, block, 4);
}

/* All free, in blocks of 4 units, and none of it to be had but what fits in two of them. */
#define SPLINTERS	(TALLOC_QUEUE + 2)

static void lay_splintered(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	test_lay_units(test, 4 * SPLINTERS);
	KUNIT_ASSERT_EQ(test, fill_heap(test, 4), SPLINTERS);
	free_row(test, t->blocks, SPLINTERS);
	KUNIT_ASSERT_EQ(test, t->heap.queued, TALLOC_QUEUE);
	KUNIT_ASSERT_EQ(test, kept_units(t), 4 * SPLINTERS);
}

static void no_room_turns_into_room_by_settling(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 addr = 7, bytes;

	lay_splintered(test);
	bytes = test_request(t, 4 * SPLINTERS);
	KUNIT_EXPECT_EQ(test, test_largest(t), 0);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, bytes, &addr), TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, test_request(t, 3), &addr), TALLOC_FULL);
	KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, test_request(t, 3),
						   2 * t->layout->unit));
	KUNIT_EXPECT_TRUE(test, settle_queue(test));
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, bytes, &addr), TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, addr, 7);
	KUNIT_EXPECT_TRUE(test, settle(test, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, bytes, &addr), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, addr, test_span(t).start + t->tag);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
}

/* The two that the ring has can be had, and then the others after settling. */
static void all_of_a_size_can_be_had_again(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i;

	lay_splintered(test);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4),
				    t->blocks[test_kept_order(t, 2, i)]);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, test_request(t, 4)));
	KUNIT_EXPECT_TRUE(test, settle_queue(test));
	for (i = 0; i < TALLOC_QUEUE; i++)
		KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 4),
				    t->blocks[2 + test_kept_order(t, TALLOC_QUEUE, i)]);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, 1));
	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
}

static void heap_says_what_is_held_beside(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap *heap = &t->heap;
	void *block = alloc_units(test, 4), *beside = alloc_units(test, 4);
	void *behind = alloc_fenced(test, 4);

	free_block(test, beside);
	KUNIT_EXPECT_TRUE(test, talloc_heap_held_beside(heap, test_addr(block)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(heap, test_addr(beside)));
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(heap, test_addr(block)));
	free_block(test, behind);
	KUNIT_EXPECT_TRUE(test, talloc_heap_held_beside(heap, test_addr(block)));
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(heap, test_addr(block)));
}

/* How large they are is not known. */
static void heap_may_hold_anything_while_blocks_are_queued(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	test_lay_units(test, 12);
	fill_heap(test, 4);
	KUNIT_EXPECT_FALSE(test, talloc_heap_may_hold(&t->heap, 1));
	free_block(test, t->blocks[0]);
	KUNIT_EXPECT_TRUE(test, talloc_heap_may_hold(&t->heap, test_request(t, 4)));
	settle_queue(test);
	KUNIT_EXPECT_TRUE(test, talloc_heap_may_hold(&t->heap, test_request(t, 4)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_may_hold(&t->heap, test_request(t, 5)));
}

/*
 * What is told
 */

static void find_tells_queued_blocks_as_free(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *low = alloc_units(test, 3), *block = alloc_units(test, 4);
	void *high = alloc_units(test, 3);
	struct talloc_chunk chunk;
	u32 i;

	free_block(test, block);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, test_find(&t->heap, unit_of(t, block, i), &chunk), TALLOC_OK);
		KUNIT_ASSERT_EQ(test, chunk.state, TALLOC_CHUNK_FREE);
		KUNIT_ASSERT_EQ(test, chunk.bytes, 0);
	}
	KUNIT_EXPECT_EQ(test, test_find(&t->heap, unit_of(t, low, 2), &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.addr, test_addr(low));
	KUNIT_EXPECT_EQ(test, test_find(&t->heap, unit_of(t, high, 2), &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.addr, test_addr(high));
}

static void walk_tells_queued_blocks_as_free(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	test_lay_units(test, 20);
	fill_heap(test, 4);
	free_block(test, t->blocks[1]);
	free_block(test, t->blocks[3]);
	free_block(test, t->blocks[2]);
	expect_walk(test, (const u32[]){ 4, 4, 4, 4, 4 }, "ufffu");
	settle_queue(test);
	expect_walk(test, (const u32[]){ 4, 4, 4, 4, 4 }, "ufffu");
	free_block(test, t->blocks[0]);
	expect_walk(test, (const u32[]){ 4, 4, 4, 4, 4 }, "ffffu");
	settle(test, TALLOC_KEPT);
	expect_walk(test, (const u32[]){ 16, 4 }, "fu");
	free_block(test, t->blocks[4]);
	expect_walk(test, (const u32[]){ 16, 4 }, "ff");
}

/* A walk that lost its way cannot begin anew there, as its start is not known any more. */
static void walk_passes_over_a_queued_block(struct kunit *test)
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
	KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_UNKNOWN);
	KUNIT_EXPECT_EQ(test, chunk.bytes, 4 * t->layout->unit);
	KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
	KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_USED);
}

/*
 * What is queued is used where it would cost to know, and free in all else. All are units
 * but the number of chunks.
 */
static void expect_stats(struct kunit *test, u32 used, u32 kept, u32 queued, u32 free_chunks)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	struct talloc_heap_stats stats;

	talloc_heap_stats(&t->heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.span_bytes, test_units(t) * unit);
	KUNIT_EXPECT_EQ(test, stats.used_bytes, used * unit);
	KUNIT_EXPECT_EQ(test, stats.free_bytes, stats.span_bytes - used * unit);
	KUNIT_EXPECT_EQ(test, stats.kept_bytes, (kept + queued) * unit);
	KUNIT_EXPECT_EQ(test, stats.free_chunks, free_chunks);
	KUNIT_EXPECT_EQ(test, stats.used_chunks, talloc_heap_blocks(&t->heap));
	KUNIT_EXPECT_EQ(test, talloc_heap_used_bytes(&t->heap), (used + queued) * unit);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_units(&t->heap), test_units(t) - used - queued);
}

static void stats_count_queued_blocks_as_free(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	test_lay_units(test, 18);
	KUNIT_ASSERT_EQ(test, fill_heap(test, 6), 3);
	free_block(test, t->blocks[1]);
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), 2);
	expect_stats(test, 12, 0, 6, 1);
	free_block(test, t->blocks[0]);
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), 1);
	expect_stats(test, 6, 0, 12, 2);
	settle_queue(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), 1);
	expect_stats(test, 6, 12, 0, 2);
	free_block(test, t->blocks[2]);
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), 0);
	expect_stats(test, 0, 12, 6, 3);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 6), t->blocks[0]);
	expect_stats(test, 6, 6, 6, 2);
	settle(test, TALLOC_KEPT);
	expect_stats(test, 6, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, test_largest(t), test_request(t, 12));
}

/* As many as the queue has, of different sizes, one that is not kept among them, and others. */
static void stats_follow_what_leaves(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, used, sum = 0, left = 0, count = 2 * TALLOC_QUEUE;
	void *blocks[2 * TALLOC_QUEUE];

	blocks[0] = alloc_fenced(test, TEST_KEPT_UNITS + 1);
	for (i = 1; i < count; i++)
		blocks[i] = alloc_fenced(test, 3 + i);
	used = talloc_heap_used_bytes(&t->heap) >> t->heap.layout.unit_shift;
	for (i = 0; i < count; i++) {
		free_block(test, blocks[i]);
		sum += i ? 3 + i : TEST_KEPT_UNITS + 1;
		if (i < TALLOC_QUEUE)
			expect_stats(test, used - sum, 0, sum, 2 + i);
		if (i && i < TALLOC_QUEUE)
			left += 3 + i;
	}
	/* The first has merged, and the others of that half are kept. */
	sum -= TEST_KEPT_UNITS + 1;
	used -= sum + TEST_KEPT_UNITS + 1;
	expect_stats(test, used, left, sum - left, 1 + count);
}

static void check_notices_the_queue(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[TALLOC_QUEUE + 2], *large = alloc_fenced(test, TEST_KEPT_UNITS);
	struct talloc_check check;
	u32 i;

	alloc_row(test, blocks, ARRAY_SIZE(blocks), 4);
	talloc_heap_check_begin(&t->heap, &check);
	free_block(test, large);
	expect_changed(test, &check, true);
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		free_block(test, blocks[i]);
		expect_changed(test, &check, true);
	}
	settle_queue(test);
	expect_changed(test, &check, true);
	settle_queue(test);
	expect_changed(test, &check, false);
	free_block(test, alloc_fenced(test, TEST_KEPT_UNITS));
	expect_changed(test, &check, true);
	settle_queue(test);
	expect_changed(test, &check, true);
}

/*
 * The span
 */

/* The whole heap as queued blocks. */
static void lay_all_queued(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	test_lay_units(test, 8 * 4);
	fill_heap(test, 4);
	free_row(test, t->blocks, 8);
	KUNIT_ASSERT_EQ(test, t->heap.queued, 8);
	KUNIT_ASSERT_EQ(test, talloc_heap_blocks(&t->heap), 0);
}

static void set_span_moves_a_heap_of_queued_blocks(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span;

	lay_all_queued(test);
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_heap_used_span(&t->heap)));
	span = test_span(t);
	span.start += 10 * 8;
	span.end += 10 * 8;
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_span(t).start, span.start);
	KUNIT_EXPECT_EQ(test, test_span(t).end, span.end);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
	KUNIT_EXPECT_EQ(test, t->heap.queue_below, 0);
}

/* Both ends move within what was queued, up to the one live block. */
static void set_span_cuts_queued_blocks_off(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all, part;
	struct talloc_chunk chunk;
	u32 i;

	test_lay_units(test, 8 * 4);
	all = test_span(t);
	part = all;
	fill_heap(test, 4);
	for (i = 0; i < 8; i++)
		if (i != 2)
			free_block(test, t->blocks[i]);
	part.start = test_addr(t->blocks[2]) - t->tag + 8;
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, part, &chunk), TALLOC_BUSY);
	KUNIT_EXPECT_EQ(test, chunk.addr, test_addr(t->blocks[2]));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
	part.start -= 8;
	part.end = test_addr(t->blocks[3]);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, part, NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_units(t), 4);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, all, NULL), TALLOC_OK);
	test_queue_always(t);
	free_block(test, t->blocks[2]);
	KUNIT_EXPECT_TRUE(test, is_queued(t, t->blocks[2]));
	settle(test, TALLOC_KEPT);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

/* New units join what was queued at either end. */
static void set_span_extends_beside_queued_blocks(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all = test_span(t), part = all;

	part.start += 4 * 8;
	part.end = part.start + t->tag + 12 * 8;
	KUNIT_ASSERT_EQ(test, test_lay(t, part), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, fill_heap(test, 4), 3);
	free_block(test, t->blocks[0]);
	free_block(test, t->blocks[2]);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, all, NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), 2);
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
}

static void used_span_is_right_after_settling(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span used;

	test_lay_units(test, 20);
	fill_heap(test, 4);
	free_block(test, t->blocks[0]);
	free_block(test, t->blocks[1]);
	free_block(test, t->blocks[4]);
	used = talloc_heap_used_span(&t->heap);
	KUNIT_EXPECT_EQ(test, used.start, test_span(t).start);
	KUNIT_EXPECT_EQ(test, used.end, test_span(t).end);
	settle(test, TALLOC_KEPT);
	used = talloc_heap_used_span(&t->heap);
	KUNIT_EXPECT_EQ(test, used.start, test_addr(t->blocks[2]) - t->tag);
	KUNIT_EXPECT_EQ(test, used.end, test_addr(t->blocks[4]));
	free_block(test, t->blocks[2]);
	free_block(test, t->blocks[3]);
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_heap_used_span(&t->heap)));
}

/*
 * When frees are queued
 */

/* While fewer units are free than the heap says, and no longer. */
static void frees_are_queued_below_the_threshold(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[4];

	alloc_row(test, blocks, 4, 4);
	t->heap.queue_below = talloc_heap_free_units(&t->heap);
	free_block(test, blocks[0]);
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[0]));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
	t->heap.queue_below = talloc_heap_free_units(&t->heap) + 1;
	free_block(test, blocks[1]);
	KUNIT_EXPECT_TRUE(test, is_queued(t, blocks[1]));
	/* It counts as used, so that nothing has changed. */
	free_block(test, blocks[2]);
	KUNIT_EXPECT_TRUE(test, is_queued(t, blocks[2]));
	settle_queue(test);
	free_block(test, blocks[3]);
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[3]));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
}

static void what_is_queued_stays_above_the_threshold(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[4 + TALLOC_QUEUE];

	alloc_row(test, blocks, ARRAY_SIZE(blocks), 4);
	free_row(test, blocks, 3);
	t->heap.queue_below = 1;
	free_block(test, blocks[3]);
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[3]));
	KUNIT_EXPECT_TRUE(test, is_queued(t, blocks[0]));
	expect_block_refused(test, blocks[0], 4);
	test_queue_always(t);
	free_row(test, blocks + 4, TALLOC_QUEUE - 3);
	KUNIT_EXPECT_EQ(test, t->heap.queued, TALLOC_QUEUE);
	KUNIT_EXPECT_TRUE(test, is_queued(t, blocks[0]));
	free_block(test, blocks[1 + TALLOC_QUEUE]);
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[0]));
	t->heap.queue_below = 1;
	KUNIT_EXPECT_TRUE(test, settle_queue(test));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
	KUNIT_EXPECT_EQ(test, kept_units(t), 4 * (2 + TALLOC_QUEUE));
}

/* Above it what is freed becomes the newest, however large, and is handed out again. */
static void large_block_is_kept_above_the_threshold(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units = TALLOC_RING_UNITS + 10;
	void *block = alloc_fenced(test, units);

	free_block(test, block);
	settle_queue(test);
	KUNIT_EXPECT_TRUE(test, is_free(t, block, units));
	KUNIT_ASSERT_PTR_EQ(test, alloc_units(test, units), block);
	t->heap.queue_below = 1;
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, units), block);
	KUNIT_EXPECT_TRUE(test, is_live(t, test_index(t, block)));
	free_block(test, block);
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, units - 1), block);
	KUNIT_EXPECT_TRUE(test, is_live(t, test_index(t, block)));
	KUNIT_EXPECT_EQ(test, kept_units(t), 0);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void small_heap_queues_nothing(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block;

	t->queues = false;
	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, t->heap.queue_below, 0);
	block = alloc_fenced(test, 4);
	free_block(test, block);
	KUNIT_EXPECT_TRUE(test, is_kept(t, block));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
	KUNIT_EXPECT_FALSE(test, settle_queue(test));
}

/*
 * Large heaps: those with more units than have to be in use.
 */

#define LARGE_UNITS	(TALLOC_QUEUE_UNITS + 4096)

/**
 * struct large - memory for a large heap
 * @memory: enough for units of 16 bytes, or for a table
 * @bytes: its size
 * @map: a live map
 * @map_bytes: its size
 */
struct large {
	u8 *memory;
	size_t bytes;
	unsigned long *map;
	size_t map_bytes;
};

static void large_get(struct kunit *test, struct large *large)
{
	large->bytes = (LARGE_UNITS + 2) * TALLOC_SLOT_BYTES;
	large->map_bytes = LARGE_UNITS / 8 + 64;
	large->memory = test_memory_get(large->bytes);
	large->map = test_memory_get(large->map_bytes);
	KUNIT_ASSERT_NOT_NULL(test, large->memory);
	KUNIT_ASSERT_NOT_NULL(test, large->map);
}

static void large_put(struct kunit *test, struct large *large)
{
	struct test_heap *t = test_heap_of(test);

	test_memory_put(large->memory, large->bytes);
	test_memory_put(large->map, large->map_bytes);
	/* The control block was of a heap that is no more. */
	KUNIT_EXPECT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
}

/* With inline tags, a window of just so many units. */
static struct talloc_heap_config large_config(const struct large *large, u32 unit, u32 units)
{
	u64 start = (test_addr(large->memory) + 4 + unit - 1) & -(u64)unit;

	return (struct talloc_heap_config){
		.window = { start - 4, start + (u64)units * unit },
		.unit = unit,
		.live_map = large->map,
		.keep = true,
	};
}

static u32 limit_of(struct kunit *test, const struct talloc_heap_config *config)
{
	struct test_heap *t = test_heap_of(test);

	KUNIT_ASSERT_EQ(test, talloc_heap_init(&t->heap, config), TALLOC_OK);
	test_breathe();
	KUNIT_EXPECT_EQ(test, t->heap.queue_below, 0);
	return t->heap.queue_limit;
}

/* Only in large heaps with just this layout that keep blocks and have a live map. */
static void only_large_heaps_queue(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_config config;
	struct talloc_span span;
	struct large large;

	large_get(test, &large);
	config = large_config(&large, 8, TALLOC_QUEUE_UNITS - 1);
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 0);
	config = large_config(&large, 8, TALLOC_QUEUE_UNITS);
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 0);
	KUNIT_EXPECT_EQ(test, test_units(t), TALLOC_QUEUE_UNITS);
	config = large_config(&large, 8, TALLOC_QUEUE_UNITS + 1);
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 1);
	config = large_config(&large, 8, LARGE_UNITS);
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 4096);
	config.unit = 0;
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 4096);
	/* It is what the span has that counts, now and later. */
	config.span = config.window;
	config.span.end -= 4092 * 8;
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 4);
	span = config.window;
	span.start += 2 * 8;
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, t->heap.queue_limit, 4094);
	span.start += 4094 * 8;
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, t->heap.queue_limit, 0);
	config = large_config(&large, 8, LARGE_UNITS);
	config.keep = false;
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 0);
	config.keep = true;
	config.live_map = NULL;
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 0);
	config = large_config(&large, 16, LARGE_UNITS);
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 0);
	KUNIT_EXPECT_EQ(test, test_units(t), LARGE_UNITS);
	config = large_config(&large, 8, LARGE_UNITS);
	config.table = large.memory;
	KUNIT_EXPECT_EQ(test, limit_of(test, &config), 0);
	KUNIT_EXPECT_EQ(test, test_units(t), LARGE_UNITS);
	large_put(test, &large);
}

/* What fills all of the ring, and one more, with which the hand begins another round. */
#define ROUND	(TALLOC_KEPT + 1)

/*
 * A large heap in which so many blocks with so many units are left when ROUND small ones
 * were freed, of which one, @rest, is large. Returns the first of the small ones.
 */
static void *lay_busy(struct kunit *test, const struct large *large, u32 blocks, u32 used,
		      void **rest)
{
	struct talloc_heap_config config = large_config(large, 8, LARGE_UNITS);
	struct test_heap *t = test_heap_of(test);
	u64 small = test_request(t, 2);
	void *first;
	u32 i;

	KUNIT_ASSERT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_OK);
	first = test_alloc(&t->heap, small);
	for (i = 1; i < blocks - 1 + ROUND; i++)
		if (!test_alloc(&t->heap, small))
			break;
	KUNIT_ASSERT_EQ(test, i, blocks - 1 + ROUND);
	*rest = alloc_units(test, used - 2 * (blocks - 1));
	KUNIT_ASSERT_EQ(test, talloc_heap_used_bytes(&t->heap), 8ull * (used + 2 * ROUND));
	return first;
}

static void free_round(struct kunit *test, void *first)
{
	struct test_heap *t = test_heap_of(test);
	u32 i;

	for (i = 0; i < ROUND; i++)
		KUNIT_ASSERT_EQ(test, test_free(&t->heap, unit_of(t, first, 2 * i)), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Not with one block less than said, nor with one unit less in use. */
static void large_heap_begins_to_queue_by_itself(struct kunit *test)
{
	static const struct {
		u32 blocks;
		u32 used;
		bool begins;
	} known[] = {
		{ 2, LARGE_UNITS - 2 * ROUND, false },
		{ TALLOC_QUEUE_BLOCKS - 1, TALLOC_QUEUE_UNITS + 1, false },
		{ TALLOC_QUEUE_BLOCKS, TALLOC_QUEUE_UNITS, false },
		{ TALLOC_QUEUE_BLOCKS, TALLOC_QUEUE_UNITS + 1, true },
		{ TALLOC_QUEUE_BLOCKS + 1000, TALLOC_QUEUE_UNITS + 3000, true },
	};
	struct test_heap *t = test_heap_of(test);
	void *first, *next, *rest;
	struct large large;
	u32 i;

	large_get(test, &large);
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		first = lay_busy(test, &large, known[i].blocks, known[i].used, &rest);
		free_round(test, first);
		KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), known[i].blocks);
		KUNIT_EXPECT_EQ(test, t->heap.queue_below, known[i].begins ? 4096 : 0);
		KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
		/* What was kept before is refused, and handed out. */
		expect_block_refused(test, unit_of(t, first, 2 * 3), 2);
		next = alloc_units(test, 2);
		KUNIT_EXPECT_PTR_EQ(test, next, unit_of(t, first, 2 * (ROUND - 2)));
		free_block(test, next);
		KUNIT_EXPECT_EQ(test, is_queued(t, next), known[i].begins);
		KUNIT_EXPECT_EQ(test, is_kept(t, next), !known[i].begins);
		expect_block_refused(test, next, 2);
		settle(test, TALLOC_KEPT);
		KUNIT_EXPECT_EQ(test, talloc_heap_used_bytes(&t->heap), 8ull * known[i].used);
		test_breathe();
	}
	large_put(test, &large);
}

static void shrink(struct kunit *test, void *block, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	u64 had = 0;

	KUNIT_ASSERT_EQ(test, test_lookup(&t->heap, block, &had, NULL), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, block, had - 8ull * units), TALLOC_OK);
}

/* The block that leaves the ring then cannot merge: it is where it was, and that is all. */
static void damage_is_told_by_the_free_that_begins_to_queue(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault = { 0 };
	void *first, *second, *rest;
	struct large large;
	u32 i;

	large_get(test, &large);
	first = lay_busy(test, &large, TALLOC_QUEUE_BLOCKS, TALLOC_QUEUE_UNITS + 1, &rest);
	second = unit_of(t, first, 2);
	for (i = 0; i < ROUND - 1; i++)
		KUNIT_ASSERT_EQ(test, test_free(&t->heap, unit_of(t, first, 2 * i)), TALLOC_OK);
	test_tag(t, test_index(t, second))[0] |= TEST_LEFT_FREE;
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, unit_of(t, first, 2 * i)), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, t->heap.queue_below, 4096);
	KUNIT_EXPECT_FALSE(test, is_live(t, test_index(t, first)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_check(&t->heap, &fault));
	KUNIT_EXPECT_EQ(test, fault.rule, TALLOC_RULE_TAGS);
	KUNIT_EXPECT_EQ(test, fault.addr, test_addr(second));
	large_put(test, &large);
}

/* Where a little less is in use than at the beginning it pauses, and where much less, ends. */
static void large_heap_ends_to_queue_by_itself(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	const u32 end = 4096 + TALLOC_QUEUE_LESS;
	void *first, *next, *rest;
	struct large large;

	large_get(test, &large);
	first = lay_busy(test, &large, TALLOC_QUEUE_BLOCKS + 100, TALLOC_QUEUE_UNITS + 1, &rest);
	free_round(test, first);
	KUNIT_EXPECT_EQ(test, t->heap.queue_below, 4096);
	KUNIT_EXPECT_EQ(test, t->heap.short_end, 0);
	KUNIT_EXPECT_EQ(test, t->heap.short_bytes, 0);
	/* The places of these are empty, and had blocks. */
	settle(test, 5);
	next = unit_of(t, first, 2 * ROUND);
	free_block(test, next);
	KUNIT_EXPECT_TRUE(test, is_queued(t, next));
	next = unit_of(t, next, 2);
	shrink(test, rest, TALLOC_QUEUE_LESS / 2);
	free_block(test, next);
	KUNIT_EXPECT_TRUE(test, is_kept(t, next));
	KUNIT_EXPECT_EQ(test, t->heap.queue_below, 4096);
	KUNIT_EXPECT_EQ(test, t->heap.queued, 1);
	shrink(test, rest, end - 2 - t->heap.free_units);
	KUNIT_EXPECT_EQ(test, t->heap.free_units, end - 2);
	next = unit_of(t, next, 2);
	free_block(test, next);
	KUNIT_EXPECT_EQ(test, t->heap.queue_below, 4096);
	KUNIT_EXPECT_EQ(test, t->heap.queued, 1);
	next = unit_of(t, next, 2);
	free_block(test, next);
	KUNIT_EXPECT_EQ(test, t->heap.queue_below, 0);
	KUNIT_EXPECT_EQ(test, t->heap.short_end, t->heap.sentinel - t->heap.kept_units);
	KUNIT_EXPECT_EQ(test, t->heap.short_bytes, t->heap.max_bytes);
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
	KUNIT_EXPECT_TRUE(test, is_kept(t, next));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	expect_block_refused(test, next, 2);
	/* It took the place of the one before it; what was queued had got into the ring by then. */
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 2), unit_of(t, first, 2 * ROUND + 4));
	KUNIT_EXPECT_PTR_EQ(test, alloc_units(test, 2), unit_of(t, first, 2 * ROUND));
	settle(test, TALLOC_KEPT);
	large_put(test, &large);
}

/*
 * The control block
 */

static void retired_heap_leaves_its_queue(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[2], *other = alloc_fenced(test, 4);
	u64 addr;

	alloc_row(test, blocks, 2, 4);
	free_row(test, blocks, 2);
	talloc_heap_retire(&t->heap);
	test_keep(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, test_request(t, 4), &addr), TALLOC_FULL);
	KUNIT_EXPECT_FALSE(test, talloc_heap_settle_queue(&t->heap));
	KUNIT_EXPECT_FALSE(test, talloc_heap_settle(&t->heap, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, blocks[0]), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, other), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, t->window, NULL), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, kept_units(t), 8);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void heap_laid_anew_has_nothing_queued(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3];

	alloc_row(test, blocks, 3, 4);
	free_row(test, blocks, 3);
	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 0);
	KUNIT_EXPECT_FALSE(test, settle(test, TALLOC_KEPT));
}

static void queue_moves_with_the_control_block(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[TALLOC_QUEUE + 3];
	u32 i;

	alloc_row(test, blocks, ARRAY_SIZE(blocks), 4);
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		free_block(test, blocks[i]);
		t->was = t->heap;
		memset(&t->heap, 0x5a, sizeof(t->heap));
		t->heap = t->was;
	}
	KUNIT_EXPECT_TRUE(test, is_kept(t, blocks[2]));
	KUNIT_EXPECT_TRUE(test, is_queued(t, blocks[3]));
	settle(test, TALLOC_KEPT);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		KUNIT_EXPECT_TRUE(test, is_free(t, blocks[i], 4));
}

/*
 * The checker
 */

static void expect_rule(struct kunit *test, enum talloc_rule rule, const char *what)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault = { 0 };

	test_keep(test);
	KUNIT_EXPECT_FALSE_MSG(test, talloc_heap_check(&t->heap, &fault), "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, fault.rule, rule, "%s: says %s at %u", what,
			    talloc_rule_name(fault.rule), fault.chunk);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

/* Damage one word, look, and mend it. */
static void plant(struct kunit *test, talloc_word *word, u32 value, enum talloc_rule rule,
		  const char *what)
{
	u32 was = *word;

	*word = value;
	expect_rule(test, rule, what);
	*word = was;
	KUNIT_EXPECT_TRUE_MSG(test, test_clean(test), "%s, mended", what);
}

/* One more place of the queue is taken, or one less, and the number says so. */
static void plant_queued(struct kunit *test, u32 *place, u32 chunk, enum talloc_rule rule,
			 const char *what)
{
	struct test_heap *t = test_heap_of(test);
	u32 was = *place, queued = t->heap.queued;

	*place = chunk;
	t->heap.queued += !!chunk - !!was;
	/* So that the number of blocks is right. */
	t->heap.allocs += t->heap.queued - queued;
	expect_rule(test, rule, what);
	t->heap.allocs -= t->heap.queued - queued;
	t->heap.queued = queued;
	*place = was;
	KUNIT_EXPECT_TRUE_MSG(test, test_clean(test), "%s, mended", what);
}

static void plant_live(struct kunit *test, u32 chunk, const char *what)
{
	unsigned long *word = &test_heap_of(test)->heap.live[chunk / BITS_PER_LONG];

	*word ^= 1ul << chunk % BITS_PER_LONG;
	expect_rule(test, TALLOC_RULE_LIVE, what);
	*word ^= 1ul << chunk % BITS_PER_LONG;
	KUNIT_EXPECT_TRUE_MSG(test, test_clean(test), "%s, mended", what);
}

static void check_tells_a_wrong_number_of_queued_blocks(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3];
	talloc_word *queued = (talloc_word *)&t->heap.queued;

	plant(test, queued, 1, TALLOC_RULE_KEPT, "one of none");
	alloc_row(test, blocks, 3, 4);
	free_row(test, blocks, 3);
	plant(test, queued, 2, TALLOC_RULE_KEPT, "two of three");
	plant(test, queued, 4, TALLOC_RULE_KEPT, "four of three");
	plant(test, queued, TALLOC_QUEUE, TALLOC_RULE_KEPT, "a full queue of three");
	plant(test, queued, U32_MAX, TALLOC_RULE_KEPT, "very many of three");
	/* No place is looked at then, and so nobody seems to have a reason to be dead. */
	plant(test, queued, 0, TALLOC_RULE_LIVE, "none of three");
}

static void check_tells_what_is_queued_and_no_block(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3], *hole = alloc_fenced(test, 5), *kept = alloc_fenced(test, 6);
	u32 *place, first, n;

	alloc_row(test, blocks, 3, 4);
	free_block(test, hole);
	settle(test, TALLOC_KEPT);
	free_block(test, kept);
	settle_queue(test);
	free_row(test, blocks, 2);
	first = test_index(t, blocks[0]);
	for (n = 0; n < TALLOC_QUEUE - 2; n++) {
		place = &t->heap.queue[(t->heap.queue_next + n) % TALLOC_QUEUE];
		KUNIT_ASSERT_EQ(test, *place, 0);
		plant_queued(test, place, first, TALLOC_RULE_KEPT, "one is queued twice");
		plant_queued(test, place, first + 1, TALLOC_RULE_KEPT, "inside of a block");
		plant_queued(test, place, test_index(t, hole), TALLOC_RULE_KEPT, "a hole");
		plant_queued(test, place, test_index(t, kept), TALLOC_RULE_KEPT, "a kept one");
		plant_queued(test, place, t->heap.sentinel, TALLOC_RULE_KEPT, "the sentinel");
		plant_queued(test, place, U32_MAX, TALLOC_RULE_KEPT, "above the span");
		plant_queued(test, place, test_index(t, blocks[2]), TALLOC_RULE_LIVE,
			     "a live one");
		plant(test, (talloc_word *)place, first + 1, TALLOC_RULE_KEPT, "not counted");
	}
	place = queue_place(t, first);
	plant_queued(test, place, 0, TALLOC_RULE_LIVE, "one is missing");
	plant_queued(test, place, first + 1, TALLOC_RULE_LIVE, "one is elsewhere");
	plant_queued(test, place, test_index(t, blocks[1]), TALLOC_RULE_LIVE, "one is another");
}

static void check_tells_live_bits_that_are_wrong_beside_a_queue(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3], *kept = alloc_fenced(test, 5);

	free_block(test, kept);
	settle_queue(test);
	alloc_row(test, blocks, 3, 4);
	free_row(test, blocks, 2);
	plant_live(test, test_index(t, kept), "a kept block is live");
	plant_live(test, test_index(t, blocks[0]), "a queued block is live");
	plant_live(test, test_index(t, blocks[1]), "another is live");
	plant_live(test, test_index(t, blocks[2]), "a used block is not live");
	plant_live(test, test_index(t, blocks[0]) + 1, "inside of a queued block");
}

static void check_tells_tags_of_queued_blocks(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[2];
	talloc_word *tag;

	alloc_row(test, blocks, 2, 4);
	free_row(test, blocks, 2);
	tag = test_tag(t, test_index(t, blocks[0]));
	plant(test, tag, *tag | TEST_KEPT, TALLOC_RULE_KEPT, "kept, too");
	plant(test, tag, *tag | TEST_FREE, TALLOC_RULE_TAGS, "free, too");
	plant(test, tag, *tag | TEST_LEFT_FREE, TALLOC_RULE_TAGS, "with L");
	plant(test, tag, 0, TALLOC_RULE_RUNT, "0");
	plant(test, tag, U32_MAX, TALLOC_RULE_TILING, "all ones");
	plant(test, tag, 0x1fffffffu << TEST_SHIFT, TALLOC_RULE_TILING, "huge");
}

/* Really kept, with all that belongs to it, and queued as well. */
static void check_tells_what_is_queued_and_kept(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = alloc_fenced(test, 4);
	u32 place = t->heap.queue_next % TALLOC_QUEUE;

	free_block(test, block);
	settle_queue(test);
	plant_queued(test, &t->heap.queue[place], test_index(t, block), TALLOC_RULE_KEPT,
		     "kept and queued");
}

static void expect_live_fault(struct kunit *test, const void *block, u64 found)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault = { 0 };
	u32 chunk = test_index(t, block);

	t->heap.live[chunk / BITS_PER_LONG] ^= 1ul << chunk % BITS_PER_LONG;
	KUNIT_EXPECT_FALSE(test, talloc_heap_check(&t->heap, &fault));
	KUNIT_EXPECT_EQ(test, fault.rule, TALLOC_RULE_LIVE);
	KUNIT_EXPECT_EQ(test, fault.chunk, chunk);
	KUNIT_EXPECT_EQ(test, fault.found, found);
	KUNIT_EXPECT_EQ(test, fault.expected, !found);
	t->heap.live[chunk / BITS_PER_LONG] ^= 1ul << chunk % BITS_PER_LONG;
}

/* At the block, though others follow that have their bit. */
static void check_says_where_a_live_bit_is_wrong(struct kunit *test)
{
	void *blocks[4];

	alloc_row(test, blocks, 4, 4);
	free_row(test, blocks, 2);
	expect_live_fault(test, blocks[0], 1);
	expect_live_fault(test, blocks[1], 1);
	expect_live_fault(test, blocks[2], 0);
}

static void check_says_how_many_are_queued(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault = { 0 };
	void *blocks[3];

	alloc_row(test, blocks, 3, 4);
	free_row(test, blocks, 3);
	t->heap.queued = 5;
	KUNIT_EXPECT_FALSE(test, talloc_heap_check(&t->heap, &fault));
	KUNIT_EXPECT_EQ(test, fault.found, 5);
	KUNIT_EXPECT_EQ(test, fault.expected, 3);
	t->heap.queue[5] = test_index(t, blocks[0]);
	t->heap.queued = 4;
	KUNIT_EXPECT_FALSE(test, talloc_heap_check(&t->heap, &fault));
	KUNIT_EXPECT_EQ(test, fault.found, 4);
	KUNIT_EXPECT_EQ(test, fault.expected, 3);
}

/*
 * Damage
 */

/* Out of service, with damage of this chunk's tag. */
static void expect_damage_at(struct kunit *test, const void *block)
{
	struct test_heap *t = test_heap_of(test);
	const struct talloc_fault *damage = talloc_heap_damage(&t->heap);
	u64 addr;

	KUNIT_ASSERT_TRUE(test, damage);
	KUNIT_EXPECT_EQ(test, damage->rule, TALLOC_RULE_TAGS);
	KUNIT_EXPECT_EQ(test, damage->addr, test_addr(block));
	test_keep(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(&t->heap, 1, &addr), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, t->blocks[0]), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, t->window, NULL), TALLOC_DAMAGED);
	KUNIT_EXPECT_FALSE(test, talloc_heap_settle_queue(&t->heap));
	KUNIT_EXPECT_FALSE(test, talloc_heap_settle(&t->heap, TALLOC_KEPT));
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

/* No tag of a used chunk of the heap, wherever it stands. */
static const u32 bad_tags[] = {
	0, 1, 2, 7, 1 << 3, 4 << 3 | 1, 4 << 3 | 3, 4 << 3 | 5, 4 << 3 | 7, 0x10000000u << 3,
	0x1fffffffu << 3, 0x1fffffffu << 3 | 4, U32_MAX,
};

/* Eight queued blocks in t->blocks[1] on, and two more after them that are live. */
static void lay_queued(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	KUNIT_ASSERT_EQ(test, test_lay_queueing(t), TALLOC_OK);
	alloc_row(test, t->blocks, TALLOC_QUEUE + 3, 4);
	free_row(test, t->blocks + 1, TALLOC_QUEUE);
}

/* It is told when it leaves, and who frees then has freed a block all the same. */
static void leave_with_tag(struct kunit *test, u32 tag)
{
	struct test_heap *t = test_heap_of(test);
	void *bad, *other;
	u32 blocks;

	lay_queued(test);
	blocks = talloc_heap_blocks(&t->heap);
	bad = t->blocks[1];
	other = t->blocks[TALLOC_QUEUE + 1];
	*test_tag(t, test_index(t, bad)) = tag;
	KUNIT_EXPECT_EQ_MSG(test, test_free(&t->heap, other), TALLOC_DAMAGED, "0x%x", tag);
	KUNIT_EXPECT_TRUE(test, talloc_heap_freed(&t->heap, test_addr(other)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_addr(bad)));
	KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_addr(t->blocks[0])));
	KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_addr(other) + 1));
	KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_addr(other) + 8));
	KUNIT_EXPECT_TRUE(test, is_queued(t, other));
	/* What has left is none of the owner's blocks, though it is not free either. */
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), blocks - 1);
	expect_damage_at(test, bad);
}

static void damaged_tag_is_told_when_it_leaves(struct kunit *test)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad_tags); n++)
		leave_with_tag(test, bad_tags[n]);
}

/* The last two in the queue, the former of which was damaged, and the ring. */
static void settle_with_tag(struct kunit *test, u32 tag, bool all)
{
	struct test_heap *t = test_heap_of(test);
	u32 free_units, blocks;
	void *bad;

	lay_queued(test);
	blocks = talloc_heap_blocks(&t->heap);
	bad = t->blocks[TALLOC_QUEUE - 1];
	*test_tag(t, test_index(t, bad)) = tag;
	free_units = talloc_heap_free_units(&t->heap);
	if (all)
		KUNIT_EXPECT_TRUE(test, talloc_heap_settle(&t->heap, TALLOC_KEPT));
	else
		KUNIT_EXPECT_TRUE(test, talloc_heap_settle_queue(&t->heap));
	KUNIT_EXPECT_TRUE(test, is_kept(t, t->blocks[1]));
	KUNIT_EXPECT_TRUE(test, is_kept(t, t->blocks[TALLOC_QUEUE - 2]));
	KUNIT_EXPECT_TRUE(test, is_queued(t, t->blocks[TALLOC_QUEUE]));
	KUNIT_EXPECT_EQ(test, t->heap.queued, 1);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_units(&t->heap),
			free_units + 4 * (TALLOC_QUEUE - 2));
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), blocks);
	expect_damage_at(test, bad);
}

static void damaged_tag_is_told_by_settling(struct kunit *test)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad_tags); n++) {
		settle_with_tag(test, bad_tags[n], false);
		settle_with_tag(test, bad_tags[n], true);
	}
}

/* An allocation that fails settles, and is told why it fails again. */
static void damaged_tag_is_told_by_a_resize(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *moved = NULL;

	lay_queued(test);
	*test_tag(t, test_index(t, t->blocks[3])) = 0;
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, t->blocks[0],
						 test_request(t, test_units(t) - 4), &moved),
			TALLOC_DAMAGED);
	KUNIT_EXPECT_NULL(test, moved);
	expect_damage_at(test, t->blocks[3]);
}

static void damaged_tag_is_told_by_set_span(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span;

	lay_queued(test);
	*test_tag(t, test_index(t, t->blocks[3])) = 0;
	span = test_span(t);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_DAMAGED);
	expect_damage_at(test, t->blocks[3]);
}

/* A block that merges when it leaves, beside a hole that does not hold together. */
static void damage_beside_a_large_block_is_told_when_it_leaves(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *hole = alloc_units(test, 5), *large = alloc_fenced(test, TEST_KEPT_UNITS);
	u32 blocks;

	alloc_row(test, t->blocks, TALLOC_QUEUE + 1, 4);
	free_block(test, hole);
	settle(test, TALLOC_KEPT);
	free_block(test, large);
	free_row(test, t->blocks + 1, TALLOC_QUEUE - 1);
	test_tag(t, test_index(t, hole))[0] ^= 8;
	blocks = talloc_heap_blocks(&t->heap);
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, t->blocks[TALLOC_QUEUE]), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), blocks - 1);
	KUNIT_EXPECT_TRUE(test, talloc_heap_freed(&t->heap, test_addr(t->blocks[TALLOC_QUEUE])));
	KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_addr(large)));
	KUNIT_EXPECT_EQ(test, talloc_heap_damage(&t->heap)->rule, TALLOC_RULE_TAGS);
}

/* What leaves the queue pushes another out of the ring, and that is damaged. */
static void damage_of_the_oldest_kept_is_told_by_what_leaves(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 count = TALLOC_PLACES + TALLOC_QUEUE, n;
	u64 last;

	for (n = 0; n < 2; n++) {
		KUNIT_ASSERT_EQ(test, test_lay_queueing(t), TALLOC_OK);
		alloc_row(test, t->blocks, count + 2, 4);
		free_row(test, t->blocks + 1, count);
		KUNIT_EXPECT_TRUE(test, is_kept(t, t->blocks[1]));
		*test_tag(t, test_index(t, t->blocks[1])) = 0;
		if (n) {
			KUNIT_EXPECT_TRUE(test, talloc_heap_settle_queue(&t->heap));
			KUNIT_EXPECT_EQ(test, t->heap.queued, TALLOC_QUEUE - 1);
		} else {
			last = test_addr(t->blocks[count + 1]);
			KUNIT_EXPECT_EQ(test, talloc_heap_free(&t->heap, last), TALLOC_DAMAGED);
			KUNIT_EXPECT_TRUE(test, is_queued(t, t->blocks[count + 1]));
			KUNIT_EXPECT_TRUE(test, talloc_heap_freed(&t->heap, last));
		}
		KUNIT_EXPECT_TRUE(test, is_kept(t, t->blocks[TALLOC_PLACES + 1]));
		expect_damage_at(test, t->blocks[1]);
	}
}

/* The block halfway is only asked how far its neighbour may be. */
static void any_tag_halfway_is_survived(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[3 * TALLOC_QUEUE];
	talloc_word *tag;
	u32 n, was;

	for (n = 0; n < ARRAY_SIZE(bad_tags); n++) {
		KUNIT_ASSERT_EQ(test, test_lay_queueing(t), TALLOC_OK);
		alloc_row(test, blocks, ARRAY_SIZE(blocks), 4);
		free_row(test, blocks, TALLOC_QUEUE / 2 + n);
		tag = test_tag(t, test_index(t, blocks[n]));
		was = *tag;
		*tag = bad_tags[n];
		KUNIT_EXPECT_EQ_MSG(test, test_free(&t->heap, blocks[TALLOC_QUEUE / 2 + n]),
				    TALLOC_OK, "0x%x", bad_tags[n]);
		*tag = was;
		KUNIT_EXPECT_TRUE(test, test_clean(test));
	}
}

/* The questions that may be asked of a heap whose queued blocks have wild sizes. */
static void any_tag_in_the_queue_can_be_asked_for(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_stats stats;
	struct talloc_chunk chunk;
	struct talloc_fault fault;
	struct talloc_walk walk;
	talloc_word *tag;
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad_tags); n++) {
		lay_queued(test);
		tag = test_tag(t, test_index(t, t->blocks[2]));
		*tag = bad_tags[n];
		test_keep(test);
		talloc_heap_stats(&t->heap, &stats);
		KUNIT_EXPECT_EQ(test, stats.used_bytes + stats.free_bytes, stats.span_bytes);
		KUNIT_EXPECT_LE(test, stats.free_bytes, stats.span_bytes);
		KUNIT_EXPECT_LE(test, stats.kept_bytes, stats.free_bytes);
		KUNIT_EXPECT_FALSE(test, talloc_heap_check(&t->heap, &fault));
		talloc_heap_walk_begin(&t->heap, &walk);
		while (talloc_heap_walk_next(&t->heap, &walk, &chunk))
			KUNIT_ASSERT_LE(test, chunk.addr + chunk.bytes, test_span(t).end);
		KUNIT_EXPECT_EQ(test, test_find(&t->heap, t->blocks[2], &chunk), TALLOC_OK);
		KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_FREE);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
	}
}

/* Sizes that end in the span, and yet are more than can be used in all. */
static void sizes_in_the_queue_are_no_more_than_there_is(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_stats stats;
	u32 n, chunk;

	lay_queued(test);
	for (n = 1; n <= TALLOC_QUEUE; n++) {
		chunk = test_index(t, t->blocks[n]);
		*test_tag(t, chunk) = (t->heap.sentinel - chunk) << TEST_SHIFT;
		talloc_heap_stats(&t->heap, &stats);
		KUNIT_EXPECT_LE(test, stats.used_bytes, stats.span_bytes);
		KUNIT_EXPECT_LE(test, stats.free_bytes, stats.span_bytes);
		KUNIT_EXPECT_EQ(test, stats.used_bytes + stats.free_bytes, stats.span_bytes);
	}
}

/* Whom a free that says "damaged" is about. */
static void own_damage_is_no_free(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad_tags); n++) {
		lay_queued(test);
		t->heap.queue_below = 1;
		*test_tag(t, test_index(t, t->blocks[TALLOC_QUEUE + 1])) = bad_tags[n];
		KUNIT_EXPECT_EQ(test, test_free(&t->heap, t->blocks[TALLOC_QUEUE + 1]),
				TALLOC_DAMAGED);
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap,
							   test_addr(t->blocks[TALLOC_QUEUE + 1])));
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_addr(t->blocks[1]) + 1));
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_addr(t->blocks[1]) - 1));
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_span(t).start - 4));
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_span(t).end));
		/* In 32 bits, these would be queued indices again. */
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, test_addr(t->blocks[1]) +
							   (8ull << 32)));
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, 0));
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&t->heap, TALLOC_NOWHERE));
		expect_damage_at(test, t->blocks[TALLOC_QUEUE + 1]);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(freed_block_is_queued, queues_gen_params),
	KUNIT_CASE_PARAM(queued_blocks_leave_in_the_order_of_frees, queues_gen_params),
	KUNIT_CASE_PARAM(settle_begins_with_the_oldest_wherever_the_queue_begins,
			 queues_gen_params),
	KUNIT_CASE_PARAM(queue_goes_on_where_it_was_after_settling, queues_gen_params),
	KUNIT_CASE_PARAM(settle_queue_leaves_the_ring, queues_gen_params),
	KUNIT_CASE_PARAM(settle_empties_the_queue, queues_gen_params),
	KUNIT_CASE_PARAM(settle_merges_a_full_queue_and_a_full_ring, queues_gen_params),
	KUNIT_CASE_PARAM(aligned_block_leaves_as_an_aligned_one, queues_gen_params),
	KUNIT_CASE_PARAM(large_block_leaves_by_merging, queues_gen_params),
	KUNIT_CASE_PARAM(queued_blocks_merge_with_each_neighbour, queues_gen_params),
	KUNIT_CASE_PARAM(double_free_is_refused, queues_gen_params),
	KUNIT_CASE_PARAM(double_free_of_a_kept_block_is_refused, queues_gen_params),
	KUNIT_CASE_PARAM(double_free_of_a_damaged_block_is_refused, queues_gen_params),
	KUNIT_CASE_PARAM(queued_neighbours_are_no_room, queues_gen_params),
	KUNIT_CASE_PARAM(neighbour_shrinks_and_grows_beside_a_queued_block, queues_gen_params),
	KUNIT_CASE_PARAM(resize_settles_for_room_beside_it, queues_gen_params),
	KUNIT_CASE_PARAM(resize_queues_what_it_moves, queues_gen_params),
	KUNIT_CASE_PARAM(no_room_turns_into_room_by_settling, queues_gen_params),
	KUNIT_CASE_PARAM(all_of_a_size_can_be_had_again, queues_gen_params),
	KUNIT_CASE_PARAM(heap_says_what_is_held_beside, queues_gen_params),
	KUNIT_CASE_PARAM(heap_may_hold_anything_while_blocks_are_queued, queues_gen_params),
	KUNIT_CASE_PARAM(find_tells_queued_blocks_as_free, queues_gen_params),
	KUNIT_CASE_PARAM(walk_tells_queued_blocks_as_free, queues_gen_params),
	KUNIT_CASE_PARAM(walk_passes_over_a_queued_block, queues_gen_params),
	KUNIT_CASE_PARAM(stats_count_queued_blocks_as_free, queues_gen_params),
	KUNIT_CASE_PARAM(stats_follow_what_leaves, queues_gen_params),
	KUNIT_CASE_PARAM(check_notices_the_queue, queues_gen_params),
	KUNIT_CASE_PARAM(set_span_moves_a_heap_of_queued_blocks, queues_gen_params),
	KUNIT_CASE_PARAM(set_span_cuts_queued_blocks_off, queues_gen_params),
	KUNIT_CASE_PARAM(set_span_extends_beside_queued_blocks, queues_gen_params),
	KUNIT_CASE_PARAM(used_span_is_right_after_settling, queues_gen_params),
	KUNIT_CASE_PARAM(frees_are_queued_below_the_threshold, queues_gen_params),
	KUNIT_CASE_PARAM(what_is_queued_stays_above_the_threshold, queues_gen_params),
	KUNIT_CASE_PARAM(large_block_is_kept_above_the_threshold, queues_gen_params),
	KUNIT_CASE_PARAM(small_heap_queues_nothing, queues_gen_params),
	KUNIT_CASE(only_large_heaps_queue),
	KUNIT_CASE(large_heap_begins_to_queue_by_itself),
	KUNIT_CASE(damage_is_told_by_the_free_that_begins_to_queue),
	KUNIT_CASE(large_heap_ends_to_queue_by_itself),
	KUNIT_CASE_PARAM(retired_heap_leaves_its_queue, queues_gen_params),
	KUNIT_CASE_PARAM(heap_laid_anew_has_nothing_queued, queues_gen_params),
	KUNIT_CASE_PARAM(queue_moves_with_the_control_block, queues_gen_params),
	KUNIT_CASE_PARAM(check_tells_a_wrong_number_of_queued_blocks, queues_gen_params),
	KUNIT_CASE_PARAM(check_tells_what_is_queued_and_no_block, queues_gen_params),
	KUNIT_CASE_PARAM(check_tells_live_bits_that_are_wrong_beside_a_queue, queues_gen_params),
	KUNIT_CASE_PARAM(check_tells_tags_of_queued_blocks, queues_gen_params),
	KUNIT_CASE_PARAM(check_tells_what_is_queued_and_kept, queues_gen_params),
	KUNIT_CASE_PARAM(check_says_where_a_live_bit_is_wrong, queues_gen_params),
	KUNIT_CASE_PARAM(check_says_how_many_are_queued, queues_gen_params),
	KUNIT_CASE_PARAM(damaged_tag_is_told_when_it_leaves, queues_gen_params),
	KUNIT_CASE_PARAM(damaged_tag_is_told_by_settling, queues_gen_params),
	KUNIT_CASE_PARAM(damaged_tag_is_told_by_a_resize, queues_gen_params),
	KUNIT_CASE_PARAM(damaged_tag_is_told_by_set_span, queues_gen_params),
	KUNIT_CASE_PARAM(damage_beside_a_large_block_is_told_when_it_leaves, queues_gen_params),
	KUNIT_CASE_PARAM(damage_of_the_oldest_kept_is_told_by_what_leaves, queues_gen_params),
	KUNIT_CASE_PARAM(any_tag_halfway_is_survived, queues_gen_params),
	KUNIT_CASE_PARAM(any_tag_in_the_queue_can_be_asked_for, queues_gen_params),
	KUNIT_CASE_PARAM(sizes_in_the_queue_are_no_more_than_there_is, queues_gen_params),
	KUNIT_CASE_PARAM(own_damage_is_no_free, queues_gen_params),
	{ }
};

struct kunit_suite talloc_queue_suite = {
	.name = "talloc_queue",
	.init = test_heap_init_queueing,
	.exit = test_heap_exit,
	.test_cases = cases,
};
