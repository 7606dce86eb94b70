// SPDX-License-Identifier: GPL-2.0
/*
 * Where a block comes to stand: conditions on its address, ranges of numbers, and
 * parts of blocks.
 */
#include "talloc_test.h"

TEST_LAYOUT_PARAM(roomy, test_layout_roomy(layout))
TEST_LAYOUT_PARAM(detached, layout->detached)

/* Random requests for each layout. */
#define REQUESTS	250u

static void fill_with_holes(struct kunit *test, struct test_random *random)
{
	struct test_heap *t = test_heap_of(test);
	u32 count, i;

	for (count = 0; count < TEST_BLOCKS; count++) {
		t->blocks[count] = test_alloc(&t->heap, test_request(t, t->min_units +
							test_random_below(random, 12)));
		if (!t->blocks[count])
			break;
	}
	KUNIT_ASSERT_GE(test, count, 10);
	for (i = 0; i < count; i++)
		if (test_random_below(random, 2))
			KUNIT_ASSERT_EQ(test, test_free(&t->heap, t->blocks[i]), TALLOC_OK);
}

static struct talloc_where random_where(const struct test_heap *t, struct test_random *random)
{
	u64 unit = t->layout->unit;
	struct talloc_where where = { .top_down = test_random_below(random, 2) };
	struct talloc_span span = test_span(t);

	if (test_random_below(random, 2)) {
		where.align = unit << test_random_below(random, 7);
		where.phase = unit * test_random_below(random, 64) & (where.align - 1);
	}
	if (test_random_below(random, 2))
		where.nocross = unit << test_random_below(random, 8);
	if (test_random_below(random, 2)) {
		span = talloc_span_above(span, span.start + unit * test_random_below(random, 200));
		where.within = talloc_span_below(span, span.start +
						 unit * test_random_below(random, 200));
	}
	return where;
}

static u64 request_units(const struct test_heap *t, u64 bytes)
{
	u64 units = (bytes + t->tag + t->layout->unit - 1) >> __fls(t->layout->unit);

	return units < t->min_units ? t->min_units : units;
}

static bool keeps_to(const struct talloc_where *where, u64 place, u64 bytes)
{
	struct talloc_span block = { place, place + bytes };
	u64 align = where->align ? where->align : 1;

	return (place & (align - 1)) == where->phase &&
	       (talloc_span_empty(where->within) ||
		talloc_span_contains(where->within, block)) &&
	       (!where->nocross || !((place ^ (place + bytes - 1)) & -where->nocross));
}

/* The places that a request has in the heap, found by trying each. */
struct answer {
	u64 count;
	u64 highest;
};

static void try_places(const struct test_heap *t, const struct talloc_chunk *chunk,
		       const struct talloc_where *where, u64 bytes, struct answer *answer)
{
	u64 unit = t->layout->unit, size = request_units(t, bytes) * unit;
	u64 gap;

	for (gap = 0; gap + size <= chunk->bytes; gap += gap ? unit : t->min_units * unit) {
		if (!keeps_to(where, chunk->addr + gap, bytes))
			continue;
		answer->count++;
		if (chunk->addr + gap > answer->highest)
			answer->highest = chunk->addr + gap;
	}
}

static struct answer find_places(const struct test_heap *t, const struct talloc_where *where,
				 u64 bytes)
{
	struct answer answer = { 0 };
	struct talloc_chunk chunk;
	struct talloc_walk walk;

	talloc_heap_walk_begin(&t->heap, &walk);
	while (talloc_heap_walk_next(&t->heap, &walk, &chunk))
		if (chunk.state == TALLOC_CHUNK_FREE)
			try_places(t, &chunk, where, bytes, &answer);
	return answer;
}

/* A free chunk of this size has room for a request that is found by its size alone. */
static u64 sure_size(const struct test_heap *t, const struct talloc_where *where, u64 bytes)
{
	u32 units = request_units(t, bytes) + (where->align >> __fls(t->layout->unit));

	return test_request(t, units + t->min_units - 1);
}

