// SPDX-License-Identifier: GPL-2.0
/*
 * talloc_kunit.ko: all suites, registered in one place, and what the heap's
 * suites need of the kernel.
 *
 * Parameters: seed= of the random cases, 0 for a fresh one each time, and
 * steps= of each. Both may be written before the suites are run again. What
 * talloc_backing_test.c has to be told of reserved memory is there.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "talloc_test.h"
#include "talloc_test_region.h"

#define DEFAULT_STEPS	3000

static uint seed;
module_param(seed, uint, 0644);
MODULE_PARM_DESC(seed, "Seed of the random cases, 0 for a fresh one (default 0)");

static uint steps = DEFAULT_STEPS;
module_param(steps, uint, 0644);
MODULE_PARM_DESC(steps, "Steps of each random case (default 3000)");

/* vmalloc's guard page follows the last byte. */
void *test_memory_get(size_t bytes)
{
	u8 *memory = vmalloc(PAGE_ALIGN(bytes));

	return memory ? memory + PAGE_ALIGN(bytes) - bytes : NULL;
}

void test_memory_put(void *memory, size_t bytes)
{
	vfree((u8 *)memory + bytes - PAGE_ALIGN(bytes));
}

/*
 * With 64 bits, addresses that no architecture maps in the kernel. With 32, low
 * user addresses: a thread of KUnit's has nothing there.
 */
u64 test_nowhere_get(u64 bytes)
{
	return BITS_PER_LONG == 64 ? 0x6000000000000000ull : 0x10000000ull;
}

void test_nowhere_put(u64 addr, u64 bytes)
{
}

u32 test_fresh_seed(void)
{
	return seed ? seed : get_random_u32();
}

u32 test_steps(void)
{
	return steps;
}

void test_breathe(void)
{
	cond_resched();
}

kunit_test_suites(&talloc_span_suite, &talloc_heap_suite, &talloc_where_suite,
		  &talloc_numbers_suite, &talloc_misuse_suite, &talloc_kept_suite,
		  &talloc_queue_suite, &talloc_damage_suite, &talloc_random_suite,
		  &talloc_region_suite, &talloc_region_alloc_suite, &talloc_region_spans_suite,
		  &talloc_region_misuse_suite, &talloc_region_irq_suite,
		  &talloc_region_random_suite, &talloc_region_kept_suite,
		  &talloc_region_queue_suite, &talloc_backing_suite,
		  &talloc_region_detached_suite, &talloc_region_numbers_suite,
		  &talloc_region_iomem_suite, &talloc_genpool_suite, &talloc_genpool_lib_suite,
		  &talloc_genpool_report_suite);

MODULE_DESCRIPTION("KUnit suites of the talloc region allocator");
MODULE_LICENSE("GPL");
