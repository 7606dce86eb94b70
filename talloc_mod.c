// SPDX-License-Identifier: GPL-2.0
/*
 * talloc's regions: named sets of spans with one heap each, a lock, a lifetime,
 * and calls like kmalloc()'s.
 */

/**
 * DOC: Regions
 *
 * A region is a name and up to 64 spans. An allocation tries the spans in the
 * order in which they were added; a free finds its span by address. The raw
 * spinlock of the region is held for one operation on one heap after another,
 * each of them bounded, so regions may be used from any context but NMI, on
 * PREEMPT_RT too. Whatever takes time in proportion to a size, to zero or copy a
 * block or to walk a heap, is done without the lock or in slices.
 *
 * Where nothing fits and the caller may block, the region grows by a vmalloc()'d
 * span if it was made so, and then asks its owner's handler; both without the
 * lock. What grew goes back when it has been empty for a second.
 */

/**
 * DOC: Misuse
 *
 * Any pointer may be handed to free, realloc, resize and usable_size. What is
 * not a live block of the region is refused: the heap stays as it is, and one
 * line in the log names the region, the call, the caller and what lies at the
 * address (at most 10 such lines in 5 seconds for each region; all are counted
 * in stats). With the live map, which every region has unless it was created
 * with TALLOC_NO_LIVE_MAP, that is certain for every pointer, whatever is
 * written in the blocks. Without, a pointer into a live block passes if the
 * block's contents look like a tag there.
 *
 * A tag that a driver has overwritten is found when an operation next meets it.
 * The span goes out of service: its blocks stay where they are, but nothing is
 * allocated or freed in it any more. Other spans of the region go on.
 */

#define pr_fmt(fmt) "talloc: " fmt

#include <linux/device.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "talloc_region.h"

/* A handler that says "try again" and has made no room is not believed for ever. */
#define OOM_TRIES	16

/* How long a grown span has to be empty before it goes back. */
#define REAP_DELAY	HZ

/* Chunks that a walk, and steps that a check, takes under the lock at a time. */
#define WALK_SLICE	16
#define CHECK_SLICE	256

/* How often a check begins anew because the heap changed under it. */
#define CHECK_TRIES	32

DEFINE_MUTEX(talloc_regions_lock);
LIST_HEAD(talloc_regions);

/*
 * Spans.
 */

static struct talloc_span memory_span(const void *memory, size_t bytes)
{
	return (struct talloc_span){ (unsigned long)memory, (unsigned long)memory + bytes };
}

static int span_heap_init(struct talloc_heap *heap, const struct region_span *span, u32 unit)
{
	struct talloc_heap_config config = {
		.window = memory_span(span->memory, span->bytes),
		.unit = unit,
		.live_map = span->live_map,
	};

	return talloc_heap_init(heap, &config) == TALLOC_OK ? 0 : -ENOSPC;
}

static void span_free(struct region_span *span)
{
	if (!span)
		return;
	kvfree(span->live_map);
	if (span->vmalloced)
		vfree(span->memory);
	kvfree(span);
}

static void *span_vmalloc(const struct talloc_region *region, size_t bytes, gfp_t gfp)
{
	if (region->flags & TALLOC_ON_NODE)
		return vmalloc_node(bytes, region->node);
	return __vmalloc(bytes, gfp);
}

/* Whether memory can be a span: the errors that do not depend on other regions. */
static int span_memory_check(const struct talloc_region *region, const void *memory, size_t bytes)
{
	unsigned long end;

	if (!bytes || check_add_overflow((unsigned long)memory, (unsigned long)bytes, &end))
		return -EINVAL;
	if (bytes / region->unit >= TALLOC_UNITS_LIMIT)
		return -E2BIG;
	return 0;
}

/* Whether no region has a byte of this memory. */
static bool memory_is_unclaimed(const void *memory, size_t bytes)
{
	struct talloc_span claim = memory_span(memory, bytes);
	struct talloc_region *region;
	unsigned long flags;
	bool ok = true;
	u32 i;

	lockdep_assert_held(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_regions, list) {
		raw_spin_lock_irqsave(&region->lock, flags);
		for (i = 0; i < region->nr_spans; i++)
			if (talloc_span_intersects(claim,
						   memory_span(region->spans[i]->memory,
							       region->spans[i]->bytes)))
				ok = false;
		raw_spin_unlock_irqrestore(&region->lock, flags);
	}
	return ok;
}

/* The same, asked before a heap writes its first tag there. */
static bool memory_is_free_to_use(const void *memory, size_t bytes)
{
	bool ok;

	mutex_lock(&talloc_regions_lock);
	ok = memory_is_unclaimed(memory, bytes);
	mutex_unlock(&talloc_regions_lock);
	return ok;
}

/* A span over @memory, or over memory from vmalloc() where that is NULL. */
static struct region_span *span_create(struct talloc_region *region, void *memory, size_t bytes,
				       gfp_t gfp)
{
	struct region_span *span;
	int err;

	err = span_memory_check(region, memory, bytes);
	if (err)
		return ERR_PTR(err);
	if (memory && !memory_is_free_to_use(memory, bytes))
		return ERR_PTR(-EADDRINUSE);
	span = kvzalloc(sizeof(*span), gfp);
	if (!span)
		return ERR_PTR(-ENOMEM);
	span->vmalloced = !memory;
	span->memory = memory ? memory : span_vmalloc(region, bytes, gfp);
	span->bytes = bytes;
	err = -ENOMEM;
	if (!span->memory)
		goto fail;
	if (!(region->flags & TALLOC_NO_LIVE_MAP)) {
		u64 map_bytes = talloc_heap_map_bytes(memory_span(span->memory, bytes),
						      region->unit);

		span->live_map = kvmalloc(map_bytes, gfp);
		if (!span->live_map)
			goto fail;
	}
	err = span_heap_init(&span->heap, span, region->unit);
	if (err)
		goto fail;
	return span;
fail:
	span_free(span);
	return ERR_PTR(err);
}

