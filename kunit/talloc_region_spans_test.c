// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of several spans: adding and removing, growth, the handler for want of
 * room, reset, walk and check.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/preempt.h>
#include <linux/prandom.h>
#include <linux/sched/mm.h>

#include "talloc_test_region.h"
#include "../talloc_region.h"

#define NAME	"kunit-spans"

/* Blocks of a list that is long enough to fill a region. */
#define BLOCKS	256

struct blocks {
	void *block[BLOCKS];
	u32 nr;
};

static struct blocks *blocks_of(struct kunit *test)
{
	return test_zalloc(test, sizeof(struct blocks));
}

/* Takes all that there is, in blocks of this size. */
static void fill(struct talloc_region *region, struct blocks *blocks, size_t bytes, gfp_t gfp)
{
	void *block;

	while (blocks->nr < BLOCKS) {
		block = talloc_region_alloc(region, bytes, gfp);
		if (!block)
			break;
		test_region_fill(block, bytes, blocks->nr);
		blocks->block[blocks->nr++] = block;
	}
}

/* Frees all of them, if their contents are what they were. */
static void empty(struct kunit *test, struct talloc_region *region, struct blocks *blocks,
		  size_t bytes)
{
	while (blocks->nr) {
		void *block = blocks->block[--blocks->nr];

		KUNIT_EXPECT_TRUE(test, test_region_holds(block, bytes, blocks->nr));
		talloc_region_free(region, block);
	}
}

static bool in_memory(const void *addr, const void *memory, size_t bytes)
{
	return (unsigned long)addr - (unsigned long)memory < bytes;
}

static void spans_are_one(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	u8 *memory = test_region_memory(test, SZ_64K);
	struct blocks *blocks = blocks_of(test);
	struct talloc_region_stats stats;
	u64 total = test_region_stats(region).total_bytes;
	u32 i;

	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_16K), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).total_bytes, 2 * total);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory + i * SZ_16K, SZ_16K),
				0);
	stats = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, stats.spans, 6);
	KUNIT_EXPECT_EQ(test, stats.total_bytes, 6 * total);
	KUNIT_EXPECT_EQ(test, stats.free_chunks, 6);
	KUNIT_EXPECT_LT(test, stats.largest_bytes, SZ_16K);

	fill(region, blocks, 1000, GFP_KERNEL);
	stats = test_region_stats(region);
	KUNIT_EXPECT_GE(test, blocks->nr, 6 * 15);
	KUNIT_EXPECT_EQ(test, stats.blocks, blocks->nr);
	KUNIT_EXPECT_EQ(test, stats.used_bytes + stats.free_bytes, stats.total_bytes);
	KUNIT_EXPECT_EQ(test, stats.peak_bytes, stats.used_bytes);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	for (i = 0; i < blocks->nr; i++)
		KUNIT_EXPECT_TRUE(test, talloc_region_contains(region,
							       talloc_addr(blocks->block[i])));
	/* The order of preference is that of adding. */
	KUNIT_EXPECT_FALSE(test, in_memory(blocks->block[0], memory, SZ_64K));
	KUNIT_EXPECT_TRUE(test, in_memory(blocks->block[blocks->nr - 1], memory, SZ_64K));
	empty(test, region, blocks, 1000);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 0);
}

/* What has no room in its own span moves to another. */
static void spans_realloc_moves(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_4K);
	void *block = talloc_region_alloc(region, 3000, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	test_region_fill(block, 3000, 6);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_64K), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 10000), -ENOSPC);
	block = talloc_region_realloc(region, block, 10000, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 3000, 6));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 1);
	talloc_region_free(region, block);
}

static void spans_add_refuses(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	struct talloc_region *other;
	u8 *memory = test_region_memory(test, SZ_16K);
	struct talloc_region_stats was = test_region_stats(region);
	void *block;

	other = test_region_keep(test, talloc_region_create_over(NAME "-2", memory, SZ_8K));
	block = talloc_region_alloc(other, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block);
	test_region_fill(block, 100, 1);
	memset(memory + SZ_8K, 0xa5, SZ_8K);

	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory, SZ_8K), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory + SZ_8K - 1, SZ_4K),
			-EADDRINUSE);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(other, memory, SZ_16K), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory + SZ_8K, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, (void *)-SZ_4K, SZ_8K), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory + SZ_8K, 4), -ENOSPC);
	if (BITS_PER_LONG == 64)
		KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SIZE_MAX / 16), -E2BIG);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));
	KUNIT_EXPECT_NULL(test, memchr_inv(memory + SZ_8K, 0xa5, SZ_8K));
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 100, 1));
	KUNIT_EXPECT_EQ(test, talloc_region_check(other), 0);
	talloc_region_free(other, block);
}

