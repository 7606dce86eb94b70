// SPDX-License-Identifier: GPL-2.0
/*
 * Random work on a heap, compared step by step with a model that is too simple
 * to be wrong: a list of live blocks, the last blocks that were freed, those queued and
 * those kept, and an owner for each unit. What the heap may answer is worked out from the
 * model before the heap is asked.
 */
#include "talloc_test.h"

TEST_LAYOUT_PARAM(layout, true)
TEST_LAYOUT_PARAM(queues, test_layout_queues(layout))

#define MAX_LIVE	250u

/* The owners of units that are kept, or queued, and of no live block. */
#define KEPT_OWNER	0xffu
#define QUEUE_OWNER	0xfeu

/**
 * struct live - a live block as the model knows it
 * @chunk: its index
 * @units: its size
 * @bytes: how many of its bytes hold the pattern
 * @key: of the pattern
 * @align: what was asked for, in bytes; 0 for none above the unit
 */
struct live {
	u32 chunk;
	u32 units;
	u64 bytes;
	u32 key;
	u64 align;
};

/**
 * struct kept - a kept or queued block as the model knows it
 * @chunk: its index
 * @units: its size, 0 for none
 * @aligned: whether it was asked for with an alignment
 * @number: of all that were ever kept, from 1 on
 * @behind: the number of the one that was found by its hash before it came, 0 for none
 */
struct kept {
	u32 chunk;
	u32 units;
	bool aligned;
	u32 number;
	u32 behind;
};

/**
 * struct model - what the heap should be
 * @t: the heap under test
 * @random: where the work comes from
 * @live: the live blocks
 * @count: how many there are
 * @used: their units
 * @first: index of the lowest unit of the span
 * @end: index after the highest
 * @low: lowest index of the window
 * @high: index after the highest of the window
 * @keys: how many patterns were given out
 * @placed: how many blocks were found a place for
 * @newest: what was kept last, if it is still there
 * @kept: what else is kept
 * @puts: how many were put there
 * @tops: the number of the one that is found by its hash, if it is still there
 * @empty: the places of @kept that have become empty
 * @empties: how many these are
 * @hand: the place that is taken when there are none
 * @filled: places before this had a block since all were settled
 * @row: how many of the last small requests the newest would have done for
 * @queue: what is queued, the oldest first
 * @queued: how many there are
 * @owner: for each index 0, %KEPT_OWNER, %QUEUE_OWNER or the number of its block in @live,
 *	plus 1
 */
struct model {
	struct test_heap *t;
	struct test_random random;
	struct live live[MAX_LIVE + 1];		/* one more while a block moves */
	u32 count;
	u32 used;
	u32 first;
	u32 end;
	u32 low;
	u32 high;
	u32 keys;
	u32 placed;
	struct kept newest;
	struct kept kept[TALLOC_PLACES];
	u32 puts;
	u32 tops[TALLOC_KEPT_TOPS];
	u32 empty[TALLOC_PLACES];
	u32 empties;
	u32 hand;
	u32 filled;
	u32 row;
	struct kept queue[TALLOC_QUEUE];
	u32 queued;
	u8 *owner;
};

static void *live_block(const struct model *m, const struct live *live)
{
	return test_payload(m->t, live->chunk);
}

static void own(struct model *m, const struct live *live, u8 owner)
{
	memset(m->owner + live->chunk, owner, live->units);
	m->used += owner ? live->units : -live->units;
}

static bool nobody_owns(const struct model *m, u32 chunk, u32 units)
{
	while (units)
		if (m->owner[chunk + --units])
			return false;
	return true;
}

static u32 free_right_of(const struct model *m, u32 chunk)
{
	u32 end = chunk;

	while (end < m->end && !m->owner[end])
		end++;
	return end - chunk;
}

static u32 free_left_of(const struct model *m, u32 chunk)
{
	u32 start = chunk;

	while (start > m->first && !m->owner[start - 1])
		start--;
	return chunk - start;
}

/*
 * What is kept. A block that is freed is the newest. The one that was has the place that
 * became empty last from then on, or else the hand's, whose block is settled.
 */

static u32 kept_hash(u32 units, bool aligned)
{
	return (2 * units + aligned) % TALLOC_KEPT_TOPS;
}

static void unkeep(struct model *m, struct kept *kept)
{
	memset(m->owner + kept->chunk, 0, kept->units);
	kept->units = 0;
}

static void empty_place(struct model *m, struct kept *kept)
{
	unkeep(m, kept);
	m->empty[m->empties++] = kept - m->kept;
}

static void take_kept(struct model *m, struct kept *kept)
{
	if (kept == &m->newest) {
		unkeep(m, kept);
		return;
	}
	m->tops[kept_hash(kept->units, kept->aligned)] = kept->behind;
	empty_place(m, kept);
}

static struct kept *place_to_fill(struct model *m)
{
	u32 place = m->hand;

	if (m->empties)
		return &m->kept[m->empty[--m->empties]];
	m->hand = (place + 1) % TALLOC_PLACES;
	if (place == m->filled)
		m->filled++;
	return &m->kept[place];
}