static bool span_has(const struct region_span *span, const void *addr)
{
	return (unsigned long)addr - (unsigned long)span->memory < span->bytes;
}

static struct region_span *region_find_span(const struct talloc_region *region, const void *addr)
	__must_hold(&region->lock)
{
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++)
		if (span_has(region->spans[i], addr))
			return region->spans[i];
	return NULL;
}

static size_t region_bytes(const struct talloc_region *region) __must_hold(&region->lock)
{
	size_t bytes = 0;
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++)
		bytes += region->spans[i]->bytes;
	return bytes;
}

/* Give a region one more span. On failure it is still the caller's. */
static int region_put_span(struct talloc_region *region, struct region_span *span, size_t max_bytes)
{
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(&region->lock, flags);
	if (region->nr_spans == TALLOC_SPANS_MAX)
		err = -ENOSPC;
	else if (max_bytes && (span->bytes > max_bytes ||
			       region_bytes(region) > max_bytes - span->bytes))
		err = -EDQUOT;
	else
		region->spans[region->nr_spans++] = span;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return err;
}

/* Take the span at @i away. It is then nobody's but the caller's. */
static struct region_span *region_take_span(struct talloc_region *region, u32 i)
	__must_hold(&region->lock)
{
	struct region_span *span = region->spans[i];

	lockdep_assert_held(&region->spans_lock);
	lockdep_assert_held(&region->lock);
	region->nr_spans--;
	memmove(&region->spans[i], &region->spans[i + 1],
		(region->nr_spans - i) * sizeof(*region->spans));
	return span;
}

/* Keep the region's sum of used bytes after a change in one span. */
static void region_account(struct talloc_region *region, const struct region_span *span,
			   u64 before)
	__must_hold(&region->lock)
{
	lockdep_assert_held(&region->lock);
	region->used_bytes += talloc_heap_used_bytes(&span->heap) - before;
	if (region->used_bytes > region->counts.peak_bytes)
		region->counts.peak_bytes = region->used_bytes;
}

/*
 * Reports: facts are gathered under the lock, and printed without it.
 */

static void region_report_damage(struct talloc_region *region)
{
	struct talloc_fault fault = { .rule = TALLOC_RULE_NONE };
	unsigned long flags;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	for (i = 0; i < region->nr_spans; i++) {
		struct region_span *span = region->spans[i];

		if (span->damage_reported || !talloc_heap_damage(&span->heap))
			continue;
		fault = *talloc_heap_damage(&span->heap);
		span->damage_reported = true;
		break;
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (fault.rule)
		talloc_report_damage(region, i, &fault);
}

static void region_misuse(struct talloc_region *region, const char *call, const void *addr,
			  enum talloc_status status, unsigned long caller)
{
	struct talloc_misuse misuse = {
		.call = call, .addr = addr, .status = status, .caller = caller,
	};
	struct region_span *span;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	region->counts.misuses++;
	span = region_find_span(region, addr);
	if (span && !talloc_heap_damage(&span->heap))
		talloc_heap_find(&span->heap, addr, &misuse.chunk);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (status == TALLOC_DAMAGED)
		region_report_damage(region);
	talloc_report_misuse(region, &misuse);
}

/*
 * Allocation.
 */

static void *region_try(struct talloc_region *region, size_t bytes, size_t align)
	__must_hold(&region->lock)
{
	struct region_span *span;
	void *block;
	u64 before;
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++) {
		span = region->spans[i];
		before = talloc_heap_used_bytes(&span->heap);
		block = talloc_heap_alloc_aligned(&span->heap, bytes, align);
		if (likely(block)) {
			region->counts.allocs++;
			region_account(region, span, before);
			return block;
		}
	}
	return NULL;
}

static bool region_has_new_damage(const struct talloc_region *region) __must_hold(&region->lock)
{
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++)
		if (talloc_heap_damage(&region->spans[i]->heap) &&
		    !region->spans[i]->damage_reported)
			return true;
	return false;
}

/* One try, of which a failure is not yet final. */
static void *region_alloc_once(struct talloc_region *region, size_t bytes, size_t align)
{
	unsigned long flags;
	bool damage = false;
	void *block;

	raw_spin_lock_irqsave(&region->lock, flags);
	block = region_try(region, bytes, align);
	if (unlikely(!block))
		damage = region_has_new_damage(region);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (unlikely(damage))
		region_report_damage(region);
	return block;
}

static void region_sum(const struct talloc_region *region, struct talloc_region_stats *stats)
	__must_hold(&region->lock)
{
	struct talloc_heap_stats heap;
	u32 i;

	lockdep_assert_held(&region->lock);
	memset(stats, 0, sizeof(*stats));
	stats->spans = region->nr_spans;
	for (i = 0; i < region->nr_spans; i++) {
		talloc_heap_stats(&region->spans[i]->heap, &heap);
		stats->spans_out_of_service += !!talloc_heap_damage(&region->spans[i]->heap);
		stats->total_bytes += heap.span_bytes;
		stats->used_bytes += heap.used_bytes;
		stats->free_bytes += heap.free_bytes;
		stats->largest_bytes = max(stats->largest_bytes, heap.largest_bytes);
		stats->blocks += heap.used_chunks;
		stats->free_chunks += heap.free_chunks;
	}
}

static void region_count_failure(struct talloc_region *region, size_t bytes)
{
	struct talloc_region_stats stats;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	region_sum(region, &stats);
	if (bytes > stats.free_bytes)
		region->counts.failures_full++;
	else
		region->counts.failures_fragmented++;
	raw_spin_unlock_irqrestore(&region->lock, flags);
}

