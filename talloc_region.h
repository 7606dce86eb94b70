/* SPDX-License-Identifier: GPL-2.0 */
/*
 * talloc's regions, as the files of the module see them.
 *
 * Locks, outermost first:
 *
 *   pool->lock            mutex; to add a chunk to a pool, see talloc_genpool.c
 *   talloc_create_lock    mutex; from the moment at which memory is found to be
 *                         nobody's until it is part of a region
 *   talloc_regions_lock   mutex; the lists of regions, their references and owners, and of
 *                         what goes with devices. Nothing is allocated under it but files of
 *                         debugfs when the module begins, nor is anything waited for, but
 *                         that an orphan that nobody has any more is freed, when its reaper
 *                         is done.
 *   region->spans_lock    mutex; who takes a span away or resets it holds this, so a
 *                         walk in slices that holds it finds the spans it began with
 *   region->lock          raw spinlock, irqs off; all else. Every section is
 *                         bounded, whatever the region holds, but where places are
 *                         looked for by more than size and alignment, where a part is
 *                         freed out of the middle of a block, and where a range of a
 *                         pool is.
 *
 * While its owner's handler runs, which may take all of them, a region counts that; who
 * waits for the handler holds none of them.
 */
#ifndef TALLOC_REGION_H
#define TALLOC_REGION_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/talloc.h>
#include <linux/workqueue.h>

#include <talloc_core.h>

struct dentry;

/**
 * enum region_kind - what the addresses of a region are
 * @REGION_MEMORY: of memory, in the kernel's address space
 * @REGION_IOMEM: of device memory, mapped there; only its own accessors may touch it
 * @REGION_NUMBERS: of nothing that could be touched
 */
enum region_kind {
	REGION_MEMORY,
	REGION_IOMEM,
	REGION_NUMBERS,
};

/**
 * struct region_span - one span of a region
 * @type: constant; where it comes from
 * @start: constant; first address of the window
 * @bytes: constant; size of the window, of which the heap may cover a part
 * @phys: constant; physical address of @start where all of the window is
 *	contiguous, else TALLOC_NO_PHYS
 * @preference: constant; spans are in rising order of it
 * @live_map: constant; the heap's live map or NULL
 * @table: constant; the heap's table of tags or NULL
 * @linear: constant; @phys is known to be in the linear map
 * @claimed: constant; the physical range is a resource of ours
 * @mapped: constant; @start is a mapping of ours
 * @device: constant; that mapping is of device memory
 * @combined: constant; that mapping is write-combined
 * @grown: constant; added for want of room, goes back when empty
 * @damage_reported: region->lock; the log has been told that it is out of service
 * @emptied: region->lock; when its last block was freed, in jiffies, if it was grown
 * @peak_below: region->lock; while its heap has as many free units there is no new peak
 * @heap: region->lock
 */
struct region_span {
	enum talloc_backing_type type;
	u64 start;
	u64 bytes;
	phys_addr_t phys;
	int preference;
	unsigned long *live_map;
	void *table;
	bool linear;
	bool claimed;
	bool mapped;
	bool device;
	bool combined;
	bool grown;
	bool damage_reported;
	unsigned long emptied;
	u32 peak_below;
	struct talloc_heap heap;
};

/* Pre: of a region of memory. */
static inline void *addr_to_memory(u64 addr)
{
	return (void *)(unsigned long)addr;
}

/* Pre: of a region of device memory. */
static inline void __iomem *addr_to_iomem(u64 addr)
{
	return (void __iomem *)(unsigned long)addr;
}

/* Events that a region counts; struct talloc_region_stats says what they are. */
struct region_counts {
	u64 allocs;
	u64 frees;
	u64 failures_full;
	u64 failures_fragmented;
	u64 oom_calls;
	u64 misuses;
	u64 peak_bytes;
};

/* A named set of spans; each field's lock is above it. */
struct talloc_region {
	/* constant after create */
	char name[TALLOC_NAME_MAX + 1];
	enum region_kind kind;
	bool detached;			/* tags in tables */
	bool secret;			/* numbers that may be pointers: hashed in the log */
	u32 unit;
	unsigned long flags;
	int node;
	size_t grow_bytes;
	size_t max_bytes;
	struct dentry *debugfs;

