// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of numbers: 0 among them, wider than a pointer, conditions on addresses,
 * parts of blocks, and that no call for memory does anything with them.
 */
#include <linux/prandom.h>

#include "talloc_test.h"
#include "talloc_test_region.h"

#define NAME	"kunit-numbers"

static struct talloc_region *numbers(struct kunit *test, u64 first, u64 bytes, u32 unit)
{
	const struct talloc_backing backing = {
		.type = TALLOC_NUMBERS, .first = first, .window = bytes,
	};
	const struct talloc_region_config config = {
		.name = NAME, .backing = &backing, .unit = unit,
	};

	return test_region_keep(test, talloc_region_create(&config));
}

/* A block that has to be there. */
static u64 take(struct kunit *test, struct talloc_region *region, u64 bytes,
		const struct talloc_where *where)
{
	u64 addr = U64_MAX;

	KUNIT_EXPECT_EQ(test, talloc_region_alloc_addr(region, bytes, where, GFP_KERNEL, &addr), 0);
	return addr;
}

/* How a request is refused; its address stays as it was. */
static int refusal(struct kunit *test, struct talloc_region *region, u64 bytes,
		   const struct talloc_where *where, gfp_t gfp)
{
	u64 addr = 42;
	int err = talloc_region_alloc_addr(region, bytes, where, gfp, &addr);

	KUNIT_EXPECT_EQ(test, addr, 42);
	return err;
}

/* Every unit can be had, 0 too, and stands on the grid. */
static void whole_range(struct kunit *test, u64 first, u64 unit)
{
	struct talloc_region *region = numbers(test, first, 64 * unit, unit);
	u64 taken = 0, addr;
	u32 i;

	for (i = 0; i < 64; i++) {
		addr = take(test, region, unit, NULL);
		KUNIT_ASSERT_LT(test, addr - first, 64 * unit);
		KUNIT_EXPECT_EQ(test, (addr - first) & (unit - 1), 0);
		taken |= BIT_ULL((addr - first) >> ilog2(unit));
	}
	KUNIT_EXPECT_EQ(test, taken, U64_MAX);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_bytes, 0);
	KUNIT_EXPECT_EQ(test, refusal(test, region, 1, NULL, GFP_KERNEL), -ENOSPC);
	for (i = 0; i < 64; i++) {
		KUNIT_EXPECT_EQ(test, talloc_region_usable_size_addr(region, first + i * unit),
				unit);
		talloc_region_free_addr(region, first + i * unit);
	}
	KUNIT_EXPECT_EQ(test, take(test, region, 64 * unit, NULL), first);
	talloc_region_free_addr(region, first);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
}

static void numbers_whole_range(struct kunit *test)
{
	static const u64 firsts[] = { 0, SZ_2M, 0x500000000ull, 0xfffff00000000000ull };
	u32 i, unit;

	for (i = 0; i < ARRAY_SIZE(firsts); i++)
		for (unit = 1; unit <= SZ_2M; unit *= 2)
			whole_range(test, firsts[i], unit);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

/* More than a pointer can say, where that has 32 bits. */
static void numbers_wide(struct kunit *test)
{
	const u64 gib = SZ_1G, first = 7 * gib;
	struct talloc_region *region = numbers(test, first, 40 * gib, SZ_64K);
	struct talloc_region_stats stats;
	struct talloc_piece piece;
	u64 low, high;

	low = take(test, region, 18 * gib, NULL);
	high = take(test, region, 17 * gib, NULL);
	KUNIT_EXPECT_EQ(test, low, first);
	KUNIT_EXPECT_GE(test, high, first + 18 * gib);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size_addr(region, low), 18 * gib);
	/* As far as this no search goes at a time. */
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, low + (18 * gib - 1), &piece), 0);
	KUNIT_EXPECT_EQ(test, piece.state, TALLOC_PIECE_BLOCK);
	KUNIT_EXPECT_EQ(test, piece.addr, low);
	KUNIT_EXPECT_EQ(test, piece.bytes, 18 * gib);
	stats = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, stats.total_bytes, 40 * gib);
	KUNIT_EXPECT_EQ(test, stats.used_bytes, 35 * gib);
	KUNIT_EXPECT_EQ(test, refusal(test, region, 6 * gib, NULL, GFP_KERNEL), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_addr(region, low, 6 * gib), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_addr(region, low, 16 * gib), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_addr(region, low, 41 * gib), -ENOSPC);
	/* Not the same in the lower half of the number. */
	test_log_mark(test);
	talloc_region_free_addr(region, low & U32_MAX);
	talloc_region_free_addr(region, low + (4 * gib));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "bad free of 0x"), 2);
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, first + 40 * gib - 1));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, first + 40 * gib));
	talloc_region_free_addr(region, low);
	talloc_region_free_addr(region, high);
}

