// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of talloc: what lib/genalloc's do too, see talloc_genpool_cases.h, and what they
 * do not, which is mostly to report what is wrong and to go on.
 */
#include <linux/delay.h>
#include <linux/talloc_genpool.h>

#define POOL_IS_TALLOC	1
#include "talloc_genpool_cases.h"

/*
 * Calls that are to be refused, in functions whose names have to be in the report.
 */

static noinline void call_free(struct gen_pool *pool, unsigned long addr, size_t size)
{
	void *owner = pool;

	gen_pool_free_owner(pool, addr, size, &owner);
	WARN_ON(owner);
}

static noinline unsigned long call_alloc(struct gen_pool *pool, genpool_algo_t algo, void *data)
{
	unsigned long addr = gen_pool_alloc_algo(pool, GRAIN, algo, data);

	barrier();
	return addr;
}

static noinline int call_add(struct gen_pool *pool, unsigned long addr, size_t size)
{
	int err = gen_pool_add(pool, addr, size, -1);

	barrier();
	return err;
}

static const char *pool_region_name(const struct gen_pool *pool)
{
	return pool->region ? talloc_region_name(pool->region) : "gen_pool";
}

/* One line, by the function that was named, and no other. */
static void expect_report(struct kunit *test, const struct gen_pool *pool, const char *by,
			  const char *text)
{
	const char *name = pool_region_name(pool);

	KUNIT_EXPECT_EQ(test, test_log_count(test, name, NULL), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, name, by), 1);
	KUNIT_EXPECT_EQ_MSG(test, test_log_count(test, name, text), 1, "\"%s\" in the report",
			    text);
}

static void expect_free_refused(struct kunit *test, struct gen_pool *pool, unsigned long addr,
				size_t size, const char *text)
{
	size_t avail = gen_pool_avail(pool);

	test_log_mark(test);
	call_free(pool, addr, size);
	expect_report(test, pool, " by call_free+0x", text);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), avail);
	if (pool->region)
		KUNIT_EXPECT_EQ(test, talloc_region_check(pool->region), 0);
}

static void refuses_free(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, ORDER);
	unsigned long start = nowhere();

	expect_free_refused(test, pool, start, 1, "no chunk has the address");
	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, start, GRAINS * GRAIN, -1), 0);
	KUNIT_ASSERT_EQ(test, alloc_fixed(pool, 8 * GRAIN, 8 * GRAIN), start + 8 * GRAIN);

	expect_free_refused(test, pool, start - 1, 1, "no chunk has the address");
	expect_free_refused(test, pool, start - 1, 0, "no chunk has the address");
	expect_free_refused(test, pool, start + GRAINS * GRAIN, GRAIN, "no chunk has the address");
	expect_free_refused(test, pool, start, GRAINS * GRAIN + 1, "it ends outside of the chunk");
	expect_free_refused(test, pool, start + 8 * GRAIN, SIZE_MAX,
			    "it ends outside of the chunk");
	gen_pool_free(pool, start + 8 * GRAIN, 8 * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAINS * GRAIN), start);
	gen_pool_free(pool, start, GRAINS * GRAIN);
}

static void refuses_free_of_no_granule(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, ORDER);

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere(), GRAIN - 1, -1), 0);
	expect_free_refused(test, pool, nowhere(), 1, "not all of it is allocated");
}

/* Nothing is freed where not all is allocated. */
static void refuses_free_of_free(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	unsigned long start = nowhere();

	KUNIT_ASSERT_EQ(test, alloc_fixed(pool, 8 * GRAIN, 8 * GRAIN), start + 8 * GRAIN);
	KUNIT_ASSERT_EQ(test, alloc_fixed(pool, 8 * GRAIN, 16 * GRAIN), start + 16 * GRAIN);
	expect_free_refused(test, pool, start, 8 * GRAIN, "in free memory");
	expect_free_refused(test, pool, start + 40 * GRAIN, GRAIN, "in free memory");
	expect_free_refused(test, pool, start + 7 * GRAIN, 2 * GRAIN, "in free memory");
	expect_free_refused(test, pool, start + 8 * GRAIN, 17 * GRAIN, "not all of it is");
	expect_free_refused(test, pool, start + 20 * GRAIN, 5 * GRAIN, "not all of it is");
	gen_pool_free(pool, start + 8 * GRAIN, 16 * GRAIN);
	expect_free_refused(test, pool, start + 8 * GRAIN, 8 * GRAIN, "in free memory");
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAINS * GRAIN), start);
	gen_pool_free(pool, start, GRAINS * GRAIN);
}

