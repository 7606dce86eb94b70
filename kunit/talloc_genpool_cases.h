/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What pools do, whoever made them: the cases that lib/genalloc and talloc have to pass
 * alike. Included by one file for each, after the header with the calls. POOL_IS_TALLOC
 * is 1 or 0, and asked only where Documentation/genpool.rst lists a difference.
 */
#include <linux/device.h>
#include <linux/log2.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "talloc_test.h"
#include "talloc_test_region.h"

#define ORDER	4
#define GRAIN	BIT(ORDER)
#define GRAINS	64

/**
 * struct pools - what a case has made
 * @regions: what test_log_mark() needs; first, as it is found by test->priv
 * @pool: pools that are destroyed at the end, if they are empty as they should be
 */
struct pools {
	struct test_regions regions;
	struct gen_pool *pool[4];
};

static int pools_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct pools), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	test_log_mark(test);
	return 0;
}

/* lib/genalloc crashes where something is left, so then the pool stays. */
static void pools_exit(struct kunit *test)
{
	struct pools *pools = test->priv;
	struct gen_pool *pool;
	u32 i;

	for (i = 0; pools && i < ARRAY_SIZE(pools->pool); i++) {
		pool = pools->pool[i];
		if (!pool)
			continue;
		KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), gen_pool_size(pool));
		if (gen_pool_avail(pool) == gen_pool_size(pool))
			gen_pool_destroy(pool);
	}
	test_regions_exit(test);
}

/* An empty pool that goes away with the test. */
static struct gen_pool *pool_new(struct kunit *test, int order)
{
	struct pools *pools = test->priv;
	struct gen_pool *pool = gen_pool_create(order, -1);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	for (i = 0; pools->pool[i]; i++)
		KUNIT_ASSERT_LT(test, i + 1, ARRAY_SIZE(pools->pool));
	pools->pool[i] = pool;
	return pool;
}

/* Addresses at which there is nothing. */
static unsigned long nowhere(void)
{
	return test_nowhere_get(SZ_16M);
}

/* A pool of one chunk, of GRAINS granules at nowhere(). */
static struct gen_pool *pool_of_grains(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, ORDER);

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere(), GRAINS * GRAIN, -1), 0);
	return pool;
}

/* The chunk of pool_of_grains(), all of it allocated by granules. */
static void pool_fill(struct kunit *test, struct gen_pool *pool)
{
	u32 i;

	for (i = 0; i < GRAINS; i++)
		KUNIT_ASSERT_NE(test, gen_pool_alloc(pool, GRAIN), 0);
	KUNIT_ASSERT_EQ(test, gen_pool_avail(pool), 0);
}

static void pool_free_grains(struct gen_pool *pool, u32 first, u32 count)
{
	gen_pool_free(pool, nowhere() + first * GRAIN, count * GRAIN);
}

/* All granules of it, whichever are allocated. */
static void pool_free_all(struct gen_pool *pool)
{
	while (gen_pool_alloc_algo(pool, GRAIN, gen_pool_first_fit, NULL))
		;
	pool_free_grains(pool, 0, GRAINS);
}

static void pool_empty(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, ORDER);
	void *owner = test;

	KUNIT_EXPECT_EQ(test, pool->min_alloc_order, ORDER);
	KUNIT_EXPECT_NULL(test, pool->name);
	KUNIT_EXPECT_EQ(test, gen_pool_size(pool), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc_owner(pool, 1, &owner), 0);
	KUNIT_EXPECT_NULL(test, owner);
	KUNIT_EXPECT_FALSE(test, gen_pool_has_addr(pool, nowhere(), 1));
	KUNIT_EXPECT_EQ(test, gen_pool_virt_to_phys(pool, nowhere()), (phys_addr_t)-1);
}

static void pool_sizes(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	unsigned long addr;
	size_t size;

	for (size = 1; size <= GRAINS * GRAIN; size++) {
		addr = gen_pool_alloc(pool, size);
		KUNIT_ASSERT_GE(test, addr, nowhere());
		KUNIT_EXPECT_LE(test, addr + size, nowhere() + GRAINS * GRAIN);
		KUNIT_EXPECT_EQ(test, addr % GRAIN, 0);
		KUNIT_EXPECT_EQ(test, gen_pool_avail(pool),
				GRAINS * GRAIN - round_up(size, GRAIN));
		gen_pool_free(pool, addr, size);
	}
	KUNIT_EXPECT_EQ(test, gen_pool_size(pool), GRAINS * GRAIN);
}

static void pool_no_room(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	void *owner = test;

	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 0), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAINS * GRAIN + 1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, SIZE_MAX), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc_owner(pool, SIZE_MAX, &owner), 0);
	KUNIT_EXPECT_NULL(test, owner);
	pool_fill(test, pool);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 1), 0);
	pool_free_grains(pool, 7, 1);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAIN + 1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAIN), nowhere() + 7 * GRAIN);
	pool_free_grains(pool, 0, GRAINS);
}

/* Granules are counted from the start of the chunk, wherever that is. */
static void pool_odd_start(struct kunit *test)
{
	static const u32 odd[] = { 1, 3, 8, GRAIN - 1, GRAIN + 5 };
	unsigned long start, addr;
	struct gen_pool *pool;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		pool = gen_pool_create(ORDER, -1);
		start = nowhere() + odd[i];
		KUNIT_ASSERT_NOT_NULL(test, pool);
		KUNIT_ASSERT_EQ(test, gen_pool_add(pool, start, GRAINS * GRAIN, -1), 0);
		for (n = 0; n < GRAINS; n++) {
			addr = gen_pool_alloc(pool, GRAIN);
			KUNIT_EXPECT_GE(test, addr, start);
			KUNIT_EXPECT_LE(test, addr, start + (GRAINS - 1) * GRAIN);
			KUNIT_EXPECT_EQ(test, (addr - start) % GRAIN, 0);
		}
		KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 1), 0);
		gen_pool_free(pool, start, GRAINS * GRAIN);
		KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAINS * GRAIN), start);
		gen_pool_free(pool, start, GRAINS * GRAIN);
		KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), GRAINS * GRAIN);
		gen_pool_destroy(pool);
	}
}

