// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of device memory: only its accessors touch it, and only when the caller asks;
 * mappings of the caller's and of talloc's own, and a platform device's resource.
 *
 * A machine has device memory where phys= tells of some, and under User Mode Linux,
 * which emulates it: there, an access that is not by an accessor ends the world.
 */
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/logic_iomem.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "talloc_test.h"
#include "talloc_test_region.h"

#define NAME	"kunit-iomem"
#define BYTES	SZ_64K

/**
 * struct iomem_test - all that a case has to give back
 * @regions: what the helpers for regions find; first
 * @phys: device memory, or 0
 * @iomem: a mapping of some
 * @pages: what is mapped in place of device memory, or %NULL
 * @pdev: a device that has it as its resource
 */
struct iomem_test {
	struct test_regions regions;
	phys_addr_t phys;
	void __iomem *iomem;
	void *pages;
	struct platform_device *pdev;
};

static struct iomem_test *own(struct kunit *test)
{
	return test->priv;
}

#ifdef CONFIG_UML_IOMEM_EMULATION

/* What stands behind the device memory that is emulated. */
static u8 device_bytes[BYTES];

static unsigned long device_read(void *priv, unsigned int offset, int size)
{
	unsigned long value = 0;

	memcpy(&value, (u8 *)priv + offset, size);
	return value;
}

static void device_write(void *priv, unsigned int offset, int size, unsigned long value)
{
	memcpy((u8 *)priv + offset, &value, size);
}

static const struct logic_iomem_ops device_ops = {
	.read = device_read,
	.write = device_write,
};

static long device_map(unsigned long offset, size_t size, const struct logic_iomem_ops **ops,
		       void **priv)
{
	*ops = &device_ops;
	*priv = device_bytes + offset;
	return 0;
}

static const struct logic_iomem_region_ops device_region_ops = {
	.map = device_map,
};

/*
 * Device memory cannot be taken away again, so there is one, and what the kernel has to
 * find after this module has gone is not part of it.
 */
static phys_addr_t device_phys(struct kunit *test)
{
	static struct resource *resource;

	if (resource)
		return resource->start;
	resource = kzalloc(sizeof(*resource), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, resource);
	resource->name = kstrdup("kunit-device", GFP_KERNEL);
	resource->start = test_hole(test);
	resource->end = resource->start + BYTES - 1;
	resource->flags = IORESOURCE_MEM;
	KUNIT_ASSERT_EQ(test, logic_iomem_add_region(resource, &device_region_ops), 0);
	return resource->start;
}

/* Device memory that nobody but the caller has mapped. */
static void __iomem *device_iomem(struct kunit *test)
{
	struct iomem_test *t = own(test);

	t->iomem = ioremap(device_phys(test), BYTES);
	KUNIT_ASSERT_TRUE(test, t->iomem);
	return t->iomem;
}

#else

static phys_addr_t device_phys(struct kunit *test)
{
	return test_phys;
}

/* Where the accessors are plain loads and stores, pages will do. */
static void __iomem *device_iomem(struct kunit *test)
{
	struct iomem_test *t = own(test);

	t->pages = vzalloc(BYTES);
	KUNIT_ASSERT_NOT_NULL(test, t->pages);
	return (void __iomem *)t->pages;
}

#endif

static int iomem_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct iomem_test), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	test_log_mark(test);
	return 0;
}

static void iomem_exit(struct kunit *test)
{
	struct iomem_test *t = own(test);

	if (!t)
		return;
	test_regions_exit(test);
	platform_device_unregister(t->pdev);
	if (t->iomem)
		iounmap(t->iomem);
	vfree(t->pages);
}

/* s390x has device memory on PCI only, and its accessors insist on that. */
static bool has_accessors(void)
{
	return !IS_ENABLED(CONFIG_S390);
}

static struct talloc_region *over(struct kunit *test, void __iomem *iomem)
{
	return test_region_keep(test, talloc_region_create_iomem(NAME, iomem, BYTES));
}

