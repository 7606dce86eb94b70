/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * talloc's heap: the portable core.
 *
 * One heap manages one contiguous span. It never locks, prints, allocates or
 * sleeps, and knows no kernel: the caller serialises all calls on one heap,
 * including those that only read. The design is explained at the top of
 * talloc_core.c.
 */
#ifndef TALLOC_CORE_H
#define TALLOC_CORE_H

#include <talloc_port.h>
#include <talloc_span.h>
#include <talloc_where.h>

/*
 * Units: any power of two between these, in bytes; with detached tags, which take
 * nothing from them, down to 1.
 */
#define TALLOC_UNIT_MIN		8u
#define TALLOC_UNIT_MAX		(2u << 20)

/* A slot of a detached tag table, in bytes; also the footprint of a free chunk's tags. */
#define TALLOC_SLOT_BYTES	16u

/* A tag has 29 bits for the size, so no window has as many units as this. */
#define TALLOC_UNITS_LIMIT	0x20000000u

/* The address of nothing: no window reaches this far. */
#define TALLOC_NOWHERE		(~0ull)

/* See "Kept blocks" in talloc_core.c. */
#define TALLOC_PLACES		256u
#define TALLOC_NEWEST		TALLOC_PLACES
#define TALLOC_KEPT		(TALLOC_PLACES + 1)
#define TALLOC_RING_UNITS	128u
#define TALLOC_KEPT_UNITS	548u
#define TALLOC_KEPT_TOPS	256u
#define TALLOC_PLACES_SHARE	512u
#define TALLOC_RING_SHARE	2304u
#define TALLOC_NEWEST_SHARE	128u
#define TALLOC_PLACES_DETACHED	8192u
#define TALLOC_RING_DETACHED	4096u
#define TALLOC_NEWEST_DETACHED	2048u
#define TALLOC_ROW		4u

/* See "Queued frees" in talloc_core.c. */
#define TALLOC_QUEUE		16u
#define TALLOC_QUEUE_UNITS	0x380000u
#define TALLOC_QUEUE_LESS	0x80000u
#define TALLOC_QUEUE_BLOCKS	0x4000u

/* See "Bins" in talloc_core.c. */
#define TALLOC_BINS_EXACT	128u
#define TALLOC_BINS_DOUBLING	16u
#define TALLOC_BINS		(TALLOC_BINS_EXACT + (29 - 7) * TALLOC_BINS_DOUBLING)
#define TALLOC_BINMAP_WORDS	((TALLOC_BINS + 63) / 64)

/**
 * enum talloc_status - what came of a call
 * @TALLOC_OK: done
 * @TALLOC_FULL: no room; no block and no end has changed
 * @TALLOC_INVALID: impossible arguments; the same
 * @TALLOC_BUSY: a live block is in the way; the same
 * @TALLOC_OUTSIDE: the address is not in the heap's span
 * @TALLOC_MISALIGNED: the address is not on the unit grid
 * @TALLOC_NOT_LIVE: no live block starts at the address: it was freed already,
 *	was never allocated, or lies inside of a chunk
 * @TALLOC_DAMAGED: a tag is not what the heap wrote; the heap is out of service
 */
enum talloc_status {
	TALLOC_OK,
	TALLOC_FULL,
	TALLOC_INVALID,
	TALLOC_BUSY,
	TALLOC_OUTSIDE,
	TALLOC_MISALIGNED,
	TALLOC_NOT_LIVE,
	TALLOC_DAMAGED,
};

