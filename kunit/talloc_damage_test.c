// SPDX-License-Identifier: GPL-2.0
/*
 * Damage: what the checker says of each broken rule, what the calls do when they
 * meet it, and that neither ever leaves the heap's memory.
 */
#include "talloc_test.h"

TEST_LAYOUT_PARAM(roomy, test_layout_roomy(layout))
TEST_LAYOUT_PARAM(queues, test_layout_queues(layout))
TEST_LAYOUT_PARAM(large, test_layout_large(layout))
TEST_LAYOUT_PARAM(detached, layout->detached)
TEST_LAYOUT_PARAM(detached_live_map, layout->detached && layout->live_map)
TEST_LAYOUT_PARAM(live_map, layout->live_map && test_layout_roomy(layout))

/* What is in the memory can be forged; a table is out of a driver's reach. */
TEST_LAYOUT_PARAM(inline_tags, test_layout_inline(layout))
TEST_LAYOUT_PARAM(inline_live_map, test_layout_inline(layout) && layout->live_map)

#define RULE(name)	(1u << TALLOC_RULE_##name)

/* Units of most chunks of the model heap. */
#define S		3u

/*
 * struct model - a small heap with something of everything
 * @t: the heap under test
 * @at: indices of its chunks, by their letters
 *
 * Used chunks are in capitals, the number below is their size::
 *
 *	| A | b | C | d | E | F |  g  | H | i ...  sentinel
 *	  3   3   3   3   3   3    5    3   rest
 *
 * b and d share a bin, whose head is d; g and i have one each. In a heap that keeps
 * blocks, C was freed last, and is kept, or in one that queues frees, queued.
 */
enum name { A, b, C, d, E, F, g, H, i, SENTINEL, LETTERS };

struct model {
	struct test_heap *t;
	u32 at[LETTERS];
};

static void *model_block(const struct model *m, enum name letter)
{
	return test_payload(m->t, m->at[letter]);
}

static talloc_word *model_tag(const struct model *m, enum name letter)
{
	return test_tag(m->t, m->at[letter]);
}

static void lay_model(struct kunit *test, struct model *m)
{
	static const u32 sizes[] = { S, S, S, S, S, S, 5, S };
	struct test_heap *t = test_heap_of(test);
	enum name letter;
	void *block;

	m->t = t;
	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	for (letter = A; letter <= H; letter++) {
		block = test_alloc(&t->heap, test_request(t, sizes[letter]));
		KUNIT_ASSERT_NOT_NULL(test, block);
		if (!t->layout->detached)
			memset(block, 0, test_request(t, sizes[letter]));
		m->at[letter] = test_index(t, block);
	}
	m->at[i] = m->at[H] + S;
	m->at[SENTINEL] = t->heap.sentinel;
	KUNIT_ASSERT_EQ(test, test_free(&t->heap, model_block(m, b)), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_free(&t->heap, model_block(m, d)), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_free(&t->heap, model_block(m, g)), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, talloc_heap_settle(&t->heap, TALLOC_KEPT), t->keeps);
	if (t->keeps)
		KUNIT_ASSERT_EQ(test, test_free(&t->heap, model_block(m, C)), TALLOC_OK);
	KUNIT_ASSERT_TRUE(test, test_clean(test));
}

/*
 * The checker
 */

static bool same_fault(const struct talloc_fault *x, const struct talloc_fault *y)
{
	return x->rule == y->rule && x->chunk == y->chunk && x->addr == y->addr &&
	       x->found == y->found && x->expected == y->expected;
}

/* Check in slices; false for a fault, and for a check that does not come to an end. */
static bool check_in_slices(struct kunit *test, u32 steps, struct talloc_fault *fault)
{
	struct test_heap *t = test_heap_of(test);
	enum talloc_check_state state = TALLOC_CHECK_MORE;
	u32 slices = 3 * test_units(t) + TALLOC_BINS + 2;
	struct talloc_check check;

	talloc_heap_check_begin(&t->heap, &check);
	while (state == TALLOC_CHECK_MORE && slices--)
		state = talloc_heap_check_step(&t->heap, &check, steps, fault);
	KUNIT_EXPECT_NE(test, state, TALLOC_CHECK_MORE);
	return state == TALLOC_CHECK_CLEAN;
}

/* Whether one of @rules is reported, the same in slices, and nothing is written. */
static void expect_rule(struct kunit *test, u32 rules, const char *what)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault = { 0 }, sliced = { 0 };
	bool clean;

	test_keep(test);
	clean = talloc_heap_check(&t->heap, &fault);
	KUNIT_EXPECT_FALSE_MSG(test, clean, "%s", what);
	KUNIT_EXPECT_TRUE_MSG(test, rules >> fault.rule & 1, "%s: says %s at %u", what,
			      talloc_rule_name(fault.rule), fault.chunk);
	KUNIT_EXPECT_FALSE(test, check_in_slices(test, 1, &sliced));
	KUNIT_EXPECT_TRUE_MSG(test, same_fault(&fault, &sliced), "%s", what);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

/* Damage one word, look, and mend it. */
static void plant(struct kunit *test, talloc_word *word, u32 value, u32 rules, const char *what)
{
	u32 was = *word;

	if (was == value)
		return;
	*word = value;
	expect_rule(test, rules, what);
	*word = was;
	KUNIT_EXPECT_TRUE_MSG(test, test_clean(test), "%s, mended", what);
}

static void plant_size(struct kunit *test, const struct model *m, enum name letter,
		       u32 units, u32 rules, const char *what)
{
	talloc_word *tag = model_tag(m, letter);

	plant(test, tag, units << TEST_SHIFT | (*tag & 7), rules, what);
}

static void plant_flag(struct kunit *test, const struct model *m, enum name letter,
		       u32 flag, u32 rules, const char *what)
{
	plant(test, model_tag(m, letter), *model_tag(m, letter) ^ flag, rules, what);
}

/* I1 */
static void check_tells_broken_tiling(struct kunit *test)
{
	struct model m;
	u32 rest;

	lay_model(test, &m);
	rest = m.at[SENTINEL] - m.at[E];
	plant_size(test, &m, E, 0x1fffffff, RULE(TILING), "E is huge");
	plant_size(test, &m, E, rest + 1, RULE(TILING), "E passes the sentinel");
	plant_size(test, &m, b, 0x1fffffff, RULE(TILING), "b is huge");
	plant_size(test, &m, i, test_chunk_units(m.t, m.at[i]) + 1, RULE(TILING), "i passes it");
	plant_size(test, &m, SENTINEL, 1, RULE(TILING), "the sentinel has a size");
	plant_flag(test, &m, SENTINEL, TEST_FREE, RULE(TILING), "the sentinel is free");
}

/* I2 */
static void check_tells_runts(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	plant_size(test, &m, A, 0, RULE(RUNT), "A is 0");
	plant_size(test, &m, b, 0, RULE(RUNT), "b is 0");
	plant_size(test, &m, E, m.t->min_units - 1, RULE(RUNT), "E is a runt");
	plant_size(test, &m, g, m.t->min_units - 1, RULE(RUNT), "g is a runt");
	plant_size(test, &m, E, S - 1, RULE(RUNT), "E ends early");
	plant_size(test, &m, E, S + 1, RULE(RUNT), "E ends in F");
	plant_size(test, &m, i, 0, RULE(RUNT), "i is 0");
}

/* I3 */
static void check_tells_tags_that_disagree(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	plant_flag(test, &m, A, TEST_LEFT_FREE, RULE(TAGS), "A has L");
	plant_flag(test, &m, F, TEST_LEFT_FREE, RULE(TAGS), "F has L");
	plant_flag(test, &m, C, TEST_LEFT_FREE, RULE(TAGS), "C lacks L");
	plant_flag(test, &m, b, TEST_LEFT_FREE, RULE(TAGS), "b has L");
	/* It is no kept chunk, either. */
	plant_flag(test, &m, b, TEST_ALIGNED, m.t->layout->live_map ? RULE(LIVE) : RULE(TAGS),
		   "b has A");
	plant_flag(test, &m, F, TEST_FREE, RULE(TAGS), "F has F");
	plant_flag(test, &m, SENTINEL, TEST_LEFT_FREE, RULE(TAGS), "the sentinel lacks L");
	plant_flag(test, &m, SENTINEL, TEST_ALIGNED, RULE(TAGS), "the sentinel has A");
	plant_size(test, &m, b, S + 1, RULE(TAGS), "b is larger");
	plant_size(test, &m, g, 4, RULE(TAGS), "g is smaller");
	plant(test, model_tag(&m, C) - 1, S + 1, RULE(TAGS), "b's second size is larger");
	plant(test, model_tag(&m, C) - 1, S - 1, RULE(TAGS), "b's second size is smaller");
	plant(test, model_tag(&m, C) - 1, 0, RULE(TAGS), "b's second size is 0");
	plant(test, model_tag(&m, SENTINEL) - 1, U32_MAX, RULE(TAGS), "i's second size is huge");
}

/* I4 */
static void check_tells_free_chunks_that_touch(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	plant_flag(test, &m, C, TEST_FREE, RULE(MERGED), "C has F");
	plant_flag(test, &m, E, TEST_FREE, RULE(MERGED), "E has F");
	plant_flag(test, &m, H, TEST_FREE, RULE(MERGED), "H has F");
}

static void plant_links(struct kunit *test, const struct model *m, enum name letter,
			const char *what)
{
	const u32 bad[] = {
		0, m->at[letter], m->at[SENTINEL], m->at[SENTINEL] + 1, m->at[A] - 1, m->at[C],
		m->at[C] + 1, m->at[b], m->at[d], m->at[g], m->at[i], 0x1fffffff, 0x20000000,
		U32_MAX, m->at[letter] | 0x80000000, m->at[letter] | 0x20000000,
	};
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad); n++) {
		plant(test, model_tag(m, letter) + 1, test_next_link(bad[n]), RULE(BINNED), what);
		plant(test, model_tag(m, letter) + 2, test_prev_link(bad[n]), RULE(BINNED),
		      what);
	}
	/* Besides an index, a link back has the flags of a free chunk's tag. */
	for (n = 1; n < 8; n *= 2)
		plant(test, model_tag(m, letter) + 2, model_tag(m, letter)[2] ^ n, RULE(BINNED),
		      what);
}

/* I5 */
static void check_tells_links_that_disagree(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	plant_links(test, &m, b, "links of b");
	plant_links(test, &m, d, "links of d");
	plant_links(test, &m, g, "links of g");
	plant_links(test, &m, i, "links of i");
}

static talloc_word *bin(const struct model *m, u32 number)
{
	return &m->t->heap.bins[number].head;
}

/* What is said of its head. */
static talloc_word *bin_units(const struct model *m, u32 number)
{
	return (talloc_word *)&m->t->heap.bins[number].units;
}

static void set_links(const struct model *m, u32 chunk, u32 prev, u32 next)
{
	test_tag(m->t, chunk)[1] = test_next_link(next);
	test_tag(m->t, chunk)[2] = test_prev_link(prev);
}

static void check_tells_chunks_in_the_wrong_bin(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	plant(test, bin(&m, S), 0, RULE(BINNED), "bin 3 lost its list");
	plant(test, bin(&m, S), m.at[b], RULE(BINNED), "bin 3 begins at its second");
	plant(test, bin(&m, S), m.at[g], RULE(BINNED), "bin 3 has bin 5's");
	plant(test, bin(&m, 5), m.at[C], RULE(BINNED), "bin 5 has a used chunk");
	plant(test, bin(&m, 5), U32_MAX, RULE(BINNED), "bin 5 leads out of the span");
	plant(test, bin(&m, 5), m.at[SENTINEL], RULE(BINNED), "bin 5 has the sentinel");
	plant(test, bin_units(&m, 5), 4, RULE(BINNED), "the head of bin 5 is said to have 4");
	plant(test, bin_units(&m, 5), 6, RULE(BINNED), "the head of bin 5 is said to have 6");
	*bin(&m, S) = m.at[g];
	*bin(&m, 5) = m.at[d];
	expect_rule(test, RULE(BINNED), "bins 3 and 5 are swapped");
	*bin(&m, S) = m.at[d];
	*bin(&m, 5) = m.at[g];
	*bin(&m, 9) = m.at[g];
	m.t->heap.binmap[0] |= 1u << 9;
	expect_rule(test, RULE(BINNED), "g is in two bins");
	*bin(&m, 9) = U32_MAX;
	expect_rule(test, RULE(BINNED), "bin 9 leads out of the span");
	*bin(&m, 9) = m.at[g];
	*bin(&m, 5) = 0;
	m.t->heap.binmap[0] &= ~(1u << 5);
	expect_rule(test, RULE(BINNED), "g is in another bin");
	lay_model(test, &m);
	*bin(&m, 5) = 0;
	m.t->heap.binmap[0] &= ~(1ull << 5);
	set_links(&m, m.at[b], m.at[d], m.at[g]);
	set_links(&m, m.at[g], m.at[b], 0);
	expect_rule(test, RULE(BINNED), "g is the last one of bin 3");
}

