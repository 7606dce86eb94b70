// SPDX-License-Identifier: GPL-2.0
/*
 * Life of a region: create and all that it refuses, names, references, destroy.
 */
#include <linux/completion.h>
#include <linux/dcache.h>
#include <linux/device.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/topology.h>

#include "talloc_test_region.h"
#include "../talloc_region.h"

#define NAME	"kunit-region"

struct refusal {
	const char *what;
	struct talloc_region_config config;
	int err;
	const char *why;	/* what the log says; NULL for nothing */
};

static const struct talloc_backing numbers = { .type = TALLOC_NUMBERS, .window = SZ_64K };
static const struct talloc_backing large = { .type = TALLOC_VMALLOC, .bytes = SZ_64K };
static const struct talloc_backing nothing = { .type = TALLOC_VMALLOC };
static const struct talloc_backing no_range = { .type = TALLOC_PHYS, .bytes = SZ_64K };
static const struct talloc_backing nowhere = { .type = TALLOC_MEMORY, .window = SZ_64K };
static const struct talloc_backing nowhere_io = { .type = TALLOC_IOMEM, .window = SZ_64K };

static const struct talloc_backing beyond = {
	.type = TALLOC_NUMBERS, .window = SZ_64K, .offset = SZ_64K,
};

static const struct talloc_backing combined = {
	.type = TALLOC_PHYS, .window = SZ_64K, .cache = TALLOC_CACHE_WC,
};

static const struct refusal refusals[] = {
	{ "no name", { .bytes = SZ_64K }, -EINVAL, "a name is" },
	{ "empty name", { .name = "", .bytes = SZ_64K }, -EINVAL, "a name is" },
	{ "32 letters", { .name = "abcdefghijklmnopqrstuvwxyz012345", .bytes = SZ_64K }, -EINVAL,
	  "abcdefghijklmnopqrstuvwxyz012345: bad create" },
	{ "reserved name", { .name = "regions", .bytes = SZ_64K }, -EINVAL,
	  "regions: bad create" },
	{ "leading dot", { .name = ".kunit", .bytes = SZ_64K }, -EINVAL, ".kunit: bad create" },
	{ "space", { .name = "ku nit", .bytes = SZ_64K }, -EINVAL, "ku nit: bad create" },
	{ "slash", { .name = "ku/nit", .bytes = SZ_64K }, -EINVAL, "ku/nit: bad create" },
	{ "newline", { .name = "kunit\n", .bytes = SZ_64K }, -EINVAL, "kunit\\n: bad create" },
	{ "not ASCII", { .name = "kun\xc3\xaft", .bytes = SZ_64K }, -EINVAL, "a name is" },
	{ "size 0", { .name = NAME }, -EINVAL, "it has no size" },
	{ "backing of size 0", { .name = NAME, .backing = &nothing }, -EINVAL, "it has no size" },
	{ "range of size 0", { .name = NAME, .backing = &no_range }, -EINVAL, "it has no size" },
	{ "no memory", { .name = NAME, .backing = &nowhere }, -EINVAL, "its memory is at NULL" },
	{ "no device memory", { .name = NAME, .backing = &nowhere_io }, -EINVAL,
	  "its memory is at NULL" },
	{ "memory and a backing",
	  { .name = NAME, .backing = &numbers, .memory = (void *)&numbers }, -EINVAL,
	  "a backing, and memory" },
	{ "unit 4", { .name = NAME, .bytes = SZ_64K, .unit = 4 }, -EINVAL, "a unit below 8" },
	{ "unit 3, isolated",
	  { .name = NAME, .bytes = SZ_64K, .unit = 3, .flags = TALLOC_ISOLATED }, -EINVAL,
	  "no power of two" },
	{ "to grow by all there is",
	  { .name = NAME, .bytes = SZ_64K, .grow_bytes = SIZE_MAX }, -EINVAL,
	  "grow_bytes are more" },
	{ "numbers that grow", { .name = NAME, .backing = &numbers, .grow_bytes = SZ_64K },
	  -EINVAL, "grow_bytes, but no region of memory" },
	{ "unit 24", { .name = NAME, .bytes = SZ_64K, .unit = 24 }, -EINVAL, "no power of two" },
	{ "unit 4M", { .name = NAME, .bytes = SZ_16M, .unit = SZ_4M }, -EINVAL, "up to 2 MiB" },
	{ "flag", { .name = NAME, .bytes = SZ_64K, .flags = BIT(7) }, -EINVAL, "an unknown flag" },
	{ "node -1", { .name = NAME, .bytes = SZ_64K, .flags = TALLOC_ON_NODE, .node = -1 },
	  -EINVAL, "a node that is not online" },
	{ "node too high",
	  { .name = NAME, .bytes = SZ_64K, .flags = TALLOC_ON_NODE, .node = MAX_NUMNODES },
	  -EINVAL, "a node that is not online" },
	{ "limit without growth", { .name = NAME, .bytes = SZ_64K, .max_bytes = SZ_1M }, -EINVAL,
	  "max_bytes without grow_bytes" },
	{ "limit below size",
	  { .name = NAME, .bytes = SZ_64K, .grow_bytes = SZ_4K, .max_bytes = SZ_32K }, -EINVAL,
	  "more bytes than max_bytes" },
	{ "limit below the backing's size",
	  { .name = NAME, .backing = &large, .grow_bytes = SZ_4K, .max_bytes = SZ_32K }, -EINVAL,
	  "more bytes than max_bytes" },
	{ "wrapping memory",
	  { .name = NAME, .bytes = SZ_64K, .memory = (void *)-SZ_4K }, -EINVAL,
	  "its memory wraps" },
	{ "a part beyond the window", { .name = NAME, .backing = &beyond }, -EINVAL,
	  "is beyond its window" },
	{ "tags that are combined", { .name = NAME, .backing = &combined }, -EINVAL,
	  "write-combined memory without TALLOC_DETACHED" },
	{ "too small", { .name = NAME, .bytes = 1 }, -ENOSPC },
	{ "too small for its unit", { .name = NAME, .bytes = SZ_4K, .unit = SZ_4K }, -ENOSPC },
#if BITS_PER_LONG == 64
	{ "2^29 units", { .name = NAME, .bytes = 1ul << 32 }, -E2BIG },
	{ "2^29 units of 2M", { .name = NAME, .bytes = 1ul << 50, .unit = SZ_2M }, -E2BIG },
	{ "size of it all", { .name = NAME, .bytes = SIZE_MAX }, -E2BIG },
#endif
};

