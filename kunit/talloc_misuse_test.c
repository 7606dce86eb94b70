// SPDX-License-Identifier: GPL-2.0
/*
 * Pointers that are not live blocks: each is refused with its status, and the
 * heap and all its memory are the same as before, byte for byte.
 */
#include "talloc_test.h"

TEST_LAYOUT_PARAM(layout, true)
TEST_LAYOUT_PARAM(inline_tags, test_layout_inline(layout))
TEST_LAYOUT_PARAM(certain, test_layout_certain(layout))

static void *alloc_units(struct kunit *test, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	void *block = test_get(test, units);

	if (!t->layout->detached)
		memset(block, 0, test_request(t, units));
	return block;
}

static void pointers_outside_are_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	void *block = alloc_units(test, t->min_units);
	struct talloc_span span = test_span(t);
	u64 first = span.start + t->tag;

	test_keep(test);
	test_expect_refused(test, NULL, TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(1), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(~0ul), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(~0ul - unit + 1), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(first - 1), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(first - unit), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(first - 2 * unit), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(span.end), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(span.end + 1), TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(span.end + unit), TALLOC_OUTSIDE);
	test_expect_refused(test, test, TALLOC_OUTSIDE);
	test_expect_refused(test, &t->heap, TALLOC_OUTSIDE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	test_put(test, block);
}

static void pointers_off_the_grid_are_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, step = unit > 512 ? unit / 512 + 1 : 1, off;
	u64 used = test_addr(alloc_units(test, t->min_units + 1));
	u64 last = test_span(t).end - unit;

	test_keep(test);
	for (off = 1; off < unit; off += step) {
		test_expect_refused(test, test_pointer(used + off), TALLOC_MISALIGNED);
		test_expect_refused(test, test_pointer(used + unit + off), TALLOC_MISALIGNED);
		test_expect_refused(test, test_pointer(last + off), TALLOC_MISALIGNED);
	}
	test_expect_refused(test, test_pointer(used + unit - 1), TALLOC_MISALIGNED);
	test_expect_refused(test, test_pointer(last + unit - 1), TALLOC_MISALIGNED);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

