// SPDX-License-Identifier: GPL-2.0
/*
 * talloc_bench - measures talloc and the kernel's other allocators in one kernel, one
 * after the other, each with the same sequence of requests. Everything happens while
 * the module is loaded; the log gets one JSON object a line, after "bench: ".
 *
 * Times of a kernel that shares its processor with others are too long, never too
 * short: of several rounds the least is what an allocator takes.
 */
#define pr_fmt(fmt) "bench: " fmt

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/talloc.h>
#include <linux/vmalloc.h>

#include "bench.h"

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of all sequences of requests");

static unsigned int rounds = 31;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "of which the least and the median count");

static unsigned int passes = 1;
module_param(passes, uint, 0444);
MODULE_PARM_DESC(passes, "how often all of it is measured");

static char *only_measure;
module_param_named(measure, only_measure, charp, 0444);
MODULE_PARM_DESC(measure, "the only one to make: replace, same, space or metadata");

static char *only_heap;
module_param_named(heap, only_heap, charp, 0444);
MODULE_PARM_DESC(heap, "the only one to measure");

static unsigned int most_units = 1u << 20;
module_param(most_units, uint, 0444);
MODULE_PARM_DESC(most_units, "of the largest range whose times are taken; each takes 256 bytes");

#define ROUNDS_MOST	64

/* Runs of the same calls, of each of which the shortest counts. */
#define REPEATS		4
#define REPEAT_OPS	4096

/* What is replaced before anything is measured, at most. */
#define CHURN_MOST	32768

/* Operations in a round. */
#define ROUND_OPS	1024

#define OPS_MOST	(BENCH_SLOTS + CHURN_MOST + ROUNDS_MOST * ROUND_OPS)

static const struct bench_heap * const heaps[] = {
	&bench_null, &bench_region, &bench_region_nomap, &bench_region_numbers, &bench_heap,
	&bench_heap_nomap, &bench_detached, &bench_pool, &bench_gen_pool,
	&bench_gen_pool_best, &bench_drm_mm, &bench_drm_mm_lock, &bench_drm_mm_low,
	&bench_buddy, &bench_kmalloc, &bench_kmem_cache, &bench_mempool,
};

static const u32 ranges[] = { 1024, 4096, 65536, 1u << 20 };
static const u32 fills[] = { 0, 10, 50, 90, 99 };

struct bench_slot *bench_slots;
void *bench_memory;
u64 bench_seen;

static struct bench_op *ops;
static u32 *block_units;	/* of each slot, as if nothing had failed */
static u32 *gets, *puts;

/*
 * The lines of the log.
 */

static char line[1000];
static size_t line_length;

static __printf(1, 2) void add(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_length += vscnprintf(line + line_length, sizeof(line) - line_length, format, args);
	va_end(args);
}

static void begin(const char *measure, const struct bench_heap *heap)
{
	line_length = 0;
	add("{\"measure\": \"%s\", \"heap\": \"%s\", \"seed\": %u", measure, heap->name, seed);
}

static void add_u64(const char *name, u64 value)
{
	add(", \"%s\": %llu", name, value);
}

static void add_milli(const char *name, u64 value)
{
	add(", \"%s\": %llu.%03llu", name, value / 1000, value % 1000);
}

static void end(void)
{
	pr_info("%s}\n", line);
	cond_resched();
}

/*
 * Requests. Sizes are 1 to 63 units, small ones more often; one in 16 is up to 255, but
 * no more than a sixteenth of the range.
 */

static u32 random_units(struct rnd_state *random, u32 range)
{
	u32 value = prandom_u32_state(random), units;
	u32 doubling = (value >> 4) % 6;

	if (value % 16 == 0)
		units = 64 + (value >> 8) % 192;
	else
		units = (1u << doubling) + ((value >> 8) & ((1u << doubling) - 1));
	return min(units, range / 16);
}

struct work {
	u32 range;		/* units */
	u32 most;		/* units that may be live */
	u32 slots;
	u32 live;		/* units, as if nothing had failed */
	u32 count;		/* operations so far */
	struct rnd_state random;
};

static void work_add(struct work *work, u32 slot, u32 units)
{
	if (work->count == OPS_MOST)
		return;
	ops[work->count++] = (struct bench_op){ slot, units * BENCH_UNIT };
	work->live += units - block_units[slot];
	block_units[slot] = units;
}

