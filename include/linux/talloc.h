/* SPDX-License-Identifier: GPL-2.0 */
/*
 * talloc: heaps inside memory regions, for drivers.
 *
 * A region is a named set of spans that one driver, or several, can allocate from
 * with calls like kmalloc()'s. It is of one of three kinds, which its first span
 * decides: memory, with calls that take and return pointers; device memory, with
 * calls that take and return void __iomem *; and numbers, such as bus addresses,
 * with calls that take and return u64. Those last work for all kinds.
 * Documentation/guide.rst says how; Documentation/api.rst has the context of each
 * call in one table.
 *
 * Functions are exported to GPL modules in the symbol namespace TALLOC; say
 * TALLOC_IMPORT_NS() once in the module.
 */
#ifndef _LINUX_TALLOC_H
#define _LINUX_TALLOC_H

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/dma-direction.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/of.h>
#include <linux/overflow.h>
#include <linux/talloc_compat.h>
#include <linux/types.h>
#include <talloc_where.h>

struct module;
struct platform_device;
struct talloc_region;

/* Longest name of a region, in characters, without the NUL. */
#define TALLOC_NAME_MAX		31

/* Most spans that a region may have. */
#define TALLOC_SPANS_MAX	64

/* talloc_region_config.flags */
#define TALLOC_ON_NODE		BIT(0)	/* config.node says where memory comes from */
#define TALLOC_NO_LIVE_MAP	BIT(1)	/* save a bit a unit; see the guide on misuse */
#define TALLOC_DETACHED		BIT(2)	/* tags in a table beside the memory */
#define TALLOC_ISOLATED		BIT(3)	/* no two blocks share a cache line of DMA */
#define TALLOC_NO_KEPT		BIT(4)	/* merge what is freed at once */

/**
 * talloc_addr() - a pointer, for calls that take addresses
 * @p: a pointer into a region of memory
 *
 * Return: its address.
 */
static inline u64 talloc_addr(const void *p)
{
	return (unsigned long)p;
}

/**
 * talloc_iomem_addr() - a place in device memory, for calls that take addresses
 * @p: a pointer into a region of device memory
 *
 * Return: its address.
 */
static inline u64 talloc_iomem_addr(const void __iomem *p)
{
	return (__force unsigned long)p;
}

/**
 * typedef talloc_oom_fn - what to do when a region has no room
 * @region: the region
 * @bytes: the request that found none
 * @where: what its address has to be like; all 0 where it asks for nothing
 * @gfp: its flags, less what memalloc_nofs_save() and its like forbid; they allow blocking
 * @data: oom_data of the region's config
 *
 * It may make room in any way: talloc_region_add_span(), freeing blocks, waiting
 * for somebody else to free some. It must not allocate from @region with flags
 * that allow blocking. Without __GFP_IO and __GFP_FS in @gfp it must not call
 * talloc_region_add_span(), which allocates with GFP_KERNEL. Unloading the region's owner, or
 * unbinding its device, waits until the handler has returned, which so must not wait for either.
 *
 * Context: process context, no lock of talloc's held; may sleep as far as @gfp
 * allows. May run on several CPUs at once.
 *
 * Return: 0 to try again; a negative errno to let the allocation fail where there is no room.
 */
typedef int (*talloc_oom_fn)(struct talloc_region *region, u64 bytes,
			     const struct talloc_where *where, gfp_t gfp, void *data);

/**
 * enum talloc_backing_type - where a span comes from
 * @TALLOC_VMALLOC: vmalloc(); pages that are not contiguous
 * @TALLOC_MEMORY: memory that the caller has mapped
 * @TALLOC_PHYS: a physical range, claimed with request_mem_region(): what
 *	memmap= set aside, firmware tables describe, or is no RAM
 * @TALLOC_RESERVE_MEM: what reserve_mem= set aside, by its label; from 6.12 on
 * @TALLOC_OF: a node in a device's memory-region property
 * @TALLOC_IOMEM: device memory that the caller has mapped
 * @TALLOC_NUMBERS: nothing but numbers: physical, bus or DMA addresses, offsets into
 *	memory that the CPU does not see, or anything else
 */
