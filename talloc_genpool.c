// SPDX-License-Identifier: GPL-2.0
/*
 * gen_pool's calls: pools of addresses, each of which is a region of numbers.
 */

/**
 * DOC: Pools
 *
 * A pool is a region of numbers whose unit is the pool's granule, and a chunk is a span
 * of it. What stands at the addresses is never touched, but by the calls whose name
 * says zalloc.
 *
 * Granules are counted from a chunk's start, wherever that is, but units from 0. So the
 * region has a chunk moved down to the next lower multiple of the granule: the *grid*
 * address of what begins at @addr is @addr less the chunk's *shift*. Chunks that do not
 * overlap do not overlap on the grid either.
 *
 * A result of 0 means that there is no room, so the granule at address 0, where a pool
 * has that, is taken when its chunk is added.
 *
 * A request first takes a step that does not depend on what is in the chunk. Where that
 * finds nothing, all free places that are large enough are looked at, so that a request
 * fails only where gen_pool would have no room either.
 */

#define pr_fmt(fmt) "talloc: gen_pool: " fmt

#include <linux/device.h>
#include <linux/hardirq.h>
#include <linux/log2.h>
#include <linux/nodemask.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/talloc_genpool.h>

#include "talloc_region.h"

static u64 pool_granule(const struct gen_pool *pool)
{
	return 1ull << pool->min_alloc_order;
}

static unsigned long chunk_bytes(const struct gen_pool_chunk *chunk)
{
	return chunk->end_addr - chunk->start_addr + 1;
}

static unsigned long chunk_shift(const struct gen_pool *pool, const struct gen_pool_chunk *chunk)
{
	return chunk->start_addr & (pool_granule(pool) - 1);
}

/* What of a chunk can be allocated, on the grid. */
static struct talloc_span chunk_span(const struct gen_pool *pool,
				     const struct gen_pool_chunk *chunk)
{
	u64 start = chunk->start_addr - chunk_shift(pool, chunk);

	return (struct talloc_span){
		start, start + round_down(chunk_bytes(chunk), pool_granule(pool))
	};
}

/* The granule at 0: taken for good, so that nobody is given it. */
static bool chunk_has_zero(const struct gen_pool *pool, const struct gen_pool_chunk *chunk)
{
	return !chunk->start_addr && chunk_bytes(chunk) >= pool_granule(pool);
}

/* Pre: under RCU, or nobody else has the pool. */
static struct gen_pool_chunk *pool_find_chunk(const struct gen_pool *pool, unsigned long addr)
{
	struct gen_pool_chunk *chunk;

	list_for_each_entry_rcu(chunk, &pool->chunks, next_chunk)
		if (addr >= chunk->start_addr && addr <= chunk->end_addr)
			return chunk;
	return NULL;
}

/* The region, for who has found no chunk: it may be made at this moment, or not be yet. */
static struct talloc_region *pool_region(struct gen_pool *pool)
{
	/* Pairs with that of pool_create_region(). */
	return smp_load_acquire(&pool->region);
}

/* A call that is refused, but not because of an address in a chunk. */
static void pool_misuse(struct gen_pool *pool, const char *call, const char *wrong,
			unsigned long caller)
{
	struct talloc_region *region = pool_region(pool);

	if (region)
		talloc_region_misuse_call(region, call, wrong, caller);
	else
		pr_err_ratelimited("bad %s by %pS: %s\n", call, (void *)caller, wrong);
}

static void pool_count_failure(struct gen_pool *pool, size_t size)
{
	struct talloc_region *region = pool_region(pool);

	if (region)
		talloc_region_count_failure(region, size);
}

/* The region's lock may be taken by what the NMI has interrupted. */
static bool pool_in_nmi(const char *call, unsigned long caller)
{
	if (likely(!in_nmi()))
		return false;
	pr_err_ratelimited("bad %s by %pS: in an NMI\n", call, (void *)caller);
	return true;
}

/*
 * The algorithms.
 */

/**
 * talloc_gen_pool_first_fit() - gen_pool_first_fit: anywhere
 * @pool: see &typedef genpool_algo_t
 * @chunk: see there
 * @bytes: see there
 * @data: nothing
 * @where: left as it is
 *
 * Where it is tightest, as gen_pool_best_fit.
 *
 * Context: any but NMI.
 *
 * Return: true.
 */
