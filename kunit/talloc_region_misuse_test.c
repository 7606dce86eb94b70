// SPDX-License-Identifier: GPL-2.0
/*
 * Pointers that are not live blocks, and tags that a driver has written over:
 * refused, counted, and reported once with the caller's name.
 */
#include <linux/jiffies.h>
#include <linux/poison.h>

#include "talloc_test_region.h"

#define NAME	"kunit-misuse"

#define BYTES	200

/*
 * The calls that take a pointer. Each has to be refused, in a function of its
 * own, whose name has to be in the report.
 */

static noinline bool call_free(struct talloc_region *region, void *p)
{
	talloc_region_free(region, p);
	return true;
}

static noinline bool call_realloc(struct talloc_region *region, void *p)
{
	return !talloc_region_realloc(region, p, 2 * BYTES, GFP_KERNEL);
}

static noinline bool call_realloc_smaller(struct talloc_region *region, void *p)
{
	return !talloc_region_realloc(region, p, 8, GFP_ATOMIC | __GFP_ZERO);
}

static noinline bool call_realloc_free(struct talloc_region *region, void *p)
{
	return ZERO_OR_NULL_PTR(talloc_region_realloc(region, p, 0, GFP_KERNEL));
}

static noinline bool call_resize(struct talloc_region *region, void *p)
{
	return talloc_region_resize(region, p, 16) == -EINVAL;
}

static noinline bool call_usable_size(struct talloc_region *region, void *p)
{
	return !talloc_region_usable_size(region, p);
}

struct call {
	bool (*refused)(struct talloc_region *region, void *p);
	const char *by;
	const char *bad;
};

static const struct call calls[] = {
	{ call_free, " by call_free+0x", "bad free of " },
	{ call_realloc, " by call_realloc+0x", "bad realloc of " },
	{ call_realloc_smaller, " by call_realloc_smaller+0x", "bad realloc of " },
	{ call_realloc_free, " by call_realloc_free+0x", "bad realloc of " },
	{ call_resize, " by call_resize+0x", "bad resize of " },
	{ call_usable_size, " by call_usable_size+0x", "bad usable_size of " },
};

/**
 * struct scene - a region with all kinds of memory in it
 * @region: the region
 * @memory: its span
 * @block: a live block, filled with what might be tags
 * @freed: was a block
 * @wall: a live block behind it
 * @other: another region
 * @foreign: a live block in it
 */
struct scene {
	struct talloc_region *region;
	u8 *memory;
	u8 *block;
	u8 *freed;
	u8 *wall;
	struct talloc_region *other;
	u8 *foreign;
};

#define SCENE_BYTES	SZ_16K

/* Words that are tags of used chunks, of all sizes, wherever one looks. */
static void fill_with_tags(u8 *block)
{
	u32 *word = (u32 *)block;
	u32 i;

	for (i = 0; i < BYTES / sizeof(*word); i++)
		word[i] = (2 + i % 24) << 3;
}

static void scene_open(struct kunit *test, struct scene *scene)
{
	struct talloc_region *region;

	region = test_region_keep(test, talloc_region_create_over(NAME, scene->memory,
								  SCENE_BYTES));
	scene->region = region;
	scene->block = talloc_region_alloc(region, BYTES, GFP_KERNEL);
	scene->freed = talloc_region_alloc(region, BYTES, GFP_KERNEL);
	scene->wall = talloc_region_alloc(region, BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, scene->wall);
	fill_with_tags(scene->block);
	fill_with_tags(scene->freed);
	test_region_fill(scene->wall, BYTES, 1);
	talloc_region_free(region, scene->freed);
}

static void scene_close(struct kunit *test, struct scene *scene)
{
	KUNIT_EXPECT_TRUE(test, test_region_holds(scene->wall, BYTES, 1));
	talloc_region_free(scene->region, scene->block);
	talloc_region_free(scene->region, scene->wall);
	test_region_forget(test, scene->region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(scene->region), 0);
}

