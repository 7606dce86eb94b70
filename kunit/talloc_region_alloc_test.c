// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating from a region: what is known from kmalloc() and krealloc(), resize
 * in place, figures.
 */
#include <linux/log2.h>

#include "talloc_test_region.h"

#define NAME	"kunit-alloc"

static void alloc_size_zero(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	struct talloc_region_stats was = test_region_stats(region);
	void *zero = ZERO_SIZE_PTR;

	KUNIT_EXPECT_PTR_EQ(test, talloc_region_alloc(region, 0, GFP_KERNEL), zero);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_zalloc(region, 0, GFP_KERNEL), zero);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_alloc_aligned(region, 0, 64, GFP_KERNEL), zero);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_alloc_array(region, 0, 8, GFP_KERNEL), zero);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_calloc(region, 8, 0, GFP_KERNEL), zero);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_realloc(region, NULL, 0, GFP_KERNEL), zero);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_realloc(region, zero, 0, GFP_KERNEL), zero);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, zero), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, NULL), 0);
	talloc_region_free(region, zero);
	talloc_region_free(region, NULL);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

/* Leaves nothing but @byte in free memory that is large enough to be of use. */
static void soil(struct kunit *test, struct talloc_region *region, u8 byte)
{
	size_t bytes = test_region_stats(region).largest_bytes;
	void *block = talloc_region_alloc(region, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	memset(block, byte, bytes);
	talloc_region_free(region, block);
}

static void alloc_zeroes(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	void *block;
	size_t bytes;

	for (bytes = 1; bytes < 5000; bytes += 1 + bytes / 3) {
		soil(test, region, 0xff);
		block = talloc_region_zalloc(region, bytes, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_NULL(test,
				  memchr_inv(test_region_whole(block), 0,
					     talloc_region_usable_size(region, block)));
		talloc_region_free(region, block);

		soil(test, region, 0xff);
		block = talloc_region_alloc_aligned(region, bytes, 256, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_NULL(test,
				  memchr_inv(test_region_whole(block), 0,
					     talloc_region_usable_size(region, block)));
		talloc_region_free(region, block);

		soil(test, region, 0xff);
		block = talloc_region_calloc(region, bytes, 3, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_GE(test, talloc_region_usable_size(region, block), 3 * bytes);
		KUNIT_EXPECT_NULL(test,
				  memchr_inv(test_region_whole(block), 0,
					     talloc_region_usable_size(region, block)));
		talloc_region_free(region, block);
	}
}

/* Products that wrap, to something small in the worst case. */
static void alloc_array_overflow(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	size_t half = SIZE_MAX / 2 + 1;

	/* Volatile, or the compiler sees it coming and warns. */
	OPTIMIZER_HIDE_VAR(half);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc_array(region, half, 2, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc_array(region, 2, half + 8, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_calloc(region, half, half, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 3);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 0);
}

static void alloc_impossible(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	struct talloc_region_stats was = test_region_stats(region);
	size_t bytes = SIZE_MAX, top = SIZE_MAX / 2 + 1;
	u32 i;

	OPTIMIZER_HIDE_VAR(bytes);
	for (i = 0; i < 64; i++) {
		KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, bytes - i, GFP_KERNEL));
		KUNIT_EXPECT_NULL(test, talloc_region_alloc_aligned(region, bytes - i, SZ_64K,
								    GFP_KERNEL));
	}
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc_aligned(region, 1, top, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc_aligned(region, bytes, top, GFP_KERNEL));
	was.failures_full = test_region_stats(region).failures_full;
	was.failures_fragmented = test_region_stats(region).failures_fragmented;
	KUNIT_EXPECT_EQ(test, was.failures_full + was.failures_fragmented, 131);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

static void alloc_aligned(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_512K);
	void *blocks[18];
	u32 shift;

	for (shift = 0; shift < ARRAY_SIZE(blocks); shift++) {
		blocks[shift] = talloc_region_alloc_aligned(region, 24, 1ul << shift, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[shift]);
		KUNIT_EXPECT_EQ(test, (unsigned long)blocks[shift] & ((1ul << shift) - 1), 0);
		test_region_fill(blocks[shift], 24, shift);
	}
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	for (shift = 0; shift < ARRAY_SIZE(blocks); shift++) {
		KUNIT_EXPECT_TRUE(test, test_region_holds(blocks[shift], 24, shift));
		talloc_region_free(region, blocks[shift]);
	}
}

static void alloc_usable_size(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	size_t bytes, usable;
	void *block;

	for (bytes = 1; bytes < 300; bytes++) {
		block = talloc_region_alloc(region, bytes, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block);
		usable = talloc_region_usable_size(region, block);
		KUNIT_EXPECT_GE(test, usable, bytes);
		KUNIT_EXPECT_LT(test, usable, bytes + 16);
		/* All of it is the caller's: the next operations see no damage. */
		memset(test_region_whole(block), 0xff, usable);
		talloc_region_free(region, block);
	}
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans_out_of_service, 0);
}

static void alloc_contains(struct kunit *test)
{
	u8 *memory = test_region_memory(test, 3 * SZ_4K);
	u64 at = talloc_addr(memory + SZ_4K);
	struct talloc_region *region;
	void *block;

	region = test_region_keep(test, talloc_region_create_over(NAME, memory + SZ_4K, SZ_4K));
	block = talloc_region_alloc(region, 8, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, talloc_addr(block)));
	talloc_region_free(region, block);
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, talloc_addr(block)));
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, at));
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, at + SZ_4K - 1));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, at - 1));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, at + SZ_4K));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, 0));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, ULONG_MAX));
}

