// SPDX-License-Identifier: GPL-2.0
/*
 * Spans: each function at its edges.
 */
#include "talloc_test.h"

static const struct talloc_span ALL = { 0, U64_MAX };
static const struct talloc_span LOW = { 0, 16 };
static const struct talloc_span HIGH = { U64_MAX - 16, U64_MAX };

static bool span_is(struct talloc_span span, u64 start, u64 end)
{
	return span.start == start && span.end == end;
}

static struct talloc_span span_of(u64 start, u64 end)
{
	return (struct talloc_span){ start, end };
}

static void make_refuses_an_end_that_wraps(struct kunit *test)
{
	struct talloc_span span = span_of(3, 4);

	KUNIT_EXPECT_FALSE(test, talloc_span_make(&span, U64_MAX, 1));
	KUNIT_EXPECT_FALSE(test, talloc_span_make(&span, 1, U64_MAX));
	KUNIT_EXPECT_FALSE(test, talloc_span_make(&span, U64_MAX, U64_MAX));
	KUNIT_EXPECT_TRUE(test, span_is(span, 3, 4));
}

static void make_takes_the_whole_space(struct kunit *test)
{
	struct talloc_span span;

	KUNIT_EXPECT_TRUE(test, talloc_span_make(&span, 0, U64_MAX));
	KUNIT_EXPECT_TRUE(test, span_is(span, 0, U64_MAX));
	KUNIT_EXPECT_TRUE(test, talloc_span_make(&span, U64_MAX, 0));
	KUNIT_EXPECT_TRUE(test, span_is(span, U64_MAX, U64_MAX));
	KUNIT_EXPECT_TRUE(test, talloc_span_make(&span, U64_MAX - 1, 1));
	KUNIT_EXPECT_TRUE(test, span_is(span, U64_MAX - 1, U64_MAX));
	KUNIT_EXPECT_TRUE(test, talloc_span_make(&span, 0, 0));
	KUNIT_EXPECT_TRUE(test, span_is(span, 0, 0));
}

static void valid_bytes_and_empty_agree(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, talloc_span_valid(span_of(7, 7)));
	KUNIT_EXPECT_TRUE(test, talloc_span_valid(ALL));
	KUNIT_EXPECT_FALSE(test, talloc_span_valid(span_of(8, 7)));
	KUNIT_EXPECT_FALSE(test, talloc_span_valid(span_of(U64_MAX, 0)));
	KUNIT_EXPECT_EQ(test, talloc_span_bytes(ALL), U64_MAX);
	KUNIT_EXPECT_EQ(test, talloc_span_bytes(HIGH), 16);
	KUNIT_EXPECT_EQ(test, talloc_span_bytes(span_of(9, 9)), 0);
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(span_of(U64_MAX, U64_MAX)));
	KUNIT_EXPECT_FALSE(test, talloc_span_empty(span_of(0, 1)));
}

static void has_its_first_but_not_its_end(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, talloc_span_has(span_of(4, 6), 4));
	KUNIT_EXPECT_TRUE(test, talloc_span_has(span_of(4, 6), 5));
	KUNIT_EXPECT_FALSE(test, talloc_span_has(span_of(4, 6), 6));
	KUNIT_EXPECT_FALSE(test, talloc_span_has(span_of(4, 6), 3));
	KUNIT_EXPECT_FALSE(test, talloc_span_has(span_of(4, 6), 0));
	KUNIT_EXPECT_FALSE(test, talloc_span_has(span_of(4, 6), U64_MAX));
	KUNIT_EXPECT_FALSE(test, talloc_span_has(span_of(4, 4), 4));
	KUNIT_EXPECT_TRUE(test, talloc_span_has(ALL, 0));
	KUNIT_EXPECT_TRUE(test, talloc_span_has(ALL, U64_MAX - 1));
	KUNIT_EXPECT_FALSE(test, talloc_span_has(ALL, U64_MAX));
}

static void contains_up_to_both_ends(struct kunit *test)
{
	struct talloc_span outer = span_of(16, 32);

	KUNIT_EXPECT_TRUE(test, talloc_span_contains(outer, outer));
	KUNIT_EXPECT_TRUE(test, talloc_span_contains(outer, span_of(17, 31)));
	KUNIT_EXPECT_FALSE(test, talloc_span_contains(outer, span_of(15, 32)));
	KUNIT_EXPECT_FALSE(test, talloc_span_contains(outer, span_of(16, 33)));
	KUNIT_EXPECT_FALSE(test, talloc_span_contains(outer, span_of(0, 8)));
	KUNIT_EXPECT_FALSE(test, talloc_span_contains(outer, span_of(40, 48)));
	KUNIT_EXPECT_FALSE(test, talloc_span_contains(outer, ALL));
	KUNIT_EXPECT_TRUE(test, talloc_span_contains(ALL, HIGH));
	KUNIT_EXPECT_TRUE(test, talloc_span_contains(ALL, LOW));
}

