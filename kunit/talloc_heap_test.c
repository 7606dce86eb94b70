// SPDX-License-Identifier: GPL-2.0
/*
 * The heap as it should be used: each call, at its edges, over each layout.
 */
#include "talloc_test.h"

TEST_LAYOUT_PARAM(layout, true)
TEST_LAYOUT_PARAM(roomy, test_layout_roomy(layout))
TEST_LAYOUT_PARAM(large, test_layout_large(layout))
TEST_LAYOUT_PARAM(inline_tags, test_layout_inline(layout))
TEST_LAYOUT_PARAM(detached, layout->detached)

/* Units that a request takes, by the documentation rather than by the code. */
static u32 units_for(const struct test_heap *t, u64 bytes)
{
	u32 units = 1;

	while (test_request(t, units) < bytes || units < t->min_units)
		units++;
	return units;
}

static u64 usable(struct test_heap *t, const void *block)
{
	u64 bytes = 0;

	return test_lookup(&t->heap, block, &bytes, NULL) ? 0 : bytes;
}

static u32 units_of(const struct test_heap *t, const void *block)
{
	return test_chunk_units(t, test_index(t, block));
}

/* As many smallest blocks as there is room for, in t->blocks. */
static u32 fill_heap(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 count = 0;

	while (count < TEST_BLOCKS) {
		t->blocks[count] = test_alloc(&t->heap, 1);
		if (!t->blocks[count])
			break;
		count++;
	}
	KUNIT_ASSERT_EQ(test, count, test_units(t) / t->min_units);
	return count;
}

/*
 * init
 */

static void init_makes_one_free_chunk_of_all(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	struct talloc_span span = test_span(t);
	u64 payload = (t->window.start + t->tag + unit - 1) & ~(unit - 1);

	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	KUNIT_EXPECT_EQ(test, span.start, payload - t->tag);
	KUNIT_EXPECT_EQ(test, span.end, t->window.end & ~(unit - 1));
}

static void init_stays_inside_of_its_span(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 unit = t->layout->unit;
	struct talloc_span part = test_span(t);
	size_t low, high;

	part.start += 2ull * unit - 1;
	part.end -= unit + 1;
	if (t->payload.memory)
		memset(t->payload.memory + t->layout->skew, 0x5a, t->layout->bytes);
	test_keep(test);
	KUNIT_ASSERT_EQ(test, test_lay(t, part), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	KUNIT_EXPECT_TRUE(test, talloc_span_contains(part, test_span(t)));
	KUNIT_EXPECT_GT(test, talloc_span_bytes(test_span(t)) + 2ull * unit,
			talloc_span_bytes(part));
	if (!t->payload.memory)
		return;
	low = test_span(t).start - test_addr(t->payload.memory);
	high = test_span(t).end - test_addr(t->payload.memory);
	KUNIT_EXPECT_EQ(test, memcmp(t->payload.memory, t->payload.was, low), 0);
	KUNIT_EXPECT_EQ(test, memcmp(t->payload.memory + high, t->payload.was + high,
				     t->payload.bytes - high), 0);
}

static void offset_is_right(struct kunit *test, u32 unit, u32 low, u32 high)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_config config = { .window = t->window, .unit = unit };
	u32 min_units = unit < 16 ? 2 : 1;
	u64 start, end;

	config.window.start += low;
	config.window.end = config.window.start + high;
	start = (config.window.start + 4 + unit - 1) & ~(u64)(unit - 1);
	end = config.window.end & ~(u64)(unit - 1);
	if (end < start + (u64)min_units * unit) {
		KUNIT_EXPECT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_INVALID);
		return;
	}
	KUNIT_ASSERT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_span(t).start, start - 4);
	KUNIT_ASSERT_EQ(test, test_span(t).end, end);
	KUNIT_ASSERT_PTR_EQ(test, test_alloc(&t->heap, end - start - 4),
			    test_pointer(start));
	KUNIT_ASSERT_TRUE(test, test_clean(test));
}

static void init_finds_the_units_at_every_offset(struct kunit *test)
{
	u32 unit, low, high;

	for (unit = 8; unit <= 64; unit *= 2)
		for (low = 0; low <= unit; low++)
			for (high = 0; high <= 4 * unit; high++)
				offset_is_right(test, unit, low, high);
}

static void expect_invalid(struct kunit *test, struct talloc_heap_config config)
{
	struct test_heap *t = test_heap_of(test);
	char *byte = test_pointer(t->window.start);

	KUNIT_EXPECT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_INVALID);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, 1));
	KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, 1, 4096));
	KUNIT_EXPECT_NE(test, test_free(&t->heap, byte + 8), TALLOC_OK);
	KUNIT_EXPECT_NE(test, test_free(&t->heap, NULL), TALLOC_OK);
	KUNIT_EXPECT_NE(test, talloc_heap_set_span(&t->heap, t->window, NULL), TALLOC_OK);
	KUNIT_EXPECT_FALSE(test, test_contains(&t->heap, byte + 8));
	KUNIT_EXPECT_EQ(test, test_largest(t), 0);
}

static void init_refuses_bad_units(struct kunit *test)
{
	static const u32 bad[] = {
		7, 9, 12, 24, 4 * MIB, 2 * MIB + 1, 0x80000000, U32_MAX,
	};
	struct talloc_heap_config config = test_config(test_heap_of(test));
	u32 i;

	for (config.unit = 1; config.unit < TALLOC_UNIT_MIN; config.unit *= 2)
		expect_invalid(test, config);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		config.unit = bad[i];
		expect_invalid(test, config);
		KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(config.window, bad[i]), 0);
		KUNIT_EXPECT_EQ(test, talloc_heap_map_bytes(config.window, bad[i]), 0);
	}
}

static void init_takes_unit_0_for_the_smallest(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_config config = test_config(t);

	config.unit = 0;
	KUNIT_ASSERT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, usable(t, test_alloc(&t->heap, 13)), 20);
	KUNIT_EXPECT_EQ(test, talloc_heap_map_bytes(config.window, 0),
			talloc_heap_map_bytes(config.window, 8));
	KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(config.window, 0),
			talloc_heap_table_bytes(config.window, 8));
}

static void init_refuses_bad_spans(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span window = t->window;
	const struct talloc_span bad[] = {
		{ window.end, window.start },
		{ window.start - 1, window.end },
		{ window.start, window.end + 1 },
		{ window.start - 64, window.start },
		{ window.end, window.end + 64 },
		{ 0, U64_MAX },
		{ U64_MAX - 64, U64_MAX },
		{ U64_MAX, 0 },
		{ window.start + 8, window.start + 12 },
		{ window.start, window.start + 16 },
		{ window.start + 5, window.start + 24 },
	};
	struct talloc_heap_config config = test_config(t);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		config.span = bad[i];
		expect_invalid(test, config);
	}
	config.span = (struct talloc_span){ window.start + 4, window.start + 24 };
	KUNIT_EXPECT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_OK);
}

static void init_refuses_bad_windows(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	const struct talloc_span bad[] = {
		{ t->window.end, t->window.start },
		{ 0, 0 },
		{ t->window.start, t->window.start },
		{ t->window.start, t->window.start + 3 },
		{ t->window.start, t->window.start + 16 },
		{ 0, 4096 },
		{ 0, U64_MAX },
		{ U64_MAX, U64_MAX },
		{ U64_MAX - 3, U64_MAX },
		{ U64_MAX - 64, U64_MAX - 60 },
	};
	struct talloc_heap_config config = { .unit = 8 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		config.window = bad[i];
		expect_invalid(test, config);
	}
}

static void init_refuses_a_window_wider_than_a_pointer(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_config config = { .unit = 2 * MIB, .window = t->window };

	config.window.end = 1ull << 33;
	config.span = t->window;
	if (BITS_PER_LONG == 32) {
		expect_invalid(test, config);
		config.window.start += 1ull << 32;
		config.span = config.window;
		expect_invalid(test, config);
	}
	config.window.start = 1;
	config.window.end = U64_MAX;
	config.unit = 8;
	expect_invalid(test, config);
}

/* A table that must not be written to: 2^29 slots would follow. */
static void init_refuses_2_to_29_units(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_config config = { .unit = 8, .table = t->blocks };

	config.window.start = 0x1000;
	config.window.end = config.window.start + ((u64)TALLOC_UNITS_LIMIT << 3);
	config.span.start = config.window.start;
	config.span.end = config.window.start + 4096;
	expect_invalid(test, config);
	config.table = NULL;
	expect_invalid(test, config);
	config.window.end = U64_MAX;
	config.table = t->blocks;
	expect_invalid(test, config);
}

static void table_and_map_bytes_fit_the_window(struct kunit *test)
{
	struct talloc_span window = { 0x1000, 0x1000 + 64 * 8 };
	const u32 word = sizeof(long);

	KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(window, 8), 65 * 16);
	KUNIT_EXPECT_EQ(test, talloc_heap_map_bytes(window, 8), (66 + 8 * word - 1) / (8 * word) *
			word);
	window.end -= 8 * 3 + 1;
	KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(window, 8), 61 * 16);
	KUNIT_EXPECT_EQ(test, talloc_heap_map_bytes(window, 8), 8);
	window.end = window.start;
	KUNIT_EXPECT_LE(test, talloc_heap_table_bytes(window, 8), 16);
	window.end--;
	KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(window, 8), 0);
	KUNIT_EXPECT_EQ(test, talloc_heap_map_bytes(window, 8), 0);
}

static void table_and_map_bytes_are_0_for_too_many_units(struct kunit *test)
{
	struct talloc_span window = { 0, 1ull << 63 };

	KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(window, 8), 0);
	KUNIT_EXPECT_EQ(test, talloc_heap_map_bytes(window, 8), 0);
	window.end = U64_MAX;
	KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(window, 8), 0);
	KUNIT_EXPECT_EQ(test, talloc_heap_map_bytes(window, 8), 0);
	window.end = (u64)TALLOC_UNITS_LIMIT << 3;
	KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(window, 8), 0);
	KUNIT_EXPECT_EQ(test, talloc_heap_map_bytes(window, 8), 0);
	window.end--;
	KUNIT_EXPECT_EQ(test, talloc_heap_table_bytes(window, 8), (u64)TALLOC_UNITS_LIMIT * 16);
}

/*
 * The window reaches as far below its memory as 2^29 - 1 units do; only the span
 * is touched. Indices are as large as they get.
 */
