// SPDX-License-Identifier: GPL-2.0
/*
 * What spans are made of, and what its addresses are elsewhere.
 */

/**
 * DOC: Reserved memory
 *
 * A physical range that a driver names by address is claimed with
 * request_mem_region(), and refused where it is System RAM, where somebody has
 * claimed it, and where nothing is known to be at either of its ends, or nothing
 * keeps what is written there. What reserve_mem= and reserved-memory nodes set
 * aside has been taken from the kernel by others on its behalf, so it is not
 * claimed once more as a resource: that no two regions have it is seen to by
 * talloc. What is in the linear map is used there; all else is mapped with
 * memremap(), and unmapped and released when the span goes.
 *
 * A range that is to be device memory is mapped with ioremap(). It is claimed in the
 * same way, but nothing need be known to be there, and nothing is written to find out.
 */

#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "talloc_region.h"

static bool backing_is_range(const struct talloc_backing *backing)
{
	return backing->type == TALLOC_PHYS || backing->type == TALLOC_RESERVE_MEM ||
	       backing->type == TALLOC_OF;
}

/* What a region has to be to have a span of this backing. */
enum region_kind talloc_backing_kind(const struct talloc_backing *backing)
{
	if (backing->type == TALLOC_NUMBERS)
		return REGION_NUMBERS;
	if (backing->type == TALLOC_IOMEM ||
	    (backing_is_range(backing) && backing->cache == TALLOC_CACHE_DEVICE))
		return REGION_IOMEM;
	return REGION_MEMORY;
}

/* What is written to such memory is not there for other CPUs when a lock is dropped. */
bool talloc_backing_is_combined(const struct talloc_backing *backing)
{
	return backing_is_range(backing) && backing->cache == TALLOC_CACHE_WC;
}

/* Memory of the caller's that is not there: a mapping that failed, most often. */
bool talloc_backing_is_null(const struct talloc_backing *backing)
{
	return (backing->type == TALLOC_MEMORY && !backing->memory) ||
	       (backing->type == TALLOC_IOMEM && !backing->iomem);
}

/*
 * Finding: what a backing means, without touching anything.
 */

