// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that a large region does not look at when they are freed: as for those that it
 * keeps, nobody has to know. The regions are small, and queue all the same.
 */
#include "talloc_test_region.h"
#include "../talloc_region.h"

#define NAME	"kunit-queue"

#define SPAN	SZ_4M	/* large enough for all of the ring */
#define BYTES	200
#define COUNT	64

/* What a block takes, with its tag, in units of 8 bytes. */
#define TAKES	208

/* From now on what is freed in this span is queued. */
static void queue_frees(struct talloc_region *region, u32 span)
{
	struct talloc_heap *heap = &region->spans[span]->heap;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	heap->queue_below = U32_MAX;
	heap->short_end = 0;
	heap->short_bytes = 0;
	raw_spin_unlock_irqrestore(&region->lock, flags);
}

/* How many are queued in a span. */
static u32 queued_in(struct talloc_region *region, u32 span)
{
	unsigned long flags;
	u32 queued;

	raw_spin_lock_irqsave(&region->lock, flags);
	queued = region->spans[span]->heap.queued;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return queued;
}

/* What is used, with what is queued. */
static u64 held_bytes(struct talloc_region *region)
{
	unsigned long flags;
	u64 bytes = 0;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	for (i = 0; i < region->nr_spans; i++)
		bytes += talloc_heap_used_bytes(&region->spans[i]->heap);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return bytes;
}

static struct talloc_region *create(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SPAN);

	queue_frees(region, 0);
	return region;
}

static void queued_is_not_handed_out(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block[2], *next;

	test_alloc_row(test, region, BYTES, block, 2);
	talloc_region_free(region, block[0]);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), 1);
	next = talloc_region_alloc(region, BYTES, GFP_ATOMIC);
	KUNIT_EXPECT_PTR_NE(test, next, block[0]);
	talloc_region_free(region, next);
	talloc_region_free(region, block[1]);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), 2);
}

static void queued_is_free_in_all_figures(struct kunit *test)
{
	struct talloc_region *region = create(test);
	struct talloc_region_stats before = test_region_stats(region), after;
	u32 pieces[3] = { };
	void *block[COUNT];

	test_alloc_row(test, region, BYTES, block, COUNT);
	KUNIT_EXPECT_EQ(test, held_bytes(region), COUNT * TAKES);
	test_free_row(region, block, COUNT);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), TALLOC_QUEUE);
	KUNIT_EXPECT_EQ(test, held_bytes(region), TALLOC_QUEUE * TAKES);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), TALLOC_QUEUE);
	after = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, after.used_bytes, 0);
	KUNIT_EXPECT_EQ(test, after.free_bytes, after.total_bytes);
	KUNIT_EXPECT_EQ(test, after.blocks, 0);
	KUNIT_EXPECT_EQ(test, after.free_chunks, 1);
	KUNIT_EXPECT_EQ(test, after.largest_bytes, before.largest_bytes);
	KUNIT_EXPECT_EQ(test, after.frees, COUNT);
	KUNIT_EXPECT_EQ(test, after.peak_bytes, COUNT * TAKES);
	KUNIT_EXPECT_EQ(test, held_bytes(region), 0);
	test_alloc_row(test, region, BYTES, block, COUNT);
	test_free_row(region, block, COUNT);
	KUNIT_EXPECT_EQ(test, talloc_region_walk(region, test_count_pieces, pieces), 0);
	KUNIT_EXPECT_EQ(test, pieces[TALLOC_PIECE_FREE], 1);
	KUNIT_EXPECT_EQ(test, pieces[TALLOC_PIECE_BLOCK], 0);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
}