/* What is left of a chunk after its last granule is counted, and of no use. */
static void pool_odd_size(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, ORDER);
	unsigned long addr;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere(), 3 * GRAIN - 1, -1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_size(pool), 3 * GRAIN - 1);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 3 * GRAIN - 1), 0);
	addr = gen_pool_alloc(pool, 2 * GRAIN);
	KUNIT_EXPECT_EQ(test, addr, nowhere());
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), GRAIN - 1);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 1), 0);
	KUNIT_EXPECT_TRUE(test, gen_pool_has_addr(pool, nowhere() + 3 * GRAIN - 2, 1));
	gen_pool_free(pool, addr, 2 * GRAIN);

	/* A chunk that has no granule at all, beside one that has and alone. */
	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere() + SZ_1M, GRAIN - 1, -1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_size(pool), 4 * GRAIN - 2);
	addr = gen_pool_alloc(pool, 1);
	KUNIT_EXPECT_GE(test, addr, nowhere());
	KUNIT_EXPECT_LT(test, addr, nowhere() + 2 * GRAIN);
	gen_pool_free(pool, addr, 1);
	pool = pool_new(test, ORDER);
	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere(), GRAIN - 1, -1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), GRAIN - 1);
}

static void pool_orders(struct kunit *test)
{
	static const int orders[] = { 0, 1, 2, 3, 6, 12, 16, 20 };
	unsigned long addr, next, grain;
	struct gen_pool *pool;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		grain = 1ul << orders[i];
		pool = gen_pool_create(orders[i], -1);
		KUNIT_ASSERT_NOT_NULL(test, pool);
		KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere(), 3 * grain, -1), 0);
		addr = gen_pool_alloc(pool, 1);
		next = gen_pool_alloc(pool, grain);
		KUNIT_EXPECT_GE(test, max(addr, next) - min(addr, next), grain);
		KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), grain);
		KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, grain + 1), 0);
		gen_pool_free(pool, addr, 1);
		gen_pool_free(pool, next, grain);
		addr = gen_pool_alloc(pool, 2 * grain + 1);
		KUNIT_EXPECT_EQ(test, addr, nowhere());
		gen_pool_free(pool, addr, 2 * grain + 1);
		KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 3 * grain);
		gen_pool_destroy(pool);
	}
}

/* The highest addresses that both can have. */
static void pool_high(struct kunit *test)
{
	unsigned long start = -(GRAINS + 1) * GRAIN;
	struct gen_pool *pool = pool_new(test, ORDER);
	u32 i;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, start, GRAINS * GRAIN, -1), 0);
	for (i = 0; i < GRAINS; i++)
		KUNIT_EXPECT_GE(test, gen_pool_alloc(pool, GRAIN), start);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAIN), 0);
	KUNIT_EXPECT_TRUE(test, gen_pool_has_addr(pool, start, GRAINS * GRAIN));
	KUNIT_EXPECT_FALSE(test, gen_pool_has_addr(pool, start, GRAINS * GRAIN + 1));
	gen_pool_free(pool, start, GRAINS * GRAIN);
}

/*
 * Several chunks.
 */

static unsigned long chunk_start(u32 i)
{
	return nowhere() + i * SZ_64K;
}

/* @owner is what the case will be told; chunk 0 has no physical address. */
static struct gen_pool *pool_of_chunks(struct kunit *test, u32 chunks, u8 *owner)
{
	struct gen_pool *pool = pool_new(test, ORDER);
	u32 i;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, chunk_start(0), 4 * GRAIN, -1), 0);
	for (i = 1; i < chunks; i++)
		KUNIT_ASSERT_EQ(test, gen_pool_add_owner(pool, chunk_start(i), SZ_1M * i,
							 4 * GRAIN, -1, owner + i), 0);
	return pool;
}

static void chunks_newest_first(struct kunit *test)
{
	struct gen_pool *pool;
	void *told = test;
	u8 owner[5];
	u32 i, n;

	pool = pool_of_chunks(test, 5, owner);
	KUNIT_EXPECT_EQ(test, gen_pool_size(pool), 20 * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 4 * GRAIN + 1), 0);
	for (i = 5; i--; ) {
		for (n = 0; n < 2; n++) {
			KUNIT_EXPECT_EQ(test, gen_pool_alloc_owner(pool, 2 * GRAIN, &told),
					chunk_start(i) + 2 * n * GRAIN);
			KUNIT_EXPECT_PTR_EQ(test, told, (void *)(i ? owner + i : NULL));
		}
	}
	KUNIT_EXPECT_EQ(test, gen_pool_alloc_owner(pool, 1, &told), 0);
	KUNIT_EXPECT_NULL(test, told);
	for (i = 0; i < 5; i++) {
		told = test;
		gen_pool_free_owner(pool, chunk_start(i), 4 * GRAIN, &told);
		KUNIT_EXPECT_PTR_EQ(test, told, (void *)(i ? owner + i : NULL));
		KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 4 * (i + 1) * GRAIN);
	}
}