/* Add a span in which a request will fit. */
static int region_grow(struct talloc_region *region, size_t bytes, size_t align, gfp_t gfp)
{
	size_t room = 2 * (size_t)region->unit + TALLOC_SLOT_BYTES;
	struct region_span *span;
	int err;

	if (!region->grow_bytes)
		return -ENOSPC;
	if (check_add_overflow(room, bytes, &room) || check_add_overflow(room, align, &room) ||
	    check_add_overflow(room, align, &room))
		return -EOVERFLOW;
	room = max(room, region->grow_bytes);
	span = span_create(region, NULL, PAGE_ALIGN(room), (gfp & ~__GFP_ZERO) | __GFP_NOWARN);
	if (IS_ERR(span))
		return PTR_ERR(span);
	span->grown = true;
	err = region_put_span(region, span, region->max_bytes);
	if (err)
		span_free(span);
	return err;
}

/* Whether it is worth trying again. */
static bool region_make_room(struct talloc_region *region, size_t bytes, size_t align, gfp_t gfp)
{
	unsigned long flags;
	talloc_oom_fn oom;
	void *data;

	if (!gfpflags_allow_blocking(gfp) || (!region->grow_bytes && !READ_ONCE(region->oom)))
		return false;
	raw_spin_lock_irqsave(&region->lock, flags);
	region->counts.oom_calls++;
	oom = region->oom;
	data = region->oom_data;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	might_sleep();
	if (!region_grow(region, bytes, align, gfp))
		return true;
	return oom && !oom(region, bytes, align, gfp, data);
}

static void *region_alloc(struct talloc_region *region, size_t bytes, size_t align, gfp_t gfp)
{
	void *block = region_alloc_once(region, bytes, align);
	int tries;

	for (tries = 0; unlikely(!block) && tries < OOM_TRIES; tries++) {
		if (!region_make_room(region, bytes, align, gfp))
			break;
		block = region_alloc_once(region, bytes, align);
	}
	if (unlikely(!block))
		region_count_failure(region, bytes);
	return block;
}

/* The size of a block that the caller has just been given, so it must be live. */
static size_t region_block_bytes(struct talloc_region *region, const void *block)
{
	struct region_span *span;
	unsigned long flags;
	u64 usable = 0;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = region_find_span(region, block);
	if (span)
		talloc_heap_lookup(&span->heap, block, &usable, NULL);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return usable;
}

static void *region_alloc_zeroed(struct talloc_region *region, size_t bytes, size_t align, gfp_t gfp)
{
	void *block = region_alloc(region, bytes, align, gfp);

	if (block && gfp & __GFP_ZERO)
		memset(block, 0, region_block_bytes(region, block));
	return block;
}

/**
 * talloc_region_alloc() - allocate memory from a region
 * @region: the region
 * @bytes: size in bytes
 * @gfp: %GFP_KERNEL and its like let the region grow and its handler run when
 *	there is no room; %GFP_ATOMIC and %GFP_NOWAIT do not. %__GFP_ZERO zeroes the
 *	whole usable size. Where the memory comes from was decided at create, so
 *	zone flags do not matter.
 *
 * The block is aligned to the region's unit, 8 bytes unless it was created with
 * another.
 *
 * Context: any but NMI; process context where @gfp allows blocking. The lock is
 * held for a bounded time; zeroing is done without it.
 *
 * Return: the block, %ZERO_SIZE_PTR for size 0, or %NULL.
 */
void *talloc_region_alloc(struct talloc_region *region, size_t bytes, gfp_t gfp)
{
	if (unlikely(!bytes))
		return ZERO_SIZE_PTR;
	return region_alloc_zeroed(region, bytes, 1, gfp);
}
TALLOC_EXPORT(talloc_region_alloc);

/**
 * talloc_region_alloc_aligned() - allocate memory at an aligned address
 * @region: the region
 * @bytes: size in bytes
 * @align: a power of two, in bytes; the block's virtual address is a multiple
 * @gfp: as talloc_region_alloc()
 *
 * talloc_region_realloc() keeps the alignment.
 *
 * Context: any but NMI; process context where @gfp allows blocking.
 *
 * Return: the block, %ZERO_SIZE_PTR for size 0, or %NULL; %NULL with a report in
 * the log where @align is not a power of two.
 */
void *talloc_region_alloc_aligned(struct talloc_region *region, size_t bytes, size_t align,
				  gfp_t gfp)
{
	unsigned long flags;

	if (unlikely(!is_power_of_2(align))) {
		raw_spin_lock_irqsave(&region->lock, flags);
		region->counts.misuses++;
		raw_spin_unlock_irqrestore(&region->lock, flags);
		talloc_report_align(region, align, _RET_IP_);
		return NULL;
	}
	if (unlikely(!bytes))
		return ZERO_SIZE_PTR;
	return region_alloc_zeroed(region, bytes, align, gfp);
}
TALLOC_EXPORT(talloc_region_alloc_aligned);

/**
 * talloc_region_alloc_array() - allocate memory for an array
 * @region: the region
 * @count: number of elements
 * @bytes: size of one
 * @gfp: as talloc_region_alloc()
 *
 * Context: any but NMI; process context where @gfp allows blocking.
 *
 * Return: as talloc_region_alloc(); %NULL where the product overflows.
 */
void *talloc_region_alloc_array(struct talloc_region *region, size_t count, size_t bytes, gfp_t gfp)
{
	size_t all;

	if (unlikely(check_mul_overflow(count, bytes, &all))) {
		region_count_failure(region, SIZE_MAX);
		return NULL;
	}
	return talloc_region_alloc(region, all, gfp);
}
TALLOC_EXPORT(talloc_region_alloc_array);

/*
 * Freeing.
 */

static enum talloc_status region_free(struct talloc_region *region, const void *block)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct region_span *span;
	unsigned long flags;
	bool reap = false;
	u64 before;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = region_find_span(region, block);
	if (likely(span)) {
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_free(&span->heap, block);
	}
	if (likely(!status)) {
		region->counts.frees++;
		region_account(region, span, before);
		reap = span->grown && !talloc_heap_blocks(&span->heap);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (reap)
		schedule_delayed_work(&region->reap, REAP_DELAY);
	return status;
}

