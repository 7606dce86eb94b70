// SPDX-License-Identifier: GPL-2.0
/*
 * talloc's regions: named sets of spans with one heap each, a lock, a lifetime,
 * and calls like kmalloc()'s.
 */

/**
 * DOC: Regions
 *
 * A region is a name and up to 64 spans. An allocation tries the spans by rising
 * preference, and among equals in the order in which they were added; a free finds
 * its span by address. The raw spinlock of the region is held for one operation on
 * one heap after another, each of them bounded, so regions may be used from any
 * context but NMI, on PREEMPT_RT too. Whatever takes time in proportion to a size,
 * to zero or copy a block or to walk a heap, is done without the lock or in slices.
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

/* What each of these guards, and their order, is in talloc_region.h. */
static DEFINE_MUTEX(create_lock);
/* Next inside of it. */
DEFINE_MUTEX(talloc_regions_lock);
LIST_HEAD(talloc_regions);
LIST_HEAD(talloc_orphans);

/*
 * Spans.
 */

static struct talloc_span memory_span(const void *memory, size_t bytes)
{
	return (struct talloc_span){ (unsigned long)memory, (unsigned long)memory + bytes };
}

static int span_heap_init(struct talloc_heap *heap, const struct region_span *span, u32 unit,
			  struct talloc_span part)
{
	struct talloc_heap_config config = {
		.window = memory_span(span->memory, span->bytes),
		.span = part,
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
	talloc_backing_unmap(span);
	kvfree(span);
}

/* Whether two spans have an address in common, virtual or physical. */
static bool spans_overlap(const struct region_span *a, const struct region_span *b)
{
	if (talloc_span_intersects(memory_span(a->memory, a->memory ? a->bytes : 0),
				   memory_span(b->memory, b->memory ? b->bytes : 0)))
		return true;
	return a->phys != TALLOC_NO_PHYS && b->phys != TALLOC_NO_PHYS &&
	       a->phys < b->phys + b->bytes && b->phys < a->phys + a->bytes;
}

static bool region_overlaps(struct talloc_region *region, const struct region_span *span)
{
	unsigned long flags;
	bool found = false;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	for (i = 0; !found && i < region->nr_spans; i++)
		found = spans_overlap(region->spans[i], span);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return found;
}

/* Whether a region, listed or orphaned, has a byte of this span. */
static bool span_is_claimed(const struct region_span *span)
{
	struct talloc_region *region;
	bool found = false;

	mutex_lock(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_regions, list)
		found = found || region_overlaps(region, span);
	list_for_each_entry(region, &talloc_orphans, list)
		found = found || region_overlaps(region, span);
	mutex_unlock(&talloc_regions_lock);
	return found;
}

/* The part of a window that a span has at first. */
static int span_part(const struct region_span *span, const struct talloc_backing *backing,
		     struct talloc_span *part)
{
	struct talloc_span window = memory_span(span->memory, span->bytes);
	u64 bytes = backing->bytes;

	if (backing->offset >= span->bytes)
		return -EINVAL;
	if (!bytes)
		bytes = span->bytes - backing->offset;
	if (!talloc_span_make(part, window.start + backing->offset, bytes) ||
	    !talloc_span_contains(window, *part))
		return -EINVAL;
	return 0;
}

static int span_init(const struct talloc_region *region, const struct talloc_backing *backing,
		     struct region_span *span, gfp_t gfp)
{
	struct talloc_span part;
	int err;