static void expect_no_node(struct kunit *test, int node)
{
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_64K, .flags = TALLOC_ON_NODE, .node = node,
	};

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(talloc_region_create(&config)), -EINVAL);
}

static void region_create_refuses(struct kunit *test)
{
	struct talloc_region *region;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		test_log_mark(test);
		region = talloc_region_create(&refusals[i].config);
		if (!IS_ERR(region))
			test_region_keep(test, region);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(region), refusals[i].err, "%s",
				    refusals[i].what);
		KUNIT_EXPECT_EQ_MSG(test, test_log_count(test, NULL, refusals[i].why),
				    refusals[i].why ? 1 : 0, "%s", refusals[i].what);
	}
	KUNIT_EXPECT_EQ(test, PTR_ERR(talloc_region_create(NULL)), -EINVAL);
	region = talloc_region_create_over(NAME, NULL, SZ_64K);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -EINVAL);
	for (i = 0; i < MAX_NUMNODES; i++)
		if (!node_online(i))
			expect_no_node(test, i);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
}

static void region_create_no_memory(struct kunit *test)
{
	const struct talloc_region_config config = {
		.name = NAME,
		.bytes = BITS_PER_LONG == 64 ? (size_t)(1ull << 40) : 0xf0000000u,
		.unit = SZ_2M,
	};
	struct talloc_region *region;

	kunit_info(test, "provoked report: begin\n");
	region = talloc_region_create(&config);
	kunit_info(test, "provoked report: end\n");
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -ENOMEM);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
}

static void region_create_names(struct kunit *test)
{
	static const char * const names[] = {
		"k", "KUnit_09-a.b", "regions.", "abcdefghijklmnopqrstuvwxyz01234",
	};
	struct talloc_region *region;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		region = test_region(test, names[i], SZ_4K);
		KUNIT_EXPECT_STREQ(test, talloc_region_name(region), names[i]);
	}
}