static int create_refusal(const struct talloc_region_config *config)
{
	struct talloc_region *region = talloc_region_create(config);

	if (IS_ERR(region))
		return PTR_ERR(region);
	talloc_region_destroy(region);
	return 0;
}

static void numbers_bad_ranges(struct kunit *test)
{
	struct talloc_backing backing = { .type = TALLOC_NUMBERS };
	struct talloc_region_config config = { .name = NAME, .backing = &backing };

	KUNIT_EXPECT_EQ(test, create_refusal(&config), -EINVAL);
	backing.window = SZ_4K;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), 0);
	backing.first = U64_MAX - SZ_4K + 1;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), -EINVAL);
	backing.first = U64_MAX - SZ_4K;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), 0);
	backing.first = 0;
	backing.window = U64_MAX;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), -E2BIG);
	/* A table of 4 GiB, which no machine should even try to find. */
	backing.window = 1ull << 31;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), -ENOMEM);
	backing.window = SZ_4K;
	config.unit = 3;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), -EINVAL);
	config.unit = SZ_4M;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), -EINVAL);
	config.unit = SZ_8K;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), -ENOSPC);
	config.unit = 0;
	config.grow_bytes = SZ_4K;
	KUNIT_EXPECT_EQ(test, create_refusal(&config), -EINVAL);
}

/* Spans of one region have no number in common; regions may. */
static void numbers_overlap(struct kunit *test)
{
	struct talloc_region *region = numbers(test, SZ_1M, SZ_64K, SZ_4K), *other;
	struct talloc_backing backing = { .type = TALLOC_NUMBERS, .window = SZ_8K };
	u8 *memory = test_region_memory(test, SZ_16K);
	u64 addr;

	other = test_region_keep(test, talloc_region_create_numbers(NAME "-2", SZ_1M, SZ_64K));
	addr = take(test, region, SZ_64K, NULL);
	KUNIT_EXPECT_EQ(test, take(test, other, SZ_64K, NULL), addr);
	talloc_region_free_addr(other, addr);

	for (backing.first = SZ_1M - SZ_4K; backing.first < SZ_1M + SZ_64K;
	     backing.first += SZ_4K)
		KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), 0);
	backing.first = SZ_1M - SZ_8K;
	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), 0);
	backing.first = 0;
	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 4);
	talloc_region_free_addr(region, addr);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, 0), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, 0), -ENOENT);

	/* Nor are they addresses of the kernel's. */
	other = test_region_keep(test, talloc_region_create_numbers(NAME "-3", talloc_addr(memory),
								    SZ_16K));
	other = test_region_keep(test, talloc_region_create_over(NAME "-4", memory, SZ_8K));
	backing.first = talloc_addr(memory);
	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(other, memory + SZ_8K, SZ_8K), 0);
}

/* All spans of a region are of one kind. */
static void numbers_do_not_mix(struct kunit *test)
{
	struct talloc_backing backing = { .type = TALLOC_NUMBERS, .window = SZ_4K };
	struct talloc_region *region = numbers(test, SZ_1M, SZ_64K, 0);
	struct talloc_region *memory = test_region(test, NAME "-2", SZ_16K);
	u8 *pages = test_region_memory(test, SZ_4K);

	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(memory, &backing), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_16K), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, pages, SZ_4K), -EINVAL);
	KUNIT_EXPECT_EQ(test, test_region_stats(memory).spans, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
}

