// SPDX-License-Identifier: GPL-2.0
/* What the loop itself costs. */
#include <linux/compiler.h>

#include "bench.h"

static int null_init(u64 bytes, u32 block)
{
	return 0;
}

static void null_exit(void)
{
}

static __always_inline bool null_get(u32 slot, u32 bytes, u64 *at)
{
	*at = (u64)slot << 32;
	return true;
}

static __always_inline void null_put(u32 slot, u64 at, u32 bytes)
{
	OPTIMIZER_HIDE_VAR(at);
}

BENCH_LOOPS(null)

const struct bench_heap bench_null = {
	.name = "null",
	.init = null_init,
	.exit = null_exit,
	.run = null_run,
	.cycles = null_cycles,
};