static void region_create_copies_name(struct kunit *test)
{
	char name[] = NAME;
	struct talloc_region *region = test_region(test, name, SZ_4K);

	name[0] = 'x';
	KUNIT_EXPECT_STREQ(test, talloc_region_name(region), NAME);
}

static void region_create_duplicate(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_4K);
	struct talloc_region *found;

	KUNIT_EXPECT_EQ(test, PTR_ERR(talloc_region_create_vmalloc(NAME, SZ_4K)), -EEXIST);
	found = talloc_region_get(NAME);
	KUNIT_EXPECT_PTR_EQ(test, found, region);
	talloc_region_put(found);
}

/* A block as large as can be had, and the smallest region that has any. */
static void region_create_smallest(struct kunit *test)
{
	static const u32 units[] = { 8, 16, 64, SZ_4K, SZ_2M };
	struct talloc_region *region;
	size_t bytes;
	void *block;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		struct talloc_region_config config = { .name = NAME, .unit = units[i] };

		for (bytes = units[i]; bytes <= 4 * units[i]; bytes += units[i]) {
			config.bytes = bytes;
			region = talloc_region_create(&config);
			if (PTR_ERR_OR_ZERO(region) != -ENOSPC)
				break;
		}
		region = test_region_keep(test, region);
		block = talloc_region_alloc(region, 1, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, block);
		talloc_region_free(region, block);
		test_region_forget(test, region);
		KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
	}
}

static void region_create_units(struct kunit *test)
{
	static const u32 units[] = { 0, 8, 32, 256, SZ_4K, SZ_64K };
	struct talloc_region *region;
	void *blocks[8];
	u32 i, n, unit;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		struct talloc_region_config config = {
			.name = NAME, .unit = units[i], .bytes = SZ_1M,
		};

		unit = units[i] ? units[i] : 8;
		region = test_region_keep(test, talloc_region_create(&config));
		for (n = 0; n < ARRAY_SIZE(blocks); n++) {
			blocks[n] = talloc_region_alloc(region, 1 + n * 100, GFP_KERNEL);
			KUNIT_EXPECT_NOT_NULL(test, blocks[n]);
			KUNIT_EXPECT_EQ(test, (unsigned long)blocks[n] % unit, 0);
		}
		for (n = 0; n < ARRAY_SIZE(blocks); n++)
			talloc_region_free(region, blocks[n]);
		test_region_forget(test, region);
		KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
	}
}

static void region_create_on_node(struct kunit *test)
{
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_64K, .flags = TALLOC_ON_NODE | TALLOC_NO_LIVE_MAP,
		.node = numa_node_id(), .grow_bytes = SZ_64K,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	void *block = talloc_region_alloc(region, SZ_128K, GFP_KERNEL);

	KUNIT_EXPECT_NOT_NULL(test, block);
	talloc_region_free(region, block);
}

#define GUARD	64

/* Over the middle of a piece of memory, off every grid by @skew. */
static void create_over(struct kunit *test, u8 *memory, size_t bytes, size_t skew)
{
	u8 *start = memory + GUARD + skew, *end = memory + bytes - GUARD;
	struct talloc_region *region;
	u8 *block;
	u32 n;

	memset(memory, 0xa5, bytes);
	region = test_region_keep(test, talloc_region_create_over(NAME, start, end - start));
	for (n = 0; (block = talloc_region_zalloc(region, 100, GFP_KERNEL)); n++) {
		KUNIT_EXPECT_TRUE(test, block >= start && block + 100 <= end);
		KUNIT_EXPECT_EQ(test, (unsigned long)block % 8, 0);
	}
	KUNIT_EXPECT_GT(test, n, (u32)(end - start) / 128);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(memory, 0xa5, start - memory));
	KUNIT_EXPECT_NULL(test, memchr_inv(end, 0xa5, GUARD));
}

static void region_create_over_memory(struct kunit *test)
{
	u8 *memory = kunit_kmalloc(test, SZ_4K, GFP_KERNEL);
	size_t skew;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	for (skew = 0; skew < 16; skew++)
		create_over(test, memory, SZ_4K, skew);
	memory = test_region_memory(test, SZ_64K);
	for (skew = 0; skew < 16; skew += 5)
		create_over(test, memory, SZ_64K, skew);
}