static void refuses_data(struct kunit *test)
{
	static const int aligns[] = { -1, INT_MIN, 3, 48 };
	struct genpool_data_fixed fixed = { .offset = GRAIN + 1 };
	struct gen_pool *pool = pool_of_grains(test);
	struct genpool_data_align align;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++) {
		align.align = aligns[i];
		test_log_mark(test);
		KUNIT_EXPECT_EQ(test, call_alloc(pool, gen_pool_first_fit_align, &align), 0);
		expect_report(test, pool, " by call_alloc+0x", "no address can be as it has to be");
	}
	test_log_mark(test);
	KUNIT_EXPECT_EQ(test, call_alloc(pool, gen_pool_fixed_alloc, &fixed), 0);
	expect_report(test, pool, " by call_alloc+0x", "no address can be as it has to be");
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), GRAINS * GRAIN);
}

static void refuses_order(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, gen_pool_create(-1, -1));
	KUNIT_EXPECT_NULL(test, gen_pool_create(22, -1));
	KUNIT_EXPECT_EQ(test, test_log_count(test, "gen_pool", "bad create"), 2);
}

static void refuses_chunks(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	u32 i;

	KUNIT_EXPECT_EQ(test, gen_pool_add(pool, nowhere() + GRAIN, GRAIN, -1), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, gen_pool_add(pool, -GRAIN, 2 * GRAIN, -1), -EINVAL);
	if (BITS_PER_LONG == 64)
		KUNIT_EXPECT_EQ(test, gen_pool_add(pool, -GRAIN, GRAIN, -1), -EINVAL);
	for (i = 1; i < TALLOC_SPANS_MAX; i++)
		KUNIT_EXPECT_EQ(test, gen_pool_add(pool, chunk_start(i), GRAIN, -1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_add(pool, chunk_start(i), GRAIN, -1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, gen_pool_size(pool), (GRAINS + TALLOC_SPANS_MAX - 1) * GRAIN);
	/* Another pool may have the same addresses: they are but numbers. */
	pool_of_grains(test);
	KUNIT_EXPECT_EQ(test, test_log_count(test, pool_region_name(pool), NULL), 0);
}

/* The region comes with the first chunk, and what is wrong with it is who added that. */
static void refuses_first_chunk(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, 0);
	u32 tries;

	/* On 32 bits numbers go on behind it. */
	if (BITS_PER_LONG == 32) {
		KUNIT_EXPECT_EQ(test, call_add(pool, -GRAIN, GRAIN), 0);
		return;
	}
	test_log_mark(test);
	/* Other suites may have used up what the log takes of these in five seconds. */
	for (tries = 0; tries < 7 && !test_log_count(test, NULL, "bad create"); tries++) {
		if (tries)
			ssleep(1);
		KUNIT_EXPECT_EQ(test, call_add(pool, -GRAIN, GRAIN), -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, test_log_count(test, NULL, ": bad create by call_add"), 1);
	KUNIT_EXPECT_EQ(test, gen_pool_size(pool), 0);
}

/* The lock may be held by what was interrupted. */
static void refuses_nmi(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	unsigned long flags, addr;

	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET);
	addr = gen_pool_alloc(pool, GRAIN);
	gen_pool_free(pool, nowhere(), GRAIN);
	__preempt_count_sub(NMI_OFFSET);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, addr, 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, "gen_pool", "in an NMI"), 2);
	KUNIT_EXPECT_EQ(test, test_log_count(test, pool_region_name(pool), NULL), 0);
}

/* A result of 0 is a failure, so nobody is given the granule there. */
static void address_zero(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, ORDER);
	u32 i;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, 0, GRAINS * GRAIN, -1), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_avail(pool), GRAINS * GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAINS * GRAIN), 0);
	KUNIT_EXPECT_EQ(test, alloc_fixed(pool, GRAIN, 0), 0);
	for (i = 1; i < GRAINS; i++)
		KUNIT_EXPECT_NE(test, gen_pool_alloc(pool, GRAIN), 0);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAIN), 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, "gen_pool", NULL), 0);
	expect_free_refused(test, pool, 0, GRAIN, "not all of it is allocated");
	expect_free_refused(test, pool, 0, 2 * GRAIN, "not all of it is allocated");
	test_log_mark(test);
	gen_pool_free(pool, GRAIN, (GRAINS - 1) * GRAIN);
	gen_pool_destroy(pool);
	((struct pools *)test->priv)->pool[0] = NULL;
	KUNIT_EXPECT_EQ(test, test_log_count(test, "gen_pool", NULL), 0);
}

