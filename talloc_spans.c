// SPDX-License-Identifier: GPL-2.0
/*
 * The spans of a region: who has which memory, which spans there are, and how much
 * of its window each of them has.
 */

#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "talloc_region.h"

/* How long a grown span has to be empty before it goes back. */
#define REAP_DELAY	HZ

/*
 * Spans.
 */

static struct talloc_span span_window(const struct region_span *span)
{
	return (struct talloc_span){ span->start, span->start + span->bytes };
}

static int span_heap_init(struct talloc_heap *heap, const struct talloc_region *region,
			  const struct region_span *span, struct talloc_span part)
{
	struct talloc_heap_config config = {
		.window = span_window(span),
		.span = part,
		.unit = region->unit,
		.table = span->table,
		.live_map = span->live_map,
		.keep = !(region->flags & TALLOC_NO_KEPT),
	};

	return talloc_heap_init(heap, &config) == TALLOC_OK ? 0 : -ENOSPC;
}

void talloc_region_span_free(struct region_span *span)
{
	if (!span)
		return;
	kvfree(span->live_map);
	kvfree(span->table);
	talloc_backing_unmap(span);
	kvfree(span);
}

/* Whether two spans have an address in common, of theirs or physical. */
static bool spans_overlap(const struct region_span *a, const struct region_span *b)
{
	/* One that begins at 0 and is no range of numbers is not mapped yet. */
	if ((b->start || b->type == TALLOC_NUMBERS) &&
	    talloc_span_intersects(span_window(a), span_window(b)))
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

/* What is true of addresses is not of numbers that happen to be the same. */
static bool region_competes(struct talloc_region *region, const struct region_span *span)
{
	return region->kind != REGION_NUMBERS && region_overlaps(region, span);
}

/*
 * Whether somebody has a byte of this span: a region, listed or orphaned; or of
 * numbers, which are what each region takes them for, @region itself.
 */
static bool span_is_claimed(struct talloc_region *region, const struct region_span *span)
{
	struct talloc_region *other;
	bool found = false;

	if (region->kind == REGION_NUMBERS)
		return region_overlaps(region, span);
	mutex_lock(&talloc_regions_lock);
	list_for_each_entry(other, &talloc_regions, list)
		found = found || region_competes(other, span);
	list_for_each_entry(other, &talloc_orphans, list)
		found = found || region_competes(other, span);
	mutex_unlock(&talloc_regions_lock);
	return found;
}

/* The part of a window that a span has at first. */
static int span_part(const struct region_span *span, const struct talloc_backing *backing,
		     struct talloc_span *part)
{
	struct talloc_span window = span_window(span);
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

/* What the heap has beside its memory: a table of tags, or a map of live blocks. */
static int span_alloc_tables(const struct talloc_region *region, struct region_span *span,
			     gfp_t gfp)
{
	struct talloc_span window = span_window(span);
	u64 bytes;

	if (region->detached) {
		bytes = talloc_heap_table_bytes(window, region->unit);
		if (bytes <= SIZE_MAX)
			span->table = kvmalloc_node(bytes, gfp | __GFP_NOWARN, region->node);
		return span->table ? 0 : -ENOMEM;
	}
	if (region->flags & TALLOC_NO_LIVE_MAP)
		return 0;
	span->live_map = kvmalloc_node(talloc_heap_map_bytes(window, region->unit), gfp,
				       region->node);
	return span->live_map ? 0 : -ENOMEM;
}

/* Claimed both before and after: what has to be mapped has an address of ours only then. */
static int span_map(struct talloc_region *region, const struct talloc_backing *backing,
		    struct region_span *span, gfp_t gfp)
{
	int err;

	if (span->type == TALLOC_VMALLOC)
		return talloc_backing_map(region, backing, span, gfp);
	if (span_is_claimed(region, span))
		return -EADDRINUSE;
	err = talloc_backing_map(region, backing, span, gfp);
	if (err)
		return err;
	return span_is_claimed(region, span) ? -EADDRINUSE : 0;
}

static int span_init(struct talloc_region *region, const struct talloc_backing *backing,
		     struct region_span *span, gfp_t gfp)
{
	struct talloc_span part;
	int err;

	err = span_map(region, backing, span, gfp);
	if (err)
		return err;
	err = span_part(span, backing, &part);
	if (err)
		return err;
	err = span_alloc_tables(region, span, gfp);
	if (err)
		return err;
	return span_heap_init(&span->heap, region, span, part);
}

static int span_check_size(const struct talloc_region *region, const struct region_span *span)
{
	if (span->bytes >> ilog2(region->unit) >= TALLOC_UNITS_LIMIT)
		return -E2BIG;
	if (region->max_bytes && !region->nr_spans && span->bytes > region->max_bytes)
		return -EINVAL;
	return 0;
}

/*
 * A span that is nobody's yet. Context: talloc_create_lock, but for TALLOC_VMALLOC,
 * which no other span can overlap.
 */
struct region_span *talloc_region_span_create(struct talloc_region *region,
					      const struct talloc_backing *backing, gfp_t gfp)
{
	struct region_span *span;
	int err;

	if (talloc_backing_kind(backing) != region->kind)
		return ERR_PTR(-EINVAL);
	span = kvzalloc_node(sizeof(*span), gfp, region->node);
	if (!span)
		return ERR_PTR(-ENOMEM);
	span->type = backing->type;
	span->preference = backing->preference;
	span->phys = TALLOC_NO_PHYS;
	span->peak_below = U32_MAX;
	err = talloc_backing_find(region, backing, span);
	if (!err)
		err = span_check_size(region, span);
	if (!err)
		err = span_init(region, backing, span, gfp);
	if (err) {
		talloc_region_span_free(span);
		return ERR_PTR(err);
	}
	return span;
}

/**
 * talloc_region_contains() - whether an address lies in a window of a region
 * @region: the region
 * @addr: any address, of a live block or not
 *
 * Context: any but NMI. Bounded.
 *
 * Return: whether @addr lies in one, in service or not.
 */
bool talloc_region_contains(struct talloc_region *region, u64 addr)
{
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&region->lock, flags);
	found = talloc_region_find_span(region, addr);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return found;
}
EXPORT_SYMBOL_TALLOC(talloc_region_contains);

static u64 region_bytes(const struct talloc_region *region) __must_hold(&region->lock)
{
	u64 bytes = 0;
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++)
		bytes += region->spans[i]->bytes;
	return bytes;
}

