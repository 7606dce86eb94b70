/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gen_pool's calls on talloc: to be included in place of <linux/genalloc.h>, and
 * before all headers that may include that one.
 *
 * Whoever creates a pool and whoever uses it must include the same of the two.
 * Documentation/genpool.rst says what is like gen_pool and what is not.
 */
#ifndef _LINUX_TALLOC_GENPOOL_H
#define _LINUX_TALLOC_GENPOOL_H

#ifdef __GENALLOC_H__
#error "<linux/talloc_genpool.h> has to come before all that includes <linux/genalloc.h>"
#endif
#define __GENALLOC_H__	/* leaves that header without effect from here on */

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/talloc_compat.h>
#include <linux/types.h>

struct device;
struct device_node;
struct gen_pool;
struct gen_pool_chunk;
struct talloc_region;
struct talloc_where;

/*
 * The names that gen_pool's users know. A kernel that has lib/genalloc exports most of
 * them, so they cannot be talloc's.
 */
#define gen_pool_create			talloc_gen_pool_create
#define gen_pool_destroy		talloc_gen_pool_destroy
#define gen_pool_add_owner		talloc_gen_pool_add_owner
#define gen_pool_add_virt		talloc_gen_pool_add_virt
#define gen_pool_add			talloc_gen_pool_add
#define gen_pool_alloc_algo_owner	talloc_gen_pool_alloc_algo_owner
#define gen_pool_alloc_owner		talloc_gen_pool_alloc_owner
#define gen_pool_alloc_algo		talloc_gen_pool_alloc_algo
#define gen_pool_alloc			talloc_gen_pool_alloc
#define gen_pool_dma_alloc		talloc_gen_pool_dma_alloc
#define gen_pool_dma_alloc_algo		talloc_gen_pool_dma_alloc_algo
#define gen_pool_dma_alloc_align	talloc_gen_pool_dma_alloc_align
#define gen_pool_dma_zalloc		talloc_gen_pool_dma_zalloc
#define gen_pool_dma_zalloc_algo	talloc_gen_pool_dma_zalloc_algo
#define gen_pool_dma_zalloc_align	talloc_gen_pool_dma_zalloc_align
#define gen_pool_free_owner		talloc_gen_pool_free_owner
#define gen_pool_free			talloc_gen_pool_free
#define gen_pool_virt_to_phys		talloc_gen_pool_virt_to_phys
#define gen_pool_has_addr		talloc_gen_pool_has_addr
#define gen_pool_avail			talloc_gen_pool_avail
#define gen_pool_size			talloc_gen_pool_size
#define gen_pool_for_each_chunk		talloc_gen_pool_each_chunk
#define gen_pool_set_algo		talloc_gen_pool_set_algo
#define gen_pool_get			talloc_gen_pool_get
#define devm_gen_pool_create		devm_talloc_gen_pool_create
#define of_gen_pool_get			talloc_gen_pool_of_get

#define gen_pool_first_fit		talloc_gen_pool_first_fit
#define gen_pool_first_fit_align	talloc_gen_pool_first_fit_align
#define gen_pool_first_fit_order_align	talloc_gen_pool_first_fit_order_align
#define gen_pool_best_fit		talloc_gen_pool_best_fit
#define gen_pool_fixed_alloc		talloc_gen_pool_fixed_alloc

/**
 * typedef genpool_algo_t - where a pool allocates
 * @pool: the pool
 * @chunk: a chunk of it
 * @bytes: size of the block, in whole granules
 * @data: as given with the algorithm
 * @where: to be filled in: conditions on the address less what the start of the chunk is above
 *	a multiple of the granule. It asks for nothing at first.
 *
 * There is no bitmap to search, so this is not the type that it is in
 * <linux/genalloc.h>, and functions that a driver has for that one do not compile.
 *
 * Context: any but NMI, under RCU.
 *
 * Return: false where the chunk cannot have such a place.
 */
typedef bool (*genpool_algo_t)(const struct gen_pool *pool, const struct gen_pool_chunk *chunk,
			       u64 bytes, const void *data, struct talloc_where *where);

/**
 * typedef talloc_gen_pool_chunk_fn - called for a chunk of a pool
 * @pool: the pool
 * @chunk: the chunk
 * @data: as given to gen_pool_for_each_chunk()
 *
 * Context: any but NMI, under RCU.
 */
typedef void (*talloc_gen_pool_chunk_fn)(struct gen_pool *pool, struct gen_pool_chunk *chunk,
					 void *data);

/**
 * struct genpool_data_align - data of gen_pool_first_fit_align
 * @align: alignment of the address in bytes, a power of two
 */
struct genpool_data_align {
	int align;
};

/**
 * struct genpool_data_fixed - data of gen_pool_fixed_alloc
 * @offset: where to allocate, from the start of a chunk
 */
