// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Memory, seeds and registration for the suites in userspace.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <talloc_test.h>

#define DEFAULT_STEPS	20000

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The power of two that has room for @bytes and a page on either side. */
static size_t place_bytes(u64 bytes)
{
	size_t place = 4 * page_bytes();

	while (place - 2 * page_bytes() < bytes)
		place *= 2;
	return place;
}

/* A place on a multiple of its own size, so that alignments repeat in each run. */
static char *place_get(u64 bytes)
{
	size_t place = place_bytes(bytes);
	char *map = mmap(NULL, 2 * place, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);
	size_t low = -(uintptr_t)map & (place - 1);

	if (map == MAP_FAILED)
		return NULL;
	if (low)
		munmap(map, low);
	munmap(map + low + place, place - low);
	return map + low;
}

static void place_put(u64 addr, u64 bytes)
{
	size_t place = place_bytes(bytes);

	munmap((void *)((uintptr_t)addr & ~(uintptr_t)(place - 1)), place);
}

/* Memory that ends at a page that cannot be touched, and begins after one. */
void *test_memory_get(size_t bytes)
{
	size_t page = page_bytes(), body = (bytes + page - 1) & ~(page - 1);
	char *place = place_get(bytes);

	if (!place || mprotect(place + page, body, PROT_READ | PROT_WRITE))
		return NULL;
	return place + page + body - bytes;
}

void test_memory_put(void *memory, size_t bytes)
{
	place_put((uintptr_t)memory, bytes);
}

u64 test_sparse_get(u64 bytes)
{
	void *map;

	if (bytes != (size_t)bytes)
		return 0;
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return map == MAP_FAILED ? 0 : (uintptr_t)map;
}

void test_sparse_put(u64 addr, u64 bytes)
{
	munmap((void *)(uintptr_t)addr, bytes);
}

/* Addresses at which any access ends the program. */
u64 test_nowhere_get(u64 bytes)
{
	return (uintptr_t)place_get(bytes);
}

void test_nowhere_put(u64 addr, u64 bytes)
{
	place_put(addr, bytes);
}

u32 test_fresh_seed(void)
{
	const char *seed = getenv("TALLOC_SEED");
	struct timespec now;

	if (seed && *seed)
		return (u32)strtoul(seed, NULL, 0);
	clock_gettime(CLOCK_REALTIME, &now);
	return (u32)now.tv_nsec * 2654435761u ^ (u32)now.tv_sec ^ (u32)getpid() << 16;
}

u32 test_steps(void)
{
	const char *steps = getenv("TALLOC_STEPS");

	return steps && *steps ? (u32)strtoul(steps, NULL, 0) : DEFAULT_STEPS;
}

void test_breathe(void)
{
}

kunit_test_suites(&talloc_span_suite, &talloc_heap_suite, &talloc_where_suite,
		  &talloc_numbers_suite, &talloc_misuse_suite, &talloc_kept_suite,
		  &talloc_queue_suite, &talloc_damage_suite, &talloc_random_suite);
