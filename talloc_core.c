// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * talloc's heap: one contiguous span, any size, constant time.
 */

/**
 * DOC: Terms
 *
 * A *heap* manages one *span* of addresses, cut into *units* of equal size. A
 * *chunk* is a run of units, *used*, *free* or *kept*; chunks tile the span from
 * its first unit up to the *sentinel*. A chunk is named by its *index*, the number
 * of its first unit, counted from 1 at the low end of the *window*, which is
 * all that the heap may ever cover; index 0 is none. A *tag* is the 32-bit word
 * that says how large a chunk is and what it and its left neighbour are. The
 * *payload* is what the caller gets. Free chunks are in *bins*, lists by size; the
 * *binmap* has a bit for each bin that is not empty. Kept chunks were freed a short
 * while ago: the *newest*, and those in the *ring*. Neighbours in the span are *left*
 * and *right*; *prev* and *next* are neighbours in a bin. Sizes that callers speak of
 * are *bytes*, the heap's own are *units*.
 */

/**
 * DOC: Tags
 *
 * All that the heap knows of a chunk is in four words::
 *
 *   tag(i)            the size in units << 3, and three flags
 *   tag(i) + 4        next free chunk in its bin     } only where
 *   tag(i) + 8        previous one << 3, and flag F  } the chunk
 *   tag(i + size) - 4 the size in units again        } is free
 *
 *    31                                3   2   1   0
 *   +-----------------------------------+---+---+---+
 *   | size in units                     | A | L | F |
 *   +-----------------------------------+---+---+---+
 *     F  this chunk is free
 *     L  the left neighbour is free, so its size stands right before this tag
 *     A  the block was asked for with an alignment above the unit
 *
 * F and A together are no free chunk's: they mark a kept one.
 *
 * The sentinel's tag has size 0 and is never free, so no chunk merges with it.
 * Tags and links hold indices, never pointers: the memory may be moved, mapped
 * elsewhere or found again.
 *
 * The tag of chunk i is at ``tags + i * stride``, and its payload at ``base +
 * i * unit``. That is the whole difference between the two layouts:
 *
 * *Inline*: a tag stands in the 4 bytes below its payload; the stride is the
 * unit. With units of 8 bytes::
 *
 *   unit        i-1             i               i+1             i+2
 *   bytes  | . . . . T T T T | n n n n p p p p | . . . . S S S S | T ...
 *                    ^         ^                         ^         ^
 *                    tag(i)    payload(i)       size again         tag(i+2)
 *
 * so a used chunk costs 4 bytes and a request of n bytes takes n + 4, rounded up to
 * units, and what "Rests" says; a free chunk needs 16 bytes, which makes the smallest
 * chunk 2 units.
 *
 * *Detached*: tags stand in a table of 16-byte slots, one a unit. The memory
 * itself is never touched, need not be mapped, and all of it can be used. A slot
 * is what a free chunk needs, so the smallest chunk is 1 unit. The tag of a slot
 * at which no chunk starts is 0: whoever takes away a chunk's start erases it.
 *
 * Nothing else in this file knows where tags are, but that with inline ones a block's is right
 * before it.
 */

/**
 * DOC: Bins
 *
 * Sizes below 128 units have a bin each; from there on each doubling is cut in 16
 * equal parts. So chunks of a bin have the same size up to 127 units, and differ by
 * less than 1/16 of it above. 480 bins hold every size that a tag can, and eight
 * words of 64 bits are their binmap.
 *
 * A request takes the head of its own bin if that is large enough, which the control
 * block tells, so that no chunk is looked at in vain; else the head of the next bin that
 * is not empty, all of whose chunks fit. Finding that bin takes a look at eight words
 * of the binmap at most, whatever the number of chunks. This is segregated fit as
 * in Masmano, Ripoll, Crespo and Real, "TLSF: a new dynamic memory allocator for
 * real-time systems", ECRTS 2004, but for the head of the own bin, which saves
 * most of the space that rounding requests up to the next bin costs; with it, 8,
 * 16 and 32 bins a doubling are equally tight on recorded traces. Where blocks of
 * hundreds of units have to fit, 8 take 1 to 2 % more, and 32 take as much as 16.
 *
 * An aligned request takes the chunk that an unaligned one would get, if it has a place there;
 * else one that is so large that it has one wherever it stands.
 *
 * Where there is none of these a request looks at %TALLOC_LOOK chunks of each bin from its own on,
 * %TALLOC_LOOK_ALL at most: one may be large enough though the head is not, or happen to stand
 * well. With blocks of up to 128 KiB in 16 MiB, a third of them aligned to 64 KiB, 44 in 100
 * aligned requests that failed had a place that was not found so; 1 in 100 with 16, and as many
 * with 32. With detached tags, in whose table a look costs little, a large request does so at once
 * where the head of its own bin is too small, as ranges of numbers are to be tight.
 *
 * Bins are lists, newest first: a chunk that was just freed is the one whose
 * memory is warm, and to insert one writes to one other chunk only. What grows, or is left of a
 * chunk, and still belongs in its bin stays in its place there. An order by address inside of a
 * bin was tried in several forms and saves 0.1 % of space.
 */

/**
 * DOC: Kept blocks
 *
 * Half of all blocks are freed within a few calls, and soon asked for again in just
 * that size. A heap with &talloc_heap_config.keep therefore does not merge a small
 * block at once: it marks its tag and writes its index down. A request first looks
 * whether there is a block of its size and kind, plain or aligned, and if so hands it
 * out as it is. Neither touches a neighbour or a bin, nor any word of the block but its
 * tag. Only when there are too many one has to *settle*: now it is merged and binned.
 * This is deferred coalescing with quick lists as in Wilson, Johnstone, Neely and Boles,
 * "Dynamic storage allocation: a survey and critical review", IWMM 1995, but with one
 * bound for all sizes.
 *
 * The block that was freed last is the *newest*, and stands by itself. When the next one
 * is freed it goes into the *ring*, to the place there that became empty last. If none is,
 * the *hand*, which goes round the ring, says whose place it takes. So whether a free has
 * to settle follows from whether the requests before it found a block, which a processor
 * learns to predict. When each free took the next place, whoever was in it, half of all
 * frees in some workloads went another way than predicted, and the traces took 1.07 times
 * as long. What is seldom asked for stays longer with places taken up again: that is 0.2 % of
 * the traces' space, and 1 % with a database's, which takes 1.14 or 1.30 as chance has it.
 *
 * To find a block by its size, each size leads to its newest place in the ring, and each
 * place to the one before it. Where a place was filled again or emptied, older ones behind it
 * can no longer be found, and stay until the hand comes, which costs a hit and no more. The
 * newest is not looked for so, and what is written into the ring is of a block whose tag was
 * read a while ago: a request that follows a free at once has neither to wait for. A pair of
 * one size in a region takes 0.93 of the time so.
 *
 * A small request without an alignment asks the ring first, and then the newest: that is one
 * block, and whether it happens to have the size is too hard to predict. With blocks to 256 bytes
 * at random in 1 MiB that takes 0.87 of the time. But where the newest would have done for more
 * than %TALLOC_ROW in a row it comes first, until it does not: who allocates and frees one size in
 * turns gets to the ring in the first turns only. Large sizes, of which the ring has few or none,
 * and aligned blocks ask the newest first; with detached tags all do, which takes 0.3 % less space.
 * A large one gets the newest also where that is larger by what would be a rest, see "Rests": else
 * who asks for 4 KiB in turns, and once got a block with its rest, would merge it each time.
 *
 * The ring has a place for each 512 units of the window, up to 256, and takes blocks that have
 * fewer units than a 2304th of it, and fewer than 128; with detached tags, whose units are larger,
 * a place for each 8192 and a 4096th. All is rounded down, the window to a power of two. The
 * newest, as it is one alone, may be larger: less than a 128th, and 548 units, so that from 1 MiB
 * on 4 KiB with a tag and a rest are below that; with detached tags a 2048th. Where it is too
 * large for the ring it settles when the next is freed. So in small heaps, where what is held back
 * would be felt, little is. On fifteen recorded traces seven allocations in ten find a block, with
 * 16 places half of them. Space is the same within 0.01, while a list for each size takes 0.015
 * more with two in each.
 *
 * Who finds no room calls talloc_heap_settle(), which merges them all, and tries again;
 * unless talloc_heap_may_hold() knows that all that is free would not be enough. The ring then
 * begins anew at its first place, so that who finds no room again soon looks at few places. Where
 * but some were merged, the hand has those that are left before it, and only then what never had a
 * block.
 */

/**
 * DOC: Queued frees
 *
 * Where many blocks fill tens of megabytes, the tag of one that is freed is seldom in a
 * cache, and all that a free does hangs on it; so does the next request, which cannot tell
 * whether the newest block is what it looks for. So while more than %TALLOC_QUEUE_UNITS are
 * in use, 28 MiB, by %TALLOC_QUEUE_BLOCKS blocks or more, whose tags have as many lines as
 * make up 1 MiB, a heap that keeps blocks, in units of 8 bytes with inline tags and a live
 * map, does not look at the tag. It clears the block's bit in the map, by which a second
 * free is told at once, asks for the tag's line, and puts the index at the end of a *queue*
 * of 16. What leaves the queue at its other end goes to the ring, or is merged where it is too
 * large for that; its lines have come meanwhile. On random frees of small blocks in 64 MiB that
 * takes 0.6 of the time. None of these becomes the newest, as none was freed just now, and only
 * large requests ask for that; what it was when queueing began stays so.
 *
 * In smaller heaps it costs 8 % with recorded traces, and blocks that are allocated and
 * freed in turns would not be the same one each time, which may be large and warm.
 *
 * A chunk in the queue is a used one by its tag. Its size counts as used, but it is not
 * one of the heap's blocks any more. talloc_heap_settle() empties the queue, too.
 *
 * As a free does not see what the tag says, a kept block has no bit in the map either while
 * a heap queues; else it keeps its bit, which saves two writes. So when queueing begins, all
 * kept blocks lose their bits, and when it ends they get them back. It begins when the hand
 * has gone round the ring and finds so much in use, by so many blocks. It pauses where less is
 * in use, and what is freed then becomes the newest as ever; and it ends when that is
 * %TALLOC_QUEUE_LESS units less, 4 MiB; how many blocks there are is not asked again. A heap that
 * could queue but does not pays nothing for it.
 */

/**
 * DOC: Rests
 *
 * What a chunk has beyond what a block needs is the *rest*, and becomes a free chunk, or
 * where it is too small for one stays with the block. With inline tags it also stays where it
 * is smaller than the smallest chunk and a 16th of the block, or 4 KiB if that is less. A free
 * chunk that is so much smaller than what stands beside it is seldom what anybody asks for,
 * and has to be made, looked at and merged again; block and rest together are as good for
 * the next request of about that size. It is the owner's to use while it has the block.
 *
 * On fifteen recorded traces this takes no space. Blocks at random need 3 to 6 % less of it,
 * and half a percent more where none has more than 256 bytes; in a large heap they take 0.8
 * of the time, and as long where they are small. With an 8th, traces take 0.2 % more.
 *
 * Ranges of numbers, and all else with detached tags, are just as large as asked for.
 */

/**
 * DOC: Ends
 *
 * A block is cut from the low end of the free chunk that was found for it. But of those that
 * have more units than a 2048th of the window, and than 64 (with detached tags 32, in chunks
 * of 64 and more), sizes of every second doubling are cut from the high end: a buffer that
 * doubles whenever it is full then leaves its old places at both ends of the free chunk in
 * turn, and not a row of holes in the middle, each too small for the next. And blocks of
 * very different sizes, some of which stay, do not come to lie between each other so often.
 *
 * On fifteen recorded traces this takes the smallest region that serves them from 1.097 to
 * 1.071 of their peak (geometric mean), for one that grows large buffers from 1.207 to
 * 1.020, and for a database from 1.317 to 1.142; those without large blocks neither gain nor
 * lose. With a 1024th it is 1.074, with a 4096th 1.073, and with 4096 units for all 1.081. (All
 * of that when the ring had what was freed last; see "Kept blocks".) A block at the high end
 * can seldom grow in place, and one that is moved is copied, so small ones stay at the low end.
 */

/**
 * DOC: Invariants
 *
 * These hold between any two calls. talloc_heap_check() verifies each, without
 * writing, in steps of bounded time, and survives any damage.
 *
 * * I1 tiling: chunks cover the span exactly, up to the sentinel.
 * * I2 no runt: no chunk is smaller than the minimum.
 * * I3 tags agree: a free chunk's two sizes are equal, and "left is free" is set
 *   exactly where it is true.
 * * I4 merged: no two free chunks touch. A kept one is not free in this sense.
 * * I5 binned: each free chunk is in exactly one bin, the one for its size, links
 *   agree both ways, and the head's size is known.
 * * I6 binmap: a bit is set exactly where its bin is not empty.
 * * I7 stats: the figures count what is there; used and free units make up the
 *   span.
 * * I8 live: a bit of the live map is set exactly where a used chunk starts that is not
 *   queued, and in a heap that does not queue where a kept one does.
 * * I9 kept: the newest and the ring are exactly the kept chunks, with their sizes; what is
 *   to be filled again is empty, and so is what was not filled since all were settled. What is
 *   queued is a used chunk, and queued once.
 */

/**
 * DOC: Trust
 *
 * The control block and the live map are out of a caller's reach. Inline tags
 * are not: a driver that writes past the end of its block writes over a tag. So
 * each word that is read from a tag or a link is checked before it is followed:
 * an index must lie in the span, a free chunk's two sizes must agree, links must
 * agree both ways. All checks of an operation come before its first write to a tag or a
 * link, but that a free which keeps its block settles another afterwards, one with which queueing
 * ends settles what is queued before, and talloc_heap_set_span() looks at the bins when what is
 * free at the ends is out of them. Where one fails the heap goes out of service: it says where
 * the damage is, refuses every call from then on, and writes to no tag again. Who only looks, as
 * the checker and a walk do, reads tags of such a heap, and follows them no farther than the span.
 *
 * The size of a bin's head, in the control block, was read from a tag when what was before it was
 * taken out. It is believed as far as it leads to no wrong bin, and must be the tag's still when
 * the chunk is taken.
 *
 * A used chunk has its size but once. It must end in the span, and with a live map no other
 * block may begin within it, as far as the word of the map goes that has the chunk's own bit:
 * else one word that was written past the block before it, a small number or 0x50, would
 * have it handed out with what follows it. That is 10 instructions a free, and 1 to 2 % of the
 * time of the traces. Where its right neighbour's tag is read in any case, a chunk has to
 * begin there, as far as a live map tells of a heap that does not queue. A wrong size that nothing
 * contradicts is believed.
 *
 * Of a block that is queued nothing is believed but its bit in the live map, until it
 * leaves the queue. Of a block that is kept, the size must be one that is kept, too;
 * its neighbours, whose lines may be in no cache, are looked at when it settles.
 * That takes 2 % off the time of the traces, and 12 % in a large heap of small blocks.
 *
 * A pointer that a caller hands in must be on the unit grid, inside the span,
 * and the start of a used chunk. With detached tags or with a live map the start
 * is certain. Whether the chunk is kept its tag tells, and where a driver writes that of a
 * used one over it, a second free passes; the damage is met when the block is found, unless
 * the tag was written back. With inline tags and no map the start is a matter of the tag in
 * front of the pointer: a freed block's tag tells, and so do the tags of its neighbours. But
 * bytes inside of a live block that look like a used block's tag would pass where a true tag
 * stands as far from them as they say; and bytes that look like the tag of a block which may
 * be kept, wherever they stand.
 */

/**
 * DOC: Cost
 *
 * No operation has a loop over chunks but for
 *
 * * the first %TALLOC_LOOK of a bin, %TALLOC_LOOK_ALL in all, where a request fails otherwise, or
 *   with detached tags the head of its own bin is too small; and where an aligned one fails, those
 *   of one more bin,
 * * the ring, in talloc_heap_settle() and what calls it, in talloc_heap_stats() and
 *   talloc_heap_freed(), where queueing begins or ends, and where a pointer is refused,
 * * the bins, in talloc_heap_set_span(),
 * * talloc_heap_alloc_where() with conditions that no size answers,
 * * talloc_heap_free_part(), which goes back over the block to its start,
 * * talloc_heap_find_from(), which goes over a bounded part of the live map or the table.
 *
 * An allocation writes at most two free chunks and one used one, a free at most one; each
 * unlinks at most two. talloc_heap_init() clears the control block, the live map and the
 * table. A walk and a check take a step a chunk, and can be done in slices.
 *
 * Two cases are most of what a heap is asked for: a request for which a block is kept,
 * and a free that needs no more than to keep one. __talloc_heap_alloc() and
 * talloc_heap_free() begin with a *short way* for these, in heaps with inline tags and units of
 * 8 bytes that do not queue; to be freed so, a block must have a bit in the live map and stand so
 * far from the end of the span that none which is kept reaches it. All else they leave to
 * functions that are called last, each of which saves no more registers than it needs:
 * by whether the size is a large one, and if not, a bin of just the size has a chunk, one of a
 * larger size, or none that has its size alone; and what is beside a block that settles.
 */

#include <talloc_core.h>

/* At how many chunks of a bin a request looks that would fail, and in all. See "Bins". */
#define TALLOC_LOOK	2
#define TALLOC_LOOK_ALL	16

/* Smaller sizes have the bins of the first word of the binmap, and ways of their own. */
#define TALLOC_SMALL_UNITS	64u

/* See "Ends". With inline tags no small block comes from the high one. */
#define TALLOC_ENDS_SHARE	2048u
#define TALLOC_ENDS_INLINE	TALLOC_SMALL_UNITS
#define TALLOC_ENDS_DETACHED	32u

/* See "Rests". */
#define TALLOC_REST_SHARE	16u
#define TALLOC_REST_BYTES	4096u

/* How many words of the live map a search goes over in one call, or slots of a table of tags. */
#define TALLOC_SEARCH_WORDS	1024
#define TALLOC_SEARCH_SLOTS	4096

#define TAG_FREE	1u
#define TAG_LEFT_FREE	2u
#define TAG_ALIGNED	4u
#define TAG_KEPT	(TAG_FREE | TAG_ALIGNED)
#define TAG_FLAGS	7u
#define TAG_SHIFT	3

/* A free chunk's four words fill its smallest size, with either layout. */
static_assert(TALLOC_SLOT_BYTES == 4 * sizeof(talloc_word));
static_assert(TALLOC_SLOT_BYTES % TALLOC_UNIT_MIN == 0);
static_assert(TALLOC_SLOT_BYTES == 1 << 4);
/* Every size has a bin, and every size fits its tag. */
static_assert(TALLOC_UNITS_LIMIT >> (32 - TAG_SHIFT) == 1);
static_assert(28 * 16 + 31 == TALLOC_BINS - 1);
static_assert(TALLOC_BINS_EXACT == 128 && TALLOC_BINS_DOUBLING == 16);
static_assert(6 * 16 + (127 >> 2) == 127 && 7 * 16 + (128 >> 3) == 128);
/* What is small has one word of the binmap. */
static_assert(TALLOC_SMALL_UNITS == 64 && TALLOC_SMALL_UNITS < TALLOC_BINS_EXACT);
/* Every key fits a kept block, and every place in the ring its top. */
static_assert(2 * TALLOC_KEPT_UNITS <= 1u << 16 && TALLOC_PLACES <= 1u << 8);
/* No two sizes in the ring have the same hash. */
static_assert(2 * TALLOC_RING_UNITS <= TALLOC_KEPT_TOPS);

/*
 * Inline tags with units of 8 bytes are what almost every heap has. Only they have
 * a stride of 8, so that one comparison finds them, and the hot paths are compiled
 * a second time with these constants: one instruction in three less. Detached tags are
 * the next most frequent; theirs are compiled with what is constant for them.
 */
static __always_inline bool layout_is_common(struct talloc_layout at)
{
	return at.stride_shift == 3;
}