static void spans_add_too_many(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_4K);
	u8 *memory = test_region_memory(test, TALLOC_SPANS_MAX * SZ_4K);
	struct blocks *blocks = blocks_of(test);
	u32 i;

	for (i = 1; i < TALLOC_SPANS_MAX; i++)
		KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory + i * SZ_4K, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory, SZ_4K), -ENOSPC);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, TALLOC_SPANS_MAX);
	fill(region, blocks, 1800, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, blocks->nr, 2 * TALLOC_SPANS_MAX);
	empty(test, region, blocks, 1800);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, talloc_addr(memory + SZ_4K)), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory, SZ_4K), 0);
}

static void spans_remove(struct kunit *test)
{
	u8 *memory = test_region_memory(test, 3 * SZ_4K);
	u64 at = talloc_addr(memory);
	struct talloc_region *region;
	struct talloc_region_stats was;
	void *block, *large;
	u32 i;

	region = test_region_keep(test, talloc_region_create_over(NAME, memory, SZ_4K));
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at), -EPERM);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, 0), -ENOENT);
	for (i = 1; i < 3; i++)
		KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory + i * SZ_4K, SZ_4K), 0);
	block = talloc_region_alloc(region, 3000, GFP_KERNEL);
	large = talloc_region_alloc(region, 3000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, large);
	test_region_fill(large, 3000, 7);

	was = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, talloc_addr(block)), -EBUSY);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at + 2 * SZ_4K - 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at + 3 * SZ_4K), -ENOENT);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at - 1), -ENOENT);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));

	talloc_region_free(region, block);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at + 5), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at + 5), -ENOENT);
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, talloc_addr(block)));
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at + 2 * SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	/* Its memory is the caller's again. */
	memset(memory, 0xff, SZ_4K);
	memset(memory + 2 * SZ_4K, 0xff, SZ_4K);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_TRUE(test, test_region_holds(large, 3000, 7));
	talloc_region_free(region, large);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at + SZ_4K), -EPERM);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

static struct talloc_region *growing(struct kunit *test, size_t grow_bytes, size_t max_bytes)
{
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_16K, .grow_bytes = grow_bytes, .max_bytes = max_bytes,
	};

	return test_region_keep(test, talloc_region_create(&config));
}

static void grow_when_full(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_32K, 0);
	struct blocks *blocks = blocks_of(test);
	u64 spans;

	fill(region, blocks, SZ_8K, GFP_ATOMIC);
	KUNIT_EXPECT_EQ(test, blocks->nr, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_fragmented +
			test_region_stats(region).failures_full, 1);

	while (blocks->nr < 20) {
		blocks->block[blocks->nr] = talloc_region_alloc(region, SZ_8K, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks->block[blocks->nr]);
		test_region_fill(blocks->block[blocks->nr], SZ_8K, blocks->nr);
		blocks->nr++;
	}
	spans = test_region_stats(region).spans;
	KUNIT_EXPECT_GE(test, spans, 6);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, spans - 1);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_reap(region), 0);
	empty(test, region, blocks, SZ_8K);
	/* The delayed work may have been faster, if this machine is that slow. */
	KUNIT_EXPECT_LE(test, (u64)talloc_region_reap(region), spans - 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	KUNIT_EXPECT_EQ(test, talloc_region_reap(region), 0);
}

/* A span that grew for one request is as large as that takes. */
static void grow_for_large(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_4K, 0);
	void *block = talloc_region_alloc_aligned(region, SZ_128K, SZ_64K, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, (unsigned long)block % SZ_64K, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, 1);
	block = talloc_region_realloc(region, block, SZ_512K, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, (unsigned long)block % SZ_64K, 0);
	talloc_region_free(region, block);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc_aligned(region, 8, SIZE_MAX / 2 + 1,
							    GFP_KERNEL));
}

static void grow_to_limit(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_16K, SZ_64K);
	struct blocks *blocks = blocks_of(test);
	struct talloc_region_stats stats;

	fill(region, blocks, 1000, GFP_KERNEL);
	stats = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, stats.spans, 4);
	KUNIT_EXPECT_LE(test, stats.total_bytes, SZ_64K);
	KUNIT_EXPECT_EQ(test, stats.failures_full, 1);
	KUNIT_EXPECT_GE(test, blocks->nr, 60);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_128K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 4);
	empty(test, region, blocks, 1000);
	talloc_region_reap(region);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
}