	err = talloc_backing_map(region, backing, span, gfp);
	if (err)
		return err;
	err = span_part(span, backing, &part);
	if (err)
		return err;
	if (!(region->flags & TALLOC_NO_LIVE_MAP)) {
		u64 bytes = talloc_heap_map_bytes(memory_span(span->memory, span->bytes),
						  region->unit);

		span->live_map = kvmalloc(bytes, gfp);
		if (!span->live_map)
			return -ENOMEM;
	}
	return span_heap_init(&span->heap, span, region->unit, part);
}

/*
 * A span that is nobody's yet. Context: create_lock, but for TALLOC_VMALLOC, which
 * no other span can overlap.
 */
static struct region_span *span_create(const struct talloc_region *region,
				       const struct talloc_backing *backing, gfp_t gfp)
{
	struct region_span *span = kvzalloc(sizeof(*span), gfp);
	int err;

	if (!span)
		return ERR_PTR(-ENOMEM);
	span->type = backing->type;
	span->preference = backing->preference;
	span->phys = TALLOC_NO_PHYS;
	err = talloc_backing_find(region, backing, span);
	if (!err && span->bytes / region->unit >= TALLOC_UNITS_LIMIT)
		err = -E2BIG;
	if (!err && span->type != TALLOC_VMALLOC && span_is_claimed(span))
		err = -EADDRINUSE;
	if (!err)
		err = span_init(region, backing, span, gfp);
	if (err) {
		span_free(span);
		return ERR_PTR(err);
	}
	return span;
}

static bool span_has(const struct region_span *span, const void *addr)
{
	return (unsigned long)addr - (unsigned long)span->memory < span->bytes;
}

struct region_span *talloc_region_find_span(const struct talloc_region *region, const void *addr)
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

/*
 * Give a region one more span, after all of at most its preference. On failure it
 * is still the caller's.
 *
 * Context: region->spans_lock unless the span comes last, as only then no other
 * changes its place under a walk.
 */
static int region_put_span(struct talloc_region *region, struct region_span *span, size_t max_bytes)
{
	unsigned long flags;
	int err = 0;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	i = region->nr_spans;
	if (i == TALLOC_SPANS_MAX) {
		err = -ENOSPC;
	} else if (max_bytes && (span->bytes > max_bytes ||
				 region_bytes(region) > max_bytes - span->bytes)) {
		err = -EDQUOT;
	} else {
		for (; i && region->spans[i - 1]->preference > span->preference; i--)
			region->spans[i] = region->spans[i - 1];
		region->spans[i] = span;
		region->nr_spans++;
	}
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
	span = talloc_region_find_span(region, addr);
	if (span && !talloc_heap_damage(&span->heap))
		talloc_heap_find(&span->heap, (unsigned long)addr, &misuse.chunk);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (status == TALLOC_DAMAGED)
		region_report_damage(region);
	talloc_report_misuse(region, &misuse);
}

/*
 * Allocation.
 */

static void *region_try(struct talloc_region *region, size_t bytes, size_t align, bool *damage)
	__must_hold(&region->lock)
{
	enum talloc_status status;
	struct region_span *span;
	u64 before, addr;
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++) {
		span = region->spans[i];
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_alloc_aligned(&span->heap, bytes, align, &addr);
		if (likely(!status)) {
			region->counts.allocs++;
			region_account(region, span, before);
			return (void *)(unsigned long)addr;
		}
		*damage |= status == TALLOC_DAMAGED && !span->damage_reported;
	}
	return NULL;
}

/* One try, of which a failure is not yet final. */
static void *region_alloc_once(struct talloc_region *region, size_t bytes, size_t align)
{
	unsigned long flags;
	bool damage = false;
	void *block;

	raw_spin_lock_irqsave(&region->lock, flags);
	block = region_try(region, bytes, align, &damage);
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

/* What is free in spans that are in service. */
static u64 region_free_bytes(const struct talloc_region *region) __must_hold(&region->lock)
{
	struct talloc_heap_stats heap;
	u64 bytes = 0;
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++) {
		talloc_heap_stats(&region->spans[i]->heap, &heap);
		if (!talloc_heap_damage(&region->spans[i]->heap))
			bytes += heap.free_bytes;
	}
	return bytes;
}

static void region_count_failure(struct talloc_region *region, size_t bytes)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	if (bytes > region_free_bytes(region))
		region->counts.failures_full++;
	else
		region->counts.failures_fragmented++;
	raw_spin_unlock_irqrestore(&region->lock, flags);
}

