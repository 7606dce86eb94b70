// SPDX-License-Identifier: GPL-2.0
/*
 * A heap under test: guarded memory, pictures of it, and questions to it.
 */
#include "talloc_test.h"

/* What memory holds before a heap is laid over it, and what must stay around it. */
#define GARBAGE		0xa5

static const struct test_layout layouts[] = {
	{ "inline-8", .unit = 8, .bytes = 32 * KIB },
	{ "inline-8-live", .unit = 8, .live_map = true, .bytes = 32 * KIB },
	{ "inline-8-odd", .unit = 8, .live_map = true, .skew = 13, .bytes = 24 * KIB - 5 },
	{ "inline-16-live", .unit = 16, .live_map = true, .skew = 8, .bytes = 32 * KIB },
	{ "inline-64", .unit = 64, .skew = 60, .bytes = 96 * KIB },
	{ "inline-64-live", .unit = 64, .live_map = true, .bytes = 128 * KIB },
	{ "inline-4K", .unit = 4 * KIB, .bytes = MIB },
	{ "inline-4K-live", .unit = 4 * KIB, .live_map = true, .skew = 100, .bytes = MIB },
	/* Here the table begins at a page, too, so nothing before it can be read. */
	{ "detached-8", .unit = 8, .detached = true, .bytes = 32 * KIB - 8 },
	{ "detached-8-live", .unit = 8, .detached = true, .live_map = true, .bytes = 32 * KIB },
	{ "detached-64-odd", .unit = 64, .detached = true, .skew = 37, .bytes = 64 * KIB + 11 },
	{ "detached-2M", .unit = 2 * MIB, .detached = true, .bytes = 252 * MIB },
	/* No more than 7 units. */
	{ "inline-2M-live", .unit = 2 * MIB, .live_map = true, .bytes = 16 * MIB },
};

/* The one after @layout, the first for %NULL, or %NULL after the last. */
const struct test_layout *test_layout_next(const struct test_layout *layout, char *desc)
{
	layout = layout ? layout + 1 : layouts;
	if (layout == layouts + ARRAY_SIZE(layouts))
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s", layout->name);
	return layout;
}

static bool part_get(struct test_part *part, size_t bytes)
{
	part->bytes = bytes;
	part->memory = test_memory_get(bytes);
	if (part->memory)
		memset(part->memory, GARBAGE, bytes);
	return part->memory;
}

static void part_put(struct test_part *part)
{
	if (part->memory)
		test_memory_put(part->memory, part->bytes);
	if (part->was)
		test_memory_put(part->was, part->bytes);
}

static bool window_get(struct test_heap *t)
{
	const struct test_layout *layout = t->layout;
	u64 start;

	if (layout->detached) {
		t->nowhere = test_nowhere_get((u64)layout->bytes + layout->skew);
		start = t->nowhere;
	} else if (part_get(&t->payload, layout->bytes + 2 * layout->skew)) {
		start = test_addr(t->payload.memory);
	} else {
		return false;
	}
	return start && talloc_span_make(&t->window, start + layout->skew, layout->bytes);
}

static bool parts_get(struct test_heap *t)
{
	u32 unit = t->layout->unit;

	if (!window_get(t))
		return false;
	if (t->layout->detached &&
	    !part_get(&t->table, talloc_heap_table_bytes(t->window, unit)))
		return false;
	return !t->layout->live_map ||
	       part_get(&t->live, talloc_heap_map_bytes(t->window, unit));
}

struct talloc_heap_config test_config(const struct test_heap *t)
{
	return (struct talloc_heap_config){
		.window = t->window,
		.unit = t->layout->unit,
		.table = t->table.memory,
		.live_map = (unsigned long *)t->live.memory,
		.keep = t->keeps,
	};
}

/* Heaps under test are small, and would use little of the ring. */
static enum talloc_status use_whole_ring(struct test_heap *t)
{
	t->heap.last_place = TALLOC_PLACES - 1;
	t->heap.kept_units = TEST_KEPT_UNITS;
	t->heap.kept_keys = 2 * (TEST_KEPT_UNITS - t->min_units);
	t->heap.ring_keys = 2 * TALLOC_RING_UNITS;
	return talloc_heap_set_span(&t->heap, test_span(t), NULL);
}

/*
 * Heaps under test are small, and would queue nothing. What moves an end of the heap
 * puts that right, and has to be followed by this.
 */
void test_queue_always(struct test_heap *t)
{
	if (t->queues && t->heap.units) {
		t->heap.queue_below = U32_MAX;
		t->heap.short_end = 0;
		t->heap.short_bytes = 0;
	}
}

/* Lay the heap anew over a part of its window; an empty span for all of it. */
enum talloc_status test_lay(struct test_heap *t, struct talloc_span span)
{
	struct talloc_heap_config config = test_config(t);
	enum talloc_status status;