/* What is empty is given back where it is in the way of what is needed, and not in a second. */
static void grow_gives_back_what_is_empty(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_16K, SZ_64K);
	struct blocks *blocks = blocks_of(test);
	void *block;

	fill(region, blocks, 1000, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 4);
	empty(test, region, blocks, 1000);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, 40000, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	fill(region, blocks, 1000, GFP_KERNEL);
	empty(test, region, blocks, 1000);
	block = talloc_region_alloc(region, 40000, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
	KUNIT_EXPECT_LE(test, test_region_stats(region).total_bytes, SZ_64K);
	talloc_region_free(region, block);
}

/* The limit holds for the first span, however it is described. */
static void grow_limit_refuses(struct kunit *test)
{
	const struct talloc_backing backing = {
		.type = TALLOC_VMALLOC, .bytes = SZ_4K, .window = SZ_64K,
	};
	struct talloc_region_config config = {
		.name = NAME, .backing = &backing, .grow_bytes = SZ_4K, .max_bytes = SZ_64K - 1,
	};

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(talloc_region_create(&config)), -EINVAL);
	config.max_bytes = SZ_64K;
	test_region_keep(test, talloc_region_create(&config));
}

/* Zones and the like are for who takes pages, and would only earn a warning. */
static void grow_minds_how_hard_to_try(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_64K, 0);
	gfp_t gfp = GFP_KERNEL | __GFP_DMA32 | __GFP_COMP | __GFP_ZERO;
	void *block = talloc_region_alloc(region, SZ_32K, gfp);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
	KUNIT_EXPECT_NULL(test, memchr_inv(block, 0, SZ_32K));
	talloc_region_free(region, block);
}

/*
 * Others that ask at the same time.
 */

/**
 * struct asker - a thread that asks for a block, and ends
 * @task: the thread, or an ERR_PTR()
 * @region: where
 * @bytes: of that size
 * @ready: how many are about to ask
 * @all: how many that are to be before one does
 * @wait: nanoseconds that it then waits
 * @block: what it got
 * @done: that it has ended
 * @asked: that the region's handler was called
 */
struct asker {
	struct task_struct *task;
	struct talloc_region *region;
	size_t bytes;
	atomic_t *ready;
	int all;
	u64 wait;
	void *block;
	struct completion done;
	struct completion asked;
};

#define GROW_ROUNDS	100

static int asker_run(void *data)
{
	struct asker *asker = data;
	u64 start;

	atomic_inc(asker->ready);
	while (atomic_read(asker->ready) < asker->all)
		cond_resched();
	for (start = ktime_get_ns(); ktime_get_ns() - start < asker->wait; )
		cpu_relax();
	asker->block = talloc_region_alloc(asker->region, asker->bytes, GFP_KERNEL);
	kthread_complete_and_exit(&asker->done, 0);
}

/* It runs when it is woken. */
static bool asker_make(struct asker *asker, u32 cpu)
{
	asker->task = kthread_create(asker_run, asker, "talloc-kunit");
	init_completion(&asker->done);
	init_completion(&asker->asked);
	if (IS_ERR(asker->task))
		return false;
	kthread_bind(asker->task, cpu);
	return true;
}

/* Returns how long it takes to grow for so many bytes. */
static u64 grow_time(struct kunit *test, struct talloc_region *region, size_t bytes)
{
	u64 start = ktime_get_ns();
	void *block = talloc_region_alloc(region, bytes, GFP_KERNEL);

	start = ktime_get_ns() - start;
	KUNIT_EXPECT_NOT_NULL(test, block);
	talloc_region_free(region, block);
	talloc_region_reap(region);
	return start;
}

/* A large and a small one ask; the second waits so long. Whether they could be started. */
static bool two_ask(struct kunit *test, struct talloc_region *region, struct asker *askers,
		    u64 wait)
{
	u32 i, first = cpumask_first(cpu_online_mask), last = cpumask_last(cpu_online_mask);
	atomic_t ready = ATOMIC_INIT(0);

	for (i = 0; i < 2; i++) {
		askers[i] = (struct asker){
			.region = region, .bytes = (i ? 2 : 4) * PAGE_SIZE - 32,
			.ready = &ready, .all = 2, .wait = i ? wait : 0,
		};
		if (asker_make(&askers[i], i ? last : first))
			continue;
		if (i)
			kthread_stop(askers[0].task);
		return false;
	}
	for (i = 0; i < 2; i++)
		wake_up_process(askers[i].task);
	for (i = 0; i < 2; i++) {
		wait_for_completion(&askers[i].done);
		KUNIT_EXPECT_NOT_NULL(test, askers[i].block);
	}
	return true;
}

