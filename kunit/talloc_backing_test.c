// SPDX-License-Identifier: GPL-2.0
/*
 * Where the memory of spans comes from: physical ranges and their refusal,
 * windows, preference, and addresses both ways.
 *
 * A case that runs in all places that the machine has is there once for each of them.
 * What it has beside vmalloc() and pages is told to the module: phys= of a physical
 * range that nobody uses, 2 MiB of it, reserve_mem= for a label of the kernel's
 * parameter of that name, and of= for a device tree node with ranges in memory-region.
 * All have to be 128 KiB at least. Where one is missing, a case that needs it is
 * skipped.
 */
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "talloc_test.h"
#include "talloc_test_region.h"

#define NAME	"kunit-backing"
#define WINDOW	SZ_128K

unsigned long long test_phys;
module_param_named(phys, test_phys, ullong, 0444);
MODULE_PARM_DESC(phys, "Address of 2M of memory that nobody uses, for tests");

static char *reserve_mem;
module_param(reserve_mem, charp, 0444);
MODULE_PARM_DESC(reserve_mem, "Label of a reserve_mem=, for tests");

static char *of;
module_param(of, charp, 0444);
MODULE_PARM_DESC(of, "Path of a device tree node with memory-region, for tests");

/**
 * struct place - where the region of a case is
 * @name: in messages
 * @backing: as talloc_region_create() takes it, but for what is found at run time
 * @pages: memory from alloc_pages()
 * @mixed: pages that are mapped in falling order of their addresses
 */
struct place {
	const char *name;
	struct talloc_backing backing;
	bool pages;
	bool mixed;
};

static const struct place places[] = {
	{ "vmalloc", { .type = TALLOC_VMALLOC, .window = WINDOW } },
	{ "pages", { .type = TALLOC_MEMORY, .window = WINDOW }, .pages = true },
	{ "mixed pages", { .type = TALLOC_MEMORY, .window = WINDOW }, .mixed = true },
	{ "phys", { .type = TALLOC_PHYS, .window = WINDOW } },
	{ "phys, combined",
	  { .type = TALLOC_PHYS, .window = WINDOW, .cache = TALLOC_CACHE_WC } },
	{ "reserve_mem", { .type = TALLOC_RESERVE_MEM } },
	{ "of 0", { .type = TALLOC_OF, .index = 0 } },
	{ "of 1", { .type = TALLOC_OF, .index = 1 } },
};

static bool place_there(const struct place *place)
{
	switch (place->backing.type) {
	case TALLOC_PHYS:
		return test_phys;
	case TALLOC_RESERVE_MEM:
		return reserve_mem;
	case TALLOC_OF:
		return of;
	default:
		return true;
	}
}

/* As KUNIT_ARRAY_PARAM() of the places that the machine has. */
static const void *places_gen_params(TEST_GENERATOR_ARGS)
{
	const struct place *place = prev;

	do {
		place = place ? place + 1 : places;
		if (place == places + ARRAY_SIZE(places))
			return NULL;
	} while (!place_there(place));
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", place->name);
	return place;
}

/* All that a test has to give back. */
struct backing_test {
	struct test_regions regions;	/* first: it is what the regions' helpers find */
	struct talloc_backing backing;
	struct platform_device *pdev;
	struct device_node *node;
	unsigned long pages;
	struct page *mixed[WINDOW / PAGE_SIZE];
	void *mapping;
	struct resource fake;
	bool faked;
};

static struct backing_test *own(struct kunit *test)
{
	return test->priv;
}

static int backing_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct backing_test), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	test_log_mark(test);
	return 0;
}

static void backing_exit(struct kunit *test)
{
	struct backing_test *t = own(test);
	u32 i;

	if (!t)
		return;
	test_regions_exit(test);
	platform_device_unregister(t->pdev);
	of_node_put(t->node);
	free_pages(t->pages, get_order(WINDOW));
	vunmap(t->mapping);
	for (i = 0; i < ARRAY_SIZE(t->mixed); i++)
		if (t->mixed[i])
			__free_page(t->mixed[i]);
	if (t->faked)
		remove_resource(&t->fake);
}

static void *pages(struct kunit *test)
{
	struct backing_test *t = own(test);

	if (!t->pages)
		t->pages = __get_free_pages(GFP_KERNEL, get_order(WINDOW));
	KUNIT_ASSERT_NE(test, t->pages, 0ul);
	return (void *)t->pages;
}

static void *mixed_pages(struct kunit *test)
{
	struct backing_test *t = own(test);
	u32 i, n = ARRAY_SIZE(t->mixed);

	if (t->mapping)
		return t->mapping;
	for (i = 0; i < n; i++) {
		t->mixed[i] = alloc_page(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, t->mixed[i]);
	}
	/* No page is followed by the one above it. */
	for (i = 0; i < n; i++) {
		u32 k, highest = i;

		for (k = i + 1; k < n; k++)
			if (page_to_pfn(t->mixed[k]) > page_to_pfn(t->mixed[highest]))
				highest = k;
		swap(t->mixed[i], t->mixed[highest]);
	}
	t->mapping = vmap(t->mixed, n, VM_MAP, PAGE_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->mapping);
	return t->mapping;
}

/* The whole of the place that a case is for. */
static const struct talloc_backing *whole_place(struct kunit *test)
{
	const struct place *place = test->param_value;
	struct backing_test *t = own(test);
	struct talloc_backing *backing = &t->backing;

	*backing = place->backing;
	switch (backing->type) {
	case TALLOC_MEMORY:
		backing->memory = place->pages ? pages(test) : mixed_pages(test);
		break;
	case TALLOC_PHYS:
		backing->phys = test_phys;
		break;
	case TALLOC_RESERVE_MEM:
		backing->label = reserve_mem;
		break;
	case TALLOC_OF:
		t->node = of_find_node_by_path(of);
		KUNIT_ASSERT_NOT_NULL(test, t->node);
		backing->of_node = t->node;
		break;
	default:
		break;
	}
	return backing;
}