static bool range_is_ram(phys_addr_t start, u64 bytes)
{
	return region_intersects(start, bytes, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	       REGION_DISJOINT;
}

static bool phys_is_known(phys_addr_t phys)
{
	return region_intersects(phys, 1, IORESOURCE_MEM, IORES_DESC_NONE) != REGION_DISJOINT;
}

static int find_range(struct region_span *span, phys_addr_t start, u64 size)
{
	phys_addr_t end;

	if (!IS_ENABLED(CONFIG_HAS_IOMEM))
		return -EOPNOTSUPP;
	if (!size || size != (size_t)size ||
	    check_add_overflow(start, (phys_addr_t)(size - 1), &end) ||
	    end != (resource_size_t)end)
		return -EINVAL;
	span->phys = start;
	span->bytes = size;
	return 0;
}

static int find_phys(const struct talloc_backing *backing, struct region_span *span)
{
	int err = find_range(span, backing->phys, backing->window);

	if (err)
		return err;
	if (range_is_ram(span->phys, span->bytes))
		return -EPERM;
	if (backing->cache == TALLOC_CACHE_DEVICE)
		return 0;
	if (!phys_is_known(span->phys) || !phys_is_known(span->phys + span->bytes - 1))
		return -ENXIO;
	return 0;
}

static int find_reserve_mem(const struct talloc_backing *backing, struct region_span *span)
{
	phys_addr_t start, size;
	int err;

	if (!backing->label)
		return -EINVAL;
	err = talloc_reserve_mem_find(backing->label, &start, &size);
	if (err)
		return err;
	span->linear = true;
	return find_range(span, start, size);
}

/*
 * Whether others have a node's memory: its pages are lent to whoever wants some, or it is a pool
 * that the kernel allocates from. One that the kernel could not make has no operations, and its
 * memory may have gone back to the kernel, so what it was to be counts.
 */
static bool node_is_taken(const struct device_node *np, const struct reserved_mem *reserved)
{
	return of_property_read_bool(np, "reusable") ||
	       of_device_is_compatible(np, "shared-dma-pool") ||
	       of_device_is_compatible(np, "restricted-dma-pool") || (reserved && reserved->ops);
}

static int find_of(const struct talloc_backing *backing, struct region_span *span)
{
	struct reserved_mem *reserved;
	struct device_node *np;
	bool taken;
	int err;

	if (!IS_ENABLED(CONFIG_OF))
		return -EOPNOTSUPP;
	if (!backing->of_node || backing->index < 0)
		return -EINVAL;
	np = of_parse_phandle(backing->of_node, "memory-region", backing->index);
	if (!np)
		return -EINVAL;
	reserved = of_reserved_mem_lookup(np);
	taken = node_is_taken(np, reserved);
	span->linear = !of_property_read_bool(np, "no-map");
	of_node_put(np);
	if (taken)
		return -EPERM;
	err = reserved ? find_range(span, reserved->base, reserved->size) : -ENOENT;
	/* Somebody else had it when the kernel booted, and the node is known all the same. */
	if (!err && !span->linear && range_is_ram(span->phys, span->bytes))
		return -EPERM;
	return err;
}

/* What begins at @start, and is not to be looked up anywhere. */
static int find_window(const struct talloc_backing *backing, u64 start, struct region_span *span)
{
	struct talloc_span window;

	span->start = start;
	span->bytes = backing->window;
	if (!span->bytes && check_add_overflow(backing->offset, backing->bytes, &span->bytes))
		return -EINVAL;
	return span->bytes && talloc_span_make(&window, start, span->bytes) ? 0 : -EINVAL;
}

/* The same, in the kernel's address space. */
static int find_mapped(const struct talloc_backing *backing, u64 start, struct region_span *span)
{
	int err = find_window(backing, start, span);

	if (err)
		return err;
	return span->bytes > ULONG_MAX - start ? -EINVAL : 0;
}

/* Fill in what @backing says of @span's memory. Only looks. */
int talloc_backing_find(const struct talloc_region *region, const struct talloc_backing *backing,
			struct region_span *span)
{
	if (talloc_backing_is_null(backing))
		return -EINVAL;
	switch (backing->type) {
	case TALLOC_VMALLOC:
		return find_mapped(backing, 0, span);
	case TALLOC_MEMORY:
		return find_mapped(backing, talloc_addr(backing->memory), span);
	case TALLOC_IOMEM:
		return find_mapped(backing, talloc_iomem_addr(backing->iomem), span);
	case TALLOC_NUMBERS:
		return find_window(backing, backing->first, span);
	case TALLOC_PHYS:
		return find_phys(backing, span);
	case TALLOC_RESERVE_MEM:
		return find_reserve_mem(backing, span);
	case TALLOC_OF:
		return find_of(backing, span);
	}
	return -EINVAL;
}

/*
 * Mapping.
 */

/* What takes a node takes no flags: who may not use files or devices for it says so here. */
static void *vmalloc_on_node(u64 bytes, int node, gfp_t gfp)
{
	bool any = (gfp & GFP_KERNEL) == GFP_KERNEL;
	unsigned int scope = any ? 0 : memalloc_noio_save();
	void *memory = vmalloc_node(bytes, node);

	if (!any)
		memalloc_noio_restore(scope);
	return memory;
}

static int map_vmalloc(const struct talloc_region *region, struct region_span *span, gfp_t gfp)
{
	void *memory;

	if (region->flags & TALLOC_ON_NODE)
		memory = vmalloc_on_node(span->bytes, region->node, gfp);
	else
		memory = __vmalloc(span->bytes, gfp);
	span->start = talloc_addr(memory);
	span->mapped = memory;
	return memory ? 0 : -ENOMEM;
}

/* Whether a word of the mapping keeps what is written to it; it is put back. */
static bool word_is_memory(void *memory)
{
	unsigned long was = READ_ONCE(*(unsigned long *)memory);
	bool keeps;

	WRITE_ONCE(*(unsigned long *)memory, ~was);
	mb(); /* the read below is of the memory, not of the write on its way there */
	keeps = READ_ONCE(*(unsigned long *)memory) == ~was;
	WRITE_ONCE(*(unsigned long *)memory, was);
	return keeps;
}

static bool span_is_memory(const struct region_span *span)
{
	unsigned long first = ALIGN(span->start, sizeof(long));
	unsigned long end = ALIGN_DOWN(span->start + span->bytes, sizeof(long));

	if (span->bytes < 2 * sizeof(long))
		return true;	/* too small for a block, and refused as that */
	return word_is_memory((void *)first) && word_is_memory((void *)(end - sizeof(long)));
}

/* As virt_addr_valid(), which on most architectures is true of a hole in memory as well. */
static bool virt_addr_mapped(const void *addr)
{
	u8 byte;

	return virt_addr_valid(addr) && !copy_from_kernel_nofault(&byte, addr, sizeof(byte));
}

/*
 * What came from memblock has been in the linear map since boot, but for high
 * memory, and where nothing is. memremap() finds that by the name "System RAM", which not every
 * architecture gives.
 */
static bool span_is_in_linear_map(const struct region_span *span)
{
	phys_addr_t last = span->phys + span->bytes - 1;

	return span->linear && pfn_valid(PHYS_PFN(span->phys)) && pfn_valid(PHYS_PFN(last)) &&
	       !PageHighMem(pfn_to_page(PHYS_PFN(last))) &&
	       virt_addr_mapped(phys_to_virt(span->phys)) && virt_addr_mapped(phys_to_virt(last));
}

static int claim_range(const struct talloc_region *region, struct region_span *span)
{
	if (span->type != TALLOC_PHYS)
		return 0;
	if (!request_mem_region(span->phys, span->bytes, region->name))
		return -EBUSY;
	span->claimed = true;
	return 0;
}

static int map_device(const struct talloc_region *region, struct region_span *span)
{
	int err = claim_range(region, span);

	if (err)
		return err;
	if (IS_ENABLED(CONFIG_HAS_IOMEM))
		span->start = talloc_iomem_addr(ioremap(span->phys, span->bytes));
	span->mapped = span->start;
	span->device = true;
	return span->mapped ? 0 : -ENOMEM;
}

/* Tags in the memory need memory; without, it is not looked at. */
static int map_memory(const struct talloc_region *region, struct region_span *span,
		      enum talloc_cache cache)
{
	unsigned long how = cache == TALLOC_CACHE_WC ? MEMREMAP_WC : MEMREMAP_WB;
	int err = claim_range(region, span);

	if (err)
		return err;
	if (IS_ENABLED(CONFIG_HAS_IOMEM))
		span->start = talloc_addr(memremap(span->phys, span->bytes, how));
	if (!span->start)
		return -ENOMEM;
	span->mapped = true;
	span->combined = cache == TALLOC_CACHE_WC;
	return region->detached || span_is_memory(span) ? 0 : -ENXIO;
}

static int map_range(const struct talloc_region *region, const struct talloc_backing *backing,
		     struct region_span *span)
{
	if (backing->cache != TALLOC_CACHE_WB &&
	    (span->linear || range_is_ram(span->phys, span->bytes)))
		return -EINVAL;
	if (talloc_backing_is_combined(backing) && !region->detached)
		return -EINVAL;
	if (backing->cache == TALLOC_CACHE_DEVICE)
		return map_device(region, span);
	if (span_is_in_linear_map(span)) {
		span->start = talloc_addr(phys_to_virt(span->phys));
		return 0;
	}
	return map_memory(region, span, backing->cache);
}

/* Get hold of the memory that was found. On failure, unmap. */
int talloc_backing_map(const struct talloc_region *region, const struct talloc_backing *backing,
		       struct region_span *span, gfp_t gfp)
{
	switch (span->type) {
	case TALLOC_VMALLOC:
		return map_vmalloc(region, span, gfp);
	case TALLOC_MEMORY:
	case TALLOC_IOMEM:
	case TALLOC_NUMBERS:
		return 0;
	default:
		return map_range(region, backing, span);
	}
}

void talloc_backing_unmap(struct region_span *span)
{
	if (span->mapped && span->type == TALLOC_VMALLOC)
		vfree(addr_to_memory(span->start));
	else if (span->mapped && span->device && IS_ENABLED(CONFIG_HAS_IOMEM))
		iounmap(addr_to_iomem(span->start));
	else if (span->mapped && IS_ENABLED(CONFIG_HAS_IOMEM))
		memunmap(addr_to_memory(span->start));
	if (span->claimed)
		release_mem_region(span->phys, span->bytes);
}

/*
 * Addresses.
 */

static phys_addr_t page_phys(const void *addr)
{
	if (talloc_is_vmalloc_addr(addr))
		return PFN_PHYS(vmalloc_to_pfn(addr)) + offset_in_page(addr);
	if (virt_addr_valid(addr))
		return virt_to_phys((void *)addr);
	return TALLOC_NO_PHYS;
}

/* Pre: @addr is in the span's window. */
static phys_addr_t span_addr_to_phys(const struct talloc_region *region,
				     const struct region_span *span, u64 addr)
{
	if (span->phys != TALLOC_NO_PHYS)
		return span->phys + (addr - span->start);
	return region->kind == REGION_MEMORY ? page_phys(addr_to_memory(addr)) : TALLOC_NO_PHYS;
}

static phys_addr_t region_addr_to_phys(struct talloc_region *region, u64 addr)
{
	phys_addr_t phys = TALLOC_NO_PHYS;
	struct region_span *span;
	unsigned long flags;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (span)
		phys = span_addr_to_phys(region, span, addr);
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return phys;
}

/**
 * talloc_region_virt_to_phys() - the physical address of an address in a region
 * @region: the region
 * @addr: an address in one of its windows
 *
 * It holds for the rest of @addr's page only; talloc_region_contiguous() says for
 * how many bytes it holds.
 *
 * Context: any but NMI. Bounded.
 *
 * Return: the physical address, or %TALLOC_NO_PHYS where @addr is in no window, or
 * the region is not of memory.
 */
phys_addr_t talloc_region_virt_to_phys(struct talloc_region *region, const void *addr)
{
	if (region->kind != REGION_MEMORY)
		return TALLOC_NO_PHYS;
	return region_addr_to_phys(region, talloc_addr(addr));
}
EXPORT_SYMBOL_TALLOC(talloc_region_virt_to_phys);

/**
 * talloc_region_iomem_to_phys() - the physical address of a place in device memory
 * @region: the region
 * @addr: a place in one of its windows
 *
 * Context: any but NMI. Bounded.
 *
 * Return: the physical address; or %TALLOC_NO_PHYS where @addr is in no window that
 * talloc has mapped, or the region is not of device memory.
 */
phys_addr_t talloc_region_iomem_to_phys(struct talloc_region *region,
					const void __iomem *addr)
{
	if (region->kind != REGION_IOMEM)
		return TALLOC_NO_PHYS;
	return region_addr_to_phys(region, talloc_iomem_addr(addr));
}
EXPORT_SYMBOL_TALLOC(talloc_region_iomem_to_phys);

static void *span_phys_to_virt(const struct region_span *span, phys_addr_t phys)
{
	void *addr, *start = addr_to_memory(span->start), *end = start + span->bytes;
	phys_addr_t page = PHYS_PFN(phys);

	/* What is in neither map has none, and is not to be found by that. */
	if (phys == TALLOC_NO_PHYS)
		return NULL;
	if (span->phys != TALLOC_NO_PHYS)
		return phys - span->phys < span->bytes ? start + (phys - span->phys) : NULL;
	for (addr = PTR_ALIGN_DOWN(start, PAGE_SIZE); addr < end; addr += PAGE_SIZE) {
		void *virt = addr + offset_in_page(phys);

		if (PHYS_PFN(page_phys(addr)) == page && virt >= start && virt < end)
			return virt;
		cond_resched();
	}
	return NULL;
}

/**
 * talloc_region_phys_to_virt() - the address in a region of a physical address
 * @region: the region
 * @phys: a physical address
 *
 * Looks at each page of spans that are not one physical range.
 *
 * Context: process context, may sleep.
 *
 * Return: the address, or %NULL where no window of the region has it, or it is not
 * of memory.
 */
void *talloc_region_phys_to_virt(struct talloc_region *region, phys_addr_t phys)
{
	struct region_span *span;
	void *addr = NULL;
	u32 i;

	if (region->kind != REGION_MEMORY)
		return NULL;
	mutex_lock(&region->spans_lock);
	for (i = 0; !addr && (span = talloc_region_span_at(region, i)); i++)
		addr = span_phys_to_virt(span, phys);
	mutex_unlock(&region->spans_lock);
	return addr;
}
EXPORT_SYMBOL_TALLOC(talloc_region_phys_to_virt);

/*
 * How far it is from an address to the end of its window, 0 where it is in none; and whether the
 * window is one physical range.
 */
static u64 region_window_left(struct talloc_region *region, u64 addr, bool *one_range)
{
	struct region_span *span;
	unsigned long flags;
	u64 left = 0;

	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, addr);
	if (span) {
		left = span->start + span->bytes - addr;
		*one_range = span->phys != TALLOC_NO_PHYS;
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return left;
}

/**
 * talloc_region_contiguous() - how far memory is physically contiguous
 * @region: the region
 * @addr: an address in one of its windows
 * @bytes: how far to look
 *
 * A block in a physical range is contiguous. One in memory from vmalloc() is only
 * as far as its pages happen to follow one another.
 *
 * Context: any but NMI. Takes a step a page for spans that are not one physical
 * range.
 *
 * Return: bytes from @addr on that are, at most @bytes, and none past the window's
 * end; 0 where @addr is in no window.
 */
size_t talloc_region_contiguous(struct talloc_region *region, const void *addr, size_t bytes)
{
	phys_addr_t phys = talloc_region_virt_to_phys(region, addr);
	bool one_range = false;
	size_t done = 0;

	bytes = min_t(u64, bytes, region_window_left(region, talloc_addr(addr), &one_range));
	if (one_range && phys != TALLOC_NO_PHYS)
		return bytes;
	while (phys != TALLOC_NO_PHYS && done < bytes &&
	       talloc_region_virt_to_phys(region, addr + done) == phys + done)
		done += PAGE_SIZE - offset_in_page(addr + done);
	return min(done, bytes);
}
EXPORT_SYMBOL_TALLOC(talloc_region_contiguous);

/**
 * struct dma_place - what is to be known of an address for DMA
 * @phys: its physical address
 * @page: its page, which is in the linear map or high memory; or %NULL
 * @combined: the CPU does not cache it
 */
struct dma_place {
	phys_addr_t phys;
	struct page *page;
	bool combined;
};

/*
 * Whether a page that virt_addr_valid() is true of may not be in the linear map all the same: on
 * most architectures it is true of holes in memory, too, whose pages are reserved.
 */
static bool page_may_be_hole(struct page *page)
{
	return !IS_ENABLED(CONFIG_ARM) && !IS_ENABLED(CONFIG_ARM64) && PageReserved(page);
}

/* The page that dma_map_page() can look after: sync its cache lines, or bounce it. */
static struct page *linear_page(const struct region_span *span, u64 addr, phys_addr_t phys)
{
	struct page *page;

	if (!pfn_valid(PHYS_PFN(phys)) || (span->mapped && span->phys != TALLOC_NO_PHYS))
		return NULL;
	page = pfn_to_page(PHYS_PFN(phys));
	/* What the owner has mapped itself. */
	if (talloc_is_vmalloc_addr(addr_to_memory(addr)) && page_may_be_hole(page))
		return NULL;
	return PageHighMem(page) || virt_addr_valid(page_address(page)) ? page : NULL;
}

static struct dma_place dma_place(struct talloc_region *region, const void *addr)
{
	struct dma_place place = { .phys = TALLOC_NO_PHYS };
	struct region_span *span;
	unsigned long flags;

	if (region->kind != REGION_MEMORY)
		return place;
	raw_spin_lock_irqsave(&region->lock, flags);
	span = talloc_region_find_span(region, talloc_addr(addr));
	if (span) {
		place.phys = span_addr_to_phys(region, span, talloc_addr(addr));
		place.page = linear_page(span, talloc_addr(addr), place.phys);
		place.combined = span->combined;
	}
	raw_spin_unlock_irqrestore(&region->lock, flags);
	return place;
}

/* Not where an IOMMU leaves addresses as they are, which is as if there were none. */
static bool dma_is_translated(struct device *dev)
{
#ifdef CONFIG_IOMMU_API
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type != IOMMU_DOMAIN_IDENTITY;
#else
	return false;
#endif
}

/* Whether the device has these addresses where the CPU has them, as far as that is known. */
static bool dma_is_straight(const struct device *dev, phys_addr_t phys, size_t bytes)
{
	const struct bus_dma_region *map = dev->dma_range_map;

	if (IS_ENABLED(CONFIG_ARCH_HAS_PHYS_TO_DMA))
		return false;
	if (!map)
		return true;
	for (; map->size; map++) {
		if (phys >= map->cpu_start && phys - map->cpu_start < map->size)
			return map->dma_start == map->cpu_start &&
			       bytes <= map->size - (phys - map->cpu_start);
	}
	return false;
}

/*
 * What is outside of the linear map can only be mapped as it is: nothing can sync
 * its cache lines or bounce it. So the device has to see what the CPU writes, and
 * reach it at its physical address, or through an IOMMU; but that would map it as
 * it does device registers, past the CPU's caches. NULL, or why it cannot be.
 */
static const char *dma_fault(struct device *dev, const struct dma_place *place, size_t bytes)
{
	u64 limit = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);

	if (!dev->dma_mask)
		return "the device has no DMA mask";
	if (dma_is_translated(dev))
		return place->combined ? NULL : "its IOMMU needs TALLOC_CACHE_WC";
	if (!dma_is_straight(dev, place->phys, bytes))
		return "its addresses are not the CPU's";
	if (place->phys + bytes - 1 > limit)
		return "the device cannot address it";
	if (!place->combined && !dev_is_dma_coherent(dev))
		return "its DMA is not coherent, and needs TALLOC_CACHE_WC";
	return NULL;
}