static void expect_refused(struct kunit *test, struct talloc_region *region, void *p,
			   const struct call *call, const char *place)
{
	struct talloc_region_stats was = test_region_stats(region);

	test_log_mark(test);
	KUNIT_EXPECT_TRUE(test, call->refused(region, p));
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 1));
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, call->bad), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, call->by), 1);
	KUNIT_EXPECT_EQ_MSG(test, test_log_count(test, NAME, place), 1, "\"%s\" in the report",
			    place);
}

/* Each pointer has a region of its own: no more than ten reports in five seconds. */
static void expect_all_refused(struct kunit *test, struct scene *scene, ssize_t from_block,
			       const char *place)
{
	u32 i;

	scene_open(test, scene);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		expect_refused(test, scene->region, scene->block + from_block, &calls[i], place);
	scene_close(test, scene);
}

static void scene_init(struct kunit *test, struct scene *scene)
{
	scene->memory = test_region_memory(test, SCENE_BYTES);
	KUNIT_ASSERT_NOT_NULL(test, scene->memory);
}

static void misuse_interior(struct kunit *test)
{
	struct scene scene;
	u32 i;

	scene_init(test, &scene);
	for (i = 8; i < BYTES; i += 8)
		expect_all_refused(test, &scene, i, "bytes into the live block of ");
}

static void misuse_misaligned(struct kunit *test)
{
	struct scene scene;
	u32 i;

	scene_init(test, &scene);
	for (i = 1; i < 8; i++)
		expect_all_refused(test, &scene, i, "bytes into the live block of ");
}

static void misuse_double_free(struct kunit *test)
{
	struct scene scene;

	scene_init(test, &scene);
	scene_open(test, &scene);
	scene_close(test, &scene);
	expect_all_refused(test, &scene, scene.freed - scene.block, "in free memory");
	/* Inside of what was freed, and what never was allocated. */
	expect_all_refused(test, &scene, scene.freed - scene.block + 64, "in free memory");
	expect_all_refused(test, &scene, scene.wall - scene.block + SZ_4K, "in free memory");
}

static void misuse_outside(struct kunit *test)
{
	struct scene scene;
	ssize_t start;

	scene_init(test, &scene);
	scene_open(test, &scene);
	scene_close(test, &scene);
	start = scene.memory - scene.block;
	expect_all_refused(test, &scene, start - 8, "not in this region");
	expect_all_refused(test, &scene, start + SCENE_BYTES, "not in this region");
	expect_all_refused(test, &scene, start + SCENE_BYTES + SZ_1M, "not in this region");
}

static void misuse_garbage(struct kunit *test)
{
	static const unsigned long garbage[] = {
		17, 24, 4096, ULONG_MAX, ULONG_MAX - 7, LONG_MAX, (unsigned long)LONG_MIN,
		ULONG_MAX / 255 * 0x6b, (unsigned long)POISON_POINTER_DELTA + 0x100,
	};
	struct scene scene;
	u32 i, n;

	scene_init(test, &scene);
	for (i = 0; i < ARRAY_SIZE(garbage); i++) {
		scene_open(test, &scene);
		for (n = 0; n < ARRAY_SIZE(calls); n++)
			expect_refused(test, scene.region, (void *)garbage[i], &calls[n],
				       "not in this region");
		scene_close(test, &scene);
	}
}

static void misuse_other_region(struct kunit *test)
{
	struct scene scene;
	struct talloc_region_stats was;
	u32 i;

	scene_init(test, &scene);
	scene.other = test_region(test, NAME "-2", SZ_16K);
	scene.foreign = talloc_region_alloc(scene.other, BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, scene.foreign);
	was = test_region_stats(scene.other);
	scene_open(test, &scene);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		expect_refused(test, scene.region, scene.foreign, &calls[i], "not in this region");
	scene_close(test, &scene);
	KUNIT_EXPECT_TRUE(test, test_region_kept(scene.other, &was, 0));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME "-2", NULL), 0);
	talloc_region_free(scene.other, scene.foreign);
}

