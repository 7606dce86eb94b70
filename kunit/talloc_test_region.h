/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the region share: regions that go away with the test, and
 * a look at what the log says of them.
 */
#ifndef TALLOC_TEST_REGION_H
#define TALLOC_TEST_REGION_H

#include <kunit/test.h>
#include <linux/kmsg_dump.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/talloc.h>

extern struct kunit_suite talloc_region_suite;
extern struct kunit_suite talloc_region_alloc_suite;
extern struct kunit_suite talloc_region_spans_suite;
extern struct kunit_suite talloc_region_misuse_suite;
extern struct kunit_suite talloc_region_irq_suite;
extern struct kunit_suite talloc_region_random_suite;
extern struct kunit_suite talloc_backing_suite;
extern struct kunit_suite talloc_genpool_suite;
extern struct kunit_suite talloc_genpool_lib_suite;
extern struct kunit_suite talloc_genpool_report_suite;
extern struct kunit_suite talloc_region_detached_suite;
extern struct kunit_suite talloc_region_numbers_suite;
extern struct kunit_suite talloc_region_iomem_suite;
extern struct kunit_suite talloc_region_kept_suite;
extern struct kunit_suite talloc_region_queue_suite;

/* What the machine has; see talloc_backing_test.c. */
extern unsigned long long test_phys;

#define TEST_REGIONS	8
#define TEST_MEMORIES	16

/**
 * struct test_regions - what a case has made
 * @regions: regions that have to be empty, and are destroyed, at the end
 * @memory: memory that is freed after them
 * @log: end of the log when test_log_mark() was called
 * @line: a line of it
 */
struct test_regions {
	struct talloc_region *regions[TEST_REGIONS];
	void *memory[TEST_MEMORIES];
	struct kmsg_dump_iter log;
	char line[512];
};

int test_regions_init(struct kunit *test);
void test_regions_exit(struct kunit *test);

struct talloc_region *test_region_keep(struct kunit *test, struct talloc_region *region);
void test_region_forget(struct kunit *test, struct talloc_region *region);
void *test_region_memory(struct kunit *test, size_t bytes);

bool test_is_hole(phys_addr_t start, size_t bytes);
phys_addr_t test_hole(struct kunit *test);

void test_log_mark(struct kunit *test);
u32 test_log_count(struct kunit *test, const char *name, const char *text);
bool test_free_again(struct talloc_region *region, void *block);
int test_count_pieces(const struct talloc_piece *piece, void *data);
void test_expect_damage_told(struct kunit *test, struct talloc_region *region, const char *name);

/* Zeroed memory that goes away with the test. */
static inline void *test_zalloc(struct kunit *test, size_t bytes)
{
	void *memory = kunit_kzalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	return memory;
}

/* A region that goes away with the test. */
static inline struct talloc_region *test_region(struct kunit *test, const char *name,
						size_t bytes)
{
	return test_region_keep(test, talloc_region_create_vmalloc(name, bytes));
}

static inline struct talloc_region_stats test_region_stats(struct talloc_region *region)
{
	struct talloc_region_stats stats;

	talloc_region_stats(region, &stats);
	return stats;
}

/* Whether nothing happened but that misuses were counted. */
static inline bool test_region_kept(struct talloc_region *region,
				    const struct talloc_region_stats *was, u64 misuses)
{
	struct talloc_region_stats now = test_region_stats(region);

	now.misuses -= misuses;
	return !memcmp(was, &now, sizeof(now));
}

/* Blocks that stand side by side. */
static inline void test_alloc_row(struct kunit *test, struct talloc_region *region, size_t bytes,
				  void **block, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		block[i] = talloc_region_alloc(region, bytes, GFP_ATOMIC);
		KUNIT_ASSERT_NOT_NULL(test, block[i]);
		KUNIT_ASSERT_TRUE(test, !i || block[i] > block[i - 1]);
	}
}

/* From the last to the first. */
static inline void test_free_row(struct talloc_region *region, void **block, u32 count)
{
	while (count--)
		talloc_region_free(region, block[count]);
}

/* For all of a block that is usable; the compiler knows how much was asked for. */
static inline void *test_region_whole(void *block)
{
	OPTIMIZER_HIDE_VAR(block);
	return block;
}

static inline void test_region_fill(void *block, size_t bytes, u32 key)
{
	u8 *p = block;
	size_t i;

	for (i = 0; i < bytes; i++)
		p[i] = key + i * 7;
}

static inline bool test_region_holds(const void *block, size_t bytes, u32 key)
{
	const u8 *p = block;
	size_t i;

	for (i = 0; i < bytes; i++)
		if (p[i] != (u8)(key + i * 7))
			return false;
	return true;
}

#endif /* TALLOC_TEST_REGION_H */