static void chunks_phys(struct kunit *test)
{
	struct gen_pool *pool;
	u8 owner[3];
	u32 i, n;

	pool = pool_of_chunks(test, 3, owner);
	for (i = 1; i < 3; i++)
		for (n = 0; n < 4 * GRAIN; n++)
			KUNIT_EXPECT_EQ(test, gen_pool_virt_to_phys(pool, chunk_start(i) + n),
					(phys_addr_t)SZ_1M * i + n);
	for (i = 1; i < 3; i++)
		KUNIT_EXPECT_EQ(test, gen_pool_virt_to_phys(pool, chunk_start(i) - 1),
				(phys_addr_t)-1);
	KUNIT_EXPECT_EQ(test, gen_pool_virt_to_phys(pool, chunk_start(0)), (phys_addr_t)-1);
	/* lib/genalloc counts on from -1. */
	KUNIT_EXPECT_EQ(test, gen_pool_virt_to_phys(pool, chunk_start(0) + 2),
			(phys_addr_t)(POOL_IS_TALLOC ? -1 : 1));
}

static void chunks_has_addr(struct kunit *test)
{
	struct gen_pool *pool;
	u8 owner[2];
	u32 i;

	pool = pool_of_chunks(test, 2, owner);
	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, chunk_start(1) + 4 * GRAIN, GRAIN, -1), 0);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_TRUE(test, gen_pool_has_addr(pool, chunk_start(i), 4 * GRAIN));
		KUNIT_EXPECT_TRUE(test, gen_pool_has_addr(pool, chunk_start(i) + 9, 1));
		KUNIT_EXPECT_TRUE(test, gen_pool_has_addr(pool, chunk_start(i) + 9, 0));
		KUNIT_EXPECT_FALSE(test, gen_pool_has_addr(pool, chunk_start(i) - 1, 1));
		KUNIT_EXPECT_FALSE(test, gen_pool_has_addr(pool, chunk_start(i) - 1, 9));
		/* Not even where the next chunk follows at once. */
		KUNIT_EXPECT_FALSE(test, gen_pool_has_addr(pool, chunk_start(i), 4 * GRAIN + 1));
	}
	KUNIT_EXPECT_TRUE(test, gen_pool_has_addr(pool, chunk_start(1) + 4 * GRAIN, GRAIN));
}

/* What gen_pool_for_each_chunk() has shown, to be judged later and not under RCU. */
struct shown_chunk {
	unsigned long start;
	unsigned long end;
	phys_addr_t phys;
	void *owner;
	long avail;
};

struct shown {
	struct gen_pool *pool;
	struct shown_chunk chunk[4];
	u32 nr;
};

static void show_chunk(struct gen_pool *pool, struct gen_pool_chunk *chunk, void *data)
{
	struct shown *shown = data;

	if (pool != shown->pool || shown->nr >= ARRAY_SIZE(shown->chunk))
		return;
	shown->chunk[shown->nr++] = (struct shown_chunk){
		.start = chunk->start_addr,
		.end = chunk->end_addr,
		.phys = chunk->phys_addr,
		.owner = chunk->owner,
		.avail = atomic_long_read(&chunk->avail),
	};
}

static void chunks_for_each(struct kunit *test)
{
	struct shown shown = { };
	u8 owner[4];
	u32 i;

	shown.pool = pool_of_chunks(test, 4, owner);
	for (i = 4; i--; )
		KUNIT_ASSERT_NE(test, gen_pool_alloc(shown.pool, 4 * GRAIN), 0);
	for (i = 0; i < 4; i++)
		gen_pool_free(shown.pool, chunk_start(i), (i + 1) * GRAIN);
	gen_pool_for_each_chunk(shown.pool, show_chunk, &shown);
	KUNIT_EXPECT_EQ(test, shown.nr, 4);
	for (i = 0; i < 4; i++) {
		struct shown_chunk *chunk = &shown.chunk[3 - i];

		KUNIT_EXPECT_EQ(test, chunk->start, chunk_start(i));
		KUNIT_EXPECT_EQ(test, chunk->end, chunk_start(i) + 4 * GRAIN - 1);
		KUNIT_EXPECT_EQ(test, chunk->phys, i ? SZ_1M * i : (phys_addr_t)-1);
		KUNIT_EXPECT_PTR_EQ(test, chunk->owner, (void *)(i ? owner + i : NULL));
		KUNIT_EXPECT_EQ(test, chunk->avail, (i + 1) * GRAIN);
	}
	for (i = 0; i < 3; i++)
		gen_pool_free(shown.pool, chunk_start(i) + (i + 1) * GRAIN, (3 - i) * GRAIN);
}

/*
 * Freeing what was not allocated as one.
 */

static void free_parts(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	unsigned long addr = gen_pool_alloc(pool, GRAINS * GRAIN);

	KUNIT_ASSERT_EQ(test, addr, nowhere());
	/* Head, tail and middle; then each can be had again, and no more. */
	pool_free_grains(pool, 0, 3);
	pool_free_grains(pool, GRAINS - 2, 2);
	pool_free_grains(pool, 10, 4);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 9 * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 5 * GRAIN), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 4 * GRAIN), addr + 10 * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 3 * GRAIN), addr);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 2 * GRAIN), addr + (GRAINS - 2) * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 0);
	/* Ends of several blocks and all of some at once. */
	pool_free_grains(pool, 2, 9);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 9 * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 9 * GRAIN), addr + 2 * GRAIN);
	pool_free_grains(pool, 0, GRAINS);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAINS * GRAIN), addr);
	pool_free_grains(pool, 0, GRAINS);
}