/*
 * There is room for both, in spans of their own, and neither may have the other's: whenever the
 * second comes while the first is growing the region.
 */
static void grow_for_two_at_once(struct kunit *test)
{
	struct talloc_region *region = growing(test, PAGE_SIZE, SZ_16K + 6 * PAGE_SIZE);
	struct asker *askers = test_zalloc(test, 2 * sizeof(*askers));
	void *full;
	u32 round;
	u64 time;

	full = talloc_region_alloc(region, test_region_stats(region).largest_bytes, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, full);
	for (round = 0; round < GROW_ROUNDS; round++) {
		time = grow_time(test, region, 4 * PAGE_SIZE - 32);
		if (!two_ask(test, region, askers, div_u64(time * round * 2, GROW_ROUNDS))) {
			KUNIT_FAIL(test, "no threads");
			break;
		}
		talloc_region_free(region, askers[0].block);
		talloc_region_free(region, askers[1].block);
		talloc_region_reap(region);
	}
	talloc_region_free(region, full);
}

/*
 * One that is to ask a region of which a span is empty, and in the way; it does not go by itself.
 * What is in use there is @full.
 */
static struct asker *asker_in_need(struct kunit *test, talloc_oom_fn oom, void **full)
{
	struct asker *asker = test_zalloc(test, sizeof(*asker));
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_16K, .grow_bytes = SZ_16K,
		.max_bytes = SZ_32K + SZ_16K, .oom = oom, .oom_data = asker,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	void *empty;

	*full = talloc_region_alloc(region, test_region_stats(region).largest_bytes, GFP_KERNEL);
	empty = talloc_region_alloc(region, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, *full);
	KUNIT_ASSERT_NOT_NULL(test, empty);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, 1);
	talloc_region_free(region, empty);
	cancel_delayed_work_sync(&region->reap);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
	asker->region = region;
	asker->bytes = SZ_16K + 32;
	asker->ready = test_zalloc(test, sizeof(*asker->ready));
	asker->all = 1;
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, asker->bytes, GFP_ATOMIC));
	KUNIT_ASSERT_TRUE(test, asker_make(asker, cpumask_first(cpu_online_mask)));
	return asker;
}

/* As long as a walk goes on no span goes. */
static int ask_in_walk(const struct talloc_piece *piece, void *data)
{
	struct asker *asker = data;
	u32 i;

	if (atomic_read(asker->ready))
		return 0;
	wake_up_process(asker->task);
	for (i = 0; i < 1000 && test_region_stats(asker->region).oom_calls < 2; i++)
		usleep_range(500, 1000);
	usleep_range(10000, 20000);
	return completion_done(&asker->done);
}

static void grow_waits_for_a_walk(struct kunit *test)
{
	void *full;
	struct asker *asker = asker_in_need(test, NULL, &full);
	struct talloc_region *region = asker->region;

	KUNIT_EXPECT_EQ(test, talloc_region_walk(region, ask_in_walk, asker), 0);
	wait_for_completion(&asker->done);
	KUNIT_EXPECT_NOT_NULL(test, asker->block);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
	talloc_region_free(region, asker->block);
	talloc_region_free(region, full);
}

static int oom_notes(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
		     gfp_t gfp, void *data)
{
	struct asker *asker = data;

	complete(&asker->asked);
	return -ENOMEM;
}

static int walk_for_long(const struct talloc_piece *piece, void *data)
{
	struct asker *asker = data;

	if (atomic_read(asker->ready))
		return 0;
	wake_up_process(asker->task);
	return !wait_for_completion_timeout(&asker->asked, 20 * HZ);
}

/* But not for ever: there is the handler. */
static void grow_does_not_wait_for_a_long_walk(struct kunit *test)
{
	void *full;
	struct asker *asker = asker_in_need(test, oom_notes, &full);
	struct talloc_region *region = asker->region;

	KUNIT_EXPECT_EQ(test, talloc_region_walk(region, walk_for_long, asker), 0);
	wait_for_completion(&asker->done);
	talloc_region_free(region, asker->block);
	talloc_region_free(region, full);
}

/* Nothing goes for what could not be had in any case. */
static void grow_leaves_alone_what_is_no_use(struct kunit *test)
{
	void *full;
	struct asker *asker = asker_in_need(test, NULL, &full);
	struct talloc_region *region = asker->region;

	kthread_stop(asker->task);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
	talloc_region_free(region, full);
}