enum talloc_backing_type {
	TALLOC_VMALLOC,
	TALLOC_MEMORY,
	TALLOC_PHYS,
	TALLOC_RESERVE_MEM,
	TALLOC_OF,
	TALLOC_IOMEM,
	TALLOC_NUMBERS,
};

/**
 * enum talloc_cache - how a physical range is mapped
 * @TALLOC_CACHE_WB: cacheable, as RAM is
 * @TALLOC_CACHE_WC: write-combined; the region has to have %TALLOC_DETACHED, as other CPUs may
 *	see what is written there only after the lock under which it was is free
 * @TALLOC_CACHE_DEVICE: as device registers are, with ioremap(); the region is one
 *	of device memory then
 */
enum talloc_cache {
	TALLOC_CACHE_WB,
	TALLOC_CACHE_WC,
	TALLOC_CACHE_DEVICE,
};

/**
 * struct talloc_backing - one span
 * @type: where it comes from; says which of the fields below are looked at
 * @bytes: how much of the window the span has at first; 0 for all
 * @offset: where in the window it begins
 * @window: what the span can be extended to: bytes of memory from vmalloc(), of
 *	the caller's memory, of device memory or of numbers; 0 for @offset + @bytes. For
 *	%TALLOC_PHYS the size of the range, which has to be said. Ranges that have a size
 *	of their own, by label or node, are the window themselves.
 * @preference: spans of a region are tried by rising preference, and among equals
 *	in the order in which they were added
 * @memory: for %TALLOC_MEMORY; cacheable, where tags are in it
 * @iomem: for %TALLOC_IOMEM
 * @first: for %TALLOC_NUMBERS, the window's first number; 0 is one
 * @phys: for %TALLOC_PHYS, the window's first address
 * @label: for %TALLOC_RESERVE_MEM
 * @of_node: for %TALLOC_OF, the node that has the memory-region property
 * @index: for %TALLOC_OF, which entry of it, from 0
 * @cache: for physical ranges; what is in the linear map can only be cacheable
 */
struct talloc_backing {
	enum talloc_backing_type type;
	u64 bytes;
	u64 offset;
	u64 window;
	int preference;
	void *memory;
	void __iomem *iomem;
	u64 first;
	phys_addr_t phys;
	const char *label;
	struct device_node *of_node;
	int index;
	enum talloc_cache cache;
};

/**
 * struct talloc_region_config - what a region is made of
 * @name: 1 to %TALLOC_NAME_MAX letters, digits, ``_``, ``-`` or ``.``; unique;
 *	not ``regions`` and not beginning with a dot. It is copied.
 * @bytes: size of the first span. Where tags are in the memory, it loses a unit at its start,
 *	and whatever is no whole unit then; 24 is the least with units of 8.
 * @memory: the memory of the first span, mapped, writable, and the caller's until
 *	the region is destroyed; %NULL to have it from vmalloc()
 * @backing: the first span in full, in place of @bytes and @memory; may be %NULL
 * @unit: alignment of every block and granule of sizes in bytes, a power of two
 *	from 8 to 2 MiB, or from 1 on where tags are in a table; 0 for 8
 * @flags: %TALLOC_ON_NODE; %TALLOC_NO_LIVE_MAP; %TALLOC_DETACHED to have the tags in
 *	a table of 16 bytes a unit, as regions that are not of memory have them in any
 *	case: then nothing but what the caller asks for touches the memory, and all of
 *	it can be had; %TALLOC_ISOLATED, that and a unit of at least
 *	dma_get_cache_alignment(), so that what a device writes to one block does not
 *	meet what the CPU writes to another; %TALLOC_NO_KEPT to merge freed blocks with
 *	what is free beside them at once, which costs time, but then no allocation that
 *	finds no room has to merge up to 273 of them a span first
 * @node: with %TALLOC_ON_NODE, NUMA node for memory from vmalloc() and for what describes spans
 * @grow_bytes: where not 0, a request for which there is no room adds a vmalloc()'d
 *	span of at least this size; spans so added go back when they have been
 *	empty for a second or two, or at once with talloc_region_reap(). Only with memory.
 * @max_bytes: the region does not grow where the windows of all its spans would together
 *	exceed this; not less than the first span's window; 0 for no limit. No span smaller
 *	than @grow_bytes is added, not even if only that would stay within the limit. Only
 *	with @grow_bytes, and no limit to what is added by hand.
 * @oom: called when there is no room, after @grow_bytes was tried; may be %NULL
 * @oom_data: handed to @oom; it has to stay as long as the region is its owner's
 */