bool talloc_gen_pool_first_fit(const struct gen_pool *pool, const struct gen_pool_chunk *chunk,
			       u64 bytes, const void *data, struct talloc_where *where)
{
	return true;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_first_fit);

/**
 * talloc_gen_pool_best_fit() - gen_pool_best_fit: where it is tightest
 * @pool: see &typedef genpool_algo_t
 * @chunk: see there
 * @bytes: see there
 * @data: nothing
 * @where: left as it is
 *
 * Context: any but NMI.
 *
 * Return: true.
 */
bool talloc_gen_pool_best_fit(const struct gen_pool *pool, const struct gen_pool_chunk *chunk,
			      u64 bytes, const void *data, struct talloc_where *where)
{
	return true;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_best_fit);

/**
 * talloc_gen_pool_first_fit_align() - gen_pool_first_fit_align: at a multiple
 * @pool: see &typedef genpool_algo_t
 * @chunk: see there
 * @bytes: see there
 * @data: a &struct genpool_data_align
 * @where: filled in
 *
 * The address is a multiple of the alignment where the chunk starts on a multiple of the
 * granule; else it is that and what the start is above one.
 *
 * Context: any but NMI.
 *
 * Return: true.
 */
bool talloc_gen_pool_first_fit_align(const struct gen_pool *pool,
				     const struct gen_pool_chunk *chunk, u64 bytes,
				     const void *data, struct talloc_where *where)
{
	const struct genpool_data_align *alignment = data;

	where->align = alignment->align;
	return true;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_first_fit_align);

/**
 * talloc_gen_pool_first_fit_order_align() - gen_pool_first_fit_order_align: by size
 * @pool: see &typedef genpool_algo_t
 * @chunk: see there
 * @bytes: see there
 * @data: nothing
 * @where: filled in
 *
 * How far the block is from the start of the chunk is a multiple of the power of two
 * that is not below its size.
 *
 * Context: any but NMI.
 *
 * Return: true.
 */
bool talloc_gen_pool_first_fit_order_align(const struct gen_pool *pool,
					   const struct gen_pool_chunk *chunk, u64 bytes,
					   const void *data, struct talloc_where *where)
{
	where->align = 1ull << fls64(bytes - 1);
	where->phase = chunk_span(pool, chunk).start & (where->align - 1);
	return true;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_first_fit_order_align);

/**
 * talloc_gen_pool_fixed_alloc() - gen_pool_fixed_alloc: right there
 * @pool: see &typedef genpool_algo_t
 * @chunk: see there
 * @bytes: see there
 * @data: a &struct genpool_data_fixed
 * @where: filled in
 *
 * As far from the start of the chunk as the offset says.
 *
 * Context: any but NMI.
 *
 * Return: false where the chunk has nothing there.
 */
bool talloc_gen_pool_fixed_alloc(const struct gen_pool *pool, const struct gen_pool_chunk *chunk,
				 u64 bytes, const void *data, struct talloc_where *where)
{
	const struct genpool_data_fixed *fixed = data;
	struct talloc_span all = chunk_span(pool, chunk);
	u64 start;

	/* Not 0 where the offset is not a multiple of the granule, which cannot be had. */
	where->align = pool_granule(pool);
	where->phase = fixed->offset & (pool_granule(pool) - 1);
	return !check_add_overflow(all.start, (u64)fixed->offset, &start) &&
	       talloc_span_make(&where->within, start, bytes) &&
	       (where->phase || talloc_span_contains(all, where->within));
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_fixed_alloc);

/*
 * Allocating and freeing.
 */

/* Try in one chunk: first by size alone, then wherever there is a place. */
static enum talloc_status chunk_alloc(struct gen_pool *pool, struct gen_pool_chunk *chunk,
				      size_t size, genpool_algo_t algo, const void *data,
				      unsigned long *addr)
{
	u64 bytes = round_up((u64)size, pool_granule(pool));
	struct talloc_span all = chunk_span(pool, chunk);
	struct talloc_where where = { };
	enum talloc_status status;
	u64 grid;

	if (talloc_span_empty(all) || size > (unsigned long)atomic_long_read(&chunk->avail) ||
	    !algo(pool, chunk, bytes, data, &where))
		return TALLOC_FULL;
	status = talloc_region_alloc_in(chunk->region, all.start, bytes,
					talloc_where_anywhere(&where) ? NULL : &where, &grid);
	if (status == TALLOC_FULL && talloc_span_empty(where.within)) {
		where.within = all;
		status = talloc_region_alloc_in(chunk->region, all.start, bytes, &where, &grid);
	}
	if (status)
		return status;
	atomic_long_sub(bytes, &chunk->avail);
	*addr = grid + chunk_shift(pool, chunk);
	return TALLOC_OK;
}