static __always_inline struct talloc_layout layout_common(struct talloc_layout at)
{
	at.unit_shift = 3;
	at.stride_shift = 3;
	at.tag_bytes = sizeof(talloc_word);
	at.min_units = 2;
	return at;
}

/* Most of the others: what is then true of any unit. */
static __always_inline bool layout_is_detached(struct talloc_layout at)
{
	return !at.tag_bytes;
}

static __always_inline struct talloc_layout layout_detached(struct talloc_layout at)
{
	at.stride_shift = 4;
	at.tag_bytes = 0;
	at.min_units = 1;
	return at;
}

/*
 * Tags: the only code that knows what the words are and where they stand.
 */

static __always_inline talloc_word *tag_at(struct talloc_layout at, u32 chunk)
{
	return (talloc_word *)(at.tags + ((unsigned long)chunk << at.stride_shift));
}

static __always_inline u32 tag_get(struct talloc_layout at, u32 chunk)
{
	return tag_at(at, chunk)[0];
}

/* The tag of the block at @addr. Pre: inline tags. */
static __always_inline talloc_word *tag_before(u64 addr)
{
	return (talloc_word *)(unsigned long)addr - 1;
}

static __always_inline void tag_set(struct talloc_layout at, u32 chunk, u32 units, u32 flags)
{
	tag_at(at, chunk)[0] = units << TAG_SHIFT | flags;
}

static __always_inline bool tag_is(struct talloc_layout at, u32 chunk, u32 units, u32 flags)
{
	return tag_get(at, chunk) == (units << TAG_SHIFT | flags);
}

/* The size of a used chunk, doubled, and its flag A; with F, more than any size. */
static __always_inline u32 tag_key(u32 tag)
{
	tag &= ~TAG_LEFT_FREE;
	return tag >> (TAG_SHIFT - 1) | tag << (32 - TAG_SHIFT + 1);
}

static __always_inline u32 key_units(u32 key)
{
	return key >> 1;
}

static __always_inline bool tag_is_kept_as(u32 tag, u32 key)
{
	return (tag | TAG_LEFT_FREE) == (key_units(key) << TAG_SHIFT | TAG_FLAGS);
}

/* What stood here is no longer the start of a chunk. */
static __always_inline void tag_erase(struct talloc_layout at, u32 chunk)
{
	tag_at(at, chunk)[0] = 0;
}

static __always_inline void tag_set_left_free(struct talloc_layout at, u32 chunk)
{
	tag_at(at, chunk)[0] |= TAG_LEFT_FREE;
}

static __always_inline void tag_clear(struct talloc_layout at, u32 chunk, u32 flags)
{
	tag_at(at, chunk)[0] &= ~flags;
}

static __always_inline u32 tag_units(u32 tag)
{
	return tag >> TAG_SHIFT;
}

static __always_inline bool tag_is_used(u32 tag)
{
	return !(tag & TAG_FREE);
}

static __always_inline bool tag_is_free(u32 tag)
{
	return (tag & TAG_KEPT) == TAG_FREE;
}

static __always_inline bool tag_is_kept(u32 tag)
{
	return (tag & TAG_KEPT) == TAG_KEPT;
}

static __always_inline bool tag_left_is_free(u32 tag)
{
	return tag & TAG_LEFT_FREE;
}

/* The size that the free chunk to the left of @chunk left at its end. */
static __always_inline u32 left_units(struct talloc_layout at, u32 chunk)
{
	return tag_at(at, chunk)[-1];
}

static __always_inline u32 chunk_next(struct talloc_layout at, u32 chunk)
{
	return tag_at(at, chunk)[1];
}

static __always_inline u32 chunk_prev(struct talloc_layout at, u32 chunk)
{
	return tag_at(at, chunk)[2] >> TAG_SHIFT;
}

static __always_inline u32 prev_link(u32 prev)
{
	return prev << TAG_SHIFT | TAG_FREE;
}

static __always_inline bool chunk_prev_is(struct talloc_layout at, u32 chunk, u32 prev)
{
	return tag_at(at, chunk)[2] == prev_link(prev);
}

/*
 * With inline tags and units of 8 bytes the second word stands where the tag of the next
 * unit would: whoever takes it for one must see that no block starts there.
 */
static __always_inline void chunk_set_links(struct talloc_layout at, u32 chunk, u32 prev,
					    u32 next)
{
	tag_at(at, chunk)[1] = next;
	tag_at(at, chunk)[2] = prev_link(prev);
}

static __always_inline void tag_set_free(struct talloc_layout at, u32 chunk, u32 units)
{
	tag_set(at, chunk, units, TAG_FREE);
	tag_at(at, chunk + units)[-1] = units;
}

/*
 * Addresses, sizes and indices.
 */

static __always_inline u64 chunk_addr(struct talloc_layout at, u32 chunk)
{
	return at.base + ((u64)chunk << at.unit_shift);
}

/* The index of @addr; more than any heap has where that is off the unit grid. */
static __always_inline u64 addr_index(struct talloc_layout at, u64 addr)
{
	return ror64(addr - at.base, at.unit_shift);
}

static __always_inline u64 units_to_bytes(struct talloc_layout at, u32 units)
{
	return (u64)units << at.unit_shift;
}

static __always_inline u64 usable_bytes(struct talloc_layout at, u32 units)
{
	return units_to_bytes(at, units) - at.tag_bytes;
}

/* False for 0, for what could never fit, and for all when out of service. */
static __always_inline bool bytes_possible(const struct talloc_heap *heap, u64 bytes)
{
	return bytes - 1 < heap->max_bytes;
}

/* Pre: bytes_possible(), so nothing here can overflow. */
static __always_inline u32 bytes_to_units(struct talloc_layout at, u64 bytes)
{
	u64 unit = 1ull << at.unit_shift;
	u32 units = (bytes + at.tag_bytes + unit - 1) >> at.unit_shift;

	return units < at.min_units ? at.min_units : units;
}

static __always_inline bool in_span(const struct talloc_heap *heap, u32 chunk)
{
	return chunk - heap->first < heap->sentinel - heap->first;
}

/* The same, one instruction less; false for all when out of service. */
static __always_inline bool in_service(const struct talloc_heap *heap, u32 chunk)
{
	return chunk - heap->first < heap->units;
}

/*
 * Which calls have a short way: what is kept then ends in the span. See "Cost". None has one
 * where no unit is in service.
 */
static void heap_set_short(struct talloc_heap *heap)
{
	bool common = layout_is_common(heap->layout) && !heap->queue_below;

	heap->short_end = 0;
	if (common && heap->live && heap->units > heap->kept_units)
		heap->short_end = heap->sentinel - heap->kept_units;
	heap->short_bytes = common ? heap->max_bytes : 0;
}

/*
 * The live map.
 */

static __always_inline unsigned long live_mask(u32 chunk)
{
	return 1ul << (chunk % BITS_PER_LONG);
}

/* From the bit of this chunk on, up to the end of its word. */
static __always_inline unsigned long live_bits(const struct talloc_heap *heap, u32 chunk)
{
	return heap->live[chunk / BITS_PER_LONG] >> chunk % BITS_PER_LONG;
}

static __always_inline bool live_test(const struct talloc_heap *heap, u32 chunk)
{
	return live_bits(heap, chunk) & 1;
}

/*
 * Whether a block begins within the @units of a chunk, as far as these bits of its tell. The
 * borrow of the subtraction says whether the chunk has all of them.
 */
static __always_inline bool live_within(unsigned long bits, u32 units)
{
	u32 beyond;

	if (check_sub_overflow((u32)BITS_PER_LONG, units, &beyond))
		beyond = 0;
	return (bits & ~1ul) << beyond;
}

static __always_inline void live_set(struct talloc_heap *heap, u32 chunk)
{
	if (heap->live)
		heap->live[chunk / BITS_PER_LONG] |= live_mask(chunk);
}

static __always_inline void live_clear(struct talloc_heap *heap, u32 chunk)
{
	if (heap->live)
		heap->live[chunk / BITS_PER_LONG] &= ~live_mask(chunk);
}

/* Clear a bit, and say whether it was set. Pre: there is a live map. */
static __always_inline bool live_take(struct talloc_heap *heap, u32 chunk)
{
	unsigned long *word = &heap->live[chunk / BITS_PER_LONG];
	unsigned long bits = *word;

	*word = bits & ~live_mask(chunk);
	return bits & live_mask(chunk);
}

/*
 * The queue of freed blocks whose tags were not looked at yet, 0 for none.
 */

static bool queue_has(const struct talloc_heap *heap, u32 chunk)
{
	u32 i;

	for (i = 0; heap->queued && i < TALLOC_QUEUE; i++)
		if (heap->queue[i] == chunk)
			return true;
	return false;
}

/* What it has, as far as tags are plausible. */
static u32 queue_units(const struct talloc_heap *heap)
{
	u32 sum = 0, units, i;

	for (i = 0; heap->queued && i < TALLOC_QUEUE; i++) {
		units = heap->queue[i] ? tag_units(tag_get(heap->layout, heap->queue[i])) : 0;
		if (units <= heap->sentinel - heap->queue[i])
			sum += units;
	}
	units = talloc_heap_used_units(heap);
	return sum < units ? sum : units;
}

/*
 * Damage.
 */

/**
 * talloc_heap_retire() - take a heap out of service
 * @heap: the heap
 *
 * Every later allocation fails and every pointer is refused, until
 * talloc_heap_init() is called anew. Memory and tags stay as they are.
 */
void talloc_heap_retire(struct talloc_heap *heap)
{
	heap->units = 0;
	heap->max_bytes = 0;
	heap_set_short(heap);
	heap->changes++;
}

static void fault_set(const struct talloc_heap *heap, struct talloc_fault *fault,
		      enum talloc_rule rule, u32 chunk, u64 found, u64 expected)
{
	struct talloc_layout at = heap->layout;

	fault->rule = rule;
	fault->chunk = chunk;
	fault->addr = 0;
	if (rule != TALLOC_RULE_BINMAP && in_span(heap, chunk))
		fault->addr = chunk_addr(at, chunk);
	fault->found = found;
	fault->expected = expected;
}

static enum talloc_status heap_damaged(struct talloc_heap *heap, enum talloc_rule rule,
				       u32 chunk, u64 found, u64 expected)
{
	if (!heap->damage.rule)
		fault_set(heap, &heap->damage, rule, chunk, found, expected);
	talloc_heap_retire(heap);
	return TALLOC_DAMAGED;
}

/*
 * Bins: lists, newest first; the head's prev and the last one's next are 0.
 */

/*
 * From 128 units on, 16 bins for each doubling, told apart by the four bits below the highest.
 * The first doubling has logarithm 7, and 7 * 16 and what the highest bit itself adds make the
 * 128. For smaller sizes the same sum is no less than the size, be the shift of 29 to 31 for
 * those below 16, and for larger ones no more. So the bin is the lesser of both, which a
 * compiler takes without a branch, as that would be too hard to predict.
 */
static __always_inline u32 bin_of(u32 units)
{
	u32 log = __fls(units | 2);
	u32 coarse = log * 16 + (units >> ((log - 4) % 32));

	return units < coarse ? units : coarse;
}

static __always_inline void binmap_set(struct talloc_heap *heap, u32 bin)
{
	heap->binmap[bin / 64] |= 1ull << bin % 64;
}

static __always_inline void binmap_clear(struct talloc_heap *heap, u32 bin, bool empty)
{
	heap->binmap[bin / 64] &= ~((u64)empty << bin % 64);
}

/* The lowest bin from @bin on that is not empty; 0, which is always empty, for none. */
static __always_inline u32 binmap_from(const struct talloc_heap *heap, u32 bin)
{
	u32 word = bin / 64;
	u64 bits = heap->binmap[word] & (~0ull << bin % 64);

	while (!bits) {
		if (++word == TALLOC_BINMAP_WORDS)
			return 0;
		bits = heap->binmap[word];
	}
	return word * 64 + __ffs64(bits);
}

/* Whether what a free chunk's links lead to leads back to it. */
static __always_inline bool chunk_is_linked(const struct talloc_heap *heap, struct talloc_layout at,
					    u32 chunk, u32 units)
{
	u32 next = chunk_next(at, chunk);
	u32 prev = chunk_prev(at, chunk);

	if (!chunk_prev_is(at, chunk, prev))
		return false;
	if (next && (!in_span(heap, next) || !chunk_prev_is(at, next, chunk)))
		return false;
	if (prev && (!in_span(heap, prev) || chunk_next(at, prev) != chunk))
		return false;
	if (heap->bins[bin_of(units)].head != chunk)
		return prev;
	return !prev && heap->bins[bin_of(units)].units == units;
}

/*
 * Where a chunk has its link to the one before it; where there is none, what stands for it in
 * the control block. Whether a bin has a chunk, or a chunk a next one, is too hard to predict
 * for a branch, which a compiler likes where it knows what the addresses are of.
 */
static __always_inline talloc_word *prev_place(struct talloc_heap *heap, struct talloc_layout at,
					       u32 chunk, bool exists)
{
	unsigned long some = (unsigned long)tag_at(at, chunk) + 2 * sizeof(talloc_word);
	unsigned long none = (unsigned long)&heap->no_chunk[2];

	OPTIMIZER_HIDE_VAR(some);
	OPTIMIZER_HIDE_VAR(none);
	return (talloc_word *)(exists ? some : none);
}

/* The size of the chunk that has this place; of what stands for none, whose tag stays 0, 0. */
static __always_inline u32 prev_place_units(const talloc_word *place)
{
	return tag_units(place[-2]);
}

/*
 * Writes to one chunk of the bin only, its head, which was in the span when it became that
 * and still is: talloc_heap_set_span() sees to it. Who inserts counts.
 *
 * Post: I5, I6. Cost: constant.
 */
static __always_inline void bin_insert(struct talloc_heap *heap, struct talloc_layout at, u32 chunk,
				       u32 units, u32 bin)
{
	u32 head = heap->bins[bin].head;

	chunk_set_links(at, chunk, 0, head);
	*prev_place(heap, at, head, head != 0) = prev_link(chunk);
	binmap_set(heap, bin);
	heap->bins[bin].head = chunk;
	heap->bins[bin].units = units;
}

/* A chunk that stays in its bin, and may be the head, has other units. */
static __always_inline void bin_resize(struct talloc_heap *heap, u32 chunk, u32 units, u32 bin)
{
	if (heap->bins[bin].head == chunk)
		heap->bins[bin].units = units;
}

/*
 * Chunks: what may be believed of them.
 */

/* A free chunk that was looked at, and its place in its bin. */
struct hole {
	u32 chunk;
	u32 units;
	u32 bin;
	u32 next;
	u32 prev;
	talloc_word *from;	/* what leads to it: the next of prev, or the bin's head */
	talloc_word *back;	/* what leads back to it: the link of next, or what stands for it */
};

/*
 * These look at a free chunk in the span. False where its tags do not hold together,
 * or what its links lead to does not lead back.
 */

static __always_inline bool hole_read(const struct talloc_heap *heap, struct talloc_layout at,
				      u32 chunk, struct hole *hole)
{
	u32 tag = tag_get(at, chunk);

	hole->chunk = chunk;
	hole->units = tag_units(tag);
	if (unlikely((tag & TAG_FLAGS) != TAG_FREE || hole->units < at.min_units ||
		     chunk + hole->units > heap->sentinel ||
		     left_units(at, chunk + hole->units) != hole->units))
		return false;
	hole->bin = bin_of(hole->units);
	return true;
}

/* The free left neighbour of a chunk or of the sentinel. */
static __always_inline bool hole_read_left(const struct talloc_heap *heap, struct talloc_layout at,
					   u32 right, struct hole *hole)
{
	u32 room = right - heap->first;

	if (unlikely(!room))
		return false;
	hole->units = left_units(at, right);
	hole->chunk = right - hole->units;
	if (unlikely(hole->units < at.min_units || hole->units > room ||
		     !tag_is(at, hole->chunk, hole->units, TAG_FREE)))
		return false;
	hole->bin = bin_of(hole->units);
	return true;
}

/*
 * What stands for the link of a next chunk is made to pass where there is none, and to fail
 * where the index is of nothing.
 */
static __always_inline bool hole_read_next(struct talloc_heap *heap, struct talloc_layout at,
					   struct hole *hole)
{
	u32 next = chunk_next(at, hole->chunk);

	heap->no_chunk[2] = prev_link(hole->chunk) ^ next;
	hole->next = next;
	hole->back = prev_place(heap, at, next, in_service(heap, next));
	return likely(*hole->back == prev_link(hole->chunk));
}

static __always_inline bool hole_read_links(struct talloc_heap *heap, struct talloc_layout at,
					    struct hole *hole)
{
	hole->prev = chunk_prev(at, hole->chunk);
	hole->from = &heap->bins[hole->bin].head;
	if (hole->prev) {
		if (unlikely(!in_service(heap, hole->prev) || *hole->from == hole->chunk))
			return false;
		hole->from = tag_at(at, hole->prev) + 1;
	}
	if (unlikely(*hole->from != hole->chunk))
		return false;
	return hole_read_next(heap, at, hole);
}

static __always_inline bool hole_open(struct talloc_heap *heap, struct talloc_layout at, u32 chunk,
				      struct hole *hole)
{
	return hole_read(heap, at, chunk, hole) && hole_read_links(heap, at, hole);
}

static __always_inline bool hole_open_left(struct talloc_heap *heap, struct talloc_layout at,
					   u32 right, struct hole *hole)
{
	return hole_read_left(heap, at, right, hole) && hole_read_links(heap, at, hole);
}

/*
 * The head of a bin that is not empty, of this size. Nobody has looked at it but to take out what
 * was before it: a link told which chunk it is, and its tag told the size.
 */
static __always_inline bool hole_open_head(struct talloc_heap *heap, struct talloc_layout at,
					   u32 bin, u32 units, struct hole *hole)
{
	hole->chunk = heap->bins[bin].head;
	hole->units = units;
	hole->bin = bin;
	hole->prev = 0;
	hole->from = &heap->bins[bin].head;
	if (unlikely(!tag_is(at, hole->chunk, units, TAG_FREE) ||
		     hole->chunk + units > heap->sentinel ||
		     left_units(at, hole->chunk + units) != units ||
		     !chunk_prev_is(at, hole->chunk, 0)))
		return false;
	return hole_read_next(heap, at, hole);
}

/*
 * Take it out of its bin. Who calls hole_unlink() counts.
 *
 * Pre: opened. Post: I6. Cost: constant.
 */
static __always_inline void hole_unlink(struct talloc_heap *heap, const struct hole *hole)
{
	*hole->from = hole->next;
	*hole->back = prev_link(hole->prev);
	if (!hole->prev) {
		binmap_clear(heap, hole->bin, !hole->next);
		heap->bins[hole->bin].units = prev_place_units(hole->back);
	}
}

static __always_inline void hole_remove(struct talloc_heap *heap, const struct hole *hole)
{
	hole_unlink(heap, hole);
	heap->free_chunks--;
}

/* Let a chunk have its place in its bin. Pre: opened. Cost: constant. */
static __always_inline void hole_replace(struct talloc_heap *heap, struct talloc_layout at,
					 const struct hole *hole, u32 chunk, u32 units)
{
	chunk_set_links(at, chunk, hole->prev, hole->next);
	*hole->from = chunk;
	*hole->back = prev_link(chunk);
	if (!hole->prev)
		heap->bins[hole->bin].units = units;
}

/* These note what hole_open() and its like did not believe. */

static noinline enum talloc_status hole_damaged(struct talloc_heap *heap, u32 chunk)
{
	struct talloc_layout at = heap->layout;
	u32 tag = tag_get(at, chunk);
	u32 units = tag_units(tag);

	if ((tag & TAG_FLAGS) != TAG_FREE || units < at.min_units ||
	    units > heap->sentinel - chunk)
		return heap_damaged(heap, TALLOC_RULE_TAGS, chunk, tag, TAG_FREE);
	if (left_units(at, chunk + units) != units)
		return heap_damaged(heap, TALLOC_RULE_TAGS, chunk, left_units(at, chunk + units),
				    units);
	return heap_damaged(heap, TALLOC_RULE_BINNED, chunk, chunk_next(at, chunk), chunk);
}