struct talloc_region_config {
	const char *name;
	u64 bytes;
	void *memory;
	const struct talloc_backing *backing;
	u32 unit;
	unsigned long flags;
	int node;
	size_t grow_bytes;
	size_t max_bytes;
	talloc_oom_fn oom;
	void *oom_data;
};

/**
 * struct talloc_region_stats - figures of a region
 * @spans: spans it has now
 * @spans_out_of_service: those of them in which a damaged tag was found
 * @total_bytes: size of all spans, tags included
 * @used_bytes: in live blocks, with their tags and rounding
 * @free_bytes: the rest; in spans out of service too
 * @peak_bytes: the most that @used_bytes has been
 * @largest_bytes: the largest request that would succeed now, with the unit's
 *	alignment
 * @blocks: live blocks
 * @free_chunks: pieces that @free_bytes is in
 * @allocs: allocations that succeeded, moves by realloc included
 * @frees: blocks freed, moves included, and parts of blocks
 * @failures_full: failed allocations larger than what was free in all, where spans
 *	out of service do not count
 * @failures_fragmented: failed allocations of no more than was free in all: what was free was
 *	in too small pieces, or not where alignment or conditions wanted it
 * @oom_calls: rounds in which the region was to grow, @oom was called, or both
 * @misuses: calls refused because of what they were given
 */
struct talloc_region_stats {
	u32 spans;
	u32 spans_out_of_service;
	u64 total_bytes;
	u64 used_bytes;
	u64 free_bytes;
	u64 peak_bytes;
	u64 largest_bytes;
	u64 blocks;
	u64 free_chunks;
	u64 allocs;
	u64 frees;
	u64 failures_full;
	u64 failures_fragmented;
	u64 oom_calls;
	u64 misuses;
};

/**
 * enum talloc_piece_state - what a piece of a region is
 * @TALLOC_PIECE_BLOCK: a live block
 * @TALLOC_PIECE_FREE: free
 * @TALLOC_PIECE_UNKNOWN: not known, as the region changed under the walk or the
 *	span is out of service
 */
enum talloc_piece_state {
	TALLOC_PIECE_BLOCK,
	TALLOC_PIECE_FREE,
	TALLOC_PIECE_UNKNOWN,
};

/**
 * struct talloc_piece - one step of talloc_region_walk(), or what talloc_region_find() found
 * @addr: where it begins; for a block what its allocation returned
 * @bytes: its size, up to the next piece, tags included
 * @usable: bytes that the block's owner may use, or that one block here could have
 * @span: number of its span, from 0
 * @state: block, free or unknown
 */
struct talloc_piece {
	u64 addr;
	u64 bytes;
	u64 usable;
	u32 span;
	enum talloc_piece_state state;
};

/**
 * typedef talloc_walk_fn - called for each piece of a region
 * @piece: the piece; valid during the call
 * @data: as given to talloc_region_walk()
 *
 * Blocks may be allocated and freed meanwhile: the piece may change as soon as it was seen.
 * But no span may go, which a mutex of the region's sees to. So of talloc's calls this may
 * use those that api.rst has S, or nothing, for locks, for any region; and none to allocate
 * with flags that allow blocking: what the region grew by cannot go back meanwhile, and its
 * handler may want to add a span.
 *
 * Context: that of the walk; may sleep.
 *
 * Return: 0 to go on, else the walk ends and returns this.
 */