/**
 * talloc_region_free() - free a block
 * @region: the region
 * @block: what an allocation from @region returned; %NULL and %ZERO_SIZE_PTR do
 *	nothing. Any other pointer is reported and refused.
 *
 * Context: any but NMI. Bounded.
 */
void talloc_region_free(struct talloc_region *region, const void *block)
{
	enum talloc_status status;

	if (unlikely(ZERO_OR_NULL_PTR(block)))
		return;
	status = region_free(region, block);
	if (unlikely(status))
		region_misuse(region, "free", block, status, _RET_IP_);
}
TALLOC_EXPORT(talloc_region_free);

/*
 * Resizing.
 */

/* Resize in place. In any case tell what the block had room for. */
static enum talloc_status region_resize(struct talloc_region *region, const void *block,
					size_t bytes, u64 *usable, u64 *align)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct region_span *span;
	unsigned long flags;
	u64 before;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = region_find_span(region, block);
	if (likely(span))
		status = talloc_heap_lookup(&span->heap, block, usable, align);
	if (likely(!status)) {
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_resize_in_place(&span->heap, block, bytes);
		region_account(region, span, before);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return status;
}

/**
 * talloc_region_resize() - change the size of a block where it stands
 * @region: the region
 * @block: a live block of @region
 * @bytes: new size in bytes, not 0
 *
 * Never moves the block, so its alignment stays. To shrink always succeeds.
 *
 * Context: any but NMI. Bounded.
 *
 * Return: 0; -ENOSPC where there is no room to grow; -EINVAL for size 0, and with
 * a report in the log for what is not a live block; -EIO where the block's span
 * is out of service. On failure the block is as it was.
 */
int talloc_region_resize(struct talloc_region *region, void *block, size_t bytes)
{
	enum talloc_status status;
	u64 usable, align;

	if (unlikely(!bytes))
		return -EINVAL;
	status = region_resize(region, block, bytes, &usable, &align);
	if (status == TALLOC_OK)
		return 0;
	if (status == TALLOC_FULL)
		return -ENOSPC;
	region_misuse(region, "resize", block, status, _RET_IP_);
	return status == TALLOC_DAMAGED ? -EIO : -EINVAL;
}
TALLOC_EXPORT(talloc_region_resize);

/*
 * Grow a block downwards. The lock is not held while the contents move: between
 * the two calls the block has the whole of its room, which is the caller's.
 */
static void *region_slide(struct talloc_region *region, void *block, size_t bytes, size_t usable)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct region_span *span;
	unsigned long flags;
	u64 before, room, align;
	void *moved = NULL;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = region_find_span(region, block);
	if (span) {
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_slide(&span->heap, block, bytes, &moved);
		region_account(region, span, before);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (status)
		return NULL;
	memmove(moved, block, usable);
	region_resize(region, moved, bytes, &room, &align);
	return moved;
}

/* A block that cannot grow where it stands. */
static void *region_move(struct talloc_region *region, void *block, size_t bytes, size_t usable,
			 size_t align, gfp_t gfp)
{
	void *new = region_alloc_once(region, bytes, align);

	if (!new) {
		new = region_slide(region, block, bytes, usable);
		if (new)
			return new;
		new = region_alloc(region, bytes, align, gfp);
	}
	if (!new)
		return NULL;
	memcpy(new, block, usable);
	region_free(region, block);
	return new;
}

/**
 * talloc_region_realloc() - change the size of a block, moving it if need be
 * @region: the region
 * @block: a live block of @region; %NULL and %ZERO_SIZE_PTR to allocate
 * @bytes: new size in bytes; 0 to free
 * @gfp: as talloc_region_alloc(). With %__GFP_ZERO what is new is zeroed; that is
 *	of use only where it was given for the block from its beginning.
 *
 * In place if possible, else to a new block, else down into free memory right
 * below. Contents are kept up to the smaller of both sizes. What came from
 * talloc_region_alloc_aligned() keeps the alignment that its address has, which
 * may be more than was asked for.
 *
 * Context: any but NMI; process context where @gfp allows blocking. Copies
 * without the lock.
 *
 * Return: the block, which is where @block was or elsewhere; %ZERO_SIZE_PTR for
 * size 0; %NULL on failure, and then @block is as it was.
 */
void *talloc_region_realloc(struct talloc_region *region, void *block, size_t bytes, gfp_t gfp)
{
	enum talloc_status status;
	void *new = block;
	u64 usable, align;
	size_t zero_from;

	if (ZERO_OR_NULL_PTR(block))
		return talloc_region_alloc(region, bytes, gfp);
	if (!bytes) {
		status = region_free(region, block);
		if (unlikely(status))
			region_misuse(region, "realloc", block, status, _RET_IP_);
		return ZERO_SIZE_PTR;
	}
	status = region_resize(region, block, bytes, &usable, &align);
	if (status == TALLOC_FULL) {
		new = region_move(region, block, bytes, usable, align, gfp);
	} else if (status) {
		region_misuse(region, "realloc", block, status, _RET_IP_);
		return NULL;
	}
	if (new && gfp & __GFP_ZERO) {
		zero_from = min_t(size_t, usable, bytes);
		memset(new + zero_from, 0, region_block_bytes(region, new) - zero_from);
	}
	return new;
}
TALLOC_EXPORT(talloc_region_realloc);

/*
 * Looking.
 */

/**
 * talloc_region_usable_size() - how much of a block may be used
 * @region: the region
 * @block: a live block of @region; %NULL and %ZERO_SIZE_PTR have size 0
 *
 * Context: any but NMI. Bounded.
 *
 * Return: bytes, at least what was asked for; 0 with a report in the log for what
 * is not a live block.
 */
