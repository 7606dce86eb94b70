// SPDX-License-Identifier: GPL-2.0
/*
 * The heap below a region, without lock, counts and reports; and with its tags in a
 * table, over a range of numbers.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <talloc_core.h>

#include "bench.h"

static struct talloc_heap heap;
static void *side;		/* live map or table */
static u64 side_bytes;

static int core_init(const struct talloc_heap_config *config)
{
	enum talloc_status status = talloc_heap_init(&heap, config);

	if (!status)
		return 0;
	kvfree(side);
	return -ENOSPC;
}

static bool side_get(u64 bytes)
{
	side_bytes = bytes;
	side = bytes ? kvmalloc(bytes, GFP_KERNEL) : NULL;
	return side || !bytes;
}

static struct talloc_span memory(u64 bytes)
{
	return (struct talloc_span){
		(unsigned long)bench_memory, (unsigned long)bench_memory + bytes
	};
}

static int heap_init(u64 bytes, u32 block)
{
	struct talloc_heap_config config = {
		.window = memory(bytes), .keep = true,
	};

	if (!side_get(talloc_heap_map_bytes(config.window, 0)))
		return -ENOMEM;
	config.live_map = side;
	return core_init(&config);
}

static int heap_nomap_init(u64 bytes, u32 block)
{
	const struct talloc_heap_config config = {
		.window = memory(bytes), .keep = true,
	};

	side_get(0);
	return core_init(&config);
}

static int detached_init(u64 bytes, u32 block)
{
	struct talloc_heap_config config = {
		.window = { 0, bytes }, .unit = BENCH_UNIT, .keep = true,
	};

	if (!side_get(talloc_heap_table_bytes(config.window, config.unit)))
		return -ENOMEM;
	config.table = side;
	return core_init(&config);
}

static void core_exit(void)
{
	kvfree(side);
}

static u64 core_outside(void)
{
	return sizeof(heap) + side_bytes;
}

static u64 core_used(void)
{
	return talloc_heap_used_bytes(&heap);
}

static __always_inline bool core_get(u32 slot, u32 bytes, u64 *at)
{
	do {
		*at = __talloc_heap_alloc(&heap, bytes);
	} while (unlikely(*at == TALLOC_NOWHERE) && talloc_heap_may_hold(&heap, bytes) &&
		 talloc_heap_settle(&heap, TALLOC_KEPT));
	return *at != TALLOC_NOWHERE;
}

static __always_inline void core_put(u32 slot, u64 at, u32 bytes)
{
	talloc_heap_free(&heap, at);
}

BENCH_LOOPS(core)

const struct bench_heap bench_heap = {
	.name = "heap",
	.init = heap_init,
	.exit = core_exit,
	.outside = core_outside,
	.used = core_used,
	.run = core_run,
	.cycles = core_cycles,
};

const struct bench_heap bench_heap_nomap = {
	.name = "heap-nomap",
	.init = heap_nomap_init,
	.exit = core_exit,
	.outside = core_outside,
	.used = core_used,
	.run = core_run,
	.cycles = core_cycles,
};

const struct bench_heap bench_detached = {
	.name = "detached",
	.init = detached_init,
	.exit = core_exit,
	.outside = core_outside,
	.used = core_used,
	.run = core_run,
	.cycles = core_cycles,
};
