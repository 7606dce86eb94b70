// SPDX-License-Identifier: GPL-2.0
/*
 * talloc.ko: the module, and what happens when it or another one goes.
 */

#include <linux/module.h>
#include <linux/notifier.h>

#include "talloc_region.h"

static char *regions;
module_param(regions, charp, 0444);
MODULE_PARM_DESC(regions, "regions to create, e.g. log:1M,video:16M@0x18000000,crash@reserve_mem:crashlog");

/* A module that goes takes its memory, its handler and its blocks along. */
static int talloc_module_event(struct notifier_block *nb, unsigned long event, void *module)
{
	if (event == MODULE_STATE_GOING)
		talloc_regions_abandon(module);
	return NOTIFY_OK;
}

static struct notifier_block talloc_module_nb = {
	.notifier_call = talloc_module_event,
};

static int __init talloc_init(void)
{
	int err;

	talloc_debugfs_init();
	err = register_module_notifier(&talloc_module_nb);
	if (err)
		goto no_notifier;
	err = talloc_of_init();
	if (err)
		goto no_driver;
	err = talloc_param_regions(regions);
	if (err)
		goto no_regions;
	return 0;
no_regions:
	talloc_regions_abandon(THIS_MODULE);
	talloc_of_exit();
no_driver:
	unregister_module_notifier(&talloc_module_nb);
no_notifier:
	talloc_debugfs_exit();
	return err;
}

static void __exit talloc_exit(void)
{
	talloc_of_exit();
	unregister_module_notifier(&talloc_module_nb);
	talloc_regions_abandon(THIS_MODULE);
	talloc_orphans_release();
	talloc_debugfs_exit();
}

module_init(talloc_init);
module_exit(talloc_exit);
MODULE_DESCRIPTION("Heaps inside memory regions, for drivers");
MODULE_LICENSE("GPL");