/* The head of a bin. */
static noinline u64 head_refused(struct talloc_heap *heap, u32 bin)
{
	hole_damaged(heap, heap->bins[bin].head);
	return TALLOC_NOWHERE;
}

static noinline enum talloc_status left_damaged(struct talloc_heap *heap, u32 chunk)
{
	struct talloc_layout at = heap->layout;
	u32 room = chunk - heap->first;
	u32 units = room ? left_units(at, chunk) : 0;

	if (units - 1 >= room)
		return heap_damaged(heap, TALLOC_RULE_TAGS, chunk, units, 0);
	if (tag_units(tag_get(at, chunk - units)) != units)
		return heap_damaged(heap, TALLOC_RULE_TAGS, chunk, units,
				    tag_units(tag_get(at, chunk - units)));
	return hole_damaged(heap, chunk - units);
}

/* A used chunk. */
struct block {
	u32 chunk;
	u32 units;
	u32 flags;	/* TAG_LEFT_FREE and TAG_ALIGNED */
};

/* Where @addr is the payload of an index in the span, that index. */
static __always_inline bool addr_to_index(const struct talloc_heap *heap, struct talloc_layout at,
					  u64 addr, u32 *chunk)
{
	u64 index = addr_index(at, addr);

	*chunk = index;
	return likely(index - heap->first < heap->units);
}

/*
 * What the live map says against a used chunk of this size: another block begins within it, or
 * none where it ends, though @right is no free chunk's tag. What is queued has no bit.
 */
static __always_inline bool live_refutes(const struct talloc_heap *heap, u32 chunk, u32 units,
					 u32 right)
{
	u32 end = chunk + units;

	return live_within(live_bits(heap, chunk), units) ||
	       !(tag_is_free(right) || live_test(heap, end) || end == heap->sentinel ||
		 heap->queue_below);
}

/*
 * Look at a used chunk in the span. False where its tag is not that of one, as far as
 * it, its right neighbour's tag and the live map can tell.
 */
static __always_inline bool block_read(const struct talloc_heap *heap, struct talloc_layout at,
				       u32 chunk, struct block *block)
{
	u32 tag = tag_get(at, chunk), right;

	block->chunk = chunk;
	block->units = tag_units(tag);
	block->flags = tag & (TAG_LEFT_FREE | TAG_ALIGNED);
	if (unlikely(!tag_is_used(tag) || block->units < at.min_units ||
		     chunk + block->units > heap->sentinel))
		return false;
	right = tag_get(at, chunk + block->units);
	return likely(!tag_left_is_free(right) &&
		      !(heap->live && live_refutes(heap, chunk, block->units, right)));
}

/* The same, where a block may start there as far as the live map can tell. */
static __always_inline bool addr_to_start(const struct talloc_heap *heap, struct talloc_layout at,
					  u64 addr, u32 *chunk)
{
	return likely(addr_to_index(heap, at, addr, chunk) &&
		      (!heap->live || live_test(heap, *chunk)));
}

/* Find the live block at @addr. */
static __always_inline bool block_find(const struct talloc_heap *heap, struct talloc_layout at,
				       u64 addr, struct block *block)
{
	u32 chunk;

	return addr_to_start(heap, at, addr, &chunk) && block_read(heap, at, chunk, block);
}

/* Why addr_to_index() failed. */
static enum talloc_status addr_refusal(const struct talloc_heap *heap, u64 addr)
{
	struct talloc_layout at = heap->layout;
	u64 index = (addr - at.base) >> at.unit_shift;

	if (index - heap->first < heap->units)
		return TALLOC_MISALIGNED;
	return heap->damage.rule ? TALLOC_DAMAGED : TALLOC_OUTSIDE;
}

/* What is beside a used or kept chunk that cannot be believed. */
static noinline enum talloc_status beside_damaged(struct talloc_heap *heap, u32 chunk, u32 units)
{
	struct talloc_layout at = heap->layout;
	u32 end = chunk + units;
	struct hole right;
	u32 tag = tag_get(at, end);

	if (tag_left_is_free(tag))
		return heap_damaged(heap, TALLOC_RULE_TAGS, end, tag, 0);
	if (tag_is_free(tag) && !hole_open(heap, at, end, &right))
		return hole_damaged(heap, end);
	return left_damaged(heap, chunk);
}

/* Whether this chunk is kept, as its tag says: by the tag alone, damage may look so. */
static bool chunk_is_kept(const struct talloc_heap *heap, u32 chunk)
{
	u32 tag = tag_get(heap->layout, chunk);
	const struct talloc_kept *kept = heap->kept_blocks;

	for (; kept < heap->kept_blocks + TALLOC_KEPT; kept++)
		if (kept->key && kept->chunk == chunk)
			return tag_is_kept_as(tag, kept->key);
	return false;
}

/* Why @addr is no live block, or it or what is beside it cannot be believed. */
static noinline enum talloc_status block_refusal(struct talloc_heap *heap, u64 addr)
{
	struct talloc_layout at = heap->layout;
	struct block b;
	u32 chunk;

	if (!addr_to_index(heap, at, addr, &chunk))
		return addr_refusal(heap, addr);
	if (heap->live && !live_test(heap, chunk))
		return TALLOC_NOT_LIVE;
	if (chunk_is_kept(heap, chunk))
		return TALLOC_NOT_LIVE;
	if (!block_read(heap, at, chunk, &b))
		return heap->live ? heap_damaged(heap, TALLOC_RULE_TAGS, chunk,
						 tag_get(at, chunk), 0) : TALLOC_NOT_LIVE;
	return beside_damaged(heap, chunk, b.units);
}

/*
 * Starts of chunks that are known without a walk: of used ones by the live map, of
 * all by detached tags.
 */

/* Whether a chunk is known to start here, with the kind that the layout offers. */
static bool start_is_known(const struct talloc_heap *heap, u32 chunk)
{
	struct talloc_layout at = heap->layout;

	if (heap->live)
		return live_test(heap, chunk);
	return !at.tag_bytes && tag_units(tag_get(at, chunk));
}

static bool starts_are_known(const struct talloc_heap *heap)
{
	return heap->live || !heap->layout.tag_bytes;
}

/* How far a search for a start goes in one call. */
static u32 search_units(const struct talloc_heap *heap)
{
	return heap->live ? TALLOC_SEARCH_WORDS * BITS_PER_LONG : TALLOC_SEARCH_SLOTS;
}

/* The highest known start in [low, chunk], or 0. */
static u32 start_at_or_below(const struct talloc_heap *heap, u32 chunk, u32 low)
{
	while (chunk >= low) {
		if (start_is_known(heap, chunk))
			return chunk;
		if (heap->live && !heap->live[chunk / BITS_PER_LONG])
			chunk -= chunk % BITS_PER_LONG;
		if (!chunk--)
			break;
	}
	return 0;
}

/*
 * Chunks: making and unmaking.
 */

/* Pre: neither neighbour is free. Post: I3 but for the right neighbour's flag; I5. */
static __always_inline void chunk_put_free(struct talloc_heap *heap, struct talloc_layout at,
					   u32 chunk, u32 units)
{
	tag_set_free(at, chunk, units);
	bin_insert(heap, at, chunk, units, bin_of(units));
	heap->free_chunks++;
}

/* The smallest rest that a block of @units leaves. See "Rests". */
static __always_inline u32 rest_least(struct talloc_layout at, u32 units)
{
	u32 most = TALLOC_REST_BYTES >> at.unit_shift;
	u32 least = units / TALLOC_REST_SHARE;

	if (!at.tag_bytes)
		return at.min_units;
	return at.min_units + (least < most ? least : most);
}

/*
 * End a used chunk that starts at @chunk, and of which @units are wanted, within
 * @room units that are all its own: the rest becomes a free chunk, or where that
 * is too small stays with it. Returns the size it got; if that is not all of the
 * room, there is one more free chunk to be counted.
 *
 * Pre: no other chunk starts in the room; what follows it is not free, and has
 * "left is free" set.
 * Post: I2, I3, I4 for the chunk and its right neighbours. Cost: constant.
 *
 *   | ...... room ...... | right L    | ...... room ...... | right L
 *   | used | free        | right L    | used               | right
 */
static __always_inline u32 chunk_cut(struct talloc_heap *heap, struct talloc_layout at, u32 chunk,
				     u32 room, u32 units, u32 flags)
{
	u32 rest = room - units;

	if (rest < rest_least(at, units)) {
		units = room;
		tag_clear(at, chunk + room, TAG_LEFT_FREE);
	} else {
		tag_set_free(at, chunk + units, rest);
		bin_insert(heap, at, chunk + units, rest, bin_of(rest));
	}
	tag_set(at, chunk, units, flags);
	return units;
}

/*
 * The bin whose head a request of @units gets: the own one, where that is large enough, or the
 * next one that is not empty. 0 for none.
 */
static __always_inline u32 bin_search(const struct talloc_heap *heap, u32 units)
{
	u32 bin = bin_of(units);

	return binmap_from(heap, bin + (heap->bins[bin].units < units));
}

/* Whether the own bin has a head, which is too small. One that has none is not: its 0 wraps. */
static __always_inline bool head_is_short(const struct talloc_heap *heap, u32 units)
{
	return heap->bins[bin_of(units)].units - 1 < units - 1;
}

static __always_inline void chunk_count_used(struct talloc_heap *heap, u32 chunk, u32 units)
{
	heap->free_units -= units;
	heap->allocs++;
	live_set(heap, chunk);
}

/*
 * Make a used chunk of @units, @gap units into the free chunk @hole.
 *
 * Pre: gap is 0 or at least the minimum; gap + units is at most the hole's size.
 * Post: all invariants. Cost: constant. Returns its index.
 *
 *   |      free chunk      | right
 *   | gap | used | rest    | right
 */
static __always_inline u32 chunk_take(struct talloc_heap *heap, struct talloc_layout at,
				      const struct hole *hole, u32 gap, u32 units, u32 flags)
{
	u32 chunk = hole->chunk + gap;
	u32 room = hole->units - gap;

	hole_unlink(heap, hole);
	if (gap) {
		chunk_put_free(heap, at, hole->chunk, gap);
		flags |= TAG_LEFT_FREE;
	}
	units = chunk_cut(heap, at, chunk, room, units, flags);
	if (units == room)
		heap->free_chunks--;
	chunk_count_used(heap, chunk, units);
	return chunk;
}

/*
 * The same at one end: where @ends, at the one that "Ends" says, which is too hard to predict
 * for a branch; else at the low one. A rest that belongs in the hole's bin has its place there.
 *
 * Pre: the hole has @units at least. Post: all invariants. Cost: constant. Returns its index.
 *
 *   |    free chunk    | right       |    free chunk    | right
 *   | used | rest      | right L     | rest      | used | right
 */
static __always_inline u32 chunk_take_end(struct talloc_heap *heap, struct talloc_layout at,
					  const struct hole *hole, u32 units, bool ends)
{
	u32 high = ends ? -(u32)((units > heap->ends_units) & (__fls(units) & 1)) : 0;
	u32 rest = hole->units - units;
	u32 chunk, free, bin;

	if (rest < rest_least(at, units))
		return chunk_take(heap, at, hole, 0, hole->units, 0);
	free = hole->chunk + (units & ~high);
	chunk = hole->chunk + (rest & high);
	bin = bin_of(rest);
	if (bin == hole->bin) {
		hole_replace(heap, at, hole, free, rest);
	} else {
		hole_unlink(heap, hole);
		bin_insert(heap, at, free, rest, bin);
	}
	tag_clear(at, hole->chunk + hole->units, TAG_LEFT_FREE & high);
	tag_set_free(at, free, rest);
	tag_set(at, chunk, units, TAG_LEFT_FREE & high);
	chunk_count_used(heap, chunk, units);
	return chunk;
}

/*
 * Open the head of a bin that is not empty. It has the size that it is said to have, and that
 * belongs there. False on damage.
 */
static __always_inline bool head_open(struct talloc_heap *heap, struct talloc_layout at, u32 bin,
				      struct hole *hole)
{
	u32 units = heap->bins[bin].units;

	return bin_of(units) == bin && hole_open_head(heap, at, bin, units, hole);
}

/* Open what was found for @units. False where it is none, or on damage. */
static __always_inline bool chunk_open(struct talloc_heap *heap, struct talloc_layout at, u32 chunk,
				       u32 units, struct hole *hole)
{
	if (unlikely(!chunk))
		return false;
	if (unlikely(!hole_open(heap, at, chunk, hole) || hole->units < units)) {
		hole_damaged(heap, chunk);
		return false;
	}
	return true;
}

static __always_inline void note_alignment(struct talloc_heap *heap, u64 align)
{
	if (unlikely(align > heap->most_align))
		heap->most_align = align;
}

/*
 * How far into @chunk a block has to start to be aligned: 0, or enough units for
 * a free chunk. At most align_units + min_units - 1.
 */
static __always_inline u64 aligned_gap(struct talloc_layout at, u32 chunk, u64 align, u64 phase)
{
	u64 gap = ((phase - chunk_addr(at, chunk)) & (align - 1)) >> at.unit_shift;

	if (gap && gap < at.min_units)
		gap += align >> at.unit_shift;
	return gap;
}

/* A free chunk, from a bin on, in which a block seems to have a place; 0 for none, or on damage. */
static noinline u32 chunk_search_more(struct talloc_heap *heap, u32 bin, u32 units, u64 align,
				      u64 phase)
{
	struct talloc_layout at = heap->layout;
	u32 chunk, from, look, left = TALLOC_LOOK_ALL;

	for (bin = binmap_from(heap, bin); bin && left; bin = binmap_from(heap, bin + 1)) {
		chunk = heap->bins[bin].head;
		for (look = 0; chunk && look < TALLOC_LOOK && left; look++, left--) {
			if (aligned_gap(at, chunk, align, phase) + units <=
			    tag_units(tag_get(at, chunk)))
				return chunk;
			from = chunk;
			chunk = chunk_next(at, from);
			if (unlikely(chunk && !in_service(heap, chunk))) {
				hole_damaged(heap, from);
				return 0;
			}
		}
	}
	return 0;
}

/* The same, but first where those are that have @most units, and so a place wherever they stand. */
static u32 chunk_search_aligned(struct talloc_heap *heap, u32 units, u64 most, u64 align,
				u64 phase)
{
	u32 chunk = 0;

	if (most <= heap->units)
		chunk = chunk_search_more(heap, bin_of(most), units, align, phase);
	if (chunk || !heap->units)
		return chunk;
	return chunk_search_more(heap, bin_of(units), units, align, phase);
}

/* Where neither of the heads that the size leads to has a place; 0 where no other has. */
static noinline u32 chunk_alloc_aligned_more(struct talloc_heap *heap, u32 units, u64 most,
					     u64 align, u64 phase)
{
	struct talloc_layout at = heap->layout;
	u32 chunk = chunk_search_aligned(heap, units, most, align, phase);
	u64 gap = aligned_gap(at, chunk, align, phase);
	struct hole hole;

	if (!chunk_open(heap, at, chunk, gap + units, &hole))
		return 0;
	note_alignment(heap, align);
	return chunk_take(heap, at, &hole, gap, units, TAG_ALIGNED);
}

/*
 * Pre: align is a power of two, no less than the unit, and phase a multiple of the unit
 * below it.
 */
static __always_inline u32 chunk_alloc_aligned(struct talloc_heap *heap, struct talloc_layout at,
					       u32 units, u64 align, u64 phase)
{
	u64 most = (align >> at.unit_shift) + at.min_units - 1 + units;
	u32 bin = bin_search(heap, units);
	u64 gap = aligned_gap(at, heap->bins[bin].head, align, phase);
	struct hole hole;

	if (gap + units > heap->bins[bin].units) {
		bin = most > heap->units ? 0 : bin_search(heap, most);
		if (unlikely(!bin))
			return chunk_alloc_aligned_more(heap, units, most, align, phase);
		gap = aligned_gap(at, heap->bins[bin].head, align, phase);
	}
	if (unlikely(!head_open(heap, at, bin, &hole))) {
		head_refused(heap, bin);
		return 0;
	}
	note_alignment(heap, align);
	return chunk_take(heap, at, &hole, gap, units, TAG_ALIGNED);
}

/*
 * Kept blocks: the newest, and the ring.
 */

static __always_inline u32 key_of(u32 units, bool aligned)
{
	return 2 * units + aligned;
}

static __always_inline u32 key_hash(u32 key)
{
	return key % TALLOC_KEPT_TOPS;
}

/* The newest block in the ring with this key. False where none is found. */
static __always_inline bool kept_find(const struct talloc_heap *heap, u32 key, u32 *place)
{
	*place = heap->tops[key_hash(key)];
	return heap->kept_blocks[*place].key == key;
}

/* Its place is the next to be taken. */
static __always_inline void kept_empty(struct talloc_heap *heap, u32 place)
{
	heap->kept_blocks[place] = (struct talloc_kept){ .prev = heap->empty };
	heap->empty = place;
}

/* All places are as if they never had a block. Pre: none has. */
static __always_inline void ring_clear(struct talloc_heap *heap)
{
	heap->empty = TALLOC_PLACES;
	heap->hand = 0;
	heap->filled = 0;
}

static noinline enum talloc_status kept_damaged(struct talloc_heap *heap, u32 chunk, u32 key)
{
	return heap_damaged(heap, TALLOC_RULE_TAGS, chunk, tag_get(heap->layout, chunk),
			    key_units(key) << TAG_SHIFT | TAG_KEPT);
}

static noinline u64 kept_refused(struct talloc_heap *heap, u32 chunk, u32 key)
{
	kept_damaged(heap, chunk, key);
	return TALLOC_NOWHERE;
}

/* The newest of all, whose key is 0 where it has been taken. */
static __always_inline struct talloc_kept *kept_newest(struct talloc_heap *heap)
{
	return &heap->kept_blocks[TALLOC_NEWEST];
}

/*
 * Count in how many small requests in a row, with this one, the newest had the size, and say
 * whether that is enough to ask it first. The compiler is not to know either number that may
 * become the row, or it makes a branch of it.
 */
static __always_inline bool kept_in_a_row(struct talloc_heap *heap, u32 key)
{
	u32 row = heap->row + 1, none = 0;

	OPTIMIZER_HIDE_VAR(row);
	OPTIMIZER_HIDE_VAR(none);
	row = kept_newest(heap)->key == key ? row : none;
	heap->row = row;
	return row > TALLOC_ROW;
}

/*
 * Whether a large plain request of *@units gets the newest, which has just these or a rest as
 * well; then *@units are what it has. An odd key is of an aligned block.
 */
static __always_inline bool newest_suits(struct talloc_heap *heap, struct talloc_layout at,
					 u32 *units)
{
	u32 beyond = kept_newest(heap)->key - key_of(*units, false);

	if (beyond >= key_of(rest_least(at, *units), false) || beyond & 1)
		return false;
	*units += key_units(beyond);
	return true;
}

/*
 * Hand out the newest, or a block in the ring that kept_find() found.
 *
 * Pre: it has @units, and an alignment or not. Post: all invariants, but that in a heap that
 * queues it has no bit in the live map. Cost: constant.
 */
static __always_inline u64 kept_take(struct talloc_heap *heap, struct talloc_layout at,
				     u32 place, u32 units, bool aligned)
{
	struct talloc_kept *kept = &heap->kept_blocks[place];
	u32 key = key_of(units, aligned);
	u32 chunk = kept->chunk;
	u64 block = chunk_addr(at, chunk);
	talloc_word *tag = at.tag_bytes ? tag_before(block) : tag_at(at, chunk);

	if (unlikely(!tag_is_kept_as(*tag, key)))
		return kept_refused(heap, chunk, key);
	if (place == TALLOC_NEWEST) {
		kept->key = 0;
	} else {
		heap->tops[key_hash(key)] = kept->prev;
		kept_empty(heap, place);
	}
	*tag ^= aligned ? TAG_FREE : TAG_KEPT;
	heap->free_units -= units;
	heap->allocs++;
	return block;
}