static void heap_works_with_the_largest_indices(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_config config = { .unit = 8, .window = t->window, .span = t->window };
	u64 most = (u64)(TALLOC_UNITS_LIMIT - 1) * 8;
	void *a, *b;

	config.window.end &= ~7ull;
	config.span.end = config.window.end;
	config.window.start = config.window.end > most ? config.window.end - most : 8;
	KUNIT_ASSERT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	a = test_alloc(&t->heap, 1000);
	b = test_alloc_aligned(&t->heap, 100, 256);
	KUNIT_ASSERT_TRUE(test, a && b);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	test_put(test, a);
	test_put(test, b);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

/* A live block beside the one before, which came from one end or the other. */
static void *alloc_fence(struct kunit *test, u32 units)
{
	return test_get(test, test_fence_units(test_heap_of(test), units));
}

#if TEST_HAS_SPARSE_MEMORY
/* Holes of each power of two, and one less and one more, must all be found. */
static void fill_with_powers(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 log, n, units, count = 0;

	for (log = 2; log < 27; log++)
		for (n = 0; n < 3; n++) {
			units = (1u << log) + n - 1;
			t->blocks[count++] = test_get(test, units);
			t->blocks[count++] = alloc_fence(test, units);
		}
	for (n = 0; n < count; n += 2)
		test_put(test, t->blocks[n]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	/* Of the two that share a bin, the larger one is the newer one. */
	for (n = count; n; n -= 2) {
		void *hole = t->blocks[n - 2];

		KUNIT_EXPECT_PTR_EQ(test, test_get(test, units_of(t, hole)), hole);
	}
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* As many units as there can be: sizes of every bin, the last one included. */
static void heap_works_with_the_largest_sizes(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_config config = { .unit = 8 };
	u64 bytes = (u64)TALLOC_UNITS_LIMIT * 8;
	u64 memory = test_sparse_get(bytes);
	void *block;

	KUNIT_ASSERT_TRUE(test, memory);
	config.window.start = memory + 4;
	config.window.end = memory + bytes;
	KUNIT_EXPECT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_units(t), TALLOC_UNITS_LIMIT - 1);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	block = test_alloc(&t->heap, bytes - 12);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, block), TALLOC_OK);
	fill_with_powers(test);
	test_sparse_put(memory, bytes);
}
#endif

/*
 * alloc
 */

static void alloc_one_size(struct kunit *test, u64 bytes)
{
	struct test_heap *t = test_heap_of(test);
	void *block = test_alloc(&t->heap, bytes);
	u64 room = 0, align = 0;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_ASSERT_EQ(test, test_lookup(&t->heap, block, &room, &align), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, room, test_request(t, units_for(t, bytes)));
	KUNIT_EXPECT_EQ(test, align, t->layout->unit);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	test_fill(t, block, room, 1);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	test_put(test, block);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

static void alloc_takes_each_size_and_gives_it_back(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units, most = test_units(t) < 140 ? test_units(t) : 140;
	u64 bytes;

	for (bytes = 1; bytes <= 40 && bytes <= test_largest(t); bytes++)
		alloc_one_size(test, bytes);
	for (units = t->min_units; units <= most; units++) {
		bytes = test_request(t, units);
		alloc_one_size(test, bytes - 1);
		alloc_one_size(test, bytes);
		if (units < most)
			alloc_one_size(test, bytes + 1);
	}
}

static void alloc_takes_the_largest_and_not_a_byte_more(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 largest = test_largest(t);
	void *block;

	KUNIT_EXPECT_EQ(test, largest, test_request(t, test_units(t)));
	test_keep(test);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, largest + 1));
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	block = test_alloc(&t->heap, largest);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_largest(t), 0);
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), 0);
	test_keep(test);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, 1));
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	test_put(test, block);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

static void alloc_refuses_what_is_impossible(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	const u64 sizes[] = {
		0, U64_MAX, U64_MAX - 1, U64_MAX - 3, U64_MAX - 4, U64_MAX - 7, 1ull << 63,
		(1ull << 63) - 1, 1ull << 32, (1ull << 32) - 1, (1ull << 50) + 1,
		test_largest(t) + 1, talloc_span_bytes(test_span(t)) + 1,
	};
	u32 i;

	test_keep(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, sizes[i]));
		KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, sizes[i], 1));
		KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, sizes[i], 1ull << 22));
	}
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static bool blocks_are_apart(struct test_heap *t, u32 count)
{
	struct talloc_span all = test_span(t), own;
	u64 last = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		own.start = test_addr(t->blocks[i]);
		own.end = own.start + usable(t, t->blocks[i]);
		if (!talloc_span_contains(all, own) || own.start & (t->layout->unit - 1) ||
		    own.start < last + t->tag || talloc_span_empty(own))
			return false;
		last = own.end;
	}
	return true;
}

static void alloc_fills_the_span_with_the_smallest(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 count = fill_heap(test);

	KUNIT_EXPECT_EQ(test, test_used_chunks(t), count);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_TRUE(test, blocks_are_apart(t, count));
}

static void shuffle_blocks(struct test_heap *t, u32 count, u32 seed)
{
	struct test_random random = { seed };
	void *block;
	u32 i, j;

	for (i = count; i > 1; i--) {
		j = test_random_below(&random, i);
		block = t->blocks[i - 1];
		t->blocks[i - 1] = t->blocks[j];
		t->blocks[j] = block;
	}
}

static void free_in_any_order_leaves_one_chunk(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, order, count;

	for (order = 0; order < 4; order++) {
		count = fill_heap(test);
		if (order > 1)
			shuffle_blocks(t, count, order);
		for (i = 0; i < count; i++) {
			test_put(test, t->blocks[order == 1 ? count - 1 - i : i]);
			if (!(i & 255))
				KUNIT_EXPECT_TRUE(test, test_clean(test));
		}
		KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	}
}

static void contents_outlive_the_neighbours(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count = fill_heap(test);

	for (i = 0; i < count; i++)
		test_fill(t, t->blocks[i], usable(t, t->blocks[i]), i);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	for (i = 1; i < count; i += 2)
		test_put(test, t->blocks[i]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	for (i = 1; i < count; i += 2) {
		void *block = test_alloc(&t->heap, 1);

		KUNIT_ASSERT_NOT_NULL(test, block);
		test_fill(t, block, usable(t, block), count + i);
	}
	for (i = 0; i < count; i += 2)
		KUNIT_EXPECT_TRUE(test, test_holds(t, t->blocks[i], usable(t, t->blocks[i]), i));
}

/*
 * Aligned requests
 */

static bool place_fits(const struct test_heap *t, u64 addr, u32 units)
{
	u64 end = test_span(t).end;

	return addr <= end && end - addr >= (u64)units * t->layout->unit;
}

/* How far into a heap without blocks one of this size starts: see "Ends". */
static u32 end_gap(const struct test_heap *t, u32 units)
{
	u32 gap = test_units(t) - units;

	return test_from_high_end(t, units) && gap >= t->min_units ? gap : 0;
}

/* The lowest place for an aligned block in a span that is all free, or 0. */
static u64 aligned_place(const struct test_heap *t, u32 units, u64 align)
{
	u64 first = test_span(t).start + t->tag, addr;

	if (align <= t->layout->unit)
		return first + (u64)end_gap(t, units) * t->layout->unit;
	if (!(first & (align - 1)))
		return place_fits(t, first, units) ? first : 0;
	addr = first + t->min_units * t->layout->unit;
	if (!talloc_align_up(addr, align, &addr))
		return 0;
	return place_fits(t, addr, units) ? addr : 0;
}

static void align_one(struct kunit *test, u32 units, u64 align)
{
	struct test_heap *t = test_heap_of(test);
	u64 place = aligned_place(t, units, align), room, kept = 0;
	void *block;

	block = test_alloc_aligned(&t->heap, test_request(t, units), align);
	KUNIT_ASSERT_EQ(test, test_addr(block), place);
	if (!place)
		return;
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, &room, &kept), TALLOC_OK);
	KUNIT_EXPECT_GE(test, room, test_request(t, units));
	KUNIT_EXPECT_GE(test, kept, align < t->layout->unit ? t->layout->unit : align);
	KUNIT_EXPECT_EQ(test, test_addr(block) & (kept - 1), 0);
	test_put(test, block);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

static void aligned_blocks_are_aligned_to_every_power(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 log;

	for (log = 0; log < 64; log++) {
		align_one(test, t->min_units, 1ull << log);
		align_one(test, t->min_units + 1, 1ull << log);
		align_one(test, test_units(t) / 2, 1ull << log);
		align_one(test, test_units(t), 1ull << log);
	}
}

static void aligned_request_that_cannot_fit_changes_nothing(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = t->layout->unit, end = test_span(t).end;
	u64 first = test_span(t).start + t->tag;

	test_keep(test);
	for (; align; align <<= 1) {
		KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, test_largest(t) + 1,
							   align));
		if (first & (align - 1))
			KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap,
								   test_largest(t), align));
		if (align > end)
			KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, 1, align));
	}
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void align_must_be_a_power_of_two(struct kunit *test)
{
	static const u64 bad[] = {
		0, 3, 5, 6, 7, 12, 24, 4097, (1ull << 63) + 1, 3ull << 62, U64_MAX,
	};
	struct test_heap *t = test_heap_of(test);
	u32 i;

	test_keep(test);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, 1, bad[i]));
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

/* From each place to start at, so that the gap takes each size, runts included. */
static void aligned_request_leaves_no_runt_before_it(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 4ull * t->layout->unit, first;
	void *before, *block;
	u32 units;

	for (units = t->min_units; units < t->min_units + 9; units++) {
		before = test_get(test, units);
		block = test_alloc_aligned(&t->heap, 1, align);
		KUNIT_ASSERT_NOT_NULL(test, block);
		first = test_addr(before) + (u64)units * t->layout->unit;
		KUNIT_EXPECT_EQ(test, test_addr(block) & (align - 1), 0);
		KUNIT_EXPECT_LT(test, test_addr(block) - first,
				align + t->min_units * t->layout->unit);
		KUNIT_EXPECT_TRUE(test, test_clean(test));
		test_put(test, before);
		KUNIT_EXPECT_TRUE(test, test_clean(test));
		test_put(test, block);
		KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	}
}

