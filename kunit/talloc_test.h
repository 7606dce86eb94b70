/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the heap share: layouts, a heap over guarded memory, a
 * picture of it to compare with, patterns and random numbers. The same suites
 * run in the kernel and in userspace.
 */
#ifndef TALLOC_TEST_H
#define TALLOC_TEST_H

#include <talloc_test_port.h>
#include <talloc_core.h>

extern struct kunit_suite talloc_span_suite;
extern struct kunit_suite talloc_heap_suite;
extern struct kunit_suite talloc_where_suite;
extern struct kunit_suite talloc_numbers_suite;
extern struct kunit_suite talloc_misuse_suite;
extern struct kunit_suite talloc_damage_suite;
extern struct kunit_suite talloc_kept_suite;
extern struct kunit_suite talloc_queue_suite;
extern struct kunit_suite talloc_random_suite;

#define KIB		1024u
#define MIB		(1024u * 1024u)

#define TEST_SEED	20240229u

/* The longest list of blocks that a case keeps. */
#define TEST_BLOCKS	4096u

/**
 * struct test_layout - a kind of heap to test
 * @name: for the results
 * @unit: in bytes
 * @detached: tags in a table, and a window that is not memory
 * @live_map: with a live map
 * @skew: bytes by which the window stands off every grid
 * @bytes: size of the window
 */
struct test_layout {
	const char *name;
	u32 unit;
	bool detached;
	bool live_map;
	u32 skew;
	u32 bytes;
};

/* About as many as a heap has. */
static inline u32 test_layout_units(const struct test_layout *layout)
{
	return layout->bytes / layout->unit;
}

/* Whether there is room for more than a few blocks. */
static inline bool test_layout_roomy(const struct test_layout *layout)
{
	return test_layout_units(layout) > 100;
}

/* Whether there is for more than the ring has, and for some that are too large for it. */
static inline bool test_layout_large(const struct test_layout *layout)
{
	return test_layout_units(layout) > 1000;
}

/* Whether tags stand in the memory, and there is room. */
static inline bool test_layout_inline(const struct test_layout *layout)
{
	return !layout->detached && test_layout_roomy(layout);
}

/* Whether every pointer that is not a live block is told apart with certainty. */
static inline bool test_layout_certain(const struct test_layout *layout)
{
	return layout->detached || layout->live_map;
}

/* Whether heaps queue frees if they are large enough. */
static inline bool test_layout_queues(const struct test_layout *layout)
{
	return layout->unit == TALLOC_UNIT_MIN && layout->live_map && !layout->detached;
}

const struct test_layout *test_layout_next(const struct test_layout *layout, char *desc);

/* A generator of parameters is told of the test, too, since Linux 6.18. */
#ifdef KUNIT_CASE_PARAM_WITH_INIT
#define TEST_GENERATOR_ARGS	struct kunit *test, const void *prev, char *desc
#else
#define TEST_GENERATOR_ARGS	const void *prev, char *desc
#endif

/*
 * As KUNIT_ARRAY_PARAM() of all kinds of heap for which @condition holds, which asks
 * @layout. A case for which it does not hold is not there, rather than passed.
 */
#define TEST_LAYOUT_PARAM(name, condition)						\
	static const void *name##_gen_params(TEST_GENERATOR_ARGS)			\
	{										\
		const struct test_layout *layout = prev;				\
											\
		do {									\
			layout = test_layout_next(layout, desc);			\
		} while (layout && !(condition));					\
		return layout;								\
	}

/**
 * struct test_part - some memory of a heap
 * @memory: the memory, or %NULL
 * @was: what it held when test_keep() was called
 * @bytes: its size
 */
struct test_part {
	u8 *memory;
	u8 *was;
	size_t bytes;
};

/**
 * struct test_heap - a heap under test and all that it is made of
 * @heap: the control block
 * @was: the control block when test_keep() was called
 * @layout: what kind it is
 * @keeps: whether it is laid as one that keeps blocks
 * @queues: whether it is laid as one that queues frees, though it is small
 * @window: its window
 * @tag: bytes that a tag takes from its payload: 4 or 0
 * @min_units: smallest chunk
 * @payload: memory around the window, with layout->skew bytes on either side;
 *	none where tags are detached
 * @table: the detached tags, if any
 * @live: the live map, if any
 * @nowhere: addresses of a window that is not memory
 * @blocks: room for a list of blocks
 */
struct test_heap {
	struct talloc_heap heap;
	struct talloc_heap was;
	const struct test_layout *layout;
	bool keeps;
	bool queues;
	struct talloc_span window;
	u32 tag;
	u32 min_units;
	struct test_part payload;
	struct test_part table;
	struct test_part live;
	u64 nowhere;
	void **blocks;
};