struct genpool_data_fixed {
	unsigned long offset;
};

/**
 * struct gen_pool - a pool
 * @min_alloc_order: log2 of the granule in bytes
 * @name: what devm_gen_pool_create() was told, or %NULL
 * @algo: where gen_pool_alloc() allocates
 * @data: handed to @algo
 */
struct gen_pool {
	int min_alloc_order;
	const char *name;
	genpool_algo_t algo;
	void *data;
	/* private: constant after create */
	struct module *owner;
	bool managed;			/* goes with a device */
	/* private: written with lock held */
	struct mutex lock;
	struct list_head chunks;	/* newest first; read under RCU */
	struct talloc_region *region;	/* NULL as long as there is no chunk */
};

/**
 * struct gen_pool_chunk - a range of addresses in a pool
 * @start_addr: the first
 * @end_addr: the last
 * @phys_addr: physical address of the first, or -1
 * @owner: as given to gen_pool_add_owner()
 * @avail: how much of it is free, in bytes
 */
struct gen_pool_chunk {
	unsigned long start_addr;
	unsigned long end_addr;
	phys_addr_t phys_addr;
	void *owner;
	atomic_long_t avail;
	/* private: */
	struct list_head next_chunk;
	struct talloc_region *region;	/* the pool's; by it, who finds the chunk has that */
};

bool talloc_gen_pool_first_fit(const struct gen_pool *pool, const struct gen_pool_chunk *chunk,
			       u64 bytes, const void *data, struct talloc_where *where);
bool talloc_gen_pool_best_fit(const struct gen_pool *pool, const struct gen_pool_chunk *chunk,
			      u64 bytes, const void *data, struct talloc_where *where);
bool talloc_gen_pool_first_fit_align(const struct gen_pool *pool,
				     const struct gen_pool_chunk *chunk, u64 bytes,
				     const void *data, struct talloc_where *where);
bool talloc_gen_pool_first_fit_order_align(const struct gen_pool *pool,
					   const struct gen_pool_chunk *chunk, u64 bytes,
					   const void *data, struct talloc_where *where);
bool talloc_gen_pool_fixed_alloc(const struct gen_pool *pool, const struct gen_pool_chunk *chunk,
				 u64 bytes, const void *data, struct talloc_where *where);

struct gen_pool *__talloc_gen_pool_create(int min_alloc_order, int nid, struct module *owner);
void talloc_gen_pool_destroy(struct gen_pool *pool);
int talloc_gen_pool_add_owner(struct gen_pool *pool, unsigned long virt, phys_addr_t phys,
			      size_t size, int nid, void *owner);
unsigned long talloc_gen_pool_alloc_algo_owner(struct gen_pool *pool, size_t size,
					       genpool_algo_t algo, void *data, void **owner);
void talloc_gen_pool_free_owner(struct gen_pool *pool, unsigned long addr, size_t size,
				void **owner);
void talloc_gen_pool_set_algo(struct gen_pool *pool, genpool_algo_t algo, void *data);
phys_addr_t talloc_gen_pool_virt_to_phys(struct gen_pool *pool, unsigned long addr);
bool talloc_gen_pool_has_addr(struct gen_pool *pool, unsigned long start, size_t size);
size_t talloc_gen_pool_avail(struct gen_pool *pool);
size_t talloc_gen_pool_size(struct gen_pool *pool);
void talloc_gen_pool_each_chunk(struct gen_pool *pool, talloc_gen_pool_chunk_fn func,
				void *data);
struct gen_pool *__devm_talloc_gen_pool_create(struct device *dev, int min_alloc_order, int nid,
					       const char *name, struct module *owner);
struct gen_pool *talloc_gen_pool_get(struct device *dev, const char *name);

#ifdef CONFIG_OF
struct gen_pool *talloc_gen_pool_of_get(struct device_node *np, const char *propname, int index);
#else
static inline struct gen_pool *talloc_gen_pool_of_get(struct device_node *np,
						      const char *propname, int index)
{
	return NULL;
}
#endif

/**
 * talloc_gen_pool_create() - gen_pool_create(): create a pool
 * @min_alloc_order: log2 of the granule in bytes, 0 to 21
 * @nid: NUMA node for the pool's own memory, or -1
 *
 * Context: process context, may sleep.
 *
 * Return: the pool, which has no chunk; %NULL where there is no memory, or with a report
 * in the log where there can be no such granule.
 */
static inline struct gen_pool *talloc_gen_pool_create(int min_alloc_order, int nid)
{
	return __talloc_gen_pool_create(min_alloc_order, nid, THIS_MODULE);
}

