// SPDX-License-Identifier: GPL-2.0
/* Regions, as a driver calls them: with their lock, counts and reports. */
#include <linux/talloc.h>

#include <talloc_region.h>
#include "bench.h"

static struct talloc_region *region;

static int region_init(u64 bytes, unsigned long flags)
{
	const struct talloc_region_config config = {
		.name = "bench",
		.memory = bench_memory,
		.bytes = bytes,
		.flags = flags,
	};

	region = talloc_region_create(&config);
	return PTR_ERR_OR_ZERO(region);
}

static int region_map_init(u64 bytes, u32 block)
{
	return region_init(bytes, 0);
}

static int region_nomap_init(u64 bytes, u32 block)
{
	return region_init(bytes, TALLOC_NO_LIVE_MAP);
}

static void region_exit(void)
{
	talloc_region_destroy(region);
}

static int region_numbers_init(u64 bytes, u32 block)
{
	const struct talloc_backing backing = { .type = TALLOC_NUMBERS, .window = bytes };
	const struct talloc_region_config config = {
		.name = "bench",
		.backing = &backing,
		.unit = BENCH_UNIT,
	};

	region = talloc_region_create(&config);
	return PTR_ERR_OR_ZERO(region);
}

static u64 region_used(void)
{
	struct talloc_region_stats stats;

	talloc_region_stats(region, &stats);
	return stats.used_bytes;
}

static u64 region_nomap_outside(void)
{
	return sizeof(struct talloc_region) + sizeof(struct region_span);
}

static u64 region_map_outside(void)
{
	struct talloc_region_stats stats;
	struct talloc_span window;

	talloc_region_stats(region, &stats);
	window.start = (unsigned long)bench_memory;
	window.end = window.start + stats.total_bytes;
	return region_nomap_outside() + talloc_heap_map_bytes(window, 0);
}

static u64 region_numbers_outside(void)
{
	struct talloc_region_stats stats;
	struct talloc_span window = { 0, 0 };

	talloc_region_stats(region, &stats);
	window.end = stats.total_bytes;
	return region_nomap_outside() + talloc_heap_table_bytes(window, BENCH_UNIT);
}

static __always_inline bool region_get(u32 slot, u32 bytes, u64 *at)
{
	void *block = talloc_region_alloc(region, bytes, GFP_ATOMIC);

	if (!block)
		return false;
	*at = (unsigned long)block;
	return true;
}

static __always_inline void region_put(u32 slot, u64 at, u32 bytes)
{
	talloc_region_free(region, (void *)(unsigned long)at);
}

BENCH_LOOPS(region)

static __always_inline bool numbers_get(u32 slot, u32 bytes, u64 *at)
{
	return !talloc_region_alloc_addr(region, bytes, NULL, GFP_ATOMIC, at);
}

static __always_inline void numbers_put(u32 slot, u64 at, u32 bytes)
{
	talloc_region_free_addr(region, at);
}

BENCH_LOOPS(numbers)

const struct bench_heap bench_region = {
	.name = "talloc",
	.ranged = true,
	.init = region_map_init,
	.exit = region_exit,
	.outside = region_map_outside,
	.used = region_used,
	.run = region_run,
	.cycles = region_cycles,
};

const struct bench_heap bench_region_nomap = {
	.name = "talloc-nomap",
	.init = region_nomap_init,
	.exit = region_exit,
	.outside = region_nomap_outside,
	.used = region_used,
	.run = region_run,
	.cycles = region_cycles,
};

const struct bench_heap bench_region_numbers = {
	.name = "numbers",
	.ranged = true,
	.init = region_numbers_init,
	.exit = region_exit,
	.outside = region_numbers_outside,
	.used = region_used,
	.run = numbers_run,
	.cycles = numbers_cycles,
};