static enum talloc_status pool_alloc(struct gen_pool *pool, size_t size, genpool_algo_t algo,
				     const void *data, unsigned long *addr, void **owner)
{
	enum talloc_status status = TALLOC_FULL;
	struct gen_pool_chunk *chunk;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &pool->chunks, next_chunk) {
		status = chunk_alloc(pool, chunk, size, algo, data, addr);
		if (!status)
			*owner = chunk->owner;
		if (!status || status == TALLOC_INVALID)
			break;
	}
	rcu_read_unlock();
	return status;
}

/**
 * talloc_gen_pool_alloc_algo_owner() - gen_pool_alloc_algo_owner(): allocate
 * @pool: the pool
 * @size: size in bytes, rounded up to granules
 * @algo: where to allocate
 * @data: what @algo needs: &struct genpool_data_align or &struct genpool_data_fixed
 * @owner: where to put the owner of the chunk, %NULL where there was no room; may be
 *	%NULL
 *
 * The newest chunk comes first.
 *
 * Context: any but NMI. Bounded where the first step finds a place, see
 * Documentation/genpool.rst; else a step a free place that is large enough.
 *
 * Return: the address; 0 for size 0, where there is no room, and with a report in the
 * log where @data is wrong.
 */
unsigned long talloc_gen_pool_alloc_algo_owner(struct gen_pool *pool, size_t size,
					       genpool_algo_t algo, void *data, void **owner)
{
	enum talloc_status status;
	unsigned long addr = 0;
	void *unused;

	if (!owner)
		owner = &unused;
	*owner = NULL;
	if (!size || pool_in_nmi("alloc", _RET_IP_))
		return 0;
	status = pool_alloc(pool, size, algo ? algo : gen_pool_first_fit, data, &addr, owner);
	if (status == TALLOC_INVALID)
		pool_misuse(pool, "alloc", "no address can be as it has to be", _RET_IP_);
	else if (status)
		pool_count_failure(pool, size);
	return addr;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_alloc_algo_owner);

/* Pre: @addr is in the chunk. Returns whether it is freed; if not, that is reported. */
static bool chunk_free(struct gen_pool *pool, struct gen_pool_chunk *chunk, unsigned long addr,
		       size_t size, unsigned long caller)
{
	u64 granule = pool_granule(pool);
	u64 start = round_down((u64)addr - chunk_shift(pool, chunk), granule);
	u64 bytes = round_up((u64)size, granule);
	enum talloc_status status = TALLOC_INVALID;
	struct talloc_span part;

	if (!size)
		return true;
	if (size - 1 > chunk->end_addr - addr) {
		pool_misuse(pool, "free", "it ends outside of the chunk", caller);
		return false;
	}
	/* What is not in the chunk's own span may be in another's on the grid. */
	if (likely(talloc_span_make(&part, start, bytes) &&
		   talloc_span_contains(chunk_span(pool, chunk), part) &&
		   (start || !chunk_has_zero(pool, chunk))))
		status = talloc_region_free_range(chunk->region, start, bytes);
	if (likely(!status))
		atomic_long_add(bytes, &chunk->avail);
	else if (status == TALLOC_INVALID)
		pool_misuse(pool, "free", "not all of it is allocated", caller);
	else
		talloc_region_misuse(chunk->region, "free", start, status, caller);
	return !status;
}

/**
 * talloc_gen_pool_free_owner() - gen_pool_free_owner(): free
 * @pool: the pool
 * @addr: address, rounded down to granules
 * @size: size in bytes, rounded up to granules
 * @owner: where to put the owner of the chunk, %NULL where nothing was freed; may be
 *	%NULL
 *
 * All of it has to be allocated, but not as one: a part of a block, or some that are next
 * to each other, can be freed too. What is not allocated is reported, and nothing freed.
 *
 * Context: any but NMI. Bounded where @addr is what was allocated, and as one; else a
 * step a granule before it, and a step a block.
 */
