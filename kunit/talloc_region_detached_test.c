// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of memory with their tags in a table: nothing but what the caller asks for
 * touches the memory, which need not even be there; and isolation.
 */
#include <linux/dma-mapping.h>
#include <linux/prandom.h>

#include "talloc_test.h"
#include "talloc_test_region.h"

#define NAME	"kunit-detached"

static struct talloc_region *detached(struct kunit *test, void *memory, size_t bytes, u32 unit,
				      unsigned long flags)
{
	const struct talloc_region_config config = {
		.name = NAME, .memory = memory, .bytes = bytes, .unit = unit, .flags = flags,
	};

	return test_region_keep(test, talloc_region_create(&config));
}

static int count_piece(const struct talloc_piece *piece, void *data)
{
	(*(u32 *)data)++;
	return piece->state == TALLOC_PIECE_UNKNOWN;
}

/* All calls but those that copy or zero, at addresses where an access ends the world. */
static void use_nowhere(struct kunit *test, u64 nowhere, unsigned long flags)
{
	const struct talloc_where where = { .align = SZ_8K, .phase = SZ_4K, .nocross = SZ_8K };
	struct talloc_region *region = detached(test, (void *)(unsigned long)nowhere, SZ_1M, 0,
						flags);
	struct talloc_region_stats stats;
	u64 low = SZ_64K, high = SZ_64K, addr = 0;
	void *a, *b, *c;
	u32 pieces = 0;

	a = talloc_region_alloc(region, 1000, GFP_KERNEL);
	b = talloc_region_alloc_aligned(region, 1000, SZ_64K, GFP_KERNEL);
	c = talloc_region_alloc_where(region, 1000, &where, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, a && b && c);
	KUNIT_EXPECT_EQ(test, talloc_addr(b) % SZ_64K, 0);
	KUNIT_EXPECT_EQ(test, talloc_addr(c) % SZ_8K, SZ_4K);
	KUNIT_EXPECT_EQ(test, talloc_region_alloc_addr(region, 100, NULL, GFP_KERNEL, &addr), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, b, 5000), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, b, 50), 0);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_realloc(region, b, 3000, GFP_KERNEL), b);
	KUNIT_EXPECT_GE(test, talloc_region_usable_size(region, b), 3000);
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, talloc_addr(b) + SZ_1K, SZ_1K), 0);
	talloc_region_free_addr(region, talloc_addr(b) + SZ_2K);
	KUNIT_EXPECT_EQ(test, talloc_region_walk(region, count_piece, &pieces), 0);
	stats = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, pieces, stats.blocks + stats.free_chunks);
	KUNIT_EXPECT_EQ(test, stats.blocks, 4);
	talloc_region_free(region, a + 8);
	talloc_region_free(region, a);
	talloc_region_free(region, a);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 2);
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, nowhere, &low, &high), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, nowhere, low, high), 0);
	KUNIT_EXPECT_EQ(test, (u64)talloc_region_virt_to_phys(region, b), (u64)TALLOC_NO_PHYS);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
	a = talloc_region_alloc(region, SZ_1M, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, a, (void *)(unsigned long)nowhere);
	talloc_region_free(region, a);
	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
}

static void detached_nowhere(struct kunit *test)
{
	u64 nowhere = test_nowhere_get(SZ_1M);

	KUNIT_ASSERT_NE(test, nowhere, 0ull);
	use_nowhere(test, nowhere, TALLOC_DETACHED);
	use_nowhere(test, nowhere, TALLOC_ISOLATED);
	use_nowhere(test, nowhere, TALLOC_DETACHED | TALLOC_NO_LIVE_MAP);
	test_nowhere_put(nowhere, SZ_1M);
}

#define BLOCKS	64