/* Whether one more span of this size, and all together, are not too much. */
static int region_has_place(const struct talloc_region *region, u64 bytes, u64 max_bytes)
	__must_hold(&region->lock)
{
	if (region->nr_spans == TALLOC_SPANS_MAX)
		return -ENOSPC;
	if (max_bytes && (bytes > max_bytes || region_bytes(region) > max_bytes - bytes))
		return -EDQUOT;
	return 0;
}

/* The same, before a span that the region would grow by is made. */
int talloc_region_may_grow(struct talloc_region *region, u64 bytes)
{
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&region->lock, flags);
	err = region_has_place(region, bytes, region->max_bytes);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return err;
}

/*
 * Give a region one more span, after all of at most its preference. On failure it
 * is still the caller's.
 *
 * Context: region->spans_lock unless the span comes last, as only then no other
 * changes its place under a walk.
 */
int __talloc_region_put_span(struct talloc_region *region, struct region_span *span, u64 max_bytes)
	__must_hold(&region->lock)
{
	int err = region_has_place(region, span->bytes, max_bytes);
	u32 i;

	lockdep_assert_held(&region->lock);
	if (err)
		return err;
	for (i = region->nr_spans; i && region->spans[i - 1]->preference > span->preference; i--)
		region->spans[i] = region->spans[i - 1];
	region->spans[i] = span;
	region->nr_spans++;
	return 0;
}

int talloc_region_put_span(struct talloc_region *region, struct region_span *span)
{
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&region->lock, flags);
	err = __talloc_region_put_span(region, span, 0);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return err;
}

/*
 * The span at @i, or NULL where there are no more. A region may grow meanwhile.
 *
 * Context: region->spans_lock, by which the span stays, and in its place.
 */
struct region_span *talloc_region_span_at(struct talloc_region *region, u32 i)
{
	struct region_span *span;
	unsigned long flags;

	lockdep_assert_held(&region->spans_lock);
	raw_spin_lock_irqsave(&region->lock, flags);
	span = region->spans[i];
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return span;
}