void talloc_gen_pool_free_owner(struct gen_pool *pool, unsigned long addr, size_t size,
				void **owner)
{
	struct gen_pool_chunk *chunk;

	if (owner)
		*owner = NULL;
	if (pool_in_nmi("free", _RET_IP_))
		return;
	rcu_read_lock();
	chunk = pool_find_chunk(pool, addr);
	if (!chunk)
		pool_misuse(pool, "free", "no chunk has the address", _RET_IP_);
	else if (chunk_free(pool, chunk, addr, size, _RET_IP_) && owner)
		*owner = chunk->owner;
	rcu_read_unlock();
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_free_owner);

/*
 * Life of a pool.
 */

struct gen_pool *__talloc_gen_pool_create(int min_alloc_order, int nid, struct module *owner)
{
	struct gen_pool *pool;

	if (min_alloc_order < 0 || min_alloc_order > ilog2(TALLOC_UNIT_MAX)) {
		pr_err("bad create by %pS: granules of 2^%d bytes\n", (void *)_RET_IP_,
		       min_alloc_order);
		return NULL;
	}
	pool = kzalloc_node(sizeof(*pool), GFP_KERNEL, nid);
	if (!pool)
		return NULL;
	pool->min_alloc_order = min_alloc_order;
	pool->algo = gen_pool_first_fit;
	pool->owner = owner;
	mutex_init(&pool->lock);
	INIT_LIST_HEAD(&pool->chunks);
	return pool;
}
EXPORT_SYMBOL_TALLOC(__talloc_gen_pool_create);

static void chunk_take_zero(struct gen_pool *pool)
{
	struct talloc_where where = { .within = { 0, pool_granule(pool) } };
	u64 addr;

	/* The chunk is new, so there is room. */
	talloc_region_alloc_in(pool->region, 0, pool_granule(pool), &where, &addr);
}

/**
 * talloc_gen_pool_destroy() - gen_pool_destroy(): destroy a pool
 * @pool: the pool
 *
 * What is still allocated is reported, and the pool destroyed all the same.
 *
 * Context: process context, may sleep.
 */
void talloc_gen_pool_destroy(struct gen_pool *pool)
{
	struct gen_pool_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &pool->chunks, next_chunk) {
		if (chunk_has_zero(pool, chunk))
			talloc_region_free_range(pool->region, 0, pool_granule(pool));
		kfree(chunk);
	}
	if (pool->region)
		__talloc_region_abandon(pool->region, "pool destroyed");
	kfree_const(pool->name);
	mutex_destroy(&pool->lock);
	kfree(pool);
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_destroy);

/* The region of a pool comes with the first chunk, as it has to have a span. */
static int pool_create_region(struct gen_pool *pool, const struct talloc_backing *backing, int nid,
			      unsigned long caller)
{
	static atomic_t pools = ATOMIC_INIT(0);
	bool on_node = nid != NUMA_NO_NODE && node_state(nid, N_MEMORY);
	char name[TALLOC_NAME_MAX + 1];
	const struct talloc_region_config config = {
		.name = name,
		.backing = backing,
		.unit = pool_granule(pool),
		.flags = on_node ? TALLOC_ON_NODE : 0,
		.node = nid,
	};
	struct talloc_region *region;

	do {
		snprintf(name, sizeof(name), "gen_pool.%u", (u32)atomic_inc_return(&pools));
		region = talloc_region_create_for(&config, pool->owner, true, caller);
	} while (region == ERR_PTR(-EEXIST));
	if (IS_ERR(region))
		return PTR_ERR(region);
	region->managed = pool->managed;
	/* Pairs with that of pool_region(). */
	smp_store_release(&pool->region, region);
	return 0;
}

static int pool_add_span(struct gen_pool *pool, const struct gen_pool_chunk *chunk, int nid,
			 unsigned long caller)
{
	struct talloc_span span = chunk_span(pool, chunk);
	const struct talloc_backing backing = {
		.type = TALLOC_NUMBERS,
		.first = span.start,
		.window = talloc_span_bytes(span),
	};
	int err;

	lockdep_assert_held(&pool->lock);
	if (talloc_span_empty(span))
		return 0;
	err = pool->region ? talloc_region_add_backing(pool->region, &backing) :
			     pool_create_region(pool, &backing, nid, caller);
	if (!err && chunk_has_zero(pool, chunk))
		chunk_take_zero(pool);
	return err;
}