static void contains_what_is_empty(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, talloc_span_contains(span_of(16, 32), span_of(99, 99)));
	KUNIT_EXPECT_TRUE(test, talloc_span_contains(span_of(5, 5), span_of(99, 99)));
	KUNIT_EXPECT_FALSE(test, talloc_span_contains(span_of(5, 5), span_of(5, 6)));
}

static void intersects_only_with_a_shared_address(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, talloc_span_intersects(span_of(0, 5), span_of(4, 9)));
	KUNIT_EXPECT_TRUE(test, talloc_span_intersects(span_of(4, 9), span_of(0, 5)));
	KUNIT_EXPECT_FALSE(test, talloc_span_intersects(span_of(0, 4), span_of(4, 9)));
	KUNIT_EXPECT_FALSE(test, talloc_span_intersects(span_of(4, 9), span_of(0, 4)));
	KUNIT_EXPECT_TRUE(test, talloc_span_intersects(ALL, span_of(7, 8)));
	KUNIT_EXPECT_TRUE(test, talloc_span_intersects(span_of(7, 8), ALL));
	KUNIT_EXPECT_FALSE(test, talloc_span_intersects(LOW, HIGH));
	KUNIT_EXPECT_FALSE(test, talloc_span_intersects(ALL, span_of(7, 7)));
	KUNIT_EXPECT_FALSE(test, talloc_span_intersects(span_of(7, 7), ALL));
	KUNIT_EXPECT_FALSE(test, talloc_span_intersects(span_of(7, 7), span_of(7, 7)));
}

static void common_is_what_both_have(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_common(span_of(0, 5), span_of(4, 9)), 4, 5));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_common(span_of(4, 9), span_of(0, 5)), 4, 5));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_common(ALL, span_of(4, 9)), 4, 9));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_common(span_of(4, 9), ALL), 4, 9));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_common(LOW, HIGH)));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_common(span_of(0, 4),
								     span_of(4, 8))));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_common(ALL, span_of(3, 3))));
}

static void below_and_above_cut_at_an_address(struct kunit *test)
{
	struct talloc_span span = span_of(16, 32);

	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_below(span, 0)));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_below(span, 16)));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_below(span, 17), 16, 17));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_below(span, 32), 16, 32));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_below(span, U64_MAX), 16, 32));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_above(span, 0), 16, 32));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_above(span, 16), 16, 32));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_above(span, 17), 17, 32));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_above(span, 32)));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_above(span, U64_MAX)));
	KUNIT_EXPECT_TRUE(test, talloc_span_valid(talloc_span_below(span, 0)));
	KUNIT_EXPECT_TRUE(test, talloc_span_valid(talloc_span_above(span, U64_MAX)));
}

static void extend_stays_in_the_address_space(struct kunit *test)
{
	struct talloc_span span = span_of(16, 32);

	KUNIT_EXPECT_FALSE(test, talloc_span_extend(&span, 17, 0));
	KUNIT_EXPECT_FALSE(test, talloc_span_extend(&span, 0, U64_MAX - 31));
	KUNIT_EXPECT_FALSE(test, talloc_span_extend(&span, U64_MAX, U64_MAX));
	KUNIT_EXPECT_TRUE(test, span_is(span, 16, 32));
	KUNIT_EXPECT_TRUE(test, talloc_span_extend(&span, 0, 0));
	KUNIT_EXPECT_TRUE(test, span_is(span, 16, 32));
	KUNIT_EXPECT_TRUE(test, talloc_span_extend(&span, 1, 2));
	KUNIT_EXPECT_TRUE(test, span_is(span, 15, 34));
	KUNIT_EXPECT_TRUE(test, talloc_span_extend(&span, 15, U64_MAX - 34));
	KUNIT_EXPECT_TRUE(test, span_is(span, 0, U64_MAX));
}

static void truncate_takes_no_more_than_there_is(struct kunit *test)
{
	struct talloc_span span = span_of(16, 32);

	KUNIT_EXPECT_FALSE(test, talloc_span_truncate(&span, 9, 8));
	KUNIT_EXPECT_FALSE(test, talloc_span_truncate(&span, 17, 0));
	KUNIT_EXPECT_FALSE(test, talloc_span_truncate(&span, 0, 17));
	KUNIT_EXPECT_FALSE(test, talloc_span_truncate(&span, U64_MAX, 1));
	KUNIT_EXPECT_FALSE(test, talloc_span_truncate(&span, 2, U64_MAX));
	KUNIT_EXPECT_TRUE(test, span_is(span, 16, 32));
	KUNIT_EXPECT_TRUE(test, talloc_span_truncate(&span, 1, 2));
	KUNIT_EXPECT_TRUE(test, span_is(span, 17, 30));
	KUNIT_EXPECT_TRUE(test, talloc_span_truncate(&span, 13, 0));
	KUNIT_EXPECT_TRUE(test, span_is(span, 30, 30));
}