/* From far behind the start of a block, which has more granules than one search goes back over. */
static void free_far(struct kunit *test)
{
	const u32 many = 3 * 4096;
	struct gen_pool *pool = pool_new(test, 3);
	unsigned long addr, next;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere(), (many + 4) * 8, -1), 0);
	addr = gen_pool_alloc(pool, (many + 4) * 8);
	KUNIT_ASSERT_EQ(test, addr, nowhere());
	next = addr + many * 8;
	gen_pool_free(pool, next, 4 * 8);
	KUNIT_ASSERT_EQ(test, gen_pool_alloc(pool, 4 * 8), next);
	/* Out of it, and with the beginning of the next one. */
	gen_pool_free(pool, next - 4 * 8, 2 * 8);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 2 * 8);
	gen_pool_free(pool, next - 2 * 8, 3 * 8);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 5 * 8);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 5 * 8), next - 4 * 8);
	/* Of three blocks, the first of which is still as long. */
	gen_pool_free(pool, addr + 4097 * 8, (many + 4 - 4097) * 8);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), (many + 4 - 4097) * 8);
	gen_pool_free(pool, addr, 4097 * 8);
}

static void free_neighbours(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	u32 i;

	pool_fill(test, pool);
	pool_free_grains(pool, 0, GRAINS);
	pool_fill(test, pool);
	for (i = 0; i < GRAINS; i += 4)
		pool_free_grains(pool, i, 4);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), GRAINS * GRAIN);
}

/* Down to the granule for the address, up to it for the size. */
static void free_rounds(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	void *owner = test;

	pool_fill(test, pool);
	gen_pool_free(pool, nowhere() + GRAIN + 5, 1);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 1), nowhere() + GRAIN);
	gen_pool_free(pool, nowhere() + GRAIN, GRAIN + 1);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 2 * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 2 * GRAIN), nowhere() + GRAIN);
	gen_pool_free_owner(pool, nowhere(), 0, &owner);
	KUNIT_EXPECT_NULL(test, owner);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), 0);
	pool_free_grains(pool, 0, GRAINS);
}

/*
 * Algorithms.
 */

/* Granules 0 to 7 free, and 20 to 22. */
static struct gen_pool *pool_with_holes(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);

	pool_fill(test, pool);
	pool_free_grains(pool, 0, 8);
	pool_free_grains(pool, 20, 3);
	return pool;
}

static void algo_best_fit(struct kunit *test)
{
	struct gen_pool *pool = pool_with_holes(test);

	gen_pool_set_algo(pool, gen_pool_best_fit, NULL);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 2 * GRAIN), nowhere() + 20 * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 2 * GRAIN), nowhere());
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAIN), nowhere() + 22 * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 6 * GRAIN), nowhere() + 2 * GRAIN);
	pool_free_grains(pool, 0, GRAINS);
}

/* lib/genalloc takes the lowest place that fits, talloc the tightest. */
static void algo_first_fit(struct kunit *test)
{
	struct gen_pool *pool = pool_with_holes(test);
	u32 first = POOL_IS_TALLOC ? 20 : 0;

	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 2 * GRAIN), nowhere() + first * GRAIN);
	pool_free_grains(pool, first, 2);
	gen_pool_set_algo(pool, gen_pool_best_fit, NULL);
	gen_pool_set_algo(pool, NULL, NULL);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 2 * GRAIN), nowhere() + first * GRAIN);
	pool_free_grains(pool, first, 2);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc_algo(pool, 2 * GRAIN, gen_pool_first_fit, NULL),
			nowhere() + first * GRAIN);
	pool_free_grains(pool, first, 2);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 8 * GRAIN), nowhere());
	pool_free_grains(pool, 23, GRAINS - 23);
	pool_free_grains(pool, 0, 20);
}

static unsigned long alloc_aligned(struct gen_pool *pool, size_t size, int align)
{
	struct genpool_data_align data = { .align = align };

	return gen_pool_alloc_algo(pool, size, gen_pool_first_fit_align, &data);
}

static void algo_align(struct kunit *test)
{
	unsigned long start = nowhere() + 3 * GRAIN;
	struct gen_pool *pool = pool_new(test, ORDER);
	unsigned long addr;
	int align;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, start, SZ_8K, -1), 0);
	for (align = 1; align <= SZ_4K; align *= 2) {
		addr = alloc_aligned(pool, 3 * GRAIN, align);
		KUNIT_ASSERT_GE(test, addr, start);
		KUNIT_EXPECT_EQ(test, addr % align, 0);
		KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), SZ_8K - 3 * GRAIN);
		gen_pool_free(pool, addr, 3 * GRAIN);
	}
	KUNIT_EXPECT_EQ(test, alloc_aligned(pool, SZ_4K, SZ_4K), nowhere() + SZ_4K);
	KUNIT_EXPECT_EQ(test, alloc_aligned(pool, GRAIN, SZ_4K), nowhere() + SZ_8K);
	KUNIT_EXPECT_EQ(test, alloc_aligned(pool, GRAIN, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, alloc_aligned(pool, GRAIN, SZ_16M), 0);
	gen_pool_free(pool, nowhere() + SZ_4K, SZ_4K + GRAIN);
}

/* A chunk off the grid: addresses are off every alignment by as much. */
static void algo_align_odd(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, ORDER);
	unsigned long addr;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere() + 5, SZ_8K, -1), 0);
	addr = alloc_aligned(pool, GRAIN, SZ_4K);
	KUNIT_EXPECT_EQ(test, addr, nowhere() + 5);
	KUNIT_EXPECT_EQ(test, alloc_aligned(pool, GRAIN, SZ_4K), addr + SZ_4K);
	gen_pool_free(pool, addr, GRAIN);
	gen_pool_free(pool, addr + SZ_4K, GRAIN);
}