/**
 * talloc_gen_pool_add_owner() - gen_pool_add_owner(): add a chunk to a pool
 * @pool: the pool
 * @virt: its first address
 * @phys: the physical address of that, or -1
 * @size: its size in bytes; what is less than a granule at the end is of no use
 * @nid: NUMA node for what describes it, or -1
 * @owner: what gen_pool_alloc_owner() is to tell of it
 *
 * Context: process context, may sleep.
 *
 * Return: 0; -ENOMEM; -EINVAL where the chunk wraps; -EADDRINUSE where it overlaps a
 * chunk of the pool; -E2BIG where it has 2^29 granules or more; -ENOSPC where the pool
 * has %TALLOC_SPANS_MAX chunks.
 */
int talloc_gen_pool_add_owner(struct gen_pool *pool, unsigned long virt, phys_addr_t phys,
			      size_t size, int nid, void *owner)
{
	struct gen_pool_chunk *chunk;
	int err;

	if (size && size - 1 > ULONG_MAX - virt)
		return -EINVAL;
	chunk = kzalloc_node(sizeof(*chunk), GFP_KERNEL, nid);
	if (!chunk)
		return -ENOMEM;
	chunk->start_addr = virt;
	chunk->end_addr = virt + size - 1;
	chunk->phys_addr = phys;
	chunk->owner = owner;
	atomic_long_set(&chunk->avail, size);
	mutex_lock(&pool->lock);
	err = pool_add_span(pool, chunk, nid, _RET_IP_);
	chunk->region = pool->region;
	if (!err)
		list_add_rcu(&chunk->next_chunk, &pool->chunks);
	mutex_unlock(&pool->lock);
	if (err)
		kfree(chunk);
	return err;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_add_owner);

/**
 * talloc_gen_pool_set_algo() - gen_pool_set_algo(): set where a pool allocates
 * @pool: the pool
 * @algo: where; %NULL for gen_pool_first_fit, which it is at first
 * @data: what @algo needs; read by each allocation
 *
 * Context: any but NMI. The caller sees to it that nobody allocates meanwhile.
 */
void talloc_gen_pool_set_algo(struct gen_pool *pool, genpool_algo_t algo, void *data)
{
	pool->algo = algo ? algo : gen_pool_first_fit;
	pool->data = data;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_set_algo);

/*
 * Looking.
 */

/**
 * talloc_gen_pool_virt_to_phys() - gen_pool_virt_to_phys(): the physical address
 * @pool: the pool
 * @addr: an address, allocated or not
 *
 * Context: any but NMI. A step a chunk.
 *
 * Return: the physical address; -1 where no chunk has @addr, or the chunk's is not
 * known.
 */
phys_addr_t talloc_gen_pool_virt_to_phys(struct gen_pool *pool, unsigned long addr)
{
	phys_addr_t phys = -1;
	struct gen_pool_chunk *chunk;

	rcu_read_lock();
	chunk = pool_find_chunk(pool, addr);
	if (chunk && chunk->phys_addr != (phys_addr_t)-1)
		phys = chunk->phys_addr + (addr - chunk->start_addr);
	rcu_read_unlock();
	return phys;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_virt_to_phys);

/**
 * talloc_gen_pool_has_addr() - gen_pool_has_addr(): whether a range is in a pool
 * @pool: the pool
 * @start: its first address
 * @size: its size in bytes
 *
 * Context: any but NMI. A step a chunk.
 *
 * Return: whether one chunk has all of it, allocated or not.
 */
bool talloc_gen_pool_has_addr(struct gen_pool *pool, unsigned long start, size_t size)
{
	struct gen_pool_chunk *chunk;
	bool has;

	rcu_read_lock();
	chunk = pool_find_chunk(pool, start);
	has = chunk && (!size || size - 1 <= chunk->end_addr - start);
	rcu_read_unlock();
	return has;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_has_addr);

/**
 * talloc_gen_pool_avail() - gen_pool_avail(): how much of a pool is free
 * @pool: the pool
 *
 * Context: any but NMI. A step a chunk.
 *
 * Return: bytes.
 */
size_t talloc_gen_pool_avail(struct gen_pool *pool)
{
	struct gen_pool_chunk *chunk;
	size_t avail = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &pool->chunks, next_chunk)
		avail += atomic_long_read(&chunk->avail);
	rcu_read_unlock();
	return avail;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_avail);

/**
 * talloc_gen_pool_size() - gen_pool_size(): how large a pool is
 * @pool: the pool
 *
 * Context: any but NMI. A step a chunk.
 *
 * Return: bytes.
 */
