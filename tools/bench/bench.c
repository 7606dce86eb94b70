// SPDX-License-Identifier: GPL-2.0
/*
 * bench - measures heaps, all in one process and by turns. Prints one JSON object a
 * line; bench.py makes tables of them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "workload.h"

#define HEAPS_MOST	32
#define WORKLOADS_MOST	64

/* The smallest region is told apart to a part in this of the peak. */
#define SPACE_STEPS	5000

/* Blocks are filled with one pattern, shifted differently for neighbouring slots. */
#define PATTERN_BYTES	65536
#define PATTERN_SHIFTS	4093

#define TAIL_REPEATS	5
#define TAIL_CURVE	25	/* quarters of a power of ten, to the worst in a million */

#define CALL_SAMPLES	2000

#define SAMPLES		100

struct named_heap {
	const char *name;
	const struct bench_heap *heap;
};

static struct {
	struct named_heap heaps[HEAPS_MOST];
	u32 heap_count;
	const char *workloads[WORKLOADS_MOST];
	u32 workload_count;
	u32 rounds;
	u64 seed;
	bool huge;
} options = { .rounds = 1, .seed = 1 };

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(1);
}

/* How many bytes of the mapping that begins at @start are in huge pages. */
static size_t huge_bytes(const void *start)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	unsigned long low, high, kilobytes = 0;
	bool found = false;
	char line[256];

	if (!maps)
		die("/proc/self/smaps");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
			found = low == (unsigned long)start;
		if (found && sscanf(line, "AnonHugePages: %lu kB", &kilobytes) == 1)
			break;
	}
	fclose(maps);
	return kilobytes * 1024;
}

/*
 * The region: one for all heaps, so that each gets the same pages, all of them there; of
 * 4 KiB, or where that is asked for, huge ones.
 */