size_t talloc_region_usable_size(struct talloc_region *region, const void *block)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct region_span *span;
	unsigned long flags;
	u64 usable = 0;

	if (ZERO_OR_NULL_PTR(block))
		return 0;
	raw_spin_lock_irqsave(&region->lock, flags);
	span = region_find_span(region, block);
	if (likely(span))
		status = talloc_heap_lookup(&span->heap, block, &usable, NULL);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (unlikely(status))
		region_misuse(region, "usable_size", block, status, _RET_IP_);
	return usable;
}
TALLOC_EXPORT(talloc_region_usable_size);

/**
 * talloc_region_contains() - whether an address lies in a span of a region
 * @region: the region
 * @addr: any address, of a live block or not
 *
 * Context: any but NMI. Bounded.
 */
bool talloc_region_contains(struct talloc_region *region, const void *addr)
{
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&region->lock, flags);
	found = region_find_span(region, addr);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return found;
}
TALLOC_EXPORT(talloc_region_contains);

/**
 * talloc_region_stats() - figures of a region
 * @region: the region
 * @stats: where to put them; all of one moment
 *
 * Context: any but NMI. Bounded by the number of spans.
 */
void talloc_region_stats(struct talloc_region *region, struct talloc_region_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	region_sum(region, stats);
	stats->peak_bytes = region->counts.peak_bytes;
	stats->allocs = region->counts.allocs;
	stats->frees = region->counts.frees;
	stats->failures_full = region->counts.failures_full;
	stats->failures_fragmented = region->counts.failures_fragmented;
	stats->oom_calls = region->counts.oom_calls;
	stats->misuses = region->counts.misuses;
	raw_spin_unlock_irqrestore(&region->lock, flags);
}
TALLOC_EXPORT(talloc_region_stats);

/*
 * Walks and checks, in slices.
 */

static void chunk_to_piece(const struct talloc_chunk *chunk, u32 span, struct talloc_piece *piece)
{
	*piece = (struct talloc_piece){
		.addr = (void *)(unsigned long)chunk->addr,
		.bytes = chunk->bytes,
		.usable = chunk->usable,
		.span = span,
		.state = chunk->state == TALLOC_CHUNK_USED ? TALLOC_PIECE_BLOCK :
			 chunk->state == TALLOC_CHUNK_FREE ? TALLOC_PIECE_FREE :
			 TALLOC_PIECE_UNKNOWN,
	};
}

static u32 walk_slice(struct talloc_region *region, struct region_span *span,
		      struct talloc_walk *walk, struct talloc_chunk *slice)
{
	unsigned long flags;
	u32 n;

	raw_spin_lock_irqsave(&region->lock, flags);
	for (n = 0; n < WALK_SLICE; n++)
		if (!talloc_heap_walk_next(&span->heap, walk, &slice[n]))
			break;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return n;
}

static int walk_span(struct talloc_region *region, u32 i, talloc_walk_fn fn, void *data,
		     bool *changed)
{
	struct region_span *span = region->spans[i];
	struct talloc_chunk slice[WALK_SLICE];
	struct talloc_piece piece;
	struct talloc_walk walk;
	unsigned long flags;
	u32 n, count;
	int ret;

	raw_spin_lock_irqsave(&region->lock, flags);
	talloc_heap_walk_begin(&span->heap, &walk);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	do {
		count = walk_slice(region, span, &walk, slice);
		for (n = 0; n < count; n++) {
			chunk_to_piece(&slice[n], i, &piece);
			ret = fn(&piece, data);
			if (ret)
				return ret;
		}
		cond_resched();
	} while (count == WALK_SLICE);
	*changed |= walk.changed;
	return 0;
}

/* As talloc_region_walk(), and says whether the region changed meanwhile. */
int __talloc_region_walk(struct talloc_region *region, talloc_walk_fn fn, void *data,
			 bool *changed)
{
	int ret = 0;
	u32 i;

	*changed = false;
	mutex_lock(&region->spans_lock);
	for (i = 0; !ret && i < READ_ONCE(region->nr_spans); i++)
		ret = walk_span(region, i, fn, data, changed);
	mutex_unlock(&region->spans_lock);
	return ret;
}

/**
 * talloc_region_walk() - look at all blocks and free pieces of a region
 * @region: the region
 * @fn: called for each piece, by span and then by rising address
 * @data: handed to @fn
 *
 * In slices: the region is locked for a bounded time, and may change in between.
 * The walk then goes on at the next live block, and shows what it had to leave
 * out as %TALLOC_PIECE_UNKNOWN. A span out of service ends at its damage.
 *
 * Context: process context, may sleep.
 *
 * Return: 0, or what @fn returned if that was not 0.
 */
int talloc_region_walk(struct talloc_region *region, talloc_walk_fn fn, void *data)
{
	bool changed;

	return __talloc_region_walk(region, fn, data, &changed);
}
TALLOC_EXPORT(talloc_region_walk);

static enum talloc_check_state check_span_once(struct talloc_region *region,
					       struct region_span *span,
					       struct talloc_fault *fault)
{
	enum talloc_check_state state;
	struct talloc_check check;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	talloc_heap_check_begin(&span->heap, &check);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	do {
		raw_spin_lock_irqsave(&region->lock, flags);
		state = talloc_heap_check_step(&span->heap, &check, CHECK_SLICE, fault);
		raw_spin_unlock_irqrestore(&region->lock, flags);
		cond_resched();
	} while (state == TALLOC_CHECK_MORE);
	return state;
}

static enum talloc_check_state check_span(struct talloc_region *region, struct region_span *span,
					  struct talloc_fault *fault)
{
	enum talloc_check_state state = TALLOC_CHECK_CHANGED;
	int tries;

	for (tries = 0; state == TALLOC_CHECK_CHANGED && tries < CHECK_TRIES; tries++)
		state = check_span_once(region, span, fault);
	return state;
}