static void alloc_find(struct kunit *test)
{
	u8 *memory = test_region_memory(test, 3 * SZ_4K);
	u64 at = talloc_addr(memory + SZ_4K), block;
	struct talloc_region *region;
	struct talloc_piece piece;
	void *first, *second;

	region = test_region_keep(test, talloc_region_create_over(NAME, memory + SZ_4K, SZ_4K));
	KUNIT_ASSERT_EQ(test, talloc_region_add_span(region, NULL, SZ_64K), 0);
	first = talloc_region_alloc(region, 100, GFP_KERNEL);
	second = talloc_region_alloc(region, SZ_16K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_NOT_NULL(test, second);
	block = talloc_addr(first);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, block, &piece), 0);
	KUNIT_EXPECT_EQ(test, piece.state, TALLOC_PIECE_BLOCK);
	KUNIT_EXPECT_EQ(test, piece.addr, block);
	KUNIT_EXPECT_EQ(test, piece.usable, talloc_region_usable_size(region, first));
	KUNIT_EXPECT_EQ(test, piece.span, 0);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, block + 99, &piece), 0);
	KUNIT_EXPECT_EQ(test, piece.addr, block);
	block = talloc_addr(second);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, block + SZ_16K - 1, &piece), 0);
	KUNIT_EXPECT_EQ(test, piece.state, TALLOC_PIECE_BLOCK);
	KUNIT_EXPECT_EQ(test, piece.addr, block);
	KUNIT_EXPECT_EQ(test, piece.span, 1);
	talloc_region_free(region, second);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, block + 5, &piece), 0);
	KUNIT_EXPECT_EQ(test, piece.state, TALLOC_PIECE_FREE);
	KUNIT_EXPECT_EQ(test, piece.addr, block + 5);
	KUNIT_EXPECT_EQ(test, piece.bytes, 0);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, at - 1, &piece), -ENOENT);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, at + SZ_4K, &piece), -ENOENT);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, 0, &piece), -ENOENT);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, U64_MAX, &piece), -ENOENT);
	talloc_region_free(region, first);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

static void realloc_from_nothing(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	void *block = talloc_region_realloc(region, NULL, 100, GFP_KERNEL);
	void *other = talloc_region_realloc(region, ZERO_SIZE_PTR, 100, GFP_KERNEL);

	KUNIT_EXPECT_FALSE(test, ZERO_OR_NULL_PTR(block));
	KUNIT_EXPECT_FALSE(test, ZERO_OR_NULL_PTR(other));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 2);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_realloc(region, block, 0, GFP_KERNEL),
			    (void *)ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 1);
	talloc_region_free(region, other);
}