/* Whether there is a place. */
static bool expect_answer(struct kunit *test, const struct talloc_where *where, u64 bytes)
{
	struct test_heap *t = test_heap_of(test);
	struct answer answer = find_places(t, where, bytes);
	bool walks = where->nocross || where->top_down || !talloc_span_empty(where->within);
	enum talloc_status status;
	u64 addr = 7;

	status = talloc_heap_alloc_where(&t->heap, bytes, where, &addr);
	if (status) {
		KUNIT_ASSERT_EQ(test, addr, 7);
		if (walks)
			KUNIT_ASSERT_EQ(test, answer.count, 0);
		else
			KUNIT_ASSERT_TRUE(test, test_largest(t) < sure_size(t, where, bytes));
		return false;
	}
	KUNIT_ASSERT_TRUE(test, keeps_to(where, addr, bytes));
	KUNIT_ASSERT_NE(test, answer.count, 0);
	if (where->top_down)
		KUNIT_ASSERT_EQ(test, addr, answer.highest);
	KUNIT_ASSERT_EQ(test, talloc_heap_free(&t->heap, addr), TALLOC_OK);
	return true;
}

static void a_place_is_found_where_there_is_one(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct test_random random = { .state = TEST_SEED };
	struct talloc_where where;
	u32 i, found = 0;

	fill_with_holes(test, &random);
	for (i = 0; i < REQUESTS; i++) {
		where = random_where(t, &random);
		found += expect_answer(test, &where,
				       test_request(t, 1 + test_random_below(&random, 14)) -
				       test_random_below(&random, 3));
		KUNIT_ASSERT_TRUE(test, test_clean(test));
		test_breathe();
	}
	KUNIT_EXPECT_GE(test, found, REQUESTS / 4);
}

/* With boundaries at each distance from the beginning of a chunk, and of a unit more. */
static void every_place_of_one_chunk_is_found(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all = test_span(t), span;
	u64 unit = t->layout->unit, shift, bytes;
	struct talloc_where where = { };
	u32 asked, found;

	for (shift = 0; shift < 8; shift++) {
		span = (struct talloc_span){ all.start + shift * unit, 0 };
		span.end = span.start + 16 * unit + t->tag;
		KUNIT_ASSERT_EQ(test, test_lay(t, span), TALLOC_OK);
		asked = 0;
		found = 0;
		for (where.nocross = unit; where.nocross <= 8 * unit; where.nocross *= 2)
			for (bytes = 1; bytes <= where.nocross; bytes += 1 + unit / 8, asked++)
				found += expect_answer(test, &where, bytes);
		KUNIT_EXPECT_GE(test, found, asked / 2);
		KUNIT_EXPECT_TRUE(test, test_clean(test));
	}
}

static void contradictions_are_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	const struct talloc_where bad[] = {
		{ .align = 3 * unit },
		{ .align = 3 },
		{ .phase = unit },
		{ .align = 2 * unit, .phase = 2 * unit },
		{ .align = 2 * unit, .phase = 1 },
		{ .align = U64_MAX },
		{ .nocross = 3 * unit },
		{ .nocross = unit / 2 },
		{ .nocross = 2 * unit, .align = 4 * unit, .phase = unit },
		{ .within = { t->window.end, t->window.start } },
	};
	u64 addr = 7;
	u32 i;

	test_keep(test);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, unit + 1, &bad[i], &addr),
				TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, 0, &(struct talloc_where){ 0 },
						      &addr), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, addr, 7);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void impossible_wishes_find_no_room(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span = test_span(t);
	const struct talloc_where bad[] = {
		{ .within = { 0, 1 } },
		{ .within = { U64_MAX - 1, U64_MAX } },
		{ .within = { span.end, span.end + t->layout->unit } },
		{ .within = { span.start + t->tag, span.start + t->tag + 1 } },
		{ .align = 1ull << 63, .top_down = true },
		{ .align = 1ull << 63, .phase = 1ull << 62 },
	};
	u64 addr;
	u32 i;

	test_keep(test);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, 2, &bad[i], &addr),
				TALLOC_FULL);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, U64_MAX,
						      &(struct talloc_where){ .top_down = true },
						      &addr), TALLOC_FULL);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void an_exact_address_is_given_once(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 bytes = test_request(t, 3);
	u64 wish = test_span(t).start + t->tag + 4 * t->layout->unit;
	const struct talloc_where where = { .within = { wish, wish + bytes } };
	u64 addr;

	KUNIT_ASSERT_EQ(test, talloc_heap_alloc_where(&t->heap, bytes, &where, &addr), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, addr, wish);
	test_keep(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, bytes, &where, &addr),
			TALLOC_FULL);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
	KUNIT_ASSERT_EQ(test, talloc_heap_free(&t->heap, wish), TALLOC_OK);
	KUNIT_EXPECT_TRUE(test, test_one_free_chunk(test));
}