/**
 * enum talloc_rule - the heap's invariants, I1 to I9
 * @TALLOC_RULE_NONE: no rule is broken
 * @TALLOC_RULE_TILING: I1, chunks cover the span exactly, up to the sentinel
 * @TALLOC_RULE_RUNT: I2, no chunk is smaller than the minimum
 * @TALLOC_RULE_TAGS: I3, a free chunk's two sizes are equal, and "left is free"
 *	is set exactly where it is true
 * @TALLOC_RULE_MERGED: I4, no two free chunks touch
 * @TALLOC_RULE_BINNED: I5, each free chunk is in exactly one bin, the one for
 *	its size, links agree both ways, and the head's size is known
 * @TALLOC_RULE_BINMAP: I6, a bit is set exactly where its bin is not empty
 * @TALLOC_RULE_STATS: I7, the statistics count what is there, and used and free
 *	units make up the span
 * @TALLOC_RULE_LIVE: I8, a bit of the live map is set exactly where a used chunk
 *	starts that is not queued, and in a heap that does not queue where a kept one does
 * @TALLOC_RULE_KEPT: I9, the newest and the ring are exactly the kept chunks, and what is
 *	queued is a used one, and queued once
 */
enum talloc_rule {
	TALLOC_RULE_NONE,
	TALLOC_RULE_TILING,
	TALLOC_RULE_RUNT,
	TALLOC_RULE_TAGS,
	TALLOC_RULE_MERGED,
	TALLOC_RULE_BINNED,
	TALLOC_RULE_BINMAP,
	TALLOC_RULE_STATS,
	TALLOC_RULE_LIVE,
	TALLOC_RULE_KEPT,
};

/**
 * struct talloc_fault - a broken invariant
 * @rule: which one
 * @chunk: the index at which it was seen; a bin for I6; 0 where it is of the whole heap
 * @addr: the payload address of @chunk, or 0 where there is none
 * @found: what stood there
 * @expected: what should have
 */
struct talloc_fault {
	enum talloc_rule rule;
	u32 chunk;
	u64 addr;
	u64 found;
	u64 expected;
};

/**
 * struct talloc_heap_config - what a heap is made of
 * @window: all that the heap may ever cover; nothing outside is ever touched
 * @span: what it covers at first, inside @window; empty for all of @window
 * @unit: bytes, a power of two from %TALLOC_UNIT_MIN to %TALLOC_UNIT_MAX; 0 for
 *	%TALLOC_UNIT_MIN. With detached tags 1, 2 and 4, too. Blocks are aligned to
 *	the unit.
 * @table: memory for detached tags, talloc_heap_table_bytes() of it, aligned to 4
 *	bytes; %NULL for inline tags. With detached tags @window is any range of
 *	numbers, and what may be there is never touched.
 * @live_map: one bit a unit, talloc_heap_map_bytes() of them, by which every
 *	pointer that is not a live block is told apart with certainty; %NULL for
 *	none. Detached tags need none: their table tells the same.
 * @keep: keep some of the blocks that were freed last for requests of their size,
 *	and merge them with their neighbours later; in a large heap with a live map,
 *	inline tags and units of 8 bytes, do not even look at the last 16. Faster, and as
 *	tight; but who finds no room has to call talloc_heap_settle() and try again.
 *
 * The memory stays the caller's and must outlive the heap. What it holds does
 * not matter to talloc_heap_init().
 */
struct talloc_heap_config {
	struct talloc_span window;
	struct talloc_span span;
	u32 unit;
	void *table;
	unsigned long *live_map;
	bool keep;
};

/**
 * struct talloc_heap_stats - figures of one heap
 * @span_bytes: all units of the span, tags included
 * @used_bytes: units in used chunks, tags included
 * @free_bytes: all other units; @used_bytes + @free_bytes = @span_bytes
 * @kept_bytes: of these, units in kept and queued chunks
 * @largest_bytes: the largest request that would find a free chunk now, unaligned;
 *	after talloc_heap_settle() that may be more
 * @used_chunks: live blocks
 * @free_chunks: free, kept and queued chunks
 */
struct talloc_heap_stats {
	u64 span_bytes;
	u64 used_bytes;
	u64 free_bytes;
	u64 kept_bytes;
	u64 largest_bytes;
	u32 used_chunks;
	u32 free_chunks;
};

/*
 * Where payloads and tags are: all in which reading and writing inline and detached tags
 * differs. Passed by value, so that the compiler sees constants where the layout is known.
 */
