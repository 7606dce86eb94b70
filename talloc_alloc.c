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
 * in stats). So are calls for another kind of region, as of a pointer for one of
 * numbers: nothing is done there with the number that the pointer is.
 *
 * With tags in a table, and with the live map, which every other region has unless
 * it was created with TALLOC_NO_LIVE_MAP, that is certain for every pointer,
 * whatever is written in the blocks. Without, a pointer into a live block passes if
 * the block's contents look like a tag there.
 *
 * A block that was freed stays apart from its neighbours for a while (see "Kept
 * blocks" in talloc_core.c). A second free of it is refused all the same.
 *
 * A tag that a driver has overwritten is found when an operation next meets it.
 * The span goes out of service: its blocks stay where they are, but nothing is
 * allocated or freed in it any more. Other spans of the region go on.
 */

#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait_bit.h>

#include "talloc_region.h"

/* A handler that says "try again" and has made no room is not believed for ever. */
#define OOM_TRIES	16

/* How long a request waits for who walks over spans, some of which are empty and in its way. */
#define REAP_WAIT	HZ

/* What of a request's flags a span is made with: how hard to try, and what not to touch. */
#define GROW_GFP	(__GFP_RECLAIM | __GFP_IO | __GFP_FS | __GFP_NORETRY | __GFP_RETRY_MAYFAIL)

/* How many kept blocks are merged under the lock at a time: no longer than some calls take. */
#define SETTLE_SLICE	4

/* More slices than this have nothing to do unless others go on freeing meanwhile. */
#define SETTLE_TRIES	(TALLOC_SPANS_MAX * DIV_ROUND_UP(TALLOC_KEPT, SETTLE_SLICE))

/**
 * struct request - an allocation or a resize on its way
 * @bytes: size that is asked for
 * @where: what its address has to be like, or NULL
 * @gfp: the caller's
 * @was: usable size of the block to be resized
 * @align: alignment that this block has
 * @addr: the block that came of it
 * @usable: with __GFP_ZERO, its usable size
 * @held: whether it found no room to grow, but may once what is kept has been merged
 * @grown: the block itself has grown, and its contents are where they belong
 */
struct request {
	u64 bytes;
	const struct talloc_where *where;
	gfp_t gfp;
	u64 was;
	u64 align;
	u64 addr;
	u64 usable;
	bool held;
	bool grown;
};

static const struct talloc_where anywhere;

/*
 * The peak. Nobody keeps count of what is used in all spans: the distance to the peak is
 * divided among them, and only when one exceeds its share are all spans summed again.
 */

static u64 region_used_bytes(const struct talloc_region *region)
	__must_hold(&region->lock)
{
	u64 used = 0;
	u32 i;

	for (i = 0; i < region->nr_spans; i++)
		used += talloc_heap_used_bytes(&region->spans[i]->heap);
	return used;
}

/* As what is queued in spans counts as used, a new peak is one only without it. */
static u64 region_used_bytes_settled(struct talloc_region *region)
	__must_hold(&region->lock)
{
	u32 i;

	for (i = 0; i < region->nr_spans; i++)
		talloc_heap_settle_queue(&region->spans[i]->heap);
	return region_used_bytes(region);
}

static noinline void region_note_peak(struct talloc_region *region)
	__must_hold(&region->lock)
{
	u64 used = region_used_bytes(region), peak = region->counts.peak_bytes;
	u64 share;
	u32 i, free;

	lockdep_assert_held(&region->lock);
	if (used > peak)
		used = region_used_bytes_settled(region);
	peak = max(peak, used);
	region->counts.peak_bytes = peak;
	share = div_u64(peak - used, region->nr_spans) >> ilog2(region->unit);
	for (i = 0; i < region->nr_spans; i++) {
		free = talloc_heap_free_units(&region->spans[i]->heap);
		region->spans[i]->peak_below = free - min_t(u64, free, share);
	}
}

/* To be called after what may have lowered the free units of a span. */
static __always_inline void region_account(struct talloc_region *region,
					   const struct region_span *span)
	__must_hold(&region->lock)
{
	lockdep_assert_held(&region->lock);
	if (unlikely(talloc_heap_free_units(&span->heap) < span->peak_below))
		region_note_peak(region);
}

/*
 * Reports: facts are gathered under the lock, and printed without it.
 */

/* One that is out of service, if the log has not been told yet. */
void talloc_region_report_damage(struct talloc_region *region)
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

/* A call that is refused because of the address that it was given. */
noinline void talloc_region_misuse(struct talloc_region *region, const char *call, u64 addr,
				   enum talloc_status status, unsigned long caller)
{
	struct talloc_misuse misuse = {
		.call = call, .addr = addr, .status = status, .caller = caller,
		.chunk.state = TALLOC_CHUNK_UNKNOWN,
	};
	struct region_span *span;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	region->counts.misuses++;
	span = talloc_region_find_span(region, addr);
	if (span && !talloc_heap_damage(&span->heap))
		talloc_heap_find(&span->heap, addr, &misuse.chunk);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (status == TALLOC_DAMAGED)
		talloc_region_report_damage(region);
	talloc_report_misuse(region, &misuse);
}

static void region_count_misuse(struct talloc_region *region)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	region->counts.misuses++;
	raw_spin_unlock_irqrestore(&region->lock, flags);
}

/* A call that is refused because of something else; @wrong says what. */
void talloc_region_misuse_call(struct talloc_region *region, const char *call, const char *wrong,
			       unsigned long caller)
{
	region_count_misuse(region);
	talloc_report_call(region, call, wrong, caller);
}

