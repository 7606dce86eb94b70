// SPDX-License-Identifier: GPL-2.0
/*
 * What the suites of the region share.
 */
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "talloc_test_region.h"

int test_regions_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct test_regions), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	test_log_mark(test);
	return 0;
}

/* A case that failed half way has left blocks behind: reset frees them. */
static void regions_put(struct kunit *test, struct talloc_region *region)
{
	int err = talloc_region_check(region);

	if (err)
		KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).blocks, 0);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
	KUNIT_EXPECT_EQ(test, talloc_region_destroy(region), 0);
}

void test_regions_exit(struct kunit *test)
{
	struct test_regions *t = test->priv;
	u32 i;

	if (!t)
		return;
	for (i = 0; i < TEST_REGIONS; i++)
		if (t->regions[i])
			regions_put(test, t->regions[i]);
	for (i = 0; i < TEST_MEMORIES; i++)
		vfree(t->memory[i]);
}

/* The region must be there; it goes away with the test. */
struct talloc_region *test_region_keep(struct kunit *test, struct talloc_region *region)
{
	struct test_regions *t = test->priv;
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	for (i = 0; i < TEST_REGIONS; i++) {
		if (!t->regions[i]) {
			t->regions[i] = region;
			return region;
		}
	}
	KUNIT_FAIL(test, "more regions than TEST_REGIONS");
	return region;
}

/* The test has destroyed the region, or is about to. */
void test_region_forget(struct kunit *test, struct talloc_region *region)
{
	struct test_regions *t = test->priv;
	u32 i;

	for (i = 0; i < TEST_REGIONS; i++)
		if (t->regions[i] == region)
			t->regions[i] = NULL;
}

/* Memory that outlives the regions of the test. */
void *test_region_memory(struct kunit *test, size_t bytes)
{
	struct test_regions *t = test->priv;
	void *memory = vmalloc(bytes);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	for (i = 0; i < TEST_MEMORIES; i++) {
		if (!t->memory[i]) {
			t->memory[i] = memory;
			return memory;
		}
	}
	vfree(memory);
	KUNIT_FAIL(test, "more than TEST_MEMORIES");
	return NULL;
}

bool test_is_hole(phys_addr_t start, size_t bytes)
{
	return region_intersects(start, bytes, IORESOURCE_MEM, IORES_DESC_NONE) ==
	       REGION_DISJOINT;
}

#define HOLE	SZ_1M

/* Addresses at which the machine has nothing, as high as can be. */
phys_addr_t test_hole(struct kunit *test)
{
	u64 top = min_t(u64, iomem_resource.end, (phys_addr_t)~0ull);
	u64 step = ALIGN(top >> 8, HOLE), start = ALIGN_DOWN(top, HOLE) - 2 * HOLE;
	u32 tries;

	for (tries = 0; tries < 250 && !test_is_hole(start - HOLE, 3 * HOLE); tries++)
		start -= step;
	KUNIT_ASSERT_TRUE(test, test_is_hole(start - HOLE, 3 * HOLE));
	return start;
}

/* From here on the log is of interest. */
void test_log_mark(struct kunit *test)
{
	struct test_regions *t = test->priv;

	kmsg_dump_rewind(&t->log);
	t->log.cur_seq = t->log.next_seq;
}

/* How many lines since the mark speak of this region or any, with this text if not NULL. */
u32 test_log_count(struct kunit *test, const char *name, const char *text)
{
	struct test_regions *t = test->priv;
	struct kmsg_dump_iter iter = t->log;
	char start[sizeof("talloc: : ") + TALLOC_NAME_MAX];
	u32 count = 0;
	size_t length;

	snprintf(start, sizeof(start), name ? "talloc: %s: " : "talloc: ", name);
	while (kmsg_dump_get_line(&iter, false, t->line, sizeof(t->line) - 1, &length)) {
		t->line[length] = '\0';
		if (strstr(t->line, start) && (!text || strstr(t->line, text)))
			count++;
	}
	return count;
}

/* For a second free: its name is in the report, so the call is not its last act. */
noinline bool test_free_again(struct talloc_region *region, void *block)
{
	talloc_region_free(region, block);
	return true;
}

/* For talloc_region_walk(): @data is a count for each state. */
int test_count_pieces(const struct talloc_piece *piece, void *data)
{
	((u32 *)data)[piece->state]++;
	return 0;
}

/* Since the mark the log has told of one damaged tag, and nothing else of this region. */
void test_expect_damage_told(struct kunit *test, struct talloc_region *region, const char *name)
{
	KUNIT_EXPECT_EQ(test, test_log_count(test, name, "span 0 is damaged: rule I3"), 1);
	KUNIT_EXPECT_EQ(test, test_region_stats(region).spans_out_of_service, 1);
	KUNIT_EXPECT_EQ(test, test_log_count(test, name, NULL), 1);
	KUNIT_EXPECT_EQ(test, talloc_region_reset(region), 0);
}

TALLOC_IMPORT_NS();