/* As talloc_region_check(), but tells the fault in place of reporting it. */
int __talloc_region_check(struct talloc_region *region, struct talloc_fault *fault, u32 *span)
{
	enum talloc_check_state state = TALLOC_CHECK_CLEAN;
	u32 i;

	mutex_lock(&region->spans_lock);
	for (i = 0; state == TALLOC_CHECK_CLEAN && i < READ_ONCE(region->nr_spans); i++) {
		*span = i;
		state = check_span(region, region->spans[i], fault);
	}
	mutex_unlock(&region->spans_lock);
	if (state == TALLOC_CHECK_CLEAN)
		return 0;
	return state == TALLOC_CHECK_FAULT ? -EUCLEAN : -EAGAIN;
}

/**
 * talloc_region_check() - check a region against the invariants of its heaps
 * @region: the region
 *
 * Only reads, survives any damage, and locks the region for bounded slices. A
 * heap that changes between two slices is begun anew, up to 32 times; a busy
 * region may need to be left alone for a moment.
 *
 * Context: process context, may sleep.
 *
 * Return: 0 if all is well; -EUCLEAN, with a report in the log, if not; -EAGAIN
 * where the region changed under each attempt.
 */
int talloc_region_check(struct talloc_region *region)
{
	struct talloc_fault fault;
	u32 span;
	int err;

	err = __talloc_region_check(region, &fault, &span);
	if (err == -EUCLEAN)
		talloc_report_damage(region, span, &fault);
	return err;
}
TALLOC_EXPORT(talloc_region_check);

/*
 * Changing the spans.
 */

/**
 * talloc_region_add_span() - give a region one more span
 * @region: the region
 * @memory: mapped, writable, and the caller's until the span is removed or the
 *	region destroyed; %NULL to have it from vmalloc()
 * @bytes: its size
 *
 * It comes last in the order in which spans are tried.
 *
 * Context: process context, may sleep.
 *
 * Return: 0; -EINVAL, -E2BIG, -EADDRINUSE or -ENOMEM as talloc_region_create();
 * -ENOSPC where it is too small for a block, or the region has
 * %TALLOC_SPANS_MAX spans.
 */
int talloc_region_add_span(struct talloc_region *region, void *memory, size_t bytes)
{
	struct region_span *span;
	int err = -EADDRINUSE;

	span = span_create(region, memory, bytes, GFP_KERNEL);
	if (IS_ERR(span))
		return PTR_ERR(span);
	mutex_lock(&talloc_regions_lock);
	if (memory_is_unclaimed(span->memory, span->bytes))
		err = region_put_span(region, span, 0);
	mutex_unlock(&talloc_regions_lock);
	if (err)
		span_free(span);
	return err;
}
TALLOC_EXPORT(talloc_region_add_span);

/* The first span from @i on that was grown and is empty; nr_spans if none. */
static u32 region_find_reapable(const struct talloc_region *region, u32 i)
	__must_hold(&region->lock)
{
	lockdep_assert_held(&region->lock);
	for (; i < region->nr_spans; i++)
		if (region->spans[i]->grown && !talloc_heap_blocks(&region->spans[i]->heap))
			break;
	return i;
}

/**
 * talloc_region_reap() - give back the spans that a region grew by and that are
 * empty
 * @region: the region
 *
 * Happens by itself a second after the last block of such a span was freed.
 *
 * Context: process context, may sleep.
 *
 * Return: how many spans went.
 */
int talloc_region_reap(struct talloc_region *region)
{
	struct region_span *span;
	unsigned long flags;
	int count = 0;
	u32 i = 0;

	mutex_lock(&region->spans_lock);
	do {
		span = NULL;
		raw_spin_lock_irqsave(&region->lock, flags);
		i = region_find_reapable(region, i);
		if (i < region->nr_spans)
			span = region_take_span(region, i);
		raw_spin_unlock_irqrestore(&region->lock, flags);
		count += !!span;
		span_free(span);
	} while (span);
	mutex_unlock(&region->spans_lock);
	return count;
}
TALLOC_EXPORT(talloc_region_reap);

static void region_reap_work(struct work_struct *work)
{
	talloc_region_reap(container_of(to_delayed_work(work), struct talloc_region, reap));
}

/**
 * talloc_region_remove_span() - take an empty span away from a region
 * @region: the region
 * @addr: any address in the span
 *
 * Memory from vmalloc() is freed; other memory is the caller's again.
 *
 * Context: process context, may sleep.
 *
 * Return: 0; -ENOENT where @addr is in none; -EBUSY where it has live blocks;
 * -EPERM where it is the only one.
 */
int talloc_region_remove_span(struct talloc_region *region, const void *addr)
{
	struct region_span *span = NULL;
	unsigned long flags;
	int err = -ENOENT;
	u32 i;

	mutex_lock(&region->spans_lock);
	raw_spin_lock_irqsave(&region->lock, flags);
	for (i = 0; i < region->nr_spans; i++)
		if (span_has(region->spans[i], addr))
			break;
	if (i < region->nr_spans) {
		err = -EBUSY;
		if (region->nr_spans == 1)
			err = -EPERM;
		else if (!talloc_heap_blocks(&region->spans[i]->heap))
			err = 0;
	}
	if (!err)
		span = region_take_span(region, i);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	span_free(span);
	mutex_unlock(&region->spans_lock);
	return err;
}
TALLOC_EXPORT(talloc_region_remove_span);

static void region_retire(struct talloc_region *region)
{
	unsigned long flags;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	for (i = 0; i < region->nr_spans; i++)
		talloc_heap_retire(&region->spans[i]->heap);
	region->used_bytes = 0;
	raw_spin_unlock_irqrestore(&region->lock, flags);
}