/* Take the span at @i away. It is then nobody's but the caller's. */
struct region_span *talloc_region_take_span(struct talloc_region *region, u32 i)
	__must_hold(&region->lock)
{
	struct region_span *span = region->spans[i];

	lockdep_assert_held(&region->spans_lock);
	lockdep_assert_held(&region->lock);
	region->nr_spans--;
	memmove(&region->spans[i], &region->spans[i + 1],
		(region->nr_spans + 1 - i) * sizeof(*region->spans));
	return span;
}

/*
 * Changing the spans.
 */

/* Give a region a span for good. Pre: talloc_create_lock. */
int __talloc_region_add_backing(struct talloc_region *region, const struct talloc_backing *backing)
{
	struct region_span *span = talloc_region_span_create(region, backing, GFP_KERNEL);
	int err;

	lockdep_assert_held(&talloc_create_lock);
	if (IS_ERR(span))
		return PTR_ERR(span);
	mutex_lock(&region->spans_lock);
	err = talloc_region_put_span(region, span);
	mutex_unlock(&region->spans_lock);
	if (err)
		talloc_region_span_free(span);
	return err;
}

/**
 * talloc_region_add_backing() - give a region one more span, from anywhere
 * @region: the region
 * @backing: where its memory comes from; read during the call only
 *
 * Only who owns the region adds memory or device memory of its own: when the owner goes, all such
 * spans go, whoever gave them.
 *
 * Context: process context, may sleep.
 *
 * Return: 0, or an error as talloc_region_create(), but without a word in the log; -EINVAL also
 * where it is of another kind than the region, and -ENOSPC where that has %TALLOC_SPANS_MAX spans.
 */