int test_heap_init(struct kunit *test);
int test_heap_init_keeping(struct kunit *test);
int test_heap_init_queueing(struct kunit *test);
void test_heap_exit(struct kunit *test);
enum talloc_status test_lay(struct test_heap *t, struct talloc_span span);
enum talloc_status test_lay_keeping(struct test_heap *t);
enum talloc_status test_lay_queueing(struct test_heap *t);
void test_queue_always(struct test_heap *t);
struct talloc_heap_config test_config(const struct test_heap *t);

void test_keep(struct kunit *test);
bool test_control_kept(struct test_heap *t);
bool test_kept(struct kunit *test);
bool test_clean(struct kunit *test);
bool test_one_free_chunk(struct kunit *test);
bool test_same(const u8 *one, const u8 *other, size_t bytes);

void test_fill(const struct test_heap *t, void *block, u64 bytes, u32 key);
bool test_holds(const struct test_heap *t, const void *block, u64 bytes, u32 key);

u32 test_used_chunks(const struct test_heap *t);
u32 test_free_chunks(const struct test_heap *t);
u64 test_largest(const struct test_heap *t);
bool test_from_high_end(const struct test_heap *t, u32 units);
u32 test_fence_units(const struct test_heap *t, u32 units);
void *test_place(struct kunit *test, u64 addr, u32 units);
void test_take_the_rest(struct test_heap *t);
u32 test_rest_least(const struct test_heap *t, u32 units);
struct talloc_span test_span(const struct test_heap *t);

static inline struct test_heap *test_heap_of(struct kunit *test)
{
	return test->priv;
}

/*
 * The heap's calls, with pointers. Windows of the tests are addresses that a pointer
 * can hold, without NULL, be there memory or not.
 */
static inline u64 test_addr(const void *block)
{
	return (unsigned long)block;
}

static inline void *test_pointer(u64 addr)
{
	return (void *)(unsigned long)addr;
}

static inline void *test_alloc(struct talloc_heap *heap, u64 bytes)
{
	u64 addr;

	return talloc_heap_alloc(heap, bytes, &addr) ? NULL : test_pointer(addr);
}

static inline void *test_alloc_aligned(struct talloc_heap *heap, u64 bytes, u64 align)
{
	u64 addr;

	return talloc_heap_alloc_aligned(heap, bytes, align, &addr) ? NULL : test_pointer(addr);
}

static inline enum talloc_status test_free(struct talloc_heap *heap, const void *block)
{
	return talloc_heap_free(heap, test_addr(block));
}

static inline enum talloc_status test_resize_in_place(struct talloc_heap *heap, const void *block,
						      u64 bytes)
{
	return talloc_heap_resize_in_place(heap, test_addr(block), bytes);
}

static inline enum talloc_status test_slide(struct talloc_heap *heap, const void *block, u64 bytes,
					    void **moved)
{
	u64 addr;
	enum talloc_status status = talloc_heap_slide(heap, test_addr(block), bytes, &addr);

	if (!status)
		*moved = test_pointer(addr);
	return status;
}

static inline enum talloc_status test_lookup(struct talloc_heap *heap, const void *block,
					     u64 *usable, u64 *align)
{
	return talloc_heap_lookup(heap, test_addr(block), usable, align);
}

static inline enum talloc_status test_find(const struct talloc_heap *heap, const void *addr,
					   struct talloc_chunk *chunk)
{
	return talloc_heap_find(heap, test_addr(addr), chunk);
}

static inline bool test_contains(const struct talloc_heap *heap, const void *addr)
{
	return talloc_heap_contains(heap, test_addr(addr));
}

/* The request that takes exactly this many units. */
static inline u64 test_request(const struct test_heap *t, u64 units)
{
	return units * t->layout->unit - t->tag;
}

/* All units of the window that a heap over it can have. */
static inline u32 test_units(const struct test_heap *t)
{
	return t->heap.sentinel - t->heap.first;
}

/* Whether every pointer that is not a live block is told apart with certainty. */
static inline bool test_certain(const struct test_heap *t)
{
	return test_layout_certain(t->layout);
}

/*
 * Tags, by the layout that is documented on top of talloc_core.c: word 0 is the
 * tag, 1 the next link, 2 the prev link, -1 the size of the free chunk to the left.
 */
#define TEST_FREE	1u
#define TEST_LEFT_FREE	2u
#define TEST_ALIGNED	4u
#define TEST_KEPT	(TEST_FREE | TEST_ALIGNED)
#define TEST_SHIFT	3

static inline talloc_word *test_tag(const struct test_heap *t, u32 chunk)
{
	const struct talloc_layout *at = &t->heap.layout;

	return (talloc_word *)(at->tags + ((unsigned long)chunk << at->stride_shift));
}