/* Add a span in which a request will fit. */
static int region_grow(struct talloc_region *region, size_t bytes, size_t align, gfp_t gfp)
{
	struct talloc_backing backing = { .type = TALLOC_VMALLOC, .preference = INT_MAX };
	size_t room = 2 * (size_t)region->unit + TALLOC_SLOT_BYTES;
	struct region_span *span;
	int err;

	if (!region->grow_bytes)
		return -ENOSPC;
	if (check_add_overflow(room, bytes, &room) || check_add_overflow(room, align, &room) ||
	    check_add_overflow(room, align, &room))
		return -EOVERFLOW;
	room = max(room, region->grow_bytes);
	backing.bytes = PAGE_ALIGN(room);
	span = span_create(region, &backing, (gfp & ~__GFP_ZERO) | __GFP_NOWARN);
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
	span = talloc_region_find_span(region, block);
	if (span)
		talloc_heap_lookup(&span->heap, (unsigned long)block, &usable, NULL);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return usable;
}

static void *region_alloc_zeroed(struct talloc_region *region, size_t bytes, size_t align,
				 gfp_t gfp)
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
EXPORT_SYMBOL_TALLOC(talloc_region_alloc);

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
EXPORT_SYMBOL_TALLOC(talloc_region_alloc_aligned);

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
EXPORT_SYMBOL_TALLOC(talloc_region_alloc_array);

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
	span = talloc_region_find_span(region, block);
	if (likely(span)) {
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_free(&span->heap, (unsigned long)block);
	}
	if (likely(!status)) {
		region->counts.frees++;
		region_account(region, span, before);
		reap = span->grown && !talloc_heap_blocks(&span->heap);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (reap)
		mod_delayed_work(system_wq, &region->reap, REAP_DELAY);
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
EXPORT_SYMBOL_TALLOC(talloc_region_free);

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
	span = talloc_region_find_span(region, block);
	if (likely(span))
		status = talloc_heap_lookup(&span->heap, (unsigned long)block, usable, align);
	if (likely(!status)) {
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_resize_in_place(&span->heap, (unsigned long)block, bytes);
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
EXPORT_SYMBOL_TALLOC(talloc_region_resize);

/*
 * Grow a block downwards. The lock is not held while the contents move: between
 * the two calls the block has the whole of its room, which is the caller's.
 */
static void *region_slide(struct talloc_region *region, void *block, size_t bytes, size_t usable)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct region_span *span;
	unsigned long flags;
	u64 before, addr, room, align;
	void *moved;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, block);
	if (span) {
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_slide(&span->heap, (unsigned long)block, bytes, &addr);
		region_account(region, span, before);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (status)
		return NULL;
	moved = (void *)(unsigned long)addr;
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
 * talloc_region_alloc_aligned() keeps its alignment.
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
EXPORT_SYMBOL_TALLOC(talloc_region_realloc);

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
	span = talloc_region_find_span(region, block);
	if (likely(span))
		status = talloc_heap_lookup(&span->heap, (unsigned long)block, &usable, NULL);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (unlikely(status))
		region_misuse(region, "usable_size", block, status, _RET_IP_);
	return usable;
}
EXPORT_SYMBOL_TALLOC(talloc_region_usable_size);

/**
 * talloc_region_contains() - whether an address lies in a span of a region
 * @region: the region
 * @addr: any address, of a live block or not
 *
 * Context: any but NMI. Bounded.
 *
 * Return: whether @addr lies in one, in service or not.
 */
bool talloc_region_contains(struct talloc_region *region, const void *addr)
{
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&region->lock, flags);
	found = talloc_region_find_span(region, addr);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return found;
}
EXPORT_SYMBOL_TALLOC(talloc_region_contains);

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
EXPORT_SYMBOL_TALLOC(talloc_region_stats);

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
EXPORT_SYMBOL_TALLOC(talloc_region_walk);

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
EXPORT_SYMBOL_TALLOC(talloc_region_check);

/*
 * Changing the spans.
 */