/* Some are live, some are queued, and some have left the queue. */
static void figures_are_exact_among_live_blocks(struct kunit *test)
{
	struct talloc_region *region = create(test);
	struct talloc_region_stats stats;
	void *block[COUNT];

	test_alloc_row(test, region, BYTES, block, COUNT);
	test_free_row(region, block, 3);
	stats = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, stats.used_bytes, (COUNT - 3) * TAKES);
	KUNIT_EXPECT_EQ(test, stats.blocks, COUNT - 3);
	test_free_row(region, block + 3, 20);
	stats = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, stats.used_bytes, (COUNT - 23) * TAKES);
	KUNIT_EXPECT_EQ(test, stats.blocks, COUNT - 23);
	KUNIT_EXPECT_EQ(test, stats.frees, 23);
	KUNIT_EXPECT_EQ(test, held_bytes(region), stats.used_bytes);
	test_free_row(region, block + 23, COUNT - 23);
}

/* One block at a time: that they are never the same one is no peak. */
static void peak_is_of_what_is_live(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block, *last = NULL;
	u32 i;

	for (i = 0; i < 5 * TALLOC_QUEUE; i++) {
		block = talloc_region_alloc(region, BYTES, GFP_ATOMIC);
		KUNIT_ASSERT_NOT_NULL(test, block);
		if (i == 1)
			KUNIT_EXPECT_PTR_NE(test, block, last);
		talloc_region_free(region, block);
		last = block;
		KUNIT_ASSERT_EQ(test, READ_ONCE(region->counts.peak_bytes), TAKES);
	}
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, TAKES);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).allocs, 5 * TALLOC_QUEUE);
}

/* A new peak is told to the byte, as well where a block grows. */
static void peak_is_exact_beside_queued_blocks(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block[10], *large;

	test_alloc_row(test, region, BYTES, block, 10);
	test_free_row(region, block + 1, 5);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), 5);
	large = talloc_region_alloc(region, 6 * TAKES - 4, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, large);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, 11 * TAKES);
	test_free_row(region, block + 6, 3);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), 3);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, large, 10 * TAKES - 4), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, 12 * TAKES);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 12 * TAKES);
	talloc_region_free(region, large);
	talloc_region_free(region, block[0]);
	talloc_region_free(region, block[9]);
}

/* What is queued in another span does not count either. */
static void peak_is_exact_over_all_spans(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *first[2], *rest, *second[2];
	size_t bytes;

	KUNIT_ASSERT_EQ(test, talloc_region_add_span(region, NULL, SZ_64K), 0);
	queue_frees(region, 1);
	test_alloc_row(test, region, BYTES, first, 2);
	bytes = test_region_stats(region).largest_bytes;
	rest = talloc_region_alloc(region, bytes, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	test_alloc_row(test, region, BYTES, second, 2);
	talloc_region_free(region, second[0]);
	KUNIT_EXPECT_EQ(test, queued_in(region, 1), 1);
	talloc_region_free(region, first[0]);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), 1);
	first[0] = talloc_region_alloc(region, 2 * TAKES - 4, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, first[0]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, bytes + 4 + 4 * TAKES);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, bytes + 4 + 4 * TAKES);
	talloc_region_free(region, rest);
	talloc_region_free(region, first[0]);
	talloc_region_free(region, first[1]);
	talloc_region_free(region, second[1]);
}

static void queued_is_no_block(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block[2];

	test_alloc_row(test, region, BYTES, block, 2);
	talloc_region_free(region, block[0]);
	test_log_mark(test);
	KUNIT_EXPECT_TRUE(test, test_free_again(region, block[0]));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "by test_free_again+0x"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 1);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block[0], 8), -EINVAL);
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block[0], 8, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, block[0]), 0);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 4);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).frees, 1);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	talloc_region_free(region, block[1]);
}

/* Free a part in the middle of a full region, and ask for all of it. */
static void queued_gives_room(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block[TALLOC_QUEUE], *rest, *whole;
	size_t bytes;

	test_alloc_row(test, region, BYTES, block, TALLOC_QUEUE);
	bytes = test_region_stats(region).largest_bytes;
	rest = talloc_region_alloc(region, bytes, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	KUNIT_ASSERT_EQ(test, test_region_stats(region).free_bytes, 0);
	test_free_row(region, block, TALLOC_QUEUE);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), TALLOC_QUEUE);
	whole = talloc_region_alloc(region, TALLOC_QUEUE * TAKES - 4, GFP_ATOMIC);
	KUNIT_EXPECT_PTR_EQ(test, whole, block[0]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_fragmented, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_bytes, 0);
	talloc_region_free(region, whole);
	talloc_region_free(region, rest);
}

