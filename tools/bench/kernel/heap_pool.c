// SPDX-License-Identifier: GPL-2.0
/* The same calls, by talloc's header. */
#include <linux/talloc_genpool.h>

#include <talloc_region.h>
#include "heap_gen_pool.h"

static u64 pool_outside(void)
{
	const struct talloc_span window = { POOL_BEGIN, POOL_BEGIN + gen_pool_size(pool) };

	return sizeof(*pool) + sizeof(struct gen_pool_chunk) + sizeof(struct talloc_region) +
	       sizeof(struct region_span) + talloc_heap_table_bytes(window, BENCH_UNIT);
}

POOL_HEAP(bench_pool, "pool", pool_first_init);