/*
 * Places: where in a free chunk a block of a certain size and kind may start.
 */

/**
 * talloc_where_fault() - whether a block that keeps to some conditions can exist
 * @where: the conditions
 * @unit: the heap's
 * @bytes: its size
 *
 * Return: %NULL if so, else why not: a constant string.
 */
const char *talloc_where_fault(const struct talloc_where *where, u64 unit, u64 bytes)
{
	u64 align = where->align < unit ? unit : where->align;
	u64 nocross = where->nocross;

	if (where->align & (where->align - 1))
		return "the alignment is not a power of two";
	if (where->phase >= align)
		return "the phase is not below the alignment";
	if (where->phase & (unit - 1))
		return "the phase is not a multiple of the unit";
	if (nocross & (nocross - 1))
		return "nocross is not a power of two";
	if (!talloc_span_valid(where->within))
		return "within ends before it begins";
	/* The phase is the least that a block can stand off a multiple of nocross. */
	if (nocross && bytes > nocross - (where->phase & (nocross - 1)))
		return "the block is too large not to cross nocross";
	return NULL;
}

/* Whether a place cannot be found by its size alone. */
static bool where_walks(const struct talloc_where *where)
{
	return where->nocross || where->top_down || !talloc_span_empty(where->within);
}

static u64 align_up(const struct talloc_where *where, u64 addr)
{
	return addr + ((where->phase - addr) & (where->align - 1));
}

static u64 align_down(const struct talloc_where *where, u64 addr)
{
	return addr - ((addr - where->phase) & (where->align - 1));
}

/* The multiple of nocross that a block would have inside of it; 0 for none. */
static u64 crossed(const struct talloc_where *where, u64 addr, u64 bytes)
{
	u64 boundary = (addr | (where->nocross - 1)) + 1;

	return where->nocross && boundary - addr < bytes ? boundary : 0;
}

/* The places in a chunk that are large enough, in the span that was asked for. */
struct places {
	u64 chunk;	/* address of the chunk */
	u64 second;	/* the next place at which it may be cut; see I2 */
	u64 low;
	u64 high;
};

static bool place_possible(const struct places *places, u64 addr)
{
	return addr - places->low <= places->high - places->low &&
	       (addr == places->chunk || addr >= places->second);
}

/* The lowest from @low on, for I2 or not; below @low where that would wrap. */
static u64 place_from(const struct talloc_where *where, u64 low, u64 bytes)
{
	u64 addr = align_up(where, low);

	if (addr >= low && crossed(where, addr, bytes))
		addr = align_up(where, crossed(where, addr, bytes));
	return addr;
}

/* These put the place into *addr, and return whether there is one. */
static bool place_lowest(const struct places *places, const struct talloc_where *where, u64 bytes,
			 u64 *addr)
{
	*addr = place_from(where, places->low, bytes);
	if (*addr > places->chunk && *addr < places->second)
		*addr = place_from(where, places->second, bytes);
	return place_possible(places, *addr);
}

static bool place_highest(const struct places *places, const struct talloc_where *where, u64 bytes,
			  u64 *addr)
{
	*addr = align_down(where, places->high);
	if (*addr <= places->high && crossed(where, *addr, bytes))
		*addr = align_down(where, crossed(where, *addr, bytes) - bytes);
	if (place_possible(places, *addr))
		return true;
	*addr = places->chunk;
	return align_up(where, *addr) == *addr && !crossed(where, *addr, bytes) &&
	       place_possible(places, *addr);
}

/* Pre: the chunk is free and has at least the units for @bytes. */
static bool chunk_places(struct talloc_layout at, u32 chunk, u32 size, u64 bytes,
			 struct talloc_span within, struct places *places)
{
	places->chunk = chunk_addr(at, chunk);
	places->second = places->chunk + units_to_bytes(at, at.min_units);
	places->low = places->chunk;
	places->high = places->chunk + units_to_bytes(at, size - bytes_to_units(at, bytes));
	if (talloc_span_empty(within))
		return true;
	if (talloc_span_bytes(within) < bytes)
		return false;
	if (places->low < within.start)
		places->low = within.start;
	if (places->high > within.end - bytes)
		places->high = within.end - bytes;
	return places->low <= places->high;
}

/*
 * The first chunk by rising bins that has a place, or from the top the one that has the
 * highest; false where none has. Looks at each chunk that is large enough, and at no more than
 * there are, as somebody may be writing over links. How many those are counts forged ones as
 * taken, and may have wrapped.
 */
static bool chunk_search_where(struct talloc_heap *heap, u64 bytes,
			       const struct talloc_where *where, struct hole *best, u64 *gap)
{
	struct talloc_layout at = heap->layout;
	u32 units = bytes_to_units(at, bytes);
	u64 addr, best_addr = 0;
	struct places places;
	struct hole hole;
	u32 bin, chunk, left;

	best->chunk = 0;
	left = heap->free_chunks < heap->units ? heap->free_chunks : heap->units;
	for (bin = bin_of(units); bin; bin = binmap_from(heap, bin + 1)) {
		for (hole.next = heap->bins[bin].head; hole.next; ) {
			chunk = hole.next;
			if (!left-- || !hole_open(heap, at, chunk, &hole) || hole.bin != bin) {
				hole_damaged(heap, chunk);
				return false;
			}
			if (hole.units < units ||
			    !chunk_places(at, chunk, hole.units, bytes, where->within, &places))
				continue;
			if (where->top_down ? !place_highest(&places, where, bytes, &addr) :
					      !place_lowest(&places, where, bytes, &addr))
				continue;
			if (best->chunk && addr < best_addr)
				continue;
			*best = hole;
			best_addr = addr;
			*gap = (addr - places.chunk) >> at.unit_shift;
			if (!where->top_down)
				return true;
		}
	}
	return best->chunk;
}

/*
 * Life of a heap.
 */

static u32 config_unit(u32 unit)
{
	return unit ? unit : TALLOC_UNIT_MIN;
}

static bool unit_valid(u32 unit)
{
	return unit <= TALLOC_UNIT_MAX && !(unit & (unit - 1));
}

/* Indices of a window, inline: those whose tag lies in it; there is one unit fewer. */
static u64 window_units(struct talloc_span window, u32 unit)
{
	return talloc_span_bytes(talloc_span_fit_within(window, unit)) >> __fls(unit);
}

static bool window_valid(struct talloc_span window, u32 unit)
{
	return unit_valid(unit) && talloc_span_valid(window) &&
	       window_units(window, unit) < TALLOC_UNITS_LIMIT;
}

/**
 * talloc_heap_table_bytes() - size of a table of detached tags
 * @window: the window of the heap
 * @unit: its unit in bytes, or 0 for the smallest
 *
 * Return: bytes, 16 a unit and 16 more; 0 where the arguments are impossible.
 */
u64 talloc_heap_table_bytes(struct talloc_span window, u32 unit)
{
	unit = config_unit(unit);
	if (!window_valid(window, unit))
		return 0;
	return (window_units(window, unit) + 1) * TALLOC_SLOT_BYTES;
}

/**
 * talloc_heap_map_bytes() - size of a live map
 * @window: the window of the heap
 * @unit: its unit in bytes, or 0 for the smallest
 *
 * Return: bytes, a bit for each unit and two more, in whole longs; 0 where the
 * arguments are impossible.
 */
u64 talloc_heap_map_bytes(struct talloc_span window, u32 unit)
{
	unit = config_unit(unit);
	if (!window_valid(window, unit))
		return 0;
	return (window_units(window, unit) + 2 + BITS_PER_LONG - 1) / BITS_PER_LONG *
	       sizeof(unsigned long);
}

/* What can hold tags: addresses that are pointers, none of them NULL. */
static bool window_holds_tags(struct talloc_span window, u32 unit)
{
	return unit >= TALLOC_UNIT_MIN && window.start &&
	       window.end == (unsigned long)window.end;
}

/*
 * These shrink the window to the units in it. Inline, the first payload is the
 * first aligned one with room for its tag below.
 */
static bool layout_inline(struct talloc_layout *at, struct talloc_span *window)
{
	u64 unit = 1ull << at->unit_shift;

	if (!talloc_span_truncate(window, sizeof(talloc_word), 0))
		return false;
	*window = talloc_span_fit_within(*window, unit);
	at->base = window->start - unit;
	at->tag_bytes = sizeof(talloc_word);
	at->tags = at->base - sizeof(talloc_word);
	at->stride_shift = at->unit_shift;
	at->min_units = (TALLOC_SLOT_BYTES + unit - 1) >> at->unit_shift;
	return true;
}

static void layout_table(struct talloc_layout *at, struct talloc_span *window, void *table)
{
	u64 unit = 1ull << at->unit_shift;

	*window = talloc_span_fit_within(*window, unit);
	at->base = window->start - unit;
	at->tag_bytes = 0;
	at->tags = (unsigned long)table - TALLOC_SLOT_BYTES;
	at->stride_shift = __fls(TALLOC_SLOT_BYTES);
	at->min_units = 1;
	memset(table, 0, ((talloc_span_bytes(*window) >> at->unit_shift) + 1) * TALLOC_SLOT_BYTES);
}

/*
 * The indices of the units that lie in @span, from *first up to *sentinel. False
 * where they do not make a chunk or are not all in the window.
 */
static bool span_to_indices(const struct talloc_heap *heap, struct talloc_span span,
			    u32 *first, u32 *sentinel)
{
	struct talloc_layout at = heap->layout;
	struct talloc_span grid;
	u64 low, high;

	if (!talloc_span_valid(span) || !talloc_span_truncate(&span, at.tag_bytes, 0))
		return false;
	grid = talloc_span_fit_within(span, 1ull << at.unit_shift);
	low = (grid.start - at.base) >> at.unit_shift;
	high = (grid.end - at.base) >> at.unit_shift;
	if (!low || low > high || high > heap->window_units + 1ull || high - low < at.min_units)
		return false;
	*first = low;
	*sentinel = high;
	return true;
}

static struct talloc_span indices_to_span(const struct talloc_heap *heap, u32 first, u32 sentinel)
{
	struct talloc_layout at = heap->layout;

	return (struct talloc_span){
		chunk_addr(at, first) - at.tag_bytes,
		chunk_addr(at, sentinel),
	};
}

/* What is used stays. Pre: nothing is kept or queued. */
static void heap_set_ends(struct talloc_heap *heap, u32 first, u32 sentinel)
{
	struct talloc_layout at = heap->layout;

	heap->free_units += (sentinel - first) - heap->units;
	heap->changes++;
	heap->first = first;
	heap->sentinel = sentinel;
	heap->units = sentinel - first;
	heap->max_bytes = usable_bytes(at, heap->units);
	heap->queue_limit = 0;
	if (heap->live && heap->kept_keys && layout_is_common(at) &&
	    heap->units > TALLOC_QUEUE_UNITS)
		heap->queue_limit = heap->units - TALLOC_QUEUE_UNITS;
	heap->queue_below = 0;
	heap_set_short(heap);
}

/* The whole span as one free chunk. */
static void heap_lay(struct talloc_heap *heap, u32 first, u32 sentinel)
{
	struct talloc_layout at = heap->layout;

	heap_set_ends(heap, first, sentinel);
	tag_set(at, sentinel, 0, TAG_LEFT_FREE);
	chunk_put_free(heap, at, first, heap->units);
}

/* Which blocks come from both ends of a chunk. See "Ends". */
static void ends_size(struct talloc_heap *heap)
{
	u32 least = heap->layout.tag_bytes ? TALLOC_ENDS_INLINE : TALLOC_ENDS_DETACHED;
	u32 share = heap->window_units / TALLOC_ENDS_SHARE;

	heap->ends_units = share > least ? share : least;
}

/* How much of the ring a heap uses, and for which blocks. See "Kept blocks". */
static void ring_size(struct talloc_heap *heap, bool keep)
{
	bool inside = heap->layout.tag_bytes;
	/* Of a window that is a power of two, the first tag has taken a unit. */
	u32 units = 1u << __fls(heap->window_units + inside);
	u32 places = units / (inside ? TALLOC_PLACES_SHARE : TALLOC_PLACES_DETACHED);
	u32 ring = units / (inside ? TALLOC_RING_SHARE : TALLOC_RING_DETACHED);
	u32 newest = units / (inside ? TALLOC_NEWEST_SHARE : TALLOC_NEWEST_DETACHED);

	if (!places)
		places = 1;
	heap->last_place = (places < TALLOC_PLACES ? places : TALLOC_PLACES) - 1;
	ring_clear(heap);
	if (!keep)
		return;
	heap->ring_keys = key_of(ring < TALLOC_RING_UNITS ? ring : TALLOC_RING_UNITS, false);
	heap->kept_units = newest < TALLOC_KEPT_UNITS ? newest : TALLOC_KEPT_UNITS;
	if (heap->kept_units > heap->layout.min_units)
		heap->kept_keys = key_of(heap->kept_units - heap->layout.min_units, false);
}

/**
 * talloc_heap_init() - make a heap over a span
 * @heap: the control block; what it holds does not matter
 * @config: window, span, unit, table and live map
 *
 * The units of a span are those that lie wholly inside of it, on multiples of
 * the unit; with inline tags their tags do, too. Less than a unit is lost at either end.
 *
 * Cost: clears the control block (6.4 KiB), the live map and the table.
 *
 * Return: %TALLOC_OK, or %TALLOC_INVALID where the unit is not a power of two in
 * range, a span's start is above its end, the span is not in the window, is too
 * small for a chunk, the window has 2^29 units or more, or with inline tags begins
 * at address 0 or ends beyond what a pointer holds.
 */
enum talloc_status talloc_heap_init(struct talloc_heap *heap,
				    const struct talloc_heap_config *config)
{
	struct talloc_span window = config->window, span = config->span;
	u32 unit = config_unit(config->unit);
	u32 first, sentinel;

	memset(heap, 0, sizeof(*heap));
	if (!window_valid(window, unit) ||
	    (!config->table && !window_holds_tags(window, unit)))
		return TALLOC_INVALID;
	if (talloc_span_empty(span))
		span = window;
	if (!talloc_span_valid(span) || !talloc_span_contains(window, span))
		return TALLOC_INVALID;
	heap->layout.unit_shift = __fls(unit);
	if (config->table)
		layout_table(&heap->layout, &window, config->table);
	else if (!layout_inline(&heap->layout, &window))
		return TALLOC_INVALID;
	heap->window_units = talloc_span_bytes(window) >> heap->layout.unit_shift;
	if (!span_to_indices(heap, span, &first, &sentinel))
		return TALLOC_INVALID;
	ring_size(heap, config->keep);
	ends_size(heap);
	heap->live = config->live_map;
	if (heap->live)
		memset(heap->live, 0, talloc_heap_map_bytes(config->window, unit));
	heap_lay(heap, first, sentinel);
	return TALLOC_OK;
}

/*
 * Blocks.
 */

/**
 * talloc_heap_alloc_refusal() - why an allocation failed
 * @heap: the heap that refused it just now
 * @bytes: what it was asked for
 *
 * Return: %TALLOC_DAMAGED, %TALLOC_INVALID or %TALLOC_FULL.
 */
enum talloc_status talloc_heap_alloc_refusal(const struct talloc_heap *heap, u64 bytes)
{
	if (heap->damage.rule)
		return TALLOC_DAMAGED;
	return bytes ? TALLOC_FULL : TALLOC_INVALID;
}

/* What came of an allocation, as a status and by reference. */
static __always_inline enum talloc_status alloc_status(const struct talloc_heap *heap, u64 bytes,
						       u64 got, u64 *addr)
{
	if (unlikely(got == TALLOC_NOWHERE))
		return talloc_heap_alloc_refusal(heap, bytes);
	*addr = got;
	return TALLOC_OK;
}

/* Reads the layout again: no register has to keep it for this over all that is done before. */
static __always_inline u64 taken_addr(const struct talloc_heap *heap, u32 chunk)
{
	return chunk_addr(heap->layout, chunk);
}

/* From the head of a bin, which is said to be large enough. */
static __always_inline u64 alloc_from(struct talloc_heap *heap, struct talloc_layout at, u32 bin,
				      u32 units, bool ends)
{
	struct hole hole;

	if (unlikely(!head_open(heap, at, bin, &hole)))
		return head_refused(heap, bin);
	return taken_addr(heap, chunk_take_end(heap, at, &hole, units, ends));
}

/* Where no bin has a head that is large enough, or with detached tags the own one has not. */
static noinline u64 alloc_more(struct talloc_heap *heap, u32 units)
{
	struct talloc_layout at = heap->layout;
	u32 chunk = chunk_search_more(heap, bin_of(units), units, 1ull << at.unit_shift, 0);
	struct hole hole;

	if (!chunk_open(heap, at, chunk, units, &hole))
		return TALLOC_NOWHERE;
	return chunk_addr(at, chunk_take_end(heap, at, &hole, units, true));
}

static __always_inline u64 alloc_units(struct talloc_heap *heap, struct talloc_layout at, u32 units)
{
	u32 bin = bin_search(heap, units);

	if (unlikely(!bin) || (!at.tag_bytes && head_is_short(heap, units)))
		return alloc_more(heap, units);
	return alloc_from(heap, at, bin, units, true);
}

/*
 * Pre: bytes_possible(). @alloc_new is for a small size that none is kept of; @alloc_large for
 * another, of which the ring may still have one. They are told apart first: it is mostly small
 * ones that the ring has.
 */
static __always_inline u64 alloc_in(struct talloc_heap *heap, struct talloc_layout at, u64 bytes,
				    u64 (*alloc_new)(struct talloc_heap *heap, u32 units),
				    u64 (*alloc_large)(struct talloc_heap *heap, u32 units))
{
	u32 units = bytes_to_units(at, bytes), key = key_of(units, false);
	u32 place;

	if (!at.tag_bytes && kept_newest(heap)->key == key)
		return kept_take(heap, at, TALLOC_NEWEST, units, false);
	if (units >= TALLOC_SMALL_UNITS) {
		if (at.tag_bytes && newest_suits(heap, at, &units))
			return kept_take(heap, at, TALLOC_NEWEST, units, false);
		return alloc_large(heap, units);
	}
	if (at.tag_bytes && kept_in_a_row(heap, key))
		return kept_take(heap, at, TALLOC_NEWEST, units, false);
	if (kept_find(heap, key, &place))
		return kept_take(heap, at, place, units, false);
	if (unlikely(kept_newest(heap)->key == key))
		return kept_take(heap, at, TALLOC_NEWEST, units, false);
	return alloc_new(heap, units);
}

static __always_inline u64 alloc_large_in(struct talloc_heap *heap, struct talloc_layout at,
					  u32 units)
{
	u32 key = key_of(units, false);
	u32 place;

	if (key < heap->ring_keys && kept_find(heap, key, &place))
		return kept_take(heap, at, place, units, false);
	return alloc_units(heap, at, units);
}

static noinline u64 alloc_new_inline(struct talloc_heap *heap, u32 units)
{
	return alloc_units(heap, heap->layout, units);
}

static noinline u64 alloc_large_inline(struct talloc_heap *heap, u32 units)
{
	return alloc_large_in(heap, heap->layout, units);
}

static noinline u64 alloc_large_detached(struct talloc_heap *heap, u32 units)
{
	return alloc_large_in(heap, layout_detached(heap->layout), units);
}

/* For the common layout. */
static noinline u64 alloc_large_common(struct talloc_heap *heap, u32 units)
{
	return alloc_large_in(heap, layout_common(heap->layout), units);
}

/* For small blocks: from the first bin that has a chunk, beyond the first word of the binmap. */
static __always_inline u64 alloc_carve(struct talloc_heap *heap, struct talloc_layout at, u32 units)
{
	u32 bin = binmap_from(heap, TALLOC_SMALL_UNITS);

	return likely(bin) ? alloc_from(heap, at, bin, units, !at.tag_bytes) : TALLOC_NOWHERE;
}