/* An aligned place is found wherever it is. */
static void algo_align_hidden(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	u32 i;

	pool_fill(test, pool);
	/* Holes of 4 granules, none of them aligned, and one of 5 that has a place. */
	for (i = 1; i < 40; i += 6)
		pool_free_grains(pool, i, 4);
	pool_free_grains(pool, 47, 5);
	KUNIT_EXPECT_EQ(test, alloc_aligned(pool, 4 * GRAIN, 8 * GRAIN), nowhere() + 48 * GRAIN);
	KUNIT_EXPECT_EQ(test, alloc_aligned(pool, 4 * GRAIN, 8 * GRAIN), 0);
	pool_free_all(pool);
}

/* To the power of two that holds the size, from the start of the chunk. */
static void algo_order_align(struct kunit *test)
{
	unsigned long start = nowhere() + 3 * GRAIN;
	struct gen_pool *pool = pool_new(test, ORDER);
	unsigned long addr, first;
	size_t grains;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, start, GRAINS * GRAIN, -1), 0);
	gen_pool_set_algo(pool, gen_pool_first_fit_order_align, NULL);
	first = gen_pool_alloc(pool, GRAIN);
	for (grains = 1; grains <= GRAINS / 2; grains++) {
		addr = gen_pool_alloc(pool, grains * GRAIN);
		KUNIT_ASSERT_NE(test, addr, 0);
		KUNIT_EXPECT_EQ(test, (addr - start) % (roundup_pow_of_two(grains) * GRAIN), 0);
		gen_pool_free(pool, addr, grains * GRAIN);
	}
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, (GRAINS / 2 + 1) * GRAIN), 0);
	gen_pool_free(pool, first, GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, (GRAINS / 2 + 1) * GRAIN), start);
	gen_pool_free(pool, start, (GRAINS / 2 + 1) * GRAIN);
}

static unsigned long alloc_fixed(struct gen_pool *pool, size_t size, unsigned long offset)
{
	struct genpool_data_fixed data = { .offset = offset };

	return gen_pool_alloc_algo(pool, size, gen_pool_fixed_alloc, &data);
}

static void algo_fixed(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	u32 i;

	for (i = 0; i < GRAINS; i++) {
		KUNIT_EXPECT_EQ(test, alloc_fixed(pool, 1, i * GRAIN), nowhere() + i * GRAIN);
		KUNIT_EXPECT_EQ(test, alloc_fixed(pool, 1, i * GRAIN), 0);
		KUNIT_EXPECT_EQ(test, alloc_fixed(pool, 3 * GRAIN, (i ? i - 1 : i) * GRAIN), 0);
	}
	pool_free_grains(pool, 5, 4);
	KUNIT_EXPECT_EQ(test, alloc_fixed(pool, 4 * GRAIN, 4 * GRAIN), 0);
	KUNIT_EXPECT_EQ(test, alloc_fixed(pool, 4 * GRAIN, 6 * GRAIN), 0);
	KUNIT_EXPECT_EQ(test, alloc_fixed(pool, 2 * GRAIN, 6 * GRAIN), nowhere() + 6 * GRAIN);
	pool_free_grains(pool, GRAINS - 2, 2);
	KUNIT_EXPECT_EQ(test, alloc_fixed(pool, 3 * GRAIN, (GRAINS - 2) * GRAIN), 0);
	KUNIT_EXPECT_EQ(test, alloc_fixed(pool, GRAIN, GRAINS * GRAIN), 0);
	KUNIT_EXPECT_EQ(test, alloc_fixed(pool, GRAIN, SZ_1M), 0);
	pool_free_all(pool);
}

/* The same offset, in each of the chunks. */
static void algo_fixed_chunks(struct kunit *test)
{
	struct gen_pool *pool;
	u8 owner[3];
	u32 i;

	pool = pool_of_chunks(test, 3, owner);
	for (i = 3; i--; )
		KUNIT_EXPECT_EQ(test, alloc_fixed(pool, GRAIN, 2 * GRAIN),
				chunk_start(i) + 2 * GRAIN);
	KUNIT_EXPECT_EQ(test, alloc_fixed(pool, GRAIN, 2 * GRAIN), 0);
	for (i = 0; i < 3; i++)
		gen_pool_free(pool, chunk_start(i) + 2 * GRAIN, GRAIN);
}

/*
 * DMA: the only calls that touch memory are those that zero it.
 */

static void dma_calls(struct kunit *test)
{
	const phys_addr_t phys = SZ_2M;
	struct gen_pool *pool = pool_new(test, ORDER);
	dma_addr_t dma;
	void *p, *q;

	KUNIT_ASSERT_EQ(test, gen_pool_add_virt(pool, nowhere(), phys, GRAINS * GRAIN, -1), 0);
	p = gen_pool_dma_alloc(pool, GRAIN, &dma);
	KUNIT_EXPECT_PTR_EQ(test, p, (void *)nowhere());
	KUNIT_EXPECT_EQ(test, dma, phys);
	q = gen_pool_dma_alloc(pool, GRAIN, NULL);
	KUNIT_EXPECT_PTR_EQ(test, q, p + GRAIN);
	q = gen_pool_dma_alloc_align(pool, GRAIN, &dma, 16 * GRAIN);
	KUNIT_EXPECT_PTR_EQ(test, q, p + 16 * GRAIN);
	KUNIT_EXPECT_EQ(test, dma, phys + 16 * GRAIN);
	q = gen_pool_dma_alloc_algo(pool, GRAIN, &dma, gen_pool_best_fit, NULL);
	KUNIT_EXPECT_PTR_EQ(test, q, p + 2 * GRAIN);
	KUNIT_EXPECT_EQ(test, dma, phys + 2 * GRAIN);
	dma = 1;
	KUNIT_EXPECT_NULL(test, gen_pool_dma_alloc(pool, GRAINS * GRAIN, &dma));
	KUNIT_EXPECT_NULL(test, gen_pool_dma_zalloc(pool, GRAINS * GRAIN, &dma));
	KUNIT_EXPECT_NULL(test, gen_pool_dma_alloc_algo(NULL, GRAIN, &dma, gen_pool_best_fit,
							NULL));
	KUNIT_EXPECT_EQ(test, dma, 1);
	pool_free_all(pool);
}