	/* talloc_regions_lock */
	struct list_head list;
	struct module *owner;		/* who created it; NULL once that is gone */
	struct device_node *of_node;	/* the provider's node, or NULL */
	unsigned int references;
	bool managed;			/* goes with a device; set for who creates it */
	bool orphan;			/* in talloc_orphans, not in talloc_regions */
	bool leaving;			/* nobody finds it any more, but its name is taken */

	/* region->lock */
	raw_spinlock_t lock;
	talloc_oom_fn oom;
	void *oom_data;
	u32 nr_spans;
	struct region_span *spans[TALLOC_SPANS_MAX + 1];	/* by preference; then NULL */
	struct region_counts counts;

	atomic_t handlers;		/* how many calls of oom run */
	struct mutex spans_lock;	/* see above */
	struct delayed_work reap;
	struct ratelimit_state ratelimit;
};

extern struct mutex talloc_create_lock;
extern struct mutex talloc_regions_lock;
extern struct list_head talloc_regions;
extern struct list_head talloc_orphans;	/* owner gone, references left */

/**
 * struct talloc_misuse - a call that was refused, as the report tells it
 * @call: what was called, as a verb: "free"
 * @addr: the address
 * @status: what is wrong with it
 * @chunk: what lies there, if @status is not TALLOC_OUTSIDE
 * @caller: return address of the call
 */
struct talloc_misuse {
	const char *call;
	u64 addr;
	enum talloc_status status;
	struct talloc_chunk chunk;
	unsigned long caller;
};

static inline bool talloc_region_span_has(const struct region_span *span, u64 addr)
{
	return addr - span->start < span->bytes;
}

/* The span that an address is in, or NULL. */
static inline struct region_span *
talloc_region_find_span(const struct talloc_region *region, u64 addr)
	__must_hold(&region->lock)
{
	struct region_span *const *span;

	lockdep_assert_held(&region->lock);
	for (span = region->spans; *span; span++)
		if (talloc_region_span_has(*span, addr))
			return *span;
	return NULL;
}

/* Its number; that of all spans for none. */
static inline u32 talloc_region_span_number(const struct talloc_region *region, u64 addr)
	__must_hold(&region->lock)
{
	u32 i;

	lockdep_assert_held(&region->lock);
	for (i = 0; i < region->nr_spans; i++)
		if (talloc_region_span_has(region->spans[i], addr))
			break;
	return i;
}

/* talloc_backing.c: what spans are made of */
enum region_kind talloc_backing_kind(const struct talloc_backing *backing);
bool talloc_backing_is_combined(const struct talloc_backing *backing);
bool talloc_backing_is_null(const struct talloc_backing *backing);
int talloc_backing_find(const struct talloc_region *region, const struct talloc_backing *backing,
			struct region_span *span);
int talloc_backing_map(const struct talloc_region *region, const struct talloc_backing *backing,
		       struct region_span *span, gfp_t gfp);
void talloc_backing_unmap(struct region_span *span);

/* talloc_of.c: the platform driver */
#ifdef CONFIG_OF
int talloc_of_init(void);
void talloc_of_exit(void);
#else
static inline int talloc_of_init(void) { return 0; }
static inline void talloc_of_exit(void) { }
#endif

/**
 * struct talloc_managed - what goes with a device, or with its owner if that goes before
 * @list: talloc_regions_lock; in a list of all of them
 * @dev: the device, which has this as a resource
 * @owner: the module that asked for it
 * @release: what is to be done then
 * @data: handed to @release
 * @gone: talloc_regions_lock; completed when it has been done, for an owner who goes; or NULL
 */
struct talloc_managed {
	struct list_head list;
	struct device *dev;
	struct module *owner;
	void (*release)(void *data);
	void *data;
	struct completion *gone;
};

/* talloc_region.c: their life */
int talloc_manage(struct device *dev, struct module *owner, void (*release)(void *data),
		  void *data);