/* From the first bin in that word that will do; @carve is for where none does. */
static __always_inline u64 alloc_split(struct talloc_heap *heap, struct talloc_layout at, u32 units,
				       u64 (*carve)(struct talloc_heap *heap, u32 units))
{
	u64 bits = heap->binmap[0] & (~0ull << units);
	struct hole hole;
	u32 bin;

	if (!bits)
		return carve(heap, units);
	bin = __ffs64(bits);
	if (unlikely(!hole_open_head(heap, at, bin, bin, &hole)))
		return head_refused(heap, bin);
	return taken_addr(heap, chunk_take(heap, at, &hole, 0, units, 0));
}

static noinline u64 alloc_carve_detached(struct talloc_heap *heap, u32 units)
{
	return alloc_carve(heap, layout_detached(heap->layout), units);
}

static noinline u64 alloc_new_detached(struct talloc_heap *heap, u32 units)
{
	return alloc_split(heap, layout_detached(heap->layout), units, alloc_carve_detached);
}

/* For the common layout, where nothing in that word will do; */
static noinline u64 alloc_carve_common(struct talloc_heap *heap, u32 units)
{
	return alloc_carve(heap, layout_common(heap->layout), units);
}

/* where the bin of just this size is empty, but one of a larger size is not; */
static noinline u64 alloc_split_common(struct talloc_heap *heap, u32 units)
{
	return alloc_split(heap, layout_common(heap->layout), units, alloc_carve_common);
}

/* and where none is kept. */
static noinline u64 alloc_new_common(struct talloc_heap *heap, u32 units)
{
	struct talloc_layout at = layout_common(heap->layout);
	struct hole hole;

	if (!(heap->binmap[0] >> units & 1) ||
	    unlikely(!hole_open_head(heap, at, units, units, &hole)))
		return alloc_split_common(heap, units);
	return taken_addr(heap, chunk_take(heap, at, &hole, 0, units, 0));
}

static noinline u64 alloc_inline(struct talloc_heap *heap, u64 bytes)
{
	return alloc_in(heap, heap->layout, bytes, alloc_new_inline, alloc_large_inline);
}

/* In a heap that queues, of whose kept blocks none has a bit in the live map. A new one has. */
static __always_inline u64 alloc_mark(struct talloc_heap *heap, struct talloc_layout at, u64 block)
{
	if (likely(block != TALLOC_NOWHERE))
		live_set(heap, addr_index(at, block));
	return block;
}

/* Only large requests ask the newest. */
static noinline u64 alloc_queueing(struct talloc_heap *heap, u64 bytes)
{
	struct talloc_layout at = layout_common(heap->layout);
	u32 units = bytes_to_units(at, bytes), place;
	u64 block;

	if (units >= TALLOC_SMALL_UNITS)
		block = newest_suits(heap, at, &units) ?
			kept_take(heap, at, TALLOC_NEWEST, units, false) :
			alloc_large_common(heap, units);
	else if (kept_find(heap, key_of(units, false), &place))
		block = kept_take(heap, at, place, units, false);
	else
		return alloc_new_common(heap, units);
	return alloc_mark(heap, at, block);
}

/* What __talloc_heap_alloc() leaves to others: another layout, a queue, what is impossible. */
static noinline u64 alloc_other(struct talloc_heap *heap, u64 bytes)
{
	if (unlikely(!bytes_possible(heap, bytes)))
		return TALLOC_NOWHERE;
	if (heap->queue_below)
		return alloc_queueing(heap, bytes);
	if (likely(layout_is_detached(heap->layout)))
		return alloc_in(heap, layout_detached(heap->layout), bytes, alloc_new_detached,
				alloc_large_detached);
	return alloc_inline(heap, bytes);
}

/**
 * __talloc_heap_alloc() - allocate a block, and say its address or nothing
 * @heap: the heap
 * @bytes: size; 0 is refused
 *
 * talloc_heap_alloc() with its result in a register.
 *
 * Return: the block's address, or %TALLOC_NOWHERE; then talloc_heap_alloc_refusal()
 * tells why.
 */
u64 __talloc_heap_alloc(struct talloc_heap *heap, u64 bytes)
{
	if (unlikely(bytes - 1 >= heap->short_bytes))
		return alloc_other(heap, bytes);
	return alloc_in(heap, layout_common(heap->layout), bytes, alloc_new_common,
			alloc_large_common);
}

/**
 * talloc_heap_alloc() - allocate a block
 * @heap: the heap
 * @bytes: size; 0 is refused
 * @addr: where to put its address
 *
 * The block is aligned to the unit; its contents are undefined.
 *
 * Cost: constant. See "Bins" and "Kept blocks".
 *
 * Return: %TALLOC_OK; %TALLOC_FULL where no free chunk was found that fits, which
 * may change with talloc_heap_settle(); %TALLOC_INVALID for size 0; %TALLOC_DAMAGED.
 * @addr is left alone on failure.
 */
enum talloc_status talloc_heap_alloc(struct talloc_heap *heap, u64 bytes, u64 *addr)
{
	return alloc_status(heap, bytes, __talloc_heap_alloc(heap, bytes), addr);
}

/* Where none is kept that is aligned so. */
static __always_inline u64 alloc_new_aligned(struct talloc_heap *heap, struct talloc_layout at,
					     u32 units, u64 align, u64 phase)
{
	u32 chunk = chunk_alloc_aligned(heap, at, units, align, phase);

	return likely(chunk) ? chunk_addr(at, chunk) : TALLOC_NOWHERE;
}

static noinline u64 alloc_aligned_common(struct talloc_heap *heap, u32 units, u64 align, u64 phase)
{
	return alloc_new_aligned(heap, layout_common(heap->layout), units, align, phase);
}

static noinline u64 alloc_aligned_other(struct talloc_heap *heap, u32 units, u64 align, u64 phase)
{
	return alloc_new_aligned(heap, heap->layout, units, align, phase);
}

static __always_inline bool kept_is_aligned(const struct talloc_heap *heap, struct talloc_layout at,
					    u32 place, u64 align, u64 phase)
{
	return !((chunk_addr(at, heap->kept_blocks[place].chunk) - phase) & (align - 1));
}

static __always_inline u64 alloc_aligned(struct talloc_heap *heap, struct talloc_layout at,
					 u64 bytes, u64 align, u64 phase)
{
	u32 units = bytes_to_units(at, bytes), key = key_of(units, true);
	u32 place;

	if (kept_newest(heap)->key == key &&
	    kept_is_aligned(heap, at, TALLOC_NEWEST, align, phase)) {
		note_alignment(heap, align);
		return kept_take(heap, at, TALLOC_NEWEST, units, true);
	}
	if (kept_find(heap, key, &place) && kept_is_aligned(heap, at, place, align, phase)) {
		note_alignment(heap, align);
		return kept_take(heap, at, place, units, true);
	}
	if (layout_is_common(at))
		return alloc_aligned_common(heap, units, align, phase);
	return alloc_aligned_other(heap, units, align, phase);
}

static noinline u64 alloc_aligned_any(struct talloc_heap *heap, u64 bytes, u64 align, u64 phase)
{
	u64 block;

	if (unlikely(!bytes_possible(heap, bytes)))
		return TALLOC_NOWHERE;
	block = alloc_aligned(heap, heap->layout, bytes, align, phase);
	return heap->queue_below ? alloc_mark(heap, heap->layout, block) : block;
}

/* Pre: as chunk_alloc_aligned(). */
static __always_inline u64 alloc_at_multiple(struct talloc_heap *heap, u64 bytes, u64 align,
					     u64 phase)
{
	if (unlikely(bytes - 1 >= heap->short_bytes))
		return alloc_aligned_any(heap, bytes, align, phase);
	return alloc_aligned(heap, layout_common(heap->layout), bytes, align, phase);
}

/**
 * __talloc_heap_alloc_aligned() - allocate a block at an aligned address, or say none
 * @heap: the heap
 * @bytes: size; 0 is refused
 * @align: a power of two, which is not checked
 *
 * talloc_heap_alloc_aligned() with its result in a register.
 *
 * Return: as __talloc_heap_alloc().
 */
u64 __talloc_heap_alloc_aligned(struct talloc_heap *heap, u64 bytes, u64 align)
{
	if (align >> heap->layout.unit_shift <= 1)
		return __talloc_heap_alloc(heap, bytes);
	return alloc_at_multiple(heap, bytes, align, 0);
}

/**
 * talloc_heap_alloc_aligned() - allocate a block at an aligned address
 * @heap: the heap
 * @bytes: size; 0 is refused
 * @align: a power of two; the block's address will be a multiple of it
 * @addr: where to put its address
 *
 * Tries the chunk that an unaligned request would get, then one that is large
 * enough wherever it stands, then a few others. See "Bins".
 *
 * Cost: constant.
 *
 * Return: as talloc_heap_alloc(); %TALLOC_INVALID also where @align is not a power
 * of two.
 */
enum talloc_status talloc_heap_alloc_aligned(struct talloc_heap *heap, u64 bytes, u64 align,
					     u64 *addr)
{
	if (unlikely(!align || align & (align - 1)))
		return TALLOC_INVALID;
	return alloc_status(heap, bytes, __talloc_heap_alloc_aligned(heap, bytes, align), addr);
}

/**
 * talloc_heap_alloc_where() - allocate a block where it is wanted
 * @heap: the heap
 * @bytes: size; 0 is refused
 * @where: what its address has to be like
 * @addr: where to put its address
 *
 * The conditions hold for the @bytes from the block's start on, now: a block that
 * is resized keeps its alignment, of one with a phase as much as divides that, and no other.
 *
 * Cost: with an alignment and a phase only, constant, and fails where no chunk was
 * found by its size, or among a few others, see "Bins". Each other condition lets it look at
 * every free chunk that is large enough, by rising bins; it then fails only where there is no
 * place at all. A search from the top looks at all of them in any case.
 *
 * Return: as talloc_heap_alloc(); %TALLOC_INVALID also where @where contradicts
 * itself.
 */
enum talloc_status talloc_heap_alloc_where(struct talloc_heap *heap, u64 bytes,
					   const struct talloc_where *where, u64 *addr)
{
	u64 unit = 1ull << heap->layout.unit_shift;
	struct talloc_where want = *where;
	struct hole hole = { 0 };
	u64 gap = 0, got;
	u32 chunk;

	if (talloc_where_fault(where, unit, bytes))
		return TALLOC_INVALID;
	if (want.align < unit)
		want.align = unit;
	if (!where_walks(&want)) {
		got = want.align > unit ?
		      alloc_at_multiple(heap, bytes, want.align, want.phase) :
		      __talloc_heap_alloc(heap, bytes);
		return alloc_status(heap, bytes, got, addr);
	}
	if (!bytes_possible(heap, bytes) ||
	    !chunk_search_where(heap, bytes, &want, &hole, &gap))
		return talloc_heap_alloc_refusal(heap, bytes);
	chunk = chunk_take(heap, heap->layout, &hole, gap, bytes_to_units(heap->layout, bytes),
			   want.align > unit ? TAG_ALIGNED : 0);
	note_alignment(heap, want.align);
	*addr = chunk_addr(heap->layout, chunk);
	return TALLOC_OK;
}

/*
 * Make a free chunk of one that was used or kept, by what is beside it; who calls counts it as
 * freed. Where the free left neighbour takes it in and stays in its bin, no link changes; where the
 * right one does, the new chunk has its place. On damage it stays as it was.
 *
 * Post: all invariants. Cost: constant.
 */

static __always_inline enum talloc_status merge_right(struct talloc_heap *heap,
						      struct talloc_layout at, u32 chunk,
						      u32 units)
{
	struct hole right;
	u32 bin;

	if (unlikely(!hole_open(heap, at, chunk + units, &right)))
		return beside_damaged(heap, chunk, units);
	units += right.units;
	bin = bin_of(units);
	if (bin == right.bin) {
		hole_replace(heap, at, &right, chunk, units);
	} else {
		hole_unlink(heap, &right);
		bin_insert(heap, at, chunk, units, bin);
	}
	live_clear(heap, chunk);
	tag_erase(at, right.chunk);
	tag_set_free(at, chunk, units);
	return TALLOC_OK;
}

static __always_inline enum talloc_status merge_left(struct talloc_heap *heap,
						     struct talloc_layout at, u32 chunk,
						     u32 units)
{
	u32 end = chunk + units, bin;
	struct hole left;

	if (unlikely(!hole_read_left(heap, at, chunk, &left)))
		return beside_damaged(heap, chunk, units);
	units += left.units;
	bin = bin_of(units);
	if (bin != left.bin) {
		if (unlikely(!hole_read_links(heap, at, &left)))
			return beside_damaged(heap, chunk, end - chunk);
		hole_unlink(heap, &left);
		bin_insert(heap, at, left.chunk, units, bin);
	} else {
		bin_resize(heap, left.chunk, units, bin);
	}
	live_clear(heap, chunk);
	tag_erase(at, chunk);
	tag_set_left_free(at, end);
	tag_set_free(at, left.chunk, units);
	return TALLOC_OK;
}

/*
 * What will be true of a free chunk when another is out of its bin, as one may be the other's next
 * there. False where that is so, though their bins are two. Pre: both were opened.
 */
static __always_inline bool hole_mend(struct hole *hole, const struct hole *taken)
{
	bool before = hole->next == taken->chunk;
	bool after = hole->prev == taken->chunk;

	if (before) {
		hole->next = taken->next;
		hole->back = taken->back;
	}
	if (after) {
		hole->prev = taken->prev;
		hole->from = taken->from;
	}
	return hole->bin == taken->bin || !(before || after);
}

static __always_inline enum talloc_status merge_both(struct talloc_heap *heap,
						     struct talloc_layout at, u32 chunk,
						     u32 units)
{
	struct hole left, right;
	u32 all, bin;

	if (unlikely(!hole_open_left(heap, at, chunk, &left) ||
		     !hole_open(heap, at, chunk + units, &right) || !hole_mend(&left, &right)))
		return beside_damaged(heap, chunk, units);
	all = left.units + units + right.units;
	bin = bin_of(all);
	hole_remove(heap, &right);
	if (bin != left.bin) {
		hole_unlink(heap, &left);
		bin_insert(heap, at, left.chunk, all, bin);
	} else {
		bin_resize(heap, left.chunk, all, bin);
	}
	live_clear(heap, chunk);
	tag_erase(at, right.chunk);
	tag_erase(at, chunk);
	tag_set_free(at, left.chunk, all);
	return TALLOC_OK;
}

/* Each by itself, so that it saves no more registers than it needs. */

static noinline enum talloc_status merge_right_common(struct talloc_heap *heap, u32 chunk,
						      u32 units)
{
	return merge_right(heap, layout_common(heap->layout), chunk, units);
}

static noinline enum talloc_status merge_left_common(struct talloc_heap *heap, u32 chunk,
						     u32 units)
{
	return merge_left(heap, layout_common(heap->layout), chunk, units);
}

static noinline enum talloc_status merge_both_common(struct talloc_heap *heap, u32 chunk,
						     u32 units)
{
	return merge_both(heap, layout_common(heap->layout), chunk, units);
}

static noinline enum talloc_status merge_right_detached(struct talloc_heap *heap, u32 chunk,
							u32 units)
{
	return merge_right(heap, layout_detached(heap->layout), chunk, units);
}

static noinline enum talloc_status merge_left_detached(struct talloc_heap *heap, u32 chunk,
						       u32 units)
{
	return merge_left(heap, layout_detached(heap->layout), chunk, units);
}

static noinline enum talloc_status merge_both_detached(struct talloc_heap *heap, u32 chunk,
						       u32 units)
{
	return merge_both(heap, layout_detached(heap->layout), chunk, units);
}

/* Pre: the chunk's tag is as it should be, and the right neighbour's too. */
static __always_inline enum talloc_status chunk_merge(struct talloc_heap *heap,
						      struct talloc_layout at, u32 chunk,
						      u32 units)
{
	bool left = tag_left_is_free(tag_get(at, chunk));
	bool right = tag_is_free(tag_get(at, chunk + units));

	if (!left && !right) {
		live_clear(heap, chunk);
		tag_set_left_free(at, chunk + units);
		chunk_put_free(heap, at, chunk, units);
		return TALLOC_OK;
	}
	if (layout_is_common(at)) {
		if (!right)
			return merge_left_common(heap, chunk, units);
		return left ? merge_both_common(heap, chunk, units) :
			      merge_right_common(heap, chunk, units);
	}
	if (layout_is_detached(at)) {
		if (!right)
			return merge_left_detached(heap, chunk, units);
		return left ? merge_both_detached(heap, chunk, units) :
			      merge_right_detached(heap, chunk, units);
	}
	if (!right)
		return merge_left(heap, at, chunk, units);
	return left ? merge_both(heap, at, chunk, units) :
		      merge_right(heap, at, chunk, units);
}

/*
 * Merge and bin a kept block that was taken out of the ring. On damage it stays as it is,
 * in a heap out of service.
 */
static __always_inline enum talloc_status kept_merge(struct talloc_heap *heap,
						     struct talloc_layout at, u32 chunk, u32 key)
{
	u32 end = chunk + key_units(key);

	if (unlikely(!tag_is_kept_as(tag_get(at, chunk), key)))
		return kept_damaged(heap, chunk, key);
	if (unlikely(tag_left_is_free(tag_get(at, end))))
		return beside_damaged(heap, chunk, key_units(key));
	return chunk_merge(heap, at, chunk, key_units(key));
}

static noinline enum talloc_status settle_common(struct talloc_heap *heap, u32 chunk, u32 key)
{
	return kept_merge(heap, layout_common(heap->layout), chunk, key);
}

static noinline enum talloc_status settle_detached(struct talloc_heap *heap, u32 chunk, u32 key)
{
	return kept_merge(heap, layout_detached(heap->layout), chunk, key);
}

static noinline enum talloc_status settle_inline(struct talloc_heap *heap, u32 chunk, u32 key)
{
	return kept_merge(heap, heap->layout, chunk, key);
}

static __always_inline enum talloc_status kept_settle(struct talloc_heap *heap,
						      struct talloc_layout at, u32 chunk, u32 key)
{
	if (likely(layout_is_common(at)))
		return settle_common(heap, chunk, key);
	if (likely(layout_is_detached(at)))
		return settle_detached(heap, chunk, key);
	return settle_inline(heap, chunk, key);
}

/* Let all that is kept have bits in the live map, or none. */
static void kept_set_marks(struct talloc_heap *heap, bool mark)
{
	const struct talloc_kept *kept = heap->kept_blocks;

	for (; kept < heap->kept_blocks + TALLOC_KEPT; kept++) {
		if (!kept->key)
			continue;
		if (mark)
			live_set(heap, kept->chunk);
		else
			live_clear(heap, kept->chunk);
	}
}

static void queue_begin(struct talloc_heap *heap)
{
	kept_set_marks(heap, false);
	heap->queue_below = heap->queue_limit;
	heap_set_short(heap);
}

static void queue_end(struct talloc_heap *heap)
{
	talloc_heap_settle_queue(heap);
	kept_set_marks(heap, true);
	heap->queue_below = 0;
	heap_set_short(heap);
}

/* What leaves the ring is in no place any more, and loses its bit as if it were. */
static noinline enum talloc_status begin_and_settle(struct talloc_heap *heap, u32 chunk, u32 key)
{
	queue_begin(heap);
	live_clear(heap, chunk);
	return settle_common(heap, chunk, key);
}

/*
 * Once in a round of the hand: whether there is so much in use that frees are to be queued.
 * Pre: the common layout.
 */
static noinline enum talloc_status look_and_settle(struct talloc_heap *heap, u32 chunk, u32 key)
{
	if (unlikely(heap->free_units < heap->queue_limit && !heap->queue_below &&
		     talloc_heap_blocks(heap) >= TALLOC_QUEUE_BLOCKS))
		return begin_and_settle(heap, chunk, key);
	return settle_common(heap, chunk, key);
}

static __always_inline void kept_fill(struct talloc_heap *heap, u32 place, u32 chunk, u32 key)
{
	u8 *top = &heap->tops[key_hash(key)];

	heap->kept_blocks[place] = (struct talloc_kept){ chunk, key, *top };
	*top = place;
}

