// SPDX-License-Identifier: GPL-2.0
/*
 * talloc_leaver.ko: a module that leaves all behind when it is unloaded, with a device that
 * stays. tools/init/suites.sh sees to it that nothing of it is left.
 *
 * What is left is in the module's own memory, too, and what it has with the device would be
 * released with that, long after the module has gone: the next load takes the device away.
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/talloc.h>
#include <linux/talloc_genpool.h>

#define DEVICE		"talloc-left"
#define POOL_START	0x10000000ul

static u64 memory[512];

static int leaver_oom(struct talloc_region *region, u64 bytes, const struct talloc_where *where,
		      gfp_t gfp, void *data)
{
	return -ENOMEM;
}

static int leave_pools(struct device *dev)
{
	struct gen_pool *pool = devm_gen_pool_create(dev, 4, -1, "leaver");
	struct gen_pool *empty = devm_gen_pool_create(dev, 4, -1, NULL);
	int err;

	if (IS_ERR(pool) || IS_ERR(empty))
		return -ENOMEM;
	err = gen_pool_add(pool, POOL_START, sizeof(memory), -1);
	if (err)
		return err;
	return gen_pool_alloc(pool, 16) ? 0 : -ENOMEM;
}

static int leave_region(struct device *dev, const struct talloc_region_config *config)
{
	struct talloc_region *region;

	region = dev ? devm_talloc_region_create(dev, config) : talloc_region_create(config);
	if (IS_ERR(region))
		return PTR_ERR(region);
	return talloc_region_alloc(region, 100, GFP_KERNEL) ? 0 : -ENOMEM;
}

static int leave_regions(struct device *dev)
{
	const struct talloc_region_config config = {
		.name = "leaver.device", .memory = memory, .bytes = sizeof(memory),
		.oom = leaver_oom,
	};
	const struct talloc_region_config own = { .name = "leaver.own", .bytes = SZ_64K };
	int err = leave_region(dev, &config);

	return err ? err : leave_region(NULL, &own);
}

/* A range so wide that a cell of its map has more bytes than 32 bits can say. */
static int leave_numbers(void)
{
	const struct talloc_backing backing = {
		.type = TALLOC_NUMBERS, .window = (2ull << 40) + SZ_2M,
	};
	const struct talloc_region_config config = {
		.name = "leaver.wide", .backing = &backing, .unit = SZ_2M,
	};
	struct talloc_region *region = talloc_region_create(&config);
	u64 addr;

	if (IS_ERR(region))
		return PTR_ERR(region);
	return talloc_region_alloc_addr(region, 1ull << 40, NULL, GFP_KERNEL, &addr);
}

static int __init leaver_init(void)
{
	struct device *dev = bus_find_device_by_name(&platform_bus_type, NULL, DEVICE);
	struct platform_device *pdev;
	int err;

	if (dev) {
		platform_device_unregister(to_platform_device(dev));
		put_device(dev);
	}
	pdev = platform_device_register_simple(DEVICE, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	err = leave_pools(&pdev->dev);
	if (!err)
		err = leave_regions(&pdev->dev);
	return err ? err : leave_numbers();
}

static void __exit leaver_exit(void)
{
}

module_init(leaver_init);
module_exit(leaver_exit);
MODULE_DESCRIPTION("Leaves regions and pools behind, for tests of the talloc region allocator");
MODULE_LICENSE("GPL");
TALLOC_IMPORT_NS();
