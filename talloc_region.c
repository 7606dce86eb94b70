// SPDX-License-Identifier: GPL-2.0
/*
 * The life of regions: named sets of spans with one heap each, a lock, and calls
 * like kmalloc()'s.
 */

/**
 * DOC: Regions
 *
 * A region is a name and up to 64 spans. An allocation tries the spans by rising
 * preference, and among equals in the order in which they were added; a free finds
 * its span by address. The raw spinlock of the region is held for one operation on
 * one heap after another, each of them bounded, so regions may be used from any
 * context but NMI, on PREEMPT_RT too. Whatever takes time in proportion to a size,
 * to zero or copy a block or to walk a heap, is done without the lock or in slices.
 *
 * Where nothing fits and the caller may block, the region grows by a vmalloc()'d
 * span if it was made so, and then asks its owner's handler; both without the
 * lock. What grew goes back when it has been empty for a second or two.
 */

/**
 * DOC: Kinds
 *
 * To a heap with detached tags an address is a number. What it is beside that, the
 * region knows: an address of memory, of device memory, or nothing more. It is the
 * same for all spans, so that each call can tell by one look whether it is for this
 * region. Inside of talloc addresses are u64. They are made into pointers where a call for
 * memory or device memory returns one, where contents are zeroed or copied, where pages are
 * looked up, and where talloc unmaps what it has mapped: each behind that look. A report
 * makes them pointers only to have them hashed.
 *
 * No two regions have the same memory. Numbers are what somebody takes them for, so
 * it is only inside of a region that they may not overlap.
 */

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait_bit.h>

#include "talloc_region.h"

/* What each of these guards, and their order, is in talloc_region.h. */
DEFINE_MUTEX(talloc_create_lock);
/* Next inside of it. */
DEFINE_MUTEX(talloc_regions_lock);
LIST_HEAD(talloc_regions);
LIST_HEAD(talloc_orphans);
static LIST_HEAD(managed_list);

static const char name_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

static bool name_is_valid(const char *name)
{
	size_t length = strnlen(name, TALLOC_NAME_MAX + 1);

	return length && length <= TALLOC_NAME_MAX && name[0] != '.' &&
	       strcmp(name, "regions") &&
	       strspn(name, name_characters) == length;
}

static bool node_has_memory(int node)
{
	return node >= 0 && node < MAX_NUMNODES && node_online(node);
}

static bool config_is_detached(const struct talloc_region_config *config, enum region_kind kind)
{
	return kind != REGION_MEMORY || config->flags & (TALLOC_DETACHED | TALLOC_ISOLATED);
}

/* What the unit is to be; what is no unit stays that. */
static u32 config_unit(const struct talloc_region_config *config)
{
	u32 unit = config->unit ? config->unit : TALLOC_UNIT_MIN;

	return config->flags & TALLOC_ISOLATED ? max_t(u32, unit, dma_get_cache_alignment()) : unit;
}

/* What has no size of its own needs one. */
static bool backing_has_size(const struct talloc_backing *backing)
{
	switch (backing->type) {
	case TALLOC_RESERVE_MEM:
	case TALLOC_OF:
		return true;
	case TALLOC_PHYS:
		return backing->window;
	default:
		return backing->window || backing->bytes;
	}
}