static noinline void *call_aligned(struct talloc_region *region, size_t bytes, size_t align)
{
	void *block = talloc_region_alloc_aligned(region, bytes, align, GFP_KERNEL);

	barrier();
	return block;
}

static void misuse_alignment(struct kunit *test)
{
	static const size_t aligns[] = { 0, 3, 24, SIZE_MAX };
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	struct talloc_region_stats was = test_region_stats(region);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++) {
		test_log_mark(test);
		KUNIT_EXPECT_NULL(test, call_aligned(region, i % 2 ? 0 : 100, aligns[i]));
		KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, i + 1));
		KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 1);
		KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, " by call_aligned+0x"), 1);
		KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "is not a power of two"), 1);
	}
}

/* A driver that goes wrong in a loop does not drown the log, but is counted. */
static void misuse_flood(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	unsigned long start = jiffies;
	u32 i, lines;

	for (i = 0; i < 100; i++)
		call_free(region, test);
	lines = test_log_count(test, NAME, "bad free");
	KUNIT_EXPECT_GE(test, lines, 10);
	if (time_before(jiffies, start + 5 * HZ))
		KUNIT_EXPECT_EQ(test, lines, 10);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 100);
}

static void misuse_is_not(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	void *block = talloc_region_alloc(region, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, SZ_64K), -ENOSPC);
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block, SZ_64K, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_64K, GFP_KERNEL));
	talloc_region_free(region, block);
	talloc_region_free(region, NULL);
	talloc_region_free(region, ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).misuses, 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

/* The tag that stands right before a block, as talloc_core.c says. */
static u32 *tag_of(void *block)
{
	return (u32 *)test_region_whole(block) - 1;
}

/**
 * struct ruin - a region of two spans, the first of which is to be damaged
 * @region: the region
 * @first: memory of its first span
 * @block: three live blocks in it, one after another
 * @used_bytes: what they take
 * @safe: a live block in the second span
 */
struct ruin {
	struct talloc_region *region;
	u8 *first;
	void *block[3];
	u64 used_bytes;
	void *safe;
};

static void ruin_open(struct kunit *test, struct ruin *ruin)
{
	u32 i;

	ruin->first = test_region_memory(test, SZ_4K);
	ruin->region = test_region_keep(test, talloc_region_create_over(NAME, ruin->first, SZ_4K));
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(ruin->region, NULL, SZ_16K), 0);
	for (i = 0; i < ARRAY_SIZE(ruin->block); i++) {
		ruin->block[i] = talloc_region_alloc(ruin->region, BYTES, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ruin->block[i]);
	}
	ruin->used_bytes = test_region_stats(ruin->region).used_bytes;
	ruin->safe = talloc_region_alloc(ruin->region, SZ_4K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ruin->safe);
	test_region_fill(ruin->safe, SZ_4K, 8);
	test_log_mark(test);
}

/* The damage has been met. The first span is dead, the second is not. */
static void expect_out_of_service(struct kunit *test, struct ruin *ruin)
{
	struct talloc_region *region = ruin->region;
	struct talloc_piece piece;
	void *block;
	u32 i;

	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans_out_of_service, 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "span 0 is damaged"), 1);
	for (i = 0; i < ARRAY_SIZE(ruin->block); i++) {
		block = ruin->block[i];
		KUNIT_EXPECT_EQ(test, talloc_region_find(region, talloc_addr(block), &piece), 0);
		KUNIT_EXPECT_EQ(test, piece.state, TALLOC_PIECE_UNKNOWN);
		KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, block), 0);
		KUNIT_EXPECT_EQ(test, talloc_region_resize(region, block, 8), -EIO);
		KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, block, 8, GFP_KERNEL));
		talloc_region_free(region, block);
	}
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "is damaged"), 1);

	block = talloc_region_alloc(region, 100, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_GE(test, (unsigned long)block - (unsigned long)ruin->first, SZ_4K);
	KUNIT_EXPECT_TRUE(test, test_region_holds(ruin->safe, SZ_4K, 8));
	KUNIT_EXPECT_GE(test, talloc_region_usable_size(region, ruin->safe), SZ_4K);
	talloc_region_free(region, ruin->safe);
	talloc_region_free(region, block);
	KUNIT_EXPECT_LE(test, test_region_stats(region).used_bytes, ruin->used_bytes);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), -EUCLEAN);
}

