// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that a region keeps for a while after they were freed: nobody has to know, but
 * for the time that it takes. No call may fail for them, no figure show them, and a
 * pointer to one is as bad as any.
 */
#include "talloc_test_region.h"

#define NAME	"kunit-kept"

#define SPAN	SZ_4M	/* large enough for all of the ring */
#define BYTES	200
#define COUNT	64

static struct talloc_region *create(struct kunit *test, unsigned long flags)
{
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SPAN, .flags = flags,
	};

	return test_region_keep(test, talloc_region_create(&config));
}

/* The next one of the size of a block that was freed, and of one freed before it. */
static void *next_after_two(struct kunit *test, struct talloc_region *region, void **block)
{
	void *next;

	test_alloc_row(test, region, BYTES, block, 3);
	talloc_region_free(region, block[1]);
	talloc_region_free(region, block[0]);
	next = talloc_region_alloc(region, BYTES, GFP_ATOMIC);
	talloc_region_free(region, next);
	talloc_region_free(region, block[2]);
	return next;
}

/* A page and its tag, too, where a region is large enough. */
static void pages_are_kept(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16M);
	void *low = talloc_region_alloc(region, 2 * SZ_4K, GFP_KERNEL);
	void *block = talloc_region_alloc(region, SZ_4K, GFP_KERNEL);
	void *fence = talloc_region_alloc(region, 1, GFP_KERNEL), *again;

	/* What is free below would be taken first if nothing were kept. */
	talloc_region_free(region, low);
	talloc_region_free(region, block);
	again = talloc_region_alloc(region, SZ_4K, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, again, block);
	talloc_region_free(region, again);
	talloc_region_free(region, fence);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_chunks, 1);
}

static void kept_comes_back(struct kunit *test)
{
	void *block[3];

	KUNIT_EXPECT_PTR_EQ(test, next_after_two(test, create(test, 0), block), block[1]);
}

static void kept_not_if_asked(struct kunit *test)
{
	void *block[3];

	KUNIT_EXPECT_PTR_EQ(test, next_after_two(test, create(test, TALLOC_NO_KEPT), block),
			    block[0]);
}

/* Free a part in the middle of a full region, and ask for all of it. */
static void *refill(struct kunit *test, struct talloc_region *region, void **block,
		    const struct talloc_where *where)
{
	size_t bytes = test_region_stats(region).largest_bytes;
	void *rest, *whole;

	test_alloc_row(test, region, BYTES, block, COUNT + 2);
	bytes = test_region_stats(region).largest_bytes;
	rest = talloc_region_alloc(region, bytes, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	KUNIT_ASSERT_EQ(test, test_region_stats(region).free_bytes, 0);
	test_free_row(region, block + 1, COUNT);
	whole = talloc_region_alloc_where(region, COUNT * BYTES, where, GFP_ATOMIC);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_fragmented, 0);
	talloc_region_free(region, whole);
	talloc_region_free(region, rest);
	talloc_region_free(region, block[0]);
	talloc_region_free(region, block[COUNT + 1]);
	return whole;
}

static void kept_gives_room(struct kunit *test)
{
	void **block = test_zalloc(test, (COUNT + 2) * sizeof(*block));

	KUNIT_EXPECT_PTR_EQ(test, refill(test, create(test, 0), block, NULL), block[1]);
}

/* An address that is wanted has to be found where it was kept. */
static void kept_gives_room_there(struct kunit *test)
{
	void **block = test_zalloc(test, (COUNT + 2) * sizeof(*block));
	struct talloc_region *region = create(test, 0);
	struct talloc_where where = { };
	void *there;

	test_alloc_row(test, region, BYTES, block, 3);
	there = block[1];
	talloc_region_free(region, there);
	where.within.start = talloc_addr(there);
	where.within.end = talloc_addr(there) + BYTES;
	block[1] = talloc_region_alloc_where(region, BYTES, &where, GFP_ATOMIC);
	KUNIT_EXPECT_PTR_EQ(test, block[1], there);
	test_free_row(region, block, 3);
}