	config.span = span;
	status = talloc_heap_init(&t->heap, &config);
	if (!status && t->keeps)
		status = use_whole_ring(t);
	if (!status)
		test_queue_always(t);
	return status;
}

/* Lay the heap anew, over all of its window, now and later as one that keeps blocks. */
enum talloc_status test_lay_keeping(struct test_heap *t)
{
	t->keeps = true;
	return test_lay(t, (struct talloc_span){ 0, 0 });
}

/* The same as one that queues frees, too. Pre: test_layout_queues(). */
enum talloc_status test_lay_queueing(struct test_heap *t)
{
	t->queues = true;
	return test_lay_keeping(t);
}

/**
 * test_heap_init() - the init callback of a suite: a heap of the case's layout
 * @test: the test; its parameter is a layout, the second one without a parameter
 *
 * Return: 0 or a negative errno.
 */
int test_heap_init(struct kunit *test)
{
	struct test_heap *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	test->priv = t;
	if (!t)
		return -ENOMEM;
	t->layout = test->param_value ? test->param_value : &layouts[1];
	t->tag = t->layout->detached ? 0 : 4;
	t->min_units = t->layout->detached || t->layout->unit >= 16 ? 1 : 2;
	t->blocks = test_memory_get(TEST_BLOCKS * sizeof(*t->blocks));
	if (!t->blocks || !parts_get(t))
		return -ENOMEM;
	return test_lay(t, (struct talloc_span){ 0, 0 }) ? -EINVAL : 0;
}

/**
 * test_heap_init_keeping() - the same for a suite whose heaps keep blocks
 * @test: the test
 *
 * Return: 0 or a negative errno.
 */
int test_heap_init_keeping(struct kunit *test)
{
	int err = test_heap_init(test);

	if (err)
		return err;
	return test_lay_keeping(test_heap_of(test)) ? -EINVAL : 0;
}

/**
 * test_heap_init_queueing() - the same for a suite whose heaps queue frees
 * @test: the test; its parameter is a layout with test_layout_queues()
 *
 * Return: 0 or a negative errno.
 */
int test_heap_init_queueing(struct kunit *test)
{
	int err = test_heap_init(test);

	if (err)
		return err;
	return test_lay_queueing(test_heap_of(test)) ? -EINVAL : 0;
}

static bool all_garbage(const u8 *memory, size_t bytes)
{
	while (bytes--)
		if (*memory++ != GARBAGE)
			return false;
	return true;
}

static bool skew_untouched(const struct test_heap *t)
{
	const struct test_part *payload = &t->payload;
	u32 skew = t->layout->skew;

	return !payload->memory ||
	       (all_garbage(payload->memory, skew) &&
		all_garbage(payload->memory + payload->bytes - skew, skew));
}

/**
 * test_heap_exit() - the exit callback of a suite
 * @test: the test
 */
void test_heap_exit(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	if (!t)
		return;
	KUNIT_EXPECT_TRUE(test, skew_untouched(t));
	part_put(&t->payload);
	part_put(&t->table);
	part_put(&t->live);
	if (t->nowhere)
		test_nowhere_put(t->nowhere, (u64)t->layout->bytes + t->layout->skew);
	if (t->blocks)
		test_memory_put(t->blocks, TEST_BLOCKS * sizeof(*t->blocks));
}

/*
 * Whether two large pieces of memory hold the same. On s390, memcmp() is one
 * instruction, for which QEMU takes ten times as long as for going by words.
 */
bool test_same(const u8 *one, const u8 *other, size_t bytes)
{
	size_t at;
	u64 a, b;

	for (at = 0; at + sizeof(a) <= bytes; at += sizeof(a)) {
		memcpy(&a, one + at, sizeof(a));
		memcpy(&b, other + at, sizeof(b));
		if (a != b)
			return false;
	}
	return !memcmp(one + at, other + at, bytes - at);
}

static void part_keep(struct kunit *test, struct test_part *part)
{
	if (!part->memory)
		return;
	if (!part->was)
		part->was = test_memory_get(part->bytes);
	KUNIT_ASSERT_NOT_NULL(test, part->was);
	memcpy(part->was, part->memory, part->bytes);
}

static bool part_kept(struct kunit *test, const struct test_part *part, const char *name)
{
	size_t at = 0;

	if (!part->memory || test_same(part->was, part->memory, part->bytes))
		return true;
	while (part->was[at] == part->memory[at])
		at++;
	kunit_info(test, "%s has changed at byte %u of %u\n", name, (u32)at, (u32)part->bytes);
	return false;
}

/* Take a picture of the heap and of all its memory. */
void test_keep(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	test_breathe();		/* a large window takes its time on an emulated machine */
	memcpy(&t->was, &t->heap, sizeof(t->was));
	part_keep(test, &t->payload);
	part_keep(test, &t->table);
	part_keep(test, &t->live);
}

