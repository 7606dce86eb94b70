// SPDX-License-Identifier: GPL-2.0
/*
 * talloc_ofdev: a driver with reserved memory in the device tree.
 *
 * Its node may have reserved memory of its own, which nobody else uses, and may
 * refer to a region that several drivers share:
 *
 *	reserved-memory {
 *		own: own@51000000 { reg = <0x0 0x51000000 0x0 0x100000>; };
 *		res: res@52000000 { reg = <0x0 0x52000000 0x0 0x100000>; };
 *	};
 *	pool: talloc-pool { compatible = "talloc,region"; memory-region = <&res>; };
 *	device {
 *		compatible = "talloc,sample-device";
 *		memory-region = <&own>;
 *		talloc-region = <&pool>;
 *	};
 *
 * Writing a number of bytes to the device's attribute "take" allocates that much
 * from each and fills it; writing 0 frees. Reading says what it has.
 */

#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/talloc.h>

struct ofdev_part {
	struct talloc_region *region;	/* NULL where the node does not mention one */
	void *block;
};

struct ofdev {
	struct mutex lock;		/* guards the blocks */
	struct ofdev_part own;
	struct ofdev_part shared;
	size_t bytes;
};

static void part_free(struct ofdev_part *part)
{
	if (part->region)
		talloc_region_free(part->region, part->block);
	part->block = NULL;
}

static int part_take(struct ofdev_part *part, size_t bytes)
{
	if (!part->region)
		return 0;
	part->block = talloc_region_zalloc(part->region, bytes, GFP_KERNEL);
	if (!part->block)
		return -ENOMEM;
	memset(part->block, 0xa5, bytes);
	return 0;
}

static void ofdev_free(struct ofdev *ofdev)
{
	part_free(&ofdev->own);
	part_free(&ofdev->shared);
	ofdev->bytes = 0;
}

static ssize_t take_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	struct ofdev *ofdev = dev_get_drvdata(dev);
	unsigned long bytes;
	int err;

	err = kstrtoul(buf, 0, &bytes);
	if (err)
		return err;
	guard(mutex)(&ofdev->lock);
	ofdev_free(ofdev);
	if (!bytes)
		return count;
	err = part_take(&ofdev->own, bytes);
	if (!err)
		err = part_take(&ofdev->shared, bytes);
	if (err) {
		ofdev_free(ofdev);
		return err;
	}
	ofdev->bytes = bytes;
	return count;
}

static int part_show(char *buf, int at, const char *name, const struct ofdev_part *part,
		     size_t bytes)
{
	phys_addr_t phys = 0;

	if (!part->region)
		return sysfs_emit_at(buf, at, "%s none\n", name);
	if (!part->block)
		return sysfs_emit_at(buf, at, "%s %s empty\n", name,
				     talloc_region_name(part->region));
	phys = talloc_region_virt_to_phys(part->region, part->block);
	return sysfs_emit_at(buf, at, "%s %s phys %pa contiguous %zu intact %d\n", name,
			     talloc_region_name(part->region), &phys,
			     talloc_region_contiguous(part->region, part->block, bytes),
			     !memchr_inv(part->block, 0xa5, bytes));
}

static ssize_t take_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ofdev *ofdev = dev_get_drvdata(dev);
	int at = 0;

	guard(mutex)(&ofdev->lock);
	at += part_show(buf, at, "own", &ofdev->own, ofdev->bytes);
	at += part_show(buf, at, "shared", &ofdev->shared, ofdev->bytes);
	return at;
}
static DEVICE_ATTR_RW(take);

static struct attribute *ofdev_attrs[] = {
	&dev_attr_take.attr,
	NULL
};
ATTRIBUTE_GROUPS(ofdev);

static void ofdev_release(void *ofdev)
{
	ofdev_free(ofdev);
}

static int ofdev_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	char name[TALLOC_NAME_MAX + 1];
	struct ofdev *ofdev;

	ofdev = devm_kzalloc(dev, sizeof(*ofdev), GFP_KERNEL);
	if (!ofdev)
		return -ENOMEM;
	mutex_init(&ofdev->lock);
	platform_set_drvdata(pdev, ofdev);
	if (of_property_present(dev->of_node, "talloc-region")) {
		/* Says -EPROBE_DEFER until the provider is bound. */
		ofdev->shared.region = devm_talloc_region_of_get(dev, "talloc-region", 0);
		if (IS_ERR(ofdev->shared.region))
			return dev_err_probe(dev, PTR_ERR(ofdev->shared.region),
					     "no shared region\n");
	}
	if (of_property_present(dev->of_node, "memory-region")) {
		strscpy(name, dev_name(dev), sizeof(name));
		strreplace(name, ':', '.');	/* a region's name has no colon */
		ofdev->own.region = devm_talloc_region_create_of(dev, name, 0);
		if (IS_ERR(ofdev->own.region))
			return dev_err_probe(dev, PTR_ERR(ofdev->own.region), "no own region\n");
	}
	/* Last in, first out: blocks go before the regions that they are in. */
	return devm_add_action_or_reset(dev, ofdev_release, ofdev);
}

static const struct of_device_id ofdev_match[] = {
	{ .compatible = "talloc,sample-device" },
	{ }
};
MODULE_DEVICE_TABLE(of, ofdev_match);

static struct platform_driver ofdev_driver = {
	.probe = ofdev_probe,
	.driver = {
		.name = "talloc_ofdev",
		.of_match_table = ofdev_match,
		.dev_groups = ofdev_groups,
	},
};
module_platform_driver(ofdev_driver);

TALLOC_IMPORT_NS();
MODULE_DESCRIPTION("Example of a driver with reserved memory in the device tree");
MODULE_LICENSE("GPL");