typedef int (*talloc_walk_fn)(const struct talloc_piece *piece, void *data);

struct talloc_region *__talloc_region_create(const struct talloc_region_config *config,
					     struct module *owner);
struct talloc_region *__devm_talloc_region_create(struct device *dev,
						  const struct talloc_region_config *config,
						  struct module *owner);

/**
 * talloc_region_create() - create a region
 * @config: what it is made of; read during the call only
 *
 * Context: process context, may sleep.
 *
 * Return: the region, or an ERR_PTR():
 *
 * * -EINVAL: no config; with a report in the log a bad name, unit, flag or combination, or
 *   size 0; a range that wraps, memory that begins at address 0
 * * -ENOSPC: too small for a single block, or more than %TALLOC_SPANS_MAX spans
 * * -E2BIG: 2^29 units or more in one span; use a larger unit or more spans
 * * -EEXIST: there is a region of this name
 * * -EADDRINUSE: the memory overlaps a span of a region, or a range of numbers one of
 *   the same region
 * * -ENOMEM: no memory, or no mapping of a physical range; also where a table of tags would
 *   have 2 GiB or more, which 2^27 - 1 units take
 *
 * and for physical ranges:
 *
 * * -EINVAL: no device tree node or entry there, a range that wraps, or a mapping other than
 *   write-back of what is in the kernel's linear map; write-combined without %TALLOC_DETACHED
 * * -ENXIO: nothing is at these addresses
 * * -EPERM: System RAM that the kernel is using, as also where a ``no-map`` node could not be
 *   reserved, or a node that is ``reusable`` or a ``shared-dma-pool``
 * * -EBUSY: somebody else has claimed the range
 * * -ENOENT: no reserve_mem= of this label, or an entry that is no reserved memory
 * * -EOPNOTSUPP: reserve_mem= before 6.12; a kernel without device tree or memremap()
 */
#define talloc_region_create(config)	__talloc_region_create(config, THIS_MODULE)

/**
 * talloc_region_create_vmalloc() - create a region in memory from vmalloc()
 * @name_: its name
 * @bytes_: its size
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define talloc_region_create_vmalloc(name_, bytes_)			\
	talloc_region_create((&(const struct talloc_region_config) {	\
		.name = (name_), .bytes = (bytes_),			\
	}))

/**
 * talloc_region_create_over() - create a region in memory that the caller has
 * @name_: its name
 * @memory_: mapped, writable memory; %NULL is refused
 * @bytes_: its size
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define talloc_region_create_over(name_, memory_, bytes_)		\
	talloc_region_create((&(const struct talloc_region_config) {	\
		.name = (name_),					\
		.backing = &(const struct talloc_backing) {		\
			.type = TALLOC_MEMORY, .memory = (memory_), .window = (bytes_), \
		},							\
	}))

/**
 * talloc_region_create_iomem() - create a region in device memory that the caller has
 * @name_: its name
 * @iomem_: mapped device memory
 * @bytes_: its size
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define talloc_region_create_iomem(name_, iomem_, bytes_)		\
	talloc_region_create((&(const struct talloc_region_config) {	\
		.name = (name_),					\
		.backing = &(const struct talloc_backing) {		\
			.type = TALLOC_IOMEM, .iomem = (iomem_), .window = (bytes_), \
		},							\
	}))

/**
 * talloc_region_create_numbers() - create a region of numbers
 * @name_: its name
 * @first_: the first of them; 0 is one
 * @bytes_: how many there are
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define talloc_region_create_numbers(name_, first_, bytes_)		\
	talloc_region_create((&(const struct talloc_region_config) {	\
		.name = (name_),					\
		.backing = &(const struct talloc_backing) {		\
			.type = TALLOC_NUMBERS, .first = (first_), .window = (bytes_), \
		},							\
	}))

/**
 * talloc_region_create_phys() - create a region in a physical range
 * @name_: its name
 * @phys_: physical address
 * @bytes_: its size
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define talloc_region_create_phys(name_, phys_, bytes_)			\
	talloc_region_create((&(const struct talloc_region_config) {	\
		.name = (name_),					\
		.backing = &(const struct talloc_backing) {		\
			.type = TALLOC_PHYS, .phys = (phys_), .window = (bytes_), \
		},							\
	}))

/**
 * talloc_region_create_reserve_mem() - create a region in what reserve_mem= set aside
 * @name_: its name
 * @label_: the name given on the kernel's command line
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define talloc_region_create_reserve_mem(name_, label_)			\
	talloc_region_create((&(const struct talloc_region_config) {	\
		.name = (name_),					\
		.backing = &(const struct talloc_backing) {		\
			.type = TALLOC_RESERVE_MEM, .label = (label_),	\
		},							\
	}))

static inline struct talloc_region *__talloc_region_create_of(struct device *dev,
							      const char *name, int index,
							      bool managed, struct module *owner)
{
	const struct talloc_backing backing = {
		.type = TALLOC_OF, .of_node = dev->of_node, .index = index,
	};
	const struct talloc_region_config config = { .name = name, .backing = &backing };

	if (managed)
		return __devm_talloc_region_create(dev, &config, owner);
	return __talloc_region_create(&config, owner);
}

/**
 * talloc_of_index() - which entry of memory-region has a name
 * @dev: a device whose node has the properties memory-region and
 *	memory-region-names
 * @entry: one of memory-region-names
 *
 * Context: process context.
 *
 * Return: the index, to be used with talloc_region_create_of() and its like, which
 * refuse it with -EINVAL where there was none.
 */