static bool in_one_piece(const struct talloc_backing *backing)
{
	return backing->type != TALLOC_VMALLOC && backing->type != TALLOC_MEMORY;
}

/* Tags are not kept in what is write-combined. */
static unsigned long flags_for(const struct talloc_backing *backing)
{
	return backing->cache == TALLOC_CACHE_WC ? TALLOC_DETACHED : 0;
}

static struct talloc_region *create(const char *name, const struct talloc_backing *backing)
{
	const struct talloc_region_config config = {
		.name = name, .backing = backing, .flags = flags_for(backing),
	};

	return talloc_region_create(&config);
}

/* How a region is refused; 0 where it is not. */
static int refusal(const struct talloc_backing *backing)
{
	struct talloc_region *region = create(NAME "-2", backing);

	if (IS_ERR(region))
		return PTR_ERR(region);
	talloc_region_destroy(region);
	return 0;
}

static int refusal_phys(phys_addr_t start, size_t bytes)
{
	const struct talloc_backing backing = {
		.type = TALLOC_PHYS, .phys = start, .window = bytes,
	};

	return refusal(&backing);
}

static void destroy(struct kunit *test, struct talloc_region *region)
{
	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
}

/* Whether nobody has claimed the range; where there is one. */
static bool unclaimed(const struct talloc_backing *backing)
{
	if (backing->type != TALLOC_PHYS)
		return true;
	if (!request_mem_region(backing->phys, backing->window, "kunit"))
		return false;
	release_mem_region(backing->phys, backing->window);
	return true;
}

/*
 * A place has what kmalloc() has, and is given back.
 */

static void place_use(struct kunit *test)
{
	const struct talloc_backing *backing = whole_place(test);
	struct talloc_region *region;
	u8 *block[16];
	u32 i, round;

	for (round = 0; round < 2; round++) {
		region = test_region_keep(test, create(NAME, backing));
		for (i = 0; i < ARRAY_SIZE(block); i++) {
			block[i] = talloc_region_alloc(region, 5000 + i, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, block[i]);
			test_region_fill(block[i], 5000 + i, i);
		}
		KUNIT_EXPECT_EQ(test, unclaimed(backing), backing->type != TALLOC_PHYS);
		for (i = 0; i < ARRAY_SIZE(block); i++) {
			KUNIT_EXPECT_TRUE(test, test_region_holds(block[i], 5000 + i, i));
			talloc_region_free(region, block[i]);
		}
		destroy(test, region);
		KUNIT_EXPECT_TRUE(test, unclaimed(backing));
	}
}

/* With tags in a table, all of a place can be had. */
static void place_use_whole(struct kunit *test)
{
	const struct talloc_backing *backing = whole_place(test);
	const struct talloc_region_config config = {
		.name = NAME, .backing = backing, .unit = SZ_4K, .flags = TALLOC_DETACHED,
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	u64 bytes = test_region_stats(region).total_bytes;
	void *block = talloc_region_alloc(region, bytes, GFP_KERNEL);

	KUNIT_EXPECT_GE(test, bytes, (u64)WINDOW);
	KUNIT_ASSERT_NOT_NULL(test, block);
	test_region_fill(block, bytes, 9);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, bytes, 9));
	talloc_region_free(region, block);
	test_region_forget(test, region);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
	KUNIT_EXPECT_TRUE(test, unclaimed(backing));
}

static void place_addresses(struct kunit *test)
{
	const struct talloc_backing *backing = whole_place(test);
	struct talloc_region *region = test_region_keep(test, create(NAME, backing));
	u8 *block = talloc_region_alloc(region, 5 * PAGE_SIZE, GFP_KERNEL);
	phys_addr_t here, first = talloc_region_virt_to_phys(region, block);
	size_t i, straight = 0;

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_ASSERT_NE(test, (u64)first, (u64)TALLOC_NO_PHYS);
	for (i = 0; i < 5 * PAGE_SIZE; i += 97) {
		here = talloc_region_virt_to_phys(region, block + i);
		KUNIT_EXPECT_EQ(test, offset_in_page((unsigned long)here),
				offset_in_page(block + i));
		KUNIT_EXPECT_PTR_EQ(test, talloc_region_phys_to_virt(region, here),
				    (void *)(block + i));
		if (is_vmalloc_addr(block) && !in_one_piece(backing))
			KUNIT_EXPECT_EQ(test, (u64)PHYS_PFN(here), (u64)vmalloc_to_pfn(block + i));
	}
	/* The kernel's own tables say how far it goes. */
	while (straight < 5 * PAGE_SIZE &&
	       talloc_region_virt_to_phys(region, block + straight) == first + straight)
		straight++;
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, block, 5 * PAGE_SIZE), straight);
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, block, 1), 1);
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, block, 0), 0);
	if (in_one_piece(backing) ||
	    (backing->memory && backing->memory == (void *)own(test)->pages))
		KUNIT_EXPECT_EQ(test, straight, 5 * PAGE_SIZE);
	if (backing->memory && backing->memory == own(test)->mapping)
		KUNIT_EXPECT_EQ(test, straight, PAGE_SIZE - offset_in_page(block));
	if (backing->type == TALLOC_PHYS)
		KUNIT_EXPECT_LT(test, (u64)first - backing->phys, (u64)WINDOW);
	talloc_region_free(region, block);
	destroy(test, region);
}