static void numbers_where(struct kunit *test)
{
	struct talloc_region *region = numbers(test, SZ_1M + SZ_4K, SZ_1M, SZ_4K);
	const struct talloc_where aligned = { .align = SZ_64K };
	const struct talloc_where phased = { .align = SZ_64K, .phase = SZ_8K };
	const struct talloc_where nocross = { .nocross = SZ_64K };
	const struct talloc_where top = { .top_down = true };
	const struct talloc_where high = { .within = { SZ_1M + SZ_512K, SZ_2M } };
	const struct talloc_where exact = { .within = { 0x153000, 0x155000 } };
	u64 addr[6];
	u32 i;

	addr[0] = take(test, region, SZ_8K, &aligned);
	KUNIT_EXPECT_EQ(test, addr[0] % SZ_64K, 0);
	addr[1] = take(test, region, SZ_8K, &phased);
	KUNIT_EXPECT_EQ(test, addr[1] % SZ_64K, SZ_8K);
	addr[2] = take(test, region, 15 * SZ_4K, &nocross);
	KUNIT_EXPECT_EQ(test, addr[2] >> 16, (addr[2] + 15 * SZ_4K - 1) >> 16);
	addr[3] = take(test, region, SZ_8K, &top);
	KUNIT_EXPECT_EQ(test, addr[3], 2 * SZ_1M + SZ_4K - SZ_8K);
	addr[4] = take(test, region, SZ_8K, &high);
	KUNIT_EXPECT_GE(test, addr[4], high.within.start);
	KUNIT_EXPECT_LE(test, addr[4] + SZ_8K, high.within.end);
	addr[5] = take(test, region, SZ_8K, &exact);
	KUNIT_EXPECT_EQ(test, addr[5], exact.within.start);
	KUNIT_EXPECT_EQ(test, refusal(test, region, SZ_8K, &exact, GFP_KERNEL), -ENOSPC);
	KUNIT_EXPECT_EQ(test, refusal(test, region, SZ_512K + SZ_4K, &high, GFP_KERNEL), -ENOSPC);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		talloc_region_free_addr(region, addr[i]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_chunks, 1);
}

/* What no address can be like is a mistake of the caller's. */
static void numbers_bad_where(struct kunit *test)
{
	static const struct {
		struct talloc_where where;
		const char *why;
	} bad[] = {
		{ { .align = 24 }, "the alignment is not a power of two" },
		{ { .align = 64, .phase = 64 }, "the phase is not below the alignment" },
		{ { .align = 64, .phase = 4 }, "the phase is not a multiple of the unit" },
		{ { .phase = 8 }, "the phase is not below the alignment" },
		{ { .nocross = 96 }, "nocross is not a power of two" },
		{ { .nocross = 64 }, "too large not to cross nocross" },
		{ { .within = { 2, 1 } }, "within ends before it begins" },
	};
	struct talloc_region *region = numbers(test, 0, SZ_64K, 0);
	struct talloc_region_stats was = test_region_stats(region);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		test_log_mark(test);
		KUNIT_EXPECT_EQ(test, refusal(test, region, 128, &bad[i].where, GFP_KERNEL),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, bad[i].why), 1);
	}
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, ARRAY_SIZE(bad)));
	KUNIT_EXPECT_EQ(test, refusal(test, region, 0, NULL, GFP_KERNEL), -EINVAL);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, ARRAY_SIZE(bad)));
}

static void numbers_have_no_contents(struct kunit *test)
{
	struct talloc_region *region = numbers(test, 0, SZ_64K, 0);
	struct talloc_region_stats was = test_region_stats(region);

	KUNIT_EXPECT_EQ(test, refusal(test, region, 8, NULL, GFP_KERNEL | __GFP_ZERO), -EINVAL);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "numbers cannot be zeroed"), 1);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 1));
}

/* Calls for memory, with a pointer that is, as a number, a live block of the region's. */
static void numbers_are_no_memory(struct kunit *test)
{
	u8 *memory = test_region_memory(test, SZ_16K);
	struct talloc_region *region = numbers(test, talloc_addr(memory), SZ_16K, 0);
	struct talloc_region_stats was;
	void *block;

	memset(memory, 0x5a, SZ_16K);
	KUNIT_EXPECT_EQ(test, take(test, region, 64, NULL), talloc_addr(memory));
	block = test_region_whole(memory);
	was = test_region_stats(region);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, 8, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_zalloc(region, 8, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc_aligned(region, 8, 64, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc_array(region, 8, 64, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc_where(region, 8, NULL, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, !talloc_region_alloc_iomem(region, 8, NULL, GFP_KERNEL));
	talloc_region_free(region, block);
	talloc_region_free_iomem(region, (__force void __iomem *)block);
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block, 128, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "this is a region of numbers"), 9);
	/* The log is told of no more than ten in a while. */
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block, 0, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 128), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_iomem(region, (__force void __iomem *)block, 8),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, block), 0);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 13));

	KUNIT_EXPECT_EQ(test, (u64)talloc_region_virt_to_phys(region, block), (u64)TALLOC_NO_PHYS);
	KUNIT_EXPECT_EQ(test, (u64)talloc_region_iomem_to_phys(region,
							       (__force void __iomem *)block),
			(u64)TALLOC_NO_PHYS);
	KUNIT_EXPECT_NULL(test, talloc_region_phys_to_virt(region, talloc_addr(block)));
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, block, 8), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(memory, 0x5a, SZ_16K));
	talloc_region_free_addr(region, talloc_addr(memory));
}