/* Whether all bytes are the same. */
static bool is_all(const void __iomem *iomem, u8 value, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		if (readb(iomem + i) != value)
			return false;
	return true;
}

static void iomem_blocks(struct kunit *test)
{
	const struct talloc_where where = { .align = SZ_4K, .phase = SZ_1K };
	void __iomem *iomem = device_iomem(test);
	struct talloc_region *region = over(test, iomem);
	void __iomem *a, *b, *c;

	a = talloc_region_alloc_iomem(region, 1000, NULL, GFP_KERNEL);
	b = talloc_region_alloc_iomem(region, 1000, &where, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, a && b);
	KUNIT_EXPECT_EQ(test, talloc_iomem_addr(b) % SZ_4K, SZ_1K);
	KUNIT_EXPECT_LT(test, (u64)(b - iomem), (u64)BYTES);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_iomem(region, a, 100), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_iomem(region, b, 2000), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_iomem(region, b, BYTES), -ENOSPC);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_iomem(region, b, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size_addr(region, talloc_iomem_addr(b)), 2000);
	KUNIT_EXPECT_TRUE(test, talloc_region_contains(region, talloc_iomem_addr(iomem)));
	KUNIT_EXPECT_EQ(test, (u64)talloc_region_iomem_to_phys(region, a), (u64)TALLOC_NO_PHYS);
	c = talloc_region_alloc_iomem(region, 0, NULL, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, ZERO_OR_NULL_PTR((__force void *)c) && c);
	talloc_region_free_iomem(region, c);
	talloc_region_free_iomem(region, NULL);
	talloc_region_free_iomem(region, a);
	talloc_region_free_iomem(region, b);
	/* No tag takes anything from it. */
	c = talloc_region_alloc_iomem(region, BYTES, NULL, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, c == iomem);
	KUNIT_EXPECT_TRUE(test, !talloc_region_alloc_iomem(region, 1, NULL, GFP_KERNEL));
	talloc_region_free_iomem(region, c);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