/* What is too small for a granule at the end of one chunk is on the grid of the next one. */
static void refuses_free_beside(struct kunit *test)
{
	struct gen_pool *pool = pool_new(test, ORDER);
	unsigned long low = nowhere(), high = low + GRAIN + GRAIN / 2;

	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, low, GRAIN + GRAIN / 2, -1), 0);
	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, high, GRAIN, -1), 0);
	KUNIT_ASSERT_EQ(test, gen_pool_alloc(pool, GRAIN), high);
	KUNIT_ASSERT_EQ(test, gen_pool_alloc(pool, GRAIN), low);
	expect_free_refused(test, pool, low + GRAIN, 1, "not all of it is allocated");
	expect_free_refused(test, pool, low + GRAIN, GRAIN / 2, "not all of it is allocated");
	expect_free_refused(test, pool, low, GRAIN + 1, "not all of it is allocated");
	gen_pool_free(pool, high, GRAIN);
	gen_pool_free(pool, low, GRAIN);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, GRAIN), high);
	gen_pool_free(pool, high, GRAIN);
}

/* What is live is told, and the pool goes all the same. */
static void destroy_with_live(struct kunit *test)
{
	struct gen_pool *pool = gen_pool_create(ORDER, -1);
	char name[TALLOC_NAME_MAX + 1];

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, gen_pool_add(pool, nowhere(), GRAINS * GRAIN, -1), 0);
	KUNIT_EXPECT_NE(test, gen_pool_alloc(pool, 3 * GRAIN), 0);
	KUNIT_EXPECT_NE(test, gen_pool_alloc(pool, 5 * GRAIN), 0);
	strscpy(name, pool_region_name(pool), sizeof(name));
	gen_pool_destroy(pool);
	KUNIT_EXPECT_EQ(test, test_log_count(test, name, "pool destroyed with 2 live blocks"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, name, "live block of 48 bytes"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, name, "live block of 80 bytes"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, name, NULL), 3);
	KUNIT_EXPECT_NULL(test, talloc_region_get(name));
}

/* Addresses of pools may be pointers, which the log shows as %p does. */
static void hides_addresses(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	char hashed[24];

	snprintf(hashed, sizeof(hashed), " %p ", (void *)(nowhere() + GRAIN));
	test_log_mark(test);
	call_free(pool, nowhere() + GRAIN, GRAIN);
	KUNIT_EXPECT_EQ(test, test_log_count(test, pool_region_name(pool), NULL), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, pool_region_name(pool), hashed), 1);
}

/* A pool is a region: by name, with its figures. */
static void is_a_region(struct kunit *test)
{
	struct gen_pool *pool = pool_of_grains(test);
	struct talloc_region_stats stats = test_region_stats(pool->region);
	struct talloc_region *region;

	region = talloc_region_get(pool_region_name(pool));
	KUNIT_EXPECT_PTR_EQ(test, region, pool->region);
	if (region)
		talloc_region_put(region);
	KUNIT_EXPECT_EQ(test, stats.total_bytes, GRAINS * GRAIN);
	KUNIT_EXPECT_EQ(test, stats.free_bytes, GRAINS * GRAIN);
	pool_fill(test, pool);
	KUNIT_EXPECT_EQ(test, gen_pool_alloc(pool, 1), 0);
	stats = test_region_stats(pool->region);
	KUNIT_EXPECT_EQ(test, stats.blocks, GRAINS);
	KUNIT_EXPECT_EQ(test, stats.allocs, GRAINS);
	KUNIT_EXPECT_EQ(test, stats.failures_full, 1);
	KUNIT_EXPECT_EQ(test, stats.failures_fragmented, 0);
	pool_free_grains(pool, 0, GRAINS);
	stats = test_region_stats(pool->region);
	KUNIT_EXPECT_EQ(test, stats.frees, GRAINS);
	KUNIT_EXPECT_EQ(test, stats.misuses, 0);
	KUNIT_EXPECT_EQ(test, talloc_region_check(pool->region), 0);
}

static struct kunit_case only_talloc_cases[] = {
	KUNIT_CASE(refuses_free),
	KUNIT_CASE(refuses_free_of_no_granule),
	KUNIT_CASE(refuses_free_of_free),
	KUNIT_CASE(refuses_free_beside),
	KUNIT_CASE(refuses_data),
	KUNIT_CASE(refuses_order),
	KUNIT_CASE(refuses_chunks),
	KUNIT_CASE(refuses_first_chunk),
	KUNIT_CASE(refuses_nmi),
	KUNIT_CASE(address_zero),
	KUNIT_CASE(destroy_with_live),
	KUNIT_CASE(hides_addresses),
	KUNIT_CASE(is_a_region),
	{}
};

struct kunit_suite talloc_genpool_suite = {
	.name = "talloc_genpool",
	.init = pools_init,
	.exit = pools_exit,
	.test_cases = pool_cases,
};

struct kunit_suite talloc_genpool_report_suite = {
	.name = "talloc_genpool_report",
	.init = pools_init,
	.exit = pools_exit,
	.test_cases = only_talloc_cases,
};