/* Nothing is special about 0, but where it is no live block. */
static void numbers_misuse(struct kunit *test)
{
	struct talloc_region *region = numbers(test, 0, SZ_64K, SZ_256);
	const struct talloc_where first = { .within = { 0, SZ_512 } };
	struct talloc_region_stats was;
	u64 addr = take(test, region, SZ_512, &first);

	KUNIT_EXPECT_EQ(test, addr, 0);
	was = test_region_stats(region);
	talloc_region_free_addr(region, SZ_256);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "bad free of 0x100 by "), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "256 bytes into the live block of 512"),
			1);
	talloc_region_free_addr(region, 1);
	talloc_region_free_addr(region, SZ_64K);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "not in this region"), 1);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_addr(region, 8, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_addr(region, SZ_512, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_addr(region, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size_addr(region, SZ_512), 0);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 6));
	talloc_region_free_addr(region, 0);
	was = test_region_stats(region);
	talloc_region_free_addr(region, 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "bad free of 0x0 by "), 1);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 1));
}

static void numbers_parts(struct kunit *test)
{
	struct talloc_region *region = numbers(test, 0, SZ_64K, SZ_256);
	struct talloc_region_stats was;

	KUNIT_EXPECT_EQ(test, take(test, region, SZ_4K, NULL), 0);
	was = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_1K, 0), -EINVAL);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_1K + 1, SZ_1K), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_1K, SZ_4K), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_4K, SZ_1K), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_64K, SZ_1K), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, 0, U64_MAX), -EINVAL);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 5));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "bad free_part of 0x"), 5);

	/* Out of the middle, then the end of the left, then the start of the right. */
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_1K, SZ_1K), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 2);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size_addr(region, 0), SZ_1K);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size_addr(region, SZ_2K), SZ_2K);
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_512, SZ_512), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_2K, SZ_512), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, SZ_512 + SZ_1K + SZ_512);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	talloc_region_free_addr(region, 0);
	/* All of it is a part, too. */
	KUNIT_EXPECT_EQ(test, talloc_region_free_part(region, SZ_2K + SZ_512, SZ_1K + SZ_512), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_chunks, 1);
}

/* The ends of a span that begins at 0. */
static void numbers_window(struct kunit *test)
{
	const struct talloc_backing backing = {
		.type = TALLOC_NUMBERS, .window = SZ_64K, .offset = SZ_16K, .bytes = SZ_16K,
	};
	const struct talloc_region_config config = {
		.name = NAME, .backing = &backing, .unit = SZ_4K,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	const struct talloc_where lowest = { .within = { 0, SZ_4K } };
	u64 low = U64_MAX, high = U64_MAX, found = 42;
	struct talloc_piece piece;

	KUNIT_EXPECT_EQ(test, take(test, region, SZ_16K, NULL), SZ_16K);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, SZ_16K, &piece), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, SZ_16K - 1, &piece), -ENOENT);
	KUNIT_EXPECT_EQ(test, talloc_region_find(region, SZ_32K, &piece), -ENOENT);
	KUNIT_EXPECT_EQ(test, refusal(test, region, SZ_4K, NULL, GFP_KERNEL), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, 0, SZ_16K + 1, 0), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, 0, SZ_16K, SZ_32K), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).total_bytes, SZ_64K);
	KUNIT_EXPECT_EQ(test, take(test, region, SZ_4K, &lowest), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, 0, SZ_4K, SZ_4K, &found), -EBUSY);
	KUNIT_EXPECT_EQ(test, found, 0);
	talloc_region_free_addr(region, 0);
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, 0, &low, &high), 0);
	KUNIT_EXPECT_EQ(test, low, SZ_16K);
	KUNIT_EXPECT_EQ(test, high, SZ_32K);
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, 0));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, SZ_64K));
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, SZ_64K, 0, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
	KUNIT_EXPECT_EQ(test, take(test, region, SZ_16K, NULL), SZ_16K);
	talloc_region_free_addr(region, SZ_16K);
}

