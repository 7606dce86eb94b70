// SPDX-License-Identifier: GPL-2.0
/* kmalloc(), a kmem_cache and a mempool over one, which all have the whole machine. */
#include <linux/mempool.h>
#include <linux/slab.h>

#include "bench.h"

#define POOL_RESERVE	16

static struct kmem_cache *cache;
static mempool_t *pool;

static int kmalloc_init(u64 bytes, u32 block)
{
	return 0;
}

static void kmalloc_exit(void)
{
}

static int cache_init(u64 bytes, u32 block)
{
	cache = kmem_cache_create("talloc_bench", block, 0, 0, NULL);
	return cache ? 0 : -ENOMEM;
}

static void cache_exit(void)
{
	kmem_cache_destroy(cache);
}

static int pool_init(u64 bytes, u32 block)
{
	int err = cache_init(bytes, block);

	if (err)
		return err;
	pool = mempool_create_slab_pool(POOL_RESERVE, cache);
	if (pool)
		return 0;
	cache_exit();
	return -ENOMEM;
}

static void pool_exit(void)
{
	mempool_destroy(pool);
	cache_exit();
}

/* With KASAN there may be no more: what is freed comes back only for who may sleep. */
#define BENCH_GFP	(GFP_ATOMIC | __GFP_NOWARN)

static __always_inline bool keep(void *block, u64 *at)
{
	if (!block)
		return false;
	*at = (unsigned long)block;
	return true;
}

static __always_inline bool kmalloc_get(u32 slot, u32 bytes, u64 *at)
{
	return keep(kmalloc(bytes, BENCH_GFP), at);
}

static __always_inline void kmalloc_put(u32 slot, u64 at, u32 bytes)
{
	kfree((void *)(unsigned long)at);
}

BENCH_LOOPS(kmalloc)

static __always_inline bool cache_get(u32 slot, u32 bytes, u64 *at)
{
	return keep(kmem_cache_alloc(cache, BENCH_GFP), at);
}

static __always_inline void cache_put(u32 slot, u64 at, u32 bytes)
{
	kmem_cache_free(cache, (void *)(unsigned long)at);
}

BENCH_LOOPS(cache)

static __always_inline bool pool_get(u32 slot, u32 bytes, u64 *at)
{
	return keep(mempool_alloc(pool, BENCH_GFP), at);
}

static __always_inline void pool_put(u32 slot, u64 at, u32 bytes)
{
	mempool_free((void *)(unsigned long)at, pool);
}

BENCH_LOOPS(pool)

const struct bench_heap bench_kmalloc = {
	.name = "kmalloc",
	.init = kmalloc_init,
	.exit = kmalloc_exit,
	.run = kmalloc_run,
	.cycles = kmalloc_cycles,
};

const struct bench_heap bench_kmem_cache = {
	.name = "kmem_cache",
	.one_size = true,
	.init = cache_init,
	.exit = cache_exit,
	.run = cache_run,
	.cycles = cache_cycles,
};

const struct bench_heap bench_mempool = {
	.name = "mempool",
	.one_size = true,
	.init = pool_init,
	.exit = pool_exit,
	.run = pool_run,
	.cycles = pool_cycles,
};