/* What can be told to be wrong with a configuration before its memory is looked at, or NULL. */
static const char *config_fault(const struct talloc_region_config *config,
				const struct talloc_backing *backing)
{
	enum region_kind kind = talloc_backing_kind(backing);
	u32 unit = config_unit(config);

	if (!config->name || !name_is_valid(config->name))
		return "a name is 1 to 31 letters, digits, _ - or ., no dot first, and not regions";
	if (config->unit & (config->unit - 1) || unit > TALLOC_UNIT_MAX)
		return "the unit is no power of two up to 2 MiB";
	if (unit < TALLOC_UNIT_MIN && !config_is_detached(config, kind))
		return "a unit below 8 without TALLOC_DETACHED";
	if (talloc_backing_is_combined(backing) && !config_is_detached(config, kind))
		return "write-combined memory without TALLOC_DETACHED";
	if (config->flags & ~(TALLOC_ON_NODE | TALLOC_NO_LIVE_MAP | TALLOC_DETACHED |
			      TALLOC_ISOLATED | TALLOC_NO_KEPT))
		return "an unknown flag";
	if (config->flags & TALLOC_ON_NODE && !node_has_memory(config->node))
		return "TALLOC_ON_NODE with a node that is not online";
	if (config->backing && (config->memory || config->bytes))
		return "a backing, and memory or bytes besides";
	if (talloc_backing_is_null(backing))
		return "its memory is at NULL";
	if (!backing_has_size(backing))
		return "it has no size";
	if (config->grow_bytes && kind != REGION_MEMORY)
		return "grow_bytes, but no region of memory";
	if (config->grow_bytes > SIZE_MAX / 2)
		return "grow_bytes are more than there can be";
	if (config->max_bytes && !config->grow_bytes)
		return "max_bytes without grow_bytes";
	if (config->max_bytes && max(backing->window, backing->bytes) > config->max_bytes)
		return "more bytes than max_bytes";
	return NULL;
}

/* And this is told when it has been. */
static const char memory_fault[] =
	"its memory wraps, is beyond its window or max_bytes, or there is no such entry or mapping";

static struct talloc_region *region_new(const struct talloc_region_config *config,
					enum region_kind kind, struct module *owner, bool secret)
{
	struct talloc_region *region = kzalloc(sizeof(*region), GFP_KERNEL);

	if (!region)
		return NULL;
	strscpy(region->name, config->name, sizeof(region->name));
	region->kind = kind;
	region->detached = config_is_detached(config, kind);
	region->unit = config_unit(config);
	region->flags = config->flags;
	region->node = config->flags & TALLOC_ON_NODE ? config->node : NUMA_NO_NODE;
	region->grow_bytes = config->grow_bytes;
	region->max_bytes = config->max_bytes;
	region->oom = config->oom;
	region->oom_data = config->oom_data;
	region->owner = owner;
	region->secret = secret;
	INIT_LIST_HEAD(&region->list);
	raw_spin_lock_init(&region->lock);
	mutex_init(&region->spans_lock);
	INIT_DELAYED_WORK(&region->reap, talloc_region_reap_work);
	ratelimit_state_init(&region->ratelimit, 5 * HZ, 10);
	ratelimit_set_flags(&region->ratelimit, RATELIMIT_MSG_ON_RELEASE);
	return region;
}

static struct talloc_region *region_find(const char *name)
{
	struct talloc_region *region;

	lockdep_assert_held(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_regions, list)
		if (!strcmp(region->name, name))
			return region;
	return NULL;
}

static bool region_name_is_taken(const char *name)
{
	bool taken;

	mutex_lock(&talloc_regions_lock);
	taken = region_find(name);
	mutex_unlock(&talloc_regions_lock);
	return taken;
}

static void region_publish(struct talloc_region *region)
{
	mutex_lock(&talloc_regions_lock);
	list_add_tail(&region->list, &talloc_regions);
	mutex_unlock(&talloc_regions_lock);
}

/* Pre: nobody can find the region any more. */
static void region_release(struct talloc_region *region)
{
	u32 i;

	cancel_delayed_work_sync(&region->reap);
	for (i = 0; i < region->nr_spans; i++)
		talloc_region_span_free(region->spans[i]);
	mutex_destroy(&region->spans_lock);
	of_node_put(region->of_node);
	kfree(region);
}

static int region_open(struct talloc_region *region, const struct talloc_backing *backing)
{
	int err;

	mutex_lock(&talloc_create_lock);
	/* Names come and go under other locks too, but none comes without this one. */
	err = -EEXIST;
	if (!region_name_is_taken(region->name))
		err = __talloc_region_add_backing(region, backing);
	if (!err)
		region_publish(region);
	mutex_unlock(&talloc_create_lock);
	return err;
}

