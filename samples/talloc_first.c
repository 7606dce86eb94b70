// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/talloc.h>

static struct talloc_region *region;
static u32 *squares;

static int __init first_init(void)
{
	u32 i;

	region = talloc_region_create_vmalloc("first", SZ_1M);
	if (IS_ERR(region))
		return PTR_ERR(region);
	squares = talloc_region_alloc_array(region, 100, sizeof(*squares), GFP_KERNEL);
	if (!squares) {
		talloc_region_destroy(region);
		return -ENOMEM;
	}
	for (i = 0; i < 100; i++)
		squares[i] = i * i;
	return 0;
}
module_init(first_init);

static void __exit first_exit(void)
{
	talloc_region_free(region, squares);
	talloc_region_destroy(region);
}
module_exit(first_exit);

MODULE_DESCRIPTION("The shortest driver with a region of its own");
MODULE_LICENSE("GPL");
TALLOC_IMPORT_NS();