/* Of what is not the region's, nothing is said. */
static void addresses_elsewhere(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	u8 *block = talloc_region_alloc(region, 100, GFP_KERNEL);
	u8 *memory = pages(test);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_EQ(test, (u64)talloc_region_virt_to_phys(region, memory),
			(u64)TALLOC_NO_PHYS);
	KUNIT_EXPECT_EQ(test, (u64)talloc_region_virt_to_phys(region, NULL), (u64)TALLOC_NO_PHYS);
	KUNIT_EXPECT_NULL(test, talloc_region_phys_to_virt(region, virt_to_phys(memory)));
	KUNIT_EXPECT_NULL(test, talloc_region_phys_to_virt(region, TALLOC_NO_PHYS));
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, memory, 100), 0);
	/* A range ends with its window, contiguous memory behind it or not. */
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory, SZ_16K), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, memory + SZ_16K - 10, 100), 10);
	KUNIT_EXPECT_NULL(test, talloc_region_phys_to_virt(region, virt_to_phys(memory) + SZ_16K));
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, talloc_addr(memory)), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, memory, 100), 0);
	talloc_region_free(region, block);
}

/* Memory that begins and ends in the middle of pages. */
static void addresses_of_odd_memory(struct kunit *test)
{
	u8 *memory = pages(test);
	phys_addr_t start = virt_to_phys(memory);
	struct talloc_region *region;

	region = test_region_keep(test, talloc_region_create_over(NAME, memory + 1000, 8000));
	KUNIT_EXPECT_NULL(test, talloc_region_phys_to_virt(region, start + 999));
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_phys_to_virt(region, start + 1000),
			    (void *)(memory + 1000));
	KUNIT_EXPECT_PTR_EQ(test, talloc_region_phys_to_virt(region, start + 8999),
			    (void *)(memory + 8999));
	KUNIT_EXPECT_NULL(test, talloc_region_phys_to_virt(region, start + 9000));
	KUNIT_EXPECT_EQ(test, (u64)talloc_region_virt_to_phys(region, memory + 999),
			(u64)TALLOC_NO_PHYS);
	KUNIT_EXPECT_EQ(test, (u64)talloc_region_virt_to_phys(region, memory + 8999),
			(u64)start + 8999);
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, memory + 1000, SZ_16K), 8000);
	KUNIT_EXPECT_EQ(test, talloc_region_contiguous(region, memory + 8999, SZ_16K), 1);
}

/* A module's own variables are mapped like vmalloc()'s memory. */
static u8 variable[SZ_16K];

static void addresses_of_variables(struct kunit *test)
{
	struct talloc_region *region;
	phys_addr_t where;
	u8 *block;

	region = test_region_keep(test, talloc_region_create_over(NAME, variable, SZ_16K));
	block = talloc_region_alloc(region, 100, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block);
	where = talloc_region_virt_to_phys(region, block);
	if (IS_ENABLED(CONFIG_X86_64) || IS_ENABLED(CONFIG_ARM64))
		KUNIT_EXPECT_NE(test, (u64)where, (u64)TALLOC_NO_PHYS);
	if (where != TALLOC_NO_PHYS)
		KUNIT_EXPECT_PTR_EQ(test, talloc_region_phys_to_virt(region, where), (void *)block);
	talloc_region_free(region, block);
}

/*
 * Windows.
 */

#define PART	SZ_32K

static u64 total(struct talloc_region *region)
{
	return test_region_stats(region).total_bytes;
}

/* How large the whole of a place is. */
static size_t window_bytes(struct kunit *test, const struct talloc_backing *backing)
{
	struct talloc_region *region = test_region_keep(test, create(NAME, backing));
	u8 *block = talloc_region_alloc(region, 1, GFP_KERNEL);
	u8 *start = PTR_ALIGN_DOWN(block, PAGE_SIZE);
	size_t window = ALIGN(total(region), PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_EXPECT_GE(test, window, (size_t)WINDOW);
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, talloc_addr(start)));
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, talloc_addr(start + window - 1)));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, talloc_addr(start - 1)));
	KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, talloc_addr(start + window)));
	talloc_region_free(region, block);
	destroy(test, region);
	return window;
}

/* Parts of a window that it does not have. */
static void window_bad_parts(struct kunit *test)
{
	const struct talloc_backing *whole = whole_place(test);
	struct talloc_backing backing = *whole;
	size_t window = window_bytes(test, whole);

	backing.offset = window + 1;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing.offset = window;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing.offset = 8;
	backing.bytes = window;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing.bytes = SIZE_MAX;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	/* Where no tag is beside it, 8 bytes are a block. */
	backing.bytes = flags_for(whole) ? 7 : 8;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -ENOSPC);
	/* And nothing is left of it. */
	KUNIT_EXPECT_TRUE(test, unclaimed(whole));
	KUNIT_EXPECT_EQ(test, refusal(whole), 0);
}

static struct talloc_region *create_part(struct kunit *test, const struct talloc_backing *whole,
					 size_t offset, size_t bytes)
{
	struct talloc_backing backing = *whole;
	struct talloc_region *region;

	backing.offset = offset;
	backing.bytes = bytes;
	region = test_region_keep(test, create(NAME, &backing));
	KUNIT_EXPECT_LE(test, total(region), (u64)bytes);
	KUNIT_EXPECT_GE(test, total(region), (u64)bytes - 16);
	return region;
}