/* Lists whose links agree both ways, and yet are not right. */
static void check_tells_loops_and_strays(struct kunit *test)
{
	struct model m;
	u32 stray;

	lay_model(test, &m);
	set_links(&m, m.at[g], m.at[g], m.at[g]);
	expect_rule(test, RULE(BINNED), "g is a loop");
	lay_model(test, &m);
	set_links(&m, m.at[b], m.at[d], m.at[d]);
	set_links(&m, m.at[d], m.at[b], m.at[b]);
	expect_rule(test, RULE(BINNED), "b and d are a loop");
	lay_model(test, &m);
	set_links(&m, m.at[b], m.at[b], m.at[b]);
	set_links(&m, m.at[d], 0, 0);
	expect_rule(test, RULE(BINNED), "b is in no bin");
	/* Now something inside of F takes its place. */
	stray = m.at[F] + 1;
	set_links(&m, m.at[d], 0, stray);
	set_links(&m, stray, m.at[d], 0);
	test_tag(m.t, stray)[0] = S << TEST_SHIFT | TEST_FREE;
	expect_rule(test, RULE(BINNED), "a stray is in b's place");
}

static void plant_half(struct kunit *test, const struct model *m, u32 half)
{
	struct talloc_heap *heap = &m->t->heap;
	talloc_word *bits = (talloc_word *)heap->binmap + half;
	u32 n;

	for (n = 0; n < 32; n++)
		plant(test, bits, *bits ^ 1u << n, RULE(BINMAP), "a bit of the binmap");
}

/* I6 */
static void check_tells_a_wrong_binmap(struct kunit *test)
{
	struct model m;
	u32 half;

	lay_model(test, &m);
	for (half = 0; half < 2 * TALLOC_BINMAP_WORDS; half++)
		plant_half(test, &m, half);
	plant(test, bin(&m, 9), m.at[g], RULE(BINMAP), "bin 9 is not empty");
}

static void plant_count(struct kunit *test, u32 *count, const char *what)
{
	plant(test, (talloc_word *)count, *count + 1, RULE(STATS), what);
	plant(test, (talloc_word *)count, *count - 1, RULE(STATS), what);
	plant(test, (talloc_word *)count, U32_MAX, RULE(STATS), what);
}

static void plant_blocks(struct kunit *test, struct talloc_heap *heap, const char *what)
{
	heap->allocs++;
	expect_rule(test, RULE(STATS), what);
	heap->allocs--;
	heap->frees++;
	expect_rule(test, RULE(STATS), what);
	heap->frees--;
	KUNIT_EXPECT_TRUE_MSG(test, test_clean(test), "%s, mended", what);
}

/* I7 */
static void check_tells_wrong_stats(struct kunit *test)
{
	struct talloc_heap *heap;
	struct model m;

	lay_model(test, &m);
	heap = &m.t->heap;
	plant_count(test, &heap->free_units, "free units");
	plant_blocks(test, heap, "blocks");
	plant_count(test, &heap->free_chunks, "free chunks");
	plant_count(test, &heap->units, "units");
	/* E takes in F: all tags agree, but there is one block less. */
	plant_size(test, &m, E, 2 * S, m.t->layout->live_map ? RULE(LIVE) : RULE(STATS),
		   "E takes in F");
}

static void plant_live(struct kunit *test, const struct model *m, u32 chunk, const char *what)
{
	unsigned long *word = &m->t->heap.live[chunk / BITS_PER_LONG];

	*word ^= 1ul << chunk % BITS_PER_LONG;
	expect_rule(test, RULE(LIVE), what);
	*word ^= 1ul << chunk % BITS_PER_LONG;
	KUNIT_EXPECT_TRUE_MSG(test, test_clean(test), "%s, mended", what);
}

/* I8 */
static void check_tells_a_wrong_live_map(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	if (!m.t->layout->live_map) {
		/* What stands in for it are the tags. */
		plant_flag(test, &m, b, TEST_FREE, RULE(TAGS), "b lacks F");
		return;
	}
	plant_live(test, &m, m.at[A], "A is missing");
	plant_live(test, &m, m.at[E], "E is missing");
	plant_live(test, &m, m.at[H], "H is missing");
	plant_live(test, &m, m.at[E] + 1, "inside of E");
	plant_live(test, &m, m.at[b], "b is free");
	plant_live(test, &m, m.at[b] + 1, "inside of b");
	plant_live(test, &m, m.at[SENTINEL] - 1, "inside of i");
	plant_live(test, &m, m.at[SENTINEL], "the sentinel");
	plant_live(test, &m, 0, "index 0");
	plant_flag(test, &m, b, TEST_FREE, RULE(LIVE), "b lacks F");
}

/* What holds of any heap holds with a kept block in the middle of it. */
static void check_tells_the_same_beside_a_kept_block(struct kunit *test)
{
	test_heap_of(test)->keeps = true;
	check_tells_chunks_in_the_wrong_bin(test);
	check_tells_links_that_disagree(test);
	check_tells_wrong_stats(test);
	check_tells_a_wrong_live_map(test);
}

static void check_tells_the_same_beside_a_queued_block(struct kunit *test)
{
	test_heap_of(test)->keeps = true;
	test_heap_of(test)->queues = true;
	check_tells_chunks_in_the_wrong_bin(test);
	check_tells_links_that_disagree(test);
	check_tells_wrong_stats(test);
	check_tells_a_wrong_live_map(test);
}

/* A kept chunk's tag: where no other rule is broken, it is not what the ring has. */
static void check_tells_a_wrong_kept_tag(struct kunit *test)
{
	struct model m;

	test_heap_of(test)->keeps = true;
	lay_model(test, &m);
	plant_flag(test, &m, C, TEST_KEPT, RULE(KEPT), "C is used");
	plant_flag(test, &m, C, TEST_FREE, RULE(KEPT), "C is used and aligned");
	plant_flag(test, &m, C, TEST_ALIGNED, RULE(MERGED), "C is free");
	plant_flag(test, &m, C, TEST_LEFT_FREE, RULE(TAGS), "C lacks L");
	plant_size(test, &m, C, 0, RULE(RUNT), "C is 0");
	plant_size(test, &m, C, S - 1, RULE(RUNT), "C ends early");
	plant_size(test, &m, C, S + 1, RULE(RUNT), "C ends in d");
	plant_size(test, &m, C, 2 * S, RULE(TAGS), "C takes in d");
	plant_size(test, &m, C, 0x1fffffff, RULE(TILING), "C is huge");
	if (m.t->layout->live_map)
		plant_live(test, &m, m.at[C], "C is missing");
}

/* These look kept, and are in no ring. */
static void check_tells_kept_tags_that_are_not_in_the_ring(struct kunit *test)
{
	u32 keeps;
	struct model m;

	for (keeps = 0; keeps < 2; keeps++) {
		test_heap_of(test)->keeps = keeps;
		lay_model(test, &m);
		plant_flag(test, &m, A, TEST_KEPT, RULE(KEPT), "A is kept");
		plant_flag(test, &m, F, TEST_KEPT, RULE(KEPT), "F is kept");
		plant_flag(test, &m, H, TEST_KEPT, RULE(KEPT), "H is kept");
	}
}

static struct talloc_kept *ring_place(const struct model *m, u32 chunk)
{
	struct talloc_kept *kept = m->t->heap.kept_blocks;

	while (!kept->key || kept->chunk != chunk)
		kept++;
	return kept;
}

static struct talloc_kept *empty_place(const struct model *m)
{
	struct talloc_kept *kept = m->t->heap.kept_blocks;

	while (kept->key)
		kept++;
	return kept;
}

static void plant_kept(struct kunit *test, struct talloc_kept *place, u32 chunk, u32 key,
		       const char *what)
{
	struct talloc_kept was = *place;

	place->chunk = chunk;
	place->key = key;
	expect_rule(test, RULE(KEPT), what);
	*place = was;
	KUNIT_EXPECT_TRUE_MSG(test, test_clean(test), "%s, mended", what);
}

/* I9 */
static void check_tells_a_wrong_ring(struct kunit *test)
{
	struct talloc_kept *place, *other, *none;
	struct model m;
	u32 n;

	test_heap_of(test)->keeps = true;
	lay_model(test, &m);
	KUNIT_ASSERT_EQ(test, test_free(&m.t->heap, model_block(&m, H)), TALLOC_OK);
	place = ring_place(&m, m.at[C]);
	other = ring_place(&m, m.at[H]);
	none = empty_place(&m);
	for (n = 0; n < LETTERS; n++)
		if (n != C)
			plant_kept(test, place, m.at[n], place->key, "C is another");
	plant_kept(test, place, 0, place->key, "C is none");
	plant_kept(test, place, m.at[C] + 1, place->key, "C begins later");
	plant_kept(test, place, m.at[A] - 1, place->key, "C is below the span");
	plant_kept(test, place, m.at[SENTINEL] + 100000, place->key, "C is above the span");
	plant_kept(test, place, U32_MAX, place->key, "C is nowhere");
	plant_kept(test, place, place->chunk, 0, "C is missing");
	plant_kept(test, place, place->chunk, place->key + 2, "C is larger");
	plant_kept(test, place, place->chunk, place->key - 2, "C is smaller");
	plant_kept(test, place, place->chunk, 0xffff, "C is huge");
	plant_kept(test, other, place->chunk, place->key, "C stands for H");
	plant_kept(test, none, place->chunk, place->key, "C is there twice");
	plant_kept(test, none, m.at[F], place->key, "F is there");
	plant_kept(test, none, m.at[b], place->key, "b is there");
	plant(test, &m.t->heap.filled, place - m.t->heap.kept_blocks, RULE(KEPT),
	      "C's place was never filled");
}

/* I9, and that a row of places that has no end is not followed for ever. */
static void check_tells_wrong_empty_places(struct kunit *test)
{
	struct talloc_heap *heap = &test_heap_of(test)->heap;
	struct talloc_kept *ring = heap->kept_blocks;
	struct model m;

	test_heap_of(test)->keeps = true;
	lay_model(test, &m);
	KUNIT_ASSERT_EQ(test, test_free(&m.t->heap, model_block(&m, H)), TALLOC_OK);
	plant(test, &heap->empty, ring_place(&m, m.at[C]) - ring, RULE(KEPT), "C's place is empty");
	plant(test, &heap->empty, TALLOC_PLACES + 1, RULE(KEPT), "there is no such place");
	plant(test, &heap->empty, U32_MAX, RULE(KEPT), "there is no place");
	plant(test, &heap->hand, TALLOC_PLACES, RULE(KEPT), "the hand is at the newest");
	plant(test, &heap->filled, TALLOC_PLACES + 1, RULE(KEPT), "the newest was filled");
	ring[TALLOC_PLACES - 1].prev = TALLOC_PLACES - 1;
	plant(test, &heap->empty, TALLOC_PLACES - 1, RULE(KEPT), "a place comes twice");
}