/**
 * devm_talloc_gen_pool_create() - devm_gen_pool_create(): create a pool for a device
 * @dev: the device; when it is unbound, or the calling module unloaded, the pool is destroyed
 * @min_alloc_order: log2 of the granule in bytes, 0 to 21
 * @nid: NUMA node for the pool's own memory, or -1
 * @name: by which gen_pool_get() finds it, or %NULL; it is copied
 *
 * Context: process context, may sleep.
 *
 * Return: the pool, which has no chunk; ERR_PTR(-EINVAL) where the device has a pool of
 * this name; ERR_PTR(-ENOMEM) where gen_pool_create() would return %NULL.
 */
static inline struct gen_pool *devm_talloc_gen_pool_create(struct device *dev, int min_alloc_order,
							   int nid, const char *name)
{
	return __devm_talloc_gen_pool_create(dev, min_alloc_order, nid, name, THIS_MODULE);
}

/* Add a chunk whose physical address is known. */
static inline int talloc_gen_pool_add_virt(struct gen_pool *pool, unsigned long addr,
					   phys_addr_t phys, size_t size, int nid)
{
	return talloc_gen_pool_add_owner(pool, addr, phys, size, nid, NULL);
}

/* Add a chunk. */
static inline int talloc_gen_pool_add(struct gen_pool *pool, unsigned long addr, size_t size,
				      int nid)
{
	return talloc_gen_pool_add_virt(pool, addr, -1, size, nid);
}

/* Allocate as the pool does, and tell the owner of the chunk. */
static inline unsigned long talloc_gen_pool_alloc_owner(struct gen_pool *pool, size_t size,
							void **owner)
{
	return talloc_gen_pool_alloc_algo_owner(pool, size, pool->algo, pool->data, owner);
}

/* Allocate where the caller says. */
static inline unsigned long talloc_gen_pool_alloc_algo(struct gen_pool *pool, size_t size,
						       genpool_algo_t algo, void *data)
{
	return talloc_gen_pool_alloc_algo_owner(pool, size, algo, data, NULL);
}

/* Allocate as the pool does. */
static inline unsigned long talloc_gen_pool_alloc(struct gen_pool *pool, size_t size)
{
	return talloc_gen_pool_alloc_algo(pool, size, pool->algo, pool->data);
}

static inline void talloc_gen_pool_free(struct gen_pool *pool, unsigned long addr, size_t size)
{
	talloc_gen_pool_free_owner(pool, addr, size, NULL);
}

/*
 * The address as a pointer, and the physical address that goes with it in *dma. Without a
 * pool it is as in one without room.
 */
static inline void *talloc_gen_pool_dma_alloc_algo(struct gen_pool *pool, size_t size,
						   dma_addr_t *dma, genpool_algo_t algo,
						   void *data)
{
	unsigned long addr = pool ? talloc_gen_pool_alloc_algo(pool, size, algo, data) : 0;

	if (addr && dma)
		*dma = talloc_gen_pool_virt_to_phys(pool, addr);
	return (void *)addr;
}

static inline void *talloc_gen_pool_dma_alloc(struct gen_pool *pool, size_t size, dma_addr_t *dma)
{
	return pool ? talloc_gen_pool_dma_alloc_algo(pool, size, dma, pool->algo, pool->data) :
		      NULL;
}

static inline void *talloc_gen_pool_dma_alloc_align(struct gen_pool *pool, size_t size,
						    dma_addr_t *dma, int align)
{
	struct genpool_data_align data = { .align = align };

	return talloc_gen_pool_dma_alloc_algo(pool, size, dma, gen_pool_first_fit_align, &data);
}

/* The same, with the memory zeroed by memset(), which is the only access to it. */
static inline void *talloc_gen_pool_dma_zalloc_algo(struct gen_pool *pool, size_t size,
						    dma_addr_t *dma, genpool_algo_t algo,
						    void *data)
{
	void *block = talloc_gen_pool_dma_alloc_algo(pool, size, dma, algo, data);

	return block ? memset(block, 0, size) : NULL;
}

static inline void *talloc_gen_pool_dma_zalloc(struct gen_pool *pool, size_t size,
					       dma_addr_t *dma)
{
	return pool ? talloc_gen_pool_dma_zalloc_algo(pool, size, dma, pool->algo, pool->data) :
		      NULL;
}

static inline void *talloc_gen_pool_dma_zalloc_align(struct gen_pool *pool, size_t size,
						     dma_addr_t *dma, int align)
{
	struct genpool_data_align data = { .align = align };

	return talloc_gen_pool_dma_zalloc_algo(pool, size, dma, gen_pool_first_fit_align, &data);
}

/* A driver that changes an include, and nothing else, has no line for this. */
TALLOC_IMPORT_NS();

#endif /* _LINUX_TALLOC_GENPOOL_H */