static void put_kept(struct model *m, const struct kept *last)
{
	u32 *top = &m->tops[kept_hash(last->units, last->aligned)];
	struct kept *kept = place_to_fill(m);

	unkeep(m, kept);
	*kept = *last;
	kept->number = ++m->puts;
	kept->behind = *top;
	*top = kept->number;
}

static void keep_newest(struct model *m, const struct kept *freed)
{
	if (!m->t->keeps || freed->units >= TEST_KEPT_UNITS)
		return;
	if (m->newest.units && m->newest.units < TALLOC_RING_UNITS)
		put_kept(m, &m->newest);
	else
		unkeep(m, &m->newest);
	m->newest = *freed;
	memset(m->owner + freed->chunk, KEPT_OWNER, freed->units);
}

/* What leaves the queue. */
static void keep_queued(struct model *m, const struct kept *freed)
{
	if (freed->units >= TALLOC_RING_UNITS)
		return;
	put_kept(m, freed);
	memset(m->owner + freed->chunk, KEPT_OWNER, freed->units);
}

/*
 * What is queued. A block that is freed while enough is in use goes to the end, and out
 * of a full queue the oldest becomes kept or free.
 */

static u32 queued_units(const struct model *m)
{
	u32 n, units = 0;

	for (n = 0; n < m->queued; n++)
		units += m->queue[n].units;
	return units;
}

static const struct kept *queued_at(const struct model *m, u32 chunk)
{
	u32 n;

	for (n = 0; n < m->queued; n++)
		if (m->queue[n].chunk == chunk)
			return &m->queue[n];
	return NULL;
}

static void unqueue(struct model *m)
{
	struct kept oldest = m->queue[0];

	memmove(m->queue, m->queue + 1, --m->queued * sizeof(oldest));
	memset(m->owner + oldest.chunk, 0, oldest.units);
	keep_queued(m, &oldest);
}

/* Whether a free is queued now. */
static bool queues_now(const struct model *m)
{
	return m->t->queues && m->end - m->first - m->used - queued_units(m) <
			       m->t->heap.queue_below;
}

/* @live has no owner any more; @queues is what queues_now() said while it had. */
static void put_freed(struct model *m, const struct live *live, bool queues)
{
	const struct kept freed = {
		.chunk = live->chunk,
		.units = live->units,
		.aligned = live->align,
	};

	if (!queues) {
		keep_newest(m, &freed);
		return;
	}
	if (m->queued == TALLOC_QUEUE)
		unqueue(m);
	m->queue[m->queued++] = freed;
	memset(m->owner + freed.chunk, QUEUE_OWNER, freed.units);
}

/* Returns how many there were. */
static u32 settle_queue_model(struct model *m)
{
	u32 count = m->queued;

	while (m->queued)
		unqueue(m);
	return count;
}

/* What is queued, then kept ones, this many at most. Returns how many there were. */
static u32 settle_model(struct model *m, u32 most)
{
	u32 count = 0, queued = settle_queue_model(m), left;
	struct kept *kept;

	for (left = m->filled; left && count < most; left--) {
		m->hand = m->hand < m->filled ? m->hand : 0;
		kept = &m->kept[m->hand++];
		if (!kept->units)
			continue;
		empty_place(m, kept);
		count++;
	}
	m->hand %= TALLOC_PLACES;
	if (count == most)
		return count + queued;
	m->empties = 0;
	m->hand = 0;
	m->filled = 0;
	if (m->newest.units) {
		unkeep(m, &m->newest);
		count++;
	}
	return count + queued;
}

static u32 kept_units(const struct model *m)
{
	u32 n, units = m->newest.units;

	for (n = 0; n < TALLOC_PLACES; n++)
		units += m->kept[n].units;
	return units;
}

static struct kept *kept_at(struct model *m, u32 chunk)
{
	u32 n;

	for (n = 0; n < TALLOC_PLACES; n++)
		if (m->kept[n].units && m->kept[n].chunk == chunk)
			return &m->kept[n];
	return m->newest.units && m->newest.chunk == chunk ? &m->newest : NULL;
}

static bool kept_fits(const struct model *m, const struct kept *kept, u32 units, u64 align,
		      u64 phase)
{
	u64 addr = test_addr(test_payload(m->t, kept->chunk));
	bool aligned = align > m->t->layout->unit;

	return kept->units == units && kept->aligned == aligned &&
	       (!aligned || (addr & (align - 1)) == phase);
}

/* Of each hash only one. */
static struct kept *kept_in_the_ring(struct model *m, u32 units, u64 align, u64 phase)
{
	u32 top = m->tops[kept_hash(units, align > m->t->layout->unit)], n;

	for (n = 0; n < TALLOC_PLACES; n++)
		if (m->kept[n].units && m->kept[n].number == top)
			return kept_fits(m, &m->kept[n], units, align, phase) ? &m->kept[n] : NULL;
	return NULL;
}

/* Whether a request looks into the ring before it looks at the newest, but for a row. */
static bool ring_is_first(const struct model *m, u32 units, u64 align)
{
	return !m->t->layout->detached && align <= m->t->layout->unit && units < TEST_SMALL_UNITS;
}

