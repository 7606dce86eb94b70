// SPDX-License-Identifier: GPL-2.0
/*
 * talloc.ko: the module, and what happens when it or another one goes.
 */

#include <linux/module.h>
#include <linux/notifier.h>

#include "talloc_region.h"

static char *regions;
module_param_hw(regions, charp, iomem, 0400);
MODULE_PARM_DESC(regions, "regions to create, e.g. log:1M,video:16M@0x18000000,crash@reserve_mem:crashlog");

/* A module that goes takes its memory, its handler and its blocks along. */
#ifdef CONFIG_MODULES
static int talloc_module_event(struct notifier_block *nb, unsigned long event, void *module)
{
	if (event == MODULE_STATE_GOING)
		talloc_regions_abandon(module);
	return NOTIFY_OK;
}

static struct notifier_block talloc_module_nb = {
	.notifier_call = talloc_module_event,
};

static int modules_watch(void)
{
	return register_module_notifier(&talloc_module_nb);
}

static void modules_watch_no_more(void)
{
	unregister_module_notifier(&talloc_module_nb);
}
#else
static int modules_watch(void)
{
	return 0;
}

static void modules_watch_no_more(void)
{
}
#endif

/* Built in, before most drivers can have a region. */
static int __init talloc_init_early(void)
{
	int err;

	talloc_debugfs_init();
	err = modules_watch();
	if (err)
		talloc_debugfs_exit();
	return err;
}

/* Built in, drivers have had regions before this, and go on whatever fails. */
static int __init talloc_init(void)
{
	bool built_in = IS_BUILTIN(CONFIG_TALLOC);
	int err = built_in ? 0 : talloc_init_early();

	if (err)
		return err;
	err = talloc_of_init();
	if (err)
		goto no_driver;
	err = talloc_param_regions(regions);
	if (err && !built_in)
		goto no_regions;
	return 0;
no_regions:
	talloc_of_exit();
no_driver:
	if (built_in)
		return err;
	modules_watch_no_more();
	talloc_debugfs_exit();
	return err;
}

static void __exit talloc_exit(void)
{
	talloc_of_exit();
	modules_watch_no_more();
	talloc_regions_abandon(THIS_MODULE);
	talloc_orphans_release();
	talloc_debugfs_exit();
}

#ifndef MODULE
core_initcall(talloc_init_early);
#endif
module_init(talloc_init);
module_exit(talloc_exit);
MODULE_DESCRIPTION("Heaps inside memory regions, for drivers");
MODULE_LICENSE("GPL");