/* Nobody has to be able to free what is in it: the region can go. */
static void ruin_destroy(struct kunit *test, struct ruin *ruin)
{
	test_region_forget(test, ruin->region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(ruin->region), 0);
}

static void damage_on_free(struct kunit *test)
{
	static const u32 tags[] = { 0, 1, 7, 1u << 3, 0xfffffff8, 0xffffffff, 0xdeadbeef };
	struct ruin ruin;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		ruin_open(test, &ruin);
		*tag_of(ruin.block[1]) = tags[i];
		call_free(ruin.region, ruin.block[1]);
		KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, " by call_free+0x"), 1);
		expect_out_of_service(test, &ruin);
		ruin_destroy(test, &ruin);
	}
}

static void damage_to_neighbour(struct kunit *test)
{
	struct ruin ruin;

	ruin_open(test, &ruin);
	/* One byte too many, written by the owner of block 0. */
	memset(test_region_whole(ruin.block[0]), 0xff,
	       talloc_region_usable_size(ruin.region, ruin.block[0]) + 1);
	talloc_region_free(ruin.region, ruin.block[1]);
	expect_out_of_service(test, &ruin);
	ruin_destroy(test, &ruin);
}

static void damage_on_each_call(struct kunit *test)
{
	struct ruin ruin;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ruin_open(test, &ruin);
		*tag_of(ruin.block[1]) = 0xffffffff;
		if (calls[i].refused == call_resize)
			KUNIT_EXPECT_EQ(test, talloc_region_resize(ruin.region, ruin.block[1], 8),
					-EIO);
		else
			KUNIT_EXPECT_TRUE(test, calls[i].refused(ruin.region, ruin.block[1]));
		expect_out_of_service(test, &ruin);
		ruin_destroy(test, &ruin);
	}
}

/* Met beside the old place of a block that has moved. */
static void damage_on_move(struct kunit *test)
{
	struct ruin ruin;
	void *block;

	ruin_open(test, &ruin);
	talloc_region_free(ruin.region, ruin.block[0]);
	tag_of(ruin.block[1])[-1] = 0x1000;
	block = talloc_region_realloc(ruin.region, ruin.block[1], SZ_4K, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "span 0 is damaged"), 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(ruin.region).spans_out_of_service, 1);
	talloc_region_free(ruin.region, block);
	talloc_region_free(ruin.region, ruin.safe);
	ruin_destroy(test, &ruin);
}

/* Met where the span is to end. */
static void damage_on_truncate(struct kunit *test)
{
	struct ruin ruin;

	ruin_open(test, &ruin);
	*(u32 *)(ruin.first + SZ_4K - 2 * sizeof(u32)) = 0x1000;
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(ruin.region, talloc_addr(ruin.first), 0, 64,
						     NULL), -EIO);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "span 0 is damaged"), 1);
	expect_out_of_service(test, &ruin);
	ruin_destroy(test, &ruin);
}

/* Written after it was freed: links of the bin. The second span serves. */
static void damage_on_alloc(struct kunit *test)
{
	struct ruin ruin;
	void *block;

	ruin_open(test, &ruin);
	talloc_region_free(ruin.region, ruin.block[1]);
	memset(test_region_whole(ruin.block[1]), 0xee, BYTES);
	block = talloc_region_alloc(ruin.region, BYTES, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, block);
	talloc_region_free(ruin.region, block);
	expect_out_of_service(test, &ruin);
	ruin_destroy(test, &ruin);
}

/* The only span is out of service: the failure says why, once. */
static void damage_on_last_alloc(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_4K);
	void *block = talloc_region_alloc(region, BYTES, GFP_KERNEL);
	void *wall = talloc_region_alloc(region, BYTES, GFP_KERNEL);

	talloc_region_free(region, block);
	memset(test_region_whole(block), 0xee, BYTES);
	test_log_mark(test);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, BYTES, GFP_ATOMIC));
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, BYTES, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "span 0 is damaged"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 1);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, wall), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
}