static bool bytes_are(const u8 *p, u8 byte, size_t bytes)
{
	return bytes == 0 || (p[0] == byte && !memcmp(p, p + 1, bytes - 1));
}

static void dma_zeroed(struct kunit *test)
{
	u8 *memory = test_region_memory(test, SZ_4K);
	struct gen_pool *pool = pool_new(test, ORDER);
	dma_addr_t dma;
	u8 *p;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_ASSERT_EQ(test, gen_pool_add_virt(pool, (unsigned long)memory, 0, SZ_4K, -1), 0);
	for (i = 0; i < 3; i++) {
		memset(memory, 0x5a, SZ_4K);
		if (i == 0)
			p = gen_pool_dma_zalloc(pool, 100, &dma);
		else if (i == 1)
			p = gen_pool_dma_zalloc_align(pool, 100, &dma, 64);
		else
			p = gen_pool_dma_zalloc_algo(pool, 100, &dma, gen_pool_best_fit, NULL);
		KUNIT_ASSERT_GE(test, (unsigned long)p, (unsigned long)memory);
		KUNIT_EXPECT_EQ(test, dma, p - memory);
		KUNIT_EXPECT_TRUE(test, bytes_are(p, 0, 100));
		KUNIT_EXPECT_TRUE(test, bytes_are(memory, 0x5a, p - memory));
		KUNIT_EXPECT_TRUE(test, bytes_are(p + 100, 0x5a, SZ_4K - 100 - (p - memory)));
		gen_pool_free(pool, (unsigned long)p, 100);
	}
	/* Nothing else writes to what stands in the pool. */
	memset(memory, 0x5a, SZ_4K);
	p = (u8 *)gen_pool_alloc(pool, 1000);
	gen_pool_free(pool, (unsigned long)p + 16, 32);
	gen_pool_free(pool, (unsigned long)p, 16);
	gen_pool_free(pool, (unsigned long)p + 48, 1000 - 48);
	KUNIT_EXPECT_TRUE(test, bytes_are(memory, 0x5a, SZ_4K));
}

/*
 * Devices.
 */

static void devm_calls(struct kunit *test)
{
	struct device *dev = root_device_register("kunit-genpool");
	struct device *other = root_device_register("kunit-genpool-2");
	char name[] = "named";
	struct gen_pool *named, *unnamed;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev) || IS_ERR(other));
	KUNIT_EXPECT_NULL(test, gen_pool_get(dev, NULL));
	KUNIT_EXPECT_NULL(test, gen_pool_get(dev, "named"));
	named = devm_gen_pool_create(dev, ORDER, -1, name);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(named));
	KUNIT_EXPECT_PTR_EQ(test, gen_pool_get(dev, "named"), named);
	KUNIT_EXPECT_NULL(test, gen_pool_get(dev, NULL));
	unnamed = devm_gen_pool_create(dev, ORDER, -1, NULL);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(unnamed));
	KUNIT_EXPECT_PTR_EQ(test, gen_pool_get(dev, NULL), unnamed);
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EINVAL),
			    devm_gen_pool_create(dev, ORDER, -1, "named"));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EINVAL), devm_gen_pool_create(dev, ORDER, -1, NULL));
	KUNIT_EXPECT_NULL(test, gen_pool_get(other, "named"));
	/* The name is the pool's own. */
	name[0] = 'N';
	KUNIT_EXPECT_STREQ(test, named->name, "named");
	KUNIT_EXPECT_NULL(test, unnamed->name);
	KUNIT_EXPECT_EQ(test, gen_pool_add(named, nowhere(), GRAIN, -1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(named, 1), nowhere());
	gen_pool_free(named, nowhere(), 1);
	root_device_unregister(dev);
	root_device_unregister(other);
}

static void of_nothing(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, of_gen_pool_get(NULL, "pools", 0));
}

#ifdef CONFIG_OF
/* A node that can be pointed to, with a parent, neither of them a device's. */
static struct device_node *node_find(void)
{
	struct platform_device *pdev;
	struct device_node *np;

	for_each_node_with_property(np, "phandle") {
		if (!np->parent || of_property_present(np, "label"))
			continue;
		pdev = of_find_device_by_node(np);
		if (!pdev)
			pdev = of_find_device_by_node(np->parent);
		if (!pdev)
			return np;
		put_device(&pdev->dev);
	}
	return NULL;
}

static struct platform_device *node_device_new(struct kunit *test, struct device_node *np)
{
	struct platform_device *pdev = platform_device_alloc("kunit-genpool", PLATFORM_DEVID_NONE);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	pdev->dev.of_node = of_node_get(np);
	KUNIT_ASSERT_EQ(test, platform_device_add(pdev), 0);
	return pdev;
}