static inline int talloc_of_index(struct device *dev, const char *entry)
{
	return of_property_match_string(dev->of_node, "memory-region-names", entry);
}

/**
 * talloc_region_create_of() - create a region in a device's reserved memory
 * @name: its name
 * @dev: a device whose node has a memory-region property
 * @index: which entry of it, from 0; see talloc_of_index()
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define talloc_region_create_of(name, dev, index) \
	__talloc_region_create_of(dev, name, index, false, THIS_MODULE)

/**
 * devm_talloc_region_create_of() - talloc_region_create_of() that goes with the device
 * @dev: a device whose node has a memory-region property
 * @name: the region's name
 * @index: which entry of it, from 0; see talloc_of_index()
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define devm_talloc_region_create_of(dev, name, index) \
	__talloc_region_create_of(dev, name, index, true, THIS_MODULE)

/**
 * devm_talloc_region_create() - create a region that goes with a device
 * @dev: the device; when it is unbound, or the calling module unloaded, the region is
 *	destroyed, and what is still live in it is reported and lost; where others hold a
 *	reference it lives on until they put it, without its name, its handler and memory
 *	that was the driver's
 * @config: what it is made of
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create().
 */
#define devm_talloc_region_create(dev, config) \
	__devm_talloc_region_create(dev, config, THIS_MODULE)

struct talloc_region *__devm_talloc_region_create_resource(struct platform_device *pdev,
							   const char *name,
							   unsigned int index,
							   struct module *owner);

/**
 * devm_talloc_region_create_resource() - create a region in a device's memory
 * @pdev: the device; when it is unbound the region is destroyed, and what is still
 *	live in it is reported and lost
 * @name: its name
 * @index: which of the device's memory resources, from 0
 *
 * A region of device memory: the resource is claimed and mapped with ioremap(). A device that is
 * unregistered takes its resources along, so nobody may hold a reference to the region by then.
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_create(); -EINVAL where there is no such resource, -EBUSY
 * where somebody else has claimed it.
 */
#define devm_talloc_region_create_resource(pdev, name, index) \
	__devm_talloc_region_create_resource(pdev, name, index, THIS_MODULE)

int talloc_region_destroy(struct talloc_region *region);
void talloc_region_abandon(struct talloc_region *region);
struct talloc_region *talloc_region_get(const char *name);
void talloc_region_put(struct talloc_region *region);
const char *talloc_region_name(const struct talloc_region *region);