struct talloc_layout {
	u64 base;		/* payload address of index 0, modulo 2^64 */
	unsigned long tags;	/* address of the tag of index 0, modulo the word */
	u32 min_units;		/* smallest chunk */
	u8 unit_shift;		/* unit = 1 << unit_shift bytes */
	u8 stride_shift;	/* tags stand 1 << stride_shift bytes apart */
	u8 tag_bytes;		/* what a tag takes from its payload: 4 or 0 */
};

/*
 * Of a kept block: its chunk; its size in units, doubled, and whether it has an alignment,
 * 0 in all for none; and in the ring, the place of the one before it that has the same
 * key, or where there is none, the place that became empty before this one.
 */
struct talloc_kept {
	u32 chunk;
	u16 key;
	u16 prev;
};

/*
 * The first chunk of a bin, and its size in units, so that nobody has to look at a chunk to
 * tell that it is too small; 0 and 0 for none.
 */
struct talloc_bin {
	talloc_word head;
	u32 units;
};

/**
 * struct talloc_heap - the control block
 *
 * It holds no pointer into itself and none is held to it, so it may be moved by
 * assignment between two calls. Fields are private to talloc_core.c.
 */
struct talloc_heap {
	/* private: constant after init */
	struct talloc_layout layout;
	unsigned long *live;	/* live map, bit 0 for index 0; or NULL */
	u32 last_place;		/* of the places of the ring in use, a power of two */
	u32 kept_units;		/* smaller blocks are kept; 0 for none */
	u32 kept_keys;		/* how many keys there are; 0 where nothing is kept */
	u32 ring_keys;		/* those with smaller keys have a place in the ring */
	u32 ends_units;		/* larger ones come from both ends of a chunk, see "Ends" */

	/* private: moved by extend and truncate; short_*, queue_below and units by others, too */
	u32 first;		/* index of the lowest chunk */
	u32 sentinel;		/* index of the sentinel */
	u32 units;		/* sentinel - first; 0 when out of service */
	u64 short_end;		/* blocks below this index are freed by the short way, see "Cost" */
	u64 short_bytes;	/* requests up to this have one; 0 for none */
	u64 max_bytes;		/* no request is larger; 0 when out of service */
	u32 queue_below;	/* frees are queued while fewer units are free; 0 for not now */

	/* private: written on alloc and free */
	u64 allocs;		/* blocks that came to be */
	u64 kept;		/* that were freed and kept */
	u64 frees;		/* that were freed and not kept */
	u32 free_units;		/* in free and kept chunks */
	u32 free_chunks;
	u32 empty;		/* place of the ring that became empty last, or TALLOC_PLACES */
	u32 hand;		/* place of the ring whose block leaves next, if it has one */
	u32 filled;		/* places before this had a block since all were settled */
	u32 row;		/* how many small requests in a row the newest was good for */
	talloc_word no_chunk[3];	/* stands for the tag and the links of no chunk */
	u64 binmap[TALLOC_BINMAP_WORDS];	/* a bit for each bin that is not empty */
	struct talloc_kept kept_blocks[TALLOC_KEPT];	/* the ring; last of all, the newest */
	u8 tops[TALLOC_KEPT_TOPS];	/* for each hash of a key, where its newest is */
	struct talloc_bin bins[TALLOC_BINS];
	u32 queue[TALLOC_QUEUE];	/* freed blocks not looked at yet, 0 for none */
	u32 queue_next;		/* its oldest place; the next one's */
	u32 queued;		/* how many it has */

	/* private: written on aligned allocations */
	u64 most_align;		/* the largest alignment that was asked for */

	/* private: seldom written */
	u64 changes;		/* all that moves chunks but allocs and frees */
	u32 queue_limit;	/* what queue_below is where frees are queued; 0 for never */
	u32 window_units;	/* constant; indices 1 to this are in the window */

	/* private: set once, when a tag was found damaged */
	struct talloc_fault damage;
};

/**
 * enum talloc_chunk_state - what a walk says of a piece of the span
 * @TALLOC_CHUNK_USED: a live block
 * @TALLOC_CHUNK_FREE: a free, kept or queued chunk
 * @TALLOC_CHUNK_UNKNOWN: the heap changed under the walk and the walk has lost
 *	the chunk boundaries here
 */