/* A hole that fits but is off the grid must not hide one that is large enough. */
static void aligned_request_goes_past_a_hole_off_the_grid(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 unit = t->layout->unit;
	u64 align = 16ull * unit;
	void *lead, *hole, *fence, *block;

	lead = test_alloc_aligned(&t->heap, test_request(t, 3), align);
	KUNIT_ASSERT_NOT_NULL(test, lead);
	hole = test_get(test, 4);
	while (test_addr(hole) < test_addr(lead))
		hole = test_get(test, 4);
	fence = test_get(test, 2);
	test_put(test, hole);
	block = test_alloc_aligned(&t->heap, test_request(t, 4), align);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, test_addr(block) & (align - 1), 0);
	KUNIT_EXPECT_GT(test, test_addr(block), test_addr(fence));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void expect_aligned(struct kunit *test, u32 units, u64 align, void *expected)
{
	struct test_heap *t = test_heap_of(test);

	KUNIT_EXPECT_PTR_EQ(test, test_alloc_aligned(&t->heap, test_request(t, units), align),
			    expected);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Nothing is so large that it has a place in any case, but for what is off the grid others do. */
static void aligned_request_looks_at_others_before_it_fails(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 16ull * t->layout->unit;
	void *lead, *block[12];
	u32 i;

	lead = test_alloc_aligned(&t->heap, test_request(t, 4), align);
	KUNIT_ASSERT_NOT_NULL(test, lead);
	do
		block[0] = test_get(test, 4);
	while (test_addr(block[0]) < test_addr(lead));
	for (i = 1; i < ARRAY_SIZE(block); i++)
		block[i] = test_get(test, 4);
	KUNIT_ASSERT_EQ(test, test_addr(block[11]), test_addr(lead) + 3 * align);
	KUNIT_ASSERT_NOT_NULL(test, test_alloc(&t->heap, test_largest(t)));
	test_put(test, block[3]);
	test_put(test, block[5]);
	/* In the same bin, */
	expect_aligned(test, 4, align, block[3]);
	expect_aligned(test, 4, align, NULL);
	/* and in one of a larger size. */
	test_put(test, block[6]);
	test_put(test, block[7]);
	test_put(test, block[1]);
	expect_aligned(test, 5, align, NULL);
	expect_aligned(test, 4, align, block[7]);
	expect_aligned(test, 4, align, NULL);
}

/* So many holes of 20 units and more, each one unit larger, that all stand off the grid. */
static void make_holes_off_the_grid(struct kunit *test, u64 addr, u64 align, u32 count,
				    void **holes)
{
	u64 unit = test_heap_of(test)->layout->unit;
	u32 i;

	for (i = 0; i < count; i++)
		holes[i] = test_place(test, addr + i * align + 8 * unit, 20 + i);
}

/* It looks at 16 chunks, and at no more. */
static void aligned_request_looks_at_so_many(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 64ull * t->layout->unit;
	u64 addr = (test_span(t).start | (align - 1)) + 1;
	void *holes[16], *well;
	u32 i;

	make_holes_off_the_grid(test, addr, align, 16, holes);
	well = test_place(test, addr + 16 * align, 40);
	test_take_the_rest(t);
	for (i = 0; i < 16; i++)
		test_put(test, holes[i]);
	test_put(test, well);
	expect_aligned(test, 20, align, NULL);
	KUNIT_ASSERT_PTR_EQ(test, test_get(test, 25), holes[5]);
	expect_aligned(test, 20, align, well);
}

/* What has a place wherever it stands comes before them, though it is no head. */
static void aligned_request_takes_what_always_has_a_place(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, align = 128 * unit;
	u64 addr = (test_span(t).start | (align - 1)) + 1;
	void *holes[16], *second, *head;
	u32 i;

	make_holes_off_the_grid(test, addr, align, 16, holes);
	second = test_place(test, addr + 16 * align + unit, 150);
	head = test_place(test, addr + 18 * align + unit, 146);
	test_take_the_rest(t);
	for (i = 0; i < 16; i++)
		test_put(test, holes[i]);
	test_put(test, second);
	test_put(test, head);
	expect_aligned(test, 20, align, test_pointer(addr + 17 * align));
	expect_aligned(test, 20, align, NULL);
}

/* The chunk that a plain request would get comes before all. */
static void aligned_request_takes_what_fits_if_it_stands_well(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 64ull * t->layout->unit;
	u64 addr = (test_span(t).start | (align - 1)) + 1 + align;
	void *well = test_place(test, addr, 20);

	test_place(test, addr - 4 * t->layout->unit, 4);
	test_place(test, addr + 20 * t->layout->unit, 4);
	test_put(test, well);
	expect_aligned(test, 20, align, well);
}

/*
 * Bins
 */

/* Blocks of these sizes, each with a live block beside it, and all of them freed. */
static void make_holes(struct kunit *test, const u32 *sizes, u32 count, void **holes)
{
	u32 i;

	for (i = 0; i < count; i++) {
		holes[i] = test_get(test, sizes[i]);
		alloc_fence(test, sizes[i]);
	}
	for (i = 0; i < count; i++)
		test_put(test, holes[i]);
}

static void alloc_takes_the_tightest_hole(struct kunit *test)
{
	static const u32 sizes[] = { 9, 12, 5, 7, 6, 40, 62, 63, 64 };
	void *holes[ARRAY_SIZE(sizes)];
	u32 i;

	make_holes(test, sizes, ARRAY_SIZE(sizes), holes);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_PTR_EQ(test, test_get(test, sizes[i]), holes[i]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void alloc_takes_the_next_larger_hole(struct kunit *test)
{
	static const u32 sizes[] = { 9, 12, 5, 7, 40, 90 };
	void *holes[ARRAY_SIZE(sizes)];

	make_holes(test, sizes, ARRAY_SIZE(sizes), holes);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 8), holes[0]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 10), holes[1]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 31), holes[4]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 32), holes[5]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void alloc_takes_the_newest_of_equal_holes(struct kunit *test)
{
	static const u32 sizes[] = { 5, 5, 5 };
	void *holes[ARRAY_SIZE(sizes)];

	make_holes(test, sizes, ARRAY_SIZE(sizes), holes);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 5), holes[2]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 5), holes[1]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 5), holes[0]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Memory for so many units of 8 bytes, more than a heap under test has. */
static void *many_units(struct kunit *test, u32 units)
{
	void *memory = kunit_kzalloc(test, 8 * (u64)(units + 1), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

/* A heap of so many units over it, in a window that has as many or more. */
static void lay_many(struct kunit *test, void *memory, u32 window, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_config config = { .unit = 8 };

	config.window.start = test_addr(memory);
	config.window.end = config.window.start + 8 * (u64)(window + 1);
	config.span.start = config.window.start;
	config.span.end = config.window.start + 8 * (u64)(units + 1);
	KUNIT_ASSERT_EQ(test, talloc_heap_init(&t->heap, &config), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_units(t), units);
}

/* Above a 2048th of the window, and 64 units, every second doubling is cut from the high end. */
static void large_sizes_come_from_both_ends(struct kunit *test)
{
	static const struct {
		u32 window;
		u32 units;
		bool high;
	} known[] = {
		{ 70000, 32, false }, { 70000, 63, false }, { 70000, 64, false },
		{ 70000, 127, false }, { 70000, 128, true }, { 70000, 255, true },
		{ 70000, 256, false }, { 70000, 32767, false }, { 70000, 32768, true },
		{ 70000, 65535, true }, { 70000, 65536, false },
		{ 130 * 2048 - 1, 129, false }, { 130 * 2048 - 1, 130, true },
		{ 130 * 2048, 130, false }, { 130 * 2048, 131, true },
		{ 3000 * 2048, 255, false }, { 3000 * 2048, 2048, false },
		{ 3000 * 2048, 3000, false }, { 3000 * 2048, 3001, true },
	};
	const u32 heap = 67000;
	struct test_heap *t = test_heap_of(test);
	void *memory = many_units(test, heap), *block;
	u32 i, gap;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		lay_many(test, memory, known[i].window, heap);
		block = test_get(test, known[i].units);
		gap = known[i].high ? heap - known[i].units : 0;
		KUNIT_EXPECT_EQ(test, test_index(t, block), 1 + gap);
		KUNIT_EXPECT_TRUE(test, test_clean(test));
		test_put(test, block);
		KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	}
}

/* The same where tags are detached, but from 32 units on. */
static void large_ranges_come_from_both_ends(struct kunit *test)
{
	static const struct {
		u32 heap;
		u32 units;
		bool high;
	} known[] = {
		{ 40 * 2048 - 1, 39, false }, { 40 * 2048 - 1, 40, true },
		{ 40 * 2048, 40, false }, { 40 * 2048, 41, true },
		{ 1000, 31, false }, { 1000, 32, false }, { 1000, 33, true }, { 1000, 63, true },
		{ 1000, 64, false }, { 1000, 127, false }, { 1000, 128, true },
	};
	struct talloc_heap *heap = &test_heap_of(test)->heap;
	struct talloc_heap_config config = { .unit = 1 };
	u64 addr;
	u32 i;

	config.table = kunit_kzalloc(test, (40 * 2048 + 1) * TALLOC_SLOT_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, config.table);
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		config.window.end = known[i].heap;
		KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
		KUNIT_ASSERT_EQ(test, talloc_heap_alloc(heap, known[i].units, &addr), TALLOC_OK);
		KUNIT_EXPECT_EQ(test, addr, known[i].high ? known[i].heap - known[i].units : 0);
	}
	KUNIT_EXPECT_EQ(test, test_lay(test_heap_of(test), (struct talloc_span){ 0, 0 }),
			TALLOC_OK);
}

/* In the bin after the block's own, and in others that are farther. */
static void both_ends_of_any_hole_are_used(struct kunit *test)
{
	static const u32 holes[] = { 138, 144, 300, 2000 };
	struct test_heap *t = test_heap_of(test);
	void *hole, *block;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
		hole = test_get(test, holes[i]);
		alloc_fence(test, holes[i]);
		test_put(test, hole);
		block = test_get(test, 128);
		KUNIT_EXPECT_EQ(test, test_index(t, block), test_index(t, hole) + holes[i] - 128);
		KUNIT_EXPECT_TRUE(test, test_clean(test));
	}
}