/* Whether a call is one for this kind of region. */
static bool region_is(struct talloc_region *region, enum region_kind kind, const char *call,
		      unsigned long caller)
{
	static const char * const wrong[] = {
		[REGION_MEMORY] = "this is a region of memory",
		[REGION_IOMEM] = "this is a region of device memory",
		[REGION_NUMBERS] = "this is a region of numbers",
	};

	if (likely(region->kind == kind))
		return true;
	talloc_region_misuse_call(region, call, wrong[region->kind], caller);
	return false;
}

/*
 * Allocation.
 */

/*
 * What zeroing has to know of a block that has just been made or resized: on damage, just what
 * was asked for.
 */
static void request_measure(struct request *request, struct region_span *span)
{
	if (unlikely(request->gfp & __GFP_ZERO) &&
	    (talloc_heap_lookup(&span->heap, request->addr, &request->usable, NULL) ||
	     request->usable < request->bytes))
		request->usable = request->bytes;
}

static enum talloc_status heap_alloc(struct talloc_heap *heap, struct request *request)
{
	if (likely(!request->where))
		return talloc_heap_alloc(heap, request->bytes, &request->addr);
	return talloc_heap_alloc_where(heap, request->bytes, request->where, &request->addr);
}

static enum talloc_status span_try(struct talloc_region *region, struct region_span *span,
				   struct request *request, bool *damage)
	__must_hold(&region->lock)
{
	enum talloc_status status = heap_alloc(&span->heap, request);

	if (likely(!status)) {
		region->counts.allocs++;
		request_measure(request, span);
		region_account(region, span);
	}
	*damage |= status == TALLOC_DAMAGED && !span->damage_reported;
	return status;
}

static enum talloc_status region_try(struct talloc_region *region, struct request *request,
				     bool *damage)
	__must_hold(&region->lock)
{
	enum talloc_status status;
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++) {
		status = span_try(region, region->spans[i], request, damage);
		if (likely(!status) || status == TALLOC_INVALID)
			return status;
	}
	return TALLOC_FULL;
}

/*
 * Merge some of the kept blocks of one span: of that which has *@at, or if @at is NULL of the
 * first that has any. Returns it, as a request of @bytes that found no room may find it there
 * now; or NULL where none are kept.
 */
static struct region_span *region_settle_slice(struct talloc_region *region, const u64 *at,
					       u64 bytes, bool *damage)
	__must_hold(&region->lock)
{
	struct region_span *span;
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++) {
		span = region->spans[i];
		if ((at && !talloc_region_span_has(span, *at)) ||
		    !talloc_heap_may_hold(&span->heap, bytes) ||
		    !talloc_heap_settle(&span->heap, SETTLE_SLICE))
			continue;
		*damage |= talloc_heap_damage(&span->heap) && !span->damage_reported;
		return span;
	}
	return NULL;
}

static void region_let_others(struct talloc_region *region, unsigned long *flags)
	__must_hold(&region->lock)
{
	raw_spin_unlock_irqrestore(&region->lock, *flags);
	raw_spin_lock_irqsave(&region->lock, *flags);
}

