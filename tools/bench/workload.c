// SPDX-License-Identifier: GPL-2.0
/*
 * The workloads that no trace has: made up here, from a seed. Documentation/bench.rst
 * says what each is for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "workload.h"

#define SLOTS_MOST	0x10000000u
#define ASIDE		(SLOTS_MOST - SMALL_CALLS)	/* slots for calls, not for the state */

#define STEADY_PAIRS	1000000u

#define VECTORS		200
#define VECTOR_SMALL	16u
#define VECTOR_LARGE	16384u
#define VECTOR_STEPS	400000u

#define CHUNKS		100000u
#define CHUNK_BYTES	520u	/* a request of one unit more looks at the same bins */
#define CHUNK_CALLS	10u
#define SMALL_BYTES	64u
#define SMALL_ALIGN	12
#define SMALL_CALLS	200u

#define LIFO_CALLS	200000u

#define ANCESTOR_REGION	10000000
#define ANCESTOR_BYTES	1243
#define ANCESTOR_BLOCKS	1000
#define ANCESTOR_ROUNDS	100

/* Slots are memory that is there when it is first touched: some workloads need many. */
struct slot *slots;

static u64 random_state;

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
static u64 random_mix(u64 z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static u64 random_next(void)
{
	return random_mix(random_state += 0x9e3779b97f4a7c15ull);
}

/* Neighbouring seeds, and streams of one seed, have nothing in common. */
static void random_seed(u64 seed, u32 stream)
{
	random_state = random_mix(random_mix(seed + 1) + stream);
}

static u32 random_below(u32 limit)
{
	return (random_next() >> 32) * limit >> 32;
}

/* From 1 up to 2^log, each doubling as likely as any other. */
static u32 random_bytes(u32 log)
{
	double part = (double)(random_next() >> 11) / (1ull << 53);

	return exp2(part * log);
}

static void op_add(struct trace *trace, enum trace_kind kind, u32 slot, u32 bytes)
{
	trace->ops[trace->count++] = (struct trace_op){
		.slot = slot, .bytes = bytes, .kind = kind, .align_log = SMALL_ALIGN,
	};
}

static bool ops_make(struct trace *trace, u32 count)
{
	trace->ops = calloc(count, sizeof(*trace->ops));
	trace->count = 0;
	return trace->ops;
}

/*
 * Buffers that double, one at random at a time, until they are large; then they go and
 * begin anew.
 */
static void vectors_fill(struct workload *w)
{
	u32 bytes[VECTORS] = { 0 }, live = 0, i, v;

	w->trace.count = 0;
	w->trace.peak_bytes = 0;
	random_seed(w->seed, 0);
	for (i = 0; i < VECTOR_STEPS; i++) {
		v = random_below(VECTORS);
		live -= bytes[v];
		if (bytes[v] == VECTOR_LARGE) {
			op_add(&w->trace, TRACE_FREE, v, 0);
			bytes[v] = 0;
		} else if (bytes[v]) {
			bytes[v] *= 2;
			op_add(&w->trace, TRACE_RESIZE, v, bytes[v]);
		} else {
			bytes[v] = VECTOR_SMALL;
			op_add(&w->trace, TRACE_ALLOC, v, bytes[v]);
		}
		live += bytes[v];
		if (live > w->trace.peak_bytes)
			w->trace.peak_bytes = live;
	}
}

static bool vectors_make(struct workload *w)
{
	if (!ops_make(&w->trace, VECTOR_STEPS))
		return false;
	vectors_fill(w);
	w->trace.slots = VECTORS;
	return true;
}

/* Requests for which nothing is large enough: plain, and aligned. */
static bool too_small_make(struct workload *w)
{
	u32 i;

	if (!ops_make(&w->trace, 2 * CHUNK_CALLS))
		return false;
	for (i = 0; i < CHUNK_CALLS; i++) {
		op_add(&w->trace, TRACE_ALLOC, ASIDE, CHUNK_BYTES + 8);
		op_add(&w->trace, TRACE_ALIGNED, ASIDE, CHUNK_BYTES + 8);
	}
	return true;
}

static bool aligned_make(struct workload *w)
{
	u32 i;

	if (!ops_make(&w->trace, 2 * SMALL_CALLS))
		return false;
	for (i = 0; i < SMALL_CALLS; i++)
		op_add(&w->trace, TRACE_ALIGNED, ASIDE + i, SMALL_BYTES);
	for (i = 0; i < SMALL_CALLS; i++)
		op_add(&w->trace, TRACE_FREE, ASIDE + i, 0);
	return true;
}

/* A region with no byte left is asked for more, and now and then gets a block back. */
static void full_fill(struct workload *w)
{
	u32 i;

	w->trace.count = 0;
	random_seed(w->seed, 0);
	for (i = 0; i < SMALL_CALLS; i++) {
		op_add(&w->trace, TRACE_ALLOC, ASIDE, random_bytes(12) + 16);
		op_add(&w->trace, TRACE_FREE, i, 0);
		op_add(&w->trace, TRACE_ALLOC, i, 1);
	}
}

static bool full_make(struct workload *w)
{
	if (!ops_make(&w->trace, 3 * SMALL_CALLS))
		return false;
	full_fill(w);
	return true;
}

static bool trace_make(struct workload *w, const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	snprintf(w->name, sizeof(w->name), "%.*s", (int)strcspn(base, "."), base);
	if (!trace_load(&w->trace, path))
		return false;
	/* Half as much again as its peak: space enough for all, and as tight for each. */
	w->region = (w->trace.peak_bytes * 3 / 2 + (1 << 16) + 4095) & ~(size_t)4095;
	return true;
}

static bool workload_parse(struct workload *w, const char *name)
{
	u32 megabytes;

	w->region = 1 << 20;
	if (sscanf(name, "steady-%u-%um-%u", &w->log_bytes, &megabytes, &w->fill) == 3) {
		w->kind = WORKLOAD_STEADY;
		w->region = (size_t)megabytes << 20;
		if (w->log_bytes > 24 || w->fill > 100 || !ops_make(&w->trace, 2 * STEADY_PAIRS))
			return false;
		w->trace.count = 2 * STEADY_PAIRS;
		return true;
	}
	if (sscanf(name, "lifo-%u", &w->bytes) == 1) {
		w->kind = WORKLOAD_LIFO;
		return w->bytes;
	}
	if (!strcmp(name, "vectors")) {
		w->kind = WORKLOAD_VECTORS;
		w->region = 8 << 20;
		return vectors_make(w);
	}
	if (!strcmp(name, "too-small")) {
		w->kind = WORKLOAD_TOO_SMALL;
		w->region = 64 << 20;
		return too_small_make(w);
	}
	if (!strcmp(name, "aligned")) {
		w->kind = WORKLOAD_ALIGNED;
		w->region = 64 << 20;
		return aligned_make(w);
	}
	if (!strcmp(name, "full")) {
		w->kind = WORKLOAD_FULL;
		return full_make(w);
	}
	if (!strcmp(name, "ancestor-loop")) {
		w->kind = WORKLOAD_ANCESTOR;
		w->bytes = ANCESTOR_BYTES;
		w->region = ANCESTOR_REGION;
		return true;
	}
	return false;
}

/**
 * workload_open() - make a workload by its name
 * @w: the workload; its seed is set
 * @name: one of those in Documentation/bench.rst, or the path of a trace
 *
 * Return: whether it could be made; else stderr has been told.
 */
bool workload_open(struct workload *w, const char *name)
{
	if (!slots) {
		slots = mmap(NULL, SLOTS_MOST * sizeof(*slots), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (slots == MAP_FAILED) {
			perror("mmap");
			return false;
		}
	}
	if (strchr(name, '/') || strchr(name, '.'))
		return trace_make(w, name);
	snprintf(w->name, sizeof(w->name), "%s", name);
	if (workload_parse(w, name))
		return true;
	fprintf(stderr, "no such workload: %s\n", name);
	return false;
}

void workload_close(struct workload *w)
{
	trace_free(&w->trace);
}

/* The highest slot that was in use since workload_end(), plus one. */
static u32 slots_used;

static bool slot_fill(const struct bench_heap *heap, u32 bytes, struct prepared *prepared)
{
	struct trace_op op = { .slot = prepared->live_blocks, .bytes = bytes };

	if (op.slot == ASIDE || !op_run(heap, &op))
		return false;
	prepared->live_blocks++;
	prepared->live_bytes += bytes;
	slots_used = prepared->live_blocks;
	return true;
}

static void slot_free(const struct bench_heap *heap, u32 slot)
{
	op_run(heap, &(struct trace_op){ .slot = slot, .kind = TRACE_FREE });
}

/*
 * Random sizes until nothing fits any more. What has no region is filled as much as
 * one could be at the cost of 8 bytes a block.
 */
static void fill_random(const struct workload *w, const struct bench_heap *heap, size_t region,
			struct prepared *prepared)
{
	while (heap->init || prepared->live_bytes + 8ull * prepared->live_blocks < region)
		if (!slot_fill(heap, random_bytes(w->log_bytes), prepared))
			break;
}

/* One of the blocks gives way to one of another size; either may have failed before. */
static void replace_add(struct trace *trace, const struct workload *w, u32 blocks)
{
	u32 slot = random_below(blocks);

	op_add(trace, TRACE_FREE, slot, 0);
	op_add(trace, TRACE_ALLOC, slot, random_bytes(w->log_bytes));
}

static void warm_up(const struct workload *w, const struct bench_heap *heap, u32 blocks)
{
	struct trace_op ops[2];
	struct trace pair = { .ops = ops };
	u32 i;

	for (i = 0; i < blocks; i++) {
		pair.count = 0;
		replace_add(&pair, w, blocks);
		op_run(heap, &ops[0]);
		op_run(heap, &ops[1]);
	}
}

/*
 * Fill to the first failure, free at random down to a share of that, replace each
 * block once; then the calls are further replacements.
 */
static void steady_prepare(struct workload *w, const struct bench_heap *heap, size_t region,
			   struct prepared *prepared)
{
	u64 live, target;
	u32 n, i;

	random_seed(w->seed, 0);
	fill_random(w, heap, region, prepared);
	live = prepared->live_bytes;
	target = live / 100 * w->fill;
	random_seed(w->seed, 1);
	for (n = prepared->live_blocks; n > 1 && live > target; n--) {
		i = random_below(n);
		live -= slots[i].bytes;
		slot_free(heap, i);
		slots[i] = slots[n - 1];
		slots[n - 1].block = NULL;
	}
	slots_used = n;
	warm_up(w, heap, n);
	w->trace.count = 0;
	for (i = 0; i < STEADY_PAIRS; i++)
		replace_add(&w->trace, w, n);
}

/* Pairs of a block of @bytes and a small one that stays, then those blocks are freed. */
static void holes_prepare(const struct bench_heap *heap, u32 bytes, bool fill,
			  struct prepared *prepared)
{
	u32 i;

	for (i = 0; i < CHUNKS; i++)
		if (!slot_fill(heap, bytes, prepared) || !slot_fill(heap, 16, prepared))
			break;
	while (fill && slot_fill(heap, bytes, prepared))
		;
	for (i = 0; i < 2 * CHUNKS; i += 2)
		slot_free(heap, i);
}

static void full_prepare(struct workload *w, const struct bench_heap *heap, size_t region,
			 struct prepared *prepared)
{
	struct workload sizes = { .log_bytes = 8 };

	full_fill(w);
	random_seed(w->seed, 1);
	fill_random(&sizes, heap, region, prepared);
	while (slot_fill(heap, 1, prepared))
		;
}

/* Some blocks before and holes among them, as a heap that is in use has. */
static void lifo_prepare(const struct workload *w, const struct bench_heap *heap,
			 struct prepared *prepared)
{
	u32 i;

	for (i = 0; i < 64; i++)
		slot_fill(heap, w->bytes, prepared);
	for (i = 0; i < 64; i += 2)
		slot_free(heap, i);
}

/**
 * workload_prepare() - bring a heap into the state that the calls begin with
 * @w: the workload
 * @heap: the heap
 * @region: memory
 * @bytes: how much of it to use
 * @prepared: what came of it
 *
 * The same seed makes the same state and the same calls.
 *
 * Return: whether the heap took the region, or does without one.
 */
bool workload_prepare(struct workload *w, const struct bench_heap *heap, void *region,
		      size_t bytes, struct prepared *prepared)
{
	*prepared = (struct prepared){ 0 };
	slots_used = w->trace.slots;
	if (!heap->init && workload_needs_region(w))
		return false;
	if (heap->init && !heap->init(region, bytes))
		return false;
	switch (w->kind) {
	case WORKLOAD_STEADY:
		steady_prepare(w, heap, bytes, prepared);
		break;
	case WORKLOAD_TOO_SMALL:
		holes_prepare(heap, CHUNK_BYTES, true, prepared);
		break;
	case WORKLOAD_ALIGNED:
		holes_prepare(heap, SMALL_BYTES, false, prepared);
		break;
	case WORKLOAD_FULL:
		full_prepare(w, heap, bytes, prepared);
		break;
	case WORKLOAD_LIFO:
		lifo_prepare(w, heap, prepared);
		break;
	case WORKLOAD_VECTORS:
		vectors_fill(w);
		break;
	case WORKLOAD_TRACE:
	case WORKLOAD_ANCESTOR:
		break;
	}
	return true;
}

/*
 * The loops to measure. They are functions of their own, for callgrind to find. The
 * slots of calls to come are prefetched, so that the misses are the heap's.
 */

static u32 __attribute__((noipa))
timed_calls(const struct trace *trace, const struct bench_heap *heap, bool stop)
{
	u32 i, failed = 0;

	for (i = 0; i < trace->count; i++) {
		__builtin_prefetch(&slots[trace->ops[i + 8 < trace->count ? i + 8 : i].slot]);
		if (likely(op_run(heap, &trace->ops[i])))
			continue;
		failed++;
		if (stop)
			break;
	}
	return failed;
}

static u32 __attribute__((noipa))
timed_lifo(const struct bench_heap *heap, u32 bytes)
{
	void *block;
	u32 i;

	for (i = 0; i < LIFO_CALLS; i++) {
		block = heap->alloc(bytes);
		if (unlikely(!block))
			return 1;
		heap->free(block, bytes, BENCH_ALIGN);
	}
	return 0;
}

/* Blocks of one size, the first half freed forwards, the second backwards. */
static u32 __attribute__((noipa))
timed_ancestor(const struct bench_heap *heap, u32 bytes)
{
	static void *blocks[ANCESTOR_BLOCKS];
	u32 round, i;

	for (round = 0; round < ANCESTOR_ROUNDS; round++) {
		for (i = 0; i < ANCESTOR_BLOCKS; i++) {
			blocks[i] = heap->alloc(bytes);
			if (unlikely(!blocks[i]))
				return 1;
		}
		for (i = 0; i < ANCESTOR_BLOCKS / 2; i++)
			heap->free(blocks[i], bytes, BENCH_ALIGN);
		for (i = ANCESTOR_BLOCKS; i-- > ANCESTOR_BLOCKS / 2;)
			heap->free(blocks[i], bytes, BENCH_ALIGN);
	}
	return 0;
}

/* How many calls workload_run() makes. */
u32 workload_calls(const struct workload *w)
{
	if (w->kind == WORKLOAD_LIFO)
		return 2 * LIFO_CALLS;
	if (w->kind == WORKLOAD_ANCESTOR)
		return 2 * ANCESTOR_ROUNDS * ANCESTOR_BLOCKS;
	return w->trace.count;
}

/**
 * workload_run() - make all the calls of a prepared workload
 * @w: the workload
 * @heap: the heap
 *
 * Return: how many failed. A fixed sequence ends with the first.
 */
u32 workload_run(const struct workload *w, const struct bench_heap *heap)
{
	if (w->kind == WORKLOAD_LIFO)
		return timed_lifo(heap, w->bytes);
	if (w->kind == WORKLOAD_ANCESTOR)
		return timed_ancestor(heap, w->bytes);
	return timed_calls(&w->trace, heap, workload_is_fixed(w));
}

/**
 * workload_end() - free what is live, where no init makes it unnecessary
 * @heap: the heap
 */
void workload_end(const struct bench_heap *heap)
{
	u32 i;

	for (i = 0; !heap->init && i < slots_used; i++)
		slot_free(heap, i);
}
