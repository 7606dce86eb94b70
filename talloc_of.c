// SPDX-License-Identifier: GPL-2.0
/*
 * Regions from the device tree that drivers share.
 *
 * A node of compatible "talloc,region" makes one region of all ranges in its
 * memory-region property, or of its own, which are device memory. Other nodes
 * refer to it by phandle, and their drivers get a reference with
 * talloc_region_of_get(). The binding is in
 * Documentation/bindings/talloc,region.yaml.
 */

#define pr_fmt(fmt) "talloc: " fmt

#include <linux/device.h>
#include <linux/mod_devicetable.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/string.h>

#include "talloc_region.h"

static const struct of_device_id talloc_of_match[] = {
	{ .compatible = "talloc,region" },
	{ }
};
MODULE_DEVICE_TABLE(of, talloc_of_match);

/* What else may be in the names of nodes and of devices. */
static void name_make_valid(char *name)
{
	strreplace(name, ',', '.');
	strreplace(name, '+', '.');
	strreplace(name, ':', '.');
}

/* The range of this number, from 0. False where there are not so many. */
static bool provider_range(struct platform_device *pdev, unsigned int number,
			   struct talloc_backing *backing)
{
	struct device_node *np = pdev->dev.of_node;
	const struct resource *own;

	if (of_property_present(np, "memory-region")) {
		*backing = (struct talloc_backing){
			.type = TALLOC_OF, .of_node = np, .index = number,
		};
		return (int)number < of_count_phandle_with_args(np, "memory-region", NULL);
	}
	own = platform_get_resource(pdev, IORESOURCE_MEM, number);
	if (!own)
		return false;
	*backing = (struct talloc_backing){
		.type = TALLOC_PHYS, .phys = own->start, .window = resource_size(own),
		.cache = TALLOC_CACHE_DEVICE,
	};
	return true;
}

static int provider_add_ranges(struct talloc_region *region, struct platform_device *pdev)
{
	struct talloc_backing backing;
	unsigned int number;
	int err = 0;

	for (number = 1; !err && provider_range(pdev, number, &backing); number++)
		err = talloc_region_add_backing(region, &backing);
	return err;
}

static struct talloc_region *provider_create(struct platform_device *pdev)
{
	struct talloc_backing backing;
	char name[TALLOC_NAME_MAX + 1];
	struct talloc_region_config config = { .name = name, .backing = &backing };
	struct device_node *np = pdev->dev.of_node;
	struct talloc_region *region;
	bool unnamed;
	int err;

	if (!provider_range(pdev, 0, &backing))
		return ERR_PTR(-EINVAL);

	unnamed = of_property_read_string(np, "label", &config.name);
	if (unnamed) {
		snprintf(name, sizeof(name), "%pOFn", np);
		name_make_valid(name);
	}
	of_property_read_u32(np, "talloc,unit-bytes", &config.unit);
	region = talloc_region_create(&config);
	/* There are nodes of the same name; but a device's name is its alone. */
	if (unnamed && region == ERR_PTR(-EEXIST)) {
		strscpy(name, dev_name(&pdev->dev), sizeof(name));
		name_make_valid(name);
		region = talloc_region_create(&config);
	}
	if (IS_ERR(region))
		return region;
	err = provider_add_ranges(region, pdev);
	if (err) {
		/* Somebody may have found it by its name. */
		__talloc_region_abandon(region, "left behind");
		return ERR_PTR(err);
	}
	mutex_lock(&talloc_regions_lock);
	region->of_node = of_node_get(np);
	mutex_unlock(&talloc_regions_lock);
	return region;
}

static int provider_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct talloc_region *region;

	if (!dev->of_node)
		return -ENODEV;
	/* Unbound while others had references, and now bound again. */
	region = talloc_region_adopt(dev->of_node, THIS_MODULE);
	if (!region)
		region = provider_create(pdev);
	if (IS_ERR(region))
		return dev_err_probe(dev, PTR_ERR(region), "no region: %s\n",
				     talloc_create_error(PTR_ERR(region)));
	return talloc_region_manage(region, dev);
}

static struct platform_driver talloc_of_driver = {
	.probe = provider_probe,
	.driver = {
		.name = "talloc",
		.of_match_table = talloc_of_match,
	},
};

static struct talloc_region *region_get_by_node(const struct device_node *np)
{
	struct talloc_region *region, *found = NULL;

	mutex_lock(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_regions, list)
		if (region->of_node == np && !region->leaving)
			found = region;
	if (found)
		found->references++;
	mutex_unlock(&talloc_regions_lock);
	return found;
}

/**
 * talloc_region_of_get() - find a region by phandle and hold on to it
 * @np: the consumer's node
 * @property: its property with the phandle of a node of compatible
 *	"talloc,region", by custom "talloc-region"
 * @index: which phandle of it, from 0
 *
 * The region stays usable until talloc_region_put(), even when its provider is
 * unbound.
 *
 * Context: process context, may sleep.
 *
 * Return: the region, or an ERR_PTR(): -EPROBE_DEFER where the provider is not
 * bound yet; -ENODEV where it is disabled; -EINVAL where there is no such phandle,
 * or it is of another kind of node.
 */
struct talloc_region *talloc_region_of_get(const struct device_node *np, const char *property,
					   int index)
{
	struct device_node *provider = of_parse_phandle(np, property, index);
	struct talloc_region *region;

	if (!provider)
		return ERR_PTR(-EINVAL);
	/* A node of any kind may have been bound by driver_override. */
	region = region_get_by_node(provider);
	if (!region)
		region = ERR_PTR(!of_match_node(talloc_of_match, provider) ? -EINVAL :
				 of_device_is_available(provider) ? -EPROBE_DEFER : -ENODEV);
	of_node_put(provider);
	return region;
}
EXPORT_SYMBOL_TALLOC(talloc_region_of_get);

static void consumer_put(void *region)
{
	talloc_region_put(region);
}

/* devm_talloc_region_of_get() for whom @owner is. */
struct talloc_region *__devm_talloc_region_of_get(struct device *dev, const char *property,
						  int index, struct module *owner)
{
	struct talloc_region *region = talloc_region_of_get(dev->of_node, property, index);
	int err;

	if (IS_ERR(region))
		return region;
	err = talloc_manage(dev, owner, consumer_put, region);
	return err ? ERR_PTR(err) : region;
}
EXPORT_SYMBOL_TALLOC(__devm_talloc_region_of_get);

int talloc_of_init(void)
{
	return platform_driver_register(&talloc_of_driver);
}

void talloc_of_exit(void)
{
	platform_driver_unregister(&talloc_of_driver);
}