/* Merge what is kept, but for what others free meanwhile. */
void talloc_region_settle(struct talloc_region *region)
{
	unsigned long flags;
	bool damage = false;
	u32 tries;

	raw_spin_lock_irqsave(&region->lock, flags);
	for (tries = 0; tries < SETTLE_TRIES; tries++) {
		if (!region_settle_slice(region, NULL, 0, &damage))
			break;
		region_let_others(region, &flags);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	/* What a new peak has met before is news, too. */
	talloc_region_report_damage(region);
}

/* A try in the span that has *@at, or in all of them if @at is NULL. */
static enum talloc_status region_try_at(struct talloc_region *region, const u64 *at,
					struct request *request, bool *damage)
	__must_hold(&region->lock)
{
	struct region_span *span;

	if (likely(!at))
		return region_try(region, request, damage);
	span = talloc_region_find_span(region, *at);
	return likely(span) ? span_try(region, span, request, damage) : TALLOC_OUTSIDE;
}

/* One try, with all that is kept merged if need be. A failure is not yet final. */
static enum talloc_status region_alloc_at(struct talloc_region *region, const u64 *at,
					  struct request *request)
{
	struct region_span *span;
	enum talloc_status status;
	unsigned long flags;
	bool damage = false;
	u32 tries;

	raw_spin_lock_irqsave(&region->lock, flags);
	status = region_try_at(region, at, request, &damage);
	for (tries = 0; unlikely(status == TALLOC_FULL) && tries < SETTLE_TRIES; tries++) {
		span = region_settle_slice(region, at, request->bytes, &damage);
		if (!span)
			break;
		if (talloc_heap_has_chunk(&span->heap, request->bytes) &&
		    !span_try(region, span, request, &damage)) {
			status = TALLOC_OK;
			break;
		}
		region_let_others(region, &flags);
	}
	/* Others may have freed what is in another span meanwhile. */
	if (unlikely(status == TALLOC_FULL) && tries)
		status = region_try_at(region, at, request, &damage);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (unlikely(damage))
		talloc_region_report_damage(region);
	return status;
}

static enum talloc_status region_alloc_once(struct talloc_region *region, u64 unused,
					    struct request *request)
{
	return region_alloc_at(region, NULL, request);
}

/* In the span that has @at; nothing but success is counted. */
enum talloc_status talloc_region_alloc_in(struct talloc_region *region, u64 at, u64 bytes,
					  const struct talloc_where *where, u64 *addr)
{
	struct request request = { .bytes = bytes, .where = where };
	enum talloc_status status = region_alloc_at(region, &at, &request);

	*addr = request.addr;
	return status;
}

void talloc_region_count_failure(struct talloc_region *region, u64 bytes)
{
	unsigned long flags;
	u64 units = 0;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	/* What was queued has been settled for the request that failed. */
	for (i = 0; i < region->nr_spans; i++)
		if (!talloc_heap_damage(&region->spans[i]->heap))
			units += talloc_heap_free_units(&region->spans[i]->heap);
	if (bytes > units * region->unit)
		region->counts.failures_full++;
	else
		region->counts.failures_fragmented++;
	raw_spin_unlock_irqrestore(&region->lock, flags);
}

/* How large a span has to be for a request to fit, wherever it is. */
static int request_room(const struct talloc_region *region, const struct request *request,
			u64 *room)
{
	const struct talloc_where *where = request->where ? request->where : &anywhere;

	if (!talloc_span_empty(where->within))
		return -ENOSPC;
	*room = talloc_region_least_bytes(region);
	if (check_add_overflow(*room, request->bytes, room) ||
	    check_add_overflow(*room, where->align, room) ||
	    check_add_overflow(*room, where->align, room) ||
	    check_add_overflow(*room, where->nocross, room) || *room > SIZE_MAX / 2)
		return -EOVERFLOW;
	*room = PAGE_ALIGN(max_t(size_t, *room, region->grow_bytes));
	return 0;
}

/* Give the region a span, and the request its block there; else the span is still the caller's. */
static int region_put_grown(struct talloc_region *region, struct region_span *span,
			    struct request *request)
{
	unsigned long flags;
	int err;

	if (heap_alloc(&span->heap, request))
		return -ENOSPC;
	request_measure(request, span);
	raw_spin_lock_irqsave(&region->lock, flags);
	err = __talloc_region_put_span(region, span, region->max_bytes);
	if (!err) {
		region->counts.allocs++;
		region_account(region, span);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return err;
}

/*
 * Whether the region may grow so far. What it grew by before may be empty by now, and in the way;
 * that goes first, whoever takes it away.
 */
static bool region_make_place(struct talloc_region *region, u64 bytes)
{
	unsigned long end = jiffies + REAP_WAIT;
	int reaped = 1;

	if (region->max_bytes && bytes > region->max_bytes)
		return false;
	while (talloc_region_may_grow(region, bytes)) {
		if (!reaped || time_after(jiffies, end))
			return false;
		reaped = talloc_region_try_reap(region);
		if (reaped == -EAGAIN)
			schedule_timeout_uninterruptible(1);
	}
	return true;
}

/*
 * Add a span in which the request has its block from the beginning: else others that look for
 * room could take that first, or take the span for one that is empty, and in the way of theirs.
 */
static bool region_grow(struct talloc_region *region, struct request *request)
{
	struct talloc_backing backing = { .type = TALLOC_VMALLOC, .preference = INT_MAX };
	struct region_span *span;

	if (!region->grow_bytes || request_room(region, request, &backing.bytes) ||
	    !region_make_place(region, backing.bytes))
		return false;
	span = talloc_region_span_create(region, &backing,
					 (request->gfp & GROW_GFP) | __GFP_NOWARN);
	if (IS_ERR(span))
		return false;
	span->grown = true;
	if (!region_put_grown(region, span, request))
		return true;
	talloc_region_span_free(span);
	return false;
}

/* Ask the owner's handler for room. Who takes the region away from its owner waits for this. */
static bool region_ask_owner(struct talloc_region *region, const struct request *request)
{
	const struct talloc_where *where = request->where ? request->where : &anywhere;
	unsigned long flags;
	talloc_oom_fn oom;
	void *data;
	bool room;

	raw_spin_lock_irqsave(&region->lock, flags);
	oom = region->oom;
	data = region->oom_data;
	if (oom)
		atomic_inc(&region->handlers);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (!oom)
		return false;
	room = !oom(region, request->bytes, where, current_gfp_context(request->gfp), data);
	if (atomic_dec_and_test(&region->handlers))
		wake_up_var(&region->handlers);
	return room;
}

/**
 * enum room - what came of looking for room
 * @ROOM_NONE: nothing
 * @ROOM_MAYBE: there may be some now
 * @ROOM_TAKEN: the request has its block
 */
enum room {
	ROOM_NONE,
	ROOM_MAYBE,
	ROOM_TAKEN,
};

static enum room region_make_room(struct talloc_region *region, struct request *request)
{
	unsigned long flags;

	if (!gfpflags_allow_blocking(request->gfp) ||
	    (!region->grow_bytes && !READ_ONCE(region->oom)))
		return ROOM_NONE;
	raw_spin_lock_irqsave(&region->lock, flags);
	region->counts.oom_calls++;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (region_grow(region, request))
		return ROOM_TAKEN;
	return region_ask_owner(region, request) ? ROOM_MAYBE : ROOM_NONE;
}

/*
 * Tells kernels that look for it where a call might sleep, whether this region can grow or has a
 * handler or not: its owner may give it one. Else nothing.
 */
static __always_inline void region_might_alloc(gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_LOCKDEP))
		might_alloc(gfp);
}

/* @once is a try, for the block at @addr if it is that of a block which has to grow. */
static __always_inline enum talloc_status
region_alloc(struct talloc_region *region, u64 addr, struct request *request,
	     enum talloc_status (*once)(struct talloc_region *region, u64 addr,
					struct request *request))
{
	enum talloc_status status = once(region, addr, request);
	enum room room;
	int tries;