/* Refused, and nobody's memory is written. */
static void expect_in_use(struct kunit *test, u8 *memory, size_t bytes)
{
	struct talloc_region *region = talloc_region_create_over(NAME "-2", memory, bytes);

	if (!IS_ERR(region))
		talloc_region_destroy(region);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -EADDRINUSE);
}

static void region_create_overlap(struct kunit *test)
{
	u8 *memory = test_region_memory(test, 4 * SZ_4K);
	u8 *middle = memory + SZ_4K;
	struct talloc_region *region;
	void *block;

	memset(memory, 0xa5, 4 * SZ_4K);
	region = test_region_keep(test, talloc_region_create_over(NAME, middle, 2 * SZ_4K));
	block = talloc_region_alloc(region, SZ_4K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block);
	test_region_fill(block, SZ_4K, 1);

	expect_in_use(test, middle, 2 * SZ_4K);
	expect_in_use(test, memory, SZ_4K + 1);
	expect_in_use(test, middle + 2 * SZ_4K - 1, SZ_4K);
	expect_in_use(test, memory, 4 * SZ_4K);
	expect_in_use(test, middle + 256, 1024);
	KUNIT_EXPECT_NULL(test, memchr_inv(memory, 0xa5, SZ_4K));
	KUNIT_EXPECT_NULL(test, memchr_inv(middle + 2 * SZ_4K, 0xa5, SZ_4K));
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, SZ_4K, 1));
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	talloc_region_free(region, block);

	test_region_keep(test, talloc_region_create_over(NAME "-3", memory, SZ_4K));
	test_region_keep(test, talloc_region_create_over(NAME "-4", middle + 2 * SZ_4K, SZ_4K));
}

/* False where the region is gone against all rules, and the case had better end. */
static bool refuses_destroy(struct kunit *test, struct talloc_region *region)
{
	int err = talloc_region_destroy(region);

	KUNIT_EXPECT_EQ(test, err, -EBUSY);
	if (!err)
		test_region_forget(test, region);
	return err;
}

static void region_get_put(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	struct talloc_region *first, *second;

	first = talloc_region_get(NAME);
	second = talloc_region_get(NAME);
	KUNIT_EXPECT_PTR_EQ(test, first, region);
	KUNIT_EXPECT_PTR_EQ(test, second, region);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME "x"));
	KUNIT_EXPECT_NULL(test, talloc_region_get(""));

	test_log_mark(test);
	if (!refuses_destroy(test, region))
		return;
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "2 references"), 1);
	talloc_region_put(first);
	if (!refuses_destroy(test, region))
		return;
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "1 references"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 2);
	talloc_region_put(second);

	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 2);
}

static void region_destroy_refuses_live(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_64K);
	void *blocks[10];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = talloc_region_alloc(region, 100 + i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, blocks[i]);
		test_region_fill(blocks[i], 100 + i, i);
	}
	test_log_mark(test);
	if (!refuses_destroy(test, region))
		return;
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "with 10 live blocks"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "live block of 1"), 8);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "and more"), 1);

	for (i = 1; i < ARRAY_SIZE(blocks); i++) {
		KUNIT_EXPECT_TRUE(test, test_region_holds(blocks[i], 100 + i, i));
		talloc_region_free(region, blocks[i]);
	}
	test_log_mark(test);
	if (!refuses_destroy(test, region))
		return;
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "with 1 live blocks"), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 2);

	talloc_region_free(region, blocks[0]);
	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 2);
}

/* The name is free again, and so is the memory. */
static void region_create_again(struct kunit *test)
{
	u8 *memory = test_region_memory(test, SZ_4K);
	u32 i;

	for (i = 0; i < 100; i++) {
		struct talloc_region *region __free(talloc_region_destroy) =
			talloc_region_create_over(NAME, memory, SZ_4K);

		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, region);
	}
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
}

static void region_cleanup_put(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_4K);

	{
		struct talloc_region *found __free(talloc_region_put) = talloc_region_get(NAME);
		struct talloc_region *none __free(talloc_region_put) = talloc_region_get("none");

		KUNIT_EXPECT_PTR_EQ(test, found, region);
		KUNIT_EXPECT_NULL(test, none);
		KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), -EBUSY);
	}
	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
	talloc_region_put(NULL);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(NULL), 0);
}

static const struct talloc_region_config devm_config = { .name = NAME, .bytes = SZ_64K };

