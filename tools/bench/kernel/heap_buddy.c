// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/gpu/buddy.c of the kernel's source, asked for contiguous blocks. Its chunks
 * are 4 KiB or more, so a unit is a page here.
 */
#include <linux/gpu_buddy.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "bench.h"

#define SCALE	(SZ_4K / BENCH_UNIT)

static struct gpu_buddy buddy;
static struct list_head *blocks;

static int buddy_init(u64 bytes, u32 block)
{
	u32 i;
	int err;

	blocks = kvmalloc_array(BENCH_SLOTS, sizeof(*blocks), GFP_KERNEL);
	if (!blocks)
		return -ENOMEM;
	for (i = 0; i < BENCH_SLOTS; i++)
		INIT_LIST_HEAD(&blocks[i]);
	err = gpu_buddy_init(&buddy, bytes * SCALE, SZ_4K);
	if (err)
		kvfree(blocks);
	return err;
}

static void buddy_exit(void)
{
	gpu_buddy_fini(&buddy);
	kvfree(blocks);
}

/* What has been merged keeps the pointers to its halves, which are gone. */
static u32 count(struct gpu_buddy_block *block)
{
	return gpu_buddy_block_is_split(block) ? 1 + count(block->left) + count(block->right) : 1;
}

static u64 buddy_outside(void)
{
	u64 bytes = sizeof(buddy);
	u32 i;

	for (i = 0; i < buddy.n_roots; i++)
		bytes += (u64)count(buddy.roots[i]) * sizeof(*buddy.roots[i]);
	return bytes;
}

static u64 buddy_used(void)
{
	return (buddy.size - buddy.avail) / SCALE;
}

static __always_inline bool buddy_get(u32 slot, u32 bytes, u64 *at)
{
	u64 size = (u64)round_up(bytes, BENCH_UNIT) * SCALE;
	struct gpu_buddy_block *first;

	if (gpu_buddy_alloc_blocks(&buddy, 0, buddy.size, size, SZ_4K, &blocks[slot],
				   GPU_BUDDY_CONTIGUOUS_ALLOCATION))
		return false;
	first = list_first_entry(&blocks[slot], struct gpu_buddy_block, link);
	*at = gpu_buddy_block_offset(first) / SCALE;
	return true;
}

static __always_inline void buddy_put(u32 slot, u64 at, u32 bytes)
{
	gpu_buddy_free_list(&buddy, &blocks[slot], 0);
}

BENCH_LOOPS(buddy)

const struct bench_heap bench_buddy = {
	.name = "buddy",
	.ranged = true,
	.init = buddy_init,
	.exit = buddy_exit,
	.outside = buddy_outside,
	.used = buddy_used,
	.run = buddy_run,
	.cycles = buddy_cycles,
};