void talloc_managed_release(struct device *dev, void *res);
struct talloc_region *talloc_region_create_for(const struct talloc_region_config *config,
					       struct module *owner, bool secret,
					       unsigned long caller);
int talloc_region_manage(struct talloc_region *region, struct device *dev);
struct talloc_region *talloc_region_adopt(const struct device_node *np, struct module *owner);
void __talloc_region_abandon(struct talloc_region *region, const char *what);
void talloc_regions_abandon(const struct module *owner);
void talloc_orphans_release(void);

/* talloc_spans.c */
struct region_span *talloc_region_span_create(struct talloc_region *region,
					      const struct talloc_backing *backing, gfp_t gfp);
void talloc_region_span_free(struct region_span *span);
int talloc_region_may_grow(struct talloc_region *region, u64 bytes);
int __talloc_region_put_span(struct talloc_region *region, struct region_span *span,
			     u64 max_bytes);
int talloc_region_put_span(struct talloc_region *region, struct region_span *span);
struct region_span *talloc_region_span_at(struct talloc_region *region, u32 i);
struct region_span *talloc_region_take_span(struct talloc_region *region, u32 i);
int __talloc_region_add_backing(struct talloc_region *region,
				const struct talloc_backing *backing);
int talloc_region_try_reap(struct talloc_region *region);
void talloc_region_reap_later(struct talloc_region *region);
void talloc_region_reap_work(struct work_struct *work);

/* Enough for a smallest block, and for what is lost at the ends of a span. */
static inline size_t talloc_region_least_bytes(const struct talloc_region *region)
{
	return 2 * (size_t)region->unit + TALLOC_SLOT_BYTES;
}

/* talloc_alloc.c: what pools and spans need besides talloc.h */
enum talloc_status talloc_region_alloc_in(struct talloc_region *region, u64 at, u64 bytes,
					  const struct talloc_where *where, u64 *addr);
enum talloc_status talloc_region_free_range(struct talloc_region *region, u64 addr, u64 bytes);
void talloc_region_settle(struct talloc_region *region);
void talloc_region_report_damage(struct talloc_region *region);
void talloc_region_count_failure(struct talloc_region *region, u64 bytes);
void talloc_region_misuse(struct talloc_region *region, const char *call, u64 addr,
			  enum talloc_status status, unsigned long caller);
void talloc_region_misuse_call(struct talloc_region *region, const char *call, const char *wrong,
			       unsigned long caller);

/* talloc_walk.c */
int __talloc_region_walk(struct talloc_region *region, talloc_walk_fn fn, void *data,
			 bool *changed);
int __talloc_region_check(struct talloc_region *region, struct talloc_fault *fault, u32 *at);

/* talloc_param.c */
int talloc_param_regions(const char *list);

/* talloc_report.c: prints, so never under region->lock */
void talloc_report_misuse(struct talloc_region *region, const struct talloc_misuse *misuse);
void talloc_report_call(struct talloc_region *region, const char *call, const char *wrong,
			unsigned long caller);
const char *talloc_create_error(int err);
void talloc_report_create(const char *name, const char *wrong, unsigned long caller);
void talloc_report_align(struct talloc_region *region, u64 align, unsigned long caller);
void talloc_report_damage(struct talloc_region *region, u32 span,
			  const struct talloc_fault *fault);
void talloc_report_live(struct talloc_region *region, u64 blocks, const char *what);
void talloc_report_lost(struct talloc_region *region, u64 blocks);
void talloc_report_references(struct talloc_region *region, unsigned int references,
			      const char *what);

/* talloc_debugfs.c */
#ifdef CONFIG_DEBUG_FS
void talloc_debugfs_init(void);
void talloc_debugfs_exit(void);
void talloc_debugfs_add(struct talloc_region *region);
void talloc_debugfs_remove(struct talloc_region *region);
#else
static inline void talloc_debugfs_init(void) { }
static inline void talloc_debugfs_exit(void) { }
static inline void talloc_debugfs_add(struct talloc_region *region) { }
static inline void talloc_debugfs_remove(struct talloc_region *region) { }
#endif

#endif /* TALLOC_REGION_H */