static void region_devm(struct kunit *test)
{
	struct device *dev = root_device_register("talloc-kunit");
	struct talloc_region *region;
	void *block = NULL;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	region = devm_talloc_region_create(dev, &devm_config);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, region);
	KUNIT_EXPECT_EQ(test, PTR_ERR(devm_talloc_region_create(dev, &devm_config)), -EEXIST);
	if (!IS_ERR_OR_NULL(region))
		block = talloc_region_alloc(region, 100, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, block);
	talloc_region_free(region, block);
	test_log_mark(test);
	/* That is the device's to do. */
	if (!IS_ERR_OR_NULL(region)) {
		KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), -EPERM);
		talloc_region_abandon(region);
		KUNIT_EXPECT_PTR_EQ(test, talloc_region_get(NAME), region);
		talloc_region_put(region);
	}
	root_device_unregister(dev);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

static void region_devm_reports_live(struct kunit *test)
{
	struct device *dev = root_device_register("talloc-kunit");
	struct talloc_region *region;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	region = devm_talloc_region_create(dev, &devm_config);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, region);
	if (!IS_ERR_OR_NULL(region))
		KUNIT_EXPECT_NOT_NULL(test, talloc_region_alloc(region, 100, GFP_KERNEL));
	test_log_mark(test);
	root_device_unregister(dev);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "with 1 live blocks"), 1);
}

/* Whoever has a reference may go on with what is in the region's own memory. */
static void region_devm_referenced(struct kunit *test)
{
	struct device *dev = root_device_register("talloc-kunit");
	struct talloc_region *region;
	void *block;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	devm_talloc_region_create(dev, &devm_config);
	region = talloc_region_get(NAME);
	block = region ? talloc_region_alloc(region, 100, GFP_KERNEL) : NULL;
	KUNIT_EXPECT_NOT_NULL(test, block);
	root_device_unregister(dev);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
	if (!block)
		return;
	test_region_fill(block, 100, 3);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, 100, 3));
	talloc_region_free(region, block);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 0);
	talloc_region_put(region);
}

/*
 * A handler that takes its time, and the device that goes meanwhile.
 */
struct slow_handler {
	struct talloc_region *region;
	struct device *dev;
	struct completion entered;
	struct completion leave;
	struct completion refused;
	struct completion gone;
};

static int slow_oom(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
		    gfp_t gfp, void *data)
{
	struct slow_handler *slow = data;

	complete(&slow->entered);
	wait_for_completion(&slow->leave);
	return -ENOMEM;
}

static int slow_alloc(void *data)
{
	struct slow_handler *slow = data;
	void *block = talloc_region_alloc(slow->region, SZ_128K, GFP_KERNEL);

	kthread_complete_and_exit(block ? NULL : &slow->refused, 0);
}

static int slow_unregister(void *data)
{
	struct slow_handler *slow = data;

	root_device_unregister(slow->dev);
	kthread_complete_and_exit(&slow->gone, 0);
}

static void region_abandon_reports_live(struct kunit *test)
{
	struct talloc_region *region = talloc_region_create_vmalloc(NAME, SZ_64K);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	KUNIT_EXPECT_NOT_NULL(test, talloc_region_alloc(region, 100, GFP_KERNEL));
	talloc_region_abandon(region);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "abandoned with 1 live blocks"), 1);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
	talloc_region_abandon(NULL);
}

static int count_oom(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
		     gfp_t gfp, void *data)
{
	++*(u32 *)data;
	return -ENOMEM;
}

/* Others go on with what is not the owner's. The owner has its memory, and the name is free. */
static void region_abandon_shared(struct kunit *test)
{
	void *memory = test_region_memory(test, SZ_4K), *lost, *kept;
	u32 *asked = test_zalloc(test, sizeof(*asked));
	const struct talloc_region_config config = {
		.name = NAME, .memory = memory, .bytes = SZ_4K, .oom = count_oom, .oom_data = asked,
	};
	struct talloc_region *region = talloc_region_create(&config), *again;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_16K), 0);
	lost = talloc_region_alloc(region, 100, GFP_KERNEL);
	kept = talloc_region_alloc(region, SZ_8K, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, kept);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_16K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, *asked, 1);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_get(NAME), region);
	talloc_region_abandon(region);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "1 live blocks were in memory of"), 1);
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
	again = test_region_keep(test, talloc_region_create_over(NAME, memory, SZ_4K));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, talloc_addr(lost)));
	KUNIT_EXPECT_GE(test, talloc_region_usable_size(region, kept), SZ_8K);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, SZ_16K, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, *asked, 1);
	talloc_region_free(region, kept);
	talloc_region_put(region);
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_get(NAME), again);
	talloc_region_put(again);
}