/* Bytewise as it was, after all that can be done without asking for a change. */
static void detached_untouched(struct kunit *test)
{
	u8 *memory = test_region_memory(test, SZ_64K), *was = test_region_memory(test, SZ_64K);
	struct talloc_region *region = detached(test, memory + 3, SZ_64K - 8, 0, TALLOC_DETACHED);
	u32 seed = test_fresh_seed(), step, i;
	void *block[BLOCKS] = { };
	struct rnd_state rnd;

	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&rnd, seed);
	prandom_bytes_state(&rnd, memory, SZ_64K);
	memcpy(was, memory, SZ_64K);
	for (step = 0; step < test_steps(); step++) {
		u32 random = prandom_u32_state(&rnd);
		size_t bytes = 1 + (random >> 16) % 3000;

		i = random % BLOCKS;
		if (!block[i])
			block[i] = talloc_region_alloc_aligned(region, bytes,
							       1u << (random >> 8) % 9,
							       GFP_ATOMIC);
		else if (random & 64 && !talloc_region_resize(region, block[i], bytes))
			continue;
		else
			swap(block[i], block[0]);
		if (random & 128) {
			talloc_region_free(region, block[i]);
			block[i] = NULL;
		}
	}
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_GT(test, test_region_stats(region).blocks, 0);
	for (i = 0; i < BLOCKS; i++)
		talloc_region_free(region, block[i]);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
	KUNIT_EXPECT_EQ(test, memcmp(memory, was, SZ_64K), 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

/* Pages, one after the other, and no room is lost. */
static void detached_whole_capacity(struct kunit *test)
{
	u8 *memory = test_region_memory(test, 16 * PAGE_SIZE);
	struct talloc_region *region = detached(test, memory, 16 * PAGE_SIZE, 0, TALLOC_DETACHED);
	u8 *block;
	u32 i, seen = 0;

	for (i = 0; i < 16; i++) {
		block = talloc_region_zalloc(region, PAGE_SIZE, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block);
		KUNIT_EXPECT_EQ(test, offset_in_page(block), 0);
		KUNIT_EXPECT_NULL(test, memchr_inv(block, 0, PAGE_SIZE));
		seen |= BIT((block - memory) / PAGE_SIZE);
	}
	KUNIT_EXPECT_EQ(test, seen, 0xffff);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_bytes, 0);
	for (i = 0; i < 16; i++)
		talloc_region_free(region, memory + i * PAGE_SIZE);
}

/* What realloc() copies is what the caller has written. */
static void detached_realloc(struct kunit *test)
{
	u8 *memory = test_region_memory(test, SZ_16K);
	struct talloc_region *region = detached(test, memory, SZ_16K, 0, TALLOC_DETACHED);
	u8 *block = talloc_region_alloc(region, 1000, GFP_KERNEL);
	void *wall = talloc_region_alloc(region, 8, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, wall);
	test_region_fill(block, 1000, 3);
	memset(memory + SZ_4K, 0xff, SZ_8K);
	block = talloc_region_realloc(region, block, 3000, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_TRUE(test, (void *)block > wall);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 1000, 3));
	KUNIT_EXPECT_NULL(test, memchr_inv(block + 1000, 0, 2000));
	/* Too large for a second one: it slides down to the wall's neighbour. */
	test_region_fill(block, 3000, 4);
	talloc_region_free(region, wall);
	block = talloc_region_realloc(region, block, SZ_16K, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, block, memory);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 3000, 4));
	talloc_region_free(region, block);
}

/* Of all addresses in the window those of live blocks are told apart. */
static void detached_is_certain(struct kunit *test)
{
	u8 *memory = test_region_memory(test, SZ_4K);
	struct talloc_region *region = detached(test, memory, SZ_4K, 0,
						TALLOC_DETACHED | TALLOC_NO_LIVE_MAP);
	void *block = talloc_region_alloc(region, 100, GFP_KERNEL);
	void *other = talloc_region_alloc(region, 500, GFP_KERNEL);
	u64 start = talloc_addr(memory), at, live = 0;

	memset(memory, 0x11, SZ_4K);
	for (at = start - 16; at < start + SZ_4K + 16; at++) {
		if (!talloc_region_usable_size_addr(region, at))
			continue;
		KUNIT_EXPECT_TRUE(test, at == talloc_addr(block) || at == talloc_addr(other));
		live++;
	}
	KUNIT_EXPECT_EQ(test, live, 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, SZ_4K + 32 - 2);
	talloc_region_free(region, block);
	talloc_region_free(region, other);
}