static void a_block_may_end_at_a_boundary(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 bytes = 8ull * t->layout->unit, low = 0, addr = 0;
	struct talloc_where where = { .nocross = bytes };

	KUNIT_ASSERT_TRUE(test, talloc_align_up(test_span(t).start, bytes, &low));
	where.within = (struct talloc_span){ low, low + bytes };
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, bytes, &where, &addr), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, addr, low);
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

/* Though the heap has been asked for less before. */
static void the_alignment_of_a_place_is_remembered(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	const struct talloc_where where = { .align = 8ull * t->layout->unit, .top_down = true };
	u64 addr = 0, align = 0;

	KUNIT_ASSERT_NOT_NULL(test, test_alloc_aligned(&t->heap, 1, 2ull * t->layout->unit));
	KUNIT_ASSERT_EQ(test, talloc_heap_alloc_where(&t->heap, test_request(t, 3), &where, &addr),
			TALLOC_OK);
	KUNIT_EXPECT_EQ(test, talloc_heap_lookup(&t->heap, addr, NULL, &align), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, align, where.align);
}

static void top_down_fills_from_the_top(struct kunit *test)
{
	const struct talloc_where where = { .top_down = true };
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit, size = 3 * unit;
	u64 end = test_span(t).end;
	u32 i, count = test_units(t) / 3;
	u64 addr;

	for (i = 1; i <= count && i * size + t->min_units * unit <= test_units(t) * unit; i++) {
		KUNIT_ASSERT_EQ(test, talloc_heap_alloc_where(&t->heap, test_request(t, 3), &where,
							      &addr), TALLOC_OK);
		KUNIT_ASSERT_EQ(test, addr, end - i * size);
	}
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void damage_ends_the_search(struct kunit *test)
{
	const struct talloc_where where = { .top_down = true };
	struct test_heap *t = test_heap_of(test);
	struct test_random random = { .state = TEST_SEED };
	u64 addr = 7;
	u32 bin;

	fill_with_holes(test, &random);
	for (bin = 0; !t->heap.bins[bin].head; bin++)
		;
	test_tag(t, t->heap.bins[bin].head)[1] = t->heap.bins[bin].head;
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc_where(&t->heap, 1, &where, &addr), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, addr, 7);
	KUNIT_EXPECT_NOT_NULL(test, talloc_heap_damage(&t->heap));
}

/*
 * Ranges of numbers.
 */

struct numbers {
	const char *name;
	struct talloc_span window;
	u32 unit;
};

static const struct numbers ranges[] = {
	{ "from 0, unit 1", { 0, 100 }, 1 },
	{ "from 0, unit 2", { 0, 200 }, 2 },
	{ "from 0, unit 8", { 0, 800 }, 8 },
	{ "from 0, unit 2M", { 0, 200ull << 21 }, 2 * MIB },
	{ "from 4G", { 1ull << 32, (1ull << 32) + 400 }, 4 },
	{ "around 4G", { (1ull << 32) - 4096, (1ull << 32) + 4096 }, 64 },
	{ "around the middle", { (1ull << 63) - 50, (1ull << 63) + 50 }, 1 },
	{ "up to the last", { U64_MAX - 100, U64_MAX }, 1 },
	{ "up to the last page", { U64_MAX - (100ull << 12), U64_MAX }, 4 * KIB },
};

static void numbers_desc(const struct numbers *numbers, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", numbers->name);
}

KUNIT_ARRAY_PARAM(numbers, ranges, numbers_desc);