/* A span goes by itself, but not before it has been empty for a second. */
static void reap_waits_a_second(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_16K, 0);
	void *block[3];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(block); i++) {
		block[i] = talloc_region_alloc(region, 10000, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, block[i]);
	}
	KUNIT_ASSERT_EQ(test, test_region_stats(region).spans, 3);
	/* One that the region grows by is not empty before something is freed in it. */
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&region->reap));
	talloc_region_free(region, block[1]);
	region->spans[1]->emptied -= 2 * HZ;
	talloc_region_free(region, block[2]);
	flush_delayed_work(&region->reap);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, talloc_addr(block[2])));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&region->reap));
	region->spans[1]->emptied -= 2 * HZ;
	flush_delayed_work(&region->reap);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&region->reap));
	talloc_region_free(region, block[0]);
}

static void reap_follows_reset(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_16K, 0);

	KUNIT_EXPECT_NOT_NULL(test, talloc_region_alloc(region, 10000, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, talloc_region_alloc(region, 10000, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, test_region_stats(region).spans, 2);
	flush_delayed_work(&region->reap);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&region->reap));
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&region->reap));
}

/* Added by hand: not given back. */
static void reap_spares_added(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_16K, 0);

	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_16K), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_reap(region), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
}

static void reap_keeps_one(struct kunit *test)
{
	struct talloc_region *region = growing(test, SZ_16K, 0);
	void *first = talloc_region_alloc(region, 10000, GFP_KERNEL);
	void *second = talloc_region_alloc(region, 10000, GFP_KERNEL);

	KUNIT_ASSERT_EQ(test, test_region_stats(region).spans, 2);
	talloc_region_free(region, first);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, talloc_addr(first)), 0);
	talloc_region_free(region, second);
	talloc_region_reap(region);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	second = talloc_region_alloc(region, 10000, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, second);
	talloc_region_free(region, second);
}

/**
 * struct oom - what a handler does, and what it was told
 * @test: the case
 * @blocks: to free one of at each call
 * @answer: what to return
 * @calls: how often it was called
 * @bytes: how much was asked for
 * @align: at which alignment
 * @gfp: with which flags
 * @wrong: calls in a context in which it must not be
 */
struct oom {
	struct kunit *test;
	struct blocks *blocks;
	int answer;
	u32 calls;
	u64 bytes;
	u64 align;
	gfp_t gfp;
	u32 wrong;
};

static int oom_handler(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
		       gfp_t gfp, void *data)
{
	struct oom *oom = data;
	struct talloc_region_stats stats;

	oom->calls++;
	oom->bytes = bytes;
	oom->align = where->align;
	oom->gfp = gfp;
	if (irqs_disabled() || in_interrupt() || !gfpflags_allow_blocking(gfp))
		oom->wrong++;
	/* Would wait for itself if it were called with the lock. */
	talloc_region_stats(region, &stats);
	if (stats.oom_calls != oom->calls)
		oom->wrong++;
	if (oom->blocks->nr)
		talloc_region_free(region, oom->blocks->block[--oom->blocks->nr]);
	return oom->answer;
}

static struct talloc_region *with_handler(struct kunit *test, struct oom *oom)
{
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_16K, .oom = oom_handler, .oom_data = oom,
	};

	oom->test = test;
	oom->blocks = blocks_of(test);
	return test_region_keep(test, talloc_region_create(&config));
}

/* Fifteen calls free enough for one block of four times their size, and a bit. */
static void oom_handler_makes_room(struct kunit *test)
{
	struct oom oom = { };
	struct talloc_region *region = with_handler(test, &oom);
	void *block;

	fill(region, oom.blocks, 1000, GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_EQ(test, oom.calls, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 1);

	block = talloc_region_alloc_aligned(region, 3500, 32, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, (unsigned long)block % 32, 0);
	KUNIT_EXPECT_GE(test, oom.calls, 4);
	KUNIT_EXPECT_LE(test, oom.calls, 5);
	KUNIT_EXPECT_EQ(test, oom.bytes, 3500);
	KUNIT_EXPECT_EQ(test, oom.align, 32);
	KUNIT_EXPECT_EQ(test, (__force u32)oom.gfp, (__force u32)GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, oom.wrong, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, oom.calls);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 1);
	talloc_region_free(region, block);
	empty(test, region, oom.blocks, 1000);
}