/* Another region with a handler, which does not run. */
static void others_do_not_wait(struct kunit *test)
{
	struct slow_handler *other = test_zalloc(test, sizeof(*other));
	const struct talloc_region_config config = {
		.name = NAME ".other", .bytes = SZ_64K, .oom = slow_oom, .oom_data = other,
	};

	init_completion(&other->gone);
	other->dev = root_device_register("talloc-other");
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, other->dev);
	if (IS_ERR_OR_NULL(other->dev))
		return;
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, devm_talloc_region_create(other->dev, &config));
	kthread_run(slow_unregister, other, "talloc-other");
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&other->gone, 10 * HZ));
}

/* What the handler uses may be gone as soon as the device is. */
static void region_devm_waits_for_handler(struct kunit *test)
{
	struct slow_handler *slow = test_zalloc(test, sizeof(*slow));
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_64K, .oom = slow_oom, .oom_data = slow,
	};

	init_completion(&slow->entered);
	init_completion(&slow->leave);
	init_completion(&slow->refused);
	init_completion(&slow->gone);
	slow->dev = root_device_register("talloc-kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, slow->dev);
	devm_talloc_region_create(slow->dev, &config);
	slow->region = talloc_region_get(NAME);
	KUNIT_EXPECT_NOT_NULL(test, slow->region);
	if (!slow->region) {
		root_device_unregister(slow->dev);
		return;
	}
	kthread_run(slow_alloc, slow, "talloc-alloc");
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&slow->entered, 10 * HZ));
	kthread_run(slow_unregister, slow, "talloc-unregister");
	KUNIT_EXPECT_FALSE(test, wait_for_completion_timeout(&slow->gone, HZ / 5));
	others_do_not_wait(test);
	complete(&slow->leave);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&slow->gone, 10 * HZ));
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&slow->refused, 10 * HZ));
	/* Nobody is asked any more. */
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(slow->region, SZ_128K, GFP_KERNEL));
	talloc_region_put(slow->region);
}

/* Built in, a driver may have a region before talloc has a directory. */
#ifndef MODULE
static struct talloc_region *early;

static int __init create_early(void)
{
	early = talloc_region_create_vmalloc("kunit-early", SZ_16K);
	return 0;
}
early_initcall(create_early);

static void region_before_the_directory(struct kunit *test)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, early);
	if (IS_ENABLED(CONFIG_DEBUG_FS)) {
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, early->debugfs);
		KUNIT_EXPECT_STREQ(test, early->debugfs->d_parent->d_name.name, "talloc");
	}
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(early), 0);
}
#endif

static struct kunit_case talloc_region_cases[] = {
#ifndef MODULE
	KUNIT_CASE(region_before_the_directory),
#endif

	KUNIT_CASE(region_create_refuses),
	KUNIT_CASE(region_create_no_memory),
	KUNIT_CASE(region_create_names),
	KUNIT_CASE(region_create_copies_name),
	KUNIT_CASE(region_create_duplicate),
	KUNIT_CASE(region_create_smallest),
	KUNIT_CASE(region_create_units),
	KUNIT_CASE(region_create_on_node),
	KUNIT_CASE(region_create_over_memory),
	KUNIT_CASE(region_create_overlap),
	KUNIT_CASE(region_create_again),
	KUNIT_CASE(region_get_put),
	KUNIT_CASE(region_cleanup_put),
	KUNIT_CASE(region_destroy_refuses_live),
	KUNIT_CASE(region_devm),
	KUNIT_CASE(region_devm_reports_live),
	KUNIT_CASE(region_devm_referenced),
	KUNIT_CASE(region_devm_waits_for_handler),
	KUNIT_CASE(region_abandon_reports_live),
	KUNIT_CASE(region_abandon_shared),
	{}
};

struct kunit_suite talloc_region_suite = {
	.name = "talloc_region",
	.init = test_regions_init,
	.exit = test_regions_exit,
	.test_cases = talloc_region_cases,
};