/* Blocks until no more than @most units are live. */
static void work_fill(struct work *work, u32 most)
{
	u32 units;

	work->most = most;
	while (work->slots < BENCH_SLOTS - 1) {
		units = random_units(&work->random, work->range);
		if (work->live + units > most)
			break;
		work_add(work, work->slots++, units);
	}
}

/*
 * Replace blocks at random, so that as much stays live. The last slot stands in where
 * nothing is.
 */
static void work_replace(struct work *work, u32 n)
{
	u32 slack = 64 + work->range / 200, slot, units, live, tries;

	while (n--) {
		slot = work->slots ? prandom_u32_state(&work->random) % work->slots : 0;
		for (tries = 0; tries < 8; tries++) {
			units = random_units(&work->random, work->range);
			live = work->live - block_units[slot] + units;
			if (!work->slots || (live <= work->most && live + slack >= work->most))
				break;
		}
		work_add(work, slot, tries < 8 ? units : block_units[slot]);
	}
}

static void work_begin(struct work *work, u32 range)
{
	memset(work, 0, sizeof(*work));
	memset(block_units, 0, BENCH_SLOTS * sizeof(*block_units));
	work->range = range;
	prandom_seed_state(&work->random, seed + ((u64)range << 32));
}

/* Returns how many operations make the state in which to measure. */
static u32 work_steady(struct work *work, u32 range, u32 fill)
{
	work_begin(work, range);
	work_fill(work, div_u64((u64)range * fill, 100));
	work_replace(work, min(2 * work->slots, CHURN_MOST));
	return work->count;
}

/*
 * A heap in use.
 */

static bool wanted(const char *only, const char *name)
{
	return !only || !*only || !strcmp(only, name);
}

static bool heap_begin(const struct bench_heap *heap, u32 range, u32 block)
{
	u32 i;

	for (i = 0; i < BENCH_SLOTS; i++)
		bench_slots[i].at = BENCH_NONE;
	return !heap->init((u64)range * BENCH_UNIT, block);
}

/* In slices, as some are slow and nothing here is preempted. */
static u32 heap_run(const struct bench_heap *heap, const struct bench_op *from, u32 n)
{
	u32 failed = 0, slice;

	for (; n; from += slice, n -= slice) {
		slice = min(n, 256u);
		failed += heap->run(from, slice);
		cond_resched();
	}
	return failed;
}

static void heap_end(const struct bench_heap *heap)
{
	struct bench_op op = { 0 };

	for (op.slot = 0; op.slot < BENCH_SLOTS; op.slot++)
		heap->run(&op, 1);
	heap->exit();
}

/* Not what is measured, but that it means something: no two blocks share a byte. */

static struct bench_slot *sorted;
static bool all_well = true;

static int compare_slots(const void *a, const void *b)
{
	u64 x = ((const struct bench_slot *)a)->at, y = ((const struct bench_slot *)b)->at;

	return x < y ? -1 : x > y;
}

static void check_blocks(const struct bench_heap *heap)
{
	u32 n = 0, i;

	for (i = 0; i < BENCH_SLOTS; i++)
		if (bench_slots[i].at != BENCH_NONE)
			sorted[n++] = bench_slots[i];
	sort(sorted, n, sizeof(*sorted), compare_slots, NULL);
	for (i = 1; i < n; i++) {
		if (sorted[i].at - sorted[i - 1].at >= sorted[i - 1].bytes)
			continue;
		pr_err("%s: blocks overlap\n", heap->name);
		all_well = false;
		return;
	}
}

static u64 live_bytes(void)
{
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < BENCH_SLOTS; i++)
		bytes += bench_slots[i].at != BENCH_NONE ? bench_slots[i].bytes : 0;
	return bytes;
}

/*
 * Rounds.
 */

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static void sort_u32(u32 *values, u32 n)
{
	sort(values, n, sizeof(*values), compare_u32, NULL);
}

/* Nanoseconds for a thousand operations in each round, sorted. Returns the failures. */
static u32 time_rounds(const struct bench_heap *heap, const struct bench_op *from, u32 n,
		       bool again, u32 *took)
{
	u32 failed = 0, i;
	u64 start;

	for (i = 0; i < rounds; i++) {
		start = ktime_get_ns();
		failed += heap->run(from, n);
		took[i] = div_u64((ktime_get_ns() - start) * 1000, n);
		cond_resched();
		if (!again)
			from += n;
	}
	sort_u32(took, rounds);
	return failed;
}