static void queued_can_be_grown_into(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block[3];

	test_alloc_row(test, region, BYTES, block, 3);
	talloc_region_free(region, block[1]);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block[0], 2 * BYTES), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block[0], 3 * BYTES), -ENOSPC);
	/* What is left between the two would be too small for a block. */
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 3 * TAKES);
	talloc_region_free(region, block[0]);
	talloc_region_free(region, block[2]);
}

/* A move frees the old block, which is queued. */
static void queued_by_realloc(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block[2], *moved;

	test_alloc_row(test, region, BYTES, block, 2);
	test_region_fill(block[0], BYTES, 3);
	moved = talloc_region_realloc(region, block[0], 2 * BYTES, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, moved, block[0]);
	KUNIT_EXPECT_TRUE(test, test_region_holds(moved, BYTES, 3));
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes,
			TAKES + round_up(2 * BYTES + 4, 8));
	talloc_region_free(region, moved);
	talloc_region_free(region, block[1]);
}

static void queued_is_in_nobodys_way(struct kunit *test)
{
	struct talloc_region *region = create(test);
	u64 at, in_the_way = 0, low = SPAN, high = SPAN;
	void *block[TALLOC_QUEUE + 1];

	test_alloc_row(test, region, BYTES, block, TALLOC_QUEUE + 1);
	at = talloc_addr(block[0]);
	test_free_row(region, block + 1, TALLOC_QUEUE);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, 0, SPAN - SZ_1K, &in_the_way), 0);
	KUNIT_EXPECT_EQ(test, held_bytes(region), TAKES);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, 0, SPAN - SZ_1K), 0);
	queue_frees(region, 0);
	test_alloc_row(test, region, BYTES, block + 1, TALLOC_QUEUE);
	test_free_row(region, block + 1, TALLOC_QUEUE);
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, at, &low, &high), 0);
	KUNIT_EXPECT_LE(test, test_region_stats(region).free_bytes, 2 * 16);
	KUNIT_EXPECT_EQ(test, held_bytes(region), TAKES);
	queue_frees(region, 0);
	talloc_region_free(region, block[0]);
	/* No block is left, but a queued one. */
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, 0, SZ_64K), 0);
	KUNIT_EXPECT_EQ(test, held_bytes(region), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
}

/* A region of one small span, grown by another that has one block. */
static struct talloc_region *grow(struct kunit *test, void **block)
{
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_16K, .grow_bytes = SZ_64K,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));

	block[0] = talloc_region_alloc(region, 10000, GFP_KERNEL);
	block[1] = talloc_region_alloc(region, 10000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block[0]);
	KUNIT_ASSERT_NOT_NULL(test, block[1]);
	KUNIT_ASSERT_EQ(test, test_region_stats(region).spans, 2);
	queue_frees(region, 1);
	return region;
}

static void span_of_queued_blocks_is_reaped(struct kunit *test)
{
	void *block[2];
	struct talloc_region *region = grow(test, block);
	u64 used = test_region_stats(region).used_bytes;

	talloc_region_free(region, block[1]);
	KUNIT_EXPECT_EQ(test, queued_in(region, 1), 1);
	KUNIT_EXPECT_EQ(test, held_bytes(region), used);
	KUNIT_EXPECT_EQ(test, talloc_region_reap(region), 1);
	KUNIT_EXPECT_EQ(test, held_bytes(region), used / 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, used / 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	/* The peak is not reached again. */
	block[1] = talloc_region_alloc(region, 10000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block[1]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, used);
	KUNIT_EXPECT_EQ(test, held_bytes(region), used);
	talloc_region_free(region, block[0]);
	talloc_region_free(region, block[1]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 0);
}

/* By itself, too. */
static void span_of_queued_blocks_is_reaped_after_a_while(struct kunit *test)
{
	void *block[2];
	struct talloc_region *region = grow(test, block);

	talloc_region_free(region, block[1]);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&region->reap));
	region->spans[1]->emptied -= 2 * HZ;
	flush_delayed_work(&region->reap);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	KUNIT_EXPECT_EQ(test, held_bytes(region), test_region_stats(region).used_bytes);
	talloc_region_free(region, block[0]);
}