/* What is less than a 16th of the block and two units, or than 4 KiB and two, stays with it. */
static void small_rests_stay_with_the_block(struct kunit *test)
{
	static const struct {
		u32 units;
		u32 least;
		bool high;
	} known[] = {
		{ 2, 2, false }, { 15, 2, false }, { 16, 3, false }, { 31, 3, false },
		{ 32, 4, false }, { 63, 5, false }, { 64, 6, false }, { 127, 9, false },
		{ 128, 10, true }, { 256, 18, false }, { 8191, 513, false },
		{ 8192, 514, true }, { 16384, 514, false }, { 40000, 514, true },
	};
	struct test_heap *t = test_heap_of(test);
	void *memory = many_units(test, 40514), *block;
	u32 i, units, least;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		units = known[i].units;
		least = known[i].least;
		lay_many(test, memory, 40514, units + least - 1);
		block = test_get(test, units);
		KUNIT_EXPECT_EQ(test, units_of(t, block), units + least - 1);
		KUNIT_EXPECT_EQ(test, usable(t, block), test_request(t, units + least - 1));
		KUNIT_EXPECT_EQ(test, test_free_chunks(t), 0);
		KUNIT_EXPECT_TRUE(test, test_clean(test));
		lay_many(test, memory, 40514, units + least);
		block = test_get(test, units);
		KUNIT_EXPECT_EQ(test, units_of(t, block), units);
		KUNIT_EXPECT_EQ(test, test_index(t, block), known[i].high ? 1 + least : 1);
		KUNIT_EXPECT_EQ(test, test_free_chunks(t), 1);
		KUNIT_EXPECT_TRUE(test, test_clean(test));
	}
}

/* A block of 64 units keeps a rest of less than 6, but gets none by shrinking. */
static void a_block_that_shrinks_never_grows(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 hole, units;
	void *block, *gone;

	for (hole = 2; hole < 9; hole++)
		for (units = 1; units < 9; units++) {
			block = test_get(test, 64);
			gone = test_get(test, hole);
			alloc_fence(test, hole);
			test_put(test, gone);
			KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block,
								   test_request(t, 64 - units)),
					TALLOC_OK);
			KUNIT_EXPECT_LE(test, units_of(t, block), 64);
			KUNIT_EXPECT_TRUE(test, test_clean(test));
			KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }),
					TALLOC_OK);
		}
}

/* With any layout, into a hole as well as into what is free at the end. */
static void block_takes_as_much_as_its_layout_says(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units, rest, least;
	void *hole, *block;

	for (units = t->min_units; units < 70; units += 11) {
		least = test_rest_least(t, units);
		for (rest = 0; rest <= least; rest++) {
			if (test_units(t) < units + rest + 2 * least + t->min_units)
				return;
			hole = test_get(test, units + rest);
			alloc_fence(test, units + rest);
			test_put(test, hole);
			block = test_get(test, units);
			KUNIT_EXPECT_LE(test, test_index(t, block) - test_index(t, hole), rest);
			KUNIT_EXPECT_EQ(test, units_of(t, block),
					rest < least ? units + rest : units);
			KUNIT_ASSERT_TRUE(test, test_clean(test));
			KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
		}
	}
}

/*
 * Sizes 256 and 257 share a bin. Where its head is too small, a request takes what is larger than
 * any of them; and the 257 that is not the head, where nothing else is left, or tags are detached.
 */
static void alloc_looks_past_smaller_ones_of_its_bin(struct kunit *test)
{
	static const u32 sizes[] = { 257, 256 };
	struct test_heap *t = test_heap_of(test);
	void *holes[ARRAY_SIZE(sizes)], *block;

	make_holes(test, sizes, ARRAY_SIZE(sizes), holes);
	block = test_get(test, 257);
	if (t->layout->detached)
		KUNIT_EXPECT_PTR_EQ(test, block, holes[0]);
	else
		KUNIT_EXPECT_GT(test, test_addr(block), test_addr(holes[1]));
	test_put(test, block);
	KUNIT_ASSERT_NOT_NULL(test, test_alloc(&t->heap, test_largest(t)));
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 257), holes[0]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 256), holes[1]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Three side by side are freed in this order, and merge; all of it then is found as one. */
static void expect_merged_found(struct kunit *test, const u32 *sizes, const u32 *order)
{
	struct test_heap *t = test_heap_of(test);
	void *block[3];
	u32 n;

	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	for (n = 0; n < 3; n++)
		block[n] = test_get(test, sizes[n]);
	alloc_fence(test, sizes[2]);
	for (n = 0; n < 3; n++)
		test_put(test, block[order[n]]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, sizes[0] + sizes[1] + sizes[2]), block[0]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* By whatever way a chunk became the head of its bin, or the head got another size. */
static void head_is_taken_where_it_is_large_enough(struct kunit *test)
{
	static const u32 same_bin[] = { 300, 290 };
	static const u32 left[] = { 290, 3, 3 }, right[] = { 3, 3, 290 };
	struct test_heap *t = test_heap_of(test);
	void *holes[2];

	make_holes(test, same_bin, 2, holes);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 289), holes[1]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 299), holes[0]);
	expect_merged_found(test, left, (const u32[]){ 0, 1, 2 });
	expect_merged_found(test, left, (const u32[]){ 0, 2, 1 });
	expect_merged_found(test, right, (const u32[]){ 2, 1, 0 });
	expect_merged_found(test, right, (const u32[]){ 2, 0, 1 });
	/* What is left of a head is as large as it is, in its bin or in another. */
	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	holes[0] = test_get(test, 1000);
	KUNIT_ASSERT_NOT_NULL(test, test_alloc(&t->heap, test_largest(t)));
	test_put(test, holes[0]);
	KUNIT_EXPECT_PTR_EQ(test, test_get(test, 5), holes[0]);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, test_request(t, 996)));
	test_get(test, 50);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, test_request(t, 946)));
	test_get(test, 945);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* One that is not the head may grow, and the head's size is what it was. */
static void what_is_behind_a_head_may_grow(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *behind, *head, *beside[2];
	u32 n;

	for (n = 0; n < 2; n++) {
		KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
		beside[0] = test_get(test, 3);
		behind = test_get(test, 290);
		beside[1] = test_get(test, 3);
		alloc_fence(test, 3);
		head = test_get(test, 300);
		alloc_fence(test, 300);
		test_put(test, behind);
		test_put(test, head);
		test_put(test, beside[n]);
		KUNIT_EXPECT_PTR_EQ(test, test_get(test, 300), head);
		KUNIT_EXPECT_PTR_EQ(test, test_get(test, 293), n ? behind : beside[0]);
	}
}

/* The largest is said to be what a request finds, however long its bin. */
static void alloc_finds_the_largest_that_stats_tell(struct kunit *test)
{
	static const u32 sizes[] = { 258, 256, 256, 256, 256, 257, 256 };
	struct test_heap *t = test_heap_of(test);
	void *holes[ARRAY_SIZE(sizes)];

	make_holes(test, sizes, ARRAY_SIZE(sizes), holes);
	test_get(test, test_units(t) - test_index(t, holes[6]) - 256 - 2 + 1);
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), ARRAY_SIZE(sizes));
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, test_largest(t) + 1));
	KUNIT_EXPECT_EQ(test, test_largest(t), test_request(t, 257));
	KUNIT_EXPECT_PTR_EQ(test, test_alloc(&t->heap, test_largest(t)), holes[5]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* A hole of each size in turn: every bin is found again. */
static void holes_of_every_size_are_found(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units, most = test_units(t) - 2 * t->min_units;
	void *hole;

	for (units = t->min_units; units < most; units += units < 200 ? 1 : units / 16) {
		if (test_units(t) - units < test_rest_least(t, units))
			break;
		hole = test_get(test, units);
		test_get(test, test_units(t) - units);
		test_put(test, hole);
		KUNIT_ASSERT_EQ(test, test_largest(t), test_request(t, units));
		KUNIT_ASSERT_NULL(test, test_alloc(&t->heap, test_request(t, units) + 1));
		KUNIT_ASSERT_PTR_EQ(test, test_get(test, units), hole);
		KUNIT_ASSERT_TRUE(test, test_clean(test));
		KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	}
}

/*
 * free
 */

/* Three blocks side by side, with a used one on either side of them. */
static void three_blocks(struct kunit *test, void **blocks)
{
	struct test_heap *t = test_heap_of(test);
	u32 i;

	test_lay_units(test, 5 * t->min_units);
	for (i = 0; i < 5; i++)
		blocks[i] = test_get(test, t->min_units);
	KUNIT_ASSERT_EQ(test, test_free_chunks(t), 0);
}

/* Free the middle one of three, with its neighbours free or not by @which. */
static void merge_case(struct kunit *test, u32 which, u32 free_chunks, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	void *blocks[5];

	three_blocks(test, blocks);
	if (which & 1)
		test_put(test, blocks[1]);
	if (which & 2)
		test_put(test, blocks[3]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	test_put(test, blocks[2]);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), free_chunks);
	KUNIT_EXPECT_EQ(test, test_largest(t), test_request(t, units));
	KUNIT_EXPECT_NOT_NULL(test, test_alloc(&t->heap, test_request(t, units)));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void free_merges_with_each_neighbour(struct kunit *test)
{
	u32 min = test_heap_of(test)->min_units;

	merge_case(test, 0, 1, min);
	merge_case(test, 1, 1, 2 * min);
	merge_case(test, 2, 1, 2 * min);
	merge_case(test, 3, 1, 3 * min);
}

/*
 * resize
 */

/**
 * struct trio - a block between two holes, fenced off by live blocks
 * @left: units of the hole to its left, or 0 for a live block
 * @own: units of the block
 * @right: units of the hole to its right, or 0 for a live block
 * @block: the block
 * @start: where the left hole starts
 */
struct trio {
	u32 left;
	u32 own;
	u32 right;
	void *block;
	void *start;
};

static void *maybe_block(struct kunit *test, u32 units)
{
	return units ? test_get(test, units) : NULL;
}

/* Nothing but the holes is free. */
static void lay_trio(struct kunit *test, struct trio *trio)
{
	struct test_heap *t = test_heap_of(test);
	u32 min = t->min_units;
	void *left, *right;

	test_lay_units(test, 2 * min + trio->left + trio->own + trio->right);
	test_get(test, min);
	left = maybe_block(test, trio->left);
	trio->block = test_get(test, trio->own);
	trio->start = left ? left : trio->block;
	right = maybe_block(test, trio->right);
	test_get(test, min);
	KUNIT_ASSERT_EQ(test, test_free_chunks(t), 0);
	if (left)
		test_put(test, left);
	if (right)
		test_put(test, right);
	test_fill(t, trio->block, test_request(t, trio->own), 77);
}

static void resize_trio(struct kunit *test, struct trio *trio, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	u32 room = trio->own + trio->right;
	u32 expected = room - units < test_rest_least(t, units) ? room : units;
	u32 kept = trio->own < units ? trio->own : units;

	lay_trio(test, trio);
	if (units > room) {
		test_keep(test);
		KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, trio->block,
							   test_request(t, units)),
				TALLOC_FULL);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
		return;
	}
	if (units == trio->own)
		test_keep(test);
	KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, trio->block,
						   test_request(t, units)), TALLOC_OK);
	if (units == trio->own)
		KUNIT_EXPECT_TRUE(test, test_kept(test));
	KUNIT_EXPECT_EQ(test, units_of(t, trio->block), expected);
	KUNIT_EXPECT_EQ(test, usable(t, trio->block), test_request(t, expected));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), (trio->left > 0) + (room > expected));
	KUNIT_EXPECT_TRUE(test, test_holds(t, trio->block, test_request(t, kept), 77));
	test_put(test, trio->block);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_largest(t), test_request(t, trio->left + room));
}