static void numbers_init(struct kunit *test, struct talloc_heap *heap)
{
	const struct numbers *numbers = test->param_value;
	u64 bytes = talloc_heap_table_bytes(numbers->window, numbers->unit);
	const struct talloc_heap_config config = {
		.window = numbers->window,
		.unit = numbers->unit,
		.table = kunit_kzalloc(test, bytes, GFP_KERNEL),
	};

	KUNIT_ASSERT_NE(test, bytes, 0);
	KUNIT_ASSERT_NOT_NULL(test, config.table);
	KUNIT_ASSERT_EQ(test, talloc_heap_init(heap, &config), TALLOC_OK);
}

static void every_number_is_given_once(struct kunit *test)
{
	const struct numbers *numbers = test->param_value;
	struct talloc_span grid = talloc_span_fit_within(numbers->window, numbers->unit);
	struct talloc_heap *heap = kunit_kzalloc(test, sizeof(*heap), GFP_KERNEL);
	struct talloc_fault fault;
	u64 addr, at;

	KUNIT_ASSERT_NOT_NULL(test, heap);
	numbers_init(test, heap);
	KUNIT_EXPECT_EQ(test, talloc_heap_span(heap).start, grid.start);
	KUNIT_EXPECT_EQ(test, talloc_heap_span(heap).end, grid.end);
	for (at = grid.start; at < grid.end; at += numbers->unit) {
		KUNIT_ASSERT_EQ(test, talloc_heap_alloc(heap, 1, &addr), TALLOC_OK);
		KUNIT_ASSERT_EQ(test, addr, at);
	}
	KUNIT_EXPECT_EQ(test, talloc_heap_alloc(heap, 1, &addr), TALLOC_FULL);
	for (at = grid.start; at < grid.end; at += numbers->unit) {
		KUNIT_ASSERT_EQ(test, talloc_heap_free(heap, at), TALLOC_OK);
		KUNIT_ASSERT_EQ(test, talloc_heap_free(heap, at), TALLOC_NOT_LIVE);
	}
	KUNIT_EXPECT_EQ(test, talloc_heap_free(heap, grid.end), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, talloc_heap_free(heap, grid.start - 1), TALLOC_OUTSIDE);
	KUNIT_EXPECT_TRUE(test, talloc_heap_check(heap, &fault));
}

static void all_numbers_are_one_block(struct kunit *test)
{
	const struct numbers *numbers = test->param_value;
	struct talloc_heap *heap = kunit_kzalloc(test, sizeof(*heap), GFP_KERNEL);
	struct talloc_chunk chunk;
	struct talloc_span span;
	u64 addr, usable;

	KUNIT_ASSERT_NOT_NULL(test, heap);
	numbers_init(test, heap);
	span = talloc_heap_span(heap);
	KUNIT_ASSERT_EQ(test, talloc_heap_alloc(heap, talloc_span_bytes(span), &addr), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, addr, span.start);
	KUNIT_EXPECT_EQ(test, talloc_heap_lookup(heap, addr, &usable, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, usable, talloc_span_bytes(span));
	KUNIT_EXPECT_EQ(test, talloc_heap_find(heap, span.end - 1, &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.addr, span.start);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize_in_place(heap, addr, 1), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, talloc_heap_used_bytes(heap), numbers->unit);
	KUNIT_EXPECT_EQ(test, talloc_heap_free(heap, addr), TALLOC_OK);
}

/*
 * Parts of blocks.
 */

#define PART_UNITS	9u

/* Free [from, to) of a block of PART_UNITS, then what is left of it. */
static void free_in_pieces(struct kunit *test, u64 addr, u32 from, u32 to)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	u64 usable;

	KUNIT_ASSERT_EQ(test, talloc_heap_free_part(&t->heap, addr + from * unit,
						    (to - from) * unit - 1), TALLOC_OK);
	KUNIT_ASSERT_TRUE(test, test_clean(test));
	KUNIT_ASSERT_EQ(test, talloc_heap_free_part(&t->heap, addr + from * unit, 1),
			TALLOC_NOT_LIVE);
	if (from) {
		KUNIT_ASSERT_EQ(test, talloc_heap_lookup(&t->heap, addr, &usable, NULL),
				TALLOC_OK);
		KUNIT_ASSERT_EQ(test, usable, from * unit);
		KUNIT_ASSERT_EQ(test, talloc_heap_free(&t->heap, addr), TALLOC_OK);
	}
	if (to < PART_UNITS)
		KUNIT_ASSERT_EQ(test, talloc_heap_free_part(&t->heap, addr + to * unit,
							    (PART_UNITS - to) * unit), TALLOC_OK);
}