/* Pre: @tag and @key are a used chunk's. */
static __always_inline void kept_mark(struct talloc_heap *heap, talloc_word *tag, u32 key)
{
	*tag |= TAG_KEPT;
	heap->free_units += key_units(key);
	heap->kept++;
}

/*
 * Give a kept block a place in the ring. Where that is full, the one that the hand is at settles.
 *
 * Pre: its key is below ring_keys. Post: all invariants. Cost: one merge.
 */
static __always_inline enum talloc_status ring_put(struct talloc_heap *heap,
						   struct talloc_layout at, u32 chunk, u32 key)
{
	u32 place = heap->empty;
	struct talloc_kept old;

	if (place != TALLOC_PLACES) {
		heap->empty = heap->kept_blocks[place].prev;
		kept_fill(heap, place, chunk, key);
		return TALLOC_OK;
	}
	place = heap->hand;
	heap->hand = (place + 1) & heap->last_place;
	old = heap->kept_blocks[place];
	kept_fill(heap, place, chunk, key);
	/* On its first round since all were settled the hand meets the next that had none. */
	if (unlikely(!old.key)) {
		heap->filled = place + 1;
		return TALLOC_OK;
	}
	if (layout_is_common(at) && unlikely(!place))
		return look_and_settle(heap, old.chunk, old.key);
	return kept_settle(heap, at, old.chunk, old.key);
}

/*
 * Keep a block as the newest. The one that was goes into the ring, or where it is too large for
 * that, settles.
 *
 * Pre: as kept_mark(). Post: all invariants. Cost: one merge.
 */
static __always_inline enum talloc_status kept_put(struct talloc_heap *heap,
						   struct talloc_layout at, talloc_word *tag,
						   u32 chunk, u32 key)
{
	struct talloc_kept *newest = kept_newest(heap);
	u32 last = newest->chunk, last_key = newest->key;

	kept_mark(heap, tag, key);
	newest->chunk = chunk;
	newest->key = key;
	if (!last_key)
		return TALLOC_OK;
	if (unlikely(last_key >= heap->ring_keys))
		return kept_settle(heap, at, last, last_key);
	return ring_put(heap, at, last, last_key);
}

/* Free what seems to be a block, and is not kept. Pre: @chunk is in the span. */
static __always_inline enum talloc_status free_merging(struct talloc_heap *heap,
						       struct talloc_layout at, u32 chunk)
{
	enum talloc_status status;
	struct block b;

	if (unlikely(!block_read(heap, at, chunk, &b)))
		return block_refusal(heap, chunk_addr(at, chunk));
	status = chunk_merge(heap, at, chunk, b.units);
	if (unlikely(status))
		return status;
	heap->free_units += b.units;
	heap->frees++;
	return TALLOC_OK;
}

static noinline enum talloc_status free_merging_common(struct talloc_heap *heap, u32 chunk)
{
	return free_merging(heap, layout_common(heap->layout), chunk);
}

static noinline enum talloc_status free_merging_detached(struct talloc_heap *heap, u32 chunk)
{
	return free_merging(heap, layout_detached(heap->layout), chunk);
}

static noinline enum talloc_status free_merging_inline(struct talloc_heap *heap, u32 chunk)
{
	return free_merging(heap, heap->layout, chunk);
}

/* Whether a block with this key is kept, if it ends in the span. */
static __always_inline bool free_keeps(const struct talloc_heap *heap, struct talloc_layout at,
				       unsigned long live, u32 key)
{
	return key - key_of(at.min_units, false) < heap->kept_keys &&
	       !live_within(live, key_units(key));
}

/* Whether a block with this key is kept, and ends in the span. */
static __always_inline bool free_keeps_in_span(const struct talloc_heap *heap,
					       struct talloc_layout at, u32 chunk,
					       unsigned long live, u32 key)
{
	return free_keeps(heap, at, live, key) && chunk + key_units(key) <= heap->sentinel;
}

/*
 * Pre: @chunk is in the span and @addr its payload; @live is what live_bits() says, or 0 without
 * a map; @merging is for what is not kept.
 */
static __always_inline enum talloc_status free_in(struct talloc_heap *heap,
						  struct talloc_layout at, u64 addr, u32 chunk,
						  unsigned long live,
						  enum talloc_status (*merging)
							(struct talloc_heap *heap, u32 chunk))
{
	talloc_word *tag = at.tag_bytes ? tag_before(addr) : tag_at(at, chunk);
	u32 key = tag_key(*tag);

	if (unlikely(!free_keeps_in_span(heap, at, chunk, live, key)))
		return merging(heap, chunk);
	return kept_put(heap, at, tag, chunk, key);
}

/* What has lost its bit in the live map is a used chunk, with one, until it is merged. */
static noinline enum talloc_status free_merging_unmarked(struct talloc_heap *heap, u32 chunk)
{
	live_set(heap, chunk);
	return free_merging_common(heap, chunk);
}

/* The same of what was queued: it is freed, whatever is met now, and counts so. */
static noinline enum talloc_status free_merging_queued(struct talloc_heap *heap, u32 chunk)
{
	enum talloc_status status = free_merging_unmarked(heap, chunk);

	if (unlikely(status)) {
		live_clear(heap, chunk);
		heap->frees++;
	}
	return status;
}

/* What comes out of the queue has a place in the ring at once, or merges. Post: all invariants. */
static __always_inline enum talloc_status free_queued(struct talloc_heap *heap, u32 chunk)
{
	struct talloc_layout at = layout_common(heap->layout);
	talloc_word *tag = tag_at(at, chunk);
	u32 key = tag_key(*tag);

	if (unlikely(key >= heap->ring_keys ||
		     !free_keeps_in_span(heap, at, chunk, live_bits(heap, chunk), key)))
		return free_merging_queued(heap, chunk);
	kept_mark(heap, tag, key);
	return ring_put(heap, at, chunk, key);
}

/*
 * Put a block at the end of the queue, and take out what has been there for longest. Ask
 * for the lines that each in it will need: its own tag's now, that of its right neighbour
 * when it is halfway, and its size is known.
 *
 * Pre: @chunk has lost its bit in the live map.
 */
static noinline enum talloc_status queue_put(struct talloc_heap *heap, u32 chunk)
{
	struct talloc_layout at = layout_common(heap->layout);
	u32 *place = &heap->queue[heap->queue_next % TALLOC_QUEUE];
	u32 halfway = heap->queue[(heap->queue_next + TALLOC_QUEUE / 2) % TALLOC_QUEUE];
	u32 old = *place;

	prefetchw(tag_at(at, chunk));
	if (likely(halfway))
		prefetchw(tag_at(at, halfway + tag_units(tag_get(at, halfway))));
	*place = chunk;
	heap->queue_next++;
	if (likely(old))
		return free_queued(heap, old);
	heap->queued++;
	heap->changes++;
	return TALLOC_OK;
}

/*
 * In a heap that queues, while it does not: when much less is in use than at the beginning,
 * it ends. Pre: @chunk has lost its bit in the live map.
 */
static noinline enum talloc_status free_above_queue(struct talloc_heap *heap, u32 chunk)
{
	struct talloc_layout at = layout_common(heap->layout);
	u64 addr = chunk_addr(at, chunk);

	if (heap->free_units < heap->queue_limit + TALLOC_QUEUE_LESS)
		return free_in(heap, at, addr, chunk, live_bits(heap, chunk),
			       free_merging_unmarked);
	queue_end(heap);
	live_set(heap, chunk);
	return talloc_heap_free(heap, addr);
}

/* In a heap that queues. */
static noinline enum talloc_status free_queueing(struct talloc_heap *heap, u64 addr)
{
	struct talloc_layout at = layout_common(heap->layout);
	u32 chunk;

	if (unlikely(!addr_to_index(heap, at, addr, &chunk) || !live_take(heap, chunk)))
		return block_refusal(heap, addr);
	if (likely(heap->free_units < heap->queue_below))
		return queue_put(heap, chunk);
	return free_above_queue(heap, chunk);
}

/* Of a table of tags the live map tells nothing more. */
static __always_inline enum talloc_status free_at(struct talloc_heap *heap,
						  struct talloc_layout at, u64 addr,
						  enum talloc_status (*merging)
							(struct talloc_heap *heap, u32 chunk))
{
	unsigned long live = 0;
	u32 chunk;

	if (unlikely(!addr_to_start(heap, at, addr, &chunk)))
		return block_refusal(heap, addr);
	if (at.tag_bytes && heap->live)
		live = live_bits(heap, chunk);
	return free_in(heap, at, addr, chunk, live, merging);
}

static noinline enum talloc_status free_inline(struct talloc_heap *heap, u64 addr)
{
	return free_at(heap, heap->layout, addr, free_merging_inline);
}

static noinline enum talloc_status free_common(struct talloc_heap *heap, u64 addr)
{
	return free_at(heap, layout_common(heap->layout), addr, free_merging_common);
}

/* What talloc_heap_free() leaves to others: no live map, another layout, a queue, no block. */
static noinline enum talloc_status free_other(struct talloc_heap *heap, u64 addr)
{
	if (heap->queue_below)
		return free_queueing(heap, addr);
	if (layout_is_common(heap->layout))
		return free_common(heap, addr);
	if (!layout_is_detached(heap->layout))
		return free_inline(heap, addr);
	return free_at(heap, layout_detached(heap->layout), addr, free_merging_detached);
}

/**
 * talloc_heap_free() - free a block
 * @heap: the heap
 * @addr: where it starts, as an allocation said; any other address is refused
 *
 * The block is queued, or kept, or merges with free neighbours at once::
 *
 *   | free | block | free |    | used | block | free |
 *   |        free         |    | used |    free      |
 *
 * Cost: constant; one merge at most, but where a heap begins or ends to queue, see "Queued
 * frees", a step for each that is kept, and 16 merges.
 *
 * Return: %TALLOC_OK; %TALLOC_OUTSIDE, %TALLOC_MISALIGNED or %TALLOC_NOT_LIVE, and
 * nothing was freed; %TALLOC_DAMAGED: where what is damaged is a block that had been
 * freed before, this one is freed all the same; talloc_heap_freed() tells.
 */
enum talloc_status talloc_heap_free(struct talloc_heap *heap, u64 addr)
{
	struct talloc_layout at = layout_common(heap->layout);
	u64 index = addr_index(at, addr);
	unsigned long live;
	u32 chunk = index, key;
	talloc_word *tag;

	if (unlikely(index >= heap->short_end || chunk < heap->first))
		return free_other(heap, addr);
	live = live_bits(heap, chunk);
	if (unlikely(!(live & 1)))
		return free_other(heap, addr);
	tag = tag_before(addr);
	key = tag_key(*tag);
	if (unlikely(!free_keeps(heap, at, live, key)))
		return free_merging_common(heap, chunk);
	return kept_put(heap, at, tag, chunk, key);
}

/**
 * talloc_heap_freed() - whether a block is freed after all
 * @heap: the heap
 * @addr: what talloc_heap_free() has just returned %TALLOC_DAMAGED for
 *
 * Return: whether it was freed, and what is damaged is another block; as far as its tag has been
 * left alone since.
 */
bool talloc_heap_freed(const struct talloc_heap *heap, u64 addr)
{
	struct talloc_layout at = heap->layout;
	u64 index = addr_index(at, addr);

	return index - heap->first < heap->sentinel - heap->first &&
	       (queue_has(heap, index) || chunk_is_kept(heap, index));
}

/**
 * talloc_heap_settle_queue() - keep or merge what is queued
 * @heap: the heap
 *
 * For who has to know how much is used, to the byte.
 *
 * Cost: 16 frees at most.
 *
 * Return: whether anything was queued.
 */
bool talloc_heap_settle_queue(struct talloc_heap *heap)
{
	u32 chunk, i;

	if (!heap->queued || !heap->units)
		return false;
	for (i = 0; i < TALLOC_QUEUE && heap->units; i++) {
		chunk = heap->queue[(heap->queue_next + i) % TALLOC_QUEUE];
		if (!chunk)
			continue;
		heap->queue[(heap->queue_next + i) % TALLOC_QUEUE] = 0;
		heap->queued--;
		heap->changes++;
		free_queued(heap, chunk);
	}
	return true;
}

static void heap_settle_one(struct talloc_heap *heap, u32 chunk, u32 key)
{
	heap->changes++;
	kept_settle(heap, heap->layout, chunk, key);
}

/**
 * talloc_heap_settle() - merge freed blocks with what is free beside them
 * @heap: the heap
 * @most: how many kept ones at most, as they would leave the ring; %TALLOC_KEPT for all
 *
 * For an allocation that failed, and before figures of fragmentation are taken. What is
 * queued is kept or merged first.
 *
 * Cost: a free's for each of @most and for what is queued, 16 at most; and a step for each
 * place of the ring that was filled since all were settled.
 *
 * Return: whether anything has changed, so that what failed may now succeed.
 */
bool talloc_heap_settle(struct talloc_heap *heap, u32 most)
{
	u32 hand, left, place;
	struct talloc_kept kept;
	bool changed;

	if (!heap->units)
		return false;
	changed = talloc_heap_settle_queue(heap);
	if (!heap->filled && !kept_newest(heap)->key)
		return changed;
	hand = heap->hand;
	for (left = heap->filled; left && heap->units && most; left--) {
		place = hand < heap->filled ? hand : 0;
		hand = place + 1;
		kept = heap->kept_blocks[place];
		if (!kept.key)
			continue;
		kept_empty(heap, place);
		heap_settle_one(heap, kept.chunk, kept.key);
		changed = true;
		most--;
	}
	heap->hand = hand & heap->last_place;
	if (!heap->units || !most)
		return changed;
	ring_clear(heap);
	kept = *kept_newest(heap);
	if (kept.key) {
		kept_newest(heap)->key = 0;
		heap_settle_one(heap, kept.chunk, kept.key);
		changed = true;
	}
	return changed;
}

/**
 * talloc_heap_has_chunk() - whether a request could find a free chunk now
 * @heap: the heap
 * @bytes: its size
 *
 * To tell without a try that what talloc_heap_settle() has merged so far is not enough.
 *
 * Cost: constant.
 *
 * Return: whether some free chunk has the size that is asked for, or nearly; not whether that
 * stands where the request wants it, nor whether a kept block would do.
 */
bool talloc_heap_has_chunk(const struct talloc_heap *heap, u64 bytes)
{
	return bytes_possible(heap, bytes) &&
	       binmap_from(heap, bin_of(bytes_to_units(heap->layout, bytes)));
}

/*
 * These open what is free beside a boundary between two chunks, on either side of it; the hole's
 * chunk is 0 where that is not free. False where it cannot be believed, and that is noted.
 */

static bool right_believed(struct talloc_heap *heap, u32 chunk, struct hole *hole)
{
	struct talloc_layout at = heap->layout;

	*hole = (struct hole){ 0 };
	if (!tag_is_free(tag_get(at, chunk)) || hole_open(heap, at, chunk, hole))
		return true;
	hole_damaged(heap, chunk);
	return false;
}

static bool left_believed(struct talloc_heap *heap, u32 chunk, struct hole *hole)
{
	struct talloc_layout at = heap->layout;

	*hole = (struct hole){ 0 };
	if (!tag_left_is_free(tag_get(at, chunk)) || hole_open_left(heap, at, chunk, hole))
		return true;
	left_damaged(heap, chunk);
	return false;
}

/*
 * Cut a used chunk in two used ones. Pre: either has the minimum at least, and no tag
 * takes from a payload. The second has no alignment to keep.
 */
static void block_split(struct talloc_heap *heap, u32 chunk, u32 units)
{
	struct talloc_layout at = heap->layout;
	u32 tag = tag_get(at, chunk);

	tag_set(at, chunk + units, tag_units(tag) - units, 0);
	tag_set(at, chunk, units, tag & (TAG_LEFT_FREE | TAG_ALIGNED));
	live_set(heap, chunk + units);
	heap->allocs++;
}

/**
 * talloc_heap_free_part() - free a part of a block
 * @heap: a heap with detached tags
 * @addr: where the part begins, on the unit grid
 * @bytes: its size, rounded up to units; all of it in one live block
 *
 * What is left on either side is a live block of its own from then on.
 *
 * Cost: constant where @addr is the start of a block; else it looks for that, a
 * step for each unit between them.
 *
 * Return: as talloc_heap_free(); %TALLOC_INVALID for size 0, where the block ends
 * before the part, and with inline tags.
 */
enum talloc_status talloc_heap_free_part(struct talloc_heap *heap, u64 addr, u64 bytes)
{
	struct talloc_layout at = heap->layout;
	u32 chunk, start, units;
	struct hole hole;
	struct block b;

	if (!addr_to_index(heap, at, addr, &chunk))
		return addr_refusal(heap, addr);
	if (at.tag_bytes || !bytes_possible(heap, bytes))
		return TALLOC_INVALID;
	start = start_at_or_below(heap, chunk, heap->first);
	if (!start)
		return TALLOC_NOT_LIVE;
	if (!block_find(heap, at, chunk_addr(at, start), &b))
		return block_refusal(heap, chunk_addr(at, start));
	if (chunk - start >= b.units)
		return TALLOC_NOT_LIVE;
	units = bytes_to_units(at, bytes);
	if (units > b.units - (chunk - start))
		return TALLOC_INVALID;
	/* As for a block that begins there, which it will be. */
	if (heap->live && live_within(live_bits(heap, chunk), units))
		return heap_damaged(heap, TALLOC_RULE_TAGS, start, tag_get(at, start), 0);
	if (units == b.units)
		return talloc_heap_free(heap, addr);
	if (!left_believed(heap, start, &hole) || !right_believed(heap, start + b.units, &hole))
		return TALLOC_DAMAGED;
	if (start + b.units > chunk + units)
		block_split(heap, start, chunk + units - start);
	if (start < chunk)
		block_split(heap, start, chunk - start);
	return talloc_heap_free(heap, addr);
}

/*
 * Cut a used chunk anew, with what is free to its right. Pre: block_read() believed it, with
 * this tag, which somebody may be writing over by now.
 *
 * Post: all invariants. Cost: constant.
 */
static __always_inline enum talloc_status block_recut(struct talloc_heap *heap,
						      struct talloc_layout at, u32 chunk, u32 tag,
						      u32 units)
{
	u32 had = tag_units(tag), end = chunk + had, room = had;
	struct hole right;

	if (tag_is_free(tag_get(at, end))) {
		if (unlikely(!hole_open(heap, at, end, &right)))
			return beside_damaged(heap, chunk, had);
		room += right.units;
		if (units > room)
			return TALLOC_FULL;
		/* What shrinks a little takes no small hole in. */
		if (units < had && room - units < rest_least(at, units))
			return TALLOC_OK;
		hole_remove(heap, &right);
		tag_erase(at, end);
	} else {
		if (unlikely(units > room))
			return TALLOC_FULL;
		tag_set_left_free(at, end);
	}
	units = chunk_cut(heap, at, chunk, room, units, tag & TAG_FLAGS);
	heap->free_chunks += units < room;
	heap->free_units += had - units;
	heap->changes++;
	return TALLOC_OK;
}

static noinline enum talloc_status recut_common(struct talloc_heap *heap, u32 chunk, u32 tag,
						u32 units)
{
	return block_recut(heap, layout_common(heap->layout), chunk, tag, units);
}

static noinline enum talloc_status recut_other(struct talloc_heap *heap, u32 chunk, u32 tag,
					       u32 units)
{
	return block_recut(heap, heap->layout, chunk, tag, units);
}

static __always_inline enum talloc_status block_resize(struct talloc_heap *heap,
						       struct talloc_layout at, u64 addr, u64 bytes)
{
	struct block b;
	u32 units, tag;

	if (unlikely(!block_find(heap, at, addr, &b)))
		return block_refusal(heap, addr);
	if (unlikely(!bytes_possible(heap, bytes)))
		return bytes ? TALLOC_FULL : TALLOC_INVALID;
	units = bytes_to_units(at, bytes);
	if (units == b.units)
		return TALLOC_OK;
	if (units > b.units && !tag_is_free(tag_get(at, b.chunk + b.units)))
		return TALLOC_FULL;
	tag = b.units << TAG_SHIFT | b.flags;
	if (!layout_is_common(at))
		return recut_other(heap, b.chunk, tag, units);
	return recut_common(heap, b.chunk, tag, units);
}