#ifdef CONFIG_OF
struct talloc_region *talloc_region_of_get(const struct device_node *np, const char *property,
					   int index);
struct talloc_region *__devm_talloc_region_of_get(struct device *dev, const char *property,
						  int index, struct module *owner);
#else
static inline struct talloc_region *talloc_region_of_get(const struct device_node *np,
							 const char *property, int index)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline struct talloc_region *__devm_talloc_region_of_get(struct device *dev,
								const char *property, int index,
								struct module *owner)
{
	return ERR_PTR(-EOPNOTSUPP);
}
#endif

/**
 * devm_talloc_region_of_get() - talloc_region_of_get() that goes with the device
 * @dev: the consumer
 * @property: as talloc_region_of_get(), of the device's node
 * @index: as talloc_region_of_get()
 *
 * The reference is put when the device is unbound, or the calling module unloaded.
 *
 * Context: process context, may sleep.
 *
 * Return: as talloc_region_of_get().
 */
#define devm_talloc_region_of_get(dev, property, index) \
	__devm_talloc_region_of_get(dev, property, index, THIS_MODULE)

int talloc_region_add_backing(struct talloc_region *region, const struct talloc_backing *backing);
int talloc_region_add_span(struct talloc_region *region, void *memory, size_t bytes);
int talloc_region_remove_span(struct talloc_region *region, u64 addr);
bool talloc_region_contains(struct talloc_region *region, u64 addr);
int talloc_region_extend(struct talloc_region *region, u64 addr, u64 low, u64 high);
int talloc_region_truncate(struct talloc_region *region, u64 addr, u64 low, u64 high,
			   u64 *in_the_way);
int talloc_region_trim(struct talloc_region *region, u64 addr, u64 *low, u64 *high);
int talloc_region_reap(struct talloc_region *region);
int talloc_region_reset(struct talloc_region *region);

void talloc_region_free(struct talloc_region *region, const void *block);
void *talloc_region_alloc(struct talloc_region *region, size_t bytes, gfp_t gfp)
	__alloc_size(2) __malloc;
void *talloc_region_alloc_aligned(struct talloc_region *region, size_t bytes, size_t align,
				  gfp_t gfp)
	__alloc_size(2) __malloc;
void *talloc_region_alloc_array(struct talloc_region *region, size_t count, size_t bytes,
				gfp_t gfp)
	__alloc_size(2, 3) __malloc;
void *talloc_region_realloc(struct talloc_region *region, void *block, size_t bytes, gfp_t gfp)
	__must_check __realloc_size(3);
int talloc_region_resize(struct talloc_region *region, void *block, size_t bytes);

size_t talloc_region_usable_size(struct talloc_region *region, const void *block);
void *talloc_region_alloc_where(struct talloc_region *region, size_t bytes,
				const struct talloc_where *where, gfp_t gfp)
	__alloc_size(2) __malloc;

void __iomem *talloc_region_alloc_iomem(struct talloc_region *region, size_t bytes,
					const struct talloc_where *where, gfp_t gfp);
void talloc_region_free_iomem(struct talloc_region *region, const void __iomem *block);
int talloc_region_resize_iomem(struct talloc_region *region, const void __iomem *block,
			       size_t bytes);

int __must_check talloc_region_alloc_addr(struct talloc_region *region, u64 bytes,
					  const struct talloc_where *where, gfp_t gfp, u64 *addr);
void talloc_region_free_addr(struct talloc_region *region, u64 addr);
int talloc_region_free_part(struct talloc_region *region, u64 addr, u64 bytes);
int talloc_region_resize_addr(struct talloc_region *region, u64 addr, u64 bytes);
u64 talloc_region_usable_size_addr(struct talloc_region *region, u64 addr);

/* What talloc_region_virt_to_phys() returns where there is no answer. */
#define TALLOC_NO_PHYS		((phys_addr_t)~0ull)

phys_addr_t talloc_region_virt_to_phys(struct talloc_region *region, const void *addr);
phys_addr_t talloc_region_iomem_to_phys(struct talloc_region *region,
					const void __iomem *addr);