static void check_says_where(struct kunit *test)
{
	struct talloc_fault fault = { 0 };
	struct model m;

	lay_model(test, &m);
	*model_tag(&m, E) = 0;
	KUNIT_ASSERT_FALSE(test, talloc_heap_check(&m.t->heap, &fault));
	KUNIT_EXPECT_EQ(test, fault.chunk, m.at[E]);
	KUNIT_EXPECT_EQ(test, fault.addr, test_addr(model_block(&m, E)));
	KUNIT_EXPECT_EQ(test, fault.found, 0);
	KUNIT_EXPECT_EQ(test, fault.expected, m.t->min_units << TEST_SHIFT);
	/* What somebody wrote there can be read, and the most that could have been a size. */
	*model_tag(&m, E) = 0xfedcba93u;
	KUNIT_ASSERT_FALSE(test, talloc_heap_check(&m.t->heap, &fault));
	KUNIT_EXPECT_EQ(test, fault.found, 0xfedcba93u);
	KUNIT_EXPECT_EQ(test, fault.expected, (m.at[SENTINEL] - m.at[E]) << TEST_SHIFT);
	/* A bin is nowhere. */
	lay_model(test, &m);
	m.t->heap.binmap[0] ^= 1ull << 3;
	KUNIT_ASSERT_FALSE(test, talloc_heap_check(&m.t->heap, &fault));
	KUNIT_EXPECT_EQ(test, fault.rule, TALLOC_RULE_BINMAP);
	KUNIT_EXPECT_EQ(test, fault.chunk, 3);
	KUNIT_EXPECT_EQ(test, fault.addr, 0);
}

static u32 where_live(struct kunit *test, const struct model *m, u32 chunk)
{
	unsigned long *word = &m->t->heap.live[chunk / BITS_PER_LONG];
	struct talloc_fault fault = { .chunk = U32_MAX };

	*word ^= 1ul << chunk % BITS_PER_LONG;
	KUNIT_EXPECT_FALSE(test, talloc_heap_check(&m->t->heap, &fault));
	*word ^= 1ul << chunk % BITS_PER_LONG;
	return fault.chunk;
}

static void check_says_where_the_live_map_is_wrong(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	KUNIT_EXPECT_EQ(test, where_live(test, &m, 0), 0);
	KUNIT_EXPECT_EQ(test, where_live(test, &m, m.at[A]), m.at[A]);
	KUNIT_EXPECT_EQ(test, where_live(test, &m, m.at[b]), m.at[b]);
	KUNIT_EXPECT_EQ(test, where_live(test, &m, m.at[H]), m.at[H]);
	KUNIT_EXPECT_EQ(test, where_live(test, &m, m.at[SENTINEL]), m.at[SENTINEL]);
}

/* Neither a size that leads out of the span, nor what seems to be behind a damaged one. */
static void questions_do_not_believe_a_size(struct kunit *test)
{
	struct talloc_chunk chunk;
	struct model m;

	lay_model(test, &m);
	*model_tag(&m, E) = 0x1fffffffu << TEST_SHIFT;
	KUNIT_EXPECT_EQ(test, test_find(&m.t->heap, model_block(&m, E), &chunk), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, chunk.state, TALLOC_CHUNK_FREE);
	KUNIT_EXPECT_EQ(test, chunk.bytes, 0);
	test_heap_of(test)->keeps = true;
	lay_model(test, &m);
	KUNIT_EXPECT_TRUE(test, talloc_heap_held_beside(&m.t->heap,
							test_addr(model_block(&m, A))));
	model_tag(&m, C)[-1] = S + 1;
	KUNIT_EXPECT_FALSE(test, talloc_heap_held_beside(&m.t->heap,
							 test_addr(model_block(&m, A))));
}

static void check_in_slices_says_the_same(struct kunit *test)
{
	static const u32 steps[] = { 1, 2, 3, 7, 64, 1000, U32_MAX };
	struct talloc_fault fault;
	struct model m;
	u32 n;

	lay_model(test, &m);
	for (n = 0; n < ARRAY_SIZE(steps); n++)
		KUNIT_EXPECT_TRUE(test, check_in_slices(test, steps[n], &fault));
	*model_tag(&m, H) ^= TEST_LEFT_FREE;
	for (n = 0; n < ARRAY_SIZE(steps); n++)
		KUNIT_EXPECT_FALSE(test, check_in_slices(test, steps[n], &fault));
}

static void expect_changed(struct kunit *test, struct talloc_check *check)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault;

	KUNIT_EXPECT_EQ(test, talloc_heap_check_step(&t->heap, check, 1, &fault),
			TALLOC_CHECK_CHANGED);
	talloc_heap_check_begin(&t->heap, check);
	KUNIT_EXPECT_EQ(test, talloc_heap_check_step(&t->heap, check, 2, &fault),
			TALLOC_CHECK_MORE);
}

static void check_notices_every_change(struct kunit *test)
{
	struct talloc_check check;
	struct talloc_fault fault;
	struct talloc_span span;
	struct test_heap *t;
	struct model m;
	void *moved = NULL;

	lay_model(test, &m);
	t = m.t;
	talloc_heap_check_begin(&t->heap, &check);
	KUNIT_EXPECT_EQ(test, talloc_heap_check_step(&t->heap, &check, 2, &fault),
			TALLOC_CHECK_MORE);
	KUNIT_ASSERT_NOT_NULL(test, test_alloc(&t->heap, 1));
	expect_changed(test, &check);
	KUNIT_ASSERT_EQ(test, test_free(&t->heap, model_block(&m, F)), TALLOC_OK);
	expect_changed(test, &check);
	KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, model_block(&m, E),
						   test_request(t, S + 1)), TALLOC_OK);
	expect_changed(test, &check);
	KUNIT_ASSERT_EQ(test, test_slide(&t->heap, model_block(&m, H),
					 test_request(t, 5), &moved), TALLOC_OK);
	expect_changed(test, &check);
	KUNIT_ASSERT_EQ(test, test_resize_in_place(&t->heap, moved, 1), TALLOC_OK);
	expect_changed(test, &check);
	span = test_span(t);
	span.end -= 4ull * t->layout->unit;
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_OK);
	expect_changed(test, &check);
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, t->window, NULL), TALLOC_OK);
	expect_changed(test, &check);
	talloc_heap_retire(&t->heap);
	expect_changed(test, &check);
}

/*
 * Damage that a call meets
 */

static bool memory_kept(struct test_heap *t)
{
	return (!t->payload.memory ||
		test_same(t->payload.memory, t->payload.was, t->payload.bytes)) &&
	       (!t->table.memory || test_same(t->table.memory, t->table.was, t->table.bytes)) &&
	       (!t->live.memory || test_same(t->live.memory, t->live.was, t->live.bytes));
}

/* Out of service: all is refused, nothing is written, and the first damage stays. */
static void expect_out_of_service(struct kunit *test, const struct model *m)
{
	struct talloc_heap *heap = &m->t->heap;
	struct talloc_fault fault;
	struct talloc_walk walk;
	struct talloc_chunk chunk;
	void *moved, *block = model_block(m, H);

	test_keep(test);
	KUNIT_EXPECT_NULL(test, test_alloc(heap, 1));
	KUNIT_EXPECT_NULL(test, test_alloc(heap, test_request(m->t, S)));
	KUNIT_EXPECT_NULL(test, test_alloc_aligned(heap, 1, 2 * m->t->layout->unit));
	KUNIT_EXPECT_FALSE(test, talloc_heap_settle(heap, TALLOC_KEPT));
	KUNIT_EXPECT_EQ(test, test_free(heap, block), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, test_free(heap, NULL), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, test_lookup(heap, block, NULL, NULL), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, test_resize_in_place(heap, block, 1), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(heap, block, 1, &moved), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, test_slide(heap, block, 1, &moved), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(heap, m->t->window, NULL), TALLOC_DAMAGED);
	KUNIT_EXPECT_EQ(test, test_largest(m->t), 0);
	KUNIT_EXPECT_EQ(test, test_find(heap, block, &chunk), TALLOC_OK);
	KUNIT_EXPECT_FALSE(test, talloc_heap_check(heap, &fault));
	talloc_heap_walk_begin(heap, &walk);
	while (talloc_heap_walk_next(heap, &walk, &chunk))
		KUNIT_EXPECT_LE(test, chunk.addr + chunk.bytes, test_span(m->t).end);
	KUNIT_EXPECT_TRUE(test, test_kept(test));
}

/* After a call that met damage: it is noted, and nothing was written or counted but that. */
static void expect_damage(struct kunit *test, const struct model *m, u32 rules, const char *what)
{
	const struct talloc_heap *heap = &m->t->heap, *was = &m->t->was;
	const struct talloc_fault *damage = talloc_heap_damage(heap);

	KUNIT_EXPECT_EQ_MSG(test, talloc_heap_blocks(heap), talloc_heap_blocks(was), "%s", what);
	KUNIT_EXPECT_EQ_MSG(test, heap->free_units, was->free_units, "%s", what);
	KUNIT_ASSERT_TRUE_MSG(test, damage, "%s", what);
	KUNIT_EXPECT_TRUE_MSG(test, rules >> damage->rule & 1, "%s: %s", what,
			      talloc_rule_name(damage->rule));
	KUNIT_EXPECT_TRUE_MSG(test, memory_kept(m->t), "%s", what);
	expect_out_of_service(test, m);
}

typedef enum talloc_status (*call_fn)(const struct model *m);

static enum talloc_status call_free(const struct model *m)
{
	return test_free(&m->t->heap, model_block(m, C));
}

static enum talloc_status call_free_E(const struct model *m)
{
	return test_free(&m->t->heap, model_block(m, E));
}

static enum talloc_status call_shrink(const struct model *m)
{
	return test_resize_in_place(&m->t->heap, model_block(m, C),
					   test_request(m->t, m->t->min_units));
}

static enum talloc_status call_grow(const struct model *m)
{
	void *moved;

	return talloc_heap_resize(&m->t->heap, model_block(m, C),
				  test_request(m->t, S + 1), &moved);
}

static enum talloc_status call_slide(const struct model *m)
{
	void *moved;

	return test_slide(&m->t->heap, model_block(m, C), test_request(m->t, S + 1),
				 &moved);
}

static enum talloc_status null_is_damaged(const void *block)
{
	return block ? TALLOC_OK : TALLOC_DAMAGED;
}

/* Takes d. */
static enum talloc_status call_alloc(const struct model *m)
{
	return null_is_damaged(test_alloc(&m->t->heap, test_request(m->t, S)));
}

/* Takes i, or a part of it. */
static enum talloc_status call_alloc_aligned(const struct model *m)
{
	return null_is_damaged(test_alloc_aligned(&m->t->heap, test_request(m->t, 6),
							 2 * m->t->layout->unit));
}

static enum talloc_status call_truncate(const struct model *m)
{
	struct talloc_span span = test_span(m->t);

	span.end -= 2 * m->t->layout->unit;
	return talloc_heap_set_span(&m->t->heap, span, NULL);
}

/*
 * Without a live map, a block whose right neighbour says that it is free is none:
 * this may be damage, or an old pointer.
 */
static bool seems_free(const struct model *m, enum name letter)
{
	return letter == d && !m->t->layout->live_map && *model_tag(m, d) & TEST_LEFT_FREE;
}

/* One word damaged before one call. */
static void meet(struct kunit *test, call_fn call, enum name letter, int word, u32 value,
		 u32 rules, const char *what)
{
	enum talloc_status status;
	struct model m;

	lay_model(test, &m);
	if (model_tag(&m, letter)[word] == value)
		return;
	model_tag(&m, letter)[word] = value;
	test_keep(test);
	status = call(&m);
	if (status == TALLOC_NOT_LIVE && seems_free(&m, letter)) {
		KUNIT_EXPECT_TRUE(test, test_kept(test));
		return;
	}
	KUNIT_EXPECT_EQ_MSG(test, status, TALLOC_DAMAGED, "%s: 0x%x", what, value);
	expect_damage(test, &m, rules, what);
}

/* Of C, 2 * S units are to its left, and of E, b is 3 * S to its left. */
static const u32 bad_sizes[] = {
	0, 1, S - 1, S + 1, 2 * S, 2 * S + 1, 3 * S, 0x1fffffff, 0x20000000, U32_MAX,
};