static void *region_get(size_t bytes)
{
	const size_t align = 2 << 20;
	static char *region;
	static size_t room;
	char *map;

	if (bytes <= room)
		return region;
	if (region)
		munmap(region, room);
	room = (bytes + align - 1) & ~(align - 1);
	map = mmap(NULL, room + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	if (map == MAP_FAILED)
		die("mmap");
	region = map + (-(unsigned long)map & (align - 1));
	madvise(region, room, options.huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(region, 1, room);
	if (options.huge && huge_bytes(region) != room) {
		fprintf(stderr, "no huge pages for a region of %zu bytes\n", room);
		exit(1);
	}
	return region;
}

/* The first members of a line; the rest is the caller's. */
static void print_begin(const char *measure, const struct workload *w, const char *heap)
{
	printf("{\"measure\": \"%s\", \"workload\": \"%s\", \"heap\": \"%s\"", measure, w->name,
	       heap);
}

static void print_end(void)
{
	printf("}\n");
	fflush(stdout);
}

static double nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static size_t outside_bytes(const struct bench_heap *heap)
{
	return heap->outside ? heap->outside() : 0;
}

/* How a region was when it was full. */
static void print_full(const struct workload *w, const struct bench_heap *heap,
		       const struct prepared *prepared)
{
	printf(", \"share\": %.5f", (double)prepared->live_bytes / w->region);
	printf(", \"region\": %zu, \"outside\": %zu", w->region, outside_bytes(heap));
	printf(", \"live\": %llu, \"blocks\": %u", prepared->live_bytes, prepared->live_blocks);
}

/*
 * ns: thread CPU time a call, by turns of all heaps. Heaps go first in turn.
 */
static void ns_one(struct workload *w, const struct named_heap *h, u32 round)
{
	struct prepared prepared;
	double begin, end;
	u32 failed;

	if (!workload_prepare(w, h->heap, region_get(w->region), w->region, &prepared))
		return;
	begin = nanoseconds();
	failed = workload_run(w, h->heap);
	end = nanoseconds();
	workload_end(h->heap);
	print_begin("ns", w, h->name);
	printf(", \"round\": %u, \"seed\": %llu, \"calls\": %u, \"failed\": %u", round, w->seed,
	       workload_calls(w), failed);
	if (!failed || !(workload_is_fixed(w) || workload_is_loop(w)))
		printf(", \"ns\": %.3f", (end - begin) / workload_calls(w));
	if (w->kind == WORKLOAD_STEADY && h->heap->init)
		print_full(w, h->heap, &prepared);
	print_end();
}

static void measure_ns(struct workload *w)
{
	u32 round, i;

	for (round = 0; round < options.rounds; round++) {
		w->seed = options.seed + round;
		for (i = 0; i < options.heap_count; i++)
			ns_one(w, &options.heaps[(i + round) % options.heap_count], round);
	}
}

/*
 * space: the smallest region that serves a workload. What a heap keeps elsewhere is
 * told apart.
 */
static bool space_serves(struct workload *w, const struct bench_heap *heap, size_t bytes)
{
	struct prepared prepared;

	return workload_prepare(w, heap, region_get(bytes), bytes, &prepared) &&
	       !workload_run(w, heap);
}

/* What does not do with this does not serve at all. */
static size_t space_most(const struct workload *w)
{
	return w->trace.peak_bytes * 5 / 2;
}

static size_t space_search(struct workload *w, const struct bench_heap *heap)
{
	u64 step = w->trace.peak_bytes / SPACE_STEPS & ~63ull;
	u64 low, high, middle;

	if (step < 64)
		step = 64;
	low = (w->trace.peak_bytes - 1) / step;	/* less than what is live */
	high = space_most(w) / step;
	if (!space_serves(w, heap, high * step))
		return 0;
	while (high - low > 1) {
		middle = (low + high) / 2;
		if (space_serves(w, heap, middle * step))
			high = middle;
		else
			low = middle;
	}
	/* What is outside depends on the region. */
	return space_serves(w, heap, high * step) ? high * step : 0;
}

static void measure_space(struct workload *w)
{
	const struct bench_heap *heap;
	size_t bytes;
	u32 i;

	if (!workload_is_fixed(w))
		return;
	region_get(space_most(w));
	for (i = 0; i < options.heap_count; i++) {
		heap = options.heaps[i].heap;
		bytes = heap->init ? space_search(w, heap) : 0;
		if (!bytes)
			continue;
		print_begin("space", w, options.heaps[i].name);
		printf(", \"region\": %zu, \"outside\": %zu, \"peak\": %llu, \"space\": %.5f",
		       bytes, outside_bytes(heap), w->trace.peak_bytes,
		       (double)bytes / w->trace.peak_bytes);
		print_end();
	}
}

/*
 * check: every byte of every block keeps what was written there for as long as it
 * lives, and every block is where it may be. Calls may fail: not every heap can serve
 * every trace in the region it gets.
 */
static const u8 *pattern(u32 slot)
{
	static u8 bytes[PATTERN_BYTES + PATTERN_SHIFTS];
	u32 i;

	for (i = sizeof(bytes); !bytes[0] && i--;)
		bytes[i] = (i * 2654435761u >> 24) | 1;
	return bytes + slot % PATTERN_SHIFTS;
}

static bool block_holds(const struct slot *slot, u32 bytes)
{
	const u8 *expected = pattern(slot - slots);
	u32 at;

	for (at = 0; bytes - at > PATTERN_BYTES; at += PATTERN_BYTES)
		if (memcmp(slot->block + at, expected, PATTERN_BYTES))
			return false;
	return !memcmp(slot->block + at, expected, bytes - at);
}

static void block_write(const struct slot *slot)
{
	u32 at;

	for (at = 0; slot->bytes - at > PATTERN_BYTES; at += PATTERN_BYTES)
		memcpy(slot->block + at, pattern(slot - slots), PATTERN_BYTES);
	memcpy(slot->block + at, pattern(slot - slots), slot->bytes - at);
}

static bool block_is_placed(const struct workload *w, const struct bench_heap *heap,
			    const struct slot *slot)
{
	u64 at = slot->block - (char *)region_get(w->region);

	if ((unsigned long)slot->block & (slot->align - 1))
		return false;
	return !heap->init || (at <= w->region && slot->bytes <= w->region - at);
}

static const char *check_call(const struct workload *w, const struct bench_heap *heap,
			      const struct trace_op *op, bool *failed)
{
	struct slot *slot = &slots[op->slot];
	u32 keeps = op->bytes < slot->bytes ? op->bytes : slot->bytes;

	if (op->kind == TRACE_FREE && !block_holds(slot, slot->bytes))
		return "contents of a block have changed";
	*failed = !op_run(heap, op);
	if (*failed || op->kind == TRACE_FREE)
		return NULL;
	if (!block_is_placed(w, heap, slot))
		return "a block where it may not be";
	if (op->kind == TRACE_RESIZE && !block_holds(slot, keeps))
		return "contents of a block have changed in resize";
	block_write(slot);
	return NULL;
}

/* What is live at the end has to be there, too. */
static const char *check_rest(const struct workload *w)
{
	u32 i;

	for (i = 0; i < w->trace.slots; i++)
		if (slots[i].block && !block_holds(&slots[i], slots[i].bytes))
			return "contents of a block have changed, at the end";
	return NULL;
}

static bool check_one(struct workload *w, const struct named_heap *h)
{
	struct prepared prepared;
	const char *wrong = NULL;
	bool failed = false;
	u32 i;

	if (!workload_prepare(w, h->heap, region_get(w->region), w->region, &prepared))
		return false;
	memset(&slots[0], 0, w->trace.slots * sizeof(*slots));
	for (i = 0; i < w->trace.count && !wrong && !failed; i++)
		wrong = check_call(w, h->heap, &w->trace.ops[i], &failed);
	if (!wrong)
		wrong = check_rest(w);
	workload_end(h->heap);
	print_begin("check", w, h->name);
	printf(", \"calls\": %u, \"failed\": %s, \"wrong\": %s%s%s", i,
	       failed ? "true" : "false", wrong ? "\"" : "", wrong ? wrong : "null",
	       wrong ? "\"" : "");
	print_end();
	return !wrong;
}

static bool all_well = true;

static void measure_check(struct workload *w)
{
	u32 i;

	if (!workload_is_fixed(w))
		return;
	for (i = 0; i < options.heap_count; i++)
		all_well &= check_one(w, &options.heaps[i]);
}

/*
 * cycles: of each call the least of several runs, as an interrupt hits another call in
 * each run.
 */
#ifdef __x86_64__
static inline u64 cycles_begin(void)
{
	__builtin_ia32_lfence();
	return __builtin_ia32_rdtsc();
}

static inline u64 cycles_end(void)
{
	u32 cpu;
	u64 now = __builtin_ia32_rdtscp(&cpu);

	__builtin_ia32_lfence();
	return now;
}
#else
static inline u64 cycles_begin(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static inline u64 cycles_end(void)
{
	return cycles_begin();
}
#endif

/* What it costs to look at the clock. */
static u64 cycles_of_nothing(void)
{
	u64 least = ~0ull, begin, cycles;
	u32 i;

	for (i = 0; i < 10000; i++) {
		begin = cycles_begin();
		cycles = cycles_end() - begin;
		least = cycles < least ? cycles : least;
	}
	return least;
}

/* False where a call fails that has to succeed. */
static bool cycles_run(const struct workload *w, const struct bench_heap *heap, u32 *least)
{
	u64 nothing = cycles_of_nothing(), begin, cycles;
	bool done;
	u32 i;

	for (i = 0; i < w->trace.count; i++) {
		__builtin_prefetch(&slots[w->trace.ops[i + 8 < w->trace.count ? i + 8 : i].slot]);
		begin = cycles_begin();
		done = op_run(heap, &w->trace.ops[i]);
		cycles = cycles_end() - begin;
		if (!done && workload_is_fixed(w))
			return false;
		cycles = cycles < nothing ? 0 : cycles - nothing;
		if (cycles < least[i])
			least[i] = cycles;
	}
	return true;
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static const char * const kind_names[TRACE_KINDS] = {
	[TRACE_ALLOC] = "alloc",
	[TRACE_ALIGNED] = "aligned",
	[TRACE_RESIZE] = "resize",
	[TRACE_FREE] = "free",
};

/* The value that all but a part of 10^-(quarters/4) of @n sorted ones do not exceed. */
static u32 quantile(const u32 *values, u32 n, u32 quarters)
{
	double part = 1;
	u32 i, above;

	for (i = 0; i < quarters; i++)
		part *= 0.5623413251903491;
	above = part * n;
	return values[above < n ? n - 1 - above : 0];
}

static void print_tail(const char *measure, const struct workload *w, const char *heap,
		       enum trace_kind kind, u32 *values, u32 n)
{
	u32 i;

	if (!n)
		return;
	qsort(values, n, sizeof(*values), compare_u32);
	print_begin(measure, w, heap);
	printf(", \"kind\": \"%s\", \"calls\": %u, \"p50\": %u, \"p99\": %u, \"p999\": %u",
	       kind_names[kind], n, values[n / 2], quantile(values, n, 8),
	       quantile(values, n, 12));
	printf(", \"worst\": %u, \"curve\": [", values[n - 1]);
	for (i = 0; i < TAIL_CURVE; i++)
		printf("%s%u", i ? ", " : "", quantile(values, n, i));
	printf("]");
	print_end();
}

/* One line for each kind of call. */
static void print_tails(const char *measure, const struct workload *w, const char *heap,
			const u32 *values)
{
	u32 *some = calloc(w->trace.count, sizeof(*some));
	u32 kind, n, i;

	if (!some)
		die("calloc");
	for (kind = 0; kind < TRACE_KINDS; kind++) {
		for (n = i = 0; i < w->trace.count; i++)
			if (w->trace.ops[i].kind == kind)
				some[n++] = values[i];
		print_tail(measure, w, heap, kind, some, n);
	}
	free(some);
}

static u32 *values_new(const struct workload *w)
{
	u32 *values = malloc(w->trace.count * sizeof(*values));

	if (!values)
		die("malloc");
	memset(values, 0xff, w->trace.count * sizeof(*values));
	return values;
}

static void cycles_one(struct workload *w, const struct named_heap *h)
{
	u32 *least = values_new(w), i;
	struct prepared prepared;
	bool served = true;

	for (i = 0; i < TAIL_REPEATS && served; i++) {
		if (!workload_prepare(w, h->heap, region_get(w->region), w->region, &prepared))
			break;
		served = cycles_run(w, h->heap, least);
		workload_end(h->heap);
	}
	if (served)
		print_tails("cycles", w, h->name, least);
	free(least);
}

static void measure_cycles(struct workload *w)
{
	u32 i;

	if (workload_is_loop(w))
		return;
	for (i = 0; i < options.heap_count; i++)
		cycles_one(w, &options.heaps[i]);
}

/*
 * calls: for callgrind, which counts what happens in timed_*() or, of some thousand
 * calls evenly spread, in counted_call(). Says which kind those were, in order.
 */
static bool __attribute__((noipa)) counted_call(const struct bench_heap *heap,
						const struct trace_op *op)
{
	return op_run(heap, op);
}

static void calls_one(struct workload *w, const struct named_heap *h)
{
	/* Odd, so that in pairs of calls both kinds are met. */
	u32 every = w->trace.count / CALL_SAMPLES | 1, i;
	struct prepared prepared;
	bool served = true, done;

	if (!workload_prepare(w, h->heap, region_get(w->region), w->region, &prepared))
		return;
	for (i = 0; i < w->trace.count && served; i++) {
		done = i % every ? op_run(h->heap, &w->trace.ops[i]) :
				   counted_call(h->heap, &w->trace.ops[i]);
		served = done || !workload_is_fixed(w);
	}
	workload_end(h->heap);
	if (!served)
		return;
	print_begin("calls", w, h->name);
	printf(", \"kinds\": [");
	for (i = 0; i < w->trace.count; i += every)
		printf("%s\"%s\"", i ? ", " : "", kind_names[w->trace.ops[i].kind]);
	printf("]");
	print_end();
}

static void measure_calls(struct workload *w)
{
	u32 i;

	if (workload_is_loop(w))
		return;
	for (i = 0; i < options.heap_count; i++)
		calls_one(w, &options.heaps[i]);
}

/*
 * fragmentation: of what is not live, the share that the largest possible request can
 * have, over time. Tags and rounding count as not live.
 */
static size_t largest_request(const struct bench_heap *heap, size_t region)
{
	size_t low = 0, high = region, middle;
	void *block;

	while (high - low > 64) {
		middle = (low + high) / 2;
		block = heap->alloc(middle);
		if (block) {
			heap->free(block, middle, BENCH_ALIGN);
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

static u64 live_bytes(const struct workload *w, const struct prepared *prepared)
{
	u32 n = w->trace.slots ? w->trace.slots : prepared->live_blocks, i;
	u64 sum = 0;

	for (i = 0; i < n; i++)
		if (slots[i].block)
			sum += slots[i].bytes;
	return sum;
}

static void fragmentation_one(struct workload *w, const struct named_heap *h)
{
	u32 every = w->trace.count / SAMPLES + 1, n = 0, i;
	double values[SAMPLES + 1];
	struct prepared prepared;
	bool served = true;
	u64 spare;

	if (!h->heap->init ||
	    !workload_prepare(w, h->heap, region_get(w->region), w->region, &prepared))
		return;
	memset(&slots[0], 0, w->trace.slots * sizeof(*slots));
	for (i = 0; i < w->trace.count && served; i++) {
		served = op_run(h->heap, &w->trace.ops[i]) || !workload_is_fixed(w);
		if (i % every)
			continue;
		spare = w->region - live_bytes(w, &prepared);
		values[n++] = (double)largest_request(h->heap, w->region) / spare;
	}
	if (!served)
		return;
	print_begin("fragmentation", w, h->name);
	printf(", \"every\": %u, \"values\": [", every);
	for (i = 0; i < n; i++)
		printf("%s%.4f", i ? ", " : "", values[i]);
	printf("]");
	print_end();
}

static void measure_fragmentation(struct workload *w)
{
	u32 i;

	if (workload_is_loop(w))
		return;
	for (i = 0; i < options.heap_count; i++)
		fragmentation_one(w, &options.heaps[i]);
}

static const struct {
	const char *name;
	void (*measure)(struct workload *w);
} measures[] = {
	{ "ns", measure_ns },
	{ "space", measure_space },
	{ "cycles", measure_cycles },
	{ "calls", measure_calls },
	{ "fragmentation", measure_fragmentation },
	{ "check", measure_check },
};

#define MEASURES	(sizeof(measures) / sizeof(*measures))

static void heap_open(const char *path)
{
	struct named_heap *h = &options.heaps[options.heap_count++];
	const char *base = strrchr(path, '/');
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	h->heap = library ? dlsym(library, "bench_heap") : NULL;
	if (!h->heap) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	base = base ? base + 1 : path;
	h->name = strndup(base, strcspn(base, "."));
}

static void __attribute__((noreturn)) usage(void)
{
	u32 i;

	fputs("usage: bench [-H] [-r ROUNDS] [-s SEED] -w WORKLOAD... MEASURE HEAP.so...\n"
	      "-H: regions are in huge pages\n"
	      "MEASURE:", stderr);
	for (i = 0; i < MEASURES; i++)
		fprintf(stderr, " %s", measures[i].name);
	fprintf(stderr, "\n");
	exit(2);
}

static void options_read(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "Hr:s:w:")) != -1) {
		if (option == 'r')
			options.rounds = strtoul(optarg, NULL, 0);
		else if (option == 's')
			options.seed = strtoull(optarg, NULL, 0);
		else if (option == 'H')
			options.huge = true;
		else if (option == 'w' && options.workload_count < WORKLOADS_MOST)
			options.workloads[options.workload_count++] = optarg;
		else
			usage();
	}
	if (argc - optind < 2 || argc - optind > HEAPS_MOST)
		usage();
}

int main(int argc, char **argv)
{
	u32 measure, i;

	options_read(argc, argv);
	for (measure = 0; measure < MEASURES; measure++)
		if (!strcmp(argv[optind], measures[measure].name))
			break;
	if (measure == MEASURES)
		usage();
	while (++optind < argc)
		heap_open(argv[optind]);
	for (i = 0; i < options.workload_count; i++) {
		struct workload w = { .seed = options.seed };

		if (!workload_open(&w, options.workloads[i]))
			return 1;
		measures[measure].measure(&w);
		workload_close(&w);
	}
	return all_well ? 0 : 1;
}