/**
 * talloc_region_reset() - free all blocks of a region at once
 * @region: the region
 *
 * All pointers into it become invalid. Spans stay, and one that was out of
 * service is in service again. Until it returns, allocations fail and frees are
 * refused. Takes time in proportion to the live map, without the lock.
 *
 * Context: process context, may sleep.
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
int talloc_region_reset(struct talloc_region *region)
{
	struct region_span *span;
	struct talloc_heap *fresh;
	unsigned long flags;
	int err = 0;
	u32 i;

	fresh = kvmalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	mutex_lock(&region->spans_lock);
	region_retire(region);
	for (i = 0; !err && i < READ_ONCE(region->nr_spans); i++) {
		span = region->spans[i];
		err = span_heap_init(fresh, span, region->unit);
		raw_spin_lock_irqsave(&region->lock, flags);
		span->heap = *fresh;
		span->damage_reported = false;
		raw_spin_unlock_irqrestore(&region->lock, flags);
	}
	mutex_unlock(&region->spans_lock);
	kvfree(fresh);
	return err;
}
TALLOC_EXPORT(talloc_region_reset);

/*
 * Life of a region.
 */

static bool name_is_valid(const char *name)
{
	size_t length = strnlen(name, TALLOC_NAME_MAX + 1);

	return length && length <= TALLOC_NAME_MAX && name[0] != '.' &&
	       strcmp(name, "regions") &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == length;
}

static bool config_is_valid(const struct talloc_region_config *config)
{
	u32 unit = config->unit ? config->unit : TALLOC_UNIT_MIN;

	return config->name && name_is_valid(config->name) &&
	       is_power_of_2(unit) && unit >= TALLOC_UNIT_MIN && unit <= TALLOC_UNIT_MAX &&
	       !(config->flags & ~(TALLOC_ON_NODE | TALLOC_NO_LIVE_MAP)) &&
	       (!(config->flags & TALLOC_ON_NODE) || node_possible(config->node)) &&
	       (!config->max_bytes ||
		(config->grow_bytes && config->max_bytes >= config->bytes));
}

static struct talloc_region *region_new(const struct talloc_region_config *config,
					struct module *owner)
{
	struct talloc_region *region = kzalloc(sizeof(*region), GFP_KERNEL);

	if (!region)
		return NULL;
	strscpy(region->name, config->name, sizeof(region->name));
	region->unit = config->unit ? config->unit : TALLOC_UNIT_MIN;
	region->flags = config->flags;
	region->node = config->node;
	region->grow_bytes = config->grow_bytes;
	region->max_bytes = config->max_bytes;
	region->oom = config->oom;
	region->oom_data = config->oom_data;
	region->owner = owner;
	INIT_LIST_HEAD(&region->list);
	raw_spin_lock_init(&region->lock);
	mutex_init(&region->spans_lock);
	INIT_DELAYED_WORK(&region->reap, region_reap_work);
	ratelimit_state_init(&region->ratelimit, 5 * HZ, 10);
	ratelimit_set_flags(&region->ratelimit, RATELIMIT_MSG_ON_RELEASE);
	return region;
}

static struct talloc_region *region_find(const char *name)
{
	struct talloc_region *region;

	lockdep_assert_held(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_regions, list)
		if (!strcmp(region->name, name))
			return region;
	return NULL;
}

/* Enter a region into the list, where its name and memory are still free. */
static int region_publish(struct talloc_region *region)
{
	const struct region_span *span = region->spans[0];
	int err = 0;

	mutex_lock(&talloc_regions_lock);
	if (region_find(region->name))
		err = -EEXIST;
	else if (!memory_is_unclaimed(span->memory, span->bytes))
		err = -EADDRINUSE;
	else
		list_add_tail(&region->list, &talloc_regions);
	mutex_unlock(&talloc_regions_lock);
	return err;
}

/* Pre: nobody can find the region any more. */
static void region_release(struct talloc_region *region)
{
	u32 i;

	cancel_delayed_work_sync(&region->reap);
	for (i = 0; i < region->nr_spans; i++)
		span_free(region->spans[i]);
	mutex_destroy(&region->spans_lock);
	kfree(region);
}

/* talloc_region_create() for whom @owner is. */
struct talloc_region *__talloc_region_create(const struct talloc_region_config *config,
					     struct module *owner)
{
	struct talloc_region *region;
	struct region_span *span;
	int err;

	if (!config || !config_is_valid(config))
		return ERR_PTR(-EINVAL);
	region = region_new(config, owner);
	if (!region)
		return ERR_PTR(-ENOMEM);
	span = span_create(region, config->memory, config->bytes, GFP_KERNEL);
	if (IS_ERR(span)) {
		region_release(region);
		return ERR_CAST(span);
	}
	region_put_span(region, span, 0);
	err = region_publish(region);
	if (err) {
		region_release(region);
		return ERR_PTR(err);
	}
	talloc_debugfs_add(region);
	return region;
}
TALLOC_EXPORT(__talloc_region_create);

/* Live blocks in spans that are in service: others cannot be freed. */
static u64 region_live_blocks(struct talloc_region *region)
{
	unsigned long flags;
	u64 blocks = 0;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	for (i = 0; i < region->nr_spans; i++)
		if (!talloc_heap_damage(&region->spans[i]->heap))
			blocks += talloc_heap_blocks(&region->spans[i]->heap);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return blocks;
}

static void region_unpublish(struct talloc_region *region)
{
	lockdep_assert_held(&talloc_regions_lock);
	talloc_debugfs_remove(region);
	list_del_init(&region->list);
}

/**
 * talloc_region_destroy() - destroy a region
 * @region: the region
 *
 * Refuses where blocks are live or others hold a reference: the region is as it
 * was, and the log names the blocks. Memory of the region's own is freed; other
 * memory is the caller's again.
 *
 * A module that unloads and leaves a region behind loses it: what is live is
 * reported, and the region destroyed. Where others have a reference it lives on
 * until they put it, without a name and without the memory that was the module's.
 *
 * Context: process context, may sleep.
 *
 * Return: 0 or -EBUSY.
 */