int talloc_region_add_backing(struct talloc_region *region, const struct talloc_backing *backing)
{
	int err;

	mutex_lock(&talloc_create_lock);
	err = __talloc_region_add_backing(region, backing);
	mutex_unlock(&talloc_create_lock);
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
static u32 region_find_empty(const struct talloc_region *region, u32 i)
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

/* Spans that were taken away and are to be freed. */
struct gone {
	struct region_span *span[TALLOC_SPANS_MAX];
	u32 nr;
};

/*
 * Take away those that have been empty since @before, all at once: an allocation that fails for
 * want of a place need not wait for their memory to go. Returns whether there are others.
 */
static bool region_take_empty(struct talloc_region *region, unsigned long before,
			      struct gone *gone)
{
	unsigned long flags;
	bool others = false;
	u32 i = 0;

	lockdep_assert_held(&region->spans_lock);
	gone->nr = 0;
	raw_spin_lock_irqsave(&region->lock, flags);
	while ((i = region_find_empty(region, i)) < region->nr_spans) {
		if (time_after(region->spans[i]->emptied, before)) {
			others = true;
			i++;
			continue;
		}
		gone->span[gone->nr++] = talloc_region_take_span(region, i);
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return others;
}

/* Returns how many they are. */
static int gone_free(const struct gone *gone)
{
	u32 i;

	for (i = 0; i < gone->nr; i++)
		talloc_region_span_free(gone->span[i]);
	return gone->nr;
}

/**
 * talloc_region_reap() - give back the spans that a region grew by and that are
 * empty
 * @region: the region
 *
 * Happens by itself a second or two after the last block of such a span was freed.
 *
 * Context: process context, may sleep.
 *
 * Return: how many spans went.
 */
int talloc_region_reap(struct talloc_region *region)
{
	struct gone gone;

	mutex_lock(&region->spans_lock);
	region_take_empty(region, jiffies, &gone);
	mutex_unlock(&region->spans_lock);
	return gone_free(&gone);
}
EXPORT_SYMBOL_TALLOC(talloc_region_reap);

static bool region_has_empty(struct talloc_region *region)
{
	unsigned long flags;
	bool has;

	raw_spin_lock_irqsave(&region->lock, flags);
	has = region_find_empty(region, 0) < region->nr_spans;
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return has;
}

/*
 * The same for an allocation, if nobody has the mutex: who has may be waiting for memory that
 * this allocation is to get back. Returns how many went; -EAGAIN where some would if it were free.
 */
int talloc_region_try_reap(struct talloc_region *region)
{
	struct gone gone;

	if (!mutex_trylock(&region->spans_lock))
		return region_has_empty(region) ? -EAGAIN : 0;
	region_take_empty(region, jiffies, &gone);
	mutex_unlock(&region->spans_lock);
	return gone_free(&gone);
}

/* There is a grown span that is empty, or may stay so. Context: any but NMI. */
void talloc_region_reap_later(struct talloc_region *region)
{
	schedule_delayed_work(&region->reap, REAP_DELAY);
}

void talloc_region_reap_work(struct work_struct *work)
{
	struct talloc_region *region = container_of(to_delayed_work(work), struct talloc_region,
						    reap);
	struct gone gone;
	bool others;

	mutex_lock(&region->spans_lock);
	others = region_take_empty(region, jiffies - REAP_DELAY, &gone);
	mutex_unlock(&region->spans_lock);
	gone_free(&gone);
	if (others)
		talloc_region_reap_later(region);
}

/**
 * talloc_region_remove_span() - take an empty span away from a region
 * @region: the region
 * @addr: any address in its window
 *
 * What talloc has mapped it unmaps; other memory is the caller's again.
 *
 * Context: process context, may sleep.
 *
 * Return: 0; -ENOENT where @addr is in none; -EBUSY where it has live blocks;
 * -EPERM where it is the only one.
 */
int talloc_region_remove_span(struct talloc_region *region, u64 addr)
{
	struct region_span *span = NULL;
	unsigned long flags;
	int err = -ENOENT;
	u32 i;

	mutex_lock(&region->spans_lock);
	raw_spin_lock_irqsave(&region->lock, flags);
	i = talloc_region_span_number(region, addr);
	if (i < region->nr_spans) {
		err = -EBUSY;
		if (region->nr_spans == 1)
			err = -EPERM;
		else if (!talloc_heap_blocks(&region->spans[i]->heap))
			err = 0;
	}
	if (!err)
		span = talloc_region_take_span(region, i);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	mutex_unlock(&region->spans_lock);
	talloc_region_span_free(span);
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_remove_span);

/*
 * Windows.
 */

/**
 * struct ends - where a call wants the ends of a span
 * @low: how many bytes to move its start by, and then by how many it was cut
 * @high: the same for its end
 * @in_the_way: a live block that stands outside of them, if that is so
 */
struct ends {
	u64 low;
	u64 high;
	struct talloc_chunk in_the_way;
};

/* Say what a span, @want as yet, is to be. False where it cannot be that. */
typedef bool (*ends_fn)(const struct talloc_region *region, const struct region_span *span,
			const struct ends *ends, struct talloc_span *want);

static int span_move_ends(struct talloc_region *region, struct region_span *span, ends_fn say,
			  struct ends *ends)
	__must_hold(&region->lock)
{
	struct talloc_span was = talloc_heap_span(&span->heap), want = was;

	/* What was freed since talloc_region_settle(). */
	talloc_heap_settle(&span->heap, TALLOC_KEPT);
	if (talloc_heap_damage(&span->heap))
		return -EIO;
	if (!say(region, span, ends, &want))
		return -ENOSPC;
	switch (talloc_heap_set_span(&span->heap, want, &ends->in_the_way)) {
	case TALLOC_OK:
		span->peak_below = U32_MAX;
		want = talloc_heap_span(&span->heap);
		ends->low = want.start - was.start;
		ends->high = was.end - want.end;
		return 0;
	case TALLOC_BUSY:
		return -EBUSY;
	case TALLOC_DAMAGED:
		return -EIO;
	default:
		return -ENOSPC;
	}
}

static int region_move_ends(struct talloc_region *region, u64 addr, ends_fn say,
			    struct ends *ends)
{
	struct region_span *span;
	unsigned long flags;
	int err = -ENOENT;

	talloc_region_settle(region);
	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (span)
		err = span_move_ends(region, span, say, ends);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	if (err == -EIO)
		talloc_region_report_damage(region);
	return err;
}

static bool ends_extend(const struct talloc_region *region, const struct region_span *span,
			const struct ends *ends, struct talloc_span *want)
{
	return talloc_span_extend(want, ends->low, ends->high) &&
	       talloc_span_contains(span_window(span), *want);
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
 * not reach so far, or the region is being reset; -EIO where the span is out of
 * service. Nothing has changed then.
 */
int talloc_region_extend(struct talloc_region *region, u64 addr, u64 low, u64 high)
{
	struct ends ends = { .low = low, .high = high };

	return region_move_ends(region, addr, ends_extend, &ends);
}
EXPORT_SYMBOL_TALLOC(talloc_region_extend);

static bool ends_truncate(const struct talloc_region *region, const struct region_span *span,
			  const struct ends *ends, struct talloc_span *want)
{
	return talloc_span_truncate(want, ends->low, ends->high);
}

/**
 * talloc_region_truncate() - take memory away from a span, at either end
 * @region: the region
 * @addr: any address in the span's window
 * @low: bytes to cut at its start
 * @high: bytes to cut at its end
 * @in_the_way: where to put a live block that stands there, or where the region has
 *	%TALLOC_NO_LIVE_MAP, or the block is large, an address inside of it; may be %NULL
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
int talloc_region_truncate(struct talloc_region *region, u64 addr, u64 low, u64 high,
			   u64 *in_the_way)
{
	struct ends ends = { .low = low, .high = high };
	int err = region_move_ends(region, addr, ends_truncate, &ends);

	if (err == -EBUSY && in_the_way)
		*in_the_way = ends.in_the_way.addr;
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_truncate);

static bool ends_trim(const struct talloc_region *region, const struct region_span *span,
		      const struct ends *ends, struct talloc_span *want)
{
	struct talloc_span keep = talloc_heap_used_span(&span->heap);

	/* An empty heap keeps a smallest block at its start. */
	if (talloc_span_empty(keep))
		keep = talloc_span_below(*want, want->start + talloc_region_least_bytes(region));
	return talloc_span_truncate(want, min(ends->low, keep.start - want->start),
				    min(ends->high, want->end - keep.end));
}

/**
 * talloc_region_trim() - take away as much of a span as no block is in the way of
 * @region: the region
 * @addr: any address in the span's window
 * @low: most bytes to cut at its start; then how many were
 * @high: most bytes to cut at its end; then how many were
 *
 * What a heap uses of its span are whole units. So it may lose up to a unit more than was
 * said, and nothing where it did not use that much anyway.
 *
 * Context: any but NMI. Bounded.
 *
 * Return: 0; -ENOENT where @addr is in no window; -ENOSPC while the region is being
 * reset; -EIO where the span is out of service; @low and @high are 0 then.
 */
int talloc_region_trim(struct talloc_region *region, u64 addr, u64 *low, u64 *high)
{
	struct ends ends = { .low = *low, .high = *high };
	int err = region_move_ends(region, addr, ends_trim, &ends);

	*low = err ? 0 : ends.low;
	*high = err ? 0 : ends.high;
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_trim);

/* Returns how many spans there are; what the region grows by from now on comes last. */
static u32 region_retire(struct talloc_region *region)
{
	unsigned long flags;
	u32 spans, i;

	raw_spin_lock_irqsave(&region->lock, flags);
	spans = region->nr_spans;
	for (i = 0; i < spans; i++)
		talloc_heap_retire(&region->spans[i]->heap);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return spans;
}

/**
 * talloc_region_reset() - free all blocks of a region at once
 * @region: the region
 *
 * All pointers into it become invalid. Spans stay, and one that was out of
 * service is in service again. Meanwhile frees are refused, and an allocation finds
 * room only in spans that are done, or that the region grows by; what it gets is not
 * freed again. Takes time in proportion to the live map or the table of tags, without
 * the lock.
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
	u32 spans, i;
	int err = 0;

	fresh = kvmalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	mutex_lock(&region->spans_lock);
	spans = region_retire(region);
	for (i = 0; i < spans; i++) {
		span = talloc_region_span_at(region, i);
		err = span_heap_init(fresh, region, span, talloc_heap_span(&span->heap));
		if (WARN_ON_ONCE(err))	/* it was possible before */
			break;
		raw_spin_lock_irqsave(&region->lock, flags);
		span->heap = *fresh;
		span->damage_reported = false;
		span->emptied = jiffies;
		raw_spin_unlock_irqrestore(&region->lock, flags);
		if (span->grown)
			talloc_region_reap_later(region);
	}
	mutex_unlock(&region->spans_lock);
	kvfree(fresh);
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_region_reset);