/* Written when that is asked for, and nowhere else. */
static void iomem_contents(struct kunit *test)
{
	void __iomem *iomem = device_iomem(test);
	struct talloc_region *region = over(test, iomem);
	void __iomem *a, *b, *c;
	u64 addr = 0;

	if (!has_accessors())
		kunit_skip(test, "no accessors for what is not on PCI");
	memset_io(iomem, 0xee, BYTES);
	a = talloc_region_alloc_iomem(region, 500, NULL, GFP_KERNEL);
	b = talloc_region_alloc_iomem(region, 500, NULL, GFP_KERNEL);
	c = talloc_region_alloc_iomem(region, 500, NULL, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, a && b && c);
	talloc_region_free_iomem(region, b);
	KUNIT_EXPECT_EQ(test, talloc_region_check(region), 0);
	KUNIT_EXPECT_TRUE(test, is_all(iomem, 0xee, BYTES));
	KUNIT_EXPECT_TRUE(test, b == talloc_region_alloc_iomem(region, 500, NULL,
							       GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_TRUE(test, is_all(b, 0, 504));
	KUNIT_EXPECT_TRUE(test, is_all(iomem, 0xee, b - iomem));
	KUNIT_EXPECT_TRUE(test, is_all(b + 504, 0xee, BYTES - (b + 504 - iomem)));
	KUNIT_EXPECT_EQ(test, talloc_region_alloc_addr(region, 5, NULL, GFP_KERNEL | __GFP_ZERO,
						       &addr), 0);
	KUNIT_EXPECT_TRUE(test, is_all(iomem + (addr - talloc_iomem_addr(iomem)), 0, 8));
	talloc_region_free_addr(region, addr);
	talloc_region_free_iomem(region, a);
	talloc_region_free_iomem(region, b);
	talloc_region_free_iomem(region, c);
}

static void iomem_misuse(struct kunit *test)
{
	void __iomem *iomem = device_iomem(test);
	struct talloc_region *region = over(test, iomem);
	struct talloc_region *memory = test_region(test, NAME "-2", SZ_16K);
	void __iomem *block = talloc_region_alloc_iomem(region, 100, NULL, GFP_KERNEL);
	void *plain = talloc_region_alloc(memory, 100, GFP_KERNEL);
	struct talloc_region_stats was = test_region_stats(region);

	/* Not the start of a live block. */
	talloc_region_free_iomem(region, block + 8);
	talloc_region_free_iomem(region, iomem + BYTES);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_iomem(region, block + 8, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, " by "), 3);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 3));

	/* Not calls for device memory. */
	KUNIT_EXPECT_NULL(test, talloc_region_alloc(region, 8, GFP_KERNEL));
	talloc_region_free(region, (__force void *)block);
	KUNIT_EXPECT_NULL(test, talloc_region_realloc(region, (__force void *)block, 200,
						      GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, talloc_region_resize(region, (__force void *)block, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, talloc_region_usable_size(region, (__force void *)block), 0);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, "this is a region of device memory"), 5);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 8));
	KUNIT_EXPECT_EQ(test, (u64)talloc_region_virt_to_phys(region, (__force void *)block),
			(u64)TALLOC_NO_PHYS);

	/* Not device memory. */
	was = test_region_stats(memory);
	KUNIT_EXPECT_TRUE(test, !talloc_region_alloc_iomem(memory, 8, NULL, GFP_KERNEL));
	talloc_region_free_iomem(memory, (__force void __iomem *)plain);
	KUNIT_EXPECT_EQ(test, talloc_region_resize_iomem(memory, (__force void __iomem *)plain, 8),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME "-2", "this is a region of memory"), 3);
	KUNIT_EXPECT_TRUE(test, test_region_kept(memory, &was, 3));

	talloc_region_free(memory, plain);
	talloc_region_free_iomem(region, block);
	was = test_region_stats(region);
	talloc_region_free_iomem(region, block);
	KUNIT_EXPECT_TRUE(test, test_region_kept(region, &was, 1));
}

static int refusal(const struct talloc_backing *backing, u64 grow_bytes)
{
	const struct talloc_region_config config = {
		.name = NAME "-3", .backing = backing, .grow_bytes = grow_bytes,
	};
	struct talloc_region *region = talloc_region_create(&config);

	if (IS_ERR(region))
		return PTR_ERR(region);
	talloc_region_destroy(region);
	return 0;
}

static void iomem_refused(struct kunit *test)
{
	void __iomem *iomem = device_iomem(test);
	struct talloc_backing backing = { .type = TALLOC_IOMEM, .window = BYTES };
	struct talloc_region *region;

	KUNIT_EXPECT_EQ(test, refusal(&backing, 0), -EINVAL);
	backing.iomem = iomem;
	KUNIT_EXPECT_EQ(test, refusal(&backing, 0), 0);
	KUNIT_EXPECT_EQ(test, refusal(&backing, SZ_4K), -EINVAL);
	region = over(test, iomem);
	KUNIT_EXPECT_EQ(test, refusal(&backing, 0), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, talloc_region_add_backing(region, &backing), -EADDRINUSE);
	KUNIT_EXPECT_EQ(test, talloc_region_add_span(region, NULL, SZ_4K), -EINVAL);
	backing.iomem = (__force void __iomem *)(ULONG_MAX - SZ_4K);
	KUNIT_EXPECT_EQ(test, refusal(&backing, 0), -EINVAL);
}

static bool unclaimed(phys_addr_t phys)
{
	if (!request_mem_region(phys, BYTES, "kunit"))
		return false;
	release_mem_region(phys, BYTES);
	return true;
}