/* To the right of a block, F and A without L are a kept chunk's, which is left alone. */
static bool seems_kept(call_fn call, enum name letter, u32 flags)
{
	return letter == d && call != call_free_E && flags == TEST_KEPT;
}

/* The tags and links of a free chunk that @call has to take out of its bin. */
static void meet_free_chunk(struct kunit *test, call_fn call, enum name letter,
			    const char *what)
{
	u32 n, size, tag, flags[] = { 0, 2, 3, 4, 5, 6, 7 };
	struct model m;

	lay_model(test, &m);
	tag = *model_tag(&m, letter);
	size = tag >> TEST_SHIFT;
	for (n = 0; n < ARRAY_SIZE(bad_sizes); n++) {
		if (bad_sizes[n] == size)
			continue;
		meet(test, call, letter, 0, bad_sizes[n] << TEST_SHIFT | TEST_FREE, RULE(TAGS),
		     what);
		meet(test, call, letter + 1, -1, bad_sizes[n], RULE(TAGS), what);
	}
	for (n = 0; n < ARRAY_SIZE(flags); n++)
		if (flags[n] & TEST_FREE && !seems_kept(call, letter, flags[n]))
			meet(test, call, letter, 0, size << TEST_SHIFT | flags[n], RULE(TAGS),
			     what);
}

static void meet_links(struct kunit *test, call_fn call, enum name letter, const char *what)
{
	u32 n, bad[10];
	struct model m;

	lay_model(test, &m);
	bad[0] = m.at[letter];
	bad[1] = m.at[SENTINEL];
	bad[2] = m.at[C];
	bad[3] = m.at[A];
	bad[4] = m.at[H] + 1;
	bad[5] = m.at[g];
	bad[6] = U32_MAX;
	bad[7] = 0x20000000;
	bad[8] = 0x1fffffff;
	bad[9] = m.at[SENTINEL] + 100000;
	for (n = 0; n < ARRAY_SIZE(bad); n++) {
		meet(test, call, letter, 1, test_next_link(bad[n]), RULE(BINNED), what);
		meet(test, call, letter, 2, test_prev_link(bad[n]), RULE(BINNED), what);
	}
}

static enum talloc_status call_free_first(const struct model *m)
{
	return test_free(&m->t->heap, model_block(m, A));
}

static void free_meets_damage_beside_it(struct kunit *test)
{
	meet_free_chunk(test, call_free, b, "free, left");
	meet_free_chunk(test, call_free_E, d, "free, left of E");
	meet_free_chunk(test, call_free, d, "free, right");
	meet_links(test, call_free, b, "free, left links");
	meet_links(test, call_free, d, "free, right links");
	/* The last of its bin, where the one before it is not looked at for itself. */
	meet_links(test, call_free_first, b, "free A, right links");
}

/* The second unit of C, which is left in one piece. */
static enum talloc_status call_free_part_of_C(const struct model *m)
{
	u64 unit = m->t->layout->unit;

	return talloc_heap_free_part(&m->t->heap, test_addr(model_block(m, C)) + unit, unit);
}

static void free_part_meets_damage_beside_it(struct kunit *test)
{
	meet_free_chunk(test, call_free_part_of_C, b, "free part, left");
	meet_free_chunk(test, call_free_part_of_C, d, "free part, right");
	meet_links(test, call_free_part_of_C, b, "free part, left links");
	meet_links(test, call_free_part_of_C, d, "free part, right links");
}

static void resize_meets_damage_beside_it(struct kunit *test)
{
	meet_free_chunk(test, call_shrink, d, "shrink, right");
	meet_links(test, call_shrink, d, "shrink, right links");
	meet_free_chunk(test, call_grow, d, "grow, right");
	meet_free_chunk(test, call_slide, b, "slide, left");
	meet_free_chunk(test, call_slide, d, "slide, right");
	meet_links(test, call_slide, b, "slide, left links");
}

static void alloc_meets_damage_in_a_bin(struct kunit *test)
{
	meet(test, call_alloc, d, 0, S << TEST_SHIFT, RULE(TAGS), "alloc, not free");
	meet(test, call_alloc, d, 0, S << TEST_SHIFT | 7, RULE(TAGS), "alloc, flags");
	meet(test, call_alloc, d, 0, 0x1fffffffu << TEST_SHIFT | 1, RULE(TAGS), "alloc, huge");
	meet(test, call_alloc, d, 0, 4 << TEST_SHIFT | 1, RULE(TAGS), "alloc, larger");
	meet(test, call_alloc, E, -1, 2, RULE(TAGS), "alloc, second size");
	meet(test, call_alloc, E, -1, U32_MAX, RULE(TAGS), "alloc, second size");
	meet_links(test, call_alloc, d, "alloc, links");
	meet(test, call_alloc_aligned, i, 0, 7 << TEST_SHIFT | 1, RULE(TAGS), "aligned, size");
	meet(test, call_alloc_aligned, SENTINEL, -1, 7, RULE(TAGS), "aligned, second size");
	meet_links(test, call_alloc_aligned, i, "aligned, links");
}

static void set_span_meets_damage_at_its_end(struct kunit *test)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad_sizes); n++)
		if (bad_sizes[n])
			meet(test, call_truncate, i, 0, bad_sizes[n] << TEST_SHIFT | 1, RULE(TAGS),
			     "truncate");
	meet(test, call_truncate, i, 0, 0x1fffffffu << TEST_SHIFT | 7, RULE(TAGS), "truncate");
	meet_links(test, call_truncate, i, "truncate, links");
}

/* An end that could move does not, where the other cannot. */
static void set_span_moves_both_ends_or_none(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all = test_span(t), span = all, was;
	void *block;

	span.start += 8 * t->layout->unit;
	KUNIT_ASSERT_EQ(test, test_lay(t, span), TALLOC_OK);
	block = test_alloc(&t->heap, test_request(t, S));
	KUNIT_ASSERT_NOT_NULL(test, block);
	test_tag(t, test_index(t, block) + S)[0] = S << TEST_SHIFT | TEST_FREE;
	was = test_span(t);
	all.end -= 8 * t->layout->unit;
	test_keep(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, all, NULL), TALLOC_DAMAGED);
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
	KUNIT_EXPECT_EQ(test, test_span(t).start, was.start);
	KUNIT_EXPECT_EQ(test, test_span(t).end, was.end);
}

static void meet_second_size(struct kunit *test, u32 value)
{
	struct model m;
	enum talloc_status status;

	lay_model(test, &m);
	model_tag(&m, SENTINEL)[-1] = value;
	test_keep(test);
	status = call_truncate(&m);
	KUNIT_EXPECT_TRUE_MSG(test, status == TALLOC_DAMAGED || status == TALLOC_BUSY,
			      "0x%x: %u", value, status);
	KUNIT_EXPECT_TRUE(test, memory_kept(m.t));
}

/* The second size of the last chunk says how far the used span reaches. */
static void set_span_survives_a_wrong_used_span(struct kunit *test)
{
	struct talloc_span used, span;
	struct model m;
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad_sizes); n++) {
		meet_second_size(test, bad_sizes[n]);
		lay_model(test, &m);
		model_tag(&m, SENTINEL)[-1] = bad_sizes[n];
		used = talloc_heap_used_span(&m.t->heap);
		span = test_span(m.t);
		KUNIT_EXPECT_TRUE_MSG(test, talloc_span_contains(span, used), "0x%x",
				      bad_sizes[n]);
	}
}

static enum talloc_status call_lookup_E(const struct model *m)
{
	return test_lookup(&m->t->heap, model_block(m, E), NULL, NULL);
}

static void meet_own_tag(struct kunit *test, call_fn call, u32 value)
{
	struct model m;

	lay_model(test, &m);
	*model_tag(&m, E) = value;
	test_keep(test);
	if (m.t->layout->live_map) {
		KUNIT_EXPECT_EQ_MSG(test, call(&m), TALLOC_DAMAGED, "0x%x", value);
		KUNIT_EXPECT_FALSE(test, talloc_heap_freed(&m.t->heap,
							   test_addr(model_block(&m, E))));
		expect_damage(test, &m, RULE(TAGS), "own tag");
	} else {
		KUNIT_EXPECT_EQ_MSG(test, call(&m), TALLOC_NOT_LIVE, "0x%x", value);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
	}
}

/* Whether E may be free is what its right neighbour tells, too. */
static void free_heeds_what_the_right_neighbour_says(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	*model_tag(&m, F) |= TEST_LEFT_FREE;
	test_keep(test);
	if (m.t->layout->live_map) {
		KUNIT_EXPECT_EQ(test, call_free_E(&m), TALLOC_DAMAGED);
		expect_damage(test, &m, RULE(TAGS), "F has L");
	} else {
		KUNIT_EXPECT_EQ(test, call_free_E(&m), TALLOC_NOT_LIVE);
		KUNIT_EXPECT_TRUE(test, test_kept(test));
	}
}

/* A live block's own tag: with a live map it is known that it is damaged. */
static void calls_meet_a_damaged_tag_of_their_block(struct kunit *test)
{
	static const u32 bad[] = { 0, 1, 2, 0x1fffffffu << 3, S << 3 | 1, S << 3 | 7, U32_MAX };
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad); n++) {
		meet_own_tag(test, call_free_E, bad[n]);
		meet_own_tag(test, call_lookup_E, bad[n]);
	}
}

/* No word stands before the first tag. */
static void first_chunk_has_no_left_neighbour(struct kunit *test)
{
	meet(test, call_free_first, A, 0, S << TEST_SHIFT | TEST_LEFT_FREE, RULE(TAGS),
	     "A has L");
}

/* Both sizes of i are forged alike; with links, so are those by which it is found. */
static void meet_forged_size(struct kunit *test, u32 units, bool links)
{
	struct model m;

	lay_model(test, &m);
	if (units > test_chunk_units(m.t, m.at[i]))
		return;
	model_tag(&m, i)[0] = 5 << TEST_SHIFT | TEST_FREE;
	test_tag(m.t, m.at[i] + 5)[-1] = 5;
	if (links) {
		set_links(&m, m.at[i], m.at[b], 0);
		set_links(&m, m.at[b], m.at[d], m.at[i]);
	}
	test_keep(test);
	KUNIT_EXPECT_NULL(test, test_alloc(&m.t->heap, test_request(m.t, units)));
	expect_damage(test, &m, RULE(TAGS) | RULE(BINNED), "i, forged");
}

static void alloc_does_not_believe_a_forged_size(struct kunit *test)
{
	static const u32 units[] = { 6, 10, 63, 100, 1023, 1024, 2048, 3000 };
	u32 n;

	for (n = 0; n < ARRAY_SIZE(units); n++) {
		meet_forged_size(test, units[n], false);
		meet_forged_size(test, units[n], true);
	}
}

/* What is first in its bin, and yet another chunk's next, as both agree. */
static void meet_forged_prev(struct kunit *test, call_fn call)
{
	struct model m;

	lay_model(test, &m);
	set_links(&m, m.at[d], m.at[g], m.at[b]);
	set_links(&m, m.at[g], 0, m.at[d]);
	test_keep(test);
	KUNIT_EXPECT_EQ(test, call(&m), TALLOC_DAMAGED);
	expect_damage(test, &m, RULE(BINNED), "d, forged");
}

static void head_of_a_bin_has_no_prev(struct kunit *test)
{
	meet_forged_prev(test, call_alloc);
	meet_forged_prev(test, call_free);
	meet_forged_prev(test, call_free_E);
	meet_forged_prev(test, call_shrink);
}

