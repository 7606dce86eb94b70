// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at a region as a whole: its figures, its pieces, whether it is well.
 */

#include <linux/sched.h>

#include "talloc_region.h"

/* Chunks that a walk, and steps that a check, takes under the lock at a time. */
#define WALK_SLICE	16
#define CHECK_SLICE	256

/* How often a check begins anew because the heap changed under it. */
#define CHECK_TRIES	32

/*
 * Figures.
 */

/* What its heaps count. What is the region's own is 0. */
static void region_sum(const struct talloc_region *region, struct talloc_region_stats *stats)
	__must_hold(&region->lock)
{
	struct talloc_heap_stats heap;
	u32 i;

	lockdep_assert_held(&region->lock);
	memset(stats, 0, sizeof(*stats));
	stats->spans = region->nr_spans;
	for (i = 0; i < region->nr_spans; i++) {
		stats->spans_out_of_service += !!talloc_heap_damage(&region->spans[i]->heap);
		talloc_heap_stats(&region->spans[i]->heap, &heap);
		stats->total_bytes += heap.span_bytes;
		stats->used_bytes += heap.used_bytes;
		stats->free_bytes += heap.free_bytes;
		stats->largest_bytes = max(stats->largest_bytes, heap.largest_bytes);
		stats->blocks += heap.used_chunks;
		stats->free_chunks += heap.free_chunks;
	}
}

/**
 * talloc_region_stats() - figures of a region
 * @region: the region
 * @stats: where to put them; all of one moment
 *
 * Merges what is kept of freed blocks first, so that @largest_bytes and @free_chunks
 * are of what an allocation would find.
 *
 * Context: any but NMI. Bounded by the number of spans.
 */
void talloc_region_stats(struct talloc_region *region, struct talloc_region_stats *stats)
{
	unsigned long flags;

	talloc_region_settle(region);
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
		.addr = chunk->addr,
		.bytes = chunk->bytes,
		.usable = chunk->usable,
		.span = span,
		.state = chunk->state == TALLOC_CHUNK_USED ? TALLOC_PIECE_BLOCK :
			 chunk->state == TALLOC_CHUNK_FREE ? TALLOC_PIECE_FREE :
			 TALLOC_PIECE_UNKNOWN,
	};
}

/* One slice of the search for what lies at an address; see talloc_heap_find_from(). */
static int find_slice(struct talloc_region *region, u64 addr, u64 *from,
		      struct talloc_piece *piece)
{
	struct talloc_chunk chunk = { .addr = addr, .state = TALLOC_CHUNK_UNKNOWN };
	struct talloc_heap *heap;
	unsigned long flags;
	int err = -ENOENT;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	i = talloc_region_span_number(region, addr);
	if (i < region->nr_spans) {
		heap = &region->spans[i]->heap;
		if (talloc_heap_damage(heap) ||
		    !talloc_heap_find_from(heap, addr, from, &chunk))
			err = 0;
		chunk_to_piece(&chunk, i, piece);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return err;
}

/**
 * talloc_region_find() - which block an address lies in
 * @region: the region
 * @addr: any address, of the start of a block or of a place inside of one
 * @piece: where to put the block; where there is none, %TALLOC_PIECE_FREE with @addr and no
 *	size, and where that cannot be told, %TALLOC_PIECE_UNKNOWN, the same
 *
 * It cannot be told of memory without a live map, and where the span is out of service.
 * Who does not see to it that the block stays knows that it was there during the call.
 *
 * Context: any but NMI. Takes a step for 64 units of the block, or 32, that are before
 * @addr, or with tags in a table for each, with the region locked for a bounded number of them.
 *
 * Return: 0; -ENOENT where @addr is in no span.
 */
int talloc_region_find(struct talloc_region *region, u64 addr, struct talloc_piece *piece)
{
	u64 from = addr, last;
	int err;

	do {
		last = from;
		err = find_slice(region, addr, &from, piece);
	} while (!err && from != last);
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_find);

/* Returns how many there are; 0 at the end. What is unknown took a search: no more after it. */
static u32 walk_slice(struct talloc_region *region, struct region_span *span,
		      struct talloc_walk *walk, struct talloc_chunk *slice)
{
	unsigned long flags;
	u32 n = 0;

	raw_spin_lock_irqsave(&region->lock, flags);
	while (n < WALK_SLICE && talloc_heap_walk_next(&span->heap, walk, &slice[n]))
		if (slice[n++].state == TALLOC_CHUNK_UNKNOWN)
			break;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return n;
}

static int walk_span(struct talloc_region *region, struct region_span *span, u32 i,
		     talloc_walk_fn fn, void *data, bool *changed)
{
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
	} while (count);
	*changed |= walk.changed;
	return 0;
}

/* As talloc_region_walk(), and says whether the region changed meanwhile. */
int __talloc_region_walk(struct talloc_region *region, talloc_walk_fn fn, void *data,
			 bool *changed)
{
	struct region_span *span;
	int ret = 0;
	u32 i;

	*changed = false;
	talloc_region_settle(region);
	mutex_lock(&region->spans_lock);
	for (i = 0; !ret && (span = talloc_region_span_at(region, i)); i++)
		ret = walk_span(region, span, i, fn, data, changed);
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
 * out as %TALLOC_PIECE_UNKNOWN. In a span out of service it ends at a tag that cannot be
 * one, and after its damage may show pieces that are none.
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
int __talloc_region_check(struct talloc_region *region, struct talloc_fault *fault, u32 *at)
{
	enum talloc_check_state state = TALLOC_CHECK_CLEAN;
	struct region_span *span;
	u32 i;

	mutex_lock(&region->spans_lock);
	for (i = 0; state == TALLOC_CHECK_CLEAN && (span = talloc_region_span_at(region, i)); i++) {
		*at = i;
		state = check_span(region, span, fault);
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