/* A region of @owner's; if it is @secret its numbers are hashed in the log. */
struct talloc_region *talloc_region_create_for(const struct talloc_region_config *config,
					       struct module *owner, bool secret,
					       unsigned long caller)
{
	const struct talloc_backing *backing;
	struct talloc_backing own = { };
	struct talloc_region *region;
	const char *wrong;
	int err;

	if (!config)
		return ERR_PTR(-EINVAL);
	own.type = config->memory ? TALLOC_MEMORY : TALLOC_VMALLOC;
	own.memory = config->memory;
	own.bytes = config->bytes;
	backing = config->backing ? config->backing : &own;
	wrong = config_fault(config, backing);
	if (wrong) {
		talloc_report_create(config->name, wrong, caller);
		return ERR_PTR(-EINVAL);
	}
	region = region_new(config, talloc_backing_kind(backing), owner, secret);
	if (!region)
		return ERR_PTR(-ENOMEM);
	err = region_open(region, backing);
	if (err == -EINVAL)
		talloc_report_create(region->name, memory_fault, caller);
	if (err) {
		region_release(region);
		return ERR_PTR(err);
	}
	talloc_debugfs_add(region);
	return region;
}

/* talloc_region_create() for whom @owner is. */
struct talloc_region *__talloc_region_create(const struct talloc_region_config *config,
					     struct module *owner)
{
	return talloc_region_create_for(config, owner, false, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(__talloc_region_create);

/* Live blocks in spans that are in service: others cannot be freed. */
static u64 region_live_blocks(struct talloc_region *region)
{
	unsigned long flags;
	u64 blocks = 0;
	u32 i;

	raw_spin_lock_irqsave(&region->lock, flags);
	for (i = 0; i < region->nr_spans; i++)
		if (!talloc_heap_damage(&region->spans[i]->heap))
			blocks += talloc_heap_blocks(&region->spans[i]->heap);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return blocks;
}

/*
 * Take its files and its name away, and put it into @list, if any. Pre: it is leaving. No lock of
 * ours is held: who reads a file is waited for, and may wait for memory, or for a lock of the
 * caller's that others have who want one of ours.
 */
static void region_unpublish(struct talloc_region *region, struct list_head *list)
{
	lockdep_assert_not_held(&talloc_regions_lock);
	talloc_debugfs_remove(region);
	mutex_lock(&talloc_regions_lock);
	list_del_init(&region->list);
	region->leaving = false;
	if (list) {
		list_add_tail(&region->list, list);
		region->orphan = true;
	}
	mutex_unlock(&talloc_regions_lock);
}

/**
 * talloc_region_destroy() - destroy a region
 * @region: the region; nothing is done with %NULL
 *
 * Refuses where blocks are live or others hold a reference: the region is as it
 * was, and the log names the blocks. Memory of the region's own is freed; other
 * memory is the caller's again. Nobody may use the region any more by then, nor still be
 * in a call: that no block is live does not tell that the last free has returned.
 *
 * Who cannot fail calls talloc_region_abandon(). A module that unloads and leaves a region
 * behind, one that goes with a device as well, has that done for it, after its exit function.
 *
 * Context: process context, may sleep.
 *
 * Return: 0; -EBUSY; -EPERM for a region that goes with a device.
 */
int talloc_region_destroy(struct talloc_region *region)
{
	u64 blocks;

	if (!region)
		return 0;
	if (region->managed)
		return -EPERM;
	mutex_lock(&talloc_regions_lock);
	blocks = region_live_blocks(region);
	if (region->references || blocks) {
		unsigned int references = region->references;

		mutex_unlock(&talloc_regions_lock);
		if (references)
			talloc_report_references(region, references, "not destroyed");
		else
			talloc_report_live(region, blocks, "not destroyed");
		return -EBUSY;
	}
	region->leaving = true;
	mutex_unlock(&talloc_regions_lock);
	region_unpublish(region, NULL);
	region_release(region);
	return 0;
}
EXPORT_SYMBOL_TALLOC(talloc_region_destroy);

/* Memory that is not the region's own is the owner's again. Returns what was live in it. */
static u64 region_drop_foreign_spans(struct talloc_region *region)
{
	struct region_span *span;
	unsigned long flags;
	u64 blocks = 0;
	u32 i = 0;

	mutex_lock(&region->spans_lock);
	while ((span = talloc_region_span_at(region, i))) {
		if (span->type != TALLOC_MEMORY && span->type != TALLOC_IOMEM) {
			i++;
			continue;
		}
		raw_spin_lock_irqsave(&region->lock, flags);
		talloc_region_take_span(region, i);
		raw_spin_unlock_irqrestore(&region->lock, flags);
		blocks += talloc_heap_blocks(&span->heap);
		talloc_region_span_free(span);
	}
	mutex_unlock(&region->spans_lock);
	return blocks;
}

/* The owner's handler may not be called any more; it may still run. */
static void region_drop_oom(struct talloc_region *region)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	WRITE_ONCE(region->oom, NULL);
	raw_spin_unlock_irqrestore(&region->lock, flags);
}

/* Nor does it run any more. Pre: no lock of ours, as it may take them. */
static void region_wait_for_oom(struct talloc_region *region)
{
	wait_var_event(&region->handlers, !atomic_read(&region->handlers));
}

/*
 * An owner is going: nobody finds the region any more, but it stays until region_abandon().
 * Pre: that is to follow.
 */
static void region_set_leaving(struct talloc_region *region)
{
	lockdep_assert_held(&talloc_regions_lock);
	region->references++;
	region->leaving = true;
	region->owner = NULL;
}

/* Whether others than who abandons it hold on to a region. */
static bool region_is_shared(const struct talloc_region *region)
{
	bool shared;

	mutex_lock(&talloc_regions_lock);
	shared = region->references > 1;
	mutex_unlock(&talloc_regions_lock);
	return shared;
}

/*
 * Take a region away from its owner. Those who have a reference may go on with what is in
 * the region's own memory until they put it; @what is said of blocks that are live where nobody
 * has. Pre: region_set_leaving(), and no lock of ours, as the handler may take them all.
 */
static void region_abandon(struct talloc_region *region, const char *what)
{
	bool shared;
	u64 blocks;

	region_drop_oom(region);
	region_wait_for_oom(region);
	shared = region_is_shared(region);
	blocks = region_live_blocks(region);
	if (blocks && !shared)
		talloc_report_live(region, blocks, what);
	blocks = region_drop_foreign_spans(region);
	if (blocks && shared)
		talloc_report_lost(region, blocks);
	region_unpublish(region, &talloc_orphans);
	talloc_region_put(region);
}

/* talloc_region_abandon(), also of what goes with a device; @what is said of live blocks. */
void __talloc_region_abandon(struct talloc_region *region, const char *what)
{
	mutex_lock(&talloc_regions_lock);
	region_set_leaving(region);
	mutex_unlock(&talloc_regions_lock);
	region_abandon(region, what);
}

/**
 * talloc_region_abandon() - give a region up, whoever still uses it
 * @region: the region, of the caller's; nothing is done with %NULL, or one that goes with a
 *	device
 *
 * For a remove() and an exit function, which cannot fail where talloc_region_destroy() refuses.
 * Blocks that are live are reported and lost, and the region is destroyed. Where others hold a
 * reference it lives on until they put it, without its name, its handler and memory of the
 * caller's: that, and what the handler uses, are the caller's alone when this returns. So nobody
 * without a reference may be in a call by then; and who has one, and a block in memory of the
 * caller's, may not use that any more, nor be in a call that zeroes or copies it, which is done
 * without the lock.
 *
 * Waits until the handler has returned, so it must not be called by that.
 *
 * Context: process context, may sleep.
 */
void talloc_region_abandon(struct talloc_region *region)
{
	if (region && !region->managed)
		__talloc_region_abandon(region, "abandoned");
}
EXPORT_SYMBOL_TALLOC(talloc_region_abandon);

/*
 * What goes with devices.
 */

/* A resource of the device goes. */
void talloc_managed_release(struct device *dev, void *res)
{
	struct talloc_managed *managed = res;

	managed->release(managed->data);
	mutex_lock(&talloc_regions_lock);
	list_del(&managed->list);
	if (managed->gone)
		complete(managed->gone);
	mutex_unlock(&talloc_regions_lock);
}

/* @release is called when @dev is unbound, or @owner unloaded; at once if this fails. */
int talloc_manage(struct device *dev, struct module *owner, void (*release)(void *data),
		  void *data)
{
	struct talloc_managed *managed;

	managed = devres_alloc(talloc_managed_release, sizeof(*managed), GFP_KERNEL);
	if (!managed) {
		release(data);
		return -ENOMEM;
	}
	managed->dev = dev;
	managed->owner = owner;
	managed->release = release;
	managed->data = data;
	mutex_lock(&talloc_regions_lock);
	list_add(&managed->list, &managed_list);
	mutex_unlock(&talloc_regions_lock);
	devres_add(dev, managed);
	return 0;
}

static int managed_match(struct device *dev, void *res, void *gone)
{
	return ((struct talloc_managed *)res)->gone == gone;
}

static struct talloc_managed *managed_find(const struct module *owner)
{
	struct talloc_managed *managed;