size_t talloc_gen_pool_size(struct gen_pool *pool)
{
	struct gen_pool_chunk *chunk;
	size_t size = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &pool->chunks, next_chunk)
		size += chunk_bytes(chunk);
	rcu_read_unlock();
	return size;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_size);

/**
 * talloc_gen_pool_each_chunk() - gen_pool_for_each_chunk(): look at all chunks
 * @pool: the pool
 * @func: called for each, the newest first
 * @data: handed to @func
 *
 * Context: any but NMI. A step a chunk.
 */
void talloc_gen_pool_each_chunk(struct gen_pool *pool, talloc_gen_pool_chunk_fn func,
				void *data)
{
	struct gen_pool_chunk *chunk;

	rcu_read_lock();
	list_for_each_entry_rcu(chunk, &pool->chunks, next_chunk)
		func(pool, chunk, data);
	rcu_read_unlock();
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_each_chunk);

/*
 * Pools of devices.
 */

static void pool_release(void *pool)
{
	talloc_gen_pool_destroy(pool);
}

/* Without a name, the one that has none. */
static int pool_match(struct device *dev, void *res, void *data)
{
	const struct talloc_managed *managed = res;
	const struct gen_pool *pool = managed->data;

	if (managed->release != pool_release)
		return 0;
	return pool->name && data ? !strcmp(pool->name, data) : !pool->name && !data;
}

/**
 * talloc_gen_pool_get() - gen_pool_get(): find a pool of a device
 * @dev: the device
 * @name: what devm_gen_pool_create() was told
 *
 * Context: any but NMI; takes a spinlock: on PREEMPT_RT not in hardirq, nor with a raw
 * spinlock held.
 *
 * Return: the pool, or %NULL.
 */
struct gen_pool *talloc_gen_pool_get(struct device *dev, const char *name)
{
	const struct talloc_managed *managed;

	managed = devres_find(dev, talloc_managed_release, pool_match, (void *)name);
	return managed ? managed->data : NULL;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_get);

struct gen_pool *__devm_talloc_gen_pool_create(struct device *dev, int min_alloc_order, int nid,
					       const char *name, struct module *owner)
{
	struct gen_pool *pool;
	int err;

	if (talloc_gen_pool_get(dev, name))
		return ERR_PTR(-EINVAL);
	pool = __talloc_gen_pool_create(min_alloc_order, nid, owner);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	pool->managed = true;
	if (name) {
		pool->name = kstrdup_const(name, GFP_KERNEL);
		if (!pool->name) {
			talloc_gen_pool_destroy(pool);
			return ERR_PTR(-ENOMEM);
		}
	}
	err = talloc_manage(dev, owner, pool_release, pool);
	return err ? ERR_PTR(err) : pool;
}
EXPORT_SYMBOL_TALLOC(__devm_talloc_gen_pool_create);

#ifdef CONFIG_OF
/* The device that a node belongs to: its own, or its parent's, which has *name then. */
static struct platform_device *node_device(struct device_node *np, const char **name)
{
	struct platform_device *pdev = of_find_device_by_node(np);
	struct device_node *parent;

	if (pdev)
		return pdev;
	parent = of_get_parent(np);
	pdev = of_find_device_by_node(parent);
	of_node_put(parent);
	if (of_property_read_string(np, "label", name))
		*name = talloc_pool_node_name(np);
	return pdev;
}

/**
 * talloc_gen_pool_of_get() - of_gen_pool_get(): find a pool in the device tree
 * @np: a node
 * @propname: its property that has phandles of pools
 * @index: which of them
 *
 * Context: process context, may sleep.
 *
 * Return: the pool without a name of the phandle's device; where that has none, the
 * pool of its parent's device that has the label or else the name of the node; %NULL
 * where there is none.
 */
struct gen_pool *talloc_gen_pool_of_get(struct device_node *np, const char *propname, int index)
{
	struct device_node *pool_np = of_parse_phandle(np, propname, index);
	struct platform_device *pdev;
	struct gen_pool *pool = NULL;
	const char *name = NULL;

	if (!pool_np)
		return NULL;
	pdev = node_device(pool_np, &name);
	if (pdev) {
		pool = talloc_gen_pool_get(&pdev->dev, name);
		put_device(&pdev->dev);
	}
	of_node_put(pool_np);
	return pool;
}
EXPORT_SYMBOL_TALLOC(talloc_gen_pool_of_get);
#endif /* CONFIG_OF */