/* A check finds damage before any call meets it, and only reads. */
static void damage_on_check(struct kunit *test)
{
	struct ruin ruin;
	u32 tag;

	ruin_open(test, &ruin);
	tag = *tag_of(ruin.block[2]);
	*tag_of(ruin.block[2]) = tag ^ 2;
	KUNIT_EXPECT_EQ(test, talloc_region_check(ruin.region), -EUCLEAN);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "span 0 is damaged"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 1);
	KUNIT_EXPECT_EQ(test, *tag_of(ruin.block[2]), tag ^ 2);
	KUNIT_EXPECT_EQ(test, test_region_stats(ruin.region).spans_out_of_service, 0);
	*tag_of(ruin.block[2]) = tag;
	KUNIT_EXPECT_EQ(test, talloc_region_check(ruin.region), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(ruin.region), 0);
}

static int count_pieces(const struct talloc_piece *piece, void *data)
{
	u32 *pieces = data;

	(*pieces)++;
	return 0;
}

static void damage_survived_by_walk(struct kunit *test)
{
	struct ruin ruin;
	u32 pieces = 0;

	ruin_open(test, &ruin);
	*tag_of(ruin.block[1]) = 0xffffffff;
	talloc_region_walk(ruin.region, count_pieces, &pieces);
	KUNIT_EXPECT_GE(test, pieces, 2);
	talloc_region_free(ruin.region, ruin.block[1]);
	pieces = 0;
	KUNIT_EXPECT_EQ(test, talloc_region_walk(ruin.region, count_pieces, &pieces), 0);
	KUNIT_EXPECT_GE(test, pieces, 2);
	expect_out_of_service(test, &ruin);
	ruin_destroy(test, &ruin);
}

static void damage_ends_with_reset(struct kunit *test)
{
	struct ruin ruin;
	void *block;

	ruin_open(test, &ruin);
	*tag_of(ruin.block[1]) = 0;
	talloc_region_free(ruin.region, ruin.block[1]);
	KUNIT_EXPECT_EQ(test, test_region_stats(ruin.region).spans_out_of_service, 1);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(ruin.region), 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(ruin.region).spans_out_of_service, 0);
	KUNIT_EXPECT_EQ(test, talloc_region_check(ruin.region), 0);
	block = talloc_region_alloc(ruin.region, BYTES, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, block, ruin.block[0]);
	/* Damaged anew, it is reported anew. */
	test_log_mark(test);
	*tag_of(block) = 0;
	talloc_region_free(ruin.region, block);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "span 0 is damaged"), 1);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(ruin.region), 0);
}

static struct kunit_case talloc_region_misuse_cases[] = {
	KUNIT_CASE(misuse_interior),
	KUNIT_CASE(misuse_misaligned),
	KUNIT_CASE(misuse_double_free),
	KUNIT_CASE(misuse_outside),
	KUNIT_CASE(misuse_garbage),
	KUNIT_CASE(misuse_other_region),
	KUNIT_CASE(misuse_alignment),
	KUNIT_CASE(misuse_flood),
	KUNIT_CASE(misuse_is_not),
	KUNIT_CASE(damage_on_free),
	KUNIT_CASE(damage_to_neighbour),
	KUNIT_CASE(damage_on_each_call),
	KUNIT_CASE(damage_on_move),
	KUNIT_CASE(damage_on_truncate),
	KUNIT_CASE(damage_on_alloc),
	KUNIT_CASE(damage_on_last_alloc),
	KUNIT_CASE(damage_on_check),
	KUNIT_CASE(damage_survived_by_walk),
	KUNIT_CASE(damage_ends_with_reset),
	{}
};

struct kunit_suite talloc_region_misuse_suite = {
	.name = "talloc_region_misuse",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_misuse_cases,
};