static void span_of_queued_blocks_is_removed(struct kunit *test)
{
	void *block[2];
	struct talloc_region *region = grow(test, block);
	u64 used = test_region_stats(region).used_bytes;

	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, talloc_addr(block[1])), -EBUSY);
	talloc_region_free(region, block[1]);
	KUNIT_EXPECT_EQ(test, queued_in(region, 1), 1);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, talloc_addr(block[1])), 0);
	KUNIT_EXPECT_EQ(test, held_bytes(region), used / 2);
	talloc_region_free(region, block[0]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 0);
}

static void reset_forgets_the_queue(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block[4];

	test_alloc_row(test, region, BYTES, block, 4);
	test_free_row(region, block, 3);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
	KUNIT_EXPECT_EQ(test, queued_in(region, 0), 0);
	KUNIT_EXPECT_EQ(test, held_bytes(region), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_chunks, 1);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
}

/* Free the second of some blocks, and write over the tag in front of it. */
static struct talloc_region *damage(struct kunit *test, void **block, u32 count)
{
	struct talloc_region *region = create(test);

	test_alloc_row(test, region, BYTES, block, count);
	talloc_region_free(region, block[1]);
	((u32 *)block[1])[-1] = 0;
	test_log_mark(test);
	return region;
}

/* It is found when it leaves the queue, and not blamed on who frees then. */
static void queued_and_damaged_is_nobody_elses(struct kunit *test)
{
	void *block[TALLOC_QUEUE + 3];
	struct talloc_region *region = damage(test, block, TALLOC_QUEUE + 3);

	test_free_row(region, block + 2, TALLOC_QUEUE - 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
	talloc_region_free(region, block[TALLOC_QUEUE + 1]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).frees, TALLOC_QUEUE + 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 2);
	test_expect_damage_told(test, region, NAME);
}

/* Out of service, what was freed before is no more a block than in service. */
static void second_free_is_a_misuse_after_damage(struct kunit *test)
{
	void *block[TALLOC_QUEUE + 3];
	struct talloc_region *region = damage(test, block, TALLOC_QUEUE + 3);

	test_free_row(region, block + 2, TALLOC_QUEUE);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans_out_of_service, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).frees, TALLOC_QUEUE + 1);
	talloc_region_free(region, block[2]);
	talloc_region_free(region, block[TALLOC_QUEUE + 1]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).frees, TALLOC_QUEUE + 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 2);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
}

/* Once what was kept comes out of the live map's sight, it is no block either. */
static void kept_is_no_block_while_frees_are_queued(struct kunit *test)
{
	struct talloc_region *region = create(test);
	void *block[TALLOC_QUEUE + 1];

	test_alloc_row(test, region, BYTES, block, TALLOC_QUEUE + 1);
	test_free_row(region, block, TALLOC_QUEUE + 1);
	test_log_mark(test);
	KUNIT_EXPECT_TRUE(test, test_free_again(region, block[TALLOC_QUEUE]));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "by test_free_again+0x"), 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 1);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
}

static void queued_and_damaged_is_told_by_figures(struct kunit *test)
{
	void *block[3];
	struct talloc_region *region = damage(test, block, 3);

	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 0);
	test_expect_damage_told(test, region, NAME);
}