/*
 * replace: blocks of random sizes take the places of others, at each fill of each range.
 */

static void replace_ns(const struct bench_heap *heap, struct work *work, u32 fill, u32 steady)
{
	u32 took[ROUNDS_MOST], failed;

	if (!heap_begin(heap, work->range, 0))
		return;
	heap_run(heap, ops, steady);
	failed = time_rounds(heap, ops + steady, ROUND_OPS, false, took);
	begin("replace", heap);
	add_u64("units", work->range);
	add_u64("fill", fill);
	add_u64("rounds", rounds);
	add_u64("ops", ROUND_OPS);
	add_milli("ns", took[0]);
	add_milli("median", took[rounds / 2]);
	add_milli("failed", div_u64(failed * 1000ull, rounds * ROUND_OPS));
	add_milli("live", div_u64(live_bytes() * 1000, (u64)work->range * BENCH_UNIT));
	end();
	check_blocks(heap);
	heap_end(heap);
}

static void add_tail(const char *kind, u32 *values)
{
	char name[16];
	u32 n;

	sort_u32(values, REPEAT_OPS);
	/* Where there was nothing to put back, nothing was measured. */
	for (n = REPEAT_OPS; n && values[n - 1] == ~0u; n--)
		;
	if (!n)
		return;
	snprintf(name, sizeof(name), "%s_p50", kind);
	add_u64(name, values[n / 2]);
	snprintf(name, sizeof(name), "%s_p99", kind);
	add_u64(name, values[n - 1 - n / 100]);
	snprintf(name, sizeof(name), "%s_p999", kind);
	add_u64(name, values[n - 1 - n / 1000]);
	snprintf(name, sizeof(name), "%s_worst", kind);
	add_u64(name, values[n - 1]);
}

static void replace_cycles(const struct bench_heap *heap, struct work *work, u32 fill, u32 steady)
{
	u32 i;

	memset(gets, 0xff, REPEAT_OPS * sizeof(*gets));
	memset(puts, 0xff, REPEAT_OPS * sizeof(*puts));
	for (i = 0; i < REPEATS; i++) {
		if (!heap_begin(heap, work->range, 0))
			return;
		heap_run(heap, ops, steady);
		heap->cycles(ops + steady, REPEAT_OPS, gets, puts);
		heap_end(heap);
		cond_resched();
	}
	begin("cycles", heap);
	add_u64("units", work->range);
	add_u64("fill", fill);
	add_u64("repeats", REPEATS);
	add_tail("alloc", gets);
	add_tail("free", puts);
	end();
}

static void measure_replace(const struct bench_heap *heap)
{
	struct work work;
	u32 i, j, steady;

	if (heap->one_size)
		return;
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (j = 0; j < ARRAY_SIZE(fills) && ranges[i] <= most_units; j++) {
			steady = work_steady(&work, ranges[i], fills[j]);
			work_replace(&work, max(rounds * ROUND_OPS, REPEAT_OPS));
			replace_ns(heap, &work, fills[j], steady);
			replace_cycles(heap, &work, fills[j], steady);
		}
	}
}

/*
 * same: a block is put back and one of the same size is taken, in a range in which
 * other blocks are.
 */

#define SAME_RANGE	65536

static const u32 same_bytes[] = { 32, 64, 128, 256, 512, 1024, 2048, 4096 };

static void same_size(const struct bench_heap *heap, u32 fill, u32 bytes)
{
	struct bench_op *same = ops + OPS_MOST - ROUND_OPS;
	u32 took[ROUNDS_MOST], failed, i;

	for (i = 0; i < ROUND_OPS; i++)
		same[i] = (struct bench_op){ BENCH_SLOTS - 1, bytes };
	failed = time_rounds(heap, same, ROUND_OPS, true, took);
	begin("same", heap);
	add_u64("units", SAME_RANGE);
	add_u64("fill", fill);
	add_u64("bytes", bytes);
	add_u64("rounds", rounds);
	add_milli("ns", took[0]);
	add_milli("median", took[rounds / 2]);
	add_milli("failed", div_u64(failed * 1000ull, rounds * ROUND_OPS));
	end();
}

/* The sizes from @i to @end, in one heap. */
static void same_sizes(const struct bench_heap *heap, u32 fill, u32 i, u32 end)
{
	struct work work;
	u32 steady = work_steady(&work, SAME_RANGE, fill);

	if (!heap_begin(heap, SAME_RANGE, same_bytes[i]))
		return;
	heap_run(heap, ops, steady);
	for (; i < end; i++)
		same_size(heap, fill, same_bytes[i]);
	heap_end(heap);
}