static void parts_are_freed_in_any_order(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	u64 first, addr, last;
	u32 from, to;

	KUNIT_ASSERT_EQ(test, talloc_heap_alloc(&t->heap, unit, &first), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, talloc_heap_alloc(&t->heap, PART_UNITS * unit, &addr), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, talloc_heap_alloc(&t->heap, unit, &last), TALLOC_OK);
	for (from = 0; from < PART_UNITS; from++) {
		for (to = from + 1; to <= PART_UNITS; to++) {
			free_in_pieces(test, addr, from, to);
			KUNIT_ASSERT_EQ(test, test_used_chunks(t), 2);
			KUNIT_ASSERT_EQ(test, talloc_heap_alloc(&t->heap, PART_UNITS * unit, &addr),
					TALLOC_OK);
		}
	}
	KUNIT_EXPECT_TRUE(test, test_clean(test));
}

static void parts_outside_of_a_block_are_refused(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u64 unit = t->layout->unit;
	u64 addr, next;

	KUNIT_ASSERT_EQ(test, talloc_heap_alloc(&t->heap, test_request(t, 3), &addr), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, talloc_heap_alloc(&t->heap, test_request(t, 3), &next), TALLOC_OK);
	test_keep(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_part(&t->heap, addr, 0), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_part(&t->heap, addr, 3 * unit + 1), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_part(&t->heap, addr + unit, 3 * unit),
			TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_part(&t->heap, addr, U64_MAX), TALLOC_INVALID);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_part(&t->heap, addr + 1, 1), TALLOC_MISALIGNED);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_part(&t->heap, t->window.end, 1), TALLOC_OUTSIDE);
	KUNIT_EXPECT_EQ(test, talloc_heap_free_part(&t->heap, next + 3 * unit, 1),
			t->layout->detached ? TALLOC_NOT_LIVE : TALLOC_INVALID);
	if (!t->layout->detached)
		KUNIT_EXPECT_EQ(test, talloc_heap_free_part(&t->heap, addr, 1), TALLOC_INVALID);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(a_place_is_found_where_there_is_one, roomy_gen_params),
	KUNIT_CASE_PARAM(every_place_of_one_chunk_is_found, roomy_gen_params),
	KUNIT_CASE_PARAM(contradictions_are_refused, roomy_gen_params),
	KUNIT_CASE_PARAM(impossible_wishes_find_no_room, roomy_gen_params),
	KUNIT_CASE_PARAM(an_exact_address_is_given_once, roomy_gen_params),
	KUNIT_CASE_PARAM(a_block_may_end_at_a_boundary, detached_gen_params),
	KUNIT_CASE_PARAM(the_alignment_of_a_place_is_remembered, roomy_gen_params),
	KUNIT_CASE_PARAM(top_down_fills_from_the_top, roomy_gen_params),
	KUNIT_CASE_PARAM(damage_ends_the_search, roomy_gen_params),
	KUNIT_CASE_PARAM(parts_are_freed_in_any_order, detached_gen_params),
	KUNIT_CASE_PARAM(parts_outside_of_a_block_are_refused, roomy_gen_params),
	{ }
};

struct kunit_suite talloc_where_suite = {
	.name = "talloc_where",
	.init = test_heap_init,
	.exit = test_heap_exit,
	.test_cases = cases,
};

static struct kunit_case numbers_cases[] = {
	KUNIT_CASE_PARAM(every_number_is_given_once, numbers_gen_params),
	KUNIT_CASE_PARAM(all_numbers_are_one_block, numbers_gen_params),
	{ }
};

struct kunit_suite talloc_numbers_suite = {
	.name = "talloc_numbers",
	.test_cases = numbers_cases,
};