static void detached_grows(struct kunit *test)
{
	const struct talloc_where where = { .align = SZ_8K, .nocross = SZ_64K };
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_4K, .grow_bytes = SZ_16K, .flags = TALLOC_DETACHED,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	void *first = talloc_region_alloc(region, SZ_4K, GFP_KERNEL);
	void *second = talloc_region_alloc(region, SZ_16K, GFP_KERNEL);
	void *third = talloc_region_alloc_where(region, SZ_32K, &where, GFP_KERNEL);

	KUNIT_EXPECT_TRUE(test, first && second && third);
	KUNIT_EXPECT_EQ(test, talloc_addr(third) % SZ_8K, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 3);
	memset(test_region_whole(second), 1, SZ_16K);
	talloc_region_free(region, first);
	talloc_region_free(region, second);
	talloc_region_free(region, third);
}

/* With tags in the memory no part of a block can be freed. */
static void parts_need_detached(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	void *block = talloc_region_alloc(region, SZ_4K, GFP_KERNEL);
	struct talloc_region_stats was = test_region_stats(region);

	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, talloc_addr(block), SZ_1K), -EINVAL);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "bad free_part by"), 1);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 1));
	talloc_region_free(region, block);
}

static void small_units_need_detached(struct kunit *test)
{
	struct talloc_region_config config = { .name = NAME, .bytes = SZ_4K, .unit = 4 };
	struct talloc_region *region = talloc_region_create(&config);
	u8 *block[3];
	u32 i;

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -EINVAL);
	config.flags = TALLOC_DETACHED;
	config.unit = 1;
	region = test_region_keep(test, talloc_region_create(&config));
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = talloc_region_alloc(region, 3, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, block[1], block[0] + 3);
	KUNIT_EXPECT_PTR_EQ(test, block[2], block[1] + 3);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		talloc_region_free(region, block[i]);
}

/* Whatever the sizes, and wherever the memory begins. */
static void isolated_blocks(struct kunit *test)
{
	u8 *memory = test_region_memory(test, SZ_64K), *block[BLOCKS];
	unsigned long *lines = kunit_kcalloc(test, BITS_TO_LONGS(SZ_64K), sizeof(long),
					     GFP_KERNEL);
	u32 i, first, last, line = dma_get_cache_alignment();
	struct talloc_region *region;

	KUNIT_ASSERT_NOT_NULL(test, lines);
	memset(memory, 0x77, SZ_64K);
	region = detached(test, memory + 5, SZ_64K - 10, 0, TALLOC_ISOLATED);
	for (i = 0; i < BLOCKS; i++) {
		block[i] = talloc_region_alloc(region, 1 + i * 5, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block[i]);
		KUNIT_EXPECT_EQ(test, talloc_addr(block[i]) & (line - 1), 0);
		first = (block[i] - memory) / line;
		last = (block[i] + i * 5 - memory) / line;
		KUNIT_ASSERT_LT(test, last, (u32)SZ_64K);
		KUNIT_EXPECT_GT(test, find_next_bit(lines, last + 1, first), (unsigned long)last);
		bitmap_set(lines, first, last - first + 1);
	}
	KUNIT_EXPECT_NULL(test, memchr_inv(memory, 0x77, SZ_64K));
	for (i = 0; i < BLOCKS; i++)
		talloc_region_free(region, block[i]);
}

/* A larger unit stays; a smaller one grows to a line. */
static void isolated_unit(struct kunit *test)
{
	struct talloc_region *region = detached(test, NULL, SZ_64K, SZ_1K, TALLOC_ISOLATED);
	void *block = talloc_region_alloc(region, 1, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, block), SZ_1K);
	talloc_region_free(region, block);
	test_region_forget(test, region);
	talloc_region_destroy(region);
	region = detached(test, NULL, SZ_64K, 1, TALLOC_ISOLATED);
	block = talloc_region_alloc(region, 1, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, block), dma_get_cache_alignment());
	talloc_region_free(region, block);
}

static struct kunit_case talloc_region_detached_cases[] = {
	KUNIT_CASE(detached_nowhere),
	KUNIT_CASE(detached_untouched),
	KUNIT_CASE(detached_whole_capacity),
	KUNIT_CASE(detached_realloc),
	KUNIT_CASE(detached_is_certain),
	KUNIT_CASE(detached_grows),
	KUNIT_CASE(parts_need_detached),
	KUNIT_CASE(small_units_need_detached),
	KUNIT_CASE(isolated_blocks),
	KUNIT_CASE(isolated_unit),
	{}
};

struct kunit_suite talloc_region_detached_suite = {
	.name = "talloc_region_detached",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_detached_cases,
};