enum talloc_chunk_state {
	TALLOC_CHUNK_USED,
	TALLOC_CHUNK_FREE,
	TALLOC_CHUNK_UNKNOWN,
};

/**
 * struct talloc_chunk - one step of a walk
 * @addr: address of the payload
 * @bytes: size in bytes, up to the next chunk's payload, so tags included
 * @usable: bytes that a caller may use, or could after one allocation
 * @state: used, free or unknown
 */
struct talloc_chunk {
	u64 addr;
	u64 bytes;
	u64 usable;
	enum talloc_chunk_state state;
};

/**
 * struct talloc_walk - a place in a walk over the chunks of a heap
 * @changed: whether the heap changed since the walk began
 */
struct talloc_walk {
	bool changed;
	/* private: */
	u32 next;
	u64 generation;
};

/**
 * enum talloc_check_state - how far a check in slices has come
 * @TALLOC_CHECK_MORE: call again
 * @TALLOC_CHECK_CLEAN: every rule holds
 * @TALLOC_CHECK_FAULT: a rule is broken
 * @TALLOC_CHECK_CHANGED: the heap changed since the last slice; begin anew
 */
enum talloc_check_state {
	TALLOC_CHECK_MORE,
	TALLOC_CHECK_CLEAN,
	TALLOC_CHECK_FAULT,
	TALLOC_CHECK_CHANGED,
};

/**
 * struct talloc_check - a place in a check of a heap
 */
struct talloc_check {
	/* private: */
	u64 generation;
	u64 free_units;
	u64 tiled_sum;		/* hash over the free chunks met in the span */
	u64 binned_sum;		/* the same over those met in bins */
	u64 kept_sum;		/* over the kept chunks */
	u32 next;		/* chunk to look at, 0 when all were */
	u32 bin;		/* bin to look at */
	u32 link;		/* place in its list, 0 at its head */
	u32 used_chunks;
	u32 free_chunks;
	u32 binned_chunks;
	u32 kept_chunks;
	u32 queued_chunks;
	u32 live_left;		/* bits of the live map yet to be met */
	bool left_free;
};

u64 talloc_heap_table_bytes(struct talloc_span window, u32 unit);
u64 talloc_heap_map_bytes(struct talloc_span window, u32 unit);

enum talloc_status __must_check
talloc_heap_init(struct talloc_heap *heap, const struct talloc_heap_config *config);
void talloc_heap_retire(struct talloc_heap *heap);

enum talloc_status __must_check
talloc_heap_alloc(struct talloc_heap *heap, u64 bytes, u64 *addr);
enum talloc_status __must_check
talloc_heap_alloc_aligned(struct talloc_heap *heap, u64 bytes, u64 align, u64 *addr);
u64 __must_check __talloc_heap_alloc(struct talloc_heap *heap, u64 bytes);
u64 __must_check __talloc_heap_alloc_aligned(struct talloc_heap *heap, u64 bytes, u64 align);
enum talloc_status talloc_heap_alloc_refusal(const struct talloc_heap *heap, u64 bytes);
enum talloc_status __must_check
talloc_heap_alloc_where(struct talloc_heap *heap, u64 bytes, const struct talloc_where *where,
			u64 *addr);
const char *talloc_where_fault(const struct talloc_where *where, u64 unit, u64 bytes);
bool talloc_heap_settle(struct talloc_heap *heap, u32 most);
bool talloc_heap_settle_queue(struct talloc_heap *heap);
bool talloc_heap_has_chunk(const struct talloc_heap *heap, u64 bytes);
enum talloc_status talloc_heap_free(struct talloc_heap *heap, u64 addr);
bool talloc_heap_freed(const struct talloc_heap *heap, u64 addr);
enum talloc_status talloc_heap_free_part(struct talloc_heap *heap, u64 addr, u64 bytes);

