// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls on a region of several spans, against a list of what ought to be
 * there. The check runs after every step. The seed is printed; seed= and steps=
 * of the module repeat a run.
 */
#include "talloc_test.h"
#include "talloc_test_region.h"

#define NAME	"kunit-random"

#define BLOCKS	160

/* Steps between two looks at the contents of all blocks. */
#define LOOK	50

/**
 * struct model_block - a block that ought to be there
 * @p: where
 * @bytes: as large as asked for
 * @align: aligned so
 * @key: of its pattern
 */
struct model_block {
	u8 *p;
	size_t bytes;
	size_t align;
	u32 key;
};

/**
 * struct model - what the region ought to be
 * @test: the case
 * @region: the region
 * @random: source of random numbers
 * @block: live blocks, in no order
 * @nr: how many
 * @allocs: allocations that succeeded
 * @aligned: those with an alignment of more than the unit
 * @moved: blocks that realloc() moved
 * @grown: blocks that were resized to more than they had
 * @extra: memory of a span that comes and goes
 * @has_extra: whether it is there
 * @wrong: what was wrong first, or NULL
 */
struct model {
	struct kunit *test;
	struct talloc_region *region;
	struct test_random random;
	struct model_block block[BLOCKS];
	u32 nr;
	u64 allocs;
	u32 aligned;
	u32 moved;
	u32 grown;
	u8 *extra;
	bool has_extra;
	const char *wrong;
};

#define EXTRA_BYTES	(3 * SZ_4K)

static void model_expect(struct model *model, bool ok, const char *what)
{
	if (!ok && !model->wrong)
		model->wrong = what;
}

static bool blocks_overlap(const struct model_block *a, const struct model_block *b)
{
	return a->p < b->p + b->bytes && b->p < a->p + a->bytes;
}

/* A block that was just given out or changed; number @i if it is in the list. */
static void model_admit(struct model *model, const struct model_block *block, u32 skip)
{
	u64 at = talloc_addr(block->p);
	u32 i;

	model_expect(model, talloc_region_contains(model->region, at) &&
		     talloc_region_contains(model->region, at + block->bytes - 1),
		     "a block is not in the region");
	model_expect(model, !(at & (block->align - 1)),
		     "a block is not aligned");
	model_expect(model, talloc_region_usable_size(model->region, block->p) >= block->bytes,
		     "a block is too small");
	for (i = 0; i < model->nr; i++)
		model_expect(model, i == skip || !blocks_overlap(block, &model->block[i]),
			     "blocks overlap");
	test_region_fill(test_region_whole(block->p), block->bytes, block->key);
}

static void model_look(struct model *model, const struct model_block *block, size_t bytes)
{
	model_expect(model, test_region_holds(test_region_whole(block->p), bytes, block->key),
		     "contents of a block changed");
}

static void model_alloc(struct model *model)
{
	struct test_random *random = &model->random;
	struct model_block block = {
		.bytes = test_random_size(random, 6000), .align = 8,
		.key = test_random_u32(random),
	};
	u64 largest = test_region_stats(model->region).largest_bytes;

	if (test_random_below(random, 3)) {
		block.p = talloc_region_zalloc(model->region, block.bytes, GFP_KERNEL);
		model_expect(model, !block.p == (block.bytes > largest),
			     "largest_bytes is not what can be had");
		if (block.p)
			model_expect(model, !memchr_inv(block.p, 0, block.bytes), "not zeroed");
	} else {
		block.align = 8u << test_random_below(random, 8);
		block.p = talloc_region_alloc_aligned(model->region, block.bytes, block.align,
						      GFP_ATOMIC);
		model->aligned += block.p && block.align > 8;
	}
	if (!block.p)
		return;
	model->allocs++;
	model_admit(model, &block, BLOCKS);
	model->block[model->nr++] = block;
}

static void model_free(struct model *model, u32 i)
{
	model_look(model, &model->block[i], model->block[i].bytes);
	talloc_region_free(model->region, model->block[i].p);
	model->block[i] = model->block[--model->nr];
}

static void model_realloc(struct model *model, u32 i)
{
	struct model_block block = model->block[i];
	u64 allocs;
	u8 *p;

	block.bytes = test_random_size(&model->random, 8000);
	p = talloc_region_realloc(model->region, block.p, block.bytes, GFP_KERNEL);
	model_expect(model, block.bytes > model->block[i].bytes || p == block.p,
		     "shrinking failed or moved a block");
	allocs = test_region_stats(model->region).allocs;
	model_expect(model, allocs - model->allocs <= (p && p != block.p),
		     "realloc miscounts allocs");
	model->allocs = allocs;
	if (!p)
		return model_look(model, &model->block[i], model->block[i].bytes);
	model->moved += p != block.p;
	block.p = p;
	model_look(model, &block, min(block.bytes, model->block[i].bytes));
	model_admit(model, &block, i);
	model->block[i] = block;
}