static void kept_can_be_grown_into(struct kunit *test)
{
	struct talloc_region *region = create(test, 0);
	void *block[3];

	test_alloc_row(test, region, BYTES, block, 3);
	talloc_region_free(region, block[1]);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block[0], 2 * BYTES), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block[0], 3 * BYTES), -ENOSPC);
	talloc_region_free(region, block[0]);
	talloc_region_free(region, block[2]);
}

/* Three blocks at the low end of a region, all the rest of which is one more. */
static void *fill_behind_three(struct kunit *test, struct talloc_region *region, void **block)
{
	void *rest;

	test_alloc_row(test, region, BYTES, block, 3);
	rest = talloc_region_alloc(region, test_region_stats(region).largest_bytes, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, rest);
	return rest;
}

/*
 * The one of the first two blocks that stays grows into the other, which is kept, though what
 * is free in all is less than a second block would need.
 */
static void realloc_into_kept(struct kunit *test, u32 stays, u32 goes)
{
	struct talloc_region *region = create(test, 0);
	void *block[3], *rest = fill_behind_three(test, region, block);

	test_region_fill(block[stays], BYTES, 7);
	talloc_region_free(region, block[goes]);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_realloc(region, block[stays], 2 * BYTES,
							GFP_ATOMIC), block[0]);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block[0], BYTES, 7));
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block[0], 3 * BYTES, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	talloc_region_free(region, block[0]);
	talloc_region_free(region, block[2]);
	talloc_region_free(region, rest);
}

static void kept_can_be_reallocated_into(struct kunit *test)
{
	realloc_into_kept(test, 0, 1);
}

static void kept_can_be_slid_into(struct kunit *test)
{
	realloc_into_kept(test, 1, 0);
}

/* Frees one block each time that it is asked. */
static int free_one(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
		    gfp_t gfp, void *data)
{
	void ***next = data;

	if (!**next)
		return -ENOMEM;
	talloc_region_free(region, *(*next)++);
	return 0;
}

/* What the handler has freed is beside the block, and no room for a second one. */
static void handler_gives_room_beside(struct kunit *test)
{
	void *block[3], *rest, *given[3] = { }, **next = given;
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SPAN, .oom = free_one, .oom_data = &next,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));

	rest = fill_behind_three(test, region, block);
	given[0] = block[2];
	given[1] = block[1];
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_realloc(region, block[0], 3 * BYTES, GFP_KERNEL),
			    block[0]);
	KUNIT_EXPECT_PTR_EQ(test, next, given + 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, 2);
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block[0], 4 * BYTES, GFP_KERNEL));
	talloc_region_free(region, block[0]);
	talloc_region_free(region, rest);
}

static void kept_is_in_nobodys_way(struct kunit *test)
{
	struct talloc_region *region = create(test, 0);
	u64 at, in_the_way = 0, low = SPAN, high = SPAN;
	void *block[COUNT];

	test_alloc_row(test, region, BYTES, block, COUNT);
	at = talloc_addr(block[0]);
	test_free_row(region, block + 1, COUNT - 1);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, 0, SPAN - SZ_4K, &in_the_way), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, 0, SPAN - SZ_4K), 0);
	test_alloc_row(test, region, BYTES, block + 1, COUNT - 1);
	test_free_row(region, block + 1, COUNT - 1);
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, at, &low, &high), 0);
	KUNIT_EXPECT_LE(test, test_region_stats(region).free_bytes, 2 * 16);
	talloc_region_free(region, block[0]);
}