/**
 * talloc_region_dma_map() - map a block for DMA
 * @region: the region
 * @dev: the device that will access it
 * @addr: the block, or a place in it
 * @bytes: how much of it
 * @dir: direction
 *
 * As dma_map_single(), for memory that is physically contiguous from @addr on for
 * @bytes; what is not is refused and never mapped in part.
 *
 * Memory that is not in the kernel's linear map, as of no-map nodes and memmap=,
 * cannot be bounced, nor its cache lines written back. It is refused where the
 * device would need that: where the device's DMA is not coherent, unless the range
 * was mapped with %TALLOC_CACHE_WC, and where the device cannot reach it. Which of them it was,
 * dynamic debug tells.
 *
 * Where data caches alias, as in some ARM, MIPS and PA-RISC, memory from vmalloc() needs
 * flush_kernel_vmap_range() before, and invalidate_kernel_vmap_range() after what a device
 * has written: its pages have another address in the linear map, which is all that the DMA
 * API looks after. Elsewhere these do nothing.
 *
 * Context: any in which dma_map_page() may be called. Where that has to bounce, it takes a
 * spinlock: on PREEMPT_RT not in hardirq, nor with a raw spinlock held.
 *
 * Return: what to program into the device, or %DMA_MAPPING_ERROR. Check it with
 * dma_mapping_error().
 */