/* A block of @old bytes, made to have @new, with @wall bytes live behind it. */
static void realloc_once(struct kunit *test, size_t old, size_t new, size_t wall)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	u8 *block = talloc_region_alloc(region, old, GFP_KERNEL);
	void *behind = talloc_region_alloc(region, wall, GFP_KERNEL);
	u8 *moved;

	KUNIT_ASSERT_NOT_NULL(test, block);
	test_region_fill(block, old, 5);
	moved = talloc_region_realloc(region, block, new, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	if (new <= old)
		KUNIT_EXPECT_PTR_EQ(test, moved, block);
	KUNIT_EXPECT_TRUE(test, test_region_holds(moved, min(old, new), 5));
	KUNIT_EXPECT_GE(test, talloc_region_usable_size(region, moved), new);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 1 + !!wall);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	talloc_region_free(region, moved);
	talloc_region_free(region, behind);
	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
}

static void realloc_keeps_contents(struct kunit *test)
{
	static const size_t sizes[] = { 1, 12, 13, 100, 1000, 20000 };
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			realloc_once(test, sizes[i], sizes[j], 0);
			realloc_once(test, sizes[i], sizes[j], 64);
		}
	}
}

/* Nothing fits but by sliding down into the free chunk below. */
static void realloc_slides_down(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	size_t all = test_region_stats(region).largest_bytes;
	void *low = talloc_region_alloc(region, all / 2, GFP_KERNEL);
	void *high = talloc_region_alloc(region, all / 2 - 8, GFP_KERNEL);
	void *moved;

	KUNIT_ASSERT_NOT_NULL(test, low);
	KUNIT_ASSERT_NOT_NULL(test, high);
	test_region_fill(high, all / 2 - 8, 9);
	talloc_region_free(region, low);
	moved = talloc_region_realloc(region, high, all - 16, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, moved, low);
	if (!moved)
		moved = high;
	KUNIT_EXPECT_TRUE(test, test_region_holds(moved, all / 2 - 8, 9));
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	talloc_region_free(region, moved);
}

static void realloc_fails_kept(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	void *block = talloc_region_alloc(region, 1000, GFP_KERNEL);
	struct talloc_region_stats was = test_region_stats(region);
	size_t huge = SIZE_MAX - 16;

	KUNIT_ASSERT_NOT_NULL(test, block);
	OPTIMIZER_HIDE_VAR(huge);
	test_region_fill(block, 1000, 2);
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block, huge, GFP_ATOMIC));
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 1000, 2));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 2);
	was.failures_full = 2;
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));
	talloc_region_free(region, block);
}

struct listed {
	struct listed *next;
	u32 count;
};

/* Pre: the block of the first one has room for @bytes, so that it stays where it is. */
static noinline void listed_set(struct talloc_region *region, struct listed *first, size_t bytes,
				u32 count)
{
	struct listed *block = talloc_region_realloc(region, first, bytes, GFP_KERNEL);

	if (block)
		block->count = count;
}

static noinline u32 listed_add(struct talloc_region *region, const struct listed *list,
			       size_t bytes)
{
	struct listed *block = talloc_region_realloc(region, list->next, bytes, GFP_KERNEL);
	u32 was = list->next->count;

	if (block)
		block->count = was + 1;
	return list->next->count - was;
}

/* The block is not a new one, and the compiler must not take it for that. */
static void realloc_is_known_to_others(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	struct listed *block = talloc_region_alloc(region, sizeof(*block), GFP_KERNEL);
	const struct listed list = { .next = block };
	size_t bytes = talloc_region_usable_size(region, block);

	KUNIT_ASSERT_NOT_NULL(test, block);
	listed_set(region, block, bytes, 42);
	KUNIT_EXPECT_EQ(test, READ_ONCE(block->count), 42);
	KUNIT_EXPECT_EQ(test, listed_add(region, &list, bytes), 1);
	KUNIT_EXPECT_EQ(test, READ_ONCE(block->count), 43);
	talloc_region_free(region, block);
}

/* So large that it fits only behind the block, which then cannot grow in place. */
static void *wall_off(struct kunit *test, struct talloc_region *region, void *block)
{
	void *wall = talloc_region_alloc(region, SZ_128K, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, wall);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, SZ_16K), -ENOSPC);
	return wall;
}