/* What the second phandle of the property finds: a pool of @np's device by @name. */
static void expect_found(struct kunit *test, struct device_node *user, struct device_node *np,
			 const char *name)
{
	struct platform_device *pdev = node_device_new(test, np);
	struct gen_pool *pool;

	KUNIT_EXPECT_NULL(test, of_gen_pool_get(user, "pools", 1));
	pool = devm_gen_pool_create(&pdev->dev, ORDER, -1, name);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(pool));
	KUNIT_EXPECT_PTR_EQ(test, of_gen_pool_get(user, "pools", 1), pool);
	KUNIT_EXPECT_NULL(test, of_gen_pool_get(user, "pools", 2));
	KUNIT_EXPECT_NULL(test, of_gen_pool_get(user, "other", 1));
	platform_device_unregister(pdev);
	KUNIT_EXPECT_NULL(test, of_gen_pool_get(user, "pools", 1));
}

/* Where the kernel has a device tree. */
static void of_finds(struct kunit *test)
{
	struct device_node *np = node_find();
	__be32 phandles[2] = { 0, cpu_to_be32(np ? np->phandle : 0) };
	struct property property = {
		.name = "pools", .length = sizeof(phandles), .value = phandles,
	};
	struct device_node user = { .full_name = "user", .properties = &property };

	if (!np)
		kunit_skip(test, "no node of a device tree to point to");
	kunit_info(test, "node %pOF\n", np);
	expect_found(test, &user, np, NULL);
	expect_found(test, &user, np->parent, talloc_pool_node_name(np));
	of_node_put(np);
}
#endif

/* As an interrupt handler calls it, under a raw spinlock. */
static void atomic_calls(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	static DEFINE_RAW_SPINLOCK(lock);
	unsigned long flags;
	unsigned long addr[3];

	raw_spin_lock_irqsave(&lock, flags);
	addr[0] = gen_pool_alloc(pool, 100);
	addr[1] = alloc_aligned(pool, 100, 256);
	addr[2] = alloc_fixed(pool, GRAIN, (GRAINS - 1) * GRAIN);
	gen_pool_free(pool, addr[0], 100);
	gen_pool_free(pool, addr[1], 100);
	gen_pool_free(pool, addr[2], GRAIN);
	raw_spin_unlock_irqrestore(&lock, flags);
	KUNIT_EXPECT_NE(test, addr[0], 0);
	KUNIT_EXPECT_EQ(test, addr[1] % 256, 0);
	KUNIT_EXPECT_EQ(test, addr[2], nowhere() + (GRAINS - 1) * GRAIN);
}

/*
 * Random calls, against a picture of which granules are taken. A request has to fail
 * where the picture has no place for it, and only there.
 */

#define MODEL_CHUNKS	3
#define MODEL_GRAINS	700

/**
 * struct model_chunk - what a chunk ought to be
 * @start: its first address
 * @grains: its size
 * @taken: which of them are
 */
struct model_chunk {
	unsigned long start;
	u32 grains;
	bool taken[MODEL_GRAINS];
};

/**
 * struct pool_model - what a pool ought to be
 * @pool: the pool
 * @order: its order
 * @random: source of random numbers
 * @free: granules that are
 * @chunk: its chunks, the oldest first
 * @wrong: what was wrong first, or %NULL
 */
struct pool_model {
	struct gen_pool *pool;
	int order;
	struct test_random random;
	u32 free;
	struct model_chunk chunk[MODEL_CHUNKS];
	const char *wrong;
};

/**
 * struct model_request - an allocation
 * @grains: its size
 * @algo: where
 * @align: alignment in granules, for gen_pool_first_fit_align
 * @offset: offset in granules, for gen_pool_fixed_alloc
 */
struct model_request {
	u32 grains;
	genpool_algo_t algo;
	u32 align;
	u32 offset;
};

static void model_expect(struct pool_model *model, bool ok, const char *what)
{
	if (!ok && !model->wrong)
		model->wrong = what;
}

/* Whether a block may start at granule @i. */
static bool model_place(const struct pool_model *model, const struct model_chunk *chunk,
			const struct model_request *request, u32 i)
{
	u32 n;

	if (i + request->grains > chunk->grains)
		return false;
	if (request->algo == gen_pool_first_fit_align &&
	    ((chunk->start >> model->order) + i) % request->align)
		return false;
	if (request->algo == gen_pool_first_fit_order_align &&
	    i % roundup_pow_of_two(request->grains))
		return false;
	if (request->algo == gen_pool_fixed_alloc && i != request->offset)
		return false;
	for (n = 0; n < request->grains; n++)
		if (chunk->taken[i + n])
			return false;
	return true;
}

static bool model_has_place(const struct pool_model *model, const struct model_chunk *chunk,
			    const struct model_request *request)
{
	u32 i;

	for (i = 0; i < chunk->grains; i++)
		if (model_place(model, chunk, request, i))
			return true;
	return false;
}

/* The chunk that has to be chosen: the newest that has a place. */
static struct model_chunk *model_choice(struct pool_model *model,
					const struct model_request *request)
{
	u32 i = MODEL_CHUNKS;

	while (i--)
		if (model_has_place(model, &model->chunk[i], request))
			return &model->chunk[i];
	return NULL;
}

static struct model_request model_ask(struct pool_model *model)
{
	static const genpool_algo_t algos[] = {
		gen_pool_first_fit, gen_pool_best_fit, gen_pool_first_fit_align,
		gen_pool_first_fit_order_align, gen_pool_fixed_alloc,
	};
	struct test_random *random = &model->random;

	return (struct model_request){
		.grains = test_random_size(random, 90),
		.algo = algos[test_random_below(random, ARRAY_SIZE(algos))],
		.align = 1u << test_random_below(random, 8),
		.offset = test_random_below(random, MODEL_GRAINS),
	};
}