static void *take(struct kunit *test, struct talloc_region *region, size_t bytes)
{
	void *block = talloc_region_alloc(region, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	test_region_fill(block, bytes, bytes);
	return block;
}

static void give(struct kunit *test, struct talloc_region *region, void *block, size_t bytes)
{
	KUNIT_EXPECT_TRUE(test, test_region_holds(block, bytes, bytes));
	talloc_region_free(region, block);
}

static void window_up_and_down(struct kunit *test)
{
	const struct talloc_backing *whole = whole_place(test);
	struct talloc_region *region = create_part(test, whole, PART, PART);
	struct talloc_region_stats was;
	struct talloc_piece piece;
	void *low, *middle, *high;
	u64 part = total(region), at, found = 0;

	middle = take(test, region, 12000);
	at = talloc_addr(middle);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, 25000, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, 0, PART), 0);
	KUNIT_EXPECT_EQ(test, total(region), part + PART);
	high = take(test, region, 25000);
	was = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, was.peak_bytes, was.used_bytes);
	give(test, region, high, 25000);
	high = take(test, region, 36000);
	KUNIT_EXPECT_TRUE(test, high > middle);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, PART, 0), 0);
	low = take(test, region, 20000);
	KUNIT_EXPECT_TRUE(test, low < middle);

	/* It is at the window's start now, and not at its end. */
	was = test_region_stats(region);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, 8, 0), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, U64_MAX, 0), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, 0, U64_MAX), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, U64_MAX, U64_MAX), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, PART, 0, &found), -EBUSY);
	KUNIT_EXPECT_EQ(test, found, talloc_addr(low));
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, 0, PART, &found), -EBUSY);
	/* With tags in a table it may be an address inside of a large one. */
	if (!flags_for(whole))
		KUNIT_EXPECT_EQ(test, found, talloc_addr(high));
	KUNIT_ASSERT_EQ(test, talloc_region_find(region, found, &piece), 0);
	KUNIT_EXPECT_EQ(test, piece.addr, talloc_addr(high));
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, 0, PART, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, U64_MAX, 0, &found), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, 3 * PART, 0, &found), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));

	give(test, region, high, 36000);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, 0, PART, &found), 0);
	give(test, region, low, 20000);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, at, PART, 0, &found), 0);
	KUNIT_EXPECT_EQ(test, total(region), part);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	give(test, region, middle, 12000);
	destroy(test, region);
}

/* As far as possible, and it is told how far. */
static void window_trim(struct kunit *test)
{
	const struct talloc_backing *whole = whole_place(test);
	struct talloc_region *region = create_part(test, whole, 0, 3 * PART);
	u64 low = U64_MAX, high = U64_MAX, all = total(region), at;
	u8 *first, *second;

	first = take(test, region, 10000);
	at = talloc_addr(first);
	second = take(test, region, 10000);
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, at, &low, &high), 0);
	KUNIT_EXPECT_EQ(test, low, 0);
	KUNIT_EXPECT_GE(test, high, 3 * PART - 20100);
	KUNIT_EXPECT_EQ(test, total(region), all - high);
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, 100, GFP_ATOMIC));
	give(test, region, first, 10000);

	/* No more than was asked for. */
	low = 1000;
	high = 1000;
	all = total(region);
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, at, &low, &high), 0);
	KUNIT_EXPECT_LE(test, low, 1000);
	KUNIT_EXPECT_GE(test, low, 1000 - 24);
	KUNIT_EXPECT_EQ(test, high, 0);
	KUNIT_EXPECT_EQ(test, total(region), all - low);
	low = U64_MAX;
	high = 0;
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, at, &low, &high), 0);
	KUNIT_EXPECT_GE(test, low, 8900);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	/* And back, from an address that is outside of the span by now. */
	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, at, 5000, PART), 0);
	give(test, region, second, 10000);

	/* An empty one keeps a smallest block. */
	low = U64_MAX;
	high = U64_MAX;
	all = total(region);
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, at, &low, &high), 0);
	KUNIT_EXPECT_EQ(test, total(region), all - low - high);
	KUNIT_EXPECT_LE(test, total(region), 64ull);
	second = talloc_region_alloc(region, 1, GFP_ATOMIC);
	KUNIT_EXPECT_NOT_NULL(test, second);
	talloc_region_free(region, second);
	destroy(test, region);
}

static void window_elsewhere(struct kunit *test)
{
	struct talloc_region *region = test_region(test, NAME, SZ_16K);
	struct talloc_region_stats was = test_region_stats(region);
	u64 low = 1, high = 1, found = 0;

	KUNIT_EXPECT_EQ(test, talloc_region_extend(region, 0, 8, 8), -ENOENT);
	KUNIT_EXPECT_EQ(test, talloc_region_truncate(region, 8, 8, 8, &found), -ENOENT);
	KUNIT_EXPECT_EQ(test, talloc_region_trim(region, talloc_addr(test), &low, &high), -ENOENT);
	KUNIT_EXPECT_EQ(test, low, 0);
	KUNIT_EXPECT_EQ(test, high, 0);
	KUNIT_EXPECT_EQ(test, found, 0);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 0));
}

#define ROAMERS	8

/* One end often stays where it is. */
static size_t roam_bytes(struct rnd_state *rnd)
{
	u32 random = prandom_u32_state(rnd);

	return random & 1 ? (random >> 1) % (WINDOW / 8) : 0;
}