static void realloc_keeps_alignment(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_1M);
	void *block, *moved, *walls[2];
	size_t align;

	for (align = 16; align <= SZ_8K; align *= 2) {
		block = talloc_region_alloc_aligned(region, 100, align, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block);
		walls[0] = wall_off(test, region, block);
		test_region_fill(block, 100, 1);
		moved = talloc_region_realloc(region, block, SZ_16K, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, moved);
		KUNIT_EXPECT_PTR_NE(test, moved, block);
		KUNIT_EXPECT_EQ(test, (unsigned long)moved & (align - 1), 0);
		/* It is still known to be aligned after one move. */
		walls[1] = talloc_region_alloc(region, SZ_128K, GFP_KERNEL);
		block = talloc_region_realloc(region, moved, SZ_32K, GFP_ATOMIC);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_PTR_NE(test, moved, block);
		KUNIT_EXPECT_EQ(test, (unsigned long)block & (align - 1), 0);
		KUNIT_EXPECT_TRUE(test, test_region_holds(block, 100, 1));
		talloc_region_free(region, walls[0]);
		talloc_region_free(region, walls[1]);
		talloc_region_free(region, block);
	}
}

static void realloc_zeroes(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	size_t bytes, usable;
	u8 *block = NULL;
	void *wall;

	soil(test, region, 0xff);
	for (bytes = 3; bytes < 8000; bytes += 1 + bytes / 2) {
		usable = talloc_region_usable_size(region, block);
		if (block)
			memset(test_region_whole(block), 1, usable);
		block = talloc_region_realloc(region, block, bytes, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_NULL(test, memchr_inv(block, 1, min(usable, bytes)));
		if (bytes > usable)
			KUNIT_EXPECT_NULL(test, memchr_inv(block + usable, 0, bytes - usable));
		/* Every other time it has to move. */
		wall = talloc_region_alloc(region, bytes % 2 ? 8 : 0, GFP_KERNEL);
		if (!ZERO_OR_NULL_PTR(wall)) {
			memset(wall, 0xff, 8);
			talloc_region_free(region, wall);
		}
	}
	block = talloc_region_realloc(region, block, 10, GFP_KERNEL | __GFP_ZERO);
	block = talloc_region_realloc(region, block, 1000, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_NULL(test, memchr_inv(block, 1, 10));
	KUNIT_EXPECT_NULL(test, memchr_inv(block + 10, 0, 990));
	talloc_region_free(region, block);
}

static void resize_in_place(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	void *block = talloc_region_alloc(region, 1000, GFP_KERNEL);
	void *behind = talloc_region_alloc(region, 1000, GFP_KERNEL);
	void *wall = talloc_region_alloc(region, 8, GFP_KERNEL);
	struct talloc_region_stats was;
	u64 used;

	KUNIT_ASSERT_NOT_NULL(test, wall);
	test_region_fill(block, 1000, 4);
	test_region_fill(behind, 1000, 5);

	was = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 1001 + 8), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, SZ_1M), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, SIZE_MAX), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 0), -EINVAL);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));

	talloc_region_free(region, behind);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 1500), 0);
	KUNIT_EXPECT_GE(test, talloc_region_usable_size(region, block), 1500);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 2100), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 1000, 4));

	used = test_region_stats(region).used_bytes;
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 100), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, used - 1400);
	KUNIT_EXPECT_LT(test, talloc_region_usable_size(region, block), 116);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 100, 4));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 2);
	talloc_region_free(region, block);
	talloc_region_free(region, wall);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

static void expect_stats_add_up(struct kunit *test, struct talloc_region *region)
{
	struct talloc_region_stats stats = test_region_stats(region);

	KUNIT_EXPECT_EQ(test, stats.used_bytes + stats.free_bytes, stats.total_bytes);
	KUNIT_EXPECT_EQ(test, stats.allocs - stats.frees, stats.blocks);
	KUNIT_EXPECT_GE(test, stats.peak_bytes, stats.used_bytes);
	KUNIT_EXPECT_LE(test, stats.largest_bytes, stats.free_bytes);
	KUNIT_EXPECT_EQ(test, !stats.free_chunks, !stats.free_bytes);
}