	lockdep_assert_held(&talloc_regions_lock);
	list_for_each_entry(managed, &managed_list, list)
		if (managed->owner == owner)
			return managed;
	return NULL;
}

/* Those of a module that goes, the last one first. What a device is releasing is waited for. */
static void managed_abandon(const struct module *owner)
{
	struct talloc_managed *managed;
	struct device *dev;

	mutex_lock(&talloc_regions_lock);
	while ((managed = managed_find(owner))) {
		DECLARE_COMPLETION_ONSTACK(gone);

		managed->gone = &gone;
		/* A device may be on its way out; then it is releasing this itself. */
		dev = kobject_get_unless_zero(&managed->dev->kobj) ? managed->dev : NULL;
		mutex_unlock(&talloc_regions_lock);
		if (dev)
			devres_release(dev, talloc_managed_release, managed_match, &gone);
		put_device(dev);
		wait_for_completion(&gone);
		mutex_lock(&talloc_regions_lock);
	}
	mutex_unlock(&talloc_regions_lock);
}

static struct talloc_region *region_of(const struct module *owner)
{
	struct talloc_region *region;

	lockdep_assert_held(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_regions, list)
		if (region->owner == owner)
			return region;
	return NULL;
}

/* Take all regions away from a module that goes. */
void talloc_regions_abandon(const struct module *owner)
{
	struct talloc_region *region;

	managed_abandon(owner);
	mutex_lock(&talloc_regions_lock);
	while ((region = region_of(owner))) {
		region_set_leaving(region);
		mutex_unlock(&talloc_regions_lock);
		region_abandon(region, "left behind");
		mutex_lock(&talloc_regions_lock);
	}
	mutex_unlock(&talloc_regions_lock);
}

/* References that were never put: nobody can be left who could. */
void talloc_orphans_release(void)
{
	struct talloc_region *region, *next;

	list_for_each_entry_safe(region, next, &talloc_orphans, list) {
		talloc_report_references(region, region->references, "unloaded");
		region_release(region);
	}
}

/* The owner of an orphan is back: the region is listed again, if its name is free. */
struct talloc_region *talloc_region_adopt(const struct device_node *np, struct module *owner)
{
	struct talloc_region *region, *found = NULL;