/* Calls @run for holes and blocks of each small size, and each new size. */
static void each_trio(struct kunit *test,
		      void (*run)(struct kunit *test, struct trio *trio, u32 units))
{
	u32 min = test_heap_of(test)->min_units, most = test_units(test_heap_of(test));
	struct trio trio;
	u32 units;

	for (trio.left = 0; trio.left <= min + 1; trio.left += trio.left ? 1 : min)
		for (trio.own = min; trio.own <= min + 3; trio.own++)
			for (trio.right = 0; trio.right <= min + 2;
			     trio.right += trio.right ? 1 : min)
				for (units = min;
				     units <= trio.left + trio.own + trio.right + 1; units++)
					if (2 * min + trio.left + trio.own + trio.right <= most)
						run(test, &trio, units);
}

static void resize_in_place_meets_every_neighbour(struct kunit *test)
{
	each_trio(test, resize_trio);
}

static void resize_refuses_0_and_what_cannot_fit(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = test_get(test, t->min_units), *moved = &moved;
	static const u64 huge[] = { U64_MAX, U64_MAX - 3, 1ull << 63, 1ull << 40 };
	u32 i;

	test_keep(test);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, 0), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, 0, &moved), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, 0, &moved), TALLOC_INVALID);
	for (i = 0; i < ARRAY_SIZE(huge); i++) {
		KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, huge[i]),
				TALLOC_FULL);
		KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, huge[i], &moved),
				TALLOC_FULL);
		KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, huge[i], &moved),
				TALLOC_FULL);
	}
	KUNIT_EXPECT_PTR_EQ(test, moved, &moved);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void slide_trio(struct kunit *test, struct trio *trio, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	u32 room = trio->left + trio->own + trio->right;
	void *moved = NULL;
	enum talloc_status status;

	if (!trio->left && units != trio->own)
		return;
	lay_trio(test, trio);
	if (!trio->left || units > room)
		test_keep(test);
	status = test_slide(&t->heap, trio->block, test_request(t, units), &moved);
	if (!trio->left || units > room) {
		KUNIT_EXPECT_EQ(test, status, TALLOC_FULL);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
		return;
	}
	KUNIT_ASSERT_EQ(test, status, TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, moved, trio->start);
	KUNIT_EXPECT_EQ(test, usable(t, moved), test_request(t, room));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_free_chunks(t), 0);
	KUNIT_EXPECT_TRUE(test, test_holds(t, trio->block, test_request(t, trio->own), 77));
	KUNIT_EXPECT_NE(test, test_free(&t->heap, trio->block), TALLOC_OK);
	test_put(test, moved);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void slide_takes_in_both_holes(struct kunit *test)
{
	each_trio(test, slide_trio);
}

static void slide_refuses_an_aligned_block(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 2ull * t->layout->unit;
	void *hole, *block, *moved = NULL;

	hole = test_alloc_aligned(&t->heap, test_request(t, 2), align);
	KUNIT_ASSERT_NOT_NULL(test, hole);
	block = test_alloc_aligned(&t->heap, 1, align);
	KUNIT_ASSERT_PTR_EQ(test, block, test_pointer(test_addr(hole) + align));
	test_put(test, hole);
	test_keep(test);
	KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, 1, &moved), TALLOC_FULL);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	KUNIT_EXPECT_NULL(test, moved);
}

static void expect_resized(struct kunit *test, struct trio *trio, u32 units, void *moved)
{
	struct test_heap *t = test_heap_of(test);
	u32 kept = trio->own < units ? trio->own : units;

	KUNIT_EXPECT_PTR_EQ(test, moved, units > trio->own + trio->right ? trio->start :
			    trio->block);
	KUNIT_EXPECT_GE(test, usable(t, moved), test_request(t, units));
	KUNIT_EXPECT_LE(test, units_of(t, moved), units + t->min_units - 1);
	KUNIT_EXPECT_TRUE(test, test_holds(t, moved, test_request(t, kept), 77));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_used_chunks(t), 3);
}

/* In a trio there is no room elsewhere: it is done in place, by sliding, or not. */
static void resize_or_slide_trio(struct kunit *test, struct trio *trio, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	u32 room = trio->own + trio->right;
	enum talloc_status status;
	void *moved = NULL;

	if (trio->left && !t->layout->detached)
		room += trio->left;
	lay_trio(test, trio);
	if (units > room)
		test_keep(test);
	status = talloc_heap_resize(&t->heap, trio->block, test_request(t, units), &moved);
	if (units <= room) {
		KUNIT_ASSERT_EQ(test, status, TALLOC_OK);
		expect_resized(test, trio, units, moved);
		return;
	}
	KUNIT_EXPECT_EQ(test, status, TALLOC_FULL);
	KUNIT_EXPECT_NULL(test, moved);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void resize_slides_where_there_is_no_other_room(struct kunit *test)
{
	each_trio(test, resize_or_slide_trio);
}

static void resize_moves_with_the_contents(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units = t->min_units;
	void *block, *fence, *moved = NULL;
	u64 room;

	block = test_get(test, units);
	fence = test_get(test, units);
	room = usable(t, block);
	test_fill(t, block, room, 5);
	if (t->layout->detached) {
		test_keep(test);
		KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, room + 1, &moved),
				TALLOC_FULL);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
		return;
	}
	KUNIT_ASSERT_EQ(test, talloc_heap_resize(&t->heap, block, room + 1, &moved), TALLOC_OK);
	KUNIT_EXPECT_GT(test, test_addr(moved), test_addr(fence));
	KUNIT_EXPECT_TRUE(test, test_holds(t, moved, room, 5));
	KUNIT_EXPECT_GE(test, usable(t, moved), room + 1);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_used_chunks(t), 2);
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, block), TALLOC_NOT_LIVE);
	KUNIT_EXPECT_PTR_EQ(test, test_alloc(&t->heap, room), block);
}

static void resize_keeps_the_alignment(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 4ull * t->layout->unit, kept = 0, units;
	void *block, *moved = NULL;

	for (units = 1; units < 7; units++) {
		block = test_alloc_aligned(&t->heap, test_request(t, 2), align);
		KUNIT_ASSERT_NOT_NULL(test, block);
		test_get(test, units + 1);
		KUNIT_ASSERT_EQ(test, test_lookup(&t->heap, block, NULL, &kept),
				TALLOC_OK);
		KUNIT_EXPECT_EQ(test, kept, align);
		KUNIT_ASSERT_EQ(test,
				talloc_heap_resize(&t->heap, block, test_request(t, units + 5),
						   &moved), TALLOC_OK);
		KUNIT_EXPECT_EQ(test, test_addr(moved) & (kept - 1), 0);
		KUNIT_EXPECT_TRUE(test, test_clean(test));
		KUNIT_ASSERT_EQ(test, test_lookup(&t->heap, moved, NULL, &kept),
				TALLOC_OK);
		KUNIT_EXPECT_GE(test, kept, align);
	}
}

/* Shrinking and growing in place must not lose the mark that a block is aligned. */
static void resize_in_place_keeps_the_aligned_mark(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 align = 2ull * t->layout->unit, kept = 0;
	void *block = test_alloc_aligned(&t->heap, test_request(t, 3), align);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, block, 1), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, NULL, &kept), TALLOC_OK);
	KUNIT_EXPECT_GE(test, kept, align);
	KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, block, test_request(t, 4)),
			TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, NULL, &kept), TALLOC_OK);
	KUNIT_EXPECT_GE(test, kept, align);
	test_put(test, block);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, test_alloc(&t->heap, 1), NULL,
					  &kept), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, kept, t->layout->unit);
}

/*
 * set_span
 */

/* No span in these cases is larger, in units. */
#define SPAN_UNITS	7u

/**
 * struct move - a change of span, in units from the first of the window
 * @first: of the old span
 * @end: of the old span
 * @new_first: of the new span
 * @new_end: of the new span
 * @blocks: 0 for none, 1 for one at the low end, 2 at the high end, 3 at both, 4
 *	for one in the middle
 * @low: start of the lowest block
 * @high: end of the highest
 * @count: how many blocks there are, in t->blocks
 */
struct move {
	u32 first;
	u32 end;
	u32 new_first;
	u32 new_end;
	u32 blocks;
	u32 low;
	u32 high;
	u32 count;
};

static struct talloc_span units_span(const struct test_heap *t, u64 origin, u32 first, u32 end)
{
	u64 unit = t->layout->unit;

	return (struct talloc_span){ origin + first * unit, origin + t->tag + end * unit };
}

static u32 place_of(const struct test_heap *t, u64 origin, const void *block)
{
	return (test_addr(block) - t->tag - origin) >> t->heap.layout.unit_shift;
}

static void keep_block(struct test_heap *t, struct move *move, u64 origin, void *block)
{
	u32 place = place_of(t, origin, block);

	move->low = place < move->low ? place : move->low;
	move->high = place + units_of(t, block);
	t->blocks[move->count++] = block;
}

static bool block_wanted(u32 blocks, u32 i, u32 count)
{
	return (blocks & 1 && !i) || (blocks & 2 && i == count - 1) || (blocks == 4 && i == 1);
}

/* Blocks of the smallest size, where @move says; false where there is no room. */
static bool move_blocks(struct kunit *test, struct move *move, u64 origin)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count = fill_heap(test);
	void *block;

	if (move->blocks == 4 && count < 3)
		return false;
	move->low = move->end;
	move->high = move->first;
	move->count = 0;
	for (i = 0; i < count; i++) {
		block = t->blocks[i];
		if (block_wanted(move->blocks, i, count))
			keep_block(t, move, origin, block);
		else
			test_put(test, block);
	}
	return true;
}