dma_addr_t talloc_region_dma_map(struct talloc_region *region, struct device *dev,
				 const void *addr, size_t bytes, enum dma_data_direction dir)
{
	struct dma_place place = dma_place(region, addr);
	const char *wrong = NULL;

	if (!bytes || talloc_region_contiguous(region, addr, bytes) < bytes)
		wrong = "it is not contiguous, or not in the region";
	else if (!place.page)
		wrong = dma_fault(dev, &place, bytes);
	if (wrong) {
		dev_dbg(dev, "talloc: %s: %zu bytes not mapped for DMA: %s\n", region->name, bytes,
			wrong);
		return DMA_MAPPING_ERROR;
	}
	if (place.page)
		return dma_map_page(dev, place.page, offset_in_page(place.phys), bytes, dir);
	return dma_map_resource(dev, place.phys, bytes, dir, 0);
}
EXPORT_SYMBOL_TALLOC(talloc_region_dma_map);

/**
 * talloc_region_dma_unmap() - undo talloc_region_dma_map()
 * @region: the region
 * @dev: the device
 * @dma: what talloc_region_dma_map() returned
 * @addr: as then
 * @bytes: as then
 * @dir: as then
 *
 * While the span is still the region's: neither removed nor, with the region, abandoned.
 *
 * Context: as talloc_region_dma_map().
 */
void talloc_region_dma_unmap(struct talloc_region *region, struct device *dev, dma_addr_t dma,
			     const void *addr, size_t bytes, enum dma_data_direction dir)
{
	if (dma_place(region, addr).page)
		dma_unmap_page(dev, dma, bytes, dir);
	else
		dma_unmap_resource(dev, dma, bytes, dir, 0);
}
EXPORT_SYMBOL_TALLOC(talloc_region_dma_unmap);