/**
 * struct asked - what a handler was told
 * @where: the conditions
 * @bytes: the size
 * @calls: how often
 */
struct asked {
	struct talloc_where where;
	u64 bytes;
	u32 calls;
};

/* Adds what was asked for, at the place that was asked for. */
static int oom_numbers(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
		       gfp_t gfp, void *data)
{
	struct talloc_backing backing = { .type = TALLOC_NUMBERS, .window = bytes };
	struct asked *asked = data;

	asked->where = *where;
	asked->bytes = bytes;
	asked->calls++;
	backing.first = where->within.start;
	return talloc_region_add_backing(region, &backing);
}

static void numbers_oom(struct kunit *test)
{
	const u64 place = 0x900000000ull, bytes = 6 * (u64)SZ_1G;
	const struct talloc_where where = { .within = { place, place + bytes } };
	const struct talloc_backing backing = {
		.type = TALLOC_NUMBERS, .first = SZ_1M, .window = SZ_1M,
	};
	struct asked asked = { };
	const struct talloc_region_config config = {
		.name = NAME, .backing = &backing, .unit = SZ_1M, .oom = oom_numbers,
		.oom_data = &asked,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));

	KUNIT_EXPECT_EQ(test, take(test, region, SZ_1M, NULL), SZ_1M);
	KUNIT_EXPECT_EQ(test, refusal(test, region, bytes, &where, GFP_ATOMIC), -ENOSPC);
	KUNIT_EXPECT_EQ(test, asked.calls, 0);
	KUNIT_EXPECT_EQ(test, take(test, region, bytes, &where), place);
	KUNIT_EXPECT_EQ(test, asked.calls, 1);
	KUNIT_EXPECT_EQ(test, asked.bytes, bytes);
	KUNIT_EXPECT_EQ(test, asked.where.within.end, place + bytes);
	talloc_region_free_addr(region, place);
	talloc_region_free_addr(region, SZ_1M);
}

/* The table of who has which unit, to compare with. */
#define UNITS	512
#define OWNERS	64

/**
 * struct owners - numbers, and who has them
 * @test: the case
 * @region: the region
 * @first: its first number
 * @unit: its unit
 * @of: owner of each unit, 0 for none
 * @addr: what each owner has
 * @units: how much of it, 0 for nothing
 * @allocs: allocations that succeeded
 * @grown: blocks that were resized to more
 */
struct owners {
	struct kunit *test;
	struct talloc_region *region;
	u64 first;
	u64 unit;
	u8 of[UNITS];
	u64 addr[OWNERS];
	u32 units[OWNERS];
	u32 allocs;
	u32 grown;
};

/* Hand units over, if they are whose they are thought to be. */
static void owners_pass(struct owners *o, u64 addr, u32 units, u8 from, u8 to)
{
	u32 i, unit = (addr - o->first) >> ilog2(o->unit);

	KUNIT_ASSERT_LE(o->test, unit + units, (u32)UNITS);
	for (i = 0; i < units; i++) {
		KUNIT_EXPECT_EQ(o->test, o->of[unit + i], from);
		o->of[unit + i] = to;
	}
}

static void owners_alloc(struct owners *o, struct rnd_state *rnd, u32 n)
{
	u32 units = 1 + prandom_u32_state(rnd) % 24, random = prandom_u32_state(rnd);
	struct talloc_where where = { };
	u64 bytes = units * o->unit, end;

	if (random & 1)
		where.align = o->unit << (random >> 8) % 5;
	if ((random & 6) == 6)
		where.nocross = o->unit << (5 + (random >> 12) % 3);
	where.top_down = !(random & 24);
	if (!(random & 96)) {
		where.within.start = o->first + (random >> 16) % UNITS * o->unit;
		where.within.end = where.within.start + 64 * o->unit;
	}
	if (talloc_region_alloc_addr(o->region, bytes, &where, GFP_ATOMIC, &o->addr[n]))
		return;
	o->allocs++;
	end = o->addr[n] + bytes;
	owners_pass(o, o->addr[n], units, 0, n + 1);
	o->units[n] = units;
	if (where.align)
		KUNIT_EXPECT_EQ(o->test, o->addr[n] & (where.align - 1), 0);
	if (where.nocross)
		KUNIT_EXPECT_EQ(o->test, (o->addr[n] ^ (end - 1)) & ~(where.nocross - 1), 0);
	if (where.within.end) {
		KUNIT_EXPECT_GE(o->test, o->addr[n], where.within.start);
		KUNIT_EXPECT_LE(o->test, end, where.within.end);
	}
}