	mutex_lock(&talloc_create_lock);
	mutex_lock(&talloc_regions_lock);
	list_for_each_entry(region, &talloc_orphans, list)
		if (region->of_node == np && !region_find(region->name))
			found = region;
	if (found) {
		found->orphan = false;
		found->owner = owner;
		list_move_tail(&found->list, &talloc_regions);
	}
	mutex_unlock(&talloc_regions_lock);
	mutex_unlock(&talloc_create_lock);
	if (found)
		talloc_debugfs_add(found);
	return found;
}

static void region_devm_release(void *region)
{
	__talloc_region_abandon(region, "left behind");
}

/* From now on, also if this fails, @region goes when @dev is unbound. */
int talloc_region_manage(struct talloc_region *region, struct device *dev)
{
	region->managed = true;
	return talloc_manage(dev, region->owner, region_devm_release, region);
}

static struct talloc_region *region_create_managed(struct device *dev,
						   const struct talloc_region_config *config,
						   struct module *owner, unsigned long caller)
{
	struct talloc_region *region = talloc_region_create_for(config, owner, false, caller);
	int err;

	if (IS_ERR(region))
		return region;
	err = talloc_region_manage(region, dev);
	return err ? ERR_PTR(err) : region;
}

/* devm_talloc_region_create() for whom @owner is. */
struct talloc_region *__devm_talloc_region_create(struct device *dev,
						  const struct talloc_region_config *config,
						  struct module *owner)
{
	return region_create_managed(dev, config, owner, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(__devm_talloc_region_create);

/* devm_talloc_region_create_resource() for whom @owner is. */
struct talloc_region *__devm_talloc_region_create_resource(struct platform_device *pdev,
							   const char *name,
							   unsigned int index,
							   struct module *owner)
{
	const struct resource *resource = platform_get_resource(pdev, IORESOURCE_MEM, index);
	struct talloc_backing backing = { .type = TALLOC_PHYS, .cache = TALLOC_CACHE_DEVICE };
	struct talloc_region_config config = { .name = name, .backing = &backing };

	if (!resource)
		return ERR_PTR(-EINVAL);
	backing.phys = resource->start;
	backing.window = resource_size(resource);
	return region_create_managed(&pdev->dev, &config, owner, _RET_IP_);
}
EXPORT_SYMBOL_TALLOC(__devm_talloc_region_create_resource);

/**
 * talloc_region_get() - find a region by name and hold on to it
 * @name: its name
 *
 * Context: process context, may sleep.
 *
 * It cannot be destroyed until talloc_region_put(). Its owner may go, though, and then takes
 * the memory along that it gave to the region, with what is live there; what the region has
 * from vmalloc() or has mapped itself stays.
 *
 * Return: the region, or %NULL where there is none.
 */
struct talloc_region *talloc_region_get(const char *name)
{
	struct talloc_region *region;

	mutex_lock(&talloc_regions_lock);
	region = region_find(name);
	if (region && region->leaving)
		region = NULL;
	if (region)
		region->references++;
	mutex_unlock(&talloc_regions_lock);
	return region;
}
EXPORT_SYMBOL_TALLOC(talloc_region_get);

/**
 * talloc_region_put() - let go of a region
 * @region: what talloc_region_get() returned, also %NULL
 *
 * Context: process context, may sleep.
 */
void talloc_region_put(struct talloc_region *region)
{
	if (!region)
		return;
	mutex_lock(&talloc_regions_lock);
	/*
	 * Under the lock, as who binds its provider anew has to find its memory unclaimed. Its
	 * debugfs files are gone since it is an orphan.
	 */
	if (!WARN_ON_ONCE(!region->references) && !--region->references && region->orphan) {
		list_del(&region->list);
		region_release(region);
	}
	mutex_unlock(&talloc_regions_lock);
}
EXPORT_SYMBOL_TALLOC(talloc_region_put);

/**
 * talloc_region_name() - the name of a region
 * @region: the region
 *
 * Context: any.
 *
 * Return: the name; valid as long as the region.
 */
const char *talloc_region_name(const struct talloc_region *region)
{
	return region->name;
}
EXPORT_SYMBOL_TALLOC(talloc_region_name);