/* What is written into the next link, or into the prev link, for this index. */
static inline u32 test_next_link(u32 chunk)
{
	return chunk;
}

static inline u32 test_prev_link(u32 chunk)
{
	return chunk << TEST_SHIFT | TEST_FREE;
}

static inline u32 test_index(const struct test_heap *t, const void *block)
{
	return (test_addr(block) - t->heap.layout.base) >> t->heap.layout.unit_shift;
}

static inline void *test_payload(const struct test_heap *t, u32 chunk)
{
	return test_pointer(t->heap.layout.base + ((u64)chunk << t->heap.layout.unit_shift));
}

static inline u32 test_chunk_units(const struct test_heap *t, u32 chunk)
{
	return test_tag(t, chunk)[0] >> TEST_SHIFT;
}

/*
 * Blocks below this are kept by a heap under test, which has no room for many as large as
 * the largest that a heap may keep. Its ring takes what that of a large heap does.
 */
#define TEST_KEPT_UNITS	256u

/* With inline tags, requests for less look into the ring first. */
#define TEST_SMALL_UNITS	64u

static_assert(TALLOC_RING_UNITS < TEST_KEPT_UNITS && TEST_KEPT_UNITS <= TALLOC_KEPT_UNITS);

/*
 * In which order @count blocks of one small size are handed out again, of which none was before:
 * number @n gets the one that was freed as this number. From the newest to the oldest; with inline
 * tags of those in the ring, and the newest of all when it would have been right often enough, or
 * nothing else is left. Where the heap queues, all of them are in the ring.
 */
static inline u32 test_kept_order(const struct test_heap *t, u32 count, u32 n)
{
	u32 last = count - 1 < TALLOC_ROW ? count - 1 : TALLOC_ROW;

	if (t->layout->detached || t->heap.queue_below)
		return count - 1 - n;
	if (n == last)
		return count - 1;
	return n < last ? count - 2 - n : count - 1 - n;
}

/**
 * struct test_random - a source of random numbers
 * @state: where it is
 */
struct test_random {
	u64 state;
};

static inline u32 test_random_u32(struct test_random *random)
{
	random->state = random->state * 6364136223846793005ull + 1442695040888963407ull;
	return random->state >> 32 ^ random->state >> 13;
}

/* A number below @limit, which is not 0. */
static inline u32 test_random_below(struct test_random *random, u32 limit)
{
	return (u64)test_random_u32(random) * limit >> 32;
}

/* A number from 1 to @limit, small ones more often: its length in bits is random. */
static inline u32 test_random_size(struct test_random *random, u32 limit)
{
	u32 bits = 1 + test_random_below(random, __fls(limit) + 1);
	u32 size = test_random_u32(random) >> (32 - bits);

	return size && size <= limit ? size : 1 + test_random_below(random, limit);
}

/* Begin anew with a heap of this many units, the lowest of the window. */
static inline void test_lay_units(struct kunit *test, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span;

	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	span = test_span(t);
	span.end = span.start + t->tag + (u64)units * t->layout->unit;
	KUNIT_ASSERT_EQ(test, test_lay(t, span), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_units(t), units);
}

/* A block that takes this many units. */
static inline void *test_get(struct kunit *test, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	void *block = test_alloc(&t->heap, test_request(t, units));

	KUNIT_ASSERT_NOT_NULL(test, block);
	return block;
}

static inline void test_put(struct kunit *test, const void *block)
{
	KUNIT_ASSERT_EQ(test, test_free(&test_heap_of(test)->heap, block), TALLOC_OK);
}

/* Hand a pointer to every call that takes one; all must say the same. */
static inline void test_expect_refused(struct kunit *test, const void *block,
				       enum talloc_status status)
{
	struct test_heap *t = test_heap_of(test);
	void *moved = &moved;
	u64 usable = 7, align = 7;

	KUNIT_ASSERT_EQ(test, test_free(&t->heap, block), status);
	KUNIT_ASSERT_EQ(test, test_lookup(&t->heap, block, &usable, &align), status);
	KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, block, 1), status);
	KUNIT_ASSERT_EQ(test, talloc_heap_resize(&t->heap, (void *)block, 100, &moved), status);
	KUNIT_ASSERT_EQ(test, test_slide(&t->heap, block, 1, &moved), status);
	KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, block, 0), status);
	KUNIT_ASSERT_EQ(test, usable, 7);
	KUNIT_ASSERT_EQ(test, align, 7);
	KUNIT_ASSERT_PTR_EQ(test, moved, &moved);
}

#endif /* TALLOC_TEST_H */