/* With inline tags a large plain request gets the newest with what would be a rest, too. */
static bool newest_fits(const struct model *m, u32 units, u64 align, u64 phase)
{
	const struct kept *newest = &m->newest;

	if (m->t->layout->detached || align > m->t->layout->unit || units < TEST_SMALL_UNITS)
		return kept_fits(m, newest, units, align, phase);
	return !newest->aligned && newest->units >= units &&
	       newest->units - units < test_rest_least(m->t, units);
}

/* What has to be handed out for a request that is made now. */
static struct kept *kept_for(struct model *m, u32 units, u64 align, u64 phase)
{
	struct kept *newest = newest_fits(m, units, align, phase) ? &m->newest : NULL;
	bool ring = ring_is_first(m, units, align);
	struct kept *kept;

	if (ring && m->t->queues)
		return kept_in_the_ring(m, units, align, phase);
	/* What is larger than all of the heap is refused before. */
	if (ring && units <= m->end - m->first)
		m->row = newest ? m->row + 1 : 0;
	if (newest && (!ring || m->row > TALLOC_ROW))
		return newest;
	kept = kept_in_the_ring(m, units, align, phase);
	return kept ? kept : newest;
}

static u32 units_for(const struct model *m, u64 bytes)
{
	u64 unit = m->t->layout->unit;
	u32 units = (bytes + m->t->tag + unit - 1) >> m->t->heap.layout.unit_shift;

	return units < m->t->min_units ? m->t->min_units : units;
}

static u64 random_bytes(struct model *m)
{
	u32 units = m->end - m->first, most = test_random_below(&m->random, 16) ? 1 + units / 8 :
				   units + 2;
	u64 bytes = test_request(m->t, test_random_size(&m->random, most));
	u32 less = m->t->layout->unit - 1 < bytes - 1 ? m->t->layout->unit - 1 : bytes - 1;

	return less ? bytes - test_random_below(&m->random, less) : bytes;
}

static struct live *random_live(struct model *m)
{
	return m->count ? &m->live[test_random_below(&m->random, m->count)] : NULL;
}

static void fill(struct model *m, struct live *live, u64 bytes)
{
	live->bytes = bytes;
	live->key = ++m->keys;
	test_fill(m->t, live_block(m, live), bytes, live->key);
}

static const char *add_live(struct model *m, void *block, u64 bytes, u64 align)
{
	struct live *live = &m->live[m->count];
	u64 usable = 0;

	if (test_lookup(&m->t->heap, block, &usable, NULL))
		return "a new block is not live";
	if (usable < bytes || (align && test_addr(block) & (align - 1)))
		return "a new block is too small or not aligned";
	live->chunk = test_index(m->t, block);
	live->units = units_for(m, usable);
	live->align = align > m->t->layout->unit ? align : 0;
	if (live->chunk < m->first || live->chunk + live->units > m->end)
		return "a new block is not in the span";
	if (!nobody_owns(m, live->chunk, live->units))
		return "a new block overlaps another";
	if (test_request(m->t, live->units) != usable ||
	    live->units >= units_for(m, bytes) + test_rest_least(m->t, units_for(m, bytes)))
		return "a new block is larger than it has to be";
	own(m, live, ++m->count);
	fill(m, live, usable);
	return NULL;
}

/* A block is there: it has to be that which @kept says, or else none that is kept. */
static const char *add_taken(struct model *m, struct kept *kept, void *block, u64 bytes, u64 align)
{
	u32 chunk = test_index(m->t, block);

	if (kept && kept->chunk != chunk)
		return "a kept block was not handed out";
	if (kept)
		take_kept(m, kept);
	return add_live(m, block, bytes, align);
}

static void drop_live(struct model *m, struct live *live)
{
	struct live *last = &m->live[--m->count];

	own(m, live, 0);
	if (last == live)
		return;
	own(m, last, 0);
	*live = *last;
	own(m, live, live - m->live + 1);
}

/*
 * Steps: each returns what is wrong, or NULL.
 */

/* Below this size, of a free chunk of so many units, each request must succeed. */
static u32 sure_units(u32 units)
{
	return units < TALLOC_BINS_EXACT ? units : units & ~((1u << (__fls(units) - 4)) - 1);
}

/* The largest request that must succeed, by the holes that there are. */
static u64 sure_bytes(const struct model *m)
{
	u32 chunk, units, most = 0;

	for (chunk = m->first; chunk < m->end; chunk += units ? units : 1) {
		units = free_right_of(m, chunk);
		most = units > most ? units : most;
	}
	return most ? test_request(m->t, sure_units(most)) : 0;
}

static const char *settle(struct model *m, u32 most)
{
	bool changed = talloc_heap_settle(&m->t->heap, most);

	return changed == (settle_model(m, most) > 0) ? NULL :
	       "it is not told whether anything was merged";
}

static const char *settle_queue(struct model *m)
{
	bool changed = talloc_heap_settle_queue(&m->t->heap);

	return changed == (settle_queue_model(m) > 0) ? NULL :
	       "it is not told whether anything was queued";
}

static const char *step_settle(struct model *m)
{
	if (!test_random_below(&m->random, 4))
		return settle_queue(m);
	return settle(m, test_random_below(&m->random, 5) ?
			 test_random_below(&m->random, 8) : TALLOC_KEPT);
}