static void measure_same(const struct bench_heap *heap)
{
	u32 sizes = ARRAY_SIZE(same_bytes), i, j;

	for (i = 0; i < ARRAY_SIZE(fills); i++)
		for (j = 0; j < sizes; j += heap->one_size ? 1 : sizes)
			same_sizes(heap, fills[i], j, heap->one_size ? j + 1 : sizes);
}

/*
 * space: the smallest range in which a sequence of requests never finds too little room.
 */

#define SPACE_UNITS	32768u
#define SPACE_SEEDS	8
#define SPACE_MOST	3	/* times the peak */
#define SPACE_STEP	(SPACE_UNITS / 1024)

/* As much live all the time. */
static void space_steady(struct work *work)
{
	work_fill(work, SPACE_UNITS);
	work_replace(work, 4 * work->slots);
}

/* Free half of the blocks. */
static void space_thin(struct work *work)
{
	u32 slot;

	for (slot = 0; slot < work->slots; slot++)
		if (block_units[slot] && prandom_u32_state(&work->random) & 1)
			work_add(work, slot, 0);
}

/* Half of it goes and comes again, over and over. */
static void space_waves(struct work *work)
{
	u32 i;

	for (i = 0; i < 8; i++) {
		work_fill(work, SPACE_UNITS);
		space_thin(work);
	}
}

/* The same, with larger and larger blocks. */
static void space_growing(struct work *work)
{
	u32 log, units;

	for (log = 0; log < 8; log++) {
		while (work->slots < BENCH_SLOTS - 1) {
			units = (1u << log) + prandom_u32_state(&work->random) % (1u << log);
			if (work->live + units > SPACE_UNITS)
				break;
			work_add(work, work->slots++, units);
		}
		space_thin(work);
	}
}

static const struct {
	const char *name;
	void (*make)(struct work *work);
} spaces[] = {
	{ "steady", space_steady },
	{ "waves", space_waves },
	{ "growing", space_growing },
};

static bool space_serves(const struct bench_heap *heap, u32 range, u32 count)
{
	u32 failed = 0, i;

	if (!heap_begin(heap, range, 0))
		return false;
	for (i = 0; i < count && !failed; i += 64)
		failed = heap->run(ops + i, min(64u, count - i));
	heap_end(heap);
	cond_resched();
	return !failed;
}

/*
 * In steps of SPACE_STEP units: where bisection finds that it begins to serve. 0 for none that
 * was tried.
 */
static u32 space_search(const struct bench_heap *heap, u32 count, u32 peak)
{
	u32 low = peak / SPACE_STEP - 1, high = SPACE_MOST * low, middle;

	if (!space_serves(heap, high * SPACE_STEP, count))
		return 0;
	while (high - low > 1) {
		middle = (low + high) / 2;
		if (space_serves(heap, middle * SPACE_STEP, count))
			high = middle;
		else
			low = middle;
	}
	return high * SPACE_STEP;
}

static void space_one(const struct bench_heap *heap, u32 i, u32 number)
{
	u32 peak = 0, live = 0, range, j;
	struct work work;

	work_begin(&work, SPACE_UNITS);
	prandom_seed_state(&work.random, seed + number);
	spaces[i].make(&work);
	memset(block_units, 0, BENCH_SLOTS * sizeof(*block_units));
	for (j = 0; j < work.count; j++) {
		live += ops[j].bytes / BENCH_UNIT - block_units[ops[j].slot];
		block_units[ops[j].slot] = ops[j].bytes / BENCH_UNIT;
		peak = max(peak, live);
	}
	range = space_search(heap, work.count, peak);
	if (!range)
		return;
	begin("space", heap);
	add(", \"workload\": \"%s-%u\"", spaces[i].name, seed + number);
	add_u64("ops", work.count);
	add_u64("peak", peak);
	add_u64("region", range);
	add_milli("space", div_u64(range * 1000ull, peak));
	end();
}

static void measure_space(const struct bench_heap *heap)
{
	u32 i, number;

	if (!heap->ranged)
		return;
	for (i = 0; i < ARRAY_SIZE(spaces); i++)
		for (number = 0; number < SPACE_SEEDS; number++)
			space_one(heap, i, number);
}