/* A block of so many units, exactly there. */
void *test_place(struct kunit *test, u64 addr, u32 units)
{
	struct test_heap *t = test_heap_of(test);
	u64 bytes = test_request(t, units);
	const struct talloc_where there = { .within = { addr, addr + bytes } };

	KUNIT_ASSERT_EQ(test, talloc_heap_alloc_where(&t->heap, bytes, &there, &addr), TALLOC_OK);
	return test_pointer(addr);
}

/* Until nothing is free that a request finds. */
void test_take_the_rest(struct test_heap *t)
{
	while (test_alloc(&t->heap, test_largest(t)))
		;
}

/*
 * Whether the control block is as in the picture, but for what says nothing between two calls,
 * which the picture takes over.
 */
bool test_control_kept(struct test_heap *t)
{
	t->was.no_chunk[2] = t->heap.no_chunk[2];
	return !memcmp(&t->was, &t->heap, sizeof(t->was));
}

/* Whether all is as in the picture, byte for byte. */
bool test_kept(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);

	if (!test_control_kept(t)) {
		kunit_info(test, "the control block has changed\n");
		return false;
	}
	return part_kept(test, &t->payload, "the window") &&
	       part_kept(test, &t->table, "the table") &&
	       part_kept(test, &t->live, "the live map");
}

/* Whether the checker finds nothing, and the heap is in service. */
bool test_clean(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_fault fault = { 0 };

	if (talloc_heap_check(&t->heap, &fault) && t->heap.units && !t->heap.damage.rule)
		return true;
	kunit_info(test, "rule %s at %u: found %llu, expected %llu; damage noted: %s\n",
		   talloc_rule_name(fault.rule), fault.chunk,
		   (unsigned long long)fault.found, (unsigned long long)fault.expected,
		   talloc_rule_name(t->heap.damage.rule));
	return false;
}

/* Whether the heap is clean and all of it is one free chunk. */
bool test_one_free_chunk(struct kunit *test)
{
	struct test_heap *t = test_heap_of(test);
	struct talloc_heap_stats stats;

	talloc_heap_stats(&t->heap, &stats);
	return test_clean(test) && !stats.used_chunks && !stats.used_bytes &&
	       stats.free_chunks == 1 && stats.free_bytes == stats.span_bytes &&
	       stats.largest_bytes == stats.span_bytes - t->tag;
}

static u8 pattern(u32 key, u64 at)
{
	return (key * 0x9e3779b1u + (u32)at * 0x85ebca6bu) >> 24;
}

/* Of large blocks, the pattern is on their first bytes, and ever more rarely after. */
static u64 pattern_next(u64 at)
{
	if (at < 256)
		return at + 1;
	return at < 8 * KIB ? at + 61 : at + 8191;
}

/* Fill a block with a pattern of its own. */
void test_fill(const struct test_heap *t, void *block, u64 bytes, u32 key)
{
	u8 *payload = block;
	u64 at;

	if (t->layout->detached || !bytes)
		return;
	for (at = 0; at < bytes; at = pattern_next(at))
		payload[at] = pattern(key, at);
	payload[bytes - 1] = pattern(key, bytes - 1);
}

/* Whether a block that was filled still holds its first @bytes of the pattern. */
bool test_holds(const struct test_heap *t, const void *block, u64 bytes, u32 key)
{
	const u8 *payload = block;
	u64 at;

	if (t->layout->detached)
		return true;
	for (at = 0; at < bytes; at = pattern_next(at))
		if (payload[at] != pattern(key, at))
			return false;
	return true;
}

u32 test_used_chunks(const struct test_heap *t)
{
	struct talloc_heap_stats stats;

	talloc_heap_stats(&t->heap, &stats);
	return stats.used_chunks;
}

u32 test_free_chunks(const struct test_heap *t)
{
	struct talloc_heap_stats stats;

	talloc_heap_stats(&t->heap, &stats);
	return stats.free_chunks;
}

u64 test_largest(const struct test_heap *t)
{
	struct talloc_heap_stats stats;

	talloc_heap_stats(&t->heap, &stats);
	return stats.largest_bytes;
}

/* See "Ends". */
bool test_from_high_end(const struct test_heap *t, u32 units)
{
	return units > t->heap.ends_units && __fls(units) & 1;
}

/* The smallest block that comes from the same end as one of this size. */
u32 test_fence_units(const struct test_heap *t, u32 units)
{
	u32 fence = t->min_units;

	while (test_from_high_end(t, fence) != test_from_high_end(t, units))
		fence++;
	return fence;
}

/* See "Rests". */
u32 test_rest_least(const struct test_heap *t, u32 units)
{
	u32 share = t->layout->detached ? 0 : units >> 4;

	while (share && (u64)share * t->layout->unit > 4096)
		share--;
	return t->min_units + share;
}

struct talloc_span test_span(const struct test_heap *t)
{
	return talloc_heap_span(&t->heap);
}