/* What stands outside of the span is, even where it is inside of the window. */
static void pointers_beyond_a_truncated_span_are_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span part = test_span(t);
	u32 units = test_units(t), i;
	void *first, *last;

	for (i = 0; i + 2 * t->min_units <= units; i += t->min_units)
		t->blocks[i / t->min_units] = alloc_units(test, t->min_units);
	first = t->blocks[0];
	last = t->blocks[i / t->min_units - 1];
	for (i /= t->min_units; i; i--)
		test_put(test, t->blocks[i - 1]);
	part.start += 2ull * t->layout->unit;
	part.end -= (2ull * t->min_units + 1) * t->layout->unit;
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, part, NULL), TALLOC_OK);
	test_keep(test);
	test_expect_refused(test, first, TALLOC_OUTSIDE);
	test_expect_refused(test, last, TALLOC_OUTSIDE);
	test_expect_refused(test, test_pointer(part.start + t->tag), TALLOC_NOT_LIVE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

/*
 * Fill every payload with a word. Where the layout is certain this may be a used
 * tag; else one that no used chunk has, as the documentation promises no more.
 */
static void fill_payloads(struct test_heap *t, u32 count, u32 word)
{
	u64 usable, at;
	u32 i;

	for (i = 0; i < count && !t->layout->detached; i++) {
		usable = 0;
		if (!t->blocks[i] || test_lookup(&t->heap, t->blocks[i], &usable, NULL))
			continue;
		for (at = 0; at + 4 <= usable; at += 4)
			memcpy((u8 *)t->blocks[i] + at, &word, 4);
	}
}

/* Blocks and holes of several sizes all over the span; a bit for each live start. */
static u32 make_blocks(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count = 0;

	while (count < TEST_BLOCKS) {
		t->blocks[count] = test_alloc(&t->heap,
					      test_request(t, t->min_units + count % 7));
		if (!t->blocks[count])
			break;
		count++;
	}
	KUNIT_ASSERT_GE(test, count, test_units(t) / (t->min_units + 6));
	for (i = 0; i < count; i++)
		if (i % 5 == 1 || i % 5 == 2) {
			test_put(test, t->blocks[i]);
			t->blocks[i] = NULL;
		}
	return count;
}

/* Every index of the span: those in t->blocks are live, no others are. */
static void expect_only_blocks_live(struct kunit *test, u32 count)
{
	struct test_heap *t = test_heap_of(test);
	u32 chunk, live = 0, i = 0;
	void *payload;

	test_keep(test);
	for (chunk = t->heap.first; chunk < t->heap.sentinel; chunk++) {
		payload = test_payload(t, chunk);
		while (i < count && (!t->blocks[i] || t->blocks[i] < payload))
			i++;
		if (i == count || t->blocks[i] != payload) {
			test_expect_refused(test, payload, TALLOC_NOT_LIVE);
			continue;
		}
		KUNIT_ASSERT_EQ(test, test_lookup(&t->heap, payload, NULL, NULL), TALLOC_OK);
		live++;
	}
	KUNIT_EXPECT_EQ(test, live, test_used_chunks(t));
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void interior_pointers_are_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count = make_blocks(test);

	fill_payloads(t, count, 0);
	expect_only_blocks_live(test, count);
	fill_payloads(t, count, U32_MAX);
	expect_only_blocks_live(test, count);
	for (i = 0; i < count; i++)
		if (t->blocks[i])
			KUNIT_ASSERT_EQ(test, test_free(&t->heap, t->blocks[i]), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

/* Words that look like the tag of a used chunk of 1 to 3 units. */
static void forged_tags_do_not_make_a_block(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units, count = make_blocks(test);

	for (units = 1; units <= 3; units++) {
		fill_payloads(t, count, units << TEST_SHIFT);
		expect_only_blocks_live(test, count);
	}
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* All units of a chunk that came of many merges. */
static void freed_blocks_are_refused_after_merges(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count = make_blocks(test);

	fill_payloads(t, count, 0);
	for (i = 0; i < count; i++) {
		if (!t->blocks[i] || i % 10 == 9)
			continue;
		test_put(test, t->blocks[i]);
		t->blocks[i] = NULL;
	}
	expect_only_blocks_live(test, count);
}

/* Free the middle one of three; its neighbours are freed before, after, or not. */
static void double_free(struct kunit *test, u32 before, u32 after)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[5];
	u32 i;

	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	for (i = 0; i < 5; i++)
		blocks[i] = alloc_units(test, t->min_units);
	for (i = 0; i < 5; i++)
		if (before >> i & 1)
			test_put(test, blocks[i]);
	test_put(test, blocks[2]);
	for (i = 0; i < 5; i++)
		if (after >> i & ~before >> i & 1)
			test_put(test, blocks[i]);
	test_keep(test);
	test_expect_refused(test, blocks[2], TALLOC_NOT_LIVE);
	for (i = 0; i < 5; i++)
		if ((before | after) >> i & 1)
			test_expect_refused(test, blocks[i], TALLOC_NOT_LIVE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Bits 1 and 3 are the neighbours. */
static void double_free_is_refused(struct kunit *test)
{
	u32 before, after;

	for (before = 0; before <= 0xa; before += 2)
		for (after = 0; after <= 0xa; after += 2)
			if (!((before | after) & 4))
				double_free(test, before, after);
}

/* A large heap's pictures take long; nothing is asked of its other pages here. */
static void old_pointer_is_refused_after_a_move(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 min = t->min_units;
	void *block, *moved = NULL;

	block = alloc_units(test, min);
	alloc_units(test, min);
	KUNIT_ASSERT_EQ(test, talloc_heap_resize(&t->heap, block, test_request(t, min + 1),
						 &moved), TALLOC_OK);
	KUNIT_ASSERT_PTR_NE(test, moved, block);
	test_keep(test);
	test_expect_refused(test, block, TALLOC_NOT_LIVE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	test_put(test, moved);
}

static void old_pointer_is_refused_after_a_slide(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 min = t->min_units;
	void *hole = alloc_units(test, min), *block = alloc_units(test, min), *moved = NULL;

	alloc_units(test, min);
	test_put(test, hole);
	KUNIT_ASSERT_EQ(test, test_slide(&t->heap, block, test_request(t, 2 * min),
					 &moved), TALLOC_OK);
	KUNIT_ASSERT_PTR_EQ(test, moved, hole);
	test_keep(test);
	test_expect_refused(test, block, TALLOC_NOT_LIVE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Where a block was cut off at, nothing lives; nor where a hole was taken in. */
static void cut_off_ends_are_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 min = t->min_units;
	void *block = alloc_units(test, 3 * min);
	void *cut = test_pointer(test_addr(block) + (u64)min * t->layout->unit);
	u32 i;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, block,
							   test_request(t, min)),
				TALLOC_OK);
		test_keep(test);
		test_expect_refused(test, cut, TALLOC_NOT_LIVE);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
		KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, block,
							   test_request(t, 3 * min)),
				TALLOC_OK);
		test_keep(test);
		test_expect_refused(test, cut, TALLOC_NOT_LIVE);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
	}
}

/* The window is shared by two heaps, one above the other. */
static void block_of_another_heap_is_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test), *u;
	struct talloc_span low = test_span(t), high = low;
	void *mine, *theirs;

	low.end = low.start + t->tag + 3ull * t->layout->unit;
	KUNIT_ASSERT_EQ(test, test_lay(t, low), TALLOC_OK);
	mine = alloc_units(test, t->min_units);
	KUNIT_ASSERT_EQ(test, test_heap_init(test), 0);
	u = test_heap_of(test);
	high = test_span(u);
	high.start += 3ull * t->layout->unit;
	KUNIT_EXPECT_EQ(test, test_lay(u, high), TALLOC_OK);
	theirs = alloc_units(test, t->min_units);
	test_keep(test);
	test_expect_refused(test, mine, TALLOC_OUTSIDE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	test->priv = t;
	test_keep(test);
	test_expect_refused(test, theirs, TALLOC_OUTSIDE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	test->priv = u;
	test_heap_exit(test);
	test->priv = t;
}

/* What was live before the memory got a new heap is not live in that. */
static void blocks_of_a_former_heap_are_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count = make_blocks(test);

	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	test_keep(test);
	for (i = 0; i < count; i++)
		if (t->blocks[i])
			test_expect_refused(test, t->blocks[i], TALLOC_NOT_LIVE);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	expect_only_blocks_live(test, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(pointers_outside_are_refused, layout_gen_params),
	KUNIT_CASE_PARAM(pointers_off_the_grid_are_refused, layout_gen_params),
	KUNIT_CASE_PARAM(pointers_beyond_a_truncated_span_are_refused, layout_gen_params),
	KUNIT_CASE_PARAM(interior_pointers_are_refused, layout_gen_params),
	KUNIT_CASE_PARAM(forged_tags_do_not_make_a_block, certain_gen_params),
	KUNIT_CASE_PARAM(freed_blocks_are_refused_after_merges, layout_gen_params),
	KUNIT_CASE_PARAM(double_free_is_refused, layout_gen_params),
	KUNIT_CASE_PARAM(old_pointer_is_refused_after_a_move, inline_tags_gen_params),
	KUNIT_CASE_PARAM(old_pointer_is_refused_after_a_slide, layout_gen_params),
	KUNIT_CASE_PARAM(cut_off_ends_are_refused, layout_gen_params),
	KUNIT_CASE_PARAM(block_of_another_heap_is_refused, layout_gen_params),
	KUNIT_CASE_PARAM(blocks_of_a_former_heap_are_refused, certain_gen_params),
	{ }
};

struct kunit_suite talloc_misuse_suite = {
	.name = "talloc_misuse",
	.init = test_heap_init,
	.exit = test_heap_exit,
	.test_cases = cases,
};