/* Give a region a span for good. Pre: create_lock. */
static int region_add_backing(struct talloc_region *region, const struct talloc_backing *backing)
{
	struct region_span *span = span_create(region, backing, GFP_KERNEL);
	int err;

	lockdep_assert_held(&create_lock);
	if (IS_ERR(span))
		return PTR_ERR(span);
	mutex_lock(&region->spans_lock);
	err = region_put_span(region, span, 0);
	mutex_unlock(&region->spans_lock);
	if (err)
		span_free(span);
	return err;
}

/**
 * talloc_region_add_backing() - give a region one more span, from anywhere
 * @region: the region
 * @backing: where its memory comes from; read during the call only
 *
 * Context: process context, may sleep.
 *
 * Return: 0, or an error as talloc_region_create(); -ENOSPC also where the region
 * has %TALLOC_SPANS_MAX spans.
 */
int talloc_region_add_backing(struct talloc_region *region, const struct talloc_backing *backing)
{
	int err;

	mutex_lock(&create_lock);
	err = region_add_backing(region, backing);
	mutex_unlock(&create_lock);
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_add_backing);

/**
 * talloc_region_add_span() - give a region one more span
 * @region: the region
 * @memory: mapped, writable, and the caller's until the span is removed or the
 *	region destroyed; %NULL to have it from vmalloc()
 * @bytes: its size
 *
 * It comes last among spans of preference 0 in the order in which spans are tried.
 *
 * Context: process context, may sleep.
 *
 * Return: 0; -EINVAL, -E2BIG, -EADDRINUSE or -ENOMEM as talloc_region_create();
 * -ENOSPC where it is too small for a block, or the region has
 * %TALLOC_SPANS_MAX spans.
 */
int talloc_region_add_span(struct talloc_region *region, void *memory, size_t bytes)
{
	struct talloc_backing backing = {
		.type = memory ? TALLOC_MEMORY : TALLOC_VMALLOC,
		.memory = memory,
		.bytes = bytes,
	};

	return talloc_region_add_backing(region, &backing);
}
EXPORT_SYMBOL_TALLOC(talloc_region_add_span);

