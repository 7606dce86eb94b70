// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks: to allocate, free and resize them.
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

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "talloc_region.h"

/* A handler that says "try again" and has made no room is not believed for ever. */
#define OOM_TRIES	16

/* How long a grown span has to be empty before it goes back. */
#define REAP_DELAY	HZ

/**
 * struct request - an allocation or a resize on its way
 * @bytes: size that is asked for
 * @align: alignment that is asked for, or that the block to be resized has
 * @gfp: the caller's
 * @was: usable size of the block to be resized
 * @addr: the block that came of it
 * @usable: with __GFP_ZERO, its usable size
 */
struct request {
	size_t bytes;
	u64 align;
	gfp_t gfp;
	u64 was;
	u64 addr;
	u64 usable;
};

static void *pointer(u64 addr)
{
	return (void *)(unsigned long)addr;
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

/* What zeroing has to know of a block that has just been made or resized. */
static void request_measure(struct request *request, struct region_span *span)
{
	if (request->gfp & __GFP_ZERO)
		talloc_heap_lookup(&span->heap, request->addr, &request->usable, NULL);
}

static bool region_try(struct talloc_region *region, struct request *request, bool *damage)
	__must_hold(&region->lock)
{
	enum talloc_status status;
	struct region_span *span;
	u64 before;
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++) {
		span = region->spans[i];
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_alloc_aligned(&span->heap, request->bytes, request->align,
						   &request->addr);
		if (likely(!status)) {
			region->counts.allocs++;
			region_account(region, span, before);
			request_measure(request, span);
			return true;
		}
		*damage |= status == TALLOC_DAMAGED && !span->damage_reported;
	}
	return false;
}

/* One try, of which a failure is not yet final. */
static bool region_alloc_once(struct talloc_region *region, struct request *request)
{
	unsigned long flags;
	bool damage = false;
	bool done;

	raw_spin_lock_irqsave(&region->lock, flags);
	done = region_try(region, request, &damage);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (unlikely(damage))
		region_report_damage(region);
	return done;
}

static void region_count_failure(struct talloc_region *region, size_t bytes)
{
	struct talloc_region_stats usable;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	__talloc_region_sum(region, true, &usable);
	if (bytes > usable.free_bytes)
		region->counts.failures_full++;
	else
		region->counts.failures_fragmented++;
	raw_spin_unlock_irqrestore(&region->lock, flags);
}

/* Add a span in which a request will fit. */
static int region_grow(struct talloc_region *region, const struct request *request)
{
	struct talloc_backing backing = { .type = TALLOC_VMALLOC, .preference = INT_MAX };
	size_t room = talloc_region_least_bytes(region);
	struct region_span *span;
	int err;

	if (!region->grow_bytes)
		return -ENOSPC;
	if (check_add_overflow(room, request->bytes, &room) ||
	    check_add_overflow(room, (size_t)request->align, &room) ||
	    check_add_overflow(room, (size_t)request->align, &room))
		return -EOVERFLOW;
	room = max(room, region->grow_bytes);
	backing.bytes = PAGE_ALIGN(room);
	span = talloc_region_span_create(region, &backing,
					 (request->gfp & ~__GFP_ZERO) | __GFP_NOWARN);
	if (IS_ERR(span))
		return PTR_ERR(span);
	span->grown = true;
	err = talloc_region_put_span(region, span, region->max_bytes);
	if (err)
		talloc_region_span_free(span);
	return err;
}

/* Whether it is worth trying again. */
static bool region_make_room(struct talloc_region *region, const struct request *request)
{
	unsigned long flags;
	talloc_oom_fn oom;
	void *data;

	if (!gfpflags_allow_blocking(request->gfp) ||
	    (!region->grow_bytes && !READ_ONCE(region->oom)))
		return false;
	raw_spin_lock_irqsave(&region->lock, flags);
	region->counts.oom_calls++;
	oom = region->oom;
	data = region->oom_data;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	might_sleep();
	if (!region_grow(region, request))
		return true;
	return oom && !oom(region, request->bytes, request->align, request->gfp, data);
}

static bool region_alloc(struct talloc_region *region, struct request *request)
{
	bool done = region_alloc_once(region, request);
	int tries;

	for (tries = 0; unlikely(!done) && tries < OOM_TRIES; tries++) {
		if (!region_make_room(region, request))
			break;
		done = region_alloc_once(region, request);
	}
	if (unlikely(!done))
		region_count_failure(region, request->bytes);
	return done;
}

static void *region_alloc_zeroed(struct talloc_region *region, size_t bytes, size_t align,
				 gfp_t gfp)
{
	struct request request = { .bytes = bytes, .align = align, .gfp = gfp };

	if (!region_alloc(region, &request))
		return NULL;
	if (gfp & __GFP_ZERO)
		memset(pointer(request.addr), 0, request.usable);
	return pointer(request.addr);
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
					struct request *request)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct region_span *span;
	unsigned long flags;
	u64 before;

	request->addr = (unsigned long)block;
	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, block);
	if (likely(span))
		status = talloc_heap_lookup(&span->heap, request->addr, &request->was,
					    &request->align);
	if (likely(!status)) {
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_resize_in_place(&span->heap, request->addr, request->bytes);
		region_account(region, span, before);
	}
	if (likely(!status))
		request_measure(request, span);
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
	struct request request = { .bytes = bytes };
	enum talloc_status status;

	if (unlikely(!bytes))
		return -EINVAL;
	status = region_resize(region, block, &request);
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
static bool region_slide(struct talloc_region *region, const void *block, struct request *request)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	u64 before, was = request->was;
	struct region_span *span;
	unsigned long flags;
	u64 addr;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, block);
	if (span) {
		before = talloc_heap_used_bytes(&span->heap);
		status = talloc_heap_slide(&span->heap, (unsigned long)block, request->bytes,
					   &addr);
		region_account(region, span, before);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (status)
		return false;
	memmove(pointer(addr), block, was);
	region_resize(region, pointer(addr), request);
	request->was = was;
	return true;
}

/* A block that cannot grow where it stands. */
static bool region_move(struct talloc_region *region, const void *block, struct request *request)
{
	if (!region_alloc_once(region, request)) {
		if (region_slide(region, block, request))
			return true;
		if (!region_alloc(region, request))
			return false;
	}
	memcpy(pointer(request->addr), block, request->was);
	region_free(region, block);
	return true;
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
	struct request request = { .bytes = bytes, .gfp = gfp };
	enum talloc_status status;
	u64 zero_from;

	if (ZERO_OR_NULL_PTR(block))
		return talloc_region_alloc(region, bytes, gfp);
	if (!bytes) {
		status = region_free(region, block);
		if (unlikely(status))
			region_misuse(region, "realloc", block, status, _RET_IP_);
		return ZERO_SIZE_PTR;
	}
	status = region_resize(region, block, &request);
	if (status == TALLOC_FULL && !region_move(region, block, &request))
		return NULL;
	if (status && status != TALLOC_FULL) {
		region_misuse(region, "realloc", block, status, _RET_IP_);
		return NULL;
	}
	if (gfp & __GFP_ZERO) {
		zero_from = min_t(u64, request.was, bytes);
		memset(pointer(request.addr + zero_from), 0, request.usable - zero_from);
	}
	return pointer(request.addr);
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