enum talloc_status __must_check
talloc_heap_resize_in_place(struct talloc_heap *heap, u64 addr, u64 bytes);
bool talloc_heap_held_beside(const struct talloc_heap *heap, u64 addr);
enum talloc_status __must_check
talloc_heap_slide(struct talloc_heap *heap, u64 addr, u64 bytes, u64 *moved);
enum talloc_status __must_check
talloc_heap_resize(struct talloc_heap *heap, void *block, u64 bytes, void **moved);

enum talloc_status
talloc_heap_lookup(struct talloc_heap *heap, u64 addr, u64 *usable, u64 *align);
bool talloc_heap_contains(const struct talloc_heap *heap, u64 addr);
enum talloc_status
talloc_heap_find(const struct talloc_heap *heap, u64 addr, struct talloc_chunk *chunk);
enum talloc_status
talloc_heap_find_from(const struct talloc_heap *heap, u64 addr, u64 *from,
		      struct talloc_chunk *chunk);

struct talloc_span talloc_heap_span(const struct talloc_heap *heap);
struct talloc_span talloc_heap_used_span(const struct talloc_heap *heap);
enum talloc_status __must_check
talloc_heap_set_span(struct talloc_heap *heap, struct talloc_span span,
		     struct talloc_chunk *in_the_way);

/**
 * talloc_heap_blocks() - number of live blocks
 * @heap: the heap
 *
 * Return: how many there are.
 */
static inline u32 talloc_heap_blocks(const struct talloc_heap *heap)
{
	return heap->allocs - heap->kept - heap->frees - heap->queued;
}

/* All that is not free; 0 where by a wrong size that was believed more is than there is. */
static inline u32 talloc_heap_used_units(const struct talloc_heap *heap)
{
	u32 units = heap->sentinel - heap->first;

	return units > heap->free_units ? units - heap->free_units : 0;
}

/**
 * talloc_heap_used_bytes() - size of all live blocks, tags and rounding included
 * @heap: the heap
 *
 * What is queued counts, too; talloc_heap_settle_queue() settles that.
 *
 * Return: bytes.
 */
static inline u64 talloc_heap_used_bytes(const struct talloc_heap *heap)
{
	return (u64)talloc_heap_used_units(heap) << heap->layout.unit_shift;
}

/**
 * talloc_heap_free_units() - size of all that is neither in live blocks nor queued
 * @heap: the heap
 *
 * Return: units.
 */
static inline u32 talloc_heap_free_units(const struct talloc_heap *heap)
{
	return heap->free_units;
}

/**
 * talloc_heap_may_hold() - whether a request could succeed after talloc_heap_settle()
 * @heap: the heap
 * @bytes: its size
 *
 * Return: false where not even all that is free would be enough.
 */
static inline bool talloc_heap_may_hold(const struct talloc_heap *heap, u64 bytes)
{
	return heap->queued || (u64)heap->free_units << heap->layout.unit_shift >= bytes;
}

/**
 * talloc_heap_damage() - why a heap is out of service
 * @heap: the heap
 *
 * Return: the damage that was met first, or %NULL where none was.
 */
static inline const struct talloc_fault *talloc_heap_damage(const struct talloc_heap *heap)
{
	return heap->damage.rule ? &heap->damage : NULL;
}

void talloc_heap_stats(const struct talloc_heap *heap, struct talloc_heap_stats *stats);

void talloc_heap_walk_begin(const struct talloc_heap *heap, struct talloc_walk *walk);
bool talloc_heap_walk_next(const struct talloc_heap *heap, struct talloc_walk *walk,
			   struct talloc_chunk *chunk);

void talloc_heap_check_begin(const struct talloc_heap *heap, struct talloc_check *check);
enum talloc_check_state
talloc_heap_check_step(const struct talloc_heap *heap, struct talloc_check *check,
		       u32 steps, struct talloc_fault *fault);
bool talloc_heap_check(const struct talloc_heap *heap, struct talloc_fault *fault);

const char *talloc_status_name(enum talloc_status status);
const char *talloc_rule_name(enum talloc_rule rule);

#endif /* TALLOC_CORE_H */