/* Where the low end comes to stand, by the documentation. */
static u32 expected_first(const struct test_heap *t, const struct move *move)
{
	if (move->new_first < move->first)
		return move->low == move->first && move->first - move->new_first < t->min_units ?
		       move->first : move->new_first;
	if (move->new_first != move->low && move->low - move->new_first < t->min_units)
		return move->low - t->min_units;
	return move->new_first;
}

static u32 expected_end(const struct test_heap *t, const struct move *move)
{
	if (move->new_end > move->end)
		return move->high == move->end && move->new_end - move->end < t->min_units ?
		       move->end : move->new_end;
	if (move->new_end != move->high && move->new_end - move->high < t->min_units)
		return move->high + t->min_units;
	return move->new_end;
}

static enum talloc_status expected_status(const struct test_heap *t, const struct move *move)
{
	if (move->new_end < move->new_first + t->min_units)
		return TALLOC_INVALID;
	if (move->blocks && (move->new_first > move->low || move->new_end < move->high))
		return TALLOC_BUSY;
	return TALLOC_OK;
}

static void expect_in_the_way(struct kunit *test, const struct move *move, u64 origin,
			      const struct talloc_chunk *chunk)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	u64 low = origin + t->tag + move->low * unit;
	u64 high = test_addr(t->blocks[move->count - 1]);

	if (!test_certain(t)) {
		KUNIT_EXPECT_EQ(test, chunk->state, TALLOC_CHUNK_UNKNOWN);
		return;
	}
	KUNIT_EXPECT_EQ(test, chunk->state, TALLOC_CHUNK_USED);
	if (move->new_first > move->low)
		KUNIT_EXPECT_EQ(test, chunk->addr, low);
	else
		KUNIT_EXPECT_EQ(test, chunk->addr, high);
}

static void free_blocks_of(struct kunit *test, const struct move *move)
{
	struct test_heap *t = test_heap_of(test);
	u32 i;

	for (i = 0; i < move->count; i++)
		test_put(test, t->blocks[i]);
	KUNIT_ASSERT_TRUE(test, test_one_free_chunk(test));
}

static void try_move(struct kunit *test, struct move *move, u64 origin)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_chunk chunk = { .state = TALLOC_CHUNK_FREE };
	struct talloc_span span = units_span(t, origin, move->new_first, move->new_end);
	struct talloc_span used;
	enum talloc_status status;

	KUNIT_ASSERT_EQ(test, test_lay(t, units_span(t, origin, move->first, move->end)),
			TALLOC_OK);
	if (!move_blocks(test, move, origin))
		return;
	used = units_span(t, origin, move->low, move->high);
	if (move->blocks) {
		KUNIT_ASSERT_EQ(test, talloc_heap_used_span(&t->heap).start, used.start);
		KUNIT_ASSERT_EQ(test, talloc_heap_used_span(&t->heap).end, used.end);
	} else {
		KUNIT_ASSERT_TRUE(test, talloc_span_empty(talloc_heap_used_span(&t->heap)));
	}
	/* A picture of the small heap's memory would be one of all the window. */
	t->was = t->heap;
	status = talloc_heap_set_span(&t->heap, span, &chunk);
	KUNIT_ASSERT_EQ(test, status, expected_status(t, move));
	if (status) {
		KUNIT_EXPECT_TRUE(test, test_control_kept(t));
		if (status == TALLOC_BUSY)
			expect_in_the_way(test, move, origin, &chunk);
	} else if (move->blocks) {
		span = units_span(t, origin, expected_first(t, move), expected_end(t, move));
	}
	if (!status) {
		KUNIT_ASSERT_EQ(test, test_span(t).start, span.start);
		KUNIT_ASSERT_EQ(test, test_span(t).end, span.end);
	}
	KUNIT_ASSERT_TRUE(test, test_clean(test));
	free_blocks_of(test, move);
}

static void try_moves_from(struct kunit *test, struct move *move, u64 origin, u32 most)
{
	for (move->new_first = 0; move->new_first < most; move->new_first++)
		for (move->new_end = move->new_first; move->new_end <= most; move->new_end++)
			try_move(test, move, origin);
}

/* Every move of every span of at most 7 units, with blocks where they can be. */
static void set_span_moves_both_ends(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 origin = test_span(t).start;
	u32 most = test_units(t) < SPAN_UNITS ? test_units(t) : SPAN_UNITS;
	struct move move;

	for (move.blocks = 0; move.blocks < 5; move.blocks++)
		for (move.first = 0; move.first < most; move.first++)
			for (move.end = move.first + t->min_units; move.end <= most; move.end++)
				try_moves_from(test, &move, origin, most);
}

static void set_span_refuses_what_is_not_in_the_window(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 unit = t->layout->unit;
	struct talloc_span span = test_span(t);
	const struct talloc_span bad[] = {
		{ span.start - unit, span.end },
		{ span.start, span.end + unit },
		{ span.end, span.start },
		{ U64_MAX, 0 },
		{ 0, U64_MAX },
		{ span.end + unit, span.end + 5ull * unit },
		{ U64_MAX - 1, U64_MAX },
		{ 0, 0 },
		{ 0, unit },
	};
	u32 i, blocks;

	for (blocks = 0; blocks < 2; blocks++) {
		test_keep(test);
		for (i = 0; i < ARRAY_SIZE(bad); i++)
			KUNIT_EXPECT_EQ_MSG(test, talloc_heap_set_span(&t->heap, bad[i], NULL),
					    TALLOC_INVALID, "span %u", i);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
		test_get(test, t->min_units);
	}
}

static void set_span_to_itself_changes_no_tag(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span = test_span(t);
	void *block = test_get(test, t->min_units);

	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, t->window, NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_span(t).start, span.start);
	KUNIT_EXPECT_EQ(test, test_span(t).end, span.end);
	test_put(test, block);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

/* No tag is left behind that a search could take for the start of a chunk. */
static void an_empty_heap_moves_without_a_trace(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	struct talloc_span low = test_span(t), high = low;
	struct talloc_chunk chunk;
	void *block;

	low.end = low.start + 10 * unit;
	high.start = low.start + 5 * unit;
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, high, NULL), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, low, NULL), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, t->window, NULL), TALLOC_OK);
	block = test_get(test, 20);
	KUNIT_EXPECT_EQ(test, talloc_heap_find(&t->heap, test_addr(block) + 15 * unit, &chunk),
			TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.addr, test_addr(block));
	KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_USED);
	test_put(test, block);
}

static void check_notices_the_move_of_an_empty_heap(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span = test_span(t);
	struct talloc_check check;
	struct talloc_fault fault;

	talloc_heap_check_begin(&t->heap, &check);
	span.end -= t->layout->unit;
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, talloc_heap_check_step(&t->heap, &check, 1, &fault),
			TALLOC_CHECK_CHANGED);
}

static void set_span_bounds_what_can_be_asked_for(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all = test_span(t), low = all;
	u64 largest = test_largest(t);
	void *block;

	low.end = low.start + t->tag + 3ull * t->layout->unit;
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, low, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_largest(t), test_request(t, 3));
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, test_request(t, 3) + 1));
	block = test_get(test, 3);
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, all, NULL), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, largest), TALLOC_OK);
	test_put(test, block);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

/*
 * stats
 */

static void stats_count_what_is_there(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, min = t->min_units;
	struct talloc_heap_stats stats;
	void *a = test_get(test, min), *b = test_get(test, min + 1);

	test_put(test, a);
	talloc_heap_stats(&t->heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.span_bytes, test_units(t) * unit);
	KUNIT_EXPECT_EQ(test, stats.used_bytes, (min + 1) * unit);
	KUNIT_EXPECT_EQ(test, stats.free_bytes, stats.span_bytes - stats.used_bytes);
	KUNIT_EXPECT_EQ(test, stats.used_chunks, 1);
	KUNIT_EXPECT_EQ(test, stats.free_chunks, 2);
	KUNIT_EXPECT_EQ(test, stats.largest_bytes, test_request(t, test_units(t) - 2 * min - 1));
	test_put(test, b);
	talloc_heap_stats(&t->heap, &stats);
	KUNIT_EXPECT_EQ(test, stats.used_bytes, 0);
	KUNIT_EXPECT_EQ(test, stats.free_chunks, 1);
}

/*
 * walk
 */

/* A heap with holes: every third block of a full one is free. */
static u32 make_pattern(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 i, count = fill_heap(test);

	for (i = 0; i < count; i += 3)
		test_put(test, t->blocks[i]);
	return count;
}

static void walk_tells_every_chunk_once(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 count = make_pattern(test), i = 0;
	u64 at = test_span(t).start + t->tag;
	struct talloc_walk walk;
	struct talloc_chunk chunk;

	talloc_heap_walk_begin(&t->heap, &walk);
	while (talloc_heap_walk_next(&t->heap, &walk, &chunk)) {
		KUNIT_ASSERT_EQ(test, chunk.addr, at);
		KUNIT_ASSERT_LE(test, i + 1, count);
		KUNIT_ASSERT_EQ(test, chunk.addr, test_addr(t->blocks[i]));
		KUNIT_ASSERT_EQ(test, chunk.state, i % 3 ? TALLOC_CHUNK_USED : TALLOC_CHUNK_FREE);
		KUNIT_ASSERT_EQ(test, chunk.usable, chunk.bytes - t->tag);
		at += chunk.bytes;
		i++;
	}
	KUNIT_EXPECT_EQ(test, at, test_span(t).end);
	KUNIT_EXPECT_EQ(test, i, count);
	KUNIT_EXPECT_FALSE(test, walk.changed);
	KUNIT_EXPECT_FALSE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
}

/* Walk to the end; demands pieces that join from @at on. Returns what was unknown. */
static u64 walk_to_the_end(struct kunit *test, struct talloc_walk *walk, u64 at)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_chunk chunk;
	u64 unknown = 0;

	while (talloc_heap_walk_next(&t->heap, walk, &chunk)) {
		KUNIT_ASSERT_EQ(test, chunk.addr, at);
		KUNIT_ASSERT_NE(test, chunk.bytes, 0);
		at += chunk.bytes;
		if (chunk.state == TALLOC_CHUNK_UNKNOWN)
			unknown += chunk.bytes;
	}
	KUNIT_EXPECT_EQ(test, at, test_span(t).end);
	return unknown;
}

