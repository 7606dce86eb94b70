// SPDX-License-Identifier: GPL-2.0
/*
 * talloc_sram: two drivers that share on-chip memory.
 *
 * The memory is a region of a node of its own, mapped as device memory, with the
 * heap's tags outside of it:
 *
 *	sram: sram@50900000 {
 *		compatible = "talloc,region";
 *		reg = <0x0 0x50900000 0x0 0x10000>;
 *	};
 *	ring { compatible = "talloc,sample-ring"; talloc-region = <&sram>; };
 *	mailbox { compatible = "talloc,sample-mailbox"; talloc-region = <&sram>; };
 *
 * The ring's driver has a table of descriptors that may not cross a page, as DMA
 * engines ask for. The mailbox's driver has messages of any size: what is written to
 * its attribute "message" is kept in the memory until the next, and can be read.
 */

#include <linux/io.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/talloc.h>

#define RING_ENTRIES	32
#define RING_BYTES	(RING_ENTRIES * sizeof(u64))

/* A block of the shared region that goes with its device. */
struct sram_block {
	struct talloc_region *region;
	void __iomem *at;
};

static void sram_block_free(void *data)
{
	struct sram_block *block = data;

	talloc_region_free_iomem(block->region, block->at);
	block->at = NULL;
}

/* Says -EPROBE_DEFER until the provider is bound. */
static int sram_block_init(struct sram_block *block, struct device *dev)
{
	block->region = devm_talloc_region_of_get(dev, "talloc-region", 0);
	if (IS_ERR(block->region))
		return dev_err_probe(dev, PTR_ERR(block->region), "no shared region\n");
	/* Last in, first out: the block goes before the reference to the region. */
	return devm_add_action_or_reset(dev, sram_block_free, block);
}

/*
 * The ring.
 */

static ssize_t ring_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sram_block *ring = dev_get_drvdata(dev);
	phys_addr_t phys = talloc_region_iomem_to_phys(ring->region, ring->at);

	return sysfs_emit(buf, "%s phys %pa last entry %u\n", talloc_region_name(ring->region),
			  &phys, readl(ring->at + RING_BYTES - sizeof(u64)));
}
static DEVICE_ATTR_RO(ring);

static struct attribute *ring_attrs[] = {
	&dev_attr_ring.attr,
	NULL
};
ATTRIBUTE_GROUPS(ring);

static int ring_probe(struct platform_device *pdev)
{
	const struct talloc_where where = { .align = 64, .nocross = SZ_4K };
	struct device *dev = &pdev->dev;
	struct sram_block *ring;
	u32 i;
	int err;

	ring = devm_kzalloc(dev, sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return -ENOMEM;
	err = sram_block_init(ring, dev);
	if (err)
		return err;
	ring->at = talloc_region_alloc_iomem(ring->region, RING_BYTES, &where,
					     GFP_KERNEL | __GFP_ZERO);
	if (!ring->at)
		return -ENOMEM;
	for (i = 0; i < RING_ENTRIES; i++)
		writel(i, ring->at + i * sizeof(u64));
	platform_set_drvdata(pdev, ring);
	return 0;
}

static const struct of_device_id ring_match[] = {
	{ .compatible = "talloc,sample-ring" },
	{ }
};
MODULE_DEVICE_TABLE(of, ring_match);

static struct platform_driver ring_driver = {
	.probe = ring_probe,
	.driver = {
		.name = "talloc_ring",
		.of_match_table = ring_match,
		.dev_groups = ring_groups,
	},
};

/*
 * The mailbox.
 */

struct mailbox {
	struct sram_block message;
	struct mutex lock;	/* guards the message */
	size_t bytes;
};

static ssize_t message_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	struct mailbox *mailbox = dev_get_drvdata(dev);
	struct sram_block *message = &mailbox->message;
	void __iomem *at;

	at = talloc_region_alloc_iomem(message->region, count, NULL, GFP_KERNEL);
	if (!at)
		return -ENOSPC;
	memcpy_toio(at, buf, count);
	guard(mutex)(&mailbox->lock);
	talloc_region_free_iomem(message->region, message->at);
	message->at = at;
	mailbox->bytes = count;
	return count;
}

static ssize_t message_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct mailbox *mailbox = dev_get_drvdata(dev);

	guard(mutex)(&mailbox->lock);
	memcpy_fromio(buf, mailbox->message.at, mailbox->bytes);
	return mailbox->bytes;
}
static DEVICE_ATTR_RW(message);

static struct attribute *mailbox_attrs[] = {
	&dev_attr_message.attr,
	NULL
};
ATTRIBUTE_GROUPS(mailbox);

static int mailbox_probe(struct platform_device *pdev)
{
	struct mailbox *mailbox;

	mailbox = devm_kzalloc(&pdev->dev, sizeof(*mailbox), GFP_KERNEL);
	if (!mailbox)
		return -ENOMEM;
	mutex_init(&mailbox->lock);
	platform_set_drvdata(pdev, mailbox);
	return sram_block_init(&mailbox->message, &pdev->dev);
}

static const struct of_device_id mailbox_match[] = {
	{ .compatible = "talloc,sample-mailbox" },
	{ }
};
MODULE_DEVICE_TABLE(of, mailbox_match);

static struct platform_driver mailbox_driver = {
	.probe = mailbox_probe,
	.driver = {
		.name = "talloc_mailbox",
		.of_match_table = mailbox_match,
		.dev_groups = mailbox_groups,
	},
};

static struct platform_driver * const drivers[] = { &ring_driver, &mailbox_driver };

static int __init sram_init(void)
{
	return platform_register_drivers(drivers, ARRAY_SIZE(drivers));
}
module_init(sram_init);

static void __exit sram_exit(void)
{
	platform_unregister_drivers(drivers, ARRAY_SIZE(drivers));
}
module_exit(sram_exit);

TALLOC_IMPORT_NS();
MODULE_DESCRIPTION("Example of two drivers that share on-chip memory");
MODULE_LICENSE("GPL");