/* All that was kept is merged now: what is free can be had. */
static const char *alloc_again(struct model *m, u64 bytes)
{
	const char *wrong = settle(m, TALLOC_KEPT);
	u64 sure = sure_bytes(m);
	void *block;

	if (wrong || (bytes > sure && bytes > test_largest(m->t)))
		return wrong;
	if (kept_for(m, units_for(m, bytes), 0, 0))
		return "something is kept by a heap that has settled";
	block = test_alloc(&m->t->heap, bytes);
	return block ? add_live(m, block, bytes, 0) : "there is no room where there must be some";
}

static const char *step_alloc(struct model *m)
{
	u64 bytes = random_bytes(m), largest = test_largest(m->t);
	struct kept *kept;
	void *block;

	if (m->count == MAX_LIVE)
		return NULL;
	kept = kept_for(m, units_for(m, bytes), 0, 0);
	block = test_alloc(&m->t->heap, bytes);
	if (block && bytes > largest && !kept)
		return "a block is larger than the largest size";
	if (!block)
		return bytes > largest ? alloc_again(m, bytes) : "the largest size cannot be had";
	return add_taken(m, kept, block, bytes, 0);
}

static const char *step_alloc_aligned(struct model *m)
{
	u64 bytes = random_bytes(m), largest = test_largest(m->t);
	u32 shift = test_random_below(&m->random, 8);
	u64 align = (u64)m->t->layout->unit << shift >> 1;
	struct kept *kept;
	void *block;

	if (m->count == MAX_LIVE)
		return NULL;
	kept = kept_for(m, units_for(m, bytes), align, 0);
	block = test_alloc_aligned(&m->t->heap, bytes, align);
	if (block)
		return add_taken(m, kept, block, bytes, align);
	if (kept)
		return "a kept block was not handed out";
	if (test_request(m->t, units_for(m, bytes) + (1ull << shift >> 1) + m->t->min_units - 1) <=
	    largest)
		return "no aligned block where there must be one";
	return NULL;
}

static struct talloc_where random_where(struct model *m)
{
	u32 first = m->first + test_random_below(&m->random, m->end - m->first);
	u32 units = test_random_size(&m->random, m->end - first);
	u64 addr = test_addr(test_payload(m->t, first));
	u64 unit = m->t->layout->unit;
	struct talloc_where where = {
		.align = unit << test_random_below(&m->random, 5),
		.top_down = test_random_below(&m->random, 2),
	};

	if (test_random_below(&m->random, 2))
		where.nocross = unit << test_random_below(&m->random, 10);
	if (test_random_below(&m->random, 2))
		where.within = (struct talloc_span){ addr, addr + units * unit };
	return where;
}

static const char *step_alloc_where(struct model *m)
{
	struct talloc_where where = random_where(m);
	u64 bytes = random_bytes(m), addr;
	struct talloc_span block;
	struct kept *kept = NULL;

	if (m->count == MAX_LIVE)
		return NULL;
	/* With a condition that no size answers, kept blocks are not looked at. */
	if (!where.nocross && !where.top_down && talloc_span_empty(where.within))
		kept = kept_for(m, units_for(m, bytes), where.align, 0);
	if (talloc_heap_alloc_where(&m->t->heap, bytes, &where, &addr))
		return NULL;
	block = (struct talloc_span){ addr, addr + bytes };
	if (!talloc_span_empty(where.within) && !talloc_span_contains(where.within, block))
		return "a new block is not where it was wanted";
	if (where.nocross && (addr ^ (addr + bytes - 1)) & -where.nocross)
		return "a new block crosses a boundary";
	m->placed++;
	return add_taken(m, kept, test_pointer(addr), bytes, where.align);
}

static const char *step_free(struct model *m)
{
	struct live *live = random_live(m), old;
	bool queues = queues_now(m);

	if (!live)
		return NULL;
	if (!test_holds(m->t, live_block(m, live), live->bytes, live->key))
		return "a block has lost its contents";
	if (test_free(&m->t->heap, live_block(m, live)))
		return "a live block was not freed";
	old = *live;
	drop_live(m, live);
	put_freed(m, &old, queues);
	return NULL;
}

static void set_place(struct model *m, struct live *live, u32 chunk, u32 units)
{
	own(m, live, 0);
	live->chunk = chunk;
	live->units = units;
	own(m, live, live - m->live + 1);
}

/* The part becomes a hole; what is on its right a block that was never aligned. */
static const char *step_free_part(struct model *m)
{
	u32 shift = m->t->heap.layout.unit_shift, from, units;
	struct live *live = random_live(m), rest, part;

	if (!live || !m->t->layout->detached || m->count == MAX_LIVE)
		return NULL;
	from = test_random_below(&m->random, live->units);
	units = 1 + test_random_below(&m->random, live->units - from);
	rest = *live;
	rest.chunk += from + units;
	rest.units -= from + units;
	rest.align = 0;
	part = *live;
	part.chunk += from;
	part.units = units;
	part.align = from ? 0 : live->align;
	if (talloc_heap_free_part(&m->t->heap, test_addr(live_block(m, live)) +
				  ((u64)from << shift), (u64)units << shift))
		return "a part of a live block was not freed";
	if (from)
		set_place(m, live, live->chunk, from);
	else
		drop_live(m, live);
	if (rest.units) {
		m->live[m->count] = rest;
		own(m, &m->live[m->count], m->count + 1);
		m->count++;
	}
	put_freed(m, &part, false);
	return NULL;
}