static void align_up_finds_the_next_multiple(struct kunit *test)
{
	u64 up = 1;

	KUNIT_EXPECT_TRUE(test, talloc_align_up(0, 8, &up));
	KUNIT_EXPECT_EQ(test, up, 0);
	KUNIT_EXPECT_TRUE(test, talloc_align_up(1, 8, &up));
	KUNIT_EXPECT_EQ(test, up, 8);
	KUNIT_EXPECT_TRUE(test, talloc_align_up(8, 8, &up));
	KUNIT_EXPECT_EQ(test, up, 8);
	KUNIT_EXPECT_TRUE(test, talloc_align_up(U64_MAX - 7, 8, &up));
	KUNIT_EXPECT_EQ(test, up, U64_MAX - 7);
	KUNIT_EXPECT_TRUE(test, talloc_align_up(U64_MAX, 1, &up));
	KUNIT_EXPECT_EQ(test, up, U64_MAX);
	KUNIT_EXPECT_TRUE(test, talloc_align_up(1, 1ull << 63, &up));
	KUNIT_EXPECT_EQ(test, up, 1ull << 63);
}

static void align_up_refuses_to_wrap(struct kunit *test)
{
	u64 up = 5;

	KUNIT_EXPECT_FALSE(test, talloc_align_up(U64_MAX - 6, 8, &up));
	KUNIT_EXPECT_FALSE(test, talloc_align_up(U64_MAX, 2, &up));
	KUNIT_EXPECT_FALSE(test, talloc_align_up((1ull << 63) + 1, 1ull << 63, &up));
	KUNIT_EXPECT_EQ(test, up, 5);
}

static void fit_within_shrinks_to_the_grid(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_fit_within(span_of(16, 32), 16), 16, 32));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_fit_within(span_of(15, 33), 16), 16, 32));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_fit_within(span_of(17, 64), 16), 32, 64));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_fit_within(span_of(17, 31), 16)));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_fit_within(span_of(17, 47), 16)));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_fit_within(span_of(9, 9), 16)));
	KUNIT_EXPECT_TRUE(test, talloc_span_valid(talloc_span_fit_within(span_of(17, 31), 16)));
	KUNIT_EXPECT_TRUE(test, talloc_span_empty(talloc_span_fit_within(HIGH, 1ull << 63)));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_fit_within(ALL, 16), 0, U64_MAX - 15));
	KUNIT_EXPECT_TRUE(test, span_is(talloc_span_fit_within(ALL, 1), 0, U64_MAX));
}

static void fit_over_grows_to_the_grid(struct kunit *test)
{
	struct talloc_span span = span_of(17, 31);

	KUNIT_EXPECT_TRUE(test, talloc_span_fit_over(&span, 16));
	KUNIT_EXPECT_TRUE(test, span_is(span, 16, 32));
	KUNIT_EXPECT_TRUE(test, talloc_span_fit_over(&span, 16));
	KUNIT_EXPECT_TRUE(test, span_is(span, 16, 32));
	KUNIT_EXPECT_TRUE(test, talloc_span_fit_over(&span, 1));
	KUNIT_EXPECT_TRUE(test, span_is(span, 16, 32));
	span = span_of(U64_MAX - 20, U64_MAX - 14);
	KUNIT_EXPECT_FALSE(test, talloc_span_fit_over(&span, 16));
	KUNIT_EXPECT_TRUE(test, span_is(span, U64_MAX - 20, U64_MAX - 14));
	span.end = U64_MAX - 15;
	KUNIT_EXPECT_TRUE(test, talloc_span_fit_over(&span, 16));
	KUNIT_EXPECT_TRUE(test, span_is(span, U64_MAX - 31, U64_MAX - 15));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(make_refuses_an_end_that_wraps),
	KUNIT_CASE(make_takes_the_whole_space),
	KUNIT_CASE(valid_bytes_and_empty_agree),
	KUNIT_CASE(has_its_first_but_not_its_end),
	KUNIT_CASE(contains_up_to_both_ends),
	KUNIT_CASE(contains_what_is_empty),
	KUNIT_CASE(intersects_only_with_a_shared_address),
	KUNIT_CASE(common_is_what_both_have),
	KUNIT_CASE(below_and_above_cut_at_an_address),
	KUNIT_CASE(extend_stays_in_the_address_space),
	KUNIT_CASE(truncate_takes_no_more_than_there_is),
	KUNIT_CASE(align_up_finds_the_next_multiple),
	KUNIT_CASE(align_up_refuses_to_wrap),
	KUNIT_CASE(fit_within_shrinks_to_the_grid),
	KUNIT_CASE(fit_over_grows_to_the_grid),
	{ }
};

struct kunit_suite talloc_span_suite = {
	.name = "talloc_span",
	.test_cases = cases,
};