static noinline enum talloc_status resize_other(struct talloc_heap *heap, u64 addr, u64 bytes)
{
	return block_resize(heap, heap->layout, addr, bytes);
}

/**
 * talloc_heap_resize_in_place() - change the size of a block where it stands
 * @heap: the heap
 * @addr: where a live block starts
 * @bytes: new size; 0 is refused
 *
 * To shrink always succeeds: what is let go merges with a free right neighbour,
 * or becomes a free chunk unless it is too small, see "Rests". To grow takes from a free
 * right neighbour. Nothing is copied, the block never moves and so keeps its
 * alignment.
 *
 * Cost: constant.
 *
 * Return: %TALLOC_OK; %TALLOC_FULL where there is no room; %TALLOC_INVALID for
 * size 0; %TALLOC_OUTSIDE, %TALLOC_MISALIGNED, %TALLOC_NOT_LIVE or
 * %TALLOC_DAMAGED.
 */
enum talloc_status talloc_heap_resize_in_place(struct talloc_heap *heap, u64 addr, u64 bytes)
{
	if (likely(layout_is_common(heap->layout)))
		return block_resize(heap, layout_common(heap->layout), addr, bytes);
	return resize_other(heap, addr, bytes);
}

/**
 * talloc_heap_held_beside() - whether a block could grow more after talloc_heap_settle()
 * @heap: the heap
 * @addr: where a live block starts
 *
 * Cost: constant.
 *
 * Return: whether what stands to its right, free memory aside, was freed and is kept or
 * queued.
 */
bool talloc_heap_held_beside(const struct talloc_heap *heap, u64 addr)
{
	struct talloc_layout at = heap->layout;
	struct hole right;
	struct block b;
	u32 end;

	if (!block_find(heap, at, addr, &b))
		return false;
	end = b.chunk + b.units;
	if (tag_is_free(tag_get(at, end))) {
		if (!hole_read(heap, at, end, &right))
			return false;
		end += right.units;
	}
	return tag_is_kept(tag_get(at, end)) || queue_has(heap, end);
}

/**
 * talloc_heap_slide() - let a block take in its free neighbours, the left one too
 * @heap: the heap
 * @addr: where a live block without an alignment of its own starts
 * @bytes: how many bytes it is to hold
 * @moved: where the block starts now
 *
 * For a block that has to grow when there is no room for a second one. The block
 * gets both neighbours whole. Its contents are not touched and stand where they
 * were; the caller moves them to @moved, in its own time, then calls
 * talloc_heap_resize_in_place() to give back what it does not need::
 *
 *   | free |  block  | free |
 *   |moved    block         |
 *
 * Cost: constant.
 *
 * Return: %TALLOC_OK; %TALLOC_FULL where the left neighbour is not free, the room
 * is too small or the block is aligned; else as talloc_heap_resize_in_place().
 */
enum talloc_status talloc_heap_slide(struct talloc_heap *heap, u64 addr, u64 bytes, u64 *moved)
{
	struct talloc_layout at = heap->layout;
	struct hole left, right = { 0 };
	struct block b;
	u32 end, room;

	if (!block_find(heap, at, addr, &b))
		return block_refusal(heap, addr);
	if (!bytes_possible(heap, bytes))
		return bytes ? TALLOC_FULL : TALLOC_INVALID;
	if (!(b.flags & TAG_LEFT_FREE) || b.flags & TAG_ALIGNED)
		return TALLOC_FULL;
	end = b.chunk + b.units;
	if (!hole_open_left(heap, at, b.chunk, &left) ||
	    (tag_is_free(tag_get(at, end)) &&
	     (!hole_open(heap, at, end, &right) || !hole_mend(&left, &right))))
		return block_refusal(heap, addr);
	room = left.units + b.units + right.units;
	if (bytes_to_units(at, bytes) > room)
		return TALLOC_FULL;
	if (right.units) {
		hole_remove(heap, &right);
		tag_erase(at, end);
	}
	hole_remove(heap, &left);
	live_clear(heap, b.chunk);
	tag_erase(at, b.chunk);
	chunk_cut(heap, at, left.chunk, room, room, 0);
	live_set(heap, left.chunk);
	heap->free_units -= room - b.units;
	heap->changes++;
	*moved = chunk_addr(at, left.chunk);
	return TALLOC_OK;
}

/**
 * talloc_heap_resize() - change the size of a block, moving it if need be
 * @heap: a heap with inline tags
 * @block: a live block
 * @bytes: new size; 0 is refused
 * @moved: where the block is now; left alone on failure
 *
 * In place if possible; else to a new block; else down into a free left
 * neighbour. Contents are kept up to the smaller of both sizes. A block that was
 * asked for with an alignment keeps it.
 *
 * With detached tags the heap does not touch the memory: only what can be done
 * in place is done.
 *
 * Cost: constant, and a copy of the contents where the block moves; that of
 * talloc_heap_settle() where nothing fits.
 *
 * Return: as talloc_heap_resize_in_place(). On failure the block is as it was. Damage that
 * is met when the block has moved is no failure; talloc_heap_damage() tells.
 */
enum talloc_status talloc_heap_resize(struct talloc_heap *heap, void *block, u64 bytes,
				      void **moved)
{
	u64 usable, align, old = (unsigned long)block, new;
	enum talloc_status status;

	status = talloc_heap_resize_in_place(heap, old, bytes);
	if (status == TALLOC_OK)
		*moved = block;
	if (status != TALLOC_FULL || !heap->layout.tag_bytes)
		return status;
	status = talloc_heap_lookup(heap, old, &usable, &align);
	if (status)
		return status;
	/* It was too small for @bytes, whatever its tag may say by now. */
	if (usable > bytes)
		usable = bytes;
	status = talloc_heap_alloc_aligned(heap, bytes, align, &new);
	/* What was kept may stand beside it; the second time, nothing is kept. */
	if (status == TALLOC_FULL && talloc_heap_settle(heap, TALLOC_KEPT))
		return talloc_heap_resize(heap, block, bytes, moved);
	if (status == TALLOC_OK) {
		*moved = (void *)(unsigned long)new;
		/* With a forged tag the new block may lie in the old one. */
		memmove(*moved, block, usable);
		/* The block has moved, whatever this meets. */
		talloc_heap_free(heap, old);
		return TALLOC_OK;
	}
	if (status == TALLOC_FULL)
		status = talloc_heap_slide(heap, old, bytes, &new);
	if (status)
		return status;
	*moved = (void *)(unsigned long)new;
	memmove(*moved, block, usable);
	/* And so it has here: it may just keep more than it needs. */
	status = talloc_heap_resize_in_place(heap, new, bytes);
	return TALLOC_OK;
}

/*
 * The alignment that a block at @addr may have been asked for with: the largest
 * power of two that divides the address, or that was ever asked for.
 */
static u64 kept_alignment(const struct talloc_heap *heap, u64 addr)
{
	addr |= heap->most_align;
	return addr & -addr;
}

/**
 * talloc_heap_lookup() - the size and alignment of a live block
 * @heap: the heap
 * @addr: any address
 * @usable: where to put the bytes that the block has room for; may be %NULL
 * @align: where to put the alignment that a move must keep, in bytes: the unit, or
 *	where the block was asked for with more, what it was asked for or more, but
 *	no more than the heap was ever asked for; may be %NULL
 *
 * Cost: constant.
 *
 * Return: %TALLOC_OK, or why this is no live block: %TALLOC_OUTSIDE,
 * %TALLOC_MISALIGNED, %TALLOC_NOT_LIVE or %TALLOC_DAMAGED.
 */
enum talloc_status talloc_heap_lookup(struct talloc_heap *heap, u64 addr, u64 *usable, u64 *align)
{
	struct talloc_layout at = heap->layout;
	struct block b;

	if (!block_find(heap, at, addr, &b))
		return block_refusal(heap, addr);
	if (usable)
		*usable = usable_bytes(at, b.units);
	if (align)
		*align = b.flags & TAG_ALIGNED ? kept_alignment(heap, addr) : 1ull << at.unit_shift;
	return TALLOC_OK;
}

/**
 * talloc_heap_contains() - whether an address lies in the span of a heap
 * @heap: the heap
 * @addr: any address, of a live block or not
 *
 * Cost: constant.
 *
 * Return: whether @addr lies in it.
 */
bool talloc_heap_contains(const struct talloc_heap *heap, u64 addr)
{
	return talloc_span_has(talloc_heap_span(heap), addr);
}

/**
 * talloc_heap_find_from() - what lies at an address, in as many calls as it takes
 * @heap: the heap
 * @addr: any address
 * @from: where to go back from in search of a start: @addr at first. Lower afterwards where
 *	there is more to look at than one call does, and the next can go on with it
 * @chunk: where to put the chunk that it lies in
 *
 * Cost: goes back over 1024 words of the live map, or 4096 slots of the table, at most.
 *
 * Return: %TALLOC_OK with the used chunk around @addr, or with state
 * %TALLOC_CHUNK_FREE and no size where there is none, or with state
 * %TALLOC_CHUNK_UNKNOWN where that cannot be told, yet or at all, and for the first chunk's
 * inline tag; %TALLOC_OUTSIDE.
 */
enum talloc_status talloc_heap_find_from(const struct talloc_heap *heap, u64 addr, u64 *from,
					 struct talloc_chunk *chunk)
{
	struct talloc_layout at = heap->layout;
	u32 index, high, low, start, tag;

	if (!talloc_heap_contains(heap, addr))
		return TALLOC_OUTSIDE;
	*chunk = (struct talloc_chunk){ .addr = addr, .state = TALLOC_CHUNK_UNKNOWN };
	if (!starts_are_known(heap))
		return TALLOC_OK;
	index = (addr - at.base) >> at.unit_shift;
	high = (*from - at.base) >> at.unit_shift;
	if (high < heap->first || high > index)
		return TALLOC_OK;
	low = heap->first;
	if (high - low > search_units(heap))
		low = high - search_units(heap);
	start = start_at_or_below(heap, high, low);
	if (!start && low > heap->first) {
		*from = chunk_addr(at, low - 1);
		return TALLOC_OK;
	}
	chunk->state = TALLOC_CHUNK_FREE;
	if (!start)
		return TALLOC_OK;
	tag = tag_get(at, start);
	if (tag_is_used(tag) && index - start < tag_units(tag) &&
	    tag_units(tag) <= heap->sentinel - start) {
		chunk->addr = chunk_addr(at, start);
		chunk->bytes = units_to_bytes(at, tag_units(tag));
		chunk->usable = usable_bytes(at, tag_units(tag));
		chunk->state = TALLOC_CHUNK_USED;
	}
	return TALLOC_OK;
}

/**
 * talloc_heap_find() - what lies at an address, as far as one call tells
 * @heap: the heap
 * @addr: any address
 * @chunk: where to put the chunk that it lies in
 *
 * For reports.
 *
 * Return: as talloc_heap_find_from().
 */
enum talloc_status talloc_heap_find(const struct talloc_heap *heap, u64 addr,
				    struct talloc_chunk *chunk)
{
	u64 from = addr;

	return talloc_heap_find_from(heap, addr, &from, chunk);
}

/*
 * The span and its ends.
 */

/* The lowest and the highest end of used chunks; equal where there are none. */
static void used_ends(const struct talloc_heap *heap, u32 *low, u32 *high)
{
	struct talloc_layout at = heap->layout;
	u32 tag = tag_get(at, heap->first);
	u32 units = heap->sentinel - heap->first;
	u32 left = 0, right = 0;

	if (tag_is_free(tag))
		left = tag_units(tag);
	if (tag_left_is_free(tag_get(at, heap->sentinel)))
		right = left_units(at, heap->sentinel);
	/* Nobody has looked at these sizes: who asks is told of all where they cannot be. */
	if (left > units || right > units - left || !talloc_heap_blocks(heap)) {
		left = 0;
		right = talloc_heap_blocks(heap) ? 0 : units;
	}
	*low = heap->first + left;
	*high = heap->sentinel - right;
}

/**
 * talloc_heap_span() - what a heap covers
 * @heap: the heap
 *
 * Return: the addresses from the first chunk's first byte, its tag's with inline
 * tags, up to the end of the last unit.
 */
struct talloc_span talloc_heap_span(const struct talloc_heap *heap)
{
	return indices_to_span(heap, heap->first, heap->sentinel);
}

/**
 * talloc_heap_used_span() - the used extent of a heap
 * @heap: the heap
 *
 * Return: the smallest span that has all live blocks and their tags in it, empty
 * where there are none. No smaller span can be set. Of use for a heap in service
 * only, and after talloc_heap_settle(): kept blocks beside live ones count.
 */
struct talloc_span talloc_heap_used_span(const struct talloc_heap *heap)
{
	struct talloc_span span = talloc_heap_span(heap);
	u32 low, high;

	used_ends(heap, &low, &high);
	if (low == high)
		return talloc_span_below(span, span.start);
	return indices_to_span(heap, low, high);
}

/*
 * The ends, with the free chunk there, @hole, which has been taken out of its bin; its chunk is 0
 * where there is none. What is free there afterwards is no runt: it keeps the minimum, or without
 * a hole stays out.
 */

static u32 no_runt(const struct talloc_heap *heap, const struct hole *hole, u32 units)
{
	u32 least = heap->layout.min_units;

	if (!units || units >= least)
		return units;
	return hole->chunk ? least : 0;
}

static void end_move(struct talloc_heap *heap, const struct hole *hole, u32 sentinel)
{
	struct talloc_layout at = heap->layout;
	u32 chunk = heap->sentinel - hole->units;
	u32 units = no_runt(heap, hole, sentinel - chunk);

	tag_erase(at, chunk);
	tag_erase(at, heap->sentinel);
	heap_set_ends(heap, heap->first, chunk + units);
	tag_set(at, heap->sentinel, 0, units ? TAG_LEFT_FREE : 0);
	if (units)
		chunk_put_free(heap, at, chunk, units);
}

static void start_move(struct talloc_heap *heap, const struct hole *hole, u32 first)
{
	struct talloc_layout at = heap->layout;
	u32 end = heap->first + hole->units;
	u32 units = no_runt(heap, hole, end - first);

	if (hole->chunk)
		tag_erase(at, hole->chunk);
	heap_set_ends(heap, end - units, heap->sentinel);
	if (units) {
		tag_set_left_free(at, end);
		chunk_put_free(heap, at, heap->first, units);
	} else {
		tag_clear(at, end, TAG_LEFT_FREE);
	}
}

/*
 * Take what is free at the ends that move, as it was seen once, out of its bin, if then each bin
 * has its head where the heap is to be: heads are what links have said, and are followed as they
 * are. If not, that is noted.
 */
static bool ends_take(struct talloc_heap *heap, const struct hole *low, struct hole *high,
		      u32 first, u32 sentinel)
{
	u32 bin, head;

	if (low->chunk && high->chunk &&
	    (low->units + high->units >= heap->units || !hole_mend(high, low))) {
		hole_damaged(heap, low->chunk);
		return false;
	}
	if (low->chunk)
		hole_remove(heap, low);
	if (high->chunk)
		hole_remove(heap, high);
	for (bin = binmap_from(heap, 1); bin; bin = binmap_from(heap, bin + 1)) {
		head = heap->bins[bin].head;
		if (head < first || head >= sentinel) {
			heap_damaged(heap, TALLOC_RULE_BINNED, head, bin, 0);
			return false;
		}
	}
	return true;
}

/* An empty heap can move anywhere in its window, if no bin has anything but its one chunk. */
static enum talloc_status span_move_empty(struct talloc_heap *heap, u32 first, u32 sentinel)
{
	const struct hole none = { 0 };
	struct hole all;

	if (!left_believed(heap, heap->sentinel, &all))
		return TALLOC_DAMAGED;
	if (all.next || all.prev)
		return hole_damaged(heap, all.chunk);
	if (!ends_take(heap, &none, &all, 0, 0))
		return TALLOC_DAMAGED;
	tag_erase(heap->layout, heap->first);
	tag_erase(heap->layout, heap->sentinel);
	heap_lay(heap, first, sentinel);
	return TALLOC_OK;
}

/* What stands between the heap and the ends that it was asked for. */
static enum talloc_status span_busy(const struct talloc_heap *heap, u32 chunk,
				    struct talloc_chunk *in_the_way)
{
	if (in_the_way)
		talloc_heap_find(heap, chunk_addr(heap->layout, chunk), in_the_way);
	return TALLOC_BUSY;
}

/**
 * talloc_heap_set_span() - extend or truncate a heap, at either end or both
 * @heap: the heap
 * @span: what it is to cover, inside its window
 * @in_the_way: where to put a live block that stands outside of @span, if any;
 *	may be %NULL
 *
 * In place, with live blocks where they are. The units of @span are counted as by
 * talloc_heap_init(). Where fewer units than a smallest chunk would be gained or
 * left over at an end, that end stays short of, or beyond, where it was asked to
 * go by less than a smallest chunk; talloc_heap_span() tells.
 *
 * The highest block in the way is found by going back over a bounded part of the
 * live map or table; its state is %TALLOC_CHUNK_UNKNOWN, and its address one
 * inside of it, where that does not find its start.
 *
 * Cost: constant; a step a bin. Kept blocks are settled before all else.
 *
 * Return: %TALLOC_OK; %TALLOC_INVALID where the units of @span are not in the window or
 * too few for a chunk; %TALLOC_BUSY where a live block is in the way;
 * %TALLOC_DAMAGED. The ends are where they were then.
 */
enum talloc_status talloc_heap_set_span(struct talloc_heap *heap, struct talloc_span span,
					struct talloc_chunk *in_the_way)
{
	struct hole low = { 0 }, high = { 0 };
	u32 first, sentinel;

	talloc_heap_settle(heap, TALLOC_KEPT);
	if (!heap->units)
		return heap->damage.rule ? TALLOC_DAMAGED : TALLOC_INVALID;
	if (!span_to_indices(heap, span, &first, &sentinel))
		return TALLOC_INVALID;
	if (!talloc_heap_blocks(heap))
		return span_move_empty(heap, first, sentinel);
	if ((first != heap->first && !right_believed(heap, heap->first, &low)) ||
	    (sentinel != heap->sentinel && !left_believed(heap, heap->sentinel, &high)))
		return TALLOC_DAMAGED;
	if (first > heap->first && first - heap->first > low.units)
		return span_busy(heap, heap->first + low.units, in_the_way);
	if (sentinel < heap->sentinel && heap->sentinel - sentinel > high.units)
		return span_busy(heap, heap->sentinel - high.units - 1, in_the_way);
	if (!ends_take(heap, &low, &high, first, sentinel))
		return TALLOC_DAMAGED;
	if (first != heap->first)
		start_move(heap, &low, first);
	if (sentinel != heap->sentinel)
		end_move(heap, &high, sentinel);
	return TALLOC_OK;
}

/*
 * Statistics and walks.
 */

/* The highest bin that is not empty; 0 for none. */
static u32 binmap_highest(const struct talloc_heap *heap)
{
	u32 word = TALLOC_BINMAP_WORDS;

	while (word--)
		if (heap->binmap[word])
			return word * 64 + fls64(heap->binmap[word]) - 1;
	return 0;
}

/* The largest size for which a free chunk is found now. */
static u32 largest_units(const struct talloc_heap *heap)
{
	struct talloc_layout at = heap->layout;
	u32 chunk = heap->bins[binmap_highest(heap)].head;
	u32 look, units, most = 0;

	if (!heap->units)
		return 0;
	for (look = 0; in_span(heap, chunk) && look < TALLOC_LOOK; look++) {
		units = tag_units(tag_get(at, chunk));
		most = units > most ? units : most;
		chunk = chunk_next(at, chunk);
	}
	return most;
}

/* How often anything has changed. */
static u64 generation(const struct talloc_heap *heap)
{
	return heap->allocs + heap->kept + heap->frees + heap->changes;
}