static const char *step_free_many(struct model *m)
{
	u32 n = m->count / 2 + 1;
	const char *wrong = NULL;

	while (n-- && !wrong)
		wrong = step_free(m);
	return wrong;
}

/* What a block of @room gets where @units are wanted. */
static u32 cut(const struct model *m, u32 room, u32 units)
{
	return room - units < test_rest_least(m->t, units) ? room : units;
}

static const char *expect_size(struct model *m, struct live *live, u32 units)
{
	u64 usable = 0, align = 0;
	u64 kept = live->bytes < test_request(m->t, units) ? live->bytes :
		   test_request(m->t, units);

	if (test_lookup(&m->t->heap, live_block(m, live), &usable, &align))
		return "a resized block is not live";
	if (usable != test_request(m->t, units))
		return "a resized block has the wrong size";
	if (!test_holds(m->t, live_block(m, live), kept, live->key))
		return "a resized block has lost its contents";
	if ((live->align ? align < live->align : align != m->t->layout->unit))
		return "a resized block has lost its alignment";
	fill(m, live, usable);
	return NULL;
}

/* What becomes of a block that is to have so many units, of the room there is. */
static u32 resized(const struct model *m, const struct live *live, u32 room, u32 units)
{
	u32 gets = units == live->units ? units : cut(m, room, units);

	return units < live->units && gets > live->units ? live->units : gets;
}

static const char *step_resize_in_place(struct model *m)
{
	struct live *live = random_live(m);
	u64 bytes = random_bytes(m);
	u32 units = units_for(m, bytes), room;
	enum talloc_status status;

	if (!live)
		return NULL;
	room = live->units + free_right_of(m, live->chunk + live->units);
	status = test_resize_in_place(&m->t->heap, live_block(m, live), bytes);
	if (status != (units > room ? TALLOC_FULL : TALLOC_OK))
		return "resize in place has the wrong status";
	if (!status)
		set_place(m, live, live->chunk, resized(m, live, room, units));
	return expect_size(m, live, live->units);
}

static const char *step_slide(struct model *m)
{
	struct live *live = random_live(m);
	u64 bytes = random_bytes(m);
	u32 units = units_for(m, bytes), left, room;
	enum talloc_status status;
	void *old, *moved = NULL;

	if (!live)
		return NULL;
	old = live_block(m, live);
	left = free_left_of(m, live->chunk);
	room = left + live->units + free_right_of(m, live->chunk + live->units);
	status = test_slide(&m->t->heap, old, bytes, &moved);
	if (status != (!left || live->align || units > room ? TALLOC_FULL : TALLOC_OK))
		return "slide has the wrong status";
	if (status)
		return NULL;
	set_place(m, live, live->chunk - left, room);
	if (moved != live_block(m, live))
		return "slide went to the wrong place";
	if (!m->t->layout->detached)
		memmove(moved, old, live->bytes);
	if (test_resize_in_place(&m->t->heap, moved, bytes))
		return "a block that slid cannot shrink";
	set_place(m, live, live->chunk, cut(m, room, units));
	return expect_size(m, live, live->units);
}

/*
 * A block that moved: take it for a new one that has the old one's contents. Where it
 * slid, it did so out of its old place; else the old one was freed after all.
 */
static const char *moved_live(struct model *m, struct live *live, void *moved, u64 bytes, bool slid)
{
	struct live old = *live;
	const char *wrong;
	bool queues;

	if (!test_holds(m->t, moved, old.bytes, old.key))
		return "a block that moved has lost its contents";
	if (old.align && test_addr(moved) & (old.align - 1))
		return "a block that moved has lost its alignment";
	if (slid) {
		drop_live(m, live);
		return add_live(m, moved, bytes, old.align);
	}
	if (kept_at(m, test_index(m->t, moved)))
		take_kept(m, kept_at(m, test_index(m->t, moved)));
	wrong = add_live(m, moved, bytes, old.align);
	queues = queues_now(m);
	drop_live(m, live);
	put_freed(m, &old, queues);
	return wrong;
}

/* Whether nothing is kept or queued but what was freed in a move, and the ring begins anew. */
static bool has_settled(const struct model *m, const struct live *live, bool freed)
{
	bool keeps = freed && (m->t->heap.queued ||
			       (m->t->keeps && live->units < TEST_KEPT_UNITS));
	struct talloc_heap_stats stats;

	talloc_heap_stats(&m->t->heap, &stats);
	return !m->t->heap.filled &&
	       stats.kept_bytes >> m->t->heap.layout.unit_shift == (keeps ? live->units : 0);
}

static const char *expect_in_place(struct model *m, struct live *live, void *moved, u32 units,
				   u32 room)
{
	if (moved != live_block(m, live))
		return "resize was not done in place";
	set_place(m, live, live->chunk, resized(m, live, room, units));
	return expect_size(m, live, live->units);
}