static void kept_is_free_in_all_figures(struct kunit *test)
{
	struct talloc_region *region = create(test, 0);
	struct talloc_region_stats before = test_region_stats(region), after;
	u32 pieces[3] = { };
	void *block[COUNT];

	test_alloc_row(test, region, BYTES, block, COUNT);
	test_free_row(region, block, COUNT);
	KUNIT_EXPECT_EQ(test, talloc_region_walk(region, test_count_pieces, pieces), 0);
	KUNIT_EXPECT_EQ(test, pieces[TALLOC_PIECE_FREE], 1);
	KUNIT_EXPECT_EQ(test, pieces[TALLOC_PIECE_BLOCK], 0);
	test_alloc_row(test, region, BYTES, block, COUNT);
	test_free_row(region, block, COUNT);
	after = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, after.used_bytes, 0);
	KUNIT_EXPECT_EQ(test, after.free_chunks, 1);
	KUNIT_EXPECT_EQ(test, after.largest_bytes, before.largest_bytes);
	KUNIT_EXPECT_EQ(test, after.allocs, 2 * COUNT);
	KUNIT_EXPECT_EQ(test, after.frees, 2 * COUNT);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
}

static void kept_is_no_block(struct kunit *test)
{
	struct talloc_region *region = create(test, 0);
	void *block[2];

	test_alloc_row(test, region, BYTES, block, 2);
	talloc_region_free(region, block[0]);
	test_log_mark(test);
	KUNIT_EXPECT_TRUE(test, test_free_again(region, block[0]));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "by test_free_again+0x"), 1);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block[0], 8), -EINVAL);
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block[0], 8, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, block[0]), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 4);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	talloc_region_free(region, block[1]);
}

/* Free a block, and write over the tag in front of it. */
static struct talloc_region *damage(struct kunit *test, void **block)
{
	struct talloc_region *region = create(test, 0);

	test_alloc_row(test, region, BYTES, block, 3);
	talloc_region_free(region, block[1]);
	((u32 *)block[1])[-1] ^= 0x100;
	test_log_mark(test);
	return region;
}

static void kept_and_damaged_is_not_handed_out(struct kunit *test)
{
	void *block[3];
	struct talloc_region *region = damage(test, block);

	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, BYTES, GFP_ATOMIC));
	test_expect_damage_told(test, region, NAME);
}

static void kept_and_damaged_is_told_by_figures(struct kunit *test)
{
	void *block[3];
	struct talloc_region *region = damage(test, block);

	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 2);
	test_expect_damage_told(test, region, NAME);
}

/* It is found when its time in the ring is over, and not blamed on who frees then. */
static void kept_and_damaged_is_nobody_elses(struct kunit *test)
{
	void **more = test_zalloc(test, 128 * sizeof(*more)), *block[3];
	struct talloc_region *region;

	region = create(test, 0);
	test_alloc_row(test, region, BYTES, more, 128);
	test_alloc_row(test, region, BYTES, block, 3);
	talloc_region_free(region, block[1]);
	((u32 *)block[1])[-1] ^= 0x100;
	test_log_mark(test);
	test_free_row(region, more, 128);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).frees, 129);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 0);
	test_expect_damage_told(test, region, NAME);
}

static struct kunit_case talloc_region_kept_cases[] = {
	KUNIT_CASE(pages_are_kept),
	KUNIT_CASE(kept_comes_back),
	KUNIT_CASE(kept_not_if_asked),
	KUNIT_CASE(kept_gives_room),
	KUNIT_CASE(kept_gives_room_there),
	KUNIT_CASE(kept_can_be_grown_into),
	KUNIT_CASE(kept_can_be_reallocated_into),
	KUNIT_CASE(kept_can_be_slid_into),
	KUNIT_CASE(handler_gives_room_beside),
	KUNIT_CASE(kept_is_in_nobodys_way),
	KUNIT_CASE(kept_is_free_in_all_figures),
	KUNIT_CASE(kept_is_no_block),
	KUNIT_CASE(kept_and_damaged_is_not_handed_out),
	KUNIT_CASE(kept_and_damaged_is_told_by_figures),
	KUNIT_CASE(kept_and_damaged_is_nobody_elses),
	{}
};

struct kunit_suite talloc_region_kept_suite = {
	.name = "talloc_region_kept",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_kept_cases,
};