static void owners_resize(struct owners *o, u32 n, u32 units)
{
	u64 addr = o->addr[n];

	if (talloc_region_resize_addr(o->region, addr, units * o->unit)) {
		KUNIT_EXPECT_GT(o->test, units, o->units[n]);
		return;
	}
	o->grown += units > o->units[n];
	if (units > o->units[n])
		owners_pass(o, addr + o->units[n] * o->unit, units - o->units[n], 0, n + 1);
	else
		owners_pass(o, addr + units * o->unit, o->units[n] - units, n + 1, 0);
	o->units[n] = units;
}

/* Free a part at either end; what is left is a block. */
static void owners_free_part(struct owners *o, u32 n, u32 units, bool front)
{
	u64 addr = front ? o->addr[n] : o->addr[n] + (o->units[n] - units) * o->unit;

	KUNIT_EXPECT_EQ(o->test, talloc_region_free_part(o->region, addr, units * o->unit), 0);
	owners_pass(o, addr, units, n + 1, 0);
	o->units[n] -= units;
	if (front)
		o->addr[n] += units * o->unit;
}

static void owners_step(struct owners *o, struct rnd_state *rnd)
{
	u32 n = prandom_u32_state(rnd) % OWNERS, random = prandom_u32_state(rnd);

	if (!o->units[n]) {
		owners_alloc(o, rnd, n);
	} else if (random & 1) {
		talloc_region_free_addr(o->region, o->addr[n]);
		owners_pass(o, o->addr[n], o->units[n], n + 1, 0);
		o->units[n] = 0;
	} else if (random & 2) {
		owners_resize(o, n, 1 + (random >> 8) % 40);
	} else if (o->units[n] > 1) {
		owners_free_part(o, n, 1 + (random >> 8) % (o->units[n] - 1), random & 4);
	}
}

static void numbers_random(struct kunit *test)
{
	struct owners *o = test_zalloc(test, sizeof(*o));
	u32 seed = test_fresh_seed(), step, n;
	struct rnd_state rnd;

	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&rnd, seed);
	o->test = test;
	o->unit = 1u << prandom_u32_state(&rnd) % 22;
	o->first = seed & 1 ? 0 : (u64)SZ_2M << prandom_u32_state(&rnd) % 40;
	o->region = numbers(test, o->first, UNITS * o->unit, o->unit);
	for (step = 0; step < test_steps(); step++) {
		owners_step(o, &rnd);
		if (step % 64 == 0)
			KUNIT_ASSERT_EQ(test, talloc_region_check(o->region), 0);
		test_breathe();
	}
	KUNIT_EXPECT_GE(test, o->allocs, step / 8);
	KUNIT_EXPECT_GE(test, o->grown, step / 2000);
	for (n = 0; n < OWNERS; n++) {
		if (!o->units[n])
			continue;
		KUNIT_EXPECT_EQ(test, talloc_region_usable_size_addr(o->region, o->addr[n]),
				o->units[n] * o->unit);
		talloc_region_free_addr(o->region, o->addr[n]);
	}
	KUNIT_EXPECT_EQ(test, test_region_stats(o->region).free_chunks, 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

static struct kunit_case talloc_region_numbers_cases[] = {
	KUNIT_CASE(numbers_whole_range),
	KUNIT_CASE(numbers_wide),
	KUNIT_CASE(numbers_bad_ranges),
	KUNIT_CASE(numbers_overlap),
	KUNIT_CASE(numbers_do_not_mix),
	KUNIT_CASE(numbers_where),
	KUNIT_CASE(numbers_bad_where),
	KUNIT_CASE(numbers_have_no_contents),
	KUNIT_CASE(numbers_are_no_memory),
	KUNIT_CASE(numbers_misuse),
	KUNIT_CASE(numbers_parts),
	KUNIT_CASE(numbers_window),
	KUNIT_CASE(numbers_oom),
	KUNIT_CASE(numbers_random),
	{}
};

struct kunit_suite talloc_region_numbers_suite = {
	.name = "talloc_region_numbers",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_numbers_cases,
};
