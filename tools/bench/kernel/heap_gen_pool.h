/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A gen_pool as a driver has one, by whichever header was included before this: the
 * kernel's or talloc's.
 */
#include <linux/log2.h>

#include "bench.h"

/* gen_pool's failure is 0, so its ranges do not begin there. */
#define POOL_BEGIN	0x10000000ul

static struct gen_pool *pool;

static int pool_init(u64 bytes, genpool_algo_t algo)
{
	pool = gen_pool_create(ilog2(BENCH_UNIT), -1);
	if (!pool)
		return -ENOMEM;
	if (gen_pool_add(pool, POOL_BEGIN, bytes, -1)) {
		gen_pool_destroy(pool);
		return -ENOMEM;
	}
	gen_pool_set_algo(pool, algo, NULL);
	return 0;
}

static int pool_first_init(u64 bytes, u32 block)
{
	return pool_init(bytes, gen_pool_first_fit);
}

static void pool_exit(void)
{
	gen_pool_destroy(pool);
}

static u64 pool_used(void)
{
	return gen_pool_size(pool) - gen_pool_avail(pool);
}

static __always_inline bool pool_get(u32 slot, u32 bytes, u64 *at)
{
	*at = gen_pool_alloc(pool, bytes) ?: BENCH_NONE;
	return *at != BENCH_NONE;
}

static __always_inline void pool_put(u32 slot, u64 at, u32 bytes)
{
	gen_pool_free(pool, at, bytes);
}

BENCH_LOOPS(pool)

#define POOL_HEAP(heap, its_name, its_init)	\
const struct bench_heap heap = {		\
	.name = its_name,			\
	.ranged = true,				\
	.init = its_init,			\
	.exit = pool_exit,			\
	.outside = pool_outside,		\
	.used = pool_used,			\
	.run = pool_run,			\
	.cycles = pool_cycles,			\
}