/* Whatever the ends do, live blocks stay as they are. */
static void window_roam(struct kunit *test)
{
	const struct talloc_backing *whole = whole_place(test);
	struct talloc_region *region = create_part(test, whole, PART, PART);
	u32 seed = test_fresh_seed(), step, i, got = 0, grown = 0, cut = 0;
	void *block[ROAMERS] = { }, *anchor;
	u64 low, high, found, at;
	size_t bytes[ROAMERS];
	struct rnd_state rnd;
	int err;

	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&rnd, seed);
	anchor = talloc_region_alloc(region, 8, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, anchor);
	at = talloc_addr(anchor);
	for (step = 0; step < 400; step++) {
		u64 before = total(region);

		i = prandom_u32_state(&rnd) % ROAMERS;
		low = roam_bytes(&rnd);
		high = roam_bytes(&rnd);
		found = 0;
		switch (prandom_u32_state(&rnd) % 4) {
		case 0:
			if (block[i])
				give(test, region, block[i], bytes[i]);
			bytes[i] = 1 + low / 2;
			block[i] = talloc_region_alloc(region, bytes[i], GFP_ATOMIC);
			got += !!block[i];
			if (block[i])
				test_region_fill(block[i], bytes[i], bytes[i]);
			break;
		case 1:
			err = talloc_region_extend(region, at, low, high);
			grown += !err;
			KUNIT_EXPECT_TRUE(test, !err || err == -ENOSPC);
			KUNIT_EXPECT_GE(test, total(region), before);
			KUNIT_EXPECT_LE(test, total(region), before + low + high);
			break;
		case 2:
			err = talloc_region_truncate(region, at, low, high, &found);
			cut += !err;
			KUNIT_EXPECT_TRUE(test, !err || err == -EBUSY || err == -ENOSPC);
			KUNIT_EXPECT_EQ(test, !!found, err == -EBUSY);
			if (found)
				KUNIT_EXPECT_NE(test, talloc_region_usable_size_addr(region, found),
						0);
			break;
		default:
			KUNIT_EXPECT_EQ(test, talloc_region_trim(region, at, &low, &high), 0);
			KUNIT_EXPECT_EQ(test, total(region), before - low - high);
		}
		for (i = 0; i < ROAMERS; i++)
			if (block[i])
				KUNIT_EXPECT_TRUE(test, test_region_holds(block[i], bytes[i],
									  bytes[i]));
		if (step % 16 == 0)
			KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	}
	KUNIT_EXPECT_GE(test, got, ROAMERS);
	KUNIT_EXPECT_GT(test, grown, 0);
	KUNIT_EXPECT_GT(test, cut, 0);
	for (i = 0; i < ROAMERS; i++)
		talloc_region_free(region, block[i]);
	talloc_region_free(region, anchor);
	destroy(test, region);
}

/*
 * Claims.
 */

/* Nobody gets memory that a region has, not even behind the end of its span. */
static void claim_twice(struct kunit *test)
{
	const struct talloc_backing *whole = whole_place(test);
	struct talloc_backing same = *whole;
	size_t window = window_bytes(test, whole);
	struct talloc_region *region = create_part(test, whole, 0, PART);
	u8 *block;

	block = take(test, region, 8);
	if (whole->type != TALLOC_VMALLOC) {
		KUNIT_EXPECT_EQ(test, refusal(&same), -EADDRINUSE);
		KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &same), -EADDRINUSE);
	}
	same = (struct talloc_backing){
		.type = TALLOC_MEMORY, .window = SZ_8K,
		.memory = PTR_ALIGN_DOWN(block, PAGE_SIZE) + window - SZ_4K,
	};
	KUNIT_EXPECT_EQ(test, refusal(&same), -EADDRINUSE);
	give(test, region, block, 8);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	destroy(test, region);
	KUNIT_EXPECT_TRUE(test, unclaimed(whole));
}

/* Nor a part of a physical range. */
static void claim_phys_in_part(struct kunit *test)
{
	const struct talloc_backing backing = {
		.type = TALLOC_PHYS, .phys = test_phys, .window = WINDOW,
	};

	if (!test_phys)
		kunit_skip(test, "no phys=");
	test_region_keep(test, create(NAME, &backing));
	KUNIT_EXPECT_EQ(test, refusal_phys(test_phys + WINDOW - 1, SZ_4K), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, refusal_phys(test_phys + WINDOW / 2, 64), -EADDRINUSE);
}

static void fake(struct kunit *test, phys_addr_t start, size_t bytes, unsigned long flags)
{
	struct backing_test *t = own(test);

	t->fake = (struct resource){
		.name = "kunit", .start = start, .end = start + bytes - 1, .flags = flags,
	};
	KUNIT_ASSERT_EQ(test, insert_resource(&iomem_resource, &t->fake), 0);
	t->faked = true;
}

static void phys_nothing_there(struct kunit *test)
{
	phys_addr_t start = test_hole(test);

	KUNIT_EXPECT_EQ(test, refusal_phys(start, SZ_64K), -ENXIO);
	/* There at one end only. */
	fake(test, start, SZ_64K, IORESOURCE_MEM);
	KUNIT_EXPECT_EQ(test, refusal_phys(start, SZ_64K + 1), -ENXIO);
	KUNIT_EXPECT_EQ(test, refusal_phys(start - 1, SZ_64K), -ENXIO);
	KUNIT_EXPECT_EQ(test, refusal_phys(start - SZ_64K, SZ_64K), -ENXIO);
}