static void oom_handler_for_realloc(struct kunit *test)
{
	struct oom oom = { };
	struct talloc_region *region = with_handler(test, &oom);
	void *block = talloc_region_alloc(region, 1000, GFP_KERNEL);

	test_region_fill(block, 1000, 77);
	fill(region, oom.blocks, 1000, GFP_ATOMIC);
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block, 2500, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 2500), -ENOSPC);
	KUNIT_EXPECT_EQ(test, oom.calls, 0);
	block = talloc_region_realloc(region, block, 2500, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_GT(test, oom.calls, 0);
	KUNIT_EXPECT_EQ(test, oom.wrong, 0);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 1000, 77));
	talloc_region_free(region, block);
	empty(test, region, oom.blocks, 1000);
}

static void oom_handler_gives_up(struct kunit *test)
{
	struct oom oom = { .answer = -ENOMEM };
	struct talloc_region *region = with_handler(test, &oom);

	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, oom.calls, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 1);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, oom.calls, 1);
}

/* What the handler may not do, nobody but the caller's task knows of. */
static void oom_handler_in_a_scope(struct kunit *test)
{
	struct oom oom = { .answer = -ENOMEM };
	struct talloc_region *region = with_handler(test, &oom);
	unsigned int scope = memalloc_nofs_save();

	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	memalloc_nofs_restore(scope);
	KUNIT_EXPECT_EQ(test, (__force u32)oom.gfp, (__force u32)GFP_NOFS);
	scope = memalloc_noio_save();
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	memalloc_noio_restore(scope);
	KUNIT_EXPECT_EQ(test, (__force u32)oom.gfp, (__force u32)GFP_NOIO);
	KUNIT_EXPECT_EQ(test, oom.calls, 2);
	KUNIT_EXPECT_EQ(test, oom.wrong, 0);
}

/* Where it cannot grow any more, what others have grown it by, or freed, is seen. */
static void grow_looks_again(struct kunit *test)
{
	struct oom oom = { .answer = -ENOMEM, .test = test, .blocks = blocks_of(test) };
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_16K, .grow_bytes = SZ_16K, .max_bytes = SZ_16K,
		.oom = oom_handler, .oom_data = &oom,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	void *block;

	fill(region, oom.blocks, 1000, GFP_NOWAIT | __GFP_NOWARN);
	block = talloc_region_alloc(region, 1000, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, oom.calls, 1);
	talloc_region_free(region, block);
	empty(test, region, oom.blocks, 1000);
}

static void oom_handler_lies(struct kunit *test)
{
	struct oom oom = { };
	struct talloc_region *region = with_handler(test, &oom);

	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, oom.calls, 1);
	KUNIT_EXPECT_LE(test, oom.calls, 1000);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, oom.calls);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).failures_full, 1);
}

static int oom_add_span(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
			gfp_t gfp, void *data)
{
	u32 *calls = data;

	(*calls)++;
	return talloc_region_add_span(region, NULL, SZ_64K);
}

static void oom_handler_adds_span(struct kunit *test)
{
	u32 calls = 0;
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_4K, .grow_bytes = SZ_4K, .max_bytes = SZ_8K,
		.oom = oom_add_span, .oom_data = &calls,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	void *small = talloc_region_alloc(region, 3000, GFP_KERNEL);
	void *grown = talloc_region_alloc(region, 3000, GFP_KERNEL);
	void *large;

	/* First it grows, and what is left to do is the handler's. */
	KUNIT_EXPECT_NOT_NULL(test, grown);
	KUNIT_EXPECT_EQ(test, calls, 0);
	large = talloc_region_alloc(region, 50000, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, large);
	KUNIT_EXPECT_EQ(test, calls, 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 3);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).oom_calls, 2);
	talloc_region_free(region, small);
	talloc_region_free(region, grown);
	talloc_region_free(region, large);
}

static void reset_frees_all(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	struct blocks *blocks = blocks_of(test);
	u32 nr;

	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_16K), 0);
	fill(region, blocks, 500, GFP_KERNEL);
	nr = blocks->nr;
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).free_chunks, 2);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	/* What was live is a bad pointer now. */
	test_log_mark(test);
	talloc_region_free(region, blocks->block[0]);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "bad free"), 1);
	blocks->nr = 0;
	fill(region, blocks, 500, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, blocks->nr, nr);
	empty(test, region, blocks, 500);
}

/**
 * struct tour - what a walk has met
 * @next: where the next piece has to begin, within a span
 * @spans: spans begun
 * @blocks: live blocks
 * @pieces: pieces of any kind
 * @bytes: their sizes
 * @free_bytes: sizes of those that are free
 * @wrong: pieces that are not as they have to be
 * @stop_at: number of the piece at which to return 42, or 0
 * @expect: where the live block of this number has to be
 */