	for (tries = 0; unlikely(status == TALLOC_FULL) && tries < OOM_TRIES; tries++) {
		room = region_make_room(region, request);
		if (room == ROOM_NONE)
			break;
		status = room == ROOM_TAKEN ? TALLOC_OK : once(region, addr, request);
	}
	/* It cannot grow, maybe because it has just grown for others, by more than they need. */
	if (unlikely(status == TALLOC_FULL) && region->grow_bytes &&
	    gfpflags_allow_blocking(request->gfp))
		status = once(region, addr, request);
	if (unlikely(status == TALLOC_FULL))
		talloc_region_count_failure(region, request->bytes);
	return status;
}

/* Pre: not of numbers. */
static void region_zero(const struct talloc_region *region, u64 addr, u64 bytes)
{
	if (region->kind == REGION_MEMORY)
		memset(addr_to_memory(addr), 0, bytes);
	else
		memset_io(addr_to_iomem(addr), 0, bytes);
}

/* All that the calls which allocate have in common. */
static int region_alloc_for(struct talloc_region *region, struct request *request,
			    unsigned long caller)
{
	enum talloc_status status;

	region_might_alloc(request->gfp);
	status = region_alloc(region, 0, request, region_alloc_once);
	if (unlikely(status == TALLOC_INVALID)) {
		talloc_region_misuse_call(region, "alloc",
					  talloc_where_fault(request->where, region->unit,
							     request->bytes), caller);
		return -EINVAL;
	}
	if (unlikely(status))
		return -ENOSPC;
	if (request->gfp & __GFP_ZERO)
		region_zero(region, request->addr, request->usable);
	return 0;
}

/*
 * What nearly every allocation is: no conditions but an alignment, nothing to zero, room in the
 * first span. It goes through one frame only. TALLOC_NOWHERE for all else, as if nothing had been
 * tried.
 */