static void phys_bad_range(struct kunit *test)
{
	phys_addr_t end = (phys_addr_t)~0ull;

	KUNIT_EXPECT_EQ(test, refusal_phys(SZ_1M, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_phys(end - SZ_4K + 1, SZ_4K + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_phys(end, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal_phys(SZ_4K, SIZE_MAX),
			BITS_PER_LONG == 64 ? -EINVAL : -EPERM);
}

static void phys_of_the_kernel(struct kunit *test)
{
	phys_addr_t start = virt_to_phys(pages(test));

	/*
	 * Not every architecture says what is RAM. UML says it of nothing, but of addresses
	 * from 256 MiB on that they are for emulated devices, whether it has RAM there or not.
	 */
	if (IS_ENABLED(CONFIG_UML) || test_is_hole(start, WINDOW))
		fake(test, start, WINDOW, IORESOURCE_SYSTEM_RAM);
	KUNIT_EXPECT_EQ(test, refusal_phys(start, WINDOW), -EPERM);
	KUNIT_EXPECT_EQ(test, refusal_phys(start + SZ_4K, 1), -EPERM);
	KUNIT_EXPECT_EQ(test, refusal_phys(start + WINDOW - 1, SZ_4K), -EPERM);
	KUNIT_EXPECT_EQ(test, refusal_phys(start - SZ_4K, SZ_4K + 1), -EPERM);
}

/* Somebody else has claimed a part of it. */
static void phys_busy(struct kunit *test)
{
	phys_addr_t start = test_hole(test);

	fake(test, start, SZ_64K, IORESOURCE_MEM);
	KUNIT_ASSERT_NOT_NULL(test, request_mem_region(start + SZ_4K, SZ_4K, "kunit-other"));
	KUNIT_EXPECT_EQ(test, refusal_phys(start, SZ_64K), -EBUSY);
	KUNIT_EXPECT_EQ(test, refusal_phys(start + SZ_4K, SZ_4K), -EBUSY);
	KUNIT_EXPECT_EQ(test, refusal_phys(start + SZ_8K - 1, SZ_4K), -EBUSY);
	release_mem_region(start + SZ_4K, SZ_4K);
	/* Its own claim is as fine as it was. */
	KUNIT_EXPECT_NOT_NULL(test, request_mem_region(start, SZ_64K, "kunit-other"));
	release_mem_region(start, SZ_64K);
}

/* Tags are to be seen by all CPUs, and what is write-combined is not at once. */
static void combined_has_no_tags(struct kunit *test)
{
	struct talloc_backing backing = {
		.type = TALLOC_PHYS, .window = WINDOW, .cache = TALLOC_CACHE_WC,
	};
	const struct talloc_region_config config = { .name = NAME "-2", .backing = &backing };
	struct talloc_region *region;

	if (!test_phys)
		kunit_skip(test, "no phys=");
	backing.phys = test_phys;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(talloc_region_create(&config)), -EINVAL);
	region = test_region_keep(test, talloc_region_create_vmalloc(NAME, SZ_16K));
	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), -EINVAL);
	KUNIT_EXPECT_EQ(test, refusal(&backing), 0);
	backing.cache = TALLOC_CACHE_WB;
	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), 0);
}

/* What is in the linear map can only be cached as that is. */
static void linear_uncached(struct kunit *test)
{
	struct talloc_backing label = { .type = TALLOC_RESERVE_MEM, .label = reserve_mem };
	struct talloc_backing entry = { .type = TALLOC_OF, .index = 1 };
	enum talloc_cache cache;

	if (!reserve_mem && !of)
		kunit_skip(test, "no reserve_mem= and no of=");
	entry.of_node = of ? of_find_node_by_path(of) : NULL;
	for (cache = TALLOC_CACHE_WC; cache <= TALLOC_CACHE_DEVICE; cache++) {
		label.cache = cache;
		entry.cache = cache;
		if (reserve_mem)
			KUNIT_EXPECT_EQ(test, refusal(&label), -EINVAL);
		if (of)
			KUNIT_EXPECT_EQ(test, refusal(&entry), -EINVAL);
	}
	of_node_put(entry.of_node);
}

/* What a region has by its address in the linear map, no other has by its label or node. */
static void linear_overlap(struct kunit *test)
{
	struct talloc_backing backing = { .type = TALLOC_RESERVE_MEM, .label = reserve_mem };
	struct talloc_region *region;
	void *block;

	if (!reserve_mem)
		kunit_skip(test, "no reserve_mem=");
	region = create(NAME, &backing);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	block = talloc_region_alloc(region, 100, GFP_KERNEL);
	talloc_region_free(region, block);
	KUNIT_ASSERT_EQ(test, talloc_region_destroy(region), 0);
	KUNIT_ASSERT_TRUE(test, block && virt_addr_valid(block));
	region = test_region_keep(test, talloc_region_create_over(NAME ".over",
								  PTR_ALIGN_DOWN(block, SZ_4K),
								  SZ_4K));
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
}

/* What is not can be device memory, but where all of that is emulated. */
static void node_as_device(struct kunit *test)
{
	struct talloc_backing backing = {
		.type = TALLOC_OF, .index = 0, .cache = TALLOC_CACHE_DEVICE,
	};
	struct talloc_region *region;
	void __iomem *block;

	if (!of || IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "no of=, or one for which device memory is emulated");
	backing.of_node = of_find_node_by_path(of);
	region = test_region_keep(test, create(NAME, &backing));
	block = talloc_region_alloc_iomem(region, 1000, NULL, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_TRUE(test, block && !readl(block));
	KUNIT_EXPECT_NE(test, (u64)talloc_region_iomem_to_phys(region, block),
			(u64)TALLOC_NO_PHYS);
	talloc_region_free_iomem(region, block);
	of_node_put(backing.of_node);
}

static void no_such_backing(struct kunit *test)
{
	struct talloc_backing backing = { .type = 99, .window = SZ_64K };
	phys_addr_t start, size;
	int err;

	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing = (struct talloc_backing){ .type = TALLOC_MEMORY, .window = SZ_64K };
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing = (struct talloc_backing){ .type = TALLOC_VMALLOC };
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing.offset = SIZE_MAX;
	backing.bytes = SZ_4K;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing = (struct talloc_backing){ .type = TALLOC_RESERVE_MEM };
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing.label = "kunit-none";
	err = talloc_reserve_mem_find(backing.label, &start, &size);
	KUNIT_EXPECT_TRUE(test, err == -ENOENT || err == -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, refusal(&backing), err);
	backing = (struct talloc_backing){ .type = TALLOC_OF };
	KUNIT_EXPECT_EQ(test, refusal(&backing), IS_ENABLED(CONFIG_OF) ? -EINVAL : -EOPNOTSUPP);
}

static struct device *device(struct kunit *test)
{
	struct backing_test *t = own(test);
	struct platform_device *pdev = t->pdev;

	if (pdev)
		return &pdev->dev;
	pdev = platform_device_register_simple("talloc-kunit", PLATFORM_DEVID_NONE, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pdev));
	t->pdev = pdev;
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64)), 0);
	return &pdev->dev;
}