static void queued_and_damaged_is_told_for_want_of_room(struct kunit *test)
{
	void *block[3];
	struct talloc_region *region = damage(test, block, 3);

	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SPAN - SZ_64, GFP_ATOMIC));
	test_expect_damage_told(test, region, NAME);
}

/* Found when a peak had to be exact, which is told by the next call that has to know. */
static void queued_and_damaged_is_told_after_a_peak(struct kunit *test)
{
	void *block[3], *more;
	struct talloc_region *region = damage(test, block, 3);

	more = talloc_region_alloc(region, BYTES, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, more);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, BYTES, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 0);
	test_expect_damage_told(test, region, NAME);
}

/* What is free behind the last block, but for what the heap has there. */
static void dirty_behind(void *last)
{
	memset(last + TAKES + 8, 0xa5, 4 * TAKES);
}

/* The block is whole, though the heap was out of service before it was measured. */
static void zeroed_when_a_peak_meets_damage(struct kunit *test)
{
	void *block[3], *more;
	struct talloc_region *region = damage(test, block, 3);

	dirty_behind(block[2]);
	more = talloc_region_alloc(region, BYTES, GFP_ATOMIC | __GFP_ZERO);
	KUNIT_ASSERT_PTR_EQ(test, more, block[2] + TAKES);
	KUNIT_EXPECT_NULL(test, memchr_inv(more, 0, BYTES));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, BYTES, GFP_ATOMIC));
	test_expect_damage_told(test, region, NAME);
}

static void grown_and_zeroed_when_a_peak_meets_damage(struct kunit *test)
{
	void *block[3];
	struct talloc_region *region = damage(test, block, 3);

	dirty_behind(block[2]);
	memset(block[2], 0x5a, BYTES);
	KUNIT_ASSERT_PTR_EQ(test, talloc_region_realloc(region, block[2], 4 * BYTES,
							GFP_ATOMIC | __GFP_ZERO), block[2]);
	KUNIT_EXPECT_NULL(test, memchr_inv(block[2], 0x5a, BYTES));
	KUNIT_EXPECT_NULL(test, memchr_inv(block[2] + TAKES, 0, 4 * BYTES - TAKES));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, BYTES, GFP_ATOMIC));
	test_expect_damage_told(test, region, NAME);
}

static struct kunit_case talloc_region_queue_cases[] = {
	KUNIT_CASE(queued_is_not_handed_out),
	KUNIT_CASE(queued_is_free_in_all_figures),
	KUNIT_CASE(figures_are_exact_among_live_blocks),
	KUNIT_CASE(peak_is_of_what_is_live),
	KUNIT_CASE(peak_is_exact_beside_queued_blocks),
	KUNIT_CASE(peak_is_exact_over_all_spans),
	KUNIT_CASE(queued_is_no_block),
	KUNIT_CASE(queued_gives_room),
	KUNIT_CASE(queued_can_be_grown_into),
	KUNIT_CASE(queued_by_realloc),
	KUNIT_CASE(queued_is_in_nobodys_way),
	KUNIT_CASE(span_of_queued_blocks_is_reaped),
	KUNIT_CASE(span_of_queued_blocks_is_reaped_after_a_while),
	KUNIT_CASE(span_of_queued_blocks_is_removed),
	KUNIT_CASE(reset_forgets_the_queue),
	KUNIT_CASE(queued_and_damaged_is_nobody_elses),
	KUNIT_CASE(second_free_is_a_misuse_after_damage),
	KUNIT_CASE(kept_is_no_block_while_frees_are_queued),
	KUNIT_CASE(queued_and_damaged_is_told_by_figures),
	KUNIT_CASE(queued_and_damaged_is_told_for_want_of_room),
	KUNIT_CASE(queued_and_damaged_is_told_after_a_peak),
	KUNIT_CASE(zeroed_when_a_peak_meets_damage),
	KUNIT_CASE(grown_and_zeroed_when_a_peak_meets_damage),
	{}
};

struct kunit_suite talloc_region_queue_suite = {
	.name = "talloc_region_queue",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_queue_cases,
};