static void model_resize(struct model *model, u32 i)
{
	struct model_block block = model->block[i];
	size_t usable = talloc_region_usable_size(model->region, block.p);
	int err;

	block.bytes = test_random_size(&model->random, 8000);
	err = talloc_region_resize(model->region, block.p, block.bytes);
	model_expect(model, !err || (err == -ENOSPC && block.bytes > model->block[i].bytes),
		     "resize failed for no reason");
	if (err)
		return model_look(model, &model->block[i], model->block[i].bytes);
	model->grown += block.bytes > usable;
	model_look(model, &block, min(block.bytes, model->block[i].bytes));
	model_admit(model, &block, i);
	model->block[i] = block;
}

static bool model_uses_extra(const struct model *model)
{
	u32 i;

	for (i = 0; i < model->nr; i++)
		if ((unsigned long)(model->block[i].p - model->extra) < EXTRA_BYTES)
			return true;
	return false;
}

static void model_toggle_extra(struct model *model)
{
	int err, expected;

	if (model->has_extra) {
		expected = model_uses_extra(model) ? -EBUSY : 0;
		err = talloc_region_remove_span(model->region, talloc_addr(model->extra + 100));
	} else {
		expected = 0;
		err = talloc_region_add_span(model->region, model->extra, EXTRA_BYTES);
	}
	model_expect(model, err == expected, "a span did not come or go as it should");
	if (!err)
		model->has_extra = !model->has_extra;
}

static void model_reset(struct model *model)
{
	model_expect(model, !talloc_region_reset(model->region), "reset failed");
	model->nr = 0;
}

static void model_step(struct model *model)
{
	u32 dice = test_random_below(&model->random, 1000);
	u32 i = model->nr ? test_random_below(&model->random, model->nr) : 0;

	if (dice < 2)
		model_reset(model);
	else if (dice < 12)
		model_toggle_extra(model);
	else if (!model->nr || (dice < 480 && model->nr < BLOCKS))
		model_alloc(model);
	else if (dice < 650)
		model_realloc(model, i);
	else if (dice < 750)
		model_resize(model, i);
	else
		model_free(model, i);
}

static void model_compare(struct model *model, u32 step)
{
	struct talloc_region_stats stats = test_region_stats(model->region);
	u32 i;

	model_expect(model, !talloc_region_check(model->region), "the check found a fault");
	model_expect(model, stats.blocks == model->nr, "blocks are lost or too many");
	model_expect(model, stats.allocs == model->allocs, "allocs are miscounted");
	model_expect(model, stats.used_bytes + stats.free_bytes == stats.total_bytes,
		     "stats do not add up");
	model_expect(model, !stats.misuses, "a block was refused");
	for (i = 0; step % LOOK == 0 && i < model->nr; i++)
		model_look(model, &model->block[i], model->block[i].bytes);
}

/* Of a run in which all was refused, nothing would be wrong. */
static void model_expect_work(const struct model *model, u32 steps)
{
	KUNIT_EXPECT_GE(model->test, model->allocs, (u64)steps / 4);
	KUNIT_EXPECT_GE(model->test, model->aligned, steps / 64);
	KUNIT_EXPECT_GE(model->test, model->moved, steps / 100);
	KUNIT_EXPECT_GE(model->test, model->grown, steps / 2000);
}

static void model_run(struct model *model, u32 seed)
{
	u32 step, steps = test_steps();

	model->random.state = seed;
	for (step = 0; step < steps && !model->wrong; step++) {
		model_step(model);
		model_compare(model, step);
		test_breathe();
	}
	if (model->wrong)
		KUNIT_FAIL(model->test, "step %u: %s (seed %u)", step - 1, model->wrong, seed);
	else
		model_expect_work(model, steps);
	while (model->nr)
		model_free(model, 0);
	KUNIT_EXPECT_EQ(model->test, talloc_region_check(model->region), 0);
}

static void region_random(struct kunit *test, unsigned long flags, u32 seed)
{
	const struct talloc_region_config config = {
		.name = NAME, .bytes = 5 * SZ_4K, .flags = flags,
	};
	struct model *model = test_zalloc(test, sizeof(*model));

	kunit_info(test, "seed %u\n", seed);
	model->test = test;
	model->region = test_region_keep(test, talloc_region_create(&config));
	model->extra = test_region_memory(test, EXTRA_BYTES);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(model->region, NULL, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(model->region, NULL, 20 * SZ_4K), 0);
	model_run(model, seed);
}

static void random_fixed_seed(struct kunit *test)
{
	region_random(test, 0, TEST_SEED);
}

static void random_fresh_seed(struct kunit *test)
{
	region_random(test, 0, test_fresh_seed());
}

static void random_without_live_map(struct kunit *test)
{
	region_random(test, TALLOC_NO_LIVE_MAP, test_fresh_seed());
}

static struct kunit_case talloc_region_random_cases[] = {
	KUNIT_CASE(random_fixed_seed),
	KUNIT_CASE(random_fresh_seed),
	KUNIT_CASE(random_without_live_map),
	{}
};

struct kunit_suite talloc_region_random_suite = {
	.name = "talloc_region_random",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_random_cases,
};