/* A request for 257 goes past 256, along a link that leads nowhere. */
static void alloc_meets_a_bad_link_in_its_own_bin(struct kunit *test)
{
	static const u32 bad[] = { U32_MAX, 0x1fffffff, 0x20000000 };
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap *heap = &t->heap;
	void *first, *second;
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad); n++) {
		KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
		first = test_alloc(heap, test_request(t, 256));
		KUNIT_ASSERT_NOT_NULL(test, test_alloc(heap, 1));
		second = test_alloc(heap, test_request(t, test_units(t) - 258));
		KUNIT_ASSERT_NOT_NULL(test, first);
		KUNIT_ASSERT_EQ(test, test_free(heap, first), TALLOC_OK);
		test_tag(t, test_index(t, first))[1] = test_next_link(bad[n]);
		test_keep(test);
		KUNIT_EXPECT_NULL(test, test_alloc(heap, test_request(t, 257)));
		KUNIT_EXPECT_TRUE(test, memory_kept(t));
		KUNIT_ASSERT_NOT_NULL(test, talloc_heap_damage(heap));
		KUNIT_EXPECT_EQ(test, test_free(heap, second), TALLOC_DAMAGED);
	}
}

/* The same, one chunk later: it is that one's link which is wrong. */
static void alloc_says_whose_link_is_bad(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap *heap = &t->heap;
	void *block[2];
	u32 n;

	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	for (n = 0; n < 2; n++) {
		block[n] = test_alloc(heap, test_request(t, 256));
		KUNIT_ASSERT_NOT_NULL(test, block[n]);
		KUNIT_ASSERT_NOT_NULL(test, test_alloc(heap, 1));
	}
	KUNIT_ASSERT_NOT_NULL(test, test_alloc(heap, test_largest(t)));
	KUNIT_ASSERT_EQ(test, test_free(heap, block[0]), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_free(heap, block[1]), TALLOC_OK);
	test_tag(t, test_index(t, block[0]))[1] = test_next_link(0x1fffffff);
	KUNIT_EXPECT_NULL(test, test_alloc(heap, test_request(t, 257)));
	KUNIT_ASSERT_NOT_NULL(test, talloc_heap_damage(heap));
	KUNIT_EXPECT_EQ(test, talloc_heap_damage(heap)->chunk, test_index(t, block[0]));
}

/*
 * The second of a bin is forged before it becomes the head: both sizes alike, where the last of
 * them is in the heap.
 */
static void second_of_a_bin_is_forged(struct kunit *test, u32 size, u32 request)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap *heap = &t->heap;
	void *block[2];
	u32 n;

	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	for (n = 0; n < 2; n++) {
		block[n] = test_alloc(heap, test_request(t, 300));
		KUNIT_ASSERT_NOT_NULL(test, block[n]);
		KUNIT_ASSERT_NOT_NULL(test, test_alloc(heap, test_request(t, 4)));
	}
	KUNIT_ASSERT_NOT_NULL(test, test_alloc(heap, test_largest(t)));
	KUNIT_ASSERT_EQ(test, test_free(heap, block[0]), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_free(heap, block[1]), TALLOC_OK);
	test_tag(t, test_index(t, block[0]))[0] = size << TEST_SHIFT | TEST_FREE;
	if (size < test_units(t))
		test_tag(t, test_index(t, block[0]) + size)[-1] = size;
	KUNIT_ASSERT_PTR_EQ(test, test_alloc(heap, test_request(t, 300)), block[1]);
	test_keep(test);
	KUNIT_EXPECT_NULL(test, test_alloc(heap, test_request(t, request)));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
	KUNIT_ASSERT_NOT_NULL(test, talloc_heap_damage(heap));
	KUNIT_EXPECT_EQ(test, talloc_heap_damage(heap)->chunk, test_index(t, block[0]));
}

static void size_of_a_second_is_not_believed_when_it_is_the_head(struct kunit *test)
{
	static const u32 requests[] = { 2, 100, 250, 300 };
	u32 n;

	for (n = 0; n < ARRAY_SIZE(requests); n++) {
		second_of_a_bin_is_forged(test, 700, requests[n]);
		second_of_a_bin_is_forged(test, 0x1fffffff, requests[n]);
		/* Those of its bin pass over what is too small. */
		if (requests[n] == 300)
			continue;
		second_of_a_bin_is_forged(test, 5, requests[n]);
		second_of_a_bin_is_forged(test, 200, requests[n]);
	}
}

/* An aligned one for 244 goes past 244 that stand badly. In 248 it would have a place. */
static void aligned_alloc_meets_a_bad_link_and_takes_nothing(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap *heap = &t->heap;
	u64 unit = t->layout->unit, align = 16 * unit, at;
	void *well, *badly;

	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	at = (test_span(t).start | (align - 1)) + 1 + align;
	well = test_place(test, at, 248);
	badly = test_place(test, at + 264 * unit, 244);
	test_take_the_rest(t);
	KUNIT_ASSERT_EQ(test, test_free(heap, well), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, test_free(heap, badly), TALLOC_OK);
	KUNIT_EXPECT_PTR_EQ(test, test_alloc_aligned(heap, test_request(t, 244), align), well);
	KUNIT_ASSERT_EQ(test, test_free(heap, well), TALLOC_OK);
	test_tag(t, test_index(t, badly))[1] = test_next_link(0x1fffffff);
	test_keep(test);
	KUNIT_EXPECT_NULL(test, test_alloc_aligned(heap, test_request(t, 244), align));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
	KUNIT_ASSERT_NOT_NULL(test, talloc_heap_damage(heap));
	KUNIT_EXPECT_EQ(test, talloc_heap_damage(heap)->chunk, test_index(t, badly));
}

/*
 * Damage that kept blocks meet
 */

static enum talloc_status call_settle(const struct model *m)
{
	talloc_heap_settle(&m->t->heap, 1);
	return m->t->heap.damage.rule ? TALLOC_DAMAGED : TALLOC_OK;
}

static enum talloc_status call_take_aligned(const struct model *m)
{
	return null_is_damaged(test_alloc_aligned(&m->t->heap, test_request(m->t, S),
						  2 * m->t->layout->unit));
}

/* There is no such room, but C might be a part of it. */
static enum talloc_status call_resize_far(const struct model *m)
{
	void *moved;

	return talloc_heap_resize(&m->t->heap, model_block(m, H),
				  test_request(m->t, test_units(m->t) - 5), &moved);
}

/* C's tag has all three flags: with these it is no kept chunk of its size. */
static const u32 bad_kept_tags[] = {
	0, 1, 2, 5, 7, S << 3, S << 3 | 1, S << 3 | 2, S << 3 | 3, S << 3 | 4, S << 3 | 6,
	(S - 1) << 3 | 7, (S + 1) << 3 | 7, 2 * S << 3 | 7, 0x1fffffffu << 3, U32_MAX,
};

static void meet_kept_tag(struct kunit *test, call_fn call, const char *what)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(bad_kept_tags); n++)
		meet(test, call, C, 0, bad_kept_tags[n], RULE(TAGS), what);
}

/* call_alloc would take C now. */
static void kept_block_is_not_taken_with_a_damaged_tag(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	t->keeps = true;
	meet_kept_tag(test, call_alloc, "take");
	meet_kept_tag(test, call_settle, "settle");
	meet_kept_tag(test, call_truncate, "truncate");
	if (!t->layout->detached)
		meet_kept_tag(test, call_resize_far, "resize");
}

static void lay_aligned_model(struct kunit *test, struct model *m)
{
	struct test_heap *t = test_heap_of(test);
	void *block;

	lay_model(test, m);
	block = test_alloc_aligned(&t->heap, test_request(t, S), 2 * t->layout->unit);
	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_ASSERT_EQ(test, test_free(&t->heap, block), TALLOC_OK);
	m->at[C] = test_index(t, block);
}

static void kept_aligned_block_is_not_taken_with_a_damaged_tag(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct model m;
	u32 n;

	t->keeps = true;
	for (n = 0; n < ARRAY_SIZE(bad_kept_tags); n++) {
		lay_aligned_model(test, &m);
		if (!((*model_tag(&m, C) ^ bad_kept_tags[n]) & ~TEST_LEFT_FREE))
			continue;
		*model_tag(&m, C) = bad_kept_tags[n];
		test_keep(test);
		KUNIT_EXPECT_EQ(test, call_take_aligned(&m), TALLOC_DAMAGED);
		expect_damage(test, &m, RULE(TAGS), "take, aligned");
	}
}

static void settle_meets_damage_beside_it(struct kunit *test)
{
	test_heap_of(test)->keeps = true;
	meet_free_chunk(test, call_settle, b, "settle, left");
	meet_free_chunk(test, call_settle, d, "settle, right");
	meet_links(test, call_settle, b, "settle, left links");
	meet_links(test, call_settle, d, "settle, right links");
	meet(test, call_settle, d, 0, S << TEST_SHIFT | TEST_LEFT_FREE, RULE(TAGS),
	     "settle, d has L");
}

/* As if each place were taken, and C the next to leave; H is the newest. */
static void bring_hand_to_C(struct kunit *test, const struct model *m)
{
	struct talloc_heap *heap = &m->t->heap;

	KUNIT_ASSERT_EQ(test, test_free(heap, model_block(m, H)), TALLOC_OK);
	heap->empty = TALLOC_PLACES;
	heap->hand = ring_place(m, m->at[C]) - heap->kept_blocks;
}

/* What was freed is no live block then, and nobody gets it. */
static void meet_on_free(struct kunit *test, enum name letter, int word, u32 value)
{
	struct model m;

	lay_model(test, &m);
	bring_hand_to_C(test, &m);
	if (model_tag(&m, letter)[word] == value)
		return;
	model_tag(&m, letter)[word] = value;
	KUNIT_EXPECT_EQ_MSG(test, call_free_E(&m), TALLOC_DAMAGED, "0x%x", value);
	KUNIT_EXPECT_TRUE(test, talloc_heap_freed(&m.t->heap, test_addr(model_block(&m, E))));
	KUNIT_ASSERT_NOT_NULL(test, talloc_heap_damage(&m.t->heap));
	KUNIT_EXPECT_EQ(test, talloc_heap_damage(&m.t->heap)->rule, TALLOC_RULE_TAGS);
	expect_out_of_service(test, &m);
}

static void free_meets_damage_of_the_one_that_leaves(struct kunit *test)
{
	u32 n;

	test_heap_of(test)->keeps = true;
	for (n = 0; n < ARRAY_SIZE(bad_kept_tags); n++)
		meet_on_free(test, C, 0, bad_kept_tags[n]);
	for (n = 0; n < ARRAY_SIZE(bad_sizes); n++) {
		meet_on_free(test, C, -1, bad_sizes[n]);
		meet_on_free(test, b, 0, bad_sizes[n] << TEST_SHIFT | TEST_FREE);
	}
}

/* A block that has moved has moved, whatever leaves the ring for it. */
static void resize_meets_damage_of_the_one_that_leaves(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *moved = NULL;
	struct model m;

	t->keeps = true;
	lay_model(test, &m);
	bring_hand_to_C(test, &m);
	*model_tag(&m, C) = 0;
	memset(model_block(&m, E), 0x5a, test_request(t, S));
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, model_block(&m, E),
						 test_request(t, 2 * S), &moved), TALLOC_OK);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_EXPECT_PTR_NE(test, moved, model_block(&m, E));
	KUNIT_EXPECT_FALSE(test, memcmp(moved, model_block(&m, E), test_request(t, S)));
	KUNIT_ASSERT_NOT_NULL(test, talloc_heap_damage(&t->heap));
	expect_out_of_service(test, &m);
}

/* The last block, of @room, ends at the sentinel: the word after that is nobody's. */
static void meet_own_tag_at_the_end(struct kunit *test, u32 room, u32 units)
{
	const struct talloc_where last = { .top_down = true };
	struct test_heap *t = test_heap_of(test);
	u64 addr = 0;

	KUNIT_ASSERT_EQ(test, test_lay_keeping(t), TALLOC_OK);
	KUNIT_ASSERT_EQ(test, talloc_heap_alloc_where(&t->heap, test_request(t, room), &last,
						      &addr), TALLOC_OK);
	test_tag(t, t->heap.sentinel - room)[0] = units << TEST_SHIFT | TEST_LEFT_FREE;
	test_keep(test);
	KUNIT_EXPECT_EQ(test, talloc_heap_free(&t->heap, addr), t->layout->live_map ?
			TALLOC_DAMAGED : TALLOC_NOT_LIVE);
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
}