/*
 * metadata: what is neither free nor a caller's.
 */

static void measure_metadata(const struct bench_heap *heap)
{
	struct work work;
	u32 steady, blocks, i;
	u64 empty;

	if (!heap->outside)
		return;
	steady = work_steady(&work, SAME_RANGE, 50);
	if (!heap_begin(heap, SAME_RANGE, 0))
		return;
	empty = heap->outside();
	heap_run(heap, ops, steady);
	for (i = blocks = 0; i < BENCH_SLOTS; i++)
		blocks += bench_slots[i].at != BENCH_NONE;
	begin("metadata", heap);
	add_u64("units", SAME_RANGE);
	add_u64("blocks", blocks);
	add_u64("empty", empty);
	add_milli("unit", div_u64(empty * 1000, SAME_RANGE));
	add_milli("block", div_u64((heap->outside() - empty) * 1000, blocks));
	add_milli("inside", div_u64((heap->used() - live_bytes()) * 1000, blocks));
	end();
	heap_end(heap);
}

static const struct {
	const char *name;
	void (*make)(const struct bench_heap *heap);
	bool exact;		/* once is enough */
} measures[] = {
	{ "metadata", measure_metadata, true },
	{ "space", measure_space, true },
	{ "same", measure_same },
	{ "replace", measure_replace },
};

/* Cycles of the counter in a microsecond, and how many it takes to read it. */
static void measure_clock(void)
{
	u64 start = ktime_get_ns(), first = bench_begin(), least = ~0ull, one;
	u32 i;

	while (ktime_get_ns() - start < 50 * NSEC_PER_MSEC)
		;
	line_length = 0;
	add("{\"measure\": \"clock\"");
	add_u64("cycles_per_us", div64_u64((bench_end() - first) * 1000, ktime_get_ns() - start));
	for (i = 0; i < 10000; i++) {
		one = bench_begin();
		least = min(least, bench_end() - one);
	}
	add_u64("read", least);
	end();
}

/* Returns how many measures of how many heaps were wanted. */
static u32 measure_all(u32 pass)
{
	u32 i, j, made = 0;

	for (i = 0; i < ARRAY_SIZE(measures); i++) {
		if (!wanted(only_measure, measures[i].name) || (measures[i].exact && pass))
			continue;
		for (j = 0; j < ARRAY_SIZE(heaps); j++)
			if (wanted(only_heap, heaps[j]->name)) {
				measures[i].make(heaps[j]);
				made++;
			}
	}
	return made;
}

static void buffers_put(void)
{
	kvfree(sorted);
	kvfree(puts);
	kvfree(gets);
	kvfree(block_units);
	kvfree(ops);
	kvfree(bench_slots);
	vfree(bench_memory);
}

/* For the largest range of any measure. */
static size_t memory_bytes(void)
{
	return max(most_units, SPACE_MOST * SPACE_UNITS) * (size_t)BENCH_UNIT;
}

static bool buffers_get(void)
{
	bench_memory = vmalloc(memory_bytes());
	bench_slots = kvmalloc_array(BENCH_SLOTS, sizeof(*bench_slots), GFP_KERNEL);
	ops = kvmalloc_array(OPS_MOST, sizeof(*ops), GFP_KERNEL);
	block_units = kvmalloc_array(BENCH_SLOTS, sizeof(*block_units), GFP_KERNEL);
	gets = kvmalloc_array(REPEAT_OPS, sizeof(*gets), GFP_KERNEL);
	puts = kvmalloc_array(REPEAT_OPS, sizeof(*puts), GFP_KERNEL);
	sorted = kvmalloc_array(BENCH_SLOTS, sizeof(*sorted), GFP_KERNEL);
	return bench_memory && bench_slots && ops && block_units && gets && puts && sorted;
}

static int __init bench_init(void)
{
	u32 i, made = 0;
	int err = -ENOMEM;

	if (!rounds || rounds > ROUNDS_MOST || most_units < SAME_RANGE)
		return -EINVAL;
	if (buffers_get()) {
		memset(bench_memory, 0, memory_bytes());
		measure_clock();
		for (i = 0; i < passes; i++)
			made += measure_all(i);
		if (!made)
			err = -EINVAL;
		else
			err = all_well ? 0 : -EIO;
	}
	buffers_put();
	return err;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Bench of talloc beside the kernel's other allocators");
MODULE_LICENSE("GPL");
TALLOC_IMPORT_NS();