static void walk_goes_on_after_a_change(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 count, stop, i;
	struct talloc_walk walk;
	struct talloc_chunk chunk;
	u64 unknown, at;

	for (stop = 1; stop < 8; stop++) {
		KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
		count = make_pattern(test);
		if (stop + 2 >= count)
			break;
		talloc_heap_walk_begin(&t->heap, &walk);
		for (i = 0; i < stop; i++)
			KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
		at = chunk.addr + chunk.bytes;
		i = stop % 3 ? stop : stop + 1;
		test_put(test, t->blocks[i]);
		unknown = walk_to_the_end(test, &walk, at);
		KUNIT_EXPECT_TRUE(test, walk.changed);
		if (test_certain(t))
			KUNIT_EXPECT_LE(test, unknown, 6ull * t->min_units * t->layout->unit);
		else
			KUNIT_EXPECT_EQ(test, unknown, test_span(t).end - at);
	}
	KUNIT_EXPECT_GT(test, stop, 1);
}

static void walk_survives_a_move_of_the_span(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all = test_span(t), part = all;
	u32 units = test_units(t), i;
	struct talloc_walk walk;
	struct talloc_chunk chunk;
	void *low;

	low = test_get(test, t->min_units);
	for (i = 0; i < units / (2 * t->min_units) - 1; i++)
		t->blocks[i] = test_get(test, t->min_units);
	talloc_heap_walk_begin(&t->heap, &walk);
	for (i = 0; i < units / (2 * t->min_units); i++)
		KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
	for (i = 0; i < units / (2 * t->min_units) - 1; i++)
		test_put(test, t->blocks[i]);
	part.end = part.start + t->tag + 2ull * t->min_units * t->layout->unit;
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, part, NULL), TALLOC_OK);
	KUNIT_EXPECT_FALSE(test, talloc_heap_walk_next(&t->heap, &walk, &chunk));
	KUNIT_EXPECT_TRUE(test, walk.changed);
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, all, NULL), TALLOC_OK);
	walk_to_the_end(test, &walk, chunk.addr + chunk.bytes);
	test_put(test, low);
}

static void walk_begins_lower_after_the_start_rose(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span part = test_span(t);
	struct talloc_walk walk;
	void *low, *high;

	low = test_get(test, t->min_units);
	high = test_get(test, t->min_units);
	talloc_heap_walk_begin(&t->heap, &walk);
	test_put(test, low);
	part.start += t->min_units * t->layout->unit;
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, part, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_span(t).start + t->tag, test_addr(high));
	walk_to_the_end(test, &walk, test_addr(high));
	KUNIT_EXPECT_TRUE(test, walk.changed);
}

/*
 * lookup, find, contains
 */

static void find_tells_the_block_around_an_address(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *hole = test_get(test, t->min_units), *block = test_get(test, t->min_units + 1);
	u64 addr, end = test_addr(block) + usable(t, block);
	u64 step = t->layout->unit > 64 ? t->layout->unit / 16 : 1;
	struct talloc_chunk chunk;

	test_put(test, hole);
	for (addr = test_addr(block); addr < end; addr += step) {
		KUNIT_ASSERT_EQ(test, test_find(&t->heap, test_pointer(addr), &chunk),
				TALLOC_OK);
		if (!test_certain(t)) {
			KUNIT_ASSERT_EQ(test, chunk.state, TALLOC_CHUNK_UNKNOWN);
			continue;
		}
		KUNIT_ASSERT_EQ(test, chunk.state, TALLOC_CHUNK_USED);
		KUNIT_ASSERT_EQ(test, chunk.addr, test_addr(block));
		KUNIT_ASSERT_EQ(test, chunk.usable, usable(t, block));
		KUNIT_ASSERT_EQ(test, chunk.bytes, usable(t, block) + t->tag);
	}
}

static void find_tells_free_space(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	enum talloc_chunk_state expected = test_certain(t) ? TALLOC_CHUNK_FREE :
					   TALLOC_CHUNK_UNKNOWN;
	u64 unit = t->layout->unit, addr = test_span(t).start + t->tag;
	u32 i, most = test_units(t) < 200 ? test_units(t) : 200;
	struct talloc_chunk chunk;
	void *block;

	for (i = 0; i < most; i++) {
		KUNIT_ASSERT_EQ(test, test_find(&t->heap, test_pointer(addr + i * unit),
						&chunk), TALLOC_OK);
		KUNIT_ASSERT_EQ(test, chunk.state, expected);
	}
	block = test_get(test, t->min_units);
	test_get(test, t->min_units);
	test_put(test, block);
	KUNIT_ASSERT_EQ(test, test_find(&t->heap, block, &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.state, expected);
	addr += (test_units(t) - 1) * unit;
	KUNIT_ASSERT_EQ(test, test_find(&t->heap, test_pointer(addr), &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.state, expected);
}

/* What a search goes over in one call: of the live map, and of a table without one. */
#define SEARCH_UNITS	(1024u * BITS_PER_LONG)
#define SEARCH_SLOTS	4096u

/* A heap of numbers that is larger than that. */
static struct talloc_heap *lay_numbers(struct kunit *test, bool live_map)
{
	struct talloc_heap *heap = &test_heap_of(test)->heap;
	struct talloc_heap_config config = { .window = { 0, 3 * SEARCH_UNITS }, .unit = 1 };

	config.table = kunit_kzalloc(test, talloc_heap_table_bytes(config.window, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, config.table);
	if (live_map) {
		config.live_map = kunit_kzalloc(test, talloc_heap_map_bytes(config.window, 1),
						GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, config.live_map);
	}
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
	return heap;
}

static void alloc_numbers(struct kunit *test, u64 units, u64 expected)
{
	const struct talloc_where there = { .within = { expected, expected + units } };
	u64 addr = 0;

	KUNIT_ASSERT_EQ(test, talloc_heap_alloc_where(&test_heap_of(test)->heap, units, &there,
						      &addr), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, addr, expected);
}

static void expect_found(struct kunit *test, u64 addr, enum talloc_chunk_state state, u64 start)
{
	struct talloc_chunk chunk = { 0 };

	KUNIT_EXPECT_EQ(test, talloc_heap_find(&test_heap_of(test)->heap, addr, &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.state, state);
	KUNIT_EXPECT_EQ(test, chunk.addr, start);
}

static void find_goes_back_so_far(struct kunit *test)
{
	u32 live_map, most;

	for (live_map = 0; live_map < 2; live_map++) {
		lay_numbers(test, live_map);
		most = live_map ? SEARCH_UNITS : SEARCH_SLOTS;
		expect_found(test, most, TALLOC_CHUNK_FREE, most);
		expect_found(test, most + 1, TALLOC_CHUNK_UNKNOWN, most + 1);
		alloc_numbers(test, 2 * SEARCH_UNITS, 7);
		expect_found(test, most + 7, TALLOC_CHUNK_USED, 7);
		expect_found(test, most + 8, TALLOC_CHUNK_UNKNOWN, most + 8);
	}
	KUNIT_EXPECT_EQ(test, test_lay(test_heap_of(test), (struct talloc_span){ 0, 0 }),
			TALLOC_OK);
}

/* How many calls it takes to find what lies at @addr. */
static u32 calls_to_find(struct kunit *test, u64 addr, struct talloc_chunk *chunk)
{
	const struct talloc_heap *heap = &test_heap_of(test)->heap;
	u64 from = addr, last;
	u32 calls = 0;

	do {
		last = from;
		KUNIT_ASSERT_EQ(test, talloc_heap_find_from(heap, addr, &from, chunk), TALLOC_OK);
		KUNIT_ASSERT_LE(test, from, last);
		calls++;
	} while (from != last);
	return calls;
}

static void find_goes_on_where_it_was(struct kunit *test)
{
	struct talloc_chunk chunk;
	struct talloc_heap *heap;
	u32 live_map, most;
	u64 from;

	for (live_map = 0; live_map < 2; live_map++) {
		heap = lay_numbers(test, live_map);
		most = live_map ? SEARCH_UNITS : SEARCH_SLOTS;
		KUNIT_EXPECT_EQ(test, calls_to_find(test, 2 * most, &chunk), 2);
		KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_FREE);
		alloc_numbers(test, 1, 6);
		alloc_numbers(test, 2 * SEARCH_UNITS, 7);
		/* Each goes over one unit more than @most, as the last that it looks at is none. */
		KUNIT_EXPECT_EQ(test, calls_to_find(test, 7 + most, &chunk), 1);
		KUNIT_EXPECT_EQ(test, calls_to_find(test, 7 + most + 1, &chunk), 2);
		KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_USED);
		KUNIT_EXPECT_EQ(test, chunk.addr, 7);
		KUNIT_EXPECT_EQ(test, chunk.bytes, 2 * SEARCH_UNITS);
		KUNIT_EXPECT_EQ(test, calls_to_find(test, 7 + 2 * SEARCH_UNITS - 1, &chunk),
				(2 * SEARCH_UNITS - 1) / (most + 1) + 1);
		KUNIT_EXPECT_EQ(test, chunk.addr, 7);
		/* A place to go on from that is none says nothing, and is left alone. */
		from = 3 * SEARCH_UNITS;
		KUNIT_EXPECT_EQ(test, talloc_heap_find_from(heap, 9, &from, &chunk), TALLOC_OK);
		KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_UNKNOWN);
		KUNIT_EXPECT_EQ(test, from, 3 * SEARCH_UNITS);
	}
	KUNIT_EXPECT_EQ(test, test_lay(test_heap_of(test), (struct talloc_span){ 0, 0 }),
			TALLOC_OK);
}

/* A walk whose place lies in a large block by then. */
static void walk_goes_on_so_far_at_a_time(struct kunit *test)
{
	const u32 end = 2 * SEARCH_UNITS + 5;
	struct talloc_chunk chunk;
	struct talloc_heap *heap;
	struct talloc_walk walk;
	u32 live_map, most, at;

	for (live_map = 0; live_map < 2; live_map++) {
		heap = lay_numbers(test, live_map);
		most = live_map ? SEARCH_UNITS : SEARCH_SLOTS;
		alloc_numbers(test, 1, 0);
		alloc_numbers(test, 1, end);
		talloc_heap_walk_begin(heap, &walk);
		KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(heap, &walk, &chunk));
		KUNIT_ASSERT_EQ(test, talloc_heap_free(heap, 0), TALLOC_OK);
		alloc_numbers(test, end, 0);
		for (at = 1; at < end; at += most) {
			KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(heap, &walk, &chunk));
			KUNIT_EXPECT_EQ(test, chunk.addr, at);
			KUNIT_EXPECT_EQ(test, chunk.bytes, end - at < most ? end - at : most);
			KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_UNKNOWN);
		}
		KUNIT_ASSERT_TRUE(test, talloc_heap_walk_next(heap, &walk, &chunk));
		KUNIT_EXPECT_EQ(test, chunk.addr, end);
		KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_USED);
	}
	KUNIT_EXPECT_EQ(test, test_lay(test_heap_of(test), (struct talloc_span){ 0, 0 }),
			TALLOC_OK);
}