struct tour {
	u64 next;
	u32 spans;
	u32 blocks;
	u32 pieces;
	u64 bytes;
	u64 free_bytes;
	u32 wrong;
	u32 stop_at;
	void **expect;
};

static int tour_piece(const struct talloc_piece *piece, void *data)
{
	struct tour *tour = data;

	if (piece->span == tour->spans)
		tour->spans++;
	else if (piece->span + 1 != tour->spans || piece->addr != tour->next)
		tour->wrong++;
	tour->next = piece->addr + piece->bytes;
	tour->bytes += piece->bytes;
	tour->wrong += piece->usable > piece->bytes || piece->state == TALLOC_PIECE_UNKNOWN;
	if (piece->state == TALLOC_PIECE_FREE)
		tour->free_bytes += piece->bytes;
	if (piece->state == TALLOC_PIECE_BLOCK)
		tour->wrong += talloc_addr(tour->expect[tour->blocks++]) != piece->addr;
	return ++tour->pieces == tour->stop_at ? 42 : 0;
}

static void walk_meets_all(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	struct blocks *blocks = blocks_of(test);
	struct tour tour = { .expect = blocks->block };
	struct talloc_region_stats stats;
	u32 i;

	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_16K), 0);
	fill(region, blocks, 200, GFP_KERNEL);
	KUNIT_ASSERT_GT(test, blocks->nr, 100);
	/* Every third one goes; the others close ranks in the list. */
	for (i = 0; i < blocks->nr; i += 3)
		talloc_region_free(region, blocks->block[i]);
	for (i = 0; i < blocks->nr; i++)
		if (i % 3)
			blocks->block[i - i / 3 - 1] = blocks->block[i];
	blocks->nr -= (blocks->nr + 2) / 3;

	stats = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, talloc_region_walk(region, tour_piece, &tour), 0);
	KUNIT_EXPECT_EQ(test, tour.wrong, 0);
	KUNIT_EXPECT_EQ(test, tour.spans, 2);
	KUNIT_EXPECT_EQ(test, tour.blocks, blocks->nr);
	KUNIT_EXPECT_EQ(test, tour.pieces, stats.blocks + stats.free_chunks);
	KUNIT_EXPECT_EQ(test, tour.bytes, stats.total_bytes);
	KUNIT_EXPECT_EQ(test, tour.free_bytes, stats.free_bytes);

	for (i = 1; i <= stats.blocks + stats.free_chunks; i += 13) {
		tour = (struct tour){ .expect = blocks->block, .stop_at = i };
		KUNIT_EXPECT_EQ(test, talloc_region_walk(region, tour_piece, &tour), 42);
		KUNIT_EXPECT_EQ(test, tour.pieces, i);
	}
	for (i = 0; i < blocks->nr; i++)
		talloc_region_free(region, blocks->block[i]);
}

static void walk_empty(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	struct tour tour = { };

	KUNIT_EXPECT_EQ(test, talloc_region_walk(region, tour_piece, &tour), 0);
	KUNIT_EXPECT_EQ(test, tour.pieces, 1);
	KUNIT_EXPECT_EQ(test, tour.bytes, test_region_stats(region).total_bytes);
}

/* Frees each block that it meets, as a driver might. */
static int free_piece(const struct talloc_piece *piece, void *data)
{
	if (piece->state == TALLOC_PIECE_BLOCK)
		talloc_region_free_addr(data, piece->addr);
	return 0;
}