/* A free that keeps looks at the block's own tag; the neighbour has its turn later. */
static void settle_heeds_what_the_right_neighbour_says(struct kunit *test)
{
	struct model m;

	lay_model(test, &m);
	talloc_heap_settle(&m.t->heap, TALLOC_KEPT);
	*model_tag(&m, F) |= TEST_LEFT_FREE;
	KUNIT_EXPECT_EQ(test, call_free_E(&m), TALLOC_OK);
	test_keep(test);
	KUNIT_EXPECT_TRUE(test, talloc_heap_settle(&m.t->heap, TALLOC_KEPT));
	expect_damage(test, &m, RULE(TAGS), "F has L");
}

/* A block is not kept before it is looked at. */
static void free_to_keep_meets_a_damaged_tag(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	t->keeps = true;
	calls_meet_a_damaged_tag_of_their_block(test);
	settle_heeds_what_the_right_neighbour_says(test);
	meet_own_tag_at_the_end(test, S, S + 1);
	meet_own_tag_at_the_end(test, S, S + 4);
	meet_own_tag_at_the_end(test, S, TEST_KEPT_UNITS - 1);
	if (test_units(t) > TEST_KEPT_UNITS)
		meet_own_tag_at_the_end(test, TEST_KEPT_UNITS - 2, TEST_KEPT_UNITS - 1);
}

/* A freed block's tag that still says free, but not what it has to. */
static void meet_double_free(struct kunit *test, u32 value)
{
	struct model m;

	lay_model(test, &m);
	if (*model_tag(&m, C) == value || !(value & TEST_FREE))
		return;
	*model_tag(&m, C) = value;
	test_keep(test);
	KUNIT_EXPECT_EQ_MSG(test, call_free(&m), m.t->layout->live_map ? TALLOC_DAMAGED :
			    TALLOC_NOT_LIVE, "0x%x", value);
	if (m.t->layout->live_map)
		expect_damage(test, &m, RULE(TAGS), "double free");
	else
		KUNIT_EXPECT_TRUE(test, test_kept(test));
}

static void double_free_meets_a_damaged_tag(struct kunit *test)
{
	u32 n;

	test_heap_of(test)->keeps = true;
	for (n = 0; n < ARRAY_SIZE(bad_kept_tags); n++)
		meet_double_free(test, bad_kept_tags[n]);
}

/*
 * Forgery: what a driver writes looks as if it were the heap's. None of it leads out of the
 * span, round for ever, or to memory that somebody has.
 */

/* All that is left as one block. */
static void *get_rest(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block = test_alloc(&t->heap, test_largest(t));

	KUNIT_ASSERT_NOT_NULL(test, block);
	return block;
}

static void forge(const struct test_heap *t, u32 chunk, u32 units, u32 next, u32 prev)
{
	talloc_word *tag = test_tag(t, chunk);

	tag[0] = units << TEST_SHIFT | TEST_FREE;
	tag[1] = test_next_link(next);
	tag[2] = test_prev_link(prev);
}

static void expect_damaged(struct kunit *test, enum talloc_status status)
{
	struct test_heap *t = test_heap_of(test);

	KUNIT_EXPECT_EQ(test, status, TALLOC_DAMAGED);
	KUNIT_EXPECT_NOT_NULL(test, talloc_heap_damage(&t->heap));
}

static void lay_to_forge(struct kunit *test, bool keeps)
{
	struct test_heap *t = test_heap_of(test);

	t->keeps = keeps;
	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
}

/* A block says that it has @units, and so the next one too. */
static void meet_size(struct kunit *test, u32 units, bool keeps)
{
	struct test_heap *t = test_heap_of(test);
	u32 call;
	void *block;

	for (call = 0; call < 3; call++) {
		lay_to_forge(test, keeps);
		block = test_get(test, S);
		test_get(test, 2 * S);
		get_rest(test);
		*test_tag(t, test_index(t, block)) = units << TEST_SHIFT;
		test_keep(test);
		if (call == 0)
			expect_damaged(test, test_free(&t->heap, block));
		else if (call == 1)
			expect_damaged(test, test_lookup(&t->heap, block, NULL, NULL));
		else
			expect_damaged(test, test_resize_in_place(&t->heap, block,
								  test_request(t, S)));
		KUNIT_EXPECT_TRUE_MSG(test, memory_kept(t), "%u units, call %u", units, call);
	}
}

static void no_block_takes_in_the_next(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units;

	lay_to_forge(test, false);
	for (units = S + 1; units < test_units(t); units += 1 + units / 8) {
		meet_size(test, units, false);
		meet_size(test, units, true);
	}
}

/*
 * A block that was swallowed by the one before it, in another word of the live map, keeps its bit
 * there; when the heap begins later, it is outside.
 */
static void meet_swallowed(struct kunit *test, u32 swallowed, bool keeps)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span;
	void *first, *second, *third;

	lay_to_forge(test, keeps);
	first = test_get(test, BITS_PER_LONG + 36);
	second = test_get(test, swallowed);
	third = test_get(test, 4);
	get_rest(test);
	*test_tag(t, test_index(t, first)) = (BITS_PER_LONG + 36 + swallowed) << TEST_SHIFT;
	/* As large as the one on the left would be, if there were one. */
	*test_tag(t, test_index(t, second)) |= TEST_LEFT_FREE;
	test_tag(t, test_index(t, second))[-1] = 0x10000000;
	test_put(test, first);
	span = test_span(t);
	span.start = test_addr(third) - t->tag;
	KUNIT_ASSERT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_OK);
	test_keep(test);
	KUNIT_EXPECT_EQ(test, test_free(&t->heap, second), TALLOC_OUTSIDE);
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
	KUNIT_EXPECT_NULL(test, talloc_heap_damage(&t->heap));
}

static void no_block_below_the_span_is_freed(struct kunit *test)
{
	meet_swallowed(test, 20, false);
	meet_swallowed(test, 20, true);
	meet_swallowed(test, 100, false);
	meet_swallowed(test, 100, true);
}

/* The head of a bin is what the one before it said. */
static void no_head_ends_beyond_the_span(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 freed, forged;
	void *block;

	lay_to_forge(test, false);
	block = test_get(test, 60);
	freed = test_index(t, block);
	test_get(test, t->min_units);
	get_rest(test);
	test_put(test, block);
	forged = t->heap.sentinel - 4;
	forge(t, forged, 60, 0, freed);
	test_tag(t, freed)[1] = test_next_link(forged);
	KUNIT_ASSERT_PTR_EQ(test, test_get(test, 60), block);
	KUNIT_EXPECT_NULL(test, test_alloc(&t->heap, test_request(t, 40)));
	KUNIT_EXPECT_NOT_NULL(test, talloc_heap_damage(&t->heap));
}

static void no_list_goes_round(struct kunit *test)
{
	struct talloc_where where = { 0 };
	struct test_heap *t = test_heap_of(test);
	void *block, *beside;
	u32 freed;
	u64 addr;

	lay_to_forge(test, false);
	block = test_get(test, 4);
	beside = test_get(test, 8);
	get_rest(test);
	test_put(test, block);
	freed = test_index(t, block);
	forge(t, freed, 5, freed, freed);
	test_tag(t, freed + 5)[-1] = 5;
	where.within.start = test_addr(beside);
	where.within.end = where.within.start + test_request(t, 4);
	expect_damaged(test, talloc_heap_alloc_where(&t->heap, test_request(t, 4), &where, &addr));
}

static void no_head_is_cut_off(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span;
	void *block, *rest;
	u32 freed, forged;

	lay_to_forge(test, false);
	block = test_get(test, 20);
	test_get(test, 20);
	rest = get_rest(test);
	test_put(test, block);
	freed = test_index(t, block);
	forged = t->heap.sentinel - 8;
	forge(t, forged, 20, 0, freed);
	test_tag(t, freed)[1] = test_next_link(forged);
	KUNIT_ASSERT_PTR_EQ(test, test_get(test, 20), block);
	test_put(test, rest);
	span = test_span(t);
	span.end -= 16 * t->layout->unit;
	test_keep(test);
	expect_damaged(test, talloc_heap_set_span(&t->heap, span, NULL));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
}

/* A live block at the start of the heap, in which the head of the bin of 20 seems to be. */
static void *lay_head_at_the_start(struct kunit *test, void **block, void **fence)
{
	struct test_heap *t = test_heap_of(test);
	u32 freed, forged = t->heap.first + 4;
	void *low = test_get(test, 30);

	*block = test_get(test, 20);
	*fence = test_get(test, 20);
	test_put(test, *block);
	freed = test_index(t, *block);
	forge(t, forged, 20, 0, freed);
	test_tag(t, forged + 20)[-1] = 20;
	test_tag(t, freed)[1] = test_next_link(forged);
	KUNIT_ASSERT_PTR_EQ(test, test_get(test, 20), *block);
	KUNIT_ASSERT_EQ(test, t->heap.bins[20].head, forged);
	return low;
}

static void no_head_is_cut_off_at_the_start(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span;
	void *block, *fence;

	lay_to_forge(test, false);
	test_put(test, lay_head_at_the_start(test, &block, &fence));
	span = test_span(t);
	span.start += 26 * t->layout->unit;
	test_keep(test);
	expect_damaged(test, talloc_heap_set_span(&t->heap, span, NULL));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
}

/* What is free at an end that stays is none of its business. */
static void damage_at_the_start_is_not_in_the_way_of_the_end(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span;
	void *low;

	lay_to_forge(test, false);
	low = test_get(test, 30);
	test_get(test, 4);
	test_put(test, low);
	*test_tag(t, t->heap.first) = 0x100000 << TEST_SHIFT | TEST_FREE;
	span = test_span(t);
	span.end -= 16 * t->layout->unit;
	KUNIT_EXPECT_EQ(test, talloc_heap_set_span(&t->heap, span, NULL), TALLOC_OK);
	KUNIT_EXPECT_EQ(test, test_span(t).end, span.end);
	KUNIT_EXPECT_EQ(test, test_span(t).start, span.start);
}

/* What is free before the sentinel begins in what is free at the start. */
static void no_end_takes_in_the_other(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 forged, other, units = t->layout->unit;
	struct talloc_span all, span;
	void *low;

	lay_to_forge(test, false);
	all = test_span(t);
	span.start = all.start + 16 * units;
	span.end = all.end - 16 * units;
	KUNIT_ASSERT_EQ(test, test_lay(t, span), TALLOC_OK);
	low = test_get(test, 30);
	test_get(test, 4);
	test_put(test, low);
	forged = t->heap.first + 8;
	other = t->heap.first + 16;
	forge(t, forged, t->heap.sentinel - forged, 0, other);
	test_tag(t, t->heap.sentinel)[-1] = t->heap.sentinel - forged;
	test_tag(t, other)[1] = test_next_link(forged);
	span = test_span(t);
	span.start -= 8 * units;
	span.end += 8 * units;
	test_keep(test);
	expect_damaged(test, talloc_heap_set_span(&t->heap, span, NULL));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
}

static void expect_empty_stays(struct kunit *test, struct talloc_span all)
{
	struct test_heap *t = test_heap_of(test);

	all.start = test_span(t).end;
	test_keep(test);
	expect_damaged(test, talloc_heap_set_span(&t->heap, all, NULL));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
}

/* Nothing is live, and something stands in front of the sentinel that nobody knows. */
static void nothing_is_left_where_an_empty_heap_was(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 units = t->min_units < 2 ? 2 : t->min_units, forged, before;
	struct talloc_span all, half;

	lay_to_forge(test, false);
	all = test_span(t);
	half = talloc_span_below(all, all.start + 32 * t->layout->unit);
	KUNIT_ASSERT_EQ(test, test_lay(t, half), TALLOC_OK);
	forged = t->heap.sentinel - units;
	before = forged - 6;
	forge(t, forged, units, 0, before);
	test_tag(t, t->heap.sentinel)[-1] = units;
	test_tag(t, before)[1] = test_next_link(forged);
	expect_empty_stays(test, all);
	/* The one chunk itself has another one before it. */
	KUNIT_ASSERT_EQ(test, test_lay(t, half), TALLOC_OK);
	before = t->heap.first + 8;
	test_tag(t, t->heap.first)[2] = test_prev_link(before);
	test_tag(t, before)[1] = test_next_link(t->heap.first);
	for (forged = 0; forged < TALLOC_BINS; forged++)
		if (t->heap.bins[forged].head)
			t->heap.bins[forged].head = before;
	expect_empty_stays(test, all);
}