int talloc_region_destroy(struct talloc_region *region)
{
	u64 blocks;

	mutex_lock(&talloc_regions_lock);
	blocks = region_live_blocks(region);
	if (region->references || blocks) {
		unsigned int references = region->references;

		mutex_unlock(&talloc_regions_lock);
		if (references)
			talloc_report_references(region, references);
		else
			talloc_report_live(region, blocks, "not destroyed");
		return -EBUSY;
	}
	region_unpublish(region);
	mutex_unlock(&talloc_regions_lock);
	region_release(region);
	return 0;
}
TALLOC_EXPORT(talloc_region_destroy);

/* Memory that is not the region's own may be gone at any time now. */
static void region_drop_foreign_spans(struct talloc_region *region)
{
	unsigned long flags;
	u32 i = 0;

	mutex_lock(&region->spans_lock);
	while (i < READ_ONCE(region->nr_spans)) {
		struct region_span *span = region->spans[i];

		if (span->vmalloced) {
			i++;
			continue;
		}
		raw_spin_lock_irqsave(&region->lock, flags);
		region->used_bytes -= talloc_heap_used_bytes(&span->heap);
		region_take_span(region, i);
		raw_spin_unlock_irqrestore(&region->lock, flags);
		span_free(span);
	}
	mutex_unlock(&region->spans_lock);
}

/*
 * Take a region away from an owner who is gone. Those who have a reference may go
 * on with what is in the region's own memory until they put it.
 */
static void region_abandon(struct talloc_region *region)
{
	u64 blocks = region_live_blocks(region);
	unsigned long flags;

	lockdep_assert_held(&talloc_regions_lock);
	if (blocks)
		talloc_report_live(region, blocks, "left behind");
	raw_spin_lock_irqsave(&region->lock, flags);
	region->oom = NULL;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	region->owner = NULL;
	region_unpublish(region);
	if (region->references)
		region_drop_foreign_spans(region);
	else
		region_release(region);
}

static void region_devm_release(void *region)
{
	mutex_lock(&talloc_regions_lock);
	region_abandon(region);
	mutex_unlock(&talloc_regions_lock);
}

/* devm_talloc_region_create() for whom @owner is. */
struct talloc_region *__devm_talloc_region_create(struct device *dev,
						  const struct talloc_region_config *config,
						  struct module *owner)
{
	struct talloc_region *region = __talloc_region_create(config, owner);
	int err;

	if (IS_ERR(region))
		return region;
	err = devm_add_action_or_reset(dev, region_devm_release, region);
	return err ? ERR_PTR(err) : region;
}
TALLOC_EXPORT(__devm_talloc_region_create);

/**
 * talloc_region_get() - find a region by name and hold on to it
 * @name: its name
 *
 * Context: process context, may sleep.
 *
 * Return: the region, which cannot be destroyed until talloc_region_put(); or
 * %NULL where there is none.
 */
struct talloc_region *talloc_region_get(const char *name)
{
	struct talloc_region *region;

	mutex_lock(&talloc_regions_lock);
	region = region_find(name);
	if (region)
		region->references++;
	mutex_unlock(&talloc_regions_lock);
	return region;
}
TALLOC_EXPORT(talloc_region_get);

/**
 * talloc_region_put() - let go of a region
 * @region: what talloc_region_get() returned
 *
 * Context: process context, may sleep.
 */
void talloc_region_put(struct talloc_region *region)
{
	bool last;

	mutex_lock(&talloc_regions_lock);
	if (WARN_ON_ONCE(!region->references)) {
		mutex_unlock(&talloc_regions_lock);
		return;
	}
	last = !--region->references && list_empty(&region->list);
	mutex_unlock(&talloc_regions_lock);
	if (last)
		region_release(region);
}
TALLOC_EXPORT(talloc_region_put);

/**
 * talloc_region_name() - the name of a region
 * @region: the region
 *
 * Context: any.
 */
const char *talloc_region_name(const struct talloc_region *region)
{
	return region->name;
}
TALLOC_EXPORT(talloc_region_name);

/*
 * The module.
 */

static char *regions;
module_param(regions, charp, 0444);
MODULE_PARM_DESC(regions, "regions to create, as name:size[,name:size...], e.g. scratch:16M,log:1M");

static void regions_abandon(const struct module *owner)
{
	struct talloc_region *region, *next;

	mutex_lock(&talloc_regions_lock);
	list_for_each_entry_safe(region, next, &talloc_regions, list)
		if (region->owner == owner)
			region_abandon(region);
	mutex_unlock(&talloc_regions_lock);
}

/* A module that goes takes its memory, its handler and its blocks along. */
static int talloc_module_event(struct notifier_block *nb, unsigned long event, void *module)
{
	if (event == MODULE_STATE_GOING)
		regions_abandon(module);
	return NOTIFY_OK;
}

static struct notifier_block talloc_module_nb = {
	.notifier_call = talloc_module_event,
};

static int __init talloc_init(void)
{
	int err;

	talloc_debugfs_init();
	err = register_module_notifier(&talloc_module_nb);
	if (err)
		goto no_notifier;
	err = talloc_param_regions(regions);
	if (err)
		goto no_regions;
	return 0;
no_regions:
	regions_abandon(THIS_MODULE);
	unregister_module_notifier(&talloc_module_nb);
no_notifier:
	talloc_debugfs_exit();
	return err;
}

static void __exit talloc_exit(void)
{
	unregister_module_notifier(&talloc_module_nb);
	regions_abandon(THIS_MODULE);
	talloc_debugfs_exit();
}

module_init(talloc_init);
module_exit(talloc_exit);
MODULE_DESCRIPTION("Heaps inside memory regions, for drivers");
MODULE_LICENSE("GPL");