static const char *step_resize(struct model *m)
{
	struct live *live = random_live(m);
	u64 bytes = random_bytes(m), largest = test_largest(m->t);
	u64 allocs = m->t->heap.allocs;
	u32 units = units_for(m, bytes), room;
	enum talloc_status status;
	void *moved = NULL;

	if (!live)
		return NULL;
	room = live->units + free_right_of(m, live->chunk + live->units);
	status = talloc_heap_resize(&m->t->heap, live_block(m, live), bytes, &moved);
	/* How often it has asked for another block is its own affair. */
	m->row = m->t->heap.row;
	if (units <= room)
		return status ? "resize was not done in place" :
		       expect_in_place(m, live, moved, units, room);
	if (!m->t->layout->detached && has_settled(m, live, allocs != m->t->heap.allocs))
		settle_model(m, TALLOC_KEPT);
	room = live->units + free_right_of(m, live->chunk + live->units);
	if (!status && units <= room && allocs == m->t->heap.allocs)
		return expect_in_place(m, live, moved, units, room);
	if (status != TALLOC_FULL)
		return status ? "resize has the wrong status" :
		       moved_live(m, live, moved, bytes, allocs == m->t->heap.allocs);
	if (!m->t->layout->detached && (kept_units(m) || m->queued))
		return "resize found no room and has not settled";
	if (!m->t->layout->detached &&
	    (units <= room || (!live->align && (bytes <= largest || bytes <= sure_bytes(m) ||
						units <= room + free_left_of(m, live->chunk)))))
		return "resize found no room where there is some";
	return moved ? "resize has failed and told a place" : NULL;
}

static u32 new_first(const struct model *m, u32 low, u32 want)
{
	if (want < m->first)
		return low == m->first && m->first - want < m->t->min_units ? m->first : want;
	return want != low && low - want < m->t->min_units ? low - m->t->min_units : want;
}

static u32 new_end(const struct model *m, u32 high, u32 want)
{
	if (want > m->end)
		return high == m->end && want - m->end < m->t->min_units ? m->end : want;
	return want != high && want - high < m->t->min_units ? high + m->t->min_units : want;
}

static u32 near(struct model *m, u32 at, u32 low, u32 high)
{
	u32 most = high - low + 1, off = test_random_size(&m->random, most) - 1;

	if (!test_random_below(&m->random, 3))
		return test_random_below(&m->random, 2) ? low : high;
	if (test_random_below(&m->random, 2))
		return off > at - low ? low : at - off;
	return off > high - at ? high : at + off;
}

static struct talloc_span indices_to_span(const struct model *m, u32 first, u32 end)
{
	return (struct talloc_span){
		test_addr(test_payload(m->t, first)) - m->t->tag,
		test_addr(test_payload(m->t, end)),
	};
}

static const char *step_set_span(struct model *m)
{
	u32 first = near(m, m->first, m->low, m->high), end = near(m, m->end, m->low, m->high);
	enum talloc_status status, expected = TALLOC_OK;
	struct talloc_chunk chunk;
	struct talloc_span span;
	u32 low, high;

	if (end < first + 16)
		return NULL;
	settle_model(m, TALLOC_KEPT);
	low = m->first + free_right_of(m, m->first);
	high = m->end - free_left_of(m, m->end);
	if (m->count && (first > low || end < high))
		expected = TALLOC_BUSY;
	status = talloc_heap_set_span(&m->t->heap, indices_to_span(m, first, end), &chunk);
	if (status != expected)
		return "set_span has the wrong status";
	test_queue_always(m->t);
	if (!status) {
		first = m->count ? new_first(m, low, first) : first;
		m->end = m->count ? new_end(m, high, end) : end;
		m->first = first;
	}
	span = indices_to_span(m, m->first, m->end);
	if (test_span(m->t).start != span.start || test_span(m->t).end != span.end)
		return "set_span went to the wrong place";
	return NULL;
}

static enum talloc_status expected_of(const struct model *m, u32 chunk, u32 off)
{
	u32 owner;

	if (chunk < m->first || chunk >= m->end)
		return TALLOC_OUTSIDE;
	if (off)
		return TALLOC_MISALIGNED;
	owner = m->owner[chunk];
	if (!owner || owner == KEPT_OWNER || owner == QUEUE_OWNER)
		return TALLOC_NOT_LIVE;
	return m->live[owner - 1].chunk == chunk ? TALLOC_OK : TALLOC_NOT_LIVE;
}

/* Where starts are not certain, what a pattern looks like is not asked. */
static const char *step_misuse(struct model *m)
{
	u32 chunk = m->low + test_random_below(&m->random, m->high - m->low);
	u32 off = test_random_below(&m->random, 2) ?
		  test_random_below(&m->random, m->t->layout->unit) : 0;
	enum talloc_status expected = expected_of(m, chunk, off);
	void *bad = test_pointer(test_addr(test_payload(m->t, chunk)) + off), *moved;

	if (expected == TALLOC_OK || (expected == TALLOC_NOT_LIVE && !test_certain(m->t)))
		return NULL;
	if (test_free(&m->t->heap, bad) != expected ||
	    talloc_heap_resize(&m->t->heap, bad, 1, &moved) != expected ||
	    test_slide(&m->t->heap, bad, 1, &moved) != expected)
		return "a bad pointer has the wrong status";
	return NULL;
}