static void kept_sums(const struct talloc_heap *heap, u32 *chunks, u32 *units)
{
	const struct talloc_kept *kept = heap->kept_blocks;

	*chunks = 0;
	*units = 0;
	for (; kept < heap->kept_blocks + TALLOC_KEPT; kept++) {
		*chunks += kept->key != 0;
		*units += key_units(kept->key);
	}
}

/**
 * talloc_heap_stats() - the figures of a heap
 * @heap: the heap
 * @stats: where to put them
 *
 * Cost: constant.
 */
void talloc_heap_stats(const struct talloc_heap *heap, struct talloc_heap_stats *stats)
{
	struct talloc_layout at = heap->layout;
	u32 units = heap->sentinel - heap->first;
	u32 largest = largest_units(heap);
	u32 kept_chunks, kept_units, queued = queue_units(heap);
	u32 used = talloc_heap_used_units(heap) - queued;

	kept_sums(heap, &kept_chunks, &kept_units);
	*stats = (struct talloc_heap_stats){
		.span_bytes = units_to_bytes(at, units),
		.used_bytes = units_to_bytes(at, used),
		.free_bytes = units_to_bytes(at, units - used),
		.kept_bytes = units_to_bytes(at, kept_units + queued),
		.largest_bytes = largest ? usable_bytes(at, largest) : 0,
		.used_chunks = talloc_heap_blocks(heap),
		.free_chunks = heap->free_chunks + kept_chunks + heap->queued,
	};
}

/**
 * talloc_heap_walk_begin() - begin a walk over all chunks
 * @heap: the heap
 * @walk: the place in it
 */
void talloc_heap_walk_begin(const struct talloc_heap *heap, struct talloc_walk *walk)
{
	*walk = (struct talloc_walk){ .next = heap->first, .generation = generation(heap) };
}

static void chunk_describe(const struct talloc_heap *heap, u32 chunk, u32 units,
			   enum talloc_chunk_state state, struct talloc_chunk *to)
{
	struct talloc_layout at = heap->layout;

	to->addr = chunk_addr(at, chunk);
	to->bytes = units_to_bytes(at, units);
	to->usable = state == TALLOC_CHUNK_UNKNOWN ? 0 : usable_bytes(at, units);
	to->state = state;
}

/* The next known start at or above @chunk, not farther than a search goes. */
static u32 start_at_or_above(const struct talloc_heap *heap, u32 chunk)
{
	u32 most = search_units(heap);
	u32 end = heap->sentinel;

	if (!starts_are_known(heap))
		return end;
	if (end - chunk > most)
		end = chunk + most;
	while (chunk < end && !start_is_known(heap, chunk)) {
		if (heap->live && !heap->live[chunk / BITS_PER_LONG])
			chunk |= BITS_PER_LONG - 1;
		chunk++;
	}
	return chunk < end ? chunk : end;
}

/*
 * After a change, the walk's place may lie inside of a chunk: go on at the next
 * known start. Returns how many units that leaves out.
 */
static u32 walk_resume(const struct talloc_heap *heap, struct talloc_walk *walk)
{
	u32 start;

	walk->changed = true;
	if (walk->next < heap->first)
		walk->next = heap->first;
	if (walk->next >= heap->sentinel)
		return 0;
	start = start_at_or_above(heap, walk->next);
	if (start_is_known(heap, start) || start == heap->sentinel)
		walk->generation = generation(heap);
	return start - walk->next;
}

/**
 * talloc_heap_walk_next() - the next chunk of a walk, by rising address
 * @heap: the heap
 * @walk: the place in it
 * @chunk: where to put the chunk
 *
 * The heap may change between two calls. The walk then sets walk->changed, and
 * passes over what it can no longer tell as one or more pieces of state
 * %TALLOC_CHUNK_UNKNOWN until it meets the start of a live block; where the heap
 * has neither a live map nor detached tags that is the end. The pieces of a walk
 * never overlap, and leave out nothing of a span that was not extended downwards.
 * From a tag on that cannot be one, the rest of the span is one unknown piece. A damaged size
 * that can be leads to pieces that are none.
 *
 * Cost: bounded, one chunk, or 1024 words of the live map or 4096 slots of the table.
 *
 * Return: whether there was one.
 */
bool talloc_heap_walk_next(const struct talloc_heap *heap, struct talloc_walk *walk,
			   struct talloc_chunk *chunk)
{
	enum talloc_chunk_state state = TALLOC_CHUNK_UNKNOWN;
	u32 place, units, tag;

	units = walk->generation != generation(heap) ? walk_resume(heap, walk) : 0;
	place = walk->next;
	if (place >= heap->sentinel)
		return false;
	if (!units) {
		tag = tag_get(heap->layout, place);
		units = tag_units(tag);
		state = tag_is_used(tag) && !queue_has(heap, place) ? TALLOC_CHUNK_USED :
								     TALLOC_CHUNK_FREE;
		if (units < heap->layout.min_units || units > heap->sentinel - place) {
			units = heap->sentinel - place;
			state = TALLOC_CHUNK_UNKNOWN;
		}
	}
	chunk_describe(heap, place, units, state, chunk);
	walk->next = place + units;
	return true;
}

/*
 * The checker. First the chunks by address, then the bins, then the live map;
 * each function looks at one thing, and returns false with the fault filled in.
 */

static bool fault(const struct talloc_heap *heap, struct talloc_fault *to, enum talloc_rule rule,
		  u32 chunk, u64 found, u64 expected)
{
	fault_set(heap, to, rule, chunk, found, expected);
	return false;
}

/*
 * A hash that is summed over sets of indices, to compare the sets without marks:
 * the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
 */
static u64 index_hash(u32 chunk)
{
	u64 z = chunk * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* Of a used or a kept chunk. */
static bool check_used(const struct talloc_heap *heap, struct talloc_check *check, u32 chunk,
		       u32 tag, struct talloc_fault *to)
{
	bool live = true;

	if (tag_is_kept(tag)) {
		check->kept_chunks++;
		check->free_units += tag_units(tag);
		check->kept_sum += index_hash(chunk);
		live = !heap->queue_below;
	} else if (queue_has(heap, chunk)) {
		check->queued_chunks++;
		live = false;
	} else {
		check->used_chunks++;
	}
	check->left_free = false;
	check->live_left += live;
	if (heap->live && live_test(heap, chunk) != live)
		return fault(heap, to, TALLOC_RULE_LIVE, chunk, !live, live);
	return true;
}

static bool check_free(const struct talloc_heap *heap, struct talloc_check *check, u32 chunk,
		       u32 units, struct talloc_fault *to)
{
	struct talloc_layout at = heap->layout;
	u32 again = left_units(at, chunk + units);

	check->free_chunks++;
	check->free_units += units;
	check->tiled_sum += index_hash(chunk);
	check->left_free = true;
	if (again != units)
		return fault(heap, to, TALLOC_RULE_TAGS, chunk, again, units);
	if (!chunk_is_linked(heap, at, chunk, units))
		return fault(heap, to, TALLOC_RULE_BINNED, chunk, chunk_next(at, chunk), chunk);
	if (heap->live && live_test(heap, chunk))
		return fault(heap, to, TALLOC_RULE_LIVE, chunk, 1, 0);
	return true;
}

static bool check_sentinel(const struct talloc_heap *heap, struct talloc_check *check,
			   struct talloc_fault *to)
{
	struct talloc_layout at = heap->layout;
	u32 tag = tag_get(at, heap->sentinel);
	u32 expected = check->left_free ? TAG_LEFT_FREE : 0;

	if (tag_units(tag) || !tag_is_used(tag))
		return fault(heap, to, TALLOC_RULE_TILING, heap->sentinel, tag, expected);
	if (tag != expected)
		return fault(heap, to, TALLOC_RULE_TAGS, heap->sentinel, tag, expected);
	check->next = 0;
	return true;
}

static bool check_chunk(const struct talloc_heap *heap, struct talloc_check *check,
			struct talloc_fault *to)
{
	struct talloc_layout at = heap->layout;
	u32 chunk = check->next;
	u32 tag = tag_get(at, chunk);
	u32 units = tag_units(tag);

	if (chunk == heap->sentinel)
		return check_sentinel(heap, check, to);
	if (units < at.min_units)
		return fault(heap, to, TALLOC_RULE_RUNT, chunk, tag, at.min_units << TAG_SHIFT);
	if (units > heap->sentinel - chunk)
		return fault(heap, to, TALLOC_RULE_TILING, chunk, tag,
			     (heap->sentinel - chunk) << TAG_SHIFT);
	if (tag_is_free(tag) && check->left_free)
		return fault(heap, to, TALLOC_RULE_MERGED, chunk, tag, TAG_LEFT_FREE);
	if (tag_left_is_free(tag) != check->left_free)
		return fault(heap, to, TALLOC_RULE_TAGS, chunk, tag, check->left_free);
	check->next = chunk + units;
	if (tag_is_free(tag))
		return check_free(heap, check, chunk, units, to);
	return check_used(heap, check, chunk, tag, to);
}

static bool check_binmap(const struct talloc_heap *heap, u32 bin, struct talloc_fault *to)
{
	bool bit = heap->binmap[bin / 64] >> bin % 64 & 1;

	if (bit != !!heap->bins[bin].head)
		return fault(heap, to, TALLOC_RULE_BINMAP, bin, bit, !bit);
	return true;
}

/* One chunk of one bin; check->link is the next to look at, 0 for the head. */
static bool check_link(const struct talloc_heap *heap, struct talloc_check *check,
		       struct talloc_fault *to)
{
	struct talloc_layout at = heap->layout;
	u32 chunk = check->link ? check->link : heap->bins[check->bin].head;
	u32 tag;

	if (!in_span(heap, chunk))
		return fault(heap, to, TALLOC_RULE_BINNED, chunk, check->bin, 0);
	tag = tag_get(at, chunk);
	if (!tag_is_free(tag) || bin_of(tag_units(tag)) != check->bin)
		return fault(heap, to, TALLOC_RULE_BINNED, chunk, tag, check->bin);
	if (!chunk_is_linked(heap, at, chunk, tag_units(tag)))
		return fault(heap, to, TALLOC_RULE_BINNED, chunk, chunk_next(at, chunk), chunk);
	check->binned_sum += index_hash(chunk);
	if (++check->binned_chunks > check->free_chunks)
		return fault(heap, to, TALLOC_RULE_BINNED, chunk, check->binned_chunks,
			     check->free_chunks);
	check->link = chunk_next(at, chunk);
	if (!check->link)
		check->bin++;
	return true;
}

static bool check_bin(const struct talloc_heap *heap, struct talloc_check *check,
		      struct talloc_fault *to)
{
	if (!check->link && !check_binmap(heap, check->bin, to))
		return false;
	if (heap->bins[check->bin].head)
		return check_link(heap, check, to);
	check->bin++;
	return true;
}

/* The last word has more bits than there are bins. */
static bool check_spare_bits(const struct talloc_heap *heap, struct talloc_fault *to)
{
	u64 spare = heap->binmap[TALLOC_BINMAP_WORDS - 1] >> TALLOC_BINS % 64;

	return !spare || fault(heap, to, TALLOC_RULE_BINMAP, TALLOC_BINS, spare, 0);
}

/* Of the ring, the places that can be taken: it has these; none has a block, or comes twice. */
static bool check_empty(const struct talloc_heap *heap, struct talloc_fault *to)
{
	const struct talloc_kept *kept;
	u32 place, count = 0;

	if (heap->hand > heap->last_place || heap->filled > heap->last_place + 1)
		return fault(heap, to, TALLOC_RULE_KEPT, 0, heap->hand, heap->last_place);
	for (place = heap->empty; place != TALLOC_PLACES; place = kept->prev) {
		if (place > heap->last_place || count++ > heap->last_place)
			return fault(heap, to, TALLOC_RULE_KEPT, 0, place, heap->last_place);
		kept = &heap->kept_blocks[place];
		if (kept->key)
			return fault(heap, to, TALLOC_RULE_KEPT, kept->chunk, kept->key, 0);
	}
	return true;
}

/* The newest and the ring: what they have are kept chunks, and all of them. */
static bool check_kept(const struct talloc_heap *heap, const struct talloc_check *check,
		       struct talloc_fault *to)
{
	const struct talloc_kept *kept = heap->kept_blocks;
	u32 chunks, units, place, tag;
	u64 sum = 0;

	for (; kept < heap->kept_blocks + TALLOC_KEPT; kept++) {
		if (!kept->key)
			continue;
		place = kept - heap->kept_blocks;
		if (place >= heap->filled && place != TALLOC_NEWEST)
			return fault(heap, to, TALLOC_RULE_KEPT, kept->chunk, place, heap->filled);
		tag = in_span(heap, kept->chunk) ? tag_get(heap->layout, kept->chunk) : 0;
		if (!tag_is_kept_as(tag, kept->key))
			return fault(heap, to, TALLOC_RULE_KEPT, kept->chunk, tag, kept->key);
		sum += index_hash(kept->chunk);
	}
	kept_sums(heap, &chunks, &units);
	if (chunks != check->kept_chunks || sum != check->kept_sum)
		return fault(heap, to, TALLOC_RULE_KEPT, 0, chunks, check->kept_chunks);
	return check_empty(heap, to);
}

/* The queue: as many different chunks as it says. */
static bool check_queue(const struct talloc_heap *heap, const struct talloc_check *check,
			struct talloc_fault *to)
{
	u32 queued = 0, i;

	for (i = 0; i < TALLOC_QUEUE; i++)
		queued += heap->queue[i] != 0;
	if (queued != heap->queued)
		return fault(heap, to, TALLOC_RULE_KEPT, 0, heap->queued, queued);
	if (queued != check->queued_chunks)
		return fault(heap, to, TALLOC_RULE_KEPT, 0, queued, check->queued_chunks);
	return true;
}

static bool check_sums(const struct talloc_heap *heap, const struct talloc_check *check,
		       struct talloc_fault *to)
{
	u32 units = heap->sentinel - heap->first;

	if (check->binned_chunks != check->free_chunks || check->binned_sum != check->tiled_sum)
		return fault(heap, to, TALLOC_RULE_BINNED, 0, check->binned_chunks,
			     check->free_chunks);
	if (!check_spare_bits(heap, to) || !check_kept(heap, check, to) ||
	    !check_queue(heap, check, to))
		return false;
	if (check->free_units != heap->free_units)
		return fault(heap, to, TALLOC_RULE_STATS, 0, heap->free_units, check->free_units);
	if (check->free_chunks != heap->free_chunks)
		return fault(heap, to, TALLOC_RULE_STATS, 0, heap->free_chunks,
			     check->free_chunks);
	if (check->used_chunks != talloc_heap_blocks(heap))
		return fault(heap, to, TALLOC_RULE_STATS, 0, talloc_heap_blocks(heap),
			     check->used_chunks);
	if (heap->units && heap->units != units)
		return fault(heap, to, TALLOC_RULE_STATS, 0, heap->units, units);
	return true;
}

/* One word of the live map; check->bin counts on from the last bin. */
static bool check_live(const struct talloc_heap *heap, struct talloc_check *check,
		       struct talloc_fault *to)
{
	u32 word = check->bin++ - TALLOC_BINS;
	unsigned long bits = heap->live[word];

	while (bits) {
		u32 chunk = word * BITS_PER_LONG + __ffs(bits);

		/* All used chunks have their bit, so one bit too many is one too much. */
		if (!in_span(heap, chunk) || !check->live_left--)
			return fault(heap, to, TALLOC_RULE_LIVE, chunk, 1, 0);
		bits &= bits - 1;
	}
	return true;
}

static u32 live_words(const struct talloc_heap *heap)
{
	return heap->live ? heap->sentinel / BITS_PER_LONG + 1 : 0;
}

/**
 * talloc_heap_check_begin() - begin a check
 * @heap: the heap
 * @check: the place in it
 */
void talloc_heap_check_begin(const struct talloc_heap *heap, struct talloc_check *check)
{
	*check = (struct talloc_check){ .next = heap->first, .generation = generation(heap) };
}

static bool check_one(const struct talloc_heap *heap, struct talloc_check *check,
		      struct talloc_fault *to)
{
	if (check->next)
		return check_chunk(heap, check, to);
	if (check->bin < TALLOC_BINS)
		return check_bin(heap, check, to);
	return check_live(heap, check, to);
}

static bool check_is_done(const struct talloc_heap *heap, const struct talloc_check *check)
{
	return !check->next && check->bin >= TALLOC_BINS + live_words(heap);
}

/**
 * talloc_heap_check_step() - check a part of a heap against its invariants
 * @heap: the heap, damaged or not, in service or not
 * @check: the place in the check
 * @steps: how many chunks, bins or words of the live map to look at
 * @fault: where to put what is broken
 *
 * Only reads, follows no index that is out of the span, and ends however damaged
 * tags, links and map are.
 *
 * Cost: @steps times a bounded step.
 *
 * Return: %TALLOC_CHECK_MORE, %TALLOC_CHECK_CLEAN, %TALLOC_CHECK_FAULT with
 * @fault filled in, or %TALLOC_CHECK_CHANGED.
 */
enum talloc_check_state talloc_heap_check_step(const struct talloc_heap *heap,
					       struct talloc_check *check, u32 steps,
					       struct talloc_fault *fault)
{
	if (check->generation != generation(heap))
		return TALLOC_CHECK_CHANGED;
	for (; steps && !check_is_done(heap, check); steps--)
		if (!check_one(heap, check, fault))
			return TALLOC_CHECK_FAULT;
	if (!check_is_done(heap, check))
		return TALLOC_CHECK_MORE;
	return check_sums(heap, check, fault) ? TALLOC_CHECK_CLEAN : TALLOC_CHECK_FAULT;
}

/**
 * talloc_heap_check() - check a whole heap against its invariants
 * @heap: the heap, damaged or not, in service or not
 * @fault: where to put what is broken
 *
 * Cost: a step for each chunk, each bin and each word of the live map.
 *
 * Return: whether every rule holds.
 */
bool talloc_heap_check(const struct talloc_heap *heap, struct talloc_fault *fault)
{
	struct talloc_check check;
	enum talloc_check_state state;

	talloc_heap_check_begin(heap, &check);
	do {
		state = talloc_heap_check_step(heap, &check, ~0u, fault);
	} while (state == TALLOC_CHECK_MORE);
	return state == TALLOC_CHECK_CLEAN;
}

/**
 * talloc_status_name() - a status in words
 * @status: any value
 *
 * Return: a constant string.
 */
const char *talloc_status_name(enum talloc_status status)
{
	static const char * const names[] = {
		[TALLOC_OK] = "ok",
		[TALLOC_FULL] = "no room",
		[TALLOC_INVALID] = "invalid argument",
		[TALLOC_BUSY] = "live block in the way",
		[TALLOC_OUTSIDE] = "outside of the span",
		[TALLOC_MISALIGNED] = "not on the unit grid",
		[TALLOC_NOT_LIVE] = "not a live block",
		[TALLOC_DAMAGED] = "damaged tag",
	};

	return (u32)status < sizeof(names) / sizeof(*names) ? names[status] : "?";
}

/**
 * talloc_rule_name() - the name of an invariant
 * @rule: any value
 *
 * Return: a constant string.
 */
const char *talloc_rule_name(enum talloc_rule rule)
{
	static const char * const names[] = {
		[TALLOC_RULE_NONE] = "none",
		[TALLOC_RULE_TILING] = "I1 tiling",
		[TALLOC_RULE_RUNT] = "I2 no runt",
		[TALLOC_RULE_TAGS] = "I3 tags agree",
		[TALLOC_RULE_MERGED] = "I4 merged",
		[TALLOC_RULE_BINNED] = "I5 binned",
		[TALLOC_RULE_BINMAP] = "I6 binmap",
		[TALLOC_RULE_STATS] = "I7 stats",
		[TALLOC_RULE_LIVE] = "I8 live",
		[TALLOC_RULE_KEPT] = "I9 kept",
	};

	return (u32)rule < sizeof(names) / sizeof(*names) ? names[rule] : "?";
}