/* Nor in a bin that nobody has looked at. */
static void no_head_is_left_where_an_empty_heap_was(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span all, half;
	void *low, *block, *fence, *rest;
	u32 forged;

	lay_to_forge(test, false);
	all = test_span(t);
	half = talloc_span_below(all, all.start + 128 * t->layout->unit);
	KUNIT_ASSERT_EQ(test, test_lay(t, half), TALLOC_OK);
	forged = t->heap.first + 4;
	low = lay_head_at_the_start(test, &block, &fence);
	rest = get_rest(test);
	test_put(test, low);
	test_put(test, block);
	forge(t, forged, 20, 0, 0);
	test_put(test, rest);
	KUNIT_ASSERT_EQ(test, t->heap.bins[20].head, forged);
	test_put(test, fence);
	KUNIT_ASSERT_EQ(test, talloc_heap_blocks(&t->heap), 0);
	expect_empty_stays(test, all);
}

/* The chunk at one end names the one at the other, which is of another bin. */
static void no_end_leads_to_the_other(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	u32 low, high, forged, units = t->layout->unit;
	struct talloc_span all, span;

	lay_to_forge(test, false);
	all = test_span(t);
	span.start = all.start + 16 * units;
	span.end = all.end - 16 * units;
	KUNIT_ASSERT_EQ(test, test_lay(t, span), TALLOC_OK);
	test_get(test, 4);
	low = t->heap.first;
	high = low + test_chunk_units(t, low);
	forged = t->heap.sentinel - 20;
	forge(t, low, high - low, forged, high);
	test_tag(t, high)[-1] = high - low;
	test_tag(t, high)[1] = test_next_link(low);
	test_tag(t, forged)[2] = test_prev_link(low);
	span = test_span(t);
	span.start -= 8 * units;
	span.end -= 24 * units;
	test_keep(test);
	expect_damaged(test, talloc_heap_set_span(&t->heap, span, NULL));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
}

/* Where a block ends, another chunk begins: also beyond the word of the live map. */
static void no_block_ends_within_another(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block;

	lay_to_forge(test, false);
	test_get(test, BITS_PER_LONG - 4 - t->heap.first);
	block = test_get(test, 4);
	test_get(test, 40);
	get_rest(test);
	*test_tag(t, test_index(t, block)) = 20 << TEST_SHIFT;
	test_tag(t, test_index(t, block) + 20)[0] = 0;
	test_keep(test);
	expect_damaged(test, test_resize_in_place(&t->heap, block, test_request(t, 4)));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
}

/* What has slid down has moved, though what follows it is damaged. */
static void resize_tells_where_a_block_is(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *low, *block, *high, *beside, *moved = NULL;

	lay_to_forge(test, false);
	low = test_get(test, S);
	block = test_get(test, 8 * S);
	high = test_get(test, 8 * S);
	beside = test_get(test, S);
	get_rest(test);
	memset(block, 42, test_request(t, 8 * S));
	test_put(test, low);
	test_put(test, high);
	*test_tag(t, test_index(t, beside)) |= TEST_FREE;
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, test_request(t, 17 * S - 1),
						 &moved), TALLOC_OK);
	KUNIT_ASSERT_PTR_EQ(test, moved, low);
	KUNIT_EXPECT_EQ(test, *(u8 *)low, 42);
	KUNIT_EXPECT_NOT_NULL(test, talloc_heap_damage(&t->heap));
}

/* What a block seems to have is free, and has the place that it moves to. */
static void resize_moves_within_what_a_block_seems_to_have(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *block, *free, *moved = NULL;
	u32 end;

	lay_to_forge(test, false);
	test_get(test, BITS_PER_LONG - 4 - t->heap.first);
	block = test_get(test, 4);
	free = test_get(test, 100);
	test_get(test, 4);
	get_rest(test);
	memset(block, 42, test_request(t, 4));
	end = test_index(t, block) + 40;
	test_put(test, free);
	forge(t, end, 4, 0, end + 20);
	test_tag(t, end + 4)[-1] = 4;
	test_tag(t, end + 20)[1] = test_next_link(end);
	*test_tag(t, test_index(t, block)) = 40 << TEST_SHIFT;
	KUNIT_EXPECT_EQ(test, talloc_heap_resize(&t->heap, block, test_request(t, 90), &moved),
			TALLOC_OK);
	KUNIT_ASSERT_PTR_EQ(test, moved, free);
	KUNIT_EXPECT_EQ(test, *(u8 *)moved, 42);
}

/* Free chunks of different bins that name each other, on both sides of a block. */
static void *lay_bins_that_agree(struct kunit *test)
{
	static const u32 sizes[] = { 4, 8, 6, S, 4, S, 4, S };
	struct test_heap *t = test_heap_of(test);
	void *block[ARRAY_SIZE(sizes)];
	u32 n;

	lay_to_forge(test, false);
	for (n = 0; n < ARRAY_SIZE(sizes); n++)
		block[n] = test_get(test, sizes[n]);
	test_put(test, block[6]);
	test_put(test, block[0]);
	test_put(test, block[4]);
	test_put(test, block[2]);
	test_tag(t, test_index(t, block[0]))[2] = test_prev_link(test_index(t, block[2]));
	test_tag(t, test_index(t, block[2]))[1] = test_next_link(test_index(t, block[0]));
	test_keep(test);
	return block[1];
}

static void no_bin_leads_to_another(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *moved;

	expect_damaged(test, test_free(&t->heap, lay_bins_that_agree(test)));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
	expect_damaged(test, test_slide(&t->heap, lay_bins_that_agree(test), test_request(t, 12),
					&moved));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
}

/* Where the size that is believed is of two blocks, the second by another word of the map. */
static void no_part_of_two_blocks_is_freed(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	void *first, *second;

	lay_to_forge(test, false);
	while (test_index(t, test_get(test, 1)) % BITS_PER_LONG != BITS_PER_LONG - 5)
		;
	first = test_get(test, 10);
	second = test_get(test, 4);
	test_get(test, 1);
	KUNIT_ASSERT_EQ(test, test_index(t, second), test_index(t, first) + 10);
	*test_tag(t, test_index(t, first)) = 14 << TEST_SHIFT;
	test_keep(test);
	expect_damaged(test, talloc_heap_free_part(&t->heap,
						   test_addr(first) + 5 * t->layout->unit,
						   9 * t->layout->unit));
	KUNIT_EXPECT_TRUE(test, memory_kept(t));
	KUNIT_EXPECT_EQ(test, talloc_heap_blocks(&t->heap), talloc_heap_blocks(&t->was));
}

static void a_damaged_end_is_not_in_the_way(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span;
	void *block;

	lay_to_forge(test, false);
	block = test_get(test, 12);
	get_rest(test);
	test_put(test, block);
	*test_tag(t, test_index(t, block)) = 0x100000 << TEST_SHIFT | TEST_FREE;
	span = test_span(t);
	span.start += 6 * t->layout->unit;
	expect_damaged(test, talloc_heap_set_span(&t->heap, span, NULL));
}

/*
 * Damage at random
 */

static u32 wild_word(struct test_random *random, const struct test_heap *t)
{
	u32 units = test_units(t), flags = test_random_below(random, 8);

	switch (test_random_below(random, 6)) {
	case 0:
		return test_random_u32(random);
	case 1:
		return t->heap.first + test_random_below(random, units + 2);
	case 2:
		return test_random_below(random, units + 2) << TEST_SHIFT | flags;
	case 3:
		return test_random_below(random, 12) << TEST_SHIFT | flags;
	case 4:
		return test_random_below(random, 12);
	default:
		return U32_MAX >> test_random_below(random, 8);
	}
}

/* A word of a tag, more often than not of one that means something. */
static talloc_word *wild_place(struct test_random *random, const struct test_heap *t, u32 blocks)
{
	u32 chunk = t->heap.first + test_random_below(random, test_units(t) + 1);
	u32 near = test_random_below(random, blocks);

	if (test_random_below(random, 4) && t->blocks[near])
		chunk = test_index(t, t->blocks[near]);
	if (chunk == t->heap.sentinel || chunk + t->min_units > t->heap.sentinel)
		return test_tag(t, t->heap.sentinel) - test_random_below(random, 2);
	if (chunk == t->heap.first)
		return test_tag(t, chunk) + test_random_below(random, 3);
	return test_tag(t, chunk) + test_random_below(random, 4) - 1;
}

#define FUZZ_BLOCKS	48u

static void fuzz_lay(struct kunit *test, struct test_random *random)
{
	struct test_heap *t = test_heap_of(test);
	u32 n, most = test_units(t) / 24 + 1;

	KUNIT_ASSERT_EQ(test, test_lay(t, (struct talloc_span){ 0, 0 }), TALLOC_OK);
	for (n = 0; n < FUZZ_BLOCKS; n++)
		t->blocks[n] = test_alloc(&t->heap, test_request(t, 1 +
						 test_random_below(random, most)));
	KUNIT_ASSERT_NOT_NULL(test, t->blocks[0]);
	for (n = 0; n < FUZZ_BLOCKS; n++)
		if (t->blocks[n] && test_random_below(random, 2))
			KUNIT_ASSERT_EQ(test, test_free(&t->heap, t->blocks[n]), TALLOC_OK);
	talloc_heap_settle(&t->heap, test_random_below(random, FUZZ_BLOCKS));
}

/*
 * Whatever was damaged, a block lies in the span, and so does what is told to be around an
 * address. That is the same block, where it is known at all.
 */
static void expect_found(struct kunit *test, const void *block)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_chunk chunk = { .state = TALLOC_CHUNK_UNKNOWN };
	struct talloc_span own;
	u64 usable = 0;
	bool live;

	live = test_lookup(&t->heap, block, &usable, NULL) == TALLOC_OK;
	if (live) {
		own.start = test_addr(block);
		own.end = own.start + usable;
		KUNIT_ASSERT_TRUE(test, talloc_span_contains(test_span(t), own));
	}
	KUNIT_ASSERT_EQ(test, test_find(&t->heap, block, &chunk) == TALLOC_OK,
			test_contains(&t->heap, block));
	if (chunk.state == TALLOC_CHUNK_USED) {
		own.start = chunk.addr;
		own.end = own.start + chunk.bytes;
		KUNIT_ASSERT_TRUE(test, talloc_span_contains(test_span(t), own));
		KUNIT_ASSERT_TRUE(test, talloc_span_has(own, test_addr(block)));
	}
	if (live && test_certain(t)) {
		KUNIT_ASSERT_EQ(test, chunk.state, TALLOC_CHUNK_USED);
		KUNIT_ASSERT_EQ(test, chunk.addr, test_addr(block));
		KUNIT_ASSERT_EQ(test, chunk.usable, usable);
	}
}

/* Memory of the window that the heap does not cover is somebody else's. */
static void expect_outside_kept(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_span span = test_span(t);
	u64 low = span.start - test_addr(t->payload.memory);
	u64 high = span.end - test_addr(t->payload.memory);

	if (t->layout->detached)
		return;
	KUNIT_ASSERT_EQ(test, memcmp(t->payload.memory, t->payload.was, low), 0);
	KUNIT_ASSERT_EQ(test, memcmp(t->payload.memory + high, t->payload.was + high,
				     t->payload.bytes - high), 0);
}