/* Let the heap begin or end to queue what is freed. */
static const char *step_threshold(struct model *m)
{
	u32 units = m->end - m->first;

	if (!m->t->queues)
		return NULL;
	m->t->heap.queue_below = test_random_below(&m->random, 3) ?
				 1 + test_random_below(&m->random, units) :
				 test_random_below(&m->random, 2) ? U32_MAX : 1;
	return NULL;
}

static const char *step_relocate(struct model *m)
{
	struct test_heap *t = m->t;

	t->was = t->heap;
	memset(&t->heap, 0x5a, sizeof(t->heap));
	t->heap = t->was;
	return NULL;
}

/*
 * After steps
 */

static const char *compare_counts(const struct model *m)
{
	u64 queued = (u64)queued_units(m) << m->t->heap.layout.unit_shift;
	struct talloc_heap_stats stats;

	talloc_heap_stats(&m->t->heap, &stats);
	if (stats.used_chunks != m->count || talloc_heap_blocks(&m->t->heap) != m->count)
		return "the number of blocks is wrong";
	if (stats.used_bytes != (u64)m->used << m->t->heap.layout.unit_shift ||
	    talloc_heap_used_bytes(&m->t->heap) != stats.used_bytes + queued)
		return "the used bytes are wrong";
	if (stats.span_bytes != (u64)(m->end - m->first) << m->t->heap.layout.unit_shift ||
	    stats.free_bytes != stats.span_bytes - stats.used_bytes)
		return "the free bytes are wrong";
	if (m->t->heap.queued != m->queued)
		return "the number of queued blocks is wrong";
	if (m->t->heap.row != m->row)
		return "the row of requests is wrong";
	if (m->t->heap.hand != m->hand || m->t->heap.filled != m->filled)
		return "the hand or what was filled is wrong";
	return stats.kept_bytes == ((u64)kept_units(m) << m->t->heap.layout.unit_shift) + queued ?
	       NULL : "the kept bytes are wrong";
}

static const char *compare_piece(struct model *m, const struct talloc_chunk *chunk, u32 at)
{
	u32 owner = m->owner[at], units = chunk->bytes >> m->t->heap.layout.unit_shift;

	if (chunk->addr != test_addr(test_payload(m->t, at)) ||
	    chunk->usable != chunk->bytes - m->t->tag)
		return "a walk leaves something out";
	if (owner == KEPT_OWNER)
		return chunk->state == TALLOC_CHUNK_FREE && kept_at(m, at) &&
		       kept_at(m, at)->units == units ? NULL : "a walk tells a wrong kept block";
	if (owner == QUEUE_OWNER)
		return chunk->state == TALLOC_CHUNK_FREE && queued_at(m, at) &&
		       queued_at(m, at)->units == units ? NULL : "a walk tells a wrong queue";
	if (chunk->state == TALLOC_CHUNK_USED)
		return owner && m->live[owner - 1].chunk == at &&
		       m->live[owner - 1].units == units ? NULL : "a walk tells a wrong block";
	if (owner || free_right_of(m, at) != units)
		return "a walk tells a wrong hole";
	if (test_largest(m->t) < test_request(m->t, sure_units(units)))
		return "a hole is not found";
	return NULL;
}

static const char *compare_walk(struct model *m)
{
	struct talloc_walk walk;
	struct talloc_chunk chunk;
	const char *wrong = NULL;
	u32 at = m->first, holes = 0;

	talloc_heap_walk_begin(&m->t->heap, &walk);
	while (!wrong && talloc_heap_walk_next(&m->t->heap, &walk, &chunk)) {
		wrong = compare_piece(m, &chunk, at);
		at += chunk.bytes >> m->t->heap.layout.unit_shift;
		holes += chunk.state == TALLOC_CHUNK_FREE;
	}
	if (!wrong && (at != m->end || holes != test_free_chunks(m->t)))
		wrong = "a walk does not come to the end";
	return wrong;
}

static const char *compare_starts(const struct model *m)
{
	struct talloc_chunk around;
	u32 chunk, owner;
	void *payload;

	if (!test_certain(m->t))
		return NULL;
	for (chunk = m->low; chunk < m->high; chunk++) {
		payload = test_payload(m->t, chunk);
		if (test_lookup(&m->t->heap, payload, NULL, NULL) !=
		    expected_of(m, chunk, 0))
			return "an index has the wrong status";
		owner = chunk >= m->first && chunk < m->end ? m->owner[chunk] : 0;
		if (owner == KEPT_OWNER || owner == QUEUE_OWNER) {
			if (test_find(&m->t->heap, payload, &around) ||
			    around.state != TALLOC_CHUNK_FREE)
				return "a kept or queued block is not told as free";
			continue;
		}
		if (owner &&
		    (test_find(&m->t->heap, payload, &around) ||
		     test_index(m->t, test_pointer(around.addr)) != m->live[owner - 1].chunk))
			return "the block around an address is wrong";
	}
	return NULL;
}

static const char *compare_contents(const struct model *m)
{
	u32 n;

	for (n = 0; n < m->count; n++)
		if (!test_holds(m->t, live_block(m, &m->live[n]), m->live[n].bytes,
				m->live[n].key))
			return "a block has lost its contents";
	return NULL;
}

