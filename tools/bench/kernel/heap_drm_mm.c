// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/gpu/drm/drm_mm.c of the kernel's source. Its users embed a node in an object
 * of theirs, which is not counted here, and hold a lock of theirs, which is counted where
 * the name says so: one that all contexts can take, as a region has.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <drm/drm_mm.h>

#include "bench.h"

static struct drm_mm mm;
static DEFINE_RAW_SPINLOCK(mm_lock);
static struct drm_mm_node *nodes;

/* What drm_mm.c wants and nobody here calls. */
void drm_printf(struct drm_printer *p, const char *f, ...)
{
}

static int mm_init_range(u64 bytes, u32 block)
{
	nodes = kvcalloc(BENCH_SLOTS, sizeof(*nodes), GFP_KERNEL);
	if (!nodes)
		return -ENOMEM;
	drm_mm_init(&mm, 0, bytes);
	return 0;
}

static void mm_exit(void)
{
	drm_mm_takedown(&mm);
	kvfree(nodes);
}

static u64 mm_outside(void)
{
	struct drm_mm_node *node;
	u64 bytes = sizeof(mm);

	drm_mm_for_each_node(node, &mm)
		bytes += sizeof(*node);
	return bytes;
}

static u64 mm_used(void)
{
	struct drm_mm_node *node;
	u64 bytes = 0;

	drm_mm_for_each_node(node, &mm)
		bytes += node->size;
	return bytes;
}

static __always_inline bool insert(u32 slot, u32 bytes, u64 *at, enum drm_mm_insert_mode mode)
{
	struct drm_mm_node *node = &nodes[slot];

	if (drm_mm_insert_node_generic(&mm, node, bytes, 0, 0, mode))
		return false;
	*at = node->start;
	return true;
}

static __always_inline bool best_get(u32 slot, u32 bytes, u64 *at)
{
	return insert(slot, bytes, at, DRM_MM_INSERT_BEST);
}

static __always_inline bool low_get(u32 slot, u32 bytes, u64 *at)
{
	return insert(slot, bytes, at, DRM_MM_INSERT_LOW);
}

static __always_inline void best_put(u32 slot, u64 at, u32 bytes)
{
	drm_mm_remove_node(&nodes[slot]);
}

BENCH_LOOPS(best)

static __always_inline bool lock_get(u32 slot, u32 bytes, u64 *at)
{
	unsigned long flags;
	bool got;

	raw_spin_lock_irqsave(&mm_lock, flags);
	got = best_get(slot, bytes, at);
	raw_spin_unlock_irqrestore(&mm_lock, flags);
	return got;
}

static __always_inline void lock_put(u32 slot, u64 at, u32 bytes)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&mm_lock, flags);
	best_put(slot, at, bytes);
	raw_spin_unlock_irqrestore(&mm_lock, flags);
}

BENCH_LOOPS(lock)

static __always_inline void low_put(u32 slot, u64 at, u32 bytes)
{
	best_put(slot, at, bytes);
}

BENCH_LOOPS(low)

const struct bench_heap bench_drm_mm = {
	.name = "drm_mm",
	.ranged = true,
	.init = mm_init_range,
	.exit = mm_exit,
	.outside = mm_outside,
	.used = mm_used,
	.run = best_run,
	.cycles = best_cycles,
};

/* It places as the one without a lock does. */
const struct bench_heap bench_drm_mm_lock = {
	.name = "drm_mm-lock",
	.init = mm_init_range,
	.exit = mm_exit,
	.outside = mm_outside,
	.used = mm_used,
	.run = lock_run,
	.cycles = lock_cycles,
};

const struct bench_heap bench_drm_mm_low = {
	.name = "drm_mm-low",
	.ranged = true,
	.init = mm_init_range,
	.exit = mm_exit,
	.outside = mm_outside,
	.used = mm_used,
	.run = low_run,
	.cycles = low_cycles,
};