/* The first span from @i on that was grown and is empty; nr_spans if none. */
static u32 region_find_reapable(const struct talloc_region *region, u32 i)
	__must_hold(&region->lock)
{
	lockdep_assert_held(&region->lock);
	if (region->nr_spans == 1)
		return 1;	/* a region has at least one */
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
EXPORT_SYMBOL_TALLOC(talloc_region_reap);

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
EXPORT_SYMBOL_TALLOC(talloc_region_remove_span);

/*
 * Windows.
 */

static int window_error(enum talloc_status status)
{
	switch (status) {
	case TALLOC_OK:
		return 0;
	case TALLOC_BUSY:
		return -EBUSY;
	case TALLOC_DAMAGED:
		return -EIO;
	default:
		return -ENOSPC;
	}
}

/**
 * talloc_region_extend() - let a span have more of its window
 * @region: the region
 * @addr: any address in the span's window
 * @low: bytes to add below its start
 * @high: bytes to add above its end
 *
 * In place, with live blocks where they are. Both are rounded down to units, and
 * what is less than a smallest block may be left out.
 *
 * Context: any but NMI. Bounded.
 *
 * Return: 0; -ENOENT where @addr is in no window; -ENOSPC where the window does
 * not reach so far; -EIO where the span is out of service. Nothing has changed then.
 */
int talloc_region_extend(struct talloc_region *region, const void *addr, size_t low, size_t high)
{
	struct region_span *span;
	struct talloc_span want;
	unsigned long flags;
	int err = -ENOENT;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (span) {
		err = -ENOSPC;
		want = talloc_heap_span(&span->heap);
		if (talloc_span_extend(&want, low, high) &&
		    talloc_span_contains(memory_span(span->memory, span->bytes), want))
			err = window_error(talloc_heap_set_span(&span->heap, want, NULL));
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_extend);

/**
 * talloc_region_truncate() - take memory away from a span, at either end
 * @region: the region
 * @addr: any address in the span's window
 * @low: bytes to cut at its start
 * @high: bytes to cut at its end
 * @in_the_way: where to put a live block that stands there; may be %NULL
 *
 * In place, with live blocks where they are. Both are rounded up to units, or down
 * where less than a smallest block would be left over. The window stays, so the
 * span can be extended again.
 *
 * Context: any but NMI. Bounded.
 *
 * Return: 0; -ENOENT where @addr is in no window; -ENOSPC where less than a
 * smallest block would be left in all; -EBUSY where a live block is in the way;
 * -EIO where the span is out of service. Nothing has changed then.
 */
int talloc_region_truncate(struct talloc_region *region, const void *addr, size_t low, size_t high,
			   void **in_the_way)
{
	struct talloc_chunk chunk = { };
	struct region_span *span;
	struct talloc_span want;
	unsigned long flags;
	int err = -ENOENT;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (span) {
		err = -ENOSPC;
		want = talloc_heap_span(&span->heap);
		if (talloc_span_truncate(&want, low, high))
			err = window_error(talloc_heap_set_span(&span->heap, want, &chunk));
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (err == -EBUSY && in_the_way)
		*in_the_way = (void *)(unsigned long)chunk.addr;
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_truncate);

/* How much of @low and @high lies outside of @keep, a part of @span. */
static void trim_limit(struct talloc_span span, struct talloc_span keep, size_t *low, size_t *high)
{
	*low = min_t(u64, *low, keep.start - span.start);
	*high = min_t(u64, *high, span.end - keep.end);
}

static enum talloc_status span_trim(struct region_span *span, u32 unit, size_t *low, size_t *high)
{
	struct talloc_span was = talloc_heap_span(&span->heap);
	struct talloc_span keep = talloc_heap_used_span(&span->heap);
	enum talloc_status status;

	/* An empty heap keeps a smallest block at its start. */
	if (talloc_span_empty(keep))
		keep = talloc_span_below(was, was.start + 2 * (u64)unit + TALLOC_SLOT_BYTES);
	trim_limit(was, keep, low, high);
	keep.start = was.start + *low;
	keep.end = was.end - *high;
	status = talloc_heap_set_span(&span->heap, keep, NULL);
	keep = talloc_heap_span(&span->heap);
	*low = keep.start - was.start;
	*high = was.end - keep.end;
	return status;
}

/**
 * talloc_region_trim() - take away as much of a span as no block is in the way of
 * @region: the region
 * @addr: any address in the span's window
 * @low: most bytes to cut at its start; then how many were
 * @high: most bytes to cut at its end; then how many were
 *
 * Context: any but NMI. Bounded.
 *
 * Return: 0; -ENOENT where @addr is in no window; -EIO where the span is out of
 * service; @low and @high are 0 then.
 */
int talloc_region_trim(struct talloc_region *region, const void *addr, size_t *low, size_t *high)
{
	struct region_span *span;
	unsigned long flags;
	int err = -ENOENT;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (span && talloc_heap_damage(&span->heap))
		err = -EIO;
	else if (span)
		err = window_error(span_trim(span, region->unit, low, high));
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (err)
		*low = *high = 0;
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_trim);

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
		err = span_heap_init(fresh, span, region->unit, talloc_heap_span(&span->heap));
		raw_spin_lock_irqsave(&region->lock, flags);
		span->heap = *fresh;
		span->damage_reported = false;
		raw_spin_unlock_irqrestore(&region->lock, flags);
	}
	mutex_unlock(&region->spans_lock);
	kvfree(fresh);
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_reset);

/*
 * Life of a region.
 */

static const char name_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

static bool name_is_valid(const char *name)
{
	size_t length = strnlen(name, TALLOC_NAME_MAX + 1);

	return length && length <= TALLOC_NAME_MAX && name[0] != '.' &&
	       strcmp(name, "regions") &&
	       strspn(name, name_characters) == length;
}

static bool node_has_memory(int node)
{
	return node >= 0 && node < MAX_NUMNODES && node_online(node);
}

static bool config_is_valid(const struct talloc_region_config *config)
{
	u32 unit = config->unit ? config->unit : TALLOC_UNIT_MIN;

	return config->name && name_is_valid(config->name) &&
	       is_power_of_2(unit) && unit >= TALLOC_UNIT_MIN && unit <= TALLOC_UNIT_MAX &&
	       !(config->flags & ~(TALLOC_ON_NODE | TALLOC_NO_LIVE_MAP)) &&
	       (!(config->flags & TALLOC_ON_NODE) || node_has_memory(config->node)) &&
	       !(config->backing && (config->memory || config->bytes)) &&
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

static bool region_name_is_taken(const char *name)
{
	bool taken;

	mutex_lock(&talloc_regions_lock);
	taken = region_find(name);
	mutex_unlock(&talloc_regions_lock);
	return taken;
}

static void region_publish(struct talloc_region *region)
{
	mutex_lock(&talloc_regions_lock);
	list_add_tail(&region->list, &talloc_regions);
	mutex_unlock(&talloc_regions_lock);
}

/* Pre: nobody can find the region any more. */
static void region_release(struct talloc_region *region)
{
	u32 i;

	cancel_delayed_work_sync(&region->reap);
	for (i = 0; i < region->nr_spans; i++)
		span_free(region->spans[i]);
	mutex_destroy(&region->spans_lock);
	of_node_put(region->of_node);
	kfree(region);
}

static int region_open(struct talloc_region *region, const struct talloc_backing *backing)
{
	int err;

	mutex_lock(&create_lock);
	/* Names come and go under other locks too, but none comes without this one. */
	err = region_name_is_taken(region->name) ? -EEXIST : region_add_backing(region, backing);
	if (!err)
		region_publish(region);
	mutex_unlock(&create_lock);
	return err;
}

/* talloc_region_create() for whom @owner is. */
struct talloc_region *__talloc_region_create(const struct talloc_region_config *config,
					     struct module *owner)
{
	struct talloc_backing backing = { };
	struct talloc_region *region;
	int err;

	if (!config || !config_is_valid(config))
		return ERR_PTR(-EINVAL);
	backing.type = config->memory ? TALLOC_MEMORY : TALLOC_VMALLOC;
	backing.memory = config->memory;
	backing.bytes = config->bytes;
	region = region_new(config, owner);
	if (!region)
		return ERR_PTR(-ENOMEM);
	err = region_open(region, config->backing ? config->backing : &backing);
	if (err) {
		region_release(region);
		return ERR_PTR(err);
	}
	talloc_debugfs_add(region);
	return region;
}
EXPORT_SYMBOL_TALLOC(__talloc_region_create);

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
 * Return: 0; -EBUSY; -EPERM for a region that goes with a device.
 */
int talloc_region_destroy(struct talloc_region *region)
{
	u64 blocks;

	if (region->managed)
		return -EPERM;
	mutex_lock(&talloc_regions_lock);
	blocks = region_live_blocks(region);
	if (region->references || blocks) {
		unsigned int references = region->references;

		mutex_unlock(&talloc_regions_lock);
		if (references)
			talloc_report_references(region, references, "not destroyed");
		else
			talloc_report_live(region, blocks, "not destroyed");
		return -EBUSY;
	}
	region_unpublish(region);
	mutex_unlock(&talloc_regions_lock);
	region_release(region);
	return 0;
}
EXPORT_SYMBOL_TALLOC(talloc_region_destroy);

/* Memory that is not the region's own may be gone at any time now. */
static void region_drop_foreign_spans(struct talloc_region *region)
{
	unsigned long flags;
	u32 i = 0;

	mutex_lock(&region->spans_lock);
	while (i < READ_ONCE(region->nr_spans)) {
		struct region_span *span = region->spans[i];

		if (span->type != TALLOC_MEMORY) {
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

/* The owner's handler may not be called any more. */
static void region_disown(struct talloc_region *region)
{
	unsigned long flags;

	lockdep_assert_held(&talloc_regions_lock);
	raw_spin_lock_irqsave(&region->lock, flags);
	region->oom = NULL;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	region->owner = NULL;
}

/*
 * Take a region away from an owner who is gone. Those who have a reference may go
 * on with what is in the region's own memory until they put it.
 */
void talloc_region_abandon(struct talloc_region *region)
{
	u64 blocks = region_live_blocks(region);

	lockdep_assert_held(&talloc_regions_lock);
	if (blocks && !region->references)
		talloc_report_live(region, blocks, "left behind");
	region_disown(region);
	region_unpublish(region);
	if (!region->references) {
		region_release(region);
		return;
	}
	region_drop_foreign_spans(region);
	region->orphan = true;
	list_add_tail(&region->list, &talloc_orphans);
}

/* The owner of an orphan is back: the region is listed again, if its name is free. */
struct talloc_region *talloc_region_adopt(const struct device_node *np, struct module *owner)
{
	struct talloc_region *region, *found = NULL;

	mutex_lock(&create_lock);
	mutex_lock(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_orphans, list)
		if (region->of_node == np && !region_find(region->name))
			found = region;
	if (found) {
		found->orphan = false;
		found->owner = owner;
		list_move_tail(&found->list, &talloc_regions);
	}
	mutex_unlock(&talloc_regions_lock);
	mutex_unlock(&create_lock);
	if (found)
		talloc_debugfs_add(found);
	return found;
}

static void region_devm_release(void *region)
{
	mutex_lock(&talloc_regions_lock);
	talloc_region_abandon(region);
	mutex_unlock(&talloc_regions_lock);
}

/* From now on, also if this fails, @region goes when @dev is unbound. */
int talloc_region_manage(struct talloc_region *region, struct device *dev)
{
	region->managed = true;
	return devm_add_action_or_reset(dev, region_devm_release, region);
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
	err = talloc_region_manage(region, dev);
	return err ? ERR_PTR(err) : region;
}
EXPORT_SYMBOL_TALLOC(__devm_talloc_region_create);

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
EXPORT_SYMBOL_TALLOC(talloc_region_get);

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
	last = !--region->references && region->orphan;
	if (last)
		list_del(&region->list);
	mutex_unlock(&talloc_regions_lock);
	if (last)
		region_release(region);
}
EXPORT_SYMBOL_TALLOC(talloc_region_put);

/**
 * talloc_region_name() - the name of a region
 * @region: the region
 *
 * Context: any.
 *
 * Return: the name; valid as long as the region.
 */
const char *talloc_region_name(const struct talloc_region *region)
{
	return region->name;
}
EXPORT_SYMBOL_TALLOC(talloc_region_name);

/*
 * The module.
 */

static char *regions;
module_param(regions, charp, 0444);
MODULE_PARM_DESC(regions, "regions to create, e.g. log:1M,video:16M@0x18000000,crash@reserve_mem:crashlog");

static void regions_abandon(const struct module *owner)
{
	struct talloc_region *region, *next;

	mutex_lock(&talloc_regions_lock);
	list_for_each_entry_safe(region, next, &talloc_regions, list) {
		if (region->owner != owner)
			continue;
		if (region->managed)
			region_disown(region);	/* it goes with its device */
		else
			talloc_region_abandon(region);
	}
	mutex_unlock(&talloc_regions_lock);
}

/* References that were never put: nobody can be left who could. */
static void orphans_release(void)
{
	struct talloc_region *region, *next;

	list_for_each_entry_safe(region, next, &talloc_orphans, list) {
		talloc_report_references(region, region->references, "unloaded");
		region_release(region);
	}
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
	err = talloc_of_init();
	if (err)
		goto no_driver;
	err = talloc_param_regions(regions);
	if (err)
		goto no_regions;
	return 0;
no_regions:
	regions_abandon(THIS_MODULE);
	talloc_of_exit();
no_driver:
	unregister_module_notifier(&talloc_module_nb);
no_notifier:
	talloc_debugfs_exit();
	return err;
}

static void __exit talloc_exit(void)
{
	talloc_of_exit();
	unregister_module_notifier(&talloc_module_nb);
	regions_abandon(THIS_MODULE);
	orphans_release();
	talloc_debugfs_exit();
}

module_init(talloc_init);
module_exit(talloc_exit);
MODULE_DESCRIPTION("Heaps inside memory regions, for drivers");
MODULE_LICENSE("GPL");