/* As a driver does it, with the device that probe() has. */
static void node_entry_by_name(struct kunit *test)
{
	struct device_node *node = of ? of_find_node_by_path(of) : NULL;
	struct talloc_region *region;
	struct device *dev;
	void *block;

	if (!of)
		kunit_skip(test, "no of=");
	KUNIT_ASSERT_NOT_NULL(test, node);
	dev = device(test);
	dev->of_node = node;
	KUNIT_EXPECT_EQ(test, talloc_of_index(dev, "no-map"), 0);
	KUNIT_EXPECT_EQ(test, talloc_of_index(dev, "map"), 1);
	KUNIT_EXPECT_LT(test, talloc_of_index(dev, "nothing"), 0);
	region = talloc_region_create_of(NAME, dev, talloc_of_index(dev, "nothing"));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -EINVAL);
	region = test_region_keep(test, talloc_region_create_of(NAME, dev,
								talloc_of_index(dev, "map")));
	block = take(test, region, 100);
	KUNIT_EXPECT_PTR_EQ(test, phys_to_virt(talloc_region_virt_to_phys(region, block)), block);
	give(test, region, block, 100);
	dev->of_node = NULL;
	of_node_put(node);
}

/* Entries that a node does not have, and one that is no reserved memory. */
static void no_such_node(struct kunit *test)
{
	struct device_node *node = of ? of_find_node_by_path(of) : NULL;
	struct talloc_backing backing = { .type = TALLOC_OF, .of_node = node };

	if (!of)
		kunit_skip(test, "no of=");
	KUNIT_ASSERT_NOT_NULL(test, node);
	backing.index = -1;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing.index = 3;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -EINVAL);
	backing.index = 2;
	KUNIT_EXPECT_EQ(test, refusal(&backing), -ENOENT);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(talloc_region_of_get(node, "memory-region", 0)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(talloc_region_of_get(node, "nothing", 0)), -EINVAL);
	of_node_put(node);
}

/*
 * Several spans.
 */

static bool within(const void *addr, const void *memory)
{
	return (unsigned long)addr - (unsigned long)memory < SZ_4K;
}

static void preference(struct kunit *test)
{
	static const int rank[] = { 3, -7, 3, 0, INT_MIN, INT_MAX };
	static const u32 order[] = { 4, 1, 3, 0, 2, 5 };
	u8 *memory = test_region_memory(test, 8 * SZ_4K);
	struct talloc_region *region;
	void *block[ARRAY_SIZE(rank)];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rank); i++) {
		const struct talloc_backing backing = {
			.type = TALLOC_MEMORY, .memory = memory + i * SZ_4K, .window = SZ_4K,
			.preference = rank[i],
		};

		if (!i)
			region = test_region_keep(test, create(NAME, &backing));
		else
			KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), 0);
	}
	for (i = 0; i < ARRAY_SIZE(rank); i++) {
		block[i] = take(test, region, 3000);
		KUNIT_EXPECT_TRUE(test, within(block[i], memory + order[i] * SZ_4K));
	}
	/* What is free and preferred is taken again; what is gone is not. */
	give(test, region, block[1], 3000);
	give(test, region, block[4], 3000);
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, talloc_addr(block[1])), 0);
	block[4] = take(test, region, 3000);
	KUNIT_EXPECT_TRUE(test, within(block[4], memory + order[4] * SZ_4K));
	KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, talloc_addr(block[0])), -EBUSY);
	/* Added again, it has its place among the others. */
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, memory + SZ_4K, SZ_4K), 0);
	block[1] = take(test, region, 3000);
	KUNIT_EXPECT_TRUE(test, within(block[1], memory + SZ_4K));
	for (i = 0; i < ARRAY_SIZE(rank); i++)
		give(test, region, block[i], 3000);
}

/* A place comes into a region and goes again, while others are in use. */
static void place_comes_and_goes(struct kunit *test)
{
	const struct talloc_backing *backing = whole_place(test);
	const struct talloc_region_config config = {
		.name = NAME, .bytes = SZ_16K, .flags = flags_for(backing),
	};
	struct talloc_region *region = test_region_keep(test, talloc_region_create(&config));
	struct talloc_backing first = *backing;
	void *mine = take(test, region, 1000), *other;
	u64 at;
	u32 i;

	first.preference = -1;
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &first), 0);
		other = take(test, region, 2000);
		at = talloc_addr(other);
		KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at), -EBUSY);
		give(test, region, other, 2000);
		KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at), 0);
		KUNIT_EXPECT_EQ(test, talloc_region_remove_span(region, at), -ENOENT);
		KUNIT_EXPECT_FALSE(test, talloc_region_contains(region, at));
		KUNIT_EXPECT_TRUE(test, unclaimed(backing));
	}
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans, 1);
	give(test, region, mine, 1000);
	destroy(test, region);
}

/*
 * DMA.
 */