static void walk_while_changing(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	struct blocks *blocks = blocks_of(test);

	fill(region, blocks, 100, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, blocks->nr, BLOCKS);
	KUNIT_EXPECT_EQ(test, talloc_region_walk(region, free_piece, region), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 0);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

/* Of inline tags, whose 4 bytes are of the unit. */
static u64 used_by(struct talloc_region *region, const void *block)
{
	return talloc_region_usable_size(region, block) + 4;
}

/* The block in a slot comes, grows, shrinks or goes. Returns what is used then. */
static u64 change_one(struct talloc_region *region, void **slot, struct rnd_state *rnd, u64 used)
{
	size_t bytes = 1 + prandom_u32_state(rnd) % 600;

	if (!*slot) {
		*slot = talloc_region_alloc(region, bytes, GFP_ATOMIC);
		return *slot ? used + used_by(region, *slot) : used;
	}
	used -= used_by(region, *slot);
	if (bytes % 4) {
		talloc_region_free(region, *slot);
		*slot = NULL;
		return used;
	}
	talloc_region_resize(region, *slot, bytes);
	return used + used_by(region, *slot);
}

/* Two spans that come near the peak in turns must not pass it together. */
static void peak_is_passed_by_two_spans(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	struct blocks *blocks = blocks_of(test);
	u32 i;

	fill(region, blocks, 1000, GFP_ATOMIC);
	KUNIT_ASSERT_EQ(test, blocks->nr, 16);
	KUNIT_ASSERT_EQ(test, talloc_region_add_span(region, NULL, SZ_16K), 0);
	for (i = 16; i < 21; i++)
		blocks->block[i] = talloc_region_alloc(region, 1000, GFP_ATOMIC);
	for (i = 0; i < 14; i += 2)
		talloc_region_free(region, blocks->block[i]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 14 * 1008);
	/* This one fits in the second span only, */
	blocks->block[21] = talloc_region_alloc(region, 3 * 1008 - 4, GFP_ATOMIC);
	/* these are of the first, and all are one less than the peak; */
	for (i = 0; i < 6; i += 2)
		blocks->block[i] = talloc_region_alloc(region, 1000, GFP_ATOMIC);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 20 * 1008);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, 21 * 1008);
	/* and this one is a new peak. */
	blocks->block[22] = talloc_region_alloc(region, 3 * 1008 - 4, GFP_ATOMIC);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 23 * 1008);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, 23 * 1008);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
}

/* Nobody looks but now and then whether what is used in all spans is a new peak. */
static void peak_is_that_of_all_spans(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	struct blocks *blocks = blocks_of(test);
	struct rnd_state rnd;
	u64 used = 0, peak = 0;
	u32 i, most;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 6000; i++) {
		if (i % 1500 == 1000)
			KUNIT_ASSERT_EQ(test, talloc_region_add_span(region, NULL, SZ_16K), 0);
		if (i % 1500 == 0)
			KUNIT_ASSERT_EQ(test, test_region_stats(region).peak_bytes, peak);
		most = 16 + i % 1500 * (BLOCKS - 16) / 1500;
		used = change_one(region, &blocks->block[prandom_u32_state(&rnd) % most], &rnd,
				  used);
		peak = max(peak, used);
	}
	KUNIT_EXPECT_EQ(test, test_region_stats(region).peak_bytes, peak);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, used);
	KUNIT_EXPECT_GT(test, peak, 2 * SZ_16K);
	for (i = 0; i < BLOCKS; i++)
		talloc_region_free(region, blocks->block[i]);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).used_bytes, 0);
}

static struct kunit_case talloc_region_spans_cases[] = {
	KUNIT_CASE(spans_are_one),
	KUNIT_CASE(spans_realloc_moves),
	KUNIT_CASE(spans_add_refuses),
	KUNIT_CASE(spans_add_too_many),
	KUNIT_CASE(spans_remove),
	KUNIT_CASE(peak_is_that_of_all_spans),
	KUNIT_CASE(peak_is_passed_by_two_spans),
	KUNIT_CASE(grow_when_full),
	KUNIT_CASE(grow_for_large),
	KUNIT_CASE(grow_to_limit),
	KUNIT_CASE(grow_gives_back_what_is_empty),
	KUNIT_CASE(grow_looks_again),
	KUNIT_CASE(grow_limit_refuses),
	KUNIT_CASE(grow_minds_how_hard_to_try),
	KUNIT_CASE(grow_for_two_at_once),
	KUNIT_CASE(grow_waits_for_a_walk),
	KUNIT_CASE(grow_does_not_wait_for_a_long_walk),
	KUNIT_CASE(grow_leaves_alone_what_is_no_use),
	KUNIT_CASE(reap_waits_a_second),
	KUNIT_CASE(reap_follows_reset),
	KUNIT_CASE(reap_spares_added),
	KUNIT_CASE(reap_keeps_one),
	KUNIT_CASE(oom_handler_makes_room),
	KUNIT_CASE(oom_handler_for_realloc),
	KUNIT_CASE(oom_handler_gives_up),
	KUNIT_CASE(oom_handler_in_a_scope),
	KUNIT_CASE(oom_handler_lies),
	KUNIT_CASE(oom_handler_adds_span),
	KUNIT_CASE(reset_frees_all),
	KUNIT_CASE(walk_meets_all),
	KUNIT_CASE(walk_empty),
	KUNIT_CASE(walk_while_changing),
	{}
};

struct kunit_suite talloc_region_spans_suite = {
	.name = "talloc_region_spans",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_spans_cases,
};