static void contains_and_find_end_with_the_span(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span = test_span(t);
	struct talloc_chunk chunk;

	KUNIT_EXPECT_TRUE(test, test_contains(&t->heap, test_pointer(span.start)));
	KUNIT_EXPECT_TRUE(test, test_contains(&t->heap, test_pointer(span.end - 1)));
	KUNIT_EXPECT_FALSE(test, test_contains(&t->heap, test_pointer(span.start - 1)));
	KUNIT_EXPECT_FALSE(test, test_contains(&t->heap, test_pointer(span.end)));
	KUNIT_EXPECT_FALSE(test, test_contains(&t->heap, NULL));
	KUNIT_EXPECT_EQ(test, test_find(&t->heap, NULL, &chunk), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, test_find(&t->heap, test_pointer(span.end), &chunk),
			TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, test_find(&t->heap, test_pointer(span.start), &chunk),
			TALLOC_OK);
	/* A tag stands there, of a chunk that begins after it. */
	KUNIT_EXPECT_EQ(test, chunk.state, t->tag ? TALLOC_CHUNK_UNKNOWN : TALLOC_CHUNK_FREE);
	KUNIT_EXPECT_EQ(test, test_find(&t->heap, test_pointer(span.end - 1), &chunk),
			TALLOC_OK);
}

/*
 * The control block
 */

static void control_block_can_be_moved(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap *place = kunit_kzalloc(test, sizeof(*place), GFP_KERNEL);
	u32 i, count = make_pattern(test);

	KUNIT_ASSERT_NOT_NULL(test, place);
	*place = t->heap;
	memset(&t->heap, 0x5a, sizeof(t->heap));
	for (i = 1; i < count; i += 3) {
		KUNIT_ASSERT_EQ(test, test_free(place, t->blocks[i]), TALLOC_OK);
		KUNIT_ASSERT_NOT_NULL(test, test_alloc(place, 1));
	}
	t->heap = *place;
	memset(place, 0x5a, sizeof(*place));
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void retired_heap_refuses_all(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = test_get(test, t->min_units), *moved = NULL;

	talloc_heap_retire(&t->heap);
	test_keep(test);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, 1));
	KUNIT_EXPECT_NULL(test, test_alloc_aligned(&t->heap, 1, MIB));
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, block), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, test_lookup(&t->heap, block, NULL, NULL), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(&t->heap, block, 1), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, 1, &moved), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, test_slide(&t->heap, block, 1, &moved), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, t->window, NULL), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, test_largest(t), 0);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void names_are_told_for_any_value(struct kunit *test)
{
	int i;

	for (i = -1; i < 12; i++) {
		KUNIT_EXPECT_NOT_NULL(test, talloc_status_name((enum talloc_status)i));
		KUNIT_EXPECT_NOT_NULL(test, talloc_rule_name((enum talloc_rule)i));
	}
	KUNIT_EXPECT_EQ(test, talloc_rule_name(TALLOC_RULE_LIVE)[1], '8');
	KUNIT_EXPECT_EQ(test, talloc_rule_name(TALLOC_RULE_KEPT)[1], '9');
	KUNIT_EXPECT_EQ(test, talloc_rule_name(TALLOC_RULE_TILING)[1], '1');
	KUNIT_EXPECT_EQ(test, talloc_status_name(TALLOC_OK)[0], 'o');
	KUNIT_EXPECT_EQ(test, talloc_status_name((enum talloc_status)12)[0], '?');
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(init_makes_one_free_chunk_of_all, layout_gen_params),
	KUNIT_CASE_PARAM(init_stays_inside_of_its_span, layout_gen_params),
	KUNIT_CASE(init_finds_the_units_at_every_offset),
	KUNIT_CASE(init_refuses_bad_units),
	KUNIT_CASE(init_takes_unit_0_for_the_smallest),
	KUNIT_CASE(init_refuses_bad_spans),
	KUNIT_CASE(init_refuses_bad_windows),
	KUNIT_CASE(init_refuses_a_window_wider_than_a_pointer),
	KUNIT_CASE(init_refuses_2_to_29_units),
	KUNIT_CASE(table_and_map_bytes_fit_the_window),
	KUNIT_CASE(table_and_map_bytes_are_0_for_too_many_units),
	KUNIT_CASE(heap_works_with_the_largest_indices),
#if TEST_HAS_SPARSE_MEMORY
	KUNIT_CASE(heap_works_with_the_largest_sizes),
#endif
	KUNIT_CASE_PARAM(alloc_takes_each_size_and_gives_it_back, layout_gen_params),
	KUNIT_CASE_PARAM(alloc_takes_the_largest_and_not_a_byte_more, layout_gen_params),
	KUNIT_CASE_PARAM(alloc_refuses_what_is_impossible, layout_gen_params),
	KUNIT_CASE_PARAM(alloc_fills_the_span_with_the_smallest, layout_gen_params),
	KUNIT_CASE_PARAM(free_in_any_order_leaves_one_chunk, layout_gen_params),
	KUNIT_CASE_PARAM(contents_outlive_the_neighbours, layout_gen_params),
	KUNIT_CASE_PARAM(aligned_blocks_are_aligned_to_every_power, layout_gen_params),
	KUNIT_CASE_PARAM(aligned_request_that_cannot_fit_changes_nothing, layout_gen_params),
	KUNIT_CASE_PARAM(align_must_be_a_power_of_two, layout_gen_params),
	KUNIT_CASE_PARAM(aligned_request_leaves_no_runt_before_it, roomy_gen_params),
	KUNIT_CASE_PARAM(aligned_request_goes_past_a_hole_off_the_grid, roomy_gen_params),
	KUNIT_CASE_PARAM(aligned_request_looks_at_others_before_it_fails, roomy_gen_params),
	KUNIT_CASE(alloc_takes_the_tightest_hole),
	KUNIT_CASE(alloc_takes_the_next_larger_hole),
	KUNIT_CASE(alloc_takes_the_newest_of_equal_holes),
	KUNIT_CASE(large_sizes_come_from_both_ends),
	KUNIT_CASE(large_ranges_come_from_both_ends),
	KUNIT_CASE(both_ends_of_any_hole_are_used),
	KUNIT_CASE(small_rests_stay_with_the_block),
	KUNIT_CASE_PARAM(a_block_that_shrinks_never_grows, roomy_gen_params),
	KUNIT_CASE_PARAM(block_takes_as_much_as_its_layout_says, layout_gen_params),
	KUNIT_CASE(aligned_request_looks_at_so_many),
	KUNIT_CASE(aligned_request_takes_what_always_has_a_place),
	KUNIT_CASE(aligned_request_takes_what_fits_if_it_stands_well),
	KUNIT_CASE_PARAM(alloc_looks_past_smaller_ones_of_its_bin, large_gen_params),
	KUNIT_CASE(head_is_taken_where_it_is_large_enough),
	KUNIT_CASE(what_is_behind_a_head_may_grow),
	KUNIT_CASE(alloc_finds_the_largest_that_stats_tell),
	KUNIT_CASE_PARAM(holes_of_every_size_are_found, layout_gen_params),
	KUNIT_CASE_PARAM(free_merges_with_each_neighbour, layout_gen_params),
	KUNIT_CASE_PARAM(resize_in_place_meets_every_neighbour, layout_gen_params),
	KUNIT_CASE_PARAM(resize_refuses_0_and_what_cannot_fit, layout_gen_params),
	KUNIT_CASE_PARAM(slide_takes_in_both_holes, layout_gen_params),
	KUNIT_CASE_PARAM(slide_refuses_an_aligned_block, layout_gen_params),
	KUNIT_CASE_PARAM(resize_slides_where_there_is_no_other_room, layout_gen_params),
	KUNIT_CASE_PARAM(resize_moves_with_the_contents, layout_gen_params),
	KUNIT_CASE_PARAM(resize_keeps_the_alignment, inline_tags_gen_params),
	KUNIT_CASE_PARAM(resize_in_place_keeps_the_aligned_mark, layout_gen_params),
	KUNIT_CASE_PARAM(set_span_moves_both_ends, layout_gen_params),
	KUNIT_CASE_PARAM(set_span_refuses_what_is_not_in_the_window, layout_gen_params),
	KUNIT_CASE_PARAM(set_span_to_itself_changes_no_tag, layout_gen_params),
	KUNIT_CASE_PARAM(an_empty_heap_moves_without_a_trace, detached_gen_params),
	KUNIT_CASE_PARAM(check_notices_the_move_of_an_empty_heap, layout_gen_params),
	KUNIT_CASE_PARAM(set_span_bounds_what_can_be_asked_for, layout_gen_params),
	KUNIT_CASE_PARAM(stats_count_what_is_there, layout_gen_params),
	KUNIT_CASE_PARAM(walk_tells_every_chunk_once, layout_gen_params),
	KUNIT_CASE_PARAM(walk_goes_on_after_a_change, layout_gen_params),
	KUNIT_CASE_PARAM(walk_survives_a_move_of_the_span, layout_gen_params),
	KUNIT_CASE_PARAM(walk_begins_lower_after_the_start_rose, roomy_gen_params),
	KUNIT_CASE_PARAM(find_tells_the_block_around_an_address, layout_gen_params),
	KUNIT_CASE_PARAM(find_tells_free_space, layout_gen_params),
	KUNIT_CASE(find_goes_back_so_far),
	KUNIT_CASE(find_goes_on_where_it_was),
	KUNIT_CASE(walk_goes_on_so_far_at_a_time),
	KUNIT_CASE_PARAM(contains_and_find_end_with_the_span, layout_gen_params),
	KUNIT_CASE_PARAM(control_block_can_be_moved, layout_gen_params),
	KUNIT_CASE_PARAM(retired_heap_refuses_all, layout_gen_params),
	KUNIT_CASE(names_are_told_for_any_value),
	{ }
};

struct kunit_suite talloc_heap_suite = {
	.name = "talloc_heap",
	.init = test_heap_init,
	.exit = test_heap_exit,
	.test_cases = cases,
};
