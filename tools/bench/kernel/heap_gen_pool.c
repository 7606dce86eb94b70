// SPDX-License-Identifier: GPL-2.0
/* lib/genalloc.c of the kernel's source, first fit and best fit. */
#include <linux/genalloc.h>

#include "heap_gen_pool.h"

static int pool_best_init(u64 bytes, u32 block)
{
	return pool_init(bytes, gen_pool_best_fit);
}

static u64 pool_outside(void)
{
	return sizeof(*pool) + sizeof(struct gen_pool_chunk) +
	       gen_pool_size(pool) / BENCH_UNIT / BITS_PER_BYTE;
}

POOL_HEAP(bench_gen_pool, "gen_pool", pool_first_init);
POOL_HEAP(bench_gen_pool_best, "gen_pool-best", pool_best_init);