/* talloc claims and maps it, and gives it back. */
static void iomem_phys(struct kunit *test)
{
	struct talloc_backing backing = {
		.type = TALLOC_PHYS, .window = BYTES, .cache = TALLOC_CACHE_DEVICE,
	};
	const struct talloc_region_config config = { .name = NAME, .backing = &backing };
	struct talloc_region *region;
	void __iomem *block;
	u32 round;

	backing.phys = device_phys(test);
	if (!backing.phys)
		kunit_skip(test, "no phys=");
	for (round = 0; round < 2; round++) {
		region = test_region_keep(test, talloc_region_create(&config));
		KUNIT_EXPECT_FALSE(test, unclaimed(backing.phys));
		KUNIT_EXPECT_EQ(test, refusal(&backing, 0), -EADDRINUSE);
		block = talloc_region_alloc_iomem(region, BYTES, NULL, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_TRUE(test, block);
		KUNIT_EXPECT_TRUE(test, is_all(block, 0, BYTES));
		writel(0x12345678, block + SZ_4K);
		KUNIT_EXPECT_EQ(test, readl(block + SZ_4K), 0x12345678);
		KUNIT_EXPECT_EQ(test, (u64)talloc_region_iomem_to_phys(region, block + 5),
				(u64)backing.phys + 5);
		KUNIT_EXPECT_EQ(test, (u64)talloc_region_iomem_to_phys(region, block + BYTES),
				(u64)TALLOC_NO_PHYS);
		talloc_region_free_iomem(region, block);
		test_region_forget(test, region);
		KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
		KUNIT_EXPECT_TRUE(test, unclaimed(backing.phys));
	}
	KUNIT_ASSERT_NOT_NULL(test, request_mem_region(backing.phys + SZ_4K, SZ_4K, "kunit"));
	KUNIT_EXPECT_EQ(test, refusal(&backing, 0), -EBUSY);
	release_mem_region(backing.phys + SZ_4K, SZ_4K);
}

/*
 * As a driver has it, from its probe() to its remove(). The device has a part of the memory
 * only: with all of it, its resource would stand above that of the memory, and take it
 * along when it goes.
 */
static void iomem_resource_of_device(struct kunit *test)
{
	phys_addr_t phys = device_phys(test);
	const struct resource resource = DEFINE_RES_MEM(phys + SZ_4K, BYTES - SZ_4K);
	struct iomem_test *t = own(test);
	struct talloc_region *region;
	void __iomem *block;

	if (!phys)
		kunit_skip(test, "no phys=");
	t->pdev = platform_device_register_simple("talloc-kunit", PLATFORM_DEVID_NONE, &resource,
						  1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->pdev));
	region = devm_talloc_region_create_resource(t->pdev, NAME, 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(region), -EINVAL);
	region = devm_talloc_region_create_resource(t->pdev, NAME, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_EQ(test, test_region_stats(region).total_bytes, BYTES - SZ_4K);
	block = talloc_region_alloc_iomem(region, 100, NULL, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_TRUE(test, block);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), -EPERM);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(devm_talloc_region_create_resource(t->pdev, NAME "-2",
										 0)), -EADDRINUSE);
	talloc_region_free_iomem(region, block);
	platform_device_unregister(t->pdev);
	t->pdev = NULL;
	KUNIT_EXPECT_NULL(test, talloc_region_get(NAME));
	KUNIT_EXPECT_TRUE(test, unclaimed(phys));
	KUNIT_EXPECT_EQ(test, test_log_count(test, NAME, NULL), 0);
}

static struct kunit_case talloc_region_iomem_cases[] = {
	KUNIT_CASE(iomem_blocks),
	KUNIT_CASE(iomem_contents),
	KUNIT_CASE(iomem_misuse),
	KUNIT_CASE(iomem_refused),
	KUNIT_CASE(iomem_phys),
	KUNIT_CASE(iomem_resource_of_device),
	{}
};

struct kunit_suite talloc_region_iomem_suite = {
	.name = "talloc_region_iomem",
	.init = iomem_init,
	.exit = iomem_exit,
	.test_cases = talloc_region_iomem_cases,
};