static __always_inline u64 region_alloc_first(struct talloc_region *region, u64 bytes, u64 align,
					      gfp_t gfp)
{
	u64 addr = TALLOC_NOWHERE;
	struct region_span *span;
	unsigned long flags;

	region_might_alloc(gfp);
	if (unlikely(gfp & __GFP_ZERO))
		return addr;
	raw_spin_lock_irqsave(&region->lock, flags);
	span = region->spans[0];
	if (likely(span)) {
		addr = align > 1 ? __talloc_heap_alloc_aligned(&span->heap, bytes, align) :
				   __talloc_heap_alloc(&span->heap, bytes);
		if (likely(addr != TALLOC_NOWHERE)) {
			region->counts.allocs++;
			region_account(region, span);
		}
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return addr;
}

static noinline void *region_alloc_memory(struct talloc_region *region, size_t bytes,
					  const struct talloc_where *where, gfp_t gfp,
					  unsigned long caller)
{
	struct request request = { .bytes = bytes, .where = where, .gfp = gfp };

	if (unlikely(!region_is(region, REGION_MEMORY, "alloc", caller)))
		return NULL;
	if (unlikely(!bytes))
		return ZERO_SIZE_PTR;
	if (unlikely(region_alloc_for(region, &request, caller)))
		return NULL;
	return addr_to_memory(request.addr);
}

/**
 * talloc_region_alloc() - allocate memory from a region
 * @region: the region
 * @bytes: size in bytes
 * @gfp: %GFP_KERNEL and its like let the region grow and its handler run when
 *	there is no room; %GFP_ATOMIC and %GFP_NOWAIT do not. %__GFP_ZERO zeroes the
 *	whole usable size. Where the memory comes from was decided at create, so
 *	zone flags do not matter; nor does %__GFP_NOFAIL keep a call from failing.
 *
 * The block is aligned to the region's unit, 8 bytes unless it was created with
 * another.
 *
 * Context: any but NMI; process context where @gfp allows blocking. The lock is
 * held for a bounded time; zeroing is done without it.
 *
 * Return: the block, %ZERO_SIZE_PTR for size 0, or %NULL; %NULL with a report in the
 * log where the region is not of memory.
 */
void *talloc_region_alloc(struct talloc_region *region, size_t bytes, gfp_t gfp)
{
	u64 addr;

	if (likely(region->kind == REGION_MEMORY)) {
		addr = region_alloc_first(region, bytes, 1, gfp);
		if (likely(addr != TALLOC_NOWHERE))
			return addr_to_memory(addr);
	}
	return region_alloc_memory(region, bytes, NULL, gfp, _RET_IP_);
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
 * the log where @align is not a power of two, or the region not of memory.
 */
void *talloc_region_alloc_aligned(struct talloc_region *region, size_t bytes, size_t align,
				  gfp_t gfp)
{
	struct talloc_where where = { .align = align };
	u64 addr;

	if (unlikely(!is_power_of_2(align))) {
		region_count_misuse(region);
		talloc_report_align(region, align, _RET_IP_);
		return NULL;
	}
	if (likely(region->kind == REGION_MEMORY)) {
		addr = region_alloc_first(region, bytes, align, gfp);
		if (likely(addr != TALLOC_NOWHERE))
			return addr_to_memory(addr);
	}
	return region_alloc_memory(region, bytes, align > region->unit ? &where : NULL, gfp,
				   _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_alloc_aligned);

/**
 * talloc_region_alloc_where() - allocate memory at an address of some kind
 * @region: the region
 * @bytes: size in bytes
 * @where: what the block's virtual address has to be like; %NULL for no matter
 * @gfp: as talloc_region_alloc()
 *
 * talloc_region_realloc() keeps the alignment, where there is a phase only as much as divides
 * that, and nothing else of @where. A region does not grow for a request that says where in
 * the address space it has to be.
 *
 * Context: any but NMI; process context where @gfp allows blocking. With an
 * alignment and a phase only, the lock is held for a bounded time; else for a step a
 * free chunk that is large enough.
 *
 * Return: as talloc_region_alloc(); %NULL with a report in the log where @where
 * contradicts itself.
 */
void *talloc_region_alloc_where(struct talloc_region *region, size_t bytes,
				const struct talloc_where *where, gfp_t gfp)
{
	return region_alloc_memory(region, bytes, where, gfp, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_alloc_where);

/**
 * talloc_region_alloc_array() - allocate memory for an array
 * @region: the region
 * @count: number of elements
 * @bytes: size of one
 * @gfp: as talloc_region_alloc()
 *
 * Context: any but NMI; process context where @gfp allows blocking.
 *
 * Return: as talloc_region_alloc(); %NULL where the product overflows, without a report.
 */
void *talloc_region_alloc_array(struct talloc_region *region, size_t count, size_t bytes, gfp_t gfp)
{
	size_t all;

	if (unlikely(check_mul_overflow(count, bytes, &all))) {
		talloc_region_count_failure(region, U64_MAX);
		return NULL;
	}
	return region_alloc_memory(region, all, NULL, gfp, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_alloc_array);

/**
 * talloc_region_alloc_iomem() - allocate device memory from a region
 * @region: a region of device memory
 * @bytes: size in bytes
 * @where: what the address has to be like, in the kernel's address space; %NULL for
 *	no matter
 * @gfp: as talloc_region_alloc(); %__GFP_ZERO zeroes with memset_io()
 *
 * Context: as talloc_region_alloc_where().
 *
 * Return: the block, %ZERO_SIZE_PTR for size 0, or %NULL; %NULL with a report in the
 * log where the region is not of device memory, or @where contradicts itself.
 */
void __iomem *talloc_region_alloc_iomem(struct talloc_region *region, size_t bytes,
					const struct talloc_where *where, gfp_t gfp)
{
	struct request request = { .bytes = bytes, .where = where, .gfp = gfp };

	if (unlikely(!region_is(region, REGION_IOMEM, "alloc", _RET_IP_)))
		return NULL;
	if (unlikely(!bytes))
		return (void __iomem *)ZERO_SIZE_PTR;
	if (unlikely(region_alloc_for(region, &request, _RET_IP_)))
		return NULL;
	return addr_to_iomem(request.addr);
}
EXPORT_SYMBOL_TALLOC(talloc_region_alloc_iomem);

static noinline int region_alloc_address(struct talloc_region *region, u64 bytes,
					 const struct talloc_where *where, gfp_t gfp, u64 *addr,
					 unsigned long caller)
{
	struct request request = { .bytes = bytes, .where = where, .gfp = gfp };
	int err;

	if (unlikely(!bytes))
		return -EINVAL;
	if (unlikely(gfp & __GFP_ZERO && region->kind == REGION_NUMBERS)) {
		talloc_region_misuse_call(region, "alloc", "numbers cannot be zeroed", caller);
		return -EINVAL;
	}
	err = region_alloc_for(region, &request, caller);
	if (likely(!err))
		*addr = request.addr;
	return err;
}

/**
 * talloc_region_alloc_addr() - allocate from a region of any kind
 * @region: the region
 * @bytes: size in bytes, not 0
 * @where: what the address has to be like; %NULL for no matter
 * @gfp: as talloc_region_alloc(); %__GFP_ZERO not for numbers
 * @addr: where to put the address of the block; it may be 0 in a region of numbers
 *
 * Context: as talloc_region_alloc_where().
 *
 * Return: 0; -ENOSPC where there is no room; -EINVAL for size 0, and with a report in
 * the log where @where contradicts itself, or numbers are to be zeroed.
 */
int talloc_region_alloc_addr(struct talloc_region *region, u64 bytes,
			     const struct talloc_where *where, gfp_t gfp, u64 *addr)
{
	u64 got;

	if (unlikely(where))
		return region_alloc_address(region, bytes, where, gfp, addr, _RET_IP_);
	got = region_alloc_first(region, bytes, 1, gfp);
	if (unlikely(got == TALLOC_NOWHERE))
		return region_alloc_address(region, bytes, NULL, gfp, addr, _RET_IP_);
	*addr = got;
	return 0;
}
EXPORT_SYMBOL_TALLOC(talloc_region_alloc_addr);

/*
 * Freeing.
 */

/*
 * A free says TALLOC_DAMAGED of @addr, or of another block that was freed before and had to settle
 * for it. Whether it was the latter, and @addr is free now: not where the damage was known, as this
 * is a second free then.
 */
static bool span_has_freed(const struct region_span *span, u64 addr)
{
	return !span->damage_reported && talloc_heap_freed(&span->heap, addr);
}

/*
 * The rest of a free that was refused, met damage, or may have left a grown span empty. A
 * refusal is reported as one of @call, unless that is NULL.
 */
static noinline enum talloc_status region_free_rest(struct talloc_region *region,
						    struct region_span *span, u64 addr,
						    enum talloc_status status, unsigned long flags,
						    const char *call, unsigned long caller)
	__releases(&region->lock)
{
	bool damage = status == TALLOC_DAMAGED && span_has_freed(span, addr);

	if (damage)
		status = TALLOC_OK;
	if (!status) {
		region->counts.frees++;
		/* Without a block the region may be destroyed as soon as the lock is free. */
		if (span->grown && !talloc_heap_blocks(&span->heap)) {
			span->emptied = jiffies;
			talloc_region_reap_later(region);
		}
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (unlikely(damage || status == TALLOC_DAMAGED))
		talloc_region_report_damage(region);
	if (unlikely(status && call))
		talloc_region_misuse(region, call, addr, status, caller);
	return status;
}

/* Free a block, or @bytes of one if that is not 0. That makes no new peak. */
static __always_inline enum talloc_status region_free(struct talloc_region *region, u64 addr,
						      u64 bytes, const char *call,
						      unsigned long caller)
{
	enum talloc_status status;
	struct region_span *span;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (unlikely(!span))
		return region_free_rest(region, NULL, addr, TALLOC_OUTSIDE, flags, call, caller);
	status = bytes ? talloc_heap_free_part(&span->heap, addr, bytes) :
			 talloc_heap_free(&span->heap, addr);
	if (unlikely(status || span->grown))
		return region_free_rest(region, span, addr, status, flags, call, caller);
	region->counts.frees++;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return TALLOC_OK;
}

/**
 * talloc_region_free() - free a block
 * @region: the region
 * @block: what an allocation from @region returned; %NULL and %ZERO_SIZE_PTR, and what
 *	is between them, do nothing. Any other pointer is reported and refused.
 *
 * Context: any but NMI. Bounded.
 */
void talloc_region_free(struct talloc_region *region, const void *block)
{
	if (unlikely(ZERO_OR_NULL_PTR(block)))
		return;
	if (likely(region_is(region, REGION_MEMORY, "free", _RET_IP_)))
		region_free(region, talloc_addr(block), 0, "free", _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_free);

/**
 * talloc_region_free_iomem() - free a block of device memory
 * @region: the region
 * @block: what talloc_region_alloc_iomem() returned; %NULL and %ZERO_SIZE_PTR do
 *	nothing. Any other pointer is reported and refused.
 *
 * Context: any but NMI. Bounded.
 */
void talloc_region_free_iomem(struct talloc_region *region, const void __iomem *block)
{
	if (unlikely(ZERO_OR_NULL_PTR((__force const void *)block)))
		return;
	if (likely(region_is(region, REGION_IOMEM, "free", _RET_IP_)))
		region_free(region, talloc_iomem_addr(block), 0, "free", _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_free_iomem);

/**
 * talloc_region_free_addr() - free a block of a region of any kind
 * @region: the region
 * @addr: the address of a live block; any other is reported and refused
 *
 * Context: any but NMI. Bounded.
 */
void talloc_region_free_addr(struct talloc_region *region, u64 addr)
{
	region_free(region, addr, 0, "free", _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_free_addr);

/**
 * talloc_region_free_part() - free a part of a block
 * @region: a region with tags in a table: of device memory, of numbers, or with
 *	%TALLOC_DETACHED or %TALLOC_ISOLATED
 * @addr: where the part begins, a multiple of the unit
 * @bytes: its size, rounded up to units; all of it in one live block
 *
 * What is left on either side is a live block of its own from then on.
 *
 * Context: any but NMI. Bounded where @addr is the start of a block; else a step a
 * unit between them.
 *
 * Return: 0; -EINVAL for size 0, and with a report in the log for what is not part of
 * a live block, or not a multiple of the unit, and where tags are in the memory; -EIO
 * where the span is out of service. Nothing has changed then.
 */
int talloc_region_free_part(struct talloc_region *region, u64 addr, u64 bytes)
{
	enum talloc_status status;

	if (unlikely(!bytes))
		return -EINVAL;
	if (unlikely(!region->detached)) {
		talloc_region_misuse_call(region, "free_part", "tags are in the memory", _RET_IP_);
		return -EINVAL;
	}
	status = region_free(region, addr, bytes, "free_part", _RET_IP_);
	if (likely(!status))
		return 0;
	return status == TALLOC_DAMAGED ? -EIO : -EINVAL;
}
EXPORT_SYMBOL_TALLOC(talloc_region_free_part);

/* Find the live block around an address, however far back that begins. */
static bool heap_find_block(const struct talloc_heap *heap, u64 addr, struct talloc_chunk *chunk)
{
	u64 from = addr, last;

	do {
		last = from;
		if (talloc_heap_find_from(heap, addr, &from, chunk))
			return false;
	} while (from != last);
	return chunk->state == TALLOC_CHUNK_USED;
}

/* Whether all of @part is in live blocks, whichever. */
static bool heap_is_live(const struct talloc_heap *heap, struct talloc_span part)
{
	struct talloc_chunk chunk;

	for (; part.start < part.end; part.start = chunk.addr + chunk.bytes)
		if (!heap_find_block(heap, part.start, &chunk))
			return false;
	return true;
}

/* Free a part of a block. @damage tells of one that had been freed before. */
static enum talloc_status span_free_part(struct region_span *span, u64 addr, u64 bytes,
					 bool *damage)
{
	enum talloc_status status = talloc_heap_free_part(&span->heap, addr, bytes);

	if (likely(status != TALLOC_DAMAGED) || !span_has_freed(span, addr))
		return status;
	*damage = true;
	return TALLOC_OK;
}

/* Free @part, of one block or of several that are next to each other; or nothing. */
static enum talloc_status span_free_range(struct region_span *span, struct talloc_span part,
					  u64 *frees, bool *damage)
{
	struct talloc_heap *heap = &span->heap;
	enum talloc_status status;
	struct talloc_chunk chunk;
	u64 bytes;

	status = span_free_part(span, part.start, talloc_span_bytes(part), damage);
	*frees = !status;
	if (likely(status != TALLOC_INVALID))
		return status;
	if (!heap_is_live(heap, part))
		return TALLOC_INVALID;
	for (status = TALLOC_OK; !status && part.start < part.end; part.start += bytes) {
		heap_find_block(heap, part.start, &chunk);
		bytes = min(chunk.addr + chunk.bytes, part.end) - part.start;
		status = span_free_part(span, part.start, bytes, damage);
		*frees += !status;
	}
	return status;
}

/* Pre: tags are in tables; @addr and @bytes are multiples of the unit; not 0 bytes. */
enum talloc_status talloc_region_free_range(struct talloc_region *region, u64 addr, u64 bytes)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct talloc_span part;
	struct region_span *span;
	bool damage = false;
	unsigned long flags;
	u64 frees;

	if (!talloc_span_make(&part, addr, bytes))
		return TALLOC_OUTSIDE;
	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (likely(span)) {
		status = span_free_range(span, part, &frees, &damage);
		region->counts.frees += frees;
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (unlikely(damage))
		talloc_region_report_damage(region);
	return status;
}

/*
 * Resizing.
 */

/* Resize in place. In any case tell what the block had room for. */
static enum talloc_status region_resize(struct talloc_region *region, u64 addr,
					struct request *request)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct region_span *span;
	unsigned long flags;

	request->addr = addr;
	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (likely(span))
		status = talloc_heap_lookup(&span->heap, addr, &request->was, &request->align);
	if (likely(!status)) {
		status = talloc_heap_resize_in_place(&span->heap, addr, request->bytes);
		request->held = status == TALLOC_FULL && talloc_heap_held_beside(&span->heap, addr);
		if (likely(!status))
			request_measure(request, span);
		region_account(region, span);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return status;
}

static int region_resize_block(struct talloc_region *region, u64 addr, u64 bytes,
			       unsigned long caller)
{
	struct request request = { .bytes = bytes };
	enum talloc_status status;

	if (unlikely(!bytes))
		return -EINVAL;
	status = region_resize(region, addr, &request);
	if (status == TALLOC_FULL && request.held) {
		talloc_region_settle(region);
		status = region_resize(region, addr, &request);
	}
	if (status == TALLOC_OK)
		return 0;
	if (status == TALLOC_FULL)
		return -ENOSPC;
	talloc_region_misuse(region, "resize", addr, status, caller);
	return status == TALLOC_DAMAGED ? -EIO : -EINVAL;
}

/**
 * talloc_region_resize() - change the size of a block where it stands
 * @region: the region
 * @block: a live block of @region
 * @bytes: new size in bytes, not 0
 *
 * Never moves the block, so its alignment stays; but one that grows may come to cross what it was
 * not to cross, or to end outside of where it was to be. To shrink succeeds where the block's
 * span is in service.
 *
 * Context: any but NMI. Bounded.
 *
 * Return: 0; -ENOSPC where there is no room to grow; -EINVAL for size 0, and with
 * a report in the log for what is not a live block, or the region not of memory; -EIO
 * where the block's span is out of service. On failure the block is as it was.
 */
int talloc_region_resize(struct talloc_region *region, void *block, size_t bytes)
{
	if (unlikely(!region_is(region, REGION_MEMORY, "resize", _RET_IP_)))
		return -EINVAL;
	return region_resize_block(region, talloc_addr(block), bytes, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_resize);

/**
 * talloc_region_resize_iomem() - talloc_region_resize() for device memory
 * @region: a region of device memory
 * @block: a live block of @region
 * @bytes: new size in bytes, not 0
 *
 * Context: any but NMI. Bounded.
 *
 * Return: as talloc_region_resize().
 */
int talloc_region_resize_iomem(struct talloc_region *region, const void __iomem *block,
			       size_t bytes)
{
	if (unlikely(!region_is(region, REGION_IOMEM, "resize", _RET_IP_)))
		return -EINVAL;
	return region_resize_block(region, talloc_iomem_addr(block), bytes, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_resize_iomem);

/**
 * talloc_region_resize_addr() - talloc_region_resize() for a region of any kind
 * @region: the region
 * @addr: the address of a live block
 * @bytes: new size in bytes, not 0
 *
 * Context: any but NMI. Bounded.
 *
 * Return: as talloc_region_resize().
 */
int talloc_region_resize_addr(struct talloc_region *region, u64 addr, u64 bytes)
{
	return region_resize_block(region, addr, bytes, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_resize_addr);

/*
 * What a block still has of its contents when it is resized. One that moves was too small, and so
 * has all; but the tag that said how much that was may have been written over since.
 */
static size_t request_contents(const struct request *request)
{
	return min(request->was, request->bytes);
}

/*
 * Grow a block downwards. The lock is not held while the contents move: between
 * the two calls the block has the whole of its room, which is the caller's.
 */
static bool region_slide(struct talloc_region *region, u64 addr, struct request *request)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	u64 was = request_contents(request);
	struct region_span *span;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (span) {
		status = talloc_heap_slide(&span->heap, addr, request->bytes, &request->addr);
		if (likely(!status))
			request_measure(request, span);
		region_account(region, span);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (!status) {
		memmove(addr_to_memory(request->addr), addr_to_memory(addr), was);
		/* It may just keep more than it needs. */
		if (region_resize(region, request->addr, request) == TALLOC_DAMAGED)
			talloc_region_report_damage(region);
		request->was = was;
		return true;
	}
	if (status == TALLOC_DAMAGED)
		talloc_region_report_damage(region);
	return false;
}

/*
 * A new block for the contents of one that could not grow; where there is no room for two, with
 * all merged that is free beside this one, in place or downwards after all.
 */
static enum talloc_status region_move_once(struct talloc_region *region, u64 addr,
					   struct request *request)
{
	enum talloc_status status = region_alloc_once(region, 0, request);

	if (likely(status != TALLOC_FULL))
		return status;
	talloc_region_settle(region);
	request->grown = !region_resize(region, addr, request) ||
			 region_slide(region, addr, request);
	return request->grown ? TALLOC_OK : TALLOC_FULL;
}

/* A block that cannot grow where it stands. */
static bool region_move(struct talloc_region *region, u64 addr, struct request *request)
{
	if (region_alloc(region, addr, request, region_move_once))
		return false;
	if (request->grown)
		return true;
	/* With a forged tag the new block may lie in what the old one seems to have. */
	memmove(addr_to_memory(request->addr), addr_to_memory(addr), request_contents(request));
	region_free(region, addr, 0, NULL, 0);
	return true;
}

static enum talloc_status region_realloc(struct talloc_region *region, u64 addr,
					 struct request *request)
{
	enum talloc_status status = region_resize(region, addr, request);
	struct talloc_where where = { .align = request->align };

	if (status != TALLOC_FULL)
		return status;
	request->where = request->align > region->unit ? &where : NULL;
	status = region_move(region, addr, request) ? TALLOC_OK : TALLOC_FULL;
	request->where = NULL;
	return status;
}

/**
 * talloc_region_realloc() - change the size of a block, moving it if need be
 * @region: the region
 * @block: a live block of @region; %NULL and %ZERO_SIZE_PTR to allocate
 * @bytes: new size in bytes; 0 to free
 * @gfp: as talloc_region_alloc(). With %__GFP_ZERO what is new is zeroed; that is
 *	of use only where it was given for the block from its beginning, and
 *	talloc_region_resize() has not cut it since.
 *
 * In place if possible, else to a new block, else down into free memory right
 * below; after the region's oom handler has made room, the same again. Contents are kept
 * up to the smaller of both sizes. What came from talloc_region_alloc_aligned() keeps
 * its alignment.
 *
 * Context: any but NMI; process context where @gfp allows blocking. Copies
 * without the lock.
 *
 * Return: the block, which is where @block was or elsewhere; %ZERO_SIZE_PTR for
 * size 0, also where @block is refused; %NULL on failure, and then @block is as it was, with
 * a report in the log where it is not a live block, or the region not of memory.
 */
void *talloc_region_realloc(struct talloc_region *region, void *block, size_t bytes, gfp_t gfp)
{
	struct request request = { .bytes = bytes, .gfp = gfp };
	enum talloc_status status;
	u64 zero_from;

	if (ZERO_OR_NULL_PTR(block))
		return region_alloc_memory(region, bytes, NULL, gfp, _RET_IP_);
	if (unlikely(!region_is(region, REGION_MEMORY, "realloc", _RET_IP_)))
		return NULL;
	if (!bytes) {
		region_free(region, talloc_addr(block), 0, "realloc", _RET_IP_);
		return ZERO_SIZE_PTR;
	}
	region_might_alloc(gfp);
	status = region_realloc(region, talloc_addr(block), &request);
	if (unlikely(status)) {
		if (status != TALLOC_FULL)
			talloc_region_misuse(region, "realloc", talloc_addr(block), status,
					     _RET_IP_);
		return NULL;
	}
	if (gfp & __GFP_ZERO) {
		zero_from = request_contents(&request);
		region_zero(region, request.addr + zero_from, request.usable - zero_from);
	}
	return addr_to_memory(request.addr);
}
EXPORT_SYMBOL_TALLOC(talloc_region_realloc);

/*
 * Looking.
 */

static u64 region_usable_size(struct talloc_region *region, u64 addr, unsigned long caller)
{
	enum talloc_status status = TALLOC_OUTSIDE;
	struct region_span *span;
	unsigned long flags;
	u64 usable = 0;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (likely(span))
		status = talloc_heap_lookup(&span->heap, addr, &usable, NULL);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (unlikely(status))
		talloc_region_misuse(region, "usable_size", addr, status, caller);
	return usable;
}

/**
 * talloc_region_usable_size() - how much of a block may be used
 * @region: the region
 * @block: a live block of @region; %NULL and %ZERO_SIZE_PTR have size 0
 *
 * The compiler goes by the size that was asked for: who wants to use more asks for it with
 * talloc_region_realloc(), which then returns @block.
 *
 * Context: any but NMI. Bounded.
 *
 * Return: bytes, at least what was asked for; 0 with a report in the log for what
 * is not a live block, or where the region is not of memory.
 */
size_t talloc_region_usable_size(struct talloc_region *region, const void *block)
{
	if (ZERO_OR_NULL_PTR(block) ||
	    !region_is(region, REGION_MEMORY, "usable_size", _RET_IP_))
		return 0;
	return region_usable_size(region, talloc_addr(block), _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_usable_size);

/**
 * talloc_region_usable_size_addr() - talloc_region_usable_size() for any kind
 * @region: the region
 * @addr: the address of a live block
 *
 * Context: any but NMI. Bounded.
 *
 * Return: bytes, at least what was asked for; 0 with a report in the log for what
 * is not a live block.
 */
u64 talloc_region_usable_size_addr(struct talloc_region *region, u64 addr)
{
	return region_usable_size(region, addr, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(talloc_region_usable_size_addr);