static unsigned long model_call(struct pool_model *model, const struct model_request *request)
{
	struct genpool_data_align align = { .align = request->align << model->order };
	struct genpool_data_fixed fixed = {
		.offset = (unsigned long)request->offset << model->order
	};
	size_t less = test_random_below(&model->random, 1u << model->order);
	void *data = NULL;

	if (request->algo == gen_pool_first_fit_align)
		data = &align;
	else if (request->algo == gen_pool_fixed_alloc)
		data = &fixed;
	return gen_pool_alloc_algo(model->pool, ((size_t)request->grains << model->order) - less,
				   request->algo, data);
}

static void model_alloc(struct pool_model *model)
{
	struct model_request request = model_ask(model);
	struct model_chunk *chunk = model_choice(model, &request);
	unsigned long addr = model_call(model, &request);
	u32 i;

	model_expect(model, !chunk == !addr, chunk ? "there is a place" : "there is no place");
	if (!chunk || !addr)
		return;
	i = (addr - chunk->start) >> model->order;
	model_expect(model, addr >= chunk->start && i < chunk->grains, "in another chunk");
	model_expect(model, addr == chunk->start + ((unsigned long)i << model->order),
		     "not on the grid");
	if (model->wrong)
		return;
	model_expect(model, model_place(model, chunk, &request, i), "not a place for it");
	memset(chunk->taken + i, true, request.grains);
	model->free -= request.grains;
}

/* Some of what is taken in a row, whatever blocks that is of. */
static void model_free(struct pool_model *model)
{
	struct test_random *random = &model->random;
	struct model_chunk *chunk = &model->chunk[test_random_below(random, MODEL_CHUNKS)];
	u32 i = test_random_below(random, chunk->grains);
	u32 most = test_random_size(random, 120);
	u32 n;

	for (n = 0; n < most && i + n < chunk->grains && chunk->taken[i + n]; n++)
		chunk->taken[i + n] = false;
	if (!n)
		return;
	gen_pool_free(model->pool, chunk->start + ((unsigned long)i << model->order),
		      ((size_t)n << model->order) - test_random_below(random, 1u << model->order));
	model->free += n;
}

static void model_run(struct kunit *test, struct pool_model *model, u32 seed)
{
	u32 step;

	for (step = 0; step < test_steps() && !model->wrong; step++) {
		if (test_random_below(&model->random, 2))
			model_alloc(model);
		else
			model_free(model);
		model_expect(model, gen_pool_avail(model->pool) ==
			     (size_t)model->free << model->order, "avail is not what is free");
		if (step % 64 == 0)
			test_breathe();
	}
	if (model->wrong)
		KUNIT_FAIL(test, "step %u: %s (seed %u)", step - 1, model->wrong, seed);
}

/* Free what is taken, piece by piece. */
static void model_drain(struct pool_model *model)
{
	struct model_chunk *chunk;
	u32 i;

	for (chunk = model->chunk; chunk < model->chunk + MODEL_CHUNKS; chunk++)
		for (i = 0; i < chunk->grains; i++)
			if (chunk->taken[i])
				gen_pool_free(model->pool,
					      chunk->start + ((unsigned long)i << model->order),
					      1);
}

static void random_order(struct kunit *test, int order, u32 seed)
{
	static const u32 grains[MODEL_CHUNKS] = { MODEL_GRAINS, 300, 65 };
	struct pool_model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	kunit_info(test, "order %d, seed %u\n", order, seed);
	model->pool = pool_new(test, order);
	model->order = order;
	model->random.state = seed;
	for (i = 0; i < MODEL_CHUNKS; i++) {
		struct model_chunk *chunk = &model->chunk[i];

		/* Off the grid, but for the first. */
		chunk->start = nowhere() + i * SZ_4M + i * 5;
		chunk->grains = grains[i];
		model->free += grains[i];
		KUNIT_ASSERT_EQ(test, gen_pool_add(model->pool, chunk->start,
						   (size_t)grains[i] << order, -1), 0);
	}
	model_run(test, model, seed);
	if (!model->wrong)
		model_drain(model);
}

static void random_fixed_seed(struct kunit *test)
{
	random_order(test, 3, TEST_SEED);
	random_order(test, 0, TEST_SEED);
	random_order(test, 12, TEST_SEED);
}

static void random_fresh_seed(struct kunit *test)
{
	random_order(test, 5, test_fresh_seed());
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(pool_empty),
	KUNIT_CASE(pool_sizes),
	KUNIT_CASE(pool_no_room),
	KUNIT_CASE(pool_odd_start),
	KUNIT_CASE(pool_odd_size),
	KUNIT_CASE(pool_orders),
	KUNIT_CASE(pool_high),
	KUNIT_CASE(chunks_newest_first),
	KUNIT_CASE(chunks_phys),
	KUNIT_CASE(chunks_has_addr),
	KUNIT_CASE(chunks_for_each),
	KUNIT_CASE(free_parts),
	KUNIT_CASE(free_far),
	KUNIT_CASE(free_neighbours),
	KUNIT_CASE(free_rounds),
	KUNIT_CASE(algo_best_fit),
	KUNIT_CASE(algo_first_fit),
	KUNIT_CASE(algo_align),
	KUNIT_CASE(algo_align_odd),
	KUNIT_CASE(algo_align_hidden),
	KUNIT_CASE(algo_order_align),
	KUNIT_CASE(algo_fixed),
	KUNIT_CASE(algo_fixed_chunks),
	KUNIT_CASE(dma_calls),
	KUNIT_CASE(dma_zeroed),
	KUNIT_CASE(devm_calls),
	KUNIT_CASE(of_nothing),
#ifdef CONFIG_OF
	KUNIT_CASE(of_finds),
#endif
	KUNIT_CASE(atomic_calls),
	KUNIT_CASE(random_fixed_seed),
	KUNIT_CASE(random_fresh_seed),
	{}
};
