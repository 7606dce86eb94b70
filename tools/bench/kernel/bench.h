/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bench in the kernel asks of an allocator: two small functions, to get a
 * block and to put it back, around which BENCH_LOOPS() compiles the loops that are
 * measured. So no heap pays for a call through a pointer, and each pays for the same
 * loop.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/minmax.h>
#include <linux/prefetch.h>
#include <linux/timex.h>
#include <linux/types.h>

/* Ranges are counted in units of so many bytes. */
#define BENCH_UNIT	256u

/* No address: 0 is one in a range of numbers. */
#define BENCH_NONE	(~0ull)

/* Most blocks that are live at once. */
#define BENCH_SLOTS	65536u

/* Room for a block, and what is in it. */
struct bench_slot {
	u64 at;
	u32 bytes;
};

/* Put back what is in a slot; then get @bytes bytes for it, unless that is 0. */
struct bench_op {
	u32 slot;
	u32 bytes;
};

/**
 * struct bench_heap - an allocator
 * @name: its name in the results
 * @ranged: it has a range of its own, and its places are no other heap's
 * @one_size: all its blocks have the size that it was made for
 * @init: make one with a range of @bytes bytes, for blocks of @block bytes if there is
 *	but one size
 * @exit: remove it. All blocks have been put back.
 * @outside: bytes that it needs beside its range now
 * @used: bytes of its range that are not free now
 * @run: do @n operations; tells how many found no room
 * @cycles: do them, and lower @gets and @puts to what each took
 */
struct bench_heap {
	const char *name;
	bool ranged;
	bool one_size;
	int (*init)(u64 bytes, u32 block);
	void (*exit)(void);
	u64 (*outside)(void);
	u64 (*used)(void);
	u32 (*run)(const struct bench_op *ops, u32 n);
	void (*cycles)(const struct bench_op *ops, u32 n, u32 *gets, u32 *puts);
};

extern struct bench_slot *bench_slots;
extern void *bench_memory;	/* for heaps that write to their range */
extern u64 bench_seen;		/* keeps what is measured from being left out */

#ifdef __x86_64__
static __always_inline u64 bench_begin(void)
{
	u32 low, high;

	asm volatile("lfence\n\trdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

static __always_inline u64 bench_end(void)
{
	u32 low, high;

	asm volatile("rdtscp\n\tlfence" : "=a" (low), "=d" (high) : : "memory", "ecx");
	return (u64)high << 32 | low;
}
#else
static __always_inline u64 bench_begin(void)
{
	return get_cycles();
}

static __always_inline u64 bench_end(void)
{
	return get_cycles();
}
#endif

typedef bool (*bench_get_fn)(u32 slot, u32 bytes, u64 *at);
typedef void (*bench_put_fn)(u32 slot, u64 at, u32 bytes);

static __always_inline u32 bench_run(const struct bench_op *ops, u32 n, bench_get_fn get,
				     bench_put_fn put)
{
	struct bench_slot *slot;
	u32 failed = 0, i;

	for (i = 0; i < n; i++) {
		prefetch(&bench_slots[ops[min(i + 8, n - 1)].slot]);
		slot = &bench_slots[ops[i].slot];
		if (slot->at != BENCH_NONE)
			put(ops[i].slot, slot->at, slot->bytes);
		slot->at = BENCH_NONE;
		slot->bytes = ops[i].bytes;
		if (ops[i].bytes && !get(ops[i].slot, ops[i].bytes, &slot->at))
			failed++;
	}
	return failed;
}

static __always_inline void bench_cycles(const struct bench_op *ops, u32 n, u32 *gets, u32 *puts,
					 bench_get_fn get, bench_put_fn put)
{
	struct bench_slot *slot;
	u64 begin, took;
	u32 i;

	for (i = 0; i < n; i++) {
		prefetch(&bench_slots[ops[min(i + 8, n - 1)].slot]);
		slot = &bench_slots[ops[i].slot];
		if (slot->at != BENCH_NONE) {
			begin = bench_begin();
			put(ops[i].slot, slot->at, slot->bytes);
			took = bench_end() - begin;
			puts[i] = min_t(u64, took, puts[i]);
		}
		slot->at = BENCH_NONE;
		slot->bytes = ops[i].bytes;
		begin = bench_begin();
		bench_seen += get(ops[i].slot, ops[i].bytes, &slot->at);
		took = bench_end() - begin;
		gets[i] = min_t(u64, took, gets[i]);
	}
}

/* The two loops, @calls_run() and @calls_cycles(), around @calls_get() and @calls_put(). */
#define BENCH_LOOPS(calls)							\
static u32 calls##_run(const struct bench_op *ops, u32 n)			\
{										\
	return bench_run(ops, n, calls##_get, calls##_put);			\
}										\
										\
static void calls##_cycles(const struct bench_op *ops, u32 n, u32 *gets, u32 *puts) \
{										\
	bench_cycles(ops, n, gets, puts, calls##_get, calls##_put);		\
}

extern const struct bench_heap bench_null;
extern const struct bench_heap bench_region, bench_region_nomap, bench_region_numbers;
extern const struct bench_heap bench_heap, bench_heap_nomap, bench_detached;
extern const struct bench_heap bench_pool, bench_gen_pool, bench_gen_pool_best;
extern const struct bench_heap bench_drm_mm, bench_drm_mm_lock, bench_drm_mm_low, bench_buddy;
extern const struct bench_heap bench_kmalloc, bench_kmem_cache, bench_mempool;

#endif /* BENCH_H */