static bool dma_maps(struct kunit *test, struct talloc_region *region, void *addr, size_t bytes)
{
	struct device *dev = device(test);
	dma_addr_t dma;

	dma = talloc_region_dma_map(region, dev, addr, bytes, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, dma))
		return false;
	talloc_region_dma_unmap(region, dev, dma, addr, bytes, DMA_TO_DEVICE);
	return true;
}

/* The same of a device with dma-ranges that say so: of @size bytes from @phys on, at @dma. */
static bool dma_maps_at(struct kunit *test, struct talloc_region *region, void *addr,
			size_t bytes, phys_addr_t phys, dma_addr_t dma, u64 size)
{
	const struct bus_dma_region map[] = {
		{ .cpu_start = phys, .dma_start = dma, .size = size },
		{ },
	};
	struct device *dev = device(test);
	bool maps;

	dev->dma_range_map = map;
	maps = dma_maps(test, region, addr, bytes);
	dev->dma_range_map = NULL;
	return maps;
}

/* Mapped if it is contiguous and the device sees what the CPU writes; else refused. */
static void place_dma(struct kunit *test)
{
	const struct talloc_backing *backing = whole_place(test);
	struct talloc_region *region = test_region_keep(test, create(NAME, backing));
	size_t bytes = 3 * PAGE_SIZE;
	void *block = take(test, region, bytes);
	size_t straight = talloc_region_contiguous(region, block, bytes);
	bool linear = !in_one_piece(backing) || backing->type == TALLOC_RESERVE_MEM ||
		      (backing->type == TALLOC_OF && backing->index == 1);
	bool paged = linear || IS_ENABLED(CONFIG_UML);
	bool seen = paged || backing->cache == TALLOC_CACHE_WC ||
		    dev_is_dma_coherent(device(test));
	phys_addr_t phys = talloc_region_virt_to_phys(region, block);

	KUNIT_EXPECT_EQ(test, dma_maps(test, region, block, straight), seen);
	KUNIT_EXPECT_EQ(test, dma_maps(test, region, block, 1), seen);
	KUNIT_EXPECT_EQ(test, dma_maps(test, region, block, bytes), seen && straight == bytes);
	KUNIT_EXPECT_FALSE(test, dma_maps(test, region, block, 0));
	KUNIT_EXPECT_FALSE(test, dma_maps(test, region, block, SIZE_MAX));
	KUNIT_EXPECT_EQ(test, dma_maps_at(test, region, block, straight, phys, phys, straight),
			seen);
	/* What has a page the DMA API looks after; for the rest there is but the CPU's address. */
	if (!paged) {
		KUNIT_EXPECT_FALSE(test, dma_maps_at(test, region, block, straight, phys,
						     phys + SZ_64K, straight));
		KUNIT_EXPECT_FALSE(test, dma_maps_at(test, region, block, straight, phys, phys,
						     straight - 1));
		KUNIT_EXPECT_FALSE(test, dma_maps_at(test, region, block, straight,
						     phys + straight, phys + straight, straight));
	}
	give(test, region, block, bytes);
	destroy(test, region);
}

/* The end of a window is not the end of contiguous memory, but of what may be mapped. */
static void dma_outside(struct kunit *test)
{
	struct talloc_region *region;
	u8 *memory = pages(test);

	region = test_region_keep(test, talloc_region_create_over(NAME, memory, SZ_16K));
	KUNIT_EXPECT_TRUE(test, dma_maps(test, region, memory + SZ_16K - 100, 100));
	KUNIT_EXPECT_FALSE(test, dma_maps(test, region, memory + SZ_16K - 100, 101));
	KUNIT_EXPECT_FALSE(test, dma_maps(test, region, memory + SZ_16K, 1));
	KUNIT_EXPECT_FALSE(test, dma_maps(test, region, NULL, 1));
}

static struct kunit_case talloc_backing_cases[] = {
	KUNIT_CASE_PARAM(place_use, places_gen_params),
	KUNIT_CASE_PARAM(place_use_whole, places_gen_params),
	KUNIT_CASE_PARAM(place_addresses, places_gen_params),
	KUNIT_CASE(addresses_elsewhere),
	KUNIT_CASE(addresses_of_odd_memory),
	KUNIT_CASE(addresses_of_variables),
	KUNIT_CASE_PARAM(window_bad_parts, places_gen_params),
	KUNIT_CASE_PARAM(window_up_and_down, places_gen_params),
	KUNIT_CASE_PARAM(window_trim, places_gen_params),
	KUNIT_CASE(window_elsewhere),
	KUNIT_CASE_PARAM(window_roam, places_gen_params),
	KUNIT_CASE_PARAM(claim_twice, places_gen_params),
	KUNIT_CASE(claim_phys_in_part),
	KUNIT_CASE(phys_nothing_there),
	KUNIT_CASE(phys_bad_range),
	KUNIT_CASE(phys_of_the_kernel),
	KUNIT_CASE(phys_busy),
	KUNIT_CASE(combined_has_no_tags),
	KUNIT_CASE(linear_uncached),
	KUNIT_CASE(linear_overlap),
	KUNIT_CASE(node_as_device),
	KUNIT_CASE(no_such_backing),
	KUNIT_CASE(node_entry_by_name),
	KUNIT_CASE(no_such_node),
	KUNIT_CASE(preference),
	KUNIT_CASE_PARAM(place_comes_and_goes, places_gen_params),
	KUNIT_CASE_PARAM(place_dma, places_gen_params),
	KUNIT_CASE(dma_outside),
	{}
};

struct kunit_suite talloc_backing_suite = {
	.name = "talloc_backing",
	.init = backing_init,
	.exit = backing_exit,
	.test_cases = talloc_backing_cases,
};