static void stats_add_up(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	void *blocks[40];
	u64 peak;
	u32 i;

	expect_stats_add_up(test, region);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, 0);
	KUNIT_EXPECT_GT(test, test_region_stats(region).total_bytes, SZ_64K - 64);
	KUNIT_EXPECT_LE(test, test_region_stats(region).total_bytes, SZ_64K);
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = talloc_region_alloc(region, 10 + 20 * i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		expect_stats_add_up(test, region);
	}
	peak = test_region_stats(region).used_bytes;
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, peak);
	for (i = 0; i < ARRAY_SIZE(blocks); i += 2) {
		talloc_region_free(region, blocks[i]);
		expect_stats_add_up(test, region);
	}
	for (i = 1; i < ARRAY_SIZE(blocks); i += 2) {
		blocks[i] = talloc_region_realloc(region, blocks[i], 5 + 10 * i, GFP_KERNEL);
		expect_stats_add_up(test, region);
		talloc_region_free(region, blocks[i]);
	}
	expect_stats_add_up(test, region);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, peak);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_chunks, 1);
}

/* The largest request is just the one that succeeds. */
static void stats_largest(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	size_t largest = test_region_stats(region).largest_bytes;
	void *block;

	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, largest + 1, GFP_KERNEL));
	block = talloc_region_alloc(region, largest, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).largest_bytes, 0);
	talloc_region_free(region, block);
}

static void stats_failures(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	void *blocks[7];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = talloc_region_alloc(region, 2000, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
	}
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, 3000, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_fragmented, 0);
	for (i = 0; i < ARRAY_SIZE(blocks); i += 2)
		talloc_region_free(region, blocks[i]);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, 5000, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_fragmented, 1);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_fragmented, 1);
	for (i = 1; i < ARRAY_SIZE(blocks); i += 2)
		talloc_region_free(region, blocks[i]);
}

static void *block_scope(struct talloc_region *region, size_t bytes, bool keep)
{
	CLASS(talloc_block, block)(region, bytes, GFP_KERNEL);

	if (!block.p)
		return ERR_PTR(-ENOMEM);
	return keep ? talloc_block_keep(&block) : NULL;
}

static void block_class(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	void *block;

	KUNIT_EXPECT_NULL(test, block_scope(region, 100, false));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).allocs, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 0);
	KUNIT_EXPECT_TRUE(test, IS_ERR(block_scope(region, SZ_64K, true)));
	block = block_scope(region, 100, true);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, block);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 1);
	talloc_region_free(region, block);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

/* All the same without the live map, but for what it can tell of bad pointers. */
static void alloc_without_live_map(struct kunit *test)
{
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_64K, .flags = TALLOC_NO_LIVE_MAP,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	void *block = talloc_region_zalloc(region, 100, GFP_KERNEL);
	void *other = talloc_region_alloc_aligned(region, 100, 512, GFP_KERNEL);
	struct talloc_piece piece;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_NOT_NULL(test, other);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, talloc_addr(block), &piece), 0);
	KUNIT_EXPECT_EQ(test, piece.state, TALLOC_PIECE_UNKNOWN);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 10), 0);
	block = talloc_region_realloc(region, block, 2000, GFP_KERNEL);
	KUNIT_EXPECT_GE(test, talloc_region_usable_size(region, block), 2000);
	talloc_region_free(region, block);
	test_log_mark(test);
	talloc_region_free(region, block);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 1);
	talloc_region_free(region, other);
}

static struct kunit_case talloc_region_alloc_cases[] = {
	KUNIT_CASE(alloc_size_zero),
	KUNIT_CASE(alloc_zeroes),
	KUNIT_CASE(alloc_array_overflow),
	KUNIT_CASE(alloc_impossible),
	KUNIT_CASE(alloc_aligned),
	KUNIT_CASE(alloc_usable_size),
	KUNIT_CASE(alloc_contains),
	KUNIT_CASE(alloc_find),
	KUNIT_CASE(alloc_without_live_map),
	KUNIT_CASE(realloc_from_nothing),
	KUNIT_CASE(realloc_keeps_contents),
	KUNIT_CASE(realloc_slides_down),
	KUNIT_CASE(realloc_fails_kept),
	KUNIT_CASE(realloc_is_known_to_others),
	KUNIT_CASE(realloc_keeps_alignment),
	KUNIT_CASE(realloc_zeroes),
	KUNIT_CASE(resize_in_place),
	KUNIT_CASE(stats_add_up),
	KUNIT_CASE(stats_largest),
	KUNIT_CASE(stats_failures),
	KUNIT_CASE(block_class),
	{}
};

struct kunit_suite talloc_region_alloc_suite = {
	.name = "talloc_region_alloc",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_alloc_cases,
};