static void fuzz_set_span(struct kunit *test, struct test_random *random)
{
	struct test_heap *t = test_heap_of(test);
	u32 unit = t->layout->unit, n = test_random_below(random, 8);
	struct talloc_span was = test_span(t), span = was;
	struct talloc_chunk chunk;
	enum talloc_status status;

	if (!test_random_below(random, 4))
		n *= 1 + test_units(t) / 32;
	if (n & 1)
		span.start += (u64)unit * n;
	else
		span.end -= (u64)unit * n;
	if (n == 6)
		span = t->window;
	expect_outside_kept(test);
	if (span.start < span.end) {
		status = talloc_heap_set_span(&t->heap, span, &chunk);
		span = test_span(t);
		KUNIT_ASSERT_TRUE(test, talloc_span_contains(t->window, span));
		if (status) {
			KUNIT_ASSERT_EQ(test, span.start, was.start);
			KUNIT_ASSERT_EQ(test, span.end, was.end);
		}
	}
	test_keep(test);
	test_queue_always(t);
}

/* Its first four words can be written. */
static bool in_room(const struct test_heap *t, u32 chunk)
{
	return chunk - t->heap.first < test_units(t) &&
	       t->heap.sentinel - chunk >= 2 * t->min_units;
}

/* A free chunk that is none. Pre: in_room(). */
static void forge_at_random(struct test_random *random, const struct test_heap *t, u32 chunk,
			    u32 next, u32 prev)
{
	u32 room = t->heap.sentinel - chunk;
	u32 most = test_random_below(random, 2) ? 8 : 100;
	u32 units = t->min_units + test_random_below(random, most);

	units = units < room ? units : room;
	forge(t, chunk, units, next, prev);
	test_tag(t, chunk + units)[-1] = units;
}

static u32 wild_chunk(struct test_random *random, const struct test_heap *t)
{
	void *block = t->blocks[test_random_below(random, FUZZ_BLOCKS)];
	u32 head = t->heap.bins[test_random_below(random, 128)].head;

	if (head && test_random_below(random, 2))
		return head;
	if (block && test_random_below(random, 2))
		return test_index(t, block);
	return t->heap.first + test_random_below(random, test_units(t));
}

/* Chunks that name each other, or one that is named by a list. */
static void fuzz_forge(struct test_random *random, struct test_heap *t)
{
	u32 one = wild_chunk(random, t), other = wild_chunk(random, t);

	if (!in_room(t, one) || !in_room(t, other))
		return;
	switch (test_random_below(random, 3)) {
	case 0:
		forge_at_random(random, t, one, other, other);
		forge_at_random(random, t, other, one, one);
		break;
	case 1:
		forge_at_random(random, t, other, 0, one);
		test_tag(t, one)[1] = test_next_link(other);
		break;
	default:
		test_tag(t, one)[1] = test_next_link(other);
		test_tag(t, other)[2] = test_prev_link(one);
	}
}

static void fuzz_op(struct kunit *test, struct test_random *random)
{
	struct test_heap *t = test_heap_of(test);
	void **block = &t->blocks[test_random_below(random, FUZZ_BLOCKS)];
	u64 bytes = test_request(t, 1 + test_random_below(random, test_units(t) / 16));
	enum talloc_status status = TALLOC_OK;
	void *moved = *block;

	switch (test_random_below(random, t->queues ? 12 : 10)) {
	case 0:
	case 1:
		*block = test_alloc(&t->heap, bytes);
		break;
	case 2:
		*block = test_alloc_aligned(&t->heap, bytes, (u64)t->layout->unit << 3);
		break;
	case 3:
		status = test_resize_in_place(&t->heap, *block, bytes);
		break;
	case 4:
		status = test_slide(&t->heap, *block, bytes, &moved);
		break;
	case 5:
		fuzz_set_span(test, random);
		break;
	case 7:
		fuzz_forge(random, t);
		break;
	case 6:
		talloc_heap_settle(&t->heap, 1 + test_random_below(random, 4));
		break;
	case 11:
		talloc_heap_settle_queue(&t->heap);
		break;
	default:
		status = test_free(&t->heap, *block);
		if (status == TALLOC_DAMAGED)
			talloc_heap_freed(&t->heap, test_addr(*block));
	}
	if (!status && moved)
		*block = moved;
	expect_found(test, *block);
}

/* The questions that may be asked of any heap. */
static void fuzz_ask(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault = { 0 };
	struct talloc_chunk chunk;
	struct talloc_walk walk;
	u32 pieces = 0;
	bool clean;

	test_keep(test);
	clean = talloc_heap_check(&t->heap, &fault);
	KUNIT_ASSERT_EQ(test, clean, check_in_slices(test, 1, &fault));
	talloc_heap_walk_begin(&t->heap, &walk);
	while (talloc_heap_walk_next(&t->heap, &walk, &chunk)) {
		KUNIT_ASSERT_LE(test, ++pieces, test_units(t));
		KUNIT_ASSERT_LE(test, chunk.addr + chunk.bytes, test_span(t).end);
	}
	test_largest(t);
	talloc_heap_used_span(&t->heap);
	KUNIT_ASSERT_TRUE(test, test_kept(test));
}

static void fuzz_round(struct kunit *test, struct test_random *random)
{
	struct test_heap *t = test_heap_of(test);
	u32 n, words = 1 + test_random_below(random, 4);

	fuzz_lay(test, random);
	while (words--)
		*wild_place(random, t, FUZZ_BLOCKS) = wild_word(random, t);
	fuzz_ask(test);
	if (test_random_below(random, 2))
		fuzz_forge(random, t);
	test_keep(test);
	for (n = 0; n < 40; n++)
		fuzz_op(test, random);
	expect_outside_kept(test);
	fuzz_ask(test);
}

static void fuzz(struct kunit *test, u32 seed)
{
	struct test_random random = { seed };
	u32 rounds = test_steps() / 100 + 1, n;

	kunit_info(test, "seed=%u, %u rounds\n", seed, rounds);
	for (n = 0; n < rounds; n++) {
		fuzz_round(test, &random);
		test_breathe();
	}
}

static void any_damage_is_survived(struct kunit *test)
{
	fuzz(test, TEST_SEED);
}

static void any_damage_is_survived_fresh_seed(struct kunit *test)
{
	fuzz(test, test_fresh_seed());
}

static void any_damage_is_survived_by_a_heap_that_keeps(struct kunit *test)
{
	test_heap_of(test)->keeps = true;
	fuzz(test, TEST_SEED);
	fuzz(test, test_fresh_seed());
}

static void any_damage_is_survived_by_a_heap_that_queues(struct kunit *test)
{
	test_heap_of(test)->keeps = true;
	test_heap_of(test)->queues = true;
	fuzz(test, TEST_SEED);
	fuzz(test, test_fresh_seed());
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(check_tells_broken_tiling, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_runts, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_tags_that_disagree, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_free_chunks_that_touch, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_links_that_disagree, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_chunks_in_the_wrong_bin, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_loops_and_strays, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_a_wrong_binmap, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_wrong_stats, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_a_wrong_live_map, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_the_same_beside_a_kept_block, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_the_same_beside_a_queued_block, queues_gen_params),
	KUNIT_CASE_PARAM(check_tells_a_wrong_kept_tag, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_kept_tags_that_are_not_in_the_ring, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_a_wrong_ring, roomy_gen_params),
	KUNIT_CASE_PARAM(check_tells_wrong_empty_places, roomy_gen_params),
	KUNIT_CASE_PARAM(check_says_where, roomy_gen_params),
	KUNIT_CASE_PARAM(check_says_where_the_live_map_is_wrong, live_map_gen_params),
	KUNIT_CASE_PARAM(questions_do_not_believe_a_size, live_map_gen_params),
	KUNIT_CASE_PARAM(check_in_slices_says_the_same, roomy_gen_params),
	KUNIT_CASE_PARAM(check_notices_every_change, roomy_gen_params),
	KUNIT_CASE_PARAM(free_meets_damage_beside_it, roomy_gen_params),
	KUNIT_CASE_PARAM(free_part_meets_damage_beside_it, detached_gen_params),
	KUNIT_CASE_PARAM(resize_meets_damage_beside_it, roomy_gen_params),
	KUNIT_CASE_PARAM(alloc_meets_damage_in_a_bin, roomy_gen_params),
	KUNIT_CASE_PARAM(set_span_meets_damage_at_its_end, roomy_gen_params),
	KUNIT_CASE_PARAM(set_span_moves_both_ends_or_none, roomy_gen_params),
	KUNIT_CASE_PARAM(set_span_survives_a_wrong_used_span, roomy_gen_params),
	KUNIT_CASE_PARAM(free_heeds_what_the_right_neighbour_says, roomy_gen_params),
	KUNIT_CASE_PARAM(calls_meet_a_damaged_tag_of_their_block, roomy_gen_params),
	KUNIT_CASE_PARAM(first_chunk_has_no_left_neighbour, roomy_gen_params),
	KUNIT_CASE_PARAM(alloc_does_not_believe_a_forged_size, roomy_gen_params),
	KUNIT_CASE_PARAM(head_of_a_bin_has_no_prev, roomy_gen_params),
	KUNIT_CASE_PARAM(alloc_meets_a_bad_link_in_its_own_bin, large_gen_params),
	KUNIT_CASE_PARAM(alloc_says_whose_link_is_bad, large_gen_params),
	KUNIT_CASE_PARAM(size_of_a_second_is_not_believed_when_it_is_the_head, large_gen_params),
	KUNIT_CASE_PARAM(aligned_alloc_meets_a_bad_link_and_takes_nothing, large_gen_params),
	KUNIT_CASE_PARAM(kept_block_is_not_taken_with_a_damaged_tag, roomy_gen_params),
	KUNIT_CASE_PARAM(kept_aligned_block_is_not_taken_with_a_damaged_tag, roomy_gen_params),
	KUNIT_CASE_PARAM(settle_meets_damage_beside_it, roomy_gen_params),
	KUNIT_CASE_PARAM(free_meets_damage_of_the_one_that_leaves, roomy_gen_params),
	KUNIT_CASE_PARAM(resize_meets_damage_of_the_one_that_leaves, inline_tags_gen_params),
	KUNIT_CASE_PARAM(free_to_keep_meets_a_damaged_tag, roomy_gen_params),
	KUNIT_CASE_PARAM(double_free_meets_a_damaged_tag, roomy_gen_params),
	KUNIT_CASE_PARAM(no_block_takes_in_the_next, inline_live_map_gen_params),
	KUNIT_CASE_PARAM(no_block_below_the_span_is_freed, inline_live_map_gen_params),
	KUNIT_CASE_PARAM(no_head_ends_beyond_the_span, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_list_goes_round, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_head_is_cut_off, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_head_is_cut_off_at_the_start, inline_tags_gen_params),
	KUNIT_CASE_PARAM(damage_at_the_start_is_not_in_the_way_of_the_end, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_end_takes_in_the_other, inline_tags_gen_params),
	KUNIT_CASE_PARAM(nothing_is_left_where_an_empty_heap_was, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_head_is_left_where_an_empty_heap_was, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_end_leads_to_the_other, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_block_ends_within_another, inline_live_map_gen_params),
	KUNIT_CASE_PARAM(resize_tells_where_a_block_is, inline_tags_gen_params),
	KUNIT_CASE_PARAM(resize_moves_within_what_a_block_seems_to_have, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_bin_leads_to_another, inline_tags_gen_params),
	KUNIT_CASE_PARAM(no_part_of_two_blocks_is_freed, detached_live_map_gen_params),
	KUNIT_CASE_PARAM(a_damaged_end_is_not_in_the_way, inline_tags_gen_params),
	KUNIT_CASE_PARAM(any_damage_is_survived, roomy_gen_params),
	KUNIT_CASE_PARAM(any_damage_is_survived_fresh_seed, roomy_gen_params),
	KUNIT_CASE_PARAM(any_damage_is_survived_by_a_heap_that_keeps, roomy_gen_params),
	KUNIT_CASE_PARAM(any_damage_is_survived_by_a_heap_that_queues, queues_gen_params),
	{ }
};

struct kunit_suite talloc_damage_suite = {
	.name = "talloc_damage",
	.init = test_heap_init,
	.exit = test_heap_exit,
	.test_cases = cases,
};