void *talloc_region_phys_to_virt(struct talloc_region *region, phys_addr_t phys);
size_t talloc_region_contiguous(struct talloc_region *region, const void *addr, size_t bytes);
dma_addr_t talloc_region_dma_map(struct talloc_region *region, struct device *dev,
				 const void *addr, size_t bytes, enum dma_data_direction dir);
void talloc_region_dma_unmap(struct talloc_region *region, struct device *dev, dma_addr_t dma,
			     const void *addr, size_t bytes, enum dma_data_direction dir);

void talloc_region_stats(struct talloc_region *region, struct talloc_region_stats *stats);
int talloc_region_find(struct talloc_region *region, u64 addr, struct talloc_piece *piece);
int talloc_region_walk(struct talloc_region *region, talloc_walk_fn fn, void *data);
int talloc_region_check(struct talloc_region *region);

/**
 * talloc_region_zalloc() - allocate zeroed memory
 * @region: the region
 * @bytes: size in bytes
 * @gfp: as talloc_region_alloc()
 *
 * Context: any but NMI.
 *
 * Return: as talloc_region_alloc().
 */
static inline __alloc_size(2) __malloc
void *talloc_region_zalloc(struct talloc_region *region, size_t bytes, gfp_t gfp)
{
	return talloc_region_alloc(region, bytes, gfp | __GFP_ZERO);
}

/**
 * talloc_region_calloc() - allocate a zeroed array
 * @region: the region
 * @count: number of elements
 * @bytes: size of one
 * @gfp: as talloc_region_alloc()
 *
 * Context: any but NMI.
 *
 * Return: as talloc_region_alloc(); %NULL where the product overflows.
 */
static inline __alloc_size(2, 3) __malloc
void *talloc_region_calloc(struct talloc_region *region, size_t count, size_t bytes, gfp_t gfp)
{
	return talloc_region_alloc_array(region, count, bytes, gfp | __GFP_ZERO);
}

static inline void __talloc_region_cleanup(struct talloc_region *region)
{
	if (!IS_ERR_OR_NULL(region))
		talloc_region_destroy(region);
}

static inline void __talloc_region_unref(struct talloc_region *region)
{
	if (!IS_ERR_OR_NULL(region))
		talloc_region_put(region);
}

/* struct talloc_region *r __free(talloc_region_destroy) = talloc_region_create(...); */
DEFINE_FREE(talloc_region_destroy, struct talloc_region *, __talloc_region_cleanup(_T))
/* struct talloc_region *r __free(talloc_region_put) = talloc_region_get(name); */
DEFINE_FREE(talloc_region_put, struct talloc_region *, __talloc_region_unref(_T))

/**
 * struct talloc_block - a block that is freed at the end of its scope
 * @region: where it is from
 * @p: the block, or %NULL
 *
 * A block is freed by its region and its address together, so a bare pointer
 * cannot be a __free() variable. This can::
 *
 *	CLASS(talloc_block, msg)(region, bytes, GFP_KERNEL);
 *
 *	if (!msg.p)
 *		return -ENOMEM;
 *	...
 *	list->head = talloc_block_keep(&msg);	// not freed at the end
 */
struct talloc_block {
	struct talloc_region *region;
	void *p;
};

static inline struct talloc_block __talloc_block(struct talloc_region *region, size_t bytes,
						 gfp_t gfp)
{
	return (struct talloc_block){ region, talloc_region_alloc(region, bytes, gfp) };
}

/**
 * talloc_block_keep() - take a block out of its scope's hands
 * @block: the block
 *
 * Return: the block's memory, which is not freed at the end of the scope.
 */
static inline void *talloc_block_keep(struct talloc_block *block)
{
	void *p = block->p;

	block->p = NULL;
	return p;
}

DEFINE_CLASS(talloc_block, struct talloc_block, talloc_region_free(_T.region, _T.p),
	     __talloc_block(region, bytes, gfp),
	     struct talloc_region *region, size_t bytes, gfp_t gfp)

#endif /* _LINUX_TALLOC_H */