static const char *compare_used_span(const struct model *m)
{
	u32 low = m->first + free_right_of(m, m->first), high = m->end - free_left_of(m, m->end);
	struct talloc_span used = talloc_heap_used_span(&m->t->heap), span;

	if (!m->count)
		return talloc_span_empty(used) ? NULL : "the used span is not empty";
	span = indices_to_span(m, low, high);
	return used.start == span.start && used.end == span.end ? NULL :
	       "the used span is wrong";
}

static const char *compare_all(struct model *m)
{
	const char *wrong = compare_walk(m);

	if (!wrong)
		wrong = compare_contents(m);
	if (!wrong)
		wrong = compare_used_span(m);
	return wrong ? wrong : compare_starts(m);
}

static const char *one_step(struct model *m)
{
	u32 choice = test_random_below(&m->random, 1000);

	if (choice < 300)
		return step_alloc(m);
	if (choice < 370)
		return step_alloc_aligned(m);
	if (choice < 400)
		return step_alloc_where(m);
	if (choice < 620)
		return step_free(m);
	if (choice < 650)
		return step_free_part(m);
	if (choice < 750)
		return step_resize_in_place(m);
	if (choice < 800)
		return step_slide(m);
	if (choice < 880)
		return step_resize(m);
	if (choice < 940)
		return step_set_span(m);
	if (choice < 980)
		return step_misuse(m);
	if (choice < 985)
		return step_settle(m);
	if (choice < 990)
		return step_threshold(m);
	return choice < 997 ? step_relocate(m) : step_free_many(m);
}

static const char *checked_step(struct kunit *test, struct model *m, u32 step)
{
	const char *wrong = one_step(m);

	if (!wrong && !test_clean(test))
		wrong = "the checker found a fault";
	if (!wrong)
		wrong = compare_counts(m);
	if (!wrong && !(step & 63))
		wrong = compare_all(m);
	return wrong;
}

static struct model *model_make(struct kunit *test, u32 seed)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->t = test_heap_of(test);
	m->random.state = seed;
	m->first = m->t->heap.first;
	m->end = m->t->heap.sentinel;
	m->low = m->first;
	m->high = m->end;
	m->owner = kunit_kzalloc(test, m->high + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->owner);
	return m;
}

static void free_all(struct kunit *test, struct model *m)
{
	while (m->count) {
		KUNIT_ASSERT_EQ(test, test_free(&m->t->heap,
						live_block(m, m->live)), TALLOC_OK);
		drop_live(m, m->live);
	}
	talloc_heap_settle(&m->t->heap, TALLOC_KEPT);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

static void run(struct kunit *test, u32 seed)
{
	struct model *m = model_make(test, seed);
	u32 step, steps = test_steps();
	const char *wrong;

	kunit_info(test, "seed=%u steps=%u\n", seed, steps);
	for (step = 1; step <= steps; step++) {
		wrong = checked_step(test, m, step);
		if (wrong) {
			KUNIT_FAIL(test, "seed=%u step=%u: %s\n", seed, step, wrong);
			return;
		}
		if (!(step & 255))
			test_breathe();
	}
	if (test_layout_roomy(m->t->layout))
		KUNIT_EXPECT_GE(test, m->placed, steps / 2000);
	free_all(test, m);
}

static void heap_agrees_with_the_model(struct kunit *test)
{
	run(test, TEST_SEED);
}

static void heap_agrees_with_the_model_fresh_seed(struct kunit *test)
{
	run(test, test_fresh_seed());
}

static void run_keeping(struct kunit *test, u32 seed)
{
	KUNIT_ASSERT_EQ(test, test_lay_keeping(test_heap_of(test)), TALLOC_OK);
	run(test, seed);
}

static void heap_that_keeps_agrees_with_the_model(struct kunit *test)
{
	run_keeping(test, TEST_SEED);
}

static void heap_that_keeps_agrees_with_the_model_fresh_seed(struct kunit *test)
{
	run_keeping(test, test_fresh_seed());
}

static void run_queueing(struct kunit *test, u32 seed)
{
	KUNIT_ASSERT_EQ(test, test_lay_queueing(test_heap_of(test)), TALLOC_OK);
	run(test, seed);
}

static void heap_that_queues_agrees_with_the_model(struct kunit *test)
{
	run_queueing(test, TEST_SEED);
}

static void heap_that_queues_agrees_with_the_model_fresh_seed(struct kunit *test)
{
	run_queueing(test, test_fresh_seed());
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(heap_agrees_with_the_model, layout_gen_params),
	KUNIT_CASE_PARAM(heap_agrees_with_the_model_fresh_seed, layout_gen_params),
	KUNIT_CASE_PARAM(heap_that_keeps_agrees_with_the_model, layout_gen_params),
	KUNIT_CASE_PARAM(heap_that_keeps_agrees_with_the_model_fresh_seed, layout_gen_params),
	KUNIT_CASE_PARAM(heap_that_queues_agrees_with_the_model, queues_gen_params),
	KUNIT_CASE_PARAM(heap_that_queues_agrees_with_the_model_fresh_seed, queues_gen_params),
	{ }
};

struct kunit_suite talloc_random_suite = {
	.name = "talloc_random",
	.init = test_heap_init,
	.exit = test_heap_exit,
	.test_cases = cases,
};
